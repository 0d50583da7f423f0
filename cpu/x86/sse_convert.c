/* SPDX-License-Identifier: Apache-2.0 */
/* Conversions between floating-point formats and integers: SDM volume 1, 5.5.2, 5.6.1.6, 4.8.4. */
#include "cpu/x86/simd.h"
#include "core/exec/fp.h"
#include "core/exec/vec.h"
#include "core/util/bits.h"

/* ---- packed: `arg` = enum ir_op | shape << 8 | TRUNCATES; lanes are 32 bits but where the shape
 * says 64 to 64 ---- */
enum shape { SAME, WIDEN, NARROW, SAME64 };
enum { TRUNCATES = 1 << 12, UNSIGNED = 1 << 13 };
#define CVT(op, shape) ((unsigned)IR_##op | (unsigned)(shape) << 8)

/*
 * What the IR has no operation for: unsigned integers, and 64-bit integers from or to f32. imm:
 * from | to << 4 | rounding << 8 | elements << 12; results next to each other from the bottom,
 * zeros above.
 */
enum element { F32, F64, I32, I64, U32, U64 };
static uint64_t convert_element(struct fp_env *e, enum element from, enum element to, uint64_t x)
{
    enum fp_format f = from == F32 || to == F32 ? FP_F32 : FP_F64;
    if (to <= F64)
        return fp_from_int(e, f, from == I64 || from == U64 ? 64 : 32, from >= U32, x);
    return fp_to_int(e, f, to == I64 || to == U64 ? 64 : 32, to >= U32, x);
}

void x86_vec_convert(struct cpu *cpu, union ir_vec *dst, const union ir_vec *a,
                     const union ir_vec *b, const union ir_vec *c, uint64_t imm)
{
    static const uint8_t lanes[] = { 2, 3, 2, 3, 2, 3 };
    enum element from = (enum element)(imm & 15), to = (enum element)(imm >> 4 & 15);
    union ir_vec r = { .d = { 0 } };
    struct fp_env env;
    (void)b, (void)c;
    fp_env_init(&env, IR_FP_X86, cpu->fp_mode, (enum ir_rm)(imm >> 8 & 15));
    for (unsigned i = 0; i < imm >> 12; i++)
        vec_set_lane(&r, lanes[to], i,
                     convert_element(&env, from, to, vec_lane(a, lanes[from], i)));
    cpu->fp_flags |= env.flags;
    *dst = r;
}

/* `arg` of those: IR_CALLV | shape << 8 | TRUNCATES | from << 16 | to << 20 */
#define BY_CALL(from, to, shape) (CVT(CALLV, shape) | (unsigned)(from) << 16 | (unsigned)(to) << 20)

static ir_val_t convert_call(struct x86_tr *t, unsigned arg, enum ir_rm rm, ir_val_t v)
{
    unsigned shape = arg >> 8 & 15, elements = shape == SAME ? 4 : 2;
    return ir_callv(t->u, X86_VEC_convert, v, IR_NONE, IR_NONE,
                    (arg >> 16 & 0xff) | (unsigned)rm << 8 | elements << 12);
}

static ir_val_t convert1(struct x86_tr *t, unsigned arg, unsigned lane, ir_val_t v)
{
    enum ir_op op = (enum ir_op)(arg & 0xff);
    enum ir_rm rm = arg & TRUNCATES ? IR_RTZ : simd_rm(t);
    if (op == IR_CALLV)
        return convert_call(t, arg, rm, v);
    if (op == IR_VITOFW || op == IR_VFWIDEN) /* exact */
        rm = IR_RNE;
    return ir_vfop(t->u, op, lane, rm, v, IR_NONE, IR_NONE, arg & UNSIGNED ? 1 : 0);
}

static void convert(struct x86_tr *t, unsigned arg)
{
    unsigned shape = arg >> 8 & 15, n = simd_quarters(t);
    unsigned from = shape == NARROW || shape == SAME64 ? SIMD_Q : SIMD_D;
    unsigned to = shape == WIDEN || shape == SAME64 ? SIMD_Q : SIMD_D,
             lane = shape == SAME64 ? SIMD_Q : SIMD_D;
    unsigned sources = shape == WIDEN ? (n + 1) / 2 : n,
             results = shape == NARROW ? (n + 1) / 2 : n;
    ir_val_t in[4], out[4], r[4];
    for (unsigned q = 0; q < sources; q++)
        in[q] = simd_quiet(t, simd_get(t, 1, q, from), q, from);
    ir_val_t sae = simd_sae_begin(t);
    for (unsigned q = 0; q < n; q++) {
        ir_val_t v = in[shape == WIDEN ? q / 2 : q];
        if (shape == WIDEN && q % 2 != 0)
            v = ir_vop2(t->u, IR_VZIP2, SIMD_Q, v, v);
        out[q] = convert1(t, arg, lane, v);
    }
    simd_sae_end(t, sae);
    for (unsigned q = 0; q < results; q++) {
        if (shape != NARROW)
            r[q] = out[q];
        else
            r[q] = n == 1 ? out[0] : simd_join(t, out[2 * q], out[2 * q + 1]);
    }
    if (shape == NARROW && n == 1)
        simd_put_short(t, r[0], 8, to);
    else
        simd_put(t, r, results, to);
}

/* ---- scalars and general registers ---- */
static enum ir_type float_of(unsigned lane)
{
    return lane == SIMD_D ? IR_F32 : IR_F64;
}

static ir_val_t get_int(struct x86_tr *t, unsigned n, enum ir_type *type)
{
    ir_val_t x = x86_get(t, n);
    *type = t->d.op[n].size == 8 ? IR_I64 : IR_I32;
    return *type == IR_I64 ? x : ir_trunc(t->u, x);
}

static void from_int(struct x86_tr *t, unsigned arg)
{
    enum ir_type from, to = float_of(arg & 3);
    unsigned first = simd_first(t);
    ir_val_t x = get_int(t, first + 1, &from), sae = simd_sae_begin(t);
    bool exact = to == IR_F64 && from == IR_I32;
    x = ir_itof(t->u, to, from, arg & UNSIGNED, exact ? IR_RNE : simd_rm(t), x);
    simd_sae_end(t, sae);
    ir_val_t v = ir_vins(t->u, arg & 3, x86_get_vec(t, first, 0), 0, x);
    simd_put(t, &v, 1, arg & 3);
}

static void to_int(struct x86_tr *t, unsigned arg)
{
    enum ir_type from = float_of(arg & 3), to = t->d.op[0].size == 8 ? IR_I64 : IR_I32;
    ir_val_t x = ir_vlane(t->u, from, arg & 3, x86_get_vec(t, 1, 0), 0), sae = simd_sae_begin(t);
    x = ir_ftoi(t->u, to, from, arg & UNSIGNED, arg & TRUNCATES ? IR_RTZ : simd_rm(t), x);
    simd_sae_end(t, sae);
    x86_put(t, 0, to == IR_I64 ? x : ir_zext(t->u, IR_I64, x, 32));
}

/* CVTSS2SD, CVTSD2SS; `lane` of the source. */
static void between(struct x86_tr *t, unsigned lane)
{
    unsigned first = simd_first(t), to = lane == SIMD_D ? SIMD_Q : SIMD_D;
    ir_val_t b = simd_get(t, first + 1, 0, lane), a = x86_get_vec(t, first, 0);
    ir_val_t x = ir_vlane(t->u, float_of(lane), lane, simd_quiet(t, b, 0, lane), 0),
             sae = simd_sae_begin(t);
    x = ir_fcvt(t->u, float_of(to), float_of(lane), to == SIMD_Q ? IR_RNE : simd_rm(t), x);
    simd_sae_end(t, sae);
    simd_put_scalar(t, ir_vop1(t->u, IR_VSCALAR, to, x), a, to);
}

/* ---- MMX: two 32-bit integers ---- */
static void from_mmx(struct x86_tr *t, unsigned arg)
{
    ir_val_t x = simd_get(t, 1, 0, SIMD_D);
    (void)arg;
    x = ir_vfop(t->u, IR_VITOF, SIMD_D, IR_RM_DYN, x, IR_NONE, IR_NONE, 0);
    x = ir_vins(t->u, SIMD_Q, x86_get_vec(t, 0, 0), 0, ir_vlane(t->u, IR_F64, SIMD_Q, x, 0));
    simd_put(t, &x, 1, SIMD_D);
}

static void to_mmx(struct x86_tr *t, unsigned arg)
{
    ir_val_t x = simd_get(t, 1, 0, SIMD_D);
    if ((arg & 0xff) == IR_VFTOI) /* the upper half of a register must raise nothing */
        x = simd_join(t, x, simd_zero(t));
    x = convert1(t, arg, SIMD_D, x);
    simd_put(t, &x, 1, SIMD_D);
}

/* clang-format off */
#define FP_512(NAME, fn, arg) { X86_INSN_V##NAME, X86_SEM_AVX512 | X86_SEM_FP, fn, arg }
#define BOTH(NAME, from, to, shape)                                                                \
    FP_512(CVT##NAME, convert, BY_CALL(from, to, shape)), FP_512(CVTT##NAME, convert, BY_CALL(from, to, shape) | TRUNCATES)
const struct x86_semantics x86_sse_convert_rows[] = {
    SIMD_FP_3(CVTPS2PD, convert, CVT(VFWIDEN, WIDEN)), SIMD_FP_3(CVTPD2PS, convert, CVT(VFNARROW, NARROW)),
    SIMD_FP_3(CVTDQ2PS, convert, CVT(VITOF, SAME)), SIMD_3(CVTDQ2PD, convert, CVT(VITOFW, WIDEN)),
    SIMD_FP_3(CVTPS2DQ, convert, CVT(VFTOI, SAME)), SIMD_FP_3(CVTTPS2DQ, convert, CVT(VFTOI, SAME) | TRUNCATES),
    SIMD_FP_3(CVTPD2DQ, convert, CVT(VFTOIN, NARROW)), SIMD_FP_3(CVTTPD2DQ, convert, CVT(VFTOIN, NARROW) | TRUNCATES),
    SIMD_FP_3(CVTSI2SS, from_int, SIMD_D), SIMD_FP_3(CVTSI2SD, from_int, SIMD_Q),
    SIMD_FP_3(CVTSS2SI, to_int, SIMD_D), SIMD_FP_3(CVTSD2SI, to_int, SIMD_Q),
    SIMD_FP_3(CVTTSS2SI, to_int, SIMD_D | TRUNCATES), SIMD_FP_3(CVTTSD2SI, to_int, SIMD_Q | TRUNCATES),
    SIMD_FP_3(CVTSS2SD, between, SIMD_D), SIMD_FP_3(CVTSD2SS, between, SIMD_Q),
    SIMD_FP_LEGACY(CVTPI2PS, from_mmx, 0), SIMD_LEGACY(CVTPI2PD, convert, CVT(VITOFW, WIDEN)),
    SIMD_FP_LEGACY(CVTPS2PI, to_mmx, CVT(VFTOI, SAME)), SIMD_FP_LEGACY(CVTTPS2PI, to_mmx, CVT(VFTOI, SAME) | TRUNCATES),
    SIMD_FP_LEGACY(CVTPD2PI, to_mmx, CVT(VFTOIN, NARROW)),
    SIMD_FP_LEGACY(CVTTPD2PI, to_mmx, CVT(VFTOIN, NARROW) | TRUNCATES),
    FP_512(CVTSS2USI, to_int, SIMD_D | UNSIGNED), FP_512(CVTSD2USI, to_int, SIMD_Q | UNSIGNED),
    FP_512(CVTTSS2USI, to_int, SIMD_D | UNSIGNED | TRUNCATES), FP_512(CVTTSD2USI, to_int, SIMD_Q | UNSIGNED | TRUNCATES),
    FP_512(CVTUSI2SS, from_int, SIMD_D | UNSIGNED), FP_512(CVTUSI2SD, from_int, SIMD_Q | UNSIGNED),
    BOTH(PS2UDQ, F32, U32, SAME), BOTH(PD2UDQ, F64, U32, NARROW), BOTH(PS2QQ, F32, I64, WIDEN),
    BOTH(PS2UQQ, F32, U64, WIDEN), BOTH(PD2QQ, F64, I64, SAME64), BOTH(PD2UQQ, F64, U64, SAME64),
    FP_512(CVTUDQ2PS, convert, BY_CALL(U32, F32, SAME)), FP_512(CVTUDQ2PD, convert, BY_CALL(U32, F64, WIDEN)),
    FP_512(CVTQQ2PS, convert, BY_CALL(I64, F32, NARROW)), FP_512(CVTUQQ2PS, convert, BY_CALL(U64, F32, NARROW)),
    FP_512(CVTQQ2PD, convert, BY_CALL(I64, F64, SAME64)), FP_512(CVTUQQ2PD, convert, BY_CALL(U64, F64, SAME64)),
    X86_ROWS_END
};
/* clang-format on */
