/* SPDX-License-Identifier: Apache-2.0 */
/* RISC-V ACLINT 1.0-rc4 in the CLINT's layout: MSWI, MTIMER, SSWI. */
#include "irqchip/aclint.h"
#include "core/util/bits.h"
#include "test/check_main.h"
#include "test/device_generic.h"

enum { BASE = 0x2000000, SSWI = 0x2f00000, HARTS = 3 };
enum { MSIP = 0, MTIMECMP = 0x4000, MTIME = 0xbff8 };
#define TICK (PS_PER_SEC / ACLINT_HZ) /* 100 ns */

static struct machine *m;
static struct aclint *a;
static bool mtip[HARTS], msip[HARTS];
static unsigned ssip[ACLINT_HARTS], jumps;

static void see_mtip(void *arg, uint32_t number, bool level)
{
    (void)arg;
    mtip[number] = level;
}
static void see_msip(void *arg, uint32_t number, bool level)
{
    (void)arg;
    msip[number] = level;
}
static void see_ssip(void *arg, uint32_t number, bool level)
{
    (void)arg;
    ssip[number] += level;
}
static void see_jump(void *arg)
{
    (void)arg;
    jumps++;
}

static struct aclint *create(struct machine *machine, uint32_t harts)
{
    struct err e = { 0 };
    struct aclint *made = aclint_create(machine, "aclint", harts, &e);

    ck_assert_msg(made != NULL, "%s", e.text);
    ck_assert_msg(device_map(&made->dev, machine->memory, BASE, &e) == 0, "%s", e.text);
    for (uint32_t i = 0; i < MIN(harts, (uint32_t)HARTS); i++) {
        irq_connect(&made->mtip[i], see_mtip, NULL, i);
        irq_connect(&made->msip[i], see_msip, NULL, i);
    }
    made->jumped = see_jump;
    return made;
}

static void setup(void)
{
    m = device_generic_machine();
    a = create(m, HARTS);
    machine_reset(m);
    memset(mtip, 0, sizeof(mtip));
    memset(msip, 0, sizeof(msip));
    jumps = 0;
}

static void teardown(void)
{
    machine_destroy(m);
}

static void replace_machine(void)
{
    struct machine *fresh = device_generic_machine();
    struct aclint *copy = create(fresh, HARTS);

    machine_reset(fresh);
    device_generic_copy(m, fresh);
    machine_destroy(m);
    m = fresh;
    a = copy;
}

static uint64_t load(uint32_t offset, unsigned size)
{
    uint64_t v = 0;

    ck_assert_int_eq(mem_load(m->memory, BASE + offset, size, &v, NULL), MEM_OK);
    return v;
}

static void store(uint32_t offset, unsigned size, uint64_t v)
{
    ck_assert_int_eq(mem_store(m->memory, BASE + offset, size, v, NULL), MEM_OK);
}

static void run_to(ps_t when)
{
    ev_run(m->queue, when);
}

/* ---- MSWI: bit 0 of msip[hart]; the rest, and harts that are not there, read 0 ---- */
START_TEST(software_interrupts)
{
    for (uint32_t h = 0; h < HARTS; h++) {
        store(MSIP + 4 * h, 4, 0xffffffff);
        ck_assert_uint_eq(load(MSIP + 4 * h, 4), 1);
        ck_assert(msip[h]);
        store(MSIP + 4 * h, 4, 0xfffffffe);
        ck_assert_uint_eq(load(MSIP + 4 * h, 4), 0);
        ck_assert(!msip[h]);
    }
    store(MSIP + 4 * HARTS, 4, 1);
    ck_assert_uint_eq(load(MSIP + 4 * HARTS, 4), 0);
    store(MSIP + 4 * 63, 4, 1);
    ck_assert_uint_eq(load(MSIP + 4 * 63, 4), 0);
    store(MSIP, 4, 1);
    replace_machine();
    ck_assert_uint_eq(load(MSIP, 4), 1);
    store(MSIP, 4, 0);
    ck_assert(!msip[0]);
}
END_TEST

/* ---- MTIMER ---- */

/* mtime at 10 MHz: 100 ns a tick, of which only whole ones count. */
START_TEST(mtime_counts)
{
    static const struct { ps_t now; uint64_t ticks; } rows[] = {
        { 0, 0 }, { TICK - 1, 0 }, { TICK, 1 }, { PS_PER_SEC, 10000000 },
        { 3600 * PS_PER_SEC + 99999, 36000000000 },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        run_to(rows[i].now);
        ck_assert_uint_eq(load(MTIME, 8), rows[i].ticks);
        ck_assert_uint_eq(load(MTIME, 4), (uint32_t)rows[i].ticks);
        ck_assert_uint_eq(load(MTIME + 4, 4), rows[i].ticks >> 32);
    }
}
END_TEST

/* "mtimecmp less than or equal to mtime": unsigned, with mtime set first or last. */
static const struct {
    uint64_t mtime, mtimecmp;
    uint64_t ticks; /* until MTIP rises; 0: at once; NEVER */
} compares[] = {
#define NEVER UINT64_MAX
    { 0, 0, 0 },
    { 0, 1, 1 },
    { 5, 5, 0 },
    { 6, 5, 0 },
    { 5, 1005, 1000 },
    { 1000000, 1000001, 1 },
    { UINT64_MAX - 10, UINT64_MAX - 5, 5 },
    { UINT64_MAX - 10, 3, 0 },          /* due now: unsigned */
    { BIT(63) - 1, BIT(63), 1 },        /* not signed */
    { BIT(63), 5, 0 },
    { 0, UINT64_MAX, NEVER },
    { 7, BIT(60), NEVER },
};
START_TEST(mtip_compares)
{
    for (int later = 0; later < 2; later++) {
        for (int order = 0; order < 2; order++) {
            ps_t start = later ? 12345 * TICK + 1 : 0, first;

            teardown();
            setup();
            run_to(start);
            if (order)
                store(MTIMECMP + 8, 8, compares[_i].mtimecmp);
            store(MTIME, 8, compares[_i].mtime);
            if (!order)
                store(MTIMECMP + 8, 8, compares[_i].mtimecmp);
            ck_assert_int_eq(mtip[1], compares[_i].ticks == 0);
            ck_assert(!mtip[0] && !mtip[2]);
            first = start / TICK * TICK + compares[_i].ticks * TICK;
            if (compares[_i].ticks == NEVER) {
                run_to(start + 1000 * PS_PER_SEC);
                ck_assert(!mtip[1]);
            } else if (compares[_i].ticks) {
                replace_machine();
                run_to(first - 1);
                ck_assert(!mtip[1]);
                run_to(first);
                ck_assert(mtip[1]);
            }
        }
    }
}
END_TEST

/* mtime goes round: MTIP falls at 0 and rises again. */
START_TEST(mtime_wraps)
{
    store(MTIME, 8, UINT64_MAX - 2);
    store(MTIMECMP, 8, 4);
    store(MTIMECMP + 8, 8, UINT64_MAX);
    store(MTIMECMP + 16, 8, 0);
    static const struct { unsigned ticks; uint64_t mtime; bool line[3]; } rows[] = {
        { 0, UINT64_MAX - 2, { true, false, true } },
        { 1, UINT64_MAX - 1, { true, false, true } },
        { 2, UINT64_MAX, { true, true, true } },
        { 3, 0, { false, false, true } },
        { 6, 3, { false, false, true } },
        { 7, 4, { true, false, true } },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        run_to(rows[i].ticks * TICK);
        ck_assert_uint_eq(load(MTIME, 8), rows[i].mtime);
        for (unsigned h = 0; h < 3; h++)
            ck_assert_msg(mtip[h] == rows[i].line[h], "tick %u, hart %u", rows[i].ticks, h);
        replace_machine();
    }
    ck_assert_uint_eq(jumps, 2 + ARRAY_LEN(rows)); /* the write, the wrap, and resets of fresh machines */
}
END_TEST

/* mtime set to 0 late in the run: what an offset taken for unsigned gets wrong. */
START_TEST(mtime_set_back)
{
    run_to(PS_PER_SEC);
    store(MTIME, 8, 0);
    store(MTIMECMP, 8, 5);
    ck_assert(!mtip[0]);
    run_to(PS_PER_SEC + 5 * TICK - 1);
    ck_assert(!mtip[0]);
    run_to(PS_PER_SEC + 5 * TICK);
    ck_assert(mtip[0]);
    store(MTIME, 8, 4); /* and back behind it */
    ck_assert(!mtip[0]);
    run_to(PS_PER_SEC + 6 * TICK);
    ck_assert(mtip[0]);
}
END_TEST

/* Halves: RV32's order of writing keeps mtimecmp out of the way. */
START_TEST(halves)
{
    store(MTIMECMP, 4, 0xffffffff);
    store(MTIMECMP + 4, 4, 1);
    store(MTIMECMP, 4, 7);
    ck_assert_uint_eq(load(MTIMECMP, 8), 0x100000007);
    ck_assert_uint_eq(load(MTIMECMP + 4, 4), 1);
    store(MTIME + 4, 4, 1);
    ck_assert(!mtip[0]);
    store(MTIME, 4, 6);
    ck_assert_uint_eq(load(MTIME, 8), 0x100000006);
    run_to(TICK - 1);
    ck_assert(!mtip[0]);
    run_to(TICK);
    ck_assert(mtip[0]);
}
END_TEST

START_TEST(widths)
{
    static const struct { uint32_t offset; unsigned sizes; } rows[] = {
        { MSIP, 4 }, { MTIMECMP, 4 | 8 }, { MTIMECMP + 4, 4 }, { MTIME, 4 | 8 }, { MTIME + 4, 4 },
    };
    uint64_t v;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        for (unsigned size = 1; size <= 4 || (size == 8 && rows[i].offset % 8 == 0); size *= 2)
            ck_assert_int_eq(mem_load(m->memory, BASE + rows[i].offset, size, &v, NULL) == MEM_OK,
                             (rows[i].sizes & size) != 0);
}
END_TEST

/* Before the first write MTIP is low; harts that are not there have no compare register. */
START_TEST(compare_of_absent_harts)
{
    ck_assert_uint_eq(load(MTIMECMP, 8), UINT64_MAX);
    ck_assert_uint_eq(load(MTIMECMP + 8 * HARTS, 8), 0);
    store(MTIMECMP + 8 * HARTS, 8, 5);
    ck_assert_uint_eq(load(MTIMECMP + 8 * HARTS, 8), 0);
    ck_assert_uint_eq(ev_next(m->queue), PS_NEVER);
}
END_TEST

/* Chapter "MTIMER Device": mtime is cleared by a reset. */
START_TEST(reset)
{
    run_to(PS_PER_SEC);
    store(MTIMECMP, 8, 1);
    store(MSIP, 4, 1);
    ck_assert(mtip[0] && msip[0]);
    machine_reset(m);
    ck_assert(!mtip[0] && !msip[0]);
    ck_assert_uint_eq(load(MTIME, 8), 0);
    ck_assert_uint_eq(load(MSIP, 4), 0);
    store(MTIMECMP, 8, 10);
    run_to(PS_PER_SEC + 10 * TICK - 1);
    ck_assert(!mtip[0]);
    run_to(PS_PER_SEC + 10 * TICK);
    ck_assert(mtip[0]);
}
END_TEST

/* The CPU's view of the same clock. */
START_TEST(time_hooks)
{
    ck_assert_uint_eq(aclint_read_time(a, 10 * TICK), 10);
    ck_assert_uint_eq(aclint_time_of(a, 10), 10 * TICK);
    ck_assert_uint_eq(aclint_time_of(a, UINT64_MAX), PS_NEVER);
    store(MTIME, 8, 1000);
    ck_assert_uint_eq(aclint_read_time(a, 10 * TICK), 1010);
    ck_assert_uint_eq(aclint_time_of(a, 1010), 10 * TICK);
    ck_assert_uint_eq(aclint_time_of(a, 1000), 0);
    ck_assert_uint_eq(aclint_time_of(a, 5), 0);
    run_to(2000 * TICK);
    store(MTIME, 8, 0);
    ck_assert_uint_eq(aclint_time_of(a, 5), 2005 * TICK);
    ck_assert_uint_eq(jumps, 2);
}
END_TEST

/* ---- SSWI: writing 1 to setssip is an edge; it reads 0 ---- */
START_TEST(sswi)
{
    struct err e = { 0 };
    struct aclint_sswi *s = aclint_sswi_create(m, "sswi", &e);
    uint64_t v = 1;

    ck_assert_msg(s != NULL, "%s", e.text);
    ck_assert_int_eq(device_map(&s->dev, m->memory, SSWI, &e), 0);
    for (uint32_t h = 0; h < ACLINT_HARTS; h++)
        irq_connect(&s->ssip[h], see_ssip, NULL, h);
    memset(ssip, 0, sizeof(ssip));
    ck_assert_int_eq(mem_store(m->memory, SSWI + 4, 4, 1, NULL), MEM_OK);
    ck_assert_int_eq(mem_store(m->memory, SSWI + 4, 4, 0xffffffff, NULL), MEM_OK);
    ck_assert_int_eq(mem_store(m->memory, SSWI + 4, 4, 0xfffffffe, NULL), MEM_OK);
    ck_assert_int_eq(mem_store(m->memory, SSWI + 4 * 63, 4, 1, NULL), MEM_OK);
    ck_assert_int_eq(mem_load(m->memory, SSWI + 4, 4, &v, NULL), MEM_OK);
    ck_assert_uint_eq(v, 0);
    ck_assert(ssip[0] == 0 && ssip[1] == 2 && ssip[63] == 1);
    device_generic_check(&s->dev);
}
END_TEST

START_TEST(harts_are_bounded)
{
    struct err e = { 0 };

    ck_assert_ptr_null(aclint_create(m, "none", 0, &e));
    ck_assert_ptr_null(aclint_create(m, "many", ACLINT_HARTS + 1, &e));
    ck_assert_ptr_nonnull(strstr(e.text, "64"));
}
END_TEST

/* ---- generic ---- */
static struct device *make(struct machine *machine, void *arg)
{
    return &create(machine, arg ? ACLINT_HARTS : HARTS)->dev;
}

START_TEST(generic)
{
    device_generic_test(&(struct device_generic){ .make = make, .seed = (uint64_t)_i,
                                                  .arg = _i ? &jumps : NULL });
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("aclint");
    TCase *t = tcase_create("aclint");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, software_interrupts);
    tcase_add_test(t, mtime_counts);
    tcase_add_loop_test(t, mtip_compares, 0, (int)ARRAY_LEN(compares));
    tcase_add_test(t, mtime_wraps);
    tcase_add_test(t, mtime_set_back);
    tcase_add_test(t, halves);
    tcase_add_test(t, widths);
    tcase_add_test(t, compare_of_absent_harts);
    tcase_add_test(t, reset);
    tcase_add_test(t, time_hooks);
    tcase_add_test(t, sswi);
    tcase_add_test(t, harts_are_bounded);
    tcase_add_loop_test(t, generic, 0, 2);
    suite_add_tcase(s, t);
    return s;
}
