/* SPDX-License-Identifier: Apache-2.0 */
/* The same kernel natively: prints the checksum the guest has to reach, and how many events it counts. */
#include "bench.h"
#include <inttypes.h>
#include <stdio.h>

extern const unsigned kernel_events __attribute__((weak));

uint64_t bench_syscall(uint64_t v)
{
    return v + 1;
}

int main(void)
{
    printf("checksum %016" PRIx64 "\n", kernel(kernel_rounds));
    if (&kernel_events != NULL)
        printf("events %" PRIu64 "\n", (uint64_t)kernel_rounds * kernel_events);
    return 0;
}
