/* SPDX-License-Identifier: Apache-2.0 */
#include "core/exec/x86_64/vec_emit.h"

/*
 * Operations on lanes of sizes for which the host has no instruction, by a few it has: bytes as halves of 16 bits,
 * 16 bits as halves of 32, and of 64 bits what only AVX-512 does in one.
 *
 * xmm0 to xmm3 are scratch. Operands in memory were brought to xmm1 and xmm2: these are free once the operand was
 * read for the last time.
 */
enum { W16 = 0x71, W32 = 0x72, W64 = 0x73, SRL = 2, SRA = 4, SLL = 6 }; /* shifts by a constant */
enum { BOTH_LOW = 0x55, BOTH_HIGH = 0xaa };                             /* vpblendw: words of the second */

static void or_both(struct x86_gen *g) /* the result: xmm0 | xmm3 */
{
    op3(g, 0xeb | P66, 0, 0, 3);
    x86_result_fp(g, 0);
}

static void blend(struct x86_gen *g, unsigned dst, unsigned a, unsigned b, unsigned words)
{
    op3i(g, 0x0e | P3A, dst, a, b, words);
}

/* All ones in the lanes of xmm3 where `a` is negative. */
static void signs(struct x86_gen *g, unsigned a)
{
    zeros(g, 3);
    op3(g, 0x37 | P38, 3, 3, a); /* vpcmpgtq */
}

static bool minmax64(struct x86_gen *g, const struct ir_inst *in)
{
    unsigned a = x86_use_vec(g, in->a, 1), b = x86_use_vec(g, in->b, 2), x = a, y = b;
    bool max = in->op == IR_VMAXS || in->op == IR_VMAXU;
    if (in->op == IR_VMINU || in->op == IR_VMAXU) { /* unsigned numbers order as these do signed */
        ones(g, 3);
        shift(g, W64, SLL, 3, 3, 63);
        op3(g, 0xef | P66, 0, a, 3);
        op3(g, 0xef | P66, 3, b, 3);
        x = 0;
        y = 3;
    }
    op3(g, 0x37 | P38, 3, x, y);
    op3i(g, 0x4b | P3A, 0, max ? b : a, max ? a : b, 3 << 4); /* vblendvpd */
    x86_result_fp(g, 0);
    return true;
}

static bool abs64(struct x86_gen *g, const struct ir_inst *in)
{
    unsigned a = x86_use_vec(g, in->a, 1);
    signs(g, a);
    op3(g, 0xef | P66, 0, a, 3);
    op3(g, 0xfb | P66, 0, 0, 3);
    x86_result_fp(g, 0);
    return true;
}

/* A negative number's complement is shifted logically, and complemented again. */
static bool sar64(struct x86_gen *g, const struct ir_inst *in)
{
    bool by_lanes = in->op == IR_VSARV;
    if (by_lanes && !has(g, HOST_AVX2))
        return false;
    unsigned a = x86_use_vec(g, in->a, 1), b = by_lanes ? x86_use_vec(g, in->b, 2) : 0;
    signs(g, a);
    op3(g, 0xef | P66, 0, a, 3);
    if (by_lanes)
        op3(g, 0x45 | P38 | OP_W, 0, 0, b); /* vpsrlvq */
    else
        shift(g, W64, SRL, 0, 0, (unsigned)in->imm);
    op3(g, 0xef | P66, 0, 0, 3);
    x86_result_fp(g, 0);
    return true;
}

static bool sar8(struct x86_gen *g, const struct ir_inst *in)
{
    unsigned a = x86_use_vec(g, in->a, 1), n = (unsigned)in->imm;
    shift(g, W16, SLL, 0, a, 8);
    shift(g, W16, SRA, 0, 0, n);
    shift(g, W16, SRL, 0, 0, 8);
    shift(g, W16, SRA, 3, a, n);
    shift(g, W16, SRL, 3, 3, 8);
    shift(g, W16, SLL, 3, 3, 8);
    or_both(g);
    return true;
}

/* Words by words. The upper half's count is in xmm3, which becomes its result. */
static bool shift16(struct x86_gen *g, const struct ir_inst *in)
{
    if (!has(g, HOST_AVX2))
        return false;
    unsigned a = x86_use_vec(g, in->a, 1), b = x86_use_vec(g, in->b, 2);
    uint32_t op = (in->op == IR_VSHLV ? 0x47u : in->op == IR_VSHRV ? 0x45u : 0x46u) | P38;
    shift(g, W32, SRL, 3, b, 16);
    zeros(g, 0);
    if (in->op == IR_VSHLV) {
        blend(g, 0, 0, a, BOTH_HIGH);
        op3(g, op, 3, 0, 3);
        zeros(g, 0);
        blend(g, 0, 0, b, BOTH_LOW);
        op3(g, op, 0, a, 0);
    } else {
        op3(g, op, 3, a, 3);
        if (in->op == IR_VSHRV)
            blend(g, 0, 0, a, BOTH_LOW);
        else
            shift(g, W32, SLL, 0, a, 16);
        zeros(g, 1);
        blend(g, 1, 1, b, BOTH_LOW);
        op3(g, op, 0, 0, 1);
        if (in->op == IR_VSARV)
            shift(g, W32, SRL, 0, 0, 16);
    }
    blend(g, 0, 0, 3, BOTH_HIGH);
    x86_result_fp(g, 0);
    return true;
}

static bool multiply64(struct x86_gen *g, const struct ir_inst *in)
{
    unsigned a = x86_use_vec(g, in->a, 1), b = x86_use_vec(g, in->b, 2);
    uint32_t multiply = 0xf4 | P66, add = 0xd4 | P66; /* vpmuludq, vpaddq */
    shift(g, W64, SRL, 3, a, 32);
    op3(g, multiply, 3, 3, b);
    shift(g, W64, SRL, 0, b, 32);
    op3(g, multiply, 0, 0, a);
    op3(g, add, 3, 3, 0);
    shift(g, W64, SLL, 3, 3, 32);
    op3(g, multiply, 0, a, b);
    op3(g, add, 0, 0, 3);
    x86_result_fp(g, 0);
    return true;
}

static bool multiply8(struct x86_gen *g, const struct ir_inst *in)
{
    unsigned a = x86_use_vec(g, in->a, 1), b = x86_use_vec(g, in->b, 2);
    uint32_t multiply = 0xd5 | P66; /* vpmullw */
    shift(g, W16, SRL, 3, a, 8);
    shift(g, W16, SRL, 0, b, 8);
    op3(g, multiply, 3, 3, 0);
    shift(g, W16, SLL, 3, 3, 8);
    op3(g, multiply, 0, a, b);
    shift(g, W16, SLL, 0, 0, 8);
    shift(g, W16, SRL, 0, 0, 8);
    or_both(g);
    return true;
}

static bool transpose(struct x86_gen *g, const struct ir_inst *in)
{
    unsigned a = x86_use_vec(g, in->a, 1), b = x86_use_vec(g, in->b, 2);
    bool odd = in->op == IR_VTRN2;
    if (in->aux == 1) {
        shift(g, W32, odd ? SRL : SLL, 3, odd ? a : b, 16);
        blend(g, 0, odd ? 3 : a, odd ? b : 3, BOTH_HIGH);
        x86_result_fp(g, 0);
        return true;
    }
    if (odd) {
        shift(g, W16, SRL, 0, a, 8);
        shift(g, W16, SRL, 3, b, 8);
        shift(g, W16, SLL, 3, 3, 8);
    } else {
        shift(g, W16, SLL, 0, a, 8);
        shift(g, W16, SRL, 0, 0, 8);
        shift(g, W16, SLL, 3, b, 8);
    }
    or_both(g);
    return true;
}

/* The host's packing takes its operands as signed: what does not fit is cut before. */
static bool narrow_unsigned(struct x86_gen *g, const struct ir_inst *in)
{
    bool words = in->aux == 0;
    unsigned a = x86_use_vec(g, in->a, 1), b = x86_use_vec(g, in->b, 2);
    uint32_t least = (words ? 0x3au : 0x3bu) | P38; /* vpminuw, vpminud */
    ones(g, 3);
    shift(g, words ? W16 : W32, SRL, 3, 3, words ? 8 : 16);
    op3(g, least, 0, a, 3);
    op3(g, least, 3, b, 3);
    op3(g, words ? 0x67 | P66 : 0x2b | P38, 0, 0, 3);
    x86_result_fp(g, 0);
    return true;
}

/* A table has the counts of four bits. */
static bool population(struct x86_gen *g, const struct ir_inst *in)
{
    unsigned a = x86_use_vec(g, in->a, 1);
    uint32_t look_up = 0x00 | P38; /* vpshufb */
    gen_vec_const(g, 3, 0x0f0f0f0f0f0f0f0f, 0x0f0f0f0f0f0f0f0f);
    op3(g, 0xdb | P66, 0, a, 3);
    shift(g, W16, SRL, 1, a, 4);
    op3(g, 0xdb | P66, 1, 1, 3);
    gen_vec_const(g, 3, 0x0302020102010100, 0x0403030203020201);
    op3(g, look_up, 0, 3, 0);
    op3(g, look_up, 1, 3, 1);
    op3(g, 0xfc | P66, 0, 0, 1);
    x86_result_fp(g, 0);
    return true;
}

bool gen_select_composed(struct x86_gen *g, const struct ir_inst *in)
{
    unsigned lane = in->aux;
    switch (in->op) {
    case IR_VMINS: case IR_VMAXS: case IR_VMINU: case IR_VMAXU: return lane == 3 && minmax64(g, in);
    case IR_VABS: return lane == 3 && abs64(g, in);
    case IR_VSAR: return lane == 3 ? sar64(g, in) : lane == 0 && sar8(g, in);
    case IR_VSARV: return lane == 3 ? sar64(g, in) : lane == 1 && shift16(g, in);
    case IR_VSHLV: case IR_VSHRV: return lane == 1 && shift16(g, in);
    case IR_VMUL: return lane == 3 ? multiply64(g, in) : lane == 0 && multiply8(g, in);
    case IR_VTRN1: case IR_VTRN2: return lane < 2 && transpose(g, in);
    case IR_VPOPCNT: return lane == 0 && population(g, in);
    case IR_VNARROWUU: return lane < 2 && narrow_unsigned(g, in);
    default: return false;
    }
}
