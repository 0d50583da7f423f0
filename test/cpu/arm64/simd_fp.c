/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AdvSIMD floating point under both executors. Numbers of middling size: against the host's float and double, and for
 * halves __float128, which holds what is exact before it is rounded (IEEE 754 leaves no choice there). Where it
 * does, and for what only Arm has: a table worked out from the pseudocode of the Arm ARM (C7.2, J1.3).
 */
#include "test/cpu/arm64/simd_rig.h"
#include <math.h>

static const enum exec_mode modes[] = { EXEC_INTERP, EXEC_JIT };

/* rd = v0, rn = v1, rm = v2. `a` is bit 23, sz bit 22; halves have forms of their own. */
#define T3(u, a, op) (0x4e200400u | 2u << 16 | 1u << 5 | (u) << 29 | (a) << 23 | (op) << 11)
#define M2(u, a, op) (0x4e200800u | 1u << 5 | (u) << 29 | (a) << 23 | (op) << 12)
#define T3_16(u, a, op) (0x4e400400u | 2u << 16 | 1u << 5 | (u) << 29 | (a) << 23 | ((op) & 7) << 11)
#define M2_16(u, a, op) (0x4e780800u | 1u << 5 | (u) << 29 | (a) << 23 | (op) << 12)
enum { DOUBLES = 1 << 22, LOW = 1 << 30 /* xor'ed in: the 64-bit vector */ };

/* ---- numbers ---- */
enum op { ADD, SUB, MUL, DIV, SQRT, MLA, MLS, ABD, MAXIMUM, MINIMUM, ABS, NEG, TO_S, FROM_S, FROM_U, RINT_M, OPS };
static const uint32_t words[OPS] = {
    [ADD] = T3(0, 0, 26u), [SUB] = T3(0, 1u, 26u), [MUL] = T3(1u, 0, 27u), [DIV] = T3(1u, 0, 31u), [SQRT] = M2(1u, 1u, 31u),
    [MLA] = T3(0, 0, 25u), [MLS] = T3(0, 1u, 25u), [ABD] = T3(1u, 1u, 26u), [MAXIMUM] = T3(0, 0, 30u),
    [MINIMUM] = T3(0, 1u, 30u), [ABS] = M2(0, 1u, 15u), [NEG] = M2(1u, 1u, 15u), [TO_S] = M2(0, 1u, 27u),
    [FROM_S] = M2(0, 0, 29u), [FROM_U] = M2(1u, 0, 29u), [RINT_M] = M2(0, 0, 25u),
};
#define MODEL(T, UINT, SINT, SQRT_FN, FMA_FN, FLOOR_FN)                                            \
    static UINT model_##T(enum op op, UINT xb, UINT yb, UINT zb)                                   \
    {                                                                                              \
        union { UINT u; T f; } x = { xb }, y = { yb }, z = { zb }, r = { 0 };                      \
        switch (op) {                                                                              \
        case ADD: r.f = x.f + y.f; break;                                                          \
        case SUB: r.f = x.f - y.f; break;                                                          \
        case MUL: r.f = x.f * y.f; break;                                                          \
        case DIV: r.f = x.f / y.f; break;                                                          \
        case SQRT: r.f = SQRT_FN(x.f); break;                                                      \
        case MLA: r.f = FMA_FN(x.f, y.f, z.f); break;                                              \
        case MLS: r.f = FMA_FN(-x.f, y.f, z.f); break;                                             \
        case ABD: r.f = x.f > y.f ? x.f - y.f : y.f - x.f; break;                                  \
        case MAXIMUM: r.f = x.f > y.f ? x.f : y.f; break;                                          \
        case MINIMUM: r.f = x.f < y.f ? x.f : y.f; break;                                          \
        case ABS: r.f = x.f < 0 ? -x.f : x.f; break;                                               \
        case NEG: r.f = -x.f; break;                                                               \
        case TO_S: r.u = (UINT)(SINT)x.f; break;                                                   \
        case FROM_S: r.f = (T)(SINT)xb; break;                                                     \
        case FROM_U: r.f = (T)xb; break;                                                           \
        default: r.f = FLOOR_FN(x.f); break;                                                       \
        }                                                                                          \
        return r.u;                                                                                \
    }
/* Of halves what __float128 holds exactly is rounded once; quotients and roots are far from ties there. */
static _Float16 half_fma(_Float16 x, _Float16 y, _Float16 z)
{
    return (_Float16)((__float128)x * y + z);
}
static _Float16 half_sqrt(_Float16 x)
{
    return (_Float16)sqrt((double)x);
}
static _Float16 half_floor(_Float16 x)
{
    return (_Float16)floor((double)x);
}
MODEL(float, uint32_t, int32_t, sqrtf, fmaf, floorf)
MODEL(double, uint64_t, int64_t, sqrt, fma, floor)
MODEL(_Float16, uint16_t, int16_t, half_sqrt, half_fma, half_floor)

static uint64_t model(unsigned lane, enum op op, uint64_t x, uint64_t y, uint64_t z)
{
    return lane == 1   ? model__Float16(op, (uint16_t)x, (uint16_t)y, (uint16_t)z)
           : lane == 2 ? model_float(op, (uint32_t)x, (uint32_t)y, (uint32_t)z)
                       : model_double(op, x, y, z);
}

/* 2^-4 .. 2^5 of either sign; for roots positive ones, for conversions from integers anything. */
static vec numbers(struct simd_rig *g, unsigned lane, enum op op)
{
    static const struct { unsigned frac, bias; } formats[] = { [1] = { 10, 15 }, [2] = { 23, 127 }, [3] = { 52, 1023 } };
    vec v;
    for (unsigned n = 0; n < 16u >> lane; n++) {
        uint64_t r = simd_random(g), frac = r & ((1ull << formats[lane].frac) - 1);
        if (op != FROM_S && op != FROM_U) {
            uint64_t sign = op == SQRT ? 0 : r >> 63;
            r = frac | (formats[lane].bias - 4 + (r >> 53) % 9) << formats[lane].frac | sign << ((8u << lane) - 1);
        }
        st_le(v.b + (n << lane), r, 1u << lane);
    }
    return v;
}

START_TEST(numbers_are_rounded_as_the_host_does)
{
    struct simd_rig g = simd_open(modes[_i]);
    for (unsigned op = 0; op < OPS; op++)
        for (unsigned k = 0; k < 600; k++) {
            unsigned lane = 1 + k % 3;
            bool misc = (words[op] & 0xc00) == 0x800;
            uint32_t word = words[op] | (lane == 3 ? DOUBLES : 0u);
            if (lane == 1)
                word = misc ? word | 0x580000 : (word & ~0x20c000u) | 0x400000;
            vec v[3] = { numbers(&g, lane, op), numbers(&g, lane, op), numbers(&g, lane, op) };
            memcpy(g.a->v, v, sizeof(v));
            simd_run(&g, word, 0);
            for (unsigned n = 0; n < 16u >> lane; n++) {
                uint64_t x = lane_of(&v[1], lane, n), y = lane_of(&v[2], lane, n), z = lane_of(&v[0], lane, n);
                uint64_t got = lane_of(&g.a->v[0], lane, n), e = model(lane, (enum op)op, x, y, z);
                ck_assert_msg(got == e, "%08x on %llx, %llx, %llx: %llx, not %llx", word, (unsigned long long)x,
                              (unsigned long long)y, (unsigned long long)z, (unsigned long long)got, (unsigned long long)e);
            }
            ck_assert_msg((a64_get_fpsr(g.a) & ~0x10ull) == 0, "%08x: FPSR", word); /* inexact at most */
        }
    simd_close(&g);
}
END_TEST

/* ---- the table ---- */
enum { IOC = 1, DZC = 2, OFC = 4, UFC = 8, IXC = 16, IDC = 128 };
enum { DN = 1 << 25, FZ = 1 << 24, FZ16 = 1 << 19, RUP = 1 << 22, RDN = 2 << 22, RTZ = 3 << 22 };
#define V(lo, hi) { .d = { lo, hi } }
#define W(a, b, c, e) { .w = { a, b, c, e } }
#define W1(a) { .w = { a, a, a, a } }
#define D1(a) { .d = { a, a } }
#define H1(a) { .h = { a, a, a, a, a, a, a, a } }
/* clang-format off */
static const struct { const char *what; uint32_t word, fpcr; vec n, m, d, r; uint32_t fpsr; } rows[] = {
    { "FADD: sNaN goes before qNaN", T3(0, 0, 26u), 0, W(0x7fc00001, 0x3f800000, 0, 0), W(0x7f800002, 0x3f800000, 0, 0), W1(0), W(0x7fc00002, 0x40000000, 0, 0), IOC },
    { "FADD: default NaN", T3(0, 0, 26u), DN, W(0xffc00001, 0x3f800000, 0, 0), W(0, 0x3f800000, 0, 0), W1(0), W(0x7fc00000, 0x40000000, 0, 0), 0 },
    { "FADD: inf - inf", T3(0, 0, 26u), 0, W1(0x7f800000), W1(0xff800000), W1(0), W1(0x7fc00000), IOC },
    { "FADD: a denormal operand is flushed", T3(0, 0, 26u), FZ, W1(0x00000001), W1(0x3f800000), W1(0), W1(0x3f800000), IDC },
    { "FADD: x - x rounding down is -0", T3(0, 0, 26u), RDN, W1(0x3f800000), W1(0xbf800000), W1(0), W1(0x80000000), 0 },
    { "FADD 2S: the upper half takes no part", T3(0, 0, 26u) ^ LOW, RDN, W(0x3f800000, 0, 0x7f800001, 0x3f800000), W(0x3f800000, 0, 0, 0xbf800000), W1(~0u), W(0x40000000, 0, 0, 0), 0 },
    { "FDIV 2S: nor are its zeros divided", T3(1u, 0, 31u) ^ LOW, 0, W(0x3f800000, 0x40000000, 0, 0), W(0x3f800000, 0x40000000, 0, 0), W1(~0u), W(0x3f800000, 0x3f800000, 0, 0), 0 },
    { "FDIV: by zero", T3(1u, 0, 31u), 0, W1(0xbf800000), W1(0), W1(0), W1(0xff800000), DZC },
    { "FMUL: tiny before rounding, normal after", T3(1u, 0, 27u), 0, W1(0x3f7fffff), W1(0x00800000), W1(0), W1(0x00800000), UFC | IXC },
    { "FMUL: the same of doubles", T3(1u, 0, 27u) | DOUBLES, 0, D1(0x3fefffffffffffff), D1(0x0010000000000000), D1(0), D1(0x0010000000000000), UFC | IXC },
    { "FMUL: flushed to zero it is not inexact", T3(1u, 0, 27u), FZ, W1(0x3f7fffff), W1(0x80800000), W1(0), W1(0x80000000), UFC },
    { "FMUL: overflow towards zero", T3(1u, 0, 27u), RTZ, W1(0x7f7fffff), W1(0x40000000), W1(0), W1(0x7f7fffff), OFC | IXC },
    { "FMLA: infinity times zero plus a quiet NaN", T3(0, 0, 25u), 0, W1(0x7f800000), W1(0), W1(0x7fc01234), W1(0x7fc00000), IOC },
    { "FMLS: the negated operand is a NaN", T3(0, 1u, 25u), 0, W1(0x7fc00001), W1(0x3f800000), W1(0x3f800000), W1(0xffc00001), 0 },
    { "FMULX: infinity times zero is 2", T3(0, 0, 27u), 0, W(0x7f800000, 0xff800000, 0x80000000, 0x40400000), W(0, 0, 0xff800000, 0x40400000), W1(0), W(0x40000000, 0xc0000000, 0x40000000, 0x41100000), 0 },
    { "FRECPS: 2 - x y", T3(0, 0, 31u), 0, W(0x7f800000, 0x40000000, 0x3f800000, 0x40000000), W(0, 0x3f000000, 0x40400000, 0x3f800000), W1(0), W(0x40000000, 0x3f800000, 0xbf800000, 0), 0 },
    { "FRSQRTS: (3 - x y) / 2", T3(0, 1u, 31u), 0, W(0, 0x3f800000, 0x40400000, 0x7f7fffff), W(0x7f800000, 0x3f800000, 0x3f800000, 0x3f800000), W1(0), W(0x3fc00000, 0x3f800000, 0, 0xfeffffff), IXC },
    { "FRECPE: RecipEstimate(256) is 511", M2(0, 1u, 29u), 0, W(0x3f800000, 0x40000000, 0, 0x7f800000), W1(0), W1(0), W(0x3f7f8000, 0x3eff8000, 0x7f800000, 0), DZC },
    { "FRECPE: too small a number", M2(0, 1u, 29u), RTZ, W1(0x801fffff), W1(0), W1(0), W1(0xff7fffff), OFC | IXC },
    { "FRSQRTE: RecipSqrtEstimate(128) is 511", M2(1u, 1u, 29u), 0, W(0x40800000, 0x3f800000, 0xbf800000, 0x80000000), W1(0), W1(0), W(0x3eff8000, 0x3f7f8000, 0x7fc00000, 0xff800000), IOC | DZC },
    { "FCMEQ: quiet NaNs are quiet", T3(0, 0, 28u), 0, W(0x7fc00000, 0, 0x3f800000, 0), W(0x7fc00000, 0x80000000, 0x3f800000, 1), W1(0), W(0, ~0u, ~0u, 0), 0 },
    { "FCMGT: they are not", T3(1u, 1u, 28u), 0, W(0x7fc00000, 0x40000000, 0, 0), W(0x3f800000, 0x3f800000, 0, 0), W1(0), W(0, ~0u, 0, 0), IOC },
    { "FACGE: magnitudes", T3(1u, 0, 29u), 0, W(0xc0000000, 0x3f800000, 0, 0x80000000), W(0x3f800000, 0xbf800000, 0x80000001, 0), W1(0), W(~0u, ~0u, 0, ~0u), 0 },
    { "FMAX: a NaN stays", T3(0, 0, 30u), 0, W(0x7fc00007, 0x80000000, 0, 0), W(0x3f800000, 0, 0, 0), W1(0), W(0x7fc00007, 0, 0, 0), 0 },
    { "FMAXNM: the number stays", T3(0, 0, 24u), 0, W(0x7fc00007, 0x80000000, 0, 0), W(0xbf800000, 0, 0, 0), W1(0), W(0xbf800000, 0, 0, 0), 0 },
    { "FCVTZS: saturates", M2(0, 1u, 27u), 0, W(0x4f32d05e, 0xcf32d05e, 0x7fc00000, 0x3fc00000), W1(0), W1(0), W(0x7fffffff, 0x80000000, 0, 1), IOC | IXC },
    { "FCVTZU: saturates", M2(1u, 1u, 27u), 0, W(0x4f32d05e, 0xbf800000, 0x7f800000, 0xbf000000), W1(0), W1(0), W(3000000000u, 0, ~0u, 0), IOC | IXC },
    { "FCVTAS: ties go away from zero", M2(0, 0, 28u), 0, W(0xca9d0001, 0x3f000000, 0x3effffff, 0xbf000000), W1(0), W1(0), W((uint32_t)-5144577, 1, 0, ~0u), IXC },
    { "FRINTX is inexact, FRINTI is not", M2(1u, 0, 25u), 0, W1(0x3fc00000), W1(0), W1(0), W1(0x40000000), IXC },
    { "FRINTI", M2(1u, 1u, 25u), RDN, W1(0x3fc00000), W1(0), W1(0), W1(0x3f800000), 0 },
    { "FCVTXN: what is lost makes the last place odd", 0x2e616820, 0, V(0x3ff0000000000001, 0x3ff0000000000000), W1(0), W1(~0u), W(0x3f800001, 0x3f800000, 0, 0), IXC },
    { "FCVTN2: the lower half stays", 0x4e616820, 0, V(0x3ff0000000000000, 0xc000000000000000), W1(0), W(1, 2, 3, 4), W(1, 2, 0x3f800000, 0xc0000000), 0 },
    { "FCVTL: halves", 0x0e217820, 0, V(0x7c00800000013c00, ~0ull), W1(0), W1(0), W(0x3f800000, 0x33800000, 0x80000000, 0x7f800000), 0 },
    { "FADDP", T3(1u, 0, 26u), 0, W(0x3f800000, 0x40000000, 0x40400000, 0x40800000), W(0, 0, 0xbf800000, 0x3f800000), W1(0), W(0x40400000, 0x40e00000, 0, 0), 0 },
    { "FMAXV: NaN of the first pair", 0x6e30f820, 0, W(0x3f800000, 0x7fc00001, 0x7fc00002, 0), W1(0), W1(~0u), W(0x7fc00001, 0, 0, 0), 0 },
    { "FADD of halves: overflow", T3_16(0, 0, 2u), 0, H1(0x7bff), H1(0x7bff), W1(0), H1(0x7c00), OFC | IXC },
    { "FADD of halves: FZ leaves denormals", T3_16(0, 0, 2u), FZ, H1(0x0001), H1(0x0001), W1(0), H1(0x0002), 0 },
    { "FADD of halves: FZ16 does not, without a flag", T3_16(0, 0, 2u), FZ16, H1(0x0001), H1(0x3c00), W1(0), H1(0x3c00), 0 },
    { "FCVTZS of halves: 16 bits", M2_16(0, 1u, 27u), 0, H1(0x7800), W1(0), W1(0), H1(0x7fff), IOC },
    { "FCMLA, 90 degrees: i x times y", 0x6e82cc20, 0, W(0x40000000, 0x40400000, 0, 0), W(0x40a00000, 0x40e00000, 0, 0), W1(0x3f800000), W(0xc1a00000, 0x41800000, 0x3f800000, 0x3f800000), 0 },
    { "FCADD, 270 degrees: minus i y", 0x6e82f420, 0, W1(0), W(0x3f800000, 0x40000000, 0, 0), W1(0), W(0x40000000, 0xbf800000, 0, 0), 0 },
    { "FMLA by element", 0x4fa21020, 0, W(0x3f800000, 0x40000000, 0x40400000, 0x40800000), W(0, 0x40000000, 0, 0), W1(0x3f800000), W(0x40400000, 0x40a00000, 0x40e00000, 0x41100000), 0 },
    { "FMLAL: 1.5 * 2 + 1", 0x4e22ec20, 0, V(0x3e003e003e003e00, 0), V(0x4000400040004000, 0), W1(0x3f800000), W1(0x40800000), 0 },
    { "BFDOT: two products and a sum", 0x6e42fc20, 0, W1(0x40003f80), W1(0x40403f80), W1(0x3f800000), W1(0x41000000), 0 },
    { "BFCVTN: to nearest even", 0x0ea16820, 0, W(0x3f808000, 0x3f818000, 0x3f808001, 0x7f800001), W1(0), W1(~0u), V(0x7fc03f813f823f80, 0), IXC | IOC },
    { "SCVTF, 4 bits of fraction", 0x4f3ce420, 0, W(24, (uint32_t)-8, 0, 1), W1(0), W1(0), W(0x3fc00000, 0xbf000000, 0, 0x3d800000), 0 },
    { "FRINT32Z: out of range is the least number", 0x4e21e820, 0, W(0x4f000000, 0x3fc00000, 0x7fc00000, 0xcf000000), W1(0), W1(0), W(0xcf000000, 0x3f800000, 0xcf000000, 0xcf000000), IOC | IXC },
};
/* clang-format on */

START_TEST(edges_follow_the_manual)
{
    struct simd_rig g = simd_open(modes[_i]);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        g.a->v[0] = rows[i].d;
        g.a->v[1] = rows[i].n;
        g.a->v[2] = rows[i].m;
        simd_run(&g, rows[i].word, rows[i].fpcr);
        const vec *got = &g.a->v[0];
        ck_assert_msg(memcmp(got, &rows[i].r, 16) == 0, "%s: %016llx %016llx, not %016llx %016llx", rows[i].what,
                      (unsigned long long)got->d[1], (unsigned long long)got->d[0],
                      (unsigned long long)rows[i].r.d[1], (unsigned long long)rows[i].r.d[0]);
        ck_assert_msg(a64_get_fpsr(g.a) == rows[i].fpsr, "%s: FPSR %llx, not %x", rows[i].what,
                      (unsigned long long)a64_get_fpsr(g.a), rows[i].fpsr);
    }
    simd_close(&g);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("cpu.arm64.simd_fp");
    TCase *c = tcase_create("values");
    tcase_set_timeout(c, 100);
    tcase_add_loop_test(c, numbers_are_rounded_as_the_host_does, 0, 2);
    tcase_add_loop_test(c, edges_follow_the_manual, 0, 2);
    suite_add_tcase(s, c);
    return s;
}
