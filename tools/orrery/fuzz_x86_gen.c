/* SPDX-License-Identifier: Apache-2.0 */
/*
 * x86: instructions of random programs. A row's bytes come from x86_random_insn(); memory
 * operands are then aimed at the data area. What cannot stand alone (branches through registers, far
 * transfers, control registers) comes in sequences, fx_add_sequence().
 */
#include "tools/orrery/fuzz_x86_gen.h"
#include "core/util/bits.h"
#include <string.h>

/* ---- the stream of free bits ---- */

/* Bytes of 0 and FFh are as frequent as all others: displacements and immediates are often small. */
static uint64_t next_bits(void *arg)
{
    struct fx_gen *g = arg;
    uint64_t v = fuzz_next(g->g.r);
    switch (g->plain ? 7 : v & 7) {
    case 0: return 0;
    case 1: return 0xffull << 32;
    default: return v;
    }
}

static bool decodes(const struct fx_gen *g, const uint8_t *code, size_t n, struct x86_decoded *d)
{
    return x86_decode(code, n, g->plan->mode, true, x86_decode_features(g->g.cpu), d) == X86_DECODED &&
           d->length == n;
}

/* ---- aiming ---- */

/* Puts `value` where the displacement is: the place is found by looking what changes it. */
static bool set_displacement(const struct fx_gen *g, uint8_t *code, struct x86_decoded *d, unsigned width, int64_t value)
{
    struct x86_decoded after;
    uint8_t with[X86_MAX_LENGTH];
    for (unsigned at = d->length - width; at >= 2; at--) {
        int64_t old = width == 4 ? (int32_t)ld_le32(code + at) : width == 2 ? (int16_t)ld_le16(code + at) : (int8_t)code[at];
        if (old != d->disp && (uint32_t)old != (uint64_t)d->disp && (uint16_t)old != (uint64_t)d->disp)
            continue;
        memcpy(with, code, d->length);
        if (width == 4)
            st_le32(with + at, (uint32_t)value);
        else if (width == 2)
            st_le16(with + at, (uint16_t)value);
        else
            with[at] = (uint8_t)value;
        if (decodes(g, with, d->length, &after) && after.form == d->form && (uint16_t)after.disp == (uint16_t)value &&
            after.base == d->base && after.imm == d->imm) {
            memcpy(code, with, d->length);
            *d = after;
            return true;
        }
    }
    return false;
}

static bool is_pointer(const struct fx_gen *g, unsigned reg)
{
    return fuzz_is_pointer(&g->g, reg) && (reg < 8 || g->plan->mode == X86_CODE64);
}

static bool names_memory(const struct x86_decoded *d)
{
    for (unsigned i = 0; i < d->n_ops; i++)
        if (d->op[i].kind == X86_OP_MEM)
            return true;
    return false;
}

static bool aim_absolute(struct fx_gen *g, uint8_t *code, struct x86_decoded *d)
{
    const struct fx_plan *plan = g->plan;
    uint32_t to = fuzz_x86_pointer(plan, g->g.r);
    if (d->base != X86_REG_RIP)
        return d->modrm >> 6 == 0 && set_displacement(g, code, d, d->addr_size == 2 ? 2 : 4, (int32_t)to);
    if (fuzz_one_in(g->g.r, 10)) /* its own program's bytes */
        to = FX_CODE + fuzz_below(g->g.r, FX_CODE_BYTES);
    return set_displacement(g, code, d, 4, (int32_t)(to - (g->g.at + d->length)));
}

/* Where alignment matters, and else often: a displacement of 8 bits that keeps it. */
static void align_displacement(struct fx_gen *g, uint8_t *code, struct x86_decoded *d)
{
    if (d->modrm >> 6 == 1 && !d->evex && d->addr_size != 2 && !fuzz_one_in(g->g.r, 4))
        (void)set_displacement(g, code, d, 1, (int8_t)(fuzz_next(g->g.r) & 0xf0));
    else if (d->modrm >> 6 == 2 && d->addr_size != 2)
        (void)set_displacement(g, code, d, 4, (int32_t)(fuzz_below(g->g.r, 0x400) << 4) - 0x2000);
}

/* Index registers are made small by AND with an immediate; vectors of indices are loaded. */
static void add_index(struct fx_gen *g, const struct x86_decoded *d)
{
    if (d->vsib) {
        fx_load_indices(g, d->index);
        return;
    }
    if (is_pointer(g, d->index))
        return;
    uint8_t code[4] = { (uint8_t)(0x40 | (d->index >> 3 & 1)), 0x83, (uint8_t)(0xe0 | (d->index & 7)), 0x7f };
    unsigned from = g->plan->mode == X86_CODE64 ? 0 : 1;
    if (g->plan->mode == X86_CODE16) {
        code[0] = 0x66;
        from = 0;
    }
    fx_place(g, code + from, 4 - from);
}

/* Can its memory operand reach something? What must precede it was placed then. */
static bool aim(struct fx_gen *g, uint8_t *code, struct x86_decoded *d)
{
    if (d->addr_size == 2 && !d->vsib)
        return true; /* all of 64 KiB is there */
    if (d->base == X86_REG_RIP || (d->base == X86_NO_REG && d->index == X86_NO_REG))
        return aim_absolute(g, code, d);
    if (d->base == X86_NO_REG)
        return false;
    if ((x86_rows[d->form].flags & X86_ROW_MODRM) == 0 || x86_rows[d->form].op[0].method == X86_METHOD_FIXED_MEM ||
        x86_rows[d->form].op[1].method == X86_METHOD_FIXED_MEM) {
        if (!is_pointer(g, d->base))
            fx_move(g, d->base, fuzz_x86_pointer(g->plan, g->g.r));
        return true;
    }
    if (!is_pointer(g, d->base))
        return false;
    align_displacement(g, code, d);
    return true;
}

/* An explicit operand that is written, and is kept as a pointer. */
static bool spoils_pointer(const struct fx_gen *g, const struct x86_decoded *d)
{
    const struct x86_row *row = &x86_rows[d->form];
    for (unsigned i = 0; i < d->n_ops && i < row->n_ops; i++)
        if ((d->op[i].kind == X86_OP_REG || d->op[i].kind == X86_OP_REG8H) && (row->op[i].access & X86_WRITE) &&
            is_pointer(g, d->op[i].reg))
            return true;
    return false;
}

unsigned fx_draw(struct fx_gen *g, uint16_t form, uint8_t code[X86_MAX_LENGTH], struct x86_decoded *d)
{
    unsigned n = 0;
    bool memory = !fuzz_one_in(g->g.r, 3);
    g->plain = fuzz_one_in(g->g.r, 4);
    for (unsigned tries = 0; tries < 40; tries++) {
        n = (unsigned)x86_random_insn(form, g->plan->mode, memory, next_bits, g, code);
        if (n == 0 && memory)
            return 0;
        memory |= n == 0;
        if (n == 0)
            continue;
        if (!decodes(g, code, n, d))
            return 0;
        if (spoils_pointer(g, d) && !fuzz_one_in(g->g.r, 100))
            continue;
        if (d->seg_override && !fuzz_one_in(g->g.r, 3))
            continue;
        if (!names_memory(d) || aim(g, code, d) || fuzz_one_in(g->g.r, 200))
            break;
    }
    return n;
}

/* ---- placing ---- */

struct fuzz_slot *fx_place(struct fx_gen *g, const uint8_t *code, unsigned length)
{
    return fuzz_place(&g->g, code, length);
}

void fx_place_fixed(struct fx_gen *g, const uint8_t *code, unsigned length, enum fx_fix fix, unsigned at, unsigned width)
{
    struct fuzz_slot *s = fx_place(g, code, length);
    if (s != NULL) {
        s->fix = (uint8_t)fix;
        s->base = at | width << 8;
    }
}

/* The displacement of a branch is the last thing in it. */
static unsigned branch_width(const struct fx_gen *g, const struct x86_decoded *d)
{
    switch (x86_rows[d->form].op[0].type) {
    case X86_TYPE_B: return 1;
    default: return g->plan->mode != X86_CODE64 && d->op_size == 2 ? 2 : 4;
    }
}

void fx_place_drawn(struct fx_gen *g, const uint8_t *code, const struct x86_decoded *d)
{
    unsigned width = branch_width(g, d);
    if (d->n_ops != 0 && d->op[0].kind == X86_OP_REL)
        fx_place_fixed(g, code, d->length, FX_FIX_REL, d->length - width, width);
    else
        fx_place(g, code, d->length);
}

/* One row of the tables, in what it needs around it. */
static void add_form(struct fx_gen *g, uint16_t form)
{
    uint8_t code[X86_MAX_LENGTH];
    struct x86_decoded d;
    if (!fuzz_one_in(g->g.r, 8) && fx_add_sequence(g, form))
        return;
    if (fx_draw(g, form, code, &d) == 0)
        return;
    if ((x86_rows[form].flags & X86_ROW_STRING) && (d.rep || d.repne) && !fuzz_one_in(g->g.r, 100))
        fx_move(g, 1, fuzz_below(g->g.r, 40));
    if (names_memory(&d) && d.index != X86_NO_REG && !fuzz_one_in(g->g.r, 20) && (d.addr_size != 2 || d.vsib))
        add_index(g, &d);
    if (d.base == X86_REG_RIP) { /* what precedes it moved it */
        (void)aim_absolute(g, code, &d);
    }
    fx_place_drawn(g, code, &d);
}

static void refresh_pointer(struct fx_gen *g)
{
    static const uint8_t regs[] = { 3, 5, 6, 7, 4, 13 };
    unsigned reg = regs[fuzz_below(g->g.r, g->plan->mode == X86_CODE64 ? 6 : 5)];
    uint32_t to = fuzz_x86_pointer(g->plan, g->g.r);
    if (reg == 4)
        to = FX_STACK + 0x4000 + (fuzz_below(g->g.r, 0x8000) & ~7u) - g->plan->stack_base;
    fx_move(g, reg, to);
}

static void add_some(struct fuzz_gen *base)
{
    struct fx_gen *g = (struct fx_gen *)(void *)base;
    uint8_t bytes[8];
    if (fuzz_one_in(base->r, 10))
        refresh_pointer(g);
    if (fuzz_one_in(base->r, 5))
        fx_refresh_value(g);
    switch (fuzz_below(base->r, 200)) {
    case 0: case 1: fx_modify_code(g); break;
    case 2: case 3: fx_modify_pages(g); break;
    case 4:
        st_le64(bytes, fuzz_next(base->r));
        fx_place(g, bytes, 1 + fuzz_below(base->r, 8));
        break;
    case 5: fx_load_mxcsr(g); break;
    case 6: case 7: case 8: case 9: fx_add_flag_chain(g); break;
    default: add_form(g, fuzz_next_form(base)); break;
    }
}

static void fix(struct fuzz_gen *base, uint32_t i)
{
    struct fx_gen *g = (struct fx_gen *)(void *)base;
    struct fuzz_slot *s = &base->p->slot[i];
    if (s->fix == FX_FIX_NONE)
        return;
    unsigned at = s->base & 0xff, width = s->base >> 8 & 0xff;
    uint32_t to = fuzz_target(base, i, 8) + (fuzz_one_in(base->r, 100) ? 1 : 0);
    uint32_t value = s->fix == FX_FIX_REL ? to - (s->offset + s->length)
                     : s->fix == FX_FIX_CODE ? fx_code_address(g, i) : fx_ip(g->plan, to);
    if (s->fix == FX_FIX_REL && width == 1 && (int32_t)value != (int8_t)value)
        value = 0;
    memcpy(s->code + at, &(uint8_t[4]){ (uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16), (uint8_t)(value >> 24) },
           width);
}

static const struct fuzz_gen_isa generator = {
    .isa = &fuzz_x86_64, .align = 1, .longest = 200, .first_register = 0,
    .pointers = 1u << 3 | 1u << 4 | 1u << 5 | 1u << 6 | 1u << 7 | 1u << 13,
    .add = add_some, .fix = fix,
};

void fuzz_x86_code(const struct cpu *cpu, struct fuzz_program *p, struct fx_plan *plan, struct fuzz_random *r)
{
    struct fx_gen g = { .g = { .isa = &generator, .cpu = cpu, .p = p, .r = r }, .plan = plan };
    plan->bytes = fuzz_gen_run(&g.g);
    p->image[FX_CODE + plan->bytes] = 0x0f; /* UD2: the end */
    p->image[FX_CODE + plan->bytes + 1] = 0x0b;
}
