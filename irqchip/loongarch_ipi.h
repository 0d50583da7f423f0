/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_IRQCHIP_LOONGARCH_IPI_H
#define ORRERY_IRQCHIP_LOONGARCH_IPI_H
/*
 * Inter-processor interrupts and mailboxes of Loongson cores, in IOCSR space (Loongson 3A5000 manual, chapter on
 * inter-processor communication): IPI_STATUS, EN, SET, CLEAR and four mailboxes of each core at 1000h, banked by
 * who accesses (mem_attrs.requester); IPI_SEND (1040h), MAIL_SEND (1048h) and ANY_SEND (1158h), which reach any core's.
 * ANY_SEND writes the target's IOCSR of that address on its behalf: one access of 4 bytes, or of single bytes where
 * its mask leaves some out. All sends take effect at once, so the "wait for completion" bits mean nothing.
 *
 * Not modelled: FREQ_SEND (1058h), and other cores' registers at 1100h and up, which are there only by address.
 *
 * Cores are named by their CSR.CPUID, which may have gaps: a send to one that is not there is dropped and
 * reported as a guest error. Mailboxes survive no reset. Created by the board; freed with the machine.
 */
#include "core/device/device.h"

#define LOONGARCH_IPI_CORES 256

struct loongarch_ipi_core {
    uint32_t core_id;
    struct irq_line out;         /* ESTAT.IS bit 12 */
};

struct loongarch_ipi {
    struct device dev;
    struct mem_space *iocsr;     /* wiring: for ANY_SEND */
    uint32_t n_cores;
    struct loongarch_ipi_core core[LOONGARCH_IPI_CORES]; /* by CPU index */

    uint64_t mailbox[LOONGARCH_IPI_CORES][4]; /* saved from here on */
    uint32_t status[LOONGARCH_IPI_CORES], enable[LOONGARCH_IPI_CORES];
};

/* `core_ids`: CSR.CPUID by CPU index, rising; `n` 1 to 256. */
struct loongarch_ipi *loongarch_ipi_create(struct machine *m, const char *id, const uint32_t *core_ids, uint32_t n,
                                           struct err *e);
/* Maps everything into IOCSR space, which ANY_SEND writes to. */
int loongarch_ipi_map(struct loongarch_ipi *p, struct mem_space *iocsr, struct err *e) MUST_CHECK;

#endif
