/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guest mode as Linux' KVM uses it (arch/loongarch/kvm): a hypervisor of two pages enters a guest, which runs on physical
 * addresses of its own, and looks at each exit. The guest's physical 40000000h is this program; what is not in the table is
 * a device of the guest's. $s3 counts the root's refills.
 */
#include "system.h"
#define CSR_GTLBC 0x15
#define CSR_GSTAT 0x50
#define CSR_GCFG  0x51
#define CSR_GINTC 0x52
#define CSR_GCNTC 0x53
#define WINDOW 0x9000000000000000
#define GUEST_AT 0x40000000
#define GID 7
#define PVM 2
#define GSPR 0x16
#define HVC  0x17
#define WRITE_CSR(csr, value) li.d $t0, value; csrwr $t0, csr
#define WRITE_GCSR(csr, value) li.d $t0, value; gcsrwr $t0, csr

#undef FAIL
#define FAIL b lost
/* Where `label` is for the guest, in `reg`. */
#define GUEST_ADDRESS(reg, label)                                                                  \
    la.pcrel reg, label; bstrins.d reg, $zero, 63, 28; li.d $t1, GUEST_AT; add.d reg, reg, $t1
/* Enter at what ERA has; goes on behind the exit, with $t6 = code, $t7 = BADV, $s4 = ERA. */
#define ENTER                                                                                      \
    li.w $t0, PVM; csrxchg $t0, $t0, CSR_GSTAT; WRITE_CSR(CSR_PRMD, 4);                             \
    li.d $t0, GID << 16; li.d $t1, 0xff0000; csrxchg $t0, $t1, CSR_GTLBC;                          \
    la.pcrel $s7, 1f; li.w $s8, __LINE__; ertn; 1:                                                 \
    li.w $t0, PVM; csrxchg $zero, $t0, CSR_GSTAT; li.d $t1, 0xff0000; csrxchg $zero, $t1, CSR_GTLBC
/* The instruction that left is done. */
#define SKIP addi.d $t0, $s4, 4; csrwr $t0, CSR_ERA
#define RETRY csrwr $s4, CSR_ERA
#define EXPECT_BADI(value) csrrd $a2, CSR_BADI; EXPECT($a2, value)

GUEST_BEGIN(lvz)
    la.pcrel $s7, lost
    # ---- the root: window, tables, handlers ----
    la.pcrel $t0, dir1
    la.pcrel $t1, dir3
    st.d $t0, $t1, 0
    li.d $t3, 0x1000 | 0x40 | 1 | 2 | 0x10 | 0x80 | 0x100 # huge, global, V, D, CC, P, W: 0 to 32 MiB
    st.d $t3, $t0, 0x20 * 8
    csrwr $t1, CSR_PGDL
    WRITE_CSR(CSR_PWCL, 0x5e56e)
    WRITE_CSR(CSR_PWCH, 0x2e4)
    WRITE_CSR(CSR_STLBPS, 14)
    la.pcrel $t0, refill
    csrwr $t0, CSR_TLBRENTRY
    la.pcrel $t0, left
    li.d $t1, WINDOW
    or $t0, $t0, $t1
    csrwr $t0, CSR_EENTRY
    csrwr $zero, CSR_ECFG
    invtlb 0, $zero, $zero
    move $s3, $zero
    WRITE_CSR(CSR_DMW1, WINDOW | 0x11)
    WRITE_CSR(CSR_DMW0, 0x11)
    WRITE_CSR(CSR_CRMD, 0xb0)
    la.pcrel $t0, 1f
    li.d $t1, WINDOW
    or $t0, $t0, $t1
    jr $t0
1:  csrwr $zero, CSR_DMW0

    # ---- what is offered ----
    csrwr $zero, CSR_GSTAT
    csrrd $a2, CSR_GSTAT
    EXPECT($a2, 8 << 4)                         # GIDBIT
    csrrd $a2, CSR_GCFG
    li.d $a3, 1 << 23 | 2                       # GPMP; MATP: root
    EXPECT_SAME($a2, $a3)
    WRITE_CSR(CSR_GCFG, -1)
    csrrd $a2, CSR_GCFG
    li.d $a3, 7 << 24 | 1 << 23 | 0x32          # GPERF, MATC
    EXPECT_SAME($a2, $a3)
    WRITE_CSR(CSR_GCFG, 0)
    WRITE_CSR(CSR_GTLBC, 1 << 12)               # USETGID
    WRITE_CSR(CSR_GSTAT, GID << 16)
    invtlb 0x12, $zero, $zero

    # ---- the guest's registers are apart ----
    WRITE_CSR(CSR_SAVE1, 0x1111)
    WRITE_GCSR(CSR_SAVE1, 0x2222)
    csrrd $a2, CSR_SAVE1
    EXPECT($a2, 0x1111)
    gcsrrd $a2, CSR_SAVE1
    EXPECT($a2, 0x2222)
    li.w $a0, 0xf0
    li.w $a1, 0x3333
    gcsrxchg $a1, $a0, CSR_SAVE1
    EXPECT($a1, 0x2222)
    gcsrrd $a2, CSR_SAVE1
    EXPECT($a2, 0x2232)
    gcsrrd $a2, CSR_CRMD
    EXPECT($a2, 8)
    csrrd $a2, CSR_CRMD
    EXPECT($a2, 0xb0)
    WRITE_GCSR(CSR_CPUID, 5)
    csrrd $a2, CSR_CPUID
    EXPECT($a2, 0)
    gcsrrd $a2, CSR_PRCFG3
    EXPECT($a2, 0x8073f2)
    GUEST_ADDRESS($t0, guest_vectors)
    gcsrwr $t0, CSR_EENTRY

    # ---- in, and out for what a guest may not do ----
    GUEST_ADDRESS($t0, guest_code)
    csrwr $t0, CSR_ERA
    ENTER
    EXPECT($t6, GSPR)
    EXPECT_BADI(0x00006c0c)                     # cpucfg $t0, $zero
    EXPECT($s3, 1)                              # its code was not mapped: one refill, of both halves
    csrrd $a2, CSR_GSTAT
    EXPECT($a2, GID << 16 | 8 << 4)
    csrrd $a2, CSR_CRMD
    EXPECT($a2, 0xb0)
    gcsrrd $a2, CSR_SAVE2                       # what it had done before
    EXPECT($a2, 0x4444)
    csrrd $a2, CSR_SAVE2
    EXPECT($a2, 0)
    SKIP
    ENTER
    EXPECT($t6, GSPR)
    EXPECT_BADI(0x0648080c)                     # iocsrrd.w $t0, $zero
    SKIP
    ENTER
    EXPECT($t6, GSPR)
    EXPECT_BADI(0x0408000c)                     # csrrd of a counter: PMCFG0
    SKIP
    ENTER
    EXPECT($t6, GSPR)
    EXPECT_BADI(0x06488000)                     # idle 0
    SKIP
    ENTER
    EXPECT($t6, HVC)
    EXPECT_BADI(0x002b8101)                     # hvcl 101h
    EXPECT($a4, 5)                              # CPUID as written
    EXPECT($a5, SYS)                            # its own exception, handled by itself
    SKIP

    # ---- second-stage faults: the guest's physical address is the bad one ----
    ENTER
    EXPECT($t6, 1)                              # PIL
    EXPECT($t7, 0x1fe001e5)
    csrrd $a2, CSR_BADI
    li.d $a3, 0x2a00158d                        # ld.bu $t1, $t0, 5
    EXPECT_SAME($a2, $a3)
    SKIP
    ENTER
    EXPECT($t6, 2)                              # PIS, under a window of the guest's
    EXPECT($t7, 0x1fe001e0)
    SKIP

    # ---- the guest's own paging: its refill handler runs without an exit ----
    move $s3, $zero
    ENTER
    EXPECT($t6, HVC)
    EXPECT($a4, 0x600d600d)                     # through both stages
    EXPECT($a5, 1)                              # refills of the guest
    EXPECT($s3, 0)
    SKIP
    WRITE_CSR(CSR_TLBEHI, 0)
    li.d $t0, GID << 16
    invtlb 0x16, $t0, $zero                     # another page of the guest's memory
    li.d $t1, GUEST_AT
    invtlb 0x16, $t0, $t1                       # the one it runs in
    ENTER
    EXPECT($t6, HVC)
    EXPECT($a4, 0x600d600d)
    EXPECT($a5, 1)                              # its own entry is still there
    EXPECT($s3, 1)
    SKIP
    li.d $t0, GID << 16
    invtlb 9, $t0, $zero
    ENTER
    EXPECT($t6, HVC)
    EXPECT($a5, 2)
    SKIP

    # ---- interrupts: injected ones are the guest's, the root's end it ----
    WRITE_CSR(CSR_GINTC, 2)                     # HWI1
    gcsrrd $a2, CSR_ESTAT
    EXPECT($a2, SYS << 16 | 8)
    gcsrwr $a2, CSR_ESTAT                       # put back as it was read, ...
    csrwr $zero, CSR_GINTC
    gcsrrd $a2, CSR_ESTAT
    EXPECT($a2, SYS << 16)                      # ... it holds no line up that GINTC has not
    WRITE_CSR(CSR_GINTC, 2)
    ENTER
    EXPECT($t6, HVC)
    EXPECT($a4, 67)
    EXPECT($a5, 8)                              # its ESTAT: bit 3
    csrwr $zero, CSR_GINTC
    SKIP
    li.d $t0, 1 << 12
    gcsrxchg $t0, $t0, CSR_ESTAT                # IPI
    ENTER
    EXPECT($t6, HVC)
    EXPECT($a4, 76)
    li.d $t0, 1 << 12
    gcsrxchg $zero, $t0, CSR_ESTAT
    SKIP
    li.d $t0, 1 << 33
    gcsrwr $t0, CSR_MSGIS0                      # a message
    csrrd $a2, CSR_MSGIS0
    EXPECT($a2, 0)
    ENTER
    EXPECT($t6, HVC)
    EXPECT($a4, 78)
    EXPECT($a5, 33)                             # which it took
    gcsrrd $a2, CSR_MSGIS0
    EXPECT($a2, 0)
    SKIP
    WRITE_CSR(CSR_ECFG, 1 << 11)
    WRITE_CSR(CSR_TCFG, 0x1001)
    ENTER
    EXPECT($t6, 0)                              # INT: the guest spins with its own interrupts off
    csrrd $a2, CSR_ESTAT
    EXPECT($a2, 1 << 11)
    WRITE_CSR(CSR_TICLR, 1)
    SKIP
    WRITE_CSR(CSR_ECFG, 0)
    addi.d $a6, $zero, 1                        # ends the spinning
    RETRY
    ENTER
    EXPECT($t6, HVC)
    SKIP

    # ---- the guest's timer and counter ----
    WRITE_CSR(CSR_GCNTC, 0x1234567800000000)
    ENTER
    EXPECT($t6, HVC)
    EXPECT($a4, 75)                             # it took its timer's interrupt
    srli.d $a2, $a5, 32
    EXPECT($a2, 0x12345678)
    csrrd $a2, CSR_ESTAT
    bstrpick.d $a2, $a2, 12, 0
    EXPECT($a2, 0)
    SKIP

    WRITE_GCSR(CSR_TCFG, 0x1001)
    WRITE_GCSR(CSR_TVAL, 0x500)                 # the rest of a count
    gcsrrd $a2, CSR_TVAL
    li.w $a3, 0x501
    sltu $a2, $a2, $a3
    EXPECT($a2, 1)
    WRITE_GCSR(CSR_TVAL, 0)                     # over
    gcsrrd $a2, CSR_ESTAT
    bstrpick.d $a2, $a2, 12, 0
    EXPECT($a2, 1 << 11)
    gcsrrd $a2, CSR_TVAL
    EXPECT($a2, 0xffffffffffff)
    WRITE_GCSR(CSR_TICLR, 1)
    gcsrrd $a2, CSR_ESTAT
    bstrpick.d $a2, $a2, 12, 0
    EXPECT($a2, 0)

    # ---- FP: what the root has off is the root's exception ----
    WRITE_CSR(CSR_EUEN, 0)
    ENTER
    EXPECT($t6, FPD)
    RETRY
    WRITE_CSR(CSR_EUEN, 7)
    ENTER
    EXPECT($t6, HVC)
    SKIP

    # ---- counters: as many as GPERF says are the guest's own, and the root's of their numbers stand still ----
    WRITE_CSR(CSR_PMCNT0, 0)
    WRITE_CSR(CSR_PMCFG0, 1 << 16 | 1)          # PLV0, instructions
    ENTER
    EXPECT($t6, GSPR)
    EXPECT_BADI(0x04080420)                     # csrwr $zero, PMCNT0
    RETRY
    WRITE_CSR(CSR_GCFG, 2 << 24)
    ENTER
    EXPECT($t6, HVC)
    addi.d $a2, $a4, -2000
    sltui $a2, $a2, 16
    EXPECT($a2, 1)
    csrrd $a2, CSR_PMCNT0
    sltui $a2, $a2, 200
    EXPECT($a2, 1)
    gcsrrd $a2, CSR_PMCNT0
    EXPECT_SAME($a2, $a4)
    SKIP
    ENTER
    EXPECT($t6, GSPR)                           # PMCFG2
    SKIP
    ENTER
    EXPECT($t6, HVC)
    EXPECT($a4, 74)
    gcsrrd $a2, CSR_ESTAT
    bstrpick.d $a3, $a2, 12, 0
    EXPECT($a3, 1 << 10)
    WRITE_GCSR(CSR_PMCNT0, 0)
    gcsrwr $a2, CSR_ESTAT
    gcsrrd $a2, CSR_ESTAT
    bstrpick.d $a2, $a2, 12, 0
    EXPECT($a2, 0)
    csrrd $a2, CSR_ESTAT
    bstrpick.d $a2, $a2, 12, 0
    EXPECT($a2, 0)
    csrwr $zero, CSR_PMCFG0
    csrwr $zero, CSR_GCFG

    li.w $t0, 8
    csrwr $t0, CSR_CRMD
    # INE without a guest
    la.pcrel $s7, 1f
    hvcl 0
    FAIL
1:  EXPECT($t6, INE)
GUEST_END

    .balign 4096
left:                                           # an ERTN would go back into the guest
    csrrd $t6, CSR_ESTAT
    bstrpick.d $t6, $t6, 30, 16
    csrrd $t7, CSR_BADV
    csrrd $s4, CSR_ERA
    move $t8, $s7
    la.pcrel $s7, lost
    jr $t8

    .balign 4096
refill:
    csrwr $t0, CSR_TLBRSAVE
    addi.d $s3, $s3, 1
    csrrd $t0, CSR_PGD
    lddir $t0, $t0, 3
    lddir $t0, $t0, 1
    ldpte $t0, 0
    ldpte $t0, 1
    tlbfill
    csrrd $t0, CSR_TLBRSAVE
    ertn

# ---- the guest: PLV0, direct addresses ----
    .balign 4096
guest_code:
    li.w $t0, 0x4444
    csrwr $t0, CSR_SAVE2
    cpucfg $t0, $zero
    iocsrrd.w $t0, $zero
    csrrd $t0, CSR_PMCFG0
    idle 0
    csrrd $a4, CSR_CPUID
    la.pcrel $s1, 1f
    syscall 0
1:  hvcl 0x101
    li.d $t0, 0x1fe001e0
    ld.bu $t1, $t0, 5
    WRITE_CSR(CSR_DMW0, 0x8000000000000001)
    WRITE_CSR(CSR_DMW1, 0x11)                   # where it runs
    # mapped addresses, with tables of its own
    la.pcrel $t0, guest_dir1
    la.pcrel $t1, guest_dir3
    st.d $t0, $t1, 0
    la.pcrel $t2, guest_table
    st.d $t2, $t0, 0x20 * 8
    la.pcrel $t0, word
    bstrins.d $t0, $zero, 13, 0
    ori $t0, $t0, 0x13                          # V, D, CC
    st.d $t0, $t2, 0
    csrwr $t1, CSR_PGDH
    csrwr $zero, CSR_PGDL
    WRITE_CSR(CSR_PWCL, 0x5e56e)
    WRITE_CSR(CSR_PWCH, 0x2e4)
    WRITE_CSR(CSR_STLBPS, 14)
    la.pcrel $t0, guest_refill
    csrwr $t0, CSR_TLBRENTRY
    WRITE_CSR(CSR_CRMD, 0xb0)
    li.d $t0, 0x800000001fe001e0
    st.b $t0, $t0, 0
    move $a5, $zero
    la.pcrel $t0, word
    bstrins.d $t0, $zero, 63, 14
    li.d $t1, 0xffff800040000000
    add.d $a7, $t0, $t1
    ld.wu $a4, $a7, 0
    hvcl 0
    ld.wu $a4, $a7, 0
    hvcl 0
    ld.wu $a4, $a7, 0
    hvcl 0
    # interrupts
    WRITE_CSR(CSR_ECFG, 0x5fff | 7 << 16)
    li.w $t0, 4
    la.pcrel $s1, 1f
    csrxchg $t0, $t0, CSR_CRMD
    nop
1:  hvcl 0
    li.w $t0, 4
    la.pcrel $s1, 1f
    csrxchg $t0, $t0, CSR_CRMD
    nop
1:  hvcl 0
    li.w $t0, 4
    la.pcrel $s1, 1f
    csrxchg $t0, $t0, CSR_CRMD
    nop
1:  csrrd $a5, CSR_MSGIR
    hvcl 0
    move $a6, $zero
2:  beqz $a6, 2b
    hvcl 0
    WRITE_CSR(CSR_TCFG, 0x101)
    li.w $t0, 4
    la.pcrel $s1, 1f
    csrxchg $t0, $t0, CSR_CRMD
2:  b 2b
1:  rdtime.d $a5, $zero
    WRITE_CSR(CSR_TICLR, 1)
    hvcl 0
    WRITE_CSR(CSR_EUEN, 1)
    fadd.d $fa0, $fa0, $fa0
    hvcl 0
    csrwr $zero, CSR_PMCNT0
    WRITE_CSR(CSR_PMCFG0, 1 << 16 | 1)
    li.w $a0, 1000
1:  addi.d $a0, $a0, -1
    bnez $a0, 1b
    csrwr $zero, CSR_PMCFG0
    csrrd $a4, CSR_PMCNT0
    hvcl 0
    csrrd $t0, CSR_PMCFG0 + 4
    WRITE_CSR(CSR_PMCNT0, 0x7fffffffffffff00)
    WRITE_CSR(CSR_PMCFG0, 1 << 20 | 1 << 16 | 1)
    li.w $t0, 4
    la.pcrel $s1, 1f
    csrxchg $t0, $t0, CSR_CRMD
2:  b 2b
1:  hvcl 0

    .balign 4096
guest_refill:
    csrwr $t0, CSR_TLBRSAVE
    addi.d $a5, $a5, 1
    csrrd $t0, CSR_PGD
    lddir $t0, $t0, 3
    lddir $t0, $t0, 1
    ldpte $t0, 0
    ldpte $t0, 1
    tlbfill
    csrrd $t0, CSR_TLBRSAVE
    ertn

.macro GUEST_VECTOR n
    .org guest_vectors + 512 * \n
    li.w $a4, \n
    csrrd $a5, CSR_ESTAT
    bstrpick.d $t0, $a5, 21, 16
    bnez $t0, guest_syscall
    csrwr $s1, CSR_ERA
    csrwr $zero, CSR_PRMD
    ertn
.endm
    .balign 65536
guest_vectors:
    csrrd $a5, CSR_ESTAT
guest_syscall:
    bstrpick.d $a5, $a5, 21, 16
    csrwr $s1, CSR_ERA
    ertn
    GUEST_VECTOR 67
    GUEST_VECTOR 74
    GUEST_VECTOR 75
    GUEST_VECTOR 76
    GUEST_VECTOR 78

    .data
    .balign 0x4000
word: .word 0x600d600d

    .bss
    .balign 0x4000
dir3: .skip 0x4000
dir1: .skip 0x4000
guest_dir3: .skip 0x4000
guest_dir1: .skip 0x4000
guest_table: .skip 0x4000
