/* SPDX-License-Identifier: Apache-2.0 */
/* What properties do to ID registers; profiles that agree with themselves. */
#include "core/timing/model.h"
#include "cpu/arm64/cpu.h"
#include "test/check_main.h"
#include <ini.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *spec;
    int rc;
    const char *says;
} specs[] = {
    { "max", 0, "" },
    { "cortex-a53,+lse,-sha1,pauth=off", 0, "" },
    { "max,sve=off,aarch64=on,x-rme=off", 0, "" },
    { "neoverse-n1,pmu=off,cntfrq=25000000,rvbar=0x1000", 0, "" },
    { "max,sve=on", ERR_UNSUPPORTED, "feature sve is not modelled" },
    { "max,aarch64=off", ERR_UNSUPPORTED, "AArch32 at EL1" },
    { "max,s1pie=on,tcr2=off", ERR_ARG, "needs tcr2=on" },
    { "max,dczid=10", ERR_ARG, "0 to 9" },
    { "max,ccsidr7-data=0", ERR_ARG, "did you mean ccsidr" },
    { "max,id_aa64pfr0_el1=0x2", ERR_UNSUPPORTED, "EL1 in AArch64 only" },
    { "cortex-a35", ERR_ABSENT, "did you mean cortex-a53?" },
    { "max,shaa1=on", ERR_ARG, "did you mean sha1?" },
};

START_TEST(options)
{
    struct a64_config c;
    struct err e = { 0 };
    int rc = a64_config_parse(&c, specs[_i].spec, NULL, &e);
    ck_assert_msg(rc == specs[_i].rc, "\"%s\": %d %s", specs[_i].spec, rc, e.text);
    ck_assert_msg(rc == 0 || strstr(e.text, specs[_i].says), "\"%s\": %s", specs[_i].spec, e.text);
}
END_TEST

/* D24.2: fields of the ID registers that a property moves. */
static const struct {
    const char *spec;
    enum a64_id id;
    unsigned bit, value;
} fields[] = {
    { "max,sha1=off", A64_ID_ISAR0, 8, 0 },
    { "cortex-a53,lse=on", A64_ID_ISAR0, 20, 2 }, /* Atomic: FEAT_LSE is 2 */
    { "max,mte2=off", A64_ID_PFR1, 8, 1 },        /* leaves FEAT_MTE */
    { "max,mte=off", A64_ID_PFR1, 8, 0 },
    { "max,fp=off", A64_ID_PFR0, 16, 15 },        /* signed: absent */
    { "max,pauth=off", A64_ID_ISAR1, 8, 0 },
    { "max,pauth-qarma5=on", A64_ID_ISAR1, 4, 5 },
    { "max,pauth-qarma5=on", A64_ID_ISAR1, 8, 0 }, /* one algorithm at a time */
    { "max,lpa2=off", A64_ID_MMFR0, 28, 0 },
    { "max,el3=off", A64_ID_PFR0, 12, 0 },
};

START_TEST(id_fields)
{
    struct a64_config c;
    struct err e = { 0 };
    ck_assert_msg(a64_config_parse(&c, fields[_i].spec, NULL, &e) == 0, "%s", e.text);
    ck_assert_msg((c.id[fields[_i].id] >> fields[_i].bit & 15) == fields[_i].value, "%s: %#llx",
                  fields[_i].spec, (unsigned long long)c.id[fields[_i].id]);
}
END_TEST

/* ---- caches of [inorder] and of CCSIDR_EL1 ---- */
struct caches {
    uint64_t size[3], ways[3]; /* l1d, l1i, l2; 0: not said */
};

static int timing_line(void *user, const char *section, const char *key, const char *value)
{
    static const char *const names[] = { "l1d_", "l1i_", "l2_" };
    struct caches *c = user;
    char *end;
    for (unsigned i = 0; strcmp(section, "inorder") == 0 && i < ARRAY_LEN(names); i++) {
        size_t n = strlen(names[i]);
        uint64_t number = strtoull(value, &end, 0);
        number <<= *end == 'K' ? 10 : *end == 'M' ? 20 : 0;
        if (strncmp(key, names[i], n) == 0 && strcmp(key + n, "size") == 0)
            c->size[i] = number;
        else if (strncmp(key, names[i], n) == 0 && strcmp(key + n, "ways") == 0)
            c->ways[i] = number;
    }
    return 1;
}

/* D24.2.25, without FEAT_CCIDX: LineSize 2:0, Associativity 12:3, NumSets 27:13, each less one (4 words). */
START_TEST(geometry)
{
    for (const struct cpu_profile *p = a64_profile_list; p->name != NULL; p++) {
        struct caches said = { 0 };
        struct a64_config c;
        ck_assert_int_eq(a64_config_parse(&c, p->name, NULL, NULL), 0);
        ck_assert_int_eq(ini_parse_string(p->text, timing_line, &said), 0);
        const uint64_t registers[] = { c.ccsidr[0][0], c.ccsidr[0][1], c.ccsidr[1][0] };
        for (unsigned i = 0; i < 3; i++) {
            uint64_t r = registers[i], line = 16ull << (r & 7), ways = (r >> 3 & 0x3ff) + 1,
                     sets = (r >> 13 & 0x7fff) + 1;
            ck_assert_msg(said.size[i] == 0 || said.size[i] == line * ways * sets,
                          "%s, cache %u: %llu bytes, CCSIDR has %llu", p->name, i,
                          (unsigned long long)said.size[i], (unsigned long long)(line * ways * sets));
            ck_assert_msg(said.ways[i] == 0 || said.ways[i] == ways, "%s, cache %u: ways", p->name, i);
        }
    }
}
END_TEST

/* Out of order: refused by name, with what suits. */
START_TEST(timing_models)
{
    static const struct {
        const char *name;
        bool inorder;
    } rows[] = {
        { "cortex-a53", true }, { "max", true }, { "cortex-a72", false }, { "neoverse-n1", false },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const char *text = cpu_profile_find(&a64_profiles, rows[i].name)->text;
        struct tm_cpu *t = NULL;
        struct err e = { 0 };
        ck_assert(tm_suits(&tm_functional, text));
        ck_assert(tm_suits(&tm_inorder, text) == rows[i].inorder);
        int rc = tm_create(&t, "inorder", text, 0, &e);
        ck_assert_msg(rc == (rows[i].inorder ? 0 : ERR_UNSUPPORTED), "%s: %s", rows[i].name, e.text);
        ck_assert(rc == 0 || strstr(e.text, "models for it: functional") != NULL);
        tm_destroy(t);
    }
}
END_TEST

/* ---- what the ID registers say of AArch32 is what those of AArch64 say (D24.2.99 to D24.2.118) ---- */
static unsigned field(const struct a64_config *c, enum a64_id id, unsigned bit)
{
    return c->id[id] >> bit & 15;
}

static const struct {
    enum a64_id id32, id64;
    uint8_t bit32, bit64;
    const char *what;
} alike[] = {
    { A64_ID_A32_PFR0, A64_ID_PFR0, 28, 28, "RAS" },     { A64_ID_A32_PFR0, A64_ID_PFR0, 24, 48, "DIT" },
    { A64_ID_A32_PFR1, A64_ID_PFR0, 28, 24, "GIC" },     { A64_ID_A32_ISAR5, A64_ID_ISAR0, 4, 4, "AES" },
    { A64_ID_A32_ISAR5, A64_ID_ISAR0, 8, 8, "SHA1" },    { A64_ID_A32_ISAR5, A64_ID_ISAR0, 16, 16, "CRC32" },
    { A64_ID_A32_ISAR5, A64_ID_ISAR0, 24, 28, "RDM" },   { A64_ID_A32_ISAR6, A64_ID_ISAR1, 0, 12, "JSCVT" },
    { A64_ID_A32_ISAR6, A64_ID_ISAR0, 4, 44, "DP" },     { A64_ID_A32_ISAR6, A64_ID_ISAR1, 12, 36, "SB" },
};

START_TEST(aarch32_agrees_with_aarch64)
{
    for (const struct cpu_profile *p = a64_profile_list; p->name != NULL; p++) {
        struct a64_config c;
        struct err e = { 0 };
        ck_assert_msg(a64_config_parse(&c, p->name, NULL, &e) == 0, "%s", e.text);
        ck_assert(a64_has(&c, A64_F_A32EL0));
        for (size_t i = 0; i < ARRAY_LEN(alike); i++)
            ck_assert_msg(field(&c, alike[i].id32, alike[i].bit32) == field(&c, alike[i].id64, alike[i].bit64),
                          "%s: %s", p->name, alike[i].what);
        unsigned pmu = field(&c, A64_ID_DFR0, 8), perfmon = field(&c, A64_ID_A32_DFR0, 24);
        ck_assert_msg(perfmon == (pmu == 1 ? 3 : pmu), "%s: PerfMon", p->name);
        ck_assert_msg(field(&c, A64_ID_A32_PFR1, 16) == (a64_has(&c, A64_F_ECV) ? 2 : 1), "%s: GenTimer", p->name);
        ck_assert_msg((field(&c, A64_ID_MVFR1, 24) == 3) == a64_has(&c, A64_F_FP16), "%s: FPHP", p->name);
        /* EL1 and above have no AArch32: ProgMod, Security, Virtualization; SMC */
        ck_assert_msg((c.id[A64_ID_A32_PFR1] & 0xf0ff) == 0, "%s: ID_PFR1", p->name);
        ck_assert_msg(field(&c, A64_ID_A32_ISAR4, 12) == 0, "%s: SMC", p->name);
        ck_assert_msg(strcmp(p->name, "max") == 0 || strstr(a64_compatible(&c), p->name) != NULL, "%s: %s", p->name,
                      a64_compatible(&c));
    }
    ck_assert_ptr_nonnull(cpu_profile_find(&a64_profiles, "cortex-a57"));
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("cpu/arm64/profile");
    TCase *t = tcase_create("profile");
    tcase_add_loop_test(t, options, 0, ARRAY_LEN(specs));
    tcase_add_loop_test(t, id_fields, 0, ARRAY_LEN(fields));
    tcase_add_test(t, geometry);
    tcase_add_test(t, timing_models);
    tcase_add_test(t, aarch32_agrees_with_aarch64);
    suite_add_tcase(s, t);
    return s;
}
