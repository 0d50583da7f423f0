/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_TEST_IOMMU_VTD_FIXTURE_H
#define ORRERY_TEST_IOMMU_VTD_FIXTURE_H
/* A remapping unit with RAM around it, a device that does DMA through it, and what comes out written down. */
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include "iommu/vtd.h"
#include "test/check_main.h"
#include "test/device_generic.h"

#define VTD_AT   0xfed90000ull
#define VTD_RAM  (16ull << 20)
#define SOURCE   0x0010u       /* 00:02.0 */

/* 11.4: offsets */
enum { VER = 0, CAP = 8, ECAP = 0x10, GCMD = 0x18, GSTS = 0x1c, RTADDR = 0x20, CCMD = 0x28, FSTS = 0x34, FECTL = 0x38,
       FEDATA = 0x3c, FEADDR = 0x40, FEUADDR = 0x44, IQH = 0x80, IQT = 0x88, IQA = 0x90, ICS = 0x9c, IECTL = 0xa0,
       IEDATA = 0xa4, IEADDR = 0xa8, IQERCD = 0xb0, IRTA = 0xb8, IVA = 0xf0, IOTLB = 0xf8, FRCD = 0x220 };
#define TE   BIT(31)
#define SRTP BIT(30)
#define QIE  BIT(26)
#define IRE  BIT(25)
#define SIRTP BIT(24)
#define CFI  BIT(23)

/* Where things are in RAM. */
enum { ROOT = 0x1000, CONTEXTS = 0x2000, QUEUE = 0x3000, ENTRIES = 0x4000, STATUS = 0x5000, TABLES = 0x10000 };

struct unit {
    struct machine *m;
    struct mem_ram *ram;
    struct vtd *v;
    struct dma dma;
    struct vtd_interrupt last;
    unsigned remapped, messages;
    uint64_t address;
    uint32_t data;
    uint64_t next_table;
    uint64_t commands;         /* GCMD bits that are on */
    uint64_t tail;
};

static inline void unit_remapped(void *arg, const struct vtd_interrupt *i)
{
    struct unit *u = arg;
    u->last = *i;
    u->remapped++;
}
static inline void unit_message(void *arg, uint64_t address, uint32_t data)
{
    struct unit *u = arg;
    u->address = address;
    u->data = data;
    u->messages++;
}

static inline struct vtd_config unit_config(unsigned aw_bits)
{
    return (struct vtd_config){ .aw_bits = aw_bits, .intremap = true, .extended = true, .translates = true, .dma_drain = true,
                                .pass_through = true };
}

/* The unit alone, without RAM. */
static inline void unit_attach(struct unit *u, struct machine *m, struct vtd_config config)
{
    struct err e = { 0 };
    u->m = m;
    config.memory = m->memory;
    config.remapped = unit_remapped;
    config.message = unit_message;
    config.arg = u;
    u->v = vtd_create(m, "intel-iommu", &config, &e);
    ck_assert_msg(u->v != NULL, "%s", e.text);
    ck_assert_int_eq(device_map(&u->v->dev, m->memory, VTD_AT, &e), 0);
    u->dma = (struct dma){ .space = m->memory, .iommu = &u->v->iommu, .requester = SOURCE, .enabled = true };
    u->next_table = TABLES;
}
static inline void unit_build(struct unit *u, struct machine *m, struct vtd_config config)
{
    struct err e = { 0 };
    ck_assert_int_eq(machine_add_ram(m, "ram", VTD_RAM, &u->ram, &e), 0);
    ck_assert_int_eq(mem_add_ram(m->memory, "ram", 0, u->ram, 0, VTD_RAM, 0, NULL, &e), 0);
    unit_attach(u, m, config);
}

static inline void unit_create(struct unit *u, struct vtd_config config)
{
    *u = (struct unit){ 0 };
    unit_build(u, device_generic_machine(), config);
    machine_reset(u->m);
}
static inline void unit_destroy(struct unit *u)
{
    machine_destroy(u->m);
}

static inline void put(struct unit *u, uint32_t at, uint64_t value, unsigned size)
{
    ck_assert_int_eq(mem_store(u->m->memory, VTD_AT + at, size, value, NULL), MEM_OK);
}
static inline uint64_t get(struct unit *u, uint32_t at, unsigned size)
{
    uint64_t v = 0;
    ck_assert_int_eq(mem_load(u->m->memory, VTD_AT + at, size, &v, NULL), MEM_OK);
    return v;
}
static inline void poke(struct unit *u, uint64_t at, uint64_t value)
{
    ck_assert_int_eq(mem_store(u->m->memory, at, 8, value, NULL), MEM_OK);
}
static inline uint64_t peek(struct unit *u, uint64_t at)
{
    uint64_t v = 0;
    ck_assert_int_eq(mem_load(u->m->memory, at, 8, &v, NULL), MEM_OK);
    return v;
}

static inline void command(struct unit *u, uint64_t bits)
{
    u->commands |= bits & ~(SRTP | SIRTP);
    put(u, GCMD, u->commands | bits, 4);
}

/* 9.3: context entry of `source`: TT, AW, domain. */
static inline void set_context(struct unit *u, uint16_t source, uint64_t table, unsigned tt, unsigned aw, uint16_t domain)
{
    poke(u, CONTEXTS + (source & 0xffu) * 16, table | tt << 2 | 1);
    poke(u, CONTEXTS + (source & 0xffu) * 16 + 8, aw | (uint64_t)domain << 8);
}
/* Domain 5 with tables of `levels` levels at TABLES, for SOURCE. */
static inline void start_translation(struct unit *u, unsigned levels)
{
    poke(u, ROOT, CONTEXTS | 1);
    set_context(u, SOURCE, TABLES, 0, levels - 2, 5);
    u->next_table = TABLES + 0x1000;
    put(u, RTADDR, ROOT, 8);
    command(u, SRTP);
    command(u, TE);
}
/* The entry at `level` (1: of 4 KiB pages) on the way to `iova`; tables above it are made. */
static inline uint64_t entry_at(struct unit *u, unsigned levels, uint64_t iova, unsigned level)
{
    uint64_t table = TABLES;
    for (unsigned l = levels;; l--) {
        uint64_t at = table + (iova >> (12 + 9 * (l - 1)) & 0x1ff) * 8;
        if (l == level)
            return at;
        if (peek(u, at) == 0) {
            poke(u, at, u->next_table | 3);
            u->next_table += 0x1000;
        }
        table = peek(u, at) & ~0xfffull;
    }
}

/* 6.5.2 */
static inline void queue(struct unit *u, uint64_t low, uint64_t high)
{
    poke(u, QUEUE + u->tail, low);
    poke(u, QUEUE + u->tail + 8, high);
    u->tail = (u->tail + 16) & 0xfff;
    put(u, IQT, u->tail, 8);
}
static inline void start_queue(struct unit *u)
{
    put(u, IQA, QUEUE, 8);
    u->tail = 0;
    put(u, IQT, 0, 8);
    command(u, QIE);
}

/* What a read of 4 bytes sees there; ~0: it failed. RAM above TABLES + 1 MiB holds its own address. */
static inline uint64_t dma_word(struct unit *u, uint64_t iova)
{
    uint32_t v = 0;
    return dma_read(&u->dma, iova, &v, 4) == MEM_OK ? v : ~0ull;
}
static inline void number_ram(struct unit *u)
{
    for (uint64_t at = TABLES + (1u << 20); at < VTD_RAM; at += 0x1000)
        st_le32(u->ram->host + at, (uint32_t)at);
}

#endif
