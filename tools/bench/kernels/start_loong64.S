/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Start of a benchmark on loongarch64 `virt` boards, entered at PLV0 in direct-address mode: memory as it is through a
 * direct map window that PLV3 may use, FP and vectors on, bench_main at PLV3 with paging on. SYSCALL adds 1 to a0 and
 * returns: the syscall benchmark counts on it. bench_exit ends in S5 of the board's sleep register. With PRIVILEGED
 * bench_main runs at PLV0.
 */
    .section .text.start, "ax"
    .globl _start
_start:
    li.w    $t0, 0x19               /* DMW0: addresses from 0 on; PLV0, PLV3; coherent cached */
    csrwr   $t0, 0x180
    li.w    $t0, 0x7                /* EUEN: FPE, SXE, ASXE */
    csrwr   $t0, 0x2
    csrwr   $zero, 0x4              /* ECFG: no interrupts, VS 0: one entry */
    la.pcrel $t0, on_syscall
    csrwr   $t0, 0xc                /* EENTRY */
    li.w    $t0, 0xb0               /* CRMD: PG, DATF and DATM coherent cached */
    csrwr   $t0, 0x0
#ifdef PRIVILEGED
    csrwr   $zero, 0x1              /* PRMD: PLV0 */
#else
    li.w    $t0, 0x3                /* PRMD: PLV3 */
    csrwr   $t0, 0x1
#endif
    la.pcrel $t0, user
    csrwr   $t0, 0x6                /* ERA */
    ertn
user:
    la.pcrel $sp, stack_top
    bl      bench_main
    bl      bench_exit

    .balign 4096
on_syscall:
    csrwr   $t0, 0x30               /* SAVE0 */
    csrrd   $t0, 0x6
    addi.d  $t0, $t0, 4
    csrwr   $t0, 0x6
    csrrd   $t0, 0x30
    addi.d  $a0, $a0, 1
    ertn

    .section .bss
    .balign 4096
    .space  65536
stack_top:

    .section .note.GNU-stack, "", @progbits
