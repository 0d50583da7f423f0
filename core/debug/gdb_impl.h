/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CORE_DEBUG_GDB_IMPL_H
#define ORRERY_CORE_DEBUG_GDB_IMPL_H
/* What the files of the stub share. */
#include "core/cpu/regs.h"
#include "core/debug/gdb.h"

#define GDB_POINTS 256

struct gdb_point {
    uint8_t type; /* Z packet: 0, 1 break; 2 write, 3 read, 4 access watch */
    va_t addr;
    uint64_t size;
};

enum gdb_parse { GDB_IDLE, GDB_BODY, GDB_SUM1, GDB_SUM2 };
enum gdb_run_state { GDB_RUNNING, GDB_HALTED, GDB_QUIT };

struct gdb {
    struct exec *exec;
    struct machine *machine;
    struct gdb_ops ops;
    enum gdb_run_state state;
    bool connected, no_ack, interrupt, thread_events;
    bool reporting;          /* a resume packet awaits its stop reply */
    bool step[256];          /* CPUs to step in this resume; none: continue */
    bool any_step;
    uint32_t g_thread;       /* index for registers and memory */
    uint32_t stop_thread;
    char stop_reply[96];

    enum gdb_parse parse;
    uint8_t sum, sum_seen;
    bool overflow;
    size_t length;
    char packet[GDB_PACKET + 1];

    char *out;               /* reply being built; GDB_PACKET * 2 bytes */
    size_t out_length;

    struct gdb_point points[GDB_POINTS];
    uint32_t n_points;
    char *xml;               /* target description, built once */
};

/* Reply building: text, formatted text, bytes as hex. Overlong replies are cut at the buffer's end. */
void gdb_put(struct gdb *g, const char *text);
void gdb_putf(struct gdb *g, const char *fmt, ...) PRINTF_LIKE(2, 3);
void gdb_put_hex(struct gdb *g, const void *bytes, size_t n);

/* Hex helpers. gdb_hex parses digits up to a non-digit and moves *p; false if there was none. */
bool gdb_hex(const char **p, uint64_t *value);
bool gdb_unhex(const char *text, uint8_t *bytes, size_t n);

/* registers.c */
const char *gdb_target_xml(struct gdb *g);
const struct cpu_reg *gdb_find_reg(struct gdb *g, uint32_t number);
void gdb_put_reg(struct gdb *g, const struct cpu_reg *r);
void gdb_read_all(struct gdb *g);
bool gdb_write_all(struct gdb *g, const char *hex);
bool gdb_write_reg(struct gdb *g, const struct cpu_reg *r, const char *hex);

/* packets.c: one packet's content in g->packet; fills the reply. Returns false if there is none to send. */
bool gdb_handle(struct gdb *g);

struct cpu *gdb_cpu(struct gdb *g);
void gdb_remove_points(struct gdb *g);

#endif
