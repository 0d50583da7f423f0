/* SPDX-License-Identifier: Apache-2.0 */
/* Vector operations: values worked out by hand from what ops.def says of each. */
#include "core/exec/vec.h"
#include "core/util/types.h"
#include "test/check_main.h"
#include <string.h>

static const struct ir_guest riscv = { .name = "test", .fp = IR_FP_RISCV };

#define V(high, low) { .d = { (low), (high) } }
struct row {
    const char *name;
    uint8_t op, lane;
    int64_t imm;
    union ir_vec a, b, expected;
};

static const struct row rows[] = {
    { "add8 wraps", IR_VADD, 0, 0, V(0, 0xff), V(0, 0x02), V(0, 0x01) },
    { "add64", IR_VADD, 3, 0, V(1, ~0ull), V(2, 1), V(3, 0) },
    { "sub16", IR_VSUB, 1, 0, V(0, 0x00010000), V(0, 0x00000001), V(0, 0x0001ffff) },
    { "mul32 low half", IR_VMUL, 2, 0, V(0, 0x00010000ull), V(0, 0x00010001ull), V(0, 0x00010000ull) },
    { "mul8", IR_VMUL, 0, 0, V(0, 0x1010), V(0, 0x1102), V(0, 0x1020) },
    { "abs of the least", IR_VABS, 0, 0, V(0, 0x80ff), V(0, 0), V(0, 0x8001) },
    { "min signed", IR_VMINS, 1, 0, V(0, 0x8000), V(0, 0x7fff), V(0, 0x8000) },
    { "min unsigned", IR_VMINU, 1, 0, V(0, 0x8000), V(0, 0x7fff), V(0, 0x7fff) },
    { "equal", IR_VCEQ, 2, 0, V(5, 0x0000000200000001), V(5, 0x0000000200000002), V(~0ull, 0xffffffff00000000) },
    { "greater, signed", IR_VCGTS, 3, 0, V(~0ull, 1), V(0, 0), V(0, ~0ull) },
    { "greater, unsigned", IR_VCGTU, 3, 0, V(~0ull, 1), V(0, 1), V(~0ull, 0) },
    { "saturating add, signed", IR_VADDSS, 0, 0, V(0, 0x7f80), V(0, 0x01ff), V(0, 0x7f80) },
    { "saturating add, unsigned", IR_VADDUS, 0, 0, V(0, 0xff10), V(0, 0x0110), V(0, 0xff20) },
    { "saturating sub, unsigned", IR_VSUBUS, 3, 0, V(7, 1), V(3, 2), V(4, 0) },
    { "saturating sub, signed 64", IR_VSUBSS, 3, 0, V(0x8000000000000000, 0x7fffffffffffffff), V(1, ~0ull),
      V(0x8000000000000000, 0x7fffffffffffffff) },
    { "shift left by all", IR_VSHL, 1, 16, V(~0ull, ~0ull), V(0, 0), V(0, 0) },
    { "shift right arithmetic by all", IR_VSAR, 1, 16, V(0, 0x80007fff), V(0, 0), V(0, 0xffff0000) },
    { "rotate 8", IR_VROL, 0, 3, V(0, 0x8112), V(0, 0), V(0, 0x0c90) },
    { "rotate 16", IR_VROL, 1, 8, V(0, 0x12348001), V(0, 0), V(0, 0x34120180) },
    { "rotate 32 by half", IR_VROL, 2, 16, V(0x123456789abcdef0, 0), V(0, 0), V(0x56781234def09abc, 0) },
    { "rotate 32", IR_VROL, 2, 7, V(0x80000001, 0), V(0, 0), V(0xc0, 0) },
    { "rotate 64 by half", IR_VROL, 3, 32, V(0x123456789abcdef0, 1), V(0, 0), V(0x9abcdef012345678, 0x100000000) },
    { "rotate 64", IR_VROL, 3, 63, V(3, 2), V(0, 0), V(0x8000000000000001, 1) },
    { "rotate by nothing", IR_VROL, 2, 0, V(3, 2), V(0, 0), V(3, 2) },
    { "shift by lanes", IR_VSHLV, 2, 0, V(0, 0x0000000100000001), V(0, 0x0000002000000004), V(0, 0x10) },
    { "shift right arithmetic by lanes", IR_VSARV, 3, 0, V(0x8000000000000000, 16), V(100, 2), V(~0ull, 4) },
    { "zip1", IR_VZIP1, 0, 0, V(0, 0x0706050403020100), V(0, 0x1716151413121110),
      V(0x1707160615051404, 0x1303120211011000) },
    { "zip2", IR_VZIP2, 3, 0, V(1, 2), V(3, 4), V(3, 1) },
    { "uzp1", IR_VUZP1, 2, 0, V(0x0000000300000002, 0x0000000100000000), V(0x0000000700000006, 0x0000000500000004),
      V(0x0000000600000004, 0x0000000200000000) },
    { "uzp2", IR_VUZP2, 2, 0, V(0x0000000300000002, 0x0000000100000000), V(0x0000000700000006, 0x0000000500000004),
      V(0x0000000700000005, 0x0000000300000001) },
    { "trn1", IR_VTRN1, 2, 0, V(0x0000000300000002, 0x0000000100000000), V(0x0000000700000006, 0x0000000500000004),
      V(0x0000000600000002, 0x0000000400000000) },
    { "trn2", IR_VTRN2, 2, 0, V(0x0000000300000002, 0x0000000100000000), V(0x0000000700000006, 0x0000000500000004),
      V(0x0000000700000003, 0x0000000500000001) },
    { "ext", IR_VEXT, 0, 3, V(0x0f0e0d0c0b0a0908, 0x0706050403020100), V(0, 0x121110),
      V(0x1211100f0e0d0c0b, 0x0a09080706050403) },
    { "rev16 in 4 bytes", IR_VREV, 1, 2, V(0, 0x0003000200010000), V(0, 0), V(0, 0x0002000300000001) },
    { "rev8 in 8 bytes", IR_VREV, 0, 3, V(1, 0x0706050403020100), V(0, 0), V(0x0100000000000000, 0x0001020304050607) },
    { "table", IR_VTBL, 0, 0, V(0x1f1e1d1c1b1a1918, 0x1716151413121110), V(0, 0xff10000f02010000),
      V(0x1010101010101010, 0x0000101f12111010) },
    { "widen signed, high half", IR_VWIDENS, 1, 1, V(0x0000000000018000, 0), V(0, 0), V(0, 0x00000001ffff8000) },
    { "widen unsigned", IR_VWIDENU, 2, 0, V(9, 0xffffffff00000001), V(0, 0), V(0xffffffff, 1) },
    { "narrow", IR_VNARROW, 2, 0, V(0x1111111122222222, 0x3333333344444444), V(1, 2), V(0x0000000100000002, 0x2222222244444444) },
    { "narrow signed to unsigned", IR_VNARROWSU, 0, 0, V(0, 0xffff00ff01000080), V(0, 0), V(0, 0x00ffff80) },
    { "narrow signed", IR_VNARROWSS, 1, 0, V(0, 0x00008000ffff7fff), V(0, 0), V(0, 0x7fff8000) },
    { "multiply long, signed", IR_VMULLS, 2, 0, V(0, 0xffffffff00000003), V(0, 0x00000002fffffffe), V(~0ull - 1, ~0ull - 5) },
    { "multiply long, unsigned, high", IR_VMULLU, 2, 1, V(0xffffffff00000003, 0), V(0xffffffff00000002, 0),
      V(0xfffffffe00000001, 6) },
    { "multiply long, signed, even lanes", IR_VMULLS, 2, 2, V(0x00000007fffffffe, 0x1234567800000003),
      V(0x00000007fffffffd, 0x12345678fffffffb), V(6, ~0ull - 14) },
    { "multiply long, unsigned, odd lanes", IR_VMULLU, 2, 3, V(0xffffffff00000007, 0x0000000300000007),
      V(0xffffffff00000007, 0x0000000200000007), V(0xfffffffe00000001, 6) },
    { "add pairs", IR_VADDP, 2, 0, V(0x0000000400000003, 0x0000000200000001), V(0x0000002800000000, 0xffffffff00000001),
      V(0x0000002800000000, 0x0000000700000003) },
    { "population count", IR_VPOPCNT, 0, 0, V(0, 0xff017f00), V(0, 0), V(0, 0x08010700) },
    { "select takes bits", IR_VANDN, 0, 0, V(0, 0xff), V(0, 0x0f), V(0, 0xf0) },
    { "add of floats", IR_VFADD, 2, 0, V(0, 0x3f80000040000000), V(0, 0x3f800000bf800000), V(0, 0x400000003f800000) },
    { "compare of doubles: NaN is not equal", IR_VFCEQ, 3, 0, V(0x7ff8000000000000, 0), V(0x7ff8000000000000, 0x8000000000000000), V(0, ~0ull) },
    { "double to integer saturates", IR_VFTOI, 3, 0, V(0x7ff0000000000000, 0xbff8000000000000), V(0, 0), V(INT64_MAX, ~0ull - 1) },
    { "unsigned to float", IR_VITOF, 2, 1, V(0, 0x00000003ffffffff), V(0, 0), V(0, 0x404000004f800000) },
    { "sign of floats", IR_VFNEG, 2, 0, V(0, 0x3f80000080000000), V(0, 0), V(0x8000000080000000, 0xbf80000000000000) },
};

START_TEST(operations)
{
    const struct row *r = &rows[_i];
    struct vec_env env = { .guest = &riscv, .lane = r->lane, .imm = r->imm, .rm = IR_RNE };
    union ir_vec got = r->a;
    vec_function((enum ir_op)r->op)(&env, &got, &got, &r->b, NULL); /* the result may be an operand */
    ck_assert_msg(memcmp(&got, &r->expected, 16) == 0, "%s: %016lx%016lx, expected %016lx%016lx", r->name,
                  (unsigned long)got.d[1], (unsigned long)got.d[0], (unsigned long)r->expected.d[1],
                  (unsigned long)r->expected.d[0]);
}
END_TEST

START_TEST(lanes)
{
    union ir_vec v = V(0x0f0e0d0c0b0a0908, 0x0706050403020100);
    ck_assert_uint_eq(vec_lane(&v, 0, 15), 0x0f);
    ck_assert_uint_eq(vec_lane(&v, 2, 1), 0x07060504);
    vec_set_lane(&v, 1, 7, 0x12345);
    ck_assert_uint_eq(v.d[1], 0x23450d0c0b0a0908);
    vec_dup(&v, 2, 0x1ffffffffull);
    ck_assert_uint_eq(v.d[0], ~0ull);
    ck_assert_uint_eq(vec_sum(&v, 2), 0xfffffffc); /* 4 * -1 in 32 bits */
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("core.exec.vec");
    TCase *t = tcase_create("vec");
    tcase_add_loop_test(t, operations, 0, ARRAY_LEN(rows));
    tcase_add_test(t, lanes);
    suite_add_tcase(s, t);
    return s;
}
