/* SPDX-License-Identifier: Apache-2.0 */
#include "core/util/trace.h"
#include "core/util/err.h"
#include "core/util/hash.h"
#include <assert.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <string.h>

#define TRACE_POINT(id, name, format, n_args) name,
static const char *const names[TRACE_COUNT] = {
#include "core/util/trace_points.def"
};
#undef TRACE_POINT
#define TRACE_POINT(id, name, format, n_args) { format, n_args },
static const struct {
    const char *format;
    unsigned n_args;
} points[TRACE_COUNT] = {
#include "core/util/trace_points.def"
};
#undef TRACE_POINT

void trace_init(struct trace *t)
{
    memset(t, 0, sizeof(*t));
}

int trace_enable(struct trace *t, const char *glob, FILE *out, struct err *e)
{
    bool found = false;
    for (unsigned i = 0; i < TRACE_COUNT; i++)
        if (fnmatch(glob, names[i], 0) == 0) {
            t->printing[i] = 1;
            found = true;
        }
    if (!found) {
        const char *near = err_nearest(glob, names, TRACE_COUNT);
        return err_set(e, ERR_ARG, "no tracepoint matches '%s'%s%s%s", glob,
                       near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
    }
    t->out = out;
    return 0;
}

/* The formats know %u, %d, %x and %#x; every argument has 64 bits. */
static void print_point(struct trace *t, enum trace_id id, ps_t now, const uint64_t *args,
                        unsigned n)
{
    uint64_t seconds = now / PS_PER_SEC, rest = now % PS_PER_SEC;
    fprintf(t->out, "[%4" PRIu64 ".%012" PRIu64 "] %s ", seconds, rest, names[id]);
    unsigned used = 0;
    for (const char *p = points[id].format; *p; p++) {
        if (*p != '%') {
            fputc(*p, t->out);
            continue;
        }
        bool alternate = p[1] == '#';
        p += alternate ? 2 : 1;
        assert(*p == 'u' || *p == 'd' || *p == 'x');
        uint64_t v = used < n ? args[used++] : 0;
        if (*p == 'u')
            fprintf(t->out, "%" PRIu64, v);
        else if (*p == 'd')
            fprintf(t->out, "%" PRId64, (int64_t)v);
        else
            fprintf(t->out, alternate ? "0x%" PRIx64 : "%" PRIx64, v);
    }
    fputc('\n', t->out);
}

void trace_emit(struct trace *t, enum trace_id id, ps_t now, const uint64_t *args, unsigned n)
{
    assert(n == points[id].n_args);
    if (t->hashing) {
        uint64_t h = hash_add(hash_add(t->hash, id), now);
        for (unsigned i = 0; i < n; i++)
            h = hash_add(h, args[i]);
        t->hash = h;
        t->count++;
    }
    if (t->printing[id] && t->out)
        print_point(t, id, now, args, n);
}
