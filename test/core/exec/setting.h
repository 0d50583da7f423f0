/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_TEST_CORE_EXEC_SETTING_H
#define ORRERY_TEST_CORE_EXEC_SETTING_H
/* Numbers that a test takes from its environment, for longer runs than usual. */
#include <stdint.h>
#include <stdlib.h>

static inline uint64_t setting(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 0) : otherwise;
}

#endif
