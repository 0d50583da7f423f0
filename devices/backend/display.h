/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_BACKEND_DISPLAY_H
#define ORRERY_DEVICES_BACKEND_DISPLAY_H
/*
 * What a display device and those who look at it agree on.
 *
 *   device (VGA, ramfb) <--size, draw-- display --surface, changed lines--> viewers
 *                                                       (window, VNC server, screendump)
 *
 * A device makes a picture when it is asked to, out of its registers, guest memory and simulated
 * time; text modes are drawn by it like everything else. It is never asked by the machine but by
 * viewers, who come at times of their own: so drawing only looks. Nothing of it is saved, hashed
 * or seen by the guest, and a machine without viewers has no work with it.
 *
 * Which lines changed is found by comparing what is drawn with what was there: no
 * dirty tracking of guest memory, whose state would then depend on how often somebody looks.
 *
 * Any number of displays and of viewers of each. Viewers call between turns of the run
 * loop: from a host_hook's `polled`, the monitor, or when the machine has stopped.
 * Displays belong to the host and die with host_destroy().
 */
#include "core/util/err.h"

struct host;
struct display;

#define DISPLAY_MAX_SIDE   16384u
#define DISPLAY_MAX_PIXELS (1u << 25) /* 7680 x 4320 fits */

/* ---- what a device gives: a constant table ---- */
struct display_ops {
    /* In pixels; 0 by 0 while nothing is shown. Within the limits above, or nothing is shown. */
    void (*size)(const void *device, uint32_t *width, uint32_t *height);
    /* Every line of a picture of that size, in any order, through display_put(). */
    void (*draw)(const void *device, struct display *d);
};

/*
 * During construction. `id` (copied) is the device's. `h` NULL: nobody can look, nothing is made.
 * ERR_ARG: the id is taken.
 */
int display_create(struct host *h, const char *id, const struct display_ops *ops, const void *device,
                   struct err *e) MUST_CHECK;

/* Within draw: room for one line's pixels, and line `y` as it stands there. */
uint32_t *display_line(struct display *d);
void display_put(struct display *d, uint32_t y);

/* ---- what viewers see ---- */
/* Valid until the next refresh. One format: 0x00RRGGBB in the host's byte order. */
struct display_surface {
    uint32_t width, height;     /* 0 by 0: nothing is shown */
    uint32_t stride;            /* bytes from one line to the next */
    const uint32_t *pixels;
};

/* The display called `id`, NULL: the first. NULL: there is none. */
struct display *display_find(const struct host *h, const char *id);
struct display *display_next(const struct display *d); /* in order of creation; NULL at the end */
const char *display_id(const struct display *d);

/*
 * Draw. *number counts up; a viewer keeps the last one he has shown. ERR_NOMEM, with the
 * old picture still there.
 */
int display_refresh(struct display *d, uint64_t *number, struct err *e) MUST_CHECK;
const struct display_surface *display_surface(const struct display *d);
/* The surface has another shape than at refresh `since` (0: always so). */
bool display_reshaped(const struct display *d, uint64_t since);
/*
 * The next run of lines from *first on that changed after refresh `since` (0: all of them). False:
 * no more. To go on: *first += *lines.
 */
bool display_changed(const struct display *d, uint64_t since, uint32_t *first, uint32_t *lines);

#endif
