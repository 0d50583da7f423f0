/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHA-1, SHA-256, SHA-512, SM3: Arm ARM, C7.2 (SHA*, SM3*) and the functions SHAhashchoose() to
 * SHA256hash(); FIPS 180-4; GB/T 32905-2016. Operands: a = Vd where it is read, then Vn, Vm (, Va).
 */
#include "cpu/arm64/crypto_impl.h"
#include "cpu/arm64/translate_impl.h"

static uint32_t choose(uint32_t x, uint32_t y, uint32_t z)
{
    return ((y ^ z) & x) ^ z;
}

static uint32_t majority(uint32_t x, uint32_t y, uint32_t z)
{
    return (x & y) | ((x | y) & z);
}

/* ---- SHA-1: a = A, B, C, D; b.w[0] = E; c = four words of the schedule with their constants ---- */
void a64_portable_sha1(struct cpu *cpu, union ir_vec *dst, const union ir_vec *a, const union ir_vec *b,
                       const union ir_vec *c, uint64_t imm)
{
    union ir_vec s = *a, w = *c;
    uint32_t e = b->w[0];
    (void)cpu;
    for (unsigned i = 0; i < 4; i++) {
        uint32_t f = imm == A64_SHA1_CHOOSE   ? choose(s.w[1], s.w[2], s.w[3])
                     : imm == A64_SHA1_PARITY ? s.w[1] ^ s.w[2] ^ s.w[3]
                                              : majority(s.w[1], s.w[2], s.w[3]);
        uint32_t next = e + a64_rol32(s.w[0], 5) + f + w.w[i];
        e = s.w[3];
        s = (union ir_vec){ .w = { next, s.w[0], a64_rol32(s.w[1], 30), s.w[2] } };
    }
    *dst = s;
}

/* ---- SHA-256 ---- */
static uint32_t ror(uint32_t v, unsigned n)
{
    return a64_rol32(v, 32 - n);
}

/* Four rounds on x = a..d, y = e..h with words w. */
static void sha256_rounds(union ir_vec *x, union ir_vec *y, const union ir_vec *w)
{
    for (unsigned i = 0; i < 4; i++) {
        uint32_t e = y->w[0], a = x->w[0];
        uint32_t t = y->w[3] + (ror(e, 6) ^ ror(e, 11) ^ ror(e, 25)) + choose(e, y->w[1], y->w[2]) + w->w[i];
        uint32_t u = (ror(a, 2) ^ ror(a, 13) ^ ror(a, 22)) + majority(a, x->w[1], x->w[2]);
        *y = (union ir_vec){ .w = { x->w[3] + t, y->w[0], y->w[1], y->w[2] } };
        *x = (union ir_vec){ .w = { t + u, x->w[0], x->w[1], x->w[2] } };
    }
}

void a64_portable_sha256h(struct cpu *cpu, union ir_vec *dst, const union ir_vec *a, const union ir_vec *b,
                          const union ir_vec *c, uint64_t imm)
{
    union ir_vec x = *a, y = *b;
    (void)cpu, (void)imm;
    sha256_rounds(&x, &y, c);
    *dst = x;
}

void a64_portable_sha256h2(struct cpu *cpu, union ir_vec *dst, const union ir_vec *a, const union ir_vec *b,
                           const union ir_vec *c, uint64_t imm)
{
    union ir_vec x = *b, y = *a;
    (void)cpu, (void)imm;
    sha256_rounds(&x, &y, c);
    *dst = y;
}

void a64_portable_sha256su0(struct cpu *cpu, union ir_vec *dst, const union ir_vec *a, const union ir_vec *b,
                            const union ir_vec *c, uint64_t imm)
{
    union ir_vec r = *a;
    uint32_t next[4] = { a->w[1], a->w[2], a->w[3], b->w[0] };
    (void)cpu, (void)c, (void)imm;
    for (unsigned i = 0; i < 4; i++)
        r.w[i] += ror(next[i], 7) ^ ror(next[i], 18) ^ next[i] >> 3;
    *dst = r;
}

void a64_portable_sha256su1(struct cpu *cpu, union ir_vec *dst, const union ir_vec *a, const union ir_vec *b,
                            const union ir_vec *c, uint64_t imm)
{
    union ir_vec r = *a;
    uint32_t seven[4] = { b->w[1], b->w[2], b->w[3], c->w[0] }, two[2] = { c->w[2], c->w[3] };
    (void)cpu, (void)imm;
    for (unsigned i = 0; i < 4; i++) {
        uint32_t v = i < 2 ? two[i] : r.w[i - 2];
        r.w[i] += (ror(v, 17) ^ ror(v, 19) ^ v >> 10) + seven[i];
    }
    *dst = r;
}

/* The host's SHA instructions keep A, B, E, F and C, D, G, H together, highest lane first. */
#ifdef __x86_64__
#include <immintrin.h>
#define SHA_NI __attribute__((target("sha,sse4.1")))
static bool host_has_sha(void)
{
    return __builtin_cpu_supports("sha") && __builtin_cpu_supports("sse4.1");
}
SHA_NI static __m128i load(const union ir_vec *v)
{
    return _mm_load_si128((const __m128i *)(const void *)v);
}
SHA_NI static void store(union ir_vec *dst, __m128i v)
{
    _mm_store_si128((__m128i *)(void *)dst, v);
}
/* Lanes of x, then of y. */
#define PICK(x, y, l0, l1, l2, l3)                                                                 \
    _mm_castps_si128(_mm_shuffle_ps(_mm_castsi128_ps(x), _mm_castsi128_ps(y), _MM_SHUFFLE(l3, l2, l1, l0)))

/* SHA1RNDS4 adds the constants itself. */
SHA_NI static void host_sha1(union ir_vec *dst, const union ir_vec *a, const union ir_vec *b,
                             const union ir_vec *c, uint64_t imm)
{
    static const uint32_t constants[] = { 0x5a827999, 0x6ed9eba1, 0x8f1bbcdc };
    __m128i s = _mm_shuffle_epi32(load(a), 0x1b), w = _mm_shuffle_epi32(load(c), 0x1b);
    w = _mm_sub_epi32(w, _mm_set1_epi32((int)constants[imm]));
    w = _mm_add_epi32(w, _mm_slli_si128(load(b), 12));
    s = imm == A64_SHA1_CHOOSE   ? _mm_sha1rnds4_epu32(s, w, 0)
        : imm == A64_SHA1_PARITY ? _mm_sha1rnds4_epu32(s, w, 1)
                                 : _mm_sha1rnds4_epu32(s, w, 2);
    store(dst, _mm_shuffle_epi32(s, 0x1b));
}

SHA_NI static void host_rounds(__m128i x, __m128i y, __m128i w, __m128i out[2])
{
    __m128i abef = PICK(y, x, 1, 0, 1, 0), cdgh = PICK(y, x, 3, 2, 3, 2);
    __m128i half = _mm_sha256rnds2_epu32(cdgh, abef, w);
    __m128i whole = _mm_sha256rnds2_epu32(abef, half, _mm_unpackhi_epi64(w, w));
    out[0] = PICK(whole, half, 3, 2, 3, 2);
    out[1] = PICK(whole, half, 1, 0, 1, 0);
}
SHA_NI static void host_sha256h(union ir_vec *dst, const union ir_vec *a, const union ir_vec *b,
                                const union ir_vec *c, uint64_t imm)
{
    __m128i out[2];
    (void)imm;
    host_rounds(load(a), load(b), load(c), out);
    store(dst, out[0]);
}
SHA_NI static void host_sha256h2(union ir_vec *dst, const union ir_vec *a, const union ir_vec *b,
                                 const union ir_vec *c, uint64_t imm)
{
    __m128i out[2];
    (void)imm;
    host_rounds(load(b), load(a), load(c), out);
    store(dst, out[1]);
}
SHA_NI static void host_sha256su0(union ir_vec *dst, const union ir_vec *a, const union ir_vec *b,
                                  const union ir_vec *c, uint64_t imm)
{
    (void)c, (void)imm;
    store(dst, _mm_sha256msg1_epu32(load(a), load(b)));
}
SHA_NI static void host_sha256su1(union ir_vec *dst, const union ir_vec *a, const union ir_vec *b,
                                  const union ir_vec *c, uint64_t imm)
{
    __m128i sum = _mm_add_epi32(load(a), _mm_alignr_epi8(load(c), load(b), 4));
    (void)imm;
    store(dst, _mm_sha256msg2_epu32(sum, load(c)));
}
#define TRY_HOST(name)                                                                             \
    if (host_has_sha()) {                                                                          \
        host_##name(dst, a, b, c, imm);                                                            \
    } else
#else
#define TRY_HOST(name)
#endif

#define TWO_FORMS(name)                                                                            \
    void a64_vec_##name(struct cpu *cpu, union ir_vec *dst, const union ir_vec *a,                 \
                        const union ir_vec *b, const union ir_vec *c, uint64_t imm)                \
    {                                                                                              \
        TRY_HOST(name)                                                                             \
        a64_portable_##name(cpu, dst, a, b, c, imm);                                               \
    }
TWO_FORMS(sha1)
TWO_FORMS(sha256h)
TWO_FORMS(sha256h2)
TWO_FORMS(sha256su0)
TWO_FORMS(sha256su1)

/* ---- SHA-512 ---- */
static uint64_t xor3(uint64_t v, unsigned r1, unsigned r2, unsigned r3)
{
    return a64_ror64(v, r1) ^ a64_ror64(v, r2) ^ a64_ror64(v, r3);
}

static uint64_t choose64(uint64_t x, uint64_t y, uint64_t z)
{
    return ((y ^ z) & x) ^ z;
}

static uint64_t majority64(uint64_t x, uint64_t y, uint64_t z)
{
    return (x & y) | ((x | y) & z);
}

void a64_vec_sha512h(struct cpu *cpu, union ir_vec *dst, const union ir_vec *a, const union ir_vec *b,
                     const union ir_vec *c, uint64_t imm)
{
    uint64_t y0 = c->d[0], y1 = c->d[1], x0 = b->d[0], x1 = b->d[1];
    uint64_t high = choose64(y1, x0, x1) + xor3(y1, 14, 18, 41) + a->d[1], t = high + y0;
    uint64_t low = choose64(t, y1, x0) + xor3(t, 14, 18, 41) + a->d[0];
    (void)cpu, (void)imm;
    *dst = (union ir_vec){ .d = { low, high } };
}

void a64_vec_sha512h2(struct cpu *cpu, union ir_vec *dst, const union ir_vec *a, const union ir_vec *b,
                      const union ir_vec *c, uint64_t imm)
{
    uint64_t y0 = c->d[0], y1 = c->d[1];
    uint64_t high = majority64(b->d[0], y1, y0) + xor3(y0, 28, 34, 39) + a->d[1];
    uint64_t low = majority64(high, y0, y1) + xor3(high, 28, 34, 39) + a->d[0];
    (void)cpu, (void)imm;
    *dst = (union ir_vec){ .d = { low, high } };
}

void a64_vec_sha512su0(struct cpu *cpu, union ir_vec *dst, const union ir_vec *a, const union ir_vec *b,
                       const union ir_vec *c, uint64_t imm)
{
    uint64_t next[2] = { a->d[1], b->d[0] };
    (void)cpu, (void)c, (void)imm;
    for (unsigned i = 0; i < 2; i++)
        dst->d[i] = a->d[i] + (a64_ror64(next[i], 1) ^ a64_ror64(next[i], 8) ^ next[i] >> 7);
}

void a64_vec_sha512su1(struct cpu *cpu, union ir_vec *dst, const union ir_vec *a, const union ir_vec *b,
                       const union ir_vec *c, uint64_t imm)
{
    (void)cpu, (void)imm;
    for (unsigned i = 0; i < 2; i++) {
        uint64_t x = b->d[i];
        dst->d[i] = a->d[i] + (a64_ror64(x, 19) ^ a64_ror64(x, 61) ^ x >> 6) + c->d[i];
    }
}

/* ---- SM3 ---- */
void a64_vec_sm3ss1(struct cpu *cpu, union ir_vec *dst, const union ir_vec *a, const union ir_vec *b,
                    const union ir_vec *c, uint64_t imm)
{
    uint32_t v = a64_rol32(a64_rol32(a->w[3], 12) + b->w[3] + c->w[3], 7);
    (void)cpu, (void)imm;
    *dst = (union ir_vec){ .w = { 0, 0, 0, v } };
}

void a64_vec_sm3tt(struct cpu *cpu, union ir_vec *dst, const union ir_vec *a, const union ir_vec *b,
                   const union ir_vec *c, uint64_t imm)
{
    union ir_vec s = *a;
    bool second = imm & 2, variant_b = imm & 1;
    uint32_t v = s.w[1] ^ s.w[2] ^ s.w[3], add = b->w[3];
    (void)cpu;
    if (variant_b)
        v = second ? choose(s.w[3], s.w[2], s.w[1]) : majority(s.w[3], s.w[1], s.w[2]);
    if (!second)
        add ^= a64_rol32(s.w[3], 12);
    v += s.w[0] + add + c->w[imm >> 2 & 3];
    if (second)
        v ^= a64_rol32(v, 9) ^ a64_rol32(v, 17);
    *dst = (union ir_vec){ .w = { s.w[1], a64_rol32(s.w[2], second ? 19 : 9), s.w[3], v } };
}

/* P1() of the standard */
static uint32_t sm3_expand(uint32_t v)
{
    return v ^ a64_rol32(v, 15) ^ a64_rol32(v, 23);
}

void a64_vec_sm3partw1(struct cpu *cpu, union ir_vec *dst, const union ir_vec *a, const union ir_vec *b,
                       const union ir_vec *c, uint64_t imm)
{
    union ir_vec m = *c, r;
    (void)cpu, (void)imm;
    for (unsigned i = 0; i < 4; i++)
        r.w[i] = a->w[i] ^ b->w[i];
    for (unsigned i = 0; i < 3; i++)
        r.w[i] = sm3_expand(r.w[i] ^ a64_rol32(m.w[i + 1], 15));
    r.w[3] = sm3_expand(r.w[3] ^ a64_rol32(r.w[0], 15));
    *dst = r;
}

void a64_vec_sm3partw2(struct cpu *cpu, union ir_vec *dst, const union ir_vec *a, const union ir_vec *b,
                       const union ir_vec *c, uint64_t imm)
{
    union ir_vec r;
    (void)cpu, (void)imm;
    uint32_t first = b->w[0] ^ a64_rol32(c->w[0], 7);
    for (unsigned i = 0; i < 4; i++)
        r.w[i] = a->w[i] ^ b->w[i] ^ a64_rol32(c->w[i], 7);
    r.w[3] ^= sm3_expand(a64_rol32(first, 15));
    *dst = r;
}
