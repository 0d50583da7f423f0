/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_IRQCHIP_GICV2_IMPL_H
#define ORRERY_IRQCHIP_GICV2_IMPL_H
/*
 * Inside of the GICv2: the state, and what its four frames share. The distributor's frame is the
 * part itself; the others are parts without state of their own that point to it.
 *
 * Bits of interrupts lie in words of 32: word 0 (SGIs and PPIs) is banked, so that words have
 * slots: one for each CPU's word 0, then those of the SPIs.
 */
#include "core/util/bits.h"
#include "irqchip/gicv2.h"

#define GICV2_IRQS  1020
#define GICV2_WORDS 32
#define GICV2_SLOTS (GICV2_CPUS + GICV2_WORDS - 1)
#define GICV2_SGIS  16
#define GICV2_APRS  4    /* 128 levels of preemption: 8 bits of priority, binary point from 0 */
#define GICV2_LRS   4
#define GICV2_IDLE  0x100u /* running priority of a CPU that handles nothing */

enum { INTID_MASK = 0x3ff, INTID_GROUP1 = 1022, INTID_SPURIOUS = 1023 };

/* GICD_CTLR, GICC_CTLR as Secure accesses see them, and the same bits of GICV_CTLR and VMCR. */
enum { CTLR_GRP0 = 0x001, CTLR_GRP1 = 0x002, CTLR_ACK = 0x004, CTLR_FIQ = 0x008, CTLR_CBPR = 0x010,
       CTLR_EOI = 0x200, CTLR_EOI_NS = 0x400 };

struct gicv2_frame {
    struct device dev;
    struct gicv2 *g;
};

/* A mapping: whose registers, and where to note who accesses them. */
struct gicv2_view {
    struct gicv2 *g;
    struct device *dev;
};

struct gicv2 {
    struct device dev;                     /* the distributor */
    struct gicv2_config config;            /* wiring */
    struct gicv2_interface out[GICV2_CPUS];
    struct gicv2_frame *cpu_frame, *hyp_frame, *vcpu_frame; /* the last two may be NULL */
    struct gicv2_view view[4];
    uint32_t cpu;                          /* whose access is being served; else 0 */
    bool nonsecure;                        /* and that it is a Non-secure one */

    uint32_t enable[GICV2_SLOTS];          /* saved from here on; bits by slot */
    uint32_t latch[GICV2_SLOTS];           /* pending by an edge, by software or an SGI */
    uint32_t level[GICV2_SLOTS];           /* of the inputs */
    uint32_t active[GICV2_SLOTS], group[GICV2_SLOTS], edge[GICV2_SLOTS];
    uint32_t apr[GICV2_CPUS][GICV2_APRS];  /* active priorities, Group 0 */
    uint32_t nsapr[GICV2_CPUS][GICV2_APRS]; /* Group 1 */
    uint32_t lr[GICV2_CPUS][GICV2_LRS];
    uint32_t hcr[GICV2_CPUS], vmcr[GICV2_CPUS], vapr[GICV2_CPUS];
    uint32_t ctlr[GICV2_CPUS];             /* GICC_CTLR, the Secure view of it */
    uint32_t dist_ctlr;
    uint8_t priority[GICV2_SLOTS][32], target[GICV2_SLOTS][32];
    uint8_t sgi[GICV2_CPUS][GICV2_SGIS];   /* pending from which CPUs */
    uint8_t pmr[GICV2_CPUS], bpr[GICV2_CPUS], abpr[GICV2_CPUS];
};

static inline uint32_t gicv2_slot(uint32_t word, uint32_t cpu)
{
    return word ? GICV2_CPUS - 1 + word : cpu;
}

static inline uint32_t gicv2_n_irqs(const struct gicv2 *g)
{
    return 32 + g->config.n_spis;
}

static inline uint32_t gicv2_n_words(const struct gicv2 *g)
{
    return (gicv2_n_irqs(g) + 31) / 32;
}

static inline bool gicv2_is_group1(const struct gicv2 *g, uint32_t cpu, uint32_t irq)
{
    return g->group[gicv2_slot(irq / 32, cpu)] >> irq % 32 & 1;
}

static inline uint8_t gicv2_priority(const struct gicv2 *g, uint32_t cpu, uint32_t irq)
{
    return g->priority[gicv2_slot(irq / 32, cpu)][irq % 32];
}

/* Drive all lines anew: after every change. */
void gicv2_update(struct gicv2 *g);

/* Pending bits of a word as `cpu` sees it, targets aside. */
uint32_t gicv2_pending_word(const struct gicv2 *g, uint32_t cpu, uint32_t word);

/* SGI `n` pending at `cpu` from the CPUs of `sources`. */
void gicv2_set_sgi(struct gicv2 *g, uint32_t cpu, uint32_t n, uint8_t sources);

/* ---- CPU interfaces (gicv2_cpu.c) ---- */

/* The interrupt that the interface signals, or 1023: enabled, above mask and running priority. */
uint32_t gicv2_signalled(const struct gicv2 *g, uint32_t cpu);
void gicv2_deactivate(struct gicv2 *g, uint32_t cpu, uint32_t irq);
extern const struct device_ops gicv2_cpu_ops;

/* ---- virtual interfaces (gicv2_virtual.c) ---- */
void gicv2_virtual_levels(const struct gicv2 *g, uint32_t cpu, bool *virq, bool *vfiq,
                          bool *maintenance);
void gicv2_virtual_reset(struct gicv2 *g);
extern const struct device_ops gicv2_hyp_ops, gicv2_vcpu_ops;

/* ---- the part: distributor's registers (gicv2_distributor.c), state (gicv2.c) ---- */
void gicv2_reset(void *dev);
void gicv2_loaded(void *dev);
extern const struct state_field gicv2_state[];
extern const struct device_ops gicv2_ops;

#endif
