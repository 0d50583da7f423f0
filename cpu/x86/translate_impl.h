/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CPU_X86_TRANSLATE_IMPL_H
#define ORRERY_CPU_X86_TRANSLATE_IMPL_H
/*
 * What the semantics tables are made of: as in the other ISAs, each chapter is a file with a table
 * of instruction ids, the functions that emit their IR, and an argument for families. Operands,
 * sizes and addresses come decoded; functions ask for values by operand number.
 *
 * Order inside an instruction: all that may fault (address checks, loads, the store) first, then
 * PUTs. An instruction whose store comes last puts registers after it.
 */
#include "core/ir/build.h"
#include "core/ir/build_vec.h"
#include "cpu/x86/x86_impl.h"

struct x86_tr {
    struct x86_cpu *c;
    struct ir_unit *u;
    struct x86_decoded d; /* the instruction being translated */
    uint32_t mode;        /* X86_MODE_* */
    int32_t at, next;     /* offsets of it and of the next one from the unit's first page */
    bool ended;           /* an operation that ends the block was emitted */
    ir_val_t rf_call;     /* the call that ends RF before the instruction; IR_NONE: there is none */
    ir_val_t sti_before;  /* RFLAGS before an STI whose shadow is open; IR_NONE: there is none */
    /* What set the flags last, as far as this block knows; -1: it does not. Values are good in the
     * block. */
    int cc; /* enum x86_cc + size */
    ir_val_t cc_r, cc_a, cc_x;
    ir_val_t cc_word; /* what the slot holds if more than `cc`: X86_CC_ROTATED, for sure if cc_rotated; else IR_NONE */
    bool cc_rotated;
    bool cc_of_before; /* nothing in the block has touched the flags yet */
    ir_val_t cc_left; /* first operand of ADD, SUB, their like: IR_NONE if it must be made again */
    /* Of 16 bytes in legacy SSE instructions: wanted but for MXCSR.MM; never (MOVUPS and its like);
     * always (MOVAPS); VEX and EVEX: of the whole operand (VMOVAPS). */
    enum { X86_ALIGN_USUAL, X86_ALIGN_NEVER, X86_ALIGN_ALWAYS, X86_ALIGN_WHOLE } align;
    /* Flag slots whose PUTs wait (x86_set_cc): bits by their distance from X86_SLOT_CC, and what they are to hold. */
    uint8_t waiting;
    bool may_wait; /* the instruction is X86_SEM_PLAIN */
    ir_val_t waits[4];
    /* The operand that x86_get_rmw loaded last (IR_NONE: none), and where it is. */
    ir_val_t rmw, rmw_base;
    int32_t rmw_disp;
    bool defer; /* X86_SEM_FP under X86_MODE_XM: results wait until it is known that nothing is
                   raised */
    uint8_t n_deferred;
    struct {
        uint16_t slot;
        ir_val_t v;
    } deferred[24];
};
typedef void x86_translate_fn(struct x86_tr *t, unsigned arg);

/* What the manual's exception classes check before anything else (translate.c does). */
enum {
    X86_SEM_X87 = 1,     /* EM or TS: #NM; a pending x87 error: #MF */
    X86_SEM_MMX = 2,     /* EM: #UD; TS: #NM; pending: #MF; TOP becomes 0, all registers valid */
    X86_SEM_SSE = 4,     /* EM or not OSFXSR: #UD; TS: #NM */
    X86_SEM_AVX = 8,     /* VEX: not X86_MODE_AVX: #UD; TS: #NM */
    X86_SEM_AVX512 = 16, /* EVEX, and VEX forms on opmasks */
    X86_SEM_CPL0 = 32,   /* #GP(0) unless CPL is 0 */
    X86_SEM_NO_V86 = 64, /* #UD in real and virtual-8086 mode */
    X86_SEM_FP =
        128, /* SIMD floating point: under X86_MODE_XM its PUTs wait for the check for #XM */
    X86_SEM_X87_QUIET = 256, /* with X87: does not look at pending errors (FNINIT, FNSTSW...) */
    X86_SEM_X87_OWN = 512,   /* with X87: x86_helper_x87_quick looks, if that is what executes it */
    /*
     * Nothing but accesses to its memory operand may fault or leave, they come before anything is written, and flags are
     * read and written by way of this file alone. NO_ACCESS: its memory operand is not accessed.
     */
    X86_SEM_PLAIN = 1024,
    X86_SEM_NO_ACCESS = 2048,
    X86_SEM_CHECKED = X86_SEM_PLAIN - 1, /* all that there may be something to check for */
};
struct x86_semantics {
    uint16_t id, flags;
    x86_translate_fn *fn;
    unsigned arg;
};
#define X86_ROWS_END                                                                               \
    {                                                                                              \
        .fn = NULL                                                                                 \
    }
/* A file's rows; each ends with X86_ROWS_END. */
extern const struct x86_semantics x86_integer_rows[], x86_shift_rows[], x86_move_rows[],
    x86_branch_rows[], x86_string_rows[], x86_bit_rows[], x86_system_rows[], x86_descriptor_rows[],
    x86_msr_rows[], x86_cache_rows[], x86_io_rows[], x86_kvm_rows[], x86_segment_rows[], x86_fast_call_rows[],
    x86_x87_rows[], x86_x87_control_rows[], x86_mmx_rows[], x86_sse_move_rows[], x86_sse_int_rows[],
    x86_sse_fp_rows[], x86_sse_convert_rows[], x86_sse_control_rows[], x86_crypto_rows[],
    x86_avx_rows[], x86_avx_fma_rows[], x86_gather_rows[], x86_string_compare_rows[],
    x86_avx512_mask_rows[], x86_avx512_int_rows[], x86_avx512_fp_rows[], x86_avx512_bf16_rows[],
    x86_avx512_ifma_rows[], x86_xsave_rows[];

/* X86_HELPER(name, IR_CALL_* flags): x86_helper_<name>; X86_VEC_HELPER(name, IR_NATIVE_*):
 * x86_vec_<name>. Sorted by file. */
enum {
#define X86_HELPER(name, flags) X86_HELPER_##name,
#include "cpu/x86/helpers.def"
#undef X86_HELPER
    X86_HELPER_COUNT
};
#define X86_STORE_FLAGS (IR_CALL_EXITS | IR_CALL_TIME)
#define X86_FAR_FLAGS (IR_CALL_EXITS | IR_CALL_READS | IR_CALL_WRITES | IR_CALL_TIME)
extern ir_helper_fn x86_quick_x87_store; /* ir_helper.quick */
extern ir_helper_fn x86_last_syscall, x86_last_sysret; /* ir_helper.last */
#define X86_HELPER(name, flags) ir_helper_fn x86_helper_##name;
#include "cpu/x86/helpers.def"
#undef X86_HELPER
enum {
#define X86_VEC_HELPER(name, native) X86_VEC_##name,
#include "cpu/x86/vec_helpers.def"
#undef X86_VEC_HELPER
#define VEC_NATIVE(name, native) X86_VEC_##name,
#include "core/exec/vec_native.def"
#undef VEC_NATIVE
    X86_VEC_COUNT
};
#define X86_VEC_HELPER(name, native) ir_vec_fn x86_vec_##name;
#include "cpu/x86/vec_helpers.def"
#undef X86_VEC_HELPER

/* ---- short forms ---- */
static inline ir_val_t x86_const(struct x86_tr *t, uint64_t v)
{
    return ir_const(t->u, IR_I64, v);
}
static inline bool x86_is64(const struct x86_tr *t)
{
    return (t->mode & X86_MODE_CODE) == X86_CODE64;
}
/* Before an instruction that waits: errors that are pending. */
void x86_x87_wait(struct x86_tr *t);
/* Every write of a slot: see x86_tr.defer. */
static inline void x86_put_slot(struct x86_tr *t, unsigned slot, ir_val_t v)
{
    if (LIKELY(!t->defer)) {
        ir_put(t->u, slot, v);
    } else {
        t->deferred[t->n_deferred].slot = (uint16_t)slot;
        t->deferred[t->n_deferred++].v = v;
    }
}
/* log2 of 1, 2, 4, 8 bytes. */
static inline unsigned x86_log2(unsigned bytes)
{
    return (unsigned)__builtin_ctz(bytes);
}

/* ---- operands (operand.c). Integers are i64, zero-extended from their size. ---- */
ir_val_t x86_get_reg(struct x86_tr *t, unsigned reg, unsigned bytes);
/* As x86_get, but of a register of 4 bytes the upper half is whatever it is: for flags, and operations on i32. */
ir_val_t x86_get_uncut(struct x86_tr *t, unsigned n);
/* Upper bits: cleared by 4 bytes, kept by 1 and 2 (REG8H: bits 15:8). */
void x86_put_reg(struct x86_tr *t, unsigned reg, unsigned bytes, ir_val_t v);
/* The value of operand `n`: register, immediate (cut to the operand's or the operation's size), or
 * memory (loads). */
ir_val_t x86_get(struct x86_tr *t, unsigned n);
/* Likewise of an operand that is written afterwards: memory must take stores, and faults as for
 * one. */
ir_val_t x86_get_rmw(struct x86_tr *t, unsigned n);
/* Write operand `n`. A memory operand is stored to: it comes before all PUTs. */
void x86_put(struct x86_tr *t, unsigned n, ir_val_t v);
bool x86_is_mem(const struct x86_tr *t, unsigned n);
/* Offset of the memory operand in its segment, cut to the address size (LEA). */
ir_val_t x86_offset(struct x86_tr *t);
/*
 * Linear address of the memory operand (+ disp) for an access of `bytes`, segment checks emitted.
 * x86_segment_address: of any offset. `write`: enum insn_mem.
 */
ir_val_t x86_address(struct x86_tr *t, unsigned bytes, unsigned write);
ir_val_t x86_segment_address(struct x86_tr *t, enum x86_seg seg, ir_val_t offset,
                             unsigned addr_size, unsigned bytes, unsigned write);
/* Of an integer access of `bytes`: with #AC, where that is switched on. */
uint16_t x86_memop(const struct x86_tr *t, unsigned bytes, unsigned flags);
/* Accesses at a linear address; #AC is seen to. bytes 1..8, zero-extended. */
ir_val_t x86_load(struct x86_tr *t, ir_val_t linear, unsigned bytes);
void x86_store(struct x86_tr *t, ir_val_t linear, unsigned bytes, ir_val_t v);
/* Read-modify-write of operand `n` under LOCK: old value. Register operands and no LOCK are the
 * caller's. */
ir_val_t x86_locked(struct x86_tr *t, unsigned n, enum ir_amo kind, ir_val_t v);
/* Stack, at the stack's address size; pop does not move RSP: x86_add_sp does, after what may fault.
 */
void x86_push(struct x86_tr *t, ir_val_t v, unsigned bytes); /* stores, then moves RSP */
ir_val_t x86_pop(struct x86_tr *t, unsigned bytes);          /* loads only */
void x86_add_sp(struct x86_tr *t, int64_t n);
/* Vectors: quarter `q` (128 bits) of operand n; memory operands load at + 16q. `bytes` < 16: zeros
 * above. */
ir_val_t x86_get_vec(struct x86_tr *t, unsigned n, unsigned q);
ir_val_t x86_get_vec_part(struct x86_tr *t, unsigned n, unsigned bytes);
/*
 * Aligned: #GP(0) unless the address is a multiple of the operand's size (VMOVAPS). Accesses of 16
 * bytes in legacy encodings see to it themselves, as t->align says.
 */
void x86_check_aligned(struct x86_tr *t, unsigned n);
void x86_put_vec(struct x86_tr *t, unsigned n, unsigned q, ir_val_t v128); /* register or memory */
/* op(a, b) at `bytes` width, zero-extended: both are zero-extended or have rubbish above that the
 * op does not mind. */
ir_val_t x86_op2(struct x86_tr *t, enum ir_op op, unsigned bytes, ir_val_t a, ir_val_t b);
ir_val_t x86_sext(struct x86_tr *t, ir_val_t v, unsigned bytes); /* to 64 bits */
/* Read-modify-write of memory operand `n` under LOCK, beyond what x86_locked does: its old value.
 * ADC is an ADD of both. */
enum x86_arith { X86_ARITH_NEG, X86_ARITH_ADD, X86_ARITH_SUB };
ir_val_t x86_locked_arith(struct x86_tr *t, unsigned n, enum x86_arith what, ir_val_t v);
/* After a VEX or EVEX write of d.vl bytes of register operand n: zeros above. Legacy encodings:
 * nothing. */
void x86_zero_upper(struct x86_tr *t, unsigned n);

/* ---- flags (flags_emit.c) ---- */
/* Record operation `cc` (without size) of `bytes`: PUTs the slots. `left` may be IR_NONE, as may a
 * and x. */
void x86_set_cc(struct x86_tr *t, enum x86_cc cc, unsigned bytes, ir_val_t r, ir_val_t a,
                ir_val_t x, ir_val_t left);
/*
 * PUTs that x86_set_cc left for later. Between instructions that are plain, flags that are written again are never looked at, so
 * what would write them is emitted when an instruction comes that may fault or leave.
 */
void x86_flush_cc(struct x86_tr *t);
void x86_set_flags_image(struct x86_tr *t, ir_val_t image); /* X86_ARITH bits as i64 */
void x86_set_rotated(struct x86_tr *t, ir_val_t top, ir_val_t count);
ir_val_t x86_flags_image(struct x86_tr *t);
ir_val_t x86_carry(struct x86_tr *t);                    /* CF as i64 0 or 1 */
ir_val_t x86_condition(struct x86_tr *t, unsigned cond); /* 0 O .. 15 NLE: i64 0 or 1 */
void x86_forget_cc(struct x86_tr *t);                    /* a helper wrote the flag slots */

/* ---- control flow (branch.c, translate.c) ---- */
/* To `target`, an offset from the unit's first page as the immediate says; cut to 16 bits where
 * op_size is 2. */
void x86_jump_rel(struct x86_tr *t, int64_t displacement);
void x86_jump_to(struct x86_tr *t, ir_val_t ip,
                 enum ir_link link);    /* near indirect: IP in CS; ends the block */
ir_val_t x86_next_ip(struct x86_tr *t); /* RIP of the next instruction, cut to the operand size */
/* A function over the whole state (helper), told the instruction's length; X86_LEAVES: the block
 * ends after it. */
#define X86_LEAVES 0x10000u
void x86_whole(struct x86_tr *t, unsigned helper);
/* Exceptions an instruction always raises; end the block. */
void x86_raises(struct x86_tr *t, enum x86_vector vector);
void x86_raises_error(struct x86_tr *t, enum x86_vector vector, uint32_t error);
/* Leave after this instruction: mode, mapping or interrupts may have changed. pc = next. */
void x86_leave(struct x86_tr *t, enum ir_exit why);
/* The block ends, and what follows is linked to it: for functions that kick the CPU if anything
 * changed. */
void x86_go_on(struct x86_tr *t);
/*
 * What an STI still has to do. Alone: the shadow is a mode and the block ends. Else the next instruction follows in the
 * block, which then ends: no interrupt can come between the two.
 */
void x86_end_sti(struct x86_tr *t, bool alone);
/* To the linear address `pc` that a helper returned after it changed mode or CS (far jumps, IRET)
 and
 * called x86_update_mode. */
void x86_leave_to(struct x86_tr *t, ir_val_t pc);

#endif
