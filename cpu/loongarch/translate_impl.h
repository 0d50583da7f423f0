/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CPU_LOONGARCH_TRANSLATE_IMPL_H
#define ORRERY_CPU_LOONGARCH_TRANSLATE_IMPL_H
/*
 * What the semantics tables are made of: each chapter of the manual is a file with a table of instruction ids, the
 * functions that emit their IR, and what a function needs to know to serve a whole family. The generated decoder
 * supplies operands.
 */
#include "core/ir/build.h"
#include "core/ir/build_vec.h"
#include "cpu/loongarch/decode.gen.h"
#include "cpu/loongarch/loongarch_impl.h"

struct la_tr {
    struct la_cpu *la;
    struct ir_unit *u;
    struct la_decoded d; /* the instruction being translated */
    uint32_t word;       /* its bits */
    uint32_t mode;       /* LA_MODE_* */
    int32_t at;          /* its offset from the unit's first page */
    bool ended;          /* an operation that ends the block was emitted */
};
typedef void la_translate_fn(struct la_tr *t, unsigned arg);

enum {
    LA_SEM_FP = 1,    /* FPD when EUEN.FPE = 0 */
    LA_SEM_LSX = 2,   /* SXD when EUEN.SXE = 0 */
    LA_SEM_LASX = 4,  /* ASXD when EUEN.ASXE = 0 */
    LA_SEM_PRIV = 8,  /* IPE but at PLV0 */
};
struct la_semantics {
    uint16_t id, flags;
    la_translate_fn *fn;
    unsigned arg;
};
/* Each ends with LA_ROWS_END. */
extern const struct la_semantics la_integer_rows[], la_branch_rows[], la_load_store_rows[], la_atomic_rows[],
    la_float_rows[], la_system_rows[], la_lvz_rows[], la_vec_int_rows[], la_vec_shift_rows[], la_vec_move_rows[],
    la_vec_memory_rows[], la_vec_fp_rows[];
#define LA_ROWS_END                                                                                \
    {                                                                                              \
        .fn = NULL                                                                                 \
    }

/*
 * LA_HELPER(name, IR_CALL_* flags): functions translated code calls, la_helper_<name>.
 * LA_VEC_HELPER(name): vector helpers of CALLV, la_vec_<name>. One line each, by file.
 */
enum {
#define LA_HELPER(name, flags) LA_HELPER_##name,
#include "cpu/loongarch/helpers.def"
#undef LA_HELPER
    LA_HELPER_COUNT
};
#define LA_HELPER(name, flags) ir_helper_fn la_helper_##name;
#include "cpu/loongarch/helpers.def"
#undef LA_HELPER
enum {
#define LA_VEC_HELPER(name) LA_VEC_##name,
#include "cpu/loongarch/vec_helpers.def"
#undef LA_VEC_HELPER
    LA_VEC_COUNT
};
#define LA_VEC_HELPER(name) ir_vec_fn la_vec_##name;
#include "cpu/loongarch/vec_helpers.def"
#undef LA_VEC_HELPER

/* ---- short forms. `type`: IR_I32 for .w forms, IR_I64 for .d forms ---- */
static inline ir_val_t la_const(struct la_tr *t, uint64_t v)
{
    return ir_const(t->u, IR_I64, v);
}

static inline ir_val_t la_r(struct la_tr *t, enum ir_type type, unsigned n)
{
    ir_val_t v = ir_get(t->u, LA_SLOT_R + n);
    return type == IR_I32 ? ir_trunc(t->u, v) : v;
}

/* Results of .w forms are sign-extended. */
static inline void la_put_r(struct la_tr *t, enum ir_type type, unsigned n, ir_val_t v)
{
    if (n != 0)
        ir_put(t->u, LA_SLOT_R + n, type == IR_I32 ? ir_sext(t->u, IR_I64, v, 32) : v);
}

/* Halves of a vector register: 0 the low one. */
static inline ir_val_t la_v(struct la_tr *t, unsigned n, unsigned half)
{
    return ir_get(t->u, (half ? LA_SLOT_XH : LA_SLOT_V) + n);
}

static inline void la_put_v(struct la_tr *t, unsigned n, unsigned half, ir_val_t v128)
{
    ir_put(t->u, (half ? LA_SLOT_XH : LA_SLOT_V) + n, v128);
}

static inline int32_t la_next(const struct la_tr *t)
{
    return t->at + 4;
}

/* An exception the instruction at hand always raises (INE, IPE, SYS, BRK...), without BADV; ends the block. */
void la_raises(struct la_tr *t, enum la_ecode code);
/*
 * Base of a load or store of `size` bytes: register rj (VA32 applied, watchpoints are the slow path's) plus `index`
 * (a value, or IR_NONE); a displacement goes into ir_load's disp when no VA32 forbids it: *disp is what remains.
 */
ir_val_t la_address(struct la_tr *t, unsigned rj, ir_val_t index, int64_t *disp);
/* memop of a plain access in the current mode: alignment rule. `flags`: IR_MEM_*. */
uint16_t la_memop(const struct la_tr *t, unsigned bytes, unsigned flags);

#endif
