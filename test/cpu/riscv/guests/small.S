/* SPDX-License-Identifier: Apache-2.0 */
/* Zicond, Zimop, Zcmop, Zcb, Zabha, Zacas, Zicbom, Zicboz, Zawrs, hints; encoded by hand where as is older. */
#include "guest.h"
#define RI3(want, vx, vy, ...)  li a0, vx; li a1, vy; __VA_ARGS__; EXPECT(a2, want)
#define AMOH(f3, f7)   .insn r 0x2f, f3, f7, a2, s0, a1
GUEST_BEGIN
    lla s0, cell
    /* czero.eqz a2, a0, a1; czero.nez */
    RI3(0, 7, 0, .insn r 0x33, 5, 7, a2, a0, a1)
    RI3(7, 7, 1, .insn r 0x33, 5, 7, a2, a0, a1)
    RI3(7, 7, 0, .insn r 0x33, 7, 7, a2, a0, a1)
    RI3(0, 7, 1, .insn r 0x33, 7, 7, a2, a0, a1)
    /* mop.r.0, mop.rr.0 write 0; c.mop.1 and the hints write nothing */
    li a2, 5
    .insn i 0x73, 4, a2, a0, -0x7e4
    EXPECT(a2, 0)
    li a2, 5
    .insn r 0x73, 4, 0x41, a2, a0, a1
    EXPECT(a2, 0)
    li ra, 3
    .half 0x6081, 0x0001
    EXPECT(ra, 3)
    add x0, x0, x2                      /* ntl.p1 */
    .word 0x0100000f                    /* pause */
    .word 0x00d00073                    /* wrs.nto */
    .word 0x01d00073                    /* wrs.sto */
    /* Zcb: pairs of 16-bit forms */
    li a0, 0x1234567890abcdef
    .half 0x9d61, 0x0001                /* c.zext.b a0; c.nop */
    EXPECT(a0, 0xef)
    .half 0x9d65, 0x0001                /* c.sext.b */
    EXPECT(a0, -17)
    .half 0x9d75, 0x0001                /* c.not */
    EXPECT(a0, 16)
    li a1, 3
    .half 0x9d4d, 0x0001                /* c.mul a0, a1 */
    EXPECT(a0, 48)
    li a0, 0xffffffff8000ffff
    .half 0x9d69, 0x0001                /* c.zext.h */
    EXPECT(a0, 0xffff)
    .half 0x9d6d, 0x0001                /* c.sext.h */
    EXPECT(a0, -1)
    .half 0x9d71, 0x0001                /* c.zext.w */
    EXPECT(a0, 0xffffffff)
    li a0, 0x8877665544332211
    sd a0, 0(s0)
    mv a1, s0
    .half 0x81c8, 0x0001                /* c.lbu a0, 1(a1) */
    EXPECT(a0, 0x22)
    .half 0x89a8, 0x0001                /* c.sb a0, 2(a1) */
    .half 0x85e8, 0x0001                /* c.lh a0, 2(a1) */
    EXPECT(a0, 0x4422)
    /* Zabha: bytes and halves, sign-extended, neighbours untouched */
    li a0, 0x88776655443322ff
    sd a0, 0(s0)
    li a1, 1
    AMOH(0, 0x00)                       /* amoadd.b */
    EXPECT(a2, -1)
    ld a3, 0(s0)
    EXPECT(a3, 0x8877665544332200)
    li a1, -2
    AMOH(1, 0x40)                       /* amomin.h */
    EXPECT(a2, 0x2200)
    ld a3, 0(s0)
    EXPECT(a3, 0x887766554433fffe)
    li a1, 0x1234
    AMOH(1, 0x04)                       /* amoswap.h */
    EXPECT(a2, -2)
    AMOH(1, 0x70)                       /* amomaxu.h */
    EXPECT(a2, 0x1234)
    ld a3, 0(s0)
    EXPECT(a3, 0x8877665544331234)
    /* Zacas: compare with rd */
    li a2, 0x0000000044331234
    li a1, -5
    AMOH(2, 0x14)                       /* amocas.w: equal */
    EXPECT(a2, 0x44331234)
    ld a3, 0(s0)
    EXPECT(a3, 0x88776655fffffffb)
    li a2, 0
    AMOH(2, 0x14)                       /* not equal */
    EXPECT(a2, -5)
    ld a3, 0(s0)
    EXPECT(a3, 0x88776655fffffffb)
    mv a2, a3
    li a1, 77
    AMOH(3, 0x14)                       /* amocas.d */
    EXPECT(a2, 0x88776655fffffffb)
    ld a3, 0(s0)
    EXPECT(a3, 77)
    li a2, 77
    li a1, 0x55
    AMOH(0, 0x14)                       /* amocas.b */
    EXPECT(a2, 77)
    ld a3, 0(s0)
    EXPECT(a3, 0x55)
    /* amocas.q a2, a4, (s0): pairs a2:a3 and a4:a5 */
    li a0, 9
    sd a0, 8(s0)
    li a2, 0x55
    li a3, 9
    li a4, 100
    li a5, 200
    .insn r 0x2f, 4, 0x14, a2, s0, a4
    EXPECT(a2, 0x55)
    EXPECT(a3, 9)
    ld a0, 0(s0)
    EXPECT(a0, 100)
    ld a0, 8(s0)
    EXPECT(a0, 200)
    .insn r 0x2f, 4, 0x14, a2, s0, x0   /* fails: loads the pair */
    EXPECT(a2, 100)
    EXPECT(a3, 200)
    .insn r 0x2f, 4, 0x14, a2, s0, x0   /* equal: stores zeros */
    ld a0, 8(s0)
    EXPECT(a0, 0)
    TRAPS(2, .insn r 0x2f , 4 , 0x14 , a3 , s0 , a4)  /* odd register */
    addi s1, s0, 8
    TRAPS(6, .insn r 0x2f , 4 , 0x14 , a2 , s1 , a4)
    /* Zicboz clears 64 aligned bytes; Zicbom does nothing visible; M is never trapped */
    li a0, -1
    sd a0, 0(s0)
    sd a0, 56(s0)
    sd a0, 64(s0)
    addi s1, s0, 13
    .insn i 0x0f, 2, x0, s1, 4
    ld a0, 0(s0)
    EXPECT(a0, 0)
    ld a0, 56(s0)
    EXPECT(a0, 0)
    ld a0, 64(s0)
    EXPECT(a0, -1)
    .insn i 0x0f, 2, x0, s1, 0
    .insn i 0x0f, 2, x0, s1, 1
    .insn i 0x0f, 2, x0, s1, 2
    ori x0, s1, 0x20 + 1                /* prefetch.r */
    /* a cache operation on nothing: a store access fault */
    li s1, 0x40
    TRAPS(7, .insn i 0x0f , 2 , x0 , s1 , 4)
    /* in U: menvcfg and senvcfg must allow */
    li t0, -1
    csrw pmpaddr0, t0
    li t0, 0x1f
    csrw pmpcfg0, t0
#define IN_U(label, want, ...)                                                                     \
    li t0, 0x1800; csrc mstatus, t0; lla t0, label; csrw mtvec, t0; lla t0, 1f; csrw mepc, t0;     \
    mret; 1: __VA_ARGS__; ecall; .balign 4; label: csrr t1, mcause; EXPECT(t1, want)
    IN_U(c0, 2, .insn i 0x0f , 2 , x0 , s0 , 4)
    li t0, 0xf0
    csrw 0x30a, t0
    IN_U(c1, 2, .insn i 0x0f , 2 , x0 , s0 , 4)
    li t0, 0xf0
    csrw 0x10a, t0
    IN_U(c2, 8, .insn i 0x0f , 2 , x0 , s0 , 4)
    IN_U(c3, 8, .insn i 0x0f , 2 , x0 , s0 , 0)
    csrwi 0x10a, 0
    IN_U(c4, 2, .insn i 0x0f , 2 , x0 , s0 , 1)
GUEST_END
.data
.balign 64
cell: .skip 256
