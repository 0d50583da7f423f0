/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CORE_MEMORY_SPACE_IMPL_H
#define ORRERY_CORE_MEMORY_SPACE_IMPL_H
/* What map.c builds and access.c walks. */
#include "core/memory/space.h"

struct mem_listener {
    void (*fn)(void *arg);
    void *arg;
};

/*
 * Parts have ranges of a page or more in memory, and of a few bytes among ports and IOCSRs. Those that software goes to in turn
 * should have places of their own: GICv2's two, 64 KiB apart, have few bits that differ.
 */
#define MEM_CACHED_BITS 5
#define MEM_CACHED      (1u << MEM_CACHED_BITS)
static inline unsigned mem_cached_place(pa_t pa)
{
    return (unsigned)((pa >> 4) * 0x9e3779b97f4a7c15ull >> (64 - MEM_CACHED_BITS));
}

/* The map as one kind of access sees it. */
struct mem_view {
    const struct mem_range *cached[MEM_CACHED]; /* last answers of mem_lookup */
    struct mem_range *ranges;       /* sorted, disjoint; room for 2 * capacity */
    uint32_t n_ranges;
};
enum { MEM_VIEW_PLAIN, MEM_VIEW_SECURE, MEM_VIEWS };

struct mem_space {
    const char *name;
    struct mem_view view[MEM_VIEWS];
    bool overlays;                  /* some region is one: the second view differs */
    uint32_t n_regions, capacity;
    struct mem_region **regions;    /* in order of addition */
    pa_t *starts;                   /* scratch of rebuild: 2 * capacity */
    uint64_t generation;
    struct mem_listener *listeners;
    uint32_t n_listeners;
    bool shared;                    /* see mem_share */
    void (*alone)(void *arg, bool begin);
    void *alone_arg;
};

/* By the ranges, and kept. */
const struct mem_range *mem_search(struct mem_view *v, pa_t pa);

static inline const struct mem_range *mem_look_up(struct mem_view *v, pa_t pa)
{
    const struct mem_range *c = __atomic_load_n(&v->cached[mem_cached_place(pa)], __ATOMIC_RELAXED); /* of several threads: space.h */
    return LIKELY(c && pa - c->base < c->size) ? c : mem_search(v, pa);
}

/* What mem_lookup_by finds. */
static inline const struct mem_range *mem_look_up_by(struct mem_space *s, pa_t pa, const struct mem_attrs *attrs)
{
    bool secure = attrs && attrs->secure && s->overlays;
    return mem_look_up(&s->view[secure ? MEM_VIEW_SECURE : MEM_VIEW_PLAIN], pa);
}

#endif
