/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Floating point with exceptions enabled: manual, 3.1.4 and FCSR0. An enabled exception leaves destination and Flags
 * as they are and is in Cause; others set Flags; Cause is the last operation's.
 */
#include "float.h"

#define ENABLE(bits)   li.w $a3, bits; movgr2fcsr $fcsr0, $a3
#define STATUS(want)   movfcsr2gr $a3, $fcsr2; EXPECT($a3, want)
#define CAUSE(x)       ((x) << 24)
#define FLAG(x)        ((x) << 16)
#define OLD            0x123456789abcdef0
#define PREPARE(vj, vk, va) SET_D($fa1, vj); SET_D($fa2, vk); SET_D($fa3, va); SET_D($fa0, OLD)
#define KEPT           movfr2gr.d $a2, $fa0; EXPECT($a2, OLD)
/* raises FPE for `cause` */
#define D3T(cause, vj, vk, va, ...)                                                                \
    PREPARE(vj, vk, va); TRAPS(FPE, __VA_ARGS__); KEPT; STATUS(CAUSE(cause)); movgr2fcsr $fcsr2, $zero
/* does not: result, Cause and Flags */
#define D3N(want, cause, vj, vk, va, ...)                                                          \
    PREPARE(vj, vk, va); __VA_ARGS__; movfr2gr.d $a2, $fa0; EXPECT($a2, want);                     \
    STATUS(CAUSE(cause) | FLAG(cause)); movgr2fcsr $fcsr2, $zero

GUEST_BEGIN(float_trap)
    ENABLE(V | Z)
    D3T(Z, ONE, 0, 0, fdiv.d $fa0, $fa1, $fa2)
    D3T(V, 0, 0, 0, fdiv.d $fa0, $fa1, $fa2)
    D3T(V, SNAN1, ONE, 0, fadd.d $fa0, $fa1, $fa2)
    D3T(V, INF, 0, QNAN1, fmadd.d $fa0, $fa1, $fa2, $fa3)
    D3T(V, INF, ONE, INF, fmsub.d $fa0, $fa1, $fa2, $fa3)
    D3T(V, MONE, 0, 0, fsqrt.d $fa0, $fa1)
    D3T(Z, MZERO, 0, 0, frecip.d $fa0, $fa1)
    D3T(V, MONE, 0, 0, frsqrt.d $fa0, $fa1)
    D3T(Z, 0, 0, 0, frsqrte.d $fa0, $fa1)
    D3T(Z, 0, 0, 0, flogb.d $fa0, $fa1)
    D3T(V, SNAN1, 5, 0, fscaleb.d $fa0, $fa1, $fa2)
    D3T(V, SNAN1, ONE, 0, fmax.d $fa0, $fa1, $fa2)
    D3T(V, ONE, SNAN1, 0, fmina.d $fa0, $fa1, $fa2)
    D3T(V, SNAN1, 0, 0, fcvt.s.d $fa0, $fa1)
    D3T(V, QNAN1, 0, 0, ftintrz.w.d $fa0, $fa1)
    D3T(V, MAX, 0, 0, ftint.l.d $fa0, $fa1)
    D3T(V, SNAN1, 0, 0, frint.d $fa0, $fa1)
    /* what is not enabled, and what raises nothing */
    D3N(0x3fd5555555555555, I, ONE, THREE, 0, fdiv.d $fa0, $fa1, $fa2)
    D3N(INF, O | I, MAX, MAX, 0, fadd.d $fa0, $fa1, $fa2)
    D3N(0, U | I, TINY, HALF, 0, fmul.d $fa0, $fa1, $fa2)
    D3N(0x401c000000000000, 0, TWO, THREE, ONE, fmadd.d $fa0, $fa1, $fa2, $fa3)
    D3N(0xc01c000000000000, 0, TWO, THREE, ONE, fnmadd.d $fa0, $fa1, $fa2, $fa3)
    D3N(0xc014000000000000, 0, TWO, THREE, ONE, fnmsub.d $fa0, $fa1, $fa2, $fa3)
    D3N(QNAN2, 0, QNAN2, ONE, 0, fadd.d $fa0, $fa1, $fa2)
    D3N(MONE, 0, ONE, TWO, 0, fsub.d $fa0, $fa1, $fa2)
    D3N(MTHREE, 0, MTHREE, TWO, 0, fmaxa.d $fa0, $fa1, $fa2)
    D3N(TWO, 0, FOUR, 0, 0, fsqrt.d $fa0, $fa1)
    D3N(HALF, 0, TWO, 0, 0, frecipe.d $fa0, $fa1)
    D3N(FOUR, 0, ONE, 2, 0, fscaleb.d $fa0, $fa1, $fa2)
    D3N(0x43e0000000000000, I, 0x7fffffffffffffff, 0, 0, ffint.d.l $fa0, $fa1)
    D3N(3, 0, THREE, 0, 0, ftintrm.l.d $fa0, $fa1)
    D3N(TWO, I, 0x4004000000000000, 0, 0, frint.d $fa0, $fa1)
    D3N(SNAN1, 0, SNAN1, 0, 0, fmov.d $fa0, $fa1)
    /* comparisons: the flag stays */
    li.w $a0, 1
    movgr2cf $fcc2, $a0
    PREPARE(QNAN1, ONE, 0)
    TRAPS(FPE, fcmp.slt.d $fcc2, $fa1, $fa2)
    movcf2gr $a2, $fcc2
    EXPECT($a2, 1)
    STATUS(CAUSE(V))
    fcmp.clt.d $fcc2, $fa1, $fa2
    movcf2gr $a2, $fcc2
    EXPECT($a2, 0)
    STATUS(0)
    fcmp.cune.d $fcc2, $fa1, $fa2
    movcf2gr $a2, $fcc2
    EXPECT($a2, 1)
    /* singles */
    SET_S($fa1, SONE)
    SET_S($fa2, 0)
    SET_D($fa0, OLD)
    TRAPS(FPE, fdiv.s $fa0, $fa1, $fa2)
    KEPT
    SET_S($fa2, STWO)
    fadd.s $fa0, $fa1, $fa2
    movfr2gr.s $a2, $fa0
    EXPECT($a2, STHREE)
    SET_S($fa1, 0x3f800001)
    fcvt.d.s $fa0, $fa1
    movfr2gr.d $a2, $fa0
    EXPECT($a2, 0x3ff0000020000000)
    movgr2fcsr $fcsr2, $zero

    ENABLE(I)
    D3T(I, ONE, THREE, 0, fdiv.d $fa0, $fa1, $fa2)
    D3T(O | I, MAX, MAX, 0, fadd.d $fa0, $fa1, $fa2)
    D3T(I, 0x3fd0000000000000, 0, 0, frint.d $fa0, $fa1)
    D3T(I, 0x3fd0000000000000, 0, 0, ftintrp.w.d $fa0, $fa1)
    D3N(INF, Z, ONE, 0, 0, fdiv.d $fa0, $fa1, $fa2)
    ENABLE(O)                       # where overflow traps, it is not inexact as well
    D3T(O, MAX, MAX, 0, fadd.d $fa0, $fa1, $fa2)
    D3T(O, MAX, 0, 0, fcvt.s.d $fa0, $fa1)
    D3N(0x3fd5555555555555, I, ONE, THREE, 0, fdiv.d $fa0, $fa1, $fa2)
    ENABLE(U)                       # tiny results trap even if they are exact
    D3T(U | I, TINY, HALF, 0, fmul.d $fa0, $fa1, $fa2)
    D3T(U, MIN, HALF, 0, fmul.d $fa0, $fa1, $fa2)
    D3T(U, MIN, -1, 0, fscaleb.d $fa0, $fa1, $fa2)
    D3N(MIN, 0, MIN, ONE, 0, fmul.d $fa0, $fa1, $fa2)
    D3N(TINY, 0, TINY, MZERO, 0, fmax.d $fa0, $fa1, $fa2)
    /* writing Cause and Enables so that they meet raises nothing */
    ENABLE(0)
    li.w $a3, 0x1000001f
    movgr2fcsr $fcsr0, $a3
    movfcsr2gr $a2, $fcsr0
    EXPECT($a2, 0x1000001f)
    movgr2fcsr $fcsr0, $zero
    /* flags add up, and stay where another operation traps */
    ENABLE(Z)
    PREPARE(ONE, THREE, 0)
    fdiv.d $fa0, $fa1, $fa2
    STATUS(CAUSE(I) | FLAG(I))
    TRAPS(FPE, fdiv.d $fa0, $fa1, $fa3)
    STATUS(CAUSE(Z) | FLAG(I))
    fadd.d $fa0, $fa1, $fa1
    STATUS(FLAG(I))
    movgr2fcsr $fcsr0, $zero
    fdiv.d $fa0, $fa1, $fa3
    movfcsr2gr $a2, $fcsr0
    bstrpick.d $a2, $a2, 20, 16
    EXPECT($a2, Z)
    GUEST_END
