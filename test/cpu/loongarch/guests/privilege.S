/* SPDX-License-Identifier: Apache-2.0 */
/* Privileged state: CSRs, levels, exceptions (manual, chapters 4, 6 and 7), CPUCFG. */
#include "system.h"

GUEST_BEGIN(privilege)
    la.pcrel $s7, lost
    # ---- what a reset and the board's start leave ----
    csrrd $a2, CSR_CRMD
    EXPECT($a2, 8)                              # direct addresses, PLV0
    csrrd $a2, CSR_ASID
    EXPECT($a2, 0xa0000)
    csrrd $a2, CSR_PRCFG3
    EXPECT($a2, 0x8073f2)
    csrrd $a2, CSR_CPUID
    EXPECT($a2, 0)
    li.w $a0, 4
    cpucfg $a2, $a0
    EXPECT($a2, 100000000)
    li.w $a0, 5
    cpucfg $a2, $a0
    EXPECT($a2, 0x10001)
    li.w $a0, 0x15
    cpucfg $a2, $a0
    EXPECT($a2, 0)
    li.d $a0, 0x40000000
    cpucfg $a2, $a0
    EXPECT($a2, 0)

    # ---- CSRRD, CSRWR, CSRXCHG: the old value comes back, 32 bits sign-extended ----
    li.d $a0, 0x123456789abcdef0
    csrwr $a0, CSR_SAVE1
    EXPECT($a0, 0)
    li.d $a0, -1
    li.d $a1, 0xff00ff00
    csrxchg $a0, $a1, CSR_SAVE1
    EXPECT($a0, 0x123456789abcdef0)
    csrrd $a2, CSR_SAVE1
    EXPECT($a2, 0x12345678ffbcfff0)
    csrwr $zero, CSR_SAVE1                      # $zero is written as 0 and stays 0
    csrrd $a2, CSR_SAVE1
    EXPECT($a2, 0)
    EXPECT($zero, 0)
    li.d $a0, 0x80000000
    csrwr $a0, CSR_TLBIDX
    csrrd $a2, CSR_TLBIDX
    EXPECT($a2, 0xffffffff80000000)
    li.d $a0, 0xffffffffffffffff
    csrwr $a0, CSR_PGDL
    csrrd $a2, CSR_PGDL
    EXPECT($a2, 0xfffffffffffff000)
    li.d $a0, -1
    csrwr $a0, 0xd                              # there is none
    EXPECT($a0, 0)
    csrrd $a2, 0xd
    EXPECT($a2, 0)
    li.d $a0, -1                                # all of ERA is there
    csrwr $a0, CSR_ERA
    csrrd $a2, CSR_ERA
    EXPECT($a2, -1)

    # ---- exceptions at PLV0: vectors with VS = 7, what is recorded ----
    la.pcrel $t0, vectors
    csrwr $t0, CSR_EENTRY
    li.w $t0, 7 << 16
    csrwr $t0, CSR_ECFG
    CATCH(3: syscall 0x123)
    EXPECT($t6, SYS)
    EXPECT($s5, SYS * 512)
    csrrd $a2, CSR_BADI
    EXPECT($a2, 0x002b0123)
    la.pcrel $a3, 3b                            # ERA is the instruction itself
    EXPECT_SAME($s4, $a3)
    CATCH(break 5)
    EXPECT($t6, BRK)
    EXPECT($s5, BRK * 512)
    csrrd $a2, CSR_BADI
    EXPECT($a2, 0x002a0005)
    CATCH(.word 0xffffffff)
    EXPECT($t6, INE)
    CATCH(.word 0x06498007)                 # INVTLB 7
    EXPECT($t6, INE)
    li.d $a0, 5
    li.d $a1, 4
    asrtgt.d $a0, $a1
    asrtle.d $a1, $a0
    asrtle.d $a0, $a0
    CATCH(asrtle.d $a0, $a1)
    EXPECT($t6, BCE)
    CATCH(asrtgt.d $a0, $a0)
    EXPECT($t6, BCE)
    la.pcrel $a0, data
    CATCH(ll.w $a1, $a0, 0; addi.d $a0, $a0, 1; ll.w $a1, $a0, 0)
    EXPECT($t6, ALE)
    la.pcrel $a2, data
    addi.d $a2, $a2, 1
    EXPECT_SAME($t7, $a2)
    la.pcrel $a0, data                          # a jump to no multiple of 4: at the target
    CATCH(addi.d $a0, $a0, 2; jr $a0)
    EXPECT($t6, ADEF)
    EXPECT_SAME($t7, $a0)
    EXPECT_SAME($s4, $a0)

    # ---- EUEN, MISC.ALCL ----
    csrwr $zero, CSR_EUEN
    CATCH(fadd.d $fa0, $fa0, $fa0)
    EXPECT($t6, FPD)
    CATCH(vadd.b $vr0, $vr0, $vr0)
    EXPECT($t6, SXD)
    CATCH(xvadd.b $xr0, $xr0, $xr0)
    EXPECT($t6, ASXD)
    li.w $a0, 3
    csrwr $a0, CSR_EUEN
    fadd.d $fa0, $fa0, $fa0
    vadd.b $vr0, $vr0, $vr0
    li.w $a0, 7
    csrwr $a0, CSR_EUEN
    la.pcrel $a0, data
    ld.w $a2, $a0, 1
    EXPECT($a2, 0x44332211)
    li.w $a1, 1 << 12
    csrwr $a1, CSR_MISC
    CATCH(ld.w $a2, $a0, 1)
    EXPECT($t6, ALE)
    csrwr $zero, CSR_MISC

    # ---- PLV3 ----
    PLV3(csrrd $a0, CSR_CRMD)
    EXPECT($t6, IPE)
    PLV3(csrwr $a0, CSR_SAVE0)
    EXPECT($t6, IPE)
    PLV3(ertn)
    EXPECT($t6, IPE)
    PLV3(idle 0)
    EXPECT($t6, IPE)
    PLV3(tlbsrch)
    EXPECT($t6, IPE)
    PLV3(invtlb 0, $zero, $zero)
    EXPECT($t6, IPE)
    PLV3(iocsrrd.w $a0, $zero)
    EXPECT($t6, IPE)
    PLV3(lddir $a0, $a0, 1)
    EXPECT($t6, IPE)
    PLV3(cacop 8, $zero, 0)
    EXPECT($t6, IPE)
    PLV3(rdtime.d $a0, $a1; cpucfg $a2, $zero; dbar 0; ibar 0; syscall 7)
    EXPECT($t6, SYS)
    EXPECT($s2, 3)
    li.w $a0, 1 << 7                            # DRDTL3
    csrwr $a0, CSR_MISC
    PLV3(rdtime.d $a0, $a1)
    EXPECT($t6, IPE)
    PLV3(csrrd $a0, CSR_PMCNT0)
    EXPECT($t6, IPE)
    li.w $a0, 1 << 11                           # RPCNTL3
    csrwr $a0, CSR_MISC
    PLV3(csrrd $a0, CSR_PMCNT0; syscall 0)
    EXPECT($t6, SYS)
    PLV3(csrrd $a0, CSR_PMCFG0)
    EXPECT($t6, IPE)
    PLV3(csrwr $a0, CSR_PMCNT0)
    EXPECT($t6, IPE)
    csrwr $zero, CSR_MISC

    # ---- LLbit: ERTN drops it unless KLO ----
    la.pcrel $a0, data
    ll.d $a1, $a0, 0
    csrrd $a2, CSR_LLBCTL
    EXPECT($a2, 1)
    sc.d $a1, $a0, 0
    EXPECT($a1, 1)
    ll.d $a1, $a0, 0
    ERTN
    sc.d $a1, $a0, 0
    EXPECT($a1, 0)
    ll.d $a1, $a0, 0
    li.w $a2, 4
    csrwr $a2, CSR_LLBCTL
    ERTN
    sc.d $a1, $a0, 0
    EXPECT($a1, 1)
    ll.d $a1, $a0, 0
    li.w $a2, 2
    csrwr $a2, CSR_LLBCTL
    sc.d $a1, $a0, 0
    EXPECT($a1, 0)

    # ---- code that writes itself is seen after IBAR ----
    la.pcrel $a0, patch
    ld.w $a1, $a0, 0
    la.pcrel $a0, patched
    li.w $a3, 0
2:  bl patched
    beqz $a3, 3f
    EXPECT($a2, 2)
    b 4f
3:  EXPECT($a2, 1)
    st.w $a1, $a0, 0
    ibar 0
    li.w $a3, 1
    b 2b
4:
    # ---- debug mode ----
    la.pcrel $t0, vectors
    csrwr $t0, CSR_EENTRY
    dbcl 3
    EXPECT($s3, 1)                              # its handler came by
    csrrd $a2, CSR_DBG
    andi $a2, $a2, 1
    EXPECT($a2, 0)
GUEST_END

patched:
    addi.w $a2, $zero, 1
    ret
patch:
    addi.w $a2, $zero, 2

    .data
    .balign 64
data: .dword 0x7766554433221100, 0
