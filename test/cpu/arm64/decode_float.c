/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The decode tables of scalar floating point and of SIMD&FP loads and stores against an independent
 * reader of the same manual: GNU objdump. Words of every row, each with one bit changed, and
 * random words of both spaces: legality and mnemonic must agree, operands where both print them alike.
 */
#include "cpu/arm64/decode.gen.h"
#include "test/check_main.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN = 40 };

/* C4.1: loads and stores with V = 1 but memory copies, scalar floating point. */
static bool is_ours(uint32_t word)
{
    if ((word & 0x3b200c00) == 0x19000400)
        return false;
    return (word & 0x0e000000) == 0x0c000000 || (word & 0x5e000000) == 0x1e000000;
}

struct words {
    uint32_t *at;
    size_t n, cap;
};

static void add_word(struct words *w, uint32_t word)
{
    if (!is_ours(word))
        return;
    if (w->n == w->cap) {
        w->cap = w->cap == 0 ? 1 << 16 : 2 * w->cap;
        w->at = realloc(w->at, w->cap * sizeof *w->at);
        ck_assert_ptr_nonnull(w->at);
    }
    w->at[w->n++] = word;
}

static uint64_t next_random(void *arg)
{
    uint64_t *x = arg; /* xorshift64* */
    *x ^= *x >> 12;
    *x ^= *x << 25;
    *x ^= *x >> 27;
    return *x * 0x2545f4914f6cdd1dull;
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

static bool may_differ(uint32_t word, const char *ours, const char *theirs)
{
    (void)word;
    for (size_t i = 0; i < sizeof exceptions / sizeof *exceptions; i++)
        if (strcmp(exceptions[i].ours, ours) == 0 && strcmp(exceptions[i].theirs, theirs) == 0)
            return true;
    return false;
}

/* Constants of FMOV, extended offsets and lists of two are written in other ways. */
static bool same_operands(const char *ours, const char *theirs, uint32_t word)
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

/* objdump's line "   4:\t4c400420 \tld4\t{v0.8h-v3.8h}, [x1]". */
static bool parse_line(char *line, uint64_t *at, char **name, char **operands)
{
    char *end;
    *at = strtoull(line, &end, 16);
    if (end == line || end[0] != ':' || end[1] != '\t')
        return false;
    char *tab = strchr(end + 2, '\t');
    if (tab == NULL)
        return false;
    *name = tab + 1;
    (*name)[strcspn(*name, "\n")] = '\0';
    *operands = *name + strcspn(*name, "\t ");
    if (**operands != '\0')
        *(*operands)++ = '\0';
    return true;
}

/* One word; true if both agree. */
static bool agrees(uint32_t word, uint64_t at, const char *theirs, char *operands)
{
    struct a64_decoded d;
    char ours[128] = "", *our_operands = ours;
    if (a64_decode(word, ~0ull, &d))
        a64_disassemble(&d, at, ours, sizeof ours);
    our_operands += strcspn(ours, " ");
    if (*our_operands != '\0')
        *our_operands++ = '\0';
    squeeze(our_operands);
    squeeze(operands);
    if (ours[0] == '\0' && theirs[0] == '\0')
        return true;
    return strcmp(ours, theirs) == 0 ? same_operands(our_operands, operands, word)
                                     : may_differ(word, ours, theirs);
}

static unsigned compare(const struct words *words)
{
    char path[] = "/tmp/decode-float-XXXXXX", command[256], line[512];
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    FILE *file = fdopen(fd, "wb");
    ck_assert_ptr_nonnull(file);
    fwrite(words->at, 4, words->n, file);
    fclose(file);
    snprintf(command, sizeof command, "aarch64-linux-gnu-objdump -D -z -b binary -m aarch64 -M no-aliases %s", path);
    FILE *dump = popen(command, "r");
    ck_assert_ptr_nonnull(dump);
    size_t seen = 0;
    unsigned different = 0;
    while (fgets(line, sizeof line, dump) != NULL) {
        uint64_t at;
        char *name, *operands, shown[256];
        if (!parse_line(line, &at, &name, &operands))
            continue;
        ck_assert_uint_eq(at, 4 * seen);
        uint32_t word = words->at[seen++];
        snprintf(shown, sizeof shown, "%s %s", name, operands);
        if (agrees(word, at, name[0] == '.' ? "" : name, operands) || different++ >= SHOWN)
            continue;
        struct a64_decoded d;
        char ours[128] = "illegal";
        if (a64_decode(word, ~0ull, &d))
            a64_disassemble(&d, at, ours, sizeof ours);
        printf("%08x: ours '%s', objdump's '%s'\n", word, ours, shown);
    }
    fflush(stdout);
    ck_assert_msg(pclose(dump) == 0 && seen == words->n,
                  "objdump (package binutils-aarch64-linux-gnu) gave %zu of %zu lines", seen, words->n);
    remove(path);
    return different;
}

START_TEST(neighbours)
{
    struct words words = { 0 };
    uint64_t seed = 1;
    for (uint16_t form = 0; form < A64_FORM_COUNT; form++)
        for (unsigned i = 0; i < 12; i++) {
            uint32_t word = a64_random_insn(form, next_random, &seed);
            if (!is_ours(word))
                break;
            add_word(&words, word);
            for (unsigned bit = 0; bit < 32; bit++)
                add_word(&words, word ^ 1u << bit);
        }
    ck_assert_uint_eq(compare(&words), 0);
    free(words.at);
}
END_TEST

START_TEST(random_words)
{
    struct words words = { 0 };
    uint64_t seed = 2;
    for (unsigned i = 0; i < 300000; i++) {
        uint32_t word = (uint32_t)next_random(&seed);
        add_word(&words, (word & ~0x0e000000u) | 0x0c000000);
        add_word(&words, (word & ~0x5e000000u) | 0x1e000000);
        /* structures alone, and what has few fields */
        add_word(&words, (word & 0x40ffffff) | 0x0c000000 | (word >> 7 & 1u << 24));
        add_word(&words, (word & 0x80fffbffu) | 0x1e200000);
    }
    ck_assert_uint_eq(compare(&words), 0);
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
