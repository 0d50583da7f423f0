/* SPDX-License-Identifier: Apache-2.0 */
/* ICH9 power management: Intel 316972, 13.8 and 13.9; ACPI 6.5, 4.8. */
#include "devices/ich9_pm.h"
#include "core/event/clock.h"
#include "core/util/bits.h"
#include "test/check_main.h"
#include "test/device_generic.h"
#include "test/ports.h"

enum { BASE = 0x600, PM1_STS = 0x600, PM1_EN = 0x602, PM1_CNT = 0x604, TMR = 0x608, GPE_STS = 0x620,
       GPE_EN = 0x628, SMI_EN = 0x630, SMI_STS = 0x634, RLD = 0x660, TCO1_STS = 0x664, TCO2_STS = 0x666,
       TCO1_CNT = 0x668, TCO_TMR = 0x672, APM = 0xb2, APMS = 0xb3 };
enum { GBL = 1, BIOS = 4, SLP = 0x10, APMC = 0x20, SWSMI = 0x40, BIOS_RLS = 0x80, TCO = 0x2000, PERIODIC = 0x4000 };

struct heard {
    unsigned smis, sleeps, wakes, resets, type;
};

static struct machine *m;
static struct mem_space *io;
static struct ich9_pm *pm;
static struct line_log sci;
static struct heard heard;

static void smi(void *arg, bool all)
{
    (void)all;
    ((struct heard *)arg)->smis++;
}

static void sleep_to(void *arg, unsigned type)
{
    ((struct heard *)arg)->sleeps++;
    ((struct heard *)arg)->type = type;
}

static void wake(void *arg)
{
    ((struct heard *)arg)->wakes++;
}

static void reset(void *arg)
{
    ((struct heard *)arg)->resets++;
}

/* With SMM unless `arg`. */
static struct device *make(struct machine *machine, void *arg)
{
    struct err e = { 0 };
    const struct ich9_pm_config c = { .io = machine->memory, .smm = !arg, .smi = smi, .sleep = sleep_to,
                                      .wake = wake, .reset = reset, .arg = &heard };
    struct ich9_pm *p = ich9_pm_create(machine, "pm", &c, &e);

    ck_assert_msg(p != NULL, "%s", e.text);
    irq_connect(&p->sci, line_log_set, &sci, 9);
    return &p->dev;
}

static void begin(void *arg)
{
    m = device_generic_machine();
    pm = (struct ich9_pm *)make(m, arg);
    io = m->memory;
    machine_reset(m);
    ich9_pm_map(pm, true, BASE);
}

static void setup(void)
{
    sci = (struct line_log){ 0 };
    heard = (struct heard){ 0 };
    begin(NULL);
}

static void teardown(void)
{
    machine_destroy(m);
}

static void replace_machine(void)
{
    struct machine *old = m;
    bool level = pm->sci.level;

    begin(NULL);
    device_generic_copy(old, m);
    ck_assert_int_eq(pm->sci.level, level);
    machine_destroy(old);
}

static uint32_t in(uint16_t port, unsigned size)
{
    return mem_port_in(io, port, size, NULL);
}

static void out(uint16_t port, unsigned size, uint32_t v)
{
    mem_port_out(io, port, size, v, NULL);
}

START_TEST(reset_values)
{
    ck_assert_uint_eq(in(PM1_STS, 4), 0);
    ck_assert_uint_eq(in(PM1_CNT, 4), 0);
    ck_assert_uint_eq(in(SMI_EN, 4), 0);
    ck_assert_uint_eq(in(TCO_TMR, 2), 4);
    ck_assert_uint_eq(in(0x66a, 2), 0x0008);
    ck_assert_uint_eq(in(0x670, 1), 0x03);
    ich9_pm_map(pm, false, 0);
    ck_assert_uint_eq(in(PM1_CNT, 4), 0xffffffff);
    ich9_pm_map(pm, true, 0x1000);
    ck_assert_uint_eq(in(0x1004, 4), 0);
    machine_destroy(m);
    begin(&heard); /* a board without SMM: as if firmware had set it up */
    ck_assert_uint_eq(in(SMI_EN, 4), 0x20);
    out(APM, 1, 0x55);
    ck_assert_uint_eq(heard.smis, 0);
}
END_TEST

/* 3.579545 MHz, 24 bits, never off by more than the tick. */
START_TEST(timer)
{
    ck_assert_uint_eq(in(TMR, 4), 0);
    ev_run(m->queue, PS_PER_MS);
    ck_assert_uint_eq(in(TMR, 4), 3579);
    ev_run(m->queue, PS_PER_SEC);
    ck_assert_uint_eq(in(TMR, 4), 3579545);
    ck_assert_uint_eq(in(TMR, 2), 3579545 & 0xffff);
    ev_run(m->queue, 100 * PS_PER_SEC);
    ck_assert_uint_eq(in(TMR, 4), 357954500 & 0xffffff);
}
END_TEST

/* TMR_STS with each change of bit 23: every 2^23 ticks, 2.343 s. */
START_TEST(timer_status)
{
    const struct ev_clock clk = { .hz = 3579545 };

    ev_run(m->queue, ev_tick_time(clk, 1 << 23) - 1);
    ck_assert_uint_eq(in(PM1_STS, 2), 0);
    ev_run(m->queue, ev_tick_time(clk, 1 << 23));
    ck_assert_uint_eq(in(PM1_STS, 2), 1);
    ck_assert_uint_eq(ev_next(m->queue), PS_NEVER);
    out(PM1_CNT, 4, 1);
    out(PM1_EN, 2, 1);
    ck_assert(sci.level);
    out(PM1_STS, 2, 1);
    ck_assert(!sci.level);
    ck_assert_uint_eq(in(PM1_STS, 2), 0);
    replace_machine();
    ev_run(m->queue, ev_tick_time(clk, 2 << 23) - 1);
    ck_assert(!sci.level);
    ev_run(m->queue, ev_tick_time(clk, 2 << 23));
    ck_assert(sci.level);
}
END_TEST

/* Each PM1 event and its enable; WAK_STS has none. */
static const struct { unsigned bit; bool enables; } events[] = {
    { 5, true }, { 8, true }, { 9, true }, { 10, true }, { 15, false },
};
START_TEST(pm1_events)
{
    uint16_t bit = (uint16_t)(1u << events[_i].bit);

    out(PM1_CNT, 2, 1);
    ich9_pm_raise(pm, (enum ich9_pm1)bit);
    ck_assert_uint_eq(in(PM1_STS, 2), bit);
    ck_assert(!sci.level);
    out(PM1_EN, 2, bit);
    ck_assert_int_eq(sci.level, events[_i].enables);
    replace_machine();
    out(PM1_STS, 2, (uint32_t)~bit & 0xffff);
    ck_assert_uint_eq(in(PM1_STS, 2), bit);
    out((uint16_t)(PM1_STS + events[_i].bit / 8), 1, bit >> events[_i].bit / 8 * 8); /* bytes */
    ck_assert_uint_eq(in(PM1_STS, 2), 0);
    ck_assert(!sci.level);
}
END_TEST

START_TEST(rtc_alarm)
{
    out(PM1_CNT, 2, 1);
    out(PM1_EN, 2, 0x400);
    ich9_pm_set_rtc(pm, 8, true);
    ck_assert(sci.level);
    out(PM1_STS, 2, 0x400); /* an edge */
    ck_assert(!sci.level);
    ich9_pm_set_rtc(pm, 8, true);
    ck_assert(!sci.level);
    ich9_pm_set_rtc(pm, 8, false);
    ich9_pm_set_rtc(pm, 8, true);
    ck_assert(sci.level);
}
END_TEST

START_TEST(general_purpose_events)
{
    out(PM1_CNT, 2, 1);
    ich9_pm_set_gpe(pm, 2, true);
    ich9_pm_set_gpe(pm, 33, true);
    ck_assert_uint_eq(in(GPE_STS, 4), 4);
    ck_assert_uint_eq(in(GPE_STS + 4, 1), 2);
    ck_assert(!sci.level);
    out(GPE_EN, 1, 4);
    ck_assert(sci.level);
    out(GPE_STS, 1, 4); /* still high */
    ck_assert(sci.level);
    ich9_pm_set_gpe(pm, 2, false);
    ck_assert_uint_eq(in(GPE_STS, 1), 4);
    replace_machine();
    out(GPE_STS, 1, 4);
    ck_assert(!sci.level);
    out(GPE_EN + 4, 4, 0xffffffff);
    ck_assert(sci.level);
    ck_assert_uint_eq(in(SMI_STS, 4), 0x200);
}
END_TEST

/* Without SCI_EN events are the SMI handler's. */
START_TEST(events_without_sci_en)
{
    out(PM1_EN, 2, 0x100);
    out(SMI_EN, 4, GBL);
    ich9_pm_raise(pm, ICH9_PM1_PWRBTN);
    ck_assert_uint_eq(heard.smis, 1);
    ck_assert_uint_eq(in(SMI_STS, 4), 0x100);
    replace_machine();
    ich9_pm_raise(pm, ICH9_PM1_SLPBTN);
    ck_assert_uint_eq(heard.smis, 1);
    ck_assert(!sci.level);
    out(PM1_CNT, 1, 1);
    ck_assert(sci.level);
}
END_TEST

/* SLP_TYP values of the boards' ACPI: 0 off, 1 S3, 2 S4; nothing without SLP_EN. */
START_TEST(sleeping)
{
    for (unsigned type = 0; type < 8; type++) {
        machine_reset(m); /* from S3 nothing else is reached */
        ich9_pm_map(pm, true, BASE);
        out(PM1_CNT, 4, type << 10 | 1);
        ck_assert_uint_eq(heard.sleeps, type);
        out(PM1_CNT, 2, type << 10 | 0x2001);
        ck_assert_uint_eq(heard.sleeps, type + 1);
        ck_assert_uint_eq(heard.type, type);
        ck_assert_uint_eq(in(PM1_CNT, 4), type << 10 | 1);
    }
    out(SMI_EN, 4, GBL | SLP);
    out(PM1_CNT, 4, 0x2401); /* the handler does it */
    ck_assert_uint_eq(heard.sleeps, 8);
    ck_assert_uint_eq(heard.smis, 1);
    ck_assert_uint_eq(in(SMI_STS, 4) & SLP, SLP);
}
END_TEST

/* ACPI 4.8.3.1: WAK_STS, and what woke. An event that is not enabled does not, the power button needs no enable. */
static const struct { uint16_t enabled; enum ich9_pm1 event; bool wakes; } wakers[] = {
    { 0, ICH9_PM1_PWRBTN, true },
    { 0, ICH9_PM1_RTC, false },
    { ICH9_PM1_RTC, ICH9_PM1_RTC, true },
    { ICH9_PM1_RTC, ICH9_PM1_SLPBTN, false },
    { ICH9_PM1_SLPBTN, ICH9_PM1_SLPBTN, true },
};
START_TEST(waking)
{
    out(PM1_EN, 2, wakers[_i].enabled);
    out(PM1_CNT, 4, 1 | 1 << 10 | 0x2000);
    ck_assert_uint_eq(heard.type, ICH9_PM_S3);
    ck_assert(ich9_pm_is_asleep(pm));
    ck_assert_uint_eq(heard.wakes, 0);
    ich9_pm_raise(pm, wakers[_i].event);
    ck_assert_uint_eq(heard.wakes, wakers[_i].wakes);
    ck_assert(!sci.level);
    machine_wake(m);
    ich9_pm_map(pm, true, BASE);
    ck_assert(!ich9_pm_is_asleep(pm));
    ck_assert_uint_eq(in(PM1_STS, 2), ICH9_PM1_WAK | (uint32_t)wakers[_i].event);
    ck_assert_uint_eq(in(PM1_EN, 2), 0);
    ck_assert_uint_eq(in(PM1_CNT, 4), 0);
    machine_reset(m);
    ich9_pm_map(pm, true, BASE);
    ck_assert_uint_eq(in(PM1_STS, 2), 0);
}
END_TEST

/* What is pending when it falls asleep wakes at once; a reset ends the sleep without a word of waking. */
START_TEST(restless)
{
    out(PM1_EN, 2, ICH9_PM1_RTC);
    ich9_pm_raise(pm, ICH9_PM1_RTC);
    out(PM1_CNT, 4, 1 | 1 << 10 | 0x2000);
    ck_assert_uint_eq(heard.wakes, 1);
    machine_reset(m);
    ich9_pm_map(pm, true, BASE);
    ck_assert_uint_eq(in(PM1_STS, 2), 0);
    ck_assert(!ich9_pm_is_asleep(pm));
}
END_TEST

START_TEST(global_lock)
{
    out(SMI_EN, 4, GBL | BIOS);
    out(PM1_CNT, 4, 4);
    ck_assert_uint_eq(heard.smis, 1);
    ck_assert_uint_eq(in(SMI_STS, 4), BIOS);
    ck_assert_uint_eq(in(PM1_CNT, 4), 0);
    out(SMI_STS, 4, BIOS);
    ck_assert_uint_eq(in(SMI_STS, 4), 0);
    out(PM1_EN, 2, 0x20);
    out(PM1_CNT, 4, 1);
    out(SMI_EN, 4, GBL | BIOS_RLS);
    ck_assert(sci.level);
    ck_assert_uint_eq(in(PM1_STS, 2), 0x20);
    ck_assert_uint_eq(in(SMI_EN, 4), GBL);
}
END_TEST

START_TEST(apm)
{
    out(APM, 1, 0x10);
    ck_assert_uint_eq(heard.smis, 0);
    out(SMI_EN, 4, APMC);
    out(APM, 1, 0x10); /* not without GBL_SMI_EN */
    ck_assert_uint_eq(heard.smis, 0);
    out(SMI_EN, 4, GBL | APMC);
    out(APMS, 1, 0x77);
    out(APM, 1, 0x10);
    ck_assert_uint_eq(heard.smis, 1);
    ck_assert_uint_eq(in(APM, 2), 0x7710);
    ck_assert_uint_eq(in(SMI_STS, 4), APMC);
    out(APM, 1, 0x02);
    ck_assert_uint_eq(in(PM1_CNT, 4), 1);
    out(APM, 1, 0x03);
    ck_assert_uint_eq(in(PM1_CNT, 4), 0);
    ck_assert_uint_eq(heard.smis, 1);
}
END_TEST

START_TEST(smi_lock)
{
    out(SMI_EN, 4, GBL | APMC);
    ich9_pm_set_control(pm, false, 0x10, 0);
    out(SMI_EN, 4, 0);
    ck_assert_uint_eq(in(SMI_EN, 4), GBL);
    ich9_pm_set_control(pm, false, 0, 0);
    out(SMI_EN, 4, TCO);
    out(TCO1_CNT, 2, 0x1000); /* TCO_LOCK */
    out(SMI_EN, 4, GBL);
    ck_assert_uint_eq(in(SMI_EN, 4), TCO | GBL);
    out(TCO1_CNT, 2, 0);
    ck_assert_uint_eq(in(TCO1_CNT, 2), 0x1000);
}
END_TEST

/* GEN_PMCON_1 1:0: 64, 32, 16, 8 s; GEN_PMCON_3 7:6: 1.5, 16, 32, 64 ms. */
static const struct { uint16_t seconds; uint32_t us; } rates[] = {
    { 64, 1500 }, { 32, 16000 }, { 16, 32000 }, { 8, 64000 },
};
START_TEST(smi_timers)
{
    ich9_pm_set_control(pm, false, (uint16_t)_i, (uint8_t)(_i << 6));
    out(SMI_EN, 4, GBL | SWSMI);
    ev_run(m->queue, rates[_i].us * PS_PER_US - 1);
    ck_assert_uint_eq(heard.smis, 0);
    replace_machine();
    ich9_pm_set_control(pm, false, (uint16_t)_i, (uint8_t)(_i << 6));
    ev_run(m->queue, PS_PER_SEC);
    ck_assert_uint_eq(heard.smis, 1); /* once */
    ck_assert_uint_eq(in(SMI_STS, 4), SWSMI);
    out(SMI_EN, 4, GBL | PERIODIC);
    ev_run(m->queue, PS_PER_SEC + 3 * rates[_i].seconds * PS_PER_SEC);
    ck_assert_uint_eq(heard.smis, 4);
    out(SMI_EN, 4, GBL);
    ck_assert_uint_eq(ev_next(m->queue), PS_NEVER);
}
END_TEST

/* 13.9: first timeout SMI and TIMEOUT, the second one a reset; 0.6 s a tick. */
START_TEST(watchdog)
{
    out(SMI_EN, 4, GBL | TCO);
    ck_assert_uint_eq(ev_next(m->queue), PS_NEVER); /* not before software wants it */
    out(TCO_TMR, 2, 10);
    out(RLD, 2, 1);
    ck_assert_uint_eq(in(RLD, 2), 10);
    ev_run(m->queue, 3 * PS_PER_SEC);
    ck_assert_uint_eq(in(RLD, 2), 5);
    out(RLD, 2, 1);
    ev_run(m->queue, 9 * PS_PER_SEC - 1);
    ck_assert_uint_eq(heard.smis, 0);
    replace_machine();
    ev_run(m->queue, 9 * PS_PER_SEC);
    ck_assert_uint_eq(heard.smis, 1);
    ck_assert_uint_eq(in(TCO1_STS, 2), 8);
    ev_run(m->queue, 15 * PS_PER_SEC);
    ck_assert_uint_eq(heard.resets, 1);
    ck_assert_uint_eq(in(TCO2_STS, 2), 6);
    out(TCO2_STS, 2, 6);
    ck_assert_uint_eq(in(TCO2_STS, 2), 0);
}
END_TEST

START_TEST(watchdog_without_reboot)
{
    ich9_pm_set_control(pm, true, 0, 0);
    out(RLD, 2, 1);
    ev_run(m->queue, 60 * PS_PER_SEC);
    ck_assert_uint_eq(heard.resets, 0);
    ck_assert_uint_eq(in(TCO2_STS, 2), 2);
}
END_TEST

START_TEST(watchdog_halts)
{
    out(TCO1_CNT, 2, 0x0800);
    out(TCO_TMR, 2, 10);
    out(RLD, 2, 1);
    ev_run(m->queue, 60 * PS_PER_SEC);
    ck_assert_uint_eq(in(RLD, 2), 10);
    out(TCO1_CNT, 2, 0);
    ev_run(m->queue, 63 * PS_PER_SEC);
    out(TCO1_CNT, 2, 0x0800);
    ck_assert_uint_eq(in(RLD, 2), 5);
    ev_run(m->queue, 600 * PS_PER_SEC);
    ck_assert_uint_eq(in(RLD, 2), 5);
    ck_assert_uint_eq(in(TCO1_STS, 2), 0);
    out(TCO1_CNT, 2, 0x0900);
    ck_assert_uint_eq(pm->dev.unmodelled_count, 1); /* NMI_NOW */
}
END_TEST

START_TEST(generic)
{
    device_generic_test(&(struct device_generic){ .make = make });
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("devices.ich9_pm");
    TCase *t = tcase_create("generic"), *u = tcase_create("pm");

    tcase_add_test(t, generic);
    suite_add_tcase(s, t);
    tcase_add_checked_fixture(u, setup, teardown);
    tcase_add_test(u, reset_values);
    tcase_add_test(u, timer);
    tcase_add_test(u, timer_status);
    tcase_add_loop_test(u, pm1_events, 0, (int)ARRAY_LEN(events));
    tcase_add_test(u, rtc_alarm);
    tcase_add_test(u, general_purpose_events);
    tcase_add_test(u, events_without_sci_en);
    tcase_add_test(u, sleeping);
    tcase_add_loop_test(u, waking, 0, (int)ARRAY_LEN(wakers));
    tcase_add_test(u, restless);
    tcase_add_test(u, global_lock);
    tcase_add_test(u, apm);
    tcase_add_test(u, smi_lock);
    tcase_add_loop_test(u, smi_timers, 0, (int)ARRAY_LEN(rates));
    tcase_add_test(u, watchdog);
    tcase_add_test(u, watchdog_without_reboot);
    tcase_add_test(u, watchdog_halts);
    suite_add_tcase(s, u);
    return s;
}
