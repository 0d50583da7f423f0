/* SPDX-License-Identifier: Apache-2.0 */
/* Loongson 3A5000 manual, chip configuration registers; Linux arch/loongarch/include/asm/loongarch.h. */
#include "irqchip/loongarch_iocsr.h"
#include "test/check_main.h"
#include "test/device_generic.h"

static struct loongarch_iocsr *create(struct machine *m)
{
    struct err e = { 0 };
    struct loongarch_iocsr *p = loongarch_iocsr_create(m, "iocsr", LOONGARCH_IOCSR_MSI | LOONGARCH_IOCSR_EXTIOI |
                                                       LOONGARCH_IOCSR_CSRIPI | LOONGARCH_IOCSR_AVEC, "Loongson", "3A5000", &e);
    ck_assert_msg(p != NULL, "%s", e.text);
    return p;
}

static struct device *make(struct machine *m, void *arg)
{
    (void)arg;
    return &create(m)->dev;
}

START_TEST(generic)
{
    device_generic_test(&(struct device_generic){ .make = make });
}
END_TEST

static const struct {
    pa_t at;
    unsigned size;
    uint64_t value;
} rows[] = {
    { 0x000, 4, 0x11 }, { 0x008, 4, 0x801c }, { 0x008, 8, 0x801c },
    { 0x010, 8, 0x6e6f73676e6f6f4c }, /* "Loongson" */
    { 0x020, 8, 0x303030354133 },     /* "3A5000" */
    { 0x024, 4, 0x3030 }, { 0x420, 8, 1ull << 48 },
};

START_TEST(probing)
{
    struct machine *m = device_generic_machine();
    struct mem_space *iocsr = mem_space_create("iocsr");
    struct mem_attrs cpu = { .requester = MEM_REQUESTER_CPU };
    struct err e = { 0 };
    uint64_t v;

    struct loongarch_iocsr *p = create(m);
    machine_reset(m);
    ck_assert_msg(loongarch_iocsr_map(p, iocsr, &e) == 0, "%s", e.text);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        ck_assert_int_eq(mem_load(iocsr, rows[i].at, rows[i].size, &v, &cpu), MEM_OK);
        ck_assert_msg(v == rows[i].value, "%#llx, %u bytes: %#llx", (unsigned long long)rows[i].at, rows[i].size,
                      (unsigned long long)v);
    }
    /* AVEC_EN is kept, EXT_IOI_EN cannot be cleared, INT_ENCODE is not there. */
    ck_assert_int_eq(mem_store(iocsr, 0x420, 8, 1ull << 51 | 1ull << 49, &cpu), MEM_OK);
    ck_assert_int_eq(mem_load(iocsr, 0x420, 8, &v, &cpu), MEM_OK);
    ck_assert_uint_eq(v, 1ull << 51 | 1ull << 48);
    ck_assert_int_eq(mem_load(iocsr, 0x28, 4, &v, &cpu), MEM_NOTHING); /* not its own */
    machine_destroy(m);
    mem_space_destroy(iocsr);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("loongarch_iocsr");
    TCase *t = tcase_create("all");

    tcase_add_test(t, generic);
    tcase_add_test(t, probing);
    suite_add_tcase(s, t);
    return s;
}
