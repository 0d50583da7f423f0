/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first arrivals at a block. A third of what a guest comes to while it starts is run once: to compile it
 * takes five times as long as to decode and interpret it, and memory for good. So a block that was not here before
 * is interpreted and forgotten, but for a note that it was seen; when it comes again (exec_options.interpret_first)
 * it is compiled.
 *
 * Notes are a table by place and mode, with as much of both as tells most from others: one that is taken for another's is compiled
 * too early, one that is lost is interpreted once more, and the guest sees neither. Costs, interrupts and what is
 * noticed of stores into the block's own bytes are those of the compiled block.
 */
#include "core/exec/exec_impl.h"
#include "core/timing/model.h"
#include "core/util/hash.h"
#include <stdlib.h>
#include <string.h>

#define SEEN_BITS 16
#define SEEN_SIZE (1u << SEEN_BITS)

/*
 * A note: TAG of the block, LOST notes that this one took the place of others, N arrivals; 0: none. Where two blocks take each
 * other's place again and again, one has to give way and is compiled.
 */
#define TAG_SHIFT  8
#define LOST_SHIFT 4
#define LOST_MOST  15u
#define N_MASK     15u

int exec_first_create(struct exec *x, struct err *e)
{
    if (x->options.mode != EXEC_JIT || x->options.interpret_first == 0 || x->options.dump != 0)
        return 0;
    x->options.interpret_first = MIN(x->options.interpret_first, EXEC_MOST_FIRST);
    x->seen = calloc(SEEN_SIZE, sizeof(*x->seen));
    return x->seen != NULL ? 0 : err_set(e, ERR_NOMEM, "no memory for what was run once");
}

void exec_first_forget(struct exec *x)
{
    if (x->seen != NULL)
        memset(x->seen, 0, SEEN_SIZE * sizeof(*x->seen));
}

bool exec_first_wanted(struct exec *x, const struct cpu *cpu, const struct exec_place *p)
{
    if (x->seen == NULL || (cpu->tm != NULL && cpu->tm->model->hooks != 0))
        return false;
    /* Blocks that lie together have their notes together: in few lines of the host's caches. */
    uint32_t start = (uint32_t)(p->offset % MEM_PAGE);
    uint64_t h = hash_mix((uint64_t)p->page ^ (uint64_t)p->mode << 32);
    uint32_t *note = &x->seen[(h + (start >> 2)) & (SEEN_SIZE - 1)], v = *note;
    uint32_t tag = (uint32_t)(h >> 42 << 2 | (start & 3)), n = v & N_MASK, lost = v >> LOST_SHIFT & LOST_MOST;
    x->was_seen = n != 0 && v >> TAG_SHIFT == tag;
    if (x->was_seen && n >= x->options.interpret_first) {
        *note = 0; /* when its bytes were overwritten it is another block's place */
        return false;
    }
    if (x->was_seen) {
        *note = v + 1;
        return true;
    }
    if (n != 0 && lost == LOST_MOST) {
        *note = v & ~(LOST_MOST << LOST_SHIFT);
        return false;
    }
    *note = tag << TAG_SHIFT | (n != 0 ? lost + 1 : 0) << LOST_SHIFT | 1;
    return true;
}

/* Its unit, empty: the same one for all first arrivals. */
static int empty_unit(const struct exec *x, struct exec_core *core, uint32_t mode, struct err *e)
{
    if (LIKELY(core->unit != NULL)) {
        ir_unit_empty(core->unit, mode);
        return 0;
    }
    int rc = ir_unit_create(&core->unit, &core->units, core->cpu->isa->guest, mode, e);
    if (rc == 0)
        core->unit->memo = x->memo;
    return rc;
}

/* Room for its values. */
static int make_room(struct exec_core *core, struct err *e)
{
    struct exec_once *o = &core->once;
    if (LIKELY(core->unit->n_insts <= core->room))
        return 0;
    o->v = ARENA_TAKE(&core->units, uint64_t, core->unit->max_insts);
    o->q = ARENA_TAKE(&core->units, union ir_vec, core->unit->max_insts);
    core->room = o->v != NULL && o->q != NULL ? core->unit->max_insts : 0;
    return core->room != 0 ? 0 : err_set(e, ERR_NOMEM, "no memory to interpret a block");
}

static int translate(struct exec *x, struct cpu *cpu, const struct exec_place *p, struct exec_core *core, struct err *e)
{
    int rc = empty_unit(x, core, p->mode, e);
    if (rc < 0)
        return rc;
    struct ir_unit *u = core->unit;
    u->no_regs = cpu->uniform != 0; /* as exec_new_unit */
    u->hint = exec_hint(cpu);
    cpu->isa->translate(cpu, u, (int32_t)(p->offset % MEM_PAGE), p->ram->host + p->offset, p->avail, p->next);
    rc = exec_check_unit(x, cpu, u, p, e);
    if (rc < 0)
        return rc;
    exec_name_block(&core->first.b, u, p);
    core->once.u = u;
    core->once.b = &core->first.b;
    return make_room(core, e);
}

struct exec_cached *exec_first_translate(struct exec *x, struct cpu *cpu, const struct exec_place *p)
{
    struct err e;
    struct exec_core *core = exec_core_of(cpu);
    struct exec_cached *c = &core->first;
    core->timed = x->count.passes++ % EXEC_TIMED == 0;
    uint64_t since = core->timed ? exec_host_ns() : 0;
    e.text[0] = 0;
    if (translate(x, cpu, p, core, &e) < 0) {
        exec_fail(x, &e);
        return NULL;
    }
    exec_cache_mark(x, &c->b);
    if (!x->was_seen) {
        x->count.first++;
        x->count.guest_bytes += c->b.length;
    }
    if (core->timed)
        x->count.translate_ns += EXEC_TIMED * (exec_host_ns() - since);
    return c;
}

enum exec_leave exec_run_once(struct exec *x, struct cpu *cpu, struct exec_cached *c)
{
    const struct exec_core *core = exec_core_of(cpu);
    if (c != &core->first)
        return exec_interp.run(x->interp, cpu, &c->b);
    uint64_t since = core->timed ? exec_host_ns() : 0;
    enum exec_leave why = exec_interp_once(cpu, &core->once);
    if (core->timed)
        x->count.interpret_ns += EXEC_TIMED * (exec_host_ns() - since);
    return why;
}
