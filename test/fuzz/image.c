/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Damaged kernels for LoongArch: a Linux Image, plain or in an EFI zboot file of gzip or zstd, words of its headers
 * changed, its payload's bytes changed, the file cut. Each is recognised or refused with a text. For long runs under
 * sanitizers: test-image-fuzz 1000000 SEED.
 * usage: test-image-fuzz FILES [SEED]
 */
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include "core/util/hash.h"
#include "devices/board/image.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

enum { KERNEL = 4096, FILE_MOST = 3 * KERNEL, HEADER = 64 };

struct fuzz {
    uint64_t random, taken, raw, refused;
    uint8_t plain[KERNEL], file[FILE_MOST];
    size_t size;
};

static uint64_t next(struct fuzz *f)
{
    return f->random = hash_mix(f->random + 0x9e3779b97f4a7c15ull);
}

static uint32_t some_word(struct fuzz *f, uint32_t old)
{
    static const uint32_t words[] = { 0, 1, 63, 64, KERNEL, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffffa, 0x40000000 };

    switch (next(f) % 4) {
    case 0: return words[next(f) % ARRAY_LEN(words)];
    case 1: return old + (uint32_t)(next(f) % 65) - 32;
    case 2: return old ^ 1u << next(f) % 32;
    default: return (uint32_t)next(f);
    }
}

/* Documentation/arch/loongarch/booting.rst: entry, size, offset, magic, where the PE header is. */
static void make_plain(struct fuzz *f)
{
    memset(f->plain, 0, KERNEL);
    memcpy(f->plain, "MZ", 2);
    st_le64(f->plain + 8, 0x9000000000200000);
    st_le64(f->plain + 16, 2 * KERNEL);
    st_le64(f->plain + 24, 0x200000);
    st_le32(f->plain + 56, 0x818223cd);
    st_le32(f->plain + 60, HEADER);
    memcpy(f->plain + HEADER, "PE\0\0\x64\x62", 6);
    if (next(f) % 2 == 0) {
        uint8_t *at = f->plain + 8 + 4 * (next(f) % 14);
        st_le32(at, some_word(f, ld_le32(at)));
    }
}

/* include/linux/pe.h: offset and size of the payload, name of its compression */
static void make_zboot(struct fuzz *f, bool gzip)
{
    uint8_t *payload = f->file + HEADER;
    size_t room = FILE_MOST - HEADER, n;

    if (gzip) {
        z_stream z = { .next_in = f->plain, .avail_in = KERNEL, .next_out = payload, .avail_out = (uInt)room };
        if (deflateInit2(&z, 1, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK || deflate(&z, Z_FINISH) != Z_STREAM_END)
            exit(2);
        deflateEnd(&z);
        n = room - z.avail_out;
    } else {
        n = ZSTD_compress(payload, room, f->plain, KERNEL, 1);
        if (ZSTD_isError(n))
            exit(2);
    }
    memset(f->file, 0, HEADER);
    memcpy(f->file, "MZ\0\0zimg", 8);
    st_le32(f->file + 8, HEADER);
    st_le32(f->file + 12, (uint32_t)n);
    memcpy(f->file + 24, gzip ? "gzip" : "zstd22", gzip ? 4 : 6);
    f->size = HEADER + n;
    if (next(f) % 2 == 0)
        st_le32(f->file + 8 + 4 * (next(f) % 2), some_word(f, ld_le32(f->file + 8)));
    for (uint64_t changes = next(f) % 3; changes != 0; changes--)
        f->file[next(f) % f->size] ^= (uint8_t)(1u << next(f) % 8);
}

static void make(struct fuzz *f)
{
    make_plain(f);
    uint64_t kind = next(f) % 3;
    if (kind == 0) {
        memcpy(f->file, f->plain, KERNEL);
        f->size = KERNEL;
    } else {
        make_zboot(f, kind == 1);
    }
    if (next(f) % 4 == 0)
        f->size = next(f) % (f->size + 1);
}

static void try_file(struct fuzz *f)
{
    struct image *img = NULL;
    struct err e = { 0 };
    uint8_t *copy = malloc(f->size); /* ends where the file does */

    if (copy == NULL && f->size != 0)
        exit(2);
    if (f->size != 0)
        memcpy(copy, f->file, f->size);
    int r = image_parse(&img, copy, f->size, "kernel", &e);
    free(copy);
    if (r < 0) {
        f->refused++;
    } else if (img->kind == IMAGE_LINUX_LOONGARCH) {
        f->taken++;
    } else {
        f->raw++;
    }
    bool good = r < 0 ? e.text[0] != 0 : img->image_size <= IMAGE_LIMIT && img->text_offset <= IMAGE_LIMIT;
    if (!good) {
        fprintf(stderr, "image-fuzz: %s (seed %" PRIu64 ")\n", r < 0 ? "refused without a word" : "more than an image may ask for", f->random);
        exit(1);
    }
    image_free(img);
}

int main(int argc, char **argv)
{
    static struct fuzz f;
    uint64_t n = argc > 1 ? strtoull(argv[1], NULL, 0) : 10000;

    f.random = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
    for (uint64_t i = 0; i < n; i++) {
        make(&f);
        try_file(&f);
    }
    printf("%" PRIu64 " files: %" PRIu64 " Linux Images, %" PRIu64 " raw, %" PRIu64 " refused\n", n, f.taken, f.raw, f.refused);
    return n >= 1000 && (f.taken < n / 100 || f.raw < n / 100 || f.refused < n / 100) ? 1 : 0;
}
