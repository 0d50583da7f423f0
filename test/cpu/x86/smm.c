/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System-management mode: APM volume 2, chapter 10 (table 10-1: the save map of processors with long mode; 10.3: the
 * state in SMM; 10.2.4, 10.2.5: restart of HLT and I/O); SDM volume 3, 33.4 (the map without long mode), 33.10.
 */
#include "core/util/bits.h"
#include "test/cpu/x86/tables.h"

#define SMBASE 0x30000u

static uint64_t map(struct pc *p, unsigned at, unsigned bytes)
{
    return pc_get(p, SMBASE + at, bytes);
}

/* Everything that the map and RSM must keep. */
struct image {
    uint64_t gpr[16], pc, flags, cr0, cr3, cr4, efer, dr6, dr7;
    struct x86_segment seg[X86_SEG_ALL];
    uint64_t gdt[2], idt[2];
};

static struct image image_of(const struct x86_cpu *c)
{
    struct image im;
    memset(&im, 0, sizeof(im));
    memcpy(im.gpr, c->gpr, sizeof(im.gpr));
    memcpy(im.seg, c->seg, sizeof(im.seg));
    im.pc = c->cpu.pc, im.flags = x86_get_rflags(c), im.cr0 = c->cr0, im.cr3 = c->cr3, im.cr4 = c->cr4, im.efer = c->efer;
    im.dr6 = c->dr[6], im.dr7 = c->dr[7];
    im.gdt[0] = c->gdtr.base, im.gdt[1] = c->gdtr.limit, im.idt[0] = c->idtr.base, im.idt[1] = c->idtr.limit;
    return im;
}

/* A state in which each register differs from all others. */
static void fill(struct pc *p)
{
    for (unsigned i = 0; i < 16; i++)
        p->c->gpr[i] = x86_cpu_has(p->c, X86_F_LM) ? 0x0101010100000000ull * (i + 1) + i : 0x01010100u * (i + 1);
    x86_set_rflags(p->c, 2 | X86_IF | X86_CF | X86_OF | X86_DF | X86_AC);
    p->c->dr[6] = X86_DR6_FIXED | 5;
    p->c->dr[7] = X86_DR7_FIXED | 0x000f0002;
    p->c->cr4 |= X86_CR4_PGE;
    x86_update_mode(p->c);
}

START_TEST(long_mode_map)
{
    struct pc p;
    pc_create(&p, "max", NULL, 0);
    enter_long(&p, 3);
    fill(&p);
    p.c->seg[X86_FS].base = 0xffff888000001000;
    struct image before = image_of(p.c), after;
    x86_enter_smm(p.c, false);
    /* table 10-1 */
    for (unsigned i = 0; i < 16; i++)
        ck_assert_uint_eq(map(&p, 0xfff8 - 8 * i, 8), before.gpr[i]);
    for (unsigned i = 0; i < 6; i++) {
        ck_assert_uint_eq(map(&p, 0xfe00 + 16 * i, 2), before.seg[i].sel);
        ck_assert_uint_eq(map(&p, 0xfe02 + 16 * i, 2), before.seg[i].attr);
        ck_assert_uint_eq(map(&p, 0xfe04 + 16 * i, 4), before.seg[i].limit);
        ck_assert_uint_eq(map(&p, 0xfe08 + 16 * i, 8), before.seg[i].base);
    }
    ck_assert_uint_eq(map(&p, 0xfe64, 2), before.gdt[1]);
    ck_assert_uint_eq(map(&p, 0xfe68, 8), before.gdt[0]);
    ck_assert_uint_eq(map(&p, 0xfe70, 2), 0);
    ck_assert_uint_eq(map(&p, 0xfe84, 2), before.idt[1]);
    ck_assert_uint_eq(map(&p, 0xfe88, 8), before.idt[0]);
    ck_assert_uint_eq(map(&p, 0xfe90, 2), LONG_TSS);
    ck_assert_uint_eq(map(&p, 0xfe98, 8), TSS64);
    ck_assert_uint_eq(map(&p, 0xfec8, 2), 0);
    ck_assert_uint_eq(map(&p, 0xfed0, 8), X86_EFER_LME | X86_EFER_LMA);
    ck_assert_uint_eq(map(&p, 0xfefc, 4) & 0x2ffff, 0x20064);
    ck_assert_uint_eq(map(&p, 0xff00, 4), SMBASE);
    ck_assert_uint_eq(map(&p, 0xff48, 8), before.cr4);
    ck_assert_uint_eq(map(&p, 0xff50, 8), before.cr3);
    ck_assert_uint_eq(map(&p, 0xff58, 8), before.cr0);
    ck_assert_uint_eq(map(&p, 0xff60, 8), before.dr7);
    ck_assert_uint_eq(map(&p, 0xff68, 8), before.dr6);
    ck_assert_uint_eq(map(&p, 0xff70, 8), before.flags);
    ck_assert_uint_eq(map(&p, 0xff78, 8), CODE);
    x86_rsm(p.c);
    ck_assert_uint_eq(p.shutdowns, 0);
    after = image_of(p.c);
    ck_assert_mem_eq(&after, &before, sizeof(after));
    ck_assert_uint_eq(x86_cpl(p.c), 3);
    pc_destroy(&p);
}
END_TEST

START_TEST(legacy_map)
{
    struct pc p;
    pc_create(&p, "qemu64,-lm,-lahf-lm", NULL, 0);
    enter_protected(&p, 0);
    fill(&p);
    for (unsigned i = 8; i < 16; i++)
        p.c->gpr[i] = 0;
    struct image before = image_of(p.c), after;
    x86_enter_smm(p.c, true);
    static const uint16_t descriptors[] = { 0xff84, 0xff90, 0xff9c, 0xff2c, 0xff38, 0xff44, 0xff78, 0xff5c };
    for (unsigned i = 0; i < 8; i++) {
        ck_assert_uint_eq(map(&p, 0xffd0 + 4 * i, 4), before.gpr[i]); /* EAX ECX EDX EBX ESP EBP ESI EDI */
        ck_assert_uint_eq(map(&p, 0xffa8 + 4 * i, 4), before.seg[i].sel);
        ck_assert_uint_eq(map(&p, descriptors[i], 2), before.seg[i].attr);
        ck_assert_uint_eq(map(&p, descriptors[i] + 4u, 4), before.seg[i].limit);
        ck_assert_uint_eq(map(&p, descriptors[i] + 8u, 4), before.seg[i].base);
    }
    ck_assert_uint_eq(map(&p, 0xff02, 2), 1); /* it was halted */
    ck_assert_uint_eq(map(&p, 0xfef8, 4), SMBASE);
    ck_assert_uint_eq(map(&p, 0xfefc, 4) & 0x2ffff, 0x20000);
    ck_assert_uint_eq(map(&p, 0xffc8, 4), before.dr7);
    ck_assert_uint_eq(map(&p, 0xffcc, 4), before.dr6);
    ck_assert_uint_eq(map(&p, 0xfff0, 4), CODE);
    ck_assert_uint_eq(map(&p, 0xfff4, 4), before.flags);
    ck_assert_uint_eq(map(&p, 0xfff8, 4), before.cr3);
    ck_assert_uint_eq(map(&p, 0xfffc, 4), before.cr0);
    x86_rsm(p.c);
    after = image_of(p.c);
    ck_assert_mem_eq(&after, &before, sizeof(after));
    ck_assert_int_eq(p.c->cpu.run, CPU_IDLE); /* and is again */
    pc_destroy(&p);
}
END_TEST

/* 10.3: what the handler finds. */
START_TEST(state_in_smm)
{
    struct pc p;
    pc_create(&p, "max", NULL, 0);
    enter_long(&p, 0);
    fill(&p);
    uint64_t cr0 = p.c->cr0;
    x86_cpu_set_input(p.c, X86_SMI, true);
    ck_assert(x86_take_interrupt(&p.c->cpu));
    ck_assert_uint_eq(p.smiacts, 1);
    ck_assert_uint_eq(p.c->cpu.pc, SMBASE + 0x8000);
    ck_assert_uint_eq(p.c->seg[X86_CS].sel, SMBASE >> 4);
    ck_assert_uint_eq(p.c->seg[X86_CS].base, SMBASE);
    for (unsigned i = 0; i < X86_SEGS; i++) {
        ck_assert_uint_eq(p.c->seg[i].limit, UINT32_MAX);
        ck_assert(i == X86_CS || (p.c->seg[i].sel == 0 && p.c->seg[i].base == 0));
    }
    ck_assert_uint_eq(x86_get_rflags(p.c), 2);
    ck_assert_uint_eq(p.c->cr0, cr0 & ~(uint64_t)(X86_CR0_PE | X86_CR0_EM | X86_CR0_TS | X86_CR0_PG));
    ck_assert_uint_eq(p.c->cr4, 0);
    ck_assert_uint_eq(p.c->efer, 0);
    ck_assert_uint_eq(p.c->dr[7], 0x400);
    ck_assert(p.c->cpu.secure);
    /* SMI, NMI and INIT wait; interrupts are off */
    p.vector = 0x30;
    x86_cpu_set_input(p.c, X86_SMI, true);
    x86_cpu_set_input(p.c, X86_NMI, true);
    x86_cpu_set_input(p.c, X86_INIT, true);
    x86_cpu_set_input(p.c, X86_INTR, true);
    ck_assert(!x86_take_interrupt(&p.c->cpu));
    x86_rsm(p.c);
    ck_assert(!p.c->cpu.secure);
    ck_assert(x86_take_interrupt(&p.c->cpu)); /* in the order of SDM volume 3, table 7-2 */
    ck_assert_uint_eq(p.c->cpu.pc, SMBASE + 0x8000);
    x86_rsm(p.c);
    ck_assert(x86_take_interrupt(&p.c->cpu));
    ck_assert_uint_eq(p.c->cpu.pc, 0xfffffff0);
    pc_destroy(&p);
}
END_TEST

/* The next SMI comes to the new SMBASE; the revision says that it may be moved (bit 17). */
START_TEST(relocation)
{
    struct pc p;
    pc_create(&p, "max", NULL, 0);
    enter_protected(&p, 0);
    x86_enter_smm(p.c, false);
    ck_assert(map(&p, 0xfefc, 4) >> 17 & 1);
    pc_put(&p, SMBASE + 0xff00, 4, 0x55000);
    x86_rsm(p.c);
    x86_enter_smm(p.c, false);
    ck_assert_uint_eq(p.c->cpu.pc, 0x5d000);
    ck_assert_uint_eq(p.c->seg[X86_CS].sel, 0x5500);
    ck_assert_uint_eq(pc_get(&p, 0x55000 + 0xff78, 8), CODE);
    x86_rsm(p.c);
    ck_assert_uint_eq(p.c->cpu.pc, CODE);
    pc_destroy(&p);
}
END_TEST

/* 10.2.4: what the handler makes of the auto-halt field decides whether HLT goes on. */
START_TEST(auto_halt)
{
    struct pc p;
    pc_create(&p, "max", NULL, 0);
    for (unsigned again = 0; again < 2; again++) {
        enter_protected(&p, 0);
        p.c->halted = 1;
        p.c->cpu.run = CPU_RUNNING;
        x86_cpu_set_input(p.c, X86_SMI, true);
        ck_assert(x86_take_interrupt(&p.c->cpu));
        ck_assert_uint_eq(map(&p, 0xfec9, 1), 1);
        if (!again)
            pc_put(&p, SMBASE + 0xfec9, 1, 0);
        x86_rsm(p.c);
        ck_assert_int_eq(p.c->cpu.run, again ? CPU_IDLE : CPU_RUNNING);
        ck_assert_uint_eq(p.c->halted, again);
    }
    pc_destroy(&p);
}
END_TEST

/* NMIs that were blocked before are again; IRET in SMM lets one in there. */
START_TEST(nmi_blocking)
{
    struct pc p;
    pc_create(&p, "max", NULL, 0);
    for (unsigned blocked = 0; blocked < 2; blocked++) {
        enter_protected(&p, 0);
        p.c->nmi_blocked = blocked;
        x86_enter_smm(p.c, false);
        ck_assert_uint_eq(p.c->nmi_blocked, 1);
        p.c->nmi_blocked = 0; /* IRET */
        x86_rsm(p.c);
        ck_assert_uint_eq(p.c->nmi_blocked, blocked);
    }
    pc_destroy(&p);
}
END_TEST

/* States that RSM does not enter (APM volume 3, RSM; SDM volume 3, 33.10): the processor shuts down. */
static const struct {
    uint16_t at;
    uint64_t set, clear;
    bool good;
} states[] = {
    { 0xff58, 0, 0, true },
    { 0xff58, 0, X86_CR0_PE, false },                        /* PG without PE */
    { 0xff58, X86_CR0_NW, X86_CR0_CD, false },               /* NW without CD */
    { 0xff58, 1ull << 32, 0, false },
    { 0xff48, 1u << 31, 0, false },                          /* CR4: reserved */
    { 0xff48, 1ull << 40, 0, false },
    { 0xff48, 0, X86_CR4_PAE, false },                       /* long mode without PAE */
    { 0xfed0, 1u << 1, 0, false },                           /* EFER: reserved */
    { 0xff60, 1ull << 32, 0, false },                        /* DR7, DR6 */
    { 0xff68, 1ull << 32, 0, false },
    { 0xff50, 1ull << 52, 0, false },                        /* CR3 beyond the physical address */
};

START_TEST(illegal_states)
{
    struct pc p;
    pc_create(&p, "max", NULL, 0);
    enter_long(&p, 0);
    x86_enter_smm(p.c, false);
    uint64_t v = map(&p, states[_i].at, 8);
    pc_put(&p, SMBASE + states[_i].at, 8, (v | states[_i].set) & ~states[_i].clear);
    x86_rsm(p.c);
    ck_assert_uint_eq(p.shutdowns, !states[_i].good);
    pc_destroy(&p);
}
END_TEST

/* ---- I/O (10.2.5): a port that raises an SMI ---- */
static enum mem_result raise_smi(void *pc, uint64_t offset, unsigned size, uint64_t value, const struct mem_attrs *attrs)
{
    (void)offset, (void)size, (void)value, (void)attrs;
    x86_cpu_set_input(((struct pc *)pc)->c, X86_SMI, true);
    return MEM_OK;
}
static enum mem_result read_smi(void *pc, uint64_t offset, unsigned size, uint64_t *value, const struct mem_attrs *attrs)
{
    *value = 0x5a;
    return raise_smi(pc, offset, size, 0, attrs);
}

static void add_port(struct pc *p)
{
    static const struct mmio_ops ops = { .read = read_smi, .write = raise_smi, .sizes = 7 };
    struct err e;
    struct mem_region *r;
    ck_assert_int_eq(mem_add_mmio(p->ports, "smi", 0xb0, 4, 0, &ops, p, &r, &e), 0);
}

/* Handler at SMBASE + 8000h. */
static void put_handler(struct pc *p, uint8_t restart)
{
    /* cs mov byte [dword SMBASE-relative FEC8h], restart; rsm */
    const uint8_t code[] = { 0x67, 0x2e, 0xc6, 0x05, 0xc8, 0xfe, 0x00, 0x00, restart, 0x0f, 0xaa };
    memcpy(pc_at(p, SMBASE + 0x8000), code, sizeof(code));
    mem_ram_written(p->ram, SMBASE + 0x8000, sizeof(code));
}

static const struct {
    uint8_t code[6], n;
    uint32_t dword;
} accesses[] = {
    { { 0xe6, 0xb2, 0xf4 }, 2, 0x00b20012 },                   /* out 0b2h, al: valid, 8 bits */
    { { 0x66, 0xe7, 0xb2, 0xf4 }, 3, 0x00b20022 },             /* out 0b2h, ax */
    { { 0xe5, 0xb0, 0xf4 }, 2, 0x00b00043 },                   /* in eax, 0b0h */
    { { 0x6e, 0xf4 }, 1, 0x00b20016 },                         /* outsb */
    { { 0xf3, 0x6e, 0xf4 }, 2, 0x00b2001e },                   /* rep outsb */
};

START_TEST(io_restart)
{
    struct pc p;
    pc_create(&p, "max", NULL, 0);
    add_port(&p);
    enter_protected(&p, 0);
    put_handler(&p, 0);
    p.c->gpr[1] = 1;
    p.c->gpr[2] = 0xb2;
    p.c->gpr[6] = 0x20000;
    pc_run(&p, CODE, accesses[_i].code, sizeof(accesses[_i].code), 20);
    ck_assert_uint_eq(p.smiacts, 1);
    ck_assert_uint_eq(p.c->cpu.pc, CODE + accesses[_i].n + 1u); /* halted behind it */
    ck_assert_msg(map(&p, 0xfec0, 4) == accesses[_i].dword, "%#llx", (unsigned long long)map(&p, 0xfec0, 4));
    ck_assert_uint_eq(map(&p, 0xfea0, 8), CODE);
    ck_assert_uint_eq(map(&p, 0xfea8, 8), 1);
    ck_assert_uint_eq(map(&p, 0xfeb0, 8), 0x20000);
    /* The handler asks for it again, for ever */
    enter_protected(&p, 0);
    put_handler(&p, 0xff);
    p.smiacts = 0;
    p.c->gpr[1] = 1;
    p.c->gpr[2] = 0xb2;
    p.c->gpr[6] = 0x20000;
    pc_run(&p, CODE, accesses[_i].code, sizeof(accesses[_i].code), 20);
    ck_assert_uint_ge(p.smiacts, 5);
    pc_destroy(&p);
}
END_TEST

/* RSM elsewhere is undefined. */
START_TEST(rsm_outside)
{
    struct pc p;
    const uint8_t code[] = { 0x0f, 0xaa };
    pc_create(&p, "max", NULL, 0);
    enter_protected(&p, 0);
    pc_put(&p, HANDLER + 16 * 6, 1, 0xf4);
    pc_run(&p, CODE, code, sizeof(code), 10);
    ck_assert_uint_eq(p.c->cpu.pc, HANDLER + 16 * 6 + 1);
    pc_destroy(&p);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("x86 SMM");
    TCase *t = tcase_create("smm");
    tcase_add_test(t, long_mode_map);
    tcase_add_test(t, legacy_map);
    tcase_add_test(t, state_in_smm);
    tcase_add_test(t, relocation);
    tcase_add_test(t, auto_halt);
    tcase_add_test(t, nmi_blocking);
    tcase_add_loop_test(t, illegal_states, 0, (int)ARRAY_LEN(states));
    tcase_add_loop_test(t, io_restart, 0, (int)ARRAY_LEN(accesses));
    tcase_add_test(t, rsm_outside);
    suite_add_tcase(s, t);
    return s;
}
