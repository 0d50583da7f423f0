/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CORE_EXEC_PARALLEL_H
#define ORRERY_CORE_EXEC_PARALLEL_H
/*
 * CPUs on several host threads between barriers (exec_options.parallel). Not reproducible: what one
 * CPU sees of another's memory depends on the host. Everything else is as in serial rounds.
 *
 * Rounds. Not as in sched.c: a round goes on while more than one CPU runs, and sched.now is the time that the slowest of
 * them has reached. No other is ahead of that by more than a window (exec_options.quantum); one that is far behind follows by
 * letting time pass (parallel_follow). CPU i belongs to thread i % n.
 * A CPU runs in *slices* of EXEC_PARALLEL_SLICE cycles, one after the other without the lock while nobody wants anything of
 * it (exec_parallel_more); with the lock it looks around at the next event, and each quarter of a window. CPUs that share
 * a thread take turns. A CPU that is woken goes on from the waker's time.
 *     Events run when the slowest CPU has come to their time, on its thread, with everybody else at a boundary: what
 * they see is what they would between rounds, but that some CPUs are ahead. So the host's input, on the thread that called
 * exec_run. Nobody stops for the timers of CPUs (ev_timer.beside), which run with the lock alone: they drive inputs, as an interrupt
 * does that one CPU sends to another. Snapshots and debuggers have their place between rounds, while the other threads sleep. A round in which only
 * one CPU is awake, which is debugged, or counts instructions to a limit, is a serial one, and so is the next one when a CPU
 * has run by itself for the length of a window.
 *
 * The machine's lock. A thread holds it except while translated code runs, so all C code runs
 * as if there were one thread: devices, interrupt controllers, the event queue, page walks, translation, the
 * block cache. Exceptions from that are the operations that touch nothing but their CPU and guest memory (helpers that
 * are IR_CALL_PURE, LIGHT or OWN; exact floating point, vectors) and atomic ones that hit the TLB: these
 * run beside everything. exec->running is the CPU whose thread holds the lock.
 *
 * What belongs to a CPU (its struct, TLB sets, budget) is changed by its own thread, or by whoever
 * is *alone*. cpu_kick() of a CPU that another thread runs therefore changes nothing but the state of an
 * idle one: one that runs looks for itself when its slice ends.
 *
 * Alone. machine_alone(m, true) returns when no CPU is in translated code any more: each stands
 * at a canonical boundary, or waits in the middle of an operation to be alone itself. So
 * TLB entries of others can be dropped, code be reclaimed, and the map change. Who waits in the
 * middle of a block is served before those at boundaries, because what they may do (reclaim
 * code) needs everybody at one. It leaves its block at the end.
 *     A page that may be stored to through another CPU's TLB is taken away from it *before*
 *     its bytes are read for translation. For that, and for TLB entries that a guest takes away from all, others need not stand
 *     still: they are told (cpu_tell_others), and drop them at their next boundary or look-up, for which who told them waits.
 *
 * Code that others run is changed by single aligned stores: links, entries that lead elsewhere.
 * A block that is dropped while another CPU runs it is left by that one at the end of its slice at the latest.
 *
 * Memory. The host's order (TSO) is the guest's but for store-load, which full fences demand
 * (docs/parallel.md). Atomic operations are the host's; reservations: mmu/shared.h.
 */
#include "core/exec/exec.h"

struct exec_parallel;

/* 0 or an error: a model, or an executor, that cannot run beside itself. */
int exec_parallel_create(struct exec *x, struct err *e) MUST_CHECK;
void exec_parallel_destroy(struct exec *x);
void exec_parallel_add(struct exec *x, struct cpu *cpu);

/* May the round that was just started be run by several threads? */
bool exec_parallel_wanted(struct exec *x);
/* All of the round, which goes no further than the first moment at or after `until`. False: the machine was stopped. */
bool exec_parallel_round(struct exec *x, ps_t until);

/* The host's CPU time of all threads together, and of the one with most, in ns. */
void exec_parallel_times(const struct exec *x, uint64_t *sum, uint64_t *most);

/* ---- for the CPU's own thread, in a round ---- */
/*
 * Around the executor: gives up the lock, or waits first while somebody is alone. False: that changed
 * what was looked up; still with the lock.
 */
bool exec_parallel_go(struct exec *x, struct cpu *cpu);
void exec_parallel_back(struct exec *x, struct cpu *cpu);
/* The bytes of `page` are about to be read as code. False: the lock was given up in between; look up again. */
bool exec_parallel_seal(struct exec *x, struct cpu *cpu, uint32_t page);
/* A hint to pause was met by a CPU that shares its thread. False: the slice ends. */
bool exec_parallel_pause(struct exec *x, struct cpu *cpu);

/* ---- for whoever is in C in a round ---- */
/*
 * From and back to translated code. `exact`: the machine's time is set to the CPU's. False: no other thread runs, nothing
 * is to be left.
 */
bool exec_enter_machine(struct cpu *cpu, bool exact);
void exec_leave_machine(struct cpu *cpu);
/* An event will be at `t`, earlier than all others. */
void exec_parallel_cut(struct exec *x, ps_t t);
/* An idle or stopped CPU runs from now on. */
void exec_parallel_woken(struct exec *x, struct cpu *cpu);
/* In a round of several threads? */
bool exec_is_parallel(const struct exec *x);

#endif
