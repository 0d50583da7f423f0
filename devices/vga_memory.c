/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The window at A0000 and what the graphics controller does to bytes on their way to the four
 * planes (IBM PS/2 Video Subsystem, "Graphics Controller"; FreeVGA, "Graphics Registers").
 *
 * Planes lie side by side: byte n of the 32-bit word `offset` of video memory is plane n at that
 * offset. In linear DISPI modes the window is a bank of 64 KiB of plain memory.
 */
#include "devices/bochs_impl.h"

enum { PLANE_SIZE = 0x10000, MISC_RAM = BIT(1), MISC_PAGE = BIT(5) };
enum { SR_ODD_EVEN_OFF = BIT(2), SR_CHAIN_4 = BIT(3) };
enum { GR_READ_MODE = BIT(3), GR_ODD_EVEN = BIT(4), GR_CHAIN_ODD_EVEN = BIT(1) };
enum { NOBODY = 0xff };

bool vga_is_linear(const struct vga *v)
{
    return (v->card.dispi[DISPI_ENABLE] & DISPI_ENABLED) && v->card.dispi[DISPI_BPP] != 4;
}

static bool is_dispi(const struct vga *v)
{
    return v->card.dispi[DISPI_ENABLE] & DISPI_ENABLED;
}

/* GR06 bits 3:2. Offsets are from A0000; false: not in the window. */
static bool in_window(const struct vga *v, uint64_t offset, uint64_t *inside)
{
    static const struct { uint32_t base, size; } maps[4] = {
        { 0, 0x20000 }, { 0, 0x10000 }, { 0x10000, 0x8000 }, { 0x18000, 0x8000 },
    };
    uint32_t map = vga_is_linear(v) ? 1 : v->gr[GR_MISC] >> 2 & 3;

    *inside = offset - maps[map].base;
    return (v->misc & MISC_RAM) && offset >= maps[map].base && *inside < maps[map].size;
}

/*
 * The offset in a plane: odd/even addressing replaces address bit 0, by bit 16 of a window of
 * 128 KiB, else by the page bit of the miscellaneous output register; chain 4 leaves bits 1:0 out.
 */
static uint32_t plane_offset(const struct vga *v, uint64_t at)
{
    if (v->sr[SR_MEMORY_MODE] & SR_CHAIN_4) {
        at &= ~3ull;
    } else if (v->gr[GR_MISC] & GR_CHAIN_ODD_EVEN) {
        bool large = (v->gr[GR_MISC] >> 2 & 3) == 0;
        at = (at & ~1ull) | (large ? at >> 16 & 1 : !(v->misc & MISC_PAGE));
    }
    if (is_dispi(v))
        return (uint32_t)(((uint64_t)v->card.dispi[DISPI_BANK] * DISPI_BANK_SIZE + (at & 0xffff)) &
                          (v->card.vram->size / 4 - 1));
    return at & (PLANE_SIZE - 1);
}

/* Four bits, one a plane, as bytes of ones. */
static uint32_t expand(uint32_t planes)
{
    return (planes & 1 ? 0xffu : 0) | (planes & 2 ? 0xff00u : 0) | (planes & 4 ? 0xff0000u : 0) |
           (planes & 8 ? 0xff000000u : 0);
}

static uint32_t repeat(uint32_t byte)
{
    return (byte & 0xff) * 0x01010101u;
}

/* ---- reads ---- */
/* Read mode 1: where the planes that are cared for have the colour compared with. */
static uint8_t compare(const struct vga *v, uint32_t latch)
{
    uint32_t differ = (latch ^ expand(v->gr[GR_COLOR_COMPARE])) & expand(v->gr[GR_COLOR_DONT_CARE]);

    return (uint8_t) ~(differ | differ >> 8 | differ >> 16 | differ >> 24);
}

static uint8_t read_planes(struct vga *v, uint64_t at, bool debug)
{
    uint32_t latch = ld_le32(v->card.vram->host + 4ull * plane_offset(v, at));
    uint32_t plane = v->gr[GR_READ_MAP] & 3; /* a snapshot may say more */

    if (!debug)
        v->latch = latch;
    if (v->sr[SR_MEMORY_MODE] & SR_CHAIN_4)
        return (uint8_t)(latch >> 8 * (at & 3));
    if (v->gr[GR_MODE] & GR_READ_MODE)
        return compare(v, latch);
    if (v->gr[GR_MODE] & GR_ODD_EVEN)
        plane = (plane & 2) | (at & 1);
    return (uint8_t)(latch >> 8 * plane);
}

/* ---- writes ---- */
static uint32_t rotated(const struct vga *v, uint8_t value)
{
    uint32_t n = v->gr[GR_DATA_ROTATE] & 7;

    return repeat((uint32_t)value >> n | (uint32_t)value << (8 - n));
}

/* GR03 bits 4:3: 0 leaves the data, 1 AND, 2 OR, 3 XOR with the latches. */
static uint32_t function(const struct vga *v, uint32_t data)
{
    switch (v->gr[GR_DATA_ROTATE] >> 3) {
    case 1:
        return data & v->latch;
    case 2:
        return data | v->latch;
    case 3:
        return data ^ v->latch;
    default:
        return data;
    }
}

/* What all four planes would get. */
static uint32_t written_data(const struct vga *v, uint8_t value)
{
    uint32_t mask = repeat(v->gr[GR_BIT_MASK]), set_reset = expand(v->gr[GR_SET_RESET]), data;

    switch (v->gr[GR_MODE] & 3) {
    case 0: {
        uint32_t enabled = expand(v->gr[GR_ENABLE_SET_RESET]);
        data = (rotated(v, value) & ~enabled) | (set_reset & enabled);
        break;
    }
    case 1:
        return v->latch;
    case 2:
        data = expand(value);
        break;
    default: /* 3: the data are part of the mask */
        mask &= rotated(v, value);
        data = set_reset;
        break;
    }
    return (function(v, data) & mask) | (v->latch & ~mask);
}

/* Planes that the address and the map mask let through. */
static uint32_t written_planes(const struct vga *v, uint64_t at)
{
    uint32_t planes = v->sr[SR_MAP_MASK];

    if (v->sr[SR_MEMORY_MODE] & SR_CHAIN_4)
        planes &= 1u << (at & 3);
    else if (!(v->sr[SR_MEMORY_MODE] & SR_ODD_EVEN_OFF))
        planes &= at & 1 ? 0xau : 0x5u;
    return planes;
}

static void write_planes(struct vga *v, uint64_t at, uint8_t value)
{
    uint64_t offset = 4ull * plane_offset(v, at);
    uint8_t *word = v->card.vram->host + offset;
    uint32_t through = expand(written_planes(v, at));

    if (through == 0)
        return;
    st_le32(word, (ld_le32(word) & ~through) | (written_data(v, value) & through));
    mem_ram_written(v->card.vram, offset, 4);
}

/* ---- the window ---- */
static uint64_t linear_offset(const struct vga *v, uint64_t at)
{
    return ((uint64_t)v->card.dispi[DISPI_BANK] * DISPI_BANK_SIZE + at) & (v->card.vram->size - 1);
}

static enum mem_result window_read(void *arg, uint64_t offset, unsigned size, uint64_t *value,
                                   const struct mem_attrs *attrs)
{
    struct vga *v = arg;
    uint64_t at;

    (void)size;
    if (!in_window(v, offset, &at))
        *value = NOBODY;
    else if (vga_is_linear(v))
        *value = v->card.vram->host[linear_offset(v, at)];
    else
        *value = read_planes(v, at, attrs->debug);
    return MEM_OK;
}

static enum mem_result window_write(void *arg, uint64_t offset, unsigned size, uint64_t value,
                                    const struct mem_attrs *attrs)
{
    struct vga *v = arg;
    uint64_t at;

    (void)size;
    (void)attrs;
    if (!in_window(v, offset, &at))
        return MEM_OK;
    if (!vga_is_linear(v)) {
        write_planes(v, at, (uint8_t)value);
        return MEM_OK;
    }
    v->card.vram->host[linear_offset(v, at)] = (uint8_t)value;
    mem_ram_written(v->card.vram, linear_offset(v, at), 1);
    return MEM_OK;
}

const struct mmio_ops vga_window_ops = { .read = window_read, .write = window_write, .sizes = 1,
                                         .split = true };
