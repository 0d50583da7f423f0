/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory tagging: Arm ARM, D10; FEAT_MTE2 and FEAT_MTE3. Checked accesses call a64_helper_mte_check
 * before they are made, in blocks of the modes A64_MODE_MTE and MTE0 only. Tags lie in a
 * block of RAM beside the tagged one (machine_tag_ram), two in a byte, the lower granule in
 * the lower half.
 *
 * Where a page's tags are is remembered per page and translation context; what may change a mapping
 * starts a new epoch.
 */
#include "core/util/bits.h"
#include "cpu/arm64/bits.h"
#include "cpu/arm64/translate_impl.h"

enum { DFSC_TAG_CHECK = 0x11, WNR = 1 << 6 };
enum { TCF_IGNORE, TCF_SYNC, TCF_ASYNC, TCF_ASYMMETRIC };

/* ---- controls ---- */
bool a64_mte_access(const struct a64_cpu *a, unsigned el)
{
    uint64_t sctlr = a->sctlr[a64_regime_el(a, el)];
    if (!a64_cpu_has(a, A64_F_MTE2))
        return false;
    if (el < 3 && !(a64_scr(a) & A64_SCR_ATA))
        return false;
    if (el < 2 && a64_el2_enabled(a) && !(el == 0 && a64_host(a)) && !(a->hcr_el2 & A64_HCR_ATA))
        return false;
    return sctlr & (el == 0 ? A64_SCTLR_ATA0 : A64_SCTLR_ATA);
}

/* EffectiveTCF() without the direction */
static unsigned tcf(const struct a64_cpu *a, unsigned el)
{
    unsigned v = a->sctlr[a64_regime_el(a, el)] >> (el == 0 ? 38 : 40) & 3;
    return v == TCF_ASYMMETRIC && !a64_cpu_has(a, A64_F_MTE3) ? TCF_SYNC : v; /* reserved there */
}

/* EffectiveTCMA() */
static bool tcma(const struct a64_cpu *a, unsigned el, bool upper)
{
    unsigned regime = a64_regime_el(a, el);
    return a->tcr[regime] >> (!a64_has_two_ranges(a, regime) ? 30 : upper ? 58 : 57) & 1;
}

static bool level_checks(const struct a64_cpu *a, unsigned el)
{
    unsigned regime = a64_regime_el(a, el);
    return a64_mte_access(a, el) && tcf(a, el) != TCF_IGNORE && (a64_tbi(a, regime, false) || a64_tbi(a, regime, true));
}

uint32_t a64_mte_mode(const struct a64_cpu *a)
{
    if (LIKELY(!a64_cpu_has(a, A64_F_MTE2)) || a->tco || a->nrw)
        return 0;
    bool as_el0 = !a->uao && (a->el == 1 || (a->el == 2 && a64_host(a)));
    uint32_t mode = level_checks(a, (unsigned)a->el) ? A64_MODE_MTE : 0;
    if (as_el0 ? level_checks(a, 0) : mode != 0)
        mode |= A64_MODE_MTE0;
    return mode;
}

/* ---- where tags are ---- */
void a64_mte_forget(struct a64_cpu *a)
{
    a->tag_epoch++;
}

static uint64_t epoch(const struct a64_cpu *a)
{
    return a->tag_epoch + mem_generation(a->cpu.machine->memory) + 1; /* both only count up; 0: empty */
}

static struct a64_tag_page *place_of(struct a64_cpu *a, va_t page)
{
    return &a->tag_pages[(page >> MEM_PAGE_SHIFT) % ARRAY_LEN(a->tag_pages)];
}

static bool is_current(const struct a64_cpu *a, const struct a64_tag_page *p, va_t page,
                       enum cpu_access access, bool user)
{
    return p->page == page && p->epoch == epoch(a) && p->context == a->context &&
           p->asid == a->context_asid && p->vmid == a->context_vmid && p->user == user &&
           (access == CPU_STORE ? p->store : p->load);
}

/* The page's tags, translation and rights as for the access itself. NULL: it faulted. */
static const struct a64_tag_page *tags_of(struct a64_cpu *a, va_t va, enum cpu_access access, bool user)
{
    va_t page = va & ~(va_t)(MEM_PAGE - 1);
    struct a64_tag_page *p = place_of(a, page);
    struct mmu_a64_result res;
    if (LIKELY(is_current(a, p, page, access, user)))
        return p;
    if (!a64_walk_data(a, va, access, user, &res))
        return NULL;
    *p = (struct a64_tag_page){ .page = page, .context = a->context, .epoch = epoch(a),
                                .asid = a->context_asid, .vmid = a->context_vmid,
                                .user = user, .load = res.load, .store = res.store };
    const struct mem_range *range = mem_lookup(a->cpu.machine->memory, res.pa);
    if (res.normal_tagged && range != NULL && range->region->kind == MEM_RAM) {
        const struct mem_region *region = range->region;
        uint64_t offset = region->ram_offset + (res.pa - region->base);
        p->data = region->ram;
        p->ram = region->ram->tags;
        p->data_page = offset & ~(uint64_t)(MEM_PAGE - 1);
        p->offset = p->data_page / (2 * MEM_TAG_GRANULE);
    }
    return p;
}

static uint64_t byte_of(const struct a64_tag_page *p, va_t va)
{
    return p->offset + (va & (MEM_PAGE - 1)) / (2 * MEM_TAG_GRANULE);
}

static unsigned shift_of(va_t va)
{
    return va & MEM_TAG_GRANULE ? 4 : 0;
}

static unsigned logical_tag(va_t va)
{
    return va >> 56 & 15;
}

bool a64_mte_load_tag(struct a64_cpu *a, va_t va, unsigned *tag)
{
    const struct a64_tag_page *p = tags_of(a, va, CPU_LOAD, false);
    *tag = 0;
    if (p != NULL && p->ram != NULL && a64_mte_access(a, (unsigned)a->el))
        *tag = p->ram->host[byte_of(p, va)] >> shift_of(va) & 15;
    return p != NULL;
}

bool a64_mte_store_tags(struct a64_cpu *a, va_t va, uint64_t bytes, unsigned tag, unsigned kind)
{
    bool user = (kind & A64_ACCESS_UNPRIV) && (a->mode & A64_MODE_UNPRIV);
    for (va_t at = va; at - va < bytes; at += MEM_TAG_GRANULE) {
        const struct a64_tag_page *p = tags_of(a, at, CPU_STORE, user);
        if (p == NULL)
            return false;
        if (p->ram == NULL || !a64_mte_access(a, user ? 0 : (unsigned)a->el))
            continue;
        uint8_t *b = &p->ram->host[byte_of(p, at)];
        *b = (uint8_t)((*b & ~(15u << shift_of(at))) | (tag & 15) << shift_of(at));
        mem_ram_written(p->ram, byte_of(p, at), 1);
        if (UNLIKELY(p->data->flags[p->data_page >> MEM_PAGE_SHIFT] & MEM_PAGE_RESERVED)) /* exclusives see it */
            mem_ram_written(p->data, p->data_page + (at & (MEM_PAGE - 1)), MEM_TAG_GRANULE);
    }
    return true;
}

/* ---- checks ---- */
/* AArch64.AccessTagIsChecked(), what the mode has not answered */
static bool is_checked(const struct a64_cpu *a, va_t va, unsigned el)
{
    bool upper = va >> 55 & 1;
    unsigned top = va >> 55 & 31; /* tag and bit 55 */
    return a64_tbi(a, a64_regime_el(a, el), upper) && !(tcma(a, el, upper) && top == (upper ? 31 : 0));
}

/* AArch64.TagCheckFault(). True: the access goes on. */
static bool mismatch(struct a64_cpu *a, va_t va, unsigned el, unsigned kind)
{
    bool reads = kind & INSN_MEM_READ;
    unsigned how = tcf(a, el);
    if (how == TCF_SYNC || (how == TCF_ASYMMETRIC && reads)) {
        a64_raise_at(a, a64_target_el(a), A64_ESR(A64_EC_DABORT, DFSC_TAG_CHECK | (reads ? 0 : WNR)), va, NULL);
        return false;
    }
    if (how != TCF_IGNORE)
        a->tfsr[el] |= va >> 55 & 1 ? 2 : 1;
    return true;
}

bool a64_mte_check(struct a64_cpu *a, va_t va, uint64_t bytes, unsigned kind)
{
    bool user = (kind & A64_ACCESS_UNPRIV) && (a->mode & A64_MODE_UNPRIV);
    unsigned el = user ? 0 : (unsigned)a->el;
    enum cpu_access access = kind & INSN_MEM_WRITE ? CPU_STORE : CPU_LOAD;
    if (!is_checked(a, va, el))
        return true;
    for (va_t at = va; at - va < bytes; at = (at | (MEM_TAG_GRANULE - 1)) + 1) {
        const struct a64_tag_page *p = tags_of(a, at, access, user);
        if (p == NULL)
            return false;
        if (p->ram == NULL)
            continue;
        if ((p->ram->host[byte_of(p, at)] >> shift_of(at) & 15) != logical_tag(va))
            return mismatch(a, at, el, kind);
    }
    return true;
}

uint64_t a64_helper_mte_check(struct cpu *cpu, uint64_t va, uint64_t bytes, uint64_t kind, uint64_t d)
{
    (void)d;
    a64_mte_check(A64_CPU(cpu), va, bytes, (unsigned)kind);
    return 0;
}

/* ---- tags out of the air ---- */
unsigned a64_mte_choose_tag(unsigned tag, unsigned offset, unsigned exclude)
{
    if ((exclude & 0xffff) == 0xffff)
        return 0;
    while (offset == 0 && (exclude >> tag & 1))
        tag = (tag + 1) & 15;
    for (; offset != 0; offset--)
        do
            tag = (tag + 1) & 15;
        while (exclude >> tag & 1);
    return tag;
}
