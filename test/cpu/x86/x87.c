/* SPDX-License-Identifier: Apache-2.0 */
/*
 * x87 instructions as functions of the whole FPU state, against the host's FPU where the host is an x86:
 * registers, tags, control and status word, memory, flags. ORRERY_FUZZ_STEPS: how many per instruction.
 */
#include "cpu/x86/x87_op.h"
#include "cpu/x86/bits.h"
#include "test/check_main.h"
#include "test/cpu/x86/x87_host.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __x86_64__
enum kind { SAME, NEAR };

/* Where the two makers' processors differ in what the manuals leave open, the host decides which we compare with. */
static bool host_is_amd(void)
{
    return __builtin_cpu_is("amd");
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

/* Flags that stand in the host's FPU from elsewhere: they must not get into the guest's. */
static void leave_flags(void)
{
    __asm__ volatile("fldz\n\tfld1\n\tfdiv %%st(1), %%st\n\tfstp %%st(0)\n\tfstp %%st(0)\n\t" /* ZE */
                     "fldpi\n\tfsqrt\n\tfstp %%st(0)" : : : "st", "st(1)");                      /* PE */
}

/* `soft`: by integers alone, else as translated code calls them. */
static void ours(uint64_t how, struct x87_trial *t, bool soft)
{
    uint64_t (*execute)(struct x86_cpu *, uint64_t, uint64_t) = soft ? x87_soft_execute : x87_execute;
    static const struct x86_config intel = { .vendor = X86_INTEL }, amd = { .vendor = X86_AMD };
    struct x86_cpu c;
    unsigned op = how & 0xff;
    c.config = host_is_amd() ? &amd : &intel;
    c.cr0 = X86_CR0_NE;
    put_image(&c, &t->image);
    if (op == X87_STORE || op == X87_STORE_CHOPPED) {
        struct x87_store s = soft ? x87_soft_store(&c, how) : x87_prepare_store(&c, how);
        memcpy(t->mem, &s.low, s.bytes < 8 ? s.bytes : 8);
        if (s.bytes == 10)
            memcpy(t->mem + 8, &s.high, 2);
        x87_stored(&c, how, &s);
    } else if (op == X87_COMI || op == X87_UCOMI) {
        t->flags = execute(&c, how, t->flags);
    } else if (op == X87_CMOV) {
        execute(&c, how, t->flags & X86_CF);
    } else {
        uint64_t v = operand(t, &how);
        execute(&c, how, v);
    }
    take_image(&c, &t->image);
}

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
    uint64_t seed = test_fuzz_seed() + (uint64_t)_i * 1000003;
    for (uint64_t n = 0; n < steps; n++) {
        struct x87_trial start, host, own;
        random_trial(&seed, &start, cases[_i].kind == NEAR || below(&seed, 3) == 0);
        host = own = start;
        cases[_i].host(&host);
        if (n % 4 == 1)
            leave_flags();
        ours(cases[_i].how, &own, n % 2 == 0);
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
