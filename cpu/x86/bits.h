/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CPU_X86_BITS_H
#define ORRERY_CPU_X86_BITS_H
/* Bits of control registers and MSRs: SDM volume 3, 2.5; volume 4; APM volume 2, appendix A. */
enum {
    X86_CR0_PE = 1u << 0,
    X86_CR0_MP = 1u << 1,
    X86_CR0_EM = 1u << 2,
    X86_CR0_TS = 1u << 3,
    X86_CR0_ET = 1u << 4,
    X86_CR0_NE = 1u << 5,
    X86_CR0_WP = 1u << 16,
    X86_CR0_AM = 1u << 18,
    X86_CR0_NW = 1u << 29,
    X86_CR0_CD = 1u << 30,
    X86_CR0_PG = 1u << 31,
};
enum {
    X86_CR4_VME = 1u << 0,
    X86_CR4_PVI = 1u << 1,
    X86_CR4_TSD = 1u << 2,
    X86_CR4_DE = 1u << 3,
    X86_CR4_PSE = 1u << 4,
    X86_CR4_PAE = 1u << 5,
    X86_CR4_MCE = 1u << 6,
    X86_CR4_PGE = 1u << 7,
    X86_CR4_PCE = 1u << 8,
    X86_CR4_OSFXSR = 1u << 9,
    X86_CR4_OSXMMEXCPT = 1u << 10,
    X86_CR4_UMIP = 1u << 11,
    X86_CR4_LA57 = 1u << 12,
    X86_CR4_VMXE = 1u << 13,
    X86_CR4_SMXE = 1u << 14,
    X86_CR4_FSGSBASE = 1u << 16,
    X86_CR4_PCIDE = 1u << 17,
    X86_CR4_OSXSAVE = 1u << 18,
    X86_CR4_SMEP = 1u << 20,
    X86_CR4_SMAP = 1u << 21,
    X86_CR4_PKE = 1u << 22,
    X86_CR4_CET = 1u << 23,
    X86_CR4_PKS = 1u << 24,
};
enum {
    X86_EFER_SCE = 1u << 0,
    X86_EFER_LME = 1u << 8,
    X86_EFER_LMA = 1u << 10,
    X86_EFER_NXE = 1u << 11,
    X86_EFER_SVME = 1u << 12,
    X86_EFER_LMSLE = 1u << 13,
    X86_EFER_FFXSR = 1u << 14,
    X86_EFER_TCE = 1u << 15,
    X86_EFER_AIBRSE = 1u << 21,
};
enum {
    X86_DR6_BS = 1u << 14,
    X86_DR6_BD = 1u << 13,
    X86_DR6_BT = 1u << 15,
    X86_DR6_FIXED = 0xffff0ff0u,
    X86_DR7_FIXED = 1u << 10,
    X86_DR7_GD = 1u << 13,
    X86_DEBUGCTL_LBR = 1u << 0,
    X86_DEBUGCTL_BTF = 1u << 1,
};
/* XCR0, XSS */
enum {
    X86_XCR0_X87 = 1u << 0,
    X86_XCR0_SSE = 1u << 1,
    X86_XCR0_AVX = 1u << 2,
    X86_XCR0_OPMASK = 1u << 5,
    X86_XCR0_ZMM_HI = 1u << 6,
    X86_XCR0_HI16 = 1u << 7,
    X86_XCR0_PKRU = 1u << 9,
};
/* IA32_MISC_ENABLE: SDM volume 4, table 2-2 */
enum {
    X86_MISC_FAST_STRINGS = 1u << 0,
    X86_MISC_TCC = 1u << 3,
    X86_MISC_PMU = 1u << 7,
    X86_MISC_NO_BTS = 1u << 11,
    X86_MISC_NO_PEBS = 1u << 12,
    X86_MISC_SPEEDSTEP = 1u << 16,
    X86_MISC_MONITOR = 1u << 18,
    X86_MISC_LIMIT_CPUID = 1u << 22,
    X86_MISC_XTPR = 1u << 23,
};
#define X86_MISC_XD_DISABLE (1ull << 34)
/* MSR_MISC_FEATURES_ENABLES */
enum { X86_CPUID_FAULTING = 1u << 0 };
/* HWCR */
enum { X86_HWCR_MON_MWAIT_DIS = 1u << 9, X86_HWCR_MON_MWAIT_USER = 1u << 10 };
/* IA32_APIC_BASE */
enum { X86_APIC_BSP = 1u << 8, X86_APIC_EXTD = 1u << 10, X86_APIC_EN = 1u << 11 };
#endif
