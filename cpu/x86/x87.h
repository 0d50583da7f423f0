/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CPU_X86_X87_H
#define ORRERY_CPU_X86_X87_H
/* What the files of the x87 FPU share: SDM volume 1, chapter 8. */
#include "cpu/x86/fp80.h"
#include "cpu/x86/x86_impl.h"

/* Status word; the exception flags are enum fp80_flag. */
enum {
    X87_SF = 1u << 6, /* stack fault; with IE: C1 says overflow or underflow */
    X87_ES = 1u << 7, /* an unmasked exception is pending */
    X87_C0 = 1u << 8,
    X87_C1 = 1u << 9,
    X87_C2 = 1u << 10,
    X87_C3 = 1u << 14,
    X87_CC = X87_C0 | X87_C1 | X87_C2 | X87_C3,
    X87_B = 1u << 15, /* = ES */
};

static inline unsigned x87_top(const struct x86_cpu *c)
{
    return (unsigned)c->fsw >> 11 & 7;
}
/* Physical number of ST(i). */
static inline unsigned x87_phys(const struct x86_cpu *c, unsigned i)
{
    return (x87_top(c) + i) & 7;
}
static inline void x87_set_top(struct x86_cpu *c, unsigned top)
{
    c->fsw = (c->fsw & ~(uint64_t)(7u << 11)) | (uint64_t)(top & 7) << 11;
}
/* ES and B follow from flags and masks; FERR# falls with them. */
void x87_update_pending(struct x86_cpu *c);
/* FLDCW's write: bit 6 reads 1, bits 7 and 15:13 read 0. */
void x87_set_control(struct x86_cpu *c, uint16_t fcw);
/* Both words from memory; ES and B of `fsw` do not count. */
void x87_set_words(struct x86_cpu *c, uint16_t fcw, uint16_t fsw);
/* Tag word of two bits a register as FNSTENV shows it; the abridged one of the same. */
uint16_t x87_full_tags(const struct x86_cpu *c);
uint8_t x87_abridge_tags(uint16_t full);

/* Accesses of helpers: #AC as in translated code. False: faulted. */
/* May all of [va, va + bytes) be written? At most a page. False: faulted. */
bool x87_may_store(struct x86_cpu *c, va_t va, unsigned bytes);

#endif
