/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copies and sets: Arm ARM, C6.2, CPYFP to SETGE with option A: what lies in memory, and what registers and NZCV
 * say after each stage, at the end and at faults.
 */
#include "test/cpu/arm64/fixture.h"

/* [X0]!, [X1]!, X2! with options; stage 0 prologue, 1 main, 2 epilogue. SET*: data in X1. */
#define CPYF(stage, options) (0x19000400u | (stage) << 22 | 1u << 16 | (options) << 12 | 2u << 5)
#define CPY(stage, options)  (0x1d000400u | (stage) << 22 | 1u << 16 | (options) << 12 | 2u << 5)
#define SETP(stage, options) (0x19c00400u | (stage) << 14 | 1u << 16 | (options) << 12 | 2u << 5)
#define SETGP(stage, options) (0x1dc00400u | (stage) << 14 | 1u << 16 | (options) << 12 | 2u << 5)
#define ALL(form, options)   { form(0u, options), form(1u, options), form(2u, options) }
#define MSCEN B(33)
#define ROOM (3u << 20)

static struct pe make(enum exec_mode mode)
{
    struct pe p = pe_create("max", mode);
    p.a->scr_el3 |= A64_SCR_NS | A64_SCR_HXEN | A64_SCR_RW;
    p.a->hcr_el2 |= B(31);
    p.a->hcrx_el2 |= B(11);
    pe_level(&p, 2);
    pe_map(&p, 0xff, false);
    pe_level(&p, 2);
    for (unsigned i = 0; i < ROOM; i++)
        p.ram->host[PE_DATA - PE_RAM + i] = (uint8_t)(i * 7 + (i >> 8) * 13 + (i >> 16));
    return p;
}

static void set_x(struct pe *p, uint64_t x0, uint64_t x1, uint64_t x2)
{
    p->a->x[0] = x0, p->a->x[1] = x1, p->a->x[2] = x2;
    a64_set_nzcv(p->a, 0xf0000000);
}

static uint8_t *at(struct pe *p, uint64_t offset)
{
    return p->ram->host + (PE_DATA - PE_RAM) + offset;
}

/* Offsets of destination and source, size; forward: what registers show in between. */
static const struct {
    uint32_t dst, src, size;
    bool only_forward, forward;
} copies[] = {
    { 0x100000, 0, 0, true, true },             { 0x100001, 3, 1, true, true },
    { 0x100000, 0x20, 4096, true, true },       { 0x100003, 0x21, 70000, true, true },
    { 0x100000, 0, 0, false, true },            { 0x100007, 2, 300, false, true },
    { 0x1000, 0, 0x3000, false, false },        /* overlaps from below: backwards */
    { 0x1003, 0x1001, 0x2345, false, false },   { 0, 0x1000, 0x3000, false, true },
    { 0x1ff, 0x200, 5000, false, true },        { 0x1000, 0x0, 0x1000, false, true }, /* only touches */
};

static void check_copy(unsigned row, enum exec_mode mode)
{
    static const uint32_t words[2][3] = { ALL(CPY, 0u), ALL(CPYF, 0u) };
    static uint8_t expected[ROOM];
    uint64_t dst = PE_DATA + copies[row].dst, src = PE_DATA + copies[row].src, size = copies[row].size;
    const uint32_t *w = words[copies[row].only_forward];
    struct pe p = make(mode);
    memcpy(expected, at(&p, 0), ROOM);
    memmove(expected + copies[row].dst, expected + copies[row].src, size);
    set_x(&p, dst, src, size);
    ck_assert(pe_run(&p, w, 1));
    bool forward = copies[row].forward;
    ck_assert_uint_eq(p.a->x[0], forward ? dst + size : dst);
    ck_assert_uint_eq(p.a->x[1], forward ? src + size : src);
    ck_assert_uint_eq(p.a->x[2], forward ? 0 - size : size);
    ck_assert_uint_eq(a64_get_nzcv(p.a), 0);
    ck_assert(pe_run(&p, w + 1, 2));
    ck_assert_uint_eq(p.a->x[0], forward ? dst + size : dst);
    ck_assert_uint_eq(p.a->x[1], forward ? src + size : src);
    ck_assert_uint_eq(p.a->x[2], 0);
    ck_assert_mem_eq(expected, at(&p, 0), ROOM);
    pe_destroy(&p);
}

START_TEST(copies_in_c)
{
    check_copy((unsigned)_i, EXEC_INTERP);
}
END_TEST

START_TEST(copies_translated)
{
    check_copy((unsigned)_i, EXEC_JIT);
}
END_TEST

START_TEST(sets)
{
    static const uint32_t words[3] = ALL(SETP, 0u), by_zero[1] = { 0xaa1f03e1 }; /* mov x1, xzr */
    static const uint32_t sizes[] = { 0, 1, 15, 4096, 100001 };
    struct pe p = make(EXEC_INTERP);
    (void)by_zero;
    for (unsigned i = 0; i < ARRAY_LEN(sizes); i++) {
        set_x(&p, PE_DATA + 5, 0x1234567890abcdc0 + i, sizes[i]);
        at(&p, 5)[sizes[i]] = 0x77;
        ck_assert(pe_run(&p, words, 3));
        ck_assert_uint_eq(p.a->x[0], PE_DATA + 5 + sizes[i]);
        ck_assert_uint_eq(p.a->x[1], 0x1234567890abcdc0 + i);
        ck_assert_uint_eq(p.a->x[2], 0);
        for (unsigned n = 0; n < sizes[i]; n++)
            ck_assert_uint_eq(at(&p, 5)[n], 0xc0 + i);
        ck_assert_uint_eq(at(&p, 5)[sizes[i]], 0x77);
    }
    pe_destroy(&p);
}
END_TEST

/* CPYF*: 2^63 - 1 at most; CPY*: 2^55 - 1; SETG*: the same in whole granules. */
START_TEST(sizes_saturate)
{
    static const struct {
        uint32_t word;
        uint64_t most;
    } rows[] = { { CPYF(0u, 0u), 0x7fffffffffffffff }, { CPY(0u, 0u), 0x007fffffffffffff },
                 { SETP(0u, 0u), 0x7fffffffffffffff }, { SETGP(0u, 0u), 0x7ffffffffffffff0 } };
    struct pe p = make(EXEC_INTERP);
    for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
        set_x(&p, PE_DATA, PE_DATA + 0x100, 0xfffffffffffffff0);
        if (i == 1)
            p.a->x[1] = PE_DATA - 0x100; /* the destination is inside the source: positive */
        ck_assert(pe_run(&p, &rows[i].word, 1));
        ck_assert_uint_eq(p.a->x[2], i == 1 ? rows[i].most : 0 - rows[i].most);
    }
    pe_destroy(&p);
}
END_TEST

/* RAM ends at PE_RAM + PE_SIZE, and so does what is mapped. */
#define END (PE_RAM + PE_SIZE)
static const struct {
    uint64_t dst, src, size;
    unsigned form;                 /* 0 CPYF, 1 CPY, 2 SET */
    uint64_t x0, x1, x2, far;
    unsigned wnr;
} faults[] = {
    { END - 100, PE_DATA, 300, 0, END + 200, PE_DATA + 300, 0 - 200ull, END, 1 },
    { PE_DATA + 1, END - 4097, 5000, 0, PE_DATA + 5001, END + 903, 0 - 903ull, END, 0 },
    { END - 0x2001, 7, 0x2009, 2, END + 8, 7, 0 - 8ull, END, 1 },
    { END - 0x100, END - 0x200, 0x180, 1, END - 0x100, END - 0x200, 0x180, END + 0x78, 1 }, /* backwards, in eights */
};

START_TEST(registers_at_faults)
{
    static const uint32_t words[3][3] = { ALL(CPYF, 0u), ALL(CPY, 0u), ALL(SETP, 0u) };
    for (unsigned mode = 0; mode < 2; mode++) {
        struct pe p = make(mode ? EXEC_JIT : EXEC_INTERP);
        uint8_t *end = p.ram->host + PE_SIZE, first = at(&p, 0)[0];
        set_x(&p, faults[_i].dst, faults[_i].src, faults[_i].size);
        ck_assert(!pe_run(&p, words[faults[_i].form], 3));
        ck_assert_uint_eq(p.a->elr[2], PE_CODE + 4);
        ck_assert_uint_eq(p.a->esr[2] >> 26, 0x25);
        ck_assert_uint_eq(p.a->esr[2] >> 6 & 1, faults[_i].wnr);
        ck_assert_uint_eq(p.a->esr[2] >> 24 & 1, 0); /* no ISV */
        ck_assert_uint_eq(p.a->far[2], faults[_i].far);
        ck_assert_uint_eq(p.a->x[0], faults[_i].x0);
        ck_assert_uint_eq(p.a->x[1], faults[_i].x1);
        ck_assert_uint_eq(p.a->x[2], faults[_i].x2);
        if (_i == 0)
            ck_assert_uint_eq(end[-100], first);
        if (_i == 2)
            ck_assert_uint_eq(end[-1], 7);
        pe_destroy(&p);
    }
}
END_TEST

/* EC 0x27. ISS: 24 set, 23 SETG, 22:19 options, 18 epilogue, 17 wrong option, 16 option A, then registers. */
static const struct {
    uint32_t word;
    uint64_t size;
    bool option_b;   /* PSTATE.C */
    uint32_t iss;    /* 0: goes on */
} mismatches[] = {
    { CPYF(1u, 5u), 0 - 16ull, true, 5u << 19 | 3u << 16 | 1u << 5 | 2 },
    { CPY(2u, 0u), 16, true, 1u << 18 | 3u << 16 | 1u << 5 | 2 },
    { CPY(2u, 0u), 0, true, 0 },                /* nothing is left: nothing is checked */
    { CPYF(2u, 0u), 0 - 5000ull, false, 1u << 18 | 1u << 16 | 1u << 5 | 2 }, /* no main before it */
    { CPYF(1u, 0u), 16, false, 1u << 16 | 1u << 5 | 2 }, /* never positive */
    { SETP(1u, 2u), 0 - 16ull, true, 1u << 24 | 2u << 19 | 3u << 16 | 1u << 5 | 2 },
    { SETGP(2u, 0u), 0 - 16ull, true, 3u << 23 | 1u << 18 | 3u << 16 | 1u << 5 | 2 },
};

START_TEST(mismatched)
{
    struct pe p = make(EXEC_INTERP);
    p.a->x[0] = PE_DATA + 0x10000, p.a->x[1] = PE_DATA + 0x20000, p.a->x[2] = mismatches[_i].size;
    a64_set_nzcv(p.a, mismatches[_i].option_b ? 1u << 29 : 0);
    ck_assert_int_eq(pe_run(&p, &mismatches[_i].word, 1), mismatches[_i].iss == 0);
    if (mismatches[_i].iss != 0)
        ck_assert_uint_eq(p.a->esr[2], 0x27ull << 26 | 1u << 25 | mismatches[_i].iss);
    ck_assert_uint_eq(p.a->x[2], mismatches[_i].size);
    pe_destroy(&p);
}
END_TEST

/* HCRX_EL2.MSCEn for EL1, MCE2 sends its mismatches to EL2; SCTLR_EL1.MSCEn for EL0. */
START_TEST(enables)
{
    struct pe p = make(EXEC_INTERP);
    const uint32_t main_stage = CPYF(1u, 0u), prologue = CPYF(0u, 0u);
    p.a->hcrx_el2 = 0;
    pe_level(&p, 1);
    ck_assert(!pe_run(&p, &prologue, 1));
    ck_assert_uint_eq(p.a->esr[1], 0x02000000);
    p.a->hcrx_el2 = B(11);
    set_x(&p, PE_DATA, PE_DATA, 0 - 16ull);
    pe_level(&p, 1);
    ck_assert(!pe_run(&p, &main_stage, 1));
    ck_assert_uint_eq(p.a->el, 1);
    ck_assert_uint_eq(p.a->esr[1] >> 26, 0x27);
    p.a->hcrx_el2 |= B(10);
    pe_level(&p, 1);
    a64_set_nzcv(p.a, 1u << 29);
    ck_assert(!pe_run(&p, &main_stage, 1));
    ck_assert_uint_eq(p.a->el, 2);
    ck_assert_uint_eq(p.a->esr[2] >> 26, 0x27);
    p.a->sctlr[1] &= ~(MSCEN | A64_SCTLR_M);
    pe_level(&p, 0);
    ck_assert(!pe_run(&p, &prologue, 1));
    ck_assert_uint_eq(p.a->esr[1], 0x02000000);
    p.a->sctlr[1] |= MSCEN;
    pe_level(&p, 0);
    ck_assert(pe_run(&p, &prologue, 1));
    pe_destroy(&p);
}
END_TEST

/* Unprivileged forms at EL1: RAM is EL1's alone here, so the half that acts as EL0 faults. */
START_TEST(unprivileged)
{
    static const struct {
        unsigned options, wnr;
        bool good;
    } rows[] = { { 0, 0, true }, { 1, 1, false }, { 2, 0, false }, { 3, 0, false }, { 12, 0, true } };
    for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
        const uint32_t words[3] = ALL(CPYF, rows[i].options);
        struct pe p = make(EXEC_INTERP);
        p.a->sctlr[1] |= MSCEN;
        pe_level(&p, 1);
        set_x(&p, PE_DATA, PE_DATA + 0x1000, 64);
        ck_assert_int_eq(pe_run(&p, words, 3), rows[i].good);
        if (!rows[i].good) {
            ck_assert_uint_eq(p.a->esr[1] & ~(1u << 6), 0x25ull << 26 | 1u << 25 | 0x0e); /* permission, level 2 */
            ck_assert_uint_eq(p.a->esr[1] >> 6 & 1, rows[i].wnr);
            ck_assert_uint_eq(p.a->x[2], 0 - 64ull);
        }
        pe_destroy(&p);
        p = make(EXEC_INTERP);
        pe_map(&p, 0xff, true);
        p.a->sctlr[1] |= MSCEN;
        pe_level(&p, 1);
        set_x(&p, PE_DATA + 3, PE_DATA + 0x1000, 333);
        /* code that EL0 may write EL1 may not execute: it runs with stage 1 as EL0 */
        pe_level(&p, 0);
        ck_assert(pe_run(&p, words, 3));
        ck_assert_mem_eq(at(&p, 3), at(&p, 0x1000), 333);
        pe_destroy(&p);
    }
}
END_TEST

START_TEST(same_registers_are_undefined)
{
    struct pe p = make(EXEC_INTERP);
    const uint32_t words[] = { CPYF(0u, 0u) & ~(31u << 16), (CPYF(0u, 0u) & ~(31u << 5)) | 1u << 5,
                               SETP(0u, 0u) & ~(31u << 5) };
    for (unsigned i = 0; i < ARRAY_LEN(words); i++) {
        pe_level(&p, 2);
        ck_assert(!pe_run(&p, &words[i], 1));
        ck_assert_uint_eq(p.a->esr[2], 0x02000000);
    }
    pe_destroy(&p);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("mops");
    TCase *tc = tcase_create("mops");
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, copies_in_c, 0, ARRAY_LEN(copies));
    tcase_add_loop_test(tc, copies_translated, 0, ARRAY_LEN(copies));
    tcase_add_test(tc, sets);
    tcase_add_test(tc, sizes_saturate);
    tcase_add_loop_test(tc, registers_at_faults, 0, ARRAY_LEN(faults));
    tcase_add_loop_test(tc, mismatched, 0, ARRAY_LEN(mismatches));
    tcase_add_test(tc, enables);
    tcase_add_test(tc, unprivileged);
    tcase_add_test(tc, same_registers_are_undefined);
    suite_add_tcase(s, tc);
    return s;
}
