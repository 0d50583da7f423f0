/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every scalar floating-point instruction once, as `case_table` of float.c: code, name, operands. Sources are v0, v1,
 * v2 and x1; destinations v4 and x0.
 */
    .arch armv8.6-a+fp16+bf16
    .macro form kind, format, insn:vararg
    .section .text.stubs, "ax"
    .balign 8
8:  \insn
    ret
    .section .rodata.names, "a"
9:  .asciz "\insn"
    .section .rodata.cases, "a"
    .quad 8b, 9b, \kind, \format
    .endm

    .equ ONE, 1
    .equ TWO, 2
    .equ THREE, 3
    .equ INT, 4      /* x1 */
    .equ COND, 5     /* two operands, NZCV */
    .equ EXACT, 6    /* one, without FPCR.FZ */
    .equ H, 0
    .equ S, 1
    .equ D, 2

    .section .rodata.cases, "a"
    .balign 8
    .globl case_table, case_table_end
case_table:

    .macro integers f, r, g
    .irp op, fcvtns, fcvtnu, fcvtps, fcvtpu, fcvtms, fcvtmu, fcvtzs, fcvtzu, fcvtas, fcvtau
    form ONE, \f, \op \g\()0, \r\()0
    .endr
    .irp op, fcvtzs, fcvtzu
    form ONE, \f, \op \g\()0, \r\()0, #1
    form ONE, \f, \op \g\()0, \r\()0, #13
    form ONE, \f, \op \g\()0, \r\()0, #32
    .endr
    .irp op, scvtf, ucvtf
    form INT, \f, \op \r\()4, \g\()1
    form INT, \f, \op \r\()4, \g\()1, #1
    form INT, \f, \op \r\()4, \g\()1, #20
    form INT, \f, \op \r\()4, \g\()1, #32
    .endr
    .endm

    .macro precision f, r
    .irp op, fmov, fabs, fneg, fsqrt, frintn, frintp, frintm, frintz, frinta, frintx, frinti
    form ONE, \f, \op \r\()4, \r\()0
    .endr
    .irp op, fmul, fdiv, fadd, fsub, fmax, fmin, fmaxnm, fminnm, fnmul
    form TWO, \f, \op \r\()4, \r\()0, \r\()1
    .endr
    .irp op, fmadd, fmsub, fnmadd, fnmsub
    form THREE, \f, \op \r\()4, \r\()0, \r\()1, \r\()2
    .endr
    .irp op, fcmp, fcmpe
    form TWO, \f, \op \r\()0, \r\()1
    form ONE, \f, \op \r\()0, #0.0
    .endr
    .irp op, fccmp, fccmpe
    form COND, \f, \op \r\()0, \r\()1, #5, ne
    form COND, \f, \op \r\()0, \r\()1, #10, ge
    form COND, \f, \op \r\()0, \r\()1, #0, ls
    .endr
    form COND, \f, fcsel \r\()4, \r\()0, \r\()1, eq
    form COND, \f, fcsel \r\()4, \r\()0, \r\()1, gt
    form ONE, \f, fmov \r\()4, #-1.9375
    form ONE, \f, fmov \r\()4, #0.125
    form ONE, \f, fmov \r\()4, #31.0
    integers \f, \r, w
    integers \f, \r, x
    form ONE, \f, fcvtzs x0, \r\()0, #64
    form ONE, \f, fcvtzu x0, \r\()0, #64
    form INT, \f, scvtf \r\()4, x1, #64
    form INT, \f, ucvtf \r\()4, x1, #64
    .endm
    precision H, h
    precision S, s
    precision D, d
    .irp op, frint32z, frint32x, frint64z, frint64x
    form ONE, S, \op s4, s0
    form ONE, D, \op d4, d0
    .endr
    form ONE, H, fcvt s4, h0
    form ONE, H, fcvt d4, h0
    form ONE, S, fcvt h4, s0
    form ONE, S, fcvt d4, s0
    form ONE, D, fcvt h4, d0
    form ONE, D, fcvt s4, d0
    form ONE, S, bfcvt h4, s0
    form EXACT, D, fjcvtzs w0, d0 /* the peer takes a flushed denormal for an exact zero */
    form ONE, H, fmov w0, h0
    form ONE, H, fmov x0, h0
    form ONE, S, fmov w0, s0
    form ONE, D, fmov x0, d0
    form ONE, D, fmov x0, v0.d[1]
    form INT, H, fmov h4, w1
    form INT, H, fmov h4, x1
    form INT, S, fmov s4, w1
    form INT, D, fmov d4, x1
    form INT, D, fmov v4.d[1], x1
    .section .rodata.cases, "a"
case_table_end:

/* void run_case(struct state *, const void *code): operands in, results out. */
    .text
    .globl run_case
run_case:
    stp x29, x30, [sp, #-32]!
    str x19, [sp, #16]
    mov x19, x0
    ldp q0, q1, [x19]
    ldp q2, q4, [x19, #32]
    ldp x2, x3, [x19, #80]    /* fpcr, nzcv */
    msr fpcr, x2
    msr fpsr, xzr
    msr nzcv, x3
    mov x9, x1
    ldr x1, [x19, #72]
    ldr x0, [x19, #64]
    blr x9
    mrs x2, nzcv
    mrs x3, fpsr
    msr fpcr, xzr
    str q4, [x19, #48]
    str x0, [x19, #64]
    stp x2, x3, [x19, #96]
    ldr x19, [sp, #16]
    ldp x29, x30, [sp], #32
    ret
