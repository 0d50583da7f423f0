/* SPDX-License-Identifier: Apache-2.0 */
/* Local APICs: SDM volume 3, chapter 12. Two CPUs that only write down what reaches them. */
#include "irqchip/lapic.h"
#include "test/check_main.h"

#include "test/device_generic.h"
#include <string.h>

enum { ID = 0x20, VERSION = 0x30, TPR = 0x80, PPR = 0xa0, EOI = 0xb0, LDR = 0xd0, DFR = 0xe0, SVR = 0xf0, ISR = 0x100,
       TMR = 0x180, IRR = 0x200, ESR = 0x280, ICR = 0x300, ICR2 = 0x310, LVT_TIMER = 0x320, LVT_LINT0 = 0x350,
       LVT_LINT1 = 0x360, LVT_ERROR = 0x370, INITIAL = 0x380, CURRENT = 0x390, DIVIDE = 0x3e0 };
enum { INTR, NMI, SMI, INIT, INPUTS };
#define MASKED (1u << 16)

static struct fake {
    unsigned edges[INPUTS];
    bool level[INPUTS];
    int started;              /* vector of the last start-up, -1 */
} fakes[2];
static struct machine *m;
static struct lapic_bus *bus;
static struct lapic *apic[2];
static unsigned ended, ended_vector;

static void input(void *cpu, uint32_t number, bool level)
{
    struct fake *f = cpu;
    f->edges[number] += level;
    f->level[number] = level;
}
static void start(void *cpu, uint8_t vector)
{
    ((struct fake *)cpu)->started = vector;
}
static uint64_t tsc(void *cpu)
{
    (void)cpu;
    return ev_now(m->queue) / 1000;
}
static ps_t tsc_time(void *cpu, uint64_t value)
{
    (void)cpu;
    return value * 1000;
}
static void on_eoi(void *arg, uint8_t vector)
{
    (void)arg;
    ended++;
    ended_vector = vector;
}
static int extint(void *arg)
{
    (void)arg;
    return 0x70;
}

static void build(struct machine *machine)
{
    struct err e = { 0 };
    bus = lapic_bus_create(machine, machine->memory, 2, &e);
    ck_assert_msg(bus != NULL, "%s", e.text);
    for (uint32_t i = 0; i < 2; i++) {
        const struct lapic_config c = {
            .id = i, .x2apic = true, .deadline = true, .bootstrap = i == 0, .id_writable = i == 1, .extended = i == 1, .bus_hz = 1000000000,
            .cpu = { input, INTR, NMI, SMI, INIT, start, tsc, tsc_time, &fakes[i] },
        };
        apic[i] = lapic_create(machine, bus, &c, i, &e);
        ck_assert_msg(apic[i] != NULL, "%s", e.text);
    }
    lapic_bus_on_eoi(bus, on_eoi, NULL);
    lapic_bus_set_extint(bus, extint, NULL);
}

static void put(uint32_t cpu, uint32_t offset, uint32_t v)
{
    struct mem_attrs who = { .requester = MEM_REQUESTER_CPU + cpu };
    ck_assert_int_eq(mem_store(m->memory, LAPIC_BASE + offset, 4, v, &who), MEM_OK);
}
static uint32_t get(uint32_t cpu, uint32_t offset)
{
    struct mem_attrs who = { .requester = MEM_REQUESTER_CPU + cpu };
    uint64_t v = 0;
    ck_assert_int_eq(mem_load(m->memory, LAPIC_BASE + offset, 4, &v, &who), MEM_OK);
    return (uint32_t)v;
}

static void setup(void)
{
    memset(fakes, 0, sizeof(fakes));
    fakes[0].started = fakes[1].started = -1;
    ended = 0;
    m = device_generic_machine();
    build(m);
    machine_reset(m);
    for (uint32_t i = 0; i < 2; i++)
        put(i, SVR, 0x1ff);
}
static void teardown(void)
{
    machine_destroy(m);
}

/* 12.4.7.1 */
START_TEST(after_reset)
{
    machine_reset(m);
    ck_assert_uint_eq(get(0, ID), 0);
    ck_assert_uint_eq(get(1, ID), 1u << 24);
    ck_assert_uint_eq(get(0, VERSION) & 0xff, 0x14);
    ck_assert_uint_eq(get(0, VERSION) >> 16 & 0xff, 5);
    ck_assert_uint_eq(get(0, SVR), 0xff);
    ck_assert_uint_eq(get(0, DFR), UINT32_MAX);
    for (uint32_t at = LVT_TIMER; at <= LVT_ERROR; at += 16)
        ck_assert_uint_eq(get(0, at), MASKED);
    put(0, LVT_TIMER, 0x30); /* masked by software: the mask cannot be cleared */
    ck_assert_uint_eq(get(0, LVT_TIMER), MASKED | 0x30);
}
END_TEST

/* 12.8.3, 12.8.4: the highest class first, nothing at or below what is being served or TPR */
START_TEST(priorities)
{
    lapic_bus_deliver(bus, LAPIC_BASE, 0x31);
    lapic_bus_deliver(bus, LAPIC_BASE, 0x51);
    lapic_bus_deliver(bus, LAPIC_BASE, 0x52);
    ck_assert(fakes[0].level[INTR]);
    ck_assert_uint_eq(get(0, IRR + 0x20), 1u << 17 | 1u << 18);
    ck_assert_int_eq(lapic_acknowledge(apic[0]), 0x52);
    ck_assert_uint_eq(get(0, ISR + 0x20), 1u << 18);
    ck_assert_uint_eq(get(0, PPR), 0x50);
    ck_assert(!fakes[0].level[INTR]); /* 51 is of the same class */
    lapic_bus_deliver(bus, LAPIC_BASE, 0x61);
    ck_assert_int_eq(lapic_acknowledge(apic[0]), 0x61);
    put(0, EOI, 0);
    put(0, EOI, 0);
    ck_assert_int_eq(lapic_acknowledge(apic[0]), 0x51);
    put(0, EOI, 0);
    put(0, TPR, 0x30);
    ck_assert(!fakes[0].level[INTR]);
    ck_assert_uint_eq(lapic_get_tpr(apic[0]), 3);
    lapic_set_tpr(apic[0], 2);
    ck_assert_uint_eq(get(0, TPR), 0x20);
    ck_assert_int_eq(lapic_acknowledge(apic[0]), 0x31);
    ck_assert_uint_eq(ended, 0); /* all were edges */
}
END_TEST

/* 12.8.5: TMR, and EOI goes out for level-triggered ones only */
START_TEST(level_ends)
{
    lapic_bus_deliver(bus, LAPIC_BASE | 1u << 12, 0x8000 | 0x4000 | 0x41);
    ck_assert_uint_eq(get(1, TMR + 0x20), 1u << 1);
    ck_assert_int_eq(lapic_acknowledge(apic[1]), 0x41);
    put(1, EOI, 0);
    ck_assert_uint_eq(ended, 1);
    ck_assert_uint_eq(ended_vector, 0x41);
    put(1, SVR, 0x11ff); /* suppressed (12.8.5) */
    lapic_bus_deliver(bus, LAPIC_BASE | 1u << 12, 0x8000 | 0x4000 | 0x41);
    ck_assert_int_eq(lapic_acknowledge(apic[1]), 0x41);
    put(1, EOI, 0);
    ck_assert_uint_eq(ended, 1);
}
END_TEST

/* 12.6.1, 12.6.2 */
START_TEST(interprocessor)
{
    put(0, ICR2, 1u << 24);
    put(0, ICR, 0x4000 | 0x42);
    ck_assert_int_eq(lapic_acknowledge(apic[1]), 0x42);
    put(1, EOI, 0);
    put(0, ICR, 0xc4500); /* INIT to all but itself */
    ck_assert_uint_eq(fakes[0].edges[INIT], 0);
    ck_assert_uint_eq(fakes[1].edges[INIT], 1);
    put(0, ICR, 0xc8500); /* its level de-asserted: nothing */
    ck_assert_uint_eq(fakes[1].edges[INIT], 1);
    put(0, ICR2, 1u << 24);
    put(0, ICR, 0x4600 | 0x9a);
    ck_assert_int_eq(fakes[1].started, 0x9a);
    put(0, ICR, 0x84400); /* NMI to all */
    ck_assert_uint_eq(fakes[0].edges[NMI], 1);
    ck_assert_uint_eq(fakes[1].edges[NMI], 1);
    put(0, ICR, 0x40000 | 0x43); /* itself */
    ck_assert_int_eq(lapic_acknowledge(apic[0]), 0x43);
    put(0, ICR, 0x40000 | 0x0f); /* vectors below 16: send illegal vector */
    put(0, ESR, 0);
    ck_assert_uint_eq(get(0, ESR), 0x20);
}
END_TEST

/* 12.5.3: an illegal vector that arrives is an error like others. */
START_TEST(illegal_vectors_that_arrive)
{
    put(0, LVT_ERROR, 0x55);
    lapic_bus_deliver(bus, LAPIC_BASE, 0x0f);
    ck_assert_int_eq(lapic_acknowledge(apic[0]), 0x55);
    put(0, EOI, 0);
    put(0, ESR, 0);
    ck_assert_uint_eq(get(0, ESR), 0x40);
    put(0, LVT_ERROR, 0x10055);
    lapic_bus_deliver(bus, LAPIC_BASE, 0x0f);
    ck_assert_int_eq(lapic_acknowledge(apic[0]), -1);
    put(0, ESR, 0);
    ck_assert_uint_eq(get(0, ESR), 0x40);
}
END_TEST

/* 12.6.2.2: flat and cluster */
START_TEST(logical_destinations)
{
    put(0, LDR, 0x01000000);
    put(1, LDR, 0x02000000);
    lapic_bus_deliver(bus, LAPIC_BASE | 4 | 2u << 12, 0x44);
    ck_assert(!fakes[0].level[INTR]);
    ck_assert_int_eq(lapic_acknowledge(apic[1]), 0x44);
    put(1, EOI, 0);
    for (uint32_t i = 0; i < 2; i++) {
        put(i, DFR, 0);
        put(i, LDR, i == 0 ? 0x11000000 : 0x21000000);
    }
    lapic_bus_deliver(bus, LAPIC_BASE | 4 | 0x21u << 12, 0x45);
    ck_assert(!fakes[0].level[INTR]);
    ck_assert_int_eq(lapic_acknowledge(apic[1]), 0x45);
    put(1, EOI, 0);
    lapic_bus_deliver(bus, LAPIC_BASE | 0xffu << 12, 0x46); /* everybody */
    ck_assert(fakes[0].level[INTR] && fakes[1].level[INTR]);
    lapic_bus_deliver(bus, LAPIC_BASE | 4 | 0x12u << 12, 0x47); /* nobody */
    ck_assert_uint_eq(get(0, IRR + 0x20), 1u << 6);
}
END_TEST

/* 12.5.4: 1 GHz divided by 2, 1000 counts are 2 us */
START_TEST(timer_counts)
{
    put(0, DIVIDE, 0);
    put(0, LVT_TIMER, 0x40);
    put(0, INITIAL, 1000);
    ev_run(m->queue, 1000000);
    ck_assert_uint_eq(get(0, CURRENT), 500);
    ev_run(m->queue, 1999999);
    ck_assert(!fakes[0].level[INTR]);
    ev_run(m->queue, 2000000);
    ck_assert(fakes[0].level[INTR]);
    ck_assert_uint_eq(get(0, CURRENT), 0);
    ck_assert_int_eq(lapic_acknowledge(apic[0]), 0x40);
    put(0, EOI, 0);
    ev_run(m->queue, 10000000);
    ck_assert(!fakes[0].level[INTR]);
    put(0, LVT_TIMER, 1u << 17 | 0x41); /* periodic, by 1: every microsecond */
    put(0, DIVIDE, 0xb);
    put(0, INITIAL, 1000);
    for (unsigned i = 1; i <= 3; i++) {
        ev_run(m->queue, 10000000 + i * 1000000ull);
        ck_assert_int_eq(lapic_acknowledge(apic[0]), 0x41);
        put(0, EOI, 0);
    }
    put(0, INITIAL, 0);
    ev_run(m->queue, 100000000);
    ck_assert(!fakes[0].level[INTR]);
}
END_TEST

/* 12.5.4.1: one counter tick a nanosecond here */
START_TEST(deadline)
{
    put(0, LVT_TIMER, 2u << 17 | 0x48);
    ck_assert(lapic_write_msr(apic[0], 0x6e0, 5000));
    put(0, INITIAL, 10); /* ignored */
    uint64_t v;
    ck_assert(lapic_read_msr(apic[0], 0x6e0, &v));
    ck_assert_uint_eq(v, 5000);
    ev_run(m->queue, 4999999);
    ck_assert(!fakes[0].level[INTR]);
    ev_run(m->queue, 5000000);
    ck_assert_int_eq(lapic_acknowledge(apic[0]), 0x48);
    ck_assert(lapic_read_msr(apic[0], 0x6e0, &v));
    ck_assert_uint_eq(v, 0);
    put(0, LVT_TIMER, MASKED | 0x48); /* leaving the mode disarms */
    ck_assert(lapic_write_msr(apic[0], 0x6e0, 9000));
    ck_assert(lapic_read_msr(apic[0], 0x6e0, &v));
    ck_assert_uint_eq(v, 0);
}
END_TEST

/* 12.12: MSRs instead of MMIO; the id of 32 bits; reserved bits fault */
START_TEST(x2apic)
{
    uint64_t v;
    ck_assert(!lapic_read_msr(apic[1], 0x802, &v));
    lapic_set_base(apic[1], LAPIC_BASE | 0xc00);
    ck_assert(lapic_read_msr(apic[1], 0x802, &v));
    ck_assert_uint_eq(v, 1);
    ck_assert(lapic_read_msr(apic[1], 0x80d, &v));
    ck_assert_uint_eq(v, 2); /* logical id: cluster 0, bit 1 */
    struct mem_attrs who = { .requester = MEM_REQUESTER_CPU + 1 };
    ck_assert_int_eq(mem_load(m->memory, LAPIC_BASE + ID, 4, &v, &who), MEM_NOTHING);
    ck_assert(!lapic_write_msr(apic[1], 0x80b, 1));
    ck_assert(lapic_write_msr(apic[1], 0x80b, 0));
    ck_assert(!lapic_read_msr(apic[1], 0x80e, &v)); /* DFR is gone */
    ck_assert(!lapic_write_msr(apic[1], 0x808, 0x100));
    ck_assert(lapic_write_msr(apic[1], 0x830, 0ull << 32 | 0x49));
    ck_assert_int_eq(lapic_acknowledge(apic[0]), 0x49);
    ck_assert(lapic_write_msr(apic[1], 0x83f, 0x4a)); /* self IPI */
    ck_assert_int_eq(lapic_acknowledge(apic[1]), 0x4a);
}
END_TEST

/* LINT0 as ExtINT: the 8259's vector, and nothing of IRR or ISR */
START_TEST(virtual_wire)
{
    lapic_set_lint(apic[0], 0, true);
    ck_assert(!fakes[0].level[INTR]);
    put(0, LVT_LINT0, 0x700);
    ck_assert(fakes[0].level[INTR]);
    ck_assert_int_eq(lapic_acknowledge(apic[0]), 0x70);
    ck_assert_uint_eq(get(0, ISR + 0x30), 0);
    lapic_set_lint(apic[0], 0, false);
    ck_assert(!fakes[0].level[INTR]);
    put(0, LVT_LINT1, 0x400);
    lapic_set_lint(apic[0], 1, true);
    ck_assert_uint_eq(fakes[0].edges[NMI], 1);
    lapic_set_base(apic[0], LAPIC_BASE); /* switched off: LINT0 is INTR */
    lapic_set_lint(apic[0], 0, true);
    ck_assert(fakes[0].level[INTR]);
}
END_TEST

/* AMD's id is what software writes; two may share one. x2APIC's is fixed (APM volume 2, 16.3.2, 16.9). */
START_TEST(written_id)
{
    put(0, ID, 5u << 24);
    ck_assert_uint_eq(get(0, ID), 0);
    put(1, ID, 5u << 24);
    ck_assert_uint_eq(get(1, ID), 5u << 24);
    lapic_bus_deliver(bus, LAPIC_BASE | 1u << 12, 0x31); /* nobody is 1 now */
    ck_assert(!fakes[1].level[INTR]);
    lapic_bus_deliver(bus, LAPIC_BASE | 5u << 12, 0x32);
    ck_assert_int_eq(lapic_acknowledge(apic[1]), 0x32);
    put(1, ID, 0);
    lapic_bus_deliver(bus, LAPIC_BASE, 0x41);
    ck_assert_int_eq(lapic_acknowledge(apic[0]), 0x41);
    ck_assert_int_eq(lapic_acknowledge(apic[1]), 0x41);
    lapic_init(apic[1]); /* the id outlasts INIT */
    ck_assert_uint_eq(get(1, ID), 0);
    lapic_set_base(apic[1], LAPIC_BASE); /* but not the switch */
    lapic_set_base(apic[1], LAPIC_BASE | 0x800);
    ck_assert_uint_eq(get(1, ID), 1u << 24);
    put(1, ID, 7u << 24);
    uint64_t v = 0;
    lapic_set_base(apic[1], LAPIC_BASE | 0xc00);
    ck_assert(lapic_read_msr(apic[1], 0x802, &v));
    ck_assert_uint_eq(v, 1);
    ck_assert(!lapic_write_msr(apic[1], 0x802, 3));
}
END_TEST

enum { EXT_FEATURE = 0x400, EXT_CONTROL = 0x410, SEOI = 0x420, IER = 0x480, EXT_LVT = 0x500 };

/* APM volume 2, 16.3.5 and 16.4 */
START_TEST(extended_space)
{
    ck_assert_uint_eq(get(0, VERSION) >> 31, 0);
    ck_assert_uint_eq(get(0, EXT_FEATURE), 0);
    ck_assert_uint_eq(get(1, VERSION) >> 31, 1);
    ck_assert_uint_eq(get(1, EXT_FEATURE), 0x00040007);
    ck_assert_uint_eq(get(1, IER + 0x70), UINT32_MAX);
    for (unsigned i = 0; i < LAPIC_EXT_LVTS; i++)
        ck_assert_uint_eq(get(1, EXT_LVT + 16 * i), MASKED);

    put(1, IER + 0x10, ~(1u << 1)); /* vector 33: has no say before the control bit is set */
    lapic_bus_deliver(bus, LAPIC_BASE | 1u << 12, 33);
    ck_assert(fakes[1].level[INTR]);
    put(1, EXT_CONTROL, 1);
    ck_assert(!fakes[1].level[INTR]);
    ck_assert_uint_eq(get(1, IRR + 0x10), 2);
    lapic_bus_deliver(bus, LAPIC_BASE | 1u << 12, 32);
    ck_assert_int_eq(lapic_acknowledge(apic[1]), 32);
    put(1, IER + 0x10, UINT32_MAX);
    put(1, EOI, 0);
    ck_assert_int_eq(lapic_acknowledge(apic[1]), 33);

    lapic_bus_deliver(bus, LAPIC_BASE | 1u << 12, 0x51);
    ck_assert_int_eq(lapic_acknowledge(apic[1]), 0x51);
    put(1, SEOI, 33); /* not enabled */
    ck_assert_uint_eq(get(1, ISR + 0x10), 2);
    put(1, EXT_CONTROL, 2);
    put(1, SEOI, 33); /* the lower one ends, the higher goes on */
    ck_assert_uint_eq(get(1, ISR + 0x10), 0);
    ck_assert_uint_eq(get(1, ISR + 0x20), 1u << 17);

    put(1, EXT_LVT, 0x400); /* NMI */
    lapic_extended(apic[1], 0);
    ck_assert_uint_eq(fakes[1].edges[NMI], 1);
    put(1, EXT_LVT, 0x400 | MASKED);
    lapic_extended(apic[1], 0);
    ck_assert_uint_eq(fakes[1].edges[NMI], 1);

    uint64_t v = 0;
    lapic_set_base(apic[1], LAPIC_BASE | 0xc00);
    ck_assert(lapic_read_msr(apic[1], 0x840, &v));
    ck_assert_uint_eq(v, 0x00040007);
    ck_assert(!lapic_write_msr(apic[1], 0x840, 0));
    ck_assert(lapic_write_msr(apic[1], 0x853, 0xf9));
    ck_assert(lapic_read_msr(apic[1], 0x853, &v));
    ck_assert_uint_eq(v, 0xf9);
    ck_assert(!lapic_write_msr(apic[1], 0x850, 0x800));
    lapic_set_base(apic[0], LAPIC_BASE | 0xd00);
    ck_assert(!lapic_read_msr(apic[0], 0x840, &v));
    ck_assert(!lapic_write_msr(apic[0], 0x853, 0xf9));
}
END_TEST

START_TEST(survives_snapshot)
{
    put(0, LVT_TIMER, 0x40);
    put(0, INITIAL, 100000);
    lapic_bus_deliver(bus, LAPIC_BASE, 0x31);
    struct machine *old = m, *fresh = device_generic_machine();
    m = fresh;
    build(fresh);
    machine_reset(fresh);
    device_generic_copy(old, fresh);
    machine_destroy(old);
    ck_assert(fakes[0].level[INTR]);
    ck_assert_int_eq(lapic_acknowledge(apic[0]), 0x31);
    ck_assert_uint_ne(get(0, CURRENT), 0);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("irqchip/lapic");
    TCase *c = tcase_create("lapic");
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, after_reset);
    tcase_add_test(c, priorities);
    tcase_add_test(c, level_ends);
    tcase_add_test(c, interprocessor);
    tcase_add_test(c, illegal_vectors_that_arrive);
    tcase_add_test(c, logical_destinations);
    tcase_add_test(c, timer_counts);
    tcase_add_test(c, deadline);
    tcase_add_test(c, x2apic);
    tcase_add_test(c, virtual_wire);
    tcase_add_test(c, written_id);
    tcase_add_test(c, extended_space);
    tcase_add_test(c, survives_snapshot);
    suite_add_tcase(s, c);
    return s;
}
