/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_TEST_CORE_EXEC_RANDOM_IR_H
#define ORRERY_TEST_CORE_EXEC_RANDOM_IR_H
/*
 * Random valid IR and a small CPU to run it on: executors and passes are compared
 * by running the same unit from the same state and comparing everything after.
 *
 * The CPU ("rig") has slots of every type, a page of code at RIG_CODE and RIG_PAGES data
 * pages at RIG_BASE of four kinds. Its TLB set is filled in beforehand; the slow
 * paths are fake_mmu.h's. A unit is a function of (seed, options).
 */
#include "core/exec/backend.h"
#include "core/ir/build_vec.h"

#define RIG_BASE  0x40000000ull
#define RIG_ABOVE (1ull << 32)        /* the data pages have other addresses there */
#define RIG_CODE  0x10000000ull
#define RIG_PAGES 16u
#define RIG_POINTERS 16u              /* bytes between two pointers in memory */

enum rig_page { RIG_FAST, RIG_SLOW, RIG_READ_ONLY, RIG_FAULT };
/*
 * X: so many that not all find a register; the first RIG_FEW for units that are to find one for each. S: shared with helpers.
 * Y, YH: halves of registers of 256 bits, for wide.c alone.
 */
enum { RIG_X0 = 0, RIG_X = 1, RIG_N_X = 20, RIG_FEW = 8, RIG_POINTER = RIG_X + 16, RIG_N_POINTERS = 4,
       RIG_W = RIG_X + RIG_N_X, RIG_N_W = 4, RIG_S = RIG_W + RIG_N_W, RIG_N_S = 3,
       RIG_F = RIG_S + RIG_N_S, RIG_N_F = 6, RIG_V = RIG_F + RIG_N_F, RIG_N_V = 5,
       RIG_Y = RIG_V + RIG_N_V, RIG_N_Y = 20, RIG_YH = RIG_Y + RIG_N_Y,
       RIG_SLOTS = RIG_YH + RIG_N_Y, RIG_WHOLE = 4, RIG_STACK = RIG_X + 3 };
enum rig_helper { RIG_PURE, RIG_READS, RIG_WRITES, RIG_RAISES, RIG_TIME, RIG_MODE, RIG_PLAIN,
                  RIG_LIGHT, RIG_LIGHT_PURE, RIG_LIGHT_EXITS, RIG_LIGHT_TIME, RIG_QUICK, RIG_REMAP, RIG_TRAP,
                  RIG_HELPERS };

struct rig {
    struct cpu cpu;
    uint64_t zero, x[RIG_N_X];
    uint32_t w[RIG_N_W];
    uint64_t s[RIG_N_S];
    uint64_t f[RIG_N_F];
    union ir_vec v[RIG_N_V], y[RIG_N_Y][2];
    uint64_t helper_calls, slow_calls;   /* slow_calls is not compared */
    uint64_t seed, churn;                /* that it was reset with; the state of rig_churn's stream */
    uint32_t mode;                       /* ir_guest.mode_at: always 0 */
    uint8_t map[RIG_PAGES];              /* where the data pages lie in the host's memory */
    struct exec_cpu exec;
    struct machine machine;
    struct mem_ram ram;
    struct mmu_set *set;
};

enum rig_page rig_page_kind(va_t va);
/* Neighbouring pages are not neighbours in the host: who takes one page's addend for another's is found out. */
uint8_t *rig_host(struct cpu *cpu, va_t va);
/* Up to 8 bytes, low byte first, wherever they lie. */
uint64_t rig_read(struct cpu *cpu, va_t va, unsigned size);
void rig_write(struct cpu *cpu, va_t va, unsigned size, uint64_t v);

/*
 * Entries of the TLB come and go, as they may whenever somebody else than translated code is asked: nothing of what a unit
 * does may depend on what is in there.
 */
void rig_churn(struct cpu *cpu);

/* Registers and memory filled from `seed`; `rule` chooses the guest. Freed by rig_destroy. */
struct rig *rig_create(uint64_t seed);
void rig_reset(struct rig *r, uint64_t seed);
void rig_destroy(struct rig *r);
const struct ir_guest *rig_guest(enum ir_fp_rule rule);

/* The first difference in architected state, budget, counts, fault, or NULL. */
const char *rig_compare(const struct rig *a, const struct rig *b);

struct random_ir_options {
    enum ir_fp_rule rule;
    uint32_t blocks;        /* 1 .. 16 */
    uint32_t insns;         /* guest instructions per block at most, 1 .. 32 */
    bool fp, memory, calls, vectors; /* vectors: with fp */
    bool simple;            /* mostly what the first tier of a code generator does: no divisions, no fences */
    bool rmm;               /* rounding to nearest, ties away, among the modes */
    bool wide;              /* all slots, pointers among them */
    bool chains;            /* blocks mostly go on to the next one, and many of them only compute */
    bool whole;             /* with vectors: V and V + 1, V + 2 and V + 3 mostly as registers of 256 bits, for ir_widen */
};
/* Blocks at offsets 0, 0x80, 0x100 ... of the page; costs set, uses not counted. */
struct ir_unit *random_ir(struct arena *arena, uint64_t seed, const struct random_ir_options *o);

/*
 * Compile `u` with `be` and run it on `r` with `budget`. Blocks of one are first-tier
 * blocks, others regions. `arena` holds the block.
 */
enum exec_leave rig_run(const struct exec_backend_ops *ops, struct exec_backend *be,
                        const struct ir_unit *u, struct rig *r, struct arena *arena,
                        int64_t budget);

/* Likewise by `compile_quick`, which may change the unit. False: it refused, and nothing was run. */
bool rig_run_quick(const struct exec_backend_ops *ops, struct exec_backend *be, struct ir_unit *u, struct rig *r,
                   struct arena *arena, int64_t budget, enum exec_leave *why);

/* Options by `seed`, of one block, for units that interpreters run. */
struct random_ir_options rig_options_of(uint64_t seed);
/* `check` for seeds 0 ... n-1 (RANDOM_IR_UNITS in the environment: so many), with an interpreter and two rigs. */
typedef void rig_check(struct exec_backend *interp, struct rig *a, struct rig *b, struct arena *arena, uint64_t seed);
void rig_check_seeds(uint64_t n, rig_check *check);

/* A stream of numbers: *s is its state. Edges of types and floats among them. */
uint64_t rig_random(uint64_t *s);
uint64_t rig_interesting(uint64_t *s);

#endif
