/* SPDX-License-Identifier: Apache-2.0 */
/* Framing, acknowledgement and run control of the gdb stub. */
#include "core/debug/gdb_impl.h"
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

int gdb_create(struct gdb **out, struct exec *x, struct machine *m, const struct gdb_ops *ops,
               struct err *e)
{
    struct gdb *g = calloc(1, sizeof(*g));

    if (g)
        g->out = malloc(2 * GDB_PACKET + 1);
    if (!g || !g->out) {
        free(g);
        return err_set(e, ERR_NOMEM, "no memory for the gdb stub");
    }
    g->exec = x;
    g->machine = m;
    g->ops = *ops;
    *out = g;
    return 0;
}

void gdb_destroy(struct gdb *g)
{
    if (!g)
        return;
    free(g->out);
    free(g->xml);
    free(g);
}

struct cpu *gdb_cpu(struct gdb *g)
{
    return exec_cpu(g->exec, g->g_thread < exec_n_cpus(g->exec) ? g->g_thread : 0);
}

/* ---- replies ---- */
void gdb_put(struct gdb *g, const char *text)
{
    size_t n = MIN(strlen(text), 2 * (size_t)GDB_PACKET - g->out_length);

    memcpy(g->out + g->out_length, text, n);
    g->out_length += n;
    g->out[g->out_length] = 0;
}

void gdb_putf(struct gdb *g, const char *fmt, ...)
{
    char text[512];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    gdb_put(g, text);
}

void gdb_put_hex(struct gdb *g, const void *bytes, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *b = bytes;

    for (size_t i = 0; i < n && g->out_length + 2 <= 2 * (size_t)GDB_PACKET; i++) {
        g->out[g->out_length++] = digits[b[i] >> 4];
        g->out[g->out_length++] = digits[b[i] & 15];
    }
    g->out[g->out_length] = 0;
}

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool gdb_hex(const char **p, uint64_t *value)
{
    const char *start = *p;

    *value = 0;
    for (int d; (d = digit(**p)) >= 0; (*p)++)
        *value = *value << 4 | (unsigned)d;
    return *p != start;
}

bool gdb_unhex(const char *text, uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int high = digit(text[2 * i]);
        int low = high < 0 ? -1 : digit(text[2 * i + 1]);
        if (low < 0)
            return false;
        bytes[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

/* "$content#checksum": content is escaped where the protocol demands it. */
static void send_packet(struct gdb *g)
{
    char frame[256];
    size_t n = 0;
    uint8_t sum = 0;

    frame[n++] = '$';
    for (size_t i = 0; i < g->out_length; i++) {
        char c = g->out[i];
        if (c == '$' || c == '#' || c == '}' || c == '*') {
            frame[n++] = '}';
            sum += '}';
            c ^= 0x20;
        }
        frame[n++] = c;
        sum += (uint8_t)c;
        if (n >= sizeof(frame) - 8) {
            g->ops.write(g->ops.arg, frame, n);
            n = 0;
        }
    }
    n += (size_t)snprintf(frame + n, 4, "#%02x", sum);
    g->ops.write(g->ops.arg, frame, n);
}

static void report_stop(struct gdb *g)
{
    if (!g->reporting || !g->connected)
        return;
    g->reporting = false;
    g->out_length = 0;
    gdb_put(g, g->stop_reply);
    send_packet(g);
}

/* ---- input ---- */
static void packet_done(struct gdb *g)
{
    if (g->overflow || g->sum != g->sum_seen) {
        if (!g->no_ack)
            g->ops.write(g->ops.arg, "-", 1);
        return;
    }
    if (!g->no_ack)
        g->ops.write(g->ops.arg, "+", 1);
    g->packet[g->length] = 0;
    g->out_length = 0;
    g->out[0] = 0;
    if (gdb_handle(g))
        send_packet(g);
}

static void input_byte(struct gdb *g, uint8_t c)
{
    static const char hex[] = "0123456789abcdef";
    int d;

    switch (g->parse) {
    case GDB_IDLE:
        if (c == '$') {
            g->parse = GDB_BODY;
            g->length = 0;
            g->sum = 0;
            g->overflow = false;
        } else if (c == 3 && g->state == GDB_RUNNING) {
            g->interrupt = true;
            machine_stop(g->machine, MACHINE_PAUSE, 0);
        }
        break;
    case GDB_BODY:
        if (c == '#') {
            g->parse = GDB_SUM1;
            break;
        }
        g->sum += c;
        if (g->length == GDB_PACKET)
            g->overflow = true;
        else
            g->packet[g->length++] = (char)c;
        break;
    case GDB_SUM1:
    case GDB_SUM2:
        d = digit((char)c);
        if (d < 0 || !strchr(hex, c | 0x20)) {
            g->overflow = true; /* answered with '-': the client sends it again */
            d = 0;
        }
        g->sum_seen = (uint8_t)(g->sum_seen << 4 | d);
        g->parse = g->parse == GDB_SUM1 ? GDB_SUM2 : GDB_IDLE;
        if (g->parse == GDB_IDLE)
            packet_done(g);
        break;
    }
}

void gdb_input(struct gdb *g, const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        input_byte(g, bytes[i]);
}

/* ---- run control ---- */
void gdb_halt(struct gdb *g)
{
    g->state = GDB_HALTED;
    snprintf(g->stop_reply, sizeof(g->stop_reply), "T05thread:%x;", g->stop_thread + 1);
}

void gdb_connected(struct gdb *g)
{
    g->connected = true;
    g->no_ack = g->reporting = false;
    g->parse = GDB_IDLE;
    if (g->state == GDB_RUNNING) {
        g->interrupt = true;
        machine_stop(g->machine, MACHINE_PAUSE, 0);
    }
}

void gdb_disconnected(struct gdb *g)
{
    g->connected = false;
    gdb_remove_points(g);
    if (g->state == GDB_HALTED)
        g->state = GDB_RUNNING;
    g->any_step = false;
}

bool gdb_is_halted(const struct gdb *g)
{
    return g->state == GDB_HALTED;
}

bool gdb_wants_quit(const struct gdb *g)
{
    return g->state == GDB_QUIT;
}

static void stopped_at(struct gdb *g, struct cpu *cpu)
{
    static const char *const kinds[] = { [CPU_LOAD] = "rwatch", [CPU_STORE] = "watch" };
    const struct cpu_debug at = cpu->debug, *d = &at;

    /* The executors stop before the access; x86's debuggers expect it to be done (SDM volume 3, 18.3.1.2). */
    if (d->kind == CPU_STOP_WATCH && !cpu->isa->watch_before)
        (void)exec_step(g->exec, cpu);
    g->stop_thread = g->g_thread = cpu->index;
    if (d->kind == CPU_STOP_WATCH) {
        const char *kind = kinds[d->access == CPU_STORE ? CPU_STORE : CPU_LOAD];
        for (uint32_t i = 0; i < g->n_points; i++)
            if (g->points[i].type == 4 && d->addr - g->points[i].addr < g->points[i].size)
                kind = "awatch";
        snprintf(g->stop_reply, sizeof(g->stop_reply), "T05thread:%x;%s:%llx;", cpu->index + 1,
                 kind, (unsigned long long)d->addr);
        return;
    }
    snprintf(g->stop_reply, sizeof(g->stop_reply), "T05thread:%x;", cpu->index + 1);
}

/* Step the CPUs asked for, in order, one instruction each. */
static enum exec_reason step_cpus(struct gdb *g, struct cpu **cpu)
{
    enum exec_reason why = EXEC_DEBUG;

    for (uint32_t i = 0; i < exec_n_cpus(g->exec); i++) {
        if (i >= ARRAY_LEN(g->step) || !g->step[i])
            continue;
        *cpu = exec_cpu(g->exec, i);
        why = exec_step(g->exec, *cpu);
        if (why != EXEC_DEBUG)
            break;
    }
    return why;
}

void gdb_resume(struct gdb *g)
{
    struct cpu *cpu = NULL;
    enum exec_reason why;

    if (g->state != GDB_RUNNING)
        return;
    g->interrupt = false;
    if (g->any_step)
        why = step_cpus(g, &cpu);
    else
        why = g->ops.run(g->ops.arg, &cpu);
    g->any_step = false;
    memset(g->step, 0, sizeof(g->step));
    switch (why) {
    case EXEC_DEBUG:
        if (cpu)
            stopped_at(g, cpu);
        g->state = GDB_HALTED;
        break;
    case EXEC_STOPPED:
        if (g->interrupt) {
            snprintf(g->stop_reply, sizeof(g->stop_reply), "T02thread:%x;", g->stop_thread + 1);
            g->state = GDB_HALTED;
            break;
        }
        if (g->machine->stop == MACHINE_RUNS)
            return; /* a pause of somebody else's: go on */
        snprintf(g->stop_reply, sizeof(g->stop_reply), "W%02x", g->machine->exit_code & 0xff);
        g->state = GDB_QUIT;
        break;
    default: /* limits, or nothing can ever happen */
        snprintf(g->stop_reply, sizeof(g->stop_reply), "T05thread:%x;", g->stop_thread + 1);
        g->state = g->connected ? GDB_HALTED : GDB_QUIT;
        break;
    }
    report_stop(g);
}
