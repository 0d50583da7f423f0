/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bare-metal guests: one assembly file each, PLV0 with direct addresses, as the boot code leaves it. The end is said on
 * the first UART: how many checks passed, or the line of the one that failed. Expected values stand beside the instruction
 * and come from the manual. $s8 has the line, $s6 counts; traps come back at $s7 with $t6 = ESTAT.Ecode and
 * EsubCode, $t7 = BADV. $t5 is the checks'.
 */
#define CSR_CRMD  0x0
#define CSR_EUEN  0x2
#define CSR_MISC  0x3
#define CSR_ESTAT 0x5
#define CSR_ERA   0x6
#define CSR_BADV  0x7
#define CSR_EENTRY 0xc
#define CSR_LLBCTL 0x60

#define INE  0xd
#define IPE  0xe
#define FPD  0xf
#define FPE  0x12
#define ALE  0x9
#define BCE  0xa
#define ADEF 0x8
#define SYS  0xb
#define BRK  0xc

/* name: as the file's, without .S */
#define GUEST_BEGIN(name)                                                                          \
    .section .rodata; guest_name: .asciz #name; .text; .globl guest_main; guest_main:
#define GUEST_END la.pcrel $a0, guest_name; b guest_pass

#define FAIL la.pcrel $a0, guest_name; b guest_fail
/* a register against a value */
#define EXPECT(reg, value)                                                                         \
    li.w $s8, __LINE__; li.d $t5, value; beq reg, $t5, 9f; FAIL; 9: addi.d $s6, $s6, 1

/* operation with three, two registers, register and immediate */
#define RRR(op, want, vj, vk)    li.d $a0, vj; li.d $a1, vk; op $a2, $a0, $a1; EXPECT($a2, want)
#define RR(op, want, vj)         li.d $a0, vj; op $a2, $a0; EXPECT($a2, want)
#define RRI(op, want, vj, ...)   li.d $a0, vj; op $a2, $a0, __VA_ARGS__; EXPECT($a2, want)
#define RRRI(op, want, vj, vk, i) li.d $a0, vj; li.d $a1, vk; op $a2, $a0, $a1, i; EXPECT($a2, want)

/* An instruction that must trap; goes on behind the check. */
#define TRAPS(code, ...)                                                                           \
    la.pcrel $s7, 8f; li.w $s8, __LINE__; __VA_ARGS__; FAIL; 8: EXPECT($t6, code)
