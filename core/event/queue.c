/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A 4-ary implicit heap. Children of i are 4i+1 .. 4i+4; the keys stand in the
 * heap itself, so that sifting touches one cache line a level and no timer but the
 * ones that move. Key: time, then (priority, sequence number) in one word.
 */
#include "core/event/queue.h"
#include "core/util/hash.h"
#include <assert.h>
#include <stdlib.h>

#define ARITY    4u
#define SEQ_BITS 48 /* 10 M events a second for 300 days */

struct entry {
    ps_t when;
    uint64_t rank; /* prio << SEQ_BITS | seq */
    struct ev_timer *timer;
};

struct ev_queue {
    struct entry *heap;
    uint32_t count, capacity, reserved;
    void (*listener)(void *arg, ps_t earliest);
    void *listener_arg;

    uint64_t next_host_seq; /* of EV_PRIO_INPUT and EV_PRIO_HOST */

    ps_t now; /* saved from here on */
    uint64_t next_seq;
};

static const struct state_field ev_queue_state[] = {
    STATE(ev_queue, now),
    STATE(ev_queue, next_seq),
    STATE_END,
};

struct ev_queue *ev_create(void)
{
    return calloc(1, sizeof(struct ev_queue));
}

void ev_destroy(struct ev_queue *q)
{
    if (!q)
        return;
    free(q->heap);
    free(q);
}

int ev_timer_init(struct ev_timer *t, struct ev_queue *q, const char *name, uint32_t prio,
                  ev_fn *fn, void *arg)
{
    assert(prio < 1u << (64 - SEQ_BITS));
    if (q->reserved == q->capacity) {
        uint32_t capacity = q->capacity ? q->capacity * 2 : 64;
        struct entry *heap = realloc(q->heap, capacity * sizeof(*heap));
        if (!heap)
            return ERR_NOMEM;
        q->heap = heap;
        q->capacity = capacity;
    }
    q->reserved++;
    *t = (struct ev_timer){ .fn = fn, .arg = arg, .name = name, .queue = q, .prio = prio };
    return 0;
}

void ev_timer_release(struct ev_timer *t)
{
    if (!t->queue)
        return;
    ev_cancel(t);
    t->queue->reserved--;
    t->queue = NULL;
}

static inline bool is_before(const struct entry *a, const struct entry *b)
{
    return a->when != b->when ? a->when < b->when : a->rank < b->rank;
}

static inline void place(struct ev_queue *q, uint32_t i, struct entry x)
{
    q->heap[i] = x;
    x.timer->slot = i + 1;
}

static void sift_up(struct ev_queue *q, uint32_t i, struct entry x)
{
    while (i > 0) {
        uint32_t parent = (i - 1) / ARITY;
        if (!is_before(&x, &q->heap[parent]))
            break;
        place(q, i, q->heap[parent]);
        i = parent;
    }
    place(q, i, x);
}

static void sift_down(struct ev_queue *q, uint32_t i, struct entry x)
{
    for (;;) {
        uint32_t child = i * ARITY + 1, end = MIN(child + ARITY, q->count), best = child;
        if (child >= q->count)
            break;
        for (child++; child < end; child++)
            if (is_before(&q->heap[child], &q->heap[best]))
                best = child;
        if (!is_before(&q->heap[best], &x))
            break;
        place(q, i, q->heap[best]);
        i = best;
    }
    place(q, i, x);
}

/* Put `x` at the free or outdated place `i`. */
static void settle(struct ev_queue *q, uint32_t i, struct entry x)
{
    if (i > 0 && is_before(&x, &q->heap[(i - 1) / ARITY]))
        sift_up(q, i, x);
    else
        sift_down(q, i, x);
}

static void insert(struct ev_timer *t, ps_t when, uint64_t seq)
{
    struct ev_queue *q = t->queue;
    ps_t earliest = ev_next(q);
    assert(seq < 1ull << SEQ_BITS);
    t->when = when;
    t->seq = seq;
    struct entry x = { .when = when, .rank = (uint64_t)t->prio << SEQ_BITS | seq, .timer = t };
    if (t->slot != 0) {
        settle(q, t->slot - 1, x);
    } else {
        assert(q->count < q->reserved);
        sift_up(q, q->count++, x);
    }
    if (when < earliest && q->listener)
        q->listener(q->listener_arg, when);
}

void ev_arm(struct ev_timer *t, ps_t when)
{
    if (when == PS_NEVER)
        ev_cancel(t);
    else
        insert(t, MAX(when, t->queue->now),
               t->prio >= EV_PRIO_INPUT ? t->queue->next_host_seq++ : t->queue->next_seq++);
}

void ev_cancel(struct ev_timer *t)
{
    if (t->slot == 0)
        return;
    struct ev_queue *q = t->queue;
    uint32_t i = t->slot - 1;
    struct entry last = q->heap[--q->count];
    t->slot = 0;
    if (i < q->count)
        settle(q, i, last);
}

ps_t ev_now(const struct ev_queue *q)
{
    return q->now;
}

void ev_set_now(struct ev_queue *q, ps_t now)
{
    q->now = now;
}

ps_t ev_next(const struct ev_queue *q)
{
    return q->count == 0 ? PS_NEVER : q->heap[0].when;
}

static void run_first(struct ev_queue *q)
{
    struct ev_timer *t = q->heap[0].timer;
    ps_t when = t->when;
    ev_cancel(t);
    q->now = when;
    t->fn(t->arg, when);
}

uint64_t ev_run(struct ev_queue *q, ps_t until)
{
    uint64_t n = 0;
    for (; q->count != 0 && q->heap[0].when <= until; n++)
        run_first(q);
    q->now = until;
    return n;
}

uint64_t ev_run_beside(struct ev_queue *q, ps_t until)
{
    uint64_t n = 0;
    for (; q->count != 0 && q->heap[0].when <= until && q->heap[0].timer->beside; n++)
        run_first(q);
    return n;
}

void ev_set_listener(struct ev_queue *q, void (*fn)(void *arg, ps_t earliest), void *arg)
{
    q->listener = fn;
    q->listener_arg = arg;
}

/* {armed, time, sequence number}; an unarmed timer's time and number are written as 0. */
static int timer_save(const void *object, struct state_writer *w, struct err *e)
{
    const struct ev_timer *t = object;
    uint8_t armed = ev_is_armed(t);
    uint64_t key[2] = { armed ? t->when : 0, armed ? t->seq : 0 };
    int rc = state_put(w, &armed, sizeof(armed), e);
    return rc < 0 ? rc : state_put(w, key, sizeof(key), e);
}

static int timer_load(void *object, struct state_reader *r, struct err *e)
{
    struct ev_timer *t = object;
    uint8_t armed = 0;
    uint64_t key[2] = { 0, 0 };
    int rc = state_get(r, &armed, sizeof(armed), e);
    if (rc == 0)
        rc = state_get(r, key, sizeof(key), e);
    if (rc < 0)
        return rc;
    if (armed > 1)
        return err_set(e, ERR_FORMAT, "timer %s: armed is %u, not 0 or 1", t->name, armed);
    if (armed && (key[0] == PS_NEVER || key[1] >= t->queue->next_seq))
        return err_set(e, ERR_FORMAT, "timer %s: time or sequence number is out of range", t->name);
    ev_cancel(t);
    if (armed)
        insert(t, key[0], key[1]);
    return 0;
}

static uint64_t timer_hash(uint64_t h, const void *object)
{
    const struct ev_timer *t = object;
    if (!ev_is_armed(t))
        return hash_add(h, 0);
    return hash_add(hash_add(hash_add(h, 1), t->when), t->seq);
}

const struct state_custom ev_timer_custom = { timer_save, timer_load, timer_hash };

int ev_save(const struct ev_queue *q, struct state_writer *w, struct err *e)
{
    return state_save(w, "event-queue", 1, ev_queue_state, q, e);
}

uint64_t ev_hash(uint64_t h, const struct ev_queue *q)
{
    return state_hash(h, ev_queue_state, q);
}

int ev_load(struct ev_queue *q, struct state_reader *r, struct err *e)
{
    for (uint32_t i = 0; i < q->count; i++)
        q->heap[i].timer->slot = 0;
    q->count = 0;
    int rc = state_load(r, "event-queue", 1, ev_queue_state, q, e);
    if (rc == 0 && q->next_seq >= 1ull << SEQ_BITS)
        rc = err_set(e, ERR_FORMAT, "event-queue: next_seq is out of range");
    return rc;
}
