/* SPDX-License-Identifier: Apache-2.0 */
/* One run of one emulator: its command line, its time and memory, what it printed. */
#include "tools/orrery/bench.h"
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* ---- time ---- */

static double seconds_of(struct timeval t)
{
    return (double)t.tv_sec + 1e-6 * (double)t.tv_usec;
}

double bench_seconds(pid_t pid, bool cpu_time)
{
    clockid_t clock = CLOCK_MONOTONIC;
    struct timespec t = { 0 };

    if (cpu_time)
        (void)clock_getcpuclockid(pid, &clock);
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static bool ends_with(const struct bench_stopwatch *w, const char *mark)
{
    size_t n = strlen(mark);
    return w->n >= n && memcmp(w->line + w->n - n, mark, n) == 0;
}

void bench_watch(struct bench_stopwatch *w, const char *text, size_t n, double now)
{
    for (size_t i = 0; i < n && w->stop <= 0; i++) {
        if (text[i] == '\r')
            continue;
        w->line[w->n++] = text[i];
        w->line[w->n] = 0;
        if (!w->started && ends_with(w, w->begin)) {
            w->started = true;
            w->start = now;
            w->n = 0;
        } else if (w->started && w->end && ends_with(w, w->end)) {
            w->stop = now;
            w->number = strtod(w->line, NULL);
        } else if (text[i] == '\n' || w->n == sizeof(w->line) - 1) {
            w->n = 0;
        }
    }
}

/* Follow the output of `pid` into `out`; with `kill_it` no further than the second mark. */
static void follow(pid_t pid, int from, int out, bool kill_it, bool cpu_time, struct bench_stopwatch *w)
{
    char text[4096];
    ssize_t n;

    while ((n = read(from, text, sizeof(text))) > 0 && write(out, text, (size_t)n) == n) {
        bench_watch(w, text, (size_t)n, bench_seconds(pid, cpu_time));
        if (kill_it && w->stop > 0) {
            kill(pid, SIGKILL);
            return;
        }
    }
}

/* Its output goes to what is returned in *from; or -1. */
static pid_t start_program(char *const argv[], int *from)
{
    int ends[2] = { -1, -1 }, in = open("/dev/null", O_RDONLY);
    pid_t pid = in >= 0 && pipe2(ends, O_CLOEXEC) == 0 ? fork() : -1;

    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* also of one that is stopped just then */
        if (dup2(in, 0) >= 0 && dup2(ends[1], 1) >= 0 && dup2(ends[1], 2) >= 0)
            execvp(argv[0], argv);
        _exit(127);
    }
    (void)close(ends[1]);
    (void)close(in);
    *from = ends[0];
    return pid;
}

/* Run a program with its output in `path`. 0, or -1 when it could not run or did not end as it should. */
static int run_program(char *const argv[], const char *path, bool cpu_time, const struct bench_job *j, struct bench_stopwatch *w,
                       struct bench_sample *s)
{
    double start = bench_seconds(0, false);
    struct rusage usage;
    int status = -1, from = -1, out = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    pid_t pid = out >= 0 ? start_program(argv, &from) : -1;

    *w = (struct bench_stopwatch){ .begin = j->begin, .end = j->end, .started = !j->begin, .start = cpu_time ? 0 : start };
    if (pid > 0) {
        follow(pid, from, out, j->stop, cpu_time, w);
        if (wait4(pid, &status, 0, &usage) < 0)
            status = -1;
    }
    (void)close(from);
    (void)close(out);
    if (pid < 0 || (status != 0 && !(j->stop && w->stop > 0)) || (j->end && w->stop <= 0))
        return -1;
    double end = cpu_time ? seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime) : bench_seconds(0, false);
    s->seconds = (j->end ? w->stop : end) - w->start;
    s->megabytes = (double)usage.ru_maxrss / 1024;
    return 0;
}

/* ---- output ---- */

static bool file_contains(const char *path, const char *text)
{
    FILE *f = fopen(path, "r");
    char line[4096];
    bool found = false;

    while (f && !found && fgets(line, sizeof(line), f))
        found = strstr(line, text) != NULL;
    if (f)
        fclose(f);
    return found;
}

/* The statistics stand in the last line, behind what the guest printed. */
static void read_stats(const char *path, struct bench_sample *s)
{
    FILE *f = fopen(path, "r");
    char *line = NULL;
    size_t size = 0;
    json_t *last = NULL;

    while (f && getline(&line, &size, f) > 0) {
        json_t *j = line[0] == '{' ? json_loads(line, 0, NULL) : NULL;
        if (j) {
            json_decref(last);
            last = j;
        }
    }
    free(line);
    if (f)
        fclose(f);
    double seconds = json_number_value(json_object_get(last, "host_seconds"));
    const json_t *translator = json_object_get(last, "translator");
    s->translation = 1e-9 * json_number_value(json_object_get(translator, "translation_time"));
    s->interpretation = 1e-9 * json_number_value(json_object_get(translator, "interpretation_time"));
    s->guest_megabytes = 1e-6 * json_number_value(json_object_get(translator, "guest_bytes_translated"));
    s->mips = json_number_value(json_object_get(last, "mips"));
    s->translating = seconds > 0 ? s->translation / seconds : 0;
    json_decref(last);
}

/* ---- command lines ---- */

struct words {
    char *v[48];
    unsigned n;
    char cpus[16], device[64];
};

static void add(struct words *w, const char *word)
{
    w->v[w->n++] = (char *)(uintptr_t)word; /* execvp changes none */
}

static void add_pair(struct words *w, const char *option, const char *value)
{
    add(w, option);
    add(w, value);
}

static void add_qemu(struct words *w, const struct bench *b, unsigned cpus)
{
    add(w, b->qemu);
    add_pair(w, "-M", b->target->qemu_machine);
    add_pair(w, "-accel", cpus > 1 ? "tcg,thread=multi" : "tcg");
    add_pair(w, "-display", "none");
    add(w, "-nodefaults"); /* a network card and sound would be loaded for nothing; Orrery has none either */
    add_pair(w, "-monitor", "none");
    if (b->target->qemu_firmware)
        add_pair(w, "-bios", b->target->qemu_firmware);
}

static void add_orrery(struct words *w, const struct bench *b)
{
    add(w, b->orrery);
    add(w, "run");
    add_pair(w, "--board", b->target->board);
    add_pair(w, "--timing", b->timing);
    add(w, "--stats-json");
}

/* What both get: the same flags, with one dash or two (and -m is --memory). */
static void add_machine(struct words *w, const struct bench *b, const struct bench_job *j, bool qemu, unsigned cpus)
{
#define BOTH(name) (qemu ? "-" name : "--" name)
    add_pair(w, qemu ? "-m" : "--memory", "1G");
    add_pair(w, BOTH("serial"), "stdio");
    add(w, BOTH("no-reboot"));
    add_pair(w, BOTH("kernel"), j->kernel);
    if (b->target->cpu)
        add_pair(w, BOTH("cpu"), b->target->cpu);
    const char *bios = j->initrd ? b->bios : b->target->no_firmware;
    if (b->target->firmware && bios)
        add_pair(w, BOTH("bios"), bios);
    if (cpus > 1) {
        snprintf(w->cpus, sizeof(w->cpus), "%u", cpus);
        add_pair(w, BOTH("smp"), w->cpus);
        if (!qemu)
            add_pair(w, "--smp-mode", "parallel");
    }
    if (j->initrd) {
        add_pair(w, BOTH("initrd"), j->initrd);
        add_pair(w, BOTH("append"), j->append);
        if (b->target->device)
            add_pair(w, BOTH("device"), b->target->device);
    }
    if (j->drive) { /* what is written to it is forgotten: every run begins with the same */
        add(w, BOTH("snapshot"));
        add_pair(w, BOTH("drive"), j->drive);
        snprintf(w->device, sizeof(w->device), "%s,drive=d0", b->target->block);
        add_pair(w, BOTH("device"), w->device);
    }
#undef BOTH
    add(w, NULL);
}

pid_t bench_start(const struct bench *b, const struct bench_job *j, unsigned cpus, int *from)
{
    struct words w = { .n = 0 };

    add_orrery(&w, b);
    add_machine(&w, b, j, false, cpus);
    return start_program(w.v, from);
}

int bench_run(const struct bench *b, const struct bench_job *j, bool qemu, unsigned cpus, struct bench_sample *s)
{
    char output[] = "/tmp/orrery-bench-XXXXXX";
    struct words w = { .n = 0 };
    struct bench_stopwatch watch;
    int fd = mkstemp(output);

    if (fd < 0) {
        fprintf(stderr, "orrery bench: no file can be made in /tmp\n");
        return -1;
    }
    close(fd);
    if (qemu)
        add_qemu(&w, b, cpus);
    else
        add_orrery(&w, b);
    add_machine(&w, b, j, qemu, cpus);
    int r = run_program(w.v, output, b->cpu_time, j, &watch, s);
    if (r == 0 && (!file_contains(output, j->expected) || (j->operations && watch.number < 1)))
        r = -1;
    if (r == 0 && j->operations) /* of a gigabyte */
        s->seconds *= 1e9 / (watch.number * BENCH_OPENSSL_BYTES);
    if (r == 0 && j->events > 0)
        s->seconds /= (double)j->events;
    if (r == 0 && !qemu)
        read_stats(output, s);
    if (r < 0)
        fprintf(stderr, "orrery bench: %s under %s did not end with '%s'; its output is in %s\n", j->name, w.v[0],
                j->expected, output);
    else
        unlink(output);
    return r;
}
