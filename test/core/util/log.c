/* SPDX-License-Identifier: Apache-2.0 */
#include "core/util/log.h"
#include "core/util/err.h"
#include "core/util/trace.h"
#include "test/check_main.h"
#include <stdlib.h>
#include <string.h>

static struct log *the_log;
static FILE *out;
static char *text;
static size_t text_size;

static void setup(void)
{
    out = open_memstream(&text, &text_size);
    the_log = log_create(out);
}

static void teardown(void)
{
    log_destroy(the_log);
    fclose(out);
    free(text);
}

static const char *printed(void)
{
    fflush(out);
    return text;
}

static ps_t fixed_time(const void *arg)
{
    return *(const ps_t *)arg;
}

static void channel(enum log_channel ch, log_cat_t cat, const char *site, const char *fmt, ...)
    PRINTF_LIKE(4, 5);
static void channel(enum log_channel ch, log_cat_t cat, const char *site, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    log_channel(the_log, ch, cat, site, fmt, ap);
    va_end(ap);
}

START_TEST(format)
{
    ps_t now = 12345678901999ull; /* 12.345678901999 s; the rest of the nanosecond is cut */
    log_cat_t plic = log_add_category(the_log, "plic");
    log_set_clock(the_log, fixed_time, &now);
    log_print(the_log, plic, LOG_WARN, "text %u", 7);
    ck_assert_str_eq(printed(), "[  12.345678901] plic: warn: text 7\n");
}
END_TEST

START_TEST(levels)
{
    log_cat_t plic = log_add_category(the_log, "plic");
    ck_assert(log_is_on(the_log, plic, LOG_WARN));
    ck_assert(!log_is_on(the_log, plic, LOG_INFO));
    ck_assert_int_eq(log_configure(the_log, "plic=debug,virtio=off", NULL), 0);
    ck_assert(log_is_on(the_log, plic, LOG_DEBUG));
    log_cat_t virtio = log_add_category(the_log, "virtio"); /* added after it was configured */
    ck_assert(!log_is_on(the_log, virtio, LOG_ERROR));
    log_cat_t uart = log_add_category(the_log, "uart");
    ck_assert_int_eq(log_configure(the_log, "info", NULL), 0);
    ck_assert(log_is_on(the_log, uart, LOG_INFO));
    ck_assert(log_is_on(the_log, plic, LOG_DEBUG));
    ck_assert_uint_eq(log_add_category(the_log, "uart"), uart);
    log_print(the_log, virtio, LOG_ERROR, "nothing");
    ck_assert_str_eq(printed() ? printed() : "", "");
}
END_TEST

START_TEST(bad_switches)
{
    struct err e = { 0 };
    ck_assert_int_eq(log_configure(the_log, "plic=wran", &e), ERR_ARG);
    ck_assert_ptr_nonnull(strstr(e.text, "'warn'"));
    ck_assert_int_eq(log_configure(the_log, "=warn", &e), ERR_ARG);
    ck_assert_int_eq(log_configure(the_log, "a-category-with-a-name-that-is-much-too-long=warn", &e),
                     ERR_ARG);
    ck_assert_int_eq(log_configure(the_log, "", &e), 0);
    for (unsigned i = 0; i < 64; i++) {
        char spec[32];
        snprintf(spec, sizeof(spec), "c%u=info", i);
        ck_assert_int_eq(log_configure(the_log, spec, &e), 0);
    }
    ck_assert_int_eq(log_configure(the_log, "one-more=info", &e), ERR_LIMIT);
}
END_TEST

START_TEST(channels_print_once_and_count_always)
{
    log_cat_t plic = log_add_category(the_log, "plic");
    for (unsigned i = 0; i < 1000; i++)
        channel(LOG_GUEST, plic, "claim of an unknown context", "context %u", i);
    channel(LOG_UNMODELLED, plic, "claim of an unknown context", "x\x1b[2J");
    ck_assert_uint_eq(log_channel_count(the_log, LOG_GUEST), 1000);
    ck_assert_uint_eq(log_channel_count(the_log, LOG_UNMODELLED), 1);
    ck_assert_str_eq(printed(),
                     "[   0.000000000] plic: guest error: claim of an unknown context: context 0\n"
                     "[   0.000000000] plic: not modelled: claim of an unknown context: x?[2J\n");
    ck_assert_int_eq(log_configure(the_log, "guest=off", NULL), 0);
    channel(LOG_GUEST, plic, "another rule", "y");
    ck_assert_ptr_null(strstr(printed(), "another"));
    ck_assert_int_eq(log_configure(the_log, "guest=on", NULL), 0);
    channel(LOG_GUEST, plic, "another rule", "y");
    ck_assert_ptr_nonnull(strstr(printed(), "another"));
}
END_TEST

/* A guest that breaks a thousand rules stays cheap and quiet. */
START_TEST(many_sites)
{
    static char sites[4000][16];
    log_cat_t plic = log_add_category(the_log, "plic");
    for (unsigned round = 0; round < 2; round++)
        for (unsigned i = 0; i < ARRAY_LEN(sites); i++) {
            snprintf(sites[i], sizeof(sites[i]), "rule %u", i);
            channel(LOG_GUEST, plic, sites[i], "x");
        }
    unsigned lines = 0;
    for (const char *p = printed(); (p = strchr(p, '\n')); p++)
        lines++;
    ck_assert_uint_eq(lines, 512);
    ck_assert_uint_eq(log_channel_count(the_log, LOG_GUEST), 8000);
}
END_TEST

START_TEST(trace_hash_and_print)
{
    struct trace a, b;
    trace_init(&a);
    trace_init(&b);
    trace(&a, mmio_read, 5, 0x1000, 4, 7);
    ck_assert_uint_eq(a.count, 0); /* off */
    a.hashing = b.hashing = true;
    trace(&a, mmio_read, 5, 0x1000, 4, 7);
    trace(&b, mmio_read, 5, 0x1000, 4, 7);
    ck_assert_uint_eq(a.hash, b.hash);
    ck_assert_uint_eq(a.count, 1);
    trace(&a, mmio_read, 6, 0x1000, 4, 7);
    trace(&b, mmio_read, 7, 0x1000, 4, 7); /* another time is another run */
    ck_assert_uint_ne(a.hash, b.hash);
    ck_assert_int_eq(trace_enable(&a, "mmio*", out, NULL), 0);
    trace(&a, mmio_write, PS_PER_SEC + 1, 0x10, 4, 255);
    trace(&a, line, 1, 1, 2, 3);
    ck_assert_str_eq(printed(), "[   1.000000000001] mmio_write address=0x10 size=4 value=0xff\n");
    struct err e = { 0 };
    ck_assert_int_eq(trace_enable(&a, "mmio_wriet", out, &e), ERR_ARG);
    ck_assert_ptr_nonnull(strstr(e.text, "mmio_write"));
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("log");
    TCase *c = tcase_create("log");
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, format);
    tcase_add_test(c, levels);
    tcase_add_test(c, bad_switches);
    tcase_add_test(c, channels_print_once_and_count_always);
    tcase_add_test(c, many_sites);
    tcase_add_test(c, trace_hash_and_print);
    suite_add_tcase(s, c);
    return s;
}
