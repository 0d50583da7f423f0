/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Advanced SIMD, two registers: Arm ARM, F4.1.18 "Advanced SIMD two registers misc". One table by opcode names A64's
 * instruction; permutations, which write both registers, are here.
 */
#include "cpu/arm64/a32/vfp_impl.h"

/* What a row of the table does. */
enum kind {
    NONE,
    SAME,     /* size inserted, Q as is */
    FLOAT,    /* size 1 is half, 2 single precision: A64's two encodings */
    ESTIMATE, /* of integers, 32 bits */
    LOGIC8,   /* bytes only: size 0 */
    NARROW,   /* D from Q; bit 6 chooses the unsigned one of two */
    LENGTHEN, HALF_TO, HALF_FROM, CRYPTO, SWAP, TRANSPOSE, UNZIP, ZIP,
};
enum { STANDARD = 0x10 }; /* computes: under the standard FPSCR */

#define MISC(u, opcode) (0x0e200800u | (uint32_t)(u) << 29 | (uint32_t)(opcode) << 12)
#define FP_A 0x00800000u

/* By bits 17:16 and 10:7. */
static const struct {
    uint32_t word;
    uint8_t kind;
} rows[64] = {
    [0x00] = { MISC(0, 0), SAME },   [0x01] = { MISC(1, 0), SAME },   [0x02] = { MISC(0, 1), SAME },
    [0x04] = { MISC(0, 2), SAME },   [0x05] = { MISC(1, 2), SAME },
    [0x06] = { 0x4e284800, CRYPTO }, /* AESE, AESD */
    [0x07] = { 0x4e286800, CRYPTO }, /* AESMC, AESIMC */
    [0x08] = { MISC(0, 4), SAME },   [0x09] = { MISC(1, 4), SAME },   [0x0a] = { MISC(0, 5), LOGIC8 },
    [0x0b] = { MISC(1, 5), LOGIC8 }, [0x0c] = { MISC(0, 6), SAME },   [0x0d] = { MISC(1, 6), SAME },
    [0x0e] = { MISC(0, 7), SAME },   [0x0f] = { MISC(1, 7), SAME },
    [0x10] = { MISC(0, 8), SAME },   [0x11] = { MISC(1, 8), SAME },   [0x12] = { MISC(0, 9), SAME },
    [0x13] = { MISC(1, 9), SAME },   [0x14] = { MISC(0, 10), SAME },  [0x15] = { 0x5e280800, CRYPTO }, /* SHA1H */
    [0x16] = { MISC(0, 11), SAME },  [0x17] = { MISC(1, 11), SAME },
    [0x18] = { MISC(0, 12) | FP_A, FLOAT | STANDARD }, [0x19] = { MISC(1, 12) | FP_A, FLOAT | STANDARD },
    [0x1a] = { MISC(0, 13) | FP_A, FLOAT | STANDARD }, [0x1b] = { MISC(1, 13) | FP_A, FLOAT | STANDARD },
    [0x1c] = { MISC(0, 14) | FP_A, FLOAT | STANDARD }, [0x1e] = { MISC(0, 15) | FP_A, FLOAT },
    [0x1f] = { MISC(1, 15) | FP_A, FLOAT },
    [0x20] = { 0, SWAP }, [0x21] = { 0, TRANSPOSE }, [0x22] = { 0, UNZIP }, [0x23] = { 0, ZIP },
    [0x24] = { MISC(0, 18), NARROW }, [0x25] = { MISC(0, 20), NARROW },
    [0x26] = { MISC(1, 19), LENGTHEN }, [0x27] = { 0x5e281800, CRYPTO }, /* SHA1SU1, SHA256SU0 */
    [0x28] = { MISC(0, 24), FLOAT | STANDARD }, [0x29] = { MISC(1, 25), FLOAT | STANDARD },
    [0x2a] = { MISC(1, 24), FLOAT | STANDARD }, [0x2b] = { MISC(0, 25) | FP_A, FLOAT | STANDARD },
    [0x2c] = { MISC(0, 22), HALF_FROM | STANDARD }, [0x2d] = { MISC(0, 25), FLOAT | STANDARD },
    [0x2e] = { MISC(0, 23), HALF_TO | STANDARD }, [0x2f] = { MISC(0, 24) | FP_A, FLOAT | STANDARD },
    [0x30] = { MISC(0, 28), FLOAT | STANDARD }, [0x31] = { MISC(1, 28), FLOAT | STANDARD },
    [0x32] = { MISC(0, 26), FLOAT | STANDARD }, [0x33] = { MISC(1, 26), FLOAT | STANDARD },
    [0x34] = { MISC(0, 26) | FP_A, FLOAT | STANDARD }, [0x35] = { MISC(1, 26) | FP_A, FLOAT | STANDARD },
    [0x36] = { MISC(0, 27), FLOAT | STANDARD }, [0x37] = { MISC(1, 27), FLOAT | STANDARD },
    [0x38] = { MISC(0, 28) | FP_A, ESTIMATE }, [0x39] = { MISC(1, 28) | FP_A, ESTIMATE },
    [0x3a] = { MISC(0, 29) | FP_A, FLOAT | STANDARD }, [0x3b] = { MISC(1, 29) | FP_A, FLOAT | STANDARD },
    [0x3c] = { MISC(0, 29), FLOAT | STANDARD }, [0x3d] = { MISC(1, 29), FLOAT | STANDARD },
    [0x3e] = { MISC(0, 27) | FP_A, FLOAT | STANDARD }, [0x3f] = { MISC(1, 27) | FP_A, FLOAT | STANDARD },
};

/* ---- permutations of two registers; of 64 bits, both as one vector ---- */
static void permute(struct a32_tr *t, unsigned kind)
{
    struct ir_unit *u = a32_u(t);
    bool q = t->f.q;
    unsigned d = a32_neon_reg(t->f.vd, q), m = a32_neon_reg(t->f.vm, q), lane = t->f.size;
    ir_val_t x = a64_v(&t->b, d), y = a64_v(&t->b, m), first, second;
    if (lane == 3 || (kind == SWAP && lane != 0) || (lane == 2 && !q && (kind == UNZIP || kind == ZIP)) || d == m) {
        a32_undefined(t);
        return;
    }
    if (kind == SWAP) {
        first = y, second = x;
    } else if (kind == TRANSPOSE) {
        first = ir_vop2(u, IR_VTRN1, lane, x, y);
        second = ir_vop2(u, IR_VTRN2, lane, x, y);
    } else if (q) {
        first = ir_vop2(u, kind == ZIP ? IR_VZIP1 : IR_VUZP1, lane, x, y);
        second = ir_vop2(u, kind == ZIP ? IR_VZIP2 : IR_VUZP2, lane, x, y);
    } else if (kind == ZIP) {
        first = ir_vop2(u, IR_VZIP1, lane, x, y);
        second = ir_vop1(u, IR_VSCALAR, 3, ir_vlane(u, IR_I64, 3, first, 1));
    } else {
        ir_val_t joined = ir_vop2(u, IR_VZIP1, 3, x, y);
        first = ir_vop2(u, IR_VUZP1, lane, joined, joined);
        second = ir_vop2(u, IR_VUZP2, lane, joined, joined);
    }
    a64_put_v(&t->b, d, first);
    a64_put_v(&t->b, m, second);
}

/* ---- narrower, longer, half precision: one side is Q ---- */
static void narrow(struct a32_tr *t, uint32_t word)
{
    unsigned size = t->f.size;
    if (size == 3 || (t->f.vm & 1)) {
        a32_undefined(t);
        return;
    }
    if (t->f.q) /* VQMOVUN beside VMOVN; VQMOVN of unsigned numbers beside that of signed */
        word |= 1u << 29;
    a32_run_a64(t, word | size << 22, a32_neon_reg(t->f.vd, false), a32_neon_reg(t->f.vm, true), 0);
}

static void lengthen(struct a32_tr *t, uint32_t word)
{
    if (t->f.q || t->f.size == 3 || (t->f.vd & 1))
        a32_undefined(t);
    else
        a32_run_a64(t, word | (uint32_t)t->f.size << 22, a32_neon_reg(t->f.vd, true), a32_neon_reg(t->f.vm, false), 0);
}

static void half_precision(struct a32_tr *t, uint32_t word, bool from)
{
    if (t->f.size != 1 || t->f.q || ((from ? t->f.vm : t->f.vd) & 1)) { /* with Q FEAT_AA32BF16's, not modelled */
        a32_undefined(t);
        return;
    }
    a32_run_standard(t, word, a32_neon_reg(t->f.vd, !from), a32_neon_reg(t->f.vm, from), 0);
}

static void crypto(struct a32_tr *t, uint32_t word)
{
    bool sha = word >> 28 == 5, sha1h = (word & 0xf000) == 0 && sha;
    if ((t->f.vd & 1) || (t->f.vm & 1) || t->f.size != (sha ? 2 : 0) || (sha1h && !t->f.q)) {
        a32_undefined(t);
        return;
    }
    if (t->f.q && !sha1h) /* AESD after AESE, AESIMC after AESMC, SHA256SU0 after SHA1SU1 */
        word += 0x1000;
    a32_run_a64(t, word, t->f.vd / 2u, t->f.vm / 2u, 0);
}

static void one(struct a32_tr *t, unsigned kind, uint32_t word)
{
    bool q = t->f.q, half = (kind & 15) == FLOAT && t->f.size == 1;
    unsigned size = t->f.size;
    if ((q && ((t->f.vd | t->f.vm) & 1)) || ((kind & 15) == FLOAT && size != 1 && size != 2) ||
        ((kind & 15) == ESTIMATE && size != 2) || ((kind & 15) == LOGIC8 && size != 0)) {
        a32_undefined(t);
        return;
    }
    if (half) /* FEAT_FP16's encodings have bits 22:17 set otherwise */
        word = (word & ~0x00200000u) | 0x00780000;
    else if ((kind & 15) == SAME)
        word |= size << 22;
    word |= q ? 1u << 30 : 0;
    if (kind & STANDARD)
        a32_run_standard(t, word, a32_neon_reg(t->f.vd, q), a32_neon_reg(t->f.vm, q), 0);
    else
        a32_run_a64(t, word, a32_neon_reg(t->f.vd, q), a32_neon_reg(t->f.vm, q), 0);
}

void a32_neon_misc(struct a32_tr *t, unsigned arg)
{
    unsigned kind = rows[t->f.mopc].kind;
    uint32_t word = rows[t->f.mopc].word;
    (void)arg;
    switch (kind & 15) {
    case NONE: a32_undefined(t); break;
    case SWAP: case TRANSPOSE: case UNZIP: case ZIP:
        if (t->f.q && ((t->f.vd | t->f.vm) & 1))
            a32_undefined(t);
        else
            permute(t, kind);
        break;
    case NARROW: narrow(t, word); break;
    case LENGTHEN: lengthen(t, word); break;
    case HALF_FROM: half_precision(t, word, true); break;
    case HALF_TO: half_precision(t, word, false); break;
    case CRYPTO: crypto(t, word); break;
    default: one(t, kind, word); break;
    }
}
