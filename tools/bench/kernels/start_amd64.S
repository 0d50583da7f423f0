/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Start of a benchmark on a PC, entered by PVH (Xen docs/misc/pvh: 32-bit protected mode, no paging): the first GiB
 * mapped as it is in pages of 2 MiB for level 3, SSE and AVX on, bench_main at level 3 as a program under
 * an operating system would run, with IOPL 3 for its output. SYSCALL adds 1 to rax and returns: the syscall
 * benchmark counts on it. bench_exit ends in S5 of the ICH9 (PMBASE in its register 40h). With PRIVILEGED bench_main
 * runs at level 0.
 */
    .section .note.pvh, "a"
    .balign 4
    .long   4, 4, 18                /* XEN_ELFNOTE_PHYS32_ENTRY */
    .asciz  "Xen"
    .long   _start

    .section .text.start, "ax"
    .code32
    .globl  _start
_start:
    lgdt    gdt_pointer
    movl    $page_tables + 0x1007, page_tables
    movl    $page_tables + 0x2007, page_tables + 0x1000
    mov     $page_tables + 0x2000, %edi
    mov     $0xe7, %eax             /* PS, D, A, U/S, R/W, P */
1:  mov     %eax, (%edi)
    add     $8, %edi
    add     $0x200000, %eax
    cmp     $0x40000000, %eax
    jb      1b
    mov     $page_tables, %eax
    mov     %eax, %cr3
    mov     $0x620, %eax            /* PAE, OSFXSR, OSXMMEXCPT */
    mov     %eax, %cr4
    mov     $0xc0000080, %ecx
    mov     $0x101, %eax            /* EFER: SCE, LME */
    xor     %edx, %edx
    wrmsr
    mov     $0x80010033, %eax       /* PG, WP, NE, ET, MP, PE */
    mov     %eax, %cr0
    ljmpl   $0x08, $long_mode
    .code64
long_mode:
    mov     $0x10, %eax
    mov     %eax, %ds
    mov     %eax, %es
    mov     %eax, %ss
    mov     $1, %eax
    cpuid
    bt      $26, %ecx               /* XSAVE, and with it AVX where there is one */
    jnc     1f
    mov     %cr4, %rax
    or      $0x40000, %eax          /* OSXSAVE */
    mov     %rax, %cr4
    mov     $0xd, %eax
    xor     %ecx, %ecx
    cpuid
    and     $7, %eax                /* XCR0: x87, SSE, AVX as far as they exist */
    xor     %edx, %edx
    xor     %ecx, %ecx
    xsetbv
1:  mov     $0xc0000081, %ecx       /* STAR: SYSCALL's CS 08h, SYSRET's CS 20h and SS 18h */
    xor     %eax, %eax
    mov     $0x00100008, %edx
    wrmsr
    mov     $0xc0000082, %ecx       /* LSTAR */
    mov     $on_syscall, %eax
    xor     %edx, %edx
    wrmsr
#ifdef PRIVILEGED
    jmp     user
#endif
    mov     $user, %ecx
    mov     $0x3002, %r11d          /* IOPL 3 */
    sysretq
on_syscall:
    inc     %rax
    sysretq
user:
    mov     $stack_top, %esp
    call    bench_main
    mov     %eax, %edi
    call    bench_exit

    .balign 8
gdt:
    .quad   0
    .quad   0x00af9b000000ffff      /* 08: 64-bit code */
    .quad   0x00cf93000000ffff      /* 10: data */
    .quad   0x00cff3000000ffff      /* 18: data of level 3 */
    .quad   0x00affb000000ffff      /* 20: 64-bit code of level 3 */
gdt_pointer:
    .word   . - gdt - 1
    .long   gdt

    .section .bss
    .balign 4096
page_tables:
    .space  0x3000
    .space  65536
stack_top:

    .section .note.GNU-stack, "", @progbits
