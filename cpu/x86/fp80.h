/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CPU_X86_FP80_H
#define ORRERY_CPU_X86_FP80_H
/*
 * Double extended arithmetic of the x87 FPU in integers: SDM volume 1, chapters 4 and 8. Equal on every
 * host, bit for bit. Nothing here knows of registers, stack or memory.
 *
 * Each function takes the control word and collects flags in the status of its `struct fp80_env`. An exception
 * whose mask is clear changes what comes out as the SDM says: after invalid, divide by zero and
 * denormal the result is of no use (fp80_stops); overflow and underflow scale it by 2^24576.
 *
 * Formats that the 80387 and its followers do not support (unnormals, pseudo-infinities, pseudo-NaNs) are invalid
 * operands; pseudo-denormals are denormals whose exponent counts as 1.
 */
#include "core/util/types.h"

struct fp80 {
    uint64_t m;               /* significand with its explicit integer bit */
    uint16_t se;              /* sign, biased exponent */
};

/* FSW bits 5:0, masked by FCW bits 5:0. */
enum fp80_flag {
    FP80_IE = 1u << 0, FP80_DE = 1u << 1, FP80_ZE = 1u << 2, FP80_OE = 1u << 3, FP80_UE = 1u << 4,
    FP80_PE = 1u << 5, FP80_ALL = 0x3f,
};
enum fp80_rounding { FP80_NEAREST, FP80_DOWN, FP80_UP, FP80_CHOP };

struct fp80_env {
    uint16_t control;         /* FCW: masks, precision 9:8, rounding 11:10 */
    uint16_t flags;           /* enum fp80_flag raised so far */
    bool up;                  /* the magnitude was rounded up: C1 */
};

#endif
