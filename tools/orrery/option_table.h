/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_TOOLS_ORRERY_OPTION_TABLE_H
#define ORRERY_TOOLS_ORRERY_OPTION_TABLE_H
/*
 * Command lines as tables. A row says where an argument goes, or which function reads it. Both
 * command lines (options.c, qemu_options.c) are the table of what they share and one of their own.
 * Parsing opens nothing: files, sockets and devices are named only, run.c opens them.
 */
#include "tools/orrery/run.h"

/* `value` is NULL where the option takes no argument. 0, ERR_*, or 1: all that was asked for is printed. */
typedef int run_set_fn(struct run_options *o, const char *value, struct err *e);

enum run_option_kind {
    RUN_CALL,       /* `set` */
    RUN_TEXT,       /* the const char * at `at` */
    RUN_FLAG,       /* the bool at `at` becomes true */
    RUN_ARG,        /* one more board_arg of kind `at` */
    RUN_IGNORED,    /* without an effect on the machine */
};

struct run_option {
    const char *name;   /* without dashes */
    const char *value;  /* the argument's name in the help; NULL: takes none */
    enum run_option_kind kind;
    size_t at;
    run_set_fn *set;
    const char *help;   /* NULL: not listed (a synonym) */
};

#define ROW_CALL(n, v, fn, h)   { .name = n, .value = v, .kind = RUN_CALL, .set = fn, .help = h }
#define ROW_TEXT(n, v, m, h)    { .name = n, .value = v, .kind = RUN_TEXT, \
                                  .at = offsetof(struct run_options, m), .help = h }
#define ROW_FLAG(n, m, h)       { .name = n, .kind = RUN_FLAG, \
                                  .at = offsetof(struct run_options, m), .help = h }
#define ROW_ARG(n, v, k, h)     { .name = n, .value = v, .kind = RUN_ARG, .at = k, .help = h }
#define ROW_IGNORE(n, v)        { .name = n, .value = v, .kind = RUN_IGNORED }

struct run_command_line {
    const char *program;            /* for messages */
    const char *dashes;             /* how options are listed; one and two are understood */
    bool equals;                    /* --name=value is understood */
    run_set_fn *positional;         /* a word that is no option */
    const struct run_option *own;   /* searched before the shared ones */
    size_t n_own;
};

/* 0, ERR_* with a message naming program and option, or 1. Texts stay the caller's argv or o->arena's. */
int run_parse(struct run_options *o, const struct run_command_line *l, int argc, char **argv,
              struct err *e) MUST_CHECK;
void run_print_options(const struct run_command_line *l, FILE *out);

/* ---- what both command lines have (shared_options.c) ---- */
extern const struct run_option run_shared_options[];
extern const size_t run_n_shared_options;
extern const struct run_command_line run_native_line, run_qemu_line; /* options.c, qemu_options.c */

run_set_fn run_set_machine; /* NAME[,OPT=V], or OPT=V for the machine named elsewhere */
run_set_fn run_set_memory, run_set_accel, run_set_timing;

/* As printf, in o->arena; NULL with `e` filled in. */
char *run_printf(struct run_options *o, struct err *e, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* The value of `key` in "a,key=value,...", the last one if repeated; NULL if it is not there. */
const char *run_key(struct run_options *o, const char *list, const char *key);
/* The first item of "word,...": is it `word`? */
bool run_first_is(const char *list, const char *word);
/* `text` is one of the words: its index; else ERR_ARG, which lists them. `what` names the option. */
int run_choose(const char *what, const char *text, const char *const *words, struct err *e) MUST_CHECK;
bool run_wants_help(const char *value); /* "help" or "?" */

/* ---- lists (list.c) ---- */
void list_boards(const char *arch); /* NULL: all */
void list_cpus(const char *arch); /* of one QEMU architecture or, with NULL, of all */
void list_devices(const char *arch);
void list_models(void);

#endif
