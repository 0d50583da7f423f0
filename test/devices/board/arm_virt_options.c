/* SPDX-License-Identifier: Apache-2.0 */
/* Options of arm-virt and the memory map they make: QEMU docs/system/arm/virt.rst. */
#include "devices/board/arm_virt_impl.h"
#include "test/check_main.h"
#include <string.h>

static const struct { const char *text; uint32_t cpus; int gic, msi; const char *says; } rows[] = {
    { NULL, 1, ARM_GIC_2, ARM_MSI_V2M, NULL },
    { NULL, 8, ARM_GIC_2, ARM_MSI_V2M, NULL },
    { NULL, 9, ARM_GIC_3, ARM_MSI_ITS, NULL }, /* a GICv2 serves eight */
    { "gic-version=3", 1, ARM_GIC_3, ARM_MSI_ITS, NULL },
    { "gic-version=max,its=off", 1, ARM_GIC_3, ARM_MSI_OFF, NULL },
    { "gic-version=3,msi=off", 1, ARM_GIC_3, ARM_MSI_OFF, NULL },
    { "gic-version=2,its=on", 1, ARM_GIC_2, ARM_MSI_V2M, NULL }, /* the default of its= says nothing of a GICv2 */
    { "gic-version=2,msi=off", 1, ARM_GIC_2, ARM_MSI_OFF, NULL },
    { "virtualization=on,highmem=off,acpi=off,iommu=none,mte=off,ras=off", 1, ARM_GIC_2, ARM_MSI_V2M, NULL },
    { "accel=tcg,dumpdtb=f,graphics=off,dtb-kaslr-seed=off", 1, ARM_GIC_2, ARM_MSI_V2M, NULL },
    { "gic-version=2", 9, 0, 0, "a GICv2 serves 8" },
    { "gic-version=host", 1, 0, 0, "gic-version=host" },
    { "gic-version=4", 1, 0, 0, "gic-version=4" },
    { "gic-version=5", 1, 0, 0, "gic-version" },
    { "gic-version=2,msi=its", 1, 0, 0, "a GICv2 has no ITS" },
    { "gic-version=3,msi=gicv2m", 1, ARM_GIC_3, ARM_MSI_V2M, NULL },
    { "gic-version=3,its=off", 1, ARM_GIC_3, ARM_MSI_OFF, NULL },
    { "iommu=smmuv3", 1, 0, 0, "iommu=smmuv3" },
    { "mte=on,acpi=on", 1, ARM_GIC_2, ARM_MSI_V2M, NULL },
    { "ras=on", 1, 0, 0, "ras=on" },
    { "highmem-mmio-size=3G", 1, 0, 0, "power of two" },
    { "highmem-mmio-size=x", 1, 0, 0, "is no size" },
    { "memory-backend=m0", 1, 0, 0, "-m" },
    { "wings=on", 1, 0, 0, "wings" },
};
START_TEST(options_are_taken_or_refused)
{
    struct arm_virt_options o;
    struct err e = { 0 };
    int r = arm_virt_read_options(&o, rows[_i].text, rows[_i].cpus, &e);

    if (rows[_i].says) {
        ck_assert_int_lt(r, 0);
        ck_assert_msg(strstr(e.text, rows[_i].says) != NULL, "'%s'", e.text);
    } else {
        ck_assert_msg(r == 0, "%s", e.text);
        ck_assert_int_eq(o.gic, rows[_i].gic);
        ck_assert_int_eq(o.msi, rows[_i].msi);
    }
}
END_TEST

#define G (1ull << 30)
/*
 * QEMU's high region: from 256 GiB, or the GiB behind RAM, each item at a multiple of its size, in the
 * order redistributors (64 MiB), CXL (1 MiB), ECAM (256 MiB), PCI memory (512 GiB).
 */
static const struct {
    const char *text;
    uint64_t memory;
    unsigned pa_bits;
    pa_t ecam, mem64; /* 0: not there */
    const char *says;
} maps[] = {
    { NULL, 1 * G, 48, 0x4010000000, 0x8000000000, NULL },
    { NULL, 3 * G, 40, 0x4010000000, 0x8000000000, NULL },
    { NULL, 1 * G, 39, 0x4010000000, 0, NULL },      /* 512 GiB do not fit below 2^39 */
    { NULL, 1 * G, 36, 0x3f000000, 0, NULL },        /* nothing does below 64 GiB */
    { NULL, 512 * G, 48, 0x8050000000, 0x10000000000, NULL },
    { "highmem=off", 1 * G, 48, 0x3f000000, 0, NULL },
    { "highmem=off", 3 * G, 48, 0x3f000000, 0, NULL },
    { "highmem=off", 4 * G, 48, 0, 0, "highmem=off" },
    { NULL, 64 * G, 36, 0, 0, "36 address bits" },
    { "highmem-ecam=off", 1 * G, 48, 0x3f000000, 0x8000000000, NULL },
    { "highmem-mmio=off", 1 * G, 48, 0x4010000000, 0, NULL },
    { "highmem-redists=off", 1 * G, 48, 0x4010000000, 0x8000000000, NULL },
    { "highmem-mmio-size=1T", 1 * G, 48, 0x4010000000, 0x10000000000, NULL },
};
START_TEST(high_region)
{
    struct board_place map[ARM_VIRT_PARTS];
    struct arm_virt_options o;
    struct err e = { 0 };
    ck_assert_msg(arm_virt_read_options(&o, maps[_i].text, 1, &e) == 0, "%s", e.text);
    int r = arm_virt_place_parts(map, &o, maps[_i].memory, 1, maps[_i].pa_bits, &e);

    if (maps[_i].says) {
        ck_assert_int_lt(r, 0);
        ck_assert_msg(strstr(e.text, maps[_i].says) != NULL, "'%s'", e.text);
        return;
    }
    ck_assert_msg(r == 0, "%s", e.text);
    ck_assert_uint_eq(map[ARM_VIRT_ECAM].base, maps[_i].ecam);
    ck_assert_uint_eq(map[ARM_VIRT_ECAM].size, maps[_i].ecam == 0x3f000000 ? 16 << 20 : 256 << 20);
    ck_assert_uint_eq(map[ARM_VIRT_PCI_MEM64].size != 0, maps[_i].mem64 != 0);
    if (maps[_i].mem64)
        ck_assert_uint_eq(map[ARM_VIRT_PCI_MEM64].base, maps[_i].mem64);
}
END_TEST

/* What is there overlaps nothing else. */
START_TEST(parts_do_not_overlap)
{
    static const char *const texts[] = { "gic-version=2,virtualization=on", "gic-version=3,virtualization=on" };
    struct board_place map[ARM_VIRT_PARTS];
    struct arm_virt_options o;
    struct err e = { 0 };
    ck_assert(arm_virt_read_options(&o, texts[_i], 8, &e) == 0);
    ck_assert(arm_virt_place_parts(map, &o, 2 * G, 8, 48, &e) == 0);
    for (int i = 0; i < ARM_VIRT_PARTS; i++) {
        for (int j = 0; j < ARM_VIRT_PARTS; j++) {
            bool same = i == j || (i == ARM_VIRT_HIGH_ECAM && j == ARM_VIRT_ECAM) ||
                        (j == ARM_VIRT_HIGH_ECAM && i == ARM_VIRT_ECAM);
            if (same || map[i].size == 0 || map[j].size == 0)
                continue;
            ck_assert_msg(map[i].base + map[i].size <= map[j].base || map[j].base + map[j].size <= map[i].base,
                          "%s and %s", map[i].name, map[j].name);
        }
    }
}
END_TEST

/* 8 CPUs a cluster with a GICv2, 16 with a GICv3; bit 31 is RES1. */
START_TEST(affinities)
{
    ck_assert_uint_eq(arm_virt_mpidr(0, false), 0x80000000);
    ck_assert_uint_eq(arm_virt_mpidr(7, false), 0x80000007);
    ck_assert_uint_eq(arm_virt_mpidr(8, false), 0x80000100);
    ck_assert_uint_eq(arm_virt_mpidr(15, true), 0x8000000f);
    ck_assert_uint_eq(arm_virt_mpidr(63, true), 0x8000030f);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("arm_virt_options");
    TCase *t = tcase_create("options");

    tcase_add_loop_test(t, options_are_taken_or_refused, 0, (int)ARRAY_LEN(rows));
    tcase_add_loop_test(t, high_region, 0, (int)ARRAY_LEN(maps));
    tcase_add_loop_test(t, parts_do_not_overlap, 0, 2);
    tcase_add_test(t, affinities);
    suite_add_tcase(s, t);
    return s;
}
