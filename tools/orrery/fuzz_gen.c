/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/orrery/fuzz_gen.h"
#include "core/util/bits.h"
#include <string.h>

uint32_t fuzz_pointer(struct fuzz_gen *g)
{
    uint32_t left = fuzz_below(g->r, (uint32_t)__builtin_popcount(g->isa->pointers)), n = 0;
    while (!fuzz_is_pointer(g, n) || left-- != 0)
        n++;
    return n;
}

uint32_t fuzz_free_register(struct fuzz_gen *g)
{
    uint32_t n;
    do
        n = g->isa->first_register + fuzz_below(g->r, 31);
    while (fuzz_is_pointer(g, n));
    return n;
}

uint16_t fuzz_next_form(struct fuzz_gen *g)
{
    uint32_t n = g->isa->isa->n_forms;
    uint32_t stride = n % 619 != 0 ? 619 : 617; /* a prime: neighbours in a table come apart */
    return (uint16_t)((uint64_t)g->turn++ * stride % n);
}

/* A base register that is written back stays a pointer. */
static bool spoils_pointer(const struct fuzz_gen *g, const struct insn_regs *regs)
{
    bool mem = g->desc->mem != INSN_NO_MEM;
    bool several = regs->dst[1] != INSN_NO_REG || g->desc->mem == INSN_MEM_WRITE;
    for (unsigned i = 0; i < ARRAY_LEN(regs->dst); i++) {
        bool source = false;
        for (unsigned k = 0; k < ARRAY_LEN(regs->src); k++)
            source |= regs->src[k] == regs->dst[i];
        if (fuzz_is_pointer(g, regs->dst[i]) && !(mem && several && source))
            return true;
    }
    return false;
}

uint32_t fuzz_draw(struct fuzz_gen *g, uint16_t form)
{
    struct insn_regs regs;
    uint32_t word = 0;
    g->desc = &g->isa->isa->descs[form];
    for (unsigned tries = 0; tries < 8; tries++) {
        if (!g->isa->draw(g, form, &word, &regs))
            return 0;
        g->last = regs.dst[0];
        if (!spoils_pointer(g, &regs) || fuzz_one_in(g->r, 16))
            break;
    }
    return word;
}

struct fuzz_slot *fuzz_place(struct fuzz_gen *g, const void *code, unsigned length)
{
    if (g->p->n_slots == FUZZ_SLOTS || g->at + length > g->isa->isa->code + g->bytes)
        return NULL;
    struct fuzz_slot *s = &g->p->slot[g->p->n_slots++];
    *s = (struct fuzz_slot){ .offset = g->at, .length = (uint8_t)length };
    memcpy(s->code, code, length);
    g->at += length;
    return s;
}

struct fuzz_slot *fuzz_place_word(struct fuzz_gen *g, uint32_t word, unsigned length)
{
    uint8_t code[4];
    st_le32(code, word);
    return fuzz_place(g, code, length);
}

void fuzz_fix_later(struct fuzz_slot *s, unsigned fix, uint32_t base)
{
    if (s != NULL) {
        s->fix = (uint8_t)fix;
        s->base = base;
    }
}

uint32_t fuzz_pointer_distance(struct fuzz_gen *g, uint32_t data, uint32_t data_bytes)
{
    const struct fuzz_isa *isa = g->isa->isa;
    uint32_t where = fuzz_below(g->r, 40), distance = data + fuzz_below(g->r, data_bytes) - isa->code;
    switch (where) {
    case 0:
        return (uint32_t)(isa->device - isa->ram) - isa->code + fuzz_below(g->r, 0x2000);
    case 1: /* the large page */
        return 0x200000 + data - isa->code + fuzz_below(g->r, data_bytes);
    case 2:
        return (uint32_t)fuzz_next(g->r);
    case 3:
        return (uint32_t)(isa->alias - isa->ram) + data - isa->code;
    default:
        return distance;
    }
}

uint32_t fuzz_target(struct fuzz_gen *g, uint32_t from, uint32_t back_one_in)
{
    uint32_t to = fuzz_one_in(g->r, back_one_in) ? from - fuzz_below(g->r, MIN(from, 8u) + 1)
                                                 : from + 1 + fuzz_below(g->r, 6);
    return to < g->p->n_slots ? g->p->slot[to].offset : g->isa->isa->code + g->bytes;
}

uint32_t fuzz_gen_run(struct fuzz_gen *g)
{
    static const uint16_t sizes[] = { 64, 256, 512, 1024, 1024, 1024, 0x1800, 0x2000 };
    const struct fuzz_gen_isa *isa = g->isa;
    uint32_t code = isa->isa->code;
    g->bytes = sizes[fuzz_below(g->r, ARRAY_LEN(sizes))];
    g->at = code + isa->align * fuzz_below(g->r, MEM_PAGE / isa->align);
    g->bytes += g->at - code;
    g->turn = fuzz_below(g->r, isa->isa->n_forms);
    g->last = UINT8_MAX;
    g->p->n_slots = 0;
    while (g->at + isa->longest <= code + g->bytes && g->p->n_slots < FUZZ_SLOTS)
        isa->add(g);
    g->bytes = g->at - code;
    for (uint32_t i = 0; i < g->p->n_slots; i++) {
        const struct fuzz_slot *s = &g->p->slot[i];
        isa->fix(g, i);
        memcpy(g->p->image + s->offset, s->code, s->length);
    }
    return g->bytes;
}

uint64_t fuzz_zeros(void *arg)
{
    (void)arg;
    return 0;
}
