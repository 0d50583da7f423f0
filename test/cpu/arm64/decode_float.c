/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The decode tables of scalar floating point and of SIMD&FP loads and stores against GNU
 * objdump. Words of every row, each with one bit changed, and
 * random words of both spaces: legality and mnemonic must agree, operands where both print them alike.
 */
#include "test/cpu/arm64/objdump.h"

/* C4.1: loads and stores with V = 1 but memory copies, scalar floating point. */
static bool is_ours(uint32_t word)
{
    if ((word & 0x3b200c00) == 0x19000400)
        return false;
    return (word & 0x0e000000) == 0x0c000000 || (word & 0x5e000000) == 0x1e000000;
}

static void add_word(struct objdump_words *w, uint32_t word)
{
    if (is_ours(word))
        objdump_add(w, word);
}

/* Without blanks and comments; "#0x20" and "#32" are the same. */
static void squeeze(char *text)
{
    char *to = text;
    for (const char *from = text; *from != '\0' && *from != '<' && *from != '\n' && *from != '\t';) {
        if (from[0] == '/' && from[1] == '/')
            break;
        char *end = NULL;
        long long v = from[0] == '#' ? strtoll(from + 1, &end, 0) : 0;
        if (end != NULL && end != from + 1 && *end != '.') {
            to += sprintf(to, "#%lld", v);
            from = end;
        } else if (*from == ' ') {
            from++;
        } else {
            *to++ = *from++;
        }
    }
    *to = '\0';
}

/* clang-format off */
static const struct { const char *ours, *theirs, *why; } exceptions[] = {
    { "ldap1", "", "FEAT_LRCPC3 is newer than objdump 2.40" },
    { "stl1", "", "the same" },
    { "ldapur", "", "the same" },
    { "stlur", "", "the same" },
};
/* clang-format on */

static bool may_differ(uint32_t word, const char *ours, const char *theirs, const char *operands)
{
    (void)word, (void)operands;
    for (size_t i = 0; i < sizeof exceptions / sizeof *exceptions; i++)
        if (strcmp(exceptions[i].ours, ours) == 0 && strcmp(exceptions[i].theirs, theirs) == 0)
            return true;
    return false;
}

/* Constants of FMOV, extended offsets and lists of two are written in other ways. */
static bool same_operands(uint32_t word, char *ours, char *theirs)
{
    bool imm = (word & 0xff201fe0) == 0x1e201000, reg = (word & 0x3b200c00) == 0x38200800;
    bool literal = (word & 0x3f000000) == 0x1c000000;
    if (imm || reg || literal)
        return true;
    if (ours[0] == '{' && theirs[0] == '{') { /* from the end of the list on */
        ours = strchr(ours, '}');
        theirs = strchr(theirs, '}');
    }
    return strcmp(ours, theirs) == 0;
}

static const struct objdump_isa isa = {
    .command = A64_OBJDUMP, .package = A64_OBJDUMP_PACKAGE, .text = a64_objdump_text,
    .squeeze = squeeze, .same_operands = same_operands, .may_differ = may_differ,
};

START_TEST(neighbours)
{
    struct objdump_words words = { 0 };
    uint64_t seed = 1;
    for (uint16_t form = 0; form < A64_FORM_COUNT; form++)
        for (unsigned i = 0; i < 12; i++) {
            uint32_t word = a64_random_insn(form, objdump_random, &seed);
            if (!is_ours(word))
                break;
            add_word(&words, word);
            for (unsigned bit = 0; bit < 32; bit++)
                add_word(&words, word ^ 1u << bit);
        }
    ck_assert_uint_eq(objdump_compare(&isa, &words, 4), 0);
    free(words.at);
}
END_TEST

START_TEST(random_words)
{
    struct objdump_words words = { 0 };
    uint64_t seed = 2;
    for (unsigned i = 0; i < 300000 / OBJDUMP_SHARE; i++) {
        uint32_t word = (uint32_t)objdump_random(&seed);
        add_word(&words, (word & ~0x0e000000u) | 0x0c000000);
        add_word(&words, (word & ~0x5e000000u) | 0x1e000000);
        /* structures alone, and what has few fields */
        add_word(&words, (word & 0x40ffffff) | 0x0c000000 | (word >> 7 & 1u << 24));
        add_word(&words, (word & 0x80fffbffu) | 0x1e200000);
    }
    ck_assert_uint_eq(objdump_compare(&isa, &words, 4), 0);
    free(words.at);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("decode_float");
    TCase *tests = tcase_create("words");
    tcase_set_timeout(tests, 100);
    tcase_add_test(tests, neighbours);
    tcase_add_test(tests, random_words);
    suite_add_tcase(suite, tests);
    return suite;
}
