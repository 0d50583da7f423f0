/* SPDX-License-Identifier: Apache-2.0 */
/* AVX-512 integer instructions without a shorter form: SDM volume 1, 5.19, chapter 15; volume 2,
 * chapter 5. */
#include "core/exec/vec.h"
#include "core/util/bits.h"
#include "cpu/x86/simd.h"

/* ---- comparisons into opmasks ---- */
/* `predicate` as VPCMPB's immediate: EQ, LT, LE, false, their complements. */
static ir_val_t compare1(struct x86_tr *t, unsigned predicate, bool is_unsigned, unsigned lane,
                         ir_val_t a, ir_val_t b)
{
    struct ir_unit *u = t->u;
    ir_val_t v;
    switch (predicate & 3) {
    case 0:
        v = ir_vop2(u, IR_VCEQ, lane, a, b);
        break;
    case 1:
        v = ir_vop2(u, is_unsigned ? IR_VCGTU : IR_VCGTS, lane, b, a);
        break;
    case 2:
        v = ir_vop2(u, is_unsigned ? IR_VCGEU : IR_VCGES, lane, b, a);
        break;
    default:
        v = simd_zero(t);
        break;
    }
    return predicate & 4 ? ir_vop1(u, IR_VNOT, 0, v) : v;
}

/* `arg`: lane | UNSIGNED | (predicate + 1) << 8, 0: the immediate's */
enum { UNSIGNED = 1 << 4 };
#define WITH(predicate) (((predicate) + 1) << 8)
static void compare(struct x86_tr *t, unsigned arg)
{
    unsigned n = simd_quarters(t), lane = arg & 3,
             predicate = arg >> 8 ? (arg >> 8) - 1 : (unsigned)t->d.imm & 7;
    ir_val_t r[4];
    for (unsigned q = 0; q < n; q++) {
        ir_val_t b = simd_get(t, 2, q, lane);
        r[q] = compare1(t, predicate, arg & UNSIGNED, lane, simd_get(t, 1, q, lane), b);
    }
    simd_put_mask(t, simd_to_mask(t, r, n, lane));
}

enum { NONE_SET = 1 << 4 };
static void test(struct x86_tr *t, unsigned arg)
{
    unsigned n = simd_quarters(t), lane = arg & 3;
    ir_val_t r[4];
    for (unsigned q = 0; q < n; q++) {
        ir_val_t v = ir_vop2(t->u, IR_VAND, 0, simd_get(t, 1, q, lane), simd_get(t, 2, q, lane));
        v = ir_vop2(t->u, IR_VCEQ, lane, v, simd_zero(t));
        r[q] = arg & NONE_SET ? v : ir_vop1(t->u, IR_VNOT, 0, v);
    }
    simd_put_mask(t, simd_to_mask(t, r, n, lane));
}

static void from_mask(struct x86_tr *t, unsigned lane)
{
    unsigned n = simd_quarters(t);
    ir_val_t r[4];
    for (unsigned q = 0; q < n; q++)
        r[q] = simd_expand(t, ir_get(t->u, X86_SLOT_K + t->d.op[1].reg), q, lane);
    simd_put(t, r, n, lane);
}

static void to_mask(struct x86_tr *t, unsigned lane)
{
    unsigned n = simd_quarters(t);
    ir_val_t v[4];
    for (unsigned q = 0; q < n; q++)
        v[q] = x86_get_vec(t, 1, q);
    simd_put_mask(t, simd_to_mask(t, v, n, lane));
}

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

/* ---- moves between elements ---- */
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

/* ---- element by element, in C: imm = operation | lane << 8 | instruction's immediate << 16 ----
 */
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

/* Two sources, and the immediate as the third. VPMULTISHIFTQB and VPSHUFBITQMB are masked by bytes.
 */
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
#define BWDQ(NAME, fn, arg)                                                                        \
    SIMD_512(NAME##B, fn, (arg) | SIMD_B), SIMD_512(NAME##W, fn, (arg) | SIMD_W), DQ(NAME, fn, arg)
#define DQ(NAME, fn, arg) SIMD_512(NAME##D, fn, (arg) | SIMD_D), SIMD_512(NAME##Q, fn, (arg) | SIMD_Q)
#define SHRINK(NAME, from, to)                                                                     \
    SIMD_512(PMOV##NAME, shrink, (from) | (to) << 4), SIMD_512(PMOVS##NAME, shrink, (from) | (to) << 4 | SATURATE << 8), \
    SIMD_512(PMOVUS##NAME, shrink, (from) | (to) << 4 | SATURATE_UNSIGNED << 8)
#define FUNNEL(NAME, fn, op)                                                                       \
    SIMD_512(NAME##W, fn, ELEMENTS(op, 1)), SIMD_512(NAME##D, fn, ELEMENTS(op, 2)), SIMD_512(NAME##Q, fn, ELEMENTS(op, 3))
const struct x86_semantics x86_avx512_int_rows[] = {
    BWDQ(PCMP, compare, 0), BWDQ(PCMPU, compare, UNSIGNED),
    SIMD_EVEX(PCMPEQB, compare, SIMD_B | WITH(0)), SIMD_EVEX(PCMPEQW, compare, SIMD_W | WITH(0)),
    SIMD_EVEX(PCMPEQD, compare, SIMD_D | WITH(0)), SIMD_EVEX(PCMPEQQ, compare, SIMD_Q | WITH(0)),
    SIMD_EVEX(PCMPGTB, compare, SIMD_B | WITH(6)), SIMD_EVEX(PCMPGTW, compare, SIMD_W | WITH(6)),
    SIMD_EVEX(PCMPGTD, compare, SIMD_D | WITH(6)), SIMD_EVEX(PCMPGTQ, compare, SIMD_Q | WITH(6)),
    BWDQ(PTESTM, test, 0), BWDQ(PTESTNM, test, NONE_SET), BWDQ(PMOVM2, from_mask, 0),
    SIMD_512(PMOVB2M, to_mask, SIMD_B), SIMD_512(PMOVW2M, to_mask, SIMD_W), SIMD_512(PMOVD2M, to_mask, SIMD_D),
    SIMD_512(PMOVQ2M, to_mask, SIMD_Q),
    SIMD_512(PBROADCASTB_GPR, broadcast_scalar, SIMD_B), SIMD_512(PBROADCASTW_GPR, broadcast_scalar, SIMD_W),
    SIMD_512(PBROADCASTD_GPR, broadcast_scalar, SIMD_D), SIMD_512(PBROADCASTMB2Q, broadcast_scalar, SIMD_Q),
    SIMD_512(PBROADCASTMW2D, broadcast_scalar, SIMD_D),
    BWDQ(PBLENDM, blend, 0), SIMD_512(BLENDMPS, blend, SIMD_D), SIMD_512(BLENDMPD, blend, SIMD_Q), DQ(ALIGN, align, 0),
    SIMD_512(SHUFF32X4, shuffle_quarters, SIMD_D), SIMD_512(SHUFF64X2, shuffle_quarters, SIMD_Q),
    SIMD_512(SHUFI32X4, shuffle_quarters, SIMD_D), SIMD_512(SHUFI64X2, shuffle_quarters, SIMD_Q),
    BWDQ(PERMI2, permute_two, 0), BWDQ(PERMT2, permute_two, OVER_TABLE),
    SIMD_512(PERMI2PS, permute_two, SIMD_D), SIMD_512(PERMI2PD, permute_two, SIMD_Q),
    SIMD_512(PERMT2PS, permute_two, SIMD_D | OVER_TABLE), SIMD_512(PERMT2PD, permute_two, SIMD_Q | OVER_TABLE),
    BWDQ(PEXPAND, expand, 0), SIMD_512(EXPANDPS, expand, SIMD_D), SIMD_512(EXPANDPD, expand, SIMD_Q),
    BWDQ(PCOMPRESS, compress, 0), SIMD_512(COMPRESSPS, compress, SIMD_D), SIMD_512(COMPRESSPD, compress, SIMD_Q),
    SHRINK(WB, 1, 0), SHRINK(DB, 2, 0), SHRINK(QB, 3, 0), SHRINK(DW, 2, 1), SHRINK(QW, 3, 1), SHRINK(QD, 3, 2),
    DQ(PROL, rotate_imm, 0), DQ(PROR, rotate_imm, 0x10), DQ(PROLV, rotate, 0), DQ(PRORV, rotate, 0x10),
    SIMD_512(PLZCNTD, elements1, ELEMENTS(LZCNT, 2)), SIMD_512(PLZCNTQ, elements1, ELEMENTS(LZCNT, 3)),
    SIMD_512(POPCNTB, elements1, ELEMENTS(POPCNT, 0)), SIMD_512(POPCNTW, elements1, ELEMENTS(POPCNT, 1)),
    SIMD_512(POPCNTD, elements1, ELEMENTS(POPCNT, 2)), SIMD_512(POPCNTQ, elements1, ELEMENTS(POPCNT, 3)),
    FUNNEL(PSHLD, elements2, SHLD), FUNNEL(PSHRD, elements2, SHRD), FUNNEL(PSHLDV, elements3, SHLD),
    FUNNEL(PSHRDV, elements3, SHRD), SIMD_512(PMULTISHIFTQB, elements2, ELEMENTS(MULTISHIFT, 3)),
    SIMD_512(PSHUFBITQMB, elements2, ELEMENTS(SHUFBIT, 3)),
    DQ(PCONFLICT, conflicts, 0), DQ(PTERNLOG, ternary, 0), SIMD_512(DBPSADBW, sad_pairs, 0),
    X86_ROWS_END
};
/* clang-format on */
