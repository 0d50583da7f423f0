/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every load and store of SIMD&FP registers, as `case_table` of memory.c: code, name, whether it leaves aligned addresses. x1 is the base, x2
 * an index or step; x3 a small negative number for extended offsets. Lists of registers go round from v31 to v0.
 */
    .arch armv8.4-a
    .macro form insn:vararg
    .section .text.stubs, "ax"
    .balign 8
8:  \insn
    ret
    .section .rodata.names, "a"
9:  .asciz "\insn"
    .section .rodata.cases, "a"
    .quad 8b, 9b, odd
    .endm
    .set odd, 0
    .macro unaligned insn:vararg /* even where x1 is aligned */
    .set odd, 1
    form \insn
    .set odd, 0
    .endm

    .section .rodata.cases, "a"
    .balign 8
    .globl case_table, case_table_end
case_table:

    .macro one r, shift, scale
    .irp op, ldr, str
    form \op \r\()5, [x1]
    form \op \r\()5, [x1, #(2 * \scale)]
    form \op \r\()5, [x1, #-16]
    form \op \r\()5, [x1], #7
    unaligned \op \r\()31, [x1, #-13]!
    form \op \r\()5, [x1, x2]
    form \op \r\()5, [x1, w3, sxtw]
    form \op \r\()5, [x1, w3, sxtw #\shift]
    form \op \r\()5, [x1, w4, uxtw #\shift]
    form \op \r\()5, [x1, x3, lsl #\shift]
    form \op \r\()5, [x1, x3, sxtx]
    .endr
    unaligned ldur \r\()6, [x1, #3]
    unaligned stur \r\()6, [x1, #-3]
    .endm
    one b, 0, 1
    one h, 1, 2
    one s, 2, 4
    one d, 3, 8
    one q, 4, 16

    .macro two r, scale
    .irp op, ldp, stp
    form \op \r\()7, \r\()9, [x1]
    form \op \r\()7, \r\()9, [x1, #-\scale]
    form \op \r\()7, \r\()9, [x1], #(2 * \scale)
    form \op \r\()7, \r\()9, [x1, #-(3 * \scale)]!
    .endr
    form ldnp \r\()7, \r\()9, [x1, #\scale]
    form stnp \r\()7, \r\()9, [x1, #\scale]
    .endm
    two s, 4
    two d, 8
    two q, 16

    .macro stepped op, list:vararg
    form \op \list, [x1]
    form \op \list, [x1], x2
    .endm

    .macro arrangement a, bytes
    .irp op, ld1, st1
    stepped \op, {v31.\a}
    stepped \op, {v31.\a, v0.\a}
    stepped \op, {v30.\a, v31.\a, v0.\a}
    stepped \op, {v30.\a, v31.\a, v0.\a, v1.\a}
    form \op {v30.\a}, [x1], #\bytes
    form \op {v30.\a, v31.\a}, [x1], #(2 * \bytes)
    form \op {v30.\a, v31.\a, v0.\a}, [x1], #(3 * \bytes)
    form \op {v30.\a, v31.\a, v0.\a, v1.\a}, [x1], #(4 * \bytes)
    .endr
    .endm
    .macro interleaved a, bytes
    stepped ld2, {v31.\a, v0.\a}
    stepped st2, {v31.\a, v0.\a}
    stepped ld3, {v31.\a, v0.\a, v1.\a}
    stepped st3, {v31.\a, v0.\a, v1.\a}
    stepped ld4, {v31.\a, v0.\a, v1.\a, v2.\a}
    stepped st4, {v31.\a, v0.\a, v1.\a, v2.\a}
    form ld2 {v31.\a, v0.\a}, [x1], #(2 * \bytes)
    form st2 {v31.\a, v0.\a}, [x1], #(2 * \bytes)
    form ld3 {v31.\a, v0.\a, v1.\a}, [x1], #(3 * \bytes)
    form st3 {v31.\a, v0.\a, v1.\a}, [x1], #(3 * \bytes)
    form ld4 {v31.\a, v0.\a, v1.\a, v2.\a}, [x1], #(4 * \bytes)
    form st4 {v31.\a, v0.\a, v1.\a, v2.\a}, [x1], #(4 * \bytes)
    .endm
    .macro replicated a, each
    stepped ld1r, {v31.\a}
    stepped ld2r, {v31.\a, v0.\a}
    stepped ld3r, {v31.\a, v0.\a, v1.\a}
    stepped ld4r, {v31.\a, v0.\a, v1.\a, v2.\a}
    form ld1r {v31.\a}, [x1], #\each
    form ld2r {v31.\a, v0.\a}, [x1], #(2 * \each)
    form ld3r {v31.\a, v0.\a, v1.\a}, [x1], #(3 * \each)
    form ld4r {v31.\a, v0.\a, v1.\a, v2.\a}, [x1], #(4 * \each)
    .endm
    .irp a, 8b, 4h, 2s, 1d
    arrangement \a, 8
    .endr
    .irp a, 16b, 8h, 4s, 2d
    arrangement \a, 16
    interleaved \a, 16
    .endr
    .irp a, 8b, 4h, 2s
    interleaved \a, 8
    .endr
    replicated 8b, 1
    replicated 16b, 1
    replicated 4h, 2
    replicated 8h, 2
    replicated 2s, 4
    replicated 4s, 4
    replicated 1d, 8
    replicated 2d, 8

    .macro lane_of l, e, each, i
    stepped \l\()1, {v31.\e}[\i]
    stepped \l\()2, {v31.\e, v0.\e}[\i]
    stepped \l\()3, {v31.\e, v0.\e, v1.\e}[\i]
    stepped \l\()4, {v31.\e, v0.\e, v1.\e, v2.\e}[\i]
    form \l\()1 {v31.\e}[\i], [x1], #\each
    form \l\()2 {v31.\e, v0.\e}[\i], [x1], #(2 * \each)
    form \l\()3 {v31.\e, v0.\e, v1.\e}[\i], [x1], #(3 * \each)
    form \l\()4 {v31.\e, v0.\e, v1.\e, v2.\e}[\i], [x1], #(4 * \each)
    .endm
    .macro lane e, each, i
    lane_of ld, \e, \each, \i
    lane_of st, \e, \each, \i
    .endm
    .irp i, 0, 1, 2, 5, 7, 8, 15
    lane b, 1, \i
    .endr
    .irp i, 0, 1, 3, 4, 7
    lane h, 2, \i
    .endr
    .irp i, 0, 1, 2, 3
    lane s, 4, \i
    .endr
    .irp i, 0, 1
    lane d, 8, \i
    .endr

    .section .text.stubs, "ax"
    .balign 16
constant:
    .quad 0x0123456789abcdef, 0xfedcba9876543210
    .text
    form ldr s5, constant
    form ldr d5, constant
    form ldr q5, constant
    .section .rodata.cases, "a"
case_table_end:

/* void run_case(struct state *, const void *code): v0 to v31, x1 to x4 in and out. */
    .text
    .globl run_case
run_case:
    stp x29, x30, [sp, #-32]!
    str x19, [sp, #16]
    mov x19, x0
    mov x9, x1
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    ldr q\n, [x19, #(16 * \n)]
    .endr
    ldr x1, [x19, #512]
    ldr x2, [x19, #520]
    ldr x3, [x19, #528]
    ldr x4, [x19, #536]
    blr x9
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    str q\n, [x19, #(16 * \n)]
    .endr
    str x1, [x19, #512]
    ldr x19, [sp, #16]
    ldp x29, x30, [sp], #32
    ret
