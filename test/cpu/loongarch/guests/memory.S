/* SPDX-License-Identifier: Apache-2.0 */
/* Loads and stores: manual, 2.2.5, 2.2.6, 2.2.8, 3.2.6, 3.2.7; misaligned ones as CPUCFG1.UAL and MISC.ALCL say. */
#include "guest.h"
#define ALCL0 (1 << 12)

/* from `bytes` + disp */
#define LD(op, want, disp)  op $a2, $s0, disp; EXPECT($a2, want)
#define LDX(op, want, index) li.d $a1, index; op $a2, $s0, $a1; EXPECT($a2, want)
/* the doubleword at `space` after a store into ones */
#define STORED(want)        ld.d $a2, $s1, 0; EXPECT($a2, want); li.d $a2, -1; st.d $a2, $s1, 0
#define FD(want)            movfr2gr.d $a2, $fa1; EXPECT($a2, want)
#define BOUNDS(distance)    la.pcrel $a0, bytes; addi.d $a1, $a0, distance

GUEST_BEGIN(memory)
    la.pcrel $s0, bytes
    la.pcrel $s1, space
    li.d $s2, 0x1122334455667788
    li.d $a2, -1
    st.d $a2, $s1, 0
    /* extension */
    LD(ld.b, -127, 0)
    LD(ld.bu, 0x81, 0)
    LD(ld.h, 0xffffffffffff8281, 0)
    LD(ld.hu, 0x8281, 0)
    LD(ld.w, 0xffffffff84838281, 0)
    LD(ld.wu, 0x84838281, 0)
    LD(ld.d, 0x8887868584838281, 0)
    LD(ld.b, 0x11, 8)
    LD(ld.d, 0x1817161514131211, 8)
    LD(ldptr.w, 0xffffffff88878685, 4)
    LD(ldptr.d, 0x1817161514131211, 8)
    LDX(ldx.b, -120, 7)
    LDX(ldx.bu, 0x88, 7)
    LDX(ldx.h, 0x1211, 8)
    LDX(ldx.hu, 0x8483, 2)
    LDX(ldx.w, 0xffffffff88878685, 4)
    LDX(ldx.wu, 0x88878685, 4)
    LDX(ldx.d, 0x1817161514131211, 8)
    /* the ends of the displacements */
    addi.d $a0, $s0, 2047
    ld.b $a2, $a0, -2047
    EXPECT($a2, -127)
    addi.d $a0, $s0, -2047
    ld.b $a2, $a0, 2047
    EXPECT($a2, -127)
    li.d $a0, 32764
    sub.d $a0, $s0, $a0
    ldptr.d $a2, $a0, 32764
    EXPECT($a2, 0x8887868584838281)
    li.d $a0, -0x7fffffff00000000
    sub.d $a1, $s0, $a0
    ldx.d $a2, $a0, $a1
    EXPECT($a2, 0x8887868584838281)
    /* stores write their bytes alone */
    st.b $s2, $s1, 1
    STORED(0xffffffffffff88ff)
    st.h $s2, $s1, 2
    STORED(0xffffffff7788ffff)
    st.w $s2, $s1, 4
    STORED(0x55667788ffffffff)
    st.d $s2, $s1, 0
    STORED(0x1122334455667788)
    stptr.w $s2, $s1, 4
    STORED(0x55667788ffffffff)
    stptr.d $s2, $s1, 0
    STORED(0x1122334455667788)
    li.w $a1, 6
    stx.b $s2, $s1, $a1
    STORED(0xff88ffffffffffff)
    stx.h $s2, $s1, $a1
    STORED(0x7788ffffffffffff)
    li.w $a1, 4
    stx.w $s2, $s1, $a1
    STORED(0x55667788ffffffff)
    stx.d $s2, $s1, $zero
    STORED(0x1122334455667788)
    /* to r0: the access is done */
    ld.d $zero, $s0, 0
    EXPECT($zero, 0)

    /* FP registers; a single leaves what is above it */
    fld.d $fa1, $s0, 0
    FD(0x8887868584838281)
    fld.s $fa1, $s0, 8
    FD(0x8887868514131211)
    li.w $a1, 8
    fldx.d $fa1, $s0, $a1
    FD(0x1817161514131211)
    fldx.s $fa1, $s0, $zero
    FD(0x1817161584838281)
    fst.s $fa1, $s1, 0
    STORED(0xffffffff84838281)
    fst.d $fa1, $s1, 0
    STORED(0x1817161584838281)
    li.w $a1, 4
    fstx.s $fa1, $s1, $a1
    STORED(0x84838281ffffffff)
    fstx.d $fa1, $s1, $zero
    STORED(0x1817161584838281)

    /* misaligned: done, unless ALCL forbids it */
    LD(ld.d, 0x1188878685848382, 1)
    LD(ld.w, 0x11888786, 5)
    LD(ld.h, 0x1188, 7)
    st.d $s2, $s1, 3
    STORED(0x4455667788ffffff)
    fld.d $fa1, $s0, 1
    FD(0x1188878685848382)
    li.d $a0, ALCL0
    csrwr $a0, CSR_MISC
    TRAPS(ALE, ld.d $a2, $s0, 1)
    sub.d $a2, $t7, $s0
    EXPECT($a2, 1)
    TRAPS(ALE, ld.hu $a2, $s0, 7)
    TRAPS(ALE, st.w $a2, $s0, 2)
    TRAPS(ALE, fld.d $fa1, $s0, 4)
    TRAPS(ALE, fst.s $fa1, $s0, 6)
    addi.d $a0, $s0, 2
    TRAPS(ALE, ldptr.w $a2, $a0, 0)
    TRAPS(ALE, stptr.d $a2, $a0, 8)
    li.w $a0, 0x1022
    TRAPS(ALE, iocsrrd.w $a2, $a0)
    EXPECT($t7, 0x1022)
    TRAPS(ALE, iocsrwr.d $a2, $a0)
    iocsrrd.h $a2, $a0
    LD(ld.b, 0x88 - 0x100, 7)
    csrwr $zero, CSR_MISC

    /* bounds: alignment is looked at first, and needed in any case */
    BOUNDS(-1)
    ldgt.b $a2, $a0, $a1
    EXPECT($a2, -127)
    ldgt.d $a2, $a0, $a1
    EXPECT($a2, 0x8887868584838281)
    TRAPS(BCE, ldle.w $a2, $a0, $a1)
    sub.d $a2, $t7, $s0
    EXPECT($a2, 0)
    BOUNDS(0)
    ldle.h $a2, $a0, $a1
    EXPECT($a2, 0xffffffffffff8281)
    TRAPS(BCE, ldgt.d $a2, $a0, $a1)
    TRAPS(BCE, ldgt.b $a2, $a0, $a1)
    move $a0, $s1
    stle.w $s2, $a0, $a0
    STORED(0xffffffff55667788)
    TRAPS(BCE, stgt.d $s2, $a0, $a0)
    STORED(-1)
    stgt.d $s2, $a0, $zero
    STORED(0x1122334455667788)
    addi.d $a1, $s0, 1
    TRAPS(ALE, ldgt.h $a2, $a1, $a1)
    TRAPS(ALE, stle.d $a2, $a1, $a1)
    sub.d $a2, $t7, $s0
    EXPECT($a2, 1)
    li.d $a1, -1                    # signed: any address is above
    ldgt.w $a2, $s0, $a1
    EXPECT($a2, 0xffffffff84838281)
    fldgt.d $fa1, $s0, $zero
    FD(0x8887868584838281)
    fldle.s $fa1, $s0, $s0
    FD(0x8887868584838281)
    fstgt.s $fa1, $s1, $zero
    STORED(0xffffffff84838281)
    fstle.d $fa1, $s1, $s1
    STORED(0x8887868584838281)
    TRAPS(BCE, fldle.d $fa1, $s0, $zero)
    TRAPS(BCE, fstgt.d $fa1, $s1, $s1)

    /* hints never fault; barriers */
    li.d $a0, 0x7000000000000000
    preld 0, $a0, 1
    preld 8, $a0, -1
    li.d $a1, 3
    preldx 0, $a0, $a1
    dbar 0
    dbar 0x14
    dbar 0x700
    ibar 0
    EXPECT($zero, 0)

    /* what is stored is fetched after IBAR */
    la.pcrel $a0, changed
    ld.w $a1, $a0, 4
    st.w $a1, $a0, 0
    ibar 0
changed:
    li.w $a2, 1
    li.w $a2, 2
    EXPECT($a2, 2)
    la.pcrel $a0, changed
    ld.w $a2, $a0, 0
    ld.w $a3, $a0, 4
    sub.d $a2, $a2, $a3
    EXPECT($a2, 0)

    csrwr $zero, CSR_EUEN
    TRAPS(FPD, fld.s $fa0, $s0, 0)
    TRAPS(FPD, fstx.d $fa0, $s0, $zero)
    TRAPS(FPD, bceqz $fcc0, 1f; 1:)
    GUEST_END

    .data
    .balign 16
bytes:
    .byte 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88
    .byte 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18
space: .dword 0, 0
