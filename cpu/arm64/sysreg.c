/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MSR, MRS, SYS, SYSL: find the row, ask whether the level may, ask the traps, do it
 * (Arm ARM, D24.1.2). Encodings without a row are UNDEFINED, but for what is reserved for
 * identification (reads as zero) and what HCR_EL2.TIDCP traps.
 */
#include <stdio.h>
#include <stdlib.h>

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

/* A row stands for a register of this PE: its feature is there, and that many breakpoints are. */
static bool is_there(const struct a64_cpu *a, const struct a64_sysreg *r)
{
    uint64_t dfr0 = a->config->id[A64_ID_DFR0];
    unsigned crm = r->code >> 3 & 15, op2 = r->code & 7;
    if (r->feature != 0 && !a64_cpu_has(a, (enum a64_feature)(r->feature - 1)))
        return false;
    if (r->code >> 7 == A64_REG(2, 0, 0, 0, 0) >> 7 && op2 >= 4)
        return crm <= (op2 < 6 ? dfr0 >> 12 & 15 : dfr0 >> 20 & 15);
    if (r->code >> 14 == 3 && (r->code >> 11 & 7) == 3 && (r->code >> 7 & 15) == 14 && crm >= 8 && r->code != A64_REG(3, 3, 14, 15, 7))
        return ((crm & 3) << 3 | op2) < a->config->pmu_counters;
    return true;
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
    return 0;
}

const struct a64_sysreg *a64_sysreg_find(const struct a64_cpu *a, uint32_t code)
{
    uint32_t lo = 0, hi = a->n_sysregs;
    while (lo < hi) {
        uint32_t mid = (lo + hi) / 2;
        if (a->sysregs[mid]->code < code)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < a->n_sysregs && a->sysregs[lo]->code == code ? a->sysregs[lo] : NULL;
}

static uint64_t *storage(struct a64_cpu *a, const struct a64_sysreg *r)
{
    return (uint64_t *)(void *)((uint8_t *)a + r->at);
}

static uint64_t do_read(struct a64_cpu *a, const struct a64_sysreg *r)
{
    return r->read != NULL ? r->read(a, r) : r->at != 0 ? *storage(a, r) | r->fixed : 0;
}

static void do_write(struct a64_cpu *a, const struct a64_sysreg *r, uint64_t value)
{
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
    if (a->el == 1 && (a64_hcr(a) & B(18))) {
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

/* FEAT_IDST: at EL0 all of the identification space is trapped rather than UNDEFINED. */
static bool is_trapped_space(const struct a64_cpu *a, uint32_t code, bool read)
{
    unsigned op1 = code >> 11 & 7;
    return read && a->el == 0 && a64_cpu_has(a, A64_F_IDST) && code >> 14 == 3 && (code >> 7 & 15) == 0 &&
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
    if (is_impdef(code) && a->el == 1 && (a64_hcr(a) & B(20)))
        a64_sysreg_trap_to(a, 2, code, read, rt);
    else if (is_trapped_space(a, code, read))
        a64_sysreg_trap_to(a, a64_target_el(a), code, read, rt);
    else
        a64_raise_undefined(a);
}

/* _EL12 and _EL02 (op1 = 5): the EL1 or EL0 register itself, for a host at EL2. */
static bool host_alias(const struct a64_cpu *a, uint32_t *code)
{
    if ((*code >> 11 & 0x1f) != (3 << 3 | 5))
        return false;
    unsigned op1 = (*code >> 7 & 15) == 14 && (*code >> 3 & 15) != 1 ? 3 : 0;
    *code = (*code & ~(7u << 11)) | op1 << 11;
    return a64_cpu_has(a, A64_F_VHE);
}

/* The CPU interface of a GICv3: its part answers, after the checks that are the PE's. */
static bool gic_register(struct a64_cpu *a, uint32_t code, bool read, unsigned rt, uint64_t *value)
{
    unsigned op1 = code >> 11 & 7, crn = code >> 7 & 15, crm = code >> 3 & 15, op2 = code & 7;
    bool pmr = code == A64_REG(3, 0, 4, 6, 0), icc = (op1 == 0 || op1 == 6) && crn == 12 && crm >= 8 && crm <= 12;
    bool ich = op1 == 4 && crn == 12 && crm >= 8 && crm <= 15;
    if (code >> 14 != 3 || a->gic.read == NULL || !(pmr || icc || ich))
        return false;
    bool sre = crm == 12 && op2 == 5 && icc;
    unsigned least = op1 == 6 ? 3 : op1 == 4 || ich ? 2 : 1;
    if (crm == 9 && op1 == 4 && op2 == 5) /* ICC_SRE_EL2 */
        sre = true;
    if (a->el < least || (a->el == 2 && op1 == 4 && !a64_el2_enabled(a))) {
        a64_raise_undefined(a);
        return true;
    }
    (void)sre;
    if (icc && op1 == 0 && crm == 12 && op2 >= 6) { /* ICC_IGRPENn_EL1 */
        const struct a64_sysreg row = { .code = code, FGT_RW(39) };
        if (a64_sysreg_trapped(a, &row, read, rt))
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

void a64_sysreg_access(struct a64_cpu *a, uint32_t code, bool read, unsigned rt, uint64_t *value)
{
    uint32_t asked = code;
    if (identification(a, code, read, rt, value) || gic_register(a, code, read, rt, value))
        return;
    bool alias = host_alias(a, &code);
    if ((asked >> 11 & 0x1f) == (3 << 3 | 5)) {
        const struct a64_sysreg *r = a64_sysreg_find(a, code);
        if (!alias || r == NULL || r->e2h == 0 || !a64_e2h(a) || a->el < 2) {
            bool nv = a->el == 1 && (a64_hcr(a) & A64_HCR_NV);
            if (nv)
                a64_sysreg_trap_to(a, 2, asked, read, rt);
            else
                a64_raise_undefined(a);
            return;
        }
        if (read)
            *value = do_read(a, r);
        else
            do_write(a, r, *value);
        return;
    }
    const struct a64_sysreg *r = a64_sysreg_find(a, code);
    if (r == NULL) {
        no_such(a, code, read, rt);
        return;
    }
    if (r->e2h != 0 && ((a->el == 2 && a64_e2h(a)) || (a->el == 0 && a64_host(a) && (code >> 11 & 7) == 3))) {
        const struct a64_sysreg *other = a64_sysreg_find(a, r->e2h);
        if (other != NULL && (a->el == 2 || r->read_el == 0)) {
            if (a64_sysreg_trapped(a, r, read, rt))
                return;
            r = other;
            goto access;
        }
    }
    if (a->el < (read ? r->read_el : r->write_el)) {
        bool nv = a->el == 1 && (a64_hcr(a) & A64_HCR_NV) && (code >> 11 & 7) == 4 &&
                  (read ? r->read_el : r->write_el) == 2;
        if (nv)
            a64_sysreg_trap_to(a, 2, code, read, rt);
        else if (is_trapped_space(a, code, read))
            a64_sysreg_trap_to(a, a64_target_el(a), code, read, rt);
        else
            a64_raise_undefined(a);
        return;
    }
    if (a64_sysreg_trapped(a, r, read, rt))
        return;
access:
    if ((read ? r->read_el : r->write_el) > 3) {
        a64_raise_undefined(a);
        return;
    }
    if (read)
        *value = do_read(a, r);
    else
        do_write(a, r, *value);
}

bool a64_sysreg_ends_block(const struct a64_cpu *a, uint32_t code, bool read)
{
    if (read)
        return false;
    if ((code >> 11 & 0x1f) == (3 << 3 | 5))
        return true;
    const struct a64_sysreg *r = a64_sysreg_find(a, code);
    if (r == NULL) /* the GIC's: a write may make an interrupt deliverable, which kicks by itself */
        return false;
    const struct a64_sysreg *other = r->e2h != 0 ? a64_sysreg_find(a, r->e2h) : NULL;
    return (r->flags & A64_SYS_ENDS) || (other != NULL && (other->flags & A64_SYS_ENDS));
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

bool a64_sysreg_peek(const struct a64_cpu *a, uint32_t code, uint64_t *value)
{
    const struct a64_sysreg *r = a64_sysreg_find(a, code);
    if (r == NULL || r->read_el > 3)
        return false;
    *value = do_read((struct a64_cpu *)(uintptr_t)a, r);
    return true;
}

bool a64_sysreg_number(const struct cpu *cpu, uint32_t n, uint32_t *code)
{
    const struct a64_cpu *a = A64_CPU_CONST(cpu);
    if (n < a->n_sysregs)
        *code = a->sysregs[n]->code;
    return n < a->n_sysregs;
}
