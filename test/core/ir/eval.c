/* SPDX-License-Identifier: Apache-2.0 */
/* The meaning of integer operations, from the manuals of the ISAs that have them. */
#include "core/ir/eval.h"
#include "test/check_main.h"

#define M1 UINT64_MAX
#define MIN64 (1ull << 63)
#define MAX64 (MIN64 - 1)
#define MIN32 0x80000000ull
#define BITS(low, n) ((low) | (n) << 8)

static const struct { enum ir_op op; enum ir_type t; unsigned aux; int64_t imm; uint64_t a, b, r; }
rows[] = {
    { IR_ADD, IR_I32, 0, 0, 0xffffffff, 2, 1 },        { IR_ADD, IR_I64, 0, 0, M1, 2, 1 },
    { IR_SUB, IR_I32, 0, 0, 0, 1, 0xffffffff },        { IR_SUB, IR_I64, 0, 0, 0, 1, M1 },
    { IR_ANDN, IR_I64, 0, 0, 0xff, 0x0f, 0xf0 },       { IR_ORN, IR_I32, 0, 0, 0, 0xf, 0xfffffff0 },
    { IR_XNOR, IR_I32, 0, 0, 1, 1, 0xffffffff },
    /* counts modulo the width: RISC-V sllw, srl, sra; Zbb rol, ror */
    { IR_SHL, IR_I32, 0, 0, 1, 33, 2 },                { IR_SHL, IR_I64, 0, 0, 1, 65, 2 },
    { IR_SHR, IR_I32, 0, 0, MIN32, 31, 1 },            { IR_SAR, IR_I32, 0, 0, MIN32, 31, 0xffffffff },
    { IR_SAR, IR_I64, 0, 0, MIN64, 63, M1 },           { IR_ROL, IR_I32, 0, 0, 0x80000001, 1, 3 },
    { IR_ROR, IR_I64, 0, 0, 1, 1, MIN64 },             { IR_ROR, IR_I32, 0, 0, 5, 32, 5 },
    { IR_MUL, IR_I32, 0, 0, 0x10000, 0x10000, 0 },     { IR_MULHU, IR_I32, 0, 0, 0x10000, 0x10000, 1 },
    { IR_MULHU, IR_I64, 0, 0, M1, M1, M1 - 1 },        { IR_MULHS, IR_I64, 0, 0, M1, M1, 0 },
    { IR_MULHS, IR_I64, 0, 0, MIN64, MIN64, 1ull << 62 }, { IR_MULHSU, IR_I64, 0, 0, M1, M1, M1 },
    { IR_MULHSU, IR_I64, 0, 0, 2, M1, 1 },             { IR_MULHS, IR_I32, 0, 0, 0xffffffff, 2, 0xffffffff },
    { IR_MULHSU, IR_I32, 0, 0, MIN32, 0xffffffff, MIN32 },
    /* RISC-V M, table of division by zero and overflow */
    { IR_DIVS, IR_I64, 0, 0, 7, 0, M1 },               { IR_DIVU, IR_I64, 0, 0, 7, 0, M1 },
    { IR_REMS, IR_I64, 0, 0, 7, 0, 7 },                { IR_REMU, IR_I64, 0, 0, 7, 0, 7 },
    { IR_DIVS, IR_I64, 0, 0, MIN64, M1, MIN64 },       { IR_REMS, IR_I64, 0, 0, MIN64, M1, 0 },
    { IR_DIVS, IR_I32, 0, 0, 7, 0, 0xffffffff },       { IR_DIVU, IR_I32, 0, 0, 7, 0, 0xffffffff },
    { IR_DIVS, IR_I32, 0, 0, MIN32, 0xffffffff, MIN32 }, { IR_REMS, IR_I32, 0, 0, MIN32, 0xffffffff, 0 },
    { IR_DIVS, IR_I64, 0, 0, M1 - 6, 2, M1 - 2 },      { IR_REMS, IR_I64, 0, 0, M1 - 6, 2, M1 },
    { IR_REMS, IR_I32, 0, 0, 0xfffffff9, 2, 0xffffffff }, { IR_DIVU, IR_I32, 0, 0, 0xfffffff9, 2, 0x7ffffffc },
    { IR_CLZ, IR_I32, 0, 0, 0, 0, 32 },                { IR_CLZ, IR_I32, 0, 0, 1, 0, 31 },
    { IR_CLZ, IR_I64, 0, 0, 0, 0, 64 },                { IR_CTZ, IR_I32, 0, 0, 0, 0, 32 },
    { IR_CTZ, IR_I64, 0, 0, 8, 0, 3 },                 { IR_POPCNT, IR_I64, 0, 0, M1, 0, 64 },
    { IR_BSWAP, IR_I32, 0, 0, 0x11223344, 0, 0x44332211 },
    { IR_BSWAP, IR_I64, 0, 0, 0x1122334455667788, 0, 0x8877665544332211 },
    /* (x^63 + 1) * (x + 1) = x^64 + x^63 + x + 1 */
    { IR_CLMUL, IR_I64, 0, 0, MIN64 | 1, 3, MIN64 | 3 }, { IR_CLMULH, IR_I64, 0, 0, MIN64 | 1, 3, 1 },
    { IR_CLMUL, IR_I64, 0, 0, 7, 7, 0x15 },
    { IR_SEXT, IR_I64, 8, 0, 0x180, 0, M1 - 127 },     { IR_SEXT, IR_I32, 16, 0, 0x8000, 0, 0xffff8000 },
    { IR_SEXT, IR_I64, 32, 0, 0x80000000, 0, 0xffffffff80000000 }, { IR_ZEXT, IR_I64, 16, 0, M1, 0, 0xffff },
    { IR_TRUNC, IR_I32, 0, 0, 0x123456789, 0, 0x23456789 },
    { IR_EXTRACT, IR_I64, 0, BITS(60, 4), 0xabcull << 52, 0, 0xa }, { IR_EXTRACT, IR_I64, 0, BITS(0, 64), M1, 0, M1 },
    { IR_DEPOSIT, IR_I32, 0, BITS(8, 4), 0xffffffff, 0x50, 0xfffff0ff }, { IR_DEPOSIT, IR_I64, 0, BITS(0, 64), 1, 9, 9 },
    { IR_SETCC, IR_I32, IR_LTS, 0, 0xffffffff, 0, 1 }, { IR_SETCC, IR_I32, IR_LTU, 0, 0xffffffff, 0, 0 },
    { IR_SETCC, IR_I64, IR_GES, 0, MIN64, MAX64, 0 },  { IR_SETCC, IR_I64, IR_GEU, 0, MIN64, MAX64, 1 },
    { IR_SETCC, IR_I64, IR_LES, 0, 5, 5, 1 },          { IR_SETCC, IR_I64, IR_GTU, 0, 5, 5, 0 },
    { IR_SETCC, IR_I64, IR_LEU, 0, 4, 5, 1 },          { IR_SETCC, IR_I64, IR_GTS, 0, M1, 5, 0 },
    { IR_FNEG, IR_F32, 0, 0, 0x7fc00001, 0, 0xffc00001 }, { IR_FABS, IR_F64, 0, 0, MIN64, 0, 0 },
    { IR_FSGNJ, IR_F32, 0, 0, 0x3f800000, 0x80000000, 0xbf800000 },
    { IR_FSGNJ, IR_F64, 0, 1, 1, 0, MIN64 | 1 },       { IR_FSGNJ, IR_F64, 0, 2, MIN64, MIN64, 0 },
    { IR_FBOX, IR_F64, 0, 0, 0x3f800000, 0, 0xffffffff3f800000 },
    { IR_FUNBOX, IR_F32, 0, 0, 0xffffffff3f800000, 0, 0x3f800000 },
    { IR_FUNBOX, IR_F32, 0, 0, 0xfffffffe3f800000, 0, 0x7fc00000 },
};
START_TEST(meaning)
{
    uint64_t r = ir_eval(rows[_i].op, rows[_i].t, rows[_i].aux, rows[_i].imm, rows[_i].a, rows[_i].b, 0);
    ck_assert_msg(r == rows[_i].r, "%s row %d: %lx", ir_op_info[rows[_i].op].name, _i, r);
}
END_TEST

START_TEST(selection)
{
    ck_assert_uint_eq(ir_eval(IR_SELECT, IR_I64, 0, 0, 1ull << 40, 5, 6), 5);
    ck_assert_uint_eq(ir_eval(IR_SELECT, IR_I32, 0, 0, 0, 5, 6), 6);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("core/ir/eval");
    TCase *t = tcase_create("table");
    tcase_add_loop_test(t, meaning, 0, ARRAY_LEN(rows));
    tcase_add_test(t, selection);
    suite_add_tcase(s, t);
    return s;
}
