/* SPDX-License-Identifier: Apache-2.0 */
#include "core/exec/fp.h"
#include "core/exec/fp_impl.h"

uint64_t fp_cvt(struct fp_env *env, enum fp_format to, enum fp_format from, uint64_t av)
{
    struct fp_num a = fp_unpack(env, from, av);
    switch (a.kind) {
    case FP_SNAN:
        env->flags |= CPU_FP_INVALID;
        return fp_quiet(env, to, &a);
    case FP_QNAN:
        return fp_quiet(env, to, &a);
    case FP_INF:
        return fp_inf(to, a.sign);
    case FP_ZERO:
        return fp_zero(to, a.sign);
    case FP_FINITE:
        break;
    }
    fp_note_denormal(env, a.denormal);
    return fp_pack(env, to, a.sign, a.exp, a.sig);
}

/* NaN, or beyond the range of the integer. */
static uint64_t to_int_invalid(struct fp_env *env, unsigned bits, bool is_unsigned,
                               const struct fp_num *a)
{
    uint64_t most = is_unsigned ? zext(UINT64_MAX, bits) : BIT(bits - 1) - 1;
    uint64_t least = is_unsigned ? 0 : BIT(bits - 1);
    env->flags |= CPU_FP_INVALID;
    if (env->rule == IR_FP_X86)
        return is_unsigned ? most : least; /* integer indefinite */
    if (!fp_is_nan(a))
        return a->sign ? least : most;
    return env->rule == IR_FP_RISCV ? most : 0;
}

/* The magnitude of a finite number below 2^64, rounded; sets *inexact. (With a fraction it is below
 * 2^63.) */
static uint64_t to_magnitude(const struct fp_env *env, const struct fp_num *a, bool *inexact)
{
    uint64_t whole, rest; /* rest: 64 bits of fraction, sticky */
    if (a->exp >= 0) {
        unsigned drop = 63u - (unsigned)a->exp;
        whole = a->sig >> drop;
        rest = drop == 0 ? 0 : a->sig << (64 - drop);
    } else {
        whole = 0;
        rest = fp_shift_jam(a->sig, (unsigned)(-1 - a->exp));
    }
    *inexact = rest != 0;
    return whole + fp_rounds_up(env->rm, a->sign, rest, BIT(63), whole & 1);
}

uint64_t fp_to_int(struct fp_env *env, enum fp_format from, unsigned bits, bool is_unsigned,
                   uint64_t av)
{
    struct fp_num a = fp_unpack(env, from, av);
    bool inexact;
    if (a.kind == FP_ZERO)
        return 0;
    if (a.kind != FP_FINITE || a.exp > 63)
        return to_int_invalid(env, bits, is_unsigned, &a);
    uint64_t m = to_magnitude(env, &a, &inexact);
    uint64_t limit = is_unsigned ? (a.sign ? 0 : zext(UINT64_MAX, bits)) : BIT(bits - 1) - !a.sign;
    if (m > limit)
        return to_int_invalid(env, bits, is_unsigned, &a);
    if (inexact)
        env->flags |= CPU_FP_INEXACT;
    return zext(a.sign ? 0 - m : m, bits);
}

uint64_t fp_from_int(struct fp_env *env, enum fp_format to, unsigned bits, bool is_unsigned,
                     uint64_t v)
{
    v = is_unsigned ? zext(v, bits) : sext(v, bits);
    bool sign = !is_unsigned && v >> 63;
    return v == 0 ? 0 : fp_pack(env, to, sign, 63, sign ? 0 - v : v);
}

uint64_t fp_round(struct fp_env *env, enum fp_format f, uint64_t av, bool raise_inexact)
{
    const struct fp_layout *l = &fp_layouts[f];
    struct fp_num a = fp_unpack(env, f, av);
    bool inexact;
    if (fp_is_nan(&a)) {
        if (a.kind == FP_SNAN)
            env->flags |= CPU_FP_INVALID;
        return fp_quiet(env, f, &a);
    }
    if (a.kind == FP_ZERO)
        return fp_zero(f, a.sign); /* a flushed operand, too */
    if (a.kind == FP_INF || a.exp >= l->frac)
        return av;
    /* x86 (SDM, ROUNDSD): no denormal-operand exception here */
    uint64_t m = to_magnitude(env, &a, &inexact);
    if (inexact && raise_inexact)
        env->flags |= CPU_FP_INEXACT;
    return m == 0 ? fp_zero(f, a.sign) : fp_pack(env, f, a.sign, 63, m);
}
