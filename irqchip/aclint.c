/* SPDX-License-Identifier: Apache-2.0 */
#include "irqchip/aclint.h"
#include "core/event/clock.h"
#include "core/util/bits.h"

static const struct ev_clock mtime_clock = { .hz = ACLINT_HZ };

uint64_t aclint_read_time(void *aclint, ps_t now)
{
    const struct aclint *a = aclint;

    return ev_ticks(mtime_clock, now) + a->offset;
}

/*
 * Counted from now, as the offset says neither whether mtime was set forward or back nor how
 * often it went round.
 */
ps_t aclint_time_of(void *aclint, uint64_t ticks)
{
    const struct aclint *a = aclint;
    ps_t now = device_now(&a->dev);
    uint64_t mtime = aclint_read_time(aclint, now), count = ev_ticks(mtime_clock, now);

    if (ticks <= mtime)
        return 0;
    return ticks - mtime > UINT64_MAX - count ? PS_NEVER
                                              : ev_tick_time(mtime_clock, count + (ticks - mtime));
}

/* MTIP = mtime >= mtimecmp, unsigned: the line now, and the moment it will rise. */
static void update_timer(struct aclint *a, uint32_t hart)
{
    bool due = aclint_read_time(a, device_now(&a->dev)) >= a->mtimecmp[hart];

    irq_set(&a->mtip[hart], due);
    ev_arm(&a->compare[hart], due ? PS_NEVER : aclint_time_of(a, a->mtimecmp[hart]));
}

static void expired(void *arg, ps_t when)
{
    struct aclint_timer *t = arg;

    (void)when;
    update_timer(t->owner, t->hart);
}

/* mtime is another than time alone made it: all that was derived from it is derived again. */
static void mtime_jumped(struct aclint *a)
{
    uint64_t mtime = aclint_read_time(a, device_now(&a->dev));
    ps_t last = mtime == UINT64_MAX ? device_now(&a->dev) : aclint_time_of(a, UINT64_MAX);

    /* Where it will go round to 0: one tick behind the last. */
    ev_arm(&a->wrap, last == PS_NEVER ? PS_NEVER
                                      : ev_tick_time(mtime_clock, ev_ticks(mtime_clock, last) + 1));
    for (uint32_t i = 0; i < a->n_harts; i++)
        update_timer(a, i);
    if (a->jumped)
        a->jumped(a->jumped_arg);
}

static void wrapped(void *arg, ps_t when)
{
    (void)when;
    mtime_jumped(arg);
}

static void wrote_msip(void *dev, uint32_t hart, uint64_t old, uint64_t now)
{
    struct aclint *a = dev;

    (void)old;
    if (hart < a->n_harts)
        irq_set(&a->msip[hart], now & 1);
    else
        a->soft[hart] = 0; /* no such hart: hardwired to 0 */
}

static void wrote_mtimecmp(void *dev, uint32_t hart, uint64_t old, uint64_t now)
{
    struct aclint *a = dev;

    (void)old;
    (void)now;
    if (hart < a->n_harts)
        update_timer(a, hart);
    else
        a->mtimecmp[hart] = 0;
}

static uint64_t read_mtime(const void *dev, uint32_t index)
{
    const struct aclint *a = dev;

    (void)index;
    return ev_ticks(mtime_clock, device_now(&a->dev)) + a->offset;
}

static void wrote_mtime(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct aclint *a = dev;

    (void)index;
    (void)old;
    a->offset = now - ev_ticks(mtime_clock, device_now(&a->dev));
    mtime_jumped(a);
}

static void aclint_reset(void *dev)
{
    struct aclint *a = dev;

    /* Chapter "MTIMER Device": mtime starts at 0; mtimecmp is unknown, all ones keeps MTIP low. */
    for (uint32_t i = 0; i < ACLINT_HARTS; i++) {
        a->mtimecmp[i] = i < a->n_harts ? UINT64_MAX : 0;
        irq_set(&a->msip[i], false);
    }
    a->offset = 0 - ev_ticks(mtime_clock, device_now(&a->dev));
    mtime_jumped(a);
}

static void aclint_loaded(void *dev)
{
    struct aclint *a = dev;

    for (uint32_t i = 0; i < a->n_harts; i++) {
        irq_restore(&a->msip[i], a->soft[i] & 1);
        irq_restore(&a->mtip[i], aclint_read_time(a, device_now(&a->dev)) >= a->mtimecmp[i]);
    }
}

static const struct state_field timer_state[] = {
    { .name = "compare", .kind = STATE_CUSTOM, .size = sizeof(struct ev_timer), .count = 1,
      .custom = &ev_timer_custom },
    STATE_END
};
static const struct state_field aclint_state[] = {
    STATE_TIMER(aclint, wrap),
    STATE_SUBS(aclint, compare, timer_state), STATE(aclint, mtimecmp), STATE(aclint, offset),
    STATE(aclint, soft), STATE_END
};

#define AT(m) REG_AT(aclint, m)
static const struct reg_desc aclint_regs[] = {
    REG32(0x0000, "msip", AT(soft), .count = ACLINT_HARTS, .rw = 1, .wrote = wrote_msip),
    REG64(0x4000, "mtimecmp", AT(mtimecmp), .count = ACLINT_HARTS, .sizes = 4 | 8,
          .reset = UINT64_MAX, .rw = UINT64_MAX, .wrote = wrote_mtimecmp),
    REG64(0xbff8, "mtime", .sizes = 4 | 8, .rw = UINT64_MAX, .read = read_mtime,
          .wrote = wrote_mtime),
};

static const struct device_ops aclint_ops = {
    .name = "aclint", .spec = "RISC-V ACLINT 1.0-rc4", .size = sizeof(struct aclint),
    .regs = aclint_regs, .n_regs = ARRAY_LEN(aclint_regs), .mmio_size = 0x10000,
    .state = aclint_state, .version = 2, .reset = aclint_reset, .loaded = aclint_loaded,
};

struct aclint *aclint_create(struct machine *m, const char *id, uint32_t harts, struct err *e)
{
    if (harts == 0 || harts > ACLINT_HARTS) {
        (void)err_set(e, ERR_ARG, "%s: %u harts; 1 to %d are accepted", id, harts, ACLINT_HARTS);
        return NULL;
    }
    struct aclint *a = device_create(m, &aclint_ops, id, e);
    if (!a)
        return NULL;
    a->n_harts = harts;
    bool room = ev_timer_init(&a->wrap, m->queue, "mtime wrap", EV_PRIO_CLOCK, wrapped, a) == 0;
    for (uint32_t i = 0; i < ACLINT_HARTS; i++) {
        a->who[i] = (struct aclint_timer){ .owner = a, .hart = i };
        room = room && ev_timer_init(&a->compare[i], m->queue, "mtimecmp", EV_PRIO_CLOCK, expired,
                                     &a->who[i]) == 0;
        a->compare[i].beside = true;
    }
    if (!room) {
        (void)err_set(e, ERR_NOMEM, "%s: no memory for timers", id);
        return NULL;
    }
    return a;
}

/* ---- SSWI ---- */
static void wrote_setssip(void *dev, uint32_t hart, uint64_t old, uint64_t now)
{
    struct aclint_sswi *s = dev;

    (void)old;
    if (now & 1) {
        irq_set(&s->ssip[hart], true);
        irq_set(&s->ssip[hart], false);
    }
}

static const struct state_field sswi_state[] = { STATE_END };
static const struct reg_desc sswi_regs[] = {
    REG32(0x0000, "setssip", .count = ACLINT_HARTS, .rw = 1, .wrote = wrote_setssip),
};
static const struct device_ops sswi_ops = {
    .name = "aclint-sswi", .spec = "RISC-V ACLINT 1.0-rc4", .size = sizeof(struct aclint_sswi),
    .regs = sswi_regs, .n_regs = ARRAY_LEN(sswi_regs), .mmio_size = 0x4000,
    .state = sswi_state, .version = 1,
};

struct aclint_sswi *aclint_sswi_create(struct machine *m, const char *id, struct err *e)
{
    return device_create(m, &sswi_ops, id, e);
}
