/* SPDX-License-Identifier: Apache-2.0 */
#include "core/exec/fp.h"
#include "core/exec/interp/interp_impl.h"

/* Scalar floating point: every operation through the exact one of core/exec/fp.h. */

static enum fp_format format_of(unsigned type)
{
    return type == IR_F32 ? FP_F32 : FP_F64;
}

#define HANDLER(OP, EXPR)                                                                          \
    static const struct op *do_##OP(struct run *r, const struct op *o)                             \
    {                                                                                              \
        struct fp_env env, *e = &env;                                                              \
        const uint64_t *v = r->v;                                                                  \
        enum fp_format f = format_of(o->type);                                                     \
        fp_env_init(e, r->code->guest->fp, r->cpu->fp_mode, (enum ir_rm)o->aux);                   \
        (void)f;                                                                                   \
        r->v[o->dst] = (EXPR);                                                                     \
        r->cpu->fp_flags |= env.flags;                                                             \
        return o + 1;                                                                              \
    }
#define BITS(t) ((t) == IR_I32 ? 32u : 64u)

/* clang-format off */
HANDLER(fadd, fp_add(e, f, v[o->a], v[o->b]))
HANDLER(fsub, fp_sub(e, f, v[o->a], v[o->b]))
HANDLER(fmul, fp_mul(e, f, v[o->a], v[o->b]))
HANDLER(fdiv, fp_div(e, f, v[o->a], v[o->b]))
HANDLER(fsqrt, fp_sqrt(e, f, v[o->a]))
HANDLER(fma, fp_fma(e, f, v[o->a], v[o->b], v[o->c], o->imm & 1, o->imm & 2))
HANDLER(fmin, fp_min(e, f, v[o->a], v[o->b], o->imm & 1))
HANDLER(fmax, fp_max(e, f, v[o->a], v[o->b], o->imm & 1))
HANDLER(fcmp, fp_cmp(e, f, o->aux, v[o->a], v[o->b]))
HANDLER(fcvt, fp_cvt(e, f, format_of((unsigned)o->imm), v[o->a]))
HANDLER(ftoi, fp_to_int(e, format_of(o->imm & 0xff), BITS(o->type), o->imm & 0x100, v[o->a]))
HANDLER(itof, fp_from_int(e, f, BITS(o->imm & 0xff), o->imm & 0x100, v[o->a]))
HANDLER(frint, fp_round(e, f, v[o->a], o->imm & 1))
/* clang-format on */

op_fn *interp_fp_handler(const struct ir_inst *in)
{
    switch (in->op) {
    case IR_FADD:
        return do_fadd;
    case IR_FSUB:
        return do_fsub;
    case IR_FMUL:
        return do_fmul;
    case IR_FDIV:
        return do_fdiv;
    case IR_FSQRT:
        return do_fsqrt;
    case IR_FMA:
        return do_fma;
    case IR_FMIN:
        return do_fmin;
    case IR_FMAX:
        return do_fmax;
    case IR_FCMP:
        return do_fcmp;
    case IR_FCVT:
        return do_fcvt;
    case IR_FTOI:
        return do_ftoi;
    case IR_ITOF:
        return do_itof;
    case IR_FRINT:
        return do_frint;
    default:
        return NULL;
    }
}
