/* SPDX-License-Identifier: Apache-2.0 */
/* Stacks while control is being transferred: SDM volume 3, 6.8.5, 7.12, 8.2 (TSS). */
#include "core/util/bits.h"
#include "cpu/x86/bits.h"
#include "cpu/x86/segment.h"

void x86_open_stack(const struct x86_cpu *c, struct x86_stack *s)
{
    const struct x86_segment *ss = &c->seg[X86_SS];
    bool wide = x86_code64(c);
    *s = (struct x86_stack){ .base = wide ? 0 : ss->base,
                             .sp = c->gpr[4],
                             .mask = wide                     ? ~0ull
                                     : ss->attr & X86_ATTR_DB ? UINT32_MAX
                                                              : 0xffff,
                             .limit = wide ? NULL : ss };
}

/* Offset inside a stack segment, expand-down ones included. */
static bool inside(const struct x86_segment *s, uint64_t offset, unsigned bytes)
{
    uint64_t last = offset + bytes - 1;
    if ((s->attr & 0xc) != 4 || !(s->attr & X86_ATTR_S))
        return last <= s->limit;
    return offset > s->limit && last <= (s->attr & X86_ATTR_DB ? UINT32_MAX : 0xffffu);
}

static bool address(struct x86_cpu *c, const struct x86_stack *s, uint64_t sp, unsigned bytes,
                    va_t *va)
{
    if (s->limit != NULL && !inside(s->limit, sp, bytes)) {
        x86_raise_error(c, X86_SS_FAULT, s->error);
        return false;
    }
    if (s->limit == NULL && !mmu_x86_canonical(sp, c->cr4 & X86_CR4_LA57)) {
        x86_raise_error(c, X86_SS_FAULT, s->error);
        return false;
    }
    *va = s->limit == NULL ? sp : (uint32_t)(s->base + sp);
    return true;
}

bool x86_stack_push(struct x86_cpu *c, struct x86_stack *s, unsigned bytes, uint64_t v)
{
    uint64_t sp = (s->sp - bytes) & s->mask;
    va_t va;
    v = zext(v, bytes * 8);
    if (!address(c, s, sp, bytes, &va) ||
        !(s->supervisor ? x86_store_linear(c, va, bytes, true, v) : x86_store_data(c, va, bytes, v)))
        return false;
    s->sp = (s->sp & ~s->mask) | sp;
    return true;
}

bool x86_stack_pop(struct x86_cpu *c, struct x86_stack *s, unsigned bytes, uint64_t *v)
{
    va_t va;
    if (!address(c, s, s->sp & s->mask, bytes, &va) ||
        !(s->supervisor ? x86_load_linear(c, va, bytes, true, v) : x86_load_data(c, va, bytes, v)))
        return false;
    s->sp = (s->sp & ~s->mask) | ((s->sp + bytes) & s->mask);
    return true;
}

bool x86_long_stack(struct x86_cpu *c, unsigned slot, uint32_t ext, uint64_t *sp)
{
    const struct x86_segment *tr = &c->seg[X86_SEG_TR];
    unsigned at = slot < 3 ? 4 + 8 * slot : 0x24 + 8 * (slot - 3);
    if (at + 7 > tr->limit) {
        x86_raise_error(c, X86_TS_FAULT, (tr->sel & ~3u) | ext);
        return false;
    }
    return x86_load_linear(c, tr->base + at, 8, true, sp);
}

bool x86_inner_stack(struct x86_cpu *c, unsigned dpl, uint32_t ext, uint16_t *sel, uint64_t *sp,
                     uint64_t *d)
{
    const struct x86_segment *tr = &c->seg[X86_SEG_TR];
    bool wide = tr->attr & 8;
    unsigned at = wide ? 4 + 8 * dpl : 2 + 4 * dpl, bytes = wide ? 4 : 2;
    uint64_t ss;
    if (at + 2 * bytes - 1 > tr->limit) {
        x86_raise_error(c, X86_TS_FAULT, (tr->sel & ~3u) | ext);
        return false;
    }
    if (!x86_load_linear(c, (uint32_t)(tr->base + at), bytes, true, sp) ||
        !x86_load_linear(c, (uint32_t)(tr->base + at + bytes), 2, true, &ss))
        return false;
    *sel = (uint16_t)ss;
    if ((*sel & ~3u) == 0) {
        x86_raise_error(c, X86_TS_FAULT, ext);
        return false;
    }
    if (!x86_get_descriptor(c, *sel, X86_TS_FAULT, ext, d, NULL))
        return false;
    unsigned type = x86_desc_type(*d);
    if ((*sel & 3u) != dpl || !x86_desc_is_segment(*d) || (type & 8) || !(type & 2) ||
        x86_desc_dpl(*d) != dpl) {
        x86_raise_error(c, X86_TS_FAULT, (*sel & ~3u) | ext);
        return false;
    }
    if (!x86_desc_present(*d)) {
        x86_raise_error(c, X86_SS_FAULT, (*sel & ~3u) | ext);
        return false;
    }
    return true;
}
