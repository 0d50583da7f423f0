/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/backend/rng.h"
#include "devices/backend/option.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

struct rng {
    struct host *host;
    struct host_hook hook;
    char id[64];
    bool entropy;                  /* of the host */
    rng_ready_fn *fn;
    void *arg;
    struct host_source *source;

    struct machine_random random;  /* saved from here on */
    uint64_t asked;                /* requests of host entropy that wait for their answer: */
    uint32_t wants[RNG_MAX_WAITING];            /* their lengths, a ring of `asked` from `first` on */
    uint32_t first;
};
static const struct state_field rng_state[] = {
    STATE(rng, random), STATE(rng, asked), STATE(rng, wants), STATE(rng, first), STATE_END
};

struct rng_options {
    char id[64], filename[256];
};
static const struct option_desc rng_table[] = {
    OPT_TEXT(rng_options, "id", id),
    OPT_TEXT(rng_options, "filename", filename),
};

/* The host's answer to the oldest request. */
static void rng_input(void *arg, const uint8_t *bytes, size_t n)
{
    struct rng *r = arg;
    if (r->asked == 0 || n != r->wants[r->first])
        return; /* cancelled meanwhile */
    r->first = (r->first + 1) % (uint32_t)ARRAY_LEN(r->wants);
    r->asked--;
    if (r->fn)
        r->fn(r->arg, bytes, n);
}

/* One answer per poll: the gate delivers it before the next poll begins. */
static void polled(void *arg)
{
    struct rng *r = arg;
    uint8_t bytes[RNG_MAX_REQUEST];
    if (r->asked == 0 || !host_takes_inputs(r->host))
        return;
    size_t n = r->wants[r->first];
    if (getrandom(bytes, n, 0) == (ssize_t)n && host_deliver(r->source, bytes, n, NULL) < 0)
        log_print(host_machine(r->host)->log, host_log_category(r->host), LOG_ERROR,
                  "rng %s: no memory for an input", r->id);
}

static void before_poll(void *arg, int *timeout_ms)
{
    struct rng *r = arg;
    if (r->asked != 0 && host_takes_inputs(r->host))
        *timeout_ms = 0;
}

void rng_request(struct rng *r, size_t n)
{
    uint8_t bytes[RNG_MAX_REQUEST];
    n = MIN(n, sizeof(bytes));
    if (n == 0 || !r->fn)
        return;
    if (r->entropy) {
        if (r->asked < ARRAY_LEN(r->wants)) {
            r->wants[(r->first + r->asked) % ARRAY_LEN(r->wants)] = (uint32_t)n;
            r->asked++;
        }
        return;
    }
    for (size_t i = 0; i < n; i += 8) {
        uint64_t v = machine_random_next(&r->random);
        memcpy(bytes + i, &v, MIN(n - i, sizeof(v)));
    }
    r->fn(r->arg, bytes, n);
}

void rng_cancel(struct rng *r)
{
    r->asked = 0;
}

int rng_attach(struct rng *r, rng_ready_fn *fn, void *arg, struct err *e)
{
    if (r->fn)
        return err_set(e, ERR_ARG, "rng %s has a consumer already", r->id);
    r->fn = fn;
    r->arg = arg;
    return 0;
}

struct rng *rng_find(struct host *h, const char *id)
{
    return host_lookup(h, "rng", id);
}

static int rng_register(struct rng *r, struct err *e)
{
    struct machine *m = host_machine(r->host);
    char name[80];
    snprintf(name, sizeof(name), "rng-%s", r->id);
    int rc = host_register(r->host, "rng", r->id, r, e);
    if (rc == 0 && r->entropy)
        rc = host_add_source(r->host, name, false, rng_input, r, &r->source, e);
    if (rc < 0)
        return rc;
    const struct machine_part part = { .name = arena_strdup(&m->arena, name), .version = 1,
                                       .state = rng_state, .object = r };
    return part.name ? machine_add_part(m, &part, e) : err_set(e, ERR_NOMEM, "rng: no memory");
}

int rng_open(struct rng **out, struct host *h, const char *spec, struct err *e)
{
    const char *rest = strchrnul(spec, ',');
    bool entropy = strncmp(spec, "rng-random", (size_t)(rest - spec)) == 0 && rest - spec == 10;
    bool seeded = strncmp(spec, "rng-builtin", (size_t)(rest - spec)) == 0 && rest - spec == 11;
    struct rng_options o = { 0 };
    *out = NULL;
    if (!entropy && !seeded)
        return err_set(e, ERR_ARG, "\"%.100s\": accepted are rng-builtin (from the machine's seed) and "
                       "rng-random (host entropy)", spec);
    int rc = option_read(rng_table, ARRAY_LEN(rng_table), &o, *rest ? rest + 1 : rest, NULL, e);
    if (rc == 0 && !o.id[0])
        rc = err_set(e, ERR_ARG, "an id=... is wanted");
    if (rc == 0 && o.filename[0] && strcmp(o.filename, "/dev/urandom") != 0 &&
        strcmp(o.filename, "/dev/random") != 0)
        rc = err_set(e, ERR_ARG, "filename=%s: /dev/urandom is accepted", o.filename);
    if (rc < 0) {
        err_context(e, "-object %.300s", spec);
        return rc;
    }
    struct rng *r = calloc(1, sizeof(*r));
    if (!r)
        return err_set(e, ERR_NOMEM, "rng %s: no memory", o.id);
    r->host = h;
    r->entropy = entropy;
    memcpy(r->id, o.id, sizeof(r->id));
    machine_random_init(&r->random, host_machine(h), r->id);
    r->hook = (struct host_hook){ .before_poll = before_poll, .polled = polled, .destroy = free,
                                  .arg = r };
    host_add_hook(h, &r->hook); /* frees it, also when the rest fails */
    rc = rng_register(r, e);
    if (rc == 0)
        *out = r;
    return rc;
}
