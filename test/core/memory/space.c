/* SPDX-License-Identifier: Apache-2.0 */
#include "core/memory/space.h"
#include "core/util/bytes.h"
#include "core/util/hash.h"
#include "test/check_main.h"
#include <stdio.h>
#include <string.h>

static struct mem_space *space;
static struct mem_ram *ram;
static struct err e;

/* A device that records its accesses and reads as offset * 0x11 a byte. */
struct port {
    unsigned reads, writes;
    uint64_t offset[16], value[16];
    unsigned size[16];
    enum mem_result answer;
};
static struct port port;

static enum mem_result port_read(void *arg, uint64_t offset, unsigned size, uint64_t *value,
                                 const struct mem_attrs *attrs)
{
    struct port *p = arg;
    ck_assert_ptr_nonnull(attrs);
    ck_assert_uint_eq(offset % size, 0);
    *value = 0;
    for (unsigned i = 0; i < size; i++)
        *value |= ((offset + i) * 0x11 & 0xff) << (8 * i);
    p->offset[p->reads % 16] = offset;
    p->size[p->reads++ % 16] = size;
    return p->answer;
}

static enum mem_result port_write(void *arg, uint64_t offset, unsigned size, uint64_t value,
                                  const struct mem_attrs *attrs)
{
    struct port *p = arg;
    ck_assert_ptr_nonnull(attrs);
    p->offset[p->writes % 16] = offset;
    p->value[p->writes % 16] = value;
    p->size[p->writes++ % 16] = size;
    return p->answer;
}

static const struct mmio_ops any = { port_read, port_write, 1 | 2 | 4 | 8, false };
static const struct mmio_ops words = { port_read, port_write, 4, false };
static const struct mmio_ops words_split = { port_read, port_write, 4, true };
static const struct mmio_ops bytes_split = { port_read, port_write, 1 | 2, true };
static const struct mmio_ops read_only = { port_read, NULL, 4, false };

static void setup(void)
{
    e = (struct err){ 0 };
    port = (struct port){ 0 };
    space = mem_space_create("test");
    ck_assert_int_eq(mem_ram_create(&ram, "ram", 64 * MEM_PAGE, &e), 0);
    for (uint32_t i = 0; i < 64 * MEM_PAGE; i++)
        ram->host[i] = (uint8_t)hash_mix(i);
}

static void teardown(void)
{
    mem_space_destroy(space);
    mem_ram_destroy(ram);
}

static struct mem_region *add_mmio(pa_t base, uint64_t size, int priority, const struct mmio_ops *ops)
{
    struct mem_region *r = NULL;
    ck_assert_msg(mem_add_mmio(space, "port", base, size, priority, ops, &port, &r, &e) == 0, "%s",
                  e.text);
    return r;
}

static struct mem_region *add_ram(pa_t base, uint64_t offset, uint64_t size, int priority)
{
    struct mem_region *r = NULL;
    ck_assert_msg(mem_add_ram(space, "ram", base, ram, offset, size, priority, &r, &e) == 0, "%s",
                  e.text);
    return r;
}

START_TEST(refused_regions)
{
    ck_assert_int_eq(mem_add_mmio(space, "p", 0, 0, 0, &any, &port, NULL, &e), ERR_ARG);
    ck_assert_int_eq(mem_add_mmio(space, "p", ~0ull, 2, 0, &any, &port, NULL, &e), ERR_ARG);
    ck_assert_int_eq(mem_add_mmio(space, "p", ~0ull, 1, 0, &any, &port, NULL, &e), 0);
    ck_assert_int_eq(mem_add_ram(space, "r", 0x800, ram, 0, MEM_PAGE, 0, NULL, &e), ERR_ARG);
    ck_assert_int_eq(mem_add_ram(space, "r", 0, ram, 0, 65 * MEM_PAGE, 0, NULL, &e), ERR_ARG);
    ck_assert_int_eq(mem_add_ram(space, "r", 0, ram, 60 * MEM_PAGE, 5 * MEM_PAGE, 0, NULL, &e),
                     ERR_ARG);
    ck_assert_ptr_nonnull(mem_lookup(space, ~0ull));
    ck_assert_ptr_null(mem_lookup(space, ~0ull - 1));
}
END_TEST

static void count(void *arg)
{
    ++*(unsigned *)arg;
}

START_TEST(priority_and_moves)
{
    unsigned changes = 0;
    uint64_t v;
    add_ram(0x10000, 0, 16 * MEM_PAGE, 0);
    struct mem_region *bar = add_mmio(0x12000, 0x100, 1, &any);
    ck_assert_int_eq(mem_add_listener(space, count, &changes), 0);
    uint64_t generation = mem_generation(space);
    ck_assert_int_eq(mem_load(space, 0x12004, 4, &v, NULL), MEM_OK);
    ck_assert_uint_eq(v, 0x77665544);
    ck_assert_uint_eq(mem_lookup(space, 0x11000)->size, 0x2000);
    ck_assert_uint_eq(mem_lookup(space, 0x12100)->base, 0x12100);

    mem_move_region(space, bar, 0x14000);
    ck_assert_uint_ne(mem_generation(space), generation);
    ck_assert_uint_eq(changes, 1);
    ck_assert_int_eq(mem_load(space, 0x12004, 4, &v, NULL), MEM_OK);
    ck_assert_uint_eq(v, ld_le32(ram->host + 0x2004));
    mem_move_region(space, bar, 0x14000); /* stays: nobody is told */
    ck_assert_uint_eq(changes, 1);
    mem_enable_region(space, bar, false);
    ck_assert_uint_eq(mem_lookup(space, 0x14000)->size, 16 * MEM_PAGE);
    mem_move_region(space, bar, 0x15000);
    mem_enable_region(space, bar, true);
    ck_assert_ptr_eq(mem_lookup(space, 0x15000)->region, bar);
    mem_move_region(space, bar, ~0ull - 0x7f); /* would wrap: nowhere */
    ck_assert_ptr_null(mem_lookup(space, ~0ull));
    ck_assert_uint_eq(mem_lookup(space, 0x15000)->size, 16 * MEM_PAGE);
    mem_move_region(space, bar, 0x20000);
    ck_assert_ptr_eq(mem_lookup(space, 0x200ff)->region, bar);
    ck_assert_ptr_null(mem_lookup(space, 0x20100));
}
END_TEST

/* Against the rule itself, at every address of a small space, over random maps and moves. */
START_TEST(random_maps)
{
    struct mem_region *regions[24];
    uint64_t random = 3;
    for (unsigned i = 0; i < ARRAY_LEN(regions); i++) {
        random = hash_mix(random + 1);
        regions[i] = add_mmio(random % 200, 1 + (random >> 20) % 60, (int)(random >> 50) % 4, &any);
    }
    for (unsigned round = 0; round < 500; round++) {
        random = hash_mix(random + 1);
        struct mem_region *r = regions[(random >> 8) % ARRAY_LEN(regions)];
        if (random % 3 == 0)
            mem_enable_region(space, r, random & 0x80);
        else
            mem_move_region(space, r, random % 16 ? (random >> 30) % 240 : ~0ull - random % 40);
        for (pa_t pa = 0; pa < 300; pa++) {
            const struct mem_region *best = NULL;
            for (unsigned i = 0; i < ARRAY_LEN(regions); i++) {
                const struct mem_region *c = regions[i];
                if (c->enabled && c->base + c->size - 1 >= c->base && pa >= c->base &&
                    pa - c->base < c->size && (!best || c->priority >= best->priority))
                    best = c;
            }
            const struct mem_range *found = mem_lookup(space, pa);
            ck_assert_msg((found ? found->region : NULL) == best, "address %llu, round %u",
                          (unsigned long long)pa, round);
        }
    }
}
END_TEST

START_TEST(memory_accesses)
{
    uint64_t v;
    add_ram(0x10000, 0x1000, 2 * MEM_PAGE, 0);
    add_ram(0x12000, 0x8000, MEM_PAGE, 0); /* next to it, elsewhere in the block */
    for (unsigned size = 1; size <= 8; size *= 2)
        for (pa_t at = 0x11ff0; at < 0x12010; at++) {
            uint64_t wanted = 0;
            for (unsigned i = 0; i < size; i++) {
                pa_t a = at + i;
                wanted |= (uint64_t)ram->host[a < 0x12000 ? a - 0xf000 : a - 0xa000] << (8 * i);
            }
            ck_assert_int_eq(mem_load(space, at, size, &v, NULL), MEM_OK);
            ck_assert_uint_eq(v, wanted);
            ck_assert_int_eq(mem_store(space, at, size, ~v, NULL), MEM_OK);
            ck_assert_int_eq(mem_load(space, at, size, &v, NULL), MEM_OK);
            ck_assert_uint_eq(v, ~wanted & (~0ull >> (64 - 8 * size)));
        }
    ck_assert_int_eq(mem_load(space, 0xfffc, 8, &v, NULL), MEM_NOTHING);
    ck_assert_int_eq(mem_load(space, 0x12ffc, 8, &v, NULL), MEM_NOTHING);
    ck_assert_int_eq(mem_store(space, 0x13000, 1, 0, NULL), MEM_NOTHING);
    mem_ram_clean(ram);
    mem_store(space, 0x12001, 1, 0, NULL);
    ck_assert_uint_eq(ram->flags[8], 0); /* the bookkeeping sees the block's own offset */
    ck_assert_uint_eq(ram->flags[3], MEM_PAGE_CLEAN);
}
END_TEST

/* ops, offset, size -> result and number of accesses the device sees */
static const struct {
    const struct mmio_ops *ops;
    uint64_t offset;
    unsigned size;
    enum mem_result result;
    unsigned accesses;
} widths[] = {
    { &any, 0, 8, MEM_OK, 1 },         { &any, 3, 1, MEM_OK, 1 },
    { &any, 2, 4, MEM_BAD_SIZE, 0 },   { &words, 4, 4, MEM_OK, 1 },
    { &words, 4, 8, MEM_BAD_SIZE, 0 }, { &words, 4, 2, MEM_BAD_SIZE, 0 },
    { &words_split, 4, 8, MEM_OK, 2 }, { &words_split, 8, 8, MEM_OK, 2 },
    { &words_split, 2, 4, MEM_BAD_SIZE, 0 }, { &words_split, 0, 2, MEM_BAD_SIZE, 0 },
    { &bytes_split, 0, 8, MEM_OK, 4 }, { &bytes_split, 1, 4, MEM_OK, 3 }, /* 1 + 2 + 1 */
    { &bytes_split, 3, 2, MEM_OK, 2 },
};

START_TEST(mmio_widths)
{
    uint64_t v = 1, wanted = 0;
    add_mmio(0x1000, 0x100, 0, widths[_i].ops);
    pa_t pa = 0x1000 + widths[_i].offset;
    ck_assert_int_eq(mem_load(space, pa, widths[_i].size, &v, NULL), widths[_i].result);
    ck_assert_uint_eq(port.reads, widths[_i].accesses);
    for (unsigned i = 0; i < widths[_i].size && widths[_i].result == MEM_OK; i++)
        wanted |= ((widths[_i].offset + i) * 0x11 & 0xff) << (8 * i);
    ck_assert_uint_eq(v, wanted);
    ck_assert_int_eq(mem_store(space, pa, widths[_i].size, 0x8877665544332211ull, NULL),
                     widths[_i].result);
    ck_assert_uint_eq(port.writes, widths[_i].accesses);
    unsigned at = 0;
    for (unsigned i = 0; i < port.writes; i++) { /* in order, without gaps, the right bytes */
        ck_assert_uint_eq(port.offset[i], widths[_i].offset + at);
        ck_assert_uint_eq(port.value[i], (0x8877665544332211ull >> (8 * at)) &
                                             (~0ull >> (64 - 8 * port.size[i])));
        at += port.size[i];
    }
}
END_TEST

START_TEST(mmio_answers)
{
    uint64_t v;
    uint8_t buf[32];
    add_mmio(0x1000, 0x10, 0, &words_split);
    add_mmio(0x2000, 0x10, 0, &read_only);
    port.answer = MEM_REFUSED;
    ck_assert_int_eq(mem_load(space, 0x1000, 8, &v, NULL), MEM_REFUSED);
    ck_assert_uint_eq(port.reads, 1); /* the first failure ends it */
    ck_assert_int_eq(mem_write(space, 0x1000, buf, 16, NULL), MEM_REFUSED);
    ck_assert_uint_eq(port.writes, 1);
    port.answer = MEM_OK;
    ck_assert_int_eq(mem_store(space, 0x2000, 4, 0, NULL), MEM_REFUSED);
    ck_assert_int_eq(mem_load(space, 0x100c, 8, &v, NULL), MEM_BAD_SIZE); /* over its end */
    ck_assert_int_eq(mem_read(space, 0x1004, buf, 8, NULL), MEM_OK);
    ck_assert_uint_eq(ld_be64(buf), 0x445566778899aabbull);
    ck_assert_int_eq(mem_read(space, 0x1008, buf, 12, NULL), MEM_NOTHING);
    ck_assert_int_eq(mem_read(space, 0x1002, buf, 4, NULL), MEM_BAD_SIZE);
}
END_TEST

START_TEST(copies)
{
    static uint8_t buf[4 * MEM_PAGE];
    add_ram(0x10000, 0x1000, 2 * MEM_PAGE, 0);
    add_ram(0x12000, 0x8000, 2 * MEM_PAGE, 0);
    add_mmio(0x11800, 8, 1, &any);
    ck_assert_int_eq(mem_read(space, 0x10010, buf, 3 * MEM_PAGE, NULL), MEM_OK);
    ck_assert_mem_eq(buf, ram->host + 0x1010, 0x17f0);
    ck_assert_uint_eq(ld_be64(buf + 0x17f0), 0x0011223344556677ull);
    ck_assert_uint_eq(port.reads, 1);
    ck_assert_mem_eq(buf + 0x1ff0, ram->host + 0x8000, MEM_PAGE);
    memset(buf, 0xaa, sizeof(buf));
    mem_ram_clean(ram);
    ck_assert_int_eq(mem_write(space, 0x11ffe, buf, 4, NULL), MEM_OK);
    ck_assert_uint_eq(ram->host[0x2fff], 0xaa);
    ck_assert_uint_eq(ram->host[0x8001], 0xaa);
    ck_assert_uint_eq(ram->flags[2], 0);
    ck_assert_uint_eq(ram->flags[8], 0);
    ck_assert_int_eq(mem_write(space, 0x13ffe, buf, 4, NULL), MEM_NOTHING);
    ck_assert_int_eq(mem_read(space, 0, buf, 0, NULL), MEM_OK); /* nothing wanted */
    add_mmio(~0ull - 7, 8, 0, &any);
    ck_assert_int_eq(mem_read(space, ~0ull - 7, buf, 8, NULL), MEM_OK);
    ck_assert_int_eq(mem_read(space, ~0ull - 7, buf, 16, NULL), MEM_NOTHING); /* no wrapping */
}
END_TEST

START_TEST(rom)
{
    uint64_t v, n;
    struct mem_region *flash = NULL;
    uint8_t buf[4] = { 0 };
    ck_assert_int_eq(mem_add_rom(space, "rom", 0, ram, 0, MEM_PAGE, 0, NULL, NULL, NULL, &e), 0);
    ck_assert_int_eq(mem_add_rom(space, "flash", 0x1000, ram, 0x1000, MEM_PAGE, 0, &any, &port,
                                 &flash, &e), 0);
    uint32_t before = ld_le32(ram->host);
    ck_assert_int_eq(mem_store(space, 0, 4, 0, NULL), MEM_READ_ONLY);
    ck_assert_int_eq(mem_write(space, 0, buf, 4, NULL), MEM_READ_ONLY);
    ck_assert_uint_eq(ld_le32(ram->host), before);
    ck_assert_int_eq(mem_store(space, 0x1008, 4, 0x98, NULL), MEM_OK); /* a command */
    ck_assert_uint_eq(port.writes, 1);
    ck_assert_uint_eq(port.offset[0], 8);
    ck_assert_int_eq(mem_load(space, 0x1008, 4, &v, NULL), MEM_OK);
    ck_assert_uint_eq(v, ld_le32(ram->host + 0x1008));
    mem_set_region_kind(space, flash, MEM_MMIO); /* leaves array mode */
    ck_assert_int_eq(mem_load(space, 0x1008, 4, &v, NULL), MEM_OK);
    ck_assert_uint_eq(v, 0xbbaa9988);
    ck_assert_ptr_null(mem_pointer(space, 0x1008, &n, false));
    mem_set_region_kind(space, flash, MEM_ROM);
    ck_assert_ptr_eq(mem_pointer(space, 0x1008, &n, false), ram->host + 0x1008);
    ck_assert_uint_eq(n, MEM_PAGE - 8);
    ck_assert_ptr_null(mem_pointer(space, 0x1008, &n, true));
    ck_assert_ptr_null(mem_pointer(space, 0x9000, &n, false));
}
END_TEST

static void join(void *arg, const char *text)
{
    strcat(strcat(arg, text), "\n");
}

/* By who asks: Non-secure, Secure, a debugger, the machine itself. */
START_TEST(secure_regions)
{
    static const struct mem_attrs by[] = { { .requester = 1 }, { .secure = 1 }, { .debug = 1 } };
    struct mem_region *r[2];
    uint64_t v;
    uint8_t bytes[8];

    ck_assert_int_eq(mem_add_ram(space, "ram", 0, ram, 0, MEM_PAGE, 0, &r[0], &e), 0);
    r[1] = add_mmio(MEM_PAGE, 16, 0, &any);
    for (unsigned i = 0; i < 2; i++) {
        pa_t at = i * MEM_PAGE;
        ck_assert_int_eq(mem_load(space, at, 4, &v, &by[0]), MEM_OK);
        mem_set_secure(space, r[i]);
        for (unsigned k = 0; k < 4; k++) {
            const struct mem_attrs *attrs = k < 3 ? &by[k] : NULL;
            enum mem_result want = k == 0 ? MEM_NOTHING : MEM_OK;
            ck_assert_int_eq(mem_load(space, at, 4, &v, attrs), want);
            ck_assert_int_eq(mem_store(space, at, 4, v, attrs), want);
            ck_assert_int_eq(mem_read(space, at, bytes, 8, attrs), want);
            ck_assert_int_eq(mem_write(space, at, bytes, 8, attrs), want);
        }
    }
}
END_TEST

/* An overlay is there for Secure accesses; beneath it the map is as if it were not. */
START_TEST(overlays)
{
    static const struct mem_attrs by[] = { { .requester = 1 }, { .secure = 1 }, { .debug = 1 } };
    struct mem_region *over, *below;
    uint64_t v;

    ck_assert_int_eq(mem_add_ram(space, "below", 0x2000, ram, 0, 2 * MEM_PAGE, 0, &below, &e), 0);
    ck_assert_int_eq(mem_add_ram(space, "over", 0x2000, ram, 8 * MEM_PAGE, MEM_PAGE, 1, &over, &e), 0);
    mem_set_overlay(space, over);
    for (unsigned k = 0; k < 4; k++) {
        const struct mem_attrs *attrs = k < 3 ? &by[k] : NULL;
        uint64_t offset = k == 1 ? 8 * MEM_PAGE : 0;
        ck_assert_int_eq(mem_load(space, 0x2004, 1, &v, attrs), MEM_OK);
        ck_assert_uint_eq(v, ram->host[offset + 4]);
        ck_assert_int_eq(mem_store(space, 0x2010, 1, k + 1, attrs), MEM_OK);
        ck_assert_uint_eq(ram->host[offset + 0x10], k + 1);
        ck_assert_int_eq(mem_load(space, 0x3004, 1, &v, attrs), MEM_OK);
        ck_assert_uint_eq(v, ram->host[MEM_PAGE + 4]);
        ck_assert_ptr_eq(mem_lookup_by(space, 0x2000, attrs)->region, k == 1 ? over : below);
    }
    ck_assert_ptr_eq(mem_lookup(space, 0x2000)->region, below);
    /* Into the next range from the overlay, and back when it is switched off. */
    ck_assert_int_eq(mem_load(space, 0x2fff, 2, &v, &by[1]), MEM_OK);
    ck_assert_uint_eq(v, ram->host[9 * MEM_PAGE - 1] | ram->host[MEM_PAGE] << 8);
    mem_enable_region(space, over, false);
    ck_assert_ptr_eq(mem_lookup_by(space, 0x2000, &by[1])->region, below);
    mem_move_region(space, over, 0x9000);
    mem_enable_region(space, over, true);
    ck_assert_int_eq(mem_load(space, 0x9000, 1, &v, &by[0]), MEM_NOTHING);
    ck_assert_int_eq(mem_load(space, 0x9000, 1, &v, &by[1]), MEM_OK);
}
END_TEST

START_TEST(printing)
{
    char text[1000] = "";
    add_ram(0x10000, 0, 4 * MEM_PAGE, 0);
    add_mmio(0x12000, 0x100, 1, &any);
    mem_print(space, join, text);
    ck_assert_str_eq(text, "0000000000010000-0000000000011fff ram   0 ram\n"
                           "0000000000012000-00000000000120ff mmio  1 port\n"
                           "0000000000012100-0000000000013fff ram   0 ram\n");
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("space");
    TCase *c = tcase_create("space");
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, refused_regions);
    tcase_add_test(c, priority_and_moves);
    tcase_add_test(c, random_maps);
    tcase_add_test(c, memory_accesses);
    tcase_add_loop_test(c, mmio_widths, 0, (int)ARRAY_LEN(widths));
    tcase_add_test(c, mmio_answers);
    tcase_add_test(c, copies);
    tcase_add_test(c, rom);
    tcase_add_test(c, secure_regions);
    tcase_add_test(c, overlays);
    tcase_add_test(c, printing);
    suite_add_tcase(s, c);
    return s;
}
