/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Media instructions: Arm ARM, F4.1.7 and F4.1.4 (A32), F3.1 (T32): saturation, parallel addition and subtraction, packing,
 * extension, bit fields, reversal, CRC32.
 */
#include "cpu/arm64/a32/a32_impl.h"

/* ---- saturation: pure helpers, which return the result and Q in bit 32 ---- */
static uint64_t saturate(int64_t v, unsigned bits, bool to_unsigned)
{
    int64_t most = to_unsigned ? (int64_t)(1ull << bits) - 1 : (int64_t)(1ull << (bits - 1)) - 1;
    int64_t least = to_unsigned ? 0 : -most - 1;
    int64_t r = v > most ? most : v < least ? least : v;
    return (uint32_t)r | (uint64_t)(r != v) << 32;
}

enum { QADD, QSUB, QDADD, QDSUB };

/* Rm +- Rn, Rn doubled first (and saturated of its own) for QD. */
uint64_t a64_helper_a32_qadd(struct cpu *cpu, uint64_t kind, uint64_t rm, uint64_t rn, uint64_t d)
{
    int64_t a = (int32_t)rm, b = (int32_t)rn;
    uint64_t q = 0;
    (void)cpu, (void)d;
    if (kind >= QDADD) {
        q = saturate(2 * b, 32, false);
        b = (int32_t)q;
    }
    return saturate(kind & 1 ? a - b : a + b, 32, false) | (q & 1ull << 32);
}

enum { SAT_UNSIGNED = 1, SAT_HALVES = 2 };

uint64_t a64_helper_a32_sat(struct cpu *cpu, uint64_t kind, uint64_t v, uint64_t bits, uint64_t d)
{
    bool uns = kind & SAT_UNSIGNED;
    (void)cpu, (void)d;
    if (!(kind & SAT_HALVES))
        return saturate((int32_t)v, (unsigned)bits, uns);
    uint64_t low = saturate((int16_t)v, (unsigned)bits, uns);
    uint64_t high = saturate((int16_t)(v >> 16), (unsigned)bits, uns);
    return (low & 0xffff) | (high & 0xffff) << 16 | ((low | high) & 1ull << 32);
}

static void put_q(struct a32_tr *t, ir_val_t both)
{
    struct ir_unit *u = a32_u(t);
    ir_val_t q = ir_op2i(u, IR_SHR, IR_I64, both, 32);
    a32_put_slot(t, A64_SLOT_Q, ir_or(u, IR_I64, ir_get(u, A64_SLOT_Q), q));
    a32_put(t, t->o.rd, ir_trunc(u, both));
}

static ir_val_t call(struct a32_tr *t, unsigned helper, uint64_t kind, ir_val_t a, ir_val_t b)
{
    struct ir_unit *u = a32_u(t);
    return ir_call(u, IR_I64, helper, ir_const(u, IR_I64, kind), ir_zext(u, IR_I64, a, 32),
                   ir_zext(u, IR_I64, b, 32), IR_NONE);
}

static void qadd(struct a32_tr *t, unsigned kind)
{
    put_q(t, call(t, A64_HELPER_a32_qadd, kind, a32_r(t, t->o.rm), a32_r(t, t->o.rn)));
}

static void sat(struct a32_tr *t, unsigned kind)
{
    unsigned bits = t->o.sat + (kind & SAT_UNSIGNED ? 0u : 1u);
    ir_val_t unused, v = a32_r(t, t->o.rn);
    if (t->thumb && !(kind & SAT_HALVES) && t->o.sh && t->o.imm == 0) { /* the place of SSAT16, USAT16 */
        a32_undefined(t);
        return;
    }
    if (!(kind & SAT_HALVES))
        v = a32_shift_imm(t, v, t->o.sh ? 2 : 0, (unsigned)t->o.imm, &unused);
    put_q(t, call(t, A64_HELPER_a32_sat, kind, v, a32_const(t, bits)));
}

/* ---- parallel addition and subtraction: lanes of 8 or 16 bits; GE in 35:32 ---- */
enum { PAR_S = 1, PAR_Q, PAR_SH, PAR_U = 5, PAR_UQ, PAR_UH };
enum { ADD16, ASX, SAX, SUB16, ADD8, SUB8 = 7 };

static uint32_t lane_result(unsigned par, int32_t r, unsigned bits)
{
    if (par == PAR_Q || par == PAR_UQ)
        return (uint32_t)saturate(r, bits, par == PAR_UQ);
    return (uint32_t)(par == PAR_SH || par == PAR_UH ? r >> 1 : r);
}

uint64_t a64_helper_a32_parallel(struct cpu *cpu, uint64_t kind, uint64_t rn, uint64_t rm, uint64_t d)
{
    unsigned par = kind >> 3 & 7, op = kind & 7, bits = op & 4 ? 8 : 16;
    bool sign = par < 4, cross = op == ASX || op == SAX;
    uint64_t result = 0, ge = 0;
    uint32_t mask = bits == 8 ? 0xff : 0xffff;
    (void)cpu, (void)d;
    for (unsigned at = 0; at < 32; at += bits) {
        unsigned other = cross ? 16 - at : at;
        uint32_t a = (uint32_t)rn >> at & mask, b = (uint32_t)rm >> other & mask;
        int32_t x = (int32_t)a, y = (int32_t)b;
        if (sign) {
            x = bits == 8 ? (int8_t)a : (int16_t)a;
            y = bits == 8 ? (int8_t)b : (int16_t)b;
        }
        /* exchanged: ASX adds above and subtracts below, SAX the other way */
        bool sub = op == SUB16 || op == SUB8 || (cross && (op == ASX) == (at == 0));
        int32_t r = sub ? x - y : x + y;
        bool at_least = sign || sub ? r >= 0 : r > (int32_t)mask;
        if (at_least)
            ge |= (bits == 8 ? 1ull : 3ull) << at / 8;
        result |= (uint64_t)(lane_result(par, r, bits) & mask) << at;
    }
    return result | ge << 32;
}

static void parallel(struct a32_tr *t, unsigned arg)
{
    struct ir_unit *u = a32_u(t);
    unsigned par = t->o.par, op = t->o.parop;
    (void)arg;
    if (t->thumb) { /* rows of T32 number them in another order */
        static const uint8_t ops[8] = { ADD8, ADD16, ASX, 0, SUB8, SUB16, SAX, 0 };
        par++;
        op = ops[op];
    }
    ir_val_t both = call(t, A64_HELPER_a32_parallel, par << 3 | op, a32_r(t, t->o.rn), a32_r(t, t->o.rm));
    if (par == PAR_S || par == PAR_U)
        a32_put_slot(t, A64_SLOT_GE, ir_op2i(u, IR_SHR, IR_I64, both, 32));
    a32_put(t, t->o.rd, ir_trunc(u, both));
}

/* SEL: each bit of GE spread over its byte by one multiplication. */
static void sel(struct a32_tr *t, unsigned arg)
{
    struct ir_unit *u = a32_u(t);
    (void)arg;
    ir_val_t ge = ir_trunc(u, ir_get(u, A64_SLOT_GE));
    ir_val_t spread = ir_op2i(u, IR_AND, IR_I32, ir_op2i(u, IR_MUL, IR_I32, ge, 0x00204081), 0x01010101);
    ir_val_t mask = ir_op2i(u, IR_MUL, IR_I32, spread, 0xff);
    ir_val_t a = ir_and(u, IR_I32, a32_r(t, t->o.rn), mask);
    a32_put(t, t->o.rd, ir_or(u, IR_I32, a, ir_andn(u, IR_I32, a32_r(t, t->o.rm), mask)));
}

uint64_t a64_helper_a32_usad8(struct cpu *cpu, uint64_t rn, uint64_t rm, uint64_t c, uint64_t d)
{
    uint64_t sum = 0;
    (void)cpu, (void)c, (void)d;
    for (unsigned at = 0; at < 32; at += 8) {
        int x = (int)(rn >> at & 0xff) - (int)(rm >> at & 0xff);
        sum += (uint64_t)(x < 0 ? -x : x);
    }
    return sum;
}

static void usad8(struct a32_tr *t, unsigned add)
{
    struct ir_unit *u = a32_u(t);
    ir_val_t v = ir_call(u, IR_I64, A64_HELPER_a32_usad8, ir_zext(u, IR_I64, a32_r(t, t->o.rn), 32),
                         ir_zext(u, IR_I64, a32_r(t, t->o.rm), 32), IR_NONE, IR_NONE);
    ir_val_t r = ir_trunc(u, v);
    a32_put(t, t->o.rd, add ? ir_add(u, IR_I32, r, a32_r(t, t->o.ra)) : r);
}

/* ---- packing and extension ---- */
static void pkh(struct a32_tr *t, unsigned arg)
{
    struct ir_unit *u = a32_u(t);
    ir_val_t unused, n = a32_r(t, t->o.rn);
    (void)arg;
    ir_val_t m = a32_shift_imm(t, a32_r(t, t->o.rm), t->o.pkh ? 2 : 0, (unsigned)t->o.imm, &unused);
    a32_put(t, t->o.rd, t->o.pkh ? ir_deposit(u, IR_I32, n, m, 0, 16) : ir_deposit(u, IR_I32, m, n, 0, 16));
}

enum { EXT_16 = 16, EXT_BITS = 0x1f, EXT_UNSIGNED = 0x20, EXT_ADD = 0x40, EXT_TWO = 0x80 };

static ir_val_t extend(struct a32_tr *t, unsigned arg, ir_val_t v)
{
    unsigned bits = arg & EXT_BITS;
    return arg & EXT_UNSIGNED ? ir_zext(a32_u(t), IR_I32, v, bits) : ir_sext(a32_u(t), IR_I32, v, bits);
}

static void ext(struct a32_tr *t, unsigned arg)
{
    struct ir_unit *u = a32_u(t);
    ir_val_t v = a32_r(t, t->o.rm);
    if (t->o.rotate != 0)
        v = ir_op2i(u, IR_ROR, IR_I32, v, 8u * t->o.rotate);
    ir_val_t r = extend(t, arg, v);
    if (arg & EXT_TWO) {
        ir_val_t high = extend(t, arg, ir_op2i(u, IR_SHR, IR_I32, v, 16));
        if (arg & EXT_ADD) {
            ir_val_t n = a32_r(t, t->o.rn);
            r = ir_add(u, IR_I32, r, n);
            high = ir_add(u, IR_I32, high, ir_op2i(u, IR_SHR, IR_I32, n, 16));
        }
        r = ir_deposit(u, IR_I32, r, high, 16, 16);
    } else if (arg & EXT_ADD) {
        r = ir_add(u, IR_I32, r, a32_r(t, t->o.rn));
    }
    a32_put(t, t->o.rd, r);
}

/* ---- bit fields: imm is the lowest bit, sat the highest (BFI, BFC) or the width less one ---- */
static void bfx(struct a32_tr *t, unsigned uns)
{
    struct ir_unit *u = a32_u(t);
    unsigned lsb = (unsigned)t->o.imm, width = t->o.sat + 1u;
    if (lsb + width > 32) {
        a32_undefined(t);
        return;
    }
    ir_val_t v = ir_op2i(u, IR_SHL, IR_I32, a32_r(t, t->o.rn), 32 - lsb - width);
    a32_put(t, t->o.rd, ir_op2i(u, uns ? IR_SHR : IR_SAR, IR_I32, v, 32 - width));
}

static void bfi(struct a32_tr *t, unsigned clear)
{
    struct ir_unit *u = a32_u(t);
    unsigned lsb = (unsigned)t->o.imm, msb = t->o.sat;
    if (msb < lsb) {
        a32_undefined(t);
        return;
    }
    ir_val_t from = clear ? a32_const(t, 0) : a32_r(t, t->o.rn), to = a32_r(t, t->o.rd);
    bool all = lsb == 0 && msb == 31;
    a32_put(t, t->o.rd, all ? from : ir_deposit(u, IR_I32, to, from, lsb, msb - lsb + 1));
}

/* ---- reversal, CLZ, CRC32 ---- */
enum { REV, REV16, REVSH, RBIT, CLZ };

static ir_val_t swap_groups(struct a32_tr *t, ir_val_t v, unsigned by, uint32_t mask)
{
    struct ir_unit *u = a32_u(t);
    ir_val_t up = ir_op2i(u, IR_SHL, IR_I32, ir_op2i(u, IR_AND, IR_I32, v, mask), by);
    return ir_or(u, IR_I32, up, ir_op2i(u, IR_AND, IR_I32, ir_op2i(u, IR_SHR, IR_I32, v, by), mask));
}

static void reverse(struct a32_tr *t, unsigned op)
{
    struct ir_unit *u = a32_u(t);
    ir_val_t v = a32_r(t, t->o.rm);
    switch (op) {
    case REV: v = ir_bswap(u, IR_I32, v); break;
    case REV16: v = swap_groups(t, v, 8, 0x00ff00ff); break;
    case REVSH: v = ir_sext(u, IR_I32, swap_groups(t, v, 8, 0x00ff00ff), 16); break;
    case CLZ: v = ir_clz(u, IR_I32, v); break;
    default:
        v = swap_groups(t, v, 1, 0x55555555);
        v = swap_groups(t, v, 2, 0x33333333);
        v = swap_groups(t, v, 4, 0x0f0f0f0f);
        v = ir_bswap(u, IR_I32, v);
        break;
    }
    a32_put(t, t->o.rd, v);
}

static void crc32(struct a32_tr *t, unsigned arg)
{
    struct ir_unit *u = a32_u(t);
    (void)arg;
    ir_val_t v = ir_call(u, IR_I64, A64_HELPER_crc32, ir_zext(u, IR_I64, a32_r(t, t->o.rn), 32),
                         ir_zext(u, IR_I64, a32_r(t, t->o.rm), 32),
                         ir_const(u, IR_I64, 8u << t->o.sz | (unsigned)t->o.crcc << 7), IR_NONE);
    a32_put(t, t->o.rd, ir_trunc(u, v));
}

/* clang-format off */
enum { FLAGS = A32_SEM_SELECT | A32_SEM_NO_PC };
#define ROWS                                                                                       \
    ROW(QADD, qadd, QADD) ROW(QSUB, qadd, QSUB) ROW(QDADD, qadd, QDADD) ROW(QDSUB, qadd, QDSUB)    \
    ROW(SSAT, sat, 0) ROW(USAT, sat, SAT_UNSIGNED) ROW(SSAT16, sat, SAT_HALVES)                    \
    ROW(USAT16, sat, SAT_HALVES | SAT_UNSIGNED)                                                    \
    ROW(PARALLEL, parallel, 0) ROW(SEL, sel, 0) ROW(USAD8, usad8, 0) ROW(USADA8, usad8, 1)         \
    ROW(PKH, pkh, 0)                                                                               \
    ROW(SXTB, ext, 8) ROW(SXTH, ext, 16) ROW(UXTB, ext, 8 | EXT_UNSIGNED)                          \
    ROW(UXTH, ext, 16 | EXT_UNSIGNED) ROW(SXTAB, ext, 8 | EXT_ADD) ROW(SXTAH, ext, 16 | EXT_ADD)   \
    ROW(UXTAB, ext, 8 | EXT_ADD | EXT_UNSIGNED) ROW(UXTAH, ext, 16 | EXT_ADD | EXT_UNSIGNED)       \
    ROW(SXTB16, ext, 8 | EXT_TWO) ROW(UXTB16, ext, 8 | EXT_TWO | EXT_UNSIGNED)                     \
    ROW(SXTAB16, ext, 8 | EXT_TWO | EXT_ADD)                                                       \
    ROW(UXTAB16, ext, 8 | EXT_TWO | EXT_ADD | EXT_UNSIGNED)                                        \
    ROW(SBFX, bfx, 0) ROW(UBFX, bfx, 1) ROW(BFI, bfi, 0) ROW(BFC, bfi, 1)                          \
    ROW(REV, reverse, REV) ROW(REV16, reverse, REV16) ROW(REVSH, reverse, REVSH)                   \
    ROW(RBIT, reverse, RBIT) ROW(CLZ, reverse, CLZ) ROW(CRC32, crc32, 0)
const struct a32_semantics a32_media_rows[] = {
#define ROW(name, fn, arg) { A32_INSN_##name, FLAGS, fn, arg },
    ROWS
#undef ROW
    A32_ROWS_END
};
const struct a32_semantics t32_media_rows[] = {
#define ROW(name, fn, arg) { T32_INSN_##name, FLAGS, fn, arg },
    ROWS
#undef ROW
    A32_ROWS_END
};
const struct a32_semantics t16_media_rows[] = {
    { T16_INSN_SXTB, FLAGS, ext, 8 }, { T16_INSN_SXTH, FLAGS, ext, 16 },
    { T16_INSN_UXTB, FLAGS, ext, 8 | EXT_UNSIGNED }, { T16_INSN_UXTH, FLAGS, ext, 16 | EXT_UNSIGNED },
    { T16_INSN_REV, FLAGS, reverse, REV }, { T16_INSN_REV16, FLAGS, reverse, REV16 },
    { T16_INSN_REVSH, FLAGS, reverse, REVSH },
    A32_ROWS_END
};
/* clang-format on */
