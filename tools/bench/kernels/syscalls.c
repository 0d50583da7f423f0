/* SPDX-License-Identifier: Apache-2.0 */
/* Trips into a more privileged mode and back. */
#include "bench.h"

const unsigned kernel_rounds = 5000000;
const unsigned kernel_events = 1;

uint64_t kernel(unsigned rounds)
{
    uint64_t v = 0;

    for (unsigned i = 0; i < rounds; i++)
        v = bench_syscall(v ^ (i & 1));
    return v;
}
