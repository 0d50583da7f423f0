/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Registers by name for debuggers. Numbers are gdb's for LoongArch: r0-31, orig_a0 32, pc 33,
 * badv 34, f0-31 from 35, fcc0-7, fcsr, vr0-31, xr0-31; CSRs behind them. Writes of CSRs go through their rows, so
 * read-only bits stay. orig_a0 is Linux's and reads 0: gdb takes no description without it. A LASX register is two here, where
 * gdb's xr would have 256 bits: xh0-31 are the high halves.
 */
#include "core/cpu/regs.h"
#include "cpu/loongarch/loongarch_impl.h"
#include <string.h>

enum { GDB_ORIG_A0 = 32, GDB_PC, GDB_BADV, GDB_F0, GDB_FCC0 = GDB_F0 + 32, GDB_FCSR = GDB_FCC0 + 8, GDB_VR0, GDB_XH0 = GDB_VR0 + 32,
       GDB_CSR0 = GDB_XH0 + 32 };
#define BASE "org.gnu.gdb.loongarch.base"
#define FPU  "org.gnu.gdb.loongarch.fpu"
#define LSX  "org.gnu.gdb.loongarch.lsx"
#define HIGH "org.orrery.loongarch.lasx"
#define CSR  "org.orrery.loongarch.csr"

static uint64_t get_r(const struct cpu *cpu, uint32_t n)
{
    return LA_CPU_CONST(cpu)->r[n];
}
static bool set_r(struct cpu *cpu, uint32_t n, uint64_t v)
{
    la_set_r(cpu, n, v);
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
    cpu->pc = v;
    return true;
}

static uint64_t get_zero(const struct cpu *cpu, uint32_t n)
{
    (void)cpu, (void)n;
    return 0;
}

static uint64_t get_fcc(const struct cpu *cpu, uint32_t n)
{
    return LA_CPU_CONST(cpu)->fcc[n];
}
static bool set_fcc(struct cpu *cpu, uint32_t n, uint64_t v)
{
    LA_CPU(cpu)->fcc[n] = v & 1;
    return true;
}

static uint64_t get_fcsr(const struct cpu *cpu, uint32_t n)
{
    (void)n;
    return la_get_fcsr(LA_CPU_CONST(cpu), 0);
}
static bool set_fcsr(struct cpu *cpu, uint32_t n, uint64_t v)
{
    (void)n;
    la_set_fcsr(LA_CPU(cpu), 0, v);
    la_update_mode(LA_CPU(cpu));
    return true;
}

/* n: number, halves of LASX registers from 32 on; f and vr are the same. */
static const union ir_vec *vector(const struct cpu *cpu, uint32_t n)
{
    const struct la_cpu *la = LA_CPU_CONST(cpu);
    return &la->v[n % 32][n / 32];
}
static uint64_t get_v(const struct cpu *cpu, uint32_t n)
{
    return vector(cpu, n)->d[0];
}
static uint64_t get_v_high(const struct cpu *cpu, uint32_t n)
{
    return vector(cpu, n)->d[1];
}
static bool set_half(struct cpu *cpu, uint32_t n, unsigned half, uint64_t v)
{
    struct la_cpu *la = LA_CPU(cpu);
    la->v[n % 32][n / 32].d[half] = v;
    return true;
}
static bool set_v(struct cpu *cpu, uint32_t n, uint64_t v)
{
    return set_half(cpu, n, 0, v);
}
static bool set_v_high(struct cpu *cpu, uint32_t n, uint64_t v)
{
    return set_half(cpu, n, 1, v);
}

static uint64_t get_csr(const struct cpu *cpu, uint32_t number)
{
    return la_csr_peek(LA_CPU_CONST(cpu), number);
}
static bool set_csr(struct cpu *cpu, uint32_t number, uint64_t v)
{
    la_csr_write(LA_CPU(cpu), number, v);
    la_update_mode(LA_CPU(cpu));
    return true;
}

/* What a row of 32 registers has in common. */
static const struct bank {
    const char *name, *feature, *type, *group;
    uint16_t gdb_number;
    uint8_t bits, arg;
    uint64_t (*get)(const struct cpu *cpu, uint32_t n);
    bool (*set)(struct cpu *cpu, uint32_t n, uint64_t v);
} banks[] = {
    { "r", BASE, "int", "general", 0, 64, 0, get_r, set_r },
    { "f", FPU, "ieee_double", "float", GDB_F0, 64, 0, get_v, set_v },
    { "vr", LSX, "vec128", "vector", GDB_VR0, 128, 0, get_v, set_v },
    { "xh", HIGH, "vec128", "vector", GDB_XH0, 128, 32, get_v, set_v },
};

static bool add_bank(struct arena *arena, struct cpu_reg *r, uint32_t *n, const struct bank *b)
{
    for (uint32_t i = 0; i < 32; i++) {
        char *name = arena_printf(arena, "%s%u", b->name, i);
        if (name == NULL)
            return false;
        r[(*n)++] = (struct cpu_reg){ .name = name, .feature = b->feature, .type = b->type, .group = b->group,
                                      .gdb_number = (uint16_t)(b->gdb_number + i), .bits = b->bits,
                                      .arg = b->arg + i, .get = b->get, .set = b->set,
                                      .get_high = b->bits == 128 ? get_v_high : NULL,
                                      .set_high = b->bits == 128 ? set_v_high : NULL };
    }
    return true;
}

/* With the number in the place of %u. */
static char *csr_name(struct arena *arena, const struct la_csr *csr, uint32_t k)
{
    const char *at = strstr(csr->name, "%u");
    return at == NULL ? arena_strdup(arena, csr->name)
                      : arena_printf(arena, "%.*s%u%s", (int)(at - csr->name), csr->name, k, at + 2);
}

/* CSRs of this core, in the order of their rows. */
static bool add_csrs(struct la_cpu *la, struct cpu_reg *r, uint32_t *n)
{
    struct arena *arena = &la->cpu.machine->arena;
    for (uint32_t i = 0; i < la_n_csrs; i++)
        for (uint32_t k = 0; k < MAX(la_csrs[i].count, 1u); k++) {
            uint32_t number = la_csrs[i].number + k * MAX(la_csrs[i].step, 1u), index;
            if (la_csr_find(la->config, number, &index) != &la_csrs[i])
                continue;
            char *name = csr_name(arena, &la_csrs[i], k);
            if (name == NULL)
                return false;
            r[(*n)++] = (struct cpu_reg){ .name = name, .feature = CSR, .type = "int", .group = "csr",
                                          .gdb_number = (uint16_t)(GDB_CSR0 + number), .bits = 64,
                                          .arg = number, .get = get_csr, .set = set_csr };
        }
    return true;
}

static bool add_all(struct la_cpu *la, struct cpu_reg *r, uint32_t *n)
{
    struct arena *arena = &la->cpu.machine->arena;
    if (!add_bank(arena, r, n, &banks[0]))
        return false;
    r[(*n)++] = (struct cpu_reg){ .name = "orig_a0", .feature = BASE, .type = "int", .group = "general",
                                  .gdb_number = GDB_ORIG_A0, .bits = 64, .get = get_zero };
    r[(*n)++] = (struct cpu_reg){ .name = "pc", .feature = BASE, .type = "code_ptr", .group = "general",
                                  .gdb_number = GDB_PC, .bits = 64, .get = get_pc, .set = set_pc };
    r[(*n)++] = (struct cpu_reg){ .name = "badv", .feature = BASE, .type = "code_ptr", .group = "general",
                                  .gdb_number = GDB_BADV, .bits = 64, .arg = LA_CSR_BADV, .get = get_csr,
                                  .set = set_csr };
    if (!add_bank(arena, r, n, &banks[1]))
        return false;
    for (uint32_t i = 0; i < 8; i++) {
        char *name = arena_printf(arena, "fcc%u", i);
        if (name == NULL)
            return false;
        r[(*n)++] = (struct cpu_reg){ .name = name, .feature = FPU, .type = "uint8", .group = "float",
                                      .gdb_number = (uint16_t)(GDB_FCC0 + i), .bits = 8, .arg = i,
                                      .get = get_fcc, .set = set_fcc };
    }
    r[(*n)++] = (struct cpu_reg){ .name = "fcsr", .feature = FPU, .type = "uint32", .group = "float",
                                  .gdb_number = GDB_FCSR, .bits = 32, .get = get_fcsr, .set = set_fcsr };
    if (la_has(la->config, LA_F_LSX) && !add_bank(arena, r, n, &banks[2]))
        return false;
    if (la_has(la->config, LA_F_LASX) && !add_bank(arena, r, n, &banks[3]))
        return false;
    return add_csrs(la, r, n);
}

int la_regs_init(struct la_cpu *la, struct err *e)
{
    uint32_t most = ARRAY_LEN(banks) * 32 + 3 + 8 + 1, n = 0;
    for (uint32_t i = 0; i < la_n_csrs; i++)
        most += MAX(la_csrs[i].count, 1u);
    struct cpu_reg *r = ARENA_ARRAY(&la->cpu.machine->arena, struct cpu_reg, most);
    if (r == NULL || !add_all(la, r, &n))
        return err_set(e, ERR_NOMEM, "cpu%u: no memory for its register list", la->cpu.index);
    la->regs = r;
    la->n_regs = n;
    return 0;
}

const struct cpu_reg *la_regs(const struct cpu *cpu, uint32_t *n)
{
    *n = LA_CPU_CONST(cpu)->n_regs;
    return LA_CPU_CONST(cpu)->regs;
}
