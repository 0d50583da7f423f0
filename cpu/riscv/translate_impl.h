/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CPU_RISCV_TRANSLATE_IMPL_H
#define ORRERY_CPU_RISCV_TRANSLATE_IMPL_H
/*
 * What the semantics tables are made of. Each chapter of the manual is a file with
 * a table: instruction id, the function that emits its IR, and what that function
 * needs to know to serve the whole family (an IR op, a width...). The generated
 * decoder supplies operands.
 */
#include "core/ir/build.h"
#include "cpu/riscv/decode.gen.h"
#include "cpu/riscv/riscv_impl.h"

struct rv_tr {
    struct rv_cpu *rv;
    struct ir_unit *u;
    struct rv_decoded d; /* the instruction being translated */
    uint32_t word;       /* its bits (16 or 32), for mtval */
    uint32_t mode;       /* RV_MODE_* as of here: unit->mode until something in the block changes it */
    int32_t at;          /* its offset from the unit's first page */
    bool ended;          /* an operation that ends the block was emitted */
};
typedef void rv_translate_fn(struct rv_tr *t, unsigned arg);

enum {
    RV_SEM_FP = 1,    /* needs mstatus.FS != Off */
    RV_SEM_DIRTY = 2, /* writes an f register or fflags: FS becomes Dirty */
    RV_SEM_RM = 4,    /* has a rounding mode field */
    RV_SEM_VEC = 8,   /* needs mstatus.VS != Off; VS becomes Dirty */
};
struct rv_semantics {
    uint16_t id, flags;
    rv_translate_fn *fn;
    unsigned arg;
};
extern const struct rv_semantics rv_integer_rows[], rv_load_store_rows[], rv_atomic_rows[],
    rv_float_rows[], rv_half_rows[], rv_bitmanip_rows[], rv_crypto_rows[], rv_system_rows[];
#define RV_ROWS_END                                                                                \
    {                                                                                              \
        .fn = NULL                                                                                 \
    }

/* RV_HELPER(name, IR_CALL_* flags): functions that translated code calls, rv_helper_<name>. */
#define RV_HELPERS(X)                                                                              \
    X(raise, IR_CALL_EXITS)                                                                        \
    X(fetch_fault, IR_CALL_EXITS) X(branch_target, IR_CALL_EXITS)                                  \
        X(csr, IR_CALL_EXITS | IR_CALL_TIME)                                                       \
        X(csr_light, IR_CALL_EXITS | IR_CALL_LIGHT | IR_CALL_TIME) X(csr_fp, IR_CALL_EXITS | IR_CALL_TIME | IR_CALL_FP)  \
            X(csr_mode, IR_CALL_EXITS | IR_CALL_TIME | IR_CALL_WRITES | IR_CALL_MODE | IR_CALL_FP | IR_CALL_OWN) \
                X(dirty, IR_CALL_TIME | IR_CALL_MODE) X(mret, IR_CALL_EXITS | IR_CALL_TIME | IR_CALL_OWN) \
                    X(sret, IR_CALL_EXITS | IR_CALL_TIME | IR_CALL_OWN) X(wfi, IR_CALL_EXITS)                    \
                        X(sfence_vma, IR_CALL_EXITS | IR_CALL_MODE | IR_CALL_OWN)                              \
                            X(trigger_fetch, IR_CALL_EXITS) X(trigger_data, IR_CALL_EXITS)         \
                                X(cbo, IR_CALL_EXITS) X(cbo_zero, IR_CALL_EXITS | IR_CALL_OWN)                   \
                                    X(amocas_q, IR_CALL_EXITS | IR_CALL_READS | IR_CALL_WRITES)    \
                                        X(fclass_s, IR_CALL_PURE) X(fclass_d, IR_CALL_PURE)        \
                                            X(fcvtmod, 0) X(half, 0) X(half_fma, 0)                \
                                                X(xperm4, IR_CALL_PURE) X(xperm8, IR_CALL_PURE)    \
                                                    X(aes, IR_CALL_PURE)                           \
                                                        X(aes64ks1i, IR_CALL_PURE)                 \
                                                            X(sm4, IR_CALL_PURE)                   \
    X(vec, IR_CALL_READS | IR_CALL_WRITES | IR_CALL_OWN)                                                         \
    X(vec_memory, IR_CALL_EXITS | IR_CALL_READS | IR_CALL_WRITES | IR_CALL_TIME)                   \
    X(vec_mode, IR_CALL_EXITS | IR_CALL_READS | IR_CALL_WRITES | IR_CALL_TIME | IR_CALL_MODE)      \
    X(vec_groups, IR_CALL_EXITS | IR_CALL_READS)                                                   \
    X(vset, IR_CALL_READS | IR_CALL_WRITES | IR_CALL_MODE)
enum {
#define X(name, flags) RV_HELPER_##name,
    RV_HELPERS(X)
#undef X
        RV_HELPER_COUNT
};
#define X(name, flags) ir_helper_fn rv_helper_##name;
RV_HELPERS(X)
#undef X

/*
 * Vector helpers of CALLV, rv_vec_<name>: RV_VEC_HELPER(name, NONE or a native form). Behind them come those of
 * core/exec/vec_native.def.
 */
enum {
#define RV_VEC_HELPER(name, native) RV_VEC_##name,
#include "cpu/riscv/vec_helpers.def"
#undef RV_VEC_HELPER
#define VEC_NATIVE(name, native) RV_VEC_##name,
#include "core/exec/vec_native.def"
#undef VEC_NATIVE
    RV_VEC_COUNT
};
#define RV_VEC_HELPER(name, native) ir_vec_fn rv_vec_##name;
#include "cpu/riscv/vec_helpers.def"
#undef RV_VEC_HELPER

/* ---- short forms ---- */
static inline ir_val_t rv_x(struct rv_tr *t, unsigned n)
{
    return ir_get(t->u, n);
}

static inline void rv_put_rd(struct rv_tr *t, ir_val_t v)
{
    ir_put(t->u, t->d.rd, v);
}

static inline ir_val_t rv_const(struct rv_tr *t, uint64_t v)
{
    return ir_const(t->u, IR_I64, v);
}

static inline ir_val_t rv_f(struct rv_tr *t, unsigned n) /* register image */
{
    return ir_get(t->u, 32 + n);
}

static inline void rv_put_fd(struct rv_tr *t, ir_val_t image)
{
    ir_put(t->u, 32u + t->d.rd, image);
}

static inline int32_t rv_next(const struct rv_tr *t)
{
    return t->at + t->d.length;
}

/* Ends of a block. If it has changed its mode (vset*), what follows is looked up. */
void rv_jump(struct rv_tr *t, int64_t target);
void rv_branch(struct rv_tr *t, ir_val_t taken, int64_t target, int64_t next);
/* Cause 2 for the instruction at hand; ends the block. */
void rv_illegal(struct rv_tr *t);
/* Any other exception the instruction always raises; `tval` is an i64 value. Ends the block. */
void rv_raises(struct rv_tr *t, uint64_t cause, ir_val_t tval);
/* Base address of a load or store of `size` bytes, after the data triggers were asked. */
ir_val_t rv_data_address(struct rv_tr *t, unsigned size, enum insn_mem kind);

#endif
