/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CORE_UTIL_TYPES_H
#define ORRERY_CORE_UTIL_TYPES_H
/*
 * Scalars with a unit, and the attributes every room uses.
 *
 * An address is one of three kinds and the kinds are never mixed without a
 * translation between them; a host address is a pointer.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint64_t va_t;     /* address as software issues it (x86: linear) */
typedef uint64_t ipa_t;    /* output of stage 1 where there is a stage 2 */
typedef uint64_t pa_t;     /* physical address in the machine */
typedef uint64_t ps_t;     /* simulated time, picoseconds since power-on (213 days fit) */
typedef int64_t cycles_t;  /* cycles of one clock domain; signed so that budgets may go negative */

#define PS_PER_SEC 1000000000000ull
#define PS_PER_MS  1000000000ull
#define PS_PER_US  1000000ull
#define PS_PER_NS  1000ull
#define PS_NEVER   UINT64_MAX /* later than anything that can happen */

#define MUST_CHECK        __attribute__((warn_unused_result))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))
#define COLD              __attribute__((cold, noinline))
#define LIKELY(x)         __builtin_expect(!!(x), 1)
#define UNLIKELY(x)       __builtin_expect(!!(x), 0)

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b)    ((a) < (b) ? (a) : (b)) /* arguments without side effects only */
#define MAX(a, b)    ((a) > (b) ? (a) : (b))
#define CONTAINER_OF(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

#endif
