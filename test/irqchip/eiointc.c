/* SPDX-License-Identifier: Apache-2.0 */
/* EIOINTC: Loongson 3A5000 manual, "Extended I/O Interrupts"; the virtual extension as Linux' KVM documents it. */
#include "irqchip/eiointc.h"
#include "core/util/bits.h"
#include "test/irqchip/iocsr_fixture.h"

enum { SEND = 0x1140, NODEMAP = 0x14a0, IPMAP = 0x14c0, ENABLE = 0x1600, BOUNCE = 0x1680, ISR = 0x1700,
       COREISR = 0x1800, COREMAP = 0x1c00, VIRT_FEATURES = 0x40000000, VIRT_CONFIG = 0x40000004 };
enum { CONFIG_ENABLE = 2, CONFIG_INT_ENCODE = 4, CONFIG_CPU_ENCODE = 8 };
enum { CPUS = 6 };

/* With a gap, as topologies that are no powers of two have it. */
static const uint32_t ids[CPUS] = { 0, 1, 2, 3, 8, 255 };
static uint32_t features;
static uint32_t lines[CPUS]; /* bitmaps of HWIs */

#define chip ((struct eiointc *)part)

static void sink(void *arg, uint32_t number, bool level)
{
    (void)arg;
    lines[number / 8] = (lines[number / 8] & ~(1u << number % 8)) | (uint32_t)level << number % 8;
}

static struct device *part_create(struct machine *machine, struct err *e)
{
    struct eiointc *made = eiointc_create(machine, "eiointc", ids, CPUS, features, e);

    if (!made || eiointc_map(made, machine->memory, e) < 0)
        return NULL;
    for (uint32_t i = 0; i < CPUS * 8; i++)
        irq_connect(&made->core[i / 8].hwi[i % 8], sink, NULL, i);
    return &made->dev;
}

static void start_with(uint32_t offered)
{
    features = offered;
    memset(lines, 0, sizeof(lines));
    setup();
}

static void start(void) { start_with(0); }
static void start_virtual(void) { start_with(0xf); }

static uint64_t coreisr(uint32_t cpu, uint32_t vector)
{
    return load(cpu, COREISR + vector / 64 * 8, 8) >> vector % 64 & 1;
}

/* Where is it? Exactly there, with that line and no other; -1: nowhere. */
static void expect(uint32_t vector, int cpu, unsigned hwi)
{
    for (int c = 0; c < CPUS; c++) {
        ck_assert_msg((int)coreisr((uint32_t)c, vector) == (c == cpu), "vector %u, expected at %d: COREISR of %d is %d",
                      vector, cpu, c, (int)coreisr((uint32_t)c, vector));
        ck_assert_msg(lines[c] == (c == cpu ? 1u << hwi : 0), "vector %u, expected at %d, line %u: lines of %d are %#x",
                      vector, cpu, hwi, c, lines[c]);
    }
}

static void enable(uint32_t vector, bool on)
{
    uint32_t at = ENABLE + vector / 8;
    uint64_t old = load(0, at, 1);

    store(0, at, 1, on ? old | 1u << vector % 8 : old & ~(1u << vector % 8));
}

static void clear(uint32_t cpu, uint32_t vector)
{
    store(cpu, COREISR + vector / 8, 1, 1u << vector % 8);
}

static void set(uint32_t vector, bool level)
{
    eiointc_set_level(chip, vector, level);
}

/* ---- registers ---- */
START_TEST(generic)
{
    device_generic_test(&(struct device_generic){ .make = make });
}
END_TEST

static const struct { uint32_t offset, bytes; uint8_t rw; } rows[] = {
    { NODEMAP, 32, 0xff }, { IPMAP, 8, 0xff }, { ENABLE, 32, 0xff }, { BOUNCE, 32, 0xff }, { ISR, 32, 0 },
    { COREISR, 32, 0 }, { COREMAP, 256, 0xff },
};
static const unsigned sizes[] = { 1, 2, 4, 8 };
START_TEST(registers_take_every_size)
{
    unsigned size = sizes[_i % 4];
    size_t row = (size_t)_i / 4;

    for (uint32_t at = rows[row].offset; at < rows[row].offset + rows[row].bytes; at += size) {
        uint64_t v = zext(0x8877665544332211ull + at, size * 8), kept = rows[row].rw ? v : 0;
        store(1, at, size, v);
        for (uint32_t i = 0; i < size; i++)
            ck_assert_uint_eq(load(0, at + i, 1), kept >> 8 * i & 0xff);
        ck_assert_uint_eq(load(2, at, size), kept);
    }
    machine_reset(m);
    for (uint32_t at = rows[row].offset; at < rows[row].offset + rows[row].bytes; at += size)
        ck_assert_uint_eq(load(0, at, size), 0);
}
END_TEST

/* The gaps belong to others: local interrupts, inter-processor interrupts. Without the extension, nothing is at its place. */
START_TEST(leaves_room_for_others)
{
    static const pa_t others[] = { 0x1000, 0x113c, 0x1148, 0x1158, 0x1400, 0x149c, 0x14c8, 0x15fc, 0x1d00, VIRT_FEATURES };
    uint64_t v;

    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        ck_assert_int_eq(try_load(0, others[i], 4, &v), MEM_NOTHING);
}
END_TEST

START_TEST(bad_arguments_are_named)
{
    static const uint32_t falling[] = { 3, 2 };
    struct err e = { 0 };

    ck_assert_ptr_null(eiointc_create(m, "a", ids, 0, 0, &e));
    ck_assert_ptr_null(eiointc_create(m, "a", ids, 257, 0, &e));
    ck_assert_ptr_nonnull(strstr(e.text, "1 to 256"));
    ck_assert_ptr_null(eiointc_create(m, "a", falling, 2, 0, &e));
    ck_assert_ptr_nonnull(strstr(e.text, "rising"));
    ck_assert_ptr_null(eiointc_create(m, "a", ids, 1, 2, &e));
    ck_assert_ptr_null(eiointc_create(m, "a", ids, 1, 0x11, &e));
}
END_TEST

/* ---- routing ---- */

/* The lowest bit of both bitmaps counts; none, and bits above 3, mean 0. */
static const struct { uint32_t vector; uint8_t coremap, ipmap; int cpu; unsigned hwi; } routes[] = {
    { 0, 0x01, 0x01, 0, 0 },   { 31, 0x02, 0x02, 1, 1 },  { 32, 0x04, 0x04, 2, 2 },  { 63, 0x08, 0x08, 3, 3 },
    { 64, 0x0c, 0x0e, 2, 1 },  { 127, 0x00, 0x00, 0, 0 }, { 128, 0xf0, 0xf0, 0, 0 }, { 200, 0x18, 0x1c, 3, 2 },
    { 255, 0xff, 0x0f, 0, 0 },
};
START_TEST(bitmaps_route)
{
    uint32_t v = routes[_i].vector;

    store(0, COREMAP + v, 1, routes[_i].coremap);
    store(0, IPMAP + v / 32, 1, routes[_i].ipmap);
    set(v, true);
    expect(v, -1, 0);
    ck_assert_uint_eq(load(0, ISR + v / 64 * 8, 8), BIT(v % 64));
    enable(v, true);
    expect(v, routes[_i].cpu, routes[_i].hwi);
    replace_machine();
    expect(v, routes[_i].cpu, routes[_i].hwi);
    set(v, false);
    expect(v, -1, 0);
    ck_assert_uint_eq(load(0, ISR + v / 64 * 8, 8), 0);
}
END_TEST

#define V 77

START_TEST(clearing_does_not_raise_again)
{
    enable(V, true);
    set(V, true);
    clear(1, V);                 /* another core's register */
    expect(V, 0, 0);
    clear(0, V);
    expect(V, -1, 0);
    ck_assert_uint_eq(load(0, ISR + V / 64 * 8, 8), BIT(V % 64));
    set(V, true);                /* driven again: an event */
    expect(V, 0, 0);
}
END_TEST

/* The line of a group falls with the last of it. */
START_TEST(group_holds_the_line)
{
    store(0, ENABLE, 8, ~0ull);
    store(0, IPMAP, 2, 0x0402);
    set(3, true);
    set(9, true);
    set(40, true);
    ck_assert_uint_eq(lines[0], 0x6);
    clear(0, 3);
    ck_assert_uint_eq(lines[0], 0x6);
    clear(0, 9);
    ck_assert_uint_eq(lines[0], 0x4);
    store(0, COREISR, 8, ~0ull);
    ck_assert_uint_eq(lines[0], 0);
}
END_TEST

START_TEST(disabling_takes_back)
{
    enable(V, true);
    set(V, true);
    enable(V, false);
    expect(V, -1, 0);
    replace_machine();
    enable(V, true);
    expect(V, 0, 0);
    clear(0, V);
    enable(V, false);
    enable(V, true);             /* the level still stands */
    expect(V, 0, 0);
}
END_TEST

/* A line that is up goes along, cleared at the old core or not; the same core by other bits is no change. */
START_TEST(moving_while_up)
{
    enable(V, true);
    set(V, true);
    store(0, COREMAP + V, 1, 4);
    expect(V, 2, 0);
    replace_machine();
    clear(2, V);
    store(0, COREMAP + V, 1, 0xc);
    expect(V, -1, 0);
    store(0, COREMAP + V, 1, 8);
    expect(V, 3, 0);
    enable(V, false);
    store(0, COREMAP + V, 1, 2);
    expect(V, -1, 0);
    enable(V, true);
    expect(V, 1, 0);
    set(V, false);
    store(0, COREMAP + V, 1, 1);
    expect(V, -1, 0);
}
END_TEST

START_TEST(line_number_changes_while_up)
{
    enable(V, true);
    set(V, true);
    store(0, IPMAP + V / 32, 1, 8);
    expect(V, 0, 3);
}
END_TEST

/* A message stays until cleared, is not lost while disabled, and goes along when led elsewhere. */
START_TEST(messages)
{
    enable(V, true);
    eiointc_pulse(chip, V);
    expect(V, 0, 0);
    ck_assert_uint_eq(load(0, ISR + V / 64 * 8, 8), 0);
    store(0, COREMAP + V, 1, 2);
    expect(V, 1, 0);
    clear(1, V);
    enable(V, false);
    enable(V, true);
    expect(V, -1, 0);
    enable(V, false);
    eiointc_pulse(chip, V);
    expect(V, -1, 0);
    replace_machine();
    store(0, COREMAP + V, 1, 8);
    enable(V, true);
    expect(V, 3, 0);
    enable(V, false);            /* not yet handled */
    expect(V, -1, 0);
    enable(V, true);
    expect(V, 3, 0);
    clear(3, V);
    eiointc_pulse(chip, 256);
    set(256, true);
    expect(V, -1, 0);
}
END_TEST

START_TEST(trigger_register_pulses)
{
    enable(200, true);
    store(2, SEND, 4, 0xabcd00c8);
    expect(200, 0, 0);
    ck_assert_uint_eq(load(2, SEND, 4), 0);
}
END_TEST

START_TEST(inputs_outlive_a_reset)
{
    enable(V, true);
    set(V, true);
    machine_reset(m);
    expect(V, -1, 0);
    enable(V, true);
    expect(V, 0, 0);
}
END_TEST

/* ---- the virtual extension ---- */
static const struct { uint32_t offered, written, reads; } configs[] = {
    { 0x1, 0xffffffff, 0 }, { 0xb, 0xffffffff, 0xa }, { 0xf, 0xffffffff, 0xe }, { 0xf, 0x4, 0x4 }, { 0x9, 0xa, 0x8 },
};
START_TEST(config_is_limited_to_what_is_offered)
{
    start_with(configs[_i].offered);
    ck_assert_uint_eq(load(0, VIRT_FEATURES, 4), configs[_i].offered);
    store(0, VIRT_FEATURES, 4, 0);
    ck_assert_uint_eq(load(0, VIRT_FEATURES, 4), configs[_i].offered);
    store(0, VIRT_CONFIG, 4, configs[_i].written);
    ck_assert_uint_eq(load(0, VIRT_CONFIG, 4), configs[_i].reads);
    machine_reset(m);
    ck_assert_uint_eq(load(0, VIRT_CONFIG, 4), 0);
    teardown();
}
END_TEST

START_TEST(config_changes_only_while_off)
{
    store(0, VIRT_CONFIG, 4, CONFIG_ENABLE | CONFIG_CPU_ENCODE);
    store(0, VIRT_CONFIG, 4, CONFIG_ENABLE);
    ck_assert_uint_eq(load(0, VIRT_CONFIG, 4), CONFIG_ENABLE | CONFIG_CPU_ENCODE);
    ck_assert_uint_eq(part->guest_errors, 1);
    store(0, VIRT_CONFIG, 4, 0);
    ck_assert_uint_eq(load(0, VIRT_CONFIG, 4), 0);
}
END_TEST

START_TEST(switched_off_nothing_comes)
{
    enable(V, true);
    enable(V + 1, true);
    set(V, true);
    eiointc_pulse(chip, V + 1);
    expect(V, -1, 0);
    store(0, VIRT_CONFIG, 4, CONFIG_ENABLE);
    ck_assert_uint_eq(coreisr(0, V) & coreisr(0, V + 1), 1);
    replace_machine();
    clear(0, V + 1);
    expect(V, 0, 0);
    store(0, VIRT_CONFIG, 4, 0);
    expect(V, -1, 0);
    store(0, VIRT_CONFIG, 4, CONFIG_ENABLE);
    expect(V, 0, 0);
}
END_TEST

/* CPU_ENCODE: the byte is the core's number; INT_ENCODE: IPMAP is the line's. */
static const struct { uint8_t coremap, ipmap; int cpu; unsigned hwi; } encoded[] = {
    { 0, 0, 0, 0 }, { 1, 1, 1, 1 }, { 3, 7, 3, 7 }, { 8, 4, 4, 4 }, { 255, 5, 5, 5 },
    { 4, 1, -1, 0 }, { 0x12, 1, -1, 0 }, { 254, 1, -1, 0 },
};
START_TEST(numbers_route)
{
    uint64_t errors;

    store(0, VIRT_CONFIG, 4, CONFIG_ENABLE | CONFIG_INT_ENCODE | CONFIG_CPU_ENCODE);
    errors = part->guest_errors;
    store(0, COREMAP + V, 1, encoded[_i].coremap);
    store(0, IPMAP + V / 32, 1, encoded[_i].ipmap);
    enable(V, true);
    set(V, true);
    expect(V, encoded[_i].cpu, encoded[_i].hwi);
    ck_assert_int_eq(part->guest_errors > errors, encoded[_i].cpu < 0);
    store(0, COREMAP + V, 1, 1);
    expect(V, 1, encoded[_i].ipmap);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("irqchip.eiointc");
    TCase *t = tcase_create("eiointc"), *u = tcase_create("virtual"), *v = tcase_create("features");

    tcase_add_checked_fixture(t, start, teardown);
    tcase_add_test(t, generic);
    tcase_add_loop_test(t, registers_take_every_size, 0, ARRAY_LEN(rows) * 4);
    tcase_add_test(t, leaves_room_for_others);
    tcase_add_test(t, bad_arguments_are_named);
    tcase_add_loop_test(t, bitmaps_route, 0, ARRAY_LEN(routes));
    tcase_add_test(t, clearing_does_not_raise_again);
    tcase_add_test(t, group_holds_the_line);
    tcase_add_test(t, disabling_takes_back);
    tcase_add_test(t, moving_while_up);
    tcase_add_test(t, line_number_changes_while_up);
    tcase_add_test(t, messages);
    tcase_add_test(t, trigger_register_pulses);
    tcase_add_test(t, inputs_outlive_a_reset);
    suite_add_tcase(s, t);
    tcase_add_checked_fixture(u, start_virtual, teardown);
    tcase_add_test(u, generic);
    tcase_add_test(u, config_changes_only_while_off);
    tcase_add_test(u, switched_off_nothing_comes);
    tcase_add_loop_test(u, numbers_route, 0, ARRAY_LEN(encoded));
    suite_add_tcase(s, u);
    tcase_add_loop_test(v, config_is_limited_to_what_is_offered, 0, ARRAY_LEN(configs));
    suite_add_tcase(s, v);
    return s;
}
