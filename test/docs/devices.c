/* SPDX-License-Identifier: Apache-2.0 */
/* The example of docs/devices.md, as it stands there. */
#include "devices.example.h"
#include "test/check_main.h"
#include "test/device_generic.h"

static struct device *make(struct machine *m, void *arg)
{
    struct err e = { 0 };
    struct countdown *c = countdown_create(m, "countdown0", &e);

    (void)arg;
    ck_assert_msg(c != NULL, "%s", e.text);
    ck_assert_int_eq(device_map(&c->dev, m->memory, 0x1000, &e), 0);
    return &c->dev;
}

START_TEST(generic)
{
    device_generic_test(&(struct device_generic){ .make = make });
}
END_TEST

START_TEST(counts_down_and_interrupts)
{
    static const struct mem_attrs attrs = { 0 };
    struct machine *m = device_generic_machine();
    struct countdown *c = (struct countdown *)make(m, NULL);
    uint64_t v;

    machine_reset(m);
    ck_assert_int_eq(mem_store(m->memory, 0x1008, 4, 1, &attrs), MEM_OK);
    ck_assert_int_eq(mem_store(m->memory, 0x1000, 4, 10, &attrs), MEM_OK);
    ev_run(m->queue, 3 * PS_PER_US);
    ck_assert_int_eq(mem_load(m->memory, 0x1004, 4, &v, &attrs), MEM_OK);
    ck_assert_uint_eq(v, 7);
    ck_assert(!c->irq.level);
    ev_run(m->queue, 10 * PS_PER_US);
    ck_assert(c->irq.level);
    ck_assert_int_eq(mem_store(m->memory, 0x100c, 4, 1, &attrs), MEM_OK);
    ck_assert(!c->irq.level);
    machine_destroy(m);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("docs.devices");
    TCase *t = tcase_create("example");

    tcase_add_test(t, generic);
    tcase_add_test(t, counts_down_and_interrupts);
    suite_add_tcase(s, t);
    return s;
}
