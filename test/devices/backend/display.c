/* SPDX-License-Identifier: Apache-2.0 */
/* Displays and pictures of them: the contract of devices/backend/display.h; PNG read back with libpng. */
#include "devices/backend/display.h"
#include "core/util/bytes.h"
#include "devices/backend/host.h"
#include "devices/backend/screendump.h"
#include "test/check_main.h"
#include "test/device_generic.h"
#include <png.h>
#include <stdlib.h>
#include <unistd.h>

/* A device whose dot (x, y) is a function of both and of what the test sets. */
struct screen {
    uint32_t width, height, changed_line, value;
};
static struct machine *m;
static struct host *h;
static struct screen one, two;
static struct err e;

static uint32_t dot(const struct screen *s, uint32_t x, uint32_t y)
{
    return (x * 0x010305 + y * 0x070100 + (y == s->changed_line ? s->value : 0)) & 0xffffff;
}

static void size(const void *device, uint32_t *width, uint32_t *height)
{
    *width = ((const struct screen *)device)->width;
    *height = ((const struct screen *)device)->height;
}

static void draw(const void *device, struct display *d)
{
    const struct screen *s = device;

    for (uint32_t y = s->height; y-- > 0;) { /* any order */
        for (uint32_t x = 0; x < s->width; x++)
            display_line(d)[x] = dot(s, x, y);
        display_put(d, y);
    }
    display_put(d, s->height); /* beyond: nothing */
}
static const struct display_ops ops = { size, draw };

static void setup(void)
{
    m = device_generic_machine();
    ck_assert_int_eq(host_create(&h, m, &e), 0);
    one = (struct screen){ 30, 20, UINT32_MAX, 0 };
    two = (struct screen){ 8, 4, UINT32_MAX, 0 };
    ck_assert_int_eq(display_create(h, "one", &ops, &one, &e), 0);
    ck_assert_int_eq(display_create(h, "two", &ops, &two, &e), 0);
}

static void teardown(void)
{
    host_destroy(h);
    machine_destroy(m);
}

static uint64_t refresh(struct display *d)
{
    uint64_t number;

    ck_assert_int_eq(display_refresh(d, &number, &e), 0);
    return number;
}

START_TEST(displays_are_found)
{
    struct display *d = display_find(h, NULL);

    ck_assert_str_eq(display_id(d), "one");
    ck_assert_str_eq(display_id(display_next(d)), "two");
    ck_assert_ptr_null(display_next(display_next(d)));
    ck_assert_ptr_eq(display_find(h, "two"), display_next(d));
    ck_assert_ptr_null(display_find(h, "three"));
    ck_assert_int_eq(display_create(h, "one", &ops, &one, &e), ERR_ARG);
    ck_assert_int_eq(display_create(NULL, "one", &ops, &one, &e), 0);
}
END_TEST

START_TEST(lines_that_changed)
{
    struct display *d = display_find(h, "one");
    uint32_t first = 0, lines;
    uint64_t before = refresh(d);

    ck_assert(display_changed(d, 0, &first, &lines));
    ck_assert(first == 0 && lines == 20);
    first = 20;
    ck_assert(!display_changed(d, 0, &first, &lines));
    ck_assert(display_reshaped(d, 0));
    uint64_t now = refresh(d);
    first = 0;
    ck_assert(!display_changed(d, before, &first, &lines));
    one.changed_line = 7;
    one.value = 1;
    (void)refresh(d);
    first = 0;
    ck_assert(display_changed(d, now, &first, &lines));
    ck_assert(first == 7 && lines == 1);
    first += lines;
    ck_assert(!display_changed(d, now, &first, &lines));
    ck_assert(!display_reshaped(d, now));
    /* A second viewer, who comes later, sees it as well; and so does one that saw nothing. */
    first = 0;
    ck_assert(display_changed(d, before, &first, &lines));
    ck_assert(first == 7 && lines == 1);
    one.height = 10;
    (void)refresh(d);
    first = 0;
    ck_assert(display_reshaped(d, now));
    ck_assert(display_changed(d, now, &first, &lines));
    ck_assert(first == 0 && lines == 10);
}
END_TEST

START_TEST(sizes_beyond_the_limits_show_nothing)
{
    static const uint32_t sizes[][2] = { { 0, 5 }, { 5, 0 }, { 16385, 1 }, { 1, 16385 }, { 8192, 8192 } };
    struct display *d = display_find(h, "two");

    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        two.width = sizes[i][0];
        two.height = sizes[i][1];
        (void)refresh(d);
        ck_assert_uint_eq(display_surface(d)->height, 0);
        ck_assert_uint_eq(display_surface(d)->width, 0);
    }
}
END_TEST

static char *temporary(const char *suffix)
{
    static char path[64];

    snprintf(path, sizeof(path), "/tmp/orrery-display-%d%s", (int)getpid(), suffix);
    return path;
}

START_TEST(ppm)
{
    char *path = temporary(".dump");
    uint8_t bytes[200];

    ck_assert_int_eq(screendump_write(h, "two", path, SCREENDUMP_BY_NAME, &e), 0);
    FILE *f = fopen(path, "rb");
    size_t n = fread(bytes, 1, sizeof(bytes), f);
    fclose(f);
    unlink(path);
    ck_assert_uint_eq(n, 11 + 8 * 4 * 3);
    ck_assert_mem_eq(bytes, "P6\n8 4\n255\n", 11);
    for (uint32_t i = 0; i < 32; i++)
        ck_assert_uint_eq(ld_be32(bytes + 10 + 3 * i) & 0xffffff, dot(&two, i % 8, i / 8));
}
END_TEST

START_TEST(png)
{
    char *path = temporary(".png");
    png_image image = { .version = PNG_IMAGE_VERSION };
    uint8_t bytes[30 * 20 * 3];

    ck_assert_int_eq(screendump_write(h, NULL, path, SCREENDUMP_BY_NAME, &e), 0);
    ck_assert(png_image_begin_read_from_file(&image, path));
    ck_assert_uint_eq(image.width, 30);
    ck_assert_uint_eq(image.height, 20);
    image.format = PNG_FORMAT_RGB;
    ck_assert(png_image_finish_read(&image, NULL, bytes, 0, NULL));
    unlink(path);
    for (uint32_t i = 0; i < 30 * 20; i++)
        ck_assert_uint_eq((uint32_t)bytes[3 * i] << 16 | bytes[3 * i + 1] << 8 | bytes[3 * i + 2],
                          dot(&one, i % 30, i / 30));
}
END_TEST

START_TEST(pictures_that_cannot_be_written)
{
    enum screendump_format f;

    ck_assert_int_eq(screendump_write(h, "three", "/tmp/x", SCREENDUMP_PPM, &e), ERR_ABSENT);
    ck_assert_ptr_nonnull(strstr(e.text, "one two"));
    ck_assert_int_eq(screendump_write(h, "one", "/nonexistent/x", SCREENDUMP_PPM, &e), ERR_IO);
    ck_assert_int_eq(screendump_write(h, "one", "/dev/full", SCREENDUMP_PPM, &e), ERR_IO);
    ck_assert_int_eq(screendump_write(h, "one", "/dev/full", SCREENDUMP_PNG, &e), ERR_IO);
    ck_assert_int_eq(screendump_parse(&f, "gif", &e), ERR_ARG);
    ck_assert_int_eq(screendump_parse(&f, "png", &e), 0);
    one.width = 0;
    ck_assert_int_eq(screendump_write(h, "one", "/tmp/x", SCREENDUMP_PPM, &e), ERR_ABSENT);
    teardown();
    m = device_generic_machine();
    ck_assert_int_eq(host_create(&h, m, &e), 0);
    ck_assert_int_eq(screendump_write(h, NULL, "/tmp/x", SCREENDUMP_PPM, &e), ERR_ABSENT);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("devices.backend.display");
    TCase *t = tcase_create("display");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, displays_are_found);
    tcase_add_test(t, lines_that_changed);
    tcase_add_test(t, sizes_beyond_the_limits_show_nothing);
    tcase_add_test(t, ppm);
    tcase_add_test(t, png);
    tcase_add_test(t, pictures_that_cannot_be_written);
    suite_add_tcase(s, t);
    return s;
}
