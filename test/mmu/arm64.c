/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The walker against a description of VMSAv8-64 of our own (Arm DDI 0487, D8): a table of
 * granules and address sizes says how descriptors are laid out; for each, page tables are
 * built for every start level and leaf level, and walked whole, then with one thing wrong
 * at each level. Nothing here was taken from what the walker answered.
 */
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include "mmu/arm64.h"
#include "test/check_main.h"
#include <string.h>

/* ---- the description ---- */

enum flavour { PLAIN, LVA, LPA, LPA2 };
static const char *const flavour_names[] = { "48-bit", "LVA", "LPA", "LPA2" };

struct layout {
    unsigned gran;          /* log2 of the granule */
    enum flavour flavour;
    unsigned va, oa;        /* largest input and output sizes */
    int first_block;        /* lowest-numbered level that has blocks */
};
static const struct layout layouts[] = {
    { 12, PLAIN, 48, 48, 1 }, { 14, PLAIN, 48, 48, 2 }, { 16, PLAIN, 48, 48, 2 },
    { 16, LVA, 52, 48, 2 },   { 16, LPA, 52, 52, 1 },   { 12, LPA2, 52, 52, 0 },
    { 14, LPA2, 52, 52, 1 },
};

static unsigned stride(const struct layout *l) { return l->gran - 3; }
static unsigned shift_of(const struct layout *l, int level)
{
    return l->gran + (unsigned)(3 - level) * stride(l);
}
/* The first level of a walk of `bits` of input: as few levels as resolve them. */
static int start_of(const struct layout *l, unsigned bits)
{
    int level = 3;
    while (shift_of(l, level) + stride(l) < bits)
        level--;
    return level;
}

/* Where bits 51:48 of an address go (D8.3.1). */
static uint64_t encode_oa(const struct layout *l, uint64_t oa)
{
    uint64_t low = oa & ((1ull << 48) - 1);
    if (l->flavour == LPA2)
        return (oa & ((1ull << 50) - 1)) | (oa >> 50 & 3) << 8;
    if (l->flavour == LPA)
        return low | (oa >> 48 & 0xf) << 12;
    return low;
}
static uint64_t encode_ttbr(const struct layout *l, uint64_t base)
{
    if (l->flavour == LPA2 || l->flavour == LPA)
        return (base & ((1ull << 48) - 1)) | (base >> 48 & 0xf) << 2;
    return base;
}

enum { VALID = 1, TABLE = 2, PAGE = 2, AP_USER = 1 << 6, AP_RO = 1 << 7, AF = 1 << 10, NG = 1 << 11 };
#define PXN (1ull << 53)
#define UXN (1ull << 54)
#define DBM (1ull << 51)

/* ---- a world: two RAM blocks, one of them above 48 bits ---- */

enum { RAM_SIZE = 4 << 20 };
#define LOW  0x80000000ull
#define HIGH 0xF800000000000ull

struct world {
    struct mem_space *memory;
    struct mem_ram *ram[2];
    uint64_t next[2];
    struct mmu_a64_features f;
    struct mmu_a64_regime r;
    const struct layout *l;
    unsigned bits;              /* of input */
    uint64_t tables[5];         /* address by level + 1 */
    uint64_t slot[5];           /* the descriptor used there */
};

static struct world world;
static unsigned cases;

static void open_world(void)
{
    struct err e;
    world.memory = mem_space_create("memory");
    for (unsigned i = 0; i < 2; i++) {
        ck_assert_int_eq(mem_ram_create(&world.ram[i], i ? "high" : "low", RAM_SIZE, &e), 0);
        ck_assert_int_eq(mem_add_ram(world.memory, i ? "high" : "low", i ? HIGH : LOW, world.ram[i], 0,
                                     RAM_SIZE, 0, NULL, &e), 0);
    }
}

static void close_world(void)
{
    mem_space_destroy(world.memory);
    mem_ram_destroy(world.ram[0]);
    mem_ram_destroy(world.ram[1]);
}

static uint8_t *at(uint64_t pa)
{
    return pa >= HIGH ? world.ram[1]->host + (pa - HIGH) : world.ram[0]->host + (pa - LOW);
}
static void put(uint64_t pa, uint64_t desc) { st_le64(at(pa), desc); }
static uint64_t get(uint64_t pa) { return ld_le64(at(pa)); }

static uint64_t new_table(bool high, uint64_t bytes)
{
    uint64_t align = MAX(bytes, 1ull << world.l->gran), base = high ? HIGH : LOW;
    world.next[high] = align_up(base + world.next[high], align) - base;
    uint64_t pa = base + world.next[high];
    world.next[high] += bytes;
    ck_assert(world.next[high] <= RAM_SIZE);
    memset(at(pa), 0, bytes);
    return pa;
}

static unsigned tg0(unsigned gran) { return gran == 12 ? 0 : gran == 16 ? 1 : 2; }

/* Registers for one-range (EL2) or two-range (EL1&0) translation of `bits` of input. */
static void set_up(const struct layout *l, unsigned bits, bool two)
{
    bool big = l->oa == 52;
    world.l = l;
    world.bits = bits;
    world.next[0] = world.next[1] = 0;
    world.f = (struct mmu_a64_features){
        .pa_bits = big ? 52 : 48, .gran4 = true, .gran16 = true, .gran64 = true, .gran4_s2 = true,
        .gran16_s2 = true, .gran64_s2 = true, .lva = l->flavour == LVA || l->flavour == LPA,
        .lpa = l->flavour == LPA, .lpa2_4 = l->flavour == LPA2, .lpa2_16 = l->flavour == LPA2,
        .lpa2_4_s2 = l->flavour == LPA2, .lpa2_16_s2 = l->flavour == LPA2, .ttst = true, .haf = true,
        .hdbs = true, .pan3 = true, .e0pd = true, .hpds = true, .asid16 = true, .bti = true,
    };
    uint64_t tsz = 64 - bits, ps = big ? 6 : 5, ds = l->flavour == LPA2;
    world.r = (struct mmu_a64_regime){ .memory = world.memory, .f = &world.f, .on = true,
                                       .id = two ? MMU_A64_EL10 : MMU_A64_EL2, .mair = 0xff };
    if (two)
        world.r.tcr = tsz | tg0(l->gran) << 14 | ps << 32 | ds << 59 | 3 << 12 | 1ull << 23;
    else
        world.r.tcr = tsz | tg0(l->gran) << 14 | ps << 16 | ds << 32 | 3 << 12;
}

/* Tables down to `leaf` for `va`, the leaf mapping `oa`. */
static void map(uint64_t va, int leaf, uint64_t oa, uint64_t attributes, bool high)
{
    const struct layout *l = world.l;
    int start = start_of(l, world.bits);
    for (int level = start; level <= leaf; level++) {
        unsigned n = level == start ? world.bits - shift_of(l, level) : stride(l);
        uint64_t index = va >> shift_of(l, level) & ((1ull << n) - 1);
        world.tables[level + 1] = new_table(high, MAX(8ull << n, 64));
        world.slot[level + 1] = world.tables[level + 1] + 8 * index;
    }
    for (int level = start; level < leaf; level++)
        put(world.slot[level + 1], encode_oa(l, world.tables[level + 2]) | VALID | TABLE);
    put(world.slot[leaf + 1], encode_oa(l, oa) | attributes | VALID | (leaf == 3 ? PAGE : 0));
    world.r.ttbr[0] = encode_ttbr(l, world.tables[start + 1]);
}

static bool walk_as(uint64_t va, enum cpu_access a, unsigned flags, struct mmu_a64_result *out,
                    struct mmu_a64_fault *f)
{
    cases++;
    return mmu_a64_walk(&world.r, va, 8, a, flags, out, f);
}

#define WHERE "%s, %u KiB, %u bits, leaf %d", flavour_names[world.l->flavour], 1u << (world.l->gran - 10), \
              world.bits, leaf

/* Fault status codes as the manual tables them (ESR_ELx, DFSC). */
static unsigned fsc(enum mmu_a64_fault_kind kind, int level)
{
    static const uint8_t at_level_0[] = { [MMU_A64_ADDRESS_SIZE] = 0x00, [MMU_A64_TRANSLATION] = 0x04,
                                          [MMU_A64_ACCESS_FLAG] = 0x08, [MMU_A64_PERMISSION] = 0x0c,
                                          [MMU_A64_EXTERNAL] = 0x14 };
    static const uint8_t below[] = { [MMU_A64_ADDRESS_SIZE] = 0x29, [MMU_A64_TRANSLATION] = 0x2b,
                                     [MMU_A64_EXTERNAL] = 0x13 };
    return level < 0 ? below[kind] : at_level_0[kind] + (unsigned)level;
}

static void expect_fault(uint64_t va, enum cpu_access a, enum mmu_a64_fault_kind kind, int level, int leaf)
{
    struct mmu_a64_result out;
    struct mmu_a64_fault f;
    ck_assert_msg(!walk_as(va, a, 0, &out, &f), WHERE);
    ck_assert_msg(f.kind == kind && f.level == level, "kind %d level %d instead of %d, %d: %s %u KiB %u bits leaf %d",
                  f.kind, f.level, kind, level, flavour_names[world.l->flavour], 1u << (world.l->gran - 10),
                  world.bits, leaf);
    ck_assert_uint_eq(mmu_a64_fsc(&f, true), fsc(kind, level));
    ck_assert(!f.stage2 && !f.s1ptw);
    ck_assert_int_eq(f.wnr, a == CPU_STORE);
}

static void expect_pa(uint64_t va, enum cpu_access a, uint64_t pa, int leaf)
{
    struct mmu_a64_result out;
    struct mmu_a64_fault f;
    ck_assert_msg(walk_as(va, a, 0, &out, &f), "fault in " WHERE);
    ck_assert_msg(out.pa == pa, "%#lx instead of %#lx: %s leaf %d", (unsigned long)out.pa, (unsigned long)pa,
                  flavour_names[world.l->flavour], leaf);
    ck_assert_uint_eq(out.page_shift, shift_of(world.l, leaf));
    ck_assert_uint_eq(out.attr, 0xff);
    ck_assert_uint_eq(out.sh, 3); /* LPA2: from TCR; else from the descriptor */
}

/* An output address with every bit of its size somewhere, aligned for the leaf. */
static uint64_t some_oa(const struct layout *l, int leaf)
{
    return align_down(l->oa == 52 ? 0xA5A5A5A5A5A5Aull << 0 & ((1ull << 52) - 1) : 0xA5A5A5A5A5A5ull,
                      1ull << shift_of(l, leaf));
}

static uint64_t leaf_bits(const struct layout *l) /* AF, Normal memory, inner shareable where it says so */
{
    return AF | (l->flavour == LPA2 ? 0 : 3 << 8);
}

static uint64_t some_va(unsigned bits)
{
    return 0x000A9B8C7D6E5F48ull & ((1ull << bits) - 1) & ~(1ull << (bits - 1));
}

static void one_shape(const struct layout *l, unsigned bits, int leaf, bool two, bool high)
{
    uint64_t va = some_va(bits), oa = some_oa(l, leaf), within = (1ull << shift_of(l, leaf)) - 1;
    int start = start_of(l, bits);
    uint64_t rw = leaf_bits(l) | (two ? 0 : AP_USER); /* bit 6 is RES1 in one-range regimes */
    set_up(l, bits, two);
    map(va, leaf, oa, rw, high);
    expect_pa(va, CPU_LOAD, oa | (va & within), leaf);
    expect_pa(va, CPU_STORE, oa | (va & within), leaf);
    expect_pa(va, CPU_FETCH, oa | (va & within), leaf);
    for (int level = start; level <= leaf; level++) {
        uint64_t slot = world.slot[level + 1], was = get(slot);
        put(slot, was & ~1ull); /* invalid */
        expect_fault(va, CPU_LOAD, MMU_A64_TRANSLATION, level, leaf);
        expect_fault(va, CPU_STORE, MMU_A64_TRANSLATION, level, leaf);
        if (level < leaf) { /* a block where none may be, a table where nothing answers */
            if (level < l->first_block) {
                put(slot, was & ~2ull);
                expect_fault(va, CPU_LOAD, MMU_A64_TRANSLATION, level, leaf);
            }
            put(slot, encode_oa(l, 0x40000000ull) | VALID | TABLE);
            expect_fault(va, CPU_LOAD, MMU_A64_EXTERNAL, level + 1, leaf);
            expect_fault(va, CPU_FETCH, MMU_A64_EXTERNAL, level + 1, leaf);
        }
        put(slot, was);
        /* Output beyond PS: 40 bits now; the tables lie high or the leaf does. */
        uint64_t tcr = world.r.tcr, ps = 7ull << (two ? 32 : 16);
        world.r.tcr = (tcr & ~ps) | 2ull << (two ? 32 : 16);
        if (!high && level == leaf)
            expect_fault(va, CPU_LOAD, MMU_A64_ADDRESS_SIZE, leaf, leaf);
        world.r.tcr = tcr;
        if (level < leaf && !high) {
            put(slot, encode_oa(l, 1ull << 41) | VALID | TABLE);
            world.r.tcr = (tcr & ~ps) | 2ull << (two ? 32 : 16);
            expect_fault(va, CPU_LOAD, MMU_A64_ADDRESS_SIZE, level, leaf);
            world.r.tcr = tcr;
            put(slot, was);
        }
    }
    uint64_t slot = world.slot[leaf + 1], was = get(slot);
    put(slot, was & ~(uint64_t)AF);
    expect_fault(va, CPU_LOAD, MMU_A64_ACCESS_FLAG, leaf, leaf);
    world.r.tcr |= 1ull << (two ? 39 : 21); /* HA */
    expect_pa(va, CPU_LOAD, oa | (va & within), leaf);
    ck_assert_uint_eq(get(slot), was); /* set by the walk */
    put(slot, was | AP_RO);
    expect_fault(va, CPU_STORE, MMU_A64_PERMISSION, leaf, leaf);
    world.r.tcr |= 1ull << (two ? 40 : 22); /* HD, and a leaf that may become dirty */
    put(slot, was | AP_RO | DBM);
    struct mmu_a64_result out;
    struct mmu_a64_fault f;
    ck_assert(walk_as(va, CPU_LOAD, 0, &out, &f) && !out.store);
    ck_assert_uint_eq(get(slot), was | AP_RO | DBM);
    ck_assert(walk_as(va, CPU_STORE, MMU_A64_AT, &out, &f));
    ck_assert_uint_eq(get(slot), was | AP_RO | DBM);
    ck_assert(walk_as(va, CPU_STORE, 0, &out, &f) && out.store);
    ck_assert_uint_eq(get(slot), was | DBM);
    put(slot, was | (two ? PXN : UXN));
    expect_fault(va, CPU_FETCH, MMU_A64_PERMISSION, leaf, leaf);
    put(slot, was);
    expect_fault(va | 1ull << bits, CPU_LOAD, MMU_A64_TRANSLATION, 0, leaf); /* out of range */
    world.r.ttbr[0] = encode_ttbr(l, 0x40000000ull);
    expect_fault(va, CPU_LOAD, MMU_A64_EXTERNAL, start, leaf);
    uint64_t ps = 7ull << (two ? 32 : 16);
    world.r.tcr &= ~ps; /* 32 bits */
    world.r.ttbr[0] = 1ull << 40;
    expect_fault(va, CPU_LOAD, MMU_A64_ADDRESS_SIZE, 0, leaf);
}

START_TEST(every_shape_of_stage_1)
{
    const struct layout *l = &layouts[_i];
    open_world();
    cases = 0;
    for (unsigned bits = 25; bits <= l->va; bits++) {
        bool new_start = bits == 25 || bits == l->va || start_of(l, bits) != start_of(l, bits - 1) ||
                         start_of(l, bits) != start_of(l, bits + 1);
        if (!new_start || (bits > 48 && l->flavour == PLAIN))
            continue;
        for (int leaf = MAX(start_of(l, bits), l->first_block); leaf <= 3; leaf++)
            for (unsigned k = 0; k < 4; k++)
                if (!(k & 2) || l->oa == 52)
                    one_shape(l, bits, leaf, k & 1, k & 2);
    }
    ck_assert_uint_ge(cases, 400);
    close_world();
}
END_TEST

/* ---- permissions: AP, PAN, WXN, hierarchical; who may do what (D8.4) ---- */

struct perm {
    uint64_t desc, table;
    const char *priv, *user; /* of "rwx" */
};
static const struct perm perms[] = {
    { 0, 0, "rwx", "x" },
    { AP_USER, 0, "rw", "rwx" },
    { AP_RO, 0, "rx", "x" },
    { AP_RO | AP_USER, 0, "rx", "rx" },
    { PXN, 0, "rw", "x" },
    { UXN, 0, "rwx", "" },
    { UXN | PXN | AP_RO, 0, "r", "" },
    { AP_USER, 1ull << 61, "rwx", "x" },          /* APTable: no EL0 */
    { AP_USER, 2ull << 61, "rx", "rx" },          /* no writes */
    { 0, 1ull << 59, "rw", "x" },                 /* PXNTable */
    { 0, 1ull << 60, "rwx", "" },                 /* UXNTable */
};

static bool may(const char *rights, char what) { return strchr(rights, what) != NULL; }

START_TEST(permissions)
{
    static const enum cpu_access kinds[] = { CPU_LOAD, CPU_STORE, CPU_FETCH };
    const struct perm *p = &perms[_i];
    uint64_t va = 0x12345678;
    open_world();
    set_up(&layouts[0], 39, true);
    map(va, 3, 0x5000, leaf_bits(world.l) | p->desc, false);
    put(world.slot[3], get(world.slot[3]) | p->table); /* level 2 */
    for (unsigned user = 0; user < 2; user++) {
        for (unsigned k = 0; k < 3; k++) {
            const char *rights = user ? p->user : p->priv;
            struct mmu_a64_result out;
            struct mmu_a64_fault f;
            world.r.user = user;
            world.r.pan = false;
            bool ok = walk_as(va, kinds[k], 0, &out, &f);
            ck_assert_msg(ok == may(rights, "rwx"[k]), "row %d, user %u, %c", _i, user, "rwx"[k]);
            if (ok) {
                ck_assert(out.load == may(rights, 'r') && out.store == may(rights, 'w') &&
                          out.fetch == may(rights, 'x'));
            } else {
                ck_assert(f.kind == MMU_A64_PERMISSION && f.level == 3);
            }
            world.r.pan = true; /* privileged data accesses to what EL0 may read or write */
            bool denied = !user && k < 2 && (may(p->user, 'r') || may(p->user, 'w'));
            ck_assert_int_eq(walk_as(va, kinds[k], 0, &out, &f), ok && !denied);
            world.r.sctlr = 1ull << 57; /* EPAN: to what it may execute, too */
            denied |= !user && k < 2 && may(p->user, 'x');
            ck_assert_int_eq(walk_as(va, kinds[k], 0, &out, &f), ok && !denied);
            world.r.sctlr = 0;
        }
    }
    /* An atomic names a write only when reading alone would have been fine. */
    struct mmu_a64_result out;
    struct mmu_a64_fault f;
    world.r.user = world.r.pan = false;
    if (!walk_as(va, CPU_STORE, MMU_A64_RMW, &out, &f))
        ck_assert_int_eq(f.wnr, may(p->priv, 'r'));
    put(world.slot[4], 0);
    ck_assert(!walk_as(va, CPU_STORE, MMU_A64_RMW, &out, &f) && !f.wnr);
    close_world();
}
END_TEST

START_TEST(wxn_e0pd_hpd_epd_tbi)
{
    struct mmu_a64_result out;
    struct mmu_a64_fault f;
    uint64_t va = 0x12345678;
    open_world();
    set_up(&layouts[0], 48, true);
    map(va, 3, 0x5000, leaf_bits(world.l), false);
    world.r.sctlr = 1 << 19; /* WXN */
    ck_assert(!walk_as(va, CPU_FETCH, 0, &out, &f) && f.kind == MMU_A64_PERMISSION);
    world.r.sctlr = 0;
    put(world.slot[3], get(world.slot[3]) | 1ull << 59); /* PXNTable, then HPD0 */
    ck_assert(!walk_as(va, CPU_FETCH, 0, &out, &f));
    world.r.tcr |= 1ull << 41;
    ck_assert(walk_as(va, CPU_FETCH, 0, &out, &f));
    world.r.user = true;
    world.r.tcr |= 1ull << 55; /* E0PD0 */
    ck_assert(!walk_as(va, CPU_FETCH, 0, &out, &f) && f.kind == MMU_A64_TRANSLATION && f.level == 0);
    world.r.user = false;
    ck_assert(walk_as(va, CPU_FETCH, 0, &out, &f));
    ck_assert(!walk_as(va | 0x5aull << 56, CPU_LOAD, 0, &out, &f) && f.level == 0);
    world.r.tcr |= 1ull << 37; /* TBI0 */
    ck_assert(walk_as(va | 0x5aull << 56, CPU_LOAD, 0, &out, &f) && out.pa == 0x5678);
    ck_assert(walk_as(va | 0x5aull << 56, CPU_FETCH, 0, &out, &f));
    world.r.tcr |= 1ull << 51; /* TBID0 */
    ck_assert(!walk_as(va | 0x5aull << 56, CPU_FETCH, 0, &out, &f));
    ck_assert_uint_eq(mmu_a64_strip_tag(&world.r, 0xff00800000000000, false), 0x0000800000000000);
    ck_assert_uint_eq(mmu_a64_strip_tag(&world.r, 0x0080800000000000, false), 0x0080800000000000);
    world.r.tcr |= 1 << 7; /* EPD0 */
    ck_assert(!walk_as(va, CPU_LOAD, 0, &out, &f) && f.kind == MMU_A64_TRANSLATION && f.level == 0);
    close_world();
}
END_TEST

/* ---- stage 2 ---- */

/* VTCR_EL2.SL0 (and SL2) for a start level, as the manual tables them. */
static uint64_t sl0(const struct layout *l, int start)
{
    if (l->gran == 12)
        return start == -1 ? 1ull << 33 : (uint64_t)(start == 2 ? 0 : start == 1 ? 1 : start == 0 ? 2 : 3) << 6;
    return (uint64_t)(3 - start) << 6;
}

struct s2_tables {
    uint64_t slot[5];
    int start;
};

/* A stage-2 mapping of `ipa`, starting `concatenated` bits earlier than the sizes ask for. */
static void map_s2(struct s2_tables *t, uint64_t ipa, unsigned bits, int start, int leaf, uint64_t oa,
                   uint64_t attributes)
{
    const struct layout *l = world.l;
    uint64_t table[5];
    t->start = start;
    for (int level = start; level <= leaf; level++) {
        unsigned n = level == start ? bits - shift_of(l, level) : stride(l);
        table[level + 1] = new_table(false, MAX(8ull << n, 64));
        t->slot[level + 1] = table[level + 1] + 8 * (ipa >> shift_of(l, level) & ((1ull << n) - 1));
    }
    for (int level = start; level < leaf; level++)
        put(t->slot[level + 1], encode_oa(l, table[level + 2]) | VALID | TABLE);
    put(t->slot[leaf + 1], encode_oa(l, oa) | attributes | VALID | (leaf == 3 ? PAGE : 0));
    uint64_t ps = l->oa == 52 ? 6 : 5, ds = l->flavour == LPA2;
    world.r.s2_on = true;
    world.r.vttbr = encode_ttbr(l, table[start + 1]) | 0x1234ull << 48; /* VMID */
    world.r.vtcr = (64 - bits) | tg0(l->gran) << 14 | ps << 16 | ds << 32 | sl0(l, start) | 3 << 12;
}

enum { S2_R = 1 << 6, S2_W = 1 << 7, S2_WB = 0xf << 2, S2_ISH = 3 << 8 };
#define S2_XN (1ull << 54)

static void expect_s2_fault(uint64_t va, enum cpu_access a, enum mmu_a64_fault_kind kind, int level,
                            uint64_t ipa, bool on_walk)
{
    struct mmu_a64_result out;
    struct mmu_a64_fault f;
    ck_assert(!walk_as(va, a, 0, &out, &f));
    ck_assert_msg(f.kind == kind && f.level == level && f.stage2 && f.s1ptw == on_walk && f.ipa == ipa,
                  "kind %d level %d s2 %d ptw %d ipa %#lx, not %d %d %d %#lx: %s", f.kind, f.level, f.stage2,
                  f.s1ptw, (unsigned long)f.ipa, kind, level, on_walk, (unsigned long)ipa,
                  flavour_names[world.l->flavour]);
    ck_assert_uint_eq(mmu_a64_fsc(&f, true), fsc(kind, level));
    ck_assert_int_eq(f.wnr, a == CPU_STORE);
}

static void one_s2_shape(const struct layout *l, unsigned bits, int start, int leaf)
{
    struct s2_tables t;
    struct mmu_a64_result out;
    struct mmu_a64_fault f;
    uint64_t ipa = some_va(bits) & ~7ull, oa = some_oa(l, leaf), within = (1ull << shift_of(l, leaf)) - 1;
    uint64_t base = AF | S2_WB | (l->flavour == LPA2 ? 0 : S2_ISH);
    set_up(l, MIN(bits, 48u), true);
    world.r.on = false; /* stage 1 off: IPA = VA */
    map_s2(&t, ipa, bits, start, leaf, oa, base | S2_R | S2_W);
    ck_assert(walk_as(ipa, CPU_LOAD, 0, &out, &f));
    ck_assert_uint_eq(out.pa, oa | (ipa & within));
    ck_assert_uint_eq(out.ipa, ipa);
    ck_assert(out.load && out.store && out.fetch && out.device); /* stage 1's type without tables */
    for (int level = start; level <= leaf; level++) {
        uint64_t slot = t.slot[level + 1], was = get(slot);
        put(slot, was & ~1ull);
        expect_s2_fault(ipa, CPU_STORE, MMU_A64_TRANSLATION, level, ipa, false);
        if (level < leaf) {
            put(slot, encode_oa(l, 0x40000000ull) | VALID | TABLE);
            expect_s2_fault(ipa, CPU_LOAD, MMU_A64_EXTERNAL, level + 1, ipa, false);
        }
        put(slot, was);
    }
    uint64_t slot = t.slot[leaf + 1];
    put(slot, encode_oa(l, oa) | (base & ~(uint64_t)AF) | S2_R | S2_W | VALID | (leaf == 3 ? PAGE : 0));
    expect_s2_fault(ipa, CPU_LOAD, MMU_A64_ACCESS_FLAG, leaf, ipa, false);
    put(slot, encode_oa(l, oa) | base | S2_R | VALID | (leaf == 3 ? PAGE : 0));
    expect_s2_fault(ipa, CPU_STORE, MMU_A64_PERMISSION, leaf, ipa, false);
    put(slot, encode_oa(l, oa) | base | S2_R | S2_XN | VALID | (leaf == 3 ? PAGE : 0));
    expect_s2_fault(ipa, CPU_FETCH, MMU_A64_PERMISSION, leaf, ipa, false);
    put(slot, encode_oa(l, oa) | base | S2_W | VALID | (leaf == 3 ? PAGE : 0));
    expect_s2_fault(ipa, CPU_LOAD, MMU_A64_PERMISSION, leaf, ipa, false);
    if (bits < 48)
        expect_s2_fault(ipa | 1ull << bits, CPU_LOAD, MMU_A64_TRANSLATION, 0, ipa | 1ull << bits, false);
    /* HA and HD of stage 2 */
    world.r.vtcr |= 3 << 21;
    put(slot, encode_oa(l, oa) | (base & ~(uint64_t)AF) | S2_R | DBM | VALID | (leaf == 3 ? PAGE : 0));
    ck_assert(walk_as(ipa, CPU_STORE, 0, &out, &f) && out.store);
    ck_assert_uint_eq(get(slot) & (AF | S2_W), AF | S2_W);
    /* Bad VTCR: translation fault, level 0. */
    world.r.vtcr = (world.r.vtcr & ~0x3full) | 12;
    if (l->oa == 48)
        expect_s2_fault(ipa, CPU_LOAD, MMU_A64_TRANSLATION, 0, ipa, false);
}

START_TEST(every_shape_of_stage_2)
{
    const struct layout *l = &layouts[_i];
    open_world();
    cases = 0;
    for (unsigned bits = 32; bits <= l->oa; bits += bits < 48 ? 4 : 2) {
        int natural = start_of(l, bits);
        for (unsigned up = 0; up < 2; up++) { /* natural, and one level later with tables side by side */
            int start = natural + (int)up;
            if (start > 3 || bits <= shift_of(l, start) || bits - shift_of(l, start) > stride(l) + 4)
                continue;
            if (start < (l->gran == 12 ? (l->flavour == LPA2 ? -1 : 0) : l->gran == 14 && l->flavour != LPA2 ? 1 : l->gran == 14 ? 0 : 1))
                continue;
            for (int leaf = MAX(start, l->first_block); leaf <= 3; leaf++)
                one_s2_shape(l, bits, start, leaf);
        }
    }
    ck_assert_uint_ge(cases, 100);
    close_world();
}
END_TEST

/* Stage 2 under the walk of stage 1: the fault is stage 2's, with the descriptor's IPA (S1PTW). */
START_TEST(stage_2_faults_on_the_walk)
{
    const struct layout *l = &layouts[_i];
    struct s2_tables t;
    struct mmu_a64_result out;
    struct mmu_a64_fault f;
    uint64_t va = some_va(48);
    open_world();
    set_up(l, 48, true);
    map(va, 3, 0x5000 & ~((1ull << l->gran) - 1), leaf_bits(l), false);
    int s1_start = start_of(l, 48);
    /* One stage-2 leaf at each stage-1 table in turn: every other IPA has a hole. */
    for (int level = s1_start; level <= 3; level++) {
        uint64_t ipa = world.slot[level + 1], page = align_down(ipa, 1ull << l->gran);
        uint64_t hole = level == s1_start ? 0 : world.slot[level];
        uint64_t base = AF | S2_WB | S2_R | S2_W | (l->flavour == LPA2 ? 0 : S2_ISH);
        map_s2(&t, page, 40, start_of(l, 40), 3, page, base);
        uint64_t first = world.slot[s1_start + 1];
        if (align_down(first, 1ull << l->gran) != page) {
            ck_assert(!walk_as(va, CPU_LOAD, 0, &out, &f)); /* the first table has no stage-2 mapping */
            ck_assert(f.stage2 && f.s1ptw && f.kind == MMU_A64_TRANSLATION && f.ipa == first);
            continue;
        }
        (void)hole;
        put(t.slot[4], get(t.slot[4]) & ~(uint64_t)S2_R);
        expect_s2_fault(va, CPU_LOAD, MMU_A64_PERMISSION, 3, first, true);
        expect_s2_fault(va, CPU_STORE, MMU_A64_PERMISSION, 3, first, true);
        put(t.slot[4], get(t.slot[4]) & ~(uint64_t)(AF | S2_R));
        expect_s2_fault(va, CPU_FETCH, MMU_A64_ACCESS_FLAG, 3, first, true);
        put(t.slot[4], 0);
        expect_s2_fault(va, CPU_LOAD, MMU_A64_TRANSLATION, 3, first, true);
        put(t.slot[3], encode_oa(l, 0x40000000ull) | VALID | TABLE);
        expect_s2_fault(va, CPU_LOAD, MMU_A64_EXTERNAL, 3, first, true);
    }
    close_world();
}
END_TEST

/* Worked examples: descriptors and registers with all bits written out. */
START_TEST(examples)
{
    struct mmu_a64_result out;
    struct mmu_a64_fault f;
    open_world();
    /* A 4 KiB page at 0xFEDCBA9876000 under LPA2, AttrIndx 0, AF: 0x0003EDCBA9876703. */
    set_up(&layouts[5], 48, true);
    map(0x1000, 3, 0, 0, false);
    put(world.slot[4], 0x0003EDCBA9876703);
    ck_assert(walk_as(0x1abc, CPU_LOAD, 0, &out, &f));
    ck_assert_uint_eq(out.pa, 0xFEDCBA9876abc);
    /* 64 KiB under LPA: 0x0000EDCBA987F703; with PS of 48 bits an address-size fault at level 3. */
    set_up(&layouts[4], 48, true);
    map(0x10000, 3, 0, 0, false);
    put(world.slot[4], 0x0000EDCBA987F703);
    ck_assert(walk_as(0x1abcd, CPU_LOAD, 0, &out, &f));
    ck_assert_uint_eq(out.pa, 0xFEDCBA987abcd);
    world.r.tcr = (world.r.tcr & ~(7ull << 32)) | 5ull << 32;
    world.r.ttbr[0] = world.tables[start_of(world.l, 48) + 1];
    ck_assert(!walk_as(0x1abcd, CPU_LOAD, 0, &out, &f) && mmu_a64_fsc(&f, false) == 0x03);
    /* A table at 0xF800000000080 for T0SZ = 12: TTBR 0x00008000000000BC, level -1 indexed by VA[51:48]. */
    set_up(&layouts[5], 52, true);
    put(HIGH + 0x80, 0);
    world.r.ttbr[0] = 0x00008000000000BC;
    ck_assert(!walk_as(0x0000123456789abc, CPU_LOAD, 0, &out, &f));
    ck_assert(f.level == -1 && mmu_a64_fsc(&f, false) == 0x2b);
    /* 39-bit range: bit 47 alone is out of it, although the walk starts at level 1. */
    set_up(&layouts[0], 39, true);
    ck_assert(!walk_as(0x0000800000000000, CPU_LOAD, 0, &out, &f) && mmu_a64_fsc(&f, false) == 0x04);
    close_world();
}
END_TEST

/* Tables of random words, registers of random bits: every walk ends. */
START_TEST(random_tables)
{
    uint64_t s = 1;
    open_world();
    for (uint64_t i = 0; i < RAM_SIZE; i += 8) {
        s = s * 6364136223846793005ull + 1442695040888963407ull;
        st_le64(world.ram[0]->host + i, (s >> 7 & ~0xffff00000000ull) | (s >> 60 ? 3 : 0));
    }
    set_up(&layouts[0], 48, true);
    for (unsigned i = 0; i < 200000; i++) {
        struct mmu_a64_result out;
        struct mmu_a64_fault f;
        uint64_t x[8];
        for (unsigned k = 0; k < 8; k++)
            x[k] = s = s * 6364136223846793005ull + 1442695040888963407ull;
        world.f.lpa = x[0] >> 40 & 1, world.f.lpa2_4 = x[0] >> 41 & 1, world.f.lpa2_16_s2 = x[0] >> 42 & 1;
        world.f.s1pie = x[0] >> 43 & 1, world.f.s1poe = x[0] >> 44 & 1, world.f.s2pie = x[0] >> 45 & 1;
        world.r.id = (enum mmu_a64_regime_id)(x[0] >> 46 & 3);
        world.r.user = x[0] >> 48 & 1, world.r.pan = x[0] >> 49 & 1, world.r.nv1 = x[0] >> 50 & 1;
        world.r.s2_on = x[0] >> 51 & 1;
        world.r.tcr = x[1] ^ x[1] << 20, world.r.tcr2 = x[2] >> 50, world.r.sctlr = x[2];
        world.r.ttbr[0] = LOW + (x[3] >> 20) % RAM_SIZE, world.r.ttbr[1] = LOW + (x[4] >> 20) % RAM_SIZE;
        world.r.vtcr = x[5] ^ x[5] << 21, world.r.vttbr = LOW + (x[6] >> 20) % RAM_SIZE;
        world.r.pir = x[6], world.r.pire0 = x[7], world.r.hcr = x[4];
        uint64_t va = x[7] >> (x[3] & 31);
        (void)walk_as(x[2] & 1 ? ~va : va, (enum cpu_access)(x[7] >> 32) % 3, (unsigned)(x[5] >> 40 & 31), &out, &f);
    }
    close_world();
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("mmu.arm64");
    TCase *t = tcase_create("walk");
    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, every_shape_of_stage_1, 0, ARRAY_LEN(layouts));
    tcase_add_loop_test(t, permissions, 0, ARRAY_LEN(perms));
    tcase_add_test(t, wxn_e0pd_hpd_epd_tbi);
    tcase_add_loop_test(t, every_shape_of_stage_2, 0, ARRAY_LEN(layouts));
    tcase_add_loop_test(t, stage_2_faults_on_the_walk, 0, ARRAY_LEN(layouts));
    tcase_add_test(t, examples);
    tcase_add_test(t, random_tables);
    suite_add_tcase(s, t);
    return s;
}
