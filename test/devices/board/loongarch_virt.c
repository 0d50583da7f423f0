/* SPDX-License-Identifier: Apache-2.0 */
/* Options of loongarch-virt (QEMU docs/system/loongarch/virt.rst) and how its CPUs are numbered. */
#include "devices/board/loongarch_virt_impl.h"
#include "devices/board/machine_options.h"
#include "test/check_main.h"
#include <string.h>

static const struct { const char *text; bool acpi, virt_eiointc; int dmsi; const char *says; } rows[] = {
    { NULL, true, true, MACHINE_AUTO, NULL },
    { "acpi=off", false, true, MACHINE_AUTO, NULL },
    { "v-eiointc=off,dmsi=on", true, false, MACHINE_ON, NULL },
    { "dmsi=off,acpi=auto,v-eiointc=auto", true, true, MACHINE_OFF, NULL },
    { "accel=tcg,dumpdtb=f,usb=off", true, true, MACHINE_AUTO, NULL },
    { "usb=on", 0, 0, 0, "usb=on" },
    { "dmsi=perhaps", 0, 0, 0, "dmsi" },
    { "veiointc=on", 0, 0, 0, "v-eiointc" },
};
START_TEST(options_are_taken_or_refused)
{
    struct la_virt_options o;
    struct err e = { 0 };
    int r = la_virt_read_options(&o, rows[_i].text, &e);

    if (rows[_i].says) {
        ck_assert_int_lt(r, 0);
        ck_assert_msg(strstr(e.text, rows[_i].says) != NULL, "'%s'", e.text);
    } else {
        ck_assert_msg(r == 0, "%s", e.text);
        ck_assert_int_eq(o.acpi, rows[_i].acpi);
        ck_assert_int_eq(o.virt_eiointc, rows[_i].virt_eiointc);
        ck_assert_int_eq(o.dmsi, rows[_i].dmsi);
    }
}
END_TEST

/* Sockets, cores, threads; CPU; its number: a socket of three cores has room for four. */
static const struct { uint32_t sockets, cores, threads, cpu, id; } numbers[] = {
    { 1, 4, 1, 3, 3 },  { 2, 3, 1, 2, 2 },   { 2, 3, 1, 3, 4 },  { 2, 3, 1, 5, 6 },
    { 1, 2, 2, 3, 3 },  { 3, 1, 3, 4, 5 },   { 1, 256, 1, 255, 255 }, { 2, 5, 3, 29, 1 << 5 | 4 << 2 | 2 },
};
START_TEST(numbers_have_gaps)
{
    const struct board_topology t = { .sockets = numbers[_i].sockets, .cores = numbers[_i].cores, .threads = numbers[_i].threads };

    ck_assert_uint_eq(la_virt_core_id(&t, numbers[_i].cpu), numbers[_i].id);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("loongarch_virt");
    TCase *t = tcase_create("all");

    tcase_add_loop_test(t, options_are_taken_or_refused, 0, (int)ARRAY_LEN(rows));
    tcase_add_loop_test(t, numbers_have_gaps, 0, (int)ARRAY_LEN(numbers));
    suite_add_tcase(s, t);
    return s;
}
