/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_TEST_CPU_ARM64_FIXTURE_H
#define ORRERY_TEST_CPU_ARM64_FIXTURE_H
/*
 * One PE of profile "max" with properties, and 16 MiB of RAM at PE_RAM. Code runs at PE_CODE until
 * it waits for an interrupt, which never comes; so do the vectors of all levels, at PE_VECTORS.
 */
#include "core/device/machine.h"
#include "core/exec/exec.h"
#include "core/timing/model.h"
#include "core/util/bytes.h"
#include "cpu/arm64/arm64_impl.h"
#include "cpu/arm64/bits.h"
#include "test/check_main.h"
#include <string.h>

#define PE_RAM     0x40000000ull
#define PE_SIZE    (16u << 20)
#define PE_CODE    (PE_RAM + 0x1000)
#define PE_VECTORS (PE_RAM + 0x2000)
#define PE_TABLES  (PE_RAM + 0x4000)
#define PE_DATA    (PE_RAM + 0x100000) /* free for tests */
#define WFI        0xd503207fu

struct pe {
    struct machine *machine;
    struct mem_ram *ram;
    struct exec *exec;
    struct tm_cpu *tm;
    struct a64_cpu *a;
};

static inline void pe_put(struct pe *p, pa_t at, const uint32_t *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        st_le32(p->ram->host + (at - PE_RAM) + 4 * i, words[i]);
    mem_ram_written(p->ram, at - PE_RAM, 4 * n);
}

static inline struct pe pe_create(const char *spec, enum exec_mode mode)
{
    struct pe p;
    struct err e = { 0 };
    struct a64_config config;
    struct exec_options o = { .mode = mode, .verify = true };
    const uint32_t wait = WFI;
    ck_assert_msg(machine_create(&p.machine, stderr, &e) == 0, "%s", e.text);
    ck_assert_msg(machine_add_ram(p.machine, "ram", PE_SIZE, &p.ram, &e) == 0, "%s", e.text);
    ck_assert_int_eq(mem_add_ram(p.machine->memory, "ram", PE_RAM, p.ram, 0, PE_SIZE, 0, NULL, &e), 0);
    ck_assert_msg(exec_create(&p.exec, p.machine, &o, &e) == 0, "%s", e.text);
    ck_assert_msg(a64_config_parse(&config, spec, NULL, &e) == 0, "%s", e.text);
    ck_assert_msg(a64_cpu_create(&p.a, p.machine, &config, 0, &e) == 0, "%s", e.text);
    ck_assert_msg(tm_create(&p.tm, "functional", NULL, 0, &e) == 0, "%s", e.text);
    p.a->cpu.tm = p.tm;
    ck_assert_msg(exec_add_cpu(p.exec, &p.a->cpu, &e) == 0, "%s", e.text);
    machine_reset(p.machine);
    for (unsigned i = 0; i < 16; i++)
        pe_put(&p, PE_VECTORS + 0x80 * i, &wait, 1);
    for (unsigned el = 1; el < 4; el++)
        p.a->vbar[el] = PE_VECTORS;
    p.a->cpacr_el1 = 3u << 20; /* FP is on */
    p.a->sctlr[1] |= A64_SCTLR_NTWI | A64_SCTLR_NTWE; /* EL0 may wait */
    return p;
}

static inline void pe_destroy(struct pe *p)
{
    exec_destroy(p->exec);
    machine_destroy(p->machine);
    tm_destroy(p->tm);
}

/* To level `el` with its own stack pointer. Control registers that the test set are taken over. */
static inline void pe_level(struct pe *p, unsigned el)
{
    a64_set_el(p->a, el, el != 0);
    p->a->esr[1] = p->a->esr[2] = p->a->esr[3] = 0;
    a64_flush_tlb(p->a);
    a64_update_mode(p->a);
}

/* Runs the words. True: to their end; false: an exception was taken (p->a->el, esr, far, elr). */
static inline bool pe_run(struct pe *p, const uint32_t *words, size_t n)
{
    const uint32_t wait = WFI;
    struct exec_limits limits = { .time = PS_NEVER, .insns = 1000000 };
    struct cpu *cpu;
    pe_put(p, PE_CODE, words, n);
    pe_put(p, PE_CODE + 4 * n, &wait, 1);
    p->a->cpu.pc = PE_CODE;
    p->a->cpu.run = CPU_RUNNING;
    enum exec_reason why = exec_run(p->exec, &limits, &cpu);
    ck_assert_msg(why == EXEC_DEADLOCK || why == EXEC_LIMIT_INSNS, "ended with %d", (int)why);
    ck_assert_msg(p->a->cpu.run == CPU_IDLE, "runs on at %llx", (unsigned long long)p->a->cpu.pc);
    return p->a->cpu.pc == PE_CODE + 4 * (n + 1);
}

/*
 * Stage 1 of EL1&0 (4 KiB granule, 39-bit lower half, TBI): RAM as it is, in blocks of 2 MiB, all rights at EL1;
 * MAIR attribute 0 is `attr`. EL2's stage 1 likewise without E2H. Access flag set.
 */
static inline void pe_map(struct pe *p, uint8_t attr, bool user)
{
    uint64_t *l1 = (uint64_t *)(void *)(p->ram->host + (PE_TABLES - PE_RAM)), *l2 = l1 + 512;
    memset(l1, 0, 2 * 4096);
    l1[PE_RAM >> 30] = (PE_TABLES + 4096) | 3;
    for (unsigned i = 0; i < PE_SIZE >> 21; i++)
        l2[i] = (PE_RAM + ((uint64_t)i << 21)) | 1u << 10 | 3u << 8 | (user ? 1u << 6 : 0u) | 1;
    struct a64_cpu *a = p->a;
    a->mair[1] = a->mair[2] = attr;
    a->tcr[1] = 25 | 1ull << 23 | 1ull << 37 | 2ull << 32 | 25ull << 16; /* T0SZ, EPD1, TBI0, IPS = 40 bits */
    a->tcr[2] = 25 | 1u << 20 | 2u << 16;
    a->ttbr0[1] = a->ttbr0[2] = PE_TABLES;
    a->sctlr[1] |= A64_SCTLR_M;
    a->sctlr[2] |= A64_SCTLR_M;
}

#endif
