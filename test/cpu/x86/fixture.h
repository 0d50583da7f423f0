/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_TEST_CPU_X86_FIXTURE_H
#define ORRERY_TEST_CPU_X86_FIXTURE_H
/* One processor with 4 MiB of RAM, at 0 as a rule, in an empty machine, just reset; nothing runs it but pc_run(). */
#include "core/device/machine.h"
#include "core/exec/exec.h"
#include "core/timing/model.h"
#include "core/util/bytes.h"
#include "cpu/x86/bits.h"
#include "cpu/x86/segment.h"
#include "test/check_main.h"
#include <string.h>

#define PC_SIZE  (4u << 20)

struct pc {
    struct machine *machine;
    struct mem_ram *ram;
    struct mem_space *ports;
    struct exec *exec;
    struct tm_cpu *tm;
    struct x86_cpu *c;
    pa_t base;              /* of RAM */
    uint32_t shutdowns, smiacts, pmis;
    int vector;             /* what the interrupt controller answers */
};

static inline void pc_shutdown(void *pc)
{
    ((struct pc *)pc)->shutdowns++;
}
static inline void pc_smm(void *pc, bool entered)
{
    ((struct pc *)pc)->smiacts += entered;
}
static inline int pc_acknowledge(void *pc)
{
    return ((struct pc *)pc)->vector;
}
static inline void pc_pmi(void *pc)
{
    ((struct pc *)pc)->pmis++;
}

/* What pc_build() makes of a processor; 0 and NULL: as pc_create() has it. */
struct pc_options {
    const char *spec;                           /* as -cpu takes it */
    const struct x86_topology *topology;        /* NULL: one of each */
    uint32_t index;
    enum exec_mode mode;
    bool verify;                                /* the IR, after each pass */
    pa_t base;                                  /* of RAM */
    void (*adjust)(struct x86_config *config);  /* before the processor is made; or NULL */
};

/* `p` must stay where it is. */
static inline void pc_build(struct pc *p, const struct pc_options *o)
{
    struct err e = { 0 };
    struct x86_config config;
    const struct exec_options exec = { .mode = o->mode, .verify = o->verify };
    *p = (struct pc){ .ports = mem_space_create("ports"), .base = o->base, .vector = -1 };
    const struct x86_wiring wiring = { .ports = p->ports, .shutdown = pc_shutdown, .smm = pc_smm, .arg = p };
    const struct x86_apic_ops apic = { .acknowledge = pc_acknowledge, .pmi = pc_pmi, .arg = p };
    ck_assert_msg(machine_create(&p->machine, stderr, &e) == 0, "%s", e.text);
    ck_assert_msg(machine_add_ram(p->machine, "ram", PC_SIZE, &p->ram, &e) == 0, "%s", e.text);
    ck_assert_int_eq(mem_add_ram(p->machine->memory, "ram", o->base, p->ram, 0, PC_SIZE, 0, NULL, &e), 0);
    ck_assert_msg(exec_create(&p->exec, p->machine, &exec, &e) == 0, "%s", e.text);
    ck_assert_msg(x86_config_parse(&config, o->spec, NULL, &e) == 0, "%s", e.text);
    if (o->topology != NULL)
        config.topology = *o->topology;
    config.apic_id = x86_apic_id(&config.topology, o->index);
    config.bootstrap = true;
    if (o->adjust != NULL)
        o->adjust(&config);
    ck_assert_msg(x86_cpu_create(&p->c, p->machine, &config, &wiring, 0, &e) == 0, "%s", e.text);
    x86_cpu_set_apic(p->c, &apic);
    ck_assert_msg(tm_create(&p->tm, "functional", NULL, 0, &e) == 0, "%s", e.text);
    p->c->cpu.tm = p->tm;
    ck_assert_msg(exec_add_cpu(p->exec, &p->c->cpu, &e) == 0, "%s", e.text);
    machine_reset(p->machine);
}

static inline void pc_create(struct pc *p, const char *spec, const struct x86_topology *topology, uint32_t index)
{
    pc_build(p, &(struct pc_options){ .spec = spec, .topology = topology, .index = index, .mode = EXEC_INTERP });
}

static inline void pc_destroy(struct pc *p)
{
    exec_destroy(p->exec);
    machine_destroy(p->machine);
    tm_destroy(p->tm);
    mem_space_destroy(p->ports);
}

static inline uint8_t *pc_at(struct pc *p, pa_t pa)
{
    return p->ram->host + (pa - p->base);
}
static inline uint64_t pc_get(struct pc *p, pa_t pa, unsigned bytes)
{
    uint64_t v = 0;
    memcpy(&v, pc_at(p, pa), bytes);
    return v;
}
static inline void pc_put(struct pc *p, pa_t pa, unsigned bytes, uint64_t v)
{
    memcpy(pc_at(p, pa), &v, bytes);
    mem_ram_written(p->ram, pa - p->base, bytes);
}

static inline uint64_t pc_read_msr(struct pc *p, uint32_t msr)
{
    uint64_t v = 0;
    ck_assert_msg(x86_read_msr(p->c, msr, &v), "MSR %#x cannot be read", msr);
    return v;
}
static inline void pc_write_msr(struct pc *p, uint32_t msr, uint64_t v)
{
    ck_assert_msg(x86_write_msr(p->c, msr, v), "MSR %#x does not take %#llx", msr, (unsigned long long)v);
}

/* Runs `code` at linear `at` until it halts or `insns` were done. */
static inline void pc_run(struct pc *p, va_t at, const uint8_t *code, size_t n, uint64_t insns)
{
    struct exec_limits limits = { .time = PS_NEVER, .insns = cpu_insns(&p->c->cpu) + insns };
    struct cpu *cpu;
    memcpy(pc_at(p, at), code, n);
    mem_ram_written(p->ram, at - p->base, n);
    p->c->cpu.pc = at;
    p->c->cpu.run = CPU_RUNNING;
    p->c->halted = p->c->waiting = 0;
    (void)exec_run(p->exec, &limits, &cpu);
}

/* A fault recorded and not yet taken: its vector; -1: none. *error: its error code, -1 without. */
static inline int pc_fault(struct pc *p, int64_t *error)
{
    struct cpu *cpu = &p->c->cpu;
    if (!(cpu->exit & CPU_EXIT_EXCEPTION))
        return -1;
    cpu->exit &= ~(uint32_t)CPU_EXIT_EXCEPTION;
    if (error != NULL)
        *error = cpu->fault.cause & X86_CAUSE_ERROR ? (int64_t)cpu->fault.value : -1;
    return (int)(cpu->fault.cause & X86_CAUSE_VECTOR);
}

/* Was an operation done (`vector` -1), or is that the fault it recorded, with `error`? */
static inline void pc_expect(struct pc *p, bool done, int vector, int64_t error)
{
    int64_t got = 0;
    ck_assert_int_eq(pc_fault(p, &got), vector);
    ck_assert_int_eq(done, vector == -1);
    if (!done)
        ck_assert_int_eq(got, error);
}

#endif
