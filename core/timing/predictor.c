/* SPDX-License-Identifier: Apache-2.0 */
#include "core/timing/inorder_impl.h"
#include "core/util/bits.h"
#include <stdlib.h>
#include <string.h>

#define CALL_BYTES 8 /* a return goes at most this far behind its call */

int tm_predictor_init(struct tm_predictor *p, uint64_t counters, uint64_t btb, uint64_t ras,
                      struct err *e)
{
    if (!is_pow2(counters) || !is_pow2(btb))
        return err_set(e, ERR_ARG, "branch predictor: %llu counters and %llu targets; powers of two "
                       "are accepted", (unsigned long long)counters, (unsigned long long)btb);
    p->counters = malloc(counters);
    p->targets = malloc(btb * 2 * sizeof(*p->targets));
    p->returns = malloc(ras * sizeof(*p->returns));
    if (p->counters == NULL || p->targets == NULL || p->returns == NULL)
        return err_set(e, ERR_NOMEM, "branch predictor: no memory");
    p->counter_bytes = (uint32_t)counters;
    p->target_bytes = (uint32_t)(btb * 2 * sizeof(*p->targets));
    p->return_bytes = (uint32_t)(ras * sizeof(*p->returns));
    p->counter_mask = (uint32_t)counters - 1;
    p->btb_mask = (uint32_t)btb - 1;
    p->ras_depth = (uint32_t)ras;
    tm_predictor_reset(p);
    return 0;
}

void tm_predictor_reset(struct tm_predictor *p)
{
    memset(p->counters, 1, p->counter_bytes); /* weakly not taken */
    memset(p->targets, 0xff, p->target_bytes);
    memset(p->returns, 0, p->return_bytes);
    p->history = p->ras_top = 0;
}

void tm_predictor_free(struct tm_predictor *p)
{
    free(p->counters);
    free(p->targets);
    free(p->returns);
    p->counters = NULL;
    p->targets = p->returns = NULL;
}

/* True if the BTB knew where `pc` goes; then or not, it does now. */
static bool btb_knows(struct tm_predictor *p, uint64_t pc, uint64_t target)
{
    uint64_t *entry = p->targets + 2 * (pc >> 1 & p->btb_mask);
    bool known = entry[0] == pc && entry[1] == target;
    entry[0] = pc;
    entry[1] = target;
    return known;
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
        return btb_knows(p, pc, target) ? TM_RIGHT_TAKEN : TM_WRONG;
    case INSN_RETURN: {
        uint64_t call = p->returns[--p->ras_top % p->ras_depth];
        return target - call - 1 < CALL_BYTES ? TM_RIGHT_TAKEN : TM_WRONG;
    }
    default:
        return btb_knows(p, pc, target) ? TM_RIGHT_TAKEN : TM_WRONG;
    }
}
