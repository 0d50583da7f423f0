/* SPDX-License-Identifier: Apache-2.0 */
/* Into and out of the instruction under test; `before` and `after` are copied beside it, see program.c. */
        .syntax unified
        .arm
        .arch   armv8-a
        .fpu    neon-fp-armv8
        .section .note.GNU-stack, "", %progbits
        .text
        .global enter, before, before_end, after, after_end
enter:  push    {r4-r11, lr}
        ldr     r1, =0x40009000
        str     sp, [r1, #0x148]
        add     r2, r1, #0x48
        vldmia  r2!, {d0-d15}
        vldmia  r2, {d16-d31}
        ldr     r2, [r1, #0x44]
        vmsr    fpscr, r2
        ldr     r2, [r1, #0x40]
        msr     apsr_nzcvqg, r2
        ldr     r0, =0x40007f00
        bx      r0

/* At 0x40007f00: the registers, from 0x40009000, without touching flags. */
before: add     lr, pc, #0x1000
        add     lr, lr, #0xf8
        ldm     lr, {r0-r12, sp, lr}
        ldr     pc, 1f
1:      .word   0
before_end:

/* At 0x40008040: r0-r14 to 0x40008fc0, the rest to 0x40009000. */
after:  str     r0, [pc, #0xf78]
        add     r0, pc, #0xf80
        sub     r0, r0, #8
        stm     r0, {r1-r14}
        ldr     r1, =0x40009000
        mrs     r2, cpsr
        str     r2, [r1, #0x40]
        vmrs    r2, fpscr
        str     r2, [r1, #0x44]
        add     r2, r1, #0x48
        vstmia  r2!, {d0-d15}
        vstmia  r2, {d16-d31}
        mov     r2, #0
        vmsr    fpscr, r2
        ldr     sp, [r1, #0x148]
        pop     {r4-r11, pc}
        .ltorg
after_end:
