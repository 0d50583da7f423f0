/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/ls7a_rtc.h"
#include "core/util/bits.h"
#include "devices/calendar.h"

/* TOYREAD0 and TOYWRITE0. */
#define TOY_MONTH 31, 26
#define TOY_DAY   25, 21
#define TOY_HOUR  20, 16
#define TOY_MIN   15, 10
#define TOY_SEC   9, 4
#define TOY_TENTH 3, 0

#define MATCH_YEAR  31, 26
#define MATCH_MONTH 25, 22
#define MATCH_DAY   21, 17
#define MATCH_HOUR  16, 12
#define MATCH_MIN   11, 6
#define MATCH_SEC   5, 0

enum { CTRL_REN = BIT(13), CTRL_TEN = BIT(11), CTRL_EO = BIT(8), CTRL_STATUS = BIT(5) };

#define PS_PER_TENTH (PS_PER_SEC / 10)
#define TICKS_8_PS   244140625u  /* 8 ticks of 32768 Hz, exactly */
#define TENTHS_PER_DAY 864000ll
#define NEVER        INT64_MAX

/* ---- calendar: years since 1900, tenths of a second since 1970 ---- */
struct moment {
    unsigned year, month, day, hour, minute, second, tenth; /* month and day from 1 */
};

static int64_t tenths_of(const struct moment *t)
{
    int64_t days = calendar_days(1900 + (int64_t)t->year, t->month, t->day) - CALENDAR_1970;

    return (((days * 24 + t->hour) * 60 + t->minute) * 60 + t->second) * 10 + t->tenth;
}

static struct moment moment_of(int64_t tenths)
{
    uint64_t count = (uint64_t)tenths + CALENDAR_1970 * (uint64_t)TENTHS_PER_DAY, rest = count % TENTHS_PER_DAY;
    struct moment t = {
        .hour = (unsigned)(rest / 36000), .minute = (unsigned)(rest / 600 % 60),
        .second = (unsigned)(rest / 10 % 60), .tenth = (unsigned)(rest % 10),
    };

    calendar_date((int64_t)(count / TENTHS_PER_DAY), &t.year, &t.month, &t.day);
    t.year -= 1900;
    return t;
}

/* ---- counts ---- */
static bool is_enabled(const struct ls7a_rtc *t, uint32_t bit)
{
    return (t->control & bit) && (t->control & CTRL_EO);
}

static int64_t toy_count(const struct ls7a_rtc *t)
{
    return (int64_t)(t->dev.machine->rtc_base * 10 + device_now(&t->dev) / PS_PER_TENTH + (uint64_t)t->toy_offset);
}

static uint64_t ticks(const struct ls7a_rtc *t)
{
    uint64_t now = device_now(&t->dev);

    return now / TICKS_8_PS * 8 + now % TICKS_8_PS * 8 / TICKS_8_PS;
}

static uint32_t rtc_count(const struct ls7a_rtc *t)
{
    return (uint32_t)ticks(t) + t->rtc_offset;
}

/* ---- matches ---- */
static void update(struct ls7a_rtc *t)
{
    irq_set(&t->irq, t->pending != 0);
}

/* The second of a match in this year or one of the 63 that follow, in tenths; NEVER if there is no such date. */
static int64_t match_time(const struct ls7a_rtc *t, uint32_t match)
{
    unsigned this_year = moment_of(toy_count(t)).year;
    struct moment m = {
        .year = this_year + (((unsigned)F_GET(match, MATCH_YEAR) - this_year) & 63),
        .month = (unsigned)F_GET(match, MATCH_MONTH), .day = (unsigned)F_GET(match, MATCH_DAY),
        .hour = (unsigned)F_GET(match, MATCH_HOUR), .minute = (unsigned)F_GET(match, MATCH_MIN),
        .second = (unsigned)F_GET(match, MATCH_SEC),
    };
    int64_t at = tenths_of(&m);
    struct moment same = moment_of(at);

    return same.month == m.month && same.day == m.day && same.hour == m.hour && same.minute == m.minute ? at : NEVER;
}

/* Matches of now interrupt, the next to come sets the timer; one beyond the end of simulated time never comes. */
static void check_toy(struct ls7a_rtc *t)
{
    int64_t now = toy_count(t), next = NEVER;

    for (unsigned i = 0; i < 3 && is_enabled(t, CTRL_TEN); i++) {
        int64_t at = match_time(t, t->toymatch[i]);
        if (at <= now && now - at < 10)
            t->pending |= 1u << i;
        else if (at > now)
            next = MIN(next, at);
    }
    uint64_t wait = (uint64_t)next - (uint64_t)now, from = device_now(&t->dev) / PS_PER_TENTH;
    bool comes = next != NEVER && wait < PS_NEVER / PS_PER_TENTH - from;
    ev_arm(&t->toy_due, comes ? (from + wait) * PS_PER_TENTH : PS_NEVER);
    update(t);
}

static void check_rtc(struct ls7a_rtc *t)
{
    uint64_t next = UINT64_MAX;

    for (unsigned i = 0; i < 3 && is_enabled(t, CTRL_REN); i++) {
        uint32_t wait = t->rtcmatch[i] - rtc_count(t);
        if (t->rtcmatch[i] == 0)
            continue;
        if (wait == 0)
            t->pending |= 8u << i;
        next = MIN(next, ticks(t) + (wait ? wait : 1ull << 32));
    }
    bool comes = next < PS_NEVER / TICKS_8_PS * 8;
    ev_arm(&t->rtc_due, comes ? next / 8 * TICKS_8_PS + (next % 8 * TICKS_8_PS + 7) / 8 : PS_NEVER);
    update(t);
}

static void toy_matched(void *arg, ps_t when)
{
    (void)when;
    check_toy(arg);
}

static void rtc_matched(void *arg, ps_t when)
{
    (void)when;
    check_rtc(arg);
}

/* ---- registers ---- */
static uint64_t read_toy0(const void *dev, uint32_t index)
{
    const struct ls7a_rtc *t = dev;
    struct moment m = moment_of(toy_count(t));
    uint64_t v = 0;

    (void)index;
    if (!is_enabled(t, CTRL_TEN))
        return 0;
    v = F_PUT(v, TOY_MONTH, m.month);
    v = F_PUT(v, TOY_DAY, m.day);
    v = F_PUT(v, TOY_HOUR, m.hour);
    v = F_PUT(v, TOY_MIN, m.minute);
    v = F_PUT(v, TOY_SEC, m.second);
    return F_PUT(v, TOY_TENTH, m.tenth);
}

static uint64_t read_toy1(const void *dev, uint32_t index)
{
    const struct ls7a_rtc *t = dev;

    (void)index;
    return is_enabled(t, CTRL_TEN) ? moment_of(toy_count(t)).year & 0x3fff : 0;
}

static struct moment moment_written(unsigned year, uint32_t low)
{
    return (struct moment){
        .year = year, .month = (unsigned)F_GET(low, TOY_MONTH), .day = (unsigned)F_GET(low, TOY_DAY),
        .hour = (unsigned)F_GET(low, TOY_HOUR), .minute = (unsigned)F_GET(low, TOY_MIN),
        .second = (unsigned)F_GET(low, TOY_SEC), .tenth = (unsigned)F_GET(low, TOY_TENTH),
    };
}

static void set_toy(struct ls7a_rtc *t, const struct moment *m)
{
    t->toy_offset = (int64_t)((uint64_t)t->toy_offset + (uint64_t)tenths_of(m) - (uint64_t)toy_count(t));
    check_toy(t);
}

static void wrote_toy0(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct ls7a_rtc *t = dev;
    struct moment m = moment_written(moment_of(toy_count(t)).year, (uint32_t)now);

    (void)index;
    (void)old;
    set_toy(t, &m);
    t->toywrite0 = (uint32_t)now;
    t->toy_set = toy_count(t);
}

static void wrote_toy1(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct ls7a_rtc *t = dev;
    struct moment m = moment_of(toy_count(t));

    (void)index;
    (void)old;
    if (toy_count(t) == t->toy_set)
        m = moment_written(0, t->toywrite0);
    m.year = (unsigned)now;
    set_toy(t, &m);
}

static void wrote_toymatch(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct ls7a_rtc *t = dev;

    (void)old;
    (void)now;
    t->pending &= ~(1u << index);
    check_toy(t);
}

static uint64_t read_control(const void *dev, uint32_t index)
{
    const struct ls7a_rtc *t = dev;

    (void)index;
    return t->control | (t->control & CTRL_EO ? CTRL_STATUS : 0);
}

static void wrote_control(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    (void)index;
    (void)old;
    (void)now;
    check_toy(dev);
    check_rtc(dev);
}

static uint64_t read_rtc(const void *dev, uint32_t index)
{
    const struct ls7a_rtc *t = dev;

    (void)index;
    return is_enabled(t, CTRL_REN) ? rtc_count(t) : 0;
}

static void wrote_rtc(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct ls7a_rtc *t = dev;

    (void)index;
    (void)old;
    t->rtc_offset = (uint32_t)(now - ticks(t));
    check_rtc(t);
}

static void wrote_rtcmatch(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct ls7a_rtc *t = dev;

    (void)old;
    (void)now;
    t->pending &= ~(8u << index);
    check_rtc(t);
}

static void wrote_trim(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct ls7a_rtc *t = dev;

    (void)index;
    (void)old;
    if (now != 0)
        unmodelled(&t->dev, "trim", "%#llx; the clock runs exactly", (unsigned long long)now);
}

/* ---- life ---- */
static void ls7a_rtc_reset(void *dev)
{
    struct ls7a_rtc *t = dev;

    t->pending = 0;
    t->toywrite0 = 0;
    t->toy_set = NEVER;
    check_toy(t);
    check_rtc(t);
}

/* A snapshot is not trusted. */
static void ls7a_rtc_loaded(void *dev)
{
    struct ls7a_rtc *t = dev;

    t->pending &= 0x3f;
    irq_restore(&t->irq, t->pending != 0);
}

static const struct state_field ls7a_rtc_state[] = {
    STATE_TIMER(ls7a_rtc, toy_due), STATE_TIMER(ls7a_rtc, rtc_due), STATE(ls7a_rtc, toy_offset),
    STATE(ls7a_rtc, toy_set), STATE(ls7a_rtc, toywrite0), STATE(ls7a_rtc, rtc_offset),
    STATE(ls7a_rtc, toytrim), STATE(ls7a_rtc, rtctrim), STATE(ls7a_rtc, control), STATE(ls7a_rtc, toymatch),
    STATE(ls7a_rtc, rtcmatch), STATE(ls7a_rtc, pending), STATE_END
};

#define AT(m) REG_AT(ls7a_rtc, m)
#define ALL   0xffffffff
static const struct reg_desc ls7a_rtc_regs[] = { /* 7A1000 manual, table "List of RTC registers" */
    REG32(0x20, "SYS_TOYTRIM", AT(toytrim), .rw = ALL, .wrote = wrote_trim),
    REG32(0x24, "SYS_TOYWRITE0", .rw = ALL, .wrote = wrote_toy0),
    REG32(0x28, "SYS_TOYWRITE1", .rw = 0x3fff, .wrote = wrote_toy1),
    REG32(0x2c, "SYS_TOYREAD0", .read = read_toy0),
    REG32(0x30, "SYS_TOYREAD1", .read = read_toy1),
    REG32(0x34, "SYS_TOYMATCH", .count = 3, AT(toymatch), .rw = ALL, .wrote = wrote_toymatch),
    REG32(0x40, "SYS_RTCCTRL", AT(control), .rw = CTRL_REN | CTRL_TEN | CTRL_EO, .read = read_control,
          .wrote = wrote_control),
    REG32(0x60, "SYS_RTCTRIM", AT(rtctrim), .rw = ALL, .wrote = wrote_trim),
    REG32(0x64, "SYS_RTCWRITE", .rw = ALL, .wrote = wrote_rtc),
    REG32(0x68, "SYS_RTCREAD", .read = read_rtc),
    REG32(0x6c, "SYS_RTCMATCH", .count = 3, AT(rtcmatch), .rw = ALL, .wrote = wrote_rtcmatch),
};

static const struct device_ops ls7a_rtc_ops = {
    .name = "ls7a_rtc", .spec = "Loongson 7A1000 user manual, RTC", .size = sizeof(struct ls7a_rtc),
    .regs = ls7a_rtc_regs, .n_regs = ARRAY_LEN(ls7a_rtc_regs), .mmio_size = 0x100, .state = ls7a_rtc_state,
    .version = 1, .reset = ls7a_rtc_reset, .loaded = ls7a_rtc_loaded,
};

struct ls7a_rtc *ls7a_rtc_create(struct machine *m, const char *id, struct err *e)
{
    struct ls7a_rtc *t = device_create(m, &ls7a_rtc_ops, id, e);

    if (!t || device_init_timer(&t->dev, &t->toy_due, "toy match", toy_matched, e) < 0 ||
        device_init_timer(&t->dev, &t->rtc_due, "rtc match", rtc_matched, e) < 0)
        return NULL;
    return t;
}
