/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Control registers as paging sees them: SDM volume 3, 5.4.1 (when PAE's first entries are loaded); memory types, 12.11. The
 * walk itself: test/mmu/x86.c.
 */
#include "mmu/tlb.h"
#include "test/cpu/x86/fixture.h"

static struct pc p;

static void setup(void)
{
    pc_create(&p, "max,vendor=intel", NULL, 0);
}
static void teardown(void)
{
    pc_destroy(&p);
}

/* PAE paging: the entries at 1020h; tables that map nothing need no more. */
enum { POINTERS = 0x1020 };
static void start_pae(void)
{
    for (unsigned i = 0; i < 4; i++)
        pc_put(&p, POINTERS + 8 * i, 8, 0x2001);
    ck_assert(x86_write_cr(p.c, 4, X86_CR4_PAE));
    ck_assert(x86_write_cr(p.c, 3, POINTERS));
    ck_assert(x86_write_cr(p.c, 0, X86_CR0_PE | X86_CR0_PG));
    ck_assert_uint_eq(p.c->pdpte[3], 0x2001);
}

/* MOV to CR0 and CR4 that change these bits load them, others do not; reserved bits are #GP(0), and nothing is changed. */
static const struct {
    uint8_t cr;
    uint64_t flip;
    bool loads;
} changes[] = {
    { 0, X86_CR0_CD, true },   { 0, X86_CR0_CD | X86_CR0_NW, true }, { 0, X86_CR0_WP, false }, { 0, X86_CR0_TS, false },
    { 4, X86_CR4_PGE, true },  { 4, X86_CR4_PSE, true },             { 4, X86_CR4_SMEP, true }, { 4, X86_CR4_TSD, false },
    { 4, X86_CR4_SMAP, false },
};

START_TEST(loads_of_pointers)
{
    int64_t error;
    unsigned cr = changes[_i].cr;
    start_pae();
    uint64_t now = x86_read_cr(p.c, cr);
    pc_put(&p, POINTERS + 24, 8, 0x3001);
    ck_assert_uint_eq(p.c->pdpte[3], 0x2001);
    ck_assert(x86_write_cr(p.c, cr, now ^ changes[_i].flip));
    ck_assert_uint_eq(p.c->pdpte[3], changes[_i].loads ? 0x3001 : 0x2001);
    pc_put(&p, POINTERS + 16, 8, 0x2003); /* bit 1 is reserved */
    now = x86_read_cr(p.c, cr);
    bool done = x86_write_cr(p.c, cr, now ^ changes[_i].flip);
    ck_assert_int_eq(done, !changes[_i].loads);
    if (!done) {
        ck_assert_int_eq(pc_fault(&p, &error), X86_GP);
        ck_assert_int_eq(error, 0);
        ck_assert_uint_eq(x86_read_cr(p.c, cr), now);
        ck_assert_uint_eq(p.c->pdpte[2], 0x2001);
    }
}
END_TEST

/* They come from where any access comes from: through A20, and in SMM from SMRAM. */
START_TEST(pointers_lie_in_memory_as_seen)
{
    struct mem_ram *smram;
    struct mem_region *region;
    struct err e;
    x86_cpu_set_input(&p.c->cpu, X86_A20M, true);
    pc_put(&p, POINTERS, 8, 0x5001);
    start_pae();
    ck_assert(x86_write_cr(p.c, 3, POINTERS | 1u << 20));
    ck_assert_uint_eq(p.c->pdpte[0], 0x2001);
    x86_cpu_set_input(&p.c->cpu, X86_A20M, false);
    ck_assert_int_eq(machine_add_ram(p.machine, "smram", MEM_PAGE, &smram, &e), 0);
    ck_assert_int_eq(mem_add_ram(p.machine->memory, "smram", 0x1000, smram, 0, MEM_PAGE, 1, &region, &e), 0);
    mem_set_overlay(p.machine->memory, region);
    for (unsigned i = 0; i < 4; i++)
        st_le64(smram->host + 0x20 + 8 * i, 0x7001);
    ck_assert(x86_write_cr(p.c, 3, POINTERS));
    ck_assert_uint_eq(p.c->pdpte[0], 0x2001);
    p.c->smm = 1;
    ck_assert(x86_write_cr(p.c, 3, POINTERS));
    ck_assert_uint_eq(p.c->pdpte[0], 0x7001);
    p.c->smm = 0;
}
END_TEST

/* 0: done; else 1 + the error code of its #PF. */
static unsigned load(va_t va, bool implicit)
{
    uint64_t v;
    int64_t error = 0;
    if (x86_load_linear(p.c, va, 4, implicit, &v))
        return 0;
    ck_assert_int_eq(pc_fault(&p, &error), X86_PF_FAULT);
    return 1 + (unsigned)error;
}

static void set_level(unsigned cpl, bool ac)
{
    p.c->seg[X86_SS].attr = (uint16_t)((p.c->seg[X86_SS].attr & ~0x60u) | cpl << 5);
    p.c->rflags = ac ? p.c->rflags | X86_AC : p.c->rflags & ~(uint64_t)X86_AC;
    x86_update_mode(p.c);
}

/*
 * 5.6: implicit supervisor accesses have supervisor rights at any level, and under CR4.SMAP none to user pages whatever AC is.
 * What one kind has entered into the TLB is of no use to the other.
 */
START_TEST(implicit_accesses)
{
    enum { DIRECTORY = 0x1000, USER = 0x3000, SYSTEM = 0x403000 };
    pc_put(&p, DIRECTORY, 4, 0x87);                    /* 4 MiB: P, W, U, PS */
    pc_put(&p, DIRECTORY + 4, 4, 0x83);                /* the same without U */
    ck_assert(x86_write_cr(p.c, 4, X86_CR4_PSE));
    ck_assert(x86_write_cr(p.c, 3, DIRECTORY));
    ck_assert(x86_write_cr(p.c, 0, X86_CR0_PE | X86_CR0_PG));
    for (unsigned again = 0; again < 2; again++) {
        ck_assert(x86_write_cr(p.c, 4, X86_CR4_PSE));
        for (unsigned i = 0; i < 4; i++) {             /* no SMAP */
            set_level(i & 1 ? 3 : 0, i & 2);
            ck_assert_uint_eq(load(USER, false), 0);
            ck_assert_uint_eq(load(USER, true), 0);
            ck_assert_uint_eq(load(SYSTEM, false), i & 1 ? 1 + 5 : 0);
            ck_assert_uint_eq(load(SYSTEM, true), 0);
        }
        ck_assert(x86_write_cr(p.c, 4, X86_CR4_PSE | X86_CR4_SMAP));
        for (unsigned i = 0; i < 8; i++) {
            bool user = i & 1, ac = i & 2;
            set_level(user ? 3 : 0, ac);
            ck_assert_uint_eq(load(USER, false), user || ac ? 0 : 1 + 1);
            ck_assert_uint_eq(load(USER, true), 1 + 1);
            ck_assert_uint_eq(load(SYSTEM, true), 0);
            ck_assert_uint_eq(load(SYSTEM, false), user ? 1 + 5 : 0);
        }
    }
    set_level(0, false);
    uint8_t *there = pc_at(&p, DIRECTORY + 4);         /* what it entered goes with INVLPG's page, as all does */
    st_le32(there, 0);
    ck_assert_uint_eq(load(SYSTEM, true), 0);
    mmu_flush_page(&p.c->cpu, SYSTEM, MEM_PAGE, MMU_ANY, MMU_ANY);
    ck_assert_uint_eq(load(SYSTEM, true), 1 + 0);
}
END_TEST

/* IA32_MTRR_DEF_TYPE: types 2, 3, 7 and above are reserved, as are bits 9:8 and above 11. */
START_TEST(default_memory_type)
{
    for (unsigned type = 0; type < 256; type++) {
        bool good = type == 0 || type == 1 || (type >= 4 && type <= 6);
        ck_assert_int_eq(x86_write_msr(p.c, 0x2ff, 0xc00 | type), good);
    }
    for (unsigned bit = 8; bit < 64; bit++)
        ck_assert_int_eq(x86_write_msr(p.c, 0x2ff, 1ull << bit | 6), bit == 10 || bit == 11);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("x86 paging control");
    TCase *t = tcase_create("registers");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, loads_of_pointers, 0, (int)(sizeof(changes) / sizeof(changes[0])));
    tcase_add_test(t, pointers_lie_in_memory_as_seen);
    tcase_add_test(t, implicit_accesses);
    tcase_add_test(t, default_memory_type);
    suite_add_tcase(s, t);
    return s;
}
