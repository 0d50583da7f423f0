/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Map (PLIC 1.0.0, chapter "Memory Map"): 0x4 priorities from source 1, 0x1000 pending,
 * 0x2000 + 0x80 * c enables, 0x200000 + 0x1000 * c threshold and claim/complete.
 */
#include "irqchip/plic.h"
#include "core/util/bits.h"
#include <string.h>

#define PRIORITY_MASK 7u
#define WORDS         (PLIC_SOURCES / 32)

uint32_t plic_best_pending(const struct plic *p, uint32_t context, uint32_t threshold)
{
    uint32_t best = 0, best_priority = threshold;

    for (uint32_t w = 0; w < WORDS; w++) {
        uint32_t bits = p->pending[w] & p->enable[w][context] & ~p->claimed[w];
        while (bits) {
            uint32_t source = w * 32 + ctz64(bits);
            bits &= bits - 1;
            if (p->priority[source] > best_priority) {
                best = source;
                best_priority = p->priority[source];
            }
        }
    }
    return best;
}

static void update(struct plic *p)
{
    for (uint32_t c = 0; c < p->n_contexts; c++)
        irq_set(&p->out[c], plic_best_pending(p, c, p->threshold[c]) != 0);
}

/*
 * Chapter "Interrupt Gateways": the first assertion becomes a request, which is never withdrawn;
 * the next one is forwarded after completion. A source that is pending is not forwarded again.
 */
static void gateway(struct plic *p, uint32_t source)
{
    uint32_t w = source / 32;

    p->pending[w] |= p->level[w] & ~p->claimed[w] & 1u << source % 32;
    update(p);
}

void plic_set_level(void *plic, uint32_t number, bool level)
{
    struct plic *p = plic;
    uint32_t w = number / 32, bit = 1u << number % 32;

    if (number == 0 || number >= PLIC_SOURCES)
        return;
    p->level[w] = level ? p->level[w] | bit : p->level[w] & ~bit;
    gateway(p, number);
}

static void wrote_priority(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    (void)index;
    (void)old;
    (void)now;
    update(dev);
}

/* Enables and threshold: those of contexts that are not there are hardwired to 0. */
static void wrote_context(void *dev, uint32_t context, uint64_t old, uint64_t now)
{
    struct plic *p = dev;

    (void)old;
    (void)now;
    if (context >= p->n_contexts) {
        p->threshold[context] = 0;
        for (uint32_t w = 0; w < WORDS; w++)
            p->enable[w][context] = 0;
    }
    update(p);
}

static uint64_t read_claim(const void *dev, uint32_t context)
{
    const struct plic *p = dev;

    return context < p->n_contexts ? plic_best_pending(p, context, 0) : 0;
}

static void after_claim(void *dev, uint32_t context, uint64_t source)
{
    struct plic *p = dev;

    (void)context;
    if (source == 0)
        return;
    p->pending[source / 32] &= ~(1u << source % 32);
    p->claimed[source / 32] |= 1u << source % 32;
    update(p);
}

/*
 * Chapter "Interrupt Completion": a source not enabled for the context is ignored; that the
 * context is the one that claimed it is not checked.
 */
static void wrote_complete(void *dev, uint32_t context, uint64_t old, uint64_t now)
{
    struct plic *p = dev;
    uint32_t w = (uint32_t)now / 32;

    (void)old;
    if (now == 0 || now >= PLIC_SOURCES || !(p->enable[w][context] >> now % 32 & 1))
        return;
    p->claimed[w] &= ~(1u << now % 32);
    gateway(p, (uint32_t)now);
}

static void plic_reset(void *dev)
{
    struct plic *p = dev;

    /*
     * Nothing is forwarded here: the parts behind the lines are reset after this one and
     * lower them then, but a request could not be taken back.
     */
    memset(p->pending, 0, sizeof(p->pending));
    memset(p->claimed, 0, sizeof(p->claimed));
    update(p);
}

static void plic_loaded(void *dev)
{
    struct plic *p = dev;

    for (uint32_t c = 0; c < p->n_contexts; c++)
        irq_restore(&p->out[c], plic_best_pending(p, c, p->threshold[c]) != 0);
}

static const struct state_field plic_state[] = {
    STATE(plic, priority), STATE(plic, pending), STATE(plic, level), STATE(plic, claimed),
    STATE(plic, enable), STATE(plic, threshold), STATE_END
};

#define AT(m) REG_AT(plic, m)
/* clang-format off */
static const struct reg_desc plic_regs[] = {
    REG32(0x4,      "priority",  .stored = true, .at = offsetof(struct plic, priority[1]),
          .count = PLIC_SOURCES - 1, .rw = PRIORITY_MASK, .wrote = wrote_priority),
    REG32(0x1000,   "pending",   AT(pending),  .count = WORDS),
#define ENABLE(w) \
    REG32(0x2000 + 4 * (w), "enable" #w, .stored = true, .at = offsetof(struct plic, enable[w]), \
          .count = PLIC_CONTEXTS, .stride = 0x80, .rw = (w) ? 0xffffffff : 0xfffffffe, .wrote = wrote_context)
    ENABLE(0), ENABLE(1), ENABLE(2),
#undef ENABLE
    REG32(0x200000, "threshold", AT(threshold), .count = PLIC_CONTEXTS, .stride = 0x1000, .rw = PRIORITY_MASK,
          .wrote = wrote_context),
    REG32(0x200004, "claim",     .count = PLIC_CONTEXTS, .stride = 0x1000, .rw = 0xffffffff,
          .read = read_claim, .after_read = after_claim, .wrote = wrote_complete),
};
/* clang-format on */

static const struct device_ops plic_ops = {
    .name = "plic", .spec = "RISC-V PLIC 1.0.0", .size = sizeof(struct plic),
    .regs = plic_regs, .n_regs = ARRAY_LEN(plic_regs), .mmio_size = 0x600000,
    .state = plic_state, .version = 1, .reset = plic_reset, .loaded = plic_loaded,
};

struct plic *plic_create(struct machine *m, const char *id, uint32_t contexts, struct err *e)
{
    if (contexts == 0 || contexts > PLIC_CONTEXTS) {
        (void)err_set(e, ERR_ARG, "%s: %u contexts; 1 to %d are accepted", id, contexts, PLIC_CONTEXTS);
        return NULL;
    }
    struct plic *p = device_create(m, &plic_ops, id, e);
    if (p)
        p->n_contexts = contexts;
    return p;
}
