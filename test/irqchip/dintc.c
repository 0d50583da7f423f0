/* SPDX-License-Identifier: Apache-2.0 */
/* DINTC: address 2FE00000h | core << 12 | vector << 4 is a message interrupt, whatever the data. */
#include "irqchip/dintc.h"

#define PART_AT 0x2fe00000ull
#include "test/devices/part_fixture.h"

static uint32_t delivered, core, vector;

/* Cores 0 to 3 are there. */
static bool deliver(void *arg, uint32_t core_id, uint32_t number)
{
    (void)arg;
    delivered++;
    core = core_id;
    vector = number;
    return core_id < 4;
}

static struct device *part_create(struct machine *machine, struct err *e)
{
    struct dintc *made = dintc_create(machine, "dintc", deliver, NULL, e);

    delivered = 0;
    return made ? &made->dev : NULL;
}

START_TEST(generic)
{
    device_generic_test(&(struct device_generic){ .make = make });
}
END_TEST

static const struct { uint32_t offset, core, vector; } messages[] = {
    { 0x00000, 0, 0 }, { 0x00210, 0, 0x21 }, { 0x03ff0, 3, 0xff }, { 0x02350, 2, 0x35 }, { 0x04010, 4, 1 },
    { 0xffff0, 0xff, 0xff },
};
START_TEST(address_names_core_and_vector)
{
    put(messages[_i].offset, 0x12345678);
    ck_assert_uint_eq(delivered, 1);
    ck_assert_uint_eq(core, messages[_i].core);
    ck_assert_uint_eq(vector, messages[_i].vector);
    ck_assert_uint_eq(part->guest_errors, messages[_i].core >= 4);
    ck_assert_uint_eq(get(messages[_i].offset), 0);
    put(messages[_i].offset + 4, 1); /* between two messages */
    ck_assert_uint_eq(delivered, 1);
}
END_TEST

START_TEST(dwords_only)
{
    uint64_t v;

    ck_assert_int_eq(mem_store(m->memory, PART_AT, 1, 0, NULL), MEM_BAD_SIZE);
    ck_assert_int_eq(mem_store(m->memory, PART_AT, 8, 0, NULL), MEM_BAD_SIZE);
    ck_assert_int_eq(mem_load(m->memory, PART_AT + DINTC_SIZE, 4, &v, NULL), MEM_NOTHING);
    ck_assert_uint_eq(delivered, 0);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("irqchip.dintc");
    TCase *t = tcase_create("messages");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, generic);
    tcase_add_loop_test(t, address_names_core_and_vector, 0, ARRAY_LEN(messages));
    tcase_add_test(t, dwords_only);
    suite_add_tcase(s, t);
    return s;
}
