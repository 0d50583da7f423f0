/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_PIXEL_H
#define ORRERY_DEVICES_PIXEL_H
/*
 * Pixels as they lie in frame buffers, made into those of displays (0x00RRGGBB). Names list the
 * components from the most significant bit down, of a little-endian word; X is not looked at.
 * Components of fewer than eight bits are widened by repeating their upper bits, so that
 * black and white stay what they are.
 */
#include "core/util/types.h"

enum pixel_format {
    PIXEL_NONE, PIXEL_XRGB8888, PIXEL_XBGR8888, PIXEL_RGB888, PIXEL_RGB565, PIXEL_XRGB1555,
    PIXEL_XRGB8888_BE, PIXEL_RGB888_BE, PIXEL_RGB565_BE, PIXEL_XRGB1555_BE, /* big-endian words */
};

uint32_t pixel_bytes(enum pixel_format f); /* of one pixel */
void pixel_convert(enum pixel_format f, const uint8_t *from, uint32_t *to, uint32_t n);

static inline uint32_t pixel_rgb(uint32_t red, uint32_t green, uint32_t blue)
{
    return red << 16 | green << 8 | blue;
}
static inline uint32_t pixel_widen5(uint32_t v)
{
    return v << 3 | v >> 2;
}
static inline uint32_t pixel_widen6(uint32_t v)
{
    return v << 2 | v >> 4;
}

#endif
