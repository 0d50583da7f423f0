/* SPDX-License-Identifier: Apache-2.0 */
/* GICv2: Arm IHI 0048B, chapters 3 and 4, without Security Extensions. */
#include "test/irqchip/gicv2_machine.h"

static void setup(void)
{
    start(&plain);
}

/* ---- 4.3: distributor registers ---- */

/* After reset, and what stays of all ones; 64 SPIs and 4 CPUs, seen from CPU 2. */
static const struct { uint32_t reg, reset, ones; } registers[] = {
    { GICD_CTLR, 0, 3 }, { GICD_TYPER, 0x62, 0x62 }, { GICD_IIDR, 0x43b, 0x43b },
    { GICD_IGROUPR, 0, 0xffffffff }, { GICD_IGROUPR + 8, 0, 0xffffffff }, { GICD_IGROUPR + 12, 0, 0 },
    { GICD_ISENABLER, 0xffff, 0xffffffff }, { GICD_ISENABLER + 4, 0, 0xffffffff },
    { GICD_ISENABLER + 12, 0, 0 }, { GICD_ICENABLER, 0xffff, 0xffff }, { GICD_ICENABLER + 4, 0, 0 },
    { GICD_ISPENDR, 0, 0xffff0000 }, { GICD_ISPENDR + 8, 0, 0xffffffff }, { GICD_ISPENDR + 12, 0, 0 },
    { GICD_ICPENDR, 0, 0 }, { GICD_ISACTIVER, 0, 0xffffffff }, { GICD_ISACTIVER + 12, 0, 0 },
    { GICD_ICACTIVER, 0, 0 },
    { GICD_IPRIORITYR, 0, 0xffffffff }, { GICD_IPRIORITYR + 0x5c, 0, 0xffffffff },
    { GICD_IPRIORITYR + 0x60, 0, 0 }, { GICD_IPRIORITYR + 0x3f8, 0, 0 },
    { GICD_ITARGETSR, 0x04040404, 0x04040404 }, { GICD_ITARGETSR + 0x1c, 0x04040404, 0x04040404 },
    { GICD_ITARGETSR + 0x20, 0, 0x0f0f0f0f }, { GICD_ITARGETSR + 0x60, 0, 0 },
    { GICD_ICFGR, 0xaaaaaaaa, 0xaaaaaaaa }, { GICD_ICFGR + 4, 0, 0xaaaaaaaa },
    { GICD_ICFGR + 0x14, 0, 0xaaaaaaaa }, { GICD_ICFGR + 0x18, 0, 0 },
    { 0xe00, 0, 0 }, { GICD_CPENDSGIR, 0, 0 }, { GICD_SPENDSGIR, 0, 0x0f0f0f0f },
    { 0xfd0, 0x04, 0x04 }, { 0xfe0, 0x90, 0x90 }, { 0xfe4, 0xb4, 0xb4 },
    { GICD_PIDR2, 0x2b, 0x2b }, { 0xff0, 0x0d, 0x0d }, { 0xff4, 0xf0, 0xf0 },
    { 0xff8, 0x05, 0x05 }, { 0xffc, 0xb1, 0xb1 },
};
START_TEST(distributor_registers)
{
    cpu = 2;
    ck_assert_uint_eq(get_d(registers[_i].reg), registers[_i].reset);
    put_d(registers[_i].reg, 0xffffffff);
    ck_assert_uint_eq(get_d(registers[_i].reg), registers[_i].ones);
    machine_reset(m);
    ck_assert_uint_eq(get_d(registers[_i].reg), registers[_i].reset);
}
END_TEST

/* 4.4: CPU interface registers. */
static const struct { uint32_t reg, reset, ones; } cpu_registers[] = {
    { GICC_CTLR, 0, 0x21f }, { GICC_PMR, 0, 0xff }, { GICC_BPR, 0, 7 }, { GICC_IAR, 1023, 1023 },
    { GICC_RPR, 0xff, 0xff }, { GICC_HPPIR, 1023, 1023 }, { GICC_ABPR, 1, 7 },
    { GICC_AIAR, 1023, 1023 }, { GICC_AHPPIR, 1023, 1023 }, { GICC_APR, 0, 0xffffffff },
    { GICC_APR + 12, 0, 0xffffffff }, { GICC_NSAPR + 12, 0, 0xffffffff },
    { GICC_IIDR, 0x0002043b, 0x0002043b },
};
START_TEST(cpu_interface_registers)
{
    cpu = 3;
    ck_assert_uint_eq(get_c(cpu_registers[_i].reg), cpu_registers[_i].reset);
    put_c(cpu_registers[_i].reg, 0xffffffff);
    ck_assert_uint_eq(get_c(cpu_registers[_i].reg), cpu_registers[_i].ones);
    cpu = 1; /* banked */
    ck_assert_uint_eq(get_c(cpu_registers[_i].reg), cpu_registers[_i].reset);
    replace_machine();
    cpu = 3;
    ck_assert_uint_eq(get_c(cpu_registers[_i].reg), cpu_registers[_i].ones);
    machine_reset(m);
    ck_assert_uint_eq(get_c(cpu_registers[_i].reg), cpu_registers[_i].reset);
}
END_TEST

/* GICD_TYPER: 32 * (N + 1) interrupts, CPUs - 1, SecurityExtn. */
static const struct { struct gicv2_config c; uint32_t typer; } typers[] = {
    { { .n_cpus = 1, .n_spis = 0 }, 0x000 },
    { { .n_cpus = 8, .n_spis = 256 }, 0x0e8 },
    { { .n_cpus = 2, .n_spis = 960, .security = true }, 0x43e },
    { { .n_cpus = 2, .n_spis = 988 }, 0x03f },
};
START_TEST(typer)
{
    teardown();
    start(&typers[_i].c);
    ck_assert_uint_eq(get_d(GICD_TYPER), typers[_i].typer);
    secure = true;
    put_d(GICD_ISENABLER + 0x7c, 0xffffffff); /* 992 to 1019 */
    ck_assert_uint_eq(get_d(GICD_ISENABLER + 0x7c), typers[_i].c.n_spis == 988 ? 0x0fffffff : 0);
}
END_TEST

START_TEST(configurations_are_checked)
{
    static const struct gicv2_config wrong[] = {
        { .n_cpus = 0, .n_spis = 32 }, { .n_cpus = 9, .n_spis = 32 }, { .n_cpus = 1, .n_spis = 33 },
        { .n_cpus = 1, .n_spis = 992 },
    };
    struct err e = { 0 };

    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        ck_assert_ptr_null(gicv2_create(m, "other", &wrong[i], &e));
    struct gicv2 *g = gicv2_create(m, "other", &plain, &e);
    ck_assert_int_lt(gicv2_map(g, m->memory, 0x1000, 0x2000, 0x4000, 0, &e), 0);
    ck_assert_ptr_nonnull(strstr(e.text, "hypervisor"));
    ck_assert_ptr_null(gicv2_interface_of(gic, 4));
}
END_TEST

/* 4.1.4: words everywhere, bytes where the register says so. */
START_TEST(access_sizes)
{
    static const struct { uint32_t reg; bool bytes; } rows[] = {
        { GICD_CTLR, false }, { GICD_ISENABLER, false }, { GICD_IPRIORITYR + 36, true },
        { GICD_ITARGETSR + 36, true }, { GICD_ICFGR, false }, { GICD_CPENDSGIR, true },
        { GICD_SPENDSGIR, true },
    };
    uint64_t v;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int bytes = rows[i].bytes ? MEM_OK : MEM_BAD_SIZE;
        ck_assert_int_eq(mem_load(m->memory, D_BASE + rows[i].reg, 1, &v, NULL), bytes);
        ck_assert_int_eq(mem_load(m->memory, D_BASE + rows[i].reg, 2, &v, NULL), MEM_BAD_SIZE);
        ck_assert_int_eq(mem_load(m->memory, D_BASE + rows[i].reg, 8, &v, NULL), MEM_BAD_SIZE);
    }
    put_d(GICD_IPRIORITYR + 32, 0xff7fbf3f);
    ck_assert_uint_eq(get_sized(D_BASE + GICD_IPRIORITYR + 33, 1), 0xbf);
    put_sized(D_BASE + GICD_IPRIORITYR + 34, 1, 0x1f);
    ck_assert_uint_eq(get_d(GICD_IPRIORITYR + 32), 0xff1fbf3f);
    put_d(GICD_ITARGETSR + 32, 0x0103020f);
    ck_assert_uint_eq(get_d(GICD_ITARGETSR + 32), 0x0103020f);
    ck_assert_uint_eq(get_sized(D_BASE + GICD_ITARGETSR + 33, 1), 0x02);
    put_sized(D_BASE + GICD_ITARGETSR + 34, 1, 0x1f); /* four CPUs */
    ck_assert_uint_eq(get_d(GICD_ITARGETSR + 32), 0x010f020f);
}
END_TEST

/* Word 0 of all is banked, with the priorities and configuration of SGIs and PPIs. */
START_TEST(banks)
{
    cpu = 1;
    put_d(GICD_ISENABLER, 0x80000000);
    put_d(GICD_ISPENDR, 0x00010000);
    put_d(GICD_ISACTIVER, 0x00020001);
    put_d(GICD_IGROUPR, 0x55555555);
    put_d(GICD_IPRIORITYR + 28, 0x01020304);
    put_d(GICD_ICFGR + 4, 0x80000000);
    put_d(GICD_ISENABLER + 4, 0x80000000);
    put_d(GICD_IPRIORITYR + 32, 0x05060708);
    cpu = 0;
    ck_assert_uint_eq(get_d(GICD_ISENABLER), 0xffff);
    ck_assert_uint_eq(get_d(GICD_ISPENDR), 0);
    ck_assert_uint_eq(get_d(GICD_ISACTIVER), 0);
    ck_assert_uint_eq(get_d(GICD_IGROUPR), 0);
    ck_assert_uint_eq(get_d(GICD_IPRIORITYR + 28), 0);
    ck_assert_uint_eq(get_d(GICD_ICFGR + 4), 0);
    ck_assert_uint_eq(get_d(GICD_ISENABLER + 4), 0x80000000);
    ck_assert_uint_eq(get_d(GICD_IPRIORITYR + 32), 0x05060708);
    replace_machine();
    cpu = 1;
    ck_assert_uint_eq(get_d(GICD_ISENABLER), 0x8000ffff);
    ck_assert_uint_eq(get_d(GICD_ISPENDR), 0x00010000);
    ck_assert_uint_eq(get_d(GICD_ISACTIVER), 0x00020001);
    ck_assert_uint_eq(get_d(GICD_IGROUPR), 0x55555555);
    ck_assert_uint_eq(get_d(GICD_IPRIORITYR + 28), 0x01020304);
    ck_assert_uint_eq(get_d(GICD_ICFGR + 4), 0x80000000);
}
END_TEST

/* Whoever is no CPU of the GIC sees CPU 0's bank; the debugger any CPU's, without effect. */
START_TEST(requesters)
{
    static const struct mem_attrs device = { .requester = 0x0018 };
    static const struct mem_attrs debug = { .requester = MEM_REQUESTER_CPU, .debug = true };
    uint64_t v = 0;

    ck_assert_int_eq(mem_load(m->memory, D_BASE + GICD_ITARGETSR, 4, &v, &device), MEM_OK);
    ck_assert_uint_eq(v, 0x01010101);
    enable_all(1);
    set_up(40, 0x80);
    pulse(40);
    spi(40, true);
    ck_assert_int_eq(mem_load(m->memory, C_BASE + GICC_IAR, 4, &v, &debug), MEM_OK);
    ck_assert_uint_eq(v, 40);
    ck_assert(irq());
}
END_TEST

/* ---- 3.2: states ---- */

/* Level-sensitive: pending with the input; active and pending while it stays. */
START_TEST(level_sensitive)
{
    enable_all(1);
    set_up(40, 0x80);
    ck_assert(!irq());
    spi(40, true);
    ck_assert(irq() && get_bit(GICD_ISPENDR, 40));
    spi(40, false);
    ck_assert(!irq() && !get_bit(GICD_ISPENDR, 40)); /* it is not kept */
    spi(40, true);
    ck_assert_uint_eq(get_c(GICC_IAR), 40);
    ck_assert(!irq());
    ck_assert(get_bit(GICD_ISPENDR, 40) && get_bit(GICD_ISACTIVER, 40));
    ck_assert_uint_eq(get_c(GICC_IAR), 1023);
    replace_machine();
    put_c(GICC_EOIR, 40);
    ck_assert(irq() && !get_bit(GICD_ICACTIVER, 40));
    ck_assert_uint_eq(get_c(GICC_IAR), 40);
    spi(40, false);
    ck_assert(get_bit(GICD_ISACTIVER, 40) && !get_bit(GICD_ISPENDR, 40));
    put_c(GICC_EOIR, 40);
    ck_assert(!irq() && !get_bit(GICD_ISACTIVER, 40));
}
END_TEST

/* 4.3.7, 4.3.8: what software made pending stays beside the input; it cannot clear the input. */
START_TEST(software_pending)
{
    enable_all(1);
    set_up(40, 0x80);
    put_bit(GICD_ISPENDR, 40);
    ck_assert(irq());
    spi(40, true);
    spi(40, false);
    ck_assert(irq());
    put_bit(GICD_ICPENDR, 40);
    ck_assert(!irq());
    spi(40, true);
    put_bit(GICD_ICPENDR, 40);
    ck_assert(irq() && get_bit(GICD_ICPENDR, 40));
    spi(40, false);
    put_bit(GICD_ISPENDR, 40);
    ck_assert_uint_eq(get_c(GICC_IAR), 40); /* takes the latch */
    ck_assert(!get_bit(GICD_ISPENDR, 40));
}
END_TEST

START_TEST(edge_triggered)
{
    enable_all(1);
    make_edge(40);
    set_up(40, 0x80);
    spi(40, true);
    spi(40, false);
    ck_assert(irq() && get_bit(GICD_ISPENDR, 40)); /* kept */
    replace_machine();
    ck_assert_uint_eq(get_c(GICC_IAR), 40);
    ck_assert(!irq() && !get_bit(GICD_ISPENDR, 40));
    pulse(40); /* again, while active: kept for later */
    ck_assert(!irq() && get_bit(GICD_ISPENDR, 40));
    put_c(GICC_EOIR, 40);
    ck_assert(irq());
    ck_assert_uint_eq(get_c(GICC_IAR), 40);
    put_c(GICC_EOIR, 40);
    spi(40, true);
    ck_assert_uint_eq(get_c(GICC_IAR), 40);
    put_c(GICC_EOIR, 40); /* still high: no new edge */
    ck_assert(!irq());
    spi(40, false);
    pulse(40);
    put_bit(GICD_ICPENDR, 40);
    ck_assert(!irq());
}
END_TEST

/* An edge is kept although the interrupt is disabled, and comes when it is enabled. */
START_TEST(enables)
{
    enable_all(1);
    make_edge(40);
    set_target(40, 1);
    pulse(40);
    ck_assert(!irq() && get_bit(GICD_ISPENDR, 40));
    put_bit(GICD_ISENABLER, 40);
    ck_assert(irq());
    put_bit(GICD_ICENABLER, 40);
    ck_assert(!irq());
    put_bit(GICD_ISENABLER, 40);
    put_d(GICD_CTLR, 0);
    ck_assert(!irq());
    ck_assert_uint_eq(get_c(GICC_HPPIR), 1023);
    put_d(GICD_CTLR, 2); /* the other group's */
    ck_assert(!irq());
    put_d(GICD_CTLR, 1);
    ck_assert(irq());
    put_c(GICC_CTLR, 0);
    ck_assert(!irq());
    ck_assert_uint_eq(get_c(GICC_IAR), 1023);
    put_c(GICC_CTLR, 1);
    ck_assert_uint_eq(get_c(GICC_IAR), 40);
}
END_TEST

/* Software may set and clear the active state: an active interrupt is not forwarded. */
START_TEST(software_active)
{
    enable_all(1);
    set_up(40, 0x80);
    put_bit(GICD_ISACTIVER, 40);
    spi(40, true);
    ck_assert(!irq());
    put_bit(GICD_ICACTIVER, 40);
    ck_assert(irq());
    ck_assert_uint_eq(get_c(GICC_IAR), 40);
    put_bit(GICD_ICACTIVER, 40); /* pending again, but the priority still runs */
    ck_assert(!irq());
    ck_assert_uint_eq(get_c(GICC_RPR), 0x80);
    put_c(GICC_EOIR, 40);
    ck_assert(irq());
}
END_TEST

START_TEST(inputs_that_are_none)
{
    gicv2_set_spi(gic, 64, true);
    gicv2_set_spi(gic, UINT32_MAX, true);
    gicv2_set_ppi(gic, 0 << 5 | 15, true); /* an SGI */
    gicv2_set_ppi(gic, 4 << 5 | 27, true);
    gicv2_set_ppi(gic, UINT32_MAX, true);
    for (cpu = 0; cpu < 4; cpu++)
        for (uint32_t w = 0; w < 32; w++)
            ck_assert_uint_eq(get_d(GICD_ISPENDR + 4 * w), 0);
    gicv2_set_ppi(gic, 2 << 5 | 27, true);
    cpu = 2;
    ck_assert_uint_eq(get_d(GICD_ISPENDR), 1u << 27);
    cpu = 1;
    ck_assert_uint_eq(get_d(GICD_ISPENDR), 0);
}
END_TEST

/* ---- 3.2.3: who gets it ---- */

/* All targets are told; the first to acknowledge has it, the others find nothing. */
START_TEST(one_of_n)
{
    for (cpu = 0; cpu < 4; cpu++)
        enable_all(1);
    cpu = 0;
    set_up(50, 0x40);
    set_target(50, 0x0e);
    spi(50, true);
    ck_assert(!lines(0)->irq.level);
    ck_assert(lines(1)->irq.level && lines(2)->irq.level && lines(3)->irq.level);
    cpu = 0;
    ck_assert_uint_eq(get_c(GICC_IAR), 1023);
    cpu = 2;
    ck_assert_uint_eq(get_c(GICC_IAR), 50);
    ck_assert(!lines(1)->irq.level && !lines(2)->irq.level && !lines(3)->irq.level);
    cpu = 3;
    ck_assert_uint_eq(get_c(GICC_IAR), 1023);
    cpu = 2;
    put_c(GICC_EOIR, 50);
    ck_assert(lines(1)->irq.level);
    set_target(50, 0x01);
    ck_assert(lines(0)->irq.level && !lines(1)->irq.level);
}
END_TEST

/* With one CPU targets play no part, but are kept. */
START_TEST(one_cpu)
{
    static const struct gicv2_config up = { .n_cpus = 1, .n_spis = 32 };

    teardown();
    start(&up);
    enable_all(1);
    put_bit(GICD_ISENABLER, 40);
    spi(40, true);
    ck_assert_uint_eq(get_c(GICC_IAR), 40);
    put_d(GICD_ITARGETSR + 32, 0x0103020f);
    ck_assert_uint_eq(get_d(GICD_ITARGETSR + 32), 0x01010001);
}
END_TEST

/* ---- 4.3.15: SGIs ---- */
static const struct { uint32_t from, sgir; uint8_t gets; } sgis[] = {
    { 0, 0x00020001, 0x2 }, { 2, 0x000f0001, 0xf }, { 1, 0x00f00001, 0x0 }, { 3, 0x00080001, 0x8 },
    { 1, 0x01ff0001, 0xd }, { 0, 0x01000001, 0xe }, { 2, 0x02ff0001, 0x4 }, { 1, 0x03ff0001, 0x0 },
};
START_TEST(sgi_targets)
{
    for (cpu = 0; cpu < 4; cpu++)
        enable_all(1);
    cpu = sgis[_i].from;
    put_d(GICD_SGIR, sgis[_i].sgir);
    replace_machine();
    for (cpu = 0; cpu < 4; cpu++) {
        bool here = sgis[_i].gets >> cpu & 1;
        ck_assert_int_eq(irq(), here);
        ck_assert_uint_eq(get_d(GICD_ISPENDR), here ? 2 : 0);
        ck_assert_uint_eq(get_d(GICD_SPENDSGIR), here ? 0x100u << sgis[_i].from : 0);
        ck_assert_uint_eq(get_c(GICC_HPPIR), here ? sgis[_i].from << 10 | 1 : 1023);
        ck_assert_uint_eq(get_c(GICC_IAR), here ? sgis[_i].from << 10 | 1 : 1023);
        ck_assert(!irq());
        ck_assert_uint_eq(get_d(GICD_ISPENDR), 0);
        ck_assert_uint_eq(get_d(GICD_ISACTIVER), here ? 2 : 0);
        put_c(GICC_EOIR, sgis[_i].from << 10 | 1);
        ck_assert_uint_eq(get_d(GICD_ISACTIVER), 0);
    }
}
END_TEST

/* The same SGI from several CPUs: each is acknowledged by itself, one active at a time. */
START_TEST(sgi_sources)
{
    cpu = 1;
    enable_all(1);
    for (cpu = 0; cpu < 4; cpu++) {
        put_d(GICD_SGIR, 0x00020005);
        put_d(GICD_SGIR, 0x00020005); /* twice is once */
    }
    cpu = 1;
    ck_assert_uint_eq(get_d(GICD_SPENDSGIR + 4), 0x0f00);
    for (uint32_t source = 0; source < 4; source++) {
        ck_assert(irq());
        ck_assert_uint_eq(get_c(GICC_IAR), source << 10 | 5);
        ck_assert(!irq());
        ck_assert_uint_eq(get_c(GICC_IAR), 1023);
        put_c(GICC_EOIR, source << 10 | 5);
    }
    ck_assert(!irq());
}
END_TEST

/* 4.3.16, 4.3.17; GICD_ISPENDR and ICPENDR do not touch SGIs. */
START_TEST(sgi_pending_registers)
{
    enable_all(1);
    put_sized(D_BASE + GICD_SPENDSGIR + 3, 1, 0x06);
    ck_assert(irq());
    ck_assert_uint_eq(get_d(GICD_CPENDSGIR), 0x06000000);
    put_d(GICD_ICPENDR, 0xffffffff);
    ck_assert_uint_eq(get_d(GICD_ISPENDR), 8);
    put_sized(D_BASE + GICD_CPENDSGIR + 3, 1, 0x02);
    ck_assert_uint_eq(get_c(GICC_HPPIR), 2 << 10 | 3);
    put_d(GICD_CPENDSGIR, 0xff000000);
    ck_assert(!irq());
    put_d(GICD_ISPENDR, 0xffff);
    ck_assert_uint_eq(get_d(GICD_ISPENDR), 0);
    put_d(GICD_ICENABLER, 0xffff);
    ck_assert_uint_eq(get_d(GICD_ISENABLER), 0xffff); /* always enabled */
}
END_TEST

/* ---- 3.3: priorities ---- */
START_TEST(highest_first)
{
    static const struct { uint32_t intid; uint8_t priority; } rows[] = {
        { 40, 0x80 }, { 95, 0x20 }, { 33, 0x80 }, { 64, 0x20 }, { 34, 0xfe }, { 35, 0xff },
    };
    static const uint32_t order[] = { 64, 95, 33, 40, 34 };

    enable_all(1);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        set_up(rows[i].intid, rows[i].priority);
        make_edge(rows[i].intid);
        pulse(rows[i].intid);
    }
    for (size_t i = 0; i < ARRAY_LEN(order); i++) {
        ck_assert_uint_eq(gicv2_best_pending(gic, 0), order[i]);
        ck_assert_uint_eq(get_c(GICC_HPPIR), order[i]);
        ck_assert_uint_eq(get_c(GICC_IAR), order[i]);
        put_c(GICC_EOIR, order[i]);
    }
    ck_assert(!irq()); /* 0xff is the lowest priority, which no mask lets through */
    ck_assert_uint_eq(get_c(GICC_IAR), 1023);
    ck_assert_uint_eq(get_c(GICC_HPPIR), 35);
}
END_TEST

/* 4.4.2: higher than the mask only. */
static const struct { uint8_t priority, mask; bool passes; } masks[] = {
    { 0x00, 0x00, false }, { 0x00, 0x01, true }, { 0x80, 0x80, false }, { 0x7f, 0x80, true },
    { 0x81, 0x80, false }, { 0xfe, 0xff, true }, { 0xff, 0xff, false },
};
START_TEST(priority_mask)
{
    enable_all(1);
    set_up(40, masks[_i].priority);
    put_c(GICC_PMR, masks[_i].mask);
    spi(40, true);
    ck_assert_int_eq(irq(), masks[_i].passes);
    ck_assert_uint_eq(get_c(GICC_HPPIR), 40);
    ck_assert_uint_eq(get_c(GICC_IAR), masks[_i].passes ? 40 : 1023);
}
END_TEST

/* 3.3.3: the group priority, above the binary point, decides who interrupts whom. */
static const struct { uint8_t bpr, running, next; bool preempts; uint8_t rpr; } preemptions[] = {
    { 0, 0x80, 0x7e, true, 0x80 }, { 0, 0x81, 0x80, false, 0x80 }, { 0, 0x82, 0x81, true, 0x82 },
    { 3, 0x88, 0x80, false, 0x80 }, { 3, 0x90, 0x8f, true, 0x90 }, { 6, 0xff - 1, 0x7f, true, 0x80 },
    { 6, 0x7f, 0x00, false, 0x00 }, { 7, 0xfe, 0x00, false, 0x00 },
};
START_TEST(preemption)
{
    enable_all(1);
    put_c(GICC_BPR, preemptions[_i].bpr);
    set_up(40, preemptions[_i].running);
    set_up(41, preemptions[_i].next);
    spi(40, true);
    ck_assert_uint_eq(get_c(GICC_IAR), 40);
    ck_assert_uint_eq(get_c(GICC_RPR), preemptions[_i].rpr);
    spi(41, true);
    ck_assert_int_eq(irq(), preemptions[_i].preempts);
    ck_assert_uint_eq(get_c(GICC_IAR), preemptions[_i].preempts ? 41 : 1023);
    if (preemptions[_i].preempts)
        put_c(GICC_EOIR, 41);
    ck_assert_uint_eq(get_c(GICC_RPR), preemptions[_i].rpr);
    put_c(GICC_EOIR, 40);
    ck_assert_uint_eq(get_c(GICC_RPR), 0xff);
}
END_TEST

/* Nesting: the running priority is that of the innermost; APR has a bit for each. */
START_TEST(nesting)
{
    enable_all(1);
    for (uint32_t i = 0; i < 4; i++) {
        set_up(40 + i, (uint8_t)(0xc0 - i * 0x40));
        spi(40 + i, true);
        ck_assert_uint_eq(get_c(GICC_IAR), 40 + i);
        ck_assert_uint_eq(get_c(GICC_RPR), 0xc0 - i * 0x40);
    }
    replace_machine();
    for (uint32_t i = 0; i < 4; i++)
        ck_assert_uint_eq(get_c(GICC_APR + 4 * i), 1);
    for (uint32_t i = 4; i-- > 0;) {
        spi(40 + i, false);
        put_c(GICC_EOIR, 40 + i);
        ck_assert_uint_eq(get_c(GICC_RPR), i ? 0xc0 - (i - 1) * 0x40 : 0xff);
    }
    put_c(GICC_APR + 4, 0x10); /* restored by software: priority 2 * 36 runs */
    ck_assert_uint_eq(get_c(GICC_RPR), 0x48);
    spi(41, true); /* 0x80 */
    ck_assert(!irq());
    put_c(GICC_APR + 4, 0);
    ck_assert(irq());
}
END_TEST

/* ---- 3.2.1, 4.4.15: EOImode splits priority drop and deactivation ---- */
START_TEST(split_end)
{
    enable_all(0x201);
    set_up(40, 0x80);
    set_up(41, 0x80);
    spi(40, true);
    ck_assert_uint_eq(get_c(GICC_IAR), 40);
    spi(41, true);
    ck_assert(!irq());
    put_c(GICC_EOIR, 40);
    ck_assert_uint_eq(get_c(GICC_RPR), 0xff);
    ck_assert(get_bit(GICD_ISACTIVER, 40));
    ck_assert_uint_eq(get_c(GICC_IAR), 41); /* 40 is still active */
    put_c(GICC_EOIR, 41);
    replace_machine();
    ck_assert(!irq());
    put_c(GICC_DIR, 40);
    ck_assert(!get_bit(GICD_ISACTIVER, 40) && get_bit(GICD_ISACTIVER, 41) && irq());
    put_c(GICC_CTLR, 1);
    put_c(GICC_DIR, 41); /* not meant for this mode: ignored */
    ck_assert(get_bit(GICD_ISACTIVER, 41));
}
END_TEST

/* Ends that mean nothing: 1023, interrupts that do not exist, nothing running. */
START_TEST(strange_ends)
{
    enable_all(1);
    set_up(40, 0x80);
    put_bit(GICD_ISACTIVER, 50);
    put_c(GICC_EOIR, 50);
    ck_assert(get_bit(GICD_ISACTIVER, 50));
    spi(40, true);
    ck_assert_uint_eq(get_c(GICC_IAR), 40);
    put_c(GICC_EOIR, 1023);
    put_c(GICC_EOIR, 1022);
    put_c(GICC_EOIR, 96);
    put_c(GICC_EOIR, 1019);
    ck_assert_uint_eq(get_c(GICC_RPR), 0x80);
    put_c(GICC_CTLR, 0x201);
    put_c(GICC_DIR, 1023);
    put_c(GICC_DIR, 96);
    ck_assert(get_bit(GICD_ISACTIVER, 40));
}
END_TEST

/* ---- 3.4: groups, here without Security Extensions ---- */

/* FIQEn: Group 0 as FIQ. AckCtl: whether GICC_IAR takes Group 1; 1022 says that one waits. */
static const struct { bool group1; uint32_t ctlr; bool irq, fiq; uint32_t iar, aiar; } groups[] = {
    { false, 0x03, true, false, 40, 1023 }, { false, 0x0b, false, true, 40, 1023 },
    { false, 0x02, false, false, 1023, 1023 }, { false, 0x0f, false, true, 40, 1023 },
    { true, 0x03, true, false, 1022, 40 }, { true, 0x07, true, false, 40, 40 },
    { true, 0x0b, true, false, 1022, 40 }, { true, 0x09, false, false, 1023, 1023 },
};
START_TEST(interrupt_groups)
{
    enable_all(groups[_i].ctlr);
    set_up(40, 0x80);
    if (groups[_i].group1)
        make_group1(40);
    spi(40, true);
    ck_assert_int_eq(irq(), groups[_i].irq);
    ck_assert_int_eq(fiq(), groups[_i].fiq);
    ck_assert_uint_eq(get_c(GICC_HPPIR), groups[_i].iar);
    ck_assert_uint_eq(get_c(GICC_AHPPIR), groups[_i].aiar);
    ck_assert(!get_bit(GICD_ISACTIVER, 40));
    bool alias = groups[_i].aiar == 40;
    ck_assert_uint_eq(get_c(alias ? GICC_AIAR : GICC_IAR), alias ? 40 : groups[_i].iar);
    bool taken = alias || groups[_i].iar == 40;
    ck_assert_int_eq(get_bit(GICD_ISACTIVER, 40), taken);
    ck_assert_uint_eq(get_c(GICC_APR + 8), taken && !groups[_i].group1);
    ck_assert_uint_eq(get_c(GICC_NSAPR + 8), taken && groups[_i].group1);
    put_c(GICC_AEOIR, 40); /* Group 1's */
    ck_assert_int_eq(get_bit(GICD_ISACTIVER, 40), taken && !groups[_i].group1);
    put_c(GICC_EOIR, 40);
    ck_assert(!get_bit(GICD_ISACTIVER, 40));
    ck_assert_uint_eq(get_c(GICC_RPR), 0xff);
}
END_TEST

/* Group 1 splits at ABPR, value n: bits 7:n; with CBPR at BPR, value n: bits 7:n+1. */
static const struct { uint32_t ctlr; uint8_t bpr, abpr, rpr; } points[] = {
    { 0x7, 0, 1, 0xf6 }, { 0x7, 0, 4, 0xf0 }, { 0x7, 0, 7, 0x80 }, { 0x7, 7, 1, 0xf6 },
    { 0x17, 0, 7, 0xf6 }, { 0x17, 3, 1, 0xf0 }, { 0x17, 7, 1, 0x00 },
};
START_TEST(binary_point_of_group1)
{
    enable_all(points[_i].ctlr);
    put_c(GICC_BPR, points[_i].bpr);
    put_c(GICC_ABPR, points[_i].abpr);
    set_up(40, 0xf7);
    make_group1(40);
    spi(40, true);
    ck_assert_uint_eq(get_c(GICC_IAR), 40);
    ck_assert_uint_eq(get_c(GICC_RPR), points[_i].rpr);
}
END_TEST

START_TEST(least_abpr)
{
    put_c(GICC_ABPR, 0);
    ck_assert_uint_eq(get_c(GICC_ABPR), 1);
}
END_TEST

/* ---- reset ---- */

/* The inputs are not the reset's; all else starts anew, and the lines fall. */
START_TEST(reset_keeps_inputs)
{
    enable_all(1);
    set_up(40, 0x80);
    set_up(41, 0x10);
    spi(40, true);
    put_bit(GICD_ISPENDR, 41);
    ck_assert_uint_eq(get_c(GICC_IAR), 41);
    machine_reset(m);
    ck_assert(!irq());
    ck_assert(get_bit(GICD_ISPENDR, 40) && !get_bit(GICD_ISPENDR, 41));
    ck_assert(!get_bit(GICD_ISACTIVER, 41));
}
END_TEST

/* ---- generic ---- */
static struct device *make(struct machine *machine, void *arg)
{
    static const char *const frames[] = { "gic", "gic-cpu" };
    struct gicv2 *g = create(machine, &plain);

    for (uint32_t i = 0; i < 64; i += 3)
        gicv2_set_spi(g, i, true);
    return device_find(machine, frames[*(const int *)arg]);
}

START_TEST(generic)
{
    device_generic_test(&(struct device_generic){ .make = make, .arg = &_i, .keeps_state = true });
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("irqchip.gicv2");
    TCase *t = tcase_create("gicv2"), *u = tcase_create("generic");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, distributor_registers, 0, (int)ARRAY_LEN(registers));
    tcase_add_loop_test(t, cpu_interface_registers, 0, (int)ARRAY_LEN(cpu_registers));
    tcase_add_loop_test(t, typer, 0, (int)ARRAY_LEN(typers));
    tcase_add_test(t, configurations_are_checked);
    tcase_add_test(t, access_sizes);
    tcase_add_test(t, banks);
    tcase_add_test(t, requesters);
    tcase_add_test(t, level_sensitive);
    tcase_add_test(t, software_pending);
    tcase_add_test(t, edge_triggered);
    tcase_add_test(t, enables);
    tcase_add_test(t, software_active);
    tcase_add_test(t, inputs_that_are_none);
    tcase_add_test(t, one_of_n);
    tcase_add_test(t, one_cpu);
    tcase_add_loop_test(t, sgi_targets, 0, (int)ARRAY_LEN(sgis));
    tcase_add_test(t, sgi_sources);
    tcase_add_test(t, sgi_pending_registers);
    tcase_add_test(t, highest_first);
    tcase_add_loop_test(t, priority_mask, 0, (int)ARRAY_LEN(masks));
    tcase_add_loop_test(t, preemption, 0, (int)ARRAY_LEN(preemptions));
    tcase_add_test(t, nesting);
    tcase_add_test(t, split_end);
    tcase_add_test(t, strange_ends);
    tcase_add_loop_test(t, interrupt_groups, 0, (int)ARRAY_LEN(groups));
    tcase_add_loop_test(t, binary_point_of_group1, 0, (int)ARRAY_LEN(points));
    tcase_add_test(t, least_abpr);
    tcase_add_test(t, reset_keeps_inputs);
    suite_add_tcase(s, t);
    tcase_set_timeout(u, 60);
    tcase_add_loop_test(u, generic, 0, 2);
    suite_add_tcase(s, u);
    return s;
}
