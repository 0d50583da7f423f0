/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CORE_EXEC_X86_64_PLACES_H
#define ORRERY_CORE_EXEC_X86_64_PLACES_H
/*
 * Where values are (enum place), for regalloc.c (registers, the frame) and slots.c (slots, pinned or in memory). Emitters need
 * no more than gen.h declares.
 */
#include "core/exec/x86_64/gen.h"

static inline bool value_is_fp(const struct x86_gen *g, uint16_t v)
{
    return in_xmm(value_type(g, v));
}

/* When value v is wanted next: an instruction, or UINT32_MAX. */
static inline uint32_t x86_next_use(const struct x86_gen *g, uint16_t v)
{
    const struct value *x = &g->values[v];
    return x->last < g->i ? UINT32_MAX : x->next ? x->next : x->last;
}

/* ---- regalloc.c ---- */

/* A register for value v, which another may have to leave; -1: all belong to this instruction's operands. */
int x86_take(struct x86_gen *g, uint16_t v, bool fp);
/* Is `next` sooner than one of the values in registers for the type is wanted? */
bool x86_is_soon(const struct x86_gen *g, uint32_t next, unsigned type);
/* Value v, which `o` holds (`w`: all 64 bits of it), goes to a place in the frame: P_SPILL. */
void x86_spill(struct x86_gen *g, uint16_t v, struct opnd o, bool w);
/* The register or the place in the frame is free; `fp`: of a value in an xmm register. */
void x86_release(struct x86_gen *g, struct value *v, bool fp);

/* ---- slots.c ---- */

/* Value v is in `slot` from here on; place: P_PIN or P_SLOT. It was an alias of none, or of one that is overwritten. */
void x86_add_alias(struct x86_gen *g, uint16_t v, unsigned slot, uint8_t place);
void x86_remove_alias(struct x86_gen *g, uint16_t v);
/* Memory of `slot`, which is not pinned, holds v, too, from here on: v needs no other place when it leaves its register. */
void x86_set_home(struct x86_gen *g, uint16_t v, unsigned slot);
/* Is the result of instruction g->i computed straight in the register of the slot that it is for? Then it is P_PIN. */
bool x86_def_in_slot(struct x86_gen *g);

#endif
