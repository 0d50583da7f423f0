/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_TEST_DEVICES_PART_SUITE_H
#define ORRERY_TEST_DEVICES_PART_SUITE_H
/* For a small part: part_fixture.h, and the suite of one test of its own beside what every part has to pass. */
#include "test/devices/part_fixture.h"

START_TEST(generic)
{
    device_generic_test(&(struct device_generic){ .make = make });
}
END_TEST

static inline Suite *part_suite(const char *name, const TTest *own)
{
    Suite *s = suite_create(name);
    TCase *t = tcase_create("registers");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, own);
    tcase_add_test(t, generic);
    suite_add_tcase(s, t);
    return s;
}

#endif
