/* SPDX-License-Identifier: Apache-2.0 */
/* Entry of the C programs: at EL1 or EL2, MMU off; a stack, zeroed .bss, main(), power off. */
    .arch armv8-a
    .section .text.start, "ax"
    .globl _start
_start:
    adrp x1, stack_top
    add x1, x1, :lo12:stack_top
    mov sp, x1
    adrp x1, __bss_start
    add x1, x1, :lo12:__bss_start
    adrp x2, __bss_end
    add x2, x2, :lo12:__bss_end
1:  cmp x1, x2
    b.hs 2f
    str xzr, [x1], #8
    b 1b
2:  bl main
    .globl power_off
power_off: /* PSCI SYSTEM_OFF: SMC from EL2, HVC from EL1 (QEMU's virt) */
    ldr w0, =0x84000008
    mrs x1, CurrentEL
    cmp x1, #8
    b.eq 3f
    hvc #0
3:  smc #0
4:  wfi
    b 4b
    .ltorg

    .bss
    .balign 16
stack:
    .space 65536
stack_top:
