/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loads and stores of S and D registers and of elements: Arm ARM, F4.1.9-F4.1.11, F6. VLDR and its kin access words,
 * always aligned; a D register's first word is its lower one, or the upper in big-endian. Elements are aligned
 * as the instruction says, else as single accesses are.
 */
#include "cpu/arm64/a32/vfp_impl.h"

/* ---- VLDR, VSTR, VLDM, VSTM ---- */
static void load_reg(struct a32_tr *t, ir_val_t va, int at, unsigned prec, ir_val_t *v)
{
    struct ir_unit *u = a32_u(t);
    if (prec != A32_DOUBLE) {
        v[0] = ir_zext(u, IR_I64, a32_load(t, va, at, prec == A32_HALF ? 2 : 4, IR_MEM_ALIGNED), 32);
        return;
    }
    bool be = t->b.mode & A64_MODE_BE;
    ir_val_t x = ir_zext(u, IR_I64, a32_load(t, va, at, 4, IR_MEM_ALIGNED), 32);
    ir_val_t y = ir_zext(u, IR_I64, a32_load(t, va, at + 4, 4, IR_MEM_ALIGNED), 32);
    v[0] = ir_deposit(u, IR_I64, be ? y : x, be ? x : y, 32, 32);
}

static void store_reg(struct a32_tr *t, ir_val_t va, int at, unsigned prec, unsigned view)
{
    struct ir_unit *u = a32_u(t);
    ir_val_t v = a64_v(&t->b, view);
    if (prec != A32_DOUBLE) {
        a32_store(t, va, at, prec == A32_HALF ? 2 : 4, IR_MEM_ALIGNED, ir_vlane(u, IR_I32, 2, v, 0));
        return;
    }
    unsigned be = t->b.mode & A64_MODE_BE ? 1 : 0;
    a32_store(t, va, at, 4, IR_MEM_ALIGNED, ir_vlane(u, IR_I32, 2, v, be));
    a32_store(t, va, at + 4, 4, IR_MEM_ALIGNED, ir_vlane(u, IR_I32, 2, v, !be));
}

static void put_image(struct a32_tr *t, unsigned prec, unsigned view, ir_val_t v64)
{
    unsigned lane = prec == A32_DOUBLE ? 3 : prec == A32_HALF ? 1 : 2;
    a64_put_v(&t->b, view, ir_vop1(a32_u(t), IR_VSCALAR, lane, v64));
}

enum { STORE = 1 };

static void vldr(struct a32_tr *t, unsigned how)
{
    unsigned p = t->f.prec, view = a32_fp_view(p, t->f.vd);
    uint32_t offset = (uint32_t)t->f.imm << (p == A32_HALF ? 1 : 2);
    if ((p == A32_HALF && !a64_cpu_has(t->b.a, A64_F_FP16)) || ((how & STORE) && t->thumb && t->f.rn == 15)) {
        a32_undefined(t);
        return;
    }
    ir_val_t base = t->f.rn == 15 ? a32_literal(t, 0) : a32_r(t, t->f.rn), v;
    ir_val_t va = ir_op2i(a32_u(t), t->f.u ? IR_ADD : IR_SUB, IR_I32, base, offset);
    if (how & STORE) {
        store_reg(t, va, 0, p, view);
        return;
    }
    load_reg(t, va, 0, p, &v);
    put_image(t, p, view, v);
}

static void vldm(struct a32_tr *t, unsigned how)
{
    struct ir_unit *u = a32_u(t);
    unsigned p = t->f.dbl ? A32_DOUBLE : A32_SINGLE, imm = (unsigned)t->f.imm, n = t->f.dbl ? imm / 2 : imm;
    unsigned first = a32_fp_view(p, t->f.vd) & 0x3f, views = t->f.dbl ? A64_VIEW_D : A64_VIEW_S;
    bool valid = t->f.p ? !t->f.u && t->f.w : t->f.u != 0; /* IA, IA!, DB! */
    ir_val_t v[32];
    if (!valid || n == 0 || first + n > 32 || (t->f.dbl && n > 16) || (t->f.rn == 15 && (t->f.w || t->thumb))) {
        a32_undefined(t);
        return;
    }
    int bytes = t->f.dbl ? 8 : 4;
    ir_val_t base = t->f.rn == 15 ? a32_literal(t, 0) : a32_r(t, t->f.rn);
    ir_val_t back = ir_op2i(u, t->f.u ? IR_ADD : IR_SUB, IR_I32, base, 4 * imm);
    ir_val_t va = t->f.u ? base : back;
    for (unsigned i = 0; i < n; i++)
        if (how & STORE)
            store_reg(t, va, (int)i * bytes, p, views | (first + i));
        else
            load_reg(t, va, (int)i * bytes, p, &v[i]);
    if (t->f.w)
        a32_put(t, t->f.rn, back);
    for (unsigned i = 0; i < n && !(how & STORE); i++)
        put_image(t, p, views | (first + i), v[i]);
}

/* ---- elements ---- */
uint64_t a64_helper_a32_align(struct cpu *cpu, uint64_t va, uint64_t mask, uint64_t store, uint64_t d)
{
    (void)d;
    if (va & mask)
        a64_raise_align(cpu, va, store ? CPU_STORE : CPU_LOAD);
    return 0;
}

static void check_alignment(struct a32_tr *t, ir_val_t va, unsigned bytes, bool store)
{
    struct ir_unit *u = a32_u(t);
    if (bytes > 1)
        ir_call(u, IR_VOID, A64_HELPER_a32_align, ir_zext(u, IR_I64, va, 32), ir_const(u, IR_I64, bytes - 1),
                ir_const(u, IR_I64, store), IR_NONE);
}

/* Rm: 15 none, 13 by what was transferred, else a register. */
static void write_back(struct a32_tr *t, ir_val_t base, unsigned bytes)
{
    struct ir_unit *u = a32_u(t);
    if (t->f.rm == 13)
        a32_put(t, t->f.rn, ir_op2i(u, IR_ADD, IR_I32, base, bytes));
    else if (t->f.rm != 15)
        a32_put(t, t->f.rn, ir_add(u, IR_I32, base, a32_r(t, t->f.rm)));
}

/* 8-byte elements are two accesses of 4 for the helpers, but one here. */
static ir_val_t load_element(struct a32_tr *t, ir_val_t va, int at, unsigned size)
{
    struct ir_unit *u = a32_u(t);
    if (size != 3)
        return ir_zext(u, IR_I64, a32_load(t, va, at, 1u << size, 0), 32);
    ir_val_t base = ir_zext(u, IR_I64, va, 32);
    a64_check_access(&t->b, 0, base, at, 8, INSN_MEM_READ, false);
    return ir_load(u, IR_I64, base, at, a64_memop(&t->b, 8, 0));
}

static void store_element(struct a32_tr *t, ir_val_t va, int at, unsigned size, ir_val_t v128, unsigned n)
{
    struct ir_unit *u = a32_u(t);
    if (size != 3) {
        a32_store(t, va, at, 1u << size, 0, ir_vlane(u, IR_I32, size, v128, n));
        return;
    }
    ir_val_t base = ir_zext(u, IR_I64, va, 32);
    a64_check_access(&t->b, 0, base, at, 8, INSN_MEM_WRITE, false);
    ir_store(u, IR_I64, base, at, ir_vlane(u, IR_I64, 3, v128, 0), a64_memop(&t->b, 8, 0));
}

/* type: structures of n registers, `inc` apart, `times` one after the other. */
struct shape {
    uint8_t n, inc, times, align; /* align: mask of forbidden values of its field, by bit */
};
static const struct shape shapes[16] = {
    [7] = { 1, 1, 1, 0xc }, [10] = { 1, 1, 2, 0x8 }, [6] = { 1, 1, 3, 0xc }, [2] = { 1, 1, 4, 0 },
    [8] = { 2, 1, 1, 0x8 }, [9] = { 2, 2, 1, 0x8 },  [3] = { 2, 2, 2, 0 },   [4] = { 3, 1, 1, 0xc },
    [5] = { 3, 2, 1, 0xc }, [0] = { 4, 1, 1, 0 },    [1] = { 4, 2, 1, 0 },
};

/* VLD1 moves whole registers where the order of bytes cannot tell; so it may in little-endian. */
static unsigned element_size(const struct a32_tr *t, const struct shape *s)
{
    return s->n == 1 && !(t->b.mode & (A64_MODE_BE | A64_MODE_ALIGN)) ? 3 : t->f.size;
}

static void multi(struct a32_tr *t, unsigned how)
{
    struct ir_unit *u = a32_u(t);
    const struct shape *s = &shapes[t->f.type];
    unsigned d = t->f.vd, regs = s->n * s->times, size = element_size(t, s), per = 8u >> size, bytes = 8 * regs;
    unsigned last = d + (s->n - 1) * s->inc + (s->times - 1u);
    if (s->n == 0 || (s->align >> t->f.align & 1) || (s->n != 1 && t->f.size == 3) || t->f.rn == 15 || last > 31) {
        a32_undefined(t);
        return;
    }
    ir_val_t base = a32_r(t, t->f.rn), v[4] = { IR_NONE, IR_NONE, IR_NONE, IR_NONE };
    check_alignment(t, base, t->f.align == 0 ? 1 : 4u << t->f.align, how & STORE);
    for (unsigned r = 0; r < s->times; r++)
        for (unsigned e = 0; e < per; e++)
            for (unsigned k = 0; k < s->n; k++) {
                unsigned i = r * s->n + k, at = ((r * per + e) * s->n + k) << size;
                unsigned number = A64_VIEW_D | (d + r + k * s->inc);
                if (how & STORE) {
                    store_element(t, base, (int)at, size, a64_v(&t->b, number), e);
                    continue;
                }
                ir_val_t x = load_element(t, base, (int)at, size);
                v[i] = e == 0 ? x : ir_deposit(u, IR_I64, v[i], x, e * (8u << size), 8u << size);
            }
    write_back(t, base, bytes);
    for (unsigned r = 0; r < s->times && !(how & STORE); r++)
        for (unsigned k = 0; k < s->n; k++)
            put_image(t, A32_DOUBLE, A64_VIEW_D | (d + r + k * s->inc), v[r * s->n + k]);
}

/* ---- one lane: index_align holds index, spacing and alignment (F6.1, VLD1 to VLD4 single) ---- */
struct lane {
    unsigned index, inc, align;
    bool valid;
};

static struct lane lane_of(const struct a32_tr *t)
{
    unsigned size = t->f.size, ia = t->f.ia, n = t->f.n + 1u;
    struct lane l = { .index = ia >> (size + 1), .inc = 1, .align = 1, .valid = true };
    if (n > 1 && size != 0)
        l.inc = ia >> size & 1 ? 2 : 1;
    switch (n) {
    case 1:
        if (size == 0)
            l.valid = !(ia & 1);
        else if (size == 1)
            l.valid = !(ia & 2), l.align = ia & 1 ? 2 : 1;
        else
            l.valid = !(ia & 4) && ((ia & 3) == 0 || (ia & 3) == 3), l.align = ia & 3 ? 4 : 1;
        break;
    case 2:
        l.align = ia & 1 ? 2u << size : 1;
        l.valid = size != 2 || !(ia & 2);
        break;
    case 3: l.valid = !(ia & (size == 2 ? 3 : 1)); break;
    default:
        if (size == 2)
            l.valid = (ia & 3) != 3, l.align = (ia & 3) == 0 ? 1 : 4u << (ia & 3);
        else
            l.align = ia & 1 ? 4u << size : 1;
        break;
    }
    return l;
}

static void single(struct a32_tr *t, unsigned how)
{
    struct ir_unit *u = a32_u(t);
    struct lane l = lane_of(t);
    unsigned n = t->f.n + 1u, size = t->f.size, d = t->f.vd;
    if (!l.valid || t->f.rn == 15 || d + (n - 1) * l.inc > 31) {
        a32_undefined(t);
        return;
    }
    ir_val_t base = a32_r(t, t->f.rn), v[4];
    check_alignment(t, base, l.align, how & STORE);
    for (unsigned k = 0; k < n; k++)
        if (how & STORE)
            store_element(t, base, (int)(k << size), size, a64_v(&t->b, A64_VIEW_D | (d + k * l.inc)), l.index);
        else
            v[k] = load_element(t, base, (int)(k << size), size);
    write_back(t, base, n << size);
    for (unsigned k = 0; k < n && !(how & STORE); k++) {
        unsigned number = A64_VIEW_D | (d + k * l.inc);
        a64_put_v(&t->b, number, ir_vins(u, size, a64_v(&t->b, number), l.index, v[k]));
    }
}

/* ---- to all lanes ---- */
static void all(struct a32_tr *t, unsigned arg)
{
    struct ir_unit *u = a32_u(t);
    unsigned n = t->f.n + 1u, size = t->f.size, d = t->f.vd, inc = n != 1 && t->f.at ? 2 : 1, align = 1;
    unsigned regs = n == 1 && t->f.at ? 2 : n;
    bool valid = size != 3 && !(n == 1 && size == 0 && t->f.aa) && !(n == 3 && t->f.aa);
    (void)arg;
    if (n == 4 && size == 3 && t->f.aa) {
        valid = true;
        size = 2;
        align = 16;
    } else if (t->f.aa) {
        align = n == 4 && size == 2 ? 8 : n << size;
    }
    if (!valid || t->f.rn == 15 || d + (regs - 1) * inc > 31) {
        a32_undefined(t);
        return;
    }
    ir_val_t base = a32_r(t, t->f.rn), v[4];
    check_alignment(t, base, align, false);
    for (unsigned k = 0; k < n; k++)
        v[k] = load_element(t, base, (int)(k << size), size);
    write_back(t, base, n << size);
    for (unsigned k = 0; k < regs; k++)
        a64_put_v(&t->b, A64_VIEW_D | (d + k * inc), ir_vop1(u, IR_VDUP, size, v[n == 1 ? 0 : k]));
}

const struct a32_semantics a32v_memory_rows[] = {
    { A32V_INSN_VLDR, A32_SEM_FP, vldr, 0 },          { A32V_INSN_VSTR, A32_SEM_FP, vldr, STORE },
    { A32V_INSN_VLDM, A32_SEM_FP, vldm, 0 },          { A32V_INSN_VSTM, A32_SEM_FP, vldm, STORE },
    { A32V_INSN_VLD_MULTI, A32_SEM_FP, multi, 0 },    { A32V_INSN_VST_MULTI, A32_SEM_FP, multi, STORE },
    { A32V_INSN_VLD_LANE, A32_SEM_FP, single, 0 },    { A32V_INSN_VST_LANE, A32_SEM_FP, single, STORE },
    { A32V_INSN_VLD_ALL, A32_SEM_FP, all, 0 },
    A32_ROWS_END
};
