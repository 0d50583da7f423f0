/* SPDX-License-Identifier: Apache-2.0 */
/* Branches: manual, 2.2.4 and 3.2.5; what a misaligned target raises: table of exceptions, ADEF. */
#include "guest.h"

/* taken, or not */
#define YES(op, vj, vd) li.d $a0, vj; li.d $a1, vd; li.w $a2, 1; op $a0, $a1, 1f; li.w $a2, 0; 1: EXPECT($a2, 1)
#define NO(op, vj, vd)  li.d $a0, vj; li.d $a1, vd; li.w $a2, 1; op $a0, $a1, 1f; li.w $a2, 0; 1: EXPECT($a2, 0)
#define YES1(op, v)     li.d $a0, v; li.w $a2, 1; op $a0, 1f; li.w $a2, 0; 1: EXPECT($a2, 1)
#define NO1(op, v)      li.d $a0, v; li.w $a2, 1; op $a0, 1f; li.w $a2, 0; 1: EXPECT($a2, 0)
#define FLAG(op, v, want)                                                                          \
    li.w $a0, v; movgr2cf $fcc5, $a0; li.w $a2, 1; op $fcc5, 1f; li.w $a2, 0; 1: EXPECT($a2, want)
#define MIN64 0x8000000000000000

GUEST_BEGIN(branch)
    YES(beq, 5, 5)
    NO(beq, 5, 0x100000005)
    YES(bne, 5, 0x100000005)
    NO(bne, -1, -1)
    YES(blt, -1, 0)
    NO(blt, 0, -1)
    NO(blt, 3, 3)
    YES(bge, 3, 3)
    NO(bge, MIN64, 0)
    YES(bltu, 0, -1)
    NO(bltu, -1, 0)
    YES(bgeu, -1, 0)
    NO(bgeu, 0, 1)
    YES1(beqz, 0)
    NO1(beqz, MIN64)
    YES1(bnez, 0x100000000)
    NO1(bnez, 0)
    FLAG(bceqz, 0, 1)
    FLAG(bceqz, 1, 0)
    FLAG(bcnez, 1, 1)
    FLAG(bcnez, 2, 0)               # bit 0 alone is the flag

    /* backwards: five rounds */
    li.w $a0, 5
    move $a2, $zero
1:  addi.d $a2, $a2, 1
    addi.d $a0, $a0, -1
    bnez $a0, 1b
    EXPECT($a2, 5)

    /* bl writes r1; jirl any register, and reads its base before */
    bl 1f
after_bl:
    FAIL
1:  la.pcrel $a0, after_bl
    sub.d $a2, $ra, $a0
    EXPECT($a2, 0)
    la.pcrel $a0, 1f - 16
    jirl $a0, $a0, 16
after_jirl:
    FAIL
1:  la.pcrel $a1, after_jirl
    sub.d $a2, $a0, $a1
    EXPECT($a2, 0)
    la.pcrel $a0, 1f + 0x10000
    jirl $zero, $a0, -0x10000
    FAIL
1:  EXPECT($zero, 0)
    b 1f
    FAIL
1:  bl subroutine
    EXPECT($a2, 77)

    /* a target that is no multiple of four is fetched, and faults there */
    la.pcrel $a0, 1f
    addi.d $a3, $a0, 2
1:  TRAPS(ADEF, jirl $zero, $a3, 0)
    sub.d $a2, $t7, $a3
    EXPECT($a2, 0)
    /* the instruction itself is done: its link is written */
    la.pcrel $a0, 1f
1:  TRAPS(ADEF, addi.d $a0, $a0, 1; jirl $a1, $a0, 0; after_trap:)
    la.pcrel $a0, after_trap
    sub.d $a2, $a1, $a0
    EXPECT($a2, 0)
    GUEST_END

subroutine:
    li.w $a2, 77
    ret
