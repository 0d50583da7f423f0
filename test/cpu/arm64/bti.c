/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Branch target identification (Arm ARM, D8.4.6): which targets a call may have, at which levels that is asked, and
 * that neither new code nor a new mapping is judged by what was there before.
 */
#include "test/cpu/arm64/fixture.h"

#define BLR_X1     0xd63f0020u
#define BTI_C      0xd503245fu
#define BTI_J      0xd503249fu
#define NOP        0xd503201fu
#define RET        0xd65f03c0u
#define IC_IVAU_X1 0xd50b7521u
#define IC_IALLU   0xd508751fu
#define TLBI_X2    0xd5088762u /* tlbi vaae1, x2 */
#define ISB        0xd5033fdfu
#define TARGET     (PE_RAM + 0x200100) /* in a block of 2 MiB of its own */
#define VECTORS    (PE_RAM + 0x400000) /* likewise: EL1 does not execute what EL0 may write */

static uint8_t *entry_of(struct pe *p, unsigned block)
{
    return p->ram->host + (PE_TABLES - PE_RAM) + 4096 + 8 * block;
}

static void set_guarded(struct pe *p, unsigned block, bool on)
{
    uint8_t *entry = entry_of(p, block);
    st_le64(entry, on ? ld_le64(entry) | B(50) : ld_le64(entry) & ~B(50));
}

static struct pe make(enum exec_mode mode, unsigned el, bool guarded)
{
    struct pe p = pe_create("max", mode);
    pe_map(&p, 0xff, el == 0);
    for (unsigned i = 0; i < PE_SIZE >> 21; i++)
        set_guarded(&p, i, guarded);
    const uint32_t wait = WFI;
    for (unsigned i = 0; i < 16; i++)
        pe_put(&p, VECTORS + 0x80 * i, &wait, 1);
    st_le64(entry_of(&p, 2), ld_le64(entry_of(&p, 2)) & ~B(6));
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
    set_guarded(&p, 1, false);
    ck_assert(call(&p, &first, 1, 1));
    set_guarded(&p, 1, true);
    p.a->x[1] = TARGET;
    p.a->x[2] = (PE_RAM + 0x205000) >> 12;
    ck_assert(!pe_run(&p, again, 3));
    ck_assert_uint_eq(p.a->esr[1], A64_ESR(A64_EC_BTI, 2));
    pe_destroy(&p);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("bti");
    TCase *tc = tcase_create("bti");
    tcase_add_loop_test(tc, calls_need_a_landing_pad, 0, sizeof(targets) / sizeof(targets[0]));
    tcase_add_test(tc, levels_are_apart);
    tcase_add_loop_test(tc, new_code_is_judged_anew, 0, 4);
    tcase_add_loop_test(tc, new_mappings_are_judged_anew, 0, 2);
    suite_add_tcase(s, tc);
    return s;
}
