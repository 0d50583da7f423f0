/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What follows from control registers, segments and RFLAGS: the block key, the host's FP control
 * word, the TLB context. Everything here is derived; x86_update_mode() is called after every change
 * of what it reads.
 */
#include "core/util/bits.h"
#include "cpu/x86/level.h"
#include <string.h>

static enum x86_code code_size(const struct x86_cpu *c)
{
    const struct x86_segment *cs = &c->seg[X86_CS];
    if (x86_long_mode(c) && (cs->attr & X86_ATTR_L) && !x86_v86(c))
        return X86_CODE64;
    return cs->attr & X86_ATTR_DB ? X86_CODE32 : X86_CODE16;
}

/* Base 0, all 4 GiB, present; data segments: writable, not expand-down; code: readable. */
static bool is_flat(const struct x86_segment *s, bool code)
{
    unsigned type = s->attr & 0xf;
    bool kind = code ? (type & 0xa) == 0xa : (type & 0xe) == 2;
    return s->base == 0 && s->limit == UINT32_MAX && (s->attr & X86_ATTR_P) &&
           (s->attr & X86_ATTR_S) && kind;
}

static uint32_t segment_mode(const struct x86_cpu *c, enum x86_code code)
{
    uint32_t m = 0;
    if (code == X86_CODE64)
        return X86_MODE_FLAT | X86_MODE_CS_FLAT | X86_MODE_SS32;
    if (c->seg[X86_SS].attr & X86_ATTR_DB)
        m |= X86_MODE_SS32;
    if (is_flat(&c->seg[X86_DS], false) && is_flat(&c->seg[X86_ES], false) &&
        is_flat(&c->seg[X86_SS], false))
        m |= X86_MODE_FLAT;
    if (is_flat(&c->seg[X86_CS], true))
        m |= X86_MODE_CS_FLAT;
    return m;
}

static uint32_t unit_mode(const struct x86_cpu *c)
{
    uint32_t m = c->cr0 & X86_CR0_PE ? X86_MODE_PE : 0;
    uint64_t xcr0 = c->xcr0[0], avx = X86_XCR0_SSE | X86_XCR0_AVX;
    uint64_t avx512 = X86_XCR0_OPMASK | X86_XCR0_ZMM_HI | X86_XCR0_HI16;
    m |= c->cr0 & X86_CR0_EM ? X86_MODE_EM : 0;
    m |= c->cr0 & X86_CR0_TS ? X86_MODE_TS : 0;
    m |= c->cr0 & X86_CR0_MP ? X86_MODE_MP : 0;
    m |= c->cr0 & X86_CR0_NE ? 0 : X86_MODE_FERR;
    m |= c->cr4 & X86_CR4_OSFXSR ? X86_MODE_SSE : 0;
    if ((c->cr0 & X86_CR0_PE) && (c->cr4 & X86_CR4_OSXSAVE) && (xcr0 & avx) == avx) {
        m |= X86_MODE_AVX;
        m |= (xcr0 & avx512) == avx512 ? X86_MODE_AVX512 : 0;
    }
    if ((~c->mxcsr & 0x1f80) != 0)
        m |= X86_MODE_XM;
    m |= c->mxcsr & 1u << 17 ? X86_MODE_MM : 0;
    return m;
}

/* What control registers say for the TLB context: its key without what changes with each system call. */
static uint64_t paging_switches(const struct x86_cpu *c)
{
    uint64_t k = (c->cr0 & X86_CR0_PG) != 0;
    k |= (uint64_t)((c->cr4 & X86_CR4_SMEP) != 0) << 3;
    k |= (uint64_t)x86_long_mode(c) << 5 | (uint64_t)((c->cr4 & X86_CR4_PAE) != 0) << 6;
    k |= (uint64_t)((c->cr4 & X86_CR4_LA57) != 0) << 7 | (uint64_t)((c->efer & X86_EFER_NXE) != 0)
                                                             << 8;
    k |= (uint64_t)((c->cr4 & X86_CR4_PGE) != 0) << 9 | (uint64_t)((c->cr4 & X86_CR4_PSE) != 0)
                                                            << 10;
    return k | (uint64_t)((c->cr4 & X86_CR4_PKE) != 0) << 14;
}

/*
 * What follows from registers that change rarely. It is kept with what it was made of, so nobody has to say when one of
 * them changed.
 */
static bool is_current(const struct x86_control *k, const struct x86_cpu *c)
{
    return ((k->cr0 ^ c->cr0) & ~(uint64_t)X86_CR0_WP) == 0 && k->cr4 == c->cr4 && k->efer == c->efer && k->xcr0 == c->xcr0[0] &&
           k->mxcsr == c->mxcsr;
}

static __attribute__((noinline)) struct x86_control make_control(const struct x86_cpu *c)
{
    return (struct x86_control){ c->cr0, c->cr4, c->efer, c->xcr0[0], c->mxcsr,
                                 paging_switches(c), unit_mode(c), x86_host_fp_mode(c) };
}

/* With c->control up to date. */
static uint32_t block_key(const struct x86_cpu *c)
{
    enum x86_code code = code_size(c);
    bool pe = c->cr0 & X86_CR0_PE, v86 = x86_v86(c);
    /* CPL is SS.DPL (SDM 5.5), 3 in virtual-8086 mode */
    unsigned cpl = !pe ? 0 : v86 ? 3 : c->seg[X86_SS].attr >> 5 & 3;
    uint32_t m = (uint32_t)code | cpl << 2 | segment_mode(c, code) | c->control.mode;
    if (UNLIKELY(v86))
        m &= ~(uint32_t)(X86_MODE_AVX | X86_MODE_AVX512);
    m |= v86 ? X86_MODE_V86 : 0;
    m |= (c->rflags & X86_TF) || (c->debugctl & X86_DEBUGCTL_LBR) ? X86_MODE_TF : 0;
    m |= c->rflags & X86_RF ? X86_MODE_RF : 0;
    m |= c->shadow != X86_SHADOW_NONE ? X86_MODE_SHADOW : 0;
    m |= (c->cr0 & X86_CR0_AM) && (c->rflags & X86_AC) && cpl == 3 ? X86_MODE_ALIGN : 0;
    m |= c->smm ? X86_MODE_SMM : 0;
    m |= cpl <= (c->rflags >> 12 & 3) ? X86_MODE_IOPL : 0;
    m |= code == X86_CODE64 && (c->cr4 & X86_CR4_LA57) ? X86_MODE_LA57 : 0;
    m |= x86_debug_mode(c);
    return m | c->config->code_class << X86_MODE_CLASS_SHIFT;
}

/*
 * What decides which addresses translate and to what, beside the tables: the rights of the level,
 * the switches of paging. The address space itself is the ASID: the PCID, or without it 0, as every
 * write of CR3 flushes then.
 */
/* 15 and 16: walk.c */
enum { KEY_USER = 1u << 1, KEY_WP = 1u << 2, KEY_SMAP = 1u << 4, KEY_CODE64 = 1u << 13 };
_Static_assert(X86_CR0_WP == 1u << 16, "moved to KEY_WP");

static uint64_t context_key(const struct x86_cpu *c, bool user, bool code64)
{
    uint64_t k = LIKELY(is_current(&c->control, c)) ? c->control.paging : paging_switches(c);
    k |= user ? KEY_USER : 0u;
    k |= c->cr0 >> 14 & KEY_WP;
    k |= (c->cr4 & X86_CR4_SMAP) && !user && !(c->rflags & X86_AC) ? KEY_SMAP : 0u;
    k |= (uint64_t)(c->smm != 0) << 11 | (uint64_t)((x86_inputs(c) >> X86_A20M) & 1) << 12;
    k |= code64 ? KEY_CODE64 : 0u;
    if (c->cr4 & X86_CR4_PKE) /* IA32_PKRS changes rarely: its write flushes */
        k |= c->pkru << 32;
    return k;
}

uint64_t x86_context_key(const struct x86_cpu *c)
{
    return context_key(c, X86_CPL_OF(c->mode) == 3, x86_code64(c));
}

/*
 * Implicit supervisor accesses have the rights of level 0 with AC = 0, and in long mode 64-bit addresses. So that set
 * serves them, too.
 */
bool x86_regime_context(const struct cpu *cpu, unsigned regime, uint64_t *key, uint32_t *asid,
                        uint32_t *vmid)
{
    const struct x86_cpu *c = X86_CPU_CONST(cpu);
    *key = x86_context_key(c) & ~(uint64_t)(KEY_USER | KEY_SMAP);
    *key |= c->cr4 & X86_CR4_SMAP ? KEY_SMAP : 0u;
    *key |= x86_long_mode(c) ? KEY_CODE64 : 0u;
    *asid = x86_address_space(c);
    *vmid = 0;
    return regime == X86_REGIME_IMPLICIT;
}

static void select_key(struct x86_cpu *c, uint64_t key)
{
    uint32_t asid = x86_address_space(c);
    if (key == c->context && asid == c->context_asid)
        return;
    c->context = key;
    c->context_asid = asid;
    c->fresh = MMU_X86_NOTES;
    mmu_select(&c->cpu, key, asid, 0);
}

void x86_select_context(struct x86_cpu *c)
{
    select_key(c, x86_context_key(c));
}

static uint64_t says(const struct x86_cpu *c)
{
    return x86_would_say(c, c->rflags, c->seg[X86_CS].attr, c->seg[X86_SS].attr);
}

static bool is_usual(const struct x86_cpu *c)
{
    return ((c->dr[7] & 0xff) | (c->debugctl & X86_DEBUGCTL_LBR) | c->shadow | c->smm | c->watch) == 0;
}

static __attribute__((noinline)) struct x86_view make_view(const struct x86_cpu *c, uint64_t says_now)
{
    struct x86_view v = { .mode = block_key(c), .pkru = c->pkru };
    bool user = X86_CPL_OF(v.mode) == 3, code64 = (v.mode & X86_MODE_CODE) == X86_CODE64;
    v.says = code64 && is_usual(c) ? says_now : 0;
    v.key = context_key(c, user, code64);
    return v;
}

static struct x86_view *view_of(struct x86_cpu *c)
{
    return x86_view_for(c, c->rflags, c->seg[X86_SS].attr);
}

void x86_update_level(struct x86_cpu *c)
{
    const struct x86_view *v = view_of(c);
    if (UNLIKELY(c->unusual || c->pmu_active || v->says != says(c) || v->pkru != c->pkru)) {
        x86_update_mode(c);
        return;
    }
    c->mode = v->mode;
    select_key(c, v->key);
    x86_check_interrupts(c);
}

void x86_update_mode(struct x86_cpu *c)
{
    if (UNLIKELY(c->watched_dr7 != c->dr[7]))
        x86_debug_changed(c);
    if (UNLIKELY(!is_current(&c->control, c))) {
        c->control = make_control(c);
        memset(c->views, 0, sizeof(c->views));
    }
    uint64_t now = says(c);
    struct x86_view *v = view_of(c);
    c->unusual = !is_usual(c);
    if (UNLIKELY(v->says != now || v->pkru != c->pkru || c->unusual))
        *v = make_view(c, now);
    uint32_t mode = v->mode;
    bool gates = c->pmu_active && ((mode ^ c->mode) & X86_MODE_CPL);
    if (UNLIKELY(gates))
        x86_pmu_settle(c);
    c->mode = mode;
    if (UNLIKELY(gates))
        x86_pmu_changed(c);
    c->cpu.secure = c->smm != 0;
    c->cpu.fp_mode = c->control.fp_mode;
    select_key(c, v->key);
    x86_check_interrupts(c);
}

void x86_mode_kick(struct x86_cpu *c)
{
    uint32_t before = c->mode;
    x86_update_mode(c);
    if (c->mode != before)
        cpu_kick(&c->cpu);
}

void x86_flush_space(struct x86_cpu *c, uint32_t asid)
{
    c->fresh = MMU_X86_NOTES;
    mmu_flush(&c->cpu, asid, MMU_ANY);
}

void x86_flush_tlb(struct x86_cpu *c)
{
    x86_flush_space(c, MMU_ANY);
}
