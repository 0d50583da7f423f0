/* SPDX-License-Identifier: Apache-2.0 */
/* CSRs of LoongArch against the manual's tables: what is read after a reset, what a write of ones and zeros leaves. */
#include "test/cpu/loongarch/fixture.h"

/* Manual, 6.4 (reset) and the registers' own tables; `ones`: what a write of all ones makes of it. */
static const struct { uint32_t number; const char *name; uint64_t reset, ones, zeros; } rows[] = {
    { 0x000, "CRMD", 0x8, 0x3ff, 0 },
    { 0x001, "PRMD", 0, 0xf, 0 },
    { 0x002, "EUEN", 0, 0x7, 0 },
    { 0x003, "MISC", 0, 0x7feee, 0 },
    { 0x004, "ECFG", 0, 0x75fff, 0 },                        /* LIE 12:0, message 14, VS */
    { 0x005, "ESTAT", 0, 0x3, 0 },                           /* two software interrupts */
    { 0x006, "ERA", 0, ~0ull, 0 },
    { 0x007, "BADV", 0, ~0ull, 0 },
    { 0x008, "BADI", 0, 0, 0 },
    { 0x00c, "EENTRY", 0, ~0xfffull, 0 },
    { 0x010, "TLBIDX", 0, 0xffffffffbf000fff, 0 },           /* 32 bits, sign-extended */
    { 0x011, "TLBEHI", 0, ~0x1fffull, 0 },
    { 0x012, "TLBELO0", 0, 0xe000fffffffff07f, 0 },
    { 0x013, "TLBELO1", 0, 0xe000fffffffff07f, 0 },
    { 0x018, "ASID", 0xa0000, 0xa03ff, 0xa0000 },
    { 0x019, "PGDL", 0, ~0xfffull, 0 },
    { 0x01a, "PGDH", 0, ~0xfffull, 0 },
    { 0x01c, "PWCL", 0, ~0ull, 0 },
    { 0x01d, "PWCH", 0, 0x1ffffff, 0 },
    { 0x01e, "STLBPS", 0, 0x3f, 0 },
    { 0x01f, "RVACFG", 0, 0xf, 0 },
    { 0x020, "CPUID", 3, 3, 3 },
    { 0x030, "SAVE0", 0, ~0ull, 0 },
    { 0x037, "SAVE7", 0, ~0ull, 0 },
    { 0x040, "TID", 0, ~0ull, 0 },
    { 0x042, "TVAL", 0, 0, 0 },
    { 0x043, "CNTC", 0, ~0ull, 0 },
    { 0x044, "TICLR", 0, 0, 0 },
    { 0x060, "LLBCTL", 0, 4, 0 },
    { 0x088, "TLBRENTRY", 0, 0xfffffffff000, 0 },
    { 0x089, "TLBRBADV", 0, ~0ull, 0 },
    { 0x08a, "TLBRERA", 0, ~2ull, 0 },
    { 0x08b, "TLBRSAVE", 0, ~0ull, 0 },
    { 0x08c, "TLBRELO0", 0, 0xe000fffffffff07f, 0 },
    { 0x08d, "TLBRELO1", 0, 0xe000fffffffff07f, 0 },
    { 0x08e, "TLBREHI", 0, 0xffffffffffffe03f, 0 },
    { 0x08f, "TLBRPRMD", 0, 0x17, 0 },
    { 0x090, "MERRCTL", 0, 0x1fdc, 0 },
    { 0x093, "MERRENTRY", 0, 0xfffffffff000, 0 },
    { 0x0a0, "MSGIS0", 0, 0, 0 },
    { 0x0a4, "MSGIR", 0xffffffff80000000, 0xffffffff80000000, 0xffffffff80000000 },
    { 0x0a5, "MSGIE", 0, 0xff, 0 },
    { 0x180, "DMW0", 0, 0xf00000000000003f, 0 },
    { 0x183, "DMW3", 0, 0xf00000000000003f, 0 },
    { 0x200, "PMCFG0", 0, 0x1f03ff, 0 },
    { 0x300, "MWPC", 8, 8, 8 },
    { 0x301, "MWPS", 0, 0x10000, 0 },
    { 0x310, "MWP0CFG1", 0, ~0ull, 0 },
    { 0x312, "MWP0CFG3", 0, 0xf9e, 0 },                      /* DMOnly is debug mode's */
    { 0x390 + 7 * 8 + 3, "FWP7CFG4", 0, 0x3ff, 0 },
    { 0x380, "FWPC", 8, 8, 8 },
    { 0x500, "DBG", 2, 2, 2 },
    { 0x501, "DERA", 0, ~0ull, 0 },
    { 0x00d, "none", 0, 0, 0 },
    { 0x038, "SAVE8 of eight", 0, 0, 0 },
    { 0x3fff, "none", 0, 0, 0 },
};

START_TEST(reset_values_and_masks)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct core c = core_create("max");
        uint64_t reset = la_csr_read(c.la, rows[i].number);
        la_csr_write(c.la, rows[i].number, ~0ull);
        uint64_t ones = la_csr_peek(c.la, rows[i].number);
        la_csr_write(c.la, rows[i].number, 0);
        uint64_t zeros = la_csr_read(c.la, rows[i].number);
        ck_assert_msg(reset == rows[i].reset, "%s: %#llx after reset", rows[i].name, (unsigned long long)reset);
        ck_assert_msg(ones == rows[i].ones, "%s: %#llx after ones", rows[i].name, (unsigned long long)ones);
        ck_assert_msg(zeros == rows[i].zeros, "%s: %#llx after zeros", rows[i].name, (unsigned long long)zeros);
        core_destroy(&c);
    }
}
END_TEST

/* PRCFG3: TLB type 2, 64 entries of the MTLB, eight ways of 2^8 sets. */
START_TEST(alignment_is_checked_where_there_is_no_other_access)
{
    struct core c = core_create("max,ual=off");
    ck_assert_uint_eq(CSR(c, MISC), 0xf000);
    ck_assert(c.la->mode & LA_MODE_ALIGN);
    SET_CSR(c, MISC, 0);
    ck_assert_uint_eq(CSR(c, MISC), 0xf000);
    core_destroy(&c);
}
END_TEST

START_TEST(configuration_of_la464)
{
    struct core c = core_create("la464");
    ck_assert_uint_eq(CSR(c, PRCFG1) & 0xf, 8);
    ck_assert_uint_eq(CSR(c, PRCFG1) >> 4 & 0xff, 47);
    ck_assert_uint_eq(CSR(c, PRCFG3), 0x8073f2);
    SET_CSR(c, PWCH, ~0ull);
    ck_assert_uint_eq(CSR(c, PWCH), 0xffffff); /* no hardware walk: HPTW_En is not there */
    SET_CSR(c, ECFG, ~0ull);
    ck_assert_uint_eq(CSR(c, ECFG), 0x71fff);
    core_destroy(&c);
}
END_TEST

/* Every row is found under each of its numbers, and under no other. */
START_TEST(numbers)
{
    struct core c = core_create("max");
    uint32_t number, last = 0, n = 0;
    for (; la_csr_number(&c.la->cpu, n, &number); n++) {
        uint32_t index;
        const struct la_csr *csr = la_csr_find(c.la->config, number, &index);
        ck_assert(csr != NULL && (n == 0 || number > last));
        ck_assert_uint_eq(csr->number + index * MAX(csr->step, 1u), number);
        last = number;
    }
    ck_assert_uint_gt(n, 100);
    for (uint32_t i = 1; i < la_n_csrs; i++)
        ck_assert_uint_gt(la_csrs[i].number, la_csrs[i - 1].number);
    core_destroy(&c);
}
END_TEST

/* CSR.PGD: by bit VALEN-1 of BADV, or of TLBRBADV in a refill handler. */
START_TEST(pgd)
{
    struct core c = core_create("la464");
    SET_CSR(c, PGDL, 0x1000);
    SET_CSR(c, PGDH, 0x2000);
    SET_CSR(c, BADV, 0xffff800000000000);
    SET_CSR(c, TLBRBADV, 0x7fffffffffff);
    ck_assert_uint_eq(CSR(c, PGD), 0x2000);
    SET_CSR(c, TLBRERA, 1);
    ck_assert_uint_eq(CSR(c, PGD), 0x1000);
    core_destroy(&c);
}
END_TEST

START_TEST(llbctl)
{
    struct core c = core_create("la464");
    c.la->cpu.reserved = true;
    ck_assert_uint_eq(CSR(c, LLBCTL), 1);
    SET_CSR(c, LLBCTL, 0);
    ck_assert_uint_eq(CSR(c, LLBCTL), 1);
    SET_CSR(c, LLBCTL, 4 | 2);
    ck_assert_uint_eq(CSR(c, LLBCTL), 4);
    core_destroy(&c);
}
END_TEST

/* FCSR1 to FCSR3 are Enables, Flags and Cause, RM of FCSR0, in their places. */
START_TEST(fcsr_views)
{
    struct core c = core_create("la464");
    la_set_fcsr(c.la, 0, ~0ull);
    ck_assert_uint_eq(la_get_fcsr(c.la, 0), 0x1f1f031f);
    ck_assert_uint_eq(la_get_fcsr(c.la, 1), 0x1f);
    ck_assert_uint_eq(la_get_fcsr(c.la, 2), 0x1f1f0000);
    ck_assert_uint_eq(la_get_fcsr(c.la, 3), 0x300);
    la_set_fcsr(c.la, 2, 0x00100000); /* V alone */
    ck_assert_uint_eq(la_get_fcsr(c.la, 0), 0x0010031f);
    ck_assert_uint_eq(c.la->cpu.fp_flags, CPU_FP_INVALID);
    core_destroy(&c);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("cpu/loongarch/csr");
    TCase *t = tcase_create("csr");
    tcase_add_test(t, reset_values_and_masks);
    tcase_add_test(t, alignment_is_checked_where_there_is_no_other_access);
    tcase_add_test(t, configuration_of_la464);
    tcase_add_test(t, numbers);
    tcase_add_test(t, pgd);
    tcase_add_test(t, llbctl);
    tcase_add_test(t, fcsr_views);
    suite_add_tcase(s, t);
    return s;
}
