/* SPDX-License-Identifier: Apache-2.0 */
/* The Mandelbrot set in double precision: chains of dependent products and sums, and a comparison for each. */
#include "bench.h"

const unsigned kernel_rounds = 800;
#define SIDE 800
#define LIMIT 300

uint64_t kernel(unsigned rounds)
{
    uint64_t sum = 0;

    for (unsigned y = 0; y < rounds; y++) {
        double ci = 2.0 * y / SIDE - 1.0;
        for (unsigned x = 0; x < SIDE; x++) {
            double cr = 2.5 * x / SIDE - 1.75, zr = 0, zi = 0, rr = 0, ii = 0;
            unsigned n = 0;
            while (n < LIMIT && rr + ii <= 4.0) {
                zi = 2.0 * zr * zi + ci;
                zr = rr - ii + cr;
                rr = zr * zr;
                ii = zi * zi;
                n++;
            }
            sum = sum * 3 + n;
        }
    }
    return sum;
}
