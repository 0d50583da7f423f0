/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CPU_X86_SEGMENT_H
#define ORRERY_CPU_X86_SEGMENT_H
/*
 * What transfers of control, tasks and interrupts share about descriptors and stacks. A descriptor
 * is its 8 bytes as one number (SDM volume 3, figure 3-8).
 */
#include "cpu/x86/x86_impl.h"

#define X86_DESC_ACCESSED (1ull << 40)
#define X86_DESC_BUSY     (1ull << 41)

static inline unsigned x86_desc_type(uint64_t d)
{
    return d >> 40 & 15;
}
static inline bool x86_desc_is_segment(uint64_t d)
{
    return d >> 44 & 1;
}
static inline unsigned x86_desc_dpl(uint64_t d)
{
    return d >> 45 & 3;
}
static inline bool x86_desc_present(uint64_t d)
{
    return d >> 47 & 1;
}
static inline bool x86_desc_is_code(uint64_t d)
{
    return (d >> 43 & 3) == 3;
}
static inline bool x86_desc_conforms(uint64_t d)
{
    return d >> 42 & 1;
}
static inline bool x86_desc_long(uint64_t d)
{
    return d >> 53 & 1;
}
static inline bool x86_desc_db(uint64_t d)
{
    return d >> 54 & 1;
}

/* Like x86_read_descriptor; what is not there raises `vector` with the selector and `ext` (EXT
 * bit). */
bool x86_get_descriptor(struct x86_cpu *c, uint16_t sel, enum x86_vector vector, uint32_t ext,
                        uint64_t *low, uint64_t *high);
/* Write bits of a descriptor in its table. False: that faulted. */
bool x86_mark_descriptor(struct x86_cpu *c, uint16_t sel, uint64_t set, uint64_t clear);
/* Hidden part from a descriptor that was checked; its accessed bit is set in the table. */
bool x86_put_segment(struct x86_cpu *c, unsigned seg, uint16_t sel, uint64_t descriptor);
void x86_null_segment(struct x86_cpu *c, unsigned seg, uint16_t sel);

/* A stack that is written before it becomes the current one. */
struct x86_stack {
    uint64_t base, sp, mask;         /* mask: of SP */
    const struct x86_segment *limit; /* checked against, NULL: 64-bit */
    bool supervisor;                 /* accesses with supervisor rights whatever CPL is now */
    uint32_t error; /* of #SS: selector of a new stack, 0 of the current one, and EXT */
};
/* The current one. */
void x86_open_stack(const struct x86_cpu *c, struct x86_stack *s);
bool x86_stack_push(struct x86_cpu *c, struct x86_stack *s, unsigned bytes, uint64_t v);
bool x86_stack_pop(struct x86_cpu *c, struct x86_stack *s, unsigned bytes, uint64_t *v);
/* SS:SP (RSP in long mode) of inner level `dpl` from the TSS; checked, #TS if not good. *d: its
 * descriptor. */
bool x86_inner_stack(struct x86_cpu *c, unsigned dpl, uint32_t ext, uint16_t *sel, uint64_t *sp,
                     uint64_t *d);
/* RSP0..2 or IST1..7 (n - 1 + 3) of a 64-bit TSS. */
bool x86_long_stack(struct x86_cpu *c, unsigned slot, uint32_t ext, uint64_t *sp);

/* Limit, presence and IP of a checked code descriptor: then CS and pc are set. `rpl`: of the new
 * CS. */
bool x86_enter_code(struct x86_cpu *c, uint16_t sel, uint64_t descriptor, uint64_t ip,
                    unsigned rpl);

#endif
