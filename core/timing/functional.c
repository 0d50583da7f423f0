/* SPDX-License-Identifier: Apache-2.0 */
/* Every instruction takes the same time: booting, conformance, speed. */
#include "core/timing/model.h"

struct functional {
    struct tm_cpu tm;
    uint64_t cpi;
};

static const struct tm_param functional_params[] = {
    TM_PARAM(functional, cpi, 1, 100, 1, "cycles of every instruction"),
    TM_PARAM_END,
};

static int functional_init(struct tm_cpu *t, struct err *e)
{
    (void)e;
    t->uniform = (uint32_t)((struct functional *)t)->cpi;
    return 0;
}

static void functional_annotate(struct tm_cpu *t, uint64_t pc, const struct insn_at *insns,
                                uint32_t n, bool loops, uint32_t *cost)
{
    (void)pc, (void)insns, (void)loops;
    for (uint32_t i = 0; i <= n; i++)
        cost[i] = i * t->uniform;
}

const struct tm_model tm_functional = {
    .name = "functional",
    .doc = "fixed cycles per instruction",
    .size = sizeof(struct functional),
    .params = functional_params,
    .init = functional_init,
    .annotate = functional_annotate,
};
