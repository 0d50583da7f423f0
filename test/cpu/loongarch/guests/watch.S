/* SPDX-License-Identifier: Apache-2.0 */
/* Watchpoints and performance counters (manual, 7.7 and 7.8). */
#include "system.h"
#define WE 0x200
#define MWP(n, k) (0x310 + 8 * (n) + (k) - 1)
#define FWP(n, k) (0x390 + 8 * (n) + (k) - 1)
#define LEVEL0 2
#define LCL    0x80
#define LOAD   0x100
#define STORE  0x200
#define SIZE(n) ((n) << 10)                     /* 0 to 3: 8, 4, 2, 1 bytes */
#define SKIP   0x10000
#define WRITE_CSR(csr, value) li.d $t0, value; csrwr $t0, csr
#define WATCH_ON  li.w $t0, WE; csrxchg $t0, $t0, CSR_CRMD
#define WATCH_OFF li.w $t1, WE; csrxchg $zero, $t1, CSR_CRMD

#define PMU_PLV0  (1 << 16)
#define PMU_PLV3  (8 << 16)
#define PMIE      (1 << 20)
#define PMI       (1 << 10)

GUEST_BEGIN(watch)
    la.pcrel $s7, lost
    la.pcrel $t0, vectors
    csrwr $t0, CSR_EENTRY
    WRITE_CSR(CSR_ECFG, 7 << 16)
    la.pcrel $a0, data

    # ---- data ----
    addi.d $t0, $a0, 8
    csrwr $t0, MWP(0, 1)
    WRITE_CSR(MWP(0, 2), 0)
    WRITE_CSR(MWP(0, 3), LEVEL0 | STORE | SIZE(1))
    st.w $zero, $a0, 8                          # WE = 0
    CATCH(WATCH_ON; st.w $a0, $a0, 8)
    EXPECT($t6, WPEM)
    csrrd $a2, CSR_MWPS
    EXPECT($a2, 1)
    ld.w $a2, $a0, 8                            # it was not done
    EXPECT($a2, 0)
    csrrd $a2, CSR_CRMD                         # ERTN brought WE back
    andi $a2, $a2, WE
    EXPECT($a2, WE)
    st.w $a0, $a0, 4                            # neighbours
    st.w $a0, $a0, 12
    st.b $a0, $a0, 7
    ld.d $a2, $a0, 8                            # loads
    CATCH(st.b $a0, $a0, 11)                    # a byte of it
    EXPECT($t6, WPEM)
    CATCH(st.d $a0, $a0, 8)
    EXPECT($t6, WPEM)
    CATCH(st.d $a0, $a0, 4)                     # over the boundary of eight bytes
    EXPECT($t6, WPEM)
    CATCH(vst $vr0, $a0, 0)
    EXPECT($t6, WPEM)
    WRITE_CSR(CSR_MWPS, 1)
    csrrd $a2, CSR_MWPS
    EXPECT($a2, 0)
    WRITE_CSR(CSR_MWPS, SKIP)                   # the next hit is let through
    st.w $a0, $a0, 8
    csrrd $a2, CSR_MWPS
    EXPECT($a2, 0)
    CATCH(st.w $a0, $a0, 8)
    EXPECT($t6, WPEM)
    WRITE_CSR(MWP(0, 3), LEVEL0 | LOAD | SIZE(0))
    st.w $a0, $a0, 8
    CATCH(ld.bu $a1, $a0, 15)
    EXPECT($t6, WPEM)
    WRITE_CSR(MWP(0, 3), LEVEL0 | LOAD | LCL)   # of ASID 9, while 0 runs
    WRITE_CSR(MWP(0, 4), 9)
    ld.b $a1, $a0, 8
    CATCH(WRITE_CSR(CSR_ASID, 9); ld.b $a1, $a0, 8)
    EXPECT($t6, WPEM)
    WRITE_CSR(CSR_ASID, 0)
    WRITE_CSR(MWP(0, 3), LEVEL0 | LOAD)
    WRITE_CSR(MWP(0, 2), 0x30)                  # four eights: 08h, 18h, 28h, 38h
    ld.d $a1, $a0, 0x10
    ld.d $a1, $a0, 0x20
    CATCH(ld.d $a1, $a0, 0x28)
    EXPECT($t6, WPEM)
    WRITE_CSR(MWP(0, 3), LOAD | 0x10)           # PLV3's alone
    ld.d $a1, $a0, 8
    WRITE_CSR(MWP(0, 3), 0)
    # more than are looked for at once
    .set n, 0
    .rept 7
    addi.d $t0, $a0, 64 * n
    csrwr $t0, MWP(n, 1)
    csrwr $zero, MWP(n, 2)
    WRITE_CSR(MWP(n, 3), LEVEL0 | STORE)
    .set n, n + 1
    .endr
    st.d $a0, $a0, 8
    CATCH(st.d $a0, $a0, 0)
    EXPECT($t6, WPEM)
    CATCH(st.d $a0, $a0, 6 * 64)
    EXPECT($t6, WPEM)
    csrrd $a2, CSR_MWPS
    andi $a2, $a2, 0x7f
    EXPECT($a2, 0x41)
    WATCH_OFF
    st.d $a0, $a0, 0

    # ---- fetch ----
    la.pcrel $a1, watched
    csrwr $a1, FWP(2, 1)
    csrwr $zero, FWP(2, 2)
    WRITE_CSR(FWP(2, 3), LEVEL0)
    bl before
    EXPECT($a2, 2)
    la.pcrel $a1, watched
    CATCH(WATCH_ON; bl before)
    EXPECT($t6, WPEF)
    EXPECT_SAME($s4, $a1)
    EXPECT($a2, 1)
    csrrd $a3, CSR_FWPS
    EXPECT($a3, 4)
    WRITE_CSR(CSR_FWPS, SKIP | 4)
    bl before
    EXPECT($a2, 2)
    csrrd $a3, CSR_FWPS
    EXPECT($a3, 0)
    WATCH_OFF
    WRITE_CSR(FWP(2, 3), 1)                     # DMOnly: debug mode's to write
    csrrd $a2, FWP(2, 3)
    EXPECT($a2, 0)

    # ---- counters ----
    li.w $t0, 6
    cpucfg $a2, $t0
    andi $a3, $a2, 1
    EXPECT($a3, 1)
    bstrpick.d $a3, $a2, 7, 4
    EXPECT($a3, 3)
    WRITE_CSR(CSR_PMCNT0, 0)
    WRITE_CSR(CSR_PMCNT1, 0)
    WRITE_CSR(0x205, 0)
    WRITE_CSR(0x204, PMU_PLV0 | 2)              # branches
    WRITE_CSR(CSR_PMCFG1, PMU_PLV0 | 0)         # cycles
    WRITE_CSR(CSR_PMCFG0, PMU_PLV0 | 1)         # instructions
    li.w $a1, 1000
1:  addi.d $a1, $a1, -1
    bnez $a1, 1b
    csrwr $zero, CSR_PMCFG0
    csrwr $zero, CSR_PMCFG1
    csrwr $zero, 0x204
    csrrd $a2, CSR_PMCNT0
    addi.d $a2, $a2, -2000
    sltui $a3, $a2, 16
    EXPECT($a3, 1)
    csrrd $a2, CSR_PMCNT1
    li.w $a3, 1000
    sltu $a3, $a2, $a3
    EXPECT($a3, 0)
    csrrd $a2, 0x205
    EXPECT($a2, 1000)
    WRITE_CSR(CSR_PMCNT0, 0)
    WRITE_CSR(CSR_PMCFG0, PMU_PLV3 | 1)         # not of this level
    nop
    csrrd $a2, CSR_PMCNT0
    EXPECT($a2, 0)
    # bit 63 interrupts, until it is cleared or PMIEn is
    WRITE_CSR(CSR_PMCNT0, 0x7fffffffffffff00)
    WRITE_CSR(CSR_PMCFG0, PMU_PLV0 | PMIE | 1)
    csrrd $a2, CSR_ESTAT
    bstrpick.d $a2, $a2, 14, 0
    EXPECT($a2, 0)
    WRITE_CSR(CSR_ECFG, 7 << 16 | PMI)
    li.d $a1, 1000000
    li.w $t0, 4
    la.pcrel $s7, 1f
    csrxchg $t0, $t0, CSR_CRMD
2:  addi.d $a1, $a1, -1
    bnez $a1, 2b
    FAIL
1:  EXPECT($s5, 74 * 512)
    WRITE_CSR(CSR_CRMD, 8)
    csrrd $a2, CSR_ESTAT
    bstrpick.d $a2, $a2, 14, 0
    EXPECT($a2, PMI)
    WRITE_CSR(CSR_PMCNT0, 0)
    csrrd $a2, CSR_ESTAT
    bstrpick.d $a2, $a2, 14, 0
    EXPECT($a2, 0)
    csrwr $zero, CSR_PMCFG0
GUEST_END

before:
    li.w $a2, 1
watched:
    addi.w $a2, $a2, 1
    ret

    .bss
    .balign 4096
data: .skip 4096
