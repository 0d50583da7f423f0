/* SPDX-License-Identifier: Apache-2.0 */
/* Context switches between two address spaces (by ASID or PCID where there is one), each of which touches its own pages. */
#include "machine.h"

const unsigned kernel_rounds = 800000;
const unsigned kernel_events = 2;
#define PAGES 4

static struct machine_thread first, second;
static uint64_t sum;

static void touch(uint64_t salt)
{
    for (unsigned i = 0; i < PAGES; i++) {
        volatile uint64_t *word = &machine_window[WINDOW_WORD(i) + (sum & 255)];
        *word += salt + i;
        sum = bench_mix(sum, *word);
    }
}

static void run_second(void)
{
    for (uint64_t salt = 7;; salt += 3) {
        touch(salt);
        machine_switch(&second, &first);
    }
}

uint64_t kernel(unsigned rounds)
{
    machine_prepare();
    for (unsigned i = 0; i < PAGES; i++) {
        machine_map(0, i);
        machine_map(1, i);
    }
    machine_make_thread(&first, 0, 0);
    machine_make_thread(&second, 1, run_second);
    for (unsigned r = 0; r < rounds; r++) {
        touch(r);
        machine_switch(&first, &second);
    }
    return sum;
}
