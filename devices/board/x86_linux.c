/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Linux bzImage started without firmware by the 32-bit boot protocol (Linux
 * Documentation/arch/x86/boot.rst): the protected-mode part at its preferred address, a zero page, the command line and the
 * memory map in low memory, the RAM disk as high as the kernel allows.
 */
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include "devices/board/x86_q35_impl.h"
#include "devices/q35_mch.h"
#include <string.h>

/* Low memory, which is RAM and nobody's. */
enum { GDT = 0x1000, ZERO_PAGE = 0x10000, COMMAND_LINE = 0x20000, COMMAND_LINE_SIZE = 0x10000, BASE_END = 0x9fc00 };
enum { BOOT_CS = 0x10, BOOT_DS = 0x18 };
/* Fields of the set-up header, by their offsets in the file and in the zero page. */
enum {
    SETUP_SECTS = 0x1f1, HEADER_MAGIC = 0x202, VERSION = 0x206, TYPE_OF_LOADER = 0x210, LOADFLAGS = 0x211,
    CODE32_START = 0x214, RAMDISK_IMAGE = 0x218, RAMDISK_SIZE = 0x21c, HEAP_END = 0x224, CMD_LINE_PTR = 0x228,
    INITRD_ADDR_MAX = 0x22c, CMDLINE_SIZE = 0x238, PREF_ADDRESS = 0x258, INIT_SIZE = 0x260,
};
enum { ACPI_RSDP_ADDR = 0x70, ACPI_SPACE = 0x20000 /* of all tables together at most */, E820_ENTRIES = 0x1e8, E820_TABLE = 0x2d0, E820_RAM = 1, E820_RESERVED = 2, E820_ACPI = 3 };

static int put(struct board *b, pa_t at, const void *bytes, uint64_t n, const char *what, struct err *e)
{
    if (mem_write(b->machine->memory, at, bytes, n, NULL) == MEM_OK)
        return 0;
    return err_set(e, ERR_LIMIT, "%s: no RAM for %llu bytes at %#llx; give the machine more memory (-m)", what,
                   (unsigned long long)n, (unsigned long long)at);
}

static void add_e820(uint8_t *zero, pa_t base, uint64_t size, uint32_t type)
{
    uint8_t *at = zero + E820_TABLE + 20 * zero[E820_ENTRIES]++;
    st_le64(at, base);
    st_le64(at + 8, size);
    st_le32(at + 16, type);
}

/* What firmware would have programmed: where power management and configuration space are, which lines PCI uses. */
static void set_up_chipset(struct q35 *q)
{
    static const struct {
        uint8_t devfn, offset, size;
        uint32_t value;
    } writes[] = {
        { PCI_DEVFN(0, 0), 0x64, 4, 0 },
        { PCI_DEVFN(0, 0), 0x60, 4, Q35_ECAM | 1 },          /* PCIEXBAR, 256 MiB */
        { PCI_DEVFN(0x1f, 0), 0x40, 4, Q35_PMBASE | 1 },     /* PMBASE */
        { PCI_DEVFN(0x1f, 0), 0x44, 1, 0x80 },               /* ACPI_CNTL: on, SCI is IRQ9 */
        { PCI_DEVFN(0x1f, 0), 0x60, 4, 0x0b0b0a0a },         /* PIRQA to D: IRQ10, 10, 11, 11 */
        { PCI_DEVFN(0x1f, 0), 0x68, 4, 0x0b0b0a0a },
    };
    for (unsigned i = 0; i < ARRAY_LEN(writes); i++)
        pci_config_write(&q->mch->bus, writes[i].devfn, writes[i].offset, writes[i].size, writes[i].value);
}

static void memory_map(uint8_t *zero, const struct q35 *q, pa_t tables)
{
    add_e820(zero, 0, BASE_END, E820_RAM);
    add_e820(zero, BASE_END, 0x100000 - BASE_END, E820_RESERVED);
    add_e820(zero, 0x100000, tables - 0x100000, E820_RAM);
    if (tables != q->low)
        add_e820(zero, tables, q->low - tables, E820_ACPI);
    add_e820(zero, Q35_ECAM, 0x10000000, E820_RESERVED);
    if (q->high != 0)
        add_e820(zero, Q35_HIGH, q->high, E820_RAM);
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
    return put(b, at, b->initrd->data, size, "initrd", e);
}

static int place_command_line(struct board *b, const uint8_t *h, uint8_t *zero, struct err *e)
{
    const char *text = b->config.append != NULL ? b->config.append : "";
    uint64_t n = strlen(text), most = MIN(ld_le32(h + CMDLINE_SIZE), COMMAND_LINE_SIZE - 1u);
    if (n > most)
        return err_set(e, ERR_LIMIT, "the command line has %llu characters; this kernel takes %llu", (unsigned long long)n,
                       (unsigned long long)most);
    st_le32(zero + CMD_LINE_PTR, COMMAND_LINE);
    return put(b, COMMAND_LINE, text, n + 1, "command line", e);
}

int q35_place_linux(struct board *b, struct q35 *q, struct err *e)
{
    static const uint64_t gdt[] = { 0, 0, 0x00cf9a000000ffffull, 0x00cf92000000ffffull };
    const struct image *k = b->kernel;
    const uint8_t *h = k->data;
    uint8_t zero[4096] = { 0 };
    int r = check(k, e);
    if (r < 0)
        return r;
    uint64_t setup = ((h[SETUP_SECTS] == 0 ? 4u : h[SETUP_SECTS]) + 1u) * 512ull, at = ld_le64(h + PREF_ADDRESS);
    uint64_t end = at + MAX((uint64_t)ld_le32(h + INIT_SIZE), k->size - setup);
    if (end > q->low)
        return err_set(e, ERR_LIMIT, "kernel '%s' needs RAM up to %#llx; give the machine more memory (-m)", k->path,
                       (unsigned long long)end);
    uint64_t header_end = 0x202 + (uint64_t)h[0x201];
    memcpy(zero + SETUP_SECTS, h + SETUP_SECTS, header_end - SETUP_SECTS);
    zero[TYPE_OF_LOADER] = 0xff;
    zero[LOADFLAGS] |= 0x80; /* there is a heap */
    st_le16(zero + HEAP_END, 0xfe00);
    st_le32(zero + CODE32_START, (uint32_t)at);
    pa_t tables = q->low, rsdp;
    if (q->options.acpi != 1) {
        if ((r = q35_place_acpi(b, q, q->low, &rsdp, e)) < 0)
            return r;
        tables = align_down(rsdp - ACPI_SPACE, MEM_PAGE);
        st_le64(zero + ACPI_RSDP_ADDR, rsdp);
    }
    set_up_chipset(q);
    memory_map(zero, q, tables);
    if ((r = place_initrd(b, tables, h, zero, end, e)) < 0 || (r = place_command_line(b, h, zero, e)) < 0 ||
        (r = put(b, at, h + setup, k->size - setup, "kernel", e)) < 0 ||
        (r = put(b, ZERO_PAGE, zero, sizeof(zero), "boot parameters", e)) < 0 ||
        (r = put(b, GDT, gdt, sizeof(gdt), "descriptor table", e)) < 0)
        return r;
    struct cpu *cpu = b->cpus[0];
    x86_start_flat32(cpu, (uint32_t)at, BOOT_CS, BOOT_DS);
    x86_set_gpr(cpu, 6, ZERO_PAGE); /* ESI */
    return 0;
}
