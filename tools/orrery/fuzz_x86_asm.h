/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_TOOLS_ORRERY_FUZZ_X86_ASM_H
#define ORRERY_TOOLS_ORRERY_FUZZ_X86_ASM_H
/*
 * An assembler of a few instructions, for the program's code size: what sequences are made of
 * (fuzz_x86_sequence.c, fuzz_x86_transfer.c, fuzz_x86_system.c). Addresses are offsets in the data segment, or linear
 * where its base is 0.
 */
#include "tools/orrery/fuzz_x86_gen.h"

enum fx_register { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI };

struct fx_bytes {
    uint8_t at[X86_MAX_LENGTH];
    unsigned n;
};
void fx_byte(struct fx_bytes *b, unsigned byte);
void fx_bytes(struct fx_bytes *b, uint32_t value, unsigned width);
void fx_prefix32(const struct fx_gen *g, struct fx_bytes *b); /* an operand size of 32 bits */
void fx_address(const struct fx_gen *g, struct fx_bytes *b, unsigned reg, uint32_t at); /* ModRM and displacement */

/* These place what they make. */
void fx_put(struct fx_gen *g, const char *code, unsigned n);
#define FX_PUT(g, code) fx_put(g, code, sizeof(code) - 1)
void fx_on_memory(struct fx_gen *g, const char *opcode, unsigned n, unsigned reg, uint32_t at);
#define FX_ON_MEMORY(g, opcode, reg, at) fx_on_memory(g, opcode, sizeof(opcode) - 1, reg, at)
void fx_store(struct fx_gen *g, uint32_t at, uint32_t value, unsigned width); /* 2 bytes only in 16-bit code */
void fx_move_target(struct fx_gen *g, unsigned reg); /* reg = offset in the code segment of a place in the program */
void fx_push(struct fx_gen *g, unsigned reg);

uint32_t fx_data_at(const struct fx_gen *g, uint32_t offset); /* of the data area */
unsigned fx_free_register(struct fx_gen *g);

static inline bool fx_one_in(struct fx_gen *g, uint32_t n)
{
    return fuzz_one_in(g->g.r, n);
}
static inline uint32_t fx_below(struct fx_gen *g, uint32_t n)
{
    return fuzz_below(g->g.r, n);
}

#endif
