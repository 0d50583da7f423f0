/* SPDX-License-Identifier: Apache-2.0 */
/* ramfb: QEMU docs/specs/ramfb.rst; formats: drm_fourcc.h of Linux. */
#include "devices/ramfb.h"
#include "core/util/bytes.h"
#include "core/util/hash.h"
#include "devices/backend/display.h"
#include "devices/backend/host.h"
#include "devices/fw_cfg.h"
#include "test/check_main.h"
#include "test/device_generic.h"

enum { FW_CFG = 0x9020000, RAM = 0x80000000, RAM_SIZE = 1 << 20, REQUEST = RAM, BUFFER = RAM + 64, PICTURE = RAM + 0x1000 };
enum { KEY = 0x20, SELECT_WRITE = 0x18 };

static struct machine *m;
static struct host *h;
static struct device *fb;
static struct mem_ram *ram;
static struct err e;

static struct device *build(struct machine *machine, struct host *host)
{
    ck_assert_int_eq(machine_add_ram(machine, "ram", RAM_SIZE, &ram, &e), 0);
    ck_assert_int_eq(mem_add_ram(machine->memory, "ram", RAM, ram, 0, RAM_SIZE, 0, NULL, &e), 0);
    struct fw_cfg *f = fw_cfg_create(machine, "fw_cfg", &e);
    ck_assert_ptr_nonnull(f);
    ck_assert_int_eq(device_map(fw_cfg_device(f), machine->memory, FW_CFG, &e), 0);
    struct device *d = ramfb_create(machine, "ramfb0", f, host, &e);
    ck_assert_msg(d != NULL, "%s", e.text);
    return d;
}

static void setup(void)
{
    m = device_generic_machine();
    ck_assert_int_eq(host_create(&h, m, &e), 0);
    fb = build(m, h);
    machine_reset(m);
}

static void teardown(void)
{
    host_destroy(h);
    machine_destroy(m);
}

/* Firmware's one write of all 28 bytes. */
static void configure(uint64_t address, const char *fourcc, uint32_t width, uint32_t height, uint32_t stride)
{
    uint8_t *request = ram->host, *file = ram->host + BUFFER - RAM;

    st_be64(file, address);
    st_be32(file + 8, ld_le32(fourcc));
    st_be32(file + 12, 0);
    st_be32(file + 16, width);
    st_be32(file + 20, height);
    st_be32(file + 24, stride);
    st_be32(request, KEY << 16 | SELECT_WRITE);
    st_be32(request + 4, 28);
    st_be64(request + 8, BUFFER);
    ck_assert_int_eq(mem_store(m->memory, FW_CFG + 16, 8, __builtin_bswap64(REQUEST), NULL), MEM_OK);
    ck_assert_uint_eq(ld_be32(request), 0);
}

static const struct display_surface *look(void)
{
    uint64_t number;

    ck_assert_int_eq(display_refresh(display_find(h, NULL), &number, &e), 0);
    return display_surface(display_find(h, NULL));
}

static struct device *make(struct machine *machine, void *arg)
{
    (void)arg;
    return build(machine, NULL);
}

START_TEST(generic)
{
    device_generic_test(&(struct device_generic){ .make = make, .steps = 200 });
}
END_TEST

START_TEST(shows_nothing_at_first_and_after_a_reset)
{
    ck_assert_uint_eq(look()->height, 0);
    configure(PICTURE, "XR24", 16, 8, 0);
    ck_assert_uint_eq(look()->height, 8);
    configure(PICTURE, "XR24", 0, 0, 0);
    ck_assert_uint_eq(look()->height, 0);
    configure(PICTURE, "XR24", 16, 8, 0);
    machine_reset(m);
    ck_assert_uint_eq(look()->height, 0);
}
END_TEST

/* One dot at (3, 2) of 16 by 8, with a stride of its own and with the packed one. */
static const struct {
    const char *fourcc;
    uint32_t bytes, value, want;
} formats[] = {
    { "XR24", 4, 0xff123456, 0x123456 }, { "AR24", 4, 0x80123456, 0x123456 }, { "XB24", 4, 0xff123456, 0x563412 },
    { "AB24", 4, 0x00123456, 0x563412 }, { "RG24", 3, 0x00123456, 0x123456 }, { "RG16", 2, 0xf81f, 0xff00ff },
    { "XR15", 2, 0x83e0, 0x00ff00 },
};

START_TEST(formats_and_strides)
{
    uint32_t n = formats[_i].bytes;

    for (uint32_t stride = 0; stride < 128; stride += 100) {
        memset(ram->host + PICTURE - RAM, 0, 4096);
        uint32_t at = (stride ? stride : 16 * n) * 2 + 3 * n;
        for (uint32_t i = 0; i < n; i++)
            ram->host[PICTURE - RAM + at + i] = (uint8_t)(formats[_i].value >> 8 * i);
        configure(PICTURE, formats[_i].fourcc, 16, 8, stride);
        const struct display_surface *s = look();
        ck_assert(s->width == 16 && s->height == 8);
        for (uint32_t i = 0; i < 16 * 8; i++)
            ck_assert_uint_eq(s->pixels[i], i == 2 * 16 + 3 ? formats[_i].want : 0);
    }
}
END_TEST

/* What cannot be shown leaves what is shown. */
START_TEST(refused)
{
    static const struct { uint64_t address; const char *fourcc; uint32_t width, height, stride; } rows[] = {
        { PICTURE, "YUYV", 16, 8, 0 },          { PICTURE, "XR24", 16, 8, 63 },
        { 0x1000, "XR24", 16, 8, 0 },           { RAM + RAM_SIZE - 511, "XR24", 16, 8, 0 },
        { FW_CFG, "XR24", 1, 1, 0 },            { ~0ull - 7, "XR24", 16, 8, 0 },
        { PICTURE, "XR24", 16385, 1, 0 },       { PICTURE, "XR24", 0xffffffff, 0xffffffff, 0xffffffff },
        { PICTURE, "XR24", 0x40000000, 8, 0 },  { PICTURE, "XR24", 16, 8, 0xfffff000 },
    };

    configure(PICTURE, "XR24", 20, 10, 0);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        uint64_t errors = fb->guest_errors;
        configure(rows[i].address, rows[i].fourcc, rows[i].width, rows[i].height, rows[i].stride);
        ck_assert_msg(fb->guest_errors == errors + 1, "row %zu is accepted", i);
        ck_assert_uint_eq(look()->width, 20);
    }
    configure(RAM + RAM_SIZE - 512, "XR24", 16, 8, 0);
    ck_assert_uint_eq(look()->width, 16);
}
END_TEST

/* RAM that is covered by something else later is black. */
START_TEST(memory_may_go)
{
    struct mem_region *cover;

    memset(ram->host + PICTURE - RAM, 0x55, 16 * 8 * 4);
    configure(PICTURE, "XR24", 16, 8, 0);
    ck_assert_uint_eq(look()->pixels[5], 0x555555);
    ck_assert_int_eq(mem_add_mmio(m->memory, "cover", PICTURE, 128, 5, &reg_mmio_ops, fb, &cover, &e), 0);
    ck_assert_uint_eq(look()->pixels[31], 0);
    ck_assert_uint_eq(look()->pixels[32], 0x555555);
}
END_TEST

START_TEST(snapshot)
{
    memset(ram->host + PICTURE - RAM, 0x77, 16 * 8 * 4);
    configure(PICTURE, "XR24", 16, 8, 0);
    struct machine *old = m;
    struct host *old_host = h;
    setup();
    device_generic_copy(old, m);
    host_destroy(old_host);
    machine_destroy(old);
    ck_assert_uint_eq(look()->width, 16);
    ck_assert_uint_eq(look()->pixels[100], 0x777777);
}
END_TEST

START_TEST(random_configurations)
{
    uint64_t seed = 1;
    static const char *const names[] = { "XR24", "RG24", "RG16", "AB24", "none" };

    for (int i = 0; i < 5000; i++) {
        uint64_t a = hash_mix(seed++), b = hash_mix(seed++), c = hash_mix(seed++);
        uint64_t address = a & 1 ? RAM + (a >> 8) % RAM_SIZE : a >> (b % 64);
        configure(address, names[b % 5], (uint32_t)(b >> 16) >> c % 32, (uint32_t)(c >> 8) >> a % 32,
                  c & 1 ? 0 : (uint32_t)(c >> 32) >> b % 32);
        (void)look();
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("devices.ramfb");
    TCase *t = tcase_create("ramfb");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, generic);
    tcase_add_test(t, shows_nothing_at_first_and_after_a_reset);
    tcase_add_loop_test(t, formats_and_strides, 0, ARRAY_LEN(formats));
    tcase_add_test(t, refused);
    tcase_add_test(t, memory_may_go);
    tcase_add_test(t, snapshot);
    tcase_add_test(t, random_configurations);
    suite_add_tcase(s, t);
    return s;
}
