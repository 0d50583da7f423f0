/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The physical CPU interface, ICC_* (IHI 0069H, 4.8 priorities, 12.2 registers), and which
 * function answers for which system register at which exception level.
 */
#include "irqchip/gicv3_impl.h"
#include <string.h>

#define HCR_FMO 3, 3
#define HCR_IMO 4, 4

#define ICH_HCR_TC    10, 10
#define ICH_HCR_TALL0 11, 11
#define ICH_HCR_TALL1 12, 12
#define ICH_HCR_TDIR  14, 14

/* ICC_CTLR_EL1, ICC_CTLR_EL3 */
#define CTLR_CBPR    0, 0
#define CTLR_EOIMODE 1, 1
#define CTLR_PRIBITS 10, 8
#define CTLR_IDBITS  13, 11
#define CTLR_A3V     15, 15
#define CTLR_RSS     18, 18
#define CTLR3_CBPR_S    0, 0
#define CTLR3_CBPR_NS   1, 1
#define CTLR3_EOI_EL3   2, 2
#define CTLR3_EOI_EL1S  3, 3
#define CTLR3_EOI_EL1NS 4, 4

enum { ID_BITS_24 = 1, SRE_EL1 = 7, SRE_ABOVE = 0xf };

/* ---- priorities ---- */

/* 4.8.2: the least binary point is that of all preemption bits; Non-secure Group 1's is one more. */
static uint32_t least_bpr(const struct gicv3_cpu *c, unsigned group)
{
    return 7 - c->gic->preemption_bits + (group == GICV3_G1NS);
}

/* The bits of a priority that are group priority. */
static uint32_t group_mask(const struct gicv3_cpu *c, unsigned group)
{
    if ((group == GICV3_G1NS && c->cbpr[GICV3_NS]) || (group == GICV3_G1S && c->cbpr[GICV3_S]))
        group = GICV3_G0;
    return 0xffu & 0xffu << (c->bpr[group] + (group == GICV3_G1NS ? 0 : 1));
}

/* 4.8.4: the highest active priority, and the group it was activated for; GICV3_IDLE if none. */
static uint32_t running(const struct gicv3_cpu *c, unsigned *group)
{
    for (uint32_t i = 0; i < 4; i++) {
        uint32_t all = c->apr[GICV3_G0][i] | c->apr[GICV3_G1NS][i] | c->apr[GICV3_G1S][i];
        if (all == 0)
            continue;
        uint32_t bit = ctz64(all);
        *group = c->apr[GICV3_G0][i] >> bit & 1     ? GICV3_G0
                 : c->apr[GICV3_G1S][i] >> bit & 1 ? GICV3_G1S
                                                   : GICV3_G1NS;
        return (i * 32 + bit) << (8 - c->gic->preemption_bits);
    }
    return GICV3_IDLE;
}

/* 4.8.5, 4.8.6: above the mask, and of a group priority above the running one. */
bool gicv3_preempts(const struct gicv3_cpu *c)
{
    unsigned group;
    uint32_t now = running(c, &group), mask = group_mask(c, c->best.group);

    return c->best.priority < c->pmr &&
           (now == GICV3_IDLE || (c->best.priority & mask) < (now & mask));
}

/* Non-secure accesses beside a Secure state see half of the priorities. */
static bool half_view(const struct gicv3_cpu *c, const struct gicv3_access *x)
{
    return !gicv3_ds(c->gic) && !x->secure;
}

static uint64_t nonsecure_view(uint32_t priority)
{
    if (!(priority & 0x80))
        return 0;
    return priority == GICV3_IDLE ? GICV3_IDLE : (priority << 1 & 0xff);
}

static unsigned group1(const struct gicv3_access *x)
{
    return x->state == GICV3_S ? GICV3_G1S : GICV3_G1NS;
}

static uint64_t pmr(struct gicv3_cpu *c, const struct gicv3_access *x)
{
    return half_view(c, x) ? nonsecure_view(c->pmr) : c->pmr;
}

static void pmr_write(struct gicv3_cpu *c, const struct gicv3_access *x, uint64_t v)
{
    v &= 0xff;
    if (half_view(c, x)) {
        if (!(c->pmr & 0x80)) /* the mask is Secure software's */
            return;
        v = 0x80 | v >> 1;
    }
    c->pmr = (uint32_t)v & 0xffu << (8 - c->gic->priority_bits);
    gicv3_drive(c);
}

static uint64_t rpr(struct gicv3_cpu *c, const struct gicv3_access *x)
{
    unsigned group;
    uint32_t now = running(c, &group);

    return half_view(c, x) ? nonsecure_view(now) : now;
}

/* ---- acknowledge ---- */
static bool is_secure_group(const struct gicv3_cpu *c, unsigned group)
{
    return !gicv3_ds(c->gic) && group != GICV3_G1NS;
}

/* 12.2.9 ICC_HPPIR0_EL1; 1020 and 1021 tell EL3 that the interrupt is the other software's. */
static uint64_t hppir0(struct gicv3_cpu *c, const struct gicv3_access *x)
{
    const struct gicv3_best *b = &c->best;
    bool secure = is_secure_group(c, b->group);

    if (b->priority == GICV3_IDLE || (b->group != GICV3_G0 && x->el < 3) || (secure && !x->secure))
        return GICV3_ID_SPURIOUS;
    if (b->group != GICV3_G0)
        return secure ? GICV3_ID_SECURE : GICV3_ID_NONSECURE;
    return b->intid;
}

static uint64_t hppir1(struct gicv3_cpu *c, const struct gicv3_access *x)
{
    const struct gicv3_best *b = &c->best;
    bool secure = is_secure_group(c, b->group);

    if (b->priority == GICV3_IDLE || b->group == GICV3_G0 || (secure && !x->secure) ||
        (!secure && x->secure && x->el < 3 && !gicv3_ds(c->gic)))
        return GICV3_ID_SPURIOUS;
    return b->intid;
}

static uint64_t acknowledge(struct gicv3_cpu *c, uint64_t intid)
{
    uint32_t bit =
        (c->best.priority & group_mask(c, c->best.group)) >> (8 - c->gic->preemption_bits);

    if (intid >= GICV3_ID_SECURE && intid <= GICV3_ID_SPURIOUS)
        return intid;
    c->apr[c->best.group][bit / 32] |= 1u << bit % 32;
    gicv3_activate(c, (uint32_t)intid);
    return intid;
}

static uint64_t iar0(struct gicv3_cpu *c, const struct gicv3_access *x)
{
    return gicv3_preempts(c) ? acknowledge(c, hppir0(c, x)) : (uint64_t)GICV3_ID_SPURIOUS;
}

static uint64_t iar1(struct gicv3_cpu *c, const struct gicv3_access *x)
{
    return gicv3_preempts(c) ? acknowledge(c, hppir1(c, x)) : (uint64_t)GICV3_ID_SPURIOUS;
}

/* ---- end of interrupt ---- */
static bool is_split(const struct gicv3_cpu *c, const struct gicv3_access *x)
{
    return x->el == 3 ? c->eoimode_el3 : c->eoimode[x->state];
}

/* A Non-secure PE does not deactivate what is Secure. */
static void deactivate(struct gicv3_cpu *c, const struct gicv3_access *x, uint32_t intid)
{
    const struct gicv3_bank *b = gicv3_bank_of(c, intid);

    if (b && (x->secure || !is_secure_group(c, gicv3_group_of(c->gic, b, intid % 32))))
        gicv3_deactivate(c, intid);
}

/* Drops the running priority if it was activated for this register's group. */
static void eoi(struct gicv3_cpu *c, const struct gicv3_access *x, uint32_t intid, bool group0)
{
    unsigned group;
    bool lpi = c->gic->lpis && intid >= GICV3_FIRST_LPI;

    if (!(intid < c->gic->n_irqs || lpi) || running(c, &group) == GICV3_IDLE ||
        (group == GICV3_G0) != group0)
        return;
    if ((is_secure_group(c, group) && !x->secure) ||
        (group == GICV3_G1NS && x->secure && x->el < 3 && !gicv3_ds(c->gic)))
        return;
    uint32_t i = 0;
    while (c->apr[group][i] == 0)
        i++;
    c->apr[group][i] &= c->apr[group][i] - 1;
    if (!is_split(c, x))
        deactivate(c, x, intid);
    gicv3_drive(c);
}

static void eoir0(struct gicv3_cpu *c, const struct gicv3_access *x, uint64_t v)
{
    eoi(c, x, (uint32_t)v & 0xffffff, true);
}

static void eoir1(struct gicv3_cpu *c, const struct gicv3_access *x, uint64_t v)
{
    eoi(c, x, (uint32_t)v & 0xffffff, false);
}

static void dir(struct gicv3_cpu *c, const struct gicv3_access *x, uint64_t v)
{
    if (is_split(c, x))
        deactivate(c, x, (uint32_t)v & 0xffffff);
}

/* ---- binary points, active priorities, enables, control ---- */
static void set_bpr(struct gicv3_cpu *c, unsigned group, uint64_t v)
{
    c->bpr[group] = MAX((uint32_t)v & 7, least_bpr(c, group));
    gicv3_drive(c);
}

static uint64_t bpr0(struct gicv3_cpu *c, const struct gicv3_access *x)
{
    (void)x;
    return c->bpr[GICV3_G0];
}

static void bpr0_write(struct gicv3_cpu *c, const struct gicv3_access *x, uint64_t v)
{
    (void)x;
    set_bpr(c, GICV3_G0, v);
}

/* 12.2.5: with CBPR it is BPR0, Non-secure one more (saturated) and read-only. */
static uint64_t bpr1(struct gicv3_cpu *c, const struct gicv3_access *x)
{
    if (x->state == GICV3_S)
        return c->bpr[c->cbpr[GICV3_S] ? GICV3_G0 : GICV3_G1S];
    return c->cbpr[GICV3_NS] && x->el < 3 ? MIN(c->bpr[GICV3_G0] + 1, 7u) : c->bpr[GICV3_G1NS];
}

static void bpr1_write(struct gicv3_cpu *c, const struct gicv3_access *x, uint64_t v)
{
    if (x->state == GICV3_S)
        set_bpr(c, c->cbpr[GICV3_S] ? GICV3_G0 : GICV3_G1S, v);
    else if (!c->cbpr[GICV3_NS] || x->el == 3)
        set_bpr(c, GICV3_G1NS, v);
}

static uint64_t ap0r(struct gicv3_cpu *c, const struct gicv3_access *x)
{
    return c->apr[GICV3_G0][x->n];
}

static void ap0r_write(struct gicv3_cpu *c, const struct gicv3_access *x, uint64_t v)
{
    c->apr[GICV3_G0][x->n] = (uint32_t)v;
    gicv3_drive(c);
}

static uint64_t ap1r(struct gicv3_cpu *c, const struct gicv3_access *x)
{
    return c->apr[group1(x)][x->n];
}

static void ap1r_write(struct gicv3_cpu *c, const struct gicv3_access *x, uint64_t v)
{
    c->apr[group1(x)][x->n] = (uint32_t)v;
    gicv3_drive(c);
}

static void enable(struct gicv3_cpu *c, unsigned group, bool on)
{
    c->igrpen[group] = on;
    if (on && F_GET(c->waker, GICR_WAKER_SLEEP))
        guest_error(&c->dev, "interrupt group enabled while GICR_WAKER.ProcessorSleep is 1",
                    "no interrupt is signalled until it is 0");
    gicv3_rescan(c);
}

static uint64_t igrpen0(struct gicv3_cpu *c, const struct gicv3_access *x)
{
    (void)x;
    return c->igrpen[GICV3_G0];
}

static void igrpen0_write(struct gicv3_cpu *c, const struct gicv3_access *x, uint64_t v)
{
    (void)x;
    enable(c, GICV3_G0, v & 1);
}

static uint64_t igrpen1(struct gicv3_cpu *c, const struct gicv3_access *x)
{
    return c->igrpen[group1(x)];
}

static void igrpen1_write(struct gicv3_cpu *c, const struct gicv3_access *x, uint64_t v)
{
    enable(c, group1(x), v & 1);
}

static uint64_t igrpen1_el3(struct gicv3_cpu *c, const struct gicv3_access *x)
{
    (void)x;
    return c->igrpen[GICV3_G1NS] | c->igrpen[GICV3_G1S] << 1;
}

static void igrpen1_el3_write(struct gicv3_cpu *c, const struct gicv3_access *x, uint64_t v)
{
    (void)x;
    enable(c, GICV3_G1NS, v & 1);
    enable(c, GICV3_G1S, v >> 1 & 1);
}

static uint64_t ctlr_fixed(const struct gicv3_cpu *c)
{
    uint64_t v = F_PUT(0, CTLR_PRIBITS, c->gic->priority_bits - 1);

    v = F_PUT(v, CTLR_RSS, c->gic->wide_aff0);
    return F_PUT(v, CTLR_IDBITS, ID_BITS_24) | F_MASK(CTLR_A3V);
}

static uint64_t ctlr(struct gicv3_cpu *c, const struct gicv3_access *x)
{
    uint64_t v = F_PUT(ctlr_fixed(c), CTLR_CBPR, c->cbpr[x->state]);

    return F_PUT(v, CTLR_EOIMODE, c->eoimode[x->state]);
}

/* 12.2.7: CBPR is EL3's while there are two Security states. */
static void ctlr_write(struct gicv3_cpu *c, const struct gicv3_access *x, uint64_t v)
{
    c->eoimode[x->state] = (uint32_t)F_GET(v, CTLR_EOIMODE);
    if (gicv3_ds(c->gic))
        c->cbpr[x->state] = (uint32_t)F_GET(v, CTLR_CBPR);
    gicv3_drive(c);
}

static uint64_t ctlr_el3(struct gicv3_cpu *c, const struct gicv3_access *x)
{
    uint64_t v = F_PUT(ctlr_fixed(c), CTLR3_CBPR_S, c->cbpr[GICV3_S]);

    (void)x;
    v = F_PUT(v, CTLR3_CBPR_NS, c->cbpr[GICV3_NS]);
    v = F_PUT(v, CTLR3_EOI_EL3, c->eoimode_el3);
    v = F_PUT(v, CTLR3_EOI_EL1S, c->eoimode[GICV3_S]);
    return F_PUT(v, CTLR3_EOI_EL1NS, c->eoimode[GICV3_NS]);
}

static void ctlr_el3_write(struct gicv3_cpu *c, const struct gicv3_access *x, uint64_t v)
{
    (void)x;
    c->cbpr[GICV3_S] = (uint32_t)F_GET(v, CTLR3_CBPR_S);
    c->cbpr[GICV3_NS] = (uint32_t)F_GET(v, CTLR3_CBPR_NS);
    c->eoimode_el3 = (uint32_t)F_GET(v, CTLR3_EOI_EL3);
    c->eoimode[GICV3_S] = (uint32_t)F_GET(v, CTLR3_EOI_EL1S);
    c->eoimode[GICV3_NS] = (uint32_t)F_GET(v, CTLR3_EOI_EL1NS);
    gicv3_drive(c);
}

/* Register access is all there is: SRE, DFB, DIB read 1, and Enable above EL1. */
static uint64_t sre(struct gicv3_cpu *c, const struct gicv3_access *x)
{
    (void)c;
    return x->n == 1 ? SRE_EL1 : SRE_ABOVE;
}

static void ignore(struct gicv3_cpu *c, const struct gicv3_access *x, uint64_t v)
{
    (void)c;
    (void)x;
    (void)v;
}

/* ---- software-generated interrupts, 12.2.18 to 12.2.20 ---- */
#define SGI_LIST  15, 0
#define SGI_AFF1  23, 16
#define SGI_INTID 27, 24
#define SGI_AFF2  39, 32
#define SGI_IRM   40, 40
#define SGI_RS    47, 44
#define SGI_AFF3  55, 48

static void send_sgi(struct gicv3_cpu *c, const struct gicv3_access *x, uint64_t v, unsigned group)
{
    struct gicv3 *g = c->gic;
    uint64_t upper = F_GET(v, SGI_AFF3) << 32 | F_GET(v, SGI_AFF2) << 16 | F_GET(v, SGI_AFF1) << 8;
    uint32_t range = g->wide_aff0 ? (uint32_t)F_GET(v, SGI_RS) : 0;

    for (uint32_t i = 0; i < g->n_cpus; i++) {
        uint64_t a = g->affinity[i];
        bool listed = (a & ~0xffull) == upper && (a >> 4 & 0xf) == range &&
                      (F_GET(v, SGI_LIST) >> (a & 0xf) & 1);
        if (F_GET(v, SGI_IRM) ? i != c->index : listed)
            gicv3_receive_sgi(g->cpu[i], (uint32_t)F_GET(v, SGI_INTID), group, !x->secure);
    }
}

static void sgi0r(struct gicv3_cpu *c, const struct gicv3_access *x, uint64_t v)
{
    send_sgi(c, x, v, GICV3_G0);
}

static void sgi1r(struct gicv3_cpu *c, const struct gicv3_access *x, uint64_t v)
{
    send_sgi(c, x, v, x->secure ? GICV3_G1S : GICV3_G1NS);
}

static void asgi1r(struct gicv3_cpu *c, const struct gicv3_access *x, uint64_t v)
{
    send_sgi(c, x, v, x->secure ? GICV3_G1NS : GICV3_G1S);
}

/* ---- who answers ---- */
enum class { ABSENT, GROUP0, GROUP1, COMMON, DIR, SGI, PLAIN, EL2, ICH, EL3 };
struct row {
    enum class class;
    uint8_t n;
    gicv3_icc_read_fn *read, *virtual_read;
    gicv3_icc_write_fn *write, *virtual_write;
};

/* `op1` 0, 4 or 6, CRn 12, CRm 8..15 */
#define AT(op1, crm, op2) [((op1) == 0 ? 0 : (op1) == 4 ? 64 : 128) + ((crm)-8) * 8 + (op2)]
#define ICC(kind, i, r, w, vr, vw) { .class = kind, .n = i, .read = r, .write = w, \
                                     .virtual_read = vr, .virtual_write = vw }
#define AP(i) \
    AT(0, 8, 4 + i) = ICC(GROUP0, i, ap0r, ap0r_write, gicv3_icv_apr, gicv3_icv_apr_write), \
    AT(0, 9, i) = ICC(GROUP1, i, ap1r, ap1r_write, gicv3_icv_apr, gicv3_icv_apr_write), \
    AT(4, 8, i) = ICC(ICH, i, gicv3_ich_apr, gicv3_ich_apr_write, NULL, NULL), \
    AT(4, 9, i) = ICC(ICH, 4 + i, gicv3_ich_apr, gicv3_ich_apr_write, NULL, NULL)
#define LR(i)                                                                                      \
    AT(4, 12 + (i) / 8, (i) % 8) = ICC(ICH, i, gicv3_ich_lr, gicv3_ich_lr_write, NULL, NULL)
/* clang-format off */
static const struct row rows[192] = { /* 12.1.2, tables of system registers */
    AT(0, 8, 0)  = ICC(GROUP0, 0, iar0,    NULL,          gicv3_icv_iar,    NULL),
    AT(0, 8, 1)  = ICC(GROUP0, 0, NULL,    eoir0,         NULL,             gicv3_icv_eoir_write),
    AT(0, 8, 2)  = ICC(GROUP0, 0, hppir0,  NULL,          gicv3_icv_hppir,  NULL),
    AT(0, 8, 3)  = ICC(GROUP0, 0, bpr0,    bpr0_write,    gicv3_icv_bpr,    gicv3_icv_bpr_write),
    AT(0, 11, 1) = ICC(DIR,    0, NULL,    dir,           NULL,             gicv3_icv_dir_write),
    AT(0, 11, 3) = ICC(COMMON, 0, rpr,     NULL,          gicv3_icv_rpr,    NULL),
    AT(0, 11, 5) = ICC(SGI,    0, NULL,    sgi1r,         NULL,             NULL),
    AT(0, 11, 6) = ICC(SGI,    0, NULL,    asgi1r,        NULL,             NULL),
    AT(0, 11, 7) = ICC(SGI,    0, NULL,    sgi0r,         NULL,             NULL),
    AT(0, 12, 0) = ICC(GROUP1, 0, iar1,    NULL,          gicv3_icv_iar,    NULL),
    AT(0, 12, 1) = ICC(GROUP1, 0, NULL,    eoir1,         NULL,             gicv3_icv_eoir_write),
    AT(0, 12, 2) = ICC(GROUP1, 0, hppir1,  NULL,          gicv3_icv_hppir,  NULL),
    AT(0, 12, 3) = ICC(GROUP1, 0, bpr1,    bpr1_write,    gicv3_icv_bpr,    gicv3_icv_bpr_write),
    AT(0, 12, 4) = ICC(COMMON, 0, ctlr,    ctlr_write,    gicv3_icv_ctlr,   gicv3_icv_ctlr_write),
    AT(0, 12, 5) = ICC(PLAIN,  1, sre,     ignore,        NULL,             NULL),
    AT(0, 12, 6) = ICC(GROUP0, 0, igrpen0, igrpen0_write, gicv3_icv_igrpen, gicv3_icv_igrpen_write),
    AT(0, 12, 7) = ICC(GROUP1, 0, igrpen1, igrpen1_write, gicv3_icv_igrpen, gicv3_icv_igrpen_write),
    AT(4, 9, 5)  = ICC(EL2,    2, sre,             ignore,                NULL, NULL),
    AT(4, 11, 0) = ICC(ICH,    0, gicv3_ich_hcr,   gicv3_ich_hcr_write,   NULL, NULL),
    AT(4, 11, 1) = ICC(ICH,    0, gicv3_ich_vtr,   NULL,                  NULL, NULL),
    AT(4, 11, 2) = ICC(ICH,    0, gicv3_ich_misr,  NULL,                  NULL, NULL),
    AT(4, 11, 3) = ICC(ICH,    0, gicv3_ich_eisr,  NULL,                  NULL, NULL),
    AT(4, 11, 5) = ICC(ICH,    0, gicv3_ich_elrsr, NULL,                  NULL, NULL),
    AT(4, 11, 7) = ICC(ICH,    0, gicv3_ich_vmcr,  gicv3_ich_vmcr_write,  NULL, NULL),
    AT(6, 12, 4) = ICC(EL3,    0, ctlr_el3,        ctlr_el3_write,        NULL, NULL),
    AT(6, 12, 5) = ICC(EL3,    3, sre,             ignore,                NULL, NULL),
    AT(6, 12, 7) = ICC(EL3,    0, igrpen1_el3,     igrpen1_el3_write,     NULL, NULL),
    AP(0), AP(1), AP(2), AP(3),
    LR(0), LR(1), LR(2), LR(3), LR(4), LR(5), LR(6), LR(7),
    LR(8), LR(9), LR(10), LR(11), LR(12), LR(13), LR(14), LR(15),
};
static const struct row pmr_row =
    ICC(COMMON, 0, pmr, pmr_write, gicv3_icv_pmr, gicv3_icv_pmr_write);
/* clang-format on */

static const struct row *find(uint32_t reg)
{
    uint32_t op1 = reg >> 11 & 7, crm = reg >> 3 & 15, op2 = reg & 7;

    if (reg == (3u << 14 | 4 << 7 | 6 << 3))
        return &pmr_row;
    if (reg >> 14 != 3 || (reg >> 7 & 15) != 12 || crm < 8 || (op1 != 0 && op1 != 4 && op1 != 6))
        return NULL;
    return &rows[(op1 == 0 ? 0 : op1 == 4 ? 64 : 128) + (crm - 8) * 8 + op2];
}

/* As many active priority registers as 2^preemption bits need (12.2.3). */
static bool has_apr(const struct gicv3_cpu *c, uint32_t n)
{
    return n < 1u << (c->gic->preemption_bits - 5);
}

static bool exists(const struct gicv3_cpu *c, const struct row *r, unsigned el)
{
    bool apr = r->read == ap0r || r->read == ap1r || r->read == gicv3_ich_apr;

    if (apr && !has_apr(c, r->n & 3))
        return false;
    switch (r->class) {
    case ABSENT:
        return false;
    case EL2:
        return el >= 2;
    case ICH:
        return el >= 2 && c->gic->list_registers != 0 &&
               (r->read != gicv3_ich_lr || r->n < c->gic->list_registers);
    case EL3:
        return el == 3 && c->gic->security;
    default:
        return el >= 1;
    }
}

/* ICH_HCR_EL2's trap for accesses at EL1 (12.4.7). */
static bool is_trapped(const struct gicv3_cpu *c, const struct row *r, bool imo, bool fmo)
{
    uint32_t h = c->ich_hcr;

    switch (r->class) {
    case GROUP0:
        return F_GET(h, ICH_HCR_TALL0);
    case GROUP1:
        return F_GET(h, ICH_HCR_TALL1);
    case COMMON:
        return F_GET(h, ICH_HCR_TC);
    case DIR:
        return F_GET(h, ICH_HCR_TC) || F_GET(h, ICH_HCR_TDIR);
    case SGI: /* there is no virtual one: a hypervisor sends it */
        return F_GET(h, ICH_HCR_TC) || imo || fmo;
    default:
        return false;
    }
}

/* What is to be called, after existence and traps: an enum gic_sysreg. */
static int resolve(struct gicv3_cpu *c, uint32_t reg, unsigned el, bool secure, uint64_t hcr,
                   struct gicv3_access *x, const struct row **row, bool *virtual)
{
    const struct row *r = *row = find(reg);
    bool imo = F_GET(hcr, HCR_IMO), fmo = F_GET(hcr, HCR_FMO);

    if (r == NULL || !exists(c, r, el))
        return GIC_SYSREG_UNDEFINED;
    secure = secure && c->gic->security;
    *virtual = el == 1 && ((r->class == GROUP0 && fmo) || (r->class == GROUP1 && imo) ||
                           ((r->class == COMMON || r->class == DIR) && (imo || fmo)));
    if (el == 1 && (!secure || hcr) && is_trapped(c, r, imo, fmo))
        return GIC_SYSREG_TRAP_EL2;
    *x = (struct gicv3_access){ .el = el, .state = secure ? GICV3_S : GICV3_NS,
                                .secure = secure || el == 3, .n = r->n };
    if (*virtual)
        x->n |= r->class == GROUP1 ? 4 : 0; /* group 1's half of ICH_AP0R and AP1R */
    return GIC_SYSREG_OK;
}

int gicv3_sysreg_read(void *arg, uint32_t reg, unsigned el, bool secure, uint64_t hcr,
                      uint64_t *value)
{
    struct gicv3_access x;
    const struct row *r;
    bool virtual;
    int rc = resolve(arg, reg, el, secure, hcr, &x, &r, &virtual);

    *value = 0;
    if (rc != GIC_SYSREG_OK)
        return rc;
    gicv3_icc_read_fn *fn = virtual ? r->virtual_read : r->read;
    if (fn == NULL)
        return GIC_SYSREG_UNDEFINED;
    *value = fn(arg, &x);
    return GIC_SYSREG_OK;
}

int gicv3_sysreg_write(void *arg, uint32_t reg, unsigned el, bool secure, uint64_t hcr,
                       uint64_t value)
{
    struct gicv3_access x;
    const struct row *r;
    bool virtual;
    int rc = resolve(arg, reg, el, secure, hcr, &x, &r, &virtual);

    if (rc != GIC_SYSREG_OK)
        return rc;
    gicv3_icc_write_fn *fn = virtual ? r->virtual_write : r->write;
    if (fn == NULL)
        return GIC_SYSREG_UNDEFINED;
    fn(arg, &x, value);
    return GIC_SYSREG_OK;
}

void gicv3_cpu_reset(struct gicv3_cpu *c)
{
    memset(c->apr, 0, sizeof(c->apr));
    memset(c->igrpen, 0, sizeof(c->igrpen));
    memset(c->cbpr, 0, sizeof(c->cbpr));
    memset(c->eoimode, 0, sizeof(c->eoimode));
    c->eoimode_el3 = 0;
    c->pmr = 0;
    for (unsigned g = 0; g < GICV3_GROUPS; g++)
        c->bpr[g] = least_bpr(c, g);
}

void gicv3_cpu_loaded(struct gicv3_cpu *c)
{
    for (unsigned g = 0; g < GICV3_GROUPS; g++) {
        c->bpr[g] = MAX(c->bpr[g] & 7, least_bpr(c, g));
        c->igrpen[g] &= 1;
    }
    for (unsigned i = 0; i < GICV3_STATES; i++) {
        c->cbpr[i] &= 1;
        c->eoimode[i] &= 1;
    }
}
