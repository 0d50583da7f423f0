/* SPDX-License-Identifier: Apache-2.0 */
#include "core/exec/x86_64/quick.h"

/*
 * Where blocks of the first tier begin and where they end: quick.h. Every block has these, whatever it does, so they are
 * written byte by byte (AMD64 Architecture Programmer's Manual, volume 3), and their stubs at once.
 */

static inline uint8_t *put_32(uint8_t *p, uint32_t v)
{
    memcpy(p, &v, 4);
    return p + 4;
}

/* The displacement that ends a jump to `target`. */
static inline uint8_t *put_rel(const struct x86_asm *a, uint8_t *p, uint32_t target)
{
    return put_32(p, target - ((uint32_t)(p - a->start) + 4));
}

static inline uint8_t *put_jmp(const struct x86_asm *a, uint8_t *p, uint32_t target)
{
    *p = 0xe9;
    return put_rel(a, p + 1, target);
}

static inline uint8_t *put_jcc(const struct x86_asm *a, uint8_t *p, unsigned cc, uint32_t target)
{
    p[0] = 0x0f;
    p[1] = (uint8_t)(0x80 | cc);
    return put_rel(a, p + 2, target);
}

/* mov rax, pointer */
static inline uint8_t *put_pointer(uint8_t *p, const void *pointer)
{
    p[0] = 0x48;
    p[1] = 0xb8;
    memcpy(p + 2, &pointer, 8);
    return p + 10;
}

/* Where the entry leaves to. Returns the place for blocks that became hot. */
static uint32_t entry_stubs(struct quick *q)
{
    const struct x86_gen *g = q->g;
    const struct x86_fixed *f = &g->be->fixed;
    struct x86_asm *cold = q->cold;
    uint8_t *p = cold->p;
    g->code->lookup_stub = asm_offset(cold);
    *p = 0xb8; /* mov eax, imm32 */
    p = put_jmp(cold, put_32(p + 1, (uint32_t)g->b->start), f->leave_at[EXEC_LEAVE_LOOKUP]);
    uint32_t hot = (uint32_t)(p - cold->start);
    q->block_at = hot + 2; /* stubs of loads and stores look for it there, too */
    cold->p = put_jmp(cold, put_pointer(p, g->b), f->leave_hot);
    return hot;
}

void quick_entry(struct quick *q)
{
    struct x86_gen *g = q->g;
    struct x86_asm *a = q->a;
    struct x86_code *c = g->code;
    uint32_t hot = entry_stubs(q);
    asm_align(a, 16);
    g->b->code = g->be->rx + asm_offset(a);
    uint8_t *p = a->p;
    p[0] = 0x81; /* cmp edx, mode */
    p[1] = 0xfa;
    p = put_jcc(a, put_32(p + 2, g->u->mode), CC_NE, g->be->fixed.leave_pc[EXEC_LEAVE_LOOKUP]);
    p[0] = 0x48; /* and rax, -4096 */
    p[1] = 0x25;
    a->p = put_32(p + 2, 0u - MEM_PAGE);
    asm_cpu(a, 0x89, true, RAX, (int32_t)offsetof(struct cpu, page) - CPU_BIAS);
    c->link_entry = asm_offset(a);
    if (UNLIKELY(g->b->page2 != UINT32_MAX)) {
        asm_rm(a, 0x8b | OP_W, RDX, CPU_MEM(page));
        asm_alu_ri(a, ALU_ADD, true, RDX, MEM_PAGE);
        x86_emit_guard(a, g->b->page2, c->lookup_stub);
    }
    asm_align(a, 8);
    c->entry = asm_offset(a);
    if (g->be->count_entries && UNLIKELY(g->be->shared)) {
        x86_emit_shared_count(g);
        memcpy(c->entry_bytes, g->be->rw + c->entry, sizeof(c->entry_bytes));
    } else if (g->be->count_entries) {
        uint64_t counter = (uint64_t)(uintptr_t)&g->b->counter, head = 0xb848 | counter << 16; /* mov rax, pointer */
        uint32_t tail = (uint32_t)(counter >> 48) | 0x08ffu << 16;                             /* dec dword [rax] */
        memcpy(a->p, &head, 8);
        memcpy(a->p + 8, &tail, 4);
        a->p = put_jcc(a, a->p + 12, CC_E, hot);
        memcpy(c->entry_bytes, &head, 8);
    } else {
        asm_nop5(a); /* one instruction, which `retire` may overwrite while others are here */
    }
    c->counted = g->heads[0] = asm_offset(a);
}

void quick_edge(struct quick *q, unsigned side)
{
    struct x86_gen *g = q->g;
    struct x86_asm *a = q->a, *cold = q->cold;
    struct exec_edge *e = &g->b->edges[side];
    uint32_t stub = asm_offset(cold), cost = g->block->cost;
    bool one = cost <= INT8_MAX;
    g->code->edge_stubs[side] = stub;
    cold->p = put_jmp(cold, put_pointer(cold->p, e), g->be->fixed.leave_edge);
    x86_count_insns(g);
    asm_align_field(a, (one ? 4 : 7) + 2);
    uint8_t *p = a->p;
    p[0] = 0x49; /* sub r12, cost */
    p[1] = one ? 0x83 : 0x81;
    p[2] = 0xec;
    (void)put_32(p + 3, cost);
    p = put_jcc(a, p + (one ? 4 : 7), CC_G, stub);
    e->patch = (uint32_t)(p - a->start) - 4;
    a->p = put_jmp(a, p, stub); /* also where an exhausted budget leaves */
}
