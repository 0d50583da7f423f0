/* SPDX-License-Identifier: Apache-2.0 */
/* controls.c: into EL1 and back, vectors of both. */
    .arch armv8-a

    .text
/* uint64_t run_el1(const uint32_t *code, uint64_t x5): code at EL1, which ends with HVC 0. */
    .globl run_el1
run_el1:
    stp x29, x30, [sp, #-96]!
    stp x27, x28, [sp, #16]
    stp x25, x26, [sp, #32]
    stp x23, x24, [sp, #48]
    stp x21, x22, [sp, #64]
    stp x19, x20, [sp, #80]
    dsb sy
    ic iallu
    dsb sy
    isb
    msr elr_el2, x0
    mov x2, #0x3c5
    msr spsr_el2, x2
    mov x5, x1
    isb
    eret
back:
    ldp x27, x28, [sp, #16]
    ldp x25, x26, [sp, #32]
    ldp x23, x24, [sp, #48]
    ldp x21, x22, [sp, #64]
    ldp x19, x20, [sp, #80]
    ldp x29, x30, [sp], #96
    ret

    .balign 2048
    .globl el2_vectors
el2_vectors:
    .rept 16
    b back
    .balign 128
    .endr

    .balign 2048
    .globl el1_vectors
el1_vectors:
    .rept 16
    hvc #1
    .balign 128
    .endr
