/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CPU_X86_FP80_IMPL_H
#define ORRERY_CPU_X86_FP80_IMPL_H
/* What the files of fp80 share. */
#include "cpu/x86/fp80.h"

#define FP80_INTEGER (1ull << 63)
#define FP80_QUIET   (1ull << 62)
enum { FP80_BIAS = 0x3fff, FP80_MAX_EXP = 0x7fff, FP80_SIGN = 0x8000, FP80_WRAP = 0x6000 };

enum fp80_kind { FP80_K_ZERO, FP80_K_FINITE, FP80_K_INF, FP80_K_QNAN, FP80_K_SNAN, FP80_K_BAD };

/* value = m / 2^63 * 2^(exp - bias); m of finite numbers is normalized, exp goes below 1 then. */
struct fp80_parts {
    uint64_t m;
    int32_t exp;
    uint8_t kind;
    bool sign, denormal;
};
struct fp80_parts fp80_unpack(struct fp80 a);
static inline struct fp80 fp80_pack(bool sign, int32_t exp, uint64_t m)
{
    return (struct fp80){ m, (uint16_t)((sign ? FP80_SIGN : 0) | exp) };
}
static inline struct fp80 fp80_infinity(bool sign)
{
    return fp80_pack(sign, FP80_MAX_EXP, FP80_INTEGER);
}
static inline struct fp80 fp80_signed_zero(bool sign)
{
    return fp80_pack(sign, 0, 0);
}
static inline enum fp80_rounding fp80_mode(const struct fp80_env *e)
{
    return (enum fp80_rounding)(e->control >> 10 & 3);
}
struct fp80 fp80_invalid(struct fp80_env *e);
/* Operands that are no numbers: true, and *r is the result. */
bool fp80_nan1(struct fp80_env *e, struct fp80 a, const struct fp80_parts *pa, struct fp80 *r);
bool fp80_nan2(struct fp80_env *e, struct fp80 a, const struct fp80_parts *pa, struct fp80 b,
               const struct fp80_parts *pb, struct fp80 *r);
/* Raises DE; true if that ends the instruction. */
bool fp80_denormal(struct fp80_env *e, bool denormal);

/* Does the magnitude kept.rest go up? `rest`: a fraction of the last bit kept. Sets e->up and PE.
 */
bool fp80_goes_up(struct fp80_env *e, enum fp80_rounding mode, bool sign, bool odd, uint64_t rest);
/* Does a result beyond the format become infinite, not the largest number? Table 4-10. */
static inline bool fp80_overflow_is_infinite(const struct fp80_env *e, bool sign)
{
    enum fp80_rounding mode = fp80_mode(e);
    return mode == FP80_NEAREST || mode == (sign ? FP80_DOWN : FP80_UP);
}
/* hi.lo normalized, lo's last bit sticky: rounded to `bits` (24, 53, 64) and to the format's range.
 */
struct fp80 fp80_finish(struct fp80_env *e, bool sign, int32_t exp, uint64_t hi, uint64_t lo,
                        unsigned bits);
/* Right shift by any count; what falls out stays as a bit at the end. */
static inline unsigned __int128 fp80_jam(unsigned __int128 v, uint32_t n)
{
    if (n == 0)
        return v;
    if (n >= 128)
        return v != 0;
    return v >> n | (v << (128 - n) != 0);
}

#endif
