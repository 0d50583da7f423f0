/* SPDX-License-Identifier: Apache-2.0 */
/* M, S and U: trap entry and return, delegation, what is illegal below M, WFI, interrupts. */
#include "guest.h"
/* Continue in mode `mpp` (0, 1) at label `where`. */
#define DROP(mpp, where)                                                                           \
    li t0, 0x1800; csrc mstatus, t0; li t0, (mpp) << 11; csrs mstatus, t0; lla t0, where;           \
    csrw mepc, t0; mret
/* The next trap to M must have this cause, then execution goes on here in M. */
#define ARRIVE(label, cause)                                                                       \
    .balign 4; label: csrr t1, mcause; EXPECT(t1, cause)
GUEST_BEGIN
    /* all of memory for S and U */
    li t0, -1
    csrw pmpaddr0, t0
    li t0, 0x1f
    csrw pmpcfg0, t0
    /* ecall from each mode */
    TRAPS(11, ecall)
    lla t0, from_u
    csrw mtvec, t0
    DROP(0, 1f)
1:  ecall
    j guest_fail
    ARRIVE(from_u, 8)
    csrr t1, mstatus
    srli t1, t1, 11
    andi t1, t1, 3
    EXPECT(t1, 0)
    csrr t1, mepc
    lla t2, 1b
    sub t1, t1, t2
    EXPECT(t1, 0)
    lla t0, from_s
    csrw mtvec, t0
    DROP(1, 1f)
1:  csrw sscratch, sp
    ecall
    ARRIVE(from_s, 9)
    csrr t1, mstatus
    srli t1, t1, 11
    andi t1, t1, 3
    EXPECT(t1, 1)
    /* U may not touch S or M registers, nor sret, mret, sfence.vma, wfi */
#define ILLEGAL_IN(mode, label, ...)                                                               \
    lla t0, label; csrw mtvec, t0; DROP(mode, 1f); 1: __VA_ARGS__; j guest_fail; ARRIVE(label, 2)
    ILLEGAL_IN(0, u0, csrr a0, sscratch)
    ILLEGAL_IN(0, u1, csrr a0, mscratch)
    ILLEGAL_IN(0, u2, sret)
    ILLEGAL_IN(0, u3, mret)
    ILLEGAL_IN(0, u4, sfence.vma)
    ILLEGAL_IN(0, u5, wfi)
    ILLEGAL_IN(0, u6, rdcycle a0)
    ILLEGAL_IN(1, s0, csrr a0, mstatus)
    csrr a0, mtval                      /* the instruction: csrrs a0, mstatus, x0 */
    EXPECT(a0, 0x30002573)
    ILLEGAL_IN(1, s1, mret)
    ILLEGAL_IN(1, s2, rdcycle a0)
    ILLEGAL_IN(1, s3, csrw 0xc00, x0)
    li t0, 1 << 22                      /* TSR, TW, TVM */
    csrs mstatus, t0
    ILLEGAL_IN(1, s4, sret)
    li t0, 1 << 21
    csrs mstatus, t0
    ILLEGAL_IN(1, s5, wfi)
    li t0, 1 << 20
    csrs mstatus, t0
    ILLEGAL_IN(1, s6, sfence.vma)
    ILLEGAL_IN(1, s7, csrr a0, satp)
    li t0, 7 << 20
    csrc mstatus, t0
    /* unknown CSRs and encodings trap in M as well; reads of read-only ones do not */
    TRAPS(2, csrr a0, 0x7c0)
    TRAPS(2, csrw 0xf14, x0)
    TRAPS(2, .word 0)
    TRAPS(2, .word 0xffffffff)
    csrr a0, 0xf14
    EXPECT(a0, 0)
    csrrs a0, 0xf14, x0
    /* ebreak: mepc is its own address */
    TRAPS(3, ebreak)
    /* delegation: ecall from U to S, and back with sret */
    li t0, 1 << 8
    csrw medeleg, t0
    lla t0, s_handler
    csrw stvec, t0
    lla t0, back_in_m
    csrw mtvec, t0
    DROP(0, 1f)
1:  ecall
    li a7, 77
2:  ecall
    j guest_fail
    .balign 4
s_handler:
    csrr t1, scause
    EXPECT(t1, 8)
    csrr t1, sstatus
    srli t1, t1, 8
    andi t1, t1, 1
    EXPECT(t1, 0)
    li t2, 77
    beq a7, t2, 3f
    csrr t1, sepc
    addi t1, t1, 4
    csrw sepc, t1
    sret
3:  ecall                               /* from S: not delegated */
    ARRIVE(back_in_m, 9)
    /* vectored software interrupts: SSIP taken in M (not delegated), vector 1 */
    csrw medeleg, x0
    lla t0, vectors
    addi t0, t0, 1
    csrw mtvec, t0
    csrwi mie, 2
    li s2, 0
    csrsi mip, 2
    csrsi mstatus, 8                    /* MIE: taken at once */
    nop
    EXPECT(s2, 1)
    csrci mstatus, 8
    /* WFI ends on a pending enabled interrupt although MIE is off */
    csrsi mip, 2
    wfi
    csrci mip, 2
    /* delegated and SIE off in S: not taken; in U: taken */
    csrwi mideleg, 2
    lla t0, s_interrupt
    csrw stvec, t0
    lla t0, from_s2
    csrw mtvec, t0
    csrsi mip, 2
    DROP(1, 1f)
1:  nop
    csrci sip, 2
    csrr a0, sip
    EXPECT(a0, 0)
    csrsi sip, 2
    lla t0, 1f
    csrw sepc, t0
    li t0, 0x100
    csrc sstatus, t0
    sret                                /* to U: the interrupt comes before this instruction */
1:  j guest_fail
    .balign 4
s_interrupt:
    csrr a0, scause
    EXPECT(a0, 0x8000000000000001)
    csrci sip, 2
    ecall
    ARRIVE(from_s2, 9)
    /* counters: two reads differ by what lies between */
    csrr a0, minstret
    nop
    nop
    csrr a1, minstret
    sub a1, a1, a0
    EXPECT(a1, 3)
    li a0, 1000
    csrw minstret, a0
    csrr a1, minstret
    EXPECT(a1, 1000)
    csrwi mcountinhibit, 4
    csrr a0, minstret
    nop
    csrr a1, minstret
    sub a1, a1, a0
    EXPECT(a1, 0)
    csrwi mcountinhibit, 0
GUEST_END
.text
.balign 64
vectors:
    j guest_wrong
    j 1f
    .rept 14
    j guest_wrong
    .endr
1:  addi s2, s2, 1
    csrr t1, mcause
    EXPECT(t1, 0x8000000000000001)
    csrci mip, 2
    mret
guest_wrong: j guest_fail
