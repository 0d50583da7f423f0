/* SPDX-License-Identifier: Apache-2.0 */
/* Deep recursion and calls through pointers: returns and indirect branches. */
#include "bench.h"

const unsigned kernel_rounds = 400;

static __attribute__((noinline)) uint64_t fib(unsigned n)
{
    return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

static __attribute__((noinline)) uint64_t op_add(uint64_t v) { return v + 3; }
static __attribute__((noinline)) uint64_t op_xor(uint64_t v) { return v ^ 0x55; }
static __attribute__((noinline)) uint64_t op_mul(uint64_t v) { return v * 5; }
static __attribute__((noinline)) uint64_t op_rot(uint64_t v) { return v << 7 | v >> 57; }

uint64_t kernel(unsigned rounds)
{
    static uint64_t (*const ops[])(uint64_t) = { op_add, op_xor, op_mul, op_rot };
    uint64_t sum = 0, seed = 5;

    for (unsigned r = 0; r < rounds; r++) {
        sum = bench_mix(sum, fib(24));
        for (int i = 0; i < 100000; i++)
            sum = ops[bench_random(&seed) >> 62](sum);
    }
    return sum;
}
