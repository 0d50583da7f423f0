/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shifts and rotates: SDM volume 1, 5.1.5; volume 2, each. A count of zero leaves all flags, which
 * with a count in CL means a choice between the old and the new ones.
 */
#include "cpu/x86/translate_impl.h"

enum { ROL, ROR, RCL, RCR, SHL, SHR, SAR };

/* Is the count known? *value: it, cut as the architecture does. */
static bool is_constant(const struct x86_tr *t, unsigned n, unsigned bytes, unsigned *value)
{
    *value = (unsigned)t->d.imm & (bytes == 8 ? 63 : 31);
    return t->d.op[n].kind == X86_OP_IMM;
}

/* The count, cut likewise; *constant if it is known. */
static ir_val_t count_of(struct x86_tr *t, unsigned n, unsigned bytes, bool *constant,
                         unsigned *value)
{
    *constant = is_constant(t, n, bytes, value);
    if (*constant)
        return x86_const(t, *value);
    return ir_op2i(t->u, IR_AND, IR_I64, x86_get_reg(t, 1, 1), bytes == 8 ? 63 : 31);
}

/* Flags of a shift by a count that may be zero: each slot keeps what it had then. */
static void set_cc_unless_zero(struct x86_tr *t, ir_val_t count, unsigned cc, ir_val_t r,
                               ir_val_t a)
{
    struct ir_unit *u = t->u;
    ir_val_t some = ir_setcc(u, IR_I64, IR_NE, count, x86_const(t, 0));
    x86_flush_cc(t);
    x86_put_slot(t, X86_SLOT_CC,
                 ir_select(u, IR_I64, some, x86_const(t, cc), ir_get(u, X86_SLOT_CC)));
    x86_put_slot(t, X86_SLOT_CC_R, ir_select(u, IR_I64, some, r, ir_get(u, X86_SLOT_CC_R)));
    if (a != IR_NONE)
        x86_put_slot(t, X86_SLOT_CC_A, ir_select(u, IR_I64, some, a, ir_get(u, X86_SLOT_CC_A)));
    x86_forget_cc(t);
}

/* By one less than `count`, and then by one more: the last bit out is in the first result. */
static ir_val_t shift_once_more(struct x86_tr *t, unsigned what, unsigned bytes, ir_val_t v,
                                ir_val_t count, ir_val_t *before)
{
    struct ir_unit *u = t->u;
    enum ir_op op = what == SHL ? IR_SHL : what == SHR ? IR_SHR : IR_SAR;
    ir_val_t one = x86_const(t, 1);
    if (what == SAR)
        v = x86_sext(t, v, bytes);
    /* On 64 bits: counts up to 31 may leave a narrow operand altogether */
    ir_val_t less = ir_op2i(u, IR_AND, IR_I64, ir_sub(u, IR_I64, count, one), 63);
    ir_val_t b = ir_op2(u, op, IR_I64, v, less), r = ir_op2(u, op, IR_I64, b, one);
    *before = bytes == 8 ? b : ir_zext(u, IR_I64, b, bytes * 8);
    return bytes == 8 ? r : ir_zext(u, IR_I64, r, bytes * 8);
}

/* Likewise by a constant, not 0, the two apart: what came before it is for the flags, which few ask for. */
static ir_val_t shift_constant(struct x86_tr *t, unsigned what, unsigned bytes, ir_val_t v, unsigned n, ir_val_t *before)
{
    struct ir_unit *u = t->u;
    enum ir_op op = what == SHL ? IR_SHL : what == SHR ? IR_SHR : IR_SAR;
    ir_val_t r;
    if (bytes == 4) {
        ir_val_t w = ir_trunc(u, v);
        *before = n == 1 ? v : ir_zext(u, IR_I64, ir_op2i(u, op, IR_I32, w, n - 1), 32);
        return ir_zext(u, IR_I64, ir_op2i(u, op, IR_I32, w, n), 32);
    }
    if (what == SAR)
        v = x86_sext(t, v, bytes);
    *before = n == 1 ? v : ir_op2i(u, op, IR_I64, v, n - 1);
    r = ir_op2i(u, op, IR_I64, v, n);
    if (bytes == 8)
        return r;
    *before = ir_zext(u, IR_I64, *before, bytes * 8);
    return ir_zext(u, IR_I64, r, bytes * 8);
}

static void shift(struct x86_tr *t, unsigned what)
{
    struct ir_unit *u = t->u;
    unsigned bytes = t->d.op[0].size, n = 0;
    bool constant = is_constant(t, 1, bytes, &n);
    ir_val_t count = constant ? IR_NONE : count_of(t, 1, bytes, &constant, &n), before;
    if (constant && n == 0) {
        if (x86_is_mem(t, 0) || bytes == 4)
            x86_put(t, 0, x86_get_rmw(t, 0)); /* written all the same: upper halves, rights */
        return;
    }
    ir_val_t v = x86_get_rmw(t, 0);
    ir_val_t r = constant ? shift_constant(t, what, bytes, v, n, &before)
                          : shift_once_more(t, what, bytes, v, count, &before);
    enum x86_cc cc = what == SHL ? X86_CC_SHL : X86_CC_SHR;
    if (constant) {
        x86_put(t, 0, r);
        x86_set_cc(t, cc, bytes, r, before, IR_NONE, IR_NONE);
        return;
    }
    r = ir_select(u, IR_I64, count, r, v);
    x86_put(t, 0, r);
    set_cc_unless_zero(t, count, cc + x86_log2(bytes), r, before);
}

/* SHLX, SHRX, SARX, RORX: no flags. */
static void shift_x(struct x86_tr *t, unsigned op)
{
    unsigned bytes = t->d.op[0].size;
    ir_val_t v = x86_get(t, 1);
    ir_val_t n = op == IR_ROR ? x86_const(t, t->d.imm & (bytes * 8 - 1)) : x86_get(t, 2);
    x86_put(
        t, 0,
        x86_op2(t, (enum ir_op)op, bytes, v, n)); /* counts are taken modulo the width, as here */
}

/*
 * Rotates change CF and OF only. OF is defined for counts of one and made the same way for others,
 * as processors do: ROL: CF ^ msb of the result; ROR: the result's two top bits.
 */
static ir_val_t top_of_rol(struct x86_tr *t, unsigned bytes, ir_val_t r) /* the lowest bit and the top one */
{
    struct ir_unit *u = t->u;
    unsigned bits = bytes * 8;
    if (bytes >= 4) {
        ir_val_t turned = x86_op2(t, IR_ROR, bytes, r, x86_const(t, 1));
        return ir_op2i(u, IR_SHR, IR_I64, turned, bits - 2);
    }
    ir_val_t low = ir_op2i(u, IR_AND, IR_I64, r, 1), msb = ir_op2i(u, IR_SHR, IR_I64, r, bits - 1);
    return ir_or(u, IR_I64, ir_op2i(u, IR_SHL, IR_I64, low, 1), msb);
}

static void rotate(struct x86_tr *t, unsigned what)
{
    struct ir_unit *u = t->u;
    unsigned bytes = t->d.op[0].size, bits = bytes * 8, n = 0;
    bool constant;
    ir_val_t count = count_of(t, 1, bytes, &constant, &n);
    if (constant && n == 0) {
        if (x86_is_mem(t, 0) || bytes == 4)
            x86_put(t, 0, x86_get_rmw(t, 0));
        return;
    }
    ir_val_t v = x86_get_rmw(t, 0), r;
    if (bytes >= 4) {
        r = x86_op2(t, what == ROL ? IR_ROL : IR_ROR, bytes, v, count);
    } else { /* the value twice over, or four times */
        ir_val_t w = bytes == 1 ? ir_op2i(u, IR_MUL, IR_I64, v, 0x01010101)
                                : ir_op2i(u, IR_MUL, IR_I64, v, 0x00010001);
        r = ir_zext(
            u, IR_I64,
            ir_op2(u, what == ROL ? IR_ROL : IR_ROR, IR_I32, ir_trunc(u, w), ir_trunc(u, count)),
            bits);
    }
    x86_put(t, 0, r);
    x86_set_rotated(t, what == ROL ? top_of_rol(t, bytes, r) : ir_op2i(u, IR_SHR, IR_I64, r, bits - 2), constant ? IR_NONE : count);
}

/*
 * RCL, RCR: a rotation of size + 1 bits with CF. how: bytes, 0x10 right. The result; its flags come
 * from a second call.
 */
static uint64_t rotate_carry(uint64_t v, unsigned count, bool cf, uint64_t how, uint64_t *flags)
{
    unsigned bits = (unsigned)(how & 15) * 8;
    unsigned __int128 w = v | (unsigned __int128)cf << bits,
                      all = ((unsigned __int128)1 << (bits + 1)) - 1;
    count %= bits + 1;
    if (how & 0x10)
        count = (bits + 1 - count) % (bits + 1);
    unsigned __int128 r = count == 0 ? w : ((w << count) | (w >> (bits + 1 - count))) & all;
    bool carry = (r >> bits) & 1, msb = (r >> (bits - 1)) & 1, next = (r >> (bits - 2)) & 1;
    bool of = how & 0x10 ? msb != next : msb != carry;
    *flags = (carry ? X86_CF : 0) | (of ? X86_OF : 0);
    return (uint64_t)(r & (all >> 1));
}

uint64_t x86_helper_rotate_carry(struct cpu *cpu, uint64_t v, uint64_t count, uint64_t cf,
                                 uint64_t how)
{
    uint64_t flags;
    (void)cpu;
    return rotate_carry(v, (unsigned)count, cf != 0, how, &flags);
}

uint64_t x86_helper_rotate_carry_flags(struct cpu *cpu, uint64_t v, uint64_t count, uint64_t image,
                                       uint64_t how)
{
    uint64_t flags;
    (void)cpu;
    if (count == 0)
        return image;
    rotate_carry(v, (unsigned)count, image & X86_CF, how, &flags);
    return (image & ~(uint64_t)(X86_CF | X86_OF)) | flags;
}

static void rotate_through(struct x86_tr *t, unsigned what)
{
    unsigned bytes = t->d.op[0].size, n;
    bool constant;
    ir_val_t count = count_of(t, 1, bytes, &constant, &n), image = x86_flags_image(t);
    ir_val_t v = x86_get_rmw(t, 0), how = x86_const(t, bytes | (what == RCR ? 0x10u : 0));
    ir_val_t cf = ir_op2i(t->u, IR_AND, IR_I64, image, X86_CF);
    ir_val_t r = ir_call(t->u, IR_I64, X86_HELPER_rotate_carry, v, count, cf, how);
    ir_val_t f = ir_call(t->u, IR_I64, X86_HELPER_rotate_carry_flags, v, count, image, how);
    x86_put(t, 0, r);
    x86_set_flags_image(t, f);
}

/*
 * SHLD, SHRD. Of 16 bits, counts above 16 are undefined: the pair goes on shifting through the
 * destination with Intel's processors, through the source once more with AMD's. OF: the sign changed.
 */
static void shift_double(struct x86_tr *t, unsigned right)
{
    struct ir_unit *u = t->u;
    unsigned bytes = t->d.op[0].size, bits = bytes * 8, n = 0;
    bool constant;
    ir_val_t count = count_of(t, 2, bytes, &constant, &n), v = x86_get_rmw(t, 0), w = x86_get(t, 1),
             r, before;
    if (constant && n == 0) {
        x86_put(t, 0, v);
        return;
    }
    ir_val_t less = ir_op2i(u, IR_AND, IR_I64, ir_sub(u, IR_I64, count, x86_const(t, 1)), 63),
             one = x86_const(t, 1);
    if (bytes == 8) {
        /* by less: the other's bits come in by 64 - less, which is two shifts so that 64 works */
        ir_val_t in = ir_sub(u, IR_I64, x86_const(t, 63), less), a, b;
        a = ir_op2(u, right ? IR_SHR : IR_SHL, IR_I64, v, less);
        b = ir_op2(u, right ? IR_SHL : IR_SHR, IR_I64,
                   ir_op2(u, right ? IR_SHL : IR_SHR, IR_I64, w, one), in);
        before = ir_or(u, IR_I64, a, b);
        ir_val_t next =
            ir_op2(u, right ? IR_SHR : IR_SHL, IR_I64, w, less); /* its first bit not yet in */
        ir_val_t bit =
            right ? ir_op2i(u, IR_SHL, IR_I64, next, 63) : ir_op2i(u, IR_SHR, IR_I64, next, 63);
        r = ir_or(u, IR_I64, ir_op2(u, right ? IR_SHR : IR_SHL, IR_I64, before, one), bit);
    } else {
        /* the pair in 64 bits, 16-bit operands as v:w:third or the other way round */
        ir_val_t pair, third = t->c->config->vendor == X86_AMD ? w : v;
        if (right) {
            pair = ir_or(u, IR_I64, v, ir_op2i(u, IR_SHL, IR_I64, w, bits));
            if (bytes == 2)
                pair = ir_or(u, IR_I64, pair, ir_op2i(u, IR_SHL, IR_I64, third, 32));
            before = ir_zext(u, IR_I64, ir_op2(u, IR_SHR, IR_I64, pair, less), bits);
            r = ir_zext(u, IR_I64, ir_op2(u, IR_SHR, IR_I64, pair, count), bits);
        } else {
            pair = ir_or(u, IR_I64, ir_op2i(u, IR_SHL, IR_I64, v, 64 - bits),
                         ir_op2i(u, IR_SHL, IR_I64, w, 64 - 2 * bits));
            if (bytes == 2)
                pair = ir_or(u, IR_I64, pair, ir_op2i(u, IR_SHL, IR_I64, third, 16));
            before = ir_op2i(u, IR_SHR, IR_I64, ir_op2(u, IR_SHL, IR_I64, pair, less), 64 - bits);
            r = ir_op2i(u, IR_SHR, IR_I64, ir_op2(u, IR_SHL, IR_I64, pair, count), 64 - bits);
        }
    }
    enum x86_cc cc = right ? X86_CC_SHR : X86_CC_SHL;
    if (!constant)
        r = ir_select(u, IR_I64, count, r, v);
    x86_put(t, 0, r);
    if (constant)
        x86_set_cc(t, cc, bytes, r, before, IR_NONE, IR_NONE);
    else
        set_cc_unless_zero(t, count, cc + x86_log2(bytes), r, before);
}

/* clang-format off */
const struct x86_semantics x86_shift_rows[] = {
    { X86_INSN_SHL, X86_SEM_PLAIN, shift, SHL }, { X86_INSN_SHR, X86_SEM_PLAIN, shift, SHR },
    { X86_INSN_SAR, X86_SEM_PLAIN, shift, SAR },
    { X86_INSN_ROL, 0, rotate, ROL }, { X86_INSN_ROR, 0, rotate, ROR },
    { X86_INSN_RCL, 0, rotate_through, RCL }, { X86_INSN_RCR, 0, rotate_through, RCR },
    { X86_INSN_SHLD, 0, shift_double, 0 }, { X86_INSN_SHRD, 0, shift_double, 1 },
    { X86_INSN_SHLX, X86_SEM_PLAIN, shift_x, IR_SHL }, { X86_INSN_SHRX, X86_SEM_PLAIN, shift_x, IR_SHR },
    { X86_INSN_SARX, X86_SEM_PLAIN, shift_x, IR_SAR }, { X86_INSN_RORX, X86_SEM_PLAIN, shift_x, IR_ROR },
    X86_ROWS_END
};
/* clang-format on */
