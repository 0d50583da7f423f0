/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_TEST_IRQCHIP_IOCSR_FIXTURE_H
#define ORRERY_TEST_IRQCHIP_IOCSR_FIXTURE_H
/*
 * Parts of Loongson cores in IOCSR space, which is here the machine's memory, as the test of one of them has it: a
 * part_fixture.h whose part_create() maps what it makes.
 */
#include "test/devices/part_fixture.h"

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
