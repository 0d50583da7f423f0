/* SPDX-License-Identifier: Apache-2.0 */
/* Fast Fourier transforms, there and back, of 4096 complex doubles: butterflies in strides, twiddles from a table. */
#include "bench.h"

const unsigned kernel_rounds = 700;
#define BITS 12
#define N (1 << BITS)

struct complex {
    double re, im;
};

static struct complex data[N], twiddle[N / 2];

/* Of an angle of -pi / 2 to pi / 2, by its series. */
static double sine(double x)
{
    double term = x, sum = x;
    for (int i = 1; i < 12; i++) {
        term = -term * x * x / (double)((2 * i) * (2 * i + 1));
        sum += term;
    }
    return sum;
}

static void make_twiddles(void)
{
    const double pi = 3.14159265358979323846;

    for (int i = 0; i < N / 2; i++) {
        double angle = pi * i / (N / 2);
        twiddle[i].re = angle <= pi / 2 ? sine(pi / 2 - angle) : -sine(angle - pi / 2);
        twiddle[i].im = angle <= pi / 2 ? -sine(angle) : -sine(pi - angle);
    }
}

static void reorder(void)
{
    for (unsigned i = 0, j = 0; i < N; i++) {
        if (i < j) {
            struct complex t = data[i];
            data[i] = data[j];
            data[j] = t;
        }
        unsigned bit = N >> 1;
        for (; j & bit; bit >>= 1)
            j ^= bit;
        j |= bit;
    }
}

static void transform(double direction)
{
    reorder();
    for (int half = 1; half < N; half *= 2)
        for (int k = 0; k < N; k += 2 * half)
            for (int i = 0; i < half; i++) {
                struct complex w = twiddle[i * (N / 2 / half)], *a = &data[k + i], *b = a + half;
                double im = w.im * direction;
                double re = b->re * w.re - b->im * im;
                im = b->re * im + b->im * w.re;
                b->re = a->re - re;
                b->im = a->im - im;
                a->re += re;
                a->im += im;
            }
}

uint64_t kernel(unsigned rounds)
{
    uint64_t seed = 23, sum = 0;

    make_twiddles();
    for (int i = 0; i < N; i++)
        data[i] = (struct complex){ (double)(int16_t)bench_random(&seed), 0 };
    for (unsigned r = 0; r < rounds; r++) {
        transform(1);
        data[r % N].re *= 0.5;
        transform(-1);
        for (int i = 0; i < N; i++) {
            data[i].re /= N;
            data[i].im /= N;
        }
    }
    for (int i = 0; i < N; i++) {
        union { double d; uint64_t u; } v = { data[i].re };
        sum = bench_mix(sum, v.u);
    }
    return sum;
}
