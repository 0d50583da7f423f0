/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_TEST_CPU_X86_X87_HOST_H
#define ORRERY_TEST_CPU_X86_X87_HOST_H
/*
 * x87 instructions on the host's own FPU. The whole state goes in and comes out in FNSAVE's 32-bit form, and
 * FNSAVE does not wait: unmasked exceptions are left pending in it and never raised.
 */
#include <stdint.h>

#define X87_MEM 12            /* bytes of a memory operand that are watched */

struct x87_image {
    uint32_t fcw, fsw, ftw, fip, fcs_fop, fdp, fds;
    uint8_t st[8][10];
};
struct x87_trial {
    struct x87_image image;
    uint8_t mem[16];
    uint64_t flags;           /* arithmetic flags of RFLAGS */
};

/*
 * X(name, assembler text, operation and its bits, C0 C1 C2 C3 and tags defined, kind)
 * Stores name their format as the source. Integer and BCD operands likewise. SAME: equal bit for bit; NEAR: results within
 * one unit in the last place, PE and C1 aside.
 */
#define FORM(format) ((uint64_t)(format) << X87_SOURCE_SHIFT)
#define STI(i) ((uint64_t)(i) << X87_I_SHIFT)
#define M "%[mem]"
#define ST2 "%%st(2)"
/* `to_i`: FSUB and FDIV to ST(i) have each other's reverse's name in AT&T's syntax. */
#define X87_ARITH(X, name, to_i, op)                                                                     \
    X(name##_st_2, "f" #name " " ST2 ", %%st", (op) | STI(2), SAME)                                \
    X(name##_3_st, "f" #to_i " %%st, %%st(3)", (op) | STI(3) | X87_TO_I, SAME)                     \
    X(name##p_1, "f" #to_i "p %%st, %%st(1)", (op) | STI(1) | X87_TO_I | X87_POP, SAME)            \
    X(name##_f32, "f" #name "s " M, (op) | FORM(X87_F32), SAME)                                    \
    X(name##_f64, "f" #name "l " M, (op) | FORM(X87_F64), SAME)                                    \
    X(name##_i16, "fi" #name "s " M, (op) | FORM(X87_I16), SAME)                                   \
    X(name##_i32, "fi" #name "l " M, (op) | FORM(X87_I32), SAME)
#define X87_COMPARE(X)                                                                             \
    X(com_2, "fcom " ST2, X87_COM | STI(2), SAME)                                                  \
    X(comp_1, "fcomp %%st(1)", X87_COM | STI(1) | X87_POP, SAME)                                   \
    X(compp, "fcompp", X87_COM | STI(1) | X87_POP2, SAME)                                          \
    X(com_f32, "fcoms " M, X87_COM | FORM(X87_F32), SAME)                                          \
    X(comp_f64, "fcompl " M, X87_COM | FORM(X87_F64) | X87_POP, SAME)                              \
    X(com_i16, "ficoms " M, X87_COM | FORM(X87_I16), SAME)                                         \
    X(comp_i32, "ficompl " M, X87_COM | FORM(X87_I32) | X87_POP, SAME)                             \
    X(ucom_1, "fucom %%st(1)", X87_UCOM | STI(1), SAME)                                            \
    X(ucomp_2, "fucomp " ST2, X87_UCOM | STI(2) | X87_POP, SAME)                                   \
    X(ucompp, "fucompp", X87_UCOM | STI(1) | X87_POP2, SAME)                                       \
    X(comi_1, "fcomi %%st(1), %%st", X87_COMI | STI(1), SAME)                                      \
    X(comip_2, "fcomip " ST2 ", %%st", X87_COMI | STI(2) | X87_POP, SAME)                          \
    X(ucomi_1, "fucomi %%st(1), %%st", X87_UCOMI | STI(1), SAME)                                   \
    X(ucomip_2, "fucomip " ST2 ", %%st", X87_UCOMI | STI(2) | X87_POP, SAME)                       \
    X(tst, "ftst", X87_TST, SAME)                                                                  \
    X(xam, "fxam", X87_XAM, SAME)
#define X87_LOADS(X)                                                                               \
    X(ld_f32, "flds " M, X87_LOAD | FORM(X87_F32), SAME)                                           \
    X(ld_f64, "fldl " M, X87_LOAD | FORM(X87_F64), SAME)                                           \
    X(ld_f80, "fldt " M, X87_LOAD | FORM(X87_F80), SAME)                                           \
    X(ld_i16, "filds " M, X87_LOAD | FORM(X87_I16), SAME)                                          \
    X(ld_i32, "fildl " M, X87_LOAD | FORM(X87_I32), SAME)                                          \
    X(ld_i64, "fildll " M, X87_LOAD | FORM(X87_I64), SAME)                                         \
    X(ld_bcd, "fbld " M, X87_LOAD | FORM(X87_BCD), SAME)                                           \
    X(ld_2, "fld " ST2, X87_LOAD | STI(2), SAME)                                                   \
    X(ld1, "fld1", X87_LD1, SAME)                                                                  \
    X(ldz, "fldz", X87_LDZ, SAME)                                                                  \
    X(ldl2t, "fldl2t", X87_LDL2T, SAME)                                                            \
    X(ldl2e, "fldl2e", X87_LDL2E, SAME)                                                            \
    X(ldpi, "fldpi", X87_LDPI, SAME)                                                               \
    X(ldlg2, "fldlg2", X87_LDLG2, SAME)                                                            \
    X(ldln2, "fldln2", X87_LDLN2, SAME)
#define X87_STORES(X)                                                                              \
    X(st_f32, "fsts " M, X87_STORE | FORM(X87_F32), SAME)                                          \
    X(stp_f32, "fstps " M, X87_STORE | FORM(X87_F32) | X87_POP, SAME)                              \
    X(st_f64, "fstl " M, X87_STORE | FORM(X87_F64), SAME)                                          \
    X(stp_f64, "fstpl " M, X87_STORE | FORM(X87_F64) | X87_POP, SAME)                              \
    X(stp_f80, "fstpt " M, X87_STORE | FORM(X87_F80) | X87_POP, SAME)                              \
    X(st_i16, "fists " M, X87_STORE | FORM(X87_I16), SAME)                                         \
    X(stp_i16, "fistps " M, X87_STORE | FORM(X87_I16) | X87_POP, SAME)                             \
    X(st_i32, "fistl " M, X87_STORE | FORM(X87_I32), SAME)                                         \
    X(stp_i64, "fistpll " M, X87_STORE | FORM(X87_I64) | X87_POP, SAME)                            \
    X(sttp_i16, "fisttps " M, X87_STORE_CHOPPED | FORM(X87_I16) | X87_POP, SAME)                   \
    X(sttp_i32, "fisttpl " M, X87_STORE_CHOPPED | FORM(X87_I32) | X87_POP, SAME)                   \
    X(sttp_i64, "fisttpll " M, X87_STORE_CHOPPED | FORM(X87_I64) | X87_POP, SAME)                  \
    X(stp_bcd, "fbstp " M, X87_STORE | FORM(X87_BCD) | X87_POP, SAME)                              \
    X(st_5, "fst %%st(5)", X87_COPY | STI(5), SAME)                                                \
    X(stp_1, "fstp %%st(1)", X87_COPY | STI(1) | X87_POP, SAME)
#define X87_OTHERS(X)                                                                              \
    X(chs, "fchs", X87_CHS, SAME)                                                                  \
    X(abs, "fabs", X87_ABS, SAME)                                                                  \
    X(sqrt, "fsqrt", X87_SQRT, SAME)                                                               \
    X(rndint, "frndint", X87_RNDINT, SAME)                                                         \
    X(xtract, "fxtract", X87_XTRACT, SAME)                                                         \
    X(prem, "fprem", X87_PREM, SAME)                                                               \
    X(prem1, "fprem1", X87_PREM1, SAME)                                                            \
    X(scale, "fscale", X87_SCALE, SAME)                                                            \
    X(xch_2, "fxch " ST2, X87_XCH | STI(2), SAME)                                                  \
    X(cmovb, "fcmovb " ST2 ", %%st", X87_CMOV | STI(2), SAME)                                      \
    X(free_2, "ffree " ST2, X87_FREE | STI(2), SAME)                                               \
    X(freep_1, ".byte 0xdf, 0xc1", X87_FREE | STI(1) | X87_POP, SAME)                              \
    X(incstp, "fincstp", X87_INCSTP, SAME)                                                         \
    X(decstp, "fdecstp", X87_DECSTP, SAME)                                                         \
    X(nop, "fnop", X87_NOP, SAME)
#define X87_FUNCTIONS(X)                                                                           \
    X(2xm1, "f2xm1", X87_2XM1, NEAR)                                                               \
    X(yl2x, "fyl2x", X87_YL2X, NEAR)                                                               \
    X(yl2xp1, "fyl2xp1", X87_YL2XP1, NEAR)                                                         \
    X(patan, "fpatan", X87_PATAN, NEAR)                                                            \
    X(ptan, "fptan", X87_PTAN, NEAR)                                                               \
    X(sin, "fsin", X87_SIN, NEAR)                                                                  \
    X(cos, "fcos", X87_COS, NEAR)                                                                  \
    X(sincos, "fsincos", X87_SINCOS, NEAR)
#define X87_CASES(X)                                                                               \
    X87_ARITH(X, add, add, X87_ADD) X87_ARITH(X, mul, mul, X87_MUL) X87_ARITH(X, div, divr, X87_DIV)               \
    X87_ARITH(X, divr, div, X87_DIVR) X87_ARITH(X, sub, subr, X87_SUB) X87_ARITH(X, subr, sub, X87_SUBR)           \
    X87_COMPARE(X) X87_LOADS(X) X87_STORES(X) X87_OTHERS(X) X87_FUNCTIONS(X)

#endif
