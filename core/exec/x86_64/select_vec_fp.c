/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Floating point in lanes, by the rules of guests whose NaNs and tiny results are not the host's: what the host cannot do goes to
 * a stub, which asks the reference (core/exec/vec.h). x86's own rules: select_native.c.
 */
#include "core/exec/x86_64/vec_emit.h"

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
        asm_vex_rm(g->a, 0x54 | packed(in), 3, 0, vec_shared_const(g, d ? K_VABS64 : K_VABS32));
        struct x86_mem least = vec_shared_const(g, d ? K_VMIN64 : K_VMIN32);
        least.disp -= 1; /* what is relative to RIP counts from behind the byte that follows */
        asm_vex_rm(g->a, 0xc2 | packed(in), 3, 3, least);
        asm_8(g->a, 0x1a); /* not greater or unordered, quiet */
        zeros(g, 2);
        op3i(g, 0xc2 | packed(in), 2, 0, 2, 4); /* not equal or unordered, quiet */
        op3(g, 0x54 | packed(in), 3, 3, 2);
    }
    leave_if_any(g, in, 3, s);
}

/* ---- operations ---- */

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
               vec_shared_const(g, neg ? (d ? K_VSIGN64 : K_VSIGN32) : d ? K_VABS64 : K_VABS32));
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
        asm_vex_rm(g->a, 0x76 | P66, 3, 0, vec_shared_const(g, K_VSIGN32));
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

bool gen_vec_fp(struct x86_gen *g, const struct ir_inst *in)
{
    switch (in->op) {
    case IR_VFCEQ: case IR_VFCGE: case IR_VFCGT: return emit_float_compare(g, in);
    case IR_VFNEG: case IR_VFABS: return emit_float_sign(g, in);
    case IR_VFTOI: case IR_VFTOIN: case IR_VITOF: return emit_float_convert(g, in);
    case IR_VFMIN: case IR_VFMAX: return emit_float_minmax(g, in);
    case IR_VFRINT: return emit_float_round(g, in);
    default: return emit_float(g, in); /* VFADD, VFSUB, VFMUL, VFDIV, VFSQRT, VFMA */
    }
}
