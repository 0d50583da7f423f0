/* SPDX-License-Identifier: Apache-2.0 */
/* Float matrix product: what a compiler vectorises where the ISA has vectors. */
#include "bench.h"

const unsigned kernel_rounds = 60;
#define N 128

static float a[N][N], b[N][N], c[N][N];

uint64_t kernel(unsigned rounds)
{
    uint64_t seed = 7, sum = 0;

    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            a[i][j] = (float)(int8_t)bench_random(&seed) / 16.0f;
            b[i][j] = (float)(int8_t)bench_random(&seed) / 16.0f;
        }
    for (unsigned r = 0; r < rounds; r++) {
        for (int i = 0; i < N; i++)
            for (int j = 0; j < N; j++)
                c[i][j] = 0;
        for (int i = 0; i < N; i++)
            for (int k = 0; k < N; k++) {
                float f = a[i][k];
                for (int j = 0; j < N; j++)
                    c[i][j] += f * b[k][j];
            }
        a[r % N][r % N] += 0.5f;
    }
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            union { float f; uint32_t u; } v = { c[i][j] };
            sum = bench_mix(sum, v.u);
        }
    return sum;
}
