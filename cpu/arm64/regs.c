/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Registers by name for debuggers. Numbers are gdb's for AArch64: x0-30, sp 31, pc 32, cpsr 33,
 * v0-31 34-65, fpsr 66, fpcr 67.
 */
#include "cpu/arm64/arm64_impl.h"
#include "cpu/arm64/bits.h"

enum { GDB_SP = 31, GDB_PC, GDB_CPSR, GDB_V0, GDB_FPSR = GDB_V0 + 32, GDB_FPCR, GDB_SYS };
#define CORE "org.gnu.gdb.aarch64.core"
#define FPU  "org.gnu.gdb.aarch64.fpu"

static uint64_t get_x(const struct cpu *cpu, uint32_t n)
{
    return A64_CPU_CONST(cpu)->x[n];
}
static bool set_x(struct cpu *cpu, uint32_t n, uint64_t v)
{
    A64_CPU(cpu)->x[n] = v;
    if (n == 31)
        a64_level_changed(A64_CPU(cpu)); /* its alignment is part of the block key */
    return true;
}

static uint64_t get_pc(const struct cpu *cpu, uint32_t n)
{
    (void)n;
    return cpu_pc(cpu);
}
static bool set_pc(struct cpu *cpu, uint32_t n, uint64_t v)
{
    (void)n;
    cpu->pc = A64_CPU(cpu)->nrw ? v & (A64_CPU(cpu)->a32 & 1u << 5 ? ~1ull : ~3ull) & UINT32_MAX : v;
    return true;
}

static uint64_t get_cpsr(const struct cpu *cpu, uint32_t n)
{
    (void)n;
    return a64_get_spsr(A64_CPU_CONST(cpu));
}

/* Flags and masks; a debugger that wants another level asks for an exception return. */
static bool set_cpsr(struct cpu *cpu, uint32_t n, uint64_t v)
{
    struct a64_cpu *a = A64_CPU(cpu);
    (void)n;
    a64_set_nzcv(a, v);
    if (!a->nrw)
        a->daif = v & A64_PS_DAIF;
    else
        a64_set_a32(a, v);
    a64_level_changed(a);
    return true;
}

static uint64_t get_v(const struct cpu *cpu, uint32_t n)
{
    return A64_CPU_CONST(cpu)->v[n].d[0];
}
static uint64_t get_v_high(const struct cpu *cpu, uint32_t n)
{
    return A64_CPU_CONST(cpu)->v[n].d[1];
}
static bool set_v(struct cpu *cpu, uint32_t n, uint64_t v)
{
    A64_CPU(cpu)->v[n].d[0] = v;
    return true;
}
static bool set_v_high(struct cpu *cpu, uint32_t n, uint64_t v)
{
    A64_CPU(cpu)->v[n].d[1] = v;
    return true;
}

static uint64_t get_fpsr(const struct cpu *cpu, uint32_t n)
{
    (void)n;
    return a64_get_fpsr(A64_CPU_CONST(cpu));
}
static bool set_fpsr(struct cpu *cpu, uint32_t n, uint64_t v)
{
    (void)n;
    a64_set_fpsr(A64_CPU(cpu), v);
    return true;
}
static uint64_t get_fpcr(const struct cpu *cpu, uint32_t n)
{
    (void)n;
    return A64_CPU_CONST(cpu)->fpcr;
}
static bool set_fpcr(struct cpu *cpu, uint32_t n, uint64_t v)
{
    (void)n;
    a64_set_fpcr(A64_CPU(cpu), v);
    a64_update_mode(A64_CPU(cpu));
    return true;
}

int a64_regs_init(struct a64_cpu *a, struct err *e)
{
    struct arena *arena = &a->cpu.machine->arena;
    uint32_t n = 0;
    struct cpu_reg *r = ARENA_ARRAY(arena, struct cpu_reg, GDB_SYS);
    if (r == NULL)
        goto nomem;
    for (unsigned i = 0; i < 32; i++) {
        char *name = i == 31 ? arena_strdup(arena, "sp") : arena_printf(arena, "x%u", i);
        if (name == NULL)
            goto nomem;
        r[n++] = (struct cpu_reg){ .name = name, .feature = CORE, .type = i == 31 ? "data_ptr" : "int",
                                   .group = "general", .gdb_number = (uint16_t)i, .bits = 64,
                                   .arg = i, .get = get_x, .set = set_x };
    }
    r[n++] = (struct cpu_reg){ .name = "pc", .feature = CORE, .type = "code_ptr", .group = "general",
                               .gdb_number = GDB_PC, .bits = 64, .get = get_pc, .set = set_pc };
    r[n++] = (struct cpu_reg){ .name = "cpsr", .feature = CORE, .type = "int", .group = "general",
                               .gdb_number = GDB_CPSR, .bits = 32, .get = get_cpsr, .set = set_cpsr };
    for (unsigned i = 0; i < 32; i++) {
        char *name = arena_printf(arena, "v%u", i);
        if (name == NULL)
            goto nomem;
        r[n++] = (struct cpu_reg){ .name = name, .feature = FPU, .type = "uint128", .group = "vector",
                                   .gdb_number = (uint16_t)(GDB_V0 + i), .bits = 128, .arg = i,
                                   .get = get_v, .set = set_v, .get_high = get_v_high,
                                   .set_high = set_v_high };
    }
    r[n++] = (struct cpu_reg){ .name = "fpsr", .feature = FPU, .type = "int", .group = "float",
                               .gdb_number = GDB_FPSR, .bits = 32, .get = get_fpsr, .set = set_fpsr };
    r[n++] = (struct cpu_reg){ .name = "fpcr", .feature = FPU, .type = "int", .group = "float",
                               .gdb_number = GDB_FPCR, .bits = 32, .get = get_fpcr, .set = set_fpcr };
    a->regs = r;
    a->n_regs = n;
    return 0;
nomem:
    return err_set(e, ERR_NOMEM, "cpu%u: no memory for its register list", a->cpu.index);
}

const struct cpu_reg *a64_regs(const struct cpu *cpu, uint32_t *n)
{
    *n = A64_CPU_CONST(cpu)->n_regs;
    return A64_CPU_CONST(cpu)->regs;
}
