/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_TEST_CHECK_MAIN_H
#define ORRERY_TEST_CHECK_MAIN_H
/* Every Check program defines one suite; test/check_main.c runs it. */
#include <check.h>

Suite *test_suite(void);

#endif
