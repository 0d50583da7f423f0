/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Performance monitors over a snapshot (Arm ARM, D13): what counted before counts on, an overflow that was
 * due comes, and the interrupt's level is known. At EL1, Non-secure.
 */
#include "test/cpu/arm64/fixture.h"
#include "test/device_generic.h"

#define PMCR       0xd51b9c02u /* msr pmcr_el0, x2 */
#define PMCNTENSET 0xd51b9c21u /* msr pmcntenset_el0, x1 */
#define PMOVSCLR   0xd51b9c61u /* msr pmovsclr_el0, x1 */
#define PMCCNTR    0xd51b9d00u /* msr pmccntr_el0, x0 */
#define PMINTENSET 0xd5189e21u /* msr pmintenset_el1, x1 */
#define PMEVTYPER0 0xd51bec00u /* msr pmevtyper0_el0, x0 */
#define READ_CNTR0 0xd53be805u /* mrs x5, pmevcntr0_el0 */
#define LDR        0xf9400064u /* ldr x4, [x3] */
#define STR        0xf9000064u
#define LDP        0xa9401864u /* ldp x4, x6, [x3] */
#define B_NEXT     0x14000001u /* b .+4: the block ends */
#define CYCLES     31          /* PMCCNTR_EL0's bit in the masks */

static const enum exec_mode modes[] = { EXEC_INTERP, EXEC_JIT };

static struct pe make(enum exec_mode mode)
{
    struct pe p = pe_create("max", mode);
    p.a->scr_el3 |= A64_SCR_NS | A64_SCR_RW;
    p.a->hcr_el2 |= B(31);
    pe_map(&p, 0xff, false);
    pe_level(&p, 1);
    return p;
}

/* A fresh machine with the state of `from`. */
static struct pe copy(struct pe *from, enum exec_mode mode)
{
    struct pe to = make(mode);
    device_generic_copy(from->machine, to.machine);
    return to;
}

static enum exec_reason go(struct pe *p, uint64_t insns)
{
    struct exec_limits limits = { .time = PS_NEVER, .insns = insns };
    struct cpu *cpu;
    return exec_run(p->exec, &limits, &cpu);
}

static void sink(void *arg, uint32_t number, bool level)
{
    (void)number;
    *(bool *)arg = level;
}

/* MEM_ACCESS: a load, a store and a pair of registers are one each (D13.12). */
START_TEST(accesses_count_on)
{
    const uint32_t words[] = { PMEVTYPER0, PMCNTENSET, PMCR, LDR, STR, LDP, LDR, B_NEXT, /* here */ LDR, STR, LDP, READ_CNTR0, WFI };
    struct pe a = make(modes[_i]);
    a.a->x[0] = 0x13, a.a->x[1] = 1, a.a->x[2] = 1, a.a->x[3] = PE_DATA;
    pe_put(&a, PE_CODE, words, ARRAY_LEN(words));
    a.a->cpu.pc = PE_CODE;
    ck_assert_int_eq(go(&a, 8), EXEC_LIMIT_INSNS);
    struct pe b = copy(&a, modes[_i]);
    ck_assert_uint_eq(b.a->cpu.pc, PE_CODE + 4 * 8);
    ck_assert_int_eq(go(&b, 8 + 4), EXEC_LIMIT_INSNS);
    ck_assert_uint_eq(b.a->x[5], 7);
    pe_destroy(&a);
    pe_destroy(&b);
}
END_TEST

/* Predictor and caches count where the timing model has them: BR_MIS_PRED, BR_PRED, L1I_CACHE_REFILL. */
START_TEST(events_of_a_model)
{
    const uint32_t words[] = { 0xd53b9cc5 /* mrs x5, pmceid0_el0 */, WFI };
    const uint64_t wanted = B(0x10) | B(0x12) | B(1);
    struct tm_cpu *tm = NULL;
    struct err e = { 0 };
    ck_assert_int_eq(tm_create(&tm, "inorder", NULL, 0, &e), 0);
    for (unsigned i = 0; i < 2; i++) {
        struct pe p = make(modes[_i]);
        struct tm_cpu *before = p.a->cpu.tm;
        pe_put(&p, PE_CODE, words, ARRAY_LEN(words));
        p.a->cpu.pc = PE_CODE;
        p.a->cpu.tm = i ? tm : before;
        ck_assert_int_eq(go(&p, 1), EXEC_LIMIT_INSNS);
        ck_assert_uint_eq(p.a->x[5] & (wanted | B(8)), B(8) | (i ? wanted : 0)); /* INST_RETIRED */
        p.a->cpu.tm = before;
        pe_destroy(&p);
    }
    tm_destroy(tm);
}
END_TEST

/* PMCR_EL0.LC = 0: PMCCNTR_EL0 overflows out of bit 31. */
static struct pe near_overflow(enum exec_mode mode, bool *level)
{
    const uint32_t words[] = { PMCCNTR, PMINTENSET, PMCNTENSET, PMCR, B_NEXT, WFI };
    struct pe p = make(mode);
    irq_connect(&p.a->pmu_line, sink, level, 0);
    p.a->x[0] = 0xfffff000, p.a->x[1] = B(CYCLES), p.a->x[2] = 1;
    pe_put(&p, PE_CODE, words, ARRAY_LEN(words));
    p.a->cpu.pc = PE_CODE;
    ck_assert_int_eq(go(&p, 5), EXEC_LIMIT_INSNS);
    return p;
}

/* The PE waits for an interrupt, and its cycles go on. */
START_TEST(overflow_comes_when_it_was_due)
{
    bool level = false, level_of_copy = false;
    struct pe a = near_overflow(modes[_i], &level), b = copy(&a, modes[_i]);
    irq_connect(&b.a->pmu_line, sink, &level_of_copy, 0);
    ck_assert(!level);
    go(&a, 1000);
    go(&b, 1000);
    ck_assert(level && level_of_copy);
    ck_assert_uint_eq(b.a->pmovs, B(CYCLES));
    ck_assert_uint_eq(b.a->cpu.pc, a.a->cpu.pc);
    ck_assert_uint_eq(ev_now(b.machine->queue), ev_now(a.machine->queue));
    pe_destroy(&a);
    pe_destroy(&b);
}
END_TEST

START_TEST(the_interrupt_can_be_cleared)
{
    const uint32_t clear = PMOVSCLR;
    bool level = false, level_of_copy = true;
    struct pe a = near_overflow(modes[_i], &level);
    go(&a, 1000);
    ck_assert(level);
    struct pe b = copy(&a, modes[_i]);
    irq_connect(&b.a->pmu_line, sink, &level_of_copy, 0);
    ck_assert_uint_eq(b.a->pmovs, B(CYCLES));
    pe_put(&b, PE_CODE, &clear, 1);
    b.a->cpu.pc = PE_CODE;
    b.a->cpu.run = CPU_RUNNING;
    go(&b, 7);
    ck_assert_uint_eq(b.a->pmovs, 0);
    ck_assert(!level_of_copy);
    pe_destroy(&a);
    pe_destroy(&b);
}
END_TEST

/* A counter that nobody enabled leaves no trace of when the machine was restored. */
START_TEST(idle_monitors_stay_as_they_are)
{
    const uint32_t words[] = { LDR, LDR, 0xd4000001u /* svc #0 */ };
    struct pe a = make(modes[_i]);
    a.a->x[3] = PE_DATA;
    ck_assert(pe_run(&a, words, 2));
    struct pe b = copy(&a, modes[_i]);
    ck_assert(!pe_run(&a, words, 3));
    ck_assert(!pe_run(&b, words, 3));
    ck_assert_mem_eq(a.a->pmbase, b.a->pmbase, sizeof(a.a->pmbase));
    pe_destroy(&a);
    pe_destroy(&b);
}
END_TEST

/* ---- controls ---- */
#define MSR_MDCR   0xd51c1126u /* msr mdcr_el2, x6 */
#define MRS_CNTR4  0xd53be885u /* mrs x5, pmevcntr4_el0 */
#define PMCNTENCLR 0xd51b9c41u /* msr pmcntenclr_el0, x1 */
#define NOP        0xd503201fu
#define INST_RETIRED 8
#define NSH        B(27)
#define HPMD       B(17)
#define PMCR_P     2
#define PMCR_LC    B(6)

/* What was counted before a write of MDCR_EL2 is counted by the value that held then (D13.7). */
START_TEST(mdcr_rules_from_its_write_on)
{
    const uint32_t words[] = { PMEVTYPER0, PMCNTENSET, PMCR, NOP, NOP, NOP, NOP, NOP, MSR_MDCR,
                               NOP, NOP, NOP, NOP, NOP, NOP, NOP, READ_CNTR0, PMCNTENCLR };
    struct pe p = make(modes[_i]);
    pe_level(&p, 2);
    p.a->x[0] = INST_RETIRED | NSH, p.a->x[1] = 1, p.a->x[2] = 1, p.a->x[6] = HPMD | 6;
    ck_assert(pe_run(&p, words, ARRAY_LEN(words)));
    ck_assert_uint_ge(p.a->x[5], 5);
    ck_assert_uint_le(p.a->x[5], 6); /* and one of the two that begin and end it */
    pe_destroy(&p);
}
END_TEST

/* PMCR_EL0.P: at EL1 not the counters from MDCR_EL2.HPMN on; LC is RES1 without AArch32. */
START_TEST(pmcr_by_level)
{
    const uint32_t words[] = { PMCR };
    for (unsigned el = 1; el < 4; el++) {
        struct pe p = make(modes[_i]);
        p.a->mdcr_el2 = 2;
        p.a->pmevcntr[0] = 5, p.a->pmevcntr[4] = 7;
        p.a->x[2] = PMCR_P;
        pe_level(&p, el);
        ck_assert(pe_run(&p, words, 1));
        ck_assert_uint_eq(p.a->pmevcntr[0], 0);
        ck_assert_uint_eq(p.a->pmevcntr[4], el == 1 ? 7 : 0);
        ck_assert_uint_eq(p.a->pmcr, 0);
        pe_destroy(&p);
    }
    struct pe p = pe_create("max,aa32el0=off", modes[_i]);
    ck_assert(pe_run(&p, words, 1));
    ck_assert_uint_eq(p.a->pmcr, PMCR_LC);
    pe_destroy(&p);
}
END_TEST

/* Counters that EL2 keeps trap there with FEAT_FGT, and read as zero without. */
START_TEST(reserved_counters)
{
    for (unsigned fgt = 0; fgt < 2; fgt++) {
        const uint32_t fourth = MRS_CNTR4, first = READ_CNTR0;
        struct pe p = pe_create(fgt ? "max" : "max,fgt=off", modes[_i]);
        p.a->scr_el3 |= A64_SCR_NS | A64_SCR_RW;
        p.a->hcr_el2 |= B(31);
        p.a->mdcr_el2 = 2;
        p.a->pmevcntr[4] = 7;
        p.a->x[5] = 1;
        pe_level(&p, 1);
        ck_assert(pe_run(&p, &first, 1));
        ck_assert(pe_run(&p, &fourth, 1) == !fgt);
        if (fgt)
            ck_assert_uint_eq(p.a->esr[2] >> 26, A64_EC_SYSREG);
        else
            ck_assert_uint_eq(p.a->x[5], 0);
        pe_destroy(&p);
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("cpu/arm64/pmu");
    TCase *c = tcase_create("snapshot");
    tcase_add_loop_test(c, accesses_count_on, 0, ARRAY_LEN(modes));
    tcase_add_loop_test(c, events_of_a_model, 0, ARRAY_LEN(modes));
    tcase_add_loop_test(c, overflow_comes_when_it_was_due, 0, ARRAY_LEN(modes));
    tcase_add_loop_test(c, the_interrupt_can_be_cleared, 0, ARRAY_LEN(modes));
    tcase_add_loop_test(c, idle_monitors_stay_as_they_are, 0, ARRAY_LEN(modes));
    suite_add_tcase(s, c);
    c = tcase_create("controls");
    tcase_add_loop_test(c, mdcr_rules_from_its_write_on, 0, ARRAY_LEN(modes));
    tcase_add_loop_test(c, pmcr_by_level, 0, ARRAY_LEN(modes));
    tcase_add_loop_test(c, reserved_counters, 0, ARRAY_LEN(modes));
    suite_add_tcase(s, c);
    return s;
}
