/* SPDX-License-Identifier: Apache-2.0 */
/* Zfh through instructions, and Zfa (encoded by hand): chapters "Zfh" and "Zfa". */
#include "guest.h"
#define F2H(op, want, fl, vx, vy)                                                                  \
    li a0, vx; li a1, vy; fmv.h.x fa0, a0; fmv.h.x fa1, a1; op fa2, fa0, fa1; fmv.x.d a2, fa2;     \
    EXPECT(a2, 0xffffffffffff0000 | (want)); FLAGS(fl)
#define FLI(n, want) .insn r 0x53, 0, 0x79, fa2, x##n, x1; fmv.x.d a2, fa2; EXPECT(a2, want)
#define SETD(r, v)   li a0, v; fmv.d.x r, a0
#define RESULT(want, fl) fmv.x.d a2, fa2; EXPECT(a2, want); FLAGS(fl)
GUEST_BEGIN
    fsflags x0
    F2H(fadd.h, 0x4000, 0, 0x3c00, 0x3c00)
    F2H(fmul.h, 0x7c00, OF | NX, 0x7bff, 0x4000)
    F2H(fdiv.h, 0x3555, NX, 0x3c00, 0x4200)
    F2H(fsub.h, 0x7e00, NV, 0x7c00, 0x7c00)
    fsrmi 4
    F2H(fadd.h, 0x3c01, NX, 0x3c00, 0x1000)
    fsrmi 1
    F2H(fadd.h, 0x3c00, NX, 0x3c00, 0x1000)
    fsrmi 0
    lla s0, cell
    fsh fa0, 0(s0)
    lhu a2, 0(s0)
    EXPECT(a2, 0x3c00)
    flh fa2, 2(s0)
    fmv.x.d a2, fa2
    EXPECT(a2, 0xffffffffffffbeef)
    fmv.x.h a2, fa2
    EXPECT(a2, 0xffffffffffffbeef)
    li a0, -2
    fcvt.h.w fa0, a0
    fcvt.d.h fa2, fa0
    RESULT(0xc000000000000000, 0)
    fcvt.s.h fa2, fa0
    RESULT(0xffffffffc0000000, 0)
    fcvt.l.h a2, fa0
    EXPECT(a2, -2)
    SETD(fa0, 0x3fd5555555555555)
    fcvt.h.d fa2, fa0
    RESULT(0xffffffffffff3555, NX)
    fclass.h a2, fa2
    EXPECT(a2, 1 << 6)
    /* fli.d: -1, the least normal, 2^-16, 0.4375, 1, 3, 2^16, infinity, NaN */
    FLI(0, 0xbff0000000000000)
    FLI(1, 0x0010000000000000)
    FLI(2, 0x3ef0000000000000)
    FLI(11, 0x3fdc000000000000)
    FLI(16, 0x3ff0000000000000)
    FLI(22, 0x4008000000000000)
    FLI(29, 0x40f0000000000000)
    FLI(30, 0x7ff0000000000000)
    FLI(31, 0x7ff8000000000000)
    .insn r 0x53, 0, 0x78, fa2, x1, x1  /* fli.s min */
    RESULT(0xffffffff00800000, 0)
    /* fminm, fmaxm propagate NaN */
    SETD(fa0, 0x7ff8000000000000)
    SETD(fa1, 0x3ff0000000000000)
    .insn r 0x53, 2, 0x15, fa2, fa0, fa1
    RESULT(0x7ff8000000000000, 0)
    .insn r 0x53, 3, 0x15, fa2, fa1, fa1
    RESULT(0x3ff0000000000000, 0)
    /* fleq, fltq are quiet */
    .insn r 0x53, 4, 0x51, a2, fa0, fa1
    EXPECT(a2, 0)
    FLAGS(0)
    .insn r 0x53, 5, 0x51, a2, fa0, fa1
    FLAGS(0)
    .insn r 0x53, 4, 0x51, a2, fa1, fa1
    EXPECT(a2, 1)
    /* fround.d (no flag), froundnx.d: 2.5 to even, up */
    SETD(fa0, 0x4004000000000000)
    .insn r 0x53, 0, 0x21, fa2, fa0, x4
    RESULT(0x4000000000000000, 0)
    .insn r 0x53, 3, 0x21, fa2, fa0, x5
    RESULT(0x4008000000000000, NX)
    .insn r 0x53, 4, 0x21, fa2, fa0, x4
    RESULT(0x4008000000000000, 0)
    /* fcvtmod.w.d: 2^32 + 5 -> 5 and NV; -1.5 -> -1 and NX; infinity -> 0 and NV */
    SETD(fa0, 0x41f0000000500000)
    .insn r 0x53, 1, 0x61, a2, fa0, x8
    EXPECT(a2, 5)
    FLAGS(NV)
    SETD(fa0, 0xbff8000000000000)
    .insn r 0x53, 1, 0x61, a2, fa0, x8
    EXPECT(a2, -1)
    FLAGS(NX)
    SETD(fa0, 0x7ff0000000000000)
    .insn r 0x53, 1, 0x61, a2, fa0, x8
    EXPECT(a2, 0)
    FLAGS(NV)
    SETD(fa0, 0xc1e0000000000000)       /* -2^31 fits */
    .insn r 0x53, 1, 0x61, a2, fa0, x8
    EXPECT(a2, -0x80000000)
    FLAGS(0)
GUEST_END
.data
.balign 8
cell: .half 0, 0xbeef
