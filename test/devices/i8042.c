/* SPDX-License-Identifier: Apache-2.0 */
/* IBM PS/2 Hardware Interface Technical Reference: controller, keyboard and mouse. */
#include "devices/i8042.h"
#include "core/util/bits.h"
#include "test/check_main.h"
#include "test/device_generic.h"
#include "test/ports.h"
#include <string.h>

enum { DATA = 0x60, CMD = 0x64, OBF = 1, SYS = 4, LAST = 8, UNLOCKED = 0x10, AUX = 0x20 };
enum { KEY_ESC = 1, KEY_A = 30, KEY_LSHIFT = 42, KEY_LALT = 56, KEY_UP = 103, KEY_PRTSC = 99, KEY_PAUSE = 119 };

static struct machine *m;
static struct mem_space *io;
static struct i8042 *c;
static struct line_log irq1, irq12, a20, reset_line;

static struct device *make(struct machine *machine, void *arg)
{
    struct err e = { 0 };
    struct i8042 *made = i8042_create(machine, "i8042", NULL, &e);

    (void)arg;
    ck_assert_msg(made != NULL, "%s", e.text);
    irq_connect(&made->irq1, line_log_set, &irq1, 1);
    irq_connect(&made->irq12, line_log_set, &irq12, 12);
    irq_connect(&made->a20, line_log_set, &a20, 0);
    irq_connect(&made->reset, line_log_set, &reset_line, 0);
    ck_assert_int_eq(device_map_ports(&made->dev, machine->memory, 0x60, 0x60, 1, &e), 0);
    ck_assert_int_eq(device_map_ports(&made->dev, machine->memory, 0x64, 0x64, 1, &e), 0);
    return &made->dev;
}

static void setup(void)
{
    m = device_generic_machine();
    c = (struct i8042 *)make(m, NULL);
    io = m->memory;
    machine_reset(m);
    irq1 = irq12 = (struct line_log){ 0 };
}

static void teardown(void)
{
    machine_destroy(m);
}

static void replace_machine(void)
{
    struct machine *fresh = device_generic_machine();
    struct i8042 *copy = (struct i8042 *)make(fresh, NULL);

    machine_reset(fresh);
    device_generic_copy(m, fresh);
    ck_assert_int_eq(copy->irq1.level, c->irq1.level);
    ck_assert_int_eq(copy->irq12.level, c->irq12.level);
    machine_destroy(m);
    m = fresh;
    c = copy;
    io = m->memory;
}

static uint8_t status(void)
{
    return inb(io, CMD);
}

/* All that comes, of keyboard or mouse. */
static unsigned drain(uint8_t *bytes, unsigned most, bool aux)
{
    unsigned n = 0;

    while (n < most && (status() & OBF)) {
        ck_assert_int_eq((status() & AUX) != 0, aux);
        bytes[n++] = inb(io, DATA);
    }
    return n;
}

static void expect(const uint8_t *bytes, unsigned n, bool aux)
{
    uint8_t got[64];
    unsigned came = drain(got, sizeof(got), aux);

    ck_assert_msg(came == n, "%u bytes came, %u expected; first %#x %#x", came, n, got[0], got[1]);
    for (unsigned i = 0; i < n; i++)
        ck_assert_msg(got[i] == bytes[i], "byte %u is %#x, should be %#x", i, got[i], bytes[i]);
}
#define EXPECT(...) expect((const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }), false)
#define EXPECT_AUX(...) expect((const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }), true)

static void set_byte(uint8_t v)
{
    outb(io, CMD, 0x60);
    outb(io, DATA, v);
}

static void to_mouse(uint8_t v)
{
    outb(io, CMD, 0xd4);
    outb(io, DATA, v);
}

static void key(uint16_t code, bool down)
{
    /* What hid.h would call, without a host. */
    ps2_keyboard_key(&c->keyboard, code, down);
    outb(io, CMD, 0xae);
}

static void move(int dx, int dy, int wheel, uint8_t buttons)
{
    ps2_mouse_move(&c->mouse, dx, dy, wheel, buttons);
    outb(io, CMD, 0xa8);
}

START_TEST(controller_after_reset)
{
    ck_assert_uint_eq(status(), UNLOCKED | LAST);
    outb(io, CMD, 0x20);
    EXPECT(0x03);
    outb(io, CMD, 0xc0);
    EXPECT(0x80);
    outb(io, CMD, 0xd0);
    EXPECT(0xcf);
    outb(io, CMD, 0xaa);
    EXPECT(0x55);
    ck_assert_uint_eq(status(), UNLOCKED | LAST | SYS);
    outb(io, CMD, 0xab);
    EXPECT(0x00);
    outb(io, CMD, 0xa9);
    EXPECT(0x00);
    outb(io, CMD, 0xa7);
    outb(io, CMD, 0xad);
    outb(io, CMD, 0x20);
    EXPECT(0x33);
    outb(io, CMD, 0xa8);
    outb(io, CMD, 0xae);
    outb(io, CMD, 0x20);
    EXPECT(0x03);
    outb(io, CMD, 0x7f); /* internal RAM */
    outb(io, DATA, 0x5a);
    outb(io, CMD, 0x3f);
    EXPECT(0x5a);
    outb(io, CMD, 0xe0);
    ck_assert_uint_eq(c->dev.unmodelled_count, 1);
}
END_TEST

START_TEST(interrupts)
{
    outb(io, CMD, 0x20);
    ck_assert(irq1.level);
    replace_machine();
    (void)inb(io, DATA);
    ck_assert(!irq1.level);
    key(KEY_UP, true); /* two bytes: an edge for each */
    irq1.rises = 0;
    ck_assert(irq1.level);
    (void)inb(io, DATA);
    ck_assert_uint_eq(irq1.rises, 1);
    ck_assert(irq1.level);
    (void)inb(io, DATA);
    ck_assert(!irq1.level);
    to_mouse(0xf4);
    ck_assert(irq12.level);
    ck_assert(!irq1.level);
    ck_assert_uint_eq(status() & (OBF | AUX), OBF | AUX);
    EXPECT_AUX(0xfa);
    ck_assert(!irq12.level);
    set_byte(0);
    key(KEY_UP, false);
    move(1, 1, 0, 0);
    ck_assert(!irq1.level && !irq12.level);
    ck_assert_uint_eq(status() & (OBF | AUX), OBF); /* the keyboard goes first */
    for (unsigned i = 0; i < 3; i++)
        ck_assert_uint_eq(inb(io, DATA), ((const uint8_t[]){ 0xe0, 0xf0, 0x75 })[i]);
    EXPECT_AUX(0x28, 0x01, 0xff);
}
END_TEST

START_TEST(disabled_lines)
{
    set_byte(0x30);
    key(KEY_A, true);
    outb(io, CMD, 0xad);
    c->ram[0] = 0x30;
    (void)drain((uint8_t[8]){ 0 }, 8, false);
    ps2_keyboard_key(&c->keyboard, KEY_A, false);
    outb(io, CMD, 0xad);
    ck_assert_uint_eq(status() & OBF, 0);
    outb(io, DATA, 0xee); /* data for the keyboard enables it */
    EXPECT(0xee, 0xf0, 0x1c);
}
END_TEST

START_TEST(gate_a20_and_reset)
{
    ck_assert(a20.level);
    outb(io, CMD, 0xdd);
    ck_assert(!a20.level);
    replace_machine();
    outb(io, CMD, 0xd0);
    EXPECT(0xcd);
    outb(io, CMD, 0xdf);
    ck_assert(a20.level);
    outb(io, CMD, 0xd1);
    outb(io, DATA, 0xdd);
    ck_assert(!a20.level);
    ck_assert_uint_eq(reset_line.rises, 0);
    outb(io, CMD, 0xff); /* pulses nothing */
    outb(io, CMD, 0xf3); /* bits 3:2 */
    ck_assert_uint_eq(reset_line.rises, 0);
    outb(io, CMD, 0xfe);
    ck_assert_uint_eq(reset_line.rises, 1);
    ck_assert(!reset_line.level);
    outb(io, CMD, 0xf0);
    ck_assert_uint_eq(reset_line.rises, 2);
    outb(io, CMD, 0xd1);
    outb(io, DATA, 0xfe);
    ck_assert_uint_eq(reset_line.rises, 3);
    ck_assert(reset_line.level); /* until it happens */
    machine_reset(m);
    ck_assert(!reset_line.level);
    ck_assert(a20.level);
}
END_TEST

START_TEST(buffers_written_by_software)
{
    outb(io, CMD, 0xd2);
    outb(io, DATA, 0x12);
    ck_assert(irq1.level);
    EXPECT(0x12);
    outb(io, CMD, 0xd3);
    outb(io, DATA, 0x34);
    ck_assert(irq12.level);
    EXPECT_AUX(0x34);
}
END_TEST

/* 101- and 102-key keyboard, "Scan Codes": make and break in sets 1, 2, 3. */
static const struct { uint16_t code; uint8_t set, n, make[8], m, brk[8]; } codes[] = {
    { KEY_A, 1, 1, { 0x1e }, 1, { 0x9e } },
    { KEY_A, 2, 1, { 0x1c }, 2, { 0xf0, 0x1c } },
    { KEY_A, 3, 1, { 0x1c }, 0, { 0 } },           /* typematic: no break */
    { KEY_ESC, 1, 1, { 0x01 }, 1, { 0x81 } },
    { KEY_ESC, 3, 1, { 0x08 }, 0, { 0 } },         /* make only */
    { KEY_LSHIFT, 3, 1, { 0x12 }, 2, { 0xf0, 0x12 } },
    { KEY_UP, 1, 2, { 0xe0, 0x48 }, 2, { 0xe0, 0xc8 } },
    { KEY_UP, 2, 2, { 0xe0, 0x75 }, 3, { 0xe0, 0xf0, 0x75 } },
    { KEY_UP, 3, 1, { 0x63 }, 0, { 0 } },
    { 65, 1, 1, { 0x41 }, 1, { 0xc1 } },           /* F7 */
    { 65, 2, 1, { 0x83 }, 2, { 0xf0, 0x83 } },
    { 97, 1, 2, { 0xe0, 0x1d }, 2, { 0xe0, 0x9d } },
    { KEY_PRTSC, 1, 4, { 0xe0, 0x2a, 0xe0, 0x37 }, 4, { 0xe0, 0xb7, 0xe0, 0xaa } },
    { KEY_PRTSC, 2, 4, { 0xe0, 0x12, 0xe0, 0x7c }, 6, { 0xe0, 0xf0, 0x7c, 0xe0, 0xf0, 0x12 } },
    { KEY_PAUSE, 1, 6, { 0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5 }, 0, { 0 } },
    { KEY_PAUSE, 2, 8, { 0xe1, 0x14, 0x77, 0xe1, 0xf0, 0x14, 0xf0, 0x77 }, 0, { 0 } },
    { 0x2ff, 2, 0, { 0 }, 0, { 0 } },              /* no such key */
    { 0, 2, 0, { 0 }, 0, { 0 } },
};
START_TEST(scan_codes)
{
    outb(io, DATA, 0xf0);
    outb(io, DATA, codes[_i].set);
    EXPECT(0xfa, 0xfa);
    key(codes[_i].code, true);
    expect(codes[_i].make, codes[_i].n, false);
    key(codes[_i].code, false);
    expect(codes[_i].brk, codes[_i].m, false);
    key(codes[_i].code, false); /* not down: nothing */
    ck_assert_uint_eq(status() & OBF, 0);
}
END_TEST

/* Every key of set 1 below 84 is the number the user's side gives it. */
START_TEST(translation)
{
    set_byte(0x41);
    for (uint16_t k = 1; k < 84; k++) {
        key(k, true);
        EXPECT((uint8_t)k);
        key(k, false);
        EXPECT((uint8_t)(k | 0x80));
    }
    key(KEY_UP, true);
    key(KEY_UP, false);
    EXPECT(0xe0, 0x48, 0xe0, 0xc8);
    key(KEY_LALT, true);
    key(KEY_PRTSC, true);
    EXPECT(0x38, 0x54); /* SysRq */
    outb(io, DATA, 0xf2);
    EXPECT(0xfa, 0xab, 0x41);
    outb(io, DATA, 0xf0);
    (void)inb(io, DATA);
    outb(io, DATA, 0);
    EXPECT(0xfa, 0x41);
}
END_TEST

START_TEST(keyboard_commands)
{
    outb(io, DATA, 0xff);
    EXPECT(0xfa, 0xaa);
    outb(io, DATA, 0xf2);
    EXPECT(0xfa, 0xab, 0x83);
    outb(io, DATA, 0xfe); /* the last byte again */
    EXPECT(0x83);
    outb(io, DATA, 0xee);
    EXPECT(0xee);
    outb(io, DATA, 0x05); /* invalid */
    EXPECT(0xfe);
    outb(io, DATA, 0xed);
    EXPECT(0xfa);
    outb(io, DATA, 0x07);
    EXPECT(0xfa);
    ck_assert_uint_eq(c->keyboard.leds, 7);
    outb(io, DATA, 0xf3);
    EXPECT(0xfa);
    replace_machine();
    outb(io, DATA, 0x20);
    EXPECT(0xfa);
    ck_assert_uint_eq(c->keyboard.rate, 0x20);
    outb(io, DATA, 0xed);
    EXPECT(0xfa);
    outb(io, DATA, 0xf4); /* a command where an argument was awaited */
    EXPECT(0xfa);
    outb(io, DATA, 0xf5);
    EXPECT(0xfa);
    key(KEY_A, true);
    ck_assert_uint_eq(status() & OBF, 0);
    key(KEY_A, false);
    outb(io, DATA, 0xf4);
    EXPECT(0xfa);
    key(KEY_A, true);
    key(KEY_A, true); /* the user's repeat */
    EXPECT(0x1c, 0x1c);
    outb(io, DATA, 0xf0);
    (void)inb(io, DATA);
    outb(io, DATA, 3);
    EXPECT(0xfa);
    outb(io, DATA, 0xf8); /* all keys make and break */
    EXPECT(0xfa);
    key(KEY_A, false);
    EXPECT(0xf0, 0x1c);
    outb(io, DATA, 0xfd); /* of this one the make only */
    (void)inb(io, DATA);
    outb(io, DATA, 0x1c);
    EXPECT(0xfa);
    key(KEY_A, true);
    key(KEY_A, true);
    key(KEY_A, false);
    EXPECT(0x1c);
}
END_TEST

/* Sixteen bytes wait; the next stroke is lost and the last byte says so. */
START_TEST(overrun)
{
    uint8_t got[32];
    unsigned n;

    for (unsigned i = 0; i < 20; i++)
        ps2_keyboard_key(&c->keyboard, KEY_A, true);
    outb(io, CMD, 0xae);
    n = drain(got, sizeof(got), false);
    ck_assert_uint_eq(n, 16);
    ck_assert_uint_eq(got[14], 0x1c);
    ck_assert_uint_eq(got[15], 0x00);
    key(KEY_A, true);
    EXPECT(0x1c);
}
END_TEST

START_TEST(mouse_commands)
{
    to_mouse(0xff);
    EXPECT_AUX(0xfa, 0xaa, 0x00);
    to_mouse(0xf2);
    EXPECT_AUX(0xfa, 0x00);
    to_mouse(0xe9);
    EXPECT_AUX(0xfa, 0x00, 0x02, 100);
    to_mouse(0xe8);
    EXPECT_AUX(0xfa);
    to_mouse(3);
    EXPECT_AUX(0xfa);
    to_mouse(0xe7);
    EXPECT_AUX(0xfa);
    to_mouse(0xf4);
    EXPECT_AUX(0xfa);
    move(0, 0, 0, HID_LEFT | HID_RIGHT);
    EXPECT_AUX(0x0b, 0, 0);
    replace_machine();
    to_mouse(0xe9);
    EXPECT_AUX(0xfa, 0x35, 0x03, 100);
    to_mouse(0xee); /* wrap */
    EXPECT_AUX(0xfa);
    to_mouse(0xf4);
    EXPECT_AUX(0xf4);
    to_mouse(0xec);
    EXPECT_AUX(0xfa);
    to_mouse(0x12);
    EXPECT_AUX(0xfe);
    to_mouse(0xf0); /* remote: only when asked */
    EXPECT_AUX(0xfa);
    move(5, 0, 0, 0);
    ck_assert_uint_eq(status() & OBF, 0);
    to_mouse(0xeb);
    EXPECT_AUX(0xfa, 0x08, 5, 0);
}
END_TEST

/* "Data Packet Format": buttons, signs, nine bits; what is beyond comes next. */
static const struct { int dx, dy; uint8_t buttons, n, bytes[12]; } packets[] = {
    { 1, 0, 0, 3, { 0x08, 1, 0 } },
    { -1, 0, 0, 3, { 0x18, 0xff, 0 } },
    { 0, 1, 0, 3, { 0x28, 0, 0xff } },   /* down is negative */
    { 0, -7, HID_MIDDLE, 3, { 0x0c, 0, 7 } },
    { 300, 0, 0, 6, { 0x08, 255, 0, 0x08, 45, 0 } },
    { -300, 300, 0, 6, { 0x38, 1, 1, 0x38, 0xd3, 0xd3 } },
    { 0, 0, 0, 0, { 0 } },
};
START_TEST(movement)
{
    to_mouse(0xf4);
    EXPECT_AUX(0xfa);
    move(packets[_i].dx, packets[_i].dy, 3, packets[_i].buttons);
    expect(packets[_i].bytes, packets[_i].n, true);
}
END_TEST

/* Scaling 2:1: 0 1 1 3 6 9, then twice. */
static const uint8_t scaled[][2] = { { 1, 1 }, { 2, 1 }, { 3, 3 }, { 4, 6 }, { 5, 9 }, { 6, 12 }, { 100, 200 } };
START_TEST(scaling)
{
    to_mouse(0xe7);
    EXPECT_AUX(0xfa);
    to_mouse(0xf4);
    EXPECT_AUX(0xfa);
    move(scaled[_i][0], 0, 0, 0);
    EXPECT_AUX(0x08, scaled[_i][1], 0);
}
END_TEST

static void set_rates(uint8_t a, uint8_t b, uint8_t d)
{
    const uint8_t rates[] = { a, b, d };

    for (unsigned i = 0; i < 3; i++) {
        to_mouse(0xf3);
        EXPECT_AUX(0xfa);
        to_mouse(rates[i]);
        EXPECT_AUX(0xfa);
    }
}

START_TEST(wheel)
{
    set_rates(200, 100, 80);
    to_mouse(0xf2);
    EXPECT_AUX(0xfa, 3);
    to_mouse(0xf4);
    EXPECT_AUX(0xfa);
    move(0, 0, -2, 0);
    EXPECT_AUX(0x08, 0, 0, 0xfe);
    move(0, 0, 200, 0);
    EXPECT_AUX(0x08, 0, 0, 127, 0x08, 0, 0, 73);
    set_rates(200, 200, 80);
    to_mouse(0xf2);
    EXPECT_AUX(0xfa, 4);
    move(1, 0, -1, HID_SIDE | HID_EXTRA | HID_LEFT);
    EXPECT_AUX(0x09, 1, 0, 0x3f);
    to_mouse(0xff);
    EXPECT_AUX(0xfa, 0xaa, 0);
}
END_TEST

/* Movement adds up while nobody reads. */
START_TEST(movement_waits)
{
    uint8_t got[64];
    int sum = 0;
    unsigned n;

    to_mouse(0xf4);
    EXPECT_AUX(0xfa);
    for (unsigned i = 0; i < 100; i++)
        move(3, 0, 0, 0);
    n = drain(got, sizeof(got), true);
    ck_assert_uint_eq(n % 3, 0);
    for (unsigned i = 0; i < n; i += 3)
        sum += got[i + 1];
    ck_assert_int_eq(sum, 300);
}
END_TEST

START_TEST(generic)
{
    device_generic_test(&(struct device_generic){ .make = make });
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("devices.i8042");
    TCase *t = tcase_create("generic"), *u = tcase_create("i8042");

    tcase_add_test(t, generic);
    suite_add_tcase(s, t);
    tcase_add_checked_fixture(u, setup, teardown);
    tcase_add_test(u, controller_after_reset);
    tcase_add_test(u, interrupts);
    tcase_add_test(u, disabled_lines);
    tcase_add_test(u, gate_a20_and_reset);
    tcase_add_test(u, buffers_written_by_software);
    tcase_add_loop_test(u, scan_codes, 0, (int)ARRAY_LEN(codes));
    tcase_add_test(u, translation);
    tcase_add_test(u, keyboard_commands);
    tcase_add_test(u, overrun);
    tcase_add_test(u, mouse_commands);
    tcase_add_loop_test(u, movement, 0, (int)ARRAY_LEN(packets));
    tcase_add_loop_test(u, scaling, 0, (int)ARRAY_LEN(scaled));
    tcase_add_test(u, wheel);
    tcase_add_test(u, movement_waits);
    suite_add_tcase(s, u);
    return s;
}
