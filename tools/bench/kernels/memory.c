/* SPDX-License-Identifier: Apache-2.0 */
/* Pointer chasing through 8 MiB and streaming over it: many pages, little arithmetic. */
#include "bench.h"

const unsigned kernel_rounds = 20;
#define WORDS (1u << 20)

static uint64_t data[WORDS];

uint64_t kernel(unsigned rounds)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < WORDS; i++) /* full-period generator: one cycle through all words */
        data[i] = (i * 1664525ull + 1013904223ull) % WORDS;
    for (unsigned r = 0; r < rounds; r++) {
        uint64_t at = r;
        for (unsigned i = 0; i < WORDS; i++)
            at = data[at] & (WORDS - 1);
        sum = bench_mix(sum, at);
        for (unsigned i = 0; i < WORDS; i++) {
            sum += data[i];
            data[i] ^= (uint64_t)r << 40;
        }
    }
    return sum;
}
