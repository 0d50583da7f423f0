/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_TEST_DEVICE_GENERIC_H
#define ORRERY_TEST_DEVICE_GENERIC_H
/*
 * What every part has to pass, read off its own tables: register reset values,
 * masks, access sizes, reads without side effects for the debugger, a state table
 * that covers every byte from its first member on, and random accesses that go
 * the same way whether or not the machine is saved and restored in between.
 * A device's test calls device_generic_test() from one START_TEST. Failures end
 * the test through Check and name part and register.
 *
 *     static struct device *make(struct machine *m, void *arg)
 *     {
 *         (void)arg;
 *         struct err e = { 0 };
 *         struct pl031 *p = pl031_create(m, "rtc", &e);
 *         ck_assert_msg(p != NULL, "%s", e.text);
 *         return &p->dev;
 *     }
 *     ...
 *     device_generic_test(&(struct device_generic){ .make = make });
 */
#include "core/device/device.h"

struct device_generic {
    /* Build the part, with what it needs around it, in an empty machine. Called many times. */
    struct device *(*make)(struct machine *m, void *arg);
    void *arg;
    uint32_t steps;        /* random accesses; 0 = 3000 */
    uint64_t seed;
    bool keeps_state;      /* some saved state survives a reset (RTC, flash) */
    const char *skip;      /* name of a register that is not poked at random, or NULL */
};

void device_generic_test(const struct device_generic *g);

/* The checks that need one machine only; the device is reset several times. */
void device_generic_check(struct device *dev);

/* A machine that prints nothing and hashes its trace; and its end. */
struct machine *device_generic_machine(void);

/* Save `m`, load it into `fresh` (built alike), demand equal hashes. */
void device_generic_copy(struct machine *m, struct machine *fresh);

#endif
