/* SPDX-License-Identifier: Apache-2.0 */
#include "test/check_main.h"
#include <stdlib.h>

static uint64_t number(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text ? strtoull(text, NULL, 0) : otherwise;
}

uint64_t test_fuzz_steps(uint64_t usual)
{
    return number("ORRERY_FUZZ_STEPS", usual);
}

uint64_t test_fuzz_seed(void)
{
    return number("ORRERY_FUZZ_SEED", 0);
}

int main(void)
{
    setenv("CK_TIMEOUT_MULTIPLIER", "10", 0); /* limits are for hangs; the machine may be busy */
    SRunner *runner = srunner_create(test_suite());
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
