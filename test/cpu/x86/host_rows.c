/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of the decode tables with random operands, by the host and by both executors. */
#include "test/cpu/x86/host_rows.h"
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include "cpu/x86/opcode.h"
#include "test/check_main.h"
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

uint64_t x86_host_random(void *arg)
{
    uint64_t *s = arg, z = *s += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

/* ---- operands ---- */
static const uint32_t floats[] = {
    0, 1, 0x7fffff, 0x800000, 0x3f800000, 0x3f7fffff, 0x3f800001, 0x40490fdb, 0x4b000000, 0x4effffff, 0x4f000000,
    0x5f000000, 0x5effffff, 0x7f7fffff, 0x7f800000, 0x7f800001, 0x7fbfffff, 0x7fc00000, 0x7fc12345, 0x3f000000,
    0x3effffff, 0x3fc00000, 0x40200000, 0x1e3ce508, 0x00400000, 0x4f7fffff, 0x38800000, 0x477fe000, 0x477ff000,
    0x33800000, 0x387fc000, 0x2b8cbccc,
};
static const uint64_t doubles[] = {
    0, 1, 0xfffffffffffff, 0x10000000000000, 0x3ff0000000000000, 0x3fefffffffffffff, 0x3ff0000000000001,
    0x400921fb54442d18, 0x4330000000000000, 0x41dfffffffc00000, 0x41e0000000000000, 0x43e0000000000000,
    0x43dfffffffffffff, 0x7fefffffffffffff, 0x7ff0000000000000, 0x7ff0000000000001, 0x7ff7ffffffffffff,
    0x7ff8000000000000, 0x7ff8123456789abc, 0x3fe0000000000000, 0x3fdfffffffffffff, 0x3ff8000000000000,
    0x4004000000000000, 0x2000000000000000, 0x0008000000000000, 0x41efffffffffffff, 0x41dfffffffe00000,
    0x47efffffefffffff, 0x47effffff0000000, 0x380fffffffffffff, 0x3690000000000000, 0x36a0000000000000,
};
static const uint16_t halves[] = { 0, 1, 0x3ff, 0x400, 0x3c00, 0x3bff, 0x7bff, 0x7c00, 0x7c01, 0x7e00, 0x7fff, 0x4248 };

static uint64_t quad(uint64_t *seed, unsigned kind)
{
    uint64_t r = x86_host_random(seed), x = x86_host_random(seed);
    uint64_t signs = r & 0x8000000080000000;
    switch (kind) {
    case 0: return x;
    case 1: return (floats[x % ARRAY_LEN(floats)] | (uint64_t)floats[(x >> 32) % ARRAY_LEN(floats)] << 32) ^ signs;
    case 2: return doubles[x % ARRAY_LEN(doubles)] ^ (r & BIT(63));
    case 3: return x & 0x0f0f0f0f0f0f0f0f;
    case 4: { /* bytes at the edges of their range */
        static const uint8_t edge[] = { 0, 1, 0x7f, 0x80, 0x81, 0xff, 0xfe, 0x40 };
        uint64_t v = 0;
        for (unsigned i = 0; i < 64; i += 8)
            v |= (uint64_t)edge[x >> i & 7] << i;
        return v;
    }
    case 5: { /* floats of exponents near each other */
        uint64_t e = 0x3f800000ull + ((x >> 32 & 63) - 8) * 0x800000ull;
        return ((e | (x & 0x7fffff)) | (e | (r & 0x7fffff)) << 32) ^ signs;
    }
    case 6: return ((0x3ff + (r & 127) - 16) << 52 | x >> 12) ^ (r & BIT(63));
    case 7: {
        uint64_t v = 0;
        for (unsigned i = 0; i < 64; i += 16)
            v |= (uint64_t)(halves[(x >> i & 0xff) % ARRAY_LEN(halves)] ^ (r >> i & 0x8000)) << i;
        return v;
    }
    case 8: return x & 0xff; /* counts */
    case 9: return (x & 0x3f0000003f);
    case 10: { /* tiny and huge doubles: products round at the edges */
        uint64_t e = r & 2 ? 0x200 + (x & 7) : 0x5ff - (x & 7);
        return (e << 52 | x >> 12) ^ (r & BIT(63));
    }
    default: { /* likewise floats */
        uint64_t e = r & 2 ? 0x40u - (x & 3) : 0xbfu + (x & 3);
        return ((e << 23 | (x >> 8 & 0x7fffff)) | (e << 23 | (x >> 32 & 0x7fffff)) << 32) ^ signs;
    }
    }
}

static void fill(uint64_t *seed, uint64_t *q, unsigned n)
{
    unsigned kind = x86_host_random(seed) % 12;
    bool mixed = x86_host_random(seed) % 4 == 0;
    for (unsigned i = 0; i < n; i++)
        q[i] = quad(seed, mixed ? x86_host_random(seed) % 12 : kind);
}

static void fill_controls(uint64_t *seed, struct host_record *r)
{
    uint64_t x = x86_host_random(seed);
    r->flags = 0x202 | (x & 0x8d5);
    r->mxcsr = 0x1f80 | (x >> 16 & 0xe000) | (x & 0x70000000 ? 0 : 0x40);
    if (x >> 40 & 3)
        r->mxcsr &= 0x7fff; /* FTZ now and then */
}

static void fill_record(uint64_t *seed, struct host_record *r, bool more)
{
    memset(r, 0, sizeof(*r));
    for (unsigned i = 0; i < 16; i++)
        r->gpr[i] = quad(seed, x86_host_random(seed) % 10);
    fill_controls(seed, r);
    r->more = more;
    for (unsigned i = 0; i < 8; i++) {
        r->k[i] = x86_host_random(seed);
        r->mm[i] = quad(seed, x86_host_random(seed) % 12);
    }
    for (unsigned i = 0; i < 32; i++)
        fill(seed, r->zmm[i], 8);
    for (unsigned i = 0; i < HOST_MEMORY; i += 64)
        fill(seed, (uint64_t *)(void *)(r->memory + i), 8);
}

/* ---- addresses ---- */
/* Can its registers be made to address the record's memory? Sets them. */
static bool place_memory(const struct x86_decoded *d, struct host_record *r, const char *name, uint32_t record)
{
    uint32_t target = record + (uint32_t)offsetof(struct host_record, memory) + HOST_MEMORY / 2;
    for (unsigned i = 0; i < d->n_ops; i++)
        if (d->op[i].kind == X86_OP_REG && d->op[i].reg == 4)
            return false;
    bool memory = false;
    for (unsigned i = 0; i < d->n_ops; i++)
        memory |= d->op[i].kind == X86_OP_MEM;
    if (!memory)
        return true;
    if (d->base == X86_NO_REG || d->base == X86_REG_RIP || d->base == 4 || d->seg_override || d->base == d->index)
        return false;
    if (d->vsib) {
        bool quads = strstr(name, "gatherq") || strstr(name, "scatterq");
        for (unsigned i = 0; i < 8; i++)
            r->zmm[d->index][i] &= quads ? 15 : 0x0000000f0000000f;
    } else if (d->index != X86_NO_REG) {
        if (d->index == 4)
            return false;
        r->gpr[d->index] = 0;
    }
    r->gpr[d->base] = target - (uint64_t)d->disp;
    if (d->addr_size == 4)
        r->gpr[d->base] = (uint32_t)r->gpr[d->base];
    return true;
}

static unsigned registers_for(const struct x86_cpu *c, const struct x86_decoded *d)
{
    unsigned what = x86_cpu_has(c, X86_F_AVX512F) ? HOST_ZMM : x86_cpu_has(c, X86_F_AVX) ? HOST_YMM : 0;
    for (unsigned i = 0; i < d->n_ops; i++)
        what |= d->op[i].kind == X86_OP_MM ? HOST_MM : 0;
    return what;
}

/* ---- comparing ---- */
static void print_words(const char *name, const uint64_t *a, const uint64_t *b, const uint64_t *in, unsigned n)
{
    if (memcmp(a, b, 8 * n) == 0)
        return;
    fprintf(stderr, "  %s\n    was  ", name);
    for (unsigned i = n; i-- > 0;)
        fprintf(stderr, " %016llx", (unsigned long long)in[i]);
    fprintf(stderr, "\n    host ");
    for (unsigned i = n; i-- > 0;)
        fprintf(stderr, " %016llx", (unsigned long long)a[i]);
    fprintf(stderr, "\n    guest");
    for (unsigned i = n; i-- > 0;)
        fprintf(stderr, " %016llx", (unsigned long long)b[i]);
    fputc('\n', stderr);
}

static void print_inputs(const struct x86_decoded *d, const struct host_record *in)
{
    for (unsigned i = 0; i < d->n_ops; i++) {
        const uint64_t *q = NULL;
        unsigned n = 0;
        switch (d->op[i].kind) {
        case X86_OP_VEC: q = in->zmm[d->op[i].reg]; n = MAX(d->vl, 16) / 8; break;
        case X86_OP_MM: q = &in->mm[d->op[i].reg]; n = 1; break;
        case X86_OP_REG: q = &in->gpr[d->op[i].reg]; n = 1; break;
        case X86_OP_K: q = &in->k[d->op[i].reg]; n = 1; break;
        case X86_OP_MEM: q = (const uint64_t *)(const void *)(in->memory + HOST_MEMORY / 2); n = MAX(d->vl, 16) / 8; break;
        default: break;
        }
        fprintf(stderr, "  operand %u:", i);
        for (unsigned w = n; w-- > 0;)
            fprintf(stderr, " %016llx", (unsigned long long)q[w]);
        fputc('\n', stderr);
    }
    if (d->evex)
        fprintf(stderr, "  k%u %016llx\n", d->k, (unsigned long long)in->k[d->k]);
}

static bool differs(const struct x86_decoded *d, const char *who, const struct host_record *in,
                    const struct host_record *host, const struct host_record *guest)
{
    char text[128], name[16];
    if (memcmp(host, guest, offsetof(struct host_record, stack)) == 0)
        return false;
    x86_disassemble(d, HOST_CODE, text, sizeof(text));
    fprintf(stderr, "%s: %s (mxcsr %04x)\n", who, text, in->mxcsr);
    print_inputs(d, in);
    if (host->mxcsr != guest->mxcsr)
        fprintf(stderr, "  mxcsr: host %04x guest %04x\n", host->mxcsr, guest->mxcsr);
    print_words("flags", &host->flags, &guest->flags, &in->flags, 1);
    for (unsigned i = 0; i < 16; i++) {
        snprintf(name, sizeof(name), "gpr%u", i);
        print_words(name, &host->gpr[i], &guest->gpr[i], &in->gpr[i], 1);
    }
    for (unsigned i = 0; i < 8; i++) {
        snprintf(name, sizeof(name), "k%u", i);
        print_words(name, &host->k[i], &guest->k[i], &in->k[i], 1);
        snprintf(name, sizeof(name), "mm%u", i);
        print_words(name, &host->mm[i], &guest->mm[i], &in->mm[i], 1);
    }
    for (unsigned i = 0; i < 32; i++) {
        snprintf(name, sizeof(name), "zmm%u", i);
        print_words(name, host->zmm[i], guest->zmm[i], in->zmm[i], 8);
    }
    print_words("memory", (const uint64_t *)(const void *)host->memory, (const uint64_t *)(const void *)guest->memory,
                (const uint64_t *)(const void *)in->memory, HOST_MEMORY / 8);
    return true;
}

/* ---- running ---- */
struct rig {
    struct pc guest[2];
    uint8_t *page;
    uint64_t seed, done, batches;
    const struct host_rows *rows;
    struct host_record in[HOST_COUNT], native[HOST_COUNT], out[HOST_COUNT];
    unsigned wrong;
};
enum { INTERPRETED, TRANSLATED };

static uint32_t address_of(unsigned i)
{
    return HOST_RECORDS + i * (uint32_t)sizeof(struct host_record);
}

/* The whole state, and what the instruction needs of it. */
static bool fill_all(struct rig *g, const struct x86_decoded *d)
{
    for (unsigned i = 0; i < HOST_COUNT; i++) {
        fill_record(&g->seed, &g->in[i], i + 1 < HOST_COUNT);
        if ((g->rows->prepare != NULL && !g->rows->prepare(d, &g->in[i], address_of(i), &g->seed)) ||
            !place_memory(d, &g->in[i], x86_insn_descs[d->form].name, address_of(i)))
            return false;
    }
    return true;
}

/* New operands, flags and MXCSR alone. */
static void refresh(struct rig *g, const struct x86_decoded *d)
{
    for (unsigned i = 0; i < HOST_COUNT; i++) {
        struct host_record *r = &g->in[i];
        for (unsigned n = 0; n < d->n_ops; n++)
            switch (d->op[n].kind) {
            case X86_OP_VEC: fill(&g->seed, r->zmm[d->op[n].reg], 8); break;
            case X86_OP_MM: fill(&g->seed, &r->mm[d->op[n].reg], 1); break;
            case X86_OP_K: r->k[d->op[n].reg] = x86_host_random(&g->seed); break;
            case X86_OP_MEM: fill(&g->seed, (uint64_t *)(void *)(r->memory + HOST_MEMORY / 2), 8); break;
            case X86_OP_REG:
                if (d->op[n].reg != d->base && d->op[n].reg != d->index)
                    r->gpr[d->op[n].reg] = quad(&g->seed, x86_host_random(&g->seed) % 10);
                break;
            default: break;
            }
        r->k[d->k] = x86_host_random(&g->seed);
        fill_controls(&g->seed, r);
        if (g->rows->prepare != NULL)
            (void)g->rows->prepare(d, r, address_of(i), &g->seed);
        (void)place_memory(d, r, x86_insn_descs[d->form].name, address_of(i));
    }
}

static bool batch(struct rig *g, const struct x86_decoded *d, unsigned first)
{
    static const char *const who[] = { "interpreter", "code generator" };
    memcpy(g->page + (HOST_RECORDS - HOST_BASE), g->in, sizeof(g->in));
    x86_host_run_native();
    memcpy(g->native, g->page + (HOST_RECORDS - HOST_BASE), sizeof(g->in));
    for (unsigned k = first; k <= TRANSLATED; k++) {
        memcpy(g->out, g->in, sizeof(g->in));
        if (!x86_host_run_guest(&g->guest[k], g->page, g->out, HOST_COUNT)) {
            char text[128];
            x86_disassemble(d, HOST_CODE, text, sizeof(text));
            fprintf(stderr, "%s: %s does not come to its end: pc %llx\n", who[k], text,
                    (unsigned long long)g->guest[k].c->cpu.pc);
            return false;
        }
        for (unsigned i = 0; i < HOST_COUNT; i++) {
            uint64_t mask = g->rows->flags != NULL ? g->rows->flags(d, &g->in[i]) : ~0ull;
            g->native[i].flags = (g->native[i].flags & mask) | (g->out[i].flags & ~mask);
            if (differs(d, who[k], &g->in[i], &g->native[i], &g->out[i]))
                return false;
        }
    }
    return true;
}

/* One encoding of a form: by both executors, then more of it by translated code. False: not one that can be tested. */
static bool one(struct rig *g, uint16_t form, bool memory)
{
    uint8_t code[X86_MAX_LENGTH + 1] = { 0 };
    struct x86_decoded d;
    const struct x86_cpu *c = g->guest[0].c;
    size_t length = x86_random_insn(form, X86_CODE64, memory, x86_host_random, &g->seed, code);
    if (length == 0 || x86_decode(code, length, X86_CODE64, true, c->decode_ext, &d) != X86_DECODED || d.form != form ||
        d.lock || d.rep || d.repne || !fill_all(g, &d))
        return false;
    x86_host_emit(g->page + (HOST_CODE - HOST_BASE), code, length, registers_for(c, &d));
    bool good = batch(g, &d, INTERPRETED);
    g->done += HOST_COUNT;
    for (uint64_t n = 1; n < g->batches && good && !d.vsib; n++) {
        refresh(g, &d);
        good = batch(g, &d, TRANSLATED);
        g->done += HOST_COUNT;
    }
    g->wrong += !good;
    return true;
}

static void one_form(struct rig *g, uint16_t form)
{
    for (unsigned memory = 0; memory < 2; memory++) {
        unsigned wrong = g->wrong;
        for (unsigned attempt = 0; attempt < 20 && !one(g, form, memory); attempt++)
            ;
        if (wrong != g->wrong)
            return;
    }
}

uint64_t x86_host_rows(const struct host_rows *rows, uint64_t steps)
{
    struct rig *g = calloc(1, sizeof(*g));
    const char *only = getenv("HOST_ONLY");
    ck_assert_ptr_nonnull(g);
    g->seed = test_fuzz_seed();
    g->rows = rows;
    g->batches = 1 + steps / 1000000; /* many operands: more of each encoding */
    g->page = x86_host_page();
    if (g->page == NULL) {
        fprintf(stderr, "the host gives no executable page: nothing compared\n");
        free(g);
        return 0;
    }
    x86_host_create(&g->guest[INTERPRETED], EXEC_INTERP);
    x86_host_create(&g->guest[TRANSLATED], EXEC_JIT);
    uint64_t before;
    do {
        before = g->done;
        for (unsigned form = 0; form < X86_FORM_COUNT && g->wrong < 20; form++)
            if (rows->wanted(g->guest[0].c, (uint16_t)form) &&
                (only == NULL || strcmp(x86_insn_descs[form].name, only) == 0))
                one_form(g, (uint16_t)form);
    } while (g->done != before && g->done < steps && g->wrong == 0);
    uint64_t done = g->done;
    fprintf(stderr, "%llu operands\n", (unsigned long long)done);
    ck_assert_msg(g->wrong == 0, "%u encodings differ from the host", g->wrong);
    pc_destroy(&g->guest[INTERPRETED]);
    pc_destroy(&g->guest[TRANSLATED]);
    munmap(g->page, HOST_SIZE);
    free(g);
    return done;
}
