/* SPDX-License-Identifier: Apache-2.0 */
/* GICv3 with one Security state: registers, SGIs, PPIs, SPIs, priorities, preemption, EOI. */
#include "test/irqchip/gicv3_fixture.h"

static void setup(void)
{
    config = (struct gicv3_config){ .n_cpus = 4, .n_spis = 256, .mpidr = mpidr, .lpis = true,
                                    .list_registers = 4, .priority_bits = 5 };
    gic_setup();
}

/* ---- registers ---- */

/* 12.9, 12.11; 288 INTIDs of 16 bits, LPIs, no 1-of-N, affinity 3 valid; GICv3 of Arm's. */
static const struct { uint64_t at; unsigned n; uint64_t reads; } constants[] = {
    { GICD + 0x0000, 4, 0x50 },       /* DS and ARE read 1 */
    { GICD + 0x0004, 4, 0x037a0008 },
    { GICD + 0x0008, 4, 0x43b },
    { GICD + 0x000c, 4, 0 },
    { GICD + 0xffe0, 4, 0x92 },       /* PIDR0 */
    { GICD + 0xffe8, 4, 0x3b },       /* PIDR2: ArchRev 3 */
    { GICD + 0xfffc, 4, 0xb1 },
    { GICR + 0x00000, 4, 0x2 },       /* CES */
    { GICR + 0x00004, 4, 0x43b },
    { GICR + 0x00008, 8, 0x0000000001000001 },
    { GICR + 0x20008, 8, 0x0000000101000101 },
    { GICR + 0x40008, 8, 0x0000010001000201 },
    { GICR + 0x60008, 8, 0x0100000301000311 }, /* Last */
    { GICR + 0x6000c, 4, 0x01000003 },
    { GICR + 0x00014, 4, 6 },         /* ProcessorSleep, ChildrenAsleep */
    { GICR + 0x0ffe0, 4, 0x93 },
    { GICR + 0x10c00, 4, 0xaaaaaaaa },/* SGIs are edge-triggered */
    { GICR + 0x10c04, 4, 0 },
};
START_TEST(constants_and_resets)
{
    ck_assert_uint_eq(load_n(constants[_i].at, constants[_i].n, false), constants[_i].reads);
}
END_TEST

/* What stays of all ones: bank 0 is not the distributor's, 288 INTIDs exist, 5 bits of priority. */
static const struct { uint64_t at; uint32_t reads; } ones[] = {
    { GICD + 0x080, 0 },          { GICD + 0x084, 0xffffffff }, { GICD + 0x0a0, 0xffffffff },
    { GICD + 0x0a4, 0 },          { GICD + 0x100, 0 },          { GICD + 0x120, 0xffffffff },
    { GICD + 0x124, 0 },          { GICD + 0x400, 0 },          { GICD + 0x420, 0xf8f8f8f8 },
    { GICD + 0x51c, 0xf8f8f8f8 }, { GICD + 0x520, 0 },          { GICD + 0x820, 0 },
    { GICD + 0xc00, 0 },          { GICD + 0xc08, 0xaaaaaaaa }, { GICD + 0xc44, 0xaaaaaaaa },
    { GICD + 0xc48, 0 },          { GICD + 0xd04, 0 },          { GICD + 0xe08, 0 },
    { GICD + 0x6100, 0x00ffffff }, { GICD + 0x6104, 0xff },     { GICD + 0x6900, 0 },
    { GICD + 0, 0x53 },
    { GICR + 0x10080, 0xffffffff }, { GICR + 0x10100, 0xffffffff }, { GICR + 0x10200, 0xffffffff },
    { GICR + 0x10300, 0xffffffff }, { GICR + 0x10400, 0xf8f8f8f8 }, { GICR + 0x1041c, 0xf8f8f8f8 },
    { GICR + 0x10c00, 0xaaaaaaaa }, { GICR + 0x10c04, 0xaaaaaaaa }, { GICR + 0x10d00, 0 },
    { GICR + 0x10e00, 0 },          { GICR + 0x14, 6 },
};
START_TEST(registers_keep_what_is_theirs)
{
    store_ns(ones[_i].at, 0xffffffff);
    ck_assert_uint_eq(load_ns(ones[_i].at), ones[_i].reads);
}
END_TEST

START_TEST(narrow_and_wide_accesses)
{
    uint64_t v;

    store_n(GICD + 0x421, 1, 0xa8, false);
    ck_assert_uint_eq(load(GICD + 0x420), 0xa800);
    store_n(GICD + 0x6108, 8, 0x0000000100000001, false); /* Aff3 1, Aff0 1 */
    ck_assert_uint_eq(load(GICD + 0x610c), 1);
    store(GICD + 0x610c, 0);
    ck_assert_uint_eq(load_n(GICD + 0x6108, 8, false), 1);
    ck_assert_int_eq(mem_load(m->memory, GICD + 0x104, 1, &v, NULL), MEM_BAD_SIZE);
    ck_assert_int_eq(mem_load(m->memory, GICD + 0x420, 2, &v, NULL), MEM_BAD_SIZE);
}
END_TEST

/* ISENABLER and ICENABLER are two views of one state; likewise pending and active. */
START_TEST(set_and_clear_views)
{
    static const uint32_t set_at[] = { 0x104, 0x204, 0x304 };

    for (size_t i = 0; i < ARRAY_LEN(set_at); i++) {
        uint64_t set = GICD + set_at[i], clear = set + 0x80;
        store(set, 0xff00ff00);
        store(set, 0x000000ff);
        store(clear, 0xf000000f);
        ck_assert_uint_eq(load(set), 0x0f00fff0);
        ck_assert_uint_eq(load(clear), 0x0f00fff0);
    }
}
END_TEST

/* 12.2 system registers with 5 bits of priority: identity, least binary points. */
static const struct { uint32_t reg, el; uint64_t reads; } system_registers[] = {
    { ICC_CTLR, 1, 0x8c00 },  /* A3V, 24 bits of INTID, 5 bits of priority */
    { ICC_SRE, 1, 7 },        { ICC_SRE_EL2, 2, 0xf }, { ICC_BPR0, 1, 2 }, { ICC_BPR1, 1, 3 },
    { ICC_PMR, 1, 0 },        { ICC_RPR, 1, 0xff },    { ICC_IGRPEN0, 1, 0 }, { ICC_IGRPEN1, 1, 0 },
    { ICC_AP0R(0), 1, 0 },    { ICC_AP1R(0), 1, 0 },   { ICC_IAR0, 1, 1023 }, { ICC_IAR1, 1, 1023 },
    { ICC_HPPIR0, 1, 1023 },  { ICC_HPPIR1, 1, 1023 },
};
START_TEST(system_registers_at_reset)
{
    struct who w = { system_registers[_i].el, false, 0 };
    uint64_t v = system_registers[_i].reads;

    ck_assert_uint_eq(get_as(w, 0, system_registers[_i].reg), v);
}
END_TEST

/* Read-only, write-only, of a higher level, or not there with 5 bits of priority. */
static const struct { uint32_t reg, el; bool read; } undefined[] = {
    { ICC_IAR1, 1, false },  { ICC_IAR0, 3, false },   { ICC_HPPIR1, 1, false }, { ICC_RPR, 1, false },
    { ICC_EOIR1, 1, true },  { ICC_EOIR0, 1, true },   { ICC_DIR, 1, true },     { ICC_SGI1R, 1, true },
    { ICC_PMR, 0, true },    { ICC_IAR1, 0, true },    { ICC_AP0R(1), 1, true }, { ICC_AP1R(3), 1, true },
    { ICC_SRE_EL2, 1, true }, { ICH_HCR, 1, true },    { ICH_VTR, 2, false },    { ICH_LR(4), 2, true },
    { ICC_CTLR_EL3, 3, true }, { ICC_SRE_EL3, 3, true }, { ICC_IGRPEN1_EL3, 2, true },
    { ICC(9, 4), 1, true },  { ICC(10, 0), 1, true },  { SYSREG(3, 0, 12, 1, 0), 1, true },
    { SYSREG(2, 0, 12, 12, 0), 1, true }, { SYSREG(3, 3, 12, 12, 0), 1, true }, { 0xffffffff, 3, true },
};
START_TEST(undefined_system_registers)
{
    void *arg = gicv3_interface_of(g, 0)->arg;
    uint64_t v;
    int r = undefined[_i].read ? gicv3_sysreg_read(arg, undefined[_i].reg, undefined[_i].el, false, 0, &v)
                               : gicv3_sysreg_write(arg, undefined[_i].reg, undefined[_i].el, false, 0, 0);

    ck_assert_int_eq(r, GIC_SYSREG_UNDEFINED);
}
END_TEST

/* ---- life of an interrupt, 4.1.2 ---- */
START_TEST(level_interrupt)
{
    all_on();
    irq_on(0, 40, 1, 0x80);
    gicv3_set_spi(g, 8, true);
    ck_assert(out[0][GROUP1_NS] && !out[0][GROUP0] && !out[1][GROUP1_NS]);
    ck_assert_uint_eq(get(0, ICC_HPPIR1), 40);
    ck_assert_uint_eq(get(0, ICC_IAR0), 1023); /* group 1's is not for IAR0 */
    replace_machine();
    ck_assert_uint_eq(get(0, ICC_IAR1), 40);
    ck_assert(!out[0][GROUP1_NS]);
    ck_assert(is_active(0, 40) && is_pending(0, 40)); /* the line is still up */
    ck_assert_uint_eq(get(0, ICC_RPR), 0x80);
    ck_assert_uint_eq(get(0, ICC_AP1R(0)), 1 << (0x80 >> 3));
    ck_assert_uint_eq(get(0, ICC_IAR1), 1023);
    replace_machine();
    put(0, ICC_EOIR1, 40);
    ck_assert(!is_active(0, 40) && out[0][GROUP1_NS]); /* it comes again */
    ck_assert_uint_eq(get(0, ICC_RPR), 0xff);
    gicv3_set_spi(g, 8, false);
    ck_assert(!out[0][GROUP1_NS] && !is_pending(0, 40));
    ck_assert_uint_eq(get(0, ICC_IAR1), 1023);
}
END_TEST

START_TEST(edge_interrupt)
{
    all_on();
    store(GICD + 0xc08, 2u << 2 * 8); /* INTID 40 */
    irq_on(0, 40, 1, 0x80);
    gicv3_set_spi(g, 8, true);
    gicv3_set_spi(g, 8, false);
    ck_assert(out[0][GROUP1_NS] && is_pending(0, 40));
    ck_assert_uint_eq(get(0, ICC_IAR1), 40);
    ck_assert(!is_pending(0, 40));
    gicv3_set_spi(g, 8, true); /* while active: active and pending */
    ck_assert(is_pending(0, 40) && is_active(0, 40) && !out[0][GROUP1_NS]);
    replace_machine();
    put(0, ICC_EOIR1, 40);
    ck_assert(out[0][GROUP1_NS]);
    ck_assert_uint_eq(get(0, ICC_IAR1), 40);
    put(0, ICC_EOIR1, 40);
    ck_assert(!out[0][GROUP1_NS]); /* the line stays up, but did not rise again */
}
END_TEST

/* ISPENDR makes a level-sensitive interrupt pending until it is taken; ICPENDR does not lower a line. */
START_TEST(pending_by_register)
{
    all_on();
    irq_on(0, 40, 1, 0x80);
    set_pending(0, 40);
    ck_assert(out[0][GROUP1_NS]);
    store(GICD + 0x284, 1u << 8);
    ck_assert(!out[0][GROUP1_NS] && !is_pending(0, 40));
    gicv3_set_spi(g, 8, true);
    store(GICD + 0x284, 1u << 8);
    ck_assert(out[0][GROUP1_NS] && is_pending(0, 40));
    gicv3_set_spi(g, 8, false);
    set_pending(0, 40);
    ck_assert_uint_eq(get(0, ICC_IAR1), 40);
    ck_assert(!is_pending(0, 40));
}
END_TEST

/* Each of the conditions alone keeps the interrupt from the CPU, whichever comes last. */
START_TEST(every_enable_is_needed)
{
    all_on();
    irq_on(0, 40, 1, 0x80);
    set_pending(0, 40);
    ck_assert(out[0][GROUP1_NS]);
    store(GICD + 0x184, 1u << 8);
    ck_assert(!out[0][GROUP1_NS]);
    store(GICD + 0x104, 1u << 8);
    ck_assert(out[0][GROUP1_NS]);
    store(GICD, 1); /* group 0 alone */
    ck_assert(!out[0][GROUP1_NS]);
    store(GICD, 2);
    ck_assert(out[0][GROUP1_NS]);
    put(0, ICC_IGRPEN1, 0);
    ck_assert(!out[0][GROUP1_NS]);
    ck_assert_uint_eq(get(0, ICC_HPPIR1), 1023);
    put(0, ICC_IGRPEN1, 1);
    ck_assert(out[0][GROUP1_NS]);
    put(0, ICC_PMR, 0x80); /* equal is masked */
    ck_assert(!out[0][GROUP1_NS]);
    ck_assert_uint_eq(get(0, ICC_HPPIR1), 40); /* pending all the same */
    ck_assert_uint_eq(get(0, ICC_IAR1), 1023);
    put(0, ICC_PMR, 0x88);
    ck_assert(out[0][GROUP1_NS]);
    store(rd_base(0) + 0x14, 2);
    ck_assert_uint_eq(load(rd_base(0) + 0x14), 6);
    ck_assert(!out[0][GROUP1_NS]);
    store(rd_base(0) + 0x14, 0);
    ck_assert_uint_eq(load(rd_base(0) + 0x14), 0);
    ck_assert(out[0][GROUP1_NS]);
    store(GICD + 0x304, 1u << 8); /* active */
    ck_assert(!out[0][GROUP1_NS]);
    store(GICD + 0x384, 1u << 8);
    ck_assert(out[0][GROUP1_NS]);
    store(GICD + 0x84, 0); /* now of group 0, which the distributor has off */
    ck_assert(!out[0][GROUP1_NS] && !out[0][GROUP0]);
    store(GICD, 3);
    ck_assert(!out[0][GROUP1_NS] && out[0][GROUP0]);
    ck_assert_uint_eq(get(0, ICC_IAR1), 1023);
    ck_assert_uint_eq(get(0, ICC_IAR0), 40);
    put(0, ICC_EOIR1, 40); /* the wrong group's: nothing */
    ck_assert(is_active(0, 40));
    put(0, ICC_EOIR0, 40);
    ck_assert(!is_active(0, 40));
}
END_TEST

START_TEST(order_is_priority_then_number)
{
    static const struct { uint32_t intid; uint8_t priority; } rows[] = {
        { 33, 0x80 }, { 287, 0x40 }, { 20, 0x80 }, { 100, 0x40 }, { 5, 0xc0 }, { 64, 0x80 },
    };
    static const uint32_t order[] = { 100, 287, 20, 33, 64, 5, 1023 };

    all_on();
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        irq_on(0, rows[i].intid, 1, rows[i].priority);
        set_pending(0, rows[i].intid);
    }
    for (size_t i = 0; i < ARRAY_LEN(order); i++) {
        ck_assert_uint_eq(get(0, ICC_HPPIR1), order[i]);
        ck_assert_uint_eq(get(0, ICC_IAR1), order[i]);
        put(0, ICC_EOIR1, order[i]);
        if (i == 2)
            replace_machine();
    }
}
END_TEST

/* A pending interrupt's priority changes: the choice follows. */
START_TEST(priority_of_pending_changes)
{
    all_on();
    irq_on(0, 40, 1, 0x40);
    irq_on(0, 41, 1, 0x80);
    set_pending(0, 40);
    set_pending(0, 41);
    store_n(GICD + 0x400 + 40, 1, 0xa0, false);
    ck_assert_uint_eq(get(0, ICC_HPPIR1), 41);
    store_n(GICD + 0x400 + 40, 1, 0x20, false);
    ck_assert_uint_eq(get(0, ICC_HPPIR1), 40);
}
END_TEST

/*
 * 4.8.2, group priority by binary point; 5 bits. BPR0 n leaves bits 7..n+1, group 1's BPR1 bits
 * 7..n. The running interrupt has priority 0x80; does one of `priority` preempt it?
 */
static const struct { uint32_t group, bpr; uint8_t priority; bool preempts; } preemption[] = {
    { 1, 3, 0x78, true },  { 1, 3, 0x80, false }, { 1, 3, 0x88, false },
    { 1, 7, 0x78, true },  { 1, 7, 0x00, true },  { 1, 7, 0x80, false },
    { 0, 2, 0x78, true },  { 0, 2, 0x80, false }, { 0, 6, 0x78, true },
    { 0, 7, 0x00, false }, /* no group priority at all: nothing preempts */
};
START_TEST(preemption_by_group_priority)
{
    uint32_t iar = preemption[_i].group ? ICC_IAR1 : ICC_IAR0;
    uint32_t eoir = preemption[_i].group ? ICC_EOIR1 : ICC_EOIR0;

    all_on();
    put(0, preemption[_i].group ? ICC_BPR1 : ICC_BPR0, preemption[_i].bpr);
    irq_on(0, 40, preemption[_i].group, 0x80);
    irq_on(0, 41, preemption[_i].group, preemption[_i].priority);
    set_pending(0, 40);
    ck_assert_uint_eq(get(0, iar), 40);
    set_pending(0, 41);
    ck_assert_int_eq(out[0][preemption[_i].group ? GROUP1_NS : GROUP0], preemption[_i].preempts);
    replace_machine();
    ck_assert_uint_eq(get(0, iar), preemption[_i].preempts ? 41 : 1023);
    if (!preemption[_i].preempts)
        return;
    put(0, eoir, 41);
    ck_assert(is_active(0, 40) && !is_active(0, 41));
    put(0, eoir, 40);
    ck_assert_uint_eq(get(0, ICC_RPR), 0xff);
}
END_TEST

/* With binary point 5 of group 1, 0x81.. and 0x80 are one group: subpriority orders, but does not preempt. */
START_TEST(subpriority_orders_only)
{
    all_on();
    put(0, ICC_BPR1, 5);
    irq_on(0, 40, 1, 0x90);
    irq_on(0, 41, 1, 0x88);
    irq_on(0, 42, 1, 0x98);
    set_pending(0, 42);
    set_pending(0, 40);
    ck_assert_uint_eq(get(0, ICC_IAR1), 40);
    ck_assert_uint_eq(get(0, ICC_RPR), 0x80); /* bits 7..5 */
    set_pending(0, 41);
    ck_assert_uint_eq(get(0, ICC_HPPIR1), 41);
    ck_assert_uint_eq(get(0, ICC_IAR1), 1023);
    put(0, ICC_EOIR1, 40);
    ck_assert_uint_eq(get(0, ICC_IAR1), 41);
}
END_TEST

/* 12.2.5: the least value, and CBPR's view: BPR0 + 1, saturated, read-only. */
START_TEST(binary_points)
{
    put(0, ICC_BPR0, 0);
    put(0, ICC_BPR1, 0);
    ck_assert_uint_eq(get(0, ICC_BPR0), 2);
    ck_assert_uint_eq(get(0, ICC_BPR1), 3);
    put(0, ICC_BPR1, 0xfe);
    ck_assert_uint_eq(get(0, ICC_BPR1), 6);
    put(0, ICC_CTLR, 1);
    ck_assert_uint_eq(get(0, ICC_BPR1), 3);
    put(0, ICC_BPR1, 7);
    put(0, ICC_BPR0, 7);
    ck_assert_uint_eq(get(0, ICC_BPR1), 7);
    put(0, ICC_CTLR, 0);
    ck_assert_uint_eq(get(0, ICC_BPR1), 6);
}
END_TEST

/* 4.8.4: drops go from the highest active priority, in whatever order EOIs come. */
START_TEST(nested_priority_drops)
{
    static const uint8_t priority[] = { 0xc0, 0x80, 0x40, 0x00 };

    all_on();
    for (uint32_t i = 0; i < 4; i++) {
        irq_on(0, 40 + i, 1, priority[i]);
        set_pending(0, 40 + i);
        ck_assert_uint_eq(get(0, ICC_IAR1), 40 + i);
        ck_assert_uint_eq(get(0, ICC_RPR), priority[i]);
    }
    ck_assert_uint_eq(get(0, ICC_AP1R(0)), 1u << 24 | 1u << 16 | 1u << 8 | 1u);
    put(0, ICC_EOIR1, 1023); /* special: no effect */
    put(0, ICC_EOIR1, 5000);
    ck_assert_uint_eq(get(0, ICC_RPR), 0);
    for (uint32_t i = 4; i-- > 1;) {
        put(0, ICC_EOIR1, 40 + i);
        ck_assert_uint_eq(get(0, ICC_RPR), priority[i - 1]);
    }
}
END_TEST

/* EOImode 1: EOIR drops the priority, DIR deactivates; with EOImode 0 DIR does nothing. */
START_TEST(split_deactivation)
{
    all_on();
    irq_on(0, 40, 1, 0x80);
    set_pending(0, 40);
    ck_assert_uint_eq(get(0, ICC_IAR1), 40);
    put(0, ICC_DIR, 40);
    ck_assert(is_active(0, 40));
    put(0, ICC_CTLR, 2);
    put(0, ICC_EOIR1, 40);
    ck_assert(is_active(0, 40));
    ck_assert_uint_eq(get(0, ICC_RPR), 0xff);
    set_pending(0, 40);
    ck_assert(!out[0][GROUP1_NS]);
    put(0, ICC_DIR, 40);
    ck_assert(!is_active(0, 40) && out[0][GROUP1_NS]);
    put(0, ICC_DIR, 1023); /* no such interrupt: nothing */
    put(0, ICC_DIR, 0xffffff);
}
END_TEST

/* ---- SGIs, 12.2.18 ---- */
static const struct { uint64_t value; uint32_t to; } sgis[] = { /* `to`: a mask of CPUs */
    { 0x0000000005000001, 1 },     /* list bit 0: Aff 0.0.0.0 */
    { 0x0000000005000003, 3 },
    { 0x0000000005010001, 4 },     /* Aff1 = 1 */
    { 0x0001000005000008, 8 },     /* Aff3 = 1, Aff0 = 3 */
    { 0x0000000005000008, 0 },     /* nobody is 0.0.0.3 */
    { 0x0000000105000001, 0 },     /* Aff2 = 1 */
    { 0x0000100005000001, 1 },     /* RS is RES0: no affinity needs it */
    { 0x0000010005000000, 0xd },   /* IRM: all but the sender, CPU 1 */
};
START_TEST(sgi_targets)
{
    all_on();
    for (uint32_t i = 0; i < 4; i++)
        irq_on(i, 5, 1, 0x80);
    put(1, ICC_SGI1R, sgis[_i].value);
    for (uint32_t i = 0; i < 4; i++) {
        ck_assert_int_eq(out[i][GROUP1_NS], sgis[_i].to >> i & 1);
        ck_assert_uint_eq(get(i, ICC_IAR1), sgis[_i].to >> i & 1 ? 5 : 1023);
    }
}
END_TEST

/* With one Security state SGI0R makes group 0 interrupts and the other two group 1 ones. */
START_TEST(sgi_groups)
{
    static const uint32_t regs[] = { ICC_SGI0R, ICC_SGI1R, ICC_ASGI1R };

    all_on();
    irq_on(0, 1, 0, 0x80);
    irq_on(0, 2, 1, 0x80);
    for (size_t i = 0; i < 3; i++)
        for (uint32_t intid = 1; intid <= 2; intid++) {
            put(0, regs[i], (uint64_t)intid << 24 | 1);
            ck_assert_int_eq(is_pending(0, intid), (regs[i] == ICC_SGI0R) == (intid == 1));
            store(sgi_base(0) + 0x280, 6);
        }
}
END_TEST

/* ---- PPIs and routing ---- */
START_TEST(ppis_are_each_cpus_own)
{
    all_on();
    irq_on(1, 27, 1, 0x80);
    irq_on(2, 27, 1, 0x80);
    gicv3_set_ppi(g, 1 << 5 | 27, true);
    ck_assert(!out[0][GROUP1_NS] && out[1][GROUP1_NS] && !out[2][GROUP1_NS]);
    ck_assert(is_pending(1, 27) && !is_pending(2, 27));
    gicv3_set_ppi(g, 1 << 5 | 27, false);
    ck_assert(!out[1][GROUP1_NS]);
    gicv3_set_ppi(g, 4 << 5 | 27, true); /* no such CPU, no such PPI */
    gicv3_set_ppi(g, 0 << 5 | 3, true);
    gicv3_set_spi(g, 256, true);
    gicv3_set_spi(g, UINT32_MAX, true);
    gicv3_set_ppi(g, UINT32_MAX, true);
    ck_assert(!is_pending(0, 3));
}
END_TEST

static const struct { uint64_t router; int cpu; } routes[] = {
    { 0, 0 }, { 1, 1 }, { 0x100, 2 }, { 0x100000003, 3 }, { 2, -1 }, { 0x80000001, 1 }, { 0x10000, -1 },
};
START_TEST(spis_go_where_they_are_routed)
{
    all_on();
    irq_on(0, 70, 1, 0x80);
    gicv3_set_spi(g, 38, true);
    ck_assert(out[0][GROUP1_NS]);
    store_n(GICD + 0x6000 + 8 * 70, 8, routes[_i].router, false);
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(out[i][GROUP1_NS], routes[_i].cpu == i);
    replace_machine();
    for (int i = 0; i < 4; i++)
        ck_assert_uint_eq(get((uint32_t)i, ICC_IAR1), routes[_i].cpu == i ? 70 : 1023);
    gicv3_set_spi(g, 38, false);
    for (int i = 0; i < 4; i++)
        ck_assert(!out[i][GROUP1_NS]);
}
END_TEST

/* Lines keep their level over a reset, all else goes. */
START_TEST(reset_forgets)
{
    all_on();
    irq_on(0, 40, 1, 0x80);
    gicv3_set_spi(g, 8, true);
    ck_assert_uint_eq(get(0, ICC_IAR1), 40);
    irq_on(0, 41, 1, 0x80);
    set_pending(0, 41);
    machine_reset(m);
    ck_assert(!out[0][GROUP1_NS]);
    ck_assert_uint_eq(load(GICD), 0x50);
    ck_assert_uint_eq(get(0, ICC_RPR), 0xff);
    ck_assert(!is_active(0, 40) && is_pending(0, 40) && !is_pending(0, 41));
}
END_TEST

START_TEST(configurations_refused)
{
    static const uint64_t twice[2] = { 0x80000000, 0x40000000 }; /* affinities, not MPIDRs, count */
    struct gicv3_config bad[] = {
        { .n_cpus = 0, .n_spis = 32, .mpidr = mpidr, .priority_bits = 5 },
        { .n_cpus = 513, .n_spis = 32, .mpidr = mpidr, .priority_bits = 5 },
        { .n_cpus = 1, .n_spis = 0, .mpidr = mpidr, .priority_bits = 5 },
        { .n_cpus = 1, .n_spis = 33, .mpidr = mpidr, .priority_bits = 5 },
        { .n_cpus = 1, .n_spis = 992, .mpidr = mpidr, .priority_bits = 5 },
        { .n_cpus = 1, .n_spis = 32, .mpidr = mpidr, .priority_bits = 4 },
        { .n_cpus = 1, .n_spis = 32, .mpidr = mpidr, .priority_bits = 9 },
        { .n_cpus = 1, .n_spis = 32, .mpidr = mpidr, .priority_bits = 5, .list_registers = 17 },
        { .n_cpus = 2, .n_spis = 32, .mpidr = twice, .priority_bits = 5 },
    };
    struct err e = { 0 };

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        ck_assert_ptr_null(gicv3_create(m, "bad", &bad[i], &e));
        ck_assert_int_eq(e.code, ERR_ARG);
    }
    ck_assert_int_eq(gicv3_map_redistributors(g, m->memory, 0x10000000, 3, 2, &e), ERR_ARG);
    ck_assert_ptr_null(gicv3_interface_of(g, 4));
}
END_TEST

/* The most there can be: INTIDs up to 1019, 8 bits of priority with four active priority registers. */
START_TEST(largest)
{
    gic_teardown();
    config.n_spis = 988;
    config.priority_bits = 8;
    gic_setup();
    ck_assert_uint_eq(load(GICD + 4) & 0x1f, 31);
    store(GICD + 0x17c, 0xffffffff);
    ck_assert_uint_eq(load(GICD + 0x17c), 0x0fffffff);
    all_on();
    irq_on(0, 1019, 1, 0xfe);
    gicv3_set_spi(g, 987, true);
    ck_assert_uint_eq(get(0, ICC_BPR0), 0);
    ck_assert_uint_eq(get(0, ICC_BPR1), 1);
    ck_assert_uint_eq(get(0, ICC_IAR1), 1019);
    ck_assert_uint_eq(get(0, ICC_AP1R(3)), 1u << 31);
    ck_assert_uint_eq(get(0, ICC_RPR), 0xfe);
    put(0, ICC_EOIR1, 1019);
    store_n(GICD + 0x400 + 1019, 1, 0xff, false); /* idle priority: never signalled */
    ck_assert(!out[0][GROUP1_NS]);
    ck_assert_uint_eq(get(0, ICC_HPPIR1), 1023);
}
END_TEST

/* ---- generic ---- */
static struct device *make_dist(struct machine *machine, void *arg)
{
    struct gicv3 *made = gic_make(machine);

    (void)arg;
    for (uint32_t i = 0; i < 256; i += 3)
        gicv3_set_spi(made, i, true);
    return device_find(machine, "gic");
}

static struct device *make_redist(struct machine *machine, void *arg)
{
    struct gicv3 *made = gic_make(machine);

    (void)arg;
    gicv3_set_ppi(made, 1 << 5 | 20, true);
    return device_find(machine, "gic.redist1");
}

START_TEST(generic)
{
    device_generic_test(&(struct device_generic){ .make = _i ? make_redist : make_dist,
                                                  .keeps_state = true, .steps = 1000 });
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("gicv3");
    TCase *t = tcase_create("gicv3");

    tcase_add_checked_fixture(t, setup, gic_teardown);
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, constants_and_resets, 0, (int)ARRAY_LEN(constants));
    tcase_add_loop_test(t, registers_keep_what_is_theirs, 0, (int)ARRAY_LEN(ones));
    tcase_add_test(t, narrow_and_wide_accesses);
    tcase_add_test(t, set_and_clear_views);
    tcase_add_loop_test(t, system_registers_at_reset, 0, (int)ARRAY_LEN(system_registers));
    tcase_add_loop_test(t, undefined_system_registers, 0, (int)ARRAY_LEN(undefined));
    tcase_add_test(t, level_interrupt);
    tcase_add_test(t, edge_interrupt);
    tcase_add_test(t, pending_by_register);
    tcase_add_test(t, every_enable_is_needed);
    tcase_add_test(t, order_is_priority_then_number);
    tcase_add_test(t, priority_of_pending_changes);
    tcase_add_loop_test(t, preemption_by_group_priority, 0, (int)ARRAY_LEN(preemption));
    tcase_add_test(t, subpriority_orders_only);
    tcase_add_test(t, binary_points);
    tcase_add_test(t, nested_priority_drops);
    tcase_add_test(t, split_deactivation);
    tcase_add_loop_test(t, sgi_targets, 0, (int)ARRAY_LEN(sgis));
    tcase_add_test(t, sgi_groups);
    tcase_add_test(t, ppis_are_each_cpus_own);
    tcase_add_loop_test(t, spis_go_where_they_are_routed, 0, (int)ARRAY_LEN(routes));
    tcase_add_test(t, reset_forgets);
    tcase_add_test(t, configurations_refused);
    tcase_add_test(t, largest);
    tcase_add_loop_test(t, generic, 0, 2);
    suite_add_tcase(s, t);
    return s;
}
