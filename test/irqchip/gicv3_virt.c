/* SPDX-License-Identifier: Apache-2.0 */
/* The virtual CPU interface: list registers, ICV_*, maintenance, traps (IHI 0069H, chapter 6). */
#include "test/irqchip/gicv3_fixture.h"

#define IMO BIT(4)
#define FMO BIT(3)
#define LR_PENDING BIT(62)
#define LR_ACTIVE  BIT(63)
#define LR_HW      BIT(61)
#define LR_GROUP1  BIT(60)
#define LR_EOI     BIT(41)
#define LR(prio, vintid) ((uint64_t)(prio) << 48 | (vintid))
#define LR_PINTID(n) ((uint64_t)(n) << 32)
enum { EN = 1, UIE = 2, LRENPIE = 4, NPIE = 8, TC = 1 << 10, TALL0 = 1 << 11, TALL1 = 1 << 12,
       TSEI = 1 << 13, TDIR = 1 << 14 };
#define VMCR_ON (0xf8000000u | 3) /* VPMR f8, both groups */

static const struct who EL2 = { 2, false, 0 };
static const struct who GUEST = { 1, false, IMO | FMO };

static void setup(void)
{
    config = (struct gicv3_config){ .n_cpus = 2, .n_spis = 32, .mpidr = mpidr, .lpis = true,
                                    .list_registers = 4, .priority_bits = 5 };
    gic_setup();
}

static uint64_t hyp(uint32_t reg) { return get_as(EL2, 0, reg); }
static void hyp_put(uint32_t reg, uint64_t v) { put_as(EL2, 0, reg, v); }
static uint64_t guest(uint32_t reg) { return get_as(GUEST, 0, reg); }
static void guest_put(uint32_t reg, uint64_t v) { put_as(GUEST, 0, reg, v); }
static uint64_t state_of(uint32_t lr) { return hyp(ICH_LR(lr)) >> 62; }

static void virtual_on(void)
{
    hyp_put(ICH_VMCR, VMCR_ON);
    hyp_put(ICH_HCR, EN);
}

/* 12.4: 4 list registers, 5 bits of priority and preemption, 24-bit INTIDs, A3V, nV4, TDS. */
static const struct { uint32_t reg; uint64_t reads; } resets[] = {
    { ICH_VTR, 4u << 29 | 4u << 26 | 1u << 23 | 7u << 19 | 3 },
    { ICH_HCR, 0 }, { ICH_MISR, 0 }, { ICH_EISR, 0 }, { ICH_ELRSR, 0xf },
    { ICH_VMCR, 2u << 21 | 3u << 18 | 8 }, /* least binary points, VFIQEn */
    { ICH_AP0R(0), 0 }, { ICH_AP1R(0), 0 }, { ICH_LR(0), 0 }, { ICH_LR(3), 0 },
};
START_TEST(resets_and_identity)
{
    ck_assert_uint_eq(hyp(resets[_i].reg), resets[_i].reads);
}
END_TEST

/* What stays of all ones. */
static const struct { uint32_t reg; uint64_t reads; } ones[] = {
    { ICH_HCR, 0xf8007cff },
    { ICH_VMCR, 0xf8fc021b },
    { ICH_LR(1), 0xf0f81fff00ffffff }, /* no NMI; 24 bits of vINTID, 13 of pINTID, 5 of priority */
    { ICH_AP0R(0), 0xffffffff }, { ICH_AP1R(0), 0xffffffff },
};
START_TEST(writable_bits)
{
    hyp_put(ones[_i].reg, ~0ull);
    ck_assert_uint_eq(hyp(ones[_i].reg), ones[_i].reads);
}
END_TEST

/* ---- taking and ending ---- */
START_TEST(virtual_irq)
{
    virtual_on();
    hyp_put(ICH_LR(2), LR_PENDING | LR_GROUP1 | LR(0x80, 40));
    ck_assert(out[0][VIRQ] && !out[0][VFIQ] && !out[0][GROUP1_NS] && !out[1][VIRQ]);
    ck_assert_uint_eq(hyp(ICH_ELRSR), 0xb);
    ck_assert_uint_eq(guest(ICC_HPPIR1), 40);
    ck_assert_uint_eq(guest(ICC_HPPIR0), 1023);
    ck_assert_uint_eq(guest(ICC_IAR0), 1023);
    ck_assert_uint_eq(get(0, ICC_HPPIR1), 1023); /* without IMO it is the physical interface */
    replace_machine();
    ck_assert_uint_eq(guest(ICC_IAR1), 40);
    ck_assert(!out[0][VIRQ]);
    ck_assert_uint_eq(state_of(2), 2);
    ck_assert_uint_eq(guest(ICC_RPR), 0x80);
    ck_assert_uint_eq(hyp(ICH_AP1R(0)), 1 << 16);
    ck_assert_uint_eq(guest(ICC_AP1R(0)), 1 << 16);
    ck_assert_uint_eq(guest(ICC_AP0R(0)), 0);
    guest_put(ICC_EOIR0, 40); /* not group 1's register */
    ck_assert_uint_eq(state_of(2), 2);
    guest_put(ICC_EOIR1, 40);
    ck_assert_uint_eq(state_of(2), 0);
    ck_assert_uint_eq(guest(ICC_RPR), 0xff);
    ck_assert_uint_eq(hyp(ICH_ELRSR), 0xf);
}
END_TEST

START_TEST(virtual_fiq)
{
    virtual_on();
    hyp_put(ICH_LR(0), LR_PENDING | LR(0x40, 33));
    ck_assert(out[0][VFIQ] && !out[0][VIRQ]);
    ck_assert_uint_eq(guest(ICC_IAR1), 1023);
    ck_assert_uint_eq(guest(ICC_IAR0), 33);
    guest_put(ICC_EOIR0, 33);
    ck_assert_uint_eq(state_of(0), 0);
    /* With FMO alone, group 1 registers are the physical ones. */
    ck_assert_uint_eq(get_as((struct who){ 1, false, FMO }, 0, ICC_IGRPEN0), 1);
    ck_assert_uint_eq(get_as((struct who){ 1, false, FMO }, 0, ICC_IGRPEN1), 0);
    ck_assert_uint_eq(get_as((struct who){ 1, false, IMO }, 0, ICC_IGRPEN1), 1);
}
END_TEST

/* Each alone keeps the interrupt from the guest. */
START_TEST(virtual_enables)
{
    virtual_on();
    hyp_put(ICH_LR(0), LR_PENDING | LR_GROUP1 | LR(0x80, 40));
    ck_assert(out[0][VIRQ]);
    hyp_put(ICH_HCR, 0);
    ck_assert(!out[0][VIRQ]);
    hyp_put(ICH_HCR, EN);
    guest_put(ICC_IGRPEN1, 0);
    ck_assert(!out[0][VIRQ]);
    ck_assert_uint_eq(hyp(ICH_VMCR) & 3, 1);
    guest_put(ICC_IGRPEN1, 1);
    guest_put(ICC_PMR, 0x80);
    ck_assert(!out[0][VIRQ]);
    ck_assert_uint_eq(hyp(ICH_VMCR) >> 24, 0x80);
    guest_put(ICC_PMR, 0x8f);
    ck_assert_uint_eq(guest(ICC_PMR), 0x88);
    ck_assert(out[0][VIRQ]);
    hyp_put(ICH_LR(0), LR_PENDING | LR_ACTIVE | LR_GROUP1 | LR(0x80, 40));
    ck_assert(!out[0][VIRQ]); /* active and pending: not again yet */
    hyp_put(ICH_LR(0), LR_ACTIVE | LR_GROUP1 | LR(0x80, 40));
    ck_assert(!out[0][VIRQ]);
}
END_TEST

START_TEST(virtual_preemption)
{
    virtual_on();
    guest_put(ICC_BPR1, 6); /* bits 7..6 are group priority */
    hyp_put(ICH_LR(0), LR_PENDING | LR_GROUP1 | LR(0xa0, 40));
    ck_assert_uint_eq(guest(ICC_IAR1), 40);
    ck_assert_uint_eq(guest(ICC_RPR), 0x80);
    hyp_put(ICH_LR(1), LR_PENDING | LR_GROUP1 | LR(0x80, 41));
    ck_assert(!out[0][VIRQ]);
    hyp_put(ICH_LR(2), LR_PENDING | LR_GROUP1 | LR(0x78, 42));
    ck_assert(out[0][VIRQ]);
    ck_assert_uint_eq(guest(ICC_IAR1), 42);
    ck_assert_uint_eq(guest(ICC_RPR), 0x40);
    replace_machine();
    guest_put(ICC_EOIR1, 42);
    ck_assert(!out[0][VIRQ]);
    guest_put(ICC_EOIR1, 40);
    ck_assert(out[0][VIRQ]);
    ck_assert_uint_eq(guest(ICC_IAR1), 41);
}
END_TEST

/* An EOI whose priority is not the running one drops that, but deactivates nothing. */
START_TEST(eoi_of_another)
{
    virtual_on();
    hyp_put(ICH_LR(0), LR_PENDING | LR_GROUP1 | LR(0x80, 40));
    ck_assert_uint_eq(guest(ICC_IAR1), 40);
    hyp_put(ICH_LR(1), LR_PENDING | LR_GROUP1 | LR(0x40, 41));
    ck_assert_uint_eq(guest(ICC_IAR1), 41);
    guest_put(ICC_EOIR1, 40);
    ck_assert_uint_eq(guest(ICC_RPR), 0x80);
    ck_assert_uint_eq(state_of(0), 2);
    ck_assert_uint_eq(state_of(1), 2);
}
END_TEST

/* EOImode 1 at the guest: DIR deactivates. LPIs have no active state. */
START_TEST(virtual_split)
{
    virtual_on();
    guest_put(ICC_CTLR, 2);
    ck_assert_uint_eq(guest(ICC_CTLR), 0x8c02);
    ck_assert_uint_eq(hyp(ICH_VMCR) >> 9 & 1, 1);
    hyp_put(ICH_LR(0), LR_PENDING | LR_GROUP1 | LR(0x80, 40));
    hyp_put(ICH_LR(1), LR_PENDING | LR_GROUP1 | LR(0x40, 8192));
    ck_assert_uint_eq(guest(ICC_IAR1), 8192);
    ck_assert_uint_eq(state_of(1), 0);
    guest_put(ICC_EOIR1, 8192);
    ck_assert_uint_eq(guest(ICC_IAR1), 40);
    guest_put(ICC_EOIR1, 40);
    ck_assert_uint_eq(state_of(0), 2);
    ck_assert_uint_eq(guest(ICC_RPR), 0xff);
    guest_put(ICC_DIR, 40);
    ck_assert_uint_eq(state_of(0), 0);
    ck_assert_uint_eq(hyp(ICH_HCR), EN);
    guest_put(ICC_DIR, 40); /* no list register: counted */
    guest_put(ICC_DIR, 8192);
    ck_assert_uint_eq(hyp(ICH_HCR), 1u << 27 | EN);
}
END_TEST

/* 12.4.7 EOIcount: with EOImode 0, the ends of interrupts of the right group that no list register has. */
START_TEST(eoi_count)
{
    virtual_on();
    hyp_put(ICH_HCR, EN | LRENPIE);
    hyp_put(ICH_AP1R(0), 1 << 16 | 1 << 20);
    guest_put(ICC_EOIR0, 50);
    ck_assert_uint_eq(hyp(ICH_HCR) >> 27, 0);
    guest_put(ICC_EOIR1, 50);
    ck_assert_uint_eq(hyp(ICH_HCR) >> 27, 1);
    ck_assert(out[0][MAINTENANCE]);
    ck_assert_uint_eq(hyp(ICH_MISR), 4);
    guest_put(ICC_EOIR1, 8200); /* an LPI is not counted */
    guest_put(ICC_EOIR1, 51);   /* nothing is active */
    ck_assert_uint_eq(hyp(ICH_HCR) >> 27, 1);
    hyp_put(ICH_HCR, EN | LRENPIE);
    ck_assert(!out[0][MAINTENANCE]);
}
END_TEST

/* 6.3: HW: the physical interrupt is deactivated with the virtual one. */
START_TEST(hardware_interrupt)
{
    all_on();
    put(0, ICC_CTLR, 2);
    irq_on(0, 27, 1, 0x80);
    gicv3_set_ppi(g, 27, true);
    ck_assert_uint_eq(get_as(EL2, 0, ICC_IAR1), 27);
    put_as(EL2, 0, ICC_EOIR1, 27);
    ck_assert(is_active(0, 27) && !out[0][GROUP1_NS]);
    virtual_on();
    hyp_put(ICH_LR(0), LR_PENDING | LR_GROUP1 | LR_HW | LR_PINTID(27) | LR(0xa0, 27));
    ck_assert_uint_eq(guest(ICC_IAR1), 27);
    gicv3_set_ppi(g, 27, false);
    guest_put(ICC_EOIR1, 27);
    ck_assert(!is_active(0, 27));
    ck_assert_uint_eq(state_of(0), 0);
    ck_assert_uint_eq(hyp(ICH_ELRSR), 0xf);
    /* A pINTID that is none deactivates none. */
    hyp_put(ICH_LR(0), LR_PENDING | LR_GROUP1 | LR_HW | LR_PINTID(0x1fff) | LR(0xa0, 27));
    ck_assert_uint_eq(guest(ICC_IAR1), 27);
    guest_put(ICC_EOIR1, 27);
    ck_assert_uint_eq(state_of(0), 0);
}
END_TEST

/* A special INTID in a list register goes from pending to invalid, and activates nothing. */
START_TEST(special_in_list_register)
{
    virtual_on();
    hyp_put(ICH_LR(0), LR_PENDING | LR_GROUP1 | LR(0x80, 1022));
    ck_assert_uint_eq(guest(ICC_IAR1), 1022);
    ck_assert_uint_eq(state_of(0), 0);
    ck_assert_uint_eq(guest(ICC_RPR), 0xff);
}
END_TEST

/* 12.4.8 vINTID: the bits that ICH_VTR_EL2.IDbits leaves out are RES0. */
START_TEST(virtual_intid_width)
{
    ck_assert_uint_eq(hyp(ICH_VTR) >> 23 & 7, 1); /* 24 bits */
    hyp_put(ICH_LR(0), LR_PENDING | LR_GROUP1 | LR(0x80, 0xff002001));
    ck_assert_uint_eq(hyp(ICH_LR(0)) & 0xffffffff, 0x2001);
    virtual_on();
    ck_assert_uint_eq(guest(ICC_IAR1), 0x2001);
}
END_TEST

/* ---- maintenance, 12.4.9 ---- */
static const struct { uint32_t hcr, vmcr; uint64_t lr0, lr1; uint32_t misr; } maintenance[] = {
    { EN, VMCR_ON, LR_EOI, 0, 1 },
    { EN, VMCR_ON, LR_EOI | LR_ACTIVE, 0, 0 },
    { EN, VMCR_ON, LR_EOI | LR_HW, 0, 0 },
    { EN | UIE, VMCR_ON, 0, 0, 2 },
    { EN | UIE, VMCR_ON, LR_ACTIVE, 0, 2 },
    { EN | UIE, VMCR_ON, LR_ACTIVE, LR_PENDING, 0 },
    { EN | LRENPIE, VMCR_ON, 0, 0, 0 },
    { EN | LRENPIE | 3u << 27, VMCR_ON, 0, 0, 4 },
    { EN | NPIE, VMCR_ON, LR_ACTIVE, 0, 8 },
    { EN | NPIE, VMCR_ON, LR_ACTIVE | LR_PENDING, 0, 8 },
    { EN | NPIE, VMCR_ON, LR_PENDING, 0, 0 },
    { EN | 0xf0, VMCR_ON, 0, 0, 0x50 },
    { EN | 0xf0, 1, 0, 0, 0x90 },
    { EN | 0xf0, 2, 0, 0, 0x60 },
    { EN | 0xf0, 0, 0, 0, 0xa0 },
    { UIE, VMCR_ON, 0, 0, 2 },      /* the register tells, the line is off */
};
START_TEST(maintenance_interrupt)
{
    hyp_put(ICH_VMCR, maintenance[_i].vmcr);
    hyp_put(ICH_LR(0), maintenance[_i].lr0);
    hyp_put(ICH_LR(1), maintenance[_i].lr1);
    hyp_put(ICH_HCR, maintenance[_i].hcr);
    ck_assert_uint_eq(hyp(ICH_MISR), maintenance[_i].misr);
    ck_assert_int_eq(out[0][MAINTENANCE], maintenance[_i].misr && (maintenance[_i].hcr & EN));
    ck_assert_uint_eq(hyp(ICH_EISR), maintenance[_i].misr & 1);
    if (maintenance[_i].misr & 1)
        ck_assert_uint_eq(hyp(ICH_ELRSR), 0xe);
}
END_TEST

/* As boards connect it: the hypervisor takes its maintenance interrupt as PPI 25, level-sensitive. */
START_TEST(maintenance_is_a_ppi)
{
    all_on();
    irq_on(0, 25, 1, 0x80);
    irq_connect(&gicv3_interface_of(g, 0)->maintenance, gicv3_set_ppi, g, 25);
    virtual_on();
    hyp_put(ICH_HCR, EN | UIE);
    ck_assert(is_pending(0, 25) && out[0][GROUP1_NS]);
    ck_assert_uint_eq(get_as(EL2, 0, ICC_IAR1), 25);
    ck_assert(!out[0][GROUP1_NS]);
    hyp_put(ICH_HCR, EN);
    ck_assert(!is_pending(0, 25));
    put_as(EL2, 0, ICC_EOIR1, 25);
    ck_assert(!out[0][GROUP1_NS]);
    hyp_put(ICH_HCR, EN | UIE);
    ck_assert(out[0][GROUP1_NS]);
    machine_reset(m);
    ck_assert(!is_pending(0, 25) && !out[0][GROUP1_NS]);
}
END_TEST

/* ---- traps: which of TC, TALL0, TALL1, TDIR catch an access at EL1 ---- */
static const struct { uint32_t reg; bool read; uint32_t by; } traps[] = {
    { ICC_PMR, true, TC },        { ICC_CTLR, false, TC },     { ICC_RPR, true, TC },
    { ICC_DIR, false, TC | TDIR }, { ICC_SGI1R, false, TC },   { ICC_SGI0R, false, TC },
    { ICC_ASGI1R, false, TC },    { ICC_IAR0, true, TALL0 },   { ICC_EOIR0, false, TALL0 },
    { ICC_HPPIR0, true, TALL0 },  { ICC_BPR0, true, TALL0 },   { ICC_AP0R(0), true, TALL0 },
    { ICC_IGRPEN0, false, TALL0 }, { ICC_IAR1, true, TALL1 },  { ICC_EOIR1, false, TALL1 },
    { ICC_HPPIR1, true, TALL1 },  { ICC_BPR1, false, TALL1 },  { ICC_AP1R(0), true, TALL1 },
    { ICC_IGRPEN1, false, TALL1 }, { ICC_SRE, true, 0 },
};
static int access_as(struct who w, uint32_t reg, bool read)
{
    uint64_t v;
    void *arg = gicv3_interface_of(g, 0)->arg;

    return read ? gicv3_sysreg_read(arg, reg, w.el, w.secure, w.hcr, &v)
                : gicv3_sysreg_write(arg, reg, w.el, w.secure, w.hcr, 0);
}

START_TEST(hypervisor_traps)
{
    static const uint32_t bits[] = { TC, TALL0, TALL1, TSEI, TDIR };
    uint32_t reg = traps[_i].reg;

    for (size_t i = 0; i < ARRAY_LEN(bits); i++) {
        hyp_put(ICH_HCR, bits[i]);
        for (uint32_t k = 0; k < 4; k++) {
            bool sgi = (reg == ICC_SGI0R || reg == ICC_SGI1R || reg == ICC_ASGI1R) && k;
            bool caught = (bits[i] & traps[_i].by) || sgi; /* SGI registers: by IMO and FMO too */
            uint64_t hcr = (k & 1 ? IMO : 0) | (k & 2 ? FMO : 0);
            ck_assert_int_eq(access_as((struct who){ 1, false, hcr }, reg, traps[_i].read),
                             caught ? GIC_SYSREG_TRAP_EL2 : GIC_SYSREG_OK);
        }
        ck_assert_int_eq(access_as(EL2, reg, traps[_i].read), GIC_SYSREG_OK);
    }
}
END_TEST

/* Without list registers there is no hypervisor's interface; ICC_SRE_EL2 is there nevertheless. */
START_TEST(no_virtualization)
{
    gic_teardown();
    config.list_registers = 0;
    gic_setup();
    ck_assert_int_eq(access_as(EL2, ICH_HCR, true), GIC_SYSREG_UNDEFINED);
    ck_assert_int_eq(access_as(EL2, ICH_LR(0), true), GIC_SYSREG_UNDEFINED);
    ck_assert_int_eq(access_as(EL2, ICC_SRE_EL2, true), GIC_SYSREG_OK);
}
END_TEST

/* ---- fuzz: every encoding, at every level, physical and virtual ---- */
static uint64_t random_word(uint64_t *state)
{
    *state = *state * 6364136223846793005ull + 1442695040888963407ull;
    return *state ^ *state >> 31;
}

static uint32_t random_register(uint64_t v)
{
    static const uint32_t op1[] = { 0, 0, 4, 6 };

    return v & 0x100 ? ICC_PMR : SYSREG(3, op1[v & 3], 12, 8 + (v >> 2 & 7), v >> 5 & 7);
}

START_TEST(fuzz)
{
    uint64_t r = test_fuzz_seed() + (uint64_t)_i + 1;

    gic_teardown();
    config = (struct gicv3_config){ .n_cpus = 4, .n_spis = 988, .mpidr = mpidr, .lpis = true,
                                    .security = _i & 1, .list_registers = 16,
                                    .priority_bits = 5 + (uint32_t)_i % 4 };
    gic_setup();
    all_on();
    for (uint64_t i = 0, n = test_fuzz_steps(20000); i < n; i++) {
        uint64_t v = random_word(&r), hcr = random_word(&r) & (IMO | FMO), value;
        void *arg = gicv3_interface_of(g, (uint32_t)v & 3)->arg;
        unsigned el = v >> 2 & 3;
        switch (v >> 8 & 7) {
        case 0: gicv3_set_spi(g, v >> 32 & 0x3ff, v >> 16 & 1); break;
        case 1: gicv3_set_ppi(g, v >> 32 & 0x7f, v >> 16 & 1); break;
        case 2: {
            static const uint32_t at[] = { 0, 0x80, 0x100, 0x180, 0x200, 0x280, 0x300, 0x380, 0xc00,
                                           0xd00, 0xe00, 0x400 };
            uint64_t base = v & 0x10000 ? GICD + (v >> 40 & 0x7c) : sgi_base(v & 3);
            store_n(base + at[(v >> 20) % ARRAY_LEN(at)], 4, random_word(&r), v >> 50 & 1);
            break;
        }
        case 3:
            if (v >> 20 & 31)
                store_n(GICD + 0x6100 + 8 * (v >> 32 & 0x1ff), 8, v >> 16 & 3, true);
            else
                store_n(GICD, 4, v >> 32 & (v >> 40 & 15 ? 0xf : 0x7f), v >> 16 & 1); /* DS, seldom */
            break;
        case 4: (void)gicv3_sysreg_read(arg, random_register(v >> 32), el, v >> 4 & 1, hcr, &value); break;
        case 5: case 6: (void)gicv3_sysreg_write(arg, random_register(v >> 32), el, v >> 4 & 1, hcr,
                                                 random_word(&r)); break;
        default: (void)gicv3_sysreg_write(arg, ICC_EOIR1, el, v >> 4 & 1, hcr, v >> 40); break;
        }
        if (i % 1000 == 999)
            replace_machine();
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("gicv3_virt");
    TCase *t = tcase_create("gicv3_virt");

    tcase_add_checked_fixture(t, setup, gic_teardown);
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, resets_and_identity, 0, (int)ARRAY_LEN(resets));
    tcase_add_loop_test(t, writable_bits, 0, (int)ARRAY_LEN(ones));
    tcase_add_test(t, virtual_irq);
    tcase_add_test(t, virtual_fiq);
    tcase_add_test(t, virtual_enables);
    tcase_add_test(t, virtual_preemption);
    tcase_add_test(t, eoi_of_another);
    tcase_add_test(t, virtual_split);
    tcase_add_test(t, eoi_count);
    tcase_add_test(t, hardware_interrupt);
    tcase_add_test(t, special_in_list_register);
    tcase_add_test(t, virtual_intid_width);
    tcase_add_loop_test(t, maintenance_interrupt, 0, (int)ARRAY_LEN(maintenance));
    tcase_add_test(t, maintenance_is_a_ppi);
    tcase_add_loop_test(t, hypervisor_traps, 0, (int)ARRAY_LEN(traps));
    tcase_add_test(t, no_virtualization);
    tcase_add_loop_test(t, fuzz, 0, 8);
    suite_add_tcase(s, t);
    return s;
}
