/* SPDX-License-Identifier: Apache-2.0 */
#include "test/core/exec/random_ir.h"
#include "test/check_main.h"
#include "core/exec/vec_native.h"
#include "core/util/hash.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

uint64_t rig_random(uint64_t *s)
{
    *s += 0x9e3779b97f4a7c15ull;
    return hash_mix(*s);
}

/* ---- the CPU ---- */

#define LOWER(n) { .name = "y" #n, .offset = offsetof(struct rig, y[n][0]), .type = IR_V128, .upper = RIG_YH + n }
#define UPPER(n) { .name = "yh" #n, .offset = offsetof(struct rig, y[n][1]), .type = IR_V128 }
#define Y_SLOTS(M)                                                                                                      \
    M(0), M(1), M(2), M(3), M(4), M(5), M(6), M(7), M(8), M(9), M(10), M(11), M(12), M(13), M(14), M(15), M(16), M(17), M(18), M(19)
#define SLOT(n, m, i, t) { .name = n, .offset = offsetof(struct rig, m[i]), .type = t }
#define LOWER_SLOT(n, m, i, up) { .name = n, .offset = offsetof(struct rig, m[i]), .type = IR_V128, .upper = (up) }
static const struct ir_slot slots[RIG_SLOTS] = {
    { .name = "zero", .offset = offsetof(struct rig, zero), .type = IR_I64, .zero = true },
    SLOT("x1", x, 0, IR_I64), SLOT("x2", x, 1, IR_I64), SLOT("x3", x, 2, IR_I64),
    SLOT("x4", x, 3, IR_I64), SLOT("x5", x, 4, IR_I64), SLOT("x6", x, 5, IR_I64),
    SLOT("x7", x, 6, IR_I64), SLOT("x8", x, 7, IR_I64),
    SLOT("x9", x, 8, IR_I64), SLOT("x10", x, 9, IR_I64), SLOT("x11", x, 10, IR_I64), SLOT("x12", x, 11, IR_I64),
    SLOT("x13", x, 12, IR_I64), SLOT("x14", x, 13, IR_I64), SLOT("x15", x, 14, IR_I64), SLOT("x16", x, 15, IR_I64),
    SLOT("x17", x, 16, IR_I64), SLOT("x18", x, 17, IR_I64), SLOT("x19", x, 18, IR_I64), SLOT("x20", x, 19, IR_I64),
    SLOT("w0", w, 0, IR_I32), SLOT("w1", w, 1, IR_I32), SLOT("w2", w, 2, IR_I32),
    SLOT("w3", w, 3, IR_I32),
    SLOT("s0", s, 0, IR_I64), SLOT("s1", s, 1, IR_I64), SLOT("s2", s, 2, IR_I64),
    SLOT("f0", f, 0, IR_F64), SLOT("f1", f, 1, IR_F64), SLOT("f2", f, 2, IR_F64),
    SLOT("f3", f, 3, IR_F64), SLOT("f4", f, 4, IR_F64), SLOT("f5", f, 5, IR_F64),
    LOWER_SLOT("v0", v, 0, RIG_V + 1), SLOT("v1", v, 1, IR_V128), LOWER_SLOT("v2", v, 2, RIG_V + 3),
    SLOT("v3", v, 3, IR_V128), SLOT("v4", v, 4, IR_V128),
    Y_SLOTS(LOWER), Y_SLOTS(UPPER),
};

static uint64_t help_pure(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    (void)cpu;
    return a * 3 + (b ^ c) - d;
}

static uint64_t help_reads(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    struct rig *r = (struct rig *)cpu;
    r->helper_calls++;
    return hash_bytes(a + b + c + d, r->x, offsetof(struct rig, helper_calls) -
                                               offsetof(struct rig, x));
}

static uint64_t help_writes(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    struct rig *r = (struct rig *)cpu;
    (void)c, (void)d;
    r->helper_calls++;
    r->x[a % RIG_N_X] += b;
    r->w[b % RIG_N_W] ^= (uint32_t)a;
    r->f[a % RIG_N_F] = b;
    r->v[a % RIG_N_V].d[b & 1] += a;
    r->y[a % RIG_N_Y][b & 1].d[a & 1] += b;
    return r->x[b % RIG_N_X];
}

static uint64_t help_raises(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    struct rig *r = (struct rig *)cpu;
    (void)c, (void)d;
    r->helper_calls++;
    if (a % 4 == 0)
        cpu_raise(cpu, 2, b, r->x[0], r->x[1]);
    return a;
}

static uint64_t help_time(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    (void)a, (void)b, (void)c, (void)d;
    ((struct rig *)cpu)->helper_calls++;
    return cpu_cycles(cpu) * 1000003 + cpu_insns(cpu) * 1009 + cpu_pc(cpu);
}

/* Shared slots are every helper's. */
static uint64_t help_plain(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    struct rig *r = (struct rig *)cpu;
    r->helper_calls += a + b + c + d;
    if (a & 1)
        r->s[b % RIG_N_S] += c ^ a;
    return r->helper_calls ^ r->s[a % RIG_N_S];
}

static uint64_t help_light_exits(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    uint64_t v = help_plain(cpu, a, b, c, d);
    if (a % 8 == 0)
        cpu_raise(cpu, 2, b, c, d);
    else if (a % 8 == 1)
        cpu->exit |= CPU_EXIT_RESYNC; /* it asks to leave */
    return v;
}

/* A store; the light form does it where the TLB has an entry. */
static uint64_t help_store(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    va_t va = RIG_BASE + (a & (RIG_PAGES * MEM_PAGE - 8));
    enum rig_page kind = rig_page_kind(va);
    (void)c, (void)d;
    rig_churn(cpu);
    if (kind == RIG_FAULT || kind == RIG_READ_ONLY)
        cpu_raise(cpu, 15, va, 0, 0);
    else
        rig_write(cpu, va, 8, b);
    return 0;
}

static uint64_t help_quick_store(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    uint8_t *host = mmu_store_hit(cpu, RIG_BASE + (a & (RIG_PAGES * MEM_PAGE - 8)), 8);
    (void)c, (void)d;
    if (host != NULL)
        memcpy(host, &b, 8);
    return host != NULL;
}

static void enter_page(struct rig *r, uint64_t page);

/* Two pages change places. */
static uint64_t help_remap(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    struct rig *r = (struct rig *)cpu;
    uint64_t p = a % RIG_PAGES, q = b % RIG_PAGES;
    uint8_t t = r->map[p];
    (void)c, (void)d;
    r->map[p] = r->map[q];
    r->map[q] = t;
    enter_page(r, p);
    enter_page(r, q);
    return p;
}

static uint64_t help_trap(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    cpu_raise(cpu, 3, a + b + c + d, 0, 0);
    return 0;
}

static const struct ir_helper helpers[RIG_HELPERS] = {
    [RIG_PURE] = { "pure", help_pure, IR_CALL_PURE },
    [RIG_READS] = { "reads", help_reads, IR_CALL_READS },
    [RIG_WRITES] = { "writes", help_writes, IR_CALL_READS | IR_CALL_WRITES },
    [RIG_RAISES] = { "raises", help_raises, IR_CALL_EXITS | IR_CALL_READS | IR_CALL_TIME },
    [RIG_TIME] = { "time", help_time, IR_CALL_TIME },
    [RIG_MODE] = { "mode", help_writes,
                   IR_CALL_MODE | IR_CALL_READS | IR_CALL_WRITES | IR_CALL_EXITS | IR_CALL_TIME },
    [RIG_PLAIN] = { "plain", help_plain, 0 },
    [RIG_LIGHT] = { "light", help_plain, IR_CALL_LIGHT },
    [RIG_LIGHT_PURE] = { "light_pure", help_pure, IR_CALL_LIGHT | IR_CALL_PURE },
    [RIG_LIGHT_EXITS] = { "light_exits", help_light_exits, IR_CALL_LIGHT | IR_CALL_EXITS },
    [RIG_LIGHT_TIME] = { "light_time", help_time, IR_CALL_LIGHT | IR_CALL_TIME },
    [RIG_QUICK] = { "quick", help_store, IR_CALL_EXITS, help_quick_store },
    [RIG_REMAP] = { "remap", help_remap, 0 },
    [RIG_TRAP] = { "trap", help_trap, IR_CALL_EXITS },
};

/* Any mixture that shows which operands came, and where from. */
static void help_vector(struct cpu *cpu, union ir_vec *dst, const union ir_vec *a,
                        const union ir_vec *b, const union ir_vec *c, uint64_t imm)
{
    union ir_vec r = { .d = { imm, ~imm } };
    for (unsigned i = 0; i < 2; i++)
        r.d[i] += (a ? 3 * a->d[i] : 5) ^ (b ? 7 * b->d[i ^ 1] : 11) ^ (c ? c->d[i] : 13);
    cpu->fp_flags |= (uint32_t)imm & CPU_FP_INEXACT;
    *dst = r;
}
static const struct ir_vec_helper vec_helpers[] = {
    { "vector", help_vector, IR_NATIVE_NONE },
#define VEC_NATIVE(name, native) { #name, vec_##name, IR_NATIVE_##native },
#include "core/exec/vec_native.def"
#undef VEC_NATIVE
};

/* x5 to x8 of one guest are late slots. */
#define GUEST(rule)                                                                                \
    { .name = "rig", .slots = slots, .n_slots = RIG_SLOTS, .helpers = helpers,                     \
      .n_helpers = RIG_HELPERS, .fp = rule, .vec_helpers = vec_helpers, .n_vec_helpers = ARRAY_LEN(vec_helpers), \
      .late = 5, .n_late = (rule) == IR_FP_X86 ? IR_MAX_LATE : 0, .stack = RIG_STACK,               \
      .shared = RIG_S, .n_shared = RIG_N_S,                                                        \
      .mode_at = (rule) == IR_FP_ARM ? offsetof(struct rig, mode) : 0 }
static const struct ir_guest guests[] = { [IR_FP_RISCV] = GUEST(IR_FP_RISCV),
                                          [IR_FP_ARM] = GUEST(IR_FP_ARM),
                                          [IR_FP_X86] = GUEST(IR_FP_X86),
                                          [IR_FP_LOONGARCH] = GUEST(IR_FP_LOONGARCH) };

const struct ir_guest *rig_guest(enum ir_fp_rule rule)
{
    return &guests[rule];
}

enum rig_page rig_page_kind(va_t va)
{
    uint64_t page = ((va & ~RIG_ABOVE) - RIG_BASE) / MEM_PAGE;
    if (page >= RIG_PAGES)
        return RIG_FAULT;
    return page < 10 ? RIG_FAST : page < 13 ? RIG_SLOW : page < 15 ? RIG_READ_ONLY : RIG_FAULT;
}

uint8_t *rig_host(struct cpu *cpu, va_t va)
{
    const struct rig *r = (const struct rig *)cpu;
    return r->ram.host + r->map[((va & ~RIG_ABOVE) - RIG_BASE) / MEM_PAGE % RIG_PAGES] * MEM_PAGE + va % MEM_PAGE;
}

uint64_t rig_read(struct cpu *cpu, va_t va, unsigned size)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < size; i++)
        v |= (uint64_t)*rig_host(cpu, va + i) << 8 * i;
    return v;
}

void rig_write(struct cpu *cpu, va_t va, unsigned size, uint64_t v)
{
    for (unsigned i = 0; i < size; i++)
        *rig_host(cpu, va + i) = (uint8_t)(v >> 8 * i);
}

/* As mmu/tlb.c: a copy goes before what it was made of. */
static void set_entry(struct mmu_set *set, struct mmu_entry *e, struct mmu_entry to)
{
    if (e->tag == set->stack.tag)
        set->stack = (struct mmu_stack){ 0 };
    *e = to;
}

/* Load and store entries of a data page: those that are wanted, of those that may be; `above`: of its other address. */
static void enter(struct rig *r, uint64_t page, bool load, bool store, bool above)
{
    va_t va = RIG_BASE + page * MEM_PAGE + (above ? RIG_ABOVE : 0);
    uint64_t i = va >> MEM_PAGE_SHIFT & (MMU_WAYS - 1);
    enum rig_page kind = rig_page_kind(va);
    struct mmu_entry e = { .tag = va, .addend = (uint64_t)(uintptr_t)rig_host(&r->cpu, va) - va };
    struct mmu_entry none = { .tag = (i ^ 1) << MEM_PAGE_SHIFT };
    set_entry(r->set, &r->set->store[i], store && kind == RIG_FAST ? e : none);
    set_entry(r->set, &r->set->load[i], load && (kind == RIG_FAST || kind == RIG_READ_ONLY) ? e : none);
}

static void enter_page(struct rig *r, uint64_t page)
{
    enter(r, page, true, true, false);
}

void rig_churn(struct cpu *cpu)
{
    struct rig *r = (struct rig *)cpu;
    uint64_t n = rig_random(&r->churn);
    if (n % 4 == 0)
        enter(r, n / 16 % RIG_PAGES, n & 4, n & 8, (n >> 8) % 4 == 0);
}

uint64_t rig_interesting(uint64_t *s)
{
    static const uint64_t values[] = {
        0, 1, 2, 3, 7, 8, 31, 32, 63, 64, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff,
        0x80000000, 0xffffffff, 0x7fffffffffffffff, 0x8000000000000000, ~0ull, ~1ull,
        0xffffffff80000000, 0x5555555555555555, 0xfffffffffffff800,
    };
    static const uint64_t floats[] = {
        0x0000000000000000, 0x8000000000000000, 0x3ff0000000000000, 0xbff0000000000000,
        0x7ff0000000000000, 0xfff0000000000000, 0x7ff8000000000000, 0x7ff0000000000001,
        0x0010000000000000, 0x000fffffffffffff, 0x0000000000000001, 0x7fefffffffffffff,
        0x4330000000000001, 0x43e0000000000000, 0xc3e0000000000000, 0x41dfffffffc00000,
        0xffffffff3f800000, 0xffffffff7fc00000, 0xffffffff7f800001, 0xffffffff00000001,
        0xffffffff7f7fffff, 0xffffffff00800000, 0xffffffffff800000, 0x3fb999999999999a,
    };
    uint64_t r = rig_random(s);
    switch (r % 4) {
    case 0: return values[(r >> 8) % ARRAY_LEN(values)];
    case 1: return floats[(r >> 8) % ARRAY_LEN(floats)];
    case 2: return rig_random(s) >> (r >> 8) % 64;
    default: return rig_random(s);
    }
}

void rig_reset(struct rig *r, uint64_t seed)
{
    uint64_t s = seed;
    static const uint32_t rounding[4] = { 0, 1, 2, 3 };
    struct cpu *cpu = &r->cpu;
    struct mmu_set *set = r->set;
    uint8_t *host = r->ram.host;
    memset(cpu, 0, sizeof(*cpu));
    cpu->set = set;
    cpu->page = RIG_CODE;
    cpu->exec_private = &r->exec;
    cpu->machine = &r->machine;
    cpu->uniform = seed & 1 ? 3 : 0;
    cpu->fp_mode = 0x1f80 | rounding[rig_random(&s) & 3] << 13;
    cpu->cycles_end = 1000000;
    cpu->insns_end = 400000;
    for (unsigned i = 0; i < RIG_N_X; i++)
        r->x[i] = rig_interesting(&s);
    r->x[RIG_STACK - RIG_X] = RIG_BASE + (rig_random(&s) & (15 * MEM_PAGE + 0xff8));
    for (unsigned i = 0; i < RIG_N_POINTERS; i++)
        r->x[RIG_POINTER - RIG_X + i] = RIG_BASE + (rig_random(&s) & (15 * MEM_PAGE + 0xff8));
    for (unsigned i = 0; i < RIG_N_S; i++)
        r->s[i] = rig_interesting(&s);
    r->churn = r->seed = seed;
    for (unsigned i = 0; i < RIG_N_W; i++)
        r->w[i] = (uint32_t)rig_interesting(&s);
    for (unsigned i = 0; i < RIG_N_F; i++)
        r->f[i] = rig_interesting(&s);
    for (unsigned i = 0; i < RIG_N_V; i++)
        r->v[i] = (union ir_vec){ .d = { rig_interesting(&s), rig_interesting(&s) } };
    for (unsigned i = 0; i < 2 * RIG_N_Y; i++)
        r->y[i / 2][i % 2] = (union ir_vec){ .d = { rig_interesting(&s), rig_interesting(&s) } };
    r->zero = 0;
    r->helper_calls = r->slow_calls = 0;
    for (unsigned i = 0; i < RIG_PAGES * MEM_PAGE; i += 8) {
        uint64_t v = i % 64 == 0 ? rig_interesting(&s) : hash_mix(seed + i);
        if (i % RIG_POINTERS == 0) /* somewhere in the data pages, mostly where accesses hit */
            v = RIG_BASE + (v & ((v >> 60 ? 7 : 15) * MEM_PAGE + 0xff8));
        memcpy(host + i, &v, 8);
    }
    for (uint64_t p = 0; p < RIG_PAGES; p++)
        r->map[p] = (uint8_t)(p * 7 % RIG_PAGES);
    set->stack = (struct mmu_stack){ 0 };
    for (uint64_t p = 0; p < RIG_PAGES; p++)
        enter(r, p, true, true, seed % 4 == 2 && rig_random(&r->churn) % 2);
}

struct rig *rig_create(uint64_t seed)
{
    struct rig *r = calloc(1, sizeof(*r));
    assert(r);
    r->set = calloc(1, sizeof(*r->set));
    r->ram = (struct mem_ram){ .size = RIG_PAGES * MEM_PAGE, .id = 1, .name = "rig" };
    r->ram.host = aligned_alloc(MEM_PAGE, RIG_PAGES * MEM_PAGE);
    assert(r->set && r->ram.host);
    r->machine.rams[0] = &r->ram;
    r->machine.n_rams = 1;
    mmu_set_ways(r->set, MMU_WAYS);
    for (uint64_t i = 0; i < MMU_WAYS; i++)
        r->set->load[i].tag = r->set->store[i].tag = (i ^ 1) << MEM_PAGE_SHIFT;
    for (uint64_t i = 0; i < MMU_FETCHES; i++)
        r->set->fetch[i].tag = (i ^ 1) << MEM_PAGE_SHIFT;
    for (uint64_t i = 0; i < MMU_JUMPS; i++)
        r->set->jump[i].va = mmu_no_jump(i);
    rig_reset(r, seed);
    return r;
}

void rig_destroy(struct rig *r)
{
    free(r->ram.host);
    free(r->set);
    free(r);
}

const char *rig_compare(const struct rig *a, const struct rig *b)
{
    if (memcmp(a->x, b->x, sizeof(a->x)))
        return "x1..x20";
    if (memcmp(a->w, b->w, sizeof(a->w)))
        return "w0..w3";
    if (memcmp(a->s, b->s, sizeof(a->s)))
        return "s0..s2";
    if (memcmp(a->f, b->f, sizeof(a->f)))
        return "f0..f5";
    if (memcmp(a->v, b->v, sizeof(a->v)))
        return "v0..v4";
    if (memcmp(a->y, b->y, sizeof(a->y)))
        return "y0..y19";
    if (a->zero || b->zero)
        return "zero was written";
    if (memcmp(a->ram.host, b->ram.host, RIG_PAGES * MEM_PAGE))
        return "memory";
#define FIELD(m)                                                                                   \
    if (a->cpu.m != b->cpu.m)                                                                      \
    return #m
    FIELD(pc);
    FIELD(page);
    FIELD(budget);
    FIELD(exit);
    FIELD(insns);
    FIELD(fp_flags);
    FIELD(reserved);
    FIELD(cycles_end);
    FIELD(insns_end);
    FIELD(fault.cause);
    FIELD(fault.value);
    FIELD(fault.value2);
    FIELD(fault.value3);
#undef FIELD
    if (a->helper_calls != b->helper_calls)
        return "helper calls";
    return a->cpu.site || b->cpu.site ? "site was left" : NULL;
}
