/* SPDX-License-Identifier: Apache-2.0 */
#include "core/exec/x86_64/vec_emit.h"

/*
 * Vector operations that are x86's own: shuffles, products, averages, and floating point by its rules
 * (IR_FP_X86), where MXCSR has the guest's modes and nothing is left to check after the instruction.
 */
struct native {
    uint32_t op[4]; /* by lane size; 0: there is none */
};
/* clang-format off */
static const struct native ops[IR_OPS] = {
    [IR_VTBLM] = { { 0x00 | P38, 0, 0, 0 } },
    [IR_VMADD] = { { 0x04 | P38, 0xf5 | P66, 0, 0 } },
    [IR_VAVG] = { { 0xe0 | P66, 0xe3 | P66, 0, 0 } },
    [IR_VSAD] = { { 0xf6 | P66, 0, 0, 0 } },
    [IR_VSHL1] = { { 0, 0xf1 | P66, 0xf2 | P66, 0xf3 | P66 } },
    [IR_VSHR1] = { { 0, 0xd1 | P66, 0xd2 | P66, 0xd3 | P66 } },
    [IR_VSAR1] = { { 0, 0xe1 | P66, 0xe2 | P66, 0 } },
    [IR_VSHLV] = { { 0, 0, 0x47 | P38, 0x47 | P38 | OP_W } },
    [IR_VSHRV] = { { 0, 0, 0x45 | P38, 0x45 | P38 | OP_W } },
    [IR_VSARV] = { { 0, 0, 0x46 | P38, 0 } },
};
/* clang-format on */

static bool emit_two(struct x86_gen *g, const struct ir_inst *in, uint32_t op)
{
    unsigned a = x86_use_vec(g, in->a, 1);
    struct opnd b = x86_opnd(g, in->b);
    unsigned dst = x86_def(g);
    op3o(g, op, dst, a, b);
    x86_done(g, dst);
    return true;
}

static bool emit_high(struct x86_gen *g, const struct ir_inst *in)
{
    static const uint32_t how[] = { 0xe5 | P66, 0xe4 | P66, 0x0b | P38 }; /* vpmulhw, vpmulhuw, vpmulhrsw */
    return emit_two(g, in, how[in->imm]);
}

static bool emit_shuffle(struct x86_gen *g, const struct ir_inst *in)
{
    bool two = in->aux != 1 && in->a != in->b;
    if (in->aux == 1 && in->a != in->b) /* no front end asks for it */
        return false;
    unsigned a = two ? x86_use_vec(g, in->a, 1) : 0, imm = (unsigned)in->imm & 0xff;
    struct opnd b = x86_opnd(g, two ? in->b : in->a);
    unsigned dst = x86_def(g);
    if (two)
        op3oi(g, 0xc6 | OP_0F, dst, a, b, imm); /* vshufps */
    else if (in->aux == 1)
        op3oi(g, 0x70 | OP_0F | (in->imm & 0x100 ? OP_F3 : OP_F2), dst, 0, b, imm); /* vpshufhw, vpshuflw */
    else
        op3oi(g, 0x70 | P66, dst, 0, b, imm); /* vpshufd */
    x86_done(g, dst);
    return true;
}

static bool emit_tops(struct x86_gen *g, const struct ir_inst *in)
{
    unsigned a = x86_use_vec(g, in->a, 1);
    unsigned dst = x86_def(g);
    if (in->aux == 1) { /* words to bytes, which keep their signs */
        zeros(g, 2);
        op3(g, 0x63 | P66, 2, a, 2); /* vpacksswb */
        op2(g, 0xd7 | P66, dst, 2);
    } else {
        op2(g, in->aux == 0 ? 0xd7 | P66 : 0x50 | packed(in), dst, a); /* vpmovmskb, vmovmskps */
    }
    x86_done(g, dst);
    return true;
}

/* ---- floating point ---- */

/* ps, pd; of lane 0 alone ss, sd. */
static uint32_t shape(const struct ir_inst *in)
{
    if (in->aux2 & IR_VF_LOW)
        return OP_0F | (in->aux == 3 ? OP_F2 : OP_F3);
    return packed(in);
}

static void multiply_add(struct x86_gen *g, const struct ir_inst *in, unsigned a, struct opnd b, unsigned c)
{
    static const uint8_t fma[4] = { 0x98, 0x9c, 0x9a, 0x9e }; /* vfmadd132, vfnmadd, vfmsub, vfnmsub: a * b + c in a */
    asm_rr(g->a, 0x28 | OP_0F, 0, a);
    op3o(g, (fma[in->imm & 3] + (in->aux2 & IR_VF_LOW ? 1u : 0u)) | P38 | (in->aux == 3 ? OP_W : 0), 0, c, b);
}

static bool emit_arith(struct x86_gen *g, const struct ir_inst *in)
{
    static const uint8_t arith[] = { [IR_VFADD - IR_VFADD] = 0x58, [IR_VFSUB - IR_VFADD] = 0x5c,
                                     [IR_VFMUL - IR_VFADD] = 0x59, [IR_VFDIV - IR_VFADD] = 0x5e,
                                     [IR_VFSQRT - IR_VFADD] = 0x51, [IR_VFMIN - IR_VFADD] = 0x5d,
                                     [IR_VFMAX - IR_VFADD] = 0x5f };
    bool rounds = in->op != IR_VFMIN && in->op != IR_VFMAX, low = in->aux2 & IR_VF_LOW;
    unsigned rm = in->aux2 & ~(unsigned)IR_VF_LOW, args = ir_op_info[in->op].args;
    if ((in->op == IR_VFMA && !has(g, HOST_FMA)) || (rounds && rm == IR_RMM))
        return false;
    struct stub *s = rounds && rm != IR_RM_DYN ? gen_vec_stub(g, in) : NULL;
    struct opnd b = x86_opnd(g, args > 1 ? in->b : in->a);
    unsigned a = args > 1 || low ? x86_use_vec(g, in->a, 1) : 0;
    unsigned c = args > 2 ? x86_use_vec(g, in->c, 3) : 0;
    unsigned dst = x86_def(g), r = s != NULL || in->op == IR_VFMA ? 0 : dst;
    if (s != NULL)
        x86_check_mode(g, rm, s);
    if (in->op == IR_VFMA)
        multiply_add(g, in, a, b, c);
    else if (in->op == IR_VFSQRT && !low)
        op3o(g, 0x51 | shape(in), r, 0, b);
    else
        op3o(g, arith[in->op - IR_VFADD] | shape(in), r, a, b);
    if (s != NULL) {
        gen_vec_join(g, s, dst);
        return true;
    }
    if (r != dst)
        asm_rr(g->a, 0x28 | OP_0F, dst, r);
    x86_done(g, dst);
    return true;
}

static bool emit_compare(struct x86_gen *g, const struct ir_inst *in)
{
    unsigned a = x86_use_vec(g, in->a, 1);
    struct opnd b = x86_opnd(g, in->b);
    unsigned dst = x86_def(g);
    op3oi(g, 0xc2 | shape(in), dst, a, b, (unsigned)in->imm);
    x86_done(g, dst);
    return true;
}

static bool emit_round(struct x86_gen *g, const struct ir_inst *in)
{
    static const uint8_t rc[] = { [IR_RNE] = 0, [IR_RTZ] = 3, [IR_RDN] = 1, [IR_RUP] = 2, [IR_RM_DYN] = 4 };
    unsigned rm = in->aux2 & ~(unsigned)IR_VF_LOW, low = in->aux2 & IR_VF_LOW ? 2 : 0;
    if (rm == IR_RMM)
        return false;
    unsigned a = x86_use_vec(g, in->a, 1);
    unsigned dst = x86_def(g);
    op3i(g, ((in->aux == 3 ? 0x09 : 0x08) + low) | P3A, dst, low ? a : 0, a, rc[rm] | (in->imm & 1 ? 0u : 8u));
    x86_done(g, dst);
    return true;
}

/* Conversions of one source; those that truncate and those that follow MXCSR are instructions of their own. */
static bool emit_convert(struct x86_gen *g, const struct ir_inst *in)
{
    uint32_t op;
    bool truncates = in->aux2 == IR_RTZ, exact = false;
    switch (in->op) {
    case IR_VFTOI: op = 0x5b | OP_0F | (truncates ? OP_F3 : OP_66); break;
    case IR_VITOF: op = 0x5b | OP_0F; break;
    case IR_VFTOIN: op = 0xe6 | OP_0F | (truncates ? OP_66 : OP_F2); break;
    case IR_VFNARROW: op = 0x5a | OP_0F | OP_66; break;
    case IR_VFWIDEN: op = 0x5a | OP_0F; exact = true; break;
    default: op = 0xe6 | OP_0F | OP_F3; exact = true; break; /* VITOFW */
    }
    if (in->op == IR_VFTOI || in->op == IR_VFTOIN)
        exact = truncates;
    if (in->aux != 2 || (in->imm & 1) || (in->aux2 != IR_RM_DYN && !exact))
        return false;
    struct opnd a = x86_opnd(g, in->a);
    unsigned dst = x86_def(g);
    op3o(g, op, dst, 0, a);
    x86_done(g, dst);
    return true;
}

/* ---- vector helpers that hosts have instructions for ---- */

/*
 * SHA's have no VEX forms: the first operand's register becomes the result's, the third operand is
 * in xmm0.
 */
static bool emit_sha(struct x86_gen *g, const struct ir_inst *in, uint32_t op)
{
    unsigned a = x86_use_vec(g, in->a, 1), b = x86_use_vec(g, in->b, 2);
    struct opnd c = in->c != IR_NONE ? x86_opnd(g, in->c) : (struct opnd){ .kind = O_REG };
    unsigned dst = x86_def(g), r = dst != a && (dst == b || dst == 0 || (c.kind == O_REG && dst == c.reg)) ? 1 : dst;
    if (in->c != IR_NONE)
        x86_load_vec(g, 0, c);
    if (r != a)
        asm_rr(g->a, 0x28 | OP_0F, r, a);
    asm_rr(g->a, op, r, b);
    if ((op & 0xff00) == OP_0F3A)
        asm_8(g->a, (unsigned)in->imm2 & 3);
    if (r != dst)
        asm_rr(g->a, 0x28 | OP_0F, dst, r);
    x86_done(g, dst);
    return true;
}

static bool emit_aes(struct x86_gen *g, const struct ir_inst *in, enum ir_native native)
{
    static const uint8_t rounds[] = { 0xdc, 0xdd, 0xde, 0xdf }; /* vaesenc, -last, vaesdec, -last */
    bool round = native == IR_NATIVE_AES;
    unsigned a = round ? x86_use_vec(g, in->a, 1) : 0;
    struct opnd b = { .kind = O_REG, .reg = 2 };
    if (round && in->b == IR_NONE)
        zeros(g, 2);
    else
        b = x86_opnd(g, round ? in->b : in->a);
    unsigned dst = x86_def(g);
    if (round)
        op3o(g, rounds[in->imm2 & 3] | P38, dst, a, b);
    else if (native == IR_NATIVE_AES_IMC)
        op3o(g, 0xdb | P38, dst, 0, b);
    else
        op3oi(g, 0xdf | P3A, dst, 0, b, (unsigned)in->imm2 & 0xff);
    x86_done(g, dst);
    return true;
}

static bool emit_field(struct x86_gen *g, const struct ir_inst *in, enum ir_native native)
{
    struct opnd x = x86_opnd(g, in->a), b = x86_opnd(g, in->b);
    unsigned imm = (unsigned)in->imm2, halves = imm & 0x11;
    if (native == IR_NATIVE_CLMUL && x.kind == O_MEM && b.kind == O_REG) {
        swap_memory(&x, &b);
        halves = (halves & 1) << 4 | halves >> 4;
    }
    unsigned a = vec_reg(g, x, 1), dst = x86_def(g);
    if (native == IR_NATIVE_CLMUL)
        op3oi(g, 0x44 | P3A, dst, a, b, halves);
    else if (native == IR_NATIVE_GF_MULTIPLY)
        op3o(g, 0xcf | P38, dst, a, b);
    else
        op3oi(g, (imm & 0x100 ? 0xcf : 0xce) | P3A | OP_W, dst, a, b, imm & 0xff);
    x86_done(g, dst);
    return true;
}

static bool emit_helper(struct x86_gen *g, const struct ir_inst *in)
{
    static const uint8_t sha[] = {
        [IR_NATIVE_SHA1_NEXT_E] = 0xc8, [IR_NATIVE_SHA1_MSG1] = 0xc9, [IR_NATIVE_SHA1_MSG2] = 0xca,
        [IR_NATIVE_SHA256_ROUNDS2] = 0xcb, [IR_NATIVE_SHA256_MSG1] = 0xcc, [IR_NATIVE_SHA256_MSG2] = 0xcd,
    };
    enum ir_native native = g->u->guest->vec_helpers[in->imm].native;
    switch (native) {
    case IR_NATIVE_AES: case IR_NATIVE_AES_IMC: case IR_NATIVE_AES_KEYGEN:
        return has(g, HOST_AES) && emit_aes(g, in, native);
    case IR_NATIVE_CLMUL: return has(g, HOST_CLMUL) && emit_field(g, in, native);
    case IR_NATIVE_GF_MULTIPLY: case IR_NATIVE_GF_AFFINE: return has(g, HOST_GFNI) && emit_field(g, in, native);
    case IR_NATIVE_SHA1_ROUNDS4: return has(g, HOST_SHA) && emit_sha(g, in, 0xcc | OP_0F3A);
    case IR_NATIVE_SHA1_NEXT_E: case IR_NATIVE_SHA1_MSG1: case IR_NATIVE_SHA1_MSG2:
    case IR_NATIVE_SHA256_MSG1: case IR_NATIVE_SHA256_MSG2: case IR_NATIVE_SHA256_ROUNDS2:
        return has(g, HOST_SHA) && emit_sha(g, in, sha[native] | OP_0F38);
    default: return false;
    }
}

/* What LoongArch does as x86 does it: no NaN is made and one operand's is quietened. */
static bool select_agreed(struct x86_gen *g, const struct ir_inst *in)
{
    if (in->aux2 & IR_VF_LOW)
        return false;
    switch (in->op) {
    case IR_VFCMP: return emit_compare(g, in);
    case IR_VFRINT: return emit_round(g, in);
    case IR_VITOF: case IR_VFNARROW: case IR_VFWIDEN: case IR_VITOFW: return emit_convert(g, in);
    default: return false;
    }
}

bool gen_select_native(struct x86_gen *g, const struct ir_inst *in)
{
    bool shift = in->op >= IR_VSHLV && in->op <= IR_VSARV;
    if (ops[in->op].op[in->aux] != 0)
        return (!shift || has(g, HOST_AVX2)) && emit_two(g, in, ops[in->op].op[in->aux]);
    switch (in->op) {
    case IR_VMULH: return emit_high(g, in);
    case IR_VSHUF: return emit_shuffle(g, in);
    case IR_VTOPS: return emit_tops(g, in);
    case IR_CALLV: return emit_helper(g, in);
    default: break;
    }
    if (g->u->guest->fp == IR_FP_LOONGARCH)
        return select_agreed(g, in);
    if (g->u->guest->fp != IR_FP_X86)
        return false;
    switch (in->op) {
    case IR_VFADD: case IR_VFSUB: case IR_VFMUL: case IR_VFDIV: case IR_VFSQRT: case IR_VFMA: case IR_VFMIN:
    case IR_VFMAX:
        return emit_arith(g, in);
    case IR_VFCMP: return emit_compare(g, in);
    case IR_VFRINT: return emit_round(g, in);
    case IR_VFTOI: case IR_VITOF: case IR_VFTOIN: case IR_VFNARROW: case IR_VFWIDEN: case IR_VITOFW:
        return emit_convert(g, in);
    default: return false;
    }
}
