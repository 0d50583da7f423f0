/* SPDX-License-Identifier: Apache-2.0 */
/* Options of loongarch-virt (QEMU docs/system/loongarch/virt.rst), how its CPUs are numbered, where an initrd goes. */
#include "core/device/machine.h"
#include "core/util/bytes.h"
#include "devices/board/loongarch_virt_impl.h"
#include "devices/board/machine_options.h"
#include "test/check_main.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

/* Behind the kernel in the 256 MiB of low memory, or, where it does not fit there, at the beginning of high memory. */
static const struct { uint64_t memory, initrd; pa_t at; } initrds[] = {
    { 256, 1, 0x4210000 },   /* 64 MiB behind the kernel's end at 210000h */
    { 128, 1, 0x3f00000 },   /* 64 MiB before the end */
    { 128, 70, 0x210000 },   /* no room left */
    { 511, 255, 0x80000000 },
    { 64, 70, 0 },           /* nowhere */
};
START_TEST(initrd_goes_where_it_fits)
{
    uint8_t kernel[0x10000] = "MZ", range[16];
    char paths[2][32] = { "/tmp/orrery-loong-XXXXXX", "/tmp/orrery-loong-XXXXXX" };
    struct board *b = NULL;
    struct err e = { 0 };

    st_le64(kernel + 8, 0x200000);   /* Documentation/arch/loongarch/booting.rst: entry, size, place, magic */
    st_le64(kernel + 16, sizeof(kernel));
    st_le64(kernel + 24, 0x200000);
    st_le32(kernel + 56, 0x818223cd);
    st_le32(kernel + 60, 64);
    st_le16(kernel + 68, 0x6264);
    int files[] = { mkstemp(paths[0]), mkstemp(paths[1]) };
    ck_assert_int_eq(write(files[0], kernel, sizeof(kernel)), sizeof(kernel));
    ck_assert_int_eq(ftruncate(files[1], (off_t)(initrds[_i].initrd << 20)), 0);
    const struct board_config c = { .board = "loongarch-virt", .cpu = "la464", .cpus = 1, .memory = initrds[_i].memory << 20,
                                    .kernel = paths[0], .initrd = paths[1], .log_out = stderr };
    int r = board_create(&b, &c, &e);
    for (unsigned i = 0; i < 2; i++) {
        close(files[i]);
        unlink(paths[i]);
    }
    if (initrds[_i].at == 0) {
        ck_assert_int_eq(r, ERR_LIMIT);
        ck_assert_msg(strstr(e.text, "give the machine more memory") != NULL, "'%s'", e.text);
        return;
    }
    ck_assert_msg(r == 0, "%s", e.text);
    /* what the initrd's configuration table names */
    ck_assert_int_eq(mem_read(board_machine(b)->memory, 0x32000, range, sizeof(range), NULL), MEM_OK);
    ck_assert_uint_eq(ld_le64(range), initrds[_i].at);
    ck_assert_uint_eq(ld_le64(range + 8), initrds[_i].initrd << 20);
    board_destroy(b);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("loongarch_virt");
    TCase *t = tcase_create("all");

    tcase_add_loop_test(t, options_are_taken_or_refused, 0, (int)ARRAY_LEN(rows));
    tcase_add_loop_test(t, numbers_have_gaps, 0, (int)ARRAY_LEN(numbers));
    tcase_add_loop_test(t, initrd_goes_where_it_fits, 0, (int)ARRAY_LEN(initrds));
    suite_add_tcase(s, t);
    return s;
}
