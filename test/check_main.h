/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_TEST_CHECK_MAIN_H
#define ORRERY_TEST_CHECK_MAIN_H
/*
 * Every Check program defines one suite; test/check_main.c runs it. Tests of random accesses take
 * more of them, and others, from the environment (with CK_TIMEOUT_MULTIPLIER, and CK_FORK=no
 * under a debugger): ORRERY_FUZZ_STEPS=1000000 ORRERY_FUZZ_SEED=7 test-irqchip.gic_its
 */
#include <check.h>
#include <stdint.h>

Suite *test_suite(void);

uint64_t test_fuzz_steps(uint64_t usual);
uint64_t test_fuzz_seed(void); /* 0 if none is given */

#endif
