/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lazy flags made real: what CF, PF, AF, ZF, SF and OF are after an operation whose result and
 * operand are still known (SDM volume 1, appendix A). The reference of flags_emit.c, and what is
 * called where translated code does not know which operation it was.
 */
#include "core/util/bits.h"
#include "cpu/x86/translate_impl.h"

/* ZF, SF, PF of a result whose top bit is `msb`. */
static uint64_t result_flags(uint64_t r, uint64_t msb)
{
    uint64_t f = r == 0 ? X86_ZF : 0;
    f |= r & msb ? X86_SF : 0;
    return f | (__builtin_parity((unsigned)r & 0xff) ? 0 : X86_PF);
}

/* left + a (+ x) = r. */
static uint64_t add_flags(uint64_t left, uint64_t a, uint64_t r, uint64_t msb, bool carry)
{
    return (carry ? X86_CF : 0) | ((left ^ a ^ r) & 0x10 ? X86_AF : 0) |
           ((left ^ r) & (a ^ r) & msb ? X86_OF : 0);
}

/* left - a (- x) = r. */
static uint64_t sub_flags(uint64_t left, uint64_t a, uint64_t r, uint64_t msb, bool borrow)
{
    return (borrow ? X86_CF : 0) | ((left ^ a ^ r) & 0x10 ? X86_AF : 0) |
           ((left ^ a) & (left ^ r) & msb ? X86_OF : 0);
}

static uint64_t carry_overflow(bool carry, bool overflow)
{
    return (carry ? X86_CF : 0) | (overflow ? X86_OF : 0);
}

/* Does the signed product of a and b need more than `bits`? */
static bool product_overflows(uint64_t a, uint64_t b, unsigned bits)
{
    __int128 p = (__int128)(int64_t)sext(a, bits) * (int64_t)sext(b, bits);
    return p != (__int128)(int64_t)sext((uint64_t)p, bits);
}

static bool rotated_carry(uint64_t cc)
{
    return cc >> (X86_CC_TOP_SHIFT + 1) & 1;
}

static bool rotated_overflow(uint64_t cc)
{
    return (cc >> X86_CC_TOP_SHIFT & 1) != (cc >> (X86_CC_TOP_SHIFT + 1) & 1);
}

uint64_t x86_arith_flags(uint64_t cc, uint64_t r, uint64_t a, uint64_t x)
{
    if (UNLIKELY(cc & X86_CC_ROTATED)) {
        uint64_t before = x86_arith_flags(cc & 0xff, r, a, x) & ~(uint64_t)(X86_CF | X86_OF);
        return before | carry_overflow(rotated_carry(cc), rotated_overflow(cc));
    }
    unsigned bits = 8u << (cc & 3);
    uint64_t msb = 1ull << (bits - 1), left;
    bool over;
    a = zext(a, bits);
    switch (cc & ~3ull) {
    case X86_CC_ADD:
        return result_flags(r, msb) | add_flags(zext(r - a, bits), a, r, msb, r < a);
    case X86_CC_ADC:
        left = zext(r - a - x, bits);
        return result_flags(r, msb) | add_flags(left, a, r, msb, r < left || (x && r == left));
    case X86_CC_SUB:
        left = zext(r + a, bits);
        return result_flags(r, msb) | sub_flags(left, a, r, msb, left < a);
    case X86_CC_SBB:
        left = zext(r + a + x, bits);
        return result_flags(r, msb) | sub_flags(left, a, r, msb, left < a || (x && left == a));
    case X86_CC_CMP:
        left = zext(r, bits);
        r = zext(left - a, bits);
        return result_flags(r, msb) | sub_flags(left, a, r, msb, left < a);
    case X86_CC_LOGIC:
        return result_flags(r, msb);
    case X86_CC_TEST:
        return result_flags(r & a, msb);
    case X86_CC_IMUL:
        over = product_overflows(a, x, bits);
        return result_flags(r, msb) | carry_overflow(over, over);
    case X86_CC_PRODUCT:
        over = product_overflows(a, r, bits);
        return result_flags(zext(r * a, bits), msb) | carry_overflow(over, over);
    case X86_CC_INC:
        return result_flags(r, msb) | carry_overflow(a, r == msb) | ((r & 15) == 0 ? X86_AF : 0);
    case X86_CC_DEC:
        return result_flags(r, msb) | carry_overflow(a, r == msb - 1) |
               ((r & 15) == 15 ? X86_AF : 0);
    case X86_CC_SHL:
        return result_flags(r, msb) | carry_overflow(a & msb, (a ^ r) & msb);
    case X86_CC_SHR:
        return result_flags(r, msb) | carry_overflow(a & 1, (a ^ r) & msb);
    case X86_CC_MUL:
        return result_flags(r, msb) | carry_overflow(a, a);
    case X86_CC_BITS:
        return result_flags(r, msb) | carry_overflow(a, false);
    case X86_CC_POPCNT:
        return r == 0 ? X86_ZF : 0;
    default:
        return r & X86_ARITH;
    }
}

bool x86_test_condition(uint64_t f, unsigned cond)
{
    bool sf = f & X86_SF, of = f & X86_OF, zf = f & X86_ZF, yes = false;
    switch (cond >> 1) {
    case 0:
        yes = of;
        break;
    case 1:
        yes = f & X86_CF;
        break;
    case 2:
        yes = zf;
        break;
    case 3:
        yes = (f & X86_CF) || zf;
        break;
    case 4:
        yes = sf;
        break;
    case 5:
        yes = f & X86_PF;
        break;
    case 6:
        yes = sf != of;
        break;
    default:
        yes = zf || sf != of;
        break;
    }
    return yes != (cond & 1);
}

/* ---- called by translated code ---- */
uint64_t x86_helper_flags(struct cpu *cpu, uint64_t cc, uint64_t r, uint64_t a, uint64_t x)
{
    (void)cpu;
    return x86_arith_flags(cc, r, a, x);
}

/*
 * The conditions asked for most, of the operations they follow most, without all flags: 0 or 1, or -1 for what is left
 * to x86_arith_flags.
 */
static int quick_condition(uint64_t cc, uint64_t r, uint64_t a, unsigned cond)
{
    unsigned bits = 8u << (cc & 3);
    static const uint8_t place[] = { [0] = 11, [1] = 0, [2] = 6, [4] = 7, [5] = 2 }; /* of OF, CF, ZF, SF, PF */
    uint64_t op = cc & ~3ull, left;
    a = zext(a, bits);
    if (op == X86_CC_FLAGS && cond >> 1 != 3 && cond >> 1 < ARRAY_LEN(place))
        return (int)(r >> place[cond >> 1] & 1);
    if (op == X86_CC_FLAGS || op == X86_CC_POPCNT)
        return -1;
    if (op == X86_CC_CMP) { /* from here on as if the result had been kept */
        op = X86_CC_SUB;
        r = zext(r - a, bits);
    } else if (op == X86_CC_TEST) {
        op = X86_CC_LOGIC;
        r &= a; /* which has no more bits than count */
    } else if (op == X86_CC_PRODUCT) {
        op = X86_CC_IMUL;
        r = zext(r * a, bits);
    }
    if (cond >> 1 == 2)
        return r == 0;
    if (cond >> 1 == 4)
        return (int)(r >> (bits - 1) & 1);
    if (cond >> 1 == 1 && (op == X86_CC_INC || op == X86_CC_DEC))
        return a != 0;
    if (op == X86_CC_LOGIC)
        return cond >> 1 == 1 ? 0 : cond >> 1 == 3 ? r == 0 : -1;
    if (op != X86_CC_SUB)
        return -1;
    left = zext(r + a, bits);
    switch (cond >> 1) {
    case 1:
        return left < a;
    case 3:
        return left <= a;
    case 6:
        return (int64_t)sext(left, bits) < (int64_t)sext(a, bits);
    case 7:
        return (int64_t)sext(left, bits) <= (int64_t)sext(a, bits);
    default:
        return -1;
    }
}

/* The same with X86_CC_ROTATED: ZF, SF and PF are still those of the operation before. */
static int rotated_condition(uint64_t cc, uint64_t r, uint64_t a, unsigned cond)
{
    switch (cond >> 1) {
    case 0:
        return rotated_overflow(cc);
    case 1:
        return rotated_carry(cc);
    case 2:
    case 4:
    case 5:
        return quick_condition(cc & 0xff, r, a, cond);
    default:
        return -1;
    }
}

/* `cc`: 15:8 the condition, else as in its slot. */
uint64_t x86_helper_condition(struct cpu *cpu, uint64_t cc, uint64_t r, uint64_t a, uint64_t x)
{
    unsigned cond = (unsigned)(cc >> 8 & 0xff);
    bool rotated = UNLIKELY(cc & X86_CC_ROTATED);
    int quick = rotated ? rotated_condition(cc, r, a, cond) : quick_condition(cc & 0xff, r, a, cond);
    (void)cpu;
    if (LIKELY(quick >= 0))
        return (uint64_t)(quick != (int)(cond & 1));
    return x86_test_condition(x86_arith_flags(cc & ~0xff00ull, r, a, x), cond);
}
