/* SPDX-License-Identifier: Apache-2.0 */
#include "core/cpu/cpu.h"
#include "core/cpu/regs.h"
#include "core/state/snapshot.h"
#include "test/check_main.h"
#include "test/device_generic.h"
#include <string.h>

struct toy {
    struct cpu cpu;
    uint64_t x[4];
    uint32_t loaded;
};
static const struct state_field toy_state[] = { STATE_SUB(toy, cpu, cpu_state), STATE(toy, x),
                                                STATE_END };

static uint32_t toy_mode(const struct cpu *cpu)
{
    return (uint32_t)((const struct toy *)cpu)->x[3];
}
static void toy_reset(struct cpu *cpu)
{
    cpu->pc = 0x1000;
    cpu->run = CPU_RUNNING;
}
static void toy_loaded(struct cpu *cpu)
{
    ((struct toy *)cpu)->loaded++;
}
static const struct cpu_reg toy_regs[] = { { .name = "x0" }, { .name = "x1" }, { .name = "pc" } };
static const struct cpu_reg *toy_all(const struct cpu *cpu, uint32_t *n)
{
    (void)cpu;
    *n = ARRAY_LEN(toy_regs);
    return toy_regs;
}
static const struct cpu_isa toy_isa = {
    .max_insn = 4,
    .parcel = 2,
    .name = "toy", .size = sizeof(struct toy), .state = toy_state, .mode = toy_mode,
    .reset = toy_reset, .loaded = toy_loaded, .regs = toy_all,
};

static struct machine *m;
static struct cpu *cpu;
static struct err e;

static void setup(void)
{
    m = device_generic_machine();
    ck_assert_msg(cpu_create(&cpu, m, &toy_isa, 2, 2000000000, &e) == 0, "%s", e.text);
    machine_reset(m);
}
static void teardown(void)
{
    machine_destroy(m);
}

START_TEST(creation)
{
    struct cpu *other;
    ck_assert_str_eq(cpu->name, "cpu2");
    ck_assert_uint_eq(cpu->pc, 0x1000);
    ck_assert_int_eq(cpu_create(&other, m, &toy_isa, 2, 1, &e), ERR_ARG); /* the index is taken */
    ck_assert_int_eq(cpu_create(&other, m, &toy_isa, 3, 0, &e), ERR_ARG);
    ck_assert_int_eq(cpu_create(&other, m, &toy_isa, 3, PS_PER_SEC + 1, &e), ERR_ARG);
    ck_assert_int_eq(cpu_create(&other, m, &toy_isa, 3, PS_PER_SEC, &e), 0);
}
END_TEST

START_TEST(faults)
{
    cpu_raise(cpu, 13, 0x1234, 5, 6);
    ck_assert(cpu->fault.pending);
    ck_assert_uint_eq(cpu->fault.cause, 13);
    ck_assert_uint_eq(cpu->fault.value, 0x1234);
    ck_assert_uint_eq(cpu->fault.value3, 6);
    ck_assert_uint_eq(cpu->exit, CPU_EXIT_EXCEPTION);
    machine_reset(m);
    ck_assert(!cpu->fault.pending && cpu->exit == 0);
}
END_TEST

/* A slice of 1000 cycles from cycle 5000 at 2 GHz, 300 of them used: 2.65 us since power-on. */
static void slice(uint32_t uniform, int64_t used)
{
    cpu->uniform = uniform;
    cpu->budget = 1000;
    cpu->cycles_end = 6000;
    cpu->insns = 77;
    cpu->insns_end = uniform ? 400 + 1000 / uniform : 0; /* 400 retired before */
    cpu->budget -= used;
}

START_TEST(time)
{
    slice(1, 300);
    ck_assert_uint_eq(cpu_cycles(cpu), 5300);
    ck_assert_uint_eq(cpu_now(cpu), 2650000);
    ck_assert_uint_eq(cpu_insns(cpu), 700);
    slice(3, 300);
    ck_assert_uint_eq(cpu_insns(cpu), 500);
    slice(0, 300);
    ck_assert_uint_eq(cpu_insns(cpu), 77);
}
END_TEST

START_TEST(site)
{
    struct cpu_site s = { .at = -2, .insns_before = 4, .cost_before = 12 };
    slice(3, 300);
    cpu->page = 0x4000;
    cpu->pc = 0x9999;
    ck_assert_uint_eq(cpu_pc(cpu), 0x9999);
    cpu->site = &s;
    ck_assert_uint_eq(cpu_pc(cpu), 0x3ffe);
    ck_assert_uint_eq(cpu_cycles(cpu), 5312);
    ck_assert_uint_eq(cpu_insns(cpu), 504);
    ck_assert_uint_eq(cpu_now(cpu), 2656000);
}
END_TEST

/* At every point of a slice, at every cost: a kick moves no clock, then or later. */
START_TEST(kick_is_not_noticed)
{
    for (uint32_t uniform = 0; uniform <= 7; uniform++)
        for (int64_t insns = 0; insns < 360; insns++) {
            int64_t cost = uniform ? uniform : 3;
            slice(uniform, insns * cost);
            uint64_t cycles = cpu_cycles(cpu), retired = cpu_insns(cpu);
            if (uniform)
                ck_assert_uint_eq(retired, 400 + (uint64_t)insns);
            cpu_kick(cpu);
            ck_assert_int_le(cpu->budget, 0);
            ck_assert_uint_eq(cpu_cycles(cpu), cycles);
            ck_assert_uint_eq(cpu_insns(cpu), retired);
            cpu->budget -= 5 * cost; /* the rest of the block */
            ck_assert_uint_eq(cpu_cycles(cpu), cycles + 5 * (uint64_t)cost);
            if (uniform)
                ck_assert_uint_eq(cpu_insns(cpu), retired + 5);
            cpu_kick(cpu); /* a second one changes nothing */
            ck_assert_uint_eq(cpu_cycles(cpu), cycles + 5 * (uint64_t)cost);
        }
}
END_TEST

static unsigned kicks;
static void kicked(struct cpu *c)
{
    ck_assert_ptr_eq(c, cpu);
    kicks++;
}

START_TEST(kick_wakes_only_the_idle)
{
    cpu->kicked = kicked;
    cpu_kick(cpu);
    ck_assert_uint_eq(kicks, 0);
    cpu->run = CPU_IDLE;
    cpu_kick(cpu);
    ck_assert_uint_eq(kicks, 1);
    cpu->kicked = NULL;
    cpu_kick(cpu);
}
END_TEST

START_TEST(save_and_restore)
{
    struct mem_ram *ram = NULL;
    ck_assert_int_eq(machine_add_ram(m, "ram", 4 * MEM_PAGE, &ram, &e), 0);
    ck_assert_int_eq(mem_add_ram(m->memory, "ram", 0x8000, ram, 0, ram->size, 0, NULL, &e), 0);
    struct machine *n = device_generic_machine();
    struct cpu *copy;
    struct mem_ram *ram2 = NULL;
    ck_assert_int_eq(cpu_create(&copy, n, &toy_isa, 2, 2000000000, &e), 0);
    ck_assert_int_eq(machine_add_ram(n, "ram", 4 * MEM_PAGE, &ram2, &e), 0);
    ck_assert_int_eq(mem_add_ram(n->memory, "ram", 0x8000, ram2, 0, ram2->size, 0, NULL, &e), 0);
    machine_reset(n);
    slice(2, 300);
    cpu->pc = 0x8004;
    cpu->run = CPU_IDLE;
    cpu->reserved = true;
    cpu->reserved_pa = 0x9010;
    cpu->reserved_size = 8;
    ((struct toy *)cpu)->x[3] = 6;
    copy->uniform = 2;
    device_generic_copy(m, n);
    ck_assert_uint_eq(cpu_cycles(copy), cpu_cycles(cpu));
    ck_assert_uint_eq(cpu_insns(copy), cpu_insns(cpu));
    ck_assert_uint_eq(copy->pc, 0x8004);
    ck_assert_uint_eq(copy->run, CPU_IDLE);
    ck_assert_uint_eq(copy->mode_flags, 6);
    ck_assert_uint_eq(((struct toy *)copy)->loaded, 1);
    ck_assert_uint_eq(ram2->flags[1], MEM_PAGE_RESERVED); /* a store there is noticed again */
    machine_destroy(n);
}
END_TEST

START_TEST(registers)
{
    ck_assert_ptr_eq(cpu_find_reg(cpu, "pc"), &toy_regs[2]);
    ck_assert_ptr_eq(cpu_find_reg(cpu, "x0"), &toy_regs[0]);
    ck_assert_ptr_null(cpu_find_reg(cpu, "x"));
    ck_assert_ptr_null(cpu_find_reg(cpu, "x00"));
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("cpu");
    TCase *c = tcase_create("cpu");
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, creation);
    tcase_add_test(c, faults);
    tcase_add_test(c, time);
    tcase_add_test(c, site);
    tcase_add_test(c, kick_is_not_noticed);
    tcase_add_test(c, kick_wakes_only_the_idle);
    tcase_add_test(c, save_and_restore);
    tcase_add_test(c, registers);
    suite_add_tcase(s, c);
    return s;
}
