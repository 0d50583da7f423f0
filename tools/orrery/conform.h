/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_TOOLS_ORRERY_CONFORM_H
#define ORRERY_TOOLS_ORRERY_CONFORM_H
/* orrery conform: what its kinds of tests share. A test is a program or a file of test vectors. */
#include <stdio.h>
#include "core/util/err.h"

enum conform_form { CONFORM_TEXT, CONFORM_TAP, CONFORM_JUNIT };
enum conform_verdict { CONFORM_PASSED, CONFORM_FAILED, CONFORM_SKIPPED, CONFORM_VERDICTS };

struct vector_suite;
struct vector_runner;

/* Reasons why single vectors say nothing, and how many there were of each. */
struct conform_reason {
    const char *why;
    uint64_t count;
};

struct conform {
    const char *self, *directory, *filter, *cpu, *until, *bios;
    const char *execs[3];
    unsigned n_execs;
    enum conform_form form;
    FILE *out;
    unsigned count[CONFORM_VERDICTS], number;
    /* programs */
    uint32_t post_port, print_port;
    int pass_status;             /* of x86 programs that end through isa-debug-exit */
    /* vectors */
    struct vector_suite *suite;
    struct vector_runner *runner[3];
    int64_t only;                /* the one vector of a file to run, or -1 */
    uint64_t vectors[CONFORM_VERDICTS];
    struct conform_reason reason[24];
};

/* `why`: lines of a failure, the reason of a skip, or "" */
void conform_report(struct conform *c, const char *name, const char *exec, enum conform_verdict v, const char *why);

/* ---- conform_program.c: ELF files and ROM images ---- */
/* Is `path` one? NULL, or what kind. */
const char *conform_is_program(const char *path);
void conform_program(struct conform *c, const char *name, const char *path);

/* ---- conform_vectors.c ---- */
/* Negative: the file or suite cannot be read. */
int conform_vectors(struct conform *c, const char *name, const char *path, struct err *e) MUST_CHECK;
void conform_vectors_summary(const struct conform *c, FILE *out);
void conform_vectors_end(struct conform *c);

#endif
