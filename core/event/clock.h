/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CORE_EVENT_CLOCK_H
#define ORRERY_CORE_EVENT_CLOCK_H
/*
 * Clock domains: conversion between ticks of a frequency and picoseconds, exact
 * in both directions (128-bit intermediate), so that a counter derived from
 * simulated time never drifts: tick n begins at ceil(n * 10^12 / hz).
 */
#include "core/util/types.h"

struct ev_clock {
    uint64_t hz; /* 1 .. 10^12 */
};

/* Ticks completed at `t`: floor(t * hz / 10^12). */
static inline uint64_t ev_ticks(struct ev_clock c, ps_t t)
{
    if (LIKELY(PS_PER_SEC % c.hz == 0)) /* a tick is a whole number of picoseconds: 64 bits will do */
        return t / (PS_PER_SEC / c.hz);
    return (uint64_t)(((unsigned __int128)t * c.hz) / PS_PER_SEC);
}

/* First moment at which ev_ticks() >= ticks; PS_NEVER when beyond 64 bits. */
static inline ps_t ev_tick_time(struct ev_clock c, uint64_t ticks)
{
    uint64_t whole;
    if (LIKELY(PS_PER_SEC % c.hz == 0 && !__builtin_mul_overflow(ticks, PS_PER_SEC / c.hz, &whole)))
        return whole;
    unsigned __int128 t = ((unsigned __int128)ticks * PS_PER_SEC + c.hz - 1) / c.hz;
    return t >= PS_NEVER ? PS_NEVER : (ps_t)t;
}

#endif
