/* SPDX-License-Identifier: Apache-2.0 */
/* -device: what sits on I/O ports. Names and defaults are QEMU's. */
#include "devices/backend/char.h"
#include "devices/backend/option.h"
#include "devices/board/places.h"
#include "devices/board/virtio_parts.h"
#include "devices/isa_debug.h"
#include "devices/ns16550.h"
#include "devices/pc_testdev.h"
#include <stdio.h>
#include <string.h>

enum { EXIT_PORT = 0x501, EXIT_SIZE = 2, DEBUGCON_PORT = 0xe9, BY_INDEX = -1 };

struct isa_options {
    char driver[64], id[64], chardev[64];
    int iobase, iosize, irq, index;
};
#define OPTIONS_ALL OPT_TEXT(isa_options, "driver", driver), OPT_TEXT(isa_options, "id", id)
#define OPTION_BASE OPT_NUMBER(isa_options, "iobase", iobase)
#define OPTION_CHARDEV OPT_TEXT(isa_options, "chardev", chardev)
static const struct option_desc exit_table[] = { OPTIONS_ALL, OPTION_BASE, OPT_NUMBER(isa_options, "iosize", iosize) };
static const struct option_desc debugcon_table[] = { OPTIONS_ALL, OPTION_BASE, OPTION_CHARDEV };
static const struct option_desc serial_table[] = {
    OPTIONS_ALL, OPTION_BASE, OPTION_CHARDEV, OPT_NUMBER(isa_options, "irq", irq), OPT_NUMBER(isa_options, "index", index),
};
static const struct option_desc testdev_table[] = { OPTIONS_ALL };

static int check_ports(const struct isa_options *o, uint32_t size, struct err *e)
{
    if ((uint32_t)o->iobase + size > 0x10000)
        return err_set(e, ERR_ARG, "ports %#x to %#x: the last one is 0xffff", (unsigned)o->iobase,
                       (unsigned)o->iobase + size - 1);
    return 0;
}

static int find_backend(struct parts *p, const struct isa_options *o, struct char_backend **out, struct err *e)
{
    *out = o->chardev[0] ? char_find(p->board->host, o->chardev) : NULL;
    if (o->chardev[0] && *out == NULL)
        return err_set(e, ERR_ABSENT, "chardev '%s' does not exist; give one with -chardev stdio,id=%s", o->chardev,
                       o->chardev);
    return 0;
}

static int add_exit(struct parts *p, void *options, const char *id, struct err *e)
{
    struct isa_options *o = options;
    if (o->iobase == BY_INDEX)
        o->iobase = EXIT_PORT;
    if (o->iosize != 1 && o->iosize != 2 && o->iosize != 4)
        return err_set(e, ERR_ARG, "iosize=%d; 1, 2 and 4 are accepted", o->iosize);
    int r = check_ports(o, (uint32_t)o->iosize, e);
    if (r < 0)
        return r;
    struct device *dev = isa_debug_exit_create(p->board->machine, id, e);
    return dev == NULL ? e->code : device_map_ports(dev, p->at.isa->ports, (uint16_t)o->iobase, 0, (uint32_t)o->iosize, e);
}

static int add_debugcon(struct parts *p, void *options, const char *id, struct err *e)
{
    struct isa_options *o = options;
    struct char_backend *backend;
    if (o->iobase == BY_INDEX)
        o->iobase = DEBUGCON_PORT;
    int r = check_ports(o, 1, e);
    if (r < 0 || (r = find_backend(p, o, &backend, e)) < 0)
        return r;
    struct isa_debugcon *d = isa_debugcon_create(p->board->machine, id, backend, e);
    return d == NULL ? e->code : device_map_ports(&d->dev, p->at.isa->ports, (uint16_t)o->iobase, 0, 1, e);
}

/* What drives a line needs somebody who takes it: boards have I/O ports without. */
static int check_lines(const struct parts *p, const char *driver, struct err *e)
{
    if (!p->at.isa->test_line)
        return err_set(e, ERR_UNSUPPORTED, "this board has I/O ports but no ISA interrupts for %s", driver);
    return 0;
}

/* COM1 to COM4; those of the board's own serial ports come first. An ISA interrupt has one driver. */
static int add_serial(struct parts *p, void *options, const char *id, struct err *e)
{
    struct isa_options *o = options;
    static const struct {
        uint16_t port;
        uint8_t irq;
    } com[] = { { 0x3f8, 4 }, { 0x2f8, 3 }, { 0x3e8, 4 }, { 0x2e8, 3 } };
    struct parts_isa *isa = p->at.isa;
    struct char_backend *backend;
    int r = check_lines(p, "a serial port", e);
    if (r < 0)
        return r;
    unsigned index = o->index == BY_INDEX ? isa->n_uarts : (unsigned)o->index;
    if (index >= ARRAY_LEN(com))
        return err_set(e, ERR_ARG, "index=%u; 0 to %zu are accepted", index, ARRAY_LEN(com) - 1);
    if (o->iobase == BY_INDEX)
        o->iobase = com[index].port;
    if (o->irq == BY_INDEX)
        o->irq = com[index].irq;
    if (o->irq > 15 || (isa->irqs_taken >> o->irq & 1))
        return err_set(e, ERR_ARG, "irq=%d: %s; give another with irq=N", o->irq,
                       o->irq > 15 ? "0 to 15 are accepted" : "this interrupt has a device already");
    if ((r = check_ports(o, 8, e)) < 0 || (r = find_backend(p, o, &backend, e)) < 0)
        return r;
    struct ns16550 *u = ns16550_create(p->board->machine, id, PC_UART_CLOCK, backend, e);
    if (u == NULL)
        return e->code;
    board_connect(p->board, &u->irq, (uint32_t)o->irq);
    isa->irqs_taken |= 1u << o->irq;
    isa->n_uarts = index + 1;
    return device_map_ports(&u->dev, isa->ports, (uint16_t)o->iobase, 0, 8, e);
}

static int add_testdev(struct parts *p, void *options, const char *id, struct err *e)
{
    (void)options;
    int r = check_lines(p, "them", e);
    if (r < 0)
        return r;
    struct machine *m = p->board->machine;
    struct pc_testdev *t = pc_testdev_create(m, id, m->memory, p->at.isa->ports, e);
    for (uint32_t i = 0; t != NULL && i < PC_TESTDEV_LINES; i++)
        irq_connect(&t->irq[i], p->at.isa->test_line, p->at.isa->test_arg, i);
    return t == NULL ? e->code : 0;
}

static const struct parts_kind kinds[] = {
    { "isa-debug-exit", add_exit, exit_table, ARRAY_LEN(exit_table) },
    { "isa-debugcon", add_debugcon, debugcon_table, ARRAY_LEN(debugcon_table) },
    { "isa-serial", add_serial, serial_table, ARRAY_LEN(serial_table) },
    { "pc-testdev", add_testdev, testdev_table, ARRAY_LEN(testdev_table) },
};

int parts_add_isa(struct parts *p, const char *text, bool *found, struct err *e)
{
    const struct parts_kind *kind = parts_find_kind(kinds, ARRAY_LEN(kinds), text);
    struct isa_options o = { .iobase = BY_INDEX, .iosize = EXIT_SIZE, .irq = BY_INDEX, .index = BY_INDEX };

    *found = kind != NULL;
    if (kind && !p->at.isa)
        return err_set(e, ERR_UNSUPPORTED, "device '%s': this board has no ISA devices", text);
    return kind ? parts_add_kind(p, kind, &o, o.id, text, e) : 0;
}
