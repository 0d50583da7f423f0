/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The RISC-V decoder against the manual's formats and reserved encodings, and against itself: what
 * the tables generate must agree. decode_objdump.c compares all encodings with an independent
 * reader.
 */
#include "test/check_main.h"
#include "core/util/bits.h"
#include "cpu/riscv/decode.gen.h"
#include <inttypes.h>
#include <stdio.h>
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

/* Words put together by hand from volume I, "Base Instruction Formats" and "C". */
/* clang-format off */
static const struct { uint32_t word; uint16_t id; uint8_t length, rd, rs1, rs2; int64_t imm; } formats[] = {
    { 0x00c58533, RV_INSN_ADD,  4, 10, 11, 12, 0 },
    { 0x80000513, RV_INSN_ADDI, 4, 10, 0, 0, -2048 },
    { 0x7ff00513, RV_INSN_ADDI, 4, 10, 0, 0, 2047 },
    { 0xfeb53c23, RV_INSN_SD,   4, 0, 10, 11, -8 },        /* imm[11:5] = 1111111, imm[4:0] = 11000 */
    { 0x80000063, RV_INSN_BEQ,  4, 0, 0, 0, -4096 },       /* bit 31 is imm[12] */
    { 0x000000e3, RV_INSN_BEQ,  4, 0, 0, 0, 2048 },        /* bit 7 is imm[11] */
    { 0x7e000063, RV_INSN_BEQ,  4, 0, 0, 0, 0x7e0 },       /* bits 30:25 are imm[10:5] */
    { 0x00000f63, RV_INSN_BEQ,  4, 0, 0, 0, 0x1e },        /* bits 11:8 are imm[4:1] */
    { 0x800000ef, RV_INSN_JAL,  4, 1, 0, 0, -0x100000 },   /* bit 31 is imm[20] */
    { 0x7fe000ef, RV_INSN_JAL,  4, 1, 0, 0, 0x7fe },       /* bits 30:21 are imm[10:1] */
    { 0x001000ef, RV_INSN_JAL,  4, 1, 0, 0, 0x800 },       /* bit 20 is imm[11] */
    { 0x000ff0ef, RV_INSN_JAL,  4, 1, 0, 0, 0xff000 },     /* bits 19:12 are imm[19:12] */
    { 0x80000537, RV_INSN_LUI,  4, 10, 0, 0, -0x80000000ll },
    { 0x03f51513, RV_INSN_SLLI, 4, 10, 10, 0, 63 },
    { 0x0000,     0xffff,       0, 0, 0, 0, 0 },
    { 0x1ffc,     RV_INSN_ADDI, 2, 15, 2, 0, 1020 },       /* c.addi4spn: nzuimm[5:4|9:6|2|3] all ones */
    { 0x0024,     RV_INSN_ADDI, 2, 9, 2, 0, 8 },           /* bit 5 is nzuimm[3] */
    { 0x0044,     RV_INSN_ADDI, 2, 9, 2, 0, 4 },           /* bit 6 is nzuimm[2] */
    { 0x4020,     RV_INSN_LW,   2, 8, 8, 0, 64 },          /* c.lw: bit 5 is uimm[6] */
    { 0x4040,     RV_INSN_LW,   2, 8, 8, 0, 4 },           /* c.lw: bit 6 is uimm[2] */
    { 0x6020,     RV_INSN_LD,   2, 8, 8, 0, 64 },          /* c.ld: bit 5 is uimm[6] */
    { 0x1141,     RV_INSN_ADDI, 2, 2, 2, 0, -16 },
    { 0x717d,     RV_INSN_ADDI, 2, 2, 2, 0, -16 },         /* c.addi16sp */
    { 0x7101,     RV_INSN_ADDI, 2, 2, 2, 0, -512 },
    { 0x757d,     RV_INSN_LUI,  2, 10, 0, 0, -4096 },
    { 0xb001,     RV_INSN_JAL,  2, 0, 0, 0, -2048 },       /* c.j: bit 12 is imm[11] */
    { 0xa101,     RV_INSN_JAL,  2, 0, 0, 0, 0x400 },       /* c.j: bit 8 is imm[10] */
    { 0xa005,     RV_INSN_JAL,  2, 0, 0, 0, 0x20 },        /* c.j: bit 2 is imm[5] */
    { 0xc005,     RV_INSN_BEQ,  2, 0, 8, 0, 0x20 },        /* c.beqz: bit 2 is imm[5] */
    { 0x8082,     RV_INSN_JALR, 2, 0, 1, 0, 0 },
    { 0x9082,     RV_INSN_JALR, 2, 1, 1, 0, 0 },
    { 0x852e,     RV_INSN_ADD,  2, 10, 0, 11, 0 },
    { 0x9002,     RV_INSN_EBREAK, 2, 0, 0, 0, 0 },
};
/* clang-format on */

START_TEST(format)
{
    struct rv_decoded d;
    uint32_t word = formats[_i].word;
    bool legal = rv_decode(word, ALL, &d);
    ck_assert_msg(legal == (formats[_i].id != 0xffff), "0x%08x", word);
    if (!legal)
        return;
    ck_assert_str_eq(rv_insn_descs[d.id].name, rv_insn_descs[formats[_i].id].name);
    ck_assert_msg(d.length == formats[_i].length && d.rd == formats[_i].rd &&
                      d.rs1 == formats[_i].rs1 && d.rs2 == formats[_i].rs2 &&
                      d.imm == formats[_i].imm,
                  "0x%08x: length %u rd %u rs1 %u rs2 %u imm %" PRId64, word, d.length, d.rd, d.rs1,
                  d.rs2, d.imm);
}
END_TEST

/* Reserved in the chapters named; illegal whatever the extensions. */
/* clang-format off */
static const struct { uint32_t word; const char *why; } reserved[] = {
    { 0x0000, "C: defined illegal" },
    { 0x0004, "c.addi4spn with immediate 0" },
    { 0x2001, "c.addiw with rd=0" },
    { 0x6101, "c.addi16sp with immediate 0" },
    { 0x6501, "c.lui with immediate 0 (even register: no c.mop)" },
    { 0x4002, "c.lwsp with rd=0" },
    { 0x6002, "c.ldsp with rd=0" },
    { 0x8002, "c.jr with rs1=0" },
    { 0x9c41, "quadrant 1, funct6 100111, 10: c.mul only with Zcb" },
    { 0x9c79, "quadrant 1, 100111 11 110: reserved" },
    { 0x0200101b, "slliw with imm[5]" },
    { 0x0200501b, "srliw with imm[5]" },
    { 0x04001013, "slli with imm[6]" },
    { 0x00005053 | 0x20 << 20, "fadd.s with rm=5" },
    { 0x00006053, "fadd.s with rm=6" },
    { 0x1000302f | 1 << 20, "lr.d with rs2=1" },
    { 0x2800442f | 1 << 7, "amocas.q with odd rd" },
    { 0x2810442f, "amocas.q with odd rs2" },
    { 0x31b01013, "aes64ks1i with round 11" },
    { 0x00007003, "load with funct3 7" },
    { 0x00004023, "store with funct3 4" },
    { 0x00002063, "branch with funct3 2" },
    { 0x00001067, "jalr with funct3 1" },
    { 0x000000f3, "ecall with rd=1" },
    { 0x0000001f, "48-bit prefix" },
    { 0x0000003f, "64-bit prefix" },
    { 0x0000007f, "80-bit prefix and longer" },
    { 0xffffffff, "defined illegal" },
};
/* clang-format on */

START_TEST(reserved_is_illegal)
{
    struct rv_decoded d;
    uint64_t features = ALL & ~(reserved[_i].word == 0x9c41 ? BIT(RV_EXT_ZCB) : 0);
    ck_assert_msg(!rv_decode(reserved[_i].word, features, &d), "0x%08x, %s, decodes as %s",
                  reserved[_i].word, reserved[_i].why, rv_insn_descs[d.form].name);
}
END_TEST

/* HINT and may-be spaces: what a word is with an extension and what without. */
/* clang-format off */
static const struct { uint32_t word; uint64_t without; const char *with_name, *without_name; } spaces[] = {
    { 0x0100000f, BIT(RV_EXT_ZIHINTPAUSE), "pause",      "fence" },
    { 0x00200033, BIT(RV_EXT_ZIHINTNTL),   "ntl.p1",     "add" },
    { 0x900a,     BIT(RV_EXT_ZIHINTNTL),   "ntl.p1",     "add" },
    { 0x00106013, BIT(RV_EXT_ZICBOP),      "prefetch.r", "ori" },
    { 0x0805453b, BIT(RV_EXT_ZBB),         "zext.h",     "packw" },
    { 0x0805453b, BIT(RV_EXT_ZBKB),        "zext.h",     "zext.h" },
    { 0x40c5f533, BIT(RV_EXT_ZBB),         "andn",       "andn" },
    { 0x40c5f533, BIT(RV_EXT_ZBB) | BIT(RV_EXT_ZBKB), "andn", NULL },
    { 0x6081,     BIT(RV_EXT_ZCMOP),       "mop.r",      NULL },
    { 0x2000,     BIT(RV_EXT_D),           "fld",        NULL },
    { 0x2000,     BIT(RV_EXT_C),           "fld",        NULL },
    { 0x02c58533, BIT(RV_EXT_M),           "mul",        "mul" },
    { 0x02c58533, BIT(RV_EXT_M) | BIT(RV_EXT_ZMMUL), "mul", NULL },
    { 0x02c5c533, BIT(RV_EXT_M),           "div",        NULL },
    { 0x8330000f, 0,                       "fence.tso",  "fence.tso" },
    { 0x0000100f, BIT(RV_EXT_ZIFENCEI),    "fence.i",    NULL },
    { 0x10200073, BIT(RV_EXT_S),           "sret",       NULL },
    { 0x12000073, BIT(RV_EXT_S),           "sfence.vma", NULL },
};
/* clang-format on */

START_TEST(extensions_decide)
{
    struct rv_decoded d;
    ck_assert(rv_decode(spaces[_i].word, ALL, &d));
    ck_assert_str_eq(rv_insn_descs[d.id].name, spaces[_i].with_name);
    bool legal = rv_decode(spaces[_i].word, ALL & ~spaces[_i].without, &d);
    ck_assert_msg(legal == (spaces[_i].without_name != NULL), "0x%08x", spaces[_i].word);
    if (legal)
        ck_assert_str_eq(rv_insn_descs[d.id].name, spaces[_i].without_name);
}
END_TEST

/* Every form makes words that decode to it and to nothing longer or shorter. */
START_TEST(random_words_decode_back)
{
    uint64_t seed = 20240411;
    for (uint16_t form = 0; form < RV_FORM_COUNT; form++)
        for (unsigned i = 0; i < 500; i++) { /* each is a dozen assertions */
            struct rv_decoded d;
            uint32_t word = rv_random_insn(form, next_random, &seed);
            ck_assert_msg(rv_decode(word, ALL, &d) && d.form == form, "%s: 0x%08x",
                          rv_insn_descs[form].name, word);
            ck_assert_uint_eq(d.length, (word & 3) == 3 ? 4 : 2);
            ck_assert_uint_eq(rv_insn_descs[form].length, d.length);
            ck_assert(form < RV_INSN_COUNT ? d.id == form : d.id < RV_INSN_COUNT);
            ck_assert(d.rm != 5 && d.rm != 6 && d.rd < 32 && d.rs1 < 32 && d.rs2 < 32 &&
                      d.rs3 < 32);
        }
}
END_TEST

/* Without its extensions a row of the base decodes; any other row does not come out. */
START_TEST(no_extension_leaves_the_base)
{
    uint64_t seed = 3;
    for (uint16_t form = 0; form < RV_FORM_COUNT; form++) {
        struct rv_decoded d;
        uint32_t word = rv_random_insn(form, next_random, &seed);
        bool legal = rv_decode(word, 0, &d);
        if (rv_insn_descs[form].feature[0] == '\0')
            ck_assert_msg(legal && d.form == form, "%s: 0x%08x", rv_insn_descs[form].name, word);
        else if (legal)
            ck_assert_str_eq(rv_insn_descs[d.form].feature, "");
    }
}
END_TEST

/* The upper half of a compressed word is the next instruction's. */
START_TEST(compressed_ignores_upper_half)
{
    for (uint32_t w = 0; w < 0x10000; w++) {
        struct rv_decoded a = { 0 }, b = { 0 };
        if ((w & 3) == 3)
            continue;
        ck_assert(rv_decode(w, ALL, &a) == rv_decode(w | 0xa5c30000, ALL, &b));
        ck_assert(a.id == b.id && a.form == b.form && a.imm == b.imm && a.rd == b.rd);
    }
}
END_TEST

/* clang-format off */
static const struct { uint32_t word; struct insn_regs regs; } registers[] = {
    { 0x00c58533, { { 11, 12, NO, NO }, { 10, NO } } },       /* add a0, a1, a2 */
    { 0x00000013, { { NO, NO, NO, NO }, { NO, NO } } },       /* nop: x0 is no dependence */
    { 0xfeb53c23, { { 11, 10, NO, NO }, { NO, NO } } },       /* sd a1, -8(a0) */
    { 0x6ac5f543, { { 45, 44, 43, NO }, { 42, NO } } },       /* fmadd.d fa0, fa1, fa2, fa3 */
    { 0xe2050553, { { 42, NO, NO, NO }, { 10, NO } } },       /* fmv.x.d a0, fa0 */
    { 0x00053507, { { 10, NO, NO, NO }, { 42, NO } } },       /* fld fa0, 0(a0) */
    { 0x28c5a52f, { { 12, 11, 10, NO }, { 10, NO } } },       /* amocas.w a0, a2, (a1) */
    { 0x28c5c52f, { { 12, 11, 10, 13 }, { 10, 11 } } },       /* amocas.q a0, a2, (a1): pairs */
    { 0xe42e,     { { 11, 2, NO, NO }, { NO, NO } } },        /* c.sdsp a1, 8(sp) */
    { 0x9082,     { { 1, NO, NO, NO }, { 1, NO } } },         /* c.jalr ra */
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
    struct rv_decoded d;
    struct insn_regs regs;
    ck_assert(rv_decode(registers[_i].word, ALL, &d));
    rv_insn_regs(&d, &regs);
    ck_assert_msg(same_set(regs.src, registers[_i].regs.src, 4) &&
                      same_set(regs.dst, registers[_i].regs.dst, 2),
                  "0x%08x: %u %u %u %u -> %u %u", registers[_i].word, regs.src[0], regs.src[1],
                  regs.src[2], regs.src[3], regs.dst[0], regs.dst[1]);
}
END_TEST

/* clang-format off */
static const struct { uint32_t word; const char *text; } texts[] = {
    { 0x00c58533, "add a0, a1, a2" },
    { 0xfeb53c23, "sd a1, -8(a0)" },
    { 0xfe0718e3, "bne a4, zero, 0xff0" },                    /* pc 0x1000 */
    { 0x80000537, "lui a0, 0x80000" },
    { 0x02b57553, "fadd.d fa0, fa0, fa1" },
    { 0x02b51553, "fadd.d fa0, fa0, fa1, rtz" },
    { 0x06b5252f, "amoadd.w.aqrl a0, a1, (a0)" },
    { 0x02b5252f, "amoadd.w.rl a0, a1, (a0)" },
    { 0x04b5252f, "amoadd.w.aq a0, a1, (a0)" },
    { 0x00b5252f, "amoadd.w a0, a1, (a0)" },
    { 0x0ff0000f, "fence iorw, iorw" },
    { 0x30051073, "csrrw zero, mstatus, a0" },
    { 0xe42e,     "c.sdsp a1, 8(sp)" },
    { 0x0e75d533, "czero.eqz a0, a1, t2" },
    { 0xf01e8553, "fli.s fa0, 65536.0" },
    { 0x81c54573, "mop.r.0 a0, a0" },
    { 0x9002,     "c.ebreak" },
};
/* clang-format on */

START_TEST(disassembles)
{
    struct rv_decoded d;
    char out[64], small[4];
    ck_assert_msg(rv_decode(texts[_i].word, ALL, &d), "0x%08x", texts[_i].word);
    rv_disassemble(&d, 0x1000, out, sizeof out);
    ck_assert_str_eq(out, texts[_i].text);
    rv_disassemble(&d, 0x1000, small, sizeof small);
    ck_assert_uint_eq(strlen(small), 3);
    ck_assert(memcmp(small, out, 3) == 0);
}
END_TEST

START_TEST(coverage_report)
{
    static uint64_t counts[RV_FORM_COUNT];
    char *text = NULL, last[80];
    size_t size;
    counts[RV_INSN_ADDI] = 7;
    counts[RV_INSN_C_ADDI] = 5;
    FILE *out = open_memstream(&text, &size);
    ck_assert_ptr_nonnull(out);
    rv_print_coverage(out, counts);
    fclose(out);
    snprintf(last, sizeof last, "2 of %u encodings were executed\n", (unsigned)RV_FORM_COUNT);
    ck_assert_str_eq(text + size - strlen(last), last);
    free(text);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("decode");
    TCase *tests = tcase_create("riscv");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, format, 0, ARRAY_LEN(formats));
    tcase_add_loop_test(tests, reserved_is_illegal, 0, ARRAY_LEN(reserved));
    tcase_add_loop_test(tests, extensions_decide, 0, ARRAY_LEN(spaces));
    tcase_add_test(tests, random_words_decode_back);
    tcase_add_test(tests, no_extension_leaves_the_base);
    tcase_add_test(tests, compressed_ignores_upper_half);
    tcase_add_loop_test(tests, registers_are_slots, 0, ARRAY_LEN(registers));
    tcase_add_loop_test(tests, disassembles, 0, ARRAY_LEN(texts));
    tcase_add_test(tests, coverage_report);
    suite_add_tcase(suite, tests);
    return suite;
}
