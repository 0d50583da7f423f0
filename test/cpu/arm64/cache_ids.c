/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CTR_EL0, DCZID_EL0, DC ZVA and TCR_EL1 (Arm ARM, D24.2.31, D24.2.34, C6.2 DC ZVA, D24.2.179), which are translated
 * in line where nothing traps them: values, effects, and every trap.
 */
#include "test/cpu/arm64/fixture.h"

#define MRS_DCZID 0xd53b00e0u /* mrs x0, dczid_el0 */
#define MRS_CTR   0xd53b0020u /* mrs x0, ctr_el0 */
#define MRS_TCR   0xd5382040u /* mrs x0, tcr_el1 */
#define MSR_TCR   0xd5182042u /* msr tcr_el1, x2 */
#define ZVA_X1    0xd50b7421u /* dc zva, x1 */
#define UCT       B(15)
#define VALUE     0x3500000019ull

enum what { CTR_IS, DCZID_IS, DCZID_DENIED, TCR_IS, ZEROED, TRAPS };

static const struct {
    uint32_t word;
    unsigned el;
    uint64_t sctlr, hcr, hfgrtr, hfgitr;
    enum what what;
    unsigned target; /* of a trap */
} rows[] = {
    { MRS_CTR, 1, 0, 0, 0, 0, CTR_IS, 0 },
    { MRS_CTR, 0, UCT | A64_SCTLR_DZE, 0, 0, 0, CTR_IS, 0 },
    { MRS_CTR, 0, A64_SCTLR_DZE, 0, 0, 0, TRAPS, 1 },
    { MRS_CTR, 1, 0, B(17), 0, 0, TRAPS, 2 },       /* HCR_EL2.TID2 */
    { MRS_CTR, 1, 0, 0, B(14), 0, TRAPS, 2 },       /* HFGRTR_EL2.CTR_EL0 */
    { MRS_DCZID, 1, 0, 0, 0, 0, DCZID_IS, 0 },
    { MRS_DCZID, 0, UCT | A64_SCTLR_DZE, 0, 0, 0, DCZID_IS, 0 },
    { MRS_DCZID, 0, UCT, 0, 0, 0, DCZID_DENIED, 0 },
    { MRS_DCZID, 1, 0, B(28), 0, 0, DCZID_DENIED, 0 }, /* HCR_EL2.TDZ */
    { MRS_DCZID, 1, 0, 0, B(15), 0, TRAPS, 2 },     /* HFGRTR_EL2.DCZID_EL0 */
    { ZVA_X1, 1, 0, 0, 0, 0, ZEROED, 0 },
    { ZVA_X1, 0, UCT | A64_SCTLR_DZE, 0, 0, 0, ZEROED, 0 },
    { ZVA_X1, 0, UCT, 0, 0, 0, TRAPS, 1 },
    { ZVA_X1, 1, 0, B(28), 0, 0, TRAPS, 2 },
    { ZVA_X1, 1, 0, 0, 0, B(11), TRAPS, 2 },        /* HFGITR_EL2.DCZVA */
    { MRS_TCR, 1, 0, 0, 0, 0, TCR_IS, 0 },
    { MRS_TCR, 1, 0, B(30), 0, 0, TRAPS, 2 },       /* HCR_EL2.TRVM */
    { MRS_TCR, 1, 0, 0, B(32), 0, TRAPS, 2 },       /* HFGRTR_EL2.TCR_EL1 */
};

static void check(struct pe *p, unsigned i, bool ended)
{
    const uint8_t *data = p->ram->host + (PE_DATA - PE_RAM);
    unsigned target = rows[i].target;
    ck_assert_msg(ended == (rows[i].what != TRAPS), "row %u", i);
    switch (rows[i].what) {
    case CTR_IS: ck_assert_uint_eq(p->a->x[0], p->a->config->ctr); break;
    case DCZID_IS: ck_assert_uint_eq(p->a->x[0], 4); break;
    case DCZID_DENIED: ck_assert_uint_eq(p->a->x[0], 0x14); break;
    case TCR_IS: ck_assert_uint_eq(p->a->x[0], VALUE); break;
    case ZEROED: /* the 64 bytes that hold PE_DATA + 70, and no others */
        for (unsigned k = 0; k < 256; k++)
            ck_assert_msg(data[k] == (k >= 64 && k < 128 ? 0 : 0xa5), "row %u, byte %u", i, k);
        break;
    default:
        ck_assert_uint_eq(p->a->el, target);
        ck_assert_uint_eq(p->a->esr[target] >> 26, A64_EC_SYSREG);
        break;
    }
}

START_TEST(values_and_traps)
{
    for (enum exec_mode mode = EXEC_INTERP; mode <= EXEC_JIT; mode++) {
        struct pe p = pe_create("max", mode);
        memset(p.ram->host + (PE_DATA - PE_RAM), 0xa5, 256);
        p.a->x[1] = PE_DATA + 70;
        p.a->tcr[1] = VALUE;
        p.a->scr_el3 |= A64_SCR_NS | A64_SCR_FGTEN | A64_SCR_RW;
        p.a->sctlr[1] = (p.a->sctlr[1] & ~(UCT | A64_SCTLR_DZE)) | rows[_i].sctlr;
        p.a->hcr_el2 |= rows[_i].hcr;
        p.a->hfgrtr_el2 |= rows[_i].hfgrtr;
        p.a->hfgitr_el2 |= rows[_i].hfgitr;
        pe_level(&p, rows[_i].el);
        check(&p, (unsigned)_i, pe_run(&p, &rows[_i].word, 1));
        pe_destroy(&p);
    }
}
END_TEST

/* Read in the block that wrote it, and in the next. */
START_TEST(tcr_is_read_as_written)
{
    const uint32_t words[] = { MRS_TCR, MSR_TCR, MRS_TCR };
    struct pe p = pe_create("max", (enum exec_mode)_i);
    p.a->x[2] = VALUE;
    pe_level(&p, 1);
    ck_assert(pe_run(&p, words, 3));
    ck_assert_uint_eq(p.a->x[0], VALUE);
    pe_destroy(&p);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("cache_ids");
    TCase *tc = tcase_create("cache_ids");
    tcase_add_loop_test(tc, values_and_traps, 0, sizeof(rows) / sizeof(rows[0]));
    tcase_add_loop_test(tc, tcr_is_read_as_written, 0, 2);
    suite_add_tcase(s, tc);
    return s;
}
