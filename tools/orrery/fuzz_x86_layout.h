/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_TOOLS_ORRERY_FUZZ_X86_LAYOUT_H
#define ORRERY_TOOLS_ORRERY_FUZZ_X86_LAYOUT_H
/*
 * Where random x86 programs have what: for C and for x86_guest/guest.S. RAM begins at 0, for real
 * mode, and stands there once more at FX_ALIAS; what handlers read lies in the first 64 KiB.
 */
#define FX_RAM_BYTES  0x80000
#define FX_ALIAS      0x80000
#define FX_DEVICE     0x400000
#define FX_GUEST      0x1000  /* guest.S: first the addresses of its entries, see FX_ENTRIES */
#define FX_VARS       0x3000
#define FX_GDT        0x4000
#define FX_IDT32      0x5000
#define FX_LDT        0x5800
#define FX_IDT64      0x6000
#define FX_TSS32      0x7000  /* with an I/O map of 400h ports */
#define FX_TSS_DF     0x7200  /* the task of double faults */
#define FX_TSS_TASK   0x7400  /* a task that goes on in the program */
#define FX_TSS64      0x7600
#define FX_TSS_BYTES  0xea    /* the map and the byte of ones behind it */
#define FX_STACK_BOOT 0x8400  /* tops of stacks */
#define FX_STACK_0    0x8800
#define FX_STACK_IST  0x8c00
#define FX_STACK_DF   0x9000
#define FX_SKIP       0x9000  /* for each byte of the program: how far the next instruction is */
#define FX_BOOT_PML5  0xc000  /* 4 KiB each: PML5, PML4, PDPT, PD of the way into a round */
#define FX_TABLES     0x10000
#define FX_TABLE_BYTES 0x1000
#define FX_ROUNDS     8
#define FX_PAGES      0x18000 /* two trees of the rounds */
#define FX_TREE_BYTES 0x8000
#define FX_CODE       0x28000
#define FX_CODE_BYTES 0x3000
#define FX_SMBASE     0x30000
#define FX_SMI        0x38000
#define FX_DATA       0x40000
#define FX_DATA_BYTES 0x10000
#define FX_STACK      0x50000
#define FX_STACK_BYTES 0x10000
#define FX_CODE_COPY  0x60000 /* free */

/* A tree */
#define FX_PML4       0x0000
#define FX_PDPT       0x1000
#define FX_PD         0x2000
#define FX_PT         0x3000
#define FX_PD32       0x4000
#define FX_PT32       0x5000
#define FX_PML5       0x6000
#define FX_PDPT_PAE   0x7000

/* Variables */
#define FX_ROUND      (FX_VARS + 0x00)
#define FX_BASE       (FX_VARS + 0x08) /* of the round's code segment */
#define FX_BYTES      (FX_VARS + 0x10) /* of the program */
#define FX_CS         (FX_VARS + 0x18) /* of real-mode and virtual-8086 rounds; else 0 */

/* A round's table */
#define FX_T_GPR      0x000
#define FX_T_KIND     0x080
#define FX_T_CR0      0x088
#define FX_T_CR3      0x090
#define FX_T_CR4      0x098
#define FX_T_EFER     0x0a0
#define FX_T_XCR0     0x0a8
#define FX_T_RIP      0x0b0
#define FX_T_CS       0x0b8
#define FX_T_RFLAGS   0x0c0
#define FX_T_SS       0x0c8
#define FX_T_DS       0x0d0
#define FX_T_ES       0x0d8
#define FX_T_FS       0x0e0
#define FX_T_GS       0x0e8
#define FX_T_LSS      0x0f0  /* ESP, SS; SP, SS of real mode at + 8 */
#define FX_T_DR       0x100  /* DR0..DR3, DR7 */
#define FX_T_FS_BASE  0x128  /* FS, GS, kernel GS: MSRs C0000100h and on */
#define FX_T_TIMER    0x140
#define FX_T_BASE     0x148
#define FX_T_RCS      0x150
#define FX_T_UNREAL   0x158
#define FX_T_MSRS     0x180  /* number, value; until number 0 */
#define FX_T_XSAVE    0x400

#define FX_KIND_REAL  0
#define FX_KIND_V86   1
#define FX_KIND_OUTER 2      /* protected mode, by IRET to an outer level */
#define FX_KIND_INNER 3      /* protected mode, level 0 */
#define FX_KIND_LONG  4

/* Selectors */
#define FX_CODE32     0x08
#define FX_FLAT       0x10
#define FX_CODE64     0x18
#define FX_CODE16     0x20
#define FX_DATA16     0x28
#define FX_SEL_TSS    0x30
#define FX_SEL_DF     0x38
#define FX_SEL_TASK   0x40
#define FX_SEL_TSS64  0x48   /* and 50h */
#define FX_SEL_LDT    0x58   /* and 60h */
#define FX_SEL_SYSCALL 0x68  /* code, stack */
#define FX_SEL_SYSRET 0x78   /* 32-bit code, stack, 64-bit code */
#define FX_SEL_SYSENTER 0x90 /* code, stack; user's code 32, stack, code 64, stack */
#define FX_SEL_PROGRAM 0xc0  /* what programs use: fuzz_x86_round.c */
#define FX_GDT_LIMIT  0x3ff

#define FX_TIMER_PORT 0x7f00 /* ns to the next of its three stages, 31: SMI first */
#define FX_TIMER_VECTOR 0x20

#endif
