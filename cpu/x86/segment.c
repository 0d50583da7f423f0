/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors and segment registers: SDM volume 3, 3.4, 3.5, 6.8; volume 2, MOV, LDS, LLDT, LTR. */
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include "cpu/x86/reach.h"
#include "cpu/x86/segment.h"

/* Where the descriptor of `sel` lies; false: beyond its table's limit, or in no table. */
static bool locate(const struct x86_cpu *c, uint16_t sel, unsigned bytes, va_t *va)
{
    uint64_t base = c->gdtr.base, limit = c->gdtr.limit;
    if (sel & 4) {
        if (!(c->seg[X86_SEG_LDTR].attr & X86_ATTR_P))
            return false;
        base = c->seg[X86_SEG_LDTR].base;
        limit = c->seg[X86_SEG_LDTR].limit;
    }
    *va = base + (sel & ~7u);
    return (sel & ~7u) + bytes - 1ull <= limit;
}

bool x86_read_descriptor(struct x86_cpu *c, uint16_t sel, uint64_t *low, uint64_t *high,
                         bool *faulted)
{
    va_t va;
    *faulted = false;
    if (high != NULL)
        *high = 0;
    if (!locate(c, sel, 8, &va))
        return false;
    if (!x86_load_linear(c, va, 8, true, low)) {
        *faulted = true;
        return false;
    }
    /* System descriptors have 16 bytes in long mode */
    if (high == NULL || !x86_long_mode(c) || (*low >> 44 & 1))
        return true;
    if (!locate(c, sel, 16, &va))
        return false;
    *faulted = !x86_load_linear(c, va + 8, 8, true, high);
    return !*faulted;
}

bool x86_get_descriptor(struct x86_cpu *c, uint16_t sel, enum x86_vector vector, uint32_t ext,
                        uint64_t *low, uint64_t *high)
{
    const uint8_t *host = NULL;
    bool faulted;
    va_t va;
    if (high == NULL && locate(c, sel, 8, &va))
        host = x86_load_reach(c, va, 8, true);
    if (LIKELY(host != NULL)) {
        *low = ld_le64(host);
        return true;
    }
    if (x86_read_descriptor(c, sel, low, high, &faulted))
        return true;
    if (!faulted)
        x86_raise_error(c, vector, (sel & ~3u) | ext);
    return false;
}

void x86_unpack_segment(uint16_t sel, uint64_t d, struct x86_segment *s)
{
    uint32_t limit = (uint32_t)((d & 0xffff) | (d >> 32 & 0xf0000));
    s->sel = sel;
    s->base = (d >> 16 & 0xffffff) | (d >> 32 & 0xff000000);
    s->attr = (uint16_t)(d >> 40 & 0xf0ff);
    s->limit = s->attr & X86_ATTR_G ? limit << 12 | 0xfff : limit;
}

/* The accessed bit, and the busy bit of a TSS, are written back to the table. */
bool x86_mark_descriptor(struct x86_cpu *c, uint16_t sel, uint64_t set, uint64_t clear)
{
    uint64_t low;
    va_t va;
    if (!locate(c, sel, 8, &va))
        return true;
    return x86_load_linear(c, va, 8, true, &low) &&
           ((low | set) == low && !(low & clear)
                ? true
                : x86_store_linear(c, va, 8, true, (low | set) & ~clear));
}

bool x86_put_segment(struct x86_cpu *c, unsigned seg, uint16_t sel, uint64_t descriptor)
{
    if (!(descriptor >> 40 & 1) && !x86_mark_descriptor(c, sel, X86_DESC_ACCESSED, 0))
        return false;
    x86_unpack_segment(sel, descriptor | X86_DESC_ACCESSED, &c->seg[seg]);
    return true;
}

void x86_load_real_segment(struct x86_cpu *c, enum x86_seg seg, uint16_t sel)
{
    struct x86_segment *s = &c->seg[seg];
    s->sel = sel;
    s->base = (uint64_t)sel << 4;
    if (x86_v86(c)) {
        s->limit = 0xffff;
        s->attr = 0xf3; /* present, DPL 3, writable data, accessed */
    } else if (seg ==
               X86_CS) { /* limit and size stay ("unreal" mode): only rights are made data's */
        s->attr = (uint16_t)((s->attr & (X86_ATTR_G | X86_ATTR_DB)) | 0x9b);
    } else {
        s->attr = (uint16_t)((s->attr & (X86_ATTR_G | X86_ATTR_DB)) | 0x93);
    }
}

void x86_null_segment(struct x86_cpu *c, unsigned seg, uint16_t sel)
{
    struct x86_segment *s = &c->seg[seg];
    s->sel = sel;
    s->base = 0;
    s->limit = 0;
    /* A null SS in 64-bit mode keeps CPL in its DPL */
    s->attr = seg == X86_SS ? (uint16_t)((sel & 3) << 5) : 0;
}

static bool load_stack_segment(struct x86_cpu *c, uint16_t sel)
{
    unsigned cpl = x86_cpl(c);
    uint64_t d;
    if ((sel & ~3u) == 0) {
        if (!x86_code64(c) || cpl == 3 || (sel & 3u) != cpl) {
            x86_raise_error(c, X86_GP, 0);
            return false;
        }
        x86_null_segment(c, X86_SS, sel);
        return true;
    }
    if (!x86_get_descriptor(c, sel, X86_GP, 0, &d, NULL))
        return false;
    unsigned type = x86_desc_type(d);
    bool writable = x86_desc_is_segment(d) && !(type & 8) && (type & 2);
    if ((sel & 3u) != cpl || !writable || x86_desc_dpl(d) != cpl) {
        x86_raise_error(c, X86_GP, sel & ~3u);
        return false;
    }
    if (!x86_desc_present(d)) {
        x86_raise_error(c, X86_SS_FAULT, sel & ~3u);
        return false;
    }
    return x86_put_segment(c, X86_SS, sel, d);
}

bool x86_load_segment(struct x86_cpu *c, enum x86_seg seg, uint16_t sel)
{
    uint64_t d;
    if (x86_real_mode(c) || x86_v86(c)) {
        x86_load_real_segment(c, seg, sel);
        return true;
    }
    if (seg == X86_SS)
        return load_stack_segment(c, sel);
    if ((sel & ~3u) == 0) {
        x86_null_segment(c, seg, sel);
        return true;
    }
    if (!x86_get_descriptor(c, sel, X86_GP, 0, &d, NULL))
        return false;
    unsigned type = x86_desc_type(d), dpl = x86_desc_dpl(d);
    bool readable = x86_desc_is_segment(d) && (!(type & 8) || (type & 2));
    bool conforming = (type & 0xc) == 0xc;
    if (!readable || (!conforming && ((sel & 3u) > dpl || x86_cpl(c) > dpl))) {
        x86_raise_error(c, X86_GP, sel & ~3u);
        return false;
    }
    if (!x86_desc_present(d)) {
        x86_raise_error(c, X86_NP, sel & ~3u);
        return false;
    }
    return x86_put_segment(c, seg, sel, d);
}

/* ---- LDTR, TR ---- */
static bool load_system(struct x86_cpu *c, unsigned seg, uint16_t sel, bool tss)
{
    uint64_t d, high;
    if ((sel & 4) != 0) {
        x86_raise_error(c, X86_GP, sel & ~3u);
        return false;
    }
    if (!x86_get_descriptor(c, sel, X86_GP, 0, &d, &high))
        return false;
    unsigned type = x86_desc_type(d);
    bool right = !x86_desc_is_segment(d) &&
                 (tss ? type == 9 || (type == 1 && !x86_long_mode(c)) : type == 2);
    if (!right || (high >> 40 & 0x1f) != 0) {
        x86_raise_error(c, X86_GP, sel & ~3u);
        return false;
    }
    if (!x86_desc_present(d)) {
        x86_raise_error(c, X86_NP, sel & ~3u);
        return false;
    }
    struct x86_segment s;
    x86_unpack_segment(sel, tss ? d | X86_DESC_BUSY : d, &s);
    s.base |= high << 32;
    if (x86_long_mode(c) && !x86_base_canonical(c, s.base)) {
        x86_raise_error(c, X86_GP, sel & ~3u);
        return false;
    }
    if (tss && !x86_mark_descriptor(c, sel, X86_DESC_BUSY, 0))
        return false;
    c->seg[seg] = s;
    return true;
}

bool x86_load_ldtr(struct x86_cpu *c, uint16_t sel)
{
    if ((sel & ~3u) != 0)
        return load_system(c, X86_SEG_LDTR, sel, false);
    x86_null_segment(c, X86_SEG_LDTR, sel);
    return true;
}

bool x86_load_tr(struct x86_cpu *c, uint16_t sel)
{
    if ((sel & ~3u) == 0) {
        x86_raise_error(c, X86_GP, 0);
        return false;
    }
    return load_system(c, X86_SEG_TR, sel, true);
}
