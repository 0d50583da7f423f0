/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_TEST_CPU_OBJDUMP_H
#define ORRERY_TEST_CPU_OBJDUMP_H
/*
 * Decode tables against an independent reader of the same manuals: GNU objdump. Words go to a
 * file, objdump prints one line for each; legality and mnemonic must agree, and operands where the
 * ISA's test compares them.
 */
#include "test/check_main.h"
#include "core/util/types.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct objdump_words {
    uint32_t *at;
    size_t n, cap;
};

struct objdump_isa {
    const char *command; /* lists the file "words" of the folder %s, without aliases */
    const char *package;
    /* Our text, "" = illegal: name, a blank, operands. */
    void (*text)(uint32_t word, uint64_t at, char *text, size_t size);
    /* Of both sides' operands: blanks and comments out. */
    void (*squeeze)(char *operands);
    /* Are operands that were written otherwise the same? Both may be changed. */
    bool (*same_operands)(uint32_t word, char *ours, char *theirs);
    /* May the two differ in name or legality ("" = illegal)? */
    bool (*may_differ)(uint32_t word, const char *ours, const char *theirs, const char *operands);
};

static inline void objdump_add(struct objdump_words *w, uint32_t word)
{
    if (w->n == w->cap) {
        w->cap = w->cap == 0 ? 1 << 16 : 2 * w->cap;
        w->at = realloc(w->at, w->cap * sizeof(*w->at));
        ck_assert_ptr_nonnull(w->at);
    }
    w->at[w->n++] = word;
}

/* One word of so many is asked for where sanitizers make it slow. */
#ifdef __SANITIZE_ADDRESS__
#define OBJDUMP_SHARE 7u /* odd: as a step it meets all low bits */
#else
#define OBJDUMP_SHARE 1u
#endif

/* xorshift64*; the seed is any constant but 0 */
static inline uint64_t objdump_random(void *arg)
{
    uint64_t *x = arg;
    *x ^= *x >> 12;
    *x ^= *x << 25;
    *x ^= *x >> 27;
    return *x * 0x2545f4914f6cdd1dull;
}

/* Cut at the first character of `ends`; what follows, or "". */
static inline char *objdump_cut(char *text, const char *ends)
{
    text += strcspn(text, ends);
    if (*text != '\0')
        *text++ = '\0';
    return text;
}

/* objdump's line "   4:\t00b50533          \tadd\ta0,a0,a1". */
static inline bool objdump_line(char *line, uint64_t *at, char **name, char **operands)
{
    char *end;
    *at = strtoull(line, &end, 16);
    if (end == line || end[0] != ':' || end[1] != '\t')
        return false;
    char *tab = strchr(end + 2, '\t');
    if (tab == NULL)
        return false;
    *name = tab + 1;
    (void)objdump_cut(*name, "\n");
    *operands = objdump_cut(*name, "\t ");
    return true;
}

static inline bool objdump_agrees(const struct objdump_isa *isa, uint32_t word, uint64_t at,
                                  const char *name, char *operands)
{
    char ours[128] = "", shown[128], their_copy[256], *our_operands;
    const char *theirs = name[0] == '.' ? "" : name; /* .insn, .inst, .short */
    isa->text(word, at, ours, sizeof(ours));
    our_operands = objdump_cut(ours, " ");
    isa->squeeze(our_operands);
    isa->squeeze(operands);
    snprintf(shown, sizeof(shown), "%s", our_operands);
    snprintf(their_copy, sizeof(their_copy), "%s", operands);
    if (strcmp(ours, theirs) == 0 ? ours[0] == '\0' || isa->same_operands(word, our_operands, their_copy)
                                  : isa->may_differ(word, ours, theirs, operands))
        return true;
    printf("%08x: ours '%s %s', objdump's '%s %s'\n", word, ours, shown, theirs, operands);
    return false;
}

/* Words of `bytes` each (2 or 4); the number in which the two differ: the first 40 are printed. */
static inline unsigned objdump_compare(const struct objdump_isa *isa, const struct objdump_words *words,
                                       unsigned bytes)
{
    char dir[] = "/tmp/decode-objdump-XXXXXX", command[1024], line[512];
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(command, sizeof(command), "%s/words", dir);
    FILE *file = fopen(command, "wb");
    ck_assert_ptr_nonnull(file);
    for (size_t i = 0; i < words->n; i++)
        ck_assert_uint_eq(fwrite(&words->at[i], bytes, 1, file), 1);
    ck_assert_int_eq(fclose(file), 0);
    snprintf(command, sizeof(command), "cd %s && %s", dir, isa->command);
    FILE *dump = popen(command, "r");
    ck_assert_ptr_nonnull(dump);
    size_t seen = 0;
    unsigned different = 0;
    while (fgets(line, sizeof(line), dump) != NULL) {
        uint64_t at;
        char *name, *operands;
        if (different >= 40 || !objdump_line(line, &at, &name, &operands))
            continue;
        ck_assert_msg(seen < words->n && at == seen * bytes, "objdump is at %#zx, expected %#zx",
                      (size_t)at, seen * bytes);
        different += !objdump_agrees(isa, words->at[seen++], at, name, operands);
    }
    fflush(stdout);
    int status = pclose(dump);
    snprintf(command, sizeof(command), "rm -r %s", dir);
    ck_assert_int_eq(system(command), 0);
    ck_assert_msg(status == 0 && (seen == words->n || different >= 40),
                  "objdump (package %s) gave %zu of %zu lines", isa->package, seen, words->n);
    return different;
}

#endif
