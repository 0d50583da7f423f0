/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For guests of the privileged architecture. They have vectors of their own: entry n leads to $s7 at PLV0 with interrupts off and
 * $t6 = Ecode and EsubCode, $t7 = BADV, $s4 = ERA, $s2 = PRMD, $s5 = 512 * n. Debug mode's only sets $s3 and returns behind DBCL.
 */
#include "guest.h"

#define CSR_PRMD    0x1
#define CSR_ECFG    0x4
#define CSR_BADI    0x8
#define CSR_TLBIDX  0x10
#define CSR_TLBEHI  0x11
#define CSR_TLBELO0 0x12
#define CSR_TLBELO1 0x13
#define CSR_ASID    0x18
#define CSR_PGDL    0x19
#define CSR_PGDH    0x1a
#define CSR_PGD     0x1b
#define CSR_PWCL    0x1c
#define CSR_PWCH    0x1d
#define CSR_STLBPS  0x1e
#define CSR_CPUID   0x20
#define CSR_PRCFG1  0x21
#define CSR_PRCFG3  0x23
#define CSR_SAVE0   0x30
#define CSR_SAVE1   0x31
#define CSR_SAVE2   0x32
#define CSR_TID     0x40
#define CSR_TCFG    0x41
#define CSR_TVAL    0x42
#define CSR_CNTC    0x43
#define CSR_TICLR   0x44
#define CSR_TLBRENTRY 0x88
#define CSR_TLBRBADV 0x89
#define CSR_TLBRERA 0x8a
#define CSR_TLBRSAVE 0x8b
#define CSR_TLBRELO0 0x8c
#define CSR_TLBRELO1 0x8d
#define CSR_TLBREHI 0x8e
#define CSR_TLBRPRMD 0x8f
#define CSR_MSGIS0  0xa0
#define CSR_MSGIR   0xa4
#define CSR_DMW0    0x180
#define CSR_DMW1    0x181
#define CSR_PMCFG0  0x200
#define CSR_PMCNT0  0x201
#define CSR_PMCFG1  0x202
#define CSR_PMCNT1  0x203
#define CSR_MWPC    0x300
#define CSR_MWPS    0x301
#define CSR_MWP0CFG1 0x310
#define CSR_FWPS    0x381
#define CSR_FWP0CFG1 0x390
#define CSR_DBG     0x500
#define CSR_DERA    0x501

#define SXD  0x10
#define ASXD 0x11
#define WPEF 0x13
#define WPEM 0x53

#define EXPECT_SAME(reg, other)                                                                    \
    li.w $s8, __LINE__; beq reg, other, 9f; FAIL; 9: addi.d $s6, $s6, 1

/* Code that must trap. Semicolons separate what it is. */
#define CATCH(...) la.pcrel $s7, 1f; li.w $s8, __LINE__; __VA_ARGS__; FAIL; 1:

/* ERTN to what follows. */
#define ERTN csrwr $zero, CSR_PRMD; la.pcrel $t0, 1f; csrwr $t0, CSR_ERA; ertn; FAIL; 1:

/* Code at PLV3 that must trap. */
#define PLV3(...)                                                                                  \
    li.w $t0, 3; csrwr $t0, CSR_PRMD; la.pcrel $t0, 2f; csrwr $t0, CSR_ERA; la.pcrel $s7, 1f;       \
    li.w $s8, __LINE__; ertn; 2: __VA_ARGS__; FAIL; 1:

/* The handlers: 512 bytes each, 14 of which are needed besides debug mode's at 480h, which is no vector's start. */
.macro VECTOR n
    .org vectors + 512 * \n
    li.w $s5, 512 * \n
    csrrd $t6, CSR_ESTAT
    bstrpick.d $t6, $t6, 30, 16
    csrrd $t7, CSR_BADV
    csrrd $s4, CSR_ERA
    csrrd $s2, CSR_PRMD
    csrwr $s7, CSR_ERA
    la.pcrel $s7, lost
    li.w $t8, 7
    csrxchg $zero, $t8, CSR_PRMD
    ertn
.endm
/* An exception nobody waited for: said as 10000 * its code + the line of the last check. */
    .text
lost:
    li.w $t0, 10000
    mul.d $t6, $t6, $t0
    add.d $s8, $s8, $t6
    li.w $t0, 8
    csrwr $t0, CSR_CRMD
    la.pcrel $a0, guest_name
    b guest_fail
    .section .text.vectors, "ax"
    .balign 65536
vectors:
    VECTOR 0
    VECTOR 1
    VECTOR 2
    .org vectors + 0x480
    csrrd $s5, CSR_DERA
    addi.d $s5, $s5, 4
    csrwr $s5, CSR_DERA
    li.w $s3, 1
    ertn
    .set number, 3
    .rept 18
    VECTOR number
    .set number, number + 1
    .endr
    .set number, 64
    .rept 15
    VECTOR number
    .set number, number + 1
    .endr
    .text
