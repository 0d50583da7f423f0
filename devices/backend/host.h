/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_BACKEND_HOST_H
#define ORRERY_DEVICES_BACKEND_HOST_H
/*
 * The host side of one machine: its poll loop, its signals, and the one gate
 * through which anything from outside reaches the guest.
 *
 *   host fds --poll--> backend (char, net, rng) --host_deliver--> gate --> device
 *                                                                  |
 *                                                          core/state/record
 *
 * Every delivery is an input: {simulated time, sequence, source, bytes}. Inputs
 * take effect only inside host_poll(), which the run loop calls between quanta,
 * when all CPUs stand at one simulated time (ev_now of the machine's queue), or
 * while the guest is idle. That moment is what is recorded. In replay, the host
 * is ignored and the gate arms a timer (EV_PRIO_INPUT) at each recorded time.
 * The number of inputs so far is saved with the machine ("host-input"): after a
 * snapshot is restored, replay goes on from the right one, and a recording first
 * repeats what it has recorded since.
 *
 * Nothing in the queue depends on the host except these inputs, so that a
 * recorded and a replayed run have the same quanta. Backends that need timers
 * of simulated time (libslirp) look at ev_now in `host_hook.polled`.
 *
 * Ownership: sources, fds, hooks and all backends hang off the host and die with
 * host_destroy(), which comes before machine_destroy() and flushes all output.
 * Not thread safe: one host, one thread.
 *
 * Signals (host_catch_signals): SIGINT, SIGTERM and SIGHUP are blocked and read
 * from a signalfd; they stop the machine with MACHINE_QUIT and the message
 * "terminating on signal N from pid P". SIGCONT re-enters raw terminal modes.
 * SIGPIPE is ignored in the process.
 */
#include "core/device/machine.h"
#include "core/state/record.h"

struct host;
struct host_fd;
struct host_source;

int host_create(struct host **out, struct machine *m, struct err *e) MUST_CHECK;
void host_destroy(struct host *h); /* NULL is fine */
struct machine *host_machine(const struct host *h);

/* ---- run loop ------------------------------------------------------------ */

/*
 * Look at the host and deliver what came. `timeout_ms`: 0 = do not wait (then
 * cheap to call often: the host is asked at most once per millisecond of its
 * time), -1 = until something happens. Waits only while nothing is pending and
 * the machine is not stopped. Inputs take effect as events of the present time:
 * if there are any, the queue is run up to now. Returns the number of inputs
 * delivered, replayed ones not counted.
 */
unsigned host_poll(struct host *h, int timeout_ms);

/* May host_poll(h, 0) find something to do now? It delivers nothing itself, and changes nothing that a CPU sees. */
bool host_ready(struct host *h);

/* Inputs wait for the next host_poll(): the run loop should not sleep or end a long quantum late. */
bool host_has_pending(const struct host *h);

/* 0, or ERR_IO. Once per process: one host at a time may own the signals. */
int host_catch_signals(struct host *h, struct err *e) MUST_CHECK;
/* Why the host ended the machine ("terminating on signal 15 from pid 4711"), or NULL. */
const char *host_quit_reason(const struct host *h);
/* A backend's user asks to quit (Ctrl-A x): stops the machine, keeps `reason` (copied, may be NULL). */
void host_quit(struct host *h, int exit_code, const char *reason);

/* ---- record and replay --------------------------------------------------- */

/* Before the first quantum, or right after a snapshot was loaded. `machine`: description as in snapshots. */
int host_record(struct host *h, const char *path, const char *machine, struct err *e) MUST_CHECK;
int host_replay(struct host *h, const char *path, const char *machine, struct err *e) MUST_CHECK;
/* Replaying from a file: backends must not open the network nor take host entropy. */
bool host_is_replaying(const struct host *h);
/* Inputs are taken now. Not so in replay, nor while a recording repeats itself after a restore. */
bool host_takes_inputs(const struct host *h);
/* Ends the recording with the present simulated time; host_destroy does it without reporting. */
int host_end_record(struct host *h, struct err *e) MUST_CHECK;
/*
 * Replay found something it cannot repeat (unknown source, damaged file) or came
 * to the end of the log: the machine was stopped with MACHINE_QUIT. 0 if neither.
 */
int host_replay_status(const struct host *h, struct err *e);

/* ---- for backends: inputs ------------------------------------------------ */

typedef void host_input_fn(void *arg, const uint8_t *bytes, size_t n);

/*
 * A source of inputs. `name` (copied) is unique and the same in every run: it
 * stands in the log. `live`: a debugger's channel, whose bytes are no input of
 * the machine: never recorded, delivered in replay, too. ERR_ARG if the name is taken.
 */
int host_add_source(struct host *h, const char *name, bool live, host_input_fn *fn, void *arg,
                    struct host_source **out, struct err *e) MUST_CHECK;

/*
 * Hand over `n` bytes (1 .. RECORD_MAX_INPUT; copied): one call of the source's fn
 * at the end of this host_poll(), or of the next if called outside of it (for
 * example while a device sends). Order of calls is kept. While inputs are not
 * taken the bytes are dropped. ERR_LIMIT when too long, ERR_NOMEM.
 */
int host_deliver(struct host_source *s, const void *bytes, size_t n, struct err *e) MUST_CHECK;

/* ---- for backends: descriptors and hooks --------------------------------- */

struct host_fd_ops {
    /* POLLIN, POLLOUT: what to wait for now; 0 = nothing. Called before each poll. */
    short (*wanted)(void *arg);
    /* poll(2)'s revents, not 0. May add and remove fds, its own included. */
    void (*ready)(void *arg, short revents);
};
/* `fd` stays the caller's, who removes the host_fd before he closes it. */
int host_add_fd(struct host *h, int fd, const struct host_fd_ops *ops, void *arg,
                struct host_fd **out, struct err *e) MUST_CHECK;
void host_remove_fd(struct host *h, struct host_fd *f); /* NULL is fine */

/* What else a backend may be called for. All members but `arg` may be NULL. Embedded, the caller's. */
struct host_hook {
    void (*before_poll)(void *arg, int *timeout_ms); /* may shorten the wait (-1 = for ever); 0: has something to do now */
    void (*polled)(void *arg);     /* after descriptors were served, before inputs take effect */
    void (*continued)(void *arg);  /* after SIGCONT */
    void (*destroy)(void *arg);    /* by host_destroy, last added first */
    void *arg;
    struct host_hook *next;
};
void host_add_hook(struct host *h, struct host_hook *hook);

/*
 * For libraries with descriptors of their own: within before_poll, have `fd` polled this
 * once; within `polled`, ask by the index returned what came of it. -1 without memory.
 */
int host_poll_add(struct host *h, int fd, short events);
short host_poll_revents(const struct host *h, int index);

/* Backends by kind ("char", "net", ...) and id. The object stays its owner's. ERR_ARG if taken. */
int host_register(struct host *h, const char *kind, const char *id, void *object,
                  struct err *e) MUST_CHECK;
void *host_lookup(const struct host *h, const char *kind, const char *id); /* NULL: none */
log_cat_t host_log_category(const struct host *h);

#endif
