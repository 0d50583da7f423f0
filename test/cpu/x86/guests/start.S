/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the reset vector to main() in 64-bit mode: flat segments, the program copied to its place, the first 4 GiB mapped as
 * they are in pages of 2 MiB (SDM volume 3, 10.8). Exceptions and interrupts go to stubs that end what try_call began.
 */
#define PAGES    0x200000          /* PML4, PDPT, four page directories */
#define STACK    0x300000
#define STACK0   0x310000          /* of interrupts from level 3 */
#define IST1     0x320000
#define CODE32   0x28

    .section .reset, "ax"
    .code16
    .globl reset
reset:
    jmp start16

    .section .boot, "ax"
start16:
    cli
    lgdtl %cs:gdt_pointer - start16 + 0xf000
    mov $0x11, %eax
    mov %eax, %cr0
    ljmpl $CODE32, $start32
    .balign 16
gdt:
    .quad 0
    .quad 0x00af9a000000ffff       /* 08: 64-bit code */
    .quad 0x00cf92000000ffff       /* 10: data */
    .quad 0x00cff2000000ffff       /* 18: data of level 3, where SYSRET expects it */
    .quad 0x00affa000000ffff       /* 20: 64-bit code of level 3 */
    .quad 0x00cf9a000000ffff       /* 28: 32-bit code */
gdt_pointer:
    .word . - gdt - 1
    .long gdt

    .code32
start32:
    mov $0x10, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %ss
    mov $0xfffe0000, %esi
    mov $0x100000, %edi
    mov $__copy_end - 0x100000, %ecx
    rep movsb
    mov $__bss_start, %edi
    mov $__bss_end, %ecx
    sub %edi, %ecx
    xor %eax, %eax
    rep stosb
    mov $PAGES, %edi
    mov $0x6000 / 4, %ecx
    rep stosl
    movl $PAGES + 0x1007, PAGES
    movl $PAGES + 0x2007, PAGES + 0x1000
    movl $PAGES + 0x3007, PAGES + 0x1008
    movl $PAGES + 0x4007, PAGES + 0x1010
    movl $PAGES + 0x5007, PAGES + 0x1018
    mov $PAGES + 0x2000, %edi
    mov $0x87, %eax
1:  mov %eax, (%edi)
    add $8, %edi
    add $0x200000, %eax
    jnc 1b
    mov $PAGES, %eax
    mov %eax, %cr3
    mov $0x620, %eax               /* PAE, OSFXSR, OSXMMEXCPT */
    mov %eax, %cr4
    mov $0xc0000080, %ecx
    mov $0x901, %eax               /* SCE, LME, NXE */
    xor %edx, %edx
    wrmsr
    mov $0x80010033, %eax          /* PG, WP, NE, ET, MP, PE */
    mov %eax, %cr0
    ljmpl $0x08, $start64

    .text
    .code64
start64:
    mov $STACK, %esp
    call set_up_tables
    call main
    .globl power_off
power_off:                         /* ICH9: PMBASE and ACPI on, then S5 */
    mov $0x8000f840, %eax
    mov $0x601, %ecx
    call config
    mov $0x8000f844, %eax
    mov $0x80, %ecx
    call config
    mov $0x604, %edx
    mov $0x2000, %eax
    out %ax, %dx
1:  hlt
    jmp 1b
config:
    mov $0xcf8, %edx
    out %eax, %dx
    mov $0xcfc, %edx
    mov %ecx, %eax
    out %eax, %dx
    ret

/* ---- int try_call(void (*fn)(void *), void *arg): -1, or the vector that ended it ---- */
    .globl try_call
try_call:
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
    mov %rsp, saved_sp
    mov %rdi, %rax
    mov %rsi, %rdi
    call *%rax
    mov $-1, %eax
back:
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    ret

/* ---- void run_user(void (*fn)(void), void *stack): fn at level 3, until an exception or interrupt ---- */
    .globl run_user
run_user:
    pushq $0x1b
    push %rsi
    pushq $0x3002
    pushq $0x23
    push %rdi
    iretq

/* ---- vectors: 16 bytes each; then struct caught, and out of try_call ---- */
    .balign 16
    .globl vectors
vectors:
    .set v, 0
    .rept 256
    .balign 16
    .if v == 8 || (v >= 10 && v <= 14) || v == 17 || v == 21
    .else
    pushq $-1
    .endif
    pushq $v
    jmp caught_one
    .set v, v + 1
    .endr
caught_one:                        /* vector, error, RIP, CS, RFLAGS, RSP, SS */
    push %rax
    push %rcx
    .set i, 0
    .rept 7
    mov 16 + 8 * i(%rsp), %rax
    mov %rax, caught + 8 * i
    .set i, i + 1
    .endr
    mov %cr2, %rax
    mov %rax, caught + 56
    mov caught, %eax
    mov saved_sp, %rsp
    mov $0x10, %ecx
    mov %ecx, %ds
    mov %ecx, %es
    mov %ecx, %ss
    pushq $2
    popfq
    jmp back

    .bss
    .balign 8
saved_sp:
    .space 8
    .globl caught
caught:
    .space 64
