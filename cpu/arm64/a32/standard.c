/* SPDX-License-Identifier: Apache-2.0 */
/* Views of vector registers, A64's instructions on them, and the standard FPSCR value (Arm ARM, E1.3). */
#include "core/exec/fp.h"
#include "core/exec/vec.h"
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include "cpu/arm64/a32/vfp_impl.h"
#include "cpu/arm64/bits.h"
#include "cpu/arm64/float_impl.h"

/* ---- views ---- */
ir_val_t a64_view(struct a64_tr *t, unsigned n)
{
    unsigned i = n & 0x3f, lane = n & A64_VIEW_S ? 2 : 3, per = n & A64_VIEW_S ? 4 : 2;
    ir_val_t whole = ir_get(t->u, A64_SLOT_V + i / per);
    return ir_vop1(t->u, IR_VSCALAR, lane, ir_vlane(t->u, IR_I64, lane, whole, i % per));
}

void a64_put_view(struct a64_tr *t, unsigned n, ir_val_t v128)
{
    unsigned i = n & 0x3f, lane = n & A64_VIEW_S ? 2 : 3, per = n & A64_VIEW_S ? 4 : 2;
    ir_val_t whole = ir_get(t->u, A64_SLOT_V + i / per), part = ir_vlane(t->u, IR_I64, lane, v128, 0);
    ir_put(t->u, A64_SLOT_V + i / per, ir_vins(t->u, lane, whole, i % per, part));
}

/* ---- A64's instructions ---- */
void a32_run_a64(struct a32_tr *t, uint32_t word, unsigned rd, unsigned rn, unsigned rm)
{
    struct a64_decoded *d = &t->b.d;
    if (!a64_decode(word, t->b.a->decode_ext, d) || t->b.a->semantics[d->id].fn == NULL) {
        a32_undefined(t);
        return;
    }
    const struct a64_semantics *row = &t->b.a->semantics[d->id];
    t->b.word = word;
    d->rd = (uint8_t)rd;
    d->rn = (uint8_t)rn;
    d->rm = (uint8_t)rm;
    d->ra = (uint8_t)t->acc;
    if (t->by_element)
        d->idx = t->idx;
    row->fn(&t->b, row->arg);
}

void a32_run_standard(struct a32_tr *t, uint32_t word, unsigned rd, unsigned rn, unsigned rm)
{
    uint32_t first = a32_u(t)->n_insts;
    a32_run_a64(t, word, rd, rn, rm);
    a32_standardize(t, first);
}

/*
 * `imm` of the helper: an operation of the IR with its lane, rounding and immediate, or (HELPER) the
 * number of a vector helper above its immediate of 48 bits.
 */
#define STANDARD_HELPER (1ull << 63)

static bool computes(unsigned op)
{
    switch (op) {
    case IR_VFADD: case IR_VFSUB: case IR_VFMUL: case IR_VFDIV: case IR_VFSQRT: case IR_VFMA: case IR_VFMIN:
    case IR_VFMAX: case IR_VFCEQ: case IR_VFCGE: case IR_VFCGT: case IR_VFTOI: case IR_VITOF: case IR_VFRINT:
        return true;
    default: return false;
    }
}

void a32_standardize(struct a32_tr *t, uint32_t first)
{
    struct ir_unit *u = a32_u(t);
    for (uint32_t i = first; i < u->n_insts; i++) {
        struct ir_inst *in = &u->insts[i];
        uint64_t imm;
        if (in->op == IR_CALLV && u->guest->vec_helpers[in->imm].native == IR_NATIVE_NONE)
            imm = STANDARD_HELPER | (uint64_t)in->imm << 48 | (uint64_t)in->imm2;
        else if (computes(in->op))
            imm = in->op | (uint64_t)in->aux << 8 | (uint64_t)(in->aux2 & 0xff) << 16 | (uint64_t)in->imm << 32;
        else
            continue;
        *in = (struct ir_inst){ .op = IR_CALLV, .type = IR_V128, .a = in->a, .b = in->b, .c = in->c,
                                .imm = A64_VEC_a32_standard, .imm2 = (int64_t)imm };
    }
}

static void standard_op(struct a64_cpu *a, union ir_vec *dst, const union ir_vec *va, const union ir_vec *vb,
                        const union ir_vec *vc, uint64_t imm)
{
    unsigned rm = imm >> 16 & 0xff;
    struct vec_env env = { .guest = &a64_guest, .fp_mode = a->cpu.fp_mode, .lane = imm >> 8 & 0xff,
                           .rm = (uint8_t)(rm == IR_RM_DYN ? IR_RNE : rm), .imm = (int64_t)(imm >> 32) };
    vec_function((enum ir_op)(imm & 0xff))(&env, dst, va, vb, vc);
    a->cpu.fp_flags |= env.flags;
}

/* AHP and FZ16 stay the guest's. */
void a64_vec_a32_standard(struct cpu *cpu, union ir_vec *dst, const union ir_vec *va, const union ir_vec *vb,
                          const union ir_vec *vc, uint64_t imm)
{
    static ir_vec_fn *const helpers[] = {
#define A64_VEC_HELPER(name) a64_vec_##name,
#include "cpu/arm64/vec_helpers.def"
#undef A64_VEC_HELPER
    };
    struct a64_cpu *a = A64_CPU(cpu);
    uint64_t fpcr = a->fpcr;
    uint32_t mode = cpu->fp_mode;
    a->fpcr = (fpcr & (A64_FPCR_AHP | A64_FPCR_FZ16)) | A64_FPCR_DN | A64_FPCR_FZ;
    cpu->fp_mode = a64_host_fp_mode(a);
    if (imm & STANDARD_HELPER)
        helpers[imm >> 48 & 0x7fff](cpu, dst, va, vb, vc, imm & 0xffffffffffffull);
    else
        standard_op(a, dst, va, vb, vc, imm);
    a->fpcr = fpcr;
    cpu->fp_mode = mode;
}

/* Conversion to 16 bits of fixed point: out of range is Invalid, and then not Inexact. */
void a64_vec_a32_to_fixed16(struct cpu *cpu, union ir_vec *dst, const union ir_vec *va, const union ir_vec *vb,
                            const union ir_vec *vc, uint64_t imm)
{
    struct a64_cpu *a = A64_CPU(cpu);
    struct fp_env env;
    enum fp_format f = (enum fp_format)F_GET(imm, 13, 12);
    bool uns = imm & A64_FP_UNSIGNED;
    (void)vb, (void)vc;
    a64_fp_env(a, IR_RTZ, &env);
    uint64_t v = a64_fp_to_fixed(&env, f, 32, uns, (unsigned)F_GET(imm, 26, 20), zext(va->d[0], 16u << f));
    int64_t n = uns ? (int64_t)v : (int64_t)sext(v, 32);
    int64_t most = uns ? UINT16_MAX : INT16_MAX, least = uns ? 0 : INT16_MIN;
    if (n > most || n < least)
        env.flags = (env.flags & ~(uint32_t)CPU_FP_INEXACT) | CPU_FP_INVALID;
    n = n > most ? most : n < least ? least : n;
    *dst = (union ir_vec){ .d = { zext((uint64_t)n, 32), 0 } };
    a64_fp_done(a, &env);
}

/* ---- VRECPS, VRSQRTS: FPRecipStep(), FPRSqrtStep() of AArch32 (J1.3) ---- */
struct number {
    bool zero, infinite, flushed;
};

static struct number number_of(const struct fp_env *env, enum fp_format f, uint64_t v)
{
    unsigned frac = f == FP_F16 ? 10 : 23, bits = f == FP_F16 ? 5 : 8;
    uint64_t e = zext(v >> frac, bits), rest = zext(v, frac);
    bool flush = f == FP_F16 ? env->flush16 : env->daz, denormal = e == 0 && rest != 0;
    return (struct number){ .zero = e == 0 && (rest == 0 || flush), .infinite = e == zext(~0ull, bits) && rest == 0,
                            .flushed = denormal && flush && f != FP_F16 };
}

/* 2 - x * y; (3 - x * y) / 2. Infinity times zero counts as zero and raises nothing. */
static uint64_t step_of(struct fp_env *env, enum fp_format f, bool root, uint64_t x, uint64_t y)
{
    static const uint64_t two[] = { 0x4000, 0x40000000 }, three[] = { 0x4200, 0x40400000 },
                          half[] = { 0x3800, 0x3f000000 };
    struct number a = number_of(env, f, x), b = number_of(env, f, y);
    uint64_t product = 0;
    if (!((a.infinite && b.zero) || (a.zero && b.infinite)))
        product = fp_mul(env, f, x, y);
    else if (a.flushed || b.flushed)
        env->flags |= CPU_FP_DENORMAL;
    uint64_t r = fp_sub(env, f, root ? three[f] : two[f], product);
    return root ? fp_mul(env, f, r, half[f]) : r; /* exact, and of a NaN the default one again */
}

void a64_vec_a32_step(struct cpu *cpu, union ir_vec *dst, const union ir_vec *va, const union ir_vec *vb,
                      const union ir_vec *vc, uint64_t imm)
{
    struct a64_cpu *a = A64_CPU(cpu);
    unsigned size = 1u << (imm & 15), bytes = imm >> 4 & 31;
    struct fp_env env;
    union ir_vec r = { .d = { 0, 0 } };
    (void)vc;
    a64_fp_env(a, IR_RNE, &env);
    for (unsigned at = 0; at < bytes; at += size)
        st_le(r.b + at, step_of(&env, size == 2 ? FP_F16 : FP_F32, imm & A32_STEP_ROOT, ld_le(va->b + at, size),
                                ld_le(vb->b + at, size)), size);
    *dst = r;
    a64_fp_done(a, &env);
}
