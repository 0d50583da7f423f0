/* SPDX-License-Identifier: Apache-2.0 */
#include "core/exec/vec.h"
#include "core/exec/fp.h"
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include <string.h>

uint64_t vec_lane(const union ir_vec *v, unsigned lane, unsigned n)
{
    return ld_le(v->b + (n << lane), 1u << lane);
}

void vec_set_lane(union ir_vec *v, unsigned lane, unsigned n, uint64_t value)
{
    st_le(v->b + (n << lane), value, 1u << lane);
}

void vec_dup(union ir_vec *v, unsigned lane, uint64_t value)
{
    for (unsigned n = 0; n < 16u >> lane; n++)
        vec_set_lane(v, lane, n, value);
}

uint64_t vec_sum(const union ir_vec *v, unsigned lane)
{
    uint64_t sum = 0;
    for (unsigned n = 0; n < 16u >> lane; n++)
        sum += vec_lane(v, lane, n);
    return zext(sum, 8u << lane);
}

uint64_t vec_tops(const union ir_vec *v, unsigned lane)
{
    uint64_t tops = 0;
    for (unsigned n = 0; n < 16u >> lane; n++)
        tops |= (vec_lane(v, lane, n) >> ((8u << lane) - 1)) << n;
    return tops;
}

#define VEC(name)                                                                                  \
    static void name(struct vec_env *env, union ir_vec *dst, const union ir_vec *a,               \
                     const union ir_vec *b, const union ir_vec *c)
#define UNUSED_ENV() ((void)env, (void)a, (void)b, (void)c)

/* ---- bits ---- */

#define BITWISE(name, EXPR)                                                                        \
    VEC(name)                                                                                      \
    {                                                                                              \
        UNUSED_ENV();                                                                              \
        for (unsigned i = 0; i < 2; i++)                                                           \
            dst->d[i] = (EXPR);                                                                    \
    }
BITWISE(vand, a->d[i] & b->d[i])
BITWISE(vor, a->d[i] | b->d[i])
BITWISE(vxor, a->d[i] ^ b->d[i])
BITWISE(vandn, a->d[i] & ~b->d[i])
BITWISE(vorn, a->d[i] | ~b->d[i])
BITWISE(vnot, ~a->d[i])
BITWISE(vselect, (a->d[i] & b->d[i]) | (~a->d[i] & c->d[i]))

/* ---- lane by lane: x, y unsigned, sx, sy signed, w bits ---- */

#define LANES(name, EXPR)                                                                          \
    VEC(name)                                                                                      \
    {                                                                                              \
        union ir_vec r;                                                                            \
        unsigned w = 8u << env->lane;                                                              \
        (void)w;                                                                                   \
        UNUSED_ENV();                                                                              \
        for (unsigned n = 0; n < 16u >> env->lane; n++) {                                          \
            uint64_t x = vec_lane(a, env->lane, n), y = b ? vec_lane(b, env->lane, n) : 0;         \
            int64_t sx = (int64_t)sext(x, w), sy = (int64_t)sext(y, w);                            \
            (void)x, (void)y, (void)sx, (void)sy;                                                  \
            vec_set_lane(&r, env->lane, n, (uint64_t)(EXPR));                                      \
        }                                                                                          \
        *dst = r;                                                                                  \
    }
#define MASK(cond) ((cond) ? ~0ull : 0)

/* Into the range of a signed or unsigned number of w bits. */
static uint64_t clamp_signed(__int128 v, unsigned w)
{
    __int128 most = ((__int128)1 << (w - 1)) - 1;
    return (uint64_t)(v > most ? most : v < -most - 1 ? -most - 1 : v);
}

static uint64_t clamp_unsigned(__int128 v, unsigned w)
{
    __int128 most = ((__int128)1 << w) - 1;
    return (uint64_t)(v > most ? most : v < 0 ? 0 : v);
}

static uint64_t shift_left(uint64_t x, uint64_t n, unsigned w)
{
    return n >= w ? 0 : x << n;
}

static uint64_t shift_right(uint64_t x, uint64_t n, unsigned w)
{
    return n >= w ? 0 : x >> n;
}

static uint64_t rotate_left(uint64_t x, uint64_t n, unsigned w)
{
    return n == 0 ? x : x << n | x >> (w - n);
}

static uint64_t shift_arith(int64_t x, uint64_t n, unsigned w)
{
    return (uint64_t)(x >> (n >= w ? w - 1 : n));
}

LANES(vadd, x + y)
LANES(vsub, x - y)
LANES(vmul, x * y)
LANES(vneg, 0 - x)
LANES(vabs, sx < 0 ? 0 - x : x)
LANES(vmins, sx < sy ? x : y)
LANES(vmaxs, sx > sy ? x : y)
LANES(vminu, x < y ? x : y)
LANES(vmaxu, x > y ? x : y)
LANES(vceq, MASK(x == y))
LANES(vcgts, MASK(sx > sy))
LANES(vcges, MASK(sx >= sy))
LANES(vcgtu, MASK(x > y))
LANES(vcgeu, MASK(x >= y))
LANES(vaddss, clamp_signed((__int128)sx + sy, w))
LANES(vaddus, clamp_unsigned((__int128)x + y, w))
LANES(vsubss, clamp_signed((__int128)sx - sy, w))
LANES(vsubus, clamp_unsigned((__int128)x - y, w))
LANES(vshl, shift_left(x, (uint64_t)env->imm, w))
LANES(vshr, shift_right(x, (uint64_t)env->imm, w))
LANES(vsar, shift_arith(sx, (uint64_t)env->imm, w))
LANES(vrol, rotate_left(x, (uint64_t)env->imm, w))
LANES(vshlv, shift_left(x, y, w))
LANES(vshrv, shift_right(x, y, w))
LANES(vsarv, shift_arith(sx, y, w))
LANES(vpopcnt, popcount64(x))
LANES(vavg, (x + y + 1) >> 1)
LANES(vmulh, env->imm == 0   ? (uint64_t)(sx * sy) >> w
             : env->imm == 1 ? x * y >> w
                             : (uint64_t)(((sx * sy >> (w - 2)) + 1) >> 1))
LANES(vshl1, shift_left(x, b->d[0], w))
LANES(vshr1, shift_right(x, b->d[0], w))
LANES(vsar1, shift_arith(sx, b->d[0], w))

/* Neighbours' products, added at twice the size. */
VEC(vmadd)
{
    union ir_vec r;
    unsigned w = 8u << env->lane;
    (void)c;
    for (unsigned n = 0; n < 16u >> env->lane; n += 2) {
        int64_t sum = 0;
        for (unsigned i = n; i < n + 2; i++) {
            uint64_t x = vec_lane(a, env->lane, i);
            sum += (int64_t)(env->lane == 0 ? x : sext(x, w)) * (int64_t)sext(vec_lane(b, env->lane, i), w);
        }
        vec_set_lane(&r, env->lane + 1u, n / 2, env->lane == 0 ? clamp_signed(sum, 16) : (uint64_t)sum);
    }
    *dst = r;
}

VEC(vsad)
{
    union ir_vec r = { .d = { 0 } };
    (void)env, (void)c;
    for (unsigned n = 0; n < 16; n++)
        r.d[n / 8] += (uint64_t)(a->b[n] < b->b[n] ? b->b[n] - a->b[n] : a->b[n] - b->b[n]);
    *dst = r;
}

/* ---- lanes that move ---- */

#define MOVES(name, FROM_A, LANE)                                                                  \
    VEC(name)                                                                                      \
    {                                                                                              \
        union ir_vec r;                                                                            \
        unsigned count = 16u >> env->lane, half = count / 2;                                       \
        (void)c, (void)half;                                                                       \
        for (unsigned n = 0; n < count; n++)                                                       \
            vec_set_lane(&r, env->lane, n, vec_lane((FROM_A) ? a : b, env->lane, (LANE)));         \
        *dst = r;                                                                                  \
    }
MOVES(vzip1, n % 2 == 0, n / 2)
MOVES(vzip2, n % 2 == 0, half + n / 2)
MOVES(vuzp1, n < half, 2 * (n % half))
MOVES(vuzp2, n < half, 2 * (n % half) + 1)
MOVES(vtrn1, n % 2 == 0, n & ~1u)
MOVES(vtrn2, n % 2 == 0, n | 1)

VEC(vext)
{
    uint8_t both[32];
    (void)c;
    memcpy(both, a->b, 16);
    memcpy(both + 16, b->b, 16);
    memcpy(dst->b, both + (env->imm & 15), 16);
}

VEC(vrev)
{
    union ir_vec r;
    unsigned in_group = (1u << env->imm >> env->lane) - 1;
    (void)b, (void)c;
    for (unsigned n = 0; n < 16u >> env->lane; n++)
        vec_set_lane(&r, env->lane, n, vec_lane(a, env->lane, n ^ in_group));
    *dst = r;
}

VEC(vtbl)
{
    union ir_vec r;
    (void)env, (void)c;
    for (unsigned n = 0; n < 16; n++)
        r.b[n] = b->b[n] > 15 ? 0 : a->b[b->b[n]];
    *dst = r;
}

VEC(vaddp)
{
    union ir_vec r;
    unsigned half = 8u >> env->lane;
    (void)c;
    for (unsigned n = 0; n < half; n++) {
        vec_set_lane(&r, env->lane, n, vec_lane(a, env->lane, 2 * n) + vec_lane(a, env->lane, 2 * n + 1));
        vec_set_lane(&r, env->lane, half + n,
                     vec_lane(b, env->lane, 2 * n) + vec_lane(b, env->lane, 2 * n + 1));
    }
    *dst = r;
}

/* Byte b & 15; none where its top bit is set. */
VEC(vtblm)
{
    union ir_vec r;
    (void)env, (void)c;
    for (unsigned n = 0; n < 16; n++)
        r.b[n] = b->b[n] & 0x80 ? 0 : a->b[b->b[n] & 15];
    *dst = r;
}

VEC(vshuf)
{
    union ir_vec r = *a;
    unsigned first = env->lane == 1 && env->imm & 0x100 ? 4 : 0;
    (void)c;
    for (unsigned n = 0; n < 4; n++)
        vec_set_lane(&r, env->lane, first + n,
                     vec_lane(n < 2 ? a : b, env->lane, first + (env->imm >> 2 * n & 3)));
    *dst = r;
}

/* ---- lanes that change their size ---- */

#define WIDENS(name, EXPR)                                                                         \
    VEC(name)                                                                                      \
    {                                                                                              \
        union ir_vec r;                                                                            \
        unsigned w = 8u << env->lane, half = 8u >> env->lane, step = env->imm & 2 ? 2 : 1;         \
        unsigned first = !(env->imm & 1) ? 0 : step == 2 ? 1 : half;                               \
        (void)c;                                                                                   \
        for (unsigned n = 0; n < half; n++) {                                                      \
            uint64_t x = vec_lane(a, env->lane, first + n * step);                                 \
            uint64_t y = b ? vec_lane(b, env->lane, first + n * step) : 0;                         \
            (void)w, (void)y;                                                                      \
            vec_set_lane(&r, env->lane + 1u, n, (EXPR));                                           \
        }                                                                                          \
        *dst = r;                                                                                  \
    }
WIDENS(vwidens, sext(x, w))
WIDENS(vwidenu, x)
WIDENS(vmulls, sext(x, w) * sext(y, w))
WIDENS(vmullu, x * y)

#define NARROWS(name, EXPR)                                                                        \
    VEC(name)                                                                                      \
    {                                                                                              \
        union ir_vec r;                                                                            \
        unsigned w = 8u << env->lane, half = 8u >> env->lane;                                      \
        (void)c, (void)w;                                                                          \
        for (unsigned n = 0; n < 2 * half; n++) {                                                  \
            uint64_t x = vec_lane(n < half ? a : b, env->lane + 1u, n % half);                     \
            int64_t sx = (int64_t)sext(x, 2 * w);                                                  \
            (void)sx;                                                                              \
            vec_set_lane(&r, env->lane, n, (EXPR));                                                \
        }                                                                                          \
        *dst = r;                                                                                  \
    }
NARROWS(vnarrow, x)
NARROWS(vnarrowss, clamp_signed(sx, w))
NARROWS(vnarrowsu, clamp_unsigned(sx, w))
NARROWS(vnarrowuu, clamp_unsigned(x, w))

/* ---- floating point: the scalar operation on each lane ---- */

static struct fp_env fp_of(const struct vec_env *env)
{
    struct fp_env e;
    fp_env_init(&e, env->guest->fp, env->fp_mode, (enum ir_rm)(env->rm & ~IR_VF_LOW));
    return e;
}

#define FLOATS(name, EXPR)                                                                         \
    VEC(name)                                                                                      \
    {                                                                                              \
        union ir_vec r;                                                                            \
        struct fp_env fp = fp_of(env), *e = &fp;                                                   \
        enum fp_format f = env->lane == 2 ? FP_F32 : FP_F64;                                       \
        unsigned count = env->rm & IR_VF_LOW ? 1 : 16u >> env->lane;                               \
        r = *a;                                                                                    \
        for (unsigned n = 0; n < count; n++) {                                                     \
            uint64_t x = vec_lane(a, env->lane, n), y = b ? vec_lane(b, env->lane, n) : 0;         \
            uint64_t z = c ? vec_lane(c, env->lane, n) : 0;                                        \
            (void)y, (void)z, (void)e, (void)f;                                                    \
            vec_set_lane(&r, env->lane, n, (EXPR));                                                \
        }                                                                                          \
        env->flags |= fp.flags;                                                                    \
        *dst = r;                                                                                  \
    }

/* Predicates of VCMPPS (Intel SDM volume 2, CMPPD): eight relations, their other eight, all again with the other signal. */
static bool compare(struct fp_env *e, enum fp_format f, unsigned predicate, uint64_t x, uint64_t y)
{
    static const bool truth[16][4] = { /* less, equal, greater, unordered */
        { 0, 1, 0, 0 }, { 1, 0, 0, 0 }, { 1, 1, 0, 0 }, { 0, 0, 0, 1 },
        { 1, 0, 1, 1 }, { 0, 1, 1, 1 }, { 0, 0, 1, 1 }, { 1, 1, 1, 0 },
        { 0, 1, 0, 1 }, { 1, 0, 0, 1 }, { 1, 1, 0, 1 }, { 0, 0, 0, 0 },
        { 1, 0, 1, 0 }, { 0, 1, 1, 0 }, { 0, 0, 1, 0 }, { 1, 1, 1, 1 },
    };
    bool signals = ((0x6666u >> (predicate & 15)) ^ (predicate >> 4)) & 1;
    unsigned image = fp_cmp(e, f, IR_FIMAGE | (signals ? 0 : IR_FCMP_QUIET), x, y);
    return truth[predicate & 15][image == 1 ? 0 : image == 0x40 ? 1 : image == 0 ? 2 : 3];
}

#define SIGN (1ull << ((8u << env->lane) - 1))
FLOATS(vfadd, fp_add(e, f, x, y))
FLOATS(vfsub, fp_sub(e, f, x, y))
FLOATS(vfmul, fp_mul(e, f, x, y))
FLOATS(vfdiv, fp_div(e, f, x, y))
FLOATS(vfsqrt, fp_sqrt(e, f, x))
FLOATS(vfma, fp_fma(e, f, x, y, z, env->imm & 1, env->imm & 2))
FLOATS(vfmin, fp_min(e, f, x, y, env->imm & 1))
FLOATS(vfmax, fp_max(e, f, x, y, env->imm & 1))
FLOATS(vfceq, MASK(fp_cmp(e, f, IR_FEQ, x, y)))
FLOATS(vfcge, MASK(fp_cmp(e, f, IR_FLE, y, x)))
FLOATS(vfcgt, MASK(fp_cmp(e, f, IR_FLT, y, x)))
FLOATS(vfcmp, MASK(compare(e, f, (unsigned)env->imm, x, y)))
FLOATS(vfneg, x ^ SIGN)
FLOATS(vfabs, x & ~SIGN)
FLOATS(vftoi, fp_to_int(e, f, 8u << env->lane, env->imm & 1, x))
FLOATS(vitof, fp_from_int(e, f, 8u << env->lane, env->imm & 1, x))
FLOATS(vfrint, fp_round(e, f, x, env->imm & 1))

/* Lanes of different sizes: the low two, or two with zeros above. */
#define RESIZES(name, FROM, TO, EXPR)                                                              \
    VEC(name)                                                                                      \
    {                                                                                              \
        union ir_vec r = { .d = { 0 } };                                                           \
        struct fp_env fp = fp_of(env), *e = &fp;                                                   \
        (void)b, (void)c;                                                                          \
        for (unsigned n = 0; n < 2; n++) {                                                         \
            uint64_t x = vec_lane(a, FROM, n);                                                     \
            vec_set_lane(&r, TO, n, (EXPR));                                                       \
        }                                                                                          \
        env->flags |= fp.flags;                                                                    \
        *dst = r;                                                                                  \
    }
RESIZES(vfwiden, 2, 3, fp_cvt(e, FP_F64, FP_F32, x))
RESIZES(vfnarrow, 3, 2, fp_cvt(e, FP_F32, FP_F64, x))
RESIZES(vftoin, 3, 2, fp_to_int(e, FP_F64, 32, false, x))
RESIZES(vitofw, 2, 3, fp_from_int(e, FP_F64, 32, false, x))

vec_fn *vec_function(enum ir_op op)
{
    static vec_fn *const functions[IR_OPS] = {
        [IR_VAND] = vand, [IR_VOR] = vor, [IR_VXOR] = vxor, [IR_VANDN] = vandn, [IR_VORN] = vorn,
        [IR_VNOT] = vnot, [IR_VSELECT] = vselect, [IR_VADD] = vadd, [IR_VSUB] = vsub,
        [IR_VMUL] = vmul, [IR_VNEG] = vneg, [IR_VABS] = vabs, [IR_VMINS] = vmins, [IR_VMAXS] = vmaxs,
        [IR_VMINU] = vminu, [IR_VMAXU] = vmaxu, [IR_VCEQ] = vceq, [IR_VCGTS] = vcgts,
        [IR_VCGES] = vcges, [IR_VCGTU] = vcgtu, [IR_VCGEU] = vcgeu, [IR_VADDSS] = vaddss,
        [IR_VADDUS] = vaddus, [IR_VSUBSS] = vsubss, [IR_VSUBUS] = vsubus, [IR_VSHL] = vshl,
        [IR_VSHR] = vshr, [IR_VSAR] = vsar, [IR_VROL] = vrol, [IR_VSHLV] = vshlv, [IR_VSHRV] = vshrv,
        [IR_VSARV] = vsarv, [IR_VPOPCNT] = vpopcnt, [IR_VZIP1] = vzip1, [IR_VZIP2] = vzip2,
        [IR_VUZP1] = vuzp1, [IR_VUZP2] = vuzp2, [IR_VTRN1] = vtrn1, [IR_VTRN2] = vtrn2,
        [IR_VEXT] = vext, [IR_VREV] = vrev, [IR_VTBL] = vtbl, [IR_VADDP] = vaddp,
        [IR_VWIDENS] = vwidens, [IR_VWIDENU] = vwidenu, [IR_VMULLS] = vmulls, [IR_VMULLU] = vmullu,
        [IR_VNARROW] = vnarrow, [IR_VNARROWSS] = vnarrowss, [IR_VNARROWSU] = vnarrowsu,
        [IR_VNARROWUU] = vnarrowuu, [IR_VFADD] = vfadd, [IR_VFSUB] = vfsub, [IR_VFMUL] = vfmul,
        [IR_VFDIV] = vfdiv, [IR_VFSQRT] = vfsqrt, [IR_VFMA] = vfma, [IR_VFMIN] = vfmin,
        [IR_VFMAX] = vfmax, [IR_VFCEQ] = vfceq, [IR_VFCGE] = vfcge, [IR_VFCGT] = vfcgt,
        [IR_VFNEG] = vfneg, [IR_VFABS] = vfabs, [IR_VFTOI] = vftoi, [IR_VITOF] = vitof,
        [IR_VFRINT] = vfrint, [IR_VSHL1] = vshl1, [IR_VSHR1] = vshr1, [IR_VSAR1] = vsar1,
        [IR_VTBLM] = vtblm, [IR_VSHUF] = vshuf, [IR_VMADD] = vmadd, [IR_VMULH] = vmulh,
        [IR_VAVG] = vavg, [IR_VSAD] = vsad, [IR_VFCMP] = vfcmp, [IR_VFWIDEN] = vfwiden,
        [IR_VFNARROW] = vfnarrow, [IR_VFTOIN] = vftoin, [IR_VITOFW] = vitofw,
    };
    return (unsigned)op < IR_OPS ? functions[op] : NULL;
}
