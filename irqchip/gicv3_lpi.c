/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LPIs of a redistributor (IHI 0069H, 5.1). The pending table in memory is read when LPIs are
 * enabled and written back when they are disabled; in between its contents are the
 * redistributor's own (5.1.2). An LPI's configuration is read when it becomes pending and
 * again when software invalidates it (5.1.1): what was read is kept and saved, so that a
 * restored machine goes on as it would have.
 */
#include "irqchip/gicv3_impl.h"
#include "core/util/bytes.h"
#include <string.h>

bool gicv3_table_read(struct dma *d, uint64_t at, void *to, uint32_t n)
{
    for (uint8_t *out = to; n != 0;) {
        uint64_t piece = n;
        const uint8_t *p = dma_map(d, at, &piece, false);
        if (p == NULL || piece == 0)
            return false;
        memcpy(out, p, piece);
        out += piece;
        at += piece;
        n -= (uint32_t)piece;
    }
    return true;
}

bool gicv3_table_write(struct dma *d, uint64_t at, const void *from, uint32_t n)
{
    for (const uint8_t *in = from; n != 0;) {
        uint64_t piece = n;
        uint8_t *p = dma_map(d, at, &piece, true);
        if (p == NULL || piece == 0)
            return false;
        memcpy(p, in, piece);
        dma_mapped_written(d, at, piece);
        in += piece;
        at += piece;
        n -= (uint32_t)piece;
    }
    return true;
}

static bool lpis_on(const struct gicv3_cpu *c)
{
    return F_GET(c->ctlr, GICR_CTLR_ENABLE_LPIS);
}

/* INTIDs below this are in range. Fewer than 14 bits of them leave no LPI (12.11.30). */
static uint32_t id_limit(const struct gicv3_cpu *c)
{
    uint32_t bits =
        (uint32_t)MIN(F_GET(c->propbaser, GICR_PROPBASER_IDBITS) + 1, (uint64_t)GICV3_ID_BITS);

    return bits < 14 ? 0 : 1u << bits;
}

static bool is_lpi(const struct gicv3_cpu *c, uint32_t intid)
{
    return lpis_on(c) && intid >= GICV3_FIRST_LPI && intid < id_limit(c);
}

static bool is_pending(const struct gicv3_cpu *c, uint32_t intid)
{
    return c->lpi[intid - GICV3_FIRST_LPI] & GICV3_LPI_PENDING;
}

/* A configuration that cannot be read leaves the LPI disabled. */
static uint8_t read_config(struct gicv3_cpu *c, uint32_t intid)
{
    uint64_t base = c->propbaser & F_MASK(GICR_PROPBASER_PA);
    uint8_t config = 0;

    if (!gicv3_table_read(&c->gic->dma, base + intid - GICV3_FIRST_LPI, &config, 1)) {
        guest_error(&c->dev, "no memory at the LPI configuration table",
                    "GICR_PROPBASER %#llx, INTID %u", (unsigned long long)c->propbaser, intid);
        return 0;
    }
    return config & (GICV3_LPI_ENABLE | GICV3_LPI_PRIORITY);
}

/* 4.8.1: LPIs are Non-secure; with two Security states their priorities are of the lower half. */
static uint8_t priority_of(const struct gicv3_cpu *c, uint8_t byte)
{
    uint32_t p = byte & GICV3_LPI_PRIORITY;

    if (!gicv3_ds(c->gic))
        p = 0x80 | p >> 1;
    return (uint8_t)(p & 0xffu << (8 - c->gic->priority_bits));
}

static void put(struct gicv3_cpu *c, uint32_t n, uint8_t byte)
{
    bool ready = (byte & GICV3_LPI_PENDING) && (byte & GICV3_LPI_ENABLE);
    uint32_t w = n / 64;

    c->lpi[n] = byte;
    c->lpi_ready[w] = (c->lpi_ready[w] & ~BIT(n % 64)) | (uint64_t)ready << n % 64;
    c->lpi_ready_words[w / 64] =
        (c->lpi_ready_words[w / 64] & ~BIT(w % 64)) | (uint64_t)(c->lpi_ready[w] != 0) << w % 64;
}

void gicv3_lpi_rescan(struct gicv3_cpu *c)
{
    c->lpi_best = (struct gicv3_best){ GICV3_ID_SPURIOUS, GICV3_IDLE, GICV3_G1NS };
    if (c->lpi_bytes == 0)
        return;
    for (uint32_t s = 0; s < GICV3_N_LPIS / 4096; s++) {
        for (uint64_t words = c->lpi_ready_words[s]; words; words &= words - 1) {
            uint32_t w = s * 64 + ctz64(words);
            for (uint64_t bits = c->lpi_ready[w]; bits; bits &= bits - 1) {
                uint32_t n = w * 64 + ctz64(bits);
                uint8_t p = priority_of(c, c->lpi[n]);
                if (p < c->lpi_best.priority)
                    c->lpi_best = (struct gicv3_best){ n + GICV3_FIRST_LPI, p, GICV3_G1NS };
            }
        }
    }
}

void gicv3_lpi_rebuild(struct gicv3_cpu *c)
{
    memset(c->lpi_ready, 0, GICV3_N_LPIS / 8);
    memset(c->lpi_ready_words, 0, GICV3_N_LPIS / 512);
    for (uint32_t n = 0; n < c->lpi_bytes; n++)
        if (c->lpi[n])
            put(c, n, c->lpi[n]);
    gicv3_lpi_rescan(c);
}

/* One LPI's byte changes: the best one is compared with it, or sought anew if it was it. */
static void change(struct gicv3_cpu *c, uint32_t intid, uint8_t byte)
{
    uint32_t n = intid - GICV3_FIRST_LPI;
    uint8_t p = priority_of(c, byte);

    put(c, n, byte);
    if (intid == c->lpi_best.intid)
        gicv3_lpi_rescan(c);
    else if ((c->lpi_ready[n / 64] >> n % 64 & 1) &&
             (p < c->lpi_best.priority || (p == c->lpi_best.priority && intid < c->lpi_best.intid)))
        c->lpi_best = (struct gicv3_best){ intid, p, GICV3_G1NS };
}

static void load_pending(struct gicv3_cpu *c)
{
    uint64_t base = c->pendbaser & F_MASK(GICR_PENDBASER_PA);
    uint8_t chunk[512];

    for (uint32_t at = GICV3_FIRST_LPI / 8; at < id_limit(c) / 8; at += sizeof(chunk)) {
        if (!gicv3_table_read(&c->gic->dma, base + at, chunk, sizeof(chunk))) {
            guest_error(&c->dev, "no memory at the LPI pending table", "GICR_PENDBASER %#llx",
                        (unsigned long long)c->pendbaser);
            return;
        }
        for (uint32_t i = 0; i < sizeof(chunk); i++)
            for (uint32_t bits = chunk[i]; bits; bits &= bits - 1) {
                uint32_t n = (at + i) * 8 + ctz64(bits) - GICV3_FIRST_LPI;
                c->lpi[n] = read_config(c, n + GICV3_FIRST_LPI) | GICV3_LPI_PENDING;
            }
    }
}

static void store_pending(struct gicv3_cpu *c)
{
    uint64_t base = c->pendbaser & F_MASK(GICR_PENDBASER_PA);
    uint8_t chunk[512];

    for (uint32_t at = GICV3_FIRST_LPI / 8; at < id_limit(c) / 8; at += sizeof(chunk)) {
        const uint8_t *from = &c->lpi[at * 8 - GICV3_FIRST_LPI];
        memset(chunk, 0, sizeof(chunk));
        for (uint32_t i = 0; i < sizeof(chunk) * 8; i++)
            chunk[i / 8] |= (uint8_t)((from[i] & GICV3_LPI_PENDING ? 1u : 0u) << i % 8);
        if (!gicv3_table_write(&c->gic->dma, base + at, chunk, sizeof(chunk))) {
            guest_error(&c->dev, "no memory at the LPI pending table", "GICR_PENDBASER %#llx",
                        (unsigned long long)c->pendbaser);
            return;
        }
    }
}

void gicv3_lpi_enable(struct gicv3_cpu *c, bool on)
{
    if (on == lpis_on(c))
        return;
    if (on) {
        if (!F_GET(c->pendbaser, GICR_PENDBASER_PTZ))
            load_pending(c);
    } else {
        store_pending(c);
        memset(c->lpi, 0, GICV3_N_LPIS);
    }
    c->ctlr = (uint32_t)F_PUT(c->ctlr, GICR_CTLR_ENABLE_LPIS, on);
    gicv3_lpi_rebuild(c);
    gicv3_drive(c);
}

void gicv3_lpi_taken(struct gicv3_cpu *c, uint32_t intid)
{
    change(c, intid, 0);
    gicv3_drive(c);
}

/* ---- for the ITS ---- */
void gicv3_set_lpi(struct gicv3 *g, uint32_t cpu, uint32_t intid, bool pending)
{
    struct gicv3_cpu *c = cpu < g->n_cpus ? g->cpu[cpu] : NULL;

    if (c == NULL || !is_lpi(c, intid) || pending == is_pending(c, intid))
        return;
    change(c, intid, pending ? read_config(c, intid) | GICV3_LPI_PENDING : 0);
    gicv3_drive(c);
}

/* The next LPI from `intid` on that is pending, or GICV3_N_LPIS + GICV3_FIRST_LPI. */
static uint32_t next_pending(const struct gicv3_cpu *c, uint32_t intid)
{
    while (intid < GICV3_FIRST_LPI + GICV3_N_LPIS && !is_pending(c, intid))
        intid += intid % 8 == 0 && ld_le64(&c->lpi[intid - GICV3_FIRST_LPI]) == 0 ? 8 : 1;
    return intid;
}

void gicv3_reread_lpi(struct gicv3 *g, uint32_t cpu, uint32_t intid)
{
    struct gicv3_cpu *c = cpu < g->n_cpus ? g->cpu[cpu] : NULL;

    if (c == NULL || !lpis_on(c) || (intid && (!is_lpi(c, intid) || !is_pending(c, intid))))
        return;
    if (intid) {
        change(c, intid, read_config(c, intid) | GICV3_LPI_PENDING);
    } else {
        /* The best one is sought once, not for each that was it: there may be 57344. */
        for (uint32_t i = next_pending(c, GICV3_FIRST_LPI); i < GICV3_FIRST_LPI + GICV3_N_LPIS;
             i = next_pending(c, i + 1))
            put(c, i - GICV3_FIRST_LPI, read_config(c, i) | GICV3_LPI_PENDING);
        gicv3_lpi_rescan(c);
    }
    gicv3_drive(c);
}

static void move_all(struct gicv3_cpu *from, struct gicv3_cpu *to)
{
    for (uint32_t i = next_pending(from, GICV3_FIRST_LPI); i < GICV3_FIRST_LPI + GICV3_N_LPIS;
         i = next_pending(from, i + 1)) {
        put(from, i - GICV3_FIRST_LPI, 0);
        if (is_lpi(to, i) && !is_pending(to, i))
            put(to, i - GICV3_FIRST_LPI, read_config(to, i) | GICV3_LPI_PENDING);
    }
    gicv3_lpi_rescan(from);
    gicv3_lpi_rescan(to);
    gicv3_drive(from);
    gicv3_drive(to);
}

void gicv3_move_lpi(struct gicv3 *g, uint32_t from, uint32_t to, uint32_t intid)
{
    if (from == to || from >= g->n_cpus || to >= g->n_cpus || !lpis_on(g->cpu[from]) ||
        (intid && !is_lpi(g->cpu[from], intid)))
        return;
    if (intid == 0) {
        move_all(g->cpu[from], g->cpu[to]);
    } else if (is_pending(g->cpu[from], intid)) {
        gicv3_set_lpi(g, from, intid, false);
        gicv3_set_lpi(g, to, intid, true);
    }
}
