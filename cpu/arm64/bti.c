/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Branch target identification (Arm ARM, D8.4.6). The architecture sets PSTATE.BTYPE at an
 * indirect branch and lets the instruction it lands on check it, if that lies in a guarded page.
 * Blocks do not know the page they are reached through, so the branch checks its target
 * instead; only where it cannot (the target is not mapped), or must not (the check fails), BTYPE
 * stays set and the block at the target, of its own mode, asks again.
 *
 * Targets found good are remembered until anything of the mapping or the code could have changed.
 */
#include "core/util/bits.h"
#include "cpu/arm64/bits.h"
#include "cpu/arm64/translate_impl.h"
#include "mmu/tlb.h"

static uint64_t *remembered(struct a64_cpu *a, va_t va)
{
    return &a->bti_good[(va >> 2) % ARRAY_LEN(a->bti_good)];
}

void a64_bti_forget(struct a64_cpu *a)
{
    for (size_t i = 0; i < ARRAY_LEN(a->bti_good); i++)
        a->bti_good[i] = 1; /* no instruction has an odd address */
}

/* The instruction at va and whether its page is guarded; false: it cannot be fetched now. May set the access flag. */
static bool look(struct a64_cpu *a, va_t va, uint32_t *word, bool *guarded)
{
    struct mmu_a64_regime r;
    struct mmu_a64_result res;
    struct mmu_a64_fault fault;
    a64_fill_regime(a, (unsigned)a->el, a->el == 0, &r);
    if ((va & 3) || !mmu_a64_walk(&r, va, 4, CPU_FETCH, 0, &res, &fault) || !a64_insn_word(a, va, word))
        return false;
    *guarded = res.guarded;
    return true;
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

uint64_t a64_helper_bti(struct cpu *cpu, uint64_t va, uint64_t btype, uint64_t pc, uint64_t d)
{
    struct a64_cpu *a = A64_CPU(cpu);
    uint32_t word;
    bool guarded = false, here;
    bool debugged = a->mode & (A64_MODE_STEP | A64_MODE_BREAK); /* exceptions of the target, before its own */
    uint64_t key = va | btype, *good = remembered(a, va);
    (void)d;
    if (LIKELY(*good == (key ^ a->context) && !debugged))
        return 0;
    if (btype == 3 && look(a, pc, &word, &here) && !here)
        btype = 1; /* BR from a page that is not guarded */
    if (!debugged && look(a, va, &word, &guarded) && (!guarded || compatible(a, word, (unsigned)btype))) {
        *good = key ^ a->context;
        return 0;
    }
    a->btype = btype;
    a64_level_changed(a);
    cpu_kick(cpu); /* the target's block is looked up in its mode */
    return 0;
}

/* Before the first instruction of a block under A64_MODE_BTYPE. */
uint64_t a64_helper_bti_landing(struct cpu *cpu, uint64_t pc, uint64_t b, uint64_t c, uint64_t d)
{
    struct a64_cpu *a = A64_CPU(cpu);
    uint32_t word;
    bool guarded = false;
    (void)b, (void)c, (void)d;
    if (look(a, pc, &word, &guarded) && guarded && !compatible(a, word, (unsigned)a->btype)) {
        a64_raise(a, a64_target_el(a), A64_ESR(A64_EC_BTI, a->btype));
        return 0;
    }
    a->btype = 0;
    a64_level_changed(a);
    return 0;
}
