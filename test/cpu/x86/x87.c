/* SPDX-License-Identifier: Apache-2.0 */
/*
 * x87 instructions as functions of the whole FPU state, against the host's FPU where the host is an x86:
 * registers, tags, control and status word, memory, flags. ORRERY_FUZZ_STEPS: how many per instruction.
 */
#include "cpu/x86/x87_op.h"
#include "cpu/x86/bits.h"
#include "test/check_main.h"
#include "test/cpu/x86/x87_host.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum kind { SAME, NEAR };

static uint64_t seed;
static uint64_t next(void)
{
    uint64_t z = seed += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}
static unsigned below(unsigned n)
{
    return (unsigned)(next() % n);
}

/* Where the two makers' processors differ in what the manuals leave open, the host decides which we compare with. */
static bool host_is_amd(void)
{
#ifdef __x86_64__
    return __builtin_cpu_is("amd");
#else
    return false;
#endif
}

/* ---- ours ---- */
static void put_image(struct x86_cpu *c, const struct x87_image *i)
{
    c->fcw = i->fcw & 0xffff;
    c->fsw = i->fsw & 0xffff;
    c->ftw = x87_abridge_tags((uint16_t)i->ftw);
    for (unsigned n = 0; n < 8; n++) {
        unsigned r = x87_phys(c, n);
        memcpy(&c->st[r].m, i->st[n], 8);
        c->st[r].se = (uint64_t)i->st[n][8] | (uint64_t)i->st[n][9] << 8;
    }
    x87_update_pending(c);
}

static void take_image(const struct x86_cpu *c, struct x87_image *i)
{
    i->fcw = (uint32_t)c->fcw;
    i->fsw = (uint32_t)c->fsw;
    i->ftw = x87_full_tags(c);
    for (unsigned n = 0; n < 8; n++) {
        unsigned r = x87_phys(c, n);
        memcpy(i->st[n], &c->st[r].m, 8);
        i->st[n][8] = (uint8_t)c->st[r].se;
        i->st[n][9] = (uint8_t)(c->st[r].se >> 8);
    }
}

static uint64_t operand(const struct x87_trial *t, uint64_t *how)
{
    static const uint8_t bytes[] = { 0, 4, 8, 10, 2, 4, 8, 10 };
    unsigned size = bytes[*how >> X87_SOURCE_SHIFT & 15];
    uint64_t v = 0;
    memcpy(&v, t->mem, size < 8 ? size : 8);
    if (size == 10)
        *how |= (uint64_t)(t->mem[8] | t->mem[9] << 8) << X87_HIGH_SHIFT;
    return v;
}

static void ours(uint64_t how, struct x87_trial *t)
{
    static const struct x86_config intel = { .vendor = X86_INTEL }, amd = { .vendor = X86_AMD };
    struct x86_cpu c;
    unsigned op = how & 0xff;
    c.config = host_is_amd() ? &amd : &intel;
    c.cr0 = X86_CR0_NE;
    put_image(&c, &t->image);
    if (op == X87_STORE || op == X87_STORE_CHOPPED) {
        struct x87_store s = x87_prepare_store(&c, how);
        memcpy(t->mem, &s.low, s.bytes < 8 ? s.bytes : 8);
        if (s.bytes == 10)
            memcpy(t->mem + 8, &s.high, 2);
        x87_stored(&c, how, &s);
    } else if (op == X87_COMI || op == X87_UCOMI) {
        t->flags = x87_execute(&c, how, t->flags);
    } else if (op == X87_CMOV) {
        x87_execute(&c, how, t->flags & X86_CF);
    } else {
        uint64_t v = operand(t, &how);
        x87_execute(&c, how, v);
    }
    take_image(&c, &t->image);
}

/* ---- operands ---- */
static uint64_t random_significand(void)
{
    uint64_t m = next();
    switch (below(8)) {
    case 0: m = 1ull << below(64); break;
    case 1: m = ~0ull << below(64); break;
    case 2: m = ~0ull >> below(64); break;
    case 3: m &= ~0ull << (below(2) ? 11 : 40); break;                     /* fits f64, f32 */
    case 4: m = (m & ~0ull << (below(2) ? 11 : 40)) | 1ull << (below(2) ? 10 : 39); break; /* just between */
    case 5: m &= next() & next(); break;
    default: break;
    }
    return m;
}

static void random_register(uint8_t st[10], unsigned near)
{
    static const uint16_t exponents[] = { 0, 1, 2, 0x3f, 0x3fff - 1074, 0x3fff - 1022, 0x3fff - 149, 0x3fff - 127,
                                          0x3fff, 0x3fff + 15, 0x3fff + 31, 0x3fff + 63, 0x3fff + 127,
                                          0x3fff + 1023, 0x7ffe, 0x7fff, 0x3fff + 59, 0x1fff, 0x5fff };
    uint64_t m = random_significand();
    unsigned se;
    switch (below(10)) {
    case 0: se = (unsigned)next() & 0x7fff; break;
    case 1: case 2: se = exponents[below(19)] + below(5) - 2; break;
    case 3: se = exponents[below(19)]; break;
    case 4: se = 0x3fff + below(70); break;
    default: se = near + below(72) - 36; break;
    }
    se = (se & 0x7fff) | (below(2) ? 0x8000 : 0);
    if (below(20) != 0 && (se & 0x7fff) != 0)
        m |= 1ull << 63;
    if (below(20) == 0)
        m = below(2) ? 0 : 1ull << 63;
    if (below(30) == 0)
        m = se = 0;
    memcpy(st, &m, 8);
    st[8] = (uint8_t)se;
    st[9] = (uint8_t)(se >> 8);
}

static void random_trial(struct x87_trial *t, bool small)
{
    unsigned near = small ? 0x3fff : (unsigned)next() & 0x7fff;
    memset(t, 0, sizeof *t);
    for (unsigned i = 0; i < 8; i++)
        random_register(t->image.st[i], near);
    t->image.fcw = (uint32_t)(next() & 0xf00) | 0x7f;
    if (below(3) == 0) /* some unmasked */
        t->image.fcw &= ~(uint32_t)(next() & 0x3f);
    t->image.fsw = (uint32_t)next() & 0x7f00;
    if (below(4) == 0)
        t->image.fsw |= (uint32_t)next() & 0x3f & t->image.fcw;
    t->image.ftw = 0;
    if (below(4) == 0)
        for (unsigned i = 0; i < 8; i++)
            t->image.ftw |= below(2) ? 3u << 2 * i : 0;
    else
        t->image.ftw = 3u << ((t->image.fsw >> 11) + 7) % 8 * 2; /* room to push */
    uint64_t word = next();
    switch (below(4)) {
    case 0: word = (uint64_t)(int64_t)(int16_t)word; break;
    case 1: word &= ~(0x7f800000ull << (below(2) ? 0 : 29)); break;
    case 2: word |= below(2) ? 0x7f800000 : 0x7ff0000000000000; break;
    default: break;
    }
    if (below(16) == 0)
        word &= below(2) ? 1ull << 63 : 0xffffffff80000000;
    memcpy(t->mem, &word, 8);
    word = next();
    memcpy(t->mem + 8, &word, 8);
    t->flags = next() & X86_ARITH;
}

#ifdef __x86_64__
/* ---- the host's ---- */
#define X(name, text, how, kind)                                                                   \
    static void host_##name(struct x87_trial *t)                                                   \
    {                                                                                              \
        __asm__ volatile("lea -128(%%rsp), %%rsp\n\tpush %[flags]\n\tpopfq\n\tfrstor %[image]\n\t" text \
                         "\n\tfnsave %[image]\n\tpushfq\n\tpop %[flags]\n\tlea 128(%%rsp), %%rsp"  \
                         : [flags] "+r"(t->flags), [image] "+m"(t->image), [mem] "+m"(t->mem)      \
                         : : "memory", "cc");                                                      \
        t->flags &= X86_ARITH;                                                                     \
    }
X87_CASES(X)
#undef X

static const struct {
    const char *name;
    uint64_t how;
    void (*host)(struct x87_trial *t);
    enum kind kind;
} cases[] = {
#define X(name, text, how, kind) { #name, how, host_##name, kind },
    X87_CASES(X)
#undef X
};
enum { CASES = sizeof cases / sizeof *cases };

static void show(FILE *f, const char *who, const struct x87_trial *t)
{
    fprintf(f, "%s: fcw %04x fsw %04x tags %04x flags %03llx mem ", who, t->image.fcw & 0xffff,
            t->image.fsw & 0xffff, t->image.ftw & 0xffff, (unsigned long long)t->flags);
    for (int i = X87_MEM - 1; i >= 0; i--)
        fprintf(f, "%02x", t->mem[i]);
    for (unsigned n = 0; n < 8; n++) {
        fprintf(f, "%s", n % 4 == 0 ? "\n    " : "  ");
        for (int i = 9; i >= 0; i--)
            fprintf(f, "%02x%s", t->image.st[n][i], i == 8 ? ":" : "");
    }
    fprintf(f, "\n");
}

/* Neighbours have neighbouring numbers, denormals too. */
static unsigned __int128 ordinal(const uint8_t st[10])
{
    uint64_t m;
    unsigned exponent = (st[8] | (unsigned)st[9] << 8) & 0x7fff;
    memcpy(&m, st, 8);
    return ((unsigned __int128)(exponent == 0 ? 0 : exponent - 1) << 63) + m;
}

static bool is_near(const uint8_t a[10], const uint8_t b[10])
{
    unsigned __int128 x = ordinal(a), y = ordinal(b);
    return (a[9] ^ b[9]) < 0x80 && (x > y ? x - y : y - x) <= 1;
}

static bool agree(enum kind kind, const struct x87_trial *a, const struct x87_trial *b)
{
    uint32_t fsw = 0xffff;
    if (kind == NEAR)
        fsw &= ~(uint32_t)(X87_C1 | FP80_PE | FP80_UE | X87_ES | X87_B);
    if (((a->image.fsw ^ b->image.fsw) & fsw) || (uint16_t)a->image.fcw != (uint16_t)b->image.fcw ||
        (uint16_t)a->image.ftw != (uint16_t)b->image.ftw || a->flags != b->flags ||
        memcmp(a->mem, b->mem, sizeof a->mem) != 0)
        return false;
    for (unsigned i = 0; i < 8; i++) {
        if (memcmp(a->image.st[i], b->image.st[i], 10) == 0)
            continue;
        if (kind == SAME || !is_near(a->image.st[i], b->image.st[i]))
            return false;
    }
    return true;
}

START_TEST(as_the_host)
{
    uint64_t steps = test_fuzz_steps(20000), bad = 0;
    seed = test_fuzz_seed() + (uint64_t)_i * 1000003;
    for (uint64_t n = 0; n < steps; n++) {
        struct x87_trial start, host, own;
        random_trial(&start, cases[_i].kind == NEAR || below(3) == 0);
        host = own = start;
        cases[_i].host(&host);
        ours(cases[_i].how, &own);
        if (agree(cases[_i].kind, &own, &host))
            continue;
        if (bad++ < 4) {
            fprintf(stderr, "%s, trial %llu\n", cases[_i].name, (unsigned long long)n);
            show(stderr, "start", &start);
            show(stderr, "host ", &host);
            show(stderr, "own  ", &own);
        }
    }
    ck_assert_msg(bad == 0, "%s: %llu of %llu differ", cases[_i].name, (unsigned long long)bad,
                  (unsigned long long)steps);
}
END_TEST
#endif

Suite *test_suite(void)
{
    Suite *s = suite_create("x87");
    TCase *t = tcase_create("host");
#ifdef __x86_64__
    tcase_add_loop_test(t, as_the_host, 0, CASES);
#endif
    tcase_set_timeout(t, 600);
    suite_add_tcase(s, t);
    return s;
}
