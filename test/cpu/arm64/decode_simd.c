/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The AdvSIMD data-processing space (Arm ARM C4.1.96; bits 28:25 = x111, scalar floating point aside) against an
 * independent reader of the same manual, GNU objdump: legality and mnemonic must agree on random words, half of which
 * come from the rows. Where they may differ stands below, with the reason.
 */
#include "core/util/hash.h"
#include "cpu/arm64/decode.gen.h"
#include "test/check_main.h"
#include <stdlib.h>
#include <string.h>

enum { WORDS = 200000, SHOWN = 20 };

static bool in_space(uint32_t w)
{
    return (w & 0x9e000000) == 0x0e000000 || (w & 0xde000000) == 0x5e000000;
}

static uint64_t next_random(void *arg)
{
    uint64_t *x = arg;
    return *x = hash_add(*x, 1);
}

static uint32_t *make_words(void)
{
    uint64_t seed = 5;
    uint32_t *words = malloc(WORDS * sizeof(*words));
    ck_assert_ptr_nonnull(words);
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
        words[i] = w;
    }
    return words;
}

/* "-": illegal */
static void our_name(uint32_t word, char name[80])
{
    struct a64_decoded d;
    snprintf(name, 80, "-");
    if (a64_decode(word, ~0ull, &d))
        a64_disassemble(&d, 0, name, 80);
    name[strcspn(name, " ")] = '\0';
}

static bool may_differ(uint32_t word, const char *theirs)
{
    /* FMLAL and its like (vector): bit 22 is a fixed 0 (C7.2), of which objdump takes no notice. */
    return (word & 1u << 22) && (strncmp(theirs, "fmlal", 5) == 0 || strncmp(theirs, "fmlsl", 5) == 0);
}

START_TEST(agrees_with_objdump)
{
    char path[] = "/tmp/decode-simd-XXXXXX", command[160], line[256];
    uint32_t *words = make_words();
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    FILE *file = fdopen(fd, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(words, sizeof(*words), WORDS, file), WORDS);
    ck_assert_int_eq(fclose(file), 0);
    snprintf(command, sizeof(command), "aarch64-linux-gnu-objdump -D -z -b binary -m aarch64 -M no-aliases %s", path);
    FILE *dump = popen(command, "r");
    ck_assert_ptr_nonnull(dump);
    unsigned n = 0, legal = 0, different = 0;
    while (n < WORDS && fgets(line, sizeof(line), dump) != NULL) {
        char *code = strchr(line, '\t'), *theirs, ours[80];
        if (code == NULL || (theirs = strchr(code + 1, '\t')) == NULL)
            continue;
        ck_assert_uint_eq(strtoul(code + 1, NULL, 16), words[n]);
        theirs++;
        theirs[strcspn(theirs, "\t\n")] = '\0';
        bool undefined = theirs[0] == '.';
        our_name(words[n], ours);
        legal += !undefined;
        if (strcmp(ours, undefined ? "-" : theirs) != 0 && !may_differ(words[n], theirs) && different++ < SHOWN)
            printf("%08x: %s, objdump %s\n", words[n], ours, theirs);
        n++;
    }
    pclose(dump);
    remove(path);
    free(words);
    ck_assert_uint_eq(n, WORDS);
    ck_assert_uint_gt(legal, WORDS / 4);
    ck_assert_uint_eq(different, 0);
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
