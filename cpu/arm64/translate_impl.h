/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CPU_ARM64_TRANSLATE_IMPL_H
#define ORRERY_CPU_ARM64_TRANSLATE_IMPL_H
/*
 * What the semantics tables are made of: as in cpu/riscv, each chapter of the manual is a
 * file with a table of instruction ids, the functions that emit their IR, and what a
 * function needs to know to serve a whole family. The generated decoder supplies operands.
 */
#include "core/ir/build.h"
#include "core/ir/build_vec.h"
#include "cpu/arm64/arm64_impl.h"
#include "cpu/arm64/decode.gen.h"

/* What set NZCV last in this block, so that conditions compare its operands directly. */
enum a64_flags_from { A64_FLAGS_SLOTS, A64_FLAGS_SUB };

struct a64_tr {
    struct a64_cpu *a;
    struct ir_unit *u;
    struct a64_decoded d; /* the instruction being translated */
    uint32_t word;        /* its bits */
    uint32_t mode;        /* A64_MODE_* */
    int32_t at;           /* its offset from the unit's first page */
    bool ended;           /* an operation that ends the block was emitted */
    bool wrote;           /* one before this one wrote a system register or PSTATE.DAIF */
    enum a64_flags_from flags;
    enum ir_type flags_type;
    ir_val_t flags_a, flags_b; /* SUB: a - b */
};
typedef void a64_translate_fn(struct a64_tr *t, unsigned arg);

enum {
    A64_SEM_FP = 1, /* FP or AdvSIMD: traps when they are off */
};
struct a64_semantics {
    uint16_t id, flags;
    a64_translate_fn *fn;
    unsigned arg;
};
/* Each ends with A64_ROWS_END. */
extern const struct a64_semantics a64_integer_rows[], a64_bit_rows[], a64_flags_rows[], a64_branch_rows[], a64_load_store_rows[],
    a64_atomic_rows[], a64_system_rows[], a64_pauth_rows[], a64_mte_rows[], a64_mops_rows[],
    a64_vec_memory_rows[], a64_float_rows[], a64_simd_int_rows[], a64_simd_fp_rows[],
    a64_simd_move_rows[], a64_simd_widen_rows[], a64_simd_saturate_rows[], a64_simd_fp_lanes_rows[],
    a64_crypto_rows[];
#define A64_ROWS_END                                                                               \
    {                                                                                              \
        .fn = NULL                                                                                 \
    }

/*
 * A64_HELPER(name, IR_CALL_* flags): functions translated code calls, a64_helper_<name>.
 * A64_VEC_HELPER(name): vector helpers of CALLV, a64_vec_<name>. One line each, sorted by file.
 */
enum {
#define A64_HELPER(name, flags) A64_HELPER_##name,
#include "cpu/arm64/helpers.def"
#undef A64_HELPER
    A64_HELPER_COUNT
};
#define A64_HELPER(name, flags) ir_helper_fn a64_helper_##name;
#include "cpu/arm64/helpers.def"
#undef A64_HELPER
enum {
#define A64_VEC_HELPER(name) A64_VEC_##name,
#include "cpu/arm64/vec_helpers.def"
#undef A64_VEC_HELPER
#define VEC_NATIVE(name, native) A64_VEC_##name,
#include "core/exec/vec_native.def"
#undef VEC_NATIVE
    A64_VEC_COUNT
};
#define A64_VEC_HELPER(name) ir_vec_fn a64_vec_##name;
#include "cpu/arm64/vec_helpers.def"
#undef A64_VEC_HELPER

/* ---- short forms. `type`: IR_I32 for W forms, IR_I64 for X forms ---- */
static inline ir_val_t a64_const(struct a64_tr *t, uint64_t v)
{
    return ir_const(t->u, IR_I64, v);
}

/* Xn with 31 = zero; the low half for I32. */
static inline ir_val_t a64_x(struct a64_tr *t, enum ir_type type, unsigned n)
{
    if (n == 31)
        return ir_const(t->u, type, 0);
    ir_val_t v = ir_get(t->u, n);
    return type == IR_I32 ? ir_trunc(t->u, v) : v;
}

/* Xn with 31 = SP. */
static inline ir_val_t a64_xsp(struct a64_tr *t, enum ir_type type, unsigned n)
{
    ir_val_t v = ir_get(t->u, n);
    return type == IR_I32 ? ir_trunc(t->u, v) : v;
}

/* Results: of W forms zero-extended. 31 = nothing. */
static inline void a64_put_x(struct a64_tr *t, enum ir_type type, unsigned n, ir_val_t v)
{
    if (n != 31)
        ir_put(t->u, n, type == IR_I32 ? ir_zext(t->u, IR_I64, v, 32) : v);
}

/* 31 = SP, which ends the block. */
void a64_put_xsp(struct a64_tr *t, enum ir_type type, unsigned n, ir_val_t v);
/* The same after an addition of `step` to it: SP that stays as aligned as it was does not end the block. */
void a64_write_back(struct a64_tr *t, unsigned n, ir_val_t v, int64_t step);

/*
 * Numbers above 31 are views: AArch32's D and S registers, parts of V0-15, read with zeros above and
 * written without touching the rest. So its instructions are done by A64's functions (a32/neon.c).
 */
enum { A64_VIEW_D = 0x40, A64_VIEW_S = 0x80 };
ir_val_t a64_view(struct a64_tr *t, unsigned n);
void a64_put_view(struct a64_tr *t, unsigned n, ir_val_t v128);

static inline ir_val_t a64_v(struct a64_tr *t, unsigned n) /* all 128 bits */
{
    return LIKELY(n < 32) ? ir_get(t->u, A64_SLOT_V + n) : a64_view(t, n);
}

static inline void a64_put_v(struct a64_tr *t, unsigned n, ir_val_t v128)
{
    if (LIKELY(n < 32))
        ir_put(t->u, A64_SLOT_V + n, v128);
    else
        a64_put_view(t, n, v128);
}

/* Scalar of `type` in the low lane (IR_F32, IR_F64, IR_I32, IR_I64); written with zeros above. */
static inline ir_val_t a64_scalar(struct a64_tr *t, enum ir_type type, unsigned n)
{
    return ir_vlane(t->u, type, type == IR_F64 || type == IR_I64 ? 3 : 2, a64_v(t, n), 0);
}

/* `lane`: log2 of its bytes. */
static inline void a64_put_scalar(struct a64_tr *t, unsigned lane, unsigned n, ir_val_t v)
{
    a64_put_v(t, n, ir_vop1(t->u, IR_VSCALAR, lane, v));
}

/* A 64-bit vector result (Q = 0): the upper half becomes zero. */
static inline ir_val_t a64_low_half(struct a64_tr *t, ir_val_t v128)
{
    return ir_vop1(t->u, IR_VSCALAR, 3, ir_vlane(t->u, IR_I64, 3, v128, 0));
}

static inline int32_t a64_next(const struct a64_tr *t)
{
    return t->at + 4;
}

/* UNDEFINED for the instruction at hand; ends the block. */
void a64_undefined(struct a64_tr *t);
/* FP and AdvSIMD are off; ends the block. */
void a64_fp_traps(struct a64_tr *t);
/* Exception with that ESR for the level a64_target_el says; ends the block. */
void a64_raises(struct a64_tr *t, uint64_t esr);

/* ---- branches (branch.c) ---- */
/* Indirect branch; ends the block. `btype`: what it leaves in PSTATE.BTYPE (0: a return). */
void a64_branch_to(struct a64_tr *t, ir_val_t va, enum ir_link link, unsigned btype);
unsigned a64_btype_of_br(unsigned rn);
/* DecodeBitMasks(); false: reserved. */
bool a64_bitmask(unsigned n, unsigned imms, unsigned immr, enum ir_type type, uint64_t *mask);

/* ---- flags (flags.c) ---- */
void a64_set_flags_logic(struct a64_tr *t, enum ir_type type, ir_val_t result);
void a64_set_flags_add(struct a64_tr *t, enum ir_type type, ir_val_t a, ir_val_t b, ir_val_t result);
void a64_set_flags_sub(struct a64_tr *t, enum ir_type type, ir_val_t a, ir_val_t b, ir_val_t result);
/* NZCV as i64 values of 0 or 1 each. */
void a64_set_flags_bits(struct a64_tr *t, ir_val_t n, ir_val_t z, ir_val_t c, ir_val_t v);
void a64_set_flags_const(struct a64_tr *t, unsigned nzcv);
/* The condition (0..15) as i64 0 or 1. */
ir_val_t a64_condition(struct a64_tr *t, unsigned cond);

/* ---- addresses and accesses (load_store.c) ---- */
/*
 * Address of an access of `bytes` through base register `rn` (SP checked where wanted, tags checked,
 * watchpoints asked). `offset` is a value or IR_NONE; the rest goes into ir_load's disp. `kind`: enum insn_mem
 * and A64_ACCESS_*.
 */
ir_val_t a64_address(struct a64_tr *t, unsigned rn, ir_val_t offset, int64_t disp, unsigned bytes,
                     unsigned kind);
/* The checks alone, for an address of one's own making: `base` + disp; SP is checked if `rn` is 31. */
void a64_check_access(struct a64_tr *t, unsigned rn, ir_val_t base, int64_t disp, unsigned bytes,
                      unsigned kind, bool tagged);
/* Offset Rm, extended by option and shifted by the access's size if S. */
ir_val_t a64_register_offset(struct a64_tr *t, unsigned bytes);
/* memop of a plain access in the current mode: endianness, alignment. */
uint16_t a64_memop(const struct a64_tr *t, unsigned bytes, unsigned flags);

#endif
