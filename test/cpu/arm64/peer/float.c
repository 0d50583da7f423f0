/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every scalar floating-point instruction on edge cases and random numbers, under all modes of FPCR: a
 * line for each with a hash of its results, FPSR and NZCV. The same program runs on the peer, whose
 * lines must be the same. With SHOW="name" (a define) each case of the instructions whose names begin so is printed.
 */
#include "test/cpu/arm64/peer/peer.h"

struct state { /* run_case of float_asm.S knows the offsets */
    uint64_t v[3][2], result[2];
    uint64_t x0, x1, fpcr, nzcv, nzcv_after, fpsr;
};
struct insn_case {
    void (*code)(void);
    const char *name;
    uint64_t kind, format;
};
enum { ONE = 1, TWO, THREE, INT, COND, EXACT };
extern const struct insn_case case_table[], case_table_end[];
void run_case(struct state *s, void (*code)(void));

static const uint64_t halves[] = {
    0x0000, 0x8000, 0x0001, 0x8001, 0x03ff, 0x0200, 0x0400, 0x8400, 0x0401, 0x7bff, 0xfbff, 0x7c00, 0xfc00,
    0x7e00, 0xfe01, 0x7c01, 0xfd55, 0x3c00, 0xbc00, 0x3c01, 0x3bff, 0x3800, 0xb800, 0x3e00, 0x4100, 0xc100,
    0x4248, 0x77ff, 0x7800, 0xf800, 0x6400, 0x6801, 0x1400, 0x9400, 0x3555, 0x07ff,
};
static const uint64_t singles[] = {
    0x00000000, 0x80000000, 0x00000001, 0x80000001, 0x007fffff, 0x00400000, 0x00800000, 0x80800000, 0x00800001,
    0x7f7fffff, 0xff7fffff, 0x7f800000, 0xff800000, 0x7fc00000, 0xffc00123, 0x7f800001, 0xffa55555, 0x3f800000,
    0xbf800000, 0x3f800001, 0x3f7fffff, 0x3f000000, 0xbf000000, 0x3fc00000, 0x40200000, 0xc0200000, 0x4f000000,
    0xcf000000, 0x4effffff, 0x4f7fffff, 0x4f800000, 0x5f000000, 0xdf000000, 0x5f7fffff, 0x5f800000, 0x3eaaaaab,
    0x477fe000, 0x477ff000, 0x47800000, 0xc7ffe000, 0x33000000, 0x33000001, 0x387fc000, 0x387fe000, 0x38800000,
    0x7f7f8000, 0x3f808000, 0x3f818000, 0x7f7f7fff, 0x00008000, 0xcf000001, 0x4b000001, 0x1f800000, 0x20000001,
};
static const uint64_t doubles[] = {
    0x0000000000000000, 0x8000000000000000, 0x0000000000000001, 0x8000000000000001, 0x000fffffffffffff,
    0x0008000000000000, 0x0010000000000000, 0x8010000000000000, 0x0010000000000001, 0x7fefffffffffffff,
    0xffefffffffffffff, 0x7ff0000000000000, 0xfff0000000000000, 0x7ff8000000000000, 0xfff8000012345678,
    0x7ff0000000000001, 0xfff5555555555555, 0x3ff0000000000000, 0xbff0000000000000, 0x3ff0000000000001,
    0x3fefffffffffffff, 0x3fe0000000000000, 0xbfe0000000000000, 0x3ff8000000000000, 0x4004000000000000,
    0xc004000000000000, 0x41dfffffffc00000, 0x41dfffffffe00000, 0x41e0000000000000, 0xc1e0000000000000,
    0xc1e0000000100000, 0xc1e0000000200000, 0x41efffffffe00000, 0x41effffffff00000, 0x41f0000000000000,
    0x43e0000000000000, 0xc3e0000000000000, 0x43dfffffffffffff, 0x43efffffffffffff, 0x43f0000000000000,
    0x7ff00000ffffffff, 0x3fd5555555555555, 0x47efffffe0000000, 0x47effffff0000000, 0x47f0000000000000,
    0x36a0000000000000, 0x3690000000000001, 0x380fffffc0000000, 0x380fffffe0000000, 0x40effc0000000000,
    0x40effe0000000000, 0x40f0000000000000, 0x40fffe0000000000, 0x4330000000000001, 0x4340123456789abc,
    0xc32fffffffffffff, 0x433fffffffffffff, 0x4340000000000001, 0x5fe0000000000000, 0x1fe0000000000001,
};
static const uint64_t integers[] = {
    0, 1, 2, 3, 0x7fffffff, 0x80000000, 0x80000001, 0xffffffff, 0x100000000, 0x7fffffffffffffff,
    0x8000000000000000, 0x8000000000000001, 0xffffffffffffffff, 0xfffffffffffffffe, 0x1000001, 0x1000003,
    0x1ffffff, 0x20000000000001, 0x20000000000003, 0x3fffffffffffff, 2047, 2049, 2051, 65503, 65519, 65520, 65536,
    0xffffffff00000001, 0x123456789abcdef, 0x7ffffe7f, 0x7fffff80, 0x7fffffc0, 0xfffffffffffffbff, 0xfffffffffffffc00,
    0x8000000000000400, 0x8000000000000401, 0x8000000000000bff,
};
static const struct {
    const uint64_t *v;
    unsigned n, bits;
} formats[] = {
    { halves, sizeof(halves) / 8, 16 },
    { singles, sizeof(singles) / 8, 32 },
    { doubles, sizeof(doubles) / 8, 64 },
    { integers, sizeof(integers) / 8, 64 },
};

static uint64_t seed;
static uint64_t random_bits(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed * 0x2545f4914f6cdd1d;
}

/* An edge case, or a random number whose exponent is often near that of one. */
static uint64_t number(unsigned format, unsigned pick)
{
    uint64_t r = random_bits(), edge = formats[format].v[pick % formats[format].n];
    unsigned frac = format == 0 ? 10 : format == 1 ? 23 : 52;
    if (pick < formats[format].n)
        return edge;
    if (format == 3)
        return (int64_t)r >> (r & 63);
    if (r & 1)
        return random_bits() >> (64 - formats[format].bits);
    return edge ^ (random_bits() & ((1ull << frac) - 1)) ^ (uint64_t)(r >> 1 & 3) << frac;
}

static uint64_t hash;
static void add_to_hash(uint64_t v)
{
    hash = (hash ^ v) * 0x100000001b3;
    hash ^= hash >> 29;
}

static void one_case(const struct insn_case *c, const uint64_t v[3], uint64_t x1, uint64_t fpcr, uint64_t nzcv)
{
    struct state s = { .result = { 0x1111111111111111, 0x2222222222222222 }, .x0 = 0x3333333333333333,
                       .x1 = x1, .fpcr = fpcr, .nzcv = nzcv };
    for (unsigned i = 0; i < 3; i++) { /* what lies above a scalar is of no effect */
        unsigned bits = formats[c->format].bits;
        s.v[i][0] = bits == 64 ? v[i] : v[i] | 0xa5a5a5a5a5a5a5a5ull << bits;
        s.v[i][1] = 0x5a5a5a5a5a5a5a5a;
    }
    run_case(&s, c->code);
    add_to_hash(s.result[0]);
    add_to_hash(s.result[1]);
    add_to_hash(s.x0);
    add_to_hash(s.nzcv_after | s.fpsr << 32);
#ifdef SHOW
    const uint64_t shown[] = { fpcr, nzcv, v[0], v[1], v[2], x1, s.result[0], s.result[1], s.x0, s.nzcv_after, s.fpsr };
    for (unsigned i = 0; i < sizeof(shown) / 8; i++) {
        put_text(i == 6 ? " -> " : " ");
        put_hex(shown[i]);
    }
    put_text("\n");
#endif
}

static void operands(const struct insn_case *c, uint64_t fpcr)
{
    unsigned n = formats[c->format].n, randoms = 12;
    for (unsigned i = 0; c->kind == INT && i < formats[3].n + randoms; i++)
        one_case(c, (const uint64_t[3]){ 0 }, number(3, i), fpcr, 0);
    for (unsigned i = 0; c->kind != INT && i < n + randoms; i++) {
        uint64_t v[3] = { number((unsigned)c->format, i), 0, 0 };
        if (c->kind == ONE || c->kind == EXACT) {
            one_case(c, v, 0, fpcr, 0x60000000);
            continue;
        }
        unsigned step = c->kind == TWO ? 3 : 7;
        for (unsigned j = (unsigned)random_bits() % step; j < n + 4; j += step) {
            v[1] = number((unsigned)c->format, j);
            if (c->kind != THREE) {
                one_case(c, v, 0, fpcr, c->kind == COND ? random_bits() & 0xf0000000 : 0);
                continue;
            }
            for (unsigned k = (unsigned)random_bits() % 11; k < n + 11; k += 11) {
                v[2] = number((unsigned)c->format, k);
                one_case(c, v, 0, fpcr, 0);
            }
        }
        /* Products and sums that nearly cancel. */
        v[1] = number((unsigned)c->format, n);
        v[2] = v[0] ^ 1ull << (formats[c->format].bits - 1);
        one_case(c, v, 0, fpcr, 0);
    }
}

int main(void)
{
    start();
    for (const struct insn_case *c = case_table; c < case_table_end; c++) {
#ifdef SHOW
        const char *p = c->name, *q = SHOW;
        while (*p != '\0' && *p == *q)
            p++, q++;
        if (*q != '\0')
            continue;
#endif
        hash = 0xcbf29ce484222325;
        seed = 88172645463325252ull;
        for (unsigned mode = 0; mode < 64; mode++) {
            /* RMode, FZ, DN; FZ16 and AHP for half precision and conversions */
            uint64_t fpcr = (uint64_t)(mode & 3) << 22 | (uint64_t)(mode >> 2 & 3) << 24 |
                            (uint64_t)(mode >> 4 & 1) << 19 | (uint64_t)(mode >> 5 & 1) << 26;
            if (c->kind == EXACT && (fpcr & 1u << 24))
                continue;
            if (mode < 16 || c->kind == ONE || (c->format == 0 && mode < 32))
                operands(c, fpcr);
        }
        put_text(c->name);
        put_text(": ");
        put_hex(hash);
        put_text("\n");
    }
    put_text("all done\n");
    finish();
    return 0;
}
