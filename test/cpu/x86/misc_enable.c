/* SPDX-License-Identifier: Apache-2.0 */
/* IA32_MISC_ENABLE and what it takes away: SDM volume 4, table 2-2; banks of machine checks: volume 3, 16.3.2. */
#include "test/cpu/x86/fixture.h"

enum { MISC_ENABLE = 0x1a0, EFER = 0xc0000080 };
#define MONITOR    (1ull << 18)
#define LIMIT      (1ull << 22)
#define XD_DISABLE (1ull << 34)

static struct pc p;

static void begin(const char *spec)
{
    pc_create(&p, spec, NULL, 0);
}

static void end(void)
{
    pc_destroy(&p);
}

static uint32_t leaf(uint32_t n, unsigned reg)
{
    uint32_t r[4];
    x86_cpuid(p.c, n, 0, r);
    return r[reg];
}

START_TEST(writable)
{
    uint64_t v, reset;
    begin("max,vendor=intel");
    ck_assert(x86_read_msr(p.c, MISC_ENABLE, &reset));
    ck_assert_uint_eq(reset & 0x1801, 0x1801); /* fast strings; no BTS, no PEBS */
    ck_assert(x86_write_msr(p.c, MISC_ENABLE, (reset & 0x1880) | 0x400c50809));
    ck_assert(x86_read_msr(p.c, MISC_ENABLE, &v));
    ck_assert_uint_eq(v, (reset & 0x1880) | 0x400c50809);
    ck_assert(!x86_write_msr(p.c, MISC_ENABLE, v ^ 1ull << 11)); /* read-only */
    ck_assert(!x86_write_msr(p.c, MISC_ENABLE, v | 2));          /* reserved */
    end();
    begin("max"); /* AMD has no such register */
    ck_assert(!x86_read_msr(p.c, MISC_ENABLE, &v));
    end();
}
END_TEST

START_TEST(hides)
{
    uint64_t reset;
    begin("max,vendor=intel");
    ck_assert(x86_read_msr(p.c, MISC_ENABLE, &reset));
    ck_assert(leaf(1, 2) & 1u << 3);
    ck_assert_uint_ne(leaf(5, 0), 0);
    ck_assert(x86_write_msr(p.c, MISC_ENABLE, reset & ~MONITOR));
    ck_assert(!(leaf(1, 2) & 1u << 3));
    ck_assert_uint_eq(leaf(5, 0), 0);
    ck_assert(x86_hidden(p.c, X86_F_MONITOR));
    ck_assert_uint_gt(leaf(0, 0), 2);
    ck_assert(x86_write_msr(p.c, MISC_ENABLE, reset | LIMIT));
    ck_assert_uint_eq(leaf(0, 0), 2);
    ck_assert(x86_write_msr(p.c, MISC_ENABLE, reset));
    ck_assert(x86_write_msr(p.c, EFER, X86_EFER_NXE));
    ck_assert(leaf(0x80000001, 3) & 1u << 20);
    ck_assert(x86_write_msr(p.c, MISC_ENABLE, reset | XD_DISABLE));
    ck_assert(!(leaf(0x80000001, 3) & 1u << 20));
    ck_assert_uint_eq(p.c->efer & X86_EFER_NXE, 0);
    ck_assert(!x86_write_msr(p.c, EFER, X86_EFER_NXE));
    end();
}
END_TEST

/* Intel: all bits or none. Status is cleared, never set. */
START_TEST(banks)
{
    begin("max,vendor=intel");
    ck_assert(x86_write_msr(p.c, 0x400, 0));
    ck_assert(x86_write_msr(p.c, 0x400, ~0ull));
    ck_assert(!x86_write_msr(p.c, 0x400, 0xaaaaaaaaaaaaaaaa));
    ck_assert(x86_write_msr(p.c, 0x401, 0));
    ck_assert(!x86_write_msr(p.c, 0x401, 1));
    end();
    begin("max");
    ck_assert(x86_write_msr(p.c, 0x400, 0xaaaaaaaaaaaaaaaa));
    end();
}
END_TEST

/* Bases are canonical by what the CPU has, whatever CR4.LA57 is. */
START_TEST(bases)
{
    enum { LSTAR = 0xc0000082 };
    begin("max");
    ck_assert(x86_write_msr(p.c, LSTAR, 0xffaaaaaaaaaaaaaa));
    ck_assert(!x86_write_msr(p.c, LSTAR, 0xaaaaaaaaaaaaaaaa));
    end();
    begin("max,-la57");
    ck_assert(x86_write_msr(p.c, LSTAR, 0xffffaaaaaaaaaaaa));
    ck_assert(!x86_write_msr(p.c, LSTAR, 0xffaaaaaaaaaaaaaa));
    end();
}
END_TEST

/* KVM's leaves and hypercalls hang on the feature, and each part on its own. */
START_TEST(kvm)
{
    begin("zen4");
    ck_assert_uint_eq(leaf(0x40000000, 1), 0);
    end();
    begin("zen4,kvm=on,-kvm-pv-ipi");
    ck_assert_uint_eq(leaf(0x40000000, 1), 0x4b4d564b);
    ck_assert_uint_eq(leaf(0x40000001, 0) & (1u << 11), 0);
    ck_assert_uint_eq(leaf(0x40000001, 0) & 0x89, 0x89);
    end();
    struct err e = { 0 };
    struct x86_config config;
    ck_assert_int_lt(x86_config_parse(&config, "zen4,+kvmclock", NULL, &e), 0);
    ck_assert_str_eq(e.text, "cpu zen4,+kvmclock: feature kvmclock needs kvm");
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("cpu.x86.misc_enable");
    TCase *c = tcase_create("all");
    tcase_add_test(c, writable);
    tcase_add_test(c, hides);
    tcase_add_test(c, banks);
    tcase_add_test(c, bases);
    tcase_add_test(c, kvm);
    suite_add_tcase(s, c);
    return s;
}
