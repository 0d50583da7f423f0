/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_TOOLS_ORRERY_FUZZ_X86_GEN_H
#define ORRERY_TOOLS_ORRERY_FUZZ_X86_GEN_H
/*
 * What fuzz_x86_gen.c (rows of the tables) and the files of what needs several instructions share. The latter write
 * theirs with fuzz_x86_asm.h.
 */
#include "tools/orrery/fuzz_x86.h"

/* What goes into a slot when all have their places; slot.base: where in it, and its bytes << 8. */
enum fx_fix {
    FX_FIX_NONE,
    FX_FIX_REL,  /* distance to a slot */
    FX_FIX_IP,   /* offset in the code segment of a slot */
    FX_FIX_CODE, /* address of a slot for a store */
};

struct fx_gen {
    struct fuzz_gen g;
    struct fx_plan *plan;
    bool plain; /* all free bits are random */
};

/* An instruction of the row, with its memory operand aimed; 0: there is none in this mode or CPU. */
unsigned fx_draw(struct fx_gen *g, uint16_t form, uint8_t code[X86_MAX_LENGTH], struct x86_decoded *d);
struct fuzz_slot *fx_place(struct fx_gen *g, const uint8_t *code, unsigned length);
void fx_place_fixed(struct fx_gen *g, const uint8_t *code, unsigned length, enum fx_fix fix, unsigned at,
                    unsigned width);
/* A drawn instruction; where a relative branch goes is found when all have their places. */
void fx_place_drawn(struct fx_gen *g, const uint8_t *code, const struct x86_decoded *d);

/* fuzz_x86_sequence.c */
/* True: it placed the row `form` in a sequence. */
bool fx_add_sequence(struct fx_gen *g, uint16_t form);
void fx_move(struct fx_gen *g, unsigned reg, uint32_t value); /* 32 bits, zero-extended */
void fx_load_indices(struct fx_gen *g, unsigned vector);
void fx_refresh_value(struct fx_gen *g);
void fx_modify_code(struct fx_gen *g);
void fx_modify_pages(struct fx_gen *g);
void fx_load_mxcsr(struct fx_gen *g);
void fx_add_flag_chain(struct fx_gen *g);
uint32_t fx_code_address(struct fx_gen *g, uint32_t slot);
/* The row with CX, AX and DX set for it. */
void fx_with_registers(struct fx_gen *g, uint16_t form, uint32_t ecx, uint32_t eax, uint32_t edx);
bool fx_add_transfer(struct fx_gen *g, uint16_t form); /* fuzz_x86_transfer.c */
bool fx_add_system(struct fx_gen *g, uint16_t form);   /* fuzz_x86_system.c */

#endif
