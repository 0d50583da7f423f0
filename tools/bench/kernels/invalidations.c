/* SPDX-License-Identifier: Apache-2.0 */
/* TLB maintenance by address: the translation of one page is forgotten, and the page touched. */
#include "machine.h"

const unsigned kernel_rounds = 1500000;
const unsigned kernel_events = 1;

uint64_t kernel(unsigned rounds)
{
    uint64_t sum = 0;

    machine_prepare();
    for (unsigned i = 0; i < WINDOW_PAGES; i++)
        machine_map(0, i);
    for (unsigned r = 0; r < rounds; r++) {
        unsigned page = r % WINDOW_PAGES;
        machine_invalidate(page);
        sum += ++machine_window[WINDOW_WORD(page) + (sum & 511)];
    }
    return sum;
}
