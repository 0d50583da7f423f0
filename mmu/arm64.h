/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_MMU_ARM64_H
#define ORRERY_MMU_ARM64_H
/*
 * VMSAv8-64 translation: Arm ARM DDI 0487, chapter D8; stage 1 and stage 2, granules of 4, 16
 * and 64 KiB, 48- and 52-bit addresses (FEAT_LVA, FEAT_LPA, FEAT_LPA2), levels -1 to 3,
 * hardware update of access flag and dirty state, permission indirection and overlays.
 *
 * Pure with respect to the CPU: cpu/arm64 fills the regime from its system registers and
 * turns the fault into ESR, FAR and HPFAR. Registers are handed over as the
 * architecture lays them out; the walker decodes them.
 */
#include "core/cpu/cpu.h"

enum mmu_a64_regime_id { MMU_A64_EL10, MMU_A64_EL20, MMU_A64_EL2, MMU_A64_EL3 };

/* What the implementation has: derived from the ID registers. */
struct mmu_a64_features {
    uint8_t pa_bits;                      /* 32, 36, 40, 42, 44, 48, 52 */
    bool gran4, gran16, gran64;           /* stage 1 */
    bool gran4_s2, gran16_s2, gran64_s2;
    bool lva, lpa, lpa2_4, lpa2_16, lpa2_4_s2, lpa2_16_s2;
    bool ttst, haf, hdbs, haft, pan3, xnx, s2fwb, s1pie, s2pie, s1poe, e0pd, hpds, nv;
    bool vmid16, asid16, ttcnp, bti;
};

struct mmu_a64_regime {
    struct mem_space *memory;
    const struct mmu_a64_features *f;
    struct cpu *cpu;                      /* for charging walk reads to the timing model; may be NULL */
    enum mmu_a64_regime_id id;
    bool user;                            /* the access is EL0's, or made with its rights (LDTR) */
    bool pan;                             /* PSTATE.PAN, already 0 where it does not apply */
    bool nv1;                             /* {HCR.NV, NV1} = {1, 1}: EL2's descriptor format at EL1 */
    bool secure;
    /* Stage 1. `on` is false when SCTLR.M or what overrides it says so. */
    bool on;
    uint64_t sctlr, tcr, tcr2, ttbr[2], mair, pir, pire0, por, por_el0;
    /* Stage 2: EL1&0 only. */
    bool s2_on;
    bool s1_only;                         /* AT S1E*: only table walks go through stage 2 */
    uint64_t hcr, vtcr, vttbr, s2pir;
    bool s2_big_endian;                   /* SCTLR_EL2.EE */
};

enum mmu_a64_walk_flags {
    MMU_A64_PROBE = 1,    /* a debugger: nothing changes, nothing is charged, permissions do not fault */
    MMU_A64_AT = 2,       /* an AT instruction: AF is set as by an access, dirty state never */
    MMU_A64_NO_PERM = 4,  /* AT S1E1A and its like: no permission check */
    MMU_A64_CACHE = 8,    /* cache maintenance by VA: a write syndrome (CM), no dirty update */
    MMU_A64_RMW = 16,     /* atomic: needs both; WnR is 0 when a plain read would have faulted too */
    MMU_A64_STILL = 32,   /* a load or fetch that changes nothing: an access flag hardware would set is a fault */
};

/* DFSC/IFSC without its level: 6.1 of the fault tables; mmu_a64_fsc() puts them together. */
enum mmu_a64_fault_kind { MMU_A64_OK, MMU_A64_ADDRESS_SIZE, MMU_A64_TRANSLATION, MMU_A64_ACCESS_FLAG,
                          MMU_A64_PERMISSION, MMU_A64_EXTERNAL, MMU_A64_UNSUPPORTED_UPDATE,
                          MMU_A64_CHANGED /* never seen outside: another CPU wrote the descriptor, the walk is repeated */ };

struct mmu_a64_fault {
    enum mmu_a64_fault_kind kind;
    int8_t level;         /* -1..3; of the stage that faulted */
    bool stage2, s1ptw;   /* s1ptw: stage 2, while walking stage 1 */
    bool wnr;             /* direction to report */
    bool dirty_bit, overlay; /* ISS2 */
    uint64_t ipa;         /* stage 2: of the access, or of the stage-1 descriptor with s1ptw */
};

struct mmu_a64_result {
    pa_t pa;
    uint64_t ipa;
    uint8_t page_shift;       /* of the smaller mapping of the two stages */
    uint8_t block_shift;      /* of stage 1's leaf, be it in a contiguous group or not: what TLBI by VA drops */
    uint8_t s1_shift;
    bool load, store, fetch;  /* may be cached for the regime's rights: store only when already dirty */
    bool global, guarded;     /* nG = 0; GP */
    bool nonsecure;           /* the address space: NS of stage 1 from Secure state */
    bool device, normal_tagged;
    uint8_t attr;             /* MAIR encoding of both stages combined, for PAR_EL1 */
    uint8_t sh;               /* as PAR_EL1 reports it */
};

/*
 * Translate one access of `size` bytes inside a 4 KiB page. False: *fault is filled in.
 * Descriptors are read as RAM; anything else that answers, and memory that refuses, is an
 * external abort on the walk with the level of that read.
 */
bool mmu_a64_walk(const struct mmu_a64_regime *r, va_t va, unsigned size, enum cpu_access access,
                  unsigned flags, struct mmu_a64_result *out, struct mmu_a64_fault *fault);

/* The 6-bit fault status code: 0x04 + level, 0x2b for translation at level -1, 0x13/0x14..17 on walks... */
unsigned mmu_a64_fsc(const struct mmu_a64_fault *f, bool on_walk);

/* Canonical form of a VA in the regime: what tags (TBI) and sign leave for TLB and PC purposes. */
va_t mmu_a64_strip_tag(const struct mmu_a64_regime *r, va_t va, bool fetch);

#endif
