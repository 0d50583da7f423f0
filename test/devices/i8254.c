/* SPDX-License-Identifier: Apache-2.0 */
/* 8254: Intel 231164-005, "Mode Definitions", figures 15 to 20; port 61h: ICH9 13.7.1. */
#include "devices/i8254.h"
#include "core/event/clock.h"
#include "core/util/bits.h"
#include "test/check_main.h"
#include "test/device_generic.h"
#include "test/ports.h"

enum { C0 = 0x40, C1 = 0x41, C2 = 0x42, CW = 0x43, P61 = 0x61 };

static const struct ev_clock clk = { .hz = 1193182 };
static struct machine *m;
static struct mem_space *io;
static struct i8254 *pit;
static struct line_log irq;

static struct device *make(struct machine *machine, void *arg)
{
    struct err e = { 0 };
    struct i8254 *t = i8254_create(machine, "pit", &e);

    (void)arg;
    ck_assert_msg(t != NULL, "%s", e.text);
    irq_connect(&t->irq, line_log_set, &irq, 0);
    ck_assert_int_eq(device_map_ports(&t->dev, machine->memory, 0x40, 0x40, 4, &e), 0);
    ck_assert_int_eq(device_map_ports(&t->dev, machine->memory, 0x61, 0x61, 1, &e), 0);
    return &t->dev;
}

static void setup(void)
{
    m = device_generic_machine();
    irq = (struct line_log){ 0 };
    pit = (struct i8254 *)make(m, NULL);
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
    struct i8254 *copy = (struct i8254 *)make(fresh, NULL);

    machine_reset(fresh);
    device_generic_copy(m, fresh);
    ck_assert_int_eq(copy->irq.level, pit->irq.level);
    machine_destroy(m);
    m = fresh;
    pit = copy;
    io = m->memory;
}

/* Until `n` more pulses of the clock have come. */
static void pulse(uint64_t n)
{
    ev_run(m->queue, ev_tick_time(clk, ev_ticks(clk, ev_now(m->queue)) + n));
}

static void gate(bool on)
{
    outb(io, P61, on);
}

static uint32_t count_of(unsigned c)
{
    outb(io, CW, (uint8_t)(c << 6));
    uint32_t low = inb(io, (uint16_t)(C0 + c));
    return low | (uint32_t)inb(io, (uint16_t)(C0 + c)) << 8;
}

static void program(unsigned c, unsigned mode, uint32_t n)
{
    outb(io, CW, (uint8_t)(c << 6 | 0x30 | mode << 1));
    outb(io, (uint16_t)(C0 + c), (uint8_t)n);
    outb(io, (uint16_t)(C0 + c), (uint8_t)(n >> 8));
}

/* Counter and OUT with the first pulses after the count or, in modes 1 and 5, the trigger. */
static const struct { unsigned mode, n, out[8], value[8]; } waves[] = {
    { 0, 4, { 0, 0, 0, 0, 1, 1, 1, 1 }, { 4, 3, 2, 1, 0, 0xffff, 0xfffe, 0xfffd } },
    { 1, 3, { 0, 0, 0, 1, 1, 1, 1, 1 }, { 3, 2, 1, 0, 0xffff, 0xfffe, 0xfffd, 0xfffc } },
    { 2, 3, { 1, 1, 0, 1, 1, 0, 1, 1 }, { 3, 2, 1, 3, 2, 1, 3, 2 } },
    { 3, 4, { 1, 1, 0, 0, 1, 1, 0, 0 }, { 4, 2, 4, 2, 4, 2, 4, 2 } },
    { 3, 5, { 1, 1, 1, 0, 0, 1, 1, 1 }, { 4, 2, 0, 4, 2, 4, 2, 0 } },
    { 4, 3, { 1, 1, 1, 0, 1, 1, 1, 1 }, { 3, 2, 1, 0, 0xffff, 0xfffe, 0xfffd, 0xfffc } },
    { 5, 3, { 1, 1, 1, 0, 1, 1, 1, 1 }, { 3, 2, 1, 0, 0xffff, 0xfffe, 0xfffd, 0xfffc } },
};
START_TEST(wave_forms)
{
    bool triggered = waves[_i].mode == 1 || waves[_i].mode == 5;

    pulse(7);
    gate(!triggered);
    program(2, waves[_i].mode, waves[_i].n);
    ck_assert_int_eq(i8254_output(pit, 2), waves[_i].mode != 0);
    if (triggered) {
        pulse(3);
        ck_assert(i8254_output(pit, 2)); /* waits for the trigger */
        gate(true);
    }
    for (unsigned i = 0; i < 8; i++) {
        pulse(1);
        replace_machine();
        ck_assert_msg(i8254_output(pit, 2) == (waves[_i].out[i] != 0), "OUT at pulse %u", i);
        ck_assert_int_eq(inb(io, P61) >> 5 & 1, waves[_i].out[i]);
        ck_assert_msg(count_of(2) == waves[_i].value[i], "count at pulse %u: %#x", i, count_of(2));
    }
}
END_TEST

/* The same of counter 0 by events: edges of IRQ0 in so many pulses. */
static const struct { unsigned mode, n, pulses, rises, falls; } edges[] = {
    { 0, 4, 4, 0, 0 }, { 0, 4, 5, 1, 0 }, { 0, 4, 100000, 1, 0 },
    { 2, 10, 1000, 99, 100 },  /* low in pulse 9 of each ten; one pulse to load */
    { 3, 10, 1001, 100, 100 },
    { 4, 5, 1000, 1, 1 },
    { 2, 1, 1000, 0, 1 }, { 3, 1, 1000, 0, 0 }, /* illegal counts make no storm */
    { 1, 5, 1000, 0, 0 }, { 5, 5, 1000, 0, 0 }, /* no trigger */
    { 2, 0, 65536 * 3 + 1, 3, 3 },
};
START_TEST(interrupts)
{
    outb(io, CW, (uint8_t)(0x30 | edges[_i].mode << 1));
    irq.rises = irq.falls = 0;
    outb(io, C0, (uint8_t)edges[_i].n);
    outb(io, C0, (uint8_t)(edges[_i].n >> 8));
    pulse(edges[_i].pulses / 2);
    replace_machine();
    pulse(edges[_i].pulses - edges[_i].pulses / 2);
    ck_assert_uint_eq(irq.rises, edges[_i].rises);
    ck_assert_uint_eq(irq.falls, edges[_i].falls);
}
END_TEST

/* 100 Hz as Linux programs it: 11932 pulses are 10.000150857 ms; never drifts. */
START_TEST(rate)
{
    program(0, 2, 11932);
    irq.rises = 0;
    ev_run(m->queue, 10 * PS_PER_SEC);
    ck_assert_uint_eq(irq.rises, 999);
    ck_assert_uint_eq(ev_next(m->queue), ev_tick_time(clk, 1 + 1000 * 11932ull - 1));
}
END_TEST

START_TEST(gate_stops_and_resumes)
{
    gate(true);
    program(2, 0, 10);
    pulse(4);
    ck_assert_uint_eq(count_of(2), 7);
    gate(false);
    pulse(100);
    replace_machine();
    ck_assert_uint_eq(count_of(2), 7);
    gate(true);
    pulse(6);
    ck_assert(!i8254_output(pit, 2));
    pulse(1);
    ck_assert(i8254_output(pit, 2));
    gate(false);
    ck_assert(i8254_output(pit, 2)); /* no effect on OUT */
    /* Written with the gate low, it counts from the gate on. */
    program(2, 0, 3);
    pulse(50);
    ck_assert_uint_eq(count_of(2), 3);
    gate(true);
    pulse(2);
    ck_assert(!i8254_output(pit, 2));
    pulse(1);
    ck_assert(i8254_output(pit, 2));
}
END_TEST

START_TEST(gate_of_periodic_modes)
{
    gate(true);
    program(2, 2, 4);
    pulse(4); /* counted 3: OUT low */
    ck_assert(!i8254_output(pit, 2));
    gate(false);
    ck_assert(i8254_output(pit, 2)); /* at once */
    pulse(10);
    ck_assert(i8254_output(pit, 2));
    ck_assert_uint_eq(count_of(2), 1);
    gate(true); /* starts over with the next pulse */
    pulse(3);
    ck_assert(i8254_output(pit, 2));
    pulse(1);
    ck_assert(!i8254_output(pit, 2));
}
END_TEST

START_TEST(one_shot_is_retriggered)
{
    program(2, 1, 5);
    gate(true);
    pulse(4);
    gate(false); /* falling does nothing */
    ck_assert(!i8254_output(pit, 2));
    gate(true);
    pulse(5);
    ck_assert(!i8254_output(pit, 2));
    outb(io, C2, 2); /* a new count waits for the next trigger */
    outb(io, C2, 0);
    pulse(1);
    ck_assert(i8254_output(pit, 2));
    gate(false);
    gate(true);
    pulse(2);
    ck_assert(!i8254_output(pit, 2));
    pulse(1);
    ck_assert(i8254_output(pit, 2));
}
END_TEST

/* Mode 2: with the end of the cycle; mode 3: of the half cycle. */
START_TEST(new_count_takes_over)
{
    gate(true);
    program(2, 2, 5);
    pulse(3); /* reads 3 */
    outb(io, C2, 3);
    outb(io, C2, 0);
    static const unsigned values2[] = { 2, 1, 3, 2, 1, 3 };
    for (unsigned i = 0; i < 6; i++) {
        pulse(1);
        ck_assert_uint_eq(count_of(2), values2[i]);
    }
    program(2, 3, 6);
    pulse(2); /* second pulse of three high ones */
    outb(io, C2, 4);
    outb(io, C2, 0);
    static const unsigned out3[] = { 1, 0, 0, 1, 1, 0, 0, 1 };
    for (unsigned i = 0; i < 8; i++) {
        pulse(1);
        replace_machine();
        ck_assert_msg(i8254_output(pit, 2) == (out3[i] != 0), "pulse %u", i);
    }
}
END_TEST

START_TEST(byte_access)
{
    gate(true);
    outb(io, CW, 0x90); /* counter 2, low byte, mode 0 */
    outb(io, C2, 0x34);
    pulse(1);
    ck_assert_uint_eq(inb(io, C2), 0x34);
    pulse(1);
    ck_assert_uint_eq(inb(io, C2), 0x33);
    outb(io, CW, 0xa0); /* high byte */
    outb(io, C2, 0x12);
    pulse(1);
    ck_assert_uint_eq(inb(io, C2), 0x12);
    pulse(1);
    ck_assert_uint_eq(inb(io, C2), 0x11); /* 0x11ff */
    /* Without a latch, low and high are read as they are at the moment. */
    program(2, 0, 0x100);
    pulse(1);
    ck_assert_uint_eq(inb(io, C2), 0x00);
    pulse(1);
    ck_assert_uint_eq(inb(io, C2), 0x00);
    ck_assert_uint_eq(inb(io, C2), 0xff);
}
END_TEST

START_TEST(bcd)
{
    gate(true);
    outb(io, CW, 0xb1); /* counter 2, mode 0, BCD */
    outb(io, C2, 0x00);
    outb(io, C2, 0x10);
    pulse(2);
    ck_assert_uint_eq(count_of(2), 0x0999);
    outb(io, CW, 0xb1);
    outb(io, C2, 0);
    outb(io, C2, 0); /* 10000 */
    pulse(1);
    ck_assert_uint_eq(count_of(2), 0);
    pulse(1);
    ck_assert_uint_eq(count_of(2), 0x9999);
    pulse(9998);
    ck_assert(!i8254_output(pit, 2));
    pulse(1);
    ck_assert(i8254_output(pit, 2));
}
END_TEST

START_TEST(latches)
{
    gate(true);
    program(2, 2, 1000);
    pulse(1);
    outb(io, CW, 0x80);
    pulse(300);
    outb(io, CW, 0x80); /* the first one stands */
    replace_machine();
    ck_assert_uint_eq(inb(io, C2), 1000 & 0xff);
    pulse(1);
    ck_assert_uint_eq(inb(io, C2), 1000 >> 8);
    ck_assert_uint_eq(count_of(2), 1000 - 301);
}
END_TEST

/* "Read-Back Command": OUT, NULL COUNT, then the control word's low bits. */
START_TEST(read_back)
{
    gate(true);
    program(2, 3, 100);
    outb(io, CW, 0xe8); /* status of counter 2 */
    ck_assert_uint_eq(inb(io, C2), 0x80 | 0x40 | 0x36);
    pulse(1);
    outb(io, CW, 0xe8);
    ck_assert_uint_eq(inb(io, C2), 0x80 | 0x36);
    pulse(50);
    outb(io, CW, 0xc8); /* status, then count */
    pulse(3);
    ck_assert_uint_eq(inb(io, C2), 0x36);
    ck_assert_uint_eq(inb(io, C2), 100);
    ck_assert_uint_eq(inb(io, C2), 0);
    program(0, 0, 7);
    outb(io, CW, 0xce); /* all three */
    ck_assert_uint_eq(inb(io, C0), 0x40 | 0x30);
    outb(io, CW, 0x1a); /* counter 0, low byte, mode 5: what is latched goes */
    outb(io, CW, 0xe2);
    ck_assert_uint_eq(inb(io, C0), 0x80 | 0x40 | 0x1a);
}
END_TEST

START_TEST(port_61)
{
    ck_assert_uint_eq(inb(io, P61) & ~0x10u, 0);
    outb(io, P61, 0xff);
    ck_assert_uint_eq(inb(io, P61) & ~0x10u, 0x0f);
    outb(io, P61, 0);
    uint8_t before = inb(io, P61) & 0x10;
    pulse(18); /* refresh, about 15 us */
    ck_assert_uint_eq(inb(io, P61) & 0x10, before ^ 0x10);
    pulse(18);
    ck_assert_uint_eq(inb(io, P61) & 0x10, before);
    program(1, 2, 30);
    pulse(1);
    ck_assert_uint_eq(inb(io, P61) & 0x10, 0);
    pulse(30);
    ck_assert_uint_eq(inb(io, P61) & 0x10, 0x10);
}
END_TEST

START_TEST(unprogrammed)
{
    outb(io, C0, 5);
    outb(io, C0, 5);
    pulse(100000);
    ck_assert_uint_eq(pit->dev.guest_errors, 2);
    ck_assert(!irq.level);
    ck_assert_uint_eq(irq.rises, 0);
    ck_assert_uint_eq(inb(io, C0), 0);
    program(0, 2, 100);
    pulse(5);
    machine_reset(m);
    ck_assert(!irq.level);
    ck_assert_uint_eq(ev_next(m->queue), PS_NEVER);
}
END_TEST

START_TEST(generic)
{
    device_generic_test(&(struct device_generic){ .make = make });
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("devices.i8254");
    TCase *t = tcase_create("generic"), *u = tcase_create("pit");

    tcase_add_test(t, generic);
    suite_add_tcase(s, t);
    tcase_add_checked_fixture(u, setup, teardown);
    tcase_add_loop_test(u, wave_forms, 0, (int)ARRAY_LEN(waves));
    tcase_add_loop_test(u, interrupts, 0, (int)ARRAY_LEN(edges));
    tcase_add_test(u, rate);
    tcase_add_test(u, gate_stops_and_resumes);
    tcase_add_test(u, gate_of_periodic_modes);
    tcase_add_test(u, one_shot_is_retriggered);
    tcase_add_test(u, new_count_takes_over);
    tcase_add_test(u, byte_access);
    tcase_add_test(u, bcd);
    tcase_add_test(u, latches);
    tcase_add_test(u, read_back);
    tcase_add_test(u, port_61);
    tcase_add_test(u, unprogrammed);
    suite_add_tcase(s, u);
    return s;
}
