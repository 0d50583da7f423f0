/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The x87 state in memory in all its forms (SDM volume 1, 8.1.10), pending errors (8.7), and that nothing has happened
 * when a store faults.
 */
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include "cpu/x86/bits.h"
#include "cpu/x86/x87_op.h"
#include "mmu/tlb.h"
#include "test/check_main.h"
#include "test/cpu/x86/host.h"

#define DATA (HOST_BASE + 0x40000u)
#define END  (HOST_BASE + 0x200000u) /* of what is mapped */

static struct pc h;
static unsigned ferr_raised, ferr_lowered;
static bool ignored;

static void ferr(void *arg, bool level)
{
    (void)arg;
    ferr_raised += level;
    ferr_lowered += !level;
}

static bool ignne(void *arg)
{
    (void)arg;
    return ignored;
}

static void open_cpu(void)
{
    x86_host_create(&h, EXEC_INTERP);
    h.c->wiring.ferr = ferr;
    h.c->wiring.ignne = ignne;
    x86_x87_reset(h.c);
    ferr_raised = ferr_lowered = 0;
    ignored = false;
}

static void close_cpu(void)
{
    pc_destroy(&h);
}

static uint8_t *at(uint32_t va)
{
    return h.ram->host + (va - HOST_BASE);
}

static void fill(void)
{
    struct x86_cpu *c = h.c;
    c->fcw = 0x340;
    c->fsw = 0x3800;
    c->ftw = 1u << 7;
    c->st[7].m = 1ull << 63;
    c->st[7].se = 0x3fff;
    c->fop = 0x1e8;
    c->fip = 0x12345678;
    c->fcs = 0x33;
    c->fdp = 0x9abcdef0;
    c->fds = 0x2b;
}

static bool raised(unsigned vector)
{
    return (h.c->cpu.exit & CPU_EXIT_EXCEPTION) && (h.c->cpu.fault.cause & X86_CAUSE_VECTOR) == vector;
}

enum { ENV_LOAD, ENV_STORE, STATE_LOAD, STATE_STORE };

/* Figures 8-9 to 8-12. In real mode pointers are linear: 12345678 + 330, 9abcdef0 + 2b0. */
static const struct {
    bool real;
    unsigned step;
    uint32_t words[7];
} forms[] = {
    { false, 4, { 0xffff0340, 0xffff3800, 0xffff3fff, 0x12345678, 0x01e80033, 0x9abcdef0, 0xffff002b } },
    { true, 4, { 0xffff0340, 0xffff3800, 0xffff3fff, 0xffff59a8, 0x012341e8, 0xffffe1a0, 0x09abc000 } },
    { false, 2, { 0x0340, 0x3800, 0x3fff, 0x5678, 0x0033, 0xdef0, 0x002b } },
    { true, 2, { 0x0340, 0x3800, 0x3fff, 0x59a8, 0x41e8, 0xe1a0, 0xc000 } },
};

START_TEST(environment_forms)
{
    struct x86_cpu *c = h.c;
    unsigned step = forms[_i].step;
    fill();
    if (forms[_i].real) {
        c->cr0 &= ~(uint64_t)(X86_CR0_PE | X86_CR0_PG);
        c->efer = 0;
        x86_update_mode(c);
    }
    x86_helper_x87_environment(&c->cpu, DATA, step, ENV_STORE, 0);
    for (unsigned i = 0; i < 7; i++)
        ck_assert_msg(ld_le(at(DATA + i * step), step) == forms[_i].words[i], "word %u is %llx", i,
                      (unsigned long long)ld_le(at(DATA + i * step), step));
    ck_assert_uint_eq(c->fcw, 0x37f); /* all masked */
    x86_x87_reset(c);
    x86_helper_x87_environment(&c->cpu, DATA, step, ENV_LOAD, 0);
    ck_assert_uint_eq(c->fcw, 0x340);
    ck_assert_uint_eq(c->fsw, 0x3800);
    ck_assert_uint_eq(c->ftw, 0x80);
    x86_helper_x87_environment(&c->cpu, DATA + 64, step, ENV_STORE, 0);
    if (step == 4 || forms[_i].real) /* 16 bits of protected mode have no place for FOP, nor need they */
        ck_assert_mem_eq(at(DATA), at(DATA + 64), 7 * step);
}
END_TEST

/* CPUID.7.EBX[13]: the selectors read 0, whatever was loaded. */
START_TEST(no_selectors)
{
    struct x86_cpu *c = h.c;
    struct x86_config config = *c->config;
    config.has[X86_F_ZERO_FCS_FDS / 64] |= 1ull << X86_F_ZERO_FCS_FDS % 64;
    c->config = &config;
    fill();
    c->fcs = c->fds = 0;
    c->seg[X86_CS].sel = 8;
    x86_helper_x87(&c->cpu, X87_LD1 | (uint64_t)X86_DS << X87_SEG_SHIFT, 0, 0x1234, HOST_CODE);
    ck_assert_uint_eq(c->fip, HOST_CODE);
    ck_assert_uint_eq(c->fdp, 0x1234);
    ck_assert_uint_eq(c->fcs | c->fds, 0);
    for (unsigned i = 0; i < 7; i++)
        st_le32(at(DATA + 4 * i), forms[0].words[i]);
    x86_helper_x87_environment(&c->cpu, DATA, 4, ENV_LOAD, 0);
    ck_assert_uint_eq(c->fcs | c->fds, 0);
}
END_TEST

START_TEST(save_and_restore)
{
    struct x86_cpu *c = h.c;
    fill();
    x86_helper_x87_environment(&c->cpu, DATA, 4, STATE_STORE, 0);
    ck_assert_uint_eq(ld_le64(at(DATA + 28)), 1ull << 63); /* ST(0), R7 with TOP = 7 */
    ck_assert_uint_eq(ld_le16(at(DATA + 36)), 0x3fff);
    ck_assert_uint_eq(c->fcw, 0x37f);
    ck_assert_uint_eq(c->fsw, 0);
    ck_assert_uint_eq(c->ftw, 0);
    ck_assert_uint_eq(c->fip | c->fdp | c->fop, 0);
    c->st[7].m = 5;
    x86_helper_x87_environment(&c->cpu, DATA, 4, STATE_LOAD, 0);
    ck_assert_uint_eq(c->st[7].m, 1ull << 63);
    ck_assert_uint_eq(c->fip, 0x12345678);
}
END_TEST

/* The last bytes lie beyond what is mapped. */
START_TEST(faults_change_nothing)
{
    static const struct {
        unsigned format, inside;
    } cases[] = { { X87_F64, 4 }, { X87_F80, 8 }, { X87_F80, 9 }, { X87_F80, 2 }, { X87_BCD, 9 }, { X87_I16, 1 } };
    struct x86_cpu *c = h.c;
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        uint64_t how = X87_STORE | X87_POP | (uint64_t)cases[i].format << X87_SOURCE_SHIFT;
        fill();
        memset(at(END - 16), 0x55, 16);
        x86_helper_x87_store(&c->cpu, how, END - cases[i].inside, 0, HOST_CODE);
        ck_assert_msg(raised(X86_PF_FAULT), "case %u", i);
        ck_assert_uint_eq(c->fsw, 0x3800);
        ck_assert_uint_eq(c->ftw, 0x80);
        ck_assert_uint_eq(c->fip, 0x12345678);
        for (unsigned k = 1; k <= 16; k++)
            ck_assert_uint_eq(*at(END - k), 0x55);
        c->cpu.exit = 0;
    }
    x86_helper_x87_environment(&c->cpu, END - 100, 4, STATE_STORE, 0);
    ck_assert(raised(X86_PF_FAULT));
    ck_assert_uint_eq(c->fcw, 0x340);
    ck_assert_uint_eq(*at(END - 16), 0x55);
    c->cpu.exit = 0;
    x86_helper_x87_environment(&c->cpu, END - 100, 4, STATE_LOAD, 0);
    ck_assert(raised(X86_PF_FAULT));
    ck_assert_uint_eq(c->fip, 0x12345678);
}
END_TEST

/* An unmasked exception keeps a store from memory, so that it does not even fault. */
START_TEST(unmasked_stores)
{
    struct x86_cpu *c = h.c;
    fill();
    c->st[7].se = 0x7ffe;
    x86_helper_x87_store(&c->cpu, X87_STORE | X87_POP | (uint64_t)X87_F32 << X87_SOURCE_SHIFT, END, 0, HOST_CODE);
    ck_assert(!(c->cpu.exit & CPU_EXIT_EXCEPTION));
    ck_assert_uint_eq(c->fsw, 0x3800 | FP80_OE | X87_ES | X87_B);
    ck_assert_uint_eq(c->ftw, 0x80);
}
END_TEST

static void divide_by_zero(void)
{
    fill();
    x86_helper_x87(&h.c->cpu, X87_DIV | (uint64_t)X87_I16 << X87_SOURCE_SHIFT, 0, 0, HOST_CODE);
    ck_assert_uint_eq(h.c->fsw, 0x3800 | FP80_ZE | X87_ES | X87_B);
    ck_assert_uint_eq(h.c->st[7].m, 1ull << 63);
    ck_assert_uint_eq(h.c->st[7].se, 0x3fff);
}

START_TEST(pending_error)
{
    struct x86_cpu *c = h.c;
    x86_helper_x87_pending(&c->cpu, 0, 0, 0, 0);
    ck_assert(!(c->cpu.exit & CPU_EXIT_EXCEPTION));
    divide_by_zero();
    x86_helper_x87_pending(&c->cpu, 0, 0, 0, 0);
    ck_assert(raised(X86_MF));
    ck_assert_uint_eq(ferr_raised, 0);
    x87_set_control(c, 0x37f); /* masked again: nothing is pending */
    ck_assert_uint_eq(c->fsw, 0x3800 | FP80_ZE);
    x87_set_control(c, 0x37b);
    ck_assert_uint_eq(c->fsw, 0x3800 | FP80_ZE | X87_ES | X87_B);
}
END_TEST

/* CR0.NE = 0: the board's affair, unless IGNNE# is on. */
START_TEST(error_through_the_board)
{
    struct x86_cpu *c = h.c;
    c->cr0 &= ~(uint64_t)X86_CR0_NE;
    divide_by_zero();
    ignored = true;
    x86_helper_x87_pending(&c->cpu, 0, 0, 0, 0);
    ck_assert_uint_eq(ferr_raised, 0);
    ignored = false;
    x86_helper_x87_pending(&c->cpu, 0, 0, 0, 0);
    ck_assert_uint_eq(ferr_raised, 1);
    ck_assert(!(c->cpu.exit & CPU_EXIT_EXCEPTION));
    ck_assert_uint_eq(ferr_lowered, 0);
    h.c->rflags |= X86_IF; /* the interrupt can come: before the instruction */
    h.c->inputs |= 1u << X86_INTR;
    x86_helper_x87_pending(&c->cpu, 0, 0, 0, 0);
    ck_assert(c->cpu.exit & CPU_EXIT_EXCEPTION);
    ck_assert_uint_eq(c->cpu.fault.cause, X86_CAUSE_AGAIN);
    uint64_t pc = c->cpu.pc;
    x86_take_exception(&c->cpu);
    ck_assert_uint_eq(c->cpu.pc, pc);
    c->cpu.exit = 0;
    x86_helper_x87_environment(&c->cpu, DATA, 4, STATE_STORE, 0); /* the saved word has ES, and FERR# falls */
    ck_assert_uint_eq(ld_le16(at(DATA + 4)) & X87_ES, X87_ES);
    ck_assert_uint_eq(ferr_lowered, 1);
    divide_by_zero();
    x87_set_words(c, 0x37f, 0); /* FRSTOR, FXRSTOR */
    ck_assert_uint_eq(c->fsw, 0);
    ck_assert_uint_eq(ferr_lowered, 2);
}
END_TEST

START_TEST(mmx_takes_the_registers)
{
    struct x86_cpu *c = h.c;
    fill();
    x86_helper_mmx_begin(&c->cpu, 0, 0, 0, 0);
    ck_assert_uint_eq(c->fsw, 0);
    ck_assert_uint_eq(c->ftw, 0xff);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("x87_state");
    TCase *t = tcase_create("state");
    tcase_add_checked_fixture(t, open_cpu, close_cpu);
    tcase_add_loop_test(t, environment_forms, 0, ARRAY_LEN(forms));
    tcase_add_test(t, no_selectors);
    tcase_add_test(t, save_and_restore);
    tcase_add_test(t, faults_change_nothing);
    tcase_add_test(t, unmasked_stores);
    tcase_add_test(t, pending_error);
    tcase_add_test(t, error_through_the_board);
    tcase_add_test(t, mmx_takes_the_registers);
    suite_add_tcase(s, t);
    return s;
}
