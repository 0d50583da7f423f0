/* SPDX-License-Identifier: Apache-2.0 */
/* The time-stamp counter: SDM volume 3, 18.17. It counts simulated time at its own rate from
 * power-on. */
#include "cpu/x86/x86_impl.h"

static uint64_t counter(const struct x86_cpu *c, ps_t now)
{
    return (uint64_t)((unsigned __int128)now * c->config->tsc_hz / 1000000000000ull);
}

uint64_t x86_tsc(const struct x86_cpu *c)
{
    if (LIKELY(c->config->tsc_hz == c->cpu.clock.hz)) /* cycles to time and back is nothing */
        return cpu_cycles(&c->cpu) + c->tsc_offset;
    return counter(c, cpu_now(&c->cpu)) + c->tsc_offset;
}

ps_t x86_tsc_time(const struct x86_cpu *c, uint64_t tsc)
{
    uint64_t now = counter(c, cpu_now(&c->cpu)), ticks = tsc - c->tsc_offset;
    if ((int64_t)(ticks - now) <= 0)
        return cpu_now(&c->cpu);
    /* The first instant at which the counter shows that number */
    unsigned __int128 at =
        ((unsigned __int128)ticks * 1000000000000ull + c->config->tsc_hz - 1) / c->config->tsc_hz;
    return at >= PS_NEVER ? PS_NEVER : (ps_t)at;
}
