/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Branch target identification (Arm ARM, D8.4.6). The architecture sets PSTATE.BTYPE at an
 * indirect branch and lets the instruction it lands on check it, if that lies in a guarded page.
 * Blocks do not know the page they are reached through, so the branch checks its target
 * instead; only where it cannot (the target is not mapped), or must not (the check fails), BTYPE
 * stays set and the block at the target, of its own mode, asks again.
 *
 * Targets found good are remembered until anything of the mapping or the code could have changed, and so are
 * pages and whether they are guarded: programs with many targets go to few pages.
 */
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include "cpu/arm64/bits.h"
#include "cpu/arm64/translate_impl.h"
#include "mmu/tlb.h"
#include <string.h>

static uint64_t *remembered(struct a64_cpu *a, va_t va)
{
    return &a->bti_good[(va >> 2) % ARRAY_LEN(a->bti_good)];
}

void a64_bti_forget(struct a64_cpu *a)
{
    for (size_t i = 0; i < ARRAY_LEN(a->bti_good); i++)
        a->bti_good[i] = 1; /* no instruction has an odd address */
    for (size_t i = 0; i < ARRAY_LEN(a->bti_page); i++)
        a->bti_page[i].key = 1;
    memset(a->bti_pages, 0, sizeof(a->bti_pages));
    a->bti_shifts = 0;
}

enum { FEW_PAGES = 16 };

static uint64_t page_key(va_t va, unsigned shift)
{
    return va >> shift ^ (uint64_t)shift << 56;
}

/* TLBI by address: frequent, and rarely of a page with code. */
void a64_bti_forget_pages(struct a64_cpu *a, va_t first, uint64_t span)
{
    bool found = span > FEW_PAGES * MEM_PAGE;
    for (uint64_t left = a->bti_shifts; left != 0 && !found; left &= left - 1) {
        unsigned shift = (unsigned)ctz64(left);
        for (va_t at = first; !found && at - first < span; at += MEM_PAGE)
            found = mmu_filter_has(a->bti_pages, page_key(at, shift));
    }
    if (found)
        a64_bti_forget(a);
}

void a64_bti_forget_code(struct a64_cpu *a, va_t va)
{
    uint64_t bytes = 4ull << (a->config->ctr & 15); /* IminLine */
    va &= ~(bytes - 1);
    for (uint64_t i = 0; i < bytes && i < 4 * ARRAY_LEN(a->bti_good); i += 4)
        __atomic_store_n(remembered(a, va + i), 1, __ATOMIC_RELAXED); /* of any PE, whatever it does now */
}

/* A fetch's walk with `flags`; false: it cannot be fetched, or not without a change. */
static bool walk(const struct a64_cpu *a, va_t va, unsigned flags, struct mmu_a64_result *res)
{
    struct mmu_a64_regime r;
    struct mmu_a64_fault fault;
    a64_fill_regime(a, (unsigned)a->el, a->el == 0, &r);
    return !(va & 3) && mmu_a64_walk(&r, va, 4, CPU_FETCH, flags, res, &fault);
}

/* BTypeCompatible: `bti` says which branches it takes; PACIxSP those of a call (and jumps unless SCTLR.BT). */
static bool compatible(const struct a64_cpu *a, uint32_t word, unsigned btype)
{
    if ((word & 0xffffff3f) == 0xd503241f) { /* bti {c,j,jc} */
        unsigned kind = word >> 6 & 3;
        return (kind & 1 && btype != 3) || (kind & 2 && btype != 2);
    }
    if (word == 0xd503233f || word == 0xd503237f) { /* paciasp, pacibsp */
        uint64_t sctlr = a->sctlr[a64_regime_el(a, (unsigned)a->el)];
        uint64_t bt = a->el == 0 ? A64_SCTLR_BT0 : A64_SCTLR_BT1;
        return btype != 3 || !(sctlr & bt);
    }
    return (word & 0xffe0001f) == 0xd4200000 || (word & 0xffe0001f) == 0xd4400000; /* brk, hlt */
}

/* Where a guarded page's instructions are. */
static const uint8_t *bytes_of(struct a64_cpu *a, pa_t pa)
{
    uint64_t n;
    const uint8_t *host = mem_pointer(a->cpu.machine->memory, align_down(pa, MEM_PAGE), &n, false);
    return n >= MEM_PAGE ? host : NULL;
}

/* The page of va, by what was remembered or else by a walk that changes nothing; NULL: it cannot be fetched so. */
static const struct a64_bti_page *page_of(struct a64_cpu *a, va_t va)
{
    struct a64_bti_page *page = &a->bti_page[(va >> MEM_PAGE_SHIFT) % ARRAY_LEN(a->bti_page)];
    uint64_t key = align_down(va, MEM_PAGE) ^ a->bti_context, generation = mem_generation(a->cpu.machine->memory);
    struct mmu_a64_result res;
    if (va & 3)
        return NULL;
    if (LIKELY(page->key == key && page->generation == generation))
        return page;
    if (!walk(a, va, MMU_A64_STILL, &res))
        return NULL;
    *page = (struct a64_bti_page){ .key = key, .generation = generation, .guarded = res.guarded,
                                   .shift = (uint8_t)MAX(res.block_shift, MEM_PAGE_SHIFT),
                                   .host = res.guarded ? bytes_of(a, res.pa) : NULL };
    mmu_filter_put(a->bti_pages, page_key(va, page->shift));
    a->bti_shifts |= 1ull << page->shift;
    return page;
}

/* May a branch of type `btype` land at va? True of what is not guarded. */
static bool may_land(struct a64_cpu *a, const struct a64_bti_page *page, va_t va, unsigned btype)
{
    uint32_t word;
    if (!page->guarded)
        return true;
    if (LIKELY(page->host != NULL))
        word = ld_le32(page->host + va % MEM_PAGE);
    else if (!a64_insn_word(a, va, &word))
        return false;
    return compatible(a, word, btype);
}

/* Of a branch that is executed, so its page is there. */
static bool comes_from_unguarded(struct a64_cpu *a, va_t pc)
{
    const struct a64_bti_page *page = page_of(a, pc);
    struct mmu_a64_result res;
    return page != NULL ? !page->guarded : walk(a, pc, MMU_A64_PROBE, &res) && !res.guarded;
}

/*
 * It is called without much ado (IR_CALL_LIGHT): memory stays as it is, so that a target whose access flag is
 * not set yet is left to the fetch, and what must follow from a check that fails to the end of the block.
 */
uint64_t a64_helper_bti(struct cpu *cpu, uint64_t va, uint64_t btype, uint64_t pc, uint64_t d)
{
    struct a64_cpu *a = A64_CPU(cpu);
    const struct a64_bti_page *there;
    bool debugged = a->mode & (A64_MODE_STEP | A64_MODE_BREAK); /* exceptions of the target, before its own */
    uint64_t key = va | btype, *good = remembered(a, va);
    (void)d;
    if (LIKELY(*good == (key ^ a->bti_context) && !debugged))
        return 0;
    if (btype == 3 && comes_from_unguarded(a, pc))
        btype = 1; /* BR from a page that is not guarded */
    if (!debugged && (there = page_of(a, va)) != NULL && may_land(a, there, va, (unsigned)btype)) {
        *good = key ^ a->bti_context; /* its page is in the filter */
        return 0;
    }
    a->btype = btype;
    a64_set_mode(a, (a->mode & ~A64_MODE_BTYPE) | (uint32_t)btype << 5);
    cpu->exit |= CPU_EXIT_RESYNC; /* the target's block is looked up in its mode */
    return 0;
}

/* Before the first instruction of a block under A64_MODE_BTYPE. */
uint64_t a64_helper_bti_landing(struct cpu *cpu, uint64_t pc, uint64_t b, uint64_t c, uint64_t d)
{
    struct a64_cpu *a = A64_CPU(cpu);
    struct mmu_a64_result res;
    uint32_t word;
    (void)b, (void)c, (void)d;
    if (walk(a, pc, MMU_A64_PROBE, &res) && res.guarded && a64_insn_word(a, pc, &word) &&
        !compatible(a, word, (unsigned)a->btype)) {
        a64_raise(a, a64_target_el(a), A64_ESR(A64_EC_BTI, a->btype));
        return 0;
    }
    a->btype = 0;
    a64_level_changed(a);
    return 0;
}
