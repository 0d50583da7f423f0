/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CORE_EXEC_X86_64_ACCESS_H
#define ORRERY_CORE_EXEC_X86_64_ACCESS_H
/*
 * An access to memory while it is emitted, for select_mem.c (loads and stores), group.c (those that share a probe),
 * page.c (those that find their page in a page register) and select_amo.c (atomic ones).
 */
#include "core/exec/x86_64/gen.h"

struct access {
    const struct ir_inst *in;
    struct opnd base, value;
    uint16_t base_value;
    int32_t disp;
    unsigned size;                       /* log2 */
    bool store, hooked;
};

/* Bits of the address that have to be 0. */
static inline unsigned x86_alignment(const struct ir_inst *in)
{
    return in->aux2 & (IR_MEM_ALIGNED | IR_MEM_ATOMIC) ? ir_mem_alignment(in->aux2) : 0;
}

/* group.c */
bool x86_can_share(const struct ir_inst *in);
/* The group that has the access's bytes, its probe done; or NULL. */
struct group *x86_find_group(struct x86_gen *g, const struct access *x);
/* One probe for this access and later ones, if it pays; or NULL. */
struct group *x86_new_group(struct x86_gen *g, const struct access *x);
void x86_free_group(struct x86_gen *g, uint32_t k);
/* As in struct stub.zero: of one group, of all. */
uint32_t x86_addend_bit(const struct group *p);
uint32_t x86_all_addends(const struct x86_gen *g);

/* page.c */
/* The page register for the access, or -1. */
int x86_find_page(const struct x86_gen *g, const struct access *x);
/*
 * As x86_emit_probe, by page register refill->page; the addend to refill->reg. To `refill` when it has another page, whose
 * probe of the set fails to the stub that follows it; to `s` when the address is not aligned.
 */
void x86_emit_page_probe(struct x86_gen *g, struct stub *refill, struct stub *s, unsigned align);

/* select_mem.c */
/* Where the access is, given the addend; may use `addend` itself when it is rax. */
struct x86_mem x86_host_mem(struct x86_gen *g, const struct access *x, unsigned addend);
/* The call out that does it all. */
struct stub *x86_access_stub(struct x86_gen *g, const struct access *x);

/* select_amo.c */
bool x86_inline_amo(const struct x86_gen *g, const struct ir_inst *in);
void x86_emit_amo(struct x86_gen *g, const struct ir_inst *in);

#endif
