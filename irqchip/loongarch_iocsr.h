/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_IRQCHIP_LOONGARCH_IOCSR_H
#define ORRERY_IRQCHIP_LOONGARCH_IOCSR_H
/*
 * Chip configuration registers of Loongson processors, in IOCSR space (Loongson 3A5000 manual, chapter on chip
 * configuration; Linux arch/loongarch/include/asm/loongarch.h): what interrupt hardware there is, names, and switches of
 * it, for software that probes. One set for all cores of the machine.
 *
 *   0000 VERSION    0008 FEATURES    0010 VENDOR    0020 CPUNAME    0420 MISC_FUNC
 *
 * Of MISC_FUNC, EXT_IOI_EN is on from the reset and, as on QEMU's board, cannot be switched off; AVEC_EN is kept: messages
 * arrive in either case. The others are absent: frequencies, temperature, INT_ENCODE.
 *
 * Created by the board; freed with the machine.
 */
#include "core/device/device.h"

/* FEATURES */
enum {
    LOONGARCH_IOCSR_MSI = 1 << 2, LOONGARCH_IOCSR_EXTIOI = 1 << 3, LOONGARCH_IOCSR_CSRIPI = 1 << 4,
    LOONGARCH_IOCSR_AVEC = 1 << 15,
};

struct loongarch_iocsr {
    struct device dev;
    uint64_t features, vendor, name; /* constant */

    uint64_t misc_func;              /* saved */
};

/* `vendor` and `name`: up to eight characters. */
struct loongarch_iocsr *loongarch_iocsr_create(struct machine *m, const char *id, uint64_t features, const char *vendor,
                                               const char *name, struct err *e);
int loongarch_iocsr_map(struct loongarch_iocsr *p, struct mem_space *iocsr, struct err *e) MUST_CHECK;

#endif
