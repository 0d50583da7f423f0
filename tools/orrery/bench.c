/* SPDX-License-Identifier: Apache-2.0 */
/*
 * orrery bench: boots and CPU kernels in Orrery and, where a QEMU is installed, in QEMU in
 * the same run, the two taking turns, so that a drifting host hits both alike. Reported are
 * medians, and the ratio QEMU/Orrery of each pair as minimum, median and maximum.
 */
#include "tools/orrery/commands.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define RUNS_MAX 51

struct sample {
    double seconds;
    double megabytes; /* peak resident */
    double mips, translating; /* Orrery's own: million instructions a second; share of the time */
};

struct job {
    const char *name;
    const char *kernel;            /* ELF or Image */
    const char *initrd, *append;   /* boots only */
    char expected[64];             /* must stand in the output */
    const char *algorithm;         /* of `openssl speed`; NULL: the whole run counts */
};

/* A guest architecture: what the command lines of both emulators say for it. */
static const struct target {
    const char *name, *qemu_arch, *qemu_machine, *board, *cpu, *console;
    const char *firmware;          /* of boots, beside the guest; NULL: none is needed */
    const char *qemu_firmware;     /* of its own: QEMU knows no kernel of a PC without, and this is its quickest */
} targets[] = {
    { "riscv64", "riscv64", "virt", "riscv-virt", NULL, "ttyS0", "firmware/generic/fw_dynamic.bin", NULL },
    { "arm64", "aarch64", "virt", "arm-virt", "max", "ttyAMA0", NULL, NULL },
    { "amd64", "x86_64", "q35", "x86-q35", "max", "ttyS0", NULL, "qboot.rom" },
};

struct bench {
    const struct target *target;
    const char *orrery, *qemu;     /* programs; qemu NULL: none */
    const char *bios;              /* of boots; NULL: none */
    char directory[512];
    const char *timing;
    unsigned runs;
    bool json, cpu_time;
};

static double seconds_of(struct timeval t)
{
    return (double)t.tv_sec + 1e-6 * (double)t.tv_usec;
}

/* Seconds since some start: of the clock on the wall, or that `pid` has computed. */
static double seconds_now(pid_t pid, bool cpu_time)
{
    clockid_t clock = CLOCK_MONOTONIC;
    struct timespec t = { 0 };

    if (cpu_time)
        (void)clock_getcpuclockid(pid, &clock);
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/*
 * What openssl says, and when: "Doing ALGORITHM ops for 2s on 16384 size blocks: " before it begins and
 * "12345 ALGORITHM ops in 1.99s" at the end. The guest's seconds need not be the host's.
 */
struct stopwatch {
    char line[256];
    size_t n;
    double start, seconds, operations;
};
#define OPENSSL_BYTES 16384

static void watch_output(struct stopwatch *w, const char *text, size_t n, double now)
{
    for (size_t i = 0; i < n; i++) {
        static const char begins[] = "size blocks: ";
        w->line[w->n++] = text[i];
        w->line[w->n] = 0;
        if (w->n >= sizeof(begins) && strcmp(w->line + w->n - sizeof(begins) + 1, begins) == 0) {
            w->start = now;
            w->n = 0;
        } else if (text[i] == '\n' || w->n == sizeof(w->line) - 1) {
            if (strstr(w->line, " ops in ") != NULL && w->start > 0 && w->operations <= 0) {
                w->operations = strtod(w->line, NULL);
                w->seconds = now - w->start;
            }
            w->n = 0;
        }
    }
}

/* Run a program with its output in `path`. 0, or -1 when it could not run or did not end with 0. */
static int run_program(char *const argv[], const char *path, bool cpu_time, struct stopwatch *w, struct sample *s)
{
    double start = seconds_now(0, false);
    struct rusage usage;
    int status = -1, out = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600), in = open("/dev/null", O_RDONLY);
    int ends[2] = { -1, -1 };
    pid_t pid = out >= 0 && in >= 0 && pipe(ends) == 0 ? fork() : -1;

    if (pid == 0) {
        if (dup2(in, 0) >= 0 && dup2(ends[1], 1) >= 0 && dup2(ends[1], 2) >= 0 && close(ends[0]) == 0)
            execvp(argv[0], argv);
        _exit(127);
    }
    (void)close(ends[1]);
    if (pid > 0) {
        char text[4096];
        ssize_t n;
        while ((n = read(ends[0], text, sizeof(text))) > 0 && write(out, text, (size_t)n) == n)
            watch_output(w, text, (size_t)n, seconds_now(pid, cpu_time));
        if (wait4(pid, &status, 0, &usage) < 0)
            status = -1;
    }
    (void)close(ends[0]);
    (void)close(out);
    (void)close(in);
    if (pid < 0 || status != 0)
        return -1;
    s->seconds = cpu_time ? seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime) : seconds_now(0, false) - start;
    s->megabytes = (double)usage.ru_maxrss / 1024;
    return 0;
}

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
static void read_stats(const char *path, struct sample *s)
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
    const json_t *ns = json_object_get(json_object_get(last, "translator"), "translation_time");
    s->mips = json_number_value(json_object_get(last, "mips"));
    s->translating = seconds > 0 ? 1e-9 * json_number_value(ns) / seconds : 0;
    json_decref(last);
}

/* Both command lines are QEMU's: the same flags, only the program differs. */
static int run_job(const struct bench *b, const struct job *j, bool qemu, struct sample *s)
{
    char output[] = "/tmp/orrery-bench-XXXXXX";
    char timing[256];
    char *argv[40];
    int n = 0, fd = mkstemp(output);

    if (fd < 0)
        return -1;
    close(fd);
    if (qemu) {
        argv[n++] = (char *)(uintptr_t)b->qemu;
        argv[n++] = "-M";
        argv[n++] = (char *)(uintptr_t)b->target->qemu_machine;
        argv[n++] = "-display";
        argv[n++] = "none";
        argv[n++] = "-nodefaults"; /* a network card and sound would be loaded for nothing */
    } else {
        argv[n++] = (char *)(uintptr_t)b->orrery;
        argv[n++] = "run";
        argv[n++] = "--board";
        argv[n++] = (char *)(uintptr_t)b->target->board;
        snprintf(timing, sizeof(timing), "%s", b->timing);
        argv[n++] = "--timing";
        argv[n++] = timing;
        argv[n++] = "--stats-json";
    }
#define BOTH(long_name, short_name) (char *)(uintptr_t)(qemu ? short_name : long_name)
    argv[n++] = BOTH("--memory", "-m");
    argv[n++] = "1G";
    argv[n++] = BOTH("--serial", "-serial");
    argv[n++] = "stdio";
    if (qemu) {
        argv[n++] = "-monitor";
        argv[n++] = "none";
    }
    argv[n++] = BOTH("--no-reboot", "-no-reboot");
    argv[n++] = BOTH("--kernel", "-kernel");
    argv[n++] = (char *)(uintptr_t)j->kernel;
    if (b->target->firmware) {
        argv[n++] = BOTH("--bios", "-bios");
        argv[n++] = (char *)(uintptr_t)(j->initrd ? b->bios : "none");
    }
    if (qemu && b->target->qemu_firmware) {
        argv[n++] = "-bios";
        argv[n++] = (char *)(uintptr_t)b->target->qemu_firmware;
    }
    if (b->target->cpu) {
        argv[n++] = BOTH("--cpu", "-cpu");
        argv[n++] = (char *)(uintptr_t)b->target->cpu;
    }
    if (j->initrd) {
        argv[n++] = BOTH("--initrd", "-initrd");
        argv[n++] = (char *)(uintptr_t)j->initrd;
        argv[n++] = BOTH("--append", "-append");
        argv[n++] = (char *)(uintptr_t)j->append;
    }
#undef BOTH
    argv[n] = NULL;
    struct stopwatch w = { .n = 0 };
    int r = run_program(argv, output, b->cpu_time, &w, s);
    if (r == 0 && (!file_contains(output, j->expected) || (j->algorithm != NULL && w.operations < 1)))
        r = -1;
    if (r == 0 && j->algorithm != NULL) /* of a gigabyte */
        s->seconds = w.seconds / (w.operations * OPENSSL_BYTES) * 1e9;
    if (r == 0 && !qemu)
        read_stats(output, s);
    if (r < 0)
        fprintf(stderr, "orrery bench: %s under %s did not end with '%s'; its output is in %s\n",
                j->name, argv[0], j->expected, output);
    else
        unlink(output);
    return r;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

struct spread {
    double least, median, most;
};

static struct spread spread_of(const double *values, unsigned n)
{
    double v[RUNS_MAX];

    memcpy(v, values, n * sizeof(*v));
    qsort(v, n, sizeof(*v), by_value);
    return (struct spread){ v[0], n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2, v[n - 1] };
}

static json_t *spread_json(struct spread s)
{
    return json_pack("{s:f,s:f,s:f}", "min", s.least, "median", s.median, "max", s.most);
}

static int bench_job(const struct bench *b, const struct job *j, json_t *results)
{
    double ours[RUNS_MAX], theirs[RUNS_MAX], ratio[RUNS_MAX], memory[RUNS_MAX];
    double mips[RUNS_MAX], translating[RUNS_MAX];
    struct sample a = { 0 }, q = { 0 };

    for (unsigned i = 0; i < b->runs; i++) {
        if (run_job(b, j, false, &a) < 0 || (b->qemu && run_job(b, j, true, &q) < 0))
            return -1;
        ours[i] = a.seconds;
        theirs[i] = q.seconds;
        mips[i] = a.mips;
        translating[i] = 100 * a.translating;
        ratio[i] = q.seconds / a.seconds;
        memory[i] = q.megabytes > 0 ? a.megabytes / q.megabytes : 0;
    }
    struct spread o = spread_of(ours, b->runs), t = spread_of(theirs, b->runs),
                  r = spread_of(ratio, b->runs), m = spread_of(memory, b->runs),
                  speed = spread_of(mips, b->runs), share = spread_of(translating, b->runs);
    if (b->json) {
        json_t *entry = json_pack("{s:s,s:o,s:o,s:o}", "name", j->name, "orrery_seconds",
                                  spread_json(o), "mips", spread_json(speed),
                                  "translating_percent", spread_json(share));
        if (b->qemu) {
            json_object_set_new(entry, "qemu_seconds", spread_json(t));
            json_object_set_new(entry, "speedup", spread_json(r));
            json_object_set_new(entry, "memory_ratio", spread_json(m));
        }
        json_array_append_new(results, entry);
        return 0;
    }
    printf("%-12s %9.3f s %8.0f %10.1f %%", j->name, o.median, speed.median, share.median);
    if (b->qemu)
        printf("   %9.3f s   %6.2fx (%.2f..%.2f)   %.2fx\n", t.median, r.median, r.least, r.most,
               m.median);
    else
        printf("   (%.3f..%.3f)\n", o.least, o.most);
    fflush(stdout);
    return 0;
}

static bool read_line(const char *path, char *line, size_t size)
{
    FILE *f = fopen(path, "r");
    bool ok = f && fgets(line, (int)size, f);

    if (f)
        fclose(f);
    if (ok)
        line[strcspn(line, "\r\n")] = 0;
    return ok;
}

static const char *find_program(const char *name)
{
    static char path[1200];
    const char *dirs = getenv("PATH");

    while (dirs && *dirs) {
        size_t n = strcspn(dirs, ":");
        snprintf(path, sizeof(path), "%.*s/%s", (int)n, dirs, name);
        if (access(path, X_OK) == 0)
            return path;
        dirs += n + (dirs[n] == ':');
    }
    return NULL;
}

static void usage(void)
{
    printf("usage: orrery bench [--arch riscv64|arm64|amd64] [--runs N] [--json] [--qemu PROGRAM|none]\n"
           "                    [--kernels DIR] [--timing MODEL] [--cpu-time] [NAME...]\n"
           "Kernels: integer nbody matmul memory branchy calls syscalls. Build them with\n"
           "  cmake --build --preset release --target bench-kernels\n"
           "Of a guest: boot (tools/fetch-guest ARCH); sha256 and aes-128-gcm by `openssl speed`, per gigabyte\n"
           "(tools/fetch-openssl ARCH).\n"
           "The peer is the QEMU of tools/fetch-peer qemu, else the one in PATH.\n"
           "--cpu-time compares user and system time in place of wall time: for a busy host.\n"
           "A speed above 1 means Orrery is faster, memory below 1 that it needs less.\n");
}

/* Where guests and the peer are. */
static void find_guest(struct bench *b, const char *qemu, char guest[512], char bios[600])
{
    static char peer[600], program[64];
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    const char *top = cache ? cache : home ? home : "", *sub = cache ? "" : "/.cache";

    snprintf(guest, 512, "%s%s/orrery/guests/%s", top, sub, b->target->name);
    snprintf(program, sizeof(program), "qemu-system-%s", b->target->qemu_arch);
    snprintf(peer, sizeof(peer), "%s%s/orrery/peers/qemu/bin/%s", top, sub, program);
    if (!qemu)
        qemu = access(peer, X_OK) == 0 ? peer : program;
    b->qemu = strcmp(qemu, "none") == 0 ? NULL : strchr(qemu, '/') ? qemu : find_program(qemu);
    if (!b->qemu && strcmp(qemu, "none") != 0)
        fprintf(stderr, "orrery bench: no %s here, so nothing to compare with (tools/fetch-peer "
                        "qemu fetches one)\n", qemu);
    if (b->target->firmware) {
        snprintf(bios, 600, "%s/%s", guest, b->target->firmware);
        b->bios = bios;
    }
}

/* A boot that runs `command`, of less than 128 characters. */
static void prepare_boot(const struct bench *b, struct job *j, const char *guest, const char *initrd, const char *command,
                         char text[3][600])
{
    int n;

    snprintf(text[0], 600, "%s/kernel", guest);
    snprintf(text[1], 600, "%s/%s", guest, initrd);
    n = snprintf(text[2], 600, "console=%s orrery.run=", b->target->console);
    for (; *command; command++)
        n += snprintf(text[2] + n, 600 - (size_t)n, "%02x", (unsigned)*command);
    j->initrd = text[1];
    j->append = text[2];
    snprintf(j->expected, sizeof(j->expected), "orrery exit 0");
}

/* Texts of job `name`; false, and a message, when something is not built. */
static bool prepare_job(const struct bench *b, struct job *j, const char *guest, char text[3][600])
{
    if (strcmp(j->name, "boot") == 0) {
        prepare_boot(b, j, guest, "initrd.img", "true ", text);
    } else if (strcmp(j->name, "sha256") == 0 || strcmp(j->name, "aes-128-gcm") == 0) {
        char command[128];
        snprintf(command, sizeof(command), "/openssl/openssl speed -seconds 2 -bytes %d -evp %s", OPENSSL_BYTES, j->name);
        j->algorithm = j->name;
        prepare_boot(b, j, guest, "openssl/initrd.img", command, text);
        if (access(j->initrd, R_OK) != 0) {
            fprintf(stderr, "orrery bench: %s is missing; fetch it with tools/fetch-openssl %s\n", j->initrd, b->target->name);
            return false;
        }
    } else {
        snprintf(text[0], 600, "%s/%s.elf", b->directory, j->name);
        snprintf(text[1], 600, "%s/%s.sum", b->directory, j->name);
        if (!read_line(text[1], j->expected, sizeof(j->expected))) {
            fprintf(stderr, "orrery bench: %s is missing; build the target bench-kernels\n", text[1]);
            return false;
        }
    }
    j->kernel = text[0];
    if (access(j->kernel, R_OK) == 0)
        return true;
    fprintf(stderr, "orrery bench: %s is missing (see orrery bench --help)\n", j->kernel);
    return false;
}

/* `v` is --arch's value. */
static bool set_target(struct bench *b, const char *v)
{
    for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
        if (strcmp(v, targets[i].name) == 0) {
            b->target = &targets[i];
            return true;
        }
    }
    return false;
}

int command_bench(int argc, char **argv)
{
    static const char *const names[] = { "boot", "integer", "nbody", "matmul", "memory", "branchy",
                                         "calls", "syscalls", "sha256", "aes-128-gcm" };
    struct bench b = { .target = &targets[0], .runs = 3, .timing = "functional" };
    bool wanted[ARRAY_LEN(names)] = { false }, some = false;
    const char *qemu = NULL;
    char self[512] = "", guest[512], bios[600], text[3][600];
    ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
    int failed = 0;

    self[length < 0 ? 0 : length] = 0;
    b.orrery = self;
    const char *slash = strrchr(self, '/');
    b.directory[0] = 0;
    for (int i = 0; i < argc; i++) {
        size_t k;
        for (k = 0; k < ARRAY_LEN(names); k++)
            if (strcmp(argv[i], names[k]) == 0)
                break;
        if (k < ARRAY_LEN(names)) {
            wanted[k] = some = true;
        } else if (strcmp(argv[i], "--json") == 0) {
            b.json = true;
        } else if (strcmp(argv[i], "--cpu-time") == 0) {
            b.cpu_time = true;
        } else if (strcmp(argv[i], "--runs") == 0 && i + 1 < argc) {
            unsigned long runs = strtoul(argv[++i], NULL, 10);
            b.runs = (unsigned)MIN(runs, RUNS_MAX);
        } else if (strcmp(argv[i], "--qemu") == 0 && i + 1 < argc) {
            qemu = argv[++i];
        } else if (strcmp(argv[i], "--timing") == 0 && i + 1 < argc) {
            b.timing = argv[++i];
        } else if (strcmp(argv[i], "--arch") == 0 && i + 1 < argc && set_target(&b, argv[i + 1])) {
            i++;
        } else if (strcmp(argv[i], "--kernels") == 0 && i + 1 < argc) {
            snprintf(b.directory, sizeof(b.directory), "%s", argv[++i]);
        } else {
            usage();
            return strcmp(argv[i], "--help") == 0 ? 0 : 1;
        }
    }
    if (b.runs == 0)
        b.runs = 1;
    if (!b.directory[0])
        snprintf(b.directory, sizeof(b.directory), "%.*s/bench/%s", (int)(slash ? slash - self : 0), self,
                 b.target->name);
    find_guest(&b, qemu, guest, bios);
    if (b.qemu && !b.json) {
        printf("peer: %s\n", b.qemu);
        fflush(stdout);
    }
    json_t *results = json_array();
    if (!b.json)
        printf("%u runs%*s %11s %8s %12s   %11s   %s\n", b.runs, b.runs > 9 ? 5 : 6, "", "Orrery",
               "MIPS", "translating", b.qemu ? "QEMU" : "", b.qemu ? "speed (min..max)    memory" : "");
    for (size_t k = 0; k < ARRAY_LEN(names); k++) {
        struct job j = { .name = names[k] };
        if (some && !wanted[k])
            continue;
        if (!prepare_job(&b, &j, guest, text) || bench_job(&b, &j, results) < 0)
            failed = 1;
    }
    if (b.json) {
        json_dumpf(results, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
        printf("\n");
    }
    json_decref(results);
    return failed;
}
