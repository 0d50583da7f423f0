/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_SIFIVE_TEST_H
#define ORRERY_DEVICES_SIFIVE_TEST_H
/* SiFive's test finisher: a 32-bit write of 0x5555 ends well, 0x3333 | code << 16 ends with a code, 0x7777 resets. */
#include "core/device/device.h"

struct sifive_test {
    struct device dev;
};
struct sifive_test *sifive_test_create(struct machine *m, const char *id, struct err *e);

#endif
