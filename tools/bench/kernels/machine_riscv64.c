/* SPDX-License-Identifier: Apache-2.0 */
/*
 * machine.h in S-mode with Sv39 (Privileged Architecture, "Supervisor-Level ISA"): page faults are delegated to it;
 * interrupts are ACLINT's MSWI, taken and acknowledged in M-mode, where a platform's firmware takes them.
 */
#include "machine.h"

void *memcpy(void *to, const void *from, uint64_t n); /* guest.c */

#define PTE_V 0x01u
#define PTE_LEAF 0xc7u /* D A W R V */
#define SATP_SV39 (8ull << 60)
#define MSIP "0x2000000"

static uint64_t directories[2][3][512] __attribute__((aligned(4096))); /* of each space: root, 2 MiB, 4 KiB */
uint64_t machine_frames[2][WINDOW_PAGES * 512] __attribute__((aligned(4096)));
uint64_t *machine_leaves = directories[0][2];
static uint64_t code[16] __attribute__((aligned(4096)));
static uint8_t stack[65536] __attribute__((aligned(16)));
int machine_has_asid;

volatile uint64_t *machine_window = (volatile uint64_t *)0xc0000000;
volatile uint64_t machine_faults, machine_interrupts;

/* machine_s_trap: map what stval names. machine_m_trap: take the interrupt back. t0 to t2 are kept in the stack. */
__asm__(".balign 4\n"
        "machine_s_trap:\n"
        "    addi  sp, sp, -32\n"
        "    sd    t0, 0(sp)\n"
        "    sd    t1, 8(sp)\n"
        "    sd    t2, 16(sp)\n"
        "    csrr  t0, stval\n"
        "    slli  t0, t0, 34\n" /* bits 29:12: the page in the window */
        "    srli  t0, t0, 46\n"
        "    la    t1, machine_frames\n"
        "    slli  t2, t0, 12\n"
        "    add   t1, t1, t2\n"
        "    srli  t1, t1, 2\n"
        "    ori   t1, t1, 0xc7\n"
        "    ld    t2, machine_leaves\n"
        "    slli  t0, t0, 3\n"
        "    add   t2, t2, t0\n"
        "    sd    t1, 0(t2)\n"
        "    csrr  t0, stval\n"
        "    sfence.vma t0, zero\n"
        "    ld    t0, machine_faults\n"
        "    addi  t0, t0, 1\n"
        "    sd    t0, machine_faults, t1\n"
        "    ld    t0, 0(sp)\n"
        "    ld    t1, 8(sp)\n"
        "    ld    t2, 16(sp)\n"
        "    addi  sp, sp, 32\n"
        "    sret\n"
        ".globl machine_m_trap\n"
        ".balign 4\n"
        "machine_m_trap:\n"
        "    addi  sp, sp, -16\n"
        "    sd    t0, 0(sp)\n"
        "    sd    t1, 8(sp)\n"
        "    li    t0, " MSIP "\n"
        "    sw    zero, 0(t0)\n"
        "    la    t0, machine_interrupts\n" /* M-mode is not translated: addresses are the same */
        "    ld    t1, 0(t0)\n"
        "    addi  t1, t1, 1\n"
        "    sd    t1, 0(t0)\n"
        "    ld    t0, 0(sp)\n"
        "    ld    t1, 8(sp)\n"
        "    addi  sp, sp, 16\n"
        "    mret\n"
        ".globl machine_switch\n"
        "machine_switch:\n"
        "    sd    ra, 0(a0)\n"
        "    sd    sp, 8(a0)\n"
        "    sd    s0, 16(a0)\n"
        "    sd    s1, 24(a0)\n"
        "    sd    s2, 32(a0)\n"
        "    sd    s3, 40(a0)\n"
        "    sd    s4, 48(a0)\n"
        "    sd    s5, 56(a0)\n"
        "    sd    s6, 64(a0)\n"
        "    sd    s7, 72(a0)\n"
        "    sd    s8, 80(a0)\n"
        "    sd    s9, 88(a0)\n"
        "    sd    s10, 96(a0)\n"
        "    sd    s11, 104(a0)\n"
        "    ld    t0, 112(a1)\n"
        "    csrw  satp, t0\n"
        "    lw    t0, machine_has_asid\n"
        "    bnez  t0, 1f\n"
        "    sfence.vma\n"
        "1:  ld    ra, 0(a1)\n"
        "    ld    sp, 8(a1)\n"
        "    ld    s0, 16(a1)\n"
        "    ld    s1, 24(a1)\n"
        "    ld    s2, 32(a1)\n"
        "    ld    s3, 40(a1)\n"
        "    ld    s4, 48(a1)\n"
        "    ld    s5, 56(a1)\n"
        "    ld    s6, 64(a1)\n"
        "    ld    s7, 72(a1)\n"
        "    ld    s8, 80(a1)\n"
        "    ld    s9, 88(a1)\n"
        "    ld    s10, 96(a1)\n"
        "    ld    s11, 104(a1)\n"
        "    ret\n");
void machine_s_trap(void);

static uint64_t pte_of(const void *at, uint64_t bits)
{
    return (uint64_t)at >> 12 << 10 | bits;
}

static uint64_t satp_of(unsigned space)
{
    return SATP_SV39 | (uint64_t)(space + 1) << 44 | (uint64_t)directories[space][0] >> 12;
}

void machine_prepare(void)
{
    uint64_t satp;

    __asm__ volatile("csrr %0, satp" : "=r"(satp));
    const uint64_t *gigapages = (const uint64_t *)(satp << 12 & 0xfffffffffff000);
    for (unsigned s = 0; s < 2; s++) {
        for (unsigned i = 0; i < 512; i++)
            directories[s][0][i] = gigapages[i] | 0x20; /* G: in both spaces */
        directories[s][0][3] = pte_of(directories[s][1], PTE_V);
        directories[s][1][0] = pte_of(directories[s][2], PTE_V);
    }
    __asm__ volatile("csrw stvec, %0" : : "r"(machine_s_trap));
    __asm__ volatile("csrw satp, %0" : : "r"(satp_of(0)));
    __asm__ volatile("csrr %0, satp" : "=r"(satp));
    machine_has_asid = (satp >> 44 & 0xffff) == 1;
    machine_flush();
}

void machine_map(unsigned space, unsigned page)
{
    directories[space][2][page] = pte_of(&machine_frames[space][WINDOW_WORD(page)], PTE_LEAF);
}

void machine_unmap(unsigned space, unsigned page)
{
    directories[space][2][page] = 0;
    machine_invalidate(page);
}

void machine_invalidate(unsigned page)
{
    __asm__ volatile("sfence.vma %0, zero" : : "r"(machine_window + WINDOW_WORD(page)) : "memory");
}

void machine_flush(void)
{
    __asm__ volatile("sfence.vma" : : : "memory");
}

void machine_interrupt(void)
{
    uint64_t before = machine_interrupts;

    *(volatile uint32_t *)0x2000000 = 1;
    while (machine_interrupts == before)
        ;
}

void machine_make_thread(struct machine_thread *t, unsigned space, void (*run)(void))
{
    t->space = satp_of(space);
    t->saved[0] = (uint64_t)run;
    t->saved[1] = (uint64_t)(stack + sizeof(stack));
}

uint64_t machine_patch_and_call(unsigned place, uint32_t value)
{
    volatile uint32_t *f = (volatile uint32_t *)&code[place];
    uint64_t (*call)(void) = (uint64_t (*)(void))(uint64_t)&code[place];

    f[0] = value << 20 | 0x513; /* addi a0, zero, value */
    f[1] = 0x8067;              /* ret */
    __asm__ volatile("fence.i" : : : "memory");
    return call();
}

uint64_t machine_place_code(const void *code_there, uint64_t bytes, unsigned place)
{
    static uint8_t places[MACHINE_PLACES][MACHINE_PLACE] __attribute__((aligned(4096)));
    uint8_t *to = places[place % MACHINE_PLACES];

    memcpy(to, code_there, bytes < MACHINE_PLACE ? bytes : MACHINE_PLACE);
    __asm__ volatile("fence.i" : : : "memory");
    return (uint64_t)to;
}

uint32_t machine_mmio(uint32_t value)
{
    volatile uint8_t *scratch = (volatile uint8_t *)0x10000007; /* the 16550's SCR */

    *scratch = (uint8_t)value;
    return *scratch;
}
