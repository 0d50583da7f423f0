/* SPDX-License-Identifier: Apache-2.0 */
/* The decode tables against GNU objdump. Where they may differ stands below, with the reason. */
#include "core/util/bits.h"
#include "cpu/riscv/decode.gen.h"
#include "test/cpu/objdump.h"

/* The words as a section without symbols, in an object whose attributes name the extensions. */
#define COMMAND                                                                                    \
    "printf '.incbin \"words\"\n' > words.s && riscv64-linux-gnu-as -o words.o words.s "  \
    "-march=rv64gcv_zicbom_zicbop_zicboz_zihintpause_zawrs_zfh_zba_zbb_zbc_zbs_zbkb_zbkc_zbkx_"     \
    "zknd_"                                                                                        \
    "zkne_zknh_zksed_zksh_svinval && riscv64-linux-gnu-objcopy --strip-all words.o && "            \
    "riscv64-linux-gnu-objdump -D -z -j .text -M no-aliases words.o"

static void add_word(struct objdump_words *w, uint32_t word)
{
    if ((word & 0x1f) != 0x1f) /* the prefix of longer instructions: objdump would take more than four bytes */
        objdump_add(w, word);
}

static void text(uint32_t word, uint64_t at, char *out, size_t size)
{
    struct rv_decoded d;
    if (rv_decode(word, ~0ull, &d))
        rv_disassemble(&d, at, out, size);
}

/* Operands without blanks and comments. */
static void squeeze(char *text)
{
    char *to = text;
    for (const char *from = text; *from != '\0' && *from != '#' && *from != '<'; from++)
        if (*from != ' ')
            *to++ = *from;
    *to = '\0';
}

/* Extensions that objdump 2.40 does not know yet: it must think their words illegal. */
static bool is_newer(uint32_t word)
{
    static const char *const newer[] = {
        "zicond", "zacas", "zabha", "zfa", "zcb", "zimop", "zcmop", "zvb", "zvk"
    };
    struct rv_decoded d;
    if (!rv_decode(word, ~0ull, &d))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(newer); i++)
        if (strstr(rv_insn_descs[d.form].feature, newer[i]) != NULL)
            return true;
    return false;
}

/* "" = illegal */
/* clang-format off */
static const struct { const char *ours, *theirs, *why; } exceptions[] = {
    { "fence",     "",           "rd and rs1 are reserved, implementations ignore them" },
    { "fence.tso", "",           "the same" },
    { "fence.i",   "",           "rd, rs1 and the immediate are reserved, implementations ignore them" },
    { "fcvt.d.w",  "",           "exact, yet its rm may be any valid one; objdump lists rm 0 only" },
    { "fcvt.d.wu", "",           "the same" },
    { "fcvt.d.s",  "",           "the same" },
    { "fcvt.d.h",  "",           "the same" },
    { "fcvt.s.h",  "",           "the same" },
    { "c.nop",     "c.addi",     "the listing has rd=0 as C.NOP, HINTs included" },
    { "c.slli",    "c.slli64",   "shift amount 0 is a HINT; the name belongs to RV128" },
    { "c.srli",    "c.srli64",   "the same" },
    { "c.srai",    "c.srai64",   "the same" },
    { "",          "c.addi16sp", "immediate 0 is reserved" },
    { "ntl.p1",    "add",        "Zihintntl is newer than objdump 2.40" },
    { "ntl.pall",  "add",        "the same" },
    { "ntl.s1",    "add",        "the same" },
    { "ntl.all",   "add",        "the same" },
    { "c.ntl.p1",  "c.add",      "the same" },
    { "c.ntl.pall", "c.add",     "the same" },
    { "c.ntl.s1",  "c.add",      "the same" },
    { "c.ntl.all", "c.add",      "the same" },
    { "csrrw",     "unimp",      "objdump's name for csrrw zero, cycle, zero" },
    { "",          "c.unimp",    "objdump's name for the word that is defined to be illegal" },
    { "",          "uret",       "N was withdrawn" },
    { "",          "hret",       "privileged 1.7, withdrawn" },
    { "",          "sfence.vm",  "privileged 1.9, withdrawn" },
    { "",          "dret",       "debug mode is not modelled" },
    { "",          "hinval.vvma", "H has its own table" },
    { "",          "hinval.gvma", "H has its own table" },
    { "",          "aes64ks1i",  "round numbers 11 to 15 are reserved" },
};
/* clang-format on */

static bool may_differ(uint32_t word, const char *ours, const char *theirs, const char *operands)
{
    if (is_newer(word) && theirs[0] == '\0')
        return true;
    /* Reserved rounding modes: illegal, objdump prints them so. */
    if (ours[0] == '\0' && strstr(operands, "unknown") != NULL)
        return true;
    for (size_t i = 0; i < ARRAY_LEN(exceptions); i++)
        if (strcmp(exceptions[i].ours, ours) == 0 && strcmp(exceptions[i].theirs, theirs) == 0)
            return true;
    return false;
}

/* One operand. objdump prints branch targets in bare hexadecimal, newer CSRs as numbers. */
static bool same_operand(const struct rv_decoded *d, const char *ours, const char *theirs)
{
    const struct insn_desc *desc = &rv_insn_descs[d->form];
    char *end, *their_end;
    uint64_t v = strtoull(ours, &end, 0);
    if (strcmp(ours, theirs) == 0 ||
        (desc->klass == INSN_fence && v == 0 && strcmp(theirs, "unknown") == 0))
        return true;
    if (desc->klass == INSN_csr && strtoull(theirs, &their_end, 0) == d->csr && *their_end == '\0')
        return true; /* a CSR that objdump has no name for yet */
    if (*end != '\0')
        return false;
    if (desc->klass == INSN_csr && v == d->csr)
        return true; /* one that RV64 does not have: mstatush and the like */
    return v == strtoull(theirs, &their_end, desc->branch != INSN_NO_BRANCH ? 16 : 0) &&
           *their_end == '\0';
}

static bool same_operands(uint32_t word, char *ours, char *theirs)
{
    struct rv_decoded d;
    char *our_rest = NULL, *their_rest = NULL;
    if (!rv_decode(word, ~0ull, &d))
        return true;
    char *a = strtok_r(ours, ",()", &our_rest), *b = strtok_r(theirs, ",()", &their_rest);
    for (; a != NULL && b != NULL;
         a = strtok_r(NULL, ",()", &our_rest), b = strtok_r(NULL, ",()", &their_rest))
        if (!same_operand(&d, a, b))
            return false;
    /* Exact conversions have no rm in objdump's listing. */
    return b == NULL &&
           (a == NULL || (rv_insn_descs[d.id].klass == INSN_fp_cvt && strcmp(a, "rne") == 0));
}

static const struct objdump_isa isa = {
    .command = COMMAND, .package = "binutils-riscv64-linux-gnu", .text = text, .squeeze = squeeze,
    .same_operands = same_operands, .may_differ = may_differ,
};

START_TEST(compressed)
{
    struct objdump_words words = { 0 };
    for (uint32_t w = 0; w < 0x10000; w++)
        if ((w & 3) != 3)
            add_word(&words, w);
    ck_assert_uint_eq(objdump_compare(&isa, &words, 2), 0);
    free(words.at);
}
END_TEST

/* Every opcode, funct3, funct7 and rs2. */
START_TEST(all_patterns)
{
    struct objdump_words words = { 0 };
    for (uint32_t i = 0; i < 1u << 20; i += OBJDUMP_SHARE)
        add_word(&words, 3 | F_GET(i, 4, 0) << 2 | F_GET(i, 7, 5) << 12 | F_GET(i, 19, 8) << 20 |
                             5 << 7 | 6 << 15);
    ck_assert_uint_eq(objdump_compare(&isa, &words, 4), 0);
    free(words.at);
}
END_TEST

/* MISC-MEM and SYSTEM, where all other fields may be opcode too. */
START_TEST(no_operands)
{
    struct objdump_words words = { 0 };
    for (uint32_t i = 0; i < 1u << 15; i++) {
        add_word(&words, 0x0f | F_GET(i, 2, 0) << 12 | F_GET(i, 14, 3) << 20);
        add_word(&words, 0x73 | F_GET(i, 2, 0) << 12 | F_GET(i, 14, 3) << 20);
    }
    ck_assert_uint_eq(objdump_compare(&isa, &words, 4), 0);
    free(words.at);
}
END_TEST

/* Words of every row, and each with one bit changed. */
START_TEST(neighbours)
{
    struct objdump_words words = { 0 };
    uint64_t seed = 1;
    for (uint16_t id = 0; id < RV_INSN_COUNT; id++)
        for (unsigned i = 0; i < 20; i++) {
            uint32_t word = rv_random_insn(id, objdump_random, &seed);
            add_word(&words, word);
            for (unsigned bit = 2; bit < 32; bit++)
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
    for (unsigned i = 0; i < (1u << 20) / OBJDUMP_SHARE; i++)
        add_word(&words, (uint32_t)objdump_random(&seed) | 3);
    ck_assert_uint_eq(objdump_compare(&isa, &words, 4), 0);
    free(words.at);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("decode_objdump");
    TCase *tests = tcase_create("words");
    tcase_set_timeout(tests, 100);
    tcase_add_test(tests, compressed);
    tcase_add_test(tests, all_patterns);
    tcase_add_test(tests, no_operands);
    tcase_add_test(tests, neighbours);
    tcase_add_test(tests, random_words);
    suite_add_tcase(suite, tests);
    return suite;
}
