/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DEBUGCTL.LBR: Intel's stack of 32 with its filters (SDM volume 3, 18.4, 18.12; volume 4, MSR_LBR_SELECT), AMD's offsets
 * (APM volume 2, 13.1.1). AMD's other records are in guests/last_branch.c; reserved bits in system.c.
 */
#include "core/util/bits.h"
#include "test/cpu/x86/tables.h"

enum { LBR_SELECT = 0x1c8, TOS, DEBUGCTL = 0x1d9, LAST_FROM = 0x1db, LAST_TO, LER_FROM, LER_TO, FROM_0 = 0x680, TO_0 = 0x6c0, PERF_CAPABILITIES = 0x345 };

/* jmp 4; nop; nop; 4: call b; 9: jmp e; b: ret; nop; nop; e: xor eax, eax; 10: jz 13; nop; 13: jnz 16; 15: hlt */
static const uint8_t code[] = { 0xeb, 0x02, 0x90, 0x90, 0xe8, 0x02, 0x00, 0x00, 0x00, 0xeb, 0x03, 0xc3, 0x90, 0x90, 0x31, 0xc0,
                                0x74, 0x01, 0x90, 0x75, 0x01, 0xf4 };
enum { N = 6 };
/* Which of its branches are left, in their order: 0 jmp, 1 call, 2 ret, 3 jmp, 4 jz. */
static const uint8_t branches[][2] = { { 0x00, 0x04 }, { 0x04, 0x0b }, { 0x0b, 0x09 }, { 0x09, 0x0e }, { 0x10, 0x13 } };
static const struct {
    uint32_t select;
    int8_t left[N];
} filters[] = {
    { 0x000, { 0, 1, 2, 3, 4, -1 } }, { 0x001, { -1 } },                /* CPL_EQ_0 */
    { 0x002, { 0, 1, 2, 3, 4, -1 } },                                   /* CPL_NEQ_0 */
    { 0x004, { 0, 1, 2, 3, -1 } },                                      /* JCC */
    { 0x008, { 0, 2, 3, 4, -1 } },                                      /* NEAR_REL_CALL */
    { 0x010, { 0, 1, 2, 3, 4, -1 } },                                   /* NEAR_IND_CALL */
    { 0x020, { 0, 1, 3, 4, -1 } },                                      /* NEAR_RET */
    { 0x040, { 0, 1, 2, 3, 4, -1 } },                                   /* NEAR_IND_JMP */
    { 0x080, { 1, 2, 4, -1 } },                                         /* NEAR_REL_JMP */
    { 0x100, { 0, 1, 2, 3, 4, -1 } },                                   /* FAR_BRANCH */
    { 0x3c4, { -1 } },                                                  /* EN_CALLSTACK: the call is away again */
};

START_TEST(filtered)
{
    struct pc p;
    unsigned n = 0;
    pc_create(&p, "skylake-server", NULL, 0);
    enter_protected(&p, 0);
    pc_write_msr(&p, LBR_SELECT, filters[_i].select);
    pc_write_msr(&p, DEBUGCTL, 1);
    pc_run(&p, CODE, code, sizeof(code), 100);
    for (; filters[_i].left[n] >= 0; n++) {
        const uint8_t *b = branches[filters[_i].left[n]];
        ck_assert_uint_eq(pc_read_msr(&p, FROM_0 + n + 1), CODE + b[0]);
        ck_assert_uint_eq(pc_read_msr(&p, TO_0 + n + 1), CODE + b[1]);
    }
    ck_assert_uint_eq(pc_read_msr(&p, TOS), n);
    ck_assert_uint_eq(pc_read_msr(&p, FROM_0 + n + 1), 0);
    ck_assert_uint_eq(pc_read_msr(&p, FROM_0), 0);
    pc_destroy(&p);
}
END_TEST

/* The stack goes round; nothing is recorded while LBR is 0. */
START_TEST(goes_round)
{
    struct pc p;
    pc_create(&p, "skylake-server", NULL, 0);
    enter_protected(&p, 0);
    pc_write_msr(&p, TOS, 29);
    pc_run(&p, CODE, code, sizeof(code), 100);
    ck_assert_uint_eq(pc_read_msr(&p, TOS), 29);
    pc_write_msr(&p, DEBUGCTL, 1);
    pc_run(&p, CODE, code, sizeof(code), 100);
    ck_assert_uint_eq(pc_read_msr(&p, TOS), 2);
    ck_assert_uint_eq(pc_read_msr(&p, FROM_0 + 31), CODE + 4);
    ck_assert_uint_eq(pc_read_msr(&p, FROM_0), CODE + 0xb);
    ck_assert_uint_eq(pc_read_msr(&p, FROM_0 + 2), CODE + 0x10);
    pc_destroy(&p);
}
END_TEST

/* jmp 2; ud2: the exception is a record, and the branch before it is kept. */
START_TEST(exception)
{
    static const uint8_t faults[] = { 0xeb, 0x00, 0x0f, 0x0b };
    struct pc p;
    pc_create(&p, "skylake-server", NULL, 0);
    enter_protected(&p, 0);
    pc_put(&p, HANDLER + 16 * 6, 1, 0xf4);
    pc_write_msr(&p, DEBUGCTL, 1);
    pc_run(&p, CODE, faults, sizeof(faults), 100);
    ck_assert_uint_eq(pc_read_msr(&p, TOS), 2);
    ck_assert_uint_eq(pc_read_msr(&p, FROM_0 + 2), CODE + 2);
    ck_assert_uint_eq(pc_read_msr(&p, TO_0 + 2), HANDLER + 16 * 6);
    ck_assert_uint_eq(pc_read_msr(&p, LER_FROM), CODE);
    ck_assert_uint_eq(pc_read_msr(&p, LER_TO), CODE + 2);
    ck_assert(!x86_write_msr(p.c, LER_FROM, 0));
    pc_destroy(&p);
}
END_TEST

/* A debug exception ends it, and is not recorded itself. */
START_TEST(debug)
{
    static const uint8_t steps[] = { 0xeb, 0x00, 0xf1 };
    struct pc p;
    pc_create(&p, "skylake-server", NULL, 0);
    enter_protected(&p, 0);
    pc_put(&p, HANDLER + 16, 2, 0x00eb); /* jmp 2; hlt */
    pc_put(&p, HANDLER + 18, 1, 0xf4);
    pc_write_msr(&p, DEBUGCTL, 1);
    pc_run(&p, CODE, steps, sizeof(steps), 100);
    ck_assert_uint_eq(p.c->cpu.pc, HANDLER + 19);
    ck_assert_uint_eq(pc_read_msr(&p, DEBUGCTL), 0);
    ck_assert_uint_eq(pc_read_msr(&p, TOS), 1);
    ck_assert_uint_eq(pc_read_msr(&p, LER_FROM), 0);
    pc_destroy(&p);
}
END_TEST

/* An interrupt of a performance monitor ends it, if FREEZE_LBRS_ON_PMI (bit 11) says so. */
START_TEST(frozen)
{
    static const uint8_t nops[] = { 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0xeb, 0xf6 };
    struct pc p;
    pc_create(&p, "skylake-server", NULL, 0);
    enter_protected(&p, 0);
    pc_write_msr(&p, 0x38f, 15);
    pc_write_msr(&p, 0xc1, 0xffffffe0);
    pc_write_msr(&p, 0x186, 0xc0 | 1u << 22 | 1u << 17 | 1u << 20);
    pc_write_msr(&p, DEBUGCTL, _i == 0 ? 1 : 0x801);
    pc_run(&p, CODE, nops, sizeof(nops), 1000);
    ck_assert_uint_eq(p.pmis, 1);
    ck_assert_uint_eq(pc_read_msr(&p, DEBUGCTL), _i == 0 ? 1 : 0x800);
    pc_destroy(&p);
}
END_TEST

/* AMD's are offsets in the code segment: real mode, CS 1000h. */
START_TEST(offsets)
{
    static const uint8_t jump[] = { 0xeb, 0x02, 0x90, 0x90, 0xf4 };
    struct pc p;
    pc_create(&p, "zen4", NULL, 0);
    x86_start_real(&p.c->cpu, 0x1000, 0);
    pc_write_msr(&p, DEBUGCTL, 1);
    pc_run(&p, 0x10010, jump, sizeof(jump), 100);
    ck_assert_uint_eq(pc_read_msr(&p, LAST_FROM), 0x10);
    ck_assert_uint_eq(pc_read_msr(&p, LAST_TO), 0x14);
    ck_assert(!x86_write_msr(p.c, LAST_TO, 0));
    pc_destroy(&p);
}
END_TEST

START_TEST(format)
{
    struct x86_config config;
    struct err e = { 0 };
    struct pc p;
    pc_create(&p, "skylake-server", NULL, 0);
    ck_assert_uint_eq(pc_read_msr(&p, PERF_CAPABILITIES) & 0x3f, 1); /* linear addresses of 64 bits */
    pc_destroy(&p);
    pc_create(&p, "sapphire-rapids", NULL, 0);
    ck_assert_uint_eq(pc_read_msr(&p, PERF_CAPABILITIES) & 0x3f, 0);
    pc_destroy(&p);
    ck_assert_int_lt(x86_config_parse(&config, "skylake-server,last-branches=16", NULL, &e), 0);
    ck_assert_str_eq(e.text, "cpu skylake-server,last-branches=16: last-branches=16: 0 and 32 are accepted");
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("x86 last branches");
    TCase *t = tcase_create("last branches");
    tcase_add_loop_test(t, filtered, 0, (int)ARRAY_LEN(filters));
    tcase_add_test(t, goes_round);
    tcase_add_test(t, exception);
    tcase_add_test(t, debug);
    tcase_add_loop_test(t, frozen, 0, 2);
    tcase_add_test(t, offsets);
    tcase_add_test(t, format);
    suite_add_tcase(s, t);
    return s;
}
