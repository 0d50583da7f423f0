/* SPDX-License-Identifier: Apache-2.0 */
#include "core/exec/x86_64/quick.h"
#include <string.h>

/* Loads, stores and the ends of blocks of the first tier: quick.h. Stubs are written at once, to the cold half. */

/* ---- leaving and coming back ---- */

static inline void begin_stub(struct quick *q, const struct stub *s)
{
    for (unsigned k = 0; k < s->n_at; k++)
        quick_come_here(q, s->at[k]);
}

void quick_call_out(struct quick *q, const struct x86_site *site)
{
    asm_mov_ri(q->cold, RAX, (uint64_t)(uintptr_t)site);
    asm_call(q->cold, q->g->be->fixed.out[FP_NONE]);
}

/* ---- loads and stores ---- */

/*
 * rdx = address; the addend to rax, or to the stub. What select_mem.c emits for a probe depends on little: it is
 * kept and copied.
 */
static void emit_probe(struct quick *q, struct stub *s, bool store, unsigned size, unsigned align)
{
    struct quick_probe *p = &q->probe[store][size];
    if (align == 0 && p->length != 0) {
        uint8_t *at = q->a->p;
        memcpy(at, p->code, sizeof(p->code));
        s->at[s->n_at++] = asm_offset(q->a) + p->jump;
        q->a->p = at + p->length;
        return;
    }
    uint32_t from = asm_offset(q->a);
    x86_emit_probe(q->g, s, store, 1 << size, align, RAX);
    uint32_t length = asm_offset(q->a) - from;
    if (align != 0 || s->n_at != 1 || length > sizeof(p->code))
        return;
    p->length = (uint8_t)length;
    p->jump = (uint8_t)(s->at[0] - from);
    memcpy(p->code, q->a->start + from, length);
}

/* reg = base + disp */
static inline void load_address(struct x86_asm *a, unsigned reg, struct opnd base, int32_t disp)
{
    if (LIKELY(base.kind == O_REG && disp)) {
        asm_lea1(a, reg, base.reg, disp);
    } else if (base.kind == O_IMM) {
        asm_mov_ri(a, reg, base.imm + (uint64_t)(int64_t)disp);
    } else {
        quick_load(a, reg, base, true);
        if (disp)
            asm_alu_ri(a, ALU_ADD, true, reg, disp);
    }
}

void quick_load_address(struct x86_asm *a, unsigned reg, struct opnd base, int32_t disp)
{
    load_address(a, reg, base, disp);
}

/* op reg, [base + disp], rax being the addend; uses rcx. The base's register, or the sum in rax. */
static void access_at(struct quick *q, uint32_t op, unsigned reg, struct opnd base, int32_t disp)
{
    if (LIKELY(base.kind == O_REG))
        asm_indexed(q->a, op, reg, base.reg, disp);
    else
        asm_rm(q->a, op, reg, mem_at(RAX, disp));
}

/* A base that is in no register. */
static void add_base(struct quick *q, struct opnd base)
{
    if (base.kind == O_MEM) {
        asm_rm(q->a, ALU_ADD | OP_W, RAX, opnd_mem(base));
    } else if (base.kind == O_IMM) {
        asm_mov_ri(q->a, RCX, base.imm);
        asm_rr1(q->a, ALU_ADD, true, RAX, RCX);
    }
}

static void emit_store(struct quick *q, struct opnd base, int32_t disp, struct opnd value, unsigned size)
{
    static const uint32_t ops[] = { 0x88 | OP_R8, 0x89 | OP_66, 0x89, 0x89 | OP_W };
    static const uint32_t imm_ops[] = { 0xc6, 0xc7 | OP_66, 0xc7, 0xc7 | OP_W };
    unsigned reg = value.reg;
    if (value.kind == O_IMM && imm_fits(value.imm, size == 3)) {
        uint32_t imm = (uint32_t)value.imm;
        access_at(q, imm_ops[size], 0, base, disp);
        memcpy(q->a->p, &imm, 4);
        q->a->p += size == 3 ? 4 : 1 << size;
        return;
    }
    if (value.kind != O_REG)
        quick_load(q->a, reg = RCX, value, size == 3);
    access_at(q, ops[size], reg, base, disp);
}

/* A base in memory is wanted twice: it comes into a register if one is to be had for nothing. */
static inline struct opnd base_of(struct quick *q, uint16_t v)
{
    struct opnd o = quick_opnd(q, v);
    if (o.kind == O_MEM && q->free != 0)
        return opnd_reg(quick_use(q, v, RDX));
    return o;
}

struct opnd quick_base(struct quick *q, uint16_t v)
{
    return base_of(q, v);
}

/* False: a constant that has no place in the table. */
static inline bool describe(struct opnd o, unsigned *kind, uint16_t *at)
{
    if (LIKELY(o.kind == O_REG)) {
        *kind = ACCESS_REG;
        *at = o.reg;
        return true;
    }
    if (o.kind == O_IMM) {
        *kind = ACCESS_IMM;
        *at = (uint16_t)o.imm;
        return o.imm == (uint64_t)(int16_t)o.imm;
    }
    *kind = o.reg == RBP ? ACCESS_CPU : ACCESS_FRAME;
    *at = (uint16_t)(o.reg == RBP ? o.disp + CPU_BIAS : o.disp);
    return true;
}

/*
 * The usual stub: a call, a jump and what C has to know. False: that does not fit, and nothing was emitted. The table is put
 * together in registers: a copy of what was just stored in small pieces waits until all stores before are done, and those
 * to new code miss the host's caches.
 */
static inline bool access_stub(struct quick *q, const struct ir_inst *in, const struct stub *at, struct opnd base,
                               struct opnd value, unsigned dst, uint32_t back)
{
    struct x86_asm *cold = q->cold;
    const struct ir_inst *insn = in;
    unsigned base_kind, value_kind;
    uint16_t base_at, value_at;
    while (insn->op != IR_INSN)
        insn--;
    const struct cpu_site site = exec_site_of(q->g->u, q->g->block, insn);
    if (UNLIKELY(!describe(base, &base_kind, &base_at) || !describe(value, &value_kind, &value_at) ||
                 site.cost_before > UINT16_MAX || site.at != (int16_t)site.at))
        return false;
    if (in->op != IR_STORE)
        value_kind = ACCESS_LOAD;
    begin_stub(q, at);
    uint8_t *p = asm_put_rel(cold, asm_put_rel(cold, cold->p, 0xe8, q->g->be->fixed.access), 0xe9, back); /* call, jmp */
    const uint64_t words[] = {
        (uint16_t)site.at | (uint64_t)site.rest << 16 | (uint64_t)site.cost_before << 32 |
            (uint64_t)(uint8_t)site.insns_before << 48 | (uint64_t)dst << 56,
        in->aux2 | (uint64_t)base_kind << 16 | (uint64_t)value_kind << 24 | (uint64_t)(uint32_t)in->imm << 32,
        base_at | (uint64_t)value_at << 16 | (uint64_t)((uint32_t)(p - cold->start) - q->block_at) << 32,
    };
    _Static_assert(sizeof(words) == sizeof(struct x86_access), "struct x86_access is three words");
    memcpy(p, &words[0], 8);
    memcpy(p + 8, &words[1], 8);
    memcpy(p + 16, &words[2], 8);
    cold->p = p + sizeof(words);
    return true;
}

static void long_stub(struct quick *q, const struct ir_inst *in, const struct stub *at, struct opnd base, struct opnd value,
                      unsigned dst, uint32_t back)
{
    bool store = in->op == IR_STORE;
    begin_stub(q, at);
    load_address(q->cold, RDX, base, (int32_t)in->imm);
    if (store)
        quick_load(q->cold, RCX, value, true);
    quick_call_out(q, quick_site(q, in, store ? x86_out_store : x86_out_load));
    if (!store)
        asm_rr1(q->cold, 0x8b, true, dst, RAX);
    asm_jmp(q->cold, back);
}

/* Of a register, which nearly all bases are in. */
static inline void load_at(struct quick *q, const struct ir_inst *in, unsigned dst, struct opnd base, unsigned size)
{
    static const uint32_t zext_op[] = { 0xb6 | OP_0F, 0xb7 | OP_0F, 0x8b, 0x8b | OP_W };
    static const uint32_t sext_op[] = { 0xbe | OP_0F, 0xbf | OP_0F, 0x63, 0x8b };
    uint32_t op = in->aux2 & IR_MEM_SIGNED ? sext_op[size] | (is_w(in->type) ? OP_W : 0) : zext_op[size];
    access_at(q, op, dst, base, (int32_t)in->imm);
}

void quick_probe(struct quick *q, const struct ir_inst *in, struct opnd base)
{
    unsigned align = in->aux2 & (IR_MEM_ALIGNED | IR_MEM_ATOMIC) ? ir_mem_alignment(in->aux2) : 0;
    q->stub.n_at = 0;
    load_address(q->a, RDX, base, (int32_t)in->imm);
    emit_probe(q, &q->stub, in->op == IR_STORE || (in->aux2 & IR_MEM_STORE_RIGHTS), in->aux2 & IR_MEM_SIZE, align);
    add_base(q, base);
}

void quick_access_at(struct quick *q, uint32_t op, unsigned reg, struct opnd base, int32_t disp)
{
    access_at(q, op, reg, base, disp);
}

void quick_access(struct quick *q, struct ir_inst *in)
{
    if (UNLIKELY(in->type == IR_V128)) {
        quick_vec_access(q, in);
        return;
    }
    bool store = in->op == IR_STORE;
    unsigned size = in->aux2 & IR_MEM_SIZE, dst = RAX;
    unsigned align = in->aux2 & (IR_MEM_ALIGNED | IR_MEM_ATOMIC) ? ir_mem_alignment(in->aux2) : 0;
    int32_t disp = (int32_t)in->imm;
    struct stub *s = &q->stub;
    struct opnd base = base_of(q, in->a), value = { 0 };
    if (store)
        value = quick_opnd(q, in->b);
    else if (q->v[q->i].last != 0)
        dst = quick_def(q); /* before the probe: a register may have to be saved for it */
    s->n_at = 0;
    load_address(q->a, RDX, base, disp);
    emit_probe(q, s, store || (in->aux2 & IR_MEM_STORE_RIGHTS), size, align);
    if (UNLIKELY(base.kind != O_REG))
        add_base(q, base);
    if (store)
        emit_store(q, base, disp, value, size);
    else
        load_at(q, in, dst, base, size);
    uint32_t back = asm_offset(q->a);
    if (UNLIKELY(!access_stub(q, in, s, base, value, dst, back)))
        long_stub(q, in, s, base, value, dst, back);
    if (UNLIKELY(store && (in->aux2 & IR_MEM_RELEASE)))
        x86_fence(q->g); /* as in select_mem.c */
    quick_end_inst(q, in, store ? 2 : 1);
}

void quick_trap(struct quick *q, struct ir_inst *in)
{
    unsigned cc = quick_condition(q, in->a);
    uint32_t at = asm_jcc(q->a, cc, 0), back = asm_offset(q->a);
    quick_come_here(q, at);
    quick_call_out(q, quick_site(q, in, x86_out_trap));
    asm_jmp(q->cold, back);
    q->locked = 0;
    quick_end_condition(q, in->a);
}

/* ---- ends ---- */

void quick_end(struct quick *q, struct ir_inst *in)
{
    struct x86_gen *g = q->g;
    switch (in->op) {
    case IR_JUMP:
        quick_edge(q, 0);
        break;
    case IR_BRANCH: {
        unsigned cc = quick_condition(q, in->a);
        uint32_t taken = asm_jcc(q->a, cc, 0);
        quick_edge(q, 1);
        asm_patch(q->a, taken, asm_offset(q->a));
        quick_edge(q, 0);
        break;
    }
    case IR_JUMPR:
        quick_load(q->a, RAX, quick_opnd(q, in->a), true);
        x86_end_jumpr(g, in);
        break;
    default:
        x86_select_end(g, in);
        break;
    }
}
