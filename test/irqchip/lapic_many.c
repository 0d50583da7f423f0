/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Destinations among many local APICs whose ids leave gaps and go beyond 8 bits: SDM volume 3, 12.6.2, 12.12.2. Three
 * sockets of 5 cores of 2 threads (4 bits each), then CPUs from 256 on.
 */
#include "irqchip/lapic.h"
#include "test/check_main.h"
#include "test/device_generic.h"
#include <string.h>

enum { CPUS = 64, INTR, NMI, SMI, INIT };
static struct fake {
    uint32_t id;
    unsigned inits, nmis, starts;
    bool intr;
} fakes[CPUS];
static struct machine *m;
static struct lapic_bus *bus;
static struct lapic *apic[CPUS];

static void input(void *cpu, uint32_t number, bool level)
{
    struct fake *f = cpu;
    f->inits += number == INIT && level;
    f->nmis += number == NMI && level;
    if (number == INTR)
        f->intr = level;
}
static void start(void *cpu, uint8_t vector)
{
    (void)vector;
    ((struct fake *)cpu)->starts++;
}
static uint64_t tsc(void *cpu)
{
    (void)cpu;
    return 0;
}
static ps_t tsc_time(void *cpu, uint64_t value)
{
    (void)cpu, (void)value;
    return PS_NEVER;
}

static uint32_t id_of(uint32_t i)
{
    return i < 30 ? i / 10 << 4 | i % 10 : 256 + (i - 30);
}

static struct lapic_config config_of(uint32_t i)
{
    return (struct lapic_config){ .id = id_of(i), .x2apic = true, .bootstrap = i == 0, .bus_hz = 1000000000,
                                  .cpu = { input, INTR, NMI, SMI, INIT, start, tsc, tsc_time, &fakes[i] } };
}

static void setup(void)
{
    struct err e = { 0 };
    m = device_generic_machine();
    bus = lapic_bus_create(m, m->memory, CPUS, &e);
    ck_assert_msg(bus != NULL, "%s", e.text);
    for (uint32_t i = 0; i < CPUS; i++) {
        const struct lapic_config c = config_of(i);
        fakes[i] = (struct fake){ .id = c.id };
        apic[i] = lapic_create(m, bus, &c, i, &e);
        ck_assert_msg(apic[i] != NULL, "%s", e.text);
    }
    machine_reset(m);
}
static void teardown(void)
{
    machine_destroy(m);
}

static void switch_on(uint32_t i, bool x2)
{
    if (x2)
        lapic_set_base(apic[i], apic[i]->base | 1u << 10);
    struct mem_attrs who = { .requester = MEM_REQUESTER_CPU + i };
    if (x2)
        ck_assert(lapic_write_msr(apic[i], 0x80f, 0x1ff));
    else
        ck_assert_int_eq(mem_store(m->memory, LAPIC_BASE + 0xf0, 4, 0x1ff, &who), MEM_OK);
}

/* Who was asked to interrupt, as a mask; and nobody is any more. */
static uint64_t who_got(uint8_t vector)
{
    uint64_t set = 0;
    for (uint32_t i = 0; i < CPUS; i++)
        if (lapic_acknowledge(apic[i]) == vector) {
            set |= 1ull << i;
            lapic_init(apic[i]);
            switch_on(i, apic[i]->base >> 10 & 1);
        }
    return set;
}

#define ALL (~0ull)
/* All in x2APIC mode. The destination, and which CPUs it means */
static const struct {
    struct lapic_message m;
    uint64_t who;
} rows[] = {
    { { .dest = 0x10, .wide = true }, 1ull << 10 },
    { { .dest = 0x29, .wide = true }, 1ull << 29 },
    { { .dest = 0x0a, .wide = true }, 0 },                     /* a gap */
    { { .dest = 256 + 33, .wide = true }, 1ull << 63 },
    { { .dest = 1000, .wide = true }, 0 },
    { { .dest = 0xff, .wide = true }, 0 },                     /* no broadcast in 32 bits */
    { { .dest = 0xff }, ALL },
    { { .dest = UINT32_MAX, .wide = true }, ALL },
    { { .dest = UINT32_MAX, .wide = true, .logical = true }, ALL },
    { { .dest = 0x10002, .wide = true, .logical = true }, 1ull << 11 },            /* cluster 1, its bit 1 */
    { { .dest = 0x2ffff, .wide = true, .logical = true }, 0x3ffull << 20 },        /* the third socket */
    { { .dest = 0x100005, .wide = true, .logical = true }, 1ull << 30 | 1ull << 32 }, /* 256 and 258 */
    { { .dest = 0x120003, .wide = true, .logical = true }, 3ull << 62 },
    { { .dest = 0x050001, .wide = true, .logical = true }, 0 },
    { { .dest = 0x2ffff, .wide = true, .logical = true, .mode = 1 }, 1ull << 20 }, /* lowest priority: one of them */
};
START_TEST(destinations)
{
    for (uint32_t i = 0; i < CPUS; i++)
        switch_on(i, true);
    struct lapic_message message = rows[_i].m;
    message.vector = 0x41;
    lapic_bus_send(bus, &message);
    ck_assert_uint_eq(who_got(0x41), rows[_i].who);
}
END_TEST

/* An x2APIC starts those that still are xAPICs, each by its whole id: not its neighbour 256 above. */
START_TEST(bring_up)
{
    switch_on(0, true);
    for (uint32_t i = 1; i < CPUS; i++) {
        ck_assert(lapic_write_msr(apic[0], 0x830, (uint64_t)id_of(i) << 32 | 0x4500));
        ck_assert(lapic_write_msr(apic[0], 0x830, (uint64_t)id_of(i) << 32 | 0x4608));
    }
    for (uint32_t i = 0; i < CPUS; i++) {
        ck_assert_uint_eq(fakes[i].inits, i != 0);
        ck_assert_uint_eq(fakes[i].starts, i != 0);
    }
    ck_assert(lapic_write_msr(apic[0], 0x830, 0xc4400)); /* NMI to all others */
    for (uint32_t i = 0; i < CPUS; i++)
        ck_assert_uint_eq(fakes[i].nmis, i != 0);
}
END_TEST

/* xAPICs: 8 bits, flat logical ids of whoever has that LDR */
START_TEST(eight_bits)
{
    for (uint32_t i = 0; i < CPUS; i++) {
        struct mem_attrs who = { .requester = MEM_REQUESTER_CPU + i };
        switch_on(i, false);
        ck_assert_int_eq(mem_store(m->memory, LAPIC_BASE + 0xd0, 4, (1u << i % 8) << 24, &who), MEM_OK);
    }
    lapic_bus_deliver(bus, LAPIC_BASE | 0x12u << 12, 0x51);
    ck_assert_uint_eq(who_got(0x51), 1ull << 12);
    lapic_bus_deliver(bus, LAPIC_BASE | 4 | 0x02u << 12, 0x52);
    ck_assert_uint_eq(who_got(0x52), 0x0202020202020202ull & ~(1ull << 12 /* LDR went with INIT */));
    const struct lapic_message wide = { .dest = 0x10001, .wide = true, .logical = true, .vector = 0x53 };
    lapic_bus_send(bus, &wide);
    ck_assert_uint_eq(who_got(0x53), 0);
}
END_TEST

START_TEST(ids_rise)
{
    struct err e = { 0 };
    struct machine *other = device_generic_machine();
    struct lapic_bus *b = lapic_bus_create(other, other->memory, 2, &e);
    struct lapic_config c = config_of(5);
    ck_assert_ptr_nonnull(lapic_create(other, b, &c, 0, &e));
    ck_assert_ptr_null(lapic_create(other, b, &c, 1, &e));
    ck_assert_ptr_nonnull(strstr(e.text, "does not follow"));
    machine_destroy(other);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("irqchip/lapic_many");
    TCase *c = tcase_create("many");
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_loop_test(c, destinations, 0, ARRAY_LEN(rows));
    tcase_add_test(c, bring_up);
    tcase_add_test(c, eight_bits);
    tcase_add_test(c, ids_rise);
    suite_add_tcase(s, c);
    return s;
}
