/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CORE_TIMING_MODEL_H
#define ORRERY_CORE_TIMING_MODEL_H
/*
 * CPU timing models: how long things take. A model never changes what an
 * instruction does.
 *
 * When a block is translated the model sees its instruction descriptors and
 * gives each a static cost; the block is charged their sum when it ends. What
 * depends on run-time state is charged by hooks, which return *additional*
 * cycles (>= 0) that executors subtract from the CPU's budget:
 *   TM_FETCH   a block is entered whose code line differs from the last one
 *   TM_DATA    each load, store and AMO, after it was translated and did not fault
 *   TM_BRANCH  the outcome of the branch that ends a block
 *   TM_WALK    each page-table entry the walker reads
 * Interpreter and JIT call the same functions in the same order, so cycles agree.
 *
 * State of a model is per CPU (`tm_create`), declared and saved like a device's;
 * what CPUs share (a last-level cache) hangs off `struct tm_shared`. A model uses
 * no host time and no host randomness.
 *
 * Parameters come from the model's table, then the core's text file (an INI
 * section [name-of-model]), then the command line (--timing inorder,l2_size=1M).
 */
#include "core/ir/insn.h"
#include "core/state/state.h"

enum tm_hook { TM_FETCH = 1, TM_DATA = 2, TM_BRANCH = 4, TM_WALK = 8 };

struct tm_param {
    const char *name;
    uint32_t at;               /* offset of a uint64_t in the model's struct */
    uint64_t least, most, def;
    const char *meaning;       /* with unit */
};
#define TM_PARAM(tag, m, lo, hi, df, doc)                                                          \
    { .name = #m, .at = offsetof(struct tag, m), .least = (lo), .most = (hi), .def = (df),         \
      .meaning = (doc) }
#define TM_PARAM_END { .name = NULL }

/* Counters of one CPU under one model: printed as a table and as JSON. */
struct tm_stat {
    const char *name, *unit, *meaning;
    uint32_t at;               /* offset of a uint64_t in the model's struct */
};

struct tm_cpu;
struct tm_model {
    const char *name, *doc;
    size_t size;               /* of the model's struct; its first member is struct tm_cpu */
    const struct tm_param *params;
    const struct tm_stat *stats;
    uint32_t n_stats;
    const struct state_field *state;
    uint32_t hooks;            /* enum tm_hook this model ever wants */
    bool of_core;              /* its numbers are a core's: a profile without them is refused */
    int (*init)(struct tm_cpu *t, struct err *e);   /* after parameters; may allocate */
    void (*reset)(struct tm_cpu *t);
    void (*destroy)(struct tm_cpu *t);
    /*
     * Static cost: fill cost[0..n], cost[i] = cycles of the block before instruction
     * i, cost[n] = of the whole block. `pc` is the physical address of the first; `loops`:
     * the block ends in a branch or jump to its own start.
     */
    void (*annotate)(struct tm_cpu *t, uint64_t pc, const struct insn_at *insns, uint32_t n,
                     bool loops, uint32_t *cost);
    uint32_t (*fetch_line)(struct tm_cpu *t, uint64_t pa);
    uint32_t (*data_access)(struct tm_cpu *t, uint64_t va, uint64_t pa, uint32_t size, bool write);
    uint32_t (*branch)(struct tm_cpu *t, uint64_t pc, uint64_t target, uint32_t kind, bool taken);
    uint32_t (*walk_access)(struct tm_cpu *t, uint64_t pa, bool write);
};

struct tm_cpu {
    const struct tm_model *model;
    uint32_t cpu;              /* index */
    uint32_t line_shift;       /* log2 of the fetch line, for TM_FETCH */
    uint64_t last_line;        /* last pa >> line_shift fetched; saved */
    /*
     * Every instruction costs this many cycles (functional), so that instructions
     * retired follow from cycles; 0 = they are counted by themselves.
     */
    uint32_t uniform;
};

extern const struct tm_model tm_functional; /* params: cpi 1..100 */
extern const struct tm_model tm_inorder;
extern const struct tm_model *const tm_models[]; /* NULL-terminated */

/* Is there a section for the model in `core`, the text of a CPU profile, or does it need none? */
bool tm_suits(const struct tm_model *m, const char *core);

/*
 * `spec` = "inorder" or "inorder,param=value,..."; `core` is the text of the CPU
 * profile (INI, section [name-of-model]) or NULL: the model's defaults. ERR_ARG names the
 * nearest model or parameter, ERR_UNSUPPORTED the models that suit the core.
 */
int tm_create(struct tm_cpu **out, const char *spec, const char *core, uint32_t cpu,
              struct err *e) MUST_CHECK;
void tm_destroy(struct tm_cpu *t);

/* Statistics of several CPUs: a table for people, or JSON (one object) for programs. */
void tm_print_stats(struct tm_cpu *const *tms, uint32_t n, const uint64_t *insns,
                    const uint64_t *cycles, bool json, FILE *out);

#endif
