/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_TEST_MMU_BARE_CPU_H
#define ORRERY_TEST_MMU_BARE_CPU_H
#include "core/util/bits.h"
#include "mmu/riscv.h"

/* A CPU that is nothing but its MMU. */
struct bare {
    struct cpu cpu;
    struct mmu_rv_regime r;
    unsigned walks;
};

static uint32_t no_mode(const struct cpu *cpu)
{
    (void)cpu;
    return 0;
}

static int bare_walk(struct cpu *cpu, va_t va, enum cpu_access access, unsigned regime, bool probe,
                     struct cpu_map *map)
{
    struct bare *b = (struct bare *)cpu;
    (void)regime;
    b->walks++;
    enum mmu_rv_fault f = mmu_rv_walk(&b->r, va, MAX(map->size, 1), access, probe, map);
    if (f != MMU_RV_OK && !probe)
        cpu_raise(cpu, (uint64_t)f, va, access, 0);
    return f != MMU_RV_OK;
}

static void raise_bus(struct cpu *cpu, va_t va, enum cpu_access access, enum mem_result why)
{
    (void)why;
    cpu_raise(cpu, 100, va, access, 0);
}

static void raise_align(struct cpu *cpu, va_t va, enum cpu_access access)
{
    cpu_raise(cpu, 101, va, access, 0);
}

static void raise_fetch(struct cpu *cpu, va_t va, enum mem_result why)
{
    (void)why;
    cpu_raise(cpu, 102, va, CPU_FETCH, 0);
}

static void nothing(struct cpu *cpu)
{
    (void)cpu;
}

static const struct state_field bare_state[] = { STATE_SUB(bare, cpu, cpu_state), STATE_END };
static const struct cpu_isa bare_isa = {
    .max_insn = 4,
    .parcel = 2,
    .name = "bare", .size = sizeof(struct bare), .state = bare_state, .mode = no_mode,
    .walk = bare_walk, .raise_bus = raise_bus, .raise_align = raise_align,
    .raise_fetch = raise_fetch, .reset = nothing,
};

#endif
