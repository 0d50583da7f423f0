/* SPDX-License-Identifier: Apache-2.0 */
/*
 * orrery bench: boots and CPU kernels in Orrery and, where a QEMU is installed, in QEMU in the same run. The two take
 * turns, and the turns which of them begins, so that a drifting host and a cold file cache hit both alike.
 * Reported are medians, and the ratio QEMU/Orrery of each pair as median, minimum and maximum.
 */
#include "tools/orrery/bench.h"
#include "tools/orrery/commands.h"
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RUNS_MAX 51

static const struct bench_target targets[] = {
    { "riscv64", "riscv64", "virt", "riscv-virt", "rv64", "ttyS0", "firmware/generic/fw_dynamic.bin", NULL, "none", NULL },
    { "arm64", "aarch64", "virt", "arm-virt", "max", "ttyAMA0", NULL, NULL, NULL, NULL },
    { "loong64", "loongarch64", "virt", "loongarch-virt", "la464", "ttyS0", "firmware/qemu-efi-loongarch64/QEMU_EFI.fd", NULL, NULL,
      "virtio-rng-pci" },
    { "amd64", "x86_64", "q35", "x86-q35", "max", "ttyS0", NULL, "qboot.rom", NULL, NULL },
};

static const char *const names[] = { "boot",   "embedded", "procedures", "quicksort", "trees",    "hashing",
                                     "nbody",  "mandelbrot", "spectral", "fft",       "matmul",   "memory",
                                     "branchy", "calls",    "syscalls",  "interrupts", "faults",  "contexts",
                                     "selfmodify", "invalidations", "flushes", "mmio", "sha256", "aes-128-gcm" };

/* ---- results ---- */

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

/* Of all runs of one job. */
struct result {
    struct spread ours, theirs, speed, memory, mips, translating;
};

static void add_result(const struct bench *b, const struct bench_job *j, const struct result *r, json_t *results)
{
    json_t *entry = json_pack("{s:s,s:o,s:o,s:o}", "name", j->name, "orrery_seconds", spread_json(r->ours), "mips",
                              spread_json(r->mips), "translating_percent", spread_json(r->translating));
    if (b->qemu) {
        json_object_set_new(entry, "qemu_seconds", spread_json(r->theirs));
        json_object_set_new(entry, "speedup", spread_json(r->speed));
        json_object_set_new(entry, "memory_ratio", spread_json(r->memory));
    }
    json_array_append_new(results, entry);
}

static void print_result(const struct bench *b, const struct bench_job *j, const struct result *r)
{
    printf("%-12s %9.3f s %8.0f %10.1f %%", j->name, r->ours.median, r->mips.median, r->translating.median);
    if (b->qemu)
        printf("   %9.3f s   %6.2fx (%.2f..%.2f)   %.2fx\n", r->theirs.median, r->speed.median, r->speed.least, r->speed.most,
               r->memory.median);
    else
        printf("   (%.3f..%.3f)\n", r->ours.least, r->ours.most);
    fflush(stdout);
}

static int bench_job(const struct bench *b, const struct bench_job *j, json_t *results)
{
    double ours[RUNS_MAX], theirs[RUNS_MAX], ratio[RUNS_MAX], memory[RUNS_MAX], mips[RUNS_MAX], translating[RUNS_MAX];

    for (unsigned i = 0; i < b->runs; i++) {
        struct bench_sample s[2] = { { 0 } }; /* Orrery's, QEMU's */
        for (unsigned turn = 0; turn < 2; turn++) {
            bool qemu = (turn ^ i) & 1;
            if ((!qemu || b->qemu) && bench_run(b, j, qemu, &s[qemu]) < 0)
                return -1;
        }
        ours[i] = s[0].seconds;
        theirs[i] = s[1].seconds;
        mips[i] = s[0].mips;
        translating[i] = 100 * s[0].translating;
        ratio[i] = s[1].seconds / s[0].seconds;
        memory[i] = s[1].megabytes > 0 ? s[0].megabytes / s[1].megabytes : 0;
    }
    const struct result r = { spread_of(ours, b->runs),   spread_of(theirs, b->runs), spread_of(ratio, b->runs),
                              spread_of(memory, b->runs), spread_of(mips, b->runs),   spread_of(translating, b->runs) };
    if (b->json)
        add_result(b, j, &r, results);
    else
        print_result(b, j, &r);
    return 0;
}

/* ---- jobs ---- */

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

/* A boot that runs `command`, of less than 128 characters. */
static void prepare_boot(const struct bench *b, struct bench_job *j, const char *initrd, const char *command, char text[3][600])
{
    int n;

    snprintf(text[0], 600, "%s/kernel", b->guest);
    snprintf(text[1], 600, "%s/%s", b->guest, initrd);
    n = snprintf(text[2], 600, "console=%s orrery.run=", b->target->console);
    for (; *command; command++)
        n += snprintf(text[2] + n, 600 - (size_t)n, "%02x", (unsigned)*command);
    j->initrd = text[1];
    j->append = text[2];
    snprintf(j->expected, sizeof(j->expected), "orrery exit 0");
}

static bool is_there(const char *path, const char *how)
{
    if (access(path, R_OK) == 0)
        return true;
    fprintf(stderr, "orrery bench: %s is missing; %s\n", path, how);
    return false;
}

/* Texts of job `name`; false, and a message, when something is not built. */
static bool prepare_job(const struct bench *b, struct bench_job *j, char text[3][600])
{
    char how[64];

    snprintf(how, sizeof(how), "fetch it with tools/fetch-guest %s", b->target->name);
    if (strcmp(j->name, "boot") == 0) {
        prepare_boot(b, j, "initrd.img", "true ", text);
    } else if (strcmp(j->name, "sha256") == 0 || strcmp(j->name, "aes-128-gcm") == 0) {
        char command[128];
        snprintf(command, sizeof(command), "/openssl/openssl speed -seconds 2 -bytes %d -evp %s", BENCH_OPENSSL_BYTES, j->name);
        j->algorithm = j->name;
        prepare_boot(b, j, "openssl/initrd.img", command, text);
        snprintf(how, sizeof(how), "fetch it with tools/fetch-openssl %s", b->target->name);
    } else {
        snprintf(text[0], 600, "%s/%s.elf", b->directory, j->name);
        snprintf(text[1], 600, "%s/%s.sum", b->directory, j->name);
        snprintf(how, sizeof(how), "build the target bench-kernels");
        if (!read_line(text[1], j->expected, sizeof(j->expected)))
            return is_there(text[1], how);
    }
    j->kernel = text[0];
    return is_there(j->kernel, how) && (!j->initrd || (is_there(j->initrd, how) && (!b->target->firmware || is_there(b->bios, how))));
}

/* ---- the command ---- */

static void usage(void)
{
    printf("usage: orrery bench [OPTION]... [NAME]...\n"
           "Measure Orrery beside QEMU: the same guests, taking turns.\n"
           "  --arch NAME       riscv64 (default), arm64, loong64, amd64\n"
           "  --runs N          of each, 1 to %d (default 5)\n"
           "  --cpu-time        user and system time of all threads in place of wall time: for a busy host\n"
           "  --timing MODEL    Orrery's timing model (default functional)\n"
           "  --qemu PROGRAM    the peer (default that of tools/fetch-peer qemu, else the one in PATH); none: Orrery alone\n"
           "  --kernels DIR     where the kernels are (default beside the program)\n"
           "  --json            numbers with minimum, median and maximum of each\n"
           "Kernels: embedded (in CoreMark's mix) procedures (in Dhrystone's) quicksort trees hashing, nbody mandelbrot spectral\n"
           "fft matmul, memory branchy calls syscalls interrupts faults contexts selfmodify invalidations flushes mmio. Build them\n"
           "with\n"
           "  cmake --build --preset release --target bench-kernels\n"
           "Of a guest: boot (tools/fetch-guest ARCH); sha256 and aes-128-gcm by `openssl speed`, per gigabyte\n"
           "(tools/fetch-openssl ARCH). Without a NAME: all.\n"
           "Both emulators have one CPU of the same name (all that each of them has of it: -cpu max), 1 GiB, a serial port.\n"
           "Seconds are those of a whole run, from its start to its end, translation included; of openssl those between its\n"
           "first and last block. A wrong checksum or exit status is a failure. Speed is QEMU's seconds by Orrery's: above\n"
           "1 Orrery is faster. Memory is Orrery's peak by QEMU's: below 1 it needs less.\n", RUNS_MAX);
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
    for (size_t i = 0; i < ARRAY_LEN(targets); i++)
        if (strcmp(name, targets[i].name) == 0) {
            b->target = &targets[i];
            return 0;
        }
    return err_set(e, ERR_ARG, "--arch %s: riscv64, arm64, loong64 or amd64 is expected", name);
}

static int set_name(bool wanted[ARRAY_LEN(names)], const char *name, struct err *e)
{
    for (size_t k = 0; k < ARRAY_LEN(names); k++)
        if (strcmp(name, names[k]) == 0) {
            wanted[k] = true;
            return 0;
        }
    const char *near = err_nearest(name, names, ARRAY_LEN(names));
    return err_set(e, ERR_ARG, "there is no '%s' to measure%s%s%s (see orrery bench --help)", name,
                   near ? "; did you mean '" : "", near ? near : "", near ? "'" : "");
}

/* The option's value was taken: 1; there is none of that name: 0; or ERR_*. */
static int take_option(struct bench *b, const char *name, const char *value, const char **qemu, struct err *e)
{
    uint64_t runs;
    int rc = 0;

    if (strcmp(name, "--arch") == 0) {
        rc = set_target(b, value, e);
    } else if (strcmp(name, "--runs") == 0) {
        rc = run_parse_count("--runs", value, 1, RUNS_MAX, &runs, e);
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
static int parse(struct bench *b, int argc, char **argv, bool wanted[ARRAY_LEN(names)], const char **qemu, struct err *e)
{
    int rc = 0;

    for (int i = 0; i < argc && rc >= 0; i++) {
        if (strcmp(argv[i], "--help") == 0)
            return 1;
        if (argv[i][0] != '-')
            rc = set_name(wanted, argv[i], e);
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

static void print_head(const struct bench *b)
{
    if (b->qemu)
        printf("peer: %s; speed is its %s time by Orrery's, memory Orrery's peak by its\n", b->qemu, b->cpu_time ? "CPU" : "wall");
    printf("%2u runs%*s %11s %8s %12s   %11s   %s\n", b->runs, 5, "", "Orrery", "MIPS", "translating", b->qemu ? "QEMU" : "",
           b->qemu ? "speed (min..max)    memory" : "(min..max)");
    fflush(stdout);
}

int command_bench(int argc, char **argv)
{
    struct bench b = { .target = &targets[0], .runs = 5, .timing = "functional" };
    bool wanted[ARRAY_LEN(names)] = { false }, some = false;
    const char *qemu = NULL;
    char text[3][600];
    struct err e = { 0 };
    int failed = 0, rc = parse(&b, argc, argv, wanted, &qemu, &e);

    if (rc == 1) {
        usage();
        return 0;
    }
    if (rc == 0)
        rc = find_guest(&b, qemu, &e);
    if (rc < 0) {
        fprintf(stderr, "orrery bench: %s\n", e.text);
        return 1;
    }
    ssize_t length = readlink("/proc/self/exe", b.orrery, sizeof(b.orrery) - 1);
    b.orrery[length < 0 ? 0 : length] = 0;
    const char *slash = strrchr(b.orrery, '/');
    if (!b.directory[0])
        snprintf(b.directory, sizeof(b.directory), "%.*s/bench/%s", (int)(slash ? MIN(slash - b.orrery, 480) : 0), b.orrery,
                 b.target->name);
    json_t *results = json_array();
    if (!b.json)
        print_head(&b);
    for (size_t k = 0; k < ARRAY_LEN(names); k++)
        some |= wanted[k];
    for (size_t k = 0; k < ARRAY_LEN(names); k++) {
        struct bench_job j = { .name = names[k] };
        if (some && !wanted[k])
            continue;
        if (!prepare_job(&b, &j, text) || bench_job(&b, &j, results) < 0)
            failed = 1;
    }
    if (b.json) {
        json_dumpf(results, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
        printf("\n");
    }
    json_decref(results);
    return failed;
}
