/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernels by Multiboot 1 and 2 and by PVH: the kernel at its own addresses, modules page by page behind it, and what it
 * is told in low memory, or behind the modules if the kernel lies below 1 MiB. Like a GRUB that was given the same line,
 * and like QEMU, the command line begins with the file's name.
 */
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include "devices/board/x86_direct.h"
#include "devices/backend/option.h"
#include <stdlib.h>
#include <string.h>

enum { MODULES_MAX = 64, WORDS_MAX = 4096, INFO_MAX = 0x40000 };
#define MB1_HANDOVER 0x2badb002u
#define MB2_HANDOVER 0x36d76289u
#define PVH_MAGIC    0x336ec578u

/* ---- modules ---- */
int q35_open_modules(struct board *b, const char *list, struct err *e)
{
    struct image **last = &b->initrd;
    char item[WORDS_MAX];
    bool fits = true;
    uint32_t n = 0;
    while (option_next(&list, item, sizeof(item), &fits)) {
        char *space = strchr(item, ' ');
        if (!fits || ++n > MODULES_MAX)
            return err_set(e, ERR_LIMIT, "modules: at most %d, each with %d characters", MODULES_MAX, WORDS_MAX - 1);
        const char *words = space != NULL ? space + 1 : "";
        if (space != NULL)
            *space = 0;
        int r = image_open_raw(last, item, "module", e);
        if (r < 0)
            return r;
        if (((*last)->words = strdup(words)) == NULL)
            return err_set(e, ERR_NOMEM, "no memory for module '%s'", item);
        last = &(*last)->next;
    }
    return 0;
}

struct module {
    pa_t start, end;
    const struct image *image;
};
struct modules {
    struct module at[MODULES_MAX];
    uint32_t n;
    pa_t end;                    /* the next free page */
};

static int place_modules(struct board *b, struct modules *m, pa_t kernel_end, pa_t top, struct err *e)
{
    *m = (struct modules){ .end = align_up(MAX(kernel_end, 0x100000ull), MEM_PAGE) };
    for (const struct image *i = b->initrd; i != NULL; i = i->next) {
        if (m->end + i->size > top)
            return err_set(e, ERR_LIMIT, "module '%s' of %llu bytes does not fit between %#llx and %#llx; give the machine more memory (-m)",
                           i->path, (unsigned long long)i->size, (unsigned long long)m->end, (unsigned long long)top);
        int r = direct_put(b, m->end, i->data, i->size, "module", e);
        if (r < 0)
            return r;
        m->at[m->n++] = (struct module){ m->end, m->end + i->size, i };
        m->end = align_up(m->end + i->size, MEM_PAGE);
    }
    return 0;
}

/* ---- what the kernel is told ---- */
struct info {
    pa_t base;
    uint8_t *bytes;
    uint32_t size;
    bool full;
};

/* `n` bytes, zero if `from` is NULL: their place in the buffer. A full buffer keeps its last bytes to itself. */
static uint32_t append(struct info *i, const void *from, uint64_t n, uint32_t align)
{
    uint32_t at = align_up(i->size, align);
    if (at + n > INFO_MAX) {
        i->full = true;
        return 0;
    }
    i->size = (uint32_t)(at + n);
    if (from != NULL)
        memcpy(i->bytes + at, from, n);
    return at;
}

static uint32_t append_text(struct info *i, const char *name, const char *words)
{
    uint32_t at = append(i, name, strlen(name), 1);
    if (words != NULL && words[0] != 0) {
        append(i, " ", 1, 1);
        append(i, words, strlen(words), 1);
    }
    append(i, "", 1, 1);
    return at;
}

static uint32_t address(const struct info *i, uint32_t at)
{
    return (uint32_t)(i->base + at);
}

/* KiB of RAM below 1 MiB, and above up to the first hole. */
static void read_sizes(const struct x86_direct *d, uint32_t *lower, uint32_t *upper)
{
    *lower = DIRECT_BASE_END >> 10;
    *upper = (uint32_t)((d->top - MIN(d->top, 0x100000ull)) >> 10);
}

/* Multiboot 0.6.96, 3.3 */
static void write_multiboot1(struct info *i, const struct board *b, const struct modules *m, const struct x86_direct *d)
{
    enum { SIZE = 116, MEMORY = 1 << 0, COMMAND_LINE = 1 << 2, MODULES = 1 << 3, MAP = 1 << 6, LOADER = 1 << 9, ENTRY = 24 };
    uint32_t at = append(i, NULL, SIZE, 4), lower, upper;
    read_sizes(d, &lower, &upper);
    uint32_t line = append_text(i, b->kernel->path, b->config.append), loader = append_text(i, DIRECT_LOADER, NULL);
    uint32_t modules = append(i, NULL, 16ull * m->n, 4);
    for (uint32_t k = 0; k < m->n && !i->full; k++) {
        uint32_t text = append_text(i, m->at[k].image->path, m->at[k].image->words);
        uint8_t *entry = i->bytes + modules + 16 * k;
        st_le32(entry, (uint32_t)m->at[k].start);
        st_le32(entry + 4, (uint32_t)m->at[k].end);
        st_le32(entry + 8, address(i, text));
    }
    uint32_t map = append(i, NULL, (uint64_t)ENTRY * d->n_regions, 4);
    for (uint32_t k = 0; k < d->n_regions && !i->full; k++) {
        uint8_t *entry = i->bytes + map + ENTRY * k;
        st_le32(entry, ENTRY - 4); /* `size` does not count itself */
        st_le64(entry + 4, d->map[k].base);
        st_le64(entry + 12, d->map[k].size);
        st_le32(entry + 20, d->map[k].type);
    }
    if (i->full)
        return;
    uint8_t *p = i->bytes + at;
    st_le32(p, MEMORY | COMMAND_LINE | MODULES | MAP | LOADER);
    st_le32(p + 4, lower);
    st_le32(p + 8, upper);
    st_le32(p + 16, address(i, line));
    st_le32(p + 20, m->n);
    st_le32(p + 24, address(i, modules));
    st_le32(p + 44, ENTRY * d->n_regions);
    st_le32(p + 48, address(i, map));
    st_le32(p + 64, address(i, loader));
}

/* Multiboot2 2.0, 3.6: a tag of `type` whose size is known when its contents are there. */
static uint32_t begin_tag(struct info *i, uint32_t type)
{
    uint8_t header[8] = { (uint8_t)type };
    return append(i, header, sizeof(header), 8);
}

static void end_tag(struct info *i, uint32_t at)
{
    if (!i->full)
        st_le32(i->bytes + at + 4, i->size - at);
}

static void append_u32(struct info *i, uint32_t v)
{
    uint8_t bytes[4];
    st_le32(bytes, v);
    append(i, bytes, sizeof(bytes), 1);
}

static void append_u64(struct info *i, uint64_t v)
{
    append_u32(i, (uint32_t)v);
    append_u32(i, (uint32_t)(v >> 32));
}

static void write_multiboot2(struct info *i, struct board *b, const struct modules *m, const struct x86_direct *d)
{
    enum { END, COMMAND_LINE, LOADER, MODULE, MEMORY, MAP = 6, RSDP_NEW = 15, RSDP_SIZE = 36 };
    uint32_t start = append(i, NULL, 8, 8), lower, upper, tag;
    uint8_t rsdp[RSDP_SIZE];
    read_sizes(d, &lower, &upper);
    tag = begin_tag(i, COMMAND_LINE);
    append_text(i, b->kernel->path, b->config.append);
    end_tag(i, tag);
    tag = begin_tag(i, LOADER);
    append_text(i, DIRECT_LOADER, NULL);
    end_tag(i, tag);
    for (uint32_t k = 0; k < m->n; k++) {
        tag = begin_tag(i, MODULE);
        append_u32(i, (uint32_t)m->at[k].start);
        append_u32(i, (uint32_t)m->at[k].end);
        append_text(i, m->at[k].image->path, m->at[k].image->words);
        end_tag(i, tag);
    }
    tag = begin_tag(i, MEMORY);
    append_u32(i, lower);
    append_u32(i, upper);
    end_tag(i, tag);
    tag = begin_tag(i, MAP);
    append_u32(i, 24);
    append_u32(i, 0);
    for (uint32_t k = 0; k < d->n_regions; k++) {
        append_u64(i, d->map[k].base);
        append_u64(i, d->map[k].size);
        append_u32(i, d->map[k].type);
        append_u32(i, 0);
    }
    end_tag(i, tag);
    if (d->rsdp != 0 && mem_read(b->machine->memory, d->rsdp, rsdp, sizeof(rsdp), NULL) == MEM_OK) {
        tag = begin_tag(i, RSDP_NEW);
        append(i, rsdp, sizeof(rsdp), 1);
        end_tag(i, tag);
    }
    end_tag(i, begin_tag(i, END));
    if (!i->full)
        st_le32(i->bytes + start, i->size - start);
}

/* Xen public/arch-x86/hvm/start_info.h, version 1 */
static void write_pvh(struct info *i, const struct board *b, const struct modules *m, const struct x86_direct *d)
{
    enum { SIZE = 56, MODULE = 32, ENTRY = 24 };
    uint32_t at = append(i, NULL, SIZE, 8);
    uint32_t line = append_text(i, b->config.append != NULL ? b->config.append : "", NULL);
    uint32_t modules = append(i, NULL, (uint64_t)MODULE * m->n, 8);
    for (uint32_t k = 0; k < m->n && !i->full; k++) {
        uint32_t text = append_text(i, m->at[k].image->words, NULL);
        uint8_t *entry = i->bytes + modules + MODULE * k;
        st_le64(entry, m->at[k].start);
        st_le64(entry + 8, m->at[k].end - m->at[k].start);
        st_le64(entry + 16, address(i, text));
    }
    uint32_t map = append(i, NULL, (uint64_t)ENTRY * d->n_regions, 8);
    for (uint32_t k = 0; k < d->n_regions && !i->full; k++) {
        uint8_t *entry = i->bytes + map + ENTRY * k;
        st_le64(entry, d->map[k].base);
        st_le64(entry + 8, d->map[k].size);
        st_le32(entry + 16, d->map[k].type);
    }
    if (i->full)
        return;
    uint8_t *p = i->bytes + at;
    st_le32(p, PVH_MAGIC);
    st_le32(p + 4, 1);
    st_le32(p + 12, m->n);
    st_le64(p + 16, address(i, modules));
    st_le64(p + 24, address(i, line));
    st_le64(p + 32, d->rsdp);
    st_le64(p + 40, address(i, map));
    st_le32(p + 48, d->n_regions);
}

static int place_info(struct board *b, const struct x86_kernel *k, const struct modules *m, const struct x86_direct *d,
                      uint32_t *base, struct err *e)
{
    bool low = k->low >= 0x100000;
    struct info i = { .base = low ? DIRECT_LOW : m->end, .bytes = calloc(1, INFO_MAX) };
    if (i.bytes == NULL)
        return err_set(e, ERR_NOMEM, "no memory for what kernel '%s' is told", b->kernel->path);
    if (k->kind == X86_MULTIBOOT1)
        write_multiboot1(&i, b, m, d);
    else if (k->kind == X86_MULTIBOOT2)
        write_multiboot2(&i, b, m, d);
    else
        write_pvh(&i, b, m, d);
    int r = 0;
    if (i.full || i.base + i.size > (low ? (pa_t)DIRECT_ROM : d->top))
        r = err_set(e, ERR_LIMIT, "kernel '%s': no room for its command line and list of modules of %u bytes and more", b->kernel->path,
                    i.size);
    if (r == 0)
        r = direct_put(b, i.base, i.bytes, i.size, "boot information", e);
    free(i.bytes);
    *base = (uint32_t)i.base;
    return r;
}

int direct_place_multiboot(struct board *b, const struct x86_kernel *k, const struct x86_direct *d, struct x86_start *s,
                           struct err *e)
{
    const struct image *img = b->kernel;
    struct modules m;
    int r;
    if (k->high > d->top)
        return err_set(e, ERR_LIMIT, "kernel '%s' needs RAM from %#llx to %#llx; there is some up to %#llx: give the machine more memory "
                       "(-m)", img->path, (unsigned long long)k->low, (unsigned long long)k->high, (unsigned long long)d->top);
    if (k->low < 0x100000 && (k->low < DIRECT_FREE || k->high > DIRECT_ROM))
        return err_set(e, ERR_LIMIT, "kernel '%s' lies from %#llx to %#llx; below 1 MiB only %#x to %#x are free", img->path,
                       (unsigned long long)k->low, (unsigned long long)k->high, DIRECT_FREE, DIRECT_ROM);
    r = k->addressed ? image_place_bytes(img, b->machine->memory, k->load, k->offset, k->file_size, k->memory_size, e)
                     : image_place(img, b->machine->memory, 0, e);
    if (r < 0 || (r = place_modules(b, &m, k->high, d->top, e)) < 0 || (r = place_info(b, k, &m, d, &s->ebx, e)) < 0)
        return r;
    s->eax = k->kind == X86_MULTIBOOT1 ? MB1_HANDOVER : k->kind == X86_MULTIBOOT2 ? MB2_HANDOVER : 0;
    s->entry = k->entry;
    return 0;
}
