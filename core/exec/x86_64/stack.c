/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Accesses off the guest's stack pointer: pushes, pops, return addresses, locals. They find their page in struct mmu_stack,
 * where it need not be looked up, and the addend does not wait for the address:
 *
 *     lea  rdx, [sp + disp]
 *     xor  rdx, [r13 + 8]         set->stack.tag
 *     cmp  rdx, [r13 + 24]        set->stack.limit[]: 16, 64, 256 bytes
 *     jae  stub                   another page, or too close to its end
 *     mov  rax, [r13 + 16]        set->stack.addend
 *
 * The stub copies the entries of the page and goes back. Where it has none for loads and stores both, or the accesses lie
 * over two pages, they are done as those are that share no probe.
 */
#include "core/exec/x86_64/gen.h"

bool x86_is_stack(const struct x86_gen *g, uint16_t address)
{
    return g->u->guest->stack != 0 && x86_root_slot(g->u, address) == (int)g->u->guest->stack;
}

static struct x86_mem stack_mem(size_t member)
{
    return mem_at(R13, (int32_t)(offsetof(struct mmu_set, stack) + member));
}

static struct x86_mem limit_mem(unsigned k)
{
    return stack_mem(offsetof(struct mmu_stack, limit) + k * sizeof(uint64_t));
}

void x86_emit_stack_probe(struct x86_gen *g, struct stub *away, struct stub *failed, unsigned align, unsigned reg)
{
    unsigned k = 0;
    while (away->bytes > (int32_t)MMU_STACK_SPAN(k))
        k++;
    asm_rm(g->a, ALU_XOR | OP_W, RDX, stack_mem(offsetof(struct mmu_stack, tag)));
    asm_rm(g->a, ALU_CMP | OP_W, RDX, limit_mem(k));
    x86_stub_jcc(g, away, CC_AE);
    away->back = asm_offset(g->a);
    if (align) {
        asm_rr(g->a, 0xf6, 0, RDX); /* test dl, imm8 */
        asm_8(g->a, align);
        x86_stub_jcc(g, failed, CC_NE);
    }
    asm_rm(g->a, 0x8b | OP_W, reg, stack_mem(offsetof(struct mmu_stack, addend)));
}

/* rdx: as the comparison left it. */
void x86_emit_stack_stub(struct x86_gen *g, const struct stub *s, struct stub *failed)
{
    asm_call(g->a, g->be->fixed.stack);
    asm_alu_ri(g->a, ALU_CMP, true, RDX, (int32_t)MEM_PAGE - s->bytes);
    x86_stub_jcc(g, failed, CC_A);
    asm_jmp(g->a, s->back);
}

/* Entries of a page that is in one of the tables alone are no use: the other kind of access would have to miss. */
uint32_t x86_emit_stack_copy(struct x86_asm *a, uint32_t host)
{
    struct x86_mem load = { .base = R13, .index = RCX, .disp = (int32_t)offsetof(struct mmu_set, load) }, store = load;
    uint32_t at = asm_offset(a);
    store.disp = (int32_t)offsetof(struct mmu_set, store);
    asm_rm(a, ALU_XOR | OP_W, RDX, stack_mem(offsetof(struct mmu_stack, tag)));
    x86_emit_index(a, host);
    asm_rm(a, 0x8b | OP_W, RAX, store);
    asm_rr(a, ALU_XOR | OP_W, RDX, RAX);
    asm_alu_ri(a, ALU_CMP, true, RDX, (int32_t)MEM_PAGE);
    uint8_t *miss = asm_jcc8(a, CC_AE);
    asm_rm(a, ALU_CMP | OP_W, RAX, load);
    uint8_t *no_load = asm_jcc8(a, CC_NE);
    load.disp += (int32_t)offsetof(struct mmu_entry, addend);
    store.disp += (int32_t)offsetof(struct mmu_entry, addend);
    asm_rm(a, 0x8b | OP_W, RAX, store);
    asm_rm(a, ALU_CMP | OP_W, RAX, load);
    uint8_t *other_load = asm_jcc8(a, CC_NE);
    asm_rm(a, 0x89 | OP_W, RAX, stack_mem(offsetof(struct mmu_stack, addend)));
    store.disp -= (int32_t)offsetof(struct mmu_entry, addend);
    asm_rm(a, 0x8b | OP_W, RAX, store);
    asm_rm(a, 0x89 | OP_W, RAX, stack_mem(offsetof(struct mmu_stack, tag)));
    for (unsigned k = 0; k < MMU_STACK_LIMITS; k++)
        asm_mov_mi(a, 3, limit_mem(k), (int32_t)(MEM_PAGE - MMU_STACK_SPAN(k) + 1));
    asm_here(a, miss);
    asm_8(a, 0xc3); /* ret */
    asm_here(a, no_load);
    asm_here(a, other_load);
    asm_alu_ri(a, ALU_OR, true, RDX, -1);
    asm_8(a, 0xc3);
    return at;
}
