/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/pixel.h"
#include "core/util/bytes.h"

uint32_t pixel_bytes(enum pixel_format f)
{
    switch (f) {
    case PIXEL_XRGB8888:
    case PIXEL_XBGR8888:
    case PIXEL_XRGB8888_BE:
        return 4;
    case PIXEL_RGB888:
    case PIXEL_RGB888_BE:
        return 3;
    case PIXEL_NONE:
        return 0;
    default:
        return 2;
    }
}

static uint32_t from_565(uint32_t v)
{
    return pixel_rgb(pixel_widen5(v >> 11), pixel_widen6(v >> 5 & 63), pixel_widen5(v & 31));
}

static uint32_t from_1555(uint32_t v)
{
    return pixel_rgb(pixel_widen5(v >> 10 & 31), pixel_widen5(v >> 5 & 31), pixel_widen5(v & 31));
}

static uint32_t convert(enum pixel_format f, const uint8_t *p)
{
    switch (f) {
    case PIXEL_XRGB8888:
        return ld_le32(p) & 0xffffff;
    case PIXEL_XRGB8888_BE:
        return ld_be32(p) & 0xffffff;
    case PIXEL_XBGR8888:
    case PIXEL_RGB888_BE:
        return pixel_rgb(p[0], p[1], p[2]);
    case PIXEL_RGB888:
        return pixel_rgb(p[2], p[1], p[0]);
    case PIXEL_RGB565:
        return from_565(ld_le16(p));
    case PIXEL_RGB565_BE:
        return from_565(ld_be16(p));
    case PIXEL_XRGB1555:
        return from_1555(ld_le16(p));
    case PIXEL_XRGB1555_BE:
        return from_1555(ld_be16(p));
    default:
        return 0;
    }
}

void pixel_convert(enum pixel_format f, const uint8_t *from, uint32_t *to, uint32_t n)
{
    uint32_t step = pixel_bytes(f);

    for (uint32_t i = 0; i < n; i++, from += step)
        to[i] = convert(f, from);
}
