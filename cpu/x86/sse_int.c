/* SPDX-License-Identifier: Apache-2.0 */
/* Integer arithmetic of MMX, SSE2 to SSE4 and their VEX and EVEX forms: SDM volume
 * 1, 5.4, 5.6.3, 5.7 to 5.11. */
#include "cpu/x86/simd.h"
#include "core/util/bits.h"

/* ---- what is one vector operation: `arg` = enum ir_op | lane << 8 | immediate << 12 ---- */
#define OP(op, lane)       ((unsigned)IR_##op | (unsigned)(lane) << 8)
#define OPI(op, lane, imm) (OP(op, lane) | (unsigned)(imm) << 12)
enum { SWAPPED = 1 << 16 };

static ir_val_t plain2(struct x86_tr *t, unsigned arg, ir_val_t a, ir_val_t b)
{
    if (arg & SWAPPED)
        return ir_vop(t->u, (enum ir_op)(arg & 0xff), arg >> 8 & 3, b, a, IR_NONE, arg >> 12 & 15);
    return ir_vop(t->u, (enum ir_op)(arg & 0xff), arg >> 8 & 3, a, b, IR_NONE, arg >> 12 & 15);
}

static void plain(struct x86_tr *t, unsigned arg)
{
    simd_binary(t, plain2, arg, arg >> 8 & 3);
}

/* Results smaller than the operands' elements, or not in their places: the opmask's lane is `arg`
 * >> 20. */
static void plain_whole(struct x86_tr *t, unsigned arg)
{
    simd_binary(t, plain2, arg & 0xfffff, (arg >> 20 & 3) | SIMD_WHOLE);
}

static ir_val_t plain1(struct x86_tr *t, unsigned arg, ir_val_t a, ir_val_t b)
{
    (void)b;
    return ir_vop1i(t->u, (enum ir_op)(arg & 0xff), arg >> 8 & 3, a, arg >> 12 & 15);
}

static void plain_unary(struct x86_tr *t, unsigned arg)
{
    simd_unary(t, plain1, arg, arg >> 8 & 3);
}

/* ---- products ---- */
enum product { MUL_EVEN_U, MUL_EVEN_S };
static ir_val_t product2(struct x86_tr *t, unsigned arg, ir_val_t a, ir_val_t b)
{
    return ir_vop(t->u, (arg & 0xff) == MUL_EVEN_S ? IR_VMULLS : IR_VMULLU, SIMD_D, a, b, IR_NONE, 2);
}

static void product(struct x86_tr *t, unsigned how)
{
    simd_binary(t, product2, how, SIMD_Q);
}

/* ---- narrowing and horizontal ones: an MMX register is half of what the operation takes ---- */
static ir_val_t pack2(struct x86_tr *t, unsigned arg, ir_val_t a, ir_val_t b)
{
    enum ir_op op = (enum ir_op)(arg & 0xff);
    unsigned lane = arg >> 8 & 3;
    if (simd_is_mmx(t, 0))
        return ir_vop2(t->u, op, lane, simd_join(t, a, b), simd_zero(t));
    return ir_vop2(t->u, op, lane, a, b);
}

static void pack(struct x86_tr *t, unsigned arg)
{
    simd_binary(t, pack2, arg, (arg >> 8 & 3) | SIMD_WHOLE);
}

static ir_val_t horizontal2(struct x86_tr *t, unsigned arg, ir_val_t a, ir_val_t b)
{
    enum ir_op op = (enum ir_op)(arg & 0xff);
    unsigned lane = arg >> 8 & 3;
    if (simd_is_mmx(t, 0)) {
        a = simd_join(t, a, b);
        b = simd_zero(t);
    }
    if (op == IR_VADD)
        return ir_vop2(t->u, IR_VADDP, lane, a, b);
    return ir_vop2(t->u, op, lane, ir_vop2(t->u, IR_VUZP1, lane, a, b),
                   ir_vop2(t->u, IR_VUZP2, lane, a, b));
}

static void horizontal(struct x86_tr *t, unsigned arg)
{
    simd_binary(t, horizontal2, arg, arg >> 8 & 3);
}

/* PSIGN: a, 0 or -a as b is above, equal to or below 0. */
static ir_val_t sign2(struct x86_tr *t, unsigned lane, ir_val_t a, ir_val_t b)
{
    struct ir_unit *u = t->u;
    ir_val_t zero = simd_zero(t);
    lane &= 3;
    ir_val_t minus = ir_vop2(u, IR_VCGTS, lane, zero, b);
    ir_val_t v = ir_vop2(u, IR_VSUB, lane, ir_vop2(u, IR_VXOR, 0, a, minus), minus);
    return ir_vop2(u, IR_VANDN, 0, v, ir_vop2(u, IR_VCEQ, lane, b, zero));
}

static void sign(struct x86_tr *t, unsigned lane)
{
    simd_binary(t, sign2, lane, lane);
}

/* ---- shifts ---- */
/* By an immediate, `arg` = IR_VSHL, IR_VSHR, IR_VSAR | lane << 8: as large as the element shifts
 * all out. */
static ir_val_t shift_imm1(struct x86_tr *t, unsigned arg, ir_val_t a, ir_val_t b)
{
    unsigned lane = arg >> 8 & 3;
    (void)b;
    return ir_vop1i(t->u, (enum ir_op)(arg & 0xff), lane, a,
                    (int64_t)MIN(t->d.imm & 0xff, 8ull << lane));
}

static void shift_imm(struct x86_tr *t, unsigned arg)
{
    unsigned n = simd_quarters(t), source = t->d.n_ops - 2u, lane = arg >> 8 & 3;
    ir_val_t r[4];
    for (unsigned q = 0; q < n; q++)
        r[q] = shift_imm1(t, arg, simd_get(t, source, q, lane), IR_NONE);
    simd_put(t, r, n, lane);
}

/* By the low 64 bits of a register or memory: one count for all. */
static void shift_count(struct x86_tr *t, unsigned arg)
{
    static const uint8_t by_one[] = { [IR_VSHL - IR_VSHL] = IR_VSHL1,
                                      [IR_VSHR - IR_VSHL] = IR_VSHR1,
                                      [IR_VSAR - IR_VSHL] = IR_VSAR1 };
    unsigned n = simd_quarters(t), first = simd_first(t), lane = arg >> 8 & 3;
    enum ir_op op = (enum ir_op)by_one[(arg & 0xff) - IR_VSHL];
    ir_val_t r[4], count = simd_get(t, first + 1, 0, lane | SIMD_WHOLE);
    for (unsigned q = 0; q < n; q++)
        r[q] = ir_vop2(t->u, op, lane, simd_get(t, first, q, lane), count);
    simd_put(t, r, n, lane);
}

/* Both forms are one id: PSLLW xmm, imm8 and PSLLW xmm, xmm/m128. */
static void shift(struct x86_tr *t, unsigned arg)
{
    if (t->d.op[t->d.n_ops - 1].kind == X86_OP_IMM)
        shift_imm(t, arg);
    else
        shift_count(t, arg);
}

static void shift_bytes(struct x86_tr *t, unsigned left)
{
    unsigned n = simd_quarters(t), source = t->d.n_ops - 2u;
    int64_t by = (int64_t)MIN(t->d.imm & 0xff, 16);
    ir_val_t r[4], zero = simd_zero(t);
    for (unsigned q = 0; q < n; q++) {
        ir_val_t a = simd_get(t, source, q, SIMD_B);
        if (by == 16)
            r[q] = zero;
        else if (left)
            r[q] = by == 0 ? a : ir_vop(t->u, IR_VEXT, 0, zero, a, IR_NONE, 16 - by);
        else
            r[q] = ir_vop(t->u, IR_VEXT, 0, a, zero, IR_NONE, by);
    }
    simd_put(t, r, n, SIMD_B);
}

/* Sixteen (MMX: eight) bytes of first source : second source from byte imm8 on. */
static ir_val_t align2(struct x86_tr *t, unsigned arg, ir_val_t a, ir_val_t b)
{
    unsigned by = (unsigned)t->d.imm & 0xff;
    ir_val_t zero = simd_zero(t);
    (void)arg;
    if (simd_is_mmx(t, 0))
        return by >= 16 ? zero : ir_vop(t->u, IR_VEXT, 0, simd_join(t, b, a), zero, IR_NONE, by);
    if (by >= 32)
        return zero;
    return by >= 16 ? ir_vop(t->u, IR_VEXT, 0, a, zero, IR_NONE, by - 16)
                    : ir_vop(t->u, IR_VEXT, 0, b, a, IR_NONE, by);
}

static void align(struct x86_tr *t, unsigned arg)
{
    simd_binary(t, align2, arg, SIMD_B | SIMD_WHOLE);
}

/* ---- bytes of a table; blends ---- */
static ir_val_t table2(struct x86_tr *t, unsigned arg, ir_val_t a, ir_val_t b)
{
    (void)arg;
    if (simd_is_mmx(t, 0)) /* three bits of an index count */
        b = ir_vop2(t->u, IR_VAND, 0, b, simd_dup_const(t, 0x8787878787878787));
    return ir_vop2(t->u, IR_VTBLM, 0, a, b);
}

static void table(struct x86_tr *t, unsigned arg)
{
    simd_binary(t, table2, arg, SIMD_B | SIMD_WHOLE);
}

/* Immediate bits select elements of the second source; of words the same eight in each quarter. */
static ir_val_t blend2(struct x86_tr *t, unsigned arg, ir_val_t a, ir_val_t b)
{
    unsigned lane = arg & 3, n = 16u >> lane, imm = (unsigned)t->d.imm & 0xff;
    union ir_vec m = { .d = { 0 } };
    if (lane != SIMD_W)
        imm >>= n * SIMD_QUARTER(arg);
    for (unsigned i = 0; i < 16; i++)
        m.b[i] = imm >> (i >> lane) & 1 ? 0xff : 0;
    return ir_vop(t->u, IR_VSELECT, 0, ir_vconst(t->u, m.d[0], m.d[1]), b, a, 0);
}

static void blend(struct x86_tr *t, unsigned lane)
{
    simd_binary(t, blend2, lane, lane);
}

/* Top bits of the last operand (XMM0, or VEX.is4's) select. */
static void blend_variable(struct x86_tr *t, unsigned lane)
{
    unsigned n = simd_quarters(t), first = simd_first(t);
    ir_val_t r[4], zero = simd_zero(t);
    for (unsigned q = 0; q < n; q++) {
        ir_val_t m = ir_vop2(t->u, IR_VCGTS, lane, zero, x86_get_vec(t, t->d.n_ops - 1u, q));
        ir_val_t b = x86_get_vec(t, first + 1, q);
        r[q] = ir_vop(t->u, IR_VSELECT, 0, m, b, x86_get_vec(t, first, q), 0);
    }
    simd_put(t, r, n, lane);
}

/* ---- PMOVSX, PMOVZX: `arg` = from | to << 4 | signed << 8 ---- */
static void extend(struct x86_tr *t, unsigned arg)
{
    struct ir_unit *u = t->u;
    unsigned from = arg & 15, to = arg >> 4 & 15, n = simd_quarters(t), steps = to - from;
    enum ir_op op = arg & 0x100 ? IR_VWIDENS : IR_VWIDENU;
    ir_val_t r[4];
    for (unsigned q = 0; q < n; q++) {
        unsigned part =
            q << (4 - steps); /* byte of the source where this quarter's elements begin */
        ir_val_t v = simd_get(t, 1, part / 16, from);
        part &= 15;
        for (unsigned lane = from; lane < to; lane++) {
            bool high = part >= 8;
            v = ir_vop1i(u, op, lane, v, high);
            part = (part & 7) * 2;
        }
        r[q] = v;
    }
    simd_put(t, r, n, to);
}
#define EXTEND(from, to)  ((from) | (to) << 4)
#define EXTENDS(from, to) (EXTEND(from, to) | 0x100)

/* ---- PTEST: ZF of b & a, CF of b & ~a ---- */
static void test(struct x86_tr *t, unsigned arg)
{
    struct ir_unit *u = t->u;
    unsigned n = simd_quarters(t);
    ir_val_t some[2] = { IR_NONE, IR_NONE };
    for (unsigned q = 0; q < n; q++) {
        ir_val_t b = x86_get_vec(t, 1, q), a = x86_get_vec(t, 0, q);
        if (arg != 0) { /* VTESTPS, VTESTPD: the elements' top bits alone */
            ir_val_t tops = simd_dup_const(t, arg == SIMD_D ? 0x8000000080000000 : 1ull << 63);
            b = ir_vop2(u, IR_VAND, 0, b, tops);
        }
        for (unsigned i = 0; i < 2; i++) {
            ir_val_t v = ir_vop2(u, i == 0 ? IR_VAND : IR_VANDN, 0, b, a);
            some[i] = q == 0 ? v : ir_vop2(u, IR_VOR, 0, some[i], v);
        }
    }
    ir_val_t flag[2], zero = x86_const(t, 0);
    for (unsigned i = 0; i < 2; i++) {
        ir_val_t any = ir_or(u, IR_I64, ir_vlane(u, IR_I64, SIMD_Q, some[i], 0),
                             ir_vlane(u, IR_I64, SIMD_Q, some[i], 1));
        flag[i] = ir_setcc(u, IR_I64, IR_EQ, any, zero);
    }
    x86_set_flags_image(t, ir_or(u, IR_I64, ir_op2i(u, IR_SHL, IR_I64, flag[0], 6), flag[1]));
}

/* ---- operations of their own ---- */
/* PHMINPOSUW: the least word and its place. */
void x86_vec_min_position(struct cpu *cpu, union ir_vec *dst, const union ir_vec *a,
                          const union ir_vec *b, const union ir_vec *c, uint64_t imm)
{
    unsigned least = 0;
    (void)cpu, (void)b, (void)c, (void)imm;
    for (unsigned i = 1; i < 8; i++)
        if (a->h[i] < a->h[least])
            least = i;
    *dst = (union ir_vec){ .h = { a->h[least], (uint16_t)least } };
}

static void min_position(struct x86_tr *t, unsigned arg)
{
    ir_val_t v = ir_callv(t->u, X86_VEC_min_position, x86_get_vec(t, 1, 0), IR_NONE, IR_NONE, 0);
    (void)arg;
    simd_put(t, &v, 1, SIMD_W);
}

/* MPSADBW: eight sums of four bytes' differences; imm 2: where a's bytes begin, imm 1:0: b's four.
 */
void x86_vec_sad_blocks(struct cpu *cpu, union ir_vec *dst, const union ir_vec *a,
                        const union ir_vec *b, const union ir_vec *c, uint64_t imm)
{
    union ir_vec r;
    unsigned from_a = imm & 4, from_b = (imm & 3) * 4;
    (void)cpu, (void)c;
    for (unsigned i = 0; i < 8; i++) {
        unsigned sum = 0;
        for (unsigned k = 0; k < 4; k++) {
            int d = a->b[from_a + i + k] - b->b[from_b + k];
            sum += (unsigned)(d < 0 ? -d : d);
        }
        r.h[i] = (uint16_t)sum;
    }
    *dst = r;
}

static ir_val_t sad_blocks2(struct x86_tr *t, unsigned arg, ir_val_t a, ir_val_t b)
{
    unsigned imm = (unsigned)t->d.imm >> 3 * SIMD_QUARTER(arg) & 7;
    return ir_callv(t->u, X86_VEC_sad_blocks, a, b, IR_NONE, imm);
}

static void sad_blocks(struct x86_tr *t, unsigned arg)
{
    simd_binary(t, sad_blocks2, arg, SIMD_W | SIMD_WHOLE);
}

/* clang-format off */
const struct x86_semantics x86_sse_int_rows[] = {
    SIMD_3(PADDB, plain, OP(VADD, 0)), SIMD_3(PADDW, plain, OP(VADD, 1)),
    SIMD_3(PADDD, plain, OP(VADD, 2)), SIMD_3(PADDQ, plain, OP(VADD, 3)),
    SIMD_3(PSUBB, plain, OP(VSUB, 0)), SIMD_3(PSUBW, plain, OP(VSUB, 1)),
    SIMD_3(PSUBD, plain, OP(VSUB, 2)), SIMD_3(PSUBQ, plain, OP(VSUB, 3)),
    SIMD_3(PADDSB, plain, OP(VADDSS, 0)), SIMD_3(PADDSW, plain, OP(VADDSS, 1)),
    SIMD_3(PADDUSB, plain, OP(VADDUS, 0)), SIMD_3(PADDUSW, plain, OP(VADDUS, 1)),
    SIMD_3(PSUBSB, plain, OP(VSUBSS, 0)), SIMD_3(PSUBSW, plain, OP(VSUBSS, 1)),
    SIMD_3(PSUBUSB, plain, OP(VSUBUS, 0)), SIMD_3(PSUBUSW, plain, OP(VSUBUS, 1)),
    SIMD_2(PCMPEQB, plain, OP(VCEQ, 0)), SIMD_2(PCMPEQW, plain, OP(VCEQ, 1)),
    SIMD_2(PCMPEQD, plain, OP(VCEQ, 2)), SIMD_2(PCMPEQQ, plain, OP(VCEQ, 3)),
    SIMD_2(PCMPGTB, plain, OP(VCGTS, 0)), SIMD_2(PCMPGTW, plain, OP(VCGTS, 1)),
    SIMD_2(PCMPGTD, plain, OP(VCGTS, 2)), SIMD_2(PCMPGTQ, plain, OP(VCGTS, 3)),
    SIMD_3(PMINSB, plain, OP(VMINS, 0)), SIMD_3(PMINSW, plain, OP(VMINS, 1)), SIMD_3(PMINSD, plain, OP(VMINS, 2)),
    SIMD_3(PMAXSB, plain, OP(VMAXS, 0)), SIMD_3(PMAXSW, plain, OP(VMAXS, 1)), SIMD_3(PMAXSD, plain, OP(VMAXS, 2)),
    SIMD_3(PMINUB, plain, OP(VMINU, 0)), SIMD_3(PMINUW, plain, OP(VMINU, 1)), SIMD_3(PMINUD, plain, OP(VMINU, 2)),
    SIMD_3(PMAXUB, plain, OP(VMAXU, 0)), SIMD_3(PMAXUW, plain, OP(VMAXU, 1)), SIMD_3(PMAXUD, plain, OP(VMAXU, 2)),
    SIMD_2(PAND, plain, OP(VAND, 0)), SIMD_2(POR, plain, OP(VOR, 0)), SIMD_2(PXOR, plain, OP(VXOR, 0)),
    SIMD_2(PANDN, plain, OP(VANDN, 0) | SWAPPED),
    SIMD_512(PANDD, plain, OP(VAND, 2)), SIMD_512(PANDQ, plain, OP(VAND, 3)),
    SIMD_512(PORD, plain, OP(VOR, 2)), SIMD_512(PORQ, plain, OP(VOR, 3)),
    SIMD_512(PXORD, plain, OP(VXOR, 2)), SIMD_512(PXORQ, plain, OP(VXOR, 3)),
    SIMD_512(PANDND, plain, OP(VANDN, 2) | SWAPPED), SIMD_512(PANDNQ, plain, OP(VANDN, 3) | SWAPPED),
    SIMD_512(PMINSQ, plain, OP(VMINS, 3)), SIMD_512(PMAXSQ, plain, OP(VMAXS, 3)),
    SIMD_512(PMINUQ, plain, OP(VMINU, 3)), SIMD_512(PMAXUQ, plain, OP(VMAXU, 3)),
    SIMD_512(PMULLQ, plain, OP(VMUL, 3)), SIMD_512(PABSQ, plain_unary, OP(VABS, 3)),
    SIMD_512(PSRAQ, shift, OP(VSAR, 3)),
    SIMD_3(ANDPS, plain, OP(VAND, 2)), SIMD_3(ANDPD, plain, OP(VAND, 3)),
    SIMD_3(ORPS, plain, OP(VOR, 2)), SIMD_3(ORPD, plain, OP(VOR, 3)),
    SIMD_3(XORPS, plain, OP(VXOR, 2)), SIMD_3(XORPD, plain, OP(VXOR, 3)),
    SIMD_3(ANDNPS, plain, OP(VANDN, 2) | SWAPPED), SIMD_3(ANDNPD, plain, OP(VANDN, 3) | SWAPPED),
    SIMD_3(PAVGB, plain, OP(VAVG, 0)), SIMD_3(PAVGW, plain, OP(VAVG, 1)),
    SIMD_3(PMULLW, plain, OP(VMUL, 1)), SIMD_3(PMULLD, plain, OP(VMUL, 2)),
    SIMD_3(PMULHW, plain, OPI(VMULH, 1, 0)), SIMD_3(PMULHUW, plain, OPI(VMULH, 1, 1)),
    SIMD_3(PMULHRSW, plain, OPI(VMULH, 1, 2)),
    SIMD_3(PMULUDQ, product, MUL_EVEN_U), SIMD_3(PMULDQ, product, MUL_EVEN_S),
    SIMD_3(PMADDWD, plain_whole, OP(VMADD, 1) | 2 << 20), SIMD_3(PMADDUBSW, plain_whole, OP(VMADD, 0) | 1 << 20),
    SIMD_3(PSADBW, plain_whole, OP(VSAD, 0) | 3 << 20),
    SIMD_3(PACKSSWB, pack, OP(VNARROWSS, 0)), SIMD_3(PACKUSWB, pack, OP(VNARROWSU, 0)),
    SIMD_3(PACKSSDW, pack, OP(VNARROWSS, 1)), SIMD_3(PACKUSDW, pack, OP(VNARROWSU, 1)),
    SIMD_2(PHADDW, horizontal, OP(VADD, 1)), SIMD_2(PHADDD, horizontal, OP(VADD, 2)),
    SIMD_2(PHADDSW, horizontal, OP(VADDSS, 1)),
    SIMD_2(PHSUBW, horizontal, OP(VSUB, 1)), SIMD_2(PHSUBD, horizontal, OP(VSUB, 2)),
    SIMD_2(PHSUBSW, horizontal, OP(VSUBSS, 1)),
    SIMD_2(PSIGNB, sign, SIMD_B), SIMD_2(PSIGNW, sign, SIMD_W), SIMD_2(PSIGND, sign, SIMD_D),
    SIMD_3(PABSB, plain_unary, OP(VABS, 0)), SIMD_3(PABSW, plain_unary, OP(VABS, 1)),
    SIMD_3(PABSD, plain_unary, OP(VABS, 2)),
    SIMD_3(PSLLW, shift, OP(VSHL, 1)), SIMD_3(PSLLD, shift, OP(VSHL, 2)), SIMD_3(PSLLQ, shift, OP(VSHL, 3)),
    SIMD_3(PSRLW, shift, OP(VSHR, 1)), SIMD_3(PSRLD, shift, OP(VSHR, 2)), SIMD_3(PSRLQ, shift, OP(VSHR, 3)),
    SIMD_3(PSRAW, shift, OP(VSAR, 1)), SIMD_3(PSRAD, shift, OP(VSAR, 2)),
    SIMD_3(PSLLDQ, shift_bytes, true), SIMD_3(PSRLDQ, shift_bytes, false),
    SIMD_3(PALIGNR, align, 0), SIMD_3(PSHUFB, table, 0),
    SIMD_2(PBLENDW, blend, SIMD_W), SIMD_2(BLENDPS, blend, SIMD_D), SIMD_2(BLENDPD, blend, SIMD_Q),
    SIMD_VEX(PBLENDD, blend, SIMD_D),
    SIMD_2(PBLENDVB, blend_variable, SIMD_B), SIMD_2(BLENDVPS, blend_variable, SIMD_D),
    SIMD_2(BLENDVPD, blend_variable, SIMD_Q),
    SIMD_3(PMOVSXBW, extend, EXTENDS(0, 1)), SIMD_3(PMOVSXBD, extend, EXTENDS(0, 2)),
    SIMD_3(PMOVSXBQ, extend, EXTENDS(0, 3)), SIMD_3(PMOVSXWD, extend, EXTENDS(1, 2)),
    SIMD_3(PMOVSXWQ, extend, EXTENDS(1, 3)), SIMD_3(PMOVSXDQ, extend, EXTENDS(2, 3)),
    SIMD_3(PMOVZXBW, extend, EXTEND(0, 1)), SIMD_3(PMOVZXBD, extend, EXTEND(0, 2)),
    SIMD_3(PMOVZXBQ, extend, EXTEND(0, 3)), SIMD_3(PMOVZXWD, extend, EXTEND(1, 2)),
    SIMD_3(PMOVZXWQ, extend, EXTEND(1, 3)), SIMD_3(PMOVZXDQ, extend, EXTEND(2, 3)),
    SIMD_2(PTEST, test, 0), SIMD_VEX(TESTPS, test, SIMD_D), SIMD_VEX(TESTPD, test, SIMD_Q),
    SIMD_2(PHMINPOSUW, min_position, 0), SIMD_2(MPSADBW, sad_blocks, 0),
    X86_ROWS_END
};
/* clang-format on */
