/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/board/image_impl.h"
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define WRAPPERS 3 /* gzip around zboot around gzip is as deep as real files go */

void image_free(struct image *img)
{
    while (img) {
        struct image *next = img->next;
        free(img->path);
        free(img->words);
        free(img->data);
        free(img->segments);
        free(img);
        img = next;
    }
}

static int read_file(struct image *img, const char *what, struct err *e)
{
    int fd = open(img->path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    int r = 0;

    if (fd < 0)
        return err_set_errno(e, ERR_IO, errno, "could not open %s file '%s'", what, img->path);
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
        r = err_set(e, ERR_IO, "could not open %s file '%s': not a regular file", what, img->path);
        goto out;
    }
    if ((uint64_t)st.st_size > IMAGE_LIMIT) {
        r = err_set(e, ERR_LIMIT, "%s '%s' has %lld bytes; at most %llu are accepted", what,
                    img->path, (long long)st.st_size, (unsigned long long)IMAGE_LIMIT);
        goto out;
    }
    img->data = malloc((size_t)st.st_size + 1);
    if (!img->data) {
        r = err_set(e, ERR_NOMEM, "%s '%s': no memory for %lld bytes", what, img->path,
                    (long long)st.st_size);
        goto out;
    }
    while (img->size < (uint64_t)st.st_size) {
        ssize_t n = read(fd, img->data + img->size, (size_t)st.st_size - img->size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            r = err_set_errno(e, ERR_IO, n < 0 ? errno : EIO, "reading %s '%s' failed", what,
                              img->path);
            break;
        }
        img->size += (uint64_t)n;
    }
out:
    close(fd);
    return r;
}

/* Documentation/arch/riscv/boot-image-header.rst: magic2 at 56, fields little-endian. */
static bool recognise_riscv(struct image *img)
{
    if (img->size < 64 || ld_le32(img->data + 56) != 0x05435352)
        return false;
    img->kind = IMAGE_LINUX_RISCV;
    img->text_offset = ld_le64(img->data + 8);
    img->image_size = MAX(ld_le64(img->data + 16), img->size);
    return true;
}

/* Documentation/arch/arm64/booting.rst: image_size 0 means an old kernel at 0x80000. */
static bool recognise_arm64(struct image *img)
{
    if (img->size < 64 || ld_le32(img->data + 56) != 0x644d5241)
        return false;
    uint64_t need = ld_le64(img->data + 16);
    img->kind = IMAGE_LINUX_ARM64;
    img->text_offset = need == 0 ? 0x80000 : ld_le64(img->data + 8);
    img->image_size = MAX(need, img->size);
    return true;
}

/*
 * Documentation/arch/loongarch/booting.rst: the magic is that of Linux' PE files of any ISA, so their machine counts, too. Old
 * kernels give addresses in the window that is mapped directly: the low 48 bits are physical.
 */
static bool recognise_loongarch(struct image *img)
{
    enum { LINUX_PE_MAGIC = 0x818223cd, MACHINE_LOONGARCH64 = 0x6264 };
    const uint64_t physical = (1ull << 48) - 1;

    if (img->size < 64 || img->data[0] != 'M' || img->data[1] != 'Z' || ld_le32(img->data + 56) != LINUX_PE_MAGIC)
        return false;
    uint32_t pe = ld_le32(img->data + 60);
    if (img->size < 6 || pe > img->size - 6 || ld_le16(img->data + pe + 4) != MACHINE_LOONGARCH64)
        return false;
    img->kind = IMAGE_LINUX_LOONGARCH;
    img->entry = ld_le64(img->data + 8) & physical;
    img->image_size = MAX(ld_le64(img->data + 16), img->size);
    img->text_offset = ld_le64(img->data + 24) & physical;
    return true;
}

/* Peel one wrapper. 1: peeled, 0: none there. */
static int peel(struct image *img, const char *what, struct err *e)
{
    const uint8_t *d = img->data;
    uint8_t *plain = NULL;
    uint64_t n = 0;
    int r;

    if (img->size >= 4 && d[0] == 0x1f && d[1] == 0x8b)
        r = image_gunzip(d, img->size, &plain, &n, e);
    else if (img->size >= 64 && d[0] == 'M' && d[1] == 'Z' && memcmp(d + 4, "zimg", 4) == 0)
        r = image_unpack_zboot(d, img->size, &plain, &n, e);
    else
        return 0;
    if (r < 0) {
        (void)err_context(e, "%s '%s'", what, img->path);
        return r;
    }
    free(img->data);
    img->data = plain;
    img->size = n;
    return 1;
}

static int recognise(struct image *img, const char *what, struct err *e)
{
    int r = 1;

    for (int depth = 0; r == 1; depth++) {
        if (depth > WRAPPERS)
            return err_set(e, ERR_FORMAT, "%s '%s' is compressed more than %d times over", what,
                           img->path, WRAPPERS);
        r = peel(img, what, e);
    }
    if (r < 0)
        return r;
    if (img->size == 0)
        return err_set(e, ERR_FORMAT,
                       "%s '%s' is empty; an ELF, Linux Image, EFI zboot, gzip'd or raw image is "
                       "expected", what, img->path);
    if (img->size >= 4 && memcmp(img->data, "\177ELF", 4) == 0) {
        r = image_parse_elf(img, e);
        if (r < 0)
            (void)err_context(e, "%s '%s'", what, img->path);
        return r;
    }
    if (!recognise_riscv(img) && !recognise_arm64(img) && !recognise_loongarch(img))
        img->kind = IMAGE_RAW;
    if (img->image_size > IMAGE_LIMIT || img->text_offset > IMAGE_LIMIT)
        return err_set(e, ERR_FORMAT,
                       "%s '%s': its Linux header asks for %" PRIu64 " bytes at offset %#" PRIx64
                       "; at most 1 GiB is accepted (is the file damaged?)",
                       what, img->path, img->image_size, img->text_offset);
    return 0;
}

static struct image *blank(const char *path, struct err *e)
{
    struct image *img = calloc(1, sizeof(*img));

    if (img)
        img->path = strdup(path);
    if (!img || !img->path) {
        free(img);
        (void)err_set(e, ERR_NOMEM, "no memory for image '%s'", path);
        return NULL;
    }
    return img;
}

int image_open(struct image **out, const char *path, const char *what, struct err *e)
{
    struct image *img = blank(path, e);
    if (!img)
        return ERR_NOMEM;
    int r = read_file(img, what, e);
    if (r == 0)
        r = recognise(img, what, e);
    if (r < 0)
        image_free(img);
    else
        *out = img;
    return r;
}

int image_open_raw(struct image **out, const char *path, const char *what, struct err *e)
{
    struct image *img = blank(path, e);
    if (!img)
        return ERR_NOMEM;
    int r = read_file(img, what, e);
    if (r < 0)
        image_free(img);
    else
        *out = img;
    return r;
}

int image_parse(struct image **out, const uint8_t *bytes, size_t n, const char *what,
                struct err *e)
{
    struct image *img = blank("memory", e);
    if (!img)
        return ERR_NOMEM;
    img->data = malloc(n + 1);
    int r = img->data ? 0 : err_set(e, ERR_NOMEM, "no memory for %zu bytes", n);
    if (r == 0) {
        memcpy(img->data, bytes, n);
        img->size = n;
        r = recognise(img, what, e);
    }
    if (r < 0)
        image_free(img);
    else
        *out = img;
    return r;
}

/* A machine's memory is zero before anything is written: a large .bss needs none of the host's. */
static void make_zero(uint8_t *host, uint64_t n)
{
    static const uint8_t zeros[4096];

    for (uint64_t done = 0; done < n; done += sizeof(zeros)) {
        size_t piece = (size_t)MIN(n - done, sizeof(zeros));
        if (memcmp(host + done, zeros, piece) != 0)
            memset(host + done, 0, piece);
    }
}

static int place_bytes(struct mem_space *memory, pa_t at, const uint8_t *bytes, uint64_t file_size,
                       uint64_t memory_size, const char *path, struct err *e)
{
    uint64_t done = 0;

    while (done < memory_size) {
        uint64_t n = memory_size - done;
        uint8_t *host = mem_pointer(memory, at + done, &n, true);
        if (!host || n == 0)
            return err_set(e, ERR_LIMIT,
                           "'%s' does not fit: it needs [%#" PRIx64 ", %#" PRIx64
                           ") and there is no RAM at %#" PRIx64 " (give the machine more memory?)",
                           path, at, at + memory_size, at + done);
        n = MIN(n, memory_size - done);
        uint64_t copy = done < file_size ? MIN(n, file_size - done) : 0;
        if (copy)
            memcpy(host, bytes + done, copy);
        make_zero(host + copy, n - copy);
        const struct mem_range *range = mem_lookup(memory, at + done);
        mem_ram_written(range->region->ram,
                        range->region->ram_offset + (at + done - range->region->base), n);
        done += n;
    }
    return 0;
}

int image_place_bytes(const struct image *img, struct mem_space *memory, pa_t at, uint64_t offset,
                      uint64_t file_size, uint64_t memory_size, struct err *e)
{
    return place_bytes(memory, at, img->data + offset, file_size, memory_size, img->path, e);
}

/* How many of the headers' pages, from the first on, have no RAM. */
static uint64_t headers_outside(const struct image_segment *s, struct mem_space *memory)
{
    const uint64_t page = 4096;
    uint64_t skip = 0;

    for (pa_t at = s->address; skip <= s->headers; skip = at - s->address) {
        uint64_t n = 1;
        if (mem_pointer(memory, at, &n, true))
            return skip;
        at = align_down(at, page) + page;
    }
    return 0;
}

void image_mask_addresses(struct image *img, unsigned bits)
{
    const uint64_t mask = ~0ull >> (64 - bits);

    if (img->kind != IMAGE_ELF)
        return;
    img->entry &= mask;
    img->tohost &= mask;
    img->low = UINT64_MAX;
    img->high = 0;
    for (uint32_t i = 0; i < img->n_segments; i++) {
        struct image_segment *s = &img->segments[i];
        s->address &= mask;
        img->low = MIN(img->low, s->address);
        img->high = MAX(img->high, s->address + s->memory_size);
    }
}

int image_place(const struct image *img, struct mem_space *memory, pa_t base, struct err *e)
{
    if (img->kind != IMAGE_ELF)
        return place_bytes(memory, base, img->data, img->size, img->size, img->path, e);
    for (uint32_t i = 0; i < img->n_segments; i++) {
        const struct image_segment *s = &img->segments[i];
        uint64_t skip = headers_outside(s, memory);
        int r = place_bytes(memory, s->address + skip, img->data + s->offset + skip,
                            s->file_size - skip, s->memory_size - skip, img->path, e);
        if (r < 0)
            return r;
    }
    return 0;
}
