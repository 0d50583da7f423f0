/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A VGA that carries out what standard input says, as far as QEMU's qtest has it: outb, outw, inb, inw
 * PORT [VALUE], writeb, readb ADDRESS [VALUE], all hexadecimal; and "dump FILE". Answers begin with "= ".
 */
#include "devices/backend/screendump.h"
#include "test/devices/vga_fixture.h"
#include <stdio.h>

static void carry_out(const char *operation, uint32_t at, uint32_t value)
{
    if (strcmp(operation, "outb") == 0)
        out(at, (uint8_t)value);
    else if (strcmp(operation, "outw") == 0)
        store(IO + at, 2, value);
    else if (strcmp(operation, "writeb") == 0)
        store(at, 1, value);
    else if (strcmp(operation, "inb") == 0)
        printf("= %x\n", in(at));
    else if (strcmp(operation, "inw") == 0)
        printf("= %x\n", (unsigned)load(IO + at, 2));
    else if (strcmp(operation, "readb") == 0)
        printf("= %x\n", (unsigned)load(at, 1));
    else
        ck_abort_msg("no operation '%s'", operation);
}

/* Modes come from the other side. */
START_TEST(play)
{
    static const struct vga_mode *const unused[] = { &mode_3, &mode_4, &mode_d, &mode_12, &mode_13 };
    char line[256], operation[16], path[128];
    unsigned at, value = 0;

    (void)unused;
    open_card(BOCHS_VGA);
    while (fgets(line, sizeof(line), stdin)) {
        if (sscanf(line, "dump %127s", path) == 1)
            ck_assert_msg(screendump_write(h, "vga", path, SCREENDUMP_PPM, &e) == 0, "%s", e.text);
        else if (sscanf(line, "%15s %x %x", operation, &at, &value) >= 2)
            carry_out(operation, at, value);
    }
    close_card();
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("devices.peer.vga");
    TCase *t = tcase_create("play");

    tcase_set_timeout(t, 60);
    tcase_add_test(t, play);
    suite_add_tcase(s, t);
    return s;
}
