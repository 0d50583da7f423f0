/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_IRQCHIP_LOONGARCH_IPI_H
#define ORRERY_IRQCHIP_LOONGARCH_IPI_H
/*
 * Inter-processor interrupts and mailboxes of Loongson cores, in IOCSR space (Loongson 3A5000 manual, chapter on
 * inter-processor communication): IPI_STATUS, EN, SET, CLEAR and four mailboxes of each core at 1000h, banked by
 * who accesses (mem_attrs.requester); IPI_SEND (1040h), MAIL_SEND (1048h) and ANY_SEND (1158h), which reach any core's.
 * ANY_SEND writes the target's IOCSR of that address on its behalf.
 *
 * Cores are named by their CSR.CPUID, which may have gaps: a send to one that is not there is dropped and
 * reported as a guest error. Created by the board; freed with the machine.
 */
#include "core/device/device.h"

#define LOONGARCH_IPI_CORES 256

struct loongarch_ipi_core {
    uint32_t core_id;        /* wiring, constant */
    struct irq_line out;     /* wiring: ESTAT.IS bit 12 */

    uint32_t status, enable; /* saved */
    uint64_t mailbox[4];
};

struct loongarch_ipi {
    struct device dev;
    struct mem_space *iocsr; /* wiring: for ANY_SEND */
    uint32_t n_cores;
    struct loongarch_ipi_core core[LOONGARCH_IPI_CORES]; /* by CPU index */
};

/* `core_ids`: CSR.CPUID by CPU index, rising; `n` 1 to 256. */
struct loongarch_ipi *loongarch_ipi_create(struct machine *m, const char *id, const uint32_t *core_ids, uint32_t n,
                                           struct err *e);
/* Maps everything into IOCSR space. */
int loongarch_ipi_map(struct loongarch_ipi *p, struct mem_space *iocsr, struct err *e) MUST_CHECK;

#endif
