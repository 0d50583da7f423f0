/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_IRQCHIP_EIOINTC_H
#define ORRERY_IRQCHIP_EIOINTC_H
/*
 * Extended I/O interrupt controller of Loongson (3A5000 manual, chapter on interrupts; Linux
 * Documentation/arch/loongarch/irq-chip-model.rst): 256 vectors, each routed to one core and, by groups of 32, to
 * one of its HWI lines; in IOCSR space at 14A0h to 1CFFh, sizes 1, 2, 4 and 8. COREISR is banked by who reads
 * (mem_attrs.requester), write 1 to clear, and not raised again by that.
 *
 * The virtual extension (IOCSR 40000000h) routes by core number rather than by a bitmap of four, encodes HWI
 * numbers and can be switched off and on as a whole; it is there when the board says so.
 *
 * Cores are named by CSR.CPUID. Created by the board; freed with the machine. A reset leaves input levels alone.
 */
#include "core/device/device.h"

#define EIOINTC_VECTORS 256
#define EIOINTC_CORES   256
#define EIOINTC_HWIS    8

struct eiointc_core {
    uint32_t core_id;                    /* wiring, constant */
    struct irq_line hwi[EIOINTC_HWIS];   /* wiring: ESTAT.IS bits 2..9; lines 0..3 are used without the virtual extension */

    uint64_t isr[EIOINTC_VECTORS / 64];  /* COREISR; saved */
};

struct eiointc {
    struct device dev;
    uint32_t n_cores;
    bool has_virt;                       /* constant */
    uint8_t features;                    /* VIRT_FEATURES: what the extension offers */

    uint16_t nodemap[16];                /* saved from here on */
    uint8_t ipmap[8];
    uint64_t enable[EIOINTC_VECTORS / 64], bounce[EIOINTC_VECTORS / 64];
    uint64_t level[EIOINTC_VECTORS / 64]; /* ISR: the inputs */
    uint8_t coremap[EIOINTC_VECTORS];
    uint32_t virt_config;
    struct eiointc_core core[EIOINTC_CORES]; /* by CPU index */
};

/* `features`: 0, without the virtual extension; or VIRT_FEATURES' bits 0..3, bit 0 set. */
struct eiointc *eiointc_create(struct machine *m, const char *id, const uint32_t *core_ids, uint32_t n,
                               uint32_t features, struct err *e);
int eiointc_map(struct eiointc *p, struct mem_space *iocsr, struct err *e) MUST_CHECK;

/* irq_sink_fn: `number` is the vector. */
void eiointc_set_level(void *eiointc, uint32_t number, bool level);
/* A message: the vector rises and falls at once, and stays in COREISR until cleared. */
void eiointc_pulse(struct eiointc *p, uint32_t vector);

#endif
