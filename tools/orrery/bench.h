/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_TOOLS_ORRERY_BENCH_H
#define ORRERY_TOOLS_ORRERY_BENCH_H
/* What bench.c (which jobs, and what is made of their times) and bench_run.c (one run of one emulator) share. */
#include "core/util/bits.h"

#define BENCH_OPENSSL_BYTES 16384 /* of a block that `openssl speed` works on */

struct bench_sample {
    double seconds;
    double megabytes;         /* peak resident */
    double mips, translating; /* Orrery's own: million instructions a second; share of the time */
};

struct bench_job {
    const char *name;
    const char *kernel;          /* ELF or Image */
    const char *initrd, *append; /* boots only */
    char expected[64];           /* must stand in the output */
    const char *algorithm;       /* of `openssl speed`; NULL: the whole run counts */
};

/* A guest architecture: what the command lines of both emulators say for it. */
struct bench_target {
    const char *name, *qemu_arch, *qemu_machine, *board, *cpu, *console;
    const char *firmware;      /* of boots, beside the guest; NULL: none is needed */
    const char *qemu_firmware; /* of its own: QEMU knows no kernel of a PC without, and this is its quickest */
    const char *no_firmware;   /* what -bios says so that a kernel alone is run; NULL: it need not be said */
    const char *device;        /* -device of boots: what the firmware takes randomness from; NULL: the kernel is given some */
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

/* 0, or -1 when it did not end as it should; that is printed, and the output kept. */
int bench_run(const struct bench *b, const struct bench_job *j, bool qemu, struct bench_sample *s);

#endif
