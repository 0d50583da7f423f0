/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ir/ir_impl.h"

/*
 * Rounds of ciphers and hashes, which ISAs cut at different places. Translators put their instructions together from the
 * pieces of enum ir_native; where one takes back what the one before did at the end, both go:
 *
 *     AESE, AESMC      last round without a key; its inverse and a whole round     one round
 *     AESE             exclusive or with a key, behind such a round                that round with this key
 *     SHA256H, -H2     lanes rearranged, two rounds twice, arranged back           two rounds twice
 */

/* ---- AES ---- */

static bool is_keyless(const struct ir_unit *u, unsigned v, unsigned how)
{
    const struct ir_inst *in = &u->insts[v];
    return v != IR_NONE && ir_native_of(u, in) == IR_NATIVE_AES && in->b == IR_NONE &&
           ((uint64_t)in->imm2 & 3) == how;
}

/* Last rounds of both directions undo each other; a decrypting one and InvMixColumns are a round that is not the last. */
uint16_t ir_fold_native(const struct ir_unit *u, struct ir_inst *in)
{
    enum ir_native native = ir_native_of(u, in);
    unsigned how = (unsigned)in->imm2 & 3;
    if (native == IR_NATIVE_AES_IMC && is_keyless(u, in->a, IR_AES_LAST | IR_AES_DECRYPT)) {
        *in = u->insts[in->a];
        in->imm2 = IR_AES_DECRYPT;
    } else if (native == IR_NATIVE_AES && (how & IR_AES_LAST) && in->b == IR_NONE &&
               is_keyless(u, in->a, how ^ IR_AES_DECRYPT)) {
        return u->insts[in->a].a;
    }
    return IR_NONE;
}

/* The round that becomes one with the exclusive or `in`: nothing else may want it without the key. */
static uint16_t round_before(const struct ir_unit *u, const struct ir_inst *in, uint16_t *key)
{
    for (unsigned k = 0; k < 2; k++) {
        uint16_t v = k ? in->b : in->a;
        const struct ir_inst *round = &u->insts[v];
        *key = k ? in->a : in->b;
        if (ir_native_of(u, round) == IR_NATIVE_AES && round->b == IR_NONE && round->uses == 1)
            return v;
    }
    return IR_NONE;
}

bool ir_join(struct ir_unit *u)
{
    bool rounds = false, joined = false;
    for (uint32_t i = 1; i < u->n_insts && !rounds; i++)
        rounds = ir_native_of(u, &u->insts[i]) == IR_NATIVE_AES;
    if (!rounds || u->full)
        return false;
    ir_count_uses(u);
    for (uint32_t i = 1; i < u->n_insts; i++) {
        struct ir_inst *in = &u->insts[i];
        uint16_t key, v = in->op == IR_VXOR ? round_before(u, in, &key) : (uint16_t)IR_NONE;
        if (v == IR_NONE)
            continue;
        uint8_t uses = in->uses;
        *in = u->insts[v];
        in->b = key;
        in->uses = uses;
        joined = true;
    }
    return joined;
}

/* ---- shuffles of words ---- */

struct word {
    uint16_t value;
    uint8_t lane;
};

static struct word source(const struct ir_unit *u, const struct ir_inst *in, unsigned lane)
{
    for (;;) {
        uint16_t v = lane < 2 ? in->a : in->b;
        lane = (unsigned)((uint64_t)in->imm >> (2 * lane) & 3);
        in = &u->insts[v];
        if (in->op != IR_VSHUF || in->aux != 2)
            return (struct word){ .value = v, .lane = (uint8_t)lane };
    }
}

/* One lane in all of them, without a general register between. */
static bool shuffle_of_dup(const struct ir_unit *u, struct ir_inst *in)
{
    const struct ir_inst *lane = &u->insts[in->a];
    if (lane->op != IR_VLANE || lane->aux != in->aux || in->aux < 2)
        return false;
    uint64_t n = (uint64_t)lane->imm;
    *in = (struct ir_inst){ .op = IR_VSHUF, .type = IR_V128, .aux = 2, .a = lane->a, .b = lane->a,
                            .imm = (int64_t)(in->aux == 2 ? n * 0x55 : n ? 0xee : 0x44) };
    return true;
}

/* A shuffle of shuffles is one, or nothing, if its halves come from one value each. */
uint16_t ir_fold_shuffle(const struct ir_unit *u, struct ir_inst *in)
{
    if (in->op == IR_VDUP ? !shuffle_of_dup(u, in) : in->aux != 2)
        return IR_NONE;
    struct word w[4];
    uint64_t imm = 0;
    bool same = true;
    for (unsigned i = 0; i < 4; i++) {
        w[i] = source(u, in, i);
        imm |= (uint64_t)w[i].lane << (2 * i);
        same &= w[i].value == w[0].value && w[i].lane == i;
    }
    if (same)
        return w[0].value;
    if (w[0].value == w[1].value && w[2].value == w[3].value) {
        in->a = w[0].value;
        in->b = w[2].value;
        in->imm = (int64_t)imm;
    }
    return IR_NONE;
}

/* ---- bits that a shift left ---- */

/* A shift and a mask that takes nothing of it: what SLI and SRI keep of a register, where they end a rotation. */
uint16_t ir_fold_mask(const struct ir_unit *u, const struct ir_inst *in)
{
    for (unsigned k = 0; k < 2; k++) {
        uint16_t v = k ? in->b : in->a;
        const struct ir_inst *shift = &u->insts[v], *mask = &u->insts[k ? in->a : in->b];
        unsigned bits = 8u << shift->aux;
        if (mask->op != IR_VCONST || (shift->op != IR_VSHL && shift->op != IR_VSHR) || (uint64_t)shift->imm >= bits)
            continue;
        uint64_t ones = ~0ull >> (64 - bits), left = 0;
        ones = shift->op == IR_VSHR ? ones >> shift->imm : ones << shift->imm & ones;
        for (unsigned at = 0; at < 64; at += bits)
            left |= ones << at;
        if ((left & ~(uint64_t)mask->imm) == 0 && (left & ~(uint64_t)mask->imm2) == 0)
            return v;
    }
    return IR_NONE;
}

/* ---- rotations ---- */

/* A shift left and one right, of one value, which leave no bit to each other. Bytes are not worth it: hosts have no shift of them. */
void ir_fold_rotation(const struct ir_unit *u, struct ir_inst *in)
{
    const struct ir_inst *left = &u->insts[in->a], *right = &u->insts[in->b];
    if (left->op == IR_VSHR) {
        const struct ir_inst *x = left;
        left = right;
        right = x;
    }
    int64_t bits = 8 << left->aux;
    if (left->op == IR_VSHL && right->op == IR_VSHR && left->a == right->a && left->aux == right->aux && left->aux != 0 &&
        left->imm > 0 && left->imm < bits && left->imm + right->imm == bits)
        *in = (struct ir_inst){ .op = IR_VROL, .type = IR_V128, .aux = left->aux, .a = left->a, .imm = left->imm };
}
