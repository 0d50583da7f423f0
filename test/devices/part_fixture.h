/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_TEST_DEVICES_PART_FIXTURE_H
#define ORRERY_TEST_DEVICES_PART_FIXTURE_H
/*
 * A machine with one part, mostly of 32-bit registers. The test defines part_create(), which makes the part
 * in a machine (and maps it, where there is no PART_AT), and includes this before its START_TESTs:
 *
 *     #define PART_AT 0x9010000ull
 *     #include "test/devices/part_fixture.h"
 *     #define rtc ((struct pl031 *)part)
 *     static struct device *part_create(struct machine *machine, struct err *e) ...
 */
#include "test/check_main.h"
#include "test/device_generic.h"

static struct machine *m;
static struct device *part; /* registers at PART_AT of it */

static struct device *part_create(struct machine *machine, struct err *e);

/* For device_generic_test. */
static inline struct device *make(struct machine *machine, void *arg)
{
    struct err e = { 0 };
    struct device *made = part_create(machine, &e);

    (void)arg;
    ck_assert_msg(made != NULL, "%s", e.text);
#ifdef PART_AT
    ck_assert_int_eq(device_map(made, machine->memory, PART_AT, &e), 0);
#endif
    return made;
}

static inline void setup(void)
{
    m = device_generic_machine();
    part = make(m, NULL);
    machine_reset(m);
}

static inline void teardown(void)
{
    machine_destroy(m);
}

/* Save, and go on in a fresh machine: what follows must not notice. */
static inline void replace_machine(void)
{
    struct machine *fresh = device_generic_machine();

    part = make(fresh, NULL);
    machine_reset(fresh);
    device_generic_copy(m, fresh);
    machine_destroy(m);
    m = fresh;
}

#ifdef PART_AT
static inline uint32_t get(uint32_t offset)
{
    uint64_t v;

    ck_assert_int_eq(mem_load(m->memory, PART_AT + offset, 4, &v, NULL), MEM_OK);
    return (uint32_t)v;
}

static inline void put(uint32_t offset, uint32_t v)
{
    ck_assert_int_eq(mem_store(m->memory, PART_AT + offset, 4, v, NULL), MEM_OK);
}
#endif

#endif
