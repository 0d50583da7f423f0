/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mapped addresses: windows, refills by LDDIR, LDPTE and TLBFILL, TLB instructions, page exceptions, the hardware walk
 * (manual, chapter "Memory Management"). 16 KiB pages, three levels, as Linux has them: page table 14 to 24, Dir1 25
 * to 35, Dir3 36 to 46. $s3 counts refills.
 */
#include "system.h"
#define WINDOW 0x9000000000000000
#define PWCL   0x5e56e
#define PWCH   0x2e4
#define HPTW   (1 << 24)

#define V  1
#define D  2
#define P  0x80
#define W  0x100
#define H  0x40
#define HG 0x1000
#define CC 0x10                                 /* MAT 1 */
#define PLV3_PAGE 0xc
#define NR 0x2000000000000000
#define NX 0x4000000000000000
#define RPLV 0x8000000000000000

#undef FAIL
#define FAIL b lost

/* entry `n` of the page table: page `n` of `pages` with `bits` */
#define PTE(n, bits)                                                                               \
    la.pcrel $t0, pages + (n) * 0x4000; bstrins.d $t0, $zero, 63, 48; li.d $t1, bits; or $t0, $t0, $t1; \
    la.pcrel $t1, table + (n) * 8; st.d $t0, $t1, 0
#define READ_PTE(reg, n) la.pcrel reg, table + (n) * 8; ld.d reg, reg, 0; bstrins.d reg, $zero, 47, 14
#define FLUSH invtlb 0, $zero, $zero

GUEST_BEGIN(paging)
    la.pcrel $s7, lost
    # ---- tables ----
    la.pcrel $t0, dir1
    la.pcrel $t1, dir3
    st.d $t0, $t1, 0
    la.pcrel $t2, table
    st.d $t2, $t0, 0x20 * 8
    li.d $t3, H | HG | V | D | CC | P | W       # physical 0 to 32 MiB at 0x42000000
    st.d $t3, $t0, 0x21 * 8
    ori $t3, $t3, PLV3_PAGE                     # and for PLV3 at 0x44000000
    st.d $t3, $t0, 0x22 * 8
    PTE(0, V | D | CC | P | W)
    PTE(1, V | D | CC | P | W)
    la.pcrel $t1, dir3
    csrwr $t1, CSR_PGDL
    li.d $t0, PWCL
    csrwr $t0, CSR_PWCL
    li.d $t0, PWCH
    csrwr $t0, CSR_PWCH
    li.w $t0, 14
    csrwr $t0, CSR_STLBPS
    li.w $t0, 1
    csrwr $t0, CSR_ASID
    la.pcrel $t0, refill
    csrwr $t0, CSR_TLBRENTRY
    la.pcrel $t0, vectors
    li.d $t1, WINDOW
    or $t0, $t0, $t1
    csrwr $t0, CSR_EENTRY
    li.w $t0, 7 << 16
    csrwr $t0, CSR_ECFG
    FLUSH
    move $s3, $zero

    # ---- into the window ----
    li.d $t0, WINDOW | 0x11
    csrwr $t0, CSR_DMW1
    li.w $t0, 0x11                              # where this runs, for a moment
    csrwr $t0, CSR_DMW0
    li.w $t0, 0xb0
    csrwr $t0, CSR_CRMD
    la.pcrel $t0, 1f
    li.d $t1, WINDOW
    or $t0, $t0, $t1
    jr $t0
1:  csrwr $zero, CSR_DMW0
    li.d $a0, WINDOW | 0x1fe001e0
    ld.bu $a2, $a0, 5
    andi $a2, $a2, 0x20                         # UART: transmitter holding register empty
    EXPECT($a2, 0x20)

    # ---- a refill ----
    la.pcrel $t0, pages + 0x4000
    li.d $t1, 0x1122334455667788
    stptr.d $t1, $t0, 0x1678
    la.pcrel $t0, pages
    addi.d $t1, $t1, 1
    stptr.d $t1, $t0, 0x1000
    csrrd $s4, CSR_ESTAT
    li.d $a0, 0x40005678
    ld.d $a2, $a0, 0
    EXPECT($a2, 0x1122334455667788)
    EXPECT($s3, 1)
    csrrd $a2, CSR_ESTAT
    EXPECT_SAME($a2, $s4)
    csrrd $a2, CSR_TLBRBADV
    EXPECT($a2, 0x40005678)
    csrrd $a2, CSR_TLBREHI
    EXPECT($a2, 0x4000400e)
    csrrd $a2, CSR_SAVE1                        # CRMD in the handler
    EXPECT($a2, 0xa8)
    csrrd $a2, CSR_TLBRPRMD
    EXPECT($a2, 0)
    csrrd $a2, CSR_CRMD
    EXPECT($a2, 0xb0)
    li.d $a0, 0x40001000
    ld.d $a2, $a0, 0                            # the other half of the pair
    EXPECT($a2, 0x1122334455667789)
    EXPECT($s3, 1)

    # ---- TLBSRCH, TLBRD, TLBWR ----
    li.d $t0, 0x40003fff
    csrwr $t0, CSR_TLBEHI
    tlbsrch
    csrrd $a2, CSR_TLBIDX
    andi $a3, $a2, 0xff
    EXPECT($a3, 0)
    srli.d $a3, $a2, 31
    EXPECT($a3, 0)
    csrwr $zero, CSR_TLBEHI
    tlbrd
    csrrd $a2, CSR_TLBEHI
    EXPECT($a2, 0x40000000)
    csrrd $a2, CSR_TLBIDX
    bstrpick.d $a2, $a2, 29, 24
    EXPECT($a2, 14)
    csrrd $a2, CSR_TLBELO1
    la.pcrel $a3, pages + 0x4000
    bstrins.d $a3, $zero, 63, 48
    ori $a3, $a3, V | D | CC
    EXPECT_SAME($a2, $a3)
    csrrd $a2, CSR_ASID
    EXPECT($a2, 0xa0001)
    li.d $a0, 0x40000000
    st.d $zero, $a0, 0
    csrrd $t0, CSR_TLBELO0
    li.w $t1, D
    andn $t0, $t0, $t1
    csrwr $t0, CSR_TLBELO0
    tlbwr                                       # the even page, read-only now
    CATCH(st.d $zero, $a0, 8)
    EXPECT($t6, 4)
    EXPECT($t7, 0x40000008)
    csrrd $a2, CSR_TLBEHI
    EXPECT($a2, 0x40000000)
    tlbsrch
    tlbrd
    csrrd $t0, CSR_TLBELO0
    ori $t0, $t0, D
    csrwr $t0, CSR_TLBELO0
    tlbwr
    st.d $a0, $a0, 8
    EXPECT($s3, 1)
    li.d $t0, 1 << 31                           # NE
    csrxchg $t0, $t0, CSR_TLBIDX
    tlbwr
    tlbsrch
    csrrd $a2, CSR_TLBIDX
    srai.w $a2, $a2, 31
    EXPECT($a2, -1)
    ld.d $a2, $a0, 8
    EXPECT($a2, 0x40000000)
    EXPECT($s3, 2)
    li.w $t0, 2112                              # past the last entry
    csrwr $t0, CSR_TLBIDX
    tlbrd
    csrrd $a2, CSR_TLBIDX
    srai.w $a2, $a2, 31
    EXPECT($a2, -1)
    li.w $t0, 1
    csrwr $t0, CSR_ASID                         # TLBRD cleared it

    # ---- a huge page: two halves, global ----
    la.pcrel $a0, word
    bstrins.d $a0, $zero, 63, 32
    li.d $t0, 0x42000000
    add.d $a0, $a0, $t0
    ld.wu $a2, $a0, 0
    EXPECT($a2, 0x600d600d)
    EXPECT($s3, 3)
    csrrd $a2, CSR_TLBRELO0
    EXPECT($a2, H | V | D | CC)
    csrrd $a2, CSR_TLBRELO1
    EXPECT($a2, 0x1000000 | H | V | D | CC)
    csrrd $a2, CSR_TLBREHI
    andi $a2, $a2, 0x3f
    EXPECT($a2, 0x18)
    li.d $a1, 0x43000000
    ld.w $a2, $a1, 0
    EXPECT($s3, 3)
    li.w $t0, 2                                 # of all address spaces
    csrwr $t0, CSR_ASID
    ld.wu $a2, $a0, 0
    EXPECT($a2, 0x600d600d)
    EXPECT($s3, 3)

    # ---- address spaces ----
    li.d $a1, 0x40000008
    ld.d $a2, $a1, 0                            # ASID 2: not there yet
    EXPECT($s3, 4)
    li.w $t0, 1
    csrwr $t0, CSR_ASID
    ld.d $a2, $a1, 0
    EXPECT($s3, 4)

    # ---- INVTLB ----
    li.w $t0, 2
    invtlb 4, $t0, $zero
    ld.d $a2, $a1, 0
    EXPECT($s3, 4)
    li.w $t0, 1
    li.d $t1, 0x40008000
    invtlb 5, $t0, $t1                          # another page
    ld.d $a2, $a1, 0
    EXPECT($s3, 4)
    li.d $t1, 0x40004000
    invtlb 5, $t0, $t1                          # the pair
    ld.d $a2, $a1, 0
    EXPECT($s3, 5)
    invtlb 4, $t0, $zero
    ld.d $a2, $a1, 0
    EXPECT($s3, 6)
    ld.w $a2, $a0, 0                            # global: still there
    EXPECT($s3, 6)
    li.d $t1, 0x43ffffff
    invtlb 6, $t0, $t1
    ld.w $a2, $a0, 0
    EXPECT($s3, 7)
    invtlb 2, $zero, $zero
    ld.d $a2, $a1, 0
    EXPECT($s3, 7)
    ld.w $a2, $a0, 0
    EXPECT($s3, 8)
    invtlb 3, $zero, $zero
    ld.w $a2, $a0, 0
    EXPECT($s3, 8)
    ld.d $a2, $a1, 0
    EXPECT($s3, 9)
    FLUSH
    ld.w $a2, $a0, 0
    EXPECT($s3, 10)

    # ---- code that takes its own page out of the TLB goes on after a refill ----
    la.pcrel $a0, flusher
    bstrins.d $a0, $zero, 63, 32
    li.d $t0, 0x42000000
    add.d $a0, $a0, $t0
    jirl $ra, $a0, 0
    EXPECT($a2, 77)
    EXPECT($s3, 11)

    # ---- page exceptions ----
    FLUSH
    PTE(2, CC | P)                              # V = 0
    PTE(3, V | CC | P)                          # D = 0
    PTE(4, V | D | CC | P | NX)
    PTE(5, V | D | CC | P | NR)
    PTE(6, V | D | CC | P | PLV3_PAGE | RPLV)
    li.d $a0, 0x40008010
    CATCH(ld.w $a1, $a0, 0)
    EXPECT($t6, 1)
    EXPECT($t7, 0x40008010)
    CATCH(st.w $a1, $a0, 0)
    EXPECT($t6, 2)
    CATCH(jr $a0)
    EXPECT($t6, 3)
    EXPECT_SAME($s4, $a0)
    li.d $a0, 0x4000c000
    ld.w $a1, $a0, 0
    CATCH(st.w $a1, $a0, 4)
    EXPECT($t6, 4)
    EXPECT($t7, 0x4000c004)
    li.d $a0, 0x40010000
    CATCH(jr $a0)
    EXPECT($t6, 6)
    li.d $a0, 0x40014000
    st.w $a1, $a0, 0
    CATCH(ld.w $a1, $a0, 0)
    EXPECT($t6, 5)
    li.d $a0, 0x40018000
    CATCH(ld.w $a1, $a0, 0)                     # PLV3's alone
    EXPECT($t6, 7)
    li.d $t0, 0x0000800000000000
    CATCH(ld.w $a1, $t0, 0)
    EXPECT($t6, 0x48)                           # ADEM
    EXPECT($t7, 0x0000800000000000)
    CATCH(ldle.d $a1, $t0, $zero)               # before its bound
    EXPECT($t6, 0x48)
    li.d $a0, 0x7fff00000000
    CATCH(ldle.d $a1, $a0, $zero)               # and what is not mapped after it
    EXPECT($t6, 0xa)
    CATCH(jr $t0)
    EXPECT($t6, ADEF)
    li.w $t0, 1 << 16                           # DWPL0
    csrwr $t0, CSR_MISC
    li.d $a0, 0x4000c000
    st.w $a1, $a0, 4
    csrwr $zero, CSR_MISC
    CATCH(st.w $a1, $a0, 4)
    EXPECT($t6, 4)

    # ---- a misaligned access over the end of a page: the second one's fault, nothing is written ----
    PTE(7, CC)
    FLUSH
    li.d $a0, 0x4001bffc                        # page 6 is PLV3's; 7 is not there
    la.pcrel $t0, pages + 6 * 0x4000 + 0x3ff8
    st.d $zero, $t0, 0
    li.w $t1, 3
    la.pcrel $s7, 1f
    la.pcrel $t0, user_store
    bstrins.d $t0, $zero, 63, 32
    li.d $t2, 0x44000000
    add.d $t0, $t0, $t2
    csrwr $t0, CSR_ERA
    csrwr $t1, CSR_PRMD
    ertn
1:  EXPECT($t6, 2)
    EXPECT($t7, 0x4001c000)
    EXPECT($s2, 3)                              # from PLV3
    la.pcrel $t0, pages + 6 * 0x4000 + 0x3ff8
    ld.d $a2, $t0, 0
    EXPECT($a2, 0)

    # ---- what PLV3 may not ----
    li.d $a0, 0x40000000
    la.pcrel $s7, 1f
    la.pcrel $t0, user_load
    bstrins.d $t0, $zero, 63, 32
    add.d $t0, $t0, $t2
    csrwr $t0, CSR_ERA
    li.w $t1, 3
    csrwr $t1, CSR_PRMD
    ertn
1:  EXPECT($t6, 7)
    li.d $a0, WINDOW                            # PLV0's window: no legal address
    la.pcrel $s7, 1f
    la.pcrel $t0, user_load
    bstrins.d $t0, $zero, 63, 32
    add.d $t0, $t0, $t2
    csrwr $t0, CSR_ERA
    li.w $t1, 3
    csrwr $t1, CSR_PRMD
    ertn
1:  EXPECT($t6, 0x48)

    # ---- the hardware walk ----
    li.d $t0, PWCH | HPTW
    csrwr $t0, CSR_PWCH
    FLUSH
    PTE(8, CC | P | W)
    PTE(9, CC | P)
    PTE(10, CC | W | V | D)
    move $s3, $zero
    li.d $a0, 0x40020000
    ld.d $a2, $a0, 0
    READ_PTE($a2, 8)
    EXPECT($a2, CC | P | W | V)
    st.d $a0, $a0, 0
    READ_PTE($a2, 8)
    EXPECT($a2, CC | P | W | V | D)
    ld.d $a2, $a0, 0
    EXPECT($a2, 0x40020000)
    li.d $a0, 0x40024000
    CATCH(st.d $a0, $a0, 0)
    EXPECT($t6, 4)
    READ_PTE($a2, 9)
    EXPECT($a2, CC | P)
    ld.d $a2, $a0, 0
    READ_PTE($a2, 9)
    EXPECT($a2, CC | P | V)
    li.d $a0, 0x40028000
    CATCH(ld.d $a2, $a0, 0)                     # not present: no refill
    EXPECT($t6, 1)
    EXPECT($t7, 0x40028000)
    la.pcrel $a0, word
    bstrins.d $a0, $zero, 63, 32
    li.d $t0, 0x42000000
    add.d $a0, $a0, $t0
    ld.wu $a2, $a0, 0
    EXPECT($a2, 0x600d600d)
    EXPECT($s3, 0)

    # ---- back to direct addresses: the window's are cut to PALEN ----
    li.w $t0, 8
    csrwr $t0, CSR_CRMD
GUEST_END

flusher:
    invtlb 0, $zero, $zero
    addi.w $a2, $zero, 77
    ret

user_store:
    st.d $a0, $a0, 0
user_load:
    ld.d $a1, $a0, 0
    syscall 0

    .balign 4096
refill:
    csrwr $t0, CSR_TLBRSAVE
    addi.d $s3, $s3, 1
    csrrd $t0, CSR_CRMD
    csrwr $t0, CSR_SAVE1
    csrrd $t0, CSR_PGD
    lddir $t0, $t0, 3
    lddir $t0, $t0, 1
    ldpte $t0, 0
    ldpte $t0, 1
    tlbfill
    csrrd $t0, CSR_TLBRSAVE
    ertn

    .data
    .balign 16
word: .word 0x600d600d

    .bss
    .balign 0x4000
dir3: .skip 0x4000
dir1: .skip 0x4000
table: .skip 0x4000
pages: .skip 16 * 0x4000
