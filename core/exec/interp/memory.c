/* SPDX-License-Identifier: Apache-2.0 */
#include "core/exec/interp/interp_impl.h"
#include "core/timing/model.h"

/*
 * Loads and stores probe the current TLB set here; what misses, is misaligned where
 * that matters, or uses another regime goes to mmu_slow_*. Everything atomic goes
 * there always: reservations and exclusivity are the mmu's business.
 */

/* The loaded value, extended to 64 bits by the memop, as a value of the op's type. */
static const struct op *loaded(struct run *r, const struct op *o, uint64_t v)
{
    r->v[o->dst] = o->type == IR_I32 || o->type == IR_F32 ? (uint32_t)v : v;
    return o + 1;
}

static void hook_data(struct run *r, const struct op *o, va_t va, bool write, const uint8_t *host)
{
    if (UNLIKELY(r->code->hooks & TM_DATA))
        exec_hook_data(r->cpu, va, o->aux2, write, host);
}

static const struct op *do_load(struct run *r, const struct op *o)
{
    struct cpu *cpu = r->cpu;
    va_t va = r->v[o->a] + (va_t)o->imm;
    const uint8_t *host =
        interp_probe(cpu->set, o->aux2 & IR_MEM_STORE_RIGHTS, va, o->aux2);
    uint64_t v;
    if (LIKELY(host != NULL)) {
        v = interp_load_host(host, o->aux2);
    } else {
        cpu->site = o->site;
        if (mmu_slow_load(cpu, va, o->aux2, &v))
            return interp_fault(r, o);
        cpu->site = NULL;
    }
    hook_data(r, o, va, false, host);
    return loaded(r, o, v);
}

static const struct op *do_store(struct run *r, const struct op *o)
{
    struct cpu *cpu = r->cpu;
    va_t va = r->v[o->a] + (va_t)o->imm;
    unsigned size = 1u << (o->aux2 & IR_MEM_SIZE);
    uint64_t v = r->v[o->b];
    uint8_t *host = interp_probe(cpu->set, true, va, o->aux2);
    if (LIKELY(host != NULL)) {
        interp_store_host(host, o->aux2, v);
    } else {
        cpu->site = o->site;
        if (mmu_slow_store(cpu, va, o->aux2, zext(v, 8 * size)))
            return interp_fault(r, o);
        cpu->site = NULL;
    }
    hook_data(r, o, va, true, host);
    return o + 1;
}

static const struct op *do_amo(struct run *r, const struct op *o)
{
    va_t va = r->v[o->a];
    uint64_t old;
    r->cpu->site = o->site;
    if (mmu_slow_amo(r->cpu, va, o->aux2, (enum ir_amo)o->aux, r->v[o->b], &old))
        return interp_fault(r, o);
    r->cpu->site = NULL;
    hook_data(r, o, va, true, NULL);
    return loaded(r, o, old);
}

static const struct op *do_cas(struct run *r, const struct op *o)
{
    va_t va = r->v[o->a];
    unsigned bits = 8u << (o->aux2 & IR_MEM_SIZE);
    uint64_t old;
    r->cpu->site = o->site;
    if (mmu_slow_cas(r->cpu, va, o->aux2, zext(r->v[o->b], bits), zext(r->v[o->c], bits), &old))
        return interp_fault(r, o);
    r->cpu->site = NULL;
    hook_data(r, o, va, true, NULL);
    return loaded(r, o, old);
}

static const struct op *do_loadr(struct run *r, const struct op *o)
{
    va_t va = r->v[o->a];
    uint64_t v;
    r->cpu->site = o->site;
    if (mmu_load_reserved(r->cpu, va, o->aux2, &v))
        return interp_fault(r, o);
    r->cpu->site = NULL;
    hook_data(r, o, va, false, NULL);
    return loaded(r, o, v);
}

static const struct op *do_storec(struct run *r, const struct op *o)
{
    va_t va = r->v[o->a];
    unsigned bits = 8u << (o->aux2 & IR_MEM_SIZE);
    uint64_t failed;
    r->cpu->site = o->site;
    if (mmu_store_conditional(r->cpu, va, o->aux2, zext(r->v[o->b], bits), &failed))
        return interp_fault(r, o);
    r->cpu->site = NULL;
    if (!failed)
        hook_data(r, o, va, true, NULL);
    r->v[o->dst] = failed;
    return o + 1;
}

op_fn *interp_memory_handler(const struct ir_inst *in)
{
    switch (in->op) {
    case IR_LOAD:
        return do_load;
    case IR_STORE:
        return do_store;
    case IR_AMO:
        return do_amo;
    case IR_CAS:
        return do_cas;
    case IR_LOADR:
        return do_loadr;
    case IR_STOREC:
        return do_storec;
    default:
        return NULL;
    }
}
