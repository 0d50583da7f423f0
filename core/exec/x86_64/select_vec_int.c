/* SPDX-License-Identifier: Apache-2.0 */
/* Integers in lanes: what is one host instruction, and what is a few. */
#include "core/exec/x86_64/vec_emit.h"

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

uint32_t gen_vec_opcode(unsigned op, unsigned lane)
{
    return simple_ops[op].op[lane];
}

bool gen_vec_commutes(unsigned op)
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
    if (gen_vec_commutes(in->op))
        swap_memory(&a, &b);
    unsigned first = vec_reg(g, a, 1), dst = x86_def(g);
    op3o(g, op, dst, first, b);
    x86_done(g, dst);
    return true;
}

/* ---- what is a few ---- */

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

/* Without AVX-512 two shifts; halves of lanes change places by a shuffle. */
static bool emit_rotation(struct x86_gen *g, const struct ir_inst *in)
{
    static const uint8_t opcode[] = { 0, 0x71, 0x72, 0x73 };
    enum { SWAP = 0xb1, LEFT = 6, RIGHT = 2 };
    unsigned lane = in->aux, bits = 8u << lane, n = (unsigned)in->imm;
    if (lane == 0)
        return false;
    if (lane >= 2 && has(g, HOST_AVX512)) {
        const uint32_t vprol = 0x72 | P66 | (lane == 3 ? OP_W : 0);
        struct opnd a = x86_opnd(g, in->a);
        unsigned dst = x86_def(g);
        if (a.kind == O_MEM)
            asm_evex_rm(g->a, vprol, 1, dst, opnd_mem(a));
        else
            asm_evex_rr(g->a, vprol, 1, dst, a.reg);
        asm_8(g->a, n);
        x86_done(g, dst);
        return true;
    }
    unsigned a = x86_use_vec(g, in->a, 1), dst = x86_def(g);
    if (lane == 3 && n == 32) {
        op2i(g, 0x70 | P66, dst, a, SWAP); /* vpshufd */
    } else if (lane == 2 && n == 16) {
        op2i(g, 0x70 | OP_0F | OP_F2, dst, a, SWAP); /* vpshuflw */
        op2i(g, 0x70 | OP_0F | OP_F3, dst, dst, SWAP); /* vpshufhw */
    } else {
        shift(g, opcode[lane], LEFT, 3, a, n);
        shift(g, opcode[lane], RIGHT, dst, a, bits - n);
        op3(g, 0xeb | P66, dst, dst, 3);
    }
    x86_done(g, dst);
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
        asm_vex_rm(g->a, 0xdb | P66, 0, a, vec_shared_const(g, K_BYTES));
        asm_vex_rm(g->a, 0xdb | P66, 3, b, vec_shared_const(g, K_BYTES));
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

/* ---- products twice as wide ---- */

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

bool gen_vec_int(struct x86_gen *g, const struct ir_inst *in)
{
    switch (in->op) {
    case IR_VNOT: case IR_VANDN: case IR_VORN: case IR_VSELECT: return emit_bits(g, in);
    case IR_VCGES: case IR_VCGTU: case IR_VCGEU: return emit_compare(g, in);
    case IR_VNEG: case IR_VABS: return emit_sign(g, in);
    case IR_VSHL: case IR_VSHR: case IR_VSAR: return emit_shift(g, in);
    case IR_VROL: return emit_rotation(g, in);
    case IR_VWIDENS: case IR_VWIDENU: return emit_widen(g, in);
    case IR_VNARROW: return emit_narrow(g, in);
    case IR_VMULLS: case IR_VMULLU: return emit_mull(g, in);
    default: return emit_simple(g, in);
    }
}
