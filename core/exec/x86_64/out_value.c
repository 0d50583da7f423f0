/* SPDX-License-Identifier: Apache-2.0 */
/* Operations that have no effect but their result, and sticky flags: what this host lacks, or must be exact. */
#include "core/exec/fp.h"
#include "core/exec/vec.h"
#include "core/exec/x86_64/out_impl.h"
#include "core/ir/eval.h"
#include "core/util/bits.h"
#include <string.h>

/* ---- integers ---- */

int x86_out_pure(struct cpu *cpu, const struct x86_site *s, uint64_t va, uint64_t b,
                 uint64_t *frame, uint64_t *result)
{
    (void)va, (void)b;
    const struct ir_helper *h = &s->code->guest->helpers[s->inst.imm];
    *result = h->fn(cpu, frame[0], frame[1], frame[2], frame[3]);
    return 0;
}

/* Pure integer operations that this host lacks, or the first tier has no code for. */
int x86_out_eval(struct cpu *cpu, const struct x86_site *s, uint64_t va, uint64_t b,
                 uint64_t *frame, uint64_t *result)
{
    (void)cpu, (void)va, (void)b;
    const struct ir_inst *in = &s->inst;
    *result = ir_eval((enum ir_op)in->op, (enum ir_type)in->type, in->aux, in->imm, frame[0], frame[1], frame[2]);
    return 0;
}

/* ---- exact floating point ---- */

static enum fp_format format_of(int64_t type)
{
    return type == IR_F32 ? FP_F32 : FP_F64;
}

static unsigned bits_of(int64_t type)
{
    return type == IR_I32 || type == IR_F32 ? 32 : 64;
}

int x86_out_fp(struct cpu *cpu, const struct x86_site *s, uint64_t va, uint64_t vb,
               uint64_t *frame, uint64_t *result)
{
    (void)va, (void)vb;
    const struct ir_inst *in = &s->inst;
    struct fp_env env, *e = &env;
    enum fp_format f = format_of(in->type);
    bool cvt = in->op == IR_FCVT || in->op == IR_FTOI || in->op == IR_ITOF;
    unsigned bits = bits_of(cvt ? in->imm & 0xff : in->type);
    uint64_t a = zext(frame[0], bits), b = zext(frame[1], bits), c = zext(frame[2], bits);
    fp_env_init(e, s->code->guest->fp, cpu->fp_mode, (enum ir_rm)in->aux);
    switch (in->op) {
    case IR_FADD: *result = fp_add(e, f, a, b); break;
    case IR_FSUB: *result = fp_sub(e, f, a, b); break;
    case IR_FMUL: *result = fp_mul(e, f, a, b); break;
    case IR_FDIV: *result = fp_div(e, f, a, b); break;
    case IR_FSQRT: *result = fp_sqrt(e, f, a); break;
    case IR_FMA: *result = fp_fma(e, f, a, b, c, in->imm & 1, in->imm & 2); break;
    case IR_FMIN: *result = fp_min(e, f, a, b, in->imm & 1); break;
    case IR_FMAX: *result = fp_max(e, f, a, b, in->imm & 1); break;
    case IR_FCMP: *result = fp_cmp(e, f, in->aux, a, b); break;
    case IR_FCVT: *result = fp_cvt(e, f, format_of(in->imm), a); break;
    case IR_FTOI:
        *result = fp_to_int(e, format_of(in->imm & 0xff), bits_of(in->type), in->imm & 0x100, a);
        break;
    case IR_ITOF: *result = fp_from_int(e, f, bits, in->imm & 0x100, a); break;
    case IR_FRINT: *result = fp_round(e, f, a, in->imm & 1); break;
    default: break;
    }
    cpu->fp_flags |= env.flags;
    return 0;
}

/* ---- vectors: operands in the frame, 16 bytes each; a scalar takes the place of one ---- */

static union ir_vec *vector_at(uint64_t *words)
{
    return (union ir_vec *)(void *)words; /* the frame is 16-aligned */
}

int x86_out_vec(struct cpu *cpu, const struct x86_site *s, uint64_t va, uint64_t b,
                uint64_t *frame, uint64_t *result)
{
    (void)va, (void)b;
    const struct ir_inst *in = &s->inst;
    struct vec_env env = { .guest = s->code->guest, .fp_mode = cpu->fp_mode, .lane = in->aux,
                           .rm = (uint8_t)in->aux2, .imm = in->imm };
    union ir_vec *v[3] = { vector_at(frame), vector_at(frame + 2), vector_at(frame + 4) };
    union ir_vec r = { .d = { 0 } };
    switch (in->op) {
    case IR_VDUP: vec_dup(&r, in->aux, frame[0]); break;
    case IR_VSCALAR: r.d[0] = zext(frame[0], 8u << in->aux); break;
    case IR_VINS:
        r = *v[0];
        vec_set_lane(&r, in->aux, (unsigned)in->imm, frame[2]);
        break;
    case IR_VLANE: r.d[0] = vec_lane(v[0], in->aux, (unsigned)in->imm); break;
    case IR_VADDV: r.d[0] = vec_sum(v[0], in->aux); break;
    case IR_VTOPS: r.d[0] = vec_tops(v[0], in->aux); break;
    case IR_CALLV:
        s->code->guest->vec_helpers[in->imm].fn(cpu, &r, in->a ? v[0] : NULL, in->b ? v[1] : NULL,
                                                in->c ? v[2] : NULL, (uint64_t)in->imm2);
        break;
    default:
        vec_function((enum ir_op)in->op)(&env, &r, v[0], in->b ? v[1] : NULL, in->c ? v[2] : NULL);
        break;
    }
    cpu->fp_flags |= env.flags;
    memcpy(result, &r, 16);
    return 0;
}
