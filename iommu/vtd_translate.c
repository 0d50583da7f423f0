/* SPDX-License-Identifier: Apache-2.0 */
/* DMA remapping: root and context entries (9.1, 9.3), second-level tables (3.7, 9.8), and their caches (6.2). */
#include "core/util/bytes.h"
#include "iommu/vtd_impl.h"

#define ENTRY_P         BIT(0)
#define ROOT_RESERVED   0xffeull
#define CONTEXT_FPD     BIT(1)
#define CONTEXT_TT      3, 2
#define CONTEXT_AW      66 - 64, 64 - 64   /* of the upper half */
#define CONTEXT_DOMAIN  87 - 64, 72 - 64
enum { TT_TABLES = 0, TT_PASS = 2 };
#define CONTEXT_RESERVED_LOW  0xff0ull
#define CONTEXT_RESERVED_HIGH (F_MASK(127 - 64, 88 - 64) | BIT(7))
#define SL_READ         BIT(0)
#define SL_WRITE        BIT(1)
#define SL_PAGE         BIT(7)  /* maps a large page; in the last level it says nothing */
#define SL_SNOOP        BIT(11)

/* ---- caches ---- */
static struct vtd_context *context_slot(struct vtd *v, uint16_t source)
{
    return &v->contexts[(source ^ source >> 8) % VTD_CONTEXTS];
}

void vtd_forget_contexts(struct vtd *v, uint16_t source, uint16_t mask)
{
    for (unsigned i = 0; i < VTD_CONTEXTS; i++)
        if (((v->contexts[i].source ^ source) & mask) == 0)
            v->contexts[i].valid = false;
}

void vtd_forget_domain_contexts(struct vtd *v, uint16_t domain)
{
    for (unsigned i = 0; i < VTD_CONTEXTS; i++)
        if (F_GET(v->contexts[i].high, CONTEXT_DOMAIN) == domain)
            v->contexts[i].valid = false;
}

static struct vtd_translation *translation_slot(struct vtd *v, uint16_t domain, uint64_t page)
{
    return &v->translations[(page ^ page >> 10 ^ (uint64_t)domain * 37) % VTD_TRANSLATIONS];
}

void vtd_forget_all_translations(struct vtd *v)
{
    for (unsigned i = 0; i < VTD_TRANSLATIONS; i++)
        v->translations[i].valid = false;
}

/* A piece of a large page goes with any other of that page (6.5.2.3). */
void vtd_forget_translations(struct vtd *v, uint16_t domain, uint64_t page, uint64_t n)
{
    for (unsigned i = 0; i < VTD_TRANSLATIONS; i++) {
        struct vtd_translation *t = &v->translations[i];
        if (!t->valid || t->domain != domain)
            continue;
        uint64_t pages = 1ull << (t->shift - MEM_PAGE_SHIFT), first = t->page & ~(pages - 1);
        if (first - page < n || page - first < pages)
            t->valid = false;
    }
}

/* ---- context ---- */
static unsigned levels(uint64_t high)
{
    return (unsigned)F_GET(high, CONTEXT_AW) + 2; /* 1: 39 bits, 3 levels */
}

static bool is_supported(const struct vtd *v, uint64_t high)
{
    uint64_t aw = F_GET(high, CONTEXT_AW);
    return aw >= 1 && 30 + 9 * aw <= v->config.aw_bits;
}

/* Physical addresses have as many bits as the DMAR table says: those of the widest domain, 52 at most. */
static uint64_t beyond_host(const struct vtd *v)
{
    unsigned bits = MIN(v->config.aw_bits, 52u);
    return bits == 52 ? 0 : F_MASK(51, bits);
}

static enum vtd_reason read_context(struct vtd *v, uint16_t source, struct vtd_context *c)
{
    uint64_t root[2], words[2];

    if (!vtd_read(v, F_GET(v->root, VTD_ADDRESS) << 12 | (uint64_t)(source >> 8) << 4, root, 2))
        return VTD_ROOT_ACCESS;
    if (!(root[0] & ENTRY_P))
        return VTD_ROOT_ABSENT;
    if ((root[0] & (ROOT_RESERVED | F_MASK(63, 52) | beyond_host(v))) || root[1])
        return VTD_ROOT_RESERVED;
    if (!vtd_read(v, F_GET(root[0], VTD_ADDRESS) << 12 | (uint64_t)(source & 0xff) << 4, words, 2))
        return VTD_CONTEXT_ACCESS;
    *c = (struct vtd_context){ true, source, words[0], words[1] };
    if (!(c->low & ENTRY_P))
        return VTD_CONTEXT_ABSENT;
    if ((c->low & (CONTEXT_RESERVED_LOW | F_MASK(63, 52) | beyond_host(v))) || (c->high & CONTEXT_RESERVED_HIGH))
        return VTD_CONTEXT_RESERVED;
    uint64_t tt = F_GET(c->low, CONTEXT_TT);
    if (!is_supported(v, c->high) || (tt != TT_TABLES && !(tt == TT_PASS && v->config.pass_through)))
        return VTD_CONTEXT_INVALID;
    return VTD_OK;
}

/* *c is filled in even if it says no, as far as it was read: its FPD counts then. */
static enum vtd_reason find_context(struct vtd *v, uint16_t source, struct vtd_context *c)
{
    struct vtd_context *slot = context_slot(v, source);

    if (slot->valid && slot->source == source) {
        *c = *slot;
        return VTD_OK;
    }
    *c = (struct vtd_context){ 0 };
    enum vtd_reason why = read_context(v, source, c);
    if (why == VTD_OK)
        *slot = *c;
    return why;
}

/* ---- second level ---- */
static uint64_t reserved_bits(const struct vtd *v, unsigned level, bool leaf)
{
    uint64_t bits = beyond_host(v);
    if (leaf && level > 1) /* a large page's address has fewer bits */
        bits |= F_MASK(11 + 9 * (level - 1), 12);
    if (!leaf) /* there are no pages of 512 GiB and more */
        bits |= SL_PAGE;
    if (leaf && !v->config.snoop_control)
        bits |= SL_SNOOP;
    return bits;
}

static enum vtd_reason walk(const struct vtd *v, const struct vtd_context *c, uint64_t iova, bool write,
                            struct vtd_translation *out)
{
    uint64_t table = F_GET(c->low, VTD_ADDRESS) << 12, may = SL_READ | SL_WRITE, need = write ? SL_WRITE : SL_READ;

    for (unsigned level = levels(c->high);; level--) {
        unsigned shift = MEM_PAGE_SHIFT + 9 * (level - 1);
        uint64_t entry;
        if (!vtd_read(v, table | (iova >> shift & 0x1ff) << 3, &entry, 1))
            return VTD_TABLE_ACCESS;
        if (!(entry & need))
            return write ? VTD_NO_WRITE : VTD_NO_READ;
        bool leaf = level == 1 || (level <= 3 && (entry & SL_PAGE)); /* SLLPS: 2 MiB, 1 GiB */
        if (entry & reserved_bits(v, level, leaf))
            return VTD_TABLE_RESERVED;
        may &= entry;
        table = F_GET(entry, VTD_ADDRESS) << 12;
        if (!leaf)
            continue;
        uint64_t pa = table | (iova & (BIT(shift) - 1));
        *out = (struct vtd_translation){ .valid = true, .read = may & SL_READ, .write = may & SL_WRITE,
                                         .shift = (uint8_t)shift, .domain = (uint16_t)F_GET(c->high, CONTEXT_DOMAIN),
                                         .page = iova >> MEM_PAGE_SHIFT, .pa = pa >> MEM_PAGE_SHIFT };
        return VTD_OK;
    }
}

static enum vtd_reason find_page(struct vtd *v, const struct vtd_context *c, uint64_t iova, bool write, pa_t *pa)
{
    unsigned width = 30 + 9 * (unsigned)F_GET(c->high, CONTEXT_AW);
    if (iova >> width != 0)
        return VTD_BEYOND_WIDTH;
    uint16_t domain = (uint16_t)F_GET(c->high, CONTEXT_DOMAIN);
    uint64_t page = iova >> MEM_PAGE_SHIFT;
    struct vtd_translation *t = translation_slot(v, domain, page), found;
    bool hit = t->valid && t->domain == domain && t->page == page && (write ? t->write : t->read);

    if (!hit) { /* also where rights are missing: software may have given them without a word (6.1) */
        enum vtd_reason why = walk(v, c, iova, write, &found);
        if (why != VTD_OK)
            return why;
        *t = found;
    }
    *pa = t->pa << MEM_PAGE_SHIFT | iova % MEM_PAGE;
    return VTD_OK;
}

/* 7.1.3: faults that are found once there is a context entry can be kept quiet by it. */
static bool is_quiet(enum vtd_reason why, const struct vtd_context *c)
{
    bool qualified = why != VTD_ROOT_ABSENT && why != VTD_ROOT_ACCESS && why != VTD_ROOT_RESERVED && why != VTD_CONTEXT_ACCESS;
    return qualified && (c->low & CONTEXT_FPD);
}

enum mem_result vtd_translate(void *vtd, uint32_t requester, uint64_t iova, uint64_t n, enum dma_kind kind,
                              uint32_t data, struct mem_space **space, pa_t *pa)
{
    struct vtd *v = vtd;
    uint16_t source = (uint16_t)requester;
    bool write = kind != DMA_READ;
    struct vtd_context c;

    (void)n, (void)data;
    if (vtd_is_interrupt(iova)) { /* 3.14: writes are interrupt requests, and nothing can be read there */
        if (!write)
            return MEM_NOTHING;
        if (v->status & VTD_IRE)
            *space = v->interrupts;
        return MEM_OK;
    }
    if (!(v->status & VTD_TE))
        return MEM_OK;
    enum vtd_reason why = find_context(v, source, &c);
    if (why == VTD_OK && F_GET(c.low, CONTEXT_TT) == TT_PASS)
        return MEM_OK;
    if (why == VTD_OK)
        why = find_page(v, &c, iova, write, pa);
    if (why == VTD_OK)
        return MEM_OK;
    if (!is_quiet(why, &c))
        vtd_fault(v, source, why, iova, write);
    return MEM_REFUSED;
}
