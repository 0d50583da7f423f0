/* SPDX-License-Identifier: Apache-2.0 */
/* The packets of the gdb remote protocol, by first letter and by name. */
#include "core/debug/gdb_impl.h"
#include "mmu/tlb.h"
#include <stdlib.h>
#include <string.h>

static bool starts(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static void ok_or(struct gdb *g, bool ok, const char *error)
{
    gdb_put(g, ok ? "OK" : error);
}

/* ---- memory ---- */
static void read_memory(struct gdb *g, const char *p)
{
    uint8_t bytes[GDB_PACKET / 2];
    uint64_t addr, n;

    if (!gdb_hex(&p, &addr) || *p++ != ',' || !gdb_hex(&p, &n) || n > sizeof(bytes)) {
        gdb_put(g, "E22");
        return;
    }
    /* As much as can be read: gdb takes a short answer for what it is. */
    while (n > 0 && mmu_debug_read(gdb_cpu(g), addr, bytes, n) < 0)
        n = addr % MEM_PAGE + n > MEM_PAGE ? MEM_PAGE - addr % MEM_PAGE : 0;
    if (n == 0)
        gdb_put(g, "E14");
    gdb_put_hex(g, bytes, n);
}

static void write_memory(struct gdb *g, const char *p, bool binary)
{
    uint8_t bytes[GDB_PACKET];
    uint64_t addr, n;
    bool ok;

    if (!gdb_hex(&p, &addr) || *p++ != ',' || !gdb_hex(&p, &n) || *p++ != ':' || n > sizeof(bytes)) {
        gdb_put(g, "E22");
        return;
    }
    size_t left = g->length - (size_t)(p - g->packet);
    if (binary) {
        size_t done = 0;
        for (size_t i = 0; i < left && done < n; i++) {
            uint8_t c = (uint8_t)p[i];
            if (c == '}' && i + 1 < left)
                c = (uint8_t)p[++i] ^ 0x20;
            bytes[done++] = c;
        }
        ok = done == n;
    } else {
        ok = left == 2 * n && gdb_unhex(p, bytes, n);
    }
    if (!ok)
        gdb_put(g, "E22");
    else
        ok_or(g, n == 0 || mmu_debug_write(gdb_cpu(g), addr, bytes, n) == 0, "E14");
}

/* ---- points ---- */
static bool set_point(struct gdb *g, const struct gdb_point *p, bool on)
{
    struct err e = { 0 };

    if (p->type <= 1)
        return exec_set_break(g->exec, p->addr, on, &e) == 0;
    return exec_set_watch(g->exec, p->addr, p->size, p->type != 2, p->type != 3, on, &e) == 0;
}

static void change_point(struct gdb *g, const char *p, bool on)
{
    struct gdb_point point = { .type = (uint8_t)(p[0] - '0') };
    uint32_t i;

    if (point.type > 4 || p[1] != ',') {
        return; /* empty reply: not supported */
    }
    p += 2;
    if (!gdb_hex(&p, &point.addr) || *p++ != ',' || !gdb_hex(&p, &point.size)) {
        gdb_put(g, "E22");
        return;
    }
    for (i = 0; i < g->n_points; i++)
        if (g->points[i].type == point.type && g->points[i].addr == point.addr &&
            g->points[i].size == point.size)
            break;
    if (on == (i < g->n_points)) {
        gdb_put(g, "OK");
        return;
    }
    if ((on && g->n_points == GDB_POINTS) || !set_point(g, &point, on)) {
        gdb_put(g, "E28");
        return;
    }
    if (on)
        g->points[g->n_points++] = point;
    else
        g->points[i] = g->points[--g->n_points];
    gdb_put(g, "OK");
}

void gdb_remove_points(struct gdb *g)
{
    while (g->n_points > 0)
        (void)set_point(g, &g->points[--g->n_points], false);
}

/* ---- threads ---- */
/* "-1" and "0" mean any; result is an index. */
static bool parse_thread(struct gdb *g, const char **p, int32_t *index)
{
    uint64_t id;

    if (starts(*p, "-1")) {
        *p += 2;
        *index = -1;
        return true;
    }
    if (!gdb_hex(p, &id) || id > exec_n_cpus(g->exec))
        return false;
    *index = (int32_t)id - 1;
    return true;
}

static void thread_extra(struct gdb *g, const char *p)
{
    static const char *const states[] = { "running", "idle", "off" };
    char text[96];
    int32_t i;

    if (!parse_thread(g, &p, &i) || i < 0) {
        gdb_put(g, "E22");
        return;
    }
    const struct cpu *cpu = exec_cpu(g->exec, (uint32_t)i);
    snprintf(text, sizeof(text), "%s [%s]", cpu->name, states[cpu->run]);
    gdb_put_hex(g, text, strlen(text));
}

/* ---- resuming ---- */
static bool resume(struct gdb *g)
{
    g->state = GDB_RUNNING;
    g->reporting = true;
    return false;
}

/* vCont;action[:thread]...: for each thread the first action that names it counts. */
static bool vcont(struct gdb *g, const char *p)
{
    bool decided[ARRAY_LEN(g->step)] = { false };
    uint32_t n = MIN(exec_n_cpus(g->exec), (uint32_t)ARRAY_LEN(g->step));
    bool any = false;

    memset(g->step, 0, sizeof(g->step));
    while (*p == ';') {
        char action = *++p;
        uint64_t signal;
        int32_t thread = -1;
        if (action == 0 || !strchr("cCsS", action)) {
            gdb_put(g, "E22");
            return true;
        }
        p++;
        if ((action == 'C' || action == 'S') && !gdb_hex(&p, &signal)) {
            gdb_put(g, "E22");
            return true;
        }
        if (*p == ':' && (p++, !parse_thread(g, &p, &thread))) {
            gdb_put(g, "E22");
            return true;
        }
        for (uint32_t i = 0; i < n; i++) {
            if ((thread >= 0 && (uint32_t)thread != i) || decided[i])
                continue;
            decided[i] = true;
            g->step[i] = action == 's' || action == 'S';
            any |= g->step[i];
        }
    }
    g->any_step = any;
    return resume(g);
}

static bool resume_letter(struct gdb *g, const char *p)
{
    char action = *p++;
    uint64_t value;

    if (action == 'C' || action == 'S') {
        if (!gdb_hex(&p, &value)) {
            gdb_put(g, "E22");
            return true;
        }
        p += *p == ';';
    }
    if (gdb_hex(&p, &value))
        gdb_cpu(g)->pc = value;
    memset(g->step, 0, sizeof(g->step));
    g->any_step = action == 's' || action == 'S';
    if (g->any_step)
        g->step[gdb_cpu(g)->index] = true;
    return resume(g);
}

/* ---- queries ---- */
static void transfer_features(struct gdb *g, const char *p)
{
    const char *xml = gdb_target_xml(g);
    uint64_t offset, n;

    if (!starts(p, "target.xml:") || !xml) {
        gdb_put(g, "E00");
        return;
    }
    p += strlen("target.xml:");
    if (!gdb_hex(&p, &offset) || *p++ != ',' || !gdb_hex(&p, &n)) {
        gdb_put(g, "E22");
        return;
    }
    size_t size = strlen(xml);
    offset = MIN(offset, size);
    n = MIN(n, MIN(size - offset, (uint64_t)GDB_PACKET - 16));
    gdb_putf(g, "%c", offset + n < size ? 'm' : 'l');
    for (uint64_t i = 0; i < n; i++) {
        char c[2] = { xml[offset + i], 0 };
        gdb_put(g, c);
    }
}

static void monitor_out(void *arg, const char *text)
{
    struct gdb *g = arg;

    gdb_put_hex(g, text, strlen(text));
}

static void monitor(struct gdb *g, const char *hex)
{
    char line[1024];
    size_t n = MIN(strlen(hex) / 2, sizeof(line) - 1);

    if (!g->ops.monitor)
        return;
    if (!gdb_unhex(hex, (uint8_t *)line, n)) {
        gdb_put(g, "E22");
        return;
    }
    line[n] = 0;
    g->ops.monitor(g->ops.arg, line, monitor_out, g);
    if (g->out_length == 0)
        gdb_put(g, "OK");
}

static void query(struct gdb *g, const char *p)
{
    if (starts(p, "qSupported"))
        gdb_putf(g, "PacketSize=%x;qXfer:features:read+;QStartNoAckMode+;vContSupported+;swbreak-;"
                    "hwbreak-", GDB_PACKET);
    else if (starts(p, "qXfer:features:read:"))
        transfer_features(g, p + strlen("qXfer:features:read:"));
    else if (starts(p, "qAttached"))
        gdb_put(g, "1");
    else if (strcmp(p, "qC") == 0)
        gdb_putf(g, "QC%x", gdb_cpu(g)->index + 1);
    else if (starts(p, "qRcmd,"))
        monitor(g, p + strlen("qRcmd,"));
    else if (starts(p, "qThreadExtraInfo,"))
        thread_extra(g, p + strlen("qThreadExtraInfo,"));
    else if (strcmp(p, "qsThreadInfo") == 0)
        gdb_put(g, "l");
    else if (strcmp(p, "qfThreadInfo") == 0)
        for (uint32_t i = 0; i < exec_n_cpus(g->exec); i++)
            gdb_putf(g, "%c%x", i ? ',' : 'm', i + 1);
    else if (starts(p, "qGDBServerVersion"))
        gdb_put(g, "name:orrery;version:" ORRERY_VERSION ";");
    else if (strcmp(p, "qOffsets") == 0)
        gdb_put(g, "Text=0;Data=0;Bss=0");
    else if (starts(p, "qSymbol"))
        gdb_put(g, "OK");
}

static void select_thread(struct gdb *g, const char *p)
{
    char kind = *p++;
    int32_t i;

    if ((kind != 'g' && kind != 'c') || !parse_thread(g, &p, &i)) {
        gdb_put(g, "E22");
        return;
    }
    if (kind == 'g' && i >= 0)
        g->g_thread = (uint32_t)i;
    else if (kind == 'g')
        g->g_thread = g->stop_thread;
    gdb_put(g, "OK");
}

static void one_register(struct gdb *g, const char *p, bool write)
{
    uint64_t number;
    const struct cpu_reg *r = gdb_hex(&p, &number) && number <= UINT32_MAX
                                  ? gdb_find_reg(g, (uint32_t)number) : NULL;
    if (!r)
        gdb_put(g, "E14");
    else if (!write)
        gdb_put_reg(g, r);
    else
        ok_or(g, *p == '=' && gdb_write_reg(g, r, p + 1), "E14");
}

static bool handle_v(struct gdb *g, const char *p)
{
    if (strcmp(p, "vCont?") == 0)
        gdb_put(g, "vCont;c;C;s;S");
    else if (starts(p, "vCont"))
        return vcont(g, p + strlen("vCont"));
    else if (starts(p, "vKill")) {
        gdb_put(g, "OK");
        machine_stop(g->machine, MACHINE_QUIT, 0);
        g->state = GDB_QUIT;
    }
    return true;
}

bool gdb_handle(struct gdb *g)
{
    const char *p = g->packet;
    int32_t thread;

    switch (*p) {
    case '?':
        gdb_put(g, g->stop_reply[0] ? g->stop_reply : "T05thread:1;");
        return true;
    case 'g':
        gdb_read_all(g);
        return true;
    case 'G':
        ok_or(g, gdb_write_all(g, p + 1), "E22");
        return true;
    case 'p':
    case 'P':
        one_register(g, p + 1, *p == 'P');
        return true;
    case 'm':
        read_memory(g, p + 1);
        return true;
    case 'M':
    case 'X':
        write_memory(g, p + 1, *p == 'X');
        return true;
    case 'Z':
    case 'z':
        change_point(g, p + 1, *p == 'Z');
        return true;
    case 'H':
        select_thread(g, p + 1);
        return true;
    case 'T':
        p++;
        ok_or(g, parse_thread(g, &p, &thread) && thread >= 0, "E22");
        return true;
    case 'c':
    case 'C':
    case 's':
    case 'S':
        return resume_letter(g, p);
    case 'v':
        return handle_v(g, p);
    case 'q':
        query(g, p);
        return true;
    case 'Q':
        if (strcmp(p, "QStartNoAckMode") == 0) {
            g->no_ack = true;
            gdb_put(g, "OK");
        }
        return true;
    case 'D':
        gdb_put(g, "OK");
        gdb_remove_points(g);
        g->state = GDB_RUNNING;
        return true;
    case 'k':
        machine_stop(g->machine, MACHINE_QUIT, 0);
        g->state = GDB_QUIT;
        return false;
    default:
        return true; /* the empty packet: not supported */
    }
}
