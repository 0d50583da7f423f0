/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ir/ir.h"
#include <string.h>

/* Value numbers are 16 bits wide. */
#define MAX_INSTS 65536u
#define MAX_INSNS (IR_UNIT_BLOCKS * IR_BLOCK_INSNS)

#define N 'N'
#define T 'T'
#define I 'I'
#define P 'P'
#define S 'S'
#define W 'W'
#define F 'F'
#define E 'E'
const struct ir_op_info ir_op_info[IR_OPS] = {
#define IR_OP(name, args, result, flags) { #name, args, result, flags },
#include "core/ir/ops.def"
#undef IR_OP
};
#undef N
#undef T
#undef I
#undef P
#undef S
#undef W
#undef F
#undef E

int ir_unit_create(struct ir_unit **out, struct arena *arena, const struct ir_guest *guest,
                   uint32_t mode, struct err *e)
{
    /* Not cleared as a whole, nor are its tables: most blocks are short, and translation is made of them. */
    struct ir_unit *u = ARENA_TAKE(arena, struct ir_unit, 1);
    if (!u)
        goto no_memory;
    u->guest = guest;
    u->arena = arena;
    u->memo = NULL;
    u->max_insts = IR_INSN_ROOM + 512; /* of which a short block touches the first */
    u->sink = u->max_insts - 1;
    u->insts = ARENA_TAKE(arena, struct ir_inst, u->max_insts);
    u->max_insns = IR_BLOCK_INSNS;
    u->insns = ARENA_TAKE(arena, struct insn_at, u->max_insns);
    if (!u->insts || !u->insns)
        goto no_memory;
    u->insts[IR_NONE] = (struct ir_inst){ 0 };
    ir_unit_empty(u, mode);
    *out = u;
    return 0;
no_memory:
    return err_set(e, ERR_NOMEM, "IR unit: no memory left in its arena (%zu of %zu bytes used)",
                   arena->used, arena->limit);
}

void ir_grow(struct ir_unit *u)
{
    uint32_t n = MIN(u->max_insts * 2, MAX_INSTS);
    if (!u->full && u->n_insts < u->sink && n - 1 - u->n_insts >= IR_INSN_ROOM) {
        struct ir_inst *insts = ARENA_TAKE(u->arena, struct ir_inst, n);
        if (insts) {
            memcpy(insts, u->insts, u->n_insts * sizeof(*insts));
            u->insts = insts;
            u->max_insts = n;
            u->sink = n - 1;
            return;
        }
    }
    u->full = true;
}

struct ir_block *ir_begin_block(struct ir_unit *u, int32_t start)
{
    if (u->n_blocks == IR_UNIT_BLOCKS)
        u->full = true; /* the last block is overwritten: the unit is refused by ir_finish */
    else
        u->n_blocks++;
    struct ir_block *b = &u->blocks[u->n_blocks - 1];
    *b = (struct ir_block){ .first = u->n_insts,
                            .start = start,
                            .first_insn = (uint16_t)u->n_insns };
    return b;
}

void ir_end_block(struct ir_unit *u, uint32_t length)
{
    struct ir_block *b = &u->blocks[u->n_blocks - 1];
    u->full |= u->n_insts == u->sink;
    b->end = u->n_insts;
    b->length = length;
    b->n_insns = (uint16_t)(u->n_insns - b->first_insn);
}

bool ir_grow_insns(struct ir_unit *u)
{
    if (!u->full && u->max_insns < MAX_INSNS) {
        struct insn_at *insns = ARENA_TAKE(u->arena, struct insn_at, u->max_insns * 2);
        if (insns) {
            memcpy(insns, u->insns, u->n_insns * sizeof(*insns));
            u->insns = insns;
            u->max_insns *= 2;
            return true;
        }
    }
    u->full = true;
    return false;
}

const struct insn_desc ir_undecoded = { .name = "illegal", .format = "", .id = UINT16_MAX, .klass = INSN_system, .feature = "" };

int ir_finish(const struct ir_unit *u, struct err *e)
{
    if (!u->full)
        return 0;
    return err_set(e, ERR_LIMIT,
                   "IR unit of %s: full after %u instructions, %u guest instructions, %u blocks; "
                   "at most %u, %u, %u and what its arena holds",
                   u->guest->name, u->n_insts, u->n_insns, u->n_blocks, MAX_INSTS, MAX_INSNS,
                   IR_UNIT_BLOCKS);
}

/* Ways from block n to the one at offset `start`. */
static unsigned ways(const struct ir_unit *u, uint32_t n, int32_t start)
{
    const struct ir_inst *last = &u->insts[u->blocks[n].end - 1];
    bool jumps = last->op == IR_JUMP || last->op == IR_BRANCH;
    return (jumps && last->imm == start) + (last->op == IR_BRANCH && last->imm2 == start);
}

void ir_chain(struct ir_unit *u)
{
    for (uint32_t n = 1; n < u->n_blocks && !u->full; n++) {
        unsigned all = 0;
        for (uint32_t from = 0; from < u->n_blocks; from++)
            all += ways(u, from, u->blocks[n].start);
        u->blocks[n].follows = all == 1 && ways(u, n - 1, u->blocks[n].start) == 1;
    }
}

static void count(struct ir_unit *u, unsigned v)
{
    uint8_t *uses = &u->insts[v].uses;
    *uses += *uses != 255;
}

void ir_count_uses(struct ir_unit *u)
{
    for (uint32_t i = 0; i < u->n_insts; i++)
        u->insts[i].uses = 0;
    for (uint32_t i = 1; i < u->n_insts; i++) {
        const struct ir_inst *in = &u->insts[i];
        unsigned args = ir_op_info[in->op].args;
        if (args > 0)
            count(u, in->a);
        if (args > 1)
            count(u, in->b);
        if (args > 2)
            count(u, in->c);
        if (args > 3)
            count(u, (uint16_t)in->imm2);
    }
}
