/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_TOOLS_ORRERY_RUN_H
#define ORRERY_TOOLS_ORRERY_RUN_H
/*
 * One run of one machine: what both command lines (options.c, qemu_options.c) fill in
 * and run.c carries out.
 */
#include "devices/board/board.h"

#define RUN_MAX_ARGS 256

enum run_exec { RUN_JIT, RUN_INTERP, RUN_LOCKSTEP };

struct run_options {
    struct board_config board;
    const char *arch;                /* the program's, as QEMU calls it; NULL: it has them all */
    struct board_arg args[RUN_MAX_ARGS];
    enum run_exec exec;
    const char *snapshot_load, *snapshot_save;
    struct exec_limits stop_at;      /* end of the run, or where the snapshot is taken */
    bool limit_fails;                /* reaching it is exit status 124 */
    const char *gdb;                 /* "tcp::1234", ":1234" or NULL */
    bool wait_for_gdb;               /* -S */
    bool stats, stats_json;
    bool translates; /* --translate-threads was given */
    bool interprets_first;           /* --interpret-first was given */
    bool print_hash;                 /* trace hash and final state hash at exit */
    bool coverage;
    const char *dump_dtb;
    const char *screendump;          /* at the end: a picture of the first display */
    const char *pidfile, *log_file;
    unsigned escape;                 /* control code of the terminal's escape key */
    bool no_defaults;                /* QEMU's flag of that name */
    const char *vga;                 /* QEMU's -vga; NULL: the board's default */
    struct arena arena;              /* texts made while parsing */
};

/* 0 with *o filled, ERR_* with a message, or 1: everything asked for was printed (help, list). */
int run_parse_native(struct run_options *o, int argc, char **argv, struct err *e) MUST_CHECK;
int run_parse_qemu(struct run_options *o, const char *arch, int argc, char **argv,
                   struct err *e) MUST_CHECK;
void run_defaults(struct run_options *o);

/* The program's exit status. */
int run_machine(struct run_options *o);

/* Shared by both parsers. */
int run_add_arg(struct run_options *o, enum board_arg_kind kind, const char *text,
                struct err *e) MUST_CHECK;
int run_parse_size(const char *text, uint64_t unit, uint64_t *bytes, struct err *e) MUST_CHECK;
int run_parse_count(const char *what, const char *text, uint64_t least, uint64_t most,
                    uint64_t *value, struct err *e) MUST_CHECK;
/* Executions, 1 or more, or "never" (UINT32_MAX). */
int run_parse_threshold(const char *what, const char *text, uint32_t *out, struct err *e) MUST_CHECK;
/* "10ms", "2.5s", "300us", "1000ns", "7ps" */
int run_parse_time(const char *text, ps_t *t, struct err *e) MUST_CHECK;
/* "utc", "localtime", "2026-01-31", "2026-01-31T12:00:00" or seconds since 1970, up to 2106 */
int run_parse_date(const char *text, uint64_t *seconds, struct err *e) MUST_CHECK;

const char *run_firmware_dirs(struct run_options *o);

#endif
