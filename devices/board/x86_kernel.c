/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/board/x86_kernel.h"
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include <elf.h>
#include <inttypes.h>

/* What a Multiboot header with addresses says, of either version. */
struct addresses {
    uint32_t header, load, load_end, bss_end, entry;
};

/* Specification 3.1.3 (Multiboot 2: 3.1.5): the header's own place tells where in the file loading begins. */
static int use_addresses(struct x86_kernel *k, const struct image *img, uint64_t at, const struct addresses *a,
                         struct err *e)
{
    uint64_t before = (uint64_t)a->header - a->load;
    if (a->header < a->load || before > at)
        return err_set(e, ERR_FORMAT, "kernel '%s': its Multiboot header at %#" PRIx64 " of the file belongs at %#x, which is %s %#x, "
                       "where loading begins", img->path, at, a->header,
                       a->header < a->load ? "below" : "too far above", a->load);
    k->addressed = true;
    k->offset = (uint32_t)(at - before);
    k->load = a->load;
    uint64_t there = img->size - k->offset, file = a->load_end == 0 ? there : (uint64_t)a->load_end - a->load;
    if ((a->load_end != 0 && a->load_end < a->load) || file > there)
        return err_set(e, ERR_FORMAT, "kernel '%s': its Multiboot header asks for file bytes from %#x to address %#x; the file has "
                       "%" PRIu64 " bytes (is it cut short?)", img->path, k->offset, a->load_end, img->size);
    uint64_t memory = a->bss_end == 0 ? file : (uint64_t)a->bss_end - a->load;
    if ((a->bss_end != 0 && a->bss_end < a->load) || memory < file || a->load + memory > UINT32_MAX)
        return err_set(e, ERR_FORMAT, "kernel '%s': its Multiboot header ends its memory at %#x, inside of what it loads or behind "
                       "4 GiB", img->path, a->bss_end);
    k->file_size = (uint32_t)file;
    k->memory_size = (uint32_t)memory;
    k->entry = a->entry;
    k->low = k->load;
    k->high = (uint64_t)k->load + memory;
    return 0;
}

/* Without addresses in the header the file is ELF. */
static int use_elf(struct x86_kernel *k, const struct image *img, const char *what, uint64_t entry, struct err *e)
{
    if (img->kind != IMAGE_ELF)
        return err_set(e, ERR_FORMAT, "kernel '%s': a %s header without addresses; the file must be ELF then", img->path, what);
    if (img->elf_machine != EM_386 && img->elf_machine != EM_X86_64)
        return err_set(e, ERR_FORMAT, "kernel '%s': a %s header in an ELF file for machine %u; %u (i386) and %u (x86-64) are accepted",
                       img->path, what, img->elf_machine, EM_386, EM_X86_64);
    if (entry > UINT32_MAX || img->high > 1ull << 32)
        return err_set(e, ERR_FORMAT, "kernel '%s': entry %#" PRIx64 ", memory up to %#" PRIx64 "; %s starts below 4 GiB", img->path,
                       entry, img->high, what);
    k->entry = (uint32_t)entry;
    k->low = img->low;
    k->high = img->high;
    return 0;
}

/* ---- Multiboot 1 ---- */
enum { MB1_SEARCH = 8192, MB1_MAGIC = 0x1badb002, MB1_ADDRESSES = 1 << 16, MB1_KNOWN = 3 /* page-aligned modules, memory */,
       MB1_DEMANDS = 0xffff };

/* 1: found, 0: there is none */
static int find_multiboot1(struct x86_kernel *k, const struct image *img, struct err *e)
{
    const uint8_t *d = img->data;
    for (uint64_t at = 0; at + 12 <= MIN(img->size, (uint64_t)MB1_SEARCH); at += 4) {
        uint32_t flags = ld_le32(d + at + 4);
        if (ld_le32(d + at) != MB1_MAGIC || MB1_MAGIC + flags + ld_le32(d + at + 8) != 0)
            continue;
        k->kind = X86_MULTIBOOT1;
        if (flags & MB1_DEMANDS & ~MB1_KNOWN)
            return err_set(e, ERR_UNSUPPORTED, "kernel '%s': its Multiboot header demands %#x%s; page-aligned modules (1) and a "
                           "memory map (2) are there", img->path, flags & MB1_DEMANDS, flags & 4 ? ", with 4 a video mode" : "");
        if (!(flags & MB1_ADDRESSES)) {
            int r = use_elf(k, img, "Multiboot", img->entry, e);
            return r < 0 ? r : 1;
        }
        if (at + 32 > img->size)
            return err_set(e, ERR_FORMAT, "kernel '%s' is cut short in its Multiboot header at %#" PRIx64, img->path, at);
        const struct addresses a = { ld_le32(d + at + 12), ld_le32(d + at + 16), ld_le32(d + at + 20), ld_le32(d + at + 24),
                                     ld_le32(d + at + 28) };
        int r = use_addresses(k, img, at, &a, e);
        return r < 0 ? r : 1;
    }
    return 0;
}

/* ---- Multiboot 2 ---- */
enum { MB2_SEARCH = 32768, MB2_HEADER = 16, MB2_I386 = 0 };
#define MB2_MAGIC 0xe85250d6u
/* 3.1.3 and on: tags of the header */
enum { TAG_END, TAG_REQUEST, TAG_ADDRESS, TAG_ENTRY, TAG_CONSOLE, TAG_FRAMEBUFFER, TAG_ALIGN, TAG_EFI_BOOT, TAG_EFI32, TAG_EFI64,
       TAG_RELOCATABLE };
/* 3.6: what x86_multiboot.c gives: command line, loader's name, modules, memory, memory map, RSDP. */
#define MB2_GIVEN (1u << 1 | 1u << 2 | 1u << 3 | 1u << 4 | 1u << 6 | 1u << 14 | 1u << 15)

struct multiboot2 {
    struct addresses address;
    bool has_address, has_entry;
    uint32_t entry;
};

static int read_tag(struct multiboot2 *m, const struct image *img, const uint8_t *tag, uint32_t size, struct err *e)
{
    unsigned type = ld_le16(tag);
    bool optional = ld_le16(tag + 2) & 1;
    static const uint8_t least[] = { [TAG_ADDRESS] = 24, [TAG_ENTRY] = 12, [TAG_CONSOLE] = 12 };
    if (type < ARRAY_LEN(least) && size < least[type])
        return err_set(e, ERR_FORMAT, "kernel '%s': tag %u of its Multiboot2 header has %u bytes; %u belong there", img->path, type,
                       size, least[type]);
    switch (type) {
    case TAG_REQUEST:
        for (uint32_t i = 8; i + 4 <= size && !optional; i += 4) {
            uint32_t wanted = ld_le32(tag + i);
            if (wanted > 31 || !(MB2_GIVEN >> wanted & 1))
                return err_set(e, ERR_UNSUPPORTED, "kernel '%s': its Multiboot2 header demands information %u; 1 to 4, 6, 14 and 15 are "
                               "given", img->path, wanted);
        }
        return 0;
    case TAG_ADDRESS:
        m->address = (struct addresses){ ld_le32(tag + 8), ld_le32(tag + 12), ld_le32(tag + 16), ld_le32(tag + 20), 0 };
        m->has_address = true;
        return 0;
    case TAG_ENTRY:
        m->entry = ld_le32(tag + 8);
        m->has_entry = true;
        return 0;
    case TAG_CONSOLE: /* bit 0: a console must be there; bit 1: EGA text would do */
        if (!(ld_le32(tag + 8) & 1) || optional)
            return 0;
        break;
    case TAG_ALIGN: case TAG_EFI_BOOT: case TAG_EFI32: case TAG_EFI64: /* for EFI, which is not here */
    case TAG_RELOCATABLE:                                              /* it lies where it was linked for */
        return 0;
    default:
        if (optional)
            return 0;
        break;
    }
    return err_set(e, ERR_UNSUPPORTED, "kernel '%s': its Multiboot2 header demands %s (tag %u), which is not there", img->path,
                   type == TAG_FRAMEBUFFER ? "a framebuffer" : type == TAG_CONSOLE ? "a console" : "something unknown", type);
}

static int read_multiboot2(struct x86_kernel *k, const struct image *img, uint64_t at, struct err *e)
{
    const uint8_t *d = img->data;
    uint64_t end = at + ld_le32(d + at + 8);
    struct multiboot2 m = { .has_address = false };
    int r;
    k->kind = X86_MULTIBOOT2;
    if (ld_le32(d + at + 4) != MB2_I386)
        return err_set(e, ERR_FORMAT, "kernel '%s': a Multiboot2 header for architecture %u; 0 (i386) is accepted", img->path,
                       ld_le32(d + at + 4));
    if (end > MIN(img->size, (uint64_t)MB2_SEARCH) || end - at < MB2_HEADER)
        return err_set(e, ERR_FORMAT, "kernel '%s': its Multiboot2 header at %#" PRIx64 " has %u bytes, which is less than there must be or "
                       "more than there are", img->path, at, ld_le32(d + at + 8));
    for (uint64_t p = at + MB2_HEADER; p + 8 <= end;) {
        uint32_t size = ld_le32(d + p + 4);
        if (size < 8 || size > end - p)
            return err_set(e, ERR_FORMAT, "kernel '%s': a tag of its Multiboot2 header at %#" PRIx64 " has %u bytes", img->path, p, size);
        if (ld_le16(d + p) == TAG_END)
            break;
        if ((r = read_tag(&m, img, d + p, size, e)) < 0)
            return r;
        p += align_up((uint64_t)size, 8);
    }
    if (!m.has_address)
        return use_elf(k, img, "Multiboot2", m.has_entry ? m.entry : img->entry, e);
    if (!m.has_entry && img->kind != IMAGE_ELF)
        return err_set(e, ERR_FORMAT, "kernel '%s': a Multiboot2 header with addresses and without an entry", img->path);
    m.address.entry = m.has_entry ? m.entry : (uint32_t)img->entry;
    return use_addresses(k, img, at, &m.address, e);
}

/* 1: found, 0: there is none */
static int find_multiboot2(struct x86_kernel *k, const struct image *img, struct err *e)
{
    const uint8_t *d = img->data;
    for (uint64_t at = 0; at + MB2_HEADER <= MIN(img->size, (uint64_t)MB2_SEARCH); at += 8) {
        uint32_t sum = ld_le32(d + at) + ld_le32(d + at + 4) + ld_le32(d + at + 8) + ld_le32(d + at + 12);
        if (ld_le32(d + at) != MB2_MAGIC || sum != 0)
            continue;
        int r = read_multiboot2(k, img, at, e);
        return r < 0 ? r : 1;
    }
    return 0;
}

/* ---- all ---- */
int x86_kernel_find(struct x86_kernel *k, const struct image *img, struct err *e)
{
    int r;
    *k = (struct x86_kernel){ .kind = X86_BZIMAGE };
    if (img->size >= 0x206 && ld_le32(img->data + 0x202) == 0x53726448 /* "HdrS" */)
        return 0;
    if ((r = find_multiboot1(k, img, e)) != 0 || (r = find_multiboot2(k, img, e)) != 0)
        return MIN(r, 0);
    if (img->kind == IMAGE_ELF && img->has_pvh) {
        k->kind = X86_PVH;
        return use_elf(k, img, "PVH", img->pvh_entry, e);
    }
    return err_set(e, ERR_FORMAT, "kernel '%s' is %s; a Linux bzImage, a Multiboot kernel (1 or 2) and an ELF file with a PVH note "
                   "(vmlinux) are accepted", img->path,
                   img->kind == IMAGE_ELF ? "an ELF file without a Multiboot header or PVH note"
                                          : "neither a bzImage nor has it a Multiboot header");
}
