/* SPDX-License-Identifier: Apache-2.0 */
/* AES and SM4: Arm ARM, C7.2 (AESE, AESD, AESMC, AESIMC, SM4E, SM4EKEY); FIPS 197; GB/T 32907-2016. */
#include "core/util/aes.h"
#include "core/util/sbox.h"
#include "cpu/arm64/crypto_impl.h"
#include "cpu/arm64/translate_impl.h"

/* ---- AES: byte 4 * c + r of the vector is row r, column c of the state ---- */
static union ir_vec xor_of(const union ir_vec *a, const union ir_vec *b)
{
    return (union ir_vec){ .d = { a->d[0] ^ b->d[0], a->d[1] ^ b->d[1] } };
}

/* Rows move left by their number; `step` is 5 for that, 13 for the way back. */
static void shift_and_substitute(union ir_vec *dst, union ir_vec s, const uint8_t box[256], unsigned step)
{
    for (unsigned i = 0; i < 16; i++)
        dst->b[i] = box[s.b[(i % 4 * (step - 1) + i) % 16]];
}

void a64_portable_aese(struct cpu *cpu, union ir_vec *dst, const union ir_vec *a, const union ir_vec *b,
                       const union ir_vec *c, uint64_t imm)
{
    (void)cpu, (void)c, (void)imm;
    shift_and_substitute(dst, xor_of(a, b), sbox_aes, 5);
}

void a64_portable_aesd(struct cpu *cpu, union ir_vec *dst, const union ir_vec *a, const union ir_vec *b,
                       const union ir_vec *c, uint64_t imm)
{
    (void)cpu, (void)c, (void)imm;
    shift_and_substitute(dst, xor_of(a, b), sbox_aes_inverse, 13);
}

void a64_portable_aesmc(struct cpu *cpu, union ir_vec *dst, const union ir_vec *a, const union ir_vec *b,
                        const union ir_vec *c, uint64_t imm)
{
    union ir_vec s = *a;
    (void)cpu, (void)b, (void)c, (void)imm;
    for (unsigned column = 0; column < 16; column += 4)
        aes_mix_column(s.b + column);
    *dst = s;
}

void a64_portable_aesimc(struct cpu *cpu, union ir_vec *dst, const union ir_vec *a, const union ir_vec *b,
                         const union ir_vec *c, uint64_t imm)
{
    union ir_vec s = *a;
    (void)cpu, (void)b, (void)c, (void)imm;
    for (unsigned column = 0; column < 16; column += 4)
        aes_mix_column_back(s.b + column);
    *dst = s;
}

/* AES-NI has the same steps in rounds of another shape: the last round is AESE without its key. */
#ifdef __x86_64__
#include <immintrin.h>
#define AES_NI __attribute__((target("aes")))
AES_NI static __m128i load(const union ir_vec *v)
{
    return _mm_load_si128((const __m128i *)(const void *)v);
}
AES_NI static void store(union ir_vec *dst, __m128i v)
{
    _mm_store_si128((__m128i *)(void *)dst, v);
}
AES_NI static void host_aese(union ir_vec *dst, const union ir_vec *a, const union ir_vec *b)
{
    store(dst, _mm_aesenclast_si128(_mm_xor_si128(load(a), load(b)), _mm_setzero_si128()));
}
AES_NI static void host_aesd(union ir_vec *dst, const union ir_vec *a, const union ir_vec *b)
{
    store(dst, _mm_aesdeclast_si128(_mm_xor_si128(load(a), load(b)), _mm_setzero_si128()));
}
AES_NI static void host_aesmc(union ir_vec *dst, const union ir_vec *a, const union ir_vec *b)
{
    __m128i zero = _mm_setzero_si128();
    (void)b;
    store(dst, _mm_aesenc_si128(_mm_aesdeclast_si128(load(a), zero), zero));
}
AES_NI static void host_aesimc(union ir_vec *dst, const union ir_vec *a, const union ir_vec *b)
{
    (void)b;
    store(dst, _mm_aesimc_si128(load(a)));
}
#define TRY_HOST(name)                                                                             \
    if (__builtin_cpu_supports("aes")) {                                                           \
        host_##name(dst, a, b);                                                                    \
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
TWO_FORMS(aese)
TWO_FORMS(aesd)
TWO_FORMS(aesmc)
TWO_FORMS(aesimc)

/* ---- SM4: four rounds; lane 3 is the newest word ---- */
static uint32_t sm4_substitute(uint32_t v)
{
    return (uint32_t)sbox_sm4[v & 0xff] | (uint32_t)sbox_sm4[v >> 8 & 0xff] << 8 |
           (uint32_t)sbox_sm4[v >> 16 & 0xff] << 16 | (uint32_t)sbox_sm4[v >> 24] << 24;
}

static void sm4_rounds(union ir_vec *dst, union ir_vec s, union ir_vec keys, bool key_schedule)
{
    for (unsigned i = 0; i < 4; i++) {
        uint32_t v = sm4_substitute(s.w[3] ^ s.w[2] ^ s.w[1] ^ keys.w[i]);
        if (key_schedule)
            v ^= a64_rol32(v, 13) ^ a64_rol32(v, 23);
        else
            v ^= a64_rol32(v, 2) ^ a64_rol32(v, 10) ^ a64_rol32(v, 18) ^ a64_rol32(v, 24);
        v ^= s.w[0];
        s = (union ir_vec){ .w = { s.w[1], s.w[2], s.w[3], v } };
    }
    *dst = s;
}

void a64_vec_sm4e(struct cpu *cpu, union ir_vec *dst, const union ir_vec *a, const union ir_vec *b,
                  const union ir_vec *c, uint64_t imm)
{
    (void)cpu, (void)c, (void)imm;
    sm4_rounds(dst, *a, *b, false);
}

void a64_vec_sm4ekey(struct cpu *cpu, union ir_vec *dst, const union ir_vec *a, const union ir_vec *b,
                     const union ir_vec *c, uint64_t imm)
{
    (void)cpu, (void)c, (void)imm;
    sm4_rounds(dst, *a, *b, true);
}
