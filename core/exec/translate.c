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

/* The same of models that only count instructions. */
static void annotate_uniform(struct ir_unit *u, uint32_t cycles)
{
    for (uint32_t i = 0; i < u->n_blocks; i++) {
        struct ir_block *b = &u->blocks[i];
        struct insn_at *insns = u->insns + b->first_insn;
        uint32_t n = MIN(b->n_insns, IR_BLOCK_INSNS);
        for (uint32_t k = 0; k < n; k++)
            insns[k].cost_before = k * cycles;
        b->cost = MAX(n * cycles, 1);
    }
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

/* Costs and checks of what was translated. */
static int check(struct exec *x, const struct cpu *cpu, struct ir_unit *u, const struct exec_place *p,
                 struct err *e)
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

/* All there is between translation and compilation. */
static int prepare(struct exec *x, const struct cpu *cpu, struct ir_unit *u, const struct exec_place *p,
                   struct err *e)
{
    int rc = check(x, cpu, u, p, e);
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

/* A block for the unit, with all but what the back end adds. Its edges lie behind it, and room for the bytes of a first block. */
static struct exec_cached *new_block(struct exec *x, const struct ir_unit *u,
                                     const struct exec_place *p, struct arena *arena)
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
    c->b.page = p->page;
    c->b.page2 = u->second_page ? p->page2 : EXEC_NO_PAGE;
    c->b.mode = u->mode;
    c->b.start = first->start;
    c->b.length = first->length;
    c->b.n_insns = first->n_insns;
    c->b.counter = UINT32_MAX;
    if (x->coverage != NULL) {
        c->ids = ARENA_ARRAY(arena, uint16_t, u->n_insns);
        for (uint32_t i = 0; c->ids != NULL && i < u->n_insns; i++)
            c->ids[i] = u->insns[i].desc->id;
    }
    return c;
}

static int new_unit(struct exec *x, const struct cpu *cpu, uint32_t mode, struct ir_unit **u,
                    struct err *e)
{
    arena_reset(&x->scratch);
    int rc = ir_unit_create(u, &x->scratch, cpu->isa->guest, mode, e);
    if (rc < 0)
        return rc;
    (*u)->memo = x->memo;
    (*u)->no_regs = cpu->uniform != 0; /* its cost depends on nothing but the number of instructions */
    return 0;
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
        int rc = x->ops->compile_quick(x->be, u, &c->b, &x->arena, e);
        if (rc != ERR_UNSUPPORTED)
            return rc;
    }
    c->b.quick = false;
    c->b.counter = exec_entries(x, &c->b);
    int rc = optimize(x, u, p, e);
    return rc < 0 ? rc : x->ops->compile(x->be, u, &c->b, &x->arena, e);
}

/*
 * Compile with the run's back end; a full buffer is emptied once. `heat`: how often each block of a region ran; of that no
 * pass is left to be done.
 */
static struct exec_cached *compile(struct exec *x, struct ir_unit *u, const struct exec_place *p, const uint32_t *heat,
                                   struct err *e)
{
    bool region = heat != NULL;
    for (int attempt = 0; attempt < 2; attempt++) {
        struct exec_cached *c = new_block(x, u, p, &x->arena);
        int rc = ERR_LIMIT;
        if (c != NULL) {
            c->b.region = region;
            c->b.heat = heat;
            rc = region ? x->ops->compile(x->be, u, &c->b, &x->arena, e) : compile_block(x, u, p, c, e);
        }
        if (rc == 0) {
            c->b.heat = NULL;
            return c;
        }
        if (rc != ERR_LIMIT || region)
            return NULL;
        if (exec_is_parallel(x)) { /* others run it: when they do not, the run loop will */
            x->flush_wanted = true;
            return NULL;
        }
        exec_cache_flush(x);
    }
    (void)err_set(e, ERR_LIMIT, "the code buffer is too small for one block");
    return NULL;
}

/* By the C library, whatever compilers know of `n`: few bytes they copy by REP MOVS, which takes long to begin. */
static __attribute__((noinline)) void copy(uint8_t *to, const uint8_t *from, size_t n)
{
    memcpy(to, from, n);
}

/* For the day when they are overwritten and come back. A block of which they are not all known is not kept then. */
static void keep_bytes(struct exec_cached *c, const struct exec_place *p)
{
    uint32_t first = MIN(c->b.length, MEM_PAGE - (uint32_t)(p->offset % MEM_PAGE));
    if (c->b.length == 0 || (c->b.length > first && (c->b.page2 == EXEC_NO_PAGE || p->next == NULL)))
        return;
    c->bytes = (uint8_t *)(c->b.edges + c->b.n_edges);
    copy(c->bytes, p->ram->host + p->offset, first);
    if (c->b.length > first)
        memcpy(c->bytes + first, p->next, c->b.length - first);
}

#define TIMED 8u /* one block in so many is timed, for all of them: the clock takes as long as an instruction's translation */

struct exec_cached *exec_translate(struct exec *x, struct cpu *cpu, const struct exec_place *p)
{
    struct err e;
    struct ir_unit *u;
    struct exec_cached *c = NULL;
    bool timed = x->count.translated % TIMED == 0;
    uint64_t since = timed ? exec_host_ns() : 0, at = p->offset % MEM_PAGE;
    e.text[0] = 0;
    if (x->arena.used > EXEC_ARENA_BYTES && exec_is_parallel(x)) {
        x->flush_wanted = true;
        return NULL;
    }
    if (x->arena.used > EXEC_ARENA_BYTES)
        exec_cache_flush(x);
    for (unsigned k = 0; k < 5; k++) /* what the block will take of it */
        __builtin_prefetch(x->arena.next + 64 * k, 1);
    int rc = new_unit(x, cpu, p->mode, &u, &e);
    if (rc == 0) {
        cpu->isa->translate(cpu, u, (int32_t)at, p->ram->host + p->offset, p->avail, p->next);
        rc = check(x, cpu, u, p, &e);
    }
    if (rc == 0)
        c = compile(x, u, p, NULL, &e);
    if (c == NULL && rc == 0 && x->flush_wanted)
        return NULL;
    if (c == NULL) {
        exec_fail(x, &e);
        return NULL;
    }
    x->count.translated++;
    x->count.guest_bytes += c->b.length;
    keep_bytes(c, p);
    if (!exec_cache_add(x, c)) {
        (void)err_set(&e, ERR_NOMEM, "no memory for the block cache");
        exec_fail(x, &e);
        return NULL;
    }
    if (timed)
        x->count.translate_ns += TIMED * (exec_host_ns() - since);
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
    struct arena *transient = &CONTAINER_OF((struct exec_cpu *)cpu->exec_private, struct exec_core, shared)->transient;
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
        if ((rc = prepare(x, cpu, u, p, &e)) < 0)
            goto out;
        u->blocks[0].cost = cost;
        if (!last)
            u->hooks &= ~(uint32_t)TM_BRANCH;
        if (from != 0)
            u->hooks &= ~(uint32_t)TM_FETCH;
    } else if (rc == 0) {
        rc = prepare(x, cpu, u, p, &e);
        *n = u->n_insns;
    }
    if (rc == 0 && (c = new_block(x, u, p, transient)) != NULL)
        rc = exec_interp.compile(x->interp, u, &c->b, transient, &e);
out:
    if (rc < 0 || c == NULL) {
        exec_fail(x, &e);
        return NULL;
    }
    return c;
}

/* ---- regions ---- */

enum { REGION_SHARE = 8 };

struct shape {
    struct exec_cached *blocks[32];
    uint32_t heat[32];           /* how often each ran */
    uint32_t n;
};

static bool is_in(const struct shape *s, const struct exec_cached *c)
{
    for (uint32_t i = 0; i < s->n; i++)
        if (s->blocks[i] == c)
            return true;
    return false;
}

/* Has the block run often enough to be worth a second translation? */
static bool is_warm(const struct exec *x, const struct exec_cached *c)
{
    uint32_t threshold = x->options.region_threshold, left = c->b.counter;
    if (c->b.quick)
        return false;
    return left > threshold || threshold - left >= threshold / REGION_SHARE; /* above: it has a region */
}

/* How often it ran; one that has a region of its own ran as often as any is counted. */
static uint32_t heat_of(const struct exec *x, const struct exec_cached *c)
{
    uint32_t threshold = x->options.region_threshold, left = c->b.counter;
    return left > threshold ? threshold : MAX(threshold - left, 1);
}

/*
 * Breadth first along edges that were executed (they are linked), inside the page, to blocks that
 * run a good part as often. A
 * region whose blocks never lead back into it gains little over chained blocks, but
 * its registers still stay in the host's across the joints.
 */
static void grow(const struct exec *x, struct shape *s, struct exec_cached *entry)
{
    s->blocks[0] = entry;
    s->n = 1;
    for (uint32_t i = 0; i < s->n; i++) {
        struct exec_block *b = &s->blocks[i]->b;
        for (uint32_t k = 0; k < b->n_edges && s->n < ARRAY_LEN(s->blocks); k++) {
            struct exec_cached *to = (struct exec_cached *)b->edges[k].to;
            if (to == NULL || to->b.retired || to->b.region || to->b.page != entry->b.page ||
                to->b.mode != entry->b.mode || to->b.page2 != EXEC_NO_PAGE ||
                b->edges[k].target != to->b.start || !is_warm(x, to) || is_in(s, to))
                continue;
            s->blocks[s->n++] = to;
        }
    }
}

/* The hottest block that is not placed yet, of those that block `from` goes on to; UINT32_MAX as `from`: of all. */
static uint32_t hottest(const struct shape *s, uint32_t placed, uint32_t from)
{
    uint32_t best = UINT32_MAX;
    for (uint32_t i = 0; i < s->n; i++) {
        bool next = from == UINT32_MAX;
        for (uint32_t k = 0; !next && k < s->blocks[from]->b.n_edges; k++)
            next = s->blocks[from]->b.edges[k].to == &s->blocks[i]->b;
        if (next && !(placed >> i & 1) && (best == UINT32_MAX || s->heat[i] > s->heat[best]))
            best = i;
    }
    return best;
}

/* Each block in front of the hottest that it goes on to, so that most jumps are none. The entry stays the first. */
static void arrange(const struct exec *x, struct shape *s)
{
    struct shape to = { .n = s->n };
    uint32_t placed = 0, at = 0;
    for (uint32_t i = 0; i < s->n; i++)
        s->heat[i] = heat_of(x, s->blocks[i]);
    for (uint32_t i = 0; i < s->n; i++) {
        to.blocks[i] = s->blocks[at];
        to.heat[i] = s->heat[at];
        placed |= 1u << at;
        at = hottest(s, placed, at);
        if (at == UINT32_MAX)
            at = hottest(s, placed, at);
    }
    *s = to;
}

static bool set_pieces(struct exec *x, struct exec_cached *region, const struct ir_unit *u)
{
    region->pieces = ARENA_ARRAY(&x->arena, struct exec_piece, u->n_blocks);
    if (region->pieces == NULL)
        return false;
    for (uint32_t i = 0; i < u->n_blocks; i++)
        region->pieces[i] = (struct exec_piece){ u->blocks[i].start, u->blocks[i].length };
    return true;
}

/* False: it stays as it is. */
static bool grow_region(struct exec *x, struct cpu *cpu, struct exec_cached *c)
{
    struct err e = { 0 };
    struct shape s;
    struct ir_unit *u;
    uint64_t since = exec_host_ns();
    c->b.counter = UINT32_MAX; /* once, whether it works or not */
    if (c->b.retired || c->partner != NULL || c->b.page2 != EXEC_NO_PAGE)
        return false;
    grow(x, &s, c);
    arrange(x, &s);
    if (new_unit(x, cpu, c->b.mode, &u, &e) < 0)
        return false;
    struct exec_place p = { .page = c->b.page, .page2 = EXEC_NO_PAGE, .mode = c->b.mode };
    p.ram = exec_cache_ram(x, c->b.page, &p.offset);
    uint64_t page = p.offset;
    p.offset += (uint32_t)c->b.start;
    for (uint32_t i = 0; i < s.n; i++) {
        uint32_t start = (uint32_t)s.blocks[i]->b.start;
        cpu->isa->translate(cpu, u, (int32_t)start, p.ram->host + page + start, MEM_PAGE - start,
                            NULL);
    }
    if (u->n_blocks != s.n || prepare(x, cpu, u, &p, &e) < 0)
        return false; /* too large for one unit: the blocks stay as they are */
    struct exec_cached *region = compile(x, u, &p, s.heat, &e);
    if (region == NULL || !set_pieces(x, region, u))
        return false;
    if (!exec_cache_add(x, region))
        return false;
    region->partner = c;
    c->partner = region;
    x->ops->replace(x->be, &c->b, &region->b);
    x->count.regions++;
    x->count.translate_ns += exec_host_ns() - since;
    return true;
}

/* ---- second translations ---- */

/* The block's bytes are what they were, or it would have been dropped. */
static void improve(struct exec *x, struct cpu *cpu, struct exec_cached *c)
{
    struct err e = { 0 };
    struct ir_unit *u;
    uint64_t since = exec_host_ns(), other;
    uint32_t start = (uint32_t)c->b.start;
    struct exec_place p = { .page = c->b.page, .page2 = c->b.page2, .mode = c->b.mode, .avail = MEM_PAGE - start };
    p.ram = exec_cache_ram(x, p.page, &p.offset);
    p.offset += start;
    if (p.page2 != EXEC_NO_PAGE) {
        const struct mem_ram *second = exec_cache_ram(x, p.page2, &other);
        p.next = second->host + other;
    }
    c->b.quick = false;
    c->b.counter = exec_entries(x, &c->b);
    if (c->b.retired || new_unit(x, cpu, c->b.mode, &u, &e) < 0)
        return;
    cpu->isa->translate(cpu, u, c->b.start, p.ram->host + p.offset, p.avail, p.next);
    if (prepare(x, cpu, u, &p, &e) == 0 && x->ops->improve(x->be, u, &c->b, &x->arena, &e) == 0)
        x->count.improved++;
    x->count.translate_ns += exec_host_ns() - since;
}

void exec_block_hot(struct exec *x, struct cpu *cpu, struct exec_cached *c)
{
    uint32_t entries = exec_entries(x, &c->b), left = c->b.counter;
    if (exec_is_parallel(x) && left <= entries && left > entries / 2)
        return; /* another CPU came here first, and it counts anew */
    if (c->b.quick && x->options.optimize_threshold != UINT32_MAX)
        improve(x, cpu, c);
    else if (!c->b.quick && x->options.region_threshold != UINT32_MAX && !grow_region(x, cpu, c) &&
             c->partner == NULL && x->ops->uncount != NULL)
        x->ops->uncount(x->be, &c->b);
}
