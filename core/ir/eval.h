/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CORE_IR_EVAL_H
#define ORRERY_CORE_IR_EVAL_H
/*
 * The meaning of the pure integer operations and of those that only move FP bits,
 * as C: constant folding and the interpreter share it. With constant `op` and
 * `type` the compiler leaves just the one operation.
 *
 * Values are carried in 64 bits; an i32 or f32 is zero-extended. Operations on
 * i32 therefore mask their result.
 */
#include "core/ir/ir.h"
#include "core/util/bits.h"

#define IR_NAN32 0x7fc00000u               /* the default NaN of all ISAs but x86 */
#define IR_BOX   0xffffffff00000000ull     /* upper half of a boxed f32 */

static inline uint64_t ir_clmul_lo(uint64_t a, uint64_t b)
{
    uint64_t r = 0;
    for (unsigned i = 0; i < 64; i++)
        if (b >> i & 1)
            r ^= a << i;
    return r;
}

static inline uint64_t ir_clmul_hi(uint64_t a, uint64_t b)
{
    uint64_t r = 0;
    for (unsigned i = 1; i < 64; i++)
        if (b >> i & 1)
            r ^= a >> (64 - i);
    return r;
}

/* DIVS, DIVU, REMS, REMU on values of `w` bits (ops.def has the rules for 0 and MIN / -1). */
static inline uint64_t ir_eval_div(enum ir_op op, unsigned w, uint64_t a, uint64_t b)
{
    if (op == IR_DIVU)
        return b == 0 ? UINT64_MAX : a / b;
    if (op == IR_REMU)
        return b == 0 ? a : a % b;
    int64_t x = (int64_t)sext(a, w), y = (int64_t)sext(b, w);
    if (op == IR_DIVS)
        return y == 0 ? UINT64_MAX : y == -1 ? 0 - (uint64_t)x : (uint64_t)(x / y);
    return y == 0 ? (uint64_t)x : y == -1 ? 0 : (uint64_t)(x % y);
}

static inline uint64_t ir_eval_mulh(enum ir_op op, unsigned w, uint64_t a, uint64_t b)
{
    __int128 x = op == IR_MULHU ? (__int128)a : (__int128)(int64_t)sext(a, w);
    __int128 y = op == IR_MULHS ? (__int128)(int64_t)sext(b, w) : (__int128)b;
    return (uint64_t)((unsigned __int128)x * (unsigned __int128)y >> w);
}

static inline bool ir_eval_cc(enum ir_cc cc, unsigned w, uint64_t a, uint64_t b)
{
    int64_t x = (int64_t)sext(a, w), y = (int64_t)sext(b, w);
    switch (cc) {
    case IR_EQ: return a == b;
    case IR_NE: return a != b;
    case IR_LTS: return x < y;
    case IR_GES: return x >= y;
    case IR_LES: return x <= y;
    case IR_GTS: return x > y;
    case IR_LTU: return a < b;
    case IR_GEU: return a >= b;
    case IR_LEU: return a <= b;
    case IR_GTU: return a > b;
    }
    return false;
}

static inline uint64_t ir_eval_shift(enum ir_op op, unsigned w, uint64_t a, uint64_t b)
{
    unsigned n = (unsigned)b & (w - 1);
    switch (op) {
    case IR_SHL: return a << n;
    case IR_SHR: return a >> n;
    case IR_SAR: return (uint64_t)((int64_t)sext(a, w) >> n);
    case IR_ROL: return w == 64 ? rotl64(a, n) : rotl32((uint32_t)a, n);
    default: return w == 64 ? rotl64(a, 64 - n) : rotl32((uint32_t)a, 32 - n);
    }
}

static inline uint64_t ir_eval_sign(enum ir_op op, unsigned w, int64_t imm, uint64_t a, uint64_t b)
{
    uint64_t sign = 1ull << (w - 1);
    switch (op) {
    case IR_FNEG: return a ^ sign;
    case IR_FABS: return a & ~sign;
    default: break; /* FSGNJ */
    }
    b = imm == 1 ? ~b : imm == 2 ? a ^ b : b;
    return (a & ~sign) | (b & sign);
}

/* True for the operations ir_eval knows. */
static inline bool ir_can_eval(enum ir_op op)
{
    return (op >= IR_ADD && op <= IR_SELECT) || (op >= IR_FNEG && op <= IR_FUNBOX);
}

static inline __attribute__((always_inline)) uint64_t
ir_eval(enum ir_op op, enum ir_type type, unsigned aux, int64_t imm, uint64_t a, uint64_t b,
        uint64_t c)
{
    unsigned w = type == IR_I32 || type == IR_F32 ? 32 : 64;
    unsigned low = imm & 0xff, n = imm >> 8 & 0xff;
    uint64_t r;
    switch (op) {
    case IR_ADD: r = a + b; break;
    case IR_SUB: r = a - b; break;
    case IR_AND: r = a & b; break;
    case IR_OR: r = a | b; break;
    case IR_XOR: r = a ^ b; break;
    case IR_ANDN: r = a & ~b; break;
    case IR_ORN: r = a | ~b; break;
    case IR_XNOR: r = ~(a ^ b); break;
    case IR_SHL: case IR_SHR: case IR_SAR: case IR_ROL: case IR_ROR:
        r = ir_eval_shift(op, w, a, b);
        break;
    case IR_MUL: r = a * b; break;
    case IR_MULHS: case IR_MULHU: case IR_MULHSU: r = ir_eval_mulh(op, w, a, b); break;
    case IR_DIVS: case IR_DIVU: case IR_REMS: case IR_REMU: r = ir_eval_div(op, w, a, b); break;
    case IR_CLZ: r = clz64(a) - (64 - w); break;
    case IR_CTZ: r = a == 0 ? w : ctz64(a); break;
    case IR_POPCNT: r = popcount64(a); break;
    case IR_BSWAP: r = __builtin_bswap64(a) >> (64 - w); break;
    case IR_CLMUL: r = ir_clmul_lo(a, b); break;
    case IR_CLMULH: r = ir_clmul_hi(a, b); break;
    case IR_SEXT: r = sext(a, aux); break;
    case IR_ZEXT: r = zext(a, aux); break;
    case IR_TRUNC: r = a; break;
    case IR_EXTRACT: r = zext(a >> low, n); break;
    case IR_DEPOSIT: r = f_put_(a, low + n - 1, low, zext(b, n)); break;
    case IR_SETCC: return ir_eval_cc((enum ir_cc)aux, w, a, b);
    case IR_SELECT: r = a != 0 ? b : c; break;
    case IR_FNEG: case IR_FABS: case IR_FSGNJ: r = ir_eval_sign(op, w, imm, a, b); break;
    case IR_BITCAST: r = a; break;
    case IR_FBOX: r = a | IR_BOX; break;
    case IR_FUNBOX: r = (a & IR_BOX) == IR_BOX ? a : IR_NAN32; break;
    default: __builtin_unreachable();
    }
    return w == 32 ? (uint32_t)r : r;
}

#endif
