/* SPDX-License-Identifier: Apache-2.0 */
#include "cpu/x86/fp80_wide.h"

#define TOP ((u128)1 << 127)

struct wide wide_normalize(bool sign, int32_t exp, u128 m)
{
    uint64_t hi = (uint64_t)(m >> 64), lo = (uint64_t)m;
    if (m == 0)
        return (struct wide){ 0, 0, sign };
    unsigned shift = hi != 0 ? (unsigned)__builtin_clzll(hi) : 64 + (unsigned)__builtin_clzll(lo);
    return (struct wide){ m << shift, exp - (int32_t)shift, sign };
}

struct wide wide_from_int(int32_t v)
{
    return wide_normalize(v < 0, 127, v < 0 ? (u128)(0 - (int64_t)v) : (u128)v);
}

bool wide_less(struct wide a, struct wide b)
{
    if (a.m == 0 || b.m == 0)
        return b.m != 0;
    return a.exp != b.exp ? a.exp < b.exp : a.m < b.m;
}

struct wide wide_add(struct wide a, struct wide b)
{
    if (wide_less(a, b)) {
        struct wide t = a;
        a = b;
        b = t;
    }
    if (b.m == 0)
        return a;
    uint32_t apart = (uint32_t)(a.exp - b.exp);
    u128 small = apart < 128 ? b.m >> apart : 0;
    bool lost = apart >= 128 || small << apart != b.m;
    if (a.sign != b.sign)
        return wide_normalize(a.sign, a.exp, a.m - small - lost);
    u128 sum = a.m + small;
    if (sum < a.m)
        return (struct wide){ sum >> 1 | TOP, a.exp + 1, a.sign };
    return (struct wide){ sum, a.exp, a.sign };
}

struct wide wide_sub(struct wide a, struct wide b)
{
    return wide_add(a, wide_negate(b));
}

static u128 high_product(u128 a, u128 b)
{
    uint64_t ah = (uint64_t)(a >> 64), al = (uint64_t)a, bh = (uint64_t)(b >> 64), bl = (uint64_t)b;
    u128 low = (u128)al * bl, m1 = (u128)ah * bl, m2 = (u128)al * bh;
    u128 middle = (low >> 64) + (uint64_t)m1 + (uint64_t)m2;
    return (u128)ah * bh + (m1 >> 64) + (m2 >> 64) + (middle >> 64);
}

struct wide wide_mul(struct wide a, struct wide b)
{
    bool sign = a.sign != b.sign;
    if (a.m == 0 || b.m == 0)
        return (struct wide){ 0, 0, sign };
    return wide_normalize(sign, a.exp + b.exp + 1, high_product(a.m, b.m));
}

struct wide wide_div(struct wide a, struct wide b)
{
    bool sign = a.sign != b.sign, less = a.m < b.m;
    u128 q = 0, rest = a.m;
    if (a.m == 0)
        return (struct wide){ 0, 0, sign };
    if (!less) {
        rest -= b.m;
        q = 1;
    }
    for (int i = less ? 128 : 127; i > 0; i--) { /* rest < b */
        bool carry = rest >> 127;
        rest <<= 1;
        q <<= 1;
        if (carry || rest >= b.m) {
            rest -= b.m;
            q |= 1;
        }
    }
    return (struct wide){ q, a.exp - b.exp - less, sign };
}

struct wide wide_div_int(struct wide a, uint32_t n)
{
    u128 q = 0;
    uint64_t rest = 0;
    if (a.m == 0)
        return a;
    for (int i = 96; i >= 0; i -= 32) {
        uint64_t digits = rest << 32 | (uint32_t)(a.m >> i);
        q = q << 32 | digits / n;
        rest = digits % n;
    }
    unsigned shift =
        31 - (unsigned)__builtin_clz(n); /* all but one of the bits that normalizing may want */
    struct wide r = { q << shift | (rest << shift) / n, a.exp - (int32_t)shift, a.sign };
    if (!(r.m & TOP))
        r = wide_normalize(r.sign, r.exp, r.m);
    return r;
}
