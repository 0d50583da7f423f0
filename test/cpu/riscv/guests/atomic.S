/* SPDX-License-Identifier: Apache-2.0 */
/* A: unprivileged ISA, chapter "A"; misaligned ones trap (cause 4 for lr, 6 for the rest). */
#include "guest.h"
#define AMO(op, store, load, old, new, start, vx)                                                  \
    li a0, start; store a0, 0(s0); li a1, vx; op a2, a1, (s0); EXPECT(a2, old);                     \
    load a3, 0(s0); EXPECT(a3, new)
GUEST_BEGIN
    lla s0, cell
    AMO(amoswap.w, sd, ld, 0xffffffff80000000, 0x1111111100000005, 0x1111111180000000, 5)
    AMO(amoadd.w, sw, lw, -1, 0, 0xffffffff, 1)
    AMO(amoand.w, sw, lw, 0x0ff0, 0x00f0, 0x0ff0, 0xff)
    AMO(amoor.w, sw, lw, 0x0ff0, 0x0fff, 0x0ff0, 0xff)
    AMO(amoxor.w, sw, lw, 0x0ff0, 0x0f0f, 0x0ff0, 0xff)
    AMO(amomin.w, sw, lw, 1, -2, 1, 0xfffffffe)
    AMO(amomax.w, sw, lw, 1, 1, 1, 0xfffffffe)
    AMO(amominu.w, sw, lw, 1, 1, 1, 0xfffffffe)
    AMO(amomaxu.w, sw, lw, 1, -2, 1, 0xfffffffe)
    AMO(amoswap.d, sd, ld, 7, -9, 7, -9)
    AMO(amoadd.d, sd, ld, -1, 0, -1, 1)
    AMO(amomin.d, sd, ld, 1, -2, 1, -2)
    AMO(amomaxu.d, sd, ld, 1, -2, 1, -2)
    /* a pair that succeeds; the second sc fails: the reservation is gone */
    li a0, 100
    sd a0, 0(s0)
    lr.d a1, (s0)
    addi a1, a1, 1
    sc.d a2, a1, (s0)
    EXPECT(a2, 0)
    ld a3, 0(s0)
    EXPECT(a3, 101)
    sc.d a2, a0, (s0)
    snez a2, a2
    EXPECT(a2, 1)
    ld a3, 0(s0)
    EXPECT(a3, 101)
    /* lr.w sign-extends */
    li a0, 0x80000000
    sw a0, 0(s0)
    lr.w a1, (s0)
    EXPECT(a1, 0xffffffff80000000)
    sc.w.aqrl a2, x0, (s0)
    EXPECT(a2, 0)
    /* sc to another address fails */
    lr.w a1, (s0)
    addi s1, s0, 64
    sc.w a2, a1, (s1)
    snez a2, a2
    EXPECT(a2, 1)
    addi s1, s0, 1
    TRAPS(4, lr.w a1 , (s1))
    TRAPS(6, amoadd.w a1 , a1 , (s1))
    csrr a0, mtval
    sub a0, a0, s1
    EXPECT(a0, 0)
    TRAPS(6, sc.w a1 , a1 , (s1))
GUEST_END
.data
.balign 64
cell: .skip 256
