/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Images of `loongarch-virt` and where CPUs start. As on QEMU's board (hw/loongarch/boot.c), in direct-address mode:
 * - firmware in flash bank 0: all CPUs start in it, at 1C000000h; kernel, initrd and command line are in fw_cfg;
 * - a kernel without firmware, an ELF file or a Linux Image (Documentation/arch/loongarch/booting.rst; UEFI 2.10, chapter
 *   4): CPU 0 starts at its entry, r4 = 1 (the next are valid), r5 = command line, r6 = EFI system table, whose
 *   configuration tables are the memory map, the initrd, the device tree and, other than on QEMU's board, ACPI's unless
 *   it is off: Debian's kernels have no driver for the PCI bridge of the tree. The other CPUs wait in flash bank 0 until
 *   mailbox 0 of their IPI registers names an address, and jump there.
 * With neither, firmware is looked for under its usual name. A device tree is at its place below in any case.
 *
 *   00000000  (nothing)       00030000  configuration tables and what they name
 *   00010000  command line    00100000  device tree
 *   00020000  system table    (ACPI below that)
 *                             00200000  where Linux begins: it keeps all below for itself
 *
 * A program that has bytes below 200000h finds 0 in r4 to r6 and nothing but itself in memory.
 */
#include "devices/board/loongarch_virt_impl.h"
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include "devices/board/boot.h"
#include "devices/board/flash_banks.h"
#include <elf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#ifndef EM_LOONGARCH
#define EM_LOONGARCH 258
#endif

#define LINE_AT     0x10000u
#define LINE_MOST   4096u /* COMMAND_LINE_SIZE of Linux */
#define SYSTEM_AT   0x20000u
#define VENDOR_AT   0x20100u
#define TABLES_AT   0x30000u
#define MAP_AT      0x31000u
#define INITRD_AT   0x32000u
#define SEED_AT     0x33000u
#define TREE_AT     0x100000u
#define TABLES_END  0x200000u

static const struct boot_isa loongarch = { "LoongArch, 64 bits", EM_LOONGARCH, IMAGE_LINUX_LOONGARCH };

int la_virt_open_images(struct board *b, struct err *e)
{
    const struct la_virt *v = b->parts;
    int r = boot_open_images(b, &loongarch, e);

    if (r < 0 || !b->kernel)
        return r;
    if (b->kernel->kind == IMAGE_RAW)
        return err_set(e, ERR_FORMAT, "'%s' is neither an ELF file nor a Linux Image for LoongArch, packed as an EFI zboot file or not",
                       b->kernel->path);
    image_mask_addresses(b->kernel, v->cpu.mmu.pa_bits); /* linked into a window of DMW */
    return 0;
}

int la_virt_open_firmware(struct board *b, bool in_flash, struct err *e)
{
    const char *bios = b->config.bios;
    bool wanted = bios ? strcmp(bios, "none") != 0 : !b->kernel && !in_flash;
    bool standard = !bios || strcmp(bios, "default") == 0;

    if (!wanted)
        return 0;
    char *path = board_find_firmware(b, standard ? "QEMU_EFI.fd" : bios, e);
    if (!path)
        return e->code;
    int r = image_open_raw(&b->bios, path, "firmware", e);
    free(path);
    return r;
}

/* ---- what an EFI application would find: UEFI 2.10, 4.3, 4.6 and 7.2.3 ---- */
struct efi_guid {
    uint32_t a;
    uint16_t b, c;
    uint8_t d[8];
};
enum { TABLE = 24 }; /* of the configuration tables: GUID and address */

/* RAM as boot services leave it; ends are multiples of the largest page there is. */
static uint32_t put_memory_map(const struct la_virt *v, uint8_t *at)
{
    enum { HEADER = 40, ENTRY = 40, LOADER_DATA = 2, CONVENTIONAL = 7, WRITE_BACK = 8, EFI_PAGE = 4096 };
    const struct board_place *low = &v->map[LA_VIRT_LOW_RAM], *high = &v->map[LA_VIRT_HIGH_RAM];
    const struct {
        uint32_t type;
        pa_t from, to;
    } rows[] = {
        { LOADER_DATA, 0, TABLES_END },
        { CONVENTIONAL, TABLES_END, align_down(low->size, 65536) },
        { CONVENTIONAL, high->base, high->base + align_down(high->size, 65536) },
    };
    uint32_t n = HEADER;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (rows[i].from >= rows[i].to)
            continue;
        st_le32(at + n, rows[i].type);
        st_le64(at + n + 8, rows[i].from);
        st_le64(at + n + 24, (rows[i].to - rows[i].from) / EFI_PAGE);
        st_le64(at + n + 32, WRITE_BACK);
        n += ENTRY;
    }
    /* struct efi_boot_memmap of Linux: sizes of the map and of an entry, version, key, size of the buffer */
    st_le64(at, n - HEADER);
    st_le64(at + 8, ENTRY);
    st_le32(at + 16, 1);
    st_le64(at + 32, n - HEADER);
    return n;
}

static uint32_t put_table(uint8_t *at, const struct efi_guid *g, uint64_t table)
{
    st_le32(at, g->a);
    st_le16(at + 4, g->b);
    st_le16(at + 6, g->c);
    memcpy(at + 8, g->d, 8);
    st_le64(at + 16, table);
    return TABLE;
}

/* Those that a table or an address is there for; Linux include/linux/efi.h, UEFI 2.10, 4.6.1. */
static uint32_t put_tables(uint8_t *at, pa_t rsdp, bool initrd)
{
    static const struct efi_guid boot_memmap = { 0x800f683f, 0xd08b, 0x423a, { 0xa2, 0x93, 0x96, 0x5c, 0x3c, 0x6f, 0xe2, 0xb4 } };
    static const struct efi_guid device_tree = { 0xb1b621d5, 0xf19c, 0x41a5, { 0x83, 0x0b, 0xd9, 0x15, 0x2c, 0x69, 0xaa, 0xe0 } };
    static const struct efi_guid acpi_20 = { 0x8868e871, 0xe4f1, 0x11d3, { 0xbc, 0x22, 0x00, 0x80, 0xc7, 0x3c, 0x88, 0x81 } };
    static const struct efi_guid initrd_media = { 0x5568e427, 0x68fc, 0x4f3d, { 0xac, 0x74, 0xca, 0x55, 0x52, 0x31, 0xcc, 0x68 } };
    static const struct efi_guid random_seed = { 0x1ce1e5bc, 0x7ceb, 0x42f2, { 0x81, 0xe5, 0x8a, 0xad, 0xf1, 0x80, 0xf5, 0x7b } };
    uint32_t n = put_table(at, &boot_memmap, MAP_AT);

    n += put_table(at + n, &device_tree, TREE_AT);
    n += put_table(at + n, &random_seed, SEED_AT);
    if (rsdp)
        n += put_table(at + n, &acpi_20, rsdp);
    if (initrd)
        n += put_table(at + n, &initrd_media, INITRD_AT);
    return n;
}

static int place(struct board *b, pa_t at, const void *bytes, uint64_t n, struct err *e)
{
    if (mem_write(b->machine->memory, at, bytes, n, NULL) != MEM_OK)
        return err_set(e, ERR_LIMIT, "no RAM at %#" PRIx64 " for the tables of a kernel; give the machine more memory", at);
    return 0;
}

static int place_system_table(struct board *b, const struct boot_range *initrd, struct err *e)
{
    enum { SYSTEM = 120, REVISION_2_100 = 2 << 16 | 100 };
    static const uint16_t vendor[] = { 'O', 'r', 'r', 'e', 'r', 'y', 0 };
    const struct la_virt *v = b->parts;
    uint8_t tables[128] = { 0 }, map[256] = { 0 }, system[SYSTEM] = { 0 }, range[16], seed[4 + sizeof(v->rng_seed)];
    pa_t rsdp = 0;
    int r = v->options.acpi ? la_virt_place_acpi(b, TREE_AT, &rsdp, e) : 0;

    if (r < 0)
        return r;
    uint32_t n = put_tables(tables, rsdp, b->initrd != NULL), n_map = put_memory_map(v, map);

    memcpy(system, "IBI SYST", 8);
    st_le32(system + 8, REVISION_2_100);
    st_le32(system + 12, SYSTEM);
    st_le64(system + 24, VENDOR_AT);
    st_le64(system + 104, n / TABLE);
    st_le64(system + 112, TABLES_AT);
    st_le32(seed, sizeof(v->rng_seed)); /* struct linux_efi_random_seed: the tree's, for those who do not look there */
    memcpy(seed + 4, v->rng_seed, sizeof(v->rng_seed));
    st_le64(range, initrd->start);
    st_le64(range + 8, initrd->end - initrd->start);
    if ((r = place(b, SYSTEM_AT, system, SYSTEM, e)) < 0 || (r = place(b, VENDOR_AT, vendor, sizeof(vendor), e)) < 0 ||
        (r = place(b, TABLES_AT, tables, n, e)) < 0 || (r = place(b, MAP_AT, map, n_map, e)) < 0 ||
        (r = place(b, SEED_AT, seed, sizeof(seed), e)) < 0)
        return r;
    return b->initrd ? place(b, INITRD_AT, range, sizeof(range), e) : 0;
}

static int place_line(struct board *b, struct err *e)
{
    const char *line = b->config.append ? b->config.append : "";
    size_t n = strlen(line) + 1;

    if (n > LINE_MOST)
        return err_set(e, ERR_LIMIT, "the command line has %zu characters; at most %u are accepted", n - 1, LINE_MOST - 1);
    return place(b, LINE_AT, line, n, e);
}

static int place_tree(struct board *b, const struct boot_range *initrd, struct err *e)
{
    uint8_t *blob;
    uint32_t size;
    int r = boot_make_tree(b, b->config.append, initrd, &blob, &size, e);

    if (r < 0)
        return r;
    r = boot_place_tree(b, blob, size, TREE_AT, TABLES_END, e);
    free(blob);
    return r;
}

/* Behind the kernel, with room for what it makes itself; in the memory above where that does not suffice. */
static int place_initrd(struct board *b, pa_t above, struct boot_range *at, struct err *e)
{
    const struct la_virt *v = b->parts;
    const struct board_place *low = &v->map[LA_VIRT_LOW_RAM], *high = &v->map[LA_VIRT_HIGH_RAM];
    const uint64_t room = 64ull << 20;

    if (!b->initrd)
        return 0;
    at->start = align_up(MIN(above + room, MAX(above, low->size - MIN(low->size, b->initrd->size + room))), 65536);
    if (at->start + b->initrd->size > low->size && b->initrd->size <= high->size)
        at->start = high->base;
    at->end = at->start + b->initrd->size;
    return image_place(b->initrd, b->machine->memory, at->start, e);
}

/* ---- where CPUs wait ---- */
/*
 * IPI registers (3A5000 manual, inter-processor communication): STATUS at 1000h of IOCSR space, EN 1004h, CLEAR 100ch,
 * mailbox 0 1020h. The status is cleared before the mailbox is read: what comes in between ends IDLE, which any
 * interrupt does that ECFG lets through, although CRMD.IE is 0.
 */
static const uint32_t waiting_room[] = {
    0x1400002d, /*    lu12i.w   t1, 1 */
    0x040011ad, /*    csrxchg   t1, t1, 4: ECFG.LIE, bit 12 */
    0x1400002d, /*    lu12i.w   t1, 1 */
    0x02bffc0c, /*    addi.w    t0, zero, -1 */
    0x02c011ae, /*    addi.d    t2, t1, 4 */
    0x064819cc, /*    iocsrwr.w t0, t2: EN */
    0x064809ac, /* 1: iocsrrd.w t0, t1: STATUS */
    0x02c031ae, /*    addi.d    t2, t1, 0xc */
    0x064819cc, /*    iocsrwr.w t0, t2: CLEAR */
    0x02c081ae, /*    addi.d    t2, t1, 0x20 */
    0x06480dcc, /*    iocsrrd.d t0, t2: mailbox 0 */
    0x44000d80, /*    bnez      t0, 2f */
    0x06488000, /*    idle      0 */
    0x53ffe7ff, /*    b         1b */
    0x040011a0, /* 2: csrxchg   zero, t1, 4 */
    0x4c000180, /*    jirl      zero, t0, 0 */
};

static void write_waiting_room(const struct la_virt *v)
{
    struct mem_ram *bank = v->flash[0]->ram;

    for (size_t i = 0; i < ARRAY_LEN(waiting_room); i++)
        st_le32(bank->host + 4 * i, waiting_room[i]);
    mem_ram_written(bank, 0, sizeof(waiting_room));
}

static int start_kernel(struct board *b, struct err *e)
{
    const struct la_virt *v = b->parts;
    const struct image *k = b->kernel;
    bool elf = k->kind == IMAGE_ELF;
    pa_t low = elf ? k->low : k->text_offset, high = elf ? k->high : k->text_offset + MAX(k->size, k->image_size);
    struct boot_range initrd = { 0 };
    uint64_t arguments[3] = { 1, LINE_AT, SYSTEM_AT };
    int r = image_place(k, b->machine->memory, low, e);

    if (r == 0)
        r = place_initrd(b, high, &initrd, e);
    if (r < 0)
        return r;
    if (low >= TABLES_END) {
        if ((r = place_line(b, e)) < 0 || (r = place_system_table(b, &initrd, e)) < 0 || (r = place_tree(b, &initrd, e)) < 0)
            return r;
    } else {
        memset(arguments, 0, sizeof(arguments));
    }
    write_waiting_room(v);
    b->cpus[0]->pc = k->entry;
    for (unsigned i = 0; i < ARRAY_LEN(arguments); i++)
        la_set_r(b->cpus[0], 4 + i, arguments[i]);
    return 0;
}

/* EDK2 reads the tree at its usual place, before it has found fw_cfg. */
static int start_firmware(struct board *b, struct err *e)
{
    const struct la_virt *v = b->parts;
    const struct boot_range none = { 0 };

    flash_banks_load(b, v->flash[0]);
    return place_tree(b, &none, e);
}

/* After a reset of the machine. */
int la_virt_load_images(struct board *b, struct err *e)
{
    const struct la_virt *v = b->parts;

    if (v->firmware)
        return start_firmware(b, e);
    return b->kernel ? start_kernel(b, e) : 0;
}
