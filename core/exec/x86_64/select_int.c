/* SPDX-License-Identifier: Apache-2.0 */
#include "core/exec/x86_64/gen.h"
#include "core/util/bits.h"

/* Integer operations. rax, rcx and rdx are free; operands are never in them. */

static uint32_t W(bool w)
{
    return w ? OP_W : 0;
}

/* op dst, o */
static void alu(struct x86_gen *g, unsigned op, bool w, unsigned dst, struct opnd o)
{
    if (o.kind == O_REG)
        asm_rr(g->a, op | W(w), dst, o.reg);
    else if (o.kind == O_MEM)
        asm_rm(g->a, op | W(w), dst, opnd_mem(o));
    else
        asm_alu_ri(g->a, op, w, dst, (int32_t)o.imm);
}

/* An operand that an instruction can take: large constants go to rcx. */
static struct opnd usable(struct x86_gen *g, uint16_t v, bool w)
{
    struct opnd o = x86_opnd(g, v);
    if (o.kind == O_IMM && !imm_fits(o.imm, w)) {
        asm_mov_ri(g->a, RCX, o.imm);
        return opnd_reg(RCX);
    }
    return o;
}

static bool is_reg(struct opnd o, unsigned reg)
{
    return o.kind == O_REG && o.reg == reg;
}

/* a + (b << n): b << n has no other use and was not computed. */
static void emit_scaled_add(struct x86_gen *g, const struct ir_inst *in, uint16_t va, uint16_t vshift)
{
    const struct ir_inst *s = &g->u->insts[vshift];
    bool w = in->type == IR_I64 && !x86_is_narrow(g, (uint16_t)g->i);
    unsigned a = x86_use(g, va, RAX, w), b = x86_use(g, s->a, RCX, w);
    unsigned dst = x86_def(g);
    asm_lea(g->a, w, dst, (struct x86_mem){ .base = (uint8_t)a, .index = (uint8_t)b,
                                            .scale = (uint8_t)x86_opnd(g, s->b).imm });
    x86_done(g, dst);
}

static void emit_alu(struct x86_gen *g, const struct ir_inst *in)
{
    static const uint8_t ops[] = { [IR_ADD] = ALU_ADD, [IR_SUB] = ALU_SUB, [IR_AND] = ALU_AND,
                                   [IR_OR] = ALU_OR, [IR_XOR] = ALU_XOR };
    bool w = in->type == IR_I64 && !x86_is_narrow(g, (uint16_t)g->i), commutes = in->op != IR_SUB;
    uint16_t va = in->a, vb = in->b;
    if (g->values[g->i].rotate) {
        x86_emit_rotation(g, in);
        return;
    }
    if (in->op == IR_ADD && g->values[g->values[vb].rep].fused) {
        emit_scaled_add(g, in, va, g->values[vb].rep);
        return;
    }
    if (in->op == IR_ADD && g->values[g->values[va].rep].fused) {
        emit_scaled_add(g, in, vb, g->values[va].rep);
        return;
    }
    if (commutes && x86_opnd(g, va).kind == O_IMM) {
        va = in->b;
        vb = in->a;
    }
    struct opnd a = x86_opnd(g, va), b = usable(g, vb, w);
    unsigned dst = x86_def(g);
    int32_t imm = (int32_t)b.imm;
    if (in->op == IR_SUB && a.kind == O_IMM && a.imm == 0 && b.kind != O_IMM) {
        if (!is_reg(b, dst))
            gen_load(g, dst, b, w);
        asm_rr(g->a, 0xf7 | W(w), 3, dst); /* neg */
    } else if (b.kind == O_IMM && in->op == IR_SUB && imm != INT32_MIN && a.kind == O_REG &&
        dst != a.reg) {
        asm_lea(g->a, w, dst, mem_at(a.reg, -imm));
    } else if (b.kind == O_IMM && in->op == IR_ADD && a.kind == O_REG && dst != a.reg) {
        asm_lea(g->a, w, dst, mem_at(a.reg, imm));
    } else if (in->op == IR_ADD && a.kind == O_REG && b.kind == O_REG && dst != a.reg &&
               dst != b.reg) {
        asm_lea(g->a, w, dst, (struct x86_mem){ .base = a.reg, .index = b.reg });
    } else if (is_reg(b, dst) && !is_reg(a, dst)) {
        if (commutes) {
            alu(g, ops[in->op], w, dst, a.kind == O_IMM ? usable(g, va, w) : a);
        } else {
            asm_rr(g->a, 0xf7 | W(w), 3, dst); /* neg */
            if (a.kind == O_IMM && !imm_fits(a.imm, w)) {
                asm_mov_ri(g->a, RCX, a.imm);
                a = opnd_reg(RCX);
            }
            alu(g, ALU_ADD, w, dst, a);
        }
    } else {
        gen_load(g, dst, a, w);
        alu(g, ops[in->op], w, dst, b);
    }
    x86_done(g, dst);
}

/* a op ~b, ~(a ^ b) */
static void emit_not(struct x86_gen *g, const struct ir_inst *in)
{
    bool w = in->type == IR_I64;
    if (in->op == IR_ANDN && has(g, HOST_BMI1)) {
        unsigned b = x86_use(g, in->b, RCX, w), a = x86_use(g, in->a, RAX, w);
        unsigned dst = x86_def(g);
        asm_vex_rr(g->a, 0xf2 | OP_0F38 | W(w), dst, b, a);
        x86_done(g, dst);
        return;
    }
    gen_load(g, RAX, x86_opnd(g, in->b), w);
    if (in->op != IR_XNOR)
        asm_rr(g->a, 0xf7 | W(w), 2, RAX); /* not */
    alu(g, in->op == IR_ANDN ? ALU_AND : in->op == IR_ORN ? ALU_OR : ALU_XOR, w, RAX,
        usable(g, in->a, w));
    if (in->op == IR_XNOR)
        asm_rr(g->a, 0xf7 | W(w), 2, RAX);
    x86_result(g, RAX, w);
}

/* The host's flags say from here on whether value v is not 0: by condition `cc`. */
static unsigned flags_are(struct x86_gen *g, uint16_t v, unsigned cc)
{
    g->a->flags_lost = false;
    g->flags_value = v;
    g->flags_cc = (uint8_t)cc;
    return cc;
}

static void emit_shift(struct x86_gen *g, const struct ir_inst *in)
{
    static const uint8_t ext[] = { [IR_SHL] = SH_SHL, [IR_SHR] = SH_SHR, [IR_SAR] = SH_SAR,
                                   [IR_ROL] = SH_ROL, [IR_ROR] = SH_ROR };
    static const uint32_t bmi2[] = { [IR_SHL] = 0xf7 | OP_0F38 | OP_66,
                                     [IR_SHR] = 0xf7 | OP_0F38 | OP_F2,
                                     [IR_SAR] = 0xf7 | OP_0F38 | OP_F3, [IR_ROL] = 0,
                                     [IR_ROR] = 0 };
    bool w = in->type == IR_I64;
    struct opnd a = x86_opnd(g, in->a), b = x86_opnd(g, in->b);
    if (b.kind == O_IMM) {
        unsigned n = (unsigned)b.imm & (w ? 63 : 31), bits = w ? 64 : 32;
        bool rotates = in->op == IR_ROL || in->op == IR_ROR;
        unsigned dst = x86_def(g);
        if (rotates && n && a.kind != O_IMM && !is_reg(a, dst) && has(g, HOST_BMI2)) {
            uint32_t rorx = 0xf0 | OP_0F3A | OP_F2 | W(w);
            if (a.kind == O_REG)
                asm_vex_rr(g->a, rorx, dst, 0, a.reg);
            else
                asm_vex_rm(g->a, rorx, dst, 0, opnd_mem(a));
            asm_8(g->a, in->op == IR_ROR ? n : bits - n);
            x86_done(g, dst);
            return;
        }
        if (in->op == IR_SHL && n == 1 && a.kind == O_REG && dst != a.reg) {
            asm_lea(g->a, w, dst, (struct x86_mem){ .base = a.reg, .index = a.reg });
            x86_done(g, dst);
            return;
        }
        gen_load(g, dst, a, w);
        if (n)
            asm_shift_ri(g->a, ext[in->op], w, dst, n);
        if (n && w && !rotates)
            (void)flags_are(g, (uint16_t)g->i, CC_NE);
        x86_done(g, dst);
        return;
    }
    if (bmi2[in->op] && has(g, HOST_BMI2)) {
        unsigned count = x86_use(g, in->b, RCX, w), dst;
        if (a.kind == O_IMM) {
            gen_load(g, RAX, a, w);
            a = opnd_reg(RAX);
        }
        dst = x86_def(g);
        if (a.kind == O_REG)
            asm_vex_rr(g->a, bmi2[in->op] | W(w), dst, count, a.reg);
        else
            asm_vex_rm(g->a, bmi2[in->op] | W(w), dst, count, opnd_mem(a));
        x86_done(g, dst);
        return;
    }
    gen_load(g, RCX, b, w);
    gen_load(g, RAX, a, w);
    asm_rr(g->a, 0xd3 | W(w), ext[in->op], RAX);
    x86_result(g, RAX, w);
}

static void emit_mul(struct x86_gen *g, const struct ir_inst *in)
{
    bool w = in->type == IR_I64;
    uint16_t va = in->a, vb = in->b;
    if (x86_opnd(g, va).kind == O_IMM) {
        va = in->b;
        vb = in->a;
    }
    struct opnd a = x86_opnd(g, va), b = usable(g, vb, w);
    if (b.kind == O_IMM && a.kind != O_IMM) {
        unsigned dst = x86_def(g);
        if (a.kind == O_REG)
            asm_rr(g->a, 0x69 | W(w), dst, a.reg);
        else
            asm_rm(g->a, 0x69 | W(w), dst, opnd_mem(a));
        asm_32(g->a, (uint32_t)b.imm);
        x86_done(g, dst);
        return;
    }
    if (b.kind == O_IMM) {
        asm_mov_ri(g->a, RCX, b.imm);
        b = opnd_reg(RCX);
    }
    unsigned dst = x86_def(g);
    if (is_reg(b, dst)) {
        struct opnd t = a;
        a = b;
        b = t;
    }
    if (b.kind == O_IMM) { /* only as the swapped one */
        asm_mov_ri(g->a, RAX, b.imm);
        b = opnd_reg(RAX);
    }
    gen_load(g, dst, a, w);
    if (b.kind == O_REG)
        asm_rr(g->a, 0xaf | OP_0F | W(w), dst, b.reg);
    else
        asm_rm(g->a, 0xaf | OP_0F | W(w), dst, opnd_mem(b));
    x86_done(g, dst);
}

/* rax or rcx = a 32-bit operand extended to 64 bits */
static void load_extended(struct x86_gen *g, unsigned reg, uint16_t v, bool is_signed)
{
    gen_load(g, reg, x86_opnd(g, v), false);
    if (is_signed)
        asm_rr(g->a, 0x63 | OP_W, reg, reg); /* movsxd */
    else
        asm_rr(g->a, 0x8b, reg, reg);
}

static void emit_mulh(struct x86_gen *g, const struct ir_inst *in)
{
    if (in->type == IR_I32) {
        load_extended(g, RAX, in->a, in->op != IR_MULHU);
        load_extended(g, RCX, in->b, in->op == IR_MULHS);
        asm_rr(g->a, 0xaf | OP_0F | OP_W, RAX, RCX);
        asm_shift_ri(g->a, SH_SHR, true, RAX, 32);
        x86_result(g, RAX, false);
        return;
    }
    gen_load(g, RAX, x86_opnd(g, in->a), true);
    unsigned b = x86_use(g, in->b, RCX, true);
    if (in->op == IR_MULHSU) /* a signed: a < 0 adds -b * 2^64 to the unsigned product */
        gen_load(g, RCX, opnd_reg(b), true);
    asm_rr(g->a, 0xf7 | OP_W, in->op == IR_MULHS ? 5 : 4, b);
    if (in->op == IR_MULHSU) {
        gen_load(g, RAX, x86_opnd(g, in->a), true);
        asm_shift_ri(g->a, SH_SAR, true, RAX, 63);
        asm_rr(g->a, ALU_AND | OP_W, RAX, RCX);
        asm_rr(g->a, ALU_SUB | OP_W, RDX, RAX);
    }
    x86_result(g, RDX, true);
}

static void emit_div(struct x86_gen *g, const struct ir_inst *in)
{
    struct x86_asm *a = g->a;
    bool w = in->type == IR_I64, is_signed = in->op == IR_DIVS || in->op == IR_REMS;
    bool rem = in->op == IR_REMS || in->op == IR_REMU;
    gen_load(g, RAX, x86_opnd(g, in->a), w);
    gen_load(g, RCX, x86_opnd(g, in->b), w);
    uint8_t *special, *end;
    if (is_signed) {
        asm_lea(a, w, RDX, mem_at(RCX, 1)); /* 0 and -1 become 1 and 0 */
        asm_alu_ri(a, ALU_CMP, w, RDX, 1);
        special = asm_jcc8(a, CC_BE);
        if (w)
            asm_8(a, 0x48);
        asm_8(a, 0x99); /* cdq, cqo */
    } else {
        asm_rr(a, 0x85 | W(w), RCX, RCX);
        special = asm_jcc8(a, CC_E);
        asm_rr(a, ALU_XOR, RDX, RDX);
    }
    asm_rr(a, 0xf7 | W(w), is_signed ? 7 : 6, RCX);
    end = asm_jmp8(a);
    asm_here(a, special);
    if (rem) {
        asm_mov_rr(a, w, RDX, RAX); /* divisor 0: the dividend */
        if (is_signed) {
            asm_rr(a, 0x85 | W(w), RCX, RCX);
            uint8_t *zero = asm_jcc8(a, CC_E);
            asm_rr(a, ALU_XOR, RDX, RDX);
            asm_here(a, zero);
        }
    } else {
        if (is_signed) {
            asm_rr(a, 0xf7 | W(w), 3, RAX); /* neg */
            asm_rr(a, 0x85 | W(w), RCX, RCX);
            uint8_t *minus_one = asm_jcc8(a, CC_NE);
            asm_alu_ri(a, ALU_OR, w, RAX, -1);
            asm_here(a, minus_one);
        } else {
            asm_alu_ri(a, ALU_OR, w, RAX, -1);
        }
    }
    asm_here(a, end);
    x86_result(g, rem ? RDX : RAX, w);
}

/* Parallel count: Hacker's Delight, section 5-1. */
static void popcount_by_halves(struct x86_gen *g, bool w)
{
    static const uint64_t masks[] = { 0x5555555555555555, 0x3333333333333333, 0x0f0f0f0f0f0f0f0f };
    struct x86_asm *a = g->a;
    for (unsigned k = 0; k < 3; k++) {
        asm_mov_ri(a, RCX, w ? masks[k] : (uint32_t)masks[k]);
        asm_mov_rr(a, w, RDX, RAX);
        asm_shift_ri(a, SH_SHR, w, RDX, 1u << k);
        asm_rr(a, ALU_AND | W(w), RAX, RCX);
        asm_rr(a, ALU_AND | W(w), RDX, RCX);
        asm_rr(a, ALU_ADD | W(w), RAX, RDX);
    }
    asm_mov_ri(a, RCX, w ? 0x0101010101010101 : 0x01010101);
    asm_rr(a, 0xaf | OP_0F | W(w), RAX, RCX);
    asm_shift_ri(a, SH_SHR, w, RAX, w ? 56 : 24);
}

static void emit_count(struct x86_gen *g, const struct ir_inst *in)
{
    struct x86_asm *a = g->a;
    bool w = in->type == IR_I64, pop = in->op == IR_POPCNT, lead = in->op == IR_CLZ;
    gen_load(g, RAX, x86_opnd(g, in->a), w);
    if (pop && !has(g, HOST_POPCNT)) {
        popcount_by_halves(g, w);
    } else if (pop || has(g, lead ? HOST_LZCNT : HOST_BMI1)) {
        uint32_t op = (pop ? 0xb8 : lead ? 0xbd : 0xbc) | OP_0F | OP_F3;
        asm_rr(a, op | W(w), RAX, RAX);
    } else if (lead) {
        asm_mov_ri(a, RCX, w ? 127 : 63);
        asm_rr(a, 0xbd | OP_0F | W(w), RAX, RAX);        /* bsr */
        asm_rr(a, 0x44 | OP_0F | W(w), RAX, RCX);        /* cmovz */
        asm_alu_ri(a, ALU_XOR, w, RAX, w ? 63 : 31);
    } else {
        asm_mov_ri(a, RCX, w ? 64 : 32);
        asm_rr(a, 0xbc | OP_0F | W(w), RAX, RAX);        /* bsf */
        asm_rr(a, 0x44 | OP_0F | W(w), RAX, RCX);
    }
    x86_result(g, RAX, w);
}

static void emit_bswap(struct x86_gen *g, const struct ir_inst *in)
{
    bool w = in->type == IR_I64;
    struct opnd o = x86_opnd(g, in->a);
    unsigned dst = x86_def(g);
    gen_load(g, dst, o, w);
    if (w || dst >= 8)
        asm_8(g->a, (w ? 0x48 : 0x40) | dst >> 3);
    asm_8(g->a, 0x0f);
    asm_8(g->a, 0xc8 | (dst & 7));
    x86_done(g, dst);
}

static void emit_clmul(struct x86_gen *g, const struct ir_inst *in)
{
    struct x86_asm *a = g->a;
    if (!has(g, HOST_CLMUL)) {
        x86_select_call(g, in, x86_out_eval, 2);
        return;
    }
    unsigned ra = x86_use(g, in->a, RAX, true), rb = x86_use(g, in->b, RCX, true);
    asm_rr(a, 0x6e | OP_0F | OP_66 | OP_W, 0, ra); /* movq */
    asm_rr(a, 0x6e | OP_0F | OP_66 | OP_W, 1, rb);
    asm_rr(a, 0x44 | OP_0F3A | OP_66, 0, 1);       /* pclmulqdq */
    asm_8(a, 0);
    if (in->op == IR_CLMULH) {
        asm_rr(a, 0x73 | OP_0F | OP_66, 3, 0);     /* psrldq xmm0, 8 */
        asm_8(a, 8);
    }
    unsigned dst = x86_def(g);
    asm_rr(a, 0x7e | OP_0F | OP_66 | OP_W, 0, dst);
    x86_done(g, dst);
}

static void emit_extend(struct x86_gen *g, const struct ir_inst *in)
{
    static const uint32_t sext_op[3] = { 0xbe | OP_0F | OP_RM8, 0xbf | OP_0F, 0x63 };
    static const uint32_t zext_op[3] = { 0xb6 | OP_0F | OP_RM8, 0xb7 | OP_0F, 0x8b };
    bool w = in->type == IR_I64, is_signed = in->op == IR_SEXT;
    unsigned k = in->aux == 8 ? 0 : in->aux == 16 ? 1 : 2;
    uint32_t op = is_signed ? sext_op[k] | W(w) : zext_op[k];
    struct opnd o = x86_opnd(g, in->a);
    unsigned dst = x86_def(g);
    if (o.kind == O_IMM) {
        uint64_t v = is_signed ? sext(o.imm, in->aux) : zext(o.imm, in->aux);
        asm_mov_ri(g->a, dst, w ? v : (uint32_t)v);
    } else if (o.kind == O_MEM) {
        asm_rm(g->a, op, dst, opnd_mem(o));
    } else {
        asm_rr(g->a, op, dst, o.reg);
    }
    x86_done(g, dst);
}

static void emit_extract(struct x86_gen *g, const struct ir_inst *in)
{
    bool w = in->type == IR_I64;
    unsigned low = in->imm & 0xff, n = in->imm >> 8 & 0xff, bits = w ? 64 : 32;
    struct opnd o = x86_opnd(g, in->a);
    unsigned dst = x86_def(g);
    w = w && low + n > 32;
    bits = w ? 64 : 32;
    gen_load(g, dst, o, w);
    if (low + n == bits) {
        if (low)
            asm_shift_ri(g->a, SH_SHR, w, dst, low);
        else if (!w && is_reg(o, dst)) /* nothing was loaded: the upper half has yet to go */
            asm_rr(g->a, 0x8b, dst, dst);
    } else if (n <= 31) {
        if (low)
            asm_shift_ri(g->a, SH_SHR, w, dst, low);
        asm_alu_ri(g->a, ALU_AND, false, dst, (int32_t)(BIT(n) - 1));
    } else {
        asm_shift_ri(g->a, SH_SHL, w, dst, bits - low - n);
        asm_shift_ri(g->a, SH_SHR, w, dst, bits - n);
    }
    x86_done(g, dst);
}

static void emit_deposit(struct x86_gen *g, const struct ir_inst *in)
{
    struct x86_asm *a = g->a;
    bool w = in->type == IR_I64;
    unsigned low = in->imm & 0xff, n = in->imm >> 8 & 0xff;
    uint64_t mask = n == 64 ? UINT64_MAX : BIT(n) - 1;
    uint64_t keep = ~(mask << low);
    gen_load(g, RAX, x86_opnd(g, in->b), w);
    asm_mov_ri(a, RCX, w ? mask : (uint32_t)mask);
    asm_rr(a, ALU_AND | W(w), RAX, RCX);
    if (low)
        asm_shift_ri(a, SH_SHL, w, RAX, low);
    gen_load(g, RDX, x86_opnd(g, in->a), w);
    asm_mov_ri(a, RCX, w ? keep : (uint32_t)keep);
    asm_rr(a, ALU_AND | W(w), RDX, RCX);
    asm_rr(a, ALU_OR | W(w), RAX, RDX);
    x86_result(g, RAX, w);
}

/* ---- conditions ---- */

/* Of an AND, compared with 0 at a width of its own. */
static void emit_test(struct x86_gen *g, const struct ir_inst *in, bool w)
{
    uint16_t va = in->a, vb = in->b;
    if (x86_opnd(g, va).kind == O_IMM) {
        va = in->b;
        vb = in->a;
    }
    struct opnd a = x86_opnd(g, va), b = usable(g, vb, w);
    if (a.kind == O_IMM || (a.kind == O_MEM && b.kind == O_MEM)) {
        gen_load(g, RAX, a, w);
        a = opnd_reg(RAX);
    }
    if (b.kind == O_IMM) {
        if (a.kind == O_REG)
            asm_rr(g->a, 0xf7 | W(w), 0, a.reg);
        else
            asm_rm(g->a, 0xf7 | W(w), 0, opnd_mem(a));
        asm_32(g->a, (uint32_t)b.imm);
    } else if (a.kind == O_MEM) {
        asm_rm(g->a, 0x85 | W(w), b.reg, opnd_mem(a));
    } else if (b.kind == O_MEM) {
        asm_rm(g->a, 0x85 | W(w), a.reg, opnd_mem(b));
    } else {
        asm_rr(g->a, 0x85 | W(w), b.reg, a.reg);
    }
}

/* Bytes or words by their own size: what extends them was left out (x86_narrow_bits). */
static void emit_narrow_compare(struct x86_gen *g, const struct ir_inst *in, unsigned bits)
{
    uint16_t va = g->values[in->a].rep, vb = g->values[in->b].rep;
    const struct ir_inst *a = &g->u->insts[va], *b = &g->u->insts[vb];
    bool byte = bits == 8;
    va = g->values[va].fused ? a->a : va;
    struct opnd o = x86_opnd(g, va);
    if (b->op == IR_CONST && byte && o.kind == O_MEM) {
        asm_rm(g->a, 0x80, 7, opnd_mem(o));
        asm_8(g->a, (uint8_t)b->imm);
        return;
    }
    unsigned ra = x86_use(g, va, RAX, false);
    if (b->op == IR_CONST) {
        uint8_t imm = (uint8_t)b->imm;
        if (imm == 0 || !byte) { /* words: of 0 alone */
            asm_rr(g->a, byte ? 0x84 | OP_R8 | OP_RM8 : 0x85 | OP_66, ra, ra); /* test */
        } else {
            asm_rr(g->a, 0x80 | OP_RM8, 7, ra);
            asm_8(g->a, imm);
        }
        return;
    }
    unsigned rb = x86_use(g, g->values[vb].fused ? b->a : vb, RCX, false);
    asm_rr(g->a, byte ? 0x3a | OP_R8 | OP_RM8 : 0x3b | OP_66, ra, rb);
}

/* Compare a with b for `cc`; uses rax, rcx. Returns the host's condition. */
static unsigned emit_compare(struct x86_gen *g, const struct ir_inst *in)
{
    static const uint8_t cc[] = { CC_E, CC_NE, CC_L, CC_GE, CC_LE, CC_G, CC_B, CC_AE, CC_BE, CC_A };
    static const uint8_t swapped[] = { IR_EQ, IR_NE, IR_GTS, IR_LES, IR_GES, IR_LTS, IR_GTU, IR_LEU,
                                       IR_GEU, IR_LTU };
    bool w = in->type == IR_I64;
    uint16_t va = in->a, vb = in->b;
    unsigned how = in->aux;
    unsigned bits = x86_narrow_bits(g, in);
    if (bits != 0 && (g->values[g->values[va].rep].fused || g->values[g->values[vb].rep].fused)) {
        emit_narrow_compare(g, in, bits);
        return cc[how];
    }
    if (g->values[g->values[va].rep].fused) {
        emit_test(g, &g->u->insts[g->values[va].rep], w);
        return cc[how];
    }
    if (x86_opnd(g, va).kind == O_IMM) {
        va = in->b;
        vb = in->a;
        how = swapped[how];
    }
    struct opnd a = x86_opnd(g, va), b = usable(g, vb, w);
    if (a.kind == O_IMM || (a.kind == O_MEM && b.kind == O_MEM)) {
        gen_load(g, RAX, a, w);
        a = opnd_reg(RAX);
    }
    if (b.kind == O_IMM && (w ? b.imm : (uint32_t)b.imm) == 0 && a.kind == O_REG)
        asm_rr(g->a, 0x85 | W(w), a.reg, a.reg); /* test */
    else if (a.kind == O_REG)
        alu(g, ALU_CMP, w, a.reg, b);
    else if (b.kind == O_IMM)
        asm_alu_mi(g->a, ALU_CMP, w, opnd_mem(a), (int32_t)b.imm);
    else
        asm_rm(g->a, 0x39 | W(w), b.reg, opnd_mem(a));
    return cc[how];
}

unsigned gen_condition(struct x86_gen *g, uint16_t v)
{
    v = g->values[v].rep;
    if (!g->a->flags_lost && g->flags_value == v)
        return g->flags_cc;
    if (g->values[v].fused)
        return flags_are(g, v, emit_compare(g, &g->u->insts[v]));
    unsigned r = x86_use(g, v, RAX, true);
    asm_rr(g->a, 0x85 | OP_W, r, r);
    return flags_are(g, v, CC_NE);
}

static void emit_setcc(struct x86_gen *g, const struct ir_inst *in)
{
    unsigned cc = flags_are(g, (uint16_t)g->i, emit_compare(g, in));
    unsigned dst = x86_def(g);
    asm_rr(g->a, 0x90 | cc | OP_0F | OP_RM8, 0, RAX);
    asm_rr(g->a, 0xb6 | OP_0F | OP_RM8, dst, RAX); /* movzx */
    x86_done(g, dst);
}

static void emit_select_fp(struct x86_gen *g, const struct ir_inst *in)
{
    bool w = in->type == IR_F64;
    struct opnd b = x86_opnd(g, in->b), c = x86_opnd(g, in->c);
    unsigned cc = gen_condition(g, in->a);
    x86_load_fp(g, 0, c, w);
    uint8_t *skip = asm_jcc8(g->a, cc ^ 1);
    x86_load_fp(g, 0, b, w);
    asm_here(g->a, skip);
    x86_result_fp(g, 0);
}

/* One of a value and a call, which is made in a stub. */
static void emit_select_call(struct x86_gen *g, const struct ir_inst *in, const struct ir_inst *call)
{
    const uint16_t args[4] = { call->a, call->b, call->c, (uint16_t)call->imm2 };
    struct opnd b = x86_opnd(g, in->b);
    struct stub *s = x86_stub(g, STUB_LIGHT);
    for (unsigned k = 0; k < 4; k++)
        s->arg[k] = x86_opnd(g, args[k]);
    s->n_args = 4;
    s->site = x86_site(g, call, x86_out_light);
    unsigned cc = gen_condition(g, in->a);
    unsigned dst = x86_def(g); /* spills keep the flags */
    x86_stub_jcc(g, s, cc ^ 1);
    gen_load(g, dst, b, true);
    s->dst = (uint8_t)dst;
    s->back = asm_offset(g->a);
    g->a->flags_lost = true; /* by the stub */
    x86_done(g, dst);
}

static void emit_select(struct x86_gen *g, const struct ir_inst *in)
{
    bool w = in->type == IR_I64;
    uint16_t last = g->values[in->c].rep;
    if (is_fp(in->type)) {
        emit_select_fp(g, in);
        return;
    }
    if (g->values[last].fused && g->u->insts[last].op == IR_CALL) {
        emit_select_call(g, in, &g->u->insts[last]);
        return;
    }
    struct opnd b = x86_opnd(g, in->b), c = x86_opnd(g, in->c);
    unsigned cc = gen_condition(g, in->a);
    unsigned dst = x86_def(g);
    if (is_reg(b, dst)) {
        struct opnd t = b;
        b = c;
        c = t;
        cc ^= 1;
    }
    if (b.kind == O_IMM) {
        gen_load(g, RDX, b, w);
        b = opnd_reg(RDX);
    }
    gen_load(g, dst, c, w);
    if (b.kind == O_REG)
        asm_rr(g->a, 0x40 | cc | OP_0F | W(w), dst, b.reg);
    else
        asm_rm(g->a, 0x40 | cc | OP_0F | W(w), dst, opnd_mem(b));
    x86_done(g, dst);
}

static void emit_pc(struct x86_gen *g, const struct ir_inst *in)
{
    unsigned dst = x86_def(g);
    asm_rm(g->a, 0x8b | OP_W, dst, CPU_MEM(page));
    if (in->imm == (int32_t)in->imm) {
        if (in->imm)
            asm_alu_ri(g->a, ALU_ADD, true, dst, (int32_t)in->imm);
    } else {
        asm_mov_ri(g->a, RCX, (uint64_t)in->imm);
        asm_rr(g->a, ALU_ADD | OP_W, dst, RCX);
    }
    x86_done(g, dst);
}

void x86_select_int(struct x86_gen *g, const struct ir_inst *in)
{
    switch (in->op) {
    case IR_PC: emit_pc(g, in); break;
    case IR_ADD: case IR_SUB: case IR_AND: case IR_OR: case IR_XOR: emit_alu(g, in); break;
    case IR_ANDN: case IR_ORN: case IR_XNOR: emit_not(g, in); break;
    case IR_SHL: case IR_SHR: case IR_SAR: case IR_ROL: case IR_ROR: emit_shift(g, in); break;
    case IR_MUL: emit_mul(g, in); break;
    case IR_MULHS: case IR_MULHU: case IR_MULHSU: emit_mulh(g, in); break;
    case IR_DIVS: case IR_DIVU: case IR_REMS: case IR_REMU: emit_div(g, in); break;
    case IR_CLZ: case IR_CTZ: case IR_POPCNT: emit_count(g, in); break;
    case IR_BSWAP: emit_bswap(g, in); break;
    case IR_CLMUL: case IR_CLMULH: emit_clmul(g, in); break;
    case IR_SEXT: case IR_ZEXT: emit_extend(g, in); break;
    case IR_EXTRACT: emit_extract(g, in); break;
    case IR_DEPOSIT: emit_deposit(g, in); break;
    case IR_SETCC: emit_setcc(g, in); break;
    case IR_SELECT: emit_select(g, in); break;
    default: break; /* TRUNC: another name */
    }
}
