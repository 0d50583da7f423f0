/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_TEST_CPU_X86_TABLES_H
#define ORRERY_TEST_CPU_X86_TABLES_H
/*
 * Descriptor tables for tests of transfers (SDM volume 3, 3.4.5, 6.8.3, 7.11, 8.2): a GDT at GDT with the segments
 * named below, an IDT whose gates lead to HANDLER + 16 * vector, two TSSs, stacks.
 */
#include "test/cpu/x86/fixture.h"

enum { GDT = 0x1000, IDT = 0x2000, TSS = 0x4000, TSS2 = 0x4100, TSS64 = 0x4200, HANDLER = 0x8000, STACK0 = 0x20000, STACK1 = 0x22000,
       STACK3 = 0x30000, IST1 = 0x28000, CODE = 0x10000 };
/* Selectors */
enum { CODE0 = 0x08, DATA0 = 0x10, CODE3 = 0x18, DATA3 = 0x20, CONFORMING = 0x28, EXEC_ONLY = 0x30, READ_ONLY = 0x38,
       ABSENT_DATA = 0x40, TASK = 0x48, TASK2 = 0x50, LDT = 0x58, GATE = 0x60, TASK_GATE = 0x68, CODE64 = 0x70,
       LONG_TSS = 0x78 /* and 80 */, CODE1 = 0x88, DATA1 = 0x90, ABSENT_CODE = 0x98, GATE64 = 0xa0 /* and a8 */,
       GATE1 = 0xb0, ABSENT_GATE = 0xb8, CODE16 = 0xc0, CODE64_3 = 0xc8, END_OF_GDT = 0xd0 };

/* `attr`: bits 55:40 without the limit's. */
static inline uint64_t descriptor(uint32_t base, uint32_t limit, unsigned attr)
{
    return (limit & 0xffff) | (uint64_t)(base & 0xffffff) << 16 | (uint64_t)attr << 40 | (uint64_t)(limit >> 16 & 15) << 48 |
           (uint64_t)(base >> 24) << 56;
}

static inline uint64_t gate(unsigned sel, uint32_t ip, unsigned type, unsigned dpl, unsigned params)
{
    return (ip & 0xffff) | (uint64_t)sel << 16 | (uint64_t)params << 32 | (uint64_t)(type | dpl << 5 | 0x80) << 40 |
           (uint64_t)(ip >> 16) << 48;
}

static inline void set_descriptor(struct pc *p, unsigned sel, uint64_t d)
{
    pc_put(p, GDT + (sel & ~7u), 8, d);
}

static inline void set_idt(struct pc *p, unsigned vector, uint64_t d)
{
    pc_put(p, IDT + 8 * vector, 8, d);
}

static inline void build_tables(struct pc *p)
{
    static const struct {
        uint16_t sel, attr;
    } rows[] = { { CODE0, 0xc09a }, { DATA0, 0xc092 }, { CODE3, 0xc0fa }, { DATA3, 0xc0f2 }, { CONFORMING, 0xc09e },
                 { EXEC_ONLY, 0xc098 }, { READ_ONLY, 0xc090 }, { ABSENT_DATA, 0xc012 }, { CODE64, 0xa09a }, { CODE1, 0xc0ba },
                 { DATA1, 0xc0b2 }, { ABSENT_CODE, 0xc01a }, { CODE64_3, 0xa0fa } };
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        set_descriptor(p, rows[i].sel, descriptor(0, 0xfffff, rows[i].attr));
    set_descriptor(p, CODE16, descriptor(CODE, 0xffff, 0x009a));
    set_descriptor(p, TASK, descriptor(TSS, 0x67, 0x89));
    set_descriptor(p, TASK2, descriptor(TSS2, 0x67, 0x89));
    set_descriptor(p, LDT, descriptor(GDT, 0xff, 0x82));
    set_descriptor(p, GATE, gate(CODE0, HANDLER, 12, 3, 2));
    set_descriptor(p, GATE1, gate(CODE1, HANDLER, 12, 3, 0));
    set_descriptor(p, ABSENT_GATE, gate(CODE0, HANDLER, 12, 3, 0) & ~(1ull << 47));
    set_descriptor(p, TASK_GATE, gate(TASK2, 0, 5, 3, 0));
    set_descriptor(p, LONG_TSS, descriptor(TSS64, 0x67, 0x89));
    set_descriptor(p, GATE64, gate(CODE64, HANDLER, 12, 3, 0));
    for (unsigned v = 0; v < 256; v++)
        set_idt(p, v, gate(CODE0, HANDLER + 16 * v, v == 4 ? 15 : 14, v == 3 || v == 4 ? 3 : 0, 0));
    pc_put(p, TSS + 4, 4, STACK0);
    pc_put(p, TSS + 8, 4, DATA0);
    pc_put(p, TSS + 12, 4, STACK1);
    pc_put(p, TSS + 16, 4, DATA1 | 1);
    pc_put(p, TSS64 + 4, 8, STACK0);
    pc_put(p, TSS64 + 0x24, 8, IST1 + 8); /* not aligned to 16 */
    p->c->gdtr.base = GDT;
    p->c->gdtr.limit = END_OF_GDT - 1;
    p->c->idtr.base = IDT;
    p->c->idtr.limit = 0x7ff;
}

static inline void set_segment(struct pc *p, unsigned seg, unsigned sel)
{
    x86_unpack_segment((uint16_t)sel, pc_get(p, GDT + (sel & ~7u), 8) | (sel != LDT ? X86_DESC_ACCESSED : 0), &p->c->seg[seg]);
}

/* Protected mode at level 0 or 3 (1), at CODE with the level's stack; nothing is busy but TASK. */
static inline void enter_protected(struct pc *p, unsigned cpl)
{
    struct x86_cpu *c = p->c;
    unsigned data = cpl == 0 ? DATA0 : cpl == 1 ? DATA1 | 1 : DATA3 | 3;
    build_tables(p);
    c->cr0 = X86_CR0_PE | X86_CR0_ET;
    set_segment(p, X86_CS, cpl == 0 ? CODE0 : cpl == 1 ? CODE1 | 1 : CODE3 | 3);
    for (unsigned i = 0; i < X86_SEGS; i++)
        if (i != X86_CS)
            set_segment(p, i, data);
    x86_null_segment(c, X86_SEG_LDTR, 0);
    set_descriptor(p, TASK, descriptor(TSS, 0x67, 0x8b));
    set_segment(p, X86_SEG_TR, TASK);
    c->gpr[4] = cpl == 3 ? STACK3 : cpl == 1 ? STACK1 : STACK0;
    x86_set_rflags(c, 2);
    c->cpu.pc = CODE;
    x86_flush_tlb(c);
    x86_update_mode(c);
}

/* 64-bit mode: the first 4 MiB mapped for all levels by tables at 40000h; gates of 16 bytes. */
static inline void enter_long(struct pc *p, unsigned cpl)
{
    struct x86_cpu *c = p->c;
    enter_protected(p, cpl);
    pc_put(p, 0x40000, 8, 0x41000 | 7);
    pc_put(p, 0x41000, 8, 0x42000 | 7);
    pc_put(p, 0x42000, 8, 0x0 | 0xe7);
    pc_put(p, 0x42008, 8, 0x200000 | 0xe7);
    for (unsigned v = 0; v < 128; v++) {
        uint64_t g = gate(CODE64, HANDLER + 16 * v, v == 4 ? 15 : 14, v == 3 || v == 4 ? 3 : 0, v == 9 ? 1 : 0);
        pc_put(p, IDT + 16 * v, 8, g);
        pc_put(p, IDT + 16 * v + 8, 8, 0);
    }
    c->cr3 = 0x40000;
    c->cr4 |= X86_CR4_PAE;
    c->efer |= X86_EFER_LME | X86_EFER_LMA;
    c->cr0 |= X86_CR0_PG | X86_CR0_WP;
    set_segment(p, X86_CS, cpl == 0 ? CODE64 : CODE64_3 | 3);
    set_descriptor(p, LONG_TSS, descriptor(TSS64, 0x67, 0x8b));
    set_segment(p, X86_SEG_TR, LONG_TSS);
    x86_flush_tlb(c);
    x86_update_mode(c);
}

/* As executors do with a recorded fault. */
static inline void take(struct pc *p)
{
    p->c->cpu.exit &= ~(uint32_t)CPU_EXIT_EXCEPTION;
    x86_take_exception(&p->c->cpu);
}

#endif
