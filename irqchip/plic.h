/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_IRQCHIP_PLIC_H
#define ORRERY_IRQCHIP_PLIC_H
/*
 * RISC-V Platform-Level Interrupt Controller (PLIC specification 1.0.0): level
 * sources, 3-bit priorities, one context per hart and privilege mode, each driving
 * one line. A source's gateway forwards one request at a time: it is pending from the
 * rise of its line until claimed, even if the line falls, and again, if the line is
 * high then, after completion. A reset forgets requests; the parts behind the lines
 * are expected to lower them in theirs.
 *
 * Created by the board; freed with the machine.
 */
#include "core/device/device.h"

#define PLIC_CONTEXTS 128
#define PLIC_SOURCES  96   /* source 0 does not exist */

struct plic {
    struct device dev;
    struct irq_line out[PLIC_CONTEXTS];   /* wiring */
    uint32_t n_contexts;

    uint32_t priority[PLIC_SOURCES];      /* saved from here on */
    uint32_t pending[PLIC_SOURCES / 32], level[PLIC_SOURCES / 32], claimed[PLIC_SOURCES / 32];
    uint32_t enable[PLIC_SOURCES / 32][PLIC_CONTEXTS];
    uint32_t threshold[PLIC_CONTEXTS];
};

/* `contexts` 1..128. Outputs are plic->out[context], connected by the board. */
struct plic *plic_create(struct machine *m, const char *id, uint32_t contexts, struct err *e);

/* irq_sink_fn: `number` is the source, 1..95. */
void plic_set_level(void *plic, uint32_t number, bool level);

/* The source that context would claim now: highest priority above 0, lowest number; 0 if none. */
uint32_t plic_best_pending(const struct plic *p, uint32_t context, uint32_t threshold);

#endif
