/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_ISA_DEBUG_H
#define ORRERY_DEVICES_ISA_DEBUG_H
/*
 * Two of QEMU's helps for guest software, on I/O ports (device_map at the port the user names):
 *
 *   isa-debugcon    one byte: what is written is output; reads E9h: firmware finds it so (402h)
 *   isa-debug-exit  one, two or four bytes: writing v ends the machine with exit code 2 * v + 1
 *
 * Neither has state. Owned by the machine.
 */
#include "core/device/device.h"
#include "devices/backend/char.h"

struct isa_debugcon {
    struct device dev;
    struct char_port *port;
    uint32_t index; /* for traces */
};

/* `backend` may be NULL: output is lost, but the port is there. */
struct isa_debugcon *isa_debugcon_create(struct machine *m, const char *id,
                                         struct char_backend *backend, struct err *e);

struct device *isa_debug_exit_create(struct machine *m, const char *id, struct err *e);

#endif
