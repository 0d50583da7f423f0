/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_PRIMECELL_H
#define ORRERY_DEVICES_PRIMECELL_H
/*
 * What the register files of Arm's PrimeCells have in common: a 4 KiB frame on the APB, which has
 * no byte strobes, so that drivers use what width they like; identification at its end (each
 * manual's UARTPeriphID0..3, RTCPCellID0..3 and so on); integration test registers, which are
 * not modelled and reported.
 */
#include "core/device/device.h"

#define PRIMECELL_REG(off, nm, ...) REG32(off, nm, .sizes = 1 | 2 | 4, __VA_ARGS__)

/* Rows of part number, revision and designer, who is Arm (0x41), and of the component's class. */
/* clang-format off */
#define PRIMECELL_IDS(prefix, part, revision)                                                      \
    PRIMECELL_REG(0xfe0, prefix "PeriphID0", .reset = (part) & 0xff),                              \
    PRIMECELL_REG(0xfe4, prefix "PeriphID1", .reset = (part) >> 8 | 0x10),                         \
    PRIMECELL_REG(0xfe8, prefix "PeriphID2", .reset = (revision) << 4 | 0x04),                     \
    PRIMECELL_REG(0xfec, prefix "PeriphID3", .reset = 0x00),                                       \
    PRIMECELL_REG(0xff0, prefix "PCellID0",  .reset = 0x0d),                                       \
    PRIMECELL_REG(0xff4, prefix "PCellID1",  .reset = 0xf0),                                       \
    PRIMECELL_REG(0xff8, prefix "PCellID2",  .reset = 0x05),                                       \
    PRIMECELL_REG(0xffc, prefix "PCellID3",  .reset = 0xb1)
/* clang-format on */

/* reg_wrote_fn of the row of test registers. */
void primecell_wrote_test(void *dev, uint32_t index, uint64_t old, uint64_t now);

#endif
