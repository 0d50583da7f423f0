/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CPU_X86_FP80_H
#define ORRERY_CPU_X86_FP80_H
/*
 * Double extended arithmetic of the x87 FPU in integers: SDM volume 1, chapters 4 and 8. Equal on
 * every host, bit for bit. Nothing here knows of registers, stack or memory.
 *
 * Each function takes the control word from a `struct fp80_env` and adds the flags it raises. An
 * exception whose mask is clear changes what comes out as the SDM says: after invalid operation,
 * division by zero and denormal operand the result is of no use (fp80_stops); overflow and
 * underflow scale it by 2^24576.
 *
 * Formats that the 80387 and its followers do not support (unnormals, pseudo-infinities,
 * pseudo-NaNs) are invalid operands; pseudo-denormals are denormals whose exponent counts as 1.
 */
#include "core/util/types.h"

struct fp80 {
    uint64_t m;  /* significand with its explicit integer bit */
    uint16_t se; /* sign, biased exponent */
};

/* FSW bits 5:0, masked by FCW bits 5:0. */
enum fp80_flag {
    FP80_IE = 1u << 0,
    FP80_DE = 1u << 1,
    FP80_ZE = 1u << 2,
    FP80_OE = 1u << 3,
    FP80_UE = 1u << 4,
    FP80_PE = 1u << 5,
    FP80_ALL = 0x3f,
};
enum fp80_rounding { FP80_NEAREST, FP80_DOWN, FP80_UP, FP80_CHOP };

struct fp80_env {
    uint16_t control; /* FCW: masks 5:0, precision 9:8, rounding 11:10 */
    uint16_t flags;   /* enum fp80_flag raised so far */
    bool up;          /* the magnitude was rounded up: C1 */
    bool
        denormal; /* an operand was a denormal of its format in memory, and is none here any more */
};

/* An unmasked exception was raised before anything was computed: operands stay as they were. */
static inline bool fp80_stops(const struct fp80_env *e)
{
    return e->flags & ~e->control & (FP80_IE | FP80_DE | FP80_ZE);
}
/* Likewise for results in memory: overflow and underflow as well (SDM volume 1, 8.5.4, 8.5.5). */
static inline bool fp80_stops_store(const struct fp80_env *e)
{
    return e->flags & ~e->control & (FP80_ALL & ~FP80_PE);
}

extern const struct fp80 fp80_indefinite; /* real indefinite */
extern const struct fp80 fp80_one, fp80_zero;

struct fp80 fp80_add(struct fp80_env *e, struct fp80 a, struct fp80 b);
struct fp80 fp80_sub(struct fp80_env *e, struct fp80 a, struct fp80 b);
struct fp80 fp80_mul(struct fp80_env *e, struct fp80 a, struct fp80 b);
struct fp80 fp80_div(struct fp80_env *e, struct fp80 a, struct fp80 b);
struct fp80 fp80_sqrt(struct fp80_env *e, struct fp80 a);

enum fp80_relation { FP80_LESS, FP80_EQUAL, FP80_GREATER, FP80_UNORDERED };
/* `quiet`: quiet NaNs raise nothing (FUCOM). */
enum fp80_relation fp80_compare(struct fp80_env *e, struct fp80 a, struct fp80 b, bool quiet);

enum fp80_class {
    FP80_UNSUPPORTED,
    FP80_NAN,
    FP80_NORMAL,
    FP80_INFINITY,
    FP80_ZERO,
    FP80_EMPTY,
    FP80_DENORMAL
};
enum fp80_class fp80_classify(struct fp80 a); /* of FXAM's table; never FP80_EMPTY */

/* ---- fp80_convert.c ---- */
/*
 * f32, f64: nothing is raised; signalling NaNs stay what they are and e->denormal tells what the
 * operation that follows has to raise. fp80_load: the operation is FLD.
 */
struct fp80 fp80_from_f32(struct fp80_env *e, uint32_t v);
struct fp80 fp80_from_f64(struct fp80_env *e, uint64_t v);
struct fp80 fp80_load(struct fp80_env *e, struct fp80 a);
struct fp80 fp80_from_int(int64_t v);
struct fp80 fp80_from_bcd(uint64_t low, uint16_t high);
uint32_t fp80_to_f32(struct fp80_env *e, struct fp80 a);
uint64_t fp80_to_f64(struct fp80_env *e, struct fp80 a);
/* Two's complement of 16, 32 or 64 bits in the low bits; the integer indefinite where it does not
 * fit. */
uint64_t fp80_to_int(struct fp80_env *e, struct fp80 a, unsigned bits, enum fp80_rounding rounding);
/* 18 digits: low 8 bytes in *low. */
uint16_t fp80_to_bcd(struct fp80_env *e, struct fp80 a, uint64_t *low);
struct fp80 fp80_round(struct fp80_env *e, struct fp80 a); /* FRNDINT */

/* ---- fp80_scale.c ---- */
/*
 * FPREM, FPREM1 (`nearest`). *quotient: its low three bits; partial: false once the reduction is
 * complete.
 */
struct fp80 fp80_remainder(struct fp80_env *e, struct fp80 a, struct fp80 b, bool nearest,
                           unsigned *quotient, bool *partial);
struct fp80 fp80_scale(struct fp80_env *e, struct fp80 a,
                       struct fp80 b); /* FSCALE: a * 2^trunc(b) */
/* FXTRACT: the significand; *exponent as a number. */
struct fp80 fp80_extract(struct fp80_env *e, struct fp80 a, struct fp80 *exponent);
/* FLDL2T, FLDL2E, FLDPI, FLDLG2, FLDLN2, rounded as the control word says. */
enum fp80_constant { FP80_L2T, FP80_L2E, FP80_PI, FP80_LG2, FP80_LN2 };
struct fp80 fp80_constant(const struct fp80_env *e, enum fp80_constant which);

/* ---- fp80_functions.c: within one unit in the last place, always rounded to 64 bits ---- */
struct fp80 fp80_2xm1(struct fp80_env *e, struct fp80 a);
struct fp80 fp80_yl2x(struct fp80_env *e, struct fp80 y, struct fp80 x);
struct fp80 fp80_yl2xp1(struct fp80_env *e, struct fp80 y, struct fp80 x);
struct fp80 fp80_atan(struct fp80_env *e, struct fp80 y, struct fp80 x);
/* False: out of range, C2; nothing else happens. Either result may be NULL. */
bool fp80_sincos(struct fp80_env *e, struct fp80 a, struct fp80 *sine, struct fp80 *cosine);
bool fp80_tan(struct fp80_env *e, struct fp80 a, struct fp80 *tangent);

#endif
