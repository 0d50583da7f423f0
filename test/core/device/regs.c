/* SPDX-License-Identifier: Apache-2.0 */
/* Register semantics of core/device/regs.h by table. */
#include "core/device/device.h"
#include "core/util/bits.h"
#include "test/check_main.h"
#include "test/device_generic.h"
#include <string.h>

struct widget {
    struct device dev;
    struct ev_timer tick;
    unsigned popped, wrote_calls, wrote_index; /* seen by the test only */
    uint64_t old, now;

    uint64_t wide, computed, compare;
    uint32_t plain, status, sticky, big;
    uint32_t bank[4], even[3], odd[3];
    uint16_t half;
    uint8_t bytes[8];
};
static const struct state_field widget_state[] = {
    STATE_TIMER(widget, tick), STATE(widget, wide),  STATE(widget, computed),
    STATE(widget, compare),    STATE(widget, plain), STATE(widget, status),
    STATE(widget, sticky),     STATE(widget, big),   STATE(widget, bank),
    STATE(widget, even),       STATE(widget, odd),   STATE(widget, half),
    STATE(widget, bytes),      STATE_END,
};

static uint64_t read_computed(const void *dev, uint32_t index)
{
    return ((const struct widget *)dev)->computed + index;
}
static void after_pop(void *dev, uint32_t index, uint64_t value)
{
    struct widget *w = dev;
    (void)index;
    ck_assert_uint_eq(value, (uint32_t)w->computed);
    w->popped++;
    w->computed++;
}
static void wrote(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct widget *w = dev;
    w->wrote_calls++;
    w->wrote_index = index;
    w->old = old;
    w->now = now;
}
static uint64_t read_compare(const void *dev, uint32_t index)
{
    (void)index;
    return ((const struct widget *)dev)->compare;
}
static void wrote_compare(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct widget *w = dev;
    wrote(dev, index, old, now);
    w->compare = now & 0x00ffffffffffffffull; /* the top byte holds commands */
    ev_arm(&w->tick, device_now(&w->dev) + now % PS_PER_MS);
}

#define AT(m) REG_AT(widget, m)
static const struct reg_desc widget_regs[] = {
    REG32(0x00, "PLAIN", AT(plain), .rw = 0x00ffff00, .reset = 0x12345678),
    REG32(0x04, "STATUS", AT(status), .w1c = 0xff, .rw = 0xff00, .reset = 0xffff),
    REG32(0x08, "STICKY", AT(sticky), .w1s = BIT(0), .wrote = wrote),
    REG32(0x0c, "ID", .reset = 0x74726976),
    REG32(0x10, "POP", .read = read_computed, .after_read = after_pop),
    REG32(0x14, "COMMAND", .rw = 0xf, .wrote = wrote),
    REG32(0x18, "BIG", AT(big), .rw = 0xffffffff, .big_endian = true, .sizes = 1 | 2 | 4),
    REG16(0x1c, "HALF", AT(half), .rw = 0xffff, .sizes = 1 | 2),
    REG64(0x20, "WIDE", AT(wide), .rw = ~0ull, .sizes = 4 | 8),
    REG64(0x28, "COMPARE", .read = read_compare, .wrote = wrote_compare, .rw = 0x00ffffffffffffffull,
          .w1s = 0xff00000000000000ull, .sizes = 4 | 8),
    REG32(0x40, "BANK", AT(bank), .rw = 0xffffffff, .count = 4, .sizes = 4 | 8, .wrote = wrote),
    REG32(0x60, "EVEN", AT(even), .rw = 0xffffffff, .count = 3, .stride = 8, .sizes = 4 | 8),
    REG32(0x64, "ODD", AT(odd), .rw = 0xffffffff, .count = 3, .stride = 8, .sizes = 4 | 8),
    REG32(0x80, "COUNT", .read = read_computed, .count = 4),
    REG8(0x90, "BYTES", AT(bytes), .rw = 0xff, .count = 8),
};

static void fire(void *arg, ps_t when)
{
    struct widget *w = arg;
    w->status |= 1;
    w->computed = when;
}
static void widget_reset(void *dev)
{
    struct widget *w = dev;
    w->computed = w->compare = 0;
    ev_cancel(&w->tick);
}

static const struct device_ops widget_ops = {
    .name = "widget", .spec = "this file", .size = sizeof(struct widget), .regs = widget_regs,
    .n_regs = ARRAY_LEN(widget_regs), .mmio_size = 0x100, .state = widget_state,
    .reset = widget_reset,
};

static struct device *make(struct machine *m, void *arg)
{
    const struct device_ops *ops = arg ? arg : &widget_ops;
    struct err e = { 0 };
    struct widget *w = device_create(m, ops, "widget", &e);
    ck_assert_msg(w != NULL, "%s", e.text);
    ck_assert_int_eq(ev_timer_init(&w->tick, m->queue, "tick", EV_PRIO_DEVICE, fire, w), 0);
    ck_assert_msg(device_map(&w->dev, m->memory, 0x1000, &e) == 0, "%s", e.text);
    return &w->dev;
}

static struct machine *machine;
static struct widget *widget;

static void setup(void)
{
    machine = device_generic_machine();
    widget = (struct widget *)make(machine, NULL);
    machine_reset(machine);
}

static void teardown(void)
{
    machine_destroy(machine);
}

static uint64_t load(unsigned offset, unsigned size)
{
    uint64_t v;
    ck_assert_int_eq(mem_load(machine->memory, 0x1000 + offset, size, &v, NULL), MEM_OK);
    return v;
}

static void store(unsigned offset, unsigned size, uint64_t v)
{
    ck_assert_int_eq(mem_store(machine->memory, 0x1000 + offset, size, v, NULL), MEM_OK);
}

/* offset, size, written, then read back (with 4 or 8 bytes at the register's start) */
static const struct {
    const char *what;
    unsigned offset, size;
    uint64_t written;
    unsigned read_at, read_size;
    uint64_t wanted;
} rows[] = {
    { "bits outside rw stay", 0x00, 4, 0xffffffff, 0x00, 4, 0x12ffff78 },
    { "and are not set by zeros", 0x00, 4, 0, 0x00, 4, 0x12000078 },
    { "w1c clears what is written as 1", 0x04, 4, 0x0f, 0x04, 4, 0x00f0 },
    { "w1c beside rw", 0x04, 4, 0xaa01, 0x04, 4, 0xaafe },
    { "w1s sets", 0x08, 4, 0xffffffff, 0x08, 4, 1 },
    { "a constant", 0x0c, 4, 0, 0x0c, 4, 0x74726976 },
    { "no storage, no read", 0x14, 4, 5, 0x14, 4, 0 },
    { "big-endian whole", 0x18, 4, 0x11223344, 0x18, 4, 0x11223344 },
    { "big-endian, first byte is the top one", 0x18, 1, 0xab, 0x18, 4, 0x000000ab },
    { "big-endian half", 0x1a, 2, 0xbbaa, 0x18, 4, 0xbbaa0000 },
    { "narrow", 0x1d, 1, 0x5a, 0x1c, 2, 0x5a00 },
    { "low half of 64 bits", 0x20, 4, 0x89abcdef, 0x20, 8, 0x89abcdef },
    { "high half of 64 bits", 0x24, 4, 0x01234567, 0x20, 8, 0x0123456700000000ull },
    { "two registers at once", 0x48, 8, 0x1111111122222222ull, 0x4c, 4, 0x11111111 },
    { "interleaved banks at once", 0x68, 8, 0x3333333344444444ull, 0x68, 4, 0x44444444 },
    { "interleaved banks apart", 0x74, 4, 7, 0x74, 4, 7 },
    { "a byte bank", 0x95, 1, 9, 0x95, 1, 9 },
};

START_TEST(semantics)
{
    store(rows[_i].offset, rows[_i].size, rows[_i].written);
    uint64_t got = load(rows[_i].read_at, rows[_i].read_size);
    ck_assert_msg(got == rows[_i].wanted, "%s: %#llx, not %#llx", rows[_i].what,
                  (unsigned long long)got, (unsigned long long)rows[_i].wanted);
}
END_TEST

START_TEST(storage_places)
{
    store(0x18, 4, 0x11223344);
    ck_assert_uint_eq(widget->big, 0x44332211);
    store(0x4c, 4, 5);
    ck_assert_uint_eq(widget->bank[3], 5);
    ck_assert_uint_eq(widget->wrote_index, 3);
    store(0x70, 8, 0x600000005ull);
    ck_assert_uint_eq(widget->even[2], 5);
    ck_assert_uint_eq(widget->odd[2], 6);
    ck_assert_uint_eq(load(0x70, 8), 0x600000005ull);
}
END_TEST

START_TEST(callbacks)
{
    store(0x08, 4, 3);
    ck_assert_uint_eq(widget->old, 0);
    ck_assert_uint_eq(widget->now, 1); /* after the masks */
    store(0x08, 4, 0);
    ck_assert_uint_eq(widget->old, 1);
    ck_assert_uint_eq(widget->now, 1);
    store(0x14, 4, 0xff);
    ck_assert_uint_eq(widget->old, 0);
    ck_assert_uint_eq(widget->now, 0xf);
    unsigned calls = widget->wrote_calls;
    store(0x40, 8, 0x500000004ull);
    ck_assert_uint_eq(widget->wrote_calls, calls + 2); /* one each, the low address first */
    ck_assert_uint_eq(widget->wrote_index, 1);
    ck_assert_uint_eq(widget->now, 5);
    ck_assert_uint_eq(load(0x8c, 4), 3); /* the index of a bank's member */
}
END_TEST

/* Halves of a computed 64-bit register: the other half of rw comes from .read, commands do not. */
START_TEST(narrow_without_storage)
{
    store(0x28, 8, 0x0022334455667788ull);
    store(0x28, 4, 0xaaaaaaaa);
    ck_assert_uint_eq(widget->now, 0x00223344aaaaaaaaull);
    store(0x2c, 4, 0xff000001);
    ck_assert_uint_eq(widget->now, 0xff000001aaaaaaaaull);
    ck_assert_uint_eq(load(0x28, 8), 0x00000001aaaaaaaaull);
}
END_TEST

START_TEST(reads_that_act)
{
    widget->computed = 40;
    ck_assert_uint_eq(load(0x10, 4), 40);
    ck_assert_uint_eq(load(0x10, 4), 41);
    ck_assert_uint_eq(widget->popped, 2);
    struct mem_attrs debug = { .debug = 1 };
    uint64_t v;
    ck_assert_int_eq(mem_load(machine->memory, 0x1010, 4, &v, &debug), MEM_OK);
    ck_assert_uint_eq(v, 42);
    uint32_t index;
    const struct reg_desc *r = reg_find(&widget->dev, 0x10, &index);
    ck_assert_uint_eq(reg_peek(&widget->dev, r, index), 42);
    ck_assert_uint_eq(widget->popped, 2);
}
END_TEST

static const struct {
    unsigned offset, size;
} bad[] = {
    { 0x00, 1 }, { 0x00, 2 }, { 0x00, 8 }, { 0x02, 2 }, { 0x20, 2 }, { 0x1c, 4 }, { 0x90, 2 },
    { 0x18, 8 }, { 0x80, 8 },
};

START_TEST(bad_widths)
{
    uint64_t v, before = state_hash(0, widget_state, widget);
    struct mem_attrs debug = { .debug = 1 };
    pa_t pa = 0x1000 + bad[_i].offset;
    ck_assert_int_eq(mem_load(machine->memory, pa, bad[_i].size, &v, NULL), MEM_BAD_SIZE);
    ck_assert_int_eq(mem_store(machine->memory, pa, bad[_i].size, ~0ull, NULL), MEM_BAD_SIZE);
    ck_assert_uint_eq(widget->dev.guest_errors, 2);
    ck_assert_int_eq(mem_load(machine->memory, pa, bad[_i].size, &v, &debug), MEM_BAD_SIZE);
    ck_assert_uint_eq(widget->dev.guest_errors, 2); /* the debugger is no guest */
    ck_assert_uint_eq(state_hash(0, widget_state, widget), before);
}
END_TEST

START_TEST(holes)
{
    uint64_t v = 5;
    ck_assert_uint_eq(load(0x38, 4), 0);
    store(0x38, 4, 1);
    ck_assert_uint_eq(widget->dev.guest_errors, 2);
    ck_assert_uint_eq(log_channel_count(machine->log, LOG_GUEST), 2);
    struct device_ops refusing = widget_ops;
    refusing.holes_refuse = true;
    widget->dev.ops = &refusing;
    ck_assert_int_eq(mem_load(machine->memory, 0x1038, 4, &v, NULL), MEM_REFUSED);
    ck_assert_int_eq(mem_store(machine->memory, 0x1038, 4, v, NULL), MEM_REFUSED);
    ck_assert_uint_eq(v, 0);
    widget->dev.ops = &widget_ops;
}
END_TEST

/* Refused, unless the part ignores them: also where the access reaches beyond its window. */
static const struct { unsigned offset, size; } misaligned[] = {
    { 0x01, 2 }, { 0x22, 4 }, { 0x24, 8 }, { 0x39, 2 }, { 0xff, 2 }, { 0xfd, 8 },
};
START_TEST(misaligned_accesses)
{
    struct mem_attrs debug = { .debug = 1 };
    pa_t pa = 0x1000 + misaligned[_i].offset;
    unsigned size = misaligned[_i].size;
    uint64_t v = 5, before = state_hash(0, widget_state, widget);
    ck_assert_int_eq(mem_load(machine->memory, pa, size, &v, NULL), MEM_BAD_SIZE);
    ck_assert_int_eq(mem_store(machine->memory, pa, size, ~0ull, NULL), MEM_BAD_SIZE);
    ck_assert_uint_eq(widget->dev.guest_errors, 0);
    struct device_ops ignoring = widget_ops;
    ignoring.misaligned_ignored = true;
    widget->dev.ops = &ignoring;
    v = 5;
    ck_assert_int_eq(mem_load(machine->memory, pa, size, &v, NULL), MEM_OK);
    ck_assert_uint_eq(v, 0);
    ck_assert_int_eq(mem_store(machine->memory, pa, size, ~0ull, NULL), MEM_OK);
    ck_assert_uint_eq(widget->dev.guest_errors, 2);
    ck_assert_int_eq(mem_load(machine->memory, pa, size, &v, &debug), MEM_OK);
    ck_assert_uint_eq(widget->dev.guest_errors, 2);
    ck_assert_uint_eq(state_hash(0, widget_state, widget), before);
    widget->dev.ops = &widget_ops;
}
END_TEST

/* Numbered by the space's addresses, or not; both at once here. */
START_TEST(mapped_by_pieces)
{
    struct mem_attrs cpu = { .requester = MEM_REQUESTER_CPU };
    struct err e = { 0 };
    uint64_t v;
    ck_assert_int_eq(device_map_piece(&widget->dev, machine->memory, 0x20, 0x20, 0x10, &e), 0);
    ck_assert_int_eq(device_map_piece(&widget->dev, machine->memory, 0x5000, 0x40, 8, &e), 0);
    ck_assert_int_eq(mem_store(machine->memory, 0x24, 4, 7, &cpu), MEM_OK);
    ck_assert_uint_eq(load(0x24, 4), 7);
    ck_assert_int_eq(mem_store(machine->memory, 0x5000, 8, 0x200000001, &cpu), MEM_OK);
    ck_assert_uint_eq(load(0x44, 4), 2);
    ck_assert_int_eq(mem_load(machine->memory, 0x5002, 4, &v, NULL), MEM_BAD_SIZE);
    ck_assert_int_eq(mem_load(machine->memory, 0x1f, 1, &v, NULL), MEM_NOTHING);
    ck_assert_int_eq(mem_load(machine->memory, 0x5008, 4, &v, NULL), MEM_NOTHING);
}
END_TEST

/* ---- registers that each CPU has its own of ---- */
struct banked {
    struct device dev;
    uint32_t of[4];
};

static uint64_t read_banked(const void *dev, uint32_t index)
{
    (void)index;
    return ((const struct banked *)dev)->of[device_accessing_cpu(dev) % 4];
}

/* With bit 31, the write comes back as one of CPU 3. */
static void wrote_banked(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct banked *b = dev;
    struct mem_attrs third = { .requester = MEM_REQUESTER_CPU + 3 };
    (void)index;
    (void)old;
    if (now & BIT(31))
        ck_assert_int_eq(mem_store(b->dev.machine->memory, 0x2000, 4, now & 0xffff, &third), MEM_OK);
    b->of[device_accessing_cpu(&b->dev) % 4] = (uint32_t)now;
}

static const struct reg_desc banked_regs[] = {
    REG32(0, "BANKED", .read = read_banked, .rw = 0xffffffff, .wrote = wrote_banked),
};
static const struct device_ops banked_ops = {
    .name = "banked", .spec = "this file", .size = sizeof(struct banked), .regs = banked_regs, .n_regs = 1,
    .mmio_size = 4,
};

START_TEST(banked_by_who_accesses)
{
    struct err e = { 0 };
    struct banked *b = device_create(machine, &banked_ops, "banked", &e);
    ck_assert_ptr_nonnull(b);
    ck_assert_int_eq(device_map(&b->dev, machine->memory, 0x2000, &e), 0);
    for (uint32_t cpu = 0; cpu < 3; cpu++) {
        struct mem_attrs by = { .requester = MEM_REQUESTER_CPU + cpu };
        ck_assert_int_eq(mem_store(machine->memory, 0x2000, 4, 0x80000010 + cpu, &by), MEM_OK);
        ck_assert_uint_eq(b->of[cpu], 0x80000010 + cpu);
        ck_assert_uint_eq(b->of[3], 0x10 + cpu);
        uint64_t v;
        ck_assert_int_eq(mem_load(machine->memory, 0x2000, 4, &v, &by), MEM_OK);
        ck_assert_uint_eq(v, 0x80000010 + cpu);
    }
    struct mem_attrs card = { .requester = 5 };
    uint64_t v;
    ck_assert_int_eq(mem_load(machine->memory, 0x2000, 4, &v, &card), MEM_OK);
    ck_assert_uint_eq(v, 0x80000010); /* whoever is no CPU sees the first one's */
    ck_assert_uint_eq(reg_peek(&b->dev, banked_regs, 0), 0x80000010);
    ck_assert_ptr_null(b->dev.access);
}
END_TEST

START_TEST(finding)
{
    uint32_t index = 99;
    for (unsigned offset = 0; offset < 0x100; offset++) {
        const struct reg_desc *r = reg_find(&widget->dev, offset, &index), *wanted = NULL;
        uint32_t wanted_index = 0;
        for (uint32_t i = 0; i < ARRAY_LEN(widget_regs); i++) /* the rule itself */
            for (uint32_t k = 0; k < MAX(widget_regs[i].count, 1); k++) {
                const struct reg_desc *c = &widget_regs[i];
                uint32_t at = c->offset + k * (c->stride ? c->stride : c->width);
                if (offset >= at && offset < at + c->width) {
                    wanted = c;
                    wanted_index = k;
                }
            }
        ck_assert_ptr_eq(r, wanted);
        if (wanted)
            ck_assert_uint_eq(index, wanted_index);
    }
}
END_TEST

START_TEST(generic)
{
    device_generic_test(&(struct device_generic){ .make = make, .seed = 5 });
}
END_TEST

/* The generic test must find what it is for. */
static const struct state_field forgetful_state[] = { /* without `compare` */
    STATE_TIMER(widget, tick), STATE(widget, wide), STATE(widget, computed), STATE(widget, plain),
    STATE(widget, status), STATE(widget, sticky), STATE(widget, big), STATE(widget, bank),
    STATE(widget, even), STATE(widget, odd), STATE(widget, half), STATE(widget, bytes), STATE_END,
};
static const struct device_ops forgetful_ops = {
    .name = "forgetful", .size = sizeof(struct widget), .regs = widget_regs,
    .n_regs = ARRAY_LEN(widget_regs), .mmio_size = 0x100, .state = forgetful_state,
    .reset = widget_reset,
};

START_TEST(generic_finds_unsaved_state) /* passes by failing: see its registration */
{
    device_generic_test(&(struct device_generic){ .make = make, .arg = (void *)&forgetful_ops });
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("regs");
    TCase *c = tcase_create("regs");
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_set_timeout(c, 60);
    tcase_add_loop_test(c, semantics, 0, (int)ARRAY_LEN(rows));
    tcase_add_test(c, storage_places);
    tcase_add_test(c, callbacks);
    tcase_add_test(c, narrow_without_storage);
    tcase_add_test(c, reads_that_act);
    tcase_add_loop_test(c, bad_widths, 0, (int)ARRAY_LEN(bad));
    tcase_add_test(c, holes);
    tcase_add_loop_test(c, misaligned_accesses, 0, (int)ARRAY_LEN(misaligned));
    tcase_add_test(c, mapped_by_pieces);
    tcase_add_test(c, banked_by_who_accesses);
    tcase_add_test(c, finding);
    tcase_add_test(c, generic);
    tcase_add_exit_test(c, generic_finds_unsaved_state, 1);
    suite_add_tcase(s, c);
    return s;
}
