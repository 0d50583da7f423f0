/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The LoongArch decoder against the manual's formats and reserved encodings, and against itself: what the tables
 * generate must agree. decode_objdump.c compares with an independent reader.
 */
#include "test/check_main.h"
#include "core/util/bits.h"
#include "cpu/loongarch/decode.gen.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define ALL (~0ull)
#define NO  INSN_NO_REG

static uint64_t next_random(void *arg)
{
    uint64_t *x = arg; /* xorshift64* */
    *x ^= *x >> 12;
    *x ^= *x << 25;
    *x ^= *x >> 27;
    return *x * 0x2545f4914f6cdd1dull;
}

/* Words put together by hand from the tables of the manual's appendix B. */
/* clang-format off */
static const struct { uint32_t word; uint16_t id; uint8_t rd, rj, rk; int64_t imm; } formats[] = {
    { 0x00100000 | 6 << 10 | 5 << 5 | 4, LA_INSN_ADD_W, 4, 5, 6, 0 },
    { 0x02800000 | 0x800 << 10 | 5 << 5 | 4, LA_INSN_ADDI_W, 4, 5, 0, -2048 },      /* si12 */
    { 0x02c00000 | 0x7ff << 10 | 5 << 5 | 4, LA_INSN_ADDI_D, 4, 5, 0, 2047 },
    { 0x03800000 | 0xfff << 10 | 5 << 5 | 4, LA_INSN_ORI, 4, 5, 0, 0xfff },         /* ui12 */
    { 0x20000000 | 0x2000 << 10 | 5 << 5 | 4, LA_INSN_LL_W, 4, 5, 0, -32768 },      /* si14 << 2 */
    { 0x24000000 | 0x1fff << 10 | 5 << 5 | 4, LA_INSN_LDPTR_W, 4, 5, 0, 32764 },
    { 0x10000000 | 0x8000u << 10 | 5 << 5 | 4, LA_INSN_ADDU16I_D, 4, 5, 0, -32768 }, /* si16 */
    { 0x14000000 | 0x80000u << 5 | 4, LA_INSN_LU12I_W, 4, 0, 0, -0x80000 },         /* si20 */
    { 0x58000000 | 0x8000u << 10 | 5 << 5 | 4, LA_INSN_BEQ, 4, 5, 0, -131072 },     /* offs16 << 2 */
    { 0x40000000 | 1 << 10 | 5 << 5, LA_INSN_BEQZ, 0, 5, 0, 4 },                    /* offs21: low part in 25:10 */
    { 0x40000000 | 5 << 5 | 0x10, LA_INSN_BEQZ, 0, 5, 0, -0x400000 },               /* its sign is bit 4 */
    { 0x50000000 | 0x200, LA_INSN_B, 0, 0, 0, -0x8000000 },                         /* offs26: its sign is bit 9 */
    { 0x54000000 | 0xffff << 10, LA_INSN_BL, 0, 0, 0, 0x3fffc },
    { 0x00040000 | 3 << 15 | 6 << 10 | 5 << 5 | 4, LA_INSN_ALSL_W, 4, 5, 6, 4 },    /* sa2 + 1 */
    { 0x00080000 | 3 << 15 | 6 << 10 | 5 << 5 | 4, LA_INSN_BYTEPICK_W, 4, 5, 6, 3 },
    { 0x000c0000 | 7 << 15 | 6 << 10 | 5 << 5 | 4, LA_INSN_BYTEPICK_D, 4, 5, 6, 7 },
    { 0x00410000 | 63 << 10 | 5 << 5 | 4, LA_INSN_SLLI_D, 4, 5, 0, 63 },
    { 0x38600000 | 6 << 10 | 5 << 5 | 4, LA_INSN_AMSWAP_W, 4, 5, 6, 0 },
    { 0x06400000 | 0xff << 10 | 5 << 5 | 4, LA_INSN_LDDIR, 4, 5, 0, 0xff },
    { 0x01008000 | 6 << 10 | 5 << 5 | 4, LA_INSN_FADD_S, 4, 5, 6, 0 },
};
/* clang-format on */

START_TEST(format)
{
    struct la_decoded d;
    uint32_t word = formats[_i].word;
    ck_assert_msg(la_decode(word, ALL, &d), "0x%08x", word);
    ck_assert_str_eq(la_insn_descs[d.id].name, la_insn_descs[formats[_i].id].name);
    ck_assert_msg(d.length == 4 && d.rd == formats[_i].rd && d.rj == formats[_i].rj && d.rk == formats[_i].rk &&
                      d.imm == formats[_i].imm,
                  "0x%08x: rd %u rj %u rk %u imm %" PRId64, word, d.rd, d.rj, d.rk, d.imm);
}
END_TEST

/* clang-format off */
static const struct { uint32_t word; const char *why; } reserved[] = {
    { 0x00000000, "all zeros" },
    { 0xffffffff, "all ones" },
    { 0x00010001, "asrtle.d with rd" },
    { 0x0114c004, "movgr2fcsr to FCSR4" },
    { 0x0114d008, "movfr2cf to a ninth flag" },
    { 0x48000300, "bits 9:8 of bceqz are 11" },
    { 0x0c100000 | 0x12 << 15, "condition 0x12" },
    { 0x0c100000 | 0x16 << 15, "condition 0x16" },
    { 0x0c100000 | 0x1a << 15, "condition 0x1a" },
    { 0x00000800, "LBT: movgr2scr" },
    { 0x48000200, "LBT: jiscr0" },
    { 0x2e000000, "LBT: ldl.w" },
    { 0x001a0000, "LBT: rotr.b" },
    { 0x06483801, "ertn with bit 0" },
};
/* clang-format on */

START_TEST(reserved_is_illegal)
{
    struct la_decoded d;
    ck_assert_msg(!la_decode(reserved[_i].word, ALL, &d), "0x%08x, %s, decodes as %s", reserved[_i].word,
                  reserved[_i].why, la_insn_descs[d.form].name);
}
END_TEST

/* Every form makes words that decode to it; without its extension a row is not there. */
START_TEST(random_words_decode_back)
{
    uint64_t seed = 110;
    for (uint16_t form = 0; form < LA_FORM_COUNT; form++)
        for (unsigned i = 0; i < 500; i++) {
            struct la_decoded d;
            uint32_t word = la_random_insn(form, next_random, &seed);
            ck_assert_msg(la_decode(word, ALL, &d) && d.form == form, "%s: 0x%08x", la_insn_descs[form].name, word);
            ck_assert(d.length == 4 && d.rd < 32 && d.rj < 32 && d.rk < 32 && d.ra < 32 && d.cd < 8 && d.cj < 8 &&
                      d.ca < 8 && d.fcsr < 4);
            ck_assert_msg(la_decode(word, 0, &d) == (la_insn_descs[form].feature[0] == '\0'), "%s: 0x%08x",
                          la_insn_descs[form].name, word);
        }
}
END_TEST

/* clang-format off */
static const struct { uint32_t word; struct insn_regs regs; } registers[] = {
    { 0x00100000 | 6 << 10 | 5 << 5 | 4, { { 5, 6, NO, NO }, { 4, NO } } },           /* add.w a0, a1, a2 */
    { 0x03400000, { { NO, NO, NO, NO }, { NO, NO } } },                               /* nop: r0 is no dependence */
    { 0x16000000 | 4, { { 4, NO, NO, NO }, { 4, NO } } },                             /* lu32i.d keeps the low half */
    { 0x29c00000 | 5 << 5 | 4, { { 4, 5, NO, NO }, { NO, NO } } },                    /* st.d a0, a1, 0 */
    { 0x58000000 | 5 << 5 | 4, { { 4, 5, NO, NO }, { NO, NO } } },                    /* beq */
    { 0x54000000, { { NO, NO, NO, NO }, { 1, NO } } },                                /* bl writes ra */
    { 0x08200000 | 7 << 15 | 6 << 10 | 5 << 5 | 4, { { 37, 38, 39, NO }, { 36, NO } } }, /* fmadd.d */
    { 0x0c200000 | 6 << 10 | 5 << 5 | 3, { { 37, 38, NO, NO }, { 99, NO } } },        /* fcmp.caf.d fcc3 */
    { 0x48000000 | 2 << 5, { { 98, NO, NO, NO }, { NO, NO } } },                      /* bceqz fcc2 */
    { 0x38580000 | 6 << 10 | 5 << 5 | 4, { { 4, 5, 6, NO }, { 4, NO } } },            /* amcas.b compares rd */
    { 0x00006800 | 5 << 5 | 4, { { NO, NO, NO, NO }, { 4, 5 } } },                    /* rdtime.d writes both */
    { 0x04000020 | 4, { { 4, NO, NO, NO }, { 4, NO } } },                             /* csrwr exchanges */
};
/* clang-format on */

static bool same_set(const uint8_t *a, const uint8_t *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (memchr(b, a[i], n) == NULL || memchr(a, b[i], n) == NULL)
            return false;
    return true;
}

START_TEST(registers_are_slots)
{
    struct la_decoded d;
    struct insn_regs regs;
    ck_assert(la_decode(registers[_i].word, ALL, &d));
    la_insn_regs(&d, &regs);
    ck_assert_msg(same_set(regs.src, registers[_i].regs.src, 4) && same_set(regs.dst, registers[_i].regs.dst, 2),
                  "0x%08x: %u %u %u %u -> %u %u", registers[_i].word, regs.src[0], regs.src[1], regs.src[2],
                  regs.src[3], regs.dst[0], regs.dst[1]);
}
END_TEST

/* As binutils 2.44 prints them with -M no-aliases. */
/* clang-format off */
static const struct { uint32_t word; const char *text; } texts[] = {
    { 0x001018a4, "add.w $a0, $a1, $a2" },
    { 0x000498a4, "alsl.w $a0, $a1, $a2, 0x2" },
    { 0x02bfffff, "addi.w $s8, $s8, -1" },
    { 0x037ffc00, "andi $zero, $zero, 0xfff" },
    { 0x15ffffff, "lu12i.w $s8, -1" },
    { 0x00bf9000, "bstrins.d $zero, $zero, 0x3f, 0x24" },
    { 0x04000445, "csrxchg $a1, $tp, 0x1" },
    { 0x061ffca8, "cacop 0x8, $a1, 2047" },
    { 0x06498825, "invtlb 0x5, $ra, $tp" },
    { 0x20fffc00, "ll.w $zero, $zero, -4" },
    { 0x2afffc08, "preld 0x8, $zero, -1" },
    { 0x386014c7, "amswap.w $a3, $a1, $a2" },
    { 0x387814c7, "ldgt.b $a3, $a2, $a1" },
    { 0x48004120, "bcnez $fcc1, 64 # 0x1040" }, /* pc 0x1000 */
    { 0x57ffffff, "bl -4 # 0xffc" },
    { 0x0114c083, "movgr2fcsr $fcsr3, $a0" },
    { 0x0c1214c7, "fcmp.ceq.s $fcc7, $fa6, $fa5" },
    { 0x0d0194c7, "fsel $fa7, $fa6, $fa5, $fcc3" },
    { 0x06483800, "ertn" },
};
/* clang-format on */

START_TEST(disassembles)
{
    struct la_decoded d;
    char out[64];
    ck_assert_msg(la_decode(texts[_i].word, ALL, &d), "0x%08x", texts[_i].word);
    la_disassemble(&d, 0x1000, out, sizeof out);
    ck_assert_str_eq(out, texts[_i].text);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("decode");
    TCase *tests = tcase_create("decode");
    tcase_add_loop_test(tests, format, 0, ARRAY_LEN(formats));
    tcase_add_loop_test(tests, reserved_is_illegal, 0, ARRAY_LEN(reserved));
    tcase_add_test(tests, random_words_decode_back);
    tcase_add_loop_test(tests, registers_are_slots, 0, ARRAY_LEN(registers));
    tcase_add_loop_test(tests, disassembles, 0, ARRAY_LEN(texts));
    suite_add_tcase(suite, tests);
    return suite;
}
