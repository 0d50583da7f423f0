/* SPDX-License-Identifier: Apache-2.0 */
/* QARMA-64: the vectors of Avanzi's paper (appendix A.1), and both forms against each other. */
#include "cpu/arm64/qarma.h"
#include "test/check_main.h"

static const uint64_t W0 = 0x84be85ce9804e94b, K0 = 0xec2802d4e0a488e9, TWEAK = 0x477d469dec0b8762,
                      TEXT = 0xfb623599da6e8127;
static const struct {
    enum qarma_sbox sbox;
    unsigned rounds;
    uint64_t cipher;
} vectors[] = {
    { QARMA_SIGMA0, 5, 0x3ee99a6c82af0c38 },
    { QARMA_SIGMA1, 5, 0x544b0ab95bda7c3a },
    { QARMA_SIGMA2, 5, 0xc003b93999b33765 },
};

START_TEST(paper_vectors)
{
    enum qarma_sbox sbox = vectors[_i].sbox;
    unsigned rounds = vectors[_i].rounds;
    ck_assert_uint_eq(qarma64_portable(TEXT, TWEAK, W0, K0, sbox, rounds), vectors[_i].cipher);
    ck_assert_uint_eq(qarma64(TEXT, TWEAK, W0, K0, sbox, rounds), vectors[_i].cipher);
}
END_TEST

/* Every number of rounds and sbox, on inputs of a multiplicative generator. */
START_TEST(both_forms_agree)
{
    uint64_t x = 0x9e3779b97f4a7c15;
    for (unsigned i = 0; i < 3000; i++) {
        uint64_t v[4];
        for (unsigned n = 0; n < 4; n++) {
            x = x * 6364136223846793005u + 1442695040888963407u;
            v[n] = x ^ x >> 29;
        }
        enum qarma_sbox sbox = (enum qarma_sbox)(i % 3);
        unsigned rounds = 1 + i % 5;
        ck_assert_uint_eq(qarma64(v[0], v[1], v[2], v[3], sbox, rounds),
                          qarma64_portable(v[0], v[1], v[2], v[3], sbox, rounds));
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("qarma");
    TCase *tc = tcase_create("qarma");
    tcase_add_loop_test(tc, paper_vectors, 0, sizeof(vectors) / sizeof(vectors[0]));
    tcase_add_test(tc, both_forms_agree);
    suite_add_tcase(s, tc);
    return s;
}
