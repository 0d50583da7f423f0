/* SPDX-License-Identifier: Apache-2.0 */
/*
 * EL2's controls over EL1, one by one: with the control as it lets EL1 through, the instruction
 * runs; with that one bit turned, it traps to EL2, and ESR_EL2 says which instruction it was.
 * Controls and bits as Arm DDI 0487 gives them (D24.2: CPTR_EL2, HCR_EL2, HCRX_EL2, HFG*_EL2,
 * HDFG*_EL2; D24.3.18 MDCR_EL2; D24.10.2 CNTHCTL_EL2), ICH_HCR_EL2 as IHI 0069H, 12.4.7. Everything twice: without and with
 * HCR_EL2.E2H, which gives CPTR_EL2 and CNTHCTL_EL2 another layout. Ends with "controls: N cases passed".
 */
#include "guest.h"

enum control { HCR, HCRX, MDCR, CPTR, CNTHCTL, HFGRTR, HFGWTR, HFGITR, HDFGRTR, HDFGWTR, ICH_HCR, CONTROLS };
static const char *const control_names[CONTROLS] = {
    "HCR_EL2", "HCRX_EL2", "MDCR_EL2", "CPTR_EL2", "CNTHCTL_EL2",
    "HFGRTR_EL2", "HFGWTR_EL2", "HFGITR_EL2", "HDFGRTR_EL2", "HDFGWTR_EL2",
    "ICH_HCR_EL2",
};

#define BIT(n) (1ull << (n))
#define HCR_E2H BIT(34)
/* RW, APK, API, EnSCXT, ATA; MSCEn, TCR2En, SCTLR2En; HPMN = 6; the nXXX of HFGxTR_EL2 */
#define HCR_OPEN (BIT(31) | BIT(40) | BIT(41) | BIT(53) | BIT(56))
#define HCRX_OPEN (BIT(11) | BIT(14) | BIT(15))
#define SCTLR_OPEN (0x30d00800 | BIT(31)) /* EnIA */
#define HFG_OPEN 0xfffc000000000000ull

/* ID_AA64PFR0_EL1.GIC: the CPU interface's registers are there. */
static bool has_gic(void)
{
    return (MRS("s3_0_c0_c4_0") >> 24 & 15) != 0;
}

static void set_controls(uint64_t e2h, const uint64_t *v)
{
    MSR("hcr_el2", v[HCR] | e2h);
    ISB();
    MSR("s3_4_c1_c2_2", v[HCRX]);
    MSR("mdcr_el2", v[MDCR]);
    MSR("cptr_el2", v[CPTR]);
    MSR("cnthctl_el2", v[CNTHCTL]);
    MSR("s3_4_c1_c1_4", v[HFGRTR]);
    MSR("s3_4_c1_c1_5", v[HFGWTR]);
    MSR("s3_4_c1_c1_6", v[HFGITR]);
    MSR("s3_4_c3_c1_4", v[HDFGRTR]);
    MSR("s3_4_c3_c1_5", v[HDFGWTR]);
    if (has_gic())
        MSR("s3_4_c12_c11_0", v[ICH_HCR]);
    ISB();
}

static void open_all(uint64_t e2h, uint64_t *v)
{
    for (int i = 0; i < CONTROLS; i++)
        v[i] = 0;
    v[HCR] = HCR_OPEN;
    v[HCRX] = HCRX_OPEN;
    v[MDCR] = 6;
    v[CPTR] = e2h ? 3u << 20 : 0x33ff & ~BIT(8);
    v[CNTHCTL] = e2h ? 3u << 10 : 3;
    v[HFGRTR] = v[HFGWTR] = HFG_OPEN;
}

/* ---- the rows ---- */
#define RT 5
#define SYSTEM(read, op0, op1, crn, crm, op2)                                                      \
    (0xd5000000u | (uint32_t)(read) << 21 | (op0) << 19 | (op1) << 16 | (crn) << 12 | (crm) << 8 | \
     (op2) << 5 | RT)
enum { WFI = 0xd503207f, WFE = 0xd503205f, SVC = 0xd4000001, ERET = 0xd69f03e0, SMC = 0xd4000003,
       FMOV_D0_X5 = 0x9e6700a0, FMOV_S0_S1 = 0x1e204020, PACIA_X5 = 0xdac123e5,
       PACGA_X5 = 0x9ac530a5, ERETAA = 0xd69f0bff, NOP = 0xd503201f, HVC = 0xd4000002 };

struct row {
    enum control control;
    uint8_t bit;
    uint8_t layout; /* 0: both; 1: without E2H; 2: with */
    uint32_t insn;
};
enum { BOTH, PLAIN, WITH_E2H };

#define R(control, bit, ...) { control, bit, BOTH, SYSTEM(1, __VA_ARGS__) }
#define W(control, bit, ...) { control, bit, BOTH, SYSTEM(0, __VA_ARGS__) }
/* both ways, by HCR_EL2.TRVM and TVM, HFGRTR_EL2 and HFGWTR_EL2 */
#define VM(...) R(HCR, 30, __VA_ARGS__), W(HCR, 26, __VA_ARGS__)
#define FINE(bit, ...) R(HFGRTR, bit, __VA_ARGS__), W(HFGWTR, bit, __VA_ARGS__)
#define DEBUG_FINE(bit, ...) R(HDFGRTR, bit, __VA_ARGS__), W(HDFGWTR, bit, __VA_ARGS__)
#define RW(control, bit, ...) R(control, bit, __VA_ARGS__), W(control, bit, __VA_ARGS__)

static const struct row rows[] = {
    /* HCR_EL2 */
    { HCR, 13, BOTH, WFI }, { HCR, 14, BOTH, WFE }, { HCR, 19, BOTH, SMC },
    R(HCR, 16, 3, 0, 0, 0, 6), R(HCR, 16, 3, 1, 0, 0, 7),                             /* TID1: REVIDR, AIDR */
    R(HCR, 17, 3, 3, 0, 0, 1), R(HCR, 17, 3, 1, 0, 0, 0), R(HCR, 17, 3, 1, 0, 0, 1),  /* TID2: CTR, CCSIDR, CLIDR */
    RW(HCR, 17, 3, 2, 0, 0, 0),                                                       /* CSSELR */
    R(HCR, 49, 3, 1, 0, 0, 0), R(HCR, 49, 3, 1, 0, 0, 1), RW(HCR, 49, 3, 2, 0, 0, 0), /* TID4 */
    R(HCR, 18, 3, 0, 0, 1, 0), R(HCR, 18, 3, 0, 0, 4, 0), R(HCR, 18, 3, 0, 0, 7, 0),  /* TID3: ID_PFR0... */
    R(HCR, 18, 3, 0, 0, 4, 5), R(HCR, 18, 3, 0, 0, 6, 2), R(HCR, 18, 3, 0, 0, 7, 7),
    R(HCR, 58, 3, 1, 0, 0, 4),                                                        /* TID5: GMID */
    W(HCR, 20, 3, 0, 15, 0, 0), R(HCR, 20, 3, 0, 11, 0, 2),                           /* TIDCP */
    RW(HCR, 21, 3, 0, 1, 0, 1),                                                       /* TACR */
    W(HCR, 22, 1, 0, 7, 6, 2), W(HCR, 22, 1, 0, 7, 10, 2), W(HCR, 22, 1, 0, 7, 14, 2), /* TSW */
    W(HCR, 23, 1, 0, 7, 6, 1), W(HCR, 23, 1, 3, 7, 10, 1), W(HCR, 23, 1, 3, 7, 14, 1), /* TPCP */
    W(HCR, 23, 1, 3, 7, 12, 1), W(HCR, 23, 1, 3, 7, 13, 1),
    W(HCR, 24, 1, 0, 7, 1, 0), W(HCR, 24, 1, 0, 7, 5, 0), W(HCR, 24, 1, 3, 7, 5, 1), W(HCR, 24, 1, 3, 7, 11, 1), /* TPU */
    W(HCR, 52, 1, 0, 7, 5, 0), W(HCR, 52, 1, 3, 7, 5, 1), W(HCR, 52, 1, 3, 7, 11, 1), /* TOCU */
    W(HCR, 50, 1, 0, 7, 1, 0),                                                        /* TICAB */
    W(HCR, 25, 1, 0, 8, 7, 0), W(HCR, 25, 1, 0, 8, 3, 1), W(HCR, 25, 1, 0, 8, 1, 2), W(HCR, 25, 1, 0, 8, 6, 1), /* TTLB */
    W(HCR, 25, 1, 0, 9, 7, 0), W(HCR, 54, 1, 0, 9, 3, 0),
    W(HCR, 54, 1, 0, 8, 3, 0), W(HCR, 54, 1, 0, 8, 3, 7), W(HCR, 54, 1, 0, 8, 2, 1),  /* TTLBIS */
    W(HCR, 55, 1, 0, 8, 1, 0), W(HCR, 55, 1, 0, 8, 1, 5), W(HCR, 55, 1, 0, 8, 5, 3),  /* TTLBOS */
    W(HCR, 28, 1, 3, 7, 4, 1), W(HCR, 28, 1, 3, 7, 4, 3), W(HCR, 28, 1, 3, 7, 4, 4),  /* TDZ */
    RW(HCR, 35, 3, 0, 10, 4, 0), RW(HCR, 35, 3, 0, 10, 4, 3), R(HCR, 35, 3, 0, 10, 4, 7), /* TLOR */
    R(HCR, 36, 3, 0, 5, 3, 0), RW(HCR, 36, 3, 0, 5, 3, 1), R(HCR, 36, 3, 0, 5, 4, 0), RW(HCR, 36, 3, 0, 5, 4, 2), /* TERR */
    RW(HCR, 40, 3, 0, 2, 1, 0), RW(HCR, 40, 3, 0, 2, 1, 3), RW(HCR, 40, 3, 0, 2, 2, 1), RW(HCR, 40, 3, 0, 2, 3, 0), /* APK */
    { HCR, 41, BOTH, PACIA_X5 }, { HCR, 41, BOTH, PACGA_X5 },
    RW(HCR, 53, 3, 0, 13, 0, 7), RW(HCR, 53, 3, 3, 13, 0, 7),                         /* EnSCXT */
    RW(HCR, 56, 3, 0, 5, 6, 0), RW(HCR, 56, 3, 0, 5, 6, 1), RW(HCR, 56, 3, 0, 1, 0, 5), RW(HCR, 56, 3, 0, 1, 0, 6), /* ATA */
    VM(3, 0, 1, 0, 0), VM(3, 0, 2, 0, 0), VM(3, 0, 2, 0, 1), VM(3, 0, 2, 0, 2), VM(3, 0, 5, 2, 0), VM(3, 0, 6, 0, 0),
    VM(3, 0, 5, 1, 0), VM(3, 0, 5, 1, 1), VM(3, 0, 10, 2, 0), VM(3, 0, 10, 3, 0), VM(3, 0, 13, 0, 1),
    VM(3, 0, 2, 0, 3), VM(3, 0, 1, 0, 3), VM(3, 0, 10, 2, 2), VM(3, 0, 10, 2, 3), VM(3, 0, 10, 2, 4),
    /* HCRX_EL2 */
    RW(HCRX, 14, 3, 0, 2, 0, 3), RW(HCRX, 15, 3, 0, 1, 0, 3),
    /* MDCR_EL2: TPMCR, TPM, TDE, TDA, TDOSA, TDRA, TDCC */
    RW(MDCR, 5, 3, 3, 9, 12, 0), RW(MDCR, 6, 3, 3, 9, 12, 0), RW(MDCR, 6, 3, 3, 9, 12, 5), RW(MDCR, 6, 3, 3, 9, 13, 0),
    RW(MDCR, 6, 3, 0, 9, 14, 1), RW(MDCR, 6, 3, 3, 14, 8, 0), RW(MDCR, 6, 3, 3, 14, 12, 0), RW(MDCR, 6, 3, 3, 14, 15, 7),
    RW(MDCR, 6, 3, 3, 9, 14, 0), R(MDCR, 6, 3, 3, 9, 12, 6), W(MDCR, 6, 3, 3, 9, 12, 4),
    RW(MDCR, 8, 2, 0, 0, 2, 2), RW(MDCR, 9, 2, 0, 0, 2, 2), RW(MDCR, 9, 2, 0, 0, 0, 4), RW(MDCR, 9, 2, 0, 0, 0, 5),
    RW(MDCR, 9, 2, 0, 0, 0, 6), RW(MDCR, 9, 2, 0, 0, 0, 7), R(MDCR, 9, 2, 0, 7, 14, 6), RW(MDCR, 9, 2, 0, 7, 8, 6),
    R(MDCR, 9, 2, 3, 0, 1, 0), RW(MDCR, 9, 2, 0, 0, 2, 0),
    R(MDCR, 10, 2, 0, 1, 1, 4), W(MDCR, 10, 2, 0, 1, 0, 4), RW(MDCR, 10, 2, 0, 1, 3, 4), RW(MDCR, 10, 2, 0, 1, 4, 4),
    R(MDCR, 11, 2, 0, 1, 0, 0),
    R(MDCR, 27, 2, 3, 0, 1, 0), RW(MDCR, 27, 2, 0, 0, 2, 0), RW(MDCR, 27, 2, 0, 0, 0, 2), RW(MDCR, 27, 2, 0, 0, 3, 2),
    /* CPTR_EL2 */
    { CPTR, 10, PLAIN, FMOV_D0_X5 }, { CPTR, 20, WITH_E2H, FMOV_D0_X5 }, { CPTR, 10, PLAIN, FMOV_S0_S1 },
    RW(CPTR, 31, 3, 0, 1, 0, 2),
    /* CNTHCTL_EL2 */
    { CNTHCTL, 0, PLAIN, SYSTEM(1, 3, 3, 14, 0, 1) }, { CNTHCTL, 10, WITH_E2H, SYSTEM(1, 3, 3, 14, 0, 1) },
    { CNTHCTL, 0, PLAIN, SYSTEM(1, 3, 3, 14, 0, 5) }, { CNTHCTL, 10, WITH_E2H, SYSTEM(1, 3, 3, 14, 0, 5) },
    { CNTHCTL, 1, PLAIN, SYSTEM(1, 3, 3, 14, 2, 1) }, { CNTHCTL, 11, WITH_E2H, SYSTEM(0, 3, 3, 14, 2, 1) },
    { CNTHCTL, 1, PLAIN, SYSTEM(0, 3, 3, 14, 2, 2) }, { CNTHCTL, 11, WITH_E2H, SYSTEM(1, 3, 3, 14, 2, 0) },
    RW(CNTHCTL, 13, 3, 3, 14, 3, 1), RW(CNTHCTL, 13, 3, 3, 14, 3, 2), R(CNTHCTL, 14, 3, 3, 14, 0, 2),
    R(CNTHCTL, 14, 3, 3, 14, 0, 6),
    /* HFGRTR_EL2, HFGWTR_EL2 */
    FINE(0, 3, 0, 5, 1, 0), FINE(1, 3, 0, 5, 1, 1), R(HFGRTR, 2, 3, 1, 0, 0, 7), FINE(3, 3, 0, 10, 3, 0),
    FINE(4, 3, 0, 2, 2, 0), FINE(4, 3, 0, 2, 2, 1), FINE(5, 3, 0, 2, 2, 2), FINE(6, 3, 0, 2, 3, 1),
    FINE(7, 3, 0, 2, 1, 1), FINE(8, 3, 0, 2, 1, 2), R(HFGRTR, 9, 3, 1, 0, 0, 0), R(HFGRTR, 10, 3, 1, 0, 0, 1),
    FINE(11, 3, 0, 13, 0, 1), FINE(12, 3, 0, 1, 0, 2), FINE(13, 3, 2, 0, 0, 0), R(HFGRTR, 14, 3, 3, 0, 0, 1),
    R(HFGRTR, 15, 3, 3, 0, 0, 7), FINE(16, 3, 0, 5, 2, 0), FINE(17, 3, 0, 6, 0, 0), R(HFGRTR, 18, 3, 0, 12, 1, 0),
    FINE(19, 3, 0, 10, 4, 3), FINE(20, 3, 0, 10, 4, 1), R(HFGRTR, 21, 3, 0, 10, 4, 7), FINE(22, 3, 0, 10, 4, 2),
    FINE(23, 3, 0, 10, 4, 0), FINE(24, 3, 0, 10, 2, 0), R(HFGRTR, 25, 3, 0, 0, 0, 0), R(HFGRTR, 26, 3, 0, 0, 0, 5),
    FINE(27, 3, 0, 7, 4, 0), R(HFGRTR, 28, 3, 0, 0, 0, 6), FINE(29, 3, 0, 1, 0, 0), FINE(30, 3, 0, 13, 0, 7),
    FINE(31, 3, 3, 13, 0, 7), FINE(32, 3, 0, 2, 0, 2), FINE(33, 3, 0, 13, 0, 4), FINE(34, 3, 3, 13, 0, 3),
    FINE(35, 3, 3, 13, 0, 2), FINE(36, 3, 0, 2, 0, 0), FINE(37, 3, 0, 2, 0, 1), FINE(38, 3, 0, 12, 0, 0),
    R(HFGRTR, 40, 3, 0, 5, 3, 0), FINE(41, 3, 0, 5, 3, 1), R(HFGRTR, 42, 3, 0, 5, 4, 0), FINE(43, 3, 0, 5, 4, 1),
    FINE(44, 3, 0, 5, 4, 2), FINE(45, 3, 0, 5, 5, 0), FINE(49, 3, 0, 5, 4, 3),
    FINE(57, 3, 0, 10, 2, 2), FINE(58, 3, 0, 10, 2, 3), FINE(59, 3, 3, 10, 2, 4), FINE(60, 3, 0, 10, 2, 4),
    FINE(39, 3, 0, 12, 12, 6), FINE(39, 3, 0, 12, 12, 7),
    /* HFGITR_EL2 */
    W(HFGITR, 0, 1, 0, 7, 1, 0), W(HFGITR, 1, 1, 0, 7, 5, 0), W(HFGITR, 2, 1, 3, 7, 5, 1), W(HFGITR, 3, 1, 0, 7, 6, 1),
    W(HFGITR, 4, 1, 0, 7, 6, 2), W(HFGITR, 5, 1, 0, 7, 10, 2), W(HFGITR, 6, 1, 0, 7, 14, 2), W(HFGITR, 7, 1, 3, 7, 11, 1),
    W(HFGITR, 8, 1, 3, 7, 12, 1), W(HFGITR, 9, 1, 3, 7, 13, 1), W(HFGITR, 10, 1, 3, 7, 14, 1), W(HFGITR, 11, 1, 3, 7, 4, 1),
    W(HFGITR, 12, 1, 0, 7, 8, 0), W(HFGITR, 13, 1, 0, 7, 8, 1), W(HFGITR, 14, 1, 0, 7, 8, 2), W(HFGITR, 15, 1, 0, 7, 8, 3),
    W(HFGITR, 16, 1, 0, 7, 9, 0), W(HFGITR, 17, 1, 0, 7, 9, 1), W(HFGITR, 18, 1, 0, 8, 1, 0), W(HFGITR, 21, 1, 0, 8, 1, 3),
    W(HFGITR, 24, 1, 0, 8, 5, 1), W(HFGITR, 28, 1, 0, 8, 3, 0), W(HFGITR, 29, 1, 0, 9, 3, 1), W(HFGITR, 34, 1, 0, 8, 2, 1),
    W(HFGITR, 37, 1, 0, 8, 2, 7), W(HFGITR, 38, 1, 0, 8, 6, 1), W(HFGITR, 42, 1, 0, 8, 7, 0), W(HFGITR, 47, 1, 0, 8, 7, 7),
    W(HFGITR, 48, 1, 3, 7, 3, 4), W(HFGITR, 49, 1, 3, 7, 3, 5), W(HFGITR, 50, 1, 3, 7, 3, 7), W(HFGITR, 54, 1, 3, 7, 10, 1),
    W(HFGITR, 62, 1, 0, 7, 9, 2), { HFGITR, 53, BOTH, SVC }, { HFGITR, 51, BOTH, ERET }, { HFGITR, 51, BOTH, ERETAA },
    /* HDFGRTR_EL2, HDFGWTR_EL2 */
    DEBUG_FINE(0, 2, 0, 0, 0, 5), DEBUG_FINE(0, 2, 0, 0, 3, 5), DEBUG_FINE(1, 2, 0, 0, 0, 4), DEBUG_FINE(2, 2, 0, 0, 0, 7),
    DEBUG_FINE(3, 2, 0, 0, 0, 6), DEBUG_FINE(4, 2, 0, 0, 2, 2), DEBUG_FINE(5, 2, 0, 7, 8, 6), DEBUG_FINE(5, 2, 0, 7, 9, 6),
    R(HDFGRTR, 6, 2, 0, 7, 14, 6), DEBUG_FINE(7, 2, 0, 1, 4, 4), W(HDFGWTR, 8, 2, 0, 1, 0, 4), R(HDFGRTR, 9, 2, 0, 1, 1, 4),
    DEBUG_FINE(10, 2, 0, 0, 6, 2), DEBUG_FINE(11, 2, 0, 1, 3, 4), DEBUG_FINE(12, 3, 3, 14, 8, 0),
    DEBUG_FINE(12, 3, 3, 9, 13, 2), DEBUG_FINE(13, 3, 3, 14, 12, 0), DEBUG_FINE(13, 3, 3, 9, 13, 1),
    DEBUG_FINE(14, 3, 3, 14, 15, 7), DEBUG_FINE(15, 3, 3, 9, 13, 0), DEBUG_FINE(16, 3, 3, 9, 12, 1),
    DEBUG_FINE(16, 3, 3, 9, 12, 2), DEBUG_FINE(17, 3, 0, 9, 14, 1), DEBUG_FINE(17, 3, 0, 9, 14, 2),
    DEBUG_FINE(18, 3, 3, 9, 12, 3), DEBUG_FINE(18, 3, 3, 9, 14, 3), DEBUG_FINE(19, 3, 3, 9, 12, 5),
    W(HDFGWTR, 20, 3, 3, 9, 12, 4), W(HDFGWTR, 21, 3, 3, 9, 12, 0), R(HDFGRTR, 22, 3, 0, 9, 14, 6),
    DEBUG_FINE(57, 3, 3, 9, 14, 0), R(HDFGRTR, 58, 3, 3, 9, 12, 6), R(HDFGRTR, 58, 3, 3, 9, 12, 7),
    /* ICH_HCR_EL2: TC, TALL0, TALL1, TDIR */
    RW(ICH_HCR, 10, 3, 0, 4, 6, 0), RW(ICH_HCR, 10, 3, 0, 12, 12, 4), R(ICH_HCR, 10, 3, 0, 12, 11, 3),
    W(ICH_HCR, 10, 3, 0, 12, 11, 1), W(ICH_HCR, 10, 3, 0, 12, 11, 5), W(ICH_HCR, 10, 3, 0, 12, 11, 6),
    R(ICH_HCR, 11, 3, 0, 12, 8, 0), W(ICH_HCR, 11, 3, 0, 12, 8, 1), R(ICH_HCR, 11, 3, 0, 12, 8, 2),
    RW(ICH_HCR, 11, 3, 0, 12, 8, 3), RW(ICH_HCR, 11, 3, 0, 12, 8, 4), RW(ICH_HCR, 11, 3, 0, 12, 12, 6),
    R(ICH_HCR, 12, 3, 0, 12, 12, 0), W(ICH_HCR, 12, 3, 0, 12, 12, 1), R(ICH_HCR, 12, 3, 0, 12, 12, 2),
    RW(ICH_HCR, 12, 3, 0, 12, 12, 3), RW(ICH_HCR, 12, 3, 0, 12, 9, 0), RW(ICH_HCR, 12, 3, 0, 12, 12, 7),
    W(ICH_HCR, 14, 3, 0, 12, 11, 1),
};

/* ---- running one ---- */
extern uint64_t run_el1(const uint32_t *code, uint64_t x5);
extern char el2_vectors[], el1_vectors[];
static uint32_t code[4] __attribute__((aligned(64)));
static uint64_t target[512] __attribute__((aligned(4096)));
static unsigned cases, failures;
enum { EC_HVC = 0x16 };

static uint64_t syndrome(uint32_t insn)
{
    uint64_t il = 1u << 25;
    switch (insn) {
    case WFI: return 0x01ull << 26 | il | 1u << 24 | 0xeu << 20;
    case WFE: return 0x01ull << 26 | il | 1u << 24 | 0xeu << 20 | 1;
    case SVC: return 0x15ull << 26 | il;
    case SMC: return 0x17ull << 26 | il;
    case ERET: return 0x1aull << 26 | il;
    case ERETAA: return 0x1aull << 26 | il | 2;
    case FMOV_D0_X5: case FMOV_S0_S1: return 0x07ull << 26 | il | 1u << 24 | 0xeu << 20;
    case PACIA_X5: case PACGA_X5: return 0x09ull << 26 | il;
    default: break;
    }
    uint64_t op0 = insn >> 19 & 3, op1 = insn >> 16 & 7, crn = insn >> 12 & 15, crm = insn >> 8 & 15, op2 = insn >> 5 & 7;
    return 0x18ull << 26 | il | op0 << 20 | op2 << 17 | op1 << 14 | crn << 10 | RT << 5 | crm << 1 | (insn >> 21 & 1);
}

static void complain(const struct row *r, uint64_t e2h, const char *text, uint64_t esr)
{
    if (failures++ > 30)
        return;
    put_text("controls: FAILED: ");
    put_text(control_names[r->control]);
    put_text(" bit ");
    put_number(r->bit);
    put_text(e2h ? " (E2H), insn " : ", insn ");
    put_hex(r->insn);
    put_text(text);
    put_hex(esr);
    put_text("\n");
}

static uint64_t run(uint32_t insn)
{
    code[0] = insn == WFE ? WFE : NOP; /* the exception return has set the event register */
    code[1] = insn;
    code[2] = HVC;
    DSB();
    __asm__ volatile("ic iallu; dsb sy; isb" ::: "memory");
    cases++;
    return run_el1(code, (insn >> 19 & 3) == 1 ? (uint64_t)target : 0);
}

/* EL1's registers as a row may have left them; under E2H by their _EL12 names. */
static void restore_el1(uint64_t e2h)
{
    if (e2h) {
        MSR("s3_5_c1_c0_0", SCTLR_OPEN); /* SCTLR_EL12, VBAR_EL12, CPACR_EL12, TCR_EL12 */
        MSR("s3_5_c12_c0_0", (uint64_t)el1_vectors);
        MSR("s3_5_c1_c0_2", 3u << 20);
        MSR("s3_5_c2_c0_2", 0);
    } else {
        MSR("sctlr_el1", SCTLR_OPEN);
        MSR("vbar_el1", (uint64_t)el1_vectors);
        MSR("cpacr_el1", 3u << 20);
        MSR("tcr_el1", 0);
    }
    MSR("s2_0_c1_c0_4", 0); /* OSLAR_EL1 */
    ISB();
}

/* Registers of features that not every board gives the CPU: MTE2, SCTLR2. */
static bool is_there(uint32_t insn)
{
    bool mte = (MRS("s3_0_c0_c4_1") >> 8 & 15) >= 2, sctlr2 = (MRS("s3_0_c0_c7_3") >> 4 & 15) != 0;
    if ((insn & 0xfffff000) == 0xd518c000 || (insn & 0xfffff000) == 0xd538c000) /* CRn 12: but VBAR, ISR */
        return (insn >> 8 & 15) < 8 || has_gic();
    switch (insn & ~(1u << 21)) {
    case SYSTEM(0, 3, 0, 4, 6, 0): return has_gic();
    case SYSTEM(0, 3, 1, 0, 0, 4): case SYSTEM(0, 3, 0, 5, 6, 0): case SYSTEM(0, 3, 0, 5, 6, 1):
    case SYSTEM(0, 3, 0, 1, 0, 5): case SYSTEM(0, 3, 0, 1, 0, 6):
        return mte;
    case SYSTEM(0, 3, 0, 1, 0, 3): return sctlr2;
    default: return true;
    }
}

static void check(const struct row *r, uint64_t e2h)
{
    uint64_t v[CONTROLS], esr;
    open_all(e2h, v);
    set_controls(e2h, v);
    restore_el1(e2h);
    /* an exception to EL1, or a wait that EL1 cannot end, is not tried untrapped */
    if (r->insn != SMC && r->insn != SVC && r->insn != ERET && r->insn != ERETAA && r->insn != WFI) {
        run(r->insn);
        esr = MRS("esr_el2");
        /* TIDCP's encodings are UNDEFINED otherwise: EL1's vector is HVC 1 */
        uint64_t want = r->control == HCR && r->bit == 20 ? 1 : 0;
        if (esr != ((uint64_t)EC_HVC << 26 | 1u << 25 | want))
            complain(r, e2h, " should run; ESR_EL2 is ", esr);
    }
    restore_el1(e2h);
    v[r->control] ^= BIT(r->bit);
    if (r->control == CPTR && r->bit == 20)
        v[CPTR] &= ~(3ull << 20);
    set_controls(e2h, v);
    run(r->insn);
    esr = MRS("esr_el2");
    if (esr != syndrome(r->insn)) {
        complain(r, e2h, " should trap; ESR_EL2 is ", esr);
        if (failures < 30) {
            put_text("    not ");
            put_hex(syndrome(r->insn));
            put_text("\n");
        }
    }
    open_all(e2h, v);
    set_controls(e2h, v);
}

int main(void)
{
    MSR("vbar_el2", (uint64_t)el2_vectors);
    for (uint64_t e2h = 0; e2h <= HCR_E2H; e2h += HCR_E2H)
        for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
            if (is_there(rows[i].insn) && (rows[i].layout == BOTH || (rows[i].layout == WITH_E2H) == (e2h != 0)))
                check(&rows[i], e2h);
    put_text("controls: ");
    put_number(failures != 0 ? failures : cases);
    put_text(failures != 0 ? " cases FAILED\n" : " cases passed\n");
    return 0;
}
