/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AArch64: translation tables of random programs, and what each round starts with.
 *
 * Each tree maps RAM to itself, the same RAM at ALIAS, the device, and RAM as one block where the
 * granule has a block of that size (Arm ARM, D8.3). Handlers, tables of rounds and the
 * trees themselves are always good for the levels above EL0; the pages of program and data are of
 * all kinds.
 */
#include "tools/orrery/fuzz_arm64.h"
#include "core/util/bytes.h"

/* Descriptors, D8.3.1 and D8.3.2. */
#define VALID  BIT(0)
#define TABLE  BIT(1) /* also: page */
#define AP_EL0 BIT(6) /* stage 2: readable */
#define AP_RO  BIT(7) /* stage 2: writable */
#define AF     BIT(10)
#define NG     BIT(11)
#define GP     BIT(50)
#define DBM    BIT(51)
#define CONT   BIT(52)
#define PXN    BIT(53)
#define UXN    BIT(54)
#define S2_RW  (BIT(6) | BIT(7) | 0xfull << 2)

static uint64_t page_bits(struct fuzz_random *r, unsigned which)
{
    uint64_t bits = VALID | TABLE | AF | (which == TREE_USER ? AP_EL0 : 0) |
                    (which != TREE_STAGE2 && fuzz_one_in(r, 2) ? GP : 0) |
                    (which == TREE_STAGE2 ? S2_RW : 0);
    switch (fuzz_below(r, 40)) {
    case 0:
        return bits ^ AP_RO;
    case 1:
        return (bits | DBM) ^ (which == TREE_STAGE2 ? 0 : AP_RO);
    case 2:
        return bits & ~(uint64_t)AF;
    case 3:
        return bits ^ AP_EL0;
    case 4:
        return bits & ~(uint64_t)VALID;
    case 5:
        return bits & ~(uint64_t)TABLE; /* reserved at level 3 */
    case 6:
        return bits | UXN;
    case 7:
        return bits | PXN;
    case 8:
        return bits | NG;
    case 9:
        return bits ^ (uint64_t)fuzz_below(r, 16)
                          << 2; /* MAIR's other kinds; stage 2: memory attributes */
    case 10:
        return bits ^ (uint64_t)fuzz_below(r, 8) << 2;
    case 11:
        return bits | CONT;
    case 12:
        return bits | 3u << 8; /* SH; with LPA2 high bits of the address */
    case 13:
        return bits | BIT(5); /* NS */
    case 14:
        return bits | BIT(fuzz_below(r, 15) + 36);
    case 15:
        return bits | 3ull << 2; /* tagged */
    default:
        return bits;
    }
}

static uint64_t fixed_bits(unsigned which, uint32_t offset)
{
    if (which == TREE_STAGE2)
        return VALID | TABLE | AF | S2_RW;
    return VALID | TABLE | AF | (offset < TABLES ? AP_RO : 0) | (offset < TABLES ? GP : 0);
}

/* Offset in the tree of the table of `level`. */
static uint32_t table_at(uint32_t granule, int level)
{
    if (granule == 16)
        return level == 3 ? 0 : level == 2 ? 0x10000 : 0x18000; /* the last two are small */
    return (uint32_t)(4 - level) << granule;
}

static uint32_t index_of(uint64_t va, uint32_t granule, int level)
{
    uint32_t each = granule - 3, low = granule + (uint32_t)(3 - level) * each;
    return va >> low & ((1u << each) - 1);
}

static void choose_geometry(struct fuzz_a64_tree *t, bool stage2, struct fuzz_random *r)
{
    static const struct {
        uint8_t granule, bits;
        int8_t start;
        bool ds;
    } kinds[] = {
        { 12, 39, 1, false }, { 12, 39, 1, false }, { 12, 48, 0, false }, { 14, 36, 2, false },
        { 14, 47, 1, false }, { 16, 39, 2, false }, { 16, 48, 1, false }, { 12, 39, 1, true },
        { 14, 47, 1, true },  { 12, 48, 0, true },  { 12, 52, -1, true }, { 14, 52, 0, true },
    };
    uint32_t i = fuzz_below(r, stage2 ? 10 : ARRAY_LEN(kinds));
    t->granule = kinds[i].granule;
    t->bits = kinds[i].bits;
    t->start = kinds[i].start;
    t->ds = kinds[i].ds;
}

void fuzz_a64_pages(uint8_t *image, struct fuzz_a64_tree *t, unsigned which, struct fuzz_random *r)
{
    uint32_t base = PAGES + which * TREE_BYTES;
    choose_geometry(t, which == TREE_STAGE2, r);
    uint32_t g = t->granule, level3 = base + table_at(g, 3), alias3 = level3, key = fuzz_scatter_key(r) << g;
    if (g == 12)
        alias3 = base; /* ALIAS has a table of its own: it is another 2 MiB */
    for (uint32_t offset = 0; offset < RAM_BYTES; offset += 1u << g) {
        uint64_t bits = fixed_bits(which, offset);
        if (offset >= DATA || (offset >= CODE && fuzz_one_in(r, 3)))
            bits = page_bits(r, which);
        else if (offset >= CODE)
            bits = fixed_bits(which, offset) | (which == TREE_USER ? AP_EL0 : 0) |
                   (which != TREE_STAGE2 && fuzz_one_in(r, 3) ? GP : 0);
        st_le64(image + level3 + 8 * index_of(RAM + offset, g, 3),
                (RAM + fuzz_scatter(offset, DATA, DATA_BYTES, key)) | bits);
        st_le64(image + alias3 + 8 * index_of(ALIAS + offset, g, 3),
                (RAM + offset) | (offset < CODE ? fixed_bits(which, offset) : page_bits(r, which)));
    }
    for (int level = 2; level >= t->start; level--)
        st_le64(image + base + table_at(g, level) + 8 * index_of(RAM, g, level),
                (RAM + base + table_at(g, level + 1)) | TABLE | VALID);
    uint64_t device =
        VALID | AF | (which == TREE_STAGE2 ? 3u << 6 : 2u << 2 | (which == TREE_USER ? AP_EL0 : 0));
    if (g == 16) {
        st_le64(image + level3 + 8 * index_of(DEVICE, g, 3), DEVICE | device | TABLE);
    } else {
        st_le64(image + base + table_at(g, 2) + 8 * index_of(DEVICE, g, 2), DEVICE | device);
    }
    if (g == 12) {
        st_le64(image + base + table_at(g, 2) + 8 * index_of(ALIAS, g, 2),
                (RAM + base) | TABLE | VALID);
        st_le64(image + base + table_at(g, 2) + 8 * index_of(BLOCK, g, 2),
                RAM | (page_bits(r, which) & ~(uint64_t)TABLE));
    }
    t->root = base + table_at(g, t->start);
}

uint32_t fuzz_a64_descriptor(const struct fuzz_a64_tree *t, unsigned which, uint32_t offset)
{
    return PAGES + which * TREE_BYTES + table_at(t->granule, 3) +
           8 * index_of(RAM + offset, t->granule, 3);
}

/* ---- registers ---- */

const uint32_t fuzz_a64_first[] = {
    FA_SCR_EL3,     FA_HCR_EL2,     FA_HCRX_EL2,  FA_HFGRTR_EL2, FA_HFGWTR_EL2, FA_HFGITR_EL2,
    FA_HDFGRTR_EL2, FA_HDFGWTR_EL2, FA_SCTLR(1),  FA_SCTLR(2),   FA_TCR(1),     FA_TCR(2),
    FA_TCR(3),      FA_TTBR0(1),    FA_TTBR1(1),  FA_TTBR0(2),   FA_TTBR1(2),   FA_TTBR0(3),
    FA_VTTBR_EL2,   FA_VTCR_EL2,    FA_MAIR(1),   FA_MAIR(2),    FA_MAIR(3),    FA_VBAR(1),
    FA_VBAR(2),     FA_VBAR(3),     FA_CPACR_EL1, FA_CPTR_EL2,   FA_MDCR_EL2,   FA_CNTKCTL_EL1,
    FA_CNTHCTL_EL2, FA_CNTP_CTL,    FA_CNTV_CTL,  FA_FPCR,       FA_FPSR,       FA_SP_EL(0),
    FA_SP_EL(1),    FA_SP_EL(2),    FA_KEY(0),    FA_KEY(1),     FA_KEY(2),     FA_KEY(3),
    FA_KEY(4),      FA_KEY(5),      FA_KEY(6),    FA_KEY(7),     FA_KEY(8),     FA_KEY(9),
    FA_RGSR_EL1,    FA_GCR_EL1,     FA_PMUSERENR, FA_PMCNTENSET, FA_PMCR_EL0,   FA_DBG(0, 4),
    FA_DBG(0, 5),   FA_DBG(0, 6),   FA_DBG(0, 7), FA_DBG(1, 4),  FA_DBG(1, 5),  FA_ELR(1),
    FA_ELR(2),      FA_ELR(3),      FA_SPSR(1),   FA_SPSR(2),    FA_SPSR(3),    0,
};
const uint32_t fuzz_a64_last[] = { FA_CPTR_EL3, FA_MDSCR_EL1, FA_MDCR_EL3, FA_SCTLR(3), 0 };

static void set(uint8_t *table, uint32_t reg, uint64_t value)
{
    uint32_t at = TABLE_SYS;
    for (const uint32_t *p = fuzz_a64_first; *p != 0; p++, at++)
        if (*p == reg)
            st_le64(table + 8 * at, value);
    for (const uint32_t *p = fuzz_a64_last; *p != 0; p++, at++)
        if (*p == reg)
            st_le64(table + 8 * at, value);
}

/* `bits` of which each is set at random, where the round has such traps at all. */
static uint64_t some(struct fuzz_random *r, uint32_t one_in, uint64_t bits)
{
    return fuzz_one_in(r, one_in) ? fuzz_next(r) & fuzz_next(r) & bits : 0;
}

/* TG0 of 4 KiB, 16 KiB, 64 KiB; TG1 numbers them otherwise (D24.2.182). */
static uint64_t tg0(const struct fuzz_a64_tree *t)
{
    return t->granule == 12 ? 0 : t->granule == 14 ? 2 : 1;
}

static uint64_t tg1(const struct fuzz_a64_tree *t)
{
    return t->granule == 12 ? 2 : t->granule == 14 ? 1 : 3;
}

/* Two address ranges: TCR_EL1, TCR_EL2 with E2H. */
static uint64_t tcr_two(struct fuzz_random *r, const struct fuzz_a64_tree *t)
{
    uint64_t size = 64 - t->bits,
             tcr = size | size << 16 | tg0(t) << 14 | tg1(t) << 30 | 6ull << 32;
    tcr |= fuzz_next(r) & (BIT(37) | BIT(38) | BIT(39) | BIT(40)); /* TBI, HA, HD */
    tcr |=
        some(r, 3, BIT(22) | BIT(36) | BIT(41) | BIT(42) | BIT(51) | BIT(52) | BIT(57) | BIT(58));
    tcr |= some(r, 8, BIT(7) | BIT(23) | BIT(55) | BIT(56)); /* EPD, E0PD */
    return tcr | (t->ds ? BIT(59) : 0);
}

static uint64_t tcr_one(struct fuzz_random *r, const struct fuzz_a64_tree *t)
{
    uint64_t tcr = BIT(31) | BIT(23) | (64 - t->bits) | tg0(t) << 14 | 6u << 16;
    tcr |= fuzz_next(r) & (BIT(20) | BIT(21) | BIT(22)); /* TBI, HA, HD */
    tcr |= some(r, 3, BIT(24) | BIT(29) | BIT(30));
    return tcr | (t->ds ? BIT(32) : 0);
}

static uint64_t vtcr(struct fuzz_random *r, const struct fuzz_a64_tree *t)
{
    uint64_t sl0 = (uint64_t)(t->granule == 12 ? 2 - t->start : 3 - t->start);
    uint64_t v = BIT(31) | (64 - t->bits) | sl0 << 6 | tg0(t) << 14 | 6u << 16;
    return v | (fuzz_next(r) & (BIT(19) | BIT(21) | BIT(22))) | (t->ds ? BIT(32) : 0);
}

/* I and C on, RES1, and the bits that let EL0 do things; `mmu`: M. */
static uint64_t sctlr(struct fuzz_random *r, bool mmu)
{
    uint64_t v = 0x30d01804 | BIT(28) | BIT(5) | (uint64_t)mmu;
    v |= BIT(9) | BIT(10) | BIT(14) | BIT(15) | BIT(16) | BIT(18) | BIT(26) | BIT(33) | BIT(32);
    v ^= some(r, 4, BIT(9) | BIT(10) | BIT(14) | BIT(15) | BIT(16) | BIT(18) | BIT(26) | BIT(33));
    v |= fuzz_next(r) &
         (BIT(3) | BIT(4) | BIT(6) | BIT(13) | BIT(27) | BIT(30) | BIT(31)); /* SA, nAA, EnI, EnD */
    v |= fuzz_next(r) & (BIT(35) | BIT(36) | BIT(42) | BIT(43));             /* BT, ATA */
    v |= some(r, 3, 0xfull << 37 | BIT(44) | BIT(23) | BIT(22));             /* TCF, DSSBS */
    v |= fuzz_one_in(r, 6) ? BIT(1) : 0;
    return v | some(r, 6, BIT(19) | BIT(24) | BIT(25) | BIT(57)); /* WXN, E0E, EE, EPAN */
}

static uint64_t ttbr(struct fuzz_random *r, const struct fuzz_a64_tree *t)
{
    return (RAM + t->root) | (uint64_t)fuzz_below(r, 3) << 48;
}

/* E2H, TGE, stage 2, level of each kind of round. */
static const struct {
    uint8_t level, e2h, tge, stage2;
} kinds[ROUNDS] = {
    { 1, 0, 0, 0 }, { 0, 0, 0, 0 }, { 2, 0, 0, 0 }, { 3, 0, 0, 0 },
    { 0, 1, 1, 0 }, { 2, 1, 0, 0 }, { 1, 1, 0, 1 }, { 0, 0, 0, 1 },
};

static void set_translation(uint8_t *table, uint32_t round, const struct fuzz_a64_tree trees[TREES],
                            struct fuzz_random *r)
{
    static const uint64_t attributes[] = { 0xff, 0x44, 0x04, 0xf0, 0xff, 0xbb, 0x00, 0x0c };
    bool low = kinds[round].level == 0;
    const struct fuzz_a64_tree *one = &trees[fuzz_one_in(r, 12) ? !low
                                             : low              ? TREE_USER
                                                                : TREE_PRIVILEGED];
    const struct fuzz_a64_tree *other = &trees[TREE_PRIVILEGED], *second = &trees[TREE_STAGE2];
    uint64_t mair = 0;
    for (unsigned i = 0; i < 8; i++)
        mair |= attributes[i] << 8 * i;
    for (unsigned el = 1; el <= 3; el++) {
        bool two = el == 1 || (el == 2 && kinds[round].e2h), on = !fuzz_one_in(r, 4);
        const struct fuzz_a64_tree *t = two ? one : other;
        set(table, FA_MAIR(el), mair);
        set(table, FA_TCR(el), two ? tcr_two(r, t) : tcr_one(r, t));
        set(table, FA_TTBR0(el), ttbr(r, t));
        if (el < 3)
            set(table, FA_TTBR1(el), ttbr(r, t));
        set(table, FA_SCTLR(el), sctlr(r, on));
    }
    set(table, FA_VTCR_EL2, vtcr(r, second));
    set(table, FA_VTTBR_EL2, (RAM + second->root) | (uint64_t)fuzz_below(r, 4) << 48);
}

static void set_controls(uint8_t *table, uint32_t round, struct fuzz_random *r)
{
    uint64_t all_scr = 0x38 | BIT(0) | BIT(8) | BIT(10) | BIT(16) | BIT(17) | BIT(25) | BIT(26) |
                       BIT(27) | BIT(28) | BIT(38) | BIT(43) | BIT(44) | BIT(45) | BIT(40);
    uint64_t scr =
        all_scr ^ some(r, 4, BIT(8) | BIT(16) | BIT(17) | BIT(25) | BIT(26) | BIT(27) | BIT(38));
    scr ^= fuzz_one_in(r, 8) ? BIT(0) | BIT(18) * fuzz_below(r, 2)
                             : 0; /* Secure, with or without EL2 */
    scr |= fuzz_one_in(r, 4) ? 0 : BIT(1) | BIT(2);
    scr |= some(r, 8, BIT(12) | BIT(13) | BIT(14) | BIT(3) | BIT(9));
    uint64_t hcr = BIT(31) | BIT(40) | BIT(41) | BIT(53) | BIT(56);
    hcr ^= some(r, 4, BIT(40) | BIT(41) | BIT(53) | BIT(56));
    hcr |= some(r, 3,
                BIT(13) | BIT(14) | BIT(15) | BIT(16) | BIT(17) | BIT(18) | BIT(21) | BIT(22) |
                    BIT(23) | BIT(24) | BIT(25) | BIT(26) | BIT(28) | BIT(30) | BIT(44) | BIT(49) |
                    BIT(52) | BIT(54) | BIT(55));
    hcr |= some(r, 4,
                BIT(3) | BIT(4) | BIT(5) | BIT(6) | BIT(7) | BIT(2) | BIT(12) | BIT(46) | BIT(57));
    hcr |=
        (uint64_t)kinds[round].e2h << 34 | (uint64_t)kinds[round].tge << 27 | kinds[round].stage2;
    set(table, FA_SCR_EL3, scr);
    set(table, FA_HCR_EL2, hcr);
    /* MCE2, MSCEn, TCR2En, SCTLR2En */
    set(table, FA_HCRX_EL2,
        fuzz_one_in(r, 3) ? fuzz_next(r) : BIT(10) | BIT(11) | BIT(14) | BIT(15));
    for (uint32_t i = 0; i < 5; i++) {
        static const uint32_t fgt[] = { FA_HFGRTR_EL2, FA_HFGWTR_EL2, FA_HFGITR_EL2, FA_HDFGRTR_EL2,
                                        FA_HDFGWTR_EL2 };
        set(table, fgt[i], some(r, 6, ~0ull));
    }
    bool fp = !fuzz_one_in(r, 8);
    set(table, FA_CPACR_EL1, fp ? 3u << 20 : (fuzz_next(r) & 3) << 20);
    set(table, FA_CPTR_EL2,
        kinds[round].e2h ? (fp ? 3u << 20 : (fuzz_next(r) & 3) << 20) | some(r, 6, BIT(31))
                         : 0x32ff | some(r, 6, BIT(10) | BIT(31)));
    set(table, FA_CPTR_EL3, some(r, 12, BIT(10) | BIT(31)));
    set(table, FA_MDCR_EL2, fuzz_below(r, 7) | some(r, 8, 0xfe0));
    set(table, FA_MDCR_EL3, some(r, 6, BIT(6) | BIT(9) | BIT(10)));
    set(table, FA_CNTKCTL_EL1, fuzz_one_in(r, 3) ? fuzz_next(r) & 0x3ff : 0x303);
    set(table, FA_CNTHCTL_EL2,
        fuzz_one_in(r, 6)  ? fuzz_next(r) & 0x3ff
        : kinds[round].e2h ? 0xc03
                           : 3);
    set(table, FA_PMUSERENR, fuzz_next(r) & 15);
    set(table, FA_PMCNTENSET, fuzz_next(r) & 0x8000003f);
    set(table, FA_PMCR_EL0, fuzz_next(r) & 0x71);
}

static void set_debug(uint8_t *table, uint32_t entry, struct fuzz_random *r)
{
    bool on = fuzz_one_in(r, 6);
    set(table, FA_MDSCR_EL1, on ? (fuzz_next(r) & 1) | BIT(13) | BIT(15) : some(r, 8, BIT(12)));
    for (uint32_t i = 0; i < 2; i++) {
        set(table, FA_DBG(i, 4), RAM + entry + 4 * fuzz_below(r, 64));
        set(table, FA_DBG(i, 5), on && fuzz_one_in(r, 2) ? 0x1e1 | (fuzz_next(r) & 0xe006) : 0);
    }
    set(table, FA_DBG(0, 6), RAM + DATA + 8 * fuzz_below(r, DATA_BYTES / 8));
    set(table, FA_DBG(0, 7), on && fuzz_one_in(r, 2) ? 0x1e07 | (fuzz_next(r) & 0x1f00fff8) : 0);
}

static uint64_t data_pointer(struct fuzz_random *r)
{
    return RAM + DATA + DATA_BYTES / 4 + 16 * fuzz_below(r, DATA_BYTES / 32);
}

static void set_registers(uint8_t *table, struct fuzz_random *r)
{
    static const uint8_t pointers[] = { 2, 8, 9, 18, 27 };
    for (uint32_t i = 0; i < 31; i++)
        st_le64(table + 8 * (TABLE_X + i), fuzz_a64_integer(r));
    for (uint32_t i = 0; i < ARRAY_LEN(pointers); i++)
        st_le64(table + 8 * (TABLE_X + pointers[i]), data_pointer(r));
    st_le64(table + 8 * TABLE_SP, data_pointer(r));
    for (uint32_t i = 0; i < 3; i++)
        set(table, FA_SP_EL(i), data_pointer(r) + (fuzz_one_in(r, 16) ? 8 : 0));
    for (uint32_t i = 0; i < 32; i++) {
        uint64_t v[2];
        fuzz_a64_vector(r, v);
        st_le64(table + 8 * (TABLE_V + 2 * i), v[0]);
        st_le64(table + 8 * (TABLE_V + 2 * i + 1), v[1]);
    }
    for (uint32_t i = 0; i < 10; i++)
        set(table, FA_KEY(i), fuzz_next(r));
    set(table, FA_RGSR_EL1, fuzz_next(r) & 0xffff0f);
    set(table, FA_GCR_EL1, fuzz_next(r) & 0x1ffff);
    set(table, FA_FPCR,
        fuzz_one_in(r, 3) ? fuzz_next(r) & (7 | 0xf9ull << 19) : (uint64_t)fuzz_below(r, 4) << 22);
    set(table, FA_FPSR, fuzz_next(r) & 0x0800009f);
}

void fuzz_a64_round(uint8_t *table, uint32_t round, uint32_t entry,
                    const struct fuzz_a64_tree trees[TREES], struct fuzz_random *r)
{
    uint32_t level = kinds[round].level;
    /* M, and NZCV DIT UAO PAN SS SSBS BTYPE DAIF as they fall */
    uint64_t spsr = level << 2 | (level != 0 && !fuzz_one_in(r, 3));
    spsr |= fuzz_next(r) & (0xfull << 28 | BIT(25) | BIT(24) | BIT(23) | BIT(21) | BIT(12));
    spsr |= fuzz_one_in(r, 2) ? fuzz_next(r) & 0x2400c0 : 0;
    spsr |= fuzz_one_in(r, 8) ? BIT(22) : 0;
    set_translation(table, round, trees, r);
    set_controls(table, round, r);
    set_debug(table, entry, r);
    set_registers(table, r);
    for (unsigned el = 1; el <= 3; el++) {
        set(table, FA_VBAR(el), RAM + VECTORS + 0x800 * (el - 1));
        set(table, FA_ELR(el), RAM + entry);
        set(table, FA_SPSR(el), el == 3 ? spsr : fuzz_next(r) & (0xfull << 28 | 5));
    }
    set(table, FA_CNTP_CTL, fuzz_one_in(r, 12) ? fuzz_below(r, 4) : 1);
    set(table, FA_CNTV_CTL, fuzz_one_in(r, 2));
    st_le64(table + 8 * TABLE_DELAY, 200 + fuzz_below(r, 1500));
    st_le64(table + 8 * (TABLE_DELAY + 1), 200 + fuzz_below(r, 1500));
}
