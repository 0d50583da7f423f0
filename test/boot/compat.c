/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A 32-bit program for an AArch64 kernel, as its init: sorting, floating point, 64-bit arithmetic, strings, faults,
 * threads. What it prints is a function of the program alone.
 */
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <unistd.h>

static _Atomic int counter;
static _Atomic long long wide_counter;
static sigjmp_buf caught;

static void *count(void *arg)
{
    for (int i = 0; i < 20000; i++) {
        counter++;
        wide_counter += 3;
    }
    return arg;
}

static int by_value(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;
    return (x > y) - (x < y);
}

static void on_signal(int number)
{
    siglongjmp(caught, number);
}

static uint32_t crc(const void *p, size_t n)
{
    uint32_t c = UINT32_MAX;
    for (const uint8_t *b = p; n-- != 0; b++) {
        c ^= *b;
        for (int k = 0; k < 8; k++)
            c = c & 1 ? c >> 1 ^ 0xedb88320u : c >> 1;
    }
    return ~c;
}

static double matrices(void)
{
    static double a[24][24], b[24][24];
    double sum = 0;
    for (int i = 0; i < 24; i++)
        for (int j = 0; j < 24; j++) {
            a[i][j] = sin(i * j);
            b[i][j] = cos(i + j);
        }
    for (int i = 0; i < 24; i++)
        for (int j = 0; j < 24; j++) {
            double s = 0;
            for (int k = 0; k < 24; k++)
                s += a[i][k] * b[k][j];
            sum += s * (i + 1) / (j + 1);
        }
    return sum;
}

static float vectors(void)
{
    float a[256], b[256], s = 0;
    for (int i = 0; i < 256; i++) {
        a[i] = (float)i * 0.5f;
        b[i] = 1.0f / (float)(i + 1);
    }
    for (int i = 0; i < 256; i++)
        s += a[i] * b[i];
    return s;
}

static long long steps(int n)
{
    static const long long v[8] = { 3, 5, 7, 2, 9, 1, 11, 4 };
    long long a = 1;
    for (int i = 0; i < n; i++) {
        switch (i & 7) {
        case 0: a += v[0]; break;
        case 1: a ^= v[1] << 3; break;
        case 2: a *= v[2]; break;
        case 3: a -= v[3]; break;
        case 4: a %= 1000003; break;
        case 5: a |= v[5]; break;
        case 6: a /= v[6]; a += n; break;
        default: a = ~a; a = a < 0 ? -a : a; break;
        }
    }
    return a;
}

static void memory(void)
{
    static uint8_t from[8192], to[8192];
    for (int i = 0; i < 8192; i++)
        from[i] = (uint8_t)(i * 7);
    for (int at = 0; at < 16; at++) {
        memmove(to + at, from + 3 * at % 7, (size_t)(4000 + at * 3));
        memset(to + 5000 + at, at, (size_t)(100 + at));
    }
    printf("memory %08x\n", (unsigned)crc(to, sizeof(to)));
}

static void faults(void)
{
    struct sigaction action = { .sa_handler = on_signal };
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGILL, &action, NULL);
    int number = sigsetjmp(caught, 1);
    if (number == 0)
        *(volatile int *)8 = 1;
    printf("store: signal %d\n", number);
    number = sigsetjmp(caught, 1);
    if (number == 0)
        __asm__ volatile("udf #0");
    printf("udf: signal %d\n", number);
}

int main(void)
{
    int v[1000];
    uint32_t seed = 1;
    pthread_t thread[4];
    for (int i = 0; i < 1000; i++)
        v[i] = (int)((seed = seed * 1664525u + 1013904223u) >> 8);
    qsort(v, 1000, sizeof(v[0]), by_value);
    printf("pointers of %zu bytes, sorted %08x\n", sizeof(void *), (unsigned)crc(v, sizeof(v)));
    printf("matrices %.17g vectors %.9g\n", matrices(), (double)vectors());
    printf("%.17g %.17g %.17g %.17g\n", exp(1.5), log(12345.678), pow(2.5, 3.7), atan2(1, 3));
    printf("steps %lld, %llu\n", steps(30000), 0x123456789abcdef0ull / 1000003);
    memory();
    faults();
    for (int i = 0; i < 4; i++)
        pthread_create(&thread[i], NULL, count, NULL);
    for (int i = 0; i < 4; i++)
        pthread_join(thread[i], NULL);
    printf("threads %d %lld\n--- end ---\n", counter, (long long)wide_counter);
    fflush(stdout);
    if (getpid() == 1)
        reboot(RB_POWER_OFF);
    return 0;
}
