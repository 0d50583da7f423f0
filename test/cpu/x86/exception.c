/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Delivery of interrupts and exceptions, double faults and shutdown, IRET, virtual-8086 mode, tasks: SDM volume 3,
 * chapters 7, 8 and 22; volume 2, INT n, IRET.
 */
#include "core/util/bits.h"
#include "test/cpu/x86/tables.h"

#define DELIVERED -1

static void stack_is(struct pc *p, pa_t at, unsigned bytes, const uint64_t *want, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        ck_assert_msg(pc_get(p, at + bytes * i, bytes) == want[i], "stack[%u] is %#llx, not %#llx", i,
                      (unsigned long long)pc_get(p, at + bytes * i, bytes), (unsigned long long)want[i]);
}

/* As the INT instruction does it: two bytes long. */
static void software_interrupt(struct pc *p, unsigned vector)
{
    cpu_raise(&p->c->cpu, vector | X86_CAUSE_SOFT, 0, 0, 2);
    take(p);
}

/* ---- protected mode ---- */

/* At the same level: EFLAGS, CS, EIP, error code (figure 7-4). An interrupt gate clears IF, a trap gate does not. */
START_TEST(same_level)
{
    struct pc p;
    pc_create(&p, "max", NULL, 0);
    enter_protected(&p, 0);
    x86_set_rflags(p.c, 2 | X86_IF | X86_TF | X86_NT | X86_CF);
    x86_update_mode(p.c);
    x86_raise_error(p.c, X86_GP, 0x1234);
    take(&p);
    ck_assert_uint_eq(p.c->cpu.pc, HANDLER + 16 * 13);
    ck_assert_uint_eq(p.c->gpr[4], STACK0 - 16);
    stack_is(&p, STACK0 - 16, 4, (uint64_t[]){ 0x1234, CODE, CODE0, 2 | X86_IF | X86_TF | X86_NT | X86_CF | X86_RF }, 4);
    ck_assert_uint_eq(x86_get_rflags(p.c), 2 | X86_CF);
    /* a trap gate, by software: the next address, no RF */
    enter_protected(&p, 0);
    x86_set_rflags(p.c, 2 | X86_IF);
    x86_update_mode(p.c);
    software_interrupt(&p, 4);
    stack_is(&p, STACK0 - 12, 4, (uint64_t[]){ CODE + 2, CODE0, 2 | X86_IF }, 3);
    ck_assert_uint_eq(x86_get_rflags(p.c), 2 | X86_IF);
    /* from outside */
    enter_protected(&p, 0);
    x86_deliver_interrupt(p.c, 0x30);
    ck_assert_uint_eq(p.c->cpu.pc, HANDLER + 16 * 0x30);
    stack_is(&p, STACK0 - 12, 4, (uint64_t[]){ CODE, CODE0, 2 }, 3);
    pc_destroy(&p);
}
END_TEST

START_TEST(inner_level)
{
    struct pc p;
    pc_create(&p, "max", NULL, 0);
    enter_protected(&p, 3);
    p.c->gpr[4] = 0x30123;
    x86_raise_page(p.c, 0xdeadb000, 7);
    take(&p);
    ck_assert_uint_eq(p.c->cr2, 0xdeadb000);
    ck_assert_uint_eq(p.c->cpu.pc, HANDLER + 16 * 14);
    ck_assert_uint_eq(x86_cpl(p.c), 0);
    ck_assert_uint_eq(p.c->seg[X86_SS].sel, DATA0);
    ck_assert_uint_eq(p.c->gpr[4], STACK0 - 24);
    stack_is(&p, STACK0 - 24, 4, (uint64_t[]){ 7, CODE, CODE3 | 3, 2 | X86_RF, 0x30123, DATA3 | 3 }, 6);
    p.c->gpr[4] += 4; /* the handler takes the error code off */
    ck_assert(x86_iret(p.c, 4));
    x86_update_mode(p.c);
    ck_assert_uint_eq(x86_cpl(p.c), 3);
    ck_assert_uint_eq(p.c->cpu.pc, CODE);
    ck_assert_uint_eq(p.c->gpr[4], 0x30123);
    ck_assert_uint_eq(p.c->seg[X86_CS].sel, CODE3 | 3);
    ck_assert_uint_eq(x86_get_rflags(p.c), 2 | X86_RF);
    pc_destroy(&p);
}
END_TEST

/* 16-bit gates push words. */
START_TEST(gate16)
{
    struct pc p;
    pc_create(&p, "max", NULL, 0);
    enter_protected(&p, 0);
    set_idt(&p, 0x20, gate(CODE0, 0x12348000, 6, 0, 0));
    x86_deliver_interrupt(p.c, 0x20);
    ck_assert_uint_eq(p.c->cpu.pc, 0x8000);
    ck_assert_uint_eq(p.c->gpr[4], STACK0 - 6);
    stack_is(&p, STACK0 - 6, 2, (uint64_t[]){ CODE & 0xffff, CODE0, 2 }, 3);
    pc_destroy(&p);
}
END_TEST

/* ---- what may be wrong with a gate: the error code names it, with IDT and, but for INT n, EXT ---- */
static const struct {
    uint8_t cpl;
    bool soft;
    uint64_t gate;
    int vector;
    uint32_t error;
} gates[] = {
    { 0, false, 0, X86_GP, 0x20 * 8 + 3 },
    { 0, true, 0, X86_GP, 0x20 * 8 + 2 },
    { 0, true, 0x00008c0000000000, X86_GP, 0x20 * 8 + 2 },                  /* a call gate */
    { 0, false, 0x00000e0000080000, X86_NP, 0x20 * 8 + 3 },                 /* not present */
    { 3, true, 0x00008e0000080000, X86_GP, 0x20 * 8 + 2 },                  /* DPL 0 < CPL */
    { 3, false, 0x00008e0000080000, DELIVERED, 0 },                          /* which only counts for software */
    { 0, false, 0x00008e0000000000, X86_GP, 1 },                            /* a null selector */
    { 0, false, 0x00008e0000100000, X86_GP, DATA0 + 1 },                    /* no code */
    { 0, false, 0x00008e0000980000, X86_NP, ABSENT_CODE + 1 },
    { 0, false, 0x00008e0000180000, X86_GP, CODE3 + 1 },                    /* outwards */
    { 0, true, 0x00008e0001f80000, X86_GP, 0x1f8 },                         /* beyond the GDT */
};

START_TEST(bad_gates)
{
    struct pc p;
    pc_create(&p, "max", NULL, 0);
    enter_protected(&p, gates[_i].cpl);
    set_idt(&p, 0x20, gates[_i].gate);
    if (gates[_i].soft)
        software_interrupt(&p, 0x20);
    else
        x86_deliver_interrupt(p.c, 0x20);
    if (gates[_i].vector == DELIVERED) {
        ck_assert_uint_eq(p.c->cpu.pc, 0);
    } else {
        ck_assert_uint_eq(p.c->cpu.pc, HANDLER + 16 * (unsigned)gates[_i].vector);
        uint64_t error = pc_get(&p, p.c->gpr[4], 4);
        ck_assert_msg(error == gates[_i].error, "error code %#llx, not %#x", (unsigned long long)error, gates[_i].error);
        ck_assert_uint_eq(pc_get(&p, p.c->gpr[4] + 4, 4), CODE); /* the instruction itself, INT n as well */
    }
    ck_assert_uint_eq(p.shutdowns, 0);
    pc_destroy(&p);
}
END_TEST

/* ---- table 7-5: which two become a double fault. The second is the #NP or #GP of the first's gate. ---- */
static const struct {
    uint8_t first;
    bool absent;      /* else: no gate at all */
    int delivered;
} pairs[] = {
    { X86_UD, true, X86_NP },        { X86_UD, false, X86_GP },        { X86_DB, true, X86_NP },
    { X86_NMI_VECTOR, true, X86_NP }, { X86_MF, true, X86_NP },        { X86_AC_FAULT, true, X86_NP },
    { X86_XM, true, X86_NP },        { X86_MC, true, X86_NP },         { X86_BR, true, X86_NP },
    { X86_DE, true, X86_DFT },       { X86_TS_FAULT, true, X86_DFT },  { X86_NP, false, X86_DFT },
    { X86_SS_FAULT, true, X86_DFT }, { X86_GP, true, X86_DFT },        { X86_PF_FAULT, true, X86_DFT },
    { X86_PF_FAULT, false, X86_DFT },
};

START_TEST(double_faults)
{
    struct pc p;
    pc_create(&p, "max", NULL, 0);
    enter_protected(&p, 0);
    set_idt(&p, pairs[_i].first, pairs[_i].absent ? 0x00000e0000080000 : 0);
    if (pairs[_i].first == X86_PF_FAULT)
        x86_raise_page(p.c, 0x5000, 0);
    else
        x86_raise(p.c, (enum x86_vector)pairs[_i].first);
    take(&p);
    ck_assert_uint_eq(p.shutdowns, 0);
    ck_assert_uint_eq(p.c->cpu.pc, HANDLER + 16 * (unsigned)pairs[_i].delivered);
    if (pairs[_i].delivered == X86_DFT)
        ck_assert_uint_eq(pc_get(&p, p.c->gpr[4], 4), 0); /* its error code is always 0 */
    if (pairs[_i].first == X86_PF_FAULT)
        ck_assert_uint_eq(p.c->cr2, 0x5000);
    pc_destroy(&p);
}
END_TEST

/* A contributory one, then a page fault: that is served. A page fault, then one again: not. */
START_TEST(faults_with_paging)
{
    struct pc p;
    pc_create(&p, "max", NULL, 0);
    for (unsigned twice = 0; twice < 2; twice++) {
        enter_long(&p, 0);
        p.c->gpr[4] = 0x80000000; /* no page for a stack; #PF and #DF have their own */
        pc_put(&p, IDT + 16 * 8 + 4, 1, 1);
        if (!twice)
            pc_put(&p, IDT + 16 * 14 + 4, 1, 1);
        if (twice)
            x86_raise_page(p.c, 0x5000, 0);
        else
            x86_raise_error(p.c, X86_GP, 0);
        take(&p);
        ck_assert_uint_eq(p.shutdowns, 0);
        ck_assert_uint_eq(p.c->cpu.pc, HANDLER + 16 * (twice ? 8 : 14));
        ck_assert_uint_eq(p.c->cr2, 0x80000000 - 8);
        ck_assert_uint_eq(pc_get(&p, p.c->gpr[4], 8), twice ? 0 : MMU_X86_W);
    }
    pc_destroy(&p);
}
END_TEST

START_TEST(shut_down)
{
    struct pc p;
    pc_create(&p, "max", NULL, 0);
    enter_protected(&p, 0);
    set_idt(&p, 13, 0);
    set_idt(&p, 8, 0);
    x86_raise_error(p.c, X86_GP, 0);
    take(&p);
    ck_assert_uint_eq(p.shutdowns, 1);
    ck_assert_int_eq(p.c->cpu.run, CPU_OFF);
    pc_destroy(&p);
}
END_TEST

/* ---- 64-bit mode: SS:RSP always, RSP aligned to 16, IST, SS null after a change of level (7.14) ---- */
START_TEST(long_mode)
{
    struct pc p;
    pc_create(&p, "max", NULL, 0);
    enter_long(&p, 0);
    p.c->gpr[4] = STACK0 - 3;
    x86_raise(p.c, X86_UD);
    take(&p);
    ck_assert_uint_eq(p.c->gpr[4], STACK0 - 16 - 40);
    stack_is(&p, STACK0 - 56, 8, (uint64_t[]){ CODE, CODE64, 2 | X86_RF, STACK0 - 3, DATA0 }, 5);
    ck_assert_uint_eq(p.c->seg[X86_SS].sel, DATA0); /* the level is the same */
    ck_assert(x86_iret(p.c, 8));
    ck_assert_uint_eq(p.c->gpr[4], STACK0 - 3);
    enter_long(&p, 3);
    x86_raise_error(p.c, X86_GP, 0x18);
    take(&p);
    ck_assert_uint_eq(p.c->gpr[4], STACK0 - 48);
    stack_is(&p, STACK0 - 48, 8, (uint64_t[]){ 0x18, CODE, CODE64_3 | 3, 2 | X86_RF, STACK3, DATA3 | 3 }, 6);
    ck_assert_uint_eq(p.c->seg[X86_SS].sel, 0);
    ck_assert_uint_eq(x86_cpl(p.c), 0);
    enter_long(&p, 0);
    x86_deliver_interrupt(p.c, 9); /* its gate has IST 1, whose low bits are dropped */
    ck_assert_uint_eq(p.c->gpr[4], IST1 - 40);
    pc_destroy(&p);
}
END_TEST

/* IRET's own faults (volume 2): null CS, inner CS, bad SS, address that is not canonical. */
static const struct {
    uint64_t frame[5];
    uint8_t cpl;
    int vector, error;
} irets[] = {
    { { CODE, 0, 2, STACK3, DATA3 | 3 }, 0, X86_GP, 0 },
    { { CODE, CODE64, 2, STACK3, DATA3 | 3 }, 3, X86_GP, CODE64 },
    { { CODE, DATA0, 2, STACK0, DATA0 }, 0, X86_GP, DATA0 },
    { { CODE, CODE64_3 | 3, 2, STACK3, 0 }, 0, X86_GP, 0 },
    { { CODE, CODE64_3 | 3, 2, STACK3, DATA0 | 3 }, 0, X86_GP, DATA0 },
    { { 0x800000000000, CODE64_3 | 3, 2, STACK3, DATA3 | 3 }, 0, X86_GP, 0 },
    { { CODE, END_OF_GDT, 2, STACK0, DATA0 }, 0, X86_GP, END_OF_GDT },
    { { CODE, CODE64, 2, STACK0, 0 }, 0, -1, 0 },                  /* a null SS to 64-bit level 0 */
    { { CODE, CODE64, 2 | X86_NT, STACK0, DATA0 }, 0, -1, 0 },
};

START_TEST(iret_checks)
{
    struct pc p;
    pc_create(&p, "max,-la57", NULL, 0);
    enter_long(&p, irets[_i].cpl);
    uint64_t sp = p.c->gpr[4] -= 40;
    for (unsigned i = 0; i < 5; i++)
        pc_put(&p, sp + 8 * i, 8, irets[_i].frame[i]);
    bool done = x86_iret(p.c, 8);
    pc_expect(&p, done, irets[_i].vector, irets[_i].error);
    if (!done) {
        ck_assert_uint_eq(p.c->gpr[4], sp);
        ck_assert_uint_eq(p.c->cpu.pc, CODE);
    } else {
        p.c->rflags |= X86_NT; /* and a nested task is none in long mode */
        ck_assert(!x86_iret(p.c, 8));
        ck_assert_int_eq(pc_fault(&p, NULL), X86_GP);
    }
    pc_destroy(&p);
}
END_TEST

/* An NMI blocks others until IRET, wherever that goes. */
START_TEST(nmi_until_iret)
{
    struct pc p;
    pc_create(&p, "max", NULL, 0);
    enter_protected(&p, 0);
    x86_cpu_set_input(p.c, X86_NMI, true);
    ck_assert(x86_take_interrupt(&p.c->cpu));
    ck_assert_uint_eq(p.c->cpu.pc, HANDLER + 16 * 2);
    x86_cpu_set_input(p.c, X86_NMI, true);
    ck_assert(!x86_take_interrupt(&p.c->cpu));
    ck_assert(x86_iret(p.c, 4));
    ck_assert(x86_take_interrupt(&p.c->cpu));
    pc_destroy(&p);
}
END_TEST

/* ---- real mode (22.1): the vector table through IDTR, three words ---- */
START_TEST(real_mode)
{
    struct pc p;
    pc_create(&p, "max", NULL, 0);
    p.c->idtr.limit = 0x3ff;
    x86_load_real_segment(p.c, X86_CS, 0x1000);
    p.c->cpu.pc = 0x10010;
    p.c->gpr[4] = 0x100;
    x86_set_rflags(p.c, 2 | X86_IF | X86_TF | X86_CF);
    x86_update_mode(p.c);
    pc_put(&p, 0x21 * 4, 4, 0x20001234);
    software_interrupt(&p, 0x21);
    ck_assert_uint_eq(p.c->cpu.pc, 0x21234);
    ck_assert_uint_eq(p.c->gpr[4], 0xfa);
    stack_is(&p, 0xfa, 2, (uint64_t[]){ 0x12, 0x1000, 2 | X86_IF | X86_TF | X86_CF }, 3);
    ck_assert_uint_eq(x86_get_rflags(p.c), 2 | X86_CF);
    ck_assert(x86_iret(p.c, 2));
    ck_assert_uint_eq(p.c->cpu.pc, 0x10012);
    /* beyond the limit: #GP, whose vector is, too; #DF; shutdown */
    p.c->idtr.limit = 0x1f;
    software_interrupt(&p, 0x21);
    ck_assert_uint_eq(p.shutdowns, 1);
    pc_destroy(&p);
}
END_TEST

/* ---- virtual-8086 mode (22.2, 22.3): nine doublewords on the inner stack, data segments null; IRETD back ---- */
START_TEST(virtual_8086)
{
    struct pc p;
    struct x86_cpu *c;
    pc_create(&p, "max", NULL, 0);
    enter_protected(&p, 0);
    c = p.c;
    static const uint32_t frame[] = { 0x123, 0x1000, 2 | X86_VM | X86_IF, 0x800, 0x2000, 0x3000, 0x4000, 0x5000, 0x6000 };
    c->gpr[4] = STACK0 - 36;
    for (unsigned i = 0; i < 9; i++)
        pc_put(&p, STACK0 - 36 + 4 * i, 4, frame[i]);
    ck_assert(x86_iret(c, 4));
    x86_update_mode(c);
    ck_assert(x86_v86(c) && x86_cpl(c) == 3);
    ck_assert_uint_eq(c->cpu.pc, 0x10123);
    static const struct {
        uint8_t seg;
        uint16_t sel;
    } segs[] = { { X86_CS, 0x1000 }, { X86_SS, 0x2000 }, { X86_ES, 0x3000 }, { X86_DS, 0x4000 }, { X86_FS, 0x5000 }, { X86_GS, 0x6000 } };
    for (unsigned i = 0; i < 6; i++) {
        ck_assert_uint_eq(c->seg[segs[i].seg].base, (uint64_t)segs[i].sel << 4);
        ck_assert_uint_eq(c->seg[segs[i].seg].limit, 0xffff);
    }
    x86_deliver_interrupt(c, 0x30);
    ck_assert(!x86_v86(c) && x86_cpl(c) == 0);
    ck_assert_uint_eq(c->gpr[4], STACK0 - 36);
    stack_is(&p, STACK0 - 36, 4, (uint64_t[]){ 0x123, 0x1000, 2 | X86_VM | X86_IF, 0x800, 0x2000, 0x3000, 0x4000, 0x5000, 0x6000 }, 9);
    ck_assert_uint_eq(c->seg[X86_DS].sel | c->seg[X86_ES].sel | c->seg[X86_FS].sel | c->seg[X86_GS].sel, 0);
    ck_assert(x86_iret(c, 4));
    x86_update_mode(c);
    cpu_raise(&c->cpu, 3 | X86_CAUSE_SOFT | X86_CAUSE_INT_N, 0, 0, 2); /* INT n wants IOPL 3 */
    take(&p);
    ck_assert_uint_eq(c->cpu.pc, HANDLER + 16 * 13);
    ck_assert_uint_eq(pc_get(&p, c->gpr[4], 4), 0);
    pc_destroy(&p);
}
END_TEST

/*
 * INT n with CR4.VME (21.3.3.4, table 21-2): the map says who handles it, IOPL what the program sees of IF. INT3 goes
 * to the IDT always.
 */
static const struct {
    uint64_t flags;          /* beside VM */
    uint8_t vector, map, int3;
    uint64_t pushed;         /* FLAGS on the program's stack; 0: the IDT's handler `to` */
    uint64_t left;
    uint8_t to;
} vme[] = {
    { X86_IOPL | X86_IF | X86_TF, 0x21, 0, 0, 2 | X86_IOPL | X86_IF | X86_TF, 2 | X86_VM | X86_IOPL, 0 },
    { X86_IOPL | X86_IF, 3, 1, 0, 0, 0, 3 },
    { X86_VIF | X86_IF | X86_TF, 0x21, 0, 0, 2 | X86_IOPL | X86_IF | X86_TF, 2 | X86_VM | X86_IF, 0 },
    { X86_IF, 0x21, 0, 0, 2 | X86_IOPL, 2 | X86_VM | X86_IF, 0 },
    { X86_VIF | X86_IF, 0x21, 1, 0, 0, 0, 13 },
    { X86_IF, 3, 0, 1, 0, 0, 3 },
};

static void enter_v86(struct pc *p, uint64_t flags)
{
    enter_protected(p, 0);
    p->c->cr4 |= X86_CR4_VME;
    pc_put(p, TSS + 0x66, 2, 0x68 + 32);
    pc_put(p, TSS + 0x68, 4, 0);
    set_descriptor(p, TASK, descriptor(TSS, 0x100, 0x8b));
    set_segment(p, X86_SEG_TR, TASK);
    x86_set_rflags(p->c, 2 | X86_VM | flags);
    for (unsigned i = 0; i < X86_SEGS; i++)
        x86_load_real_segment(p->c, (enum x86_seg)i, i == X86_CS ? 0x1000 : i == X86_SS ? 0x2000 : 0);
    p->c->gpr[4] = 0x100;
    p->c->cpu.pc = 0x10012;
    x86_update_mode(p->c);
}

START_TEST(virtual_interrupts)
{
    struct pc p;
    pc_create(&p, "max", NULL, 0);
    enter_v86(&p, vme[_i].flags);
    pc_put(&p, 4 * 0x21, 4, 0x30000456);
    pc_put(&p, TSS + 0x68 + vme[_i].vector / 8, 1, (uint64_t)vme[_i].map << vme[_i].vector % 8);
    cpu_raise(&p.c->cpu, vme[_i].vector | X86_CAUSE_SOFT | (vme[_i].int3 ? 0u : X86_CAUSE_INT_N), 0, 0, 2);
    take(&p);
    if (vme[_i].pushed == 0) {
        ck_assert_uint_eq(p.c->cpu.pc, HANDLER + 16u * vme[_i].to);
        ck_assert(!x86_v86(p.c));
    } else {
        ck_assert_uint_eq(p.c->cpu.pc, 0x30456);
        stack_is(&p, 0x200fa, 2, (uint64_t[]){ 0x14, 0x1000, vme[_i].pushed }, 3);
        ck_assert_uint_eq(x86_get_rflags(p.c), vme[_i].left);
        /* and back: below IOPL 3 the image's IF is VIF, IOPL and IF stay */
        pc_put(&p, 0x200fe, 2, vme[_i].pushed & ~(uint64_t)X86_TF);
        ck_assert(x86_iret(p.c, 2));
        ck_assert_uint_eq(x86_get_rflags(p.c), (2 | X86_VM | vme[_i].flags) & ~(uint64_t)X86_TF);
        ck_assert_uint_eq(p.c->cpu.pc, 0x10014);
    }
    pc_destroy(&p);
}
END_TEST

/* IRET below IOPL 3: only 16 bits, only with VME, no TF; IF not while an interrupt is pending (VIP). */
START_TEST(virtual_iret)
{
    static const struct {
        uint64_t flags, image;
        uint8_t bytes, vme, good;
    } rows[] = { { X86_VIF | X86_IF, 2, 2, 1, 1 },      { 0, X86_IF, 2, 1, 1 }, { 0, 2, 4, 1, 0 }, { 0, 2, 2, 0, 0 },
                 { 0, X86_TF, 2, 1, 0 }, { X86_VIP, X86_IF, 2, 1, 0 }, { X86_VIP, 2, 2, 1, 1 } };
    struct pc p;
    pc_create(&p, "max", NULL, 0);
    enter_v86(&p, rows[_i].flags);
    if (!rows[_i].vme)
        p.c->cr4 &= ~(uint64_t)X86_CR4_VME;
    pc_put(&p, 0x20100, 2, 0x321);
    pc_put(&p, 0x20100 + rows[_i].bytes, 2, 0x1000);
    pc_put(&p, 0x20100 + 2u * rows[_i].bytes, 2, rows[_i].image);
    ck_assert_int_eq(x86_iret(p.c, rows[_i].bytes), rows[_i].good);
    if (rows[_i].good) {
        uint64_t vif = rows[_i].image & X86_IF ? X86_VIF : 0;
        ck_assert_uint_eq(x86_get_rflags(p.c), 2 | X86_VM | vif | (rows[_i].flags & (X86_IF | X86_VIP)));
    } else {
        ck_assert_int_eq(pc_fault(&p, NULL), X86_GP);
    }
    pc_destroy(&p);
}
END_TEST

/* Vectors of INT n and of interrupts are no exceptions: a fault met on the way is no double one (7.15, table 7-5). */
START_TEST(benign_vectors)
{
    struct pc p;
    pc_create(&p, "max", NULL, 0);
    for (unsigned outside = 0; outside < 2; outside++) {
        enter_protected(&p, 0);
        set_idt(&p, 14, gate(ABSENT_CODE, HANDLER, 14, 3, 0));
        if (outside)
            x86_deliver_interrupt(p.c, 14);
        else
            software_interrupt(&p, 14);
        ck_assert_uint_eq(p.c->cpu.pc, HANDLER + 16 * 11);
    }
    pc_destroy(&p);
}
END_TEST

/* ---- tasks (8.3) ---- */
static void second_task(struct pc *p)
{
    static const uint32_t words[] = { 0x40000, 0x12345, 2 | X86_CF, 10, 11, 12, 13, STACK1, 15, 16, 17 };
    for (unsigned i = 0; i < 11; i++)
        pc_put(p, TSS2 + 0x1c + 4 * i, 4, words[i]);
    static const uint16_t segs[] = { DATA0, CODE0, DATA0, DATA0, 0, 0, 0 };
    for (unsigned i = 0; i < 7; i++)
        pc_put(p, TSS2 + 0x48 + 4 * i, 4, segs[i]);
}

static void check_second(struct pc *p, uint64_t flags)
{
    static const uint32_t gpr[] = { 10, 11, 12, 13, STACK1, 15, 16, 17 };
    for (unsigned i = 0; i < 8; i++)
        ck_assert_uint_eq(p->c->gpr[i], gpr[i]);
    ck_assert_uint_eq(p->c->cpu.pc, 0x12345);
    ck_assert_uint_eq(x86_get_rflags(p->c), flags);
    ck_assert_uint_eq(p->c->seg[X86_SEG_TR].sel, TASK2);
    ck_assert(p->c->cr0 & X86_CR0_TS);
    ck_assert_uint_eq(pc_get(p, GDT + TASK2 + 5, 1), 0x8b);
}

START_TEST(task_jump)
{
    struct pc p;
    pc_create(&p, "max", NULL, 0);
    enter_protected(&p, 0);
    second_task(&p);
    for (unsigned i = 0; i < 8; i++)
        p.c->gpr[i] = i == 4 ? STACK0 : 100 + i;
    ck_assert(x86_far_jump(p.c, TASK2, 0, 4, CODE + 7));
    check_second(&p, 2 | X86_CF);
    ck_assert_uint_eq(pc_get(&p, GDT + TASK + 5, 1), 0x89); /* the old one is free */
    ck_assert_uint_eq(pc_get(&p, TSS + 0x20, 4), CODE + 7);
    ck_assert_uint_eq(pc_get(&p, TSS + 0x24, 4), 2);
    for (unsigned i = 0; i < 8; i++)
        ck_assert_uint_eq(pc_get(&p, TSS + 0x28 + 4 * i, 4), i == 4 ? (uint64_t)STACK0 : 100 + i);
    ck_assert_uint_eq(pc_get(&p, TSS + 0x4c, 2), CODE0);
    ck_assert_uint_eq(pc_get(&p, TSS2, 2), 0); /* no link */
    pc_destroy(&p);
}
END_TEST

START_TEST(task_call_and_return)
{
    struct pc p;
    pc_create(&p, "max", NULL, 0);
    enter_protected(&p, 0);
    second_task(&p);
    ck_assert(x86_far_call(p.c, TASK_GATE, 0, 4, CODE + 7));
    check_second(&p, 2 | X86_CF | X86_NT);
    ck_assert_uint_eq(pc_get(&p, GDT + TASK + 5, 1), 0x8b); /* both are busy */
    ck_assert_uint_eq(pc_get(&p, TSS2, 2), TASK);
    ck_assert(x86_iret(p.c, 4));
    ck_assert_uint_eq(p.c->cpu.pc, CODE + 7);
    ck_assert_uint_eq(p.c->gpr[4], STACK0);
    ck_assert_uint_eq(p.c->seg[X86_SEG_TR].sel, TASK);
    ck_assert_uint_eq(pc_get(&p, GDT + TASK2 + 5, 1), 0x89);
    ck_assert_uint_eq(pc_get(&p, TSS2 + 0x24, 4) & X86_NT, 0);
    pc_destroy(&p);
}
END_TEST

/* An exception with an error code through a task gate: it is pushed in the new task. */
START_TEST(task_gate_of_exception)
{
    struct pc p;
    pc_create(&p, "max", NULL, 0);
    enter_protected(&p, 3);
    second_task(&p);
    set_idt(&p, 13, gate(TASK2, 0, 5, 0, 0));
    x86_raise_error(p.c, X86_GP, 0x30);
    take(&p);
    ck_assert_uint_eq(p.c->gpr[4], STACK1 - 4);
    ck_assert_uint_eq(pc_get(&p, STACK1 - 4, 4), 0x30);
    ck_assert_uint_eq(x86_cpl(p.c), 0);
    ck_assert_uint_eq(pc_get(&p, TSS + 0x20, 4), CODE);
    ck_assert_uint_eq(pc_get(&p, TSS + 0x24, 4), 2 | X86_RF); /* a fault (18.3.1.1) */
    ck_assert(p.c->rflags & X86_NT);
    pc_destroy(&p);
}
END_TEST

static const struct {
    uint16_t at, value;
    int vector, error;
} bad_tasks[] = {
    { 0x4c, 0, X86_TS_FAULT, 0 },              /* CS */
    { 0x4c, DATA0, X86_TS_FAULT, DATA0 },
    { 0x4c, CODE3, X86_TS_FAULT, CODE3 },                    /* DPL is not its RPL */
    { 0x4c, ABSENT_CODE, X86_NP, ABSENT_CODE },
    { 0x50, 0, X86_TS_FAULT, 0 },                            /* SS */
    { 0x50, DATA3, X86_TS_FAULT, DATA3 },
    { 0x50, ABSENT_DATA, X86_SS_FAULT, ABSENT_DATA },
    { 0x54, EXEC_ONLY, X86_TS_FAULT, EXEC_ONLY },            /* DS */
    { 0x60, DATA0, X86_TS_FAULT, DATA0 },                    /* LDT */
};

START_TEST(task_faults)
{
    struct pc p;
    pc_create(&p, "max", NULL, 0);
    enter_protected(&p, 0);
    second_task(&p);
    pc_put(&p, TSS2 + bad_tasks[_i].at, 2, bad_tasks[_i].value);
    pc_expect(&p, x86_far_jump(p.c, TASK2, 0, 4, CODE + 7), bad_tasks[_i].vector, bad_tasks[_i].error);
    ck_assert_uint_eq(p.c->seg[X86_SEG_TR].sel, TASK2); /* it was committed: the new task has the exception */
    if (bad_tasks[_i].at == 0x54) {
        p.c->cpu.pc = CODE; /* as an executor leaves it */
        take(&p);
        stack_is(&p, STACK1 - 16, 4, (uint64_t[]){ EXEC_ONLY, 0x12345, CODE0, 2 | X86_CF | X86_RF }, 4);
    }
    pc_destroy(&p);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("x86 exceptions");
    TCase *t = tcase_create("delivery");
    tcase_add_test(t, same_level);
    tcase_add_test(t, inner_level);
    tcase_add_test(t, gate16);
    tcase_add_loop_test(t, bad_gates, 0, (int)ARRAY_LEN(gates));
    tcase_add_loop_test(t, double_faults, 0, (int)ARRAY_LEN(pairs));
    tcase_add_test(t, faults_with_paging);
    tcase_add_test(t, shut_down);
    tcase_add_test(t, long_mode);
    tcase_add_loop_test(t, iret_checks, 0, (int)ARRAY_LEN(irets));
    tcase_add_test(t, nmi_until_iret);
    tcase_add_test(t, real_mode);
    tcase_add_test(t, virtual_8086);
    tcase_add_loop_test(t, virtual_interrupts, 0, (int)ARRAY_LEN(vme));
    tcase_add_loop_test(t, virtual_iret, 0, 7);
    tcase_add_test(t, benign_vectors);
    tcase_add_test(t, task_jump);
    tcase_add_test(t, task_call_and_return);
    tcase_add_test(t, task_gate_of_exception);
    tcase_add_loop_test(t, task_faults, 0, (int)ARRAY_LEN(bad_tasks));
    suite_add_tcase(s, t);
    return s;
}
