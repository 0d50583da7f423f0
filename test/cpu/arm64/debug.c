/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Self-hosted debug (Arm ARM, D2): which breakpoints and watchpoints match, what else comes before them
 * (D1.3.5.6), the locks, software step over an illegal return. At EL1 with MDSCR_EL1.KDE.
 */
#include "cpu/arm64/translate_impl.h"
#include "test/cpu/arm64/fixture.h"

enum { LDR_X = 0xf9400002, LDAR_X = 0xc8dffc02, LDXR_X = 0xc85f7c02, LDP_X = 0xa9400c02, LD1_4S = 0x4c407802,
       DC_ZVA = 0xd50b7420, DC_GVA = 0xd50b7460, DC_GZVA = 0xd50b7480, DC_IVAC = 0xd5087620, DC_CVAC = 0xd50b7a20, NOP = 0xd503201f, ERET = 0xd69f03e0,
       MSR_OSDLR = 0xd5101381, MRS_OSDLR = 0xd5301382 };
#define MDE      B(15)
#define KDE      B(13)
#define WATCH    A64_ESR(A64_EC_WATCH, 0x22)
#define WATCH_W  A64_ESR(A64_EC_WATCH, 0x62)
#define BREAK    A64_ESR(A64_EC_BREAK, 0x22)
#define ALIGN    A64_ESR(A64_EC_DABORT, 0x21)

static struct pe make(const char *spec)
{
    struct pe p = pe_create(spec, EXEC_INTERP);
    p.a->scr_el3 |= A64_SCR_NS | A64_SCR_RW;
    p.a->hcr_el2 |= B(31);
    p.a->oslsr = 0;
    p.a->mdscr_el1 = MDE | KDE;
    p.a->daif &= ~(uint64_t)A64_PS_D;
    pe_map(&p, 0xff, false);
    pe_level(&p, 1);
    return p;
}

static uint64_t esr_of(struct pe *p, uint32_t word)
{
    return pe_run(p, &word, 1) ? 0 : p->a->esr[p->a->el];
}

/* ---- breakpoints ---- */
/* DBGBCR.BAS at DBGBVR and DBGBVR + 2; without AArch32 it reads as ones (D24.3.2). */
static const struct {
    const char *spec;
    unsigned bas, offset;
    bool hit;
} halves[] = {
    { "max", 0xf, 0, true },  { "max", 0x3, 0, true },  { "max", 0xc, 0, false }, { "max", 0, 0, false },
    { "max", 0xc, 2, true },  { "max", 0x3, 2, false },
    { "max,aa32el0=off", 0, 0, true }, { "max,aa32el0=off", 0xc, 0, true },
};

START_TEST(bas_chooses_the_halfword)
{
    struct pe p = make(halves[_i].spec);
    p.a->dbgbvr[0] = PE_CODE;
    p.a->dbgbcr[0] = 1 | 1 << 1 | halves[_i].bas << 5;
    a64_helper_breakpoint(&p.a->cpu, PE_CODE + halves[_i].offset, 0, 0, 0);
    bool hit = p.a->cpu.exit & CPU_EXIT_EXCEPTION;
    ck_assert_int_eq(hit, halves[_i].hit);
    pe_destroy(&p);
}
END_TEST

START_TEST(bas_reads_as_ones_without_aarch32)
{
    static const uint32_t words[] = { 0xd51000a1, 0xd53000a2 }; /* DBGBCR0_EL1 */
    for (unsigned a32 = 0; a32 < 2; a32++) {
        struct pe p = make(a32 ? "max" : "max,aa32el0=off");
        p.a->x[1] = 1 << 1;
        ck_assert(pe_run(&p, words, 2));
        ck_assert_uint_eq(p.a->x[2], 1 << 1 | (a32 ? 0 : 0xf << 5));
        pe_destroy(&p);
    }
}
END_TEST

/* Of six breakpoints the last ID_AA64DFR0_EL1.CTX_CMPs + 1 = 2 are context-aware. */
START_TEST(context_breakpoints_are_the_last_ones)
{
    for (unsigned n = 1; n < 6; n++) {
        struct pe p = make("max");
        p.a->contextidr[1] = 5;
        p.a->dbgbvr[0] = PE_CODE;
        p.a->dbgbcr[0] = 1 | 1 << 1 | 0xf << 5 | n << 16 | 1 << 20; /* linked address */
        p.a->dbgbvr[n] = 5;
        p.a->dbgbcr[n] = 1 | 3 << 20; /* linked Context ID */
        a64_update_mode(p.a);
        ck_assert_uint_eq(esr_of(&p, NOP), n >= 4 ? BREAK : 0);
        pe_destroy(&p);
    }
}
END_TEST

/* ---- watchpoints: eight bytes at PE_DATA + 0x40, loads and stores ---- */
static void watch(struct pe *p)
{
    p->a->dbgwvr[0] = PE_DATA + 0x40;
    p->a->dbgwcr[0] = 1 | 1 << 1 | 3 << 3 | 0xff << 5;
    a64_update_mode(p->a);
}

static const struct {
    uint32_t word;
    uint64_t x0;
    bool strict;    /* SCTLR_EL1.A */
    uint64_t esr, far;
} accesses[] = {
    { LDR_X, PE_DATA + 0x40, false, WATCH, PE_DATA + 0x40 },
    { LDR_X, PE_DATA + 0x3a, false, WATCH, PE_DATA + 0x40 },
    { LDR_X, PE_DATA + 0x45, false, WATCH, PE_DATA + 0x45 },
    { LDR_X, PE_DATA + 0x38, false, 0, 0 },
    { LDR_X, 0xa5ull << 56 | (PE_DATA + 0x40), false, WATCH, 0xa5ull << 56 | (PE_DATA + 0x40) }, /* TBI */
    /* alignment faults come first */
    { LDR_X, PE_DATA + 0x3a, true, ALIGN, PE_DATA + 0x3a },
    { LDAR_X, PE_DATA + 0x3a, false, ALIGN, PE_DATA + 0x3a },
    { LDAR_X, PE_DATA + 0x44, false, WATCH, PE_DATA + 0x44 }, /* within 16 bytes: FEAT_LSE2 */
    { LDXR_X, PE_DATA + 0x3c, false, ALIGN, PE_DATA + 0x3c },
    { LDP_X, PE_DATA + 0x38, true, WATCH, PE_DATA + 0x40 },   /* of its elements */
    { LDP_X, PE_DATA + 0x3c, true, ALIGN, PE_DATA + 0x3c },
    { LD1_4S, PE_DATA + 0x34, true, WATCH, PE_DATA + 0x40 },
};

START_TEST(watchpoints_and_alignment)
{
    struct pe p = make("max");
    if (accesses[_i].strict)
        p.a->sctlr[1] |= A64_SCTLR_A;
    watch(&p);
    p.a->x[0] = accesses[_i].x0;
    ck_assert_uint_eq(esr_of(&p, accesses[_i].word), accesses[_i].esr);
    if (accesses[_i].esr != 0)
        ck_assert_uint_eq(p.a->far[1], accesses[_i].far);
    pe_destroy(&p);
}
END_TEST

/* Stores of a block (D2.9.6.2); DC IVAC with ISS.CM, DC CVAC is none. */
static const struct {
    uint32_t word;
    uint64_t esr;
} blocks[] = { { DC_ZVA, WATCH_W }, { DC_GVA, WATCH_W }, { DC_GZVA, WATCH_W }, { DC_IVAC, WATCH_W | 1 << 8 }, { DC_CVAC, 0 } };

START_TEST(blocks_are_stores)
{
    struct pe p = make("max");
    watch(&p);
    p.a->x[0] = PE_DATA + 0x77;
    ck_assert_uint_eq(esr_of(&p, blocks[_i].word), blocks[_i].esr);
    if (blocks[_i].esr != 0)
        ck_assert_uint_eq(p.a->far[1], PE_DATA + 0x40);
    pe_destroy(&p);
}
END_TEST

/* ---- locks: the OS Double Lock where ID_AA64DFR0_EL1.DoubleLock says 0 ---- */
START_TEST(double_lock)
{
    static const uint32_t words[] = { MSR_OSDLR, MRS_OSDLR };
    for (unsigned there = 0; there < 2; there++) {
        struct pe p = make(there ? "cortex-a72" : "max");
        watch(&p);
        p.a->x[1] = 1;
        ck_assert(pe_run(&p, words, 2));
        ck_assert_uint_eq(p.a->x[2], there);
        p.a->x[0] = PE_DATA + 0x40;
        ck_assert_uint_eq(esr_of(&p, LDR_X), there ? 0 : WATCH);
        p.a->dbgprcr_el1 = 1; /* CORENPDRQ: not locked all the same */
        p.a->daif = 0;
        pe_level(&p, 1);
        ck_assert_uint_eq(esr_of(&p, LDR_X), WATCH);
        pe_destroy(&p);
    }
}
END_TEST

/* DebugExceptionReturnSS(): an illegal return stays at EL1, where SPSR.D = 0 and KDE let steps in. */
START_TEST(illegal_return_may_step)
{
    struct pe p = make("max");
    const uint32_t word = ERET;
    p.a->mdscr_el1 = KDE | 1;
    p.a->daif |= A64_PS_D;
    p.a->spsr[1] = 0xd | A64_PS_SS; /* EL3h */
    p.a->elr[1] = PE_CODE + 8;
    pe_level(&p, 1);
    ck_assert(!pe_run(&p, &word, 1));
    ck_assert_uint_eq(p.a->esr[1], A64_ESR(A64_EC_ILLEGAL, 0));
    ck_assert_uint_eq(p.a->spsr[1] >> 21 & 1, 1); /* the step did not complete */
    pe_destroy(&p);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("cpu/arm64/debug");
    TCase *t = tcase_create("debug");
    tcase_add_loop_test(t, bas_chooses_the_halfword, 0, ARRAY_LEN(halves));
    tcase_add_test(t, bas_reads_as_ones_without_aarch32);
    tcase_add_test(t, context_breakpoints_are_the_last_ones);
    tcase_add_loop_test(t, watchpoints_and_alignment, 0, ARRAY_LEN(accesses));
    tcase_add_loop_test(t, blocks_are_stores, 0, ARRAY_LEN(blocks));
    tcase_add_test(t, double_lock);
    tcase_add_test(t, illegal_return_may_step);
    suite_add_tcase(s, t);
    return s;
}
