/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ir/ir_impl.h"

/*
 * Comparisons that are computed bit by bit, as cryptographic code does lest a compiler make branches of them. a < b of unsigned
 * numbers is the uppermost bit of
 *
 *     a ^ ((a ^ b) | ((a - b) ^ b))
 *
 * (Warren, Hacker's Delight, 2-12, has it in other words), and so is the carry out of a = d + b, where a - b is d. Of 32 bits it
 * is mostly made of extended values: their upper halves do not matter.
 */

/* v, or of 32 bits what was extended or cut to it. */
static uint16_t core(const struct ir_unit *u, uint16_t v, enum ir_type type)
{
    for (const struct ir_inst *in = &u->insts[v]; type == IR_I32; in = &u->insts[v]) {
        if (in->op != IR_TRUNC && ((in->op != IR_SEXT && in->op != IR_ZEXT) || in->aux != 32))
            return v;
        v = in->a;
    }
    return v;
}

/* The operands of v if it is such an operation. */
static bool operands(const struct ir_unit *u, uint16_t v, unsigned op, enum ir_type type, uint16_t out[2])
{
    const struct ir_inst *in = &u->insts[core(u, v, type)];
    if (in->op != op)
        return false;
    out[0] = core(u, in->a, type);
    out[1] = core(u, in->b, type);
    return true;
}

/* The operand that is not v; IR_NONE: neither is v. */
static uint16_t other(const uint16_t of[2], uint16_t v)
{
    return of[0] == v ? of[1] : of[1] == v ? of[0] : (uint16_t)IR_NONE;
}

/* Given a, b and d: is it that a comparison of a with b, or a carry? Then `in` is made it. */
static bool compare(const struct ir_unit *u, struct ir_inst *in, enum ir_type type, uint16_t a, uint16_t b, uint16_t d)
{
    const struct ir_inst *sum = &u->insts[a], *difference = &u->insts[d];
    uint16_t of[2];
    *in = (struct ir_inst){ .op = IR_SETCC, .type = (uint8_t)type, .aux = IR_LTU };
    if (difference->type == type && operands(u, d, IR_SUB, type, of) && of[0] == a && of[1] == b) {
        in->a = difference->a;
        in->b = difference->b;
        return true;
    }
    if (sum->type == type && operands(u, a, IR_ADD, type, of) && other(of, b) == d) {
        in->a = a;
        in->b = of[1] == b ? sum->b : sum->a;
        return true;
    }
    return false;
}

/* Does value v, of `type`, have that in its uppermost bit? */
static bool is_less(const struct ir_unit *u, uint16_t v, enum ir_type type, struct ir_inst *out)
{
    uint16_t outer[2], either[2], x[2], y[2];
    if (!operands(u, v, IR_XOR, type, outer))
        return false;
    for (unsigned k = 0; k < 2; k++) {
        uint16_t a = outer[k];
        if (!operands(u, outer[1 - k], IR_OR, type, either) || !operands(u, either[0], IR_XOR, type, x) ||
            !operands(u, either[1], IR_XOR, type, y))
            continue;
        for (unsigned n = 0; n < 2; n++) {
            uint16_t b = other(n ? y : x, a), d = other(n ? x : y, b);
            if (b != IR_NONE && d != IR_NONE && compare(u, out, type, a, b, d))
                return true;
        }
    }
    return false;
}

static bool is_upper_bit(const struct ir_unit *u, const struct ir_inst *in)
{
    return in->op == IR_SHR && u->insts[in->b].op == IR_CONST && u->insts[in->b].imm == (in->type == IR_I32 ? 31 : 63);
}

bool ir_less(struct ir_unit *u)
{
    bool found = false;
    for (uint32_t i = 1; i < u->n_insts && !u->full; i++) {
        struct ir_inst *in = &u->insts[i], *cut = &u->insts[in->a], less;
        if (!is_upper_bit(u, in) || !is_less(u, in->a, (enum ir_type)in->type, &less))
            continue;
        if (!found)
            ir_count_uses(u);
        if (in->type == IR_I32 && (cut->op != IR_TRUNC || cut->uses != 1)) /* SETCC makes an i64: there is no place for it */
            continue;
        found = true;
        if (in->type == IR_I32) {
            *cut = less;
            *in = (struct ir_inst){ .op = IR_TRUNC, .type = IR_I32, .a = in->a };
        } else {
            *in = less;
        }
    }
    return found;
}
