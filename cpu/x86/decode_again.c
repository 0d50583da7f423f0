/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Instructions that were decoded before. Row and operands follow from prefixes, opcode, ModRM and SIB; what comes behind is
 * copied. Of these bytes a key is made, of those instructions that have one prefix and a REX at most, and one or two bytes
 * of opcode: nearly all that compilers emit.
 */
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include "core/util/hash.h"
#include "cpu/x86/decode_impl.h"
#include <string.h>

struct known {
    uint64_t key; /* 0: none */
    uint8_t disp_at, disp_size, imm_at, imm_size;
    bool imm_signed;
    struct x86_decoded d; /* of any displacement and immediate */
};
#define KNOWN 1024u
_Static_assert(KNOWN * sizeof(struct known) <= X86_DECODE_MEMO, "the table is larger than what callers have for it");

/* Legacy prefixes: a bit for each byte. */
static bool is_prefix(uint8_t byte)
{
    switch (byte) {
    case 0x26: case 0x2e: case 0x36: case 0x3e: case 0x64: case 0x65: case 0x66: case 0x67: case 0xf0: case 0xf2: case 0xf3:
        return true;
    default:
        return false;
    }
}

/*
 * The bytes of an instruction up to SIB, of which there are *n; 0: it has others. There are eight bytes at `code`. Bits 7:0
 * opcode, 15:8 REX, 23:16 prefix, 31:24 ModRM, 39:32 SIB, 40: 0F, 41: it is a key.
 */
static inline uint64_t key_of(const uint8_t *code, unsigned *n)
{
    const uint8_t *p = code;
    uint64_t key = BIT(41);
    if (UNLIKELY(is_prefix(*p)))
        key |= (uint64_t)*p++ << 16;
    if ((*p & 0xf0) == 0x40)
        key |= (uint64_t)*p++ << 8;
    const struct x86_opcode *map = x86_opcodes[X86_MAP_1BYTE];
    uint8_t opcode = *p++;
    if (opcode == 0x0f) {
        opcode = *p++;
        map = x86_opcodes[X86_MAP_0F];
        key |= BIT(40);
        if (opcode == 0x38 || opcode == 0x3a)
            return 0;
    } else if (opcode == 0xc4 || opcode == 0xc5 || opcode == 0x62) {
        return 0; /* VEX, EVEX */
    }
    key |= opcode;
    if (map[opcode].modrm) {
        uint8_t modrm = *p++;
        key |= (uint64_t)modrm << 24;
        if (modrm < 0xc0 && (modrm & 7) == 4)
            key |= (uint64_t)*p++ << 32;
    }
    *n = (unsigned)(p - code);
    return key;
}

static inline int64_t read_signed(const uint8_t *p, unsigned size)
{
    switch (size) {
    case 1: return (int8_t)*p;
    case 2: return (int16_t)ld_le16(p);
    case 4: return (int32_t)ld_le32(p);
    default: return (int64_t)ld_le64(p);
    }
}

/* Decoded in full, and kept if it is of the usual kind. `n`: bytes up to SIB. */
static enum x86_decode_result learn(struct known *k, uint64_t key, unsigned n, struct x86_reader *r, struct x86_decoded *d)
{
    enum x86_decode_result result = x86_decode_from(r, d);
    if (result != X86_DECODED || r->other || r->n_imms > 1 || d->length != n + r->disp_size + r->imm_size)
        return result;
    k->key = key;
    k->disp_at = (uint8_t)n;
    k->disp_size = r->disp_size;
    k->imm_at = (uint8_t)(n + r->disp_size);
    k->imm_size = r->imm_size;
    k->imm_signed = r->imm_signed;
    k->d = *d;
    return result;
}

enum x86_decode_result x86_decode_again(void *memo, unsigned id, const uint8_t *code, size_t n, const uint64_t *features,
                                        struct x86_decoded *d)
{
    unsigned known = 0;
    uint64_t key = LIKELY(n >= X86_MAX_LENGTH) ? key_of(code, &known) : 0;
    struct x86_reader r = {
        .code = code, .limit = MIN(n, X86_MAX_LENGTH), .mode = X86_CODE64, .vex_ok = true, .features = features,
    };
    if (UNLIKELY(key == 0))
        return x86_decode_from(&r, d);
    key |= (uint64_t)id << 42;
    struct known *k = &((struct known *)memo)[(key * 0x9e3779b97f4a7c15ull) >> 32 & (KNOWN - 1)];
    if (UNLIKELY(k->key != key))
        return learn(k, key, known, &r, d);
    *d = k->d;
    if (k->disp_size != 0)
        d->disp = read_signed(code + k->disp_at, k->disp_size);
    if (k->imm_size != 0) {
        int64_t imm = read_signed(code + k->imm_at, k->imm_size);
        d->imm = k->imm_signed ? (uint64_t)imm : zext((uint64_t)imm, 8u * k->imm_size);
    }
    return X86_DECODED;
}
