/* SPDX-License-Identifier: Apache-2.0 */
/* GICv3 with two Security states (IHI 0069H, 4.6, 4.8.1, 12.1.10). */
#include "test/irqchip/gicv3_fixture.h"

static const struct who EL3S = { 3, true, 0 }, EL3N = { 3, false, 0 }, SEL1 = { 1, true, 0 };

static void setup(void)
{
    config = (struct gicv3_config){ .n_cpus = 2, .n_spis = 64, .mpidr = mpidr, .security = true,
                                    .list_registers = 4, .priority_bits = 5 };
    gic_setup();
}

/* `group` as in the architecture: 0, 1 (Non-secure), 2 for Secure Group 1. */
static void configure(uint32_t intid, uint32_t group, uint8_t priority)
{
    uint64_t b = irq_base(0, intid);
    uint32_t w = intid / 32 * 4, bit = 1u << intid % 32;

    irq_on(0, intid, group == 1, priority);
    store(b + 0xd00 + w, (load(b + 0xd00 + w) & ~bit) | (group == 2 ? bit : 0));
}

/* ---- registers by Security state of the access ---- */
START_TEST(distributor_control)
{
    ck_assert_uint_eq(load(GICD), 0x30);      /* ARE_S, ARE_NS */
    ck_assert_uint_eq(load_ns(GICD), 0x10);   /* ARE_NS */
    ck_assert_uint_eq(load(GICD + 4) >> 10 & 1, 1); /* SecurityExtn */
    store_ns(GICD, 0xffffffff);
    ck_assert_uint_eq(load_ns(GICD), 0x12);
    ck_assert_uint_eq(load(GICD), 0x32);      /* nothing but EnableGrp1NS */
    store(GICD, 5);
    ck_assert_uint_eq(load(GICD), 0x35);
    ck_assert_uint_eq(load_ns(GICD), 0x10);
    store(GICD, 0x47);                        /* DS: for good */
    ck_assert_uint_eq(load(GICD), 0x53);
    store(GICD, 0);
    ck_assert_uint_eq(load(GICD), 0x50);
    ck_assert_uint_eq(load_ns(GICD + 4) >> 10 & 1, 0);
}
END_TEST

/* Interrupts 40 of group 0, 41 of Non-secure group 1, 42 of Secure group 1. */
START_TEST(nonsecure_sees_its_own)
{
    configure(40, 0, 0x20);
    configure(41, 1, 0x90);
    configure(42, 2, 0x40);
    ck_assert_uint_eq(load_ns(GICD + 0x84), 0);
    ck_assert_uint_eq(load_ns(GICD + 0xd04), 0);
    ck_assert_uint_eq(load_ns(GICD + 0x104), 1 << 9);
    ck_assert_uint_eq(load(GICD + 0x104), 7 << 8);
    store_ns(GICD + 0x204, 7 << 8);
    ck_assert_uint_eq(load(GICD + 0x204), 1 << 9);
    store(GICD + 0x204, 7 << 8);
    ck_assert_uint_eq(load_ns(GICD + 0x204), 1 << 9);
    store_ns(GICD + 0x184, 7 << 8);
    ck_assert_uint_eq(load(GICD + 0x104), 5 << 8);
    store_ns(GICD + 0x84, 0xffffffff);
    ck_assert_uint_eq(load(GICD + 0x84), 1 << 9);
    store_ns(GICD + 0xc08, 0xffffffff);
    ck_assert_uint_eq(load(GICD + 0xc08), 2u << 18);
    /* Priorities: 0x90 is seen as 0x20; written 0x50 becomes 0xa8. */
    ck_assert_uint_eq(load_ns(GICD + 0x428), 0x20 << 8);
    store_ns(GICD + 0x428, 0x50505050);
    ck_assert_uint_eq(load(GICD + 0x428), 0x0040a820);
    store_n(GICD + 0x6000 + 8 * 40, 8, 1, false);
    store_n(GICD + 0x6000 + 8 * 41, 8, 1, false);
    ck_assert_uint_eq(load_n(GICD + 0x6000 + 8 * 40, 8, true), 0);
    ck_assert_uint_eq(load_n(GICD + 0x6000 + 8 * 41, 8, true), 1);
    ck_assert_uint_eq(load_ns(rd_base(0) + 0x14), 0);
    store_ns(rd_base(0) + 0x14, 0);
    ck_assert_uint_eq(load(rd_base(0) + 0x14), 6);
}
END_TEST

/* 12.9.28: 1 to set pending, 2 to clear it and see active, 3 to route. */
START_TEST(nsacr)
{
    uint32_t v = (uint32_t)_i;

    configure(40, 0, 0x20);
    store_ns(GICD + 0xe08, 3u << 16);
    ck_assert_uint_eq(load(GICD + 0xe08), 0);
    store(GICD + 0xe08, v << 16);
    ck_assert_uint_eq(load_ns(GICD + 0xe08), 0);
    store_ns(GICD + 0x204, 1 << 8);
    ck_assert_int_eq(is_pending(0, 40), v >= 1);
    ck_assert_uint_eq(load_ns(GICD + 0x204), v >= 1 ? 1 << 8 : 0);
    set_pending(0, 40);
    store_ns(GICD + 0x284, 1 << 8);
    ck_assert_int_eq(is_pending(0, 40), v < 2);
    store(GICD + 0x304, 1 << 8);
    ck_assert_uint_eq(load_ns(GICD + 0x304), v >= 2 ? 1 << 8 : 0);
    store_ns(GICD + 0x384, 1 << 8);
    ck_assert(is_active(0, 40));
    store_n(GICD + 0x6000 + 8 * 40, 8, 1, false);
    ck_assert_uint_eq(load_n(GICD + 0x6000 + 8 * 40, 8, true), v == 3);
}
END_TEST

/* ---- signals and acknowledges ---- */

/* The line by group; what IAR0 and IAR1 give to whom (4.6.2 is the PE's: cpu/arm64). */
static const struct {
    uint32_t group;
    uint32_t iar0[3], iar1[3];    /* Non-secure EL1, Secure EL1, EL3 */
} signals[] = {
    { 0, { 1023, 40, 40 },     { 1023, 1023, 1023 } },
    { 1, { 1023, 1023, 1021 }, { 40, 1023, 40 } },
    { 2, { 1023, 1023, 1020 }, { 1023, 40, 40 } },
};
START_TEST(signals_and_acknowledges)
{
    static const struct who at[3] = { { 1, false, 0 }, { 1, true, 0 }, { 3, true, 0 } };

    all_on();
    configure(40, signals[_i].group, 0x80);
    for (unsigned k = 0; k < 6; k++) {
        ck_assert(!out[0][GROUP0] && !out[0][GROUP1_NS] && !out[0][GROUP1_S]);
        set_pending(0, 40);
        ck_assert_int_eq(out[0][GROUP0], signals[_i].group == 0);
        ck_assert_int_eq(out[0][GROUP1_NS], signals[_i].group == 1);
        ck_assert_int_eq(out[0][GROUP1_S], signals[_i].group == 2);
        uint32_t wanted = k < 3 ? signals[_i].iar0[k] : signals[_i].iar1[k - 3];
        ck_assert_uint_eq(get_as(at[k % 3], 0, k < 3 ? ICC_HPPIR0 : ICC_HPPIR1), wanted);
        ck_assert_uint_eq(get_as(at[k % 3], 0, k < 3 ? ICC_IAR0 : ICC_IAR1), wanted);
        if (wanted == 40)
            put_as(at[k % 3], 0, k < 3 ? ICC_EOIR0 : ICC_EOIR1, 40);
        else
            store(GICD + 0x284, 1 << 8);
        ck_assert(!is_active(0, 40));
    }
}
END_TEST

/* What a Non-secure PE may not end or deactivate. */
START_TEST(nonsecure_does_not_end_secure)
{
    all_on();
    configure(40, 2, 0x80);
    configure(41, 0, 0x40);
    set_pending(0, 40);
    ck_assert_uint_eq(get_as(SEL1, 0, ICC_IAR1), 40);
    put(0, ICC_EOIR1, 40);
    ck_assert(is_active(0, 40));
    ck_assert_uint_eq(get_as(SEL1, 0, ICC_RPR), 0x80);
    set_pending(0, 41);
    ck_assert_uint_eq(get_as(SEL1, 0, ICC_IAR0), 41);
    put(0, ICC_EOIR0, 41);
    ck_assert(is_active(0, 41));
    put(0, ICC_CTLR, 2);
    put(0, ICC_DIR, 41);
    ck_assert(is_active(0, 41));
    put_as(SEL1, 0, ICC_EOIR0, 41);
    put_as(SEL1, 0, ICC_EOIR1, 40);
    ck_assert(!is_active(0, 41) && !is_active(0, 40));
}
END_TEST

/* 4.8.1: a Non-secure PE sees the lower half of priorities, doubled, and cannot lower the mask past it. */
static const struct { uint8_t pmr, seen; uint8_t written, becomes; } masks[] = {
    { 0xf8, 0xf0, 0x40, 0xa0 }, { 0x80, 0x00, 0xff, 0xf8 }, { 0x78, 0x00, 0xff, 0x78 },
    { 0x00, 0x00, 0x00, 0x00 }, { 0xc0, 0x80, 0x00, 0x80 },
};
START_TEST(priority_mask)
{
    put_as(SEL1, 0, ICC_PMR, masks[_i].pmr);
    ck_assert_uint_eq(get(0, ICC_PMR), masks[_i].seen);
    put(0, ICC_PMR, masks[_i].written);
    ck_assert_uint_eq(get_as(EL3S, 0, ICC_PMR), masks[_i].becomes);
}
END_TEST

START_TEST(running_priority)
{
    all_on();
    configure(40, 1, 0xc0);
    set_pending(0, 40);
    ck_assert_uint_eq(get(0, ICC_RPR), 0xff);
    ck_assert_uint_eq(get(0, ICC_IAR1), 40);
    ck_assert_uint_eq(get(0, ICC_RPR), 0x80);
    ck_assert_uint_eq(get_as(EL3S, 0, ICC_RPR), 0xc0);
    configure(41, 0, 0x40);
    set_pending(0, 41);
    ck_assert_uint_eq(get_as(SEL1, 0, ICC_IAR0), 41);
    ck_assert_uint_eq(get(0, ICC_RPR), 0);
}
END_TEST

/* Banked registers; EL3 reaches both, by SCR_EL3.NS or by its own. */
START_TEST(banked)
{
    put_as(SEL1, 0, ICC_IGRPEN1, 1);
    ck_assert_uint_eq(get(0, ICC_IGRPEN1), 0);
    ck_assert_uint_eq(get_as(EL3S, 0, ICC_IGRPEN1_EL3), 2);
    put_as(EL3N, 0, ICC_IGRPEN1, 1);
    ck_assert_uint_eq(get(0, ICC_IGRPEN1), 1);
    put_as(EL3S, 0, ICC_IGRPEN1_EL3, 1);
    ck_assert_uint_eq(get_as(SEL1, 0, ICC_IGRPEN1), 0);
    put_as(SEL1, 0, ICC_BPR1, 5);
    put(0, ICC_BPR1, 6);
    ck_assert_uint_eq(get_as(SEL1, 0, ICC_BPR1), 5);
    ck_assert_uint_eq(get_as(EL3N, 0, ICC_BPR1), 6);
    put_as(SEL1, 0, ICC_BPR1, 0);
    ck_assert_uint_eq(get_as(SEL1, 0, ICC_BPR1), 2); /* Secure: least as BPR0's */
    put(0, ICC_CTLR, 3); /* CBPR is EL3's */
    ck_assert_uint_eq(get(0, ICC_CTLR), 0x8c02);
    ck_assert_uint_eq(get_as(SEL1, 0, ICC_CTLR), 0x8c00);
    ck_assert_uint_eq(get_as(EL3S, 0, ICC_CTLR_EL3), 0x8c10);
    put_as(EL3S, 0, ICC_CTLR_EL3, 0x0f);
    ck_assert_uint_eq(get(0, ICC_CTLR), 0x8c01);
    ck_assert_uint_eq(get_as(SEL1, 0, ICC_CTLR), 0x8c03);
    ck_assert_uint_eq(get_as(EL3S, 0, ICC_SRE_EL3), 0xf);
    put_as(SEL1, 0, ICC_BPR0, 4);
    ck_assert_uint_eq(get(0, ICC_BPR1), 5);
    ck_assert_uint_eq(get_as(SEL1, 0, ICC_BPR1), 4);
    put(0, ICC_AP1R(0), 1 << 20);
    ck_assert_uint_eq(get_as(SEL1, 0, ICC_AP1R(0)), 0);
}
END_TEST

/* 12.1.10: which SGI reaches a receiver's configuration. `nsacr`: the least that lets it; 4: never. */
static const struct { uint32_t reg; bool secure; uint32_t least[3]; } forwarding[] = {
    { ICC_SGI0R,  true,  { 0, 4, 4 } },  /* group 0, Non-secure group 1, Secure group 1 */
    { ICC_SGI1R,  true,  { 0, 4, 0 } },
    { ICC_ASGI1R, true,  { 4, 0, 4 } },
    { ICC_SGI0R,  false, { 1, 4, 4 } },
    { ICC_SGI1R,  false, { 4, 0, 4 } },
    { ICC_ASGI1R, false, { 1, 4, 2 } },
};
START_TEST(sgi_forwarding)
{
    for (uint32_t group = 0; group < 3; group++)
        for (uint32_t v = 0; v < 3; v++) {
            configure(6, group, 0x80);
            store(sgi_base(0) + 0xe00, v << 12);
            put_as((struct who){ 1, forwarding[_i].secure, 0 }, 1, forwarding[_i].reg, 6u << 24 | 1);
            ck_assert_msg(is_pending(0, 6) == (v >= forwarding[_i].least[group]), "group %u, NSACR %u",
                          group, v);
            store(sgi_base(0) + 0x280, 1 << 6);
        }
}
END_TEST

/* LPIs are Non-secure: their priorities are of the lower half. */
START_TEST(lpi_priority)
{
    gic_teardown();
    config.lpis = true;
    gic_setup();
    all_on();
    store_n(rd_base(0) + 0x70, 8, RAM | 15, false);
    store_n(rd_base(0) + 0x78, 8, RAM + 0x10000, false);
    store_ns(rd_base(0), 1);
    store_n(RAM, 1, 0x41, false);
    gicv3_set_lpi(g, 0, 8192, true);
    ck_assert(out[0][GROUP1_NS]);
    ck_assert_uint_eq(get(0, ICC_IAR1), 8192);
    ck_assert_uint_eq(get_as(EL3S, 0, ICC_RPR), 0xa0);
    put(0, ICC_EOIR1, 8192);
    ck_assert_uint_eq(get(0, ICC_RPR), 0xff);
}
END_TEST

/* A pending LPI, too, is of the whole range once there is one state; and stays so when restored. */
START_TEST(lpi_priority_after_ds)
{
    gic_teardown();
    config.lpis = true;
    gic_setup();
    all_on();
    store_n(rd_base(0) + 0x70, 8, RAM | 15, false);
    store_n(rd_base(0) + 0x78, 8, RAM + 0x10000, false);
    store_ns(rd_base(0), 1);
    store_n(RAM, 1, 0x41, false);
    configure(40, 1, 0x60);
    set_pending(0, 40);
    gicv3_set_lpi(g, 0, 8192, true);
    ck_assert_uint_eq(get_as(EL3S, 0, ICC_HPPIR1), 40); /* 0x60 before 0x80 | 0x40 >> 1 */
    store(GICD, 0x47);
    ck_assert_uint_eq(get_as(EL3S, 0, ICC_HPPIR1), 8192);
    replace_machine();
    ck_assert_uint_eq(get(0, ICC_IAR1), 8192);
    ck_assert_uint_eq(get(0, ICC_RPR), 0x40);
}
END_TEST

/* After DS there is one state: Non-secure software owns everything. */
START_TEST(security_disabled)
{
    store(GICD, 0x40);
    all_on();
    store_ns(GICD, 3);
    configure(40, 0, 0x20);
    ck_assert_uint_eq(load_ns(GICD + 0x428), 0x20);
    set_pending(0, 40);
    ck_assert(out[0][GROUP0]);
    ck_assert_uint_eq(get(0, ICC_IAR0), 40);
    ck_assert_uint_eq(get(0, ICC_RPR), 0x20);
    put(0, ICC_EOIR0, 40);
    ck_assert(!is_active(0, 40));
    put(0, ICC_CTLR, 1);
    ck_assert_uint_eq(get(0, ICC_CTLR), 0x8c01);
}
END_TEST

static struct device *make(struct machine *machine, void *arg)
{
    (void)gic_make(machine);
    return device_find(machine, arg);
}

START_TEST(generic)
{
    static char *const parts[] = { "gic", "gic.redist0" };

    device_generic_test(&(struct device_generic){ .make = make, .arg = parts[_i],
                                                  .keeps_state = true, .steps = 1000 });
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("gicv3_security");
    TCase *t = tcase_create("gicv3_security");

    tcase_add_checked_fixture(t, setup, gic_teardown);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, distributor_control);
    tcase_add_test(t, nonsecure_sees_its_own);
    tcase_add_loop_test(t, nsacr, 0, 4);
    tcase_add_loop_test(t, signals_and_acknowledges, 0, (int)ARRAY_LEN(signals));
    tcase_add_test(t, nonsecure_does_not_end_secure);
    tcase_add_loop_test(t, priority_mask, 0, (int)ARRAY_LEN(masks));
    tcase_add_test(t, running_priority);
    tcase_add_test(t, banked);
    tcase_add_loop_test(t, sgi_forwarding, 0, (int)ARRAY_LEN(forwarding));
    tcase_add_test(t, lpi_priority);
    tcase_add_test(t, lpi_priority_after_ds);
    tcase_add_test(t, security_disabled);
    tcase_add_loop_test(t, generic, 0, 2);
    suite_add_tcase(s, t);
    return s;
}
