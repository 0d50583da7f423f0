/* SPDX-License-Identifier: Apache-2.0 */
#include "core/state/snapshot.h"
#include "core/util/bytes.h"
#include "core/util/hash.h"
#include "test/check_main.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <zlib.h>

#define PAGE  4096u
#define PAGES 40u

struct part {
    uint64_t value;
    uint32_t bank[3];
};
static const struct state_field part_state[] = { STATE(part, value), STATE(part, bank), STATE_END };

static char directory[] = "/tmp/orrery-snapshot-XXXXXX";
static char path[64], broken[64];
static uint8_t *ram;

static void setup(void)
{
    strcpy(directory + strlen(directory) - 6, "XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(directory));
    snprintf(path, sizeof(path), "%s/a.snap", directory);
    snprintf(broken, sizeof(broken), "%s/b.snap", directory);
    ram = calloc(PAGES, PAGE);
    for (uint32_t page = 0; page < PAGES; page++) {
        if (page % 4 == 0)
            continue; /* zero */
        if (page == 9 || (page >= 20 && page < 30 && page % 4 != 0)) {
            memcpy(ram + page * PAGE, ram + (page == 9 ? 1 : page - 16) * PAGE, PAGE);
            continue; /* copies, some in runs */
        }
        for (uint32_t i = 0; i < PAGE; i += 8)
            st_le64(ram + page * PAGE + i, i % 64 ? page : hash_mix(page * PAGE + i));
    }
}

static void teardown(void)
{
    unlink(path);
    unlink(broken);
    ck_assert_int_eq(rmdir(directory), 0); /* no temporary file is left */
    free(ram);
}

static int save_all(const char *to, const struct part *p, struct err *e)
{
    struct state_writer *w = NULL;
    int rc = snapshot_create(&w, to, "virt,smp=1", e);
    if (rc < 0)
        return rc;
    rc = state_save(w, "part", 3, part_state, p, e);
    if (rc == 0)
        rc = snapshot_save_ram(w, "ram", ram, PAGES * PAGE, e);
    if (rc == 0)
        return snapshot_finish(w, e);
    snapshot_discard(w);
    return rc;
}

static int load_all(const char *from, struct part *p, uint8_t *into, struct err *e)
{
    struct state_reader *r = NULL;
    int rc = snapshot_open(&r, from, "virt,smp=1", e);
    if (rc < 0)
        return rc;
    rc = state_load(r, "part", 3, part_state, p, e);
    if (rc == 0)
        rc = snapshot_load_ram(r, "ram", into, PAGES * PAGE, e);
    snapshot_close(r);
    return rc;
}

static const struct part sample = { 0x1122334455667788ull, { 1, 2, 3 } };

START_TEST(round_trip)
{
    struct err e = { 0 };
    struct part p = { 0 };
    uint8_t *copy = malloc(PAGES * PAGE);
    memset(copy, 0xee, PAGES * PAGE); /* zero pages must be cleared */
    ck_assert_msg(save_all(path, &sample, &e) == 0, "%s", e.text);
    ck_assert_msg(load_all(path, &p, copy, &e) == 0, "%s", e.text);
    ck_assert_mem_eq(&p, &sample, sizeof(p));
    ck_assert_mem_eq(copy, ram, PAGES * PAGE);
    ck_assert_int_eq(access(path, F_OK), 0);
    free(copy);
}
END_TEST

START_TEST(memory_round_trip)
{
    struct err e = { 0 };
    struct state_writer *w = NULL;
    struct state_reader *r = NULL;
    uint8_t *copy = calloc(PAGES, PAGE);
    ck_assert_int_eq(snapshot_create(&w, NULL, "m", &e), 0);
    ck_assert_int_eq(snapshot_open_memory(&r, w, &e), ERR_STATE); /* not finished */
    ck_assert_int_eq(snapshot_save_ram(w, "ram", ram, PAGES * PAGE, &e), 0);
    ck_assert_int_eq(snapshot_save_ram(w, "ram", ram, PAGES * PAGE, &e), ERR_ARG); /* twice */
    ck_assert_int_eq(snapshot_finish(w, &e), 0);
    ck_assert_int_eq(state_save(w, "late", 1, part_state, &sample, &e), ERR_STATE);
    for (unsigned i = 0; i < 3; i++) { /* as often as wanted */
        ck_assert_int_eq(snapshot_open_memory(&r, w, &e), 0);
        ck_assert_msg(snapshot_load_ram(r, "ram", copy, PAGES * PAGE, &e) == 0, "%s", e.text);
        ck_assert_mem_eq(copy, ram, PAGES * PAGE);
        copy[100 + i * PAGE] ^= 1;
        snapshot_close(r);
    }
    snapshot_discard(w);
    free(copy);
}
END_TEST

START_TEST(other_machine)
{
    struct err e = { 0 };
    struct state_reader *r = NULL;
    ck_assert_int_eq(save_all(path, &sample, &e), 0);
    ck_assert_int_eq(snapshot_open(&r, path, "virt,smp=2", &e), ERR_FORMAT);
    ck_assert_msg(strstr(e.text, "'virt,smp=1'") && strstr(e.text, "'virt,smp=2'"), "%s", e.text);
    ck_assert_int_eq(snapshot_open(&r, "/nowhere/x", "m", &e), ERR_ABSENT);
    ck_assert_int_eq(snapshot_open(&r, directory, "m", &e), ERR_ARG);
    ck_assert_int_eq(snapshot_open(&r, path, NULL, &e), 0); /* any */
    struct part p;
    ck_assert_int_eq(state_load(r, "plic", 1, part_state, &p, &e), ERR_FORMAT);
    ck_assert_str_eq(e.text, "snapshot: it has no section plic");
    uint8_t page[PAGE];
    ck_assert_int_eq(snapshot_load_ram(r, "ram", page, PAGE, &e), ERR_FORMAT);
    snapshot_close(r);
}
END_TEST

static uint8_t *slurp(size_t *n)
{
    FILE *f = fopen(path, "rb");
    ck_assert_ptr_nonnull(f);
    fseek(f, 0, SEEK_END);
    *n = (size_t)ftell(f);
    rewind(f);
    uint8_t *data = malloc(*n);
    ck_assert_uint_eq(fread(data, 1, *n, f), *n);
    fclose(f);
    return data;
}

static void spill(const uint8_t *data, size_t n)
{
    FILE *f = fopen(broken, "wb");
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(data, 1, n, f), n);
    fclose(f);
}

/* Cut at every byte: refused when opened, before anything was loaded. */
START_TEST(truncation)
{
    struct err e = { 0 };
    struct part p = { 0 };
    struct state_reader *r = NULL;
    memset(ram + PAGE, 0, (PAGES - 1) * PAGE); /* a small file */
    ck_assert_int_eq(save_all(path, &sample, &e), 0);
    size_t size;
    uint8_t *data = slurp(&size);
    for (size_t n = 0; n < size; n++) {
        spill(data, n);
        e = (struct err){ 0 };
        ck_assert_msg(snapshot_open(&r, broken, "virt,smp=1", &e) == ERR_FORMAT, "cut at %zu", n);
        ck_assert_msg(strstr(e.text, "b.snap: snapshot:") != NULL, "%s", e.text);
    }
    uint8_t *longer = calloc(1, size + 1);
    memcpy(longer, data, size);
    spill(longer, size + 1);
    ck_assert_int_eq(load_all(broken, &p, ram, &e), ERR_FORMAT); /* nor may anything follow */
    free(longer);
    free(data);
}
END_TEST

/* Every bit flipped once: an error each time, or the bit did not matter (it always does). */
START_TEST(bit_flips)
{
    struct err e = { 0 };
    struct part p = { 0 };
    uint8_t *copy = calloc(PAGES, PAGE);
    memset(ram + 2 * PAGE, 0, (PAGES - 2) * PAGE);
    ck_assert_int_eq(save_all(path, &sample, &e), 0);
    size_t size;
    uint8_t *data = slurp(&size);
    for (size_t i = 0; i < MIN(size, 2000) * 8; i++) {
        data[i / 8] ^= (uint8_t)(1u << i % 8);
        spill(data, size);
        data[i / 8] ^= (uint8_t)(1u << i % 8);
        ck_assert_msg(load_all(broken, &p, copy, &e) == ERR_FORMAT, "bit %zu", i);
    }
    free(data);
    free(copy);
}
END_TEST

/* With the CRCs made right again the contents themselves are at fault: no crash, whatever happens. */
START_TEST(hostile_contents)
{
    struct err e = { 0 };
    struct part p = { 0 };
    uint8_t *copy = calloc(PAGES, PAGE);
    ck_assert_int_eq(save_all(path, &sample, &e), 0);
    size_t size;
    uint8_t *data = slurp(&size);
    /* Walk to the second section: "SECT", n, name, version, length, CRC, header CRC, content. */
    size_t at = 16 + ld_le32(data + 12) + 4;
    at += 26 + ld_le16(data + at + 4) + ld_le64(data + at + 10 + ld_le16(data + at + 4));
    size_t n_name = ld_le16(data + at + 4), content = at + 26 + n_name;
    uint64_t length = ld_le64(data + at + 10 + n_name);
    unsigned refused = 0, random_bits = 1;
    for (unsigned round = 0; round < 3000; round++) {
        uint8_t *bad = malloc(size);
        memcpy(bad, data, size);
        for (unsigned k = 0; k < 1 + round % 3; k++) {
            random_bits = (unsigned)hash_mix(random_bits + 1);
            uint64_t where = round % 2 ? random_bits % MIN(length, 400) : random_bits % length;
            bad[content + where] = (uint8_t)(random_bits >> 16);
        }
        st_le32(bad + at + 18 + n_name, (uint32_t)crc32_z(0, bad + content, length));
        st_le32(bad + at + 22 + n_name, (uint32_t)crc32_z(0, bad + at, 22 + n_name));
        spill(bad, size);
        int rc = load_all(broken, &p, copy, &e);
        ck_assert(rc == 0 || rc == ERR_FORMAT);
        refused += rc != 0;
        free(bad);
    }
    ck_assert_uint_gt(refused, 500);
    free(data);
    free(copy);
}
END_TEST

/* A disk that is full: an error, and the older snapshot is still there. */
START_TEST(full_disk)
{
    struct err e = { 0 };
    struct part p = { .value = 7 };
    uint8_t *copy = calloc(PAGES, PAGE);
    ck_assert_int_eq(save_all(path, &sample, &e), 0);
    size_t size;
    free(slurp(&size));
    signal(SIGXFSZ, SIG_IGN);
    for (size_t limit = 0; limit < size; limit += 1 + size / 50) {
        struct rlimit rl = { limit, RLIM_INFINITY };
        int set = setrlimit(RLIMIT_FSIZE, &rl); /* Check writes files, too: no assertion in between */
        int rc = save_all(path, &p, &e);
        rl.rlim_cur = RLIM_INFINITY;
        set |= setrlimit(RLIMIT_FSIZE, &rl);
        ck_assert_int_eq(set, 0);
        ck_assert_int_eq(rc, ERR_IO);
        ck_assert_msg(strstr(e.text, path) != NULL, "%s", e.text);
    }
    struct part back = { 0 };
    ck_assert_msg(load_all(path, &back, copy, &e) == 0, "%s", e.text);
    ck_assert_mem_eq(&back, &sample, sizeof(back));
    ck_assert_int_eq(save_all("/nowhere/x", &p, &e), ERR_IO);
    free(copy);
}
END_TEST

/* 64 MiB of which one page is used: a few hundred bytes. */
START_TEST(sparse_memory)
{
    struct err e = { 0 };
    struct state_writer *w = NULL;
    size_t bytes = 64u << 20, size;
    uint8_t *large = calloc(1, bytes);
    large[33u << 20] = 1;
    large[(33u << 20) + 5 * PAGE] = 1;
    ck_assert_int_eq(snapshot_create(&w, path, "m", &e), 0);
    ck_assert_int_eq(snapshot_save_ram(w, "ram", large, bytes, &e), 0);
    ck_assert_int_eq(snapshot_finish(w, &e), 0);
    free(slurp(&size));
    ck_assert_uint_lt(size, 400);
    free(large);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("snapshot");
    TCase *c = tcase_create("snapshot");
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_set_timeout(c, 60);
    tcase_add_test(c, round_trip);
    tcase_add_test(c, memory_round_trip);
    tcase_add_test(c, other_machine);
    tcase_add_test(c, truncation);
    tcase_add_test(c, bit_flips);
    tcase_add_test(c, hostile_contents);
    tcase_add_test(c, full_disk);
    tcase_add_test(c, sparse_memory);
    suite_add_tcase(s, c);
    return s;
}
