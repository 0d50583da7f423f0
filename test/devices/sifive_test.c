/* SPDX-License-Identifier: Apache-2.0 */
/* SiFive's test finisher, as on QEMU's virt (hw/misc/sifive_test.c): bits 15:0 command, 31:16 code. */
#include "devices/sifive_test.h"
#include "core/util/bits.h"
#include "test/check_main.h"
#include "test/device_generic.h"

enum { BASE = 0x100000 };

static struct machine *m;
static struct sifive_test *t;

static struct device *make(struct machine *machine, void *arg)
{
    struct err e = { 0 };
    struct sifive_test *made = sifive_test_create(machine, "test", &e);

    (void)arg;
    ck_assert_msg(made != NULL, "%s", e.text);
    ck_assert_int_eq(device_map(&made->dev, machine->memory, BASE, &e), 0);
    return &made->dev;
}

static void setup(void)
{
    m = device_generic_machine();
    t = (struct sifive_test *)make(m, NULL);
    machine_reset(m);
}

static void teardown(void)
{
    machine_destroy(m);
}

static const struct {
    uint32_t offset;
    unsigned size;
    uint64_t value;
    enum mem_result result;
    enum machine_stop stop;
    int code;
    unsigned guest_errors;
} rows[] = {
    { 0, 4, 0x5555, MEM_OK, MACHINE_POWEROFF, 0, 0 },
    { 0, 2, 0x5555, MEM_OK, MACHINE_POWEROFF, 0, 0 },
    { 0, 4, 0x3333, MEM_OK, MACHINE_POWEROFF, 0, 0 },
    { 0, 4, 0x00013333, MEM_OK, MACHINE_POWEROFF, 1, 0 },
    { 0, 4, 0xffff3333, MEM_OK, MACHINE_POWEROFF, 65535, 0 },
    { 0, 4, 0x7777, MEM_OK, MACHINE_RESET, 0, 0 },
    { 0, 2, 0x7777, MEM_OK, MACHINE_RESET, 0, 0 },
    { 0, 4, 0x00057777, MEM_OK, MACHINE_RESET, 0, 0 },
    { 0, 4, 0, MEM_OK, MACHINE_RUNS, 0, 1 },
    { 0, 4, 0x5556, MEM_OK, MACHINE_RUNS, 0, 1 },
    { 0, 4, 0x55550000, MEM_OK, MACHINE_RUNS, 0, 1 }, /* the command is the low half */
    { 2, 2, 0x5555, MEM_OK, MACHINE_RUNS, 0, 1 },
    { 0, 1, 0x55, MEM_BAD_SIZE, MACHINE_RUNS, 0, 1 },
    { 0, 8, 0x5555, MEM_BAD_SIZE, MACHINE_RUNS, 0, 1 },
    { 4, 4, 0x5555, MEM_OK, MACHINE_RUNS, 0, 1 },
    { 0xffc, 4, 0x5555, MEM_OK, MACHINE_RUNS, 0, 1 },
};
START_TEST(commands)
{
    uint64_t v = 1;

    ck_assert_int_eq(mem_store(m->memory, BASE + rows[_i].offset, rows[_i].size, rows[_i].value, NULL),
                     rows[_i].result);
    ck_assert_uint_eq(m->stop, rows[_i].stop);
    ck_assert_int_eq(m->exit_code, rows[_i].code);
    ck_assert_uint_eq(t->dev.guest_errors, rows[_i].guest_errors);
    ck_assert_int_eq(mem_load(m->memory, BASE, 4, &v, NULL), MEM_OK);
    ck_assert_uint_eq(v, 0);
}
END_TEST

/* The first command of two counts, until the machine was resumed. */
START_TEST(first_command_counts)
{
    ck_assert_int_eq(mem_store(m->memory, BASE, 4, 0x00033333, NULL), MEM_OK);
    ck_assert_int_eq(mem_store(m->memory, BASE, 4, 0x7777, NULL), MEM_OK);
    ck_assert_uint_eq(m->stop, MACHINE_POWEROFF);
    ck_assert_int_eq(m->exit_code, 3);
    machine_resume(m);
    ck_assert_int_eq(mem_store(m->memory, BASE, 4, 0x7777, NULL), MEM_OK);
    ck_assert_uint_eq(m->stop, MACHINE_RESET);
}
END_TEST

START_TEST(generic)
{
    device_generic_test(&(struct device_generic){ .make = make });
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("sifive_test");
    TCase *c = tcase_create("commands");

    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_loop_test(c, commands, 0, (int)ARRAY_LEN(rows));
    tcase_add_test(c, first_command_counts);
    tcase_add_test(c, generic);
    suite_add_tcase(s, c);
    return s;
}
