/* SPDX-License-Identifier: Apache-2.0 */
#include "core/cpu/cpu.h"
#include "core/state/state.h"
#include <assert.h>

/*
 * Not here: the translation caches (rebuilt), `site`, `exit` and `fault` (none at a
 * boundary, where snapshots are taken), `fp_mode` (a host control word, which the
 * ISA's `loaded` derives from the guest's mode), clock and `uniform` (configuration).
 */
const struct state_field cpu_state[] = {
    STATE(cpu, budget),        STATE(cpu, pc),          STATE(cpu, page),
    STATE(cpu, insns),         STATE(cpu, fp_flags),    STATE(cpu, reserved),
    STATE(cpu, reserved_size), STATE(cpu, reserved_pa), STATE(cpu, run),
    STATE(cpu, cycles_end),    STATE(cpu, insns_end),   STATE_END,
};

static void part_reset(void *object)
{
    struct cpu *cpu = object;
    cpu->exit = 0;
    cpu->site = NULL;
    cpu->fp_flags = 0;
    cpu->reserved = cpu->alone = false;
    cpu->fault = (struct cpu_fault){ 0 };
    cpu->debug = (struct cpu_debug){ 0 };
    cpu->isa->reset(cpu);
    cpu->mode_flags = cpu->isa->mode(cpu);
}

/* A store to the reserved bytes must be noticed again: the page's flag is not saved. */
static void restore_reservation(struct cpu *cpu)
{
    if (!cpu->reserved)
        return;
    const struct mem_range *range = mem_lookup(cpu->machine->memory, cpu->reserved_pa);
    if (!range || range->region->kind != MEM_RAM) {
        cpu->reserved = false;
        return;
    }
    const struct mem_region *r = range->region;
    uint64_t offset = r->ram_offset + (cpu->reserved_pa - r->base);
    (void)mem_ram_set_flags(r->ram, offset, MEM_PAGE_RESERVED);
}

static void part_loaded(void *object)
{
    struct cpu *cpu = object;
    cpu->exit = 0;
    cpu->site = NULL;
    cpu->alone = false;
    cpu->fault = (struct cpu_fault){ 0 };
    cpu->debug = (struct cpu_debug){ 0 };
    if ((unsigned)cpu->run > CPU_OFF)
        cpu->run = CPU_OFF; /* a snapshot is not trusted */
    restore_reservation(cpu);
    if (cpu->isa->loaded)
        cpu->isa->loaded(cpu);
    cpu->mode_flags = cpu->isa->mode(cpu);
}

int cpu_create(struct cpu **out, struct machine *m, const struct cpu_isa *isa, uint32_t index,
               uint64_t hz, struct err *e)
{
    assert(isa->size >= sizeof(struct cpu));
    if (hz == 0 || hz > PS_PER_SEC)
        return err_set(e, ERR_ARG, "cpu%u: a clock of %llu Hz; 1 to %llu are accepted", index,
                       (unsigned long long)hz, PS_PER_SEC);
    uint8_t *room = arena_alloc(&m->arena, isa->size + CPU_ALIGNMENT - ARENA_ALIGNMENT);
    char *name = arena_printf(&m->arena, "cpu%u", index);
    if (!room || !name)
        return err_set(e, ERR_NOMEM, "cpu%u: the host has no memory left", index);
    struct cpu *cpu = (struct cpu *)(void *)(room + (0 - (uintptr_t)room) % CPU_ALIGNMENT);
    cpu->isa = isa;
    cpu->machine = m;
    cpu->index = index;
    cpu->name = name;
    cpu->clock.hz = hz;
    cpu->tick = PS_PER_SEC % hz == 0 ? PS_PER_SEC / hz : 0;
    struct machine_part part = { .name = name,
                                 .version = 1,
                                 .state = isa->state,
                                 .object = cpu,
                                 .reset = part_reset,
                                 .loaded = part_loaded };
    int rc = machine_add_part(m, &part, e);
    if (rc < 0)
        return rc;
    if (m->cpus_end == NULL)
        m->cpus_end = &m->cpus;
    *m->cpus_end = cpu;
    m->cpus_end = &cpu->next;
    *out = cpu;
    return 0;
}

void cpu_raise(struct cpu *cpu, uint64_t cause, uint64_t value, uint64_t value2, uint64_t value3)
{
    cpu->fault = (struct cpu_fault){
        .cause = cause, .value = value, .value2 = value2, .value3 = value3, .pending = true
    };
    cpu->exit |= CPU_EXIT_EXCEPTION;
}

/* Instructions that fit into `budget` cycles, rounded down also below zero. */
static int64_t insns_of(const struct cpu *cpu, int64_t budget)
{
    if (LIKELY(cpu->uniform == 1)) /* no division: kicks come in by the million */
        return budget;
    int64_t n = budget / cpu->uniform;
    return n - (budget % cpu->uniform < 0);
}

void cpu_pass_time(struct cpu *cpu, int64_t cycles)
{
    int64_t old = cpu->budget;
    if (cpu->uniform)
        cpu->insns_end += insns_of(cpu, old - cycles) - insns_of(cpu, old);
    cpu->budget = old - cycles;
}

void cpu_cut(struct cpu *cpu)
{
    if (cpu->budget > 0) {
        cpu->cycles_end -= cpu->budget;
        if (cpu->uniform)
            cpu->insns_end -= insns_of(cpu, cpu->budget);
        cpu->budget = 0;
    }
}

void cpu_kick(struct cpu *cpu)
{
    if (UNLIKELY(cpu->elsewhere != NULL) && cpu->elsewhere(cpu))
        return;
    cpu_cut(cpu);
    if (cpu->run == CPU_IDLE && cpu->kicked)
        cpu->kicked(cpu);
    else if (cpu->run == CPU_RUNNING && cpu->hurried)
        cpu->hurried(cpu);
}

void cpu_start(struct cpu *cpu)
{
    cpu->run = CPU_RUNNING;
    if (cpu->kicked)
        cpu->kicked(cpu);
}

static const struct cpu_site *site_of(const struct cpu *cpu)
{
    return cpu->site;
}

uint64_t cpu_cycles(const struct cpu *cpu)
{
    uint64_t cycles = (uint64_t)(cpu->cycles_end - cpu->budget);
    return cpu->site ? cycles + site_of(cpu)->cost_before : cycles;
}

uint64_t cpu_cycles_in_event(const struct cpu *cpu)
{
    uint64_t cycles = cpu_cycles(cpu);
    if (cpu->run == CPU_RUNNING)
        return cycles;
    return MAX(cycles, ev_ticks(cpu->clock, ev_now(cpu->machine->queue)));
}

ps_t cpu_now(const struct cpu *cpu)
{
    uint64_t cycles = cpu_cycles(cpu);
    ps_t t;
    if (LIKELY(cpu->tick != 0 && !__builtin_mul_overflow(cycles, cpu->tick, &t)))
        return t;
    return ev_tick_time(cpu->clock, cycles);
}

uint64_t cpu_insns(const struct cpu *cpu)
{
    uint64_t insns =
        cpu->uniform ? (uint64_t)(cpu->insns_end - insns_of(cpu, cpu->budget)) : cpu->insns;
    return cpu->site ? insns + site_of(cpu)->insns_before : insns;
}

va_t cpu_pc(const struct cpu *cpu)
{
    return cpu->site ? cpu->page + (va_t)(int64_t)site_of(cpu)->at : cpu->pc;
}
