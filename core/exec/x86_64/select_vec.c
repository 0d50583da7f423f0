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

/* ---- constants: where many units want the same (vec_shared_const), and of one unit ---- */

struct x86_mem gen_pooled(struct x86_gen *g, uint64_t low, uint64_t high)
{
    struct x86_asm *pool = &g->be->cold; /* in front of the unit's stubs */
    struct x86_mem m = { .base = RIP, .index = RSP, .disp = (int32_t)asm_offset(pool) };
    asm_64(pool, low);
    if (high != low)
        asm_64(pool, high);
    return m;
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
    struct x86_mem m = gen_pooled(g, low, high);
    if (high != low)
        asm_rm(g->a, 0x10 | OP_0F, dst, m); /* movups */
    else
        asm_vex_rm(g->a, 0x12 | OP_0F | OP_F2, dst, 0, m); /* vmovddup */
}

/* ---- choice ---- */

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

static bool emit_inline(struct x86_gen *g, const struct ir_inst *in)
{
    switch (in->op) {
    case IR_VUZP1: case IR_VUZP2: case IR_VTRN1: case IR_VTRN2:
        return in->aux < 3 ? gen_vec_move(g, in) : gen_vec_int(g, in); /* of 64 bits they are VZIP */
    case IR_VEXT: case IR_VREV: case IR_VTBL: case IR_VDUP: case IR_VSCALAR: case IR_VINS: case IR_VLANE:
        return gen_vec_move(g, in);
    case IR_VFADD: case IR_VFSUB: case IR_VFMUL: case IR_VFDIV: case IR_VFSQRT: case IR_VFMA:
    case IR_VFCEQ: case IR_VFCGE: case IR_VFCGT: case IR_VFNEG: case IR_VFABS: case IR_VFTOI: case IR_VFTOIN: case IR_VITOF:
    case IR_VFMIN: case IR_VFMAX: case IR_VFRINT:
        return gen_vec_fp(g, in);
    default: return gen_vec_int(g, in);
    }
}

void x86_select_vec(struct x86_gen *g, const struct ir_inst *in)
{
    enum ir_fp_rule fp = g->u->guest->fp;
    bool is_float = in->op >= IR_VFADD && in->op <= IR_VFRINT && in->op != IR_VFNEG && in->op != IR_VFABS;
    bool by_rule = fp != IR_FP_X86 && !(in->aux2 & IR_VF_LOW); /* emit_float and its like */
    if (is_wide(in->type) || in->op == IR_VHALF) {
        x86_select_wide(g, in);
    } else if (in->op == IR_SELECT) {
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
