/* SPDX-License-Identifier: Apache-2.0 */
/* ACPI 6.4, 4.8.3.6 and 4.8.3.7 */
#include "devices/acpi_sleep.h"
#include "test/check_main.h"
#include "test/device_generic.h"

static unsigned slept, resets;

static void sleep_state(void *arg, unsigned slp_typ)
{
    (void)arg;
    slept = slp_typ;
}
static void reset(void *arg)
{
    (void)arg;
    resets++;
}

static struct device *make(struct machine *m, void *arg)
{
    const struct acpi_sleep_config c = { .sleep = sleep_state, .reset = reset };
    struct err e = { 0 };
    struct acpi_sleep *s = acpi_sleep_create(m, "sleep", &c, &e);

    (void)arg;
    ck_assert_msg(s != NULL && device_map(&s->dev, m->memory, 0x1000, &e) == 0, "%s", e.text);
    return &s->dev;
}

START_TEST(generic)
{
    device_generic_test(&(struct device_generic){ .make = make });
}
END_TEST

START_TEST(registers)
{
    /* SLP_TYP in bits 4:2 counts with SLP_EN, bit 5; 42h resets, nothing else does. */
    static const struct { uint32_t at, value, slept, resets; } rows[] = {
        { 0, 5 << 2, 99, 0 }, { 0, 5 << 2 | 0x20, 5, 0 }, { 2, 0x41, 99, 0 }, { 2, 0x42, 99, 1 }, { 1, 0xff, 99, 0 },
    };
    struct machine *m = device_generic_machine();
    uint64_t v;

    (void)make(m, NULL);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        slept = 99;
        resets = 0;
        ck_assert_int_eq(mem_store(m->memory, 0x1000 + rows[i].at, 1, rows[i].value, &(struct mem_attrs){ 0 }), MEM_OK);
        ck_assert_uint_eq(slept, rows[i].slept);
        ck_assert_uint_eq(resets, rows[i].resets);
        ck_assert_int_eq(mem_load(m->memory, 0x1000 + rows[i].at, 1, &v, &(struct mem_attrs){ 0 }), MEM_OK);
        ck_assert_uint_eq(v, 0);
    }
    machine_destroy(m);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("acpi_sleep");
    TCase *t = tcase_create("acpi_sleep");

    tcase_add_test(t, generic);
    tcase_add_test(t, registers);
    suite_add_tcase(s, t);
    return s;
}
