/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CPU_RISCV_CSR_NUMBERS_H
#define ORRERY_CPU_RISCV_CSR_NUMBERS_H
/*
 * CSR addresses and fields: privileged ISA 1.13, chapter "Control and Status
 * Registers" and the chapters of each level; Sdtrig 1.0.
 */
#include "core/util/bits.h"

enum rv_csr_number {
    RV_FFLAGS = 0x001,
    RV_FRM = 0x002,
    RV_FCSR = 0x003,
    RV_VSTART = 0x008,
    RV_VXSAT = 0x009,
    RV_VXRM = 0x00a,
    RV_VCSR = 0x00f,
    RV_SSTATUS = 0x100,
    RV_SIE = 0x104,
    RV_STVEC = 0x105,
    RV_SCOUNTEREN = 0x106,
    RV_SENVCFG = 0x10a,
    RV_SSCRATCH = 0x140,
    RV_SEPC = 0x141,
    RV_SCAUSE = 0x142,
    RV_STVAL = 0x143,
    RV_SIP = 0x144,
    RV_STIMECMP = 0x14d,
    RV_SATP = 0x180,
    RV_MSTATUS = 0x300,
    RV_MISA = 0x301,
    RV_MEDELEG = 0x302,
    RV_MIDELEG = 0x303,
    RV_MIE = 0x304,
    RV_MTVEC = 0x305,
    RV_MCOUNTEREN = 0x306,
    RV_MENVCFG = 0x30a,
    RV_MCOUNTINHIBIT = 0x320,
    RV_MHPMEVENT3 = 0x323,
    RV_MSCRATCH = 0x340,
    RV_MEPC = 0x341,
    RV_MCAUSE = 0x342,
    RV_MTVAL = 0x343,
    RV_MIP = 0x344,
    RV_PMPCFG0 = 0x3a0,
    RV_PMPADDR0 = 0x3b0,
    RV_MSECCFG = 0x747,
    RV_TSELECT = 0x7a0,
    RV_TDATA1 = 0x7a1,
    RV_TDATA2 = 0x7a2,
    RV_TDATA3 = 0x7a3,
    RV_TINFO = 0x7a4,
    RV_MCYCLE = 0xb00,
    RV_MINSTRET = 0xb02,
    RV_MHPMCOUNTER3 = 0xb03,
    RV_CYCLE = 0xc00,
    RV_TIME = 0xc01,
    RV_INSTRET = 0xc02,
    RV_HPMCOUNTER3 = 0xc03,
    RV_VL = 0xc20,
    RV_VTYPE = 0xc21,
    RV_VLENB = 0xc22,
    RV_SCOUNTOVF = 0xda0,
    RV_MVENDORID = 0xf11,
    RV_MARCHID = 0xf12,
    RV_MIMPID = 0xf13,
    RV_MHARTID = 0xf14,
    RV_MCONFIGPTR = 0xf15,
};

/* Bits 9:8 of an address: lowest privilege; bits 11:10 = 3: read-only. */
#define RV_CSR_PRIV(n)         (((n) >> 8) & 3)
#define RV_CSR_IS_READ_ONLY(n) (((n) >> 10) == 3)

/* mstatus */
#define RV_MSTATUS_SIE  1, 1
#define RV_MSTATUS_MIE  3, 3
#define RV_MSTATUS_SPIE 5, 5
#define RV_MSTATUS_MPIE 7, 7
#define RV_MSTATUS_SPP  8, 8
#define RV_MSTATUS_VS   10, 9
#define RV_MSTATUS_MPP  12, 11
#define RV_MSTATUS_FS   14, 13
#define RV_MSTATUS_MPRV 17, 17
#define RV_MSTATUS_SUM  18, 18
#define RV_MSTATUS_MXR  19, 19
#define RV_MSTATUS_TVM  20, 20
#define RV_MSTATUS_TW   21, 21
#define RV_MSTATUS_TSR  22, 22
#define RV_MSTATUS_UXL  33, 32
#define RV_MSTATUS_SXL  35, 34
#define RV_MSTATUS_SD   63, 63

/* FS and VS */
enum { RV_FS_OFF, RV_FS_INITIAL, RV_FS_CLEAN, RV_FS_DIRTY };

/* vtype, vcsr */
#define RV_VTYPE_VLMUL 2, 0
#define RV_VTYPE_VSEW  5, 3
#define RV_VTYPE_VTA   6, 6
#define RV_VTYPE_VMA   7, 7
#define RV_VTYPE_VILL  BIT(63)
#define RV_VCSR_VXSAT  0, 0
#define RV_VCSR_VXRM   2, 1

/* satp */
#define RV_SATP_MODE 63, 60
#define RV_SATP_ASID 59, 44
#define RV_SATP_PPN  43, 0

/* menvcfg, senvcfg */
#define RV_ENVCFG_FIOM  0, 0
#define RV_ENVCFG_CBIE  5, 4
#define RV_ENVCFG_CBCFE 6, 6
#define RV_ENVCFG_CBZE  7, 7
#define RV_ENVCFG_ADUE  61, 61
#define RV_ENVCFG_PBMTE 62, 62
#define RV_ENVCFG_STCE  63, 63

/* mseccfg */
#define RV_MSECCFG_MML  0, 0
#define RV_MSECCFG_MMWP 1, 1
#define RV_MSECCFG_RLB  2, 2

/* mhpmeventN (Sscofpmf) */
#define RV_HPMEVENT_OF   63, 63
#define RV_HPMEVENT_MINH 62, 62
#define RV_HPMEVENT_SINH 61, 61
#define RV_HPMEVENT_UINH 60, 60

/* mcounteren, scounteren */
#define RV_COUNTEREN_TM 1, 1

/* Interrupt numbers: bits of mip, mie, mideleg. */
enum rv_irq {
    RV_IRQ_SSI = 1,
    RV_IRQ_MSI = 3,
    RV_IRQ_STI = 5,
    RV_IRQ_MTI = 7,
    RV_IRQ_SEI = 9,
    RV_IRQ_MEI = 11,
    RV_IRQ_LCOFI = 13,
};

/* Exception codes */
enum rv_cause {
    RV_CAUSE_FETCH_MISALIGNED = 0,
    RV_CAUSE_FETCH_ACCESS = 1,
    RV_CAUSE_ILLEGAL = 2,
    RV_CAUSE_BREAKPOINT = 3,
    RV_CAUSE_LOAD_MISALIGNED = 4,
    RV_CAUSE_LOAD_ACCESS = 5,
    RV_CAUSE_STORE_MISALIGNED = 6,
    RV_CAUSE_STORE_ACCESS = 7,
    RV_CAUSE_ECALL_U = 8,
    RV_CAUSE_ECALL_S = 9,
    RV_CAUSE_ECALL_M = 11,
    RV_CAUSE_FETCH_PAGE = 12,
    RV_CAUSE_LOAD_PAGE = 13,
    RV_CAUSE_STORE_PAGE = 15,
};
#define RV_CAUSE_INTERRUPT BIT(63)

enum rv_privilege { RV_U = 0, RV_S = 1, RV_M = 3 };

#endif
