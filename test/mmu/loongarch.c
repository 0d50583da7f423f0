/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LoongArch translation against what the manual (volume 1, v1.10, chapter "Memory Management", "TLB Maintenance
 * Instructions", LDDIR and LDPTE) says of each step.
 */
#include "mmu/loongarch.h"
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include "test/check_main.h"
#include <stdlib.h>
#include <string.h>

#define SIZE (1u << 20)
enum { V = 1, D = 2, G = 1 << 6, H = 1 << 6, P = 1 << 7, W = 1 << 8, HG = 1 << 12 };
#define PLV(n)  ((uint64_t)(n) << 2)
#define MAT(n)  ((uint64_t)(n) << 4)
#define NR      BIT(61)
#define NX      BIT(62)
#define RPLV    BIT(63)
enum { CRMD_DA = 8, CRMD_PG = 16 };
/* 16 KiB pages, three levels: as Linux sets them for 47 bits (PTbase 14, Dir1 25, Dir3 36, 11 bits each) */
enum { PWCL = 14 | 11 << 5 | 25 << 10 | 11 << 15, PWCH = 36 | 11 << 6, HPTW = 1 << 24 };

static const struct mmu_la_features features = { .pa_bits = 48, .va_bits = 48, .ri = true, .ep = true, .rplv = true,
                                                 .hptw = true, .stlb_sets = 256, .stlb_ways = 8, .mtlb_entries = 64 };

struct world {
    struct mem_space *space;
    struct mem_ram *ram;
    struct mmu_la_tlb tlb;
    struct mmu_la_regime r;
    unsigned drops[MMU_LA_DROP_ALL + 1];
    struct mmu_la_entry last;
};

static void dropped(void *arg, enum mmu_la_drop what, const struct mmu_la_entry *entry)
{
    struct world *w = arg;
    w->drops[what]++;
    w->last = *entry;
}

static struct world *open_world(void)
{
    struct world *w = calloc(1, sizeof(*w));
    struct err e;
    ck_assert(w != NULL);
    ck_assert_int_eq(mem_ram_create(&w->ram, "ram", SIZE, &e), 0);
    w->space = mem_space_create("test");
    ck_assert_int_eq(mem_add_ram(w->space, "ram", 0, w->ram, 0, SIZE, 0, NULL, &e), 0);
    w->tlb.f = &features;
    w->tlb.dropped = dropped;
    w->tlb.arg = w;
    mmu_la_tlb_reset(&w->tlb);
    w->r = (struct mmu_la_regime){ .memory = w->space, .f = &features, .tlb = &w->tlb, .crmd = CRMD_PG, .stlbps = 14,
                                   .asid = 5, .pwcl = PWCL, .pwch = PWCH };
    return w;
}

static void close_world(struct world *w)
{
    mem_space_destroy(w->space);
    mem_ram_destroy(w->ram);
    free(w);
}

static void put(struct world *w, pa_t pa, uint64_t value)
{
    st_le64(w->ram->host + pa, value);
}

static uint64_t get(struct world *w, pa_t pa)
{
    return ld_le64(w->ram->host + pa);
}

static enum mmu_la_fault walk(struct world *w, va_t va, enum cpu_access access, struct mmu_la_result *out)
{
    return mmu_la_walk(&w->r, va, 1, access, 0, out);
}

static struct mmu_la_entry entry(va_t va, uint8_t ps, uint16_t asid, uint64_t even, uint64_t odd)
{
    return (struct mmu_la_entry){ .vppn = va, .elo = { even, odd }, .asid = asid, .ps = ps, .valid = true,
                                  .global = even & odd & G };
}

static void fill(struct world *w, va_t va, uint8_t ps, uint16_t asid, uint64_t even, uint64_t odd)
{
    struct mmu_la_entry e = entry(va, ps, asid, even, odd);
    mmu_la_tlb_fill(&w->tlb, &e, (uint8_t)w->r.stlbps);
}

static int find(struct world *w, va_t va, uint16_t asid)
{
    return mmu_la_tlb_search(&w->tlb, va, asid, 0, (uint8_t)w->r.stlbps);
}

/* ---- direct addresses, windows, canonical addresses ---- */

START_TEST(direct_addresses_are_cut_to_palen)
{
    struct world *w = open_world();
    struct mmu_la_result out;
    w->r.crmd = CRMD_DA | 2ull << 5 | 1ull << 7 | 3; /* DATF 2, DATM 1, PLV3 */
    ck_assert_int_eq(walk(w, 0xffff123456789abc, CPU_LOAD, &out), MMU_LA_OK);
    ck_assert_uint_eq(out.pa, 0x123456789abc);
    ck_assert_uint_eq(out.mat, 1);
    ck_assert(out.load && out.store && out.fetch && !out.mapped);
    ck_assert_int_eq(walk(w, 0x1c000000, CPU_FETCH, &out), MMU_LA_OK);
    ck_assert_uint_eq(out.mat, 2);
    close_world(w);
}
END_TEST

START_TEST(windows_match_segment_and_level)
{
    static const struct { uint64_t dmw; unsigned n, plv; va_t va; enum cpu_access access; bool hit; } rows[] = {
        { 0x9000000000000011, 0, 0, 0x900000001fe001e0, CPU_LOAD, true },
        { 0x9000000000000011, 0, 3, 0x900000001fe001e0, CPU_LOAD, false },  /* PLV0 alone */
        { 0x9000000000000018, 0, 3, 0x900000001fe001e0, CPU_STORE, true },
        { 0x9000000000000011, 0, 0, 0x800000001fe001e0, CPU_LOAD, false },
        { 0x9000000000000011, 0, 0, 0x9fff00001fe001e0, CPU_FETCH, true },  /* 59:PALEN are not looked at */
        { 0x9000000000000011, 1, 0, 0x900000001fe001e0, CPU_FETCH, true },
        { 0x9000000000000011, 2, 0, 0x900000001fe001e0, CPU_FETCH, false }, /* 2 and 3 are for data */
        { 0x9000000000000011, 3, 0, 0x900000001fe001e0, CPU_STORE, true },
    };
    struct world *w = open_world();
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct mmu_la_result out;
        w->r.crmd = CRMD_PG | rows[i].plv;
        memset(w->r.dmw, 0, sizeof(w->r.dmw));
        w->r.dmw[rows[i].n] = rows[i].dmw;
        enum mmu_la_fault fault = walk(w, rows[i].va, rows[i].access, &out);
        ck_assert_msg((fault == MMU_LA_OK) == rows[i].hit, "row %zu", i);
        if (rows[i].hit) {
            ck_assert_uint_eq(out.pa, 0x1fe001e0);
            ck_assert_uint_eq(out.mat, rows[i].dmw >> 4 & 3);
        }
    }
    close_world(w);
}
END_TEST

START_TEST(addresses_outside_valen_are_illegal)
{
    static const struct { va_t va; unsigned rvacfg; bool ok; } rows[] = {
        { 0x00007ffffffff000, 0, true }, { 0x0000800000000000, 0, false },
        { 0xffff800000000000, 0, true }, { 0xffff7ffffffff000, 0, false },
        { 0x0000007ffffff000, 8, true }, { 0x0000008000000000, 8, false }, /* VALEN - 8: bit 39 */
        { 0xffffff8000000000, 8, true }, { 0xffffff0000000000, 8, false },
    };
    struct world *w = open_world();
    struct mmu_la_result out;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        w->r.rvacfg = rows[i].rvacfg;
        ck_assert_msg(walk(w, rows[i].va, CPU_LOAD, &out) == (rows[i].ok ? MMU_LA_REFILL : MMU_LA_ADDRESS), "row %zu", i);
    }
    w->r.rvacfg = 0;
    w->r.misc = 1 << 3; /* VA32L3 */
    w->r.crmd = CRMD_PG | 3;
    fill(w, 0x12340000, 14, 5, V | PLV(3), V | PLV(3) | 0x4000);
    ck_assert_int_eq(walk(w, 0xdead000012340010, CPU_LOAD, &out), MMU_LA_OK);
    ck_assert_uint_eq(out.pa, 0x10);
    close_world(w);
}
END_TEST

/* ---- the TLB ---- */

START_TEST(rights_of_an_entry)
{
    static const struct { uint64_t elo; unsigned plv; enum cpu_access access; enum mmu_la_fault fault; } rows[] = {
        { V | D | PLV(3), 3, CPU_LOAD, MMU_LA_OK },
        { V | D | PLV(3), 0, CPU_STORE, MMU_LA_OK },
        { D | PLV(3), 3, CPU_LOAD, MMU_LA_INVALID },
        { PLV(0) | NX, 3, CPU_FETCH, MMU_LA_INVALID },          /* V before all */
        { V | PLV(0) | NX, 3, CPU_FETCH, MMU_LA_NO_EXEC },      /* NX before PLV */
        { V | PLV(0) | NR, 3, CPU_LOAD, MMU_LA_PRIVILEGE },     /* PLV before NR */
        { V | PLV(3) | NR, 3, CPU_LOAD, MMU_LA_NO_READ },
        { V | D | PLV(3) | NR, 3, CPU_STORE, MMU_LA_OK },
        { V | PLV(0), 3, CPU_STORE, MMU_LA_PRIVILEGE },         /* PLV before D */
        { V | PLV(3), 3, CPU_STORE, MMU_LA_MODIFY },
        { V | PLV(2), 3, CPU_LOAD, MMU_LA_PRIVILEGE },
        { V | PLV(2), 1, CPU_LOAD, MMU_LA_OK },
        { V | PLV(2) | RPLV, 1, CPU_LOAD, MMU_LA_PRIVILEGE },   /* RPLV: that level alone */
        { V | PLV(2) | RPLV, 2, CPU_LOAD, MMU_LA_OK },
        { V | PLV(3) | RPLV, 0, CPU_LOAD, MMU_LA_PRIVILEGE },
    };
    struct world *w = open_world();
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct mmu_la_result out;
        w->r.crmd = CRMD_PG | rows[i].plv;
        fill(w, 0x40000000, 14, 5, rows[i].elo | 0x30000 | MAT(1), 0);
        ck_assert_msg(walk(w, 0x40001234, rows[i].access, &out) == rows[i].fault, "row %zu", i);
        if (rows[i].fault == MMU_LA_OK) {
            ck_assert_uint_eq(out.pa, 0x31234);
            ck_assert_uint_eq(out.mat, 1);
            ck_assert(out.mapped);
        }
    }
    /* MISC.DWPL, of levels below 3 */
    struct mmu_la_result out;
    w->r.misc = 7 << 16;
    fill(w, 0x40000000, 14, 5, V | PLV(3), 0);
    w->r.crmd = CRMD_PG | 2;
    ck_assert_int_eq(walk(w, 0x40000000, CPU_STORE, &out), MMU_LA_OK);
    w->r.crmd = CRMD_PG | 3;
    ck_assert_int_eq(walk(w, 0x40000000, CPU_STORE, &out), MMU_LA_MODIFY);
    close_world(w);
}
END_TEST

START_TEST(entries_match_asid_or_are_global)
{
    struct world *w = open_world();
    struct mmu_la_result out;
    fill(w, 0x8000, 14, 5, V, V | 0x4000);                    /* pages 8000h and c000h */
    fill(w, 0x10000, 14, 6, V | G, V | G);
    fill(w, 0x18000, 14, 6, V | G, V);                        /* one G is none */
    ck_assert_int_eq(walk(w, 0x8000, CPU_LOAD, &out), MMU_LA_OK);
    ck_assert(!out.global);
    ck_assert_int_eq(walk(w, 0xc008, CPU_LOAD, &out), MMU_LA_OK);
    ck_assert_uint_eq(out.pa, 0x4008);
    ck_assert_int_eq(walk(w, 0x10000, CPU_LOAD, &out), MMU_LA_OK);
    ck_assert(out.global);
    ck_assert_int_eq(walk(w, 0x18000, CPU_LOAD, &out), MMU_LA_REFILL);
    w->r.asid = 6;
    ck_assert_int_eq(walk(w, 0x8000, CPU_LOAD, &out), MMU_LA_REFILL);
    ck_assert_int_eq(walk(w, 0x18000, CPU_LOAD, &out), MMU_LA_OK);
    close_world(w);
}
END_TEST

/* STLB: way * 256 + set, the set above the bit that tells the halves apart; then the MTLB. */
START_TEST(numbers_of_entries)
{
    struct world *w = open_world();
    for (unsigned i = 0; i < 8; i++) {
        fill(w, 0x40000000 + ((va_t)i << 23), 14, 5, V, V); /* 23 = 15 + 8: the same set */
        ck_assert_int_eq(find(w, 0x40000000 + ((va_t)i << 23), 5), (int)(i * 256));
    }
    ck_assert_uint_eq(w->drops[MMU_LA_DROP_ENTRY], 0);
    fill(w, 0x40008000, 14, 5, V, V);
    ck_assert_int_eq(find(w, 0x40008000, 5), 1);
    fill(w, 0x80000000, 24, 5, V, V);
    ck_assert_int_eq(find(w, 0x81ffffff, 5), 2048);
    ck_assert_int_eq(find(w, 0x82000000, 5), -1);
    /* A ninth in a full set throws one of it out; an entry for the same page takes its place. */
    fill(w, 0x40000000 + (8ull << 23), 14, 5, V, V);
    ck_assert_uint_eq(w->drops[MMU_LA_DROP_ENTRY], 1);
    int index = find(w, 0x40000000 + (8ull << 23), 5);
    ck_assert_int_eq(index & 255, 0);
    fill(w, 0x40000000 + (8ull << 23), 14, 5, V | D, V | 0x4000);
    ck_assert_int_eq(find(w, 0x40000000 + (8ull << 23), 5), index);
    close_world(w);
}
END_TEST

/* PPN bits below the page's size are not looked at. */
START_TEST(large_pages)
{
    struct world *w = open_world();
    struct mmu_la_result out;
    fill(w, 0x40000000, 24, 5, V | 0x90fff000, V | 0x91fff000);
    ck_assert_int_eq(walk(w, 0x40123456, CPU_LOAD, &out), MMU_LA_OK);
    ck_assert_uint_eq(out.pa, 0x90123456);
    ck_assert_uint_eq(out.page_shift, 24);
    ck_assert_int_eq(walk(w, 0x41123456, CPU_LOAD, &out), MMU_LA_OK);
    ck_assert_uint_eq(out.pa, 0x91123456);
    close_world(w);
}
END_TEST

/* Table "Operations corresponding to each op in the INVTLB instruction". */
START_TEST(invtlb)
{
    /* in turn: G=0 ASID 5, G=0 ASID 6, G=1 ASID 5, G=1 ASID 6 in the MTLB; which of them stay */
    static const struct { unsigned op; uint16_t asid; va_t va; unsigned stays; } rows[] = {
        { 0, 0, 0, 0 },           { 1, 9, 0, 0 },           { 2, 0, 0, 3 },           { 3, 0, 0, 12 },
        { 4, 5, 0, 14 },          { 4, 6, 0, 13 },          { 4, 7, 0, 15 },
        { 5, 5, 0x0000c000, 14 }, { 5, 6, 0x0000c000, 15 }, { 5, 5, 0x02008000, 15 }, { 5, 6, 0x01008000, 13 },
        { 6, 9, 0x02008000, 11 }, { 6, 9, 0x43000000, 7 },  { 6, 5, 0x00008000, 14 }, { 6, 9, 0x00008000, 15 },
    };
    static const va_t pages[] = { 0x00008000, 0x01008000, 0x02008000, 0x42000000 };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct world *w = open_world();
        fill(w, pages[0], 14, 5, V, V);
        fill(w, pages[1], 14, 6, V, V);
        fill(w, pages[2], 14, 5, V | G, V | G);
        fill(w, pages[3], 24, 6, V | G, V | G);
        ck_assert(mmu_la_tlb_invalidate(&w->tlb, rows[i].op, rows[i].asid, 0, rows[i].va));
        unsigned stay = 0;
        for (unsigned k = 0; k < 4; k++)
            stay |= find(w, pages[k], k == 0 ? 5 : 6) >= 0 ? 1u << k : 0;
        ck_assert_msg(stay == rows[i].stays, "row %zu: %x", i, stay);
        unsigned told = w->drops[0] + w->drops[1] + w->drops[2];
        ck_assert_msg(told == (rows[i].op < 5 || rows[i].stays != 15 ? 1 : 0), "row %zu: told %u times", i, told);
        close_world(w);
    }
    struct world *w = open_world();
    ck_assert(!mmu_la_tlb_invalidate(&w->tlb, 7, 0, 0, 0));
    ck_assert(!mmu_la_tlb_invalidate(&w->tlb, 31, 0, 0, 0));
    close_world(w);
}
END_TEST

START_TEST(tlbclr_and_tlbflush)
{
    struct world *w = open_world();
    fill(w, 0x00008000, 14, 5, V, V);          /* set 1 */
    fill(w, 0x01008000, 14, 6, V, V);          /* set 1 */
    fill(w, 0x00010000, 14, 5, V, V);          /* set 2 */
    fill(w, 0x42000000, 24, 5, V, V);
    mmu_la_tlb_clear(&w->tlb, 3 * 256 + 1, false, 5, 0);
    ck_assert_int_lt(find(w, 0x00008000, 5), 0);
    ck_assert_int_ge(find(w, 0x01008000, 6), 0);
    mmu_la_tlb_clear(&w->tlb, 1, true, 5, 0);
    ck_assert_int_lt(find(w, 0x01008000, 6), 0);
    ck_assert_int_ge(find(w, 0x00010000, 5), 0);
    mmu_la_tlb_clear(&w->tlb, 2050, false, 6, 0);
    ck_assert_int_ge(find(w, 0x42000000, 5), 0);
    mmu_la_tlb_clear(&w->tlb, 2050, false, 5, 0);
    ck_assert_int_lt(find(w, 0x42000000, 5), 0);
    close_world(w);
}
END_TEST

/* What was never let through, or is let through still, need not be told. */
START_TEST(drops_that_matter_are_told)
{
    struct world *w = open_world();
    struct mmu_la_entry e = entry(0x8000, 14, 5, V, 0);
    mmu_la_tlb_write(&w->tlb, 7 * 256 + 1, &e);
    e.elo[1] = V | 0x4000;                     /* the odd half was not valid */
    mmu_la_tlb_write(&w->tlb, 7 * 256 + 1, &e);
    e.elo[0] |= D;
    mmu_la_tlb_write(&w->tlb, 7 * 256 + 1, &e);
    ck_assert_uint_eq(w->drops[MMU_LA_DROP_ENTRY], 0);
    e.elo[0] &= ~(uint64_t)D;
    mmu_la_tlb_write(&w->tlb, 7 * 256 + 1, &e);
    ck_assert_uint_eq(w->drops[MMU_LA_DROP_ENTRY], 1);
    ck_assert_uint_eq(w->last.elo[0], V | D);
    e.asid = 6;
    mmu_la_tlb_write(&w->tlb, 7 * 256 + 1, &e);
    ck_assert_uint_eq(w->drops[MMU_LA_DROP_ENTRY], 2);
    ck_assert_uint_eq(w->last.asid, 5);
    e.valid = false;
    mmu_la_tlb_write(&w->tlb, 7 * 256 + 1, &e);
    ck_assert_uint_eq(w->drops[MMU_LA_DROP_ENTRY], 3);
    ck_assert_int_lt(find(w, 0x8000, 6), 0);
    mmu_la_tlb_write(&w->tlb, 2112, &e);       /* past the last one */
    close_world(w);
}
END_TEST

/* An address that two entries map is not to depend on what was looked up before there were two. */
START_TEST(rivals_are_told)
{
    static const struct { va_t va; uint8_t ps; uint16_t asid; uint64_t global; bool drops; } rows[] = {
        { 0x40008000, 14, 5, 0, true },      /* STLB: found before the MTLB's */
        { 0x40008000, 14, 6, 0, false },     /* another address space */
        { 0x40008000, 14, 6, G, true },
        { 0x42008000, 14, 5, 0, false },     /* behind the pair of 16 MiB */
        { 0x40000000, 25, 5, 0, true },      /* a larger one, beside it in the MTLB */
        { 0x40400000, 20, 5, 0, true },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct world *w = open_world();
        fill(w, 0x40000000, 24, 5, V, V);
        ck_assert_uint_eq(w->drops[MMU_LA_DROP_ENTRY], 0);
        fill(w, rows[i].va, rows[i].ps, rows[i].asid, V | rows[i].global, rows[i].global);
        ck_assert_msg(w->drops[MMU_LA_DROP_ENTRY] == rows[i].drops, "row %zu", i);
        if (rows[i].drops) { /* both of its pages */
            ck_assert_uint_eq(w->last.vppn, rows[i].va >> (rows[i].ps + 1) << (rows[i].ps + 1));
            ck_assert(w->last.elo[0] & w->last.elo[1] & V);
        }
        close_world(w);
    }
    struct world *w = open_world();
    struct mmu_la_entry e = entry(0x8000, 14, 5, V, V);
    mmu_la_tlb_write(&w->tlb, 3 * 256 + 1, &e);
    mmu_la_tlb_write(&w->tlb, 2 * 256 + 2, &e); /* where no search finds it */
    ck_assert_uint_eq(w->drops[MMU_LA_DROP_ENTRY], 0);
    mmu_la_tlb_write(&w->tlb, 2 * 256 + 1, &e);
    ck_assert_uint_eq(w->drops[MMU_LA_DROP_ENTRY], 1);
    close_world(w);
}
END_TEST

/* Linux, arch/loongarch/include/asm/tlb.h. What is there: of gid 7 a global entry and those of two ASIDs, the address of all of
 * them and another one; its physical addresses, two; the same of gid 8; the root's. What is taken out, for gid 7 and asid 5. */
enum { GLOBAL, ASID5, ASID6, ELSEWHERE, GPA, GPA_ELSEWHERE, OTHERS, OTHERS_GPA, ROOTS, N_KINDS };
static const struct mmu_la_entry kinds[N_KINDS] = {
    [GLOBAL] = { .vppn = 0x8000, .gid = 7, .global = true },
    [ASID5] = { .vppn = 0x8000, .gid = 7, .asid = 5 },
    [ASID6] = { .vppn = 0x8000, .gid = 7, .asid = 6 },
    [ELSEWHERE] = { .vppn = 0x10000, .gid = 7, .asid = 5 },
    [GPA] = { .vppn = 0x8000, .gid = MMU_LA_GPA + 7, .global = true },
    [GPA_ELSEWHERE] = { .vppn = 0x10000, .gid = MMU_LA_GPA + 7, .global = true },
    [OTHERS] = { .vppn = 0x8000, .gid = 8, .asid = 5 },
    [OTHERS_GPA] = { .vppn = 0x8000, .gid = MMU_LA_GPA + 8, .global = true },
    [ROOTS] = { .vppn = 0x8000, .asid = 5 },
};
#define ALL_OF_7 (BIT(GLOBAL) | BIT(ASID5) | BIT(ASID6) | BIT(ELSEWHERE))
#define GPA_OF_7 (BIT(GPA) | BIT(GPA_ELSEWHERE))
static const struct { unsigned op; uint64_t taken; } guests_ops[] = {
    { 0x09, ALL_OF_7 },
    { 0x0a, BIT(GLOBAL) },
    { 0x0b, BIT(ASID5) | BIT(ASID6) | BIT(ELSEWHERE) },
    { 0x0c, BIT(ASID5) | BIT(ELSEWHERE) },
    { 0x0d, BIT(ASID5) },
    { 0x0e, BIT(GLOBAL) | BIT(ASID5) },
    { 0x10, ALL_OF_7 | BIT(OTHERS) },
    { 0x11, GPA_OF_7 | BIT(OTHERS_GPA) },
    { 0x12, ALL_OF_7 | GPA_OF_7 | BIT(OTHERS) | BIT(OTHERS_GPA) },
    { 0x13, ALL_OF_7 },
    { 0x14, GPA_OF_7 },
    { 0x15, ALL_OF_7 | GPA_OF_7 },
    { 0x16, BIT(GPA) },
};

START_TEST(invtlb_on_guests)
{
    struct world *w = open_world();
    for (unsigned i = 0; i < N_KINDS; i++) {
        struct mmu_la_entry e = kinds[i];
        e.valid = true, e.ps = 14, e.elo[0] = e.elo[1] = V;
        mmu_la_tlb_write(&w->tlb, MMU_LA_STLB + i, &e);
    }
    memset(w->drops, 0, sizeof(w->drops));
    ck_assert(mmu_la_tlb_invalidate_guests(&w->tlb, guests_ops[_i].op, 5, 7, 0xc000));
    for (unsigned i = 0; i < N_KINDS; i++)
        ck_assert_msg(w->tlb.entry[MMU_LA_STLB + i].valid == !(guests_ops[_i].taken >> i & 1), "op %#x, entry %u",
                      guests_ops[_i].op, i);
    ck_assert_uint_gt(w->drops[MMU_LA_DROP_ENTRY] + w->drops[MMU_LA_DROP_GID] + w->drops[MMU_LA_DROP_ALL], 0);
    ck_assert(!mmu_la_tlb_invalidate_guests(&w->tlb, 0xf, 5, 7, 0) && !mmu_la_tlb_invalidate_guests(&w->tlb, 0x17, 5, 7, 0));
    close_world(w);
}
END_TEST

/* What `loaded` makes of whatever bytes a snapshot holds can be searched and cleared. */
START_TEST(any_saved_content_is_usable)
{
    struct world *w = open_world();
    uint64_t state = 88172645463325252ull;
    for (unsigned i = 0; i < MMU_LA_TLB; i++) {
        state ^= state << 13, state ^= state >> 7, state ^= state << 17;
        w->tlb.entry[i] = (struct mmu_la_entry){ .vppn = state, .elo = { state >> 1, state >> 2 }, .asid = (uint16_t)state,
                                                 .ps = (uint8_t)(state >> 16), .gid = (uint16_t)(i & 1 ? 0 : state), .valid = state >> 20 & 1,
                                                 .global = state >> 21 & 1 };
    }
    mmu_la_tlb_loaded(&w->tlb);
    for (va_t va = 0; va < 1u << 24; va += 0x8000) {
        find(w, va, 5);
        mmu_la_tlb_invalidate(&w->tlb, 6, 5, 0, va);
        ck_assert_int_lt(find(w, va, 5), 0);
    }
    for (unsigned i = 0; i < MMU_LA_TLB; i++)
        ck_assert(w->tlb.entry[i].asid <= 0x3ff && w->tlb.entry[i].gid <= MMU_LA_GPA + 255);
    mmu_la_tlb_invalidate(&w->tlb, 0, 0, 0, 0);
    mmu_la_tlb_invalidate_guests(&w->tlb, 0x12, 0, 0, 0);
    for (unsigned i = 0; i < MMU_LA_TLB; i++)
        ck_assert(!w->tlb.entry[i].valid || w->tlb.entry[i].gid == MMU_LA_GPA); /* guest 0: there is none */
    close_world(w);
}
END_TEST

/* ---- LDDIR, LDPTE ---- */

enum { DIR3 = 0x10000, DIR1 = 0x14000, PT = 0x18000 };
#define VA 0x40005678ull /* Dir3 0, Dir1 20h, page table 1 */

START_TEST(software_walk)
{
    struct world *w = open_world();
    uint8_t ps;
    bool bus;
    put(w, DIR3, DIR1);
    put(w, DIR1 + 0x20 * 8, PT);
    put(w, PT, 0x30000 | NX | V | P | W | G);
    put(w, PT + 8, 0x34000 | V | D | RPLV | 0xe00);
    ck_assert_uint_eq(mmu_la_lddir(&w->r, DIR3, 3, VA, &bus), DIR1);
    ck_assert_uint_eq(mmu_la_lddir(&w->r, DIR1, 1, VA, &bus), PT);
    ck_assert_uint_eq(mmu_la_ldpte(&w->r, PT, 0, VA, &ps, &bus), 0x30000 | NX | V | G);
    ck_assert_uint_eq(ps, 14);
    ck_assert_uint_eq(mmu_la_ldpte(&w->r, PT, 1, VA, &ps, &bus), 0x34000 | V | D | RPLV);
    ck_assert(!bus);
    mmu_la_lddir(&w->r, 0x7ffff0000000, 1, VA, &bus);
    ck_assert(bus);
    /* entries of 128 bits */
    w->r.pwcl |= 1u << 30;
    put(w, DIR1 + 0x20 * 16, 0x54000);
    ck_assert_uint_eq(mmu_la_lddir(&w->r, DIR1, 1, VA, &bus), 0x54000);
    close_world(w);
}
END_TEST

/* The leaf of Dir1: 2^(14 + 11) bytes, halves of 2^24. */
START_TEST(huge_leaf)
{
    struct world *w = open_world();
    uint8_t ps;
    bool bus;
    uint64_t huge = 0x900011d3; /* H, HG, V, D, MAT 1, P, W */
    ck_assert_uint_eq(mmu_la_ldpte(&w->r, huge, 0, VA, &ps, &bus), 0x90000053);
    ck_assert_uint_eq(ps, 0x18);
    ck_assert_uint_eq(mmu_la_ldpte(&w->r, huge, 1, VA, &ps, &bus), 0x91000053);
    ck_assert_uint_eq(mmu_la_ldpte(&w->r, huge | NX | NR, 1, VA, &ps, &bus), 0x91000053 | NX | NR);
    /* Found one level up, it meets LDDIR 1 first, which notes its level, once. */
    uint64_t noted = mmu_la_lddir(&w->r, huge, 1, VA, &bus);
    ck_assert_uint_eq(noted, huge | 1u << 13);
    ck_assert_uint_eq(mmu_la_lddir(&w->r, noted, 2, VA, &bus), noted);
    ck_assert_uint_eq(mmu_la_ldpte(&w->r, noted, 0, VA, &ps, &bus), 0x90000053);
    ck_assert_uint_eq(ps, 25 + 11 - 1);
    close_world(w);
}
END_TEST

/* ---- the hardware walk ---- */

static struct world *open_tables(uint64_t even, uint64_t odd)
{
    struct world *w = open_world();
    w->r.pwch |= HPTW;
    w->r.pgdl = DIR3;
    put(w, DIR3, DIR1);
    put(w, DIR1 + 0x20 * 8, PT);
    put(w, PT, even);
    put(w, PT + 8, odd);
    return w;
}

START_TEST(hardware_walk_sets_v_and_d)
{
    struct world *w = open_tables(0x30000 | P | W, 0x34000 | P | W);
    struct mmu_la_result out;
    ck_assert_int_eq(walk(w, VA, CPU_LOAD, &out), MMU_LA_OK);
    ck_assert_uint_eq(out.pa, 0x34000 + 0x1678);
    ck_assert(out.load && !out.store);
    ck_assert_uint_eq(get(w, PT + 8), 0x34000 | P | W | V);
    ck_assert_uint_eq(get(w, PT), 0x30000 | P | W);           /* its buddy was not accessed */
    ck_assert_int_ge(find(w, VA, 5), 0);
    ck_assert_int_eq(walk(w, VA, CPU_STORE, &out), MMU_LA_OK); /* D = 0 in the TLB: again */
    ck_assert(out.store);
    ck_assert_uint_eq(get(w, PT + 8), 0x34000 | P | W | V | D);
    ck_assert_int_eq(walk(w, VA - 0x4000, CPU_STORE, &out), MMU_LA_OK); /* V = 0 of the other half */
    ck_assert_uint_eq(get(w, PT), 0x30000 | P | W | V | D);
    close_world(w);
}
END_TEST

START_TEST(hardware_walk_faults)
{
    static const struct { uint64_t pte; unsigned plv; enum cpu_access access; enum mmu_la_fault fault; } rows[] = {
        { 0x30000, 0, CPU_LOAD, MMU_LA_INVALID },             /* not present: PIx, not a refill */
        { 0x30000 | V | D, 0, CPU_LOAD, MMU_LA_INVALID },
        { 0x30000 | P, 0, CPU_LOAD, MMU_LA_OK },
        { 0x30000 | P, 0, CPU_STORE, MMU_LA_MODIFY },
        { 0x30000 | P | W, 3, CPU_STORE, MMU_LA_PRIVILEGE },
        { 0x30000 | P | W | NX, 0, CPU_FETCH, MMU_LA_NO_EXEC },
        { 0x30000 | P | W | NR, 0, CPU_LOAD, MMU_LA_NO_READ },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct world *w = open_tables(rows[i].pte, 0);
        struct mmu_la_result out;
        w->r.crmd = CRMD_PG | rows[i].plv;
        ck_assert_msg(walk(w, 0x40000000, rows[i].access, &out) == rows[i].fault, "row %zu", i);
        if (rows[i].fault != MMU_LA_OK)
            ck_assert_msg(get(w, PT) == rows[i].pte, "row %zu: the table changed", i);
        close_world(w);
    }
    /* Without PWCH.HPTW_En, or in a core that has none, there is no such walk. */
    struct world *w = open_tables(0x30000 | P | W, 0);
    struct mmu_la_result out;
    w->r.pwch &= ~(uint64_t)HPTW;
    ck_assert_int_eq(walk(w, 0x40000000, CPU_LOAD, &out), MMU_LA_REFILL);
    /* A debugger looks into the tables in either case, and leaves no trace. */
    ck_assert_int_eq(mmu_la_walk(&w->r, 0x40000010, 1, CPU_LOAD, MMU_LA_PROBE, &out), MMU_LA_OK);
    ck_assert_uint_eq(out.pa, 0x30010);
    ck_assert_uint_eq(get(w, PT), 0x30000 | P | W);
    ck_assert_int_lt(find(w, 0x40000000, 5), 0);
    close_world(w);
    w = open_tables(0x30000 | P | W, 0);
    put(w, DIR3, 0x7ffff0000000);
    ck_assert_int_eq(walk(w, 0x40000000, CPU_LOAD, &out), MMU_LA_BUS);
    close_world(w);
}
END_TEST

/* PWCH may name levels whose huge pages no entry can hold. */
START_TEST(hardware_walk_of_a_page_too_large)
{
    struct world *w = open_tables(0, 0);
    struct mmu_la_result out;
    w->r.pwch = HPTW | 50 | 6 << 6;
    put(w, DIR3, H | HG | P | W);
    ck_assert_int_eq(walk(w, VA, CPU_LOAD, &out), MMU_LA_INVALID);
    ck_assert_int_lt(find(w, VA, 5), 0);
    close_world(w);
}
END_TEST

START_TEST(hardware_walk_of_a_huge_page)
{
    struct world *w = open_tables(0, 0);
    struct mmu_la_result out;
    put(w, DIR1 + 0x20 * 8, 0x90000000 | H | HG | P | W);
    ck_assert_int_eq(walk(w, 0x41234567, CPU_STORE, &out), MMU_LA_OK);
    ck_assert_uint_eq(out.pa, 0x91234567);
    ck_assert_uint_eq(out.page_shift, 24);
    ck_assert(out.global);
    ck_assert_uint_eq(get(w, DIR1 + 0x20 * 8), 0x90000000 | H | HG | P | W | V | D);
    ck_assert_int_eq(find(w, 0x40000000, 77), 2048);
    ck_assert_int_eq(walk(w, 0x40000000, CPU_STORE, &out), MMU_LA_OK);
    ck_assert_uint_eq(out.pa, 0x90000000);
    close_world(w);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("mmu/loongarch");
    TCase *t = tcase_create("translation");
    tcase_add_test(t, direct_addresses_are_cut_to_palen);
    tcase_add_test(t, windows_match_segment_and_level);
    tcase_add_test(t, addresses_outside_valen_are_illegal);
    tcase_add_test(t, rights_of_an_entry);
    tcase_add_test(t, entries_match_asid_or_are_global);
    tcase_add_test(t, large_pages);
    suite_add_tcase(s, t);
    t = tcase_create("tlb");
    tcase_add_test(t, numbers_of_entries);
    tcase_add_test(t, invtlb);
    tcase_add_loop_test(t, invtlb_on_guests, 0, ARRAY_LEN(guests_ops));
    tcase_add_test(t, tlbclr_and_tlbflush);
    tcase_add_test(t, drops_that_matter_are_told);
    tcase_add_test(t, rivals_are_told);
    tcase_add_test(t, any_saved_content_is_usable);
    suite_add_tcase(s, t);
    t = tcase_create("tables");
    tcase_add_test(t, software_walk);
    tcase_add_test(t, huge_leaf);
    tcase_add_test(t, hardware_walk_sets_v_and_d);
    tcase_add_test(t, hardware_walk_faults);
    tcase_add_test(t, hardware_walk_of_a_page_too_large);
    tcase_add_test(t, hardware_walk_of_a_huge_page);
    suite_add_tcase(s, t);
    return s;
}
