/* SPDX-License-Identifier: Apache-2.0 */
/* The map of a space: regions as added, and the flat list that look-ups search. */
#include "core/memory/space_impl.h"
#include "core/util/bits.h"
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct mem_space *mem_space_create(const char *name)
{
    struct mem_space *s = calloc(1, sizeof(*s));
    if (s)
        s->name = name;
    return s;
}

void mem_space_destroy(struct mem_space *s)
{
    if (!s)
        return;
    for (uint32_t i = 0; i < s->n_regions; i++)
        free(s->regions[i]);
    free(s->regions);
    for (uint32_t i = 0; i < MEM_VIEWS; i++)
        free(s->view[i].ranges);
    free(s->starts);
    free(s->listeners);
    free(s);
}

/*
 * A base that software chose (a BAR) may wrap or, for memory, cut pages: such a
 * region answers nowhere until it is moved again.
 */
static bool is_mapped(const struct mem_region *r)
{
    if (!r->enabled || r->base + (r->size - 1) < r->base)
        return false;
    return !r->ram || r->base % MEM_PAGE == 0;
}

static pa_t last_of(const struct mem_region *r)
{
    return r->base + (r->size - 1);
}

/* The region answering at `pa`: highest priority, among equals the one added last. */
static struct mem_region *winner_at(const struct mem_space *s, pa_t pa, bool overlays)
{
    struct mem_region *best = NULL;
    for (uint32_t i = 0; i < s->n_regions; i++) {
        struct mem_region *r = s->regions[i];
        if (!is_mapped(r) || pa < r->base || pa > last_of(r) || (r->overlay && !overlays))
            continue;
        if (!best || r->priority >= best->priority)
            best = r;
    }
    return best;
}

static int compare_starts(const void *a, const void *b)
{
    pa_t x = *(const pa_t *)a, y = *(const pa_t *)b;
    return (x > y) - (x < y);
}

static void flatten(const struct mem_space *s, struct mem_view *v, uint32_t n_starts, bool overlays)
{
    v->n_ranges = 0;
    memset(v->cached, 0, sizeof(v->cached));
    for (uint32_t i = 0; i < n_starts; i++) {
        pa_t base = s->starts[i];
        if (i + 1 < n_starts && s->starts[i + 1] == base)
            continue;
        struct mem_region *region = winner_at(s, base, overlays);
        if (!region)
            continue;
        pa_t last = i + 1 < n_starts ? s->starts[i + 1] - 1 : last_of(region);
        struct mem_range *before = v->n_ranges ? &v->ranges[v->n_ranges - 1] : NULL;
        if (before && before->region == region && before->base + before->size == base)
            before->size += last - base + 1;
        else
            v->ranges[v->n_ranges++] =
                (struct mem_range){ .base = base, .size = last - base + 1, .region = region };
    }
}

/*
 * Between two neighbouring starts (of a region, or just past one) the answer does
 * not change. n regions give at most 2n of them; the arrays hold that many.
 */
static void rebuild(struct mem_space *s)
{
    uint32_t n_starts = 0;
    if (s->alone != NULL)
        s->alone(s->alone_arg, true);
    for (uint32_t i = 0; i < s->n_regions; i++) {
        const struct mem_region *r = s->regions[i];
        if (!is_mapped(r))
            continue;
        s->starts[n_starts++] = r->base;
        if (last_of(r) != UINT64_MAX)
            s->starts[n_starts++] = last_of(r) + 1;
    }
    qsort(s->starts, n_starts, sizeof(*s->starts), compare_starts);

    flatten(s, &s->view[MEM_VIEW_PLAIN], n_starts, false);
    if (s->overlays)
        flatten(s, &s->view[MEM_VIEW_SECURE], n_starts, true);
    s->generation++;
    for (uint32_t i = 0; i < s->n_listeners; i++)
        s->listeners[i].fn(s->listeners[i].arg);
    if (s->alone != NULL)
        s->alone(s->alone_arg, false);
}

static int grow(struct mem_space *s)
{
    if (s->n_regions < s->capacity)
        return 0;
    uint32_t capacity = s->capacity ? s->capacity * 2 : 16;
    struct mem_region **regions = realloc(s->regions, capacity * sizeof(*regions));
    if (regions)
        s->regions = regions;
    for (uint32_t i = 0; i < MEM_VIEWS; i++) {
        struct mem_view *v = &s->view[i];
        struct mem_range *ranges = realloc(v->ranges, 2 * capacity * sizeof(*ranges));
        memset(v->cached, 0, sizeof(v->cached));
        if (!ranges)
            return ERR_NOMEM;
        v->ranges = ranges;
    }
    pa_t *starts = realloc(s->starts, 2 * capacity * sizeof(*starts));
    if (starts)
        s->starts = starts;
    if (!regions || !starts)
        return ERR_NOMEM;
    s->capacity = capacity;
    return 0;
}

static int add(struct mem_space *s, struct mem_region r, struct mem_region **out, struct err *e)
{
    if (r.size == 0 || last_of(&r) < r.base)
        return err_set(e, ERR_ARG, "region %s at %#" PRIx64 ": %#" PRIx64 " bytes %s", r.name,
                       r.base, r.size, r.size == 0 ? "is empty" : "wrap around the address space");
    if (r.ram && (r.base % MEM_PAGE != 0 || r.size % MEM_PAGE != 0 || r.ram_offset % MEM_PAGE != 0))
        return err_set(e, ERR_ARG,
                       "region %s at %#" PRIx64 ": base, size and offset must be multiples of %u",
                       r.name, r.base, MEM_PAGE);
    if (r.ram && (r.ram_offset > r.ram->size || r.size > r.ram->size - r.ram_offset))
        return err_set(e, ERR_ARG,
                       "region %s: offset %#" PRIx64 " + %#" PRIx64
                       " bytes lie beyond the end of memory %s (%#" PRIx64 " bytes)",
                       r.name, r.ram_offset, r.size, r.ram->name, r.ram->size);
    struct mem_region *region = malloc(sizeof(*region));
    if (!region || grow(s) < 0) {
        free(region);
        return err_set(e, ERR_NOMEM, "region %s: the host has no memory left", r.name);
    }
    r.enabled = true;
    r.id = s->n_regions;
    *region = r;
    s->regions[s->n_regions++] = region;
    rebuild(s);
    if (out)
        *out = region;
    return 0;
}

int mem_add_ram(struct mem_space *s, const char *name, pa_t base, struct mem_ram *ram,
                uint64_t ram_offset, uint64_t size, int priority, struct mem_region **out,
                struct err *e)
{
    struct mem_region r = { .name = name,
                            .kind = MEM_RAM,
                            .base = base,
                            .size = size,
                            .priority = priority,
                            .ram = ram,
                            .ram_offset = ram_offset };
    return add(s, r, out, e);
}

int mem_add_rom(struct mem_space *s, const char *name, pa_t base, struct mem_ram *ram,
                uint64_t ram_offset, uint64_t size, int priority, const struct mmio_ops *stores,
                void *arg, struct mem_region **out, struct err *e)
{
    struct mem_region r = { .name = name,
                            .kind = MEM_ROM,
                            .base = base,
                            .size = size,
                            .priority = priority,
                            .ram = ram,
                            .ram_offset = ram_offset,
                            .ops = stores,
                            .arg = arg };
    return add(s, r, out, e);
}

int mem_add_mmio(struct mem_space *s, const char *name, pa_t base, uint64_t size, int priority,
                 const struct mmio_ops *ops, void *arg, struct mem_region **out, struct err *e)
{
    struct mem_region r = { .name = name,
                            .kind = MEM_MMIO,
                            .base = base,
                            .size = size,
                            .priority = priority,
                            .ops = ops,
                            .arg = arg };
    return add(s, r, out, e);
}

void mem_move_region(struct mem_space *s, struct mem_region *r, pa_t base)
{
    if (r->base == base)
        return;
    r->base = base;
    if (r->enabled)
        rebuild(s);
}

void mem_enable_region(struct mem_space *s, struct mem_region *r, bool on)
{
    if (r->enabled == on)
        return;
    r->enabled = on;
    rebuild(s);
}

void mem_place_region(struct mem_space *s, struct mem_region *r, bool on, pa_t base)
{
    if (!on || r->base != base)
        mem_enable_region(s, r, false);
    mem_move_region(s, r, base);
    mem_enable_region(s, r, on);
}

void mem_set_region_kind(struct mem_space *s, struct mem_region *r, enum mem_kind kind)
{
    assert(kind == MEM_MMIO ? r->ops != NULL : r->ram != NULL);
    if (r->kind == kind)
        return;
    r->kind = kind;
    rebuild(s);
}

void mem_set_secure(struct mem_space *s, struct mem_region *r)
{
    r->secure = true;
    rebuild(s);
}

void mem_set_overlay(struct mem_space *s, struct mem_region *r)
{
    r->overlay = s->overlays = true;
    rebuild(s);
}

const struct mem_range *mem_search(struct mem_view *v, pa_t pa)
{
    uint32_t low = 0, high = v->n_ranges;
    while (low < high) { /* first range whose base is above `pa` */
        uint32_t mid = low + (high - low) / 2;
        if (v->ranges[mid].base <= pa)
            low = mid + 1;
        else
            high = mid;
    }
    if (low == 0 || pa - v->ranges[low - 1].base >= v->ranges[low - 1].size)
        return NULL;
    const struct mem_range *found = &v->ranges[low - 1];
    __atomic_store_n(&v->cached[mem_cached_place(pa)], found, __ATOMIC_RELAXED);
    return found;
}

const struct mem_range *mem_lookup(struct mem_space *s, pa_t pa)
{
    return mem_look_up(&s->view[MEM_VIEW_PLAIN], pa);
}

const struct mem_range *mem_lookup_by(struct mem_space *s, pa_t pa, const struct mem_attrs *attrs)
{
    return mem_look_up_by(s, pa, attrs);
}

void mem_share(struct mem_space *s, void (*alone)(void *arg, bool begin), void *arg)
{
    s->shared = true;
    s->alone = alone;
    s->alone_arg = arg;
}

uint64_t mem_generation(const struct mem_space *s)
{
    return s->generation;
}

int mem_add_listener(struct mem_space *s, void (*fn)(void *arg), void *arg)
{
    struct mem_listener *l = realloc(s->listeners, (s->n_listeners + 1) * sizeof(*l));
    if (!l)
        return ERR_NOMEM;
    s->listeners = l;
    l[s->n_listeners++] = (struct mem_listener){ fn, arg };
    return 0;
}

void mem_print(struct mem_space *s, void (*line)(void *arg, const char *text), void *arg)
{
    static const char *const kinds[] = { "ram", "rom", "mmio" };
    const struct mem_view *v = &s->view[MEM_VIEW_PLAIN];
    for (uint32_t i = 0; i < v->n_ranges; i++) {
        const struct mem_range *r = &v->ranges[i];
        char text[160];
        snprintf(text, sizeof(text), "%016" PRIx64 "-%016" PRIx64 " %-4s %2d %s", r->base,
                 r->base + (r->size - 1), kinds[r->region->kind], r->region->priority,
                 r->region->name);
        line(arg, text);
    }
}
