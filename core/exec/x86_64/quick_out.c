/* SPDX-License-Identifier: Apache-2.0 */
#include "core/exec/x86_64/quick.h"

/* What the first tier calls C for: quick.h. All slots are in memory. */

/* frame[k] = value v; an i32 zero-extended */
static void store_arg(struct quick *q, unsigned k, uint16_t v)
{
    struct opnd o = quick_opnd(q, v);
    struct x86_mem m = mem_at(RSP, (int32_t)(8 * k));
    const struct ir_inst *def = &q->insts[v];
    bool w = v == IR_NONE || is_w(ir_op_info[def->op].result == 'I' ? IR_I64 : def->type);
    if (o.kind == O_IMM && imm_fits(o.imm, true)) {
        asm_mov_mi(q->a, 3, m, (int32_t)o.imm);
        return;
    }
    unsigned r = o.reg;
    if (o.kind != O_REG)
        quick_load(q->a, r = RAX, o, w);
    else if (!w)
        asm_rr(q->a, 0x8b, r = RAX, o.reg); /* zero-extends */
    asm_rm(q->a, 0x89 | OP_W, r, m);
}

/* A light helper asked to leave: out again, by the same site. */
static void check_exit(struct quick *q, const struct x86_site *site)
{
    asm_rm(q->a, 0x89 | OP_W, RAX, mem_at(RSP, 0));
    asm_alu_mi(q->a, ALU_CMP, false, CPU_MEM(exit), 0);
    uint32_t at = asm_jcc(q->a, CC_NE, 0), back = asm_offset(q->a);
    quick_come_here(q, at);
    quick_call_out(q, site);
    asm_jmp(q->cold, back);
}

/* As x86_select_call: all slots are in memory. */
void quick_call(struct quick *q, struct ir_inst *in)
{
    const struct x86_fixed *f = &q->g->be->fixed;
    quick_leave_slots(q, in);
    const struct ir_helper *h = &q->g->u->guest->helpers[in->imm];
    const uint16_t args[4] = { in->a, in->b, in->c, (uint16_t)in->imm2 };
    bool light = h->flags & IR_CALL_LIGHT, pure = h->flags & IR_CALL_PURE;
    const struct x86_site *site = quick_site(q, in, light ? x86_out_light : pure ? x86_out_pure : x86_out_call);
    for (unsigned k = 0; k < 4; k++)
        store_arg(q, k, args[k]);
    asm_mov_ri(q->a, RAX, (uint64_t)(uintptr_t)site);
    if (light)
        asm_mov_ri(q->a, RDX, (uint64_t)(uintptr_t)h->fn);
    bool last = !light && !pure && x86_is_last_call(q->g, q->i), timed = light && (h->flags & IR_CALL_TIME);
    if (timed)
        asm_rm(q->a, 0x89 | OP_W, R12, CPU_MEM(budget));
    asm_call(q->a, light ? f->light[FP_NONE] : last ? f->last : f->out[FP_NONE]);
    if (timed) /* a timer may have been set */
        asm_rm(q->a, 0x8b | OP_W, R12, CPU_MEM(budget));
    if (light && (h->flags & IR_CALL_EXITS))
        check_exit(q, site);
    if (in->type != IR_VOID && q->v[q->i].last != 0)
        asm_mov_rr(q->a, true, quick_def(q), RAX);
    quick_end_inst(q, in, 4);
}

static void call_here(struct quick *q, const struct x86_site *site)
{
    asm_mov_ri(q->a, RAX, (uint64_t)(uintptr_t)site);
    asm_call(q->a, q->g->be->fixed.out[FP_NONE]);
}

static void take_result(struct quick *q, const struct ir_inst *in)
{
    if (ir_op_info[in->op].result != 'N' && q->v[q->i].last != 0)
        asm_mov_rr(q->a, true, quick_def(q), RAX);
}

/* rdx = address, rcx = value, the second value of a CAS in the frame. */
void quick_atomic(struct quick *q, struct ir_inst *in)
{
    x86_out_fn *fn = in->op == IR_AMO ? x86_out_amo : in->op == IR_CAS ? x86_out_cas
                     : in->op == IR_LOADR ? x86_out_loadr : x86_out_storec;
    const struct x86_site *site = quick_site(q, in, fn);
    if (in->op == IR_CAS)
        store_arg(q, 0, in->c);
    quick_load_address(q->a, RDX, quick_opnd(q, in->a), (int32_t)in->imm);
    if (in->op != IR_LOADR)
        quick_load(q->a, RCX, quick_opnd(q, in->b), true);
    call_here(q, site);
    take_result(q, in);
    quick_end_inst(q, in, in->op == IR_CAS ? 3 : in->op == IR_LOADR ? 1 : 2);
}

void quick_fence(struct quick *q, struct ir_inst *in)
{
    if (in->aux == IR_FENCE_FULL)
        x86_fence(q->g);
}

void quick_eval(struct quick *q, struct ir_inst *in)
{
    if (quick_fold(q, in))
        return;
    const struct x86_site *site = quick_site(q, in, x86_out_eval);
    unsigned args = ir_op_info[in->op].args;
    store_arg(q, 0, in->a);
    if (args > 1)
        store_arg(q, 1, in->b);
    call_here(q, site);
    take_result(q, in);
    quick_end_inst(q, in, args);
}
