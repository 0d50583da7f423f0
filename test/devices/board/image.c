/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Image loader: each format is recognised, each damage is refused with words that say what
 * was found, and mutated images never do worse than that.
 */
#include "devices/board/image.h"
#include "core/util/bytes.h"
#include "core/util/hash.h"
#include "test/check_main.h"
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

#define KERNEL_BYTES 4096

/* Documentation/arch/riscv/boot-image-header.rst */
static size_t make_linux(uint8_t *out)
{
    memset(out, 0x13, KERNEL_BYTES);
    memcpy(out, "MZ", 2);
    st_le64(out + 8, 0x200000);
    st_le64(out + 16, 0x10000);
    st_le32(out + 56, 0x05435352);
    return KERNEL_BYTES;
}

static size_t make_gzip(const uint8_t *in, size_t n, uint8_t *out, size_t size)
{
    z_stream z = { .next_in = (uint8_t *)(uintptr_t)in, .avail_in = (uInt)n, .next_out = out,
                   .avail_out = (uInt)size };

    ck_assert_int_eq(deflateInit2(&z, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
    ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
    deflateEnd(&z);
    return size - z.avail_out;
}

/* include/linux/pe.h of the zboot header: payload offset and size at 8, 12; method at 24 */
static size_t make_zboot(const char *method, const uint8_t *payload, size_t n, uint8_t *out)
{
    memset(out, 0, 64);
    memcpy(out, "MZ\0\0zimg", 8);
    st_le32(out + 8, 64);
    st_le32(out + 12, (uint32_t)n);
    snprintf((char *)out + 24, 32, "%s", method);
    st_le32(out + 56, 0x818223cd);
    memcpy(out + 64, payload, n);
    return n + 64;
}

static size_t make_elf(uint8_t *out)
{
    Elf64_Ehdr h = { .e_type = ET_EXEC, .e_machine = EM_RISCV, .e_version = 1, .e_entry = 0x1010,
                     .e_phoff = 64, .e_ehsize = 64, .e_phentsize = 56, .e_phnum = 1 };
    Elf64_Phdr p = { .p_type = PT_LOAD, .p_offset = 128, .p_vaddr = 0x1000, .p_paddr = 0x80001000,
                     .p_filesz = 64, .p_memsz = 96, .p_flags = 5 };

    memset(out, 0xaa, 256);
    memcpy(h.e_ident, ELFMAG, 4);
    h.e_ident[EI_CLASS] = ELFCLASS64;
    h.e_ident[EI_DATA] = ELFDATA2LSB;
    h.e_ident[EI_VERSION] = 1;
    memcpy(out, &h, sizeof(h));
    memcpy(out + 64, &p, sizeof(p));
    return 256;
}

static size_t make(int format, uint8_t *out, size_t size)
{
    uint8_t kernel[KERNEL_BYTES], packed[2 * KERNEL_BYTES];
    size_t n = make_linux(kernel);

    switch (format) {
    case 0:
        return make_linux(out);
    case 1:
        return make_gzip(kernel, n, out, size);
    case 2:
        return make_zboot("gzip", packed, make_gzip(kernel, n, packed, sizeof(packed)), out);
    case 3:
        return make_zboot("zstd22", packed, ZSTD_compress(packed, sizeof(packed), kernel, n, 3), out);
    default:
        return make_elf(out);
    }
}

START_TEST(formats_are_recognised)
{
    uint8_t bytes[4 * KERNEL_BYTES];
    struct image *img;
    struct err e = { 0 };
    size_t n = make(_i, bytes, sizeof(bytes));

    ck_assert_msg(image_parse(&img, bytes, n, "kernel", &e) == 0, "%s", e.text);
    if (_i < 4) {
        ck_assert_int_eq(img->kind, IMAGE_LINUX_RISCV);
        ck_assert_uint_eq(img->size, KERNEL_BYTES);
        ck_assert_uint_eq(img->text_offset, 0x200000);
        ck_assert_uint_eq(img->image_size, 0x10000);
    } else {
        ck_assert_int_eq(img->kind, IMAGE_ELF);
        ck_assert_uint_eq(img->entry, 0x80001010); /* virtual entry moved to its physical place */
        ck_assert_uint_eq(img->low, 0x80001000);
        ck_assert_uint_eq(img->high, 0x80001060);
        ck_assert_uint_eq(img->elf_machine, EM_RISCV);
    }
    image_free(img);
}
END_TEST

/* A truncated image is refused, or it is one whose end is not needed (raw, Linux, ELF segments). */
START_TEST(truncation_is_survived)
{
    uint8_t bytes[4 * KERNEL_BYTES];
    size_t n = make(_i, bytes, sizeof(bytes));

    for (size_t cut = 0; cut < n; cut += cut < 256 ? 1 : 97) {
        struct image *img = NULL;
        struct err e = { 0 };
        if (image_parse(&img, bytes, cut, "kernel", &e) < 0)
            ck_assert_msg(strstr(e.text, "kernel") != NULL && strlen(e.text) > 20, "cut %zu: '%s'",
                          cut, e.text);
        else
            image_free(img);
    }
}
END_TEST

static const struct {
    const char *method;
    uint32_t offset, size;
    const char *says;
} zboot_rows[] = {
    { "lzma", 64, 100, "packed with 'lzma'" },
    { "gzip", 64, 0x7fffffff, "outside the file" },
    { "gzip", 8, 100, "outside the file" },
    { "zstd", 64, 0, "outside the file" },
    { "\x1b[2J", 64, 100, "packed with '?[2J'" }, /* control characters do not reach the terminal */
};

START_TEST(zboot_damage_is_named)
{
    uint8_t bytes[1024] = { 0 }, payload[512] = { 0 };
    struct image *img;
    struct err e = { 0 };
    size_t n = make_zboot(zboot_rows[_i].method, payload, sizeof(payload), bytes);

    st_le32(bytes + 8, zboot_rows[_i].offset);
    st_le32(bytes + 12, zboot_rows[_i].size);
    ck_assert_int_lt(image_parse(&img, bytes, n, "kernel", &e), 0);
    ck_assert_msg(strstr(e.text, zboot_rows[_i].says) != NULL, "'%s'", e.text);
}
END_TEST

/*
 * Documentation/arch/loongarch/booting.rst: entry at 8, size at 16, load offset at 24, the magic of Linux' PE files at 56 and where
 * the PE header is at 60; UEFI's machine types: 6264h is LoongArch, 8664h x64.
 */
static const struct { const char *method; uint16_t machine; uint32_t pe; enum image_kind kind; } loongarch_rows[] = {
    { NULL, 0x6264, 64, IMAGE_LINUX_LOONGARCH },
    { "zstd", 0x6264, 64, IMAGE_LINUX_LOONGARCH }, /* Debian's */
    { "gzip", 0x6264, 64, IMAGE_LINUX_LOONGARCH },
    { NULL, 0x8664, 64, IMAGE_RAW },               /* a bzImage has the same magic */
    { NULL, 0x6264, 0x7fffffff, IMAGE_RAW },
    { NULL, 0x6264, KERNEL_BYTES - 5, IMAGE_RAW },
};
START_TEST(loongarch_images)
{
    uint8_t kernel[KERNEL_BYTES] = { 'M', 'Z' }, packed[2 * KERNEL_BYTES], file[4 * KERNEL_BYTES];
    const char *method = loongarch_rows[_i].method;
    size_t n = sizeof(kernel);
    struct image *img;
    struct err e = { 0 };

    st_le64(kernel + 8, 0x9000000001234000ull); /* an old one: a window's address */
    st_le64(kernel + 16, 0x20000);
    st_le64(kernel + 24, 0x200000);
    st_le32(kernel + 56, 0x818223cd);
    st_le32(kernel + 60, loongarch_rows[_i].pe);
    st_le16(kernel + 64 + 4, loongarch_rows[_i].machine);
    memcpy(file, kernel, n);
    if (method && strcmp(method, "gzip") == 0)
        n = make_zboot(method, packed, make_gzip(kernel, n, packed, sizeof(packed)), file);
    else if (method)
        n = make_zboot(method, packed, ZSTD_compress(packed, sizeof(packed), kernel, n, 3), file);
    ck_assert_msg(image_parse(&img, file, n, "kernel", &e) == 0, "%s", e.text);
    ck_assert_int_eq(img->kind, loongarch_rows[_i].kind);
    if (img->kind != IMAGE_RAW) {
        ck_assert_uint_eq(img->size, KERNEL_BYTES);
        ck_assert_uint_eq(img->entry, 0x1234000);
        ck_assert_uint_eq(img->image_size, 0x20000);
        ck_assert_uint_eq(img->text_offset, 0x200000);
    }
    image_free(img);
    /* Cut short within the payload, it is refused by name. */
    if (method) {
        ck_assert_int_lt(image_parse(&img, file, n - 1, "kernel", &e), 0);
        ck_assert_msg(strstr(e.text, "truncated") != NULL, "'%s'", e.text);
    }
}
END_TEST

START_TEST(addresses_of_windows)
{
    uint8_t bytes[256];
    struct image *img;
    struct err e = { 0 };

    (void)make_elf(bytes);
    st_le64(bytes + 24, 0x9000000000001010ull);      /* e_entry */
    st_le64(bytes + 64 + 16, 0x9000000000001000ull); /* p_vaddr */
    st_le64(bytes + 64 + 24, 0x9000000000001000ull); /* p_paddr */
    ck_assert_msg(image_parse(&img, bytes, sizeof(bytes), "kernel", &e) == 0, "%s", e.text);
    image_mask_addresses(img, 48);
    ck_assert_uint_eq(img->entry, 0x1010);
    ck_assert_uint_eq(img->low, 0x1000);
    ck_assert_uint_eq(img->high, 0x1060);
    ck_assert_uint_eq(img->segments[0].address, 0x1000);
    image_free(img);
}
END_TEST

/* FUZZ_ITERATIONS in the environment makes the run as long as wanted. */
START_TEST(mutations_are_survived)
{
    const char *wanted = getenv("FUZZ_ITERATIONS");
    unsigned long iterations = wanted ? strtoul(wanted, NULL, 0) / 5 : 4000;
    uint8_t original[4 * KERNEL_BYTES], bytes[4 * KERNEL_BYTES];
    size_t n = make(_i, original, sizeof(original));
    uint64_t seed = 1 + (uint64_t)_i;

    for (unsigned long k = 0; k < iterations; k++) {
        struct image *img = NULL;
        struct err e = { 0 };
        memcpy(bytes, original, n);
        for (unsigned flips = 1 + (seed & 7); flips > 0; flips--) {
            seed = hash_mix(seed + 0x9e3779b97f4a7c15ull);
            size_t at = (seed & 1) ? seed % n : (seed >> 8) % MIN(n, (size_t)128);
            bytes[at] = (seed & 2) ? (uint8_t)(seed >> 40) : (uint8_t)(bytes[at] ^ 1u << (seed >> 50 & 7));
        }
        if (image_parse(&img, bytes, n, "kernel", &e) == 0) {
            struct mem_space *space = mem_space_create("test"); /* nothing there: placing must refuse */
            if (img->size > 0)
                ck_assert_int_lt(image_place(img, space, 0x1000, &e), 0);
            mem_space_destroy(space);
            image_free(img);
        } else {
            ck_assert_msg(e.text[0] != 0, "refused without a word");
        }
    }
}
END_TEST

/*
 * GNU ld, -Ttext=0x80000000: the segment begins with the file at 0x7ffff000, where there is no RAM
 * (ELF gABI chapter 5, "Program Loading"). Only headers and zeroes may be left out.
 */
static const struct { size_t spoilt; bool fits; } header_rows[] = {
    { 0, true },       /* spoils nothing: the magic number's place */
    { 0x800, false },  /* contents between the headers and RAM */
    { 0x1000, true },  /* contents in RAM */
};
START_TEST(headers_below_ram_are_left_out)
{
    enum { PAGE = 0x1000, CODE = 32, BYTES = PAGE + CODE };
    static const Elf64_Phdr p = { .p_type = PT_LOAD, .p_offset = 0, .p_vaddr = 0x7ffff000,
                                  .p_paddr = 0x7ffff000, .p_filesz = BYTES, .p_memsz = BYTES };
    uint8_t bytes[BYTES] = { 0 }, ehdr[256], got[CODE];
    struct err e = { 0 };
    struct image *img;
    struct mem_ram *ram;

    (void)make_elf(ehdr);
    memcpy(bytes, ehdr, 64);
    memcpy(bytes + 64, &p, sizeof(p));
    memset(bytes + PAGE, 0x13, CODE);
    bytes[header_rows[_i].spoilt] = 0x7f; /* what the magic number begins with */
    struct mem_space *space = mem_space_create("test");
    ck_assert_int_eq(mem_ram_create(&ram, "ram", PAGE, &e), 0);
    ck_assert_int_eq(mem_add_ram(space, "ram", 0x80000000, ram, 0, PAGE, 0, NULL, &e), 0);
    ck_assert_msg(image_parse(&img, bytes, sizeof(bytes), "kernel", &e) == 0, "%s", e.text);
    ck_assert_int_eq(image_place(img, space, 0, &e) == 0, header_rows[_i].fits);
    if (header_rows[_i].fits) {
        ck_assert_int_eq(mem_read(space, 0x80000000, got, CODE, &(struct mem_attrs){ 0 }), MEM_OK);
        ck_assert_mem_eq(got, bytes + PAGE, CODE);
    }
    image_free(img);
    mem_space_destroy(space);
    mem_ram_destroy(ram);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("image");
    TCase *t = tcase_create("image");

    tcase_set_timeout(t, 0);
    tcase_add_loop_test(t, formats_are_recognised, 0, 5);
    tcase_add_loop_test(t, truncation_is_survived, 0, 5);
    tcase_add_loop_test(t, zboot_damage_is_named, 0, (int)ARRAY_LEN(zboot_rows));
    tcase_add_loop_test(t, loongarch_images, 0, (int)ARRAY_LEN(loongarch_rows));
    tcase_add_test(t, addresses_of_windows);
    tcase_add_loop_test(t, mutations_are_survived, 0, 5);
    tcase_add_loop_test(t, headers_below_ram_are_left_out, 0, (int)ARRAY_LEN(header_rows));
    suite_add_tcase(s, t);
    return s;
}
