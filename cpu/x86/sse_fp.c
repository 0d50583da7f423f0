/* SPDX-License-Identifier: Apache-2.0 */
/* Floating-point arithmetic of SSE, AVX and AVX-512: SDM volume 1, 11.4 to 11.6; chapter E for
 * exceptions. */
#include "cpu/x86/simd.h"
#include "core/exec/fp.h"
#include "core/util/bits.h"

/* ---- arithmetic: `arg` = enum ir_op | lane << 8 ---- */
#define OP(op, lane) ((unsigned)IR_##op | (unsigned)(lane) << 8)

static ir_val_t operate(struct x86_tr *t, unsigned arg, unsigned low, ir_val_t a, ir_val_t b)
{
    enum ir_op op = (enum ir_op)(arg & 0xff);
    bool rounds = op != IR_VFMIN && op != IR_VFMAX;
    return ir_vfop(t->u, op, arg >> 8 & 3, (enum ir_rm)((rounds ? (unsigned)simd_rm(t) : 0) | low),
                   a, b, IR_NONE, 0);
}

static void arith(struct x86_tr *t, unsigned arg)
{
    unsigned n = simd_quarters(t), first = simd_first(t), lane = arg >> 8 & 3;
    ir_val_t r[4], a[4], b[4];
    for (unsigned q = 0; q < n; q++) {
        b[q] = simd_quiet(t, simd_get(t, first + 1, q, lane), q, lane);
        a[q] = simd_quiet(t, simd_get(t, first, q, lane), q, lane);
    }
    ir_val_t sae = simd_sae_begin(t);
    for (unsigned q = 0; q < n; q++)
        r[q] = operate(t, arg, 0, a[q], b[q]);
    simd_sae_end(t, sae);
    simd_put(t, r, n, lane);
}

static void arith_scalar(struct x86_tr *t, unsigned arg)
{
    unsigned first = simd_first(t), lane = arg >> 8 & 3;
    ir_val_t b = simd_quiet(t, simd_get(t, first + 1, 0, lane), 0, lane);
    ir_val_t a = simd_get(t, first, 0, lane), sae = simd_sae_begin(t);
    ir_val_t r = operate(t, arg, IR_VF_LOW, simd_quiet(t, a, 0, lane), b);
    simd_sae_end(t, sae);
    if (t->d.k != 0)
        simd_put_scalar(t, r, a, lane);
    else
        simd_put(t, &r, 1, lane);
}

/* ---- one source ---- */
static void square_root(struct x86_tr *t, unsigned lane)
{
    unsigned n = simd_quarters(t);
    ir_val_t r[4];
    for (unsigned q = 0; q < n; q++)
        r[q] = simd_quiet(t, simd_get(t, 1, q, lane), q, lane);
    ir_val_t sae = simd_sae_begin(t);
    for (unsigned q = 0; q < n; q++)
        r[q] = ir_vfop(t->u, IR_VFSQRT, lane, simd_rm(t), r[q], IR_NONE, IR_NONE, 0);
    simd_sae_end(t, sae);
    simd_put(t, r, n, lane);
}

static void square_root_scalar(struct x86_tr *t, unsigned lane)
{
    unsigned first = simd_first(t);
    ir_val_t b = simd_quiet(t, simd_get(t, first + 1, 0, lane), 0, lane), sae = simd_sae_begin(t);
    b = ir_vfop(t->u, IR_VFSQRT, lane, (enum ir_rm)((unsigned)simd_rm(t) | IR_VF_LOW), b, IR_NONE,
                IR_NONE, 0);
    simd_sae_end(t, sae);
    simd_put_scalar(t, b, x86_get_vec(t, first, 0), lane);
}

static ir_val_t round_to(struct x86_tr *t, unsigned lane, unsigned low, ir_val_t a)
{
    unsigned imm = (unsigned)t->d.imm;
    return ir_vfop(t->u, IR_VFRINT, lane, (enum ir_rm)((unsigned)simd_rm_imm(imm) | low), a,
                   IR_NONE, IR_NONE, !(imm & 8));
}

static ir_val_t round1(struct x86_tr *t, unsigned lane, ir_val_t a, ir_val_t b)
{
    (void)b;
    return round_to(t, lane & 3, 0, a);
}

static void round_packed(struct x86_tr *t, unsigned lane)
{
    simd_unary(t, round1, lane, lane);
}

static void round_scalar(struct x86_tr *t, unsigned lane)
{
    unsigned first = simd_first(t);
    ir_val_t r = round_to(t, lane, IR_VF_LOW, simd_get(t, first + 1, 0, lane));
    simd_put_scalar(t, r, x86_get_vec(t, first, 0), lane);
}

/* ---- comparison ---- */
static ir_val_t compare2(struct x86_tr *t, unsigned arg, ir_val_t a, ir_val_t b)
{
    unsigned predicate = (unsigned)t->d.imm & (t->d.vl != 0 ? 31 : 7);
    return ir_vfop(t->u, IR_VFCMP, arg & 3, (enum ir_rm)(arg & IR_VF_LOW), a, b, IR_NONE,
                   predicate);
}

static void compare(struct x86_tr *t, unsigned lane)
{
    simd_binary(t, compare2, lane, lane);
}

static void compare_scalar(struct x86_tr *t, unsigned lane)
{
    unsigned first = simd_first(t);
    ir_val_t b = x86_get_vec(t, first + 1, 0);
    ir_val_t r = compare2(t, lane | IR_VF_LOW, x86_get_vec(t, first, 0), b);
    simd_put(t, &r, 1, lane);
}

/* Into an opmask, under another; `arg`: lane | IR_VF_LOW. */
static void compare_mask(struct x86_tr *t, unsigned arg)
{
    unsigned lane = arg & 3, n = arg & IR_VF_LOW ? 1 : simd_quarters(t);
    ir_val_t r[4], a[4], b[4];
    for (unsigned q = 0; q < n; q++) {
        b[q] = simd_quiet(t, simd_get(t, 2, q, lane), q, lane);
        a[q] = simd_quiet(t, simd_get(t, 1, q, lane), q, lane);
    }
    ir_val_t sae = simd_sae_begin(t);
    for (unsigned q = 0; q < n; q++)
        r[q] = compare2(t, arg, a[q], b[q]);
    simd_sae_end(t, sae);
    ir_val_t bits = simd_to_mask(t, r, n, lane);
    if (arg & IR_VF_LOW)
        bits = ir_op2i(t->u, IR_AND, IR_I64, bits, 1);
    simd_put_mask(t, bits);
}

enum { QUIET = 1 << 8 };
static void compare_flags(struct x86_tr *t, unsigned arg)
{
    enum ir_type type = (arg & 3) == SIMD_D ? IR_F32 : IR_F64;
    ir_val_t b = ir_vlane(t->u, type, arg & 3, x86_get_vec(t, 1, 0), 0);
    ir_val_t a = ir_vlane(t->u, type, arg & 3, x86_get_vec(t, 0, 0), 0), sae = simd_sae_begin(t);
    ir_val_t image =
        ir_fcmp(t->u, type, IR_FIMAGE | (arg & QUIET ? (unsigned)IR_FCMP_QUIET : 0u), a, b);
    simd_sae_end(t, sae);
    x86_set_flags_image(t, image);
}

/* ---- neighbours ---- */
static ir_val_t horizontal2(struct x86_tr *t, unsigned arg, ir_val_t a, ir_val_t b)
{
    unsigned lane = arg >> 8 & 3;
    return operate(t, arg, 0, ir_vop2(t->u, IR_VUZP1, lane, a, b),
                   ir_vop2(t->u, IR_VUZP2, lane, a, b));
}

static void horizontal(struct x86_tr *t, unsigned arg)
{
    simd_binary(t, horizontal2, arg, arg >> 8 & 3);
}

/* Even elements a - b, odd ones a + b; the other half of each operation's elements must raise
 * nothing. */
static ir_val_t add_sub2(struct x86_tr *t, unsigned lane, ir_val_t a, ir_val_t b)
{
    struct ir_unit *u = t->u;
    lane &= 3;
    ir_val_t even = lane == SIMD_D ? simd_dup_const(t, UINT32_MAX) : ir_vconst(u, ~0ull, 0);
    ir_val_t difference = ir_vfop(u, IR_VFSUB, lane, IR_RM_DYN, ir_vop2(u, IR_VAND, 0, a, even),
                                  ir_vop2(u, IR_VAND, 0, b, even), IR_NONE, 0);
    ir_val_t sum = ir_vfop(u, IR_VFADD, lane, IR_RM_DYN, ir_vop2(u, IR_VANDN, 0, a, even),
                           ir_vop2(u, IR_VANDN, 0, b, even), IR_NONE, 0);
    return ir_vop(u, IR_VSELECT, 0, even, difference, sum, 0);
}

static void add_sub(struct x86_tr *t, unsigned lane)
{
    simd_binary(t, add_sub2, lane, lane);
}

/* Elements that the immediate's bits from `low` on name. */
static ir_val_t imm_elements(struct x86_tr *t, unsigned lane, unsigned low)
{
    union ir_vec m = { .d = { 0 } };
    for (unsigned i = 0; i < 16; i++)
        m.b[i] = t->d.imm >> (low + (i >> lane)) & 1 ? 0xff : 0;
    return ir_vconst(t->u, m.d[0], m.d[1]);
}

/* Products of what imm8 7:4 name, summed as pairs, where 3:0 say; 0 elsewhere. */
static ir_val_t dot_product2(struct x86_tr *t, unsigned lane, ir_val_t a, ir_val_t b)
{
    struct ir_unit *u = t->u;
    lane &= 3;
    ir_val_t wanted = imm_elements(t, lane, 4);
    ir_val_t v = ir_vfop(u, IR_VFMUL, lane, IR_RM_DYN, ir_vop2(u, IR_VAND, 0, a, wanted),
                         ir_vop2(u, IR_VAND, 0, b, wanted), IR_NONE, 0);
    v = ir_vop2(u, IR_VAND, 0, v, wanted);
    for (unsigned n = 16u >> lane; n > 1; n /= 2)
        v = ir_vfop(u, IR_VFADD, lane, IR_RM_DYN, ir_vop2(u, IR_VUZP1, lane, v, v),
                    ir_vop2(u, IR_VUZP2, lane, v, v), IR_NONE, 0);
    return ir_vop2(u, IR_VAND, 0, v, imm_elements(t, lane, 0));
}

static void dot_product(struct x86_tr *t, unsigned lane)
{
    simd_binary(t, dot_product2, lane, lane);
}

/* ---- approximations (SDM, RCPPS, RSQRTPS): the exact value, nearest; no flags; denormals are
 * zeros on either side ---- */
static uint32_t approximate(uint32_t x, bool root)
{
    struct fp_env env;
    fp_env_init(&env, IR_FP_X86, FP_MODE_DAZ | FP_MODE_FTZ, IR_RNE);
    uint64_t v = x;
    if (root)
        v = fp_sqrt(&env, FP_F32, v);
    return (uint32_t)fp_div(&env, FP_F32, 0x3f800000, v);
}

void x86_vec_approximate(struct cpu *cpu, union ir_vec *dst, const union ir_vec *a,
                         const union ir_vec *b, const union ir_vec *c, uint64_t root)
{
    (void)cpu, (void)b, (void)c;
    for (unsigned i = 0; i < 4; i++)
        dst->w[i] = approximate(a->w[i], root != 0);
}

static ir_val_t approximate1(struct x86_tr *t, unsigned root, ir_val_t a, ir_val_t b)
{
    (void)b;
    return ir_callv(t->u, X86_VEC_approximate, a, IR_NONE, IR_NONE, root & 1);
}

static void approximate_packed(struct x86_tr *t, unsigned root)
{
    simd_unary(t, approximate1, root, SIMD_D);
}

static void approximate_scalar(struct x86_tr *t, unsigned root)
{
    unsigned first = simd_first(t);
    ir_val_t r = approximate1(t, root, x86_get_vec(t, first + 1, 0), IR_NONE);
    simd_put_scalar(t, r, x86_get_vec(t, first, 0), SIMD_D);
}

/* clang-format off */
#define ARITH(NAME, op)                                                                            \
    SIMD_FP_3(NAME##PS, arith, OP(op, 2)), SIMD_FP_3(NAME##PD, arith, OP(op, 3)),                  \
    SIMD_FP_3(NAME##SS, arith_scalar, OP(op, 2)), SIMD_FP_3(NAME##SD, arith_scalar, OP(op, 3))
const struct x86_semantics x86_sse_fp_rows[] = {
    ARITH(ADD, VFADD), ARITH(SUB, VFSUB), ARITH(MUL, VFMUL), ARITH(DIV, VFDIV),
    ARITH(MIN, VFMIN), ARITH(MAX, VFMAX),
    SIMD_FP_3(SQRTPS, square_root, SIMD_D), SIMD_FP_3(SQRTPD, square_root, SIMD_Q),
    SIMD_FP_3(SQRTSS, square_root_scalar, SIMD_D), SIMD_FP_3(SQRTSD, square_root_scalar, SIMD_Q),
    SIMD_FP_2(ROUNDPS, round_packed, SIMD_D), SIMD_FP_2(ROUNDPD, round_packed, SIMD_Q),
    SIMD_FP_2(ROUNDSS, round_scalar, SIMD_D), SIMD_FP_2(ROUNDSD, round_scalar, SIMD_Q),
    SIMD_FP_2(CMPPS, compare, SIMD_D), SIMD_FP_2(CMPPD, compare, SIMD_Q),
    SIMD_FP_2(CMPSS, compare_scalar, SIMD_D), SIMD_FP_2(CMPSD, compare_scalar, SIMD_Q),
    { X86_INSN_VCMPPS_EVEX, X86_SEM_AVX512 | X86_SEM_FP, compare_mask, SIMD_D },
    { X86_INSN_VCMPPD_EVEX, X86_SEM_AVX512 | X86_SEM_FP, compare_mask, SIMD_Q },
    { X86_INSN_VCMPSS_EVEX, X86_SEM_AVX512 | X86_SEM_FP, compare_mask, SIMD_D | IR_VF_LOW },
    { X86_INSN_VCMPSD_EVEX, X86_SEM_AVX512 | X86_SEM_FP, compare_mask, SIMD_Q | IR_VF_LOW },
    SIMD_FP_3(COMISS, compare_flags, SIMD_D), SIMD_FP_3(COMISD, compare_flags, SIMD_Q),
    SIMD_FP_3(UCOMISS, compare_flags, SIMD_D | QUIET), SIMD_FP_3(UCOMISD, compare_flags, SIMD_Q | QUIET),
    SIMD_FP_2(HADDPS, horizontal, OP(VFADD, 2)), SIMD_FP_2(HADDPD, horizontal, OP(VFADD, 3)),
    SIMD_FP_2(HSUBPS, horizontal, OP(VFSUB, 2)), SIMD_FP_2(HSUBPD, horizontal, OP(VFSUB, 3)),
    SIMD_FP_2(ADDSUBPS, add_sub, SIMD_D), SIMD_FP_2(ADDSUBPD, add_sub, SIMD_Q),
    SIMD_FP_2(DPPS, dot_product, SIMD_D), SIMD_FP_2(DPPD, dot_product, SIMD_Q),
    SIMD_2(RCPPS, approximate_packed, false), SIMD_2(RCPSS, approximate_scalar, false),
    SIMD_2(RSQRTPS, approximate_packed, true), SIMD_2(RSQRTSS, approximate_scalar, true),
    X86_ROWS_END
};
/* clang-format on */
