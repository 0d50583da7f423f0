/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/ramfb.h"
#include "core/util/bytes.h"
#include "devices/backend/display.h"
#include "devices/fw_cfg.h"
#include "devices/pixel.h"
#include <inttypes.h>

enum { AT_ADDRESS = 0, AT_FOURCC = 8, AT_WIDTH = 16, AT_HEIGHT = 20, AT_STRIDE = 24, FILE_SIZE = 28 };

struct ramfb {
    struct device dev;
    uint8_t *line;             /* of the picture, to draw from: DISPLAY_MAX_SIDE pixels */
    uint8_t file[FILE_SIZE];   /* saved by fw_cfg */

    uint64_t address;          /* saved from here on: what is shown */
    uint32_t format;           /* enum pixel_format */
    uint32_t width, height, stride;
};

/* drm_fourcc.h of Linux: four letters, the first one lowest */
#define FOURCC(a, b, c, d) ((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24)
static const struct { uint32_t fourcc; enum pixel_format format; } formats[] = {
    { FOURCC('X', 'R', '2', '4'), PIXEL_XRGB8888 }, { FOURCC('A', 'R', '2', '4'), PIXEL_XRGB8888 },
    { FOURCC('X', 'B', '2', '4'), PIXEL_XBGR8888 }, { FOURCC('A', 'B', '2', '4'), PIXEL_XBGR8888 },
    { FOURCC('R', 'G', '2', '4'), PIXEL_RGB888 },   { FOURCC('R', 'G', '1', '6'), PIXEL_RGB565 },
    { FOURCC('X', 'R', '1', '5'), PIXEL_XRGB1555 },
};

static enum pixel_format find_format(uint32_t fourcc)
{
    for (size_t i = 0; i < ARRAY_LEN(formats); i++)
        if (formats[i].fourcc == fourcc)
            return formats[i].format;
    return PIXEL_NONE;
}

/* RAM at every page of [at, at + n), or ROM: what a device may be asked to show. */
static bool is_memory(struct ramfb *f, uint64_t at, uint64_t n)
{
    while (n != 0) {
        uint64_t got = n;
        if (!mem_pointer(f->dev.machine->memory, at, &got, false) || got == 0)
            return false;
        got = MIN(got, n);
        at += got;
        n -= got;
    }
    return true;
}

static const char *check(struct ramfb *f, uint64_t address, enum pixel_format format, uint32_t width,
                         uint32_t height, uint32_t stride)
{
    uint64_t bytes = (uint64_t)stride * (height - 1) + (uint64_t)width * pixel_bytes(format);

    if (format == PIXEL_NONE)
        return "format unknown";
    if (width > DISPLAY_MAX_SIDE || height > DISPLAY_MAX_SIDE ||
        (uint64_t)width * height > DISPLAY_MAX_PIXELS)
        return "picture too large";
    if (stride < width * pixel_bytes(format))
        return "lines overlap";
    if (address + bytes < address || !is_memory(f, address, bytes))
        return "no memory there";
    return NULL;
}

static void written(void *arg, uint32_t offset, uint32_t n)
{
    struct ramfb *f = arg;
    const uint8_t *p = f->file;
    uint64_t address = ld_be64(p + AT_ADDRESS);
    uint32_t width = ld_be32(p + AT_WIDTH), height = ld_be32(p + AT_HEIGHT);
    uint32_t stride = ld_be32(p + AT_STRIDE), fourcc = ld_be32(p + AT_FOURCC);
    enum pixel_format format = find_format(fourcc);

    (void)offset;
    (void)n;
    if (width == 0 || height == 0) {
        f->width = f->height = 0;
        return;
    }
    if (stride == 0 && width <= DISPLAY_MAX_SIDE)
        stride = width * pixel_bytes(format);
    const char *wrong = check(f, address, format, width, height, stride);
    if (wrong) {
        guest_error(&f->dev, "ramfb configuration", "%s: %u by %u pixels of format %#x, %u bytes a line, "
                    "at %#" PRIx64, wrong, width, height, fourcc, stride, address);
        return;
    }
    f->address = address;
    f->format = format;
    f->width = width;
    f->height = height;
    f->stride = stride;
}

static void size(const void *device, uint32_t *width, uint32_t *height)
{
    const struct ramfb *f = device;

    *width = f->width;
    *height = f->height;
}

/* What was RAM may have gone since (a BAR over it): such lines are black. */
static void fetch(const struct ramfb *f, uint64_t at, uint64_t n)
{
    uint8_t *to = f->line;

    while (n != 0) {
        uint64_t got = n;
        const uint8_t *from = mem_pointer(f->dev.machine->memory, at, &got, false);
        got = from ? MIN(got, n) : n;
        if (from)
            memcpy(to, from, got);
        else
            memset(to, 0, got);
        to += got;
        at += got;
        n -= got;
    }
}

static void draw(const void *device, struct display *d)
{
    const struct ramfb *f = device;

    for (uint32_t y = 0; y < f->height; y++) {
        fetch(f, f->address + (uint64_t)y * f->stride, (uint64_t)f->width * pixel_bytes(f->format));
        pixel_convert(f->format, f->line, display_line(d), f->width);
        display_put(d, y);
    }
}

static void reset(void *dev)
{
    struct ramfb *f = dev;

    memset(f->file, 0, sizeof(f->file));
    f->address = 0;
    f->format = PIXEL_NONE;
    f->width = f->height = f->stride = 0;
}

static const struct display_ops screen = { .size = size, .draw = draw };
static const struct state_field state[] = {
    STATE(ramfb, address), STATE(ramfb, format), STATE(ramfb, width), STATE(ramfb, height),
    STATE(ramfb, stride), STATE_END
};
static const struct device_ops ops = {
    .name = "ramfb", .spec = "QEMU docs/specs/ramfb.rst", .size = sizeof(struct ramfb), .state = state,
    .version = 1, .reset = reset,
};

struct device *ramfb_create(struct machine *m, const char *id, struct fw_cfg *f, struct host *h,
                            struct err *e)
{
    struct ramfb *r = device_create(m, &ops, id, e);

    if (!r)
        return NULL;
    r->line = arena_alloc(&m->arena, (size_t)DISPLAY_MAX_SIDE * 4);
    if (!r->line) {
        (void)err_set(e, ERR_NOMEM, "%s: no memory", id);
        return NULL;
    }
    if (fw_cfg_add_writable(f, "etc/ramfb", r->file, sizeof(r->file), written, r, e) < 0 ||
        display_create(h, id, &screen, r, e) < 0)
        return NULL;
    return &r->dev;
}
