/* SPDX-License-Identifier: Apache-2.0 */
/* Reads and writes of a device's register that has no effect. */
#include "machine.h"

const unsigned kernel_rounds = 4000000;
const unsigned kernel_events = 2;

uint64_t kernel(unsigned rounds)
{
    uint64_t sum = 0;

    machine_prepare();
    for (unsigned r = 0; r < rounds; r++)
        sum = bench_mix(sum, machine_mmio(r & 63));
    return sum;
}
