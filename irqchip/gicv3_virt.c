/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtual CPU interface (IHI 0069H, chapter 6, 12.3 ICV_*, 12.4 ICH_*): a hypervisor puts
 * virtual interrupts into list registers, its guest takes them through ICV_* at EL1.
 * gicv3_access.n of an ICV register: bit 2 is the group.
 */
#include "irqchip/gicv3_impl.h"
#include <string.h>

/* ICH_LR<n>_EL2 */
#define LR_VINTID   23, 0 /* as many bits as ICH_VTR_EL2.IDbits says */
#define LR_PINTID   44, 32
#define LR_EOI      41, 41
#define LR_PRIORITY 55, 48
#define LR_GROUP    60, 60
#define LR_HW       61, 61
#define LR_PENDING  62, 62
#define LR_ACTIVE   63, 63
#define LR_STATE    63, 62
#define LR_MASK (F_MASK(LR_STATE) | F_MASK(LR_HW) | F_MASK(LR_GROUP) | F_MASK(LR_PRIORITY) | \
                 F_MASK(LR_PINTID) | F_MASK(LR_VINTID))

/* ICH_HCR_EL2 */
#define HCR_EN        0, 0
#define HCR_UIE       1, 1
#define HCR_LRENPIE   2, 2
#define HCR_NPIE      3, 3
#define HCR_VGRP0EIE  4, 4
#define HCR_VGRP0DIE  5, 5
#define HCR_VGRP1EIE  6, 6
#define HCR_VGRP1DIE  7, 7
#define HCR_TRAPS     14, 10 /* TC, TALL0, TALL1, TSEI, TDIR */
#define HCR_EOICOUNT  31, 27

/* ICH_VMCR_EL2 */
#define VMCR_VENG0  0, 0
#define VMCR_VENG1  1, 1
#define VMCR_VFIQEN 3, 3
#define VMCR_VCBPR  4, 4
#define VMCR_VEOIM  9, 9
#define VMCR_VBPR1  20, 18
#define VMCR_VBPR0  23, 21
#define VMCR_VPMR   31, 24

/* ICH_VTR_EL2 */
#define VTR_LISTREGS 4, 0
#define VTR_TDS      19, 19
#define VTR_NV4      20, 20
#define VTR_A3V      21, 21
#define VTR_IDBITS   25, 23
#define VTR_PREBITS  28, 26
#define VTR_PRIBITS  31, 29

static unsigned group_of(const struct gicv3_access *x)
{
    return x->n >> 2 & 1;
}

static uint32_t lr_priority(const struct gicv3_cpu *c, uint64_t lr)
{
    return (uint32_t)F_GET(lr, LR_PRIORITY) & 0xffu << (8 - c->gic->priority_bits);
}

/* Group 1's binary point counts one bit less, as the Non-secure one does. */
static uint32_t group_mask(const struct gicv3_cpu *c, unsigned group)
{
    if (group == 1 && !F_GET(c->ich_vmcr, VMCR_VCBPR))
        return 0xffu & 0xffu << F_GET(c->ich_vmcr, VMCR_VBPR1);
    return 0xffu & 0xffu << (F_GET(c->ich_vmcr, VMCR_VBPR0) + 1);
}

static uint32_t running(const struct gicv3_cpu *c)
{
    for (uint32_t i = 0; i < 4; i++) {
        uint32_t all = c->ich_apr[0][i] | c->ich_apr[1][i];
        if (all)
            return (i * 32 + ctz64(all)) << (8 - c->gic->preemption_bits);
    }
    return GICV3_IDLE;
}

/* The list register with the highest priority pending interrupt of an enabled group, or -1. */
static int best_lr(const struct gicv3_cpu *c)
{
    uint32_t best = GICV3_IDLE;
    int which = -1;

    for (uint32_t i = 0; i < c->gic->list_registers; i++) {
        uint64_t lr = c->ich_lr[i];
        if (F_GET(lr, LR_STATE) != 1 || !(c->ich_vmcr >> F_GET(lr, LR_GROUP) & 1))
            continue;
        if (lr_priority(c, lr) < best) {
            best = lr_priority(c, lr);
            which = (int)i;
        }
    }
    return which;
}

static bool lr_preempts(const struct gicv3_cpu *c, uint64_t lr)
{
    uint32_t now = running(c), mask = group_mask(c, (unsigned)F_GET(lr, LR_GROUP));
    uint32_t priority = lr_priority(c, lr);

    return F_GET(c->ich_hcr, HCR_EN) && priority < F_GET(c->ich_vmcr, VMCR_VPMR) &&
           (now == GICV3_IDLE || (priority & mask) < (now & mask));
}

/* ---- maintenance, 6.5 ---- */
static uint32_t eisr(const struct gicv3_cpu *c)
{
    uint32_t v = 0;

    for (uint32_t i = 0; i < c->gic->list_registers; i++) {
        uint64_t lr = c->ich_lr[i];
        v |= (uint32_t)(F_GET(lr, LR_STATE) == 0 && !F_GET(lr, LR_HW) && F_GET(lr, LR_EOI)) << i;
    }
    return v;
}

/* 12.4.9, in the order of its bits; each condition but the first has its enable in ICH_HCR_EL2. */
static uint32_t misr(const struct gicv3_cpu *c)
{
    uint32_t h = c->ich_hcr, valid = 0, v = 0;
    bool pending = false, on0 = F_GET(c->ich_vmcr, VMCR_VENG0),
         on1 = F_GET(c->ich_vmcr, VMCR_VENG1);

    for (uint32_t i = 0; i < c->gic->list_registers; i++) {
        valid += F_GET(c->ich_lr[i], LR_STATE) != 0;
        pending |= F_GET(c->ich_lr[i], LR_STATE) == 1;
    }
    v |= (uint32_t)(eisr(c) != 0);
    v |= (uint32_t)(F_GET(h, HCR_UIE) && valid <= 1) << 1;
    v |= (uint32_t)(F_GET(h, HCR_LRENPIE) && F_GET(h, HCR_EOICOUNT)) << 2;
    v |= (uint32_t)(F_GET(h, HCR_NPIE) && !pending) << 3;
    v |= (uint32_t)(F_GET(h, HCR_VGRP0EIE) && on0) << 4;
    v |= (uint32_t)(F_GET(h, HCR_VGRP0DIE) && !on0) << 5;
    v |= (uint32_t)(F_GET(h, HCR_VGRP1EIE) && on1) << 6;
    v |= (uint32_t)(F_GET(h, HCR_VGRP1DIE) && !on1) << 7;
    return v;
}

bool gicv3_virt_lines(const struct gicv3_cpu *c, bool *virq, bool *vfiq)
{
    int i;

    *virq = *vfiq = false;
    if (!F_GET(c->ich_hcr, HCR_EN))
        return false;
    i = best_lr(c);
    if (i >= 0 && lr_preempts(c, c->ich_lr[i])) {
        *virq = F_GET(c->ich_lr[i], LR_GROUP);
        *vfiq = !*virq;
    }
    return misr(c) != 0;
}

/* ---- ICV_*: what the guest sees ---- */
uint64_t gicv3_icv_hppir(struct gicv3_cpu *c, const struct gicv3_access *x)
{
    int i = best_lr(c);

    if (i < 0 || F_GET(c->ich_lr[i], LR_GROUP) != group_of(x))
        return GICV3_ID_SPURIOUS;
    return F_GET(c->ich_lr[i], LR_VINTID);
}

static bool is_special(uint64_t intid)
{
    return intid >= GICV3_ID_SECURE && intid <= GICV3_ID_SPURIOUS;
}

uint64_t gicv3_icv_iar(struct gicv3_cpu *c, const struct gicv3_access *x)
{
    uint64_t intid = gicv3_icv_hppir(c, x);
    int i = best_lr(c);

    if (i < 0 || F_GET(c->ich_lr[i], LR_GROUP) != group_of(x) || !lr_preempts(c, c->ich_lr[i]))
        return GICV3_ID_SPURIOUS;
    c->ich_lr[i] = F_PUT(c->ich_lr[i], LR_STATE, 0);
    if (!is_special(intid)) {
        uint32_t bit = (lr_priority(c, c->ich_lr[i]) & group_mask(c, group_of(x))) >>
                       (8 - c->gic->preemption_bits);
        c->ich_apr[group_of(x)][bit / 32] |= 1u << bit % 32;
        if (intid < GICV3_FIRST_LPI) /* LPIs are never active */
            c->ich_lr[i] = F_PUT(c->ich_lr[i], LR_ACTIVE, 1);
    }
    gicv3_drive(c);
    return intid;
}

static int active_lr(const struct gicv3_cpu *c, uint32_t intid)
{
    for (uint32_t i = 0; i < c->gic->list_registers; i++)
        if (F_GET(c->ich_lr[i], LR_ACTIVE) && F_GET(c->ich_lr[i], LR_VINTID) == intid)
            return (int)i;
    return -1;
}

/* 6.3: with HW the physical interrupt goes with it, if it is one that this PE may deactivate. */
static void lr_deactivate(struct gicv3_cpu *c, const struct gicv3_access *x, int i)
{
    uint64_t lr = c->ich_lr[i];

    c->ich_lr[i] = F_PUT(lr, LR_ACTIVE, 0);
    if (F_GET(lr, LR_HW)) {
        uint32_t pintid = (uint32_t)F_GET(lr, LR_PINTID);
        const struct gicv3_bank *b = gicv3_bank_of(c, pintid);
        if (b && (x->secure || gicv3_ds(c->gic) ||
                  gicv3_group_of(c->gic, b, pintid % 32) == GICV3_G1NS))
            gicv3_deactivate(c, pintid);
    }
}

/* 12.4.7 EOIcount: deactivations for which there is no list register, LPIs left out. */
static void count_eoi(struct gicv3_cpu *c, uint32_t intid)
{
    if (intid < GICV3_FIRST_LPI)
        c->ich_hcr = (uint32_t)F_PUT(c->ich_hcr, HCR_EOICOUNT, F_GET(c->ich_hcr, HCR_EOICOUNT) + 1);
}

/* Clears the highest active priority; the result is it, and whether it was of `group`. */
static uint32_t drop(struct gicv3_cpu *c, unsigned group, bool *of_group)
{
    uint32_t now = running(c);

    *of_group = false;
    for (uint32_t i = 0; i < 4; i++) {
        uint32_t all = c->ich_apr[0][i] | c->ich_apr[1][i], bit = all & -all;
        if (all == 0)
            continue;
        *of_group = c->ich_apr[group][i] & bit;
        if (*of_group)
            c->ich_apr[group][i] &= ~bit;
        break;
    }
    return now;
}

void gicv3_icv_eoir_write(struct gicv3_cpu *c, const struct gicv3_access *x, uint64_t v)
{
    uint32_t intid = (uint32_t)v & 0xffffff, dropped;
    bool of_group, split = F_GET(c->ich_vmcr, VMCR_VEOIM);
    int i;

    if (is_special(intid))
        return;
    dropped = drop(c, group_of(x), &of_group);
    if (dropped == GICV3_IDLE || !of_group)
        return;
    i = active_lr(c, intid);
    if (i < 0) {
        if (!split)
            count_eoi(c, intid);
    } else if (F_GET(c->ich_lr[i], LR_GROUP) == group_of(x) &&
               (!split || intid >= GICV3_FIRST_LPI) &&
               (lr_priority(c, c->ich_lr[i]) & group_mask(c, group_of(x))) == dropped) {
        lr_deactivate(c, x, i);
    }
    gicv3_drive(c);
}

void gicv3_icv_dir_write(struct gicv3_cpu *c, const struct gicv3_access *x, uint64_t v)
{
    uint32_t intid = (uint32_t)v & 0xffffff;
    int i = active_lr(c, intid);

    if (!F_GET(c->ich_vmcr, VMCR_VEOIM) || is_special(intid))
        return;
    if (i >= 0)
        lr_deactivate(c, x, i);
    else
        count_eoi(c, intid);
    gicv3_drive(c);
}

static uint32_t least_bpr(const struct gicv3_cpu *c, unsigned group)
{
    return 7 - c->gic->preemption_bits + group;
}

static void set_vmcr(struct gicv3_cpu *c, uint32_t v)
{
    static const uint32_t mask = F_MASK(VMCR_VENG0) | F_MASK(VMCR_VENG1) | F_MASK(VMCR_VCBPR) |
                                 F_MASK(VMCR_VEOIM) | F_MASK(VMCR_VBPR1) | F_MASK(VMCR_VBPR0);
    uint64_t now = (v & mask) | F_MASK(VMCR_VFIQEN);

    now = F_PUT(now, VMCR_VPMR, F_GET(v, VMCR_VPMR) & 0xffu << (8 - c->gic->priority_bits));
    now = F_PUT(now, VMCR_VBPR0, MAX((uint32_t)F_GET(v, VMCR_VBPR0), least_bpr(c, 0)));
    now = F_PUT(now, VMCR_VBPR1, MAX((uint32_t)F_GET(v, VMCR_VBPR1), least_bpr(c, 1)));
    c->ich_vmcr = (uint32_t)now;
    gicv3_drive(c);
}

/* 12.3.4: with VCBPR group 1's is group 0's plus one, saturated, and read-only. */
uint64_t gicv3_icv_bpr(struct gicv3_cpu *c, const struct gicv3_access *x)
{
    if (group_of(x) == 0)
        return F_GET(c->ich_vmcr, VMCR_VBPR0);
    if (F_GET(c->ich_vmcr, VMCR_VCBPR))
        return MIN(F_GET(c->ich_vmcr, VMCR_VBPR0) + 1, 7ull);
    return F_GET(c->ich_vmcr, VMCR_VBPR1);
}

void gicv3_icv_bpr_write(struct gicv3_cpu *c, const struct gicv3_access *x, uint64_t v)
{
    if (group_of(x) == 0)
        set_vmcr(c, (uint32_t)F_PUT(c->ich_vmcr, VMCR_VBPR0, v & 7));
    else if (!F_GET(c->ich_vmcr, VMCR_VCBPR))
        set_vmcr(c, (uint32_t)F_PUT(c->ich_vmcr, VMCR_VBPR1, v & 7));
}

uint64_t gicv3_icv_apr(struct gicv3_cpu *c, const struct gicv3_access *x)
{
    return c->ich_apr[group_of(x)][x->n & 3];
}

void gicv3_icv_apr_write(struct gicv3_cpu *c, const struct gicv3_access *x, uint64_t v)
{
    c->ich_apr[group_of(x)][x->n & 3] = (uint32_t)v;
    gicv3_drive(c);
}

uint64_t gicv3_icv_igrpen(struct gicv3_cpu *c, const struct gicv3_access *x)
{
    return c->ich_vmcr >> group_of(x) & 1;
}

void gicv3_icv_igrpen_write(struct gicv3_cpu *c, const struct gicv3_access *x, uint64_t v)
{
    uint32_t bit = 1u << group_of(x);

    set_vmcr(c, v & 1 ? c->ich_vmcr | bit : c->ich_vmcr & ~bit);
}

/* ICV_CTLR_EL1: VCBPR and VEOIM, and the sizes as in ICC_CTLR_EL1. */
uint64_t gicv3_icv_ctlr(struct gicv3_cpu *c, const struct gicv3_access *x)
{
    (void)x;
    return F_GET(c->ich_vmcr, VMCR_VCBPR) | F_GET(c->ich_vmcr, VMCR_VEOIM) << 1 |
           (c->gic->priority_bits - 1) << 8 | 1u << 11 | 1u << 15 |
           (c->gic->wide_aff0 ? 1u << 18 : 0);
}

void gicv3_icv_ctlr_write(struct gicv3_cpu *c, const struct gicv3_access *x, uint64_t v)
{
    uint64_t now = F_PUT(c->ich_vmcr, VMCR_VCBPR, v & 1);

    (void)x;
    set_vmcr(c, (uint32_t)F_PUT(now, VMCR_VEOIM, v >> 1 & 1));
}

uint64_t gicv3_icv_pmr(struct gicv3_cpu *c, const struct gicv3_access *x)
{
    (void)x;
    return F_GET(c->ich_vmcr, VMCR_VPMR);
}

void gicv3_icv_pmr_write(struct gicv3_cpu *c, const struct gicv3_access *x, uint64_t v)
{
    (void)x;
    set_vmcr(c, (uint32_t)F_PUT(c->ich_vmcr, VMCR_VPMR, v & 0xff));
}

uint64_t gicv3_icv_rpr(struct gicv3_cpu *c, const struct gicv3_access *x)
{
    (void)x;
    return running(c);
}

/* ---- ICH_*: the hypervisor's ---- */
uint64_t gicv3_ich_hcr(struct gicv3_cpu *c, const struct gicv3_access *x)
{
    (void)x;
    return c->ich_hcr;
}

void gicv3_ich_hcr_write(struct gicv3_cpu *c, const struct gicv3_access *x, uint64_t v)
{
    (void)x;
    c->ich_hcr = (uint32_t)v & (uint32_t)(F_MASK(HCR_EOICOUNT) | F_MASK(HCR_TRAPS) | 0xff);
    gicv3_drive(c);
}

uint64_t gicv3_ich_vtr(struct gicv3_cpu *c, const struct gicv3_access *x)
{
    uint64_t v = F_MASK(VTR_TDS) | F_MASK(VTR_NV4) | F_MASK(VTR_A3V);

    (void)x;
    v = F_PUT(v, VTR_LISTREGS, c->gic->list_registers - 1);
    v = F_PUT(v, VTR_IDBITS, 1);
    v = F_PUT(v, VTR_PREBITS, c->gic->preemption_bits - 1);
    return F_PUT(v, VTR_PRIBITS, c->gic->priority_bits - 1);
}

uint64_t gicv3_ich_misr(struct gicv3_cpu *c, const struct gicv3_access *x)
{
    (void)x;
    return misr(c);
}

uint64_t gicv3_ich_eisr(struct gicv3_cpu *c, const struct gicv3_access *x)
{
    (void)x;
    return eisr(c);
}

/* 12.4.6: free for use: invalid, and nothing left to be told about it. */
uint64_t gicv3_ich_elrsr(struct gicv3_cpu *c, const struct gicv3_access *x)
{
    uint32_t v = 0;

    (void)x;
    for (uint32_t i = 0; i < c->gic->list_registers; i++)
        v |= (uint32_t)(F_GET(c->ich_lr[i], LR_STATE) == 0) << i;
    return v & ~eisr(c);
}

uint64_t gicv3_ich_vmcr(struct gicv3_cpu *c, const struct gicv3_access *x)
{
    (void)x;
    return c->ich_vmcr;
}

void gicv3_ich_vmcr_write(struct gicv3_cpu *c, const struct gicv3_access *x, uint64_t v)
{
    (void)x;
    set_vmcr(c, (uint32_t)v);
}

uint64_t gicv3_ich_apr(struct gicv3_cpu *c, const struct gicv3_access *x)
{
    return gicv3_icv_apr(c, x);
}

void gicv3_ich_apr_write(struct gicv3_cpu *c, const struct gicv3_access *x, uint64_t v)
{
    gicv3_icv_apr_write(c, x, v);
}

uint64_t gicv3_ich_lr(struct gicv3_cpu *c, const struct gicv3_access *x)
{
    return c->ich_lr[x->n];
}

void gicv3_ich_lr_write(struct gicv3_cpu *c, const struct gicv3_access *x, uint64_t v)
{
    v &= LR_MASK;
    c->ich_lr[x->n] = F_PUT(v, LR_PRIORITY, lr_priority(c, v));
    gicv3_drive(c);
}

void gicv3_virt_reset(struct gicv3_cpu *c)
{
    memset(c->ich_lr, 0, sizeof(c->ich_lr));
    memset(c->ich_apr, 0, sizeof(c->ich_apr));
    c->ich_hcr = 0;
    set_vmcr(c, 0);
}
