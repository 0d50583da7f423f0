/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DISPI, EDID and extended registers of the display cards (Bochs vbe.h; QEMU
 * docs/specs/standard-vga.rst; VESA E-EDID 1.4 and CVT 1.1).
 */
#include "devices/edid.h"
#include "test/devices/vga_fixture.h"
#include <stdio.h>
#include <unistd.h>

enum { ID, XRES, YRES, BPP, ENABLE, BANK, VIRT_WIDTH, VIRT_HEIGHT, X_OFFSET, Y_OFFSET, MEMORY };

static void setup_vga(void)
{
    open_card(BOCHS_VGA);
    out(0x3c2, 0x63); /* colour, RAM enabled */
    set_colors();
    out(0x3c0, 0x20);
}

static void setup_secondary(void)
{
    open_card(BOCHS_SECONDARY_VGA);
}

static void setup_display(void)
{
    open_card(BOCHS_DISPLAY);
}

static uint32_t get(uint32_t index)
{
    return (uint32_t)load(BAR2 + 0x500 + 2 * index, 2);
}

static void show(uint32_t width, uint32_t height, uint32_t bpp)
{
    dispi(ENABLE, 0);
    dispi(XRES, width);
    dispi(YRES, height);
    dispi(BPP, bpp);
    dispi(ENABLE, 0x41);
}

START_TEST(identification)
{
    ck_assert_uint_eq(get(ID), 0xb0c5);
    ck_assert_uint_eq(get(MEMORY), VRAM / 0x10000);
    ck_assert_uint_eq(load(BAR2 + 0x600, 4), 8);
    dispi(MEMORY, 1);
    ck_assert_uint_eq(get(MEMORY), VRAM / 0x10000);
}
END_TEST

START_TEST(capabilities)
{
    dispi(XRES, 640);
    dispi(ENABLE, 2);
    ck_assert_uint_eq(get(XRES), 16000);
    ck_assert_uint_eq(get(YRES), 12000);
    ck_assert_uint_eq(get(BPP), 32);
    dispi(ENABLE, 0);
    ck_assert_uint_eq(get(XRES), 640);
    dispi(ID, 0xb0c2);
    ck_assert_uint_eq(get(ID), 0xb0c2);
    dispi(ID, 0xb0c6);
    ck_assert_uint_eq(get(ID), 0xb0c2);
}
END_TEST

/* What cannot be is cut when it is switched on, or written. */
START_TEST(values_are_brought_into_range)
{
    show(643, 480, 8);
    ck_assert_uint_eq(get(XRES), 640);
    ck_assert_uint_eq(get(VIRT_WIDTH), 640);
    ck_assert_uint_eq(get(VIRT_HEIGHT), VRAM / 640);
    dispi(Y_OFFSET, 5000);
    ck_assert_uint_eq(get(Y_OFFSET), VRAM / 640 - 480);
    dispi(X_OFFSET, 8);
    ck_assert_uint_eq(get(X_OFFSET), 0);
    dispi(VIRT_WIDTH, 1024);
    dispi(X_OFFSET, 999);
    ck_assert_uint_eq(get(X_OFFSET), 384);
    show(640, 480, 7);
    ck_assert_uint_eq(get(BPP), 8);
    show(800, 6000, 32); /* 327 lines of 3200 bytes fit */
    ck_assert_uint_eq(get(YRES), VRAM / 3200);
    show(0, 0, 16);
    ck_assert_uint_eq(get(XRES), 8);
    ck_assert_uint_eq(get(YRES), 1);
}
END_TEST

START_TEST(switching_on_clears)
{
    store(BAR0 + 320 * 199 + 5, 1, 0xee);
    store(BAR0 + 320 * 200 + 5, 1, 0xdd);
    show(320, 200, 8);
    ck_assert_uint_eq(load(BAR0 + 320 * 199 + 5, 1), 0);
    ck_assert_uint_eq(load(BAR0 + 320 * 200 + 5, 1), 0xdd);
    store(BAR0 + 5, 1, 0xee);
    dispi(ENABLE, 0);
    dispi(ENABLE, 0xc1);
    ck_assert_uint_eq(load(BAR0 + 5, 1), 0xee);
}
END_TEST

/* One dot at (3, 2) of 64 by 48 in each depth; the bytes and what they are as 8 bits a colour. */
static const struct {
    uint32_t bpp, bytes, little, big, want;
} depths[] = {
    { 8,  1, 0xa7,       0xa7,       0 /* the DAC's */ },
    { 15, 2, 0x7fe1,     0xe17f,     0xffff08 },
    { 16, 2, 0xf81f,     0x1ff8,     0xff00ff },
    { 16, 2, 0x0410,     0x1004,     0x008284 },
    { 24, 3, 0x123456,   0x563412,   0x123456 },
    { 32, 4, 0xff123456, 0x563412ff, 0x123456 },
};

START_TEST(depths_and_byte_order)
{
    uint32_t bpp = depths[_i].bpp, n = depths[_i].bytes, want = bpp == 8 ? color(0xa7) : depths[_i].want;

    show(64, 48, bpp);
    for (int big = 0; big < 2; big++) {
        uint32_t value = big ? depths[_i].big : depths[_i].little;
        store(BAR2 + 0x604, 4, big ? 0xbebebebe : 0x1e1e1e1e);
        ck_assert_uint_eq(load(BAR2 + 0x604, 4), big ? 0xbebebebe : 0x1e1e1e1e);
        for (uint32_t i = 0; i < n; i++)
            store(BAR0 + (2 * 64 + 3) * n + i, 1, value >> 8 * i & 0xff);
        const struct display_surface *s = look();
        ck_assert_uint_eq(s->width, 64);
        ck_assert_uint_eq(s->height, 48);
        IS_PIXEL(s, 3, 2, want);
        IS_PIXEL(s, 4, 2, bpp == 8 ? color(0) : 0);
    }
}
END_TEST

START_TEST(panning_and_virtual_width)
{
    show(64, 48, 32);
    dispi(VIRT_WIDTH, 128);
    store(BAR0 + 4 * (128 * 10 + 70), 4, 0x00abcdef);
    dispi(X_OFFSET, 64);
    dispi(Y_OFFSET, 9);
    IS_PIXEL(look(), 6, 1, 0xabcdef);
}
END_TEST

/* Four bits a pixel: planes as in a VGA's modes, through the attribute palette. */
START_TEST(planar)
{
    for (uint8_t i = 0; i < 16; i++)
        set_ar(i, (uint8_t)(0x3f - i));
    set_ar(0x12, 0xf);
    show(800, 48, 4);
    set_sr(4, 6);
    set_sr(2, 9);
    set_gr(8, 0xff);
    store(WINDOW + 100 * 5 + 2, 1, 0x10);
    const struct display_surface *s = look();
    ck_assert_uint_eq(s->width, 800);
    IS_PIXEL(s, 16 + 3, 5, color(0x3f - 9));
    IS_PIXEL(s, 16 + 4, 5, color(0x3f));
}
END_TEST

START_TEST(eight_bit_dac)
{
    show(64, 48, 8);
    dispi(ENABLE, 0x61);
    set_dac(0, 0x12, 0x34, 0x56);
    IS_PIXEL(look(), 0, 0, 0x123456);
}
END_TEST

/* 1CE is the index; data at 1D0, or at 1CF as a word that is not aligned. */
START_TEST(registers_in_io_space)
{
    store(IO + 0x1ce, 2, XRES);
    store(IO + 0x1d0, 2, 1024);
    ck_assert_uint_eq(get(XRES), 1024);
    ck_assert_uint_eq(load(IO + 0x1d0, 2), 1024);
    ck_assert_uint_eq(load(IO + 0x1ce, 2), XRES);
    store(IO + 0x1cf, 1, 0x20);
    store(IO + 0x1d0, 1, 0x03);
    ck_assert_uint_eq(get(XRES), 800);
    ck_assert_uint_eq(load(IO + 0x1cf, 1), 0x20);
    ck_assert_uint_eq(load(IO + 0x1d0, 1), 0x03);
}
END_TEST

/* Retrace at 60 Hz where no timing is told. */
START_TEST(beam_of_dispi)
{
    unsigned count = 0, last = 0;

    show(640, 320, 32);
    for (ps_t t = 0; t < PS_PER_SEC; t += 20 * PS_PER_US) {
        ev_run(m->queue, t);
        unsigned now = (unsigned)load(BAR2 + 0x41a, 1) & 8;
        count += now && !last;
        last = now;
    }
    ck_assert_uint_ge(count, 59);
    ck_assert_uint_le(count, 61);
}
END_TEST

/* Without ports and window; a screen is dark until the palette's source bit is set through BAR 2. */
START_TEST(secondary)
{
    uint64_t v;

    ck_assert_uint_eq(load(ECAM + 0x8008, 4), 0x03800002);
    ck_assert_int_eq(mem_load(m->memory, WINDOW, 1, &v, NULL), MEM_NOTHING);
    ck_assert_uint_eq(load(IO + 0x3cc, 1), 0xff);
    show(64, 48, 32);
    store(BAR0, 4, 0x00654321);
    IS_PIXEL(look(), 0, 0, 0);
    store(BAR2 + 0x400, 1, 0x20);
    IS_PIXEL(look(), 0, 0, 0x654321);
}
END_TEST

/* bochs-display: what is written stays; 16 and 32 bits are shown, what does not fit is not. */
START_TEST(display)
{
    ck_assert_uint_eq(load(ECAM + 0x8008, 4), 0x03800002);
    ck_assert_uint_eq(get(ID), 0xb0c5);
    show(643, 300, 32);
    ck_assert_uint_eq(get(XRES), 643);
    store(BAR0 + 4 * 643, 4, 0x00654321);
    const struct display_surface *s = look();
    ck_assert_uint_eq(s->width, 643);
    IS_PIXEL(s, 0, 1, 0x654321);
    show(643, 300, 16); /* 4321 0065: no clearing; dots 1286 and 1287 are 0 and 1 of line 2 */
    s = look();
    IS_PIXEL(s, 0, 2, 0x426508);
    IS_PIXEL(s, 1, 2, 0x000c29);
    show(640, 480, 32); /* 1.2 MB of 1 MiB */
    ck_assert_uint_eq(look()->height, 0);
    show(640, 480, 24);
    ck_assert_uint_eq(look()->height, 0);
    dispi(ENABLE, 0);
    ck_assert_uint_eq(look()->height, 0);
}
END_TEST

/* ---- EDID ---- */
static void check_block(const uint8_t *b)
{
    static const uint8_t header[8] = { 0, 255, 255, 255, 255, 255, 255, 0 };
    uint8_t sum = 0;

    ck_assert_mem_eq(b, header, 8);
    for (int i = 0; i < EDID_SIZE; i++)
        sum = (uint8_t)(sum + b[i]);
    ck_assert_uint_eq(sum, 0);
    ck_assert_uint_eq(b[18], 1);
    ck_assert_uint_eq(b[19], 4);
    ck_assert_uint_eq(b[126], 0); /* no extensions */
}

/* CVT 1.1 reduced blanking, from VESA's table of standard modes: clock in 10 kHz, total lines. */
START_TEST(edid_timings)
{
    static const struct { uint32_t w, h, clock, blank; } rows[] = {
        { 1280, 800, 7100, 23 }, { 1440, 900, 8875, 26 }, { 1680, 1050, 11900, 30 },
        { 1920, 1200, 15400, 35 }, { 1400, 1050, 10100, 30 }, { 1280, 768, 6825, 22 },
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        uint8_t b[EDID_SIZE];
        ck_assert_int_eq(edid_write(b, rows[i].w, rows[i].h, &e), 0);
        check_block(b);
        const uint8_t *d = b + 54;
        ck_assert_uint_eq(ld_le16(d), rows[i].clock);
        ck_assert_uint_eq(d[2] | (d[4] & 0xf0u) << 4, rows[i].w);
        ck_assert_uint_eq(d[3] | (d[4] & 0x0fu) << 8, 160);
        ck_assert_uint_eq(d[5] | (d[7] & 0xf0u) << 4, rows[i].h);
        ck_assert_uint_eq(d[6] | (d[7] & 0x0fu) << 8, rows[i].blank);
    }
}
END_TEST

START_TEST(edid_in_the_bar)
{
    uint8_t b[EDID_SIZE], want[EDID_SIZE];

    for (uint32_t i = 0; i < EDID_SIZE; i++)
        b[i] = (uint8_t)load(BAR2 + i, 1);
    check_block(b);
    ck_assert_int_eq(edid_write(want, 1280, 800, &e), 0);
    ck_assert_mem_eq(b, want, EDID_SIZE);
    ck_assert_uint_eq(load(BAR2 + 0x80, 8), 0);
    ck_assert_uint_eq(load(BAR2, 8), 0x00ffffffffffff00);
}
END_TEST

START_TEST(edid_limits)
{
    uint8_t b[EDID_SIZE];

    ck_assert_int_eq(edid_write(b, 63, 800, &e), ERR_LIMIT);
    ck_assert_int_eq(edid_write(b, 4096, 800, &e), ERR_LIMIT);
    ck_assert_int_eq(edid_write(b, 4095, 4095, &e), ERR_LIMIT);
    ck_assert_ptr_nonnull(strstr(e.text, "MHz"));
    ck_assert_int_eq(edid_write(b, 3840, 2160, &e), 0);
}
END_TEST

START_TEST(options_are_checked)
{
    struct bochs_options o = { .devfn = -1, .vram = 3 << 20 };
    struct pci_bus bus;

    pci_bus_init(&bus, m, &(struct pci_windows){ .memory = m->memory }, NULL, NULL);
    ck_assert_ptr_null(bochs_create(m, "a", &bus, &o, &e));
    ck_assert_ptr_nonnull(strstr(e.text, "power of two"));
    o = (struct bochs_options){ .devfn = -1, .vram = 1 << 20, .xres = 10 };
    ck_assert_ptr_null(bochs_create(m, "b", &bus, &o, &e));
    o = (struct bochs_options){ .devfn = -1, .vram = 1 << 20, .rom = "/nonexistent" };
    ck_assert_ptr_null(bochs_create(m, "c", &bus, &o, &e));
    ck_assert_ptr_nonnull(strstr(e.text, "/nonexistent"));
}
END_TEST

/* The ROM's file in its BAR: here of 5000 bytes, so of 8 KiB. */
START_TEST(option_rom)
{
    char path[64];
    uint8_t rom[5000] = { 0x55, 0xaa };
    const struct bochs_options o = { .kind = BOCHS_VGA, .devfn = PCI_DEVFN(2, 0), .vram = VRAM, .rom = path };
    struct pci_bus bus;

    for (uint32_t i = 2; i < sizeof(rom); i++)
        rom[i] = (uint8_t)(i * 7);
    snprintf(path, sizeof(path), "/tmp/orrery-rom-%d", (int)getpid());
    FILE *f = fopen(path, "wb");
    ck_assert_uint_eq(fwrite(rom, 1, sizeof(rom), f), sizeof(rom));
    fclose(f);
    pci_bus_init(&bus, m, &(struct pci_windows){ .memory = m->memory }, NULL, NULL);
    ck_assert_msg(bochs_create(m, "with-rom", &bus, &o, &e) != NULL, "%s", e.text);
    unlink(path);
    pci_config_write(&bus, 0x10, 0x30, 4, 0xffffffff);
    ck_assert_uint_eq(pci_config_read(&bus, 0x10, 0x30, 4), 0xffffe001);
    pci_config_write(&bus, 0x10, 0x30, 4, 0x60000001);
    pci_config_write(&bus, 0x10, 4, 2, 2);
    for (uint32_t i = 0; i < sizeof(rom); i++)
        ck_assert_uint_eq(load(0x60000000 + i, 1), rom[i]);
    ck_assert_uint_eq(load(0x60001fff, 1), 0);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("devices.bochs");
    TCase *t = tcase_create("VGA");

    tcase_add_checked_fixture(t, setup_vga, close_card);
    tcase_add_test(t, identification);
    tcase_add_test(t, capabilities);
    tcase_add_test(t, values_are_brought_into_range);
    tcase_add_test(t, switching_on_clears);
    tcase_add_loop_test(t, depths_and_byte_order, 0, ARRAY_LEN(depths));
    tcase_add_test(t, panning_and_virtual_width);
    tcase_add_test(t, planar);
    tcase_add_test(t, eight_bit_dac);
    tcase_add_test(t, registers_in_io_space);
    tcase_add_test(t, beam_of_dispi);
    tcase_add_test(t, edid_in_the_bar);
    tcase_add_test(t, options_are_checked);
    tcase_add_test(t, option_rom);
    suite_add_tcase(s, t);
    t = tcase_create("secondary-vga");
    tcase_add_checked_fixture(t, setup_secondary, close_card);
    tcase_add_test(t, identification);
    tcase_add_test(t, secondary);
    suite_add_tcase(s, t);
    t = tcase_create("bochs-display");
    tcase_add_checked_fixture(t, setup_display, close_card);
    tcase_add_test(t, identification);
    tcase_add_test(t, display);
    tcase_add_test(t, edid_in_the_bar);
    suite_add_tcase(s, t);
    t = tcase_create("EDID");
    tcase_add_test(t, edid_timings);
    tcase_add_test(t, edid_limits);
    suite_add_tcase(s, t);
    return s;
}
