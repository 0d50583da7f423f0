/* SPDX-License-Identifier: Apache-2.0 */
/* The spectral norm of an infinite matrix, 1 / ((i + j)(i + j + 1) / 2 + i + 1), cut off at N: integers to doubles, and divisions. */
#include "bench.h"

const unsigned kernel_rounds = 60;
#define N 700

static double u[N], v[N], t[N];

static double element(uint32_t i, uint32_t j)
{
    return 1.0 / (double)((i + j) * (i + j + 1) / 2 + i + 1);
}

static void times(const double *from, double *to)
{
    for (uint32_t i = 0; i < N; i++) {
        double s = 0;
        for (uint32_t j = 0; j < N; j++)
            s += element(i, j) * from[j];
        to[i] = s;
    }
}

static void times_transposed(const double *from, double *to)
{
    for (uint32_t i = 0; i < N; i++) {
        double s = 0;
        for (uint32_t j = 0; j < N; j++)
            s += element(j, i) * from[j];
        to[i] = s;
    }
}

uint64_t kernel(unsigned rounds)
{
    double uv = 0, vv = 0;

    for (int i = 0; i < N; i++)
        u[i] = 1;
    for (unsigned r = 0; r < rounds; r++) {
        times(u, t);
        times_transposed(t, v);
        times(v, t);
        times_transposed(t, u);
    }
    for (int i = 0; i < N; i++) {
        uv += u[i] * v[i];
        vv += v[i] * v[i];
    }
    union { double d; uint64_t u; } norm = { uv / vv };
    return bench_mix(rounds, norm.u);
}
