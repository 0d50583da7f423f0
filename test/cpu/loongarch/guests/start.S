/* SPDX-License-Identifier: Apache-2.0 */
/* What all guests share: entry, the trap handler, the end. */
#include "guest.h"
#define UART   0x1fe001e0
#define SLEEP  0x100e001c
#define SLP_EN_S5 0x34

    .section .text.start, "ax"
    .globl _start
_start:
    la.pcrel $sp, stack_top
    la.pcrel $t0, trap
    csrwr $t0, CSR_EENTRY
    li.w $t0, 7                     # FPE, SXE, ASXE
    csrwr $t0, CSR_EUEN
    move $s6, $zero
    la.pcrel $s7, unexpected
    b guest_main

    .balign 4096
trap:
    csrrd $t6, CSR_ESTAT
    bstrpick.d $t6, $t6, 30, 16     # EsubCode above Ecode
    csrrd $t7, CSR_BADV
    csrwr $s7, CSR_ERA
    la.pcrel $s7, unexpected
    ertn

unexpected:
    la.pcrel $a0, said_trap
    bl put_text
    move $s8, $t6
    la.pcrel $a0, said_nothing
    b guest_fail

    .globl guest_pass
guest_pass:
    bl put_text
    la.pcrel $a0, said_colon
    bl put_text
    move $a0, $s6
    bl put_number
    la.pcrel $a0, said_passed
    bl put_text
    b power_off

    .globl guest_fail
guest_fail:
    bl put_text
    la.pcrel $a0, said_line
    bl put_text
    move $a0, $s8
    bl put_number
    la.pcrel $a0, said_failed
    bl put_text
power_off:
    li.w $t0, SLEEP
    li.w $t1, SLP_EN_S5
    st.b $t1, $t0, 0
1:  idle 0
    b 1b

put_char:                           # $a1
    li.w $t0, UART
2:  ld.bu $t1, $t0, 5
    andi $t1, $t1, 0x20
    beqz $t1, 2b
    st.b $a1, $t0, 0
    ret

put_text:                           # $a0; of $s0, $s1 nothing is kept
    move $s0, $ra
    move $s1, $a0
3:  ld.bu $a1, $s1, 0
    beqz $a1, 4f
    bl put_char
    addi.d $s1, $s1, 1
    b 3b
4:  jr $s0

put_number:
    move $s0, $ra
    move $s2, $a0
    addi.d $s1, $sp, -32
    addi.d $s1, $s1, 24
    st.b $zero, $s1, 0
    li.w $t0, 10
5:  mod.du $t1, $s2, $t0
    div.du $s2, $s2, $t0
    addi.w $t1, $t1, 48
    addi.d $s1, $s1, -1
    st.b $t1, $s1, 0
    bnez $s2, 5b
    move $a0, $s1
    move $ra, $s0
    b put_text

    .section .rodata
said_colon: .asciz ": "
said_passed: .asciz " cases passed\r\n"
said_line: .asciz ": line "
said_failed: .asciz " failed\r\n"
said_trap: .asciz "a trap, its code after 'line'"
said_nothing: .asciz ""
    .bss
    .balign 4096
    .skip 8192
stack_top:
