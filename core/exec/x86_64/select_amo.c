/* SPDX-License-Identifier: Apache-2.0 */
/* Atomic operations in line. */
#include "core/exec/x86_64/access.h"
#include "core/timing/model.h"

bool x86_inline_amo(const struct x86_gen *g, const struct ir_inst *in)
{
    unsigned size = in->aux2 & IR_MEM_SIZE;
    if (g->be->shared && g->u->guest->reserves)
        return false; /* counted: mmu/shared.h */
    return size >= 2 && !(in->aux2 & (IR_MEM_REGIME | IR_MEM_BE)) && !(g->u->hooks & TM_DATA);
}

static void lock_rm(struct x86_asm *a, uint32_t op, unsigned reg, struct x86_mem m)
{
    asm_8(a, 0xf0);
    asm_rm(a, op, reg, m);
}

/* rcx = what AMO makes of rax and its operand, which is or comes to rcx. */
static void emit_amo_result(struct x86_gen *g, const struct ir_inst *in, const struct access *x)
{
    static const uint8_t ops[] = { [IR_AMO_ADD] = ALU_ADD, [IR_AMO_AND] = ALU_AND,
                                   [IR_AMO_OR] = ALU_OR, [IR_AMO_XOR] = ALU_XOR };
    static const uint8_t cc[] = { [IR_AMO_MIN] = CC_L, [IR_AMO_MAX] = CC_G, [IR_AMO_MINU] = CC_B,
                                  [IR_AMO_MAXU] = CC_A };
    struct x86_asm *a = g->a;
    uint32_t w = x->size == 3 ? OP_W : 0;
    gen_load(g, RCX, x->value, x->size == 3);
    if (in->aux >= IR_AMO_MIN) {
        asm_rr(a, ALU_CMP | w, RAX, RCX);
        asm_rr(a, 0x40 | cc[in->aux] | OP_0F | w, RCX, RAX); /* cmovcc */
    } else if (in->aux != IR_AMO_SWAP) {
        asm_rr(a, ops[in->aux] | w, RCX, RAX);
    }
}

/* The place is [rdx]; the old value to rax. Other threads store there, too. */
static void emit_shared_amo(struct x86_gen *g, const struct ir_inst *in, const struct access *x)
{
    struct x86_asm *a = g->a;
    struct x86_mem m = mem_at(RDX, 0);
    uint32_t w = x->size == 3 ? OP_W : 0;
    if (in->aux == IR_AMO_SWAP || in->aux == IR_AMO_ADD) {
        gen_load(g, RCX, x->value, x->size == 3);
        lock_rm(a, in->aux == IR_AMO_SWAP ? 0x87 | w : 0xc1 | OP_0F | w, RCX, m); /* xchg, xadd */
        asm_mov_rr(a, x->size == 3, RAX, RCX);
        return;
    }
    asm_rm(a, 0x8b | w, RAX, m);
    uint32_t again = asm_offset(a);
    emit_amo_result(g, in, x);
    lock_rm(a, 0xb1 | OP_0F | w, RCX, m); /* cmpxchg */
    asm_jcc(a, CC_NE, again);
}

/*
 * While one thread runs all CPUs a read and a write make an AMO. A store entry implies
 * that the page may be read; reserved, watched and code pages have none.
 */
void x86_emit_amo(struct x86_gen *g, const struct ir_inst *in)
{
    struct x86_asm *a = g->a;
    struct access x = { .in = in, .store = true, .size = in->aux2 & IR_MEM_SIZE };
    uint32_t w = x.size == 3 ? OP_W : 0;
    x86_drop_groups(g);
    x.base = x86_opnd(g, in->a);
    x.value = x86_opnd(g, in->b);
    unsigned dst = x86_def(g);
    struct stub *s = x86_access_stub(g, &x);
    s->site = x86_site(g, in, x86_out_amo);
    x86_load_address(g, RDX, x.base, 0);
    x86_emit_probe(g, s, true, 1 << x.size, (1u << x.size) - 1, RAX);
    asm_lea(a, true, RDX, x86_host_mem(g, &x, RAX));
    if (g->be->shared) {
        emit_shared_amo(g, in, &x);
    } else {
        asm_rm(a, 0x8b | w, RAX, mem_at(RDX, 0));
        emit_amo_result(g, in, &x);
        asm_rm(a, 0x89 | w, RCX, mem_at(RDX, 0));
    }
    if (x.size == 2 && (in->aux2 & IR_MEM_SIGNED))
        asm_rr(a, 0x63 | OP_W, dst, RAX); /* movsxd */
    else
        asm_mov_rr(a, true, dst, RAX);
    s->has_dst = true;
    s->dst = (uint8_t)dst;
    s->back = asm_offset(a);
    x86_done(g, dst);
}
