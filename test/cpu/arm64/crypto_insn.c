/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cryptographic instructions as instructions: decoded, translated and run by both executors. Those that are plain IR
 * against their pseudocode (Arm ARM, C7.2), SHA-512, SM3 and SM4 against the helpers that crypto.c tests; AES, SHA-1 and
 * SHA-256 against the examples of FIPS 197 (appendices A.1, B and C.1) and FIPS 180-4 ("abc"), whole and one by one.
 */
#include "core/util/sbox.h"
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
    { 0xce638041, a64_vec_sha512h, true },     { 0xce638441, a64_vec_sha512h2, true },
    { 0xcec08041, a64_vec_sha512su0, true },   { 0xce638841, a64_vec_sha512su1, true },
    { 0xce431041, a64_vec_sm3ss1, false },
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

/* ---- programs: operands are numbers of vector registers ---- */
enum {
    AESE = 0x4e284800, AESD = 0x4e285800, AESMC = 0x4e286800, AESIMC = 0x4e287800, EOR = 0x6e201c00, ADD = 0x4ea08400,
    ORR = 0x4ea01c00, SHA1C = 0x5e000000, SHA1P = 0x5e001000, SHA1M = 0x5e002000, SHA1SU0 = 0x5e003000,
    SHA1H = 0x5e280800, SHA1SU1 = 0x5e281800, SHA256H = 0x5e004000, SHA256H2 = 0x5e005000, SHA256SU0 = 0x5e282800,
    SHA256SU1 = 0x5e006000,
};
struct program {
    uint32_t words[32];
    size_t n;
};

static void two(struct program *p, uint32_t op, unsigned d, unsigned n)
{
    p->words[p->n++] = op | n << 5 | d;
}

static void three(struct program *p, uint32_t op, unsigned d, unsigned n, unsigned m)
{
    two(p, op | m << 16, d, n);
}

/* `apart`: each by itself, so that nothing is joined. */
static void run_program(struct pe *p, const struct program *q, bool apart)
{
    for (size_t i = 0; apart && i < q->n; i++)
        ck_assert(pe_run(p, &q->words[i], 1));
    if (!apart)
        ck_assert(pe_run(p, q->words, q->n));
}

/* FIPS 197, appendix C.1: the key schedule is that of 5.2. */
static void expand_key(uint8_t w[176])
{
    uint8_t constant = 1;
    for (unsigned i = 0; i < 16; i++)
        w[i] = (uint8_t)i;
    for (unsigned i = 16; i < 176; i += 4) {
        uint8_t t[4] = { w[i - 4], w[i - 3], w[i - 2], w[i - 1] };
        if (i % 16 == 0) {
            uint8_t first = t[0];
            t[0] = sbox_aes[t[1]] ^ constant;
            t[1] = sbox_aes[t[2]];
            t[2] = sbox_aes[t[3]];
            t[3] = sbox_aes[first];
            constant = (uint8_t)(constant << 1 ^ (constant & 0x80 ? 0x1b : 0));
        }
        for (unsigned n = 0; n < 4; n++)
            w[i + n] = w[i - 16 + n] ^ t[n];
    }
}

/* State in v0, round keys from v1 on. */
START_TEST(aes128)
{
    static const vec plain = { .b = { 0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa,
                                      0xbb, 0xcc, 0xdd, 0xee, 0xff } };
    static const vec cipher = { .b = { 0x69, 0xc4, 0xe0, 0xd8, 0x6a, 0x7b, 0x04, 0x30, 0xd8, 0xcd, 0xb7,
                                       0x80, 0x70, 0xb4, 0xc5, 0x5a } };
    struct pe p = make(_i & 1 ? EXEC_JIT : EXEC_INTERP);
    struct program forth = { .n = 0 }, keys = { .n = 0 }, back = { .n = 0 };
    uint8_t w[176];
    expand_key(w);
    memcpy(&p.a->v[1], w, sizeof(w));
    p.a->v[0] = plain;
    for (unsigned r = 0; r < 10; r++) {
        two(&forth, AESE, 0, 1 + r);
        if (r < 9)
            two(&forth, AESMC, 0, 0);
        if (r > 0)
            two(&keys, AESIMC, 1 + r, 1 + r);
    }
    three(&forth, EOR, 0, 0, 11);
    run_program(&p, &forth, _i & 2);
    ck_assert_mem_eq(&p.a->v[0], &cipher, 16);
    for (unsigned r = 10; r > 0; r--) { /* the equivalent inverse cipher, 5.3.5 */
        two(&back, AESD, 0, 1 + r);
        if (r > 1)
            two(&back, AESIMC, 0, 0);
    }
    three(&back, EOR, 0, 0, 1);
    run_program(&p, &keys, _i & 2);
    run_program(&p, &back, _i & 2);
    ck_assert_mem_eq(&p.a->v[0], &plain, 16);
    pe_destroy(&p);
}
END_TEST

/* The padded message "abc". */
static void abc(vec m[4])
{
    memset(m, 0, 64);
    m[0].w[0] = 0x61626380;
    m[3].w[3] = 24;
}

static void check_digest(const vec v[2], const vec start[2], const uint32_t *digest, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        ck_assert_msg(v[i / 4].w[i % 4] + start[i / 4].w[i % 4] == digest[i], "word %u: %08x, not %08x", i,
                      v[i / 4].w[i % 4] + start[i / 4].w[i % 4], digest[i]);
}

/* v0 A to D, v1 E; v4 to v7 the schedule, v8 its sum with the constants in v9. */
START_TEST(sha1)
{
    static const uint32_t constants[4] = { 0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6 };
    static const uint32_t functions[4] = { SHA1C, SHA1P, SHA1M, SHA1P };
    static const uint32_t digest[5] = { 0xa9993e36, 0x4706816a, 0xba3e2571, 0x7850c26c, 0x9cd0d89d };
    static const vec start[2] = { { .w = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476 } }, { .w = { 0xc3d2e1f0 } } };
    struct pe p = make(_i & 1 ? EXEC_JIT : EXEC_INTERP);
    memcpy(p.a->v, start, sizeof(start));
    abc(&p.a->v[4]);
    for (unsigned i = 0; i < 80; i += 4) {
        struct program q = { .n = 0 };
        uint32_t k = constants[i / 20];
        unsigned w[4];
        for (unsigned n = 0; n < 4; n++)
            w[n] = 4 + (i / 4 + n) % 4;
        p.a->v[9] = (vec){ .w = { k, k, k, k } };
        three(&q, ADD, 8, w[0], 9);
        two(&q, SHA1H, 2, 0);
        three(&q, functions[i / 20], 0, 1, 8);
        three(&q, ORR, 1, 2, 2);
        three(&q, SHA1SU0, w[0], w[1], w[2]);
        two(&q, SHA1SU1, w[0], w[3]);
        run_program(&p, &q, _i & 2);
    }
    check_digest(p.a->v, start, digest, 5);
    pe_destroy(&p);
}
END_TEST

/* FIPS 180-4, 4.2.2 */
static const uint32_t sha256_k[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

/* v0 A to D, v1 E to H, v2 the former before; v4 to v7 the schedule; constants from v16 on, 16 rounds a program. */
START_TEST(sha256)
{
    static const uint32_t digest[8] = { 0xba7816bf, 0x8f01cfea, 0x414140de, 0x5dae2223,
                                        0xb00361a3, 0x96177a9c, 0xb410ff61, 0xf20015ad };
    static const vec start[2] = { { .w = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a } },
                                  { .w = { 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 } } };
    struct pe p = make(_i & 1 ? EXEC_JIT : EXEC_INTERP);
    memcpy(p.a->v, start, sizeof(start));
    abc(&p.a->v[4]);
    memcpy(&p.a->v[16], sha256_k, sizeof(sha256_k));
    for (unsigned i = 0; i < 64; i += 16) {
        struct program q = { .n = 0 };
        for (unsigned r = 0; r < 4; r++) {
            unsigned w = 4 + r, next = 4 + (r + 1) % 4;
            three(&q, ADD, 8, w, 16 + i / 4 + r);
            two(&q, SHA256SU0, w, next);
            three(&q, ORR, 2, 0, 0);
            three(&q, SHA256H, 0, 1, 8);
            three(&q, SHA256H2, 1, 2, 8);
            three(&q, SHA256SU1, w, 4 + (r + 2) % 4, 4 + (r + 3) % 4);
        }
        run_program(&p, &q, _i & 2);
    }
    check_digest(p.a->v, start, digest, 8);
    pe_destroy(&p);
}
END_TEST

/* Both executors make the same of any operands, of registers that are one and the same, and of neighbours that join. */
START_TEST(executors_agree)
{
    static const uint32_t ops[] = { AESE, AESMC, AESD, AESIMC, EOR, SHA1C, SHA1P, SHA1M, SHA1SU0, SHA1SU1, SHA1H,
                                    SHA256H, SHA256H2, SHA256SU0, SHA256SU1, 0x0ee0e000, 0x4ee0e000 /* PMULL, PMULL2 */ };
    struct pe a = make(EXEC_INTERP), b = make(EXEC_JIT);
    uint64_t x = 0x123456789abcdef;
    for (unsigned i = 0; i < 2000; i++) {
        struct program q = { .n = 0 };
        fill(&a, i);
        memcpy(b.a->v, a.a->v, sizeof(a.a->v));
        while (q.n < 12) {
            x = x * 6364136223846793005u + 1442695040888963407u;
            uint32_t op = ops[(x >> 33) % (i & 1 ? 5 : ARRAY_LEN(ops))];
            bool two_registers = (op & 0x00380000) == 0x00280000;
            two(&q, op | (two_registers ? 0 : (uint32_t)(x >> 40 & 3) << 16), x >> 44 & 3, x >> 48 & 3);
        }
        run_program(&a, &q, false);
        run_program(&b, &q, false);
        ck_assert_msg(memcmp(a.a->v, b.a->v, sizeof(a.a->v)) == 0, "program %u", i);
    }
    pe_destroy(&a);
    pe_destroy(&b);
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
    tcase_add_loop_test(tc, aes128, 0, 4);
    tcase_add_loop_test(tc, sha1, 0, 4);
    tcase_add_loop_test(tc, sha256, 0, 4);
    tcase_add_test(tc, executors_agree);
    tcase_add_test(tc, trapped_with_fp);
    suite_add_tcase(s, tc);
    return s;
}
