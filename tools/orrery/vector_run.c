/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running test vectors: a machine of one processor, RAM and ports that nothing answers. Before each vector the machine is
 * reset and its RAM all zero, and every page is clean; so what the instruction wrote beside what it should is found in
 * the dirty pages, which alone need looking at.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/cpu/regs.h"
#include "core/exec/exec.h"
#include "core/timing/model.h"
#include "core/util/bits.h"
#include "cpu/x86/cpu.h"
#include "mmu/tlb.h"
#include "tools/orrery/vector.h"

#define RAM_BYTES (16u << 20) /* what the suites assume */
#define LONGEST   20000u      /* instructions of a vector at most: string instructions count once for each element */

struct side {
    const char *name;
    struct machine *machine;
    struct mem_ram *ram;
    struct mem_space *ports;
    struct x86_cpu *x86;
    struct cpu *cpu;
    struct exec *exec;
    struct tm_cpu *tm;
    bool shut_down;
};

struct vector_runner {
    struct side side[2];
    unsigned n_sides;
    uint8_t *seen; /* a bit per byte of RAM: the vector has said what is there */
};

static const char *const reg_names[VR_COUNT] = {
    "cr0", "cr3", "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp",    "rsp",
    "cs",  "ds",  "es",  "fs",  "gs",  "ss",  "rip", "eflags", NULL, NULL,
};

static uint32_t get(const struct side *s, unsigned r)
{
    const struct cpu_reg *reg = cpu_find_reg(s->cpu, reg_names[r]);
    return (uint32_t)reg->get(s->cpu, reg->arg);
}

static void set(const struct side *s, unsigned r, uint32_t value)
{
    const struct cpu_reg *reg = cpu_find_reg(s->cpu, reg_names[r]);
    (void)reg->set(s->cpu, reg->arg, value);
}

static void on_shutdown(void *side)
{
    ((struct side *)side)->shut_down = true;
    machine_stop(((struct side *)side)->machine, MACHINE_PAUSE, 0);
}

/* FERR# goes nowhere and IGNNE# is active: no unmasked x87 error stops an instruction. */
static void on_ferr(void *side, bool level)
{
    (void)side, (void)level;
}
static bool ignne(void *side)
{
    (void)side;
    return true;
}

static int create_side(struct side *s, const char *cpu, bool jit, struct err *e)
{
    struct x86_config config;
    const struct exec_options o = { .mode = jit ? EXEC_JIT : EXEC_INTERP };
    s->name = jit ? "jit" : "interp";
    s->ports = mem_space_create("ports");
    const struct x86_wiring wiring = { .ports = s->ports, .shutdown = on_shutdown, .ferr = on_ferr, .ignne = ignne, .arg = s };
    int rc = machine_create(&s->machine, stderr, e);
    if (rc == 0)
        rc = machine_add_ram(s->machine, "ram", RAM_BYTES, &s->ram, e);
    if (rc == 0)
        rc = mem_add_ram(s->machine->memory, "ram", 0, s->ram, 0, RAM_BYTES, 0, NULL, e);
    if (rc == 0)
        rc = x86_config_parse(&config, cpu, NULL, e);
    if (rc < 0)
        return rc;
    config.bootstrap = true;
    rc = x86_cpu_create(&s->x86, s->machine, &config, &wiring, 0, e);
    if (rc == 0)
        rc = tm_create(&s->tm, "functional", NULL, 0, e);
    if (rc == 0)
        rc = exec_create(&s->exec, s->machine, &o, e);
    if (rc < 0)
        return rc;
    s->cpu = x86_cpu_base(s->x86);
    s->cpu->tm = s->tm;
    rc = exec_add_cpu(s->exec, s->cpu, e);
    machine_reset(s->machine);
    return rc;
}

int vector_runner_create(struct vector_runner **out, const char *cpu, const char *exec, struct err *e)
{
    struct vector_runner *r = calloc(1, sizeof(*r));
    bool both = strcmp(exec, "lockstep") == 0;
    *out = r;
    if (r == NULL || (r->seen = calloc(1, RAM_BYTES / 8)) == NULL)
        return err_set(e, ERR_NOMEM, "no memory to run test vectors");
    int rc = 0;
    if (both || strcmp(exec, "interp") == 0)
        rc = create_side(&r->side[r->n_sides++], cpu, false, e);
    if (rc == 0 && (both || strcmp(exec, "jit") == 0))
        rc = create_side(&r->side[r->n_sides++], cpu, true, e);
    return rc;
}

void vector_runner_destroy(struct vector_runner *r)
{
    for (unsigned i = 0; r != NULL && i < r->n_sides; i++) {
        struct side *s = &r->side[i];
        if (s->exec != NULL)
            exec_destroy(s->exec);
        if (s->machine != NULL)
            machine_destroy(s->machine);
        if (s->tm != NULL)
            tm_destroy(s->tm);
        mem_space_destroy(s->ports);
    }
    if (r != NULL)
        free(r->seen);
    free(r);
}

static void put(struct side *s, uint32_t at, uint8_t value)
{
    s->ram->host[at] = value;
    mem_ram_written(s->ram, at, 1);
}

static bool mark(struct vector_runner *r, uint32_t at, bool on)
{
    bool was = r->seen[at / 8] >> (at % 8) & 1;
    r->seen[at / 8] = (uint8_t)((r->seen[at / 8] & ~(1u << (at % 8))) | (unsigned)on << (at % 8));
    return was;
}

/* Where the next instruction is expected: there, vectors that do not end in HLT are given one. */
static uint32_t end_of(const struct vector_file *f, const struct vector *v)
{
    const struct vector_state *b = &v->before, *a = &v->after;
    uint32_t cs = a->present >> VR_CS & 1 ? a->reg[VR_CS] : b->reg[VR_CS];
    uint32_t ip = a->present >> VR_EIP & 1 ? a->reg[VR_EIP] : b->reg[VR_EIP];
    return (cs * 16 + ip) & (f->cpu & (VC_8086 | VC_186) ? 0xfffff : RAM_BYTES - 1);
}

/* No room for a HLT: it jumps into itself, or data lies there. So one instruction is all it may do. */
static bool is_single(const struct vector_file *f, const struct vector *v)
{
    uint32_t end = end_of(f, v), begin = v->before.reg[VR_CS] * 16 + v->before.reg[VR_EIP];
    const struct vector_state *states[] = { &v->before, &v->after };
    if (f->halts || ((end - begin) & 0xfffff) < v->n_bytes)
        return !f->halts;
    for (unsigned k = 0; k < 2; k++)
        for (uint32_t i = 0; i < states[k]->n_ram; i++)
            if (states[k]->ram[i].at == end && states[k]->ram[i].value != 0x90)
                return true;
    return false;
}

static bool fits(const struct vector_state *s)
{
    for (uint32_t i = 0; i < s->n_ram; i++)
        if (s->ram[i].at >= RAM_BYTES)
            return false;
    return true;
}

static bool start(struct side *s, const struct vector_file *f, const struct vector *v, char *why, size_t size)
{
    struct exec_limits limits = { .time = PS_NEVER };
    struct cpu *stopped;
    bool single = is_single(f, v);

    s->shut_down = false;
    machine_resume(s->machine);
    /* A processor with 20 address lines wraps */
    x86_cpu_set_input(s->cpu, X86_A20M, (f->cpu & (VC_8086 | VC_186)) != 0);
    machine_reset(s->machine);
    mem_ram_clean(s->ram);
    mmu_flush_all_cpus(s->machine);
    for (uint32_t i = 0; i < v->before.n_ram; i++)
        put(s, v->before.ram[i].at, v->before.ram[i].value);
    if (!f->halts && !single)
        put(s, end_of(f, v), 0xf4);
    for (unsigned i = VR_EAX; i <= VR_EFLAGS; i++)
        if (v->before.present >> i & 1)
            set(s, i, v->before.reg[i] & (f->cpu != VC_386 && i == VR_EFLAGS ? 0xfff : UINT32_MAX));
    limits.insns = cpu_insns(s->cpu) + LONGEST;
    enum exec_reason reason = single ? exec_step(s->exec, s->cpu) : exec_run(s->exec, &limits, &stopped);
    bool good = !s->shut_down && (single || reason == EXEC_DEADLOCK);
    if (s->shut_down)
        snprintf(why, size, "the processor shut down");
    else if (!good)
        snprintf(why, size, "no HLT within %u instructions; IP is now %x", LONGEST, get(s, VR_EIP));
    return good;
}

/* What the suite vouches for of register `r`. */
static uint32_t vouched(const struct vector_file *f, const struct vector *v, unsigned r, uint32_t flags)
{
    uint32_t mask = v->mask[r];
    if (r >= VR_CS && r <= VR_SS)
        mask &= 0xffff;
    if (r == VR_CR0)
        mask &= 0xf; /* PE MP EM TS: the rest is of the processor that it is */
    if (r == VR_CR3)
        mask = 0;
    if (r == VR_EIP && f->cpu != VC_386) /* 16 bits of it: after FFFF comes 0 */
        mask &= 0xffff;
    if (r == VR_EFLAGS) /* IOPL and NT are always 0 on a 286 in real mode, 1 on an 8086; bits above VM came later */
        mask &= f->cpu == VC_386 ? flags & 0x3ffff : flags & 0xfff;
    return mask;
}

static bool check_regs(struct side *s, const struct vector_file *f, const struct vector *v, uint32_t flags, char *why,
                       size_t size)
{
    for (unsigned r = 0; r <= VR_EFLAGS; r++) {
        bool changed = v->after.present >> r & 1;
        if (!changed && !(v->before.present >> r & 1))
            continue;
        uint32_t want = changed ? v->after.reg[r] : v->before.reg[r], mask = vouched(f, v, r, flags), got = get(s, r);
        if (!f->halts && r == VR_EIP && !is_single(f, v))
            want = (want + 1) & 0xffff;
        if (((got ^ want) & mask) != 0) {
            snprintf(why, size, "%s is %x, expected %x%s", reg_names[r], got & mask, want & mask,
                     mask == UINT32_MAX || mask == 0xffff ? "" : " (of what is defined)");
            return false;
        }
    }
    return true;
}

/*
 * Flags on the stack carry what is undefined, and above bit 11 what is the processor's. `at`: their low byte.
 */
static uint8_t byte_mask(const struct vector_file *f, uint32_t at, uint32_t flags_at, uint32_t flags)
{
    if (flags_at == UINT32_MAX || at - flags_at > 1)
        return 0xff;
    return (uint8_t)((f->cpu == VC_386 ? flags : flags & 0xfff) >> 8 * (at - flags_at));
}

/* Where the flags were pushed, if they were. (The files say it too, but rounded down to an even address.) */
static uint32_t pushed_flags(const struct vector_file *f, const struct vector *v)
{
    unsigned op = vector_opcode(f, v);
    uint32_t sp = v->after.present >> VR_ESP & 1 ? v->after.reg[VR_ESP] : v->before.reg[VR_ESP];
    bool divides = (op == 0xf6 || op == 0xf7 || op == 0xd4) && v->after.present >> VR_CS & 1;
    if (v->exception < 0 && !divides && op != 0x9c && op != 0xcc && op != 0xcd && op != 0xce)
        return UINT32_MAX;
    sp += v->exception < 0 && op == 0x9c ? 0 : 4;
    return ((v->before.reg[VR_SS] << 4) + (sp & 0xffff)) & (f->cpu & (VC_8086 | VC_186) ? 0xfffff : RAM_BYTES - 1);
}

static bool check_byte(struct vector_runner *r, struct side *s, const struct vector_file *f, const struct vector_byte *b,
                       uint32_t flags_at, uint32_t flags, uint32_t end, char *why, size_t size)
{
    uint8_t mask = byte_mask(f, b->at, flags_at, flags), want = b->value, got = s->ram->host[b->at];
    if (b->at == end)
        want = 0xf4;
    if (mark(r, b->at, true)) /* said already */
        return true;
    s->ram->host[b->at] = 0;
    if (((want ^ got) & mask) == 0)
        return true;
    snprintf(why, size, "memory at %x is %02x, expected %02x", b->at, got & mask, want & mask);
    return false;
}

/* Leaves RAM as it must be before the next: all zero. */
static bool check_memory(struct vector_runner *r, struct side *s, const struct vector_file *f, const struct vector *v,
                         uint32_t flags, char *why, size_t size)
{
    uint32_t flags_at = pushed_flags(f, v), end = f->halts || is_single(f, v) ? UINT32_MAX : end_of(f, v);
    const struct vector_state *states[] = { &v->after, &v->before };
    bool good = true;
    char later[100];

    for (unsigned k = 0; k < 2; k++)
        for (uint32_t i = 0; i < states[k]->n_ram; i++)
            good &= check_byte(r, s, f, &states[k]->ram[i], flags_at, flags, end, good ? why : later,
                               good ? size : sizeof(later));
    for (unsigned k = 0; k < 2; k++)
        for (uint32_t i = 0; i < states[k]->n_ram; i++)
            mark(r, states[k]->ram[i].at, false);
    if (end != UINT32_MAX)
        s->ram->host[end] = 0;
    for (uint32_t page = 0; page < RAM_BYTES / MEM_PAGE; page++) {
        uint8_t *at = s->ram->host + (size_t)page * MEM_PAGE;
        if (s->ram->flags[page] & MEM_PAGE_CLEAN)
            continue;
        for (uint32_t i = 0; good && i < MEM_PAGE; i++)
            if (at[i] != 0) {
                snprintf(why, size, "memory at %x was written: %02x", page * MEM_PAGE + i, at[i]);
                good = false;
            }
        memset(at, 0, MEM_PAGE);
        mem_ram_written(s->ram, (uint64_t)page * MEM_PAGE, MEM_PAGE);
    }
    return good;
}

/* Both executors must agree in all, undefined or not. */
static bool check_agreement(const struct side s[2], char *why, size_t size)
{
    for (unsigned r = 0; r <= VR_EFLAGS; r++)
        if (get(&s[0], r) != get(&s[1], r)) {
            snprintf(why, size, "%s is %x by interp, %x by jit", reg_names[r], get(&s[0], r), get(&s[1], r));
            return false;
        }
    for (uint32_t page = 0; page < RAM_BYTES / MEM_PAGE; page++) {
        size_t at = (size_t)page * MEM_PAGE;
        if ((s[0].ram->flags[page] & s[1].ram->flags[page] & MEM_PAGE_CLEAN) == 0 &&
            memcmp(s[0].ram->host + at, s[1].ram->host + at, MEM_PAGE) != 0) {
            snprintf(why, size, "memory of page %x differs between interp and jit", page * MEM_PAGE);
            return false;
        }
    }
    return true;
}

bool vector_run(struct vector_runner *r, const struct vector_file *f, const struct vector *v, uint32_t flags, char *why,
                size_t size)
{
    bool good = fits(&v->before) && fits(&v->after);
    if (!good) {
        snprintf(why, size, "its memory lies beyond the %u bytes that there are", RAM_BYTES);
        return false;
    }
    for (unsigned i = 0; i < r->n_sides; i++)
        good &= start(&r->side[i], f, v, why, size);
    if (good && r->n_sides == 2)
        good = check_agreement(r->side, why, size);
    for (unsigned i = 0; i < r->n_sides; i++) {
        char text[200] = "", other[200];
        bool regs = check_regs(&r->side[i], f, v, flags, text, sizeof(text));
        bool memory = check_memory(r, &r->side[i], f, v, flags, regs ? text : other, sizeof(text));
        if (good && !(regs && memory)) {
            if (r->n_sides > 1)
                snprintf(why, size, "%s (by %s)", text, r->side[i].name);
            else
                snprintf(why, size, "%s", text);
            good = false;
        }
    }
    return good;
}
