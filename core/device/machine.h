/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CORE_DEVICE_MACHINE_H
#define ORRERY_CORE_DEVICE_MACHINE_H
/*
 * What every part of one machine shares. Several machines may live in one
 * process (lockstep runs two); nothing is global.
 *
 * The machine owns its queue, spaces and RAM blocks created through it, its
 * devices' list (not the devices), its log and trace. CPUs hang off it as devices
 * do; core/cpu and core/exec keep their own lists.
 */
#include "core/event/queue.h"
#include "core/memory/space.h"
#include "core/util/arena.h"
#include "core/util/log.h"
#include "core/util/trace.h"

struct cpu;
struct device;
struct mmu_machine; /* mmu: the CPUs that have a software TLB */
struct state_writer;
struct state_reader;

enum machine_stop {
    MACHINE_RUNS = 0,
    MACHINE_POWEROFF,   /* guest switched off; exit_code says how */
    MACHINE_RESET,      /* guest asked for a reset: the run loop resets or, -no-reboot, ends */
    MACHINE_WAKE,       /* a sleeping machine wakes: the run loop resets what did not stay powered */
    MACHINE_PANIC,      /* guest reported a crash (pvpanic) */
    MACHINE_QUIT,       /* the user or a debugger ended it */
    MACHINE_PAUSE,      /* stop at the next boundary, keep everything (debugger, snapshot point) */
};

/* What CPUs are told by cpu_tell_others(). */
typedef void machine_told(struct cpu *cpu, void *arg);

/* Whoever must be reset, saved and restored: devices and CPUs register one each, in a fixed order. */
struct machine_part {
    const char *name;                 /* unique: section name in snapshots */
    uint32_t version;
    const struct state_field *state;  /* may be NULL: nothing to save */
    void *object;
    void (*reset)(void *object);
    void (*loaded)(void *object);     /* after all parts of the machine were loaded */
    struct machine_part *next;
};

struct machine {
    struct ev_queue *queue;
    struct mem_space *memory;         /* the CPUs' view */
    struct log *log;
    struct trace trace;
    struct arena arena;               /* lives as long as the machine */

    struct machine_part *parts, **parts_end;
    struct mem_ram *rams[64];
    uint32_t n_rams;
    bool tagged;                      /* RAM blocks have allocation tags */
    bool waking;                      /* the reset that is going on ends a sleep: see machine_wake */
    struct device *devices;           /* list through device.next, in order of creation */
    struct cpu *cpus, **cpus_end;     /* through cpu.next, in order of creation */
    struct mmu_machine *mmu;          /* in `arena`, made by the first mmu_attach */

    enum machine_stop stop;           /* set through machine_stop() */
    int exit_code;
    void (*stopped)(void *arg);       /* the run loop's hook: leave translated code soon */
    void *stopped_arg;
    /*
     * CPUs may run on several host threads (core/exec/parallel.h): what is atomic for the guest has to be atomic on the
     * host. `alone`, `tell`: core/exec's, see machine_alone, cpu_tell_others.
     */
    bool parallel;
    void (*alone)(void *arg, bool begin);
    void (*tell)(void *arg, machine_told *fn, void *fn_arg);
    void *alone_arg; /* of both */

    ps_t inputs_from;                 /* the run loop's: input from outside takes effect then or later */
    uint64_t seed;                    /* everything random in the machine derives from it */
    uint64_t rtc_base;                /* Unix time in seconds at simulated time 0 */
    log_cat_t log_board;
};

/* An empty machine. `log_out` stays the caller's. */
int machine_create(struct machine **out, FILE *log_out, struct err *e) MUST_CHECK;
void machine_destroy(struct machine *m);

int machine_add_ram(struct machine *m, const char *name, uint64_t size, struct mem_ram **out,
                    struct err *e) MUST_CHECK;
/*
 * During construction: every block, those to come included, gets memory for allocation tags (Arm's
 * MTE). It is a block of its own, "<name>.tags", that no address space maps: so tags are
 * saved, hashed and compared as RAM is.
 */
int machine_tag_ram(struct machine *m, struct err *e) MUST_CHECK;
int machine_add_part(struct machine *m, const struct machine_part *part, struct err *e) MUST_CHECK;

/* Power-on or guest reset: every part in order of registration. Time goes on. */
void machine_reset(struct machine *m);

/* The same with m->waking set: parts whose registers stay powered in a sleep (ACPI's S3) keep them. */
void machine_wake(struct machine *m);

/*
 * The first request wins until the run loop has consumed it (machine_resume); only a
 * pause gives way to any other, or a guest's power-off beside it would be lost, and
 * what the machine goes on after to the host's wish that it ends.
 */
void machine_stop(struct machine *m, enum machine_stop why, int exit_code);
void machine_resume(struct machine *m);

/*
 * Between begin and end no CPU but the caller's runs guest code, and what belongs to the others may be changed.
 * Calls nest. Begin may wait, and others enter the machine meanwhile: nothing half done may be left to see.
 */
static inline void machine_alone(struct machine *m, bool begin)
{
    if (UNLIKELY(m->alone != NULL))
        m->alone(m->alone_arg, begin);
}

/* All parts, the queue, trace hash and RAM. */
int machine_save(struct machine *m, struct state_writer *w, struct err *e) MUST_CHECK;
int machine_load(struct machine *m, struct state_reader *r, struct err *e) MUST_CHECK;
uint64_t machine_hash(struct machine *m); /* of everything machine_save writes */
/* The same, section by section: to find out what differs between two runs. */
void machine_hash_parts(struct machine *m, void (*fn)(void *arg, const char *name, uint64_t hash),
                        void *arg);

/* A stream of random numbers for one consumer: a function of the machine's seed and `name` only. */
struct machine_random {
    uint64_t state; /* saved by its owner */
};
void machine_random_init(struct machine_random *r, const struct machine *m, const char *name);
uint64_t machine_random_next(struct machine_random *r);

#endif
