/* SPDX-License-Identifier: Apache-2.0 */
#include "core/util/err.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The arguments may point into e->text: format aside, then copy. */
static void set_text(struct err *e, const char *fmt, va_list ap) PRINTF_LIKE(2, 0);
static void set_text(struct err *e, const char *fmt, va_list ap)
{
    char text[sizeof(e->text)];
    vsnprintf(text, sizeof(text), fmt, ap);
    memcpy(e->text, text, strlen(text) + 1);
}

int err_set(struct err *e, int code, const char *fmt, ...)
{
    if (!e)
        return code;
    va_list ap;
    va_start(ap, fmt);
    set_text(e, fmt, ap);
    va_end(ap);
    e->code = code;
    return code;
}

int err_set_errno(struct err *e, int code, int host_errno, const char *fmt, ...)
{
    if (!e)
        return code;
    va_list ap;
    va_start(ap, fmt);
    set_text(e, fmt, ap);
    va_end(ap);
    char why[128];
    size_t used = strlen(e->text);
    /* The GNU strerror_r: returns the text, which need not lie in `why`. */
    snprintf(e->text + used, sizeof(e->text) - used, ": %s",
             strerror_r(host_errno, why, sizeof(why)));
    e->code = code;
    return code;
}

int err_context(struct err *e, const char *fmt, ...)
{
    if (!e)
        return ERR_STATE;
    char context[sizeof(e->text)];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(context, sizeof(context), fmt, ap);
    va_end(ap);
    size_t used = n < 0 ? 0 : MIN((size_t)n, sizeof(context) - 3);
    memcpy(context + used, ": ", 2);
    used += 2;
    size_t rest = MIN(strlen(e->text), sizeof(context) - 1 - used);
    memcpy(context + used, e->text, rest);
    memcpy(e->text, context, used + rest);
    e->text[used + rest] = '\0';
    return e->code;
}

#define WORD_MAX 64u

/* Edit distance with transpositions of neighbours; three rows of the usual table. */
static unsigned edit_distance(const char *a, size_t n_a, const char *b, size_t n_b)
{
    unsigned rows[3][WORD_MAX + 1];
    for (size_t j = 0; j <= n_b; j++)
        rows[0][j] = (unsigned)j;
    for (size_t i = 1; i <= n_a; i++) {
        const unsigned *before = rows[(i + 1) % 3], *last = rows[(i + 2) % 3];
        unsigned *row = rows[i % 3];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= n_b; j++) {
            unsigned best = last[j - 1] + (a[i - 1] != b[j - 1]);
            best = MIN(best, last[j] + 1);
            best = MIN(best, row[j - 1] + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                best = MIN(best, before[j - 2] + 1);
            row[j] = best;
        }
    }
    return rows[n_a % 3][n_b];
}

const char *err_nearest(const char *word, const char *const names[], size_t n)
{
    size_t length = strlen(word);
    if (length == 0 || length > WORD_MAX)
        return NULL;
    const char *nearest = NULL;
    unsigned least = (unsigned)MAX(length / 3, 1) + 1; /* farther is no help */
    for (size_t i = 0; i < n; i++) {
        size_t n_name = strlen(names[i]);
        if (n_name > WORD_MAX)
            continue;
        unsigned distance = edit_distance(word, length, names[i], n_name);
        if (distance < least) {
            least = distance;
            nearest = names[i];
        }
    }
    return nearest;
}
