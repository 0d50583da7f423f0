/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_TOOLS_BENCH_KERNELS_BENCH_H
#define ORRERY_TOOLS_BENCH_KERNELS_BENCH_H
/*
 * A benchmark kernel: `kernel(rounds)` does its work and returns a checksum over the
 * results. The same source is compiled for the guest (free-standing) and for the
 * host, where it gives the checksum that the guest must print.
 */
#include <stdint.h>

extern const unsigned kernel_rounds;   /* so many that an emulator needs some seconds */
uint64_t kernel(unsigned rounds);

/* One trip into the next more privileged mode and back: returns v + 1. */
uint64_t bench_syscall(uint64_t v);

/* xorshift64*: the kernels' only source of "random" input. */
static inline uint64_t bench_random(uint64_t *s)
{
    *s ^= *s >> 12;
    *s ^= *s << 25;
    *s ^= *s >> 27;
    return *s * 0x2545f4914f6cdd1dull;
}

static inline uint64_t bench_mix(uint64_t h, uint64_t v)
{
    h ^= v + 0x9e3779b97f4a7c15ull + (h << 6) + (h >> 2);
    return h;
}

#endif
