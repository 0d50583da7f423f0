/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/mc146818.h"
#include "core/event/clock.h"
#include "core/util/bits.h"
#include "devices/calendar.h"

/* MC146818A, figure "Address Map". */
enum { SECONDS, SECONDS_ALARM, MINUTES, MINUTES_ALARM, HOURS, HOURS_ALARM, WEEKDAY, DAY, MONTH,
       YEAR, REG_A, REG_B, REG_C, REG_D, CENTURY = 0x32, CENTURY_ALIAS = 0x37, BANK = 0x80 };
#define A_DV 6, 4
#define A_RS 3, 0
enum { A_UIP = 0x80, DV_32768 = 2 };
enum { B_SET = 0x80, B_PIE = 0x40, B_AIE = 0x20, B_UIE = 0x10, B_SQWE = 0x08, B_DM = 0x04,
       B_24H = 0x02, B_DSE = 0x01 };
enum { C_IRQF = 0x80, C_PF = 0x40, C_AF = 0x20, C_UF = 0x10 };
enum { D_VRT = 0x80 };
enum { PM = 0x80, ANY = 0xc0, DAY_SECONDS = 86400 };

#define UPDATE_TIME (2228 * PS_PER_US)

static const struct ev_clock crystal = { .hz = 32768 };

/* ---- divider ---- */

/* CPUs take turns, so "now" may lie before what another one has done. */
static ps_t elapsed(const struct mc146818 *r)
{
    ps_t now = device_now(&r->dev) + PS_PER_SEC;
    return now < r->origin ? 0 : now - r->origin;
}

static ps_t moment(const struct mc146818 *r, uint64_t tick)
{
    ps_t t = ev_tick_time(crystal, tick);
    return t >= PS_NEVER - r->origin ? PS_NEVER : t + r->origin - PS_PER_SEC;
}

static bool divides(const struct mc146818 *r)
{
    return F_GET(r->memory[REG_A], A_DV) == DV_32768;
}

static bool updates(const struct mc146818 *r)
{
    return divides(r) && !(r->memory[REG_B] & B_SET);
}

/* MC146818A, table "Periodic Interrupt Rate": log2 of the period in ticks of 32768 Hz; 0: none. */
static unsigned period(const struct mc146818 *r)
{
    unsigned rate = (unsigned)F_GET(r->memory[REG_A], A_RS);
    return rate == 0 ? 0 : rate < 3 ? rate + 6 : rate - 1;
}

/* ---- time and date ---- */

static unsigned decode(const struct mc146818 *r, uint8_t byte)
{
    return r->memory[REG_B] & B_DM ? byte : (byte >> 4) * 10u + (byte & 15u);
}

static uint8_t encode(const struct mc146818 *r, unsigned value)
{
    return (uint8_t)(r->memory[REG_B] & B_DM ? value : value / 10 % 10 << 4 | value % 10);
}

static unsigned decode_hours(const struct mc146818 *r, uint8_t byte)
{
    if (r->memory[REG_B] & B_24H)
        return decode(r, byte);
    return decode(r, byte & (uint8_t)~PM) % 12 + (byte & PM ? 12 : 0);
}

static uint8_t encode_hours(const struct mc146818 *r, unsigned hours)
{
    if (r->memory[REG_B] & B_24H)
        return encode(r, hours);
    return encode(r, (hours + 11) % 12 + 1) | (hours >= 12 ? PM : 0);
}

static int64_t time_of_day(const struct mc146818 *r)
{
    const uint8_t *t = r->memory;
    return (int64_t)decode_hours(r, t[HOURS]) * 3600 + decode(r, t[MINUTES]) * 60 +
           decode(r, t[SECONDS]);
}

static void set_time_of_day(struct mc146818 *r, unsigned seconds)
{
    r->memory[HOURS] = encode_hours(r, seconds / 3600);
    r->memory[MINUTES] = encode(r, seconds / 60 % 60);
    r->memory[SECONDS] = encode(r, seconds % 60);
}

static void set_date(struct mc146818 *r, int64_t days)
{
    unsigned year, month, day;

    calendar_date(days, &year, &month, &day);
    r->memory[DAY] = encode(r, day);
    r->memory[MONTH] = encode(r, month);
    r->memory[YEAR] = encode(r, year % 100);
    r->memory[CENTURY] = encode(r, year / 100 % 100);
}

/* Let `n` seconds go by. */
static void advance(struct mc146818 *r, uint64_t n)
{
    uint8_t *t = r->memory;
    uint64_t sum = (uint64_t)time_of_day(r) + n, days = sum / DAY_SECONDS;

    set_time_of_day(r, (unsigned)(sum % DAY_SECONDS));
    if (days == 0)
        return;
    int64_t year = (int64_t)decode(r, t[CENTURY]) % 100 * 100 + decode(r, t[YEAR]);
    set_date(r, calendar_days(year, decode(r, t[MONTH]), decode(r, t[DAY])) + (int64_t)days);
    t[WEEKDAY] = encode(r, (unsigned)((decode(r, t[WEEKDAY]) + 6 + days) % 7 + 1));
}

/* ---- alarm ---- */

/* First value from `from` on, below `limit`, that the alarm byte means; `limit`: none. */
static unsigned match(unsigned from, unsigned limit, uint8_t byte, unsigned decoded)
{
    if (byte >= ANY)
        return from;
    return decoded >= from && decoded < limit ? decoded : limit;
}

/* The first second of the day from `from` on at which the alarm goes; DAY_SECONDS: none. */
static unsigned alarm_from(const struct mc146818 *r, unsigned from)
{
    const uint8_t *t = r->memory;
    uint8_t hb = t[HOURS_ALARM], mb = t[MINUTES_ALARM], sb = t[SECONDS_ALARM];
    unsigned hour = decode_hours(r, hb), minute = decode(r, mb), second = decode(r, sb);

    for (unsigned h = match(from / 3600, 24, hb, hour); h < 24; h = match(h + 1, 24, hb, hour)) {
        unsigned first = h == from / 3600 ? from / 60 % 60 : 0;
        for (unsigned m = match(first, 60, mb, minute); m < 60; m = match(m + 1, 60, mb, minute)) {
            unsigned s = h * 60 + m == from / 60 ? from % 60 : 0;
            if ((s = match(s, 60, sb, second)) < 60)
                return h * 3600 + m * 60 + s;
        }
    }
    return DAY_SECONDS;
}

/* Seconds until the alarm, 1 to a day; 0: never. */
static uint64_t alarm_in(const struct mc146818 *r)
{
    unsigned now = (unsigned)(time_of_day(r) % DAY_SECONDS), at = alarm_from(r, now + 1);

    if (now + 1 < DAY_SECONDS && at < DAY_SECONDS)
        return at - now;
    at = alarm_from(r, 0);
    return at == DAY_SECONDS ? 0 : DAY_SECONDS - now + at;
}

/* ---- what time has done ---- */

/* Bring registers and flags up to date. */
static void settle(struct mc146818 *r)
{
    uint64_t tick = ev_ticks(crystal, elapsed(r)), second = tick >> 15, alarm;
    uint8_t *c = &r->memory[REG_C];

    if (period(r) && divides(r) && tick >> period(r) > r->tick >> period(r))
        *c |= C_PF;
    if (updates(r) && second > r->second) {
        alarm = alarm_in(r);
        *c |= C_UF | (alarm && alarm <= second - r->second ? C_AF : 0);
        advance(r, second - r->second);
    }
    r->tick = MAX(r->tick, tick);
    r->second = MAX(r->second, second);
    *c = (uint8_t)((*c & ~C_IRQF) | (*c & r->memory[REG_B] & (C_PF | C_AF | C_UF) ? C_IRQF : 0));
}

/* When the first enabled flag that is not set yet will be. */
static ps_t next_event(const struct mc146818 *r)
{
    uint8_t open = r->memory[REG_B] & (uint8_t)~r->memory[REG_C];
    uint64_t alarm = updates(r) && (open & B_AIE) ? alarm_in(r) : 0;
    ps_t next = PS_NEVER;

    if ((open & B_PIE) && period(r) && divides(r))
        next = moment(r, ((r->tick >> period(r)) + 1) << period(r));
    if ((open & B_UIE) && updates(r))
        next = MIN(next, moment(r, (r->second + 1) << 15));
    if (alarm)
        next = MIN(next, moment(r, (r->second + alarm) << 15));
    return next;
}

static void update(struct mc146818 *r)
{
    settle(r);
    irq_set(&r->irq, r->memory[REG_C] & C_IRQF);
    ev_arm(&r->event, next_event(r));
}

static void event_fired(void *arg, ps_t when)
{
    (void)when;
    update(arg);
}

/* ---- registers ---- */

static uint8_t place(const struct mc146818 *r, uint32_t bank)
{
    uint8_t at = r->index[bank] & 0x7f;
    return bank ? BANK | at : at == CENTURY_ALIAS ? CENTURY : at;
}

static uint64_t read_data(const void *dev, uint32_t bank)
{
    struct mc146818 now = *(const struct mc146818 *)dev; /* a look, not a change */
    uint8_t at = place(&now, bank);

    settle(&now);
    if (at == REG_A && updates(&now) && elapsed(&now) % PS_PER_SEC >= PS_PER_SEC - UPDATE_TIME)
        return now.memory[REG_A] | A_UIP;
    return now.memory[at];
}

/* MC146818A, "Register C": reading it clears the flags. */
static void after_data(void *dev, uint32_t bank, uint64_t value)
{
    struct mc146818 *r = dev;

    (void)value;
    if (place(r, bank) != REG_C)
        return;
    settle(r);
    r->memory[REG_C] = 0;
    update(r);
}

static void wrote_index(void *dev, uint32_t bank, uint64_t old, uint64_t now)
{
    (void)old;
    ((struct mc146818 *)dev)->index[bank] = (uint8_t)now;
}

/* DV leaving the reset: the first update comes half a second later ("Divider Control"). */
static void write_a(struct mc146818 *r, uint8_t v)
{
    bool began = !divides(r);

    r->memory[REG_A] = v & (uint8_t)~A_UIP;
    if (divides(r) && began) {
        r->origin = device_now(&r->dev) + PS_PER_SEC / 2;
        r->tick = ev_ticks(crystal, elapsed(r));
        r->second = 0;
    }
    if (F_GET(v, A_DV) < DV_32768)
        unmodelled(&r->dev, "time base of 4 or 1 MHz", "register A %#x", v);
}

static void write_b(struct mc146818 *r, uint8_t v)
{
    if ((v & ~r->memory[REG_B]) & B_DSE)
        unmodelled(&r->dev, "daylight saving", "register B %#x", v);
    r->memory[REG_B] = v & B_SET ? v & (uint8_t)~B_UIE : v;
}

static void wrote_data(void *dev, uint32_t bank, uint64_t old, uint64_t now)
{
    struct mc146818 *r = dev;
    uint8_t at = place(r, bank), v = (uint8_t)now;

    (void)old;
    settle(r);
    if (at == REG_A)
        write_a(r, v);
    else if (at == REG_B)
        write_b(r, v);
    else if (at != REG_C && at != REG_D)
        r->memory[at] = v;
    update(r);
}

/* ---- life ---- */

static void power_on(struct mc146818 *r)
{
    uint64_t base = r->dev.machine->rtc_base, days = base / DAY_SECONDS;

    r->powered = 1;
    r->origin = PS_PER_SEC; /* seconds begin where simulated time is a whole number of them */
    r->tick = r->second = 0;
    r->memory[REG_A] = DV_32768 << 4 | 6; /* 976.6 us, as the IBM AT's BIOS and QEMU have it */
    r->memory[REG_B] = B_24H;
    r->memory[REG_D] = D_VRT;
    set_time_of_day(r, (unsigned)(base % DAY_SECONDS));
    set_date(r, CALENDAR_1970 + (int64_t)days);
    r->memory[WEEKDAY] = encode(r, (unsigned)((days + 4) % 7 + 1)); /* 1970 began with a Thursday */
}

static void mc146818_reset(void *dev)
{
    struct mc146818 *r = dev;

    if (!r->powered)
        power_on(r);
    settle(r);
    r->memory[REG_B] &= (uint8_t)~(B_PIE | B_AIE | B_UIE | B_SQWE);
    r->memory[REG_C] = 0;
    r->index[0] = r->index[1] = 0;
    update(r);
}

static void mc146818_loaded(void *dev)
{
    struct mc146818 *r = dev;

    irq_restore(&r->irq, r->memory[REG_C] & C_IRQF);
}

static const struct state_field mc146818_state[] = {
    STATE_TIMER(mc146818, event), STATE(mc146818, origin), STATE(mc146818, second),
    STATE(mc146818, tick), STATE(mc146818, memory), STATE(mc146818, index),
    STATE(mc146818, powered), STATE_END
};

static const struct reg_desc mc146818_regs[] = {
    REG8(0x70, "index", .count = 2, .stride = 2, .reset = 0xff, .rw = 0xff, .wrote = wrote_index),
    REG8(0x71, "data", .count = 2, .stride = 2, .rw = 0xff, .read = read_data,
         .after_read = after_data, .wrote = wrote_data),
};

static const struct device_ops mc146818_ops = {
    .name = "mc146818", .spec = "Motorola MC146818A ADI-1052; ICH9 316972, 13.6",
    .size = sizeof(struct mc146818), .regs = mc146818_regs, .n_regs = ARRAY_LEN(mc146818_regs),
    .mmio_size = 0x10000, .state = mc146818_state, .version = 1, .reset = mc146818_reset,
    .loaded = mc146818_loaded,
};

struct mc146818 *mc146818_create(struct machine *m, const char *id, struct err *e)
{
    struct mc146818 *r = device_create(m, &mc146818_ops, id, e);

    if (!r || device_init_timer(&r->dev, &r->event, "rtc", event_fired, e) < 0)
        return NULL;
    return r;
}

void mc146818_put(struct mc146818 *r, uint8_t index, uint8_t value)
{
    r->memory[index] = value;
}

static void put16(struct mc146818 *r, uint8_t index, uint64_t value)
{
    uint64_t v = MIN(value, 0xffffull);

    mc146818_put(r, index, (uint8_t)v);
    mc146818_put(r, index + 1, (uint8_t)(v >> 8));
}

void mc146818_put_memory(struct mc146818 *r, uint64_t low, uint64_t high)
{
    uint64_t extended = low > 1 << 20 ? low - (1 << 20) : 0;
    uint64_t above16 = low > 16 << 20 ? low - (16 << 20) : 0;

    put16(r, 0x15, 640);
    put16(r, 0x17, extended >> 10);
    put16(r, 0x30, extended >> 10);
    put16(r, 0x34, above16 >> 16);
    put16(r, 0x5b, high >> 16 & 0xffff);
    mc146818_put(r, 0x5d, (uint8_t)(high >> 32));
}
