/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Linux bzImage started without firmware by the 32-bit boot protocol (Linux
 * Documentation/arch/x86/boot.rst): the protected-mode part at its preferred address, a zero page, the command line and the
 * memory map in low memory, the RAM disk as high as the kernel allows.
 */
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include "devices/board/x86_direct.h"
#include <string.h>

/* Fields of the set-up header, by their offsets in the file and in the zero page. */
enum {
    SETUP_SECTS = 0x1f1, HEADER_MAGIC = 0x202, VERSION = 0x206, TYPE_OF_LOADER = 0x210, LOADFLAGS = 0x211,
    CODE32_START = 0x214, RAMDISK_IMAGE = 0x218, RAMDISK_SIZE = 0x21c, HEAP_END = 0x224, CMD_LINE_PTR = 0x228,
    INITRD_ADDR_MAX = 0x22c, CMDLINE_SIZE = 0x238, PREF_ADDRESS = 0x258, INIT_SIZE = 0x260,
};
enum { ACPI_RSDP_ADDR = 0x70, E820_ENTRIES = 0x1e8, E820_TABLE = 0x2d0 };
enum { ZERO_PAGE = DIRECT_LOW, COMMAND_LINE = 0x20000, COMMAND_LINE_SIZE = 0x10000 };

static void write_e820(uint8_t *zero, const struct x86_direct *d)
{
    zero[E820_ENTRIES] = (uint8_t)d->n_regions;
    for (uint32_t i = 0; i < d->n_regions; i++) {
        uint8_t *at = zero + E820_TABLE + 20 * i;
        st_le64(at, d->map[i].base);
        st_le64(at + 8, d->map[i].size);
        st_le32(at + 16, d->map[i].type);
    }
}

/*
 * Linux Documentation/arch/x86/zero-page.rst, screen_info: the text mode a BIOS has left, from the data it keeps in RAM (IBM PS/2 and PC BIOS
 * Interface, 40:49h and on). Without a BIOS all is 0, which means no screen.
 */
static void write_screen(uint8_t *zero, struct board *b)
{
    enum { BDA = 0x449, COLUMNS = 1, CURSOR = 7, ROWS = 0x3b, POINTS = 0x3c, COLOUR_TEXT = 3, IS_VGA = 1 };
    uint8_t bda[0x3e];
    if (b->bios == NULL || mem_read(b->machine->memory, BDA, bda, sizeof(bda), NULL) != MEM_OK || bda[0] != COLOUR_TEXT ||
        bda[COLUMNS] == 0 || bda[ROWS] == 0)
        return;
    zero[0] = bda[CURSOR];      /* column, */
    zero[1] = bda[CURSOR + 1];  /* row */
    zero[6] = bda[0];
    zero[7] = bda[COLUMNS];
    zero[14] = (uint8_t)(bda[ROWS] + 1);
    zero[15] = IS_VGA;
    st_le16(zero + 16, bda[POINTS]);
}

static int check(const struct image *k, struct err *e)
{
    const uint8_t *h = k->data;
    if (k->size < 0x1000 || ld_le32(h + HEADER_MAGIC) != 0x53726448)
        return err_set(e, ERR_FORMAT, "kernel '%s': no Linux boot header; a bzImage is accepted", k->path);
    if (ld_le16(h + VERSION) < 0x20a || !(h[LOADFLAGS] & 1))
        return err_set(e, ERR_FORMAT, "kernel '%s': boot protocol %u.%02u; 2.10 or later of a bzImage is accepted", k->path,
                       h[VERSION + 1], h[VERSION]);
    uint64_t setup = ((h[SETUP_SECTS] == 0 ? 4u : h[SETUP_SECTS]) + 1u) * 512ull;
    if (setup >= k->size)
        return err_set(e, ERR_FORMAT, "kernel '%s' is cut short: its set-up code alone has %llu bytes", k->path,
                       (unsigned long long)setup);
    return 0;
}

static int place_initrd(struct board *b, pa_t below, const uint8_t *h, uint8_t *zero, uint64_t kernel_end,
                        struct err *e)
{
    if (b->initrd == NULL)
        return 0;
    uint64_t most = MIN((uint64_t)ld_le32(h + INITRD_ADDR_MAX) + 1, below), size = b->initrd->size;
    uint64_t at = size < most ? align_down(most - size, MEM_PAGE) : 0;
    if (at < kernel_end)
        return err_set(e, ERR_LIMIT, "initrd '%s' of %llu bytes does not fit between the kernel and %#llx; give the machine more "
                       "memory (-m)", b->initrd->path, (unsigned long long)size, (unsigned long long)most);
    st_le32(zero + RAMDISK_IMAGE, (uint32_t)at);
    st_le32(zero + RAMDISK_SIZE, (uint32_t)size);
    return direct_put(b, at, b->initrd->data, size, "initrd", e);
}

static int place_command_line(struct board *b, const uint8_t *h, uint8_t *zero, struct err *e)
{
    const char *text = b->config.append != NULL ? b->config.append : "";
    uint64_t n = strlen(text), most = MIN(ld_le32(h + CMDLINE_SIZE), COMMAND_LINE_SIZE - 1u);
    if (n > most)
        return err_set(e, ERR_LIMIT, "the command line has %llu characters; this kernel takes %llu", (unsigned long long)n,
                       (unsigned long long)most);
    st_le32(zero + CMD_LINE_PTR, COMMAND_LINE);
    return direct_put(b, COMMAND_LINE, text, n + 1, "command line", e);
}

int direct_place_linux(struct board *b, const struct x86_direct *d, struct x86_start *s, struct err *e)
{
    const struct image *k = b->kernel;
    const uint8_t *h = k->data;
    uint8_t zero[4096] = { 0 };
    int r = check(k, e);
    if (r < 0)
        return r;
    uint64_t setup = ((h[SETUP_SECTS] == 0 ? 4u : h[SETUP_SECTS]) + 1u) * 512ull, at = ld_le64(h + PREF_ADDRESS);
    uint64_t end = at + MAX((uint64_t)ld_le32(h + INIT_SIZE), k->size - setup);
    if (at < 0x100000 || end < at || end > d->top)
        return err_set(e, ERR_LIMIT, "kernel '%s' needs RAM from %#llx to %#llx; there is some from 0x100000 to %#llx: give the machine "
                       "more memory (-m)", k->path, (unsigned long long)at, (unsigned long long)end, (unsigned long long)d->top);
    uint64_t header_end = 0x202 + (uint64_t)h[0x201];
    memcpy(zero + SETUP_SECTS, h + SETUP_SECTS, header_end - SETUP_SECTS);
    zero[TYPE_OF_LOADER] = 0xff;
    zero[LOADFLAGS] |= 0x80; /* there is a heap */
    st_le16(zero + HEAP_END, 0xfe00);
    st_le32(zero + CODE32_START, (uint32_t)at);
    st_le64(zero + ACPI_RSDP_ADDR, d->rsdp);
    write_e820(zero, d);
    write_screen(zero, b);
    if ((r = place_initrd(b, d->top, h, zero, end, e)) < 0 || (r = place_command_line(b, h, zero, e)) < 0 ||
        (r = direct_put(b, at, h + setup, k->size - setup, "kernel", e)) < 0 ||
        (r = direct_put(b, ZERO_PAGE, zero, sizeof(zero), "boot parameters", e)) < 0)
        return r;
    *s = (struct x86_start){ .entry = (uint32_t)at, .esi = ZERO_PAGE };
    return 0;
}
