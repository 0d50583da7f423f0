/* SPDX-License-Identifier: Apache-2.0 */
/* Rounding, the four operations, square root, comparison: SDM volume 1, 4.8, 4.9, 8.5. */
#include "cpu/x86/fp80_impl.h"
#include "core/util/bits.h"

typedef unsigned __int128 u128;

const struct fp80 fp80_indefinite = { FP80_INTEGER | FP80_QUIET, 0xffff };
const struct fp80 fp80_one = { FP80_INTEGER, FP80_BIAS };
const struct fp80 fp80_zero = { 0, 0 };

struct fp80_parts fp80_unpack(struct fp80 a)
{
    struct fp80_parts p = { .m = a.m, .exp = a.se & FP80_MAX_EXP, .sign = a.se >> 15 };
    if (p.exp == FP80_MAX_EXP) {
        p.kind = !(a.m & FP80_INTEGER) ? FP80_K_BAD
                 : a.m == FP80_INTEGER ? FP80_K_INF
                 : a.m & FP80_QUIET    ? FP80_K_QNAN
                                       : FP80_K_SNAN;
    } else if (p.exp == 0) {
        p.kind = a.m == 0 ? FP80_K_ZERO : FP80_K_FINITE;
        p.denormal = a.m != 0;
        if (a.m != 0) {
            unsigned shift = (unsigned)__builtin_clzll(a.m);
            p.m = a.m << shift;
            p.exp = 1 - (int32_t)shift;
        }
    } else {
        p.kind = a.m & FP80_INTEGER ? FP80_K_FINITE : FP80_K_BAD;
    }
    return p;
}

enum fp80_class fp80_classify(struct fp80 a)
{
    struct fp80_parts p = fp80_unpack(a);
    switch (p.kind) {
    case FP80_K_ZERO:
        return FP80_ZERO;
    case FP80_K_FINITE:
        return p.denormal ? FP80_DENORMAL : FP80_NORMAL;
    case FP80_K_INF:
        return FP80_INFINITY;
    case FP80_K_BAD:
        return FP80_UNSUPPORTED;
    default:
        return FP80_NAN;
    }
}

/* ---- operands that are no numbers ---- */
struct fp80 fp80_invalid(struct fp80_env *e)
{
    e->flags |= FP80_IE;
    return fp80_indefinite;
}

bool fp80_denormal(struct fp80_env *e, bool denormal)
{
    if (!denormal && !e->denormal)
        return false;
    e->flags |= FP80_DE;
    return !(e->control & FP80_DE);
}

static bool is_nan(const struct fp80_parts *p)
{
    return p->kind == FP80_K_QNAN || p->kind == FP80_K_SNAN;
}

static struct fp80 quieted(struct fp80 a)
{
    return (struct fp80){ a.m | FP80_QUIET, a.se };
}

bool fp80_nan1(struct fp80_env *e, struct fp80 a, const struct fp80_parts *pa, struct fp80 *r)
{
    if (pa->kind == FP80_K_BAD) {
        *r = fp80_invalid(e);
        return true;
    }
    if (!is_nan(pa))
        return false;
    if (pa->kind == FP80_K_SNAN)
        e->flags |= FP80_IE;
    *r = quieted(a);
    return true;
}

/* SDM volume 1, table 4-7: a quiet one before a signalling one; of two alike the larger one, then
 * the positive. */
bool fp80_nan2(struct fp80_env *e, struct fp80 a, const struct fp80_parts *pa, struct fp80 b,
               const struct fp80_parts *pb, struct fp80 *r)
{
    if (pa->kind == FP80_K_BAD || pb->kind == FP80_K_BAD) {
        *r = fp80_invalid(e);
        return true;
    }
    bool na = is_nan(pa), nb = is_nan(pb);
    if (!na && !nb)
        return false;
    if (pa->kind == FP80_K_SNAN || pb->kind == FP80_K_SNAN)
        e->flags |= FP80_IE;
    bool first = na;
    if (na && nb) {
        if (pa->kind != pb->kind)
            first = pa->kind == FP80_K_QNAN;
        else
            first = a.m != b.m ? a.m > b.m : !pa->sign;
    }
    *r = quieted(first ? a : b);
    return true;
}

/* ---- rounding ---- */
bool fp80_goes_up(struct fp80_env *e, enum fp80_rounding mode, bool sign, bool odd, uint64_t rest)
{
    const uint64_t half = 1ull << 63;
    bool up = false;
    if (rest == 0) {
        e->up = false;
        return false;
    }
    switch (mode) {
    case FP80_NEAREST:
        up = rest > half || (rest == half && odd);
        break;
    case FP80_DOWN:
        up = sign;
        break;
    case FP80_UP:
        up = !sign;
        break;
    case FP80_CHOP:
        break;
    }
    e->flags |= FP80_PE;
    e->up = up;
    return up;
}

/* hi.lo cut to the register's upper `bits`. Returns the carry out of bit 63: *m is 0 then. */
static bool round_at(struct fp80_env *e, bool sign, uint64_t hi, uint64_t lo, unsigned bits,
                     uint64_t *m)
{
    unsigned drop = 64 - bits;
    uint64_t rest = lo, unit = 1ull << drop;
    if (drop != 0)
        rest = hi << bits | lo >> drop | (lo << bits != 0);
    hi &= ~(unit - 1);
    if (!fp80_goes_up(e, fp80_mode(e), sign, hi & unit, rest)) {
        *m = hi;
        return false;
    }
    *m = hi + unit;
    return *m == 0;
}

/* SDM volume 1, 4.9.1.4, table 4-10 */
static struct fp80 overflow(struct fp80_env *e, bool sign, int32_t exp, uint64_t m, unsigned bits)
{
    e->flags |= FP80_OE;
    if (!(e->control & FP80_OE)) {
        exp -= FP80_WRAP;
        if (exp < FP80_MAX_EXP)
            return fp80_pack(sign, exp, m);
        e->up = true; /* beyond even that: FSCALE */
        e->flags |= FP80_PE;
        return fp80_infinity(sign);
    }
    e->flags |= FP80_PE;
    e->up = fp80_overflow_is_infinite(e, sign);
    if (e->up)
        return fp80_infinity(sign);
    return fp80_pack(sign, FP80_MAX_EXP - 1, ~0ull << (64 - bits));
}

struct fp80 fp80_finish(struct fp80_env *e, bool sign, int32_t exp, uint64_t hi, uint64_t lo,
                        unsigned bits)
{
    uint16_t before = e->flags;
    uint64_t m;
    int32_t rounded = exp;
    if (round_at(e, sign, hi, lo, bits, &m)) {
        m = FP80_INTEGER;
        rounded++;
    }
    if (rounded >= FP80_MAX_EXP)
        return overflow(e, sign, rounded, m, bits);
    if (rounded > 0)
        return fp80_pack(sign, rounded, m);
    /* Tiny after rounding (SDM volume 1, 4.9.1.5): unmasked it is scaled, else the format's end
     * rounds it anew. */
    if (!(e->control & FP80_UE)) {
        e->flags |= FP80_UE;
        rounded += FP80_WRAP;
        if (rounded > 0)
            return fp80_pack(sign, rounded, m);
        e->up = false;
        e->flags |= FP80_PE;
        return fp80_signed_zero(sign);
    }
    e->flags = before;
    u128 v = fp80_jam((u128)hi << 64 | lo, (uint32_t)(1 - exp));
    round_at(e, sign, (uint64_t)(v >> 64), (uint64_t)v, bits, &m);
    if ((e->flags & FP80_PE) && !(before & FP80_PE))
        e->flags |= FP80_UE;
    return fp80_pack(sign, m >> 63, m);
}

/* FCW.PC; the reserved value works as 64 bits. */
static unsigned precision(const struct fp80_env *e)
{
    static const uint8_t bits[4] = { 24, 64, 53, 64 };
    return bits[e->control >> 8 & 3];
}

/* v is not zero. */
static struct fp80 normalize(struct fp80_env *e, bool sign, int32_t exp, u128 v)
{
    uint64_t hi = (uint64_t)(v >> 64);
    unsigned shift =
        hi != 0 ? (unsigned)__builtin_clzll(hi) : 64 + (unsigned)__builtin_clzll((uint64_t)v);
    v <<= shift;
    return fp80_finish(e, sign, exp - (int32_t)shift, (uint64_t)(v >> 64), (uint64_t)v,
                       precision(e));
}

/* ---- addition ---- */
static struct fp80 add(struct fp80_env *e, struct fp80 a, struct fp80 b, bool negate)
{
    struct fp80_parts pa = fp80_unpack(a), pb = fp80_unpack(b);
    struct fp80 r;
    if (fp80_nan2(e, a, &pa, b, &pb, &r))
        return r;
    pb.sign ^= negate;
    bool inf_a = pa.kind == FP80_K_INF, inf_b = pb.kind == FP80_K_INF;
    if (inf_a && inf_b && pa.sign != pb.sign)
        return fp80_invalid(e);
    if (fp80_denormal(e, pa.denormal || pb.denormal))
        return a;
    if (inf_a || inf_b)
        return fp80_infinity(inf_a ? pa.sign : pb.sign);
    bool down = fp80_mode(e) == FP80_DOWN;
    if (pa.kind == FP80_K_ZERO && pb.kind == FP80_K_ZERO)
        return fp80_signed_zero(pa.sign == pb.sign ? pa.sign : down);
    if (pa.kind == FP80_K_ZERO)
        return fp80_finish(e, pb.sign, pb.exp, pb.m, 0, precision(e));
    if (pb.kind == FP80_K_ZERO)
        return fp80_finish(e, pa.sign, pa.exp, pa.m, 0, precision(e));
    if (pa.exp < pb.exp || (pa.exp == pb.exp && pa.m < pb.m)) {
        struct fp80_parts p = pa;
        pa = pb;
        pb = p;
    }
    u128 va = (u128)pa.m << 64, vb = fp80_jam((u128)pb.m << 64, (uint32_t)(pa.exp - pb.exp));
    if (pa.sign == pb.sign) {
        u128 sum = va + vb;
        if (sum < va)
            return fp80_finish(e, pa.sign, pa.exp + 1, (uint64_t)(sum >> 65) | FP80_INTEGER,
                               (uint64_t)(sum >> 1) | (sum & 1), precision(e));
        return normalize(e, pa.sign, pa.exp, sum);
    }
    if (va == vb)
        return fp80_signed_zero(down);
    return normalize(e, pa.sign, pa.exp, va - vb);
}

struct fp80 fp80_add(struct fp80_env *e, struct fp80 a, struct fp80 b)
{
    return add(e, a, b, false);
}

struct fp80 fp80_sub(struct fp80_env *e, struct fp80 a, struct fp80 b)
{
    return add(e, a, b, true);
}

/* ---- multiplication, division, root ---- */
struct fp80 fp80_mul(struct fp80_env *e, struct fp80 a, struct fp80 b)
{
    struct fp80_parts pa = fp80_unpack(a), pb = fp80_unpack(b);
    bool sign = pa.sign != pb.sign;
    struct fp80 r;
    if (fp80_nan2(e, a, &pa, b, &pb, &r))
        return r;
    bool inf = pa.kind == FP80_K_INF || pb.kind == FP80_K_INF;
    bool zero = pa.kind == FP80_K_ZERO || pb.kind == FP80_K_ZERO;
    if (inf && zero)
        return fp80_invalid(e);
    if (fp80_denormal(e, pa.denormal || pb.denormal))
        return a;
    if (inf)
        return fp80_infinity(sign);
    if (zero)
        return fp80_signed_zero(sign);
    return normalize(e, sign, pa.exp + pb.exp - FP80_BIAS + 1, (u128)pa.m * pb.m);
}

struct fp80 fp80_div(struct fp80_env *e, struct fp80 a, struct fp80 b)
{
    struct fp80_parts pa = fp80_unpack(a), pb = fp80_unpack(b);
    bool sign = pa.sign != pb.sign;
    struct fp80 r;
    if (fp80_nan2(e, a, &pa, b, &pb, &r))
        return r;
    if (pa.kind == pb.kind && (pa.kind == FP80_K_INF || pa.kind == FP80_K_ZERO))
        return fp80_invalid(e);
    if (pb.kind == FP80_K_ZERO && pa.kind != FP80_K_INF) { /* goes before a denormal dividend */
        e->flags |= FP80_ZE;
        return fp80_infinity(sign);
    }
    if (fp80_denormal(e, pa.denormal || pb.denormal))
        return a;
    if (pa.kind == FP80_K_INF)
        return fp80_infinity(sign);
    if (pa.kind == FP80_K_ZERO || pb.kind == FP80_K_INF)
        return fp80_signed_zero(sign);
    bool less = pa.m < pb.m;
    u128 n = (u128)pa.m << (less ? 64 : 63);
    uint64_t q = (uint64_t)(n / pb.m), rest = (uint64_t)(n % pb.m), lo = 0;
    if (rest != 0) /* against half of the divisor */
        lo = rest > pb.m - rest ? 3ull << 62 : rest == pb.m - rest ? 1ull << 63 : 1ull << 62;
    return fp80_finish(e, sign, pa.exp - pb.exp + FP80_BIAS - less, q, lo, precision(e));
}

/* Largest root whose square is at most n; *rest: what remains. */
static uint32_t root64(uint64_t n, uint64_t *rest)
{
    uint64_t root = 0, r = 0;
    for (unsigned i = 0; i < 32; i++) {
        r = r << 2 | n >> 62;
        n <<= 2;
        uint64_t t = root << 2 | 1;
        bool fits = r >= t;
        r -= fits ? t : 0;
        root = root << 1 | fits;
    }
    *rest = r;
    return (uint32_t)root;
}

/* Likewise of 128 bits, of which one of the upper two is set: the upper half's root, then one step
 * of division. */
static uint64_t root128(u128 n, u128 *rest)
{
    uint64_t r, upper = root64((uint64_t)(n >> 64), &r), low = (uint64_t)n;
    u128 numerator = (u128)r << 32 | low >> 32; /* below 2^66 */
    uint64_t q = (uint64_t)(numerator / (2 * upper));
    u128 left = (numerator % (2 * upper)) << 32 | (uint32_t)low, square = (u128)q * q;
    u128 root = ((u128)upper << 32) + q;
    if (left < square) { /* one too many */
        left += 2 * root - 1;
        root--;
    }
    *rest = left - square;
    return (uint64_t)root;
}

struct fp80 fp80_sqrt(struct fp80_env *e, struct fp80 a)
{
    struct fp80_parts p = fp80_unpack(a);
    struct fp80 r;
    if (fp80_nan1(e, a, &p, &r))
        return r;
    if (p.kind == FP80_K_ZERO)
        return a;
    if (p.sign)
        return fp80_invalid(e);
    if (fp80_denormal(e, p.denormal))
        return a;
    if (p.kind == FP80_K_INF)
        return a;
    int32_t exp = p.exp - FP80_BIAS;
    u128 rest;
    uint64_t root = root128((u128)p.m << (exp & 1 ? 64 : 63), &rest);
    uint64_t lo = rest == 0 ? 0 : rest > root ? 3ull << 62 : 1ull << 62; /* never just half */
    return fp80_finish(e, false, (exp >> 1) + FP80_BIAS, root, lo, precision(e));
}

/* ---- comparison ---- */
enum fp80_relation fp80_compare(struct fp80_env *e, struct fp80 a, struct fp80 b, bool quiet)
{
    struct fp80_parts pa = fp80_unpack(a), pb = fp80_unpack(b);
    bool bad = pa.kind == FP80_K_BAD || pb.kind == FP80_K_BAD;
    if (bad || is_nan(&pa) || is_nan(&pb)) {
        if (bad || !quiet || pa.kind == FP80_K_SNAN || pb.kind == FP80_K_SNAN)
            e->flags |= FP80_IE;
        return FP80_UNORDERED;
    }
    fp80_denormal(e, pa.denormal || pb.denormal);
    bool za = pa.kind == FP80_K_ZERO, zb = pb.kind == FP80_K_ZERO;
    if (za && zb)
        return FP80_EQUAL;
    if (za || (!zb && pa.sign != pb.sign))
        return (za ? !pb.sign : pa.sign) ? FP80_LESS : FP80_GREATER;
    if (zb)
        return pa.sign ? FP80_LESS : FP80_GREATER;
    if (pa.exp == pb.exp && pa.m == pb.m)
        return FP80_EQUAL;
    bool smaller = pa.exp != pb.exp ? pa.exp < pb.exp : pa.m < pb.m;
    return smaller != pa.sign ? FP80_LESS : FP80_GREATER;
}
