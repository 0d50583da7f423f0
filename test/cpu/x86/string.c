/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Repeated string instructions that are interrupted: RF of what is pushed (SDM volume 3, 18.3.1.1), flags of CMPS that faults
 * (volume 2, REP). And LOOP, where IP is above 64 KiB.
 */
#include "core/util/bits.h"
#include "test/cpu/x86/tables.h"

enum { RCX = 1, RSP = 4, RSI = 6, RDI = 7, BUFFER = 0x100000 };

static uint64_t pushed(struct pc *p, unsigned n)
{
    return pc_get(p, p->c->gpr[RSP] + 4 * n, 4);
}

/* rep stosb; hlt. Passes are of 4096 elements, each is an instruction to limits. */
static const struct {
    uint32_t count, left;
    bool rf;
} interrupted[] = {
    { 10000, 10000 - 4096, true }, /* any iteration but the last */
    { 4096, 0, false },            /* the last */
};

START_TEST(interrupt)
{
    static const uint8_t code[] = { 0xf3, 0xaa, 0xf4 };
    struct pc p;
    pc_create(&p, "max", NULL, 0);
    enter_protected(&p, 0);
    p.vector = 0x30;
    x86_set_rflags(p.c, 2 | X86_IF);
    p.c->gpr[RCX] = interrupted[_i].count;
    p.c->gpr[RDI] = BUFFER;
    x86_update_mode(p.c);
    pc_put(&p, HANDLER + 16 * 0x30, 1, 0xf4);
    pc_run(&p, CODE, code, sizeof(code), 1);
    ck_assert_uint_eq(p.c->gpr[RCX], interrupted[_i].left);
    va_t pc = p.c->cpu.pc;
    struct exec_limits limits = { .time = PS_NEVER, .insns = cpu_insns(&p.c->cpu) + 1 };
    struct cpu *cpu;
    x86_cpu_set_input(p.c, X86_INTR, true);
    (void)exec_run(p.exec, &limits, &cpu);
    ck_assert_uint_eq(p.c->cpu.pc, HANDLER + 16 * 0x30 + 1);
    ck_assert_uint_eq(pushed(&p, 0), pc);
    ck_assert_uint_eq(pushed(&p, 2), 2 | X86_IF | (interrupted[_i].rf ? X86_RF : 0));
    ck_assert_uint_eq(p.c->gpr[RCX], interrupted[_i].left);
    pc_destroy(&p);
}
END_TEST

/* It goes on behind an instruction breakpoint that it had met before. */
START_TEST(breakpoint_once)
{
    static const uint8_t code[] = { 0xf3, 0xaa, 0xf4 };
    static const uint8_t handler[] = { 0xfe, 0xc0, 0x81, 0x4c, 0x24, 0x08, 0, 0, 1, 0, 0xcf }; /* inc al; or dword [esp + 8], RF; iret */
    struct pc p;
    pc_create(&p, "max", NULL, 0);
    enter_protected(&p, 0);
    for (unsigned i = 0; i < sizeof(handler); i++)
        pc_put(&p, HANDLER + 16 + i, 1, handler[i]);
    p.c->dr[0] = CODE;
    p.c->dr[7] = X86_DR7_FIXED | 2;
    p.c->gpr[0] = 0;
    p.c->gpr[RCX] = 20000;
    p.c->gpr[RDI] = BUFFER;
    x86_update_mode(p.c);
    pc_run(&p, CODE, code, sizeof(code), 100);
    ck_assert_uint_eq(p.c->cpu.pc, CODE + 3);
    ck_assert_uint_eq(p.c->gpr[RCX], 0);
    ck_assert_uint_eq(p.c->gpr[0], 1);
    pc_destroy(&p);
}
END_TEST

/* repe cmpsb of equal bytes, the fifth behind the limit of ES: flags as they were before. */
START_TEST(compare_faults)
{
    static const uint8_t code[] = { 0xf3, 0xa6, 0xf4 };
    struct pc p;
    pc_create(&p, "max", NULL, 0);
    enter_protected(&p, 0);
    x86_set_rflags(p.c, 2 | X86_CF | X86_SF);
    p.c->seg[X86_ES].limit = BUFFER + 3;
    p.c->gpr[RCX] = 100;
    p.c->gpr[RSI] = BUFFER + 0x1000;
    p.c->gpr[RDI] = BUFFER;
    x86_update_mode(p.c);
    pc_put(&p, HANDLER + 16 * 13, 1, 0xf4);
    pc_run(&p, CODE, code, sizeof(code), 100);
    ck_assert_uint_eq(p.c->cpu.pc, HANDLER + 16 * 13 + 1);
    ck_assert_uint_eq(pushed(&p, 1), CODE);
    ck_assert_uint_eq(pushed(&p, 3), 2 | X86_CF | X86_SF | X86_RF);
    ck_assert_uint_eq(p.c->gpr[RCX], 96);
    ck_assert_uint_eq(p.c->gpr[RSI], BUFFER + 0x1004);
    ck_assert_uint_eq(p.c->gpr[RDI], BUFFER + 4);
    pc_destroy(&p);
}
END_TEST

/* Flags are those of the last comparison, however many passes there were. */
static const struct {
    uint8_t rep;
    uint32_t count, left;
    uint8_t byte;
    uint64_t flags;
} compared[] = {
    { 0xf3, 1000, 1000 - 901, 5, X86_CF | X86_SF | X86_AF }, /* 0 - 5 = fbh, seven ones */
    { 0xf3, 900, 0, 5, X86_ZF | X86_PF },
    { 0xf2, 1000, 999, 5, X86_ZF | X86_PF },
    { 0xf3, 0, 0, 5, X86_CF },          /* none: they stay */
};

START_TEST(compare_flags)
{
    const uint8_t code[] = { compared[_i].rep, 0xa6, 0xf4 };
    struct pc p;
    pc_create(&p, "max", NULL, 0);
    enter_protected(&p, 0);
    x86_set_rflags(p.c, 2 | X86_CF);
    pc_put(&p, BUFFER + 900, 1, compared[_i].byte);
    p.c->gpr[RCX] = compared[_i].count;
    p.c->gpr[RSI] = BUFFER + 0x1000;
    p.c->gpr[RDI] = BUFFER;
    pc_run(&p, CODE, code, sizeof(code), 100);
    ck_assert_uint_eq(p.c->gpr[RCX], compared[_i].left);
    ck_assert_uint_eq(x86_get_rflags(p.c), 2 | compared[_i].flags);
    pc_destroy(&p);
}
END_TEST

/* mov cx, 1; loop $: not taken, it goes on where it is. */
START_TEST(loop_above_64k)
{
    static const uint8_t code[] = { 0xb9, 0x01, 0x00, 0xe2, 0xfe, 0xf4 };
    struct pc p;
    pc_create(&p, "max", NULL, 0);
    enter_protected(&p, 0);
    set_descriptor(&p, CODE16, descriptor(CODE, 0xfffff, 0x009a));
    set_segment(&p, X86_CS, CODE16);
    x86_update_mode(p.c);
    pc_run(&p, CODE + 0x12000, code, sizeof(code), 100);
    ck_assert_uint_eq(p.c->cpu.pc, CODE + 0x12000 + sizeof(code));
    pc_destroy(&p);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("x86 strings");
    TCase *t = tcase_create("strings");
    tcase_add_loop_test(t, interrupt, 0, (int)ARRAY_LEN(interrupted));
    tcase_add_test(t, breakpoint_once);
    tcase_add_test(t, compare_faults);
    tcase_add_loop_test(t, compare_flags, 0, (int)ARRAY_LEN(compared));
    tcase_add_test(t, loop_above_64k);
    suite_add_tcase(s, t);
    return s;
}
