/* SPDX-License-Identifier: Apache-2.0 */
/* Integer operations: sums, logic, shifts; the others by their files. */
#include "core/exec/x86_64/int_emit.h"
#include "core/util/bits.h"

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

static const uint8_t alu_ops[] = { [IR_ADD] = ALU_ADD, [IR_SUB] = ALU_SUB, [IR_AND] = ALU_AND,
                                   [IR_OR] = ALU_OR, [IR_XOR] = ALU_XOR };

/* dst = a op dst; `a` is value va. */
static void emit_alu_reversed(struct x86_gen *g, const struct ir_inst *in, bool w, unsigned dst, uint16_t va, struct opnd a)
{
    if (in->op == IR_SUB)
        asm_rr(g->a, 0xf7 | W(w), 3, dst); /* neg */
    if (a.kind == O_IMM)
        a = int_opnd(g, va, w);
    int_alu(g, in->op == IR_SUB ? ALU_ADD : alu_ops[in->op], w, dst, a);
}

/* What the host's carry says: 0 or 1 that something below it carried, or borrowed. */
static bool is_carry(const struct x86_gen *g, uint16_t v)
{
    return !g->a->flags_lost && g->flags_cc == CC_B && g->flags_value == g->values[v].rep;
}

/* a + carry, a - carry */
static void emit_with_carry(struct x86_gen *g, const struct ir_inst *in, uint16_t va, bool w)
{
    struct opnd a = x86_opnd(g, va);
    unsigned dst = x86_def(g);
    gen_load(g, dst, a, w);
    asm_rr(g->a, 0x83 | W(w), in->op == IR_SUB ? 3 : 2, dst); /* sbb, adc */
    asm_8(g->a, 0);
    x86_done(g, dst);
}

static void emit_alu(struct x86_gen *g, const struct ir_inst *in)
{
    bool w = in->type == IR_I64 && !x86_is_narrow(g, (uint16_t)g->i) && !x86_is_mask(g, in), commutes = in->op != IR_SUB;
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
    if ((in->op == IR_ADD || in->op == IR_SUB) && is_carry(g, vb)) {
        emit_with_carry(g, in, va, w);
        return;
    }
    if (in->op == IR_ADD && is_carry(g, va)) {
        emit_with_carry(g, in, vb, w);
        return;
    }
    if (commutes && x86_opnd(g, va).kind == O_IMM) {
        va = in->b;
        vb = in->a;
    }
    struct opnd a = x86_opnd(g, va), b = int_opnd(g, vb, w);
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
        emit_alu_reversed(g, in, w, dst, va, a);
    } else {
        gen_load(g, dst, a, w);
        int_alu(g, alu_ops[in->op], w, dst, b);
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
    int_alu(g, in->op == IR_ANDN ? ALU_AND : in->op == IR_ORN ? ALU_OR : ALU_XOR, w, RAX,
        int_opnd(g, in->a, w));
    if (in->op == IR_XNOR)
        asm_rr(g->a, 0xf7 | W(w), 2, RAX);
    x86_result(g, RAX, w);
}

static const uint8_t shift_ext[] = { [IR_SHL] = SH_SHL, [IR_SHR] = SH_SHR, [IR_SAR] = SH_SAR,
                                     [IR_ROL] = SH_ROL, [IR_ROR] = SH_ROR };

/* By n, of a value in `a`. */
static void emit_shift_const(struct x86_gen *g, const struct ir_inst *in, struct opnd a, unsigned n)
{
    bool w = in->type == IR_I64, rotates = in->op == IR_ROL || in->op == IR_ROR;
    unsigned bits = w ? 64 : 32, dst = x86_def(g);
    if (rotates && n && a.kind != O_IMM && !is_reg(a, dst) && has(g, HOST_BMI2)) {
        uint32_t rorx = 0xf0 | OP_0F3A | OP_F2 | W(w);
        if (a.kind == O_REG)
            asm_vex_rr(g->a, rorx, dst, 0, a.reg);
        else
            asm_vex_rm(g->a, rorx, dst, 0, opnd_mem(a));
        asm_8(g->a, in->op == IR_ROR ? n : bits - n);
    } else if (in->op == IR_SHL && n == 1 && a.kind == O_REG && dst != a.reg) {
        asm_lea(g->a, w, dst, (struct x86_mem){ .base = a.reg, .index = a.reg });
    } else {
        gen_load(g, dst, a, w);
        if (n)
            asm_shift_ri(g->a, shift_ext[in->op], w, dst, n);
        if (n && w && !rotates)
            (void)int_flags_are(g, (uint16_t)g->i, CC_NE);
    }
    x86_done(g, dst);
}

/* SHLX, SHRX, SARX */
static void emit_shift_bmi2(struct x86_gen *g, const struct ir_inst *in, struct opnd a, uint32_t op)
{
    bool w = in->type == IR_I64;
    unsigned count = x86_use(g, in->b, RCX, w), dst;
    if (a.kind == O_IMM) {
        gen_load(g, RAX, a, w);
        a = opnd_reg(RAX);
    }
    dst = x86_def(g);
    if (a.kind == O_REG)
        asm_vex_rr(g->a, op | W(w), dst, count, a.reg);
    else
        asm_vex_rm(g->a, op | W(w), dst, count, opnd_mem(a));
    x86_done(g, dst);
}

static void emit_shift(struct x86_gen *g, const struct ir_inst *in)
{
    static const uint32_t bmi2[] = { [IR_SHL] = 0xf7 | OP_0F38 | OP_66,
                                     [IR_SHR] = 0xf7 | OP_0F38 | OP_F2,
                                     [IR_SAR] = 0xf7 | OP_0F38 | OP_F3, [IR_ROL] = 0,
                                     [IR_ROR] = 0 };
    bool w = in->type == IR_I64;
    struct opnd a = x86_opnd(g, in->a), b = x86_opnd(g, in->b);
    if (b.kind == O_IMM) {
        emit_shift_const(g, in, a, (unsigned)b.imm & (w ? 63 : 31));
    } else if (bmi2[in->op] && has(g, HOST_BMI2)) {
        emit_shift_bmi2(g, in, a, bmi2[in->op]);
    } else {
        gen_load(g, RCX, b, w);
        gen_load(g, RAX, a, w);
        asm_rr(g->a, 0xd3 | W(w), shift_ext[in->op], RAX);
        x86_result(g, RAX, w);
    }
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
    case IR_MUL: case IR_MULHS: case IR_MULHU: case IR_MULHSU: case IR_CLMUL: case IR_CLMULH:
    case IR_DIVS: case IR_DIVU: case IR_REMS: case IR_REMU:
        x86_select_mul(g, in);
        break;
    case IR_SEXT: case IR_ZEXT: case IR_EXTRACT: case IR_DEPOSIT: case IR_CLZ: case IR_CTZ: case IR_POPCNT: case IR_BSWAP:
        x86_select_bits(g, in);
        break;
    case IR_SETCC: case IR_SELECT: x86_select_cond(g, in); break;
    default: break; /* TRUNC: another name */
    }
}
