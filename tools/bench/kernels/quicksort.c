/* SPDX-License-Identifier: Apache-2.0 */
/* Quicksort of records by a comparison function: median of three, insertion sort for short parts. */
#include "bench.h"

const unsigned kernel_rounds = 60;
#define RECORDS 50000
#define SHORT 12

struct record {
    uint32_t key, place;
};

static struct record records[RECORDS];

static __attribute__((noinline)) int by_key(const struct record *a, const struct record *b)
{
    return a->key != b->key ? a->key > b->key ? 1 : -1 : a->place > b->place ? 1 : a->place < b->place ? -1 : 0;
}

static void swap(struct record *a, struct record *b)
{
    struct record t = *a;
    *a = *b;
    *b = t;
}

static void insertion_sort(struct record *r, int n, int (*compare)(const struct record *, const struct record *))
{
    for (int i = 1; i < n; i++) {
        struct record t = r[i];
        int j = i;
        for (; j > 0 && compare(&r[j - 1], &t) > 0; j--)
            r[j] = r[j - 1];
        r[j] = t;
    }
}

static void quicksort(struct record *r, int n, int (*compare)(const struct record *, const struct record *))
{
    while (n > SHORT) {
        struct record *low = &r[0], *middle = &r[n / 2], *high = &r[n - 1];
        if (compare(middle, low) < 0)
            swap(middle, low);
        if (compare(high, middle) < 0)
            swap(high, middle);
        if (compare(middle, low) < 0)
            swap(middle, low);
        struct record pivot = *middle;
        int i = 0, j = n - 1;
        while (i <= j) {
            while (compare(&r[i], &pivot) < 0)
                i++;
            while (compare(&r[j], &pivot) > 0)
                j--;
            if (i <= j)
                swap(&r[i++], &r[j--]);
        }
        if (j + 1 < n - i) { /* the shorter part by recursion: its depth is a logarithm */
            quicksort(r, j + 1, compare);
            r += i;
            n -= i;
        } else {
            quicksort(r + i, n - i, compare);
            n = j + 1;
        }
    }
    insertion_sort(r, n, compare);
}

uint64_t kernel(unsigned rounds)
{
    int (*volatile compare)(const struct record *, const struct record *) = by_key;
    uint64_t seed = 3, sum = 0;

    for (unsigned r = 0; r < rounds; r++) {
        for (uint32_t i = 0; i < RECORDS; i++)
            records[i] = (struct record){ (uint32_t)bench_random(&seed) >> (r & 15), i };
        quicksort(records, RECORDS, compare);
        for (int i = 0; i < RECORDS; i++)
            sum = sum * 31 + records[i].place;
    }
    return sum;
}
