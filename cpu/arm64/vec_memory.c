/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loads and stores of SIMD&FP registers: Arm ARM, C4.1.94. Registers and the base are written
 * after the last access that may fault.
 *
 * Vectors are accessed little-endian; what is big-endian is turned round in the register. Structures
 * are moved in pieces of 16 bytes and taken apart there, unless accesses must be aligned:
 * then each element is one access, as the architecture has it.
 */
#include "cpu/arm64/translate_impl.h"

/* Row arguments of one register and pairs: bytes in 4:0, then how the address is made. */
enum { BYTES = 0x1f, STORE = 0x80, PRE = 0x100, POST = 0x200, ACQ = 0x400, REL = 0x800 };

static unsigned kind_of(unsigned arg, unsigned element)
{
    return (arg & STORE ? INSN_MEM_WRITE : INSN_MEM_READ) | (arg & (ACQ | REL) ? A64_ACCESS_ORDERED : 0u) |
           element << A64_ACCESS_ELEMENT;
}

/* Only the stack pointer with an immediate and no writeback is not tag-checked (C7.2, `tagchecked`). */
static ir_val_t base_of(struct a64_tr *t, int64_t disp, unsigned bytes, unsigned element, unsigned arg)
{
    ir_val_t base = a64_xsp(t, IR_I64, t->d.rn);
    bool tagged = t->d.rn != 31 || (arg & (PRE | POST));
    a64_check_access(t, t->d.rn, base, disp, bytes, kind_of(arg, element), tagged);
    return base;
}

static ir_val_t reverse_bytes(struct a64_tr *t, ir_val_t v128)
{
    ir_val_t v = ir_vop1i(t->u, IR_VREV, 0, v128, 3);
    return ir_vop(t->u, IR_VEXT, 0, v, v, IR_NONE, 8);
}

/* Acquire and release: where they may lie says a64_allows_misaligned. */
static unsigned flags_of(unsigned arg)
{
    unsigned f = arg & ACQ ? IR_MEM_ACQUIRE : arg & REL ? IR_MEM_RELEASE : 0;
    return f != 0 ? f | IR_MEM_ATOMIC : f;
}

/* memop of a whole vector. */
static uint16_t whole(const struct a64_tr *t, unsigned flags)
{
    return ir_memop(16, flags | (t->mode & A64_MODE_ALIGN ? IR_MEM_ALIGNED : 0u));
}

/* B, H, S, D or Q at base + disp, zeros above. */
static ir_val_t load(struct a64_tr *t, unsigned bytes, ir_val_t base, int64_t disp, unsigned flags)
{
    unsigned lane = (unsigned)__builtin_ctz(bytes);
    if (bytes == 16) {
        ir_val_t v = ir_load(t->u, IR_V128, base, disp, whole(t, flags));
        return t->mode & A64_MODE_BE ? reverse_bytes(t, v) : v;
    }
    enum ir_type type = bytes == 4 ? IR_F32 : bytes == 8 ? IR_F64 : IR_I64;
    if (t->mode & A64_MODE_BE)
        type = IR_I64;
    return ir_vop1(t->u, IR_VSCALAR, lane, ir_load(t->u, type, base, disp, a64_memop(t, bytes, flags)));
}

static void store(struct a64_tr *t, unsigned bytes, ir_val_t base, int64_t disp, ir_val_t v128,
                  unsigned flags)
{
    unsigned lane = (unsigned)__builtin_ctz(bytes);
    if (bytes == 16) {
        ir_val_t v = t->mode & A64_MODE_BE ? reverse_bytes(t, v128) : v128;
        ir_store(t->u, IR_V128, base, disp, v, whole(t, flags));
        return;
    }
    enum ir_type type = bytes == 4 ? IR_F32 : bytes == 8 ? IR_F64 : IR_I64;
    if (t->mode & A64_MODE_BE)
        type = IR_I64;
    ir_store(t->u, type, base, disp, ir_vlane(t->u, type, lane, v128, 0), a64_memop(t, bytes, flags));
}

static void access(struct a64_tr *t, unsigned arg, ir_val_t base, int64_t disp)
{
    if (arg & STORE)
        store(t, arg & BYTES, base, disp, a64_v(t, t->d.rt), flags_of(arg));
    else
        a64_put_v(t, t->d.rt, load(t, arg & BYTES, base, disp, flags_of(arg)));
}

static void immediate(struct a64_tr *t, unsigned arg)
{
    int64_t imm = t->d.imm, disp = arg & POST ? 0 : imm;
    ir_val_t base = base_of(t, disp, arg & BYTES, arg & BYTES, arg);
    ir_val_t back = arg & (PRE | POST) ? ir_op2i(t->u, IR_ADD, IR_I64, base, (uint64_t)imm) : IR_NONE;
    access(t, arg, base, disp);
    if (back != IR_NONE)
        a64_write_back(t, t->d.rn, back, imm);
}

static void by_register(struct a64_tr *t, unsigned arg)
{
    ir_val_t m = a64_register_offset(t, arg & BYTES);
    access(t, arg, a64_address(t, t->d.rn, m, 0, arg & BYTES, kind_of(arg, arg & BYTES)), 0);
}

static void literal(struct a64_tr *t, unsigned arg)
{
    ir_val_t base = ir_pc(t->u, t->at + t->d.imm);
    a64_check_access(t, 0, base, 0, arg & BYTES, INSN_MEM_READ, false);
    access(t, arg, base, 0);
}

static void pair(struct a64_tr *t, unsigned arg)
{
    unsigned bytes = arg & BYTES;
    int64_t imm = t->d.imm, disp = arg & POST ? 0 : imm;
    ir_val_t base = base_of(t, disp, 2 * bytes, bytes, arg);
    ir_val_t back = arg & (PRE | POST) ? ir_op2i(t->u, IR_ADD, IR_I64, base, (uint64_t)imm) : IR_NONE;
    if (arg & STORE) {
        store(t, bytes, base, disp, a64_v(t, t->d.rt), 0);
        store(t, bytes, base, disp + bytes, a64_v(t, t->d.rt2), 0);
    } else {
        ir_val_t v = load(t, bytes, base, disp, 0);
        ir_val_t w = load(t, bytes, base, disp + bytes, 0);
        a64_put_v(t, t->d.rt, v);
        a64_put_v(t, t->d.rt2, w);
    }
    if (back != IR_NONE)
        a64_write_back(t, t->d.rn, back, imm);
}

/* ---- structures ---- */
/* Row arguments: registers in 2:0; elements of a structure in 5:3 (several structures), or log2 of an
 * element's bytes (one lane); STORE, ACQ, REL as above. */
enum { POST_REG = POST, POST_STEP = POST | PRE };
#define MULTIPLE(registers, elements) ((registers) | (elements) << 3)
#define LANE(registers, size)         ((registers) | (size) << 3)
#define REGISTERS(arg)                ((arg)&7u)
#define SECOND(arg)                   ((arg) >> 3 & 7u)

static void step(struct a64_tr *t, unsigned arg, ir_val_t base, unsigned bytes)
{
    if ((arg & POST_STEP) == POST_STEP)
        a64_write_back(t, t->d.rn, ir_op2i(t->u, IR_ADD, IR_I64, base, bytes), bytes);
    else if (arg & POST)
        a64_put_xsp(t, IR_I64, t->d.rn, ir_add(t->u, IR_I64, base, a64_x(t, IR_I64, t->d.rm)));
}

struct structure {
    unsigned size;      /* log2 of an element's bytes */
    unsigned elements, registers;
    unsigned bytes;     /* of a register that count: 8 or 16 */
};

static struct structure structure_of(const struct a64_tr *t, unsigned arg)
{
    return (struct structure){ .size = t->d.arr >> 1, .elements = SECOND(arg), .registers = REGISTERS(arg),
                               .bytes = t->d.arr & 1 ? 16 : 8 };
}

static bool by_element(const struct a64_tr *t)
{
    return t->mode & A64_MODE_ALIGN;
}

static ir_val_t element_order(struct a64_tr *t, const struct structure *s, ir_val_t v)
{
    return (t->mode & A64_MODE_BE) && s->size > 0 ? ir_vop1i(t->u, IR_VREV, 0, v, s->size) : v;
}

/* 8 or 16 bytes of memory as they lie there, elements in the register's byte order. */
static ir_val_t load_piece(struct a64_tr *t, const struct structure *s, ir_val_t base, unsigned at,
                           unsigned bytes)
{
    unsigned each = 1u << s->size;
    ir_val_t v;
    if (by_element(t)) {
        v = ir_vconst(t->u, 0, 0);
        for (unsigned i = 0; i < bytes / each; i++)
            v = ir_vins(t->u, s->size, v, i,
                        ir_load(t->u, IR_I64, base, at + i * each, ir_memop(each, IR_MEM_ALIGNED)));
    } else if (bytes == 16) {
        v = ir_load(t->u, IR_V128, base, at, ir_memop(16, 0));
    } else {
        v = ir_vop1(t->u, IR_VSCALAR, 3, ir_load(t->u, IR_F64, base, at, ir_memop(8, 0)));
    }
    return element_order(t, s, v);
}

static void store_piece(struct a64_tr *t, const struct structure *s, ir_val_t base, unsigned at,
                        unsigned bytes, ir_val_t v)
{
    unsigned each = 1u << s->size;
    v = element_order(t, s, v);
    if (by_element(t)) {
        for (unsigned i = 0; i < bytes / each; i++)
            ir_store(t->u, IR_I64, base, at + i * each, ir_vlane(t->u, IR_I64, s->size, v, i),
                     ir_memop(each, IR_MEM_ALIGNED));
    } else if (bytes == 16) {
        ir_store(t->u, IR_V128, base, at, v, ir_memop(16, 0));
    } else {
        ir_store(t->u, IR_F64, base, at, ir_vlane(t->u, IR_F64, 3, v, 0), ir_memop(8, 0));
    }
}

/* Bytes of `from` by a table: `at[i]` for byte i, 16 and more gives 0. IR_NONE if nothing is taken. */
static ir_val_t pick(struct a64_tr *t, ir_val_t from, const uint8_t at[16])
{
    uint64_t index[2] = { 0, 0 };
    bool any = false;
    for (unsigned i = 0; i < 16; i++) {
        index[i / 8] |= (uint64_t)(at[i] < 16 ? at[i] : 0xff) << (i % 8 * 8);
        any |= at[i] < 16;
    }
    return any ? ir_vop2(t->u, IR_VTBL, 0, from, ir_vconst(t->u, index[0], index[1])) : IR_NONE;
}

static ir_val_t either(struct a64_tr *t, ir_val_t a, ir_val_t b)
{
    return a == IR_NONE ? b : b == IR_NONE ? a : ir_vop2(t->u, IR_VOR, 0, a, b);
}

/*
 * Three elements: byte b of register r lies at byte (3 * (b >> size) + r << size) + (b & mask) of the image,
 * which is `image[at / 16]`. `to_image` takes registers to the image, else the image to registers.
 */
static void by_three(struct a64_tr *t, const struct structure *s, const ir_val_t from[4], ir_val_t to[4],
                     bool to_image)
{
    uint8_t at[3][3][16]; /* [to][from][byte] */
    unsigned mask = (1u << s->size) - 1;
    for (unsigned i = 0; i < sizeof(at); i++)
        at[i / 48][i / 16 % 3][i % 16] = 0xff;
    for (unsigned r = 0; r < 3; r++) {
        for (unsigned b = 0; b < s->bytes; b++) {
            unsigned place = ((3 * (b >> s->size) + r) << s->size) + (b & mask);
            if (to_image)
                at[place / 16][r][place % 16] = (uint8_t)b;
            else
                at[r][place / 16][b] = (uint8_t)(place % 16);
        }
    }
    for (unsigned i = 0; i < 3; i++) {
        to[i] = IR_NONE;
        for (unsigned j = 0; j < 3 && from[j] != IR_NONE; j++)
            to[i] = either(t, to[i], pick(t, from[j], at[i][j]));
    }
}

static void apart(struct a64_tr *t, const struct structure *s, const ir_val_t image[4], ir_val_t v[4])
{
    struct ir_unit *u = t->u;
    unsigned size = s->size;
    if (s->elements == 3) {
        by_three(t, s, image, v, false);
        return;
    }
    /* of 8-byte registers the pieces are half as many, and the upper halves are dropped later */
    ir_val_t b = s->bytes == 16 ? image[1] : image[0];
    if (s->elements == 2) {
        v[0] = ir_vop2(u, IR_VUZP1, size, image[0], b);
        v[1] = ir_vop2(u, IR_VUZP2, size, image[0], b);
        return;
    }
    ir_val_t even = ir_vop2(u, IR_VUZP1, size, image[0], image[1]), even2 = even;
    ir_val_t odd = ir_vop2(u, IR_VUZP2, size, image[0], image[1]), odd2 = odd;
    if (s->bytes == 16) {
        even2 = ir_vop2(u, IR_VUZP1, size, image[2], image[3]);
        odd2 = ir_vop2(u, IR_VUZP2, size, image[2], image[3]);
    }
    v[0] = ir_vop2(u, IR_VUZP1, size, even, even2);
    v[1] = ir_vop2(u, IR_VUZP1, size, odd, odd2);
    v[2] = ir_vop2(u, IR_VUZP2, size, even, even2);
    v[3] = ir_vop2(u, IR_VUZP2, size, odd, odd2);
}

static void together(struct a64_tr *t, const struct structure *s, const ir_val_t v[4], ir_val_t image[4])
{
    struct ir_unit *u = t->u;
    unsigned size = s->size;
    if (s->elements == 3) {
        by_three(t, s, v, image, true);
        return;
    }
    if (s->elements == 2) {
        image[0] = ir_vop2(u, IR_VZIP1, size, v[0], v[1]);
        image[1] = ir_vop2(u, IR_VZIP2, size, v[0], v[1]);
        return;
    }
    ir_val_t even = ir_vop2(u, IR_VZIP1, size, v[0], v[2]), odd = ir_vop2(u, IR_VZIP1, size, v[1], v[3]);
    image[0] = ir_vop2(u, IR_VZIP1, size, even, odd);
    image[1] = ir_vop2(u, IR_VZIP2, size, even, odd);
    even = ir_vop2(u, IR_VZIP2, size, v[0], v[2]);
    odd = ir_vop2(u, IR_VZIP2, size, v[1], v[3]);
    image[2] = ir_vop2(u, IR_VZIP1, size, even, odd);
    image[3] = ir_vop2(u, IR_VZIP2, size, even, odd);
}

/* Many accesses for one instruction: the block ends, lest a unit grow out of all proportion. */
static void end_if_long(struct a64_tr *t, const struct structure *s)
{
    if (!by_element(t) || t->ended || s->registers * s->bytes >> s->size <= 16)
        return;
    ir_jump(t->u, a64_next(t));
    t->ended = true;
}

static void load_multiple(struct a64_tr *t, unsigned arg)
{
    struct structure s = structure_of(t, arg);
    unsigned total = s.registers * s.bytes, unit = s.elements == 1 ? s.bytes : 16, n = 0;
    ir_val_t image[4] = { IR_NONE }, v[4];
    ir_val_t base = base_of(t, 0, total, 1u << s.size, arg);
    for (unsigned at = 0; at < total; at += unit)
        image[n++] = load_piece(t, &s, base, at, MIN(unit, total - at));
    if (s.elements > 1)
        apart(t, &s, image, v);
    for (unsigned i = 0; i < s.registers; i++) {
        ir_val_t one = s.elements == 1 ? image[i] : v[i];
        if (s.elements > 1 && s.elements != 3 && s.bytes == 8)
            one = a64_low_half(t, one);
        a64_put_v(t, (t->d.rt + i) & 31, one);
    }
    step(t, arg, base, total);
    end_if_long(t, &s);
}

static void store_multiple(struct a64_tr *t, unsigned arg)
{
    struct structure s = structure_of(t, arg);
    unsigned total = s.registers * s.bytes, unit = s.elements == 1 ? s.bytes : 16, n = 0;
    ir_val_t image[4] = { IR_NONE }, v[4] = { IR_NONE };
    ir_val_t base = base_of(t, 0, total, 1u << s.size, arg);
    for (unsigned i = 0; i < s.registers; i++)
        v[i] = a64_v(t, (t->d.rt + i) & 31);
    if (s.elements > 1)
        together(t, &s, v, image);
    for (unsigned at = 0; at < total; at += unit, n++)
        store_piece(t, &s, base, at, MIN(unit, total - at), s.elements == 1 ? v[n] : image[n]);
    step(t, arg, base, total);
    end_if_long(t, &s);
}

/* One lane of each register; the others stay. */
static void load_lane(struct a64_tr *t, unsigned arg)
{
    unsigned n = REGISTERS(arg), size = SECOND(arg), each = 1u << size;
    ir_val_t v[4], base = base_of(t, 0, n * each, each, arg);
    for (unsigned i = 0; i < n; i++)
        v[i] = ir_load(t->u, IR_I64, base, i * each, a64_memop(t, each, flags_of(arg)));
    for (unsigned i = 0; i < n; i++) {
        unsigned r = (t->d.rt + i) & 31;
        a64_put_v(t, r, ir_vins(t->u, size, a64_v(t, r), (unsigned)t->d.imm, v[i]));
    }
    step(t, arg, base, n * each);
}

static void store_lane(struct a64_tr *t, unsigned arg)
{
    unsigned n = REGISTERS(arg), size = SECOND(arg), each = 1u << size;
    ir_val_t base = base_of(t, 0, n * each, each, arg);
    for (unsigned i = 0; i < n; i++)
        ir_store(t->u, IR_I64, base, i * each,
                 ir_vlane(t->u, IR_I64, size, a64_v(t, (t->d.rt + i) & 31), (unsigned)t->d.imm),
                 a64_memop(t, each, flags_of(arg)));
    step(t, arg, base, n * each);
}

/* LD1R to LD4R: to all lanes. */
static void load_replicated(struct a64_tr *t, unsigned arg)
{
    unsigned n = REGISTERS(arg), size = t->d.arr >> 1, each = 1u << size;
    ir_val_t v[4], base = base_of(t, 0, n * each, each, arg);
    for (unsigned i = 0; i < n; i++)
        v[i] = ir_load(t->u, IR_I64, base, i * each, a64_memop(t, each, 0));
    for (unsigned i = 0; i < n; i++) {
        ir_val_t all = ir_vop1(t->u, IR_VDUP, size, v[i]);
        a64_put_v(t, (t->d.rt + i) & 31, t->d.arr & 1 ? all : a64_low_half(t, all));
    }
    step(t, arg, base, n * each);
}

/* clang-format off */
#define FP(name, fn, arg) { A64_INSN_##name, A64_SEM_FP, fn, arg }
#define ONE(x, bytes)                                                                              \
    FP(LDR_##x##_IMM, immediate, bytes),         FP(STR_##x##_IMM, immediate, (bytes) | STORE),    \
    FP(LDUR_##x, immediate, bytes),              FP(STUR_##x, immediate, (bytes) | STORE),         \
    FP(LDR_##x##_PRE, immediate, (bytes) | PRE), FP(STR_##x##_PRE, immediate, (bytes) | STORE | PRE), \
    FP(LDR_##x##_POST, immediate, (bytes) | POST), FP(STR_##x##_POST, immediate, (bytes) | STORE | POST), \
    FP(LDR_##x##_REG, by_register, bytes),       FP(STR_##x##_REG, by_register, (bytes) | STORE),  \
    FP(LDAPUR_##x, immediate, (bytes) | ACQ),    FP(STLUR_##x, immediate, (bytes) | STORE | REL)
#define TWO(x, bytes)                                                                              \
    FP(LDP_##x, pair, bytes),               FP(STP_##x, pair, (bytes) | STORE),                    \
    FP(LDP_##x##_PRE, pair, (bytes) | PRE), FP(STP_##x##_PRE, pair, (bytes) | STORE | PRE),        \
    FP(LDP_##x##_POST, pair, (bytes) | POST), FP(STP_##x##_POST, pair, (bytes) | STORE | POST),    \
    FP(LDNP_##x, pair, bytes),              FP(STNP_##x, pair, (bytes) | STORE),                   \
    FP(LDR_##x##_LIT, literal, bytes)
#define FORMS(name, fn, arg)                                                                       \
    FP(name, fn, arg), FP(name##_POST, fn, (arg) | POST_REG), FP(name##_STEP, fn, (arg) | POST_STEP)
#define MANY(n, registers)                                                                         \
    FORMS(LD##n##_R##registers, load_multiple, MULTIPLE(registers, n)),                            \
    FORMS(ST##n##_R##registers, store_multiple, MULTIPLE(registers, n) | STORE)
#define ONE_LANE(n, x, size)                                                                       \
    FORMS(LD##n##_##x, load_lane, LANE(n, size)), FORMS(ST##n##_##x, store_lane, LANE(n, size) | STORE)
#define LANES(n)                                                                                   \
    ONE_LANE(n, B, 0), ONE_LANE(n, H, 1), ONE_LANE(n, S, 2), ONE_LANE(n, D, 3),                    \
    FORMS(LD##n##R, load_replicated, n)

const struct a64_semantics a64_vec_memory_rows[] = {
    ONE(B, 1), ONE(H, 2), ONE(S, 4), ONE(D, 8), ONE(Q, 16),
    TWO(S, 4), TWO(D, 8), TWO(Q, 16),
    MANY(1, 1), MANY(1, 2), MANY(1, 3), MANY(1, 4), MANY(2, 2), MANY(3, 3), MANY(4, 4),
    LANES(1), LANES(2), LANES(3), LANES(4),
    FP(LDAP1, load_lane, LANE(1, 3) | ACQ), FP(STL1, store_lane, LANE(1, 3) | STORE | REL),
    A64_ROWS_END
};
/* clang-format on */
