/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AVX-512 moves of elements: broadcasts, blends, permutations, VPEXPAND and VPCOMPRESS, to smaller elements. SDM volume 1,
 * chapter 15; volume 2, chapter 5.
 */
#include "core/exec/vec.h"
#include "core/util/bits.h"
#include "cpu/x86/simd.h"

/* VPBROADCASTMB2Q, VPBROADCASTMW2D; of a general register */
static void broadcast_scalar(struct x86_tr *t, unsigned lane)
{
    unsigned n = simd_quarters(t);
    ir_val_t r[4], x;
    if (t->d.op[1].kind == X86_OP_K) {
        x = ir_zext(t->u, IR_I64, ir_get(t->u, X86_SLOT_K + t->d.op[1].reg),
                    lane == SIMD_Q ? 8 : 16);
    } else {
        x = x86_get(t, 1);
        lane = t->d.op[1].size == 8 ? SIMD_Q : lane;
    }
    for (unsigned q = 0; q < n; q++)
        r[q] = ir_vop1(t->u, IR_VDUP, lane, x);
    simd_put(t, r, n, lane);
}

/* Elements of the second source where the opmask says, else of the first or zero. */
static void blend(struct x86_tr *t, unsigned lane)
{
    unsigned n = simd_quarters(t);
    ir_val_t r[4];
    for (unsigned q = 0; q < n; q++) {
        ir_val_t b = simd_get(t, 2, q, lane), m = simd_mask(t, q, lane);
        if (m == IR_NONE)
            r[q] = b;
        else
            r[q] = ir_vop(t->u, IR_VSELECT, 0, m, b,
                          t->d.zeroing ? simd_zero(t) : x86_get_vec(t, 1, q), 0);
    }
    t->d.k = 0; /* was seen to */
    simd_put(t, r, n, lane);
}

static void align(struct x86_tr *t, unsigned lane)
{
    unsigned n = simd_quarters(t), by = ((unsigned)t->d.imm & ((n * 16u >> lane) - 1)) << lane;
    ir_val_t both[9], r[4];
    for (unsigned q = 0; q < n; q++) {
        both[q] = simd_get(t, 2, q, SIMD_WHOLE);
        both[n + q] = x86_get_vec(t, 1, q);
    }
    for (unsigned q = 0; q < n; q++) {
        unsigned at = q + by / 16;
        r[q] = by % 16 == 0 ? both[at]
                            : ir_vop(t->u, IR_VEXT, 0, both[at], both[at + 1], IR_NONE, by % 16);
    }
    simd_put(t, r, n, lane);
}

/* VSHUFF32X4 and its like: the lower half from the first source. */
static void shuffle_quarters(struct x86_tr *t, unsigned lane)
{
    unsigned n = simd_quarters(t), bits = n / 2;
    ir_val_t r[4];
    for (unsigned q = 0; q < n; q++) {
        unsigned from = (unsigned)t->d.imm >> q * bits & (n - 1);
        r[q] = simd_get(t, q < n / 2 ? 1 : 2, from, SIMD_WHOLE);
    }
    simd_put(t, r, n, lane);
}

/* VPERMI2x: numbers in the destination; VPERMT2x: in the first source, tables in destination and
 * second. */
enum { OVER_TABLE = 1 << 4 };
static void permute_two(struct x86_tr *t, unsigned arg)
{
    unsigned n = simd_quarters(t), lane = arg & 3;
    bool over_table = arg & OVER_TABLE;
    ir_val_t table[8], r[4];
    for (unsigned q = 0; q < n; q++) {
        table[n + q] = simd_get(t, 2, q, SIMD_WHOLE);
        table[q] = x86_get_vec(t, over_table ? 0 : 1, q);
    }
    for (unsigned q = 0; q < n; q++)
        r[q] = simd_permute(t, table, 2 * n, x86_get_vec(t, over_table ? 1 : 0, q), lane);
    simd_put(t, r, n, lane);
}

/* ---- VPEXPAND, VPCOMPRESS ---- */
/* Element numbers of quarter imm 7:4, lane imm 3:0: how many bits of the mask (a) lie below; bit 8:
 * where the n-th is. */
void x86_vec_mask_places(struct cpu *cpu, union ir_vec *dst, const union ir_vec *a,
                         const union ir_vec *b, const union ir_vec *c, uint64_t imm)
{
    unsigned lane = imm & 15, per = 16u >> lane, first = (unsigned)(imm >> 4 & 15) * per;
    uint64_t mask = a->d[0];
    union ir_vec r;
    (void)cpu, (void)b, (void)c;
    for (unsigned i = 0; i < per; i++) {
        unsigned n = first + i;
        uint64_t left = mask, place = popcount64(mask & (BIT(n) - 1));
        if (imm >> 8) {
            for (unsigned skip = 0; skip < n; skip++)
                left &= left - 1;
            place = left != 0 ? ctz64(left) : 0;
        }
        vec_set_lane(&r, lane, i, place);
    }
    *dst = r;
}

/* The elements that are asked for, next to each other from bit 0 on. */
static ir_val_t packed_mask(struct x86_tr *t, ir_val_t mask)
{
    struct ir_unit *u = t->u;
    ir_val_t n = ir_popcnt(u, IR_I64, mask), all = x86_const(t, ~0ull);
    return ir_select(u, IR_I64, n, ir_shr(u, IR_I64, all, ir_sub(u, IR_I64, x86_const(t, 64), n)),
                     x86_const(t, 0));
}

static ir_val_t whole_mask(struct x86_tr *t, unsigned lane)
{
    unsigned elements = (unsigned)t->d.vl >> lane;
    uint64_t all = elements == 64 ? ~0ull : BIT(elements) - 1;
    return t->d.k == 0 ? x86_const(t, all)
                       : ir_op2i(t->u, IR_AND, IR_I64, ir_get(t->u, X86_SLOT_K + t->d.k), all);
}

static void gather_elements(struct x86_tr *t, ir_val_t *r, const ir_val_t *table, ir_val_t mask,
                            unsigned lane, bool compresses)
{
    unsigned n = simd_quarters(t);
    ir_val_t m = ir_vop1(t->u, IR_VSCALAR, SIMD_Q, mask);
    for (unsigned q = 0; q < n; q++) {
        ir_val_t index = ir_callv(t->u, X86_VEC_mask_places, m, IR_NONE, IR_NONE,
                                  lane | q << 4 | (unsigned)compresses << 8);
        r[q] = simd_permute(t, table, n, index, lane);
    }
}

static void expand(struct x86_tr *t, unsigned lane)
{
    unsigned n = simd_quarters(t);
    ir_val_t table[4], r[4], mask = whole_mask(t, lane);
    for (unsigned q = 0; q < n; q++) {
        if (x86_is_mem(t, 1))
            table[q] = simd_load_masked(t, x86_address(t, t->d.vl, INSN_MEM_READ),
                                        packed_mask(t, mask), q, lane, t->d.vl);
        else
            table[q] = x86_get_vec(t, 1, q);
    }
    gather_elements(t, r, table, mask, lane, false);
    simd_put(t, r, n, lane);
}

static void compress(struct x86_tr *t, unsigned lane)
{
    struct ir_unit *u = t->u;
    unsigned n = simd_quarters(t);
    ir_val_t table[4], r[4], mask = whole_mask(t, lane), packed = packed_mask(t, mask);
    for (unsigned q = 0; q < n; q++)
        table[q] = x86_get_vec(t, 1, q);
    gather_elements(t, r, table, mask, lane, true);
    if (x86_is_mem(t, 0)) {
        ir_val_t linear = x86_address(t, t->d.vl, INSN_MEM_WRITE);
        for (unsigned q = 0; q < n; q++)
            simd_store_masked(t, linear, packed, r[q], q, lane, t->d.vl);
        return;
    }
    for (unsigned q = 0; q < n; q++) {
        ir_val_t m = simd_expand(t, packed, q, lane);
        r[q] = ir_vop(u, IR_VSELECT, 0, m, r[q], t->d.zeroing ? simd_zero(t) : x86_get_vec(t, 0, q),
                      0);
    }
    t->d.k = 0; /* was seen to */
    simd_put(t, r, n, lane);
}

/* ---- VPMOVxy: to smaller elements; `arg`: from | to << 4 | how << 8 ---- */
enum { CUT, SATURATE, SATURATE_UNSIGNED };
static ir_val_t narrow(struct x86_tr *t, unsigned how, unsigned lane, ir_val_t a, ir_val_t b)
{
    static const uint8_t ops[] = { IR_VNARROW, IR_VNARROWSS, IR_VNARROWUU };
    return ir_vop2(t->u, (enum ir_op)ops[how], lane, a, b);
}

static void shrink(struct x86_tr *t, unsigned arg)
{
    unsigned n = simd_quarters(t), from = arg & 15, to = arg >> 4 & 15,
             bytes = (unsigned)t->d.vl >> (from - to);
    ir_val_t v[4];
    for (unsigned q = 0; q < n; q++)
        v[q] = x86_get_vec(t, 1, q);
    for (unsigned lane = from; lane > to; lane--) {
        for (unsigned q = 0; q < (n + 1) / 2; q++)
            v[q] = narrow(t, arg >> 8, lane - 1, v[2 * q],
                          2 * q + 1 < n ? v[2 * q + 1] : simd_zero(t));
        n = (n + 1) / 2;
    }
    if (bytes >= 16)
        simd_put(t, v, n, to);
    else
        simd_put_short(t, v[0], bytes, to);
}

/* clang-format off */
#define SHRINK(NAME, from, to)                                                                     \
    SIMD_512(PMOV##NAME, shrink, (from) | (to) << 4), SIMD_512(PMOVS##NAME, shrink, (from) | (to) << 4 | SATURATE << 8), \
    SIMD_512(PMOVUS##NAME, shrink, (from) | (to) << 4 | SATURATE_UNSIGNED << 8)
const struct x86_semantics x86_avx512_move_rows[] = {
    SIMD_512(PBROADCASTB_GPR, broadcast_scalar, SIMD_B), SIMD_512(PBROADCASTW_GPR, broadcast_scalar, SIMD_W),
    SIMD_512(PBROADCASTD_GPR, broadcast_scalar, SIMD_D), SIMD_512(PBROADCASTMB2Q, broadcast_scalar, SIMD_Q),
    SIMD_512(PBROADCASTMW2D, broadcast_scalar, SIMD_D),
    SIMD_512_BWDQ(PBLENDM, blend, 0), SIMD_512(BLENDMPS, blend, SIMD_D), SIMD_512(BLENDMPD, blend, SIMD_Q), SIMD_512_DQ(ALIGN, align, 0),
    SIMD_512(SHUFF32X4, shuffle_quarters, SIMD_D), SIMD_512(SHUFF64X2, shuffle_quarters, SIMD_Q),
    SIMD_512(SHUFI32X4, shuffle_quarters, SIMD_D), SIMD_512(SHUFI64X2, shuffle_quarters, SIMD_Q),
    SIMD_512_BWDQ(PERMI2, permute_two, 0), SIMD_512_BWDQ(PERMT2, permute_two, OVER_TABLE),
    SIMD_512(PERMI2PS, permute_two, SIMD_D), SIMD_512(PERMI2PD, permute_two, SIMD_Q),
    SIMD_512(PERMT2PS, permute_two, SIMD_D | OVER_TABLE), SIMD_512(PERMT2PD, permute_two, SIMD_Q | OVER_TABLE),
    SIMD_512_BWDQ(PEXPAND, expand, 0), SIMD_512(EXPANDPS, expand, SIMD_D), SIMD_512(EXPANDPD, expand, SIMD_Q),
    SIMD_512_BWDQ(PCOMPRESS, compress, 0), SIMD_512(COMPRESSPS, compress, SIMD_D), SIMD_512(COMPRESSPD, compress, SIMD_Q),
    SHRINK(WB, 1, 0), SHRINK(DB, 2, 0), SHRINK(QB, 3, 0), SHRINK(DW, 2, 1), SHRINK(QW, 3, 1), SHRINK(QD, 3, 2),
    X86_ROWS_END
};
/* clang-format on */
