/* SPDX-License-Identifier: Apache-2.0 */
/* IA-PC HPET 1.0a, chapter 2; the values of a board are q35's. */
#include "devices/hpet.h"
#include "core/util/bits.h"
#include "test/check_main.h"
#include "test/device_generic.h"
#include "test/ports.h"

enum { CAP = 0, CONF = 0x10, STA = 0x20, CNT = 0xf0 };
enum { TICK = 10000 /* ps */, LEVEL = 2, ENB = 4, PERIODIC = 8, VAL_SET = 0x40, MODE32 = 0x100, FSB = 0x4000 };

#define BASE      0xfed00000ull
#define TN(n)     (0x100u + 0x20u * (n))
#define CMP(n)    (0x108u + 0x20u * (n))
#define ROUTE(n)  ((uint64_t)(n) << 9)

struct messages {
    unsigned n;
    uint64_t address;
    uint32_t data;
};

static struct machine *m;
static struct hpet *hpet;
static struct line_log irq0, irq8, gsi;
static struct messages sent;

static void deliver(void *arg, uint64_t address, uint32_t data)
{
    struct messages *s = arg;

    *s = (struct messages){ s->n + 1, address, data };
}

static struct device *make(struct machine *machine, void *arg)
{
    struct err e = { 0 };
    bool fsb = arg != NULL;
    struct hpet_config c = { .routes = 0x00ff0104, .deliver = fsb ? deliver : NULL, .arg = &sent };
    struct hpet *h = hpet_create(machine, "hpet", &c, &e);

    ck_assert_msg(h != NULL, "%s", e.text);
    irq_connect(&h->irq0, line_log_set, &irq0, 0);
    irq_connect(&h->irq8, line_log_set, &irq8, 8);
    for (uint32_t i = 0; i < HPET_GSIS; i++)
        irq_connect(&h->gsi[i], line_log_set, &gsi, i);
    ck_assert_int_eq(device_map(&h->dev, machine->memory, BASE, &e), 0);
    return &h->dev;
}

static void begin(void *arg)
{
    irq0 = irq8 = gsi = (struct line_log){ 0 };
    sent = (struct messages){ 0 };
    m = device_generic_machine();
    hpet = (struct hpet *)make(m, arg);
    machine_reset(m);
}

static void setup(void)
{
    begin(NULL);
}

static void teardown(void)
{
    machine_destroy(m);
}

static void replace_machine(void)
{
    struct machine *fresh = device_generic_machine();
    struct hpet *copy = (struct hpet *)make(fresh, hpet->wiring.deliver ? &sent : NULL);

    machine_reset(fresh);
    device_generic_copy(m, fresh);
    for (unsigned i = 0; i < HPET_GSIS; i++)
        ck_assert_int_eq(copy->gsi[i].level, hpet->gsi[i].level);
    machine_destroy(m);
    m = fresh;
    hpet = copy;
}

static uint64_t get(uint32_t offset, unsigned size)
{
    uint64_t v;

    ck_assert_int_eq(mem_load(m->memory, BASE + offset, size, &v, NULL), MEM_OK);
    return v;
}

static void put(uint32_t offset, unsigned size, uint64_t v)
{
    ck_assert_int_eq(mem_store(m->memory, BASE + offset, size, v, NULL), MEM_OK);
}

static void at_tick(uint64_t n)
{
    ev_run(m->queue, n * TICK);
}

START_TEST(reset_values)
{
    uint64_t v;

    ck_assert_uint_eq(get(CAP, 8), 0x009896808086a201);
    ck_assert_uint_eq(get(CAP, 4), 0x8086a201);
    ck_assert_uint_eq(get(CAP + 4, 4), 0x00989680);
    ck_assert_uint_eq(get(CONF, 8), 0);
    ck_assert_uint_eq(get(STA, 8), 0);
    ck_assert_uint_eq(get(CNT, 8), 0);
    for (unsigned n = 0; n < 3; n++) {
        ck_assert_uint_eq(get(TN(n), 8), 0x00ff010400000030);
        ck_assert_uint_eq(get(CMP(n), 8), UINT64_MAX);
        put(TN(n), 8, 0x0f0f0f0f00008131); /* read-only bits, 32-bit mode, route 0, no FSB */
        ck_assert_uint_eq(get(TN(n), 8), 0x00ff010400000130);
        ck_assert_uint_eq(get(CMP(n), 8), UINT32_MAX);
    }
    put(CONF, 8, ~0ull);
    ck_assert_uint_eq(get(CONF, 8), 3);
    ck_assert_int_eq(mem_load(m->memory, BASE + CNT, 2, &v, NULL), MEM_BAD_SIZE);
    machine_reset(m);
    ck_assert_uint_eq(get(CONF, 8), 0);
    ck_assert_uint_eq(get(CMP(1), 8), UINT64_MAX);
}
END_TEST

/* A route the timer has not does not stay. */
START_TEST(routes)
{
    put(TN(1), 8, ROUTE(17));
    ck_assert_uint_eq(get(TN(1), 4), ROUTE(17) | 0x30);
    put(TN(1), 8, ROUTE(5));
    ck_assert_uint_eq(get(TN(1), 4), ROUTE(17) | 0x30);
    put(TN(1), 8, ROUTE(2));
    ck_assert_uint_eq(get(TN(1), 4), ROUTE(2) | 0x30);
}
END_TEST

START_TEST(counts_while_enabled)
{
    at_tick(100);
    ck_assert_uint_eq(get(CNT, 8), 0);
    put(CONF, 8, 1);
    at_tick(350);
    ck_assert_uint_eq(get(CNT, 8), 250);
    replace_machine();
    put(CNT, 8, 7);
    ck_assert_uint_eq(get(CNT, 8), 250);
    ck_assert_uint_eq(hpet->dev.guest_errors, 1);
    put(CONF, 8, 0);
    at_tick(1000);
    ck_assert_uint_eq(get(CNT, 8), 250);
    put(CNT + 4, 4, 1); /* halves */
    put(CNT, 4, 0xfffffff0);
    put(CONF, 8, 1);
    at_tick(1000 + 0x11);
    ck_assert_uint_eq(get(CNT, 8), 0x200000001);
    ck_assert_uint_eq(get(CNT + 4, 4), 2);
}
END_TEST

START_TEST(one_shot_edge)
{
    put(TN(2), 8, ENB | ROUTE(20));
    put(CMP(2), 8, 1000);
    put(CONF, 8, 1);
    at_tick(999);
    ck_assert_uint_eq(gsi.rises, 0);
    replace_machine();
    at_tick(1000);
    ck_assert_uint_eq(gsi.rises, 1);
    ck_assert_uint_eq(gsi.number, 20);
    ck_assert_uint_eq(get(STA, 8), 0);
    put(CMP(2), 8, 2000); /* an edge again, though the line was left high */
    at_tick(2000);
    ck_assert_uint_eq(gsi.rises, 2);
    ck_assert_uint_eq(gsi.falls, 1);
    put(CMP(2), 8, 1500); /* gone by */
    at_tick(100000);
    ck_assert_uint_eq(gsi.rises, 2);
    put(TN(2), 8, ROUTE(20));
    ck_assert(!gsi.level);
}
END_TEST

/* Written equal to the counter: it matches. */
START_TEST(match_at_once)
{
    put(TN(2), 8, ENB | ROUTE(20));
    put(CONF, 8, 1);
    at_tick(50);
    put(CMP(2), 8, 50);
    ev_run(m->queue, 50 * TICK);
    ck_assert_uint_eq(gsi.rises, 1);
    at_tick(60);
    ck_assert_uint_eq(gsi.rises, 1);
}
END_TEST

START_TEST(level)
{
    put(TN(0), 8, ENB | LEVEL | ROUTE(16));
    put(CMP(0), 8, 10);
    put(CONF, 8, 1);
    at_tick(10);
    ck_assert(gsi.level);
    ck_assert_uint_eq(get(STA, 8), 1);
    replace_machine();
    put(STA, 8, 6);
    ck_assert(hpet->gsi[16].level);
    put(STA, 4, 1);
    ck_assert(!hpet->gsi[16].level);
    ck_assert_uint_eq(get(STA, 8), 0);
    /* Without the enable the status alone. */
    put(TN(0), 8, LEVEL | ROUTE(16));
    put(CMP(0), 8, 30);
    at_tick(40);
    ck_assert_uint_eq(get(STA, 8), 1);
    ck_assert(!hpet->gsi[16].level);
    put(TN(0), 8, ENB | LEVEL | ROUTE(16));
    ck_assert(hpet->gsi[16].level);
    put(CONF, 8, 0);
    ck_assert(!hpet->gsi[16].level);
}
END_TEST

/* 2.3.9.2.2, as Linux does it: VAL_SET and the first match, then the period. */
START_TEST(periodic)
{
    put(CONF, 4, 1);
    at_tick(100);
    put(TN(0), 4, ENB | PERIODIC | VAL_SET | MODE32 | ROUTE(2));
    put(CMP(0), 4, 100 + 50);
    ck_assert_uint_eq(get(TN(0), 4) & VAL_SET, 0);
    put(CMP(0), 4, 20);
    ck_assert_uint_eq(get(CMP(0), 8), 150);
    at_tick(149);
    ck_assert_uint_eq(gsi.rises, 0);
    at_tick(150);
    ck_assert_uint_eq(gsi.rises, 1);
    ck_assert_uint_eq(get(CMP(0), 8), 170);
    replace_machine();
    at_tick(350);
    ck_assert_uint_eq(gsi.rises, 11);
    put(CMP(0), 4, 100); /* a new period from the next match on */
    at_tick(370);
    ck_assert_uint_eq(gsi.rises, 12);
    at_tick(469);
    ck_assert_uint_eq(gsi.rises, 12);
    at_tick(470);
    ck_assert_uint_eq(gsi.rises, 13);
}
END_TEST

/* 64 bits in halves: VAL_SET for each of them. */
START_TEST(periodic_64_bits)
{
    put(TN(0), 4, PERIODIC | VAL_SET);
    put(CMP(0), 4, 0x10);
    put(TN(0), 4, PERIODIC | VAL_SET);
    put(CMP(0) + 4, 4, 0);
    ck_assert_uint_eq(get(CMP(0), 8), 0x10);
    put(CMP(0), 8, 0x100000020);
    ck_assert_uint_eq(get(CMP(0), 8), 0x10);
    put(CONF, 4, 1);
    at_tick(0x10);
    ck_assert_uint_eq(get(CMP(0), 8), 0x100000030);
    put(CMP(0), 4, 5); /* the period's low half alone */
    ck_assert_uint_eq(hpet->period[0], 0x100000005);
}
END_TEST

/* 2.3.9.2.1: 32 bits match again after a wrap, and interrupt with the wrap. */
START_TEST(wraps_at_32_bits)
{
    put(CNT, 8, 0xfffffff0);
    put(TN(2), 8, ENB | MODE32 | ROUTE(18));
    put(CMP(2), 8, 0x500000004);
    put(CONF, 8, 1);
    at_tick(0xf);
    ck_assert_uint_eq(gsi.rises, 0);
    at_tick(0x10);
    ck_assert_uint_eq(gsi.rises, 1);
    at_tick(0x14);
    ck_assert_uint_eq(gsi.rises, 2);
    at_tick(0x14 + (1ull << 32));
    ck_assert_uint_eq(gsi.rises, 4);
}
END_TEST

/* 2.3.5: LEG_RT_CNF puts timers 0 and 1 in the place of the 8254 and the RTC. */
START_TEST(legacy_replacement)
{
    hpet_set_pit(hpet, 0, true);
    hpet_set_rtc(hpet, 0, true);
    ck_assert(irq0.level && irq8.level);
    hpet_set_rtc(hpet, 0, false);
    put(TN(0), 8, ENB | ROUTE(20));
    put(TN(1), 8, ENB | LEVEL | ROUTE(21));
    put(CMP(0), 8, 100);
    put(CMP(1), 8, 200);
    put(CONF, 8, 3);
    ck_assert(!irq0.level);
    hpet_set_pit(hpet, 0, false);
    hpet_set_pit(hpet, 0, true);
    hpet_set_rtc(hpet, 0, true);
    ck_assert_uint_eq(irq0.rises, 1);
    ck_assert(!irq8.level);
    at_tick(100);
    ck_assert_uint_eq(irq0.rises, 2);
    at_tick(200);
    ck_assert(irq8.level);
    replace_machine();
    ck_assert_uint_eq(gsi.rises, 0);
    put(STA, 8, 2);
    ck_assert(!irq8.level);
    hpet_set_pit(hpet, 0, false);
    put(CONF, 8, 1);
    ck_assert(!irq0.level);
    ck_assert(irq8.level); /* the RTC's again */
}
END_TEST

START_TEST(messages)
{
    machine_destroy(m);
    begin(&sent);
    ck_assert_uint_eq(get(TN(0), 8), 0x00ff010400008030);
    put(TN(0), 8, ENB | FSB);
    ck_assert_uint_eq(get(TN(0), 4), 0x8030 | ENB | FSB);
    put(0x110, 8, 0xfee0100000000041);
    put(CMP(0), 8, 10);
    put(CONF, 8, 1);
    at_tick(10);
    ck_assert_uint_eq(sent.n, 1);
    ck_assert_uint_eq(sent.address, 0xfee01000);
    ck_assert_uint_eq(sent.data, 0x41);
    ck_assert_uint_eq(gsi.rises, 0);
    put(CMP(0), 8, 20);
    put(TN(0), 8, FSB);
    at_tick(20);
    ck_assert_uint_eq(sent.n, 1);
}
END_TEST

START_TEST(generic)
{
    device_generic_test(&(struct device_generic){ .make = make });
    device_generic_test(&(struct device_generic){ .make = make, .arg = &sent, .seed = 7 });
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("devices.hpet");
    TCase *t = tcase_create("generic"), *u = tcase_create("hpet");

    tcase_add_test(t, generic);
    suite_add_tcase(s, t);
    tcase_add_checked_fixture(u, setup, teardown);
    tcase_add_test(u, reset_values);
    tcase_add_test(u, routes);
    tcase_add_test(u, counts_while_enabled);
    tcase_add_test(u, one_shot_edge);
    tcase_add_test(u, match_at_once);
    tcase_add_test(u, level);
    tcase_add_test(u, periodic);
    tcase_add_test(u, periodic_64_bits);
    tcase_add_test(u, wraps_at_32_bits);
    tcase_add_test(u, legacy_replacement);
    tcase_add_test(u, messages);
    suite_add_tcase(s, u);
    return s;
}
