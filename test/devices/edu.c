/* SPDX-License-Identifier: Apache-2.0 */
/* QEMU docs/specs/edu: each register, both directions of DMA, and who is told. */
#include "devices/edu.h"
#include "test/check_main.h"
#include "test/device_generic.h"
#include "test/devices/pci_card.h"
#include <string.h>

enum { ID = 0, ALIVE = 4, FACTORIAL = 8, STATUS = 0x20, RAISED = 0x24, RAISE = 0x60, ACK = 0x64, SOURCE = 0x80,
       DESTINATION = 0x88, COUNT = 0x90, COMMAND = 0x98 };
#define BUFFER 0x40000

static struct card x;

static struct edu *make_card(struct card *c, struct machine *m)
{
    struct err e = { 0 };
    card_open(c, m);
    struct edu *d = edu_create(m, "edu", &c->bus, PCI_DEVFN(1, 0), 0xffffffff, &e);
    ck_assert_msg(d != NULL, "%s", e.text);
    c->f = c->bus.function[PCI_DEVFN(1, 0)];
    return d;
}
static void setup(void)
{
    make_card(&x, device_generic_machine());
    machine_reset(x.m);
    card_enable(&x);
}
static void teardown(void)
{
    card_close(&x);
}

static struct card_spaces spaces;
static struct device *make(struct machine *m, void *arg)
{
    (void)arg;
    static struct card c[1024];
    struct card *one = &c[spaces.n];
    struct edu *d = make_card(one, m);
    card_keep(&spaces, one);
    (void)d;
    return one->f->dev;
}
START_TEST(generic)
{
    device_generic_test(&(struct device_generic){ .make = make });
    card_drop(&spaces);
}
END_TEST

static void put(uint32_t at, uint64_t v, unsigned size)
{
    ck_assert_int_eq(mem_store(x.m->memory, CARD_BAR + at, size, v, NULL), MEM_OK);
}
static uint64_t get(uint32_t at, unsigned size)
{
    uint64_t v = 0;
    ck_assert_int_eq(mem_load(x.m->memory, CARD_BAR + at, size, &v, NULL), MEM_OK);
    return v;
}
static void pass(ps_t time)
{
    ev_run(x.m->queue, ev_now(x.m->queue) + time);
}

START_TEST(registers)
{
    ck_assert_uint_eq(card_config(&x, 0, 4), 0x11e81234);
    ck_assert_uint_eq(get(ID, 4), 0x010000ed);
    put(ALIVE, 0x12345678, 4);
    ck_assert_uint_eq(get(ALIVE, 4), 0xedcba987);
    uint64_t v;
    ck_assert_int_eq(mem_load(x.m->memory, CARD_BAR, 2, &v, NULL), MEM_BAD_SIZE);
}
END_TEST

/* n! modulo 2^32 */
static const struct {
    uint32_t n, product;
} products[] = { { 0, 1 }, { 1, 1 }, { 5, 120 }, { 12, 479001600 }, { 13, 1932053504 }, { 34, 0 }, { 0xffffffff, 0 } };
START_TEST(factorials)
{
    put(STATUS, 0x80, 4);
    put(FACTORIAL, products[_i].n, 4);
    ck_assert_uint_eq(get(STATUS, 4), 0x81);
    pass(PS_PER_MS);
    ck_assert_uint_eq(get(STATUS, 4), 0x80);
    ck_assert_uint_eq(get(FACTORIAL, 4), products[_i].product);
    ck_assert_uint_eq(get(RAISED, 4), 1);
    ck_assert(x.intx[1]);
    put(ACK, 1, 4);
    ck_assert(!x.intx[1]);
}
END_TEST

START_TEST(interrupts)
{
    put(RAISE, 0x30, 4);
    ck_assert(x.intx[1]);
    put(ACK, 0x10, 4);
    ck_assert(x.intx[1]);
    put(ACK, 0x20, 4);
    ck_assert(!x.intx[1]);
    uint32_t cap = x.f->msi_cap;
    card_configure(&x, cap + 4, 4, CARD_MSI);
    card_configure(&x, cap + 8, 4, 0);
    card_configure(&x, cap + 12, 2, 0x55);
    card_configure(&x, cap + 2, 2, 1);
    put(RAISE, 1, 4);
    ck_assert(!x.intx[1]);
    ck_assert_uint_eq(x.messages, 1);
    ck_assert_uint_eq(x.message, 0x55);
}
END_TEST

static void transfer(uint64_t from, uint64_t to, uint64_t n, uint32_t command)
{
    put(SOURCE, from, 8);
    put(DESTINATION, to, 8);
    put(COUNT, n, 8);
    put(COMMAND, command | 1, 4);
    ck_assert_uint_eq(get(COMMAND, 4) & 1, 1);
    pass(PS_PER_MS);
    ck_assert_uint_eq(get(COMMAND, 4) & 1, 0);
}
START_TEST(dma)
{
    memcpy(x.ram->host, "remapped", 8);
    transfer(CARD_RAM, BUFFER + 100, 8, 0);
    transfer(BUFFER + 102, CARD_RAM + 0x1000, 6, 2 | 4);
    ck_assert_int_eq(memcmp(x.ram->host + 0x1000, "mapped", 6), 0);
    ck_assert_uint_eq(get(RAISED, 4), 0x100);
    ck_assert(x.intx[1]);
    transfer(BUFFER + 4090, CARD_RAM + 0x2000, 7, 2); /* beyond the buffer: nothing */
    transfer(0, CARD_RAM + 0x2000, 8, 2);
    ck_assert_uint_eq(ld_le64(x.ram->host + 0x2000), 0);
    transfer(BUFFER + 102, 0x500000000ull + CARD_RAM + 0x3000, 6, 2); /* cut to the mask */
    ck_assert_int_eq(memcmp(x.ram->host + 0x3000, "mapped", 6), 0);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("devices/edu");
    TCase *g = tcase_create("generic"), *c = tcase_create("edu");
    tcase_add_test(g, generic);
    suite_add_tcase(s, g);
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, registers);
    tcase_add_loop_test(c, factorials, 0, ARRAY_LEN(products));
    tcase_add_test(c, interrupts);
    tcase_add_test(c, dma);
    suite_add_tcase(s, c);
    return s;
}
