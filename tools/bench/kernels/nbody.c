/* SPDX-License-Identifier: Apache-2.0 */
/* Planets under gravity in double precision: adds, multiplies, divides and square roots. */
#include "bench.h"

const unsigned kernel_rounds = 1000000;

struct body {
    double x, y, z, vx, vy, vz, mass;
};

static double root(double v)
{
#if defined(__riscv)
    double r;
    __asm__("fsqrt.d %0, %1" : "=f"(r) : "f"(v));
    return r;
#else
    return __builtin_sqrt(v);
#endif
}

static void step(struct body *b, int n, double dt)
{
    for (int i = 0; i < n; i++) {
        for (int j = i + 1; j < n; j++) {
            double dx = b[i].x - b[j].x, dy = b[i].y - b[j].y, dz = b[i].z - b[j].z;
            double d2 = dx * dx + dy * dy + dz * dz;
            double mag = dt / (d2 * root(d2));
            b[i].vx -= dx * b[j].mass * mag;
            b[i].vy -= dy * b[j].mass * mag;
            b[i].vz -= dz * b[j].mass * mag;
            b[j].vx += dx * b[i].mass * mag;
            b[j].vy += dy * b[i].mass * mag;
            b[j].vz += dz * b[i].mass * mag;
        }
    }
    for (int i = 0; i < n; i++) {
        b[i].x += dt * b[i].vx;
        b[i].y += dt * b[i].vy;
        b[i].z += dt * b[i].vz;
    }
}

uint64_t kernel(unsigned rounds)
{
    struct body b[5] = {
        { 0, 0, 0, 0, 0, 0, 39.47 },
        { 4.84, -1.16, -0.10, 0.606, 2.811, -0.025, 0.0376 },
        { 8.34, 4.12, -0.40, -1.010, 1.825, 0.0084, 0.0112 },
        { 12.89, -15.11, -0.22, 1.082, 0.868, -0.0108, 0.0017 },
        { 15.37, -25.9, 0.179, 0.979, 0.594, -0.034, 0.0020 },
    };
    uint64_t sum = 0;

    for (unsigned i = 0; i < rounds; i++)
        step(b, 5, 0.001);
    for (int i = 0; i < 5; i++) {
        union { double d; uint64_t u; } v = { b[i].x + b[i].vy };
        sum = bench_mix(sum, v.u);
    }
    return sum;
}
