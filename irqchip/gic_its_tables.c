/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables of the ITS. Their formats are an implementation's own (IHI 0069H, 5.2.1):
 *   device      8 bytes   0 valid, 5:1 EventID bits - 1, 49:6 ITT address >> 8
 *   event      12 bytes   0 valid, 1 physical, 25:2 INTID; bytes 8..9 ICID
 *   collection  8 bytes   0 valid, 16:1 processor number
 */
#include "irqchip/gic_its_impl.h"
#include "core/util/bytes.h"

#define ENTRY_VALID   0, 0
#define DTE_BITS      5, 1
#define DTE_ITT       49, 6
#define ITE_PHYSICAL  1, 1
#define ITE_INTID     25, 2
#define CTE_CPU       16, 1
#define LEVEL1_VALID  63, 63
#define LEVEL1_PA     51, 12

enum { ITE_SIZE = 12 };

/* GITS_BASER<n>.Page_Size: 4, 16, 64 KiB, and reserved as 64. */
static uint64_t page_size(uint64_t baser)
{
    static const uint32_t sizes[] = { 4096, 16384, 65536, 65536 };

    return sizes[F_GET(baser, GITS_BASER_PAGE_SIZE)];
}

static uint64_t base_of(uint64_t baser)
{
    uint64_t pa = baser & F_MASK(GITS_BASER_PA), page = page_size(baser);

    if (page == 65536)
        pa |= F_GET(baser, GITS_BASER_PA_HIGH) << 48;
    return align_down(pa, page);
}

/* Where entry `id` lies. Two-level: 8-byte pointers to pages of entries (5.2.1). */
static bool find(struct gic_its *s, enum gic_its_table t, uint32_t id, uint64_t *at)
{
    uint64_t b = s->baser[t], page = page_size(b), entry = F_GET(b, GITS_BASER_ENTRY) + 1;
    uint64_t bytes = (F_GET(b, GITS_BASER_SIZE) + 1) * page, per_page = page / entry;
    uint8_t raw[8];

    if (!F_GET(b, GITS_BASER_VALID) || id >> GIC_ITS_ID_BITS != 0)
        return false;
    if (!F_GET(b, GITS_BASER_INDIRECT)) {
        *at = base_of(b) + id * entry;
        return id < bytes / entry;
    }
    if (id / per_page >= bytes / 8 ||
        !gicv3_table_read(&s->memory, base_of(b) + id / per_page * 8, raw, 8) ||
        !F_GET(ld_le64(raw), LEVEL1_VALID))
        return false;
    *at = align_down(ld_le64(raw) & F_MASK(LEVEL1_PA), page) + id % per_page * entry;
    return true;
}

static bool get(struct gic_its *s, enum gic_its_table t, uint32_t id, uint64_t *entry)
{
    uint8_t raw[8];
    uint64_t at;

    *entry = 0;
    if (!find(s, t, id, &at) || !gicv3_table_read(&s->memory, at, raw, sizeof(raw)))
        return false;
    *entry = ld_le64(raw);
    return true;
}

static bool put(struct gic_its *s, enum gic_its_table t, uint32_t id, uint64_t entry)
{
    uint8_t raw[8];
    uint64_t at;

    st_le64(raw, entry);
    return find(s, t, id, &at) && gicv3_table_write(&s->memory, at, raw, sizeof(raw));
}

bool gic_its_get_device(struct gic_its *s, uint32_t id, struct gic_its_device *d)
{
    uint64_t v;
    bool there = get(s, GIC_ITS_DEVICES, id, &v);

    d->event_bits = (uint32_t)F_GET(v, DTE_BITS) + 1;
    d->itt = F_GET(v, DTE_ITT) << 8;
    d->valid = F_GET(v, ENTRY_VALID) && d->event_bits <= GIC_ITS_ID_BITS;
    return there;
}

bool gic_its_put_device(struct gic_its *s, uint32_t id, const struct gic_its_device *d)
{
    uint64_t v = F_PUT(0, ENTRY_VALID, 1);

    v = F_PUT(v, DTE_BITS, d->event_bits - 1);
    v = F_PUT(v, DTE_ITT, d->itt >> 8);
    return put(s, GIC_ITS_DEVICES, id, d->valid ? v : 0);
}

bool gic_its_get_event(struct gic_its *s, const struct gic_its_device *d, uint32_t id,
                       struct gic_its_event *ev)
{
    uint8_t raw[ITE_SIZE];

    *ev = (struct gic_its_event){ 0 };
    if (!d->valid || id >> d->event_bits != 0 ||
        !gicv3_table_read(&s->memory, d->itt + (uint64_t)id * ITE_SIZE, raw, ITE_SIZE))
        return false;
    ev->intid = (uint32_t)F_GET(ld_le64(raw), ITE_INTID);
    ev->icid = ld_le16(raw + 8);
    ev->valid = F_GET(ld_le64(raw), ENTRY_VALID) && F_GET(ld_le64(raw), ITE_PHYSICAL) &&
                ev->intid >= GICV3_FIRST_LPI && ev->intid >> GICV3_ID_BITS == 0;
    return true;
}

bool gic_its_put_event(struct gic_its *s, const struct gic_its_device *d, uint32_t id,
                       const struct gic_its_event *ev)
{
    uint8_t raw[ITE_SIZE] = { 0 };

    if (!d->valid || id >> d->event_bits != 0)
        return false;
    if (ev->valid) {
        st_le64(raw, F_PUT(F_MASK(ENTRY_VALID) | F_MASK(ITE_PHYSICAL), ITE_INTID, ev->intid));
        st_le16(raw + 8, (uint16_t)ev->icid);
    }
    return gicv3_table_write(&s->memory, d->itt + (uint64_t)id * ITE_SIZE, raw, ITE_SIZE);
}

bool gic_its_get_collection(struct gic_its *s, uint32_t id, struct gic_its_collection *c)
{
    uint64_t v;
    bool there = get(s, GIC_ITS_COLLECTIONS, id, &v);

    c->cpu = (uint32_t)F_GET(v, CTE_CPU);
    c->valid = F_GET(v, ENTRY_VALID) && c->cpu < gicv3_n_cpus(s->gic);
    return there;
}

bool gic_its_put_collection(struct gic_its *s, uint32_t id, const struct gic_its_collection *c)
{
    return put(s, GIC_ITS_COLLECTIONS, id,
               c->valid ? F_PUT(F_MASK(ENTRY_VALID), CTE_CPU, c->cpu) : 0);
}
