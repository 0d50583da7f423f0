/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ir_widen: what it joins and what it leaves alone; and random units, evaluated before and after by this file's own evaluator,
 * which does to each half what core/exec/vec.h says of a v128.
 */
#include "core/exec/vec.h"
#include "core/ir/build_vec.h"
#include "test/check_main.h"
#include <stdlib.h>
#include <string.h>

/* A guest of REGISTERS registers of 256 bits: the slots of even ones are neighbours, those of odd ones are not. */
enum { X0, LOW0, HIGH0, LOW2, HIGH2, LOW1, LOW3, HIGH1, HIGH3, LSX, SLOTS, REGISTERS = 4 };
enum { LOOKS, WRITES, PURE };
static const uint8_t slot_of[REGISTERS][2] = { { LOW0, HIGH0 }, { LOW1, HIGH1 }, { LOW2, HIGH2 }, { LOW3, HIGH3 } };
#define V(n, at, up) { .name = n, .offset = 16 * (at), .type = IR_V128, .upper = (up) }
static const struct ir_slot slots[SLOTS] = {
    [X0] = { .name = "x0", .offset = 256, .type = IR_I64 },
    [LOW0] = V("v0", 0, HIGH0), [HIGH0] = V("h0", 1, 0), [LOW1] = V("v1", 2, HIGH1), [HIGH1] = V("h1", 3, 0),
    [LOW2] = V("v2", 4, HIGH2), [HIGH2] = V("h2", 5, 0), [LOW3] = V("v3", 6, HIGH3), [HIGH3] = V("h3", 7, 0),
    [LSX] = V("short", 8, 0),
};
static uint64_t nothing(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    (void)cpu, (void)a, (void)b, (void)c;
    return d;
}
static const struct ir_helper helpers[] = {
    [LOOKS] = { "looks", nothing, IR_CALL_READS, NULL, NULL },
    [WRITES] = { "writes", nothing, IR_CALL_READS | IR_CALL_WRITES, NULL, NULL },
    [PURE] = { "pure", nothing, IR_CALL_PURE, NULL, NULL },
};
static const struct ir_guest guest = { .name = "wide", .slots = slots, .n_slots = SLOTS, .helpers = helpers,
                                       .n_helpers = ARRAY_LEN(helpers) };

static struct arena arena;
static struct ir_unit *u;
static struct err e;
static const struct insn_desc nop = { .name = "nop" };

static void begin_insn(void)
{
    ir_begin_insn(u, 4 * (int32_t)u->n_insns, 4, &nop, NULL);
}

static void begin_block(void)
{
    ir_begin_block(u, 4 * (int32_t)u->n_insns);
    begin_insn();
}

/* It goes on to the next, and to `back`, if there is a block of that number. */
static void end_block_or(uint32_t back)
{
    int32_t next = 4 * (int32_t)u->n_insns;
    if (back < u->n_blocks)
        ir_branch(u, ir_const(u, IR_I64, 0), u->blocks[back].start, next);
    else
        ir_jump(u, next);
    ir_end_block(u, 4 * u->n_insns - (uint32_t)u->blocks[u->n_blocks - 1].start);
}

static void end_block(void)
{
    end_block_or(UINT32_MAX);
}

static void new_unit(void)
{
    ck_assert_int_eq(ir_unit_create(&u, &arena, &guest, 0, &e), 0);
    begin_block();
}

static void setup(void)
{
    arena_init(&arena, 0);
    new_unit();
}

static void teardown(void)
{
    arena_destroy(&arena);
}

static void verify(void)
{
    if (ir_verify(u, &e) != 0) {
        ir_print(u, stderr);
        ck_abort_msg("%s", e.text);
    }
}

/* ---- the evaluator ---- */

struct run {
    union ir_vec slot[SLOTS];
    uint64_t n, seen; /* operations that may look at the slots, and what they saw */
};

static uint64_t mix(uint64_t h, uint64_t v)
{
    h = (h ^ v) * 0x9e3779b97f4a7c15ull;
    return h ^ h >> 29;
}

static uint64_t mix_vec(uint64_t h, const union ir_vec *v)
{
    return mix(mix(h, v->d[0]), v->d[1]);
}

static void look(struct run *r, const struct ir_inst *in)
{
    r->seen = mix(mix(r->seen, in->op), r->n++);
    for (unsigned s = 0; s < SLOTS; s++)
        r->seen = mix_vec(r->seen, &r->slot[s]);
}

static void compute(const struct ir_inst *in, union ir_vec *dst, const union ir_vec *a, const union ir_vec *b)
{
    struct vec_env env = { .guest = &guest, .lane = in->aux, .imm = in->imm };
    vec_fn *fn = vec_function((enum ir_op)in->op);
    ck_assert_msg(fn != NULL, "%s", ir_op_info[in->op].name);
    fn(&env, dst, a, b, b);
}

static void access(struct run *r, const struct ir_inst *in, union ir_vec v[][2], union ir_vec to[2])
{
    unsigned at[2] = { (unsigned)in->imm, slots[in->imm].upper };
    for (unsigned h = 0; h < 1u + (in->type == IR_V256); h++) {
        if (in->op == IR_GET)
            to[h] = r->slot[at[h]];
        else
            r->slot[at[h]] = v[in->a][h];
    }
}

static void step(struct run *r, uint32_t i, union ir_vec v[][2])
{
    const struct ir_inst *in = &u->insts[i];
    union ir_vec *to = v[i];
    char flags = ir_op_info[in->op].flags;
    if (flags == 'F' || flags == 'E')
        look(r, in);
    switch (in->op) {
    case IR_INSN: case IR_JUMP: case IR_BRANCH: case IR_CONST:
        break;
    case IR_GET: case IR_PUT:
        access(r, in, v, to);
        break;
    case IR_VCONST:
        to[0].d[0] = to[1].d[0] = (uint64_t)in->imm;
        to[0].d[1] = to[1].d[1] = (uint64_t)in->imm2;
        break;
    case IR_VJOIN:
        to[0] = v[in->a][0];
        to[1] = v[in->b][0];
        break;
    case IR_VHALF:
        to[0] = v[in->a][in->imm];
        break;
    case IR_LOAD:
        to[0].d[0] = r->n * 0x0123456789abcdefull;
        to[0].d[1] = mix(1, r->n);
        break;
    case IR_STORE:
        r->seen = mix_vec(r->seen, &v[in->b][0]);
        break;
    case IR_CALL:
        for (unsigned s = 0; in->imm == WRITES && s < SLOTS; s++)
            r->slot[s].d[s % 2] = mix(s, r->n);
        break;
    default:
        for (unsigned h = 0; h < 1u + (in->type == IR_V256); h++)
            compute(in, &to[h], &v[in->a][h], &v[in->b][h]);
        break;
    }
}

/* All blocks one after the other. */
static struct run evaluate(void)
{
    struct run r = { .n = 1 };
    union ir_vec (*v)[2] = calloc(u->n_insts, sizeof(*v));
    for (unsigned s = 0; s < SLOTS; s++)
        r.slot[s] = (union ir_vec){ .d = { mix(s, 1), mix(s, 2) } };
    for (uint32_t i = 1; i < u->n_insts; i++)
        step(&r, i, v);
    free(v);
    return r;
}

/* ---- building ---- */

static ir_val_t get(unsigned reg, unsigned half)
{
    return ir_get(u, slot_of[reg][half]);
}

static void put(unsigned reg, ir_val_t low, ir_val_t high)
{
    ir_put(u, slot_of[reg][0], low);
    ir_put(u, slot_of[reg][1], high);
}

/* d = a op b, as a front end has it. */
static void op2(enum ir_op op, unsigned lane, unsigned d, unsigned a, unsigned b)
{
    ir_val_t v[2];
    for (unsigned h = 0; h < 2; h++) {
        ir_val_t x = get(a, h), y = get(b, h);
        v[h] = ir_vop2(u, op, lane, x, y);
    }
    put(d, v[0], v[1]);
}

static void rotate(unsigned d, unsigned a, unsigned n)
{
    ir_val_t low = ir_vop1i(u, IR_VROL, 2, get(a, 0), n);
    put(d, low, ir_vop1i(u, IR_VROL, 2, get(a, 1), n));
}

static ir_val_t load(void)
{
    return ir_load(u, IR_V128, ir_const(u, IR_I64, 0), 0, ir_memop(16, 0));
}

static void store(ir_val_t v)
{
    ir_store(u, IR_V128, ir_const(u, IR_I64, 0), 0, v, ir_memop(16, 0));
}

static unsigned count(enum ir_op op, enum ir_type type)
{
    unsigned n = 0;
    for (uint32_t i = 1; i < u->n_insts; i++)
        n += u->insts[i].op == op && u->insts[i].type == type;
    return n;
}

/* Optimizes and widens: the unit means what it did. Did it change? */
static bool widens_by(const uint32_t *weights, bool optimized)
{
    ir_chain(u);
    verify();
    if (optimized)
        ir_optimize(u);
    verify();
    struct run before = evaluate();
    bool did = ir_widen(u, weights);
    verify();
    struct run after = evaluate();
    if (memcmp(&before, &after, sizeof(before)) != 0) {
        ir_print(u, stderr);
        ck_abort_msg("the widened unit has another meaning");
    }
    ck_assert(did == (count(IR_PUT, IR_V256) + count(IR_GET, IR_V256) > 0));
    return did;
}

static bool widens(void)
{
    end_block();
    return widens_by(NULL, true);
}

/* ---- what it does ---- */

/* A quarter round of ChaCha20: all of it in wholes, nothing joined or parted. */
START_TEST(chain)
{
    op2(IR_VADD, 2, 0, 0, 1), op2(IR_VXOR, 0, 3, 3, 0), rotate(3, 3, 16);
    begin_insn();
    op2(IR_VADD, 2, 2, 2, 3), op2(IR_VXOR, 0, 1, 1, 2), rotate(1, 1, 12);
    ck_assert(widens());
    ck_assert_uint_eq(count(IR_VADD, IR_V256), 2);
    ck_assert_uint_eq(count(IR_VXOR, IR_V256), 2);
    ck_assert_uint_eq(count(IR_VROL, IR_V256), 2);
    ck_assert_uint_eq(count(IR_GET, IR_V256), 4);
    ck_assert_uint_eq(count(IR_PUT, IR_V256), 4);
    ck_assert_uint_eq(count(IR_PUT, IR_V128) + count(IR_GET, IR_V128) + count(IR_VXOR, IR_V128), 0);
    ck_assert_uint_eq(count(IR_VJOIN, IR_V256) + count(IR_VHALF, IR_V128), 0);
    for (uint32_t i = 1; i < u->n_insts; i++)
        ck_assert(u->insts[i].op != IR_GET || u->insts[i].uses > 0);
}
END_TEST

/* One register's half is written alone: that one stays two, in all blocks; the others do not. */
START_TEST(lone_half)
{
    op2(IR_VADD, 2, 0, 0, 0), op2(IR_VADD, 2, 1, 1, 1);
    end_block();
    begin_block();
    ir_put(u, HIGH1, ir_get(u, LSX));
    ck_assert(widens());
    ck_assert_uint_eq(count(IR_VADD, IR_V256), 1);
    ck_assert_uint_eq(count(IR_PUT, IR_V256), 1);
    ck_assert_uint_eq(count(IR_VADD, IR_V128), 2);
    ck_assert_uint_eq(count(IR_PUT, IR_V128), 3);
}
END_TEST

/* Whatever could see one half of the register without the other. */
static const struct { bool load, store, call, pure, get, other, end; } between[] = {
    { 0 }, { .other = true }, { .load = true }, { .store = true }, { .call = true }, { .pure = true }, { .get = true }, { .end = true },
};
START_TEST(seen_between)
{
    ir_val_t low = get(0, 0), high = get(0, 1), x;
    low = ir_vop2(u, IR_VADD, 3, low, get(1, 0));
    high = ir_vop2(u, IR_VADD, 3, high, get(1, 1));
    ir_put(u, LOW0, low);
    if (between[_i].load)
        (void)load();
    if (between[_i].store)
        store(low);
    if (between[_i].call)
        ir_call(u, IR_VOID, LOOKS, IR_NONE, IR_NONE, IR_NONE, IR_NONE);
    if (between[_i].pure) {
        x = ir_call(u, IR_I64, PURE, IR_NONE, IR_NONE, IR_NONE, IR_NONE);
        ir_put(u, X0, x);
    }
    if (between[_i].get)
        ir_put(u, LSX, get(0, 0));
    if (between[_i].other) /* which is not written yet */
        ir_put(u, LSX, get(0, 1));
    if (between[_i].end) {
        end_block();
        begin_block();
    }
    ir_put(u, HIGH0, high);
    end_block();
    ck_assert(widens_by(NULL, !between[_i].get) == (_i < 2));
}
END_TEST

/* The same in both halves: of constants a constant, of others one VJOIN; register 3, with nothing but that in it, stays two. */
START_TEST(splats)
{
    ir_val_t seven = ir_vconst(u, 7, 7), v = ir_get(u, LSX);
    put(2, seven, seven);
    op2(IR_VADD, 2, 0, 0, 2), op2(IR_VADD, 2, 0, 0, 1), op2(IR_VADD, 2, 0, 0, 1);
    put(3, v, v);
    op2(IR_VXOR, 0, 1, 1, 3);
    ck_assert(widens());
    ck_assert_uint_eq(count(IR_VCONST, IR_V256), 1);
    ck_assert_uint_eq(count(IR_VCONST, IR_V128), 0);
    ck_assert_uint_eq(count(IR_VJOIN, IR_V256), 1);
    ck_assert_uint_eq(count(IR_PUT, IR_V256), 3);
}
END_TEST

/* A half alone is taken out, once. */
START_TEST(half_alone)
{
    op2(IR_VADD, 2, 0, 0, 1), op2(IR_VADD, 2, 0, 0, 1), op2(IR_VADD, 2, 0, 0, 1);
    store(get(0, 1));
    store(get(0, 1));
    ck_assert(widens());
    ck_assert_uint_eq(count(IR_VHALF, IR_V128), 1);
    ck_assert_uint_eq(count(IR_VADD, IR_V256), 3);
}
END_TEST

/* Loaded by halves, one operation, stored by halves: the unit is not touched. */
START_TEST(refusal)
{
    ir_val_t low = load(), high = load();
    put(1, low, high);
    op2(IR_VADD, 2, 0, 1, 1);
    store(get(0, 0));
    store(get(0, 1));
    end_block();
    verify();
    ir_optimize(u);
    struct ir_inst *insts = u->insts;
    uint32_t n = u->n_insts;
    ck_assert(!ir_widen(u, NULL));
    ck_assert(u->insts == insts && u->n_insts == n);
}
END_TEST

/* The same in a block that hardly ever runs, before a loop that does little: by the blocks' weights. */
START_TEST(weights)
{
    static const uint32_t rows[2][2] = { { 1, 100 }, { 100, 1 } };
    put(1, load(), load());
    store(get(0, 1));
    store(get(0, 0));
    end_block();
    begin_block();
    op2(IR_VADD, 2, 0, 0, 1), op2(IR_VADD, 2, 0, 0, 1);
    ir_call(u, IR_VOID, LOOKS, IR_NONE, IR_NONE, IR_NONE, IR_NONE);
    end_block();
    ck_assert(widens_by(rows[_i], true) == (_i == 0));
}
END_TEST

/* Values of a chain's first block, wanted in its second. */
START_TEST(over_a_chain)
{
    op2(IR_VADD, 2, 0, 0, 1);
    end_block();
    begin_block();
    op2(IR_VXOR, 0, 2, 0, 1);
    ck_assert(widens());
    ck_assert(u->blocks[1].follows);
    ck_assert_uint_eq(count(IR_GET, IR_V256), 2);
    ck_assert_uint_eq(count(IR_VXOR, IR_V256), 1);
    ck_assert_uint_eq(count(IR_VHALF, IR_V128), 0);
}
END_TEST

/* One half after the other, PUTs and all. */
START_TEST(half_by_half)
{
    for (unsigned h = 0; h < 2; h++)
        ir_put(u, slot_of[2][h], ir_vop2(u, IR_VADD, 2, get(2, h), get(0, h)));
    for (unsigned h = 0; h < 2; h++)
        ir_put(u, slot_of[3][h], ir_vop2(u, IR_VXOR, 0, get(3, h), get(2, h)));
    ck_assert(widens());
    ck_assert_uint_eq(count(IR_GET, IR_V256), 3);
    ck_assert_uint_eq(count(IR_PUT, IR_V256), 2);
    ck_assert_uint_eq(count(IR_VADD, IR_V256) + count(IR_VXOR, IR_V256), 2);
    ck_assert_uint_eq(count(IR_VJOIN, IR_V256) + count(IR_VHALF, IR_V128), 0);
}
END_TEST

/* Each half's operations together, the lower half's first; and the upper depending on the lower, which is no pair. */
START_TEST(order)
{
    ir_val_t v[2];
    for (unsigned h = 0; h < 2; h++)
        v[h] = ir_vop2(u, IR_VXOR, 0, ir_vop2(u, IR_VADD, 2, get(0, h), get(1, h)), get(2, h));
    put(0, v[0], v[1]);
    v[0] = ir_vop2(u, IR_VSUB, 0, get(3, 0), get(1, 1));
    v[1] = ir_vop2(u, IR_VSUB, 0, v[0], get(1, 0));
    put(3, v[0], v[1]);
    ck_assert(widens());
    ck_assert_uint_eq(count(IR_VADD, IR_V256), 1);
    ck_assert_uint_eq(count(IR_VXOR, IR_V256), 1);
    ck_assert_uint_eq(count(IR_VSUB, IR_V128), 2);
}
END_TEST

/* ---- what the verifier says of it ---- */

static void mixed(void) { (void)ir_get(u, HIGH0); ir_emit(u, (struct ir_inst){ .op = IR_GET, .type = IR_V256, .imm = LOW0 }); }
static void mixed_after(void) { ir_emit(u, (struct ir_inst){ .op = IR_GET, .type = IR_V256, .imm = LOW0 }); (void)ir_get(u, HIGH0); }
static void no_upper(void) { ir_emit(u, (struct ir_inst){ .op = IR_GET, .type = IR_V256, .imm = HIGH0 }); }
static void scalar_slot(void) { ir_emit(u, (struct ir_inst){ .op = IR_GET, .type = IR_V256, .imm = X0 }); }
static void not_wide(void) { ir_emit(u, (struct ir_inst){ .op = IR_VREV, .type = IR_V256, .imm = 3 }); }
static void half_of_half(void) { ir_emit(u, (struct ir_inst){ .op = IR_VHALF, .type = IR_V128, .a = get(0, 0) }); }
static void narrow_operand(void) { ir_emit(u, (struct ir_inst){ .op = IR_VADD, .type = IR_V256, .a = get(0, 0), .b = get(0, 0) }); }
static void narrow_join(void) { ir_emit(u, (struct ir_inst){ .op = IR_VJOIN, .type = IR_V128, .a = get(0, 0), .b = get(0, 0) }); }
static const struct { void (*make)(void); const char *text; } mistakes[] = {
    { mixed, "by halves and as a whole" },  { mixed_after, "by halves and as a whole" }, { no_upper, "not the lower half" },
    { scalar_slot, "slot x0 has type" },    { not_wide, "type 6 is not accepted" },      { half_of_half, "has the wrong type" },
    { narrow_operand, "the wrong type" },   { narrow_join, "type 5 is not accepted" },
};
START_TEST(refuses)
{
    mistakes[_i].make();
    end_block();
    ck_assert_int_eq(ir_verify(u, &e), ERR_FORMAT);
    ck_assert_msg(strstr(e.text, mistakes[_i].text) != NULL, "\"%s\" does not say \"%s\"", e.text, mistakes[_i].text);
}
END_TEST

START_TEST(printed)
{
    char *text;
    size_t n;
    ir_put(u, LOW1, get(0, 0));
    ir_put(u, HIGH1, get(0, 1));
    op2(IR_VADD, 2, 0, 0, 1), op2(IR_VADD, 2, 0, 0, 1), op2(IR_VADD, 2, 0, 0, 1);
    store(get(0, 1));
    ck_assert(widens());
    FILE *out = open_memstream(&text, &n);
    ir_print(u, out);
    fclose(out);
    ck_assert_ptr_nonnull(strstr(text, "%2 = get.v256 v0\n"));
    ck_assert_ptr_nonnull(strstr(text, "put.v256 v1, %2\n"));
    ck_assert_ptr_nonnull(strstr(text, "= vadd32.v256 %2, %2\n"));
    ck_assert_ptr_nonnull(strstr(text, "= vhalf.v128 %"));
    free(text);
}
END_TEST

/* ---- random units ---- */

static uint64_t state;
static unsigned below(unsigned n)
{
    state = mix(state, 1);
    return (unsigned)((state >> 20) % n);
}

static const struct { uint8_t op, lane, imm, args; } ops[] = {
    { IR_VAND, 0, 0, 2 }, { IR_VXOR, 0, 0, 2 }, { IR_VANDN, 0, 0, 2 }, { IR_VADD, 0, 0, 2 }, { IR_VADD, 2, 0, 2 }, { IR_VSUB, 3, 0, 2 },
    { IR_VMUL, 1, 0, 2 }, { IR_VMUL, 2, 0, 2 }, { IR_VMUL, 3, 0, 2 }, { IR_VMINS, 0, 0, 2 }, { IR_VMAXU, 2, 0, 2 }, { IR_VADDSS, 1, 0, 2 },
    { IR_VSUBUS, 0, 0, 2 }, { IR_VZIP1, 2, 0, 2 }, { IR_VZIP2, 0, 0, 2 }, { IR_VUZP1, 3, 0, 2 }, { IR_VUZP1, 2, 0, 2 }, { IR_VTRN2, 3, 0, 2 },
    { IR_VNARROWSS, 0, 0, 2 }, { IR_VNARROWSU, 1, 0, 2 }, { IR_VMULLU, 2, 2, 2 }, { IR_VMULLS, 2, 3, 2 }, { IR_VMULLS, 2, 1, 2 },
    { IR_VSHUF, 2, 0x1b, 2 }, { IR_VCEQ, 2, 0, 2 }, { IR_VSHL, 2, 7, 1 }, { IR_VSHR, 3, 64, 1 }, { IR_VSAR, 1, 3, 1 }, { IR_VROL, 2, 13, 1 },
    { IR_VROL, 3, 1, 1 }, { IR_VROL, 1, 8, 1 }, { IR_VNOT, 0, 0, 1 }, { IR_VREV, 0, 3, 1 },
};

static ir_val_t random_op(unsigned k, ir_val_t a, ir_val_t b)
{
    struct ir_inst in = { .op = ops[k].op, .type = IR_V128, .aux = ops[k].lane, .imm = ops[k].imm, .a = a,
                          .b = ops[k].args > 1 ? b : IR_NONE };
    return ir_emit(u, in);
}

/* Half by half, as front ends have it: the upper half's GETs come after the lower one's PUT. */
static void random_halves(void)
{
    unsigned k = below(ARRAY_LEN(ops)), d = below(REGISTERS), a = below(REGISTERS), b = below(REGISTERS), cross = below(10) == 0;
    for (unsigned h = 0; h < 2; h++) {
        ir_val_t x = get(a, h), y = get(b, h ^ cross);
        ir_put(u, slot_of[d][h], random_op(k, x, y));
    }
}

/* One, two or three operations on both halves; now and then the halves of a or b exchanged, or b the same for both. */
static void random_both(void)
{
    unsigned n = 1 + below(3), k[3], d = below(REGISTERS), a = below(REGISTERS), b = below(REGISTERS), how = below(16);
    bool swap = how == 0, cross = how == 1, same = how == 2, by_step = below(2), high_first = below(4) == 0, shared = below(8) == 0;
    ir_val_t v[2], x[2], one = same ? ir_vconst(u, below(3), below(3)) : IR_NONE;
    for (unsigned i = 0; i < n; i++)
        k[i] = below(ARRAY_LEN(ops));
    for (unsigned h = 0; h < 2; h++) {
        v[h] = get(a, h ^ swap);
        x[h] = same ? one : get(shared ? a : b, h ^ cross);
    }
    for (unsigned i = 0; i < 2 * n; i++) {
        unsigned h = (by_step ? i % 2 : i / n) ^ high_first, at = by_step ? i / 2 : i % n;
        v[h] = random_op(below(50) == 0 ? below(ARRAY_LEN(ops)) : k[at], v[h], x[h]);
        if (below(40) == 0)
            x[h ^ 1] = v[h];
    }
    if (below(30) == 0)
        ir_put(u, LSX, v[below(2)]);
    ir_put(u, slot_of[d][high_first], v[high_first]);
    if (below(60) == 0)
        store(v[0]);
    if (below(80) != 0)
        ir_put(u, slot_of[d][!high_first], v[!high_first]);
}

static void random_insn(bool lone)
{
    unsigned d = below(REGISTERS), a = below(REGISTERS);
    switch (below(28)) {
    case 0: {
        ir_val_t low = load();
        put(d, low, below(3) ? load() : low);
        break;
    }
    case 1:
        store(get(a, 0));
        store(get(a, 1));
        break;
    case 2:
        store(get(a, below(2)));
        break;
    case 3:
        ir_call(u, IR_VOID, below(2), IR_NONE, IR_NONE, IR_NONE, IR_NONE);
        break;
    case 4:
        put(d, get(a, below(2)), get(below(REGISTERS), below(2)));
        break;
    case 5:
        ir_put(u, lone ? slot_of[d][below(2)] : LSX, random_op(below(ARRAY_LEN(ops)), ir_get(u, LSX), get(a, below(2))));
        break;
    case 6:
        put(d, ir_vconst(u, 5, 6), ir_vconst(u, 5, below(2) + 6));
        break;
    default:
        below(2) ? random_both() : random_halves();
        break;
    }
}

START_TEST(random_units)
{
    const char *many = getenv("RANDOM_IR_UNITS");
    unsigned n = many != NULL ? (unsigned)atoi(many) : 3000, did = 0;
    for (unsigned seed = 0; seed < n; seed++) {
        arena_destroy(&arena);
        arena_init(&arena, 0);
        state = mix(seed, 77);
        new_unit();
        unsigned blocks = 1 + below(3);
        bool lone = below(4) == 0;
        uint32_t by[4] = { 1 + below(500), 1 + below(500), 1 + below(500), 1 + below(500) };
        for (unsigned k = 0; k < blocks; k++) {
            for (unsigned i = 1 + below(20); i > 0; i--) {
                random_insn(lone);
                begin_insn();
            }
            end_block_or(below(6)); /* some begin chains of their own */
            if (k + 1 < blocks)
                begin_block();
        }
        did += widens_by(below(2) ? by : NULL, below(4) != 0);
    }
    ck_assert_msg(did > n / 4, "only %u of %u units were widened", did, n);
}
END_TEST

/* Without memory nothing happens. */
START_TEST(small_arena)
{
    for (size_t more = 0; more < 3000; more += 50) {
        arena_destroy(&arena);
        arena_init(&arena, 0);
        new_unit();
        op2(IR_VADD, 2, 0, 0, 1), op2(IR_VADD, 2, 0, 0, 1);
        end_block();
        ir_optimize(u);
        arena.limit = arena.used + more;
        bool did = ir_widen(u, NULL);
        verify();
        ck_assert(did == (count(IR_VADD, IR_V256) == 2) && did == (count(IR_VADD, IR_V128) == 0));
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("core/ir/widen");
    TCase *t = tcase_create("pairs");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, chain);
    tcase_add_test(t, lone_half);
    tcase_add_loop_test(t, seen_between, 0, ARRAY_LEN(between));
    tcase_add_test(t, splats);
    tcase_add_test(t, half_alone);
    tcase_add_test(t, refusal);
    tcase_add_loop_test(t, weights, 0, 2);
    tcase_add_test(t, over_a_chain);
    tcase_add_test(t, order);
    tcase_add_test(t, half_by_half);
    tcase_add_loop_test(t, refuses, 0, ARRAY_LEN(mistakes));
    tcase_add_test(t, printed);
    tcase_add_test(t, random_units);
    tcase_add_test(t, small_arena);
    suite_add_tcase(s, t);
    return s;
}
