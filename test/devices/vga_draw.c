/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the VGA shows (IBM PS/2 Video Subsystem; FreeVGA, "Display Generation", "VGA Text Mode
 * Operation", "VGA Graphics"). Index n of the DAC is color(n).
 */
#include "test/devices/vga_fixture.h"

static void setup(void)
{
    open_card(BOCHS_VGA);
}

static void set_planes(uint32_t offset, uint32_t planes)
{
    st_le32(m->rams[1]->host + 4 * offset, planes);
}

static void glyph(uint32_t font, uint8_t character, uint32_t row, uint8_t bits)
{
    m->rams[1]->host[4 * (font + character * 32u + row) + 2] = bits;
}

static void put(uint32_t column, uint32_t row, uint8_t character, uint8_t attributes)
{
    store(0xb8000 + 2 * (80 * row + column), 2, (uint32_t)attributes << 8 | character);
}

/* Attribute palette of mode 3: 0-5, 14, 7, 38-3f */
static uint32_t text_color(uint32_t n)
{
    return color(n == 6 ? 0x14 : n < 8 ? n : 0x30 + n);
}

/* Eight dots of a glyph's row and the ninth, in foreground and background. */
static void is_row(const struct display_surface *s, uint32_t x, uint32_t y, uint32_t bits9, uint32_t attributes)
{
    for (uint32_t i = 0; i < 9; i++)
        IS_PIXEL(s, x + i, y, text_color(bits9 >> (8 - i) & 1 ? attributes & 15 : attributes >> 4));
}

START_TEST(text)
{
    set_mode(&mode_3);
    glyph(0, 'A', 0, 0x18);
    glyph(0, 'A', 7, 0xa5);
    glyph(0, 'A', 15, 0xff);
    glyph(0, 0xc4, 7, 0xff); /* box drawing: the eighth dot goes on */
    glyph(0, 0xe0, 7, 0xff);
    glyph(0, 0xc0, 7, 0xfe);
    put(0, 0, 'A', 0x1e);
    put(79, 24, 'A', 0x74);
    put(1, 0, 0xc4, 0x07);
    put(2, 0, 0xe0, 0x07);
    put(3, 0, 0xc0, 0x07);
    const struct display_surface *s = look();
    ck_assert_uint_eq(s->width, 720);
    ck_assert_uint_eq(s->height, 400);
    is_row(s, 0, 0, 0x18 << 1, 0x1e);
    is_row(s, 0, 1, 0, 0x1e);
    is_row(s, 0, 7, 0xa5 << 1, 0x1e);
    is_row(s, 0, 15, 0xff << 1, 0x1e);
    is_row(s, 79 * 9, 24 * 16 + 7, 0xa5 << 1, 0x74);
    is_row(s, 9, 7, 0x1ff, 0x07);
    is_row(s, 18, 7, 0x1fe, 0x07);
    is_row(s, 27, 7, 0x1fc, 0x07);
    /* Eight dots a character, and without line graphics. */
    set_sr(1, 1);
    s = look();
    ck_assert_uint_eq(s->width, 640);
    IS_PIXEL(s, 8 + 7, 7, text_color(7));
    IS_PIXEL(s, 16, 7, text_color(7));
    set_sr(1, 0);
    set_ar(0x10, 0x08);
    is_row(look(), 9, 7, 0x1fe, 0x07);
}
END_TEST

/* SR03: attribute bit 3 chooses between two of eight fonts. */
START_TEST(fonts)
{
    static const struct { uint8_t sr3; uint32_t a, b; } rows[] = {
        { 0x00, 0x0000, 0x0000 }, { 0x04, 0x4000, 0x0000 }, { 0x09, 0x8000, 0x4000 },
        { 0x20, 0x2000, 0x0000 }, { 0x1f, 0xc000, 0xe000 }, { 0x3d, 0xe000, 0x6000 },
    };

    set_mode(&mode_3);
    for (uint32_t i = 0; i < 8; i++)
        glyph(i * 0x2000, 'x', 3, (uint8_t)(1u << i));
    put(0, 0, 'x', 0x0f);
    put(1, 0, 'x', 0x07);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        set_sr(3, rows[i].sr3);
        const struct display_surface *s = look();
        is_row(s, 0, 3, 2u << rows[i].a / 0x2000, 0x0f);
        is_row(s, 9, 3, 2u << rows[i].b / 0x2000, 0x07);
    }
}
END_TEST

/* Lines CR0A to CR0B of one cell; sixteen frames a period, half of them dark. */
START_TEST(cursor)
{
    const ps_t frame = (ps_t)(449 * 100 * 9 / 28.322e6 * 1e12);

    set_mode(&mode_3);
    put(5, 2, ' ', 0x07);
    set_cr(0x0e, 0);
    set_cr(0x0f, 165);
    const struct display_surface *s = look();
    is_row(s, 45, 32 + 12, 0, 0x07);
    is_row(s, 45, 32 + 13, 0x1ff, 0x07);
    is_row(s, 45, 32 + 14, 0x1ff, 0x07);
    is_row(s, 45, 32 + 15, 0, 0x07);
    ev_run(m->queue, frame * 8 + frame / 2);
    is_row(look(), 45, 32 + 13, 0, 0x07);
    ev_run(m->queue, frame * 16 + frame / 2);
    is_row(look(), 45, 32 + 13, 0x1ff, 0x07);
    set_cr(0x0a, 0x2d); /* off */
    is_row(look(), 45, 32 + 13, 0, 0x07);
    set_cr(0x0a, 0x0e); /* ends before it begins */
    set_cr(0x0b, 0x0d);
    is_row(look(), 45, 32 + 14, 0, 0x07);
    set_cr(0x0a, 0x00);
    set_cr(0x0b, 0x2f); /* a block, one character to the right */
    put(6, 2, ' ', 0x70);
    is_row(look(), 54, 32, 0x1ff, 0x70);
}
END_TEST

/* Attribute bit 7: blinking at half the cursor's rate, or a bright background. */
START_TEST(blinking)
{
    const ps_t frame = (ps_t)(449 * 100 * 9 / 28.322e6 * 1e12);

    set_mode(&mode_3);
    set_cr(0x0a, 0x20);
    glyph(0, 'A', 0, 0xf0);
    put(0, 0, 'A', 0x9e);
    is_row(look(), 0, 0, 0x1e0, 0x1e);
    ev_run(m->queue, frame * 16 + frame / 2);
    is_row(look(), 0, 0, 0, 0x1e);
    ev_run(m->queue, frame * 32 + frame / 2);
    is_row(look(), 0, 0, 0x1e0, 0x1e);
    set_ar(0x10, 0x04);
    is_row(look(), 0, 0, 0x1e0, 0x9e);
}
END_TEST

START_TEST(underline)
{
    set_mode(&mode_3);
    set_cr(0x0a, 0x20);
    set_cr(0x14, 12);
    put(0, 0, ' ', 0x01);
    is_row(look(), 0, 12, 0, 0x01);
    set_ar(0x10, 0x0e); /* monochrome attributes */
    const struct display_surface *s = look();
    is_row(s, 0, 12, 0x1ff, 0x01);
    is_row(s, 0, 11, 0, 0x01);
}
END_TEST

/* Start address, preset row scan, panning by dots and bytes. */
START_TEST(panning)
{
    set_mode(&mode_3);
    set_cr(0x0a, 0x20);
    for (uint32_t i = 0; i < 16; i++)
        glyph(0, 'A', i, (uint8_t)(0x80 >> i % 8));
    put(0, 1, 'A', 0x07);
    set_cr(0x0d, 80);
    is_row(look(), 0, 0, 0x100, 0x07);
    set_cr(0x08, 3);
    const struct display_surface *s = look();
    is_row(s, 0, 0, 0x100 >> 3, 0x07);
    IS_PIXEL(s, 0, 13, text_color(0)); /* the next row begins */
    set_cr(0x08, 0x20); /* one byte to the left */
    s = look();
    IS_PIXEL(s, 0, 0, text_color(0));
    set_cr(0x0d, 79);
    is_row(look(), 0, 0, 0x100, 0x07);
    set_cr(0x08, 0);
    set_ar(0x13, 3); /* four dots of nine */
    IS_PIXEL(look(), 5, 0, text_color(7));
}
END_TEST

/* After the line compared with, address 0 is shown; its panning is AR10 bit 5's matter. */
START_TEST(split_screen)
{
    set_mode(&mode_12);
    for (uint32_t i = 0; i < 80; i++) {
        set_planes(i, 0x000000ff);        /* colour 1 */
        set_planes(8000 + i, 0x0000ff00); /* colour 2 */
    }
    set_planes(0, 0x0000000f);
    set_cr(0x0c, 8000 >> 8);
    set_cr(0x0d, 8000 & 0xff);
    set_cr(0x18, 100);
    set_cr(0x07, 0x2e);
    set_cr(0x09, 0x00);
    const struct display_surface *s = look();
    IS_PIXEL(s, 0, 0, color(2));
    IS_PIXEL(s, 0, 100, color(0));
    IS_PIXEL(s, 3, 101, color(0));
    IS_PIXEL(s, 4, 101, color(1));
    set_ar(0x13, 2);
    IS_PIXEL(look(), 2, 101, color(1));
    set_ar(0x10, 0x21);
    s = look();
    IS_PIXEL(s, 2, 101, color(0));
    IS_PIXEL(s, 4, 101, color(1));
}
END_TEST

START_TEST(planar_16_colors)
{
    set_mode(&mode_12);
    /* Dots from the left: 15, 1, 2, 4, 8, 0, 6, 9 */
    set_planes(80 * 3 + 2, 0x89 << 24 | 0x92 << 16 | 0xa2 << 8 | 0xc1);
    static const uint8_t index[8] = { 15, 1, 2, 4, 8, 0, 6, 9 };
    static const uint8_t palette[16] = { AR_16 };
    const struct display_surface *s = look();
    ck_assert_uint_eq(s->width, 640);
    ck_assert_uint_eq(s->height, 480);
    for (uint32_t i = 0; i < 8; i++)
        IS_PIXEL(s, 16 + i, 3, color(palette[index[i]]));
    set_ar(0x12, 0x3); /* planes 0 and 1 alone */
    s = look();
    for (uint32_t i = 0; i < 8; i++)
        IS_PIXEL(s, 16 + i, 3, color(palette[index[i] & 3]));
    /* AR14: bits 7:6 always, 5:4 where AR10 bit 7 says so. */
    set_ar(0x12, 0xf);
    set_ar(0x14, 0xe);
    IS_PIXEL(look(), 16, 3, color(0xc0 | 0x3f));
    set_ar(0x10, 0x81);
    IS_PIXEL(look(), 16, 3, color(0xc0 | 0x20 | 0xf));
    out(0x3c6, 0x0f);
    IS_PIXEL(look(), 16, 3, color(0x0f));
}
END_TEST

/* Mode D: 40 characters of twice as wide dots, each line twice. */
START_TEST(halved_clock_and_doubled_lines)
{
    set_mode(&mode_d);
    set_planes(40 * 7 + 1, 0x80000080);
    const struct display_surface *s = look();
    ck_assert_uint_eq(s->width, 640);
    ck_assert_uint_eq(s->height, 400);
    for (uint32_t i = 0; i < 4; i++)
        IS_PIXEL(s, 16 + i % 2, 14 + i / 2, color(0x11)); /* index 9 */
    IS_PIXEL(s, 18, 14, color(0));
    IS_PIXEL(s, 16, 13, color(0));
    IS_PIXEL(s, 16, 16, color(0));
}
END_TEST

/* Mode 4: odd lines 8 KiB behind, two bits a pixel, even bytes in plane 0 and odd ones in 1. */
START_TEST(cga_graphics)
{
    set_mode(&mode_4);
    store(0xb8000, 2, 0xb11b);          /* 0 1 2 3, 2 3 0 1 */
    store(0xb8000 + 0x2000, 1, 0xff);
    store(0xb8000 + 80, 1, 0x55);
    static const uint8_t palette[4] = { 0, 0x13, 0x15, 0x17 }, want[8] = { 0, 1, 2, 3, 2, 3, 0, 1 };
    const struct display_surface *s = look();
    ck_assert_uint_eq(s->width, 640);
    ck_assert_uint_eq(s->height, 400);
    for (uint32_t i = 0; i < 8; i++)
        IS_PIXEL(s, 2 * i, 0, color(palette[want[i]]));
    IS_PIXEL(s, 0, 2, color(0x17));
    IS_PIXEL(s, 7, 3, color(0x17));
    IS_PIXEL(s, 8, 2, color(0));
    IS_PIXEL(s, 0, 4, color(0x13));
}
END_TEST

START_TEST(chained_256_colors)
{
    set_mode(&mode_13);
    store(WINDOW + 320 * 100 + 13, 1, 0xa7);
    store(WINDOW + 320 * 199 + 319, 1, 0x5c);
    const struct display_surface *s = look();
    ck_assert_uint_eq(s->width, 640);
    ck_assert_uint_eq(s->height, 400);
    for (uint32_t i = 0; i < 4; i++) {
        IS_PIXEL(s, 26 + i % 2, 200 + i / 2, color(0xa7));
        IS_PIXEL(s, 638 + i % 2, 398 + i / 2, color(0x5c));
    }
    IS_PIXEL(s, 28, 200, color(0));
    set_ar(0x13, 4); /* two pixels */
    IS_PIXEL(look(), 22, 200, color(0xa7));
}
END_TEST

/* Mode X: mode 13 without chaining: 320 pixels a line, four of one address. */
START_TEST(unchained_256_colors)
{
    set_mode(&mode_13);
    set_sr(4, 6);
    set_cr(0x14, 0);
    set_cr(0x17, 0xe3);
    set_sr(2, 4);
    store(WINDOW + 80 * 50 + 3, 1, 0x66);
    const struct display_surface *s = look();
    IS_PIXEL(s, 2 * (3 * 4 + 2), 100, color(0x66));
    IS_PIXEL(s, 2 * (3 * 4 + 1), 100, color(0));
    set_cr(0x0d, 1);
    IS_PIXEL(look(), 2 * (2 * 4 + 2), 100, color(0x66));
}
END_TEST

START_TEST(blank_screens)
{
    set_mode(&mode_12);
    set_planes(0, 0xffffffff);
    IS_PIXEL(look(), 0, 0, color(0x3f));
    set_sr(1, 0x21);
    IS_PIXEL(look(), 0, 0, 0);
    set_sr(1, 0x01);
    (void)in(0x3da);
    out(0x3c0, 0x00); /* palette address source off */
    IS_PIXEL(look(), 0, 0, 0);
    out(0x3c0, 0x3f);
    (void)in(0x3da);
    out(0x3c0, 0x20);
    set_cr(0x17, 0x63); /* no sync */
    ck_assert_uint_eq(look()->height, 0);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("devices.vga_draw");
    TCase *t = tcase_create("picture");

    tcase_add_checked_fixture(t, setup, close_card);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, text);
    tcase_add_test(t, fonts);
    tcase_add_test(t, cursor);
    tcase_add_test(t, blinking);
    tcase_add_test(t, underline);
    tcase_add_test(t, panning);
    tcase_add_test(t, split_screen);
    tcase_add_test(t, planar_16_colors);
    tcase_add_test(t, halved_clock_and_doubled_lines);
    tcase_add_test(t, cga_graphics);
    tcase_add_test(t, chained_256_colors);
    tcase_add_test(t, unchained_256_colors);
    tcase_add_test(t, blank_screens);
    suite_add_tcase(s, t);
    return s;
}
