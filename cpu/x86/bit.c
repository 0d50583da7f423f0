/* SPDX-License-Identifier: Apache-2.0 */
/* Bits: BT and its like, scans, counts, BMI1, BMI2, MOVBE, CRC32. SDM volume 1, 5.1.6; volume 2,
 * each. */
#include "cpu/x86/translate_impl.h"
#include "core/util/bits.h"

/* ---- BT, BTS, BTR, BTC ---- */
enum { BT, BTS, BTR, BTC };

static ir_val_t changed(struct x86_tr *t, unsigned what, ir_val_t v, ir_val_t bit)
{
    if (what == BTS)
        return ir_or(t->u, IR_I64, v, bit);
    return what == BTR ? ir_op2(t->u, IR_ANDN, IR_I64, v, bit) : ir_xor(t->u, IR_I64, v, bit);
}

/* With a register as bit number, memory is a string of bits: the number's upper part moves the
 * address. */
static void move_address(struct x86_tr *t, unsigned bytes, ir_val_t n, ir_val_t *linear,
                         unsigned write)
{
    ir_val_t whole = x86_sext(t, n, bytes);
    ir_val_t by = ir_op2i(t->u, IR_SHL, IR_I64,
                          ir_op2i(t->u, IR_SAR, IR_I64, whole,
                                  bytes == 8   ? 6
                                  : bytes == 4 ? 5
                                               : 4),
                          x86_log2(bytes));
    ir_val_t offset = ir_add(t->u, IR_I64, x86_offset(t), by);
    if (t->d.addr_size != 8)
        offset = ir_zext(t->u, IR_I64, offset, t->d.addr_size * 8u);
    *linear = x86_segment_address(t, (enum x86_seg)t->d.seg, offset, t->d.addr_size, bytes, write);
}

static void bit_test(struct x86_tr *t, unsigned what)
{
    struct ir_unit *u = t->u;
    unsigned bytes = t->d.op[0].size;
    ir_val_t n = x86_get(t, 1), linear = IR_NONE, v;
    bool mem = x86_is_mem(t, 0);
    ir_val_t at = ir_op2i(u, IR_AND, IR_I64, n, bytes * 8 - 1);
    ir_val_t bit = ir_op2(u, IR_SHL, IR_I64, x86_const(t, 1), at);
    if (mem) {
        unsigned write = what == BT ? INSN_MEM_READ : INSN_MEM_RMW;
        if (t->d.op[1].kind == X86_OP_IMM)
            linear = x86_address(t, bytes, write);
        else
            move_address(t, bytes, n, &linear, write);
    }
    if (mem && t->d.lock) {
        ir_val_t mask = what == BTR ? ir_xor(u, IR_I64, bit, x86_const(t, ~0ull)) : bit;
        v = ir_amo(u, IR_I64,
                   what == BTS   ? IR_AMO_OR
                   : what == BTR ? IR_AMO_AND
                                 : IR_AMO_XOR,
                   linear, mask, x86_memop(t, bytes, IR_MEM_ATOMIC | IR_MEM_ACQUIRE | IR_MEM_RELEASE));
    } else if (mem) {
        v = what == BT ? x86_load(t, linear, bytes)
                       : ir_load(u, IR_I64, linear, 0, x86_memop(t, bytes, IR_MEM_STORE_RIGHTS));
        if (what != BT)
            x86_store(t, linear, bytes, changed(t, what, v, bit));
    } else {
        v = x86_get(t, 0);
        if (what != BT)
            x86_put(t, 0, changed(t, what, v, bit));
    }
    /* CF is the bit; ZF stays, the others are undefined: they stay too */
    ir_val_t cf = ir_op2i(u, IR_AND, IR_I64, ir_op2(u, IR_SHR, IR_I64, v, at), 1);
    x86_set_flags_image(t, ir_deposit(u, IR_I64, x86_flags_image(t), cf, 0, 1));
}

/* ---- scans and counts ---- */
/* BSF, BSR: a zero source leaves the destination (AMD's rule, which Intel's processors follow). */
static void scan(struct x86_tr *t, unsigned reverse)
{
    struct ir_unit *u = t->u;
    unsigned bytes = t->d.op[0].size;
    ir_val_t v = x86_get(t, 1), old = ir_get(u, X86_SLOT_GPR + t->d.op[0].reg), n;
    n = reverse ? ir_op2i(u, IR_XOR, IR_I64, ir_clz(u, IR_I64, v), 63) : ir_ctz(u, IR_I64, v);
    if (bytes == 2)
        n = ir_deposit(u, IR_I64, old, n, 0, 16);
    x86_put_slot(t, X86_SLOT_GPR + t->d.op[0].reg, ir_select(u, IR_I64, v, n, old));
    x86_set_cc(t, X86_CC_LOGIC, bytes, v, IR_NONE, IR_NONE, IR_NONE); /* ZF: the source is zero */
}

static void count(struct x86_tr *t, unsigned leading)
{
    struct ir_unit *u = t->u;
    unsigned bytes = t->d.op[0].size, bits = bytes * 8;
    ir_val_t v = x86_get(t, 1), n;
    if (leading)
        n = ir_op2i(u, IR_SUB, IR_I64, ir_clz(u, IR_I64, v), 64 - bits);
    else
        n = ir_ctz(u, IR_I64, bytes == 8 ? v : ir_op2i(u, IR_OR, IR_I64, v, 1ull << bits));
    x86_put(t, 0, n);
    x86_set_cc(t, X86_CC_BITS, bytes, n, ir_setcc(u, IR_I64, IR_EQ, v, x86_const(t, 0)), IR_NONE,
               IR_NONE);
}

static void popcnt(struct x86_tr *t, unsigned arg)
{
    (void)arg;
    ir_val_t v = x86_get(t, 1);
    x86_put(t, 0, ir_popcnt(t->u, IR_I64, v));
    x86_set_cc(t, X86_CC_POPCNT, t->d.op[0].size, v, IR_NONE, IR_NONE, IR_NONE);
}

static ir_val_t swapped(struct x86_tr *t, unsigned bytes, ir_val_t v)
{
    if (bytes == 8)
        return ir_bswap(t->u, IR_I64, v);
    return ir_op2i(t->u, IR_SHR, IR_I64, ir_bswap(t->u, IR_I64, v), 64 - bytes * 8);
}

/* BSWAP of 16 bits is undefined: it clears them, as processors do. */
static void bswap(struct x86_tr *t, unsigned arg)
{
    unsigned bytes = t->d.op[0].size;
    (void)arg;
    x86_put(t, 0, bytes == 2 ? x86_const(t, 0) : swapped(t, bytes, x86_get(t, 0)));
}

static void movbe(struct x86_tr *t, unsigned arg)
{
    (void)arg;
    x86_put(t, 0, swapped(t, t->d.op[0].size, x86_get(t, 1)));
}

/* ---- BMI1, BMI2 ---- */
static void andn(struct x86_tr *t, unsigned arg)
{
    unsigned bytes = t->d.op[0].size;
    (void)arg;
    ir_val_t r = ir_op2(t->u, IR_ANDN, IR_I64, x86_get(t, 2), x86_get(t, 1));
    x86_put(t, 0, r);
    x86_set_cc(t, X86_CC_LOGIC, bytes, r, IR_NONE, IR_NONE, IR_NONE);
}

enum { BLSR, BLSMSK, BLSI };

static void lowest_bit(struct x86_tr *t, unsigned what)
{
    struct ir_unit *u = t->u;
    unsigned bytes = t->d.op[0].size;
    ir_val_t v = x86_get(t, 1), zero = x86_const(t, 0), r;
    if (what == BLSI) {
        r = ir_and(u, IR_I64, v, x86_op2(t, IR_SUB, bytes, zero, v));
    } else {
        ir_val_t less = x86_op2(t, IR_SUB, bytes, v, x86_const(t, 1));
        r = what == BLSR ? ir_and(u, IR_I64, v, less) : ir_xor(u, IR_I64, v, less);
    }
    ir_val_t cf = ir_setcc(u, IR_I64, what == BLSI ? IR_NE : IR_EQ, v, zero);
    x86_put(t, 0, r);
    x86_set_cc(t, X86_CC_BITS, bytes, r, cf, IR_NONE, IR_NONE);
}

static void bzhi(struct x86_tr *t, unsigned arg)
{
    struct ir_unit *u = t->u;
    unsigned bytes = t->d.op[0].size;
    (void)arg;
    ir_val_t v = x86_get(t, 1), n = ir_zext(u, IR_I64, x86_get(t, 2), 8),
             bits = x86_const(t, bytes * 8);
    ir_val_t inside = ir_setcc(u, IR_I64, IR_LTU, n, bits);
    ir_val_t mask = ir_op2i(u, IR_SUB, IR_I64, ir_op2(u, IR_SHL, IR_I64, x86_const(t, 1), n), 1);
    ir_val_t r = ir_select(u, IR_I64, inside, ir_and(u, IR_I64, v, mask), v);
    x86_put(t, 0, r);
    x86_set_cc(t, X86_CC_BITS, bytes, r, ir_op2i(u, IR_XOR, IR_I64, inside, 1), IR_NONE, IR_NONE);
}

static void bextr(struct x86_tr *t, unsigned arg)
{
    struct ir_unit *u = t->u;
    unsigned bytes = t->d.op[0].size;
    (void)arg;
    ir_val_t v = x86_get(t, 1), c = x86_get(t, 2);
    ir_val_t start = ir_zext(u, IR_I64, c, 8), n = ir_extract(u, IR_I64, c, 8, 8),
             top = x86_const(t, 64);
    ir_val_t moved = ir_select(u, IR_I64, ir_setcc(u, IR_I64, IR_LTU, start, top),
                               ir_op2(u, IR_SHR, IR_I64, v, start), x86_const(t, 0));
    ir_val_t mask = ir_op2i(u, IR_SUB, IR_I64, ir_op2(u, IR_SHL, IR_I64, x86_const(t, 1), n), 1);
    ir_val_t r = ir_select(u, IR_I64, ir_setcc(u, IR_I64, IR_LTU, n, top),
                           ir_and(u, IR_I64, moved, mask), moved);
    x86_put(t, 0, r);
    x86_set_cc(t, X86_CC_LOGIC, bytes, r, IR_NONE, IR_NONE, IR_NONE);
}

static void deposit_extract(struct x86_tr *t, unsigned helper)
{
    ir_val_t v = x86_get(t, 1), mask = x86_get(t, 2);
    x86_put(t, 0, ir_call(t->u, IR_I64, helper, v, mask, IR_NONE, IR_NONE));
}

uint64_t x86_helper_pdep(struct cpu *cpu, uint64_t v, uint64_t mask, uint64_t c, uint64_t d)
{
    uint64_t r = 0;
    (void)cpu, (void)c, (void)d;
    for (; mask != 0; mask &= mask - 1, v >>= 1)
        r |= v & 1 ? mask & (0 - mask) : 0;
    return r;
}

uint64_t x86_helper_pext(struct cpu *cpu, uint64_t v, uint64_t mask, uint64_t c, uint64_t d)
{
    uint64_t r = 0;
    (void)cpu, (void)c, (void)d;
    for (unsigned i = 0; mask != 0; mask &= mask - 1, i++)
        r |= (uint64_t)((v & mask & (0 - mask)) != 0) << i;
    return r;
}

/* ---- CRC32C (polynomial 11EDC6F41h, bits reversed) ---- */
uint64_t x86_helper_crc32(struct cpu *cpu, uint64_t crc, uint64_t v, uint64_t bytes, uint64_t d)
{
    uint32_t c = (uint32_t)crc;
    (void)cpu, (void)d;
    for (uint64_t i = 0; i < bytes; i++) {
        c ^= (uint32_t)(v >> (8 * i) & 0xff);
        for (unsigned k = 0; k < 8; k++)
            c = c >> 1 ^ (c & 1 ? 0x82f63b78u : 0);
    }
    return c;
}

static void crc32(struct x86_tr *t, unsigned arg)
{
    (void)arg;
    ir_val_t v = x86_get(t, 1);
    x86_put(t, 0,
            ir_call(t->u, IR_I64, X86_HELPER_crc32, x86_get(t, 0), v, x86_const(t, t->d.op[1].size),
                    IR_NONE));
}

/* clang-format off */
const struct x86_semantics x86_bit_rows[] = {
    { X86_INSN_BT, 0, bit_test, BT },     { X86_INSN_BTS, 0, bit_test, BTS }, { X86_INSN_BTR, 0, bit_test, BTR },
    { X86_INSN_BTC, 0, bit_test, BTC },   { X86_INSN_BSF, 0, scan, 0 },       { X86_INSN_BSR, 0, scan, 1 },
    { X86_INSN_TZCNT, 0, count, 0 },      { X86_INSN_LZCNT, 0, count, 1 },    { X86_INSN_POPCNT, 0, popcnt, 0 },
    { X86_INSN_BSWAP, 0, bswap, 0 },      { X86_INSN_MOVBE, 0, movbe, 0 },
    { X86_INSN_ANDN, 0, andn, 0 },        { X86_INSN_BLSR, 0, lowest_bit, BLSR },
    { X86_INSN_BLSMSK, 0, lowest_bit, BLSMSK }, { X86_INSN_BLSI, 0, lowest_bit, BLSI },
    { X86_INSN_BZHI, 0, bzhi, 0 },        { X86_INSN_BEXTR, 0, bextr, 0 },
    { X86_INSN_PDEP, 0, deposit_extract, X86_HELPER_pdep }, { X86_INSN_PEXT, 0, deposit_extract, X86_HELPER_pext },
    { X86_INSN_CRC32, 0, crc32, 0 },
    X86_ROWS_END
};
/* clang-format on */
