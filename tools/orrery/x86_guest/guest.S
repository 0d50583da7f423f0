/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What random x86 programs run in: the way into a round, which takes all state from the round's
 * table, and handlers, which skip the instruction that trapped or, when that is not in the program,
 * begin the next round. The way into a round goes through 64-bit mode, where all registers can
 * be loaded, and from there back to what the round wants. The processor comes here by INIT: at power-on,
 * after a shutdown, and when nothing else helps.
 *
 * No relocation may be left: every address is a difference, A().
 */
#include "tools/orrery/fuzz_x86_layout.h"
#define A(label) (label - guest + FX_GUEST)
#define CR0_BOOT 0x33       /* PE, MP, ET, NE */
#define CR4_BOOT 0x40620    /* PAE, OSFXSR, OSXMMEXCPT, OSXSAVE */
#define CR4_LA57 0x1000
#define PG       0x80000000
#define EFER     0xc0000080
#define TF       0x100
#define RF       0x10000

/* DR0 to DR3, DR7 */
        .macro debug_registers table, scratch
        mov FX_T_DR(\table), \scratch
        mov \scratch, %dr0
        mov FX_T_DR + 8(\table), \scratch
        mov \scratch, %dr1
        mov FX_T_DR + 16(\table), \scratch
        mov \scratch, %dr2
        mov FX_T_DR + 24(\table), \scratch
        mov \scratch, %dr3
        mov FX_T_DR + 32(\table), \scratch
        mov \scratch, %dr7
        .endm

/* The round ends, or the timer is set again, as the clock says. */
        .macro timer a, d, end
        push \a
        push \d
        rdtsc
        test $0x10, %al
        jz \end
        mov $FX_TIMER_PORT, %edx
        mov $3000, %eax
        out %eax, %dx
        pop \d
        pop \a
        .endm

/* RF lets the instruction go on; single steps end sometimes. */
        .macro debug a, d, flags:vararg
        push \a
        push \d
        orl $RF, \flags
        rdtsc
        test $0x70, %al
        jnz 1f
        andl $~TF, \flags
1:      pop \d
        pop \a
        .endm

        .text
guest:  /* fuzz_x86.h: enum fx_entry */
        .word A(boot16), A(boot32), A(skip16), A(return16), A(debug16), A(timer16)
        .word A(skip32), A(skip32_error), A(return32), A(debug32), A(timer32), A(leave32)
        .word A(skip64), A(skip64_error), A(return64), A(debug64), A(timer64), A(leave64)
        .word A(math32), A(math64), A(task32)

        .balign 8
gdtr:   .word FX_GDT_LIMIT
        .long FX_GDT, 0
idtr32: .word 0x7ff
        .long FX_IDT32
idtr64: .word 0xfff
        .long FX_IDT64, 0
idtr16: .word 0x3ff
        .long 0
to_boot32:
        .long A(boot32)
        .word FX_CODE32
to_legacy:
        .long A(legacy)
        .word FX_CODE32

/* ---- the way into a round ---- */
        .code16
boot16: cli
        lgdtl %cs:A(gdtr)
        mov $CR0_BOOT, %eax
        mov %eax, %cr0
        ljmpl $FX_CODE32, $A(boot32)

        .code32
boot32: cli
        mov $FX_FLAT, %eax
        mov %eax, %ds
        mov %eax, %es
        mov %eax, %ss
        mov $FX_STACK_BOOT, %esp
        push $2                         /* no NT, TF, RF */
        popf
        lgdt A(gdtr)
        xor %eax, %eax
        mov %eax, %dr7
        mov %eax, %fs
        mov %eax, %gs
        lldt %ax
        mov $CR0_BOOT, %eax
        mov %eax, %cr0
        mov $EFER, %ecx
        xor %eax, %eax
        xor %edx, %edx
        wrmsr
        mov FX_ROUND, %eax
        lea 1(%eax), %edx
        mov %edx, FX_ROUND
        and $(FX_ROUNDS - 1), %eax
        shl $12, %eax
        lea FX_TABLES(%eax), %ebx
        mov $(FX_BOOT_PML5 + 0x1000), %edx
        mov $CR4_BOOT, %eax
        cmpl $FX_KIND_LONG, FX_T_KIND(%ebx)
        jne 1f
        testl $CR4_LA57, FX_T_CR4(%ebx)
        jz 1f
        or $CR4_LA57, %eax
        mov $FX_BOOT_PML5, %edx
1:      mov %eax, %cr4
        mov %edx, %cr3
        mov $EFER, %ecx
        mov $0x100, %eax
        xor %edx, %edx
        wrmsr
        mov $(CR0_BOOT | PG), %eax
        mov %eax, %cr0
        ljmp $FX_CODE64, $A(boot64)

        .code64
boot64: mov %ebx, %ebx
        lidt A(idtr64)
        mov FX_T_TIMER(%rbx), %eax
        mov $FX_TIMER_PORT, %edx
        out %eax, %dx
        xor %ecx, %ecx
        xor %edx, %edx
        mov $0x2e7, %eax
        xsetbv
        mov $-1, %eax
        mov $-1, %edx
        xrstor64 FX_T_XSAVE(%rbx)
        mov FX_T_XCR0(%rbx), %eax
        xor %edx, %edx
        xsetbv
        lea FX_T_MSRS(%rbx), %rsi
1:      mov (%rsi), %ecx
        test %ecx, %ecx
        jz 2f
        mov 8(%rsi), %eax
        mov 12(%rsi), %edx
        wrmsr
        add $16, %rsi
        jmp 1b
2:      mov FX_T_BASE(%rbx), %rax
        mov %rax, FX_BASE
        mov FX_T_RCS(%rbx), %rax
        mov %rax, FX_CS
        movb $0x89, FX_GDT + FX_SEL_TSS + 5 /* not busy */
        movb $0x89, FX_GDT + FX_SEL_DF + 5
        movb $0x89, FX_GDT + FX_SEL_TASK + 5
        movb $0x89, FX_GDT + FX_SEL_TSS64 + 5
        mov FX_T_CR3(%rbx), %eax
        mov %eax, FX_TSS32 + 28
        mov %eax, FX_TSS_DF + 28
        mov %eax, FX_TSS_TASK + 28
        movl $A(task32), FX_TSS_DF + 32     /* whatever the last double fault left there */
        movl $2, FX_TSS_DF + 36
        mov FX_T_GPR + 64(%rbx), %r8
        mov FX_T_GPR + 72(%rbx), %r9
        mov FX_T_GPR + 80(%rbx), %r10
        mov FX_T_GPR + 88(%rbx), %r11
        mov FX_T_GPR + 96(%rbx), %r12
        mov FX_T_GPR + 104(%rbx), %r13
        mov FX_T_GPR + 112(%rbx), %r14
        mov FX_T_GPR + 120(%rbx), %r15
        cmpl $FX_KIND_LONG, FX_T_KIND(%rbx)
        jne 3f
        mov $FX_SEL_TSS64, %eax
        ltr %ax
        mov $FX_SEL_LDT, %eax
        lldt %ax
        mov FX_T_CR3(%rbx), %rax
        mov %rax, %cr3
        mov $EFER, %ecx
        mov FX_T_EFER(%rbx), %eax
        xor %edx, %edx
        wrmsr
        mov FX_T_CR4(%rbx), %rax
        mov %rax, %cr4
        mov FX_T_CR0(%rbx), %rax
        mov %rax, %cr0
        mov FX_T_DS(%rbx), %ds
        mov FX_T_ES(%rbx), %es
        mov FX_T_FS(%rbx), %fs
        mov FX_T_GS(%rbx), %gs
        lea FX_T_FS_BASE(%rbx), %rsi
        mov $0xc0000100, %ecx
4:      mov (%rsi), %eax
        mov 4(%rsi), %edx
        wrmsr
        add $8, %rsi
        inc %ecx
        cmp $0xc0000103, %ecx
        jne 4b
        push FX_T_SS(%rbx)
        push FX_T_GPR + 32(%rbx)
        push FX_T_RFLAGS(%rbx)
        push FX_T_CS(%rbx)
        push FX_T_RIP(%rbx)
        debug_registers %rbx, %rax
        mov FX_T_GPR(%rbx), %rax
        mov FX_T_GPR + 8(%rbx), %rcx
        mov FX_T_GPR + 16(%rbx), %rdx
        mov FX_T_GPR + 40(%rbx), %rbp
        mov FX_T_GPR + 48(%rbx), %rsi
        mov FX_T_GPR + 56(%rbx), %rdi
        mov FX_T_GPR + 24(%rbx), %rbx
        iretq
3:      ljmp *A(to_legacy)

        .code32
legacy: mov $CR0_BOOT, %eax
        mov %eax, %cr0
        mov $EFER, %ecx
        mov FX_T_EFER(%ebx), %eax
        xor %edx, %edx
        wrmsr
        mov FX_T_CR3(%ebx), %eax
        mov %eax, %cr3
        mov FX_T_CR4(%ebx), %eax
        mov %eax, %cr4
        mov FX_T_CR0(%ebx), %eax
        mov %eax, %cr0
        lidt A(idtr32)
        mov $FX_SEL_TSS, %eax
        ltr %ax
        mov $FX_SEL_LDT, %eax
        lldt %ax
        debug_registers %ebx, %eax
        mov FX_T_KIND(%ebx), %eax
        cmp $FX_KIND_V86, %eax
        jb to_real
        je to_v86
        cmp $FX_KIND_OUTER, %eax
        je to_outer
        lss %cs:FX_T_LSS(%ebx), %esp
        jmp frame
to_outer:
        push FX_T_SS(%ebx)
        push FX_T_GPR + 32(%ebx)
frame:  push %cs:FX_T_RFLAGS(%ebx)
        push %cs:FX_T_CS(%ebx)
        push %cs:FX_T_RIP(%ebx)
        mov %cs:FX_T_ES(%ebx), %es
        mov %cs:FX_T_FS(%ebx), %fs
        mov %cs:FX_T_GS(%ebx), %gs
        mov %cs:FX_T_DS(%ebx), %ds
        jmp registers
to_v86: push FX_T_GS(%ebx)
        push FX_T_FS(%ebx)
        push FX_T_DS(%ebx)
        push FX_T_ES(%ebx)
        push FX_T_SS(%ebx)
        push FX_T_GPR + 32(%ebx)
        push FX_T_RFLAGS(%ebx)
        push FX_T_CS(%ebx)
        push FX_T_RIP(%ebx)
registers:
        mov %cs:FX_T_GPR(%ebx), %eax
        mov %cs:FX_T_GPR + 8(%ebx), %ecx
        mov %cs:FX_T_GPR + 16(%ebx), %edx
        mov %cs:FX_T_GPR + 40(%ebx), %ebp
        mov %cs:FX_T_GPR + 48(%ebx), %esi
        mov %cs:FX_T_GPR + 56(%ebx), %edi
        mov %cs:FX_T_GPR + 24(%ebx), %ebx
        iret
to_real:
        ljmp $FX_CODE16, $A(real)

        .code16
real:   mov $FX_DATA16, %ax
        mov %ax, %ds
        mov %ax, %es
        mov %ax, %ss
        mov %ax, %fs
        mov %ax, %gs
        mov $0x10, %eax
        mov %eax, %cr0
        ljmp $0, $A(real2)
real2:  lidtl %cs:A(idtr16)
        shr $4, %ebx
        mov %bx, %ds
        xor %ebx, %ebx
        lss FX_T_LSS + 8, %sp
        pushw FX_T_RFLAGS
        pushw FX_T_CS
        pushw FX_T_RIP
        mov FX_T_ES, %es
        mov FX_T_FS, %fs
        mov FX_T_GS, %gs
        mov FX_T_GPR, %eax
        mov FX_T_GPR + 8, %ecx
        mov FX_T_GPR + 16, %edx
        mov FX_T_GPR + 24, %ebx
        mov FX_T_GPR + 40, %ebp
        mov FX_T_GPR + 48, %esi
        mov FX_T_GPR + 56, %edi
        mov FX_T_DS, %ds
        iretw

/* ---- handlers of real mode ---- */
skip16: push %eax
        push %ebp
        movzwl %sp, %ebp
        mov 10(%bp), %ax
        cmp %cs:FX_CS, %ax
        jne leave16
        movzwl 8(%bp), %eax
        add %cs:FX_BASE, %eax
        sub $FX_CODE, %eax
        cmp %cs:FX_BYTES, %eax
        jae leave16
        movzbw %cs:FX_SKIP(%eax), %ax
        add %ax, 8(%bp)
        pop %ebp
        pop %eax
        iretw
leave16:
        jmp boot16
timer16:
        timer %eax, %edx, leave16
return16:
        iretw
debug16:
        push %bp
        mov %sp, %bp
        andw $~TF, 6(%bp)
        pop %bp
        iretw

/* ---- of protected mode: 32-bit gates, CS flat and readable, other segments anything ---- */
        .code32
skip32_error:
        lea 4(%esp), %esp
skip32: push %eax
        cmpl $0, %cs:FX_CS
        je 1f
        mov 8(%esp), %eax
        cmp %cs:FX_CS, %ax
        jne leave32
1:      mov 4(%esp), %eax
        add %cs:FX_BASE, %eax
        sub $FX_CODE, %eax
        cmp %cs:FX_BYTES, %eax
        jae leave32
        movzbl %cs:FX_SKIP(%eax), %eax
        add %eax, 4(%esp)
        pop %eax
        iret
leave32:
        xor %eax, %eax
        mov %eax, %dr7
        lgdt %cs:A(gdtr)
        ljmp $FX_CODE32, $A(boot32)
task32: lea 4(%esp), %esp               /* the error code of a double fault */
        jmp leave32
timer32:
        timer %eax, %edx, leave32
return32:
        iret
math32: fnclex                          /* or every waiting instruction ends here */
        jmp skip32
debug32:
        debug %eax, %edx, 16(%esp)
        iret

/* ---- of long mode ---- */
        .code64
skip64_error:
        lea 8(%rsp), %rsp
skip64: push %rax
        mov 8(%rsp), %rax
        add FX_BASE, %rax
        sub $FX_CODE, %rax
        cmp FX_BYTES, %rax
        jae leave64
        movzbl FX_SKIP(%rax), %eax
        add %rax, 8(%rsp)
        pop %rax
        iretq
leave64:
        xor %eax, %eax
        mov %rax, %dr7
        lgdt A(gdtr)
        mov $FX_STACK_BOOT, %esp
        mov %cr4, %rax
        and $CR4_LA57, %eax
        or $CR4_BOOT, %eax
        mov %rax, %cr4
        ljmp *A(to_boot32)
timer64:
        timer %rax, %rdx, leave64
return64:
        iretq
math64: fnclex
        jmp skip64
debug64:
        debug %rax, %rdx, 32(%rsp)
        iretq
