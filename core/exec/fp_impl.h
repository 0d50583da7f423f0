/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CORE_EXEC_FP_IMPL_H
#define ORRERY_CORE_EXEC_FP_IMPL_H
/*
 * Unpacked numbers, shared by fp.c (arithmetic) and fp_convert.c.
 *
 * A finite, nonzero number is sig / 2^63 * 2^exp with bit 63 of sig set. What an
 * operation computes is brought into that form with every lost bit or'ed into bit 0
 * ("sticky"), and fp_pack rounds it once. 64 bits leave 11 below a double's last
 * place: enough for guard and sticky bits.
 */
#include "core/cpu/cpu.h"
#include "core/exec/fp.h"
#include "core/util/bits.h"

enum fp_class { FP_ZERO, FP_FINITE, FP_INF, FP_QNAN, FP_SNAN }; /* NaNs last */

struct fp_num {
    enum fp_class kind;
    bool sign;
    bool denormal;     /* the operand was, and was not flushed */
    int exp;
    uint64_t sig;      /* of a NaN: its fraction, left-aligned in 64 bits below bit 63 */
};

struct fp_layout {
    uint8_t bits, frac;    /* width; fraction bits */
    int bias;
};
extern const struct fp_layout fp_layouts[];

struct fp_num fp_unpack(struct fp_env *env, enum fp_format f, uint64_t v);
/* Round and pack sig != 0 (need not be normalized). */
uint64_t fp_pack(struct fp_env *env, enum fp_format f, bool sign, int exp, uint64_t sig);
uint64_t fp_default_nan(const struct fp_env *env, enum fp_format f);
/* The NaN that a NaN operand becomes in format `f`. */
uint64_t fp_quiet(const struct fp_env *env, enum fp_format f, const struct fp_num *n);
/* An invalid operation without NaN operands. */
uint64_t fp_invalid(struct fp_env *env, enum fp_format f);
/* DENORMAL of x86, once no operand is a NaN. */
void fp_note_denormal(struct fp_env *env, bool denormal);

static inline uint64_t fp_zero(enum fp_format f, bool sign)
{
    return (uint64_t)sign << (fp_layouts[f].bits - 1);
}

static inline uint64_t fp_inf(enum fp_format f, bool sign)
{
    const struct fp_layout *l = &fp_layouts[f];
    return fp_zero(f, sign) | (uint64_t)(2 * l->bias + 1) << l->frac;
}

static inline bool fp_is_nan(const struct fp_num *n)
{
    return n->kind >= FP_QNAN;
}

/* v >> n; what falls out sticks to bit 0. */
static inline uint64_t fp_shift_jam(uint64_t v, unsigned n)
{
    if (n == 0)
        return v;
    return n > 63 ? v != 0 : v >> n | ((v << (64 - n)) != 0);
}

/* Does the magnitude grow? `rest` below the last place, `half` of a unit, parity of the last place. */
static inline bool fp_rounds_up(enum ir_rm rm, bool sign, uint64_t rest, uint64_t half, bool odd)
{
    switch (rm) {
    case IR_RNE: return rest > half || (rest == half && odd);
    case IR_RMM: return rest >= half;
    case IR_RDN: return sign && rest != 0;
    case IR_RUP: return !sign && rest != 0;
    default: return false; /* IR_RTZ */
    }
}

#endif
