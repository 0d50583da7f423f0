/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Registers by name for debuggers. Numbers are gdb's: x0-31 0-31, pc 32, f0-31 33-64,
 * CSRs 65 + number, privilege behind the last CSR, v0-31 behind that. Writes go through the CSR rows, so
 * read-only bits stay and no permission is asked.
 */
#include "cpu/riscv/riscv_impl.h"

enum { GDB_PC = 32, GDB_F0 = 33, GDB_CSR0 = 65, GDB_PRIV = GDB_CSR0 + 4096, GDB_V0 };

static uint64_t get_x(const struct cpu *cpu, uint32_t n)
{
    return RV_CPU_CONST(cpu)->x[n];
}
static uint64_t get_f(const struct cpu *cpu, uint32_t n)
{
    return RV_CPU_CONST(cpu)->f[n];
}
static uint64_t get_v(const struct cpu *cpu, uint32_t n)
{
    return RV_CPU_CONST(cpu)->v[n].d[0];
}
static uint64_t get_v_high(const struct cpu *cpu, uint32_t n)
{
    return RV_CPU_CONST(cpu)->v[n].d[1];
}
static uint64_t get_priv(const struct cpu *cpu, uint32_t n)
{
    (void)n;
    return RV_CPU_CONST(cpu)->priv;
}
static uint64_t get_pc(const struct cpu *cpu, uint32_t n)
{
    (void)n;
    return cpu_pc(cpu);
}

static bool set_x(struct cpu *cpu, uint32_t n, uint64_t v)
{
    if (n != 0)
        RV_CPU(cpu)->x[n] = v;
    return true;
}

static bool set_f(struct cpu *cpu, uint32_t n, uint64_t v)
{
    RV_CPU(cpu)->f[n] = v;
    return true;
}

static bool set_v(struct cpu *cpu, uint32_t n, uint64_t v)
{
    RV_CPU(cpu)->v[n].d[0] = v;
    return true;
}

static bool set_v_high(struct cpu *cpu, uint32_t n, uint64_t v)
{
    RV_CPU(cpu)->v[n].d[1] = v;
    return true;
}

static bool set_pc(struct cpu *cpu, uint32_t n, uint64_t v)
{
    (void)n;
    cpu->pc = v & ~1ull;
    return true;
}

static bool set_priv(struct cpu *cpu, uint32_t n, uint64_t v)
{
    (void)n;
    if (v != RV_U && v != RV_S && v != RV_M)
        return false;
    rv_set_priv(RV_CPU(cpu), v);
    return true;
}

/* arg: row in bits 15:0, bank member above. */
static uint64_t get_csr(const struct cpu *cpu, uint32_t arg)
{
    return rv_csr_read(RV_CPU_CONST(cpu), &rv_csrs[arg & 0xffff], arg >> 16);
}

static bool set_csr(struct cpu *cpu, uint32_t arg, uint64_t v)
{
    const struct rv_csr *csr = &rv_csrs[arg & 0xffff];
    if (RV_CSR_IS_READ_ONLY(csr->number))
        return false;
    rv_csr_write(RV_CPU(cpu), csr, arg >> 16, v);
    return true;
}

static const char *const x_names[32] = {
    "zero", "ra", "sp", "gp", "tp",  "t0",  "t1", "t2", "fp", "s1", "a0",
    "a1",   "a2", "a3", "a4", "a5",  "a6",  "a7", "s2", "s3", "s4", "s5",
    "s6",   "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6",
};
static const char *const f_names[32] = {
    "ft0", "ft1", "ft2", "ft3", "ft4",  "ft5",  "ft6", "ft7", "fs0",  "fs1",  "fa0",
    "fa1", "fa2", "fa3", "fa4", "fa5",  "fa6",  "fa7", "fs2", "fs3",  "fs4",  "fs5",
    "fs6", "fs7", "fs8", "fs9", "fs10", "fs11", "ft8", "ft9", "ft10", "ft11",
};

static const char *x_type(unsigned n)
{
    return n == 1 ? "code_ptr" : n >= 2 && n <= 4 ? "data_ptr" : "int";
}

static void add_general(struct cpu_reg *r, uint32_t *n, bool fp, bool d)
{
    for (unsigned i = 0; i < 32; i++)
        r[(*n)++] = (struct cpu_reg){
            x_names[i], "org.gnu.gdb.riscv.cpu", x_type(i), "general", (uint16_t)i, 64, i, get_x,
            set_x
        };
    r[(*n)++] = (struct cpu_reg){
        "pc", "org.gnu.gdb.riscv.cpu", "code_ptr", "general", GDB_PC, 64, 0, get_pc, set_pc
    };
    for (unsigned i = 0; fp && i < 32; i++)
        r[(*n)++] = (struct cpu_reg){ f_names[i],
                                      "org.gnu.gdb.riscv.fpu",
                                      d ? "ieee_double" : "ieee_single",
                                      "float",
                                      (uint16_t)(GDB_F0 + i),
                                      d ? 64 : 32,
                                      i,
                                      get_f,
                                      set_f };
}

static int add_vectors(struct rv_cpu *rv, struct cpu_reg *r, uint32_t *n)
{
    for (unsigned i = 0; i < RV_VECTORS; i++) {
        char *name = arena_printf(&rv->cpu.machine->arena, "v%u", i);
        if (name == NULL)
            return -1;
        r[(*n)++] = (struct cpu_reg){ .name = name, .feature = "org.gnu.gdb.riscv.vector", .type = "vec128",
                                      .group = "vector", .gdb_number = (uint16_t)(GDB_V0 + i), .bits = 128, .arg = i,
                                      .get = get_v, .set = set_v, .get_high = get_v_high, .set_high = set_v_high };
    }
    return 0;
}

/* The three FP control registers belong to the fpu feature, all others to csr. */
static int add_csr(struct rv_cpu *rv, struct cpu_reg *r, const struct rv_csr *csr, uint32_t member,
                   bool fpu)
{
    struct arena *a = &rv->cpu.machine->arena;
    uint32_t number = csr->number + member * (csr->step == 0 ? 1u : csr->step), found;
    if ((csr->feature == RV_X_F) != fpu || rv_csr_find(rv->config, number, &found) != csr)
        return 0;
    uint32_t shown = csr->first + member * (csr->step == 0 ? 1u : csr->step);
    char *name = csr->count == 0 ? arena_strdup(a, csr->name)
                                 : arena_printf(a, "%.*s%u", (int)__builtin_strlen(csr->name) - 2,
                                                csr->name, shown);
    if (name == NULL)
        return -1;
    *r = (struct cpu_reg){ name,
                           fpu ? "org.gnu.gdb.riscv.fpu" : "org.gnu.gdb.riscv.csr",
                           "int",
                           fpu ? "float" : "csr",
                           (uint16_t)(GDB_CSR0 + number),
                           (uint8_t)(fpu ? 32 : 64),
                           (uint32_t)(csr - rv_csrs) | member << 16,
                           get_csr,
                           set_csr };
    return 1;
}

static int add_csrs(struct rv_cpu *rv, struct cpu_reg *r, uint32_t *n, bool fpu)
{
    for (uint32_t i = 0; i < rv_n_csrs; i++)
        for (uint32_t m = 0; m < MAX(rv_csrs[i].count, 1); m++) {
            int added = add_csr(rv, &r[*n], &rv_csrs[i], m, fpu);
            if (added < 0)
                return -1;
            *n += (uint32_t)added;
        }
    return 0;
}

int rv_regs_init(struct rv_cpu *rv, struct err *e)
{
    uint32_t most = 32 + 1 + 32 + 1 + RV_VECTORS, n = 0;
    for (uint32_t i = 0; i < rv_n_csrs; i++)
        most += MAX(rv_csrs[i].count, 1);
    struct cpu_reg *r = ARENA_ARRAY(&rv->cpu.machine->arena, struct cpu_reg, most);
    if (r == NULL)
        return err_set(e, ERR_NOMEM, "hart %u: no memory for its register list", rv->cpu.index);
    add_general(r, &n, rv_has(rv->config, RV_X_F), rv_has(rv->config, RV_X_D));
    if (add_csrs(rv, r, &n, true) < 0 || add_csrs(rv, r, &n, false) < 0)
        return err_set(e, ERR_NOMEM, "hart %u: no memory for its register list", rv->cpu.index);
    r[n++] = (struct cpu_reg){
        "priv", "org.gnu.gdb.riscv.virtual", "int", "general", GDB_PRIV, 64, 0, get_priv, set_priv
    };
    if (rv_has(rv->config, RV_X_V) && add_vectors(rv, r, &n) < 0)
        return err_set(e, ERR_NOMEM, "hart %u: no memory for its register list", rv->cpu.index);
    rv->regs = r;
    rv->n_regs = n;
    return 0;
}

const struct cpu_reg *rv_regs(const struct cpu *cpu, uint32_t *n)
{
    *n = RV_CPU_CONST(cpu)->n_regs;
    return RV_CPU_CONST(cpu)->regs;
}
