/* SPDX-License-Identifier: Apache-2.0 */
/* Interrupts from the CPU to itself through the interrupt controller, taken, acknowledged and returned from. */
#include "machine.h"

const unsigned kernel_rounds = 2000000;
const unsigned kernel_events = 1; /* a round */

uint64_t kernel(unsigned rounds)
{
    uint64_t sum = 0;

    machine_prepare();
    for (unsigned r = 0; r < rounds; r++) {
        machine_interrupt();
        sum = bench_mix(sum, machine_interrupts);
    }
    return sum;
}
