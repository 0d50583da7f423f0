/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CPU_X86_SIMD_H
#define ORRERY_CPU_X86_SIMD_H
/*
 * Vector operands in translated code, one 128-bit quarter at a time: what MMX, SSE, VEX and EVEX
 * forms of one operation share. An MMX register is the low half of a quarter. Legacy forms write
 * quarter 0 and keep what is above, VEX and EVEX forms clear it; EVEX forms write the elements that
 * their opmask says.
 */
#include "cpu/x86/translate_impl.h"

/* Quarters of the operation: the vector length, whatever single operands have. */
static inline unsigned simd_quarters(const struct x86_tr *t)
{
    return t->d.vl != 0 ? t->d.vl / 16u : 1;
}

/* Operand number of the first of two sources: legacy forms read their destination. */
static inline unsigned simd_first(const struct x86_tr *t)
{
    return t->d.vl != 0;
}

static inline bool simd_is_mmx(const struct x86_tr *t, unsigned n)
{
    return t->d.op[n].kind == X86_OP_MM;
}

/* Bytes of an operand that is a vector: 8 of MMX. */
static inline unsigned simd_bytes(const struct x86_tr *t)
{
    return t->d.vl != 0 ? t->d.vl : simd_is_mmx(t, 0) || simd_is_mmx(t, 1) ? 8 : 16;
}

/* log2 of an element's bytes, for masks and broadcasts of its size. */
enum { SIMD_B, SIMD_W, SIMD_D, SIMD_Q };
/* Beside it: elements do not stay in their places, memory is read whole whatever the opmask says
 * (classes E4NF, E5NF). */
enum { SIMD_WHOLE = 0x10 };

/*
 * Quarter `q` of operand n: a register or memory. Memory that an opmask covers is read element by
 * element, `lane` log2 of their bytes; so fetch all quarters of all operands before the first
 * result is put.
 */
ir_val_t simd_get(struct x86_tr *t, unsigned n, unsigned q, unsigned lane);
/* Write the n quarters of operand 0 under the opmask, elements of `lane`, and clear what is above.
 */
void simd_put(struct x86_tr *t, const ir_val_t *v, unsigned quarters, unsigned lane);
/* Likewise a result of less than 16 `bytes`: zeros above it. */
void simd_put_short(struct x86_tr *t, ir_val_t v, unsigned bytes, unsigned lane);
/* All ones in the elements of quarter `q` that the opmask selects; IR_NONE: all are. */
ir_val_t simd_mask(struct x86_tr *t, unsigned q, unsigned lane);
/* Bits of an opmask to whole elements, and the top bits of elements back to bits at their place in
 * the mask. */
ir_val_t simd_expand(struct x86_tr *t, ir_val_t mask, unsigned q, unsigned lane);
ir_val_t simd_to_mask(struct x86_tr *t, const ir_val_t *v, unsigned quarters, unsigned lane);

/*
 * Memory at `linear` under a mask of elements (i64, bit 0 the first): quarter `q` of an operand of
 * `bytes`. What is left out is neither read, and 0, nor written.
 */
ir_val_t simd_load_masked(struct x86_tr *t, ir_val_t linear, ir_val_t mask, unsigned q,
                          unsigned lane, unsigned bytes);
void simd_store_masked(struct x86_tr *t, ir_val_t linear, ir_val_t mask, ir_val_t v, unsigned q,
                       unsigned lane, unsigned bytes);
/* MMX register = i64 */
void simd_put_mmx(struct x86_tr *t, unsigned reg, ir_val_t v);

/* Operand 0, an opmask: bits that the instruction's own opmask leaves out are cleared. */
void simd_put_mask(struct x86_tr *t, ir_val_t bits);

/* Scalars: the low element of operand n. */
ir_val_t simd_get_scalar(struct x86_tr *t, unsigned n, enum ir_type type);
/*
 * Write quarter 0 of operand 0: `v` has the result in its low element (of `lane`), `rest` what the
 * others become. Opmask bit 0 decides about the result.
 */
void simd_put_scalar(struct x86_tr *t, ir_val_t v, ir_val_t rest, unsigned lane);

/* Floating point: embedded rounding, or MXCSR's; the rounding an immediate's low three bits ask for
 * (SDM, ROUNDPD). */
enum ir_rm simd_rm(const struct x86_tr *t);
enum ir_rm simd_rm_imm(unsigned imm);
/* Around operations of an instruction that suppresses all exceptions (EVEX.b with registers). */
ir_val_t simd_sae_begin(struct x86_tr *t);
void simd_sae_end(struct x86_tr *t, ir_val_t flags);
/* Elements that the opmask leaves out, made 1.0 so that they raise nothing. */
ir_val_t simd_quiet(struct x86_tr *t, ir_val_t v, unsigned q, unsigned lane);

static inline ir_val_t simd_zero(struct x86_tr *t)
{
    return ir_vconst(t->u, 0, 0);
}
static inline ir_val_t simd_dup_const(struct x86_tr *t, uint64_t v)
{
    return ir_vconst(t->u, v, v);
}
/* Low half of a, low half of b. */
static inline ir_val_t simd_join(struct x86_tr *t, ir_val_t a, ir_val_t b)
{
    return ir_vop2(t->u, IR_VZIP1, SIMD_Q, a, b);
}

/* A kernel makes one quarter from the same quarters of two sources; `arg` is its own but for the
 * quarter's number. */
#define SIMD_QUARTER(arg) ((arg) >> 24)
typedef ir_val_t simd_kernel(struct x86_tr *t, unsigned arg, ir_val_t a, ir_val_t b);
/* Operand 0 = kernel(first source, second source), quarter by quarter. */
void simd_binary(struct x86_tr *t, simd_kernel *k, unsigned arg, unsigned lane);
/* Operand 0 = kernel(operand 1, IR_NONE). */
void simd_unary(struct x86_tr *t, simd_kernel *k, unsigned arg, unsigned lane);

/* Elements of a table of `count` quarters (a power of two) by the numbers in `index`. */
ir_val_t simd_permute(struct x86_tr *t, const ir_val_t *table, unsigned count, ir_val_t index,
                      unsigned lane);

/* Rows of the three encodings of one operation. */
#define SIMD_LEGACY(NAME, fn, arg)                                                                 \
    {                                                                                              \
        X86_INSN_##NAME, X86_SEM_SSE, fn, arg                                                      \
    }
#define SIMD_VEX(NAME, fn, arg)                                                                    \
    {                                                                                              \
        X86_INSN_V##NAME, X86_SEM_AVX, fn, arg                                                     \
    }
#define SIMD_EVEX(NAME, fn, arg)                                                                   \
    {                                                                                              \
        X86_INSN_V##NAME##_EVEX, X86_SEM_AVX512, fn, arg                                           \
    }
#define SIMD_512(NAME, fn, arg)                                                                    \
    {                                                                                              \
        X86_INSN_V##NAME, X86_SEM_AVX512, fn, arg                                                  \
    } /* no other */
/* Of each size of elements, which comes to the argument. */
#define SIMD_512_BWDQ(NAME, fn, arg)                                                               \
    SIMD_512(NAME##B, fn, (arg) | SIMD_B), SIMD_512(NAME##W, fn, (arg) | SIMD_W), SIMD_512_DQ(NAME, fn, arg)
#define SIMD_512_DQ(NAME, fn, arg)                                                                 \
    SIMD_512(NAME##D, fn, (arg) | SIMD_D), SIMD_512(NAME##Q, fn, (arg) | SIMD_Q)
#define SIMD_2(NAME, fn, arg) SIMD_LEGACY(NAME, fn, arg), SIMD_VEX(NAME, fn, arg)
#define SIMD_3(NAME, fn, arg) SIMD_2(NAME, fn, arg), SIMD_EVEX(NAME, fn, arg)
/* Likewise of floating-point operations. */
#define SIMD_FP_LEGACY(NAME, fn, arg)                                                              \
    {                                                                                              \
        X86_INSN_##NAME, X86_SEM_SSE | X86_SEM_FP, fn, arg                                         \
    }
#define SIMD_FP_2(NAME, fn, arg)                                                                   \
    SIMD_FP_LEGACY(NAME, fn, arg),                                                                 \
    {                                                                                              \
        X86_INSN_V##NAME, X86_SEM_AVX | X86_SEM_FP, fn, arg                                        \
    }
#define SIMD_FP_3(NAME, fn, arg)                                                                   \
    SIMD_FP_2(NAME, fn, arg),                                                                      \
    {                                                                                              \
        X86_INSN_V##NAME##_EVEX, X86_SEM_AVX512 | X86_SEM_FP, fn, arg                              \
    }

#endif
