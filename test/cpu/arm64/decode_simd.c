/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The AdvSIMD data-processing space (Arm ARM C4.1.96; bits 28:25 = x111, scalar floating point aside) against an
 * independent reader of the same manual, GNU objdump: legality and mnemonic must agree on random words, half of which
 * come from the rows. Where they may differ stands below, with the reason.
 */
#include "core/util/hash.h"
#include "test/cpu/arm64/objdump.h"

enum { WORDS = 200000 / OBJDUMP_SHARE };

static bool in_space(uint32_t w)
{
    return (w & 0x9e000000) == 0x0e000000 || (w & 0xde000000) == 0x5e000000;
}

static uint64_t next_random(void *arg)
{
    uint64_t *x = arg;
    return *x = hash_add(*x, 1);
}

static void make_words(struct objdump_words *words)
{
    uint64_t seed = 5;
    for (unsigned i = 0; i < WORDS; i++) {
        uint32_t w = 0;
        do { /* from a row, any word of the space, one bit off what a row gave */
            uint64_t r = next_random(&seed);
            w = i % 2 ? (uint32_t)r : a64_random_insn((uint16_t)(r % A64_FORM_COUNT), next_random, &seed);
            if (i % 4 == 1)
                w = (w & 0xf1ffffff) | 0x0e000000;
            else if (i % 4 == 2)
                w ^= 1u << (r >> 32 & 31);
        } while (!in_space(w));
        objdump_add(words, w);
    }
}

/* Operands are not compared. */
static void squeeze(char *text)
{
    *text = '\0';
}

static bool same_operands(uint32_t word, char *ours, char *theirs)
{
    (void)word, (void)ours, (void)theirs;
    return true;
}

static bool may_differ(uint32_t word, const char *ours, const char *theirs, const char *operands)
{
    (void)ours, (void)operands;
    /* FMLAL and its like (vector): bit 22 is a fixed 0 (C7.2), of which objdump takes no notice. */
    return (word & 1u << 22) && (strncmp(theirs, "fmlal", 5) == 0 || strncmp(theirs, "fmlsl", 5) == 0);
}

static const struct objdump_isa isa = {
    .command = A64_OBJDUMP, .package = A64_OBJDUMP_PACKAGE, .text = a64_objdump_text,
    .squeeze = squeeze, .same_operands = same_operands, .may_differ = may_differ,
};

START_TEST(agrees_with_objdump)
{
    struct objdump_words words = { 0 };
    unsigned legal = 0;
    make_words(&words);
    for (size_t i = 0; i < words.n; i++) {
        struct a64_decoded d;
        legal += a64_decode(words.at[i], ~0ull, &d);
    }
    ck_assert_uint_eq(objdump_compare(&isa, &words, 4), 0);
    ck_assert_uint_gt(legal, WORDS / 4);
    free(words.at);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("cpu.arm64.decode_simd");
    TCase *c = tcase_create("objdump");
    tcase_set_timeout(c, 60);
    tcase_add_test(c, agrees_with_objdump);
    suite_add_tcase(s, c);
    return s;
}
