/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_MMU_ARM64_IMPL_H
#define ORRERY_MMU_ARM64_IMPL_H
/* What arm64.c (entry, descriptors), arm64_stage1.c and arm64_stage2.c share. */
#include "core/util/bits.h"
#include "mmu/arm64.h"

/* One table walk's geometry, decoded from a control register (D8.2). */
struct a64_format {
    unsigned gran;        /* log2 of the granule: 12, 14, 16 */
    unsigned stride;      /* address bits a level resolves */
    unsigned ia, oa;      /* bits of input and output addresses */
    int start;            /* level, -1 .. 3 */
    bool ds;              /* FEAT_LPA2 descriptors */
    bool lpa;             /* 64 KiB granule with 52-bit output addresses */
    bool ha, hd;          /* hardware updates of access flag, of dirty state */
    bool big_endian;
    uint64_t base;        /* of the first table */
};

/* A descriptor that was read. */
struct a64_desc {
    uint64_t value;
    pa_t pa;              /* where it lies */
    bool nonsecure;       /* in the Non-secure address space */
    int level;
    bool changed;         /* after a64_update: another CPU's store came first */
};

unsigned a64_granule(unsigned tg, bool upper, bool have4, bool have16, bool have64);
unsigned a64_output_bits(const struct mmu_a64_features *f, unsigned ps, const struct a64_format *t);
/* TTBR or VTTBR to the first table's address: packed 52-bit form or plain, aligned to its size. */
uint64_t a64_table_base(const struct a64_format *t, uint64_t ttbr, unsigned ps, unsigned index_bits);
/* Output address in a descriptor, with the bits below `shift` clear. */
uint64_t a64_output(const struct a64_format *t, uint64_t desc, unsigned shift);

static inline unsigned a64_shift(const struct a64_format *t, int level)
{
    return t->gran + (unsigned)(3 - level) * t->stride;
}

enum a64_entry { A64_INVALID, A64_TABLE, A64_LEAF };
enum a64_entry a64_classify(const struct a64_format *t, const struct mmu_a64_features *f,
                            const struct a64_desc *d);
/* log2 of the mapping a leaf is part of: its own size, or the contiguous group's. */
unsigned a64_mapping_shift(const struct a64_format *t, const struct a64_desc *d);

/* False: nothing there answers as memory. Charges the timing model unless probing. */
bool a64_read(const struct mmu_a64_regime *r, const struct a64_format *t, unsigned flags,
              struct a64_desc *d);
/* Replace the descriptor (the hardware's atomic update). False: not writable memory, or `changed`. */
bool a64_update(const struct mmu_a64_regime *r, const struct a64_format *t, struct a64_desc *d,
                uint64_t value);

/* What an access wants, for both stages. */
struct a64_access {
    enum cpu_access kind;
    unsigned flags;       /* enum mmu_a64_walk_flags */
    bool user;
    bool on_walk;         /* stage 2: the access is stage 1's, to a descriptor */
};

struct a64_stage2 {
    pa_t pa;
    unsigned shift;
    bool load, store, fetch;
    uint8_t mem_attr, sh; /* MemAttr and shareability of stage 2 */
};

/* `ipa` through stage 2. False: *fault (stage2 = true, s1ptw = on_walk). */
bool a64_stage2(const struct mmu_a64_regime *r, uint64_t ipa, const struct a64_access *a,
                struct a64_stage2 *out, struct mmu_a64_fault *fault);
bool a64_stage1(const struct mmu_a64_regime *r, va_t va, const struct a64_access *a,
                struct mmu_a64_result *out, struct mmu_a64_fault *fault);

bool a64_fail(struct mmu_a64_fault *f, enum mmu_a64_fault_kind kind, int level);
bool a64_two_ranges(const struct mmu_a64_regime *r);

#endif
