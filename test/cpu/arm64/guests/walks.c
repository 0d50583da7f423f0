/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Translation as software sees it, at EL2 with EL1 below. A description of VMSAv8-64 (Arm DDI 0487, D8)
 * says how descriptors of a granule and address size are laid out; for each, each start level and
 * each leaf level, tables are built, EL1 loads, stores and branches through them, whole and
 * with one thing wrong at each level, and ESR, FAR, HPFAR and PAR are compared with what the
 * manual's fault tables say. Ends with "walks: N cases passed".
 */
#include "guest.h"

enum flavour { PLAIN, LVA, LPA, LPA2 };
static const char *const flavour_names[] = { "48-bit", "LVA", "LPA", "LPA2" };

struct layout {
    unsigned gran; /* log2 of the granule */
    enum flavour flavour;
    unsigned va, oa; /* largest input and output sizes */
    int first_block; /* lowest-numbered level that has blocks; of 64K: level 1, as the PE has 52-bit addresses */
};
static const struct layout layouts[] = {
    { 12, PLAIN, 48, 48, 1 }, { 14, PLAIN, 48, 48, 2 }, { 16, PLAIN, 48, 48, 1 }, { 16, LVA, 52, 48, 1 },
    { 16, LPA, 52, 52, 1 },   { 12, LPA2, 52, 52, 0 },  { 14, LPA2, 52, 52, 1 },
};

#define VALID   1ull
#define TABLE   2ull
#define PAGE    2ull
#define AP_USER (1ull << 6)
#define AP_RO   (1ull << 7)
#define AF      (1ull << 10)
#define DBM     (1ull << 51)
#define PXN     (1ull << 53)
#define UXN     (1ull << 54)
#define NOWHERE 0x6000000000ull /* neither RAM nor a device answers there */

/* ---- assembly: walks_asm.S ---- */
extern uint64_t run_el1(uint64_t pc, uint64_t x1);
extern char el2_vectors[], stub_page[], stub_load[], stub_store[], stub_branch[];
extern volatile uint64_t abort_esr, abort_far; /* of an exception at EL2 itself; ESR 0: none */

/* ---- tables ---- */
static uint8_t pool[8 << 20] __attribute__((aligned(65536)));
static uint64_t used;
static _Alignas(65536) uint64_t data_page[8192];
static const struct layout *l;
static unsigned bits, cases, failures;
static int leaf_now;
static const char *what_now;

struct tree {
    unsigned bits;
    int start;
    uint64_t root, slot[5]; /* where the last map() put each level's descriptor; index level + 1 */
};
static struct tree lower, upper, second;

static unsigned stride(void)
{
    return l->gran - 3;
}

static unsigned shift_of(int level)
{
    return l->gran + (unsigned)(3 - level) * stride();
}

static int start_of(unsigned n)
{
    int level = 3;
    while (shift_of(level) + stride() < n)
        level--;
    return level;
}

/* Bits 51:48 of an address in a descriptor (D8.3.1) and in a TTBR (D24.2). */
static uint64_t encode_oa(uint64_t oa)
{
    if (l->flavour == LPA2)
        return (oa & ((1ull << 50) - 1)) | (oa >> 50 & 3) << 8;
    return (oa & ((1ull << 48) - 1)) | (l->flavour == LPA ? (oa >> 48 & 15) << 12 : 0);
}

static uint64_t encode_ttbr(uint64_t base)
{
    if (l->flavour == LPA2 || l->flavour == LPA)
        return (base & ((1ull << 48) - 1)) | (base >> 48 & 15) << 2;
    return base;
}

static uint64_t decode_table(uint64_t desc)
{
    return desc & ((1ull << 48) - 1) & ~((1ull << l->gran) - 1);
}

static uint64_t new_table(uint64_t bytes)
{
    uint64_t align = bytes < 1ull << l->gran ? 1ull << l->gran : bytes;
    used = (used + align - 1) & ~(align - 1);
    uint64_t pa = (uint64_t)pool + used;
    used += align;
    if (used > sizeof(pool)) {
        put_text("walks: FAILED: the pool of tables is too small\n");
        power_off();
    }
    for (uint64_t i = 0; i < align; i += 8)
        *(volatile uint64_t *)(pa + i) = 0;
    return pa;
}

static volatile uint64_t *at(uint64_t pa)
{
    return (volatile uint64_t *)pa;
}

static void plant(struct tree *t, unsigned n, int start)
{
    t->bits = n;
    t->start = start;
    t->root = new_table(8ull << (n - shift_of(start)));
}

/* Tables down to `leaf` for `va`, making what is not there yet. */
static void map(struct tree *t, uint64_t va, int leaf, uint64_t oa, uint64_t attributes)
{
    uint64_t table = t->root;
    for (int level = t->start; level <= leaf; level++) {
        unsigned n = level == t->start ? t->bits - shift_of(level) : stride();
        uint64_t slot = table + 8 * (va >> shift_of(level) & ((1ull << n) - 1));
        t->slot[level + 1] = slot;
        if (level == leaf)
            *at(slot) = encode_oa(oa) | attributes | VALID | (leaf == 3 ? PAGE : 0);
        else if (!(*at(slot) & VALID))
            *at(slot) = encode_oa(new_table(1ull << l->gran)) | VALID | TABLE;
        table = decode_table(*at(slot));
    }
}

static void flush(void)
{
    DSB();
    __asm__ volatile("tlbi alle1" ::: "memory");
    DSB();
    ISB();
}

/* ---- expectations ---- */
enum kind { ADDRESS_SIZE, TRANSLATION, ACCESS_FLAG, PERMISSION, EXTERNAL };
enum access { LOAD, STORE, FETCH };

static unsigned fsc(enum kind kind, int level)
{
    static const uint8_t from_level_0[] = { 0x00, 0x04, 0x08, 0x0c, 0x14 };
    static const uint8_t level_minus_1[] = { 0x29, 0x2b, 0, 0, 0x13 };
    return level < 0 ? level_minus_1[kind] : from_level_0[kind] + (unsigned)level;
}

static void complain(const char *text, uint64_t got, uint64_t wanted)
{
    if (failures++ > 20)
        return;
    put_text("walks: FAILED: ");
    put_text(flavour_names[l->flavour]);
    put_text(" granule ");
    put_number(1u << (l->gran - 10));
    put_text("K, bits ");
    put_number(bits);
    put_text(", leaf ");
    put_number((unsigned)leaf_now);
    put_text(", ");
    put_text(what_now);
    put_text(": ");
    put_text(text);
    put_text(" is ");
    put_hex(got);
    put_text(", not ");
    put_hex(wanted);
    put_text("\n");
}

static void same(const char *text, uint64_t got, uint64_t wanted)
{
    if (got != wanted)
        complain(text, got, wanted);
}

static uint64_t run(enum access a, uint64_t va)
{
    static char *const stubs[] = { stub_load, stub_store, stub_branch };
    uint64_t pc = 0xffff000000000000ull | ((uint64_t)stubs[a] & 0xffff);
    cases++;
    if (upper.root == 0) /* stage 1 off */
        pc = (uint64_t)stubs[a];
    MSR("esr_el1", 0);
    MSR("far_el1", 0);
    MSR("hpfar_el2", 0);
    ISB();
    return run_el1(pc, va);
}

enum { EC_HVC = 0x16 };
#define MAGIC 0x1122334455d4000002ull /* its low word is HVC #0 */

static void expect_good(enum access a, uint64_t va)
{
    *at((uint64_t)data_page + 0xf48) = 0x11223344d4000002ull;
    uint64_t x0 = run(a, va), esr = MRS("esr_el2");
    same("ESR_EL2 (HVC 0)", esr, (uint64_t)EC_HVC << 26 | 1u << 25);
    if (a == LOAD)
        same("the value loaded", x0, 0x11223344d4000002ull);
    if (a == STORE)
        same("the value stored", *at((uint64_t)data_page + 0xf48), 0x5151515151515151ull);
}

static void expect_el1(enum access a, uint64_t va, enum kind kind, int level)
{
    run(a, va);
    same("ESR_EL2 (HVC 1 by EL1's vector)", MRS("esr_el2"), (uint64_t)EC_HVC << 26 | 1u << 25 | 1);
    uint64_t iss = fsc(kind, level) | (a == STORE ? 1u << 6 : 0u);
    same("ESR_EL1", MRS("esr_el1"), (a == FETCH ? 0x21ull : 0x25ull) << 26 | 1u << 25 | iss);
    same("FAR_EL1", MRS("far_el1"), va);
}

/* A stage 2 fault: of the access, or of a read of stage 1's tables. */
static void expect_el2(enum access a, uint64_t va, enum kind kind, int level, bool s1ptw, uint64_t ipa)
{
    run(a, va);
    uint64_t iss = fsc(kind, level);
    if (s1ptw)
        iss |= 1u << 7;
    else if (a != FETCH && kind != EXTERNAL)
        iss |= 1u << 24 | 3u << 22 | 1u << 15; /* ISV, SAS 64 bits, SF; Rt is X0 */
    if (a == STORE && !s1ptw)
        iss |= 1u << 6;
    uint64_t esr = MRS("esr_el2");
    if (s1ptw) /* WnR of a read of the tables on behalf of a store is the store's */
        esr &= ~(1ull << 6);
    same("ESR_EL2", esr, (a == FETCH ? 0x20ull : 0x24ull) << 26 | 1u << 25 | iss);
    same("FAR_EL2", MRS("far_el2"), va);
    if (kind != EXTERNAL && (s1ptw || kind != PERMISSION))
        same("HPFAR_EL2", MRS("hpfar_el2") & 0xfffffffffffull, ipa >> 12 << 4);
}

/* AT S1E1A (FEAT_ATS1A): the address without the permissions; older assemblers lack the name. */
#define AT_S1E1A(va)                                                                                   \
    ({                                                                                                 \
        abort_esr = 0;                                                                                 \
        __asm__ volatile("sys #0, c7, c9, #2, %0; isb" ::"r"((uint64_t)(va)) : "memory");              \
        cases++;                                                                                       \
        MRS("par_el1");                                                                                \
    })

#define AT_(op, va)                                                                                    \
    ({                                                                                                 \
        abort_esr = 0;                                                                                 \
        __asm__ volatile("at " op ", %0; isb" ::"r"((uint64_t)(va)) : "memory");                       \
        cases++;                                                                                       \
        MRS("par_el1");                                                                                \
    })

static void par_is_good(uint64_t par, uint64_t pa)
{
    same("PAR_EL1 of a translation", par & ~(3ull << 9), 0xffull << 56 | (pa & 0xffffffffff000ull) | 1ull << 11 | 3 << 7);
}

static void par_is_fault(uint64_t par, enum kind kind, int level, bool stage2, bool s1ptw)
{
    same("ESR_EL2 of an exception in AT", abort_esr, 0);
    same("PAR_EL1 of a fault", par & 0xfff,
         1u | fsc(kind, level) << 1 | (s1ptw ? 1u << 8 : 0u) | (stage2 ? 1u << 9 : 0u) | 1u << 11);
}

/* An external abort on AT's walk is taken, from EL2 to EL2: CM and WnR are set. */
static void at_aborts(uint64_t va, int level)
{
    same("ESR_EL2 of an external abort in AT", abort_esr,
         0x25ull << 26 | 1u << 25 | 1u << 8 | 1u << 6 | fsc(EXTERNAL, level));
    same("FAR_EL2 of an external abort in AT", abort_far, va);
}

/* ---- stage 1 ---- */
static uint64_t tcr_base(unsigned n, unsigned ps)
{
    static const uint8_t tg0[] = { [12] = 0, [14] = 2, [16] = 1 }, tg1[] = { [12] = 2, [14] = 1, [16] = 3 };
    uint64_t tcr = (64 - n) | 1u << 8 | 1u << 10 | 3u << 12 | (uint64_t)tg0[l->gran] << 14;
    tcr |= 16u << 16 | 1u << 24 | 1u << 26 | 3u << 28 | (uint64_t)tg1[l->gran] << 30 | (uint64_t)ps << 32;
    return tcr | (l->flavour == LPA2 ? 1ull << 59 : 0);
}

static unsigned full_ps(void)
{
    return l->oa == 52 ? 6 : 5;
}

static void set_tcr(uint64_t tcr)
{
    MSR("tcr_el1", tcr);
    flush();
}

static void change(uint64_t slot, uint64_t desc)
{
    *at(slot) = desc;
    flush();
}

static uint64_t leaf_bits(void)
{
    return AF | (l->flavour == LPA2 ? 0 : 3 << 8);
}

static void upper_half(void)
{
    plant(&upper, 48, start_of(48));
    map(&upper, 0xffff000000000000ull, 3, (uint64_t)stub_page, leaf_bits());
    if (l->gran < 16) /* the stubs span 64 KiB */
        for (uint64_t i = 1ull << l->gran; i < 65536; i += 1ull << l->gran)
            map(&upper, 0xffff000000000000ull + i, 3, (uint64_t)stub_page + i, leaf_bits());
    MSR("ttbr1_el1", encode_ttbr(upper.root));
    MSR("vbar_el1", 0xffff000000000800ull);
}

static void stage1_levels(uint64_t va, int leaf)
{
    uint64_t tcr = tcr_base(bits, full_ps());
    for (int level = lower.start; level <= leaf; level++) {
        uint64_t slot = lower.slot[level + 1], was = *at(slot);
        what_now = "an invalid descriptor";
        change(slot, was & ~VALID);
        expect_el1(LOAD, va, TRANSLATION, level);
        expect_el1(STORE, va, TRANSLATION, level);
        expect_el1(FETCH, va, TRANSLATION, level);
        par_is_fault(AT_("s1e1r", va), TRANSLATION, level, false, false);
        if (level < leaf) {
            if (level < l->first_block) {
                what_now = "a block where none may be";
                change(slot, was & ~TABLE);
                expect_el1(LOAD, va, TRANSLATION, level);
            }
            what_now = "a table where nothing answers";
            change(slot, encode_oa(NOWHERE) | VALID | TABLE);
            expect_el1(LOAD, va, EXTERNAL, level + 1);
            expect_el1(STORE, va, EXTERNAL, level + 1);
            expect_el1(FETCH, va, EXTERNAL, level + 1);
            AT_("s1e1r", va);
            at_aborts(va, level + 1);
        }
        what_now = "an output address beyond IPS";
        change(slot, level < leaf ? encode_oa(1ull << 41) | VALID | TABLE
                                  : encode_oa(1ull << 47) | (was & 0xfff0000000000fffull));
        set_tcr((tcr & ~(7ull << 32)) | 2ull << 32);
        if (level < leaf || shift_of(leaf) <= 47) {
            expect_el1(LOAD, va, ADDRESS_SIZE, level);
            par_is_fault(AT_("s1e1r", va), ADDRESS_SIZE, level, false, false);
        }
        set_tcr(tcr);
        change(slot, was);
    }
}

static void stage1_leaf(uint64_t va, int leaf)
{
    uint64_t slot = lower.slot[leaf + 1], was = *at(slot), tcr = tcr_base(bits, full_ps());
    what_now = "access flag";
    change(slot, was & ~AF);
    expect_el1(LOAD, va, ACCESS_FLAG, leaf);
    par_is_fault(AT_("s1e1r", va), ACCESS_FLAG, leaf, false, false);
    par_is_fault(AT_S1E1A(va), ACCESS_FLAG, leaf, false, false);
    what_now = "access flag set by the walk";
    set_tcr(tcr | 1ull << 39);
    expect_good(LOAD, va);
    same("the descriptor", *at(slot), was);
    what_now = "permission";
    change(slot, was | AP_RO);
    expect_good(LOAD, va);
    expect_el1(STORE, va, PERMISSION, leaf);
    par_is_fault(AT_("s1e1w", va), PERMISSION, leaf, false, false);
    same("PAR_EL1 of AT S1E1A", AT_S1E1A(va), AT_("s1e1r", va));
    same("ESR_EL2 of an exception in AT", abort_esr, 0);
    what_now = "dirty state";
    set_tcr(tcr | 3ull << 39);
    change(slot, was | AP_RO | DBM);
    expect_good(STORE, va);
    same("the descriptor", *at(slot), was | DBM);
    set_tcr(tcr);
    what_now = "execute never";
    change(slot, was | PXN);
    expect_el1(FETCH, va, PERMISSION, leaf);
    change(slot, was);
    what_now = "beyond TxSZ";
    if (bits < 52) {
        expect_el1(LOAD, va | 1ull << bits, TRANSLATION, 0);
        par_is_fault(AT_("s1e1r", va | 1ull << bits), TRANSLATION, 0, false, false);
    }
    what_now = "a 52-bit or 48-bit output address by AT";
    uint64_t oa = (l->oa == 52 ? 0xA5A5A5A5A5A5Aull << 0 : 0x5A5A5A5A5A5Aull) & ((1ull << l->oa) - 1);
    oa = (oa | 1ull << (l->oa - 1)) & ~((1ull << shift_of(leaf)) - 1);
    change(slot, encode_oa(oa) | (was & 0xfff0000000000cffull & ~0x300ull) | leaf_bits());
    par_is_good(AT_("s1e1r", va), oa | (va & ((1ull << shift_of(leaf)) - 1)));
    change(slot, was);
    what_now = "TTBR0_EL1";
    MSR("ttbr0_el1", encode_ttbr(NOWHERE));
    flush();
    expect_el1(LOAD, va, EXTERNAL, lower.start);
    AT_("s1e1r", va);
    at_aborts(va, lower.start);
    set_tcr((tcr & ~(7ull << 32)) | 2ull << 32);
    MSR("ttbr0_el1", 1ull << 41);
    flush();
    expect_el1(LOAD, va, ADDRESS_SIZE, 0);
    MSR("ttbr0_el1", encode_ttbr(lower.root));
    set_tcr(tcr);
}

/* An input address that reaches the data page by a leaf of that level. */
static uint64_t some_va(int leaf)
{
    uint64_t within = (1ull << shift_of(leaf)) - 1, target = (uint64_t)data_page + 0xf48;
    uint64_t index = 0x000A9B8C7D6E5F48ull & ((1ull << (bits - 1)) - 1);
    return ((index & ~within) | (target & within)) & ((1ull << bits) - 1);
}

static void stage1_shape(int leaf)
{
    uint64_t va = some_va(leaf), within = (1ull << shift_of(leaf)) - 1;
    used = 0;
    leaf_now = leaf;
    what_now = "translation";
    plant(&lower, bits, start_of(bits));
    map(&lower, va, leaf, (uint64_t)data_page & ~within, leaf_bits());
    upper_half();
    MSR("ttbr0_el1", encode_ttbr(lower.root));
    MSR("hcr_el2", 1ull << 31);
    MSR("mair_el1", 0xff);
    MSR("sctlr_el1", 0x30d00800 | 1 | 4 | 1 << 12);
    set_tcr(tcr_base(bits, full_ps()));
    expect_good(LOAD, va);
    expect_good(STORE, va);
    expect_good(FETCH, va);
    par_is_good(AT_("s1e1r", va), (uint64_t)data_page + 0xf48);
    par_is_good(AT_("s1e1w", va), (uint64_t)data_page + 0xf48);
    stage1_levels(va, leaf);
    stage1_leaf(va, leaf);
    MSR("sctlr_el1", 0x30d00800);
    ISB();
}

/* ---- stage 2 ---- */
static uint64_t vtcr_of(unsigned n, int start, unsigned ps)
{
    static const uint8_t tg0[] = { [12] = 0, [14] = 2, [16] = 1 };
    unsigned sl = (unsigned)(l->gran == 12 ? 2 - start : 3 - start), sl2 = 0;
    if (l->gran == 12 && start == -1)
        sl = 0, sl2 = 1;
    if (l->gran == 12 && start == 3)
        sl = 3;
    uint64_t v = (64 - n) | sl << 6 | 1u << 8 | 1u << 10 | 3u << 12 | (uint64_t)tg0[l->gran] << 14 |
                 (uint64_t)ps << 16 | 1ull << 31;
    return v | (l->flavour == LPA2 ? 1ull << 32 : 0) | (uint64_t)sl2 << 33;
}

static uint64_t s2_bits(void)
{
    return AF | 3ull << 6 | 15ull << 2 | (l->flavour == LPA2 ? 0 : 3 << 8);
}

static int s2_start(unsigned n)
{
    int start = start_of(n);
    if (l->gran == 14 && l->flavour != LPA2 && start == 0)
        start = 1; /* two concatenated tables: stage 2 has no level 0 there */
    return start;
}

/* The program itself, by IPA: code and stage 1's tables. */
static void map_program(void)
{
    uint64_t step = 1ull << l->gran, from = 0x40200000, to = (uint64_t)pool + sizeof(pool);
    for (uint64_t pa = from; pa < to; pa += step)
        map(&second, pa, 3, pa, s2_bits());
}

static void stage2_levels(uint64_t ipa, int leaf, unsigned n)
{
    uint64_t vtcr = vtcr_of(n, second.start, full_ps());
    for (int level = second.start; level <= leaf; level++) {
        uint64_t slot = second.slot[level + 1], was = *at(slot);
        what_now = "stage 2: an invalid descriptor";
        change(slot, was & ~VALID);
        expect_el2(LOAD, ipa, TRANSLATION, level, false, ipa);
        expect_el2(STORE, ipa, TRANSLATION, level, false, ipa);
        expect_el2(FETCH, ipa, TRANSLATION, level, false, ipa);
        par_is_fault(AT_("s12e1r", ipa), TRANSLATION, level, true, false);
        if (level < leaf) {
            what_now = "stage 2: a table where nothing answers";
            change(slot, encode_oa(NOWHERE) | VALID | TABLE);
            expect_el2(LOAD, ipa, EXTERNAL, level + 1, false, ipa);
            expect_el2(STORE, ipa, EXTERNAL, level + 1, false, ipa);
            expect_el2(FETCH, ipa, EXTERNAL, level + 1, false, ipa);
        }
        change(slot, was);
    }
    uint64_t slot = second.slot[leaf + 1], was = *at(slot);
    what_now = "stage 2: access flag";
    change(slot, was & ~AF);
    expect_el2(LOAD, ipa, ACCESS_FLAG, leaf, false, ipa);
    par_is_fault(AT_("s12e1r", ipa), ACCESS_FLAG, leaf, true, false);
    MSR("vtcr_el2", vtcr | 1ull << 21);
    flush();
    expect_good(LOAD, ipa);
    same("the descriptor", *at(slot), was);
    MSR("vtcr_el2", vtcr);
    what_now = "stage 2: permission";
    change(slot, was & ~(2ull << 6));
    expect_good(LOAD, ipa);
    expect_el2(STORE, ipa, PERMISSION, leaf, false, ipa);
    par_is_fault(AT_("s12e1w", ipa), PERMISSION, leaf, true, false);
    change(slot, was & ~(1ull << 6));
    expect_el2(LOAD, ipa, PERMISSION, leaf, false, ipa);
    change(slot, was | 2ull << 53);
    expect_el2(FETCH, ipa, PERMISSION, leaf, false, ipa);
    change(slot, was);
    what_now = "stage 2: address size";
    MSR("vtcr_el2", (vtcr & ~(7ull << 16)) | 2ull << 16);
    change(slot, encode_oa(1ull << 47) | (was & 0xfff0000000000fffull));
    if (shift_of(leaf) <= 47)
        expect_el2(LOAD, ipa, ADDRESS_SIZE, leaf, false, ipa);
    MSR("vtcr_el2", vtcr);
    change(slot, was);
}

static void stage2_shape(int leaf, unsigned n)
{
    uint64_t within, ipa;
    bits = n;
    used = 0;
    leaf_now = leaf;
    what_now = "stage 2: translation";
    within = (1ull << shift_of(leaf)) - 1;
    ipa = 1ull << (n - 1); /* the other half than the program's */
    ipa = (ipa & ~within) | (((uint64_t)data_page + 0xf48) & within);
    plant(&second, n, s2_start(n));
    map_program();
    map(&second, ipa, leaf, (uint64_t)data_page & ~within, s2_bits());
    upper.root = 0;
    MSR("vttbr_el2", encode_ttbr(second.root));
    MSR("vtcr_el2", vtcr_of(n, second.start, full_ps()));
    MSR("hcr_el2", 1ull << 31 | 1);
    MSR("sctlr_el1", 0x30d00800);
    MSR("vbar_el1", stub_page + 0x800);
    flush();
    expect_good(LOAD, ipa);
    expect_good(STORE, ipa);
    expect_good(FETCH, ipa);
    stage2_levels(ipa, leaf, n);
    what_now = "stage 2: VTTBR_EL2";
    MSR("vttbr_el2", encode_ttbr(NOWHERE));
    flush();
    run(LOAD, ipa); /* the fetch comes first */
    same("ESR_EL2", MRS("esr_el2"), 0x20ull << 26 | 1u << 25 | fsc(EXTERNAL, second.start));
    MSR("hcr_el2", 1ull << 31);
    flush();
}

/* Stage 1's tables seen through stage 2: which table cannot be read, and why. */
static void both_stages(int leaf)
{
    uint64_t va = some_va(leaf), within = (1ull << shift_of(leaf)) - 1;
    unsigned n = 40;
    used = 0;
    leaf_now = leaf;
    plant(&lower, bits, start_of(bits));
    map(&lower, va, leaf, (uint64_t)data_page & ~within, leaf_bits());
    upper_half();
    plant(&second, n, s2_start(n));
    map_program();
    MSR("ttbr0_el1", encode_ttbr(lower.root));
    MSR("mair_el1", 0xff);
    MSR("sctlr_el1", 0x30d00800 | 1 | 4 | 1 << 12);
    MSR("tcr_el1", tcr_base(bits, full_ps()));
    MSR("vttbr_el2", encode_ttbr(second.root));
    MSR("vtcr_el2", vtcr_of(n, second.start, full_ps()));
    MSR("hcr_el2", 1ull << 31 | 1);
    what_now = "both stages: translation";
    flush();
    expect_good(LOAD, va);
    expect_good(STORE, va);
    for (int level = lower.start; level <= leaf; level++) {
        uint64_t ipa = lower.slot[level + 1];
        map(&second, ipa, 3, ipa & ~((1ull << l->gran) - 1), s2_bits());
        uint64_t slot = second.slot[4], was = *at(slot);
        what_now = "both stages: a table that stage 2 does not map";
        change(slot, 0);
        expect_el2(LOAD, va, TRANSLATION, 3, true, ipa);
        expect_el2(STORE, va, TRANSLATION, 3, true, ipa);
        expect_el2(FETCH, va, TRANSLATION, 3, true, ipa);
        par_is_fault(AT_("s12e1r", va), TRANSLATION, 3, true, true);
        what_now = "both stages: a table without access flag";
        change(slot, was & ~AF);
        expect_el2(LOAD, va, ACCESS_FLAG, 3, true, ipa);
        what_now = "both stages: a table that may not be read";
        change(slot, was & ~(3ull << 6));
        expect_el2(LOAD, va, PERMISSION, 3, true, ipa);
        what_now = "both stages: a table where nothing answers";
        change(slot, encode_oa(NOWHERE) | s2_bits() | VALID | PAGE);
        expect_el1(LOAD, va, EXTERNAL, level);
        change(slot, was);
    }
    MSR("hcr_el2", 1ull << 31);
    MSR("sctlr_el1", 0x30d00800);
    flush();
}

static bool interesting(unsigned n)
{
    return n == 25 || n == l->va || start_of(n) != start_of(n - 1) || start_of(n) != start_of(n + 1);
}

static void one_layout(void)
{
    for (bits = 25; bits <= l->va; bits++) {
        if (!interesting(bits))
            continue;
        int first = start_of(bits) > l->first_block ? start_of(bits) : l->first_block;
        for (int leaf = first; leaf <= 3; leaf++) {
            if (shift_of(leaf) < bits)
                stage1_shape(leaf);
            if (shift_of(leaf) < bits && bits >= 32)
                both_stages(leaf);
        }
    }
    for (unsigned n = 32; n <= l->oa; n += 4) {
        int start = s2_start(n), first = start > l->first_block ? start : l->first_block;
        for (int leaf = first; leaf <= 3; leaf++)
            if (shift_of(leaf) < n)
                stage2_shape(leaf, n);
    }
}

int main(void)
{
    MSR("vbar_el2", el2_vectors);
    MSR("hcr_el2", 1ull << 31);
    MSR("cptr_el2", 0x33ff);
    ISB();
    for (unsigned i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++) {
        l = &layouts[i];
        one_layout();
        put_text(flavour_names[l->flavour]);
        put_text(", ");
        put_number(1u << (l->gran - 10));
        put_text("K: ");
        put_number(cases);
        put_text(" cases\n");
    }
    put_text("walks: ");
    put_number(cases);
    put_text(failures ? " cases, FAILED: " : " cases passed");
    if (failures)
        put_number(failures);
    put_text("\n");
    return 0;
}
