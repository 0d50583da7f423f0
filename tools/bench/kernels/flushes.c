/* SPDX-License-Identifier: Apache-2.0 */
/* TLB maintenance of everything: all translations are forgotten, and sixteen pages touched. */
#include "machine.h"

const unsigned kernel_rounds = 300000;
const unsigned kernel_events = 1;

uint64_t kernel(unsigned rounds)
{
    uint64_t sum = 0;

    machine_prepare();
    for (unsigned i = 0; i < WINDOW_PAGES; i++)
        machine_map(0, i);
    for (unsigned r = 0; r < rounds; r++) {
        machine_flush();
        for (unsigned i = 0; i < 16; i++)
            sum += ++machine_window[WINDOW_WORD((r + i * 4) % WINDOW_PAGES) + (sum & 511)];
    }
    return sum;
}
