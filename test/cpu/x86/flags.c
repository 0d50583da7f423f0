/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lazy flags against arithmetic one bit at a time: SDM volume 1, 3.4.3.1 and appendix A; volume 2, ADD, ADC, SUB,
 * SBB, INC, DEC, SHL, SHR, SAR, BLSR, POPCNT, TEST, IMUL.
 */
#include "cpu/x86/translate_impl.h"
#include "core/util/bits.h"
#include "test/check_main.h"

static const uint64_t values[] = { 0, 1, 2, 7, 8, 0xf, 0x10, 0x7f, 0x80, 0x81, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff,
                                   0x80000000, 0xffffffff, 0x100000000, 0x0123456789abcdef, 0x7fffffffffffffff,
                                   0x8000000000000000, 0xfedcba9876543210, 0xffffffffffffffff };
#define N ARRAY_LEN(values)

static unsigned bit(uint64_t v, unsigned n)
{
    return v >> n & 1;
}

/* ZF, SF, PF as the manual says them: no bit set; the top bit; an even number of ones in the low byte. */
static uint64_t zsp(uint64_t r, unsigned bits)
{
    unsigned ones = 0, any = 0;
    for (unsigned i = 0; i < bits; i++) {
        any |= bit(r, i);
        ones += i < 8 ? bit(r, i) : 0;
    }
    return (any ? 0 : X86_ZF) | (bit(r, bits - 1) ? X86_SF : 0) | (ones % 2 == 0 ? X86_PF : 0);
}

/* A ripple-carry adder: a subtraction adds the complement, and its carries are borrows inverted. */
static uint64_t adder(uint64_t a, uint64_t b, unsigned carry, bool subtract, unsigned bits, uint64_t *r)
{
    unsigned c = subtract ? !carry : carry, half = 0, before = 0;
    *r = 0;
    for (unsigned i = 0; i < bits; i++) {
        unsigned x = bit(a, i), y = bit(b, i) ^ subtract;
        before = c;
        *r |= (uint64_t)(x ^ y ^ c) << i;
        c = (x & y) | (x & c) | (y & c);
        if (i == 3)
            half = c;
    }
    uint64_t f = zsp(*r, bits);
    f |= (c ^ subtract) ? X86_CF : 0;
    f |= (half ^ subtract) ? X86_AF : 0;
    return f | (c != before ? X86_OF : 0); /* carry into the top bit differs from the one out of it */
}

static void check(unsigned cc, uint64_t r, uint64_t a, uint64_t x, uint64_t want, uint64_t left)
{
    uint64_t is = x86_arith_flags(cc, r, a, x);
    ck_assert_msg(is == want, "cc %u: %#llx, %#llx (%llu): %#llx, not %#llx", cc, (unsigned long long)left, (unsigned long long)a, (unsigned long long)x,
                  (unsigned long long)is, (unsigned long long)want);
    for (unsigned cond = 0; cond < 16; cond++) /* which has shorter ways */
        ck_assert_msg(x86_helper_condition(NULL, cc | cond << 8, r, a, x) == x86_test_condition(want, cond),
                      "cc %u: %#llx, %#llx: condition %u", cc, (unsigned long long)left, (unsigned long long)a, cond);
}
#define CHECK(cc, r, a, x, want, left) check((unsigned)(cc), (r), (a), (uint64_t)(x), (want), (left))

/* _i: log2 of the operand's bytes in all of them */
START_TEST(add_and_subtract)
{
    unsigned bits = 8u << _i, n = (unsigned)_i;
    for (unsigned i = 0; i < N * N * 2; i++) {
        uint64_t a = zext(values[i % N], bits), b = zext(values[i / N % N], bits), r;
        unsigned carry = i >= N * N;
        uint64_t f = adder(a, b, carry, false, bits, &r);
        CHECK(X86_CC_ADC + n, r, b, carry, f, a);
        if (!carry)
            CHECK(X86_CC_ADD + n, r, b, 0, f, a);
        f = adder(a, b, carry, true, bits, &r);
        CHECK(X86_CC_SBB + n, r, b, carry, f, a);
        if (!carry)
            CHECK(X86_CC_SUB + n, r, b, 0, f, a);
        if (!carry)
            CHECK(X86_CC_CMP + n, a, b, 0, f, a);
    }
}
END_TEST

/* TEST and IMUL by their operands. The product by adding: a, shifted, for each bit of b. */
START_TEST(operands_alone)
{
    unsigned bits = 8u << _i, n = (unsigned)_i;
    for (unsigned i = 0; i < N * N; i++) {
        uint64_t a = zext(values[i % N], bits), b = zext(values[i / N], bits);
        CHECK(X86_CC_TEST + n, a, b, 0, zsp(a & b, bits), a);
        unsigned __int128 sum = 0, wide = (unsigned __int128)(__int128)(int64_t)sext(a, bits);
        for (unsigned k = 0; k < 128; k++) /* b's sign goes on for ever */
            sum += sext(b, bits) >> (k < 63 ? k : 63) & 1 ? wide << k : 0;
        uint64_t low = zext((uint64_t)sum, bits);
        bool over = sum != (unsigned __int128)(__int128)(int64_t)sext(low, bits);
        uint64_t f = zsp(low, bits) | (over ? X86_CF | X86_OF : 0);
        check(X86_CC_IMUL + n, low, a, b, f, a);
        CHECK(X86_CC_PRODUCT + n, a, b, 0, f, a);
    }
}
END_TEST

/* INC and DEC: as ADD and SUB of 1, but CF stays what it was. */
START_TEST(increment_and_decrement)
{
    unsigned bits = 8u << _i, n = (unsigned)_i;
    for (unsigned i = 0; i < N * 2; i++) {
        uint64_t a = zext(values[i % N], bits), cf = i >= N, r;
        uint64_t f = adder(a, 1, 0, false, bits, &r);
        CHECK(X86_CC_INC + n, r, cf, 0, (f & ~(uint64_t)X86_CF) | cf, a);
        f = adder(a, 1, 0, true, bits, &r);
        CHECK(X86_CC_DEC + n, r, cf, 0, (f & ~(uint64_t)X86_CF) | cf, a);
    }
}
END_TEST

/* One place at a time: CF is the bit that left; OF (of one place) that the sign changed. */
START_TEST(shifts)
{
    unsigned bits = 8u << _i, n = (unsigned)_i;
    for (unsigned i = 0; i < N; i++) {
        uint64_t a = zext(values[i], bits), left = a, right = a, signed_ = a;
        for (unsigned count = 1; count < bits; count++) {
            uint64_t l = zext(left << 1, bits), r = right >> 1, s = r;
            s = (signed_ >> 1) | (uint64_t)bit(signed_, bits - 1) << (bits - 1);
            uint64_t f = zsp(l, bits) | (bit(left, bits - 1) ? X86_CF : 0);
            f |= bit(l, bits - 1) != bit(left, bits - 1) ? X86_OF : 0;
            CHECK(X86_CC_SHL + n, l, left, 0, f, a);
            f = zsp(r, bits) | (right & 1 ? X86_CF : 0) | (bit(right, bits - 1) ? X86_OF : 0);
            CHECK(X86_CC_SHR + n, r, right, 0, f, a);
            CHECK(X86_CC_SHR + n, s, signed_, 0, zsp(s, bits) | (signed_ & 1 ? X86_CF : 0), a);
            left = l, right = r, signed_ = s;
        }
    }
}
END_TEST

START_TEST(others)
{
    unsigned bits = 8u << _i, n = (unsigned)_i;
    for (unsigned i = 0; i < N; i++) {
        uint64_t r = zext(values[i], bits);
        CHECK(X86_CC_LOGIC + n, r, 0, 0, zsp(r, bits), r); /* CF and OF cleared */
        CHECK(X86_CC_MUL + n, r, 0, 0, zsp(r, bits), r);
        CHECK(X86_CC_MUL + n, r, 1, 0, zsp(r, bits) | X86_CF | X86_OF, r);
        CHECK(X86_CC_BITS + n, r, 0, 0, zsp(r, bits), r);
        CHECK(X86_CC_BITS + n, r, 1, 0, zsp(r, bits) | X86_CF, r);
        CHECK(X86_CC_POPCNT + n, r, 0, 0, zsp(r, bits) & X86_ZF, r);
    }
    for (unsigned f = 0; f < 64; f++) {
        uint64_t image = (f & 1) | (f & 2) << 1 | (f & 4) << 2 | (f & 8) << 3 | (f & 16) << 3 | (f & 32) << 6;
        CHECK(X86_CC_FLAGS + n, image, 0, 0, image, image);
        for (unsigned top = 0; top < 4; top++) { /* a rotation behind it: CF is bit 1, OF the exclusive or of both */
            uint64_t rotated = (top & 2 ? X86_CF : 0) | (top == 1 || top == 2 ? X86_OF : 0);
            CHECK((X86_CC_FLAGS + n) | X86_CC_ROTATED | top << X86_CC_TOP_SHIFT, image, 0, 0,
                  (image & ~(uint64_t)(X86_CF | X86_OF)) | rotated, image);
        }
    }
}
END_TEST

/* SDM volume 1, appendix B, table B-1 */
START_TEST(conditions)
{
    for (unsigned n = 0; n < 32; n++) {
        bool cf = n & 1, zf = n & 2, sf = n & 4, of = n & 8, pf = n & 16;
        uint64_t f = (cf ? X86_CF : 0) | (zf ? X86_ZF : 0) | (sf ? X86_SF : 0) | (of ? X86_OF : 0) | (pf ? X86_PF : 0);
        const bool want[16] = { of, !of, cf, !cf, zf, !zf, cf || zf, !cf && !zf, sf, !sf, pf, !pf, sf != of, sf == of,
                                zf || sf != of, !zf && sf == of };
        for (unsigned cond = 0; cond < 16; cond++)
            ck_assert_msg(x86_test_condition(f, cond) == want[cond], "condition %u of flags %#llx", cond, (unsigned long long)f);
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("x86 flags");
    TCase *t = tcase_create("flags");
    tcase_add_loop_test(t, add_and_subtract, 0, 4);
    tcase_add_loop_test(t, operands_alone, 0, 4);
    tcase_add_loop_test(t, increment_and_decrement, 0, 4);
    tcase_add_loop_test(t, shifts, 0, 4);
    tcase_add_loop_test(t, others, 0, 4);
    tcase_add_test(t, conditions);
    suite_add_tcase(s, t);
    return s;
}
