/* SPDX-License-Identifier: Apache-2.0 */
/* Exceptions: recording them, choosing their level, entering it (Arm ARM, D1.3; AArch64.TakeException). */
#include "core/util/bits.h"
#include "cpu/arm64/arm64_impl.h"
#include "cpu/arm64/bits.h"

void a64_raise(struct a64_cpu *a, unsigned target, uint64_t esr)
{
    cpu_raise(&a->cpu, target, esr, 0, 0);
}

void a64_raise_at(struct a64_cpu *a, unsigned target, uint64_t esr, va_t far, const uint64_t *hpfar)
{
    uint64_t cause = target | A64_CAUSE_FAR | (hpfar != NULL ? A64_CAUSE_HPFAR : 0);
    cpu_raise(&a->cpu, cause, esr, far, hpfar != NULL ? *hpfar : 0);
}

unsigned a64_target_el(const struct a64_cpu *a)
{
    if (a->el != 0)
        return (unsigned)a->el;
    return a64_el2_enabled(a) && (a->hcr_el2 & A64_HCR_TGE) ? 2 : 1;
}

void a64_raise_undefined(struct a64_cpu *a)
{
    a64_raise(a, a64_target_el(a), A64_ESR(A64_EC_UNKNOWN, 0));
}

/* CPACR_EL1.FPEN, which the host's EL0 does not ask (D24.2.33). */
static bool cpacr_denies_fp(const struct a64_cpu *a, unsigned el)
{
    unsigned fpen = a->cpacr_el1 >> 20 & 3;
    bool asks = el == 1 || (el == 0 && !a64_host(a));
    return asks && (!(fpen & 1) || (fpen == 1 && el == 0));
}

/* CPTR_EL2 in its two layouts (D24.2.35). */
static bool cptr_el2_denies_fp(const struct a64_cpu *a, unsigned el)
{
    unsigned fpen = a->cptr_el2 >> 20 & 3;
    if (el > 2 || !a64_el2_enabled(a))
        return false;
    return a64_e2h(a) ? !(fpen & 1) || (fpen == 1 && el == 0 && a64_host(a)) : a->cptr_el2 & A64_CPTR_TFP;
}

/* CheckFPAdvSIMDEnabled64() */
unsigned a64_fp_trap(const struct a64_cpu *a, unsigned el)
{
    if (cpacr_denies_fp(a, el))
        return a64_el2_enabled(a) && (a->hcr_el2 & A64_HCR_TGE) ? 2 : 1;
    if (cptr_el2_denies_fp(a, el))
        return 2;
    return a64_cpu_has(a, A64_F_EL3) && (a->cptr_el3 & A64_CPTR_TFP) ? 3 : 0;
}

/* What CPACR_EL1 traps and TGE sends to EL2 is UNDEFINED there; CV = 1, COND = 14 (D24.2.40, EC 0x07). */
void a64_raise_fp_trap(struct a64_cpu *a)
{
    unsigned el = (unsigned)a->el, target = a64_fp_trap(a, el);
    bool redirected = target == 2 && cpacr_denies_fp(a, el);
    a64_raise(a, target, redirected ? A64_ESR(A64_EC_UNKNOWN, 0) : A64_ESR(A64_EC_FP, 1u << 24 | 0xeu << 20));
}

/* Vector group: D1.3.1.5. */
static va_t vector_of(const struct a64_cpu *a, unsigned target, unsigned offset)
{
    va_t base = a->vbar[target] & ~0x7ffull;
    if (target == a->el)
        return base + offset + (a->spsel ? 0x200 : 0);
    /* Only EL0 can be in AArch32: it is the next lower level of EL1, or of EL2 that is its host. */
    bool below = a->nrw && (target == 1 || (target == 2 && a64_host(a)));
    return base + offset + (below ? 0x600 : 0x400);
}

static bool span_sets_pan(const struct a64_cpu *a, unsigned target)
{
    if (!a64_cpu_has(a, A64_F_PAN) || (target == 2 && !a64_host(a)) || target == 3)
        return false;
    return !(a->sctlr[target] & A64_SCTLR_SPAN);
}

void a64_enter(struct a64_cpu *a, unsigned target, unsigned offset, uint64_t esr, va_t from)
{
    uint64_t spsr = a64_get_spsr(a);
    va_t vector = vector_of(a, target, offset);
    if (a->pmu != NULL && target != a->el)
        a64_pmu_level_changed(a);
    if (a->nrw) { /* D1.3.4: the upper halves are zero after AArch32 */
        for (unsigned i = 0; i < 31; i++)
            a->x[i] &= UINT32_MAX;
        from &= UINT32_MAX;
    }
    if (span_sets_pan(a, target))
        a->pan = 1;
    a->nrw = a->a32 = a->it = a->ge = a->q = 0;
    a64_set_el(a, target, 1);
    a->spsr[target] = spsr;
    a->elr[target] = from;
    if (offset == 0 || offset == 0x180)
        a->esr[target] = esr;
    a->daif = A64_PS_DAIF;
    a->stepping = 0;
    a->ss = a->il = a->btype = a->uao = 0;
    a->tco = a64_cpu_has(a, A64_F_MTE);
    if (a64_cpu_has(a, A64_F_SSBS))
        a->ssbs = (a->sctlr[target] & A64_SCTLR_DSSBS) != 0;
    a->cpu.pc = vector;
    a64_level_changed(a);
}

/* Classes that have a partner for exceptions from a lower level: one less. */
static bool has_lower_partner(unsigned ec)
{
    return ec == A64_EC_IABORT || ec == A64_EC_DABORT || ec == A64_EC_BREAK || ec == A64_EC_STEP ||
           ec == A64_EC_WATCH;
}

void a64_take_exception(struct cpu *cpu)
{
    struct a64_cpu *a = A64_CPU(cpu);
    struct cpu_fault f = cpu->fault;
    unsigned target = f.cause & A64_CAUSE_TARGET;
    uint64_t esr = f.value;
    cpu->fault.pending = false;
    if (has_lower_partner(esr >> 26 & 0x3f) && target > a->el)
        esr -= 1ull << 26;
    if (f.cause & A64_CAUSE_FAR)
        a->far[target] = f.value2;
    if ((f.cause & A64_CAUSE_HPFAR) && target == 2)
        a->hpfar_el2 = f.value3;
    if (UNLIKELY(a->stepping) && !(f.cause & A64_CAUSE_NEXT))
        a->ss = 1; /* it did not complete */
    va_t from = cpu->pc + (f.cause & A64_CAUSE_NEXT ? (a->nrw && (a->a32 & 1u << 5) ? 2u : 4u) : 0);
    a64_enter(a, target, 0, esr, from);
}
