/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest without firmware for the `virt` board, at EL1: a line on the PL011, then power off by
 * PSCI. Runs where it is loaded, flash included.
 */
        .section .text
        .globl  _start
_start: mrs     x0, mpidr_el1
        tst     x0, #0xffff
        b.ne    3f
        adr     x0, text
        mov     x1, #0x09000000         /* UARTDR */
1:      ldrb    w2, [x0], #1
        cbz     w2, 2f
        strb    w2, [x1]
        b       1b
2:      mov     w0, #0x0008             /* SYSTEM_OFF, 0x84000008 */
        movk    w0, #0x8400, lsl #16
        hvc     #0
3:      wfi
        b       3b
text:   .asciz  "bare metal\n"
