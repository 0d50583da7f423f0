/* SPDX-License-Identifier: Apache-2.0 */
/* What every board does with images: boot.h. */
#include "core/device/machine.h"
#include "devices/board/boot.h"
#include "test/check_main.h"
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#define RAM  0x40000000ull
#define SIZE (16ull << 20)
#define MIB  (1ull << 20)

static struct board board;

static void setup(void)
{
    struct mem_ram *ram;
    struct err e = { 0 };

    board = (struct board){ .config.memory = SIZE };
    ck_assert_msg(machine_create(&board.machine, stderr, &e) == 0, "%s", e.text);
    ck_assert_msg(machine_add_ram(board.machine, "ram", SIZE, &ram, &e) == 0, "%s", e.text);
    ck_assert_int_eq(mem_add_ram(board.machine->memory, "ram", RAM, ram, 0, SIZE, 0, NULL, &e), 0);
}

static void teardown(void)
{
    image_free(board.initrd);
    machine_destroy(board.machine);
}

/* Which images an AArch64 board takes, and what it says of the others. */
static char path[] = "x";
static const struct {
    struct image image;
    const char *says;
} images[] = {
    { { .path = path, .kind = IMAGE_RAW }, NULL },
    { { .path = path, .kind = IMAGE_LINUX_ARM64 }, NULL },
    { { .path = path, .kind = IMAGE_ELF, .elf_machine = EM_AARCH64, .elf_64 = true }, NULL },
    { { .path = path, .kind = IMAGE_LINUX_RISCV },
      "'x' is a kernel for riscv64; this board needs one for arm64" },
    { { .path = path, .kind = IMAGE_ELF, .elf_machine = EM_RISCV, .elf_64 = true },
      "'x' is an ELF file for machine 243, 64 bits; this board needs AArch64" },
    { { .path = path, .kind = IMAGE_ELF, .elf_machine = EM_AARCH64 },
      "'x' is an ELF file for machine 183, 32 bits; this board needs AArch64" },
};
START_TEST(images_for_this_isa)
{
    static const struct boot_isa arm64 = { "AArch64", EM_AARCH64, IMAGE_LINUX_ARM64 };
    struct err e = { 0 };
    int r = boot_check_image(&images[_i].image, &arm64, &e);

    ck_assert_int_eq(r, images[_i].says ? ERR_FORMAT : 0);
    if (images[_i].says)
        ck_assert_str_eq(e.text, images[_i].says);
}
END_TEST

/* Half of RAM behind the kernel's start, at most the space; behind the kernel's end; a whole page. */
static const struct { uint64_t from, space, above, at; } places[] = {
    { RAM, 128 * MIB, RAM + MIB, RAM + 8 * MIB },
    { RAM, 4 * MIB, RAM + MIB, RAM + 4 * MIB },
    { RAM, 4 * MIB, RAM + 5 * MIB + 1, RAM + 5 * MIB + 4096 },
    { RAM + 2 * MIB, 128 * MIB, RAM + 3 * MIB, RAM + 10 * MIB },
};
START_TEST(initrd)
{
    const uint8_t bytes[100] = { 1, 2, 3 };
    struct boot_range at;
    struct err e = { 0 };
    uint64_t v = 0;

    for (int with = 0; with < 2; with++) {
        if (with)
            ck_assert_int_eq(image_parse(&board.initrd, bytes, sizeof(bytes), "initrd", &e), 0);
        ck_assert_int_eq(boot_place_initrd(&board, places[_i].from, places[_i].space, places[_i].above,
                                           &at, &e), 0);
        ck_assert_uint_eq(at.start, places[_i].at);
        ck_assert_uint_eq(at.end - at.start, with ? sizeof(bytes) : 0);
        ck_assert_int_eq(mem_load(board.machine->memory, at.start, 4, &v, NULL), MEM_OK);
        ck_assert_uint_eq(v, with ? 0x030201 : 0);
    }
}
END_TEST

START_TEST(tree_between_its_bounds)
{
    static const uint8_t tree[64] = { 0xd0, 0x0d };
    static const struct { pa_t at, end; int r; } rows[] = {
        { RAM, RAM + 64, 0 }, { RAM, RAM + 63, ERR_LIMIT }, { RAM + 64, RAM, ERR_LIMIT },
        { RAM + SIZE - 64, UINT64_MAX, 0 }, { RAM + SIZE - 63, UINT64_MAX, ERR_LIMIT },
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct err e = { 0 };
        ck_assert_int_eq(boot_place_tree(&board, tree, sizeof(tree), rows[i].at, rows[i].end, &e), rows[i].r);
        ck_assert(rows[i].r == 0 || strstr(e.text, "no room for the device tree of 64 bytes"));
    }
}
END_TEST

/* What only a kernel uses is refused where there is none. */
static const struct { const char *initrd, *append, *says; } alone[] = {
    { "i", NULL, "initrd 'i' without a kernel; give one with -kernel" },
    { NULL, "quiet", "command line 'quiet' without a kernel; give one with -kernel" },
    { NULL, "", NULL },
};
START_TEST(without_a_kernel)
{
    static const struct boot_isa arm64 = { "AArch64", EM_AARCH64, IMAGE_LINUX_ARM64 };
    struct err e = { 0 };

    board.config.initrd = alone[_i].initrd;
    board.config.append = alone[_i].append;
    ck_assert_int_eq(boot_open_images(&board, &arm64, &e), alone[_i].says ? ERR_ARG : 0);
    ck_assert(!alone[_i].says || strcmp(e.text, alone[_i].says) == 0);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("devices.board.boot");
    TCase *t = tcase_create("boot");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, images_for_this_isa, 0, (int)ARRAY_LEN(images));
    tcase_add_loop_test(t, initrd, 0, (int)ARRAY_LEN(places));
    tcase_add_test(t, tree_between_its_bounds);
    tcase_add_loop_test(t, without_a_kernel, 0, (int)ARRAY_LEN(alone));
    suite_add_tcase(s, t);
    return s;
}
