/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One pass through a unit of one block, straight from its IR: nothing is made beforehand and nothing is left. What blocks
 * mostly consist of is done here; all else by the handlers of the other files, of an op that is put together for
 * just that. Most blocks of a guest that starts are run once or never again, so the look at an operation is all it costs.
 */
#include "core/exec/interp/interp_impl.h"
#include <assert.h>

struct pass {
    struct run r;
    const struct ir_unit *u;
    const struct ir_inst *insn; /* the guest instruction under way */
    /* Of it and of the block, when somebody asks: */
    struct cpu_site site;
    struct code code;
    struct piece piece;
};

static bool is_narrow(const struct ir_inst *in)
{
    return in->type == IR_I32 || in->type == IR_F32;
}

/* By its handler. False: the block is left. */
static __attribute__((noinline)) bool by_handler(struct pass *p, uint32_t i)
{
    struct op o;
    struct err e;
    const struct ir_block *b = &p->u->blocks[0];
    p->site = exec_site_of(p->u, b, p->insn);
    p->piece = (struct piece){ .start = b->start, .cost = b->cost, .n_insns = b->n_insns };
    p->code = (struct code){ .pieces = &p->piece, .guest = p->u->guest };
    p->r.code = &p->code;
    p->r.piece = &p->piece;
    int rc = interp_decode(p->u, i, 1, &p->site, &o, &e);
    assert(rc == 0); /* the interpreter knows all operations */
    return o.fn(&p->r, &o) != NULL;
}

static bool load(struct pass *p, const struct ir_inst *in, uint64_t *to)
{
    const struct run *r = &p->r;
    const uint8_t *host = interp_probe(r->cpu->set, in->aux2 & IR_MEM_STORE_RIGHTS, r->v[in->a] + (va_t)in->imm, in->aux2);
    if (UNLIKELY(host == NULL))
        return false;
    uint64_t v = interp_load_host(host, in->aux2);
    *to = is_narrow(in) ? (uint32_t)v : v;
    return true;
}

static bool store(struct pass *p, const struct ir_inst *in)
{
    const struct run *r = &p->r;
    uint8_t *host = interp_probe(r->cpu->set, true, r->v[in->a] + (va_t)in->imm, in->aux2);
    if (UNLIKELY(host == NULL))
        return false;
    interp_store_host(host, in->aux2, r->v[in->b]);
    return true;
}

static void get(const struct pass *p, const struct ir_inst *in, uint64_t *to)
{
    const uint8_t *slot = (const uint8_t *)p->r.cpu + p->u->guest->slots[in->imm].offset;
    *to = is_narrow(in) ? ld_le32(slot) : ld_le64(slot);
}

static void put(const struct pass *p, const struct ir_inst *in)
{
    uint8_t *slot = (uint8_t *)p->r.cpu + p->u->guest->slots[in->imm].offset;
    if (is_narrow(in))
        st_le32(slot, (uint32_t)p->r.v[in->a]);
    else
        st_le64(slot, p->r.v[in->a]);
}

/* The block's end, with its cost: why, and from where it goes on. Nothing is linked, nor looked for: it would be run in its place. */
static enum exec_leave leave(struct pass *p, enum exec_leave why, va_t pc)
{
    struct cpu *cpu = p->r.cpu;
    const struct ir_block *b = &p->u->blocks[0];
    cpu->budget -= b->cost;
    if (cpu->uniform == 0)
        cpu->insns += b->n_insns;
    cpu->pc = pc;
    return cpu->budget <= 0 && (why == EXEC_LEAVE_EDGE || why == EXEC_LEAVE_LOOKUP) ? EXEC_LEAVE_BUDGET : why;
}

static enum exec_leave leave_by_exit(struct pass *p, const struct ir_inst *in)
{
    static const enum exec_leave reasons[] = { [IR_EXIT_LOOKUP] = EXEC_LEAVE_LOOKUP,
                                               [IR_EXIT_IDLE] = EXEC_LEAVE_IDLE,
                                               [IR_EXIT_YIELD] = EXEC_LEAVE_YIELD };
    (void)leave(p, EXEC_LEAVE_LOOKUP, interp_va(&p->r, in->imm));
    return reasons[in->aux];
}

static enum exec_leave pass(struct pass *p)
{
    struct run *r = &p->r;
    uint64_t *v = r->v;
    const struct ir_inst *insts = p->u->insts;
    for (uint32_t i = 1;; i++) {
        const struct ir_inst *in = &insts[i];
        switch ((enum ir_op)in->op) {
        case IR_INSN:
            p->insn = in;
            continue;
        case IR_CONST:
            v[i] = (uint64_t)in->imm;
            continue;
        case IR_PC:
            v[i] = interp_va(r, in->imm);
            continue;
        case IR_GET:
            if (UNLIKELY(in->type == IR_V128))
                break;
            get(p, in, &v[i]);
            continue;
        case IR_PUT:
            if (UNLIKELY(in->type == IR_V128))
                break;
            put(p, in);
            continue;
        case IR_LOAD:
            if (in->type == IR_V128 || !load(p, in, &v[i]))
                break;
            continue;
        case IR_STORE:
            if (in->type == IR_V128 || !store(p, in))
                break;
            continue;
        case IR_SELECT:
            if (UNLIKELY(in->type == IR_V128))
                break;
            v[i] = v[in->a] != 0 ? v[in->b] : v[in->c];
            continue;
/* clang-format off */
#define EVAL(OP, TYPE) ir_eval(IR_##OP, TYPE, in->aux, in->imm, v[in->a], v[in->b], v[in->c])
#define X(OP)                                                                                      \
        case IR_##OP:                                                                              \
            v[i] = is_narrow(in) ? EVAL(OP, IR_I32) : EVAL(OP, IR_I64);                            \
            continue;
        INTERP_EVALUATED(X)
#undef X
#undef EVAL
/* clang-format on */
        case IR_FENCE:
            interp_fence(in->aux);
            continue;
        case IR_TRAP:
            if (UNLIKELY(v[in->a] != 0))
                break;
            continue;
        case IR_JUMP:
            return leave(p, EXEC_LEAVE_EDGE, interp_va(r, in->imm));
        case IR_BRANCH:
            return leave(p, EXEC_LEAVE_EDGE, interp_va(r, v[in->a] != 0 ? in->imm : in->imm2));
        case IR_JUMPR:
            return leave(p, EXEC_LEAVE_LOOKUP, v[in->a]);
        case IR_EXIT:
            return leave_by_exit(p, in);
        default:
            break;
        }
        if (!by_handler(p, i))
            return r->leave;
    }
}

enum exec_leave exec_interp_once(struct cpu *cpu, const struct exec_once *o)
{
    struct pass p; /* not cleared: most passes need none of what by_handler sets */
    p.r.cpu = cpu;
    p.r.v = o->v;
    p.r.q = o->q;
    p.r.block = o->b;
    p.u = o->u;
    o->v[0] = 0;
    ((struct exec_cpu *)cpu->exec_private)->block = o->b;
    return pass(&p);
}
