/* SPDX-License-Identifier: Apache-2.0 */
/* IDT, GDT with a TSS, and the page at TEST: SDM volume 3, 7.14, 8.7, 5.5. */
#include "guest.h"

unsigned guest_cases;
static uint64_t idt[256][2], gdt[8];
static uint8_t tss[104];
static uint64_t pd[512] __attribute__((aligned(4096))), pt[512] __attribute__((aligned(4096)));

static void load(bool global, void *table, uint16_t limit)
{
    struct {
        uint16_t limit;
        uint64_t base;
    } __attribute__((packed)) p = { limit, (uint64_t)table };
    if (global)
        __asm__ volatile("lgdt %0" ::"m"(p));
    else
        __asm__ volatile("lidt %0" ::"m"(p));
}

void set_up_tables(void);
void set_up_tables(void)
{
    static const uint64_t segments[6] = { 0, 0x00af9a000000ffff, 0x00cf92000000ffff, 0x00cff2000000ffff, 0x00affa000000ffff, 0x00cf9a000000ffff };
    uint64_t at = (uint64_t)tss;
    for (unsigned i = 0; i < 6; i++)
        gdt[i] = segments[i];
    gdt[6] = 103 | (at & 0xffffff) << 16 | 0x89ull << 40 | (at >> 24 & 0xff) << 56;
    gdt[7] = at >> 32;
    *(uint64_t *)(void *)(tss + 4) = 0x310000;      /* RSP0 */
    *(uint64_t *)(void *)(tss + 0x24) = 0x320000;   /* IST1 */
    *(uint16_t *)(void *)(tss + 0x66) = 104;        /* no I/O permission map */
    for (unsigned v = 0; v < 256; v++) {
        uint64_t ip = (uint64_t)vectors + 16 * v, type = v == 3 || v == 0x80 ? 0xee : 0x8e;
        idt[v][0] = (ip & 0xffff) | 8u << 16 | (v == 8 || v == 12 ? 1ull << 32 : 0) | type << 40 | (ip >> 16 & 0xffff) << 48;
        idt[v][1] = ip >> 32;
    }
    load(true, gdt, sizeof(gdt) - 1);
    load(false, idt, sizeof(idt) - 1);
    __asm__ volatile("ltr %0" ::"r"((uint16_t)0x30));
}

void set_gate(unsigned vector, const char *handler)
{
    uint64_t ip = (uint64_t)handler;
    idt[vector][0] = (ip & 0xffff) | 8u << 16 | 0xeeull << 40 | (ip >> 16 & 0xffff) << 48;
    idt[vector][1] = ip >> 32;
}

/* In the second GiB; the program lives in the first, below the same entry of the PML4. */
void map_test(uint64_t pdpte, uint64_t pde, uint64_t pte)
{
    ((uint64_t *)(PAGES + 0x1000))[1] = (uint64_t)pd | pdpte;
    pd[0] = (pde & 0x80 ? 0 : (uint64_t)pt) | pde;
    pt[0] = pte;
    __asm__ volatile("invlpg (%0)" ::"r"(TEST) : "memory");
}

uint64_t test_entry(void)
{
    return *(volatile uint64_t *)pt;
}
