/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_IRQCHIP_LAPIC_IMPL_H
#define ORRERY_IRQCHIP_LAPIC_IMPL_H
/* What lapic.c (registers), lapic_bus.c (messages) and lapic_timer.c share. */
#include "irqchip/lapic.h"

#define APIC_BASE_EN     (1u << 11)
#define APIC_BASE_EXTD   (1u << 10)
#define SVR_ENABLE       (1u << 8)
#define SVR_NO_EOI       (1u << 12) /* no broadcasts of EOI */
#define LVT_MASK         (1u << 16)
#define LVT_LEVEL        (1u << 15)
#define LVT_IRR          (1u << 14)
#define EXT_IER          1u /* extended control: the enable registers count */
#define EXT_SEOI         2u
#define ESR_ILLEGAL_SEND 0x20u
#define ESR_ILLEGAL_RECV 0x40u
#define ESR_ILLEGAL_REG  0x80u

#define LAPIC_RUN_DOWN PS_NEVER /* lapic.started: at 0, and stays there whatever the mode becomes */

enum delivery {
    DELIVER_FIXED,
    DELIVER_LOWEST,
    DELIVER_SMI,
    DELIVER_REMOTE,
    DELIVER_NMI,
    DELIVER_INIT,
    DELIVER_STARTUP,
    DELIVER_EXTINT
};

struct lapic_bus {
    struct device dev;
    struct mem_space *space;
    struct mem_region *moved; /* the window away from LAPIC_BASE */
    struct lapic **lapics;    /* by CPU index */
    uint32_t n, max;
    bool renamed;             /* some id is not its config's; derived */
    lapic_eoi_fn *eoi[4];
    void *eoi_arg[4];
    uint32_t n_eoi;
    int (*extint)(void *arg);
    void *extint_arg;
};

static inline bool lapic_is_enabled(const struct lapic *p)
{
    return p->base & APIC_BASE_EN;
}
static inline bool lapic_is_x2(const struct lapic *p)
{
    return p->base & APIC_BASE_EXTD;
}
/* Bits above 7 stay those of the config. */
static inline uint32_t lapic_id(const struct lapic *p)
{
    return lapic_is_x2(p) ? p->config.id : p->id;
}
/* Software-enabled: takes fixed interrupts. */
static inline bool lapic_is_on(const struct lapic *p)
{
    return lapic_is_enabled(p) && (p->svr & SVR_ENABLE);
}

void lapic_update(struct lapic *p); /* INTR from IRR, ISR, TPR, LINT0 */
void lapic_accept(struct lapic *p, enum delivery mode, uint8_t vector, bool level);
void lapic_error(struct lapic *p, uint32_t bit);
void lapic_renamed(struct lapic_bus *b); /* some `id` or mode changed */
void lapic_place(struct lapic *p); /* `base` changed: the window follows */
void lapic_send(struct lapic *p); /* ICR was written */
void lapic_end(struct lapic *p);  /* EOI */

void lapic_timer_changed(struct lapic *p); /* initial count, divide, LVT or mode */
uint32_t lapic_timer_count(const struct lapic *p);
void lapic_timer_set_deadline(struct lapic *p, uint64_t tsc);
int lapic_timer_create(struct lapic *p, struct err *e) MUST_CHECK;

#endif
