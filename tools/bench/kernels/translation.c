/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Code that is run once: a thousand functions of branchy integer code, copied to ever new places and run there. What an
 * emulator needs is the time to translate them. They know nothing but their arguments and call only each
 * other, so that they work wherever they lie.
 */
#include "machine.h"

const unsigned kernel_rounds = 64; /* copies */

#define PLACED __attribute__((noinline, section("placed")))
extern const uint8_t __start_placed[], __stop_placed[];

/* Conditions on n are the compiler's: functions differ in shape and constants. s[]: sixteen words. */
#define FUNCTION(n)                                                                                                    \
    static PLACED uint64_t f##n(uint64_t *s, uint64_t v)                                                               \
    {                                                                                                                  \
        uint64_t a = s[(n) % 16], b = s[(n) / 16 % 16];                                                                \
        if ((n) % 3 == 0)                                                                                              \
            a += v ^ (n) * 77u;                                                                                        \
        else                                                                                                           \
            a = a << ((n) % 13 + 1) ^ v;                                                                               \
        if (a >> (n) % 31 & 1) {                                                                                       \
            b += a >> (n) % 17;                                                                                        \
            s[(n) * 7 % 16] = b - (n) * 3u;                                                                            \
        } else {                                                                                                       \
            b ^= a * ((n) % 1999u + 3);                                                                                \
            s[(n) * 5 % 16] += b;                                                                                      \
        }                                                                                                              \
        if ((n) % 4 == 1) {                                                                                            \
            uint32_t w = (uint32_t)b << 7 | (uint32_t)b >> 25;                                                         \
            b += w;                                                                                                    \
            if (w < (n) * 40503u)                                                                                      \
                a -= b;                                                                                                \
        }                                                                                                              \
        if ((n) % 4 == 2 && a > b) {                                                                                   \
            uint64_t t = a;                                                                                            \
            a = b;                                                                                                     \
            b = t + (n);                                                                                               \
        }                                                                                                              \
        if ((n) % 5 == 3) {                                                                                            \
            const uint8_t *bytes = (const uint8_t *)s;                                                                 \
            if (bytes[b & 127] > (n) % 200)                                                                            \
                a += bytes[a & 127];                                                                                   \
        }                                                                                                              \
        s[(n) * 11 % 16] = a;                                                                                          \
        return (b ^ a >> 9) + (n);                                                                                     \
    }
#define CALL(n) v = f##n(s, v);
#define TEN(what, n) what(n##0) what(n##1) what(n##2) what(n##3) what(n##4) what(n##5) what(n##6) what(n##7) what(n##8) what(n##9)
#define HUNDRED(what, n)                                                                                               \
    TEN(what, n##0) TEN(what, n##1) TEN(what, n##2) TEN(what, n##3) TEN(what, n##4)                                    \
    TEN(what, n##5) TEN(what, n##6) TEN(what, n##7) TEN(what, n##8) TEN(what, n##9)
#define THOUSAND(what)                                                                                                 \
    HUNDRED(what, 10) HUNDRED(what, 11) HUNDRED(what, 12) HUNDRED(what, 13) HUNDRED(what, 14)                          \
    HUNDRED(what, 15) HUNDRED(what, 16) HUNDRED(what, 17) HUNDRED(what, 18) HUNDRED(what, 19)

THOUSAND(FUNCTION)

static PLACED uint64_t run_all(uint64_t *s, uint64_t v)
{
    THOUSAND(CALL)
    return v;
}

uint64_t kernel(unsigned rounds)
{
    uint64_t (*volatile original)(uint64_t *, uint64_t) = run_all;
    uint64_t bytes = (uint64_t)(__stop_placed - __start_placed), s[16], seed = 29, sum = 0;

    machine_prepare();
    for (unsigned i = 0; i < 16; i++)
        s[i] = bench_random(&seed);
    for (unsigned r = 0; r < rounds; r++) {
        uint64_t moved = machine_place_code(__start_placed, bytes, r) - (uint64_t)__start_placed;
        uint64_t (*run)(uint64_t *, uint64_t) = (uint64_t (*)(uint64_t *, uint64_t))((uint64_t)original + moved);
        sum = bench_mix(sum, run(s, sum));
    }
    return sum;
}
