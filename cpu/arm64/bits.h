/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CPU_ARM64_BITS_H
#define ORRERY_CPU_ARM64_BITS_H
/* Bits of control registers that more than one file of cpu/arm64 asks (Arm ARM, D24). Masks. */
#define B(n) (1ull << (n))
enum {
    /* SPSR_ELx, PSTATE */
    A64_PS_SPSEL = 1, A64_PS_NRW = 1 << 4, A64_PS_F = 1 << 6, A64_PS_I = 1 << 7, A64_PS_A = 1 << 8,
    A64_PS_D = 1 << 9, A64_PS_DAIF = 0xf << 6, A64_PS_BTYPE_SHIFT = 10, A64_PS_SSBS = 1 << 12,
    A64_PS_IL = 1 << 20, A64_PS_SS = 1 << 21, A64_PS_PAN = 1 << 22,
    A64_PS_UAO = 1 << 23, A64_PS_DIT = 1 << 24, A64_PS_TCO = 1 << 25,
};
#define A64_PS_NZCV (0xfull << 28)

#define A64_SCTLR_M    B(0)
#define A64_SCTLR_A    B(1)
#define A64_SCTLR_C    B(2)
#define A64_SCTLR_SA   B(3)
#define A64_SCTLR_SA0  B(4)
#define A64_SCTLR_NAA  B(6)
#define A64_SCTLR_CP15BEN B(5) /* of AArch32 at EL0, as SED */
#define A64_SCTLR_ITD  B(7)
#define A64_SCTLR_SED  B(8)
#define A64_SCTLR_UMA  B(9)
#define A64_SCTLR_DZE  B(14)
#define A64_SCTLR_NTWI B(16)
#define A64_SCTLR_NTWE B(18)
#define A64_SCTLR_WXN  B(19)
#define A64_SCTLR_SPAN B(23)
#define A64_SCTLR_E0E  B(24)
#define A64_SCTLR_EE   B(25)
#define A64_SCTLR_UCI  B(26)
#define A64_SCTLR_BT0  B(35)
#define A64_SCTLR_BT1  B(36) /* BT of EL2 and EL3 as well */
#define A64_SCTLR_DSSBS B(44)
#define A64_SCTLR_EPAN B(57)

#define A64_HCR_VM     B(0)
#define A64_HCR_PTW    B(2)
#define A64_HCR_FMO    B(3)
#define A64_HCR_IMO    B(4)
#define A64_HCR_AMO    B(5)
#define A64_HCR_VF     B(6)
#define A64_HCR_VI     B(7)
#define A64_HCR_VSE    B(8)
#define A64_HCR_FB     B(9)
#define A64_HCR_DC     B(12)
#define A64_HCR_TWI    B(13)
#define A64_HCR_TWE    B(14)
#define A64_HCR_TSC    B(19)
#define A64_HCR_TGE    B(27)
#define A64_HCR_HCD    B(29)
#define A64_HCR_CD     B(32)
#define A64_HCR_ID     B(33)
#define A64_HCR_E2H    B(34)
#define A64_HCR_TEA    B(37)
#define A64_HCR_APK    B(40)
#define A64_HCR_API    B(41)
#define A64_HCR_NV     B(42)
#define A64_HCR_NV1    B(43)
#define A64_HCR_FWB    B(46)
#define A64_HCR_ATA    B(56)

#define A64_SCR_NS     B(0)
#define A64_SCR_IRQ    B(1)
#define A64_SCR_FIQ    B(2)
#define A64_SCR_EA     B(3)
#define A64_SCR_SMD    B(7)
#define A64_SCR_HCE    B(8)
#define A64_SCR_SIF    B(9)
#define A64_SCR_RW     B(10)
#define A64_SCR_TWI    B(12)
#define A64_SCR_TWE    B(13)
#define A64_SCR_APK    B(16)
#define A64_SCR_API    B(17)
#define A64_SCR_EEL2   B(18)
#define A64_SCR_FIEN   B(21)
#define A64_SCR_ENSCXT B(25)
#define A64_SCR_ATA    B(26)
#define A64_SCR_FGTEN  B(27)
#define A64_SCR_ECVEN  B(28)
#define A64_SCR_HXEN   B(38)
#define A64_SCR_ENTP2  B(41)
#define A64_SCR_TCR2EN B(43)
#define A64_SCR_SCTLR2EN B(44)
#define A64_SCR_PIEN   B(45)
#define A64_SCR_AIEN   B(46)
#define A64_SCR_FGTEN2 B(59)

#define A64_FPCR_FZ16  B(19)
#define A64_FPCR_RMODE (3ull << 22)
#define A64_FPCR_FZ    B(24)
#define A64_FPCR_DN    B(25)
#define A64_FPCR_AHP   B(26)

#endif
