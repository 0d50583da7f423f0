/* SPDX-License-Identifier: Apache-2.0 */
/* The options behind "-machine virt": taken, passed over, or refused with a reason. */
#include "devices/board/riscv_virt_impl.h"
#include "test/check_main.h"
#include <string.h>

/* QEMU docs/system/riscv/virt.rst, "Machine-specific options"; here there is one PLIC and no more. */
static const struct { const char *text; bool aclint; const char *says; } rows[] = {
    { NULL, false, NULL },
    { "aclint=on", true, NULL },
    { "aclint=on,aclint=off", false, NULL }, /* the last one counts */
    { "aia=none,acpi=off,acpi=auto,usb=off,iommu-sys=off,aia-guests=0", false, NULL },
    { "accel=tcg,dumpdtb=f,dump-guest-core=off,mem-merge=on,graphics=off", false, NULL },
    { "aia=aplic", false, "aia=aplic" },
    { "aia=aplic-imsic,aia-guests=3", false, "aia=aplic-imsic" },
    { "aia-guests=3", false, "aia-guests=3" },
    { "acpi=on", false, "acpi=on" },
    { "iommu-sys=on", false, "iommu-sys=on" },
    { "usb=on", false, "usb=on" },
    { "memory-backend=m0", false, "-m" },
    { "aclint=maybe", false, "aclint" },
    { "wings=on", false, "wings" },
};
START_TEST(options_are_taken_or_refused)
{
    struct virt_options o;
    struct err e = { 0 };
    int r = virt_read_options(&o, rows[_i].text, &e);

    if (rows[_i].says) {
        ck_assert_int_lt(r, 0);
        ck_assert_msg(strstr(e.text, rows[_i].says) != NULL, "'%s'", e.text);
    } else {
        ck_assert_msg(r == 0, "%s", e.text);
        ck_assert_int_eq(o.aclint, rows[_i].aclint);
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("riscv_virt_options");
    TCase *t = tcase_create("options");

    tcase_add_loop_test(t, options_are_taken_or_refused, 0, (int)ARRAY_LEN(rows));
    suite_add_tcase(s, t);
    return s;
}
