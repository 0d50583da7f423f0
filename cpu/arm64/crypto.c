/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Advanced SIMD cryptography: Arm ARM, C4.1.96. Rotations and exclusive ors are plain IR. Rounds of AES, SHA-1 and
 * SHA-256, and carry-less products, are put together from what hosts have instructions for (core/exec/vec_native.h); those
 * of SHA-512, SM3 and SM4 are vector helpers (crypto_cipher.c, crypto_hash.c).
 */
#include "cpu/arm64/crypto_impl.h"
#include "cpu/arm64/simd_impl.h"

/* Row arguments: the helper in 11:0, its immediate from bit 16 on, and which operands it takes. */
enum { HELPER = 0xfff, READS_D = 0x1000, READS_M = 0x2000, IMM = 16 };

static void helper(struct a64_tr *t, unsigned arg)
{
    ir_val_t n = a64_v(t, t->d.rn), m = arg & READS_M ? a64_v(t, t->d.rm) : IR_NONE;
    ir_val_t d = arg & READS_D ? a64_v(t, t->d.rd) : IR_NONE;
    ir_val_t r = d != IR_NONE ? ir_callv(t->u, arg & HELPER, d, n, m, arg >> IMM)
                              : ir_callv(t->u, arg & HELPER, n, m, IR_NONE, arg >> IMM);
    a64_put_v(t, t->d.rd, r);
}

static void sm3ss1(struct a64_tr *t, unsigned arg)
{
    (void)arg;
    a64_put_v(t, t->d.rd, ir_callv(t->u, A64_VEC_sm3ss1, a64_v(t, t->d.rn), a64_v(t, t->d.rm),
                                   a64_v(t, t->d.ra), 0));
}

static void sm3tt(struct a64_tr *t, unsigned variant)
{
    a64_put_v(t, t->d.rd, ir_callv(t->u, A64_VEC_sm3tt, a64_v(t, t->d.rd), a64_v(t, t->d.rn),
                                   a64_v(t, t->d.rm), variant | (uint64_t)t->d.imm << 2));
}

/* ---- plain IR ---- */
static ir_val_t xor_of(struct a64_tr *t, ir_val_t a, ir_val_t b)
{
    return ir_vop2(t->u, IR_VXOR, 3, a, b);
}

static ir_val_t rotate_left(struct a64_tr *t, unsigned lane, ir_val_t v, unsigned n)
{
    unsigned bits = 8u << lane;
    return ir_vop2(t->u, IR_VOR, 3, ir_vop1i(t->u, IR_VSHL, lane, v, n),
                   ir_vop1i(t->u, IR_VSHR, lane, v, bits - n));
}

static void eor3(struct a64_tr *t, unsigned arg)
{
    (void)arg;
    ir_val_t r = xor_of(t, a64_v(t, t->d.rn), a64_v(t, t->d.rm));
    a64_put_v(t, t->d.rd, xor_of(t, r, a64_v(t, t->d.ra)));
}

static void bcax(struct a64_tr *t, unsigned arg)
{
    (void)arg;
    ir_val_t clear = ir_vop2(t->u, IR_VANDN, 3, a64_v(t, t->d.rm), a64_v(t, t->d.ra));
    a64_put_v(t, t->d.rd, xor_of(t, a64_v(t, t->d.rn), clear));
}

static void rax1(struct a64_tr *t, unsigned arg)
{
    (void)arg;
    a64_put_v(t, t->d.rd, xor_of(t, a64_v(t, t->d.rn), rotate_left(t, 3, a64_v(t, t->d.rm), 1)));
}

static void xar(struct a64_tr *t, unsigned arg)
{
    ir_val_t v = xor_of(t, a64_v(t, t->d.rn), a64_v(t, t->d.rm));
    (void)arg;
    a64_put_v(t, t->d.rd, t->d.imm == 0 ? v : rotate_left(t, 3, v, 64 - (unsigned)t->d.imm));
}

static void sha1h(struct a64_tr *t, unsigned arg)
{
    (void)arg;
    ir_val_t v = ir_op2i(t->u, IR_ROL, IR_I32, a64_scalar(t, IR_I32, t->d.rn), 30);
    a64_put_scalar(t, 2, t->d.rd, v);
}

/* Words 2 to 5 of the schedule, of which Vd and Vn hold 0 to 7, with 0 to 3 and Vm's. */
static void sha1su0(struct a64_tr *t, unsigned arg)
{
    ir_val_t d = a64_v(t, t->d.rd);
    (void)arg;
    ir_val_t middle = ir_vop(t->u, IR_VEXT, 0, d, a64_v(t, t->d.rn), IR_NONE, 8);
    a64_put_v(t, t->d.rd, xor_of(t, xor_of(t, middle, d), a64_v(t, t->d.rm)));
}

/* The last word needs the first one of this very result. */
static void sha1su1(struct a64_tr *t, unsigned arg)
{
    struct ir_unit *u = t->u;
    ir_val_t zero = ir_vconst(u, 0, 0);
    (void)arg;
    ir_val_t v = xor_of(t, a64_v(t, t->d.rd), ir_vop(u, IR_VEXT, 0, a64_v(t, t->d.rn), zero, IR_NONE, 4));
    v = rotate_left(t, 2, v, 1);
    ir_val_t first = rotate_left(t, 2, ir_vop(u, IR_VEXT, 0, zero, v, IR_NONE, 4), 1);
    a64_put_v(t, t->d.rd, xor_of(t, v, first));
}

/* ---- AES ---- */
static ir_val_t aes_round(struct a64_tr *t, ir_val_t state, unsigned how)
{
    return ir_callv(t->u, A64_VEC_aes_round, state, IR_NONE, IR_NONE, how);
}

/* AESE and AESD begin a round: the key comes first, and columns are not mixed. */
static void aes_begin(struct a64_tr *t, unsigned how)
{
    a64_put_v(t, t->d.rd, aes_round(t, xor_of(t, a64_v(t, t->d.rd), a64_v(t, t->d.rn)), how));
}

/* MixColumns: a round of what another one took back before. */
static void aesmc(struct a64_tr *t, unsigned arg)
{
    (void)arg;
    ir_val_t before = aes_round(t, a64_v(t, t->d.rn), IR_AES_LAST | IR_AES_DECRYPT);
    a64_put_v(t, t->d.rd, aes_round(t, before, 0));
}

static void aesimc(struct a64_tr *t, unsigned arg)
{
    (void)arg;
    a64_put_v(t, t->d.rd, ir_callv(t->u, A64_VEC_aes_imc, a64_v(t, t->d.rn), IR_NONE, IR_NONE, 0));
}

/* ---- SHA-1, SHA-256 ---- */

/* Words of a, a, b, b. */
static ir_val_t words(struct a64_tr *t, ir_val_t a, ir_val_t b, unsigned w0, unsigned w1, unsigned w2, unsigned w3)
{
    return ir_vop(t->u, IR_VSHUF, 2, a, b, IR_NONE, w0 | w1 << 2 | w2 << 4 | w3 << 6);
}

static ir_val_t reversed(struct a64_tr *t, ir_val_t v)
{
    return words(t, v, v, 3, 2, 1, 0);
}

/*
 * Vd = A, B, C, D; Sn = E; Vm = four words of the schedule with their constants. The pieces have the first word highest and
 * add the constants, and they want E with its word.
 */
static void sha1(struct a64_tr *t, unsigned function)
{
    static const uint32_t constants[] = { 0x5a827999, 0x6ed9eba1, 0x8f1bbcdc }; /* FIPS 180-4, 4.2.1 */
    ir_val_t e = ir_vop1(t->u, IR_VSCALAR, 2, a64_scalar(t, IR_I32, t->d.rn));
    ir_val_t w = ir_vop2(t->u, IR_VSUB, 2, a64_v(t, t->d.rm), a64_vdup_const(t, 2, constants[function]));
    w = reversed(t, ir_vop2(t->u, IR_VADD, 2, w, e));
    ir_val_t r = ir_callv(t->u, A64_VEC_sha1_rounds4, reversed(t, a64_v(t, t->d.rd)), w, IR_NONE, function);
    a64_put_v(t, t->d.rd, reversed(t, r));
}

/*
 * Four rounds of SHA-256 on x = A..D, y = E..H with the words w, two at a time: those have A, B, E, F in one vector and
 * C, D, G, H in another, the first one highest, and what two rounds leave in the latter is what the former was.
 */
static void sha256_rounds(struct a64_tr *t, ir_val_t x, ir_val_t y, ir_val_t w, bool second)
{
    ir_val_t abef = words(t, y, x, 1, 0, 1, 0), cdgh = words(t, y, x, 3, 2, 3, 2);
    ir_val_t two = ir_callv(t->u, A64_VEC_sha256_rounds2, cdgh, abef, w, 0);
    ir_val_t four = ir_callv(t->u, A64_VEC_sha256_rounds2, abef, two, words(t, w, w, 2, 3, 2, 3), 0);
    a64_put_v(t, t->d.rd, second ? words(t, four, two, 1, 0, 1, 0) : words(t, four, two, 3, 2, 3, 2));
}

static void sha256h(struct a64_tr *t, unsigned arg)
{
    (void)arg;
    sha256_rounds(t, a64_v(t, t->d.rd), a64_v(t, t->d.rn), a64_v(t, t->d.rm), false);
}

static void sha256h2(struct a64_tr *t, unsigned arg)
{
    (void)arg;
    sha256_rounds(t, a64_v(t, t->d.rn), a64_v(t, t->d.rd), a64_v(t, t->d.rm), true);
}

static void sha256su0(struct a64_tr *t, unsigned arg)
{
    (void)arg;
    a64_put_v(t, t->d.rd,
              ir_callv(t->u, A64_VEC_sha256_msg1, a64_v(t, t->d.rd), a64_v(t, t->d.rn), IR_NONE, 0));
}

/* The words seven before are added first: they lie across Vn and Vm. */
static void sha256su1(struct a64_tr *t, unsigned arg)
{
    (void)arg;
    ir_val_t m = a64_v(t, t->d.rm), seven = ir_vop(t->u, IR_VEXT, 0, a64_v(t, t->d.rn), m, IR_NONE, 4);
    ir_val_t sum = ir_vop2(t->u, IR_VADD, 2, a64_v(t, t->d.rd), seven);
    a64_put_v(t, t->d.rd, ir_callv(t->u, A64_VEC_sha256_msg2, sum, m, IR_NONE, 0));
}

static void pmull(struct a64_tr *t, unsigned lane)
{
    a64_put_v(t, t->d.rd, ir_callv(t->u, A64_VEC_carry_less, a64_v(t, t->d.rn), a64_v(t, t->d.rm), IR_NONE,
                                   lane * 0x11));
}

/* clang-format off */
#define FP A64_SEM_FP
#define H(name) A64_VEC_##name
const struct a64_semantics a64_crypto_rows[] = {
    { A64_INSN_AESE, FP, aes_begin, IR_AES_LAST },     { A64_INSN_AESD, FP, aes_begin, IR_AES_LAST | IR_AES_DECRYPT },
    { A64_INSN_AESMC, FP, aesmc, 0 },                  { A64_INSN_AESIMC, FP, aesimc, 0 },
    { A64_INSN_SHA1C, FP, sha1, 0 },                   { A64_INSN_SHA1P, FP, sha1, 1 },
    { A64_INSN_SHA1M, FP, sha1, 2 },                   { A64_INSN_SHA1H, FP, sha1h, 0 },
    { A64_INSN_SHA1SU0, FP, sha1su0, 0 },              { A64_INSN_SHA1SU1, FP, sha1su1, 0 },
    { A64_INSN_SHA256H, FP, sha256h, 0 },              { A64_INSN_SHA256H2, FP, sha256h2, 0 },
    { A64_INSN_SHA256SU0, FP, sha256su0, 0 },          { A64_INSN_SHA256SU1, FP, sha256su1, 0 },
    { A64_INSN_SHA512H, FP, helper, H(sha512h) | READS_D | READS_M },
    { A64_INSN_SHA512H2, FP, helper, H(sha512h2) | READS_D | READS_M },
    { A64_INSN_SHA512SU0, FP, helper, H(sha512su0) | READS_D },
    { A64_INSN_SHA512SU1, FP, helper, H(sha512su1) | READS_D | READS_M },
    { A64_INSN_RAX1, FP, rax1, 0 },                    { A64_INSN_XAR, FP, xar, 0 },
    { A64_INSN_EOR3, FP, eor3, 0 },                    { A64_INSN_BCAX, FP, bcax, 0 },
    { A64_INSN_SM3SS1, FP, sm3ss1, 0 },
    { A64_INSN_SM3TT1A, FP, sm3tt, 0 },                { A64_INSN_SM3TT1B, FP, sm3tt, 1 },
    { A64_INSN_SM3TT2A, FP, sm3tt, 2 },                { A64_INSN_SM3TT2B, FP, sm3tt, 3 },
    { A64_INSN_SM3PARTW1, FP, helper, H(sm3partw1) | READS_D | READS_M },
    { A64_INSN_SM3PARTW2, FP, helper, H(sm3partw2) | READS_D | READS_M },
    { A64_INSN_SM4E, FP, helper, H(sm4e) | READS_D },  { A64_INSN_SM4EKEY, FP, helper, H(sm4ekey) | READS_M },
    { A64_INSN_PMULL_D, FP, pmull, 0 },                { A64_INSN_PMULL2_D, FP, pmull, 1 },
    A64_ROWS_END
};
/* clang-format on */
