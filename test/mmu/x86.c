/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The x86 walker against SDM volume 3: 5.3 (32-bit), 5.4 (PAE), 5.5 (4-level, 5-level), 5.6 (access rights), 5.7
 * (error code), 5.8 (accessed and dirty). Tables lie at 1000h, 2000h ...: one for each level.
 */
#include "mmu/x86.h"
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include "core/util/hash.h"
#include "test/check_main.h"
#include <string.h>

#define SIZE (1u << 20)
#define TABLE(level) (0x1000ull * (level))
enum { P = 1, W = 2, U = 4, A = 32, D = 64, PS = 128, G = 256 };
#define NX       (1ull << 63)
#define KEY(n)   ((uint64_t)(n) << 59)
#define RIGHTS   (P | W | U)

struct world {
    struct mem_space *space;
    struct mem_ram *ram;
    struct mmu_x86_regime r;
};

static struct world open_world(enum mmu_x86_mode mode)
{
    struct world w = { 0 };
    struct err e;
    ck_assert_int_eq(mem_ram_create(&w.ram, "ram", SIZE, &e), 0);
    w.space = mem_space_create("test");
    ck_assert_int_eq(mem_add_ram(w.space, "ram", 0, w.ram, 0, SIZE, 0, NULL, &e), 0);
    w.r = (struct mmu_x86_regime){ .memory = w.space, .mode = mode, .wp = true, .nxe = mode != MMU_X86_32BIT, .pse = true,
                                   .pse36 = true, .pages1g = true, .global = true, .pa_bits = 40, .a20 = ~0ull };
    return w;
}

static void close_world(struct world *w)
{
    mem_space_destroy(w->space);
    mem_ram_destroy(w->ram);
}

static bool is_wide(const struct world *w)
{
    return w->r.mode != MMU_X86_32BIT;
}

static unsigned top(const struct world *w)
{
    static const uint8_t n[] = { 0, 2, 3, 4, 5 };
    return n[w->r.mode];
}

static uint8_t *entry_at(struct world *w, unsigned level, va_t va)
{
    unsigned bits = is_wide(w) ? 9 : 10, size = is_wide(w) ? 8 : 4;
    return w->ram->host + TABLE(level) + (va >> (12 + bits * (level - 1)) & ((1u << bits) - 1)) * size;
}

static void put(struct world *w, unsigned level, va_t va, uint64_t e)
{
    if (level == 3 && w->r.mode == MMU_X86_PAE)
        w->r.pdpte[va >> 30 & 3] = e & ~(uint64_t)(W | U | A);
    else if (is_wide(w))
        st_le64(entry_at(w, level, va), e);
    else
        st_le32(entry_at(w, level, va), (uint32_t)e);
}

static uint64_t get(struct world *w, unsigned level, va_t va)
{
    return is_wide(w) ? ld_le64(entry_at(w, level, va)) : ld_le32(entry_at(w, level, va));
}

/* Tables with all rights down to `leaf` at `level`. */
static void map_page(struct world *w, unsigned level, va_t va, uint64_t leaf)
{
    memset(w->ram->host, 0, 0x8000);
    for (unsigned i = top(w); i > level; i--)
        put(w, i, va, TABLE(i - 1) | RIGHTS);
    put(w, level, va, leaf | (level > 1 ? PS : 0));
    w->r.cr3 = TABLE(top(w));
}

static enum mmu_x86_fault walk(struct world *w, va_t va, enum cpu_access access, struct cpu_map *map, uint32_t *error)
{
    *map = (struct cpu_map){ .size = 1 };
    *error = 0;
    return mmu_x86_walk(&w->r, va, 1, access, false, map, error);
}

#define FAULTS(w, va, access, want)                                                                          \
    do {                                                                                                     \
        struct cpu_map map_;                                                                                 \
        uint32_t error_;                                                                                     \
        ck_assert_int_eq(walk((w), (va), (access), &map_, &error_), MMU_X86_PAGE_FAULT);                     \
        ck_assert_msg(error_ == (uint32_t)(want), "error code %#x, not %#x", error_, (unsigned)(want));      \
    } while (0)
#define WORKS(w, va, access)                                                                                 \
    do {                                                                                                     \
        struct cpu_map map_;                                                                                 \
        uint32_t error_;                                                                                     \
        ck_assert_int_eq(walk((w), (va), (access), &map_, &error_), MMU_X86_OK);                             \
    } while (0)

/* ---- formats and page sizes ---- */
static const struct {
    uint8_t mode, level, shift;
    va_t va;
    uint64_t frame, pa;
} formats[] = {
    { MMU_X86_32BIT, 1, 12, 0xc0123456, 0x45000, 0x45456 },
    { MMU_X86_32BIT, 2, 22, 0xc0123456, 0x00c00000, 0x00d23456 },
    { MMU_X86_PAE, 1, 12, 0xc0123456, 0x1200045000, 0x1200045456 },
    { MMU_X86_PAE, 2, 21, 0xc0323456, 0x1200e00000, 0x1200f23456 },
    { MMU_X86_4LEVEL, 1, 12, 0xffff800000123456, 0x45000, 0x45456 },
    { MMU_X86_4LEVEL, 2, 21, 0xffff800000323456, 0xe00000, 0xf23456 },
    { MMU_X86_4LEVEL, 3, 30, 0x00007fff12345678, 0xc0000000, 0xd2345678 },
    { MMU_X86_5LEVEL, 1, 12, 0xff00000000123456, 0x45000, 0x45456 },
    { MMU_X86_5LEVEL, 2, 21, 0x00ff800000323456, 0xe00000, 0xf23456 },
    { MMU_X86_5LEVEL, 3, 30, 0x00ffffff92345678, 0xc0000000, 0xd2345678 },
};

START_TEST(every_format)
{
    struct world w = open_world((enum mmu_x86_mode)formats[_i].mode);
    struct cpu_map map;
    uint32_t error;
    map_page(&w, formats[_i].level, formats[_i].va, formats[_i].frame | RIGHTS | D | G);
    ck_assert_int_eq(walk(&w, formats[_i].va, CPU_STORE, &map, &error), MMU_X86_OK);
    ck_assert_msg(map.pa == formats[_i].pa, "%#llx", (unsigned long long)map.pa);
    ck_assert_uint_eq(map.page_shift, formats[_i].shift);
    ck_assert(map.load && map.store && map.fetch && map.global);
    w.r.global = false; /* CR4.PGE */
    ck_assert_int_eq(walk(&w, formats[_i].va, CPU_LOAD, &map, &error), MMU_X86_OK);
    ck_assert(!map.global);
    w.r.a20 = ~(1ull << 20);
    map_page(&w, formats[_i].level, formats[_i].va, formats[_i].frame | RIGHTS | D);
    ck_assert_int_eq(walk(&w, formats[_i].va, CPU_LOAD, &map, &error), MMU_X86_OK);
    ck_assert_uint_eq(map.pa, formats[_i].pa & ~(1ull << 20));
    close_world(&w);
}
END_TEST

/* An entry that is not present at any level: P 0, whatever else it holds; nothing is set accessed below. */
START_TEST(not_present)
{
    struct world w = open_world((enum mmu_x86_mode)formats[_i].mode);
    va_t va = formats[_i].va;
    for (unsigned level = formats[_i].level; level <= top(&w); level++) {
        map_page(&w, formats[_i].level, va, formats[_i].frame | RIGHTS);
        put(&w, level, va, ~(uint64_t)P);
        w.r.user = false;
        FAULTS(&w, va, CPU_LOAD, 0);
        FAULTS(&w, va, CPU_STORE, MMU_X86_W);
        FAULTS(&w, va, CPU_FETCH, w.r.nxe ? MMU_X86_I : 0);
        w.r.user = true;
        FAULTS(&w, va, CPU_LOAD, MMU_X86_U);
        FAULTS(&w, va, CPU_STORE, MMU_X86_U | MMU_X86_W);
        for (unsigned i = top(&w); i > level; i--)
            if (!(i == 3 && w.r.mode == MMU_X86_PAE))
                ck_assert_uint_eq(get(&w, i, va), TABLE(i - 1) | RIGHTS);
    }
    close_world(&w);
}
END_TEST

/* CR4.PSE = 0: bit 7 of a page-directory entry means nothing, it points at a table. */
START_TEST(no_pse)
{
    struct world w = open_world(MMU_X86_32BIT);
    struct cpu_map map;
    uint32_t error;
    w.r.pse = false;
    map_page(&w, 1, 0x403000, 0x45000 | RIGHTS);
    put(&w, 2, 0x403000, TABLE(1) | RIGHTS | PS);
    ck_assert_int_eq(walk(&w, 0x403000, CPU_LOAD, &map, &error), MMU_X86_OK);
    ck_assert_uint_eq(map.pa, 0x45000);
    ck_assert_uint_eq(get(&w, 2, 0x403000), TABLE(1) | RIGHTS | PS | A); /* ignored, but kept */
    close_world(&w);
}
END_TEST

/* Table 5-4: bits 20:13 are address bits 39:32, as far as there are such; bit 21 and the rest are reserved. */
static const struct {
    bool pse36;
    uint8_t pa_bits;
    uint32_t bits;
    bool reserved;
    uint64_t high;
} pse36[] = {
    { true, 40, 0x1fe000, false, 0xff }, { true, 40, 0x002000, false, 1 }, { true, 40, 0x200000, true, 0 },
    { true, 36, 0x01e000, false, 0xf },  { true, 36, 0x020000, true, 0 },  { true, 36, 0x100000, true, 0 },
    { true, 52, 0x100000, false, 0x80 }, { true, 52, 0x200000, true, 0 },  { true, 32, 0x002000, true, 0 },
    { false, 40, 0x002000, true, 0 },    { false, 40, 0x200000, true, 0 },
};

START_TEST(pse36_addresses)
{
    struct world w = open_world(MMU_X86_32BIT);
    struct cpu_map map;
    uint32_t error;
    w.r.pse36 = pse36[_i].pse36;
    w.r.pa_bits = pse36[_i].pa_bits;
    map_page(&w, 2, 0x80000000, 0x40000000 | pse36[_i].bits | RIGHTS);
    if (pse36[_i].reserved) {
        FAULTS(&w, 0x80000000, CPU_LOAD, MMU_X86_P | MMU_X86_RSVD);
    } else {
        ck_assert_int_eq(walk(&w, 0x80012345, CPU_LOAD, &map, &error), MMU_X86_OK);
        ck_assert_msg(map.pa == (0x40012345 | pse36[_i].high << 32), "%#llx", (unsigned long long)map.pa);
    }
    close_world(&w);
}
END_TEST

/* ---- reserved bits: figures 5-7 and 5-11, with 40 bits of physical address ---- */
static const struct {
    uint8_t mode, leaf, level;
    uint64_t bits;
    bool reserved;
} reserved[] = {
    { MMU_X86_4LEVEL, 1, 4, PS, true },          { MMU_X86_5LEVEL, 1, 5, PS, true },
    { MMU_X86_4LEVEL, 1, 1, 1ull << 40, true },  { MMU_X86_4LEVEL, 1, 1, 1ull << 51, true },
    { MMU_X86_4LEVEL, 1, 1, 1ull << 52, false }, { MMU_X86_4LEVEL, 1, 1, 1ull << 62, false },
    { MMU_X86_4LEVEL, 1, 2, 1ull << 40, true },  { MMU_X86_4LEVEL, 1, 3, 1ull << 45, true },
    { MMU_X86_4LEVEL, 1, 4, 1ull << 51, true },  { MMU_X86_4LEVEL, 1, 4, 1ull << 58, false },
    { MMU_X86_4LEVEL, 2, 2, 1ull << 13, true },  { MMU_X86_4LEVEL, 2, 2, 1ull << 20, true },
    { MMU_X86_4LEVEL, 2, 2, 1ull << 12, false }, { MMU_X86_4LEVEL, 3, 3, 1ull << 13, true },
    { MMU_X86_4LEVEL, 3, 3, 1ull << 29, true },  { MMU_X86_4LEVEL, 3, 3, 1ull << 12, false },
    { MMU_X86_PAE, 1, 1, 1ull << 40, true },     { MMU_X86_PAE, 1, 1, 1ull << 52, true },
    { MMU_X86_PAE, 1, 1, 1ull << 62, true },     { MMU_X86_PAE, 1, 2, 1ull << 59, true },
    { MMU_X86_PAE, 2, 2, 1ull << 13, true },     { MMU_X86_PAE, 2, 2, 1ull << 12, false },
};

START_TEST(reserved_bits)
{
    struct world w = open_world((enum mmu_x86_mode)reserved[_i].mode);
    unsigned level = reserved[_i].level;
    va_t va = 0x40201000;
    map_page(&w, reserved[_i].leaf, va, RIGHTS | 0x40000000);
    put(&w, level, va, get(&w, level, va) | reserved[_i].bits);
    if (!reserved[_i].reserved) {
        WORKS(&w, va, CPU_LOAD);
    } else {
        FAULTS(&w, va, CPU_LOAD, MMU_X86_P | MMU_X86_RSVD);
        w.r.user = true;
        FAULTS(&w, va, CPU_STORE, MMU_X86_P | MMU_X86_RSVD | MMU_X86_U | MMU_X86_W);
        FAULTS(&w, va, CPU_FETCH, MMU_X86_P | MMU_X86_RSVD | MMU_X86_U | MMU_X86_I);
    }
    close_world(&w);
}
END_TEST

START_TEST(reserved_by_feature)
{
    struct world w = open_world(MMU_X86_4LEVEL);
    map_page(&w, 1, 0x1000, RIGHTS | 0x5000 | NX);
    WORKS(&w, 0x1000, CPU_LOAD);
    w.r.nxe = false; /* EFER.NXE = 0: bit 63 is reserved */
    FAULTS(&w, 0x1000, CPU_LOAD, MMU_X86_P | MMU_X86_RSVD);
    FAULTS(&w, 0x1000, CPU_FETCH, MMU_X86_P | MMU_X86_RSVD); /* nor is I told, without SMEP */
    w.r.smep = true;
    FAULTS(&w, 0x1000, CPU_FETCH, MMU_X86_P | MMU_X86_RSVD | MMU_X86_I);
    map_page(&w, 3, 0x1000, RIGHTS);
    w.r.pages1g = false;
    FAULTS(&w, 0x1000, CPU_LOAD, MMU_X86_P | MMU_X86_RSVD);
    close_world(&w);
}
END_TEST

/* ---- rights: 5.6.1, all combinations ---- */
struct page_rights {
    bool user, writable, nx;
};

/* The section's list, sentence by sentence. */
static bool is_allowed(const struct mmu_x86_regime *r, struct page_rights p, enum cpu_access access)
{
    if (!r->user) {
        if (access == CPU_LOAD)
            return !p.user || !r->smap;
        if (access == CPU_STORE) {
            if (!p.user)
                return p.writable || !r->wp;
            return !r->smap && (p.writable || !r->wp);
        }
        if (!p.user)
            return !p.nx;
        return !r->smep && !p.nx;
    }
    if (!p.user)
        return false;
    return access == CPU_LOAD ? true : access == CPU_STORE ? p.writable : !p.nx;
}

START_TEST(rights)
{
    struct world w = open_world(_i % 2 ? MMU_X86_PAE : MMU_X86_4LEVEL);
    unsigned n = (unsigned)_i / 2;
    struct page_rights p = { n & 1, n & 2, n & 4 };
    w.r.user = n & 8;
    w.r.wp = n & 16;
    w.r.smep = n & 32;
    w.r.smap = n & 64;
    w.r.nxe = n & 128;
    p.nx &= w.r.nxe;
    for (unsigned access = 0; access < 3; access++) {
        map_page(&w, 1, 0x201000, 0x5000 | P | D | (p.user ? U : 0) | (p.writable ? W : 0) | (p.nx ? NX : 0));
        unsigned want = MMU_X86_P | (access == CPU_STORE ? MMU_X86_W : 0) | (w.r.user ? MMU_X86_U : 0) |
                        (access == CPU_FETCH && (w.r.nxe || w.r.smep) ? MMU_X86_I : 0);
        if (is_allowed(&w.r, p, (enum cpu_access)access)) {
            struct cpu_map map;
            uint32_t error;
            ck_assert_int_eq(walk(&w, 0x201000, (enum cpu_access)access, &map, &error), MMU_X86_OK);
            ck_assert_int_eq(map.load, is_allowed(&w.r, p, CPU_LOAD));
            ck_assert_int_eq(map.store, is_allowed(&w.r, p, CPU_STORE));
            ck_assert_int_eq(map.fetch, is_allowed(&w.r, p, CPU_FETCH));
        } else {
            FAULTS(&w, 0x201000, (enum cpu_access)access, want);
        }
    }
    close_world(&w);
}
END_TEST

/* R/W and U/S must be 1 in every entry, XD in one is enough. */
START_TEST(rights_of_all_levels)
{
    struct world w = open_world(MMU_X86_5LEVEL);
    for (unsigned level = 1; level <= 5; level++) {
        map_page(&w, 1, 0x1000, 0x5000 | RIGHTS);
        uint64_t e = get(&w, level, 0x1000);
        w.r.user = true;
        put(&w, level, 0x1000, e & ~(uint64_t)W);
        FAULTS(&w, 0x1000, CPU_STORE, MMU_X86_P | MMU_X86_W | MMU_X86_U);
        put(&w, level, 0x1000, e & ~(uint64_t)U);
        FAULTS(&w, 0x1000, CPU_LOAD, MMU_X86_P | MMU_X86_U);
        put(&w, level, 0x1000, e | NX);
        FAULTS(&w, 0x1000, CPU_FETCH, MMU_X86_P | MMU_X86_U | MMU_X86_I);
        WORKS(&w, 0x1000, CPU_LOAD);
    }
    close_world(&w);
}
END_TEST

/* ---- protection keys: 5.6.2 ---- */
START_TEST(protection_keys)
{
    /* _i: AD, WD, user page, user access, WP, key enabled */
    bool ad = _i & 1, wd = _i & 2, page = _i & 4, user = _i & 8, wp = _i & 16, on = _i & 32;
    struct world w = open_world(MMU_X86_4LEVEL);
    unsigned key = 5;
    uint32_t bits = ((ad ? 1u : 0) | (wd ? 2u : 0)) << (2 * key);
    w.r.user = user;
    w.r.wp = wp;
    w.r.pke = page && on;
    w.r.pks = !page && on;
    w.r.pkru = page ? bits : 0xffffffff; /* the other register does not matter */
    w.r.pkrs = page ? 0xffffffff : bits;
    map_page(&w, 1, 0x1000, 0x5000 | P | W | D | (page ? U : 0) | KEY(key));
    for (unsigned access = 0; access < 3; access++) {
        bool allowed = is_allowed(&w.r, (struct page_rights){ page, true, false }, (enum cpu_access)access);
        bool refused = on && ((access != CPU_FETCH && ad) || (access == CPU_STORE && wd && (user || wp)));
        unsigned want = MMU_X86_P | (access == CPU_STORE ? MMU_X86_W : 0) | (user ? MMU_X86_U : 0) |
                        (access == CPU_FETCH ? MMU_X86_I : 0) | (refused ? MMU_X86_PK : 0);
        if (allowed && !refused)
            WORKS(&w, 0x1000, (enum cpu_access)access);
        else
            FAULTS(&w, 0x1000, (enum cpu_access)access, want);
    }
    close_world(&w);
}
END_TEST

/* ---- accessed and dirty: 5.8 ---- */
START_TEST(accessed_and_dirty)
{
    struct world w = open_world((enum mmu_x86_mode)formats[_i].mode);
    va_t va = formats[_i].va;
    unsigned leaf = formats[_i].level;
    struct cpu_map map;
    uint32_t error;
    map_page(&w, leaf, va, formats[_i].frame | RIGHTS);
    ck_assert_int_eq(mmu_x86_walk(&w.r, va, 1, CPU_STORE, true, &map, &error), MMU_X86_OK); /* a debugger */
    ck_assert_uint_eq(get(&w, leaf, va) & (A | D), 0);
    ck_assert_int_eq(walk(&w, va, CPU_LOAD, &map, &error), MMU_X86_OK);
    ck_assert(!map.store); /* the first store is to be seen */
    for (unsigned i = leaf; i <= top(&w); i++)
        if (!(i == 3 && w.r.mode == MMU_X86_PAE))
            ck_assert_uint_eq(get(&w, i, va) & (A | D), A);
    ck_assert_int_eq(walk(&w, va, CPU_STORE, &map, &error), MMU_X86_OK);
    ck_assert(map.store);
    ck_assert_uint_eq(get(&w, leaf, va) & (A | D), A | D);
    if (top(&w) != leaf && !(top(&w) == 3 && w.r.mode == MMU_X86_PAE))
        ck_assert_uint_eq(get(&w, top(&w), va) & D, 0);
    /* None is set by an access that faults */
    map_page(&w, leaf, va, formats[_i].frame | P);
    w.r.user = true;
    FAULTS(&w, va, CPU_STORE, MMU_X86_P | MMU_X86_W | MMU_X86_U);
    ck_assert_uint_eq(get(&w, leaf, va) & (A | D), 0);
    close_world(&w);
}
END_TEST

/* ---- others ---- */

/* Tables on an empty bus read as ones: present, with reserved bits. */
START_TEST(tables_nowhere)
{
    struct world w = open_world(MMU_X86_4LEVEL);
    w.r.cr3 = 0x80000000;
    FAULTS(&w, 0x1000, CPU_LOAD, MMU_X86_P | MMU_X86_RSVD);
    w.r.mode = MMU_X86_32BIT; /* a 4 MiB page at the end, whose bit 21 is reserved */
    FAULTS(&w, 0x1000, CPU_LOAD, MMU_X86_P | MMU_X86_RSVD);
    close_world(&w);
}
END_TEST

START_TEST(no_paging)
{
    struct world w = open_world(MMU_X86_OFF);
    struct cpu_map map;
    uint32_t error;
    w.r.user = true;
    ck_assert_int_eq(walk(&w, 0xfffff123, CPU_STORE, &map, &error), MMU_X86_OK);
    ck_assert_uint_eq(map.pa, 0xfffff123);
    w.r.a20 = ~(1ull << 20);
    ck_assert_int_eq(walk(&w, 0xfffff123, CPU_STORE, &map, &error), MMU_X86_OK);
    ck_assert_uint_eq(map.pa, 0xffeff123);
    close_world(&w);
}
END_TEST

/* Guest-physical addresses lie 64 KiB lower than the memory behind them. */
static bool shifted(void *arg, uint64_t gpa, enum cpu_access access, bool on_walk, struct cpu_map *map)
{
    (void)arg, (void)access, (void)on_walk;
    map->pa = gpa + 0x10000;
    map->load = map->store = map->fetch = true;
    map->page_shift = 12;
    return true;
}

/* Flags are set where the entries were read. */
START_TEST(second_stage)
{
    struct world w = open_world(MMU_X86_4LEVEL);
    struct cpu_map map;
    uint32_t error;
    map_page(&w, 1, 0x1000, 0x5000 | RIGHTS);
    memcpy(w.ram->host + 0x10000, w.ram->host, 0x8000);
    memset(w.ram->host, 0, 0x8000);
    memset(w.ram->host + 0x20000, 0, 0x8000);
    w.r.nested = shifted;
    ck_assert_int_eq(walk(&w, 0x1000, CPU_STORE, &map, &error), MMU_X86_OK);
    ck_assert_uint_eq(map.pa, 0x15000);
    ck_assert_uint_eq(ld_le64(entry_at(&w, 1, 0x1000) + 0x10000), 0x5000 | RIGHTS | A | D);
    ck_assert_uint_eq(ld_le64(entry_at(&w, 4, 0x1000) + 0x10000), TABLE(3) | RIGHTS | A);
    ck_assert_uint_eq(ld_le64(entry_at(&w, 1, 0x1000) + 0x20000), 0);
    close_world(&w);
}
END_TEST

/* ---- walks kept in mind ---- */
static uint64_t next_random(uint64_t *state)
{
    *state += 0x9e3779b97f4a7c15ull;
    return hash_mix(*state);
}

static bool same_map(const struct cpu_map *a, const struct cpu_map *b)
{
    return a->pa == b->pa && a->page_shift == b->page_shift && a->load == b->load && a->store == b->store &&
           a->fetch == b->fetch && a->global == b->global && a->no_cache == b->no_cache;
}

/*
 * What is recalled is what a walk finds, and that walk has nothing to write; and a walk that begins at a table kept in mind
 * is as one from the root: whatever changed in between.
 */
START_TEST(recalled_walks_are_walks)
{
    static struct mmu_x86_notes notes;
    struct world w = open_world(_i % 2 ? MMU_X86_5LEVEL : MMU_X86_4LEVEL);
    struct mem_region *hole;
    struct err e;
    uint64_t seed = (uint64_t)_i;
    unsigned recalled = 0;
    memset(&notes, 0, sizeof(notes));
    ck_assert_int_eq(mem_add_rom(w.space, "elsewhere", 0, w.ram, 0x10000, 0x8000, 1, NULL, NULL, &hole, &e), 0);
    mem_enable_region(w.space, hole, false);
    map_page(&w, 1, 0, 0x5000 | RIGHTS);
    for (unsigned n = 0; n < 40000; n++) {
        uint64_t what = next_random(&seed);
        va_t va = (what >> 8 & 15) << 12 | (what >> 12 & 0xfff);
        enum cpu_access access = (enum cpu_access)((what >> 24) % 3);
        if (what % 8 == 0)
            put(&w, 1, va, (what >> 32 & 0xf) << 12 | (what >> 36 & (W | U | A | D | G)) | ((what >> 48 & 15) ? P : 0) |
                               (what >> 60 ? 0 : NX) | (what >> 52 & 31 ? 0 : BIT(51)) | KEY(what >> 57 & 3));
        if (what % 1024 == 1)
            put(&w, 1 + (unsigned)(what >> 40) % top(&w), va, next_random(&seed) & (RIGHTS | A));
        if (what % 1024 == 2 || hole->enabled)
            mem_enable_region(w.space, hole, !hole->enabled);
        if (what % 256 == 3)
            map_page(&w, 1, va, 0x6000 | RIGHTS);
        w.r.user = what >> 5 & 1;
        w.r.notes = &notes;
        w.r.key = what >> 6 & 1 ? 1 + w.r.user : 0; /* 0: by tables alone */
        w.r.pke = _i >= 2;
        w.r.pkru = 0x24; /* key 1: AD, key 2: WD */
        struct cpu_map a = { .size = 1 }, b;
        static uint8_t before[0x8000], after[0x8000];
        uint32_t error = 0, whole_error = 0;
        bool known = w.r.key != 0 && mmu_x86_recall(&notes, w.space, w.r.key, w.r.cr3, va, access, &a);
        memcpy(before, w.ram->host, sizeof(before));
        enum mmu_x86_fault fault = walk(&w, va, access, &b, &error);
        memcpy(after, w.ram->host, sizeof(after));
        struct cpu_map whole;
        w.r.notes = NULL;
        memcpy(w.ram->host, before, sizeof(before));
        ck_assert_int_eq(walk(&w, va, access, &whole, &whole_error), fault);
        ck_assert_uint_eq(error, whole_error);
        ck_assert(fault != MMU_X86_OK || same_map(&b, &whole));
        ck_assert_int_eq(memcmp(after, w.ram->host, sizeof(after)), 0);
        if (!known)
            continue;
        recalled++;
        ck_assert_int_eq(fault, MMU_X86_OK);
        ck_assert(same_map(&a, &b));
        ck_assert_int_eq(memcmp(before, w.ram->host, sizeof(before)), 0);
    }
    ck_assert_uint_gt(recalled, 1000);
    close_world(&w);
}
END_TEST

/* Table 5-8: bits 2:1, 8:5 and above the address; of entries that are present. */
START_TEST(pdptes)
{
    for (unsigned bit = 1; bit < 64; bit++) {
        bool good = bit == 3 || bit == 4 || (bit >= 9 && bit < 40);
        uint64_t e[4] = { 0, 0, 1 | 1ull << bit, 0 };
        ck_assert_msg(mmu_x86_pdptes_ok(e, 40) == good, "bit %u", bit);
        e[2] &= ~1ull;
        ck_assert(mmu_x86_pdptes_ok(e, 40));
    }
}
END_TEST

START_TEST(canonical)
{
    ck_assert(mmu_x86_canonical(0x00007fffffffffff, false) && mmu_x86_canonical(0xffff800000000000, false));
    ck_assert(!mmu_x86_canonical(0x0000800000000000, false) && !mmu_x86_canonical(0xffff7fffffffffff, false));
    ck_assert(mmu_x86_canonical(0x00ffffffffffffff, true) && mmu_x86_canonical(0xff00000000000000, true));
    ck_assert(!mmu_x86_canonical(0x0100000000000000, true) && !mmu_x86_canonical(0xfeffffffffffffff, true));
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("x86 paging");
    TCase *t = tcase_create("walk");
    tcase_add_loop_test(t, every_format, 0, (int)ARRAY_LEN(formats));
    tcase_add_loop_test(t, not_present, 0, (int)ARRAY_LEN(formats));
    tcase_add_test(t, no_pse);
    tcase_add_loop_test(t, pse36_addresses, 0, (int)ARRAY_LEN(pse36));
    tcase_add_loop_test(t, reserved_bits, 0, (int)ARRAY_LEN(reserved));
    tcase_add_test(t, reserved_by_feature);
    tcase_add_loop_test(t, rights, 0, 512);
    tcase_add_test(t, rights_of_all_levels);
    tcase_add_loop_test(t, protection_keys, 0, 64);
    tcase_add_loop_test(t, accessed_and_dirty, 0, (int)ARRAY_LEN(formats));
    tcase_add_test(t, tables_nowhere);
    tcase_add_test(t, no_paging);
    tcase_add_test(t, second_stage);
    tcase_add_loop_test(t, recalled_walks_are_walks, 0, 4);
    tcase_add_test(t, pdptes);
    tcase_add_test(t, canonical);
    suite_add_tcase(s, t);
    return s;
}
