/* SPDX-License-Identifier: Apache-2.0 */
/*
 * orrery bench: boots, programs and CPU kernels in Orrery and, where a QEMU is installed, in QEMU in the same run. The two
 * take turns, and the turns which of them begins, so that a drifting host and a cold file cache hit both alike.
 * Reported are medians, and the ratio QEMU/Orrery of each pair as median, minimum and maximum, and of groups the mean.
 */
#include "tools/orrery/bench.h"
#include "tools/orrery/commands.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* All runs of one job. */
static int bench_job(const struct bench *b, const struct bench_job *j, struct bench_result *r)
{
    double ours[BENCH_RUNS_MAX], theirs[BENCH_RUNS_MAX], ratio[BENCH_RUNS_MAX], memory[BENCH_RUNS_MAX], mips[BENCH_RUNS_MAX],
        translating[BENCH_RUNS_MAX], first_tier[BENCH_RUNS_MAX], first_run[BENCH_RUNS_MAX];
    struct bench_scaling scaling = { .n = 0 };

    for (unsigned i = 0; i < b->runs; i++) {
        struct bench_sample s[2] = { { 0 } }; /* Orrery's, QEMU's */
        for (unsigned turn = 0; turn < 2; turn++) {
            bool qemu = (turn ^ i) & 1;
            if ((!qemu || b->qemu) && bench_run(b, j, qemu, j->cpus, &s[qemu]) < 0)
                return -1;
        }
        ours[i] = s[0].seconds;
        theirs[i] = s[1].seconds;
        mips[i] = s[0].mips;
        translating[i] = 100 * s[0].translating;
        first_tier[i] = s[0].translation > 0 ? s[0].guest_megabytes / s[0].translation : 0;
        first_run[i] = s[0].translation > 0 ? s[0].guest_megabytes / (s[0].translation + s[0].interpretation) : 0;
        ratio[i] = s[0].seconds > 0 ? s[1].seconds / s[0].seconds : 0;
        memory[i] = s[1].megabytes > 0 ? s[0].megabytes / s[1].megabytes : 0;
    }
    if (j->repeat != NULL && bench_scale(b, j, &scaling) < 0)
        return -1;
    *r = (struct bench_result){
        .name = j->name,
        .group = j->group,
        .events = j->events > 0,
        .translation = j->translation,
        .cpus = j->cpus,
        .ours = bench_spread_of(ours, b->runs),
        .theirs = bench_spread_of(theirs, b->runs),
        .speed = bench_spread_of(ratio, b->runs),
        .memory = bench_spread_of(memory, b->runs),
        .mips = bench_spread_of(mips, b->runs),
        .translating = bench_spread_of(translating, b->runs),
        .first_tier = bench_spread_of(first_tier, b->runs),
        .first_run = bench_spread_of(first_run, b->runs),
        .scaling = bench_spread_of(scaling.cpus, scaling.n),
        .host = bench_spread_of(scaling.host, scaling.n),
        .part = bench_spread_of(scaling.part, scaling.n),
    };
    return 0;
}

static void usage(void)
{
    printf("usage: orrery bench [OPTION]... [NAME|GROUP]...\n"
           "Measure Orrery beside QEMU: the same guests, taking turns.\n"
           "  --arch NAME       riscv64 (default), arm64, loong64, amd64\n"
           "  --runs N          of each, 1 to %d (default 5)\n"
           "  --cpu-time        user and system time of all threads in place of wall time: for a busy host\n"
           "  --timing MODEL    Orrery's timing model (default functional)\n"
           "  --qemu PROGRAM    the peer (default that of tools/fetch-peer qemu, else the one in PATH); none: Orrery alone\n"
           "  --kernels DIR     where the kernels are (default beside the program)\n"
           "  --json            numbers with minimum, median and maximum of each\n"
           "Groups, without a NAME all of them; beneath the table each one's geometric mean and its slowest:\n"
           "  integer       embedded (CoreMark's mix: lists, matrices, states, CRC), procedures (Dhrystone's: records, strings,\n"
           "                calls), quicksort, trees (AVL, and an allocator), hashing; of Debian's: 7zip, xz, sqlite\n"
           "  fp            nbody, mandelbrot, spectral, fft in doubles; matmul in floats, vectorised by the compiler;\n"
           "                aes-128-gcm, sha256, chacha20-poly1305 by `openssl speed`, per gigabyte\n"
           "  boot          boot (Debian's kernel to init and power-off), login (systemd, from a disk, to the prompt)\n"
           "  micro         interrupts, syscalls, faults (pages), contexts (switches of address spaces), selfmodify,\n"
           "                invalidations (TLB, one address), flushes (TLB, all, and 16 pages touched), mmio: per event\n"
           "  translation   megabytes of code that is run once; beneath it megabytes a second until the code runs for the first\n"
           "                time (decoding, IR, host code where it is made at once), and with that run if it is interpreted\n"
           "  parallel      two compressions on two CPUs (--smp-mode parallel; QEMU thread=multi); beneath it how many times as fast\n"
           "                as one CPU that is, and what the host has to give: two machines of one CPU at once, which share nothing\n"
           "  patterns      memory, branchy, calls\n"
           "They need: cmake --build --preset release --target bench-kernels; tools/fetch-guest ARCH (boot), tools/fetch-programs\n"
           "ARCH (Debian's programs), tools/make-disk ARCH (login). Both emulators have one CPU (parallel: two) of the same name\n"
           "(all that each of them has of it: -cpu max), 1 GiB, a serial port.\n"
           "The host's time counts, between two marks that the guest prints: translation is in it, an emulator's start is not;\n"
           "of boots that of the whole run, of login from the start to the prompt. A wrong checksum or exit status is a failure.\n"
           "Speed is QEMU's seconds by Orrery's: above 1 Orrery is faster. Memory is Orrery's peak by QEMU's: below 1 it needs\n"
           "less.\n", BENCH_RUNS_MAX);
}

static const char *find_program(const char *name, char path[600])
{
    const char *dirs = getenv("PATH");

    while (dirs && *dirs) {
        size_t n = strcspn(dirs, ":");
        snprintf(path, 600, "%.*s/%s", (int)n, dirs, name);
        if (access(path, X_OK) == 0)
            return path;
        dirs += n + (dirs[n] == ':');
    }
    return NULL;
}

/* Where guests and the peer are. */
static int find_guest(struct bench *b, const char *qemu, struct err *e)
{
    char program[64];
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    const char *top = cache ? cache : home ? home : "", *sub = cache ? "" : "/.cache";

    snprintf(b->guest, sizeof(b->guest), "%s%s/orrery/guests/%s", top, sub, b->target->name);
    if (b->target->firmware)
        snprintf(b->bios, sizeof(b->bios), "%.400s/%s", b->guest, b->target->firmware);
    if (qemu && strcmp(qemu, "none") == 0)
        return 0;
    snprintf(program, sizeof(program), "qemu-system-%s", b->target->qemu_arch);
    snprintf(b->peer, sizeof(b->peer), "%s%s/orrery/peers/qemu/bin/%s", top, sub, program);
    if (qemu)
        b->qemu = strchr(qemu, '/') ? qemu : find_program(qemu, b->peer);
    else
        b->qemu = access(b->peer, X_OK) == 0 ? b->peer : find_program(program, b->peer);
    if (qemu && (!b->qemu || access(b->qemu, X_OK) != 0))
        return err_set(e, ERR_ARG, "--qemu %s: there is no such program", qemu);
    if (!b->qemu)
        fprintf(stderr, "orrery bench: no %s here, so nothing to compare with (tools/fetch-peer qemu fetches one)\n", program);
    return 0;
}

static int set_target(struct bench *b, const char *name, struct err *e)
{
    for (size_t i = 0; i < bench_n_targets; i++)
        if (strcmp(name, bench_targets[i].name) == 0) {
            b->target = &bench_targets[i];
            return 0;
        }
    return err_set(e, ERR_ARG, "--arch %s: riscv64, arm64, loong64 or amd64 is expected", name);
}

/* The option's value was taken: 1; there is none of that name: 0; or ERR_*. */
static int take_option(struct bench *b, const char *name, const char *value, const char **qemu, struct err *e)
{
    uint64_t runs;
    int rc = 0;

    if (strcmp(name, "--arch") == 0) {
        rc = set_target(b, value, e);
    } else if (strcmp(name, "--runs") == 0) {
        rc = run_parse_count("--runs", value, 1, BENCH_RUNS_MAX, &runs, e);
        b->runs = rc == 0 ? (unsigned)runs : b->runs;
    } else if (strcmp(name, "--qemu") == 0) {
        *qemu = value;
    } else if (strcmp(name, "--timing") == 0) {
        b->timing = value;
    } else if (strcmp(name, "--kernels") == 0) {
        snprintf(b->directory, sizeof(b->directory), "%s", value);
    } else {
        return 0;
    }
    return rc < 0 ? rc : 1;
}

/* 0, 1: help was asked for, or ERR_*. */
static int parse(struct bench *b, int argc, char **argv, bool *wanted, const char **qemu, struct err *e)
{
    int rc = 0;

    for (int i = 0; i < argc && rc >= 0; i++) {
        if (strcmp(argv[i], "--help") == 0)
            return 1;
        if (argv[i][0] != '-')
            rc = bench_choose(wanted, argv[i], e);
        else if (strcmp(argv[i], "--json") == 0)
            b->json = true;
        else if (strcmp(argv[i], "--cpu-time") == 0)
            b->cpu_time = true;
        else if (i + 1 == argc || (rc = take_option(b, argv[i], argv[i + 1], qemu, e)) == 0)
            rc = err_set(e, ERR_ARG, "%s: unknown, or its value is missing (see orrery bench --help)", argv[i]);
        else
            i++;
    }
    return MIN(rc, 0);
}

/* Where this program is, and the kernels beside it. */
static void find_kernels(struct bench *b)
{
    ssize_t length = readlink("/proc/self/exe", b->orrery, sizeof(b->orrery) - 1);

    b->orrery[length < 0 ? 0 : length] = 0;
    const char *slash = strrchr(b->orrery, '/');
    if (!b->directory[0])
        snprintf(b->directory, sizeof(b->directory), "%.*s/bench/%s", (int)(slash ? MIN(slash - b->orrery, 480) : 0), b->orrery,
                 b->target->name);
}

/* All that is wanted; how many could not be measured. */
static unsigned run_jobs(const struct bench *b, const bool *wanted)
{
    struct bench_result results[BENCH_JOBS_MAX];
    struct bench_job j;
    unsigned failed = 0;
    size_t n = 0;

    if (!b->json)
        bench_print_head(b);
    for (size_t k = 0; k < bench_n_entries && n < ARRAY_LEN(results); k++) {
        if (!wanted[k])
            continue;
        struct bench_result *r = &results[n++];
        if (!bench_prepare(b, &bench_entries[k], &j) || bench_job(b, &j, r) < 0) {
            *r = (struct bench_result){ .name = bench_entries[k].name, .group = bench_entries[k].group, .failed = true };
            failed++;
        } else if (!b->json) {
            bench_print_result(b, r);
        }
    }
    if (b->json) {
        json_t *all = bench_json(b, results, n);
        json_dumpf(all, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
        printf("\n");
        json_decref(all);
    } else {
        bench_print_groups(b, results, n);
    }
    return failed;
}

int command_bench(int argc, char **argv)
{
    struct bench b = { .target = &bench_targets[0], .runs = 5, .timing = "functional" };
    bool wanted[BENCH_JOBS_MAX] = { false }, some = false;
    const char *qemu = NULL;
    struct err e = { 0 };
    int rc = parse(&b, argc, argv, wanted, &qemu, &e);

    if (rc == 1) {
        usage();
        return 0;
    }
    for (size_t k = 0; k < bench_n_entries; k++)
        some |= wanted[k];
    if (rc == 0 && !some)
        rc = bench_choose(wanted, "all", &e);
    if (rc == 0)
        rc = find_guest(&b, qemu, &e);
    if (rc < 0) {
        fprintf(stderr, "orrery bench: %s\n", e.text);
        return 1;
    }
    find_kernels(&b);
    return run_jobs(&b, wanted) > 0;
}
