/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_TOOLS_ORRERY_BENCH_H
#define ORRERY_TOOLS_ORRERY_BENCH_H
/*
 * What the parts of `orrery bench` share: bench.c (the command), bench_jobs.c (what there is to measure, and what each
 * needs), bench_run.c (one run of one emulator), bench_scaling.c (what more CPUs bring), bench_report.c (what is made of the
 * times).
 */
#include "core/util/bits.h"
#include "core/util/err.h"
#include <jansson.h>
#include <sys/types.h>

#define BENCH_OPENSSL_BYTES 16384 /* of a block that `openssl speed` works on */
#define BENCH_RUNS_MAX 51
#define BENCH_JOBS_MAX 48
#define BENCH_NEXT "--- next ---" /* of work that is repeated: it was done once more */

struct bench_sample {
    double seconds;           /* between the marks; of openssl, of a gigabyte; of events, of one */
    double megabytes;         /* peak resident */
    double mips, translating; /* Orrery's own: million instructions a second; share of the time */
    double guest_megabytes;   /* of guest code that Orrery translated */
    double translation;       /* seconds that took */
    double interpretation;    /* seconds of the passes through what was interpreted at first */
};

enum bench_kind {
    BENCH_KERNEL,  /* bare metal: tools/bench/kernels */
    BENCH_PROGRAM, /* of Debian's, in a guest: tools/fetch-programs */
    BENCH_OPENSSL, /* the same, `openssl speed` */
    BENCH_BOOT,    /* to init and power-off */
    BENCH_LOGIN,   /* from the disk of tools/make-disk to its login */
};

struct bench_entry {
    const char *name, *group;
    enum bench_kind kind;
    unsigned cpus; /* of the guest, on as many threads of the host */
};

/* What one entry needs for a run, on one architecture. */
struct bench_job {
    const char *name, *group;
    const char *initrd, *append, *drive; /* NULL: none */
    char kernel[600], text[3][600];      /* ELF or Image; what initrd, append and drive point to */
    char expected[64];                   /* must stand in the output */
    const char *begin, *end;             /* marks in the output between which time counts; NULL: the run's start or end */
    bool stop;                           /* at the second mark the emulator is ended */
    bool operations;                     /* the second mark's line begins with how many blocks there were */
    uint64_t events;                     /* in the time; 0: not counted */
    bool translation;                    /* it is translation that is measured */
    unsigned cpus;
    const char *repeat;                  /* of more CPUs: in place of `append`, for the same work again and again; else NULL */
};

/* A guest architecture: what the command lines of both emulators say for it. */
struct bench_target {
    const char *name, *qemu_arch, *qemu_machine, *board, *cpu, *console;
    const char *firmware;      /* of boots, beside the guest; NULL: none is needed */
    const char *qemu_firmware; /* of its own: QEMU knows no kernel of a PC without, and this is its quickest */
    const char *no_firmware;   /* what -bios says so that a kernel alone is run; NULL: it need not be said */
    const char *device;        /* -device of boots: what the firmware takes randomness from; NULL: the kernel is given some */
    const char *block, *root;  /* of tools/make-disk's disk: -device, and what the kernel calls its root */
};

struct bench {
    const struct bench_target *target;
    char orrery[512], peer[600];
    const char *qemu; /* the other program; NULL: none */
    char guest[512];  /* directory of the fetched guest */
    char bios[600];   /* of boots */
    char directory[512];
    const char *timing;
    unsigned runs;
    bool json, cpu_time;
};

/* ---- bench_jobs.c ---- */

extern const struct bench_entry bench_entries[];
extern const size_t bench_n_entries;
extern const struct bench_target bench_targets[];
extern const size_t bench_n_targets;

/* Mark what `name` means: an entry, a group, or all. */
int bench_choose(bool *wanted, const char *name, struct err *e) MUST_CHECK;

/* false, and a message, when something is not there. */
bool bench_prepare(const struct bench *b, const struct bench_entry *entry, struct bench_job *j);

/* ---- bench_run.c ---- */

/*
 * With `cpus` CPUs: of more than one, each on a thread of its own. 0, or -1 when it did not end as it should; that is printed,
 * and the output kept.
 */
int bench_run(const struct bench *b, const struct bench_job *j, bool qemu, unsigned cpus, struct bench_sample *s);

/* Orrery with a guest of `cpus` CPUs; what it prints comes from *from. Or -1. It ends with who started it at the latest. */
pid_t bench_start(const struct bench *b, const struct bench_job *j, unsigned cpus, int *from);

/* Seconds since some start: of the clock on the wall, or that all threads of `pid` have computed. */
double bench_seconds(pid_t pid, bool cpu_time);

/* Looks out for the two marks of a job in what the guest prints, and takes the time of each. */
struct bench_stopwatch {
    const char *begin, *end; /* NULL: from the start, to the end */
    char line[256];
    size_t n;
    double start, stop;      /* stop: 0 until the second mark was seen */
    bool started;
    double number;           /* with which the second mark's line begins */
};
void bench_watch(struct bench_stopwatch *w, const char *text, size_t n, double now);

/* ---- bench_scaling.c ---- */

/*
 * What all CPUs of a job bring, and what the host has to give: machines of one CPU and one of all take turns at the same
 * work, in wall time. They are all started before, and who does not have its turn is stopped.
 */
#define BENCH_TURNS_MIN 5
struct bench_scaling {
    double cpus[BENCH_RUNS_MAX]; /* times as fast as one machine of one CPU: one with all */
    double host[BENCH_RUNS_MAX]; /* as many machines of one CPU as that has CPUs, at once */
    double part[BENCH_RUNS_MAX]; /* of the one in the other */
    unsigned n;
};
int bench_scale(const struct bench *b, const struct bench_job *j, struct bench_scaling *s); /* as bench_run */

/* ---- bench_report.c ---- */

struct bench_spread {
    double least, median, most;
};
struct bench_spread bench_spread_of(const double *values, unsigned n);

/* Of all runs of one job. */
struct bench_result {
    const char *name, *group;
    bool failed; /* or not there: nothing else is known */
    bool events, translation;
    unsigned cpus;
    struct bench_spread ours, theirs, speed, memory, mips, translating, first_tier, first_run;
    struct bench_spread scaling, host, part; /* of more than one CPU: struct bench_scaling */
};

/* Of all jobs of one group that could be compared. */
struct bench_summary {
    unsigned jobs, failed;
    double geomean, least;
    const char *slowest;
};
struct bench_summary bench_summarise(const struct bench_result *r, size_t n, const char *group);

void bench_print_head(const struct bench *b);
void bench_print_result(const struct bench *b, const struct bench_result *r);
void bench_print_groups(const struct bench *b, const struct bench_result *r, size_t n);
json_t *bench_json(const struct bench *b, const struct bench_result *r, size_t n);

#endif
