/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Start of a benchmark on riscv64 `virt` boards, entered in machine mode at 0x80000000:
 * opens PMP, builds an Sv39 identity map of gigapages, runs bench_main in supervisor mode
 * with translation on, as an operating system's code would run. An ecall goes to machine
 * mode, which adds 1 to a0 and returns: the syscall benchmark counts on it. With PRIVILEGED it is machine_riscv64.c's
 * that takes traps: page faults in supervisor mode, software interrupts in machine mode.
 */
    .section .text.start, "ax"
    .globl _start
_start:
    csrr    t0, mhartid
    bnez    t0, park
    la      sp, stack_top
#ifdef PRIVILEGED
    la      t0, machine_m_trap
    csrw    mtvec, t0
    li      t0, 1 << 12 | 1 << 13 | 1 << 15  /* page faults of fetches, loads, stores */
    csrw    medeleg, t0
    csrwi   mie, 8                  /* MSIE */
#else
    la      t0, machine_trap
    csrw    mtvec, t0
#endif
    li      t0, -1
    csrw    pmpaddr0, t0
    li      t0, 0x1f                /* NAPOT, RWX: everything */
    csrw    pmpcfg0, t0
    la      t0, page_table
    li      t1, 0xcf                /* D A X W R V, physical page 0 */
    li      t2, 512
1:  sd      t1, 0(t0)
    li      t3, 1 << 28             /* the next gigapage's PPN */
    add     t1, t1, t3
    addi    t0, t0, 8
    addi    t2, t2, -1
    bnez    t2, 1b
    la      t0, page_table
    srli    t0, t0, 12
    li      t1, 8 << 60             /* Sv39 */
    or      t0, t0, t1
    csrw    satp, t0
    sfence.vma
    li      t0, 3 << 11             /* MPP */
    csrc    mstatus, t0
    li      t0, (1 << 11) | (1 << 13)  /* MPP = S, FS = Initial */
    csrs    mstatus, t0
    la      t0, supervisor
    csrw    mepc, t0
    mret
supervisor:
    call    bench_main
    mv      s0, a0
    mv      a0, s0
    call    bench_exit
park:
    wfi
    j       park

    .balign 4
machine_trap:
    csrw    mscratch, t0
    csrr    t0, mepc
    addi    t0, t0, 4
    csrw    mepc, t0
    csrr    t0, mscratch
    addi    a0, a0, 1
    mret

    .section .bss
    .balign 4096
page_table:
    .space  4096
    .space  65536
stack_top:
