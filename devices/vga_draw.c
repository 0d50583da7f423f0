/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The picture, as CRTC, sequencer, attribute controller and DAC make it of the planes (IBM
 * PS/2 Video Subsystem; FreeVGA, "Display Generation", "Text" and "Graphics Subsystem").
 *
 *   counter -> address in the planes -> four bytes -> dots (font, shift registers) -> index of
 *   four bits -> attribute palette -> eight bits -> DAC
 *
 * A picture has the dots of the monitor: where the dot clock is halved or a pixel of 256
 * colours takes two dots, dots come in pairs; doubled lines come twice.
 */
#include "devices/backend/display.h"
#include "devices/bochs_impl.h"

enum { SR_8_DOTS = BIT(0), SR_HALF_CLOCK = BIT(3), SR_SCREEN_OFF = BIT(5) };
enum { GR_GRAPHICS = BIT(0), GR_INTERLEAVE = BIT(5), GR_256 = BIT(6) };
enum { AR_PAS = BIT(5), AR_MONO = BIT(1), AR_LINE_GRAPHICS = BIT(2), AR_BLINK = BIT(3),
       AR_PANNING_COMPATIBLE = BIT(5), AR_8_BITS = BIT(6), AR_P54 = BIT(7) };
enum { CR_MAP13 = BIT(0), CR_MAP14 = BIT(1), CR_COUNT_2 = BIT(3), CR_WRAP = BIT(5), CR_BYTE = BIT(6),
       CR_RUN = BIT(7), CR_COUNT_4 = BIT(5), CR_DWORD = BIT(6), CR_CURSOR_OFF = BIT(5) };
enum { PLANE_SIZE = 0x10000, MOST_CHARS = 256 + 1, MOST_DOTS = 9 * 2 };

/* What holds for a whole picture. */
struct picture {
    const struct vga *v;
    uint32_t color[16];         /* by index of four bits */
    uint32_t wide[256];         /* by index of eight bits, past the attribute controller */
    uint32_t chars, dots, twice, lines;
    bool text, cursor_on, blink_on;
};

/* What changes from line to line. */
struct scan {
    uint32_t row;               /* counter at the left */
    uint32_t line;              /* within the character row */
    uint32_t panning;           /* dots */
    uint32_t byte_panning;
};

/* ---- colours ---- */
static uint32_t dac(const struct vga *v, uint32_t index)
{
    const uint8_t *c = v->palette[index & v->dac_mask];

    if (v->card.dispi[DISPI_ENABLE] & DISPI_8BIT_DAC)
        return pixel_rgb(c[0], c[1], c[2]);
    return pixel_rgb(pixel_widen6(c[0] & 63), pixel_widen6(c[1] & 63), pixel_widen6(c[2] & 63));
}

static uint32_t attribute(const struct vga *v, uint32_t index)
{
    uint32_t color = v->ar[index & v->ar[AR_PLANE_ENABLE] & 15], select = v->ar[AR_COLOR_SELECT];

    if (v->ar[AR_MODE] & AR_P54)
        color = (color & 15) | (select & 3) << 4;
    return dac(v, (color & 63) | (select & 12) << 4);
}

static void choose_colors(struct picture *p)
{
    for (uint32_t i = 0; i < ARRAY_LEN(p->color); i++)
        p->color[i] = attribute(p->v, i);
    for (uint32_t i = 0; i < ARRAY_LEN(p->wide); i++)
        p->wide[i] = dac(p->v, i);
}

/* ---- addresses ---- */
/* CR14 bit 6, CR17 bits 6, 5, 1 and 0: from the counter to the planes. */
static uint32_t plane_address(const struct vga *v, uint32_t counter, uint32_t line)
{
    uint32_t mode = v->cr[CR_MODE], at;

    if (v->cr[CR_UNDERLINE] & CR_DWORD)
        at = counter << 2 | (counter >> 14 & 3);
    else if (!(mode & CR_BYTE))
        at = counter << 1 | (counter >> (mode & CR_WRAP ? 15 : 13) & 1);
    else
        at = counter;
    if (!(mode & CR_MAP13))
        at = (at & ~0x2000u) | (line & 1) << 13;
    if (!(mode & CR_MAP14))
        at = (at & ~0x4000u) | (line >> 1 & 1) << 14;
    return at & (PLANE_SIZE - 1);
}

/* The four planes' bytes at `at`. */
static uint32_t planes(const struct vga *v, uint64_t at)
{
    return ld_le32(v->card.vram->host + 4 * at);
}

static uint32_t counter_of(const struct vga *v, const struct scan *s, uint32_t column)
{
    unsigned slower = v->cr[CR_UNDERLINE] & CR_COUNT_4 ? 2 : v->cr[CR_MODE] & CR_COUNT_2 ? 1 : 0;

    return (s->row + s->byte_panning + (column >> slower)) & 0xffff;
}

/* ---- graphics: eight dots out of four bytes ---- */
static void planar_dots(const uint32_t color[16], uint32_t bytes, uint32_t *dots)
{
    for (int i = 0; i < 8; i++) {
        uint32_t b = bytes >> (7 - i);
        dots[i] = color[(b & 1) | (b >> 7 & 2) | (b >> 14 & 4) | (b >> 21 & 8)];
    }
}

/* Pairs of bits: planes 0 and 1 one after the other make bits 1:0, planes 2 and 3 bits 3:2. */
static void interleaved_dots(const uint32_t color[16], uint32_t bytes, uint32_t *dots)
{
    for (int i = 0; i < 8; i++) {
        uint32_t low = bytes >> (i < 4 ? 0 : 8) >> (6 - 2 * (i & 3));
        dots[i] = color[(low & 3) | (low >> 16 & 3) << 2];
    }
}

/* Plane after plane, high nibble first; two nibbles make one pixel where the DAC takes eight bits. */
static void nibble_dots(const struct picture *p, uint32_t bytes, uint32_t *dots)
{
    bool eight = p->v->ar[AR_MODE] & AR_8_BITS;

    for (int i = 0; i < 4; i++) {
        uint32_t byte = bytes >> (8 * i) & 0xff;
        dots[2 * i] = eight ? p->wide[byte] : p->color[byte >> 4];
        dots[2 * i + 1] = eight ? p->wide[byte] : p->color[byte & 15];
    }
}

static void graphics_dots(const struct picture *p, uint32_t bytes, uint32_t *dots)
{
    if (p->v->gr[GR_MODE] & GR_256)
        nibble_dots(p, bytes, dots);
    else if (p->v->gr[GR_MODE] & GR_INTERLEAVE)
        interleaved_dots(p->color, bytes, dots);
    else
        planar_dots(p->color, bytes, dots);
}

/* ---- text ---- */
/* SR03: which of eight fonts of 8 KiB in plane 2: bits 5, 3:2 if attribute bit 3 is set, else 4, 1:0. */
static uint32_t font_row(const struct vga *v, uint32_t character, uint32_t attributes, uint32_t line)
{
    uint32_t select = v->sr[SR_CHARACTER_MAP];
    uint32_t font = attributes & 8 ? (select >> 2 & 3) | (select >> 5 & 1) << 2
                                   : (select & 3) | (select >> 4 & 1) << 2;
    uint32_t base = (font & 3) * 0x4000 + (font >> 2) * 0x2000;

    return planes(v, base + character * 32 + line) >> 16 & 0xff;
}

static bool at_cursor(const struct picture *p, uint32_t counter, uint32_t line)
{
    const uint8_t *cr = p->v->cr;
    uint32_t at = (uint32_t)cr[CR_CURSOR_HIGH] << 8 | cr[CR_CURSOR_LOW], skew = cr[CR_CURSOR_END] >> 5 & 3;

    return p->cursor_on && !(cr[CR_CURSOR_START] & CR_CURSOR_OFF) && counter == ((at + skew) & 0xffff) &&
           line >= (cr[CR_CURSOR_START] & 31u) && line <= (cr[CR_CURSOR_END] & 31u);
}

static void text_dots(const struct picture *p, uint32_t counter, uint32_t line, uint32_t *dots)
{
    const struct vga *v = p->v;
    uint32_t cell = planes(v, plane_address(v, counter, line));
    uint32_t character = cell & 0xff, attributes = cell >> 8 & 0xff;
    uint32_t bits = font_row(v, character, attributes, line) << 1;
    bool blinks = v->ar[AR_MODE] & AR_BLINK;
    uint32_t front = p->color[attributes & 15];
    uint32_t back = p->color[attributes >> 4 & (blinks ? 7 : 15)];

    /* The ninth dot: blank, but for the box drawing characters. */
    if ((v->ar[AR_MODE] & AR_LINE_GRAPHICS) && character >= 0xc0 && character <= 0xdf)
        bits |= bits >> 1 & 1;
    if ((v->ar[AR_MODE] & AR_MONO) && (attributes & 0x77) == 1 && line == (v->cr[CR_UNDERLINE] & 31u))
        bits = 0x1ff;
    if (blinks && (attributes & 0x80) && !p->blink_on)
        bits = 0;
    if (at_cursor(p, counter, line))
        bits = 0x1ff;
    for (uint32_t i = 0; i < p->dots; i++)
        dots[i] = bits >> (8 - i) & 1 ? front : back;
}

/* ---- lines ---- */
static void draw_line(const struct picture *p, const struct scan *s, uint32_t *out)
{
    uint32_t line[MOST_CHARS * MOST_DOTS], dots[9], *to = line;

    for (uint32_t i = 0; i < p->chars + 1; i++) {
        uint32_t counter = counter_of(p->v, s, i);
        if (p->text)
            text_dots(p, counter, s->line, dots);
        else
            graphics_dots(p, planes(p->v, plane_address(p->v, counter, s->line)), dots);
        for (uint32_t k = 0; k < p->dots; k++) {
            *to++ = dots[k];
            if (p->twice == 2)
                *to++ = dots[k];
        }
    }
    memcpy(out, line + s->panning * p->twice, (size_t)p->chars * p->dots * p->twice * sizeof(*out));
}

/* AR13: in characters of nine dots 8 is no panning and 0 one dot; else as many dots as it says. */
static uint32_t panning(const struct picture *p)
{
    uint32_t n = p->v->ar[AR_PEL_PANNING];

    if (p->dots == 9)
        return n >= 8 ? 0 : n + 1;
    return n & 7;
}

static void next_line(const struct picture *p, struct scan *s, uint32_t y)
{
    const uint8_t *cr = p->v->cr;
    uint32_t doubled = cr[CR_MAX_SCAN] >> 7, last = cr[CR_MAX_SCAN] & 31u;
    uint32_t compare = cr[CR_LINE_COMPARE] | (cr[CR_OVERFLOW] >> 4 & 1u) << 8 |
                       (cr[CR_MAX_SCAN] >> 6 & 1u) << 9;

    if (y == compare) {
        s->row = s->line = 0;
        if (p->v->ar[AR_MODE] & AR_PANNING_COMPATIBLE)
            s->panning = s->byte_panning = 0;
    } else if (doubled && !(y & 1)) {
        return;
    } else if (s->line == last) {
        s->line = 0;
        s->row = (s->row + 2u * cr[CR_OFFSET]) & 0xffff;
    } else {
        s->line = (s->line + 1) & 31;
    }
}

static void draw_vga(struct picture *p, struct display *d)
{
    const uint8_t *cr = p->v->cr;
    struct scan s = {
        .row = (uint32_t)cr[CR_START_HIGH] << 8 | cr[CR_START_LOW], .line = cr[CR_PRESET_ROW] & 31u,
        .panning = panning(p), .byte_panning = cr[CR_PRESET_ROW] >> 5 & 3u,
    };

    for (uint32_t y = 0; y < p->lines; y++) {
        draw_line(p, &s, display_line(d));
        display_put(d, y);
        next_line(p, &s, y);
    }
}

static void draw_dispi(const struct picture *p, const struct bochs_mode *m, struct display *d)
{
    const struct bochs *b = &p->v->card;
    uint32_t *out = display_line(d), group[8];

    for (uint32_t y = 0; y < m->height; y++) {
        uint64_t at = m->at + y * m->line;
        for (uint32_t x = 0; m->bpp == 4 && x < m->width; x += 8) {
            planar_dots(p->color, planes(p->v, at + x / 8), group);
            memcpy(out + x, group, MIN(m->width - x, 8u) * sizeof(*out));
        }
        for (uint32_t x = 0; m->bpp == 8 && x < m->width; x++)
            out[x] = p->wide[b->vram->host[at + x]];
        if (m->bpp > 8)
            pixel_convert(bochs_format(b, m->bpp), b->vram->host + at, out, m->width);
        display_put(d, y);
    }
}

/* ---- what the display asks for ---- */
static struct picture picture_of(const struct vga *v)
{
    struct picture p = { .v = v, .text = !(v->gr[GR_MISC] & GR_GRAPHICS) };

    p.chars = v->cr[CR_HDISPLAY] + 1u;
    p.dots = p.text && !(v->sr[SR_CLOCKING] & SR_8_DOTS) ? 9 : 8;
    p.twice = v->sr[SR_CLOCKING] & SR_HALF_CLOCK ? 2 : 1;
    p.lines = vga_lines(v);
    return p;
}

static bool dispi_on(const struct vga *v)
{
    return v->card.dispi[DISPI_ENABLE] & DISPI_ENABLED;
}

static void size(const void *dev, uint32_t *width, uint32_t *height)
{
    const struct vga *v = dev;
    struct picture p = picture_of(v);
    struct bochs_mode m;

    if (dispi_on(v) && bochs_mode(&v->card, &m)) {
        *width = m.width;
        *height = m.height;
    } else if (!dispi_on(v) && (v->cr[CR_MODE] & CR_RUN)) {
        *width = p.chars * p.dots * p.twice;
        *height = p.lines;
    }
}

static void draw(const void *dev, struct display *d)
{
    const struct vga *v = dev;
    struct picture p = picture_of(v);
    struct vga_beam beam = vga_beam(v);
    struct bochs_mode m;
    uint32_t width = 0, height = 0;

    if ((v->sr[SR_CLOCKING] & SR_SCREEN_OFF) || !(v->ar_index & AR_PAS)) {
        size(dev, &width, &height);
        memset(display_line(d), 0, width * sizeof(uint32_t));
        for (uint32_t y = 0; y < height; y++)
            display_put(d, y);
        return;
    }
    choose_colors(&p);
    /* The cursor blinks with 1/16, characters with 1/32 of the refresh rate. */
    p.cursor_on = !(beam.frame >> 3 & 1);
    p.blink_on = !(beam.frame >> 4 & 1);
    if (!dispi_on(v))
        draw_vga(&p, d);
    else if (bochs_mode(&v->card, &m))
        draw_dispi(&p, &m, d);
}

const struct display_ops vga_screen = { .size = size, .draw = draw };
