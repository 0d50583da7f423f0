/* SPDX-License-Identifier: Apache-2.0 */
/* Conversions and moves: manual, 3.2.3 and 3.2.4. */
#include "float.h"
#undef FAIL
#define FAIL b 7f /* the end of this file: an assembler's branches do not reach far */

    .text
    .globl float_conversions
float_conversions:
    SD(fcvt.s.d, SONE, 0, ONE)
    SD(fcvt.s.d, 0x3eaaaaab, I, 0x3fd5555555555555)
    SD(fcvt.s.d, SINF, O | I, MAX)
    SD(fcvt.s.d, 0, U | I, MIN)
    SD(fcvt.s.d, 0xffffffffffc00000, 0, QNAN1)       /* the top of its fraction */
    SD(fcvt.s.d, 0xffffffffffe00000, V, SNAN2)
    DS(fcvt.d.s, ONE, 0, SONE)
    DS(fcvt.d.s, 0x36a0000000000000, 0, 1)
    DS(fcvt.d.s, 0x7ff8006660000000, V, SSNAN1)
    /* integers */
    SET_D($fa1, 0xffffffff)
    ffint.d.w $fa0, $fa1
    GET_D(MONE, 0)
    D1(ffint.d.l, 0x41efffffffe00000, 0, 0xffffffff)
    D1(ffint.d.l, 0x43e0000000000000, I, 0x7fffffffffffffff)
    SET_S($fa1, -3)
    ffint.s.w $fa0, $fa1
    GET_S(0xffffffffc0400000, 0)
    S1(ffint.s.w, 0x4b800000, I, 0x1000001)
    SD(ffint.s.l, 0x5f000000, I, 0x7fffffffffffffff)
    /* by the mode, and by the instruction; ties */
#define D25  0x4004000000000000
#define MD25 0xc004000000000000
#define SM15 0xffffffffbfc00000
#define TO4(from, l, v, rm, rp, rz, rne, flags)                                                    \
    from(ftintrm.l, rm, flags, v); from(ftintrp.l, rp, flags, v); from(ftintrz.l, rz, flags, v);   \
    from(ftintrne.l, rne, flags, v)
#define TO_L(op, want, flags, v)  D1(op.d, want, flags, v)
#define TO_LS(op, want, flags, v) DS(op.s, want, flags, v)
    TO4(TO_L, l, D25, 2, 3, 2, 2, I)
    TO4(TO_L, l, MD25, -3, -2, -2, -2, I)
    TO4(TO_LS, l, SM15, -2, -1, -1, -2, I)
    TO4(TO_L, l, THREE, 3, 3, 3, 3, 0)
    SD(ftintrm.w.d, -3, I, MD25)
    SD(ftintrp.w.d, 3, I, D25)
    SD(ftintrz.w.d, -2, I, MD25)
    SD(ftintrne.w.d, 2, I, D25)
    S1(ftintrm.w.s, -2, I, SM15)
    S1(ftintrp.w.s, -1, I, SM15)
    S1(ftintrz.w.s, -1, I, SM15)
    S1(ftintrne.w.s, -2, I, SM15)
    SD(ftint.w.d, 2, I, D25)
    D1(ftint.l.d, 2, I, D25)
    S1(ftint.w.s, -2, I, SM15)
    DS(ftint.l.s, -2, I, SM15)
    ROUND(RP)
    SD(ftint.w.d, 3, I, D25)
    D1(ftint.l.d, -2, I, MD25)
    SD(ftintrne.w.d, 2, I, D25)
    D1(frint.d, THREE, I, D25)
    ROUND(RM)
    S1(ftint.w.s, -2, I, SM15)
    DS(ftint.l.s, -2, I, SM15)
    D1(frint.d, TWO, I, D25)
    ROUND(RZ)
    D1(frint.d, 0xc000000000000000, I, MD25)
    ROUND(RNE)
    D1(frint.d, TWO, I, D25)
    D1(frint.d, MZERO, I, 0xbfe0000000000000)
    D1(frint.d, SNAN1Q, V, SNAN1)
    D1(frint.d, MAX, 0, MAX)
    S1(frint.s, 0xffffffffc0000000, I, SM15)
    /* out of range: saturated with V; NaN: 0 with V */
    SD(ftintrz.w.d, 0x7fffffff, V, 0x41e0000000000000)
    SD(ftintrz.w.d, 0x7fffffff, I, 0x41dfffffffefffff)
    SD(ftintrz.w.d, 0xffffffff80000000, 0, 0xc1e0000000000000)
    SD(ftintrm.w.d, 0xffffffff80000000, V, 0xc1e0000000100000)
    SD(ftint.w.d, 0, V, QNAN1)
    D1(ftint.l.d, 0x7fffffffffffffff, V, 0x43e0000000000000)
    D1(ftint.l.d, 0x8000000000000000, V, MINF)
    D1(ftint.l.d, 0x8000000000000000, 0, 0xc3e0000000000000)
    D1(ftintrz.l.d, 0, V, SNAN1)
    S1(ftint.w.s, 0x7fffffff, V, SINF)
    DS(ftint.l.s, 0, V, SQNAN)

    /* moves */
    SET_D($fa0, 0x1122334455667788)
    movfr2gr.s $a2, $fa0
    EXPECT($a2, 0x55667788)
    movfrh2gr.s $a2, $fa0
    EXPECT($a2, 0x11223344)
    li.d $a0, 0x99aabbccddeeff00
    movgr2frh.w $fa0, $a0
    movfr2gr.d $a2, $fa0
    EXPECT($a2, 0xddeeff0055667788)
    movgr2fr.w $fa0, $a0
    movfr2gr.s $a2, $fa0
    EXPECT($a2, 0xffffffffddeeff00)
    SET_D($fa1, ONE)
    SET_D($fa2, QNAN1)
    li.w $a0, 2
    movgr2cf $fcc1, $a0
    fsel $fa0, $fa1, $fa2, $fcc1
    movfr2gr.d $a2, $fa0
    EXPECT($a2, ONE)
    li.w $a0, 3
    movgr2cf $fcc1, $a0
    fsel $fa0, $fa1, $fa2, $fcc1
    movfr2gr.d $a2, $fa0
    EXPECT($a2, QNAN1)
    movcf2gr $a2, $fcc1
    EXPECT($a2, 1)
    movfr2cf $fcc7, $fa2            # the lowest bit of QNAN1
    movcf2gr $a2, $fcc7
    EXPECT($a2, 1)
    movcf2fr $fa0, $fcc7
    movfr2gr.d $a2, $fa0
    andi $a2, $a2, 1
    EXPECT($a2, 1)
    /* FCSR: fields, and views of them; what is not there reads 0 */
    li.w $a0, -1
    movgr2fcsr $fcsr0, $a0
    movfcsr2gr $a2, $fcsr0
    EXPECT($a2, 0x1f1f031f)
    movfcsr2gr $a2, $fcsr1
    EXPECT($a2, 0x1f)
    movfcsr2gr $a2, $fcsr2
    EXPECT($a2, 0x1f1f0000)
    movfcsr2gr $a2, $fcsr3
    EXPECT($a2, 0x300)
    movgr2fcsr $fcsr1, $zero
    movfcsr2gr $a2, $fcsr0
    EXPECT($a2, 0x1f1f0300)
    movgr2fcsr $fcsr3, $zero
    movfcsr2gr $a2, $fcsr0
    EXPECT($a2, 0x1f1f0000)
    movgr2fcsr $fcsr2, $zero
    movfcsr2gr $a2, $fcsr0
    EXPECT($a2, 0)
    csrwr $zero, CSR_EUEN
    TRAPS(FPD, fadd.d $fa0, $fa0, $fa0)
    TRAPS(FPD, movgr2fr.d $fa0, $zero)
    TRAPS(FPD, movfcsr2gr $a0, $fcsr0)
    la.pcrel $a0, float_end
    jr $a0
7:  la.pcrel $a0, said_conversions
    b guest_fail
    .section .rodata
said_conversions: .asciz "float_asm"
