/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CORE_EVENT_QUEUE_H
#define ORRERY_CORE_EVENT_QUEUE_H
/*
 * Simulated time and the one event queue of a machine.
 *
 * An event is an `ev_timer` embedded in its owner. The queue orders by (time,
 * priority, sequence number); the sequence number is given when the timer is
 * armed, so equal times and priorities run first-armed first. Events of the host (from
 * EV_PRIO_INPUT on) are numbered apart: a replay arms others than the recording did, and the
 * machine's own must not get other numbers for that. Insert, cancel and
 * re-arm are O(log n) (a 4-ary implicit heap with the index in the timer) and
 * never allocate: ev_timer_init reserved the place.
 *
 * "Now" is the time of whoever runs at this moment: inside an event handler the
 * event's time; inside a device access by a CPU the time of that very
 * instruction (core/exec sets it before it calls out). It may therefore step
 * back by less than one quantum when the next CPU takes its turn; timers are
 * armed relative to it and never in its past.
 *
 * Determinism: handlers see no host time. Keys and sequence numbers are saved
 * (STATE_TIMER below), so a restored queue runs in the same order.
 */
#include "core/state/state.h"

struct ev_queue;
struct ev_timer;
typedef void ev_fn(void *arg, ps_t when);

/* Priority among events of one time; lower runs first. */
enum ev_prio { EV_PRIO_CLOCK = 0, EV_PRIO_DEVICE = 100, EV_PRIO_INPUT = 200, EV_PRIO_HOST = 300 };

struct ev_timer {
    ev_fn *fn;
    void *arg;
    const char *name;      /* for traces and error messages; a literal */
    struct ev_queue *queue;
    ps_t when;             /* meaningful while armed */
    uint64_t seq;
    uint32_t prio;         /* enum ev_prio + offset */
    uint32_t slot;         /* place in the heap + 1; 0 = not armed */
    bool beside;           /* set by the owner: see ev_run_beside */
};

struct ev_queue *ev_create(void);
void ev_destroy(struct ev_queue *q);

/* Once per timer, when its owner is built. Grows the heap, so arming cannot fail. 0 or ERR_NOMEM. */
int ev_timer_init(struct ev_timer *t, struct ev_queue *q, const char *name, uint32_t prio, ev_fn *fn,
                  void *arg) MUST_CHECK;
void ev_timer_release(struct ev_timer *t); /* cancels and gives the reservation back */

/* Arm or re-arm. A `when` before now is raised to now. PS_NEVER cancels. */
void ev_arm(struct ev_timer *t, ps_t when);
void ev_cancel(struct ev_timer *t);
static inline bool ev_is_armed(const struct ev_timer *t)
{
    return t->slot != 0;
}

ps_t ev_now(const struct ev_queue *q);
void ev_set_now(struct ev_queue *q, ps_t now); /* who runs a CPU or calls out of its instructions */

/* Time of the earliest event, PS_NEVER if none. */
ps_t ev_next(const struct ev_queue *q);

/* Run every event with time <= `until`, in order, then set now to `until`. Returns their number. */
uint64_t ev_run(struct ev_queue *q, ps_t until);
/*
 * The same, while CPUs on other threads run (core/exec/parallel.h), and so no further than to the first event that is not
 * `beside`: its handler does nothing that a CPU's access to a device could not do to another CPU; it drives its inputs.
 */
uint64_t ev_run_beside(struct ev_queue *q, ps_t until);

/*
 * Called whenever the earliest time becomes earlier than it was: the running
 * CPU's deadline has to be cut. One listener (core/exec).
 */
void ev_set_listener(struct ev_queue *q, void (*fn)(void *arg, ps_t earliest), void *arg);

/* Saved state: a timer's (armed, time, sequence number), declared by its owner; the queue's own part. */
extern const struct state_custom ev_timer_custom;
#define STATE_TIMER(tag, m) STATE_FN(tag, m, &ev_timer_custom)
int ev_save(const struct ev_queue *q, struct state_writer *w, struct err *e) MUST_CHECK;
int ev_load(struct ev_queue *q, struct state_reader *r, struct err *e) MUST_CHECK; /* cancels all first */
uint64_t ev_hash(uint64_t h, const struct ev_queue *q); /* of what ev_save writes */

#endif
