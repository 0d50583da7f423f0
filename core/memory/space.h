/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CORE_MEMORY_SPACE_H
#define ORRERY_CORE_MEMORY_SPACE_H
/*
 * A physical address space: what answers at which address. CPUs see one; a
 * device sees the one its bus gave it (usually through a `struct dma`).
 *
 * Regions are added with a priority; where they overlap, the higher one answers
 * (a PCI BAR moved over RAM, flash in command mode), among equals the one added
 * last. A base that software moved where the region wraps or, for RAM and ROM, cuts
 * pages maps it nowhere. The space keeps a flat, sorted list of ranges and rebuilds
 * it when a region is added, moved or switched; then `generation` counts up and the
 * listeners flush what they cached.
 *
 * An access that no region answers, or that its region refuses, returns a
 * mem_result; what that means (access fault, external abort, all ones) is up to
 * the one who accessed.
 *
 * MMIO accesses are split to the widths the region accepts only if it says so;
 * otherwise a wrong width is MEM_BAD_SIZE. Values are little-endian integers.
 */
#include "core/memory/ram.h"

enum mem_result {
    MEM_OK = 0,
    MEM_NOTHING,     /* no region there */
    MEM_BAD_SIZE,    /* the region does not take this width or alignment */
    MEM_REFUSED,     /* the device answered with an error (external abort) */
    MEM_READ_ONLY,   /* store to ROM: ignored by most buses */
};

/* Who accesses and how; devices rarely look. */
struct mem_attrs {
    uint32_t requester; /* PCI requester id or MEM_REQUESTER_CPU + index */
    uint8_t secure, user, instruction, debug; /* debug: no side effects wanted */
};
#define MEM_REQUESTER_CPU 0x10000u

typedef enum mem_result mmio_read_fn(void *arg, uint64_t offset, unsigned size, uint64_t *value,
                                     const struct mem_attrs *attrs);
typedef enum mem_result mmio_write_fn(void *arg, uint64_t offset, unsigned size, uint64_t value,
                                      const struct mem_attrs *attrs);

struct mmio_ops {
    mmio_read_fn *read;
    mmio_write_fn *write;
    uint8_t sizes;       /* legal widths as a mask: 1|2|4|8; must be naturally aligned */
    bool split;          /* wider or misaligned accesses are split into legal ones, low address first */
    /* What one gets that is not aligned, nor split: NULL means MEM_BAD_SIZE. With MEM_OK a load reads 0. */
    enum mem_result (*misaligned)(void *arg, uint64_t offset, unsigned size,
                                  const struct mem_attrs *attrs);
};

enum mem_kind { MEM_RAM, MEM_ROM, MEM_MMIO };

struct mem_region {
    const char *name;
    enum mem_kind kind;
    pa_t base;
    uint64_t size;
    int priority;
    bool enabled;
    bool secure;            /* answers Secure accesses only: mem_set_secure */
    bool overlay;           /* others see what lies beneath: mem_set_overlay */
    struct mem_ram *ram;    /* RAM, ROM: the block behind it */
    uint64_t ram_offset;
    const struct mmio_ops *ops; /* MMIO; for ROM: where stores go (flash), or NULL = ignored */
    void *arg;
    uint32_t id;
};

/* One flat range: the answer of a look-up. Valid until the generation changes. */
struct mem_range {
    pa_t base;
    uint64_t size;
    struct mem_region *region;
};

struct mem_space;
struct mem_space *mem_space_create(const char *name);
void mem_space_destroy(struct mem_space *s);

/*
 * Add a region; the space owns and frees the descriptor, callers keep the pointer
 * to move or switch it. Base and size of RAM and ROM are multiples of MEM_PAGE.
 * ERR_ARG when the range wraps or is empty.
 */
int mem_add_ram(struct mem_space *s, const char *name, pa_t base, struct mem_ram *ram,
                uint64_t ram_offset, uint64_t size, int priority, struct mem_region **out,
                struct err *e) MUST_CHECK;
int mem_add_rom(struct mem_space *s, const char *name, pa_t base, struct mem_ram *ram,
                uint64_t ram_offset, uint64_t size, int priority, const struct mmio_ops *stores,
                void *arg, struct mem_region **out, struct err *e) MUST_CHECK;
int mem_add_mmio(struct mem_space *s, const char *name, pa_t base, uint64_t size, int priority,
                 const struct mmio_ops *ops, void *arg, struct mem_region **out,
                 struct err *e) MUST_CHECK;
void mem_move_region(struct mem_space *s, struct mem_region *r, pa_t base);
void mem_enable_region(struct mem_space *s, struct mem_region *r, bool on);
/* Both at once, for windows that software moves and switches: it is nowhere in between. */
void mem_place_region(struct mem_space *s, struct mem_region *r, bool on, pa_t base);
/*
 * TrustZone's memory and devices: to Non-secure accesses there is nothing at its place. Debuggers,
 * and the machine itself, which gives no attributes, get through.
 */
void mem_set_secure(struct mem_space *s, struct mem_region *r);
static inline bool mem_is_open(const struct mem_region *r, const struct mem_attrs *attrs)
{
    return !r->secure || !attrs || attrs->secure || attrs->debug;
}
/*
 * Memory that only Secure accesses find; all others, debuggers' and the machine's own included,
 * find what the map has at its place without it (x86: SMRAM over the VGA's window).
 */
void mem_set_overlay(struct mem_space *s, struct mem_region *r);
/* Flash leaves and re-enters array mode: a ROM region answers loads from its ops meanwhile. */
void mem_set_region_kind(struct mem_space *s, struct mem_region *r, enum mem_kind kind);

/*
 * The range holding `pa`, or NULL. O(log n) with a one-entry cache. Without `attrs` overlays are
 * not there.
 */
const struct mem_range *mem_lookup(struct mem_space *s, pa_t pa);
const struct mem_range *mem_lookup_by(struct mem_space *s, pa_t pa, const struct mem_attrs *attrs);

/* Changes when the map changes. */
uint64_t mem_generation(const struct mem_space *s);
int mem_add_listener(struct mem_space *s, void (*fn)(void *arg), void *arg) MUST_CHECK;

/*
 * Other host threads read and write what is mapped, and look it up, at the same time. `alone` keeps them away
 * while the map changes.
 */
void mem_share(struct mem_space *s, void (*alone)(void *arg, bool begin), void *arg);
/*
 * A naturally aligned store of 4 or 8 bytes over `from`, as one step where memory is shared. False: something else was
 * there (and nothing was stored); *why as mem_store's.
 */
bool mem_replace(struct mem_space *s, pa_t pa, unsigned size, uint64_t from, uint64_t to, const struct mem_attrs *attrs,
                 enum mem_result *why) MUST_CHECK;

/*
 * One access of 1, 2, 4 or 8 bytes at the natural width of an instruction; may be
 * misaligned for RAM. Stores do the RAM bookkeeping.
 */
enum mem_result mem_load(struct mem_space *s, pa_t pa, unsigned size, uint64_t *value,
                         const struct mem_attrs *attrs);
enum mem_result mem_store(struct mem_space *s, pa_t pa, unsigned size, uint64_t value,
                          const struct mem_attrs *attrs);

/* Any length; MMIO in the widest legal pieces. Stops at the first failure. */
enum mem_result mem_read(struct mem_space *s, pa_t pa, void *buf, uint64_t n,
                         const struct mem_attrs *attrs);
enum mem_result mem_write(struct mem_space *s, pa_t pa, const void *buf, uint64_t n,
                          const struct mem_attrs *attrs);

/* Host pointer to RAM or ROM at `pa` and, in *n, how many bytes follow; NULL for anything else. */
uint8_t *mem_pointer(struct mem_space *s, pa_t pa, uint64_t *n, bool writable);

/* "info mtree": one line a range. */
void mem_print(struct mem_space *s, void (*line)(void *arg, const char *text), void *arg);

#endif
