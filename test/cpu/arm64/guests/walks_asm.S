/* SPDX-License-Identifier: Apache-2.0 */
/* What EL1 runs in walks.c, and EL2's vectors. */
    .arch armv8-a

/* 64 KiB that stage 1 maps as they are: the accesses, then EL1's vectors at 0x800. */
    .section .text.stubs, "ax"
    .balign 65536
    .globl stub_page, stub_load, stub_store, stub_branch
stub_page:
stub_load:
    ldr x0, [x1]
    hvc #0
stub_store:
    str x0, [x1]
    hvc #0
stub_branch:
    br x1
    .org stub_page + 0x800
    .rept 16
    hvc #1
    .balign 128
    .endr
    .balign 65536

    .text
/* uint64_t run_el1(uint64_t pc, uint64_t x1): X0 of EL1 when it comes back to EL2. */
    .globl run_el1
run_el1:
    stp x29, x30, [sp, #-96]!
    stp x27, x28, [sp, #16]
    stp x25, x26, [sp, #32]
    stp x23, x24, [sp, #48]
    stp x21, x22, [sp, #64]
    stp x19, x20, [sp, #80]
    msr elr_el2, x0
    mov x2, #0x3c5
    msr spsr_el2, x2
    ldr x0, =0x5151515151515151
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

/* An exception at EL2: only AT's external aborts are meant. Noted, and the instruction skipped. */
own:
    stp x0, x1, [sp, #-16]!
    adrp x1, abort_esr
    add x1, x1, :lo12:abort_esr
    mrs x0, esr_el2
    str x0, [x1]
    adrp x1, abort_far
    add x1, x1, :lo12:abort_far
    mrs x0, far_el2
    str x0, [x1]
    mrs x0, elr_el2
    add x0, x0, #4
    msr elr_el2, x0
    ldp x0, x1, [sp], #16
    eret

    .balign 2048
    .globl el2_vectors
el2_vectors:
    .org el2_vectors + 0x200
    b own
    .org el2_vectors + 0x400
    b back
    .org el2_vectors + 0x600
    b back
    .org el2_vectors + 0x780
    b back

    .bss
    .balign 8
    .globl abort_esr, abort_far
abort_esr: .quad 0
abort_far: .quad 0
