/* SPDX-License-Identifier: Apache-2.0 */
/* GICv2 with Security Extensions: Arm IHI 0048B, 3.4 to 3.7 and chapter 4, Non-secure accesses. */
#include "test/irqchip/gicv2_machine.h"

static const struct gicv2_config secured = { .n_cpus = 2, .n_spis = 64, .security = true };

/* Interrupts 41, 43, SGI 1 and PPI 27 are Group 1; 40, 42 and the others Group 0. */
static void setup(void)
{
    start(&secured);
    secure = true;
    for (cpu = 0; cpu < 2; cpu++) {
        make_group1(1);
        make_group1(27);
    }
    cpu = 0;
    make_group1(41);
    make_group1(43);
}

static void enable_both(void)
{
    secure = true;
    enable_all(0xb); /* both groups, Group 0 as FIQ */
}

/* ---- registers: what Non-secure software finds of all ones written by Secure software ---- */
static const struct { uint32_t reg, secure, nonsecure; } views[] = {
    { GICD_CTLR, 3, 1 }, { GICD_TYPER, 0x422, 0x422 }, { GICD_IGROUPR + 4, 0xffffffff, 0 },
    { GICD_ISENABLER, 0xffffffff, 0x08000002 }, { GICD_ISENABLER + 4, 0xffffffff, 0xa00 },
    { GICD_ISPENDR + 4, 0xffffffff, 0xa00 }, { GICD_ISACTIVER + 4, 0xffffffff, 0xa00 },
    { GICD_IPRIORITYR + 40, 0xffffffff, 0xfe00fe00 }, { GICD_ITARGETSR + 40, 0x03030303, 0x03000300 },
    { GICD_ICFGR + 8, 0xaaaaaaaa, 0x00880000 }, { GICD_SPENDSGIR, 0x03030303, 0x00000300 },
    { 0xe00, 0, 0 },
};
START_TEST(distributor_views)
{
    put_d(views[_i].reg, 0xffffffff);
    ck_assert_uint_eq(get_d(views[_i].reg), views[_i].secure);
    if (views[_i].reg == GICD_IGROUPR + 4)
        return;
    secure = false;
    ck_assert_uint_eq(get_d(views[_i].reg), views[_i].nonsecure);
}
END_TEST

/* And what its own writes of all ones do, as Secure software sees it. */
static const struct { uint32_t reg, then; } writes[] = {
    { GICD_CTLR, 2 }, { GICD_IGROUPR + 4, 0xa00 }, { GICD_ISENABLER, 0x0800ffff },
    { GICD_ISENABLER + 4, 0xa00 }, { GICD_ISPENDR + 4, 0xa00 }, { GICD_ISACTIVER + 4, 0xa00 },
    { GICD_IPRIORITYR + 40, 0xff00ff00 }, { GICD_ITARGETSR + 40, 0x03000300 },
    { GICD_ICFGR + 8, 0x00880000 }, { GICD_SPENDSGIR, 0x00000300 },
};
START_TEST(nonsecure_writes)
{
    secure = false;
    put_d(writes[_i].reg, 0xffffffff);
    secure = true;
    ck_assert_uint_eq(get_d(writes[_i].reg), writes[_i].then);
}
END_TEST

/* Bits of Group 0 are not cleared, either. */
START_TEST(nonsecure_clears)
{
    static const uint32_t pairs[][2] = { { GICD_ISENABLER, GICD_ICENABLER },
        { GICD_ISPENDR, GICD_ICPENDR }, { GICD_ISACTIVER, GICD_ICACTIVER } };

    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        secure = true;
        put_d(pairs[i][0] + 4, 0xf00);
        secure = false;
        put_d(pairs[i][1] + 4, 0xffffffff);
        secure = true;
        ck_assert_uint_eq(get_d(pairs[i][0] + 4), 0x500);
    }
}
END_TEST

/* 4.1.5, figure "Non-secure view of the priority field": the upper half is Secure software's. */
START_TEST(priorities_are_shifted)
{
    set_priority(41, 0x85);
    secure = false;
    ck_assert_uint_eq(get_d(GICD_IPRIORITYR + 40), 0x0a00);
    set_priority(41, 0x35);
    secure = true;
    ck_assert_uint_eq(get_d(GICD_IPRIORITYR + 40), 0x9a00);
}
END_TEST

/* GICC_CTLR: EnableGrp1 and EOImodeNS stand at 0 and 9 there. */
START_TEST(cpu_control_views)
{
    put_c(GICC_CTLR, 0xffffffff);
    ck_assert_uint_eq(get_c(GICC_CTLR), 0x61f);
    secure = false;
    ck_assert_uint_eq(get_c(GICC_CTLR), 0x201);
    put_c(GICC_CTLR, 0);
    secure = true;
    ck_assert_uint_eq(get_c(GICC_CTLR), 0x21d);
    put_c(GICC_CTLR, 0);
    secure = false;
    put_c(GICC_CTLR, 0xffffffff);
    secure = true;
    ck_assert_uint_eq(get_c(GICC_CTLR), 0x402);
}
END_TEST

/* 4.4.2: mask as Secure software set it, as Non-secure reads it; what its 0x60 makes of it. */
static const struct { uint8_t set, read, after; } pmrs[] = {
    { 0x00, 0x00, 0x00 }, { 0x7f, 0x00, 0x7f }, { 0x80, 0x00, 0xb0 }, { 0xff, 0xfe, 0xb0 },
    { 0xc1, 0x82, 0xb0 },
};
START_TEST(mask_views)
{
    put_c(GICC_PMR, pmrs[_i].set);
    secure = false;
    ck_assert_uint_eq(get_c(GICC_PMR), pmrs[_i].read);
    put_c(GICC_PMR, 0x60);
    secure = true;
    ck_assert_uint_eq(get_c(GICC_PMR), pmrs[_i].after);
}
END_TEST

/* 4.4.3, 4.4.8: the Non-secure GICC_BPR is GICC_ABPR; with CBPR the Secure one, plus 1, read-only. */
START_TEST(binary_point_views)
{
    put_c(GICC_BPR, 2);
    put_c(GICC_ABPR, 5);
    secure = false;
    ck_assert_uint_eq(get_c(GICC_BPR), 5);
    ck_assert_uint_eq(get_c(GICC_ABPR), 0);
    put_c(GICC_BPR, 0);
    put_c(GICC_ABPR, 7);
    ck_assert_uint_eq(get_c(GICC_BPR), 1);
    secure = true;
    ck_assert_uint_eq(get_c(GICC_ABPR), 1);
    put_c(GICC_CTLR, 0x10);
    secure = false;
    ck_assert_uint_eq(get_c(GICC_BPR), 3);
    put_c(GICC_BPR, 6);
    secure = true;
    ck_assert_uint_eq(get_c(GICC_BPR), 2);
    ck_assert_uint_eq(get_c(GICC_ABPR), 1);
    put_c(GICC_BPR, 7);
    secure = false;
    ck_assert_uint_eq(get_c(GICC_BPR), 7); /* no more than that */
}
END_TEST

/* 4.4.11, 4.4.12: of Group 1's active priorities the lower half, from GICC_APR0 on. */
START_TEST(active_priority_views)
{
    for (uint32_t i = 0; i < 4; i++) {
        put_c(GICC_APR + 4 * i, 0x10 + i);
        put_c(GICC_NSAPR + 4 * i, 0x20 + i);
    }
    secure = false;
    ck_assert_uint_eq(get_c(GICC_APR), 0x22);
    ck_assert_uint_eq(get_c(GICC_APR + 4), 0x23);
    ck_assert_uint_eq(get_c(GICC_APR + 8), 0);
    ck_assert_uint_eq(get_c(GICC_NSAPR + 8), 0);
    put_c(GICC_APR, 0x99);
    put_c(GICC_APR + 12, 0x99);
    put_c(GICC_NSAPR, 0x99);
    secure = true;
    ck_assert_uint_eq(get_c(GICC_NSAPR), 0x20);
    ck_assert_uint_eq(get_c(GICC_NSAPR + 8), 0x99);
    ck_assert_uint_eq(get_c(GICC_APR + 12), 0x13);
}
END_TEST

/* ---- 3.4.2: handling ---- */

/* Group 0 is not Non-secure software's, not even its presence. */
START_TEST(secure_interrupt)
{
    enable_both();
    set_up(40, 0x20);
    spi(40, true);
    ck_assert(fiq() && !irq());
    secure = false;
    ck_assert_uint_eq(get_c(GICC_HPPIR), 1023);
    ck_assert_uint_eq(get_c(GICC_IAR), 1023);
    ck_assert_uint_eq(get_c(GICC_AIAR), 0);
    ck_assert_uint_eq(get_c(GICC_AHPPIR), 0);
    secure = true;
    ck_assert_uint_eq(get_c(GICC_IAR), 40);
    secure = false;
    ck_assert_uint_eq(get_c(GICC_RPR), 0); /* a Secure priority runs */
    put_c(GICC_EOIR, 40);
    put_c(GICC_AEOIR, 40);
    secure = true;
    ck_assert_uint_eq(get_c(GICC_RPR), 0x20);
    put_c(GICC_EOIR, 40);
    ck_assert_uint_eq(get_c(GICC_RPR), 0xff);
    secure = false;
    ck_assert_uint_eq(get_c(GICC_RPR), 0xff);
}
END_TEST

START_TEST(nonsecure_interrupt)
{
    enable_both();
    set_up(41, 0xa0);
    spi(41, true);
    ck_assert(irq() && !fiq());
    ck_assert_uint_eq(get_c(GICC_IAR), 1022); /* Secure software without AckCtl */
    ck_assert_uint_eq(get_c(GICC_AHPPIR), 41);
    secure = false;
    ck_assert_uint_eq(get_c(GICC_HPPIR), 41);
    ck_assert_uint_eq(get_c(GICC_IAR), 41);
    ck_assert_uint_eq(get_c(GICC_RPR), 0x40);
    replace_machine();
    put_c(GICC_EOIR, 41);
    ck_assert_uint_eq(get_c(GICC_RPR), 0xff);
    ck_assert(!get_bit(GICD_ISACTIVER, 41));
}
END_TEST

/* A Secure interrupt preempts a Non-secure one, and each ends in its own registers. */
START_TEST(nested_across_states)
{
    enable_both();
    set_up(41, 0xa0);
    set_up(40, 0x20);
    spi(41, true);
    secure = false;
    ck_assert_uint_eq(get_c(GICC_IAR), 41);
    spi(40, true);
    ck_assert(fiq());
    secure = true;
    ck_assert_uint_eq(get_c(GICC_IAR), 40);
    ck_assert_uint_eq(get_c(GICC_RPR), 0x20);
    put_c(GICC_EOIR, 40);
    ck_assert_uint_eq(get_c(GICC_RPR), 0xa0);
    secure = false;
    put_c(GICC_EOIR, 41);
    ck_assert_uint_eq(get_c(GICC_RPR), 0xff);
}
END_TEST

/* Each state has its own EOImode. */
START_TEST(split_end_by_state)
{
    secure = true;
    enable_all(0x403); /* EOImodeNS */
    set_up(41, 0xa0);
    set_up(40, 0x20);
    spi(40, true);
    ck_assert_uint_eq(get_c(GICC_IAR), 40);
    put_c(GICC_EOIR, 40);
    ck_assert(!get_bit(GICD_ISACTIVER, 40));
    spi(40, false);
    spi(41, true);
    secure = false;
    ck_assert_uint_eq(get_c(GICC_IAR), 41);
    put_c(GICC_EOIR, 41);
    ck_assert(get_bit(GICD_ISACTIVER, 41));
    put_c(GICC_DIR, 40); /* Group 0: ignored */
    put_c(GICC_DIR, 41);
    ck_assert(!get_bit(GICD_ISACTIVER, 41));
}
END_TEST

/* ---- 4.3.15 NSATT: SGI 1 is Group 1 at both CPUs, SGI 2 Group 0 ---- */
static const struct { bool secure; uint32_t sgir; bool sent; } sgis[] = {
    { true, 0x00020002, true }, { true, 0x00020001, false }, { true, 0x00028002, false },
    { true, 0x00028001, true }, { false, 0x00020001, true }, { false, 0x00020002, false },
    { false, 0x00028001, true }, { false, 0x00028002, false },
};
START_TEST(sgi_groups)
{
    secure = sgis[_i].secure;
    put_d(GICD_SGIR, sgis[_i].sgir);
    cpu = 1;
    secure = true;
    ck_assert_uint_eq(get_d(GICD_ISPENDR), sgis[_i].sent ? 1u << (sgis[_i].sgir & 15) : 0);
}
END_TEST

START_TEST(banked_by_cpu)
{
    cpu = 1;
    enable_both();
    set_up(27, 0xc0);
    gicv2_set_ppi(gic, 1 << 5 | 27, true);
    ck_assert(irq() && !lines(0)->irq.level);
    secure = false;
    ck_assert_uint_eq(get_c(GICC_IAR), 27);
    put_c(GICC_EOIR, 27);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("irqchip.gicv2_security");
    TCase *t = tcase_create("security");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, distributor_views, 0, (int)ARRAY_LEN(views));
    tcase_add_loop_test(t, nonsecure_writes, 0, (int)ARRAY_LEN(writes));
    tcase_add_test(t, nonsecure_clears);
    tcase_add_test(t, priorities_are_shifted);
    tcase_add_test(t, cpu_control_views);
    tcase_add_loop_test(t, mask_views, 0, (int)ARRAY_LEN(pmrs));
    tcase_add_test(t, binary_point_views);
    tcase_add_test(t, active_priority_views);
    tcase_add_test(t, secure_interrupt);
    tcase_add_test(t, nonsecure_interrupt);
    tcase_add_test(t, nested_across_states);
    tcase_add_test(t, split_end_by_state);
    tcase_add_loop_test(t, sgi_groups, 0, (int)ARRAY_LEN(sgis));
    tcase_add_test(t, banked_by_cpu);
    suite_add_tcase(s, t);
    return s;
}
