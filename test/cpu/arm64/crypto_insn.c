/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cryptographic instructions as instructions: decoded, translated and run by both executors. Those that are plain IR
 * against their pseudocode (Arm ARM, C7.2), the others against the helpers that crypto.c tests.
 */
#include "cpu/arm64/crypto_impl.h"
#include "cpu/arm64/translate_impl.h"
#include "test/cpu/arm64/fixture.h"

typedef union ir_vec vec;
/* Operands: the old Vd, Vn, Vm, Va. */
typedef vec model_fn(vec d, vec n, vec m, vec a);

static uint64_t rol64(uint64_t v, unsigned by)
{
    return a64_ror64(v, 64 - by);
}

static vec eor3(vec d, vec n, vec m, vec a)
{
    (void)d;
    return (vec){ .d = { n.d[0] ^ m.d[0] ^ a.d[0], n.d[1] ^ m.d[1] ^ a.d[1] } };
}

static vec bcax(vec d, vec n, vec m, vec a)
{
    (void)d;
    return (vec){ .d = { n.d[0] ^ (m.d[0] & ~a.d[0]), n.d[1] ^ (m.d[1] & ~a.d[1]) } };
}

static vec rax1(vec d, vec n, vec m, vec a)
{
    (void)d, (void)a;
    return (vec){ .d = { n.d[0] ^ rol64(m.d[0], 1), n.d[1] ^ rol64(m.d[1], 1) } };
}

static vec xar45(vec d, vec n, vec m, vec a)
{
    (void)d, (void)a;
    return (vec){ .d = { a64_ror64(n.d[0] ^ m.d[0], 45), a64_ror64(n.d[1] ^ m.d[1], 45) } };
}

static vec xar0(vec d, vec n, vec m, vec a)
{
    (void)d, (void)a;
    return (vec){ .d = { n.d[0] ^ m.d[0], n.d[1] ^ m.d[1] } };
}

static vec product(uint64_t x, uint64_t y)
{
    vec r = { .d = { 0, 0 } };
    for (unsigned i = 0; i < 64; i++)
        if (x >> i & 1) {
            r.d[0] ^= y << i;
            r.d[1] ^= i != 0 ? y >> (64 - i) : 0;
        }
    return r;
}

static vec pmull(vec d, vec n, vec m, vec a)
{
    (void)d, (void)a;
    return product(n.d[0], m.d[0]);
}

static vec pmull2(vec d, vec n, vec m, vec a)
{
    (void)d, (void)a;
    return product(n.d[1], m.d[1]);
}

static vec sha1h(vec d, vec n, vec m, vec a)
{
    (void)d, (void)m, (void)a;
    return (vec){ .w = { a64_rol32(n.w[0], 30) } };
}

static vec sha1su0(vec d, vec n, vec m, vec a)
{
    (void)a;
    return (vec){ .d = { d.d[1] ^ d.d[0] ^ m.d[0], n.d[0] ^ d.d[1] ^ m.d[1] } };
}

static vec sha1su1(vec d, vec n, vec m, vec a)
{
    uint32_t t[4] = { d.w[0] ^ n.w[1], d.w[1] ^ n.w[2], d.w[2] ^ n.w[3], d.w[3] };
    (void)m, (void)a;
    return (vec){ .w = { a64_rol32(t[0], 1), a64_rol32(t[1], 1), a64_rol32(t[2], 1),
                         a64_rol32(t[3], 1) ^ a64_rol32(t[0], 2) } };
}

/* v1 = f(v2, v3, v4) */
static const struct {
    uint32_t word;
    model_fn *model;
} inlined[] = {
    { 0xce031041, eor3 },     { 0xce231041, bcax },    { 0xce638c41, rax1 }, { 0xce83b441, xar45 },
    { 0xce830041, xar0 },     { 0x0ee3e041, pmull },   { 0x4ee3e041, pmull2 },
    { 0x5e280841, sha1h },    { 0x5e033041, sha1su0 }, { 0x5e281841, sha1su1 },
};

static const struct {
    uint32_t word;
    ir_vec_fn *fn;
    bool reads_d;
    uint64_t imm;
} called[] = {
    { 0x4e284841, a64_vec_aese, true },        { 0x4e285841, a64_vec_aesd, true },
    { 0x4e286841, a64_vec_aesmc, false },      { 0x4e287841, a64_vec_aesimc, false },
    { 0x5e030041, a64_vec_sha1, true, 0 },     { 0x5e031041, a64_vec_sha1, true, 1 },
    { 0x5e032041, a64_vec_sha1, true, 2 },     { 0x5e034041, a64_vec_sha256h, true },
    { 0x5e035041, a64_vec_sha256h2, true },    { 0x5e282841, a64_vec_sha256su0, true },
    { 0x5e036041, a64_vec_sha256su1, true },   { 0xce638041, a64_vec_sha512h, true },
    { 0xce638441, a64_vec_sha512h2, true },    { 0xcec08041, a64_vec_sha512su0, true },
    { 0xce638841, a64_vec_sha512su1, true },   { 0xce431041, a64_vec_sm3ss1, false },
    { 0xce43a041, a64_vec_sm3tt, true, 8 },    { 0xce43a441, a64_vec_sm3tt, true, 9 },
    { 0xce43a841, a64_vec_sm3tt, true, 10 },   { 0xce43ac41, a64_vec_sm3tt, true, 11 },
    { 0xce63c041, a64_vec_sm3partw1, true },   { 0xce63c441, a64_vec_sm3partw2, true },
    { 0xce63c841, a64_vec_sm4ekey, false },    { 0xcec08441, a64_vec_sm4e, true },
};

static void fill(struct pe *p, unsigned seed)
{
    uint64_t x = 0x9e3779b97f4a7c15 * (seed + 1);
    for (unsigned i = 0; i < 10; i++) {
        x = x * 6364136223846793005u + 1442695040888963407u;
        p->a->v[i / 2].d[i % 2] = x ^ x >> 29;
    }
}

static vec run_word(struct pe *p, uint32_t word)
{
    ck_assert_msg(pe_run(p, &word, 1), "%08x: ESR %llx", word, (unsigned long long)p->a->esr[1]);
    return p->a->v[1];
}

static struct pe make(enum exec_mode mode)
{
    struct pe p = pe_create("max", mode);
    pe_level(&p, 1);
    return p;
}

START_TEST(inlined_ones)
{
    struct pe p = make(_i ? EXEC_JIT : EXEC_INTERP);
    for (unsigned i = 0; i < ARRAY_LEN(inlined); i++)
        for (unsigned seed = 0; seed < 5; seed++) {
            fill(&p, seed);
            const union ir_vec *v = p.a->v;
            vec expected = inlined[i].model(v[1], v[2], v[3], v[4]), got = run_word(&p, inlined[i].word);
            ck_assert_msg(memcmp(&got, &expected, 16) == 0, "%08x", inlined[i].word);
        }
    pe_destroy(&p);
}
END_TEST

START_TEST(called_ones)
{
    struct pe p = make(_i ? EXEC_JIT : EXEC_INTERP);
    for (unsigned i = 0; i < ARRAY_LEN(called); i++) {
        fill(&p, i);
        const union ir_vec *v = p.a->v;
        vec expected;
        if (called[i].reads_d)
            called[i].fn(NULL, &expected, &v[1], &v[2], &v[3], called[i].imm);
        else
            called[i].fn(NULL, &expected, &v[2], &v[3], &v[4], called[i].imm);
        vec got = run_word(&p, called[i].word);
        ck_assert_msg(memcmp(&got, &expected, 16) == 0, "%08x", called[i].word);
    }
    pe_destroy(&p);
}
END_TEST

/* They trap like all of Advanced SIMD: EC 7. */
START_TEST(trapped_with_fp)
{
    struct pe p = make(EXEC_INTERP);
    p.a->cpacr_el1 = 0;
    pe_level(&p, 1);
    ck_assert(!pe_run(&p, &inlined[0].word, 1));
    ck_assert_uint_eq(p.a->esr[1] >> 26, 7);
    pe_destroy(&p);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("crypto_insn");
    TCase *tc = tcase_create("crypto_insn");
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, inlined_ones, 0, 2);
    tcase_add_loop_test(tc, called_ones, 0, 2);
    tcase_add_test(tc, trapped_with_fp);
    suite_add_tcase(s, tc);
    return s;
}
