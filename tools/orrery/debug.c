/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/orrery/debug.h"
#include "core/debug/gdb.h"
#include "core/debug/monitor.h"
#include "devices/backend/char.h"
#include "devices/backend/hid.h"
#include <stdlib.h>
#include <string.h>

struct debug {
    struct board *board;
    const struct board_limits *limits;
    struct gdb *gdb;
    struct char_port *gdb_port, *monitor_port;
    struct monitor monitor;
    enum board_end end;       /* of the last board_run */
    int exit_code;
    uint8_t buttons;          /* of the mouse, as the monitor holds them */
    char line[1024];          /* of the monitor */
    size_t line_length;
};

static struct board *board_of(void *arg)
{
    return ((struct debug *)arg)->board;
}

static int save(void *arg, const char *path, struct err *e)
{
    return board_save(board_of(arg), path, e);
}

static int bus_error(void *arg, const char *range, bool on, struct err *e)
{
    return board_bus_error(board_of(arg), range, on, e);
}

static int power_key(void *arg, struct err *e)
{
    return board_power_key(board_of(arg), e);
}

static int wake(void *arg, struct err *e)
{
    return board_wake_key(board_of(arg), e);
}

static int change_medium(void *arg, const char *drive, const char *path, const char *format, bool force, struct err *e)
{
    return board_change_medium(board_of(arg), drive, path, format, force, e);
}

static bool list_media(void *arg, uint32_t n, const char **drive, const char **path, bool *locked)
{
    return board_list_media(board_of(arg), n, drive, path, locked);
}

static int screendump(void *arg, const char *path, const char *format, const char *display,
                      struct err *e)
{
    return board_screendump(board_of(arg), path, format, display, e);
}

static int send_keys(void *arg, const char *keys, uint32_t hold_ms, struct err *e)
{
    struct debug *d = arg;
    struct hid *hid = hid_find(board_host(d->board));

    if (!hid_takes_keys(hid))
        return err_set(e, ERR_ABSENT, "this machine has no keyboard; -device virtio-keyboard-pci is one");
    return hid_send_keys(hid, keys, hold_ms, e);
}

/* A tablet has no movement: who wants to move a pointer by distances needs a mouse. */
static int move_mouse(struct debug *d, int dx, int dy, int dz, struct err *e)
{
    struct hid *hid = hid_find(board_host(d->board));

    if (!hid_takes_moves(hid))
        return err_set(e, ERR_ABSENT, "this machine has no mouse; -device virtio-mouse-pci is one");
    return hid_move(hid, dx, dy, dz, d->buttons, e);
}

static int mouse_move(void *arg, int32_t dx, int32_t dy, int32_t dz, struct err *e)
{
    return move_mouse(arg, dx, dy, dz, e);
}

/* QEMU's monitor: 1 left, 2 middle, 4 right. */
static int mouse_button(void *arg, uint32_t pressed, struct err *e)
{
    struct debug *d = arg;

    if (pressed > 7)
        return err_set(e, ERR_ARG, "buttons %u; the sum of 1 (left), 2 (middle) and 4 (right) is "
                       "accepted", pressed);
    d->buttons = (uint8_t)((pressed & 1 ? HID_LEFT : 0) | (pressed & 2 ? HID_MIDDLE : 0) |
                           (pressed & 4 ? HID_RIGHT : 0));
    return move_mouse(d, 0, 0, 0, e);
}

static int load(void *arg, const char *path, struct err *e)
{
    return board_load(board_of(arg), path, e);
}

/* ---- gdb ---- */
static void gdb_write(void *arg, const void *bytes, size_t n)
{
    struct debug *d = arg;

    char_write(d->gdb_port, bytes, n);
}

static enum exec_reason gdb_run(void *arg, struct cpu **cpu)
{
    struct debug *d = arg;

    d->end = board_run(d->board, d->limits, &d->exit_code, cpu);
    switch (d->end) {
    case BOARD_DEBUG:
        return EXEC_DEBUG;
    case BOARD_LIMIT:
        return EXEC_LIMIT_TIME;
    case BOARD_DEADLOCK:
        return EXEC_DEADLOCK;
    default:
        return EXEC_STOPPED;
    }
}

static void gdb_monitor(void *arg, const char *line, void (*out)(void *o, const char *text), void *o)
{
    struct debug *d = arg;

    monitor_command(&d->monitor, line, out, o);
}

static size_t can_receive(void *arg)
{
    (void)arg;
    return 4096;
}

static void gdb_receive(void *arg, const uint8_t *bytes, size_t n)
{
    struct debug *d = arg;

    gdb_input(d->gdb, bytes, n);
}

static void gdb_event(void *arg, enum char_event event)
{
    struct debug *d = arg;

    if (event == CHAR_OPENED)
        gdb_connected(d->gdb);
    else if (event == CHAR_CLOSED)
        gdb_disconnected(d->gdb);
}

static const struct char_frontend gdb_frontend = {
    .can_receive = can_receive, .receive = gdb_receive, .event = gdb_event, .live = true,
};

/* "tcp::1234", ":1234" and "1234" are the same; other backends by their own names. */
static int open_gdb(struct debug *d, const char *spec, struct err *e)
{
    static const struct gdb_ops ops = { .write = gdb_write, .run = gdb_run, .monitor = gdb_monitor };
    struct gdb_ops mine = ops;
    struct char_options options;
    struct char_backend *backend;
    char text[512];
    int r;

    mine.arg = d;
    if (strncmp(spec, "tcp:", 4) == 0)
        spec += 4;
    if (strspn(spec, "0123456789") == strlen(spec))
        snprintf(text, sizeof(text), "tcp:127.0.0.1:%s,server=on,wait=off", spec);
    else if (spec[0] == ':')
        snprintf(text, sizeof(text), "tcp:127.0.0.1%s,server=on,wait=off", spec);
    else if (strncmp(spec, "unix:", 5) == 0 || strcmp(spec, "stdio") == 0)
        snprintf(text, sizeof(text), "%s%s", spec, spec[0] == 'u' ? ",server=on,wait=off" : "");
    else
        snprintf(text, sizeof(text), "tcp:%s,server=on,wait=off", spec);
    if ((r = gdb_create(&d->gdb, board_exec(d->board), board_machine(d->board), &mine, e)) < 0 ||
        (r = char_parse_serial(&options, "gdb", text, e)) < 0 ||
        (r = char_open(&backend, board_host(d->board), &options, e)) < 0)
        return r;
    return char_attach(backend, "gdb", &gdb_frontend, d, &d->gdb_port, e);
}

/* ---- monitor ---- */
static void monitor_out(void *arg, const char *text)
{
    struct debug *d = arg;

    for (const char *p = text; *p;) { /* terminals are raw: a line feed alone is not enough */
        size_t n = strcspn(p, "\n");
        char_write(d->monitor_port, p, n);
        p += n;
        if (*p == '\n') {
            char_write(d->monitor_port, "\r\n", 2);
            p++;
        }
    }
}

static void monitor_receive(void *arg, const uint8_t *bytes, size_t n)
{
    struct debug *d = arg;

    for (size_t i = 0; i < n; i++) {
        char c = (char)bytes[i];
        if (c == '\r' || c == '\n') {
            d->line[d->line_length] = 0;
            d->line_length = 0;
            char_write(d->monitor_port, "\r\n", 2);
            monitor_command(&d->monitor, d->line, monitor_out, d);
            char_write(d->monitor_port, "(orrery) ", 9);
        } else if (c == 8 || c == 127) {
            if (d->line_length > 0) {
                d->line_length--;
                char_write(d->monitor_port, "\b \b", 3);
            }
        } else if (c >= ' ' && d->line_length < sizeof(d->line) - 1) {
            d->line[d->line_length++] = c;
            char_write(d->monitor_port, &c, 1);
        }
    }
}

static void monitor_event(void *arg, enum char_event event)
{
    struct debug *d = arg;
    static const char hello[] = "Orrery " ORRERY_VERSION " monitor - 'help' lists commands\r\n(orrery) ";

    if (event == CHAR_OPENED)
        char_write(d->monitor_port, hello, sizeof(hello) - 1);
}

static const struct char_frontend monitor_frontend = {
    .can_receive = can_receive, .receive = monitor_receive, .event = monitor_event, .live = true,
};

/* On its own backend, or sharing the first serial port's (mon:stdio: Ctrl-A c changes over). */
static int open_monitor(struct debug *d, const struct run_options *o, struct err *e)
{
    struct char_backend *backend = char_find(board_host(d->board), "serial0");
    struct char_options options;
    int r;

    if (o->board.monitor) {
        if ((r = char_parse_serial(&options, "monitor0", o->board.monitor, e)) < 0 ||
            (r = char_open(&backend, board_host(d->board), &options, e)) < 0)
            return r;
    } else if (!backend || o->board.n_serial == 0 ||
               strncmp(o->board.serial[0], "mon:", 4) != 0) {
        return 0;
    }
    return backend ? char_attach(backend, "monitor0", &monitor_frontend, d, &d->monitor_port, e) : 0;
}

int debug_open(struct debug **out, struct board *b, const struct run_options *o, struct err *e)
{
    struct debug *d = calloc(1, sizeof(*d));
    int r;

    if (!d)
        return err_set(e, ERR_NOMEM, "no memory for the debugger");
    d->board = b;
    d->monitor = (struct monitor){
        .machine = board_machine(b), .exec = board_exec(b),
        .ops = { .save = save, .load = load, .bus_error = bus_error, .power_key = power_key, .wake = wake,
                 .change_medium = change_medium, .list_media = list_media,
                 .screendump = screendump, .send_keys = send_keys, .mouse_move = mouse_move,
                 .mouse_button = mouse_button, .arg = d },
    };
    r = open_monitor(d, o, e);
    if (r == 0 && o->gdb)
        r = open_gdb(d, o->gdb, e);
    if (r < 0) {
        debug_close(d);
        return r;
    }
    if (o->wait_for_gdb && d->gdb)
        gdb_halt(d->gdb);
    *out = d;
    return 0;
}

void debug_close(struct debug *d)
{
    if (!d)
        return;
    gdb_destroy(d->gdb);
    free(d);
}

enum board_end debug_run(struct debug *d, const struct board_limits *limits, int *exit_code)
{
    struct cpu *cpu = NULL;

    d->limits = limits;
    if (!d->gdb) {
        do
            d->end = board_run(d->board, limits, &d->exit_code, &cpu);
        while (d->end == BOARD_PAUSED);
    }
    while (d->gdb && !gdb_wants_quit(d->gdb)) {
        if (!gdb_is_halted(d->gdb))
            gdb_resume(d->gdb);
        else if (board_machine(d->board)->stop == MACHINE_RUNS)
            (void)host_poll(board_host(d->board), -1);
        else
            break; /* a signal or the monitor ended the machine while gdb held it */
    }
    *exit_code = d->exit_code;
    return d->end;
}
