/* SPDX-License-Identifier: Apache-2.0 */
/*
 * machine.h at level 0 (Intel SDM volume 3): pages of 4 KiB, PCIDs where CPUID has them, the local APIC's self-IPI
 * in xAPIC mode. An #PF maps what CR2 names.
 */
#include "machine.h"

void *memcpy(void *to, const void *from, uint64_t n); /* guest.c */

#define PTE 3u            /* R/W, P */
#define LARGE_DEVICE 0x9bu /* PS, PCD, PWT, R/W, P */
#define PIC_MASK_1 0x21
#define PIC_MASK_2 0xa1
#define VECTOR 0x40
#define SPURIOUS 0xff

static uint64_t tables[2][4][512] __attribute__((aligned(4096))); /* of each space: PML4, PDPT, PD, PT */
static uint64_t devices[512] __attribute__((aligned(4096)));      /* PD of the fourth GiB */
uint64_t machine_frames[2][WINDOW_PAGES * 512] __attribute__((aligned(4096)));
uint64_t *machine_leaves = tables[0][3];
static uint64_t code[16] __attribute__((aligned(4096)));
static uint8_t stack[65536] __attribute__((aligned(16)));
static uint64_t idt[256][2] __attribute__((aligned(16)));
static int have_pcid;

volatile uint64_t *machine_window = (volatile uint64_t *)0x40000000;
volatile uint64_t machine_faults, machine_interrupts;

__asm__(".globl machine_on_fault, machine_on_interrupt, machine_on_spurious, machine_switch\n"
        "machine_on_fault:\n"
        "    push  %rax\n"
        "    push  %rcx\n"
        "    push  %rdx\n"
        "    mov   %cr2, %rax\n"
        "    shr   $12, %eax\n"
        "    and   $0x3ffff, %eax\n"
        "    mov   %rax, %rcx\n"
        "    shl   $12, %rcx\n"
        "    add   $machine_frames + 3, %rcx\n"
        "    mov   machine_leaves, %rdx\n"
        "    mov   %rcx, (%rdx, %rax, 8)\n"
        "    incq  machine_faults\n"
        "    pop   %rdx\n"
        "    pop   %rcx\n"
        "    pop   %rax\n"
        "    add   $8, %rsp\n"
        "    iretq\n"
        "machine_on_interrupt:\n"
        "    push  %rax\n"
        "    incq  machine_interrupts\n"
        "    mov   $0xfee000b0, %eax\n" /* EOI */
        "    movl  $0, (%rax)\n"
        "    pop   %rax\n"
        "machine_on_spurious:\n"
        "    iretq\n"
        "machine_switch:\n"
        "    push  %rbx\n"
        "    push  %rbp\n"
        "    push  %r12\n"
        "    push  %r13\n"
        "    push  %r14\n"
        "    push  %r15\n"
        "    mov   %rsp, (%rdi)\n"
        "    mov   112(%rsi), %rax\n"
        "    mov   %rax, %cr3\n"
        "    mov   (%rsi), %rsp\n"
        "    pop   %r15\n"
        "    pop   %r14\n"
        "    pop   %r13\n"
        "    pop   %r12\n"
        "    pop   %rbp\n"
        "    pop   %rbx\n"
        "    ret\n");
void machine_on_fault(void);
void machine_on_interrupt(void);
void machine_on_spurious(void);

static volatile uint32_t *apic(uint32_t at)
{
    return (volatile uint32_t *)(uint64_t)(0xfee00000u + at);
}

static void set_gate(unsigned vector, void (*entry)(void))
{
    uint64_t at = (uint64_t)entry;

    idt[vector][0] = (at & 0xffff) | 0x08ull << 16 | 0x8e00ull << 32 | (at >> 16 & 0xffff) << 48;
    idt[vector][1] = at >> 32;
}

static void set_interrupts(void)
{
    struct __attribute__((packed)) {
        uint16_t limit;
        uint64_t base;
    } pointer = { sizeof(idt) - 1, (uint64_t)idt };

    set_gate(14, machine_on_fault);
    set_gate(VECTOR, machine_on_interrupt);
    set_gate(SPURIOUS, machine_on_spurious);
    __asm__ volatile("lidt %0" : : "m"(pointer) : "memory");
    __asm__ volatile("outb %b0, %w1" : : "a"(0xff), "d"(PIC_MASK_1));
    __asm__ volatile("outb %b0, %w1" : : "a"(0xff), "d"(PIC_MASK_2));
    *apic(0x80) = 0;
    *apic(0xf0) = 0x100 | SPURIOUS; /* SVR: enabled */
    __asm__ volatile("sti");
}

static uint64_t cr3_of(unsigned space)
{
    uint64_t pcid = have_pcid ? 1ull << 63 | (space + 1) : 0; /* bit 63: nothing is forgotten */

    return (uint64_t)tables[space][0] | pcid;
}

void machine_prepare(void)
{
    uint64_t cr3, cr4;
    uint32_t eax = 1, ebx, ecx = 0, edx;

    __asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
    have_pcid = ecx >> 17 & 1;
    __asm__ volatile("mov %%cr3, %0" : "=r"(cr3));
    const uint64_t *pdpt = (const uint64_t *)(*(const uint64_t *)cr3 & ~0xfffull);
    devices[0xfec00000u >> 21 & 511] = 0xfec00000u | LARGE_DEVICE;
    devices[0xfee00000u >> 21 & 511] = 0xfee00000u | LARGE_DEVICE;
    for (unsigned s = 0; s < 2; s++) {
        tables[s][0][0] = (uint64_t)tables[s][1] | PTE;
        tables[s][1][0] = pdpt[0];
        tables[s][1][1] = (uint64_t)tables[s][2] | PTE;
        tables[s][1][3] = (uint64_t)devices | PTE;
        tables[s][2][0] = (uint64_t)tables[s][3] | PTE;
    }
    __asm__ volatile("mov %0, %%cr3" : : "r"((uint64_t)tables[0][0]) : "memory"); /* PCID 0, as CR4.PCIDE demands */
    if (have_pcid) {
        __asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
        __asm__ volatile("mov %0, %%cr4" : : "r"(cr4 | 1 << 17) : "memory");
        __asm__ volatile("mov %0, %%cr3" : : "r"(cr3_of(0)) : "memory");
    }
    set_interrupts();
}

void machine_map(unsigned space, unsigned page)
{
    tables[space][3][page] = (uint64_t)&machine_frames[space][WINDOW_WORD(page)] | PTE;
}

void machine_unmap(unsigned space, unsigned page)
{
    tables[space][3][page] = 0;
    machine_invalidate(page);
}

void machine_invalidate(unsigned page)
{
    __asm__ volatile("invlpg %0" : : "m"(*(machine_window + WINDOW_WORD(page))) : "memory");
}

void machine_flush(void)
{
    uint64_t cr3 = cr3_of(0) & ~(1ull << 63);

    __asm__ volatile("mov %0, %%cr3" : : "r"(cr3) : "memory");
}

void machine_interrupt(void)
{
    uint64_t before = machine_interrupts;

    *apic(0x300) = 0x40000 | VECTOR; /* ICR: to itself */
    while (machine_interrupts == before)
        ;
}

void machine_make_thread(struct machine_thread *t, unsigned space, void (*run)(void))
{
    uint64_t *top = (uint64_t *)(stack + sizeof(stack)) - 2;

    t->space = cr3_of(space);
    *top = (uint64_t)run; /* machine_switch returns to it */
    t->saved[0] = (uint64_t)(top - 6);
}

uint64_t machine_patch_and_call(unsigned place, uint32_t value)
{
    uint64_t (*call)(void) = (uint64_t (*)(void))(uint64_t)&code[place];

    /* mov $value, %eax; ret: in one store, as nothing is said of it in between */
    *(volatile uint64_t *)&code[place] = 0xb8 | (uint64_t)value << 8 | 0xc3ull << 40;
    return call();
}

uint64_t machine_place_code(const void *code_there, uint64_t bytes, unsigned place)
{
    static uint8_t places[MACHINE_PLACES][MACHINE_PLACE] __attribute__((aligned(4096)));
    uint8_t *to = places[place % MACHINE_PLACES];

    memcpy(to, code_there, bytes < MACHINE_PLACE ? bytes : MACHINE_PLACE);
    return (uint64_t)to;
}

uint32_t machine_mmio(uint32_t value)
{
    volatile uint32_t *select = (volatile uint32_t *)0xfec00000; /* the IOAPIC's IOREGSEL */

    *select = value;
    return *select;
}
