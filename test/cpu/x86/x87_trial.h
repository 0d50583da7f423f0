/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_TEST_CPU_X86_X87_TRIAL_H
#define ORRERY_TEST_CPU_X86_X87_TRIAL_H
/* States of an x87 FPU to try instructions on, with operands in memory: many special ones, and such that meet. */
#include "cpu/x86/cpu.h"
#include <stdint.h>
#include <string.h>

#define X87_MEM 12            /* bytes of a memory operand that are watched */

struct x87_image {
    uint32_t fcw, fsw, ftw, fip, fcs_fop, fdp, fds;
    uint8_t st[8][10];
};
struct x87_trial {
    struct x87_image image;
    uint8_t mem[16];
    uint64_t flags;           /* arithmetic flags of RFLAGS */
};

static inline uint64_t next(uint64_t *seed)
{
    uint64_t z = *seed += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}
static inline unsigned below(uint64_t *seed, unsigned n)
{
    return (unsigned)(next(seed) % n);
}

static inline uint64_t random_significand(uint64_t *seed)
{
    uint64_t m = next(seed);
    switch (below(seed, 8)) {
    case 0: m = 1ull << below(seed, 64); break;
    case 1: m = ~0ull << below(seed, 64); break;
    case 2: m = ~0ull >> below(seed, 64); break;
    case 3: m &= ~0ull << (below(seed, 2) ? 11 : 40); break;                     /* fits f64, f32 */
    case 4: m = (m & ~0ull << (below(seed, 2) ? 11 : 40)) | 1ull << (below(seed, 2) ? 10 : 39); break; /* just between */
    case 5: m &= next(seed) & next(seed); break;
    default: break;
    }
    return m;
}

static inline void random_register(uint64_t *seed, uint8_t st[10], unsigned near)
{
    static const uint16_t exponents[] = { 0, 1, 2, 0x3f, 0x3fff - 1074, 0x3fff - 1022, 0x3fff - 149, 0x3fff - 127,
                                          0x3fff, 0x3fff + 15, 0x3fff + 31, 0x3fff + 63, 0x3fff + 127,
                                          0x3fff + 1023, 0x7ffe, 0x7fff, 0x3fff + 59, 0x1fff, 0x5fff };
    uint64_t m = random_significand(seed);
    unsigned se;
    switch (below(seed, 10)) {
    case 0: se = (unsigned)next(seed) & 0x7fff; break;
    case 1: case 2: se = exponents[below(seed, 19)] + below(seed, 5) - 2; break;
    case 3: se = exponents[below(seed, 19)]; break;
    case 4: se = 0x3fff + below(seed, 70); break;
    default: se = near + below(seed, 72) - 36; break;
    }
    se = (se & 0x7fff) | (below(seed, 2) ? 0x8000 : 0);
    if (below(seed, 20) != 0 && (se & 0x7fff) != 0)
        m |= 1ull << 63;
    if (below(seed, 20) == 0)
        m = below(seed, 2) ? 0 : 1ull << 63;
    if (below(seed, 30) == 0)
        m = se = 0;
    memcpy(st, &m, 8);
    st[8] = (uint8_t)se;
    st[9] = (uint8_t)(se >> 8);
}

static inline void random_trial(uint64_t *seed, struct x87_trial *t, bool small)
{
    unsigned near = small ? 0x3fff : (unsigned)next(seed) & 0x7fff;
    memset(t, 0, sizeof *t);
    for (unsigned i = 0; i < 8; i++)
        random_register(seed, t->image.st[i], near);
    t->image.fcw = (uint32_t)(next(seed) & 0xf00) | 0x7f;
    if (below(seed, 3) == 0) /* some unmasked */
        t->image.fcw &= ~(uint32_t)(next(seed) & 0x3f);
    t->image.fsw = (uint32_t)next(seed) & 0x7f00;
    if (below(seed, 4) == 0)
        t->image.fsw |= (uint32_t)next(seed) & 0x3f & t->image.fcw;
    t->image.ftw = 0;
    if (below(seed, 4) == 0)
        for (unsigned i = 0; i < 8; i++)
            t->image.ftw |= below(seed, 2) ? 3u << 2 * i : 0;
    else
        t->image.ftw = 3u << ((t->image.fsw >> 11) + 7) % 8 * 2; /* room to push */
    uint64_t word = next(seed);
    switch (below(seed, 4)) {
    case 0: word = (uint64_t)(int64_t)(int16_t)word; break;
    case 1: word &= ~(0x7f800000ull << (below(seed, 2) ? 0 : 29)); break;
    case 2: word |= below(seed, 2) ? 0x7f800000 : 0x7ff0000000000000; break;
    default: break;
    }
    if (below(seed, 16) == 0)
        word &= below(seed, 2) ? 1ull << 63 : 0xffffffff80000000;
    memcpy(t->mem, &word, 8);
    word = next(seed);
    memcpy(t->mem + 8, &word, 8);
    t->flags = next(seed) & X86_ARITH;
}

#endif
