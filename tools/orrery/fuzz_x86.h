/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_TOOLS_ORRERY_FUZZ_X86_H
#define ORRERY_TOOLS_ORRERY_FUZZ_X86_H
/*
 * What fuzz_x86.c (the machine), fuzz_x86_round.c (what rounds start with: descriptor tables, page
 * tables, registers) and fuzz_x86_gen.c (instructions) share. A program is made of instructions of
 * one code size, and its rounds are in the modes that have it.
 */
#include "cpu/x86/cpu.h"
#include "cpu/x86/decode.gen.h"
#include "cpu/x86/opcode.h"
#include "tools/orrery/fuzz_gen.h"
#include "tools/orrery/fuzz_x86_layout.h"

/* Words at the start of guest.S. */
enum fx_entry {
    FX_BOOT16, FX_BOOT32, FX_SKIP16, FX_RETURN16, FX_DEBUG16, FX_TIMER16,
    FX_SKIP32, FX_SKIP32_ERROR, FX_RETURN32, FX_DEBUG32, FX_TIMER32, FX_LEAVE32,
    FX_SKIP64, FX_SKIP64_ERROR, FX_RETURN64, FX_DEBUG64, FX_TIMER64, FX_LEAVE64,
    FX_MATH32, FX_MATH64, FX_TASK32, FX_ENTRIES
};

/* Segments of programs: selectors from FX_SEL_PROGRAM on. The level's own is added in bits 1:0. */
enum fx_segment {
    FX_PC16_0, FX_PC32_0, FX_PC64_0, FX_PC16_3, FX_PC32_3, FX_PC64_3, FX_PC_CONFORMING, FX_PC_BAD,
    FX_PD_0, FX_PD_3, FX_PD_LOW_0, FX_PD_LOW_3, FX_PD_DOWN_0, FX_PD_DOWN_3, FX_PD_READ_3,
    FX_PD_FAR_0, FX_PD_FAR_3, FX_PD_ABSENT, FX_STACK_P0, FX_STACK_P3, FX_STACK16_P0, FX_STACK16_P3,
    FX_GATE_0, FX_GATE_3, FX_GATE_16, FX_TASK_GATE, FX_GATE64_0, FX_GATE64_0_HIGH, FX_GATE64_3,
    FX_GATE64_3_HIGH, FX_LDT_CODE, FX_SEGMENTS
};
#define FX_SELECTOR(s) (FX_SEL_PROGRAM + 8u * (s))

/* What is the same in all rounds of a program. */
struct fx_plan {
    enum x86_code mode;
    uint32_t code_base, data_base, stack_base; /* of segments */
    uint32_t bytes;                            /* of the program */
};

/* Offset in its code segment of what lies at `at` in RAM. */
static inline uint32_t fx_ip(const struct fx_plan *plan, uint32_t at)
{
    return at - plan->code_base;
}

uint64_t fuzz_x86_integer(struct fuzz_random *r);
uint32_t fuzz_x86_mxcsr(struct fuzz_random *r);
uint64_t fuzz_x86_quad(struct fuzz_random *r);
/* An offset in the data segment: aligned to 64 bytes, usually. */
uint32_t fuzz_x86_pointer(const struct fx_plan *plan, struct fuzz_random *r);

/* Descriptor tables, TSSs, page tables and the tables of the rounds, once the program stands. */
void fuzz_x86_rounds(const struct cpu *cpu, struct fuzz_program *p, const struct fx_plan *plan,
                     struct fuzz_random *r);
/* fuzz_x86_gen.c */
void fuzz_x86_code(const struct cpu *cpu, struct fuzz_program *p, struct fx_plan *plan,
                   struct fuzz_random *r);

#endif
