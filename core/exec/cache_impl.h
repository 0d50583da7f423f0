/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CORE_EXEC_CACHE_IMPL_H
#define ORRERY_CORE_EXEC_CACHE_IMPL_H
/* What cache.c (what is in the cache, and how it is found), cache_written.c and cache_room.c (what takes it out again) share. */
#include "core/exec/exec_impl.h"
#include "core/util/bits.h"
#include "core/util/hash.h"

#define HASH_SIZE (1u << EXEC_HASH_BITS)

/* Blocks that lie together, and are looked for together, are in buckets side by side: in few lines of the host's caches. */
static inline uint32_t exec_bucket_of(uint32_t page, int32_t start, uint32_t mode)
{
    uint64_t key = (uint64_t)page ^ (uint64_t)mode << 32;
    return (uint32_t)(hash_mix(key) + ((uint32_t)start >> 3)) & (HASH_SIZE - 1);
}

static inline struct exec_page **exec_page_of(struct exec *x, uint32_t page)
{
    return &x->pages[page >> 26][page & (BIT(26) - 1)];
}

static inline struct exec_block **exec_next_in(struct exec_block *b, uint32_t page)
{
    return b->page == page ? &b->next_in_page : &b->next_in_page2;
}

/* Nothing finds the block any more. */
void exec_cache_hide(struct exec *x, struct exec_block *b);
/* A dormant block is none any more. */
void exec_cache_wake(struct exec *x, struct exec_block *b);

#endif
