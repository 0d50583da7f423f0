/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CORE_DEBUG_GDB_H
#define ORRERY_CORE_DEBUG_GDB_H
/*
 * The gdb remote serial protocol (GDB manual, appendix "GDB Remote Serial
 * Protocol"), all-stop mode: every CPU is a thread (thread id = index + 1), the
 * target description is made from the ISA's register list, breakpoints and
 * watchpoints go to core/exec, which keeps simulated time exact around them.
 *
 * Not done: non-stop mode, multiprocess ids, file I/O, tracepoints: answered
 * with the empty packet, as the protocol asks for what is not supported.
 *
 * The stub has no socket of its own. Whoever owns one passes bytes in
 * (gdb_input) and takes bytes out (`write`); both only between turns of the run
 * loop, on its thread. gdb_input may be called at any time inside a host poll.
 *
 * Run control. The owner keeps this loop:
 *     while (!gdb_wants_quit(g))
 *         if (gdb_is_halted(g)) wait for bytes, pass them in
 *         else gdb_resume(g): runs until something stops the machine, and reports it
 * Nothing a client sends can harm the process: lengths are bounded, bad hex and
 * bad addresses get an E packet. Determinism: a stop changes nothing in the
 * machine; only what the user writes does.
 */
#include "core/exec/exec.h"

struct gdb;

struct gdb_ops {
    void (*write)(void *arg, const void *bytes, size_t n);
    /*
     * Run the machine (board_run or exec_run) until it stops; returns its reason,
     * *cpu for EXEC_DEBUG. EXEC_STOPPED with machine->stop == MACHINE_PAUSE means
     * gdb's interrupt; the callee resumes the machine from a pause itself.
     */
    enum exec_reason (*run)(void *arg, struct cpu **cpu);
    /* A line for the monitor ("monitor info registers"); answers through `out`. */
    void (*monitor)(void *arg, const char *line, void (*out)(void *o, const char *text), void *o);
    void *arg;
};

#define GDB_PACKET 0x4000 /* bytes of a packet's content at most, either way */

int gdb_create(struct gdb **out, struct exec *x, struct machine *m, const struct gdb_ops *ops,
               struct err *e) MUST_CHECK;
void gdb_destroy(struct gdb *g);

/* Bytes from the client, in any pieces. */
void gdb_input(struct gdb *g, const uint8_t *bytes, size_t n);

/* A client connected (halts the machine) or went away (removes its breakpoints, lets it run). */
void gdb_connected(struct gdb *g);
void gdb_disconnected(struct gdb *g);

bool gdb_is_halted(const struct gdb *g);
bool gdb_wants_quit(const struct gdb *g);     /* the client killed the target, or the machine ended */

/* Let the machine run as the client asked (continue or step) and report why it stopped. */
void gdb_resume(struct gdb *g);

/* Start halted (-S), without waiting for a client to connect. */
void gdb_halt(struct gdb *g);

#endif
