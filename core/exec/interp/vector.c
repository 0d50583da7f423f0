/* SPDX-License-Identifier: Apache-2.0 */
#include "core/exec/interp/interp_impl.h"
#include "core/exec/vec.h"
#include "core/util/bytes.h"

/* Vectors: values live in run.q, at the same places; every operation is the reference one. */

static struct vec_env env_of(const struct run *r, const struct op *o)
{
    return (struct vec_env){ .guest = r->code->guest, .fp_mode = r->cpu->fp_mode, .lane = o->aux,
                             .rm = (uint8_t)o->aux2, .imm = o->imm };
}

static const union ir_vec *operand(const struct run *r, uint16_t place)
{
    return place ? &r->q[place] : NULL;
}

/* The operation's number came to imm2: only VCONST has its own use for that. */
static const struct op *do_vector(struct run *r, const struct op *o)
{
    struct vec_env env = env_of(r, o);
    vec_function((enum ir_op)o->imm2)(&env, &r->q[o->dst], operand(r, o->a), operand(r, o->b),
                                      operand(r, o->c));
    r->cpu->fp_flags |= env.flags;
    return o + 1;
}

static const struct op *do_vconst(struct run *r, const struct op *o)
{
    r->q[o->dst].d[0] = (uint64_t)o->imm;
    r->q[o->dst].d[1] = (uint64_t)o->imm2;
    return o + 1;
}

static const struct op *do_vdup(struct run *r, const struct op *o)
{
    vec_dup(&r->q[o->dst], o->aux, r->v[o->a]);
    return o + 1;
}

static const struct op *do_vscalar(struct run *r, const struct op *o)
{
    r->q[o->dst].d[0] = zext(r->v[o->a], 8u << o->aux);
    r->q[o->dst].d[1] = 0;
    return o + 1;
}

static const struct op *do_vins(struct run *r, const struct op *o)
{
    union ir_vec v = r->q[o->a];
    vec_set_lane(&v, o->aux, (unsigned)o->imm, r->v[o->b]);
    r->q[o->dst] = v;
    return o + 1;
}

static const struct op *do_vlane(struct run *r, const struct op *o)
{
    r->v[o->dst] = vec_lane(&r->q[o->a], o->aux, (unsigned)o->imm);
    return o + 1;
}

static const struct op *do_vaddv(struct run *r, const struct op *o)
{
    r->v[o->dst] = vec_sum(&r->q[o->a], o->aux);
    return o + 1;
}

static const struct op *do_vtops(struct run *r, const struct op *o)
{
    r->v[o->dst] = vec_tops(&r->q[o->a], o->aux);
    return o + 1;
}

static const struct op *do_callv(struct run *r, const struct op *o)
{
    r->code->guest->vec_helpers[o->imm].fn(r->cpu, &r->q[o->dst], operand(r, o->a), operand(r, o->b),
                                           operand(r, o->c), (uint64_t)o->imm2);
    return o + 1;
}

static const struct op *do_get(struct run *r, const struct op *o)
{
    memcpy(&r->q[o->dst], (const uint8_t *)r->cpu + o->imm, 16);
    return o + 1;
}

static const struct op *do_put(struct run *r, const struct op *o)
{
    memcpy((uint8_t *)r->cpu + o->imm, &r->q[o->a], 16);
    return o + 1;
}

static const struct op *do_select(struct run *r, const struct op *o)
{
    r->q[o->dst] = r->q[r->v[o->a] ? o->b : o->c];
    return o + 1;
}

/* ---- memory ---- */

/* The slow path takes eight bytes at most: mmu_slow_load128 and its like see to the halves. */
static uint8_t *probe(const struct mmu_set *set, bool store, va_t va, uint32_t memop)
{
    const struct mmu_entry *e = &(store ? set->store : set->load)[mmu_way(set, va)];
    bool strict = memop & (IR_MEM_ALIGNED | IR_MEM_ATOMIC);
    if ((va ^ e->tag) > MEM_PAGE - 16 || (memop & IR_MEM_REGIME) || (strict && va & ir_mem_alignment(memop)))
        return NULL;
    return (uint8_t *)(uintptr_t)(va + e->addend);
}

static const struct op *do_load(struct run *r, const struct op *o)
{
    struct cpu *cpu = r->cpu;
    va_t va = r->v[o->a] + (va_t)o->imm;
    const uint8_t *host =
        probe(cpu->set, o->aux2 & IR_MEM_STORE_RIGHTS, va, o->aux2);
    union ir_vec *v = &r->q[o->dst];
    if (LIKELY(host != NULL)) {
        memcpy(v, host, 16);
    } else {
        cpu->site = o->site;
        if (mmu_slow_load128(cpu, va, o->aux2, v->d))
            return interp_fault(r, o);
        cpu->site = NULL;
    }
    if (UNLIKELY(r->code->hooks & TM_DATA))
        exec_hook_data(cpu, va, o->aux2, false, host);
    return o + 1;
}

static const struct op *do_store(struct run *r, const struct op *o)
{
    struct cpu *cpu = r->cpu;
    va_t va = r->v[o->a] + (va_t)o->imm;
    uint8_t *host = probe(cpu->set, true, va, o->aux2);
    if (LIKELY(host != NULL)) {
        memcpy(host, &r->q[o->b], 16);
    } else {
        cpu->site = o->site;
        if (mmu_slow_store128(cpu, va, o->aux2, r->q[o->b].d))
            return interp_fault(r, o);
        cpu->site = NULL;
    }
    if (UNLIKELY(r->code->hooks & TM_DATA))
        exec_hook_data(cpu, va, o->aux2, true, host);
    return o + 1;
}

op_fn *interp_vector_handler(const struct ir_inst *in)
{
    switch (in->op) {
    case IR_VCONST: return do_vconst;
    case IR_VDUP: return do_vdup;
    case IR_VSCALAR: return do_vscalar;
    case IR_VINS: return do_vins;
    case IR_VLANE: return do_vlane;
    case IR_VADDV: return do_vaddv;
    case IR_VTOPS: return do_vtops;
    case IR_CALLV: return do_callv;
    case IR_GET: return in->type == IR_V128 ? do_get : NULL;
    case IR_PUT: return in->type == IR_V128 ? do_put : NULL;
    case IR_SELECT: return in->type == IR_V128 ? do_select : NULL;
    case IR_LOAD: return in->type == IR_V128 ? do_load : NULL;
    case IR_STORE: return in->type == IR_V128 ? do_store : NULL;
    default: return vec_function((enum ir_op)in->op) ? do_vector : NULL;
    }
}
