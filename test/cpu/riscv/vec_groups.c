/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Element group operations, put together to the algorithms they are for, against the standards' examples: FIPS 197
 * appendices A and B, FIPS 180-4 ("abc"), the GCM specification's test case 2, GB/T 32907 and 32905, appendices A.
 */
#include "core/util/bytes.h"
#include "cpu/riscv/vec_crypto_impl.h"
#include "test/check_main.h"
#include "test/sha512_constants.h"
#include <string.h>

static union ir_vec bytes_of(const char *hex)
{
    union ir_vec v = { .d = { 0, 0 } };
    for (unsigned i = 0; i < 32; i++)
        v.b[i / 2] |= (uint8_t)(strchr("0123456789abcdef", hex[i]) - "0123456789abcdef") << (i % 2 ? 0 : 4);
    return v;
}

static bool equal(union ir_vec a, union ir_vec b)
{
    return a.d[0] == b.d[0] && a.d[1] == b.d[1];
}

/* ---- AES ---- */
START_TEST(aes_128_appendix_b)
{
    union ir_vec key[11] = { bytes_of("2b7e151628aed2a6abf7158809cf4f3c") }, s;
    const union ir_vec clear = bytes_of("3243f6a8885a308d313198a2e0370734"),
                       cipher = bytes_of("3925841d02dc09fbdc118597196a0b32");
    for (unsigned i = 1; i <= 10; i++)
        rv_group_vaeskf1(&key[i], &key[i - 1], NULL, i);
    ck_assert(equal(key[1], bytes_of("a0fafe1788542cb123a339392a6c7605")));
    ck_assert(equal(key[10], bytes_of("d014f9a8c9ee2589e13f0cc8b6630ca6")));
    s = clear;
    rv_group_vaesz(&s, &key[0], NULL, 0);
    for (unsigned i = 1; i < 10; i++)
        rv_group_vaesem(&s, &key[i], NULL, 0);
    rv_group_vaesef(&s, &key[10], NULL, 0);
    ck_assert(equal(s, cipher));
    rv_group_vaesz(&s, &key[10], NULL, 0);
    for (unsigned i = 9; i > 0; i--)
        rv_group_vaesdm(&s, &key[i], NULL, 0);
    rv_group_vaesdf(&s, &key[0], NULL, 0);
    ck_assert(equal(s, clear));
}
END_TEST

START_TEST(aes_256_schedule_appendix_a3)
{
    union ir_vec k[15] = { bytes_of("603deb1015ca71be2b73aef0857d7781"), bytes_of("1f352c073b6108d72d9810a30914dff4") };
    for (unsigned i = 2; i < 15; i++) {
        k[i] = k[i - 2];
        rv_group_vaeskf2(&k[i], &k[i - 1], NULL, i);
    }
    ck_assert(equal(k[2], bytes_of("9ba354118e6925afa51a8b5f2067fcde")));
    ck_assert(equal(k[3], bytes_of("a8b09c1a93d194cdbe49846eb75d5b9a")));
    ck_assert(equal(k[14], bytes_of("fe4890d1e6188d0b046df344706c631e")));
}
END_TEST

/* Immediates that are none: bit 3 is inverted, so that 0 is 8 and 11 is 3; of VAESKF2 0 and 1 are 8 and 9, 15 is 7. */
START_TEST(rounds_out_of_range)
{
    static const uint8_t kf1[16] = { 8, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 3, 4, 5, 6, 7 };
    static const uint8_t kf2[16] = { 8, 9, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 7 };
    for (unsigned i = 0; i < 32; i++) {
        ck_assert_uint_eq(rv_aeskf1_round(i), kf1[i & 15]);
        ck_assert_uint_eq(rv_aeskf2_round(i), kf2[i & 15]);
    }
    ck_assert_uint_eq(rv_aes_constant(1), 1);
    ck_assert_uint_eq(rv_aes_constant(8), 0x80);
    ck_assert_uint_eq(rv_aes_constant(9), 0x1b);
    ck_assert_uint_eq(rv_aes_constant(10), 0x36);
}
END_TEST

/* ---- GHASH ---- */
START_TEST(gcm_test_case_2)
{
    const union ir_vec h = bytes_of("66e94bd4ef8a2c3b884cfa59ca342b2e"), c = bytes_of("0388dace60b6a392f328c2b971b2fe78"),
                       lengths = bytes_of("00000000000000000000000000000080");
    union ir_vec y = { .d = { 0, 0 } }, z = c;
    rv_group_vghsh(&y, &h, &c, 0);
    ck_assert(equal(y, bytes_of("5e2ec746917062882c85b0685353deb7")));
    rv_group_vgmul(&z, &h, NULL, 0);
    ck_assert(equal(z, y));
    rv_group_vghsh(&y, &h, &lengths, 0);
    ck_assert(equal(y, bytes_of("f38cbb1ad69223dcc3457ae5b6b0f885")));
}
END_TEST

/* ---- SHA-2: FIPS 180-4, 4.2.2, 4.2.3, 5.3; SHA-256's constants are the upper halves of SHA-512's ---- */
static const uint64_t initial[8] = {
    0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
    0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
};

/* The block of "abc": its one bit, zeros, and 24, the length in bits. */
START_TEST(sha_256_abc)
{
    static const uint32_t want[8] = { 0xba7816bf, 0x8f01cfea, 0x414140de, 0x5dae2223,
                                      0xb00361a3, 0x96177a9c, 0xb410ff61, 0xf20015ad };
    union ir_vec w[4] = { { .w = { 0x61626380 } }, { .w = { 0 } }, { .w = { 0 } }, { .w = { 0, 0, 0, 24 } } };
    uint32_t h[8];
    for (unsigned i = 0; i < 8; i++)
        h[i] = (uint32_t)(initial[i] >> 32);
    union ir_vec abef = { .w = { h[5], h[4], h[1], h[0] } }, cdgh = { .w = { h[7], h[6], h[3], h[2] } };
    for (unsigned i = 0; i < 64; i += 4) {
        union ir_vec *now = &w[i / 4 % 4], sum = *now;
        for (unsigned k = 0; k < 4; k++)
            sum.w[k] += (uint32_t)(sha_k[i + k] >> 32);
        rv_group_vsha2cl32(&cdgh, &abef, &sum, 0);
        rv_group_vsha2ch32(&abef, &cdgh, &sum, 0);
        const union ir_vec *second = &w[(i / 4 + 1) % 4], *third = &w[(i / 4 + 2) % 4], *fourth = &w[(i / 4 + 3) % 4];
        union ir_vec middle = { .w = { second->w[0], third->w[1], third->w[2], third->w[3] } };
        rv_group_vsha2ms32(now, &middle, fourth, 0);
    }
    const uint32_t got[8] = { abef.w[3], abef.w[2], cdgh.w[3], cdgh.w[2], abef.w[1], abef.w[0], cdgh.w[1], cdgh.w[0] };
    for (unsigned i = 0; i < 8; i++)
        ck_assert_uint_eq((uint32_t)(got[i] + h[i]), want[i]);
}
END_TEST

START_TEST(sha_512_abc)
{
    static const uint64_t want[8] = { 0xddaf35a193617aba, 0xcc417349ae204131, 0x12e6fa4e89a97ea2, 0x0a9eeee64b55d39a,
                                      0x2192992a274fc1a8, 0x36ba3c23a3feebbd, 0x454d4423643ce80e, 0x2a9ac94fa54ca49f };
    union ir_vec w[4][2] = { { { .d = { 0x6162638000000000 } }, { .d = { 0 } } } };
    const uint64_t *h = initial;
    w[3][1].d[1] = 24;
    union ir_vec abef[2] = { { .d = { h[5], h[4] } }, { .d = { h[1], h[0] } } },
                 cdgh[2] = { { .d = { h[7], h[6] } }, { .d = { h[3], h[2] } } };
    for (unsigned i = 0; i < 80; i += 4) {
        union ir_vec *now = w[i / 4 % 4], sum[2] = { now[0], now[1] };
        for (unsigned k = 0; k < 4; k++)
            sum[k / 2].d[k % 2] += sha_k[i + k];
        rv_group_vsha2cl64(cdgh, abef, sum, 0);
        rv_group_vsha2ch64(abef, cdgh, sum, 0);
        const union ir_vec *second = w[(i / 4 + 1) % 4], *third = w[(i / 4 + 2) % 4], *fourth = w[(i / 4 + 3) % 4];
        union ir_vec middle[2] = { { .d = { second[0].d[0], third[0].d[1] } }, third[1] };
        rv_group_vsha2ms64(now, middle, fourth, 0);
    }
    const uint64_t got[8] = { abef[1].d[1], abef[1].d[0], cdgh[1].d[1], cdgh[1].d[0],
                              abef[0].d[1], abef[0].d[0], cdgh[0].d[1], cdgh[0].d[0] };
    for (unsigned i = 0; i < 8; i++)
        ck_assert_uint_eq(got[i] + h[i], want[i]);
}
END_TEST

/* ---- SM4, SM3 ---- */
START_TEST(sm4_appendix_a)
{
    static const uint32_t block[4] = { 0x01234567, 0x89abcdef, 0xfedcba98, 0x76543210 },
                          fk[4] = { 0xa3b1bac6, 0x56aa3350, 0x677d9197, 0xb27022dc },
                          want[4] = { 0x681edf34, 0xd206965e, 0x86b3e94f, 0x536e4246 };
    union ir_vec s, k;
    for (unsigned i = 0; i < 4; i++) {
        s.w[i] = block[i];
        k.w[i] = block[i] ^ fk[i];
    }
    for (unsigned round = 0; round < 8; round++) {
        rv_group_vsm4k(&k, &k, NULL, round);
        if (round == 0)
            ck_assert_uint_eq(k.w[0], 0xf12186f9);
        rv_group_vsm4r(&s, &k, NULL, 0);
    }
    for (unsigned i = 0; i < 4; i++)
        ck_assert_uint_eq(s.w[3 - i], want[i]);
}
END_TEST

START_TEST(sm3_abc)
{
    static const uint32_t iv[8] = { 0x7380166f, 0x4914b2b9, 0x172442d7, 0xda8a0600,
                                    0xa96f30bc, 0x163138aa, 0xe38dee4d, 0xb0fb0e4e };
    static const uint32_t want[8] = { 0x66c7f0f4, 0x62eeedd9, 0xd1f2d46b, 0xdc10e4e2,
                                      0x4167c487, 0x5cf2f7a2, 0x297da02b, 0x8f4ba8e0 };
    union ir_vec w[18] = { { .b = { 'a', 'b', 'c', 0x80 } } }, s[2]; /* 72 words */
    w[3].b[15] = 24;
    for (unsigned i = 4; i < 18; i += 2)
        rv_group_vsm3me(&w[i], &w[i - 2], &w[i - 4], 0);
    for (unsigned i = 0; i < 8; i++)
        s[i / 4].w[i % 4] = __builtin_bswap32(iv[i]);
    for (unsigned round = 0; round < 32; round++) {
        union ir_vec now[2];
        for (unsigned i = 0; i < 8; i++)
            now[i / 4].w[i % 4] = w[(2 * round + i) / 4 % 18].w[(2 * round + i) % 4];
        rv_group_vsm3c(s, now, NULL, round);
    }
    for (unsigned i = 0; i < 8; i++)
        ck_assert_uint_eq(__builtin_bswap32(s[i / 4].w[i % 4]) ^ iv[i], want[i]);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("cpu/riscv/vec_groups");
    TCase *c = tcase_create("standards");
    tcase_add_test(c, aes_128_appendix_b);
    tcase_add_test(c, aes_256_schedule_appendix_a3);
    tcase_add_test(c, rounds_out_of_range);
    tcase_add_test(c, gcm_test_case_2);
    tcase_add_test(c, sha_256_abc);
    tcase_add_test(c, sha_512_abc);
    tcase_add_test(c, sm4_appendix_a);
    tcase_add_test(c, sm3_abc);
    suite_add_tcase(s, c);
    return s;
}
