/* SPDX-License-Identifier: Apache-2.0 */
#include "core/exec/interp/interp_impl.h"
#include "core/exec/vec.h"
#include <stdlib.h>

/* Of one block: every IR instruction defines a value at most, and value numbers have 16 bits. */
#define MAX_VALUES 65536u

struct exec_backend {
    uint64_t bytes; /* of decoded units, since the last flush */
    uint64_t v[MAX_VALUES];
    union ir_vec *q; /* MAX_VALUES */
    bool jumps;      /* code.jumps */
};

static int interp_create(struct exec_backend **out, struct exec *x, const struct exec_options *o,
                         struct err *e)
{
    (void)x;
    struct exec_backend *be = calloc(1, sizeof(*be));
    if (be && !(be->q = aligned_alloc(16, MAX_VALUES * sizeof(*be->q)))) {
        free(be);
        be = NULL;
    }
    if (be)
        be->jumps = o == NULL || o->mode == EXEC_INTERP;
    *out = be;
    return be ? 0 : err_set(e, ERR_NOMEM, "interpreter: no memory for its values");
}

static void interp_destroy(struct exec_backend *be)
{
    if (be)
        free(be->q);
    free(be);
}

/* ---- compile ---- */

struct decoder {
    const struct ir_unit *u;
    const struct ir_block *b;
    uint32_t first;              /* instruction of the block's chain */
    struct op *ops;
    struct cpu_site *sites;      /* one per guest instruction of the unit */
    const struct cpu_site *site; /* of the current one */
    struct err *e;
};

static op_fn *handler_of(const struct ir_inst *in)
{
    op_fn *fn = interp_vector_handler(in);
    if (!fn)
        fn = interp_int_handler(in);
    if (!fn)
        fn = interp_memory_handler(in);
    if (!fn)
        fn = interp_fp_handler(in);
    return fn ? fn : interp_flow_handler(in);
}

static uint16_t place(uint32_t first, unsigned v)
{
    return v == IR_NONE ? 0 : (uint16_t)(v - first + 1);
}

int interp_decode(const struct ir_unit *u, uint32_t i, uint32_t first, const struct cpu_site *site, struct op *o, struct err *e)
{
    const struct ir_inst *in = &u->insts[i];
    *o = (struct op){
        .fn = handler_of(in),
        .dst = place(first, i),
        .type = in->type,
        .aux = in->aux,
        .aux2 = in->aux2,
        .a = place(first, in->a),
        .b = place(first, in->b),
        .c = place(first, in->c),
        .site = site,
        .imm = in->imm,
        .imm2 = in->imm2,
    };
    if (in->op == IR_GET || in->op == IR_PUT)
        o->imm = u->guest->slots[in->imm].offset;
    else if (in->op == IR_CALL)
        o->aux2 = place(first, (uint16_t)in->imm2);
    else if (vec_function((enum ir_op)in->op))
        o->imm2 = in->op;
    if (!o->fn)
        return err_set(e, ERR_UNSUPPORTED, "interpreter: operation %s of type %u", ir_op_info[in->op].name, in->type);
    return 0;
}

/* Ops of one block from `o` on; returns how many, or ERR_*. */
static int decode_block(struct decoder *d, struct op *o)
{
    const struct ir_block *b = d->b;
    int n = 0;
    for (uint32_t i = b->first; i < b->end; i++) {
        const struct ir_inst *in = &d->u->insts[i];
        if (in->op == IR_INSN) {
            struct cpu_site *site = &d->sites[in->imm2];
            *site = exec_site_of(d->u, b, in);
            d->site = site;
            continue;
        }
        int rc = interp_decode(d->u, i, d->first, d->site, &o[n++], d->e);
        if (rc)
            return rc;
    }
    return n;
}

/* The block of a region that an edge to `target` enters directly: only inside the first page. */
static const struct piece *find_piece(const struct ir_unit *u, const struct piece *pieces,
                                      int64_t target)
{
    if (target < 0 || target >= MEM_PAGE)
        return NULL;
    for (uint32_t i = 0; i < u->n_blocks; i++)
        if (pieces[i].start == target)
            return &pieces[i];
    return NULL;
}

static void connect_pieces(const struct ir_unit *u, struct piece *pieces)
{
    for (uint32_t i = 0; i < u->n_blocks; i++) {
        const struct ir_inst *last = &u->insts[u->blocks[i].end - 1];
        if (last->op == IR_JUMP || last->op == IR_BRANCH)
            pieces[i].next[0] = find_piece(u, pieces, last->imm);
        if (last->op == IR_BRANCH)
            pieces[i].next[1] = find_piece(u, pieces, last->imm2);
    }
}

/*
 * Where other blocks are the code generator's, this one is used once, with the machine's lock. But what it calls may wait
 * without it, while another CPU's is run: its values are its own.
 */
static bool have_values(const struct ir_unit *u, struct code *code, struct arena *arena)
{
    code->v = ARENA_TAKE(arena, uint64_t, u->n_insts + 1);
    code->q = ARENA_TAKE(arena, union ir_vec, u->n_insts + 1);
    if (code->v != NULL)
        code->v[0] = 0;
    return code->v != NULL && code->q != NULL;
}

static int interp_compile(struct exec_backend *be, const struct ir_unit *u, struct exec_block *b,
                          struct arena *arena, struct err *e)
{
    size_t before = arena->used;
    struct code *code = ARENA_NEW(arena, struct code);
    struct piece *pieces = ARENA_ARRAY(arena, struct piece, u->n_blocks);
    struct decoder d = { .u = u,
                         .e = e,
                         .ops = ARENA_ARRAY(arena, struct op, u->n_insts),
                         .sites = ARENA_ARRAY(arena, struct cpu_site, u->n_insns) };
    struct insn_at *insns = ARENA_ARRAY(arena, struct insn_at, u->n_insns);
    if (!code || !pieces || !d.ops || !d.sites || !insns)
        return err_set(e, ERR_LIMIT, "interpreter: no memory left for decoded blocks");
    memcpy(insns, u->insns, u->n_insns * sizeof(*insns));
    struct op *o = d.ops;
    for (uint32_t i = 0; i < u->n_blocks; i++) {
        d.b = &u->blocks[i];
        d.first = d.b->follows ? d.first : d.b->first;
        int n = decode_block(&d, o);
        if (n < 0)
            return n;
        pieces[i] = (struct piece){ .first = o,
                                    .start = d.b->start,
                                    .cost = d.b->cost,
                                    .n_insns = d.b->n_insns,
                                    .last = &insns[d.b->first_insn + d.b->n_insns - 1] };
        o += n;
    }
    if (b->region)
        connect_pieces(u, pieces);
    *code = (struct code){ .pieces = pieces, .guest = u->guest, .hooks = u->hooks, .jumps = be->jumps };
    if (!be->jumps && !have_values(u, code, arena))
        return err_set(e, ERR_LIMIT, "interpreter: no memory left for a block's values");
    b->backend_private = code;
    b->code = b;
    be->bytes += arena->used - before;
    return 0;
}

/* ---- the rest of the contract ---- */

static void interp_link(struct exec_backend *be, struct exec_edge *edge, struct exec_block *to)
{
    (void)be;
    edge->to = to;
}

/* Arrivals look at b->retired themselves. */
static void interp_retire(struct exec_backend *be, struct exec_block *b)
{
    (void)be;
    b->retired = true;
}

static void interp_revive(struct exec_backend *be, struct exec_block *b)
{
    (void)be;
    b->retired = false;
    ((struct code *)b->backend_private)->region = NULL;
}

static void interp_replace(struct exec_backend *be, struct exec_block *b, struct exec_block *region)
{
    (void)be;
    ((struct code *)b->backend_private)->region = region;
}

static void interp_flush(struct exec_backend *be)
{
    be->bytes = 0;
}

static enum exec_leave interp_run(struct exec_backend *be, struct cpu *cpu, struct exec_block *b)
{
    const struct code *code = b->backend_private;
    struct run r = { .cpu = cpu, .v = code->v != NULL ? code->v : be->v, .q = code->v != NULL ? code->q : be->q };
    const struct op *o = interp_enter(&r, b);
    while (o)
        o = o->fn(&r, o);
    return r.leave;
}

static uint64_t interp_code_used(const struct exec_backend *be)
{
    return be->bytes;
}

const struct exec_backend_ops exec_interp = {
    .name = "interp",
    .create = interp_create,
    .destroy = interp_destroy,
    .compile = interp_compile,
    .link = interp_link,
    .retire = interp_retire,
    .revive = interp_revive,
    .replace = interp_replace,
    .flush = interp_flush,
    .run = interp_run,
    .code_used = interp_code_used,
};
