/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Firmware of arm-virt,secure=on. At EL3: Secure RAM and the Secure UART answer; through a mapping
 * with NS=1 Secure RAM does not. Then Non-secure EL1 tries five Secure places (all must abort), DRAM and
 * flash bank 1. "S" on the Secure UART, "PASS" or "FAIL" on the other; off by the Secure GPIO.
 */
        .equ    SECRAM, 0x0e000000
        .equ    UART0, 0x09000000
        .equ    UART1, 0x09040000
        .equ    GPIO, 0x090b0000
        .equ    DRAM, 0x40100000
        .equ    TABLE, SECRAM + 0x10000

        .globl  start
        .text
start:  mrs     x0, CurrentEL
        cmp     x0, #3 << 2
        b.ne    fail
        adr     x0, vectors3
        msr     vbar_el3, x0
        mov     x20, #0                 // aborts so far
        ldr     x0, =SECRAM
        ldr     x1, =0x0123456789abcdef
        str     x1, [x0, #8]
        ldr     x2, [x0, #8]
        cmp     x1, x2
        b.ne    fail
        ldr     x0, =UART1
        mov     w1, #'S'
        str     w1, [x0]

        /* 1 GiB blocks, D8.3.1: device at 0, DRAM at 1 GiB, and at 2 GiB what is at 0 with NS=1 */
        ldr     x0, =TABLE
        ldr     x1, =0x0000000000000401
        str     x1, [x0]
        ldr     x1, =0x0000000040000725
        str     x1, [x0, #8]
        ldr     x1, =0x0000000000000421
        str     x1, [x0, #16]
        msr     ttbr0_el3, x0
        ldr     x1, =0xff00
        msr     mair_el3, x1
        ldr     x1, =0x80800000 | 25
        msr     tcr_el3, x1
        isb
        tlbi    alle3
        dsb     sy
        mrs     x1, sctlr_el3
        orr     x1, x1, #1
        msr     sctlr_el3, x1
        isb
        ldr     x0, =SECRAM
        ldr     x1, [x0, #8]            // NS=0
        cbnz    x20, fail
        ldr     x0, =0x80000000 + SECRAM
        ldr     x1, [x0, #8]            // NS=1: the first abort
        cmp     x20, #1
        b.ne    fail
        ldr     x0, =0x80000000 + SECRAM
        at      s1e3r, x0
        isb
        mrs     x0, par_el1
        tbz     x0, #9, fail            // PAR_EL1.NS
        mrs     x1, sctlr_el3
        bic     x1, x1, #1
        msr     sctlr_el3, x1
        isb

        /* The Non-secure part, in DRAM. */
        adr     x0, nonsecure
        adr     x1, nonsecure_end
        ldr     x2, =DRAM
1:      ldr     x3, [x0], #8
        str     x3, [x2], #8
        cmp     x0, x1
        b.lo    1b
        ic      iallu
        dsb     sy
        isb
        mov     x0, #0x31 | 1 << 10     // SCR_EL3: RES1, NS, RW
        msr     scr_el3, x0
        ldr     x0, =DRAM
        msr     elr_el3, x0
        mov     x0, #0x3c5              // EL1h, masked
        msr     spsr_el3, x0
        isb
        eret

fail:   adr     x3, failed
        b       say
pass:   adr     x3, passed
say:    ldr     x0, =UART0
1:      ldrb    w1, [x3], #1
        cbz     w1, 2f
        str     w1, [x0]
        b       1b
2:      ldr     x0, =GPIO
        mov     w1, #1
        str     w1, [x0, #0x400]        // GPIODIR: pin 0 is an output
        str     w1, [x0, #4]            // GPIODATA, by mask: high
        b       .
passed: .asciz  "PASS\n"
failed: .asciz  "FAIL\n"

        .balign 2048
vectors3:
        .rept   4                       // from EL3 with SP_EL0
        b       fail
        .balign 128
        .endr
        mrs     x21, elr_el3            // from EL3: step over what aborted
        add     x21, x21, #4
        msr     elr_el3, x21
        add     x20, x20, #1
        eret
        .balign 128
        .rept   3
        b       fail
        .balign 128
        .endr
        cmp     x20, #1 + 5             // from EL1: SMC
        b.ne    fail
        ldr     x1, =0x5ec0de
        cmp     x0, x1
        b.eq    pass
        b       fail
        .balign 128
        .rept   7
        b       fail
        .balign 128
        .endr
        .ltorg

        .balign 2048
nonsecure:
        adr     x0, vectors1
        msr     vbar_el1, x0
        isb
        adr     x19, places
1:      ldr     x0, [x19], #8
        cbz     x0, 2f
        cmp     x0, #4                  // stands for 0, flash bank 0
        csel    x0, xzr, x0, eq
        ldr     w1, [x0]
        b       1b
2:      ldr     x0, =SECRAM
        str     w1, [x0]                // the fifth
        ldr     x0, =0x04000000         // bank 1 answers
        ldr     w1, [x0]
        ldr     x0, =DRAM + 0x10000
        ldr     x1, =0x5ec0de
        str     x1, [x0]
        ldr     x0, [x0]
        smc     #0
        b       .
        .balign 8
places: .quad   SECRAM, UART1, GPIO, 4, 0
        .ltorg
        .balign 2048
vectors1:
        .rept   4
        b       .
        .balign 128
        .endr
        mrs     x21, elr_el1
        add     x21, x21, #4
        msr     elr_el1, x21
        add     x20, x20, #1
        eret
        .balign 128
        .rept   11
        b       .
        .balign 128
        .endr
        .balign 8
nonsecure_end:
