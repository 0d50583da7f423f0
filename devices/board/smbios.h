/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_BOARD_SMBIOS_H
#define ORRERY_DEVICES_BOARD_SMBIOS_H
/*
 * System Management BIOS tables (DMTF DSP0134, version 3.0) for firmware, through fw_cfg as QEMU's
 * boards hand them over: "etc/smbios/smbios-tables", the structures one behind the other, and
 * "etc/smbios/smbios-anchor", the 64-bit entry point, which firmware points at the place it puts
 * them and sums up anew.
 *
 * There are the structures that 6.2 requires, except those of the firmware itself (type 0, its own
 * to add), of caches and of slots: system, enclosure, one processor with all CPUs as its cores,
 * memory, boot status. Nothing is known of serial numbers; the UUID is 0: not set.
 */
#include "devices/board/places.h"

/* `ram`: the `n` ranges of addresses that are RAM. Once all CPUs are there. */
int smbios_add(struct board *b, struct fw_cfg *f, const struct board_place *const *ram, uint32_t n,
               struct err *e) MUST_CHECK;

#endif
