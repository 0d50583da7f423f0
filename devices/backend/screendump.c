/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/backend/screendump.h"
#include "core/util/bytes.h"
#include <errno.h>
#include <png.h>
#include <stdio.h>
#include <stdlib.h>

int screendump_parse(enum screendump_format *f, const char *text, struct err *e)
{
    if (strcmp(text, "png") == 0)
        *f = SCREENDUMP_PNG;
    else if (strcmp(text, "ppm") == 0)
        *f = SCREENDUMP_PPM;
    else
        return err_set(e, ERR_ARG, "there is no picture format '%s'; png and ppm are", text);
    return 0;
}

/* Three bytes a pixel: red, green, blue. malloc'd. */
static uint8_t *to_bytes(const struct display_surface *s)
{
    size_t n = (size_t)s->width * s->height;
    uint8_t *bytes = malloc(n * 3);

    for (size_t i = 0; bytes && i < n; i++) {
        bytes[3 * i] = (uint8_t)(s->pixels[i] >> 16);
        bytes[3 * i + 1] = (uint8_t)(s->pixels[i] >> 8);
        bytes[3 * i + 2] = (uint8_t)s->pixels[i];
    }
    return bytes;
}

static bool write_ppm(FILE *f, const struct display_surface *s, const uint8_t *bytes)
{
    size_t n = (size_t)s->width * s->height * 3;

    return fprintf(f, "P6\n%u %u\n255\n", s->width, s->height) > 0 && fwrite(bytes, 1, n, f) == n;
}

/* libpng's simplified interface: no long jumps. */
static bool write_png(FILE *f, const struct display_surface *s, const uint8_t *bytes)
{
    png_image image = { .version = PNG_IMAGE_VERSION, .width = s->width, .height = s->height,
                        .format = PNG_FORMAT_RGB };

    return png_image_write_to_stdio(&image, f, 0, bytes, 0, NULL) != 0;
}

static struct display *find(const struct host *h, const char *id, struct err *e)
{
    struct display *d = display_find(h, id);
    char known[256] = "";

    if (d)
        return d;
    for (struct display *o = display_find(h, NULL); o; o = display_next(o)) {
        size_t n = strlen(known);
        snprintf(known + n, sizeof(known) - n, " %s", display_id(o));
    }
    if (known[0] == 0)
        (void)err_set(e, ERR_ABSENT, "this machine has no display; -device ramfb and, on PCI, VGA or "
                      "bochs-display are accepted");
    else
        (void)err_set(e, ERR_ABSENT, "there is no display '%s'; there are:%s", id, known);
    return NULL;
}

int screendump_write(const struct host *h, const char *id, const char *path, enum screendump_format f,
                     struct err *e)
{
    struct display *d = find(h, id, e);
    size_t n = strlen(path);
    uint64_t number;

    if (!d)
        return ERR_ABSENT;
    int r = display_refresh(d, &number, e);
    if (r < 0)
        return r;
    const struct display_surface *s = display_surface(d);
    if (s->height == 0)
        return err_set(e, ERR_ABSENT, "display '%s' shows nothing now", display_id(d));
    uint8_t *bytes = to_bytes(s);
    if (!bytes)
        return err_set(e, ERR_NOMEM, "no memory for a picture of %u by %u", s->width, s->height);
    FILE *file = fopen(path, "wbe");
    if (!file) {
        free(bytes);
        return err_set_errno(e, ERR_IO, errno, "cannot write '%s'", path);
    }
    bool png = f == SCREENDUMP_PNG || (f == SCREENDUMP_BY_NAME && n > 4 && strcmp(path + n - 4, ".png") == 0);
    bool ok = (png ? write_png : write_ppm)(file, s, bytes);
    if (fclose(file) != 0 || !ok)
        r = err_set_errno(e, ERR_IO, errno, "writing '%s' failed", path);
    free(bytes);
    return r;
}
