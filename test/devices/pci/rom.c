/* SPDX-License-Identifier: Apache-2.0 */
/* Expansion ROMs: the base address register (PCI Local Bus 3.0, 6.2.5.2) and the file behind it. */
#include "devices/nvme.h"
#include "test/check_main.h"
#include "test/device_generic.h"
#include "test/devices/pci_card.h"
#include <unistd.h>

enum { R_ROM = 0x30, AT = 0x50000000 };

static struct card x;
static char path[] = "/tmp/orrery-rom-XXXXXX";

static struct nvme *make(size_t bytes, const uint8_t first[2], struct err *e)
{
    int fd = mkstemp(path);
    struct nvme_options o = { .serial = "S", .devfn = -1, .rom = path };

    ck_assert_int_ge(fd, 0);
    for (size_t i = 0; i < bytes; i++) {
        uint8_t b = i < 2 ? first[i] : (uint8_t)(i * 5);
        ck_assert_int_eq(write(fd, &b, 1), 1);
    }
    close(fd);
    card_open(&x, device_generic_machine());
    struct nvme *n = nvme_create(x.m, "card", &x.bus, &o, e);
    unlink(path);
    memcpy(path + sizeof(path) - 7, "XXXXXX", 6);
    return n;
}

START_TEST(shown)
{
    struct err e = { 0 };
    struct mem_attrs none = { 0 };
    uint64_t v = 0;
    struct nvme *n = make(5000, (const uint8_t[]){ 0x55, 0xaa }, &e);

    ck_assert_msg(n != NULL, "%s", e.text);
    x.f = nvme_function(n);
    machine_reset(x.m);
    card_enable(&x);
    card_configure(&x, R_ROM, 4, 0xfffff800);
    ck_assert_uint_eq(card_config(&x, R_ROM, 4), 0xffffe000); /* 8 KiB: the next power of two */
    card_configure(&x, R_ROM, 4, AT);
    ck_assert(mem_load(x.m->memory, AT, 4, &v, &none) == MEM_NOTHING);
    card_configure(&x, R_ROM, 4, AT | 1);
    ck_assert_uint_eq(card_read(&x, AT, 2), 0xaa55);
    ck_assert_uint_eq(card_read(&x, AT + 4999, 1), 4999 * 5 & 0xff);
    ck_assert_uint_eq(card_read(&x, AT + 5000, 4), 0);
    ck_assert_uint_eq(mem_store(x.m->memory, AT, 4, 0, &none) == MEM_OK, false);
    ck_assert_uint_eq(card_read(&x, AT, 2), 0xaa55);
    card_configure(&x, 4, 2, 5); /* decoding of memory off */
    ck_assert(mem_load(x.m->memory, AT, 4, &v, &none) == MEM_NOTHING);
    card_close(&x);
}
END_TEST

START_TEST(refused)
{
    struct err e = { 0 };

    ck_assert_ptr_null(make(512, (const uint8_t[]){ 'M', 'Z' }, &e));
    ck_assert_int_eq(e.code, ERR_FORMAT);
    card_close(&x);
    ck_assert_ptr_null(make(1, (const uint8_t[]){ 0x55, 0xaa }, &e));
    ck_assert_int_eq(e.code, ERR_LIMIT);
    card_close(&x);
    card_open(&x, device_generic_machine());
    ck_assert_ptr_null(nvme_create(
        x.m, "card", &x.bus,
        &(struct nvme_options){ .serial = "S", .devfn = -1, .rom = "/nowhere/rom" }, &e));
    ck_assert_int_eq(e.code, ERR_IO);
    ck_assert_msg(strstr(e.text, "/nowhere/rom") != NULL, "%s", e.text);
    card_close(&x);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("rom");
    TCase *c = tcase_create("rom");

    tcase_add_test(c, shown);
    tcase_add_test(c, refused);
    suite_add_tcase(s, c);
    return s;
}
