/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Damaged kernels for PCs: a bzImage, Multiboot 1 and 2 with addresses and as ELF, a PVH note; their headers' words
 * changed, the file cut. Each is recognised, then what it says lies within the file and below 4 GiB, or refused
 * with a text. One in many is given to a machine, which is built, started and run a little.
 * usage: test-x86-kernel-fuzz FILES [SEED]
 */
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include "core/util/hash.h"
#include "devices/board/board.h"
#include "devices/board/x86_kernel.h"
#include <elf.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SIZE = 24 << 10, HEADER = 0x400 /* Multiboot's place */, MACHINE_EVERY = 400 };

struct fuzz {
    uint64_t random, taken[X86_PVH + 1], refused, machines, started;
    char path[64];
    uint8_t file[SIZE];
    uint32_t size;
};

static uint64_t next(struct fuzz *f)
{
    return f->random = hash_mix(f->random + 0x9e3779b97f4a7c15ull);
}

/* ---- whole files ---- */

/* Boot protocol 2.15 (boot.rst, "The Real-Mode Kernel Header"), one setup sector. */
static void make_bzimage(uint8_t *p)
{
    p[0x1f1] = 1;
    st_le32(p + 0x1f4, (SIZE - 1024) / 16);
    st_le16(p + 0x1fe, 0xaa55);
    memcpy(p + 0x200, "\xeb\x66HdrS", 6);
    st_le16(p + 0x206, 0x20f);
    p[0x211] = 1; /* LOADED_HIGH */
    st_le32(p + 0x214, 0x100000);
    st_le32(p + 0x22c, 0x7fffffff);
    st_le32(p + 0x230, 0x200000);
    p[0x234] = 1;
    p[0x235] = 21;
    st_le32(p + 0x238, 2047);
    st_le64(p + 0x258, 0x1000000);
    st_le32(p + 0x260, 0x100000);
}

/* ELF of 32 bits with one segment, all of the file, at 1 MiB, and a note segment. */
static void make_elf(uint8_t *p)
{
    Elf32_Ehdr h = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS32, ELFDATA2LSB, EV_CURRENT }, .e_type = ET_EXEC,
                     .e_machine = EM_386, .e_version = EV_CURRENT, .e_entry = 0x100800, .e_phoff = 64,
                     .e_ehsize = sizeof(h), .e_phentsize = sizeof(Elf32_Phdr), .e_phnum = 2 };
    Elf32_Phdr load = { PT_LOAD, 0, 0x100000, 0x100000, SIZE, SIZE + 0x1000, PF_R | PF_W | PF_X, 0x1000 };
    Elf32_Phdr note = { PT_NOTE, 0x200, 0x100200, 0x100200, 20, 20, PF_R, 4 };
    static const uint32_t words[] = { 4, 4, 18, 0x006e6558, 0x100800 }; /* "Xen", XEN_ELFNOTE_PHYS32_ENTRY */
    memcpy(p, &h, sizeof(h));
    memcpy(p + 64, &load, sizeof(load));
    memcpy(p + 64 + sizeof(load), &note, sizeof(note));
    memcpy(p + 0x200, words, sizeof(words));
}

/* Multiboot Specification 0.6.96, 3.1: magic, flags, checksum, five addresses. */
static void make_multiboot1(uint8_t *p, bool addresses)
{
    uint32_t flags = 3 | (addresses ? 1u << 16 : 0);
    const uint32_t words[] = { 0x1badb002, flags, 0u - 0x1badb002 - flags, 0x100000 + HEADER, 0x100000, 0x100000 + SIZE,
                               0x100000 + SIZE + 0x2000, 0x100800 };
    memcpy(p + HEADER, words, sizeof(words));
}

/* Multiboot2 Specification 2.0, 3.1: the header and tags of addresses, entry, end. */
static void make_multiboot2(uint8_t *p, bool addresses)
{
    uint32_t length = addresses ? 64 : 24, magic = 0xe85250d6;
    const uint32_t words[] = { magic, 0, length, 0u - magic - length };
    static const uint32_t tags[] = { 2, 24, 0x100000 + HEADER, 0x100000, 0x100000 + SIZE, 0x100000 + SIZE + 0x1000, 3, 12,
                                     0x100800, 0 };
    memcpy(p + HEADER, words, sizeof(words));
    if (addresses)
        memcpy(p + HEADER + 16, tags, sizeof(tags));
    st_le32(p + HEADER + length - 8, 0);
    st_le32(p + HEADER + length - 4, 8);
}

/* ---- damage ---- */

static uint32_t some_word(struct fuzz *f, uint32_t old)
{
    static const uint32_t words[] = { 0, 1, 2, 4, 8, SIZE, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffff000, 0x100000, 0x9fc00 };
    switch (next(f) % 5) {
    case 0: return words[next(f) % ARRAY_LEN(words)];
    case 1: return old + (uint32_t)(next(f) % 65) - 32;
    case 2: return (uint32_t)(next(f) % (2 * SIZE));
    case 3: return old ^ 1u << next(f) % 32;
    default: return (uint32_t)next(f);
    }
}

static void make(struct fuzz *f)
{
    static const struct {
        uint16_t at, n;
    } headers[] = { { 0x1f0, 0x80 }, { 0, 0x100 }, { HEADER, 0x60 }, { 0x200, 0x20 } };
    memset(f->file, 0, SIZE);
    memcpy(f->file + 0x800, "\xf4\xeb\xfd", 3); /* hlt; jmp . - 1 */
    unsigned kind = next(f) % 6;
    if (kind == 0)
        make_bzimage(f->file);
    if (kind == 2 || kind == 4 || kind == 5)
        make_elf(f->file);
    if (kind == 1 || kind == 2)
        make_multiboot1(f->file, kind == 1);
    if (kind == 3 || kind == 4)
        make_multiboot2(f->file, kind == 3);
    f->size = next(f) % 8 == 0 ? (uint32_t)(next(f) % SIZE) : SIZE;
    for (uint64_t n = next(f) % 4; n != 0; n--) {
        uint64_t which = next(f) % ARRAY_LEN(headers);
        uint8_t *at = f->file + headers[which].at + (next(f) % headers[which].n & (next(f) % 4 == 0 ? ~0ull : ~3ull));
        st_le32(at, some_word(f, ld_le32(at)));
    }
    if ((kind == 1 || kind == 2) && next(f) % 2 == 0) /* a right checksum again */
        st_le32(f->file + HEADER + 8, 0u - 0x1badb002 - ld_le32(f->file + HEADER + 4));
    if ((kind == 3 || kind == 4) && next(f) % 2 == 0)
        st_le32(f->file + HEADER + 12, 0u - 0xe85250d6 - ld_le32(f->file + HEADER + 4) - ld_le32(f->file + HEADER + 8));
}

/* ---- trying ---- */

static void expect(bool good, const char *what, const struct err *e)
{
    if (good)
        return;
    fprintf(stderr, "x86-kernel-fuzz: %s (%s)\n", what, e->text);
    exit(1);
}

static void recognise(struct fuzz *f)
{
    struct image *img = NULL;
    struct x86_kernel k = { 0 };
    struct err e = { 0 };
    uint8_t *copy = malloc(f->size + 1); /* ends where the file does */
    if (copy == NULL)
        exit(2);
    memcpy(copy, f->file, f->size);
    int rc = image_parse(&img, copy, f->size, "kernel", &e);
    if (rc == 0)
        rc = x86_kernel_find(&k, img, &e);
    if (rc < 0) {
        expect(e.text[0] != 0, "refused without a word", &e);
        f->refused++;
    } else {
        expect(k.kind <= X86_PVH, "an unknown kind", &e);
        expect(!k.addressed || (uint64_t)k.offset + k.file_size <= img->size, "bytes outside the file", &e);
        expect(k.kind == X86_BZIMAGE || (k.low <= k.high && k.high <= 1ull << 32), "memory above 4 GiB", &e);
        f->taken[k.kind]++;
    }
    if (img != NULL)
        image_free(img);
    free(copy);
}

static void start(struct fuzz *f)
{
    struct err e = { 0 };
    struct board *b = NULL;
    FILE *file = fopen(f->path, "wb");
    if (file == NULL || fwrite(f->file, 1, f->size, file) != f->size || fclose(file) != 0)
        exit(2);
    struct board_config c = {
        .board = "x86-q35", .cpu = "qemu64", .timing = "functional", .cpus = 1, .memory = 4ull << 20, .kernel = f->path,
        .append = "console=ttyS0", .initrd = next(f) % 2 == 0 ? f->path : NULL, .serial = { "null" }, .n_serial = 1,
        .seed = 1, .rtc_base = 1767225600, .log_out = stderr, .log = "error,guest=off,unmodelled=off",
        .exec = { .mode = EXEC_INTERP },
    };
    alarm(60); /* a hang dies of SIGALRM */
    f->machines++;
    if (board_create(&b, &c, &e) == 0) {
        struct board_limits limits = { .exec = { .time = 100 * PS_PER_US, .insns = 5000 } };
        struct cpu *cpu = NULL;
        int code;
        (void)board_run(b, &limits, &code, &cpu);
        board_destroy(b);
        f->started++;
    } else {
        expect(e.text[0] != 0, "no machine, without a word", &e);
    }
    alarm(0);
}

int main(int argc, char **argv)
{
    static struct fuzz f;
    uint64_t n = argc > 1 ? strtoull(argv[1], NULL, 0) : 10000;
    f.random = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
    snprintf(f.path, sizeof(f.path), "/tmp/x86-kernel-fuzz-XXXXXX");
    int fd = mkstemp(f.path);
    if (fd < 0 || close(fd) != 0) {
        perror(f.path);
        return 2;
    }
    for (uint64_t i = 0; i < n; i++) {
        make(&f);
        recognise(&f);
        if (i % MACHINE_EVERY == 0)
            start(&f);
    }
    unlink(f.path);
    printf("%" PRIu64 " files: %" PRIu64 " bzImages, %" PRIu64 " and %" PRIu64 " of Multiboot 1 and 2, %" PRIu64 " of PVH, %" PRIu64
           " refused; %" PRIu64 " machines, %" PRIu64 " started\n", n, f.taken[X86_BZIMAGE], f.taken[X86_MULTIBOOT1],
           f.taken[X86_MULTIBOOT2], f.taken[X86_PVH], f.refused, f.machines, f.started);
    bool all = true; /* a fuzzer that mostly misses tests nothing */
    for (unsigned i = 0; i <= X86_PVH; i++)
        all &= f.taken[i] > n / 100;
    return n >= 1000 && (!all || f.started == 0) ? 1 : 0;
}
