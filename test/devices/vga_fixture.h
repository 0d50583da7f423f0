/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_TEST_DEVICES_VGA_FIXTURE_H
#define ORRERY_TEST_DEVICES_VGA_FIXTURE_H
/*
 * A display card on a PCI bus, and how software reaches it. Include once in a test: it has the
 * test's machine in static variables.
 */
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include "devices/backend/display.h"
#include "devices/backend/host.h"
#include "devices/bochs.h"
#include "devices/pci/ecam.h"
#include "test/check_main.h"
#include "test/device_generic.h"
#include <string.h>

enum { ECAM = 0x30000000, IO = 0x3000000, MEM32 = 0x40000000, RAM = 0x80000000 };
enum { BAR0 = MEM32, BAR2 = MEM32 + 0x10000000, WINDOW = 0xa0000, VRAM = 1 << 20 };

static struct machine *m;
static struct host *h;
static struct device *card;
static struct err e;

static inline struct device *make_card(struct machine *machine, struct host *host, enum bochs_kind kind)
{
    const struct pci_ecam_map map = { .config = ECAM, .config_size = 1 << 20, .io = IO, .io_size = 0x10000,
                                      .range = { { MEM32, 0x20000000 } }, .n_ranges = 1 };
    const struct bochs_options o = {
        .kind = kind, .devfn = PCI_DEVFN(1, 0), .vram = VRAM, .host = host,
        .window = kind == BOCHS_VGA ? machine->memory : NULL, .window_priority = 1,
    };
    struct pci_ecam *bridge = pci_ecam_create(machine, "pci", machine->memory, &map, &e);
    ck_assert_msg(bridge != NULL, "%s", e.text);
    struct device *d = bochs_create(machine, "vga", &bridge->bus, &o, &e);
    ck_assert_msg(d != NULL, "%s", e.text);
    return d;
}

static inline uint64_t load(pa_t at, unsigned size)
{
    uint64_t v = 0;
    ck_assert_msg(mem_load(m->memory, at, size, &v, NULL) == MEM_OK, "load at %#llx", (unsigned long long)at);
    return v;
}

static inline void store(pa_t at, unsigned size, uint64_t v)
{
    ck_assert_msg(mem_store(m->memory, at, size, v, NULL) == MEM_OK, "store at %#llx", (unsigned long long)at);
}

/* Device 1: its BARs placed and switched on. */
static inline void enable_card(unsigned command)
{
    store(ECAM + 0x8010, 4, BAR0);
    store(ECAM + 0x8018, 4, BAR2);
    store(ECAM + 0x8004, 2, command);
}

static inline void open_card(enum bochs_kind kind)
{
    struct mem_ram *ram;

    m = device_generic_machine();
    ck_assert_int_eq(host_create(&h, m, &e), 0);
    ck_assert_int_eq(machine_add_ram(m, "ram", 1 << 20, &ram, &e), 0);
    ck_assert_int_eq(mem_add_ram(m->memory, "ram", RAM, ram, 0, 1 << 20, 0, NULL, &e), 0);
    card = make_card(m, h, kind);
    machine_reset(m);
    enable_card(7);
}

static inline void close_card(void)
{
    host_destroy(h);
    machine_destroy(m);
}

static inline uint8_t in(uint32_t port)
{
    return (uint8_t)load(IO + port, 1);
}
static inline void out(uint32_t port, uint8_t value)
{
    store(IO + port, 1, value);
}
static inline void set_sr(uint8_t index, uint8_t value)
{
    store(IO + 0x3c4, 2, (uint32_t)value << 8 | index);
}
static inline void set_gr(uint8_t index, uint8_t value)
{
    store(IO + 0x3ce, 2, (uint32_t)value << 8 | index);
}
static inline void set_cr(uint8_t index, uint8_t value)
{
    store(IO + 0x3d4, 2, (uint32_t)value << 8 | index);
}
static inline void set_ar(uint8_t index, uint8_t value)
{
    (void)in(0x3da);
    out(0x3c0, index);
    out(0x3c0, value);
    out(0x3c0, 0x20);
}
static inline void dispi(uint32_t index, uint32_t value)
{
    store(BAR2 + 0x500 + 2 * index, 2, value);
}

/* A colour of the DAC as software sets it, six bits each. */
static inline void set_dac(uint8_t index, uint8_t red, uint8_t green, uint8_t blue)
{
    out(0x3c8, index);
    out(0x3c9, red);
    out(0x3c9, green);
    out(0x3c9, blue);
}

/* Colours that tell themselves apart: index n is n/16 red, n%16 green, the rest blue. */
static inline uint32_t color(uint32_t n)
{
    uint32_t r = n >> 4 & 15, g = n & 15, b = 63 - r;
    return (r << 2 | r >> 4) << 16 | (g << 2 | g >> 4) << 8 | (b << 2 | b >> 4);
}
static inline void set_colors(void)
{
    for (uint32_t i = 0; i < 256; i++)
        set_dac((uint8_t)i, i >> 4, i & 15, (uint8_t)(63 - (i >> 4)));
    out(0x3c6, 0xff);
}

/* IBM PS/2 Video Subsystem, "VGA Programming Considerations": BIOS modes as register values. */
struct vga_mode {
    uint8_t misc, sr[5], cr[25], gr[9], ar[21];
};
#define AR_16 0, 1, 2, 3, 4, 5, 0x14, 7, 0x38, 0x39, 0x3a, 0x3b, 0x3c, 0x3d, 0x3e, 0x3f
static const struct vga_mode mode_3 = {
    0x67, { 3, 0, 3, 0, 2 },
    { 0x5f, 0x4f, 0x50, 0x82, 0x55, 0x81, 0xbf, 0x1f, 0, 0x4f, 0x0d, 0x0e, 0, 0, 0, 0, 0x9c, 0x8e,
      0x8f, 0x28, 0x1f, 0x96, 0xb9, 0xa3, 0xff },
    { 0, 0, 0, 0, 0, 0x10, 0x0e, 0, 0xff }, { AR_16, 0x0c, 0, 0x0f, 8, 0 },
};
static const struct vga_mode mode_4 = {
    0x63, { 3, 9, 3, 0, 2 },
    { 0x2d, 0x27, 0x28, 0x90, 0x2b, 0x80, 0xbf, 0x1f, 0, 0xc1, 0, 0, 0, 0, 0, 0, 0x9c, 0x8e,
      0x8f, 0x14, 0, 0x96, 0xb9, 0xa2, 0xff },
    { 0, 0, 0, 0, 0, 0x30, 0x0f, 0, 0xff },
    { 0, 0x13, 0x15, 0x17, 2, 4, 6, 7, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 1, 0, 3, 0, 0 },
};
static const struct vga_mode mode_d = {
    0x63, { 3, 9, 0xf, 0, 6 },
    { 0x2d, 0x27, 0x28, 0x90, 0x2b, 0x80, 0xbf, 0x1f, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x9c, 0x8e,
      0x8f, 0x14, 0, 0x96, 0xb9, 0xe3, 0xff },
    { 0, 0, 0, 0, 0, 0, 5, 0xf, 0xff },
    { 0, 1, 2, 3, 4, 5, 6, 7, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 1, 0, 0xf, 0, 0 },
};
static const struct vga_mode mode_12 = {
    0xe3, { 3, 1, 0xf, 0, 6 },
    { 0x5f, 0x4f, 0x50, 0x82, 0x54, 0x80, 0x0b, 0x3e, 0, 0x40, 0, 0, 0, 0, 0, 0, 0xea, 0x8c,
      0xdf, 0x28, 0, 0xe7, 0x04, 0xe3, 0xff },
    { 0, 0, 0, 0, 0, 0, 5, 0xf, 0xff }, { AR_16, 1, 0, 0xf, 0, 0 },
};
static const struct vga_mode mode_13 = {
    0x63, { 3, 1, 0xf, 0, 0xe },
    { 0x5f, 0x4f, 0x50, 0x82, 0x54, 0x80, 0xbf, 0x1f, 0, 0x41, 0, 0, 0, 0, 0, 0, 0x9c, 0x8e,
      0x8f, 0x28, 0x40, 0x96, 0xb9, 0xa3, 0xff },
    { 0, 0, 0, 0, 0, 0x40, 5, 0xf, 0xff },
    { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0x41, 0, 0xf, 0, 0 },
};

static inline void set_mode(const struct vga_mode *t)
{
    out(0x3c2, t->misc);
    for (uint8_t i = 0; i < 5; i++)
        set_sr(i, t->sr[i]);
    set_cr(0x11, 0); /* no protection */
    for (uint8_t i = 0; i < 25; i++)
        set_cr(i, t->cr[i]);
    for (uint8_t i = 0; i < 9; i++)
        set_gr(i, t->gr[i]);
    for (uint8_t i = 0; i < 21; i++)
        set_ar(i, t->ar[i]);
    set_colors();
}

static inline const struct display_surface *look(void)
{
    uint64_t number;
    ck_assert_msg(display_refresh(display_find(h, "vga"), &number, &e) == 0, "%s", e.text);
    return display_surface(display_find(h, "vga"));
}

static inline uint32_t pixel(const struct display_surface *s, uint32_t x, uint32_t y)
{
    ck_assert_msg(x < s->width && y < s->height, "no dot %u,%u in %u by %u", x, y, s->width, s->height);
    return s->pixels[y * (s->stride / 4) + x];
}

#define IS_PIXEL(s, x, y, want)                                                                    \
    do {                                                                                           \
        uint32_t is_ = pixel(s, x, y), want_ = (want);                                             \
        ck_assert_msg(is_ == want_, "dot %u,%u is %06x, not %06x", (unsigned)(x), (unsigned)(y), is_, want_); \
    } while (0)

#endif
