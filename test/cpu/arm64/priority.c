/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where atomic and ordered accesses may lie (Arm ARM, AArch64.UnalignedAccessFaults()), which of
 * several exceptions of one instruction is taken (D1.3.5.6), and what the syndrome says.
 */
#include "test/cpu/arm64/fixture.h"

enum {
    LDADD_X = 0xf8210002,
    LDAR_X = 0xc8dffc02,
    LDXR_X = 0xc85f7c02,
    SWP_H = 0x78218002,
    CASP_X = 0x48207c02,
    LDR_X = 0xf9400002,
    STR_X = 0xf9000002,
    NOP = 0xd503201f,
    UDF = 0x00000000,
    BR_X0 = 0xd61f0000,
    MRS_MPIDR = 0xd53800a2,
    MRS_ISAR0 = 0xd5380602,
    MRS_CCSIDR = 0xd5390002,
    MRS_SCTLR = 0xd5381002
};
#define ALIGN_LOAD  A64_ESR(A64_EC_DABORT, 0x21)
#define ALIGN_STORE A64_ESR(A64_EC_DABORT, 0x61)

static struct pe make(const char *spec, enum exec_mode mode)
{
    struct pe p = pe_create(spec, mode);
    p.a->scr_el3 |= A64_SCR_NS | A64_SCR_RW;
    p.a->hcr_el2 |= B(31);
    pe_map(&p, 0xff, false);
    pe_level(&p, 1);
    return p;
}

/* Level and syndrome after one word at X0 = address; 0: it did what it says. */
static uint64_t esr_of(struct pe *p, uint32_t word, uint64_t x0)
{
    p->a->x[0] = x0;
    return pe_run(p, &word, 1) ? 0 : p->a->esr[p->a->el];
}

/* offset in 16 bytes, SCTLR_EL1.nAA, result with FEAT_LSE2 and without */
static const struct {
    uint32_t word, offset, naa;
    uint64_t with, without;
} places[] = {
    { LDADD_X, 0, 0, 0, 0 },
    { LDADD_X, 8, 0, 0, 0 },
    { LDADD_X, 5, 0, 0, ALIGN_STORE },
    { LDADD_X, 9, 0, ALIGN_STORE, ALIGN_STORE },
    { LDADD_X, 9, 1, ALIGN_STORE, ALIGN_STORE }, /* nAA is not for atomics */
    { SWP_H, 13, 0, 0, ALIGN_STORE },
    { SWP_H, 15, 0, ALIGN_STORE, ALIGN_STORE },
    { LDXR_X, 3, 0, 0, ALIGN_LOAD },
    { LDXR_X, 12, 1, ALIGN_LOAD, ALIGN_LOAD },
    { LDAR_X, 7, 0, 0, ALIGN_LOAD },
    { LDAR_X, 10, 0, ALIGN_LOAD, ALIGN_LOAD },
    { LDAR_X, 10, 1, 0, ALIGN_LOAD },
    { LDR_X, 11, 0, 0, 0 },
};

static void check_place(unsigned row, enum exec_mode mode)
{
    for (unsigned lse2 = 0; lse2 < 2; lse2++) {
        struct pe p = make(lse2 ? "max" : "max,lse2=off", mode);
        if (places[row].naa)
            p.a->sctlr[1] |= A64_SCTLR_NAA;
        pe_level(&p, 1);
        uint64_t esr = esr_of(&p, places[row].word, PE_DATA + 0x40 + places[row].offset);
        ck_assert_uint_eq(esr, lse2 ? places[row].with : places[row].without);
        pe_destroy(&p);
    }
}

START_TEST(misaligned_as_lse2_wants)
{
    check_place((unsigned)_i, EXEC_INTERP);
    check_place((unsigned)_i, EXEC_JIT);
}
END_TEST

/* ---- software step: EL1, KDE; PSTATE.D is clear */
static void step(struct pe *p, bool ss)
{
    p->a->oslsr &= ~1ull;
    p->a->mdscr_el1 = 1 | 1 << 13;
    p->a->daif &= ~(uint64_t)A64_PS_D;
    p->a->ss = ss;
    pe_level(p, 1);
}

/* After `first` was stepped the next one is not looked at: ESR has IFSC 0x22, ISV and, for a
 * Load-Exclusive, EX. */
static const struct {
    uint32_t first, iss;
} steps[] = { { NOP, 1u << 24 | 0x22 }, { LDR_X, 1u << 24 | 0x22 }, { LDXR_X, 1u << 24 | 0x62 } };

START_TEST(step_comes_before_undefined)
{
    for (enum exec_mode mode = EXEC_INTERP; mode <= EXEC_JIT; mode++) {
        struct pe p = make("max", mode);
        const uint32_t words[] = { steps[_i].first, UDF };
        step(&p, true);
        p.a->x[0] = PE_DATA;
        ck_assert(!pe_run(&p, words, 2));
        ck_assert_uint_eq(p.a->esr[1], A64_ESR(A64_EC_STEP, steps[_i].iss));
        ck_assert_uint_eq(p.a->elr[1], PE_CODE + 4);
        ck_assert_uint_eq(p.a->spsr[1] >> 21 & 1, 0);
        pe_destroy(&p);
    }
}
END_TEST

START_TEST(step_comes_before_the_fetch)
{
    struct pe p = make("max", EXEC_INTERP);
    const uint32_t word = BR_X0;
    step(&p, true);
    p.a->x[0] = PE_RAM + PE_SIZE; /* not mapped */
    ck_assert(!pe_run(&p, &word, 1));
    ck_assert_uint_eq(p.a->esr[1], A64_ESR(A64_EC_STEP, 1u << 24 | 0x22));
    pe_destroy(&p);
}
END_TEST

/* A misaligned PC, mapped and not: EC 0x22 with the PC in FAR. */
START_TEST(misaligned_pc_comes_before_the_fetch)
{
    static const uint64_t targets[] = { PE_DATA + 1, PE_DATA + 0xffe, PE_RAM + PE_SIZE + 2, 0x3 };
    for (unsigned i = 0; i < ARRAY_LEN(targets); i++) {
        struct pe p = make("max", EXEC_JIT);
        ck_assert_uint_eq(esr_of(&p, BR_X0, targets[i]), A64_ESR(A64_EC_PC_ALIGN, 0));
        ck_assert_uint_eq(p.a->far[1], targets[i]);
        pe_destroy(&p);
    }
}
END_TEST

/* Watchpoint 0 on all of X0's doubleword, all levels: loads, stores or both (DBGWCR_EL1.LSC). */
static const struct {
    uint32_t word, lsc;
    uint64_t esr;
} watches[] = {
    { LDR_X, 1, A64_ESR(A64_EC_WATCH, 0x22) },   { LDR_X, 2, 0 },
    { STR_X, 2, A64_ESR(A64_EC_WATCH, 0x62) },   { STR_X, 1, 0 },
    { LDADD_X, 1, A64_ESR(A64_EC_WATCH, 0x22) }, { LDADD_X, 2, A64_ESR(A64_EC_WATCH, 0x62) },
    { LDADD_X, 3, A64_ESR(A64_EC_WATCH, 0x22) }, { CASP_X, 1, A64_ESR(A64_EC_WATCH, 0x22) },
    { CASP_X, 2, A64_ESR(A64_EC_WATCH, 0x62) },
};

static void watch(struct pe *p, uint64_t va, uint32_t lsc)
{
    p->a->oslsr &= ~1ull;
    p->a->mdscr_el1 = 1 << 13 | 1 << 15;
    p->a->daif &= ~(uint64_t)A64_PS_D;
    p->a->dbgwvr[0] = va;
    p->a->dbgwcr[0] = 1 | 3 << 1 | lsc << 3 | 0xff << 5;
    pe_level(p, 1);
}

START_TEST(watchpoint_says_what_would_have_matched)
{
    struct pe p = make("max", EXEC_JIT);
    watch(&p, PE_DATA, watches[_i].lsc);
    ck_assert_uint_eq(esr_of(&p, watches[_i].word, PE_DATA), watches[_i].esr);
    pe_destroy(&p);
}
END_TEST

START_TEST(translation_comes_before_watchpoints)
{
    struct pe p = make("max", EXEC_INTERP);
    watch(&p, PE_RAM + PE_SIZE, 3);
    ck_assert_uint_eq(esr_of(&p, LDR_X, PE_RAM + PE_SIZE), A64_ESR(A64_EC_DABORT, 6)); /* level 2 */
    pe_destroy(&p);
}
END_TEST

/* FEAT_IDST: EC 0x18 for what has op0 = 3, op1 = 0, 1 or 3, CRn = 0; EC 0 for others. */
static const struct {
    uint32_t word;
    bool trapped;
} reads[] = {
    { MRS_MPIDR, true }, { MRS_ISAR0, true }, { MRS_CCSIDR, true }, { MRS_SCTLR, false }
};

START_TEST(identification_at_el0)
{
    struct pe p = pe_create("max", EXEC_INTERP);
    p.a->scr_el3 |= A64_SCR_NS | A64_SCR_RW;
    p.a->hcr_el2 |= B(31);
    pe_level(&p, 0);
    ck_assert_uint_eq(esr_of(&p, reads[_i].word, 0) >> 26,
                      reads[_i].trapped ? A64_EC_SYSREG : A64_EC_UNKNOWN);
    ck_assert_uint_eq(p.a->el, 1);
    pe_destroy(&p);
}
END_TEST

/* Stage 2 with what can only be written: a store passes, an atomic faults as a read (WnR = 0). */
START_TEST(atomics_read_as_well)
{
    static const struct {
        uint32_t word;
        uint64_t esr;
    } rows[] = { { STR_X, 0 }, { LDADD_X, A64_ESR(A64_EC_DABORT_LOWER, 0xe) } };
    for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
        struct pe p = make("max", i == 0 ? EXEC_INTERP : EXEC_JIT);
        uint64_t *l1 = (uint64_t *)(void *)(p.ram->host + (PE_TABLES + 0x4000 - PE_RAM)),
                 *l2 = l1 + 512;
        l1[PE_RAM >> 30] = (PE_TABLES + 0x5000) | 3;
        for (unsigned k = 0; k < PE_SIZE >> 21; k++)
            l2[k] =
                (PE_RAM + ((uint64_t)k << 21)) | 1u << 10 | (k == 1 ? 2u : 3u) << 6 | 0xf << 2 | 1;
        p.a->vtcr_el2 = 1ull << 31 | 25 | 1 << 6 | 2 << 16; /* T0SZ, SL0: level 1, PS 40 bits */
        p.a->vttbr_el2 = PE_TABLES + 0x4000;
        p.a->hcr_el2 |= 1;
        pe_level(&p, 1);
        uint64_t esr = esr_of(&p, rows[i].word, PE_RAM + (2u << 20));
        ck_assert_uint_eq(rows[i].esr == 0 ? esr : esr & ~0x1ff8000ull & ~(1ull << 24),
                          rows[i].esr); /* but ISV... */
        pe_destroy(&p);
    }
}
END_TEST

/* IHI 0069H, 4.6.2: IRQ or FIQ, by group and by where the PE is. ISR_EL1: bit 7 is I, bit 6 F. */
enum { ISR_F = 0x40, ISR_I = 0x80 };
static const struct {
    enum a64_input group;
    uint64_t nonsecure, secure, el3;
} groups[] = {
    { A64_GROUP0, ISR_F, ISR_F, ISR_F },
    { A64_GROUP1_NS, ISR_I, ISR_F, ISR_F },
    { A64_GROUP1_S, ISR_F, ISR_I, ISR_F },
};
START_TEST(gic_groups_are_irq_or_fiq)
{
    struct pe p = make("max", EXEC_INTERP);
    a64_cpu_set_input(&p.a->cpu, groups[_i].group, true);
    ck_assert_uint_eq(a64_isr(p.a), groups[_i].nonsecure);
    p.a->scr_el3 &= ~(uint64_t)A64_SCR_NS;
    pe_level(&p, 1);
    ck_assert_uint_eq(a64_isr(p.a), groups[_i].secure);
    pe_level(&p, 3);
    ck_assert_uint_eq(a64_isr(p.a), groups[_i].el3);
    a64_cpu_set_input(&p.a->cpu, groups[_i].group, false);
    ck_assert_uint_eq(a64_isr(p.a), 0);
    pe_destroy(&p);
}
END_TEST

/* B2.10: misaligned accesses to Device memory fault where that is no RAM, before the bus has a say. */
START_TEST(misaligned_device)
{
    static const struct {
        uint64_t x0, esr;
    } rows[] = {
        { PE_RAM + PE_SIZE + 8, A64_ESR(A64_EC_DABORT, 0x10) },
        { PE_RAM + PE_SIZE + 9, ALIGN_LOAD },
        { PE_RAM + (4u << 20) + 9, 0 }, /* RAM, mapped as Device */
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct pe p = make("max", _i == 0 ? EXEC_INTERP : EXEC_JIT);
        uint64_t *l2 = (uint64_t *)(void *)(p.ram->host + (PE_TABLES - PE_RAM)) + 512;
        p.a->mair[1] = 0x04ff; /* attribute 1: Device-nGnRE */
        l2[PE_SIZE >> 21] = (PE_RAM + PE_SIZE) | 1u << 10 | 1u << 2 | 1;
        l2[2] |= 1u << 2;
        pe_level(&p, 1);
        ck_assert_uint_eq(esr_of(&p, LDR_X, rows[i].x0), rows[i].esr);
        pe_destroy(&p);
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("priority");
    TCase *c = tcase_create("priority");
    tcase_add_loop_test(c, misaligned_as_lse2_wants, 0, (int)ARRAY_LEN(places));
    tcase_add_loop_test(c, step_comes_before_undefined, 0, (int)ARRAY_LEN(steps));
    tcase_add_test(c, step_comes_before_the_fetch);
    tcase_add_test(c, misaligned_pc_comes_before_the_fetch);
    tcase_add_loop_test(c, misaligned_device, 0, 2);
    tcase_add_loop_test(c, watchpoint_says_what_would_have_matched, 0, (int)ARRAY_LEN(watches));
    tcase_add_test(c, translation_comes_before_watchpoints);
    tcase_add_loop_test(c, identification_at_el0, 0, (int)ARRAY_LEN(reads));
    tcase_add_test(c, atomics_read_as_well);
    tcase_add_loop_test(c, gic_groups_are_irq_or_fiq, 0, (int)ARRAY_LEN(groups));
    suite_add_tcase(s, c);
    return s;
}
