/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_BOARD_BOARD_IMPL_H
#define ORRERY_DEVICES_BOARD_BOARD_IMPL_H
/* What the boards share; private to devices/board. */
#include "core/cpu/profile.h"
#include "devices/board/board.h"
#include "devices/board/image.h"

#define BOARD_MAX_CPUS 512

struct parts;

struct board {
    const struct board_ops *ops;
    struct board_config config;
    struct machine *machine;
    struct exec *exec;
    struct host *host;
    struct cpu *cpus[BOARD_MAX_CPUS];
    struct tm_cpu *tms[BOARD_MAX_CPUS];
    uint32_t n_cpus;
    struct image *kernel, *initrd, *bios, *dtb, *shim;
    char *description, *options; /* options: config.board_options less what every board has */
    struct bus_error *bus_error;
    irq_sink_fn *set_irq;        /* where lines of parts go: places.h */
    void *irqchip;
    struct parts *devices;       /* -drive, -device and so on: parts_create; NULL before */
    void *parts;                 /* the board's own struct, in the machine's arena */
};

/* Find a firmware file: a path as it is, or a name in config.firmware_dirs. malloc'd; NULL with `e`. */
char *board_find_firmware(const struct board *b, const char *name, struct err *e);

#endif
