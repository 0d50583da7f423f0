/* SPDX-License-Identifier: Apache-2.0 */
/* What each pass is for: small units before and after. Meaning in general: core.exec.interp_passes. */
#include "test/core/ir/one_block.h"
#include <stdlib.h>
#include <string.h>

/* Ends the unit, runs all passes and returns what stands between INSN and JUMP, printed. */
static char *optimized(void)
{
    char *text;
    size_t n;
    ir_jump(u, 4);
    ir_end_block(u, 4);
    ck_assert_msg(ir_verify(u, &e) == 0, "%s", e.text);
    ir_optimize(u);
    ck_assert_msg(ir_verify(u, &e) == 0, "%s", e.text);
    FILE *out = open_memstream(&text, &n);
    ir_print(u, out);
    fclose(out);
    char *body = strstr(text, "nop\n") + 4, *end = strstr(body, "      jump");
    *end = 0;
    char *copy = arena_strdup(&arena, body);
    free(text);
    return copy;
}

static ir_val_t x(unsigned n)
{
    return ir_get(u, RIG_X + n);
}

static ir_val_t c64(uint64_t v)
{
    return ir_const(u, IR_I64, v);
}

START_TEST(constants)
{
    ir_val_t product = ir_mul(u, IR_I64, c64(3), c64(7));
    ir_put(u, RIG_X, ir_add(u, IR_I64, c64(5), product));
    ck_assert_str_eq(optimized(), "      %2 = const.i64 0x1a\n      put x1, %2\n");
}
END_TEST

START_TEST(get_after_put)
{
    ir_val_t a = x(1), b = x(2);
    ir_put(u, RIG_X, ir_sub(u, IR_I64, a, b));
    ir_put(u, RIG_X + 3, x(0));
    ir_put(u, RIG_X + 1, x(1)); /* holds it already */
    ck_assert_str_eq(optimized(), "      %2 = get x2\n      %3 = get x3\n"
                                  "      %4 = sub.i64 %2, %3\n      put x1, %4\n      put x4, %4\n");
}
END_TEST

/* addw; addw: the inner extension does nothing for the outer, the outer nothing for a signed load */
START_TEST(extensions)
{
    ir_val_t l = ir_load(u, IR_I64, x(0), 0, ir_memop(4, IR_MEM_SIGNED));
    ir_val_t sum = ir_add(u, IR_I64, l, x(1)), inner = ir_sext(u, IR_I64, sum, 32);
    ir_put(u, RIG_X + 2, ir_sext(u, IR_I64, inner, 32));
    ir_put(u, RIG_X + 3, ir_sext(u, IR_I64, l, 32));
    ck_assert_str_eq(optimized(),
                     "      %2 = get x1\n      %3 = load.i64 [%2] 4s\n      %4 = get x2\n"
                     "      %5 = add.i64 %3, %4\n      %6 = sext32.i64 %5\n"
                     "      put x3, %6\n      put x4, %3\n");
}
END_TEST

/* A value of 9 bits is not yet one of 8. */
START_TEST(extensions_at_the_edge)
{
    ir_val_t nine = ir_extract(u, IR_I64, x(0), 3, 9), eight = ir_extract(u, IR_I64, x(0), 3, 8);
    ir_put(u, RIG_X + 1, ir_zext(u, IR_I64, nine, 8));
    ir_put(u, RIG_X + 2, ir_zext(u, IR_I64, eight, 8));
    ir_put(u, RIG_X + 3, ir_sext(u, IR_I64, eight, 8));
    ck_assert_str_eq(optimized(),
                     "      %2 = get x1\n      %3 = extract.i64 %2, 3+9\n"
                     "      %4 = extract.i64 %2, 3+8\n      %5 = zext8.i64 %3\n      put x2, %5\n"
                     "      put x3, %4\n      %8 = sext8.i64 %4\n      put x4, %8\n");
}
END_TEST

/* Two shifts extend a sum, that was extended otherwise; cut out bits 35:8; and the left one is longer. */
START_TEST(fields_by_shifts)
{
    ir_val_t sum = ir_add(u, IR_I64, x(0), x(1)), word = ir_sext(u, IR_I64, sum, 32);
    ir_put(u, RIG_X + 2, ir_shr(u, IR_I64, ir_shl(u, IR_I64, word, c64(32)), c64(32)));
    ir_put(u, RIG_X + 3, ir_sar(u, IR_I64, ir_shl(u, IR_I64, sum, c64(48)), c64(48)));
    ir_put(u, RIG_X + 4, ir_shr(u, IR_I64, ir_shl(u, IR_I64, sum, c64(28)), c64(36)));
    ir_put(u, RIG_X + 5, ir_shr(u, IR_I64, ir_shl(u, IR_I64, sum, c64(32)), c64(29)));
    const char *text = optimized();
    ck_assert_msg(strstr(text, "= zext32.i64 %4\n") != NULL && strstr(text, "= sext16.i64 %4\n") != NULL &&
                      strstr(text, "= extract.i64 %4, 8+28\n") != NULL, "%s", text);
    const char *left = strstr(text, "= shl.i64 %4");
    ck_assert_msg(left != NULL && strstr(left, "= shr.i64") != NULL && strstr(left + 6, "shl") == NULL, "%s", text);
}
END_TEST

/* v1[0] = x1, v1[1] = x2; then both lanes, and a lane of another size */
START_TEST(lanes)
{
    ir_val_t v = ir_get(u, RIG_V);
    v = ir_vins(u, 3, v, 0, x(0));
    v = ir_vins(u, 3, v, 1, x(1));
    ir_put(u, RIG_X + 2, ir_vlane(u, IR_I64, 3, v, 0));
    ir_put(u, RIG_X + 3, ir_vlane(u, IR_I64, 3, v, 1));
    ir_put(u, RIG_X + 4, ir_vlane(u, IR_I64, 2, v, 1));
    ir_put(u, RIG_X + 5, ir_vlane(u, IR_I64, 3, ir_vop1(u, IR_VSCALAR, 3, x(6)), 0));
    const char *text = optimized(), *twice = strstr(text, "vlane");
    ck_assert_msg(strstr(text, "put x3, ") != NULL && twice != NULL && strstr(twice + 1, "vlane") == NULL, "%s", text);
    ck_assert_msg(strstr(text, "%3 = get x1\n") != NULL && strstr(text, "put x3, %3\n") != NULL, "%s", text);
}
END_TEST

/* a ^ ((a ^ b) | (d ^ b)): a < b where d = a - b, a carry where a = d + b; nothing where it is neither, or another bit. */
static const struct {
    bool wide, carry, extended, is_less;
    unsigned bit, wrong;
} orders[] = {
    { true, false, false, true, 63, 0 }, { true, true, false, true, 63, 0 },   { false, false, false, true, 31, 0 },
    { false, true, true, true, 31, 0 },  { false, false, true, true, 31, 0 },  { false, true, true, false, 30, 0 },
    { true, true, false, false, 31, 0 }, { false, true, true, false, 31, 1 },  { true, false, false, false, 63, 2 },
    { false, false, true, false, 31, 3 },
};

START_TEST(comparisons_bit_by_bit)
{
    enum ir_type t = orders[_i].wide ? IR_I64 : IR_I32, wide = orders[_i].extended ? IR_I64 : t;
    unsigned wrong = orders[_i].wrong;
    ir_val_t x = orders[_i].wide ? ir_get(u, RIG_X) : ir_get(u, RIG_W), b = orders[_i].wide ? ir_get(u, RIG_X + 1) : ir_get(u, RIG_W + 1);
    ir_val_t a = orders[_i].carry ? ir_add(u, t, x, b) : x, d = orders[_i].carry ? x : ir_sub(u, t, wrong == 2 ? b : x, wrong == 2 ? x : b);
    ir_val_t of[3] = { a, b, d };
    for (unsigned k = 0; orders[_i].extended && k < 3; k++)
        of[k] = ir_sext(u, IR_I64, of[k], 32);
    ir_val_t ab = ir_xor(u, wide, of[0], of[1]), db = ir_xor(u, wide, of[wrong == 1 ? 0 : 1], of[2]);
    ir_val_t r = ir_xor(u, wide, of[wrong == 3 ? 1 : 0], ir_op2(u, IR_OR, wide, _i % 2 ? ab : db, _i % 2 ? db : ab));
    r = ir_shr(u, t, orders[_i].extended ? ir_trunc(u, r) : r, ir_const(u, t, orders[_i].bit));
    ir_put(u, RIG_X + 2, orders[_i].wide ? r : ir_zext(u, IR_I64, r, 32));
    const char *text = optimized();
    bool found = strstr(text, orders[_i].wide ? " = setcc.ltu.i64 " : " = setcc.ltu.i32 ") != NULL;
    ck_assert_msg(found == (orders[_i].is_less && (t == IR_I64 || orders[_i].extended)), "%s", text);
}
END_TEST

/* Shifts both ways are one rotation, if they are of one value and size, and leave no bit to each other. */
static const struct {
    enum ir_op op;
    unsigned lane, other_lane, left, right;
    bool same, rotates;
} rotations[] = {
    { IR_VOR, 2, 2, 7, 25, true, true },   { IR_VXOR, 3, 3, 63, 1, true, true },  { IR_VOR, 1, 1, 8, 8, true, true },
    { IR_VOR, 2, 2, 7, 24, true, false },  { IR_VXOR, 2, 2, 8, 25, true, false }, { IR_VOR, 2, 3, 31, 1, true, false },
    { IR_VOR, 2, 2, 7, 25, false, false }, { IR_VOR, 0, 0, 3, 5, true, false },   { IR_VADD, 2, 2, 7, 25, true, false },
    { IR_VOR, 2, 2, 32, 0, true, false },
};

START_TEST(rotations_by_shifts)
{
    ir_val_t v = ir_get(u, RIG_V), w = rotations[_i].same ? v : ir_get(u, RIG_V + 1);
    ir_val_t left = ir_vop1i(u, IR_VSHL, rotations[_i].lane, v, rotations[_i].left);
    ir_val_t right = ir_vop1i(u, IR_VSHR, rotations[_i].other_lane, w, rotations[_i].right);
    ir_put(u, RIG_V + 2, ir_vop2(u, rotations[_i].op, rotations[_i].lane, _i % 2 ? left : right, _i % 2 ? right : left));
    const char *text = optimized();
    ck_assert_msg((strstr(text, " = vrol") != NULL) == rotations[_i].rotates, "%s", text);
    ck_assert_msg((strstr(text, "vsh") == NULL) == rotations[_i].rotates, "%s", text);
}
END_TEST

START_TEST(addresses)
{
    ir_val_t a = ir_add(u, IR_I64, ir_pc(u, 0x1000), c64(0x234));
    ir_put(u, RIG_X, ir_load(u, IR_I64, a, 8, ir_memop(8, 0)));
    ir_val_t base = x(1), at = ir_add(u, IR_I64, base, c64(16));
    ir_store(u, IR_I64, at, -8, x(2), ir_memop(8, 0));
    ck_assert_str_eq(optimized(),
                     "      %2 = pc.i64 0x1234\n      %3 = load.i64 [%2 + 0x8] 8\n      put x1, %3\n"
                     "      %5 = get x2\n      %6 = get x3\n      store.i64 [%5 + 0x8], %6 8\n");
}
END_TEST

/* Two pushes have one base; what a displacement has no room for stays a sum. */
START_TEST(addresses_through_sums)
{
    ir_val_t old = x(1), first = ir_sub(u, IR_I64, old, c64(8));
    ir_store(u, IR_I64, first, 0, x(2), ir_memop(8, 0));
    ir_put(u, RIG_X + 1, first);
    ir_store(u, IR_I64, ir_sub(u, IR_I64, first, c64(8)), 0, x(3), ir_memop(8, 0));
    ir_put(u, RIG_X + 4, ir_load(u, IR_I64, ir_add(u, IR_I64, ir_add(u, IR_I64, old, c64(8)), c64(0x1000)), 0, ir_memop(8, 0)));
    ir_put(u, RIG_X + 5, ir_load(u, IR_I64, ir_add(u, IR_I64, old, c64(1ull << 40)), 0, ir_memop(8, 0)));
    const char *text = optimized();
    ck_assert_msg(strstr(text, "store.i64 [%2 - 0x8]") != NULL, "%s", text);
    ck_assert_msg(strstr(text, "store.i64 [%2 - 0x10]") != NULL, "%s", text);
    ck_assert_msg(strstr(text, " + 0x1000] 8") != NULL && strstr(text, "0x1008") == NULL, "%s", text);
    ck_assert_msg(strstr(text, "const.i64 0x10000000000\n") != NULL, "%s", text);
}
END_TEST

/* A conditional move made of halves; with unlike conditions it is none. */
START_TEST(halves_of_a_choice)
{
    ir_val_t l = x(0), r = x(1), c = ir_setcc(u, IR_I64, IR_LTS, l, r), a = x(2), b = x(3), zero = c64(0);
    ir_val_t first = ir_select(u, IR_I64, c, a, zero), second = ir_select(u, IR_I64, c, zero, b);
    ir_put(u, RIG_X, ir_or(u, IR_I64, second, first));
    ir_put(u, RIG_X + 1, ir_or(u, IR_I64, first, ir_select(u, IR_I64, a, zero, b)));
    ck_assert_str_eq(optimized(),
                     "      %2 = get x1\n      %3 = get x2\n      %4 = setcc.lts.i64 %2, %3\n      %5 = get x3\n"
                     "      %6 = get x4\n      %7 = const.i64 0x0\n      %8 = select.i64 %4, %5, %7\n"
                     "      %9 = select.i64 %4, %5, %6\n      put x1, %9\n      %11 = select.i64 %5, %7, %6\n"
                     "      %12 = or.i64 %8, %11\n      put x2, %12\n");
}
END_TEST

START_TEST(equal_operations)
{
    for (unsigned i = 2; i < 4; i++) {
        ir_val_t a = x(0), b = x(1);
        ir_put(u, RIG_X + i, ir_add(u, IR_I64, a, b));
    }
    ck_assert_str_eq(optimized(), "      %2 = get x1\n      %3 = get x2\n"
                                  "      %4 = add.i64 %2, %3\n      put x3, %4\n      put x4, %4\n");
}
END_TEST

/* An unused FADD stays for its flags; an equal one goes; not across a call. */
/* What only then turns out to be one value: SBB of x86 with itself. */
START_TEST(difference_of_equals)
{
    ir_val_t a = ir_trunc(u, x(1)), b = ir_trunc(u, x(1));
    ir_put(u, RIG_X, ir_zext(u, IR_I64, ir_sub(u, IR_I32, a, b), 32));
    ck_assert_str_eq(optimized(), "      %2 = const.i64 0x0\n      put x1, %2\n");
}
END_TEST

START_TEST(flags_of_floating_point)
{
    ir_val_t a = ir_get(u, RIG_F), b = ir_get(u, RIG_F + 1);
    ir_fadd(u, IR_F64, IR_RNE, a, b);
    ir_fadd(u, IR_F64, IR_RNE, a, b);
    ir_call(u, IR_VOID, RIG_PLAIN, IR_NONE, IR_NONE, IR_NONE, IR_NONE);
    ir_fadd(u, IR_F64, IR_RNE, a, b);
    ck_assert_str_eq(optimized(),
                     "      %2 = get f0\n      %3 = get f1\n      %4 = fadd.rne.f64 %2, %3\n"
                     "      call plain -, -, -, -\n      %6 = fadd.rne.f64 %2, %3\n");
}
END_TEST

/* A PUT goes only if nothing between could show it. */
START_TEST(overwritten_puts)
{
    ir_put(u, RIG_X, c64(1)); /* dropped: overwritten at once */
    ir_put(u, RIG_X, c64(2)); /* kept: the load may fault */
    ir_load(u, IR_I64, x(1), 0, ir_memop(8, 0));
    ir_put(u, RIG_X, c64(3)); /* dropped: a helper without flags sees no slots */
    ir_call(u, IR_VOID, RIG_PLAIN, IR_NONE, IR_NONE, IR_NONE, IR_NONE);
    ir_put(u, RIG_X, c64(4)); /* kept: the helper reads */
    ir_call(u, IR_VOID, RIG_READS, IR_NONE, IR_NONE, IR_NONE, IR_NONE);
    ir_put(u, RIG_X, c64(5)); /* kept: the block ends */
    ck_assert_str_eq(optimized(),
                     "      %2 = const.i64 0x2\n      put x1, %2\n      %4 = get x2\n"
                     "      %5 = load.i64 [%4] 8\n      call plain -, -, -, -\n"
                     "      %7 = const.i64 0x4\n      put x1, %7\n      call reads -, -, -, -\n"
                     "      %10 = const.i64 0x5\n      put x1, %10\n");
}
END_TEST

START_TEST(helpers_that_write)
{
    ir_put(u, RIG_X, c64(1));
    ir_call(u, IR_VOID, RIG_WRITES, IR_NONE, IR_NONE, IR_NONE, IR_NONE);
    ir_put(u, RIG_X + 1, x(0)); /* not 1 any more */
    ck_assert_str_eq(optimized(), "      %2 = const.i64 0x1\n      put x1, %2\n"
                                  "      call writes -, -, -, -\n      %5 = get x1\n"
                                  "      put x2, %5\n");
}
END_TEST

START_TEST(conditions)
{
    ir_val_t a = x(0), b = x(1), less = ir_setcc(u, IR_I64, IR_LTS, a, b);
    ir_val_t same = ir_setcc(u, IR_I64, IR_NE, less, c64(0));
    ir_put(u, RIG_X + 2, ir_setcc(u, IR_I64, IR_EQ, same, c64(0)));
    ck_assert_str_eq(optimized(), "      %2 = get x1\n      %3 = get x2\n"
                                  "      %4 = setcc.ges.i64 %2, %3\n      put x3, %4\n");
}
END_TEST

/* A condition turned round, and choices of constants that are conditions themselves. */
START_TEST(choices_of_constants)
{
    ir_val_t a = x(0), equal = ir_setcc(u, IR_I64, IR_EQ, a, x(1));
    ir_put(u, RIG_X + 2, ir_xor(u, IR_I64, equal, c64(1)));
    ir_put(u, RIG_X + 3, ir_select(u, IR_I64, a, c64(5), c64(5)));
    ir_put(u, RIG_X + 4, ir_select(u, IR_I64, a, c64(0), c64(1)));
    ir_put(u, RIG_X + 5, ir_select(u, IR_I64, equal, c64(1), c64(0)));
    ir_put(u, RIG_X + 6, ir_select(u, IR_I64, a, c64(1), c64(0)));
    ck_assert_str_eq(optimized(),
                     "      %2 = get x1\n      %3 = get x2\n      %4 = setcc.eq.i64 %2, %3\n"
                     "      %5 = setcc.ne.i64 %2, %3\n      put x3, %5\n"
                     "      %7 = const.i64 0x5\n      put x4, %7\n"
                     "      %9 = const.i64 0x0\n      %10 = setcc.eq.i64 %2, %9\n      put x5, %10\n"
                     "      put x6, %4\n      %13 = setcc.ne.i64 %2, %9\n      put x7, %13\n");
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("core/ir/passes");
    TCase *t = tcase_create("passes");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, constants);
    tcase_add_test(t, get_after_put);
    tcase_add_test(t, extensions);
    tcase_add_test(t, extensions_at_the_edge);
    tcase_add_test(t, fields_by_shifts);
    tcase_add_test(t, lanes);
    tcase_add_loop_test(t, rotations_by_shifts, 0, ARRAY_LEN(rotations));
    tcase_add_loop_test(t, comparisons_bit_by_bit, 0, ARRAY_LEN(orders));
    tcase_add_test(t, addresses);
    tcase_add_test(t, addresses_through_sums);
    tcase_add_test(t, halves_of_a_choice);
    tcase_add_test(t, equal_operations);
    tcase_add_test(t, difference_of_equals);
    tcase_add_test(t, flags_of_floating_point);
    tcase_add_test(t, overwritten_puts);
    tcase_add_test(t, helpers_that_write);
    tcase_add_test(t, conditions);
    tcase_add_test(t, choices_of_constants);
    suite_add_tcase(s, t);
    return s;
}
