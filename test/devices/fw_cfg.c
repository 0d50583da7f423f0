/* SPDX-License-Identifier: Apache-2.0 */
/* Values from QEMU docs/specs/fw_cfg.rst. */
#include "devices/fw_cfg.h"
#include "core/util/bytes.h"
#include "core/util/hash.h"
#include "test/check_main.h"
#include "test/device_generic.h"
#include "test/ports.h"

enum { BASE = 0x10100000, DATA = BASE, SELECTOR = BASE + 8, DMA = BASE + 16 };
enum { RAM = 0x80000000, RAM_SIZE = 0x20000, REQUEST = RAM + 0x100, BUFFER = RAM + 0x1000 };
enum { ERROR = 1, READ = 2, SKIP = 4, SELECT = 8, WRITE = 16 };

static uint8_t writable[8];
static uint32_t written_at, written_n, written_calls;

static void written(void *arg, uint32_t offset, uint32_t n)
{
    (void)arg;
    written_at = offset;
    written_n = n;
    written_calls++;
}

static struct machine *m;
static struct fw_cfg *fw;

static struct device *make(struct machine *machine, void *arg)
{
    struct err e = { 0 };
    struct mem_ram *ram;
    uint8_t *own = arg ? arena_alloc(&machine->arena, 8) : writable;

    fw = fw_cfg_create(machine, "fw_cfg", &e);
    ck_assert_msg(fw != NULL, "%s", e.text);
    ck_assert_int_eq(machine_add_ram(machine, "ram", RAM_SIZE, &ram, &e), 0);
    ck_assert_int_eq(mem_add_ram(machine->memory, "ram", RAM, ram, 0, RAM_SIZE, 0, NULL, &e), 0);
    ck_assert_int_eq(device_map(fw_cfg_device(fw), machine->memory, BASE, &e), 0);
    ck_assert_int_eq(fw_cfg_add_number(fw, FW_CFG_NB_CPUS, 4, 2, &e), 0);
    ck_assert_int_eq(fw_cfg_add_number(fw, 0x8002, 0x1122334455667788, 8, &e), 0);
    ck_assert_int_eq(fw_cfg_add_file(fw, "opt/b", "0123456789", 10, &e), 0);
    ck_assert_int_eq(fw_cfg_add_writable(fw, "etc/w", own, 8, written, NULL, &e), 0);
    ck_assert_int_eq(fw_cfg_add_file(fw, "opt/a", NULL, 0, &e), 0);
    return fw_cfg_device(fw);
}

static void setup(void)
{
    m = device_generic_machine();
    memcpy(writable, "ABCDEFGH", 8);
    written_calls = 0;
    make(m, NULL);
    machine_reset(m);
}

static void teardown(void)
{
    machine_destroy(m);
}

static uint64_t load(pa_t at, unsigned size)
{
    uint64_t v;

    ck_assert_int_eq(mem_load(m->memory, at, size, &v, NULL), MEM_OK);
    return v;
}

static void store(pa_t at, unsigned size, uint64_t v)
{
    ck_assert_int_eq(mem_store(m->memory, at, size, v, NULL), MEM_OK);
}

static void select_item(uint16_t key)
{
    store(SELECTOR, 2, __builtin_bswap16(key)); /* big-endian on the bus */
}

/* Lay a request down and start it; the control word afterwards. */
static uint32_t dma(uint32_t control, uint32_t length, uint64_t address)
{
    store(REQUEST, 4, __builtin_bswap32(control));
    store(REQUEST + 4, 4, __builtin_bswap32(length));
    store(REQUEST + 8, 8, __builtin_bswap64(address));
    store(DMA, 8, __builtin_bswap64(REQUEST));
    return __builtin_bswap32((uint32_t)load(REQUEST, 4));
}

static void check_bytes(pa_t at, const char *wanted, size_t n)
{
    uint8_t got[64];

    ck_assert_int_eq(mem_read(m->memory, at, got, n, NULL), MEM_OK);
    ck_assert_mem_eq(got, wanted, n);
}

struct table {
    uint8_t bytes[4];
    unsigned builds;
};

static void build_table(void *arg)
{
    struct table *t = arg;

    t->builds++;
    t->bytes[0] = (uint8_t)t->builds;
}

/* The first selection after a reset, by either way, fills it in; a snapshot keeps it filled. */
START_TEST(built_when_selected)
{
    struct table t = { { 0xee, 2, 3, 4 }, 0 }, other = t;
    struct err e = { 0 };

    ck_assert_int_eq(fw_cfg_add_built(fw, "etc/acpi/x", t.bytes, 4,
                                      &(struct fw_cfg_builder){ build_table, &t }, &e), 0);
    machine_reset(m);
    ck_assert_uint_eq(t.builds, 0);
    select_item(FW_CFG_FILE_FIRST + 1); /* etc/w */
    ck_assert_uint_eq(t.builds, 0);
    select_item(FW_CFG_FILE_FIRST);
    ck_assert_uint_eq(load(DATA, 4), 0x04030201);
    select_item(FW_CFG_FILE_FIRST);
    ck_assert_uint_eq(t.builds, 1);
    ck_assert_uint_eq(dma((uint32_t)FW_CFG_FILE_FIRST << 16 | SELECT | WRITE, 4, BUFFER) & ERROR, ERROR);

    struct machine *fresh = device_generic_machine(), *old = m;
    m = fresh;
    make(fresh, NULL);
    ck_assert_int_eq(fw_cfg_add_built(fw, "etc/acpi/x", other.bytes, 4,
                                      &(struct fw_cfg_builder){ build_table, &other }, &e), 0);
    machine_reset(fresh);
    device_generic_copy(old, fresh);
    select_item(FW_CFG_FILE_FIRST);
    ck_assert_uint_eq(load(DATA, 4), 0x04030201);
    ck_assert_uint_eq(other.builds, 0);
    machine_reset(m);
    ck_assert_uint_eq(dma((uint32_t)FW_CFG_FILE_FIRST << 16 | SELECT | READ, 4, BUFFER), 0);
    ck_assert_uint_eq(other.builds, 1);
    machine_destroy(old);
}
END_TEST

/* On a PC's ports: boards read 51 45 4D 55, and DMA's signature in two halves. */
START_TEST(on_ports)
{
    struct mem_space *io = mem_space_create("io");
    static const uint8_t signature[4] = { 0x51, 0x45, 0x4d, 0x55 }, id[4] = { 3, 0, 0, 0 };
    uint8_t request[16], bytes[4];
    struct err e = { 0 };

    ck_assert_int_eq(fw_cfg_map_ports(fw, io, 0x510, &e), 0);
    mem_port_out(io, 0x510, 2, 0, NULL);
    for (unsigned i = 0; i < 4; i++)
        ck_assert_uint_eq(inb(io, 0x511), signature[i]);
    ck_assert_uint_eq(inb(io, 0x511), 0);
    mem_port_out(io, 0x510, 2, 1, NULL);
    for (unsigned i = 0; i < 4; i++)
        ck_assert_uint_eq(inb(io, 0x511), id[i]);
    outb(io, 0x510, 5); /* bytes select nothing */
    outb(io, 0x511, 5);
    mem_port_out(io, 0x510, 2, 1, NULL);
    ck_assert_uint_eq(inb(io, 0x511), 3);
    ck_assert_uint_eq(mem_port_in(io, 0x514, 4, NULL), 0x554d4551);
    ck_assert_uint_eq(mem_port_in(io, 0x518, 4, NULL), 0x47464320);
    ck_assert_uint_eq(mem_port_in(io, 0x512, 2, NULL), 0xffff);
    st_be32(request, 0u << 16 | SELECT | READ);
    st_be32(request + 4, 4);
    st_be64(request + 8, BUFFER);
    ck_assert_int_eq(mem_write(m->memory, REQUEST, request, 16, NULL), MEM_OK);
    mem_port_out(io, 0x518, 4, __builtin_bswap32(REQUEST), NULL);
    ck_assert_int_eq(mem_read(m->memory, BUFFER, bytes, 4, NULL), MEM_OK);
    ck_assert_mem_eq(bytes, signature, 4);
    mem_space_destroy(io);
}
END_TEST

START_TEST(generic)
{
    device_generic_test(&(struct device_generic){ .make = make, .arg = m, .keeps_state = true });
}
END_TEST

START_TEST(signature_and_id)
{
    ck_assert_uint_eq(load(DATA, 1), 'Q'); /* key 0 is selected after reset */
    ck_assert_uint_eq(load(DATA, 1), 'E');
    ck_assert_uint_eq(load(DATA, 1), 'M');
    ck_assert_uint_eq(load(DATA, 1), 'U');
    ck_assert_uint_eq(load(DATA, 1), 0);
    select_item(FW_CFG_ID);
    ck_assert_uint_eq(load(DATA, 4), 3);
    select_item(FW_CFG_SIGNATURE | 0x4000); /* the write flag is ignored */
    ck_assert_uint_eq(load(DATA, 4), 0x554d4551);
}
END_TEST

START_TEST(wide_reads_keep_the_order)
{
    select_item(0x22);                      /* opt/b */
    ck_assert_uint_eq(load(DATA, 2), 0x3130);
    ck_assert_uint_eq(load(DATA, 4), 0x35343332);
    ck_assert_uint_eq(load(DATA, 8), 0x39383736); /* and four zeroes */
    select_item(0x22);
    ck_assert_uint_eq(load(DATA, 8), 0x3736353433323130);
    select_item(0x8002);
    ck_assert_uint_eq(load(DATA, 8), 0x1122334455667788);
    select_item(FW_CFG_NB_CPUS);
    ck_assert_uint_eq(load(DATA, 2), 4);
}
END_TEST

START_TEST(absent_reads_zero_and_writes_are_ignored)
{
    select_item(0x1f);
    ck_assert_uint_eq(load(DATA, 8), 0);
    select_item(0xffff);
    ck_assert_uint_eq(load(DATA, 8), 0);
    select_item(0x20);                      /* etc/w is writable by DMA only */
    store(DATA, 1, 'x');
    ck_assert_uint_eq(load(DATA, 1), 'A');
}
END_TEST

START_TEST(directory_is_sorted)
{
    static const struct { const char *name; uint32_t size; uint16_t key; } rows[] = {
        { "etc/w", 8, 0x20 }, { "opt/a", 0, 0x21 }, { "opt/b", 10, 0x22 },
    };

    select_item(FW_CFG_FILE_DIR);
    ck_assert_uint_eq(load(DATA, 4), __builtin_bswap32(3));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char name[56];
        ck_assert_uint_eq(load(DATA, 4), __builtin_bswap32(rows[i].size));
        ck_assert_uint_eq(load(DATA, 2), __builtin_bswap16(rows[i].key));
        ck_assert_uint_eq(load(DATA, 2), 0);
        for (size_t k = 0; k < sizeof(name); k++)
            name[k] = (char)load(DATA, 1);
        ck_assert_str_eq(name, rows[i].name);
    }
}
END_TEST

START_TEST(dma_register_shows_its_signature)
{
    ck_assert_uint_eq(load(DMA, 8), 0x47464320554d4551);
    ck_assert_uint_eq(load(DMA, 4), 0x554d4551);
    ck_assert_uint_eq(load(DMA + 4, 4), 0x47464320);
}
END_TEST

START_TEST(dma_reads_skips_and_selects)
{
    ck_assert_uint_eq(dma(0x22 << 16 | SELECT | SKIP, 3, 0), 0);
    ck_assert_uint_eq(dma(READ, 4, BUFFER), 0);
    check_bytes(BUFFER, "3456", 4);
    ck_assert_uint_eq(load(DATA, 1), '7');  /* both interfaces share the offset */
    store(BUFFER, 8, ~0ull);
    ck_assert_uint_eq(dma(READ, 6, BUFFER), 0);
    check_bytes(BUFFER, "89\0\0\0\0\xff\xff", 8);
    ck_assert_uint_eq(dma(0x22 << 16 | SELECT, 99, 0), 0); /* only selects */
    ck_assert_uint_eq(load(DATA, 1), '0');
    ck_assert_uint_eq(dma(0x22 << 16 | SELECT | READ | WRITE | SKIP, 2, BUFFER), 0);
    check_bytes(BUFFER, "01", 2);           /* read goes before write and skip */
    ck_assert_uint_eq(dma(0x7f << 16 | SELECT | READ, 0x5000, BUFFER), 0);
    ck_assert_uint_eq(load(BUFFER, 8), 0);
    ck_assert_uint_eq(dma(SKIP, 0xffffffff, 0), 0);
    ck_assert_uint_eq(dma(0, 0, 0), 0);
}
END_TEST

START_TEST(dma_starts_with_the_low_half)
{
    store(REQUEST, 4, __builtin_bswap32(0x22 << 16 | SELECT | READ));
    store(REQUEST + 4, 4, __builtin_bswap32(2));
    store(REQUEST + 8, 8, __builtin_bswap64(BUFFER));
    store(DMA, 4, 0);
    ck_assert_uint_eq(load(BUFFER, 2), 0);
    store(DMA + 4, 4, __builtin_bswap32(REQUEST));
    check_bytes(BUFFER, "01", 2);
    /* The high half was used up: this one goes to 4 GiB and above, the next does not. */
    store(DMA, 4, __builtin_bswap32(1));
    store(DMA + 4, 4, __builtin_bswap32(REQUEST));
    ck_assert_uint_eq(load(REQUEST, 4), 0);
    store(REQUEST, 4, __builtin_bswap32(READ));
    store(DMA + 4, 4, __builtin_bswap32(REQUEST));
    check_bytes(BUFFER, "23", 2);
}
END_TEST

START_TEST(dma_writes_what_is_writable)
{
    store(BUFFER, 8, 0x6867666564636261);   /* "abcdefgh" */
    ck_assert_uint_eq(dma(0x20 << 16 | SELECT | SKIP, 2, 0), 0);
    ck_assert_uint_eq(dma(WRITE, 3, BUFFER), 0);
    ck_assert_mem_eq(writable, "ABabcFGH", 8);
    ck_assert_uint_eq(written_at, 2);
    ck_assert_uint_eq(written_n, 3);
    ck_assert_uint_eq(dma(WRITE, 4, BUFFER), ERROR); /* three are left */
    ck_assert_uint_eq(dma(WRITE, 3, BUFFER), 0);
    ck_assert_mem_eq(writable, "ABabcabc", 8);
    ck_assert_uint_eq(dma(WRITE, 1, BUFFER), ERROR);
    ck_assert_uint_eq(written_calls, 2);
    ck_assert_uint_eq(dma(0x22 << 16 | SELECT | WRITE, 1, BUFFER), ERROR);
    ck_assert_uint_eq(dma(0x7f << 16 | SELECT | WRITE, 1, BUFFER), ERROR);
}
END_TEST

START_TEST(dma_to_nowhere_fails)
{
    ck_assert_uint_eq(dma(0x22 << 16 | SELECT | READ, 4, 0x1000), ERROR);
    ck_assert_uint_eq(dma(READ, 0xffffffff, BUFFER), ERROR); /* past the end of RAM */
    ck_assert_uint_eq(dma(READ, 16, ~0ull - 7), ERROR);
    ck_assert_uint_eq(dma(0x20 << 16 | SELECT | WRITE, 4, 0x1000), ERROR);
    store(DMA, 8, __builtin_bswap64(0x1000)); /* no request there: nothing to answer to */
}
END_TEST

/* A request that would write into the DMA register and so start itself again. */
START_TEST(dma_does_not_start_itself)
{
    uint8_t request[16];
    struct err e = { 0 };

    st_be32(request, READ);
    st_be32(request + 4, 8);
    st_be64(request + 8, DMA);
    machine_destroy(m);
    m = device_generic_machine();
    make(m, NULL);
    uint8_t address[8];
    st_be64(address, REQUEST);
    ck_assert_int_eq(fw_cfg_add_file(fw, "opt/self", address, 8, &e), 0);
    machine_reset(m);
    ck_assert_int_eq(mem_write(m->memory, REQUEST, request, 16, NULL), MEM_OK);
    select_item(0x23);
    store(DMA, 8, __builtin_bswap64(REQUEST));
    ck_assert_uint_eq(load(REQUEST, 4), 0);
    ck_assert_uint_gt(fw_cfg_device(fw)->guest_errors, 0);
    ck_assert_uint_eq(dma(READ, 4, DATA), 0);
    ck_assert_uint_eq(dma(WRITE | SELECT | 0x20 << 16, 4, DATA), 0);
}
END_TEST

START_TEST(names_and_keys_are_checked)
{
    struct err e = { 0 };
    char name[57] = "";

    ck_assert_int_eq(fw_cfg_add_file(fw, "opt/a", NULL, 0, &e), ERR_ARG);
    ck_assert_ptr_nonnull(strstr(e.text, "opt/a"));
    ck_assert_int_eq(fw_cfg_add_file(fw, name, NULL, 0, &e), ERR_ARG);
    memset(name, 'n', 56);
    ck_assert_int_eq(fw_cfg_add_file(fw, name, NULL, 0, &e), ERR_ARG);
    name[55] = 0;
    ck_assert_int_eq(fw_cfg_add_file(fw, name, NULL, 0, &e), 0);
    ck_assert_int_eq(fw_cfg_add(fw, FW_CFG_ID, NULL, 0, &e), ERR_ARG);
    ck_assert_int_eq(fw_cfg_add(fw, 0x20, NULL, 0, &e), ERR_ARG);
    for (char i = 4; i < FW_CFG_FILES; i++) {
        name[0] = (char)('A' + i);
        ck_assert_int_eq(fw_cfg_add_file(fw, name, NULL, 0, &e), 0);
    }
    ck_assert_int_eq(fw_cfg_add_file(fw, "opt/last", NULL, 0, &e), ERR_LIMIT);
}
END_TEST

START_TEST(writable_contents_are_saved)
{
    struct machine *fresh = device_generic_machine();
    uint32_t n;

    machine_destroy(m);
    m = device_generic_machine();
    make(m, m); /* contents of its own */
    machine_reset(m);
    store(BUFFER, 8, 0x6867666564636261);
    ck_assert_uint_eq(dma(0x20 << 16 | SELECT | WRITE, 8, BUFFER), 0);
    make(fresh, fresh);
    machine_reset(fresh);
    device_generic_copy(m, fresh);
    ck_assert_mem_eq(fw_cfg_find(fw, 0x20, &n), "abcdefgh", 8);
    machine_destroy(fresh);
}
END_TEST

/* Any request, anywhere: bounded, and no host memory is touched (the sanitizers watch). */
START_TEST(random_requests)
{
    static const uint64_t places[] = { BUFFER, RAM + RAM_SIZE - 5, DMA, DATA, 0, ~0ull - 3, REQUEST };
    uint64_t seed = 1;

    for (int i = 0; i < 4000; i++) {
        uint64_t a = hash_mix(seed++), b = hash_mix(seed++);
        uint32_t key = a % 3 ? (uint32_t)(b % 0x30) : (uint32_t)(b & 0xffff);
        uint32_t length = (uint32_t)(a >> 8) >> (b >> 32) % 32;
        (void)dma(key << 16 | (a & 0xff), length, places[(b >> 16) % ARRAY_LEN(places)] + (a >> 60));
        if (a & 0x10000)
            (void)load(DATA, 1u << (b >> 40) % 4);
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("devices.fw_cfg");
    TCase *t = tcase_create("fw_cfg");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, generic);
    tcase_add_test(t, signature_and_id);
    tcase_add_test(t, on_ports);
    tcase_add_test(t, built_when_selected);
    tcase_add_test(t, wide_reads_keep_the_order);
    tcase_add_test(t, absent_reads_zero_and_writes_are_ignored);
    tcase_add_test(t, directory_is_sorted);
    tcase_add_test(t, dma_register_shows_its_signature);
    tcase_add_test(t, dma_reads_skips_and_selects);
    tcase_add_test(t, dma_starts_with_the_low_half);
    tcase_add_test(t, dma_writes_what_is_writable);
    tcase_add_test(t, dma_to_nowhere_fails);
    tcase_add_test(t, dma_does_not_start_itself);
    tcase_add_test(t, names_and_keys_are_checked);
    tcase_add_test(t, writable_contents_are_saved);
    tcase_add_test(t, random_requests);
    suite_add_tcase(s, t);
    return s;
}
