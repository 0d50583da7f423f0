/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What follows from CRMD, EUEN, MISC, FCSR, ASID and the windows: the block key, the host's FP control word, the TLB
 * context. la_update_mode() is called after every change of them; all of it is derived.
 */
#include "core/exec/fp.h"
#include "cpu/loongarch/loongarch_impl.h"

/* ---- FCSR (manual, "Floating-point Control and Status Register") ---- */
#define FCSR_ENABLES 4, 0
#define FCSR_RM      9, 8
#define FCSR_FLAGS   20, 16
#define FCSR_CAUSE   28, 24

/* I U O Z V from bit 0 on, in Enables, Flags and Cause alike, against the host's. */
static const uint8_t fp_bits[] = { CPU_FP_INEXACT, CPU_FP_UNDERFLOW, CPU_FP_OVERFLOW, CPU_FP_DIVZERO,
                                   CPU_FP_INVALID };
/* FCSR0, and what of it FCSR1 to FCSR3 show. */
static const uint64_t views[4] = {
    F_MASK(FCSR_ENABLES) | F_MASK(FCSR_RM) | F_MASK(FCSR_FLAGS) | F_MASK(FCSR_CAUSE),
    F_MASK(FCSR_ENABLES),
    F_MASK(FCSR_FLAGS) | F_MASK(FCSR_CAUSE),
    F_MASK(FCSR_RM),
};

uint64_t la_get_fcsr(const struct la_cpu *la, unsigned view)
{
    uint64_t flags = 0;
    for (size_t i = 0; i < ARRAY_LEN(fp_bits); i++)
        if (la->cpu.fp_flags & fp_bits[i])
            flags |= BIT(i);
    uint64_t v = la->fp_last != 0 ? F_PUT(la->fcsr, FCSR_CAUSE, la_last_cause(la)) : la->fcsr;
    return F_PUT(v, FCSR_FLAGS, flags) & views[view & 3];
}

void la_set_fcsr(struct la_cpu *la, unsigned view, uint64_t value)
{
    uint64_t v = (la_get_fcsr(la, 0) & ~views[view & 3]) | (value & views[view & 3]);
    uint32_t flags = 0;
    for (size_t i = 0; i < ARRAY_LEN(fp_bits); i++)
        if (F_GET(v, FCSR_FLAGS) >> i & 1)
            flags |= fp_bits[i];
    la->cpu.fp_flags = flags;
    la->fp_last = 0;
    la->fcsr = v & ~F_MASK(FCSR_FLAGS);
    la_update_mode(la);
}

/* RM: 0 nearest even, 1 to zero, 2 up, 3 down; MXCSR 14:13: 0 nearest, 1 down, 2 up, 3 to zero. */
static uint32_t host_fp_mode(const struct la_cpu *la)
{
    static const uint8_t rounding[4] = { 0, 3, 2, 1 };
    return 0x1f80u | (uint32_t)rounding[F_GET(la->fcsr, FCSR_RM)] << 13;
}

/* ---- block key ---- */
enum { MISC_DRDTL = 4, MISC_ALCL = 12 }; /* + level */

static uint32_t block_mode(const struct la_cpu *la)
{
    unsigned plv = la_plv(la);
    uint64_t euen = la->csr.euen & (la_is_guest(la) ? la->other.euen : ~0ull), misc = la->csr.misc;
    uint32_t mode = plv | la->config->code_class << LA_MODE_CLASS_SHIFT;
    mode |= (euen & LA_EUEN_FPE ? 0u : LA_MODE_FP_OFF) | (euen & LA_EUEN_SXE ? 0u : LA_MODE_LSX_OFF) |
            (euen & LA_EUEN_ASXE ? 0u : LA_MODE_LASX_OFF);
    if (misc >> (MISC_ALCL + plv) & 1)
        mode |= LA_MODE_ALIGN;
    if (la_is_va32(la))
        mode |= LA_MODE_VA32;
    if (plv != 0 && (misc >> (MISC_DRDTL + plv) & 1))
        mode |= LA_MODE_NO_TIME;
    if (la_is_guest(la))
        mode |= LA_MODE_GUEST;
    if (F_GET(la->fcsr, FCSR_ENABLES) != 0)
        mode |= LA_MODE_FP_TRAP;
    if (la_is_tlbr(la))
        mode |= LA_MODE_TLBR;
    if (la_is_direct(la))
        mode |= LA_MODE_DIRECT;
    if (la->counts_code)
        mode |= LA_MODE_COUNT;
    return mode | (UNLIKELY(la->watching) ? la_watch_mode(la) : 0u);
}

/* ---- TLB context ---- */
/*
 * The key holds all that decides what an address means or permits but ASID and guest, which mmu_select gets by
 * themselves. Direct addresses know no ASID: fences leave their set alone.
 *   1:0 level  2 VA32  3 DWPL  7:4 RBits  8 direct  35:16 of each window: the level may use it, VSEG
 * What an access's type is (MAT) matters to nobody.
 */
enum { KEY_VA32 = 1 << 2, KEY_DWP = 1 << 3, KEY_RBITS = 4, KEY_DIRECT = 1 << 8 };
enum { ASID_DIRECT = 1 << 16 };

static uint64_t windows_key(const struct la_cpu *la, unsigned plv)
{
    uint64_t key = 0;
    for (unsigned i = 0; i < ARRAY_LEN(la->csr.dmw); i++)
        if (la->csr.dmw[i] >> plv & 1)
            key |= (la->csr.dmw[i] >> 60 | 16) << (16 + 5 * i);
    return key;
}

static void select_context(struct la_cpu *la)
{
    unsigned plv = la_plv(la);
    uint64_t key = KEY_DIRECT;
    uint32_t asid = ASID_DIRECT, gid = la_is_guest(la) ? (uint32_t)F_GET(la->gstat, LA_GSTAT_GID) : 0;
    if (!la_is_direct(la)) {
        bool dwp = plv < 3 && (la->csr.misc >> (16 + plv) & 1);
        key = plv | (la_is_va32(la) ? KEY_VA32 : 0u) | (dwp ? KEY_DWP : 0u) |
              (la->csr.rvacfg & 15) << KEY_RBITS | windows_key(la, plv);
        asid = (uint32_t)la->csr.asid;
    }
    uint64_t both = key | (uint64_t)asid << 36 | (uint64_t)gid << 53; /* 17 bits, 8 bits */
    if (la->cpu.mmu_private == NULL || (la->context == both && la->cpu.set != NULL))
        return;
    la->context = both;
    mmu_select(&la->cpu, key, asid, gid);
}

void la_update_mode(struct la_cpu *la)
{
    if (UNLIKELY(la->borrowed)) /* nothing of it is in force */
        return;
    if (UNLIKELY(la->watching))
        la_watch_update(la);
    la->world_changed = false;
    la->mode = block_mode(la);
    la->cpu.fp_mode = host_fp_mode(la);
    select_context(la);
    la_check_interrupts(la);
}

void la_set_crmd(struct la_cpu *la, uint64_t crmd)
{
    bool level = UNLIKELY(la->counting) && !la->borrowed && ((la->csr.crmd ^ crmd) & F_MASK(LA_CRMD_PLV));
    if (level)
        la_pmu_sync(la); /* up to here under the old level */
    la->csr.crmd = crmd;
    if (level)
        la_pmu_changed(la);
    la_update_mode(la);
}

void la_change_crmd(struct la_cpu *la, uint64_t crmd)
{
    bool other = (la->csr.crmd ^ crmd) & ~F_MASK(LA_CRMD_IE);
    if (UNLIKELY(other || la->watching || la->borrowed || la->world_changed)) {
        la_set_crmd(la, crmd);
        return;
    }
    la->csr.crmd = crmd;
    la_check_interrupts(la);
}

void la_flush_tlb(struct la_cpu *la)
{
    uint32_t before = la->cpu.exit;
    if (la->cpu.mmu_private != NULL)
        mmu_flush(&la->cpu, MMU_ANY, MMU_ANY);
    la->cpu.exit = before; /* only instructions that end their block get here */
}
