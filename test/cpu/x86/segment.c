/* SPDX-License-Identifier: Apache-2.0 */
/* Segment loads (SDM volume 2, MOV, LLDT, LTR; volume 3, 6.5), far jumps, calls and returns (volume 3, 6.8). */
#include "core/util/bits.h"
#include "test/cpu/x86/tables.h"

#define NONE -1

/* ---- MOV to a segment register ---- */
static const struct {
    uint8_t cpl, seg;
    uint16_t sel;
    int vector, error;
} loads[] = {
    { 0, X86_DS, DATA0, NONE, 0 },
    { 0, X86_DS, 0, NONE, 0 },
    { 0, X86_DS, 3, NONE, 0 },                           /* any RPL of a null selector */
    { 0, X86_DS, CODE0, NONE, 0 },                       /* readable */
    { 0, X86_DS, EXEC_ONLY, X86_GP, EXEC_ONLY },
    { 0, X86_DS, READ_ONLY, NONE, 0 },
    { 0, X86_DS, TASK2, X86_GP, TASK2 },                 /* no segment */
    { 0, X86_DS, ABSENT_DATA, X86_NP, ABSENT_DATA },
    { 0, X86_DS, DATA0 | 3, X86_GP, DATA0 },             /* RPL > DPL */
    { 3, X86_DS, DATA0, X86_GP, DATA0 },                 /* CPL > DPL */
    { 3, X86_DS, DATA3, NONE, 0 },
    { 3, X86_ES, CONFORMING | 3, NONE, 0 },              /* from every level */
    { 3, X86_ES, CODE0, X86_GP, CODE0 },
    { 0, X86_FS, END_OF_GDT, X86_GP, END_OF_GDT },       /* beyond the limit */
    { 0, X86_GS, DATA0 | 4, X86_GP, DATA0 | 4 },         /* there is no LDT */
    { 0, X86_SS, DATA0, NONE, 0 },
    { 0, X86_SS, 0, X86_GP, 0 },
    { 0, X86_SS, DATA0 | 3, X86_GP, DATA0 },             /* RPL is not CPL */
    { 0, X86_SS, DATA3, X86_GP, DATA3 },                 /* DPL is not CPL */
    { 0, X86_SS, READ_ONLY, X86_GP, READ_ONLY },
    { 0, X86_SS, CODE0, X86_GP, CODE0 },
    { 0, X86_SS, ABSENT_DATA, X86_SS_FAULT, ABSENT_DATA },
    { 3, X86_SS, DATA3 | 3, NONE, 0 },
};

START_TEST(segment_loads)
{
    struct pc p;
    pc_create(&p, "max", NULL, 0);
    enter_protected(&p, loads[_i].cpl);
    struct x86_segment old = p.c->seg[loads[_i].seg];
    bool done = x86_load_segment(p.c, (enum x86_seg)loads[_i].seg, loads[_i].sel);
    pc_expect(&p, done, loads[_i].vector, loads[_i].error);
    const struct x86_segment *s = &p.c->seg[loads[_i].seg];
    if (!done) {
        ck_assert_mem_eq(s, &old, sizeof(old));
    } else {
        ck_assert_uint_eq(s->sel, loads[_i].sel);
        bool null = loads[_i].sel < 4;
        ck_assert_int_eq((s->attr & X86_ATTR_P) != 0, !null);
        if (!null) {
            ck_assert_uint_eq(s->limit, UINT32_MAX);
            ck_assert_uint_eq(pc_get(&p, GDT + (loads[_i].sel & ~7u) + 5, 1) & 1, 1); /* accessed */
        }
    }
    pc_destroy(&p);
}
END_TEST

/* Real and virtual-8086 mode: base = 16 * selector; in real mode the limit stays ("unreal"). */
START_TEST(real_loads)
{
    struct pc p;
    pc_create(&p, "max", NULL, 0);
    p.c->seg[X86_DS].limit = UINT32_MAX;
    ck_assert(x86_load_segment(p.c, X86_DS, 0x1234));
    ck_assert_uint_eq(p.c->seg[X86_DS].base, 0x12340);
    ck_assert_uint_eq(p.c->seg[X86_DS].limit, UINT32_MAX);
    enter_protected(&p, 0);
    p.c->rflags |= X86_VM;
    x86_update_mode(p.c);
    ck_assert(x86_load_segment(p.c, X86_DS, 0x1234));
    ck_assert_uint_eq(p.c->seg[X86_DS].base, 0x12340);
    ck_assert_uint_eq(p.c->seg[X86_DS].limit, 0xffff);
    ck_assert_uint_eq(p.c->seg[X86_DS].attr >> 5 & 3, 3);
    pc_destroy(&p);
}
END_TEST

/* ---- LLDT, LTR ---- */
static const struct {
    bool tr;
    uint16_t sel;
    int vector, error;
} systems[] = {
    { false, LDT, NONE, 0 },        { false, 0, NONE, 0 },           { false, DATA0, X86_GP, DATA0 },
    { false, LDT | 4, X86_GP, LDT | 4 }, { false, END_OF_GDT, X86_GP, END_OF_GDT },
    { true, TASK2, NONE, 0 },       { true, 0, X86_GP, 0 },          { true, TASK, X86_GP, TASK }, /* busy */
    { true, DATA0, X86_GP, DATA0 }, { true, TASK2 | 4, X86_GP, TASK2 | 4 },
};

START_TEST(system_loads)
{
    struct pc p;
    pc_create(&p, "max", NULL, 0);
    enter_protected(&p, 0);
    bool done = systems[_i].tr ? x86_load_tr(p.c, systems[_i].sel) : x86_load_ldtr(p.c, systems[_i].sel);
    pc_expect(&p, done, systems[_i].vector, systems[_i].error);
    if (done && systems[_i].tr)
        ck_assert_uint_eq(pc_get(&p, GDT + systems[_i].sel + 5, 1), 0x8b); /* busy now */
    pc_destroy(&p);
}
END_TEST

/* With an LDT, selectors with TI reach it. */
START_TEST(local_table)
{
    struct pc p;
    pc_create(&p, "max", NULL, 0);
    enter_protected(&p, 0);
    ck_assert(x86_load_ldtr(p.c, LDT));
    ck_assert(x86_load_segment(p.c, X86_DS, DATA0 | 4));
    ck_assert_int_eq(pc_fault(&p, NULL), NONE);
    ck_assert_uint_eq(p.c->seg[X86_DS].sel, DATA0 | 4);
    pc_destroy(&p);
}
END_TEST

/* ---- far jumps and calls: who may go where (6.8.1, tables of JMP and CALL) ---- */
static const struct {
    uint8_t cpl;
    uint16_t sel;
    bool call;
    int vector, error;
    uint16_t cs;
} jumps[] = {
    { 0, CODE0, false, NONE, 0, CODE0 },
    { 0, CODE0 | 3, false, X86_GP, CODE0, 0 },          /* RPL > CPL */
    { 3, CODE3, false, NONE, 0, CODE3 | 3 },            /* RPL becomes CPL */
    { 3, CODE0, false, X86_GP, CODE0, 0 },
    { 0, CODE3, false, X86_GP, CODE3, 0 },              /* never outwards */
    { 3, CONFORMING, false, NONE, 0, CONFORMING | 3 },
    { 0, DATA0, false, X86_GP, DATA0, 0 },
    { 0, ABSENT_CODE, false, X86_NP, ABSENT_CODE, 0 },
    { 0, 0, false, X86_GP, 0, 0 },
    { 0, END_OF_GDT, true, X86_GP, END_OF_GDT, 0 },
    { 0, GATE, false, NONE, 0, CODE0 },
    { 3, GATE, false, X86_GP, CODE0, 0 },               /* a jump does not change the level */
    { 3, GATE | 3, true, NONE, 0, CODE0 },
    { 3, GATE1, true, NONE, 0, CODE1 | 1 },
    { 0, GATE1, true, X86_GP, CODE1, 0 },               /* DPL > CPL */
    { 0, GATE | 3, true, NONE, 0, CODE0 },
    { 0, ABSENT_GATE, true, X86_NP, ABSENT_GATE, 0 },
    { 3, TASK2, false, X86_GP, TASK2, 0 },              /* DPL < CPL */
    { 0, TASK, false, X86_GP, TASK, 0 },                /* busy */
    { 0, LDT, false, X86_GP, LDT, 0 },
};

START_TEST(far_transfers)
{
    struct pc p;
    pc_create(&p, "max", NULL, 0);
    enter_protected(&p, jumps[_i].cpl);
    bool done = jumps[_i].call ? x86_far_call(p.c, jumps[_i].sel, 0x1234, 4, CODE + 7)
                               : x86_far_jump(p.c, jumps[_i].sel, 0x1234, 4, CODE + 7);
    pc_expect(&p, done, jumps[_i].vector, jumps[_i].error);
    if (!done) {
        ck_assert_uint_eq(p.c->cpu.pc, CODE);
    } else {
        bool gated = (jumps[_i].sel & ~3u) == GATE || jumps[_i].sel == GATE1;
        ck_assert_uint_eq(p.c->seg[X86_CS].sel, jumps[_i].cs);
        ck_assert_uint_eq(p.c->cpu.pc, gated ? HANDLER : 0x1234);
    }
    pc_destroy(&p);
}
END_TEST

/* Through a gate to level 0: SS, ESP, two parameters, CS, EIP (figure 6-13); and back, releasing them. */
START_TEST(inner_call_and_return)
{
    struct pc p;
    pc_create(&p, "max", NULL, 0);
    enter_protected(&p, 3);
    pc_put(&p, STACK3, 4, 0x11111111);
    pc_put(&p, STACK3 + 4, 4, 0x22222222);
    ck_assert(x86_far_call(p.c, GATE | 3, 0, 4, CODE + 7));
    x86_update_mode(p.c);
    ck_assert_uint_eq(x86_cpl(p.c), 0);
    ck_assert_uint_eq(p.c->seg[X86_SS].sel, DATA0);
    ck_assert_uint_eq(p.c->gpr[4], STACK0 - 24);
    static const uint32_t want[] = { CODE + 7, CODE3 | 3, 0x11111111, 0x22222222, STACK3, DATA3 | 3 };
    for (unsigned i = 0; i < 6; i++)
        ck_assert_uint_eq(pc_get(&p, STACK0 - 24 + 4 * i, 4), want[i]);
    set_segment(&p, X86_FS, DATA0);
    ck_assert(x86_far_return(p.c, 4, 8));
    x86_update_mode(p.c);
    ck_assert_uint_eq(x86_cpl(p.c), 3);
    ck_assert_uint_eq(p.c->cpu.pc, CODE + 7);
    ck_assert_uint_eq(p.c->gpr[4], STACK3 + 8);
    ck_assert_uint_eq(p.c->seg[X86_SS].sel, DATA3 | 3);
    ck_assert_uint_eq(p.c->seg[X86_FS].sel, 0);         /* more rights than level 3 may have */
    ck_assert_uint_eq(p.c->seg[X86_DS].sel, DATA3 | 3);
    pc_destroy(&p);
}
END_TEST

/* 64-bit: RSP0, SS null with the new RPL, no parameters (6.8.5.1); RETF of 8 bytes goes back. */
START_TEST(long_call_and_return)
{
    struct pc p;
    pc_create(&p, "max", NULL, 0);
    enter_long(&p, 3);
    ck_assert(x86_far_call(p.c, GATE64 | 3, 0, 4, CODE + 7));
    x86_update_mode(p.c);
    ck_assert_uint_eq(x86_cpl(p.c), 0);
    ck_assert_uint_eq(p.c->seg[X86_SS].sel, 0);
    ck_assert_uint_eq(p.c->gpr[4], STACK0 - 32);
    static const uint32_t want[] = { CODE + 7, CODE64_3 | 3, STACK3, DATA3 | 3 };
    for (unsigned i = 0; i < 4; i++)
        ck_assert_uint_eq(pc_get(&p, STACK0 - 32 + 8 * i, 8), want[i]);
    ck_assert(x86_far_return(p.c, 8, 0));
    x86_update_mode(p.c);
    ck_assert_uint_eq(x86_cpl(p.c), 3);
    ck_assert_uint_eq(p.c->cpu.pc, CODE + 7);
    ck_assert_uint_eq(p.c->gpr[4], STACK3);
    pc_destroy(&p);
}
END_TEST

/* The inner stack is checked: 6.8.5, #TS with its selector; too small: #SS. */
START_TEST(bad_inner_stack)
{
    static const struct {
        uint16_t ss;
        uint32_t esp;
        int vector, error;
    } rows[] = { { 0, STACK0, X86_TS_FAULT, 0 }, { DATA3, STACK0, X86_TS_FAULT, DATA3 }, { READ_ONLY, STACK0, X86_TS_FAULT, READ_ONLY },
                 { END_OF_GDT, STACK0, X86_TS_FAULT, END_OF_GDT }, { DATA0 | 1, STACK0, X86_TS_FAULT, DATA0 },
                 { ABSENT_DATA, STACK0, X86_SS_FAULT, ABSENT_DATA } };
    struct pc p;
    pc_create(&p, "max", NULL, 0);
    for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
        enter_protected(&p, 3);
        pc_put(&p, TSS + 8, 4, rows[i].ss);
        pc_expect(&p, x86_far_call(p.c, GATE | 3, 0, 4, CODE + 7), rows[i].vector, rows[i].error);
        ck_assert_uint_eq(p.c->gpr[4], STACK3);
        ck_assert_uint_eq(p.c->seg[X86_SS].sel, DATA3 | 3);
    }
    pc_destroy(&p);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("x86 segments");
    TCase *t = tcase_create("segments");
    tcase_add_loop_test(t, segment_loads, 0, (int)ARRAY_LEN(loads));
    tcase_add_test(t, real_loads);
    tcase_add_loop_test(t, system_loads, 0, (int)ARRAY_LEN(systems));
    tcase_add_test(t, local_table);
    tcase_add_loop_test(t, far_transfers, 0, (int)ARRAY_LEN(jumps));
    tcase_add_test(t, inner_call_and_return);
    tcase_add_test(t, long_call_and_return);
    tcase_add_test(t, bad_inner_stack);
    suite_add_tcase(s, t);
    return s;
}
