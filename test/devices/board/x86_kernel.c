/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernels of a PC: each protocol is recognised and carried out, damage and demands that cannot be met are refused with
 * words that name them, mutated files do no worse. Numbers are those of Multiboot 0.6.96, Multiboot2 2.0 and Xen's
 * docs/misc/pvh and start_info.h.
 */
#include "devices/board/x86_kernel.h"
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include "core/util/hash.h"
#include "cpu/x86/cpu.h"
#include "devices/board/board.h"
#include "test/check_main.h"
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FILE_SIZE = 0x400, HEADER = 0x100, LOAD = 0x100000, ENTRY = LOAD + 0x180, MEMORY = 0x600 };
enum format { MB1_ADDRESSED, MB1_ELF32, MB2_ADDRESSED, MB2_ELF64, PVH_ELF64, FORMATS };

static size_t put_words(uint8_t *at, const uint32_t *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        st_le32(at + 4 * i, words[i]);
    return 4 * n;
}
#define PUT(at, ...) put_words(at, (const uint32_t[]){ __VA_ARGS__ }, sizeof((const uint32_t[]){ __VA_ARGS__ }) / 4)

/* One segment, the whole file, at LOAD; a note behind the program headers if `note`. */
static void make_elf(uint8_t *out, bool wide, bool note)
{
    uint8_t ident[16] = { 0x7f, 'E', 'L', 'F', wide ? ELFCLASS64 : ELFCLASS32, ELFDATA2LSB, EV_CURRENT };
    memcpy(out, ident, 16);
    if (wide) {
        const Elf64_Ehdr h = { .e_type = ET_EXEC, .e_machine = EM_X86_64, .e_version = 1, .e_entry = ENTRY, .e_phoff = 64,
                               .e_ehsize = 64, .e_phentsize = 56, .e_phnum = note ? 2 : 1 };
        const Elf64_Phdr p[2] = { { .p_type = PT_LOAD, .p_vaddr = LOAD, .p_paddr = LOAD, .p_filesz = FILE_SIZE, .p_memsz = MEMORY },
                                  { .p_type = PT_NOTE, .p_offset = 0x300, .p_filesz = 24, .p_align = 4 } };
        memcpy(out + 16, (const uint8_t *)&h + 16, sizeof(h) - 16);
        memcpy(out + 64, p, sizeof(p));
        if (note) {
            PUT(out + 0x300, 4, 8, 18);
            memcpy(out + 0x30c, "Xen", 4);
            st_le64(out + 0x310, ENTRY + 4);
        }
    } else {
        const Elf32_Ehdr h = { .e_type = ET_EXEC, .e_machine = EM_386, .e_version = 1, .e_entry = ENTRY, .e_phoff = 52,
                               .e_ehsize = 52, .e_phentsize = 32, .e_phnum = 1 };
        const Elf32_Phdr p = { .p_type = PT_LOAD, .p_vaddr = LOAD, .p_paddr = LOAD, .p_filesz = FILE_SIZE, .p_memsz = MEMORY };
        memcpy(out + 16, (const uint8_t *)&h + 16, sizeof(h) - 16);
        memcpy(out + 52, &p, sizeof(p));
    }
}

static void make(enum format f, uint8_t *out)
{
    const uint32_t mb1 = 0x1badb002, mb2 = 0xe85250d6;
    memset(out, 0x90, FILE_SIZE);
    if (f == MB1_ELF32 || f == MB2_ELF64 || f == PVH_ELF64)
        make_elf(out, f != MB1_ELF32, f == PVH_ELF64);
    if (f == MB1_ADDRESSED)
        PUT(out + HEADER, mb1, 0x10003, 0u - mb1 - 0x10003, LOAD + HEADER, LOAD, LOAD + FILE_SIZE, LOAD + MEMORY, ENTRY);
    else if (f == MB1_ELF32)
        PUT(out + HEADER, mb1, 3, 0u - mb1 - 3);
    else if (f == MB2_ADDRESSED)
        PUT(out + HEADER, mb2, 0, 64, 0u - mb2 - 64, 2, 24, LOAD + HEADER, LOAD, LOAD + FILE_SIZE, LOAD + MEMORY, 3, 12, ENTRY, 0, 0, 8);
    else if (f == MB2_ELF64)
        PUT(out + HEADER, mb2, 0, 40, 0u - mb2 - 40, 1, 16, 6, 15, 0, 8);
}

static const struct {
    enum x86_kernel_kind kind;
    bool addressed;
    uint32_t entry;
} found[FORMATS] = {
    [MB1_ADDRESSED] = { X86_MULTIBOOT1, true, ENTRY }, [MB1_ELF32] = { X86_MULTIBOOT1, false, ENTRY },
    [MB2_ADDRESSED] = { X86_MULTIBOOT2, true, ENTRY }, [MB2_ELF64] = { X86_MULTIBOOT2, false, ENTRY },
    [PVH_ELF64] = { X86_PVH, false, ENTRY + 4 },
};

START_TEST(protocols_are_recognised)
{
    uint8_t bytes[FILE_SIZE];
    struct x86_kernel k;
    struct image *img;
    struct err e = { 0 };
    make((enum format)_i, bytes);
    ck_assert_msg(image_parse(&img, bytes, sizeof(bytes), "kernel", &e) == 0, "%s", e.text);
    ck_assert_msg(x86_kernel_find(&k, img, &e) == 0, "%s", e.text);
    ck_assert_int_eq(k.kind, found[_i].kind);
    ck_assert_int_eq(k.addressed, found[_i].addressed);
    ck_assert_uint_eq(k.entry, found[_i].entry);
    ck_assert_uint_eq(k.low, LOAD);
    ck_assert_uint_eq(k.high, LOAD + MEMORY);
    image_free(img);
}
END_TEST

/* One word of a good file changed; `fix` is where its checksum is (0: leave it). */
static const struct {
    enum format format;
    uint32_t at, value, fix;
    const char *says;
} bad[] = {
    { MB1_ADDRESSED, HEADER + 4, 0x10007, HEADER + 8, "video mode" },
    { MB1_ADDRESSED, HEADER + 4, 0x10103, HEADER + 8, "demands 0x103" },
    { MB1_ADDRESSED, HEADER + 4, 3, HEADER + 8, "must be ELF" },
    { MB1_ADDRESSED, HEADER + 8, 1, 0, "nor has it a Multiboot header" },       /* wrong checksum */
    { MB1_ADDRESSED, HEADER + 12, LOAD - 4, 0, "below" },
    { MB1_ADDRESSED, HEADER + 12, LOAD + HEADER + 4, 0, "too far above" },
    { MB1_ADDRESSED, HEADER + 20, LOAD + FILE_SIZE + 1, 0, "cut short" },
    { MB1_ADDRESSED, HEADER + 20, LOAD - 1, 0, "asks for file bytes" },
    { MB1_ADDRESSED, HEADER + 24, LOAD + FILE_SIZE - 1, 0, "inside of what it loads" },
    { MB1_ELF32, 18, EM_ARM | 1 << 16, 0, "machine 40" },
    { MB2_ADDRESSED, HEADER + 4, 4, HEADER + 12, "architecture 4" },
    { MB2_ADDRESSED, HEADER + 8, 0x10000, HEADER + 12, "more than there are" },
    { MB2_ADDRESSED, HEADER + 20, 7, 0, "has 7 bytes" },
    { MB2_ADDRESSED, HEADER + 20, 8, 0, "24 belong there" },
    { MB2_ADDRESSED, HEADER + 40, 5, 0, "a framebuffer" },
    { MB2_ADDRESSED, HEADER + 40, 99, 0, "something unknown" },
    { MB2_ADDRESSED, HEADER + 40, 99 | 1 << 16, 0, "without an entry" },         /* optional: passed over, but it was the entry */
    { MB2_ELF64, HEADER + 24, 9, 0, "demands information 9" },
    { PVH_ELF64, 0x308, 17, 0, "without a Multiboot header or PVH note" },
    { PVH_ELF64, 0x314, 1, 0, "below 4 GiB" },
};

START_TEST(damage_is_named)
{
    uint8_t bytes[FILE_SIZE];
    struct x86_kernel k;
    struct image *img;
    struct err e = { 0 };
    make(bad[_i].format, bytes);
    st_le32(bytes + bad[_i].at, bad[_i].value);
    if (bad[_i].fix != 0) {
        uint32_t sum = 0;
        for (uint32_t at = HEADER; at < bad[_i].fix; at += 4)
            sum += ld_le32(bytes + at);
        st_le32(bytes + bad[_i].fix, 0u - sum);
    }
    ck_assert_msg(image_parse(&img, bytes, sizeof(bytes), "kernel", &e) == 0, "%s", e.text);
    ck_assert_int_lt(x86_kernel_find(&k, img, &e), 0);
    ck_assert_msg(strstr(e.text, bad[_i].says) != NULL, "'%s'", e.text);
    image_free(img);
}
END_TEST

/* Found or refused with a word; placed where no RAM is: refused. */
static void try_bytes(const uint8_t *bytes, size_t n)
{
    struct x86_kernel k;
    struct image *img;
    struct err e = { 0 };
    if (image_parse(&img, bytes, n, "kernel", &e) < 0) {
        ck_assert_msg(e.text[0] != 0, "refused without a word");
        return;
    }
    if (x86_kernel_find(&k, img, &e) < 0) {
        ck_assert_msg(strstr(e.text, "kernel") != NULL, "'%s'", e.text);
    } else if (k.kind != X86_BZIMAGE) {
        struct mem_space *space = mem_space_create("test");
        ck_assert_uint_le(k.low, k.high);
        int r = k.addressed ? image_place_bytes(img, space, k.load, k.offset, k.file_size, k.memory_size, &e)
                            : image_place(img, space, 0, &e);
        ck_assert_int_eq(r < 0, !k.addressed || k.memory_size != 0);
        mem_space_destroy(space);
    }
    image_free(img);
}

START_TEST(truncation_is_survived)
{
    uint8_t bytes[FILE_SIZE];
    make((enum format)_i, bytes);
    for (size_t cut = 0; cut < sizeof(bytes); cut++)
        try_bytes(bytes, cut);
}
END_TEST

START_TEST(mutations_are_survived)
{
    uint8_t original[FILE_SIZE], bytes[FILE_SIZE];
    uint64_t seed = test_fuzz_seed() + 1 + (uint64_t)_i, steps = test_fuzz_steps(20000) / FORMATS;
    make((enum format)_i, original);
    for (uint64_t k = 0; k < steps; k++) {
        memcpy(bytes, original, sizeof(bytes));
        for (unsigned flips = 1 + (seed & 7); flips > 0; flips--) {
            seed = hash_mix(seed + 0x9e3779b97f4a7c15ull);
            size_t at = seed & 1 ? HEADER + 4 + (seed >> 8) % 60 : (seed >> 8) % sizeof(bytes);
            bytes[at] = (uint8_t)(seed & 2 ? seed >> 40 : bytes[at] ^ 1u << (seed >> 50 & 7));
        }
        if (_i < 4 && _i != 1) /* keep the sum right half of the time */
            st_le32(bytes + HEADER + (_i == 0 ? 8 : 12), 0u - ld_le32(bytes + HEADER) - ld_le32(bytes + HEADER + 4) -
                    (_i == 0 ? 0 : ld_le32(bytes + HEADER + 8)));
        try_bytes(bytes, sizeof(bytes));
    }
}
END_TEST

/* ---- on a board ---- */
static char *write_file(const void *bytes, size_t n)
{
    char *path = strdup("/tmp/orrery-x86-kernel-XXXXXX");
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, bytes, n), (ssize_t)n);
    close(fd);
    return path;
}

static int build(struct board **b, const char *kernel, const char *initrd, const char *append, uint64_t memory, struct err *e)
{
    const struct board_config c = { .board = "x86-q35", .cpu = "qemu64", .cpus = 1, .memory = memory, .kernel = kernel, .initrd = initrd,
                                    .append = append, .bios = "none", .log_out = stderr };
    return board_create(b, &c, e);
}

static uint64_t load(struct board *b, pa_t at, unsigned size)
{
    uint64_t v = 0;
    ck_assert_int_eq(mem_load(board_machine(b)->memory, at, size, &v, NULL), MEM_OK);
    return v;
}

static void text_is(struct board *b, pa_t at, const char *begins, const char *ends)
{
    char text[256] = "";
    ck_assert_int_eq(mem_read(board_machine(b)->memory, at, text, sizeof(text) - 1, NULL), MEM_OK);
    ck_assert_msg(strncmp(text, begins, strlen(begins)) == 0, "'%s' does not begin with '%s'", text, begins);
    ck_assert_msg(strlen(text) == strlen(begins) + strlen(ends) && strcmp(text + strlen(begins), ends) == 0,
                  "'%s' does not end with '%s'", text, ends);
}

static void module_is(struct board *b, uint64_t start, uint64_t end, const char *contents)
{
    char got[64] = "";
    ck_assert_uint_eq(start % 4096, 0);
    ck_assert_uint_eq(end - start, strlen(contents));
    ck_assert_int_eq(mem_read(board_machine(b)->memory, start, got, end - start, NULL), MEM_OK);
    ck_assert_str_eq(got, contents);
}

static void check_multiboot1(struct board *b, pa_t info, const char *kernel, const char *second)
{
    ck_assert_uint_eq(load(b, info, 4), 0x24d);                  /* memory, command line, modules, map, loader's name */
    ck_assert_uint_eq(load(b, info + 4, 4), 639);                /* a PC's base memory less the EBDA's KiB */
    text_is(b, load(b, info + 16, 4), kernel, " x=1 y");
    ck_assert_uint_eq(load(b, info + 20, 4), 2);
    pa_t m = load(b, info + 24, 4);
    module_is(b, load(b, m, 4), load(b, m + 4, 4), "first");
    module_is(b, load(b, m + 16, 4), load(b, m + 20, 4), "the second");
    text_is(b, load(b, m + 24, 4), second, " with words");
    pa_t map = load(b, info + 48, 4), end = map + load(b, info + 44, 4);
    bool seen = false;
    for (; map < end; map += 4 + load(b, map, 4))
        seen |= load(b, map + 4, 8) == 0x100000 && load(b, map + 20, 4) == 1;
    ck_assert(seen);
    ck_assert_uint_eq(map, end);
}

static void check_multiboot2(struct board *b, pa_t info, const char *kernel)
{
    pa_t end = info + load(b, info, 4), at = info + 8;
    uint32_t seen = 0, modules = 0;
    ck_assert_uint_eq(info % 8, 0);
    for (uint32_t type = 1; type != 0; at += align_up(load(b, at + 4, 4), 8)) {
        ck_assert_uint_lt(at, end);
        type = (uint32_t)load(b, at, 4);
        seen |= 1u << type;
        if (type == 1)
            text_is(b, at + 8, kernel, " x=1 y");
        if (type == 3)
            module_is(b, load(b, at + 8, 4), load(b, at + 12, 4), modules++ == 0 ? "first" : "the second");
        if (type == 6)
            ck_assert_uint_eq((load(b, at + 4, 4) - 16) % load(b, at + 8, 4), 0);
    }
    ck_assert_uint_eq(at, end);
    ck_assert_uint_eq(modules, 2);
    ck_assert_uint_eq(seen, 1u << 0 | 1u << 1 | 1u << 2 | 1u << 3 | 1u << 4 | 1u << 6 | 1u << 15);
}

static void check_pvh(struct board *b, pa_t info)
{
    ck_assert_uint_eq(load(b, info, 4), 0x336ec578);
    ck_assert_uint_eq(load(b, info + 4, 4), 1);
    ck_assert_uint_eq(load(b, info + 12, 4), 2);
    pa_t m = load(b, info + 16, 8);
    module_is(b, load(b, m, 8), load(b, m, 8) + load(b, m + 8, 8), "first");
    module_is(b, load(b, m + 32, 8), load(b, m + 32, 8) + load(b, m + 40, 8), "the second");
    text_is(b, load(b, m + 48, 8), "with words", "");
    text_is(b, load(b, info + 24, 8), "x=1 y", "");
    ck_assert_uint_eq(load(b, load(b, info + 32, 8), 8), 0x2052545020445352); /* "RSD PTR " */
    ck_assert_uint_eq(load(b, load(b, info + 40, 8) + 24 * 2, 8), 0x100000);
}

START_TEST(kernels_are_placed)
{
    static const uint32_t eax[] = { [X86_MULTIBOOT1] = 0x2badb002, [X86_MULTIBOOT2] = 0x36d76289, [X86_PVH] = 0 };
    uint8_t bytes[FILE_SIZE];
    char list[256];
    struct board *b;
    struct err e = { 0 };
    make((enum format)_i, bytes);
    char *kernel = write_file(bytes, sizeof(bytes)), *first = write_file("first", 5), *second = write_file("the second", 10);
    snprintf(list, sizeof(list), "%s,%s with words", first, second);
    ck_assert_msg(build(&b, kernel, list, "x=1 y", 64u << 20, &e) == 0, "%s", e.text);
    struct cpu *cpu = exec_cpu(board_exec(b), 0);
    ck_assert_uint_eq(cpu->pc, found[_i].entry);
    ck_assert_uint_eq(x86_get_gpr(cpu, 0), eax[found[_i].kind]);
    ck_assert_uint_eq(load(b, LOAD + HEADER, 4), ld_le32(bytes + HEADER));
    ck_assert_uint_eq(load(b, LOAD + FILE_SIZE, 4), 0);
    pa_t info = x86_get_gpr(cpu, 3);
    if (found[_i].kind == X86_MULTIBOOT1)
        check_multiboot1(b, info, kernel, second);
    else if (found[_i].kind == X86_MULTIBOOT2)
        check_multiboot2(b, info, kernel);
    else
        check_pvh(b, info);
    board_destroy(b);
    unlink(kernel), unlink(first), unlink(second);
    free(kernel), free(first), free(second);
}
END_TEST

START_TEST(what_does_not_fit_is_refused)
{
    uint8_t bytes[FILE_SIZE];
    struct board *b;
    struct err e = { 0 };
    make(MB1_ADDRESSED, bytes);
    st_le32(bytes + HEADER + 24, 0x08000000);
    char *kernel = write_file(bytes, sizeof(bytes));
    ck_assert_int_lt(build(&b, kernel, NULL, NULL, 64u << 20, &e), 0);
    ck_assert_msg(strstr(e.text, "more memory") != NULL, "'%s'", e.text);
    ck_assert_int_lt(build(&b, kernel, "/nonexistent", NULL, 256u << 20, &e), 0);
    ck_assert_msg(strstr(e.text, "/nonexistent") != NULL, "'%s'", e.text);
    unlink(kernel);
    free(kernel);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("x86_kernel");
    TCase *t = tcase_create("x86_kernel");
    tcase_set_timeout(t, 0);
    tcase_add_loop_test(t, protocols_are_recognised, 0, FORMATS);
    tcase_add_loop_test(t, damage_is_named, 0, (int)ARRAY_LEN(bad));
    tcase_add_loop_test(t, truncation_is_survived, 0, FORMATS);
    tcase_add_loop_test(t, mutations_are_survived, 0, FORMATS);
    tcase_add_loop_test(t, kernels_are_placed, 0, FORMATS);
    tcase_add_test(t, what_does_not_fit_is_refused);
    suite_add_tcase(s, t);
    return s;
}
