/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_TEST_CORE_EXEC_HASH_MODEL_H
#define ORRERY_TEST_CORE_EXEC_HASH_MODEL_H
/* A timing model that hashes what it is told, in order, and charges a little. */
#include "core/timing/model.h"
#include "core/util/hash.h"

struct hash_model {
    struct tm_cpu tm;
    uint64_t hash;
};

static uint32_t note(struct tm_cpu *t, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    struct hash_model *m = (struct hash_model *)t;
    m->hash = hash_mix(m->hash * 31 + hash_mix(a ^ hash_mix(b ^ hash_mix(c ^ hash_mix(d)))));
    return (uint32_t)(m->hash & 3);
}

static uint32_t note_fetch(struct tm_cpu *t, uint64_t pa)
{
    return note(t, 1, pa, 0, 0);
}

static uint32_t note_data(struct tm_cpu *t, uint64_t va, uint64_t pa, uint32_t size, bool write)
{
    return note(t, 2, va, pa, size * 2 + write);
}

static uint32_t note_branch(struct tm_cpu *t, uint64_t pc, uint64_t target, uint32_t kind,
                            bool taken)
{
    return note(t, 3, pc, target, kind * 2 + taken);
}

static const struct tm_model hash_model = { .name = "hash", .fetch_line = note_fetch,
                                       .data_access = note_data, .branch = note_branch };

#define HASH_MODEL { .tm = { .model = &hash_model, .line_shift = 6 } }

#endif
