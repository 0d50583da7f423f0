/* SPDX-License-Identifier: Apache-2.0 */
/* PMP, debug triggers, Sstc, code that changes itself, counters with overflow. */
#include "guest.h"
#define AS_S    li t0, 0x1800; csrc mstatus, t0; li t0, 0x20800; csrs mstatus, t0
#define AS_M    li t0, 0x20000; csrc mstatus, t0
#define FAULT(cause, ...)                                                                          \
    AS_S; TRAPS(cause, __VA_ARGS__); AS_M; csrr a0, mtval; sub a0, a0, s0; EXPECT(a0, 0)
#define WORKS(want, ...)                                                                           \
    AS_S; __VA_ARGS__; AS_M; EXPECT(a2, want)
/* run `...` in U; the trap that ends it */
#define IN_U(label, want, ...)                                                                     \
    li t0, 0x1800; csrc mstatus, t0; lla t0, label; csrw mtvec, t0; lla t0, 1f; csrw mepc, t0;     \
    mret; 1: __VA_ARGS__; ecall; .balign 4; label: csrr t1, mcause; EXPECT(t1, want)
GUEST_BEGIN
    lla s0, cell
    /* PMP: S has nothing while no entry matches; M everything */
    FAULT(5, ld a2 , 0(s0))
    ld a2, 0(s0)
    EXPECT(a2, 0x5a5a)
    /* entry 0: NAPOT of 8 bytes at cell, read; entry 1: all, r-x */
    srli t0, s0, 2
    csrw pmpaddr0, t0
    li t0, -1
    csrw pmpaddr1, t0
    li t0, 0x1d19
    csrw pmpcfg0, t0
    WORKS(0x5a5a, ld a2 , 0(s0))
    FAULT(7, sd a2 , 0(s0))
    addi s0, s0, 8
    FAULT(7, sd a2 , 0(s0))
    WORKS(0x1111, ld a2 , 0(s0))
    addi s0, s0, -8
    /* an access that only partly matches an entry fails whatever its rights */
    lla s0, cell
    addi s0, s0, 4
    FAULT(5, ld a2 , 0(s0))
    lla s0, cell
    /* TOR between pmpaddr1 and pmpaddr2 in the same page */
    li t0, 0
    csrw pmpcfg0, t0
    addi t1, s0, 16
    srli t1, t1, 2
    csrw pmpaddr0, t1
    addi t1, s0, 32
    srli t1, t1, 2
    csrw pmpaddr1, t1
    li t0, -1
    csrw pmpaddr2, t0
    li t0, 0x1f0900                     /* 1: TOR, r only; 2: all, rwx */
    csrw pmpcfg0, t0
    addi s0, s0, 24
    FAULT(7, sd a2 , 0(s0))
    WORKS(0x3333, ld a2 , 0(s0))
    addi s0, s0, 8
    li a2, 0x77
    WORKS(0x77, sd a2 , 0(s0))
    /* a locked entry binds M as well */
    lla s0, cell
    li t0, 0x9b000000                   /* 3: NAPOT, locked, rw- without x: cell + 64.. */
    addi t1, s0, 64
    srli t1, t1, 2
    csrw pmpaddr3, t1
    li t1, 0x1f0900
    csrw pmpcfg0, x0
    li t0, 0x99                         /* entry 0 as locked NAPOT, r-- */
    addi t1, s0, 64
    srli t1, t1, 2
    csrw pmpaddr0, t1
    csrw pmpcfg0, t0
    addi s1, s0, 64
    ld a2, 0(s1)
    EXPECT(a2, 0)
    TRAPS(7, sd a2 , 0(s1))
    /* let U in again: entry 1 */
    li t0, -1
    csrw pmpaddr1, t0
    li t0, 0x1f99
    csrw pmpcfg0, t0
    /* triggers, from U: execute at `spot`, load and store at cell; hit bit and tval */
    lla s2, spot
    csrwi tselect, 0
    csrw tdata2, s2
    li t0, 6 << 60 | 1 << 3 | 1 << 2
    csrw tdata1, t0
    IN_U(t0_, 3, j spot)
    csrr a0, mtval
    sub a0, a0, s2
    EXPECT(a0, 0)
    csrr a0, mepc
    sub a0, a0, s2
    EXPECT(a0, 0)
    csrr a0, tdata1
    EXPECT(a0, 6 << 60 | 1 << 22 | 1 << 3 | 1 << 2)
    csrw tdata1, x0
    IN_U(t1_, 8, j spot)
    csrwi tselect, 1
    csrw tdata2, s0
    li t0, 6 << 60 | 1 << 3 | 1 << 1    /* stores */
    csrw tdata1, t0
    IN_U(t2_, 8, ld a2 , 0(s0))
    IN_U(t3_, 3, sd a2 , 0(s0))
    IN_U(t4_, 3, sb a2 , 0(s0))
    IN_U(t5_, 8, sd a2 , 8(s0))
    li t0, 6 << 60 | 1 << 3 | 1 << 0 | 2 << 16  /* loads of 16 bits */
    csrw tdata1, t0
    IN_U(t6_, 8, ld a2 , 0(s0))
    IN_U(t7_, 3, lh a2 , 0(s0))
    csrw tdata1, x0
    csrr a0, tdata1
    srli a0, a0, 60
    EXPECT(a0, 15)
    /* Sstc: STIP follows time >= stimecmp; WFI sleeps until then */
    li t0, 1 << 63
    csrs 0x30a, t0
    li t0, 2
    csrw mcounteren, t0
    rdtime s3
    addi s3, s3, 200
    csrw 0x14d, s3
    csrr a0, mip
    EXPECT(a0, 0)
    li t0, 1 << 5
    csrw mie, t0
1:  wfi
    csrr a0, mip
    beqz a0, 1b
    EXPECT(a0, 1 << 5)
    rdtime a0
    sltu a0, a0, s3
    EXPECT(a0, 0)
    li t0, -1
    csrw 0x14d, t0
    csrr a0, mip
    EXPECT(a0, 0)
    csrw mie, x0
    /* code that changes itself, visible behind fence.i: li a2, 1 -> li a2, 2 */
    li s4, 3
2:  lla t0, patch
    lw t1, 0(t0)
    li t2, 1 << 20
    add t1, t1, t2
    sw t1, 0(t0)
    fence.i
patch:
    li a2, 1
    addi s4, s4, -1
    bnez s4, 2b
    EXPECT(a2, 4)
    /* Sscofpmf: mhpmcounter3 counts instructions in M, overflows, pends LCOFI once */
    li t0, -100
    csrw mhpmcounter3, t0
    li t0, 2
    csrw mhpmevent3, t0
    li t0, 3000
3:  addi t0, t0, -1
    bnez t0, 3b
    csrr a0, mhpmcounter3
    sltiu a1, a0, 1
    EXPECT(a1, 0)
    csrr a0, mhpmevent3
    srai a0, a0, 63
    EXPECT(a0, -1)
    csrr a0, mip
    li a1, 1 << 13
    and a0, a0, a1
    EXPECT(a0, 1 << 13)
    csrr a0, 0xda0
    EXPECT(a0, 8)
    /* MINH: counts below M only */
    li t0, 1 << 62 | 2
    csrw mhpmevent4, t0
    csrw mhpmcounter4, x0
    nop
    csrr a0, mhpmcounter4
    EXPECT(a0, 0)
    IN_U(t8_, 8, nop; nop; nop)
    csrr a0, mhpmcounter4
    sltiu a1, a0, 3
    EXPECT(a1, 0)
    sltiu a1, a0, 5
    EXPECT(a1, 1)
GUEST_END
.text
spot: nop
    ecall
.data
.balign 4096
cell: .dword 0x5a5a, 0x1111, 0x2222, 0x3333, 0x4444
.skip 4096
