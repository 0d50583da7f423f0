/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_BOARD_BOARD_H
#define ORRERY_DEVICES_BOARD_BOARD_H
/*
 * A whole computer: which parts, where, on which lines, and what is loaded into
 * it. A board is built from a `board_config`, which both command lines (orrery's
 * own and QEMU's) fill in; it owns the machine, its CPUs, the executor, the host
 * connections and the images.
 *
 * Life: board_create builds everything and resets it; board_run runs until the
 * machine ends for good (a guest reset is handled inside unless `no_reboot`);
 * board_destroy releases all. Images are placed again at every reset, as firmware
 * expects. The device tree is written from the same table that places the parts.
 */
#include "core/exec/exec.h"
#include "devices/backend/host.h"

/* -drive, -device and so on, kept in the order given: the order decides slots. */
enum board_arg_kind {
    BOARD_DRIVE, BOARD_DEVICE, BOARD_NETDEV, BOARD_CHARDEV, BOARD_OBJECT, BOARD_FW_CFG,
    BOARD_GLOBAL, BOARD_PFLASH,
};
struct board_arg {
    enum board_arg_kind kind;
    const char *text;           /* as on the command line; outlives the board */
};

/*
 * QEMU's -smp: how many of each there are in the next larger one, `cpus` that exist and `max` that there is
 * room for. 0: not given; board_complete_topology fills it in.
 */
struct board_topology {
    uint32_t cpus, max;
    uint32_t sockets, dies, clusters, modules, cores, threads;
};
enum board_level { BOARD_DIES = 1, BOARD_CLUSTERS = 2, BOARD_MODULES = 4 };

struct board_config {
    const char *board;          /* "riscv-virt"; QEMU's aliases are known too */
    const char *board_options;  /* "aclint=on,..." or NULL */
    const char *cpu;            /* "rv64,zba=off"; NULL: the board's default */
    const char *timing;         /* "functional", "inorder,..." */
    uint32_t cpus;
    struct board_topology smp;  /* all 0: `cpus` cores of one socket; else smp.cpus counts, and `cpus` is ignored */
    uint64_t memory;            /* bytes */
    const char *kernel, *initrd, *append, *dtb, *shim;
    const char *bios;           /* NULL or "default": the board's firmware; "none" */
    const char *boot;           /* -boot "order=cd,menu=on,..." or NULL */
    const char *firmware_dirs;  /* where "default" and bare names are looked for, ':'-separated */
    const struct board_arg *args;
    uint32_t n_args;
    const char *serial[4];      /* -serial, in order; NULL: none given */
    uint32_t n_serial;
    const char *monitor;        /* -monitor or NULL */
    bool nographic;             /* firmware talks on the serial port although there may be a screen, too */
    bool snapshot;              /* writes to disks are forgotten at the end */
    bool no_reboot;             /* a guest reset ends the run with code 0 */
    bool no_shutdown;           /* poweroff pauses instead */
    uint64_t seed, rtc_base;
    struct exec_options exec;
    uint64_t pace;              /* see exec_host_ops */
    const char *record, *replay;
    const char *log;            /* log_configure text or NULL */
    bool trace_hash;
    const char *trace;          /* tracepoints to print: a name or a glob, NULL = none */
    FILE *log_out;
};

struct board;
struct board_ops;

/*
 * By QEMU's rules ("-smp" in its man page): cores before sockets before threads follow from the numbers
 * given, and the product of all must be `max`. `levels`: which may be more than 1. ERR_ARG.
 */
int board_complete_topology(struct board_topology *t, uint32_t levels, struct err *e) MUST_CHECK;

int board_create(struct board **out, const struct board_config *c, struct err *e) MUST_CHECK;
void board_destroy(struct board *b);

/* What board_run stops for, beside the end of the machine. */
struct board_limits {
    struct exec_limits exec;
};

enum board_end {
    BOARD_ENDED,        /* *exit_code is the guest's */
    BOARD_LIMIT,        /* time or instruction limit */
    BOARD_DEBUG,        /* *cpu stopped for the debugger */
    BOARD_PAUSED,       /* machine_stop(MACHINE_PAUSE) */
    BOARD_DEADLOCK,     /* every CPU waits for nothing, and no input can come */
};
enum board_end board_run(struct board *b, const struct board_limits *limits, int *exit_code,
                         struct cpu **cpu);

struct machine *board_machine(struct board *b);
struct exec *board_exec(struct board *b);
struct host *board_host(struct board *b);
const char *board_describe(const struct board *b); /* the string snapshots must match */

/* Whole-board snapshots. Loading needs a board built from the same config. */
int board_save(struct board *b, const char *path, struct err *e) MUST_CHECK;
int board_load(struct board *b, const char *path, struct err *e) MUST_CHECK;

/*
 * Physical addresses that answer with an error from now on: `range` is "BASE+SIZE"; or, with `on`
 * false, the base of one to lift. Machine option bus-error=BASE+SIZE does the same from the start.
 */
int board_bus_error(struct board *b, const char *range, bool on, struct err *e) MUST_CHECK;

/* A CD-ROM drive's disc: media.h. board_list_media: false when there are no more drives. */
int board_change_medium(struct board *b, const char *drive, const char *path, const char *format, bool force,
                        struct err *e) MUST_CHECK;
bool board_list_media(const struct board *b, uint32_t n, const char **drive, const char **path, bool *locked);

/* Write what `display` (NULL: the first) shows to a file. `format`: "png", "ppm" or NULL, by its name. */
int board_screendump(struct board *b, const char *path, const char *format, const char *display,
                     struct err *e) MUST_CHECK;

/* The device tree as handed to firmware: malloc'd, the caller's. */
int board_device_tree(struct board *b, uint8_t **blob, uint32_t *size, struct err *e) MUST_CHECK;

int board_reset(struct board *b, struct err *e) MUST_CHECK; /* an image may not fit */
/* Press the power key: the guest decides what comes of it. ERR_UNSUPPORTED: the board has none. */
int board_power_key(struct board *b, struct err *e) MUST_CHECK;

/* Wake a machine that sleeps, as its power key would. ERR_STATE: it does not sleep; ERR_UNSUPPORTED: it never does. */
int board_wake_key(struct board *b, struct err *e) MUST_CHECK;

/* ---- what a board is ---- */
struct board_device {
    const char *name, *doc;      /* as -device names it */
};
/* A machine of QEMU's that is not modelled: its name, or how the names of its versions begin. */
struct board_absent {
    const char *name, *instead;
};
/* IDE connectors of the board itself. if=ide counts drives through: so many on each bus. */
struct board_ide {
    uint8_t buses, units;            /* 0: there are none, and a -drive without if= is a virtio disk */
};
struct board_ops {
    const char *name, *doc;
    const char *const *aliases;      /* NULL-terminated */
    const char *versions;            /* "pc-q35-": so begin QEMU's names of its versions, N.M behind; or NULL */
    const struct board_absent *absent; /* what people ask for in vain, NULL name at the end; or NULL */
    const struct cpu_isa *isa;
    const char *qemu_arch;           /* "riscv64": orrery-system-riscv64 */
    const char *default_cpu;
    uint32_t max_cpus;
    uint32_t levels;                 /* enum board_level: those that -smp may have more than one of */
    uint64_t default_memory;
    struct board_ide ide;
    bool has_screen;                 /* people expect a VGA where they ask for nothing else, as with QEMU's machine */
    const struct board_device *devices; /* what -device accepts, NULL name at the end */
    int (*build)(struct board *b, struct err *e);   /* parts and images */
    int (*load_images)(struct board *b, struct err *e); /* place images: after each reset */
    int (*resume)(struct board *b, struct err *e);  /* after the reset of waking, if images need anything then; may be NULL */
    int (*device_tree)(struct board *b, uint8_t **blob, uint32_t *size, struct err *e);
    void (*power_key)(struct board *b);  /* somebody presses it; NULL: there is none */
    bool (*wake_key)(struct board *b);   /* false: it does not sleep; NULL: it never does */
    void (*release)(struct board *b);    /* what neither the machine nor its arena frees; after a failed build too. May be NULL */
};
extern const struct board_ops *const board_list[]; /* NULL-terminated */
const struct board_ops *board_find(const char *name);
/* Among those of `arch` (qemu_arch) only, NULL: all. Boards of several have the alias "virt". */
const struct board_ops *board_find_for(const char *name, const char *arch);
/* The board of orrery-system-ARCH without -machine; NULL: nothing runs on `arch`. */
const struct board_ops *board_default_for(const char *arch);

#endif
