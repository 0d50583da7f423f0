/* SPDX-License-Identifier: Apache-2.0 */
/* Control registers: SDM volume 3, 2.5, and what their writes mean for paging, 5.1; XCR0, 13.3. */
#include "core/util/bits.h"
#include "cpu/x86/bits.h"
#include "cpu/x86/x86_impl.h"

static bool gp(struct x86_cpu *c)
{
    x86_raise_error(c, X86_GP, 0);
    return false;
}

/* PAE's four entries are read when CR3 is, or when paging becomes PAE's (SDM 5.4.1). */
bool x86_read_pdptes(struct x86_cpu *c, uint64_t cr3, bool smm)
{
    const struct mem_attrs attrs = { .requester = MEM_REQUESTER_CPU + c->cpu.index, .secure = smm };
    uint64_t v[4];
    for (unsigned i = 0; i < 4; i++) {
        pa_t pa = ((cr3 & 0xffffffe0) + 8 * i) & x86_a20(c);
        if (mem_load(c->cpu.machine->memory, pa, 8, &v[i], &attrs) != MEM_OK)
            v[i] = ~0ull;
    }
    if (!mmu_x86_pdptes_ok(v, (uint8_t)c->config->pa_bits))
        return false;
    for (unsigned i = 0; i < 4; i++)
        c->pdpte[i] = v[i];
    return true;
}

/* Paging on or off under EFER.LME: long mode begins and ends here. */
static bool switch_paging(struct x86_cpu *c, bool on)
{
    const struct x86_segment *cs = &c->seg[X86_CS];
    if (!(c->efer & X86_EFER_LME))
        return true;
    if (on) {
        bool tss16 = (c->seg[X86_SEG_TR].attr & 0xf) == 3 || (c->seg[X86_SEG_TR].attr & 0xf) == 1;
        if (!(c->cr4 & X86_CR4_PAE) || (cs->attr & X86_ATTR_L) ||
            (tss16 && (c->seg[X86_SEG_TR].attr & X86_ATTR_P)))
            return gp(c);
        c->efer |= X86_EFER_LMA;
    } else {
        if (x86_code64(c) || (c->cr4 & X86_CR4_PCIDE))
            return gp(c);
        c->efer &= ~(uint64_t)X86_EFER_LMA;
    }
    return true;
}

static bool write_cr0(struct x86_cpu *c, uint64_t v)
{
    uint64_t old = c->cr0, known = X86_CR0_PE | X86_CR0_MP | X86_CR0_EM | X86_CR0_TS | X86_CR0_ET |
                                   X86_CR0_NE | X86_CR0_WP | X86_CR0_AM | X86_CR0_NW | X86_CR0_CD |
                                   X86_CR0_PG;
    if (v >> 32 != 0)
        return gp(c);
    v = (v & known) | X86_CR0_ET;
    bool bad = ((v & X86_CR0_PG) && !(v & X86_CR0_PE)) || ((v & X86_CR0_NW) && !(v & X86_CR0_CD));
    if (bad)
        return gp(c);
    bool pae = (v & X86_CR0_PG) && (c->cr4 & X86_CR4_PAE) && !(c->efer & X86_EFER_LME);
    if (pae && ((v ^ old) & (X86_CR0_PG | X86_CR0_CD | X86_CR0_NW)) &&
        !x86_read_pdptes(c, c->cr3, c->smm))
        return gp(c);
    if (((v ^ old) & X86_CR0_PG) && !switch_paging(c, v & X86_CR0_PG))
        return false;
    c->cr0 = v;
    if ((v ^ old) & X86_CR0_PG) /* SDM 4.10.4.1; the others are in the context's key, or change no
                                   translation */
        x86_flush_tlb(c);
    x86_update_mode(c);
    return true;
}

static bool write_cr3(struct x86_cpu *c, uint64_t v)
{
    bool pcide = c->cr4 & X86_CR4_PCIDE, keep = pcide && (v >> 63);
    if (pcide)
        v &= ~(1ull << 63);
    if (x86_long_mode(c) && (v & (~0ull << c->config->pa_bits)))
        return gp(c);
    if (!x86_long_mode(c))
        v = (uint32_t)v;
    bool pae = (c->cr0 & X86_CR0_PG) && (c->cr4 & X86_CR4_PAE) && !x86_long_mode(c);
    if (pae && !x86_read_pdptes(c, v, c->smm))
        return gp(c);
    c->cr3 = v;
    if (!keep)
        x86_flush_space(c, pcide ? (uint32_t)v & 0xfff : 0);
    x86_update_mode(c);
    return true;
}

uint64_t x86_cr4_known(const struct x86_cpu *c)
{
    static const struct {
        uint8_t feature;
        uint32_t bits;
    } rows[] = {
        { X86_F_VME, X86_CR4_VME | X86_CR4_PVI },
        { X86_F_TSC, X86_CR4_TSD },
        { X86_F_DE, X86_CR4_DE },
        { X86_F_PSE, X86_CR4_PSE },
        { X86_F_PAE, X86_CR4_PAE },
        { X86_F_MCE, X86_CR4_MCE },
        { X86_F_PGE, X86_CR4_PGE },
        { X86_F_FXSR, X86_CR4_OSFXSR },
        { X86_F_SSE, X86_CR4_OSXMMEXCPT },
        { X86_F_UMIP, X86_CR4_UMIP },
        { X86_F_LA57, X86_CR4_LA57 },
        { X86_F_VMX, X86_CR4_VMXE },
        { X86_F_FSGSBASE, X86_CR4_FSGSBASE },
        { X86_F_PCID, X86_CR4_PCIDE },
        { X86_F_XSAVE, X86_CR4_OSXSAVE },
        { X86_F_SMEP, X86_CR4_SMEP },
        { X86_F_SMAP, X86_CR4_SMAP },
        { X86_F_PKU, X86_CR4_PKE },
        { X86_F_PKS, X86_CR4_PKS },
    };
    uint64_t known = X86_CR4_PCE;
    for (unsigned i = 0; i < ARRAY_LEN(rows); i++)
        if (x86_cpu_has(c, (enum x86_feature)rows[i].feature))
            known |= rows[i].bits;
    return known;
}

static bool write_cr4(struct x86_cpu *c, uint64_t v)
{
    uint64_t old = c->cr4, changed = v ^ old;
    if (v & ~x86_cr4_known(c))
        return gp(c);
    bool lma = x86_long_mode(c);
    bool bad = (lma && (changed & (X86_CR4_LA57 | (v & X86_CR4_PAE ? 0 : X86_CR4_PAE)))) ||
               ((changed & v & X86_CR4_PCIDE) && (!lma || (c->cr3 & 0xfff) != 0));
    if (bad)
        return gp(c);
    bool pae = (c->cr0 & X86_CR0_PG) && (v & X86_CR4_PAE) && !lma;
    if (pae && (changed & (X86_CR4_PAE | X86_CR4_PGE | X86_CR4_PSE | X86_CR4_SMEP)) &&
        !x86_read_pdptes(c, c->cr3, c->smm))
        return gp(c);
    c->cr4 = v;
    if (changed & X86_CR4_PGE)
        cpu_pass_time(&c->cpu, c->flush_cycles);
    if (changed & (X86_CR4_PSE | X86_CR4_PAE | X86_CR4_PGE | X86_CR4_LA57 | X86_CR4_PCIDE |
                   X86_CR4_SMEP | X86_CR4_SMAP | X86_CR4_PKE | X86_CR4_PKS))
        x86_flush_tlb(c);
    x86_update_mode(c);
    return true;
}

bool x86_write_cr(struct x86_cpu *c, unsigned n, uint64_t v)
{
    switch (n) {
    case 0:
        return write_cr0(c, v);
    case 2:
        c->cr2 = v;
        return true;
    case 3:
        return write_cr3(c, v);
    case 4:
        return write_cr4(c, v);
    default:
        break;
    }
    if (v & ~15ull)
        return gp(c);
    x86_enter_device(c);
    c->apic.set_tpr(c->apic.arg, v);
    x86_check_interrupts(c);
    return true;
}

uint64_t x86_read_cr(struct x86_cpu *c, unsigned n)
{
    switch (n) {
    case 0:
        return c->cr0;
    case 2:
        return c->cr2;
    case 3:
        return c->cr3;
    case 4:
        return c->cr4;
    default:
        return c->apic.get_tpr(c->apic.arg);
    }
}

/* ---- XCR0 (SDM 13.3): components hang together ---- */
uint64_t x86_xcr0_supported(const struct x86_cpu *c)
{
    uint64_t m = X86_XCR0_X87 | X86_XCR0_SSE;
    m |= x86_cpu_has(c, X86_F_AVX) ? X86_XCR0_AVX : 0;
    m |= x86_cpu_has(c, X86_F_AVX512F) ? X86_XCR0_OPMASK | X86_XCR0_ZMM_HI | X86_XCR0_HI16 : 0;
    m |= x86_cpu_has(c, X86_F_PKU) ? X86_XCR0_PKRU : 0;
    return m;
}

bool x86_write_xcr(struct x86_cpu *c, unsigned n, uint64_t v)
{
    uint64_t avx512 = X86_XCR0_OPMASK | X86_XCR0_ZMM_HI | X86_XCR0_HI16;
    bool bad = n != 0 || !(v & X86_XCR0_X87) || (v & ~x86_xcr0_supported(c)) ||
               ((v & X86_XCR0_AVX) && !(v & X86_XCR0_SSE)) ||
               ((v & avx512) && ((v & avx512) != avx512 || !(v & X86_XCR0_AVX)));
    if (bad)
        return gp(c);
    c->xcr0[0] = v;
    x86_update_mode(c);
    return true;
}
