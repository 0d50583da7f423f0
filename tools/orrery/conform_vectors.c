/* SPDX-License-Identifier: Apache-2.0 */
/* Files of test vectors: each is a test; what single vectors do not say about this processor is counted by reason. */
#include <inttypes.h>
#include <string.h>
#include "tools/orrery/conform.h"
#include "tools/orrery/vector.h"

#define SHOWN 5 /* differences of a file */

static void count_reason(struct conform *c, const char *why)
{
    for (size_t i = 0; i < ARRAY_LEN(c->reason); i++) {
        if (c->reason[i].why == NULL)
            c->reason[i].why = why;
        if (strcmp(c->reason[i].why, why) == 0) {
            c->reason[i].count++;
            return;
        }
    }
}

static int prepare(struct conform *c, struct err *e)
{
    if (c->suite == NULL) {
        int rc = vector_suite_open(&c->suite, c->directory, e);
        if (rc < 0)
            return rc;
    }
    for (unsigned i = 0; i < c->n_execs; i++) {
        int rc = c->runner[i] ? 0 : vector_runner_create(&c->runner[i], c->cpu, c->execs[i], e);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static void print_bytes(const struct vector *v, char *out, size_t size)
{
    size_t n = 0;
    out[0] = 0;
    for (uint32_t i = 0; i < v->n_bytes && n + 3 < size; i++)
        n += (size_t)snprintf(out + n, size - n, "%s%02x", i ? " " : "", v->bytes[i]);
}

/* All vectors of `f` by executor `i`. */
static void run_file(struct conform *c, const char *name, const struct vector_file *f, unsigned i)
{
    uint64_t count[CONFORM_VERDICTS] = { 0 };
    char text[2000] = "", why[300], bytes[100];
    const char *reason = NULL;
    size_t n = 0;

    for (uint32_t k = 0; k < f->n; k++) {
        const struct vector *v = &f->vectors[k];
        uint32_t flags;
        if (c->only >= 0 && v->index != (uint64_t)c->only)
            continue;
        const char *skip = vector_difference(c->suite, f, v, &flags);
        if (skip != NULL) {
            count_reason(c, reason = skip);
            count[CONFORM_SKIPPED]++;
            continue;
        }
        if (vector_run(c->runner[i], f, v, flags, why, sizeof(why))) {
            count[CONFORM_PASSED]++;
            continue;
        }
        if (count[CONFORM_FAILED]++ < SHOWN && n < sizeof(text)) {
            print_bytes(v, bytes, sizeof(bytes));
            n += (size_t)snprintf(text + n, sizeof(text) - n, "\n  %u %s (%s): %s", v->index, v->name, bytes, why);
        }
    }
    for (unsigned k = 0; k < CONFORM_VERDICTS; k++)
        c->vectors[k] += count[k];
    if (count[CONFORM_FAILED] != 0) {
        char summary[2200];
        snprintf(summary, sizeof(summary), "%" PRIu64 " of %" PRIu64 " vectors%s", count[CONFORM_FAILED],
                 count[CONFORM_FAILED] + count[CONFORM_PASSED], text);
        conform_report(c, name, c->execs[i], CONFORM_FAILED, summary);
    } else if (count[CONFORM_PASSED] != 0) {
        conform_report(c, name, c->execs[i], CONFORM_PASSED, "");
    } else if (reason != NULL) {
        conform_report(c, name, c->execs[i], CONFORM_SKIPPED, reason);
    }
}

int conform_vectors(struct conform *c, const char *name, const char *path, struct err *e)
{
    struct vector_file f;
    int rc = prepare(c, e);
    if (rc < 0)
        return rc;
    rc = vector_load(&f, path, e);
    for (unsigned i = 0; rc == 0 && i < c->n_execs; i++)
        run_file(c, name, &f, i);
    vector_free(&f);
    return rc;
}

void conform_vectors_summary(const struct conform *c, FILE *out)
{
    const char *mark = c->form == CONFORM_TAP ? "# " : "";
    const uint64_t *n = c->vectors;
    if (c->form == CONFORM_JUNIT || n[CONFORM_PASSED] + n[CONFORM_FAILED] + n[CONFORM_SKIPPED] == 0)
        return;
    fprintf(out, "%svectors: %" PRIu64 " passed, %" PRIu64 " failed, %" PRIu64 " not compared\n", mark,
            n[CONFORM_PASSED], n[CONFORM_FAILED], n[CONFORM_SKIPPED]);
    for (size_t i = 0; i < ARRAY_LEN(c->reason) && c->reason[i].why != NULL; i++)
        fprintf(out, "%s  %8" PRIu64 "  %s\n", mark, c->reason[i].count, c->reason[i].why);
}

void conform_vectors_end(struct conform *c)
{
    for (unsigned i = 0; i < ARRAY_LEN(c->runner); i++)
        vector_runner_destroy(c->runner[i]);
    vector_suite_close(c->suite);
}
