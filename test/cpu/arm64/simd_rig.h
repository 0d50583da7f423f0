/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_TEST_CPU_ARM64_SIMD_RIG_H
#define ORRERY_TEST_CPU_ARM64_SIMD_RIG_H
/* A machine of one "max" CPU and a page of RAM for code, on which single instructions run, under either executor. */
#include "core/device/machine.h"
#include "core/exec/exec.h"
#include "core/memory/ram.h"
#include "core/memory/space.h"
#include "core/timing/model.h"
#include "core/util/bytes.h"
#include "core/util/hash.h"
#include "cpu/arm64/arm64_impl.h"
#include "test/check_main.h"
#include <string.h>

#define SIMD_RAM      0x40000000ull
#define SIMD_RAM_SIZE 0x400000ull

typedef union ir_vec vec;

struct simd_rig {
    struct machine *m;
    struct mem_ram *ram;
    struct exec *x;
    struct a64_cpu *a;
    uint64_t at, seed;
};

static inline struct simd_rig simd_open(enum exec_mode mode)
{
    struct simd_rig g = { .seed = 1 };
    struct err e = { 0 };
    struct exec_options o = { .mode = mode, .verify = true };
    struct a64_config config;
    ck_assert_int_eq(machine_create(&g.m, stderr, &e), 0);
    ck_assert_int_eq(machine_add_ram(g.m, "ram", SIMD_RAM_SIZE, &g.ram, &e), 0);
    ck_assert_int_eq(mem_add_ram(g.m->memory, "ram", SIMD_RAM, g.ram, 0, SIMD_RAM_SIZE, 0, NULL, &e), 0);
    ck_assert_int_eq(exec_create(&g.x, g.m, &o, &e), 0);
    ck_assert_msg(a64_config_parse(&config, "max", NULL, &e) == 0, "%s", e.text);
    ck_assert_msg(a64_cpu_create(&g.a, g.m, &config, 0, &e) == 0, "%s", e.text);
    ck_assert_msg(tm_create(&g.a->cpu.tm, "functional", NULL, 0, &e) == 0, "%s", e.text);
    ck_assert_msg(exec_add_cpu(g.x, &g.a->cpu, &e) == 0, "%s", e.text);
    machine_reset(g.m);
    return g;
}

static inline void simd_close(struct simd_rig *g)
{
    struct tm_cpu *tm = g->a->cpu.tm;
    exec_destroy(g->x);
    machine_destroy(g->m);
    tm_destroy(tm);
}

/* Runs `word` and a branch to itself at a place of its own; FPSR is cleared before. */
static inline void simd_run(struct simd_rig *g, uint32_t word, uint64_t fpcr)
{
    struct cpu *cpu = &g->a->cpu, *at;
    va_t pc = SIMD_RAM + g->at;
    st_le32(g->ram->host + g->at, word);
    st_le32(g->ram->host + g->at + 4, 0x14000000);
    mem_ram_written(g->ram, g->at, 8);
    g->at = (g->at + 8) % SIMD_RAM_SIZE;
    g->a->fpcr = fpcr;
    a64_set_fpsr(g->a, 0);
    a64_update_mode(g->a);
    cpu->pc = pc;
    struct exec_limits limits = { .time = exec_time(g->x) + 1000000, .insns = cpu_insns(cpu) + 2 };
    exec_run(g->x, &limits, &at);
    ck_assert_msg(cpu->pc == pc + 4, "%08x raised an exception", word);
}

static inline uint64_t simd_random(struct simd_rig *g)
{
    return g->seed = hash_add(g->seed, 1);
}

/* Random lanes of 1 << lane bytes, many of them at the ends of their range. */
static inline vec simd_lanes(struct simd_rig *g, unsigned lane)
{
    vec v = { .d = { simd_random(g), simd_random(g) } };
    uint64_t r = simd_random(g), sign = 1ull << ((8u << lane) - 1);
    const uint64_t edges[8] = { 0, 1, sign, sign - 1, ~0ull, sign + 1, 2, 3 };
    for (unsigned n = 0; n < 16u >> lane; n++, r = r >> 4 | r << 60)
        if (r & 8)
            st_le(v.b + (n << lane), edges[r & 7], 1u << lane);
    return v;
}

static inline uint64_t lane_of(const vec *v, unsigned lane, unsigned n)
{
    return ld_le(v->b + (n << lane), 1u << lane);
}

#endif
