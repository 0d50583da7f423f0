/* SPDX-License-Identifier: Apache-2.0 */
/*
 * -kernel with firmware. A BIOS finds our option ROM (x86_rom/loader.S) in fw_cfg and, by "bootorder", boots from it first.
 * The ROM writes the BIOS's memory map to the file "etc/orrery/start"; that write makes us place the kernel as in a start
 * without firmware, and the ROM reads where to jump. UEFI takes a bzImage from fw_cfg's own items instead.
 *
 * Firmware itself: -bios, a ROM that ends at 4 GiB; or flash (pflash), bank 0 in that place and bank 1 below it.
 *
 *   etc/orrery/start   0 entry  4 EAX  8 EBX  12 ESI  16 entries of the map  20 the map: base (8), size (8), type (4)
 */
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include "devices/board/flash_banks.h"
#include "devices/board/fw_cfg_items.h"
#include "devices/board/x86_direct.h"
#include "devices/board/x86_rom/loader.gen.h"
#include "devices/fw_cfg.h"
#include <stdlib.h>
#include <string.h>

enum { COUNT = 16, MAP = 20, ENTRY = 20, START_SIZE = MAP + ENTRY * X86_REGIONS };
enum { PNP_AT = 0x1a, PNP_CHECKSUM = 9, PNP_SIZE = 32 };

/* ---- where it comes from ---- */
enum { ROM_MOST = 16 << 20, FLASH_MOST = 8 << 20, FLASH_SECTOR = 4096 };

static int build_rom(struct board *b, struct q35 *q, struct err *e)
{
    int r;
    uint64_t size = align_up(b->bios->size, MEM_PAGE);
    if (size == 0 || size > ROM_MOST || b->bios->size % 1024 != 0)
        return err_set(e, ERR_FORMAT, "firmware '%s' has %llu bytes; a multiple of 1K up to 16M is accepted", b->bios->path,
                       (unsigned long long)b->bios->size);
    if ((r = machine_add_ram(b->machine, "bios", size, &q->rom, e)) < 0)
        return r;
    memcpy(q->rom->host + (size - b->bios->size), b->bios->data, b->bios->size);
    return mem_add_rom(b->machine->memory, "bios", Q35_HIGH - size, q->rom, 0, size, 0, NULL, NULL, NULL, e);
}

/* As on QEMU's PC: chips of a byte's width, each as large as its image, and 8 MiB of them at most. */
static int build_flash(struct board *b, struct q35 *q, struct err *e)
{
    static const char *const names[] = { "system.flash0", "system.flash1" };
    uint64_t at = Q35_HIGH;
    if (q->globals.pflash_secure && !q->options.smm)
        return err_set(e, ERR_ARG, "cfi.pflash01.secure=on leaves the flash to SMM, which -machine smm=off takes away");
    for (uint32_t unit = 0; unit < FLASH_BANKS; unit++) {
        struct block *image = NULL;
        int r = flash_banks_image(b, unit, &image, e);
        if (r < 0)
            return r;
        if (image == NULL)
            continue;
        struct cfi_flash_config c = { .size = block_size(image), .sector = FLASH_SECTOR, .bank_width = 1, .device_width = 1,
                                      .manufacturer = 0, .device = 0, .secure = q->globals.pflash_secure };
        if (unit == 1 && q->rom == NULL)
            return err_set(e, ERR_ARG, "flash bank 1 has an image and bank 0 has none: firmware is in bank 0 (unit=0)");
        if (c.size == 0 || c.size % FLASH_SECTOR != 0 || c.size > FLASH_MOST - (Q35_HIGH - at))
            return err_set(e, ERR_FORMAT, "flash bank %u: its image has %llu bytes; a multiple of 4K is accepted, 8M for both banks", unit,
                           (unsigned long long)c.size);
        struct cfi_flash *f = cfi_flash_create(b->machine, names[unit], &c, image, e);
        if (f == NULL)
            return e->code;
        at -= c.size;
        if ((r = cfi_flash_map(f, b->machine->memory, at, e)) < 0)
            return r;
        if (unit == 0)
            q->rom = f->ram;
    }
    return 0;
}

int q35_build_firmware(struct board *b, struct q35 *q, struct err *e)
{
    const char *bios = b->config.bios;
    bool standard = bios == NULL || strcmp(bios, "default") == 0;
    int r;
    if ((r = parts_open(b, e)) < 0 || (r = build_flash(b, q, e)) < 0)
        return r;
    if (q->rom != NULL)
        return standard ? 0 : err_set(e, ERR_ARG, "-bios %s and an image of flash bank 0: firmware comes from one of them", bios);
    if (bios != NULL ? strcmp(bios, "none") == 0 : b->kernel != NULL)
        return 0;
    char *path = board_find_firmware(b, standard ? q->kind->bios : bios, e);
    if (path == NULL)
        return e->code;
    r = image_open_raw(&b->bios, path, "firmware", e);
    free(path);
    return r < 0 ? r : build_rom(b, q, e);
}

/* ---- the kernel ---- */
struct start_file {
    struct board *board;
    uint8_t bytes[START_SIZE];
    uint8_t rom[sizeof(x86_loader_rom)];
};

/* The byte that makes the sum of `n` bytes 0, itself being 0 so far. */
static uint8_t checksum(const uint8_t *bytes, uint32_t n)
{
    uint8_t sum = 0;
    for (uint32_t i = 0; i < n; i++)
        sum = (uint8_t)(sum + bytes[i]);
    return (uint8_t)-sum;
}

/* What the guest gives is any number of regions of any size; the kernel gets as many as fit, with a top that is RAM. */
static void read_map(struct x86_direct *d, const uint8_t *file)
{
    uint32_t n = MIN(ld_le32(file + COUNT), (uint32_t)X86_REGIONS);
    for (uint32_t i = 0; i < n; i++) {
        const uint8_t *at = file + MAP + ENTRY * i;
        const struct x86_region g = { ld_le64(at), ld_le64(at + 8), ld_le32(at + 16) };
        if (g.size == 0 || g.size > UINT64_MAX - g.base)
            continue;
        d->map[d->n_regions++] = g;
        if (g.type == X86_REGION_RAM && g.base <= 0x100000 && g.base + g.size > 0x100000)
            d->top = MIN(g.base + g.size, 1ull << 32);
    }
}

/* ACPI 6.4, 5.2.5.1 */
static pa_t find_rsdp(struct board *b)
{
    uint8_t at[20];
    for (pa_t p = 0xe0000; p < 0x100000; p += 16)
        if (mem_read(b->machine->memory, p, at, sizeof(at), NULL) == MEM_OK && memcmp(at, "RSD PTR ", 8) == 0 &&
            checksum(at, sizeof(at)) == 0)
            return p;
    return 0;
}

static void wrote_start(void *arg, uint32_t offset, uint32_t n)
{
    struct start_file *f = arg;
    struct board *b = f->board;
    struct x86_direct d = { .rsdp = find_rsdp(b) };
    struct x86_start s;
    struct err e = { 0 };
    (void)offset, (void)n;
    read_map(&d, f->bytes);
    memset(f->bytes, 0, COUNT);
    if (direct_place(b, b->parts, &d, &s, &e) < 0) {
        log_print(b->machine->log, b->machine->log_board, LOG_ERROR, "%s", e.text);
        machine_stop(b->machine, MACHINE_POWEROFF, 1);
        return;
    }
    st_le32(f->bytes, s.entry);
    st_le32(f->bytes + 4, s.eax);
    st_le32(f->bytes + 8, s.ebx);
    st_le32(f->bytes + 12, s.esi);
}

/*
 * UEFI boots what is behind the set-up code, with the set-up code's header, in which the kernel wants to see that a boot loader was
 * at work (Linux boot protocol, type_of_loader: FFh has no number of its own). The files are the same untouched: a changed header
 * breaks the kernel's signature.
 */
static int add_linux_items(struct fw_cfg *f, const struct board *b, struct err *e)
{
    const struct image *k = b->kernel;
    const char *line = b->config.append != NULL ? b->config.append : "";
    uint32_t setup = ((k->data[0x1f1] == 0 ? 4u : k->data[0x1f1]) + 1u) * 512u;
    int r;
    if (setup >= k->size)
        return err_set(e, ERR_FORMAT, "kernel '%s' is cut short: its set-up code alone has %u bytes", k->path, setup);
    uint8_t *header = ARENA_ARRAY(&b->machine->arena, uint8_t, setup);
    if (header == NULL)
        return err_set(e, ERR_NOMEM, "no memory for the set-up code of kernel '%s'", k->path);
    memcpy(header, k->data, setup);
    header[0x210] = 0xff;
    if ((r = fw_cfg_add_file(f, "etc/boot/kernel", k->data, (uint32_t)k->size, e)) < 0 ||
        (b->shim != NULL && (r = fw_cfg_add_file(f, "etc/boot/shim", b->shim->data, (uint32_t)b->shim->size, e)) < 0))
        return r;
    if ((r = fw_cfg_items_add_blob(f, FW_CFG_SETUP_SIZE, FW_CFG_SETUP_DATA, header, setup, e)) < 0 ||
        (r = fw_cfg_items_add_blob(f, FW_CFG_KERNEL_SIZE, FW_CFG_KERNEL_DATA, k->data + setup, (uint32_t)k->size - setup, e)) < 0 ||
        (r = fw_cfg_items_add_blob(f, FW_CFG_CMDLINE_SIZE, FW_CFG_CMDLINE_DATA, line, (uint32_t)strlen(line) + 1, e)) < 0)
        return r;
    return b->initrd == NULL ? 0 : fw_cfg_items_add_blob(f, FW_CFG_INITRD_SIZE, FW_CFG_INITRD_DATA, b->initrd->data,
                                                         (uint32_t)b->initrd->size, e);
}

#define ROM_FILE "genroms/orrery.bin"

const char *q35_kernel_rom(const struct board *b, const struct q35 *q)
{
    return b->kernel != NULL && q->rom != NULL ? "/rom@" ROM_FILE : NULL;
}

int q35_add_kernel(struct board *b, struct q35 *q, struct err *e)
{
    int r;
    if (q35_kernel_rom(b, q) == NULL)
        return 0;
    struct start_file *f = ARENA_NEW(&b->machine->arena, struct start_file);
    if (f == NULL)
        return err_set(e, ERR_NOMEM, "no memory for an option ROM");
    f->board = b;
    memcpy(f->rom, x86_loader_rom, sizeof(f->rom));
    uint8_t *pnp = f->rom + ld_le16(f->rom + PNP_AT);
    pnp[PNP_CHECKSUM] = checksum(pnp, PNP_SIZE);
    f->rom[sizeof(f->rom) - 1] = checksum(f->rom, sizeof(f->rom));
    if ((r = fw_cfg_add_file(q->fw_cfg, ROM_FILE, f->rom, sizeof(f->rom), e)) < 0 ||
        (r = fw_cfg_add_writable(q->fw_cfg, "etc/orrery/start", f->bytes, sizeof(f->bytes), wrote_start, f, e)) < 0)
        return r;
    return q->kernel.kind == X86_BZIMAGE ? add_linux_items(q->fw_cfg, b, e) : 0;
}
