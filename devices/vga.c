/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ports of the VGA (IBM PS/2 Video Subsystem; FreeVGA, "Accessing the VGA Registers") and DISPI as
 * a VGA has it, with its values brought into range when software writes them.
 */
#include "devices/bochs_impl.h"

enum { MISC_COLOR = BIT(0), FEATURE_BITS = 0x0b };
enum { STATUS0_SENSE = BIT(4), STATUS1_BLANKED = BIT(0), STATUS1_VSYNC = BIT(3) };
enum { AR_INDEX = 0x1f, AR_PAS = 0x20 };
enum { NOBODY = 0xff }; /* what reads where nothing drives the bus */

/* Bits that software can write. */
static const uint8_t sr_bits[VGA_SR] = { 0x03, 0x3d, 0x0f, 0x3f, 0x0e };
static const uint8_t gr_bits[VGA_GR] = { 0x0f, 0x0f, 0x0f, 0x1f, 0x03, 0x7b, 0x0f, 0x0f, 0xff };
static const uint8_t ar_bits[VGA_AR] = {
    0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f,
    0xef, 0xff, 0x3f, 0x0f, 0x0f,
};
static const uint8_t cr_bits[VGA_CR] = {
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0xff, 0x3f, 0x7f, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xef, 0xff,
};

/* ---- index registers ---- */
static uint8_t indexed(const uint8_t *registers, uint32_t n, uint32_t index)
{
    return index < n ? registers[index] : 0;
}

static void write_sr(struct vga *v, uint8_t value)
{
    if (v->sr_index >= VGA_SR)
        return;
    v->sr[v->sr_index] = value & sr_bits[v->sr_index];
    if (v->sr_index == SR_CLOCKING && (value & 0x14))
        unmodelled(&v->card.dev, "VGA SR01 shift load", "SR01 = %#x: shift registers are loaded with each "
                   "character clock here", value);
}

static void write_gr(struct vga *v, uint8_t value)
{
    if (v->gr_index < VGA_GR)
        v->gr[v->gr_index] = value & gr_bits[v->gr_index];
}

/* CR11 bit 7 protects CR00 to CR07, but for line compare's bit in CR07. */
static void write_cr(struct vga *v, uint8_t value)
{
    uint32_t index = v->cr_index;
    uint8_t bits = index < VGA_CR ? cr_bits[index] : 0;

    if (bits == 0)
        return;
    if ((v->cr[CR_VSYNC_END] & 0x80) && index <= CR_OVERFLOW)
        bits = index == CR_OVERFLOW ? 0x10 : 0;
    v->cr[index] = (uint8_t)((v->cr[index] & ~bits) | (value & bits));
}

/* One port for index and data: the flip-flop, which 3DA's read sets back, says which. */
static void write_ar(struct vga *v, uint8_t value)
{
    uint32_t index = v->ar_index & AR_INDEX;

    if (!v->ar_data)
        v->ar_index = value & (AR_INDEX | AR_PAS);
    else if (index < VGA_AR)
        v->ar[index] = value & ar_bits[index];
    v->ar_data = !v->ar_data;
}

/* ---- DAC ---- */
static void write_dac(struct vga *v, uint8_t value)
{
    if (!(v->card.dispi[DISPI_ENABLE] & DISPI_8BIT_DAC))
        value &= 0x3f;
    if (v->dac_part < 2) {
        v->dac_buffer[v->dac_part++] = value;
        return;
    }
    uint8_t *entry = v->palette[v->dac_write++];
    entry[0] = v->dac_buffer[0];
    entry[1] = v->dac_buffer[1];
    entry[2] = value;
    v->dac_part = 0;
}

static uint8_t read_dac(struct vga *v, bool debug)
{
    uint8_t value = v->palette[v->dac_read][MIN(v->dac_part, 2)];

    if (!debug && ++v->dac_part >= 3) {
        v->dac_part = 0;
        v->dac_read++;
    }
    return value;
}

static void start_dac(struct vga *v, uint8_t index, bool reading)
{
    *(reading ? &v->dac_read : &v->dac_write) = index;
    v->dac_reading = reading;
    v->dac_part = 0;
}

/* ---- ports ---- */
/* 3Bx or 3Dx, whichever the miscellaneous output register chooses, as 3Dx; else 0. */
static uint32_t color_port(const struct vga *v, uint32_t port)
{
    uint32_t row = port & ~0xfu;

    if (row == 0x3c0)
        return port;
    return row == ((v->misc & MISC_COLOR) ? 0x3d0u : 0x3b0u) ? 0x3d0 | (port & 0xf) : 0;
}

static uint8_t read_status1(struct vga *v, bool debug)
{
    struct vga_beam beam = vga_beam(v);

    if (!debug)
        v->ar_data = 0;
    return (uint8_t)((beam.displaying ? 0 : STATUS1_BLANKED) | (beam.vertical_sync ? STATUS1_VSYNC : 0));
}

uint8_t vga_read_port(struct vga *v, uint32_t port, bool debug)
{
    switch (color_port(v, port)) {
    case 0x3c0:
        return v->ar_index;
    case 0x3c1:
        return indexed(v->ar, VGA_AR, v->ar_index & AR_INDEX);
    case 0x3c2:
        return STATUS0_SENSE; /* a colour monitor's comparator */
    case 0x3c4:
        return v->sr_index;
    case 0x3c5:
        return indexed(v->sr, VGA_SR, v->sr_index);
    case 0x3c6:
        return v->dac_mask;
    case 0x3c7:
        return v->dac_reading ? 3 : 0;
    case 0x3c8:
        return v->dac_write;
    case 0x3c9:
        return read_dac(v, debug);
    case 0x3ca:
        return v->feature;
    case 0x3cc:
        return v->misc;
    case 0x3ce:
        return v->gr_index;
    case 0x3cf:
        return indexed(v->gr, VGA_GR, v->gr_index);
    case 0x3d4:
        return v->cr_index;
    case 0x3d5:
        return indexed(v->cr, VGA_CR, v->cr_index);
    case 0x3da:
        return read_status1(v, debug);
    default:
        return NOBODY;
    }
}

void vga_write_port(struct vga *v, uint32_t port, uint8_t value)
{
    switch (color_port(v, port)) {
    case 0x3c0:
        write_ar(v, value);
        break;
    case 0x3c2:
        v->misc = value & 0xef;
        break;
    case 0x3c4:
        v->sr_index = value & 7;
        break;
    case 0x3c5:
        write_sr(v, value);
        break;
    case 0x3c6:
        v->dac_mask = value;
        break;
    case 0x3c7:
        start_dac(v, value, true);
        break;
    case 0x3c8:
        start_dac(v, value, false);
        break;
    case 0x3c9:
        write_dac(v, value);
        break;
    case 0x3ce:
        v->gr_index = value & 15;
        break;
    case 0x3cf:
        write_gr(v, value);
        break;
    case 0x3d4:
        v->cr_index = value;
        break;
    case 0x3d5:
        write_cr(v, value);
        break;
    case 0x3da:
        v->feature = value & FEATURE_BITS;
        break;
    default:
        break;
    }
}

/* ---- DISPI ---- */
static uint32_t dispi_lines(const struct vga *v)
{
    const uint16_t *r = v->card.dispi;
    uint32_t bits = r[DISPI_BPP] == 15 ? 16 : r[DISPI_BPP], line = r[DISPI_VIRT_WIDTH] * bits / 8;

    return line ? (uint32_t)MIN(v->card.vram->size / line, (uint64_t)UINT16_MAX) : 0;
}

/* What software asks for, cut to what there is: it reads back what it got. */
static void fit(struct vga *v)
{
    uint16_t *r = v->card.dispi;

    if (!(r[DISPI_ENABLE] & DISPI_ENABLED))
        return;
    if (r[DISPI_BPP] != 4 && bochs_format(&v->card, r[DISPI_BPP]) == PIXEL_NONE)
        r[DISPI_BPP] = 8;
    uint64_t bits = r[DISPI_BPP] == 15 ? 16 : r[DISPI_BPP];
    uint64_t most = MIN(v->card.vram->size * 8 / bits, (uint64_t)DISPI_MAX_WIDTH);
    r[DISPI_XRES] = (uint16_t)MIN(MAX(r[DISPI_XRES] & ~7u, 8u), most & ~7ull);
    r[DISPI_VIRT_WIDTH] = (uint16_t)MIN(MAX(r[DISPI_VIRT_WIDTH] & ~7u, r[DISPI_XRES]), most & ~7ull);
    uint32_t lines = dispi_lines(v);
    r[DISPI_YRES] = (uint16_t)MIN(MAX(r[DISPI_YRES], 1u), MIN(lines, (uint32_t)DISPI_MAX_HEIGHT));
    r[DISPI_VIRT_HEIGHT] = (uint16_t)lines;
    r[DISPI_X_OFFSET] = (uint16_t)MIN(r[DISPI_X_OFFSET], r[DISPI_VIRT_WIDTH] - r[DISPI_XRES]);
    r[DISPI_Y_OFFSET] = (uint16_t)MIN(r[DISPI_Y_OFFSET], lines - r[DISPI_YRES]);
}

static void write_enable(struct vga *v, uint16_t value)
{
    uint16_t *r = v->card.dispi;
    bool was_on = r[DISPI_ENABLE] & DISPI_ENABLED;

    r[DISPI_ENABLE] = value & (DISPI_ENABLED | DISPI_GETCAPS | DISPI_8BIT_DAC | DISPI_LFB | DISPI_NOCLEAR);
    r[DISPI_BANK] = 0;
    if (was_on || !(value & DISPI_ENABLED))
        return;
    r[DISPI_VIRT_WIDTH] = r[DISPI_X_OFFSET] = r[DISPI_Y_OFFSET] = 0;
    fit(v);
    if (!(value & DISPI_NOCLEAR)) {
        uint64_t bits = r[DISPI_BPP] == 15 ? 16 : r[DISPI_BPP];
        bochs_clear_vram(&v->card, r[DISPI_VIRT_WIDTH] * bits / 8 * r[DISPI_YRES]);
    }
}

uint64_t vga_read_dispi(const void *dev, uint32_t index)
{
    static const uint16_t most[DISPI_REGISTERS] = {
        [DISPI_XRES] = DISPI_MAX_WIDTH, [DISPI_YRES] = DISPI_MAX_HEIGHT, [DISPI_BPP] = DISPI_MAX_BPP,
    };
    const uint16_t *r = ((const struct bochs *)dev)->dispi;

    if (index >= DISPI_REGISTERS)
        return 0;
    return (r[DISPI_ENABLE] & DISPI_GETCAPS) && most[index] ? most[index] : r[index];
}

void vga_wrote_dispi(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct vga *v = dev;
    uint16_t *r = v->card.dispi, value = (uint16_t)now;

    (void)old;
    switch (index) {
    case DISPI_ID:
        if (value >= DISPI_ID0 && value <= DISPI_ID5)
            r[DISPI_ID] = value;
        break;
    case DISPI_ENABLE:
        write_enable(v, value);
        break;
    case DISPI_BANK: {
        uint64_t banks = v->card.vram->size / DISPI_BANK_SIZE / (vga_is_linear(v) ? 1 : 4);
        r[DISPI_BANK] = (uint16_t)(value & (banks - 1));
        break;
    }
    case DISPI_XRES:
    case DISPI_YRES:
    case DISPI_BPP:
    case DISPI_VIRT_WIDTH:
    case DISPI_X_OFFSET:
    case DISPI_Y_OFFSET:
        r[index] = value;
        fit(v);
        break;
    default: /* height of memory and its size: read-only */
        break;
    }
}

/* ---- I/O space ---- */
static enum mem_result ports_read(void *arg, uint64_t offset, unsigned size, uint64_t *value,
                                  const struct mem_attrs *attrs)
{
    const struct vga_ports *p = arg;

    (void)size;
    *value = vga_read_port(p->vga, p->base + (uint32_t)offset, attrs->debug);
    return MEM_OK;
}

static enum mem_result ports_write(void *arg, uint64_t offset, unsigned size, uint64_t value,
                                   const struct mem_attrs *attrs)
{
    const struct vga_ports *p = arg;

    (void)size;
    (void)attrs;
    vga_write_port(p->vga, p->base + (uint32_t)offset, (uint8_t)value);
    return MEM_OK;
}

/*
 * 1CE: index. Data is at 1CF, for words that are not aligned and so come as two bytes, and at 1D0.
 * The byte at 1CF is the low one, that at 1D0 the high one.
 */
static enum mem_result dispi_read(void *arg, uint64_t offset, unsigned size, uint64_t *value,
                                  const struct mem_attrs *attrs)
{
    struct vga *v = ((const struct vga_ports *)arg)->vga;
    uint64_t data = vga_read_dispi(v, v->dispi_index);

    (void)attrs;
    if (offset == 0)
        *value = v->dispi_index;
    else if (size == 2)
        *value = data;
    else
        *value = offset == 1 ? data & 0xff : offset == 2 ? data >> 8 : NOBODY;
    return MEM_OK;
}

static enum mem_result dispi_write(void *arg, uint64_t offset, unsigned size, uint64_t value,
                                   const struct mem_attrs *attrs)
{
    struct vga *v = ((const struct vga_ports *)arg)->vga;

    (void)attrs;
    if (offset == 0)
        v->dispi_index = (uint8_t)MIN(value, 0xffu);
    else if (offset == 1)
        v->dispi_low = (uint8_t)value;
    else if (offset == 2)
        vga_wrote_dispi(v, v->dispi_index, 0, size == 2 ? value : value << 8 | v->dispi_low);
    return MEM_OK;
}

static const struct mmio_ops ports_ops = { .read = ports_read, .write = ports_write, .sizes = 1,
                                           .split = true };
static const struct mmio_ops dispi_ops = { .read = dispi_read, .write = dispi_write, .sizes = 1 | 2,
                                           .split = true };

int vga_add_legacy(struct vga *v, const struct bochs_options *o, struct err *e)
{
    static const struct { uint32_t base, size; const struct mmio_ops *ops; } runs[BOCHS_LEGACY_REGIONS] = {
        { 0x3b4, 2, &ports_ops }, { 0x3ba, 1, &ports_ops }, { 0x3c0, 16, &ports_ops },
        { 0x3d4, 2, &ports_ops }, { 0x3da, 1, &ports_ops }, { 0x1ce, 4, &dispi_ops },
    };
    struct bochs *b = &v->card;
    struct mem_space *io = b->pci.bus->windows.io;
    int r = 0;

    for (uint32_t i = 0; io && i < ARRAY_LEN(runs) && r == 0; i++) {
        b->ports[i] = (struct vga_ports){ .vga = v, .base = runs[i].base };
        r = mem_add_mmio(io, b->dev.id, runs[i].base, runs[i].size, 1, runs[i].ops, &b->ports[i],
                         &b->legacy[i], e);
    }
    b->window_space = o->window;
    if (r == 0 && o->window)
        r = mem_add_mmio(o->window, b->dev.id, 0xa0000, 0x20000, o->window_priority, &vga_window_ops, v,
                         &b->window, e);
    vga_update_legacy(v);
    return r;
}

/* PCI Local Bus 3.0, 6.2.2: I/O and memory space enable hold for what no BAR describes, too. */
void vga_update_legacy(struct vga *v)
{
    struct bochs *b = &v->card;
    bool io = b->pci.config[4] & 1, memory = b->pci.config[4] & 2;

    for (uint32_t i = 0; i < BOCHS_LEGACY_REGIONS; i++)
        if (b->legacy[i] && b->legacy[i]->enabled != io)
            mem_enable_region(b->pci.bus->windows.io, b->legacy[i], io);
    if (b->window && b->window->enabled != memory)
        mem_enable_region(b->window_space, b->window, memory);
}
