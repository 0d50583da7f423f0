/* SPDX-License-Identifier: Apache-2.0 */
#include "core/exec/x86_64/quick.h"

/*
 * Vectors of the first tier: quick.h. A value is where its slot is, or in the frame, in two places for spilled values; xmm0
 * and xmm1 are used inside one instruction. What is more than one or two instructions of SSE2 is left to the second tier.
 */

#define MOVUPS       (0x10 | OP_0F)
#define MOVUPS_STORE (0x11 | OP_0F)

/* Opcodes behind 66 0F by the logarithm of a lane's bytes; 0: there is none. */
static const uint8_t ops[IR_OPS][4] = {
    [IR_VAND] = { 0xdb, 0xdb, 0xdb, 0xdb }, [IR_VOR] = { 0xeb, 0xeb, 0xeb, 0xeb }, [IR_VXOR] = { 0xef, 0xef, 0xef, 0xef },
    [IR_VANDN] = { 0xdf, 0xdf, 0xdf, 0xdf }, [IR_VADD] = { 0xfc, 0xfd, 0xfe, 0xd4 }, [IR_VSUB] = { 0xf8, 0xf9, 0xfa, 0xfb },
    [IR_VCEQ] = { 0x74, 0x75, 0x76 }, [IR_VCGTS] = { 0x64, 0x65, 0x66 }, [IR_VMINU] = { 0xda }, [IR_VMAXU] = { 0xde },
    [IR_VZIP1] = { 0x60, 0x61, 0x62, 0x6c }, [IR_VZIP2] = { 0x68, 0x69, 0x6a, 0x6d },
};

bool quick_vec_can(const struct ir_inst *in)
{
    switch (in->op) {
    case IR_VTOPS:
        return in->aux != 1;
    case IR_VCONST: case IR_VLANE: case IR_VSCALAR: case IR_VDUP: case IR_VINS:
        return true;
    default:
        return ops[in->op][in->aux] != 0;
    }
}

/* Where v, a `rep`, is. */
static struct x86_mem place_of(const struct quick *q, uint16_t v)
{
    const struct quick_value *x = &q->v[v];
    return x->spill != 0 ? quick_spill_mem(x->spill - 1u) : mem_at(RBP, q->slots[x->home].disp);
}

static struct x86_mem new_place(struct quick *q, uint16_t v)
{
    q->v[v].spill = (uint16_t)(q->n_spills + 1);
    q->n_spills = (uint16_t)(q->n_spills + 2);
    return place_of(q, v);
}

static struct x86_mem upper(struct x86_mem m)
{
    m.disp += 8;
    return m;
}

static void load(struct quick *q, unsigned xmm, uint16_t v)
{
    asm_rm(q->a, MOVUPS, xmm, place_of(q, quick_rep(q, v)));
}

/* xmm0 is this instruction's result. */
static void done(struct quick *q)
{
    asm_rm(q->a, MOVUPS_STORE, 0, new_place(q, (uint16_t)q->i));
    q->locked = 0;
}

void quick_vec_get_away(struct quick *q, uint16_t v)
{
    if (q->v[v].spill != 0)
        return;
    asm_rm(q->a, MOVUPS, 0, place_of(q, v));
    asm_rm(q->a, MOVUPS_STORE, 0, new_place(q, v));
}

void quick_vec_put(struct quick *q, uint16_t v, unsigned slot)
{
    struct quick_value *x = &q->v[v];
    asm_rm(q->a, MOVUPS, 0, place_of(q, v));
    asm_rm(q->a, MOVUPS_STORE, 0, mem_at(RBP, q->slots[slot].disp));
    if (quick_is_home(q, v))
        q->in_slot[x->home] = IR_NONE; /* one slot for each value */
    x->home = (uint8_t)slot;
    q->in_slot[slot] = v;
    q->locked = 0;
}

/* mov [m], imm */
static void store_half(struct quick *q, struct x86_mem m, uint64_t half)
{
    if (imm_fits(half, true)) {
        asm_mov_mi(q->a, 3, m, (int32_t)half);
    } else {
        asm_mov_ri(q->a, RAX, half);
        asm_rm(q->a, 0x89 | OP_W, RAX, m);
    }
}

void quick_vec_const(struct quick *q, struct ir_inst *in)
{
    struct x86_mem m = new_place(q, (uint16_t)q->i);
    store_half(q, m, (uint64_t)in->imm);
    store_half(q, upper(m), (uint64_t)in->imm2);
}

void quick_vec_2(struct quick *q, struct ir_inst *in)
{
    bool not_b = in->op == IR_VANDN; /* of its first operand PANDN takes the complement */
    load(q, 0, not_b ? in->b : in->a);
    load(q, 1, not_b ? in->a : in->b);
    asm_rr(q->a, ops[in->op][in->aux] | OP_0F | OP_66, 0, 1);
    done(q);
}

void quick_vec_tops(struct quick *q, struct ir_inst *in)
{
    static const uint32_t top_ops[4] = { 0xd7 | OP_0F | OP_66, 0, 0x50 | OP_0F, 0x50 | OP_0F | OP_66 };
    load(q, 0, in->a);
    asm_rr(q->a, top_ops[in->aux], quick_def(q), 0);
    q->locked = 0;
}

void quick_vec_lane(struct quick *q, struct ir_inst *in)
{
    static const uint32_t load_ops[4] = { 0xb6 | OP_0F, 0xb7 | OP_0F, 0x8b, 0x8b | OP_W };
    struct x86_mem m = place_of(q, quick_rep(q, in->a));
    m.disp += (int32_t)in->imm << in->aux;
    asm_rm(q->a, load_ops[in->aux], quick_def(q), m);
    q->locked = 0;
}

/* rax = the low bits of scalar v, as many as a lane has */
static void load_scalar(struct quick *q, uint16_t v, unsigned lane)
{
    quick_load(q->a, RAX, quick_opnd(q, v), lane == 3);
    if (lane < 2)
        asm_rr2(q->a, 0xb6 | lane, false, RAX, RAX, false); /* movzx */
}

void quick_vec_scalar(struct quick *q, struct ir_inst *in)
{
    static const uint32_t times[2] = { 0x01010101, 0x00010001 };
    load_scalar(q, in->a, in->aux);
    if (in->op == IR_VSCALAR) {
        struct x86_mem m = new_place(q, (uint16_t)q->i);
        asm_rm(q->a, 0x89 | OP_W, RAX, m);
        asm_mov_mi(q->a, 3, upper(m), 0);
        quick_end_inst(q, in, 1);
        return;
    }
    if (in->aux < 2) {
        asm_rr(q->a, 0x69, RAX, RAX); /* imul */
        asm_32(q->a, times[in->aux]);
    }
    asm_rr(q->a, 0x6e | OP_0F | OP_66 | (in->aux == 3 ? OP_W : 0), 0, RAX); /* movd, movq */
    asm_rr(q->a, 0x70 | OP_0F | OP_66, 0, 0); /* pshufd */
    asm_8(q->a, in->aux == 3 ? 0x44 : 0);
    done(q);
    quick_end_inst(q, in, 1);
}

void quick_vec_insert(struct quick *q, struct ir_inst *in)
{
    static const uint32_t store_ops[4] = { 0x88 | OP_R8, 0x89 | OP_66, 0x89, 0x89 | OP_W };
    load(q, 0, in->a);
    load_scalar(q, in->b, in->aux);
    struct x86_mem m = new_place(q, (uint16_t)q->i);
    asm_rm(q->a, MOVUPS_STORE, 0, m);
    m.disp += (int32_t)in->imm << in->aux;
    asm_rm(q->a, store_ops[in->aux], RAX, m);
    q->locked = 0;
    quick_release(q, quick_rep(q, in->b));
}

/* Out to C, and back to `back` with a load's result in xmm0. */
static void access_stub(struct quick *q, const struct ir_inst *in, struct opnd base, uint32_t back)
{
    struct x86_asm *cold = q->cold;
    bool store = in->op == IR_STORE;
    for (unsigned k = 0; k < q->stub.n_at; k++)
        quick_come_here(q, q->stub.at[k]);
    quick_load_address(cold, RDX, base, (int32_t)in->imm);
    if (store)
        asm_rm(cold, MOVUPS_STORE, 0, mem_at(RSP, 0));
    quick_call_out(q, quick_site(q, in, store ? x86_out_store : x86_out_load));
    if (!store) {
        asm_rm(cold, 0x8b | OP_W, RAX, CPU_MEM(exec_private));
        asm_rm(cold, MOVUPS, 0, mem_at(RAX, (int32_t)(offsetof(struct exec_cpu, scratch) + 8 * SAVE_RESULT)));
    }
    asm_jmp(cold, back);
}

void quick_vec_access(struct quick *q, const struct ir_inst *in)
{
    bool store = in->op == IR_STORE;
    struct opnd base = quick_base(q, in->a);
    if (store)
        load(q, 0, in->b);
    quick_probe(q, in, base);
    quick_access_at(q, store ? MOVUPS_STORE : MOVUPS, 0, base, (int32_t)in->imm);
    access_stub(q, in, base, asm_offset(q->a));
    if (!store)
        done(q);
    else if (in->aux2 & IR_MEM_RELEASE)
        x86_fence(q->g);
    quick_end_inst(q, in, 1);
}
