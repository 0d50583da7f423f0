/* SPDX-License-Identifier: Apache-2.0 */
#include "core/exec/x86_64/gen.h"
#include "core/util/bits.h"
#include <cpuid.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define DEFAULT_BYTES (256ull << 20)
#define LEAST_BYTES   (2ull << 20)
#define MOST_BYTES    (1ull << 30) /* rel32 reaches over all of it */
#define GUARD_BYTES   128          /* of a cross-page link at most */

/* Intel SDM volume 2, CPUID, leaf 7: gcc 12 has no name for these. */
static uint32_t crypto_features(void)
{
    unsigned a, b = 0, c = 0, d;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d))
        return 0;
    return (b >> 29 & 1 ? HOST_SHA : 0) | (c >> 8 & 1 ? HOST_GFNI : 0);
}

static uint32_t host_features(uint32_t hidden)
{
    uint32_t h = crypto_features();
    __builtin_cpu_init();
    h |= __builtin_cpu_supports("bmi") ? HOST_BMI1 : 0;
    h |= __builtin_cpu_supports("bmi2") ? HOST_BMI2 : 0;
    h |= __builtin_cpu_supports("lzcnt") ? HOST_LZCNT : 0;
    h |= __builtin_cpu_supports("popcnt") ? HOST_POPCNT : 0;
    h |= __builtin_cpu_supports("fma") ? HOST_FMA : 0;
    h |= __builtin_cpu_supports("sse4.1") ? HOST_SSE41 : 0;
    h |= __builtin_cpu_supports("pclmul") ? HOST_CLMUL : 0;
    h |= __builtin_cpu_supports("aes") ? HOST_AES : 0;
    h |= __builtin_cpu_supports("avx") ? HOST_AVX : 0; /* implies SSE4.2 */
    h |= __builtin_cpu_supports("avx2") ? HOST_AVX2 : 0;
    h |= __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") ? HOST_AVX512 : 0;
    if (hidden & EXEC_HOST_AVX) /* below AVX: SSE2 alone; VEX forms need the OS to enable AVX */
        h &= ~(uint32_t)(HOST_BMI1 | HOST_BMI2 | HOST_FMA | HOST_SSE41 | HOST_CLMUL | HOST_AVX | HOST_AVX2 |
                         HOST_AES | HOST_SHA | HOST_GFNI | HOST_AVX512);
    if (hidden & EXEC_HOST_AVX512)
        h &= ~(uint32_t)HOST_AVX512;
    if (hidden & EXEC_HOST_AVX2)
        h &= ~(uint32_t)HOST_AVX2;
    if (hidden & EXEC_HOST_BMI2)
        h &= ~(uint32_t)(HOST_BMI1 | HOST_BMI2);
    if (hidden & EXEC_HOST_FMA)
        h &= ~(uint32_t)HOST_FMA;
    if (hidden & EXEC_HOST_LZCNT)
        h &= ~(uint32_t)(HOST_LZCNT | HOST_POPCNT | HOST_BMI1);
    if (hidden & EXEC_HOST_CRYPTO)
        h &= ~(uint32_t)(HOST_AES | HOST_SHA | HOST_CLMUL | HOST_GFNI);
    return h;
}

static void x86_destroy(struct exec_backend *be)
{
    if (!be)
        return;
    if (be->perf_map && !be->of)
        fclose(be->perf_map);
    x86_gen_destroy(be);
    if (!be->of)
        x86_buffer_destroy(be);
    free(be);
}

static int open_perf_map(struct exec_backend *be, struct err *e)
{
    char path[64];
    snprintf(path, sizeof(path), "/tmp/perf-%d.map", (int)getpid());
    be->perf_map = fopen(path, "w");
    return be->perf_map ? 0 : err_set(e, ERR_IO, "perf map %s: cannot be written", path);
}

static int x86_create(struct exec_backend **out, struct exec *x, const struct exec_options *o,
                      struct err *e)
{
    uint64_t size = o->code_bytes ? align_up(o->code_bytes, MEM_PAGE) : DEFAULT_BYTES;
    if (size < LEAST_BYTES || size > MOST_BYTES)
        return err_set(e, ERR_ARG, "code buffer of %llu bytes; %llu to %llu are accepted",
                       (unsigned long long)o->code_bytes, LEAST_BYTES, MOST_BYTES);
    struct exec_backend *be = calloc(1, sizeof(*be));
    if (!be)
        return err_set(e, ERR_NOMEM, "code generator: the host has no memory left");
    be->x = x;
    be->host = host_features(o->host_features);
    be->dump = o->dump;
    be->shared = o->parallel;
    be->count_entries = o->region_threshold != UINT32_MAX || o->optimize_threshold != UINT32_MAX;
    int rc = x86_buffer_create(be, size, e);
    if (rc == 0)
        rc = x86_gen_create(be, e);
    if (rc == 0 && o->perf_map)
        rc = open_perf_map(be, e);
    if (rc) {
        x86_destroy(be);
        return rc;
    }
    x86_emit_fixed(be);
    *out = be;
    return 0;
}

/* What it has of the buffer, in 32nds: second translations and regions take a third of what the first ones do. */
#define ANNEX_SHARE 10

static int x86_annex(struct exec_backend **out, struct exec_backend *of, struct err *e)
{
    struct exec_backend *be = malloc(sizeof(*be));
    if (!be)
        return err_set(e, ERR_NOMEM, "code generator: the host has no memory left");
    *be = *of;
    be->of = of;
    be->gen = NULL;
    int rc = x86_gen_create(be, e);
    if (rc) {
        x86_destroy(be);
        return rc;
    }
    be->low = of->high = align_down(of->size - of->size / 32 * ANNEX_SHARE, MEM_PAGE);
    be->filled = of->filled = 0;
    x86_buffer_reset(be);
    x86_buffer_reset(of);
    *out = be;
    return 0;
}

/* ---- patching ---- */

/* One aligned store: other threads may be arriving. */
static void store_entry(struct exec_backend *be, const struct x86_code *c, const uint8_t bytes[8])
{
    uint64_t word;
    memcpy(&word, bytes, sizeof(word));
    __atomic_store_n((uint64_t *)(void *)(be->rw + c->entry), word, __ATOMIC_RELEASE);
}

/* jmp rel32 over the first instruction of an entry, which has at least as many bytes. */
static void patch_entry(struct exec_backend *be, const struct x86_code *c, uint32_t target)
{
    uint8_t bytes[8];
    uint32_t disp = target - (c->entry + 5);
    memcpy(bytes, c->entry_bytes, sizeof(bytes));
    bytes[0] = 0xe9;
    memcpy(&bytes[1], &disp, 4);
    store_entry(be, c, bytes);
}

/* ---- links ---- */

static void hook(struct exec_edge *edge, struct exec_edge **list)
{
    edge->next = *list;
    if (edge->next)
        edge->next->at = &edge->next;
    edge->at = list;
    *list = edge;
}

static void unhook(struct exec_edge *edge)
{
    *edge->at = edge->next;
    if (edge->next)
        edge->next->at = edge->at;
    edge->next = NULL;
    edge->at = NULL;
}

/* Where links to a block that is not retired lead: past it, to the region that stands for it, if there is one. */
static uint32_t way_in(const struct x86_code *c)
{
    return c->replaced_by ? c->replaced_by->link_entry : c->link_entry;
}

static void lead_links(struct exec_backend *be, const struct x86_code *c)
{
    for (const struct exec_edge *edge = c->incoming; edge; edge = edge->next)
        asm_patch(&be->a, edge->guard ? edge->guard : edge->patch, way_in(c));
}

/* To another page: compare its fetch entry, move cpu->page. Returns 0 when there is no room. */
static uint32_t emit_link_guard(struct exec_backend *be, struct exec_edge *edge, const struct exec_block *to, int64_t delta)
{
    struct x86_asm *a = &be->a;
    if (asm_offset(a) + GUARD_BYTES > be->half || asm_offset(&be->cold) + GUARD_BYTES > be->end)
        return 0;
    asm_align(a, 16);
    uint32_t miss = asm_offset(&be->cold), at = asm_offset(a);
    asm_mov_ri(&be->cold, RAX, (uint32_t)edge->target);
    asm_jmp(&be->cold, be->fixed.leave_at[EXEC_LEAVE_LOOKUP]);
    asm_rm(a, 0x8b | OP_W, RDX, CPU_MEM(page));
    asm_alu_ri(a, ALU_ADD, true, RDX, (int32_t)delta);
    x86_emit_guard(a, to->page, miss);
    asm_rm(a, 0x89 | OP_W, RDX, CPU_MEM(page));
    asm_align_field(a, 1);
    edge->guard = asm_jmp(a, way_in(to->backend_private));
    return at;
}

/*
 * Left unlinked are edges that cannot be followed without asking: to another mode, or
 * when there is no memory or room for the link. The run loop goes on finding the target.
 */
static void x86_link(struct exec_backend *be, struct exec_edge *edge, struct exec_block *to)
{
    struct x86_code *c = to->backend_private;
    if (to->retired || edge->from->retired || to->mode != edge->from->mode)
        return;
    int64_t delta = (int64_t)align_down((uint64_t)(int64_t)edge->target, MEM_PAGE);
    uint32_t target = delta ? emit_link_guard(be, edge, to, delta) : way_in(c);
    if (!target)
        return;
    if (edge->at)
        unhook(edge);
    asm_patch(&be->a, edge->patch, target);
    edge->to = to;
    hook(edge, &c->incoming);
}

static void unlink_edge(struct exec_backend *be, struct exec_edge *edge)
{
    const struct x86_code *from = edge->from->backend_private;
    asm_patch(&be->a, edge->patch, from->edge_stubs[edge - edge->from->edges]);
    edge->to = NULL;
    edge->guard = 0;
    unhook(edge);
}

static void x86_retire(struct exec_backend *be, struct exec_block *b)
{
    struct x86_code *c = b->backend_private;
    b->retired = true;
    patch_entry(be, c, c->lookup_stub);
    while (c->incoming)
        unlink_edge(be, c->incoming);
    for (struct x86_code *r = c->replaces, *next; r; r = next) {
        next = r->next_replaced;
        r->replaced_by = r->next_replaced = NULL;
        if (r->block->retired)
            patch_entry(be, r, r->lookup_stub);
        else
            store_entry(be, r, r->entry_bytes);
        lead_links(be, r);
    }
    c->replaces = NULL;
}

/* A region that stood at the entry went with the block. */
static void x86_revive(struct exec_backend *be, struct exec_block *b)
{
    const struct x86_code *c = b->backend_private;
    b->retired = false;
    store_entry(be, c, c->entry_bytes);
}

static void lead(struct exec_backend *be, struct x86_code *from, struct x86_code *to)
{
    patch_entry(be, from, to->entry);
    from->next_replaced = to->replaces;
    from->replaced_by = to;
    to->replaces = from;
}

static void x86_replace(struct exec_backend *be, struct exec_block *b, struct exec_block *region)
{
    if (b->retired || region->retired)
        return;
    lead(be, b->backend_private, region->backend_private);
    lead_links(be, b->backend_private);
}

/* The counter's cache line would go from one CPU's host to the other's at each arrival. */
static void x86_uncount(struct exec_backend *be, struct exec_block *b)
{
    const struct x86_code *c = b->backend_private;
    if (be->shared && be->count_entries && !b->retired && !b->region)
        patch_entry(be, c, c->counted);
}

/* Other threads may still be in the old code, and leave it by its links, which lead where they did. */
static void x86_supersede(struct exec_backend *be, struct exec_block *old, struct exec_block *b)
{
    struct x86_code *o = old->backend_private, *c = b->backend_private;
    while (o->incoming) {
        struct exec_edge *edge = o->incoming;
        unhook(edge);
        edge->to = b;
        asm_patch(&be->a, edge->guard ? edge->guard : edge->patch, c->link_entry);
        hook(edge, &c->incoming);
    }
    old->retired = true;
    lead(be, o, c);
    for (unsigned k = 0; k < old->n_edges; k++) {
        struct exec_edge *edge = &old->edges[k];
        struct exec_block *to = edge->to;
        if (!edge->at)
            continue;
        unhook(edge);
        edge->to = NULL;
        /* A branch that passes found to go one way is a jump. */
        if (k < b->n_edges && b->edges[k].patch != 0 && b->edges[k].target == edge->target)
            x86_link(be, &b->edges[k], to);
    }
}

static void x86_flush(struct exec_backend *be)
{
    x86_buffer_reset(be);
}

/* ---- halves ---- */

static uint32_t x86_old(const struct exec_backend *be)
{
    return be->has_all || be->wants_all ? 3 : 2u >> be->part;
}

static void x86_forget(struct exec_backend *be, struct exec_block *b)
{
    struct x86_code *c = b->backend_private;
    (void)be;
    for (unsigned k = 0; k < b->n_edges; k++)
        if (b->edges[k].at)
            unhook(&b->edges[k]);
    if (c->replaced_by) {
        struct x86_code **at = &c->replaced_by->replaces;
        while (*at != c)
            at = &(*at)->next_replaced;
        *at = c->next_replaced;
    }
}

static uint32_t x86_turn(struct exec_backend *be)
{
    x86_buffer_turn(be);
    return be->part;
}

/* Guards of links lie where code was being filled in when they were made. */
static void x86_sever(struct exec_backend *be, struct exec_block *b)
{
    for (unsigned k = 0; k < b->n_edges; k++)
        if (b->edges[k].at && b->edges[k].guard >= be->begin && b->edges[k].guard < be->end)
            unlink_edge(be, &b->edges[k]);
}

/* ---- running ---- */

static enum exec_leave run_at(struct exec_backend *be, struct cpu *cpu, const struct ir_guest *guest, uint32_t entry)
{
    typedef unsigned run_fn(struct cpu *, const void *);
    uintptr_t run = (uintptr_t)be->rx + be->fixed.run;
    uint32_t host = __builtin_ia32_stmxcsr(), first = (cpu->fp_mode & 0xffc0) | 0x1f80; /* flags clear, nothing traps */
    uint32_t mask = guest->fp == IR_FP_X86 ? 0x3f : 0x3f & ~CPU_FP_DENORMAL;
    if (first != host) /* loading it takes as long as a short look-up */
        __builtin_ia32_ldmxcsr(first);
    unsigned why = ((run_fn *)run)(cpu, be->rx + entry);
    uint32_t last = __builtin_ia32_stmxcsr();
    cpu->fp_flags |= last & mask;
    if (last != (host & ~0x3fu)) /* nobody asks for C's own flags, and the next look at them is spared */
        __builtin_ia32_ldmxcsr(host & ~0x3fu);
    return (enum exec_leave)why;
}

static enum exec_leave x86_run(struct exec_backend *be, struct cpu *cpu, struct exec_block *b)
{
    const struct x86_code *c = b->backend_private;
    return run_at(be, cpu, c->guest, c->entry);
}

static enum exec_leave x86_resume(struct exec_backend *be, struct cpu *cpu)
{
    return run_at(be, cpu, cpu->isa->guest, be->fixed.jump);
}

static uint64_t x86_code_used(const struct exec_backend *be)
{
    return x86_buffer_used(be);
}

static bool x86_has_v256(const struct exec_backend *be)
{
    return be->host & HOST_AVX512;
}

const struct exec_backend_ops exec_x86_64 = {
    .name = "x86_64",
    .create = x86_create,
    .destroy = x86_destroy,
    .compile = x86_compile,
    .compile_quick = x86_compile_quick,
    .annex = x86_annex,
    .has_v256 = x86_has_v256,
    .supersede = x86_supersede,
    .link = x86_link,
    .retire = x86_retire,
    .revive = x86_revive,
    .replace = x86_replace,
    .uncount = x86_uncount,
    .flush = x86_flush,
    .old = x86_old,
    .forget = x86_forget,
    .turn = x86_turn,
    .sever = x86_sever,
    .run = x86_run,
    .resume = x86_resume,
    .code_used = x86_code_used,
};
