/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CORE_TIMING_INORDER_IMPL_H
#define ORRERY_CORE_TIMING_INORDER_IMPL_H
/* Parts of the in-order model: sets of tags for caches and TLBs, the branch predictor. */
#include "core/timing/model.h"

/*
 * A set-associative table with true LRU: each set holds its tags in order of use, the
 * last used first. So the check that nearly always hits looks at one word.
 */
struct tm_tags {
    uint64_t *tags;         /* sets * ways; TM_NO_TAG: empty */
    uint32_t bytes;         /* of `tags` */
    uint32_t ways, set_mask;
};
#define TM_NO_TAG UINT64_MAX

int tm_tags_init(struct tm_tags *t, const char *what, uint64_t entries, uint64_t ways,
                 struct err *e) MUST_CHECK;
void tm_tags_reset(struct tm_tags *t);
void tm_tags_free(struct tm_tags *t);
/* Not the last used one of its set: look further, and put it in front. True on a hit. */
bool tm_tags_search(struct tm_tags *t, uint64_t *set, uint64_t tag);

/* True on a hit. `tag` chooses the set by its low bits; on a miss it replaces the oldest. */
static inline bool tm_tags_touch(struct tm_tags *t, uint64_t tag)
{
    uint64_t *set = t->tags + (tag & t->set_mask) * t->ways;
    return LIKELY(set[0] == tag) || tm_tags_search(t, set, tag);
}

/* gshare for directions, a BTB for targets, a stack for returns. */
struct tm_predictor {
    uint8_t *counters;      /* 2 bits each, one a byte */
    uint64_t *targets;      /* BTB: {pc, target} */
    uint64_t *indirect;     /* the same for indirect branches, or NULL: in the BTB too */
    uint64_t *returns;      /* a ring of the addresses of calls */
    uint32_t counter_bytes, target_bytes, indirect_bytes, return_bytes;
    uint32_t counter_mask, btb_mask, indirect_mask, ras_depth;
    uint64_t history, ras_top;
};

enum tm_outcome { TM_RIGHT, TM_RIGHT_TAKEN, TM_LATE_TARGET, TM_WRONG };

/* `indirect` 0: no table of its own. */
int tm_predictor_init(struct tm_predictor *p, uint64_t counters, uint64_t btb, uint64_t indirect,
                      uint64_t ras, struct err *e) MUST_CHECK;
void tm_predictor_reset(struct tm_predictor *p);
void tm_predictor_free(struct tm_predictor *p);
/* Predict, compare with what happened, learn. `kind`: enum insn_branch. */
enum tm_outcome tm_predictor_step(struct tm_predictor *p, uint64_t pc, uint64_t target,
                                  uint32_t kind, bool taken);

#endif
