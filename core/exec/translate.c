/* SPDX-License-Identifier: Apache-2.0 */
/* Guest bytes -> IR -> annotated, optimized -> compiled block. */
#include "core/exec/exec_impl.h"
#include "core/timing/model.h"
#include "core/util/bits.h"
#include <inttypes.h>
#include <string.h>

void exec_fail(struct exec *x, const struct err *e)
{
    if (!x->failed) {
        log_cat_t cat = log_add_category(x->machine->log, "exec");
        log_print(x->machine->log, cat, LOG_ERROR, "%s", e->text);
    }
    x->failed = true;
    machine_stop(x->machine, MACHINE_QUIT, 1);
}

/* Does the block end in a jump or branch to its own start? */
static bool loops(const struct ir_unit *u, const struct ir_block *b)
{
    const struct ir_inst *last = &u->insts[b->end - 1];
    return ((last->op == IR_JUMP || last->op == IR_BRANCH) && last->imm == b->start) ||
           (last->op == IR_BRANCH && last->imm2 == b->start);
}

/* The same of models that only count instructions: what is before one is told when somebody asks (exec_site_of). */
static void annotate_uniform(struct ir_unit *u, uint32_t cycles)
{
    u->uniform = cycles;
    for (uint32_t i = 0; i < u->n_blocks; i++)
        u->blocks[i].cost = MAX(u->blocks[i].n_insns * cycles, 1);
}

/* Static costs of every canonical block of the unit, from the CPU's timing model. */
static void annotate(const struct cpu *cpu, struct ir_unit *u, uint32_t page)
{
    struct tm_cpu *tm = cpu->tm;
    uint32_t cost[IR_BLOCK_INSNS + 1];
    for (uint32_t i = 0; i < u->n_blocks; i++) {
        struct ir_block *b = &u->blocks[i];
        struct insn_at *insns = u->insns + b->first_insn;
        uint32_t n = MIN(b->n_insns, IR_BLOCK_INSNS);
        uint64_t pa = ((uint64_t)page << MEM_PAGE_SHIFT) + (uint64_t)(int64_t)b->start;
        if (tm != NULL) {
            tm->model->annotate(tm, pa, insns, n, loops(u, b), cost);
        } else {
            for (uint32_t k = 0; k <= n; k++)
                cost[k] = k;
        }
        for (uint32_t k = 0; k < n; k++)
            insns[k].cost_before = cost[k];
        b->cost = MAX(cost[n], 1);
    }
    u->hooks = tm != NULL ? tm->model->hooks : 0;
}

static void dump_decode(const struct cpu *cpu, const struct ir_unit *u, const struct exec_place *p)
{
    for (uint32_t i = 0; i < u->n_insns; i++) {
        char text[128] = "?";
        uint64_t at = p->offset + (uint64_t)(int64_t)(u->insns[i].at - u->blocks[0].start);
        if (cpu->isa->disassemble != NULL && at < p->ram->size)
            cpu->isa->disassemble(cpu, (va_t)(int64_t)u->insns[i].at, p->ram->host + at,
                                  (size_t)MIN(p->ram->size - at, 16), text, sizeof(text));
        fprintf(stderr, "  %+6d: %s\n", u->insns[i].at, text);
    }
}

int exec_check_unit(struct exec *x, const struct cpu *cpu, struct ir_unit *u, const struct exec_place *p, struct err *e)
{
    int rc = ir_finish(u, e);
    if (rc < 0)
        return err_context(e, "block at %s+%#" PRIx64, p->ram->name, p->offset);
    if (LIKELY(cpu->uniform != 0 && (cpu->tm == NULL || cpu->tm->model->hooks == 0)))
        annotate_uniform(u, cpu->uniform);
    else
        annotate(cpu, u, p->page);
    if (UNLIKELY(x->options.dump & (EXEC_DUMP_DECODE | EXEC_DUMP_IR | EXEC_DUMP_OPT)))
        fprintf(stderr, "block %s+%#" PRIx64 " mode %#x\n", p->ram->name, p->offset, u->mode);
    if (x->options.dump & EXEC_DUMP_DECODE)
        dump_decode(cpu, u, p);
    if (x->options.dump & EXEC_DUMP_IR)
        ir_print(u, stderr);
    if (x->options.verify && (rc = ir_verify(u, e)) < 0)
        return err_context(e, "block at %s+%#" PRIx64, p->ram->name, p->offset);
    return 0;
}

static int optimize(struct exec *x, struct ir_unit *u, const struct exec_place *p, struct err *e)
{
    int rc;
    if (!x->options.plain)
        ir_optimize(u);
    if (x->options.verify && (rc = ir_verify(u, e)) < 0)
        return err_context(e, "optimized block at %s+%#" PRIx64, p->ram->name, p->offset);
    ir_count_uses(u);
    if (x->options.dump & EXEC_DUMP_OPT)
        ir_print(u, stderr);
    return 0;
}

int exec_prepare(struct exec *x, const struct cpu *cpu, struct ir_unit *u, const struct exec_place *p, struct err *e)
{
    int rc = exec_check_unit(x, cpu, u, p, e);
    return rc < 0 ? rc : optimize(x, u, p, e);
}

static void set_edges(struct exec_block *b, const struct ir_unit *u)
{
    for (uint32_t i = 0; i < b->n_edges; i++) {
        const struct ir_inst *last = &u->insts[u->blocks[i / 2].end - 1];
        b->edges[i].from = b;
        b->edges[i].target = (int32_t)(i % 2 == 0 ? last->imm : last->imm2);
    }
}

void exec_name_block(struct exec_block *b, const struct ir_unit *u, const struct exec_place *p)
{
    b->page = p->page;
    b->page2 = u->second_page ? p->page2 : EXEC_NO_PAGE;
    b->mode = u->mode;
    b->start = u->blocks[0].start;
    b->length = u->blocks[0].length;
    b->n_insns = u->blocks[0].n_insns;
}

struct exec_cached *exec_new_block(const struct exec *x, const struct ir_unit *u, const struct exec_place *p,
                                   struct arena *arena)
{
    const struct ir_block *first = &u->blocks[0];
    unsigned op = u->insts[first->end - 1].op;
    uint32_t n_edges = u->n_blocks > 1 ? 2 * u->n_blocks : op == IR_BRANCH ? 2 : op == IR_JUMP;
    size_t edges = n_edges * sizeof(struct exec_edge);
    struct exec_cached *c = arena_take(arena, sizeof(*c) + edges + first->length);
    if (c == NULL)
        return NULL;
    memset(c, 0, sizeof(*c) + edges);
    c->b.n_edges = (uint16_t)n_edges;
    c->b.edges = (struct exec_edge *)(void *)(c + 1);
    set_edges(&c->b, u);
    exec_name_block(&c->b, u, p);
    c->b.counter = UINT32_MAX;
    if (x->coverage != NULL) {
        c->ids = ARENA_ARRAY(arena, uint16_t, u->n_insns);
        for (uint32_t i = 0; c->ids != NULL && i < u->n_insns; i++)
            c->ids[i] = u->insns[i].desc->id;
    }
    return c;
}

int exec_new_unit(struct arena *scratch, void *memo, const struct cpu *cpu, uint32_t mode, struct ir_unit **u, struct err *e)
{
    arena_reset(scratch);
    int rc = ir_unit_create(u, scratch, cpu->isa->guest, mode, e);
    if (rc < 0)
        return rc;
    (*u)->memo = memo;
    (*u)->no_regs = cpu->uniform != 0; /* its cost depends on nothing but the number of instructions */
    return 0;
}

uint32_t exec_hint(const struct cpu *cpu)
{
    return cpu->isa->hint != NULL ? cpu->isa->hint(cpu) : IR_NO_HINT;
}

static int new_unit(struct exec *x, const struct cpu *cpu, uint32_t mode, struct ir_unit **u, struct err *e)
{
    int rc = exec_new_unit(&x->scratch, x->memo, cpu, mode, u, e);
    if (rc == 0)
        (*u)->hint = exec_hint(cpu);
    return rc;
}

uint32_t exec_entries(const struct exec *x, const struct exec_block *b)
{
    if (x->options.mode != EXEC_JIT || b->region)
        return UINT32_MAX;
    return b->quick ? x->options.optimize_threshold : x->options.region_threshold;
}

/* By the back end: quickly, or with all passes if it cannot or that is wanted at once. */
static int compile_block(struct exec *x, struct ir_unit *u, const struct exec_place *p, struct exec_cached *c,
                         struct err *e)
{
    if (x->ops->compile_quick != NULL && x->options.optimize_threshold > 1 && !x->options.plain) {
        c->b.quick = true;
        c->b.counter = exec_entries(x, &c->b);
        int rc = x->ops->compile_quick(x->be, u, &c->b, &exec_part(x, EXEC_FIRST)->arena, e);
        if (rc != ERR_UNSUPPORTED)
            return rc;
    }
    c->b.quick = false;
    c->b.counter = exec_entries(x, &c->b);
    int rc = optimize(x, u, p, e);
    return rc < 0 ? rc : x->ops->compile(x->be, u, &c->b, &exec_part(x, EXEC_FIRST)->arena, e);
}

/* With the run's back end. NULL: an error, or the buffer is full, which the run loop empties when nobody is in it. */
static struct exec_cached *compile(struct exec *x, struct ir_unit *u, const struct exec_place *p, struct err *e)
{
    struct exec_cached *c = exec_new_block(x, u, p, &exec_part(x, EXEC_FIRST)->arena);
    int rc = c != NULL ? compile_block(x, u, p, c, e) : ERR_LIMIT;
    if (rc == 0)
        return c;
    x->flush_wanted |= rc == ERR_LIMIT ? EXEC_FLUSH_FIRST : 0;
    x->too_large = rc == ERR_UNSUPPORTED;
    return NULL;
}

/* By the C library, whatever compilers know of `n`: few bytes they copy by REP MOVS, which takes long to begin. */
static __attribute__((noinline)) void copy(uint8_t *to, const uint8_t *from, size_t n)
{
    memcpy(to, from, n);
}

void exec_keep_bytes(struct exec_cached *c, const uint8_t *code, const uint8_t *next)
{
    uint32_t first = MIN(c->b.length, MEM_PAGE - (uint32_t)c->b.start);
    if (c->b.length == 0 || (c->b.length > first && (c->b.page2 == EXEC_NO_PAGE || next == NULL)))
        return;
    c->bytes = (uint8_t *)(c->b.edges + c->b.n_edges);
    copy(c->bytes, code, first);
    if (c->b.length > first)
        memcpy(c->bytes + first, next, c->b.length - first);
}

#define AHEAD_BYTES (2u << 20) /* of the arena, for which the host is asked before they are needed */
#define ASKED_BYTES (1u << 20) /* at once */

/* Less than `lead` bytes of `a` behind a.next are there, or were asked for, as far as is known. */
static COLD void ask_ahead(struct exec *x, const struct arena *a, size_t lead)
{
    struct exec_ahead *h = &x->ahead;
    uint8_t *next = a->next + (0u - (uintptr_t)a->next) % MEM_PAGE, *end = a->end - (uintptr_t)a->end % MEM_PAGE;
    if (h->of != a->head || h->asked < next)
        h->asked = next;
    h->of = a->head;
    if (h->asked >= end) {
        h->look = a->end;
        return;
    }
    size_t n = MIN((size_t)(end - h->asked), ASKED_BYTES);
    if ((size_t)(h->asked - a->next) < lead && exec_ask_pages(x, h->asked, n, false) != 0)
        h->asked += n;
    h->look = h->asked - MIN((size_t)(h->asked - a->next), lead);
}

/* Memory for blocks to come. Not much for a guest that has not translated much. */
static inline void look_ahead(struct exec *x, const struct arena *a)
{
    if (a->head != x->ahead.of || a->next >= x->ahead.look)
        ask_ahead(x, a, MIN(a->used, AHEAD_BYTES));
}

struct exec_cached *exec_translate(struct exec *x, struct cpu *cpu, const struct exec_place *p)
{
    struct err e;
    struct ir_unit *u;
    struct exec_cached *c = NULL;
    bool timed = x->count.translated % EXEC_TIMED == 0;
    uint64_t since = timed ? exec_host_ns() : 0, at = p->offset % MEM_PAGE;
    e.text[0] = 0;
    if (exec_part(x, EXEC_FIRST)->arena.used > EXEC_PART_BYTES) {
        x->flush_wanted |= EXEC_FLUSH_FIRST;
        return NULL;
    }
    if (x->background != NULL)
        look_ahead(x, &exec_part(x, EXEC_FIRST)->arena);
    for (unsigned k = 0; k < 5; k++) /* what the block will take of it */
        __builtin_prefetch(exec_part(x, EXEC_FIRST)->arena.next + 64 * k, 1);
    int rc = new_unit(x, cpu, p->mode, &u, &e);
    if (rc == 0) {
        cpu->isa->translate(cpu, u, (int32_t)at, p->ram->host + p->offset, p->avail, p->next);
        rc = exec_check_unit(x, cpu, u, p, &e);
    }
    if (rc == 0)
        c = compile(x, u, p, &e);
    if (c == NULL && rc == 0 && (x->flush_wanted || x->too_large))
        return NULL;
    if (c == NULL) {
        exec_fail(x, &e);
        return NULL;
    }
    x->count.translated++;
    if (x->was_seen)
        x->count.later++;
    else
        x->count.guest_bytes += c->b.length;
    exec_keep_bytes(c, p->ram->host + p->offset, p->next);
    exec_own(exec_part(x, EXEC_FIRST), c);
    if (!exec_cache_add(x, c)) {
        (void)err_set(&e, ERR_NOMEM, "no memory for the block cache");
        exec_fail(x, &e);
        return NULL;
    }
    if (timed)
        x->count.translate_ns += EXEC_TIMED * (exec_host_ns() - since);
    return c;
}

/* ---- blocks used once ---- */

struct exec_cached *exec_translate_once(struct exec *x, struct cpu *cpu, const struct exec_place *p,
                                        uint32_t from, uint32_t *n)
{
    struct err e = { 0 };
    struct ir_unit *u;
    struct exec_cached *c = NULL;
    int32_t at = (int32_t)(p->offset % MEM_PAGE);
    const uint8_t *code = p->ram->host + p->offset;
    uint32_t cost = 0, avail = p->avail;
    struct arena *transient = &exec_core_of(cpu)->transient;
    arena_reset(transient);
    int rc = new_unit(x, cpu, p->mode, &u, &e);
    if (rc < 0)
        goto out;
    cpu->isa->translate(cpu, u, at, code, avail, p->next);
    if (from != UINT32_MAX && (rc = ir_finish(u, &e)) == 0 && from < u->n_insns) {
        /* One instruction: the same block again, but with no bytes after it. */
        annotate(cpu, u, p->page);
        const struct insn_at *i = &u->insns[from];
        bool last = from + 1 == u->n_insns;
        uint32_t skip = (uint32_t)(i->at - at), length = i->length;
        *n = u->n_insns;
        cost = (last ? u->blocks[0].cost : i[1].cost_before) - i->cost_before;
        at = i->at;
        if ((rc = new_unit(x, cpu, p->mode, &u, &e)) < 0)
            goto out;
        cpu->isa->translate(cpu, u, at, code + skip, MIN(length, avail - skip),
                            length > avail - skip ? p->next : NULL);
        if ((rc = exec_prepare(x, cpu, u, p, &e)) < 0)
            goto out;
        u->blocks[0].cost = cost;
        if (!last)
            u->hooks &= ~(uint32_t)TM_BRANCH;
        if (from != 0)
            u->hooks &= ~(uint32_t)TM_FETCH;
    } else if (rc == 0) {
        rc = exec_prepare(x, cpu, u, p, &e);
        *n = u->n_insns;
    }
    if (rc == 0 && (c = exec_new_block(x, u, p, transient)) != NULL)
        rc = exec_interp.compile(x->interp, u, &c->b, transient, &e);
out:
    if (rc < 0 || c == NULL) {
        exec_fail(x, &e);
        return NULL;
    }
    return c;
}
