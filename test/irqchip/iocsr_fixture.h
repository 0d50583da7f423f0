/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_TEST_IRQCHIP_IOCSR_FIXTURE_H
#define ORRERY_TEST_IRQCHIP_IOCSR_FIXTURE_H
/*
 * A machine with parts of Loongson cores in IOCSR space, which is here the machine's memory, as the test of one of them
 * has it. The test defines iocsr_create(), which makes and maps the part under test and sets its pointers:
 *
 *     #include "test/irqchip/iocsr_fixture.h"
 *     static struct device *iocsr_create(struct machine *machine, struct err *e) ...
 */
#include "test/check_main.h"
#include "test/device_generic.h"

static struct machine *m;
static struct device *part;

/* NULL with `e`; the caller points to what it made afterwards. */
static struct device *iocsr_create(struct machine *machine, struct err *e);

static inline struct device *make(struct machine *machine, void *arg)
{
    struct err e = { 0 };
    struct device *made = iocsr_create(machine, &e);

    (void)arg;
    ck_assert_msg(made != NULL, "%s", e.text);
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

/* By the core with that CPU index. */
static inline enum mem_result try_load(uint32_t cpu, pa_t at, unsigned size, uint64_t *v)
{
    return mem_load(m->memory, at, size, v, &(struct mem_attrs){ .requester = MEM_REQUESTER_CPU + cpu });
}

static inline enum mem_result try_store(uint32_t cpu, pa_t at, unsigned size, uint64_t v)
{
    return mem_store(m->memory, at, size, v, &(struct mem_attrs){ .requester = MEM_REQUESTER_CPU + cpu });
}

static inline uint64_t load(uint32_t cpu, pa_t at, unsigned size)
{
    uint64_t v = ~0ull;

    ck_assert_int_eq(try_load(cpu, at, size, &v), MEM_OK);
    return v;
}

static inline void store(uint32_t cpu, pa_t at, unsigned size, uint64_t v)
{
    ck_assert_int_eq(try_store(cpu, at, size, v), MEM_OK);
}

#endif
