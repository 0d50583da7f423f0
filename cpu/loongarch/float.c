/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scalar floating point: manual, 3.2.1 to 3.2.4. Inline while no exception is enabled in FCSR; else every operation
 * is a helper's, which may raise FPE. Registers are the low lanes of the vector registers; what is above stays.
 */
#include "cpu/loongarch/float_impl.h"
#include "cpu/loongarch/translate_impl.h"

/* Row argument: precision, what the helper does, then what the function wants. */
enum { S = 0, D = 1 };
#define ARG(precision, op, rest) ((unsigned)(precision) | (unsigned)(op) << 1 | (unsigned)(rest) << 8)
#define IS_D(arg)                ((arg) & 1)
#define FTYPE(arg)               (IS_D(arg) ? IR_F64 : IR_F32)
#define FLANE(arg)               (IS_D(arg) ? 3u : 2u)
#define OP(arg)                  ((enum fp_op)((arg) >> 1 & 0x7f))
#define REST(arg)                ((arg) >> 8)

enum fp_op {
    OP_ADD, OP_SUB, OP_MUL, OP_DIV, OP_FMADD, OP_FMSUB, OP_FNMADD, OP_FNMSUB, OP_MAX, OP_MIN, OP_MAXA, OP_MINA,
    OP_SQRT, OP_RECIP, OP_RSQRT, OP_SCALEB, OP_LOGB, OP_CMP, OP_CVT, OP_TO_INT, OP_FROM_INT, OP_RINT
};

/* ---- registers ---- */
static ir_val_t operand(struct la_tr *t, unsigned arg, unsigned n)
{
    return ir_vlane(t->u, FTYPE(arg), FLANE(arg), la_v(t, n, 0), 0);
}

static void put_lane(struct la_tr *t, unsigned lane, unsigned n, ir_val_t v)
{
    la_put_v(t, t->d.rd, 0, ir_vins(t->u, lane, la_v(t, t->d.rd, 0), n, v));
}

static void result(struct la_tr *t, unsigned arg, ir_val_t v)
{
    put_lane(t, FLANE(arg), 0, v);
}

static ir_val_t one(struct la_tr *t, unsigned arg)
{
    return ir_const(t->u, FTYPE(arg), IS_D(arg) ? 0x3ff0000000000000ull : 0x3f800000ull);
}

/* ---- through the helper ---- */
static bool traps(const struct la_tr *t)
{
    return UNLIKELY(t->mode & LA_MODE_FP_TRAP);
}

/* The low bits of a register, or a 0 in place of none. */
static ir_val_t image(struct la_tr *t, unsigned lane, int n)
{
    return n < 0 ? la_const(t, 0) : ir_vlane(t->u, IR_I64, lane, la_v(t, (unsigned)n, 0), 0);
}

void la_note_fp(struct la_tr *t, uint64_t what, int a, int b, int c, unsigned halves)
{
    const int regs[3] = { a, b, c };
    ir_put(t->u, LA_SLOT_FP_LAST, la_const(t, what));
    for (unsigned h = 0; h < halves; h++)
        for (unsigned i = 0; i < ARRAY_LEN(regs); i++)
            if (regs[i] >= 0)
                ir_put(t->u, (h ? LA_SLOT_FP_XA : LA_SLOT_FP_A) + i, la_v(t, (unsigned)regs[i], h));
}

/* `how`: for the helper, beside the operation: rounding, integer's size, condition. Gives the result's bits. */
#define HOW_RM(rm)    ((uint64_t)(rm) << 8)
#define HOW_LONG      (1ull << 12)
#define HOW_COND(c)   ((uint64_t)(c) << 16)
#define HOW_RM_OF(how) ((how) >> 8 & 7)
static void note(struct la_tr *t, unsigned arg, uint64_t how, int a, int b, int c)
{
    la_note_fp(t, LA_FP_SCALAR | (arg & 0xff) | how, a, b, c, 1);
}

/* It sets Cause. */
static ir_val_t call(struct la_tr *t, unsigned arg, uint64_t how, ir_val_t a, ir_val_t b, ir_val_t c)
{
    ir_put(t->u, LA_SLOT_FP_LAST, la_const(t, 0));
    return ir_call(t->u, IR_I64, LA_HELPER_fp, la_const(t, (arg & 0xff) | how), a, b, c);
}

static void called(struct la_tr *t, unsigned arg, uint64_t how, int a, int b, int c)
{
    ir_val_t x = image(t, FLANE(arg), a), y = image(t, FLANE(arg), b), z = image(t, FLANE(arg), c);
    put_lane(t, FLANE(arg), 0, call(t, arg, how, x, y, z));
}

/* Exceptions are enabled: it is done. Else it is noted, to be done inline. */
static bool is_called(struct la_tr *t, unsigned arg, int a, int b, int c)
{
    if (traps(t))
        called(t, arg, HOW_RM(IR_RM_DYN), a, b, c);
    else
        note(t, arg, HOW_RM(IR_RM_DYN), a, b, c);
    return traps(t);
}

static uint64_t convert(struct fp_env *env, enum fp_op op, uint64_t how, uint64_t a)
{
    enum fp_format f = how & 1 ? FP_F64 : FP_F32;
    unsigned bits = how & HOW_LONG ? 64 : 32;
    switch (op) {
    case OP_CVT: return fp_cvt(env, f, f == FP_F64 ? FP_F32 : FP_F64, a);
    case OP_TO_INT: return fp_to_int(env, f, bits, false, a);
    case OP_FROM_INT: return fp_from_int(env, f, bits, false, a);
    case OP_RINT: return fp_round(env, f, a, true);
    case OP_LOGB: return la_fp_logb(env, f, a);
    case OP_RECIP: return la_fp_recip(env, f, a);
    case OP_RSQRT: return la_fp_rsqrt(env, f, a);
    default: return fp_sqrt(env, f, a);
    }
}

static uint64_t compute(struct fp_env *env, enum fp_op op, uint64_t how, uint64_t a, uint64_t b, uint64_t c)
{
    enum fp_format f = how & 1 ? FP_F64 : FP_F32;
    switch (op) {
    case OP_ADD: return fp_add(env, f, a, b);
    case OP_SUB: return fp_sub(env, f, a, b);
    case OP_MUL: return fp_mul(env, f, a, b);
    case OP_DIV: return fp_div(env, f, a, b);
    case OP_FMADD: case OP_FMSUB: case OP_FNMADD: case OP_FNMSUB:
        return la_fp_fma(env, f, a, b, c, op == OP_FMSUB || op == OP_FNMSUB, op >= OP_FNMADD);
    case OP_MAX: return fp_max(env, f, a, b, false);
    case OP_MIN: return fp_min(env, f, a, b, false);
    case OP_MAXA: case OP_MINA: return la_fp_max_mag(env, f, a, b, op == OP_MINA);
    case OP_SCALEB: return la_fp_scaleb(env, f, a, f == FP_F64 ? (int64_t)b : (int32_t)b);
    case OP_CMP: return la_fp_compare(env, f, how >> 16 & 0x1f, a, b);
    default: return convert(env, op, how, a);
    }
}

/* Where a subnormal result was computed: U, if it is enabled, whether it is exact or not. */
static bool is_tiny(enum fp_op op, uint64_t how, uint64_t r)
{
    bool computes = op <= OP_FNMSUB || op == OP_SCALEB || op == OP_RECIP || (op == OP_CVT && !(how & 1));
    return computes && la_fp_is_tiny(how & 1 ? FP_F64 : FP_F32, r);
}

enum ir_rm la_fp_rounding(uint64_t what)
{
    return (enum ir_rm)HOW_RM_OF(what);
}

void la_fp_again(struct fp_env *env, uint64_t what, const union ir_vec *operands)
{
    enum fp_op op = (enum fp_op)(what >> 1 & 0x7f);
    bool wide = op == OP_FROM_INT ? what & HOW_LONG : op == OP_CVT ? !(what & 1) : what & 1;
    uint64_t v[3];
    for (unsigned i = 0; i < 3; i++)
        v[i] = wide ? operands[i].d[0] : (uint32_t)operands[i].d[0];
    compute(env, op, what, v[0], v[1], v[2]);
}

uint64_t la_helper_fp(struct cpu *cpu, uint64_t how, uint64_t a, uint64_t b, uint64_t c)
{
    struct la_cpu *la = LA_CPU(cpu);
    enum fp_op op = (enum fp_op)(how >> 1 & 0x7f);
    struct fp_env env;
    la_fp_env(la, (enum ir_rm)(how >> 8 & 7), &env);
    uint64_t r = compute(&env, op, how, a, b, c);
    la_fp_done(la, &env, is_tiny(op, how, r), LA_FPE);
    return r;
}

/* ---- arithmetic ---- */
static void binary(struct la_tr *t, unsigned arg)
{
    if (!is_called(t, arg, t->d.rj, t->d.rk, -1))
        result(t, arg, ir_fop(t->u, (enum ir_op)REST(arg), FTYPE(arg), IR_RM_DYN, operand(t, arg, t->d.rj),
                              operand(t, arg, t->d.rk)));
}

/* FNMADD and FNMSUB negate what was rounded, but not a NaN: those are propagated. */
static void multiply_add(struct la_tr *t, unsigned arg)
{
    struct ir_unit *u = t->u;
    enum ir_type type = FTYPE(arg);
    enum fp_op op = OP(arg);
    if (is_called(t, arg, t->d.rj, t->d.rk, t->d.ra))
        return;
    ir_val_t v = ir_fma(u, type, IR_RM_DYN, operand(t, arg, t->d.rj), operand(t, arg, t->d.rk),
                        operand(t, arg, t->d.ra), false, op == OP_FMSUB || op == OP_FNMSUB);
    if (op >= OP_FNMADD)
        v = ir_select(u, type, ir_fcmp(u, type, IR_FUNORD, v, v), v, ir_fneg(u, type, v));
    result(t, arg, v);
}

static ir_val_t minmax_of(struct la_tr *t, unsigned arg, ir_val_t a, ir_val_t b, bool min)
{
    return min ? ir_fmin(t->u, FTYPE(arg), a, b, false) : ir_fmax(t->u, FTYPE(arg), a, b, false);
}

static void minmax(struct la_tr *t, unsigned arg)
{
    if (!is_called(t, arg, t->d.rj, t->d.rk, -1))
        result(t, arg, minmax_of(t, arg, operand(t, arg, t->d.rj), operand(t, arg, t->d.rk), OP(arg) == OP_MIN));
}

/* Magnitudes that are equal, or a NaN: as FMAX, FMIN. */
static void minmax_magnitude(struct la_tr *t, unsigned arg)
{
    struct ir_unit *u = t->u;
    enum ir_type type = FTYPE(arg);
    bool min = OP(arg) == OP_MINA;
    if (is_called(t, arg, t->d.rj, t->d.rk, -1))
        return;
    ir_val_t a = operand(t, arg, t->d.rj), b = operand(t, arg, t->d.rk);
    ir_val_t x = ir_fabs(u, type, a), y = ir_fabs(u, type, b);
    ir_val_t v = minmax_of(t, arg, a, b, min);
    v = ir_select(u, type, ir_fcmp(u, type, IR_FLT | IR_FCMP_QUIET, x, y), min ? a : b, v);
    v = ir_select(u, type, ir_fcmp(u, type, IR_FLT | IR_FCMP_QUIET, y, x), min ? b : a, v);
    result(t, arg, v);
}

static void root(struct la_tr *t, unsigned arg)
{
    struct ir_unit *u = t->u;
    enum ir_type type = FTYPE(arg);
    if (is_called(t, arg, t->d.rj, -1, -1))
        return;
    ir_val_t v = operand(t, arg, t->d.rj);
    if (OP(arg) != OP_RECIP)
        v = ir_fsqrt(u, type, IR_RM_DYN, v);
    if (OP(arg) != OP_SQRT)
        v = ir_fdiv(u, type, IR_RM_DYN, one(t, arg), v);
    result(t, arg, v);
}

static void by_helper(struct la_tr *t, unsigned arg)
{
    called(t, arg, HOW_RM(IR_RM_DYN), t->d.rj, OP(arg) == OP_SCALEB ? t->d.rk : -1, -1);
}

enum sign { ABSOLUTE, NEGATE, COPY, COPY_SIGN };
static void sign(struct la_tr *t, unsigned arg)
{
    struct ir_unit *u = t->u;
    enum ir_type type = FTYPE(arg);
    ir_val_t v = operand(t, arg, t->d.rj);
    switch (REST(arg)) {
    case ABSOLUTE: v = ir_fabs(u, type, v); break;
    case NEGATE: v = ir_fneg(u, type, v); break;
    case COPY_SIGN: v = ir_fsgnj(u, type, v, operand(t, arg, t->d.rk), 0); break;
    default: break;
    }
    result(t, arg, v);
}

static void fclass(struct la_tr *t, unsigned arg)
{
    put_lane(t, FLANE(arg), 0,
             ir_call(t->u, IR_I64, LA_HELPER_fclass, image(t, FLANE(arg), t->d.rj), la_const(t, IS_D(arg)), IR_NONE,
                     IR_NONE));
}

uint64_t la_helper_fclass(struct cpu *cpu, uint64_t v, uint64_t d, uint64_t unused, uint64_t unused2)
{
    (void)cpu, (void)unused, (void)unused2;
    return la_fp_class(d ? FP_F64 : FP_F32, v);
}

/* ---- comparison ---- */
/*
 * Conditions are sets of less, equal, unordered, greater; the odd ones signal for quiet NaNs as well. IMAGE tells all
 * four: 1, 0x40, 0x45, 0.
 */
static ir_val_t condition(struct la_tr *t, unsigned arg, unsigned cond)
{
    struct ir_unit *u = t->u;
    enum ir_type type = FTYPE(arg);
    ir_val_t a = operand(t, arg, t->d.rj), b = operand(t, arg, t->d.rk), zero = la_const(t, 0);
    unsigned quiet = cond & 1 ? 0 : IR_FCMP_QUIET;
    switch (cond & ~1u) {
    case 0x02: return ir_fcmp(u, type, IR_FLT | quiet, a, b);
    case 0x06: return ir_fcmp(u, type, IR_FLE | quiet, a, b);
    case 0x0a: return ir_op2i(u, IR_XOR, IR_I64, ir_fcmp(u, type, IR_FLE | quiet, b, a), 1);
    case 0x0e: return ir_op2i(u, IR_XOR, IR_I64, ir_fcmp(u, type, IR_FLT | quiet, b, a), 1);
    default: break;
    }
    if (cond == 0x04)
        return ir_fcmp(u, type, IR_FEQ, a, b);
    if (cond == 0x18)
        return ir_op2i(u, IR_XOR, IR_I64, ir_fcmp(u, type, IR_FEQ, a, b), 1);
    if (cond == 0x08 || cond == 0x14)
        return ir_op2i(u, IR_XOR, IR_I64, ir_fcmp(u, type, IR_FUNORD, a, b), cond == 0x14);
    ir_val_t v = ir_fcmp(u, type, IR_FIMAGE | quiet, a, b);
    switch (cond & ~1u) {
    case 0x00: return zero; /* for its exception alone */
    case 0x04: return ir_setcc(u, IR_I64, IR_EQ, v, la_const(t, 0x40));
    case 0x08: return ir_extract(u, IR_I64, v, 2, 1);
    case 0x0c: return ir_extract(u, IR_I64, v, 6, 1);
    case 0x10: return ir_op2i(u, IR_XOR, IR_I64, ir_extract(u, IR_I64, v, 6, 1), 1);
    case 0x14: return ir_op2i(u, IR_XOR, IR_I64, ir_extract(u, IR_I64, v, 2, 1), 1);
    default: return ir_setcc(u, IR_I64, IR_NE, v, la_const(t, 0x40)); /* 0x18 */
    }
}

static void fcmp(struct la_tr *t, unsigned arg)
{
    unsigned cond = (unsigned)t->d.cond;
    if (!traps(t))
        note(t, arg, HOW_RM(IR_RM_DYN) | HOW_COND(cond), t->d.rj, t->d.rk, -1);
    ir_val_t v = traps(t) ? call(t, arg, HOW_RM(IR_RM_DYN) | HOW_COND(cond), image(t, FLANE(arg), t->d.rj),
                                 image(t, FLANE(arg), t->d.rk), la_const(t, 0))
                          : condition(t, arg, cond);
    ir_put(t->u, LA_SLOT_FCC + t->d.cd, v);
}

/* ---- conversion; REST: enum ir_rm, then LONG ---- */
enum { LONG = 8 };
static void fcvt(struct la_tr *t, unsigned arg) /* precision: the result's */
{
    unsigned from = IS_D(arg) ? ARG(S, 0, 0) : ARG(D, 0, 0);
    if (traps(t)) {
        put_lane(t, FLANE(arg), 0, call(t, arg, HOW_RM(IR_RM_DYN), image(t, FLANE(from), t->d.rj), la_const(t, 0),
                                        la_const(t, 0)));
    } else {
        note(t, arg, HOW_RM(IR_RM_DYN), t->d.rj, -1, -1);
        result(t, arg, ir_fcvt(t->u, FTYPE(arg), FTYPE(from), IR_RM_DYN, operand(t, from, t->d.rj)));
    }
}

static void to_integer(struct la_tr *t, unsigned arg)
{
    bool is_long = REST(arg) & LONG;
    enum ir_type type = is_long ? IR_I64 : IR_I32;
    enum ir_rm rm = (enum ir_rm)(REST(arg) & 7);
    uint64_t how = HOW_RM(rm) | (is_long ? HOW_LONG : 0);
    ir_val_t v;
    if (traps(t)) {
        v = call(t, arg, how, image(t, FLANE(arg), t->d.rj), la_const(t, 0), la_const(t, 0));
    } else {
        note(t, arg, how, t->d.rj, -1, -1);
        v = ir_ftoi(t->u, type, FTYPE(arg), false, rm, operand(t, arg, t->d.rj));
    }
    put_lane(t, is_long ? 3 : 2, 0, v);
}

static void from_integer(struct la_tr *t, unsigned arg)
{
    bool is_long = REST(arg) & LONG;
    enum ir_type type = is_long ? IR_I64 : IR_I32;
    uint64_t how = HOW_RM(IR_RM_DYN) | (is_long ? HOW_LONG : 0);
    if (traps(t)) {
        put_lane(t, FLANE(arg), 0, call(t, arg, how, image(t, is_long ? 3 : 2, t->d.rj), la_const(t, 0),
                                        la_const(t, 0)));
    } else {
        note(t, arg, how, t->d.rj, -1, -1);
        ir_val_t v = ir_vlane(t->u, type, is_long ? 3 : 2, la_v(t, t->d.rj, 0), 0);
        result(t, arg, ir_itof(t->u, FTYPE(arg), type, false, IR_RM_DYN, v));
    }
}

static void frint(struct la_tr *t, unsigned arg)
{
    if (!is_called(t, arg, t->d.rj, -1, -1))
        result(t, arg, ir_frint(t->u, FTYPE(arg), IR_RM_DYN, operand(t, arg, t->d.rj), true));
}

/* ---- moves ---- */
static void fsel(struct la_tr *t, unsigned arg)
{
    (void)arg;
    ir_val_t c = ir_get(t->u, LA_SLOT_FCC + t->d.ca);
    ir_val_t j = operand(t, D, t->d.rj), k = operand(t, D, t->d.rk);
    result(t, D, ir_select(t->u, IR_F64, c, k, j));
}

/* From and to general registers: word n or, as lane 3, all 64 bits. */
static void from_general(struct la_tr *t, unsigned n)
{
    put_lane(t, 2, n, la_r(t, IR_I32, t->d.rj));
}

static void from_general_d(struct la_tr *t, unsigned arg)
{
    (void)arg;
    put_lane(t, 3, 0, la_r(t, IR_I64, t->d.rj));
}

static void to_general(struct la_tr *t, unsigned n)
{
    la_put_r(t, IR_I32, t->d.rd, ir_vlane(t->u, IR_I32, 2, la_v(t, t->d.rj, 0), n));
}

static void to_general_d(struct la_tr *t, unsigned arg)
{
    (void)arg;
    la_put_r(t, IR_I64, t->d.rd, image(t, 3, t->d.rj));
}

static void movfr2cf(struct la_tr *t, unsigned arg)
{
    (void)arg;
    ir_put(t->u, LA_SLOT_FCC + t->d.cd, ir_op2i(t->u, IR_AND, IR_I64, image(t, 3, t->d.rj), 1));
}

/* Bit 0 alone is defined; the others are 0. */
static void movcf2fr(struct la_tr *t, unsigned arg)
{
    (void)arg;
    put_lane(t, 3, 0, ir_get(t->u, LA_SLOT_FCC + t->d.cj));
}

static void movgr2cf(struct la_tr *t, unsigned arg)
{
    (void)arg;
    ir_put(t->u, LA_SLOT_FCC + t->d.cd, ir_op2i(t->u, IR_AND, IR_I64, la_r(t, IR_I64, t->d.rj), 1));
}

static void movcf2gr(struct la_tr *t, unsigned arg)
{
    (void)arg;
    la_put_r(t, IR_I64, t->d.rd, ir_get(t->u, LA_SLOT_FCC + t->d.cj));
}

/* Enables (FCSR0, FCSR1) decide how operations are translated. */
static void movgr2fcsr(struct la_tr *t, unsigned arg)
{
    (void)arg;
    ir_call(t->u, IR_VOID, LA_HELPER_set_fcsr, la_const(t, (uint64_t)t->d.fcsr), la_r(t, IR_I64, t->d.rj), IR_NONE,
            IR_NONE);
    ir_exit(t->u, IR_EXIT_LOOKUP, la_next(t));
    t->ended = true;
}

static void movfcsr2gr(struct la_tr *t, unsigned arg)
{
    (void)arg;
    la_put_r(t, IR_I64, t->d.rd,
             ir_call(t->u, IR_I64, LA_HELPER_get_fcsr, la_const(t, (uint64_t)t->d.fcsr), IR_NONE, IR_NONE, IR_NONE));
}

uint64_t la_helper_set_fcsr(struct cpu *cpu, uint64_t view, uint64_t value, uint64_t c, uint64_t d)
{
    struct la_cpu *la = LA_CPU(cpu);
    (void)c, (void)d;
    la_set_fcsr(la, (unsigned)view, value);
    la_update_mode(la);
    return 0;
}

uint64_t la_helper_get_fcsr(struct cpu *cpu, uint64_t view, uint64_t b, uint64_t c, uint64_t d)
{
    (void)b, (void)c, (void)d;
    return sext(la_get_fcsr(LA_CPU_CONST(cpu), (unsigned)view), 32);
}

/* clang-format off */
#define FP(name, fn, arg) { LA_INSN_##name, LA_SEM_FP, fn, arg }
#define BOTH(name, fn, op, rest) FP(name##_S, fn, ARG(S, op, rest)), FP(name##_D, fn, ARG(D, op, rest))
#define TO_INT(name, rm)                                                                           \
    FP(name##_W_S, to_integer, ARG(S, OP_TO_INT, rm)), FP(name##_W_D, to_integer, ARG(D, OP_TO_INT, rm)), \
    FP(name##_L_S, to_integer, ARG(S, OP_TO_INT, (rm) | LONG)),                                    \
    FP(name##_L_D, to_integer, ARG(D, OP_TO_INT, (rm) | LONG))
const struct la_semantics la_float_rows[] = {
    BOTH(FADD, binary, OP_ADD, IR_FADD), BOTH(FSUB, binary, OP_SUB, IR_FSUB), BOTH(FMUL, binary, OP_MUL, IR_FMUL),
    BOTH(FDIV, binary, OP_DIV, IR_FDIV),
    BOTH(FMADD, multiply_add, OP_FMADD, 0), BOTH(FMSUB, multiply_add, OP_FMSUB, 0),
    BOTH(FNMADD, multiply_add, OP_FNMADD, 0), BOTH(FNMSUB, multiply_add, OP_FNMSUB, 0),
    BOTH(FMAX, minmax, OP_MAX, 0), BOTH(FMIN, minmax, OP_MIN, 0),
    BOTH(FMAXA, minmax_magnitude, OP_MAXA, 0), BOTH(FMINA, minmax_magnitude, OP_MINA, 0),
    BOTH(FSQRT, root, OP_SQRT, 0), BOTH(FRECIP, root, OP_RECIP, 0), BOTH(FRSQRT, root, OP_RSQRT, 0),
    BOTH(FRECIPE, root, OP_RECIP, 0), BOTH(FRSQRTE, root, OP_RSQRT, 0),
    BOTH(FSCALEB, by_helper, OP_SCALEB, 0), BOTH(FLOGB, by_helper, OP_LOGB, 0), BOTH(FCLASS, fclass, 0, 0),
    BOTH(FABS, sign, 0, ABSOLUTE), BOTH(FNEG, sign, 0, NEGATE), BOTH(FMOV, sign, 0, COPY),
    BOTH(FCOPYSIGN, sign, 0, COPY_SIGN),
    BOTH(FCMP_, fcmp, OP_CMP, 0),
    FP(FCVT_S_D, fcvt, ARG(S, OP_CVT, 0)), FP(FCVT_D_S, fcvt, ARG(D, OP_CVT, 0)),
    TO_INT(FTINT, IR_RM_DYN), TO_INT(FTINTRM, IR_RDN), TO_INT(FTINTRP, IR_RUP), TO_INT(FTINTRZ, IR_RTZ),
    TO_INT(FTINTRNE, IR_RNE),
    FP(FFINT_S_W, from_integer, ARG(S, OP_FROM_INT, 0)), FP(FFINT_S_L, from_integer, ARG(S, OP_FROM_INT, LONG)),
    FP(FFINT_D_W, from_integer, ARG(D, OP_FROM_INT, 0)), FP(FFINT_D_L, from_integer, ARG(D, OP_FROM_INT, LONG)),
    BOTH(FRINT, frint, OP_RINT, 0),
    FP(FSEL, fsel, 0),
    FP(MOVGR2FR_W, from_general, 0), FP(MOVGR2FRH_W, from_general, 1), FP(MOVGR2FR_D, from_general_d, 0),
    FP(MOVFR2GR_S, to_general, 0), FP(MOVFRH2GR_S, to_general, 1), FP(MOVFR2GR_D, to_general_d, 0),
    FP(MOVFR2CF, movfr2cf, 0), FP(MOVCF2FR, movcf2fr, 0), FP(MOVGR2CF, movgr2cf, 0), FP(MOVCF2GR, movcf2gr, 0),
    FP(MOVGR2FCSR, movgr2fcsr, 0), FP(MOVFCSR2GR, movfcsr2gr, 0),
    LA_ROWS_END
};
/* clang-format on */
