/* SPDX-License-Identifier: Apache-2.0 */
/* 16550A: National Semiconductor PC16550D data sheet, tables and sections of chapter 8. */
#include "devices/ns16550.h"
#include "core/util/bits.h"
#include "test/check_main.h"
#include "test/device_generic.h"
#include "test/ports.h"
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BASE = 0x10000000, CLOCK = 3686400 };
enum { RBR, IER, IIR, LCR, MCR, LSR, MSR, SCR, THR = RBR, DLL = RBR, DLM = IER, FCR = IIR };

static struct machine *m;
static struct host *h;
static struct ns16550 *u;
static int far;
static bool irq;

static void sink(void *arg, uint32_t number, bool level)
{
    (void)arg;
    (void)number;
    irq = level;
}

/* A UART on one end of a socket; Ctrl-A b on the other is a break. */
static struct ns16550 *create(struct machine *machine, struct host **host, int *other)
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
    struct ns16550 *made = ns16550_create(machine, "serial0", CLOCK, c, &e);
    ck_assert_msg(made != NULL, "%s", e.text);
    ck_assert_int_eq(device_map(&made->dev, machine->memory, BASE, &e), 0);
    irq_connect(&made->irq, sink, NULL, 0);
    return made;
}

static void setup(void)
{
    m = device_generic_machine();
    u = create(m, &h, &far);
    machine_reset(m);
    irq = false;
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
    struct ns16550 *copy = create(fresh, &host, &other);
    bool was = irq;

    machine_reset(fresh);
    device_generic_copy(m, fresh);
    teardown();
    m = fresh;
    h = host;
    u = copy;
    far = other;
    irq = was;
}

static uint8_t in(uint32_t reg)
{
    uint64_t v = 0;

    ck_assert_int_eq(mem_load(m->memory, BASE + reg, 1, &v, NULL), MEM_OK);
    return (uint8_t)v;
}

static void out(uint32_t reg, uint8_t v)
{
    ck_assert_int_eq(mem_store(m->memory, BASE + reg, 1, v, NULL), MEM_OK);
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

static void set_divisor(uint16_t divisor)
{
    uint8_t lcr = in(LCR);

    out(LCR, lcr | 0x80);
    out(DLL, divisor & 0xff);
    out(DLM, divisor >> 8);
    out(LCR, lcr);
}

/* ---- Table I: registers after master reset, and which bits can be written ---- */
static const struct { uint32_t reg; uint8_t reset, ones; } registers[] = {
    { IER, 0x00, 0x0f }, { LCR, 0x00, 0xff }, { MCR, 0x00, 0x1f }, { LSR, 0x60, 0x60 },
    { MSR, 0xb0, 0xb0 }, /* CTS, DSR and DCD are there, nobody rings */
    { SCR, 0x00, 0xff }, { IIR, 0x01, 0xc1 },
};
START_TEST(registers_after_reset)
{
    ck_assert_uint_eq(in(registers[_i].reg), registers[_i].reset);
    /* All ones to IIR's place is FCR: FIFOs on, which IIR 7:6 show. */
    out(registers[_i].reg, 0xff);
    if (registers[_i].reg == IER)
        (void)in(IIR);
    ck_assert_uint_eq(in(registers[_i].reg), registers[_i].ones);
    machine_reset(m);
    ck_assert_uint_eq(in(registers[_i].reg), registers[_i].reset);
}
END_TEST

START_TEST(divisor_latch)
{
    out(LCR, 0x83);
    out(DLL, 0x34);
    out(DLM, 0x12);
    ck_assert_uint_eq(in(DLL), 0x34);
    ck_assert_uint_eq(in(DLM), 0x12);
    replace_machine();
    ck_assert_uint_eq(in(DLM), 0x12);
    out(LCR, 0x03);
    ck_assert_uint_eq(in(IER), 0);
    out(IER, 0x05);
    out(LCR, 0x83);
    ck_assert_uint_eq(in(DLM), 0x12);
}
END_TEST

START_TEST(only_bytes_are_taken)
{
    uint64_t v;

    for (unsigned size = 2; size <= 8; size *= 2)
        ck_assert_int_eq(mem_load(m->memory, BASE, size, &v, NULL), MEM_BAD_SIZE);
}
END_TEST

/* ---- transmission ---- */
START_TEST(transmits)
{
    char text[8] = "";

    out(THR, 'h');
    out(THR, 'i');
    ck_assert_uint_eq(in(LSR), 0x60);
    out(LCR, 0x80);
    out(DLL, 'x'); /* goes into the latch */
    for (int i = 0; i < 3; i++)
        host_poll(h, 2);
    ck_assert_int_eq(read(far, text, sizeof(text)), 2);
    ck_assert_str_eq(text, "hi");
}
END_TEST

/* "THRE interrupt is reset by reading IIR (if it is the source) or writing THR." */
START_TEST(thre_interrupt)
{
    ck_assert(!irq);
    out(IER, 2);
    ck_assert(irq); /* the holding register is empty when it is enabled */
    replace_machine();
    ck_assert_uint_eq(in(IIR), 0x02);
    ck_assert(!irq);
    ck_assert_uint_eq(in(IIR), 0x01);
    out(THR, 'x');
    ck_assert(irq);
    out(IER, 0);
    ck_assert(!irq);
    ck_assert_uint_eq(in(IIR), 0x01);
    out(IER, 2);
    ck_assert(irq);
    ck_assert_uint_eq(in(IIR), 0x02);
    out(FCR, 5); /* clearing an empty transmit FIFO... */
    ck_assert_uint_eq(in(IIR), 0xc1); /* ...empties nothing */
}
END_TEST

/* ---- reception ---- */
START_TEST(receives_without_fifo)
{
    out(IER, 1);
    send_text("ab");
    ck_assert(irq);
    ck_assert_uint_eq(in(LSR), 0x61);
    ck_assert_uint_eq(in(IIR), 0x04);
    ck_assert_uint_eq(in(RBR), 'a');
    send_text("");
    ck_assert_uint_eq(in(RBR), 'b'); /* the backend waited */
    ck_assert(!irq);
    ck_assert_uint_eq(in(LSR), 0x60);
    ck_assert_uint_eq(in(IIR), 0x01);
}
END_TEST

/* FCR 7:6: trigger levels 1, 4, 8, 14; the interrupt falls with the count below the level. */
static const struct { uint8_t fcr; unsigned level; } triggers[] = {
    { 0x01, 1 }, { 0x41, 4 }, { 0x81, 8 }, { 0xc1, 14 },
};
START_TEST(trigger_levels)
{
    out(FCR, triggers[_i].fcr);
    out(IER, 1);
    for (unsigned n = 1; n <= 16; n++) {
        send_text("x");
        ck_assert_int_eq(irq, n >= triggers[_i].level);
        ck_assert_uint_eq(in(IIR), n >= triggers[_i].level ? 0xc4 : 0xc1);
    }
    replace_machine();
    for (unsigned n = 16; n-- > 0;) {
        ck_assert_uint_eq(in(RBR), 'x');
        ck_assert_uint_eq(in(IIR), n >= triggers[_i].level ? 0xc4 : 0xc1);
        ck_assert_int_eq(irq, n >= triggers[_i].level);
    }
}
END_TEST

START_TEST(fifo_keeps_order)
{
    out(FCR, 1);
    send_text("0123456789abcdefGHI");
    for (const char *c = "0123456789"; *c; c++)
        ck_assert_uint_eq(in(RBR), (uint8_t)*c);
    replace_machine(); /* what the host still held is the host's: G, H and I are gone with it */
    for (const char *c = "abcdef"; *c; c++)
        ck_assert_uint_eq(in(RBR), (uint8_t)*c);
    ck_assert_uint_eq(in(LSR), 0x60);
    send_text("0123456789abcdef");
    for (const char *c = "0123456789abcdef"; *c; c++)
        ck_assert_uint_eq(in(RBR), (uint8_t)*c);
}
END_TEST

/* FCR: bit 1 empties the FIFO, changing bit 0 does; without bit 0 the others are not programmed. */
static const struct { uint8_t first, then; bool kept; } clears[] = {
    { 0x01, 0x01, true }, { 0x01, 0x03, false }, { 0x01, 0x05, true }, { 0x01, 0x81, true },
    { 0x01, 0x00, false }, { 0x00, 0x01, false }, { 0x00, 0x02, true }, { 0x00, 0xc6, true },
};
START_TEST(fcr_clears)
{
    out(FCR, clears[_i].first);
    send_text("a");
    out(FCR, clears[_i].then);
    ck_assert_uint_eq(in(LSR) & 1, clears[_i].kept);
    ck_assert_uint_eq(in(IIR) >> 6, clears[_i].then & 1 ? 3 : 0);
}
END_TEST

/* ---- character time-out: four times start + word + parity + stop ---- */
static const struct { uint8_t lcr; uint16_t divisor; unsigned clocks; } frames[] = {
    { 0x03, 2, 4 * 10 * 32 },        /* 8N1, 115200 baud from 3.6864 MHz */
    { 0x03, 24, 4 * 10 * 384 },      /* 9600 */
    { 0x00, 1, 4 * 7 * 16 },         /* 5N1 */
    { 0x04, 1, 4 * 15 * 8 },         /* 5 bits have a stop bit and a half */
    { 0x05, 1, 4 * 9 * 16 },         /* 6N2 */
    { 0x0a, 1, 4 * 10 * 16 },        /* 7 bits, odd parity */
    { 0x1f, 65535, 4 * 12 * 1048560 }, /* 8E2, the slowest */
};
START_TEST(time_out_follows_the_frame)
{
    ps_t due = (ps_t)(((unsigned __int128)frames[_i].clocks * PS_PER_SEC + CLOCK - 1) / CLOCK);

    out(LCR, frames[_i].lcr);
    set_divisor(frames[_i].divisor);
    out(FCR, 0xc1);
    out(IER, 1);
    send_text("a");
    ck_assert(!irq);
    replace_machine();
    ev_run(m->queue, due - 1);
    ck_assert(!irq);
    ev_run(m->queue, due);
    ck_assert(irq);
    ck_assert_uint_eq(in(IIR), 0xcc);
    ck_assert_uint_eq(in(RBR), 'a');
    ck_assert(!irq);
    ck_assert_uint_eq(in(IIR), 0xc1);
}
END_TEST

/* The timer starts again with each character and each read; one reported stays until a read. */
START_TEST(time_out_starts_again)
{
    ps_t step = 4 * 10 * 32 * (PS_PER_SEC / CLOCK + 1), now = 0;

    out(LCR, 3);
    set_divisor(2);
    out(FCR, 0x81);
    out(IER, 1);
    for (int i = 0; i < 3; i++) {
        send_text("a");
        ev_run(m->queue, now += step * 3 / 4);
        ck_assert(!irq);
    }
    ck_assert_uint_eq(in(RBR), 'a');
    ev_run(m->queue, now += step * 3 / 4);
    ck_assert(!irq);
    ev_run(m->queue, now += step / 2);
    ck_assert(irq);
    replace_machine();
    send_text("b");
    ck_assert(irq);
    ck_assert_uint_eq(in(IIR), 0xcc);
    out(FCR, 0x81); /* changes nothing */
    ck_assert_uint_eq(in(IIR), 0xcc);
    ck_assert_uint_eq(in(RBR), 'a');
    ck_assert(!irq);
    ev_run(m->queue, now += 2 * step);
    ck_assert(irq);
    out(FCR, 0x83);
    ck_assert(!irq);
}
END_TEST

START_TEST(no_time_out_without_fifo)
{
    out(IER, 1);
    send_text("a");
    ck_assert_uint_eq(ev_next(m->queue), PS_NEVER);
    ck_assert_uint_eq(in(IIR), 0x04);
}
END_TEST

/* ---- errors ---- */

/* Loop-back is the one way to send more than is taken. A full FIFO loses the new character... */
START_TEST(overrun_of_the_fifo)
{
    out(FCR, 1);
    out(MCR, 0x10);
    for (char c = 'a'; c <= 'q'; c++) {
        ck_assert_uint_eq(in(LSR) & 0x02, 0);
        out(THR, (uint8_t)c);
    }
    out(IER, 4);
    ck_assert(irq);
    ck_assert_uint_eq(in(IIR), 0xc6);
    replace_machine();
    out(FCR, 3); /* OE goes by reading LSR alone */
    ck_assert_uint_eq(in(LSR), 0x62);
    ck_assert(!irq);
    ck_assert_uint_eq(in(LSR), 0x60);
}
END_TEST

/* ...and without FIFO it destroys the old one. */
START_TEST(overrun_of_the_register)
{
    out(MCR, 0x10);
    out(THR, 'a');
    out(THR, 'b');
    ck_assert_uint_eq(in(LSR), 0x63);
    ck_assert_uint_eq(in(LSR), 0x61);
    ck_assert_uint_eq(in(RBR), 'b');
    ck_assert_uint_eq(in(LSR), 0x60);
}
END_TEST

/* A break is a zero character; BI shows with it at the top of the FIFO, bit 7 as long as it is in. */
START_TEST(break_waits_for_its_turn)
{
    out(FCR, 1);
    out(IER, 4);
    send_text("a");
    send_bytes("\001b", 2);
    send_text("c");
    ck_assert(!irq);
    ck_assert_uint_eq(in(LSR), 0xe1);
    ck_assert_uint_eq(in(LSR), 0xe1); /* still in the FIFO */
    replace_machine();
    ck_assert_uint_eq(in(RBR), 'a');
    ck_assert(irq);
    ck_assert_uint_eq(in(IIR), 0xc6);
    ck_assert_uint_eq(in(RBR), 0);
    ck_assert_uint_eq(in(LSR), 0xf1); /* reading the character does not take BI away */
    ck_assert(!irq);
    ck_assert_uint_eq(in(LSR), 0x61);
    ck_assert_uint_eq(in(RBR), 'c');
}
END_TEST

START_TEST(break_without_fifo)
{
    out(IER, 4);
    send_bytes("\001b", 2);
    ck_assert(irq);
    ck_assert_uint_eq(in(LSR), 0x71); /* bit 7 is a FIFO's */
    ck_assert(!irq);
    ck_assert_uint_eq(in(RBR), 0);
    out(MCR, 0x10);
    send_bytes("\001b", 2); /* the receiver's input is disconnected */
    ck_assert_uint_eq(in(LSR), 0x60);
}
END_TEST

/* Table "Interrupt Control Functions": the highest of those enabled and pending. */
START_TEST(priorities)
{
    static const struct { uint8_t ier, iir; } rows[] = {
        { 0x0f, 0xc6 }, { 0x0b, 0xc4 }, { 0x0a, 0xc2 }, { 0x08, 0xc0 }, { 0x00, 0xc1 },
        { 0x04, 0xc6 }, { 0x01, 0xc4 }, { 0x02, 0xc2 },
    };
    out(FCR, 1);
    out(MCR, 0x10); /* modem inputs change */
    out(THR, 'a');
    for (int i = 0; i < 16; i++)
        out(THR, 'b'); /* the last one overruns */
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        out(IER, rows[i].ier);
        ck_assert_int_eq(irq, rows[i].ier != 0);
        ck_assert_uint_eq(in(IIR), rows[i].iir);
        if (rows[i].iir == 0xc2)
            out(IER, 0); /* so that enabling raises it again */
    }
}
END_TEST

/* ---- modem: in loop-back DTR, RTS, OUT1, OUT2 are DSR, CTS, RI, DCD ---- */
static const struct { uint8_t mcr, msr; } loops[] = {
    { 0x10, 0x0b }, /* CTS, DSR, DCD go: all three have changed */
    { 0x11, 0x29 }, { 0x12, 0x1a }, { 0x18, 0x83 }, { 0x1b, 0xb0 },
    { 0x14, 0x4b }, /* RI comes: its rise is not told */
    { 0x1f, 0xf0 },
};
START_TEST(loop_back_modem)
{
    out(IER, 8);
    out(MCR, loops[_i].mcr);
    ck_assert_int_eq(irq, (loops[_i].msr & 0x0f) != 0);
    if (irq)
        ck_assert_uint_eq(in(IIR), 0x00);
    replace_machine();
    ck_assert_uint_eq(in(MSR), loops[_i].msr);
    ck_assert(!irq);
    ck_assert_uint_eq(in(MSR), loops[_i].msr & 0xf0);
}
END_TEST

/* TERI: the trailing edge of RI. */
START_TEST(ring_ends)
{
    out(MCR, 0x1f);
    ck_assert_uint_eq(in(MSR), 0xf0);
    out(MCR, 0x1b);
    ck_assert_uint_eq(in(MSR), 0xb4);
}
END_TEST

START_TEST(loop_back_data)
{
    char text[4];

    out(MCR, 0x10);
    out(IER, 1);
    out(THR, 'a');
    ck_assert(irq);
    send_text("z"); /* waits outside */
    ck_assert_uint_eq(in(RBR), 'a');
    ck_assert_uint_eq(in(LSR), 0x60);
    ck_assert_int_eq(read(far, text, sizeof(text)), -1);
    out(MCR, 0);
    send_text("");
    ck_assert_uint_eq(in(RBR), 'z');
}
END_TEST

START_TEST(clock_is_checked)
{
    struct err e = { 0 };

    ck_assert_ptr_null(ns16550_create(m, "none", 0, NULL, &e));
    ck_assert_ptr_nonnull(strstr(e.text, "0 Hz"));
}
END_TEST

/* ---- generic ---- */
static struct device *make(struct machine *machine, void *arg)
{
    struct err e = { 0 };
    struct ns16550 *made = ns16550_create(machine, "serial0", CLOCK, NULL, &e);

    (void)arg;
    ck_assert_msg(made != NULL, "%s", e.text);
    return &made->dev;
}

/* A PC's COM1: eight ports of a space of their own, and the bus makes bytes of what is wider. */
START_TEST(on_ports)
{
    struct mem_space *io = mem_space_create("io");
    struct err e = { 0 };

    ck_assert_int_eq(device_map_ports(&u->dev, io, 0x3f8, 0, 8, &e), 0);
    outb(io, 0x3f8 + LCR, 0x80);
    mem_port_out(io, 0x3f8, 2, 0x1234, NULL);
    ck_assert_uint_eq(mem_port_in(io, 0x3f8, 2, NULL), 0x1234);
    ck_assert_uint_eq(inb(io, 0x3f8 + LCR), 0x80);
    ck_assert_uint_eq(inb(io, 0x400), 0xff);
    ck_assert_uint_eq(inb(io, 0x3f7), 0xff);
    mem_space_destroy(io);
}
END_TEST

START_TEST(generic)
{
    device_generic_test(&(struct device_generic){ .make = make, .seed = (uint64_t)_i });
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("ns16550");
    TCase *t = tcase_create("ns16550");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, registers_after_reset, 0, (int)ARRAY_LEN(registers));
    tcase_add_test(t, divisor_latch);
    tcase_add_test(t, on_ports);
    tcase_add_test(t, only_bytes_are_taken);
    tcase_add_test(t, transmits);
    tcase_add_test(t, thre_interrupt);
    tcase_add_test(t, receives_without_fifo);
    tcase_add_loop_test(t, trigger_levels, 0, (int)ARRAY_LEN(triggers));
    tcase_add_test(t, fifo_keeps_order);
    tcase_add_loop_test(t, fcr_clears, 0, (int)ARRAY_LEN(clears));
    tcase_add_loop_test(t, time_out_follows_the_frame, 0, (int)ARRAY_LEN(frames));
    tcase_add_test(t, time_out_starts_again);
    tcase_add_test(t, no_time_out_without_fifo);
    tcase_add_test(t, overrun_of_the_fifo);
    tcase_add_test(t, overrun_of_the_register);
    tcase_add_test(t, break_waits_for_its_turn);
    tcase_add_test(t, break_without_fifo);
    tcase_add_test(t, priorities);
    tcase_add_loop_test(t, loop_back_modem, 0, (int)ARRAY_LEN(loops));
    tcase_add_test(t, ring_ends);
    tcase_add_test(t, loop_back_data);
    tcase_add_test(t, clock_is_checked);
    tcase_add_loop_test(t, generic, 0, 2);
    suite_add_tcase(s, t);
    return s;
}
