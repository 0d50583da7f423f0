/* SPDX-License-Identifier: Apache-2.0 */
/* The I/O space: 65536 ports; nothing there reads as all ones; borders and widths are the bus's. */
#include "core/memory/ports.h"
#include "test/check_main.h"

struct seen {
    unsigned n, size[8];
    uint64_t offset[8], value[8];
};
static struct mem_space *io;
static struct seen byte_part, dword_part;
static struct err e;

/* Byte i of a part reads as its offset + 0x40. */
static enum mem_result read(void *arg, uint64_t offset, unsigned size, uint64_t *value,
                            const struct mem_attrs *attrs)
{
    (void)arg, (void)attrs;
    for (unsigned i = size; i-- > 0;)
        *value = *value << 8 | ((offset + i + 0x40) & 0xff);
    return MEM_OK;
}

static enum mem_result write(void *arg, uint64_t offset, unsigned size, uint64_t value,
                             const struct mem_attrs *attrs)
{
    struct seen *s = arg;
    (void)attrs;
    s->offset[s->n % 8] = offset;
    s->value[s->n % 8] = value;
    s->size[s->n++ % 8] = size;
    return MEM_OK;
}

static const struct mmio_ops bytes = { read, write, 1, false };
static const struct mmio_ops dwords = { read, write, 4, false };

static void setup(void)
{
    byte_part = dword_part = (struct seen){ 0 };
    io = mem_space_create("io");
    ck_assert_int_eq(mem_add_mmio(io, "bytes", 0x100, 3, 0, &bytes, &byte_part, NULL, &e), 0);
    ck_assert_int_eq(mem_add_mmio(io, "dwords", 0xcf8, 8, 0, &dwords, &dword_part, NULL, &e), 0);
    ck_assert_int_eq(mem_add_mmio(io, "last", 0xffff, 1, 0, &bytes, &byte_part, NULL, &e), 0);
}

static void teardown(void)
{
    mem_space_destroy(io);
}

static const struct { uint16_t port; unsigned size; uint32_t value; } in[] = {
    { 0x80, 1, 0xff }, { 0x80, 2, 0xffff }, { 0x80, 4, 0xffffffff },
    { 0x100, 1, 0x40 }, { 0x100, 2, 0x4140 }, { 0x101, 2, 0x4241 },
    { 0x100, 4, 0xff424140 }, { 0xff, 2, 0x40ff }, { 0xfe, 4, 0x4140ffff },
    { 0x102, 2, 0xff42 },
    { 0xcf8, 4, 0x43424140 }, { 0xcf8, 1, 0xff }, { 0xcf8, 2, 0xffff }, { 0xcfa, 4, 0xffffffff },
    { 0xffff, 1, 0x40 }, { 0xffff, 2, 0xff40 }, { 0xfffe, 4, 0xffff40ff },
};
START_TEST(reads)
{
    ck_assert_uint_eq(mem_port_in(io, in[_i].port, in[_i].size, NULL), in[_i].value);
}
END_TEST

START_TEST(writes)
{
    mem_port_out(io, 0xff, 4, 0x44332211, NULL);
    ck_assert_uint_eq(byte_part.n, 3);
    for (unsigned i = 0; i < 3; i++) {
        ck_assert_uint_eq(byte_part.offset[i], i);
        ck_assert_uint_eq(byte_part.value[i], 0x22 + 0x11 * i);
        ck_assert_uint_eq(byte_part.size[i], 1);
    }
    mem_port_out(io, 0xcf9, 1, 6, NULL);
    mem_port_out(io, 0xcf8, 2, 6, NULL);
    ck_assert_uint_eq(dword_part.n, 0);
    mem_port_out(io, 0xcf8, 4, 0x80000000, NULL);
    ck_assert_uint_eq(dword_part.n, 1);
    ck_assert_uint_eq(dword_part.value[0], 0x80000000);
    mem_port_out(io, 0xffff, 4, 0x11223344, NULL);
    ck_assert_uint_eq(byte_part.n, 4);
    ck_assert_uint_eq(byte_part.value[3], 0x44);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("core.memory.ports");
    TCase *t = tcase_create("ports");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, reads, 0, (int)ARRAY_LEN(in));
    tcase_add_test(t, writes);
    suite_add_tcase(s, t);
    return s;
}
