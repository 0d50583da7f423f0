/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which system registers there are, what of them can be written, and who traps them where the level alone does
 * not say so: Arm ARM, D24.1.2 and the accessibility pseudocode of each register in D24.2 to D24.10.
 */
#include "test/cpu/arm64/fixture.h"

#define SYS_WORD(read, reg, rt) (0xd5000000u | (uint32_t)(read) << 21 | (uint32_t)(reg) << 5 | (rt))
#define MRS_X2(op0, op1, crn, crm, op2) SYS_WORD(1, A64_REG(op0, op1, crn, crm, op2), 2)
#define MSR_X1(op0, op1, crn, crm, op2) SYS_WORD(0, A64_REG(op0, op1, crn, crm, op2), 1)
#define UNDEFINED A64_ESR(A64_EC_UNKNOWN, 0)

/* ESR of a trapped access (D24.2.40, EC 0x18): the fields of the instruction word. */
static uint64_t trap_of(uint32_t word)
{
    uint64_t op0 = word >> 19 & 3, op2 = word >> 5 & 7, op1 = word >> 16 & 7, crn = word >> 12 & 15;
    return A64_ESR(A64_EC_SYSREG, op0 << 20 | op2 << 17 | op1 << 14 | crn << 10 | (uint64_t)(word & 31) << 5 |
                                      (word >> 8 & 15) << 1 | (word >> 21 & 1));
}

static struct pe make(const char *spec, unsigned el)
{
    struct pe p = pe_create(spec, EXEC_INTERP);
    p.a->scr_el3 |= A64_SCR_NS | A64_SCR_RW | A64_SCR_HCE | A64_SCR_FGTEN | A64_SCR_TCR2EN;
    p.a->hcr_el2 |= B(31);
    p.a->cnthctl_el2 = 3;
    pe_level(&p, el);
    return p;
}

/* 0: it did what it says; else the syndrome, and the level it was taken to in *el. */
static uint64_t esr_of(struct pe *p, uint32_t word, unsigned *el)
{
    bool done = pe_run(p, &word, 1);
    *el = done ? 0 : (unsigned)p->a->el;
    return done ? 0 : p->a->esr[p->a->el];
}

/* ---- what there is ---- */
static const struct {
    const char *spec;
    unsigned el;
    uint32_t word;
    bool there;
} present[] = {
    { "max", 3, MRS_X2(3, 6, 12, 0, 1), true },  /* RVBAR_EL3: of the highest level only */
    { "max", 3, MRS_X2(3, 4, 12, 0, 1), false }, { "max", 1, MRS_X2(3, 0, 12, 0, 1), false },
    { "max,el3=off", 2, MRS_X2(3, 4, 12, 0, 1), true },
    { "max,el3=off,el2=off", 1, MRS_X2(3, 0, 12, 0, 1), true },
    { "max", 3, MSR_X1(3, 3, 14, 0, 0), true },  /* CNTFRQ_EL0 is written by the highest level only */
    { "max", 2, MSR_X1(3, 3, 14, 0, 0), false }, { "max", 1, MSR_X1(3, 3, 14, 0, 0), false },
    { "max,el3=off", 2, MSR_X1(3, 3, 14, 0, 0), true },
    { "max,el3=off,el2=off", 1, MSR_X1(3, 3, 14, 0, 0), true },
    { "max", 1, MRS_X2(3, 3, 14, 0, 0), true },
    { "max,el2=off", 3, MSR_X1(3, 4, 1, 1, 0), true },  /* HCR_EL2, ESR_EL2: RES0 at EL3 without EL2 */
    { "max,el2=off", 3, MRS_X2(3, 4, 5, 2, 0), true },
    { "max,el2=off", 1, MRS_X2(3, 4, 5, 2, 0), false },
    { "max,el2=off", 3, MSR_X1(1, 4, 8, 7, 0), false }, /* TLBI ALLE2 */
    { "max,el2=off", 3, MSR_X1(1, 4, 8, 7, 4), true },  /* TLBI ALLE1 */
    { "max,el2=off", 3, MSR_X1(1, 4, 7, 8, 0), false }, /* AT S1E2R */
    { "max", 2, MSR_X1(1, 4, 8, 7, 0), true },
};

START_TEST(registers_there_are)
{
    struct pe p = make(present[_i].spec, present[_i].el);
    unsigned el;
    ck_assert_uint_eq(esr_of(&p, present[_i].word, &el), present[_i].there ? 0 : UNDEFINED);
    pe_destroy(&p);
}
END_TEST

START_TEST(without_el2_its_registers_are_res0)
{
    struct pe p = make("max,el2=off", 3);
    const uint32_t words[] = { MSR_X1(3, 4, 1, 1, 0), MRS_X2(3, 4, 1, 1, 0), 0xd53c0003 /* mrs x3, vpidr_el2 */ };
    p.a->x[1] = ~0ull;
    ck_assert(pe_run(&p, words, 3));
    ck_assert_uint_eq(p.a->x[2], 0);
    ck_assert_uint_eq(p.a->x[3], p.a->config->midr);
    pe_destroy(&p);
}
END_TEST

/* SP_EL0 has no name while it is the stack pointer (C5.2, SP_EL0). */
/* ID_AA64MMFR2_EL1.IDS: EC 0x18 at every level, for reads of op0 = 3, op1 = 0, 1 or 3, CRn = 0, CRm = 0 to 7. */
START_TEST(feature_id_space_is_reported_as_such)
{
    static const struct {
        uint32_t word;
        bool inside;
    } rows[] = {
        { MRS_X2(3, 1, 0, 0, 2), true },  /* CCSIDR2_EL1, without FEAT_CCIDX */
        { MRS_X2(3, 0, 0, 0, 1), true },  { MRS_X2(3, 3, 0, 0, 2), true },
        { MRS_X2(3, 2, 0, 0, 1), false }, { MSR_X1(3, 1, 0, 0, 2), false },
    };
    unsigned level = 1 + (unsigned)_i, el;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct pe p = make("max", level);
        uint64_t esr = esr_of(&p, rows[i].word, &el);
        ck_assert_uint_eq(esr, rows[i].inside ? trap_of(rows[i].word) : UNDEFINED);
        ck_assert_uint_eq(el, level);
        pe_destroy(&p);
    }
}
END_TEST

START_TEST(sp_el0_is_undefined_as_the_stack_pointer)
{
    for (unsigned el = 1; el < 4; el++)
        for (unsigned spsel = 0; spsel < 2; spsel++) {
            struct pe p = make("max", el);
            unsigned to;
            a64_set_el(p.a, el, spsel);
            a64_update_mode(p.a);
            ck_assert_uint_eq(esr_of(&p, MRS_X2(3, 0, 4, 1, 0), &to), spsel ? 0 : UNDEFINED);
            pe_destroy(&p);
        }
}
END_TEST

/* ---- SCTLR_EL1 by features: all ones and all zeros written, D24.2.145 ---- */
#define MTE_BITS (B(37) | 3ull << 38 | 3ull << 40 | 3ull << 42)
static const struct {
    const char *spec;
    uint64_t bits, res0, res1; /* of these, which read as */
} controls[] = {
    { "cortex-a72", MTE_BITS | A64_SCTLR_BT0 | A64_SCTLR_BT1 | A64_SCTLR_EPAN, MTE_BITS | A64_SCTLR_BT0 | A64_SCTLR_BT1 | A64_SCTLR_EPAN, 0 },
    { "max", MTE_BITS | A64_SCTLR_BT0, 0, 0 },
    { "max,mte2=off", MTE_BITS, MTE_BITS, 0 },
    { "max,mops=off", B(33), B(33), 0 },
    { "cortex-a72", A64_SCTLR_SPAN | B(28) | B(29) | B(11) | B(22) | B(20), 0, A64_SCTLR_SPAN | B(28) | B(29) | B(11) | B(22) | B(20) },
    { "cortex-a72", A64_SCTLR_CP15BEN | A64_SCTLR_ITD | A64_SCTLR_SED, 0, 0 },
    { "max,aa32el0=off", A64_SCTLR_CP15BEN | A64_SCTLR_ITD | A64_SCTLR_SED, A64_SCTLR_CP15BEN, A64_SCTLR_ITD | A64_SCTLR_SED },
    { "max", B(17) | B(34), B(17) | B(34), 0 },
};

START_TEST(sctlr_by_features)
{
    struct pe p = make(controls[_i].spec, 2); /* where SCTLR_EL1 rules nothing */
    uint64_t bits = controls[_i].bits;
    const uint32_t words[] = { MSR_X1(3, 0, 1, 0, 0), MRS_X2(3, 0, 1, 0, 0) };
    p.a->x[1] = ~0ull;
    ck_assert(pe_run(&p, words, 2));
    ck_assert_uint_eq(p.a->x[2] & bits, bits & ~controls[_i].res0);
    p.a->x[1] = 0;
    ck_assert(pe_run(&p, words, 2));
    ck_assert_uint_eq(p.a->x[2] & bits, controls[_i].res1);
    pe_destroy(&p);
}
END_TEST

/* ---- traps ---- */
START_TEST(mdcr_traps_the_hosts_el0_too)
{
    struct pe p = make("max", 2);
    unsigned el;
    p.a->hcr_el2 |= A64_HCR_E2H | A64_HCR_TGE;
    p.a->sctlr[2] |= A64_SCTLR_NTWI;
    p.a->pmuserenr = 1;
    pe_level(&p, 0);
    ck_assert_uint_eq(esr_of(&p, MRS_X2(3, 3, 9, 13, 0), &el), 0);
    p.a->mdcr_el2 |= B(6); /* TPM */
    pe_level(&p, 0);
    ck_assert_uint_eq(esr_of(&p, MRS_X2(3, 3, 9, 13, 0), &el), trap_of(MRS_X2(3, 3, 9, 13, 0)));
    ck_assert_uint_eq(el, 2);
    pe_destroy(&p);
}
END_TEST

/* EL3's controls hold for _EL12 names, and the syndrome has the name that was used. */
START_TEST(el3_traps_el12_names)
{
    struct pe p = make("max", 2);
    unsigned el;
    p.a->hcr_el2 |= A64_HCR_E2H;
    pe_level(&p, 2);
    ck_assert_uint_eq(esr_of(&p, MRS_X2(3, 5, 1, 0, 2), &el), 0); /* CPACR_EL12 */
    p.a->cptr_el3 |= B(31);                                       /* TCPAC */
    pe_level(&p, 2);
    ck_assert_uint_eq(esr_of(&p, MRS_X2(3, 5, 1, 0, 2), &el), trap_of(MRS_X2(3, 5, 1, 0, 2)));
    ck_assert_uint_eq(el, 3);
    pe_destroy(&p);
}
END_TEST

/* HFGRTR_EL2.TCR_EL1 stands for TCR2_EL1 as well. */
START_TEST(fine_grained_trap_of_tcr2)
{
    struct pe p = make("max", 1);
    unsigned el;
    p.a->hcrx_el2 |= B(14);
    p.a->scr_el3 |= A64_SCR_HXEN;
    p.a->hfgrtr_el2 = B(32);
    pe_level(&p, 1);
    ck_assert_uint_eq(esr_of(&p, MRS_X2(3, 0, 2, 0, 3), &el), trap_of(MRS_X2(3, 0, 2, 0, 3)));
    ck_assert_uint_eq(el, 2);
    pe_destroy(&p);
}
END_TEST

/*
 * What takes the machine's lock where PEs run on several threads: what arms events, drives lines (timers and their offsets,
 * monitors), reaches other PEs or memory (IC, DC, AT), or is a part's (GIC). TLBI reaches others at the next DSB.
 */
static const struct {
    uint32_t reg;
    bool read, own;
} accesses[] = {
    { A64_REG(3, 0, 2, 1, 0), false, true },   /* APIAKeyLo_EL1 */
    { A64_REG(3, 0, 4, 2, 3), false, true },   /* PAN */
    { A64_REG(3, 3, 10, 2, 4), false, true },  /* POR_EL0 */
    { A64_REG(3, 3, 10, 2, 4), true, true },
    { A64_REG(3, 0, 13, 0, 1), false, true },  /* CONTEXTIDR_EL1 */
    { A64_REG(1, 0, 8, 3, 1), false, true },   /* TLBI VAE1IS */
    { A64_REG(3, 3, 14, 3, 1), false, false }, /* CNTV_CTL_EL0, and as CNTV_CTL_EL02 */
    { A64_REG(3, 5, 14, 3, 1), false, false },
    { A64_REG(3, 3, 14, 2, 2), false, false }, /* CNTP_CVAL_EL0: of a host CNTHP_CVAL_EL2 */
    { A64_REG(3, 4, 14, 0, 3), false, false }, /* CNTVOFF_EL2 */
    { A64_REG(3, 0, 14, 1, 0), false, false }, /* CNTKCTL_EL1: of a host CNTHCTL_EL2, which moves CNTP's offset */
    { A64_REG(3, 4, 1, 1, 0), false, false },  /* HCR_EL2: likewise */
    { A64_REG(3, 3, 9, 13, 0), true, false },  /* PMCCNTR_EL0 */
    { A64_REG(3, 3, 9, 12, 1), false, false }, /* PMCNTENSET_EL0 */
    { A64_REG(1, 0, 7, 1, 0), false, false },  /* IC IALLUIS */
    { A64_REG(1, 3, 7, 11, 1), false, false }, /* DC CVAU */
    { A64_REG(1, 0, 7, 8, 0), false, false },  /* AT S1E1R */
    { A64_REG(3, 0, 12, 12, 0), true, false }, /* ICC_IAR1_EL1 */
};

START_TEST(what_takes_no_lock)
{
    struct pe p = make("max", 1);
    ck_assert_int_eq(a64_sysreg_is_own(p.a, accesses[_i].reg, accesses[_i].read), accesses[_i].own);
    pe_destroy(&p);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("cpu/arm64/sysreg");
    TCase *t = tcase_create("registers");
    tcase_add_loop_test(t, registers_there_are, 0, ARRAY_LEN(present));
    tcase_add_test(t, without_el2_its_registers_are_res0);
    tcase_add_loop_test(t, feature_id_space_is_reported_as_such, 0, 3);
    tcase_add_test(t, sp_el0_is_undefined_as_the_stack_pointer);
    tcase_add_loop_test(t, sctlr_by_features, 0, ARRAY_LEN(controls));
    tcase_add_test(t, mdcr_traps_the_hosts_el0_too);
    tcase_add_test(t, el3_traps_el12_names);
    tcase_add_test(t, fine_grained_trap_of_tcr2);
    tcase_add_loop_test(t, what_takes_no_lock, 0, ARRAY_LEN(accesses));
    suite_add_tcase(s, t);
    return s;
}
