/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_BOARD_MACHINE_OPTIONS_H
#define ORRERY_DEVICES_BOARD_MACHINE_OPTIONS_H
/*
 * Options behind the machine's name that say the same on every board (QEMU's man page, -machine):
 * rows for the board's own table, at its end.
 */
#include "devices/backend/option.h"

enum machine_auto { MACHINE_AUTO, MACHINE_OFF, MACHINE_ON };
/* Choices of an option that is an enum machine_auto. */
static const char *const machine_auto_choices[] = { "auto", "off", "on", NULL };

/* clang-format off */
#define MACHINE_OPTIONS                                                                            \
    OPT_IGNORED("accel"),    /* both are the command line's */                                     \
    OPT_IGNORED("dumpdtb"),                                                                        \
    OPT_IGNORED("pflash0"),  /* the flash looks for them itself */                                 \
    OPT_IGNORED("pflash1"),                                                                        \
    OPT_IGNORED("graphics"), /* there is no display to leave out */                                \
    OPT_IGNORED("dump-guest-core"), /* how the emulator's own memory is kept */                    \
    OPT_IGNORED("mem-merge"),                                                                      \
    OPT_IGNORED("suppress-vmdesc"),                                                                \
    OPT_REFUSED("memory-backend", "RAM is the machine's own; give its size with -m"),              \
    OPT_REFUSED("memory-encryption", "not modelled; leave it out"),                                \
    OPT_REFUSED("confidential-guest-support", "not modelled; leave it out")
/* clang-format on */

#endif
