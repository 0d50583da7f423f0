/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_TOOLS_ORRERY_FUZZ_GEN_H
#define ORRERY_TOOLS_ORRERY_FUZZ_GEN_H
/*
 * What the ISAs' makers of random programs have in common: placing instructions, drawing rows of
 * the decode tables, registers that are kept as pointers, targets of branches; and putting
 * handlers together word by word.
 *
 * An ISA's generator starts with a struct fuzz_gen. fuzz_gen_run() calls `add` until the program
 * is full, then `fix` for each instruction, when all of them have a place.
 */
#include "core/util/bytes.h"
#include "tools/orrery/fuzz.h"

struct fuzz_gen;
struct fuzz_gen_isa {
    const struct fuzz_isa *isa;
    uint32_t align, longest;  /* bytes: of an instruction's place; of the longest one */
    uint32_t pointers;        /* a bit for each register slot below 32 that is kept as a pointer */
    uint32_t first_register;  /* 31 registers from here on are general ones */
    /* Some instructions, by fuzz_place(). */
    void (*add)(struct fuzz_gen *g);
    /* Branch distances and the like into s->code. */
    void (*fix)(struct fuzz_gen *g, uint32_t slot);
    /* A word of the row whose free bits are fuzz_free_bits; false: there is none, or the CPU lacks it. */
    bool (*draw)(struct fuzz_gen *g, uint16_t form, uint32_t *word, struct insn_regs *regs);
};

struct fuzz_gen {
    const struct fuzz_gen_isa *isa;
    const struct cpu *cpu;
    struct fuzz_program *p;
    struct fuzz_random *r;
    uint32_t at;    /* offset in RAM of the next instruction */
    uint32_t bytes; /* of the program */
    uint32_t turn;  /* all rows take turns */
    const struct insn_desc *desc; /* of the row being drawn */
    uint8_t last;   /* slot of the register written last: what comes often depends on it */
};

/* Makes the program; its length in bytes. `g` has the ISA, cpu, program and random stream. */
uint32_t fuzz_gen_run(struct fuzz_gen *g);

static inline bool fuzz_is_pointer(const struct fuzz_gen *g, unsigned reg)
{
    return reg < 32 && (g->isa->pointers >> reg & 1) != 0;
}
uint32_t fuzz_pointer(struct fuzz_gen *g);
uint32_t fuzz_free_register(struct fuzz_gen *g);
/* The next row in turn. */
uint16_t fuzz_next_form(struct fuzz_gen *g);
/* A word of the row that leaves the pointers alone as a rule; 0: the CPU lacks it. */
uint32_t fuzz_draw(struct fuzz_gen *g, uint16_t form);
/* The slot, or NULL when the program is full. */
struct fuzz_slot *fuzz_place(struct fuzz_gen *g, const void *code, unsigned length);
struct fuzz_slot *fuzz_place_word(struct fuzz_gen *g, uint32_t word, unsigned length);
/* `s`, if it was placed, is given to the ISA's `fix` with these. */
void fuzz_fix_later(struct fuzz_slot *s, unsigned fix, uint32_t base);
/* How far from the program a new pointer leads: mostly into its data; or to the device, a large page, the alias or anywhere. */
uint32_t fuzz_pointer_distance(struct fuzz_gen *g, uint32_t data, uint32_t data_bytes);
/* Offset of a place to go to from slot `from`: ahead, but one in `back_one_in` makes a loop. */
uint32_t fuzz_target(struct fuzz_gen *g, uint32_t from, uint32_t back_one_in);

/* For random_insn: all free bits clear. */
uint64_t fuzz_zeros(void *arg);

struct fuzz_assembler {
    uint8_t *image;
    uint32_t at;
};

static inline void fuzz_put(struct fuzz_assembler *a, uint32_t word)
{
    st_le32(a->image + a->at, word);
    a->at += 4;
}

#endif
