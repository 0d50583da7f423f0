/* SPDX-License-Identifier: Apache-2.0 */
/* Memory tagging: Arm ARM, D10 and the instructions of C6.2, at EL1 with stage 1 on. */
#include "test/cpu/arm64/fixture.h"

#define STG        0xd9200801u /* stg x1, [x0] */
#define STG_POST   0xd9201401u /* stg x1, [x0], #16 */
#define ST2G_PRE   0xd9a02c01u /* st2g x1, [x0, #32]! */
#define STZG       0xd9600801u
#define STZ2G      0xd9e00801u
#define STGP       0x69000801u /* stgp x1, x2, [x0] */
#define LDG        0xd9600003u /* ldg x3, [x0] */
#define LDGM       0xd9e00003u
#define STGM       0xd9a00003u
#define STZGM      0xd9200003u
#define ADDG       0x91810c02u /* addg x2, x0, #16, #3 */
#define SUBG       0xd1820402u /* subg x2, x0, #32, #1 */
#define IRG        0x9ac11002u /* irg x2, x0, x1 */
#define GMI        0x9ac11402u
#define SUBP       0x9ac10002u
#define SUBPS      0xbac10002u
#define LDR        0xf9400004u /* ldr x4, [x0] */
#define STR        0xf9000004u
#define LDP        0xa9401404u /* ldp x4, x5, [x0] */
#define LDRB       0x39400004u
#define LDR_SP     0xf9400be4u /* ldr x4, [sp, #16] */
#define LDR_SP_POST 0xf84107e4u /* ldr x4, [sp], #16 */
#define LDTR       0xf8400804u
#define LDADD      0xf8240005u
#define LDR_Q      0x3dc00001u
#define DC_ZVA     0xd50b7420u
#define DC_GVA     0xd50b7460u
#define DC_GZVA    0xd50b7480u

enum { IGNORE, SYNC, ASYNC, ASYMMETRIC };
#define ATA  B(43)
#define ATA0 B(42)
#define T(n) ((uint64_t)(n) << 56)
#define D PE_DATA

static struct pe make_for(uint8_t attr, unsigned tcf, enum exec_mode mode)
{
    struct pe p = pe_create("max", mode);
    ck_assert(a64_cpu_has(p.a, A64_F_MTE3));
    p.a->scr_el3 |= A64_SCR_NS | A64_SCR_ATA | A64_SCR_RW;
    p.a->hcr_el2 |= A64_HCR_ATA | B(31);
    pe_map(&p, attr, false);
    p.a->sctlr[1] |= ATA | ATA0 | (uint64_t)tcf << 40 | (uint64_t)tcf << 38 | A64_SCTLR_DZE;
    p.a->tco = 0;
    pe_level(&p, 1);
    return p;
}

static struct pe make(unsigned tcf)
{
    return make_for(0xf0, tcf, EXEC_INTERP);
}

static bool one(struct pe *p, uint32_t word, uint64_t x0, uint64_t x1)
{
    p->a->x[0] = x0, p->a->x[1] = x1;
    return pe_run(p, &word, 1);
}

static unsigned tag_at(struct pe *p, uint64_t va)
{
    uint64_t n = (va - PE_RAM) / 16;
    return p->ram->tags->host[n / 2] >> (n % 2 * 4) & 15;
}

static uint8_t *data_at(struct pe *p, uint64_t va)
{
    return p->ram->host + (va - PE_RAM);
}

START_TEST(tags_are_stored_and_loaded)
{
    struct pe p = make(SYNC);
    ck_assert(one(&p, STG, D, T(5)));
    ck_assert_uint_eq(tag_at(&p, D), 5);
    ck_assert_uint_eq(tag_at(&p, D + 16), 0);
    p.a->x[3] = 0xa0ffffffffffffff;
    ck_assert(one(&p, LDG, D + 7, 0)); /* the granule of the address */
    ck_assert_uint_eq(p.a->x[3], 0xa5ffffffffffffff);
    ck_assert(one(&p, STG_POST, T(9) | (D + 16), T(6))); /* whatever tag the address has */
    ck_assert_uint_eq(p.a->x[0], T(9) | (D + 32));
    ck_assert_uint_eq(tag_at(&p, D + 16), 6);
    ck_assert_uint_eq(tag_at(&p, D), 5);
    memset(data_at(&p, D), 0x55, 512);
    ck_assert(one(&p, ST2G_PRE, D, T(7)));
    ck_assert_uint_eq(p.a->x[0], D + 32);
    ck_assert_uint_eq(tag_at(&p, D + 32) << 4 | tag_at(&p, D + 48), 0x77);
    ck_assert_uint_eq(*data_at(&p, D + 32), 0x55);
    ck_assert(one(&p, STZG, D + 64, T(8)));
    ck_assert_uint_eq(*data_at(&p, D + 64) + *data_at(&p, D + 79), 0);
    ck_assert_uint_eq(*data_at(&p, D + 80), 0x55);
    ck_assert_uint_eq(tag_at(&p, D + 64), 8);
    ck_assert(one(&p, STZ2G, D + 96, T(3)));
    ck_assert_uint_eq(*data_at(&p, D + 127), 0);
    ck_assert_uint_eq(tag_at(&p, D + 96) << 4 | tag_at(&p, D + 112), 0x33);
    p.a->x[2] = 0x2222;
    ck_assert(one(&p, STGP, T(12) | (D + 128), 0x1111));
    ck_assert_uint_eq(ld_le64(data_at(&p, D + 128)), 0x1111);
    ck_assert_uint_eq(ld_le64(data_at(&p, D + 136)), 0x2222);
    ck_assert_uint_eq(tag_at(&p, D + 128), 12);
    pe_destroy(&p);
}
END_TEST

/* GMID_EL1.BS = 6: sixteen tags; STZGM takes DCZID_EL0's block. UNDEFINED at EL0. */
START_TEST(many_tags)
{
    struct pe p = make(SYNC);
    p.a->x[3] = 0xfedcba9876543210;
    ck_assert(one(&p, STGM, D + 0x123, 0));
    for (unsigned i = 0; i < 16; i++)
        ck_assert_uint_eq(tag_at(&p, D + 0x100 + 16 * i), i);
    p.a->x[3] = 0;
    ck_assert(one(&p, LDGM, D + 0x1f0, 0));
    ck_assert_uint_eq(p.a->x[3], 0xfedcba9876543210);
    memset(data_at(&p, D), 0x55, 256);
    p.a->x[3] = 0xfffa;
    ck_assert(one(&p, STZGM, D + 70, 0)); /* 64 bytes */
    ck_assert_uint_eq(*data_at(&p, D + 63), 0x55);
    ck_assert_uint_eq(*data_at(&p, D + 64) | *data_at(&p, D + 127), 0);
    ck_assert_uint_eq(*data_at(&p, D + 128), 0x55);
    ck_assert_uint_eq(tag_at(&p, D + 48), 0);
    ck_assert_uint_eq(tag_at(&p, D + 64) << 4 | tag_at(&p, D + 112), 0xaa);
    ck_assert(one(&p, DC_GVA, T(4) | (D + 130), 0));
    ck_assert_uint_eq(tag_at(&p, D + 128) << 4 | tag_at(&p, D + 176), 0x44);
    ck_assert_uint_eq(*data_at(&p, D + 128), 0x55);
    ck_assert(one(&p, DC_GZVA, T(2) | (D + 130), 0));
    ck_assert_uint_eq(tag_at(&p, D + 128) << 4 | tag_at(&p, D + 176), 0x22);
    ck_assert_uint_eq(*data_at(&p, D + 191), 0);
    static const uint32_t privileged[] = { LDGM, STGM, STZGM };
    for (unsigned i = 0; i < 3; i++) {
        pe_map(&p, 0xf0, true);
        p.a->sctlr[1] &= ~A64_SCTLR_M;
        pe_level(&p, 0);
        ck_assert(!one(&p, privileged[i], D, 0));
        ck_assert_uint_eq(p.a->esr[1], 0x02000000);
    }
    pe_destroy(&p);
}
END_TEST

/* DFSC 0x11; FAR with the tag; a read and write counts as a read. */
static const struct {
    uint32_t word;
    uint64_t x0;
    bool good;
    unsigned wnr;
    uint64_t far;
} checks[] = {
    { LDR, T(5) | D, true },                  { LDR, T(4) | D, false, 0, T(4) | D },
    { STR, T(5) | D, true },                  { STR, D, false, 1, D },
    { LDR, T(5) | (D + 12), false, 0, T(5) | (D + 16) }, /* the second granule has 0 */
    { LDRB, T(5) | (D + 15), true },          { LDP, T(5) | D, true },
    { LDP, T(5) | (D + 8), false, 0, T(5) | (D + 16) },
    { LDADD, T(1) | D, false, 0, T(1) | D },  { LDADD, T(5) | D, true },
    { LDR_Q, T(5) | D, true },                { LDR_Q, T(7) | D, false, 0, T(7) | D },
    { DC_ZVA, T(5) | (D + 3), false, 1, T(5) | (D + 16) },
    { STG, T(3) | D, true }, /* tag stores are not checked */
    { LDTR, T(4) | D, false, 0, T(4) | D },
};

START_TEST(synchronous_checks)
{
    for (unsigned mode = 0; mode < 2; mode++) {
        struct pe p = make_for(0xf0, SYNC, mode ? EXEC_JIT : EXEC_INTERP);
        p.a->uao = checks[_i].word == LDTR; /* it acts as EL1: this page is not EL0's */
        pe_level(&p, 1);
        ck_assert(one(&p, STG, D, T(5)));
        ck_assert_int_eq(one(&p, checks[_i].word, checks[_i].x0, T(5)), checks[_i].good);
        if (!checks[_i].good) {
            ck_assert_uint_eq(p.a->esr[1], 0x25ull << 26 | 1u << 25 | checks[_i].wnr << 6 | 0x11);
            ck_assert_uint_eq(p.a->far[1], checks[_i].far);
        }
        ck_assert_uint_eq(p.a->tfsr[1], 0);
        pe_destroy(&p);
    }
}
END_TEST

START_TEST(other_ways_to_fault)
{
    static const struct {
        unsigned tcf;
        uint32_t word;
        bool good;
        uint64_t tfsr;
    } rows[] = {
        { IGNORE, LDR, true, 0 },   { ASYNC, LDR, true, 1 },        { ASYNC, STR, true, 1 },
        { ASYMMETRIC, STR, true, 1 }, { ASYMMETRIC, LDR, false, 0 }, { ASYMMETRIC, LDADD, false, 0 },
    };
    for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
        struct pe p = make(rows[i].tcf);
        ck_assert_int_eq(one(&p, rows[i].word, T(4) | D, 0), rows[i].good);
        ck_assert_uint_eq(p.a->tfsr[1], rows[i].tfsr);
        ck_assert_uint_eq(p.a->tfsr[0], 0);
        pe_destroy(&p);
    }
}
END_TEST

/* AccessTagIsChecked(): what is not */
START_TEST(unchecked)
{
    static const struct {
        uint64_t tco, sctlr_off, tcr_off, tcr_on, scr_off, hcr_off;
        uint64_t va;
        bool good;
    } rows[] = {
        { 0, 0, 0, 0, 0, 0, T(4) | D, false },
        { 1, 0, 0, 0, 0, 0, T(4) | D, true },            /* PSTATE.TCO */
        { 0, ATA, 0, 0, 0, 0, T(4) | D, true },
        { 0, 0, 0, 0, A64_SCR_ATA, 0, T(4) | D, true },
        { 0, 0, 0, 0, 0, A64_HCR_ATA, T(4) | D, true },
        { 0, 0, 0, B(57), 0, 0, D, true },               /* TCMA0: tag 0 of the lower half */
        { 0, 0, 0, B(57), 0, 0, T(4) | D, false },
        { 0, 0, B(37), 0, 0, 0, D, true },               /* without TBI there are no tags */
    };
    for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
        struct pe p = make(SYNC);
        ck_assert(one(&p, STG, D, T(9)));
        p.a->tco = rows[i].tco;
        p.a->sctlr[1] &= ~rows[i].sctlr_off;
        p.a->tcr[1] = (p.a->tcr[1] & ~rows[i].tcr_off) | rows[i].tcr_on;
        p.a->scr_el3 &= ~rows[i].scr_off;
        p.a->hcr_el2 &= ~rows[i].hcr_off;
        pe_level(&p, 1);
        ck_assert_msg(one(&p, LDR, rows[i].va, 0) == rows[i].good, "row %u", i);
        pe_destroy(&p);
    }
}
END_TEST

/* SP with an immediate offset is not checked, but with write-back it is. */
START_TEST(stack_pointer)
{
    struct pe p = make(SYNC);
    const uint32_t plain = LDR_SP, back = LDR_SP_POST;
    p.a->x[31] = T(3) | D;
    ck_assert(pe_run(&p, &plain, 1));
    p.a->x[31] = T(3) | D;
    ck_assert(!pe_run(&p, &back, 1));
    ck_assert_uint_eq(p.a->esr[1] & 0x3f, 0x11);
    pe_destroy(&p);
}
END_TEST

START_TEST(untagged_memory_has_no_tags)
{
    struct pe p = make_for(0xff, SYNC, EXEC_INTERP);
    ck_assert(one(&p, STG, D, T(5)));
    ck_assert_uint_eq(tag_at(&p, D), 0);
    p.a->x[3] = 0x0fffffffffffffff;
    ck_assert(one(&p, LDG, D, 0));
    ck_assert_uint_eq(p.a->x[3], 0x00ffffffffffffff);
    ck_assert(one(&p, LDR, T(7) | D, 0));
    pe_destroy(&p);
}
END_TEST

/* A page's tags are remembered: a new mapping must be seen, and tag stores by other addresses as well. */
START_TEST(mapping_may_change)
{
    struct pe p = make(SYNC);
    ck_assert(one(&p, STG, D, T(5)));
    ck_assert(one(&p, LDR, T(5) | D, 0));
    ck_assert(one(&p, STG, T(2) | D, T(6)));
    ck_assert(!one(&p, LDR, T(5) | D, 0));
    p.a->mair[1] = 0xff; /* not tagged any more */
    pe_level(&p, 1);
    ck_assert(one(&p, LDR, T(5) | D, 0));
    pe_destroy(&p);
}
END_TEST

START_TEST(alignment_of_tag_stores)
{
    static const uint32_t words[] = { STG, STZG, STZ2G, STGP };
    for (unsigned i = 0; i < ARRAY_LEN(words); i++) {
        struct pe p = make(SYNC);
        ck_assert(!one(&p, words[i], D + 8, 0));
        ck_assert_uint_eq(p.a->esr[1] & 0x7f, 0x61);
        ck_assert_uint_eq(p.a->far[1], D + 8);
        pe_destroy(&p);
    }
}
END_TEST

/* ChooseNonExcludedTag() */
START_TEST(choosing)
{
    static const struct {
        unsigned tag, offset, exclude, result;
    } rows[] = {
        { 3, 0, 0, 3 },       { 3, 2, 0, 5 },      { 15, 1, 0, 0 },     { 3, 0, 8, 4 },
        { 3, 1, 8, 4 },       { 3, 1, 0x10, 5 },   { 3, 2, 0x10, 6 },   { 9, 7, 0xffff, 0 },
        { 1, 5, 0xfffe, 0 },  { 0, 3, 0xfffa, 2 }, { 14, 15, 0x8001, 1 },
    };
    for (unsigned i = 0; i < ARRAY_LEN(rows); i++)
        ck_assert_msg(a64_mte_choose_tag(rows[i].tag, rows[i].offset, rows[i].exclude) == rows[i].result, "row %u", i);
}
END_TEST

START_TEST(addresses_with_tags)
{
    struct pe p = make(SYNC);
    ck_assert(one(&p, ADDG, 0xf200000012345670, 0));
    ck_assert_uint_eq(p.a->x[2], 0xf500000012345680);
    ck_assert(one(&p, SUBG, 0x0f00000012345670, 0));
    ck_assert_uint_eq(p.a->x[2], 0x0000000012345650);
    p.a->gcr_el1 = 0x20;
    ck_assert(one(&p, ADDG, 0x0200000000000000, 0));
    ck_assert_uint_eq(p.a->x[2], 0x0600000000000010); /* 5 is excluded */
    p.a->gcr_el1 = 0;
    ck_assert(one(&p, GMI, T(9), 0x8001));
    ck_assert_uint_eq(p.a->x[2], 0x8201);
    ck_assert(one(&p, SUBP, 0xf100000000001000, 0x0280000000000000)); /* bit 55 is the sign */
    ck_assert_uint_eq(p.a->x[2], 0x0080000000001000);
    ck_assert(one(&p, SUBPS, 0xf100000000001000, 0x0500000000001000));
    ck_assert_uint_eq(p.a->x[2], 0);
    ck_assert_uint_eq(a64_get_nzcv(p.a), 6u << 28);
    p.a->sctlr[1] &= ~ATA; /* no access: tag 0 */
    pe_level(&p, 1);
    ck_assert(one(&p, ADDG, 0xf200000012345670, 0));
    ck_assert_uint_eq(p.a->x[2], 0xf000000012345680);
    pe_destroy(&p);
}
END_TEST

/*
 * NextRandomTagBit(): SEED 0001 gives 1, 0, 0, 0 and 1000; that gives 0 and 0100; that gives 0, 0, 0, 1 and 8010.
 * Offsets 1, 0, 8 from tag 0.
 */
START_TEST(random_tags)
{
    static const struct {
        uint64_t tag, rgsr;
    } rows[] = { { 1, 0x100001 }, { 1, 0x010001 }, { 9, 0x801009 } };
    struct pe p = make(SYNC);
    p.a->rgsr_el1 = 0x000100;
    for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
        ck_assert(one(&p, IRG, 0xff00000000001234, 0));
        ck_assert_uint_eq(p.a->x[2], 0xf000000000001234 | T(rows[i].tag));
        ck_assert_uint_eq(p.a->rgsr_el1, rows[i].rgsr);
    }
    p.a->gcr_el1 = 0x7fff;
    ck_assert(one(&p, IRG, D, 0));
    ck_assert_uint_eq(p.a->x[2], T(15) | D);
    ck_assert(one(&p, IRG, D, 0x8000)); /* none is left */
    ck_assert_uint_eq(p.a->x[2], D);
    p.a->gcr_el1 = 1u << 16; /* RRND: whatever the seed */
    p.a->rgsr_el1 = 0;
    unsigned seen = 0;
    for (unsigned i = 0; i < 100; i++) {
        ck_assert(one(&p, IRG, D, 0));
        seen |= 1u << (p.a->x[2] >> 56);
    }
    ck_assert_uint_gt(__builtin_popcount(seen), 8);
    pe_destroy(&p);
}
END_TEST

/* EL0 has ATA0, TCF0 and TFSRE0_EL1; LDTR at EL1 has them too. */
START_TEST(unprivileged)
{
    struct pe p = make(SYNC);
    const uint32_t words[] = { LDR };
    pe_map(&p, 0xf0, true);
    p.a->sctlr[1] = (p.a->sctlr[1] & ~(3ull << 38)) | (uint64_t)ASYNC << 38;
    pe_level(&p, 0);
    p.a->x[0] = T(4) | D;
    ck_assert(pe_run(&p, words, 1));
    ck_assert_uint_eq(p.a->tfsr[0], 1);
    ck_assert_uint_eq(p.a->tfsr[1], 0);
    p.a->sctlr[1] &= ~ATA0;
    p.a->tfsr[0] = 0;
    pe_level(&p, 0);
    ck_assert(pe_run(&p, words, 1));
    ck_assert_uint_eq(p.a->tfsr[0], 0);
    p.a->sctlr[1] |= ATA0;
    p.a->el = 1; /* as EL1, but asked, not run: EL0's pages are not executable there */
    a64_update_mode(p.a);
    ck_assert((p.a->mode & (A64_MODE_MTE | A64_MODE_MTE0)) == (A64_MODE_MTE | A64_MODE_MTE0));
    ck_assert(a64_mte_check(p.a, T(4) | D, 8, INSN_MEM_READ | A64_ACCESS_UNPRIV));
    ck_assert_uint_eq(p.a->tfsr[0], 1);
    ck_assert(!a64_mte_check(p.a, T(4) | D, 8, INSN_MEM_READ));
    pe_destroy(&p);
}
END_TEST

/* SETG*: data and tags, in whole granules; sets are checked. */
START_TEST(sets_and_copies)
{
    static const uint32_t setg[3] = { 0x1dc10440, 0x1dc14440, 0x1dc18440 }; /* [x0]!, x2!, x1 */
    static const uint32_t set[3] = { 0x19c10440, 0x19c14440, 0x19c18440 };
    struct pe p = make(SYNC);
    p.a->hcrx_el2 |= B(11);
    p.a->scr_el3 |= A64_SCR_HXEN;
    pe_level(&p, 1);
    p.a->x[0] = T(11) | (D + 16), p.a->x[1] = 0x66, p.a->x[2] = 8192;
    ck_assert(pe_run(&p, setg, 3));
    ck_assert_uint_eq(p.a->x[0], T(11) | (D + 16 + 8192));
    ck_assert_uint_eq(p.a->x[2], 0);
    ck_assert_uint_eq(tag_at(&p, D) << 4 | tag_at(&p, D + 8208), 0);
    for (unsigned i = 16; i < 8208; i++) {
        ck_assert_uint_eq(*data_at(&p, D + i), 0x66);
        ck_assert_uint_eq(tag_at(&p, D + i), 11);
    }
    p.a->x[0] = T(11) | (D + 8100), p.a->x[1] = 0x77, p.a->x[2] = 200;
    ck_assert(!pe_run(&p, set, 3)); /* the tags end at D + 8208 */
    ck_assert_uint_eq(p.a->esr[1], 0x25ull << 26 | 1u << 25 | 1u << 6 | 0x11);
    ck_assert_uint_eq(p.a->far[1], T(11) | (D + 8208));
    ck_assert_uint_eq(p.a->x[2], 0 - (200 - 108ull));
    ck_assert_uint_eq(*data_at(&p, D + 8207), 0x77);
    pe_level(&p, 1);
    p.a->x[0] = D + 8, p.a->x[2] = 32;
    ck_assert(!pe_run(&p, setg, 1));
    ck_assert_uint_eq(p.a->esr[1] & 0x3f, 0x21);
    pe_destroy(&p);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("mte");
    TCase *tc = tcase_create("mte");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, tags_are_stored_and_loaded);
    tcase_add_test(tc, many_tags);
    tcase_add_loop_test(tc, synchronous_checks, 0, ARRAY_LEN(checks));
    tcase_add_test(tc, other_ways_to_fault);
    tcase_add_test(tc, unchecked);
    tcase_add_test(tc, stack_pointer);
    tcase_add_test(tc, untagged_memory_has_no_tags);
    tcase_add_test(tc, mapping_may_change);
    tcase_add_test(tc, alignment_of_tag_stores);
    tcase_add_test(tc, choosing);
    tcase_add_test(tc, addresses_with_tags);
    tcase_add_test(tc, random_tags);
    tcase_add_test(tc, unprivileged);
    tcase_add_test(tc, sets_and_copies);
    suite_add_tcase(s, tc);
    return s;
}
