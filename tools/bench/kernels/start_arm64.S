/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Start of a benchmark on the arm64 `virt` boards, entered in EL1 at its ELF entry: an identity
 * map of gigabytes (Arm ARM D8: 4 KiB granule, 39 bits, level 1 blocks), bench_main in EL0 with
 * translation and caches on, as a program under an operating system would run. What EL0 may
 * write EL1 does not run (D8.4.1), so EL1 runs in an alias of RAM at 2 GiB. An SVC 0 goes to EL1,
 * which adds 1 to x0 and returns: the syscall benchmark counts on it. SVC 1 is the end: PSCI
 * SYSTEM_OFF (Arm DEN 0022). With PRIVILEGED bench_main runs in EL1, and machine_arm64.c has its own vectors.
 */
    .equ    ALIAS, 0x40000000       /* from RAM to it */
    .equ    RAM_EL1, 0x40000705     /* block: AF, inner shareable, attribute index 1, EL1 only */
    .equ    RAM_EL0, 0x40000745     /* and EL0 */
    .section .text.start, "ax"
    .globl _start
_start:
    mov     x0, #(3 << 20)          /* CPACR_EL1.FPEN: no traps */
    msr     cpacr_el1, x0
    adrp    x0, page_table
    ldr     x1, =0x0060000000000441 /* devices: AF, attribute index 0, EL0 too; nobody executes */
    str     x1, [x0]
    ldr     x1, =RAM_EL1
    str     x1, [x0, #8]
    ldr     x1, =(RAM_EL1 | 1 << 54) /* the alias: not for EL0 */
    str     x1, [x0, #16]
    mov     x1, #0xff00             /* attribute 1 normal write-back, 0 device nGnRnE */
    msr     mair_el1, x1
    ldr     x1, =0x200803519        /* T0SZ 25, write-back, inner shareable, 4 KiB; EPD1; 40 bits */
    msr     tcr_el1, x1
    msr     ttbr0_el1, x0
    tlbi    vmalle1
    dsb     sy
    isb
    mrs     x1, sctlr_el1
    mov     x2, #0x1005             /* I, C, M */
    orr     x1, x1, x2
    msr     sctlr_el1, x1
    isb
#ifdef PRIVILEGED
    ldr     x1, =stack_top
    mov     sp, x1
    b       user
#endif
    ldr     x2, =high + ALIAS
    br      x2
high:
    ldr     x1, =RAM_EL0
    str     x1, [x0, #8]
    dsb     sy
    tlbi    vmalle1
    dsb     sy
    isb
    ldr     x1, =vectors + ALIAS
    msr     vbar_el1, x1
    msr     spsr_el1, xzr           /* EL0t, nothing masked */
    ldr     x1, =user
    msr     elr_el1, x1
    ldr     x1, =stack_top
    msr     sp_el0, x1
    eret
user:
    bl      bench_main
    bl      bench_exit

    .balign 2048
vectors:
    .space  0x400
    mrs     x1, esr_el1             /* synchronous, from EL0 in AArch64 */
    tbnz    x1, #0, 1f
    add     x0, x0, #1
    eret
1:  movz    x0, #0x8400, lsl #16
    movk    x0, #0x0008             /* SYSTEM_OFF */
    hvc     #0
    b       .

    .section .bss
    .balign 4096
page_table:
    .space  4096
    .space  65536
stack_top:
