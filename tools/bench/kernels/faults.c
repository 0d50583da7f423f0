/* SPDX-License-Identifier: Apache-2.0 */
/* Page faults: the handler maps the page, the access is tried again; pages are unmapped, with TLB maintenance, in turn. */
#include "machine.h"

const unsigned kernel_rounds = 800000;
const unsigned kernel_events = 1;

uint64_t kernel(unsigned rounds)
{
    uint64_t sum = 0;

    machine_prepare();
    for (unsigned r = 0; r < rounds; r++) {
        unsigned page = r % WINDOW_PAGES;
        machine_unmap(0, page);
        sum += machine_window[WINDOW_WORD(page) + r % 512]; /* the fault */
        machine_window[WINDOW_WORD(page) + r % 512] = sum ^ r;
    }
    return bench_mix(sum, machine_faults);
}
