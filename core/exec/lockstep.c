/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two machines built alike, one per executor, over the same instructions.
 *
 * Both run to the same instruction count, which ends at the same canonical boundary in
 * either. Then all declared state and all pages either has written since the last time
 * are compared. What agreed last is kept: the state of the parts in a snapshot in
 * memory, RAM as a copy brought up to date page by page. On a difference both machines
 * go back there and repeat the stretch block by block.
 */
#include "core/cpu/regs.h"
#include "core/exec/exec_impl.h"
#include "core/state/snapshot.h"
#include "core/util/bits.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define STRETCH 100000u /* instructions after which what agreed is kept, and between comparisons */

struct pair {
    struct exec *a, *b;
    FILE *out;
    uint8_t *copy[64];            /* RAM as it was when both agreed last */
    struct state_writer *parts;   /* and the parts of `a`, which were equal to those of `b` */
    struct trace_state {
        uint64_t hash, count;
    } trace;
    uint64_t insns;
    ps_t time;
};

/* ---- comparing ---- */

static const struct machine_part *part_of(const struct machine *m, const char *name)
{
    const struct machine_part *p = m->parts;
    while (p != NULL && strcmp(p->name, name) != 0)
        p = p->next;
    return p;
}

/* Name of the first part that differs and, in *field, what in it; NULL: all agree. */
static const char *parts_differ(const struct pair *l, const char **field)
{
    for (const struct machine_part *p = l->a->machine->parts; p != NULL; p = p->next) {
        const struct machine_part *q = part_of(l->b->machine, p->name);
        *field = "(missing in the other machine)";
        if (q == NULL)
            return p->name;
        if (p->state != NULL && (*field = state_compare(p->state, p->object, q->object)) != NULL)
            return p->name;
    }
    return NULL;
}

static bool is_dirty(const struct mem_ram *ram, uint64_t page)
{
    return !(ram->flags[page] & MEM_PAGE_CLEAN);
}

/* First differing byte among pages that either machine wrote. */
static bool ram_differs(const struct pair *l, uint32_t *which, uint64_t *offset)
{
    for (uint32_t i = 0; i < l->a->machine->n_rams; i++) {
        const struct mem_ram *a = l->a->machine->rams[i], *b = l->b->machine->rams[i];
        for (uint64_t page = 0; page < a->size >> MEM_PAGE_SHIFT; page++) {
            const uint8_t *pa = a->host + page * MEM_PAGE, *pb = b->host + page * MEM_PAGE;
            if ((!is_dirty(a, page) && !is_dirty(b, page)) || memcmp(pa, pb, MEM_PAGE) == 0)
                continue;
            *which = i;
            for (*offset = 0; pa[*offset] == pb[*offset];)
                ++*offset;
            *offset += page * MEM_PAGE;
            return true;
        }
    }
    return false;
}

static bool agree(const struct pair *l)
{
    const char *field;
    uint32_t which;
    uint64_t offset;
    return parts_differ(l, &field) == NULL && !ram_differs(l, &which, &offset) &&
           exec_insns(l->a) == exec_insns(l->b);
}

/* ---- keeping and going back ---- */

static int save_parts(struct pair *l, struct err *e)
{
    const struct machine *m = l->a->machine;
    if (l->parts != NULL)
        snapshot_discard(l->parts);
    l->parts = NULL;
    int rc = snapshot_create(&l->parts, NULL, "lockstep", e);
    if (rc == 0)
        rc = ev_save(m->queue, l->parts, e);
    for (const struct machine_part *p = m->parts; rc == 0 && p != NULL; p = p->next)
        if (p->state != NULL)
            rc = state_save(l->parts, p->name, p->version, p->state, p->object, e);
    if (rc == 0)
        rc = snapshot_finish(l->parts, e);
    l->trace = (struct trace_state){ m->trace.hash, m->trace.count };
    l->insns = exec_insns(l->a);
    l->time = exec_time(l->a);
    return rc;
}

static void start_clean(struct exec *x)
{
    for (uint32_t i = 0; i < x->machine->n_rams; i++)
        mem_ram_clean(x->machine->rams[i]);
    mmu_flush_all_cpus(x->machine);
}

/* Both agree: remember this. */
static int keep(struct pair *l, struct err *e)
{
    for (uint32_t i = 0; i < l->a->machine->n_rams; i++) {
        const struct mem_ram *a = l->a->machine->rams[i], *b = l->b->machine->rams[i];
        for (uint64_t page = 0; page < a->size >> MEM_PAGE_SHIFT; page++)
            if (is_dirty(a, page) || is_dirty(b, page))
                memcpy(l->copy[i] + page * MEM_PAGE, a->host + page * MEM_PAGE, MEM_PAGE);
    }
    start_clean(l->a);
    start_clean(l->b);
    return save_parts(l, e);
}

static int go_back(struct pair *l, struct exec *x, struct err *e)
{
    struct machine *m = x->machine;
    struct state_reader *r = NULL;
    for (uint32_t i = 0; i < m->n_rams; i++) {
        struct mem_ram *ram = m->rams[i];
        for (uint64_t page = 0; page < ram->size >> MEM_PAGE_SHIFT; page++) {
            if (!is_dirty(ram, page))
                continue;
            memcpy(ram->host + page * MEM_PAGE, l->copy[i] + page * MEM_PAGE, MEM_PAGE);
            mem_ram_written(ram, page * MEM_PAGE, MEM_PAGE);
        }
    }
    machine_resume(m);
    int rc = snapshot_open_memory(&r, l->parts, e);
    if (rc == 0)
        rc = ev_load(m->queue, r, e);
    for (const struct machine_part *p = m->parts; rc == 0 && p != NULL; p = p->next)
        if (p->state != NULL)
            rc = state_load(r, p->name, p->version, p->state, p->object, e);
    for (const struct machine_part *p = m->parts; rc == 0 && p != NULL; p = p->next)
        if (p->loaded != NULL)
            p->loaded(p->object);
    if (r != NULL)
        snapshot_close(r);
    m->trace.hash = l->trace.hash;
    m->trace.count = l->trace.count;
    return rc;
}

/* ---- reporting ---- */

static void print_registers(const struct pair *l, uint32_t index)
{
    const struct cpu *a = exec_cpu(l->a, index), *b = exec_cpu(l->b, index);
    uint32_t n = 0;
    const struct cpu_reg *regs = a->isa->regs(a, &n);
    fprintf(l->out, "%s: %-12s %18s %18s\n", a->name, "", l->a->ops->name, l->b->ops->name);
    fprintf(l->out, "  %-18s 0x%016" PRIx64 " 0x%016" PRIx64 "%s\n", "pc", a->pc, b->pc,
            a->pc != b->pc ? "  <" : "");
    fprintf(l->out, "  %-18s %18" PRIu64 " %18" PRIu64 "%s\n", "cycles", cpu_cycles(a), cpu_cycles(b),
            cpu_cycles(a) != cpu_cycles(b) ? "  <" : "");
    fprintf(l->out, "  %-18s %18" PRIu64 " %18" PRIu64 "%s\n", "instructions", cpu_insns(a),
            cpu_insns(b), cpu_insns(a) != cpu_insns(b) ? "  <" : "");
    for (uint32_t i = 0; i < n; i++) {
        uint64_t va = regs[i].get(a, regs[i].arg), vb = regs[i].get(b, regs[i].arg);
        bool general = strcmp(regs[i].group, "general") == 0 || strcmp(regs[i].group, "float") == 0;
        if (va != vb || general)
            fprintf(l->out, "  %-18s 0x%016" PRIx64 " 0x%016" PRIx64 "%s\n", regs[i].name, va, vb,
                    va != vb ? "  <" : "");
    }
}

static void print_block(const struct pair *l, struct cpu *cpu, va_t pc, uint64_t insns)
{
    fprintf(l->out, "block at %#" PRIx64 ", %" PRIu64 " instructions:\n", pc, insns);
    for (uint64_t i = 0; i < MIN(insns, IR_BLOCK_INSNS); i++) {
        uint8_t code[16];
        char text[128];
        size_t n = sizeof(code);
        while (n != 0 && mmu_debug_read(cpu, pc, code, n) != 0)
            n /= 2;
        unsigned length = n != 0 && cpu->isa->disassemble != NULL
                              ? cpu->isa->disassemble(cpu, pc, code, n, text, sizeof(text)) : 0;
        if (length == 0)
            break;
        fprintf(l->out, "  %#" PRIx64 ": %s\n", pc, text);
        pc += length;
    }
}

static void print_difference(const struct pair *l)
{
    const char *field, *part = parts_differ(l, &field);
    uint32_t which;
    uint64_t offset;
    if (part != NULL)
        fprintf(l->out, "first difference: part %s, field %s\n", part, field);
    if (ram_differs(l, &which, &offset)) {
        const struct mem_ram *a = l->a->machine->rams[which], *b = l->b->machine->rams[which];
        fprintf(l->out, "memory %s at offset %#" PRIx64 ": %02x and %02x\n", a->name, offset,
                a->host[offset], b->host[offset]);
    }
    for (uint32_t i = 0; i < l->a->n_cpus; i++)
        print_registers(l, i);
}

/* ---- running ---- */

static enum exec_reason run_to(struct exec *x, uint64_t insns, ps_t time)
{
    struct exec_limits limits = { .time = time, .insns = insns };
    return exec_run(x, &limits, NULL);
}

/* The stretch again, one canonical block at a time, until the two part. */
static void step_blocks(struct pair *l, const char *seen)
{
    fprintf(l->out, "lockstep: %s and %s differ after instruction %" PRIu64 "\n",
            l->a->ops->name, l->b->ops->name, l->insns);
    for (uint64_t n = 0; n < 4 * STRETCH; n++) {
        uint64_t before = exec_insns(l->b);
        struct exec_sched *s = &l->b->sched;
        struct cpu *cpu = exec_cpu(l->b, s->in_round && s->turn < l->b->n_cpus ? s->turn : 0);
        va_t pc = cpu->pc;
        enum exec_reason why = run_to(l->b, before + 1, l->time + PS_PER_SEC);
        (void)run_to(l->a, before + 1, l->time + PS_PER_SEC);
        if (!agree(l)) {
            print_block(l, cpu, pc, exec_insns(l->b) - before);
            print_difference(l);
            return;
        }
        if (why != EXEC_LIMIT_INSNS)
            break;
    }
    fprintf(l->out, "lockstep: block by block they agree: the difference lies in how blocks are joined\n%s", seen);
}

static int bisect(struct pair *l, struct err *e)
{
    FILE *out = l->out;
    char *seen = NULL; /* what differs at the end of the stretch */
    size_t length;
    if (out != NULL && (l->out = open_memstream(&seen, &length)) != NULL) {
        print_difference(l);
        fclose(l->out);
    }
    l->out = out;
    int rc = go_back(l, l->a, e);
    if (rc == 0)
        rc = go_back(l, l->b, e);
    if (rc == 0 && out != NULL)
        step_blocks(l, seen != NULL ? seen : "");
    free(seen);
    return rc;
}

static int open_pair(struct pair *l, struct err *e)
{
    const struct machine *m = l->a->machine;
    if (l->a->n_cpus != l->b->n_cpus || m->n_rams != l->b->machine->n_rams)
        return err_set(e, ERR_ARG, "lockstep: the two machines have different CPUs or memories");
    for (uint32_t i = 0; i < m->n_rams; i++) {
        size_t size = m->rams[i]->size;
        if (size != l->b->machine->rams[i]->size)
            return err_set(e, ERR_ARG, "lockstep: memory %s has two sizes", m->rams[i]->name);
        l->copy[i] = mmap(NULL, size, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (l->copy[i] == MAP_FAILED) {
            l->copy[i] = NULL;
            return err_set(e, ERR_NOMEM, "lockstep: no memory for a copy of %s", m->rams[i]->name);
        }
    }
    return keep(l, e);
}

static void close_pair(struct pair *l)
{
    for (uint32_t i = 0; i < l->a->machine->n_rams; i++)
        if (l->copy[i] != NULL)
            munmap(l->copy[i], l->a->machine->rams[i]->size);
    if (l->parts != NULL)
        snapshot_discard(l->parts);
}

enum exec_reason exec_lockstep(struct exec *a, struct exec *b, const struct exec_limits *limits,
                               FILE *out, bool *differ)
{
    struct pair l = { .a = a, .b = b, .out = out };
    struct err e = { 0 };
    enum exec_reason why = EXEC_STOPPED;
    *differ = false;
    int rc = open_pair(&l, &e);
    uint64_t compare = limits->compare != 0 ? limits->compare : STRETCH;
    while (rc == 0) {
        uint64_t next = MIN(exec_insns(a) + compare, limits->insns);
        why = run_to(a, next, limits->time);
        enum exec_reason other = run_to(b, next, limits->time);
        if (why != other || !agree(&l)) {
            *differ = true;
            if (why != other && out != NULL)
                fprintf(out, "lockstep: the machines stopped for different reasons (%d, %d)\n", why,
                        other);
            rc = bisect(&l, &e);
            break;
        }
        if (why != EXEC_LIMIT_INSNS || next >= limits->insns)
            break;
        if (exec_insns(a) - l.insns >= STRETCH)
            rc = keep(&l, &e);
    }
    if (rc < 0) {
        fprintf(out != NULL ? out : stderr, "lockstep: %s\n", e.text);
        *differ = true;
    }
    close_pair(&l);
    return why;
}
