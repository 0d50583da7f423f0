/* SPDX-License-Identifier: Apache-2.0 */
/* MC146818A: Motorola ADI-1052, "Programming"; the second bank of ICH9 (316972), 13.6. */
#include "devices/mc146818.h"
#include "core/util/bits.h"
#include "test/check_main.h"
#include "test/device_generic.h"
#include "test/ports.h"

enum { SEC = 0, SEC_A, MIN_, MIN_A, HOUR, HOUR_A, DOW, DOM, MON, YEAR, A, B, C, D, CENTURY = 0x32 };
enum { SET = 0x80, PIE = 0x40, AIE = 0x20, UIE = 0x10, DM = 4, H24 = 2 };

#define BASE 1767225600u /* Thursday, 2026-01-01 00:00:00 UTC */

static struct machine *m;
static struct mem_space *io;
static struct mc146818 *rtc;
static struct line_log irq;

static struct device *make(struct machine *machine, void *arg)
{
    struct err e = { 0 };

    (void)arg;
    machine->rtc_base = BASE;
    struct mc146818 *r = mc146818_create(machine, "rtc", &e);
    ck_assert_msg(r != NULL, "%s", e.text);
    irq_connect(&r->irq, line_log_set, &irq, 8);
    ck_assert_int_eq(device_map_ports(&r->dev, machine->memory, 0x70, 0x70, 4, &e), 0);
    return &r->dev;
}

static void setup(void)
{
    m = device_generic_machine();
    irq = (struct line_log){ 0 };
    rtc = (struct mc146818 *)make(m, NULL);
    io = m->memory;
    machine_reset(m);
}

static void teardown(void)
{
    machine_destroy(m);
}

static void replace_machine(void)
{
    struct machine *fresh = device_generic_machine();
    struct mc146818 *copy = (struct mc146818 *)make(fresh, NULL);

    machine_reset(fresh);
    device_generic_copy(m, fresh);
    machine_destroy(m);
    m = fresh;
    rtc = copy;
    io = m->memory;
}

static uint8_t get(uint8_t index)
{
    outb(io, 0x70, index);
    return inb(io, 0x71);
}

static void put(uint8_t index, uint8_t v)
{
    outb(io, 0x70, index);
    outb(io, 0x71, v);
}

static void at_ms(uint64_t ms)
{
    ev_run(m->queue, ms * PS_PER_MS);
}

/* Second, minute, hour, day of week, day, month, year, century. */
struct date {
    uint8_t r[8];
};
static const uint8_t places[8] = { SEC, MIN_, HOUR, DOW, DOM, MON, YEAR, CENTURY };

static void check_date(const struct date *d)
{
    for (unsigned i = 0; i < 8; i++)
        ck_assert_msg(get(places[i]) == d->r[i], "register %#x is %#x, should be %#x", places[i],
                      get(places[i]), d->r[i]);
}

static void set_date(uint8_t b, const struct date *d)
{
    put(B, SET | b);
    for (unsigned i = 0; i < 8; i++)
        put(places[i], d->r[i]);
    put(B, b);
}

START_TEST(reset_values)
{
    check_date(&(struct date){ { 0, 0, 0, 5, 1, 1, 0x26, 0x20 } });
    ck_assert_uint_eq(get(A), 0x26);
    ck_assert_uint_eq(get(B), 0x02);
    ck_assert_uint_eq(get(C), 0);
    ck_assert_uint_eq(get(D), 0x80);
    put(C, 0xff);
    put(D, 0);
    ck_assert_uint_eq(get(C), 0);
    ck_assert_uint_eq(get(D), 0x80);
    ck_assert_uint_eq(get(0x37), 0x20); /* the century again */
    put(0x37, 0x19);
    ck_assert_uint_eq(get(CENTURY), 0x19);
    ck_assert_uint_eq(inb(io, 0x70), 0xff);
    put(0x80 | 0x10, 0x5a); /* bit 7 is no address */
    ck_assert_uint_eq(get(0x10), 0x5a);
}
END_TEST

START_TEST(memory)
{
    for (unsigned i = 0x0e; i < 0x80; i++)
        put((uint8_t)i, (uint8_t)(i ^ 0x55));
    for (unsigned i = 0; i < 0x80; i++) {
        outb(io, 0x72, (uint8_t)i);
        outb(io, 0x73, (uint8_t)(i ^ 0xaa));
    }
    replace_machine();
    machine_reset(m);
    for (unsigned i = 0x0e; i < 0x80; i++)
        if (i != 0x32 && i != 0x37)
            ck_assert_uint_eq(get((uint8_t)i), i ^ 0x55);
    for (unsigned i = 0; i < 0x80; i++) {
        outb(io, 0x72, (uint8_t)i);
        ck_assert_uint_eq(inb(io, 0x73), i ^ 0xaa);
    }
}
END_TEST

/* What QEMU's pc boards put there: 64 KiB, 1 KiB units. */
static const struct { uint64_t low, high; uint8_t index[8], value[8]; } sizes[] = {
    { 512ull << 20, 0, { 0x15, 0x16, 0x17, 0x18, 0x34, 0x35, 0x5b, 0x5d },
      { 0x80, 0x02, 0xff, 0xff, 0x00, 0x1f, 0, 0 } },
    { 2ull << 30, 2ull << 30, { 0x30, 0x31, 0x34, 0x35, 0x5b, 0x5c, 0x5d, 0x15 },
      { 0xff, 0xff, 0x00, 0x7f, 0x00, 0x80, 0x00, 0x80 } },
    { 8ull << 20, 0, { 0x17, 0x18, 0x30, 0x31, 0x34, 0x35, 0x5b, 0x5c },
      { 0x00, 0x1c, 0x00, 0x1c, 0, 0, 0, 0 } },
    { 2ull << 30, 1ull << 40, { 0x5b, 0x5c, 0x5d, 0x15, 0x16, 0x17, 0x18, 0x34 },
      { 0, 0, 0x00, 0x80, 0x02, 0xff, 0xff, 0 } },
    { 2ull << 30, 0x1234560000, { 0x5b, 0x5c, 0x5d, 0x15, 0x16, 0x17, 0x18, 0x34 },
      { 0x56, 0x34, 0x12, 0x80, 0x02, 0xff, 0xff, 0 } },
};
START_TEST(memory_sizes)
{
    mc146818_put_memory(rtc, sizes[_i].low, sizes[_i].high);
    for (unsigned i = 0; i < 8; i++)
        ck_assert_msg(get(sizes[_i].index[i]) == sizes[_i].value[i], "CMOS %#x", sizes[_i].index[i]);
}
END_TEST

/* From one date to another in so many seconds. */
static const struct { uint8_t b; struct date from; uint32_t seconds; struct date to; } dates[] = {
    { H24, { { 0x59, 0x59, 0x23, 5, 0x31, 0x12, 0x99, 0x19 } }, 1,
      { { 0, 0, 0, 6, 1, 1, 0, 0x20 } } },
    { H24, { { 0x59, 0x59, 0x23, 7, 0x28, 0x02, 0x00, 0x20 } }, 1, /* 2000 is a leap year */
      { { 0, 0, 0, 1, 0x29, 0x02, 0, 0x20 } } },
    { H24, { { 0x59, 0x59, 0x23, 1, 0x28, 0x02, 0x00, 0x21 } }, 1, /* 2100 is none */
      { { 0, 0, 0, 2, 1, 3, 0, 0x21 } } },
    { H24, { { 0, 0, 0, 5, 1, 1, 0x26, 0x20 } }, 86400 * 200,
      { { 0, 0, 0, 2, 0x20, 7, 0x26, 0x20 } } },
    { H24 | DM, { { 59, 59, 9, 3, 30, 9, 25, 20 } }, 1, { { 0, 0, 10, 3, 30, 9, 25, 20 } } },
    { 0, { { 0x59, 0x59, 0x11, 3, 1, 1, 0x26, 0x20 } }, 1, /* noon is 12 PM */
      { { 0, 0, 0x92, 3, 1, 1, 0x26, 0x20 } } },
    { 0, { { 0x59, 0x59, 0x92, 3, 1, 1, 0x26, 0x20 } }, 1, { { 0, 0, 0x81, 3, 1, 1, 0x26, 0x20 } } },
    { 0, { { 0x59, 0x59, 0x91, 3, 1, 1, 0x26, 0x20 } }, 1, /* midnight is 12 AM */
      { { 0, 0, 0x12, 4, 2, 1, 0x26, 0x20 } } },
    { DM, { { 59, 59, 12, 3, 1, 1, 26, 20 } }, 1, { { 0, 0, 1, 3, 1, 1, 26, 20 } } },
    { H24, { { 0x75, 0x59, 0x23, 3, 0x31, 0x13, 0x26, 0x20 } }, 1, /* nonsense carries */
      { { 0x16, 0, 0, 4, 1, 2, 0x27, 0x20 } } },
};
START_TEST(calendar)
{
    at_ms(100);
    set_date(dates[_i].b, &dates[_i].from);
    check_date(&dates[_i].from);
    replace_machine();
    at_ms(100 + dates[_i].seconds * 1000ull);
    check_date(&dates[_i].to);
}
END_TEST

/* UIP in the last 2228 us of a second; the new time with its end. */
START_TEST(update_in_progress)
{
    ev_run(m->queue, PS_PER_SEC - 2228 * PS_PER_US - 1);
    ck_assert_uint_eq(get(A), 0x26);
    ev_run(m->queue, PS_PER_SEC - 2228 * PS_PER_US);
    ck_assert_uint_eq(get(A), 0xa6);
    ck_assert_uint_eq(get(SEC), 0);
    ck_assert_uint_eq(get(C), 0x40); /* periodic only */
    ev_run(m->queue, PS_PER_SEC);
    ck_assert_uint_eq(get(A), 0x26);
    ck_assert_uint_eq(get(SEC), 1);
    ck_assert_uint_eq(get(C), 0x50);
    ck_assert_uint_eq(get(C), 0);
    put(B, SET | H24);
    at_ms(1999);
    ck_assert_uint_eq(get(A), 0x26);
}
END_TEST

START_TEST(set_stops_the_clock)
{
    at_ms(1500);
    put(B, SET | UIE | H24);
    ck_assert_uint_eq(get(B), SET | H24); /* SET clears UIE */
    at_ms(9700);
    replace_machine();
    ck_assert_uint_eq(get(SEC), 1);
    put(B, H24);
    at_ms(9999);
    ck_assert_uint_eq(get(SEC), 1);
    at_ms(10000); /* the divider went on */
    ck_assert_uint_eq(get(SEC), 2);
}
END_TEST

/* "Divider Control": half a second after the reset is lifted the first update comes. */
START_TEST(divider_reset)
{
    at_ms(3300);
    put(A, 0x60);
    at_ms(10200);
    ck_assert_uint_eq(get(SEC), 3);
    put(A, 0x20);
    at_ms(10699);
    ck_assert_uint_eq(get(SEC), 3);
    at_ms(10700);
    ck_assert_uint_eq(get(SEC), 4);
    replace_machine();
    at_ms(11699);
    ck_assert_uint_eq(get(SEC), 4);
    at_ms(11700);
    ck_assert_uint_eq(get(SEC), 5);
}
END_TEST

START_TEST(update_interrupt)
{
    put(B, UIE | H24);
    at_ms(999);
    ck_assert(!irq.level);
    at_ms(1000);
    ck_assert(irq.level);
    replace_machine();
    at_ms(3000);
    ck_assert_uint_eq(irq.rises, 1);
    ck_assert_uint_eq(get(C), 0xd0); /* PF as well, not enabled */
    ck_assert(!irq.level);
    at_ms(4000);
    ck_assert(irq.level);
    machine_reset(m);
    ck_assert(!irq.level);
    ck_assert_uint_eq(get(B), H24);
}
END_TEST

/* A flag set before its enable interrupts with the enable. */
START_TEST(late_enable)
{
    at_ms(1500);
    ck_assert(!irq.level);
    put(B, UIE | H24);
    ck_assert(irq.level);
}
END_TEST

/* Table "Periodic Interrupt Rate and Square Wave Output Frequency", 32.768 kHz: in 8 seconds. */
static const uint32_t rates[16] = { 0, 2048, 1024, 65536, 32768, 16384, 8192, 4096, 2048, 1024, 512,
                                    256, 128, 64, 32, 16 };
START_TEST(periodic_rates)
{
    unsigned n = 0;

    put(A, (uint8_t)(0x20 | _i));
    put(B, PIE | H24);
    while (ev_next(m->queue) <= 8 * PS_PER_SEC) {
        ev_run(m->queue, ev_next(m->queue));
        ck_assert_uint_eq(get(C) & 0xc0, 0xc0);
        n++;
    }
    ck_assert_uint_eq(n, rates[_i]);
}
END_TEST

/* Hour, minute, second of the alarm (C0 to FF: any), from 12:34:56 on: when. */
static const struct { uint8_t b, h, min, s; uint32_t at; } alarms[] = {
    { H24, 0x12, 0x34, 0x57, 1 },
    { H24, 0x12, 0x35, 0x00, 4 },
    { H24, 0x12, 0x34, 0x56, 86400 },
    { H24, 0x12, 0x34, 0x55, 86399 },
    { H24, 0xff, 0xff, 0xff, 1 },
    { H24, 0xff, 0xff, 0x10, 14 },
    { H24, 0xc0, 0x00, 0x00, 25 * 60 + 4 },
    { H24, 0xff, 0x34, 0x00, 3604 - 60 },
    { H24, 0x00, 0x00, 0x00, 41104 },
    { H24, 0x13, 0xff, 0xff, 25 * 60 + 4 },
    { H24, 0x61, 0x00, 0x00, 0 },           /* no such hour */
    { H24, 0xff, 0x00, 0x75, 0 },
    { H24 | DM, 12, 35, 1, 5 },
    { 0, 0x81, 0x00, 0x00, 25 * 60 + 4 },   /* 1 PM */
    { 0, 0x12, 0x00, 0x00, 41104 },         /* 12 AM */
};
START_TEST(alarm)
{
    bool binary = alarms[_i].b & DM, half = !(alarms[_i].b & H24);
    uint32_t at = alarms[_i].at;

    set_date(alarms[_i].b, &(struct date){ { binary ? 56 : 0x56, binary ? 34 : 0x34,
                                            half ? 0x92 : binary ? 12 : 0x12, 1, 1, 1, 1, 1 } });
    put(SEC_A, alarms[_i].s);
    put(MIN_A, alarms[_i].min);
    put(HOUR_A, alarms[_i].h);
    get(C);
    put(B, alarms[_i].b | AIE);
    if (at == 0) {
        ck_assert_uint_eq(ev_next(m->queue), PS_NEVER);
        at_ms(100000 * 1000ull);
        ck_assert(!irq.level);
        return;
    }
    at_ms(at * 1000ull - 1);
    ck_assert(!irq.level);
    replace_machine();
    at_ms(at * 1000ull);
    ck_assert(irq.level);
    ck_assert_uint_eq(get(C), 0xf0);
}
END_TEST

/* The flag without the interrupt, seen late. */
START_TEST(alarm_flag_is_polled)
{
    put(SEC_A, 0x05);
    put(MIN_A, 0xff);
    put(HOUR_A, 0xff);
    at_ms(4500);
    ck_assert_uint_eq(get(C) & 0x20, 0);
    at_ms(64000);
    ck_assert_uint_eq(get(C) & 0x20, 0x20);
    ck_assert_uint_eq(get(C) & 0x20, 0);
}
END_TEST

START_TEST(unmodelled_parts)
{
    put(A, 0x06);
    put(B, 0x03);
    ck_assert_uint_eq(rtc->dev.unmodelled_count, 2);
    at_ms(5000);
    ck_assert_uint_eq(get(SEC), 0);
}
END_TEST

START_TEST(generic)
{
    device_generic_test(&(struct device_generic){ .make = make, .keeps_state = true });
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("devices.mc146818");
    TCase *t = tcase_create("generic"), *u = tcase_create("rtc");

    tcase_add_test(t, generic);
    suite_add_tcase(s, t);
    tcase_add_checked_fixture(u, setup, teardown);
    tcase_add_test(u, reset_values);
    tcase_add_test(u, memory);
    tcase_add_loop_test(u, memory_sizes, 0, (int)ARRAY_LEN(sizes));
    tcase_add_loop_test(u, calendar, 0, (int)ARRAY_LEN(dates));
    tcase_add_test(u, update_in_progress);
    tcase_add_test(u, set_stops_the_clock);
    tcase_add_test(u, divider_reset);
    tcase_add_test(u, update_interrupt);
    tcase_add_test(u, late_enable);
    tcase_add_loop_test(u, periodic_rates, 0, 16);
    tcase_add_loop_test(u, alarm, 0, (int)ARRAY_LEN(alarms));
    tcase_add_test(u, alarm_flag_is_polled);
    tcase_add_test(u, unmodelled_parts);
    suite_add_tcase(s, u);
    return s;
}
