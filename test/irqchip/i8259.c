/* SPDX-License-Identifier: Apache-2.0 */
/* 8259A: Intel 231468-003 and ICH9 (316972), 13.4. Modes by their names in the data sheet. */
#include "irqchip/i8259.h"
#include "test/check_main.h"
#include "test/device_generic.h"
#include "test/ports.h"

enum { M0 = 0x20, M1 = 0x21, S0 = 0xa0, S1 = 0xa1, ELCR1 = 0x4d0, ELCR2 = 0x4d1 };
enum { EOI = 0x20, READ_IRR = 0x0a, READ_ISR = 0x0b, POLL = 0x0c };

static struct machine *m;
static struct mem_space *io;
static struct i8259 *pic;

static struct device *make(struct machine *machine, void *arg)
{
    struct err e = { 0 };
    struct i8259 *p = i8259_create(machine, "pic", &e);

    (void)arg;
    ck_assert_msg(p != NULL, "%s", e.text);
    ck_assert_int_eq(device_map_ports(&p->dev, machine->memory, M0, M0, 2, &e), 0);
    ck_assert_int_eq(device_map_ports(&p->dev, machine->memory, S0, S0, 2, &e), 0);
    ck_assert_int_eq(device_map_ports(&p->dev, machine->memory, ELCR1, ELCR1, 2, &e), 0);
    return &p->dev;
}

/* ICW1 with ICW4, vectors 0x08 and 0x70 as a BIOS sets them, cascade on IR2, `icw4`. */
static void initialise(uint8_t icw4)
{
    outb(io, M0, 0x11);
    outb(io, M1, 0x08);
    outb(io, M1, 0x04);
    outb(io, M1, icw4);
    outb(io, S0, 0x11);
    outb(io, S1, 0x70);
    outb(io, S1, 0x02);
    outb(io, S1, icw4 & 0x0f);
}

static void setup(void)
{
    m = device_generic_machine();
    pic = (struct i8259 *)make(m, NULL);
    io = m->memory;
    machine_reset(m);
    initialise(0x01);
}

static void teardown(void)
{
    machine_destroy(m);
}

static void replace_machine(void)
{
    struct machine *fresh = device_generic_machine();
    struct i8259 *copy = (struct i8259 *)make(fresh, NULL);

    machine_reset(fresh);
    device_generic_copy(m, fresh);
    ck_assert_int_eq(copy->intr.level, pic->intr.level);
    machine_destroy(m);
    m = fresh;
    pic = copy;
    io = m->memory;
}

static void irq(unsigned n, bool level)
{
    i8259_set_level(pic, n, level);
}

static uint8_t status(uint16_t port, uint8_t which)
{
    outb(io, port, which);
    return inb(io, port);
}

START_TEST(registers)
{
    ck_assert_uint_eq(inb(io, M1), 0); /* ICW1 clears the mask */
    outb(io, M1, 0xa5);
    outb(io, S1, 0x5a);
    ck_assert_uint_eq(inb(io, M1), 0xa5);
    ck_assert_uint_eq(inb(io, S1), 0x5a);
    outb(io, ELCR1, 0xff);
    outb(io, ELCR2, 0xff);
    ck_assert_uint_eq(inb(io, ELCR1), 0xf8); /* IRQ 0, 1, 2 */
    ck_assert_uint_eq(inb(io, ELCR2), 0xde); /* IRQ 8, 13 */
    ck_assert_uint_eq(mem_port_in(io, ELCR1, 2, NULL), 0xdef8);
    machine_reset(m);
    ck_assert_uint_eq(inb(io, ELCR1), 0);
}
END_TEST

/* Every input, its vector and how many EOIs it takes. */
START_TEST(vectors)
{
    unsigned n = (unsigned)_i;

    if (n == 2)
        return;
    irq(n, true);
    ck_assert(pic->intr.level);
    replace_machine();
    ck_assert_uint_eq(i8259_acknowledge(pic), n < 8 ? 0x08 + n : 0x70 + n - 8);
    ck_assert(!pic->intr.level);
    ck_assert_uint_eq(status(M0, READ_ISR), n < 8 ? 1u << n : 4);
    ck_assert_uint_eq(status(S0, READ_ISR), n < 8 ? 0 : 1u << (n - 8));
    ck_assert_uint_eq(status(M0, READ_IRR), 0); /* the edge was taken, though the input is high */
    replace_machine();
    if (n >= 8)
        outb(io, S0, EOI);
    outb(io, M0, EOI);
    ck_assert_uint_eq(status(M0, READ_ISR) | status(S0, READ_ISR), 0);
    ck_assert(!pic->intr.level); /* an edge comes once */
    irq(n, false);
    irq(n, true);
    ck_assert(pic->intr.level);
}
END_TEST

START_TEST(cascade_has_no_input)
{
    irq(2, true);
    ck_assert(!pic->intr.level);
    ck_assert_uint_eq(status(M0, READ_IRR), 0);
}
END_TEST

/* An edge that does not stay until INTA: default IR7, no ISR bit. */
START_TEST(spurious)
{
    irq(3, true);
    irq(3, false);
    ck_assert(!pic->intr.level);
    ck_assert_uint_eq(status(M0, READ_IRR), 0);
    ck_assert_uint_eq(i8259_acknowledge(pic), 0x0f);
    ck_assert_uint_eq(status(M0, READ_ISR), 0);
}
END_TEST

/* The slave's request goes between the two: its IR7, and the master's IR2 is in service. */
START_TEST(spurious_slave)
{
    outb(io, M1, 0);
    irq(10, true);
    outb(io, S1, 0xff);
    ck_assert(!pic->intr.level);
    outb(io, S1, 0);
    ck_assert(pic->intr.level);
    pic->chip[1].imr = 0xff; /* a line that falls between the two INTA pulses */
    ck_assert_uint_eq(i8259_acknowledge(pic), 0x77);
    ck_assert_uint_eq(status(M0, READ_ISR), 4);
    ck_assert_uint_eq(status(S0, READ_ISR), 0);
}
END_TEST

START_TEST(levels)
{
    outb(io, ELCR1, 1 << 5);
    irq(5, true);
    ck_assert_uint_eq(i8259_acknowledge(pic), 0x0d);
    ck_assert_uint_eq(status(M0, READ_IRR), 1 << 5); /* follows the input */
    ck_assert(!pic->intr.level);
    outb(io, M0, EOI);
    ck_assert(pic->intr.level); /* again, as long as it is high */
    irq(5, false);
    ck_assert(!pic->intr.level);
    /* Two drivers share it. */
    irq(5, true);
    irq(16 + 5, true);
    irq(5, false);
    ck_assert(pic->intr.level);
    irq(16 + 5, false);
    ck_assert(!pic->intr.level);
}
END_TEST

START_TEST(masked)
{
    outb(io, M1, 1 << 4);
    irq(4, true);
    ck_assert(!pic->intr.level);
    ck_assert_uint_eq(status(M0, READ_IRR), 1 << 4); /* the request is kept */
    replace_machine();
    outb(io, M1, 0);
    ck_assert(pic->intr.level);
}
END_TEST

/* Fully nested: a request interrupts one of lower priority only. */
static const struct { uint8_t busy, asks; bool interrupts; } nested[] = {
    { 3, 1, true }, { 3, 3, false }, { 3, 4, false }, { 0, 7, false }, { 7, 0, true },
    { 3, 9, true },  /* IR2 stands above IR3 */
    { 1, 9, false },
    { 9, 8, false }, /* the same IR2: only special fully nested mode lets it by */
    { 9, 3, false },
};
START_TEST(fully_nested)
{
    irq(nested[_i].busy, true);
    (void)i8259_acknowledge(pic);
    irq(nested[_i].busy, false);
    irq(nested[_i].asks, true);
    ck_assert_int_eq(pic->intr.level, nested[_i].interrupts);
}
END_TEST

START_TEST(special_fully_nested)
{
    initialise(0x11);
    irq(9, true);
    ck_assert_uint_eq(i8259_acknowledge(pic), 0x71);
    irq(10, true);
    ck_assert(!pic->intr.level);
    irq(8, true);
    ck_assert(pic->intr.level);
    ck_assert_uint_eq(i8259_acknowledge(pic), 0x70);
    ck_assert_uint_eq(status(S0, READ_ISR), 3);
}
END_TEST

START_TEST(special_mask)
{
    irq(1, true);
    (void)i8259_acknowledge(pic);
    irq(6, true);
    ck_assert(!pic->intr.level);
    outb(io, M1, 1 << 1);
    ck_assert(!pic->intr.level);
    outb(io, M0, 0x68); /* ESMM, SMM */
    ck_assert(pic->intr.level);
    ck_assert_uint_eq(i8259_acknowledge(pic), 0x0e);
    outb(io, M0, EOI); /* passes over the masked one */
    ck_assert_uint_eq(status(M0, READ_ISR), 1 << 1);
    outb(io, M0, 0x28); /* SMM without ESMM: no change */
    irq(6, false);
    irq(6, true);
    ck_assert(pic->intr.level);
    outb(io, M0, 0x48);
    ck_assert(!pic->intr.level);
}
END_TEST

START_TEST(specific_eoi)
{
    irq(6, true);
    (void)i8259_acknowledge(pic);
    irq(1, true);
    (void)i8259_acknowledge(pic);
    ck_assert_uint_eq(status(M0, READ_ISR), 0x42);
    outb(io, M0, 0x66); /* specific EOI of IR6 */
    ck_assert_uint_eq(status(M0, READ_ISR), 0x02);
    outb(io, M0, 0x40); /* no operation */
    ck_assert_uint_eq(status(M0, READ_ISR), 0x02);
    outb(io, M0, EOI);
    ck_assert_uint_eq(status(M0, READ_ISR), 0);
    outb(io, M0, EOI); /* nothing left */
    ck_assert_uint_eq(status(M0, READ_ISR), 0);
}
END_TEST

/* 231468, "Automatic Rotation" and "Specific Rotation": who wins afterwards of all at once. */
static const struct { uint8_t command, winner; } rotations[] = {
    { EOI, 0 },
    { 0xa0, 5 },        /* rotate on non-specific EOI: IR4 becomes the lowest */
    { 0xe0 | 6, 7 },    /* rotate on specific EOI */
    { 0xc0 | 2, 3 },    /* set priority: IR2 lowest, IR3 highest */
    { 0xc0 | 7, 0 },
};
START_TEST(rotation)
{
    irq(4, true);
    (void)i8259_acknowledge(pic);
    irq(4, false);
    outb(io, M0, rotations[_i].command);
    outb(io, M0, EOI);
    for (unsigned i = 0; i < 8; i++)
        irq(i, true);
    irq(8, true); /* for IR2 */
    ck_assert_int_eq(i8259_best_pending(&pic->chip[0], true), rotations[_i].winner);
    ck_assert_uint_eq(i8259_acknowledge(pic), 0x08u + rotations[_i].winner);
}
END_TEST

START_TEST(automatic_eoi)
{
    initialise(0x03);
    irq(3, true);
    irq(5, true);
    ck_assert_uint_eq(i8259_acknowledge(pic), 0x0b);
    ck_assert_uint_eq(status(M0, READ_ISR), 0);
    ck_assert_uint_eq(i8259_acknowledge(pic), 0x0d);
    outb(io, M0, 0x80); /* rotate in automatic EOI mode: set */
    irq(3, false);
    irq(3, true);
    ck_assert_uint_eq(i8259_acknowledge(pic), 0x0b);
    irq(3, false);
    irq(3, true);
    irq(4, true);
    ck_assert_uint_eq(i8259_acknowledge(pic), 0x0c); /* IR3 is the lowest now */
    outb(io, M0, 0x00);                              /* clear: priorities stay as they are */
    irq(4, false);
    irq(4, true);
    ck_assert_uint_eq(i8259_acknowledge(pic), 0x0b); /* 5, 6, 7, 0 .. 3, 4 */
    /* Of two at the slave the second makes an edge of its own. */
    irq(8, true);
    irq(9, true);
    ck_assert_uint_eq(i8259_acknowledge(pic), 0x70);
    ck_assert_uint_eq(i8259_acknowledge(pic), 0x71);
    ck_assert_uint_eq(i8259_acknowledge(pic), 0x0c);
}
END_TEST

START_TEST(polled)
{
    outb(io, M0, POLL);
    ck_assert_uint_eq(inb(io, M0), 0);
    ck_assert_uint_eq(inb(io, M0), 0); /* IRR again */
    irq(12, true);
    outb(io, M0, POLL);
    replace_machine();
    ck_assert_uint_eq(inb(io, M0), 0x82);
    outb(io, S0, POLL);
    ck_assert_uint_eq(inb(io, S1), 0x84); /* either port */
    ck_assert_uint_eq(status(S0, READ_ISR), 1 << 4);
    ck_assert_uint_eq(status(M0, READ_ISR), 1 << 2);
    ck_assert(!pic->intr.level);
}
END_TEST

/* Short initialisations: without ICW4, and single. */
START_TEST(initialisation)
{
    outb(io, M1, 0x12);
    irq(3, true);
    outb(io, M0, 0x10);
    ck_assert_uint_eq(pic->chip[0].imr, 0);
    outb(io, M1, 0x47);
    outb(io, M1, 0x04);
    outb(io, M1, 0xfb); /* a mask already */
    ck_assert_uint_eq(inb(io, M1), 0xfb);
    outb(io, M1, 0);
    ck_assert(!pic->intr.level); /* an edge from before does not count */
    irq(3, false);
    irq(3, true);
    ck_assert_uint_eq(i8259_acknowledge(pic), 0x43);
    outb(io, M0, 0x12);
    outb(io, M1, 0x50);
    outb(io, M1, 0x0f);
    ck_assert_uint_eq(inb(io, M1), 0x0f);
    outb(io, M1, 0);
    irq(12, true); /* a single chip answers for its IR2 itself */
    ck_assert_uint_eq(i8259_acknowledge(pic), 0x52);
}
END_TEST

START_TEST(unmodelled_modes)
{
    initialise(0x01);
    ck_assert_uint_eq(pic->dev.unmodelled_count, 0);
    outb(io, M0, 0x11);
    outb(io, M1, 0x08);
    outb(io, M1, 0x04);
    outb(io, M1, 0x08);
    ck_assert_uint_eq(pic->dev.unmodelled_count, 2);
}
END_TEST

START_TEST(generic)
{
    device_generic_test(&(struct device_generic){ .make = make });
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("irqchip.i8259");
    TCase *t = tcase_create("generic"), *u = tcase_create("pair");

    tcase_add_test(t, generic);
    suite_add_tcase(s, t);
    tcase_add_checked_fixture(u, setup, teardown);
    tcase_add_test(u, registers);
    tcase_add_loop_test(u, vectors, 0, 16);
    tcase_add_test(u, cascade_has_no_input);
    tcase_add_test(u, spurious);
    tcase_add_test(u, spurious_slave);
    tcase_add_test(u, levels);
    tcase_add_test(u, masked);
    tcase_add_loop_test(u, fully_nested, 0, (int)ARRAY_LEN(nested));
    tcase_add_test(u, special_fully_nested);
    tcase_add_test(u, special_mask);
    tcase_add_test(u, specific_eoi);
    tcase_add_loop_test(u, rotation, 0, (int)ARRAY_LEN(rotations));
    tcase_add_test(u, automatic_eoi);
    tcase_add_test(u, polled);
    tcase_add_test(u, initialisation);
    tcase_add_test(u, unmodelled_modes);
    suite_add_tcase(s, u);
    return s;
}
