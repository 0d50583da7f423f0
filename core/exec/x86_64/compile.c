/* SPDX-License-Identifier: Apache-2.0 */
#include "core/exec/x86_64/gen.h"
#include "core/exec/x86_64/quick.h"
#include <assert.h>
#include <stdlib.h>

/* Upper bounds of emitted bytes, stubs included. */
#define BYTES_PER_INST  400
#define BYTES_PER_BLOCK 2048
#define BYTES_PER_UNIT  4096

#define MAX_VALUES 65536u /* value numbers have 16 bits */
#define MAX_LATER  (8 * MAX_VALUES) /* x86_args gives 8 at most */

int x86_gen_create(struct exec_backend *be, struct err *e)
{
    struct x86_gen *g = calloc(1, sizeof(*g));
    be->gen = g;
    if (g)
        g->values = calloc(MAX_VALUES, sizeof(*g->values));
    if (g)
        g->later = calloc(MAX_LATER, sizeof(*g->later));
    if (g)
        g->quick = calloc(1, sizeof(*g->quick));
    if (!g || !g->values || !g->later || !g->quick)
        return err_set(e, ERR_NOMEM, "code generator: the host has no memory left");
    return 0;
}

void x86_gen_destroy(struct exec_backend *be)
{
    if (be->gen) {
        free(be->gen->values);
        free(be->gen->later);
        free(be->gen->leaves);
        free(be->gen->quick);
        free(be->gen->stubs);
        free(be->gen);
    }
}

/* Room for the stubs of one more instruction; pointers to stubs are good until the next call. */
static bool reserve_stubs(struct x86_gen *g)
{
    if (g->n_stubs + STUBS_PER_INST <= g->max_stubs)
        return true;
    uint32_t n = g->max_stubs ? 2 * g->max_stubs : 256;
    struct stub *stubs = realloc(g->stubs, n * sizeof(*stubs));
    if (!stubs) {
        g->rc = err_set(g->e, ERR_NOMEM, "code generator: the host has no memory left");
        return false;
    }
    g->stubs = stubs;
    g->max_stubs = n;
    return true;
}

void x86_choose_count(struct x86_gen *g)
{
    const struct exec *x = g->be->x;
    uint32_t n = x ? exec_n_cpus(x) : 0, uniform = 0;
    for (uint32_t i = 0; i < n; i++)
        uniform += exec_cpu(x, i)->uniform != 0;
    g->count = n == 0 || (uniform && uniform < n) ? COUNT_ASK : uniform ? COUNT_NO : COUNT_YES;
}

static void select_inst(struct x86_gen *g, const struct ir_inst *in)
{
    switch (in->op) {
    case IR_INSN:
        g->site = exec_site_of(g->u, g->block, in);
        break;
    case IR_CONST: case IR_TRUNC:
        break;
    case IR_FENCE:
        if (in->aux == IR_FENCE_FULL)
            x86_fence(g);
        break;
    case IR_GET: gen_get(g, in); break;
    case IR_PUT: gen_put(g, in); break;
    case IR_LOAD: case IR_STORE: case IR_AMO: case IR_CAS: case IR_LOADR: case IR_STOREC:
        x86_select_mem(g, in);
        break;
    case IR_CALL:
        x86_select_call(g, in,
                        g->u->guest->helpers[in->imm].flags & IR_CALL_PURE ? x86_out_pure
                                                                           : x86_out_call, 4);
        break;
    case IR_TRAP: x86_select_trap(g, in); break;
    case IR_JUMP: case IR_BRANCH: case IR_JUMPR: case IR_EXIT:
        x86_select_end(g, in);
        break;
    default:
        if ((in->op >= IR_VCONST && in->op <= IR_CALLV) ||
            (in->op == IR_SELECT && is_v(in->type)))
            x86_select_vec(g, in);
        else if (in->op >= IR_FADD && in->op <= IR_FUNBOX)
            x86_select_fp(g, in);
        else
            x86_select_int(g, in);
        break;
    }
}

static void emit_block(struct x86_gen *g)
{
    const struct ir_block *blk = g->block;
    g->site = (struct cpu_site){ .at = blk->start, .rest = (uint16_t)blk->length };
    if (!reserve_stubs(g))
        return;
    x86_begin_block_code(g);
    for (g->i = blk->first; g->i < blk->end && reserve_stubs(g); g->i++) {
        const struct ir_inst *in = &g->u->insts[g->i];
        const struct value *v = &g->values[g->i];
        if (v->rep != g->i || v->fused || (ir_op_info[in->op].flags == 'P' && v->uses == 0))
            continue;
        struct ir_inst low;
        if (v->low) {
            low = *in;
            low.a = x86_arg(g, g->i, 0);
            low.b = x86_arg(g, g->i, 1);
            in = &low;
        }
        select_inst(g, in);
        x86_end_inst(g);
    }
}

/* From block g->index on. */
static void emit_chain(struct x86_gen *g)
{
    uint32_t end = ir_chain_end(g->u, g->index);
    g->first = g->u->blocks[g->index].first;
    g->end = g->u->blocks[end - 1].end;
    g->block = &g->u->blocks[g->index];
    x86_analyze_chain(g);
    x86_begin_chain_regs(g);
    for (; g->index < end && g->rc == 0; g->index++) {
        g->block = &g->u->blocks[g->index];
        emit_block(g);
    }
}

int x86_make_room(struct x86_gen *g, const struct ir_unit *u)
{
    struct exec_backend *be = g->be;
    uint64_t need = (uint64_t)u->n_insts * BYTES_PER_INST + u->n_blocks * BYTES_PER_BLOCK +
                    BYTES_PER_UNIT;
    if (asm_offset(&be->a) + need > be->half || asm_offset(&be->cold) + need > be->end) {
        uint64_t all = be->high - be->low, most = all / 2 - 4 * MEM_PAGE;
        if (need > most)
            return err_set(g->e, ERR_UNSUPPORTED,
                           "code buffer of %llu bytes: a unit of %u IR instructions may need twice %llu",
                           (unsigned long long)be->size, u->n_insts, (unsigned long long)need);
        be->wants_all = need > most / 2;
        be->even = need > most / 3;
        return err_set(g->e, ERR_LIMIT, "code buffer of %llu bytes is full",
                       (unsigned long long)be->size);
    }
    x86_buffer_ready(be, need);
    return 0;
}

static int begin(struct x86_gen *g, const struct ir_unit *u)
{
    int rc = x86_make_room(g, u);
    if (rc)
        return rc;
    g->code = ARENA_NEW(g->arena, struct x86_code);
    if (g->code)
        g->code->edge_stubs = ARENA_ARRAY(g->arena, uint32_t, g->b->n_edges);
    if (!g->code || !g->code->edge_stubs)
        return err_set(g->e, ERR_LIMIT, "code generator: no memory left for side tables");
    g->code->block = g->b;
    g->code->pins = g->pins;
    g->code->guest = u->guest;
    g->rc = 0;
    g->n_stubs = g->n_fixups = g->n_leaves = 0;
    g->recipe = NULL;
    g->homes = NULL;
    x86_late_begin(g); /* blocks that are compiled quickly never defer anything */
    return 0;
}

/* The pins outlive the compilation. */
static bool keep_pins(struct x86_gen *g)
{
    struct x86_code *c = g->code;
    c->pins = ARENA_ARRAY(g->arena, struct x86_pin, c->n_pins);
    if (!c->pins)
        g->rc = err_set(g->e, ERR_LIMIT, "code generator: no memory left for side tables");
    else
        memcpy(c->pins, g->pins, c->n_pins * sizeof(*c->pins));
    return c->pins != NULL;
}

void x86_set_up(struct x86_gen *g, struct exec_backend *be, const struct ir_unit *u, struct exec_block *b,
                   struct arena *arena, struct err *e)
{
    g->be = be;
    g->a = &be->a;
    g->u = u;
    g->b = b;
    g->arena = arena;
    g->e = e;
}

/* What comes behind the blocks: jumps inside the unit, stubs, what others want to know of the code. */
static void finish(struct x86_gen *g, uint32_t start, uint32_t cold_start)
{
    struct exec_backend *be = g->be;
    for (uint32_t i = 0; i < g->n_fixups; i++)
        asm_patch(g->a, g->fixups[i].at, g->heads[g->fixups[i].block]);
    g->a = &be->cold;
    x86_emit_stubs(g);
    assert(asm_offset(&be->a) <= be->half && asm_offset(&be->cold) <= be->end);
    memcpy(g->code->entry_bytes, be->rw + g->code->entry, sizeof(g->code->entry_bytes));
    g->b->backend_private = g->code;
    x86_dump(be, g->b, start, cold_start);
    x86_buffer_trim(be);
}

/* Back to where the unit began, of which nothing remains. */
static int give_up(struct x86_gen *g, uint32_t start, uint32_t cold_start)
{
    g->be->a.p = g->be->rw + start;
    g->be->cold.p = g->be->rw + cold_start;
    return g->rc;
}

int x86_compile(struct exec_backend *be, const struct ir_unit *u, struct exec_block *b,
                struct arena *arena, struct err *e)
{
    struct x86_gen *g = be->gen;
    uint32_t start = asm_offset(&be->a), cold_start = asm_offset(&be->cold);
    x86_set_up(g, be, u, b, arena, e);
    int rc = begin(g, u);
    if (rc)
        return rc;
    x86_choose_count(g);
    x86_analyze_unit(g);
    if (!keep_pins(g) || !reserve_stubs(g))
        return g->rc;
    x86_emit_entry(g);
    for (g->index = 0; g->index < u->n_blocks && g->rc == 0;)
        emit_chain(g);
    if (g->rc)
        return give_up(g, start, cold_start);
    finish(g, start, cold_start);
    return 0;
}
