/* SPDX-License-Identifier: Apache-2.0 */
/* ENTER, PUSHA, ARPL, 80286 tasks: SDM volume 2, their pages; volume 3, 8.6. */
#include "core/util/bits.h"
#include "test/cpu/x86/tables.h"

/* A HLT for each exception; where it ends up tells which came: -1, none. */
static void halt_handlers(struct pc *p)
{
    for (unsigned v = 0; v < 32; v++)
        pc_put(p, HANDLER + 16 * v, 1, 0xf4);
}

static int run(struct pc *p, va_t at, const uint8_t *code, size_t n)
{
    uint8_t bytes[32];
    memcpy(bytes, code, n);
    bytes[n] = 0xf4;
    pc_run(p, at, bytes, n + 1, 8);
    va_t pc = p->c->cpu.pc;
    return pc >= HANDLER && pc < HANDLER + 0x200 ? (int)(pc - 1 - HANDLER) / 16 : -1;
}

/* Real mode: vectors to HANDLER, the stack in segment 2000h. */
static void enter_real(struct pc *p, uint64_t esp)
{
    for (unsigned v = 0; v < 32; v++)
        pc_put(p, 4 * v, 4, HANDLER + 16 * v);
    p->c->idtr.base = 0;
    p->c->idtr.limit = 0x3ff;
    halt_handlers(p);
    x86_load_real_segment(p->c, X86_CS, 0);
    x86_load_real_segment(p->c, X86_SS, 0x2000);
    p->c->gpr[4] = esp;
    x86_update_mode(p->c);
}

/* ENTER of 32 bits on a stack of 16: FrameTemp is ESP, not SP; only SP moves. */
START_TEST(enter_takes_esp)
{
    static const uint8_t code[] = { 0x66, 0xc8, 8, 0, 1 };
    struct pc p;
    pc_create(&p, "max", NULL, 0);
    enter_real(&p, 0x10100);
    p.c->gpr[5] = 0x12345678;
    ck_assert_int_eq(run(&p, 0x7000, code, sizeof(code)), -1);
    ck_assert_uint_eq(p.c->gpr[5], 0x100fc);
    ck_assert_uint_eq(p.c->gpr[4], 0x100f0);
    ck_assert_uint_eq(pc_get(&p, 0x200fc, 4), 0x12345678);
    ck_assert_uint_eq(pc_get(&p, 0x200f8, 4), 0x100fc);
    pc_destroy(&p);
}
END_TEST

/* The page of the last stack pointer must take a write, though none is done there. */
START_TEST(enter_probes_its_end)
{
    static const uint8_t code[] = { 0xc8, 16, 0, 0 };
    struct pc p;
    pc_create(&p, "max", NULL, 0);
    for (unsigned writable = 0; writable < 2; writable++) {
        enter_long(&p, 3);
        halt_handlers(&p);
        /* 4 KiB pages for the first 2 MiB; the one under the stack is read-only */
        for (unsigned i = 0; i < 512; i++)
            pc_put(&p, 0x43000 + 8 * i, 8, (uint64_t)i << 12 | 0x67);
        pc_put(&p, 0x43000 + 8 * ((STACK3 - 0x1000) >> 12), 8, (STACK3 - 0x1000) | (writable ? 0x67 : 0x65));
        pc_put(&p, 0x42000, 8, 0x43000 | 7);
        x86_flush_tlb(p.c);
        p.c->gpr[4] = STACK3 + 8; /* RBP goes to the good page, RSP ends in the one below */
        p.c->gpr[5] = 0x77;
        x86_update_mode(p.c);
        pc_run(&p, CODE, code, sizeof(code), 1);
        if (writable) {
            ck_assert_uint_eq(p.c->gpr[4], STACK3 - 16);
            ck_assert_uint_eq(p.c->gpr[5], STACK3);
        } else {
            /* the fault is delivered before the limit of instructions is reached, or still recorded */
            int64_t error = -1;
            int vector = pc_fault(&p, &error);
            ck_assert(vector == X86_PF_FAULT || p.c->cpu.pc - HANDLER - 16 * X86_PF_FAULT <= 1);
            ck_assert_uint_eq(p.c->cr2, STACK3 - 16);
            ck_assert_uint_eq(p.c->gpr[5], 0x77);
        }
    }
    pc_destroy(&p);
}
END_TEST

/* Real mode: #GP with SP 7, 9, 11, 13, 15; the frame then lies below that. */
START_TEST(pusha_near_zero)
{
    static const uint8_t code[] = { 0x60 };
    for (unsigned sp = 7; sp <= 17; sp++) {
        struct pc p;
        pc_create(&p, "max", NULL, 0);
        enter_real(&p, sp);
        int vector = run(&p, 0x7000, code, sizeof(code));
        if (sp % 2 == 1 && sp <= 15) {
            ck_assert_int_eq(vector, X86_GP);
            ck_assert_uint_eq(p.c->gpr[4], sp - 6);
        } else {
            ck_assert_int_eq(vector, -1);
            ck_assert_uint_eq(p.c->gpr[4], (sp - 16) & 0xffff);
        }
        pc_destroy(&p);
    }
}
END_TEST

/* ARPL [DATA], BX: ZF, and a store only where the RPL grows: READ_ONLY tells. */
static const struct {
    uint16_t ds, before, source, after;
    int vector;
} arpls[] = {
    { DATA0, 0xfff0, 2, 0xfff2, -1 },   { DATA0, 0xfff3, 2, 0xfff3, -1 },  { DATA0, 0xfff2, 2, 0xfff2, -1 },
    { READ_ONLY, 0xfff2, 1, 0xfff2, -1 }, { READ_ONLY, 0xfff0, 0, 0xfff0, -1 },
    { READ_ONLY, 0xfff0, 1, 0xfff0, X86_GP },
};

START_TEST(arpl_stores_when_needed)
{
    static const uint8_t code[] = { 0x63, 0x1d, 0x00, 0x60, 0x00, 0x00 };
    struct pc p;
    pc_create(&p, "max", NULL, 0);
    enter_protected(&p, 0);
    halt_handlers(&p);
    set_segment(&p, X86_DS, arpls[_i].ds);
    pc_put(&p, 0x6000, 2, arpls[_i].before);
    p.c->gpr[3] = arpls[_i].source;
    x86_update_mode(p.c);
    ck_assert_int_eq(run(&p, CODE, code, sizeof(code)), arpls[_i].vector);
    ck_assert_uint_eq(pc_get(&p, 0x6000, 2), arpls[_i].after);
    if (arpls[_i].vector < 0)
        ck_assert_uint_eq((x86_get_rflags(p.c) & X86_ZF) != 0, arpls[_i].after != arpls[_i].before);
    pc_destroy(&p);
}
END_TEST

/* Upper halves of the general registers from an 80286's TSS: undefined in the manual, ones on every processor known. */
START_TEST(task_of_16_bits)
{
    struct pc p;
    pc_create(&p, "max", NULL, 0);
    enter_protected(&p, 0);
    set_descriptor(&p, TASK2, descriptor(TSS2, 0x2b, 0x81));
    pc_put(&p, TSS2 + 0x0e, 2, 0x100);
    pc_put(&p, TSS2 + 0x10, 2, 2);
    for (unsigned i = 0; i < 8; i++)
        pc_put(&p, TSS2 + 0x12 + 2 * i, 2, 0x1000 + i);
    static const uint16_t segs[] = { DATA0, CODE16, DATA0, DATA0 };
    for (unsigned i = 0; i < 4; i++)
        pc_put(&p, TSS2 + 0x22 + 2 * i, 2, segs[i]);
    pc_put(&p, TSS2 + 0x2a, 2, 0);
    ck_assert(x86_far_jump(p.c, TASK2, 0, 4, CODE + 7));
    for (unsigned i = 0; i < 8; i++)
        ck_assert_uint_eq(p.c->gpr[i], 0xffff1000 + i);
    ck_assert_uint_eq(p.c->seg[X86_FS].sel, 0);
    pc_destroy(&p);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("cpu/x86/stack");
    TCase *t = tcase_create("stack");
    tcase_add_test(t, enter_takes_esp);
    tcase_add_test(t, enter_probes_its_end);
    tcase_add_test(t, pusha_near_zero);
    tcase_add_loop_test(t, arpl_stores_when_needed, 0, ARRAY_LEN(arpls));
    tcase_add_test(t, task_of_16_bits);
    suite_add_tcase(s, t);
    return s;
}
