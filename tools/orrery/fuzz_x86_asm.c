/* SPDX-License-Identifier: Apache-2.0 */
/* x86: a few instructions for the program's code size. */
#include "tools/orrery/fuzz_x86_asm.h"

void fx_byte(struct fx_bytes *b, unsigned byte)
{
    b->at[b->n++] = (uint8_t)byte;
}

void fx_bytes(struct fx_bytes *b, uint32_t value, unsigned width)
{
    for (unsigned i = 0; i < width; i++)
        fx_byte(b, value >> 8 * i & 0xff);
}

void fx_prefix32(const struct fx_gen *g, struct fx_bytes *b)
{
    if (g->plan->mode == X86_CODE16)
        fx_byte(b, 0x66);
}

void fx_address(const struct fx_gen *g, struct fx_bytes *b, unsigned reg, uint32_t at)
{
    if (g->plan->mode == X86_CODE16) {
        fx_byte(b, reg << 3 | 6);
        fx_bytes(b, at, 2);
        return;
    }
    if (g->plan->mode == X86_CODE64) {
        fx_byte(b, reg << 3 | 4);
        fx_byte(b, 0x25);
    } else {
        fx_byte(b, reg << 3 | 5);
    }
    fx_bytes(b, at, 4);
}

void fx_put(struct fx_gen *g, const char *code, unsigned n)
{
    fx_place(g, (const uint8_t *)code, n);
}

void fx_on_memory(struct fx_gen *g, const char *opcode, unsigned n, unsigned reg, uint32_t at)
{
    struct fx_bytes b = { 0 };
    for (unsigned i = 0; i < n; i++)
        fx_byte(&b, (uint8_t)opcode[i]);
    fx_address(g, &b, reg, at);
    fx_place(g, b.at, b.n);
}

void fx_store(struct fx_gen *g, uint32_t at, uint32_t value, unsigned width)
{
    struct fx_bytes b = { 0 };
    if (width == 4)
        fx_prefix32(g, &b);
    fx_byte(&b, 0xc7);
    fx_address(g, &b, 0, at);
    fx_bytes(&b, value, width);
    fx_place(g, b.at, b.n);
}

/* MOV reg, imm32 up to the immediate. */
static struct fx_bytes begin_move(const struct fx_gen *g, unsigned reg)
{
    struct fx_bytes b = { 0 };
    fx_prefix32(g, &b);
    if (reg >= 8)
        fx_byte(&b, 0x41);
    fx_byte(&b, 0xb8 | (reg & 7));
    return b;
}

void fx_move(struct fx_gen *g, unsigned reg, uint32_t value)
{
    struct fx_bytes b = begin_move(g, reg);
    fx_bytes(&b, value, 4);
    fx_place(g, b.at, b.n);
}

void fx_move_target(struct fx_gen *g, unsigned reg)
{
    struct fx_bytes b = begin_move(g, reg);
    fx_bytes(&b, 0, 4);
    fx_place_fixed(g, b.at, b.n, FX_FIX_IP, b.n - 4, 4);
}

void fx_push(struct fx_gen *g, unsigned reg)
{
    struct fx_bytes b = { 0 };
    if (reg >= 8)
        fx_byte(&b, 0x41);
    fx_byte(&b, 0x50 | (reg & 7));
    fx_place(g, b.at, b.n);
}

uint32_t fx_data_at(const struct fx_gen *g, uint32_t offset)
{
    return FX_DATA + offset - g->plan->data_base;
}

unsigned fx_free_register(struct fx_gen *g)
{
    unsigned n;
    do
        n = fx_below(g, g->plan->mode == X86_CODE64 ? 16 : 8);
    while (fuzz_is_pointer(&g->g, n));
    return n;
}
