/* SPDX-License-Identifier: Apache-2.0 */
/* PL011: Arm DDI 0183, chapters 2 and 3. */
#include "devices/pl011.h"
#include "core/util/bits.h"
#include "test/check_main.h"
#include "test/device_generic.h"
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { AT = 0x9000000, CLOCK = 24000000 };
enum { DR = 0x00, RSR = 0x04, FR = 0x18, ILPR = 0x20, IBRD = 0x24, FBRD = 0x28, LCR_H = 0x2c,
       CR = 0x30, IFLS = 0x34, IMSC = 0x38, RIS = 0x3c, MIS = 0x40, ICR = 0x44, DMACR = 0x48 };
enum { RX = 0x10, TX = 0x20, RT = 0x40, BE = 0x200, OE = 0x400 };

static struct machine *m;
static struct host *h;
static struct pl011 *u;
static int far;

/* A UART on one end of a socket; Ctrl-A b on the other is a break. */
static struct pl011 *create(struct machine *machine, struct host **host, int *other)
{
    struct char_options o;
    struct char_backend *c;
    struct err e = { 0 };
    char spec[32];
    int fds[2];

    ck_assert_msg(host_create(host, machine, &e) == 0, "%s", e.text);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    ck_assert_int_eq(fcntl(fds[1], F_SETFL, O_NONBLOCK), 0);
    *other = fds[1];
    snprintf(spec, sizeof(spec), "mon:fd:%d", fds[0]);
    ck_assert_msg(char_parse_serial(&o, "serial0", spec, &e) == 0, "%s", e.text);
    ck_assert_msg(char_open(&c, *host, &o, &e) == 0, "%s", e.text);
    struct pl011 *made = pl011_create(machine, "serial0", CLOCK, c, &e);
    ck_assert_msg(made != NULL, "%s", e.text);
    ck_assert_int_eq(device_map(&made->dev, machine->memory, AT, &e), 0);
    return made;
}

static void setup(void)
{
    m = device_generic_machine();
    u = create(m, &h, &far);
    machine_reset(m);
}

static void teardown(void)
{
    close(far);
    host_destroy(h);
    machine_destroy(m);
}

/* Save, and go on in a fresh machine: what follows must not notice. */
static void replace_machine(void)
{
    struct machine *fresh = device_generic_machine();
    struct host *host;
    int other;
    struct pl011 *copy = create(fresh, &host, &other);

    machine_reset(fresh);
    device_generic_copy(m, fresh);
    teardown();
    m = fresh;
    h = host;
    u = copy;
    far = other;
}

static uint32_t in(uint32_t reg)
{
    uint64_t v = 0;

    ck_assert_int_eq(mem_load(m->memory, AT + reg, 4, &v, NULL), MEM_OK);
    return (uint32_t)v;
}

static void out(uint32_t reg, uint32_t v)
{
    ck_assert_int_eq(mem_store(m->memory, AT + reg, 4, v, NULL), MEM_OK);
}

static void send_bytes(const char *text, size_t n)
{
    ck_assert_int_eq(write(far, text, n), (ssize_t)n);
    for (int i = 0; i < 3; i++)
        host_poll(h, 2);
}

static void send_text(const char *text)
{
    send_bytes(text, strlen(text));
}

/* ---- table 3-1: registers after reset, and what stays of all ones ---- */
static const struct { uint32_t reg, reset, ones; } registers[] = {
    { RSR, 0, 0 }, { FR, 0x97, 0x97 }, /* FIFOs empty; CTS, DSR, DCD stand */
    { ILPR, 0, 0xff }, { IBRD, 0, 0xffff }, { FBRD, 0, 0x3f }, { LCR_H, 0, 0xff },
    { CR, 0x300, 0xff87 }, { IFLS, 0x12, 0x3f }, { IMSC, 0, 0x7ff }, { RIS, 0, 0 }, { MIS, 0, 0 },
    { DMACR, 0, 7 },
    { 0xfe0, 0x11, 0x11 }, { 0xfe4, 0x10, 0x10 }, { 0xfe8, 0x14, 0x14 }, { 0xfec, 0, 0 },
    { 0xff0, 0x0d, 0x0d }, { 0xff4, 0xf0, 0xf0 }, { 0xff8, 0x05, 0x05 }, { 0xffc, 0xb1, 0xb1 },
};
START_TEST(registers_after_reset)
{
    ck_assert_uint_eq(in(registers[_i].reg), registers[_i].reset);
    out(registers[_i].reg, 0xffffffff);
    ck_assert_uint_eq(in(registers[_i].reg), registers[_i].ones);
    machine_reset(m);
    ck_assert_uint_eq(in(registers[_i].reg), registers[_i].reset);
}
END_TEST

/* Early consoles write bytes, drivers half-words and words. */
START_TEST(widths)
{
    char text[8] = "";
    uint64_t v = 0;

    ck_assert_int_eq(mem_store(m->memory, AT + DR, 1, 'a', NULL), MEM_OK);
    ck_assert_int_eq(mem_store(m->memory, AT + DR, 2, 'b', NULL), MEM_OK);
    out(DR, 'c');
    ck_assert_int_eq(mem_load(m->memory, AT + FR, 2, &v, NULL), MEM_OK);
    ck_assert_uint_eq(v, 0x97);
    ck_assert_int_eq(mem_load(m->memory, AT + FR, 8, &v, NULL), MEM_BAD_SIZE);
    for (int i = 0; i < 3; i++)
        host_poll(h, 2);
    ck_assert_int_eq(read(far, text, sizeof(text)), 3);
    ck_assert_str_eq(text, "abc");
}
END_TEST

/* 2.8 UARTTXINTR: from the passing of the level, not from being below it. */
START_TEST(transmit_interrupt)
{
    out(IMSC, TX);
    ck_assert(!u->irq.level);
    out(DR, 'x');
    ck_assert(u->irq.level);
    ck_assert_uint_eq(in(MIS), TX);
    replace_machine();
    out(IMSC, 0);
    ck_assert(!u->irq.level);
    ck_assert_uint_eq(in(RIS), TX);
    out(IMSC, TX);
    ck_assert(u->irq.level);
    out(ICR, TX);
    ck_assert(!u->irq.level);
    ck_assert_uint_eq(in(RIS), 0);
    ck_assert_uint_eq(in(FR) & 0xa8, 0x80); /* not busy, not full, empty */
}
END_TEST

/* ---- reception ---- */
START_TEST(receives_without_fifo)
{
    out(IMSC, RX);
    send_text("ab");
    ck_assert(u->irq.level);
    ck_assert_uint_eq(in(FR) & 0x50, 0x40);
    ck_assert_uint_eq(in(DR), 'a');
    ck_assert(!u->irq.level);
    send_text("");
    ck_assert_uint_eq(in(RIS), RX); /* the backend waited */
    ck_assert_uint_eq(in(DR), 'b');
    ck_assert_uint_eq(in(FR) & 0x50, 0x10);
    ck_assert_uint_eq(in(DR), 0);
    ck_assert_uint_eq(ev_next(m->queue), PS_NEVER); /* a time-out is the FIFO's */
}
END_TEST

/* UARTIFLS 5:3: 1/8, 1/4, 1/2, 3/4, 7/8 of 16. */
static const unsigned triggers[] = { 2, 4, 8, 12, 14 };
START_TEST(trigger_levels)
{
    unsigned level = triggers[_i];

    out(IFLS, (uint32_t)_i << 3);
    out(LCR_H, 0x70);
    for (unsigned n = 1; n <= 16; n++) {
        send_text("x");
        ck_assert_uint_eq(in(RIS) & RX, n >= level ? RX : 0);
        ck_assert_uint_eq(in(FR) & 0x50, n == 16 ? 0x40 : 0);
    }
    replace_machine();
    for (unsigned n = 16; n-- > 0;) {
        ck_assert_uint_eq(in(DR), 'x');
        ck_assert_uint_eq(in(RIS) & RX, n >= level ? RX : 0);
    }
    ck_assert_uint_eq(in(FR) & 0x50, 0x10);
}
END_TEST

/* Cleared by software, the interrupt waits for the next passing of the level. */
START_TEST(cleared_above_the_level)
{
    out(IFLS, 0);
    out(LCR_H, 0x70);
    send_text("abc");
    out(ICR, RX);
    send_text("d");
    ck_assert_uint_eq(in(RIS) & RX, 0);
    (void)in(DR);
    (void)in(DR);
    (void)in(DR);
    ck_assert_uint_eq(in(RIS) & RX, 0);
    send_text("e");
    ck_assert_uint_eq(in(RIS) & RX, RX);
}
END_TEST

START_TEST(fifo_keeps_order)
{
    out(LCR_H, 0x70);
    send_text("0123456789abcdefGHI");
    for (const char *c = "0123456789"; *c; c++)
        ck_assert_uint_eq(in(DR), (uint8_t)*c);
    replace_machine(); /* what the host still held is the host's */
    for (const char *c = "abcdef"; *c; c++)
        ck_assert_uint_eq(in(DR), (uint8_t)*c);
    send_text("0123456789abcdef");
    for (const char *c = "0123456789abcdef"; *c; c++)
        ck_assert_uint_eq(in(DR), (uint8_t)*c);
    send_text("x");
    out(LCR_H, 0x60); /* without FIFO: emptied */
    ck_assert_uint_eq(in(FR) & 0x50, 0x10);
}
END_TEST

/*
 * 2.8 UARTRTINTR: 32 bits. 3.3.6: the divisor is UARTCLK / (16 * baud), 6 bits of it a fraction;
 * taken over with UARTLCR_H.
 */
static const struct { uint32_t ibrd, fbrd; uint64_t clocks; } bauds[] = {
    { 13, 1, 32 * 16 * (13 * 64 + 1) / 64 },      /* 115200 from 24 MHz */
    { 156, 16, 32 * 16 * (156 * 64 + 16) / 64 },  /* 9600 */
    { 1, 0, 32 * 16 },
    { 65535, 0, 32ull * 16 * 65535 },
    { 0, 0, 32 * 16 },                            /* none set: the fastest */
};
START_TEST(time_out)
{
    uint64_t clocks = bauds[_i].clocks;
    ps_t due = (ps_t)(((unsigned __int128)clocks * PS_PER_SEC + CLOCK - 1) / CLOCK), now = due;

    out(IMSC, RT);
    out(IBRD, bauds[_i].ibrd);
    out(FBRD, bauds[_i].fbrd);
    out(LCR_H, 0x70);
    out(IBRD, 7); /* not taken over */
    send_text("ab");
    replace_machine();
    ev_run(m->queue, due - 1);
    ck_assert(!u->irq.level);
    ev_run(m->queue, due);
    ck_assert(u->irq.level);
    ck_assert_uint_eq(in(RIS), RT);
    ck_assert_uint_eq(in(DR), 'a');
    ck_assert(u->irq.level);  /* until the FIFO is empty... */
    out(ICR, RT);
    ck_assert(!u->irq.level); /* ...or software clears it, and if nothing is done, again */
    ev_run(m->queue, now += due);
    ck_assert(u->irq.level);
    ck_assert_uint_eq(in(DR), 'b');
    ck_assert(!u->irq.level);
    ck_assert_uint_eq(ev_next(m->queue), PS_NEVER);
}
END_TEST

/* ---- errors ---- */
START_TEST(overrun)
{
    out(LCR_H, 0x70);
    out(CR, 0x381);
    for (int i = 0; i < 16; i++)
        out(DR, (uint32_t)('a' + i));
    ck_assert_uint_eq(in(RIS) & OE, 0);
    out(DR, 'z');
    ck_assert_uint_eq(in(RIS) & OE, OE);
    ck_assert_uint_eq(in(RSR), 8);
    replace_machine();
    ck_assert_uint_eq(in(DR), 0x800 | 'a'); /* the contents stay valid */
    out(DR, 'q');                           /* finds room: UARTDR.OE goes */
    for (int i = 1; i < 17; i++)
        ck_assert_uint_eq(in(DR), (uint32_t)('a' + i));
    ck_assert_uint_eq(in(RSR), 8);
    out(RSR, 0); /* any value */
    ck_assert_uint_eq(in(RSR), 0);
    out(ICR, OE);
    ck_assert_uint_eq(in(RIS) & OE, 0);
}
END_TEST

/* One zero character with BE; UARTRSR shows it when that character is read, till the next. */
START_TEST(break_received)
{
    out(LCR_H, 0x70);
    out(IMSC, BE);
    send_text("a");
    send_bytes("\001b", 2);
    send_text("c");
    ck_assert(u->irq.level);
    ck_assert_uint_eq(in(DR), 'a');
    ck_assert_uint_eq(in(RSR), 0);
    replace_machine();
    ck_assert_uint_eq(in(DR), 0x400);
    ck_assert_uint_eq(in(RSR), 4);
    ck_assert_uint_eq(in(DR), 'c');
    ck_assert_uint_eq(in(RSR), 0);
    out(ICR, BE);
    ck_assert(!u->irq.level);
}
END_TEST

/* ---- UARTCR.LBE ---- */
START_TEST(loop_back)
{
    char text[8];

    out(CR, 0x381);
    send_text("q"); /* the input is disconnected */
    out(DR, 'x');
    ck_assert_uint_eq(in(DR), 'x');
    ck_assert_uint_eq(in(FR) & 0x50, 0x10);
    out(LCR_H, 0x71);
    ck_assert_uint_eq(in(DR), 0x400); /* a break goes round */
    send_bytes("\001b", 2);
    ck_assert_uint_eq(in(FR) & 0x50, 0x10);
    ck_assert_int_eq(read(far, text, sizeof(text)), -1);
    out(CR, 0x301);
    send_text("");
    ck_assert_uint_eq(in(DR), 'q');
}
END_TEST

/* Modem outputs in UARTCR; UARTFR's RI, DCD, DSR, CTS; what changed: DSR, DCD, CTS, RI. */
static const struct { uint32_t cr, fr, ris; } loops[] = {
    { 0x0000, 0x000, 0xe }, { 0x0800, 0x001, 0xc }, { 0x0400, 0x002, 0x6 },
    { 0x1000, 0x004, 0xa }, { 0x2000, 0x100, 0xf }, { 0x3c00, 0x107, 0x1 },
};
START_TEST(loop_back_modem)
{
    out(IMSC, 0xf);
    out(CR, 0x381 | loops[_i].cr);
    ck_assert_uint_eq(in(FR) & 0x107, loops[_i].fr);
    ck_assert_uint_eq(in(RIS), loops[_i].ris);
    ck_assert(u->irq.level);
    replace_machine();
    out(ICR, 0xf);
    ck_assert(!u->irq.level);
    out(CR, 0x301);
    ck_assert_uint_eq(in(FR) & 0x107, 7);
    ck_assert_uint_eq(in(RIS), loops[_i].ris);
}
END_TEST

START_TEST(debugger_takes_nothing)
{
    static const struct mem_attrs debug = { .debug = true };
    uint64_t v = 0;

    send_text("a");
    ck_assert_int_eq(mem_load(m->memory, AT + DR, 4, &v, &debug), MEM_OK);
    ck_assert_uint_eq(v, 'a');
    ck_assert_uint_eq(in(DR), 'a');
}
END_TEST

START_TEST(not_modelled_is_reported)
{
    out(CR, 0x303);
    ck_assert_uint_eq(u->dev.unmodelled_count, 1);
    out(DMACR, 1);
    ck_assert_uint_eq(u->dev.unmodelled_count, 2);
    out(0x80, 1);
    ck_assert_uint_eq(u->dev.unmodelled_count, 3);
}
END_TEST

START_TEST(needs_a_clock)
{
    struct err e = { 0 };

    ck_assert_ptr_null(pl011_create(m, "serial1", 0, NULL, &e));
    ck_assert_ptr_nonnull(strstr(e.text, "0 Hz"));
}
END_TEST

/* ---- generic ---- */
static struct device *make(struct machine *machine, void *arg)
{
    struct err e = { 0 };

    (void)arg;
    struct pl011 *made = pl011_create(machine, "serial0", CLOCK, NULL, &e);
    ck_assert_msg(made != NULL, "%s", e.text);
    return &made->dev;
}

START_TEST(generic)
{
    device_generic_test(&(struct device_generic){ .make = make });
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("devices.pl011");
    TCase *t = tcase_create("generic"), *c = tcase_create("uart");

    tcase_add_test(t, generic);
    suite_add_tcase(s, t);
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_loop_test(c, registers_after_reset, 0, (int)ARRAY_LEN(registers));
    tcase_add_test(c, widths);
    tcase_add_test(c, transmit_interrupt);
    tcase_add_test(c, receives_without_fifo);
    tcase_add_loop_test(c, trigger_levels, 0, (int)ARRAY_LEN(triggers));
    tcase_add_test(c, cleared_above_the_level);
    tcase_add_test(c, fifo_keeps_order);
    tcase_add_loop_test(c, time_out, 0, (int)ARRAY_LEN(bauds));
    tcase_add_test(c, overrun);
    tcase_add_test(c, break_received);
    tcase_add_test(c, loop_back);
    tcase_add_loop_test(c, loop_back_modem, 0, (int)ARRAY_LEN(loops));
    tcase_add_test(c, debugger_takes_nothing);
    tcase_add_test(c, not_modelled_is_reported);
    tcase_add_test(c, needs_a_clock);
    suite_add_tcase(s, c);
    return s;
}
