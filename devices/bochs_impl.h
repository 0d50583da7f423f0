/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_BOCHS_IMPL_H
#define ORRERY_DEVICES_BOCHS_IMPL_H
/* The card (bochs.c) and the VGA on it: ports (vga.c), memory (vga_memory.c), pictures (vga_draw.c). */
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include "devices/bochs.h"
#include "devices/edid.h"
#include "devices/pci/pci.h"
#include "devices/pixel.h"

/* ---- DISPI: Bochs iodev/display/vbe.h ---- */
enum dispi_register {
    DISPI_ID, DISPI_XRES, DISPI_YRES, DISPI_BPP, DISPI_ENABLE, DISPI_BANK, DISPI_VIRT_WIDTH,
    DISPI_VIRT_HEIGHT, DISPI_X_OFFSET, DISPI_Y_OFFSET, DISPI_MEMORY_64K, DISPI_REGISTERS,
    DISPI_ROOM, /* a multiple of four: no padding behind them */
};
enum { DISPI_ENABLED = 1, DISPI_GETCAPS = 2, DISPI_8BIT_DAC = 0x20, DISPI_LFB = 0x40, DISPI_NOCLEAR = 0x80 };
enum { DISPI_ID5 = 0xb0c5, DISPI_ID0 = 0xb0c0, DISPI_MAX_WIDTH = 16000, DISPI_MAX_HEIGHT = 12000,
       DISPI_MAX_BPP = 32, DISPI_BANK_SIZE = 0x10000 };

/* ---- the card ---- */
enum { BOCHS_EDID = 0, BOCHS_EDID_SPACE = 0x400, BOCHS_PORTS = 0x400, BOCHS_DISPI = 0x500,
       BOCHS_EXTENDED = 0x600, BOCHS_BYTE_ORDER = 0x604, BOCHS_MMIO_SIZE = 0x1000 };
enum { BOCHS_LEGACY_REGIONS = 6 };

struct vga_ports {                      /* one run of ports in I/O space */
    struct vga *vga;
    uint32_t base;
};

struct bochs {
    struct device dev;                  /* wiring from here on */
    struct mem_ram *vram;
    struct mem_space *window_space;
    struct mem_region *legacy[BOCHS_LEGACY_REGIONS], *window; /* VGA's, or NULL */
    struct vga_ports ports[BOCHS_LEGACY_REGIONS];
    uint8_t edid[EDID_SIZE];
    bool has_edid;
    struct pci_function pci;            /* its end and what follows are saved */

    uint64_t big_endian;                /* pixels of 15 bits and more */
    uint16_t dispi[DISPI_ROOM];
};

/* What DISPI shows, in pixels but for `line` and `at`; false: nothing, or what memory does not hold. */
struct bochs_mode {
    uint32_t width, height, bpp;
    uint64_t line, at;                  /* bytes; 4 bits a pixel: in one plane */
};
bool bochs_mode(const struct bochs *b, struct bochs_mode *mode);
/* Of 15 bits and more; else PIXEL_NONE. */
enum pixel_format bochs_format(const struct bochs *b, uint32_t bpp);
/* As it is, without those that cannot be shown. */
void bochs_reset_dispi(struct bochs *b);
void bochs_clear_vram(struct bochs *b, uint64_t n);

/* ---- VGA ---- */
/* IBM PS/2 Hardware Interface Technical Reference, Video Subsystem: registers by index. */
enum { SR_RESET, SR_CLOCKING, SR_MAP_MASK, SR_CHARACTER_MAP, SR_MEMORY_MODE, VGA_SR };
enum { GR_SET_RESET, GR_ENABLE_SET_RESET, GR_COLOR_COMPARE, GR_DATA_ROTATE, GR_READ_MAP, GR_MODE,
       GR_MISC, GR_COLOR_DONT_CARE, GR_BIT_MASK, VGA_GR };
enum { AR_MODE = 0x10, AR_OVERSCAN, AR_PLANE_ENABLE, AR_PEL_PANNING, AR_COLOR_SELECT, VGA_AR };
enum { CR_HTOTAL = 0, CR_HDISPLAY = 1, CR_VTOTAL = 6, CR_OVERFLOW = 7, CR_PRESET_ROW = 8,
       CR_MAX_SCAN = 9, CR_CURSOR_START = 0xa, CR_CURSOR_END = 0xb, CR_START_HIGH = 0xc,
       CR_START_LOW = 0xd, CR_CURSOR_HIGH = 0xe, CR_CURSOR_LOW = 0xf, CR_VSYNC_START = 0x10,
       CR_VSYNC_END = 0x11, CR_VDISPLAY = 0x12, CR_OFFSET = 0x13, CR_UNDERLINE = 0x14,
       CR_MODE = 0x17, CR_LINE_COMPARE = 0x18, VGA_CR };

struct vga {
    struct bochs card;                  /* saved, but for its wiring */

    uint32_t latch;                     /* plane n in byte n */
    uint8_t sr_index, gr_index, cr_index, ar_index;
    uint8_t ar_data;                    /* the next write to 3C0 is data */
    uint8_t misc, feature;
    uint8_t dac_mask, dac_write, dac_read, dac_reading;
    uint8_t dac_part;                   /* the next of red, green, blue */
    uint8_t dispi_index, dispi_low;     /* 1CE; low byte of a value written by bytes */
    uint8_t dac_buffer[2];              /* red and green, until blue comes */
    uint8_t sr[VGA_SR], gr[VGA_GR], ar[VGA_AR], cr[VGA_CR];
    uint8_t palette[256][3];
};

/* 3B0-3DF. `debug`: nothing changes by reading. */
uint8_t vga_read_port(struct vga *v, uint32_t port, bool debug);
void vga_write_port(struct vga *v, uint32_t port, uint8_t value);

/* Ports and window follow the command register. */
int vga_add_legacy(struct vga *v, const struct bochs_options *o, struct err *e) MUST_CHECK;
void vga_update_legacy(struct vga *v);

uint64_t vga_read_dispi(const void *dev, uint32_t index);
void vga_wrote_dispi(void *dev, uint32_t index, uint64_t old, uint64_t now);

/* The window at A0000: vga_memory.c. */
extern const struct mmio_ops vga_window_ops;
/* Linear memory behind the window instead of planes: DISPI is on with 8 bits a pixel or more. */
bool vga_is_linear(const struct vga *v);

/* The beam: vga_beam.c. */
struct vga_beam {
    bool displaying;                    /* neither blanked horizontally nor vertically */
    bool vertical_sync;
    uint64_t frame;                     /* number of this frame since power-on */
};
struct vga_beam vga_beam(const struct vga *v);
uint32_t vga_lines(const struct vga *v); /* visible scan lines that the CRTC makes */

extern const struct display_ops vga_screen;

#endif
