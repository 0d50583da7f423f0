/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CPU_ARM64_A32_IMPL_H
#define ORRERY_CPU_ARM64_A32_IMPL_H
/*
 * AArch32 at EL0: A32 and T32 translated to the same IR and the same CPU state as A64 (Arm
 * ARM, part F; D1.7 for what the states share). Not modelled: AArch32 above EL0.
 *
 * R0-R14 are slots 0-14 with zero upper halves, the PC is cpu.pc. NZCV is A64's. ITSTATE, GE
 * and Q have slots of their own (A64_SLOT_IT...), so that translated code writes them; T, E and
 * the mode bits are in a64_cpu.a32. S, D and Q registers are views of the vector slots.
 *
 * The three tables share names of members and, where they can, of rows: A32_ROWS, T32_ROWS
 * and T16_ROWS of a chapter name the same functions. Operands reach them as struct a32_op.
 *
 * Conditions. There is no branch inside a block, so an instruction whose condition is not AL is
 *   - done with selects on what it writes (A32_SEM_SELECT; memory accesses by a helper that asks);
 *   - one that looks at the condition itself (A32_SEM_COND: branches);
 *   - else put off: its block ends with a verdict, PASS or FAIL, in A64_SLOT_IT, which is part of the
 *     block key, and the same instruction begins the next block, there unconditional or nothing.
 * An interrupt between the two drops the verdict: the condition is asked again.
 *
 * ITSTATE is part of the block key and followed statically; its slot is written where
 * somebody might see it. A block that ends with another ITSTATE than it began with leaves by a look-up.
 */
#include "cpu/arm64/translate_impl.h"

#include "cpu/arm64/a32/a32.gen.h"
#include "cpu/arm64/a32/t16.gen.h"
#include "cpu/arm64/a32/t32.gen.h"
#include "cpu/arm64/a32/vfp.gen.h"

enum { A32_PASS = 0x100, A32_FAIL = 0x200 }; /* in A64_SLOT_IT, above ITSTATE */

/* Operands, as the rows call them. */
struct a32_op {
    int64_t imm;
    uint8_t cond, s, rn, rd, rot, stype, rm, rs, ra, y, x, m, r, par, parop, pkh, rotate, sat, sh, sz, crcc,
        mask, be, p, u, w, rt, rt2, opc1, crn, cp, opc2, crm, nz;
};

struct a32_tr {
    struct a64_tr b;      /* what the functions of A64 need; its `d` is unused */
    struct a32_op o;
    struct a32v_decoded f; /* operands of floating-point and Advanced SIMD: rows of vfp.decode */
    uint8_t acc, idx;      /* for A64's functions: the third source; the element, if by_element */
    bool by_element;
    bool thumb, wide;     /* T32; an instruction of 32 bits */
    unsigned cond;        /* of this instruction, 14 if it is not conditional (any more) */
    ir_val_t sel;         /* the condition as a value where selects are wanted, or IR_NONE */
    unsigned key;         /* ITSTATE and verdict of the block key */
    unsigned it, it_after;
    unsigned it_slot;     /* what the slot holds */
};
typedef void a32_fn(struct a32_tr *t, unsigned arg);

enum {
    A32_SEM_SELECT = 1, /* a condition becomes selects */
    A32_SEM_COND = 2,   /* looks at `cond` itself */
    A32_SEM_FP = 4,     /* traps where FP and AdvSIMD do */
    A32_SEM_NO_PC = 16, /* UNDEFINED if an operand is R15 (UNPREDICTABLE) */
    A32_SEM_MEMORY = 8, /* as SELECT, but not while watchpoints are set */
};
struct a32_semantics {
    uint16_t id, flags;
    a32_fn *fn;
    unsigned arg;
};
#define A32_ROWS_END { .fn = NULL }
extern const struct a32_semantics a32_data_rows[], a32_multiply_rows[], a32_media_rows[], a32_memory_rows[],
    a32_exclusive_rows[], a32_branch_rows[], a32_system_rows[], a32_coprocessor_rows[];
extern const struct a32_semantics t32_data_rows[], t32_multiply_rows[], t32_media_rows[], t32_memory_rows[],
    t32_exclusive_rows[], t32_branch_rows[], t32_system_rows[], t32_coprocessor_rows[];
extern const struct a32_semantics a32v_fp_rows[], a32v_memory_rows[], a32v_neon_rows[];
extern const struct a32_semantics t16_data_rows[], t16_multiply_rows[], t16_media_rows[], t16_memory_rows[], t16_branch_rows[], t16_system_rows[];

/* What a64_cpu.a32 points to: rows by id, decoder extensions. Built once per CPU. */
struct a32_tables {
    struct a32_semantics a32[A32_INSN_COUNT], t32[T32_INSN_COUNT], t16[T16_INSN_COUNT],
        vfp[A32V_INSN_COUNT];
    uint64_t a32_ext, t32_ext, t16_ext, vfp_ext;
};

/* ---- translate.c ---- */
static inline struct ir_unit *a32_u(struct a32_tr *t)
{
    return t->b.u;
}

static inline ir_val_t a32_const(struct a32_tr *t, uint32_t v)
{
    return ir_const(t->b.u, IR_I32, v);
}

/* In an IT block: 16-bit instructions that set flags outside do not. */
static inline bool a32_in_it(const struct a32_tr *t)
{
    return (t->it & 15) != 0;
}

static inline int32_t a32_next(const struct a32_tr *t)
{
    return t->b.at + (t->thumb && !t->wide ? 2 : 4);
}

/* Rn; R15 reads as the instruction's address + 8, in T32 + 4. */
ir_val_t a32_r(struct a32_tr *t, unsigned n);
/* Align(PC, 4) as an i32, and `imm` from it: literals, ADR. */
ir_val_t a32_literal(struct a32_tr *t, int64_t imm);
/* Rn = v (i32), if the condition holds. n is not 15. */
void a32_put(struct a32_tr *t, unsigned n, ir_val_t v);
/* `v` if the condition holds, else what the slot has. */
void a32_put_slot(struct a32_tr *t, unsigned slot, ir_val_t v64);
void a32_undefined(struct a32_tr *t);
/* Ends of a block; ITSTATE is brought up to date. */
void a32_jump(struct a32_tr *t, int64_t to);
void a32_exit(struct a32_tr *t, enum ir_exit why, int64_t to);
void a32_settle_it(struct a32_tr *t); /* before an exception whose return address is the next instruction */

/* ---- data.c: flags, shifts ---- */
/* Value of Rm shifted by a constant as DecodeImmShift; *carry: the shifter's, i64, or IR_NONE if unchanged. */
ir_val_t a32_shift_imm(struct a32_tr *t, ir_val_t v, unsigned type, unsigned imm, ir_val_t *carry);
/* Between these two flags may be set without thought of the condition. */
struct a32_flags { ir_val_t v[4]; };
void a32_flags_begin(struct a32_tr *t, struct a32_flags *old);
void a32_flags_end(struct a32_tr *t, const struct a32_flags *old);
void a32_set_nz(struct a32_tr *t, ir_val_t result);
bool a32_expand_imm(const struct a32_tr *t, uint32_t *value, int *carry); /* carry: 0, 1, -1 unchanged */

/* ---- branch.c ---- */
/* BXWritePC: bit 0 chooses the state. Conditional by t->sel. Ends the block. */
void a32_bx(struct a32_tr *t, ir_val_t target, enum ir_link link);
/* BranchWritePC: the state stays. */
void a32_branch_to(struct a32_tr *t, ir_val_t target, enum ir_link link);

/* ---- memory.c ---- */
/* Accesses of 1, 2 or 4 bytes at the i32 address `va` + disp, if the condition holds; IR_MEM_* flags; results are i32. */
ir_val_t a32_load(struct a32_tr *t, ir_val_t va, int disp, unsigned bytes, unsigned flags);
void a32_store(struct a32_tr *t, ir_val_t va, int disp, unsigned bytes, unsigned flags, ir_val_t v);

#endif
