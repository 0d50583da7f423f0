/* SPDX-License-Identifier: Apache-2.0 */
/* What properties do to CPUCFG; what is refused; profiles that agree with themselves and with the manual's words. */
#include "cpu/loongarch/cpu.h"
#include "test/check_main.h"
#include <string.h>

static const struct {
    const char *spec;
    int rc;
    const char *says;
} specs[] = {
    { "la464", 0, "" },
    { "LA664", 0, "" },
    { "max,lasx=off,ptw=off,pmu=off,lbt=off", 0, "" },
    { "la464,+frecipe,-lsx,clock=1000000000", 0, "" },
    { "max,lbt=on", ERR_UNSUPPORTED, "feature lbt-x86 is not modelled" },
    { "max,crypto=on", ERR_UNSUPPORTED, "feature crypto is not modelled" },
    { "max,fp=off", ERR_UNSUPPORTED, "fp=off: a core without it" },
    { "max,cpucfg2=0x0060c1c7", ERR_UNSUPPORTED, "bit 8 (complex) must be 0" },
    { "max,cpucfg2=0x0060c087", ERR_ARG, "lasx=on needs lsx=on" },
    { "max,cpucfg1=0x03f2f2fd", ERR_UNSUPPORTED, "LA64 (2) alone" },
    { "max,cpucfg1=0x03f3f2fe", ERR_UNSUPPORTED, "VALEN 40 to 48" },
    { "max,cpucfg5=0", ERR_ARG, "1000 at least" },
    { "max,cpucfg4=4000000000,cpucfg5=0x0001ffff", ERR_ARG, "10^12 at most" },
    { "max,prcfg1=0x3f8", 0, "" },
    { "max,prcfg1=0x408", ERR_ARG, "a timer of 65 bits" },
    { "max,cpucfg6=0x1f33", ERR_UNSUPPORTED, "64 bits only" },
    { "max,prcfg3=0x00c073f2", ERR_UNSUPPORTED, "2048 of STLB" },
    { "max,prcfg3=0x008073f3", ERR_UNSUPPORTED, "TLBType = 3" },
    { "max,model=Loongson-3A5000", ERR_ARG, "at most eight characters" },
    { "max,asid-bits=11", ERR_ARG, "1 to 10" },
    { "max,lasxx=on", ERR_ARG, "did you mean lasx?" },
    { "la463", ERR_ABSENT, "did you mean la464?" },
};

START_TEST(options)
{
    struct la_config c;
    struct err e = { 0 };
    int rc = la_config_parse(&c, specs[_i].spec, NULL, &e);
    ck_assert_msg(rc == specs[_i].rc, "\"%s\": %d %s", specs[_i].spec, rc, e.text);
    ck_assert_msg(rc == 0 || strstr(e.text, specs[_i].says), "\"%s\": %s", specs[_i].spec, e.text);
}
END_TEST

/* Manual, CPUCFG: words that a property moves. */
static const struct {
    const char *spec;
    uint32_t word, mask, value;
} words[] = {
    { "la464", 2, 0xc0, 0xc0 },            /* LSX, LASX */
    { "la464,lasx=off", 2, 0xc0, 0x40 },
    { "la464,lsx=off", 2, 0xc0, 0 },       /* no LASX without LSX */
    { "la464,lsx=off,lasx=on", 2, 0xc0, 0xc0 },
    { "la464", 2, 0x00000700, 0 },      /* COMPLEX, CRYPTO, LVZ: not there */
    { "max,lvz=on", 2, 0x00003c00, 0x00000c00 }, /* and LVZ_VER 1 */
    { "max", 2, 0x7f000000, 0x7f000000 },
    { "la464", 2, 0x7f000000, 0 },
    { "la464,ptw=on", 2, 0x01000000, 0x01000000 },
    { "max,pmu=off", 6, ~0u, 0 },
    { "la464,ual=off", 1, 0x00100000, 0 },
    { "max", 1, 0x04000000, 0x04000000 },  /* MSG_INT */
};

START_TEST(moved_words)
{
    struct la_config c;
    struct err e = { 0 };
    ck_assert_msg(la_config_parse(&c, words[_i].spec, NULL, &e) == 0, "%s", e.text);
    ck_assert_msg((c.cpucfg[words[_i].word] & words[_i].mask) == words[_i].value, "%s: word %u is 0x%08x",
                  words[_i].spec, words[_i].word, c.cpucfg[words[_i].word]);
}
END_TEST

/* 3A5000: MTLB 64, STLB 8 ways of 256 sets; 48 bits; 100 MHz. */
START_TEST(derived)
{
    struct la_config c;
    struct err e = { 0 };
    ck_assert_int_eq(la_config_parse(&c, "la464", NULL, &e), 0);
    ck_assert_uint_eq(c.mmu.mtlb_entries, 64);
    ck_assert_uint_eq(c.mmu.stlb_sets, 256);
    ck_assert_uint_eq(c.mmu.stlb_ways, 8);
    ck_assert_uint_eq(c.mmu.pa_bits, 48);
    ck_assert_uint_eq(c.mmu.va_bits, 48);
    ck_assert_uint_eq(c.counter_hz, 100000000);
    ck_assert(c.mmu.ri && c.mmu.ep && c.mmu.rplv && !c.mmu.hptw);
    ck_assert_str_eq(c.vendor_name, "Loongson");
    ck_assert_str_eq(c.model_name, "3A5000");
    ck_assert_str_eq(la_compatible(&c), "loongson,la464");
    ck_assert_int_eq(la_config_parse(&c, "la664,cpucfg5=0x00020001", NULL, &e), 0);
    ck_assert_uint_eq(c.counter_hz, 50000000); /* CC_MUL / CC_DIV */
    ck_assert_str_eq(c.model_name, "3A6000");
    ck_assert_str_eq(la_compatible(&c), "loongson,la664");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("profile");
    TCase *tests = tcase_create("profile");
    tcase_add_loop_test(tests, options, 0, ARRAY_LEN(specs));
    tcase_add_loop_test(tests, moved_words, 0, ARRAY_LEN(words));
    tcase_add_test(tests, derived);
    suite_add_tcase(suite, tests);
    return suite;
}
