/* SPDX-License-Identifier: Apache-2.0 */
#include "core/device/machine.h"
#include "core/device/device.h"
#include "core/state/snapshot.h"
#include "core/util/bits.h"
#include "core/util/hash.h"
#include <stdlib.h>
#include <string.h>

static ps_t machine_now(const void *arg)
{
    return ev_now(((const struct machine *)arg)->queue);
}

int machine_create(struct machine **out, FILE *log_out, struct err *e)
{
    struct machine *m = calloc(1, sizeof(*m));
    if (!m)
        return err_set(e, ERR_NOMEM, "the host has no memory left for a machine");
    arena_init(&m->arena, 0);
    m->parts_end = &m->parts;
    m->queue = ev_create();
    m->memory = mem_space_create("memory");
    m->log = log_create(log_out);
    if (!m->queue || !m->memory || !m->log) {
        machine_destroy(m);
        return err_set(e, ERR_NOMEM, "the host has no memory left for a machine");
    }
    trace_init(&m->trace);
    log_set_clock(m->log, machine_now, m);
    m->log_board = log_add_category(m->log, "board");
    *out = m;
    return 0;
}

void machine_destroy(struct machine *m)
{
    if (!m)
        return;
    device_destroy_all(m);
    mem_space_destroy(m->memory);
    for (uint32_t i = 0; i < m->n_rams; i++)
        mem_ram_destroy(m->rams[i]);
    ev_destroy(m->queue);
    log_destroy(m->log);
    arena_destroy(&m->arena);
    free(m);
}

static int add_block(struct machine *m, const char *name, uint64_t size, struct mem_ram **out,
                     struct err *e)
{
    for (uint32_t i = 0; i < m->n_rams; i++)
        if (strcmp(m->rams[i]->name, name) == 0)
            return err_set(e, ERR_ARG, "memory %s: the name is taken", name);
    if (m->n_rams == ARRAY_LEN(m->rams))
        return err_set(e, ERR_LIMIT, "memory %s: a machine has at most %zu blocks", name,
                       ARRAY_LEN(m->rams));
    int rc = mem_ram_create(out, name, size, e);
    if (rc < 0)
        return rc;
    (*out)->id = m->n_rams;
    m->rams[m->n_rams++] = *out;
    return 0;
}

/* Two tags a byte. */
static int add_tags(struct machine *m, struct mem_ram *ram, struct err *e)
{
    uint64_t bytes = ram->size / (2 * MEM_TAG_GRANULE);
    const char *name = arena_printf(&m->arena, "%s.tags", ram->name);
    if (name == NULL)
        return err_set(e, ERR_NOMEM, "memory %s: the host has no memory for its tags", ram->name);
    return add_block(m, name, align_up(bytes, MEM_PAGE), &ram->tags, e);
}

int machine_add_ram(struct machine *m, const char *name, uint64_t size, struct mem_ram **out,
                    struct err *e)
{
    int rc = add_block(m, name, size, out, e);
    return rc == 0 && m->tagged ? add_tags(m, *out, e) : rc;
}

int machine_tag_ram(struct machine *m, struct err *e)
{
    if (m->tagged)
        return 0;
    int rc = 0;
    for (uint32_t i = 0, n = m->n_rams; rc == 0 && i < n; i++)
        rc = add_tags(m, m->rams[i], e);
    m->tagged = rc == 0;
    return rc;
}

int machine_add_part(struct machine *m, const struct machine_part *part, struct err *e)
{
    for (const struct machine_part *p = m->parts; p; p = p->next)
        if (strcmp(p->name, part->name) == 0)
            return err_set(e, ERR_ARG, "part %s: the name is taken", part->name);
    struct machine_part *p = ARENA_NEW(&m->arena, struct machine_part);
    if (!p)
        return err_set(e, ERR_NOMEM, "part %s: the host has no memory left", part->name);
    *p = *part;
    p->next = NULL;
    *m->parts_end = p;
    m->parts_end = &p->next;
    return 0;
}

void machine_reset(struct machine *m)
{
    for (struct machine_part *p = m->parts; p; p = p->next)
        if (p->reset)
            p->reset(p->object);
}

void machine_wake(struct machine *m)
{
    m->waking = true;
    machine_reset(m);
    m->waking = false;
}

void machine_stop(struct machine *m, enum machine_stop why, int exit_code)
{
    bool goes_on = m->stop == MACHINE_RESET || m->stop == MACHINE_WAKE;
    if (m->stop != MACHINE_RUNS && m->stop != MACHINE_PAUSE && !(goes_on && why == MACHINE_QUIT))
        return;
    __atomic_store_n(&m->stop, why, __ATOMIC_RELAXED); /* CPUs on threads of their own look at it */
    m->exit_code = exit_code;
    if (m->stopped)
        m->stopped(m->stopped_arg);
}

void machine_resume(struct machine *m)
{
    m->stop = MACHINE_RUNS;
    m->exit_code = 0;
}

/* What is the machine's own; `n_parts` and `n_rams` only to be compared on load. */
struct machine_own {
    uint64_t trace_hash, trace_count, seed, rtc_base;
    uint32_t n_parts, n_rams;
};
static const struct state_field machine_own_state[] = {
    STATE(machine_own, trace_hash),
    STATE(machine_own, trace_count),
    STATE(machine_own, seed),
    STATE(machine_own, rtc_base),
    STATE(machine_own, n_parts),
    STATE(machine_own, n_rams),
    STATE_END,
};

static struct machine_own own_of(const struct machine *m)
{
    struct machine_own own = { .trace_hash = m->trace.hash,
                               .trace_count = m->trace.count,
                               .seed = m->seed,
                               .rtc_base = m->rtc_base,
                               .n_rams = m->n_rams };
    for (const struct machine_part *p = m->parts; p; p = p->next)
        own.n_parts++;
    return own;
}

int machine_save(struct machine *m, struct state_writer *w, struct err *e)
{
    struct machine_own own = own_of(m);
    int rc = state_save(w, "machine", 1, machine_own_state, &own, e);
    if (rc == 0)
        rc = ev_save(m->queue, w, e);
    for (const struct machine_part *p = m->parts; rc == 0 && p; p = p->next)
        if (p->state)
            rc = state_save(w, p->name, p->version, p->state, p->object, e);
    for (uint32_t i = 0; rc == 0 && i < m->n_rams; i++)
        rc = snapshot_save_ram(w, m->rams[i]->name, m->rams[i]->host, m->rams[i]->size, e);
    return rc;
}

static int load_own(struct machine *m, struct state_reader *r, struct err *e)
{
    struct machine_own here = own_of(m), own = here;
    int rc = state_load(r, "machine", 1, machine_own_state, &own, e);
    if (rc < 0)
        return rc;
    if (own.n_parts != here.n_parts || own.n_rams != here.n_rams)
        return err_set(e, ERR_FORMAT,
                       "snapshot: section machine: %u parts and %u memories; this machine has %u "
                       "and %u",
                       own.n_parts, own.n_rams, here.n_parts, here.n_rams);
    m->trace.hash = own.trace_hash;
    m->trace.count = own.trace_count;
    m->seed = own.seed;
    m->rtc_base = own.rtc_base;
    return 0;
}

int machine_load(struct machine *m, struct state_reader *r, struct err *e)
{
    int rc = load_own(m, r, e);
    if (rc == 0)
        rc = ev_load(m->queue, r, e);
    for (uint32_t i = 0; rc == 0 && i < m->n_rams; i++) {
        struct mem_ram *ram = m->rams[i];
        rc = snapshot_load_ram(r, ram->name, ram->host, ram->size, e);
        mem_ram_written(ram, 0, ram->size); /* translated code goes, even after an error */
    }
    for (struct machine_part *p = m->parts; rc == 0 && p; p = p->next)
        if (p->state)
            rc = state_load(r, p->name, p->version, p->state, p->object, e);
    if (rc < 0)
        return rc;
    for (struct machine_part *p = m->parts; p; p = p->next)
        if (p->loaded)
            p->loaded(p->object);
    return 0;
}

static uint64_t hash_ram(uint64_t h, const struct mem_ram *ram)
{
    static const uint8_t zero[MEM_PAGE];
    for (uint64_t at = 0; at < ram->size; at += MEM_PAGE)
        if (memcmp(ram->host + at, zero, MEM_PAGE) != 0)
            h = hash_bytes(hash_add(h, at), ram->host + at, MEM_PAGE);
    return h;
}

uint64_t machine_hash(struct machine *m)
{
    struct machine_own own = own_of(m);
    uint64_t h = state_hash(0, machine_own_state, &own);
    h = ev_hash(h, m->queue);
    for (const struct machine_part *p = m->parts; p; p = p->next)
        if (p->state)
            h = state_hash(h, p->state, p->object);
    for (uint32_t i = 0; i < m->n_rams; i++)
        h = hash_ram(h, m->rams[i]);
    return h;
}

void machine_hash_parts(struct machine *m, void (*fn)(void *arg, const char *name, uint64_t hash),
                        void *arg)
{
    struct machine_own own = own_of(m);
    fn(arg, "machine", state_hash(0, machine_own_state, &own));
    fn(arg, "events", ev_hash(0, m->queue));
    for (const struct machine_part *p = m->parts; p; p = p->next)
        if (p->state)
            fn(arg, p->name, state_hash(0, p->state, p->object));
    for (uint32_t i = 0; i < m->n_rams; i++)
        fn(arg, m->rams[i]->name, hash_ram(0, m->rams[i]));
}

void machine_random_init(struct machine_random *r, const struct machine *m, const char *name)
{
    r->state = hash_bytes(m->seed, name, strlen(name));
}

/* A Weyl sequence, mixed: every 64-bit value comes once in a period. */
uint64_t machine_random_next(struct machine_random *r)
{
    r->state += 0x9e3779b97f4a7c15ull;
    return hash_mix(r->state);
}
