/* SPDX-License-Identifier: Apache-2.0 */
/* Lanes that move, and scalars in and out of them. */
#include "core/exec/x86_64/vec_emit.h"

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
            asm_vex_rm(g->a, 0xdb | P66, 0, a, vec_shared_const(g, K_BYTES));
            asm_vex_rm(g->a, 0xdb | P66, 3, b, vec_shared_const(g, K_BYTES));
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
    asm_vex_rm(g->a, 0x00 | P38, dst, a, vec_shared_const(g, mask)); /* vpshufb */
    x86_done(g, dst);
    return true;
}

/* vpshufb gives 0 where the index has bit 7: saturation sets it for 16 and more. */
static bool emit_table(struct x86_gen *g, const struct ir_inst *in)
{
    unsigned a = x86_use_vec(g, in->a, 1), b = x86_use_vec(g, in->b, 2), dst = x86_def(g);
    asm_vex_rm(g->a, 0xdc | P66, 3, b, vec_shared_const(g, K_TBL)); /* vpaddusb */
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

bool gen_vec_move(struct x86_gen *g, const struct ir_inst *in)
{
    switch (in->op) {
    case IR_VUZP1: case IR_VUZP2: return emit_unzip(g, in);
    case IR_VTRN1: case IR_VTRN2: return emit_transpose(g, in);
    case IR_VEXT: return emit_ext(g, in);
    case IR_VREV: return emit_reverse(g, in);
    case IR_VTBL: return emit_table(g, in);
    case IR_VDUP: return emit_dup(g, in);
    case IR_VSCALAR: return emit_scalar(g, in);
    case IR_VINS: return emit_insert(g, in);
    default: return emit_lane(g, in); /* VLANE */
    }
}
