/* SPDX-License-Identifier: Apache-2.0 */
#include "core/exec/exec_impl.h"
#include "core/timing/model.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SLICE_CYCLES (1 << 17)

static const struct state_field exec_state[] = {
    STATE(exec_sched, now),  STATE(exec_sched, deadline), STATE(exec_sched, reached),
    STATE(exec_sched, turn), STATE(exec_sched, in_round), STATE(exec_sched, hurry),
    STATE_PTR(exec_sched, cursors, cursor_bytes, EXEC_MAX_CPUS * sizeof(struct exec_cursor)),
    STATE_END,
};

/* ---- what others tell ---- */

static void event_armed(void *arg, ps_t earliest)
{
    exec_cut(arg, earliest);
}

static void stopped(void *arg)
{
    struct exec *x = arg;
    if (x->running != NULL)
        cpu_kick(x->running);
}

/*
 * An idle CPU was kicked: if an interrupt is there it runs from now on, as does one that was
 * started. The round ends: who runs alone in it may have been given a long one.
 */
static void kicked(struct cpu *cpu)
{
    struct exec *x = cpu->exec;
    ps_t now = ev_now(x->machine->queue);
    if (exec_is_parallel(x)) {
        exec_parallel_woken(x, cpu);
        return;
    }
    x->awake[cpu->index / 64] |= 1ull << cpu->index % 64;
    if (cpu->run == CPU_IDLE && !cpu->isa->has_work(cpu))
        return;
    cpu->run = CPU_RUNNING;
    exec_advance_to(cpu, now);
    exec_cut(x, now);
}

/*
 * A CPU that runs was kicked while another one had its turn: the two deal with each other, and the
 * one may be spinning until the other answers. So this turn ends here, and rounds are short for a
 * while, unless there are so many CPUs that turns would cost more than what is done in them.
 */
static void hurried(struct cpu *cpu)
{
    struct exec *x = cpu->exec;
    if (exec_is_parallel(x) || x->running == NULL || x->running == cpu || x->n_cpus > EXEC_HURRY_CPUS)
        return;
    x->sched.hurry = EXEC_HURRY;
    exec_cut(x, ev_now(x->machine->queue));
}

/* ---- saved state ---- */

static void part_reset(void *object)
{
    struct exec *x = CONTAINER_OF((struct exec_sched *)object, struct exec, sched);
    memset(x->sched.cursors, 0, x->sched.cursor_bytes);
    exec_wake_all(x);
    mmu_flush_all_cpus(x->machine);
}

static void part_loaded(void *object)
{
    struct exec *x = CONTAINER_OF((struct exec_sched *)object, struct exec, sched);
    if (x->sched.turn > x->n_cpus)
        x->sched.in_round = 0; /* a snapshot is not trusted */
    x->sched.hurry = MIN(x->sched.hurry, EXEC_HURRY);
    x->sched.reached = MIN(x->sched.reached, x->sched.now + x->options.quantum);
    x->machine->inputs_from = x->sched.reached;
    x->sched.cursor_bytes = x->n_cpus * (uint32_t)sizeof(struct exec_cursor);
    x->flush_wanted = true;
    exec_wake_all(x);
    x->pace_host_ns = 0;
    mmu_flush_all_cpus(x->machine);
}

/* ---- life ---- */

static int create_backends(struct exec *x, struct err *e)
{
    x->ops = &exec_interp;
#ifdef ORRERY_EXEC_X86_64
    if (x->options.mode == EXEC_JIT)
        x->ops = &exec_x86_64;
#else
    if (x->options.mode == EXEC_JIT)
        return err_set(e, ERR_UNSUPPORTED, "there is no code generator for this host; --exec "
                       "interp works");
#endif
    int rc = x->ops->create(&x->be, x, &x->options, e);
    if (rc == 0 && x->ops->annex != NULL)
        rc = x->ops->annex(&x->annex, x->be, e);
    if (rc < 0)
        return rc;
    if (x->ops == &exec_interp) {
        x->interp = x->be;
        return 0;
    }
    return exec_interp.create(&x->interp, x, &x->options, e);
}

int exec_create(struct exec **out, struct machine *m, const struct exec_options *o, struct err *e)
{
    struct exec *x = calloc(1, sizeof(*x));
    if (x == NULL)
        return err_set(e, ERR_NOMEM, "no memory to run CPUs");
    x->machine = m;
    x->options = *o;
    if (x->options.code_bytes == 0)
        x->options.code_bytes = 256u << 20;
    if (x->options.quantum == 0)
        x->options.quantum = (x->options.parallel ? 4000 : 10) * PS_PER_US;
    if (x->options.region_threshold == 0)
        x->options.region_threshold = 10000;
    if (x->options.optimize_threshold == 0)
        x->options.optimize_threshold = 200;
    x->insn_limit = UINT64_MAX;
    x->slice = SLICE_CYCLES;
    for (unsigned k = 0; k < 4; k++)
        arena_init(&x->parts[k / 2][k % 2].arena, 0);
    arena_init(&x->pages_arena, 0);
    arena_init(&x->scratch, 0);
    x->sched.cursors = calloc(EXEC_MAX_CPUS, sizeof(*x->sched.cursors));
    x->job = calloc(1, sizeof(*x->job));
    x->memo = calloc(1, IR_MEMO_BYTES);
    bool memory = x->sched.cursors != NULL && x->job != NULL && x->memo != NULL;
    int rc = memory ? 0 : err_set(e, ERR_NOMEM, "no memory to run CPUs");
    if (rc == 0)
        rc = create_backends(x, e);
    if (rc == 0)
        rc = exec_first_create(x, e);
    struct machine_part part = { .name = "exec", .version = 3, .state = exec_state,
                                 .object = &x->sched, .reset = part_reset, .loaded = part_loaded };
    if (rc == 0)
        rc = machine_add_part(m, &part, e);
    if (rc == 0 && x->options.parallel)
        rc = exec_parallel_create(x, e);
    if (rc == 0 && x->options.translate_threads != 0 && x->options.mode == EXEC_JIT && x->options.dump == 0)
        rc = exec_background_create(x, e);
    if (rc < 0) {
        exec_destroy(x);
        return rc;
    }
    ev_set_listener(m->queue, event_armed, x);
    m->stopped = stopped;
    m->stopped_arg = x;
    *out = x;
    return 0;
}

void exec_destroy(struct exec *x)
{
    if (x == NULL)
        return;
    exec_background_destroy(x);
    exec_parallel_destroy(x);
    for (uint32_t i = 0; i < x->n_cpus; i++) {
        mmu_detach(x->cores[i]->cpu);
        x->cores[i]->cpu->exec_private = NULL;
        x->cores[i]->cpu->exec = NULL;
        arena_destroy(&x->cores[i]->transient);
        arena_destroy(&x->cores[i]->units);
        free(x->cores[i]);
    }
    for (uint32_t r = 0; r < EXEC_MAX_RAMS; r++) {
        if (x->rams[r] != NULL)
            x->rams[r]->written = NULL;
        free(x->pages[r]);
    }
    ev_set_listener(x->machine->queue, NULL, NULL);
    x->machine->stopped = NULL;
    if (x->annex != NULL)
        x->ops->destroy(x->annex);
    if (x->be != NULL)
        x->ops->destroy(x->be);
    if (x->interp != NULL && x->interp != x->be)
        exec_interp.destroy(x->interp);
    for (unsigned k = 0; k < 4; k++)
        arena_destroy(&x->parts[k / 2][k % 2].arena);
    arena_destroy(&x->pages_arena);
    arena_destroy(&x->scratch);
    free(x->hash);
    free(x->dormant);
    free(x->front);
    free(x->seen);
    free(x->memo);
    free(x->breaks);
    free(x->watches);
    free(x->coverage);
    free(x->sched.cursors);
    free(x->job);
    free(x);
}

/* ---- CPUs ---- */

static uint64_t param_of(const struct tm_cpu *t, const struct tm_param *p)
{
    uint64_t v;
    memcpy(&v, (const char *)t + p->at, sizeof(v));
    return v;
}

/* Blocks carry static costs and are shared: so all CPUs have one model and equal parameters. */
static int check_model(const struct cpu *a, const struct cpu *b, struct err *e)
{
    if ((a->tm == NULL) != (b->tm == NULL) || (a->tm != NULL && a->tm->model != b->tm->model))
        return err_set(e, ERR_UNSUPPORTED, "%s and %s have different timing models; one for all is "
                       "accepted", a->name, b->name);
    for (const struct tm_param *p = a->tm ? a->tm->model->params : NULL; p && p->name; p++)
        if (param_of(a->tm, p) != param_of(b->tm, p))
            return err_set(e, ERR_UNSUPPORTED, "%s and %s differ in the timing parameter %s; one "
                           "value for all is accepted", a->name, b->name, p->name);
    return 0;
}

static void timing_reset(void *object)
{
    struct tm_cpu *tm = object;
    if (tm->model->reset != NULL)
        tm->model->reset(tm);
}

static int add_timing_part(struct cpu *cpu, struct err *e)
{
    if (cpu->tm == NULL || cpu->tm->model->state == NULL)
        return 0;
    char *name = arena_printf(&cpu->machine->arena, "%s-timing", cpu->name);
    if (name == NULL)
        return err_set(e, ERR_NOMEM, "no memory for a CPU");
    struct machine_part part = { .name = name, .version = 1, .state = cpu->tm->model->state,
                                 .object = cpu->tm, .reset = timing_reset };
    return machine_add_part(cpu->machine, &part, e);
}

static int add_coverage(struct exec *x, struct err *e)
{
    if (!x->options.coverage || x->coverage != NULL)
        return 0;
    x->n_coverage = UINT16_MAX + 1u;
    x->coverage = calloc(x->n_coverage, sizeof(*x->coverage));
    return x->coverage != NULL ? 0 : err_set(e, ERR_NOMEM, "no memory to count encodings");
}

/* Models with hooks share caches and count in order. */
static int check_parallel(const struct exec *x, const struct cpu *cpu, struct err *e)
{
    if (x->parallel == NULL || cpu->tm == NULL || (cpu->tm->model->hooks == 0 && cpu->tm->uniform != 0))
        return 0;
    return err_set(e, ERR_UNSUPPORTED, "%s: CPUs on host threads run with --timing functional only, not %s", cpu->name,
                   cpu->tm->model->name);
}

int exec_add_cpu(struct exec *x, struct cpu *cpu, struct err *e)
{
    int rc = 0;
    if (x->n_cpus == EXEC_MAX_CPUS)
        return err_set(e, ERR_LIMIT, "more than %u CPUs", EXEC_MAX_CPUS);
    if (cpu->index != x->n_cpus)
        return err_set(e, ERR_ARG, "%s is added as CPU %u; CPUs are added in order of index",
                       cpu->name, x->n_cpus);
    if (x->n_cpus != 0)
        rc = check_model(x->cores[0]->cpu, cpu, e);
    if (rc == 0)
        rc = exec_cache_adopt_rams(x, e);
    if (rc == 0)
        rc = add_coverage(x, e);
    if (rc == 0)
        rc = check_parallel(x, cpu, e);
    if (rc == 0)
        rc = add_timing_part(cpu, e);
    if (rc < 0)
        return rc;
    struct exec_core *core = aligned_alloc(64, (sizeof(*core) + 63) & ~(size_t)63);
    if (core == NULL)
        return err_set(e, ERR_NOMEM, "no memory for a CPU");
    memset(core, 0, sizeof(*core));
    core->cpu = cpu;
    arena_init(&core->transient, 0);
    arena_init(&core->units, 0);
    rc = mmu_attach(cpu, e);
    if (rc < 0) {
        free(core);
        return rc;
    }
    cpu->exec = x;
    cpu->exec_private = &core->shared;
    cpu->kicked = kicked;
    cpu->hurried = hurried;
    cpu->uniform = cpu->tm != NULL ? cpu->tm->uniform : 1;
    exec_parallel_add(x, cpu);
    x->cores[x->n_cpus++] = core;
    exec_wake_all(x);
    x->sched.cursor_bytes = x->n_cpus * (uint32_t)sizeof(struct exec_cursor);
    return 0;
}

void exec_set_host(struct exec *x, const struct exec_host_ops *ops)
{
    x->host = ops != NULL ? *ops : (struct exec_host_ops){ 0 };
}

uint32_t exec_n_cpus(const struct exec *x)
{
    return x->n_cpus;
}

struct cpu *exec_running(const struct exec *x)
{
    return x->running;
}

struct cpu *exec_cpu(const struct exec *x, uint32_t index)
{
    return index < x->n_cpus ? x->cores[index]->cpu : NULL;
}

const uint64_t *exec_coverage(const struct exec *x, uint32_t *n)
{
    *n = x->n_coverage;
    return x->coverage;
}

uint32_t exec_stats(const struct exec *x, struct exec_stat *out, uint32_t max)
{
    const struct exec_counters *c = &x->count;
    uint64_t threads, longest;
    const struct exec_background_counters bg = exec_background_count(x);
    exec_parallel_times(x, &threads, &longest);
    const struct exec_stat all[] = {
        { "instructions", "", exec_insns(x) },
        { "blocks_interpreted_first", "", c->first },
        { "blocks_compiled_later", "", c->later },
        { "blocks_translated", "", c->translated },
        { "blocks_optimized", "", c->improved },
        { "regions", "", c->regions },
        { "blocks_dropped", "", c->dropped },
        { "blocks_revived", "", c->revived },
        { "cache_flushes", "", c->flushes },
        { "guest_bytes_translated", "B", c->guest_bytes },
        { "host_code", "B", x->ops->code_used(x->be) + (x->annex != NULL ? x->ops->code_used(x->annex) : 0) },
        { "translation_time", "ns", c->translate_ns },
        { "interpretation_time", "ns", c->interpret_ns },
        { "background_translations", "", bg.taken },
        { "background_thrown_away", "", bg.thrown },
        { "background_refused", "", bg.refused },
        { "background_time", "ns", bg.ns },
        { "block_lookups", "", c->lookups },
        { "edges_linked", "", c->links },
        { "exceptions", "", c->exceptions },
        { "interrupts", "", c->interrupts },
        { "rounds", "", c->rounds },
        { "idle_jumps", "", c->idle_jumps },
        { "host_polls", "", c->polls },
        { "parallel_rounds", "", c->parallel_rounds },
        { "parallel_slices", "", c->slices },
        { "parallel_looks", "", c->looks },
        { "parallel_stops", "", c->alone },
        { "parallel_tells", "", c->tells },
        { "parallel_locks", "", c->locks },
        { "parallel_lock_waits", "", c->lock_waits },
        { "parallel_lock_sleeps", "", c->lock_sleeps },
        { "parallel_lock_wait_time", "ns", c->lock_ns },
        { "parallel_stop_wait_time", "ns", c->alone_ns },
        { "parallel_tell_wait_time", "ns", c->tell_ns },
        { "parallel_ahead_time", "ns", c->held_ns },
        { "parallel_followed_time", "ns", c->followed_ns },
        { "parallel_threads_time", "ns", threads },
        { "parallel_longest_time", "ns", longest },
    };
    uint32_t n = (uint32_t)MIN(ARRAY_LEN(all), max);
    memcpy(out, all, n * sizeof(*out));
    return n;
}
