/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_MMU_SHARED_H
#define ORRERY_MMU_SHARED_H
/*
 * Atomic operations on guest memory that other host threads use at the same time (machine.parallel).
 *
 * Each is one of the host's locked instructions. For reservations that is not enough: a compare and swap of the value
 * alone takes a location that was changed and changed back (ABA) for an untouched one. So 64-byte lines share *stripes*,
 * by a hash of the line: a lock of a few instructions' length, and a count of the atomic stores done under it. LR notes the count and
 * the bytes of its line; SC, under the lock, succeeds if the count is what it was and the bytes it stores over are,
 * which the host's compare and swap finds out.
 *     Every SC that succeeds, AMO and CAS of any CPU counts. A plain store does not, since it would cost
 * each of them two instructions and a write to memory that all share; it is noticed by the value. What goes unseen is
 * a plain store of other bytes and another plain store that brings the old ones back, all between LR and SC. Code that is
 * safe against plain stores at all (B2.9 of the Arm ARM, 14.2 of RISC-V's "A", 2.2.7 of LoongArch's manual ask for a
 * failure there as well) changes such locations by SC or AMO: lists and counters.
 *     The alternative, taking the line's page out of all store TLBs while it is reserved, needs all CPUs to stop
 * at each LR.
 *
 * A guest without reservations (x86) needs no stripes; its operations are emitted inline (core/exec/x86_64).
 *
 * Locks are held for no other's sake: nothing is waited for and no other lock is taken under one.
 */
#include "mmu/tlb.h"

#define MMU_STRIPES 1024u /* a power of two */
#define MMU_LINE    64u

struct mmu_stripe {
    uint64_t word;           /* bit 0: locked; above: count */
    uint64_t pad[7];
};

/* What LR saw, per CPU. */
struct mmu_link {
    const uint8_t *line;     /* host address; NULL: no reservation */
    uint64_t count;          /* of the stripe, unlocked */
    uint8_t bytes[MMU_LINE];
};

/* `host` is aligned to `size` (1, 2, 4, 8). Values are zero-extended, in the host's byte order. */
uint64_t mmu_shared_amo(struct mmu_stripe *s, uint8_t *host, unsigned size, enum ir_amo op, uint64_t value, bool be);
uint64_t mmu_shared_cas(struct mmu_stripe *s, uint8_t *host, unsigned size, uint64_t expected, uint64_t value);
/* 16-aligned; *old: what was there. */
void mmu_shared_cas128(struct mmu_stripe *s, uint8_t *host, const uint64_t expected[2], const uint64_t value[2],
                       uint64_t old[2]);
/* The line of `host` is reserved. */
void mmu_shared_reserve(struct mmu_stripe *s, struct mmu_link *l, const uint8_t *host);
/* Store over `size` bytes (4, 8, 16 or less) of the reserved line if nothing came between. */
bool mmu_shared_store(struct mmu_stripe *s, struct mmu_link *l, uint8_t *host, unsigned size, const uint64_t value[2]);

/* What an operation makes of the old value: also the serial ones'. */
uint64_t mmu_amo_result(enum ir_amo op, uint64_t old, uint64_t value, unsigned size);

#endif
