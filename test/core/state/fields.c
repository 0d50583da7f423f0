/* SPDX-License-Identifier: Apache-2.0 */
#include "core/state/snapshot.h"
#include "test/check_main.h"
#include <string.h>

struct inner {
    uint32_t a;
    uint16_t b; /* two bytes of padding follow */
};
static const struct state_field inner_state[] = { STATE(inner, a), STATE(inner, b), STATE_END };

struct part {
    void *wiring;
    uint64_t wide;
    uint32_t bank[4];
    struct inner one, many[3];
    uint8_t *blob;
    uint32_t blob_length;
    uint32_t odd; /* saved by its own functions, off by one */
    uint8_t added; /* in version 2 */
};

static int odd_save(const void *object, struct state_writer *w, struct err *e)
{
    uint32_t v = *(const uint32_t *)object + 1;
    return state_put(w, &v, sizeof(v), e);
}
static int odd_load(void *object, struct state_reader *r, struct err *e)
{
    uint32_t v = 0;
    int rc = state_get(r, &v, sizeof(v), e);
    *(uint32_t *)object = v - 1;
    return rc;
}
static uint64_t odd_hash(uint64_t h, const void *object)
{
    return h * 31 + *(const uint32_t *)object;
}
static const struct state_custom odd = { odd_save, odd_load, odd_hash };

#define COMMON                                                                                     \
    STATE(part, wide), STATE(part, bank), STATE_SUB(part, one, inner_state),                       \
        STATE_SUBS(part, many, inner_state), STATE_PTR(part, blob, blob_length, 16),               \
        STATE_FN(part, odd, &odd)
static const struct state_field part_v1[] = { COMMON, STATE_END };
static const struct state_field part_v2[] = {
    COMMON,
    { .name = "added", .kind = STATE_RAW, .at = offsetof(struct part, added), .size = 1, .count = 1,
      .since = 2 },
    STATE_END,
};

static struct part sample(uint8_t *blob)
{
    struct part p = { .wide = 0x0123456789abcdefull, .bank = { 1, 2, 3, 4 }, .one = { 5, 6 },
                      .many = { { 7, 8 }, { 9, 10 }, { 11, 12 } }, .blob = blob, .blob_length = 5,
                      .odd = 99, .added = 77 };
    memcpy(blob, "hello", 6);
    return p;
}

static struct state_writer *save(const struct state_field *table, uint32_t version,
                                 const struct part *p)
{
    struct err e = { 0 };
    struct state_writer *w = NULL;
    ck_assert_int_eq(snapshot_create(&w, NULL, "m", &e), 0);
    ck_assert_msg(state_save(w, "part", version, table, p, &e) == 0, "%s", e.text);
    ck_assert_int_eq(snapshot_finish(w, &e), 0);
    return w;
}

static int load(struct state_writer *w, const struct state_field *table, uint32_t version,
                struct part *p, struct err *e)
{
    struct state_reader *r = NULL;
    ck_assert_int_eq(snapshot_open_memory(&r, w, e), 0);
    int rc = state_load(r, "part", version, table, p, e);
    snapshot_close(r);
    return rc;
}

START_TEST(round_trip)
{
    uint8_t x[16], y[16] = { 0 };
    struct part a = sample(x), b = { .blob = y, .wiring = &a };
    struct state_writer *w = save(part_v2, 2, &a);
    struct err e = { 0 };
    ck_assert_msg(load(w, part_v2, 2, &b, &e) == 0, "%s", e.text);
    ck_assert_uint_eq(b.wide, a.wide);
    ck_assert_mem_eq(b.bank, a.bank, sizeof(a.bank));
    ck_assert_uint_eq(b.many[2].b, 12);
    ck_assert_uint_eq(b.blob_length, 5);
    ck_assert_mem_eq(y, "hello", 5);
    ck_assert_uint_eq(b.odd, 99);
    ck_assert_uint_eq(b.added, 77);
    ck_assert_ptr_eq(b.wiring, &a);
    ck_assert_ptr_eq(b.blob, y);
    ck_assert_ptr_null(state_compare(part_v2, &a, &b));
    ck_assert_uint_eq(state_hash(1, part_v2, &a), state_hash(1, part_v2, &b));
    snapshot_discard(w);
}
END_TEST

START_TEST(older_versions)
{
    uint8_t x[16], y[16];
    struct part a = sample(x), b = { .blob = y, .added = 3 };
    struct err e = { 0 };
    struct state_writer *w = save(part_v1, 1, &a);
    ck_assert_msg(load(w, part_v2, 2, &b, &e) == 0, "%s", e.text);
    ck_assert_uint_eq(b.added, 3); /* keeps its reset value */
    ck_assert_uint_eq(b.odd, 99);
    snapshot_discard(w);
    w = save(part_v2, 2, &a);
    ck_assert_int_eq(load(w, part_v1, 1, &b, &e), ERR_FORMAT);
    ck_assert_str_eq(e.text, "snapshot: section part has version 2; up to 1 are known");
    snapshot_discard(w);
}
END_TEST

/* Tables that do not fit what was saved: the message names section and field. */
static const struct state_field renamed[] = { { .name = "broad", .kind = STATE_RAW,
                                                .at = offsetof(struct part, wide), .size = 8,
                                                .count = 1 }, STATE_END };
static const struct state_field narrower[] = { { .name = "wide", .kind = STATE_RAW,
                                                 .at = offsetof(struct part, wide), .size = 4,
                                                 .count = 1 }, STATE_END };
static const struct state_field shorter[] = { STATE(part, wide), STATE_END };
static const struct state_field small_blob[] = {
    STATE(part, wide), STATE(part, bank), STATE_SUB(part, one, inner_state),
    STATE_SUBS(part, many, inner_state), STATE_PTR(part, blob, blob_length, 4), STATE_END };
static const struct state_field inner_short[] = { STATE(inner, a), STATE_END };
static const struct state_field bad_inner[] = {
    STATE(part, wide), STATE(part, bank), STATE_SUB(part, one, inner_state),
    STATE_SUBS(part, many, inner_short), STATE_END };
static const struct state_field hungry[] = { STATE(part, wide), STATE_FN(part, bank, &odd),
                                             STATE_END };
static const struct {
    const struct state_field *table;
    const char *text;
} misfits[] = {
    { renamed, "snapshot: section part: field broad: the snapshot has a field 'wide' in its place" },
    { narrower, "snapshot: section part: field wide: has 8 bytes, not 4" },
    { shorter, "bytes are left over after the last field" },
    { small_blob, "snapshot: section part: field blob: has 5 bytes; at most 4 are accepted" },
    { bad_inner, "snapshot: section part: field many: element 1: field a: the snapshot has a field 'b'" },
    { hungry, "snapshot: section part: field bank: 12 bytes are left over" },
};

START_TEST(misfit)
{
    uint8_t x[16], y[16];
    struct part a = sample(x), b = { .blob = y };
    struct err e = { 0 };
    struct state_writer *w = save(part_v1, 1, &a);
    ck_assert_int_eq(load(w, misfits[_i].table, 1, &b, &e), ERR_FORMAT);
    ck_assert_msg(strstr(e.text, misfits[_i].text) != NULL, "%s", e.text);
    snapshot_discard(w);
}
END_TEST

START_TEST(overfull_blob)
{
    uint8_t x[32];
    struct part a = sample(x);
    struct err e = { 0 };
    struct state_writer *w = NULL;
    a.blob_length = 17;
    ck_assert_int_eq(snapshot_create(&w, NULL, "m", &e), 0);
    ck_assert_int_eq(state_save(w, "part", 1, part_v1, &a, &e), ERR_STATE);
    ck_assert_ptr_nonnull(strstr(e.text, "blob"));
    snapshot_discard(w);
}
END_TEST

START_TEST(compare_names_the_field)
{
    uint8_t x[16], y[16];
    struct part a = sample(x), b = sample(y);
    ck_assert_ptr_null(state_compare(part_v2, &a, &b));
    b.many[2].b = 1;
    ck_assert_str_eq(state_compare(part_v2, &a, &b), "b");
    ck_assert_uint_ne(state_hash(0, part_v2, &a), state_hash(0, part_v2, &b));
    b = sample(y);
    y[4] = 'x';
    ck_assert_str_eq(state_compare(part_v2, &a, &b), "blob");
    ck_assert_uint_ne(state_hash(0, part_v2, &a), state_hash(0, part_v2, &b));
    y[4] = 'o';
    y[5] = 'x'; /* beyond its length */
    ck_assert_ptr_null(state_compare(part_v2, &a, &b));
    b.odd = 1;
    ck_assert_str_eq(state_compare(part_v2, &a, &b), "odd");
}
END_TEST

START_TEST(coverage)
{
    uint8_t covered[sizeof(struct part)] = { 0 };
    state_coverage(part_v1, covered, sizeof(covered));
    for (size_t i = 0; i < offsetof(struct part, wide); i++)
        ck_assert(!covered[i]);
    for (size_t i = offsetof(struct part, wide); i < offsetof(struct part, added); i++)
        ck_assert_msg(covered[i], "byte %zu", i);
    ck_assert(!covered[offsetof(struct part, added)]);
    memset(covered, 0, sizeof(covered));
    state_coverage(narrower, covered, sizeof(covered));
    ck_assert(covered[offsetof(struct part, wide) + 3]);
    ck_assert(!covered[offsetof(struct part, wide) + 4]);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("fields");
    TCase *c = tcase_create("fields");
    tcase_add_test(c, round_trip);
    tcase_add_test(c, older_versions);
    tcase_add_loop_test(c, misfit, 0, (int)ARRAY_LEN(misfits));
    tcase_add_test(c, overfull_blob);
    tcase_add_test(c, compare_names_the_field);
    tcase_add_test(c, coverage);
    suite_add_tcase(s, c);
    return s;
}
