/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/bus_error.h"
#include "test/check_main.h"

static struct machine *machine;
static struct bus_error *device;

static void open_machine(void)
{
    struct err e;
    struct mem_ram *ram;
    ck_assert_int_eq(machine_create(&machine, stderr, &e), 0);
    ck_assert_int_eq(machine_add_ram(machine, "ram", 0x10000, &ram, &e), 0);
    ck_assert_int_eq(mem_add_ram(machine->memory, "ram", 0x80000000, ram, 0, 0x10000, 0, NULL, &e), 0);
    device = bus_error_create(machine, "bus-error", &e);
    ck_assert_ptr_nonnull(device);
}

static enum mem_result load(pa_t pa, unsigned size, uint64_t *value)
{
    return mem_load(machine->memory, pa, size, value, &(struct mem_attrs){ 0 });
}

START_TEST(covers_and_lifts)
{
    struct err e;
    uint64_t v;
    open_machine();
    ck_assert_int_eq(mem_store(machine->memory, 0x80001008, 8, 0x1122334455667788, &(struct mem_attrs){ 0 }), MEM_OK);
    ck_assert_int_eq(bus_error_add(device, 0x80001000, 0x10, &e), 0);
    ck_assert_int_eq(bus_error_add(device, 0x90000000, 0x1000, &e), 0);
    ck_assert_int_eq(load(0x80001008, 8, &v), MEM_REFUSED);
    ck_assert_int_eq(load(0x80001008, 1, &v), MEM_REFUSED);
    ck_assert_int_eq(load(0x90000ff8, 8, &v), MEM_REFUSED);
    ck_assert_int_eq(mem_store(machine->memory, 0x80001008, 4, 0, &(struct mem_attrs){ 0 }), MEM_REFUSED);
    ck_assert_int_eq(load(0x80000ff8, 8, &v), MEM_OK);
    ck_assert_int_eq(load(0x80001010, 8, &v), MEM_OK);
    ck_assert_int_eq(bus_error_remove(device, 0x80001008, &e), ERR_ABSENT);
    ck_assert_int_eq(bus_error_remove(device, 0x80001000, &e), 0);
    ck_assert_int_eq(load(0x80001008, 8, &v), MEM_OK);
    ck_assert_uint_eq(v, 0x1122334455667788);
    machine_destroy(machine);
}
END_TEST

START_TEST(bad_ranges)
{
    struct err e;
    pa_t base;
    uint64_t size;
    open_machine();
    ck_assert_int_eq(bus_error_add(device, 0x1000, 0, &e), ERR_ARG);
    ck_assert_int_eq(bus_error_add(device, UINT64_MAX, 2, &e), ERR_ARG);
    for (unsigned i = 0; i < BUS_ERROR_RANGES; i++)
        ck_assert_int_eq(bus_error_add(device, 0x10000 * i, 8, &e), 0);
    ck_assert_int_eq(bus_error_add(device, 0x1000, 8, &e), ERR_LIMIT);
    static const char *const wrong[] = { "", "0x10", "0x10+", "+5", "0x10+z", "0x10+5x", "x" };
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        ck_assert_int_eq(bus_error_parse(wrong[i], &base, &size, &e), ERR_ARG);
    ck_assert_int_eq(bus_error_parse("0x80000000+4096", &base, &size, &e), 0);
    ck_assert(base == 0x80000000 && size == 4096);
    machine_destroy(machine);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("devices.bus_error");
    TCase *t = tcase_create("ranges");
    tcase_add_test(t, covers_and_lifts);
    tcase_add_test(t, bad_ranges);
    suite_add_tcase(s, t);
    return s;
}
