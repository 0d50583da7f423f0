/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Damaged device tree blobs (--dtb): the board's own tree, cut, and with bytes, header words and
 * structure tokens changed. Each is taken, and then is whole and says what was asked for, or is
 * refused with a text and left as it was. The blob's buffer ends where the blob does.
 * usage: test-devicetree-fuzz BLOBS [SEED]
 */
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include "core/util/hash.h"
#include "devices/board/board.h"
#include "devices/board/devicetree.h"
#include <inttypes.h>
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fuzz {
    uint64_t random, taken, refused;
    uint8_t *tree;
    uint32_t size;
};

static uint64_t next(struct fuzz *f)
{
    return f->random = hash_mix(f->random + 0x9e3779b97f4a7c15ull);
}

static uint32_t some_word(struct fuzz *f, uint32_t old)
{
    static const uint32_t words[] = { 0, 1, 2, 3, 4, 9, 16, 17, 0x7fffffff, 0x80000000, 0xfffffffc,
                                      0xffffffff, FDT_MAGIC };
    uint32_t v = (uint32_t)next(f);

    switch (v % 4) {
    case 0: return words[next(f) % ARRAY_LEN(words)];
    case 1: return old + (uint32_t)(next(f) % 65) - 32;
    case 2: return (uint32_t)(next(f) % (2 * f->size));
    default: return v;
    }
}

static void damage(struct fuzz *f, uint8_t *blob, uint32_t size)
{
    uint32_t at = (uint32_t)(next(f) % size), word = MIN(align_down(at, 4u), align_down(size - 4, 4u));

    switch (next(f) % 5) {
    case 0: /* a word of the header */
        word %= 40;
        /* fall through */
    case 1: { /* a token, length or offset */
        uint32_t v = some_word(f, ld_be32(blob + word));
        st_be32(blob + word, v);
        break;
    }
    case 2:
        blob[at] ^= (uint8_t)BIT(next(f) % 8);
        break;
    case 3:
        blob[at] = (uint8_t)next(f);
        break;
    default: { /* a piece from elsewhere */
        uint32_t from = (uint32_t)(next(f) % size);
        uint32_t n = (uint32_t)(next(f) % MIN(64u, size - MAX(at, from)));
        memmove(blob + at, blob + from, n);
        break;
    }
    }
}

static bool one(struct fuzz *f)
{
    static const char bootargs[] = "console=ttyS0 root=/dev/vda";
    uint32_t size = next(f) % 4 ? f->size : (uint32_t)(next(f) % (f->size + 1)), before;
    uint8_t *blob = malloc(MAX(size, 1u)), *was = blob;
    struct err e = { 0 };
    bool ok;

    if (!blob)
        exit(2);
    memcpy(blob, f->tree, size);
    for (uint64_t k = next(f) % 4; size >= 40 && k > 0; k--)
        damage(f, blob, size);
    before = size;
    int r = dt_set_chosen(&blob, &size, bootargs, 0x84000000, 0x84100000, &e);
    if (r < 0) {
        ok = e.text[0] && blob == was && size == before;
        f->refused++;
    } else {
        int chosen = fdt_path_offset(blob, "/chosen"), n = 0;
        const char *text = fdt_getprop(blob, chosen, "bootargs", &n);
        int check = fdt_check_full(blob, size);
        ok = check == 0 && text && n == sizeof(bootargs) &&
             memcmp(text, bootargs, sizeof(bootargs)) == 0;
        if (!ok)
            fprintf(stderr, "devicetree-fuzz: libfdt says %s, bootargs %s\n", fdt_strerror(check),
                    text ? text : fdt_strerror(n));
        f->taken++;
    }
    if (!ok)
        fprintf(stderr, "devicetree-fuzz: result %d, '%s', %u bytes, then %u\n", r, e.text, before, size);
    free(blob);
    return ok;
}

static void make_tree(struct fuzz *f)
{
    struct err e = { 0 };
    struct board *b;
    struct board_config c = { .board = "riscv-virt", .timing = "functional", .cpus = 2, .memory = 4 << 20,
                              .bios = "none", .serial = { "null" }, .n_serial = 1, .log_out = stderr,
                              .exec = { .mode = EXEC_INTERP } };

    if (board_create(&b, &c, &e) < 0 || board_device_tree(b, &f->tree, &f->size, &e) < 0) {
        fprintf(stderr, "devicetree-fuzz: %s\n", e.text);
        exit(2);
    }
    board_destroy(b);
}

int main(int argc, char **argv)
{
    static struct fuzz f;
    uint64_t n = argc > 1 ? strtoull(argv[1], NULL, 0) : 1000;

    f.random = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
    make_tree(&f);
    for (uint64_t i = 0; i < n; i++)
        if (!one(&f))
            return 1;
    printf("%" PRIu64 " blobs of up to %u bytes: %" PRIu64 " taken, %" PRIu64 " refused\n", n, f.size,
           f.taken, f.refused);
    free(f.tree);
    return n >= 1000 && (f.taken < n / 20 || f.refused < n / 20) ? 1 : 0;
}
