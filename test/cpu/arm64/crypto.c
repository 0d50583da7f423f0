/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cryptographic vector helpers, used as software uses the instructions, against the examples of
 * the standards: FIPS 180-4 ("abc"), GB/T 32905-2016 (appendix A.1), GB/T 32907-2016 (appendix A.1).
 */
#include "cpu/arm64/crypto_impl.h"
#include "cpu/arm64/translate_impl.h"
#include "test/check_main.h"
#include "test/sha512_constants.h"
#include <string.h>

typedef union ir_vec vec;

static vec run(ir_vec_fn *fn, vec a, vec b, vec c, uint64_t imm)
{
    vec r = a;
    fn(NULL, &r, &r, &b, &c, imm); /* dst is an operand: it may be */
    return r;
}

static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static const vec zero;
/* The padded message "abc". */
static void abc(uint32_t w[16])
{
    memset(w, 0, 64);
    w[0] = 0x61626380;
    w[15] = 24;
}

/* Registers as software has them: ab, cd, ef, gh with the later letter in lane 1. */
START_TEST(sha512)
{
    static const uint64_t start[8] = { 0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b,
                                       0xa54ff53a5f1d36f1, 0x510e527fade682d1, 0x9b05688c2b3e6c1f,
                                       0x1f83d9abfb41bd6b, 0x5be0cd19137e2179 };
    static const uint64_t digest[8] = { 0xddaf35a193617aba, 0xcc417349ae204131, 0x12e6fa4e89a97ea2,
                                        0x0a9eeee64b55d39a, 0x2192992a274fc1a8, 0x36ba3c23a3feebbd,
                                        0x454d4423643ce80e, 0x2a9ac94fa54ca49f };
    vec s[4], m[8] = { { .d = { 0x6162638000000000, 0 } } };
    m[7].d[1] = 24;
    memcpy(s, start, sizeof(s));
    for (unsigned i = 0; i < 80; i += 2) {
        /* H and G with words and constants; the operands pair what lies across two registers */
        vec sum = { .d = { s[3].d[0] + m[0].d[1] + sha_k[i + 1], s[3].d[1] + m[0].d[0] + sha_k[i] } };
        vec fg = { .d = { s[2].d[1], s[3].d[0] } }, de = { .d = { s[1].d[1], s[2].d[0] } };
        vec t = run(a64_vec_sha512h, sum, fg, de, 0);
        vec next_ef = { .d = { s[1].d[0] + t.d[0], s[1].d[1] + t.d[1] } };
        vec next_ab = run(a64_vec_sha512h2, t, s[1], s[0], 0);
        vec mid = { .d = { m[4].d[1], m[5].d[0] } };
        vec next = run(a64_vec_sha512su1, run(a64_vec_sha512su0, m[0], m[1], zero, 0), m[7], mid, 0);
        s[3] = s[2], s[2] = next_ef, s[1] = s[0], s[0] = next_ab;
        memmove(m, m + 1, 7 * sizeof(*m));
        m[7] = next;
    }
    for (unsigned i = 0; i < 8; i++)
        ck_assert_uint_eq(s[i / 2].d[i % 2] + start[i], digest[i]);
}
END_TEST

/* Lanes hold D, C, B, A and H, G, F, E: the newest word is in lane 3. */
START_TEST(sm3)
{
    static const uint32_t start[8] = { 0x7380166f, 0x4914b2b9, 0x172442d7, 0xda8a0600,
                                       0xa96f30bc, 0x163138aa, 0xe38dee4d, 0xb0fb0e4e };
    static const uint32_t digest[8] = { 0x66c7f0f4, 0x62eeedd9, 0xd1f2d46b, 0xdc10e4e2,
                                        0x4167c487, 0x5cf2f7a2, 0x297da02b, 0x8f4ba8e0 };
    uint32_t w[68];
    vec ad = { .w = { start[3], start[2], start[1], start[0] } }, eh = { .w = { start[7], start[6], start[5], start[4] } };
    abc(w);
    for (unsigned i = 16; i < 68; i += 4) {
        vec m[4], shifted, middle;
        memcpy(m, w + i - 16, 64);
        memcpy(&shifted, w + i - 9, 16);  /* W[j-9] */
        memcpy(&middle, w + i - 13, 16);  /* W[j-13] */
        vec tenth;
        memcpy(&tenth, w + i - 6, 16);    /* W[j-6] */
        vec part = run(a64_vec_sm3partw1, m[0], shifted, m[3], 0);
        part = run(a64_vec_sm3partw2, part, tenth, middle, 0);
        memcpy(w + i, &part, 16);
    }
    for (unsigned i = 0; i < 64; i++) {
        uint32_t t = i < 16 ? 0x79cc4519 : 0x7a879d8a, turned = i % 32 == 0 ? t : a64_rol32(t, i % 32);
        vec constant = { .w = { 0, 0, 0, turned } }, words, both;
        memcpy(&words, w + i, 16);
        for (unsigned n = 0; n < 4; n++)
            both.w[n] = w[i + n % 4] ^ w[i + 4];
        vec ss1 = run(a64_vec_sm3ss1, ad, eh, constant, 0);
        ad = run(a64_vec_sm3tt, ad, ss1, both, i < 16 ? 0 : 1);
        eh = run(a64_vec_sm3tt, eh, ss1, words, i < 16 ? 2 : 3);
    }
    for (unsigned i = 0; i < 4; i++) {
        ck_assert_uint_eq(ad.w[3 - i] ^ start[i], digest[i]);
        ck_assert_uint_eq(eh.w[3 - i] ^ start[4 + i], digest[4 + i]);
    }
}
END_TEST

START_TEST(sm4)
{
    static const uint8_t text[16] = { 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef,
                                      0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54, 0x32, 0x10 };
    static const uint32_t fk[4] = { 0xa3b1bac6, 0x56aa3350, 0x677d9197, 0xb27022dc };
    static const uint32_t cipher[4] = { 0x681edf34, 0xd206965e, 0x86b3e94f, 0x536e4246 };
    vec key, s;
    for (unsigned i = 0; i < 4; i++) {
        s.w[i] = be32(text + 4 * i);
        key.w[i] = s.w[i] ^ fk[i];
    }
    for (unsigned i = 0; i < 32; i += 4) {
        vec constants;
        for (unsigned n = 0; n < 16; n++) /* CK: bytes (4 i + j) * 7, the first one highest */
            constants.b[n] = (uint8_t)(((i + n / 4) * 4 + 3 - n % 4) * 7);
        key = run(a64_vec_sm4ekey, key, constants, zero, 0);
        s = run(a64_vec_sm4e, s, key, zero, 0);
    }
    for (unsigned i = 0; i < 4; i++)
        ck_assert_uint_eq(s.w[3 - i], cipher[i]);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("crypto");
    TCase *tc = tcase_create("crypto");
    tcase_add_test(tc, sha512);
    tcase_add_test(tc, sm3);
    tcase_add_test(tc, sm4);
    suite_add_tcase(s, tc);
    return s;
}
