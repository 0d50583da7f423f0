/* SPDX-License-Identifier: Apache-2.0 */
#include "core/state/record.h"
#include "test/check_main.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[] = "/tmp/orrery-record-XXXXXX";

static void make_path(void)
{
    strcpy(path + sizeof(path) - 7, "XXXXXX");
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    close(fd);
}

static void remove_path(void)
{
    unlink(path);
}

static struct record_log *written(void)
{
    struct record_log *log;
    struct err e;
    ck_assert_int_eq(record_create(&log, path, "board", 100, &e), 0);
    ck_assert_int_eq(record_append(log, 100, "a", "x", 1, &e), 0);
    ck_assert_int_eq(record_append(log, 250, "b", "yz", 2, &e), 0);
    ck_assert_int_eq(record_append(log, 250, "a", "w", 1, &e), 0);
    return log;
}

static void check_entries(struct record_log *log)
{
    static const struct { ps_t when; const char *source, *bytes; } rows[] = {
        { 100, "a", "x" }, { 250, "b", "yz" }, { 250, "a", "w" },
    };
    struct record_entry entry;
    struct err e;
    ck_assert_uint_eq(record_count(log), 3);
    for (unsigned i = 0; i < 3; i++) {
        ck_assert_int_eq(record_read(log, i, &entry, &e), 0);
        ck_assert_uint_eq(entry.when, rows[i].when);
        ck_assert_uint_eq(entry.sequence, i);
        ck_assert_str_eq(entry.source, rows[i].source);
        ck_assert_uint_eq(entry.length, strlen(rows[i].bytes));
        ck_assert_mem_eq(entry.bytes, rows[i].bytes, entry.length);
    }
    ck_assert_int_eq(record_read(log, 3, &entry, &e), ERR_ABSENT);
}

START_TEST(what_is_written_is_read)
{
    struct err e;
    struct record_log *log = written();
    check_entries(log); /* while it is being written */
    ck_assert_int_eq(record_append(log, 249, "a", "x", 1, &e), ERR_STATE);
    ck_assert_int_eq(record_append(log, 300, "a", "x", 0, &e), ERR_LIMIT);
    ck_assert_int_eq(record_finish(log, 900, &e), 0);
    ck_assert_int_eq(record_open(&log, path, "board", &e), 0);
    check_entries(log);
    ck_assert_uint_eq(record_start(log), 100);
    ck_assert_uint_eq(record_end(log), 900);
    ck_assert(record_is_complete(log));
    ck_assert_int_eq(record_append(log, 901, "a", "x", 1, &e), ERR_STATE);
    record_close(log);
    ck_assert_int_eq(record_open(&log, path, "another", &e), ERR_ARG);
}
END_TEST

/* Cut anywhere: either refused or a true beginning of what was recorded. Any byte changed: noticed. */
START_TEST(damage_is_noticed)
{
    uint8_t image[1024];
    struct err e;
    struct record_log *log = written();
    ck_assert_int_eq(record_finish(log, 900, &e), 0);
    FILE *f = fopen(path, "rb");
    size_t size = fread(image, 1, sizeof(image), f);
    fclose(f);
    for (size_t n = 0; n < size; n++) {
        ck_assert_int_eq(truncate(path, 0), 0);
        f = fopen(path, "wb");
        fwrite(image, 1, n, f);
        fclose(f);
        int rc = record_open(&log, path, "board", &e);
        ck_assert_msg(rc == ERR_FORMAT ? n < 29 : rc == 0, "cut at %zu: %d", n, rc);
        if (rc == 0) {
            ck_assert_uint_le(record_count(log), 3);
            ck_assert(!record_is_complete(log));
            record_close(log);
        }
    }
    for (size_t i = 29; i < size; i++) {
        image[i] ^= 0x10;
        f = fopen(path, "wb");
        fwrite(image, 1, size, f);
        fclose(f);
        int rc = record_open(&log, path, "board", &e);
        /* A longer length may point behind the end: then it looks like a cut. */
        bool good = rc == ERR_FORMAT || (rc == 0 && !record_is_complete(log));
        ck_assert_msg(good, "byte %zu changed: %d", i, rc);
        if (rc == 0)
            record_close(log);
        image[i] ^= 0x10;
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("record");
    TCase *c = tcase_create("log");
    tcase_add_checked_fixture(c, make_path, remove_path);
    tcase_add_test(c, what_is_written_is_read);
    tcase_add_test(c, damage_is_noticed);
    suite_add_tcase(s, c);
    return s;
}
