/* SPDX-License-Identifier: Apache-2.0 */
/* AVX-512 arithmetic and logic of integers without a shorter form: SDM volume 1, 5.19, chapter 15; volume 2, chapter 5. */
#include "core/exec/vec.h"
#include "core/util/bits.h"
#include "cpu/x86/simd.h"

/* ---- rotates ---- */
static ir_val_t rotate_imm1(struct x86_tr *t, unsigned arg, ir_val_t a, ir_val_t b)
{
    unsigned lane = arg & 3, bits = 8u << lane, left = (unsigned)t->d.imm & (bits - 1);
    (void)b;
    if (arg & 0x10)
        left = (bits - left) & (bits - 1);
    return ir_vop2(t->u, IR_VOR, 0, ir_vop1i(t->u, IR_VSHL, lane, a, left),
                   ir_vop1i(t->u, IR_VSHR, lane, a, bits - left));
}

static void rotate_imm(struct x86_tr *t, unsigned arg)
{
    simd_unary(t, rotate_imm1, arg, arg & 3);
}

static ir_val_t rotate2(struct x86_tr *t, unsigned arg, ir_val_t a, ir_val_t b)
{
    struct ir_unit *u = t->u;
    unsigned lane = arg & 3;
    uint64_t bits = 8ull << lane, dup = lane == SIMD_D ? 0x100000001ull : 1;
    b = ir_vop2(u, IR_VAND, 0, b, simd_dup_const(t, (bits - 1) * dup));
    ir_val_t rest = ir_vop2(u, IR_VSUB, lane, simd_dup_const(t, bits * dup), b);
    bool right = arg & 0x10;
    return ir_vop2(u, IR_VOR, 0, ir_vop2(u, IR_VSHLV, lane, a, right ? rest : b),
                   ir_vop2(u, IR_VSHRV, lane, a, right ? b : rest));
}

static void rotate(struct x86_tr *t, unsigned arg)
{
    simd_binary(t, rotate2, arg, arg & 3);
}

/* ---- element by element, in C: imm = operation | lane << 8 | instruction's immediate << 16 ---- */
enum { LZCNT, POPCNT, SHLD, SHRD, MULTISHIFT, SHUFBIT };

static uint64_t funnel(uint64_t a, uint64_t b, unsigned n, unsigned bits, bool left)
{
    n &= bits - 1;
    if (n == 0)
        return a;
    return left ? a << n | b >> (bits - n) : a >> n | b << (bits - n);
}

static uint64_t multishift(uint64_t control, uint64_t v)
{
    uint64_t r = 0;
    for (unsigned i = 0; i < 64; i += 8) {
        unsigned by = control >> i & 63;
        uint64_t rotated = by == 0 ? v : v >> by | v << (64 - by);
        r |= (rotated & 0xff) << i;
    }
    return r;
}

static uint64_t shuffle_bits(uint64_t v, uint64_t control)
{
    uint64_t r = 0;
    for (unsigned i = 0; i < 64; i += 8)
        r |= (v >> (control >> i & 63) & 1 ? 0xffull : 0) << i;
    return r;
}

static uint64_t element(unsigned op, unsigned bits, uint64_t x, uint64_t y, uint64_t z)
{
    switch (op) {
    case LZCNT:
        return x == 0 ? bits : clz64(x) - (64 - bits);
    case POPCNT:
        return popcount64(x);
    case SHLD:
        return funnel(x, y, (unsigned)z, bits, true);
    case SHRD:
        return funnel(x, y, (unsigned)z, bits, false);
    case MULTISHIFT:
        return multishift(x, y);
    default:
        return shuffle_bits(x, y);
    }
}

void x86_vec_elements(struct cpu *cpu, union ir_vec *dst, const union ir_vec *a,
                      const union ir_vec *b, const union ir_vec *c, uint64_t imm)
{
    unsigned op = imm & 0xff, lane = imm >> 8 & 0xff;
    union ir_vec r;
    (void)cpu;
    for (unsigned i = 0; i < 16u >> lane; i++) {
        uint64_t x = vec_lane(a, lane, i), y = b != NULL ? vec_lane(b, lane, i) : 0;
        uint64_t z = c != NULL ? vec_lane(c, lane, i) : imm >> 16;
        vec_set_lane(&r, lane, i, element(op, 8u << lane, x, y, z));
    }
    *dst = r;
}
#define ELEMENTS(op, lane) ((op) | (lane) << 8)

static void elements1(struct x86_tr *t, unsigned arg)
{
    unsigned n = simd_quarters(t), lane = arg >> 8;
    ir_val_t r[4];
    for (unsigned q = 0; q < n; q++)
        r[q] = ir_callv(t->u, X86_VEC_elements, simd_get(t, 1, q, lane), IR_NONE, IR_NONE, arg);
    simd_put(t, r, n, lane);
}

/* Two sources, and the immediate as the third. VPMULTISHIFTQB and VPSHUFBITQMB are masked by bytes. */
static void elements2(struct x86_tr *t, unsigned arg)
{
    bool bytes = (arg & 0xff) == MULTISHIFT || (arg & 0xff) == SHUFBIT;
    unsigned n = simd_quarters(t), lane = bytes ? (unsigned)SIMD_B : arg >> 8;
    ir_val_t r[4];
    for (unsigned q = 0; q < n; q++) {
        ir_val_t b = simd_get(t, 2, q, bytes ? lane | SIMD_WHOLE : lane);
        r[q] = ir_callv(t->u, X86_VEC_elements, x86_get_vec(t, 1, q), b, IR_NONE,
                        arg | (t->d.imm & 0xff) << 16);
    }
    if ((arg & 0xff) == SHUFBIT)
        simd_put_mask(t, simd_to_mask(t, r, n, SIMD_B));
    else
        simd_put(t, r, n, lane);
}

/* The destination is the first source. */
static void elements3(struct x86_tr *t, unsigned arg)
{
    unsigned n = simd_quarters(t), lane = arg >> 8;
    ir_val_t r[4];
    for (unsigned q = 0; q < n; q++) {
        ir_val_t c = simd_get(t, 2, q, lane), b = x86_get_vec(t, 1, q), a = x86_get_vec(t, 0, q);
        r[q] = ir_callv(t->u, X86_VEC_elements, a, b, c, arg);
    }
    simd_put(t, r, n, lane);
}

/* ---- VPCONFLICT: for quarter imm 7:4 (a) bits of the equal elements below in quarter imm 11:8
 * (b), added to c ---- */
void x86_vec_conflicts(struct cpu *cpu, union ir_vec *dst, const union ir_vec *a,
                       const union ir_vec *b, const union ir_vec *c, uint64_t imm)
{
    unsigned lane = imm & 15, per = 16u >> lane, qa = imm >> 4 & 15, qb = imm >> 8 & 15;
    union ir_vec r = *c;
    (void)cpu;
    for (unsigned i = 0; i < per; i++) {
        uint64_t bits = 0;
        for (unsigned k = 0; k < (qa == qb ? i : per); k++)
            bits |= (uint64_t)(vec_lane(a, lane, i) == vec_lane(b, lane, k)) << (qb * per + k);
        vec_set_lane(&r, lane, i, vec_lane(&r, lane, i) | bits);
    }
    *dst = r;
}

static void conflicts(struct x86_tr *t, unsigned lane)
{
    unsigned n = simd_quarters(t);
    ir_val_t v[4], r[4];
    for (unsigned q = 0; q < n; q++) {
        v[q] = simd_get(t, 1, q, SIMD_WHOLE);
        r[q] = simd_zero(t);
        for (unsigned k = 0; k <= q; k++)
            r[q] = ir_callv(t->u, X86_VEC_conflicts, v[q], v[k], r[q], lane | q << 4 | k << 8);
    }
    simd_put(t, r, n, lane);
}

/* ---- VPTERNLOG: bit abc of the immediate; VDBPSADBW ---- */
/* Bit bc of `table`. */
static ir_val_t binary_table(struct x86_tr *t, unsigned table, ir_val_t b, ir_val_t c)
{
    struct ir_unit *u = t->u;
    switch (table & 7) { /* the others are complements */
    case 0: b = simd_zero(t); break;
    case 1: b = ir_vop1(u, IR_VNOT, 0, ir_vop2(u, IR_VOR, 0, b, c)); break;
    case 2: b = ir_vop2(u, IR_VANDN, 0, c, b); break;
    case 3: b = ir_vop1(u, IR_VNOT, 0, b); break;
    case 4: b = ir_vop2(u, IR_VANDN, 0, b, c); break;
    case 5: b = ir_vop1(u, IR_VNOT, 0, c); break;
    case 6: b = ir_vop2(u, IR_VXOR, 0, b, c); break;
    default: b = ir_vop1(u, IR_VNOT, 0, ir_vop2(u, IR_VAND, 0, b, c)); break;
    }
    return b;
}

static ir_val_t of_two(struct x86_tr *t, unsigned table, ir_val_t b, ir_val_t c)
{
    switch (table) {
    case 8: return ir_vop2(t->u, IR_VAND, 0, b, c);
    case 0xa: return c;
    case 0xb: return ir_vop2(t->u, IR_VORN, 0, c, b);
    case 0xc: return b;
    case 0xd: return ir_vop2(t->u, IR_VORN, 0, b, c);
    case 0xe: return ir_vop2(t->u, IR_VOR, 0, b, c);
    default: break;
    }
    return table < 8 ? binary_table(t, table, b, c)
                     : ir_vop1(t->u, IR_VNOT, 0, binary_table(t, table ^ 15, b, c));
}

static ir_val_t of_three(struct x86_tr *t, unsigned table, ir_val_t a, ir_val_t b, ir_val_t c)
{
    struct ir_unit *u = t->u;
    unsigned set = table >> 4 & 15, clear = table & 15; /* by a's bit */
    if (set == clear)
        return of_two(t, set, b, c);
    if (set == (clear ^ 15))
        return ir_vop2(u, IR_VXOR, 0, a, of_two(t, clear, b, c));
    if (clear == 0)
        return ir_vop2(u, IR_VAND, 0, a, of_two(t, set, b, c));
    if (set == 0)
        return ir_vop2(u, IR_VANDN, 0, of_two(t, clear, b, c), a);
    if (set == 15)
        return ir_vop2(u, IR_VOR, 0, a, of_two(t, clear, b, c));
    if (clear == 15)
        return ir_vop2(u, IR_VORN, 0, of_two(t, set, b, c), a);
    return ir_vop(u, IR_VSELECT, 0, a, of_two(t, set, b, c), of_two(t, clear, b, c), 0);
}

static void ternary(struct x86_tr *t, unsigned lane)
{
    unsigned n = simd_quarters(t);
    ir_val_t r[4];
    for (unsigned q = 0; q < n; q++) {
        ir_val_t c = simd_get(t, 2, q, lane);
        r[q] = of_three(t, (unsigned)t->d.imm & 0xff, x86_get_vec(t, 0, q), x86_get_vec(t, 1, q), c);
    }
    simd_put(t, r, n, lane);
}

void x86_vec_sad_pairs(struct cpu *cpu, union ir_vec *dst, const union ir_vec *a,
                       const union ir_vec *b, const union ir_vec *c, uint64_t imm)
{
    union ir_vec s, r;
    (void)cpu, (void)c;
    for (unsigned i = 0; i < 4; i++)
        s.w[i] = b->w[imm >> 2 * i & 3];
    for (unsigned i = 0; i < 8;
         i++) { /* eight bytes a half; from a: its dwords 0 0 1 1, from s: bytes 0, 1, 2, 3 on */
        unsigned half = i / 4 * 8, from_a = half + (i % 4 < 2 ? 0 : 4), from_s = half + i % 4,
                 sum = 0;
        for (unsigned k = 0; k < 4; k++) {
            int d = a->b[from_a + k] - s.b[from_s + k];
            sum += (unsigned)(d < 0 ? -d : d);
        }
        r.h[i] = (uint16_t)sum;
    }
    *dst = r;
}

static ir_val_t sad_pairs2(struct x86_tr *t, unsigned arg, ir_val_t a, ir_val_t b)
{
    (void)arg;
    return ir_callv(t->u, X86_VEC_sad_pairs, a, b, IR_NONE, t->d.imm & 0xff);
}

static void sad_pairs(struct x86_tr *t, unsigned arg)
{
    simd_binary(t, sad_pairs2, arg, SIMD_W | SIMD_WHOLE);
}

/* clang-format off */
#define FUNNEL(NAME, fn, op)                                                                       \
    SIMD_512(NAME##W, fn, ELEMENTS(op, 1)), SIMD_512(NAME##D, fn, ELEMENTS(op, 2)), SIMD_512(NAME##Q, fn, ELEMENTS(op, 3))
const struct x86_semantics x86_avx512_int_rows[] = {
    SIMD_512_DQ(PROL, rotate_imm, 0), SIMD_512_DQ(PROR, rotate_imm, 0x10), SIMD_512_DQ(PROLV, rotate, 0), SIMD_512_DQ(PRORV, rotate, 0x10),
    SIMD_512(PLZCNTD, elements1, ELEMENTS(LZCNT, 2)), SIMD_512(PLZCNTQ, elements1, ELEMENTS(LZCNT, 3)),
    SIMD_512(POPCNTB, elements1, ELEMENTS(POPCNT, 0)), SIMD_512(POPCNTW, elements1, ELEMENTS(POPCNT, 1)),
    SIMD_512(POPCNTD, elements1, ELEMENTS(POPCNT, 2)), SIMD_512(POPCNTQ, elements1, ELEMENTS(POPCNT, 3)),
    FUNNEL(PSHLD, elements2, SHLD), FUNNEL(PSHRD, elements2, SHRD), FUNNEL(PSHLDV, elements3, SHLD),
    FUNNEL(PSHRDV, elements3, SHRD), SIMD_512(PMULTISHIFTQB, elements2, ELEMENTS(MULTISHIFT, 3)),
    SIMD_512(PSHUFBITQMB, elements2, ELEMENTS(SHUFBIT, 3)),
    SIMD_512_DQ(PCONFLICT, conflicts, 0), SIMD_512_DQ(PTERNLOG, ternary, 0), SIMD_512(DBPSADBW, sad_pairs, 0),
    X86_ROWS_END
};
/* clang-format on */
