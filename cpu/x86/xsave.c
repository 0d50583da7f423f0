/* SPDX-License-Identifier: Apache-2.0 */
/*
 * FXSAVE and the XSAVE family: SDM volume 1, 10.5 and chapter 13. The area is composed and taken
 * apart in a buffer; what faults changes nothing but memory. The modified optimization of XSAVEOPT
 * and XSAVES is not made, the initial one is.
 */
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include "cpu/x86/bits.h"
#include "cpu/x86/translate_impl.h"
#include "cpu/x86/x87.h"
#include <string.h>

enum { LEGACY = 512, HEADER = 64, EXTENDED = LEGACY + HEADER, AREA = 2696 };
enum { COMPACTED = 63 };
enum { X87 = X86_XCR0_X87, SSE = X86_XCR0_SSE, AVX = X86_XCR0_AVX };

/* Standard form as Intel's processors with AVX-512 have it: 3 and 4 are MPX, 8 is PT. */
static const struct {
    uint16_t offset, size;
} layout[] = {
    [2] = { 576, 256 },   [5] = { 1088, 64 }, [6] = { 1152, 512 },
    [7] = { 1664, 1024 }, [9] = { 2688, 8 },
};

void x86_xsave_component(unsigned n, uint32_t *offset, uint32_t *size)
{
    *offset = n < ARRAY_LEN(layout) ? layout[n].offset : 0;
    *size = n < ARRAY_LEN(layout) ? layout[n].size : 0;
}

/* Where component n lies in an area whose XCOMP_BV is `compact`; 0: the standard form. */
static uint32_t place_of(unsigned n, uint64_t compact)
{
    uint32_t at = EXTENDED;
    if (compact == 0)
        return layout[n].offset;
    for (unsigned i = 2; i < n; i++)
        at += compact >> i & 1 ? layout[i].size : 0u;
    return at;
}

uint32_t x86_xsave_size(uint64_t components, bool compacted)
{
    uint32_t size = EXTENDED;
    for (unsigned n = 2; n < ARRAY_LEN(layout); n++)
        if ((components >> n & 1) && layout[n].size != 0)
            size = MAX(size,
                       place_of(n, compacted ? components | BIT(COMPACTED) : 0) + layout[n].size);
    return size;
}

/* ---- which components are not in their initial state (13.6) ---- */
static bool any_set(const void *p, size_t n)
{
    const uint8_t *b = p;
    for (size_t i = 0; i < n; i++)
        if (b[i] != 0)
            return true;
    return false;
}

static bool quarters_set(const struct x86_cpu *c, unsigned first, unsigned count, unsigned from,
                         unsigned quarters)
{
    for (unsigned i = 0; i < count; i++)
        if (any_set(&c->v[first + i][from], quarters * sizeof(union ir_vec)))
            return true;
    return false;
}

static uint64_t in_use(const struct x86_cpu *c)
{
    uint64_t m = 0;
    bool x87 = c->fcw != 0x37f || c->fsw != 0 || c->ftw != 0 || c->fop != 0 || c->fip != 0 ||
               c->fdp != 0 || c->fcs != 0 || c->fds != 0 || any_set(c->st, sizeof(c->st));
    m |= x87 ? X87 : 0;
    m |= quarters_set(c, 0, 16, 0, 1) ? SSE : 0;
    m |= quarters_set(c, 0, 16, 1, 1) ? AVX : 0;
    m |= any_set(c->k, sizeof(c->k)) ? X86_XCR0_OPMASK : 0;
    m |= quarters_set(c, 0, 16, 2, 2) ? X86_XCR0_ZMM_HI : 0;
    m |= quarters_set(c, 16, 16, 0, 4) ? X86_XCR0_HI16 : 0;
    m |= c->pkru != 0 ? X86_XCR0_PKRU : 0;
    return m;
}

/* ---- components and their images ---- */
static unsigned registers_of(const struct x86_cpu *c)
{
    return x86_code64(c) ? 16 : 8; /* others are not there outside 64-bit mode */
}

static void put_x87(const struct x86_cpu *c, uint8_t *b, bool wide)
{
    unsigned top = c->fsw >> 11 & 7;
    bool selectors = !wide && !x86_cpu_has(c, X86_F_ZERO_FCS_FDS);
    st_le16(b, (uint16_t)c->fcw);
    st_le16(b + 2, (uint16_t)c->fsw);
    st_le16(b + 4, (uint16_t)(c->ftw & 0xff));
    st_le16(b + 6, (uint16_t)c->fop);
    st_le64(b + 8, wide ? c->fip : (uint32_t)c->fip | (selectors ? (c->fcs & 0xffff) << 32 : 0));
    st_le64(b + 16, wide ? c->fdp : (uint32_t)c->fdp | (selectors ? (c->fds & 0xffff) << 32 : 0));
    for (unsigned i = 0; i < 8; i++) {
        st_le64(b + 32 + 16 * i, c->st[(top + i) & 7].m);
        st_le64(b + 40 + 16 * i, c->st[(top + i) & 7].se & 0xffff);
    }
}

static void get_x87(struct x86_cpu *c, const uint8_t *b, bool wide)
{
    bool selectors = !wide && !x86_cpu_has(c, X86_F_ZERO_FCS_FDS);
    x87_set_words(c, ld_le16(b), ld_le16(b + 2));
    c->ftw = b[4];
    c->fop = ld_le16(b + 6) & 0x7ff;
    uint64_t ip = ld_le64(b + 8), dp = ld_le64(b + 16);
    c->fip = wide ? ip : (uint32_t)ip;
    c->fcs = selectors ? ip >> 32 & 0xffff : 0;
    c->fdp = wide ? dp : (uint32_t)dp;
    c->fds = selectors ? dp >> 32 & 0xffff : 0;
    unsigned top = c->fsw >> 11 & 7;
    for (unsigned i = 0; i < 8; i++) {
        c->st[(top + i) & 7].m = ld_le64(b + 32 + 16 * i);
        c->st[(top + i) & 7].se = ld_le16(b + 40 + 16 * i);
    }
}

/* Quarters [from, from + n) of registers [first, first + count) one after the other; `b` NULL: to
 * zero. */
static void copy_quarters(struct x86_cpu *c, unsigned first, unsigned count, unsigned from,
                          unsigned n, uint8_t *b, bool save)
{
    for (unsigned i = 0; i < count; i++) {
        union ir_vec *v = &c->v[first + i][from];
        size_t size = n * sizeof(*v);
        if (b == NULL)
            memset(v, 0, size);
        else if (save)
            memcpy(b + i * size, v, size);
        else
            memcpy(v, b + i * size, size);
    }
}

/* Component n of 2 and more, at `b` (NULL: initial state). */
static void copy_component(struct x86_cpu *c, unsigned n, uint8_t *b, bool save)
{
    unsigned regs = registers_of(c);
    switch (n) {
    case 2:
        copy_quarters(c, 0, regs, 1, 1, b, save);
        break;
    case 6:
        copy_quarters(c, 0, regs, 2, 2, b, save);
        break;
    case 7:
        if (regs == 16)
            copy_quarters(c, 16, 16, 0, 4, b, save);
        break;
    case 5:
        for (unsigned i = 0; i < 8; i++) {
            if (save)
                st_le64(b + 8 * i, c->k[i]);
            else
                c->k[i] = b != NULL ? ld_le64(b + 8 * i) : 0;
        }
        break;
    default:
        if (save)
            st_le64(b, c->pkru);
        else
            c->pkru = b != NULL ? ld_le32(b) : 0;
        break;
    }
}

/* ---- guest memory ---- */
static bool load(struct x86_cpu *c, va_t va, uint8_t *area, uint32_t at, uint32_t size)
{
    uint64_t v;
    for (uint32_t i = at; i < at + size; i += 8) {
        if (!x86_load_linear(c, va + i, 8, false, &v))
            return false;
        st_le64(area + i, v);
    }
    return true;
}

static bool store(struct x86_cpu *c, va_t va, const uint8_t *area, uint32_t at, uint32_t size)
{
    for (uint32_t i = at; i < at + size; i += 8)
        if (!x86_store_linear(c, va + i, 8, false, ld_le64(area + i)))
            return false;
    return true;
}

static bool fails(struct x86_cpu *c, enum x86_vector vector)
{
    if (vector == X86_GP)
        x86_raise_error(c, X86_GP, 0);
    else
        x86_raise(c, vector);
    return true;
}

/* ---- FXSAVE, FXRSTOR ---- */
/* Fast form: no vector registers in 64-bit mode at level 0 (APM volume 2, 3.1.7, EFER.FFXSR). */
static bool is_fast(const struct x86_cpu *c)
{
    return (c->efer & X86_EFER_FFXSR) && x86_code64(c) && x86_cpl(c) == 0;
}

static void put_sse(struct x86_cpu *c, uint8_t *b)
{
    copy_quarters(c, 0, registers_of(c), 0, 1, b + 160, true);
}

static void put_mxcsr(const struct x86_cpu *c, uint8_t *b)
{
    st_le32(b + 24, x86_get_mxcsr(c));
    st_le32(b + 28, x86_mxcsr_mask(c));
}

uint64_t x86_helper_fxsave(struct cpu *cpu, uint64_t va, uint64_t wide, uint64_t b, uint64_t d)
{
    struct x86_cpu *c = X86_CPU(cpu);
    uint8_t area[LEGACY];
    (void)b, (void)d;
    if (va & 15)
        return fails(c, X86_GP);
    put_x87(c, area, wide != 0);
    put_mxcsr(c, area);
    if (!store(c, va, area, 0, 160) || is_fast(c))
        return 0;
    put_sse(c, area);
    store(c, va, area, 160, 16 * registers_of(c));
    return 0;
}

uint64_t x86_helper_fxrstor(struct cpu *cpu, uint64_t va, uint64_t wide, uint64_t b, uint64_t d)
{
    struct x86_cpu *c = X86_CPU(cpu);
    uint8_t area[LEGACY];
    (void)b, (void)d;
    if (va & 15)
        return fails(c, X86_GP);
    if (!load(c, va, area, 0, 160 + 16 * registers_of(c)))
        return 0;
    uint32_t mxcsr = ld_le32(area + 24);
    bool sse = c->cr4 & X86_CR4_OSFXSR;
    if (sse && (mxcsr & ~x86_mxcsr_mask(c)))
        return fails(c, X86_GP);
    get_x87(c, area, wide != 0);
    if (sse && !is_fast(c))
        copy_quarters(c, 0, registers_of(c), 0, 1, area + 160, false);
    if (sse)
        x86_set_mxcsr(c, mxcsr);
    return 0;
}

/* ---- XSAVE, XSAVEOPT, XSAVEC, XSAVES (13.7, 13.9 to 13.11) ---- */
enum form { STANDARD, OPTIMIZED, COMPACT, SUPERVISOR };

/* What comes before anything else, and the components asked for. True: an exception was raised. */
static bool begin(struct x86_cpu *c, va_t va, enum form form, uint64_t *wanted)
{
    uint64_t may = c->xcr0[0] | (form == SUPERVISOR ? c->xss : 0);
    if (!(c->cr4 & X86_CR4_OSXSAVE))
        return fails(c, X86_UD);
    if (c->cr0 & X86_CR0_TS)
        return fails(c, X86_NM);
    if ((form == SUPERVISOR && x86_cpl(c) != 0) || (va & 63))
        return fails(c, X86_GP);
    *wanted = may & (c->gpr[2] << 32 | (uint32_t)c->gpr[0]);
    return false;
}

static bool save_legacy(struct x86_cpu *c, va_t va, uint8_t *area, uint64_t what, bool mxcsr,
                        bool wide)
{
    if (what & X87) {
        put_x87(c, area, wide);
        if (!store(c, va, area, 0, 24) || !store(c, va, area, 32, 128))
            return false;
    }
    if (mxcsr) {
        put_mxcsr(c, area);
        if (!store(c, va, area, 24, 8))
            return false;
    }
    if (what & SSE) {
        put_sse(c, area);
        return store(c, va, area, 160, 16 * registers_of(c));
    }
    return true;
}

uint64_t x86_helper_xsave(struct cpu *cpu, uint64_t va, uint64_t form, uint64_t wide, uint64_t d)
{
    struct x86_cpu *c = X86_CPU(cpu);
    uint8_t area[AREA];
    uint64_t wanted, used = in_use(c);
    (void)d;
    if (begin(c, va, (enum form)form, &wanted))
        return 0;
    bool compact = form >= COMPACT;
    if (compact && (wanted & SSE) && x86_get_mxcsr(c) != 0x1f80)
        used |= SSE;
    uint64_t what = form == STANDARD ? wanted : wanted & used, old = 0;
    uint64_t places = compact ? wanted | BIT(COMPACTED) : 0;
    if (!compact && !x86_load_linear(c, va + LEGACY, 8, false, &old))
        return 0;
    bool mxcsr = compact ? (what & SSE) != 0 : (wanted & (SSE | AVX)) != 0;
    if (!save_legacy(c, va, area, what, mxcsr, wide != 0))
        return 0;
    for (unsigned n = 2; n < ARRAY_LEN(layout); n++) {
        if (!(what >> n & 1))
            continue;
        uint32_t at = place_of(n, places);
        memset(area + at, 0, layout[n].size);
        copy_component(c, n, area + at, true);
        bool half = (n == 2 || n == 6) && registers_of(c) == 8;
        if ((n != 7 || registers_of(c) == 16) &&
            !store(c, va, area, at, layout[n].size / (half ? 2u : 1u)))
            return 0;
    }
    if (!x86_store_linear(c, va + LEGACY, 8, false, (old & ~wanted) | (wanted & used)))
        return 0;
    if (compact)
        x86_store_linear(c, va + LEGACY + 8, 8, false, places);
    return 0;
}

/* ---- XRSTOR, XRSTORS (13.8, 13.12) ---- */
static bool header_allows(const struct x86_cpu *c, const uint8_t *h, enum form form)
{
    uint64_t state = ld_le64(h), places = ld_le64(h + 8);
    uint64_t may = c->xcr0[0] | (form == SUPERVISOR ? c->xss : 0);
    if (!(places >> COMPACTED))
        return form != SUPERVISOR && !(state & ~may) && !any_set(h + 8, 16);
    if (form != SUPERVISOR && !x86_cpu_has(c, X86_F_XSAVEC))
        return false;
    return !(zext(places, COMPACTED) & ~may) && !(state & ~places) && !(state >> COMPACTED) &&
           !any_set(h + 16, 48);
}

/* What the legacy region has to do with: MXCSR is in the standard form nobody's own, in the
 * compacted one SSE's. */
static void restore_legacy(struct x86_cpu *c, uint8_t *area, uint64_t wanted, uint64_t state,
                           bool compact, bool wide)
{
    if (wanted & X87) {
        if (state & X87) {
            get_x87(c, area, wide);
        } else {
            x86_x87_reset(c);
            memset(c->st, 0, sizeof(c->st));
            c->fop = c->fip = c->fdp = c->fcs = c->fds = 0;
        }
    }
    if (wanted & SSE)
        copy_quarters(c, 0, registers_of(c), 0, 1, state & SSE ? area + 160 : NULL, false);
    if (compact && (wanted & SSE))
        x86_set_mxcsr(c, state & SSE ? ld_le32(area + 24) : 0x1f80);
    else if (!compact && (wanted & (SSE | AVX)))
        x86_set_mxcsr(c, ld_le32(area + 24));
}

uint64_t x86_helper_xrstor(struct cpu *cpu, uint64_t va, uint64_t form, uint64_t wide, uint64_t d)
{
    struct x86_cpu *c = X86_CPU(cpu);
    uint8_t area[AREA];
    uint64_t wanted;
    (void)d;
    if (begin(c, va, (enum form)form, &wanted) || !load(c, va, area, LEGACY, HEADER))
        return 0;
    if (!header_allows(c, area + LEGACY, (enum form)form))
        return fails(c, X86_GP);
    uint64_t state = ld_le64(area + LEGACY), places = ld_le64(area + LEGACY + 8);
    bool compact = places >> COMPACTED,
         mxcsr = compact ? (wanted & state & SSE) != 0 : (wanted & (SSE | AVX)) != 0;
    if (((wanted & state & (X87 | SSE)) || mxcsr) &&
        !load(c, va, area, 0, 160 + 16 * registers_of(c)))
        return 0;
    if (mxcsr && (ld_le32(area + 24) & ~x86_mxcsr_mask(c)))
        return fails(c, X86_GP);
    for (unsigned n = 2; n < ARRAY_LEN(layout); n++)
        if ((wanted & state) >> n & 1 &&
            !load(c, va, area, place_of(n, compact ? places : 0), layout[n].size))
            return 0;
    restore_legacy(c, area, wanted, state, compact, wide != 0);
    for (unsigned n = 2; n < ARRAY_LEN(layout); n++)
        if (wanted >> n & 1)
            copy_component(c, n, state >> n & 1 ? area + place_of(n, compact ? places : 0) : NULL,
                           false);
    x86_update_mode(c); /* PKRU is in the TLB's context */
    return 0;
}

/* ---- instructions ---- */
enum { SAVES = 1 << 8 };
static void extended(struct x86_tr *t, unsigned arg)
{
    ir_val_t va = x86_address(t, LEGACY, arg & SAVES ? INSN_MEM_WRITE : INSN_MEM_READ);
    unsigned helper = arg & SAVES ? X86_HELPER_xsave : X86_HELPER_xrstor;
    ir_call(t->u, IR_VOID, helper, va, x86_const(t, arg & 0xff), x86_const(t, t->d.w), IR_NONE);
    if (!(arg & SAVES))
        x86_leave(t, IR_EXIT_LOOKUP);
}

static void legacy(struct x86_tr *t, unsigned saves)
{
    ir_val_t va = x86_address(t, LEGACY, saves ? INSN_MEM_WRITE : INSN_MEM_READ);
    ir_call(t->u, IR_VOID, saves ? X86_HELPER_fxsave : X86_HELPER_fxrstor, va, x86_const(t, t->d.w),
            IR_NONE, IR_NONE);
    if (!saves)
        x86_leave(t, IR_EXIT_LOOKUP);
}

static void control(struct x86_tr *t, unsigned sets)
{
    ir_call(t->u, IR_VOID, sets ? X86_HELPER_xsetbv : X86_HELPER_xgetbv, IR_NONE, IR_NONE, IR_NONE,
            IR_NONE);
    if (sets)
        x86_leave(t, IR_EXIT_LOOKUP);
}

uint64_t x86_helper_xgetbv(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t d, uint64_t e)
{
    struct x86_cpu *c = X86_CPU(cpu);
    uint32_t n = (uint32_t)c->gpr[1];
    (void)a, (void)b, (void)d, (void)e;
    if (!(c->cr4 & X86_CR4_OSXSAVE))
        return fails(c, X86_UD);
    if (n > (x86_cpu_has(c, X86_F_XGETBV1) ? 1u : 0u))
        return fails(c, X86_GP);
    uint64_t v = n == 0 ? c->xcr0[0] : c->xcr0[0] & in_use(c);
    c->gpr[0] = (uint32_t)v;
    c->gpr[2] = v >> 32;
    return 0;
}

uint64_t x86_helper_xsetbv(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t d, uint64_t e)
{
    struct x86_cpu *c = X86_CPU(cpu);
    (void)a, (void)b, (void)d, (void)e;
    if (!(c->cr4 & X86_CR4_OSXSAVE))
        return fails(c, X86_UD);
    if (x86_cpl(c) != 0)
        return fails(c, X86_GP);
    if (x86_write_xcr(c, (uint32_t)c->gpr[1], c->gpr[2] << 32 | (uint32_t)c->gpr[0]))
        cpu_kick(cpu);
    return 0;
}

const struct x86_semantics x86_xsave_rows[] = {
    { X86_INSN_FXSAVE, X86_SEM_X87 | X86_SEM_X87_QUIET, legacy, true },
    { X86_INSN_FXRSTOR, X86_SEM_X87 | X86_SEM_X87_QUIET, legacy, false },
    { X86_INSN_XSAVE, 0, extended, STANDARD | SAVES },
    { X86_INSN_XSAVEOPT, 0, extended, OPTIMIZED | SAVES },
    { X86_INSN_XSAVEC, 0, extended, COMPACT | SAVES },
    { X86_INSN_XSAVES, 0, extended, SUPERVISOR | SAVES },
    { X86_INSN_XRSTOR, 0, extended, STANDARD },
    { X86_INSN_XRSTORS, 0, extended, SUPERVISOR },
    { X86_INSN_XGETBV, 0, control, false },
    { X86_INSN_XSETBV, 0, control, true },
    X86_ROWS_END
};
