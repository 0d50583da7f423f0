/* SPDX-License-Identifier: Apache-2.0 */
/* What vec_faults.c executes: one access each, x1 the base, x2 a step; and EL2's vectors. */
    .arch armv8.4-a
    .macro form kind, bytes, align, insn:vararg
    .section .text.stubs, "ax"
    .balign 8
8:  \insn
    ret
    .section .rodata.names, "a"
9:  .asciz "\insn"
    .section .rodata.cases, "a"
    .quad 8b, 9b, \kind, \bytes, \align
    .endm
    .equ LOAD, 0
    .equ STORE, 1

    .section .rodata.cases, "a"
    .balign 8
    .globl case_table, case_table_end
case_table:
    form LOAD, 2, 2, ldr h2, [x1], #2
    form LOAD, 4, 4, ldr s2, [x1, #0]!
    form LOAD, 8, 8, ldr d2, [x1], #8
    form LOAD, 16, 16, ldr q2, [x1], #16
    form STORE, 4, 4, str s2, [x1], #4
    form STORE, 16, 16, str q2, [x1], #16
    form LOAD, 8, 4, ldp s2, s3, [x1], #8
    form LOAD, 16, 8, ldp d2, d3, [x1], #16
    form LOAD, 32, 16, ldp q2, q3, [x1], #32
    form STORE, 16, 8, stp d2, d3, [x1], #16
    form STORE, 32, 16, stp q2, q3, [x1], #32
    form LOAD, 64, 1, ld1 {v1.16b-v4.16b}, [x1], #64
    form LOAD, 48, 4, ld1 {v1.4s-v3.4s}, [x1], x2
    form LOAD, 24, 1, ld1 {v1.8b-v3.8b}, [x1], x2
    form LOAD, 32, 2, ld2 {v1.8h-v2.8h}, [x1], x2
    form LOAD, 48, 2, ld3 {v1.8h-v3.8h}, [x1], x2
    form LOAD, 24, 1, ld3 {v1.8b-v3.8b}, [x1], #24
    form LOAD, 64, 8, ld4 {v1.2d-v4.2d}, [x1], x2
    form LOAD, 32, 4, ld4 {v1.2s-v4.2s}, [x1], x2
    form STORE, 64, 1, st1 {v1.16b-v4.16b}, [x1], #64
    form STORE, 32, 2, st2 {v1.8h-v2.8h}, [x1], x2
    form STORE, 48, 2, st3 {v1.8h-v3.8h}, [x1], x2
    form STORE, 64, 8, st4 {v1.2d-v4.2d}, [x1], x2
    form LOAD, 4, 1, ld4 {v1.b-v4.b}[3], [x1], #4
    form LOAD, 24, 8, ld3 {v1.d-v3.d}[1], [x1], x2
    form STORE, 16, 4, st4 {v1.s-v4.s}[3], [x1], #16
    form LOAD, 8, 8, ld1r {v1.2d}, [x1], #8
    form LOAD, 16, 4, ld4r {v1.4s-v4.4s}, [x1], x2
    .section .rodata.cases, "a"
case_table_end:

/*
 * bool run_case(struct state *, const void *code, bool fp_off): v0 to v7, x1, x2 in and out; true if it
 * raised, and then vectors are left to read_vectors.
 */
    .text
    .globl run_case
run_case:
    stp x29, x30, [sp, #-32]!
    stp x19, x20, [sp, #16]
    mov x19, x0
    mov x9, x1
    cbnz x2, 3f
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7
    ldr q\n, [x19, #(16 * \n)]
    .endr
3:  ldp x1, x2, [x19, #128]
    mov x20, #0
    adr x10, back
    blr x9
back:
    cbnz x20, 1f
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7
    str q\n, [x19, #(16 * \n)]
    .endr
1:  str x1, [x19, #128]
    mov x0, x20
    ldp x19, x20, [sp, #16]
    ldp x29, x30, [sp], #32
    ret

/* What run_case left in the registers. */
    .globl read_vectors
read_vectors:
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7
    str q\n, [x0, #(16 * \n)]
    .endr
    ret

/* Any exception of a case: ESR, FAR and ELR are kept, and run_case goes on at `back`. */
    .balign 2048
    .globl vectors
vectors:
    .rept 16
    b 2f
    .balign 128
    .endr
2:  adrp x11, exception
    add x11, x11, :lo12:exception
    mrs x12, esr_el2
    mrs x13, far_el2
    stp x12, x13, [x11]
    mrs x12, elr_el2
    str x12, [x11, #16]
    msr elr_el2, x10
    mov x20, #1
    eret
