/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the beam is: a function of simulated time and of the timing registers (IBM PS/2 Video
 * Subsystem, "CRT Controller"; FreeVGA, "Display Generation"). Frames have run since power-on as if
 * with the timing of now: after a mode was set the beam stands anywhere, as on a real card.
 */
#include "devices/bochs_impl.h"

enum { SR_8_DOTS = BIT(0), SR_HALF_CLOCK = BIT(3), CR_HALF_LINES = BIT(2) };
/* DISPI tells no timing: this rate and blanking of 1/20 of the lines and 1/5 of each line. */
enum { DISPI_REFRESH = 60 };

struct raster {
    ps_t line, shown;                         /* duration of a line, and of its visible part */
    uint32_t lines, visible, sync, sync_end;  /* in lines from the first visible one */
};

static uint32_t with_overflow(const struct vga *v, uint32_t reg, unsigned bit8, unsigned bit9)
{
    uint32_t overflow = v->cr[CR_OVERFLOW];

    return v->cr[reg] | (overflow >> bit8 & 1) << 8 | (overflow >> bit9 & 1) << 9;
}

static uint32_t repeats(const struct vga *v)
{
    return v->cr[CR_MODE] & CR_HALF_LINES ? 2 : 1;
}

uint32_t vga_lines(const struct vga *v)
{
    return (with_overflow(v, CR_VDISPLAY, 1, 6) + 1) * repeats(v);
}

static struct raster crtc_raster(const struct vga *v)
{
    bool fast = (v->misc >> 2 & 3) == 1;
    uint64_t dots = (v->sr[SR_CLOCKING] & SR_8_DOTS ? 8 : 9) * (v->sr[SR_CLOCKING] & SR_HALF_CLOCK ? 2 : 1);
    uint64_t clock = fast ? 28322000 : 25175000;
    uint32_t sync = with_overflow(v, CR_VSYNC_START, 2, 7);
    uint32_t width = ((uint32_t)v->cr[CR_VSYNC_END] - sync) & 15;

    return (struct raster){
        .line = (v->cr[CR_HTOTAL] + 5u) * dots * PS_PER_SEC / clock,
        .shown = (v->cr[CR_HDISPLAY] + 1u) * dots * PS_PER_SEC / clock,
        .lines = (with_overflow(v, CR_VTOTAL, 0, 5) + 2) * repeats(v),
        .visible = vga_lines(v),
        .sync = sync * repeats(v),
        .sync_end = (sync + (width ? width : 16)) * repeats(v),
    };
}

static struct raster dispi_raster(const struct bochs_mode *m)
{
    uint32_t blank = m->height / 20 + 4, lines = m->height + blank;
    ps_t line = PS_PER_SEC / DISPI_REFRESH / lines;

    return (struct raster){
        .line = line, .shown = line / 5 * 4, .lines = lines, .visible = m->height,
        .sync = m->height + 1, .sync_end = m->height + 3,
    };
}

struct vga_beam vga_beam(const struct vga *v)
{
    struct bochs_mode m;
    const struct raster r = bochs_mode(&v->card, &m) ? dispi_raster(&m) : crtc_raster(v);
    ps_t now = device_now(&v->card.dev), frame = r.line * r.lines;
    uint64_t line = now % frame / r.line;

    return (struct vga_beam){
        .displaying = line < r.visible && now % r.line < r.shown,
        .vertical_sync = line >= r.sync && line < r.sync_end,
        .frame = now / frame,
    };
}
