/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An in-order core: each block's schedule is worked out when it is translated, by a
 * scoreboard of issue slots, units and register latencies; caches, TLBs and the branch
 * predictor are looked at when the block runs. docs/timing.md has what is left out.
 *
 * TLBs are the model's own, keyed by (virtual page, physical page), since the software
 * TLB's contents must not matter; a miss costs a fixed walk. TM_WALK is not used for the
 * same reason.
 */
#include "core/timing/inorder_impl.h"
#include "core/util/bits.h"
#include <string.h>

struct inorder {
    struct tm_cpu tm;
    uint64_t issue_width, mem_ports, fp_ports, vec_ports;
    uint64_t mispredict, taken, late_target;
    uint64_t load_use, address, mul, div, fp_add, fp_mul, fp_fma, fp_div, fp_sqrt, fp_cvt, fp_move;
    uint64_t vec_int, vec_fp, crypto;
    uint64_t amo, csr, fence, carry;
    uint64_t l1i_size, l1i_ways, l1d_size, l1d_ways, l2_size, l2_ways, line;
    uint64_t l2_latency, memory_latency, store_miss;
    uint64_t itlb, dtlb, l2_tlb, l2_tlb_ways, l2_tlb_latency, walk;
    uint64_t counters, btb, indirect, ras;

    uint32_t data_shift;         /* log2 of `line` */
    uint8_t latency[INSN_CLASS_COUNT];

    /* Saved from here on. */
    struct tm_tags l1i, l1d, l2, itlb_tags, dtlb_tags, l2_tlb_tags;
    struct tm_predictor predictor;
    uint64_t last_data, last_page;
    uint64_t n_fetch, n_l1i_miss, n_load, n_store, n_l1d_miss, n_l2_miss;
    uint64_t n_itlb_miss, n_dtlb_miss, n_walk, n_branch, n_mispredict, n_late_target;
};

static const struct tm_param inorder_params[] = {
    TM_PARAM(inorder, issue_width, 1, 4, 2, "instructions issued per cycle"),
    TM_PARAM(inorder, mem_ports, 1, 2, 1, "loads and stores issued per cycle"),
    TM_PARAM(inorder, fp_ports, 1, 2, 1, "floating-point instructions issued per cycle"),
    TM_PARAM(inorder, vec_ports, 1, 2, 1, "vector instructions issued per cycle"),
    TM_PARAM(inorder, mispredict, 0, 64, 6, "cycles lost by a wrong branch prediction"),
    TM_PARAM(inorder, taken, 0, 8, 0, "cycles lost by a taken branch that was predicted"),
    TM_PARAM(inorder, late_target, 0, 16, 2, "cycles lost when only the decoder finds the target"),
    TM_PARAM(inorder, load_use, 1, 16, 3, "cycles from a load that hits L1 to its first user"),
    TM_PARAM(inorder, address, 0, 8, 0, "cycles a result comes later to the address of a load"),
    TM_PARAM(inorder, mul, 1, 64, 3, "cycles of an integer multiplication"),
    TM_PARAM(inorder, div, 1, 200, 20, "cycles of an integer division; occupies its unit"),
    TM_PARAM(inorder, fp_add, 1, 64, 5, "cycles of an FP addition"),
    TM_PARAM(inorder, fp_mul, 1, 64, 5, "cycles of an FP multiplication"),
    TM_PARAM(inorder, fp_fma, 1, 64, 5, "cycles of a fused multiply-add"),
    TM_PARAM(inorder, fp_div, 1, 200, 27, "cycles of an FP division; occupies its unit"),
    TM_PARAM(inorder, fp_sqrt, 1, 200, 27, "cycles of an FP square root; occupies its unit"),
    TM_PARAM(inorder, fp_cvt, 1, 64, 3, "cycles of an FP conversion or comparison"),
    TM_PARAM(inorder, fp_move, 1, 64, 2, "cycles of an FP move or sign operation"),
    TM_PARAM(inorder, vec_int, 1, 64, 1, "cycles of an integer vector operation"),
    TM_PARAM(inorder, vec_fp, 1, 64, 1, "cycles of an FP vector operation"),
    TM_PARAM(inorder, crypto, 1, 64, 1, "cycles of a cryptographic instruction"),
    TM_PARAM(inorder, amo, 1, 200, 10, "cycles of an atomic operation; nothing issues meanwhile"),
    TM_PARAM(inorder, csr, 1, 200, 4, "cycles of a system register access; nothing issues meanwhile"),
    TM_PARAM(inorder, fence, 1, 200, 6, "cycles of a fence; nothing issues meanwhile"),
    TM_PARAM(inorder, carry, 0, 255, 8, "cycles a result may be late after its block for free"),
    TM_PARAM(inorder, line, 16, 256, 64, "bytes of a cache line"),
    TM_PARAM(inorder, l1i_size, 1024, 1 << 20, 32 << 10, "bytes of the first-level code cache"),
    TM_PARAM(inorder, l1i_ways, 1, 16, 4, "its ways"),
    TM_PARAM(inorder, l1d_size, 1024, 1 << 20, 32 << 10, "bytes of the first-level data cache"),
    TM_PARAM(inorder, l1d_ways, 1, 16, 8, "its ways"),
    TM_PARAM(inorder, l2_size, 4096, 64 << 20, 2 << 20, "bytes of the second-level cache"),
    TM_PARAM(inorder, l2_ways, 1, 32, 16, "its ways"),
    TM_PARAM(inorder, l2_latency, 1, 200, 20, "cycles of an L1 miss that hits the L2"),
    TM_PARAM(inorder, memory_latency, 1, 2000, 200, "cycles of an L2 miss, beyond those"),
    TM_PARAM(inorder, store_miss, 0, 100, 0, "percent of a store's miss latency that stalls"),
    TM_PARAM(inorder, itlb, 1, 128, 40, "entries of the code TLB, fully associative"),
    TM_PARAM(inorder, dtlb, 1, 128, 40, "entries of the data TLB, fully associative"),
    TM_PARAM(inorder, l2_tlb, 1, 8192, 512, "entries of the second-level TLB"),
    TM_PARAM(inorder, l2_tlb_ways, 1, 16, 1, "its ways"),
    TM_PARAM(inorder, l2_tlb_latency, 0, 100, 4, "cycles of a TLB miss that hits the second level"),
    TM_PARAM(inorder, walk, 0, 1000, 40, "cycles of a walk of the page tables, beyond those"),
    TM_PARAM(inorder, counters, 16, 1 << 20, 16384, "counters of the gshare predictor"),
    TM_PARAM(inorder, btb, 1, 65536, 32, "entries of the branch target buffer"),
    TM_PARAM(inorder, indirect, 0, 65536, 0, "entries for indirect branches alone; 0: they use btb"),
    TM_PARAM(inorder, ras, 1, 64, 12, "depth of the return stack"),
    TM_PARAM_END,
};

#define STAT(m, unit_, text) { .name = #m + 2, .unit = (unit_), .meaning = (text),                 \
                               .at = offsetof(struct inorder, m) }
static const struct tm_stat inorder_stats[] = {
    STAT(n_fetch, "lines", "changes of the line code is fetched from"),
    STAT(n_l1i_miss, "lines", "of them, not in the first-level code cache"),
    STAT(n_load, "accesses", "loads"),
    STAT(n_store, "accesses", "stores and atomic operations"),
    STAT(n_l1d_miss, "lines", "lines not in the first-level data cache"),
    STAT(n_l2_miss, "lines", "lines, code and data, not in the second level"),
    STAT(n_itlb_miss, "pages", "pages not in the code TLB"),
    STAT(n_dtlb_miss, "pages", "pages not in the data TLB"),
    STAT(n_walk, "walks", "pages in no TLB"),
    STAT(n_branch, "branches", "branches and jumps"),
    STAT(n_mispredict, "branches", "of them, predicted wrong"),
    STAT(n_late_target, "branches", "of them, right but not in the BTB"),
};

#define TAGS(m) STATE_PTR(inorder, m.tags, m.bytes, 1u << 24)
static const struct state_field inorder_state[] = {
    STATE(inorder, tm.last_line),
    TAGS(l1i), TAGS(l1d), TAGS(l2), TAGS(itlb_tags), TAGS(dtlb_tags), TAGS(l2_tlb_tags),
    STATE_PTR(inorder, predictor.counters, predictor.counter_bytes, 1u << 20),
    STATE_PTR(inorder, predictor.targets, predictor.target_bytes, 1u << 20),
    STATE_PTR(inorder, predictor.indirect, predictor.indirect_bytes, 1u << 20),
    STATE_PTR(inorder, predictor.returns, predictor.return_bytes, 1u << 10),
    STATE(inorder, predictor.history), STATE(inorder, predictor.ras_top),
    STATE(inorder, last_data), STATE(inorder, last_page),
    STATE(inorder, n_fetch), STATE(inorder, n_l1i_miss), STATE(inorder, n_load),
    STATE(inorder, n_store), STATE(inorder, n_l1d_miss), STATE(inorder, n_l2_miss),
    STATE(inorder, n_itlb_miss), STATE(inorder, n_dtlb_miss), STATE(inorder, n_walk),
    STATE(inorder, n_branch), STATE(inorder, n_mispredict), STATE(inorder, n_late_target),
    STATE_END,
};

/* ---- life ---- */

static void set_latencies(struct inorder *m)
{
    memset(m->latency, 1, sizeof(m->latency));
    const struct { uint8_t klass; uint64_t cycles; } rows[] = {
        { INSN_load, m->load_use },    { INSN_fp_load, m->load_use }, { INSN_lr, m->load_use },
        { INSN_int_mul, m->mul },      { INSN_clmul, m->mul },        { INSN_int_div, m->div },
        { INSN_fp_add, m->fp_add },    { INSN_fp_mul, m->fp_mul },    { INSN_fp_fma, m->fp_fma },
        { INSN_fp_div, m->fp_div },    { INSN_fp_sqrt, m->fp_sqrt },  { INSN_fp_cvt, m->fp_cvt },
        { INSN_vec_mem, m->load_use }, { INSN_vec_int, m->vec_int }, { INSN_vec_fp, m->vec_fp },
        { INSN_crypto, m->crypto },    { INSN_fp_cmp, m->fp_cvt },
        { INSN_fp_move, m->fp_move },  { INSN_fp_misc, m->fp_move },
        { INSN_amo, m->amo },          { INSN_sc, m->amo },           { INSN_csr, m->csr },
        { INSN_system, m->csr },       { INSN_fence, m->fence },      { INSN_cache_op, m->fence },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        m->latency[rows[i].klass] = (uint8_t)rows[i].cycles;
}

static int inorder_init(struct tm_cpu *t, struct err *e)
{
    struct inorder *m = (struct inorder *)t;
    if (!is_pow2(m->line))
        return err_set(e, ERR_ARG, "timing model inorder: line=%llu; a power of two is accepted",
                       (unsigned long long)m->line);
    m->data_shift = t->line_shift = log2_floor(m->line);
    set_latencies(m);
    int rc = tm_tags_init(&m->l1i, "inorder: l1i", m->l1i_size / m->line, m->l1i_ways, e);
    if (rc == 0)
        rc = tm_tags_init(&m->l1d, "inorder: l1d", m->l1d_size / m->line, m->l1d_ways, e);
    if (rc == 0)
        rc = tm_tags_init(&m->l2, "inorder: l2", m->l2_size / m->line, m->l2_ways, e);
    if (rc == 0)
        rc = tm_tags_init(&m->itlb_tags, "inorder: itlb", m->itlb, m->itlb, e);
    if (rc == 0)
        rc = tm_tags_init(&m->dtlb_tags, "inorder: dtlb", m->dtlb, m->dtlb, e);
    if (rc == 0)
        rc = tm_tags_init(&m->l2_tlb_tags, "inorder: l2_tlb", m->l2_tlb, m->l2_tlb_ways, e);
    if (rc == 0)
        rc = tm_predictor_init(&m->predictor, m->counters, m->btb, m->indirect, m->ras, e);
    return rc;
}

static void inorder_destroy(struct tm_cpu *t)
{
    struct inorder *m = (struct inorder *)t;
    tm_tags_free(&m->l1i);
    tm_tags_free(&m->l1d);
    tm_tags_free(&m->l2);
    tm_tags_free(&m->itlb_tags);
    tm_tags_free(&m->dtlb_tags);
    tm_tags_free(&m->l2_tlb_tags);
    tm_predictor_free(&m->predictor);
}

/* Counters go on over a reset, as a person would expect of a run's statistics. */
static void inorder_reset(struct tm_cpu *t)
{
    struct inorder *m = (struct inorder *)t;
    tm_tags_reset(&m->l1i);
    tm_tags_reset(&m->l1d);
    tm_tags_reset(&m->l2);
    tm_tags_reset(&m->itlb_tags);
    tm_tags_reset(&m->dtlb_tags);
    tm_tags_reset(&m->l2_tlb_tags);
    tm_predictor_reset(&m->predictor);
    t->last_line = UINT64_MAX;
    m->last_data = m->last_page = UINT64_MAX;
}

/* ---- the static schedule ---- */

enum unit { UNIT_NONE, UNIT_MEM, UNIT_FP, UNIT_VEC, UNIT_DIV, UNIT_FP_DIV, UNIT_ALONE };

static enum unit unit_of(uint8_t klass)
{
    switch (klass) {
    case INSN_load: case INSN_store: case INSN_fp_load: case INSN_fp_store: case INSN_lr:
    case INSN_prefetch: case INSN_vec_mem:
        return UNIT_MEM;
    case INSN_int_div:
        return UNIT_DIV;
    case INSN_fp_div: case INSN_fp_sqrt:
        return UNIT_FP_DIV;
    case INSN_fp_add: case INSN_fp_mul: case INSN_fp_fma: case INSN_fp_cmp: case INSN_fp_cvt:
    case INSN_fp_move: case INSN_fp_misc:
        return UNIT_FP;
    case INSN_vec_int: case INSN_vec_fp: case INSN_crypto:
        return UNIT_VEC;
    case INSN_amo: case INSN_sc: case INSN_csr: case INSN_system: case INSN_fence:
    case INSN_cache_op:
        return UNIT_ALONE;
    default:
        return UNIT_NONE;
    }
}

struct board {
    uint32_t ready[256];         /* by slot: cycle at which its value can be used, */
    uint32_t address[256];       /* and as the address of a load */
    uint32_t cycle, slots, mem, fp, vec;
    uint32_t div_free, fp_div_free, latest;
};

static void next_cycle(struct board *b, uint32_t cycle)
{
    if (cycle > b->cycle) {
        b->cycle = cycle;
        b->slots = b->mem = b->fp = b->vec = 0;
    }
}

static bool is_full(const struct inorder *m, const struct board *b, enum unit unit)
{
    return b->slots == m->issue_width || (unit == UNIT_MEM && b->mem == m->mem_ports) ||
           ((unit == UNIT_FP || unit == UNIT_FP_DIV) && b->fp == m->fp_ports) ||
           (unit == UNIT_VEC && b->vec == m->vec_ports) || (unit == UNIT_ALONE && b->slots != 0);
}

/*
 * A load's result, or the base register it also wrote back: one of several destinations that is a
 * source, too. (A pair loaded over its own base is taken for that.)
 */
static bool is_base(const struct insn_regs *r, unsigned k)
{
    bool source = false;
    for (unsigned i = 0; i < ARRAY_LEN(r->src); i++)
        source |= r->src[i] == r->dst[k];
    return source && r->dst[1] != INSN_NO_REG;
}

/* Issue one instruction; its cycle is b->cycle afterwards. */
static void issue(const struct inorder *m, struct board *b, const struct insn_at *i)
{
    uint8_t klass = i->desc->klass;
    enum unit unit = unit_of(klass);
    bool loads = i->desc->mem == INSN_MEM_READ;
    const uint32_t *from = loads ? b->address : b->ready;
    uint32_t latency = m->latency[klass], at = b->cycle;
    for (unsigned k = 0; k < ARRAY_LEN(i->regs.src); k++)
        if (i->regs.src[k] != INSN_NO_REG)
            at = MAX(at, from[i->regs.src[k]]);
    if (unit == UNIT_DIV)
        at = MAX(at, b->div_free);
    else if (unit == UNIT_FP_DIV)
        at = MAX(at, b->fp_div_free);
    next_cycle(b, at);
    if (is_full(m, b, unit))
        next_cycle(b, b->cycle + 1);
    b->slots++;
    b->mem += unit == UNIT_MEM;
    b->fp += unit == UNIT_FP || unit == UNIT_FP_DIV;
    b->vec += unit == UNIT_VEC;
    uint32_t done = b->cycle + latency;
    if (unit == UNIT_DIV)
        b->div_free = done;
    else if (unit == UNIT_FP_DIV)
        b->fp_div_free = done;
    for (unsigned k = 0; k < ARRAY_LEN(i->regs.dst); k++)
        if (i->regs.dst[k] != INSN_NO_REG) {
            bool loaded = loads && !is_base(&i->regs, k);
            uint32_t ready = loads && !loaded ? b->cycle + 1 : done;
            b->ready[i->regs.dst[k]] = ready;
            b->address[i->regs.dst[k]] = ready + (loaded ? 0 : (uint32_t)m->address);
            b->latest = MAX(b->latest, ready);
        }
}

/* The whole block from b->cycle on; the cycle behind it. `cost` counts from its start. */
static uint32_t schedule(const struct inorder *m, struct board *b, const struct insn_at *insns,
                         uint32_t n, uint32_t *cost)
{
    uint32_t start = b->cycle;
    for (uint32_t i = 0; i < n; i++) {
        issue(m, b, &insns[i]);
        cost[i] = i == 0 ? 0 : b->cycle - start;
        if (unit_of(insns[i].desc->klass) == UNIT_ALONE)
            next_cycle(b, b->cycle + m->latency[insns[i].desc->klass]);
    }
    uint32_t end = b->slots != 0 || b->cycle == start ? b->cycle + 1 : b->cycle;
    cost[n] = end - start;
    return end;
}

/*
 * A block that starts itself anew is charged what an iteration costs once it runs: results on
 * their way are seen by the next. Any other starts with all there.
 */
#define WARM_ROUNDS 2
static void inorder_annotate(struct tm_cpu *t, uint64_t pc, const struct insn_at *insns, uint32_t n,
                             bool loops, uint32_t *cost)
{
    const struct inorder *m = (const struct inorder *)t;
    struct board b = { .cycle = 0 };
    (void)pc;
    uint32_t end = schedule(m, &b, insns, n, cost);
    for (unsigned i = 0; loops && i < WARM_ROUNDS; i++) {
        next_cycle(&b, end);
        end = schedule(m, &b, insns, n, cost);
    }
    if (!loops && b.latest > end + m->carry)
        cost[n] = b.latest - (uint32_t)m->carry;
}

/* ---- run time ---- */

/* Cycles until the L2 or memory delivers a line. */
static uint32_t refill(struct inorder *m, uint64_t line)
{
    uint32_t cycles = (uint32_t)m->l2_latency;
    if (!tm_tags_touch(&m->l2, line)) {
        m->n_l2_miss++;
        cycles += (uint32_t)m->memory_latency;
    }
    return cycles;
}

static uint32_t second_tlb(struct inorder *m, uint64_t page)
{
    uint32_t cycles = (uint32_t)m->l2_tlb_latency;
    if (!tm_tags_touch(&m->l2_tlb_tags, page)) {
        m->n_walk++;
        cycles += (uint32_t)m->walk;
    }
    return cycles;
}

/* One number for a mapping: TM_NO_TAG never comes out for addresses that exist. */
static uint64_t mapping(uint64_t va, uint64_t pa)
{
    return (va >> 12) ^ (pa >> 12) << 20 ^ (pa >> 12) * 0x9e3779b97f4a7c15ull;
}

static uint32_t inorder_fetch_line(struct tm_cpu *t, uint64_t pa)
{
    struct inorder *m = (struct inorder *)t;
    uint64_t page = mapping(0, pa), line = pa >> m->data_shift;
    uint32_t cycles = 0;
    m->n_fetch++;
    if (!tm_tags_touch(&m->itlb_tags, page)) {
        m->n_itlb_miss++;
        cycles += second_tlb(m, page);
    }
    if (!tm_tags_touch(&m->l1i, line)) {
        m->n_l1i_miss++;
        cycles += refill(m, line);
    }
    return cycles;
}

static uint32_t data_line(struct inorder *m, uint64_t line, bool write)
{
    if (tm_tags_touch(&m->l1d, line))
        return 0;
    m->n_l1d_miss++;
    uint32_t cycles = refill(m, line);
    return write ? (uint32_t)(cycles * m->store_miss / 100) : cycles;
}

static uint32_t inorder_data_access(struct tm_cpu *t, uint64_t va, uint64_t pa, uint32_t size,
                                    bool write)
{
    struct inorder *m = (struct inorder *)t;
    uint64_t line = pa >> m->data_shift, last = (pa + size - 1) >> m->data_shift;
    uint32_t cycles = 0;
    if (write)
        m->n_store++;
    else
        m->n_load++;
    if (LIKELY(line == m->last_data && last == line)) /* the last used line of its set */
        return 0;
    uint64_t page = mapping(va, pa);
    if (page != m->last_page) {
        m->last_page = page;
        if (!tm_tags_touch(&m->dtlb_tags, page)) {
            m->n_dtlb_miss++;
            cycles += second_tlb(m, page);
        }
    }
    cycles += data_line(m, line, write);
    if (last != line)
        cycles += 1 + data_line(m, last, write);
    m->last_data = last;
    return cycles;
}

static uint32_t inorder_branch(struct tm_cpu *t, uint64_t pc, uint64_t target, uint32_t kind,
                               bool taken)
{
    struct inorder *m = (struct inorder *)t;
    m->n_branch++;
    switch (tm_predictor_step(&m->predictor, pc, target, kind, taken)) {
    case TM_RIGHT:
        return 0;
    case TM_RIGHT_TAKEN:
        return (uint32_t)m->taken;
    case TM_LATE_TARGET:
        m->n_late_target++;
        return (uint32_t)m->late_target;
    case TM_WRONG:
        break;
    }
    m->n_mispredict++;
    return (uint32_t)m->mispredict;
}

const struct tm_model tm_inorder = {
    .name = "inorder",
    .doc = "static schedule per block, run-time caches and predictor",
    .of_core = true,
    .size = sizeof(struct inorder),
    .params = inorder_params,
    .stats = inorder_stats,
    .n_stats = ARRAY_LEN(inorder_stats),
    .state = inorder_state,
    .hooks = TM_FETCH | TM_DATA | TM_BRANCH,
    .init = inorder_init,
    .reset = inorder_reset,
    .destroy = inorder_destroy,
    .annotate = inorder_annotate,
    .fetch_line = inorder_fetch_line,
    .data_access = inorder_data_access,
    .branch = inorder_branch,
};
