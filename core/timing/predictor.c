/* SPDX-License-Identifier: Apache-2.0 */
#include "core/timing/inorder_impl.h"
#include "core/util/bits.h"
#include <stdlib.h>
#include <string.h>

#define CALL_BYTES 8 /* a return goes at most this far behind its call */

int tm_predictor_init(struct tm_predictor *p, uint64_t counters, uint64_t btb, uint64_t indirect,
                      uint64_t ras, struct err *e)
{
    if (!is_pow2(counters) || !is_pow2(btb) || (indirect != 0 && !is_pow2(indirect)))
        return err_set(e, ERR_ARG, "branch predictor: %llu counters, %llu targets, %llu indirect "
                       "targets; powers of two are accepted", (unsigned long long)counters,
                       (unsigned long long)btb, (unsigned long long)indirect);
    p->counter_bytes = (uint32_t)counters;
    p->target_bytes = (uint32_t)(btb * 2 * sizeof(*p->targets));
    p->indirect_bytes = (uint32_t)(indirect * 2 * sizeof(*p->indirect));
    p->return_bytes = (uint32_t)(ras * sizeof(*p->returns));
    p->counters = malloc(counters);
    p->targets = malloc(p->target_bytes);
    p->indirect = indirect != 0 ? malloc(p->indirect_bytes) : NULL;
    p->returns = malloc(p->return_bytes);
    if (p->counters == NULL || p->targets == NULL || p->returns == NULL ||
        (indirect != 0 && p->indirect == NULL))
        return err_set(e, ERR_NOMEM, "branch predictor: no memory");
    p->counter_mask = (uint32_t)counters - 1;
    p->btb_mask = (uint32_t)btb - 1;
    p->indirect_mask = (uint32_t)indirect - 1;
    p->ras_depth = (uint32_t)ras;
    tm_predictor_reset(p);
    return 0;
}

void tm_predictor_reset(struct tm_predictor *p)
{
    memset(p->counters, 1, p->counter_bytes); /* weakly not taken */
    memset(p->targets, 0xff, p->target_bytes);
    if (p->indirect != NULL)
        memset(p->indirect, 0xff, p->indirect_bytes);
    memset(p->returns, 0, p->return_bytes);
    p->history = p->ras_top = 0;
}

void tm_predictor_free(struct tm_predictor *p)
{
    free(p->counters);
    free(p->targets);
    free(p->indirect);
    free(p->returns);
    p->counters = NULL;
    p->targets = p->indirect = p->returns = NULL;
}

/* True if the table knew where `pc` goes; then or not, it does now. */
static bool knows(uint64_t *table, uint32_t mask, uint64_t pc, uint64_t target)
{
    uint64_t *entry = table + 2 * (pc >> 1 & mask);
    bool known = entry[0] == pc && entry[1] == target;
    entry[0] = pc;
    entry[1] = target;
    return known;
}

static bool btb_knows(struct tm_predictor *p, uint64_t pc, uint64_t target)
{
    return knows(p->targets, p->btb_mask, pc, target);
}

static enum tm_outcome step_indirect(struct tm_predictor *p, uint64_t pc, uint64_t target)
{
    bool known = p->indirect != NULL ? knows(p->indirect, p->indirect_mask, pc, target)
                                     : btb_knows(p, pc, target);
    return known ? TM_RIGHT_TAKEN : TM_WRONG;
}

static enum tm_outcome step_conditional(struct tm_predictor *p, uint64_t pc, uint64_t target,
                                        bool taken)
{
    uint8_t *c = &p->counters[(pc >> 1 ^ p->history) & p->counter_mask];
    bool right = (*c >= 2) == taken;
    if (taken && *c < 3)
        ++*c;
    else if (!taken && *c > 0)
        --*c;
    p->history = p->history << 1 | taken;
    if (!taken)
        return right ? TM_RIGHT : TM_WRONG;
    bool known = btb_knows(p, pc, target);
    return !right ? TM_WRONG : known ? TM_RIGHT_TAKEN : TM_LATE_TARGET;
}

static void push(struct tm_predictor *p, uint64_t pc)
{
    p->returns[p->ras_top++ % p->ras_depth] = pc;
}

enum tm_outcome tm_predictor_step(struct tm_predictor *p, uint64_t pc, uint64_t target,
                                  uint32_t kind, bool taken)
{
    switch (kind) {
    case INSN_COND:
        return step_conditional(p, pc, target, taken);
    case INSN_CALL_DIRECT:
        push(p, pc);
        return btb_knows(p, pc, target) ? TM_RIGHT_TAKEN : TM_LATE_TARGET;
    case INSN_DIRECT: /* the decoder finds the target itself, only later */
        return btb_knows(p, pc, target) ? TM_RIGHT_TAKEN : TM_LATE_TARGET;
    case INSN_CALL_INDIRECT:
        push(p, pc);
        return step_indirect(p, pc, target);
    case INSN_RETURN: {
        uint64_t call = p->returns[--p->ras_top % p->ras_depth];
        return target - call - 1 < CALL_BYTES ? TM_RIGHT_TAKEN : TM_WRONG;
    }
    default:
        return step_indirect(p, pc, target);
    }
}
