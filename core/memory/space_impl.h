/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CORE_MEMORY_SPACE_IMPL_H
#define ORRERY_CORE_MEMORY_SPACE_IMPL_H
/* What map.c builds and access.c walks. */
#include "core/memory/space.h"

struct mem_listener {
    void (*fn)(void *arg);
    void *arg;
};

/* Parts have ranges of a page or more in memory, and of a few bytes among ports and IOCSRs. */
#define MEM_CACHED 8u
static inline unsigned mem_cached_place(pa_t pa)
{
    return (unsigned)(pa >> 4 ^ pa >> 12 ^ pa >> 20) & (MEM_CACHED - 1);
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

#endif
