/* SPDX-License-Identifier: Apache-2.0 */
/* A guest without firmware for the `virt` board: a line on the first 16550A, then S5 by the sleep register. */
        .section .text
        .globl  _start
_start: csrrd   $t0, 0x20               /* CPUID */
        bnez    $t0, 3f
        la.pcrel $t0, text
        lu12i.w $t1, 0x1fe00
        ori     $t1, $t1, 0x1e0         /* THR */
1:      ld.bu   $t2, $t0, 0
        addi.d  $t0, $t0, 1
        beqz    $t2, 2f
        st.b    $t2, $t1, 0
        b       1b
2:      lu12i.w $t1, 0x100e0
        ori     $t1, $t1, 0x1c          /* SLEEP_CONTROL: SLP_TYP 5, SLP_EN */
        ori     $t2, $zero, 0x34
        st.b    $t2, $t1, 0
3:      idle    0
        b       3b
        .balign 4
text:   .asciz  "bare metal\n"
