/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The PE's side of address translation: which regime rules an access, and what ESR, FAR and
 * HPFAR say of a fault (Arm ARM, D8, D24.2.40; AArch64.FaultSyndrome). What the syndrome says of
 * the instruction (ISV, CM, a read that also writes) is found by decoding it again:
 * faults that need it are rare.
 */
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include "cpu/arm64/bits.h"
#include "cpu/arm64/translate_impl.h"
#include "mmu/tlb.h"
#include <string.h>

/* Member by member: a structure copied as a whole, right after its parts were written, would wait for the host's stores. */
void a64_fill_regime(const struct a64_cpu *a, unsigned el, bool user, struct mmu_a64_regime *r)
{
    unsigned regime = a64_regime_el(a, el);
    uint64_t hcr = a64_hcr(a), scr = a64_scr(a);
    bool tcr2 = a64_cpu_has(a, A64_F_TCR2) && (scr & A64_SCR_TCR2EN);
    if (regime == 1 && a64_el2_enabled(a))
        tcr2 = tcr2 && (a64_hcrx(a) & A64_HCRX_TCR2EN);
    r->memory = a->cpu.machine->memory;
    r->f = &a->config->mmu;
    r->cpu = NULL;
    r->id = regime == 1           ? MMU_A64_EL10
            : regime == 3         ? MMU_A64_EL3
            : a64_e2h(a)          ? MMU_A64_EL20
                                  : MMU_A64_EL2;
    r->user = user;
    r->pan = a->pan && !user;
    r->secure = el == 3 || a64_secure_below_el3(a);
    r->on = a->sctlr[regime] & A64_SCTLR_M;
    r->sctlr = a->sctlr[regime];
    r->tcr = a->tcr[regime];
    r->tcr2 = tcr2 || regime == 3 ? a->tcr2[regime] : 0;
    r->ttbr[0] = a->ttbr0[regime];
    r->ttbr[1] = a->ttbr1[regime];
    r->mair = a->mair[regime];
    r->pir = a->pir[regime];
    r->pire0 = a->pire0[regime];
    r->por = a->por[regime];
    r->por_el0 = a->por[0];
    r->hcr = hcr;
    r->vtcr = a->vtcr_el2;
    r->vttbr = a->vttbr_el2;
    r->s2pir = a->s2pir_el2;
    r->s2_big_endian = a->sctlr[2] & A64_SCTLR_EE;
    r->s2_on = r->s1_only = r->nv1 = false;
    if (regime == 1) {
        if (hcr & (A64_HCR_DC | A64_HCR_TGE))
            r->on = false;
        r->s2_on = hcr & (A64_HCR_VM | A64_HCR_DC);
        r->nv1 = (hcr & A64_HCR_NV) && (hcr & A64_HCR_NV1);
    }
}

/* ---- what the syndrome says of the instruction ---- */
bool a64_insn_word(struct a64_cpu *a, va_t va, uint32_t *word)
{
    uint8_t code[4];
    if (a->nrw || mmu_debug_read(&a->cpu, va, code, 4) < 0)
        return false;
    *word = ld_le32(code);
    return true;
}

/*
 * ISV and its fields: a load or store of one general register without writeback (D24.2.40,
 * "ISS encoding for an exception from a Data Abort"). Taken from the instruction word, whose classes
 * (C4.1.94) fix where size, direction and sign are.
 */
static uint64_t access_syndrome(uint32_t word)
{
    bool vector = word >> 26 & 1;
    unsigned size = word >> 30, opc = word >> 22 & 3, rt = word & 31;
    unsigned kind = word >> 24 & 0x3f & ~4u; /* bits 29:24 without V */
    bool ordered = (word & 0x3f000000) == 0x08000000 && (word >> 23 & 1) && !(word >> 21 & 1);
    if (ordered) { /* LDAR, STLR, LDLAR, STLLR: one register, never signed */
        bool acquire = word >> 15 & 1;
        return 1u << 24 | size << 22 | rt << 16 | (size == 3 ? 1u << 15 : 0) | (acquire ? 1u << 14 : 0);
    }
    if (vector || !(kind == 0x38 || kind == 0x39 || kind == 0x18 || kind == 0x19))
        return 0;
    if (kind == 0x18) { /* literal: size is in opc, and 11 is PRFM */
        return size == 3 ? 0 : 1u << 24 | (size == 2 ? 1u << 21 | 2u << 22 : (2u + size) << 22) |
                                   rt << 16 | (size != 0 ? 1u << 15 : 0);
    }
    if (kind == 0x38) {
        unsigned mode = word >> 10 & 3;
        if ((word >> 21 & 1) && mode == 0) { /* atomics: only LDAPR is a plain load */
            if ((word & 0x3ffffc00) != 0x38bfc000)
                return 0;
            return 1u << 24 | size << 22 | rt << 16 | (size == 3 ? 1u << 15 : 0) | 1u << 14;
        }
        if ((word >> 21 & 1) && mode != 2) /* LDRAA, LDRAB: with or without writeback */
            return mode == 3 ? 0 : 1u << 24 | 3u << 22 | rt << 16 | 1u << 15;
        if (!(word >> 21 & 1) && (mode & 1)) /* pre- and post-index */
            return 0;
    } else if (kind == 0x19 && ((word >> 21 & 1) || (word >> 10 & 3) != 0)) {
        return 0;
    }
    bool sign = opc >= 2, wide = opc == 2 || size == 3;
    if (size == 3 && opc == 2) /* PRFM */
        return 0;
    uint64_t order = kind == 0x19 ? 1u << 14 : 0; /* LDAPUR, STLUR */
    return 1u << 24 | size << 22 | (sign ? 1u << 21 : 0) | rt << 16 | (wide ? 1u << 15 : 0) | order;
}

/* Cache maintenance by VA, DC ZVA apart, and AT: CM = 1 and WnR = 1 (SYS with CRn = 7). */
static bool is_cache_op(uint32_t word)
{
    bool sys = (word & 0xfff80000) == 0xd5080000, crn7 = (word >> 12 & 0xf) == 7;
    return sys && crn7 && (word >> 8 & 0xf) != 4;
}

/* ---- raising ---- */
enum { ISS_WNR = 1 << 6, ISS_S1PTW = 1 << 7, ISS_CM = 1 << 8 };
#define ISS_ISV (1ull << 24)

/* Level of an external abort that is no stage-2 fault: SCR_EL3.EA, HCR_EL2.TEA (D1.3.5.5). */
static unsigned external_target(const struct a64_cpu *a)
{
    if (a64_cpu_has(a, A64_F_EL3) && (a->scr_el3 & A64_SCR_EA))
        return 3;
    if (a->el <= 1 && a64_el2_enabled(a) && (a->hcr_el2 & A64_HCR_TEA))
        return 2;
    return a64_target_el(a);
}

/* What comes before an instruction abort (D1.3.5.6): software step, misaligned PC. True: it was raised. */
static bool precedes_fetch(struct a64_cpu *a, va_t pc)
{
    if ((a->mode & A64_MODE_STEP) && !a->ss)
        a64_helper_step(&a->cpu, 0, 0, 0, 0);
    else if (!a->nrw && (pc & 3))
        a64_helper_pc_align(&a->cpu, pc, 0, 0, 0);
    else
        return false;
    return true;
}

static void raise_abort(struct a64_cpu *a, va_t va, enum cpu_access access,
                        const struct mmu_a64_fault *f, bool on_walk)
{
    if (access == CPU_FETCH && precedes_fetch(a, va))
        return;
    uint64_t iss = mmu_a64_fsc(f, on_walk), hpfar = 0;
    bool fetch = access == CPU_FETCH, external = f->kind == MMU_A64_EXTERNAL;
    uint32_t word;
    if (f->s1ptw)
        iss |= ISS_S1PTW;
    if (!fetch && f->wnr)
        iss |= ISS_WNR;
    if (!fetch && a64_insn_word(a, cpu_pc(&a->cpu), &word)) {
        if (is_cache_op(word))
            iss |= ISS_CM | ISS_WNR;
        else if (f->stage2 && !f->s1ptw && !external)
            iss |= access_syndrome(word);
    }
    if (f->dirty_bit)
        iss |= 1ull << (32 + 5);
    if (f->overlay)
        iss |= 1ull << (32 + 6);
    unsigned target = f->stage2 ? 2 : external ? external_target(a) : a64_target_el(a);
    if (f->stage2 && external && a64_cpu_has(a, A64_F_EL3) && (a->scr_el3 & A64_SCR_EA))
        target = 3;
    if (f->stage2) {
        hpfar = f->ipa >> 12 << 4;
        if (a64_secure_below_el3(a))
            hpfar |= 1ull << 63;
    }
    uint64_t esr = A64_ESR(fetch ? A64_EC_IABORT : A64_EC_DABORT, iss);
    a64_raise_at(a, target, esr, va, f->stage2 ? &hpfar : NULL);
}

/* False: the fault was recorded, unless `probe`. */
static bool walk(struct a64_cpu *a, va_t va, unsigned size, enum cpu_access access, bool user, bool probe,
                 struct mmu_a64_result *res)
{
    struct mmu_a64_regime r;
    struct mmu_a64_fault fault;
    unsigned flags = probe ? MMU_A64_PROBE : 0;
    if (UNLIKELY(a->nrw))
        va &= UINT32_MAX; /* the PC may have run over the end */
    a64_fill_regime(a, (unsigned)a->el, user, &r);
    r.cpu = probe ? NULL : &a->cpu;
    if (LIKELY(mmu_a64_walk(&r, va, size, access, flags, res, &fault)))
        return true;
    if (probe)
        return false;
    if (access == CPU_STORE) {
        struct a64_decoded d;
        uint32_t word;
        bool decoded = a64_insn_word(a, cpu_pc(&a->cpu), &word) && a64_decode(word, a->decode_ext, &d);
        if (decoded && a64_insn_descs[d.id].klass == INSN_amo) /* once more, for the direction to report */
            mmu_a64_walk(&r, va, 1, access, flags | MMU_A64_RMW, res, &fault);
    }
    raise_abort(a, va, access, &fault, true);
    return false;
}

bool a64_walk_data(struct a64_cpu *a, va_t va, enum cpu_access access, bool user, struct mmu_a64_result *res)
{
    return walk(a, va, 1, access, user || a->el == 0, false, res);
}

/*
 * Device memory that is no RAM takes no misaligned access (B2.10); what is RAM may, and does here. Without
 * stage 1 all is Device, and A64_MODE_ALIGN says so.
 */
static bool misaligned_device(const struct a64_cpu *a, va_t va, unsigned size, const struct mmu_a64_result *res)
{
    if (LIKELY(!res->device || (va & (size - 1)) == 0))
        return false;
    const struct mem_range *range = mem_lookup(a->cpu.machine->memory, res->pa);
    return range == NULL || range->region->kind != MEM_RAM;
}

int a64_walk(struct cpu *cpu, va_t va, enum cpu_access access, unsigned regime, bool probe,
             struct cpu_map *map)
{
    struct a64_cpu *a = A64_CPU(cpu);
    struct mmu_a64_result res;
    bool user = a->el == 0 || regime == A64_REGIME_UNPRIV;
    unsigned size = map->size == 0 ? 1 : map->size;
    if (UNLIKELY(!walk(a, va, size, access, user, probe, &res)))
        return 1;
    if (UNLIKELY(!probe && access != CPU_FETCH && misaligned_device(a, va, size, &res))) {
        a64_raise_align(cpu, va, access);
        return 1;
    }
    map->pa = res.pa;
    map->page_shift = res.block_shift;
    map->load = res.load;
    map->store = res.store;
    map->fetch = res.fetch;
    map->global = res.global;
    map->nonsecure = res.nonsecure;
    map->no_cache = false;
    if (UNLIKELY(va >> 56 != 0 && va >> 56 != 0xff))
        a->tagged = true;
    bool noted = a->guarded >> a->el & 1;
    if (UNLIKELY(res.guarded && access == CPU_FETCH && !noted && !probe && a64_cpu_has(a, A64_F_BTI))) {
        a->guarded |= 1ull << a->el; /* from now on indirect branches check their targets */
        a64_update_mode(a);
    }
    return 0;
}

void a64_raise_bus(struct cpu *cpu, va_t va, enum cpu_access access, enum mem_result why)
{
    struct mmu_a64_fault f = { .kind = MMU_A64_EXTERNAL, .wnr = access == CPU_STORE };
    (void)why;
    raise_abort(A64_CPU(cpu), va, access, &f, false);
}

void a64_raise_fetch(struct cpu *cpu, va_t va, enum mem_result why)
{
    a64_raise_bus(cpu, va, CPU_FETCH, why);
}

void a64_raise_align(struct cpu *cpu, va_t va, enum cpu_access access)
{
    struct a64_cpu *a = A64_CPU(cpu);
    uint64_t iss = 0x21 | (access == CPU_STORE ? ISS_WNR : 0);
    a64_raise_at(a, a64_target_el(a), A64_ESR(A64_EC_DABORT, iss), va, NULL);
}

/* ---- cache maintenance ---- */
/* Permission faults are EL0's and DC IVAC's only (D7.5.9.8, C5.3.15); memory that is not there is clean. */
void a64_cache_fault(struct a64_cpu *a, va_t va, bool store)
{
    struct cpu *cpu = &a->cpu;
    pa_t pa;
    mmu_host(cpu, va, 1, store ? CPU_STORE : CPU_LOAD, &pa);
    if (!(cpu->exit & CPU_EXIT_EXCEPTION))
        return;
    bool permission = (cpu->fault.value & 0x3c) == 0x0c;
    if ((permission && !store && a->el != 0 && (cpu->fault.cause & A64_CAUSE_TARGET) == a->el) ||
        (cpu->fault.value & 0x3f) == 0x10)
        cpu->exit &= ~CPU_EXIT_EXCEPTION;
}

void a64_zero_block(struct a64_cpu *a, va_t block, uint64_t size)
{
    struct cpu *cpu = &a->cpu;
    uint8_t *host = mmu_store_hit(cpu, block, (unsigned)size);
    if (LIKELY(host != NULL)) {
        memset(host, 0, size);
        return;
    }
    for (uint64_t i = 0; i < size; i += 8)
        if (mmu_slow_store(cpu, block + i, ir_memop(8, 0), 0) != 0)
            return;
}

/* ---- AT (D8.15) and PAR_EL1 (D24.2.120) ---- */
static uint64_t par_of_fault(const struct mmu_a64_fault *f)
{
    return 1 | (uint64_t)mmu_a64_fsc(f, true) << 1 | (uint64_t)f->s1ptw << 8 |
           (uint64_t)f->stage2 << 9 | 1ull << 11 | (uint64_t)f->overlay << 14 |
           (uint64_t)f->dirty_bit << 15;
}

static uint64_t par_of_result(const struct mmu_a64_result *res)
{
    return (res->pa & 0xffffffffff000ull) | (uint64_t)res->sh << 7 | (uint64_t)res->nonsecure << 9 |
           1ull << 11 | (uint64_t)res->attr << 56;
}

enum { AT_E1 = 1, AT_E0, AT_E2, AT_E3 };
static const struct at_op {
    uint16_t op; /* op1 << 7 | CRm << 3 | op2 */
    uint8_t who;
    bool write, stage2, pan, no_perm;
} at_ops[] = {
    { 0 << 7 | 8 << 3 | 0, AT_E1, 0, 0, 0, 0 }, { 0 << 7 | 8 << 3 | 1, AT_E1, 1, 0, 0, 0 },
    { 0 << 7 | 8 << 3 | 2, AT_E0, 0, 0, 0, 0 }, { 0 << 7 | 8 << 3 | 3, AT_E0, 1, 0, 0, 0 },
    { 0 << 7 | 9 << 3 | 0, AT_E1, 0, 0, 1, 0 }, { 0 << 7 | 9 << 3 | 1, AT_E1, 1, 0, 1, 0 },
    { 0 << 7 | 9 << 3 | 2, AT_E1, 0, 0, 0, 1 }, { 4 << 7 | 8 << 3 | 0, AT_E2, 0, 0, 0, 0 },
    { 4 << 7 | 8 << 3 | 1, AT_E2, 1, 0, 0, 0 }, { 4 << 7 | 8 << 3 | 4, AT_E1, 0, 1, 0, 0 },
    { 4 << 7 | 8 << 3 | 5, AT_E1, 1, 1, 0, 0 }, { 4 << 7 | 8 << 3 | 6, AT_E0, 0, 1, 0, 0 },
    { 4 << 7 | 8 << 3 | 7, AT_E0, 1, 1, 0, 0 }, { 4 << 7 | 9 << 3 | 2, AT_E2, 0, 0, 0, 1 },
    { 6 << 7 | 8 << 3 | 0, AT_E3, 0, 0, 0, 0 }, { 6 << 7 | 8 << 3 | 1, AT_E3, 1, 0, 0, 0 },
    { 6 << 7 | 9 << 3 | 2, AT_E3, 0, 0, 0, 1 },
};

/* Faults that are taken although the instruction only asks (D8.15.1, "Synchronous faults"). */
static bool at_raises(const struct a64_cpu *a, const struct mmu_a64_fault *f)
{
    return f->kind == MMU_A64_EXTERNAL || (a->el == 1 && f->stage2 && f->s1ptw);
}

void a64_address_translate(struct a64_cpu *a, unsigned op, va_t va)
{
    const struct at_op *row = at_ops;
    while (row < at_ops + ARRAY_LEN(at_ops) && row->op != op)
        row++;
    if (row == at_ops + ARRAY_LEN(at_ops)) {
        a64_raise_undefined(a);
        return;
    }
    struct mmu_a64_regime r;
    struct mmu_a64_result res;
    struct mmu_a64_fault fault;
    bool user = row->who == AT_E0;
    /* S1E1, S1E0 at EL2 with {E2H, TGE} = {1, 1} ask the host's regime; S12 never does */
    unsigned el = row->who == AT_E2   ? 2
                  : row->who == AT_E3 ? 3
                  : !row->stage2 && a64_host(a) ? 2
                                                : 1;
    a64_fill_regime(a, el, user, &r);
    r.cpu = &a->cpu;
    r.s1_only = !row->stage2;
    r.pan = row->pan && a->pan && !user;
    unsigned flags = MMU_A64_AT | (row->no_perm ? MMU_A64_NO_PERM : 0u);
    if (mmu_a64_walk(&r, va, 1, row->write ? CPU_STORE : CPU_LOAD, flags, &res, &fault))
        a->par_el1 = par_of_result(&res);
    else if (at_raises(a, &fault))
        raise_abort(a, va, CPU_LOAD, &fault, true);
    else
        a->par_el1 = par_of_fault(&fault);
}
