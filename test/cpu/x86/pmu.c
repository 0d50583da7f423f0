/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Performance monitors: SDM volume 3, 20.2.1, 20.2.2 and 20.2.8, volume 2, RDPMC and CPUID leaf A; APM volume 2, 13.2.
 * And what stops them, HLT and MWAIT (SDM volume 2, MONITOR, MWAIT).
 */
#include "core/util/bits.h"
#include "test/cpu/x86/tables.h"
#include "test/device_generic.h"

enum { PERFEVTSEL0 = 0x186, PMC0 = 0xc1, A_PMC0 = 0x4c1, FIXED_CTR0 = 0x309, FIXED_CTR_CTRL = 0x38d, GLOBAL_STATUS, GLOBAL_CTRL, GLOBAL_OVF_CTRL };
enum { PERF_CTL0 = 0xc0010200, PERF_CTR0, PERF_LEGACY_SEL0 = 0xc0010000, PERF_LEGACY_CTR0 = 0xc0010004, AMD_GLOBAL_STATUS = 0xc0000300,
       AMD_GLOBAL_CTL, AMD_GLOBAL_CLR };
enum { USR = 1u << 16, OS = 1u << 17, INT = 1u << 20, EN = 1u << 22 };
#define MASK48 0xffffffffffffull

/* `n` NOPs and HLT. */
static void run_nops(struct pc *p, unsigned n)
{
    uint8_t code[256];
    memset(code, 0x90, sizeof(code));
    code[n] = 0xf4;
    pc_run(p, CODE, code, n + 1, 1000);
    ck_assert_uint_eq(p->c->cpu.pc, CODE + n + 1);
}

START_TEST(fixed_counters)
{
    struct pc p;
    pc_create(&p, "skylake-server", NULL, 0);
    enter_protected(&p, 0);
    pc_write_msr(&p, FIXED_CTR_CTRL, 0x331); /* instructions of the system, all cycles */
    pc_write_msr(&p, GLOBAL_CTRL, 7ull << 32);
    uint64_t from = pc_read_msr(&p, FIXED_CTR0), cycles = pc_read_msr(&p, FIXED_CTR0 + 1);
    run_nops(&p, 10);
    uint64_t ten = pc_read_msr(&p, FIXED_CTR0) - from, ten_cycles = pc_read_msr(&p, FIXED_CTR0 + 1) - cycles;
    ck_assert_uint_eq(ten, 11); /* HLT, too */
    run_nops(&p, 40);
    ck_assert_uint_eq(pc_read_msr(&p, FIXED_CTR0) - from, 11 + 41);
    ck_assert_uint_eq(pc_read_msr(&p, FIXED_CTR0 + 1) - cycles - ten_cycles, 40); /* this model: one cycle each; HLT's is a halted one */
    pc_write_msr(&p, GLOBAL_CTRL, 6ull << 32);
    run_nops(&p, 40);
    ck_assert_uint_eq(pc_read_msr(&p, FIXED_CTR0) - from, 11 + 41);
    pc_destroy(&p);
}
END_TEST

/* USR and OS: only at level 3, only below. */
START_TEST(levels)
{
    struct pc p;
    pc_create(&p, "skylake-server", NULL, 0);
    for (unsigned level = 0; level < 2; level++) {
        enter_protected(&p, 3 * level);
        x86_set_rflags(p.c, 2);
        pc_write_msr(&p, GLOBAL_CTRL, 15);
        pc_write_msr(&p, PERFEVTSEL0, 0xc0 | EN | USR);
        pc_write_msr(&p, PERFEVTSEL0 + 1, 0xc0 | EN | OS);
        pc_write_msr(&p, PERFEVTSEL0 + 2, 0xc0 | USR | OS); /* off */
        pc_write_msr(&p, PMC0, 0);
        pc_write_msr(&p, PMC0 + 1, 0);
        const uint8_t code[] = { 0x90, 0x90, 0x90, 0xeb, 0xfe };
        pc_run(&p, CODE, code, sizeof(code), 7);
        ck_assert_uint_eq(pc_read_msr(&p, PMC0), level ? 7 : 0);
        ck_assert_uint_eq(pc_read_msr(&p, PMC0 + 1), level ? 0 : 7);
        ck_assert_uint_eq(pc_read_msr(&p, PMC0 + 2), 0);
    }
    pc_destroy(&p);
}
END_TEST

/* Instructions at level 3 in PMC0, of the others in PMC1; then seven. */
static void count_levels(struct pc *p)
{
    const uint8_t code[] = { 0x90, 0x90, 0x90, 0xeb, 0xfe };
    pc_write_msr(p, GLOBAL_CTRL, 15);
    pc_write_msr(p, PERFEVTSEL0, 0xc0 | EN | USR);
    pc_write_msr(p, PERFEVTSEL0 + 1, 0xc0 | EN | OS);
    pc_run(p, CODE, code, sizeof(code), 7);
}

/* What was counted until a snapshot belongs to the level it was taken at, whatever the machine it is loaded into did. */
START_TEST(restored)
{
    struct pc p, q;
    pc_create(&p, "skylake-server", NULL, 0);
    pc_create(&q, "skylake-server", NULL, 0);
    enter_protected(&p, 3 * (unsigned)_i);
    enter_protected(&q, 3 - 3 * (unsigned)_i);
    count_levels(&p);
    device_generic_copy(p.machine, q.machine);
    ck_assert_uint_eq(pc_read_msr(&q, PMC0), _i ? 7 : 0);
    ck_assert_uint_eq(pc_read_msr(&q, PMC0 + 1), _i ? 0 : 7);
    pc_destroy(&p);
    pc_destroy(&q);
}
END_TEST

/* INIT leaves them as they are (SDM table 10-1), with what the level before it counted. */
START_TEST(init)
{
    struct pc p;
    pc_create(&p, "skylake-server", NULL, 0);
    enter_protected(&p, 3);
    count_levels(&p);
    x86_cpu_set_input(p.c, X86_INIT, true);
    ck_assert(x86_take_interrupt(&p.c->cpu));
    ck_assert_uint_eq(pc_read_msr(&p, PMC0), 7);
    ck_assert_uint_eq(pc_read_msr(&p, PMC0 + 1), 0);
    pc_destroy(&p);
}
END_TEST

START_TEST(overflow)
{
    struct pc p;
    pc_create(&p, "skylake-server", NULL, 0);
    enter_protected(&p, 0);
    pc_write_msr(&p, GLOBAL_CTRL, 15 | 1ull << 32);
    pc_write_msr(&p, PMC0, 0xfffffff0); /* bit 31 is extended: -16 */
    ck_assert_uint_eq(pc_read_msr(&p, PMC0), MASK48 - 15);
    pc_write_msr(&p, PERFEVTSEL0, 0xc0 | EN | OS | INT);
    pc_write_msr(&p, FIXED_CTR0, MASK48 - 7);
    pc_write_msr(&p, FIXED_CTR_CTRL, 1); /* without an interrupt */
    run_nops(&p, 100);
    ck_assert_uint_eq(p.pmis, 1);
    ck_assert_uint_eq(pc_read_msr(&p, PMC0), 101 - 16);
    ck_assert_uint_eq(pc_read_msr(&p, GLOBAL_STATUS), 1 | 1ull << 32);
    pc_write_msr(&p, GLOBAL_OVF_CTRL, 1);
    ck_assert_uint_eq(pc_read_msr(&p, GLOBAL_STATUS), 1ull << 32);
    /* with FREEZE_PERFMON_ON_PMI (DEBUGCTL bit 12) all stand still after it */
    pc_write_msr(&p, 0x1d9, 1u << 12);
    pc_write_msr(&p, PMC0, 0xfffffff0);
    run_nops(&p, 100);
    ck_assert_uint_eq(p.pmis, 2);
    ck_assert_uint_eq(pc_read_msr(&p, GLOBAL_CTRL), 0);
    pc_destroy(&p);
}
END_TEST

/* #GP for what is reserved; the widths of counters. */
static const struct {
    uint32_t msr;
    uint64_t value;
    bool good;
} writes[] = {
    { PERFEVTSEL0, 0xffdfffff, true },        { PERFEVTSEL0, 1u << 21, false }, { PERFEVTSEL0, 1ull << 32, false },
    { PERFEVTSEL0 + 3, EN, true },            { PERFEVTSEL0 + 4, EN, false },   { FIXED_CTR_CTRL, 0xbbb, true },
    { FIXED_CTR_CTRL, 0x4, false },           { FIXED_CTR_CTRL, 0x1000, false }, { GLOBAL_CTRL, 0x70000000full, true },
    { GLOBAL_CTRL, 0x10, false },             { GLOBAL_CTRL, 1ull << 35, false }, { GLOBAL_STATUS, 0, false },
    { GLOBAL_OVF_CTRL, 3ull << 62 | 15, true }, { GLOBAL_OVF_CTRL, 1ull << 61, false }, { A_PMC0, MASK48, true },
    { A_PMC0, MASK48 + 1, false },            { FIXED_CTR0 + 2, MASK48, true }, { FIXED_CTR0 + 3, 0, false },
};

START_TEST(reserved)
{
    struct pc p;
    pc_create(&p, "skylake-server", NULL, 0);
    ck_assert_int_eq(x86_write_msr(p.c, writes[_i].msr, writes[_i].value), writes[_i].good);
    pc_destroy(&p);
}
END_TEST

START_TEST(leaf_a)
{
    struct pc p;
    uint32_t r[4];
    pc_create(&p, "skylake-server", NULL, 0);
    x86_cpuid(p.c, 0xa, 0, r);
    ck_assert_uint_eq(r[0], 7u << 24 | 48u << 16 | 4u << 8 | 2);
    ck_assert_uint_eq(r[1], 0x78); /* this timing model counts no caches and no branches */
    ck_assert_uint_eq(r[3], 48u << 5 | 3);
    pc_destroy(&p);
    pc_create(&p, "zen4", NULL, 0);
    x86_cpuid(p.c, 0xa, 0, r);
    ck_assert_uint_eq(r[0] | r[1] | r[2] | r[3], 0);
    pc_destroy(&p);
}
END_TEST

/* One that has caches and a predictor counts with them. */
START_TEST(events_of_a_model)
{
    struct pc p;
    uint32_t r[4];
    struct err e = { 0 };
    struct tm_cpu *tm = NULL;
    pc_create(&p, "skylake-server", NULL, 0);
    ck_assert_int_eq(tm_create(&tm, "inorder", NULL, 0, &e), 0);
    struct tm_cpu *before = p.c->cpu.tm;
    p.c->cpu.tm = tm;
    x86_cpuid(p.c, 0xa, 0, r);
    ck_assert_uint_eq(r[1], 0);
    p.c->cpu.tm = before;
    tm_destroy(tm);
    pc_destroy(&p);
}
END_TEST

/* Six counters and their first four under the old numbers; a selection's reserved bits read 0. */
START_TEST(amd)
{
    struct pc p;
    pc_create(&p, "zen4", NULL, 0);
    enter_protected(&p, 0);
    pc_write_msr(&p, PERF_CTL0, 0xc0 | EN | OS | 1u << 19 | 1u << 21);
    ck_assert_uint_eq(pc_read_msr(&p, PERF_LEGACY_SEL0), 0xc0 | EN | OS);
    pc_write_msr(&p, PERF_LEGACY_SEL0 + 1, 0x76 | EN | OS | USR);
    ck_assert_uint_eq(pc_read_msr(&p, PERF_CTL0 + 2), 0x76 | EN | OS | USR);
    pc_write_msr(&p, PERF_CTL0 + 10, 0xc0 | EN | USR);
    uint64_t v;
    ck_assert(!x86_read_msr(p.c, PERF_CTL0 + 12, &v));
    run_nops(&p, 20);
    ck_assert_uint_eq(pc_read_msr(&p, PERF_CTR0), 21);
    ck_assert_uint_eq(pc_read_msr(&p, PERF_LEGACY_CTR0 + 1), 20); /* not halted */
    ck_assert_uint_eq(pc_read_msr(&p, PERF_CTR0 + 10), 0);
    pc_write_msr(&p, PERF_CTL0, 0xc0 | EN | OS | INT);
    pc_write_msr(&p, PERF_CTR0, MASK48 - 9);
    run_nops(&p, 20);
    ck_assert_uint_eq(p.pmis, 1);
    ck_assert_uint_eq(pc_read_msr(&p, AMD_GLOBAL_STATUS), 1);
    pc_write_msr(&p, AMD_GLOBAL_CLR, 1);
    ck_assert_uint_eq(pc_read_msr(&p, AMD_GLOBAL_STATUS), 0);
    pc_write_msr(&p, AMD_GLOBAL_CTL, 0);
    v = pc_read_msr(&p, PERF_CTR0);
    run_nops(&p, 20);
    ck_assert_uint_eq(pc_read_msr(&p, PERF_CTR0), v);
    pc_destroy(&p);
}
END_TEST

/* ECX bit 30 selects the fixed ones; level 3 needs CR4.PCE. */
START_TEST(rdpmc)
{
    static const struct {
        uint32_t ecx;
        uint8_t cpl;
        bool pce, good;
    } rows[] = { { 0, 0, false, true }, { 3, 0, false, true }, { 4, 0, false, false }, { 0x40000002, 0, false, true },
                 { 0x40000003, 0, false, false }, { 0, 3, false, false }, { 0, 3, true, true }, { 0x80000000, 0, false, false } };
    const uint8_t code[] = { 0x0f, 0x33, 0xeb, 0xfe };
    struct pc p;
    pc_create(&p, "skylake-server", NULL, 0);
    for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
        enter_protected(&p, rows[i].cpl);
        p.c->cr4 = rows[i].pce ? X86_CR4_PCE : 0;
        pc_write_msr(&p, A_PMC0, 0x123456789abc);
        pc_write_msr(&p, A_PMC0 + 3, 0x123456789abc);
        pc_write_msr(&p, FIXED_CTR0 + 2, 0x123456789abc);
        p.c->gpr[0] = p.c->gpr[2] = 0;
        p.c->gpr[1] = rows[i].ecx;
        pc_put(&p, HANDLER + 16 * 13, 2, 0xfeeb);
        pc_run(&p, CODE, code, sizeof(code), 5);
        ck_assert_uint_eq(p.c->cpu.pc, rows[i].good ? CODE + 2 : HANDLER + 16 * 13);
        ck_assert_uint_eq(p.c->gpr[0], rows[i].good ? 0x56789abc : 0);
        ck_assert_uint_eq(p.c->gpr[2], rows[i].good ? 0x1234 : 0);
    }
    pc_destroy(&p);
}
END_TEST

/* Cycles stand still in HLT, whatever time passes. */
START_TEST(halted)
{
    struct pc p;
    struct cpu *cpu;
    pc_create(&p, "zen4", NULL, 0);
    enter_protected(&p, 0);
    pc_write_msr(&p, PERF_CTL0, 0x76 | EN | OS | USR);
    run_nops(&p, 10);
    uint64_t cycles = pc_read_msr(&p, PERF_CTR0), tsc = x86_tsc(p.c);
    struct exec_limits limits = { .time = cpu_now(&p.c->cpu) + 1000000000, .insns = UINT64_MAX };
    (void)exec_run(p.exec, &limits, &cpu);
    ck_assert_uint_eq(pc_read_msr(&p, PERF_CTR0), cycles);
    pc_put(&p, HANDLER + 16 * 2, 1, 0xf4);
    x86_cpu_set_input(p.c, X86_NMI, true);
    limits.time += 1000000000;
    (void)exec_run(p.exec, &limits, &cpu);
    ck_assert_uint_ge(x86_tsc(p.c) - tsc, 2400000); /* a millisecond of TSC */
    ck_assert_uint_eq(p.c->cpu.pc, HANDLER + 16 * 2 + 1);
    ck_assert_uint_le(pc_read_msr(&p, PERF_CTR0) - cycles, 2);
    pc_destroy(&p);
}
END_TEST

/* MWAIT waits for a write to the line; for nothing without MONITOR; for a masked interrupt with ECX bit 0. */
START_TEST(mwait)
{
    /* mov eax, 30000h; xor ecx, ecx; xor edx, edx; monitor; mov cl, how; mwait; hlt */
    const uint8_t code[] = { 0xb8, 0x00, 0x00, 0x03, 0x00, 0x31, 0xc9, 0x31, 0xd2, 0x0f, 0x01, 0xc8, 0xb1, (uint8_t)_i, 0x0f, 0x01, 0xc9, 0xf4 };
    const unsigned hlt = sizeof(code) - 1;
    struct exec_limits limits = { .time = PS_NEVER, .insns = UINT64_MAX };
    struct pc p;
    struct cpu *cpu;
    pc_create(&p, "max", NULL, 0);
    enter_protected(&p, 0);
    pc_run(&p, CODE, code, sizeof(code), 1000);
    ck_assert_uint_eq(p.c->cpu.pc, CODE + hlt);
    ck_assert_int_eq(p.c->cpu.run, CPU_IDLE);
    ck_assert_int_eq(mem_store(p.machine->memory, 0x30040, 8, 1, NULL), MEM_OK); /* the next line */
    ck_assert_int_eq(p.c->cpu.run, CPU_IDLE);
    x86_cpu_set_input(p.c, X86_INTR, true); /* IF is 0 */
    if (_i == 0) {
        ck_assert_int_eq(p.c->cpu.run, CPU_IDLE);
        ck_assert_int_eq(mem_store(p.machine->memory, 0x3003f, 1, 1, NULL), MEM_OK);
    }
    (void)exec_run(p.exec, &limits, &cpu);
    ck_assert_uint_eq(p.c->cpu.pc, CODE + hlt + 1);
    const uint8_t unarmed[] = { 0x31, 0xc9, 0x0f, 0x01, 0xc9, 0xf4 };
    x86_cpu_set_input(p.c, X86_INTR, false);
    p.c->cpu.reserved = false;
    pc_run(&p, CODE, unarmed, sizeof(unarmed), 1000);
    ck_assert_uint_eq(p.c->cpu.pc, CODE + sizeof(unarmed));
    pc_destroy(&p);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("x86 performance monitors");
    TCase *t = tcase_create("pmu");
    tcase_add_test(t, fixed_counters);
    tcase_add_test(t, levels);
    tcase_add_loop_test(t, restored, 0, 2);
    tcase_add_test(t, init);
    tcase_add_test(t, overflow);
    tcase_add_loop_test(t, reserved, 0, (int)ARRAY_LEN(writes));
    tcase_add_test(t, leaf_a);
    tcase_add_test(t, events_of_a_model);
    tcase_add_test(t, amd);
    tcase_add_test(t, rdpmc);
    tcase_add_test(t, halted);
    tcase_add_loop_test(t, mwait, 0, 2);
    suite_add_tcase(s, t);
    return s;
}
