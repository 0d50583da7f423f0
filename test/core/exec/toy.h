/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_TEST_CORE_EXEC_TOY_H
#define ORRERY_TEST_CORE_EXEC_TOY_H
/*
 * A guest ISA of eight instructions, 4 bytes each, for tests of core/exec: op in bits
 * 31:28, then a 27:24, b 23:20, immediate 15:0 (signed).
 *
 *   ADDI a, b, imm      a = b + imm
 *   LOAD a, [b + imm]   64 bits          STORE a, [b + imm]  32 bits
 *   BNE a, b, imm       to pc + 4 * imm
 *   JALR a, b           a = pc + 4; to b
 *   WFI                 SYS a, imm: helper (0 read cycles, 1 ack interrupt, 2 yield...)
 *   TRAP                raises; the handler is at `vector`, register 15 gets the pc
 * Register 0 is zero. An interrupt goes to `irq_vector` with the pc in register 14.
 * Addresses from `window` on are mapped 1:1; below `unmapped_to` nothing is.
 */
#include "core/exec/exec_impl.h"
#include "core/ir/build.h"
#include "core/timing/model.h"
#include "core/util/bytes.h"
#include <check.h>
#include <stdlib.h>

struct toy {
    struct cpu cpu;
    uint64_t r[16];
    uint64_t vector, irq_vector, unmapped_to;
    uint64_t line, enabled;
    uint64_t traps, irqs;
    uint64_t log[64], n_log;
    bool planted; /* ADDI with immediate 77 adds 78: a difference to be found */
};
enum { TOY_ADDI, TOY_LOAD, TOY_STORE, TOY_BNE, TOY_JALR, TOY_WFI, TOY_SYS, TOY_TRAP };
enum { TOY_CYCLES, TOY_ACK, TOY_YIELD, TOY_LOG, TOY_ARM, TOY_STOP, TOY_KICK, TOY_RAISE };
#define TOY(op, a, b, imm)                                                                         \
    ((uint32_t)(op) << 28 | (uint32_t)(a) << 24 | (uint32_t)(b) << 20 | ((uint32_t)(imm) & 0xffff))

#define TOY_RAM  0x10000u
#define TOY_SIZE (16u * MEM_PAGE)

static const struct ir_slot toy_slots[16] = {
    { "r0", 0, IR_I64, true },
#define R(n) { "r" #n, offsetof(struct toy, r) + 8 * n, IR_I64, false }
    R(1), R(2), R(3), R(4), R(5), R(6), R(7), R(8), R(9), R(10), R(11), R(12), R(13), R(14), R(15),
#undef R
};

static struct toy *toy_of(struct cpu *cpu)
{
    return (struct toy *)cpu;
}

static struct ev_timer *toy_timer __attribute__((unused)); /* the test's, armed by SYS TOY_ARM */

static uint64_t toy_sys(struct cpu *cpu, uint64_t what, uint64_t value, uint64_t c, uint64_t d)
{
    struct toy *t = toy_of(cpu);
    (void)c, (void)d;
    switch (what) {
    case TOY_CYCLES:
        return cpu_cycles(cpu);
    case TOY_ACK:
        t->line = 0;
        t->enabled = 1;
        return 0;
    case TOY_LOG:
        if (t->n_log < 64)
            t->log[t->n_log++] = value;
        return 0;
    case TOY_ARM:
        ev_set_now(cpu->machine->queue, cpu_now(cpu));
        ev_arm(toy_timer, cpu_now(cpu) + value);
        return 0;
    case TOY_KICK: /* the next CPU */
        ev_set_now(cpu->machine->queue, cpu_now(cpu));
        cpu_kick(cpu->next != NULL ? cpu->next : cpu->machine->cpus);
        return 0;
    case TOY_RAISE: /* an interrupt of its own */
        t->line = 1;
        cpu_kick(cpu);
        return 0;
    case TOY_STOP:
        machine_stop(cpu->machine, MACHINE_POWEROFF, 0);
        return 0;
    default:
        return 0;
    }
}

static uint64_t toy_trap(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    (void)a, (void)b, (void)c, (void)d;
    cpu_raise(cpu, 7, 0, 0, 0);
    return 0;
}

static const struct ir_helper toy_helpers[] = {
    { "sys", toy_sys, IR_CALL_TIME },
    { "trap", toy_trap, IR_CALL_EXITS },
};
static const struct ir_guest toy_guest = { "toy", toy_slots, 16, toy_helpers, 2, IR_FP_RISCV };

static const struct insn_desc toy_descs[8] = {
    { .name = "addi", .id = 0, .klass = INSN_int_alu, .length = 4, .feature = "" },
    { .name = "load", .id = 1, .klass = INSN_load, .mem = INSN_MEM_READ, .mem_size = 8, .length = 4,
      .feature = "" },
    { .name = "store", .id = 2, .klass = INSN_store, .mem = INSN_MEM_WRITE, .mem_size = 4,
      .length = 4, .feature = "" },
    { .name = "bne", .id = 3, .klass = INSN_branch, .branch = INSN_COND, .length = 4, .feature = "" },
    { .name = "jalr", .id = 4, .klass = INSN_indirect, .branch = INSN_INDIRECT, .length = 4,
      .feature = "" },
    { .name = "wfi", .id = 5, .klass = INSN_system, .length = 4, .feature = "" },
    { .name = "sys", .id = 6, .klass = INSN_system, .length = 4, .feature = "" },
    { .name = "trap", .id = 7, .klass = INSN_system, .length = 4, .feature = "" },
};

/* One instruction; true when it ended the block. */
static bool toy_insn(const struct toy *t, struct ir_unit *u, uint32_t word, int32_t at)
{
    unsigned op = word >> 28 & 7, a = word >> 24 & 15, b = word >> 20 & 15;
    int64_t imm = (int16_t)word;
    switch (op) {
    case TOY_ADDI:
        if (t->planted && imm == 77)
            imm = 78;
        ir_put(u, a, ir_add(u, IR_I64, ir_get(u, b), ir_const(u, IR_I64, (uint64_t)imm)));
        return false;
    case TOY_LOAD:
        ir_put(u, a, ir_load(u, IR_I64, ir_get(u, b), imm, ir_memop(8, 0)));
        return false;
    case TOY_STORE:
        ir_store(u, IR_I64, ir_get(u, b), imm, ir_get(u, a), ir_memop(4, 0));
        return false;
    case TOY_BNE:
        ir_branch(u, ir_setcc(u, IR_I64, IR_NE, ir_get(u, a), ir_get(u, b)), at + 4 * (int32_t)imm,
                  at + 4);
        return true;
    case TOY_JALR: {
        ir_val_t to = ir_get(u, b);
        ir_put(u, a, ir_pc(u, at + 4));
        ir_jumpr(u, to, IR_LINK_NONE);
        return true;
    }
    case TOY_WFI:
        ir_exit(u, IR_EXIT_IDLE, at + 4);
        return true;
    case TOY_SYS:
        if (imm == TOY_YIELD) {
            ir_exit(u, IR_EXIT_YIELD, at + 4);
            return true;
        }
        if (imm == TOY_CYCLES)
            ir_put(u, a, ir_call(u, IR_I64, 0, ir_const(u, IR_I64, (uint64_t)imm), ir_get(u, a),
                                 IR_NONE, IR_NONE));
        else
            ir_call(u, IR_VOID, 0, ir_const(u, IR_I64, (uint64_t)imm), ir_get(u, a), IR_NONE,
                    IR_NONE);
        return false;
    default:
        ir_call(u, IR_VOID, 1, IR_NONE, IR_NONE, IR_NONE, IR_NONE);
        ir_exit(u, IR_EXIT_LOOKUP, at);
        return true;
    }
}

static void toy_translate(struct cpu *cpu, struct ir_unit *u, int32_t start, const uint8_t *code,
                          uint32_t avail, const uint8_t *next)
{
    static const struct insn_regs none = { { 255, 255, 255, 255 }, { 255, 255 } };
    int32_t at = start;
    uint32_t used = 0, n = 0;
    bool ended = false;
    (void)next;
    ir_begin_block(u, start);
    while (!ended) {
        if (n++ == IR_BLOCK_INSNS || used + 4 > avail) {
            ir_jump(u, at);
            break;
        }
        uint32_t word = ld_le32(code + used);
        ir_begin_insn(u, at, 4, &toy_descs[word >> 28 & 7], &none);
        ended = toy_insn(toy_of(cpu), u, word, at);
        at += 4;
        used += 4;
    }
    ir_end_block(u, used);
}

static uint32_t toy_mode(const struct cpu *cpu)
{
    (void)cpu;
    return 0;
}

static int toy_walk(struct cpu *cpu, va_t va, enum cpu_access access, unsigned regime, bool probe,
                    struct cpu_map *map)
{
    (void)access, (void)regime;
    if (va < toy_of(cpu)->unmapped_to) {
        if (!probe)
            cpu_raise(cpu, 1, va, 0, 0);
        return 1;
    }
    *map = (struct cpu_map){ .pa = va, .page_shift = 12, .load = true, .store = true, .fetch = true };
    return 0;
}

static void toy_raise_bus(struct cpu *cpu, va_t va, enum cpu_access access, enum mem_result why)
{
    (void)access, (void)why;
    cpu_raise(cpu, 2, va, 0, 0);
}

static void toy_raise_align(struct cpu *cpu, va_t va, enum cpu_access access)
{
    (void)access;
    cpu_raise(cpu, 3, va, 0, 0);
}

static void toy_raise_fetch(struct cpu *cpu, va_t va, enum mem_result why)
{
    (void)why;
    cpu_raise(cpu, 4, va, 0, 0);
}

static void toy_take_exception(struct cpu *cpu)
{
    struct toy *t = toy_of(cpu);
    t->traps++;
    t->r[15] = cpu->pc;
    cpu->pc = t->vector;
    cpu->fault.pending = false;
}

static bool toy_take_interrupt(struct cpu *cpu)
{
    struct toy *t = toy_of(cpu);
    if (!t->line || !t->enabled)
        return false;
    t->enabled = 0;
    t->irqs++;
    t->r[14] = cpu->pc;
    cpu->pc = t->irq_vector;
    return true;
}

static bool toy_interrupt_due(const struct cpu *cpu)
{
    const struct toy *t = (const struct toy *)cpu;
    return t->line && t->enabled;
}

static bool toy_has_work(const struct cpu *cpu)
{
    return ((const struct toy *)cpu)->line != 0;
}

static void toy_reset(struct cpu *cpu)
{
    struct toy *t = toy_of(cpu);
    for (int i = 0; i < 16; i++)
        t->r[i] = 0;
    cpu->pc = TOY_RAM;
    cpu->run = CPU_RUNNING;
    t->enabled = 1;
}

static inline void toy_raise_line(void *cpu)
{
    toy_of(cpu)->line = 1;
    cpu_kick(cpu);
}

static const struct cpu_reg *toy_regs(const struct cpu *cpu, uint32_t *n)
{
    (void)cpu;
    *n = 0;
    return NULL;
}

static const struct state_field toy_state[] = {
    STATE_SUB(toy, cpu, cpu_state), STATE(toy, r),    STATE(toy, line), STATE(toy, enabled),
    STATE(toy, traps),              STATE(toy, irqs), STATE(toy, log),  STATE(toy, n_log),
    STATE_END,
};

static const struct cpu_isa toy_isa = {
    .max_insn = 4,
    .pause_cycles = 64, .parcel = 2,
    .name = "toy", .guest = &toy_guest, .size = sizeof(struct toy), .state = toy_state,
    .mode = toy_mode, .translate = toy_translate, .walk = toy_walk, .raise_bus = toy_raise_bus,
    .raise_align = toy_raise_align, .raise_fetch = toy_raise_fetch,
    .take_exception = toy_take_exception, .take_interrupt = toy_take_interrupt,
    .interrupt_due = toy_interrupt_due, .has_work = toy_has_work, .reset = toy_reset, .regs = toy_regs, .watch_before = true,
};

/* A machine of `n` toy CPUs at 1 GHz with TOY_SIZE bytes of RAM at TOY_RAM. */
struct rig {
    struct machine *m;
    struct exec *x;
    struct mem_ram *ram;
    struct toy *cpu[4];
    struct tm_cpu *tm[4];
    uint32_t n;
};

static inline struct rig rig_open_with(uint32_t n, const char *timing, const struct exec_options *o)
{
    struct rig g = { .n = n };
    struct err e = { 0 };
    ck_assert_int_eq(machine_create(&g.m, stderr, &e), 0);
    ck_assert_int_eq(machine_add_ram(g.m, "ram", TOY_SIZE, &g.ram, &e), 0);
    ck_assert_int_eq(mem_add_ram(g.m->memory, "ram", TOY_RAM, g.ram, 0, TOY_SIZE, 0, NULL, &e), 0);
    ck_assert_int_eq(exec_create(&g.x, g.m, o, &e), 0);
    for (uint32_t i = 0; i < n; i++) {
        struct cpu *c;
        ck_assert_int_eq(cpu_create(&c, g.m, &toy_isa, i, 1000000000u, &e), 0);
        g.cpu[i] = toy_of(c);
        ck_assert_msg(tm_create(&g.tm[i], timing, NULL, i, &e) == 0, "%s", e.text);
        c->tm = g.tm[i];
        ck_assert_msg(exec_add_cpu(g.x, c, &e) == 0, "%s", e.text);
    }
    machine_reset(g.m);
    for (uint32_t i = 0; i < n; i++)
        mmu_select(&g.cpu[i]->cpu, 0, 0, 0);
    return g;
}

static inline struct rig rig_open(uint32_t n, const char *timing, uint32_t code_threshold)
{
    struct exec_options o = { .mode = EXEC_INTERP, .region_threshold = code_threshold, .verify = true };
    struct rig g = rig_open_with(n, timing, &o);
    if (code_threshold != 0) /* regions, though the interpreter runs them */
        g.x->options.mode = EXEC_JIT;
    return g;
}

static inline void rig_close(struct rig *g)
{
    exec_destroy(g->x);
    machine_destroy(g->m);
    for (uint32_t i = 0; i < g->n; i++)
        tm_destroy(g->tm[i]);
}

static inline void rig_load(struct rig *g, uint32_t at, const uint32_t *code, size_t n)
{
    for (size_t i = 0; i < n; i++)
        st_le32(g->ram->host + at + 4 * i, code[i]);
    mem_ram_written(g->ram, at, 4 * n);
}

static inline enum exec_reason rig_run(struct rig *g, ps_t time, uint64_t insns)
{
    struct exec_limits l = { .time = time, .insns = insns };
    struct cpu *cpu;
    return exec_run(g->x, &l, &cpu);
}

#endif
