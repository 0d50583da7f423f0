/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_MMU_TLB_H
#define ORRERY_MMU_TLB_H
/*
 * The software TLB: a pool of tagged sets per CPU.
 *
 * A set holds what one *context* may reach: context = (translation regime, ASID,
 * VMID, and every mode bit that changes permissions: privilege, SUM, MXR, MPRV...).
 * The ISA makes a 64-bit key of it; mmu_select() finds or recycles the set, so a
 * change of address space, privilege or guest/host world is a pointer load and
 * flushes nothing. Fences flush by ASID, VMID or address over all sets concerned.
 *
 * Entries map 4 KiB whatever the guest's page size. Translated code probes them
 * inline:
 *     index = (va >> 12) & (ways - 1)         set->index_mask is (ways - 1) * sizeof(struct mmu_entry)
 *     hit   = (va ^ tag) <= MMU_PAGE - size      one compare: tag and page crossing
 *     host  = va + addend
 * An invalid entry i has a tag whose index bits differ from i, so it never hits.
 * In `fetch`, addend is the page id (mmu_page_id) instead.
 *
 * Most accesses off the guest's stack pointer are in the page of the one before. The page's entries, if there is one for
 * loads and one for stores and they agree, stand once more in `stack`, where nothing has to be looked up:
 *     hit   = (va ^ tag) < limit                  limit[k]: all of MMU_STACK_SPAN(k) bytes from there on are in the page
 * No VA is so odd that no guest puts it into its stack pointer, so no tag says that there is no copy: the limits do, being 0.
 * A copy never outlives what it was made of (mmu_drop_entry): whether an access hits does not depend on who asks where.
 *
 * A set begins with MMU_WAYS load and store entries, and gets four times as many, up to MMU_MAX_WAYS, while entries throw
 * each other out so often that walks would take a good part of the time. Whatever empties it makes it small again, and so
 * do many sweeps: emptying costs the same whatever size it had. Memory behind the ways in use is not touched.
 *
 * What is never entered: MMIO, ROM and pages with a mem_page_flag (stores), pages
 * whose permissions differ inside the page, watched pages. Those take mmu_slow_*.
 *
 * None of this is saved: it never changes what the guest sees. (LoongArch's
 * architected TLB is state of its ISA.)
 */
#include "core/cpu/cpu.h"

#define MMU_WAYS      2048u   /* load and store entries of a set to begin with: a power of two ... */
#define MMU_MAX_WAYS  32768u  /* ... and at most: MMU_WAYS times a power of four */
#define MMU_FETCHES   1024u
#define MMU_JUMPS     4096u
#define MMU_HOMES     32u
#define MMU_LOG       254u
#define MMU_SETS      32u    /* per CPU at most, ... */
#define MMU_ALL_SETS  4096u  /* ... and of all CPUs together: with hundreds of them each has fewer */
#define MMU_FILTER    64u    /* 64-bit words of a filter: a power of two */
#define MMU_STACK_LIMITS 3u
#define MMU_STACK_SPAN(k) (16u << 2 * (k)) /* bytes that limit k is for */

struct mmu_entry {
    uint64_t tag;            /* virtual page, low 12 bits zero */
    uint64_t addend;
};

/*
 * Where an indirect branch to `va` goes. Owned by core/exec; flushed with the fetch entries. Code is entered
 * only if it is of the mode at hand (its entry compares), so that a change of mode clears nothing.
 */
struct mmu_jump {
    uint64_t va;
    const void *code;
};

/* Written by core/exec from the set's own entries; taken away here. */
struct mmu_stack {
    uint64_t tag, addend;    /* of a load and a store entry */
    uint64_t limit[MMU_STACK_LIMITS]; /* MEM_PAGE - MMU_STACK_SPAN(k) + 1; 0: there is no copy */
};

struct mmu_set {
    uint64_t index_mask;     /* of load and store, as an offset of bytes: emitted probes take it from here */
    struct mmu_stack stack;  /* in the same line of the host's cache */
    uint64_t pad[2];
    struct mmu_entry load[MMU_MAX_WAYS];
    struct mmu_entry store[MMU_MAX_WAYS];
    struct mmu_entry fetch[MMU_FETCHES];
    struct mmu_jump jump[MMU_JUMPS];   /* index mmu_jump_index(va); empty: mmu_no_jump */
    uint64_t jump_pages[MMU_FILTER];   /* filter of the virtual pages `jump` leads to */
    /*
     * Owned by core/exec: addends of load entries that were used lately. Whoever takes one compares it with the
     * entry's, so that what they hold is never wrong.
     */
    uint64_t homes[MMU_HOMES];
    /*
     * What was filled since the set was empty: numbers of places, counted through all four tables, of MMU_WAYS load and
     * store entries each. More than fit: not known, and so it is in a set that has grown. So emptying costs what filling did.
     */
    uint32_t n_log;
    uint16_t log[MMU_LOG];
};

enum { MMU_AT_LOAD = 0, MMU_AT_STORE = MMU_WAYS, MMU_AT_FETCH = 2 * MMU_WAYS,
       MMU_AT_JUMP = 2 * MMU_WAYS + MMU_FETCHES };

static inline uint32_t mmu_ways(const struct mmu_set *set)
{
    return (uint32_t)(set->index_mask / sizeof(struct mmu_entry)) + 1;
}

static inline void mmu_set_ways(struct mmu_set *set, uint32_t ways)
{
    set->index_mask = (uint64_t)(ways - 1) * sizeof(struct mmu_entry);
}

/* The place of `va` in a set's load or store entries. */
static inline uint32_t mmu_way(const struct mmu_set *set, va_t va)
{
    return (uint32_t)(va >> MEM_PAGE_SHIFT) & (mmu_ways(set) - 1);
}

static inline void mmu_log(struct mmu_set *set, uint32_t place)
{
    if (set->n_log < MMU_LOG)
        set->log[set->n_log] = (uint16_t)place;
    set->n_log += set->n_log <= MMU_LOG;
}

/*
 * Filters: 4096 bits, one for each hash of a page number put in. A fence of one page asks
 * them whether it has to sweep a table at all: fences are frequent, and most of them
 * concern data pages of user programs.
 */
static inline void mmu_filter_put(uint64_t filter[MMU_FILTER], uint64_t number)
{
    unsigned bit = (unsigned)(number * 0x9e3779b97f4a7c15ull >> 52);
    filter[bit / 64] |= 1ull << bit % 64;
}

static inline bool mmu_filter_has(const uint64_t filter[MMU_FILTER], uint64_t number)
{
    unsigned bit = (unsigned)(number * 0x9e3779b97f4a7c15ull >> 52);
    return filter[bit / 64] >> bit % 64 & 1;
}

/* Targets in one page have as many places, one after the other, the last one followed by the first. */
#define MMU_JUMPS_OF_PAGE (MEM_PAGE / 4)
static inline uint32_t mmu_jump_index(uint64_t va)
{
    return (uint32_t)(va >> 2) & (MMU_JUMPS - 1); /* targets are mostly four bytes apart, or more */
}

/* The address in an empty entry `i`: one that is looked for elsewhere. */
static inline uint64_t mmu_no_jump(uint32_t i)
{
    return i == 0 ? 4 : 1;
}

/* Jumps of the current set to `va` lead to `code`. Only core/exec calls this. */
static inline void mmu_enter_jump(struct mmu_set *set, va_t va, const void *code)
{
    struct mmu_jump *j = &set->jump[mmu_jump_index(va)];
    mmu_log(set, MMU_AT_JUMP + mmu_jump_index(va));
    j->va = va;
    j->code = code;
    mmu_filter_put(set->jump_pages, va >> MEM_PAGE_SHIFT);
}

/* Host address of `size` bytes that translated code may store to directly; NULL: ask mmu_slow_store. */
static inline uint8_t *mmu_store_hit(const struct cpu *cpu, va_t va, unsigned size)
{
    const struct mmu_entry *e = &cpu->set->store[mmu_way(cpu->set, va)];
    return (va ^ e->tag) <= MEM_PAGE - size ? (uint8_t *)(uintptr_t)(va + e->addend) : NULL;
}

/* Likewise where it may load from. */
static inline const uint8_t *mmu_load_hit(const struct cpu *cpu, va_t va, unsigned size)
{
    const struct mmu_entry *e = &cpu->set->load[mmu_way(cpu->set, va)];
    return (va ^ e->tag) <= MEM_PAGE - size ? (const uint8_t *)(uintptr_t)(va + e->addend) : NULL;
}

/* A RAM page as 32 bits, unique in the machine: key of blocks and of fetch entries. */
static inline uint32_t mmu_page_id(const struct mem_ram *ram, uint64_t offset)
{
    return ram->id << 26 | (uint32_t)(offset >> MEM_PAGE_SHIFT);
}

/* Per CPU; sets are allocated when first used. 0 or ERR_NOMEM. */
int mmu_attach(struct cpu *cpu, struct err *e) MUST_CHECK;
void mmu_detach(struct cpu *cpu);

/* Make the context's set current (cpu->set). After reset and whenever a key part changed. */
void mmu_select(struct cpu *cpu, uint64_t key, uint32_t asid, uint32_t vmid);
/* The same if it was current before the one that is: touches nothing but the CPU. False: it was not, and nothing is done. */
bool mmu_select_back(struct cpu *cpu, uint64_t key, uint32_t asid, uint32_t vmid);

/*
 * Fences. MMU_ANY = all. They set CPU_EXIT_RESYNC so that stale code is left. `span`
 * bytes are counted from the start of va's page; large pages go as a whole.
 */
#define MMU_ANY UINT32_MAX
void mmu_flush(struct cpu *cpu, uint32_t asid, uint32_t vmid);
void mmu_flush_page(struct cpu *cpu, va_t va, uint64_t span, uint32_t asid, uint32_t vmid);
void mmu_flush_all_cpus(struct machine *m);   /* the address map changed */

/* No store entry of any CPU may point at this page any more (it became code, clean, reserved, watched). */
void mmu_protect_page(struct machine *m, struct mem_ram *ram, uint64_t offset);
/*
 * Where memory is shared: the same, and no store entry will from now on, since the page's bytes are about to be read as code.
 * For the holder of the machine's lock; false: the lock was given up in between.
 */
bool mmu_seal_page(struct cpu *cpu, struct mem_ram *ram, uint64_t offset);
/*
 * core/exec's part in reservations. A store entry does not notice a reservation of
 * its own CPU, so: a CPU that ends its turn with one has its page guarded; and every
 * write that mem_ram reports is passed on, to break the reservations it overlaps
 * (but not the writing CPU's own).
 */
void mmu_guard_reservation(struct cpu *cpu);
/* A reservation for other ends than LR/SC (MONITOR): `size` bytes at `pa`, in one page of RAM. size 0: none any more. */
void mmu_reserve(struct cpu *cpu, pa_t pa, unsigned size);
void mmu_ram_written(struct machine *m, struct mem_ram *ram, uint64_t offset, uint64_t n);
/* Empty the jump entries of every set of every CPU, or of one set. */
void mmu_flush_jumps(struct machine *m);
void mmu_clear_jumps(struct mmu_set *set);

/* ---- slow paths: called by executors when the probe missed ---- */
/*
 * `memop` = the IR's IR_MEM_* bits. Return 0: done; or 1: not done, because it
 * faulted or execution must leave first (cpu->exit says why; the instruction starts
 * over). An access that is done but changed code or the map kicks the CPU instead, so
 * that the next canonical boundary looks up afresh. `*value` is zero- or sign-extended to
 * 64 bits as the memop says. Misaligned and page-crossing accesses are done
 * bytewise-exact: if the second page faults, or nothing there takes bytes, nothing was
 * written and the reported address is the second page's first byte. (Only a device that
 * refuses a byte of its own accord comes too late for that.)
 */
int mmu_slow_load(struct cpu *cpu, va_t va, uint32_t memop, uint64_t *value);
int mmu_slow_store(struct cpu *cpu, va_t va, uint32_t memop, uint64_t value);
/*
 * Vectors of 16 bytes: low half first, no single-copy atomicity beyond its halves; otherwise
 * as above (alignment is to 16 where the memop asks for it).
 */
int mmu_slow_load128(struct cpu *cpu, va_t va, uint32_t memop, uint64_t value[2]);
int mmu_slow_store128(struct cpu *cpu, va_t va, uint32_t memop, const uint64_t value[2]);
int mmu_slow_amo(struct cpu *cpu, va_t va, uint32_t memop, enum ir_amo op, uint64_t value,
                 uint64_t *old);
int mmu_slow_cas(struct cpu *cpu, va_t va, uint32_t memop, uint64_t expected, uint64_t value,
                 uint64_t *old);
/* 16-byte CAS; va is 16-aligned (checked by the caller). */
int mmu_slow_cas128(struct cpu *cpu, va_t va, const uint64_t expected[2], const uint64_t value[2],
                    uint64_t old[2]);
/* Reservation: LR/SC, exclusives. *failed: 0 stored, 1 not. */
int mmu_load_reserved(struct cpu *cpu, va_t va, uint32_t memop, uint64_t *value);
int mmu_store_conditional(struct cpu *cpu, va_t va, uint32_t memop, uint64_t value,
                          uint64_t *failed);
/* Of 16 bytes, where memory is shared (machine.parallel); va is 16-aligned (checked by the caller). */
int mmu_store_conditional128(struct cpu *cpu, va_t va, const uint64_t value[2], uint64_t *failed);
/*
 * Where memory is shared (machine.parallel): what can be done without the machine's lock, by the CPU's own thread. False:
 * nothing was done, call the slow one with the lock.
 */
bool mmu_quick_load(struct cpu *cpu, va_t va, uint32_t memop, uint64_t *value);
bool mmu_quick_store(struct cpu *cpu, va_t va, uint32_t memop, uint64_t value);
bool mmu_quick_load128(struct cpu *cpu, va_t va, uint32_t memop, uint64_t value[2]);
bool mmu_quick_store128(struct cpu *cpu, va_t va, uint32_t memop, const uint64_t value[2]);
/* mmu_store_hit, for helpers: where memory is shared, what misses may be filled. */
uint8_t *mmu_store_reach(struct cpu *cpu, va_t va, unsigned size);
/* A fetch entry for `va`, unless it is one that is not kept. */
bool mmu_quick_fetch(struct cpu *cpu, va_t va);
bool mmu_quick_amo(struct cpu *cpu, va_t va, uint32_t memop, enum ir_amo op, uint64_t value, uint64_t *old);
bool mmu_quick_cas(struct cpu *cpu, va_t va, uint32_t memop, uint64_t expected, uint64_t value, uint64_t *old);
/* 16-byte CAS; va is 16-aligned (checked by the caller). */
bool mmu_quick_cas128(struct cpu *cpu, va_t va, const uint64_t expected[2], const uint64_t value[2], uint64_t old[2]);
bool mmu_quick_load_reserved(struct cpu *cpu, va_t va, uint32_t memop, uint64_t *value);
bool mmu_quick_store_conditional(struct cpu *cpu, va_t va, uint32_t memop, uint64_t value, uint64_t *failed);
/* Would a conditional store of `size` bytes at `pa` be done? */
bool mmu_holds_reservation(const struct cpu *cpu, pa_t pa, unsigned size);
/* There is no reservation any more. */
void mmu_drop_reservation(struct cpu *cpu);
/*
 * Host pointer for `size` bytes inside one page, rights checked for `access`; NULL
 * when faulted (cpu->exit set) or not plain RAM (*pa valid, use mem_load/mem_store).
 * After writing through it call mem_ram_written or use mmu_slow_store instead.
 */
uint8_t *mmu_host(struct cpu *cpu, va_t va, unsigned size, enum cpu_access access, pa_t *pa);
/* Where an access that was just done went, or NULL if not to plain RAM: watchpoints have seen it and are not asked. */
const uint8_t *mmu_accessed(struct cpu *cpu, va_t va, enum cpu_access access);

/*
 * Translate for fetching: fills the fetch entry. 0 and (*ram, *offset) of the byte at
 * va, or 1 with the fault recorded. Code in MMIO or ROM ops mode: bus error to the ISA.
 */
int mmu_fetch(struct cpu *cpu, va_t va, struct mem_ram **ram, uint64_t *offset);
/*
 * For the helper that stands in for an instruction whose second part, at `va`, could not be fetched when
 * it was translated: the fault is recorded, or the block is looked up again if it can be by now.
 */
void mmu_fetch_rest(struct cpu *cpu, va_t va);

/* Debuggers: through the CPU's current translation, permissions ignored, no side effects. */
int mmu_debug_read(struct cpu *cpu, va_t va, void *buf, size_t n);
int mmu_debug_write(struct cpu *cpu, va_t va, const void *buf, size_t n);

/* Watchpoints: data addresses whose access must be reported. Slow path only; see core/exec/exec.h. */
struct mmu_watch {
    va_t addr;
    uint64_t size;
    bool load, store;
};
int mmu_set_watches(struct machine *m, const struct mmu_watch *w, uint32_t n, struct err *e) MUST_CHECK;
/*
 * A CPU's own watchpoints, those of its debug registers: isa->watched hears of each data access that touches one
 * of them, before it is done. Its pages are not entered, so that nothing else costs anything.
 */
#define MMU_CPU_WATCHES 4
void mmu_set_cpu_watches(struct cpu *cpu, const struct mmu_watch *w, uint32_t n);
/* The next data access of `cpu` is not checked against the watchpoints: resuming from one. */
void mmu_skip_watch(struct cpu *cpu, bool skip);

#endif
