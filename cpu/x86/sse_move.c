/* SPDX-License-Identifier: Apache-2.0 */
/* Moves between vector registers, memory and general registers, shuffles and interleaving: SDM
 * volume 1, 5.4 to 5.13. */
#include "cpu/x86/simd.h"
#include "core/util/bits.h"

/* ---- whole registers ---- */
enum { ANYWHERE = 1 << 8, ALIGNED = 2 << 8 };

/* `arg`: lane of the opmask; where memory may lie: legacy forms of neither kind want 16 bytes
 * aligned. */
static void move(struct x86_tr *t, unsigned arg)
{
    unsigned lane = arg & 0xff, bytes = MAX(t->d.op[0].size, t->d.op[1].size);
    unsigned n = bytes > 16 ? bytes / 16 : 1;
    ir_val_t v[4];
    t->align = arg & ANYWHERE ? X86_ALIGN_NEVER : X86_ALIGN_ALWAYS;
    if ((arg & ALIGNED) && t->d.vl != 0) {
        bool apart = t->d.k != 0 || (t->mode & X86_MODE_ALIGN); /* nothing is loaded or stored whole; #AC */
        if (apart) {
            x86_check_aligned(t, 0);
            x86_check_aligned(t, 1);
        } else {
            t->align = X86_ALIGN_WHOLE;
        }
    }
    for (unsigned q = 0; q < n; q++)
        v[q] = simd_get(t, 1, q, lane);
    simd_put(t, v, n, lane);
    t->align = X86_ALIGN_USUAL;
}

/* ---- parts of registers ---- */
/* MOVSS, MOVSD: a load clears the rest, a register move takes it from the first source. */
static void move_scalar(struct x86_tr *t, unsigned lane)
{
    if (x86_is_mem(t, 0)) {
        ir_val_t v = x86_get_vec(t, 1, 0);
        simd_put(t, &v, 1, lane);
    } else if (x86_is_mem(t, 1)) {
        simd_put_scalar(t, simd_get(t, 1, 0, lane), simd_zero(t), lane);
    } else {
        unsigned first = t->d.n_ops == 3;
        simd_put_scalar(t, x86_get_vec(t, first + 1, 0), x86_get_vec(t, first, 0), lane);
    }
}

enum half { LOAD_LOW, LOAD_HIGH, HIGH_TO_LOW, LOW_TO_HIGH };
static void move_half(struct x86_tr *t, unsigned how)
{
    struct ir_unit *u = t->u;
    if (x86_is_mem(t, 0)) {
        ir_val_t v = x86_get_vec(t, 1, 0);
        x86_put_vec(t, 0, 0, how == LOAD_HIGH ? ir_vop2(u, IR_VZIP2, SIMD_Q, v, v) : v);
        return;
    }
    ir_val_t b = x86_get_vec(t, simd_first(t) + 1, 0), a = x86_get_vec(t, simd_first(t), 0), v;
    switch (how) {
    case LOAD_LOW:
        v = ir_vins(u, SIMD_Q, a, 0, ir_vlane(u, IR_F64, SIMD_Q, b, 0));
        break;
    case HIGH_TO_LOW:
        v = ir_vop2(u, IR_VZIP2, SIMD_Q, b, a);
        break;
    default:
        v = simd_join(t, a, b);
        break;
    }
    simd_put(t, &v, 1, SIMD_Q);
}

static void move_gpr(struct x86_tr *t, unsigned arg)
{
    const struct x86_operand *o = &t->d.op[0];
    (void)arg;
    if (o->kind == X86_OP_VEC || o->kind == X86_OP_MM) {
        ir_val_t v = ir_vop1(t->u, IR_VSCALAR, SIMD_Q, x86_get(t, 1));
        simd_put(t, &v, 1, SIMD_Q);
        return;
    }
    x86_put(t, 0, ir_vlane(t->u, IR_I64, x86_log2(o->size), simd_get(t, 1, 0, SIMD_Q), 0));
}

/* 64 bits, zeros above; MMX registers on either side too. */
static void move_quad(struct x86_tr *t, unsigned arg)
{
    ir_val_t v = simd_get(t, 1, 0, SIMD_Q);
    (void)arg;
    if (t->d.op[0].kind == X86_OP_VEC && t->d.op[1].kind == X86_OP_VEC)
        v = simd_join(t, v, simd_zero(t));
    simd_put(t, &v, 1, SIMD_Q);
}

/* MASKMOVQ, MASKMOVDQU: bytes whose mask has its top bit, at DS:rDI. */
static void mask_move(struct x86_tr *t, unsigned arg)
{
    unsigned bytes = t->d.op[0].size;
    ir_val_t mask = simd_get(t, 2, 0, SIMD_B), v = simd_get(t, 1, 0, SIMD_B);
    (void)arg;
    simd_store_masked(t, x86_address(t, bytes, INSN_MEM_WRITE), simd_to_mask(t, &mask, 1, SIMD_B),
                      v, 0, SIMD_B, bytes);
}

/* MOVMSKPS, PMOVMSKB: top bits to a general register. */
static void move_mask(struct x86_tr *t, unsigned lane)
{
    unsigned n = simd_quarters(t);
    ir_val_t v[4];
    for (unsigned q = 0; q < n; q++)
        v[q] = simd_get(t, 1, q, lane);
    x86_put(t, 0, simd_to_mask(t, v, n, lane));
}

/* ---- one element ---- */
/* PINSRx: `lane`; of PINSRD the general register tells. */
static void insert(struct x86_tr *t, unsigned lane)
{
    unsigned first = simd_first(t);
    if (lane == SIMD_D)
        lane = x86_log2(t->d.op[first + 1].size);
    unsigned count = (simd_is_mmx(t, 0) ? 8u : 16u) >> lane;
    ir_val_t x = x86_get(t, first + 1);
    ir_val_t v =
        ir_vins(t->u, lane, simd_get(t, first, 0, lane), (unsigned)t->d.imm & (count - 1), x);
    simd_put(t, &v, 1, lane);
}

static void extract(struct x86_tr *t, unsigned lane)
{
    if (lane == SIMD_D)
        lane = x86_log2(t->d.op[0].size);
    unsigned count = (simd_is_mmx(t, 1) ? 8u : 16u) >> lane;
    x86_put(
        t, 0,
        ir_vlane(t->u, IR_I64, lane, simd_get(t, 1, 0, lane), (unsigned)t->d.imm & (count - 1)));
}

static void insert_float(struct x86_tr *t, unsigned arg)
{
    struct ir_unit *u = t->u;
    unsigned first = simd_first(t), imm = (unsigned)t->d.imm;
    unsigned from = x86_is_mem(t, first + 1) ? 0 : imm >> 6 & 3;
    uint64_t keep[2] = { 0, 0 };
    (void)arg;
    for (unsigned n = 0; n < 4; n++)
        keep[n / 2] |= imm >> n & 1 ? 0 : 0xffffffffull << 32 * (n % 2);
    ir_val_t x = ir_vlane(u, IR_F32, SIMD_D, x86_get_vec(t, first + 1, 0), from);
    ir_val_t v = ir_vins(u, SIMD_D, x86_get_vec(t, first, 0), imm >> 4 & 3, x);
    if (imm & 15)
        v = ir_vop2(u, IR_VAND, 0, v, ir_vconst(u, keep[0], keep[1]));
    simd_put(t, &v, 1, SIMD_D);
}

/* ---- interleaving and shuffles ---- */
enum { HIGH = 1 << 8 };
static ir_val_t interleave(struct x86_tr *t, unsigned arg, ir_val_t a, ir_val_t b)
{
    unsigned lane = arg & 0xff;
    if (simd_is_mmx(t, 0)) { /* eight bytes: both halves of the result are one register's */
        ir_val_t v = ir_vop2(t->u, IR_VZIP1, lane, a, b);
        return arg & HIGH ? ir_vop2(t->u, IR_VZIP2, SIMD_Q, v, v) : v;
    }
    return ir_vop2(t->u, arg & HIGH ? IR_VZIP2 : IR_VZIP1, lane, a, b);
}

static void unpack(struct x86_tr *t, unsigned arg)
{
    simd_binary(t, interleave, arg, (arg & 0xff) | SIMD_WHOLE);
}

/* `arg` >> 8: what VSHUF's immediate has besides the instruction's; of one source. */
static ir_val_t shuffle1(struct x86_tr *t, unsigned arg, ir_val_t a, ir_val_t b)
{
    (void)b;
    return ir_vop(t->u, IR_VSHUF, arg & 0xff, a, a, IR_NONE,
                  (int64_t)((t->d.imm & 0xff) | (arg & 0x100)));
}

static void shuffle(struct x86_tr *t, unsigned arg)
{
    simd_unary(t, shuffle1, arg, (arg & 0xff) | SIMD_WHOLE);
}

static ir_val_t shuffle2(struct x86_tr *t, unsigned lane, ir_val_t a, ir_val_t b)
{
    unsigned imm = (unsigned)t->d.imm & 0xff;
    if ((lane & 0xff) == SIMD_Q) { /* one bit an element, two a quarter */
        imm >>= 2 * SIMD_QUARTER(lane);
        imm = (imm & 1 ? 0xe : 0x4) | (imm & 2 ? 0xe0 : 0x40);
    }
    return ir_vop(t->u, IR_VSHUF, SIMD_D, a, b, IR_NONE, imm);
}

static void shuffle_float(struct x86_tr *t, unsigned lane)
{
    simd_binary(t, shuffle2, lane, lane | SIMD_WHOLE);
}

/* MOVSLDUP, MOVSHDUP, MOVDDUP */
static ir_val_t duplicate1(struct x86_tr *t, unsigned arg, ir_val_t a, ir_val_t b)
{
    (void)b;
    return ir_vop(t->u, IR_VSHUF, SIMD_D, a, a, IR_NONE, arg >> 8 & 0xff);
}

static void duplicate(struct x86_tr *t, unsigned arg)
{
    simd_unary(t, duplicate1, arg, (arg & 0xff) | SIMD_WHOLE);
}

/* ---- SSE4a (APM volume 4): a field of the low 64 bits ---- */
/* The field's place, length in bits 5:0 and index in 13:8 of an operand; length 0 is 64. */
static ir_val_t field_mask(struct x86_tr *t, ir_val_t length)
{
    struct ir_unit *u = t->u;
    ir_val_t n = ir_op2(u, IR_SUB, IR_I64, x86_const(t, 64), length);
    return ir_op2(u, IR_SHR, IR_I64, x86_const(t, ~0ull),
                  n); /* counts are modulo 64: length 0 keeps all */
}

static void bit_field(struct x86_tr *t, unsigned inserts)
{
    struct ir_unit *u = t->u;
    ir_val_t length, index, v = ir_vlane(u, IR_I64, SIMD_Q, x86_get_vec(t, 0, 0), 0);
    if (t->d.op[t->d.n_ops - 1].kind == X86_OP_VEC) {
        ir_val_t place = ir_vlane(u, IR_I64, SIMD_Q, x86_get_vec(t, 1, 0), inserts ? 1 : 0);
        length = ir_extract(u, IR_I64, place, 0, 6);
        index = ir_extract(u, IR_I64, place, 8, 6);
    } else {
        length = x86_const(t, t->d.imm & 63);
        index = x86_const(t, t->d.imm2 & 63);
    }
    ir_val_t mask = field_mask(t, length);
    if (inserts) {
        ir_val_t x = ir_and(u, IR_I64, ir_vlane(u, IR_I64, SIMD_Q, x86_get_vec(t, 1, 0), 0), mask);
        v = ir_or(u, IR_I64, ir_andn(u, IR_I64, v, ir_shl(u, IR_I64, mask, index)),
                  ir_shl(u, IR_I64, x, index));
    } else {
        v = ir_and(u, IR_I64, ir_shr(u, IR_I64, v, index), mask);
    }
    x86_put_vec(t, 0, 0,
                ir_vop1(u, IR_VSCALAR, SIMD_Q, v)); /* "undefined" above: zeros on silicon */
}

static void emms(struct x86_tr *t, unsigned arg)
{
    (void)arg;
    ir_call(t->u, IR_VOID, X86_HELPER_emms, IR_NONE, IR_NONE, IR_NONE, IR_NONE);
}

uint64_t x86_helper_emms(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    (void)a, (void)b, (void)c, (void)d;
    X86_CPU(cpu)->ftw = 0;
    return 0;
}

const struct x86_semantics x86_mmx_rows[] = { { X86_INSN_EMMS, X86_SEM_MMX, emms, 0 },
                                              { X86_INSN_MASKMOVQ, X86_SEM_SSE, mask_move, 0 },
                                              { X86_INSN_MOVNTQ, X86_SEM_SSE, move_quad, 0 },
                                              { X86_INSN_PSHUFW, X86_SEM_SSE, shuffle, SIMD_W },
                                              X86_ROWS_END };

/* clang-format off */
const struct x86_semantics x86_sse_move_rows[] = {
    SIMD_3(MOVUPS, move, SIMD_D | ANYWHERE), SIMD_3(MOVUPD, move, SIMD_Q | ANYWHERE),
    SIMD_3(MOVAPS, move, SIMD_D | ALIGNED), SIMD_3(MOVAPD, move, SIMD_Q | ALIGNED),
    SIMD_2(MOVDQU, move, SIMD_Q | ANYWHERE), SIMD_2(MOVDQA, move, SIMD_Q | ALIGNED),
    SIMD_512(MOVDQU8, move, SIMD_B | ANYWHERE), SIMD_512(MOVDQU16, move, SIMD_W | ANYWHERE),
    SIMD_512(MOVDQU32, move, SIMD_D | ANYWHERE), SIMD_512(MOVDQU64, move, SIMD_Q | ANYWHERE),
    SIMD_512(MOVDQA32, move, SIMD_D | ALIGNED), SIMD_512(MOVDQA64, move, SIMD_Q | ALIGNED),
    SIMD_2(LDDQU, move, SIMD_Q | ANYWHERE),
    SIMD_3(MOVNTPS, move, SIMD_D | ALIGNED), SIMD_3(MOVNTPD, move, SIMD_Q | ALIGNED),
    SIMD_3(MOVNTDQ, move, SIMD_D | ALIGNED), SIMD_3(MOVNTDQA, move, SIMD_D | ALIGNED),
    SIMD_3(MOVSS, move_scalar, SIMD_D), SIMD_3(MOVSD, move_scalar, SIMD_Q),
    SIMD_LEGACY(MOVNTSS, move_scalar, SIMD_D), SIMD_LEGACY(MOVNTSD, move_scalar, SIMD_Q),
    SIMD_3(MOVLPS, move_half, LOAD_LOW), SIMD_3(MOVLPD, move_half, LOAD_LOW),
    SIMD_3(MOVHPS, move_half, LOAD_HIGH), SIMD_3(MOVHPD, move_half, LOAD_HIGH),
    SIMD_3(MOVHLPS, move_half, HIGH_TO_LOW), SIMD_3(MOVLHPS, move_half, LOW_TO_HIGH),
    SIMD_3(MOVSLDUP, duplicate, SIMD_D | 0xa0 << 8), SIMD_3(MOVSHDUP, duplicate, SIMD_D | 0xf5 << 8),
    SIMD_3(MOVDDUP, duplicate, SIMD_Q | 0x44 << 8),
    SIMD_3(UNPCKLPS, unpack, SIMD_D), SIMD_3(UNPCKLPD, unpack, SIMD_Q),
    SIMD_3(UNPCKHPS, unpack, SIMD_D | HIGH), SIMD_3(UNPCKHPD, unpack, SIMD_Q | HIGH),
    SIMD_3(PUNPCKLBW, unpack, SIMD_B), SIMD_3(PUNPCKLWD, unpack, SIMD_W),
    SIMD_3(PUNPCKLDQ, unpack, SIMD_D), SIMD_3(PUNPCKLQDQ, unpack, SIMD_Q),
    SIMD_3(PUNPCKHBW, unpack, SIMD_B | HIGH), SIMD_3(PUNPCKHWD, unpack, SIMD_W | HIGH),
    SIMD_3(PUNPCKHDQ, unpack, SIMD_D | HIGH), SIMD_3(PUNPCKHQDQ, unpack, SIMD_Q | HIGH),
    SIMD_3(PSHUFD, shuffle, SIMD_D), SIMD_3(PSHUFLW, shuffle, SIMD_W), SIMD_3(PSHUFHW, shuffle, SIMD_W | 0x100),
    SIMD_3(SHUFPS, shuffle_float, SIMD_D), SIMD_3(SHUFPD, shuffle_float, SIMD_Q),
    SIMD_2(MOVMSKPS, move_mask, SIMD_D), SIMD_2(MOVMSKPD, move_mask, SIMD_Q), SIMD_2(PMOVMSKB, move_mask, SIMD_B),
    SIMD_3(MOVD, move_gpr, 0), SIMD_3(MOVQ, move_quad, 0),
    SIMD_LEGACY(MOVQ2DQ, move_quad, 0), SIMD_LEGACY(MOVDQ2Q, move_quad, 0),
    SIMD_2(MASKMOVDQU, mask_move, 0),
    SIMD_3(PINSRB, insert, SIMD_B), SIMD_3(PINSRW, insert, SIMD_W), SIMD_3(PINSRD, insert, SIMD_D),
    SIMD_3(PEXTRB, extract, SIMD_B), SIMD_3(PEXTRW, extract, SIMD_W), SIMD_3(PEXTRD, extract, SIMD_D),
    SIMD_3(EXTRACTPS, extract, SIMD_D), SIMD_3(INSERTPS, insert_float, 0),
    SIMD_LEGACY(EXTRQ, bit_field, false), SIMD_LEGACY(INSERTQ, bit_field, true),
    X86_ROWS_END
};
/* clang-format on */
