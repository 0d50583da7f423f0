/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PCH-PIC: Loongson 7A1000 manual, chapter "Interrupt controller", tables "Interrupt control and status registers" and
 * "Interrupt register address distribution". 32 pins, version 1.
 */
#include "irqchip/pch_pic.h"
#include "core/util/bits.h"

#define PART_AT 0x10000000ull
#include "test/devices/part_fixture.h"
#define p ((struct pch_pic *)part)

enum { SIZE = 0x400, WORDS = SIZE / 8, PINS = 32 };
enum { INT_ID = 0x000, INT_MASK = 0x020, HTMSI_EN = 0x040, INTEDGE = 0x060, INTCLR = 0x080, AUTO_CTRL0 = 0x0c0,
       AUTO_CTRL1 = 0x0e0, ROUTE_ENTRY = 0x100, HTMSI_VECTOR = 0x200, INTISR_0 = 0x300, INTISR_1 = 0x320,
       INTIRR = 0x380, INTISR = 0x3a0, INT_POLARITY = 0x3e0 };

static bool vector[256];
static unsigned raised[256]; /* how often */

static void sink(void *arg, uint32_t number, bool level)
{
    (void)arg;
    ck_assert_uint_lt(number, 256);
    vector[number] = level;
    raised[number] += level;
}

static struct device *part_create(struct machine *machine, struct err *e)
{
    struct pch_pic *made = pch_pic_create(machine, "pch-pic", PINS, 1, sink, NULL, e);

    return made ? &made->dev : NULL;
}

static void start(void)
{
    setup();
    memset(vector, 0, sizeof(vector));
    memset(raised, 0, sizeof(raised));
}

static uint64_t load(uint32_t offset, unsigned size)
{
    uint64_t v = ~0ull;

    ck_assert_int_eq(mem_load(m->memory, PART_AT + offset, size, &v, NULL), MEM_OK);
    return v;
}

static void store(uint32_t offset, unsigned size, uint64_t v)
{
    ck_assert_int_eq(mem_store(m->memory, PART_AT + offset, size, v, NULL), MEM_OK);
}

static uint64_t get64(uint32_t offset) { return load(offset, 8); }
static void put64(uint32_t offset, uint64_t v) { store(offset, 8, v); }

START_TEST(generic)
{
    device_generic_test(&(struct device_generic){ .make = make });
}
END_TEST

/* ---- registers ---- */

/* The manual's tables; what is not here is reserved: reads 0, ignores writes. */
static const struct { uint32_t offset, words; uint64_t rw, reset[4]; } rows[] = {
    { INT_ID, 1, 0, { 0x001f000107000000 } },
    { INT_MASK, 1, ~0ull, { ~0ull } },
    { HTMSI_EN, 1, ~0ull, { 0 } },
    { INTEDGE, 1, ~0ull, { 0 } },
    { INTCLR, 1, 0, { 0 } },
    { AUTO_CTRL0, 1, 0, { 0 } },            /* the fixed mode alone */
    { AUTO_CTRL1, 1, 0, { 0 } },
    { ROUTE_ENTRY, 4, ~0ull, { 0x0101010101010101, 0x0101010101010101, 0x0101010101010101, 0x0101010101010101 } },
    { ROUTE_ENTRY + 0x20, 4, ~0ull, { 0 } },
    { HTMSI_VECTOR, 4, ~0ull, { 0x0706050403020100, 0x0f0e0d0c0b0a0908, 0x1716151413121110, 0x1f1e1d1c1b1a1918 } },
    { HTMSI_VECTOR + 0x20, 4, ~0ull, { 0 } },
    { INTISR_0, 1, 0, { 0 } },
    { INTISR_1, 1, 0, { 0 } },
    { INTIRR, 1, 0, { 0 } },
    { INTISR, 1, 0, { 0 } },
    { INT_POLARITY, 1, ~0ull, { 0 } },
};

static uint64_t reset_of[WORDS], writable[WORDS];

static void expect_table(void)
{
    memset(reset_of, 0, sizeof(reset_of));
    memset(writable, 0, sizeof(writable));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        for (uint32_t k = 0; k < rows[i].words; k++) {
            reset_of[rows[i].offset / 8 + k] = rows[i].reset[k];
            writable[rows[i].offset / 8 + k] = rows[i].rw;
        }
    }
}

static uint64_t lanes_of(unsigned size)
{
    return size == 8 ? ~0ull : (1ull << 8 * size) - 1;
}

static const unsigned sizes[] = { 1, 2, 4, 8 };

/* One size a run: reads at every byte of the window, whose last ones reach beyond it. */
START_TEST(every_read)
{
    unsigned size = sizes[_i];

    expect_table();
    for (uint32_t at = 0; at < SIZE; at++) {
        uint64_t wanted = at % size ? 0 : reset_of[at / 8] >> 8 * (at % 8) & lanes_of(size);
        ck_assert_msg(load(at, size) == wanted, "offset %#x, %u bytes: %#llx, should be %#llx", at, size,
                      (unsigned long long)load(at, size), (unsigned long long)wanted);
    }
}
END_TEST

/*
 * And writes: the bytes addressed change where they can, no others do, nowhere. The wires are low: pins for which
 * that is now active ask.
 */
START_TEST(every_write)
{
    unsigned size = sizes[_i];

    expect_table();
    for (uint32_t at = 0; at < SIZE; at++) {
        uint64_t data = 0x3c5a69c3a5960ff1ull * (at + 1), lane = 0;
        machine_reset(m);
        store(at, size, data & lanes_of(size));
        if (at % size == 0)
            lane = lanes_of(size) << 8 * (at % 8) & writable[at / 8];
        bool all = at % 8 == (at / 8) % 8; /* the whole window once a word, at another byte each time */
        for (uint32_t w = all ? 0 : at / 8; w < (all ? WORDS : at / 8 + 1); w++) {
            uint64_t wanted = reset_of[w];
            if (w == at / 8)
                wanted = (wanted & ~lane) | ((data & lanes_of(size)) << 8 * (at % 8) & lane);
            if (w == INTIRR / 8 && at / 8 == INT_POLARITY / 8)
                wanted = ((data & lanes_of(size)) << 8 * (at % 8) & lane) & 0xffffffff;
            ck_assert_msg(get64(w * 8) == wanted, "after a write of %u bytes at %#x, offset %#x: %#llx, should be %#llx",
                          size, at, w * 8, (unsigned long long)get64(w * 8), (unsigned long long)wanted);
        }
    }
}
END_TEST

START_TEST(misaligned_is_a_guest_error)
{
    uint64_t before = p->dev.guest_errors;

    ck_assert_uint_eq(load(INT_MASK + 2, 4), 0);
    store(INT_MASK + 2, 4, 0);
    store(SIZE - 1, 8, 0);
    ck_assert_uint_eq(p->dev.guest_errors, before + 3);
    ck_assert_uint_eq(get64(INT_MASK), ~0ull);
}
END_TEST

/* Linux' driver writes one vector for no pin. */
START_TEST(vector_of_no_pin_is_ignored)
{
    store(0x2ff, 1, 5);
    ck_assert_uint_eq(p->dev.guest_errors, 0);
    ck_assert_uint_eq(get64(0x2f8), 0);
    ck_assert_uint_eq(get64(HTMSI_VECTOR), 0x0706050403020100);
}
END_TEST

static const struct { uint32_t pins, version; uint64_t id; } ids[] = {
    { 1, 0, 0x0000000007000000 }, { 32, 1, 0x001f000107000000 }, { 64, 1, 0x003f000107000000 },
    { 64, 255, 0x003f00ff07000000 },
};
START_TEST(id_is_fixed_at_creation)
{
    struct machine *other = device_generic_machine();
    struct err e = { 0 };
    struct pch_pic *made = pch_pic_create(other, "pch-pic", ids[_i].pins, ids[_i].version, sink, NULL, &e);
    uint64_t v;

    ck_assert_ptr_nonnull(made);
    ck_assert_int_eq(device_map(&made->dev, other->memory, PART_AT, &e), 0);
    ck_assert_int_eq(mem_load(other->memory, PART_AT, 8, &v, NULL), MEM_OK);
    ck_assert_uint_eq(v, ids[_i].id);
    machine_destroy(other);
}
END_TEST

START_TEST(bad_arguments_are_named)
{
    struct err e = { 0 };

    ck_assert_ptr_null(pch_pic_create(m, "a", 0, 1, sink, NULL, &e));
    ck_assert_ptr_null(pch_pic_create(m, "a", 65, 1, sink, NULL, &e));
    ck_assert_ptr_null(pch_pic_create(m, "a", 32, 256, sink, NULL, &e));
    ck_assert_ptr_nonnull(strstr(e.text, "1 to 64"));
}
END_TEST

/* ---- interrupts ---- */
#define PIN 3

static void wire(bool level)
{
    pch_pic_set_level(p, PIN, level);
}

static void expect(bool irr, bool isr, bool out)
{
    ck_assert_uint_eq(get64(INTIRR), (uint64_t)irr << PIN);
    ck_assert_uint_eq(get64(INTISR), (uint64_t)isr << PIN);
    ck_assert_int_eq(vector[PIN], out);
}

static void mask_all_but(uint64_t pins) { put64(INT_MASK, ~pins); }

START_TEST(level_follows_the_wire)
{
    mask_all_but(BIT(PIN));
    expect(false, false, false);
    wire(true);
    expect(true, true, true);
    replace_machine();
    put64(INTCLR, BIT(PIN));       /* level pins do not notice */
    expect(true, true, true);
    wire(false);
    expect(false, false, false);
}
END_TEST

START_TEST(unmasking_delivers)
{
    wire(true);
    expect(true, false, false);
    replace_machine();
    mask_all_but(BIT(PIN));
    expect(true, true, true);
    mask_all_but(0);             /* masking takes nothing back */
    expect(true, true, true);
    mask_all_but(BIT(PIN));      /* but what was handled comes again */
    ck_assert_uint_eq(raised[PIN], 2);
    mask_all_but(0);
    wire(false);
    expect(false, false, false);
    mask_all_but(BIT(PIN));
    expect(false, false, false);
}
END_TEST

/* By every size; only pins of the lanes addressed are unmasked, and all of them. */
static const struct { uint32_t at; unsigned size; uint64_t data, pins; } unmasks[] = {
    { 0, 8, 0, 0xffffffff }, { 0, 4, 0, 0xffffffff }, { 4, 4, 0, 0 }, { 0, 2, 0, 0x0000ffff },
    { 2, 2, 0x0ff0, 0xf00f0000 }, { 0, 1, 0xfe, 0x01 }, { 3, 1, 0, 0xff000000 }, { 1, 2, 0, 0 }, { 2, 4, 0, 0 },
};
START_TEST(one_write_unmasks_many)
{
    for (uint32_t pin = 0; pin < PINS; pin++)
        pch_pic_set_level(p, pin, true);
    ck_assert_uint_eq(get64(INTIRR), 0xffffffff);
    store(INT_MASK + unmasks[_i].at, unmasks[_i].size, unmasks[_i].data);
    ck_assert_uint_eq(get64(INTISR), unmasks[_i].pins);
    for (uint32_t pin = 0; pin < PINS; pin++)
        ck_assert_int_eq(vector[pin], unmasks[_i].pins >> pin & 1);
}
END_TEST

START_TEST(edge_latches)
{
    put64(INTEDGE, BIT(PIN));
    mask_all_but(BIT(PIN));
    wire(true);
    expect(true, true, true);
    wire(false);
    expect(true, true, true);
    replace_machine();
    put64(INTCLR, ~BIT(PIN));
    expect(true, true, true);
    put64(INTCLR, BIT(PIN));
    expect(false, false, false);
    ck_assert_uint_eq(get64(INTCLR), 0);
    wire(true);
    put64(INTCLR, BIT(PIN));       /* the wire is still up: no edge */
    expect(false, false, false);
    wire(false);
    wire(true);
    expect(true, true, true);
    wire(false);
    wire(true);                  /* another before the clear reaches the controller behind too */
    ck_assert_uint_eq(raised[PIN], 4);
}
END_TEST

START_TEST(edge_waits_while_masked)
{
    put64(INTEDGE, BIT(PIN));
    wire(true);
    wire(false);
    expect(true, false, false);
    mask_all_but(BIT(PIN));
    expect(true, true, true);
    put64(INTCLR, BIT(PIN));
    mask_all_but(0);
    wire(true);
    put64(INTCLR, BIT(PIN));
    mask_all_but(BIT(PIN));
    expect(false, false, false);
}
END_TEST

/* Lane-shifted clears of every size. */
static const struct { uint32_t at; unsigned size; uint64_t data, left; } clears[] = {
    { 0, 8, ~0ull, 0 }, { 0, 4, 0xffff0000, 0x0000ffff }, { 4, 4, 0xffffffff, 0xffffffff },
    { 2, 2, 0xffff, 0x0000ffff }, { 3, 1, 0x81, 0x7effffff }, { 0, 1, 0xff, 0xffffff00 }, { 1, 4, ~0u, 0xffffffff },
};
START_TEST(clears_reach_their_lanes)
{
    put64(INTEDGE, ~0ull);
    put64(INT_MASK, 0);
    for (uint32_t pin = 0; pin < PINS; pin++) {
        pch_pic_set_level(p, pin, true);
        pch_pic_set_level(p, pin, false);
    }
    store(INTCLR + clears[_i].at, clears[_i].size, clears[_i].data);
    ck_assert_uint_eq(get64(INTIRR), clears[_i].left);
    ck_assert_uint_eq(get64(INTISR), clears[_i].left);
    for (uint32_t pin = 0; pin < PINS; pin++)
        ck_assert_int_eq(vector[pin], clears[_i].left >> pin & 1);
}
END_TEST

/* "0: High level trigger. 1: Low level trigger"; for edges, falling ones. */
START_TEST(polarity_turns_the_sense)
{
    mask_all_but(BIT(PIN));
    put64(INT_POLARITY, BIT(PIN));
    expect(true, true, true);
    wire(true);
    expect(false, false, false);
    wire(false);
    expect(true, true, true);
    replace_machine();
    put64(INT_POLARITY, 0);
    expect(false, false, false);
    put64(INTEDGE, BIT(PIN));
    put64(INT_POLARITY, BIT(PIN)); /* turning an edge pin is no edge */
    expect(false, false, false);
    wire(true);
    expect(false, false, false);
    wire(false);
    expect(true, true, true);
    put64(INTEDGE, 0);
    expect(true, true, true);    /* the level is low */
    put64(INT_POLARITY, ~BIT(PIN)); /* pins that are not there ask for nothing */
    ck_assert_uint_eq(get64(INTIRR), 0xffffffff & ~BIT(PIN));
}
END_TEST

START_TEST(back_to_level_forgets_the_edge)
{
    put64(INTEDGE, BIT(PIN));
    mask_all_but(BIT(PIN));
    wire(true);
    wire(false);
    put64(INTEDGE, 0);
    expect(false, false, false);
}
END_TEST

/* A pin's vector falls where it rose. */
START_TEST(vectors_are_programmed)
{
    store(HTMSI_VECTOR + PIN, 1, 200);
    mask_all_but(BIT(PIN));
    wire(true);
    ck_assert(vector[200] && !vector[PIN]);
    store(HTMSI_VECTOR, 4, 0x64000000);
    ck_assert(vector[200] && !vector[100]);
    replace_machine();
    wire(false);
    ck_assert(!vector[200] && !vector[100]);
    wire(true);
    ck_assert(vector[100]);
    store(HTMSI_VECTOR + PIN, 1, 99);
    mask_all_but(0);
    mask_all_but(BIT(PIN));      /* the next delivery */
    ck_assert(vector[99] && !vector[100]);
}
END_TEST

START_TEST(shared_vector_falls_with_the_last)
{
    store(HTMSI_VECTOR + 4, 2, 0x5050);
    put64(INT_MASK, 0);
    pch_pic_set_level(p, 4, true);
    pch_pic_set_level(p, 5, true);
    ck_assert_uint_eq(raised[0x50], 2);
    pch_pic_set_level(p, 4, false);
    ck_assert(vector[0x50]);
    pch_pic_set_level(p, 5, false);
    ck_assert(!vector[0x50]);
}
END_TEST

START_TEST(reset_lowers_and_keeps_the_wires)
{
    mask_all_but(BIT(PIN));
    wire(true);
    machine_reset(m);
    expect(true, false, false);
    mask_all_but(BIT(PIN));
    expect(true, true, true);
}
END_TEST

START_TEST(pins_that_are_not_there)
{
    put64(INT_MASK, 0);
    pch_pic_set_level(p, PINS, true);
    pch_pic_set_level(p, ~0u, true);
    ck_assert_uint_eq(get64(INTIRR), 0);
}
END_TEST

START_TEST(other_modes_are_not_modelled)
{
    put64(AUTO_CTRL0, 0);
    ck_assert_uint_eq(p->dev.unmodelled_count, 0);
    put64(AUTO_CTRL1, 1);
    ck_assert_uint_eq(p->dev.unmodelled_count, 1);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("irqchip.pch_pic");
    TCase *t = tcase_create("registers"), *u = tcase_create("interrupts");

    tcase_add_checked_fixture(t, start, teardown);
    tcase_add_test(t, generic);
    tcase_add_loop_test(t, every_read, 0, ARRAY_LEN(sizes));
    tcase_add_loop_test(t, every_write, 0, ARRAY_LEN(sizes));
    tcase_add_test(t, misaligned_is_a_guest_error);
    tcase_add_test(t, vector_of_no_pin_is_ignored);
    tcase_add_loop_test(t, id_is_fixed_at_creation, 0, ARRAY_LEN(ids));
    tcase_add_test(t, bad_arguments_are_named);
    suite_add_tcase(s, t);
    tcase_add_checked_fixture(u, start, teardown);
    tcase_add_test(u, level_follows_the_wire);
    tcase_add_test(u, unmasking_delivers);
    tcase_add_loop_test(u, one_write_unmasks_many, 0, ARRAY_LEN(unmasks));
    tcase_add_test(u, edge_latches);
    tcase_add_test(u, edge_waits_while_masked);
    tcase_add_loop_test(u, clears_reach_their_lanes, 0, ARRAY_LEN(clears));
    tcase_add_test(u, polarity_turns_the_sense);
    tcase_add_test(u, back_to_level_forgets_the_edge);
    tcase_add_test(u, vectors_are_programmed);
    tcase_add_test(u, shared_vector_falls_with_the_last);
    tcase_add_test(u, reset_lowers_and_keeps_the_wires);
    tcase_add_test(u, pins_that_are_not_there);
    tcase_add_test(u, other_modes_are_not_modelled);
    suite_add_tcase(s, u);
    return s;
}
