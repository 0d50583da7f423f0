/* SPDX-License-Identifier: Apache-2.0 */
/*
 * machine.h in EL1 with 4 KiB pages (Arm ARM D8), ASIDs of 8 bits, and a GICv2 (Arm IHI 0048): an SGI to this CPU.
 * TLB and cache maintenance are of the inner shareable domain, as an operating system's.
 */
#include "machine.h"

void *memcpy(void *to, const void *from, uint64_t n); /* guest.c */

#define TABLE 3u
#define PAGE 0xf07ull /* a page of one ASID: nG, AF, inner shareable, attribute index 1, EL1 only */
#define GICD_CTLR 0x08000000u
#define GICD_ISENABLER0 0x08000100u
#define GICD_SGIR 0x08000f00u
#define GICC_CTLR 0x08010000u
#define GICC_PMR 0x08010004u
#define SGIR_SELF (2u << 24)

static uint64_t tables[2][3][512] __attribute__((aligned(4096))); /* of each space: levels 1 to 3 */
uint64_t machine_frames[2][WINDOW_PAGES * 512] __attribute__((aligned(4096)));
uint64_t *machine_leaves = tables[0][2];
static uint64_t code[16] __attribute__((aligned(4096)));
static uint8_t stack[65536] __attribute__((aligned(16)));

volatile uint64_t *machine_window = (volatile uint64_t *)0xc0000000;
volatile uint64_t machine_faults, machine_interrupts;

/* From EL1 with its own stack pointer: a data abort maps what FAR_EL1 names; an IRQ is acknowledged and ended. */
__asm__(".balign 2048\n"
        ".globl machine_vectors\n"
        "machine_vectors:\n"
        "    .space 0x200\n"
        "    stp   x0, x1, [sp, #-32]!\n"
        "    stp   x2, x3, [sp, #16]\n"
        "    mrs   x0, far_el1\n"
        "    ubfx  x0, x0, #12, #18\n"
        "    adrp  x1, machine_frames\n"
        "    add   x1, x1, x0, lsl #12\n"
        "    mov   x2, #0xf07\n"
        "    orr   x1, x1, x2\n"
        "    adrp  x2, machine_leaves\n"
        "    ldr   x2, [x2, :lo12:machine_leaves]\n"
        "    str   x1, [x2, x0, lsl #3]\n"
        "    dsb   ishst\n"
        "    adrp  x0, machine_faults\n"
        "    ldr   x1, [x0, :lo12:machine_faults]\n"
        "    add   x1, x1, #1\n"
        "    str   x1, [x0, :lo12:machine_faults]\n"
        "    ldp   x2, x3, [sp, #16]\n"
        "    ldp   x0, x1, [sp], #32\n"
        "    eret\n"
        "    .balign 0x80\n"
        "    stp   x0, x1, [sp, #-32]!\n"
        "    stp   x2, x3, [sp, #16]\n"
        "    mov   w0, #0x08010000\n"
        "    ldr   w1, [x0, #0xc]\n" /* GICC_IAR */
        "    adrp  x2, machine_interrupts\n"
        "    ldr   x3, [x2, :lo12:machine_interrupts]\n"
        "    add   x3, x3, #1\n"
        "    str   x3, [x2, :lo12:machine_interrupts]\n"
        "    str   w1, [x0, #0x10]\n" /* GICC_EOIR */
        "    ldp   x2, x3, [sp, #16]\n"
        "    ldp   x0, x1, [sp], #32\n"
        "    eret\n"
        ".globl machine_switch\n"
        "machine_switch:\n"
        "    stp   x19, x20, [x0]\n"
        "    stp   x21, x22, [x0, #16]\n"
        "    stp   x23, x24, [x0, #32]\n"
        "    stp   x25, x26, [x0, #48]\n"
        "    stp   x27, x28, [x0, #64]\n"
        "    stp   x29, x30, [x0, #80]\n"
        "    mov   x2, sp\n"
        "    str   x2, [x0, #96]\n"
        "    ldr   x3, [x1, #112]\n"
        "    msr   ttbr0_el1, x3\n"
        "    isb\n"
        "    ldp   x19, x20, [x1]\n"
        "    ldp   x21, x22, [x1, #16]\n"
        "    ldp   x23, x24, [x1, #32]\n"
        "    ldp   x25, x26, [x1, #48]\n"
        "    ldp   x27, x28, [x1, #64]\n"
        "    ldp   x29, x30, [x1, #80]\n"
        "    ldr   x2, [x1, #96]\n"
        "    mov   sp, x2\n"
        "    ret\n");
void machine_vectors(void);

static void store32(uint64_t at, uint32_t value)
{
    *(volatile uint32_t *)at = value;
}

static uint64_t ttbr_of(unsigned space)
{
    return (uint64_t)(space + 1) << 48 | (uint64_t)tables[space][0];
}

void machine_prepare(void)
{
    uint64_t ttbr;

    __asm__ volatile("mrs %0, ttbr0_el1" : "=r"(ttbr));
    const uint64_t *blocks = (const uint64_t *)ttbr;
    for (unsigned s = 0; s < 2; s++) {
        for (unsigned i = 0; i < 512; i++)
            tables[s][0][i] = blocks[i];
        tables[s][0][3] = (uint64_t)tables[s][1] | TABLE;
        tables[s][1][0] = (uint64_t)tables[s][2] | TABLE;
    }
    __asm__ volatile("msr vbar_el1, %0\n dsb ish\n msr ttbr0_el1, %1\n isb" : : "r"(machine_vectors), "r"(ttbr_of(0)) : "memory");
    machine_flush();
    store32(GICD_CTLR, 1);
    store32(GICD_ISENABLER0, 1);
    store32(GICC_PMR, 0xff);
    store32(GICC_CTLR, 1);
    __asm__ volatile("msr daifclr, #2" : : : "memory");
}

void machine_map(unsigned space, unsigned page)
{
    tables[space][2][page] = (uint64_t)&machine_frames[space][WINDOW_WORD(page)] | PAGE;
    __asm__ volatile("dsb ishst\n isb" : : : "memory");
}

void machine_unmap(unsigned space, unsigned page)
{
    tables[space][2][page] = 0;
    machine_invalidate(page);
}

void machine_invalidate(unsigned page)
{
    uint64_t what = (uint64_t)1 << 48 | (((uint64_t)machine_window >> 12) + page);
    __asm__ volatile("dsb ishst\n tlbi vae1is, %0\n dsb ish\n isb" : : "r"(what) : "memory");
}

void machine_flush(void)
{
    __asm__ volatile("dsb ishst\n tlbi vmalle1is\n dsb ish\n isb" : : : "memory");
}

void machine_interrupt(void)
{
    uint64_t before = machine_interrupts;

    store32(GICD_SGIR, SGIR_SELF);
    while (machine_interrupts == before)
        ;
}

void machine_make_thread(struct machine_thread *t, unsigned space, void (*run)(void))
{
    t->space = ttbr_of(space);
    t->saved[11] = (uint64_t)run;
    t->saved[12] = (uint64_t)(stack + sizeof(stack));
}

uint64_t machine_patch_and_call(unsigned place, uint32_t value)
{
    volatile uint32_t *f = (volatile uint32_t *)&code[place];
    uint64_t (*call)(void) = (uint64_t (*)(void))(uint64_t)&code[place];

    f[0] = 0x52800000 | value << 5; /* mov w0, #value */
    f[1] = 0xd65f03c0;              /* ret */
    __asm__ volatile("dc cvau, %0\n dsb ish\n ic ivau, %0\n dsb ish\n isb" : : "r"(f) : "memory");
    return call();
}

uint64_t machine_place_code(const void *code_there, uint64_t bytes, unsigned place)
{
    static uint8_t places[MACHINE_PLACES][MACHINE_PLACE] __attribute__((aligned(4096)));
    uint8_t *to = places[place % MACHINE_PLACES];
    uint64_t ctr;

    memcpy(to, code_there, bytes < MACHINE_PLACE ? bytes : MACHINE_PLACE);
    __asm__ volatile("mrs %0, ctr_el0" : "=r"(ctr));
    for (uint64_t at = 0; at < bytes; at += 4u << (ctr >> 16 & 15)) /* DminLine */
        __asm__ volatile("dc cvau, %0" : : "r"(to + at) : "memory");
    __asm__ volatile("dsb ish" : : : "memory");
    for (uint64_t at = 0; at < bytes; at += 4u << (ctr & 15)) /* IminLine */
        __asm__ volatile("ic ivau, %0" : : "r"(to + at) : "memory");
    __asm__ volatile("dsb ish\n isb" : : : "memory");
    return (uint64_t)to;
}

uint32_t machine_mmio(uint32_t value)
{
    volatile uint32_t *ibrd = (volatile uint32_t *)0x09000024; /* the PL011's divisor: nobody waits for its lines here */

    *ibrd = value;
    return *ibrd;
}
