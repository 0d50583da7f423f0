/* SPDX-License-Identifier: Apache-2.0 */
/* Code that modifies itself: a function is written over an old one, made visible to fetches, and called. */
#include "machine.h"

const unsigned kernel_rounds = 500000;
const unsigned kernel_events = 1;

uint64_t kernel(unsigned rounds)
{
    uint64_t sum = 0;

    machine_prepare();
    for (unsigned r = 0; r < rounds; r++)
        sum = bench_mix(sum, machine_patch_and_call(r % 16, (r * 7) & 2047));
    return sum;
}
