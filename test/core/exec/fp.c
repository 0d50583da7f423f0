/* SPDX-License-Identifier: Apache-2.0 */
/*
 * core/exec/fp.c under x86 rules against the host's SSE unit: result bits and all six
 * flags, four rounding modes, with and without DAZ and FTZ. That covers the arithmetic
 * of every rule; where rules differ, fp_rules.c has tables. Set FP_CASES for longer runs
 * (operand sets per operation and format).
 */
#include "core/exec/fp.h"
#include "core/cpu/cpu.h"
#include "core/util/hash.h"
#include "test/check_main.h"
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)

static uint64_t next(uint64_t *s)
{
    *s += 0x9e3779b97f4a7c15ull;
    return hash_mix(*s);
}

struct sample {
    uint64_t a, b, c;
};

/* ---- the host ---- */

enum op { ADD, SUB, MUL, DIV, SQRT, FMA, MIN_, MAX_, UCOMI, COMI, CVT, TO32, TO64, FROM32, FROM64,
          ROUND, ROUNDNX, OPS };
static const char *const op_names[OPS] = { "add",  "sub",   "mul",   "div",    "sqrt",   "fma",
                                           "min",  "max",   "ucomi", "comi",   "cvt",    "to32",
                                           "to64", "from32", "from64", "round", "roundnx" };

/* `insn` on %0 (in and out), %1 and %2 with MXCSR = *m; *m becomes MXCSR after. */
#define RUN(T, OUT, insn, x, y, z)                                                                 \
    do {                                                                                           \
        T x_, y_, z_;                                                                              \
        memcpy(&x_, &(x), sizeof(T));                                                              \
        memcpy(&y_, &(y), sizeof(T));                                                              \
        memcpy(&z_, &(z), sizeof(T));                                                              \
        __asm__ volatile("ldmxcsr %3\n\t" insn "\n\tstmxcsr %3\n\tldmxcsr %4"                      \
                         : "+x"(x_)                                                                \
                         : "x"(y_), "x"(z_), "m"(*m), "m"(quiet)                                   \
                         : "memory");                                                              \
        memcpy(&(OUT), &x_, sizeof(T));                                                            \
    } while (0)
#define BOTH(insn) (f == FP_F32 ? (void)({ RUN(float, r, insn "ss %1, %0", a, b, c); })            \
                                : (void)({ RUN(double, r, insn "sd %1, %0", a, b, c); }))
#define TO_INT(T, insn, S)                                                                         \
    do {                                                                                           \
        S x_;                                                                                      \
        T o_;                                                                                      \
        memcpy(&x_, &a, sizeof(S));                                                                \
        __asm__ volatile("ldmxcsr %2\n\t" insn "\n\tstmxcsr %2\n\tldmxcsr %3"                      \
                         : "=&r"(o_) : "x"(x_), "m"(*m), "m"(quiet) : "memory");                   \
        r = (uint64_t)o_;                                                                          \
    } while (0)
#define FROM_INT(T, insn, S)                                                                       \
    do {                                                                                           \
        S o_ = 0;                                                                                  \
        T i_ = (T)a;                                                                               \
        __asm__ volatile("ldmxcsr %2\n\t" insn "\n\tstmxcsr %2\n\tldmxcsr %3"                      \
                         : "+x"(o_) : "r"(i_), "m"(*m), "m"(quiet) : "memory");                    \
        memcpy(&r, &o_, sizeof(S));                                                                \
    } while (0)
/* ZF, PF, CF as bits 2..0 */
#define COMPARE(insn, S)                                                                           \
    do {                                                                                           \
        S x_, y_;                                                                                  \
        uint8_t z_, p_, c_;                                                                        \
        memcpy(&x_, &a, sizeof(S));                                                                \
        memcpy(&y_, &b, sizeof(S));                                                                \
        __asm__ volatile("ldmxcsr %5\n\t" insn " %4, %3\n\tsete %0\n\tsetp %1\n\tsetc %2\n\t"      \
                         "stmxcsr %5\n\tldmxcsr %6"                                                \
                         : "=&r"(z_), "=&r"(p_), "=&r"(c_)                                         \
                         : "x"(x_), "x"(y_), "m"(*m), "m"(quiet) : "memory", "cc");                \
        r = (uint64_t)(z_ << 2 | p_ << 1 | c_);                                                    \
    } while (0)

static uint64_t host(enum op op, enum fp_format f, const struct sample *s, uint32_t *m)
{
    static const uint32_t quiet = 0x1f80;
    uint64_t a = s->a, b = s->b, c = s->c, r = 0;
    bool single = f == FP_F32;
    switch (op) {
    case ADD: BOTH("add"); break;
    case SUB: BOTH("sub"); break;
    case MUL: BOTH("mul"); break;
    case DIV: BOTH("div"); break;
    case SQRT: BOTH("sqrt"); break;
    case MIN_: BOTH("min"); break;
    case MAX_: BOTH("max"); break;
    case FMA: /* its NaN order starts with the second operand */
        if (single)
            RUN(float, r, "vfmadd213ss %2, %1, %0", b, a, c);
        else
            RUN(double, r, "vfmadd213sd %2, %1, %0", b, a, c);
        break;
    case UCOMI:
        if (single)
            COMPARE("ucomiss", float);
        else
            COMPARE("ucomisd", double);
        break;
    case COMI:
        if (single)
            COMPARE("comiss", float);
        else
            COMPARE("comisd", double);
        break;
    case CVT:
        if (single) { /* to double */
            double o = 0;
            float x;
            memcpy(&x, &a, 4);
            __asm__ volatile("ldmxcsr %2\n\tcvtss2sd %1, %0\n\tstmxcsr %2\n\tldmxcsr %3"
                             : "+x"(o) : "x"(x), "m"(*m), "m"(quiet) : "memory");
            memcpy(&r, &o, 8);
        } else {
            float o = 0;
            double x;
            memcpy(&x, &a, 8);
            __asm__ volatile("ldmxcsr %2\n\tcvtsd2ss %1, %0\n\tstmxcsr %2\n\tldmxcsr %3"
                             : "+x"(o) : "x"(x), "m"(*m), "m"(quiet) : "memory");
            memcpy(&r, &o, 4);
        }
        break;
    case TO32:
        if (single)
            TO_INT(uint32_t, "cvtss2si %1, %0", float);
        else
            TO_INT(uint32_t, "cvtsd2si %1, %0", double);
        break;
    case TO64:
        if (single)
            TO_INT(uint64_t, "cvtss2si %1, %0", float);
        else
            TO_INT(uint64_t, "cvtsd2si %1, %0", double);
        break;
    case FROM32:
        if (single)
            FROM_INT(uint32_t, "cvtsi2ss %1, %0", float);
        else
            FROM_INT(uint32_t, "cvtsi2sd %1, %0", double);
        break;
    case FROM64:
        if (single)
            FROM_INT(uint64_t, "cvtsi2ss %1, %0", float);
        else
            FROM_INT(uint64_t, "cvtsi2sd %1, %0", double);
        break;
    case ROUND:
        if (single)
            RUN(float, r, "roundss $4, %1, %0", a, a, a);
        else
            RUN(double, r, "roundsd $4, %1, %0", a, a, a);
        break;
    default: /* ROUNDNX */
        if (single)
            RUN(float, r, "roundss $12, %1, %0", a, a, a);
        else
            RUN(double, r, "roundsd $12, %1, %0", a, a, a);
        break;
    }
    return r;
}

static uint64_t compared(struct fp_env *e, enum fp_format f, unsigned quiet, const struct sample *s)
{
    struct fp_env other = *e; /* one instruction, one set of flags */
    if (fp_cmp(e, f, IR_FUNORD, s->a, s->b)) {
        fp_cmp(e, f, IR_FLT | quiet, s->a, s->b);
        return 7;
    }
    if (fp_cmp(&other, f, IR_FEQ, s->a, s->b))
        return 4;
    return fp_cmp(&other, f, IR_FLT | quiet, s->a, s->b);
}

static uint64_t soft(enum op op, enum fp_format f, const struct sample *s, struct fp_env *e)
{
    enum fp_format other = f == FP_F32 ? FP_F64 : FP_F32;
    switch (op) {
    case ADD: return fp_add(e, f, s->a, s->b);
    case SUB: return fp_sub(e, f, s->a, s->b);
    case MUL: return fp_mul(e, f, s->a, s->b);
    case DIV: return fp_div(e, f, s->a, s->b);
    case SQRT: return fp_sqrt(e, f, s->b);
    case FMA: return fp_fma(e, f, s->a, s->b, s->c, false, false);
    case MIN_: return fp_min(e, f, s->a, s->b, false);
    case MAX_: return fp_max(e, f, s->a, s->b, false);
    case UCOMI: return compared(e, f, IR_FCMP_QUIET, s);
    case COMI: return compared(e, f, 0, s);
    case CVT: return fp_cvt(e, other, f, s->a);
    case TO32: return fp_to_int(e, f, 32, false, s->a);
    case TO64: return fp_to_int(e, f, 64, false, s->a);
    case FROM32: return fp_from_int(e, f, 32, false, (uint32_t)s->a);
    case FROM64: return fp_from_int(e, f, 64, false, s->a);
    case ROUND: return fp_round(e, f, s->a, true);
    default: return fp_round(e, f, s->a, false);
    }
}

/* ---- operands ---- */

/* Near exponents, few significant bits, special values: where rounding and cancellation live. */
static uint64_t operand(uint64_t *s, enum fp_format f)
{
    unsigned frac = f == FP_F32 ? 23 : 52, bits = f == FP_F32 ? 32 : 64;
    uint64_t bias = f == FP_F32 ? 127 : 1023, most = 2 * bias + 1;
    uint64_t r = next(s), m = next(s) & ((1ull << frac) - 1), e;
    switch (r >> 8 & 3) { /* significand */
    case 0: m = 0; break;
    case 1: m = (1ull << frac) - 1; break;
    case 2: m &= ~0ull << (r >> 16 & 63) % (frac + 1); break;
    default: break;
    }
    if (r >> 10 & 1)
        m ^= (r >> 24 & 3);
    switch (r >> 11 & 7) { /* exponent */
    case 0: e = 0; break;
    case 1: e = 1; break;
    case 2: e = most - 1 + (r >> 14 & 1); break;
    case 3: e = bias + (r >> 32 & 63) - 32; break;
    case 4: e = bias + (r >> 32 & 3) - 1; break;
    case 5: e = (r >> 32 & 63) + (bias / 2 - 32); break;
    case 6: e = bias + frac + (r >> 32 & 15) - 8; break;
    default: e = next(s) % (most + 1); break;
    }
    return ((r & 1) << (bits - 1) | e << frac | (m & ((1ull << frac) - 1)));
}

static uint64_t integer(uint64_t *s)
{
    uint64_t r = next(s), v = next(s) >> (r & 63);
    if (r >> 8 & 1)
        v &= ~0ull << (r >> 16 & 63);
    return r >> 9 & 1 ? 0 - v : v;
}

static void compare(enum op op, enum fp_format f, const struct sample *s, uint32_t mode)
{
    struct fp_env e;
    uint32_t m = 0x1f80 | mode;
    fp_env_init(&e, IR_FP_X86, mode, IR_RM_DYN);
    uint64_t want = host(op, f, s, &m), got = soft(op, f, s, &e);
    if (got != want || e.flags != (m & 63))
        ck_abort_msg("%s f%d mode 0x%04x: %lx, %lx, %lx gives %lx flags %02x, host %lx flags %02x",
                     op_names[op], f == FP_F32 ? 32 : 64, mode, s->a, s->b, s->c, got, e.flags,
                     want, m & 63);
}

static bool host_has(enum op op)
{
    if (op == FMA)
        return __builtin_cpu_supports("fma");
    return (op != ROUND && op != ROUNDNX) || __builtin_cpu_supports("sse4.1");
}

START_TEST(like_the_host)
{
    const char *cases = getenv("FP_CASES");
    uint64_t n = cases ? strtoull(cases, NULL, 0) : 100000, s = (uint64_t)_i + (n << 8);
    enum op op = (enum op)(_i / 2);
    enum fp_format f = _i % 2 ? FP_F64 : FP_F32;
    if (!host_has(op))
        return;
    for (uint64_t i = 0; i < n; i++) {
        uint64_t r = next(&s);
        struct sample v = { .a = operand(&s, f) };
        v.b = operand(&s, f);
        v.c = operand(&s, f);
        if (op == FROM32 || op == FROM64)
            v.a = integer(&s);
        if (r >> 2 & 1) /* products near the addend */
            v.c = f == FP_F32 ? v.c : v.a ^ (v.c & 0xfff);
        uint32_t mode = (uint32_t)(r & 3) << 13;
        if ((r >> 4 & 7) == 0)
            mode |= (r >> 7 & 1 ? 0x8000u : 0) | (r >> 8 & 1 ? 0x40u : 0);
        compare(op, f, &v, mode);
    }
}
END_TEST

/* All triples of special values, all modes. */
START_TEST(grid_like_the_host)
{
    static const uint64_t v64[] = {
        0, 1, 2, 0x000fffffffffffff, 0x0010000000000000, 0x0010000000000001, 0x3fe0000000000000,
        0x3ff0000000000000, 0x3ff0000000000001, 0x3fefffffffffffff, 0x4000000000000000,
        0x4330000000000000, 0x4340000000000001, 0x41e0000000000000, 0x41dfffffffe00000,
        0x43e0000000000000, 0x43dfffffffffffff, 0x7fefffffffffffff, 0x7ff0000000000000,
        0x7ff0000000000001, 0x7ff8000000000000, 0x7ff8000000000123, 0x20b0000000000001,
        0x1f4fffffffffffff,
    };
    static const uint64_t v32[] = {
        0, 1, 2, 0x007fffff, 0x00800000, 0x00800001, 0x3f000000, 0x3f800000, 0x3f800001, 0x3f7fffff,
        0x40000000, 0x4b000000, 0x4b800001, 0x4f000000, 0x4effffff, 0x5f000000, 0x5effffff,
        0x7f7fffff, 0x7f800000, 0x7f800001, 0x7fc00000, 0x7fc00123, 0x1fc00001, 0x207fffff,
    };
    enum op op = (enum op)(_i / 2);
    enum fp_format f = _i % 2 ? FP_F64 : FP_F32;
    const uint64_t *v = f == FP_F32 ? v32 : v64, sign = f == FP_F32 ? 1u << 31 : 1ull << 63;
    size_t n = 2 * ARRAY_LEN(v64), third = op == FMA ? n : 1, second = op > COMI ? 1 : n;
    if (!host_has(op))
        return;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < second; j++)
            for (size_t k = 0; k < third; k++) {
                struct sample s = { v[i / 2] | (i % 2 ? sign : 0), v[j / 2] | (j % 2 ? sign : 0),
                                    v[k / 2] | (k % 2 ? sign : 0) };
                for (uint32_t mode = 0; mode < 16; mode++)
                    compare(op, f, &s, (mode & 3) << 13 | (mode & 4) << 4 | (mode & 8) << 12);
            }
}
END_TEST

#endif

Suite *test_suite(void)
{
    Suite *s = suite_create("core/exec/fp");
    TCase *t = tcase_create("host");
    tcase_set_timeout(t, 3600);
#if defined(__x86_64__)
    tcase_add_loop_test(t, grid_like_the_host, 0, 2 * OPS);
    tcase_add_loop_test(t, like_the_host, 0, 2 * OPS);
#endif
    suite_add_tcase(s, t);
    return s;
}
