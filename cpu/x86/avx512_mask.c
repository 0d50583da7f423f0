/* SPDX-License-Identifier: Apache-2.0 */
/* Instructions on opmask registers: SDM volume 1, 15.6; volume 2, 2.7.3 and KADDW and following. */
#include "cpu/x86/simd.h"
#include "core/util/bits.h"

static ir_val_t get_k(struct x86_tr *t, unsigned n)
{
    return ir_get(t->u, X86_SLOT_K + t->d.op[n].reg);
}

static void put_k(struct x86_tr *t, ir_val_t v, unsigned bytes)
{
    x86_put_slot(t, X86_SLOT_K + t->d.op[0].reg,
                 bytes == 8 ? v : ir_zext(t->u, IR_I64, v, bytes * 8));
}

/* The width is that of the operand: bytes, words, dwords, qwords. */
static void binary(struct x86_tr *t, unsigned op)
{
    ir_val_t a = get_k(t, 1), b = get_k(t, 2);
    if (op == IR_ANDN) /* complements its second operand, KANDN the first */
        put_k(t, ir_andn(t->u, IR_I64, b, a), t->d.op[0].size);
    else
        put_k(t, ir_op2(t->u, (enum ir_op)op, IR_I64, a, b), t->d.op[0].size);
}

static void complement(struct x86_tr *t, unsigned arg)
{
    (void)arg;
    put_k(t, ir_op2i(t->u, IR_XOR, IR_I64, get_k(t, 1), ~0ull), t->d.op[0].size);
}

static void unpack(struct x86_tr *t, unsigned arg)
{
    unsigned bytes = t->d.op[0].size, half = bytes * 4;
    (void)arg;
    put_k(t, ir_deposit(t->u, IR_I64, get_k(t, 2), get_k(t, 1), half, half), bytes);
}

static void shift(struct x86_tr *t, unsigned op)
{
    unsigned bytes = t->d.op[0].size, by = (unsigned)t->d.imm & 0xff;
    ir_val_t a =
        ir_op2i(t->u, IR_AND, IR_I64, get_k(t, 1), bytes == 8 ? ~0ull : BIT(bytes * 8) - 1);
    put_k(t, by >= bytes * 8 ? x86_const(t, 0) : ir_op2i(t->u, (enum ir_op)op, IR_I64, a, by),
          bytes);
}

static void move(struct x86_tr *t, unsigned arg)
{
    unsigned bytes = MIN(t->d.op[0].size, t->d.op[1].size);
    (void)arg;
    if (t->d.op[0].kind == X86_OP_K) {
        put_k(t, t->d.op[1].kind == X86_OP_K ? get_k(t, 1) : x86_get(t, 1), bytes);
        return;
    }
    ir_val_t v = get_k(t, 1);
    x86_put(t, 0, bytes == 8 ? v : ir_zext(t->u, IR_I64, v, bytes * 8));
}

/* Zero-extended masks; CF and ZF of them, the other flags 0. */
static ir_val_t narrow(struct x86_tr *t, ir_val_t v)
{
    unsigned bytes = t->d.op[0].size;
    return bytes == 8 ? v : ir_zext(t->u, IR_I64, v, bytes * 8);
}

static void set_flags(struct x86_tr *t, ir_val_t zero, ir_val_t carry, uint64_t carry_if)
{
    struct ir_unit *u = t->u;
    ir_val_t z = ir_setcc(u, IR_I64, IR_EQ, zero, x86_const(t, 0));
    ir_val_t c = ir_setcc(u, IR_I64, IR_EQ, carry, x86_const(t, carry_if));
    x86_set_flags_image(t, ir_or(u, IR_I64, ir_op2i(u, IR_SHL, IR_I64, z, 6), c));
}

static void or_test(struct x86_tr *t, unsigned arg)
{
    ir_val_t v = narrow(t, ir_or(t->u, IR_I64, get_k(t, 0), get_k(t, 1)));
    (void)arg;
    set_flags(t, v, v, t->d.op[0].size == 8 ? ~0ull : BIT(t->d.op[0].size * 8) - 1);
}

static void test(struct x86_tr *t, unsigned arg)
{
    ir_val_t a = get_k(t, 0), b = get_k(t, 1);
    (void)arg;
    set_flags(t, narrow(t, ir_and(t->u, IR_I64, a, b)), narrow(t, ir_andn(t->u, IR_I64, b, a)), 0);
}

#define K(NAME, fn, arg)                                                                           \
    {                                                                                              \
        X86_INSN_##NAME, X86_SEM_AVX512, fn, arg                                                   \
    }
#define BWDQ(NAME, fn, arg)                                                                        \
    K(NAME##B, fn, arg), K(NAME##W, fn, arg), K(NAME##D, fn, arg), K(NAME##Q, fn, arg)
const struct x86_semantics x86_avx512_mask_rows[] = {
    BWDQ(KAND, binary, IR_AND),   BWDQ(KANDN, binary, IR_ANDN),
    BWDQ(KOR, binary, IR_OR),     BWDQ(KXNOR, binary, IR_XNOR),
    BWDQ(KXOR, binary, IR_XOR),   BWDQ(KADD, binary, IR_ADD),
    BWDQ(KNOT, complement, 0),    BWDQ(KORTEST, or_test, 0),
    BWDQ(KTEST, test, 0),         BWDQ(KMOV, move, 0),
    BWDQ(KSHIFTR, shift, IR_SHR), BWDQ(KSHIFTL, shift, IR_SHL),
    K(KUNPCKBW, unpack, 0),       K(KUNPCKWD, unpack, 0),
    K(KUNPCKDQ, unpack, 0),       X86_ROWS_END
};
