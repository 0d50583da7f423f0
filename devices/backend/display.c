/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/backend/display.h"
#include "devices/backend/host.h"
#include <stdlib.h>
#include <string.h>

struct display {
    const struct display_ops *ops;
    const void *device;
    struct display *next;
    char *id;
    struct display_surface surface;
    uint32_t *pixels, *line;  /* the surface's, and one line more to draw in */
    uint64_t *changed;        /* by line: the refresh that changed it last */
    uint64_t number, shaped;  /* the last refresh, and the last one that changed the shape */
};

struct display_list {
    struct display *first, **end;
    struct host_hook hook;
};

static void destroy(void *arg)
{
    struct display_list *list = arg;

    for (struct display *d = list->first, *next; d; d = next) {
        next = d->next;
        free(d->id);
        free(d->pixels);
        free(d->line);
        free(d->changed);
        free(d);
    }
    free(list);
}

static struct display_list *list_of(const struct host *h)
{
    return host_lookup(h, "display list", "all");
}

static struct display_list *make_list(struct host *h, struct err *e)
{
    struct display_list *list = list_of(h);

    if (list)
        return list;
    list = calloc(1, sizeof(*list));
    if (!list) {
        (void)err_set(e, ERR_NOMEM, "no memory for displays");
        return NULL;
    }
    list->end = &list->first;
    list->hook = (struct host_hook){ .destroy = destroy, .arg = list };
    host_add_hook(h, &list->hook);
    return host_register(h, "display list", "all", list, e) == 0 ? list : NULL;
}

int display_create(struct host *h, const char *id, const struct display_ops *ops, const void *device,
                   struct err *e)
{
    if (!h)
        return 0;
    struct display_list *list = make_list(h, e);
    if (!list)
        return ERR_NOMEM;
    struct display *d = calloc(1, sizeof(*d));
    char *name = strdup(id);
    if (!d || !name) {
        free(d);
        free(name);
        return err_set(e, ERR_NOMEM, "display %s: no memory", id);
    }
    d->ops = ops;
    d->device = device;
    d->id = name;
    int r = host_register(h, "display", id, d, e);
    if (r < 0) {
        free(name);
        free(d);
        return r;
    }
    *list->end = d;
    list->end = &d->next;
    return 0;
}

uint32_t *display_line(struct display *d)
{
    return d->line;
}

void display_put(struct display *d, uint32_t y)
{
    size_t n = d->surface.stride;

    if (y >= d->surface.height)
        return;
    uint32_t *to = d->pixels + (size_t)y * d->surface.width;
    if (memcmp(to, d->line, n) == 0)
        return;
    memcpy(to, d->line, n);
    d->changed[y] = d->number;
}

struct display *display_find(const struct host *h, const char *id)
{
    const struct display_list *list = list_of(h);

    if (id)
        return host_lookup(h, "display", id);
    return list ? list->first : NULL;
}

struct display *display_next(const struct display *d)
{
    return d->next;
}

const char *display_id(const struct display *d)
{
    return d->id;
}

static int reshape(struct display *d, uint32_t width, uint32_t height, struct err *e)
{
    size_t n = (size_t)width * height;
    uint32_t *pixels = NULL, *line = NULL;
    uint64_t *changed = NULL;

    if (n != 0) {
        pixels = calloc(n, sizeof(*pixels));
        line = calloc(width, sizeof(*line));
        changed = calloc(height, sizeof(*changed));
        if (!pixels || !line || !changed) {
            free(pixels);
            free(line);
            free(changed);
            return err_set(e, ERR_NOMEM, "display %s: no memory for %u by %u pixels", d->id, width,
                           height);
        }
    }
    free(d->pixels);
    free(d->line);
    free(d->changed);
    d->pixels = pixels;
    d->line = line;
    d->changed = changed;
    d->surface = (struct display_surface){
        .width = width, .height = height, .stride = width * (uint32_t)sizeof(*pixels), .pixels = pixels,
    };
    d->shaped = d->number;
    for (uint32_t y = 0; y < height; y++)
        d->changed[y] = d->number;
    return 0;
}

int display_refresh(struct display *d, uint64_t *number, struct err *e)
{
    uint32_t width = 0, height = 0;
    int r = 0;

    d->ops->size(d->device, &width, &height);
    if (width == 0 || height == 0 || width > DISPLAY_MAX_SIDE || height > DISPLAY_MAX_SIDE ||
        (uint64_t)width * height > DISPLAY_MAX_PIXELS)
        width = height = 0;
    d->number++;
    if (d->shaped == 0 || width != d->surface.width || height != d->surface.height)
        r = reshape(d, width, height, e);
    if (r < 0)
        return r;
    if (height != 0)
        d->ops->draw(d->device, d);
    *number = d->number;
    return 0;
}

const struct display_surface *display_surface(const struct display *d)
{
    return &d->surface;
}

bool display_reshaped(const struct display *d, uint64_t since)
{
    return since == 0 || d->shaped > since;
}

bool display_changed(const struct display *d, uint64_t since, uint32_t *first, uint32_t *lines)
{
    uint32_t y = *first;

    while (y < d->surface.height && since != 0 && d->changed[y] <= since)
        y++;
    *first = y;
    while (y < d->surface.height && (since == 0 || d->changed[y] > since))
        y++;
    *lines = y - *first;
    return *lines != 0;
}
