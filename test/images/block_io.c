/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random I/O on an image and on a flat reference file of the same content; every
 * read is compared. usage: test-block-io DRIVE REFERENCE SEED OPERATIONS [kill|N]
 * DRIVE is spelt as for -drive. With "kill" the process ends itself after a flush
 * without closing; with a number in the middle of its Nth write to the image
 * (exit status 9), as a crash would.
 */
#include "devices/backend/block.h"
#include "core/util/hash.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_IO = 3 << 20, CUT = 9 };

/* The one way to the image, put in between by the linker (--wrap). */
static unsigned long writes_left;
static int reference_fd = -1;
ssize_t __real_pwrite(int fd, const void *buf, size_t n, off_t at);
ssize_t __wrap_pwrite(int fd, const void *buf, size_t n, off_t at);
ssize_t __wrap_pwrite(int fd, const void *buf, size_t n, off_t at)
{
    if (fd != reference_fd && writes_left != 0 && --writes_left == 0) {
        size_t torn = n / 2 / 512 * 512; /* sectors are written whole or not */
        _exit(__real_pwrite(fd, buf, torn, at) == (ssize_t)torn ? CUT : 2);
    }
    return __real_pwrite(fd, buf, n, at);
}

struct run {
    struct block *block;
    int reference;
    uint64_t size, random;
    uint8_t *a, *b;
};

static uint64_t next(struct run *r)
{
    return r->random = hash_mix(r->random + 0x9e3779b97f4a7c15ull);
}

static void fail(const char *what, const struct err *e)
{
    fprintf(stderr, "%s: %s\n", what, e ? e->text : "differs");
    exit(1);
}

static void reference_read(struct run *r, uint64_t at, uint8_t *p, size_t n)
{
    ssize_t got = pread(r->reference, p, n, (off_t)at);
    if (got < 0)
        exit(2);
    memset(p + got, 0, n - (size_t)got);
}

static void reference_write(struct run *r, uint64_t at, const uint8_t *p, size_t n)
{
    if (pwrite(r->reference, p, n, (off_t)at) != (ssize_t)n)
        exit(2);
}

static void compare(struct run *r, uint64_t at, size_t n)
{
    struct err e;
    if (block_read(r->block, at, r->a, n, &e) < 0)
        fail("read", &e);
    reference_read(r, at, r->b, n);
    if (memcmp(r->a, r->b, n) != 0) {
        for (size_t i = 0; i < n; i++) {
            if (r->a[i] != r->b[i]) {
                fprintf(stderr, "offset %#llx: is %#x, should be %#x\n",
                        (unsigned long long)(at + i), r->a[i], r->b[i]);
                exit(1);
            }
        }
    }
}

/* Mostly small and aligned, sometimes neither. */
static void pick(struct run *r, uint64_t *at, size_t *n)
{
    static const uint32_t sizes[] = { 512, 4096, 16384, 65536, 262144, 1 << 20 };
    uint64_t v = next(r);
    *n = 1 + next(r) % sizes[v % ARRAY_LEN(sizes)];
    *at = next(r) % r->size;
    if (v & 0x100) {
        *n = (*n + 511) / 512 * 512;
        *at = *at / 512 * 512;
    }
    if (v & 0x200)
        *at = *at / 65536 * 65536;
    if (*n > r->size - *at)
        *n = (size_t)(r->size - *at);
}

static void step(struct run *r)
{
    uint64_t at;
    size_t n;
    struct err e;
    pick(r, &at, &n);
    switch (next(r) % 16) {
    case 0:
        if (block_flush(r->block, &e) < 0)
            fail("flush", &e);
        break;
    case 1:
        if (block_write_zeroes(r->block, at, n, next(r) & 1, &e) < 0)
            fail("write_zeroes", &e);
        memset(r->b, 0, n);
        reference_write(r, at, r->b, n);
        break;
    case 2:
        if (block_discard(r->block, at, n, &e) < 0)
            fail("discard", &e);
        if (block_read(r->block, at, r->a, n, &e) < 0)
            fail("read after discard", &e);
        reference_read(r, at, r->b, n);
        for (size_t i = 0; i < n; i++) {
            if (r->a[i] != 0 && r->a[i] != r->b[i])
                fail("discard", NULL);
        }
        reference_write(r, at, r->a, n);
        break;
    case 3: case 4: case 5: case 6: case 7: case 8:
        for (size_t i = 0; i < n; i += 8) {
            uint64_t v = next(r);
            memcpy(r->a + i, &v, 8);
        }
        if (block_write(r->block, at, r->a, n, &e) < 0)
            fail("write", &e);
        reference_write(r, at, r->a, n);
        break;
    default:
        compare(r, at, n);
        break;
    }
}

int main(int argc, char **argv)
{
    struct run r = { 0 };
    struct block_options o;
    struct err e;
    if (argc < 5) {
        fprintf(stderr, "usage: %s DRIVE REFERENCE SEED OPERATIONS [kill|N]\n", argv[0]);
        return 2;
    }
    if (block_parse(&o, argv[1], &e) < 0 || block_open(&r.block, &o, NULL, &e) < 0) {
        fprintf(stderr, "%s\n", e.text);
        return 1;
    }
    r.reference = open(argv[2], O_RDWR | O_CREAT, 0600);
    reference_fd = r.reference;
    if (argc > 5)
        writes_left = strtoul(argv[5], NULL, 0); /* "kill" is 0: never */
    r.random = strtoull(argv[3], NULL, 0);
    r.size = block_size(r.block);
    r.a = malloc(MAX_IO + 8);
    r.b = malloc(MAX_IO + 8);
    if (r.reference < 0 || !r.a || !r.b)
        return 2;
    for (unsigned long i = strtoul(argv[4], NULL, 0); i != 0; i--)
        step(&r);
    for (uint64_t at = 0; at < r.size; at += 1 << 20)
        compare(&r, at, (size_t)MIN(r.size - at, 1u << 20));
    if (argc > 5 && strcmp(argv[5], "kill") == 0)
        _exit(block_flush(r.block, &e) < 0);
    int rc = block_close(r.block, &e);
    if (rc < 0)
        fail("close", &e);
    free(r.a);
    free(r.b);
    close(r.reference);
    return 0;
}
