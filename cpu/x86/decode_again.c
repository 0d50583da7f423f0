/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Instructions that were decoded before. Row and operands follow from prefixes, opcode, ModRM and SIB; what comes behind is
 * copied. Those bytes are the key, of instructions that have one legacy prefix and a REX at most, or VEX: nearly all that
 * compilers emit.
 *
 * Which bytes an instruction has is as good as random, and a branch on it that the host predicts wrong takes as long as all the
 * rest. So there are none where the usual ones differ.
 */
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include "cpu/x86/decode_impl.h"
#include <string.h>

#define KEPT_FROM offsetof(struct x86_decoded, id)
#define KEPT_SIZE (sizeof(struct x86_decoded) - KEPT_FROM)

/* A line of the host's caches. */
struct known {
    uint64_t key;      /* 0: none */
    uint8_t disp_size; /* bytes of the displacement, behind those of the key */
    uint8_t disp_cut, imm_cut; /* 64 less the bits of displacement and immediate; 0: none */
    int8_t disp_on, imm_on;    /* all ones: there is one */
    uint8_t imm_clear;         /* upper bits of the immediate that are 0: of one that is not signed */
    uint8_t imm_fixed;         /* of instructions without one */
    uint8_t kept[KEPT_SIZE];   /* from x86_decoded.id on */
};
#define LINE  64u
#define KNOWN 2048u

/*
 * What the first two bytes of an instruction say, by both; in front of the table of instructions. 0: nobody has asked. SHAPE
 * with the distance in bits from the first byte to the last in front of SIB, and whether that is a ModRM; or FURTHER: they do not
 * tell. To walk through the bytes in front of the opcode one by one takes twice as long, each waits for the one before.
 */
#define SHAPES 65536u
enum { SHAPE_AT = 0x38, SHAPE_MODRM = 0x40, SHAPE = 0x80, FURTHER = 1 };
_Static_assert(sizeof(struct known) <= LINE, "an instruction that is known takes more than a line");
_Static_assert(SHAPES + (KNOWN + 1) * LINE <= X86_DECODE_MEMO, "the table is larger than what callers have for it");

#define MARK       BIT(56) /* of a key: bits 55:0 are the bytes, 60:57 the caller's id */
#define MARK_OTHER BIT(61) /* of one that has not as many bytes as its shape says: one that has might have the same */
#define ID_SHIFT   57
#define AHEAD      24u     /* bytes that may be read at an instruction: seven up to SIB, then eight and eight, whatever they are */

/* What a byte is: PREFIX in front of the opcode; as an opcode, and behind 0F, the first of several (VEX, EVEX, 0F 38, 0F 3A). */
enum { PREFIX = 1, LONG = 2, LONG_0F = 4 };
static const uint8_t kinds[256] = {
    [0x26] = PREFIX, [0x2e] = PREFIX, [0x36] = PREFIX, [0x3e] = PREFIX, [0x64] = PREFIX, [0x65] = PREFIX, [0x66] = PREFIX,
    [0x67] = PREFIX, [0xf0] = PREFIX, [0xf2] = PREFIX, [0xf3] = PREFIX, [0xc4] = LONG,   [0xc5] = LONG,   [0x62] = LONG,
    [0x38] = LONG_0F, [0x3a] = LONG_0F,
};

/* The bytes of an instruction up to SIB, `n` of them, 7 at most; 0: it has others. */
struct key {
    uint64_t bytes;
    unsigned n;
};

/* Bytes [0, at) of `code` go up to the opcode, which is of `map`. */
static inline struct key key_up_to(uint64_t code, unsigned at, unsigned map)
{
    uint64_t end = code >> 8 * (at - 1);
    unsigned opcode = end & 0xff, modrm = end >> 8 & 0xff, has_modrm = x86_opcodes[map][opcode].modrm;
    unsigned n = at + has_modrm + (has_modrm & (modrm < 0xc0) & ((modrm & 7) == 4));
    return (struct key){ code & (BIT(8 * n) - 1), n };
}

/* Opcodes of more than one byte behind what precedes them, `at` bytes. */
static __attribute__((noinline)) struct key long_key(uint64_t code, unsigned at)
{
    unsigned first = code >> 8 * at & 0xff, second = code >> 8 * (at + 1) & 0xff;
    if (first == 0x0f)
        return at > 2 ? (struct key){ 0 } : key_up_to(code, at + 3, second == 0x38 ? X86_MAP_0F38 : X86_MAP_0F3A);
    unsigned mmmmm = first == 0xc5 ? 1 : second & 0x1f;
    if (first == 0x62 || mmmmm == 0 || mmmmm > 3 || at > 1)
        return (struct key){ 0 };
    return key_up_to(code, at + (first == 0xc5 ? 3 : 4), X86_MAP_VEX + mmmmm);
}

/* What they are tells how many they are, so no two instructions have the same. */
static struct key key_of(uint64_t code)
{
    unsigned prefix = kinds[code & 0xff] & PREFIX;
    uint64_t w = code >> 8 * prefix;
    unsigned rex = (w & 0xf0) == 0x40;
    w >>= 8 * rex;
    unsigned two = (w & 0xff) == 0x0f;
    w >>= 8 * two;
    if (kinds[w & 0xff] & (LONG << two))
        return long_key(code, prefix + rex);
    return key_up_to(code, prefix + rex + two + 1, X86_MAP_1BYTE + two);
}

/* Decoded in full, and kept if it is of the usual kind. `n`: bytes up to SIB. */
static __attribute__((noinline)) enum x86_decode_result learn(struct known *k, uint64_t key, unsigned n, const uint8_t *code,
                                                              const uint64_t *features, struct x86_decoded *d)
{
    struct x86_reader r = {
        .code = code, .limit = X86_MAX_LENGTH, .mode = X86_CODE64, .vex_ok = true, .features = features,
    };
    enum x86_decode_result result = x86_decode_from(&r, d);
    bool usual = result == X86_DECODED && !r.other && !d->evex && d->imm2 == 0 && (r.n_imms == 1 || d->imm <= UINT8_MAX);
    if (!usual || r.n_imms > 1 || d->length != n + r.disp_size + r.imm_size)
        return result;
    k->key = key;
    k->disp_size = r.disp_size;
    k->disp_cut = (uint8_t)(r.disp_size != 0 ? 64 - 8 * r.disp_size : 0);
    k->imm_cut = (uint8_t)(r.imm_size != 0 ? 64 - 8 * r.imm_size : 0);
    k->disp_on = r.disp_size != 0 ? -1 : 0;
    k->imm_on = r.imm_size != 0 ? -1 : 0;
    k->imm_clear = r.imm_signed ? 0 : k->imm_cut;
    k->imm_fixed = (uint8_t)(r.imm_size != 0 ? 0 : d->imm);
    memcpy(k->kept, (const uint8_t *)d + KEPT_FROM, KEPT_SIZE);
    return result;
}

static inline uint64_t low_signed(uint64_t v, unsigned cut)
{
    return (uint64_t)((int64_t)(v << cut) >> cut);
}

/*
 * Behind a prefix and 0F there nearly always is an opcode and a ModRM: BSWAP and branches, which have none, and 0F 38 and 0F 3A are
 * looked for further.
 */
static uint8_t shape_of(unsigned first, unsigned second)
{
    bool before = (kinds[first] & PREFIX) || (first & 0xf0) == 0x40, two = first == 0x0f;
    unsigned opcode = before || two ? second : first;
    if (before && second == 0x0f)
        return SHAPE | SHAPE_MODRM | 24;
    if ((before && ((kinds[second] & PREFIX) || (second & 0xf0) == 0x40)) || (kinds[opcode] & (LONG << two)))
        return FURTHER;
    bool modrm = x86_opcodes[X86_MAP_1BYTE + two][opcode].modrm;
    return (uint8_t)(SHAPE | (modrm ? SHAPE_MODRM : 0) | 8 * (before + two + modrm));
}

/* Bits up to SIB, of a shape that tells. */
static inline unsigned bits_by_shape(uint64_t bytes, unsigned shape)
{
    unsigned modrm = bytes >> (shape & SHAPE_AT) & 0xff;
    unsigned sib = (shape & SHAPE_MODRM) != 0 && modrm < 0xc0 && (modrm & 7) == 4;
    return (shape & SHAPE_AT) + 8 + 8 * sib;
}

static inline struct known *place_of(void *memo, uint64_t key)
{
    uint8_t *table = (uint8_t *)memo + SHAPES + (0u - (uintptr_t)memo) % LINE;
    return (struct known *)(void *)(table + LINE * ((key * 0x9e3779b97f4a7c15ull) >> 32 & (KNOWN - 1)));
}

/* `code`: behind the `n` bytes of the key. */
static inline enum x86_decode_result take(const struct known *k, const uint8_t *code, struct x86_decoded *d)
{
    memcpy((uint8_t *)d + KEPT_FROM, k->kept, KEPT_SIZE);
    d->disp = (int64_t)(low_signed(ld_le64(code), k->disp_cut) & (uint64_t)(int64_t)k->disp_on);
    uint64_t imm = low_signed(ld_le64(code + k->disp_size), k->imm_cut) & UINT64_MAX >> k->imm_clear;
    d->imm = (imm & (uint64_t)(int64_t)k->imm_on) | k->imm_fixed;
    d->imm2 = 0;
    return X86_DECODED;
}

/* Of what the first two bytes do not tell. Or they were not looked at, or the table has no such key. */
static __attribute__((noinline)) enum x86_decode_result decode_further(void *memo, unsigned id, const uint8_t *code, size_t n,
                                                                       const uint64_t *features, struct x86_decoded *d)
{
    if (n < AHEAD)
        return x86_decode(code, n, X86_CODE64, true, features, d);
    uint8_t shape = shape_of(code[0], code[1]);
    ((uint8_t *)memo)[ld_le16(code)] = shape;
    struct key up = key_of(ld_le64(code));
    if (up.n == 0)
        return x86_decode(code, n, X86_CODE64, true, features, d);
    bool other = shape == FURTHER || bits_by_shape(ld_le64(code), shape) != 8 * up.n;
    uint64_t key = up.bytes | MARK | (uint64_t)id << ID_SHIFT | (other ? MARK_OTHER : 0);
    struct known *k = place_of(memo, key);
    return k->key == key ? take(k, code + up.n, d) : learn(k, key, up.n, code, features, d);
}

enum x86_decode_result x86_decode_again(void *memo, unsigned id, const uint8_t *code, size_t n, const uint64_t *features,
                                        struct x86_decoded *d)
{
    unsigned shape = LIKELY(n >= AHEAD) ? ((const uint8_t *)memo)[ld_le16(code)] : 0;
    if (UNLIKELY(!(shape & SHAPE)))
        return decode_further(memo, id, code, n, features, d);
    uint64_t bytes = ld_le64(code);
    unsigned bits = bits_by_shape(bytes, shape);
    uint64_t key = (bytes & (BIT(bits) - 1)) | MARK | (uint64_t)id << ID_SHIFT;
    const struct known *k = place_of(memo, key);
    return LIKELY(k->key == key) ? take(k, code + bits / 8, d) : decode_further(memo, id, code, n, features, d);
}
