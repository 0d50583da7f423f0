/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The decode tables against LLVM's objdump. The texts are GNU's, which LLVM shares but for aliases and the base of
 * numbers. Where they may differ in more stands below, with the reason.
 */
#include "core/util/bits.h"
#include "cpu/loongarch/decode.gen.h"
#include "test/cpu/objdump.h"

/* The words as a section of code; the listing as GNU's would have it. */
#define COMMAND                                                                                    \
    "llvm-objcopy-19 -I binary -O elf64-loongarch --rename-section .data=.text,code --strip-all words words.o && " \
    "llvm-objdump-19 -d -z words.o | "                         \
    "sed -n 's/^ *\\([0-9a-f]*\\): .. .. .. ..  *\\t/ \\1:\\t00000000\\t/p'"

static void text(uint32_t word, uint64_t at, char *out, size_t size)
{
    struct la_decoded d;
    if (la_decode(word, ~0ull, &d))
        la_disassemble(&d, at, out, size);
}

/* Operands without blanks and comments. */
static void squeeze(char *text)
{
    char *to = text;
    for (const char *from = text; *from != '\0' && *from != '#' && *from != '<' && *from != '\n'; from++)
        if (*from != ' ')
            *to++ = *from;
    *to = '\0';
}

static bool same_operand(const char *ours, const char *theirs)
{
    char *end, *their_end;
    if (strcmp(ours, theirs) == 0)
        return true;
    long long v = strtoll(ours, &end, 0);
    return end != ours && *end == '\0' && v == strtoll(theirs, &their_end, 0) && *their_end == '\0';
}

static bool same_operands(uint32_t word, char *ours, char *theirs)
{
    char *our_rest = NULL, *their_rest = NULL;
    (void)word;
    char *a = strtok_r(ours, ",", &our_rest), *b = strtok_r(theirs, ",", &their_rest);
    for (; a != NULL && b != NULL; a = strtok_r(NULL, ",", &our_rest), b = strtok_r(NULL, ",", &their_rest))
        if (!same_operand(a, b))
            return false;
    return a == NULL && b == NULL;
}

/* LLVM 19 prints these however it is asked. */
static bool is_alias(uint32_t word, const char *ours, const char *theirs)
{
    unsigned rd = F_GET(word, 4, 0), rj = F_GET(word, 9, 5), rk = F_GET(word, 14, 10);
    if (strcmp(ours, "or") == 0 && rk == 0)
        return strcmp(theirs, "move") == 0;
    if (strcmp(ours, "andi") == 0 && F_GET(word, 21, 0) == 0)
        return strcmp(theirs, "nop") == 0;
    if (strcmp(ours, "jirl") == 0 && rd == 0 && F_GET(word, 25, 10) == 0)
        return strcmp(theirs, rj == 1 ? "ret" : "jr") == 0;
    return false;
}

/* Rows that LLVM 19 does not know: newer extensions, and most of guest mode's. It must think their words illegal. */
static bool is_newer(uint32_t word)
{
    static const char *const features[] = { "lam-bh", "lamcas", "llacq-screl", "scq" };
    struct la_decoded d;
    if (!la_decode(word, ~0ull, &d))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(features); i++)
        if (strcmp(la_insn_descs[d.form].feature, features[i]) == 0)
            return true;
    return strncmp(la_insn_descs[d.form].name, "gtlb", 4) == 0;
}

/* LBT, which is not modelled; LLVM's listing knows no features. */
static bool is_lbt(const char *name)
{
    static const char *const starts[] = {
        "x86", "arm", "setx86", "setarm", "adc.", "sbc.", "rcr.", "rcri.", "rotr.b", "rotr.h", "rotri.b", "rotri.h",
        "ldl.", "ldr.", "stl.", "str.", "jiscr", "movgr2scr", "movscr2gr", "addu12i.", "fcvt.ld.d", "fcvt.ud.d",
        "fcvt.d.ld",
    };
    for (size_t i = 0; i < ARRAY_LEN(starts); i++)
        if (strncmp(name, starts[i], strlen(starts[i])) == 0)
            return true;
    return false;
}

static bool may_differ(uint32_t word, const char *ours, const char *theirs, const char *operands)
{
    (void)operands;
    bool unknown = strcmp(theirs, "<unknown>") == 0;
    return is_alias(word, ours, theirs) || (unknown && (ours[0] == '\0' || is_newer(word))) ||
           (ours[0] == '\0' && is_lbt(theirs));
}

static const struct objdump_isa isa = {
    .command = COMMAND, .package = "llvm-19", .text = text, .squeeze = squeeze, .same_operands = same_operands,
    .may_differ = may_differ,
};

/* Words of every row, and each with one bit changed. */
START_TEST(neighbours)
{
    struct objdump_words words = { 0 };
    uint64_t seed = 1;
    for (uint16_t id = 0; id < LA_FORM_COUNT; id++)
        for (unsigned i = 0; i < 4; i++) {
            uint32_t word = la_random_insn(id, objdump_random, &seed);
            objdump_add(&words, word);
            for (unsigned bit = 0; bit < 32; bit++)
                objdump_add(&words, word ^ 1u << bit);
        }
    ck_assert_uint_eq(objdump_compare(&isa, &words, 4), 0);
    free(words.at);
}
END_TEST

START_TEST(random_words)
{
    struct objdump_words words = { 0 };
    uint64_t seed = 2;
    for (unsigned i = 0; i < (1u << 17) / OBJDUMP_SHARE; i++)
        objdump_add(&words, (uint32_t)objdump_random(&seed));
    for (unsigned i = 0; i < (1u << 17) / OBJDUMP_SHARE; i++) /* the lower half of the space, where most rows are */
        objdump_add(&words, (uint32_t)objdump_random(&seed) & 0x7fffffff);
    for (unsigned i = 0; i < (1u << 17) / OBJDUMP_SHARE; i++) /* register forms */
        objdump_add(&words, (uint32_t)objdump_random(&seed) & 0x01ffffff);
    ck_assert_uint_eq(objdump_compare(&isa, &words, 4), 0);
    free(words.at);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("decode_objdump");
    TCase *tests = tcase_create("words");
    tcase_set_timeout(tests, 100);
    tcase_add_test(tests, neighbours);
    tcase_add_test(tests, random_words);
    suite_add_tcase(suite, tests);
    return suite;
}
