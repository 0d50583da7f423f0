/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks that run often: compiled again with all passes, and joined into regions. */
#include "core/exec/exec_impl.h"
#include <string.h>

enum { REGION_SHARE = 8, MOST_COPIES = 4 };

/* ---- the shape of a region ---- */

static bool is_in(const struct exec_job *j, const struct exec_cached *c)
{
    for (uint32_t i = 0; i < j->n; i++)
        if (j->blocks[i] == c)
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
static void grow(const struct exec *x, struct exec_job *j, struct exec_cached *entry)
{
    j->blocks[0] = entry;
    j->n = 1;
    for (uint32_t i = 0; i < j->n; i++) {
        struct exec_block *b = &j->blocks[i]->b;
        for (uint32_t k = 0; k < b->n_edges && j->n < EXEC_JOB_BLOCKS; k++) {
            struct exec_cached *to = (struct exec_cached *)b->edges[k].to;
            if (to == NULL || to->b.retired || to->b.region || to->b.page != entry->b.page ||
                to->b.mode != entry->b.mode || to->b.page2 != EXEC_NO_PAGE ||
                b->edges[k].target != to->b.start || !is_warm(x, to) || is_in(j, to))
                continue;
            j->blocks[j->n++] = to;
        }
    }
}

/* Blocks that block i goes on to, as bits. */
static uint32_t next_of(const struct exec_job *j, uint32_t i)
{
    uint32_t next = 0;
    for (uint32_t k = 0; k < j->blocks[i]->b.n_edges; k++)
        for (uint32_t t = 0; t < j->n; t++)
            if (j->blocks[i]->b.edges[k].to == &j->blocks[t]->b)
                next |= 1u << t;
    return next;
}

/*
 * What several regions have already, a function or a tail that many places lead to, they link to, unless it leads back here: each
 * of those places would have a copy, and the host's instruction cache all of them. Who is hottest comes first, and has one.
 */
static void prune(struct exec_job *j)
{
    uint32_t next[EXEC_JOB_BLOCKS], back = 1, allowed = 0, kept = 1, n = 0;
    for (uint32_t i = 0; i < j->n; i++)
        next[i] = next_of(j, i);
    for (uint32_t before = 0; before != back;) {
        before = back;
        for (uint32_t i = 0; i < j->n; i++)
            back |= next[i] & back ? 1u << i : 0;
    }
    for (uint32_t i = 0; i < j->n; i++)
        allowed |= back >> i & 1 || j->blocks[i]->b.copies < MOST_COPIES ? 1u << i : 0;
    for (uint32_t before = 0; before != kept;) {
        before = kept;
        for (uint32_t i = 0; i < j->n; i++)
            kept |= kept >> i & 1 ? next[i] & allowed : 0;
    }
    for (uint32_t i = 0; i < j->n; i++)
        if (kept >> i & 1)
            j->blocks[n++] = j->blocks[i];
    j->n = n;
}

/* The hottest block that is not placed yet, of those that block `from` goes on to; UINT32_MAX as `from`: of all. */
static uint32_t hottest(const struct exec_job *j, const uint32_t *heat, uint32_t placed, uint32_t from)
{
    uint32_t best = UINT32_MAX;
    for (uint32_t i = 0; i < j->n; i++) {
        bool next = from == UINT32_MAX;
        for (uint32_t k = 0; !next && k < j->blocks[from]->b.n_edges; k++)
            next = j->blocks[from]->b.edges[k].to == &j->blocks[i]->b;
        if (next && !(placed >> i & 1) && (best == UINT32_MAX || heat[i] > heat[best]))
            best = i;
    }
    return best;
}

/* Each block in front of the hottest that it goes on to, so that most jumps are none. The entry stays the first. */
static void arrange(const struct exec *x, struct exec_job *j)
{
    struct exec_cached *to[EXEC_JOB_BLOCKS];
    uint32_t heat[EXEC_JOB_BLOCKS], placed = 0, at = 0;
    for (uint32_t i = 0; i < j->n; i++)
        heat[i] = heat_of(x, j->blocks[i]);
    for (uint32_t i = 0; i < j->n; i++) {
        to[i] = j->blocks[at];
        j->heat[i] = heat[at];
        placed |= 1u << at;
        at = hottest(j, heat, placed, at);
        if (at == UINT32_MAX)
            at = hottest(j, heat, placed, at);
    }
    memcpy(j->blocks, to, j->n * sizeof(to[0]));
}

/*
 * All blocks of a loop run equally often: the others would be the first of regions of the same, before this one is there. They
 * stay warm.
 */
static void wait_for_region(const struct exec *x, struct exec_job *j)
{
    for (uint32_t i = 0; i < j->n; i++) {
        uint32_t *left = &j->blocks[i]->b.counter;
        j->blocks[i]->b.copies += j->blocks[i]->b.copies < UINT8_MAX;
        if (*left < x->options.region_threshold / 2)
            *left = x->options.region_threshold / 2;
    }
}

/* ---- jobs ---- */

/* False: there is nothing to be made of it. Its bytes are what they were when it was translated, or it would have been dropped. */
static bool plan(struct exec *x, struct cpu *cpu, struct exec_cached *c, struct exec_job *j)
{
    uint32_t start = (uint32_t)c->b.start;
    uint64_t page, other;
    j->region = !c->b.quick;
    if (j->region && (c->partner != NULL || c->b.page2 != EXEC_NO_PAGE))
        return false;
    j->cpu = cpu;
    j->va = cpu->pc;
    j->hint = exec_hint(cpu);
    j->made = NULL;
    j->full = false;
    j->blocks[0] = c;
    j->n = 1;
    if (j->region) {
        grow(x, j, c);
        prune(j);
        arrange(x, j);
        wait_for_region(x, j);
    }
    for (uint32_t i = 0; i < j->n; i++)
        j->starts[i] = j->blocks[i]->b.start;
    j->place = (struct exec_place){ .page = c->b.page, .page2 = c->b.page2, .mode = c->b.mode };
    j->place.ram = exec_cache_ram(x, c->b.page, &page);
    j->place.offset = page + start;
    if (j->region)
        memcpy(j->code, j->place.ram->host + page, MEM_PAGE);
    else
        memcpy(j->code + start, j->place.ram->host + page + start, MEM_PAGE - start);
    if (c->b.page2 != EXEC_NO_PAGE) {
        const struct mem_ram *second = exec_cache_ram(x, c->b.page2, &other);
        memcpy(j->rest, second->host + other, sizeof(j->rest));
        j->place.next = j->rest;
    }
    return true;
}

static bool set_pieces(struct exec_cached *region, const struct ir_unit *u, struct arena *arena)
{
    region->pieces = ARENA_ARRAY(arena, struct exec_piece, u->n_blocks);
    if (region->pieces == NULL)
        return false;
    for (uint32_t i = 0; i < u->n_blocks; i++)
        region->pieces[i] = (struct exec_piece){ u->blocks[i].start, u->blocks[i].length };
    return true;
}

/* The last pass, for hosts that compute with 256 bits; after exec_prepare. */
static int widen(const struct exec *x, const struct exec_job *j, struct ir_unit *u, struct err *e)
{
    const struct exec_backend *be = x->annex != NULL ? x->annex : x->be;
    uint32_t weights[IR_UNIT_BLOCKS];
    if (x->options.plain || x->ops->has_v256 == NULL || !x->ops->has_v256(be))
        return 0;
    for (uint32_t i = 0; i < j->n && j->region; i++)
        weights[i] = exec_weight(j->heat, j->n, i);
    if (!ir_widen(u, j->region ? weights : NULL))
        return 0;
    if (x->options.dump & EXEC_DUMP_OPT)
        ir_print(u, stderr);
    return x->options.verify ? ir_verify(u, e) : 0;
}

/* The blocks stay as they are if it fails: a region may be too large for one unit. */
void exec_job_do(struct exec *x, struct exec_job *j, struct arena *scratch, void *memo)
{
    struct err e = { 0 };
    struct ir_unit *u;
    struct arena *arena = &exec_part(x, EXEC_ANNEX)->arena;
    const struct cpu *cpu = j->cpu;
    j->full = arena->used > EXEC_PART_BYTES;
    if (j->full || exec_new_unit(scratch, memo, cpu, j->place.mode, &u, &e) < 0)
        return;
    u->hint = j->hint;
    for (uint32_t i = 0; i < j->n; i++)
        cpu->isa->translate(j->cpu, u, j->starts[i], j->code + j->starts[i], MEM_PAGE - (uint32_t)j->starts[i],
                            j->place.next);
    if (j->region)
        ir_chain(u);
    if (u->n_blocks != j->n || exec_prepare(x, cpu, u, &j->place, &e) < 0 || widen(x, j, u, &e) < 0)
        return;
    struct exec_cached *c = exec_new_block(x, u, &j->place, arena);
    if (c == NULL || (j->region && !set_pieces(c, u, arena)))
        return;
    c->b.region = j->region;
    c->b.heat = j->region ? j->heat : NULL;
    c->b.counter = exec_entries(x, &c->b);
    int rc = x->ops->compile(x->annex != NULL ? x->annex : x->be, u, &c->b, arena, &e);
    c->b.heat = NULL;
    j->full = rc == ERR_LIMIT;
    if (rc == 0 && !j->region)
        exec_keep_bytes(c, j->code + j->starts[0], j->place.next);
    if (rc == 0)
        j->made = c;
}

static bool is_stale(const struct exec_job *j)
{
    for (uint32_t i = 0; i < j->n; i++)
        if (j->blocks[i]->b.retired)
            return true;
    return j->region && j->blocks[0]->partner != NULL;
}

void exec_job_drop(struct exec *x, struct exec_job *j)
{
    struct exec_cached *c = j->blocks[0];
    if (!c->b.retired)
        c->b.counter = exec_entries(x, &c->b);
}

/* Arrivals at a block that is to stay what it is need no counting. */
static void give_up(struct exec *x, struct exec_cached *c)
{
    if (!c->b.quick && c->partner == NULL && x->ops->uncount != NULL)
        x->ops->uncount(x->be, &c->b);
}

/* Indirect jumps that led to the job's block look it up once more: there is a shorter way in. Another thread may be using its set. */
static void forget_jump(struct exec *x, const struct exec_job *j)
{
    uint32_t at = mmu_jump_index(j->va);
    struct mmu_jump *e = &j->cpu->set->jump[at];
    exec_cache_forget_front(x, &j->blocks[0]->b);
    if (__atomic_load_n(&e->va, __ATOMIC_RELAXED) == j->va)
        __atomic_store_n(&e->va, mmu_no_jump(at), __ATOMIC_RELAXED);
}

bool exec_job_take(struct exec *x, struct exec_job *j)
{
    struct exec_cached *c = j->blocks[0], *made = j->made;
    if (is_stale(j) || j->full) {
        x->flush_wanted |= j->full ? EXEC_FLUSH_ANNEX : 0;
        exec_job_drop(x, j);
        return false;
    }
    if (made != NULL)
        exec_own(exec_part(x, EXEC_ANNEX), made);
    if (made == NULL) {
        give_up(x, c);
    } else if (!j->region) {
        exec_cache_supersede(x, c, made);
        forget_jump(x, j);
        x->count.improved++;
    } else if (exec_cache_add(x, made)) {
        made->partner = c;
        c->partner = made;
        x->ops->replace(x->be, &c->b, &made->b);
        forget_jump(x, j);
        x->count.regions++;
    }
    return true;
}

void exec_block_hot(struct exec *x, struct cpu *cpu, struct exec_cached *c)
{
    uint32_t entries = exec_entries(x, &c->b);
    if (c->b.retired || c->b.counter > entries / 2)
        return; /* another CPU came here first: it counts anew, or is being compiled */
    c->b.counter = UINT32_MAX;
    if ((c->b.quick ? x->options.optimize_threshold : x->options.region_threshold) == UINT32_MAX)
        return;
    uint64_t since = exec_host_ns();
    struct exec_job *j = x->background != NULL ? exec_background_slot(x, !c->b.quick) : x->job;
    if (j == NULL) {
        c->b.counter = exec_entries(x, &c->b);
    } else if (!plan(x, cpu, c, j)) {
        give_up(x, c);
    } else if (x->background != NULL) {
        exec_background_put(x, j);
    } else {
        exec_job_do(x, j, &x->scratch, x->memo);
        (void)exec_job_take(x, j);
    }
    x->count.translate_ns += exec_host_ns() - since;
}
