/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CORE_MEMORY_RAM_H
#define ORRERY_CORE_MEMORY_RAM_H
/*
 * Guest RAM (and ROM and flash arrays): one anonymous mapping per block, given to
 * the host lazily, with per-page bookkeeping:
 *
 *   code      which 64-byte granules hold bytes that were translated. A page with
 *             any such granule never enters a store TLB, so every store to it
 *             comes through mem_ram_written(), which tells the listener exactly
 *             which bytes changed. Bits are set by core/exec when it translates
 *             and cleared when it drops the translation.
 *   dirty     written since the last mem_ram_clean(): snapshots, lockstep
 *             comparison, later migration. A clean page does not enter a store
 *             TLB either.
 *   reserved  a CPU holds an LR/exclusive reservation in the page; same rule. So
 *             a store by anybody else is seen and breaks the reservation exactly.
 *
 * With several host threads a CPU enters a page into its store TLB beside whoever holds the machine's lock (mmu/tlb.h):
 * flags and mappers change by atomic operations only, and all but MEM_PAGE_MAPPED with the lock.
 *
 * Pages here are 4 KiB whatever the guest uses. Owned by the machine that created
 * it; freed by mem_ram_destroy.
 */
#include "core/util/err.h"

#define MEM_PAGE_SHIFT 12
#define MEM_PAGE       4096u
#define MEM_GRANULE    64u /* of code tracking */
#define MEM_TAG_GRANULE 16u /* bytes that share an allocation tag */

enum mem_page_flag {
    MEM_PAGE_CODE     = 1u << 0,
    MEM_PAGE_CLEAN    = 1u << 1, /* inverse of dirty, so that 0 = stores may go straight to the host */
    MEM_PAGE_RESERVED = 1u << 2,
    MEM_PAGE_WATCHED  = 1u << 3, /* a debugger's or the guest's watchpoint lies here */
    MEM_PAGE_MAPPED   = 1u << 4, /* some store TLB has pointed at it since this was cleared: only a hint */
};

#define MEM_MAPPED_BY_MANY UINT16_MAX /* ... or this; 0: nobody has said yet */

struct mem_ram;

/* Told after bytes [offset, offset + n) of a page with flags were written. */
typedef void mem_written_fn(void *arg, struct mem_ram *ram, uint64_t offset, uint64_t n);

struct mem_ram {
    uint8_t *host;      /* `size` bytes, page aligned, zero at creation */
    uint64_t size;      /* multiple of MEM_PAGE */
    uint8_t *flags;     /* one byte of mem_page_flag per page */
    uint16_t *mapper;   /* one per page, with MEM_PAGE_MAPPED: 1 + the CPU whose store TLBs may point at it, ... */
    uint64_t *code;     /* one word per page, bit = granule; allocated with the block */
    uint32_t id;        /* small number, unique in the machine: part of a block's key */
    const char *name;   /* section name in snapshots */
    struct mem_ram *tags; /* allocation tags, four bits for each 16 bytes (see machine_tag_ram), or NULL */
    mem_written_fn *written;
    void *written_arg;
};

/* `name` must outlive the block. ERR_NOMEM names the size asked for. */
int mem_ram_create(struct mem_ram **out, const char *name, uint64_t size, struct err *e) MUST_CHECK;
void mem_ram_destroy(struct mem_ram *ram);

/*
 * After any write that did not go through a store TLB (slow path, DMA, loader,
 * debugger): updates dirty and calls the listener if a flag asks for it. Cheap
 * when no flag is set. `n` may cross pages but stays inside the block.
 */
void mem_ram_written(struct mem_ram *ram, uint64_t offset, uint64_t n);

static inline uint8_t mem_ram_flags(const struct mem_ram *ram, uint64_t offset)
{
    return __atomic_load_n(&ram->flags[offset >> MEM_PAGE_SHIFT], __ATOMIC_ACQUIRE);
}

/* Set or clear flags of a page. What they were. */
static inline uint8_t mem_ram_set_flags(struct mem_ram *ram, uint64_t offset, unsigned flags)
{
    return __atomic_fetch_or(&ram->flags[offset >> MEM_PAGE_SHIFT], (uint8_t)flags, __ATOMIC_SEQ_CST);
}

static inline uint8_t mem_ram_drop_flags(struct mem_ram *ram, uint64_t offset, unsigned flags)
{
    return __atomic_fetch_and(&ram->flags[offset >> MEM_PAGE_SHIFT], (uint8_t)~flags, __ATOMIC_SEQ_CST);
}

/* True if a store TLB entry may point at the page now. */
static inline bool mem_ram_store_direct(const struct mem_ram *ram, uint64_t offset)
{
    return (mem_ram_flags(ram, offset) & ~MEM_PAGE_MAPPED) == 0;
}

/* Mark [offset, offset+n) as code. Returns true if the page had none before. */
bool mem_ram_mark_code(struct mem_ram *ram, uint64_t offset, uint64_t n);
/*
 * The granules of [offset, offset+n), which lie in one page, hold none any more, but for those of `kept` (bit = granule).
 * In one step: the page does not cease to be code in between.
 */
void mem_ram_clear_code(struct mem_ram *ram, uint64_t offset, uint64_t n, uint64_t kept);
/* The granules that bytes [first, last] of a page touch. */
uint64_t mem_ram_granules(uint64_t first, uint64_t last);

/* All pages clean: the next write to each is noticed. Store TLBs must be flushed by the caller. */
void mem_ram_clean(struct mem_ram *ram);

#endif
