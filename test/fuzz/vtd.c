/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hostile software at the VT-d unit: registers, descriptors, root, context, page and interrupt entries at
 * random, most of them nearly right, and DMA, MSIs and the I/O APIC's messages through all that.
 * usage: test-vtd-fuzz ITERATIONS [SEED]
 */
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include "core/util/hash.h"
#include "iommu/vtd.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define UNIT  0xfed90000ull
#define RAM   (4ull << 20)
#define LAST  (RAM - 0x1000)

static struct {
    struct machine *m;
    struct mem_ram *ram;
    struct vtd *v;
    struct dma dma;
    uint64_t random, passed, refused, interrupts, events;
} f;

static uint64_t next(void)
{
    return f.random = hash_mix(f.random + 0x9e3779b97f4a7c15ull);
}
static bool one_in(uint32_t n)
{
    return next() % n == 0;
}

static void remapped(void *arg, const struct vtd_interrupt *i)
{
    (void)arg, (void)i;
    f.interrupts++;
}
static void message(void *arg, uint64_t address, uint32_t data)
{
    (void)arg, (void)address, (void)data;
    f.events++;
}

static void must(bool ok, const struct err *e)
{
    if (ok)
        return;
    fprintf(stderr, "%s\n", e->text);
    exit(1);
}

static void build(void)
{
    struct err e = { 0 };
    static const unsigned widths[] = { 39, 48, 57 };
    struct vtd_config c = { .aw_bits = widths[next() % 3], .intremap = true, .extended = one_in(2), .translates = true,
                            .caching_mode = one_in(2), .snoop_control = one_in(2), .pass_through = one_in(2),
                            .remapped = remapped, .message = message };
    must(machine_create(&f.m, stderr, &e) == 0 && log_configure(f.m->log, "error,guest=off,unmodelled=off", &e) == 0 &&
         machine_add_ram(f.m, "ram", RAM, &f.ram, &e) == 0 &&
         mem_add_ram(f.m->memory, "ram", 0, f.ram, 0, RAM, 0, NULL, &e) == 0, &e);
    c.memory = f.m->memory;
    must((f.v = vtd_create(f.m, "intel-iommu", &c, &e)) != NULL && device_map(&f.v->dev, f.m->memory, UNIT, &e) == 0, &e);
    f.dma = (struct dma){ .space = f.m->memory, .iommu = &f.v->iommu, .enabled = true };
    machine_reset(f.m);
}

static void put(uint32_t at, unsigned size, uint64_t v)
{
    (void)mem_store(f.m->memory, UNIT + at, size, size == 8 ? v : v & 0xffffffff, NULL);
}

/* Where things mostly are, in pages; tables of pages and what they map lie in all from TABLES on. */
enum { ROOT = 1, CONTEXTS, QUEUE, ENTRIES, TABLES, PAGES = 64 };

static uint64_t page(void)
{
    return one_in(60) ? next() & ~0xfffull : one_in(60) ? UNIT : one_in(60) ? LAST : (TABLES + next() % (PAGES - TABLES)) << 12;
}

static void poke(uint64_t in_page, uint64_t index, uint64_t v)
{
    st_le64(f.ram->host + (in_page << 12) + index * 8, one_in(60) ? next() : v);
}

/* One entry of some table. */
static void fill_memory(void)
{
    unsigned levels = 3 + (unsigned)next() % 3;
    switch (next() % 8) {
    case 0:
        poke(ROOT, next() % 8 * 2, one_in(30) ? 0 : CONTEXTS << 12 | 1);
        break;
    case 1: {
        uint64_t entry = next() % 16 * 2;
        poke(CONTEXTS, entry, page() | 1 | (one_in(8) ? 2 << 2 : 0) | (one_in(8) ? 2 : 0));
        poke(CONTEXTS, entry + 1, (levels - 2) | (next() % 4) << 8);
        break;
    }
    case 2: {
        uint64_t entry = next() % 256 * 2;
        poke(ENTRIES, entry, 1 | (next() & 0xff001e) | (next() & 0xff) << 40);
        poke(ENTRIES, entry + 1, one_in(4) ? 1 << 18 | next() % 16 : 0);
        break;
    }
    default:
        poke(TABLES + next() % (PAGES - TABLES), next() % 8, one_in(6) ? 0x83 | (next() & 0x1f) << 30 : page() | (one_in(8) ? 1 : 3));
        break;
    }
}

/* Everything as a driver would have it. */
static void start(void)
{
    put(0x90, 8, QUEUE << 12);
    put(0x88, 8, 0);
    put(0x20, 8, ROOT << 12);
    put(0xb8, 8, ENTRIES << 12 | 7);
    put(0x18, 4, BIT(30) | BIT(24));
    put(0x18, 4, BIT(31) | BIT(26) | BIT(25));
    put(0x38, 4, 0);
    put(0x40, 4, 0xfee00000);
}

static void descriptor(void)
{
    uint64_t tail = f.v->queue_tail, base = f.v->queue_address & F_MASK(51, 12);
    uint64_t low = next() % 6 | (next() % 4) << 4 | (next() & 7) << 16 | (next() & 0xff) << 32;
    uint64_t high = one_in(2) ? page() | next() % 20 : 0;
    if (one_in(20))
        low |= BIT(next() % 64);
    if ((low & 15) == 5 || (low & 15) == 2)
        low &= ~0xff00000000ull | ((low & 15) == 5 ? ~0ull : 0);
    if (base + tail + 16 <= RAM) {
        st_le64(f.ram->host + base + tail, low);
        st_le64(f.ram->host + base + tail + 8, high);
    }
    put(0x88, one_in(2) ? 8 : 4, one_in(50) ? next() & 0x7fff0 : (tail + 16) & ((4096ull << (f.v->queue_address & 7)) - 1));
    if (!one_in(8))
        put(0x34, 4, 0x71);
}

static void dma(void)
{
    uint8_t buffer[64];
    uint64_t n = next() % sizeof(buffer) + 1, iova = one_in(10) ? next() : (next() % 8) << (12 + 9 * (next() % 4)) | (next() & 0xfff);
    f.dma.requester = (uint32_t)(one_in(8) ? next() & 0xffff : next() % 16);
    if (one_in(20))
        iova = 0xfee00000 | (next() & 0xffffc);
    enum mem_result r = one_in(2) ? dma_read(&f.dma, iova, buffer, n) : one_in(8) ? dma_write(&f.dma, iova, buffer, n)
                        : dma_map(&f.dma, iova, &n, one_in(2)) != NULL ? MEM_OK : MEM_NOTHING;
    *(r == MEM_OK ? &f.passed : &f.refused) += 1;
}

static void interrupt(void)
{
    uint64_t address = 0xfee00000 | (next() % 256) << 5 | (one_in(20) ? next() & 0x1c : 0) | (one_in(8) ? 0 : 0x10);
    f.dma.requester = (uint32_t)(next() % 16);
    if (one_in(2))
        (void)dma_send_msi(&f.dma, address, one_in(8) ? (uint32_t)next() : 0);
    else
        vtd_message(f.v, one_in(2) ? VTD_ANY_SOURCE : (uint32_t)(next() & 0xffff), address, (uint32_t)next());
}

static void registers(void)
{
    static const uint32_t events[] = { 0x38, 0x3c, 0x40, 0x44, 0xa0, 0xa4, 0xa8, 0xac };
    switch (next() % 9) {
    case 0: put(0x20, 8, page()); break;
    case 1: put(0xb8, 8, page() | (next() & 0x80f)); break;
    case 2: put(0x90, 8, page() | (one_in(4) ? next() & 7 : 0)); break;
    case 3: case 4: put(0x18, 4, one_in(8) ? next() : 0xc7000000u & ~(one_in(20) ? 1u << next() % 32 : 0)); break;
    case 5: put(events[next() % 8], 4, one_in(2) ? 0xfee00000 | (next() & 0xffffc) : next() & 1 ? 0 : next()); break;
    case 6: put(0x220 + (uint32_t)(next() % 8) * 16 + 8, 8, BIT(63)); break;
    case 7: put((uint32_t)(next() % 2 ? 0x28 : 0xf8), 8, BIT(63) | next()); break;
    default: put((uint32_t)(next() % 0x300), 1u << next() % 4, next()); break;
    }
}

int main(int argc, char **argv)
{
    uint64_t n = argc > 1 ? strtoull(argv[1], NULL, 0) : 10000;
    f.random = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
    for (uint64_t i = 0; i < n; i++) {
        alarm(20);
        if (i % 20000 == 0) {
            if (f.m != NULL)
                machine_destroy(f.m);
            build();
        }
        switch (next() % 8) {
        case 0: one_in(3) ? start() : one_in(4) ? registers() : fill_memory(); break;
        case 1: case 2: fill_memory(); break;
        case 3: descriptor(); break;
        case 4: interrupt(); break;
        default: dma(); break;
        }
    }
    machine_destroy(f.m);
    printf("%llu accesses passed, %llu did not; %llu interrupts, %llu messages\n", (unsigned long long)f.passed,
           (unsigned long long)f.refused, (unsigned long long)f.interrupts, (unsigned long long)f.events);
    return f.passed > n / 100 && f.refused > n / 100 && f.interrupts > n / 1000 ? 0 : 1;
}
