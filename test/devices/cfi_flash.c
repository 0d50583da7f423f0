/* SPDX-License-Identifier: Apache-2.0 */
/* Values from JESD68.01 (CFI) and the P30 data sheet's command and status tables. */
#include "devices/cfi_flash.h"
#include "core/util/hash.h"
#include "test/check_main.h"
#include "test/device_generic.h"
#include <stdlib.h>
#include <unistd.h>

enum { BASE = 0x20000000, SIZE = 0x100000, SECTOR = 0x40000, BUFFER = 4096 };

static const struct cfi_flash_config bank = { /* two x16 chips, as on riscv-virt but smaller */
    .size = SIZE, .sector = SECTOR, .bank_width = 4, .device_width = 2,
    .manufacturer = 0x89, .device = 0x18,
};

static struct machine *m;
static struct cfi_flash *flash;
static struct block *block;

static struct device *make(struct machine *machine, void *arg)
{
    struct err e = { 0 };
    struct cfi_flash *f = cfi_flash_create(machine, "flash0", &bank, arg, &e);

    ck_assert_msg(f != NULL, "%s", e.text);
    ck_assert_int_eq(cfi_flash_map(f, machine->memory, BASE, &e), 0);
    return &f->dev;
}

static void setup(void)
{
    struct err e = { 0 };

    m = device_generic_machine();
    ck_assert_int_eq(block_create_memory(&block, SIZE, &e), 0);
    ck_assert_int_eq(block_write(block, 0x100, "old data", 8, &e), 0);
    flash = (struct cfi_flash *)make(m, block);
    machine_reset(m);
}

static void teardown(void)
{
    machine_destroy(m);
    ck_assert_int_eq(block_close(block, NULL), 0);
}

static uint64_t load(uint64_t at, unsigned size)
{
    uint64_t v;

    ck_assert_int_eq(mem_load(m->memory, BASE + at, size, &v, NULL), MEM_OK);
    return v;
}

static void store(uint64_t at, unsigned size, uint64_t v)
{
    ck_assert_int_eq(mem_store(m->memory, BASE + at, size, v, NULL), MEM_OK);
}

/* A command to both chips. */
static void command(uint64_t at, uint32_t c)
{
    store(at, 4, c << 16 | c);
}

static uint32_t in_block(uint64_t at)
{
    uint32_t v;

    ck_assert_int_eq(block_read(block, at, &v, 4, NULL), 0);
    return v;
}

static bool is_memory(void)
{
    return mem_lookup(m->memory, BASE)->region->kind == MEM_ROM;
}

START_TEST(generic)
{
    device_generic_test(&(struct device_generic){ .make = make, .keeps_state = true, .steps = 200 });
}
END_TEST

START_TEST(array_is_memory)
{
    uint64_t n;

    ck_assert(is_memory());
    ck_assert_mem_eq(mem_pointer(m->memory, BASE + 0x100, &n, false), "old data", 8);
    ck_assert_uint_eq(load(0x100, 8), 0x6174616420646c6f);
    command(0, 0x70);
    ck_assert(!is_memory());
    ck_assert_ptr_null(mem_pointer(m->memory, BASE + 0x100, &n, false));
    command(0, 0xff);
    ck_assert(is_memory());
    command(0, 0x90);
    machine_reset(m);
    ck_assert(is_memory());
    ck_assert_uint_eq(load(0x100, 4), 0x20646c6f);
}
END_TEST

START_TEST(identifies_itself)
{
    command(0, 0x90);
    ck_assert_uint_eq(load(0, 4), 0x00890089);
    ck_assert_uint_eq(load(4, 4), 0x00180018);
    ck_assert_uint_eq(load(8, 4), 0);          /* not locked */
    ck_assert_uint_eq(load(SECTOR, 8), 0x0018001800890089);
    ck_assert_uint_eq(load(2, 2), 0x89);       /* the second chip */
    ck_assert_uint_eq(load(3, 1), 0);
}
END_TEST

START_TEST(answers_the_cfi_query)
{
    static const struct { uint8_t at, value; } rows[] = {
        { 0x10, 'Q' }, { 0x11, 'R' }, { 0x12, 'Y' }, { 0x13, 1 }, { 0x14, 0 }, { 0x15, 0x31 },
        { 0x27, 19 },                           /* 2^19 bytes a chip */
        { 0x28, 2 }, { 0x29, 0 }, { 0x2a, 11 }, /* buffer: 2^11 bytes a chip */
        { 0x2c, 1 }, { 0x2d, 3 }, { 0x2e, 0 },  /* 4 blocks */
        { 0x2f, 0x00 }, { 0x30, 0x02 },         /* of 0x200 * 256 bytes a chip */
        { 0x31, 'P' }, { 0x32, 'R' }, { 0x33, 'I' }, { 0x34, '1' }, { 0x35, '0' }, { 0x60, 0 },
    };

    command(0x55 * 4, 0x98);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        ck_assert_msg(load(rows[i].at * 4u, 4) == rows[i].value * 0x10001u, "word %#x is %#llx",
                      rows[i].at, (unsigned long long)load(rows[i].at * 4u, 4));
    command(0, 0xf0);
    ck_assert(is_memory());
}
END_TEST

START_TEST(status_is_ready_and_can_be_cleared)
{
    command(0, 0x70);
    ck_assert_uint_eq(load(0, 4), 0x00800080);
    ck_assert_uint_eq(load(0x1234, 2), 0x80);
    command(0, 0x50);
    ck_assert(is_memory());
    command(0, 0x70);
    ck_assert_uint_eq(load(0, 4), 0);          /* what firmware probes for */
}
END_TEST

START_TEST(programs_words)
{
    command(0x200, 0x40);
    store(0x200, 4, 0x12345678);
    ck_assert_uint_eq(load(0x200, 4), 0x00800080);
    command(0x200, 0xff);
    ck_assert_uint_eq(load(0x200, 8), 0x12345678);
    ck_assert_uint_eq(in_block(0x200), 0x12345678);
    command(0x200, 0x10);
    store(0x202, 2, 0xabcd);
    command(0x200, 0xff);
    ck_assert_uint_eq(in_block(0x200), 0xabcd5678);
    ck_assert_uint_eq(load(0x200, 4), 0xabcd5678);
}
END_TEST

START_TEST(erases_a_block_when_confirmed)
{
    command(SECTOR + 0x500, 0x20);
    command(SECTOR + 0x500, 0xff);             /* thought better of it */
    ck_assert_uint_eq(load(SECTOR, 4), 0);
    command(SECTOR + 0x500, 0x20);
    command(SECTOR + 0x500, 0xd0);
    ck_assert_uint_eq(load(0, 4), 0x00800080);
    command(0, 0xff);
    ck_assert_uint_eq(load(SECTOR - 4, 8), 0xffffffff00000000);
    ck_assert_uint_eq(load(2 * SECTOR - 4, 8), 0x00000000ffffffff);
    ck_assert_uint_eq(in_block(SECTOR), 0xffffffff);
    ck_assert_uint_eq(in_block(2 * SECTOR - 4), 0xffffffff);
    ck_assert_uint_eq(in_block(2 * SECTOR), 0);
    command(0, 0x20);
    command(0, 0x70);                          /* no confirmation: a bad sequence */
    ck_assert_uint_eq(load(0, 4), 0x00b000b0);
    ck_assert_uint_eq(in_block(0x100), 0x20646c6f);
}
END_TEST

START_TEST(programs_through_the_buffer)
{
    command(0x1000, 0xe8);
    ck_assert_uint_eq(load(0, 4), 0x00800080); /* the buffer is free */
    command(0x1000, 3);                        /* four words a chip */
    for (uint32_t i = 0; i < 4; i++)
        store(0x1010 + 4 * i, 4, 0x11111111 * (i + 1));
    ck_assert_uint_eq(in_block(0x1010), 0);
    command(0x1000, 0xd0);
    ck_assert_uint_eq(load(0, 4), 0x00800080);
    command(0, 0xff);
    ck_assert_uint_eq(load(0x100c, 8), 0x1111111100000000);
    ck_assert_uint_eq(load(0x1018, 8), 0x4444444433333333);
    ck_assert_uint_eq(load(0x1020, 4), 0);
    ck_assert_uint_eq(in_block(0x101c), 0x44444444);
}
END_TEST

START_TEST(bad_buffers_program_nothing)
{
    command(0, 0xe8);
    command(0, BUFFER / 4);                    /* one word too many */
    ck_assert_uint_eq(load(0, 4), 0x00b000b0);
    command(0, 0x50);

    command(0, 0xe8);
    command(0, 1);
    store(0x0ffc, 4, ~0u);
    store(0x1000, 4, ~0u);                     /* in the next buffer */
    command(0, 0xd0);
    ck_assert_uint_eq(load(0, 4), 0x00b000b0);
    command(0, 0x50);

    command(0, 0xe8);
    command(0, 0);
    store(0, 4, ~0u);
    command(0, 0xff);                          /* not confirmed */
    ck_assert_uint_eq(load(0, 4), 0x00b000b0);
    command(0, 0xff);
    ck_assert_uint_eq(load(0, 4), 0);
    ck_assert_uint_eq(load(0xffc, 4), 0);
}
END_TEST

START_TEST(locks_are_accepted)
{
    static const uint8_t seconds[] = { 0xd0, 0x01, 0x2f };

    for (size_t i = 0; i < ARRAY_LEN(seconds); i++) {
        command(0, 0x60);
        command(0, seconds[i]);
        ck_assert_uint_eq(load(0, 4), 0x00800080);
    }
    command(0, 0x40);
    store(0, 4, 5);
    command(0, 0xff);
    ck_assert_uint_eq(load(0, 4), 5);
}
END_TEST

START_TEST(unknown_commands_lead_to_the_array)
{
    command(0, 0x70);
    command(0, 0xb0);
    ck_assert(is_memory());
    ck_assert_uint_eq(flash->dev.guest_errors, 1);
}
END_TEST

START_TEST(debuggers_give_no_commands)
{
    struct mem_attrs debug = { .debug = 1 };

    ck_assert_int_eq(mem_store(m->memory, BASE, 4, 0x90, &debug), MEM_READ_ONLY);
    ck_assert(is_memory());
}
END_TEST

static struct block *open_file(const char *path, bool read_only)
{
    struct block_options o;
    struct block *b = NULL;
    struct err e = { 0 };

    ck_assert_int_eq(block_options_file(&o, path, &e), 0);
    o.format = BLOCK_RAW;
    o.read_only = read_only;
    ck_assert_msg(block_open(&b, &o, NULL, &e) == 0, "%s", e.text);
    return b;
}

START_TEST(read_only_files_stay)
{
    char path[] = "/tmp/cfi_flash.XXXXXX";
    int fd = mkstemp(path);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(ftruncate(fd, SIZE), 0);
    teardown();
    m = device_generic_machine();
    block = open_file(path, true);
    flash = (struct cfi_flash *)make(m, block);
    machine_reset(m);
    command(0, 0x40);
    store(0, 4, 1);
    ck_assert_uint_eq(load(0, 4), 0x00900090); /* program error */
    command(0, 0x50);
    command(0, 0x20);
    command(0, 0xd0);
    ck_assert_uint_eq(load(0, 4), 0x00a000a0); /* erase error */
    command(0, 0x50);
    command(0, 0xe8);
    command(0, 0);
    store(0, 4, 1);
    command(0, 0xd0);
    ck_assert_uint_eq(load(0, 4), 0x00900090);
    command(0, 0xff);
    ck_assert_uint_eq(load(0, 8), 0);
    close(fd);
    unlink(path);
}
END_TEST

START_TEST(size_must_fit)
{
    struct machine *other = device_generic_machine();
    struct block *b;
    struct err e = { 0 };

    ck_assert_int_eq(block_create_memory(&b, SIZE / 2, &e), 0);
    ck_assert_ptr_null(cfi_flash_create(other, "flash0", &bank, b, &e));
    ck_assert_int_eq(e.code, ERR_FORMAT);
    ck_assert_ptr_nonnull(strstr(e.text, "524288"));  /* what is there */
    ck_assert_ptr_nonnull(strstr(e.text, "1048576")); /* what is accepted */
    machine_destroy(other);
    ck_assert_int_eq(block_close(b, NULL), 0);
}
END_TEST

START_TEST(restore_writes_the_file)
{
    struct block *second;
    struct machine *fresh = device_generic_machine();
    uint32_t v;

    command(0, 0x40);
    store(0x8000, 4, 0xcafe);
    command(0, 0x98);
    ck_assert_int_eq(block_create_memory(&second, SIZE, NULL), 0);
    make(fresh, second);
    machine_reset(fresh);
    device_generic_copy(m, fresh);
    ck_assert_int_eq(block_read(second, 0x8000, &v, 4, NULL), 0);
    ck_assert_uint_eq(v, 0xcafe);
    ck_assert_int_eq(mem_lookup(fresh->memory, BASE)->region->kind, MEM_MMIO);
    uint64_t q;
    ck_assert_int_eq(mem_load(fresh->memory, BASE + 0x40, 4, &q, NULL), MEM_OK);
    ck_assert_uint_eq(q, 0x00510051);
    machine_destroy(fresh);
    ck_assert_int_eq(block_close(second, NULL), 0);
}
END_TEST

/* Any access in any order: two machines, one saved and restored in between, stay equal. */
START_TEST(random_accesses)
{
    static const uint8_t commands[] = { 0x00, 0x10, 0x20, 0x40, 0x50, 0x60, 0x70, 0x90, 0x98,
                                        0xe8, 0xf0, 0xff, 0xd0, 0xd0, 0x01, 0xb0 };
    struct machine *never = device_generic_machine(), *often = device_generic_machine();
    uint64_t seed = 7;

    make(never, NULL);
    make(often, NULL);
    machine_reset(never);
    machine_reset(often);
    for (int i = 0; i < 3000; i++) {
        uint64_t r = hash_mix(seed++), x = 0, y = 0;
        unsigned size = 1u << (r & 3);
        pa_t at = BASE + ((r >> 8) % (r & 4 ? SIZE : 0x2000));
        uint64_t value = r & 8 ? commands[(r >> 40) % ARRAY_LEN(commands)] : hash_mix(r) >> (r >> 48) % 64;
        if (at > BASE + SIZE - size)
            at = BASE + SIZE - size;
        if (r & 0x10) {
            ck_assert_int_eq(mem_load(never->memory, at, size, &x, NULL),
                             mem_load(often->memory, at, size, &y, NULL));
            ck_assert_uint_eq(x, y);
        } else {
            ck_assert_int_eq(mem_store(never->memory, at, size, value, NULL),
                             mem_store(often->memory, at, size, value, NULL));
        }
        if (i % 100 == 0) {
            struct machine *fresh = device_generic_machine();
            make(fresh, NULL);
            machine_reset(fresh);
            device_generic_copy(often, fresh);
            machine_destroy(often);
            often = fresh;
        }
    }
    ck_assert_uint_eq(machine_hash(never), machine_hash(often));
    machine_destroy(never);
    machine_destroy(often);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("devices.cfi_flash");
    TCase *t = tcase_create("flash");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, generic);
    tcase_add_test(t, array_is_memory);
    tcase_add_test(t, identifies_itself);
    tcase_add_test(t, answers_the_cfi_query);
    tcase_add_test(t, status_is_ready_and_can_be_cleared);
    tcase_add_test(t, programs_words);
    tcase_add_test(t, erases_a_block_when_confirmed);
    tcase_add_test(t, programs_through_the_buffer);
    tcase_add_test(t, bad_buffers_program_nothing);
    tcase_add_test(t, locks_are_accepted);
    tcase_add_test(t, unknown_commands_lead_to_the_array);
    tcase_add_test(t, debuggers_give_no_commands);
    tcase_add_test(t, read_only_files_stay);
    tcase_add_test(t, size_must_fit);
    tcase_add_test(t, restore_writes_the_file);
    tcase_add_test(t, random_accesses);
    suite_add_tcase(s, t);
    return s;
}
