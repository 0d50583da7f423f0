/* SPDX-License-Identifier: Apache-2.0 */
#include "mmu/shared.h"
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include <sched.h>
#include <string.h>

#define LOCKED 1u
#define SPINS  100u /* then the one who holds it was taken off its host CPU */

static struct mmu_stripe *stripe_of(struct mmu_stripe *s, const uint8_t *host)
{
    uint64_t line = (uint64_t)(uintptr_t)host / MMU_LINE;
    return &s[(line * 0x9e3779b97f4a7c15ull) >> 54 & (MMU_STRIPES - 1)];
}

static void wait_a_little(unsigned *n)
{
    if (++*n % SPINS == 0)
        sched_yield();
    else
        __builtin_ia32_pause();
}

/* The count before. */
static uint64_t lock(struct mmu_stripe *s)
{
    unsigned n = 0;
    for (;;) {
        uint64_t v = __atomic_load_n(&s->word, __ATOMIC_RELAXED);
        if (!(v & LOCKED) && __atomic_compare_exchange_n(&s->word, &v, v | LOCKED, false, __ATOMIC_ACQUIRE,
                                                         __ATOMIC_RELAXED))
            return v;
        wait_a_little(&n);
    }
}

static void unlock(struct mmu_stripe *s, uint64_t count, bool stored)
{
    __atomic_store_n(&s->word, count + (stored ? 2 : 0), __ATOMIC_RELEASE);
}

uint64_t mmu_amo_result(enum ir_amo op, uint64_t old, uint64_t value, unsigned size)
{
    uint64_t a = zext(old, size * 8), b = zext(value, size * 8);
    int64_t sa = (int64_t)sext(old, size * 8), sb = (int64_t)sext(value, size * 8);
    switch (op) {
    case IR_AMO_SWAP: return value;
    case IR_AMO_ADD:  return old + value;
    case IR_AMO_AND:  return old & value;
    case IR_AMO_OR:   return old | value;
    case IR_AMO_XOR:  return old ^ value;
    case IR_AMO_MIN:  return sa < sb ? old : value;
    case IR_AMO_MAX:  return sa > sb ? old : value;
    case IR_AMO_MINU: return a < b ? old : value;
    case IR_AMO_MAXU: return a > b ? old : value;
    }
    return value;
}

/* What was there; equal to `expected`: it was exchanged. */
static uint64_t exchange(uint8_t *host, unsigned size, uint64_t expected, uint64_t value)
{
    switch (size) {
#define CASE(n, T)                                                                                                     \
    case n: {                                                                                                          \
        T old = (T)expected;                                                                                           \
        (void)__atomic_compare_exchange_n((T *)(void *)host, &old, (T)value, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); \
        return old;                                                                                                    \
    }
    CASE(1, uint8_t)
    CASE(2, uint16_t)
    CASE(4, uint32_t)
    CASE(8, uint64_t)
#undef CASE
    default: return ~expected;
    }
}

/* CMPXCHG16B (Intel SDM volume 2); every x86-64 host since the second generation has it. */
static bool exchange128(uint8_t *host, uint64_t old[2], const uint64_t value[2])
{
    bool same;
    __asm__ volatile("lock cmpxchg16b %1"
                     : "=@ccz"(same), "+m"(*(uint8_t (*)[16])host), "+a"(old[0]), "+d"(old[1])
                     : "b"(value[0]), "c"(value[1])
                     : "memory");
    return same;
}

static uint64_t swapped(uint64_t v, unsigned size)
{
    return __builtin_bswap64(v) >> (64 - 8 * size);
}

uint64_t mmu_shared_amo(struct mmu_stripe *stripes, uint8_t *host, unsigned size, enum ir_amo op, uint64_t value,
                        bool be)
{
    struct mmu_stripe *s = stripe_of(stripes, host);
    uint64_t count = lock(s), seen = ld_le(host, size), old;
    do { /* plain stores may come between */
        old = seen;
        uint64_t v = mmu_amo_result(op, be ? swapped(old, size) : old, value, size);
        seen = exchange(host, size, old, be ? swapped(zext(v, size * 8), size) : v);
    } while (seen != old);
    unlock(s, count, true);
    return be ? swapped(old, size) : old;
}

uint64_t mmu_shared_cas(struct mmu_stripe *stripes, uint8_t *host, unsigned size, uint64_t expected, uint64_t value)
{
    struct mmu_stripe *s = stripe_of(stripes, host);
    uint64_t count = lock(s), old = exchange(host, size, expected, value);
    unlock(s, count, old == zext(expected, size * 8));
    return old;
}

void mmu_shared_cas128(struct mmu_stripe *stripes, uint8_t *host, const uint64_t expected[2], const uint64_t value[2],
                       uint64_t old[2])
{
    struct mmu_stripe *s = stripe_of(stripes, host);
    uint64_t count = lock(s);
    old[0] = expected[0];
    old[1] = expected[1];
    unlock(s, count, exchange128(host, old, value));
}

void mmu_shared_reserve(struct mmu_stripe *stripes, struct mmu_link *l, const uint8_t *host)
{
    struct mmu_stripe *s = stripe_of(stripes, host);
    unsigned n = 0;
    l->line = (const uint8_t *)((uintptr_t)host & ~(uintptr_t)(MMU_LINE - 1));
    do {
        while ((l->count = __atomic_load_n(&s->word, __ATOMIC_ACQUIRE)) & LOCKED)
            wait_a_little(&n);
        for (unsigned i = 0; i < MMU_LINE; i += 8) {
            uint64_t v = __atomic_load_n((const uint64_t *)(const void *)(l->line + i), __ATOMIC_ACQUIRE);
            st_le64(l->bytes + i, v);
        }
    } while (__atomic_load_n(&s->word, __ATOMIC_ACQUIRE) != l->count);
}

bool mmu_shared_store(struct mmu_stripe *stripes, struct mmu_link *l, uint8_t *host, unsigned size,
                      const uint64_t value[2])
{
    struct mmu_stripe *s = stripe_of(stripes, host);
    const uint8_t *line = l->line;
    size_t at = (size_t)(host - line);
    l->line = NULL;
    if (line == NULL || host < line || at + size > MMU_LINE)
        return false;
    uint64_t count = lock(s);
    bool done = count == l->count;
    if (done && size == 16) {
        uint64_t old[2] = { ld_le64(l->bytes + at), ld_le64(l->bytes + at + 8) };
        done = exchange128(host, old, value);
    } else if (done) {
        uint64_t old = ld_le(l->bytes + at, size);
        done = exchange(host, size, old, value[0]) == old;
    }
    unlock(s, count, done);
    return done;
}
