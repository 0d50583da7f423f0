/* SPDX-License-Identifier: Apache-2.0 */
#include "core/exec/interp/interp_impl.h"

/*
 * Constants, slots and everything ir_eval knows: one function per operation and
 * type, so that ir_eval shrinks to the operation itself.
 */
/* clang-format off */
#define SIGNS(X) X(FNEG) X(FABS) X(FSGNJ)
/* clang-format on */

#define HANDLER(OP, SUFFIX, TYPE)                                                                  \
    static const struct op *do_##OP##SUFFIX(struct run *r, const struct op *o)                     \
    {                                                                                              \
        uint64_t *v = r->v;                                                                        \
        v[o->dst] = ir_eval(IR_##OP, TYPE, o->aux, o->imm, v[o->a], v[o->b], v[o->c]);             \
        return o + 1;                                                                              \
    }
/* clang-format off */
#define X(OP) HANDLER(OP, 32, IR_I32) HANDLER(OP, 64, IR_I64)
INTERP_TYPED(X)
#undef X
#define X(OP) HANDLER(OP, 32, IR_F32) HANDLER(OP, 64, IR_F64)
SIGNS(X)
#undef X
HANDLER(CLMUL, 64, IR_I64)
HANDLER(CLMULH, 64, IR_I64)
HANDLER(FBOX, 64, IR_F64)
HANDLER(FUNBOX, 32, IR_F32)
#undef HANDLER
/* clang-format on */

static const struct op *do_const(struct run *r, const struct op *o)
{
    r->v[o->dst] = (uint64_t)o->imm;
    return o + 1;
}

static const struct op *do_pc(struct run *r, const struct op *o)
{
    r->v[o->dst] = interp_va(r, o->imm);
    return o + 1;
}

/* imm: offset of the slot in the CPU's struct (compile put it there) */
static const struct op *do_get32(struct run *r, const struct op *o)
{
    uint32_t v;
    memcpy(&v, (const uint8_t *)r->cpu + o->imm, sizeof(v));
    r->v[o->dst] = v;
    return o + 1;
}

static const struct op *do_get64(struct run *r, const struct op *o)
{
    memcpy(&r->v[o->dst], (const uint8_t *)r->cpu + o->imm, 8);
    return o + 1;
}

static const struct op *do_put32(struct run *r, const struct op *o)
{
    uint32_t v = (uint32_t)r->v[o->a];
    memcpy((uint8_t *)r->cpu + o->imm, &v, sizeof(v));
    return o + 1;
}

static const struct op *do_put64(struct run *r, const struct op *o)
{
    memcpy((uint8_t *)r->cpu + o->imm, &r->v[o->a], 8);
    return o + 1;
}

static const struct op *do_fence(struct run *r, const struct op *o)
{
    (void)r;
    interp_fence(o->aux);
    return o + 1;
}

op_fn *interp_int_handler(const struct ir_inst *in)
{
    /* clang-format off */
    static op_fn *const table[IR_OPS][2] = {
#define X(OP) [IR_##OP] = { do_##OP##32, do_##OP##64 },
        INTERP_TYPED(X) SIGNS(X)
#undef X
        [IR_CLMUL] = { NULL, do_CLMUL64 },    [IR_CLMULH] = { NULL, do_CLMULH64 },
        [IR_FBOX] = { NULL, do_FBOX64 },      [IR_FUNBOX] = { do_FUNBOX32, NULL },
        [IR_CONST] = { do_const, do_const },  [IR_PC] = { NULL, do_pc },
        [IR_GET] = { do_get32, do_get64 },    [IR_PUT] = { do_put32, do_put64 },
        [IR_FENCE] = { do_fence, do_fence },
    };
    /* clang-format on */
    return table[in->op][in->type == IR_I64 || in->type == IR_F64];
}
