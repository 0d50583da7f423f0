/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CORE_DEBUG_MONITOR_H
#define ORRERY_CORE_DEBUG_MONITOR_H
/*
 * The monitor: a line of text in, lines of text out. Reached from gdb ("monitor
 * ..."), from a terminal (Ctrl-A c) or a socket (-monitor). Commands are spelt as
 * QEMU's human monitor spells them, as far as they exist.
 *
 * Looking never changes the machine. Called between turns of the run loop.
 */
#include "core/exec/exec.h"

struct monitor_ops {
    int (*save)(void *arg, const char *path, struct err *e);  /* snapshot of the whole board */
    int (*load)(void *arg, const char *path, struct err *e);
    /* Physical addresses that answer with errors: "BASE+SIZE" on, "BASE" off. */
    int (*bus_error)(void *arg, const char *range, bool on, struct err *e);
    int (*power_key)(void *arg, struct err *e);
    int (*wake)(void *arg, struct err *e);
    /* Another disc for a CD-ROM drive, `path` NULL: none. The n-th drive; false: there are no more. */
    int (*change_medium)(void *arg, const char *drive, const char *path, const char *format, bool force, struct err *e);
    bool (*list_media)(void *arg, uint32_t n, const char **drive, const char **path, bool *locked);
    /* A picture of `display` (NULL: the first); `format` "png", "ppm" or NULL: by the file's name. */
    int (*screendump)(void *arg, const char *path, const char *format, const char *display,
                      struct err *e);
    /* Keys such as "ctrl-alt-f1"; a mouse's movement; the buttons that are pressed (1, 2, 4). */
    int (*send_keys)(void *arg, const char *keys, uint32_t hold_ms, struct err *e);
    int (*mouse_move)(void *arg, int32_t dx, int32_t dy, int32_t dz, struct err *e);
    int (*mouse_button)(void *arg, uint32_t pressed, struct err *e);
    void *arg;
};

struct monitor {
    struct machine *machine;
    struct exec *exec;
    struct monitor_ops ops;
    uint32_t cpu;             /* selected by "cpu N" */
};

/* Carry out one line; `out` gets text with newlines, in pieces. */
void monitor_command(struct monitor *m, const char *line, void (*out)(void *arg, const char *text),
                     void *arg);

#endif
