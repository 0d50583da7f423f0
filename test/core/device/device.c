/* SPDX-License-Identifier: Apache-2.0 */
#include "core/device/device.h"
#include "test/check_main.h"
#include "test/device_generic.h"
#include <string.h>

struct part {
    struct device dev;
    uint32_t a, b;
};
static struct machine *m;
static struct err e;

static void setup(void)
{
    e = (struct err){ 0 };
    m = device_generic_machine();
}
static void teardown(void)
{
    machine_destroy(m);
}

#define AT(member) REG_AT(part, member)
static const struct reg_desc unsorted[] = { REG32(4, "B"), REG32(0, "A") };
static const struct reg_desc overlapping[] = { REG64(0, "A"), REG32(4, "B") };
static const struct reg_desc interleaved[] = { REG32(0, "A", .count = 4, .stride = 16),
                                               REG32(8, "B", .count = 4, .stride = 8) };
static const struct reg_desc header[] = { REG32(0, "A", .stored = true, .at = 0) };
static const struct reg_desc outside[] = { REG32(0, "A", AT(b), .count = 2) };
static const struct reg_desc wide_mask[] = { REG8(0, "A", .rw = 0x100) };
static const struct reg_desc width[] = { { .offset = 0, .width = 3, .name = "A" } };
static const struct reg_desc misaligned[] = { REG32(2, "A") };
static const struct reg_desc beyond[] = { REG32(0x1c, "A", .count = 2) };
static const struct reg_desc masks[] = { REG32(0, "A", .rw = 3, .w1c = 2) };
static const struct reg_desc nameless[] = { { .offset = 0, .width = 4 } };
static const struct reg_desc close_stride[] = { REG32(0, "A", .count = 2, .stride = 2) };
static const struct {
    const struct reg_desc *regs;
    uint32_t n;
    const char *text;
} bad_tables[] = {
    { unsorted, 2, "part: register A at 0: the rows are not sorted by offset" },
    { overlapping, 2, "part: registers A at 0 and B at 0x4 overlap" },
    { interleaved, 2, "overlap" },
    { header, 1, "the storage lies outside the part's struct" },
    { outside, 1, "the storage lies outside the part's struct" },
    { wide_mask, 1, "wider than the register" },
    { width, 1, "the width is not 1, 2, 4 or 8" },
    { misaligned, 1, "not a multiple of the width" },
    { beyond, 1, "lies beyond mmio_size" },
    { masks, 1, "overlap" },
    { nameless, 1, "without a name" },
    { close_stride, 1, "the stride is less than the width" },
};

START_TEST(bad_table)
{
    struct device_ops ops = { .name = "part", .size = sizeof(struct part), .mmio_size = 0x20,
                              .regs = bad_tables[_i].regs, .n_regs = bad_tables[_i].n };
    if (bad_tables[_i].regs == interleaved)
        ops.mmio_size = 0x40;
    ck_assert_ptr_null(device_create(m, &ops, "x", &e));
    ck_assert_int_eq(e.code, ERR_ARG);
    ck_assert_msg(strstr(e.text, bad_tables[_i].text) != NULL, "%s", e.text);
    ck_assert_ptr_null(device_find(m, "x"));
}
END_TEST

static const struct state_field outside_state[] = {
    { .name = "c", .kind = STATE_RAW, .at = sizeof(struct part), .size = 4, .count = 1 }, STATE_END };
static const struct state_field header_state[] = {
    { .name = "dev", .kind = STATE_RAW, .at = 0, .size = 4, .count = 1 }, STATE_END };

START_TEST(bad_state)
{
    struct device_ops ops = { .name = "part", .size = sizeof(struct part), .state = outside_state };
    ck_assert_ptr_null(device_create(m, &ops, "x", &e));
    ck_assert_str_eq(e.text, "part: saved field c lies outside the part's struct");
    ops.state = header_state;
    ck_assert_ptr_null(device_create(m, &ops, "x", &e));
}
END_TEST

static unsigned destroyed;
static void destroy(void *dev)
{
    (void)dev;
    destroyed++;
}

START_TEST(names)
{
    static const struct device_ops ops = { .name = "part", .size = sizeof(struct part),
                                           .destroy = destroy };
    char id[] = "uart0";
    struct part *p = device_create(m, &ops, id, &e);
    ck_assert_ptr_nonnull(p);
    id[4] = '1'; /* the device has its own copy */
    ck_assert_ptr_eq(device_find(m, "uart0"), &p->dev);
    ck_assert_ptr_null(device_find(m, "uart1"));
    ck_assert_ptr_null(device_create(m, &ops, "uart0", &e));
    ck_assert_str_eq(e.text, "part uart0: the name is taken");
    struct part *q = device_create(m, &ops, id, &e);
    ck_assert_ptr_eq(m->devices, &p->dev);
    ck_assert_ptr_eq(p->dev.next, &q->dev);
    device_destroy_all(m);
    ck_assert_uint_eq(destroyed, 2);
}
END_TEST

START_TEST(guest_errors)
{
    static const struct device_ops ops = { .name = "part", .size = sizeof(struct part) };
    struct part *p = device_create(m, &ops, "x", &e);
    uint64_t hash = m->trace.hash;
    guest_error(&p->dev, "rule", "n=%d", 5);
    ck_assert_uint_ne(m->trace.hash, hash); /* part of what a run is */
    unmodelled(&p->dev, "feature", "n=%d", 5);
    ck_assert_uint_eq(p->dev.guest_errors, 1);
    ck_assert_uint_eq(p->dev.unmodelled_count, 1);
    ck_assert_uint_eq(log_channel_count(m->log, LOG_UNMODELLED), 1);
}
END_TEST

static unsigned edges;
static void sink(void *arg, uint32_t number, bool level)
{
    ck_assert_ptr_eq(arg, &edges);
    ck_assert_uint_eq(number, 7);
    ck_assert_uint_eq(level, edges % 2 == 0);
    edges++;
}

START_TEST(lines)
{
    struct irq_line l = { 0 };
    irq_set(&l, true); /* not connected */
    irq_set(&l, false);
    irq_connect(&l, sink, &edges, 7);
    irq_set(&l, false);
    ck_assert_uint_eq(edges, 0);
    irq_set(&l, true);
    irq_set(&l, true);
    irq_set(&l, false);
    ck_assert_uint_eq(edges, 2);
    irq_restore(&l, true);
    ck_assert_uint_eq(edges, 2);
    irq_set(&l, true);
    ck_assert_uint_eq(edges, 2);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("device");
    TCase *c = tcase_create("device");
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_loop_test(c, bad_table, 0, (int)ARRAY_LEN(bad_tables));
    tcase_add_test(c, bad_state);
    tcase_add_test(c, names);
    tcase_add_test(c, guest_errors);
    tcase_add_test(c, lines);
    suite_add_tcase(s, c);
    return s;
}
