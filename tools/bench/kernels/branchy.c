/* SPDX-License-Identifier: Apache-2.0 */
/* Quicksort and binary search over random keys: branches nobody can predict. */
#include "bench.h"

const unsigned kernel_rounds = 400;
#define KEYS 20000

static uint32_t keys[KEYS];

static void sort(int32_t lo, int32_t hi)
{
    while (lo < hi) {
        uint32_t pivot = keys[(lo + hi) / 2];
        int32_t i = lo, j = hi;
        while (i <= j) {
            while (keys[i] < pivot)
                i++;
            while (keys[j] > pivot)
                j--;
            if (i <= j) {
                uint32_t t = keys[i];
                keys[i++] = keys[j];
                keys[j--] = t;
            }
        }
        if (j - lo < hi - i) {
            sort(lo, j);
            lo = i;
        } else {
            sort(i, hi);
            hi = j;
        }
    }
}

uint64_t kernel(unsigned rounds)
{
    uint64_t seed = 99, sum = 0;

    for (unsigned r = 0; r < rounds; r++) {
        for (int i = 0; i < KEYS; i++)
            keys[i] = (uint32_t)bench_random(&seed);
        sort(0, KEYS - 1);
        for (int i = 0; i < KEYS; i++) {
            uint32_t want = (uint32_t)bench_random(&seed);
            int32_t lo = 0, hi = KEYS;
            while (lo < hi) {
                int32_t mid = (lo + hi) / 2;
                if (keys[mid] < want)
                    lo = mid + 1;
                else
                    hi = mid;
            }
            sum += (uint64_t)lo;
        }
        sum = bench_mix(sum, keys[r]);
    }
    return sum;
}
