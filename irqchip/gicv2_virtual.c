/* SPDX-License-Identifier: Apache-2.0 */
/* IHI 0048B, chapter 5: list registers, their control (GICH), the virtual CPU interface (GICV). */
#include "irqchip/gicv2_impl.h"

/* 5.3.1 GICH_HCR, 5.3.4 GICH_MISR: enables and causes of the maintenance interrupt. */
enum { HCR_EN = 0x01, HCR_UIE = 0x02, HCR_LRENPIE = 0x04, HCR_NPIE = 0x08, HCR_GRP0E = 0x10,
       HCR_GRP0D = 0x20, HCR_GRP1E = 0x40, HCR_GRP1D = 0x80 };
enum { MISR_EOI = 0x01 }; /* the others have the bits of their enables */
#define HCR_EOI_COUNT 31, 27

/* 5.3.3 GICH_VMCR; its bits below 10 are those of GICV_CTLR. */
#define VMCR_CTLR   9, 0
#define VMCR_ABP    20, 18
#define VMCR_BP     23, 21
#define VMCR_PMASK  31, 27
enum { VCTLR_MASK = 0x21f, MIN_BP = 2, MIN_ABP = 3 }; /* 5 bits of priority */

/* 5.3.10 GICH_LRn */
#define LR_VIRTUAL_ID  9, 0
#define LR_PHYSICAL_ID 19, 10 /* HW = 1 */
#define LR_CPU_ID      12, 10 /* HW = 0 */
#define LR_PRIORITY    27, 23
#define LR_STATE       29, 28
enum { LR_PENDING = 0x10000000, LR_ACTIVE = 0x20000000, LR_EOI = 0x00080000 };
#define LR_STATES (LR_PENDING | LR_ACTIVE)
#define LR_GRP1   0x40000000u
#define LR_HW     0x80000000u

static uint32_t vctlr(const struct gicv2 *g, uint32_t cpu)
{
    return (uint32_t)F_GET(g->vmcr[cpu], VMCR_CTLR);
}

/* ---- list registers by kind, as bits ---- */

/* 5.3.5 GICH_EISR: invalid, of no physical interrupt, and its end was asked for. */
static uint32_t ended_lrs(const struct gicv2 *g, uint32_t cpu)
{
    uint32_t found = 0;

    for (uint32_t i = 0; i < GICV2_LRS; i++)
        if (!(g->lr[cpu][i] & (LR_STATES | LR_HW)) && (g->lr[cpu][i] & LR_EOI))
            found |= 1u << i;
    return found;
}

static uint32_t lrs_with(const struct gicv2 *g, uint32_t cpu, uint32_t states)
{
    uint32_t found = 0;

    for (uint32_t i = 0; i < GICV2_LRS; i++)
        if (g->lr[cpu][i] & states)
            found |= 1u << i;
    return found;
}

/* 5.3.6 GICH_ELRSR: may be used again: invalid, with no end still to be reported. */
static uint32_t empty_lrs(const struct gicv2 *g, uint32_t cpu)
{
    return ~(lrs_with(g, cpu, LR_STATES) | ended_lrs(g, cpu)) & ((1u << GICV2_LRS) - 1);
}

static uint32_t misr(const struct gicv2 *g, uint32_t cpu)
{
    uint32_t hcr = g->hcr[cpu], ctlr = vctlr(g, cpu), causes = 0;

    if (ended_lrs(g, cpu))
        causes |= MISR_EOI;
    if (popcount64(lrs_with(g, cpu, LR_STATES)) <= 1)
        causes |= HCR_UIE;
    if (F_GET(hcr, HCR_EOI_COUNT))
        causes |= HCR_LRENPIE;
    if (lrs_with(g, cpu, LR_PENDING) == 0)
        causes |= HCR_NPIE;
    causes |= ctlr & CTLR_GRP0 ? HCR_GRP0E : HCR_GRP0D;
    causes |= ctlr & CTLR_GRP1 ? HCR_GRP1E : HCR_GRP1D;
    return causes & (hcr | MISR_EOI) & 0xff;
}

/* ---- selection ---- */
static uint32_t priority_of(uint32_t lr)
{
    return (uint32_t)F_GET(lr, LR_PRIORITY) << 3;
}

static uint32_t group_priority(const struct gicv2 *g, uint32_t cpu, uint32_t lr)
{
    uint32_t point = (uint32_t)F_GET(g->vmcr[cpu], VMCR_BP) + 1;

    if ((lr & LR_GRP1) && !(vctlr(g, cpu) & CTLR_CBPR))
        point = (uint32_t)F_GET(g->vmcr[cpu], VMCR_ABP);
    return priority_of(lr) & (0xffu << point);
}

static uint32_t running_priority(const struct gicv2 *g, uint32_t cpu)
{
    return g->vapr[cpu] ? ctz64(g->vapr[cpu]) << 3 : GICV2_IDLE;
}

/* The list register of the highest priority pending in an enabled group; GICV2_LRS if none. */
static uint32_t best(const struct gicv2 *g, uint32_t cpu)
{
    uint32_t found = GICV2_LRS, found_priority = GICV2_IDLE;

    for (uint32_t i = 0; i < GICV2_LRS; i++) {
        uint32_t lr = g->lr[cpu][i];
        if ((lr & LR_STATES) == LR_PENDING && priority_of(lr) < found_priority &&
            (vctlr(g, cpu) & (lr & LR_GRP1 ? CTLR_GRP1 : CTLR_GRP0))) {
            found = i;
            found_priority = priority_of(lr);
        }
    }
    return g->hcr[cpu] & HCR_EN ? found : GICV2_LRS;
}

static uint32_t signalled(const struct gicv2 *g, uint32_t cpu)
{
    uint32_t i = best(g, cpu);

    if (i == GICV2_LRS || priority_of(g->lr[cpu][i]) >= F_GET(g->vmcr[cpu], VMCR_PMASK) << 3 ||
        group_priority(g, cpu, g->lr[cpu][i]) >= running_priority(g, cpu))
        return GICV2_LRS;
    return i;
}

void gicv2_virtual_levels(const struct gicv2 *g, uint32_t cpu, bool *virq, bool *vfiq,
                          bool *maintenance)
{
    uint32_t i = signalled(g, cpu);
    bool any = i != GICV2_LRS;

    *vfiq = any && !(g->lr[cpu][i] & LR_GRP1) && (vctlr(g, cpu) & CTLR_FIQ);
    *virq = any && !*vfiq;
    *maintenance = (g->hcr[cpu] & HCR_EN) && misr(g, cpu);
}

static uint32_t make_vmcr(uint64_t v)
{
    v = F_PUT(v & ~F_MASK(VMCR_CTLR), VMCR_CTLR, v & VCTLR_MASK);
    v = F_PUT(v, VMCR_BP, MAX(F_GET(v, VMCR_BP), (uint64_t)MIN_BP));
    return (uint32_t)F_PUT(v, VMCR_ABP, MAX(F_GET(v, VMCR_ABP), (uint64_t)MIN_ABP)) & 0xfffc021f;
}

void gicv2_virtual_reset(struct gicv2 *g)
{
    for (uint32_t c = 0; c < GICV2_CPUS; c++) {
        g->hcr[c] = g->vapr[c] = 0;
        g->vmcr[c] = make_vmcr(0);
        for (uint32_t i = 0; i < GICV2_LRS; i++)
            g->lr[c][i] = 0;
    }
}

/* ---- GICH; `dev` is the frame ---- */
static struct gicv2 *gic(const void *dev)
{
    return ((const struct gicv2_frame *)dev)->g;
}

static uint64_t read_hcr(const void *dev, uint32_t index)
{
    (void)index;
    return gic(dev)->hcr[gic(dev)->cpu];
}

static void wrote_hcr(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct gicv2 *g = gic(dev);

    (void)index;
    (void)old;
    g->hcr[g->cpu] = (uint32_t)now;
    gicv2_update(g);
}

static uint64_t read_vmcr(const void *dev, uint32_t index)
{
    (void)index;
    return gic(dev)->vmcr[gic(dev)->cpu];
}

static void wrote_vmcr(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct gicv2 *g = gic(dev);

    (void)index;
    (void)old;
    g->vmcr[g->cpu] = make_vmcr(now);
    gicv2_update(g);
}

static uint64_t read_misr(const void *dev, uint32_t index)
{
    (void)index;
    return misr(gic(dev), gic(dev)->cpu);
}

static uint64_t read_eisr(const void *dev, uint32_t index)
{
    return index == 0 ? ended_lrs(gic(dev), gic(dev)->cpu) : 0;
}

static uint64_t read_elrsr(const void *dev, uint32_t index)
{
    return index == 0 ? empty_lrs(gic(dev), gic(dev)->cpu) : 0;
}

/* GICH_APR, and GICV_APR0, which is the same. */
static uint64_t read_apr(const void *dev, uint32_t index)
{
    return index == 0 ? gic(dev)->vapr[gic(dev)->cpu] : 0;
}

static void wrote_apr(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct gicv2 *g = gic(dev);

    (void)old;
    if (index == 0)
        g->vapr[g->cpu] = (uint32_t)now;
    gicv2_update(g);
}

static uint64_t read_lr(const void *dev, uint32_t index)
{
    return index < GICV2_LRS ? gic(dev)->lr[gic(dev)->cpu][index] : 0;
}

static void wrote_lr(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct gicv2 *g = gic(dev);

    (void)old;
    if (index < GICV2_LRS)
        g->lr[g->cpu][index] = (uint32_t)now;
    gicv2_update(g);
}

/* ---- GICV ---- */
static uint64_t read_vctlr(const void *dev, uint32_t index)
{
    (void)index;
    return vctlr(gic(dev), gic(dev)->cpu);
}

static void wrote_field(struct gicv2 *g, uint64_t vmcr)
{
    g->vmcr[g->cpu] = make_vmcr(vmcr);
    gicv2_update(g);
}

static void wrote_vctlr(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct gicv2 *g = gic(dev);

    (void)index;
    (void)old;
    wrote_field(g, F_PUT(g->vmcr[g->cpu], VMCR_CTLR, now));
}

static uint64_t read_vpmr(const void *dev, uint32_t index)
{
    (void)index;
    return F_GET(gic(dev)->vmcr[gic(dev)->cpu], VMCR_PMASK) << 3;
}

static void wrote_vpmr(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct gicv2 *g = gic(dev);

    (void)index;
    (void)old;
    wrote_field(g, F_PUT(g->vmcr[g->cpu], VMCR_PMASK, now >> 3));
}

static uint64_t read_vbpr(const void *dev, uint32_t index)
{
    (void)index;
    return F_GET(gic(dev)->vmcr[gic(dev)->cpu], VMCR_BP);
}

static void wrote_vbpr(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct gicv2 *g = gic(dev);

    (void)index;
    (void)old;
    wrote_field(g, F_PUT(g->vmcr[g->cpu], VMCR_BP, now));
}

static uint64_t read_vabpr(const void *dev, uint32_t index)
{
    (void)index;
    return F_GET(gic(dev)->vmcr[gic(dev)->cpu], VMCR_ABP);
}

static void wrote_vabpr(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct gicv2 *g = gic(dev);

    (void)index;
    (void)old;
    wrote_field(g, F_PUT(g->vmcr[g->cpu], VMCR_ABP, now));
}

/* What GICV_IAR and HPPIR say of a list register, with AckCtl as in GICC; aliases see Group 1. */
static uint32_t told(const struct gicv2 *g, uint32_t i, bool alias)
{
    uint32_t lr = i < GICV2_LRS ? g->lr[g->cpu][i] : 0;

    if (i == GICV2_LRS || (alias && !(lr & LR_GRP1)))
        return INTID_SPURIOUS;
    if (!alias && (lr & LR_GRP1) && !(vctlr(g, g->cpu) & CTLR_ACK))
        return INTID_GROUP1;
    return (uint32_t)(F_GET(lr, LR_VIRTUAL_ID) | (lr & LR_HW ? 0 : F_GET(lr, LR_CPU_ID) << 10));
}

static uint64_t read_viar(const void *dev, uint32_t index)
{
    const struct gicv2 *g = gic(dev);

    (void)index;
    return told(g, signalled(g, g->cpu), false);
}

static uint64_t read_vaiar(const void *dev, uint32_t index)
{
    const struct gicv2 *g = gic(dev);

    (void)index;
    return told(g, signalled(g, g->cpu), true);
}

static void after_viar(void *dev, uint32_t index, uint64_t value)
{
    struct gicv2 *g = gic(dev);
    uint32_t i = signalled(g, g->cpu);

    (void)index;
    if (i == GICV2_LRS || (value & INTID_MASK) >= GICV2_IRQS)
        return;
    uint32_t *lr = &g->lr[g->cpu][i];
    g->vapr[g->cpu] |= 1u << (group_priority(g, g->cpu, *lr) >> 3);
    *lr = (*lr & ~(uint32_t)LR_PENDING) | LR_ACTIVE;
    gicv2_update(g);
}

/*
 * 5.2.3: an active list register of that number is deactivated, with HW its physical interrupt,
 * too. Returns false if there is none.
 */
static bool deactivate(struct gicv2 *g, uint32_t id)
{
    for (uint32_t i = 0; i < GICV2_LRS; i++) {
        uint32_t *lr = &g->lr[g->cpu][i];
        if (!(*lr & LR_ACTIVE) || F_GET(*lr, LR_VIRTUAL_ID) != id)
            continue;
        *lr &= ~(uint32_t)LR_ACTIVE;
        if ((*lr & LR_HW) && F_GET(*lr, LR_PHYSICAL_ID) >= GICV2_SGIS)
            gicv2_deactivate(g, g->cpu, (uint32_t)F_GET(*lr, LR_PHYSICAL_ID));
        return true;
    }
    return false;
}

/* GICH_HCR.EOICount: ends of interrupts that stand in no list register; the count wraps. */
static void count_end(struct gicv2 *g)
{
    uint32_t *hcr = &g->hcr[g->cpu];

    *hcr = (uint32_t)F_PUT(*hcr, HCR_EOI_COUNT, F_GET(*hcr, HCR_EOI_COUNT) + 1);
}

static void wrote_veoir(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct gicv2 *g = gic(dev);
    uint32_t id = now & INTID_MASK, *apr = &g->vapr[g->cpu];
    bool dropped = *apr != 0;

    (void)index;
    (void)old;
    if (id >= GICV2_IRQS)
        return;
    *apr &= *apr - 1;
    if (!(vctlr(g, g->cpu) & CTLR_EOI) && !deactivate(g, id) && dropped)
        count_end(g);
    gicv2_update(g);
}

static void wrote_vdir(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct gicv2 *g = gic(dev);
    uint32_t id = now & INTID_MASK;

    (void)index;
    (void)old;
    if (!(vctlr(g, g->cpu) & CTLR_EOI)) {
        guest_error(&g->dev, "GICV_DIR", "%u is written while EOImode is 0", id);
        return;
    }
    if (id < GICV2_IRQS && !deactivate(g, id))
        count_end(g);
    gicv2_update(g);
}

static uint64_t read_vrpr(const void *dev, uint32_t index)
{
    uint32_t running = running_priority(gic(dev), gic(dev)->cpu);

    (void)index;
    return running == GICV2_IDLE ? 0xff : running;
}

static uint64_t read_vhppir(const void *dev, uint32_t index)
{
    const struct gicv2 *g = gic(dev);

    (void)index;
    return told(g, best(g, g->cpu), false);
}

static uint64_t read_vahppir(const void *dev, uint32_t index)
{
    const struct gicv2 *g = gic(dev);

    (void)index;
    return told(g, best(g, g->cpu), true);
}

#define ALL 0xffffffff
static const struct reg_desc hyp_regs[] = {
    REG32(0x00, "GICH_HCR",   .rw = 0xf80000ff, .read = read_hcr, .wrote = wrote_hcr),
    REG32(0x04, "GICH_VTR",   .reset = 4u << 29 | 4u << 26 | (GICV2_LRS - 1)),
    REG32(0x08, "GICH_VMCR",  .rw = 0xfffc021f, .read = read_vmcr, .wrote = wrote_vmcr),
    REG32(0x10, "GICH_MISR",  .read = read_misr),
    REG32(0x20, "GICH_EISR",  .count = 2, .read = read_eisr),
    REG32(0x30, "GICH_ELRSR", .count = 2, .read = read_elrsr),
    REG32(0xf0, "GICH_APR",   .rw = ALL, .read = read_apr, .wrote = wrote_apr),
    REG32(0x100, "GICH_LR",   .count = 64, .rw = 0xff8fffff, .read = read_lr, .wrote = wrote_lr),
};

const struct device_ops gicv2_hyp_ops = {
    .name = "gicv2-hyp", .spec = "Arm IHI 0048B", .size = sizeof(struct gicv2_frame),
    .regs = hyp_regs, .n_regs = ARRAY_LEN(hyp_regs), .mmio_size = 0x1000,
};

static const struct reg_desc vcpu_regs[] = {
    REG32(0x00, "GICV_CTLR",   .rw = VCTLR_MASK, .read = read_vctlr, .wrote = wrote_vctlr),
    REG32(0x04, "GICV_PMR",    .rw = 0xf8, .read = read_vpmr, .wrote = wrote_vpmr),
    REG32(0x08, "GICV_BPR",    .rw = 7, .read = read_vbpr, .wrote = wrote_vbpr),
    REG32(0x0c, "GICV_IAR",    .read = read_viar, .after_read = after_viar),
    REG32(0x10, "GICV_EOIR",   .rw = ALL, .wrote = wrote_veoir),
    REG32(0x14, "GICV_RPR",    .read = read_vrpr),
    REG32(0x18, "GICV_HPPIR",  .read = read_vhppir),
    REG32(0x1c, "GICV_ABPR",   .rw = 7, .read = read_vabpr, .wrote = wrote_vabpr),
    REG32(0x20, "GICV_AIAR",   .read = read_vaiar, .after_read = after_viar),
    REG32(0x24, "GICV_AEOIR",  .rw = ALL, .wrote = wrote_veoir),
    REG32(0x28, "GICV_AHPPIR", .read = read_vahppir),
    REG32(0xd0, "GICV_APR",    .count = 4, .rw = ALL, .read = read_apr, .wrote = wrote_apr),
    REG32(0xfc, "GICV_IIDR",   .reset = 0x0002043b),
    REG32(0x1000, "GICV_DIR",  .rw = ALL, .wrote = wrote_vdir),
};

const struct device_ops gicv2_vcpu_ops = {
    .name = "gicv2-vcpu", .spec = "Arm IHI 0048B", .size = sizeof(struct gicv2_frame),
    .regs = vcpu_regs, .n_regs = ARRAY_LEN(vcpu_regs), .mmio_size = 0x2000,
};
