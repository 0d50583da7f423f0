/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CPU_X86_X87_OP_H
#define ORRERY_CPU_X86_X87_OP_H
/*
 * x87 instructions as translated code hands them to the functions that execute them: one word says
 * all.
 *
 *   7:0 operation   8 pop   9 pop twice   10 the destination is ST(i)   13:11 i   17:14 enum
 * x87_source 20:18 segment of the memory operand   31:21 FOP   63:48 upper two bytes of a source of
 * ten
 */
#include "cpu/x86/x87.h"

enum x87_source { X87_FROM_ST, X87_F32, X87_F64, X87_F80, X87_I16, X87_I32, X87_I64, X87_BCD };

enum x87_op {
    X87_NOP,
    X87_ADD,
    X87_MUL,
    X87_SUB,
    X87_SUBR,
    X87_DIV,
    X87_DIVR,
    X87_COM,
    X87_UCOM,
    X87_COMI,
    X87_UCOMI,
    X87_TST,
    X87_XAM,
    X87_LOAD,
    X87_LD1,
    X87_LDZ,
    X87_LDL2T,
    X87_LDL2E,
    X87_LDPI,
    X87_LDLG2,
    X87_LDLN2,
    X87_CHS,
    X87_ABS,
    X87_SQRT,
    X87_RNDINT,
    X87_2XM1,
    X87_SIN,
    X87_COS,
    X87_XTRACT,
    X87_SINCOS,
    X87_PTAN,
    X87_PREM,
    X87_PREM1,
    X87_SCALE,
    X87_YL2X,
    X87_YL2XP1,
    X87_PATAN,
    X87_XCH,
    X87_COPY,
    X87_COPY_ANY,
    X87_CMOV,
    X87_FREE,
    X87_INCSTP,
    X87_DECSTP,
    X87_STORE,         /* source: the format in memory */
    X87_STORE_CHOPPED, /* FISTTP */
    X87_OPS
};
enum {
    X87_POP = 1u << 8,
    X87_POP2 = 1u << 9,
    X87_TO_I = 1u << 10,
    X87_I_SHIFT = 11,
    X87_SOURCE_SHIFT = 14,
    X87_SEG_SHIFT = 18,
    X87_FOP_SHIFT = 21,
    X87_HIGH_SHIFT = 48,
};

/*
 * Execute anything but a store. `value`: the memory operand, zero-extended; of COMI and UCOMI the
 * arithmetic flags, of CMOV the condition. The result is COMI's flags.
 */
uint64_t x87_execute(struct x86_cpu *c, uint64_t how, uint64_t value);

/*
 * What a store puts into memory: bytes (0: an unmasked exception forbids it), low 8 in *low, the
 * rest in *high. Nothing changes until x87_stored() commits flags and pops.
 */
struct x87_store {
    uint64_t low;
    uint16_t high;
    unsigned bytes;
    struct fp80_env e;
    bool underflow;
};
struct x87_store x87_prepare_store(const struct x86_cpu *c, uint64_t how);
/* The same two by nothing but fp80's integers: what is left to the host mostly (x87_host.c) must come out like this. */
uint64_t x87_soft_execute(struct x86_cpu *c, uint64_t how, uint64_t value);
struct x87_store x87_soft_store(const struct x86_cpu *c, uint64_t how);
/* False: not done, and nothing changed. */
bool x87_host_execute(struct x86_cpu *c, uint64_t how, uint64_t value, uint64_t *result);
bool x87_host_store(const struct x86_cpu *c, uint64_t how, struct x87_store *s);
void x87_stored(struct x86_cpu *c, uint64_t how, const struct x87_store *s);

#endif
