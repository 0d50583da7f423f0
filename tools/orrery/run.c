/* SPDX-License-Identifier: Apache-2.0 */
/* Carrying out one run: build the board, run it, report. */
#include "tools/orrery/run.h"
#include "tools/orrery/debug.h"
#include "core/timing/model.h"
#include "devices/backend/char.h"
#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int fail(const struct err *e)
{
    fprintf(stderr, "orrery: %s\n", e->text);
    return 1;
}

static int write_file(const char *path, const void *data, size_t n, struct err *e)
{
    FILE *f = fopen(path, "wb");

    if (!f)
        return err_set_errno(e, ERR_IO, errno, "cannot write '%s'", path);
    bool ok = fwrite(data, 1, n, f) == n;
    if (fclose(f) != 0 || !ok)
        return err_set_errno(e, ERR_IO, errno, "writing '%s' failed", path);
    return 0;
}

static int dump_device_tree(struct board *b, const char *path, struct err *e)
{
    uint8_t *blob;
    uint32_t size;
    int r = board_device_tree(b, &blob, &size, e);

    if (r < 0)
        return r;
    r = write_file(path, blob, size, e);
    free(blob);
    return r;
}

/* Host seconds of the run, for people: never seen by the machine. */
static double host_seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void print_stats(struct run_options *o, struct board *b, double seconds)
{
    struct exec *x = board_exec(b);
    bool json = o->stats_json;
    FILE *out = json ? stdout : stderr;
    struct exec_stat stats[64];
    uint32_t n_stats = exec_stats(x, stats, ARRAY_LEN(stats)), n = exec_n_cpus(x);
    struct tm_cpu **tms = ARENA_ARRAY(&o->arena, struct tm_cpu *, n);
    uint64_t *insns = ARENA_ARRAY(&o->arena, uint64_t, n), *cycles = ARENA_ARRAY(&o->arena, uint64_t, n), total = 0;

    if (!tms || !insns || !cycles) {
        fprintf(stderr, "orrery: no memory for statistics\n");
        return;
    }
    for (uint32_t i = 0; i < n; i++) {
        struct cpu *cpu = exec_cpu(x, i);
        tms[i] = cpu->tm;
        insns[i] = cpu_insns(cpu);
        cycles[i] = cpu_cycles(cpu);
        total += insns[i];
    }
    if (json) {
        fprintf(out, "{\"host_seconds\": %.6f, \"simulated_seconds\": %.9f, \"instructions\": %" PRIu64
                     ", \"mips\": %.3f, \"translator\": {", seconds, (double)exec_time(x) * 1e-12,
                total, (double)total / seconds * 1e-6);
        for (uint32_t i = 0; i < n_stats; i++)
            fprintf(out, "%s\"%s\": %" PRIu64, i ? ", " : "", stats[i].name, stats[i].value);
        fprintf(out, "}, \"timing\": ");
        tm_print_stats(tms, n, insns, cycles, true, out);
        fprintf(out, "}\n");
        return;
    }
    fprintf(out, "\nsimulated %.6f s in %.3f s of host time; %" PRIu64
                 " instructions, %.1f million a second\n", (double)exec_time(x) * 1e-12, seconds,
            total, (double)total / seconds * 1e-6);
    for (uint32_t i = 0; i < n_stats; i++)
        fprintf(out, "  %-28s %16" PRIu64 " %s\n", stats[i].name, stats[i].value, stats[i].unit);
    tm_print_stats(tms, n, insns, cycles, false, out);
}

static void print_part_hash(void *arg, const char *name, uint64_t hash)
{
    (void)arg;
    fprintf(stderr, "  %016" PRIx64 " %s\n", hash, name);
}

static void print_coverage(struct board *b, FILE *out)
{
    uint32_t n;
    const uint64_t *counts = exec_coverage(board_exec(b), &n);
    uint32_t hit = 0;

    for (uint32_t i = 0; counts && i < n; i++)
        hit += counts[i] != 0;
    fprintf(out, "encodings executed: %u\n", hit);
    for (uint32_t i = 0; counts && i < n; i++)
        if (counts[i] != 0)
            fprintf(out, "  id %-5u %16" PRIu64 "\n", i, counts[i]);
}

static int finish(struct run_options *o, struct board *b, enum board_end end, int exit_code,
                  double seconds, struct err *e)
{
    int status = exit_code;

    if (end == BOARD_DEADLOCK) {
        fprintf(stderr, "orrery: every CPU waits and nothing can wake one: the guest is stuck at "
                        "simulated time %.6f s\n", (double)exec_time(board_exec(b)) * 1e-12);
        status = 3;
    } else if (end == BOARD_LIMIT) {
        status = o->limit_fails ? 124 : 0;
    }
    if (host_quit_reason(board_host(b)))
        fprintf(stderr, "orrery: %s\n", host_quit_reason(board_host(b)));
    if (o->snapshot_save && board_save(b, o->snapshot_save, e) < 0)
        return fail(e);
    if (o->screendump && board_screendump(b, o->screendump, NULL, NULL, e) < 0)
        return fail(e);
    if (host_replay_status(board_host(b), e) < 0) {
        fprintf(stderr, "orrery: %s\n", e->text);
        status = status ? status : 1;
    }
    if (o->stats)
        print_stats(o, b, seconds);
    if (o->coverage)
        print_coverage(b, stderr);
    if (o->print_hash) {
        fprintf(stderr, "trace hash %016" PRIx64 " points %" PRIu64 " state %016" PRIx64 "\n",
                board_machine(b)->trace.hash, board_machine(b)->trace.count,
                machine_hash(board_machine(b)));
        machine_hash_parts(board_machine(b), print_part_hash, NULL);
    }
    return status;
}

/* The second machine of a lockstep run: alike, but interpreted, with its output thrown away. */
static int run_lockstep(struct run_options *o, struct board *a, struct err *e)
{
    struct board_config config = o->board;
    struct board *b;
    bool differ = false;
    int r;

    config.exec.mode = EXEC_INTERP;
    for (uint32_t i = 0; i < config.n_serial; i++)
        if (strcmp(config.serial[i], "none") != 0)
            config.serial[i] = "null";
    config.monitor = config.record = NULL;
    config.snapshot = true;
    if ((r = board_create(&b, &config, e)) < 0)
        return r;
    if (o->snapshot_load && (r = board_load(b, o->snapshot_load, e)) < 0) {
        board_destroy(b);
        return r;
    }
    enum exec_reason why = exec_lockstep(board_exec(a), board_exec(b), &o->stop_at, stderr, &differ);
    r = differ ? err_set(e, ERR_STATE, "interpreter and code generator differ (see above)")
               : why == EXEC_STOPPED ? board_machine(a)->exit_code : 0;
    board_destroy(b);
    return r;
}

/* What asks for a run that can be repeated. */
static int check_parallel(const struct run_options *o, struct err *e)
{
    static const char text[] = "CPUs on host threads (--smp-mode parallel, thread=multi) do not go with %s: a run is not "
                               "reproducible; --smp-mode serial is";
    const char *what = o->exec == RUN_LOCKSTEP ? "--exec lockstep"
                       : o->board.record       ? "--record"
                       : o->board.replay       ? "--replay"
                       : o->print_hash         ? "--hash"
                                               : NULL;
    return !o->board.exec.parallel || what == NULL ? 0 : err_set(e, ERR_UNSUPPORTED, text, what);
}

/* Where the host has a CPU for it. */
static uint32_t translate_threads(void)
{
    cpu_set_t set;
    return sched_getaffinity(0, sizeof(set), &set) == 0 && CPU_COUNT(&set) > 1;
}

int run_machine(struct run_options *o)
{
    struct err e = { 0 };
    struct board *b = NULL;
    int exit_code = 0, r;

    o->board.trace_hash = o->print_hash;
    o->board.exec.coverage = o->coverage;
    if (!o->translates)
        o->board.exec.translate_threads = translate_threads();
    if (!o->interprets_first) /* lockstep compares what is compiled, so that is all of it */
        o->board.exec.interpret_first = o->exec != RUN_LOCKSTEP;
    if (o->exec == RUN_LOCKSTEP)
        o->board.snapshot = true;
    if (o->log_file) { /* until the program ends: destroying the machine may still say something */
        o->board.log_out = fopen(o->log_file, "we");
        if (!o->board.log_out) {
            (void)err_set_errno(&e, ERR_IO, errno, "cannot write the log %s", o->log_file);
            return fail(&e);
        }
        setvbuf(o->board.log_out, NULL, _IOLBF, 0);
    }
    if ((r = check_parallel(o, &e)) < 0 || (r = board_create(&b, &o->board, &e)) < 0)
        return fail(&e);
    if (o->dump_dtb) {
        r = dump_device_tree(b, o->dump_dtb, &e);
        board_destroy(b);
        return r < 0 ? fail(&e) : 0;
    }
    if (o->pidfile) {
        char text[32];
        int n = snprintf(text, sizeof(text), "%d\n", (int)getpid());
        if (write_file(o->pidfile, text, (size_t)n, &e) < 0) {
            board_destroy(b);
            return fail(&e);
        }
    }
    if (host_catch_signals(board_host(b), &e) < 0 ||
        char_set_escape(board_host(b), o->escape, &e) < 0 ||
        (o->snapshot_load && board_load(b, o->snapshot_load, &e) < 0)) {
        board_destroy(b);
        return fail(&e);
    }

    double start = host_seconds();
    if (o->exec == RUN_LOCKSTEP) {
        r = run_lockstep(o, b, &e);
        if (r >= 0 && o->stats)
            print_stats(o, b, host_seconds() - start);
        board_destroy(b);
        return r < 0 ? fail(&e) : r;
    }
    struct board_limits limits = { .exec = o->stop_at };
    struct debug *debug = NULL;
    if (debug_open(&debug, b, o, &e) < 0) {
        board_destroy(b);
        return fail(&e);
    }
    enum board_end end = debug_run(debug, &limits, &exit_code);
    r = finish(o, b, end, exit_code, host_seconds() - start, &e);
    debug_close(debug);
    board_destroy(b);
    arena_destroy(&o->arena);
    return r;
}
