/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Advanced SIMD cryptography: Arm ARM, C4.1.96. Rotations, exclusive ors and carry-less
 * products are plain IR; rounds of ciphers and hashes are vector helpers (crypto_cipher.c, crypto_hash.c).
 */
#include "cpu/arm64/crypto_impl.h"
#include "cpu/arm64/translate_impl.h"

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

static void pmull(struct a64_tr *t, unsigned lane)
{
    struct ir_unit *u = t->u;
    ir_val_t a = ir_vlane(u, IR_I64, 3, a64_v(t, t->d.rn), lane);
    ir_val_t b = ir_vlane(u, IR_I64, 3, a64_v(t, t->d.rm), lane);
    ir_val_t low = ir_vop1(u, IR_VSCALAR, 3, ir_clmul(u, IR_I64, a, b));
    a64_put_v(t, t->d.rd, ir_vins(u, 3, low, 1, ir_clmulh(u, IR_I64, a, b)));
}

/* clang-format off */
#define FP A64_SEM_FP
#define H(name) A64_VEC_##name
const struct a64_semantics a64_crypto_rows[] = {
    { A64_INSN_AESE, FP, helper, H(aese) | READS_D },  { A64_INSN_AESD, FP, helper, H(aesd) | READS_D },
    { A64_INSN_AESMC, FP, helper, H(aesmc) },          { A64_INSN_AESIMC, FP, helper, H(aesimc) },
    { A64_INSN_SHA1C, FP, helper, H(sha1) | READS_D | READS_M | A64_SHA1_CHOOSE << IMM },
    { A64_INSN_SHA1P, FP, helper, H(sha1) | READS_D | READS_M | A64_SHA1_PARITY << IMM },
    { A64_INSN_SHA1M, FP, helper, H(sha1) | READS_D | READS_M | A64_SHA1_MAJORITY << IMM },
    { A64_INSN_SHA1H, FP, sha1h, 0 },
    { A64_INSN_SHA1SU0, FP, sha1su0, 0 },              { A64_INSN_SHA1SU1, FP, sha1su1, 0 },
    { A64_INSN_SHA256H, FP, helper, H(sha256h) | READS_D | READS_M },
    { A64_INSN_SHA256H2, FP, helper, H(sha256h2) | READS_D | READS_M },
    { A64_INSN_SHA256SU0, FP, helper, H(sha256su0) | READS_D },
    { A64_INSN_SHA256SU1, FP, helper, H(sha256su1) | READS_D | READS_M },
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
