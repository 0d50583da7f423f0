/* SPDX-License-Identifier: Apache-2.0 */
#include "core/exec/x86_64/gen.h"
#include "core/util/bits.h"

/* The rare paths, after the unit's code. compile.c keeps room for STUBS_PER_INST at any time. */
struct stub *x86_stub(struct x86_gen *g, enum stub_kind kind)
{
    struct stub *s = &g->stubs[g->n_stubs++];
    *s = (struct stub){ .kind = (uint8_t)kind };
    return s;
}

void x86_stub_jcc(struct x86_gen *g, struct stub *s, unsigned cc)
{
    s->at[s->n_at++] = asm_jcc(g->a, cc, 0);
}

static void emit_out(struct x86_gen *g, const struct stub *s)
{
    struct x86_asm *a = g->a;
    for (unsigned k = 0; k < s->n_args; k++) {
        if (s->vec)
            x86_store_vec(g, mem_at(RSP, (int32_t)(16 * k)), s->arg[k]);
        else
            x86_store_opnd(g, mem_at(RSP, (int32_t)(8 * k)), s->arg[k], true);
    }
    if (s->address)
        x86_load_address(g, RDX, s->arg[0], s->disp);
    if (s->value && s->vec)
        x86_store_vec(g, mem_at(RSP, 0), s->arg[1]);
    else if (s->value)
        gen_load(g, RCX, s->arg[1], true);
    if (s->hook_data) {
        asm_rm(a, 0x89 | OP_W, RDX, mem_at(RSP, 32));
        asm_mov_mi(a, 3, mem_at(RSP, 40), 0);
    }
    x86_call_out(g, s->site);
    x86_forget_addends(g, s->zero);
    if (s->address || s->forgets)
        x86_forget_pages(g);
    if (s->has_dst && s->dst_vec)
        x86_load_out_vec(g, s->dst);
    else if (s->has_dst && s->dst_fp)
        asm_rr(a, 0x6e | OP_0F | OP_66 | OP_W, s->dst, RAX);
    else if (s->has_dst)
        asm_mov_rr(a, true, s->dst, RAX);
    asm_jmp(a, s->back);
}

static void emit_light(struct x86_gen *g, const struct stub *s)
{
    struct x86_asm *a = g->a;
    const struct ir_helper *h = &g->u->guest->helpers[s->site->inst.imm];
    for (unsigned k = 0; k < s->n_args; k++)
        x86_store_opnd(g, mem_at(RSP, (int32_t)(8 * k)), s->arg[k], true);
    asm_mov_ri(a, RAX, (uint64_t)(uintptr_t)s->site);
    asm_mov_ri(a, RDX, (uint64_t)(uintptr_t)h->fn);
    asm_call(a, g->be->fixed.light[x86_fp_of(g)]);
    asm_mov_rr(a, true, s->dst, RAX);
    asm_jmp(a, s->back);
}

/* A call with which the block ends was not done: what is no constant is in the frame. */
static void emit_last(struct x86_gen *g, const struct stub *s)
{
    for (unsigned k = 0; k < ARRAY_LEN(s->arg); k++)
        if (s->arg[k].kind == O_IMM)
            x86_store_opnd(g, mem_at(RSP, (int32_t)(8 * k)), s->arg[k], true);
    asm_mov_ri(g->a, RAX, (uint64_t)(uintptr_t)s->site);
    asm_call(g->a, g->be->fixed.last);
    asm_jmp(g->a, s->back);
}

static void emit_nan(struct x86_gen *g, const struct stub *s)
{
    unsigned k = s->is64 ? K_NAN64 : K_NAN32;
    struct x86_mem m = { .base = RIP, .index = RSP,
                         .disp = (int32_t)(g->be->fixed.consts + 16 * k) };
    asm_rm(g->a, 0x10 | OP_0F | (s->is64 ? OP_F2 : OP_F3), s->dst, m);
    asm_jmp(g->a, s->back);
}

void x86_emit_stubs(struct x86_gen *g)
{
    struct x86_asm *a = g->a;
    const struct x86_fixed *f = &g->be->fixed;
    for (uint32_t i = 0; i < g->n_stubs; i++) {
        const struct stub *s = &g->stubs[i];
        for (unsigned k = 0; k < s->n_at; k++)
            asm_patch(a, s->at[k], asm_offset(a));
        switch (s->kind) {
        case STUB_OUT:
            emit_out(g, s);
            break;
        case STUB_REFILL:
            x86_emit_refill(g, s, &g->stubs[i + 1]);
            break;
        case STUB_STACK:
            x86_emit_stack_stub(g, s, &g->stubs[i + 1]);
            break;
        case STUB_ALONE:
            x86_emit_alone(g, s, &g->stubs[i + 1]);
            break;
        case STUB_HOME:
            x86_emit_missed_home(g, s);
            break;
        case STUB_LIGHT:
            emit_light(g, s);
            break;
        case STUB_LAST:
            emit_last(g, s);
            break;
        case STUB_NAN:
            emit_nan(g, s);
            break;
        case STUB_LEAVE:
            x86_store_pins(g, s->dirty);
            x86_late_emit_leave(g, s);
            x86_clear_upper(g);
            asm_mov_ri(a, RAX, (uint32_t)s->target);
            if (s->ahead) {
                asm_alu_ri(a, ALU_ADD, true, R12, (int32_t)s->ahead);
                asm_jcc(a, CC_G, f->leave_at[EXEC_LEAVE_LOOKUP]); /* to the block itself, and from there one by one */
            }
            asm_jmp(a, f->leave_at[s->why]);
            break;
        case STUB_EDGE:
            g->code->edge_stubs[s->edge] = asm_offset(a);
            asm_mov_ri(a, RAX, (uint64_t)(uintptr_t)&g->b->edges[s->edge]);
            asm_jmp(a, f->leave_edge);
            break;
        default: /* STUB_HOT */
            asm_mov_ri(a, RAX, (uint64_t)(uintptr_t)g->b);
            asm_jmp(a, f->leave_hot);
            break;
        }
    }
}
