/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The RISC-V walker and PMP against tables derived from the privileged ISA: supervisor
 * level, "Virtual Address Translation Process", Svnapot, Svpbmt, Svade/Svadu; machine
 * level, "Physical Memory Protection"; Smepmp, "mseccfg.MML" truth table.
 */
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include "mmu/riscv.h"
#include "test/check_main.h"
#include <string.h>

#define BASE  0x80000000ull
#define SIZE  (1u << 20)
#define TABLE(level) (BASE + 0x1000 * (uint64_t)(level)) /* the table whose entries are of `level` */

enum { V = 1, R = 2, W = 4, X = 8, U = 16, G = 32, A = 64, D = 128 };
#define N    BIT(63)
#define PBMT(n) ((uint64_t)(n) << 61)

struct world {
    struct mem_space *space;
    struct mem_ram *ram;
    struct mmu_rv_regime r;
};

static struct world open_world(void)
{
    struct world w = { 0 };
    struct err e;
    ck_assert_int_eq(mem_ram_create(&w.ram, "ram", SIZE, &e), 0);
    w.space = mem_space_create("test");
    ck_assert_int_eq(mem_add_ram(w.space, "ram", BASE, w.ram, 0, SIZE, 0, NULL, &e), 0);
    w.r = (struct mmu_rv_regime){ .memory = w.space, .privilege = 1 };
    return w;
}

static void close_world(struct world *w)
{
    mem_space_destroy(w->space);
    mem_ram_destroy(w->ram);
}

static uint64_t *pte_at(struct world *w, unsigned level, va_t va)
{
    uint64_t at = TABLE(level) - BASE + (va >> (12 + 9 * level) & 0x1ff) * 8;
    return (uint64_t *)(void *)(w->ram->host + at);
}

static uint64_t pointer(unsigned level)
{
    return TABLE(level) >> 12 << 10 | V;
}

static uint64_t leaf(pa_t pa, uint64_t bits)
{
    return pa >> 12 << 10 | bits;
}

/* Tables for `mode` down to a leaf at `level`. */
static void map_page(struct world *w, unsigned mode, unsigned level, va_t va, uint64_t pte)
{
    unsigned levels = mode - 5;
    memset(w->ram->host, 0, 0x8000);
    for (unsigned i = levels - 1; i > level; i--)
        *pte_at(w, i, va) = pointer(i - 1);
    *pte_at(w, level, va) = pte;
    w->r.satp = (uint64_t)mode << 60 | TABLE(levels - 1) >> 12;
}

static enum mmu_rv_fault walk(struct world *w, va_t va, enum cpu_access access, struct cpu_map *map)
{
    return mmu_rv_walk(&w->r, va, 1, access, false, map);
}

/* ---- every level and mode ---- */

START_TEST(each_level_of_each_mode)
{
    struct world w = open_world();
    struct cpu_map map;
    for (unsigned mode = 8; mode <= 10; mode++)
        for (unsigned level = 0; level < mode - 5; level++) {
            unsigned shift = 12 + 9 * level;
            va_t va = 0x123456789abcdefull & (BIT(12 + 9 * (mode - 5) - 1) - 1);
            pa_t frame = 3ull << shift;
            map_page(&w, mode, level, va, leaf(frame, V | R | W | X | A | D | G));
            ck_assert_int_eq(walk(&w, va, CPU_STORE, &map), MMU_RV_OK);
            ck_assert_uint_eq(map.pa, frame | (va & (BIT(shift) - 1)));
            ck_assert_uint_eq(map.page_shift, shift);
            ck_assert(map.load && map.store && map.fetch && map.global && !map.no_cache);
            /* Any low PPN bit set: a misaligned superpage */
            for (unsigned bit = 12; bit < shift; bit++) {
                map_page(&w, mode, level, va, leaf(frame | BIT(bit), V | R | A));
                ck_assert_int_eq(walk(&w, va, CPU_LOAD, &map), MMU_RV_PAGE_FAULT);
            }
            /* A pointer at the last level, or to a table that is not there */
            if (level == 0) {
                map_page(&w, mode, 0, va, leaf(frame, V));
                ck_assert_int_eq(walk(&w, va, CPU_LOAD, &map), MMU_RV_PAGE_FAULT);
            } else {
                map_page(&w, mode, level, va, leaf(0x40000000, V));
                ck_assert_int_eq(walk(&w, va, CPU_LOAD, &map), MMU_RV_ACCESS_FAULT);
            }
        }
    close_world(&w);
}
END_TEST

START_TEST(addresses_must_be_canonical)
{
    static const struct { unsigned mode; va_t va; bool ok; } rows[] = {
        { 8, 0x0000003ffffff000, true },   { 8, 0x0000004000000000, false },
        { 8, 0xffffffc000000000, true },   { 8, 0xffffffbffffff000, false },
        { 9, 0x00007ffffffff000, true },   { 9, 0x0000800000000000, false },
        { 9, 0xffff800000000000, true },   { 9, 0xffff7ffffffff000, false },
        { 10, 0x00fffffffffff000, true },  { 10, 0x0100000000000000, false },
        { 10, 0xff00000000000000, true },  { 10, 0xfefffffffffff000, false },
    };
    struct world w = open_world();
    struct cpu_map map;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        map_page(&w, rows[i].mode, 0, rows[i].va, leaf(BASE, V | R | A));
        ck_assert_msg((walk(&w, rows[i].va, CPU_LOAD, &map) == MMU_RV_OK) == rows[i].ok,
                      "mode %u %#llx", rows[i].mode, (unsigned long long)rows[i].va);
    }
    close_world(&w);
}
END_TEST

/* ---- permissions ---- */

/* Steps 2, 5 of the process, for every value of R W X U and every kind of access. */
START_TEST(permissions_follow_the_bits)
{
    struct world w = open_world();
    for (unsigned bits = 0; bits < 16; bits++)
        for (unsigned how = 0; how < 3 * 2 * 2 * 2; how++) {
            enum cpu_access access = (enum cpu_access)(how % 3);
            bool r = bits & 1, wr = bits & 2, x = bits & 4, u = bits & 8;
            w.r.privilege = how / 3 & 1;
            w.r.sum = how / 6 & 1;
            w.r.mxr = how / 12 & 1;
            map_page(&w, 8, 0, 0x5000, leaf(BASE + 0x5000, V | A | D | bits << 1));
            bool ok = (r || x) && !(wr && !r); /* else no leaf, or reserved */
            ok = ok && (access == CPU_FETCH ? x : access == CPU_STORE ? wr : r || (w.r.mxr && x));
            if (w.r.privilege == 0)
                ok = ok && u;
            else if (u)
                ok = ok && w.r.sum && access != CPU_FETCH;
            struct cpu_map map;
            ck_assert_msg((walk(&w, 0x5123, access, &map) == MMU_RV_OK) == ok,
                          "RWXU %#x access %d priv %d sum %d mxr %d", bits, access, w.r.privilege,
                          w.r.sum, w.r.mxr);
        }
    close_world(&w);
}
END_TEST

/* Bits that are reserved fault, at the leaf and in pointers; a clear V hides everything. */
START_TEST(reserved_bits_fault)
{
    static const struct { unsigned level; uint64_t pte; bool pbmte, napot; enum mmu_rv_fault want; } rows[] = {
        { 0, R | A, false, false, MMU_RV_PAGE_FAULT },                  /* V = 0 */
        { 0, V | R | A | BIT(54), false, false, MMU_RV_PAGE_FAULT },
        { 0, V | R | A | BIT(60), false, false, MMU_RV_PAGE_FAULT },
        { 0, V | R | A | BIT(8), false, false, MMU_RV_OK },             /* RSW: software's */
        { 0, V | R | A | BIT(9), false, false, MMU_RV_OK },
        { 0, V | R | A | PBMT(1), false, false, MMU_RV_PAGE_FAULT },    /* Svpbmt off */
        { 0, V | R | A | PBMT(1), true, false, MMU_RV_OK },
        { 0, V | R | A | PBMT(2), true, false, MMU_RV_OK },
        { 0, V | R | A | PBMT(3), true, false, MMU_RV_PAGE_FAULT },
        { 1, V | PBMT(1), true, false, MMU_RV_PAGE_FAULT },             /* pointers */
        { 1, V | A, true, true, MMU_RV_PAGE_FAULT },
        { 1, V | D, true, true, MMU_RV_PAGE_FAULT },
        { 1, V | U, true, true, MMU_RV_PAGE_FAULT },
        { 1, V | N, true, true, MMU_RV_PAGE_FAULT },
    };
    struct world w = open_world();
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct cpu_map map;
        w.r.pbmte = rows[i].pbmte;
        w.r.napot = rows[i].napot;
        uint64_t pte = rows[i].level != 0 ? rows[i].pte | TABLE(0) >> 12 << 10
                                          : leaf(BASE, rows[i].pte);
        map_page(&w, 8, rows[i].level, 0x5000, pte);
        if (rows[i].level != 0)
            *pte_at(&w, 0, 0x5000) = leaf(BASE, V | R | A);
        ck_assert_msg(walk(&w, 0x5000, CPU_LOAD, &map) == rows[i].want, "row %zu", i);
    }
    close_world(&w);
}
END_TEST

/* Svnapot: at level 0 with PPN[3:0] = 1000, the page is 64 KiB. */
START_TEST(napot_pages)
{
    struct world w = open_world();
    struct cpu_map map;
    w.r.napot = true;
    for (uint64_t low = 0; low < 16; low++) {
        va_t va = 0x7b123;
        map_page(&w, 8, 0, va, leaf(0x90000000 | low << 12, V | R | A | N));
        enum mmu_rv_fault f = walk(&w, va, CPU_LOAD, &map);
        ck_assert_int_eq(f, low == 8 ? MMU_RV_OK : MMU_RV_PAGE_FAULT);
        if (low == 8) {
            ck_assert_uint_eq(map.pa, 0x9000b123);
            ck_assert_uint_eq(map.page_shift, 16);
        }
    }
    map_page(&w, 8, 1, 0x200000, leaf(0x90000000 | 8 << 12, V | R | A | N));
    ck_assert_int_eq(walk(&w, 0x200000, CPU_LOAD, &map), MMU_RV_PAGE_FAULT);
    w.r.napot = false;
    map_page(&w, 8, 0, 0x5000, leaf(0x90008000, V | R | A | N));
    ck_assert_int_eq(walk(&w, 0x5000, CPU_LOAD, &map), MMU_RV_PAGE_FAULT);
    close_world(&w);
}
END_TEST

/* ---- A and D ---- */

static const struct { unsigned ad; enum cpu_access access; bool svade_ok; unsigned after; } ad_rows[] = {
    { 0, CPU_LOAD, false, A },      { A, CPU_LOAD, true, A },      { A | D, CPU_LOAD, true, A | D },
    { 0, CPU_FETCH, false, A },     { A, CPU_FETCH, true, A },     { D, CPU_LOAD, false, A | D },
    { 0, CPU_STORE, false, A | D }, { A, CPU_STORE, false, A | D }, { D, CPU_STORE, false, A | D },
    { A | D, CPU_STORE, true, A | D },
};

START_TEST(accessed_and_dirty)
{
    struct world w = open_world();
    for (size_t i = 0; i < ARRAY_LEN(ad_rows); i++) {
        struct cpu_map map;
        uint64_t pte = leaf(BASE + 0x9000, V | R | W | X | ad_rows[i].ad);
        map_page(&w, 9, 0, 0x5000, pte);
        w.r.adue = false; /* Svade */
        ck_assert_int_eq(walk(&w, 0x5000, ad_rows[i].access, &map),
                         ad_rows[i].svade_ok ? MMU_RV_OK : MMU_RV_PAGE_FAULT);
        ck_assert_uint_eq(*pte_at(&w, 0, 0x5000), pte);
        w.r.adue = true; /* Svadu; a probe changes nothing */
        ck_assert_int_eq(mmu_rv_walk(&w.r, 0x5000, 1, ad_rows[i].access, true, &map), MMU_RV_OK);
        ck_assert_uint_eq(*pte_at(&w, 0, 0x5000), pte);
        ck_assert_int_eq(walk(&w, 0x5000, ad_rows[i].access, &map), MMU_RV_OK);
        ck_assert_uint_eq(*pte_at(&w, 0, 0x5000), pte | ad_rows[i].after);
        ck_assert(map.store == ((ad_rows[i].after & D) != 0)); /* never cached before D is set */
    }
    close_world(&w);
}
END_TEST

/* ---- PMP ---- */

static void set_pmp(struct mmu_rv_pmp *p, unsigned i, uint8_t cfg, uint64_t addr)
{
    p->cfg[i] = cfg;
    p->addr[i] = addr;
    mmu_rv_pmp_compile(p);
}

/* As the fields are now. */
static bool allows(struct mmu_rv_pmp *p, uint8_t privilege, pa_t pa, unsigned size,
                   enum cpu_access access)
{
    mmu_rv_pmp_compile(p);
    return mmu_rv_pmp_allows(p, privilege, pa, size, access);
}
enum { PR = 1, PW = 2, PX = 4, TOR = 1 << 3, NA4 = 2 << 3, NAPOT = 3 << 3, LOCK = 0x80 };

/* Address matching: which bytes an entry covers (first and last), as the modes define them. */
START_TEST(pmp_matching)
{
    static const struct { uint8_t mode; uint64_t before, addr; pa_t first, last; } rows[] = {
        { NA4, 0, 0x20000000, 0x80000000, 0x80000003 },
        { NAPOT, 0, 0x20000000, 0x80000000, 0x80000007 },           /* yyyy...yyy0: 8 bytes */
        { NAPOT, 0, 0x20000001, 0x80000000, 0x8000000f },           /* ...y01: 16 */
        { NAPOT, 0, 0x200001ff, 0x80000000, 0x80000fff },           /* 4 KiB */
        { NAPOT, 0, 0x2000ffff, 0x80000000, 0x8007ffff },           /* 512 KiB */
        { TOR, 0x20000000, 0x20000400, 0x80000000, 0x80000fff },
        { TOR, 0x20000001, 0x20000003, 0x80000004, 0x8000000b },
        { TOR, 0, 0x20000000, 0, 0x7fffffff },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct mmu_rv_pmp p = { .count = 16 };
        p.addr[0] = rows[i].before;
        set_pmp(&p, 1, rows[i].mode | PR, rows[i].addr);
        ck_assert(allows(&p, 1, rows[i].first, 1, CPU_LOAD));
        ck_assert(allows(&p, 1, rows[i].last, 1, CPU_LOAD));
        ck_assert(!allows(&p, 1, rows[i].last + 1, 1, CPU_LOAD));
        if (rows[i].first != 0)
            ck_assert(!allows(&p, 1, rows[i].first - 1, 1, CPU_LOAD));
        ck_assert(!allows(&p, 1, rows[i].last, 2, CPU_LOAD)); /* not all bytes */
        ck_assert(!allows(&p, 1, rows[i].first, 1, CPU_STORE));
    }
    /* All ones is everything; an empty TOR range matches nothing. */
    struct mmu_rv_pmp p = { .count = 16 };
    set_pmp(&p, 0, NAPOT | PR, UINT64_MAX >> 10);
    ck_assert(allows(&p, 0, 0x123456789000, 8, CPU_LOAD));
    set_pmp(&p, 0, 0, 0x20000400);
    set_pmp(&p, 1, TOR | PR, 0x20000000);
    ck_assert(!allows(&p, 0, 0x80000000, 8, CPU_LOAD));
}
END_TEST

START_TEST(pmp_priority_and_defaults)
{
    struct mmu_rv_pmp p = { .count = 0 };
    ck_assert(allows(&p, 0, 0x1000, 8, CPU_STORE)); /* no PMP at all */
    p.count = 16;
    ck_assert(!allows(&p, 0, 0x1000, 8, CPU_STORE)); /* entries exist, none matches */
    ck_assert(allows(&p, 3, 0x1000, 8, CPU_STORE));
    set_pmp(&p, 0, NAPOT | PR, 0x20000000);         /* 8 bytes read-only... */
    set_pmp(&p, 1, NAPOT | PR | PW | PX, 0x200001ff); /* ...in 4 KiB of anything */
    ck_assert(!allows(&p, 1, 0x80000000, 4, CPU_STORE)); /* the lowest number wins */
    ck_assert(allows(&p, 1, 0x80000008, 4, CPU_STORE));
    ck_assert(!allows(&p, 1, 0x80000006, 4, CPU_LOAD)); /* partly in entry 0: fails */
    ck_assert(allows(&p, 3, 0x80000000, 4, CPU_STORE)); /* M is free of unlocked entries */
    p.cfg[0] |= LOCK;
    ck_assert(!allows(&p, 3, 0x80000000, 4, CPU_STORE));
    ck_assert(allows(&p, 3, 0x80000000, 4, CPU_LOAD));
}
END_TEST

/* Smepmp 1.0, the truth table of MML = 1: L R W X, what M may, what S and U may. */
static const struct { const char *lrwx, *m, *su; } mml_rows[] = {
    { "0000", "", "" },    { "0001", "", "X" },    { "0010", "RW", "R" },  { "0011", "RW", "RW" },
    { "0100", "", "R" },   { "0101", "", "RX" },   { "0110", "", "RW" },   { "0111", "", "RWX" },
    { "1000", "", "" },    { "1001", "X", "" },    { "1010", "X", "X" },   { "1011", "RX", "X" },
    { "1100", "R", "" },   { "1101", "RX", "" },   { "1110", "RW", "" },   { "1111", "R", "R" },
};

START_TEST(smepmp_truth_table)
{
    static const char letters[] = { [CPU_LOAD] = 'R', [CPU_STORE] = 'W', [CPU_FETCH] = 'X' };
    const char *b = mml_rows[_i].lrwx;
    struct mmu_rv_pmp p = { .count = 16, .mml = true };
    set_pmp(&p, 0, (uint8_t)(NAPOT | (b[0] - '0') << 7 | (b[1] - '0') | (b[2] - '0') << 1 |
                             (b[3] - '0') << 2), 0x200001ff);
    for (int a = CPU_LOAD; a <= CPU_FETCH; a++) {
        bool m = strchr(mml_rows[_i].m, letters[a]) != NULL;
        bool su = strchr(mml_rows[_i].su, letters[a]) != NULL;
        ck_assert_msg(allows(&p, 3, BASE, 4, (enum cpu_access)a) == m, "%s M %c", b,
                      letters[a]);
        ck_assert_msg(allows(&p, 1, BASE, 4, (enum cpu_access)a) == su, "%s S %c", b,
                      letters[a]);
        ck_assert(allows(&p, 0, BASE, 4, (enum cpu_access)a) == su);
    }
}
END_TEST

/* Without a matching entry: M with MML may not execute, with MMWP nothing. */
START_TEST(smepmp_no_match)
{
    struct mmu_rv_pmp p = { .count = 16, .mml = true };
    ck_assert(allows(&p, 3, BASE, 4, CPU_LOAD));
    ck_assert(allows(&p, 3, BASE, 4, CPU_STORE));
    ck_assert(!allows(&p, 3, BASE, 4, CPU_FETCH));
    p.mmwp = true;
    ck_assert(!allows(&p, 3, BASE, 4, CPU_LOAD));
    p.mml = false;
    ck_assert(!allows(&p, 3, BASE, 4, CPU_FETCH));
    ck_assert(!allows(&p, 1, BASE, 4, CPU_LOAD));
}
END_TEST

/* PMP in walks: on the tables with S privilege, on the page, and split inside the page. */
START_TEST(pmp_and_pages)
{
    struct world w = open_world();
    struct mmu_rv_pmp p = { .count = 16 };
    struct cpu_map map;
    w.r.pmp = &p;
    map_page(&w, 8, 0, 0x5000, leaf(BASE + 0x9000, V | R | W | A | D));
    set_pmp(&p, 1, NAPOT | PR | PW | PX, 0x2000ffff); /* 512 KiB from BASE */
    ck_assert_int_eq(walk(&w, 0x5000, CPU_STORE, &map), MMU_RV_OK);
    ck_assert(map.load && map.store && !map.fetch && !map.no_cache);
    set_pmp(&p, 0, NAPOT | PW, TABLE(1) >> 2 | 0x1ff); /* a table that cannot be read */
    ck_assert_int_eq(walk(&w, 0x5000, CPU_LOAD, &map), MMU_RV_ACCESS_FAULT);
    set_pmp(&p, 0, NAPOT | PR, (BASE + 0x9000) >> 2 | 0x1ff); /* the page, read-only */
    ck_assert_int_eq(walk(&w, 0x5000, CPU_STORE, &map), MMU_RV_ACCESS_FAULT);
    ck_assert_int_eq(walk(&w, 0x5000, CPU_LOAD, &map), MMU_RV_OK);
    ck_assert(map.load && !map.store && !map.no_cache);
    set_pmp(&p, 0, NA4, (BASE + 0x9800) >> 2); /* four bytes of it taken away */
    ck_assert_int_eq(walk(&w, 0x57fc, CPU_LOAD, &map), MMU_RV_OK);
    ck_assert(map.no_cache);
    ck_assert_int_eq(walk(&w, 0x5800, CPU_LOAD, &map), MMU_RV_ACCESS_FAULT);
    ck_assert_int_eq(mmu_rv_walk(&w.r, 0x57fc, 8, CPU_LOAD, false, &map), MMU_RV_ACCESS_FAULT);
    ck_assert_int_eq(mmu_rv_walk(&w.r, 0x57fc, 4, CPU_LOAD, false, &map), MMU_RV_OK);
    /* Svadu writes its PTE with S privilege. */
    w.r.adue = true;
    *pte_at(&w, 0, 0x5000) = leaf(BASE + 0x9000, V | R | W);
    set_pmp(&p, 0, NAPOT | PR, TABLE(0) >> 2 | 0x1ff);
    ck_assert_int_eq(walk(&w, 0x5000, CPU_LOAD, &map), MMU_RV_ACCESS_FAULT);
    close_world(&w);
}
END_TEST

START_TEST(bare_and_machine)
{
    struct world w = open_world();
    struct cpu_map map;
    ck_assert_int_eq(walk(&w, 0x123456789, CPU_FETCH, &map), MMU_RV_OK);
    ck_assert_uint_eq(map.pa, 0x123456789);
    w.r.satp = 8ull << 60;
    w.r.privilege = 3;
    ck_assert_int_eq(walk(&w, 0x123456789, CPU_STORE, &map), MMU_RV_OK);
    ck_assert_uint_eq(map.pa, 0x123456789);
    close_world(&w);
}
END_TEST

/* satp is WARL, but may come from a snapshot: what is no mode maps nothing. */
START_TEST(reserved_modes_map_nothing)
{
    struct world w = open_world();
    struct cpu_map map;
    for (uint64_t mode = 1; mode < 16; mode++) {
        if (mode >= 8 && mode <= 10)
            continue;
        w.r.satp = mode << 60 | TABLE(2) >> 12;
        ck_assert_int_eq(walk(&w, 0, CPU_LOAD, &map), MMU_RV_PAGE_FAULT);
        ck_assert_int_eq(mmu_rv_walk(&w.r, 0, 1, CPU_LOAD, true, &map), MMU_RV_PAGE_FAULT);
    }
    close_world(&w);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("mmu.riscv");
    TCase *t = tcase_create("walk");
    tcase_add_test(t, each_level_of_each_mode);
    tcase_add_test(t, addresses_must_be_canonical);
    tcase_add_test(t, permissions_follow_the_bits);
    tcase_add_test(t, reserved_bits_fault);
    tcase_add_test(t, napot_pages);
    tcase_add_test(t, accessed_and_dirty);
    tcase_add_test(t, bare_and_machine);
    tcase_add_test(t, reserved_modes_map_nothing);
    tcase_add_test(t, pmp_matching);
    tcase_add_test(t, pmp_priority_and_defaults);
    tcase_add_loop_test(t, smepmp_truth_table, 0, ARRAY_LEN(mml_rows));
    tcase_add_test(t, smepmp_no_match);
    tcase_add_test(t, pmp_and_pages);
    suite_add_tcase(s, t);
    return s;
}
