/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mutated qcow2 images: nothing an image says may crash or hang us. Built with
 * the sanitizers for this. usage: test-qcow2-fuzz IMAGE SEED ITERATIONS
 * Each iteration changes a few bytes of the header or the tables of a copy, then
 * reads all, writes, zeroes, discards and flushes. Errors are fine.
 */
#include "devices/backend/block.h"
#include "core/util/bytes.h"
#include "core/util/hash.h"
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

struct fuzz {
    uint8_t *base, *image;
    size_t size;
    uint64_t random, opened;
    uint8_t buf[1 << 18];
};

static uint64_t next(struct fuzz *f)
{
    return f->random = hash_mix(f->random + 0x9e3779b97f4a7c15ull);
}

/* Where things are that matter: the header half the time, else a table. */
static size_t pick_place(struct fuzz *f)
{
    unsigned bits = ld_be32(f->base + 20);
    uint64_t l1 = ld_be64(f->base + 40), table = ld_be64(f->base + 48);
    uint64_t l1_size = ld_be32(f->base + 36), at;
    switch (next(f) % 6) {
    case 0:
    case 1:
        return next(f) % MIN(f->size, 256u);
    case 2:
        at = l1 + next(f) % (l1_size * 8 + 1);
        break;
    case 3:
        at = table + next(f) % 64;
        break;
    case 4: /* an L2 table */
        at = l1_size ? ld_be64(f->base + l1 + 8 * (next(f) % l1_size)) & 0x00fffffffffffe00ull : 0;
        at += next(f) % MIN(1u << bits, 4096u);
        break;
    default: /* a refcount block */
        at = (ld_be64(f->base + table) & ~511ull) + next(f) % MIN(1u << bits, 512u);
        break;
    }
    return at < f->size ? (size_t)at : next(f) % f->size;
}

static void mutate(struct fuzz *f)
{
    static const uint64_t values[] = { 0, 1, 0x200, 0x10000, 0x20000, 0x7fffffff, 0xffffffff,
                                       0x8000000000000000ull, 0x7fffffffffffffffull, ~0ull,
                                       0x8000000000010000ull, 0x4000000000000000ull,
                                       0x00fffffffffffe00ull, 0x8000000000000001ull };
    for (unsigned n = 1 + next(f) % 6; n != 0; n--) {
        size_t at = pick_place(f);
        uint64_t v = next(f) % 3 ? values[next(f) % ARRAY_LEN(values)] : next(f);
        if (next(f) % 8 == 0) { /* the dirty bit, for the repair */
            f->image[79 % f->size] |= 1;
            continue;
        }
        switch (next(f) % 4) {
        case 0:
            f->image[at] ^= (uint8_t)(1u << (v % 8));
            break;
        case 1:
            f->image[at] = (uint8_t)v;
            break;
        default:
            at &= ~(size_t)(next(f) % 2 ? 7 : 3);
            if (at + 8 <= f->size)
                st_be64(f->image + at, v);
            break;
        }
    }
}

static void use(struct fuzz *f, struct block *b)
{
    struct err e;
    uint64_t size = block_size(b), seen = MIN(size, 32u << 20);
    int ignored = 0;
    for (uint64_t at = 0; at < seen; at += sizeof(f->buf))
        ignored |= block_read(b, at, f->buf, (size_t)MIN(sizeof(f->buf), seen - at), &e);
    for (unsigned i = 0; size != 0 && i < 40; i++) {
        uint64_t at = next(f) % (next(f) % 4 ? seen : size);
        size_t n = (size_t)MIN(1 + next(f) % sizeof(f->buf), size - at);
        switch (next(f) % 6) {
        case 0:
            ignored |= block_discard(b, at, n, &e);
            break;
        case 1:
            ignored |= block_write_zeroes(b, at, n, true, &e);
            break;
        case 2:
            ignored |= block_flush(b, &e);
            break;
        case 3:
            ignored |= block_read(b, at, f->buf, n, &e);
            break;
        default:
            ignored |= block_write(b, at, f->buf, n, &e);
            break;
        }
    }
    (void)ignored;
}

static void iterate(struct fuzz *f, const char *path)
{
    struct block_options o;
    struct block *b;
    struct err e;
    memcpy(f->image, f->base, f->size);
    mutate(f);
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (fd < 0 || write(fd, f->image, f->size) != (ssize_t)f->size)
        exit(2);
    close(fd);
    if (block_options_file(&o, path, &e) < 0)
        exit(2);
    o.format = BLOCK_QCOW2;
    o.no_flush = true;
    o.discard = next(f) & 1;
    o.read_only = next(f) % 16 == 0;
    if (block_open(&b, &o, NULL, &e) < 0)
        return;
    f->opened++;
    use(f, b);
    if (block_close(b, &e) < 0)
        return;
}

int main(int argc, char **argv)
{
    char path[4096]; /* TMPDIR in memory makes flushes cheap */
    const char *tmp = getenv("TMPDIR");
    snprintf(path, sizeof(path), "%s/orrery-fuzz-XXXXXX", tmp ? tmp : "/tmp");
    struct fuzz *f = argc < 4 ? NULL : calloc(1, sizeof(*f));
    if (!f) {
        fprintf(stderr, "usage: %s IMAGE SEED ITERATIONS\n", argv[0]);
        return 2;
    }
    /* An image may send us far beyond its end: such writes are to fail as on a full disk. */
    struct rlimit limit = { 1u << 30, 1u << 30 };
    setrlimit(RLIMIT_FSIZE, &limit);
    signal(SIGXFSZ, SIG_IGN);
    int fd = open(argv[1], O_RDONLY), out = mkstemp(path);
    off_t size = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);
    if (out < 0 || size < 512) {
        fprintf(stderr, "%s: cannot be used\n", argv[1]);
        return 2;
    }
    close(out);
    f->size = (size_t)size;
    f->base = malloc(f->size);
    f->image = malloc(f->size);
    if (!f->base || !f->image || pread(fd, f->base, f->size, 0) != size)
        return 2;
    unsigned long n = strtoul(argv[3], NULL, 0);
    uint64_t seed = strtoull(argv[2], NULL, 0);
    for (unsigned long i = 0; i < n; i++) {
        f->random = hash_add(seed, i); /* ITERATION=i repeats that one alone */
        if (getenv("ITERATION") && strtoul(getenv("ITERATION"), NULL, 0) != i)
            continue;
        alarm(30);
        iterate(f, path);
    }
    printf("%s: %lu mutated, %llu of them opened\n", argv[1], n, (unsigned long long)f->opened);
    unlink(path);
    close(fd);
    free(f->base);
    free(f->image);
    free(f);
    return 0;
}
