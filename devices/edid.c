/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/edid.h"
#include "core/util/bytes.h"

/* VESA CVT 1.1, section 4: reduced blanking. In pixels, lines and microseconds. */
enum { H_BLANK = 160, H_FRONT = 48, H_SYNC = 32, V_FRONT = 3, V_BACK_LEAST = 6, V_BLANK_US = 460,
       REFRESH = 60, CLOCK_STEP = 250000 };
enum { LEAST = 64, MOST_SIDE = 4095, DOTS_PER_INCH = 96 };

/* E-EDID 1.4, table 3.1 */
enum { AT_VENDOR = 8, AT_YEAR = 17, AT_VERSION = 18, AT_INPUT = 20, AT_SIZE_CM = 21, AT_GAMMA = 23,
       AT_FEATURES = 24, AT_CHROMA = 25, AT_ESTABLISHED = 35, AT_STANDARD = 38, AT_DETAILED = 54,
       DESCRIPTOR = 18, AT_CHECKSUM = 127 };

struct timing {
    uint32_t width, height, clock, v_blank, v_sync;
};

/* CVT 1.1, table 2: the width of the vertical sync tells the aspect ratio. */
static uint32_t vertical_sync(uint32_t w, uint32_t h)
{
    static const struct { uint32_t w, h, lines; } ratios[] = {
        { 4, 3, 4 }, { 16, 9, 5 }, { 16, 10, 6 }, { 5, 4, 7 }, { 15, 9, 7 },
    };

    for (size_t i = 0; i < ARRAY_LEN(ratios); i++)
        if (w * ratios[i].h == h * ratios[i].w)
            return ratios[i].lines;
    return 10;
}

/* Lines that last at least V_BLANK_US; then the clock, rounded down to a multiple of CLOCK_STEP. */
static struct timing reduced_blanking(uint32_t w, uint32_t h)
{
    struct timing t = { .width = w, .height = h, .v_sync = vertical_sync(w, h) };
    uint64_t visible_us = 1000000 - (uint64_t)V_BLANK_US * REFRESH; /* of a second */

    t.v_blank = (uint32_t)((uint64_t)V_BLANK_US * REFRESH * h / visible_us) + 1;
    t.v_blank = MAX(t.v_blank, V_FRONT + t.v_sync + V_BACK_LEAST);
    t.clock = REFRESH * (h + t.v_blank) * (w + H_BLANK) / CLOCK_STEP * CLOCK_STEP;
    return t;
}

static uint32_t millimetres(uint32_t pixels)
{
    return (pixels * 254 + DOTS_PER_INCH * 5) / (DOTS_PER_INCH * 10);
}

/* Table 3.21: low bytes, then the upper bits of two values in one byte. */
static void detailed(uint8_t *p, const struct timing *t)
{
    uint32_t mm_w = millimetres(t->width), mm_h = millimetres(t->height);

    st_le16(p, (uint16_t)(t->clock / 10000));
    p[2] = (uint8_t)t->width;
    p[3] = H_BLANK;
    p[4] = (uint8_t)(t->width >> 8 << 4);
    p[5] = (uint8_t)t->height;
    p[6] = (uint8_t)t->v_blank;
    p[7] = (uint8_t)(t->height >> 8 << 4 | t->v_blank >> 8);
    p[8] = H_FRONT;
    p[9] = H_SYNC;
    p[10] = (uint8_t)(V_FRONT << 4 | t->v_sync);
    p[12] = (uint8_t)mm_w;
    p[13] = (uint8_t)mm_h;
    p[14] = (uint8_t)(mm_w >> 8 << 4 | mm_h >> 8);
    p[17] = 0x1a; /* separate sync, horizontal positive, vertical negative: CVT's for reduced blanking */
}

/* Table 3.22: 0, 0, 0, tag, 0, then 13 bytes. */
static void descriptor(uint8_t *p, uint8_t tag, const char *text)
{
    size_t n = strlen(text);

    p[3] = tag;
    memset(p + 5, ' ', 13);
    memcpy(p + 5, text, n);
    p[5 + n] = '\n';
}

/* Table 3.26, without secondary timings: 50-125 Hz, 30-160 kHz, up to the clock's next 10 MHz. */
static void limits(uint8_t *p, const struct timing *t)
{
    uint32_t khz = t->clock / (t->width + H_BLANK) / 1000;

    descriptor(p, 0xfd, "");
    p[5] = 50;
    p[6] = 125;
    p[7] = (uint8_t)MIN(khz, 30u);
    p[8] = (uint8_t)MAX(khz + 1, 160u);
    p[9] = (uint8_t)(t->clock / 10000000 + 1);
    p[10] = 1; /* range limits only */
    p[11] = '\n';
}

/* Tables 3.18 and 3.19: what fits into the preferred size, all at 60 Hz. */
static void smaller_sizes(uint8_t *block, const struct timing *t)
{
    static const struct { uint32_t w, h; uint8_t byte, bit; } established[] = {
        { 640, 480, 0, 0x20 }, { 800, 600, 0, 0x01 }, { 1024, 768, 1, 0x08 },
    };
    static const struct { uint32_t w, h; uint8_t aspect; } standard[] = {
        { 1920, 1080, 3 }, { 1280, 720, 3 }, { 1440, 900, 0 }, { 1680, 1050, 0 }, { 1280, 1024, 2 },
        { 1600, 1200, 1 }, { 1920, 1200, 0 }, { 1280, 960, 1 },
    };
    uint8_t *p = block + AT_STANDARD;

    for (size_t i = 0; i < ARRAY_LEN(established); i++)
        if (established[i].w <= t->width && established[i].h <= t->height)
            block[AT_ESTABLISHED + established[i].byte] |= established[i].bit;
    for (size_t i = 0; i < ARRAY_LEN(standard); i++) {
        bool fits = standard[i].w <= t->width && standard[i].h <= t->height;
        *p++ = fits ? (uint8_t)(standard[i].w / 8 - 31) : 1; /* 01 01: unused */
        *p++ = fits ? (uint8_t)(standard[i].aspect << 6 | (REFRESH - 60)) : 1;
    }
}

int edid_write(uint8_t block[EDID_SIZE], uint32_t width, uint32_t height, struct err *e)
{
    static const uint8_t header[8] = { 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0 };
    /* sRGB's primaries and white (IEC 61966-2-1), ten bits each as table 3.17 packs them */
    static const uint8_t srgb[10] = { 0xee, 0x91, 0xa3, 0x54, 0x4c, 0x99, 0x26, 0x0f, 0x50, 0x54 };
    uint8_t sum = 0;

    if (width < LEAST || height < LEAST || width > MOST_SIDE || height > MOST_SIDE)
        return err_set(e, ERR_LIMIT, "a monitor of %u by %u pixels; %d to %d each way are accepted", width,
                       height, LEAST, MOST_SIDE);
    const struct timing t = reduced_blanking(width, height);
    if (t.clock / 10000 > UINT16_MAX)
        return err_set(e, ERR_LIMIT, "a monitor of %u by %u pixels needs a clock of %u MHz; up to 655 are "
                       "accepted", width, height, t.clock / 1000000);
    memset(block, 0, EDID_SIZE);
    memcpy(block, header, sizeof(header));
    st_be16(block + AT_VENDOR, ('O' - 64) << 10 | ('R' - 64) << 5 | ('R' - 64));
    block[AT_YEAR] = 2026 - 1990;
    block[AT_VERSION] = 1;
    block[AT_VERSION + 1] = 4;
    block[AT_INPUT] = 0xa0; /* digital, eight bits a colour, interface undefined */
    block[AT_SIZE_CM] = (uint8_t)MIN((millimetres(width) + 5) / 10, 255u);
    block[AT_SIZE_CM + 1] = (uint8_t)MIN((millimetres(height) + 5) / 10, 255u);
    block[AT_GAMMA] = 220 - 100;
    block[AT_FEATURES] = 0x06; /* sRGB; the first detailed timing is the native one */
    memcpy(block + AT_CHROMA, srgb, sizeof(srgb));
    smaller_sizes(block, &t);
    detailed(block + AT_DETAILED, &t);
    limits(block + AT_DETAILED + DESCRIPTOR, &t);
    descriptor(block + AT_DETAILED + 2 * DESCRIPTOR, 0xfc, "Orrery");
    descriptor(block + AT_DETAILED + 3 * DESCRIPTOR, 0xff, "0");
    for (int i = 0; i < AT_CHECKSUM; i++)
        sum = (uint8_t)(sum + block[i]);
    block[AT_CHECKSUM] = (uint8_t)-sum;
    return 0;
}
