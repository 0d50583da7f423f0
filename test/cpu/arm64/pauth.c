/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pointer authentication against AddPAC(), Auth() and Strip() of the Arm ARM: where codes lie, what makes a pointer
 * bad, what failure leaves. The codes themselves are QARMA's, which has a test of its own.
 */
#include "cpu/arm64/qarma.h"
#include "test/cpu/arm64/fixture.h"

enum { IA = A64_KEY_IA, IB = A64_KEY_IB, DA = A64_KEY_DA, DB = A64_KEY_DB };
#define EN_ALL (B(31) | B(30) | B(27) | B(13))
#define MODIFIER 0x1122334455667788ull

/* EL1, 48-bit addresses in both halves, all keys on. */
static struct pe make_for(const char *spec, unsigned level, enum exec_mode mode)
{
    struct pe p = pe_create(spec, mode);
    struct a64_config *c = (struct a64_config *)(uintptr_t)p.a->config;
    c->pauth_level = level;
    for (unsigned i = 0; i < 5; i++) {
        p.a->key_lo[i] = 0x0123456789abcdefull * (i + 1);
        p.a->key_hi[i] = 0xfedcba9876543210ull * (i + 1);
    }
    p.a->tcr[1] = 16 | 16ull << 16;
    p.a->sctlr[1] |= EN_ALL;
    p.a->hcr_el2 |= A64_HCR_API | A64_HCR_APK;
    p.a->scr_el3 |= A64_SCR_API | A64_SCR_APK | A64_SCR_NS;
    pe_level(&p, 1);
    return p;
}

static void set_tcr(struct pe *p, uint64_t value)
{
    p->a->tcr[1] = value;
    a64_update_mode(p->a);
}

static struct pe make(const char *spec, unsigned level)
{
    return make_for(spec, level, EXEC_INTERP);
}

static uint64_t code(const struct pe *p, unsigned key, uint64_t ptr)
{
    return qarma64(ptr, MODIFIER, p->a->key_hi[key], p->a->key_lo[key], QARMA_SIGMA2, 5);
}

#define USER 0x0000ffffdead0000ull
#define KERNEL 0xffff800010203040ull
#define FIELD 0xff7f000000000000ull     /* bits 63:56 and 54:48 */
#define FIELD_TBI 0x007f000000000000ull /* bits 54:48 */
enum { TBI0 = 1, TBI1 = 2, TBID0 = 4, TBID1 = 8 };

/* tbi: TCR_EL1.TBI0, TBI1, TBID0, TBID1. */
static const struct {
    uint64_t ptr;
    unsigned key, tbi;
    uint64_t field, canonical; /* what ext_ptr of AddPAC() is */
} places[] = {
    { USER, IA, 0, FIELD, USER },
    { KERNEL, IA, 0, FIELD, KERNEL },
    { USER, DB, TBI0, FIELD_TBI, USER },
    { USER | 0xabull << 56, DB, TBI0, FIELD_TBI, USER | 0xabull << 56 },
    { USER, IB, TBI0 | TBID0, FIELD, USER },       /* TBID: instruction pointers have no tag */
    { USER, DA, TBI0 | TBID0, FIELD_TBI, USER },
    { KERNEL, DA, TBI0, FIELD, KERNEL },           /* TBI0 does not concern the upper half */
    { KERNEL & ~(0xf0ull << 56), DA, TBI1, FIELD_TBI, KERNEL & ~(0xf0ull << 56) },
};

START_TEST(codes_lie_where_addresses_do_not)
{
    struct pe p = make("max,pauth-qarma5=on", 1);
    unsigned tbi = places[_i].tbi, key = places[_i].key;
    uint64_t ptr = places[_i].ptr, field = places[_i].field;
    set_tcr(&p, p.a->tcr[1] | (uint64_t)(tbi & 3) << 37 | (uint64_t)(tbi >> 2) << 51);
    uint64_t pac = code(&p, key, places[_i].canonical);
    uint64_t with = a64_pac_add(p.a, (enum a64_key)key, ptr, MODIFIER);
    ck_assert_uint_eq(with, (ptr & ~field) | (pac & field));
    ck_assert_uint_eq(a64_pac_strip(p.a, with, key >= DA), ptr);
    ck_assert_uint_eq(a64_pac_auth(p.a, (enum a64_key)key, with, MODIFIER, false), ptr);
    /* FEAT_PAuth2: the code is xor'ed in */
    ((struct a64_config *)(uintptr_t)p.a->config)->pauth_level = 3;
    uint64_t xored = a64_pac_add(p.a, (enum a64_key)key, ptr, MODIFIER);
    ck_assert_uint_eq(xored, ptr ^ (pac & field));
    ck_assert_uint_eq(a64_pac_auth(p.a, (enum a64_key)key, xored, MODIFIER, false), ptr);
    pe_destroy(&p);
}
END_TEST

/* Auth(), without PAuth2: error code 01 for A keys, 10 for B keys, at 62:61, or 54:53 under a tag. */
START_TEST(failure_is_marked)
{
    struct pe p = make("max,pauth-qarma5=on", 1);
    uint64_t with = a64_pac_add(p.a, A64_KEY_IA, USER, MODIFIER);
    ck_assert_uint_eq(a64_pac_auth(p.a, A64_KEY_IA, with ^ B(50), MODIFIER, false), USER | 1ull << 61);
    ck_assert_uint_eq(a64_pac_auth(p.a, A64_KEY_IB, with, MODIFIER, false), USER | 2ull << 61);
    with = a64_pac_add(p.a, A64_KEY_DB, KERNEL, MODIFIER);
    ck_assert_uint_eq(a64_pac_auth(p.a, A64_KEY_DB, with, MODIFIER ^ 1, false), (KERNEL & ~(3ull << 61)) | 2ull << 61);
    set_tcr(&p, p.a->tcr[1] | B(37));
    with = a64_pac_add(p.a, A64_KEY_DA, USER, MODIFIER);
    ck_assert_uint_eq(a64_pac_auth(p.a, A64_KEY_DA, with ^ B(48), MODIFIER, false), USER | 1ull << 53);
    ck_assert(!(p.a->cpu.exit & CPU_EXIT_EXCEPTION));
    pe_destroy(&p);
}
END_TEST

/* AddPAC(): a pointer that is not canonical gets a code that fails, or 0 (FEAT_EPAC). */
START_TEST(bad_pointers_spoil_the_code)
{
    struct pe p = make("max,pauth-qarma5=on", 1);
    uint64_t bad = USER | B(52), pac = code(&p, IA, USER);
    ck_assert_uint_eq(a64_pac_add(p.a, A64_KEY_IA, bad, MODIFIER), USER | ((pac ^ B(62)) & FIELD));
    ((struct a64_config *)(uintptr_t)p.a->config)->pauth_level = 2;
    ck_assert_uint_eq(a64_pac_add(p.a, A64_KEY_IA, bad, MODIFIER), USER);
    ck_assert_uint_eq(a64_pac_add(p.a, A64_KEY_IA, USER, MODIFIER), USER | (pac & FIELD));
    pe_destroy(&p);
}
END_TEST

/* T0SZ = 25: addresses have 39 bits; 64 KiB granule and FEAT_LVA: 52. */
START_TEST(size_follows_the_tables)
{
    struct pe p = make("max,pauth-qarma5=on", 1);
    uint64_t ptr = 0x7f12345678ull, pac = code(&p, IA, ptr);
    set_tcr(&p, 25 | 25ull << 16);
    ck_assert_uint_eq(a64_pac_add(p.a, A64_KEY_IA, ptr, MODIFIER), ptr | (pac & 0xff7fff8000000000ull));
    set_tcr(&p, 12 | 1u << 14);
    ck_assert_uint_eq(a64_pac_add(p.a, A64_KEY_IA, ptr, MODIFIER), ptr | (pac & 0xff70000000000000ull));
    set_tcr(&p, 12); /* 4 KiB without DS: the least is 16 */
    ck_assert_uint_eq(a64_pac_add(p.a, A64_KEY_IA, ptr, MODIFIER), ptr | (pac & FIELD));
    set_tcr(&p, 12 | B(59));
    ck_assert_uint_eq(a64_pac_add(p.a, A64_KEY_IA, ptr, MODIFIER), ptr | (pac & 0xff70000000000000ull));
    pe_destroy(&p);
}
END_TEST

#define PACIA_X0_X1 0xdac10020u
#define AUTIA_X0_X1 0xdac11020u
#define AUTDB_X0_X1 0xdac11c20u
#define PACIASP     0xd503233fu
#define AUTIASP     0xd50323bfu
#define XPACLRI     0xd50320ffu
#define PACGA       0x9ac13002u /* pacga x2, x0, x1 */
#define RETAA       0xd65f0bffu
#define BRAA_X0_X1  0xd71f0801u
#define LDRAA       0xf8208c02u /* ldraa x2, [x0, #64]! */

/* D24.2.40: EC 0x1c, ISS bit 1 data, bit 0 key B. RETAA and its like fault with FEAT_FPACCOMBINE only. */
static const struct {
    unsigned level;
    uint32_t word;
    uint64_t esr; /* 0: no fault by itself */
} fpac[] = {
    { 3, AUTIA_X0_X1, 0 },         { 4, AUTIA_X0_X1, 0x72000000 }, { 5, AUTIA_X0_X1, 0x72000000 },
    { 4, AUTDB_X0_X1, 0x72000003 }, { 5, RETAA, 0x72000000 },      { 5, BRAA_X0_X1, 0x72000000 },
    { 5, LDRAA, 0x72000002 },
};

START_TEST(fpac_faults)
{
    struct pe p = make("max", fpac[_i].level);
    p.a->x[0] = p.a->x[30] = 0x00ff000040100000ull; /* no code is that */
    bool whole = pe_run(&p, &fpac[_i].word, 1);
    ck_assert_int_eq(whole, fpac[_i].esr == 0);
    ck_assert_uint_eq(p.a->esr[1], fpac[_i].esr);
    if (!whole)
        ck_assert_uint_eq(p.a->elr[1], PE_CODE);
    pe_destroy(&p);
}
END_TEST

/* Without FPACCOMBINE the return goes to a bad address, which is what faults. */
START_TEST(plain_fpac_spares_branches)
{
    struct pe p = make("max", 4);
    const uint32_t word = RETAA;
    p.a->x[30] = 0x00ff000040100000ull;
    ck_assert(!pe_run(&p, &word, 1));
    ck_assert_uint_eq(p.a->esr[1] >> 26, 0x21);
    pe_destroy(&p);
}
END_TEST

START_TEST(instructions_work_together)
{
    static const uint32_t words[] = { PACIASP, AUTIASP, PACIA_X0_X1, AUTIA_X0_X1, PACGA };
    for (unsigned mode = 0; mode < 2; mode++) {
        struct pe p = make_for("max,pauth-qarma5=on", 5, mode ? EXEC_JIT : EXEC_INTERP);
        p.a->x[30] = KERNEL, p.a->x[0] = USER, p.a->x[1] = MODIFIER;
        ck_assert(pe_run(&p, words, 5));
        ck_assert_uint_eq(p.a->x[30], KERNEL);
        ck_assert_uint_eq(p.a->x[0], USER);
        ck_assert_uint_eq(p.a->x[2], code(&p, A64_KEY_GA, USER) & 0xffffffff00000000ull);
        ck_assert(pe_run(&p, words, 1));
        ck_assert_uint_ne(p.a->x[30], KERNEL);
        const uint32_t strip = XPACLRI;
        ck_assert(pe_run(&p, &strip, 1));
        ck_assert_uint_eq(p.a->x[30], KERNEL);
        p.a->x[0] = a64_pac_add(p.a, A64_KEY_DA, PE_DATA, 0);
        st_le64(p.ram->host + (PE_DATA + 64 - PE_RAM), 0x1234567890abcdef);
        const uint32_t load = LDRAA;
        ck_assert(pe_run(&p, &load, 1));
        ck_assert_uint_eq(p.a->x[2], 0x1234567890abcdef);
        ck_assert_uint_eq(p.a->x[0], PE_DATA + 64);
        pe_destroy(&p);
    }
}
END_TEST

/* The enables, and the traps of HCR_EL2.API and SCR_EL3.API: EC 9, EL2 before EL3; only what is enabled is trapped. */
START_TEST(enables_and_traps)
{
    struct pe p = make("max", 5);
    const uint32_t word = PACIA_X0_X1, generic = PACGA;
    p.a->sctlr[1] &= ~EN_ALL;
    p.a->hcr_el2 &= ~A64_HCR_API;
    p.a->x[0] = USER;
    pe_level(&p, 1);
    ck_assert(pe_run(&p, &word, 1));
    ck_assert_uint_eq(p.a->x[0], USER);
    ck_assert(!pe_run(&p, &generic, 1)); /* has no enable */
    ck_assert_uint_eq(p.a->el, 2);
    ck_assert_uint_eq(p.a->esr[2], 0x26000000);
    p.a->sctlr[1] |= B(31);
    pe_level(&p, 1);
    ck_assert(!pe_run(&p, &word, 1));
    ck_assert_uint_eq(p.a->el, 2);
    p.a->hcr_el2 |= A64_HCR_API;
    p.a->scr_el3 &= ~A64_SCR_API;
    pe_level(&p, 1);
    ck_assert(!pe_run(&p, &word, 1));
    ck_assert_uint_eq(p.a->el, 3);
    ck_assert_uint_eq(p.a->esr[3], 0x26000000);
    pe_destroy(&p);
}
END_TEST

/* C6.2: in the space of hints they are NOPs without FEAT_PAuth; the others are UNDEFINED. */
START_TEST(absent)
{
    struct pe p = make("max,pauth=off", 0);
    static const uint32_t hints[] = { PACIASP, AUTIASP, XPACLRI, 0xd503211f /* pacia1716 */ };
    p.a->x[30] = p.a->x[17] = USER | B(60);
    ck_assert(pe_run(&p, hints, 4));
    ck_assert_uint_eq(p.a->x[30], USER | B(60));
    ck_assert_uint_eq(p.a->x[17], USER | B(60));
    const uint32_t word = PACIA_X0_X1;
    ck_assert(!pe_run(&p, &word, 1));
    ck_assert_uint_eq(p.a->esr[1], 0x02000000);
    pe_destroy(&p);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("pauth");
    TCase *tc = tcase_create("pauth");
    tcase_add_loop_test(tc, codes_lie_where_addresses_do_not, 0, sizeof(places) / sizeof(places[0]));
    tcase_add_test(tc, failure_is_marked);
    tcase_add_test(tc, bad_pointers_spoil_the_code);
    tcase_add_test(tc, size_follows_the_tables);
    tcase_add_loop_test(tc, fpac_faults, 0, sizeof(fpac) / sizeof(fpac[0]));
    tcase_add_test(tc, plain_fpac_spares_branches);
    tcase_add_test(tc, instructions_work_together);
    tcase_add_test(tc, enables_and_traps);
    tcase_add_test(tc, absent);
    suite_add_tcase(s, tc);
    return s;
}
