/* SPDX-License-Identifier: Apache-2.0 */
/* Floating point on bit patterns: result and Flags, which are cleared after each check. */
#include "guest.h"
#define V 16
#define Z 8
#define O 4
#define U 2
#define I 1
#define RNE 0
#define RZ  0x100
#define RP  0x200
#define RM  0x300

#define FLAGS(want) movfcsr2gr $a3, $fcsr2; bstrpick.d $a3, $a3, 20, 16; EXPECT($a3, want); movgr2fcsr $fcsr2, $zero
#define ROUND(mode) li.w $a3, mode; movgr2fcsr $fcsr3, $a3
#define SET_D(reg, v) li.d $a0, v; movgr2fr.d reg, $a0
#define SET_S(reg, v) li.d $a0, v; movgr2fr.w reg, $a0
#define GET_D(want, flags) movfr2gr.d $a2, $fa0; EXPECT($a2, want); FLAGS(flags)
/* The upper half of the destination has no rule: it is not looked at. Values with the sign bit are written extended. */
#define GET_S(want, flags) movfr2gr.s $a2, $fa0; EXPECT($a2, want); FLAGS(flags)

#define D1(op, want, flags, vj)         SET_D($fa1, vj); op $fa0, $fa1; GET_D(want, flags)
#define D2(op, want, flags, vj, vk)     SET_D($fa1, vj); SET_D($fa2, vk); op $fa0, $fa1, $fa2; GET_D(want, flags)
#define D3(op, want, flags, vj, vk, va)                                                            \
    SET_D($fa1, vj); SET_D($fa2, vk); SET_D($fa3, va); op $fa0, $fa1, $fa2, $fa3; GET_D(want, flags)
#define S1(op, want, flags, vj)         SET_S($fa1, vj); op $fa0, $fa1; GET_S(want, flags)
#define S2(op, want, flags, vj, vk)     SET_S($fa1, vj); SET_S($fa2, vk); op $fa0, $fa1, $fa2; GET_S(want, flags)
#define S3(op, want, flags, vj, vk, va)                                                            \
    SET_S($fa1, vj); SET_S($fa2, vk); SET_S($fa3, va); op $fa0, $fa1, $fa2, $fa3; GET_S(want, flags)
/* sources and results of other sizes */
#define SD(op, want, flags, vj)         SET_D($fa1, vj); op $fa0, $fa1; GET_S(want, flags)
#define DS(op, want, flags, vj)         SET_S($fa1, vj); op $fa0, $fa1; GET_D(want, flags)
#define CD(op, want, flags, vj, vk)                                                                \
    SET_D($fa1, vj); SET_D($fa2, vk); op $fcc3, $fa1, $fa2; movcf2gr $a2, $fcc3; EXPECT($a2, want); FLAGS(flags)
#define CS(op, want, flags, vj, vk)                                                                \
    SET_S($fa1, vj); SET_S($fa2, vk); op $fcc3, $fa1, $fa2; movcf2gr $a2, $fcc3; EXPECT($a2, want); FLAGS(flags)

/* doubles */
#define ONE    0x3ff0000000000000
#define MONE   0xbff0000000000000
#define TWO    0x4000000000000000
#define THREE  0x4008000000000000
#define MTHREE 0xc008000000000000
#define FOUR   0x4010000000000000
#define HALF   0x3fe0000000000000
#define INF    0x7ff0000000000000
#define MINF   0xfff0000000000000
#define MZERO  0x8000000000000000
#define MAX    0x7fefffffffffffff
#define MIN    0x0010000000000000
#define TINY   0x0000000000000001
#define QNAN   0x7ff8000000000000
#define QNAN1  0xfff8000000000111
#define QNAN2  0x7ff8000000000222
#define SNAN1  0x7ff0000000000333
#define SNAN1Q 0x7ff8000000000333
#define SNAN2  0xfff4000000000444
#define SNAN2Q 0xfffc000000000444
/* singles */
#define SONE   0x3f800000
#define SMONE  0xffffffffbf800000
#define STWO   0x40000000
#define STHREE 0x40400000
#define SINF   0x7f800000
#define SMINF  0xffffffffff800000
#define SMZERO 0xffffffff80000000
#define SMAX   0x7f7fffff
#define SMIN   0x00800000
#define SQNAN  0x7fc00000
#define SQNAN1 0xffffffffffc00111
#define SSNAN1 0x7f800333
#define SSNAN1Q 0x7fc00333
