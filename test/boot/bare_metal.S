/* SPDX-License-Identifier: Apache-2.0 */
/* A guest without firmware for the `virt` board: a line on the 16550A, then power off. */
        .option norvc
        .section .text
        .globl  _start
_start: csrr    t0, mhartid
        bnez    t0, 3f
        la      a0, text
        li      a1, 0x10000000          /* the UART's transmitter holding register */
1:      lbu     a2, 0(a0)
        beqz    a2, 2f
        sb      a2, 0(a1)
        addi    a0, a0, 1
        j       1b
2:      li      a1, 0x100000            /* sifive_test: 0x5555 is a pass */
        li      a2, 0x5555
        sw      a2, 0(a1)
3:      wfi
        j       3b
text:   .asciz  "bare metal\n"
