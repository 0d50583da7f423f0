/* SPDX-License-Identifier: Apache-2.0 */
/* Bits within general registers: fields, shifts, counts, reversals, CRC32. Arm ARM, C4.1.92 and C4.1.95. */
#include "core/util/bits.h"
#include "cpu/arm64/integer_impl.h"

/* ---- fields ---- */

enum { SBFM, BFM, UBFM };

/* imms >= immr: a field of Rn to the bottom; else the low bits of Rn upward (C6.2, BFM). */
static void bitfield(struct a64_tr *t, unsigned arg)
{
    struct ir_unit *u = t->u;
    enum ir_type type = a64_width(arg);
    unsigned bits = type == IR_I64 ? 64 : 32, r = t->d.immr, s = t->d.imms;
    ir_val_t n = a64_x(t, type, t->d.rn), v;
    bool down = s >= r;
    unsigned count = down ? s - r + 1 : s + 1, low = down ? 0 : bits - r;
    switch (arg >> OP_SHIFT) {
    case UBFM:
        v = down ? (count == bits ? n : ir_extract(u, type, n, r, count))
                 : ir_op2i(u, IR_SHL, type, ir_extract(u, type, n, 0, count), low);
        break;
    case SBFM: /* the field's top bit to the register's, then down to its place */
        v = s == bits - 1 ? n : ir_op2i(u, IR_SHL, type, n, bits - 1 - s);
        v = down ? ir_op2i(u, IR_SAR, type, v, bits - count)
                 : ir_op2i(u, IR_SAR, type, v, bits - count - low);
        break;
    default:
        v = down && r != 0 ? ir_op2i(u, IR_SHR, type, n, r) : n;
        v = count == bits ? v : ir_deposit(u, type, a64_x(t, type, t->d.rd), v, low, count);
    }
    a64_put_x(t, type, t->d.rd, v);
}

static void extr(struct a64_tr *t, unsigned arg)
{
    struct ir_unit *u = t->u;
    enum ir_type type = a64_width(arg);
    unsigned bits = type == IR_I64 ? 64 : 32, lsb = t->d.imms;
    ir_val_t hi = a64_x(t, type, t->d.rn), lo = a64_x(t, type, t->d.rm), v = lo;
    if (t->d.rn == t->d.rm)
        v = a64_shifted(t, type, lo, 3, lsb);
    else if (lsb != 0)
        v = ir_or(u, type, ir_op2i(u, IR_SHR, type, lo, lsb), ir_op2i(u, IR_SHL, type, hi, bits - lsb));
    a64_put_x(t, type, t->d.rd, v);
}

/* ---- two sources, one source ---- */

static void shift_var(struct a64_tr *t, unsigned arg)
{
    enum ir_type type = a64_width(arg);
    a64_put_x(t, type, t->d.rd,
              ir_op2(t->u, (enum ir_op)(arg >> OP_SHIFT), type, a64_x(t, type, t->d.rn), a64_x(t, type, t->d.rm)));
}

enum { RBIT, REV, REV16, REV32, CLZ, CLS, CTZ, CNT, ABS };

/* Swap groups of `by` bits inside each pair of them. */
static ir_val_t swap_groups(struct a64_tr *t, enum ir_type type, ir_val_t v, unsigned by, uint64_t low)
{
    struct ir_unit *u = t->u;
    ir_val_t up = ir_op2i(u, IR_SHL, type, ir_op2i(u, IR_AND, type, v, low), by);
    ir_val_t down = ir_op2i(u, IR_AND, type, ir_op2i(u, IR_SHR, type, v, by), low);
    return ir_or(u, type, up, down);
}

static void one_source(struct a64_tr *t, unsigned arg)
{
    struct ir_unit *u = t->u;
    enum ir_type type = a64_width(arg);
    unsigned bits = type == IR_I64 ? 64 : 32;
    ir_val_t v = a64_x(t, type, t->d.rn), r;
    switch (arg >> OP_SHIFT) {
    case RBIT:
        r = swap_groups(t, type, v, 1, 0x5555555555555555ull);
        r = swap_groups(t, type, r, 2, 0x3333333333333333ull);
        r = swap_groups(t, type, r, 4, 0x0f0f0f0f0f0f0f0full);
        r = ir_bswap(u, type, r);
        break;
    case REV: r = ir_bswap(u, type, v); break;
    case REV16: r = swap_groups(t, type, v, 8, 0x00ff00ff00ff00ffull); break;
    case REV32: r = ir_op2i(u, IR_ROR, type, ir_bswap(u, type, v), 32); break;
    case CLZ: r = ir_clz(u, type, v); break;
    case CLS: /* leading bits like the sign, without it: zeros of v ^ (v >> 1) below the top */
        r = ir_xor(u, type, v, ir_op2i(u, IR_SAR, type, v, bits - 1));
        r = ir_op2i(u, IR_SUB, type, ir_clz(u, type, r), 1);
        break;
    case CTZ: r = ir_ctz(u, type, v); break;
    case CNT: r = ir_popcnt(u, type, v); break;
    default: { /* ABS: of the least number itself */
        ir_val_t sign = ir_op2i(u, IR_SAR, type, v, bits - 1);
        r = ir_sub(u, type, ir_xor(u, type, v, sign), sign);
    }
    }
    a64_put_x(t, type, t->d.rd, r);
}

/* ---- CRC32 (C6.2): polynomials 0x04c11db7 and 0x1edc6f41, bits reflected ---- */
static uint32_t crc32_of(uint32_t crc, uint64_t data, unsigned bits, uint32_t reflected)
{
    crc ^= (uint32_t)zext(data, MIN(bits, 32u));
    for (unsigned i = 0; i < bits; i++) {
        if (i == 32)
            crc ^= (uint32_t)(data >> 32);
        crc = crc >> 1 ^ (crc & 1 ? reflected : 0);
    }
    return crc;
}

uint64_t a64_helper_crc32(struct cpu *cpu, uint64_t crc, uint64_t data, uint64_t how, uint64_t d)
{
    (void)cpu, (void)d;
    return crc32_of((uint32_t)crc, data, (unsigned)(how & 0x7f), how & 0x80 ? 0x82f63b78u : 0xedb88320u);
}

static void crc32(struct a64_tr *t, unsigned how)
{
    ir_val_t r = ir_call(t->u, IR_I64, A64_HELPER_crc32, a64_x(t, IR_I64, t->d.rn),
                         a64_x(t, IR_I64, t->d.rm), a64_const(t, how), IR_NONE);
    a64_put_x(t, IR_I64, t->d.rd, r);
}

/* clang-format off */
const struct a64_semantics a64_bit_rows[] = {
    WX(SBFM, bitfield, OP(SBFM)), WX(BFM, bitfield, OP(BFM)), WX(UBFM, bitfield, OP(UBFM)),
    WX(EXTR, extr, 0),
    WX(LSLV, shift_var, OP(IR_SHL)), WX(LSRV, shift_var, OP(IR_SHR)),
    WX(ASRV, shift_var, OP(IR_SAR)), WX(RORV, shift_var, OP(IR_ROR)),
    WX(RBIT, one_source, OP(RBIT)), WX(REV, one_source, OP(REV)), WX(REV16, one_source, OP(REV16)),
    { A64_INSN_REV32_X, 0, one_source, OP(REV32) | X },
    WX(CLZ, one_source, OP(CLZ)), WX(CLS, one_source, OP(CLS)), WX(CTZ, one_source, OP(CTZ)),
    WX(CNT, one_source, OP(CNT)), WX(ABS, one_source, OP(ABS)),
    { A64_INSN_CRC32B, 0, crc32, 8 },   { A64_INSN_CRC32H, 0, crc32, 16 },
    { A64_INSN_CRC32W, 0, crc32, 32 },  { A64_INSN_CRC32X, 0, crc32, 64 },
    { A64_INSN_CRC32CB, 0, crc32, 0x80 | 8 },  { A64_INSN_CRC32CH, 0, crc32, 0x80 | 16 },
    { A64_INSN_CRC32CW, 0, crc32, 0x80 | 32 }, { A64_INSN_CRC32CX, 0, crc32, 0x80 | 64 },
    A64_ROWS_END
};
/* clang-format on */
