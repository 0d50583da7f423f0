/* SPDX-License-Identifier: Apache-2.0 */
/* The card: BARs, DISPI as bochs-display has it, EDID, extended registers. */
#include "devices/bochs_impl.h"
#include "devices/backend/display.h"
#include <inttypes.h>

enum { EXTENDED_SIZE = 8 };
#define LITTLE_ENDIAN_PIXELS 0x1e1e1e1eu
#define BIG_ENDIAN_PIXELS    0xbebebebeu

/* Of a struct of kind `tag`, in which the card is `prefix`. */
#define STATE_BOCHS(tag, prefix)                                                                   \
    STATE_SUB(tag, prefix pci, pci_function_state), STATE(tag, prefix big_endian), STATE(tag, prefix dispi)
static const struct state_field display_state[] = { STATE_BOCHS(bochs, ), STATE_END };

/* ---- DISPI ---- */
enum pixel_format bochs_format(const struct bochs *b, uint32_t bpp)
{
    switch (bpp) {
    case 15:
        return b->big_endian ? PIXEL_XRGB1555_BE : PIXEL_XRGB1555;
    case 16:
        return b->big_endian ? PIXEL_RGB565_BE : PIXEL_RGB565;
    case 24:
        return b->big_endian ? PIXEL_RGB888_BE : PIXEL_RGB888;
    case 32:
        return b->big_endian ? PIXEL_XRGB8888_BE : PIXEL_XRGB8888;
    default:
        return PIXEL_NONE;
    }
}

/* Bytes from the first pixel of `pixels` to the next group of whole bytes. */
static uint64_t bytes_of(uint64_t pixels, uint32_t bpp)
{
    return bpp == 4 ? pixels / 8 : pixels * ((bpp + 7) / 8);
}

bool bochs_mode(const struct bochs *b, struct bochs_mode *m)
{
    const uint16_t *r = b->dispi;
    uint32_t bpp = r[DISPI_BPP];
    uint64_t room = b->vram->size / (bpp == 4 ? 4 : 1);

    if (!(r[DISPI_ENABLE] & DISPI_ENABLED) || r[DISPI_XRES] == 0 || r[DISPI_YRES] == 0)
        return false;
    if (bpp != 4 && bpp != 8 && bochs_format(b, bpp) == PIXEL_NONE)
        return false;
    *m = (struct bochs_mode){ .width = r[DISPI_XRES], .height = r[DISPI_YRES], .bpp = bpp };
    m->line = bytes_of(MAX(r[DISPI_VIRT_WIDTH], r[DISPI_XRES]), bpp);
    m->at = r[DISPI_Y_OFFSET] * m->line + bytes_of(r[DISPI_X_OFFSET], bpp);
    return m->at + m->line * (m->height - 1) + bytes_of(m->width, bpp) <= room;
}

void bochs_reset_dispi(struct bochs *b)
{
    memset(b->dispi, 0, sizeof(b->dispi));
    b->dispi[DISPI_ID] = DISPI_ID5;
    b->dispi[DISPI_MEMORY_64K] = (uint16_t)(b->vram->size / DISPI_BANK_SIZE);
    b->big_endian = 0;
}

void bochs_clear_vram(struct bochs *b, uint64_t n)
{
    n = MIN(n, b->vram->size);
    if (n == 0)
        return;
    memset(b->vram->host, 0, n);
    mem_ram_written(b->vram, 0, n);
}

static uint64_t read_dispi(const void *dev, uint32_t index)
{
    return ((const struct bochs *)dev)->dispi[index];
}

static void wrote_dispi(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct bochs *b = dev;

    (void)old;
    if (index != DISPI_ID && index != DISPI_MEMORY_64K)
        b->dispi[index] = (uint16_t)now;
}

/* ---- EDID, extended registers ---- */
static uint64_t read_edid(const void *dev, uint32_t index)
{
    const struct bochs *b = dev;

    return b->has_edid && index < EDID_SIZE ? b->edid[index] : 0;
}

static uint64_t read_order(const void *dev, uint32_t index)
{
    (void)index;
    return ((const struct bochs *)dev)->big_endian ? BIG_ENDIAN_PIXELS : LITTLE_ENDIAN_PIXELS;
}

static void wrote_order(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct bochs *b = dev;

    (void)index;
    (void)old;
    if (now == BIG_ENDIAN_PIXELS || now == LITTLE_ENDIAN_PIXELS)
        b->big_endian = now == BIG_ENDIAN_PIXELS;
    else
        guest_error(&b->dev, "byte order register", "%#" PRIx64 " is neither %#x nor %#x", now,
                    LITTLE_ENDIAN_PIXELS, BIG_ENDIAN_PIXELS);
}

static uint64_t read_ports(const void *dev, uint32_t index)
{
    /* Without effects, so the part is not changed: the register table calls it so. */
    return vga_read_port((struct vga *)(uintptr_t)dev, 0x3c0 + index, true);
}

static void after_ports(void *dev, uint32_t index, uint64_t value)
{
    (void)value;
    (void)vga_read_port(dev, 0x3c0 + index, false);
}

static void wrote_ports(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    (void)old;
    vga_write_port(dev, 0x3c0 + index, (uint8_t)now);
}

#define ROW_EDID                                                                                   \
    REG8(BOCHS_EDID, "EDID", .count = BOCHS_EDID_SPACE, .sizes = 1 | 2 | 4 | 8, .read = read_edid)
#define ROW_DISPI(r, w)                                                                            \
    REG16(BOCHS_DISPI, "DISPI", .count = DISPI_REGISTERS, .sizes = 1 | 2 | 4, .rw = 0xffff,        \
          .read = r, .wrote = w)
#define ROWS_EXTENDED                                                                              \
    REG32(BOCHS_EXTENDED, "size", .sizes = 1 | 2 | 4, .reset = EXTENDED_SIZE),                     \
    REG32(BOCHS_BYTE_ORDER, "byte order", .rw = 0xffffffff, .read = read_order, .wrote = wrote_order)

static const struct reg_desc display_regs[] = { ROW_EDID, ROW_DISPI(read_dispi, wrote_dispi), ROWS_EXTENDED };
/* Behind the BAR: what is reached through index registers, for the debugger alone. */
#define ROW_INSIDE(off, nm, m)                                                                     \
    REG8(off, nm, .count = STATE_SIZEOF_(struct vga, m), .stored = true, .at = offsetof(struct vga, m))
static const struct reg_desc vga_regs[] = {
    ROW_EDID,
    REG8(BOCHS_PORTS, "port 3C0", .count = 0x20, .sizes = 1 | 2 | 4, .rw = 0xff, .read = read_ports,
         .after_read = after_ports, .wrote = wrote_ports),
    ROW_DISPI(vga_read_dispi, vga_wrote_dispi),
    ROWS_EXTENDED,
    ROW_INSIDE(BOCHS_MMIO_SIZE, "SR", sr), ROW_INSIDE(BOCHS_MMIO_SIZE + 0x100, "CR", cr),
    ROW_INSIDE(BOCHS_MMIO_SIZE + 0x200, "GR", gr), ROW_INSIDE(BOCHS_MMIO_SIZE + 0x300, "AR", ar),
};

/* ---- life ---- */
static void display_reset(void *dev)
{
    struct bochs *b = dev;

    bochs_reset_dispi(b);
    pci_reset(&b->pci);
}

static void function_reset(struct pci_function *f)
{
    bochs_reset_dispi(CONTAINER_OF(f, struct bochs, pci));
}

static void display_loaded(void *dev)
{
    pci_loaded(&((struct bochs *)dev)->pci);
}

static void display_size(const void *dev, uint32_t *width, uint32_t *height)
{
    struct bochs_mode m;

    if (!bochs_mode(dev, &m) || (m.bpp != 16 && m.bpp != 32))
        return;
    *width = m.width;
    *height = m.height;
}

static void display_draw(const void *dev, struct display *d)
{
    const struct bochs *b = dev;
    struct bochs_mode m;

    if (!bochs_mode(b, &m))
        return;
    for (uint32_t y = 0; y < m.height; y++) {
        pixel_convert(bochs_format(b, m.bpp), b->vram->host + m.at + y * m.line, display_line(d), m.width);
        display_put(d, y);
    }
}

static const struct display_ops display_screen = { .size = display_size, .draw = display_draw };
static const struct device_ops display_ops = {
    .name = "bochs-display", .spec = "QEMU docs/specs/standard-vga.rst", .size = sizeof(struct bochs),
    .regs = display_regs, .n_regs = ARRAY_LEN(display_regs), .state = display_state, .version = 1,
    .reset = display_reset, .loaded = display_loaded,
};
static const struct pci_ops display_pci = { .reset = function_reset };

static void vga_config_wrote(struct pci_function *f, uint32_t offset, unsigned size)
{
    (void)offset;
    (void)size;
    vga_update_legacy(CONTAINER_OF(f, struct vga, card.pci));
}
static const struct pci_ops vga_pci = { .config_wrote = vga_config_wrote };

static void vga_reset(void *dev)
{
    struct vga *v = dev;

    memset(&v->latch, 0, sizeof(*v) - offsetof(struct vga, latch));
    bochs_reset_dispi(&v->card);
    pci_reset(&v->card.pci);
    vga_update_legacy(v);
}

static void vga_loaded(void *dev)
{
    pci_loaded(&((struct vga *)dev)->card.pci);
    vga_update_legacy(dev);
}

static const struct state_field vga_state[] = {
    STATE_BOCHS(vga, card.), STATE(vga, latch), STATE(vga, sr_index), STATE(vga, gr_index),
    STATE(vga, cr_index), STATE(vga, ar_index), STATE(vga, ar_data), STATE(vga, misc),
    STATE(vga, feature), STATE(vga, dac_mask), STATE(vga, dac_write), STATE(vga, dac_read),
    STATE(vga, dac_reading), STATE(vga, dac_part), STATE(vga, dispi_index), STATE(vga, dispi_low),
    STATE(vga, dac_buffer), STATE(vga, sr), STATE(vga, gr), STATE(vga, ar), STATE(vga, cr),
    STATE(vga, palette), STATE_END
};
static const struct device_ops vga_ops = {
    .name = "VGA", .spec = "IBM PS/2 Video Subsystem (1992); QEMU docs/specs/standard-vga.rst",
    .size = sizeof(struct vga), .regs = vga_regs, .n_regs = ARRAY_LEN(vga_regs), .state = vga_state,
    .version = 1, .reset = vga_reset, .loaded = vga_loaded,
};

/* ---- construction ---- */
static int add_bars(struct bochs *b, struct machine *m, const struct bochs_options *o, struct err *e)
{
    char *name = arena_printf(&m->arena, "%s.vram", b->dev.id);

    if (!name)
        return err_set(e, ERR_NOMEM, "no memory for a display");
    int r = machine_add_ram(m, name, o->vram, &b->vram, e);
    if (r == 0)
        r = pci_add_bar_ram(&b->pci, 0, PCI_BAR_MEM32, true, b->vram, e);
    if (r == 0)
        r = pci_add_bar(&b->pci, 2, PCI_BAR_MEM32, false, BOCHS_MMIO_SIZE, &reg_mmio_ops, b, e);
    if (r == 0 && o->kind == BOCHS_DISPLAY)
        r = MIN(pci_add_express(&b->pci, e), 0);
    return r == 0 && o->rom ? pci_add_rom(&b->pci, o->rom, e) : r;
}

static int check_options(const char *id, const struct bochs_options *o, struct err *e)
{
    if (!is_pow2(o->vram) || o->vram < 1 << 20 || o->vram > 256 << 20)
        return err_set(e, ERR_ARG, "%s: %" PRIu64 " bytes of video memory; a power of two from 1M to 256M "
                       "is accepted", id, o->vram);
    if ((o->rom || o->window) && o->kind != BOCHS_VGA)
        return err_set(e, ERR_ARG, "%s: only VGA has a ROM and a window", id);
    return 0;
}

struct device *bochs_create(struct machine *m, const char *id, struct pci_bus *bus,
                            const struct bochs_options *o, struct err *e)
{
    const struct pci_ids ids = {
        .vendor = 0x1234, .device = 0x1111, .subsystem_vendor = 0x1af4, .subsystem = 0x1100,
        .class_code = o->kind == BOCHS_VGA ? 0x030000 : 0x038000, .revision = 2,
    };
    bool is_display = o->kind == BOCHS_DISPLAY;

    if (check_options(id, o, e) < 0)
        return NULL;
    struct bochs *b = device_create(m, is_display ? &display_ops : &vga_ops, id, e);
    if (!b)
        return NULL;
    b->has_edid = !o->no_edid;
    pci_init(&b->pci, &b->dev, is_display ? &display_pci : &vga_pci, &ids, 0);
    if (edid_write(b->edid, o->xres ? o->xres : 1280, o->yres ? o->yres : 800, e) < 0 ||
        add_bars(b, m, o, e) < 0 || pci_plug(bus, &b->pci, o->devfn, e) < 0 ||
        (o->kind == BOCHS_VGA && vga_add_legacy((struct vga *)b, o, e) < 0) ||
        display_create(o->host, id, is_display ? &display_screen : &vga_screen, b, e) < 0)
        return NULL;
    return &b->dev;
}
