/* SPDX-License-Identifier: Apache-2.0 */
#include "core/exec/x86_64/vec_emit.h"

/*
 * Vectors on the host's AVX unit in its 128-bit forms: three operands, no alignment
 * demanded. Hosts without AVX, and operations without a short sequence, call the
 * reference (core/exec/vec.h).
 *
 * Results are made in xmm0 where a stub may have to read the operands again, since the
 * destination may be one of them.
 */
/* ---- calls of the reference ---- */

static bool has_scalar(const struct ir_inst *in, unsigned k)
{
    return (k == 0 && (in->op == IR_VDUP || in->op == IR_VSCALAR)) || (k == 1 && in->op == IR_VINS);
}

static void call_reference(struct x86_gen *g, const struct ir_inst *in)
{
    const uint16_t args[3] = { in->a, in->b, in->c };
    for (unsigned k = 0; k < 3; k++) {
        if (args[k] == IR_NONE)
            continue;
        struct x86_mem m = mem_at(RSP, (int32_t)(16 * k));
        struct opnd o = x86_opnd(g, args[k]);
        if (has_scalar(in, k))
            x86_store_opnd(g, m, o, is_w(value_type(g, args[k])));
        else
            x86_store_vec(g, m, o);
    }
    x86_call_out(g, x86_site(g, in, x86_out_vec));
    unsigned dst = x86_def(g);
    if (is_v(in->type))
        x86_load_out_vec(g, dst);
    else if (is_fp(in->type))
        asm_rr(g->a, 0x6e | P66 | OP_W, dst, RAX);
    else
        asm_mov_rr(g->a, true, dst, RAX);
    x86_done(g, dst);
}

/* ---- constants: where many units want the same, and of one unit ---- */

static struct x86_mem constant(const struct x86_gen *g, unsigned k)
{
    return (struct x86_mem){ .base = RIP, .index = RSP,
                             .disp = (int32_t)(g->be->fixed.consts + 16 * k) };
}

void gen_vec_const(struct x86_gen *g, unsigned dst, uint64_t low, uint64_t high)
{
    if (low == 0 && high == 0) {
        zeros(g, dst);
        return;
    }
    if (low == ~0ull && high == ~0ull) {
        ones(g, dst);
        return;
    }
    if (high == 0) {
        asm_mov_ri(g->a, RAX, low);
        op2(g, 0x6e | P66 | OP_W, dst, RAX);
        return;
    }
    struct x86_asm *pool = &g->be->cold; /* beside the stubs, which come later */
    struct x86_mem m = { .base = RIP, .index = RSP, .disp = (int32_t)asm_offset(pool) };
    asm_32(pool, (uint32_t)low);
    asm_32(pool, (uint32_t)(low >> 32));
    if (high != low) {
        asm_32(pool, (uint32_t)high);
        asm_32(pool, (uint32_t)(high >> 32));
        asm_rm(g->a, 0x10 | OP_0F, dst, m); /* movups */
    } else {
        asm_vex_rm(g->a, 0x12 | OP_0F | OP_F2, dst, 0, m); /* vmovddup */
    }
}

/* ---- operations that are one host instruction ---- */

/* By lane size; 0: there is none. */
struct simple {
    uint32_t op[4];
};
#define ALL(x) { { (x) | P66, (x) | P66, (x) | P66, (x) | P66 } }
/* clang-format off */
static const struct simple simple_ops[IR_OPS] = {
    [IR_VAND] = ALL(0xdb), [IR_VOR] = ALL(0xeb), [IR_VXOR] = ALL(0xef),
    [IR_VADD] = { { 0xfc | P66, 0xfd | P66, 0xfe | P66, 0xd4 | P66 } },
    [IR_VSUB] = { { 0xf8 | P66, 0xf9 | P66, 0xfa | P66, 0xfb | P66 } },
    [IR_VMUL] = { { 0, 0xd5 | P66, 0x40 | P38, 0 } },
    [IR_VMINS] = { { 0x38 | P38, 0xea | P66, 0x39 | P38, 0 } },
    [IR_VMAXS] = { { 0x3c | P38, 0xee | P66, 0x3d | P38, 0 } },
    [IR_VMINU] = { { 0xda | P66, 0x3a | P38, 0x3b | P38, 0 } },
    [IR_VMAXU] = { { 0xde | P66, 0x3e | P38, 0x3f | P38, 0 } },
    [IR_VCEQ] = { { 0x74 | P66, 0x75 | P66, 0x76 | P66, 0x29 | P38 } },
    [IR_VCGTS] = { { 0x64 | P66, 0x65 | P66, 0x66 | P66, 0x37 | P38 } },
    [IR_VADDSS] = { { 0xec | P66, 0xed | P66, 0, 0 } },
    [IR_VADDUS] = { { 0xdc | P66, 0xdd | P66, 0, 0 } },
    [IR_VSUBSS] = { { 0xe8 | P66, 0xe9 | P66, 0, 0 } },
    [IR_VSUBUS] = { { 0xd8 | P66, 0xd9 | P66, 0, 0 } },
    [IR_VZIP1] = { { 0x60 | P66, 0x61 | P66, 0x62 | P66, 0x6c | P66 } },
    [IR_VZIP2] = { { 0x68 | P66, 0x69 | P66, 0x6a | P66, 0x6d | P66 } },
    [IR_VUZP1] = { { 0, 0, 0, 0x6c | P66 } }, [IR_VUZP2] = { { 0, 0, 0, 0x6d | P66 } },
    [IR_VTRN1] = { { 0, 0, 0, 0x6c | P66 } }, [IR_VTRN2] = { { 0, 0, 0, 0x6d | P66 } },
    [IR_VADDP] = { { 0, 0x01 | P38, 0x02 | P38, 0 } },
    [IR_VNARROWSS] = { { 0x63 | P66, 0x6b | P66, 0, 0 } },
    [IR_VNARROWSU] = { { 0x67 | P66, 0x2b | P38, 0, 0 } },
};
/* clang-format on */

static bool commutes(unsigned op)
{
    switch (op) {
    case IR_VAND: case IR_VOR: case IR_VXOR: case IR_VADD: case IR_VMUL: case IR_VMINS: case IR_VMAXS:
    case IR_VMINU: case IR_VMAXU: case IR_VCEQ: case IR_VADDSS: case IR_VADDUS:
        return true;
    default: return false;
    }
}

static bool emit_simple(struct x86_gen *g, const struct ir_inst *in)
{
    uint32_t op = simple_ops[in->op].op[in->aux];
    if (op == 0)
        return false;
    struct opnd a = x86_opnd(g, in->a), b = x86_opnd(g, in->b);
    if (commutes(in->op))
        swap_memory(&a, &b);
    unsigned first = vec_reg(g, a, 1), dst = x86_def(g);
    op3o(g, op, dst, first, b);
    x86_done(g, dst);
    return true;
}

/* ---- integers ---- */

static bool emit_bits(struct x86_gen *g, const struct ir_inst *in)
{
    unsigned a = x86_use_vec(g, in->a, 1), b = in->b ? x86_use_vec(g, in->b, 2) : 0;
    if (in->op == IR_VANDN) {
        unsigned dst = x86_def(g);
        op3(g, 0xdf | P66, dst, b, a);
        x86_done(g, dst);
        return true;
    }
    if (in->op == IR_VSELECT) {
        unsigned c = x86_use_vec(g, in->c, 3);
        op3(g, 0xdf | P66, 3, a, c); /* vpandn: ~a & c */
        op3(g, 0xdb | P66, 0, a, b);
        op3(g, 0xeb | P66, 0, 0, 3);
    } else if (in->op == IR_VORN) {
        ones(g, 0);
        op3(g, 0xef | P66, 0, 0, b);
        op3(g, 0xeb | P66, 0, 0, a);
    } else { /* VNOT */
        ones(g, 0);
        op3(g, 0xef | P66, 0, 0, a);
    }
    x86_result_fp(g, 0);
    return true;
}

/* a > b or a >= b from what the host has: signed greater, unsigned maximum. */
static bool emit_compare(struct x86_gen *g, const struct ir_inst *in)
{
    unsigned a = x86_use_vec(g, in->a, 1), b = x86_use_vec(g, in->b, 2), lane = in->aux;
    bool is_unsigned = in->op == IR_VCGTU || in->op == IR_VCGEU;
    bool or_equal = in->op == IR_VCGES || in->op == IR_VCGEU;
    if (is_unsigned && lane < 3) { /* a >= b: max(a, b) = a; a > b: not max(a, b) = b */
        op3(g, simple_ops[IR_VMAXU].op[lane], 0, a, b);
        op3(g, simple_ops[IR_VCEQ].op[lane], 0, 0, or_equal ? a : b);
        if (or_equal) {
            x86_result_fp(g, 0);
            return true;
        }
    } else {
        if (is_unsigned) {
            gen_vec_const(g, 3, 1ull << 63, 1ull << 63);
            op3(g, 0xef | P66, 1, a, 3);
            op3(g, 0xef | P66, 2, b, 3);
            a = 1;
            b = 2;
        }
        op3(g, simple_ops[IR_VCGTS].op[lane], 0, or_equal ? b : a, or_equal ? a : b);
        if (!or_equal) {
            x86_result_fp(g, 0);
            return true;
        }
    }
    ones(g, 3);
    op3(g, 0xef | P66, 0, 0, 3);
    x86_result_fp(g, 0);
    return true;
}

static bool emit_sign(struct x86_gen *g, const struct ir_inst *in)
{
    static const uint8_t abs[] = { 0x1c, 0x1d, 0x1e };
    if (in->op == IR_VABS && in->aux == 3)
        return false;
    unsigned a = x86_use_vec(g, in->a, 1);
    if (in->op == IR_VABS) {
        op2(g, abs[in->aux] | P38, 0, a);
    } else {
        zeros(g, 0);
        op3(g, simple_ops[IR_VSUB].op[in->aux], 0, 0, a);
    }
    x86_result_fp(g, 0);
    return true;
}

static bool emit_shift(struct x86_gen *g, const struct ir_inst *in)
{
    static const uint8_t opcode[] = { 0x71, 0x71, 0x72, 0x73 };
    unsigned digit = in->op == IR_VSHL ? 6 : in->op == IR_VSHR ? 2 : 4, n = (unsigned)in->imm;
    if (in->op == IR_VSAR && (in->aux == 0 || in->aux == 3))
        return false;
    unsigned a = x86_use_vec(g, in->a, 1);
    if (in->aux != 0) {
        unsigned dst = x86_def(g);
        shift(g, opcode[in->aux], digit, dst, a, n);
        x86_done(g, dst);
        return true;
    }
    /* As 16-bit lanes, without what came over from the neighbour. */
    uint64_t keep = in->op == IR_VSHL ? 0xffu << n & 0xff : 0xffu >> n;
    shift(g, opcode[in->aux], digit, 0, a, n);
    gen_vec_const(g, 3, keep * 0x0101010101010101ull, keep * 0x0101010101010101ull);
    op3(g, 0xdb | P66, 0, 0, 3);
    x86_result_fp(g, 0);
    return true;
}

static bool emit_widen(struct x86_gen *g, const struct ir_inst *in)
{
    static const uint8_t ops[2][3] = { { 0x20, 0x23, 0x25 }, { 0x30, 0x33, 0x35 } };
    unsigned a = x86_use_vec(g, in->a, 1), dst = x86_def(g);
    if (in->imm) {
        shift(g, 0x73, 3, 0, a, 8); /* vpsrldq */
        a = 0;
    }
    op2(g, ops[in->op == IR_VWIDENU][in->aux] | P38, dst, a);
    x86_done(g, dst);
    return true;
}

static bool emit_narrow(struct x86_gen *g, const struct ir_inst *in)
{
    unsigned a = x86_use_vec(g, in->a, 1), b = x86_use_vec(g, in->b, 2);
    if (in->aux == 0) {
        asm_vex_rm(g->a, 0xdb | P66, 0, a, constant(g, K_BYTES));
        asm_vex_rm(g->a, 0xdb | P66, 3, b, constant(g, K_BYTES));
        op3(g, 0x67 | P66, 0, 0, 3); /* vpackuswb */
    } else if (in->aux == 1) {
        shift(g, 0x72, 6, 0, a, 16);
        shift(g, 0x72, 4, 0, 0, 16);
        shift(g, 0x72, 6, 3, b, 16);
        shift(g, 0x72, 4, 3, 3, 16);
        op3(g, 0x6b | P66, 0, 0, 3); /* vpackssdw */
    } else {
        op3i(g, 0xc6 | OP_0F, 0, a, b, 0x88); /* vshufps */
    }
    x86_result_fp(g, 0);
    return true;
}

/* All words are one: wherever products look for theirs, it is. */
static bool is_one_word(const struct x86_gen *g, uint16_t v)
{
    const struct ir_inst *in = &g->u->insts[v];
    return (in->op == IR_VSHUF && in->aux == 2 && in->a == in->b && in->imm == (in->imm & 3) * 0x55) ||
           (in->op == IR_VDUP && in->aux == 2);
}

/* Even dwords, which is where VPMULUDQ looks; odd ones moved there. */
static bool emit_mull_every_other(struct x86_gen *g, const struct ir_inst *in)
{
    struct opnd a = x86_opnd(g, in->a), b = x86_opnd(g, in->b);
    bool odd = in->imm & 1;
    swap_memory(&a, &b);
    unsigned x = vec_reg(g, a, 1);
    if (odd) {
        op3oi(g, 0x70 | P66, 3, 0, b, 0xf5); /* vpshufd */
        if (in->a != in->b)
            op2i(g, 0x70 | P66, 0, x, 0xf5);
        x = in->a != in->b ? 0 : 3;
        b = (struct opnd){ .kind = O_REG, .reg = 3 };
    }
    unsigned dst = x86_def(g);
    op3o(g, in->op == IR_VMULLS ? 0x28 | P38 : 0xf4 | P66, dst, x, b);
    x86_done(g, dst);
    return true;
}

static bool emit_mull(struct x86_gen *g, const struct ir_inst *in)
{
    if (in->imm & 2)
        return emit_mull_every_other(g, in);
    bool high = in->imm, is_signed = in->op == IR_VMULLS;
    unsigned a = x86_use_vec(g, in->a, 1), b = x86_use_vec(g, in->b, 2);
    if (in->aux == 2) {
        unsigned spread = high ? 0xfa : 0x50, dst = x86_def(g);
        op2i(g, 0x70 | P66, 0, a, spread); /* vpshufd */
        if (!is_one_word(g, in->b)) {
            op2i(g, 0x70 | P66, 3, b, spread);
            b = 3;
        }
        op3(g, is_signed ? 0x28 | P38 : 0xf4 | P66, dst, 0, b);
        x86_done(g, dst);
        return true;
    } else if (in->aux == 1) {
        op3(g, 0xd5 | P66, 0, a, b);                          /* vpmullw */
        op3(g, (is_signed ? 0xe5 : 0xe4) | P66, 3, a, b);     /* vpmulhw, vpmulhuw */
        op3(g, (high ? 0x69 : 0x61) | P66, 0, 0, 3);
    } else {
        if (high) {
            shift(g, 0x73, 3, 0, a, 8);
            shift(g, 0x73, 3, 3, b, 8);
            a = 0;
            b = 3;
        }
        op2(g, (is_signed ? 0x20 : 0x30) | P38, 0, a);
        op2(g, (is_signed ? 0x20 : 0x30) | P38, 3, b);
        op3(g, 0xd5 | P66, 0, 0, 3);
    }
    x86_result_fp(g, 0);
    return true;
}

/* ---- lanes that move ---- */

static bool emit_unzip(struct x86_gen *g, const struct ir_inst *in)
{
    bool odd = in->op == IR_VUZP2;
    unsigned a = x86_use_vec(g, in->a, 1), b = x86_use_vec(g, in->b, 2);
    if (in->aux == 2) {
        op3i(g, 0xc6 | OP_0F, 0, a, b, odd ? 0xdd : 0x88);
    } else if (in->aux == 1) {
        if (!odd) {
            shift(g, 0x72, 6, 0, a, 16);
            shift(g, 0x72, 6, 3, b, 16);
            a = 0;
            b = 3;
        }
        shift(g, 0x72, 4, 0, a, 16);
        shift(g, 0x72, 4, 3, b, 16);
        op3(g, 0x6b | P66, 0, 0, 3);
    } else {
        if (odd) {
            shift(g, 0x71, 2, 0, a, 8);
            shift(g, 0x71, 2, 3, b, 8);
        } else {
            asm_vex_rm(g->a, 0xdb | P66, 0, a, constant(g, K_BYTES));
            asm_vex_rm(g->a, 0xdb | P66, 3, b, constant(g, K_BYTES));
        }
        op3(g, 0x67 | P66, 0, 0, 3);
    }
    x86_result_fp(g, 0);
    return true;
}

static bool emit_transpose(struct x86_gen *g, const struct ir_inst *in)
{
    if (in->aux != 2)
        return false;
    unsigned a = x86_use_vec(g, in->a, 1), b = x86_use_vec(g, in->b, 2);
    op3i(g, 0xc6 | OP_0F, 0, a, b, in->op == IR_VTRN2 ? 0xdd : 0x88);
    op2i(g, 0x70 | P66, 0, 0, 0xd8);
    x86_result_fp(g, 0);
    return true;
}

static bool emit_ext(struct x86_gen *g, const struct ir_inst *in)
{
    struct opnd a = x86_opnd(g, in->a);
    unsigned b = x86_use_vec(g, in->b, 2);
    unsigned dst = x86_def(g);
    op3oi(g, 0x0f | P3A, dst, b, a, (unsigned)in->imm); /* vpalignr */
    x86_done(g, dst);
    return true;
}

static bool emit_reverse(struct x86_gen *g, const struct ir_inst *in)
{
    static const uint8_t first[] = { K_REV, K_REV + 3, K_REV + 5 }; /* by lane: groups of twice its size */
    unsigned a = x86_use_vec(g, in->a, 1), mask = first[in->aux] + (unsigned)in->imm - in->aux - 1, dst = x86_def(g);
    asm_vex_rm(g->a, 0x00 | P38, dst, a, constant(g, mask)); /* vpshufb */
    x86_done(g, dst);
    return true;
}

/* vpshufb gives 0 where the index has bit 7: saturation sets it for 16 and more. */
static bool emit_table(struct x86_gen *g, const struct ir_inst *in)
{
    unsigned a = x86_use_vec(g, in->a, 1), b = x86_use_vec(g, in->b, 2), dst = x86_def(g);
    asm_vex_rm(g->a, 0xdc | P66, 3, b, constant(g, K_TBL)); /* vpaddusb */
    op3(g, 0x00 | P38, dst, a, 3);
    x86_done(g, dst);
    return true;
}

/* ---- scalars in and out ---- */

/* The scalar's bits in the low lane of `scratch` or where they are; the rest is undefined. */
static unsigned scalar_in(struct x86_gen *g, uint16_t v, unsigned scratch)
{
    unsigned type = value_type(g, v);
    struct opnd o = x86_opnd(g, v);
    if (o.kind == O_REG && o.fp)
        return o.reg;
    if (o.kind == O_REG)
        op2(g, 0x6e | P66 | OP_W, scratch, o.reg);
    else
        x86_load_fp(g, scratch, o, is_w(type));
    return scratch;
}

static bool emit_dup(struct x86_gen *g, const struct ir_inst *in)
{
    unsigned s = scalar_in(g, in->a, 1);
    switch (in->aux) {
    case 0:
        zeros(g, 3);
        op3(g, 0x00 | P38, 0, s, 3);
        break;
    case 1:
        op2i(g, 0x70 | OP_0F | OP_F2, 0, s, 0); /* vpshuflw */
        op3(g, 0x6c | P66, 0, 0, 0);
        break;
    case 2: op2i(g, 0x70 | P66, 0, s, 0); break;
    default: op3(g, 0x6c | P66, 0, s, s); break;
    }
    x86_result_fp(g, 0);
    return true;
}

static bool emit_scalar(struct x86_gen *g, const struct ir_inst *in)
{
    bool w = in->aux == 3;
    if (in->aux < 2) {
        unsigned s = scalar_in(g, in->a, 1);
        gen_vec_const(g, 3, in->aux ? 0xffff : 0xff, 0);
        op3(g, 0xdb | P66, 0, s, 3);
        x86_result_fp(g, 0);
        return true;
    }
    struct opnd o = x86_opnd(g, in->a);
    if (o.kind == O_IMM) {
        x86_load_fp(g, 1, o, w);
        o = (struct opnd){ .kind = O_REG, .reg = 1, .fp = true };
    }
    unsigned dst = x86_def(g);
    if (o.kind == O_MEM) /* loads clear what is above */
        asm_rm(g->a, 0x10 | OP_0F | (w ? OP_F2 : OP_F3), dst, opnd_mem(o));
    else if (!o.fp)
        op2(g, 0x6e | P66 | (w ? OP_W : 0), dst, o.reg); /* vmovq, vmovd */
    else if (w)
        op2(g, 0x7e | OP_0F | OP_F3, dst, o.reg); /* vmovq */
    else
        op3i(g, 0x21 | P3A, dst, o.reg, o.reg, 0x0e); /* vinsertps: lane 0 stays, the others are zeroed */
    x86_done(g, dst);
    return true;
}

static bool emit_insert(struct x86_gen *g, const struct ir_inst *in)
{
    static const uint32_t ops[] = { 0x20 | P3A, 0xc4 | P66, 0x22 | P3A, 0x22 | P3A | OP_W };
    unsigned a = x86_use_vec(g, in->a, 1), type = value_type(g, in->b), n = (unsigned)in->imm;
    bool fp = is_fp(type);
    unsigned b = fp ? scalar_in(g, in->b, 2) : x86_use(g, in->b, RCX, is_w(type)), dst = x86_def(g);
    if (fp && in->aux < 2) {
        op2(g, 0x7e | P66, b, RCX); /* vmovd ecx, b: reg is the source */
        b = RCX;
        fp = false;
    }
    if (!fp)
        op3i(g, ops[in->aux], dst, a, b, n);
    else if (in->aux == 2)
        op3i(g, 0x21 | P3A, dst, a, b, n << 4); /* vinsertps */
    else
        op3(g, n == 0 ? 0x10 | OP_0F | OP_F2 : 0x14 | P66, dst, a, b); /* vmovsd, vunpcklpd */
    x86_done(g, dst);
    return true;
}

static bool emit_lane(struct x86_gen *g, const struct ir_inst *in)
{
    unsigned a = x86_use_vec(g, in->a, 1), n = (unsigned)in->imm;
    if (is_fp(in->type)) {
        if (n == 0) {
            x86_result_fp(g, a);
            return true;
        }
        unsigned fp = x86_def(g);
        op2i(g, 0x70 | P66, fp, a, in->aux == 3 ? 0xee : n); /* vpshufd */
        x86_done(g, fp);
        return true;
    }
    unsigned dst = x86_def(g);
    if (n == 0 && in->aux >= 2) {
        op2(g, 0x7e | P66 | (in->aux == 3 ? OP_W : 0), a, dst); /* vmovq, vmovd: reg is the source */
        x86_done(g, dst);
        return true;
    }
    switch (in->aux) {
    case 0: op2i(g, 0x14 | P3A, a, dst, n); break;        /* vpextrb: reg is the source */
    case 1: op2i(g, 0xc5 | P66, dst, a, n); break;        /* vpextrw */
    case 2: op2i(g, 0x16 | P3A, a, dst, n); break;
    default: op2i(g, 0x16 | P3A | OP_W, a, dst, n); break;
    }
    x86_done(g, dst);
    return true;
}

static void emit_select(struct x86_gen *g, const struct ir_inst *in)
{
    struct opnd b = x86_opnd(g, in->b), c = x86_opnd(g, in->c);
    x86_load_vec(g, 1, b);
    x86_load_vec(g, 0, c);
    unsigned cc = gen_condition(g, in->a);
    uint8_t *skip = asm_jcc8(g->a, cc ^ 1);
    asm_rr(g->a, 0x28 | OP_0F, 0, 1);
    asm_here(g->a, skip);
    x86_result_fp(g, 0);
}

/* ---- floating point ---- */

struct stub *gen_vec_stub(struct x86_gen *g, const struct ir_inst *in)
{
    struct stub *s = x86_stub(g, STUB_OUT);
    const uint16_t args[3] = { in->a, in->b, in->c };
    s->vec = true;
    s->n_args = ir_op_info[in->op].args;
    for (unsigned k = 0; k < s->n_args; k++)
        s->arg[k] = x86_opnd(g, args[k]);
    s->site = x86_site(g, in, x86_out_vec);
    return s;
}

/* To the stub when a lane of `mask` has its top bit. */
static void leave_if_any(struct x86_gen *g, const struct ir_inst *in, unsigned mask, struct stub *s)
{
    op2(g, 0x50 | packed(in), RAX, mask); /* vmovmskps */
    asm_rr(g->a, 0x85, RAX, RAX);
    x86_stub_jcc(g, s, CC_NE);
}

/*
 * A NaN in xmm0 is the reference's affair. So are, where tininess counts before
 * rounding, products and quotients as small as the least normal number, but not zeros.
 */
static void check_result(struct x86_gen *g, const struct ir_inst *in, struct stub *s)
{
    bool d = in->aux == 3;
    bool small = g->u->guest->fp == IR_FP_ARM &&
                 (in->op == IR_VFMUL || in->op == IR_VFDIV || in->op == IR_VFMA);
    if (!small) {
        op3i(g, 0xc2 | packed(in), 3, 0, 0, 3); /* unordered */
    } else {
        asm_vex_rm(g->a, 0x54 | packed(in), 3, 0, constant(g, d ? K_VABS64 : K_VABS32));
        struct x86_mem least = constant(g, d ? K_VMIN64 : K_VMIN32);
        least.disp -= 1; /* what is relative to RIP counts from behind the byte that follows */
        asm_vex_rm(g->a, 0xc2 | packed(in), 3, 3, least);
        asm_8(g->a, 0x1a); /* not greater or unordered, quiet */
        zeros(g, 2);
        op3i(g, 0xc2 | packed(in), 2, 0, 2, 4); /* not equal or unordered, quiet */
        op3(g, 0x54 | packed(in), 3, 3, 2);
    }
    leave_if_any(g, in, 3, s);
}

/* `dst` was defined before the first jump to the stub: defining may spill. */
void gen_vec_join(struct x86_gen *g, struct stub *s, unsigned dst)
{
    if (dst != 0)
        asm_rr(g->a, 0x28 | OP_0F, dst, 0);
    s->has_dst = s->dst_vec = true;
    s->dst = (uint8_t)dst;
    s->back = asm_offset(g->a);
    x86_done(g, dst);
}

static bool emit_float(struct x86_gen *g, const struct ir_inst *in)
{
    static const uint8_t ops[] = { [IR_VFADD - IR_VFADD] = 0x58, [IR_VFSUB - IR_VFADD] = 0x5c,
                                   [IR_VFMUL - IR_VFADD] = 0x59, [IR_VFDIV - IR_VFADD] = 0x5e,
                                   [IR_VFSQRT - IR_VFADD] = 0x51 };
    static const uint8_t fma[4] = { 0xa8, 0xac, 0xaa, 0xae }; /* vfmadd213, vfnmadd, vfmsub, vfnmsub */
    if ((in->op == IR_VFMA && !has(g, HOST_FMA)) || in->aux2 == IR_RMM) /* a mode the host lacks */
        return false;
    struct stub *s = gen_vec_stub(g, in);
    unsigned args = ir_op_info[in->op].args;
    unsigned a = x86_use_vec(g, in->a, 1), b = args > 1 ? x86_use_vec(g, in->b, 2) : 0;
    unsigned c = args > 2 ? x86_use_vec(g, in->c, 3) : 0;
    unsigned dst = x86_def(g);
    x86_check_mode(g, in->aux2, s);
    if (in->op == IR_VFSQRT) {
        op2(g, 0x51 | packed(in), 0, a);
    } else if (in->op == IR_VFMA) {
        asm_rr(g->a, 0x28 | OP_0F, 0, a);
        op3(g, fma[in->imm & 3] | P38 | (in->aux == 3 ? OP_W : 0), 0, b, c);
    } else {
        op3(g, ops[in->op - IR_VFADD] | packed(in), 0, a, b);
    }
    check_result(g, in, s);
    gen_vec_join(g, s, dst);
    return true;
}

static bool emit_float_compare(struct x86_gen *g, const struct ir_inst *in)
{
    struct stub *s = gen_vec_stub(g, in);
    unsigned a = x86_use_vec(g, in->a, 1), b = x86_use_vec(g, in->b, 2);
    unsigned dst = x86_def(g);
    x86_check_mode(g, IR_RM_DYN, s);
    if (in->op == IR_VFCEQ)
        op3i(g, 0xc2 | packed(in), 0, a, b, 0);
    else
        op3i(g, 0xc2 | packed(in), 0, b, a, in->op == IR_VFCGE ? 2 : 1);
    gen_vec_join(g, s, dst);
    return true;
}

static bool emit_float_sign(struct x86_gen *g, const struct ir_inst *in)
{
    unsigned a = x86_use_vec(g, in->a, 1);
    bool neg = in->op == IR_VFNEG, d = in->aux == 3;
    asm_vex_rm(g->a, (neg ? 0x57 : 0x54) | OP_0F, 0, a,
               constant(g, neg ? (d ? K_VSIGN64 : K_VSIGN32) : d ? K_VABS64 : K_VABS32));
    x86_result_fp(g, 0);
    return true;
}

/*
 * Numbers alone: any NaN goes to the stub before the host, which has another rule, can raise a flag. Either order of
 * operands gives the same but for zeros, of which the host takes the second.
 */
static bool emit_float_minmax(struct x86_gen *g, const struct ir_inst *in)
{
    bool min = in->op == IR_VFMIN;
    if ((g->u->guest->fp != IR_FP_LOONGARCH && g->u->guest->fp != IR_FP_RISCV) || (in->imm & 1))
        return false;
    struct stub *s = gen_vec_stub(g, in);
    unsigned a = x86_use_vec(g, in->a, 1), b = x86_use_vec(g, in->b, 2);
    unsigned dst = x86_def(g);
    op3i(g, 0xc2 | packed(in), 3, a, b, 3); /* unordered, quiet */
    leave_if_any(g, in, 3, s);
    op3(g, (min ? 0x5d : 0x5f) | packed(in), 0, a, b);
    op3(g, (min ? 0x5d : 0x5f) | packed(in), 3, b, a);
    op3(g, (min ? 0x56 : 0x54) | packed(in), 0, 0, 3); /* -0 is the least zero */
    gen_vec_join(g, s, dst);
    return true;
}

static bool emit_float_convert(struct x86_gen *g, const struct ir_inst *in)
{
    bool narrow = in->op == IR_VFTOIN, to_int = narrow || in->op == IR_VFTOI;
    if (in->aux != 2 || (in->imm & 1) || in->aux2 == IR_RMM) /* a mode the host lacks */
        return false;
    struct stub *s = gen_vec_stub(g, in);
    unsigned a = x86_use_vec(g, in->a, 1);
    unsigned dst = x86_def(g);
    bool truncates = to_int && in->aux2 == IR_RTZ;
    x86_check_mode(g, truncates ? IR_RM_DYN : in->aux2, s);
    if (narrow) /* vcvttpd2dq, vcvtpd2dq */
        op2(g, 0xe6 | OP_0F | (truncates ? OP_66 : OP_F2), 0, a);
    else
        op2(g, 0x5b | OP_0F | (!to_int ? 0 : truncates ? OP_F3 : OP_66), 0, a);
    if (to_int) { /* the indefinite integer stands for whatever did not fit */
        asm_vex_rm(g->a, 0x76 | P66, 3, 0, constant(g, K_VSIGN32));
        leave_if_any(g, in, 3, s);
    }
    gen_vec_join(g, s, dst);
    return true;
}

static bool emit_float_round(struct x86_gen *g, const struct ir_inst *in)
{
    static const uint8_t rm[] = { [IR_RNE] = 0, [IR_RTZ] = 3, [IR_RDN] = 1, [IR_RUP] = 2,
                                  [IR_RM_DYN] = 4 };
    if (in->aux2 == IR_RMM)
        return false;
    struct stub *s = gen_vec_stub(g, in);
    unsigned a = x86_use_vec(g, in->a, 1);
    unsigned dst = x86_def(g);
    x86_check_mode(g, IR_RM_DYN, s);
    op2i(g, (in->aux == 3 ? 0x09 : 0x08) | P3A, 0, a, rm[in->aux2] | (in->imm & 1 ? 0u : 8u));
    check_result(g, in, s);
    gen_vec_join(g, s, dst);
    return true;
}

static bool emit_inline(struct x86_gen *g, const struct ir_inst *in)
{
    switch (in->op) {
    case IR_VNOT: case IR_VANDN: case IR_VORN: case IR_VSELECT: return emit_bits(g, in);
    case IR_VCGES: case IR_VCGTU: case IR_VCGEU: return emit_compare(g, in);
    case IR_VNEG: case IR_VABS: return emit_sign(g, in);
    case IR_VSHL: case IR_VSHR: case IR_VSAR: return emit_shift(g, in);
    case IR_VWIDENS: case IR_VWIDENU: return emit_widen(g, in);
    case IR_VNARROW: return emit_narrow(g, in);
    case IR_VMULLS: case IR_VMULLU: return emit_mull(g, in);
    case IR_VUZP1: case IR_VUZP2: return in->aux < 3 ? emit_unzip(g, in) : emit_simple(g, in);
    case IR_VTRN1: case IR_VTRN2: return in->aux < 3 ? emit_transpose(g, in) : emit_simple(g, in);
    case IR_VEXT: return emit_ext(g, in);
    case IR_VREV: return emit_reverse(g, in);
    case IR_VTBL: return emit_table(g, in);
    case IR_VDUP: return emit_dup(g, in);
    case IR_VSCALAR: return emit_scalar(g, in);
    case IR_VINS: return emit_insert(g, in);
    case IR_VLANE: return emit_lane(g, in);
    case IR_VFADD: case IR_VFSUB: case IR_VFMUL: case IR_VFDIV: case IR_VFSQRT: case IR_VFMA:
        return emit_float(g, in);
    case IR_VFCEQ: case IR_VFCGE: case IR_VFCGT: return emit_float_compare(g, in);
    case IR_VFNEG: case IR_VFABS: return emit_float_sign(g, in);
    case IR_VFTOI: case IR_VFTOIN: case IR_VITOF: return emit_float_convert(g, in);
    case IR_VFMIN: case IR_VFMAX: return emit_float_minmax(g, in);
    case IR_VFRINT: return emit_float_round(g, in);
    default: return emit_simple(g, in);
    }
}

void x86_select_vec(struct x86_gen *g, const struct ir_inst *in)
{
    enum ir_fp_rule fp = g->u->guest->fp;
    bool is_float = in->op >= IR_VFADD && in->op <= IR_VFRINT && in->op != IR_VFNEG && in->op != IR_VFABS;
    bool by_rule = fp != IR_FP_X86 && !(in->aux2 & IR_VF_LOW); /* emit_float and its like */
    if (in->op == IR_SELECT) {
        emit_select(g, in);
    } else if (in->op == IR_VCONST) {
        if (has(g, HOST_AVX)) {
            unsigned dst = x86_def(g);
            gen_vec_const(g, dst, (uint64_t)in->imm, (uint64_t)in->imm2);
            x86_done(g, dst);
        } else {
            asm_mov_ri(g->a, RAX, (uint64_t)in->imm2);
            asm_rm(g->a, 0x89 | OP_W, RAX, mem_at(RSP, 8));
            asm_mov_ri(g->a, RAX, (uint64_t)in->imm);
            asm_rm(g->a, 0x89 | OP_W, RAX, mem_at(RSP, 0));
            unsigned dst = x86_def(g);
            x86_load_vec(g, dst, (struct opnd){ .kind = O_MEM, .reg = RSP });
            x86_done(g, dst);
        }
    } else if (!has(g, HOST_AVX) ||
               !(gen_select_native(g, in) || ((!is_float || by_rule) && emit_inline(g, in)) ||
                 gen_select_composed(g, in))) {
        call_reference(g, in);
    }
}
