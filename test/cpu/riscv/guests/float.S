/* SPDX-License-Identifier: Apache-2.0 */
/* F and D: results, flags, rounding modes, NaN boxing (unprivileged ISA, chapters "F" and "D"). */
#include "guest.h"
#define ONE    0x3ff0000000000000
#define TWO    0x4000000000000000
#define INF    0x7ff0000000000000
#define QNAN   0x7ff8000000000000
#define SNAN   0x7ff0000000000001
#define MAXD   0x7fefffffffffffff
#define NEG0   0x8000000000000000
#define F1W(op, want, fl, vx)                                                                      \
    li a0, vx; fmv.d.x fa0, a0; op a2, fa0, rtz; EXPECT(a2, want); FLAGS(fl)
GUEST_BEGIN
    fsflags x0
    F2D(fadd.d, TWO, 0, ONE, ONE)
    F2D(fadd.d, ONE, NX, ONE, 0x3c90000000000000)      /* 1 + 2^-54 */
    F2D(fsub.d, 0, 0, ONE, ONE)
    F2D(fmul.d, INF, OF | NX, MAXD, TWO)
    F2D(fdiv.d, INF, DZ, ONE, 0)
    F2D(fdiv.d, QNAN, NV, 0, 0)
    F2D(fdiv.d, 0x3fd5555555555555, NX, ONE, 0x4008000000000000)
    F2D(fmul.d, 0, UF | NX, 1, 0x3fd0000000000000)     /* 2^-1074 / 4 */
    F2D(fadd.d, QNAN, 0, 0xfff8000000000123, ONE)      /* canonical NaN */
    F2D(fadd.d, QNAN, NV, SNAN, ONE)
    F2D(fsub.d, QNAN, NV, INF, INF)
    F1D(fsqrt.d, 0x3ff6a09e667f3bcd, NX, TWO)
    F1D(fsqrt.d, QNAN, NV, 0xbff0000000000000)
    F1D(fsqrt.d, NEG0, 0, NEG0)
    F2D(fmin.d, NEG0, 0, NEG0, 0)
    F2D(fmax.d, 0, 0, NEG0, 0)
    F2D(fmin.d, ONE, 0, QNAN, ONE)
    F2D(fmax.d, ONE, NV, SNAN, ONE)
    F2D(fmin.d, QNAN, 0, QNAN, 0xfff8000000000000)
    FCD(feq.d, 0, 0, QNAN, QNAN)
    FCD(feq.d, 0, NV, SNAN, ONE)
    FCD(flt.d, 0, NV, QNAN, ONE)
    FCD(fle.d, 1, 0, NEG0, 0)
    FCD(flt.d, 1, 0, ONE, TWO)
    F2D(fsgnj.d, 0xfff0000000000001, 0, SNAN, NEG0)
    F2D(fsgnjn.d, 0xbff0000000000000, 0, ONE, ONE)
    F2D(fsgnjx.d, ONE, 0, 0xbff0000000000000, NEG0)
    /* singles, boxed */
    F2S(fadd.s, 0x40000000, 0, 0x3f800000, 0x3f800000)
    F2S(fmul.s, 0x7f800000, OF | NX, 0x7f7fffff, 0x40000000)
    F2S(fdiv.s, 0x3eaaaaab, NX, 0x3f800000, 0x40400000)
    F2S(fmul.s, 0x00000000, UF | NX, 1, 0x3e800000)
    F2S(fmax.s, 0x7fc00000, 0, 0x7fc00001, 0xffffffffffc00000)
    fmv.x.d a2, fa2
    EXPECT(a2, 0xffffffff7fc00000)
    /* a double is no boxed single: NaN in, and out unchanged by fsw and fmv.x.w */
    li a0, 0x123456783f800000
    fmv.d.x fa0, a0
    fadd.s fa2, fa0, fa0
    fmv.x.d a2, fa2
    EXPECT(a2, 0xffffffff7fc00000)
    FLAGS(0)
    fmv.x.w a2, fa0
    EXPECT(a2, 0x3f800000)
    lla s0, cell
    fsw fa0, 0(s0)
    lw a2, 0(s0)
    EXPECT(a2, 0x3f800000)
    flw fa1, 0(s0)
    fmv.x.d a2, fa1
    EXPECT(a2, 0xffffffff3f800000)
    fsgnj.s fa2, fa0, fa0
    fmv.x.d a2, fa2
    EXPECT(a2, 0xffffffff7fc00000)
    fclass.s a2, fa0
    EXPECT(a2, 1 << 9)
    fsd fa0, 0(s0)
    fld fa3, 0(s0)
    fmv.x.d a2, fa3
    EXPECT(a2, 0x123456783f800000)
    /* fused: one rounding; the four signs; inf * 0 + NaN is invalid */
    li a0, 0x3ff0000000000001
    fmv.d.x fa0, a0
    li a0, 0xbff0000000000002
    fmv.d.x fa1, a0
    fmadd.d fa2, fa0, fa0, fa1
    fmv.x.d a2, fa2
    EXPECT(a2, 0x3970000000000000)
    FLAGS(0)
    li a0, TWO
    li a1, ONE
    fmv.d.x fa0, a0
    fmv.d.x fa1, a1
    fmsub.d fa2, fa0, fa0, fa1
    fmv.x.d a2, fa2
    EXPECT(a2, 0x4008000000000000)
    fnmsub.d fa2, fa0, fa0, fa1
    fmv.x.d a2, fa2
    EXPECT(a2, 0xc008000000000000)
    fnmadd.d fa2, fa0, fa0, fa1
    fmv.x.d a2, fa2
    EXPECT(a2, 0xc014000000000000)
    li a0, INF
    li a1, QNAN
    fmv.d.x fa0, a0
    fmv.d.x fa1, x0
    fmv.d.x fa2, a1
    fmadd.d fa3, fa0, fa1, fa2
    FLAGS(NV)
    /* to integers: the table of clipped results */
    F1W(fcvt.w.d, 0x7fffffff, NV, 0x41e0000000000000)
    F1W(fcvt.w.d, 0xffffffff80000000, 0, 0xc1e0000000000000)
    F1W(fcvt.w.d, 0x7fffffff, NV, QNAN)
    F1W(fcvt.wu.d, 0, NV, 0xbff0000000000000)
    F1W(fcvt.wu.d, 0, NX, 0xbfe0000000000000)
    F1W(fcvt.wu.d, -1, NV, 0x41f0000000000000)
    F1W(fcvt.wu.d, 0xffffffff80000000, 0, 0x41e0000000000000)
    F1W(fcvt.l.d, 0x7fffffffffffffff, NV, 0x43e0000000000000)
    F1W(fcvt.l.d, 0x8000000000000000, NV, 0xfff0000000000000)
    F1W(fcvt.lu.d, -1, NV, QNAN)
    F1W(fcvt.lu.d, 0x8000000000000000, 0, 0x43e0000000000000)
    /* 2.5 and -2.5 in each static mode */
    li a0, 0x4004000000000000
    fmv.d.x fa0, a0
    fneg.d fa1, fa0
    fcvt.l.d a2, fa0, rne
    EXPECT(a2, 2)
    fcvt.l.d a2, fa0, rtz
    EXPECT(a2, 2)
    fcvt.l.d a2, fa0, rdn
    EXPECT(a2, 2)
    fcvt.l.d a2, fa0, rup
    EXPECT(a2, 3)
    fcvt.l.d a2, fa0, rmm
    EXPECT(a2, 3)
    fcvt.l.d a2, fa1, rdn
    EXPECT(a2, -3)
    fcvt.l.d a2, fa1, rmm
    EXPECT(a2, -3)
    fsflags x0
    /* dynamic modes: 1 + 2^-53 is a tie */
    li a0, ONE
    li a1, 0x3ca0000000000000
    fmv.d.x fa0, a0
    fmv.d.x fa1, a1
#define DYN(mode, want)  fsrmi mode; fadd.d fa2, fa0, fa1; fmv.x.d a2, fa2; EXPECT(a2, want); FLAGS(NX)
    DYN(0, ONE)
    DYN(1, ONE)
    DYN(2, ONE)
    DYN(3, ONE + 1)
    DYN(4, ONE + 1)
    fsrmi 5
    TRAPS(2, fadd.d fa2, fa0, fa1)
    fadd.d fa2, fa0, fa1, rup
    fmv.x.d a2, fa2
    EXPECT(a2, ONE + 1)
    fsrmi 0
    fsflags x0
    /* from integers, between formats */
    li a0, -1
    fcvt.d.wu fa0, a0
    fmv.x.d a2, fa0
    EXPECT(a2, 0x41efffffffe00000)
    fcvt.d.w fa0, a0
    fmv.x.d a2, fa0
    EXPECT(a2, 0xbff0000000000000)
    fcvt.d.lu fa0, a0
    fmv.x.d a2, fa0
    EXPECT(a2, 0x43f0000000000000)
    FLAGS(NX)
    fcvt.s.lu fa0, a0, rtz
    fmv.x.w a2, fa0
    EXPECT(a2, 0x5f7fffff)
    FLAGS(NX)
    li a0, 0x3ff0000010000001
    fmv.d.x fa0, a0
    fcvt.s.d fa1, fa0
    fmv.x.w a2, fa1
    EXPECT(a2, 0x3f800001)
    FLAGS(NX)
    li a0, 0x7f800001
    fmv.w.x fa0, a0
    fcvt.d.s fa1, fa0
    fmv.x.d a2, fa1
    EXPECT(a2, QNAN)
    FLAGS(NV)
    li a0, 1
    fmv.w.x fa0, a0
    fcvt.d.s fa1, fa0
    fmv.x.d a2, fa1
    EXPECT(a2, 0x36a0000000000000)
    fclass.d a2, fa1
    EXPECT(a2, 1 << 6)
    fclass.s a2, fa0
    EXPECT(a2, 1 << 5)
    /* FS: off traps, Initial and Clean become Dirty on the first write only */
    li t0, MSTATUS_FS
    csrc mstatus, t0
    TRAPS(2, fadd.d fa0, fa0, fa0)
    TRAPS(2, fld fa0, 0(s0))
    TRAPS(2, frflags a0)
    li t0, 0x4000
    csrs mstatus, t0
    fsd fa0, 0(s0)
    fmv.x.d a0, fa0
    csrr a0, mstatus
    srli a0, a0, 13
    andi a0, a0, 3
    EXPECT(a0, 2)
    fld fa0, 0(s0)
    csrr a0, mstatus
    srai a1, a0, 63
    EXPECT(a1, -1)
GUEST_END
.data
.balign 8
cell: .dword 0
