/* SPDX-License-Identifier: Apache-2.0 */
/* Profiles, QEMU's property syntax, device-tree strings. */
#include "cpu/riscv/cpu.h"
#include "test/check_main.h"
#include <string.h>

static const struct {
    const char *spec;
    int rc;
    const char *says;
} specs[] = {
    { "rv64", 0, "" },
    { "max", 0, "" },
    { "sifive-u54", 0, "" },
    { "sifive-u74", 0, "" },
    { "rva22s64", 0, "" },
    { "rv64,zba=off,+zbkb,-zbc,sv57=off,pmp=off", 0, "" },
    { "rv64,h=off,v=off", 0, "" },
    { "rv64,v=on,zvbb=on,zvkn=on", 0, "" },
    { "max,v=off", 0, "" },
    { "max,v=off,zvbb=on", ERR_ARG, "needs v" },
    { "rv64,v=on,d=off", ERR_ARG, "needs d" },
    { "rv64,svadu=true,cbom_blocksize=64", 0, "" },
    { "rv64,Zfh=true,x-zbkc=on,Counters=off,sscofpmf=off,epmp=off,pmu-num=3", 0, "" },
    { "rva23s64", ERR_UNSUPPORTED, "extension h is not modelled" },
    { "rv64,h=on", ERR_UNSUPPORTED, "extension h is not modelled" },
    { "rv64,zkr=on", ERR_UNSUPPORTED, "zkr" },
    { "rv46", ERR_ABSENT, "did you mean rv64?" },
    { "rv64,zbaa=on", ERR_ARG, "did you mean zba?" },
    { "rv64,zba=perhaps", ERR_ARG, "on and off are accepted" },
    { "rv64,pmp=17", ERR_ARG, "0, 16 or 64" },
    { "rv64,f=off", ERR_ARG, "needs f" },
    { "rv64,zicsr=off", ERR_UNSUPPORTED, "CSRs" },
    { "rv64,cbom_blocksize=128", ERR_UNSUPPORTED, "64 bytes" },
    { "rv64,asid-bits=17", ERR_ARG, "0 to 16" },
    { "rv64,s=off", ERR_UNSUPPORTED, "not modelled" },
    { "", ERR_ARG, "names no profile" },
};

START_TEST(options)
{
    struct rv_config c;
    struct err e = { 0 };
    int rc = rv_config_parse(&c, specs[_i].spec, NULL, &e);
    ck_assert_msg(rc == specs[_i].rc, "\"%s\": %d %s", specs[_i].spec, rc, e.text);
    ck_assert_msg(rc == 0 || strstr(e.text, specs[_i].says) != NULL, "\"%s\": %s", specs[_i].spec,
                  e.text);
}
END_TEST

START_TEST(properties_take_effect)
{
    struct rv_config c;
    ck_assert(
        rv_config_parse(&c, "rv64,-zba,+zbkb,sv48=off,pmp=64,asid-bits=0,b=off", NULL, NULL) == 0);
    ck_assert(!rv_has(&c, RV_X_ZBA) && !rv_has(&c, RV_X_ZBS) && rv_has(&c, RV_X_ZBKB));
    ck_assert_uint_eq(c.satp_mode, 8);
    ck_assert_uint_eq(c.pmp_count, 64);
    ck_assert_uint_eq(c.asid_bits, 0);
    ck_assert(rv_config_parse(&c, "rv64,mmu=off", NULL, NULL) == 0);
    ck_assert_str_eq(rv_mmu_type(&c), "riscv,none");
}
END_TEST

START_TEST(device_tree_strings)
{
    static const struct {
        const char *spec, *isa, *mmu;
    } rows[] = {
        { "sifive-u54",
          "rv64imafdc_zicntr_zicsr_zifencei_zihintpause_zihpm_zmmul_zaamo_zalrsc_zca_zcd",
          "riscv,sv39" },
        { "sifive-u54,c=off",
          "rv64imafd_zicntr_zicsr_zifencei_zihintpause_zihpm_zmmul_zaamo_zalrsc", "riscv,sv39" },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct rv_config c;
        char isa[512], list[1024];
        size_t size;
        ck_assert(rv_config_parse(&c, rows[i].spec, NULL, NULL) == 0);
        ck_assert(rv_isa_string(&c, isa, sizeof(isa)) == 0);
        ck_assert_str_eq(isa, rows[i].isa);
        ck_assert(rv_isa_string(&c, isa, 12) == ERR_LIMIT);
        ck_assert_str_eq(rv_mmu_type(&c), rows[i].mmu);
        ck_assert(rv_isa_extensions(&c, list, sizeof(list), &size) == 0);
        ck_assert_str_eq(list, "i");
        ck_assert_str_eq(list + 2, "m");
        ck_assert(size > 20 && list[size - 1] == '\0');
        ck_assert(rv_isa_extensions(&c, list, 9, &size) == ERR_LIMIT);
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("cpu/riscv/profile");
    TCase *t = tcase_create("profile");
    tcase_add_loop_test(t, options, 0, ARRAY_LEN(specs));
    tcase_add_test(t, properties_take_effect);
    tcase_add_test(t, device_tree_strings);
    suite_add_tcase(s, t);
    return s;
}
