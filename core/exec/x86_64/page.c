/* SPDX-License-Identifier: Apache-2.0 */
/* Page registers of loops (struct page_reg): which slots have one, and what is emitted for them. */
#include "core/exec/x86_64/access.h"

int x86_root_slot(const struct ir_unit *u, uint16_t v)
{
    for (unsigned steps = 0; steps < 8; steps++) {
        const struct ir_inst *in = &u->insts[v];
        if (in->op == IR_GET)
            return (int)in->imm;
        if ((in->op != IR_ADD && in->op != IR_SUB) || in->type != IR_I64 ||
            u->insts[in->b].op != IR_CONST)
            return -1;
        v = in->a;
    }
    return -1;
}

void x86_choose_pages(struct x86_gen *g, const uint8_t depth[IR_UNIT_BLOCKS])
{
    const struct ir_unit *u = g->u;
    uint32_t weight[IR_MAX_SLOTS][2] = { { 0 } };
    bool wild[IR_MAX_SLOTS] = { false };
    for (uint32_t b = 0; b < u->n_blocks; b++) {
        for (uint32_t i = u->blocks[b].first; i < u->blocks[b].end; i++) {
            const struct ir_inst *in = &u->insts[i];
            int slot;
            if (in->op == IR_PUT) {
                wild[in->imm] |= x86_root_slot(u, in->a) != (int)in->imm;
            } else if ((in->op == IR_LOAD || in->op == IR_STORE) && depth[b] &&
                       (slot = x86_root_slot(u, in->a)) >= 0) {
                weight[slot][in->op == IR_STORE] += 1u << (3 * depth[b]);
            }
        }
    }
    while (g->n_pages < MAX_PAGE_REGS) {
        uint32_t most = 0;
        struct page_reg best = { 0 };
        for (unsigned k = 0; k < 2 * u->guest->n_slots; k++) {
            if (u->guest->stack != 0 && k / 2 == u->guest->stack)
                continue; /* has one all the time: struct mmu_stack */
            if (!wild[k / 2] && weight[k / 2][k % 2] > most) {
                most = weight[k / 2][k % 2];
                best = (struct page_reg){ .slot = (uint16_t)(k / 2), .store = k % 2 };
            }
        }
        if (most == 0)
            return;
        weight[best.slot][best.store] = 0;
        g->pages[g->n_pages++] = best;
    }
}

/* ---- emission ---- */

void x86_forget_pages(struct x86_gen *g)
{
    for (unsigned k = 0; k < g->n_pages; k++)
        asm_mov_mi(g->a, 3, page_mem(k, 16), 0);
}

int x86_find_page(const struct x86_gen *g, const struct access *x)
{
    if (g->n_pages == 0 || (x->in->aux2 & IR_MEM_STORE_RIGHTS))
        return -1;
    int slot = x86_root_slot(g->u, x->in->a);
    for (unsigned k = 0; k < g->n_pages; k++)
        if (g->pages[k].slot == slot && g->pages[k].store == x->store)
            return (int)k;
    return -1;
}

/* As emit_probe, by a page register; the stub after `refill` is where a probe of the set fails. */
void x86_emit_page_probe(struct x86_gen *g, struct stub *refill, struct stub *s, unsigned align)
{
    asm_rm(g->a, ALU_XOR | OP_W, RDX, page_mem(refill->page, 0));
    asm_rm(g->a, ALU_CMP | OP_W, RDX, page_mem(refill->page, 16));
    x86_stub_jcc(g, refill, CC_AE);
    if (align) {
        asm_rr(g->a, 0xf6, 0, RDX); /* test dl, imm8 */
        asm_8(g->a, align);
        x86_stub_jcc(g, s, CC_NE);
    }
    asm_rm(g->a, 0x8b | OP_W, refill->reg, page_mem(refill->page, 8));
    refill->back = asm_offset(g->a);
    refill->arg[0].imm = align;
}

/* Probe the set; on a hit remember the page. */
void x86_emit_refill(struct x86_gen *g, const struct stub *s, struct stub *miss)
{
    struct x86_asm *a = g->a;
    struct x86_mem m = { .base = R13, .index = RCX };
    m.disp = s->store ? (int32_t)offsetof(struct mmu_set, store)
                      : (int32_t)offsetof(struct mmu_set, load);
    x86_load_address(g, RDX, s->arg[1], s->disp);
    x86_emit_probe(g, miss, s->store, s->bytes, (unsigned)s->arg[0].imm, s->reg);
    asm_rm(a, 0x89 | OP_W, s->reg, page_mem(s->page, 8));
    asm_rm(a, 0x8b | OP_W, RCX, m);
    asm_rm(a, 0x89 | OP_W, RCX, page_mem(s->page, 0));
    asm_mov_mi(a, 3, page_mem(s->page, 16), (int32_t)MEM_PAGE - g->pages[s->page].span + 1);
    asm_jmp(a, s->back);
}
