/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The window at A0000: write and read modes of the graphics controller, addressing, banks (IBM
 * PS/2 Video Subsystem, "Graphics Controller Registers"; FreeVGA, "Accessing Video Memory").
 */
#include "test/devices/vga_fixture.h"

static void setup(void)
{
    open_card(BOCHS_VGA);
    set_mode(&mode_12);
}

static void set_planes(uint32_t offset, uint32_t planes)
{
    st_le32(m->rams[1]->host + 4 * offset, planes);
}

static uint32_t get_planes(uint32_t offset)
{
    return ld_le32(m->rams[1]->host + 4 * offset);
}

/* Latches hold 55 in plane 0, 33 in 1, 0f in 2, f0 in 3; what the manual's pipeline makes of `data`. */
static const struct {
    const char *what;
    uint8_t set_reset, enable, rotate, mode, mask, map, data;
    uint32_t want;
} writes[] = {
    { "mode 0, all planes",          0, 0, 0, 0, 0xff, 0xf, 0xa5, 0xa5a5a5a5 },
    { "mode 0, planes 0 and 2",      0, 0, 0, 0, 0xff, 0x5, 0xa5, 0xf0a533a5 },
    { "mode 0, no plane",            0, 0, 0, 0, 0xff, 0x0, 0xa5, 0xf00f3355 },
    { "mode 0, rotated by 3",        0, 0, 3, 0, 0xff, 0xf, 0x81, 0x30303030 },
    { "mode 0, bit mask 0f",         0, 0, 0, 0, 0x0f, 0xf, 0xaa, 0xfa0a3a5a },
    { "mode 0, AND",                 0, 0, 0x08, 0, 0xff, 0xf, 0x3c, 0x300c3014 },
    { "mode 0, OR",                  0, 0, 0x10, 0, 0xff, 0xf, 0x3c, 0xfc3f3f7d },
    { "mode 0, XOR",                 0, 0, 0x18, 0, 0xff, 0xf, 0x3c, 0xcc330f69 },
    { "mode 0, set/reset 5 of 7",    0x5, 0x7, 0, 0, 0xff, 0xf, 0x12, 0x12ff00ff },
    { "mode 0, set/reset and mask",  0x5, 0xf, 0, 0, 0xf0, 0xf, 0x12, 0x00ff03f5 },
    { "mode 1, latches",             0xf, 0xf, 0x1f, 1, 0x00, 0xf, 0xa5, 0xf00f3355 },
    { "mode 1, plane 3 alone",       0, 0, 0, 1, 0xff, 0x8, 0xa5, 0xf0ddccbb },
    { "mode 2, colour 6",            0, 0, 0, 2, 0xff, 0xf, 0xf6, 0x00ffff00 },
    { "mode 2, bit mask 81",         0, 0, 0, 2, 0x81, 0xf, 0x06, 0x708fb354 },
    { "mode 2, XOR",                 0, 0, 0x18, 2, 0xff, 0xf, 0x09, 0x0f0f33aa },
    { "mode 3, data are the mask",   0x9, 0, 0, 3, 0xff, 0xf, 0x0f, 0xff00305f },
    { "mode 3, and bit mask, rotated", 0x9, 0, 4, 3, 0x3c, 0xf, 0x0f, 0xf00f0375 },
};

START_TEST(write_modes)
{
    enum { SOURCE = 0x123, TARGET = 0x456 };

    set_planes(SOURCE, 0xf00f3355);
    /* Planes that the map mask holds back keep what was there: for mode 1 something else than latches. */
    set_planes(TARGET, writes[_i].mode == 1 && writes[_i].map == 8 ? 0xeeddccbb : 0xf00f3355);
    set_gr(0, writes[_i].set_reset);
    set_gr(1, writes[_i].enable);
    set_gr(3, writes[_i].rotate);
    set_gr(5, writes[_i].mode);
    set_gr(8, writes[_i].mask);
    set_sr(2, writes[_i].map);
    (void)load(WINDOW + SOURCE, 1);
    store(WINDOW + TARGET, 1, writes[_i].data);
    ck_assert_msg(get_planes(TARGET) == writes[_i].want, "%s: %08x, not %08x", writes[_i].what,
                  get_planes(TARGET), writes[_i].want);
}
END_TEST

START_TEST(read_mode_0_selects_a_plane)
{
    set_planes(5, 0x44332211);
    for (uint8_t plane = 0; plane < 4; plane++) {
        set_gr(4, plane);
        ck_assert_uint_eq(load(WINDOW + 5, 1), 0x11u * (plane + 1u));
    }
}
END_TEST

/* Read mode 1: ones where all planes that are cared for have the colour's bits. */
START_TEST(read_mode_1_compares)
{
    static const struct { uint8_t color, care, want; } rows[] = {
        { 0x0, 0xf, 0x01 }, /* only bit 0 is 0 in each plane */
        { 0x5, 0xf, 0x24 }, /* planes 0 and 2 set, 1 and 3 clear */
        { 0x5, 0x5, 0x3c }, /* whatever planes 1 and 3 have */
        { 0x3, 0x0, 0xff },
    };

    /* Bits: 7654 3210 -> plane 0 and 2 hold 0x3c, plane 1 0x5a, plane 3 0xc2. */
    set_planes(7, 0xc23c5a3c);
    set_gr(5, 0x08);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        set_gr(2, rows[i].color);
        set_gr(7, rows[i].care);
        ck_assert_msg(load(WINDOW + 7, 1) == rows[i].want, "colour %x, care %x: %02x", rows[i].color,
                      rows[i].care, (unsigned)load(WINDOW + 7, 1));
    }
}
END_TEST

/* Text: even addresses are plane 0, odd ones plane 1; address bit 0 is the page bit. */
START_TEST(odd_even_addressing)
{
    set_mode(&mode_3);
    set_sr(2, 3);
    store(0xb8000 + 160, 2, 0x1e41);
    ck_assert_uint_eq(get_planes(160), 0x1e41);
    ck_assert_uint_eq(get_planes(161), 0);
    ck_assert_uint_eq(load(0xb8000 + 160, 2), 0x1e41);
    out(0x3c2, 0x47); /* page bit 0: the upper page */
    store(0xb8000 + 160, 2, 0x2f42);
    ck_assert_uint_eq(get_planes(161), 0x2f42);
    ck_assert_uint_eq(get_planes(160), 0x1e41);
}
END_TEST

START_TEST(chain_4_addressing)
{
    set_mode(&mode_13);
    store(WINDOW + 8, 4, 0x44332211);
    ck_assert_uint_eq(get_planes(8), 0x44332211);
    ck_assert_uint_eq(get_planes(9), 0);
    ck_assert_uint_eq(load(WINDOW + 10, 1), 0x33);
    set_sr(2, 0xd); /* plane 1 is not written */
    store(WINDOW + 8, 4, 0xffffffff);
    ck_assert_uint_eq(get_planes(8), 0xffff22ff);
}
END_TEST

/* GR06 bits 3:2; elsewhere nobody answers. */
START_TEST(window_maps)
{
    static const struct { uint8_t map; uint32_t base, size; } rows[] = {
        { 0, 0xa0000, 0x20000 }, { 1, 0xa0000, 0x10000 }, { 2, 0xb0000, 0x8000 }, { 3, 0xb8000, 0x8000 },
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        set_gr(6, (uint8_t)(rows[i].map << 2 | 1));
        for (uint32_t at = 0xa0000; at < 0xc0000; at += 0x4000) {
            bool inside = at >= rows[i].base && at < rows[i].base + rows[i].size;
            store(at, 1, 0x5a);
            ck_assert_msg(load(at, 1) == (inside ? 0x5a : 0xff), "map %u at %x", rows[i].map, at);
        }
    }
    out(0x3c2, 0xe1); /* RAM enable off */
    ck_assert_uint_eq(load(0xb8000, 1), 0xff);
}
END_TEST

START_TEST(window_follows_the_command_register)
{
    uint64_t v;

    store(WINDOW, 1, 0x77);
    store(ECAM + 0x8004, 2, 1);
    ck_assert_int_eq(mem_load(m->memory, WINDOW, 1, &v, NULL), MEM_NOTHING);
    ck_assert_uint_eq(in(0x3cc), 0xe3);
    store(ECAM + 0x8004, 2, 2);
    ck_assert_uint_eq(load(WINDOW, 1), 0x77);
    ck_assert_uint_ne(in(0x3cc), 0xe3);
}
END_TEST

/* DISPI with 8 bits: the window is a bank of 64 KiB, the BAR shows all. */
START_TEST(banks)
{
    dispi(1, 640);
    dispi(2, 480);
    dispi(3, 8);
    dispi(4, 1);
    for (uint32_t bank = 0; bank < VRAM / 0x10000; bank++) {
        dispi(5, bank);
        store(WINDOW + 0x1234, 4, 0xa0b0c000 | bank);
    }
    for (uint32_t bank = 0; bank < VRAM / 0x10000; bank++)
        ck_assert_uint_eq(load(BAR0 + bank * 0x10000 + 0x1234, 4), 0xa0b0c000 | bank);
    dispi(5, 0x13); /* wraps at 1 MiB */
    ck_assert_uint_eq(load(WINDOW + 0x1234, 1), 3);
}
END_TEST

/* With 4 bits a bank is 64 KiB of each plane. */
START_TEST(planar_banks)
{
    dispi(1, 800);
    dispi(2, 600);
    dispi(3, 4);
    dispi(4, 1);
    set_sr(2, 4);
    dispi(5, 2);
    store(WINDOW + 9, 1, 0x99);
    ck_assert_uint_eq(get_planes(0x20009), 0x00990000);
    set_gr(4, 2);
    ck_assert_uint_eq(load(WINDOW + 9, 1), 0x99);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("devices.vga_memory");
    TCase *t = tcase_create("window");

    tcase_add_checked_fixture(t, setup, close_card);
    tcase_add_loop_test(t, write_modes, 0, ARRAY_LEN(writes));
    tcase_add_test(t, read_mode_0_selects_a_plane);
    tcase_add_test(t, read_mode_1_compares);
    tcase_add_test(t, odd_even_addressing);
    tcase_add_test(t, chain_4_addressing);
    tcase_add_test(t, window_maps);
    tcase_add_test(t, window_follows_the_command_register);
    tcase_add_test(t, banks);
    tcase_add_test(t, planar_banks);
    suite_add_tcase(s, t);
    return s;
}
