/* SPDX-License-Identifier: Apache-2.0 */
#include "core/exec/fp.h"
#include "core/exec/x86_64/gen.h"
#include "core/util/bits.h"

/*
 * Scalar floating point on the host's SSE and FMA3 units by the rules of RISC-V (unprivileged
 * ISA, chapters "F" and "D") and of Arm (FPProcessNaNs, FPRound); the other rules go to the
 * exact reference in core/exec/fp.h.
 *
 * MXCSR has the guest's dynamic rounding mode and keeps its sticky flags. An operation
 * with a static mode runs inline while the dynamic mode is the same, else in the
 * reference. So do the rare cases: NaN results of FMA, NaNs in min and max, conversions
 * out of range. Elsewhere a NaN result becomes the canonical one in a stub.
 */

#define OP_SS(w)  ((w) ? OP_F2 : OP_F3)          /* addsd, addss ... */
#define OP_CMP(w) ((w) ? OP_66 : 0)              /* ucomisd, ucomiss */
#define ADDS 0x58
#define MULS 0x59
#define SUBS 0x5c
#define MINS 0x5d
#define DIVS 0x5e
#define MAXS 0x5f
#define SQRTS 0x51
#define UCOMIS 0x2e
#define COMIS 0x2f

static struct x86_mem constant(const struct x86_gen *g, unsigned k)
{
    return (struct x86_mem){ .base = RIP, .index = RSP,
                             .disp = (int32_t)(g->be->fixed.consts + 16 * k) };
}

static void movaps(struct x86_gen *g, unsigned dst, unsigned src)
{
    if (dst != src)
        asm_rr(g->a, 0x28 | OP_0F, dst, src);
}

/* A stub that has the reference do the operation; operands as they are now. */
static struct stub *reference_stub(struct x86_gen *g, const struct ir_inst *in)
{
    struct stub *s = x86_stub(g, STUB_OUT);
    const uint16_t args[3] = { in->a, in->b, in->c };
    s->n_args = ir_op_info[in->op].args;
    for (unsigned k = 0; k < s->n_args; k++)
        s->arg[k] = x86_opnd(g, args[k]);
    s->site = x86_site(g, in, x86_out_fp);
    return s;
}

static void join(struct x86_gen *g, struct stub *s, unsigned dst)
{
    s->has_dst = true;
    s->dst = (uint8_t)dst;
    s->dst_fp = is_fp(value_type(g, (uint16_t)g->i));
    s->back = asm_offset(g->a);
}

/*
 * Static rounding mode: to the stub unless the dynamic mode is the same. Arm's flushing of
 * denormals raises other flags than the host's, and default NaNs it has none of: to the stub.
 */
void x86_check_mode(struct x86_gen *g, unsigned mode, struct stub *s)
{
    static const uint8_t rc[8] = { [IR_RNE] = 0x00, [IR_RTZ] = 0x60, [IR_RDN] = 0x20,
                                  [IR_RUP] = 0x40 };
    struct x86_mem m = CPU_MEM(fp_mode);
    if (g->u->guest->fp == IR_FP_ARM) {
        asm_rm(g->a, 0xf7, 0, m); /* test dword, imm32 */
        asm_32(g->a, FP_MODE_DAZ | FP_MODE_FTZ | FP_MODE_DN);
        x86_stub_jcc(g, s, CC_NE);
    }
    if (mode == IR_RM_DYN)
        return;
    m.disp += 1;
    if (rc[mode] == 0) {
        asm_rm(g->a, 0xf6, 0, m); /* test byte, 0x60 */
        asm_8(g->a, 0x60);
    } else {
        asm_rm(g->a, 0xb6 | OP_0F, RAX, m);
        asm_alu_ri(g->a, ALU_AND, false, RAX, 0x60);
        asm_alu_ri(g->a, ALU_CMP, false, RAX, rc[mode]);
    }
    x86_stub_jcc(g, s, CC_NE);
}

/* Arm and LoongArch: the operands decide which NaN a result is, by rules the host does not have. */
static bool nan_by_operands(const struct x86_gen *g)
{
    return g->u->guest->fp == IR_FP_ARM || g->u->guest->fp == IR_FP_LOONGARCH;
}

/*
 * The result is in `from` (xmm0 or the destination). RISC-V: a NaN becomes the canonical
 * one. Arm, LoongArch: the operands decide which NaN, and `rare` (the reference) does it; on Arm so it does
 * with products and quotients that are not above the least normal number but zero, since
 * there tininess counts before rounding. Then to its place.
 */
static void finish(struct x86_gen *g, unsigned from, bool w, struct stub *rare, unsigned dst)
{
    const struct ir_inst *in = &g->u->insts[g->i];
    bool arm = g->u->guest->fp == IR_FP_ARM;
    struct stub *s = NULL;
    if (g->u->guest->fp == IR_FP_X86) {
        /* the host's own rules */
    } else if (!nan_by_operands(g)) {
        asm_rr(g->a, UCOMIS | OP_0F | OP_CMP(w), from, from);
        s = x86_stub(g, STUB_NAN);
        s->is64 = w;
        s->dst = (uint8_t)dst;
        x86_stub_jcc(g, s, CC_P);
    } else if (arm && (in->op == IR_FMUL || in->op == IR_FDIV || in->op == IR_FMA ||
                       (in->op == IR_FCVT && !w))) {
        asm_rm(g->a, 0x10 | OP_0F, 3, constant(g, w ? K_ABS64 : K_ABS32));
        asm_rr(g->a, 0x54 | OP_0F, 3, from); /* andps */
        asm_rm(g->a, UCOMIS | OP_0F | OP_CMP(w), 3, constant(g, w ? K_VMIN64 : K_VMIN32));
        uint8_t *fine = asm_jcc8(g->a, CC_A); /* below, equal, unordered */
        asm_rr(g->a, 0x57 | OP_0F, 2, 2);
        asm_rr(g->a, UCOMIS | OP_0F | OP_CMP(w), 3, 2);
        x86_stub_jcc(g, rare, CC_P);
        x86_stub_jcc(g, rare, CC_NE);
        asm_here(g->a, fine);
    } else if (in->op != IR_FCVT && in->op != IR_FRINT) {
        asm_rr(g->a, UCOMIS | OP_0F | OP_CMP(w), from, from);
        x86_stub_jcc(g, rare, CC_P);
    }
    movaps(g, dst, from);
    if (s)
        s->back = asm_offset(g->a);
    if (rare)
        join(g, rare, dst);
    x86_done(g, dst);
}

static void emit_arith(struct x86_gen *g, const struct ir_inst *in)
{
    static const uint8_t ops[] = { [IR_FADD] = ADDS, [IR_FSUB] = SUBS, [IR_FMUL] = MULS,
                                   [IR_FDIV] = DIVS, [IR_FSQRT] = SQRTS };
    bool w = in->type == IR_F64, unary = in->op == IR_FSQRT;
    uint32_t op = ops[in->op] | OP_0F | OP_SS(w);
    bool operands = nan_by_operands(g);
    struct stub *mode = in->aux == IR_RM_DYN && !operands ? NULL : reference_stub(g, in);
    struct opnd a = x86_opnd(g, in->a), b = unary ? a : x86_opnd(g, in->b);
    unsigned dst = x86_def(g);
    if (mode)
        x86_check_mode(g, in->aux, mode);
    if (b.kind == O_IMM) {
        x86_load_fp(g, 1, b, w);
        b = (struct opnd){ .kind = O_REG, .reg = 1, .fp = true };
    }
    /* In place, unless b would be lost, or what the reference needs. */
    unsigned r = operands || (b.kind == O_REG && b.reg == dst && !unary &&
                         !(a.kind == O_REG && a.reg == dst)) ? 0 : dst;
    if (!unary)
        x86_load_fp(g, r, a, w);
    if (b.kind == O_REG)
        asm_rr(g->a, op, r, b.reg);
    else
        asm_rm(g->a, op, r, opnd_mem(b));
    finish(g, r, w, mode, dst);
}

static void emit_fma(struct x86_gen *g, const struct ir_inst *in)
{
    /* vfmadd213, vfnmadd213, vfmsub213, vfnmsub213 (scalar forms) by imm bits */
    static const uint8_t ops[4] = { 0xa9, 0xad, 0xab, 0xaf };
    bool w = in->type == IR_F64;
    if (!has(g, HOST_FMA)) {
        x86_select_call(g, in, x86_out_fp, 3);
        return;
    }
    struct stub *s = reference_stub(g, in);
    struct opnd a = x86_opnd(g, in->a);
    unsigned b = x86_use_fp(g, in->b, 1), c = x86_use_fp(g, in->c, 2);
    unsigned dst = x86_def(g);
    x86_check_mode(g, in->aux, s);
    x86_load_fp(g, 0, a, w);
    asm_vex_rr(g->a, ops[in->imm & 3] | OP_0F38 | OP_66 | (w ? OP_W : 0), 0, b, c);
    /* inf * 0 + quiet NaN is invalid in RISC-V: the reference knows. */
    if (g->u->guest->fp == IR_FP_ARM) {
        finish(g, 0, w, s, dst);
        return;
    }
    asm_rr(g->a, UCOMIS | OP_0F | OP_CMP(w), 0, 0);
    x86_stub_jcc(g, s, CC_P);
    movaps(g, dst, 0);
    join(g, s, dst);
    x86_done(g, dst);
}

/* minsd raises invalid for quiet NaNs and returns its second operand for zeros. */
static void emit_minmax(struct x86_gen *g, const struct ir_inst *in)
{
    bool w = in->type == IR_F64, min = in->op == IR_FMIN;
    struct stub *s = reference_stub(g, in);
    struct opnd a = x86_opnd(g, in->a);
    unsigned b = x86_use_fp(g, in->b, 1);
    unsigned dst = x86_def(g);
    x86_load_fp(g, 0, a, w);
    asm_rr(g->a, UCOMIS | OP_0F | OP_CMP(w), 0, b);
    x86_stub_jcc(g, s, CC_P);
    uint8_t *differ = asm_jcc8(g->a, CC_NE);
    asm_rr(g->a, (min ? 0x56 : 0x54) | OP_0F, 0, b); /* equal: the same, or zeros of both signs */
    uint8_t *end = asm_jmp8(g->a);
    asm_here(g->a, differ);
    asm_rr(g->a, (min ? MINS : MAXS) | OP_0F | OP_SS(w), 0, b);
    asm_here(g->a, end);
    movaps(g, dst, 0);
    join(g, s, dst);
    x86_done(g, dst);
}

static void emit_fcmp(struct x86_gen *g, const struct ir_inst *in)
{
    bool w = in->type == IR_F64;
    unsigned how = in->aux & 7u, quiet = in->aux & IR_FCMP_QUIET;
    struct stub *rare = g->u->guest->fp == IR_FP_ARM ? reference_stub(g, in) : NULL;
    unsigned a = x86_use_fp(g, in->a, 0), b = x86_use_fp(g, in->b, 1);
    if (rare)
        x86_check_mode(g, IR_RM_DYN, rare);
    bool signals = (how == IR_FLT || how == IR_FLE) && !quiet;
    bool less = how == IR_FLT || how == IR_FLE; /* b > a, b >= a: false when unordered */
    if (how == IR_FIMAGE) {
        asm_rr(g->a, (quiet ? UCOMIS : COMIS) | OP_0F | OP_CMP(w), a, b);
        asm_8(g->a, 0x9f);                       /* lahf: AF and SF are 0 */
        asm_shift_ri(g->a, SH_SHR, false, RAX, 8);
        asm_alu_ri(g->a, ALU_AND, false, RAX, 0x45);
        x86_result(g, RAX, true);
        return;
    }
    uint32_t op = (signals ? COMIS : UCOMIS) | OP_0F | OP_CMP(w);
    asm_rr(g->a, op, less ? b : a, less ? a : b);
    static const uint8_t cc[] = { [IR_FEQ] = CC_E, [IR_FLT] = CC_A, [IR_FLE] = CC_AE,
                                  [IR_FUNORD] = CC_P };
    asm_rr(g->a, 0x90 | cc[how] | OP_0F, 0, RAX);
    if (how == IR_FEQ) {
        asm_rr(g->a, 0x90 | CC_NP | OP_0F, 0, RCX);
        asm_rr(g->a, ALU_AND, RAX, RCX);
    }
    asm_rr(g->a, 0xb6 | OP_0F, RAX, RAX);
    if (rare) {
        rare->has_dst = true;
        rare->dst = RAX;
        rare->back = asm_offset(g->a);
    }
    x86_result(g, RAX, true);
}

static void emit_fcvt(struct x86_gen *g, const struct ir_inst *in)
{
    bool w = in->type == IR_F64; /* widening: exact */
    bool arm = g->u->guest->fp == IR_FP_ARM;
    struct stub *mode = !arm && (w || in->aux == IR_RM_DYN) ? NULL : reference_stub(g, in);
    unsigned a = x86_use_fp(g, in->a, 1);
    unsigned dst = x86_def(g);
    if (mode)
        x86_check_mode(g, w ? IR_RM_DYN : in->aux, mode);
    asm_rr(g->a, 0x5a | OP_0F | OP_SS(!w), 0, a);
    finish(g, 0, w, mode, dst);
}

static void emit_ftoi(struct x86_gen *g, const struct ir_inst *in)
{
    struct x86_asm *a = g->a;
    bool w = (in->imm & 0xff) == IR_F64, wide = in->type == IR_I64, is_unsigned = in->imm & 0x100;
    struct stub *s = reference_stub(g, in);
    unsigned r = x86_use_fp(g, in->a, 0);
    unsigned dst = x86_def(g);
    x86_check_mode(g, in->aux == IR_RTZ ? IR_RM_DYN : in->aux, s);
    uint32_t op = (in->aux == IR_RTZ ? 0x2cu : 0x2du) | OP_0F | OP_SS(w);
    if (is_unsigned) {
        /* Negative, NaN and too large ones leave before the host can raise inexact. */
        asm_rr(a, 0x57 | OP_0F, 1, 1);
        asm_rr(a, UCOMIS | OP_0F | OP_CMP(w), r, 1);
        x86_stub_jcc(g, s, CC_B);
        unsigned k = wide ? (w ? K_TWO63_64 : K_TWO63_32) : (w ? K_U32MAX_64 : K_TWO32_32);
        asm_rm(a, UCOMIS | OP_0F | OP_CMP(w), r, constant(g, k));
        x86_stub_jcc(g, s, k == K_U32MAX_64 ? CC_A : CC_AE);
        asm_rr(a, op | OP_W, dst, r);
    } else {
        asm_rr(a, op | (wide ? OP_W : 0), RAX, r);
        asm_alu_ri(a, ALU_CMP, wide, RAX, 1); /* overflows for the indefinite integer only */
        x86_stub_jcc(g, s, CC_O);
        asm_mov_rr(a, true, dst, RAX);
    }
    join(g, s, dst);
    x86_done(g, dst);
}

static void emit_itof(struct x86_gen *g, const struct ir_inst *in)
{
    struct x86_asm *a = g->a;
    bool w = in->type == IR_F64, wide = (in->imm & 0xff) == IR_I64, is_unsigned = in->imm & 0x100;
    bool exact = w && !wide;
    struct stub *s = reference_stub(g, in);
    unsigned r = x86_use(g, in->a, RCX, wide);
    unsigned dst = x86_def(g);
    if (!exact)
        x86_check_mode(g, in->aux, s);
    if (is_unsigned && wide) {
        asm_rr(a, 0x85 | OP_W, r, r);
        x86_stub_jcc(g, s, CC_S);
    } else if (is_unsigned) {
        asm_rr(a, 0x8b, RCX, r); /* zero-extends */
        r = RCX;
    }
    asm_rr(a, 0x57 | OP_0F, 0, 0); /* the upper part is merged: break the chain */
    asm_rr(a, 0x2a | OP_0F | OP_SS(w) | (wide || is_unsigned ? OP_W : 0), 0, r);
    movaps(g, dst, 0);
    join(g, s, dst);
    x86_done(g, dst);
}

static void emit_frint(struct x86_gen *g, const struct ir_inst *in)
{
    static const uint8_t rm[] = { [IR_RNE] = 0, [IR_RDN] = 1, [IR_RUP] = 2, [IR_RTZ] = 3,
                                  [IR_RMM] = 0, [5] = 0, [6] = 0, [IR_RM_DYN] = 4 };
    bool w = in->type == IR_F64;
    if (!has(g, HOST_SSE41)) {
        x86_select_call(g, in, x86_out_fp, 1);
        return;
    }
    struct stub *rare = g->u->guest->fp == IR_FP_ARM ? reference_stub(g, in) : NULL;
    unsigned a = x86_use_fp(g, in->a, 1);
    unsigned dst = x86_def(g);
    if (rare)
        x86_check_mode(g, IR_RM_DYN, rare);
    asm_rr(g->a, (w ? 0x0b : 0x0a) | OP_0F3A | OP_66, 0, a); /* roundsd, roundss */
    asm_8(g->a, rm[in->aux] | (in->imm & 1 ? 0u : 8u));
    finish(g, 0, w, rare, dst);
}

/* ---- bits ---- */

static void emit_sign(struct x86_gen *g, const struct ir_inst *in)
{
    struct x86_asm *a = g->a;
    bool w = in->type == IR_F64;
    struct x86_mem sign = constant(g, w ? K_SIGN64 : K_SIGN32);
    struct x86_mem abs = constant(g, w ? K_ABS64 : K_ABS32);
    x86_load_fp(g, 0, x86_opnd(g, in->a), w);
    if (in->op == IR_FNEG) {
        asm_rm(a, 0x57 | OP_0F, 0, sign);                   /* xorps */
    } else if (in->op == IR_FABS) {
        asm_rm(a, 0x54 | OP_0F, 0, abs);                    /* andps */
    } else {
        x86_load_fp(g, 1, x86_opnd(g, in->b), w);
        if (in->imm == 1)
            asm_rm(a, 0x57 | OP_0F, 1, sign);
        asm_rm(a, 0x54 | OP_0F, 1, sign);
        if (in->imm != 2)
            asm_rm(a, 0x54 | OP_0F, 0, abs);
        asm_rr(a, (in->imm == 2 ? 0x57 : 0x56) | OP_0F, 0, 1); /* xorps, orps */
    }
    x86_result_fp(g, 0);
}

static void emit_bitcast(struct x86_gen *g, const struct ir_inst *in)
{
    bool w = is_w(in->type);
    struct opnd o = x86_opnd(g, in->a);
    unsigned dst = x86_def(g);
    if (!is_fp(in->type))
        gen_load(g, dst, o, w);
    else if (o.kind == O_MEM && !w) /* an f32's register has no defined upper half */
        x86_load_fp(g, dst, o, false);
    else
        x86_load_fp(g, dst, o, w);
    x86_done(g, dst);
}

static void emit_box(struct x86_gen *g, const struct ir_inst *in)
{
    struct opnd o = x86_opnd(g, in->a);
    unsigned dst = x86_def(g);
    x86_load_fp(g, dst, o, false);
    asm_rm(g->a, 0x56 | OP_0F, dst, constant(g, K_BOX));
    x86_done(g, dst);
}

static void emit_unbox(struct x86_gen *g, const struct ir_inst *in)
{
    struct x86_asm *a = g->a;
    struct opnd o = x86_opnd(g, in->a);
    unsigned dst = x86_def(g);
    struct stub *s = x86_stub(g, STUB_NAN);
    s->dst = (uint8_t)dst;
    if (o.kind == O_MEM) {
        struct x86_mem m = opnd_mem(o);
        m.disp += 4;
        asm_alu_mi(a, ALU_CMP, false, m, -1);
    } else {
        gen_load(g, RAX, o, true);
        asm_shift_ri(a, SH_SAR, true, RAX, 32);
        asm_alu_ri(a, ALU_CMP, false, RAX, -1);
    }
    x86_stub_jcc(g, s, CC_NE);
    x86_load_fp(g, dst, o, o.kind != O_MEM);
    s->back = asm_offset(a);
    x86_done(g, dst);
}

static bool is_arith(unsigned op)
{
    return op >= IR_FADD && op <= IR_FRINT;
}

void x86_select_fp(struct x86_gen *g, const struct ir_inst *in)
{
    bool has_rm = in->op != IR_FMIN && in->op != IR_FMAX && in->op != IR_FCMP;
    bool exact = (in->op == IR_FCVT && in->type == IR_F64) ||
                 (in->op == IR_ITOF && in->type == IR_F64 && (in->imm & 0xff) == IR_I32);
    enum ir_fp_rule fp = g->u->guest->fp;
    bool minmax = in->op == IR_FMIN || in->op == IR_FMAX;
    /* Arithmetic of x86 guests is vectors' (VF_LOW). IMAGE is theirs. */
    bool unsigned_int = in->op == IR_FTOI && (in->imm & 0x100); /* comparing would raise for denormals */
    bool converts = in->op == IR_FCVT || in->op == IR_FTOI || in->op == IR_ITOF;
    bool native = fp == IR_FP_X86 && !unsigned_int && has(g, HOST_AVX) && /* `aux` of FCMP is no rounding mode */
                  (in->op == IR_FCMP || (converts && in->aux != IR_RMM));
    if (in->op == IR_FCMP && (in->aux & 7u) == IR_FIMAGE && !native) {
        x86_select_call(g, in, x86_out_fp, 2);
        return;
    }
    if (is_arith(in->op) && !native && (fp == IR_FP_X86 || (minmax && fp == IR_FP_ARM) ||
                             (has_rm && !exact && in->aux == IR_RMM))) {
        x86_select_call(g, in, x86_out_fp, ir_op_info[in->op].args);
        return;
    }
    switch (in->op) {
    case IR_FADD: case IR_FSUB: case IR_FMUL: case IR_FDIV: case IR_FSQRT:
        emit_arith(g, in);
        break;
    case IR_FMA: emit_fma(g, in); break;
    case IR_FMIN: case IR_FMAX:
        if (in->imm & 1)
            x86_select_call(g, in, x86_out_fp, 2);
        else
            emit_minmax(g, in);
        break;
    case IR_FCMP: emit_fcmp(g, in); break;
    case IR_FCVT: emit_fcvt(g, in); break;
    case IR_FTOI: emit_ftoi(g, in); break;
    case IR_ITOF: emit_itof(g, in); break;
    case IR_FRINT: emit_frint(g, in); break;
    case IR_FNEG: case IR_FABS: case IR_FSGNJ: emit_sign(g, in); break;
    case IR_BITCAST: emit_bitcast(g, in); break;
    case IR_FBOX: emit_box(g, in); break;
    case IR_FUNBOX: emit_unbox(g, in); break;
    default: break;
    }
}
