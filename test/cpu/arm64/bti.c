/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where branches end (Arm ARM, D8.4.6, D1.3.5.6): which targets a branch may have, at which levels that is asked, and
 * that neither new code nor a new mapping is judged by what was there before; PSTATE.BTYPE in the SPSR of what keeps a
 * target's first instruction from being checked; what TBI leaves of a target (BranchAddr()); permission of maintenance
 * by address.
 */
#include "test/cpu/arm64/fixture.h"

enum { BR_X0 = 0xd61f0000, BR_X16 = 0xd61f0200, BLR_X0 = 0xd63f0000, BLR_X1 = 0xd63f0020, RET = 0xd65f03c0,
       BTI_C = 0xd503245f, BTI_J = 0xd503249f, NOP = 0xd503201f, ISB = 0xd5033fdf, IC_IVAU_X1 = 0xd50b7521,
       IC_IALLU = 0xd508751f, TLBI_X2 = 0xd5088762 /* tlbi vaae1, x2 */,
       MSR_TTBR0_X3 = 0xd5182003, DC_IVAC = 0xd5087620, DC_CVAC = 0xd50b7a20 };
#define GP       (1ull << 50)
#define AF       (1ull << 10)
#define NG       (1ull << 11)
#define AP_USER  (1ull << 6)
#define AP_RO    (1ull << 7)
#define TARGET   (PE_RAM + 0x200100)   /* in a block of 2 MiB of its own */
#define FAR_PAGE (PE_RAM + (4u << 20)) /* of another block than the code */
#define VECTORS  FAR_PAGE              /* where EL0 may write elsewhere: EL1 does not execute that */

static const enum exec_mode modes[] = { EXEC_INTERP, EXEC_JIT };

static void change(struct pe *p, unsigned block, uint64_t set, uint64_t clear)
{
    uint8_t *entry = p->ram->host + (PE_TABLES - PE_RAM) + 4096 + 8 * block;
    st_le64(entry, (ld_le64(entry) | set) & ~clear);
}

static struct pe make_mapped(enum exec_mode mode, bool user, bool guarded)
{
    struct pe p = pe_create("max", mode);
    pe_map(&p, 0xff, user);
    for (unsigned i = 0; i < PE_SIZE >> 21; i++)
        change(&p, i, guarded ? GP : 0, 0);
    return p;
}

/* ---- what is asked of a target ---- */
static struct pe make(enum exec_mode mode, unsigned el, bool guarded)
{
    struct pe p = make_mapped(mode, el == 0, guarded);
    const uint32_t wait = WFI;
    for (unsigned i = 0; i < 16; i++)
        pe_put(&p, VECTORS + 0x80 * i, &wait, 1);
    change(&p, 2, 0, AP_USER);
    p.a->vbar[1] = VECTORS;
    pe_level(&p, el);
    return p;
}

static bool call(struct pe *p, const uint32_t *words, size_t n, unsigned el)
{
    p->a->x[1] = TARGET;
    p->a->btype = 0;
    pe_level(p, el);
    return pe_run(p, words, n);
}

static void put_target(struct pe *p, uint32_t first)
{
    const uint32_t code[] = { first, RET };
    pe_put(p, TARGET, code, 2);
}

static const struct {
    uint32_t first;
    unsigned el;
    bool guarded, passes;
} targets[] = {
    { BTI_C, 1, true, true },  { NOP, 1, true, false }, { BTI_J, 1, true, false },
    { NOP, 1, false, true },   { BTI_C, 0, true, true }, { NOP, 0, true, false },
};

START_TEST(calls_need_a_landing_pad)
{
    for (enum exec_mode mode = EXEC_INTERP; mode <= EXEC_JIT; mode++) {
        struct pe p = make(mode, targets[_i].el, targets[_i].guarded);
        const uint32_t word = BLR_X1;
        put_target(&p, targets[_i].first);
        for (unsigned round = 0; round < 2; round++) { /* also when it is remembered */
            ck_assert_int_eq(call(&p, &word, 1, targets[_i].el), targets[_i].passes);
            if (targets[_i].passes)
                continue;
            ck_assert_uint_eq(p.a->esr[1], A64_ESR(A64_EC_BTI, 2)); /* BTYPE of a call */
            ck_assert_uint_eq(p.a->elr[1], TARGET);
        }
        pe_destroy(&p);
    }
}
END_TEST

/* User space with guarded pages does not make EL1 ask. */
START_TEST(levels_are_apart)
{
    struct pe p = make(EXEC_JIT, 0, true);
    const uint32_t word = BLR_X1;
    put_target(&p, BTI_C);
    ck_assert(call(&p, &word, 1, 0));
    ck_assert(p.a->level[0].mode & A64_MODE_BTI);
    ck_assert(!(p.a->level[1].mode & A64_MODE_BTI));
    pe_destroy(&p);
}
END_TEST

/* What IC makes visible is looked at again. */
START_TEST(new_code_is_judged_anew)
{
    const uint32_t first = BLR_X1, again[][3] = { { IC_IVAU_X1, ISB, BLR_X1 }, { IC_IALLU, ISB, BLR_X1 } };
    struct pe p = make((enum exec_mode)(_i % 2), 1, true);
    put_target(&p, BTI_C);
    ck_assert(call(&p, &first, 1, 1));
    put_target(&p, NOP);
    p.a->x[1] = TARGET;
    ck_assert(!pe_run(&p, again[_i / 2], 3)); /* no pe_level: that flushes */
    ck_assert_uint_eq(p.a->esr[1], A64_ESR(A64_EC_BTI, 2));
    pe_destroy(&p);
}
END_TEST

/* A TLBI of any page of a block of 2 MiB concerns all targets in it. */
START_TEST(new_mappings_are_judged_anew)
{
    const uint32_t first = BLR_X1, again[] = { TLBI_X2, ISB, BLR_X1 };
    struct pe p = make((enum exec_mode)_i, 1, true);
    put_target(&p, NOP);
    change(&p, 1, 0, GP);
    ck_assert(call(&p, &first, 1, 1));
    change(&p, 1, GP, 0);
    p.a->x[1] = TARGET;
    p.a->x[2] = (PE_RAM + 0x205000) >> 12;
    ck_assert(!pe_run(&p, again, 3));
    ck_assert_uint_eq(p.a->esr[1], A64_ESR(A64_EC_BTI, 2));
    pe_destroy(&p);
}
END_TEST

/* What was found good in one address space says nothing of another. */
START_TEST(spaces_are_judged_apart)
{
    const uint32_t first = BLR_X1, again[] = { MSR_TTBR0_X3, ISB, BLR_X1 };
    struct pe p = make((enum exec_mode)_i, 1, true);
    put_target(&p, NOP);
    change(&p, 1, NG, GP);
    ck_assert(call(&p, &first, 1, 1));
    change(&p, 1, GP, 0);
    p.a->x[1] = TARGET;
    p.a->x[3] = p.a->ttbr0[1] ^ 1ull << 48; /* another ASID */
    ck_assert(!pe_run(&p, again, 3));
    ck_assert_uint_eq(p.a->esr[1], A64_ESR(A64_EC_BTI, 2));
    pe_destroy(&p);
}
END_TEST

/* ---- what keeps it from being asked, what an address becomes ---- */
/* Everything guarded but for the attributes of FAR_PAGE's block. */
static struct pe make_far(enum exec_mode mode, uint64_t set, uint64_t clear)
{
    struct pe p = make_mapped(mode, false, true);
    p.a->scr_el3 |= A64_SCR_NS | A64_SCR_RW;
    p.a->hcr_el2 |= A64_HCR_RW;
    change(&p, 2, set, clear);
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
            struct pe p = make_far(modes[m], faults[f].set, faults[f].clear);
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
            struct pe p = make_far(modes[m], 0, 0);
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
    struct pe p = make_far(modes[_i], 0, 0);
    p.a->x[0] = FAR_PAGE + 2;
    ck_assert(!pe_run(&p, &branches[0].word, 1));
    ck_assert_uint_eq(p.a->esr[1], A64_ESR(A64_EC_PC_ALIGN, 0));
    ck_assert_uint_eq(btype_of(p.a->spsr[1]), 3);
    pe_destroy(&p);
}
END_TEST

/* A target whose access flag hardware has yet to set (TCR_EL1.HA) is checked all the same. */
START_TEST(first_access_to_a_target)
{
    for (size_t m = 0; m < ARRAY_LEN(modes); m++)
        for (unsigned pad = 0; pad < 2; pad++) {
            struct pe p = make_far(modes[m], 0, AF);
            const uint32_t target[] = { pad ? BTI_J : NOP, WFI };
            pe_put(&p, FAR_PAGE, target, 2);
            p.a->x[0] = FAR_PAGE;
            p.a->tcr[1] |= B(39);
            pe_level(&p, 1);
            ck_assert(!pe_run(&p, &branches[0].word, 1));
            ck_assert_uint_eq(p.a->esr[1], pad ? 0 : A64_ESR(A64_EC_BTI, 3));
            ck_assert(ld_le64(p.ram->host + (PE_TABLES - PE_RAM) + 4096 + 8 * 2) & AF);
            if (pad)
                ck_assert_uint_eq(p.a->cpu.pc, FAR_PAGE + 8);
            pe_destroy(&p);
        }
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
        struct pe p = make_far(modes[_i], 0, 0);
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
    struct pe p = make_far(modes[_i], AP_RO, 0);
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
    TCase *c = tcase_create("checks");
    tcase_add_loop_test(c, calls_need_a_landing_pad, 0, ARRAY_LEN(targets));
    tcase_add_test(c, levels_are_apart);
    tcase_add_loop_test(c, new_code_is_judged_anew, 0, 4);
    tcase_add_loop_test(c, new_mappings_are_judged_anew, 0, 2);
    tcase_add_loop_test(c, spaces_are_judged_apart, 0, 2);
    suite_add_tcase(s, c);
    TCase *t = tcase_create("targets");
    tcase_add_loop_test(t, btype_is_kept_when_the_fetch_faults, 0, ARRAY_LEN(branches));
    tcase_add_test(t, btype_is_kept_by_debug_exceptions);
    tcase_add_loop_test(t, misaligned_target_keeps_btype, 0, ARRAY_LEN(modes));
    tcase_add_test(t, first_access_to_a_target);
    tcase_add_loop_test(t, tags_of_targets, 0, ARRAY_LEN(modes));
    tcase_add_loop_test(t, permission_of_maintenance, 0, ARRAY_LEN(modes));
    suite_add_tcase(s, t);
    return s;
}
