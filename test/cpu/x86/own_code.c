/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stores into code, and where blocks end because of them: behind the store when its block goes on in what was written
 * (SDM volume 3, 10.6), else where they would have ended anyway. Interrupts are taken there, so it must not depend on
 * what happens to be translated: not on what ran before, nor on a snapshot that was loaded on the way.
 */
#include "test/cpu/x86/tables.h"

enum { OTHER = CODE + 0x800 };

/* mov byte [at], 90h, behind `before` NOPs and in front of three; a jump to itself. Five more than `before`. */
static unsigned assemble(uint8_t *code, unsigned before, uint32_t at)
{
    memset(code, 0x90, before + 12);
    code[before] = 0xc6;
    code[before + 1] = 0x05;
    st_le32(code + before + 2, at);
    code[before + 10] = 0xeb;
    code[before + 11] = 0xfe;
    return before + 12;
}

static const struct {
    uint32_t at;
    uint8_t before, insns;     /* done when the block is left for the first time */
} rows[] = {
    { OTHER, 0, 5 },           /* another block's */
    { OTHER + 1, 2, 7 },
    { CODE + 7, 0, 1 },        /* the next instruction: the store by itself */
    { CODE + 10, 0, 1 },       /* the last one's opcode: NOP, it is overwritten with */
    { CODE, 2, 7 },            /* what lies behind it */
    { CODE + 11, 2, 2 },       /* ahead of it: what precedes the store */
    { CODE + 0x400, 0, 5 },    /* no code */
};

static uint64_t insns_of_first_block(unsigned row, bool translated)
{
    const uint8_t other[] = { 0x90, 0x90, 0xf4 };
    uint8_t code[32];
    struct pc p;
    pc_create(&p, "max", NULL, 0);
    enter_protected(&p, 0);
    pc_run(&p, OTHER, other, sizeof(other), 100);
    ck_assert_uint_eq(p.c->cpu.pc, OTHER + sizeof(other));
    if (!translated)
        exec_flush_code(p.exec);
    uint64_t before = cpu_insns(&p.c->cpu);
    pc_run(&p, CODE, code, assemble(code, rows[row].before, rows[row].at), 1);
    uint64_t insns = cpu_insns(&p.c->cpu) - before;
    pc_destroy(&p);
    return insns;
}

START_TEST(ends_of_blocks)
{
    ck_assert_uint_eq(insns_of_first_block((unsigned)_i, true), rows[_i].insns);
    ck_assert_uint_eq(insns_of_first_block((unsigned)_i, false), rows[_i].insns);
}
END_TEST

/*
 * Two stores of one block: the first into what lies behind it, which takes the block out of the cache, the second into what
 * is ahead. That another block, translated or not, has the same bytes makes no difference.
 */
START_TEST(two_stores)
{
    const uint8_t code[] = { 0x90, 0xc6, 0x05, CODE & 0xff, CODE >> 8 & 0xff, CODE >> 16, 0, 0x90,  /* mov byte [CODE], 90h */
                             0xc6, 0x05, (CODE + 16) & 0xff, CODE >> 8 & 0xff, CODE >> 16, 0, 0x90, /* mov byte [CODE + 16], 90h */
                             0x90, 0x90, 0x90, 0xeb, 0xfe };
    for (unsigned other = 0; other < 2; other++) {
        struct pc p;
        pc_create(&p, "max", NULL, 0);
        enter_protected(&p, 0);
        if (other)
            pc_run(&p, CODE + 15, code + 15, sizeof(code) - 15, 1);
        uint64_t before = cpu_insns(&p.c->cpu);
        pc_run(&p, CODE, code, other ? 15 : sizeof(code), 1);
        ck_assert_uint_eq(p.c->cpu.pc, CODE + 8);
        ck_assert_uint_eq(cpu_insns(&p.c->cpu) - before, 2);
        pc_destroy(&p);
    }
}
END_TEST

/* Left before the store because of what lies ahead, the processor takes an interrupt: the handler's block is a whole one. */
START_TEST(interrupted)
{
    const uint8_t handler[] = { 0x90, 0x90, 0x90, 0xeb, 0xfe };
    struct exec_limits limits = { .time = PS_NEVER };
    uint8_t code[32];
    struct pc p;
    struct cpu *cpu;
    pc_create(&p, "max", NULL, 0);
    enter_protected(&p, 0);
    pc_put(&p, HANDLER + 16 * 2, 4, ld_le32(handler));
    pc_put(&p, HANDLER + 16 * 2 + 4, 1, handler[4]);
    pc_run(&p, CODE, code, assemble(code, 2, CODE + 9), 1);
    ck_assert_uint_eq(p.c->cpu.pc, CODE + 2);
    x86_cpu_set_input(p.c, X86_NMI, true);
    limits.insns = cpu_insns(&p.c->cpu) + 1;
    (void)exec_run(p.exec, &limits, &cpu);
    ck_assert_uint_eq(cpu_insns(cpu), limits.insns + 3);
    ck_assert_uint_eq(p.c->cpu.pc, HANDLER + 16 * 2 + 3);
    pc_destroy(&p);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("x86 stores into code");
    TCase *t = tcase_create("own_code");
    tcase_add_loop_test(t, ends_of_blocks, 0, (int)ARRAY_LEN(rows));
    tcase_add_test(t, two_stores);
    tcase_add_test(t, interrupted);
    suite_add_tcase(s, t);
    return s;
}
