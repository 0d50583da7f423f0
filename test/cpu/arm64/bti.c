/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where branches end: PSTATE.BTYPE in the SPSR of what keeps a target's first instruction from being checked
 * (Arm ARM, D8.4.6, D1.3.5.6), what TBI leaves of a target (BranchAddr()), permission of maintenance by address.
 */
#include "test/cpu/arm64/fixture.h"

enum { BR_X0 = 0xd61f0000, BR_X16 = 0xd61f0200, BLR_X0 = 0xd63f0000, BTI_J = 0xd503249f, NOP = 0xd503201f,
       DC_IVAC = 0xd5087620, DC_CVAC = 0xd50b7a20 };
#define GP       (1ull << 50)
#define AF       (1ull << 10)
#define AP_RO    (1ull << 7)
#define FAR_PAGE (PE_RAM + (4u << 20)) /* of another block than the code */

static const enum exec_mode modes[] = { EXEC_INTERP, EXEC_JIT };

/* Everything guarded but for `other`'s attributes, the block of FAR_PAGE. */
static struct pe make(enum exec_mode mode, uint64_t set, uint64_t clear)
{
    struct pe p = pe_create("max", mode);
    p.a->scr_el3 |= A64_SCR_NS | A64_SCR_RW;
    p.a->hcr_el2 |= B(31);
    pe_map(&p, 0xff, false);
    uint64_t *l2 = (uint64_t *)(void *)(p.ram->host + (PE_TABLES - PE_RAM)) + 512;
    for (unsigned i = 0; i < PE_SIZE >> 21; i++)
        l2[i] |= GP;
    l2[2] = (l2[2] | set) & ~clear;
    pe_level(&p, 1);
    const uint32_t nop = NOP; /* a guarded page is seen */
    ck_assert(pe_run(&p, &nop, 1));
    pe_level(&p, 1);
    return p;
}

static unsigned btype_of(uint64_t spsr)
{
    return spsr >> 10 & 3;
}

/* BTypeNext: BR 11, through x16 01, BLR 10 */
static const struct {
    uint32_t word;
    unsigned reg, btype;
} branches[] = { { BR_X0, 0, 3 }, { BR_X16, 16, 1 }, { BLR_X0, 0, 2 } };

START_TEST(btype_is_kept_when_the_fetch_faults)
{
    static const struct {
        uint64_t set, clear, fsc;
    } faults[] = { { 0, AF, 0x0a }, { 0, 1, 0x06 }, { 1ull << 53, 0, 0x0e } /* PXN */ };
    for (size_t m = 0; m < ARRAY_LEN(modes); m++)
        for (size_t f = 0; f < ARRAY_LEN(faults); f++) {
            struct pe p = make(modes[m], faults[f].set, faults[f].clear);
            p.a->x[branches[_i].reg] = FAR_PAGE;
            ck_assert(!pe_run(&p, &branches[_i].word, 1));
            ck_assert_uint_eq(p.a->esr[1], A64_ESR(A64_EC_IABORT, faults[f].fsc));
            ck_assert_uint_eq(btype_of(p.a->spsr[1]), branches[_i].btype);
            pe_destroy(&p);
        }
}
END_TEST

START_TEST(btype_is_kept_by_debug_exceptions)
{
    const uint32_t landing[] = { BTI_J, NOP };
    for (size_t m = 0; m < ARRAY_LEN(modes); m++)
        for (unsigned step = 0; step < 2; step++) {
            struct pe p = make(modes[m], 0, 0);
            pe_put(&p, FAR_PAGE, landing, 2);
            p.a->x[0] = FAR_PAGE;
            p.a->oslsr = 0;
            p.a->mdscr_el1 = B(13) | (step ? 1 : B(15));
            p.a->dbgbvr[0] = FAR_PAGE;
            p.a->dbgbcr[0] = 1 | 1 << 1 | 15 << 5;
            p.a->daif = 0;
            p.a->ss = step;
            pe_level(&p, 1);
            ck_assert(!pe_run(&p, &branches[0].word, 1));
            ck_assert_uint_eq(p.a->esr[1] >> 26, step ? A64_EC_STEP : A64_EC_BREAK);
            ck_assert_uint_eq(p.a->elr[1], FAR_PAGE);
            ck_assert_uint_eq(btype_of(p.a->spsr[1]), 3);
            pe_destroy(&p);
        }
}
END_TEST

START_TEST(misaligned_target_keeps_btype)
{
    struct pe p = make(modes[_i], 0, 0);
    p.a->x[0] = FAR_PAGE + 2;
    ck_assert(!pe_run(&p, &branches[0].word, 1));
    ck_assert_uint_eq(p.a->esr[1], A64_ESR(A64_EC_PC_ALIGN, 0));
    ck_assert_uint_eq(btype_of(p.a->spsr[1]), 3);
    pe_destroy(&p);
}
END_TEST

/* With one range of addresses a tag is replaced by zeros, whatever bit 55 is; with two, by bit 55. */
START_TEST(tags_of_targets)
{
    static const struct {
        unsigned el;
        uint64_t target, far;
    } rows[] = {
        { 2, 0xa57f000000000000, 0x007f000000000000 }, { 2, 0xa5ff000000000000, 0x00ff000000000000 },
        { 1, 0xa57f000000000000, 0x007f000000000000 }, { 1, 0xa5ff000000000000, 0xffff000000000000 },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct pe p = make(modes[_i], 0, 0);
        p.a->tcr[1] |= 3ull << 37; /* TBI0, TBI1 */
        p.a->x[0] = rows[i].target;
        pe_level(&p, rows[i].el);
        ck_assert(!pe_run(&p, &branches[0].word, 1));
        ck_assert_uint_eq(p.a->esr[rows[i].el] >> 26, A64_EC_IABORT);
        ck_assert_uint_eq(p.a->far[rows[i].el], rows[i].far);
        pe_destroy(&p);
    }
}
END_TEST

/* DC IVAC wants the right to write, at EL1 too; DC CVAC wants nothing there. ISS: CM, WnR. */
START_TEST(permission_of_maintenance)
{
    struct pe p = make(modes[_i], AP_RO, 0);
    const uint32_t ivac = DC_IVAC, cvac = DC_CVAC;
    p.a->x[0] = FAR_PAGE;
    ck_assert(pe_run(&p, &cvac, 1));
    ck_assert(!pe_run(&p, &ivac, 1));
    ck_assert_uint_eq(p.a->esr[1], A64_ESR(A64_EC_DABORT, 0x0e | 1 << 8 | 1 << 6));
    pe_destroy(&p);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("cpu/arm64/bti");
    TCase *t = tcase_create("targets");
    tcase_add_loop_test(t, btype_is_kept_when_the_fetch_faults, 0, ARRAY_LEN(branches));
    tcase_add_test(t, btype_is_kept_by_debug_exceptions);
    tcase_add_loop_test(t, misaligned_target_keeps_btype, 0, ARRAY_LEN(modes));
    tcase_add_loop_test(t, tags_of_targets, 0, ARRAY_LEN(modes));
    tcase_add_loop_test(t, permission_of_maintenance, 0, ARRAY_LEN(modes));
    suite_add_tcase(s, t);
    return s;
}
