/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/i8254.h"
#include "core/event/clock.h"
#include "core/util/bits.h"

/* 231164-005, figure 7, "Control Word Format". */
#define CONTROL_SC  7, 6
#define CONTROL_RW  5, 4
#define CONTROL_M   3, 1
#define CONTROL_BCD 0, 0
enum { SC_READ_BACK = 3, RW_LATCH = 0 };
enum { BACK_NO_COUNT = 0x20, BACK_NO_STATUS = 0x10 };
enum { STATUS_OUT = 0x80, STATUS_NULL = 0x40 };
enum { P61_GATE2 = 0x01, P61_REFRESH = 0x10, P61_OUT2 = 0x20 };
enum { LOW = 1, HIGH = 2 };
enum { REFRESH_PULSES = 18 };

/*
 *          control word           count               gate (2, 3: high; 1, 5: rises)
 *   IDLE -------------> WAITING ---------> ARMED ------------------------------------> RUNNING
 *                                    0, 4: RUNNING or, gate low, HELD <-- gate --> RUNNING
 */
enum counter_state { IDLE, WAITING, ARMED, RUNNING, HELD };

static const struct ev_clock clock = { .hz = I8254_HZ };

static uint64_t pulses(const struct i8254 *t)
{
    return ev_ticks(clock, device_now(&t->dev));
}

static bool is_periodic(const struct i8254_counter *c)
{
    return c->mode == 2 || c->mode == 3;
}

static uint32_t modulus(const struct i8254_counter *c)
{
    return c->bcd ? 10000 : 65536;
}

/* Mode 3: pulses of the high half; the odd one belongs to it. */
static uint32_t high_half(uint32_t count)
{
    return (count + 1) / 2;
}

/* What is counted at `pulse`: the next count from its pulse on. `start` may wrap below 0. */
static void current(const struct i8254_counter *c, uint64_t pulse, uint64_t *start, uint32_t *count)
{
    bool next = c->has_next && is_periodic(c) && c->state == RUNNING && pulse >= c->next_at;

    *start = !next ? c->start : c->next_low ? c->next_at - high_half(c->next_count) : c->next_at;
    *count = next ? c->next_count : c->count;
}

static bool is_loaded(const struct i8254_counter *c, uint64_t pulse)
{
    return c->state == HELD || (c->state == RUNNING && (int64_t)(pulse - c->start) >= 0);
}

static uint64_t counted(const struct i8254_counter *c, uint64_t pulse)
{
    uint64_t start;
    uint32_t count;

    if (c->state == HELD)
        return c->held;
    current(c, pulse, &start, &count);
    return pulse - start;
}

/* 231164-005, "Mode Definitions": OUT. */
static bool output(const struct i8254_counter *c, uint64_t pulse)
{
    uint64_t n = counted(c, pulse), start;
    uint32_t count;

    if (c->state == IDLE)
        return false;
    if (!is_loaded(c, pulse))
        return c->mode != 0;
    current(c, pulse, &start, &count);
    switch (c->mode) {
    case 0:
    case 1:
        return n >= count;
    case 2:
        return n % count != count - 1;
    case 3:
        return n % count < high_half(count);
    default:
        return n != count;
    }
}

/* The counting element. Mode 3 counts by two, from an even number (231164-005, "Mode 3"). */
static uint32_t value(const struct i8254_counter *c, uint64_t pulse)
{
    uint64_t n = counted(c, pulse), start;
    uint32_t count, at, half;

    if (c->state == ARMED)
        return c->held;
    if (!is_loaded(c, pulse))
        return 0;
    current(c, pulse, &start, &count);
    if (!is_periodic(c))
        return (uint32_t)((count + modulus(c) - n % modulus(c)) % modulus(c));
    at = (uint32_t)(n % count);
    half = high_half(count);
    if (c->mode == 3)
        return (count & ~1u) - 2 * (at < half ? at : at - half);
    return count - at;
}

static bool is_null(const struct i8254_counter *c, uint64_t pulse)
{
    bool replaced = is_periodic(c) && c->state == RUNNING && pulse >= c->next_at;
    return c->state <= WAITING || (c->has_next && !replaced) ||
           (c->state == RUNNING && !is_loaded(c, pulse));
}

/* Next pulse at which OUT changes, did the count last for ever; UINT64_MAX: never. */
static uint64_t next_edge(const struct i8254_counter *c, uint64_t pulse)
{
    uint64_t start, at;
    uint32_t count, half;

    if (c->state != RUNNING)
        return UINT64_MAX;
    if (c->mode == 2 && c->count == 1 && !is_loaded(c, pulse))
        return c->start; /* an illegal count: low for ever */
    current(c, pulse, &start, &count);
    at = is_loaded(c, pulse) ? pulse - start : 0;
    pulse = is_loaded(c, pulse) ? pulse : c->start;
    switch (c->mode) {
    case 2:
        at %= count;
        return count == 1 ? UINT64_MAX : at == count - 1 ? pulse + 1 : pulse + count - 1 - at;
    case 3:
        at %= count;
        half = high_half(count);
        return count == 1 ? UINT64_MAX : pulse + (at < half ? half : count) - at;
    case 4:
        return at < count ? start + count : at == count ? pulse + 1 : UINT64_MAX;
    default:
        return at < count ? start + count : UINT64_MAX;
    }
}

static void update(struct i8254 *t)
{
    const struct i8254_counter *c = &t->counter[0];
    uint64_t next = next_edge(c, pulses(t));

    if (c->has_next && is_periodic(c) && pulses(t) < c->next_at)
        next = MIN(next, c->next_at);
    irq_set(&t->irq, output(c, pulses(t)));
    ev_arm(&t->edge, next == UINT64_MAX ? PS_NEVER : ev_tick_time(clock, next));
}

static void edge_fired(void *arg, ps_t when)
{
    (void)when;
    update(arg);
}

bool i8254_output(const struct i8254 *t, unsigned counter)
{
    return output(&t->counter[counter], pulses(t));
}

/* ---- counts and gates ---- */

/* A next count whose time has come is the count. */
static void settle(struct i8254_counter *c, uint64_t pulse)
{
    if (!c->has_next || !is_periodic(c) || c->state != RUNNING || pulse < c->next_at)
        return;
    current(c, pulse, &c->start, &c->count);
    c->has_next = 0;
}

static void start_counting(struct i8254_counter *c, uint64_t pulse)
{
    if (c->has_next)
        c->count = c->next_count;
    c->has_next = 0;
    c->start = pulse + 1;
    c->state = RUNNING;
}

/* Modes 2 and 3: with the end of the cycle, or of the half cycle, in progress. */
static void schedule_next(struct i8254_counter *c, uint64_t pulse)
{
    uint64_t n = pulse - c->start, at = n % c->count;
    uint32_t half = high_half(c->count);

    c->next_low = c->mode == 3 && at < half && c->count > 1;
    c->next_at = pulse + (c->next_low ? half : c->count) - at;
}

static void load_count(struct i8254_counter *c, uint32_t raw, uint64_t pulse)
{
    uint32_t n = raw;

    if (c->bcd)
        n = (raw >> 12) * 1000 + (raw >> 8 & 15) * 100 + (raw >> 4 & 15) * 10 + (raw & 15);
    settle(c, pulse);
    c->next_count = n == 0 ? modulus(c) : n;
    c->has_next = 1;
    if (c->mode == 0 || c->mode == 4) {
        start_counting(c, pulse);
        if (!c->gate) {
            c->state = HELD;
            c->held = 0;
        }
    } else if (c->state == RUNNING && is_loaded(c, pulse)) {
        if (is_periodic(c))
            schedule_next(c, pulse);
    } else if (is_periodic(c) && c->gate) {
        start_counting(c, pulse);
    } else if (c->state != RUNNING) {
        c->state = ARMED;
    }
}

/* Past the terminal count only the wrapped value matters: kept small for `held`. */
static uint32_t reduced(const struct i8254_counter *c, uint64_t n)
{
    return n <= c->count ? (uint32_t)n : c->count + 1 + (uint32_t)((n - c->count - 1) % modulus(c));
}

static void set_gate(struct i8254_counter *c, bool level, uint64_t pulse)
{
    bool rises = level && !c->gate, falls = !level && c->gate;

    settle(c, pulse);
    c->gate = level;
    if (falls && c->state == RUNNING && is_periodic(c)) {
        c->held = value(c, pulse);
        c->state = ARMED;
    } else if (falls && c->state == RUNNING && (c->mode == 0 || c->mode == 4)) {
        c->held = is_loaded(c, pulse) ? reduced(c, pulse - c->start) : 0;
        c->state = HELD;
    } else if (rises && c->state == HELD) {
        c->start = pulse - c->held;
        c->state = RUNNING;
    } else if (rises && (c->state == ARMED || c->state == RUNNING)) {
        start_counting(c, pulse);
    }
}

/* ---- registers ---- */

static void latch_count(struct i8254_counter *c, uint64_t pulse)
{
    uint32_t v = value(c, pulse) % modulus(c);

    if (c->latched) /* until it is read, later commands do nothing */
        return;
    if (c->bcd)
        v = v / 1000 << 12 | v / 100 % 10 << 8 | v / 10 % 10 << 4 | v % 10;
    c->latch = (uint16_t)v;
    c->latched = c->access;
}

static uint8_t status(const struct i8254_counter *c, uint64_t pulse)
{
    return (uint8_t)((output(c, pulse) ? STATUS_OUT : 0) | (is_null(c, pulse) ? STATUS_NULL : 0) |
                     c->access << 4 | c->mode << 1 | c->bcd);
}

/* 231164-005, "Read-Back Command". */
static void read_back(struct i8254 *t, uint64_t v)
{
    for (unsigned i = 0; i < 3; i++) {
        struct i8254_counter *c = &t->counter[i];
        if (!(v >> (i + 1) & 1))
            continue;
        if (!(v & BACK_NO_COUNT))
            latch_count(c, pulses(t));
        if (!(v & BACK_NO_STATUS) && !c->status_latched) {
            c->status = status(c, pulses(t));
            c->status_latched = 1;
        }
    }
}

static void wrote_control(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct i8254 *t = dev;
    unsigned select = (unsigned)F_GET(now, CONTROL_SC), mode = (unsigned)F_GET(now, CONTROL_M);

    (void)index, (void)old;
    if (select == SC_READ_BACK) {
        read_back(t, now);
        return;
    }
    struct i8254_counter *c = &t->counter[select];
    if (F_GET(now, CONTROL_RW) == RW_LATCH) {
        latch_count(c, pulses(t));
        return;
    }
    *c = (struct i8254_counter){ .count = 1, .next_count = 1, .state = WAITING, .gate = c->gate,
                                 .access = (uint8_t)F_GET(now, CONTROL_RW),
                                 .mode = (uint8_t)(mode > 5 ? mode & 3 : mode),
                                 .bcd = (uint8_t)F_GET(now, CONTROL_BCD) };
    update(t);
}

/* The first byte of two stops a counter in mode 0 only. */
static void wrote_count(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct i8254 *t = dev;
    struct i8254_counter *c = &t->counter[index];
    uint32_t byte = now & 0xff;

    (void)old;
    if (c->state == IDLE) {
        guest_error(&t->dev, "count without control word", "counter %u", index);
        return;
    }
    if (c->access == (LOW | HIGH) && !c->write_high) {
        c->low_written = (uint8_t)byte;
        c->write_high = 1;
        if (c->mode == 0)
            c->state = WAITING;
    } else {
        uint32_t low = c->access == HIGH ? 0 : c->access == LOW ? byte : c->low_written;
        load_count(c, c->access == LOW ? low : low | byte << 8, pulses(t));
        c->write_high = 0;
    }
    update(t);
}

/* Which byte is read from a count that is not latched, or is. */
static bool is_high_byte(const struct i8254_counter *c)
{
    if (c->latched)
        return !(c->latched & LOW);
    return c->access == HIGH || (c->access == (LOW | HIGH) && c->read_high);
}

static uint64_t read_count(const void *dev, uint32_t index)
{
    const struct i8254 *t = dev;
    struct i8254_counter c = t->counter[index];

    if (c.status_latched)
        return c.status;
    bool high = is_high_byte(&c);
    latch_count(&c, pulses(t)); /* as if it were latched now */
    return c.latch >> (high ? 8 : 0) & 0xff;
}

static void after_count(void *dev, uint32_t index, uint64_t value_read)
{
    struct i8254_counter *c = &((struct i8254 *)dev)->counter[index];

    (void)value_read;
    if (c->status_latched)
        c->status_latched = 0;
    else if (c->latched)
        c->latched &= (uint8_t)~(is_high_byte(c) ? HIGH : LOW);
    else
        c->read_high = c->access == (LOW | HIGH) && !c->read_high;
}

static bool refresh(const struct i8254 *t)
{
    const struct i8254_counter *c = &t->counter[1];
    uint64_t pulse = pulses(t);

    if (is_periodic(c) && is_loaded(c, pulse))
        return (pulse - c->start) / c->count % 2;
    return pulse / REFRESH_PULSES % 2;
}

static uint64_t read_port61(const void *dev, uint32_t index)
{
    const struct i8254 *t = dev;

    (void)index;
    return t->port61 | (refresh(t) ? P61_REFRESH : 0u) | (i8254_output(t, 2) ? P61_OUT2 : 0u);
}

static void wrote_port61(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct i8254 *t = dev;

    (void)index, (void)old;
    t->port61 = now & 0x0f;
    set_gate(&t->counter[2], now & P61_GATE2, pulses(t));
}

static void i8254_reset(void *dev)
{
    struct i8254 *t = dev;

    for (unsigned i = 0; i < 3; i++)
        t->counter[i] = (struct i8254_counter){ .count = 1, .next_count = 1, .gate = i != 2,
                                                .access = LOW | HIGH };
    t->port61 = 0;
    update(t);
}

static void i8254_loaded(void *dev)
{
    struct i8254 *t = dev;

    for (unsigned i = 0; i < 3; i++) { /* a snapshot is not trusted */
        struct i8254_counter *c = &t->counter[i];
        c->count = MAX(c->count, 1u);
        c->next_count = MAX(c->next_count, 1u);
        c->mode = MIN(c->mode, 5u);
        c->access &= 3;
        c->bcd &= 1;
    }
    irq_restore(&t->irq, i8254_output(t, 0));
}

static const struct state_field counter_fields[] = {
    STATE(i8254_counter, start), STATE(i8254_counter, next_at), STATE(i8254_counter, count),
    STATE(i8254_counter, next_count), STATE(i8254_counter, held), STATE(i8254_counter, latch),
    STATE(i8254_counter, state), STATE(i8254_counter, mode), STATE(i8254_counter, access),
    STATE(i8254_counter, bcd), STATE(i8254_counter, gate), STATE(i8254_counter, has_next),
    STATE(i8254_counter, next_low), STATE(i8254_counter, write_high),
    STATE(i8254_counter, read_high), STATE(i8254_counter, low_written),
    STATE(i8254_counter, latched), STATE(i8254_counter, status),
    STATE(i8254_counter, status_latched), STATE(i8254_counter, padding), STATE_END
};
static const struct state_field i8254_state[] = {
    STATE_TIMER(i8254, edge), STATE_SUBS(i8254, counter, counter_fields), STATE(i8254, port61),
    STATE_END
};

static const struct reg_desc i8254_regs[] = {
    REG8(0x40, "counter", .count = 3, .rw = 0xff, .read = read_count, .after_read = after_count,
         .wrote = wrote_count),
    REG8(0x43, "control word", .rw = 0xff, .wrote = wrote_control),
    REG8(0x61, "NMI_SC", .rw = 0x0f, .read = read_port61, .wrote = wrote_port61),
};

static const struct device_ops i8254_ops = {
    .name = "i8254", .spec = "Intel 231164-005; ICH9 316972, 13.3 and 13.7.1",
    .size = sizeof(struct i8254), .regs = i8254_regs, .n_regs = ARRAY_LEN(i8254_regs),
    .mmio_size = 0x10000, .state = i8254_state, .version = 1, .reset = i8254_reset,
    .loaded = i8254_loaded,
};

struct i8254 *i8254_create(struct machine *m, const char *id, struct err *e)
{
    struct i8254 *t = device_create(m, &i8254_ops, id, e);

    if (!t || device_init_timer(&t->dev, &t->edge, "PIT counter 0", edge_fired, e) < 0)
        return NULL;
    return t;
}
