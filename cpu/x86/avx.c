/* SPDX-License-Identifier: Apache-2.0 */
/* AVX and AVX2 instructions without a legacy form: SDM volume 1, 5.13, 5.14, 14.1 to 14.7. */
#include "cpu/x86/simd.h"
#include "core/exec/fp.h"
#include "core/exec/vec.h"
#include "core/util/bits.h"

/* ---- whole registers ---- */
/* VZEROUPPER, VZEROALL: registers 0..7 outside 64-bit mode, 0..15 in it. */
static void zero(struct x86_tr *t, unsigned first)
{
    unsigned quarters = x86_cpu_has(t->c, X86_F_AVX512F) ? 4 : 2;
    for (unsigned reg = 0; reg < (x86_is64(t) ? 16u : 8u); reg++)
        for (unsigned q = first; q < quarters; q++)
            ir_put(t->u, X86_SLOT_VEC + 4 * reg + q, simd_zero(t));
}

/* ---- broadcasts and 128-bit parts ---- */
static void broadcast(struct x86_tr *t, unsigned lane)
{
    unsigned n = simd_quarters(t);
    enum ir_type type = lane == SIMD_Q ? IR_F64 : lane == SIMD_D ? IR_F32 : IR_I64;
    ir_val_t r[4], v = simd_get(t, 1, 0, SIMD_WHOLE);
    v = ir_vop1(t->u, IR_VDUP, lane, ir_vlane(t->u, type, lane, v, 0));
    for (unsigned q = 0; q < n; q++)
        r[q] = v;
    simd_put(t, r, n, lane);
}

/* VBROADCASTF32X2: pairs of dwords, masked by dwords. */
static void broadcast_pair(struct x86_tr *t, unsigned arg)
{
    unsigned n = simd_quarters(t);
    ir_val_t r[4], v = simd_get(t, 1, 0, SIMD_WHOLE);
    (void)arg;
    v = simd_join(t, v, v);
    for (unsigned q = 0; q < n; q++)
        r[q] = v;
    simd_put(t, r, n, SIMD_D);
}

/* Operand 1 repeated; `arg`: lane | its quarters << 8. */
static void broadcast_part(struct x86_tr *t, unsigned arg)
{
    unsigned n = simd_quarters(t), part = arg >> 8;
    ir_val_t r[4];
    for (unsigned q = 0; q < n; q++)
        r[q] = q < part ? simd_get(t, 1, q, SIMD_WHOLE) : r[q - part];
    simd_put(t, r, n, arg & 3);
}

static void insert_part(struct x86_tr *t, unsigned arg)
{
    unsigned n = simd_quarters(t), part = arg >> 8,
             at = ((unsigned)t->d.imm & (n / part - 1)) * part;
    ir_val_t r[4];
    for (unsigned q = 0; q < n; q++)
        r[q] = q - at < part ? simd_get(t, 2, q - at, SIMD_WHOLE) : simd_get(t, 1, q, SIMD_WHOLE);
    simd_put(t, r, n, arg & 3);
}

static void extract_part(struct x86_tr *t, unsigned arg)
{
    unsigned n = simd_quarters(t), part = arg >> 8,
             at = ((unsigned)t->d.imm & (n / part - 1)) * part;
    ir_val_t r[4];
    for (unsigned q = 0; q < part; q++)
        r[q] = simd_get(t, 1, at + q, SIMD_WHOLE);
    simd_put(t, r, part, arg & 3);
}

/* VPERM2F128: each half is one of four, or zero. */
static void permute_halves(struct x86_tr *t, unsigned arg)
{
    ir_val_t r[2];
    (void)arg;
    for (unsigned q = 0; q < 2; q++) {
        unsigned imm = (unsigned)t->d.imm >> 4 * q & 15;
        r[q] = imm & 8 ? simd_zero(t) : x86_get_vec(t, imm & 2 ? 2 : 1, imm & 1);
    }
    simd_put(t, r, 2, SIMD_Q);
}

/* ---- permutes ---- */
/* VPERMILPS, VPERMILPD by a vector: bytes of the table follow from the element numbers. */
static ir_val_t permute_in2(struct x86_tr *t, unsigned lane, ir_val_t a, ir_val_t b)
{
    struct ir_unit *u = t->u;
    lane &= 3;
    ir_val_t n, spread;
    if (lane == SIMD_D) {
        n = ir_vop2(u, IR_VAND, 0, b, simd_dup_const(t, 0x0000000300000003));
        n = ir_vop1i(u, IR_VSHL, SIMD_D, n, 2);
        spread = ir_vop2(u, IR_VMUL, SIMD_D, n, simd_dup_const(t, 0x0101010101010101));
        spread = ir_vop2(u, IR_VADD, 0, spread, simd_dup_const(t, 0x0302010003020100));
    } else {
        n = ir_vop2(u, IR_VAND, 0, b, simd_dup_const(t, 2)); /* bit 1 says */
        n = ir_vop1i(u, IR_VSHL, SIMD_Q, n, 2);
        spread = ir_vop2(u, IR_VTBLM, 0, n, ir_vconst(u, 0, 0x0808080808080808));
        spread = ir_vop2(u, IR_VADD, 0, spread, simd_dup_const(t, 0x0706050403020100));
    }
    return ir_vop2(u, IR_VTBLM, 0, a, spread);
}

static void permute_in(struct x86_tr *t, unsigned lane)
{
    unsigned n = simd_quarters(t);
    ir_val_t r[4];
    for (unsigned q = 0; q < n; q++)
        r[q] = permute_in2(t, lane, simd_get(t, 1, q, SIMD_WHOLE), simd_get(t, 2, q, SIMD_WHOLE));
    simd_put(t, r, n, lane);
}

static void permute_in_imm(struct x86_tr *t, unsigned lane)
{
    unsigned n = simd_quarters(t), imm = (unsigned)t->d.imm & 0xff;
    ir_val_t r[4];
    for (unsigned q = 0; q < n; q++) {
        ir_val_t a = simd_get(t, 1, q, SIMD_WHOLE);
        unsigned two = imm >> 2 * q, how = (two & 1 ? 0xeu : 0x4u) | (two & 2 ? 0xe0u : 0x40u);
        r[q] = ir_vop(t->u, IR_VSHUF, SIMD_D, a, a, IR_NONE, lane == SIMD_D ? imm : how);
    }
    simd_put(t, r, n, lane);
}

/* VPERMQ, VPERMPD by an immediate: the four elements of each 256 bits. */
static void permute_quads(struct x86_tr *t, unsigned arg)
{
    unsigned n = simd_quarters(t);
    ir_val_t r[4];
    (void)arg;
    for (unsigned q = 0; q < n; q++) {
        ir_val_t half[2];
        for (unsigned i = 0; i < 2; i++) {
            unsigned from = (unsigned)t->d.imm >> (4 * (q & 1) + 2 * i) & 3;
            ir_val_t v = simd_get(t, 1, (q & ~1u) + from / 2, SIMD_WHOLE);
            half[i] = from & 1 ? ir_vop2(t->u, IR_VZIP2, SIMD_Q, v, v) : v;
        }
        r[q] = simd_join(t, half[0], half[1]);
    }
    simd_put(t, r, n, SIMD_Q);
}

/* The numbers of the elements' bytes in the table, for tables of up to 16 quarters. */
static ir_val_t byte_numbers(struct x86_tr *t, ir_val_t index, unsigned count, unsigned lane)
{
    static const uint64_t repeat[] = { 0x0101010101010101, 0x0001000100010001, 0x0000000100000001, 1 };
    struct ir_unit *u = t->u;
    ir_val_t n = ir_vop2(u, IR_VAND, 0, index,
                         simd_dup_const(t, repeat[lane] * ((16u >> lane) * count - 1)));
    if (lane == SIMD_B)
        return n;
    n = ir_vop1i(u, IR_VSHL, lane, n, lane);
    switch (lane) {
    case SIMD_W:
        n = ir_vop2(u, IR_VOR, 0, n, ir_vop1i(u, IR_VSHL, SIMD_W, n, 8));
        return ir_vop2(u, IR_VOR, 0, n, simd_dup_const(t, 0x0100010001000100));
    case SIMD_D:
        n = ir_vop2(u, IR_VTBLM, 0, n, ir_vconst(u, 0x0404040400000000, 0x0c0c0c0c08080808));
        return ir_vop2(u, IR_VOR, 0, n, simd_dup_const(t, 0x0302010003020100));
    default:
        n = ir_vop2(u, IR_VTBLM, 0, n, ir_vconst(u, 0, 0x0808080808080808));
        return ir_vop2(u, IR_VOR, 0, n, simd_dup_const(t, 0x0706050403020100));
    }
}

ir_val_t simd_permute(struct x86_tr *t, const ir_val_t *table, unsigned count, ir_val_t index,
                      unsigned lane)
{
    struct ir_unit *u = t->u;
    ir_val_t n = byte_numbers(t, index, count, lane), r = IR_NONE;
    for (unsigned k = 0; k < count; k++) { /* numbers outside a quarter give 0 */
        ir_val_t at = k == 0 ? n : ir_vop2(u, IR_VSUB, 0, n, simd_dup_const(t, 0x1010101010101010 * k));
        ir_val_t v = ir_vop2(u, IR_VTBL, 0, table[k], at);
        r = k == 0 ? v : ir_vop2(u, IR_VOR, 0, r, v);
    }
    return r;
}

/* VPERMB to VPERMQ, VPERMPS, VPERMPD: indices in operand 1, table in operand 2. */
static void permute(struct x86_tr *t, unsigned lane)
{
    unsigned n = simd_quarters(t);
    ir_val_t table[4], r[4];
    for (unsigned q = 0; q < n; q++)
        table[q] = simd_get(t, 2, q, SIMD_WHOLE);
    for (unsigned q = 0; q < n; q++)
        r[q] = simd_permute(t, table, n, x86_get_vec(t, 1, q), lane);
    simd_put(t, r, n, lane);
}

/* ---- shifts by elements ---- */
static ir_val_t shift_each2(struct x86_tr *t, unsigned arg, ir_val_t a, ir_val_t b)
{
    return ir_vop2(t->u, (enum ir_op)(arg & 0xff), arg >> 8 & 3, a, b);
}

static void shift_each(struct x86_tr *t, unsigned arg)
{
    simd_binary(t, shift_each2, arg, arg >> 8 & 3);
}
#define SHIFT(op, lane) ((unsigned)IR_##op | (unsigned)(lane) << 8)

/* ---- masked moves: top bits of operand 1's elements ---- */
static void mask_move(struct x86_tr *t, unsigned lane)
{
    unsigned n = simd_quarters(t), bytes = t->d.vl;
    bool stores = x86_is_mem(t, 0);
    ir_val_t m[4], r[4], mask,
        linear = x86_address(t, bytes, stores ? INSN_MEM_WRITE : INSN_MEM_READ);
    for (unsigned q = 0; q < n; q++)
        m[q] = x86_get_vec(t, 1, q);
    mask = simd_to_mask(t, m, n, lane);
    for (unsigned q = 0; q < n; q++) {
        if (stores)
            simd_store_masked(t, linear, mask, x86_get_vec(t, 2, q), q, lane, bytes);
        else
            r[q] = simd_load_masked(t, linear, mask, q, lane, bytes);
    }
    if (!stores)
        simd_put(t, r, n, lane);
}

/* ---- F16C ---- */
/* Four of eight halves, from imm on. No denormal flag; denormals count whatever DAZ says (SDM,
 * VCVTPH2PS). */
void x86_vec_from_half(struct cpu *cpu, union ir_vec *dst, const union ir_vec *a,
                       const union ir_vec *b, const union ir_vec *c, uint64_t first)
{
    struct fp_env env;
    union ir_vec r;
    (void)b, (void)c;
    fp_env_init(&env, IR_FP_X86, cpu->fp_mode & ~FP_MODE_DAZ, IR_RNE);
    for (unsigned i = 0; i < 4; i++)
        r.w[i] = (uint32_t)fp_cvt(&env, FP_F32, FP_F16, a->h[first + i]);
    cpu->fp_flags |= env.flags & ~(uint32_t)CPU_FP_DENORMAL;
    *dst = r;
}

/* Four halves in the low 64 bits; rounding as imm8 says. Tiny halves are not flushed. */
void x86_vec_to_half(struct cpu *cpu, union ir_vec *dst, const union ir_vec *a,
                     const union ir_vec *b, const union ir_vec *c, uint64_t rm)
{
    struct fp_env env;
    union ir_vec r = { .d = { 0 } };
    (void)b, (void)c;
    fp_env_init(&env, IR_FP_X86, cpu->fp_mode, (enum ir_rm)rm);
    for (unsigned i = 0; i < 4; i++)
        r.h[i] = (uint16_t)fp_cvt(&env, FP_F16, FP_F32, a->w[i]);
    cpu->fp_flags |= env.flags;
    *dst = r;
}

static void from_half(struct x86_tr *t, unsigned arg)
{
    unsigned n = simd_quarters(t);
    ir_val_t in[2], r[4];
    (void)arg;
    for (unsigned q = 0; q < (n + 1) / 2; q++) {
        in[q] = simd_get(t, 1, q, SIMD_W);
        ir_val_t m = simd_mask(t, q, SIMD_W);
        in[q] = m == IR_NONE ? in[q] : ir_vop2(t->u, IR_VAND, 0, in[q], m);
    }
    ir_val_t sae = simd_sae_begin(t);
    for (unsigned q = 0; q < n; q++)
        r[q] = ir_callv(t->u, X86_VEC_from_half, in[q / 2], IR_NONE, IR_NONE, q % 2 * 4);
    simd_sae_end(t, sae);
    simd_put(t, r, n, SIMD_D);
}

static void to_half(struct x86_tr *t, unsigned arg)
{
    unsigned n = simd_quarters(t), results = (n + 1) / 2;
    ir_val_t v[4], r[2];
    (void)arg;
    for (unsigned q = 0; q < n; q++)
        v[q] = simd_quiet(t, x86_get_vec(t, 1, q), q, SIMD_D);
    ir_val_t sae = simd_sae_begin(t);
    for (unsigned q = 0; q < n; q++)
        v[q] = ir_callv(t->u, X86_VEC_to_half, v[q], IR_NONE, IR_NONE,
                        simd_rm_imm((unsigned)t->d.imm));
    simd_sae_end(t, sae);
    for (unsigned q = 0; q < results; q++)
        r[q] = n == 1 ? v[0] : simd_join(t, v[2 * q], v[2 * q + 1]);
    if (t->defer && x86_is_mem(t, 0)) /* registers wait for the check, memory does not */
        ir_call(t->u, IR_VOID, X86_HELPER_xm_check, IR_NONE, IR_NONE, IR_NONE, IR_NONE);
    if (n == 1)
        simd_put_short(t, r[0], 8, SIMD_W);
    else
        simd_put(t, r, results, SIMD_W);
}

/* clang-format off */
#define PARTS_512(KIND, BITS, COUNT, part)                                                         \
    SIMD_512(BROADCAST##KIND##BITS##X##COUNT, broadcast_part, part),                               \
    SIMD_512(INSERT##KIND##BITS##X##COUNT, insert_part, part),                                     \
    SIMD_512(EXTRACT##KIND##BITS##X##COUNT, extract_part, part)
#define PART(lane, quarters) ((lane) | (quarters) << 8)
const struct x86_semantics x86_avx_rows[] = {
    SIMD_VEX(ZEROUPPER, zero, 1), SIMD_VEX(ZEROALL, zero, 0),
    SIMD_VEX(BROADCASTSS, broadcast, SIMD_D), SIMD_VEX(BROADCASTSD, broadcast, SIMD_Q),
    SIMD_VEX(PBROADCASTB, broadcast, SIMD_B), SIMD_VEX(PBROADCASTW, broadcast, SIMD_W),
    SIMD_VEX(PBROADCASTD, broadcast, SIMD_D), SIMD_VEX(PBROADCASTQ, broadcast, SIMD_Q),
    SIMD_VEX(BROADCASTF128, broadcast_part, PART(SIMD_Q, 1)), SIMD_VEX(BROADCASTI128, broadcast_part, PART(SIMD_Q, 1)),
    SIMD_VEX(INSERTF128, insert_part, PART(SIMD_Q, 1)), SIMD_VEX(INSERTI128, insert_part, PART(SIMD_Q, 1)),
    SIMD_VEX(EXTRACTF128, extract_part, PART(SIMD_Q, 1)), SIMD_VEX(EXTRACTI128, extract_part, PART(SIMD_Q, 1)),
    SIMD_VEX(PERM2F128, permute_halves, 0), SIMD_VEX(PERM2I128, permute_halves, 0),
    SIMD_VEX(PERMILPS, permute_in, SIMD_D), SIMD_VEX(PERMILPD, permute_in, SIMD_Q),
    SIMD_VEX(PERMILPS_IMM, permute_in_imm, SIMD_D), SIMD_VEX(PERMILPD_IMM, permute_in_imm, SIMD_Q),
    SIMD_VEX(PERMQ, permute_quads, 0), SIMD_VEX(PERMPD, permute_quads, 0),
    SIMD_VEX(PERMD, permute, SIMD_D), SIMD_VEX(PERMPS, permute, SIMD_D),
    SIMD_VEX(PSLLVD, shift_each, SHIFT(VSHLV, 2)), SIMD_VEX(PSLLVQ, shift_each, SHIFT(VSHLV, 3)),
    SIMD_VEX(PSRLVD, shift_each, SHIFT(VSHRV, 2)), SIMD_VEX(PSRLVQ, shift_each, SHIFT(VSHRV, 3)),
    SIMD_VEX(PSRAVD, shift_each, SHIFT(VSARV, 2)),
    SIMD_VEX(MASKMOVPS, mask_move, SIMD_D), SIMD_VEX(MASKMOVPD, mask_move, SIMD_Q),
    SIMD_VEX(PMASKMOVD, mask_move, SIMD_D), SIMD_VEX(PMASKMOVQ, mask_move, SIMD_Q),
    { X86_INSN_VCVTPH2PS, X86_SEM_AVX | X86_SEM_FP, from_half, 0 },
    { X86_INSN_VCVTPS2PH, X86_SEM_AVX | X86_SEM_FP, to_half, 0 },
    SIMD_EVEX(BROADCASTSS, broadcast, SIMD_D), SIMD_EVEX(BROADCASTSD, broadcast, SIMD_Q),
    SIMD_EVEX(PBROADCASTB, broadcast, SIMD_B), SIMD_EVEX(PBROADCASTW, broadcast, SIMD_W),
    SIMD_EVEX(PBROADCASTD, broadcast, SIMD_D), SIMD_EVEX(PBROADCASTQ, broadcast, SIMD_Q),
    SIMD_512(BROADCASTF32X2, broadcast_pair, 0), SIMD_512(BROADCASTI32X2, broadcast_pair, 0),
    PARTS_512(F, 32, 4, PART(SIMD_D, 1)), PARTS_512(F, 32, 8, PART(SIMD_D, 2)),
    PARTS_512(F, 64, 2, PART(SIMD_Q, 1)), PARTS_512(F, 64, 4, PART(SIMD_Q, 2)),
    PARTS_512(I, 32, 4, PART(SIMD_D, 1)), PARTS_512(I, 32, 8, PART(SIMD_D, 2)),
    PARTS_512(I, 64, 2, PART(SIMD_Q, 1)), PARTS_512(I, 64, 4, PART(SIMD_Q, 2)),
    SIMD_EVEX(PERMILPS, permute_in, SIMD_D), SIMD_EVEX(PERMILPD, permute_in, SIMD_Q),
    SIMD_512(PERMILPS_IMM_EVEX, permute_in_imm, SIMD_D), SIMD_512(PERMILPD_IMM_EVEX, permute_in_imm, SIMD_Q),
    SIMD_512(PERMQ_IMM, permute_quads, 0), SIMD_512(PERMPD_IMM, permute_quads, 0),
    SIMD_EVEX(PERMD, permute, SIMD_D), SIMD_EVEX(PERMQ, permute, SIMD_Q), SIMD_EVEX(PERMPS, permute, SIMD_D),
    SIMD_EVEX(PERMPD, permute, SIMD_Q), SIMD_512(PERMB, permute, SIMD_B), SIMD_512(PERMW, permute, SIMD_W),
    SIMD_512(PSLLVW, shift_each, SHIFT(VSHLV, 1)), SIMD_512(PSRLVW, shift_each, SHIFT(VSHRV, 1)),
    SIMD_512(PSRAVW, shift_each, SHIFT(VSARV, 1)), SIMD_512(PSRAVQ, shift_each, SHIFT(VSARV, 3)),
    SIMD_EVEX(PSLLVD, shift_each, SHIFT(VSHLV, 2)), SIMD_EVEX(PSLLVQ, shift_each, SHIFT(VSHLV, 3)),
    SIMD_EVEX(PSRLVD, shift_each, SHIFT(VSHRV, 2)), SIMD_EVEX(PSRLVQ, shift_each, SHIFT(VSHRV, 3)),
    SIMD_EVEX(PSRAVD, shift_each, SHIFT(VSARV, 2)),
    { X86_INSN_VCVTPH2PS_EVEX, X86_SEM_AVX512 | X86_SEM_FP, from_half, 0 },
    { X86_INSN_VCVTPS2PH_EVEX, X86_SEM_AVX512 | X86_SEM_FP, to_half, 0 },
    X86_ROWS_END
};
/* clang-format on */
