/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MSR, MRS, SYS, SYSL: find the row, ask whether the level may, ask the traps, do it
 * (Arm ARM, D24.1.2). Encodings without a row are UNDEFINED, but for what is reserved for
 * identification (reads as zero) and what HCR_EL2.TIDCP traps.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/util/bits.h"
#include "cpu/arm64/bits.h"
#include "cpu/arm64/sysreg.h"

static const struct a64_sysreg *const tables[] = { a64_sysregs_el1, a64_sysregs_el2, a64_sysregs_debug,
                                                   a64_sysregs_ops, a64_sysregs_pmu };

/* By code, sorted, built once per CPU: the tables are grouped for readers. */
static int by_code(const void *x, const void *y)
{
    const struct a64_sysreg *const *a = x, *const *b = y;
    return a[0]->code < b[0]->code ? -1 : a[0]->code > b[0]->code;
}

enum { RVBAR = A64_REG(3, 0, 12, 0, 1), OP1 = 7 << 11, PMCCFILTR = A64_REG(3, 3, 14, 15, 7) };

static unsigned op1_of(uint32_t code)
{
    return code >> 11 & 7;
}

/* TLBI of EL2's own regime (VAE2, ALLE2 ...), as opposed to those of its guests. */
static bool is_tlbi_of_el2(uint32_t code)
{
    unsigned crn = code >> 7 & 15, crm = code >> 3 & 15, op2 = code & 7;
    return code >> 14 == 1 && op1_of(code) == 4 && (crn == 8 || crn == 9) && crm != 0 && crm != 4 &&
           (op2 == 0 || op2 == 1 || op2 == 5);
}

/*
 * A row stands for a register of this PE: its feature is there, that many breakpoints and
 * counters are, and RVBAR is the highest level's. Without EL2 its registers are RES0 at EL3.
 */
static bool is_there(const struct a64_cpu *a, const struct a64_sysreg *r)
{
    uint64_t dfr0 = a->config->id[A64_ID_DFR0];
    unsigned crm = r->code >> 3 & 15, op2 = r->code & 7, highest = a64_highest_el(a);
    if (r->feature == NEEDS(EL2) && r->code >> 14 == 3 && highest == 3)
        return true;
    if (r->feature != 0 && !a64_cpu_has(a, (enum a64_feature)(r->feature - 1)))
        return false;
    if (is_tlbi_of_el2(r->code))
        return a64_cpu_has(a, A64_F_EL2);
    if ((r->code & ~(uint32_t)OP1) == RVBAR)
        return op1_of(r->code) == (highest == 3 ? 6u : highest == 2 ? 4u : 0u);
    if (r->code >> 7 == A64_REG(2, 0, 0, 0, 0) >> 7 && op2 >= 4)
        return crm <= (op2 < 6 ? dfr0 >> 12 & 15 : dfr0 >> 20 & 15);
    if (r->code >> 7 == PMCCFILTR >> 7 && crm >= 8 && r->code != PMCCFILTR)
        return ((crm & 3) << 3 | op2) < a->config->pmu_counters;
    return true;
}

/* Where the search for a code begins: 22 of a product's middle bits, of which `mask` leaves some. */
static uint32_t place_of(uint32_t code, uint32_t mask)
{
    return code * 0x9e3779b1u >> 10 & mask;
}

/* A table of row numbers + 1, a quarter full at most: loops that read a counter are nothing but look-ups. */
static int index_rows(struct a64_cpu *a, struct err *e)
{
    uint32_t size = 4;
    while (size < 4 * a->n_sysregs)
        size *= 2;
    a->sysreg_index = ARENA_ARRAY(&a->cpu.machine->arena, uint16_t, size);
    if (a->sysreg_index == NULL)
        return err_set(e, ERR_NOMEM, "cpu%u: no memory for its system registers", a->cpu.index);
    memset(a->sysreg_index, 0, size * sizeof(*a->sysreg_index));
    a->sysreg_mask = size - 1;
    for (uint32_t i = 0; i < a->n_sysregs; i++) {
        uint32_t at = place_of(a->sysregs[i]->code, a->sysreg_mask);
        while (a->sysreg_index[at] != 0)
            at = (at + 1) & a->sysreg_mask;
        a->sysreg_index[at] = (uint16_t)(i + 1);
    }
    return 0;
}

int a64_sysreg_init(struct a64_cpu *a, struct err *e)
{
    uint32_t n = 0;
    for (size_t i = 0; i < ARRAY_LEN(tables); i++)
        for (const struct a64_sysreg *r = tables[i]; r->name != NULL; r++)
            n++;
    const struct a64_sysreg **rows = ARENA_ARRAY(&a->cpu.machine->arena, const struct a64_sysreg *, n);
    if (rows == NULL)
        return err_set(e, ERR_NOMEM, "cpu%u: no memory for its system registers", a->cpu.index);
    n = 0;
    for (size_t i = 0; i < ARRAY_LEN(tables); i++)
        for (const struct a64_sysreg *r = tables[i]; r->name != NULL; r++)
            if (is_there(a, r))
                rows[n++] = r;
    qsort(rows, n, sizeof(*rows), by_code);
    char name[24];
    struct machine_random random;
    snprintf(name, sizeof(name), "cpu%u.rndr", a->cpu.index);
    machine_random_init(&random, a->cpu.machine, name);
    a->random = random.state;
    a->sysregs = rows;
    a->n_sysregs = n;
    return index_rows(a, e);
}

const struct a64_sysreg *a64_sysreg_find(const struct a64_cpu *a, uint32_t code)
{
    for (uint32_t at = place_of(code, a->sysreg_mask);; at = (at + 1) & a->sysreg_mask) {
        uint32_t row = a->sysreg_index[at];
        if (row == 0)
            return NULL;
        if (a->sysregs[row - 1]->code == code)
            return a->sysregs[row - 1];
    }
}

static uint64_t *storage(struct a64_cpu *a, const struct a64_sysreg *r)
{
    return (uint64_t *)(void *)((uint8_t *)a + r->at);
}

static bool is_res0(const struct a64_cpu *a, const struct a64_sysreg *r)
{
    return r->feature == NEEDS(EL2) && !a64_cpu_has(a, A64_F_EL2);
}

static uint64_t do_read(struct a64_cpu *a, const struct a64_sysreg *r)
{
    bool passes_on = r->at == AT(vpidr_el2) || r->at == AT(vmpidr_el2); /* MIDR_EL1, MPIDR_EL1 */
    if (UNLIKELY(is_res0(a, r)) && !passes_on)
        return 0;
    return r->read != NULL ? r->read(a, r) : r->at != 0 ? *storage(a, r) : 0;
}

static void do_write(struct a64_cpu *a, const struct a64_sysreg *r, uint64_t value)
{
    if (UNLIKELY(is_res0(a, r)))
        return;
    if (r->write != NULL) {
        r->write(a, r, value);
    } else if (r->at != 0) {
        uint64_t *at = storage(a, r), old = *at;
        *at = (old & r->keeps) | (value & ~r->keeps);
        if (r->wrote != NULL)
            r->wrote(a, old);
    }
    if ((r->flags & A64_SYS_ENDS) && r->code >> 14 != 1) /* TLBI changes no control */
        a64_update_mode(a);
}

enum { ID_FIRST = A64_REG(3, 0, 0, 1, 0), ID_LAST = A64_REG(3, 0, 0, 7, 7) };

/* CRn = 0, op1 = 0: identification, allocated or not (D24.1.3). */
static bool identification(struct a64_cpu *a, uint32_t code, bool read, unsigned rt, uint64_t *value)
{
    if (code < ID_FIRST || code > ID_LAST || !read)
        return false;
    if (a->el == 0) {
        if (a64_cpu_has(a, A64_F_IDST))
            a64_sysreg_trap_to(a, a64_target_el(a), code, read, rt);
        else
            a64_raise_undefined(a);
        return true;
    }
    if (a->el == 1 && (a64_hcr(a) & A64_HCR_TID3)) {
        a64_sysreg_trap_to(a, 2, code, read, rt);
        return true;
    }
    static const uint8_t number[A64_ID_COUNT] = {
#define A64_ID(symbol, name, crm, op2) (crm) << 3 | (op2),
#include "cpu/arm64/id_registers.def"
#undef A64_ID
    };
    *value = 0;
    for (unsigned i = 0; i < A64_ID_COUNT; i++)
        if (number[i] == (code & 0x7f))
            *value = a->config->id[i];
    return true;
}

/*
 * FEAT_IDST (ID_AA64MMFR2_EL1.IDS): whatever exception a read of the feature ID space generates, at whatever level,
 * is reported as one of a system register access.
 */
static bool is_trapped_space(const struct a64_cpu *a, uint32_t code, bool read)
{
    unsigned op1 = op1_of(code);
    return read && a64_cpu_has(a, A64_F_IDST) && code >> 14 == 3 && (code >> 7 & 15) == 0 &&
           (code >> 3 & 15) < 8 && (op1 == 0 || op1 == 1 || op1 == 3);
}

/* IMPLEMENTATION DEFINED encodings: CRn 11 and 15 (HCR_EL2.TIDCP). */
static bool is_impdef(uint32_t code)
{
    unsigned crn = code >> 7 & 15;
    return crn == 11 || crn == 15;
}

static void no_such(struct a64_cpu *a, uint32_t code, bool read, unsigned rt)
{
    if (is_impdef(code) && a->el == 1 && (a64_hcr(a) & A64_HCR_TIDCP))
        a64_sysreg_trap_to(a, 2, code, read, rt);
    else if (is_trapped_space(a, code, read))
        a64_sysreg_trap_to(a, a64_target_el(a), code, read, rt);
    else
        a64_raise_undefined(a);
}

/* _EL12 and _EL02: the EL1 or EL0 register itself, for a host at EL2. */
static bool is_host_alias(uint32_t code)
{
    return code >> 14 == 3 && op1_of(code) == 5;
}

static uint32_t behind_alias(uint32_t code)
{
    bool el0 = (code >> 7 & 15) == 14 && (code >> 3 & 15) != 1; /* timers, but not CNTKCTL_EL12 */
    return (code & ~(uint32_t)OP1) | (el0 ? 3u << 11 : 0);
}

/* The CPU interface of a GICv3: its part answers, after the checks that are the PE's. */
static bool gic_register(struct a64_cpu *a, uint32_t code, bool read, unsigned rt, uint64_t *value)
{
    unsigned op1 = op1_of(code), crn = code >> 7 & 15, crm = code >> 3 & 15, op2 = code & 7;
    bool pmr = code == A64_REG(3, 0, 4, 6, 0), icc = (op1 == 0 || op1 == 6) && crn == 12 && crm >= 8 && crm <= 12;
    bool ich = op1 == 4 && crn == 12 && crm >= 8 && crm <= 15;
    if (code >> 14 != 3 || a->gic.read == NULL || !(pmr || icc || ich))
        return false;
    unsigned least = op1 == 6 ? 3 : ich ? 2 : 1;
    if (a->el < least || (a->el == 2 && ich && !a64_el2_enabled(a))) {
        a64_raise_undefined(a);
        return true;
    }
    if (icc && op1 == 0 && crm == 12 && op2 >= 6) { /* ICC_IGRPENn_EL1 */
        const struct a64_sysreg row = { .code = code, FGT_RW(39) };
        if (a64_sysreg_trapped(a, &row, code, read, rt))
            return true;
    }
    bool secure = a64_secure_below_el3(a);
    uint64_t hcr = a64_hcr(a);
    ev_set_now(a->cpu.machine->queue, cpu_now(&a->cpu)); /* an SGI wakes another PE now */
    int r = read ? a->gic.read(a->gic.arg, code, (unsigned)a->el, secure, hcr, value)
                 : a->gic.write(a->gic.arg, code, (unsigned)a->el, secure, hcr, *value);
    if (r == A64_GIC_TRAP_EL2)
        a64_sysreg_trap_to(a, 2, code, read, rt);
    else if (r == A64_GIC_TRAP_EL3)
        a64_sysreg_trap_to(a, 3, code, read, rt);
    else if (r != A64_GIC_OK)
        a64_raise_undefined(a);
    return true;
}

/* May this level use the row, by its own name or (`alias`) as _EL12 or _EL02? */
static bool may_access(const struct a64_cpu *a, const struct a64_sysreg *r, bool alias, bool read)
{
    unsigned least = read ? r->read_el : r->write_el;
    if (alias && (r->e2h == 0 || a->el < 2 || !a64_e2h(a)))
        return false;
    return a->el >= least;
}

/* HCR_EL2.E2H: EL1's names mean EL2's registers at EL2, and EL0's timers its own at its EL0. */
static const struct a64_sysreg *redirected(const struct a64_cpu *a, const struct a64_sysreg *r)
{
    bool host = (a->el == 2 && a64_e2h(a)) || (a->el == 0 && a64_host(a));
    const struct a64_sysreg *other = r->e2h != 0 && host ? a64_sysreg_find(a, r->e2h) : NULL;
    return other != NULL ? other : r;
}

void a64_sysreg_access(struct a64_cpu *a, uint32_t code, bool read, unsigned rt, uint64_t *value)
{
    if (identification(a, code, read, rt, value) || gic_register(a, code, read, rt, value))
        return;
    bool alias = is_host_alias(code);
    const struct a64_sysreg *r = a64_sysreg_find(a, alias ? behind_alias(code) : code);
    if (r == NULL || !may_access(a, r, alias, read)) {
        no_such(a, code, read, rt);
        return;
    }
    if (a64_sysreg_trapped(a, r, code, read, rt))
        return;
    if (!alias)
        r = redirected(a, r);
    if (read)
        *value = do_read(a, r);
    else
        do_write(a, r, *value);
}

bool a64_sysreg_ends_block(const struct a64_cpu *a, uint32_t code, bool read)
{
    if (read)
        return false;
    if (is_host_alias(code))
        return true;
    const struct a64_sysreg *r = a64_sysreg_find(a, code);
    if (r == NULL) /* the GIC's: a write may make an interrupt deliverable, which kicks by itself */
        return false;
    const struct a64_sysreg *other = r->e2h != 0 ? a64_sysreg_find(a, r->e2h) : NULL;
    return (r->flags & A64_SYS_ENDS) || (other != NULL && (other->flags & A64_SYS_ENDS));
}

/* What is stored and no more is the PE's own. */
static bool is_own(const struct a64_sysreg *r, bool read)
{
    if (r->flags & A64_SYS_OWN)
        return true;
    return read ? r->read == NULL : r->write == NULL && r->wrote == NULL && !(r->flags & A64_SYS_ENDS);
}

bool a64_sysreg_is_own(const struct a64_cpu *a, uint32_t code, bool read)
{
    const struct a64_sysreg *r = a64_sysreg_find(a, is_host_alias(code) ? behind_alias(code) : code);
    const struct a64_sysreg *other = r != NULL && r->e2h != 0 ? a64_sysreg_find(a, r->e2h) : NULL;
    return r != NULL && is_own(r, read) && (other == NULL || is_own(other, read));
}

uint64_t a64_random(struct a64_cpu *a)
{
    struct machine_random r = { a->random };
    uint64_t v = machine_random_next(&r);
    a->random = r.state;
    return v;
}

void a64_sysreg_reset(struct a64_cpu *a)
{
    for (uint32_t i = 0; i < a->n_sysregs; i++)
        if (a->sysregs[i]->at != 0)
            *storage(a, a->sysregs[i]) = a->sysregs[i]->reset;
    a->cntfrq_el0 = a->config->counter_hz;
    a->vpidr_el2 = a->config->midr;
    a->vmpidr_el2 = a->config->mpidr;
    a->scr_el3 = 0;
}

bool a64_sysreg_number(const struct cpu *cpu, uint32_t n, uint32_t *code)
{
    const struct a64_cpu *a = A64_CPU_CONST(cpu);
    if (n < a->n_sysregs)
        *code = a->sysregs[n]->code;
    return n < a->n_sysregs;
}
