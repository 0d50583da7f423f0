/* SPDX-License-Identifier: Apache-2.0 */
#include "core/exec/x86_64/gen.h"
#include "core/util/bits.h"
#include <cpuid.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define DEFAULT_BYTES (64ull << 20)
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
    if (hidden & EXEC_HOST_AVX) /* below AVX: SSE2 alone; VEX forms need the OS to enable AVX */
        h &= ~(uint32_t)(HOST_BMI1 | HOST_BMI2 | HOST_FMA | HOST_SSE41 | HOST_CLMUL | HOST_AVX | HOST_AVX2 |
                         HOST_AES | HOST_SHA | HOST_GFNI);
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
    if (be->perf_map)
        fclose(be->perf_map);
    x86_gen_destroy(be);
    arena_destroy(&be->links);
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
    arena_init(&be->links, 0);
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

/* To another page: compare its fetch entry, move cpu->page. Returns 0 when there is no room. */
static uint32_t emit_link_guard(struct exec_backend *be, const struct exec_edge *edge,
                                const struct exec_block *to, int64_t delta)
{
    struct x86_asm *a = &be->a;
    const struct x86_code *c = to->backend_private;
    if (asm_offset(a) + GUARD_BYTES > be->half || asm_offset(&be->cold) + GUARD_BYTES > be->size)
        return 0;
    asm_align(a, 16);
    uint32_t miss = asm_offset(&be->cold), at = asm_offset(a);
    asm_mov_ri(&be->cold, RAX, (uint32_t)edge->target);
    asm_jmp(&be->cold, be->fixed.leave_at[EXEC_LEAVE_LOOKUP]);
    asm_rm(a, 0x8b | OP_W, RDX, CPU_MEM(page));
    asm_alu_ri(a, ALU_ADD, true, RDX, (int32_t)delta);
    x86_emit_guard(a, to->page, miss);
    asm_rm(a, 0x89 | OP_W, RDX, CPU_MEM(page));
    asm_jmp(a, c->link_entry);
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
    uint32_t target = delta ? emit_link_guard(be, edge, to, delta) : c->link_entry;
    if (!target)
        return;
    struct x86_link *l = be->free_links;
    if (l)
        be->free_links = l->next;
    else if (!(l = ARENA_NEW(&be->links, struct x86_link)))
        return;
    asm_patch(&be->a, edge->patch, target);
    edge->to = to;
    l->edge = edge;
    l->next = c->incoming;
    c->incoming = l;
}

static void x86_retire(struct exec_backend *be, struct exec_block *b)
{
    struct x86_code *c = b->backend_private;
    b->retired = true;
    patch_entry(be, c, c->lookup_stub);
    for (struct x86_link *l = c->incoming, *next; l; l = next) {
        const struct x86_code *from = l->edge->from->backend_private;
        next = l->next;
        l->next = be->free_links;
        be->free_links = l;
        if (l->edge->to != b) /* linked elsewhere since */
            continue;
        asm_patch(&be->a, l->edge->patch, from->edge_stubs[l->edge - l->edge->from->edges]);
        l->edge->to = NULL;
    }
    c->incoming = NULL;
    for (struct x86_code *r = c->replaces; r; r = r->next_replaced)
        if (!r->block->retired)
            store_entry(be, r, r->entry_bytes);
    c->replaces = NULL;
}

/* A region that stood at the entry went with the block. */
static void x86_revive(struct exec_backend *be, struct exec_block *b)
{
    const struct x86_code *c = b->backend_private;
    b->retired = false;
    store_entry(be, c, c->entry_bytes);
}

static void x86_replace(struct exec_backend *be, struct exec_block *b, struct exec_block *region)
{
    struct x86_code *c = b->backend_private, *r = region->backend_private;
    if (b->retired || region->retired)
        return;
    patch_entry(be, c, r->entry);
    c->next_replaced = r->replaces;
    r->replaces = c;
}

/* The counter's cache line would go from one CPU's host to the other's at each arrival. */
static void x86_uncount(struct exec_backend *be, struct exec_block *b)
{
    const struct x86_code *c = b->backend_private;
    if (be->shared && be->count_entries && !b->retired && !b->region)
        patch_entry(be, c, c->counted);
}

/* Links inside a page are jumps to it; those from other pages come by the old entry. */
static void redirect(struct exec_backend *be, struct exec_block *b, const struct x86_link *links)
{
    const struct x86_code *c = b->backend_private;
    for (const struct x86_link *l = links; l; l = l->next)
        if (l->edge->to == b && l->edge->target >= 0 && l->edge->target < (int32_t)MEM_PAGE)
            asm_patch(&be->a, l->edge->patch, c->link_entry);
}

static int x86_improve(struct exec_backend *be, const struct ir_unit *u, struct exec_block *b,
                       struct arena *arena, struct err *e)
{
    struct x86_code *old = b->backend_private;
    const void *code = b->code;
    uint32_t patches[2] = { 0 };
    for (unsigned k = 0; k < b->n_edges; k++)
        patches[k] = b->edges[k].patch;
    int rc = x86_compile(be, u, b, arena, e);
    if (rc) {
        b->code = code;
        for (unsigned k = 0; k < b->n_edges; k++)
            b->edges[k].patch = patches[k];
        return rc;
    }
    struct x86_code *c = b->backend_private;
    c->incoming = old->incoming;
    old->incoming = NULL;
    redirect(be, b, c->incoming);
    patch_entry(be, old, c->entry);
    for (unsigned k = 0; k < b->n_edges; k++) {
        struct exec_block *to = b->edges[k].to;
        b->edges[k].to = NULL;
        if (to)
            x86_link(be, &b->edges[k], to);
    }
    return 0;
}

static void x86_flush(struct exec_backend *be)
{
    x86_buffer_reset(be);
    arena_reset(&be->links);
    be->free_links = NULL;
}

/* ---- running ---- */

static enum exec_leave run_at(struct exec_backend *be, struct cpu *cpu, const struct ir_guest *guest, uint32_t entry)
{
    typedef unsigned run_fn(struct cpu *, const void *);
    uintptr_t run = (uintptr_t)be->rx + be->fixed.run;
    uint32_t host = __builtin_ia32_stmxcsr();
    uint32_t mask = guest->fp == IR_FP_X86 ? 0x3f : 0x3f & ~CPU_FP_DENORMAL;
    __builtin_ia32_ldmxcsr((cpu->fp_mode & 0xffc0) | 0x1f80); /* flags clear, nothing traps */
    unsigned why = ((run_fn *)run)(cpu, be->rx + entry);
    cpu->fp_flags |= __builtin_ia32_stmxcsr() & mask;
    __builtin_ia32_ldmxcsr(host);
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

const struct exec_backend_ops exec_x86_64 = {
    .name = "x86_64",
    .create = x86_create,
    .destroy = x86_destroy,
    .compile = x86_compile,
    .compile_quick = x86_compile_quick,
    .improve = x86_improve,
    .link = x86_link,
    .retire = x86_retire,
    .revive = x86_revive,
    .replace = x86_replace,
    .uncount = x86_uncount,
    .flush = x86_flush,
    .run = x86_run,
    .resume = x86_resume,
    .code_used = x86_code_used,
};
