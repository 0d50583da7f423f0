/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SIMD&FP loads and stores that reach from a page into one that is not mapped (stores: is read-only): the fault is of
 * the second page, and neither a vector register nor the base is changed. Aligned accesses with the MMU off,
 * misaligned ones then; and accesses while floating point traps.
 */
#include "guest.h"

struct state { /* run_case knows the offsets */
    uint64_t v[8][2], x1, x2;
};
struct access_case {
    void (*code)(void);
    const char *name;
    uint64_t store, bytes, align; /* of the whole; of an element */
};
extern const struct access_case case_table[], case_table_end[];
extern char vectors[];
uint64_t run_case(struct state *s, void (*code)(void), bool fp_off);
void read_vectors(uint64_t v[8][2]);

struct {
    uint64_t esr, far, elr;
} exception;

enum { PAGE = 4096, EC_FP = 0x07, EC_DABORT = 0x25, TRANSLATION_3 = 7, PERMISSION_3 = 15, ALIGNMENT = 0x21 };
#define WINDOW 0x100000000ull /* page 0: memory, 1: nothing, 2: memory, 3: the same, read-only */

static uint64_t level1[512] __attribute__((aligned(4096))), level2[512] __attribute__((aligned(4096))),
    level3[512] __attribute__((aligned(4096)));
static uint8_t memory[2 * PAGE] __attribute__((aligned(4096)));
static unsigned passed, failed;

static void map(void)
{
    uint64_t page = (uint64_t)(uintptr_t)memory, attrs = 1u << 10 | 3u << 8 | 1u << 2 | 3;
    for (unsigned i = 0; i < 4; i++)
        level1[i] = (uint64_t)i << 30 | 1u << 10 | 3u << 8 | (i == 0 ? 0 : 1u << 2) | 1;
    level1[4] = (uint64_t)(uintptr_t)level2 | 3;
    level2[0] = (uint64_t)(uintptr_t)level3 | 3;
    level3[0] = page | attrs;
    level3[2] = (page + PAGE) | attrs;
    level3[3] = page | attrs | 1u << 7;
    DSB();
    MSR("mair_el2", 0xff00);
    MSR("ttbr0_el2", (uintptr_t)level1);
    MSR("tcr_el2", 25u | 1u << 8 | 1u << 10 | 3u << 12 | 1u << 31 | 1u << 23 | 2u << 16);
    ISB();
    MSR("sctlr_el2", MRS("sctlr_el2") | 1);
    ISB();
}

static void fresh(struct state *s, uint64_t base)
{
    s->x1 = base;
    s->x2 = 40;
    for (unsigned i = 0; i < 8; i++) {
        s->v[i][0] = 0x1010101010101010u * i + 1;
        s->v[i][1] = 0x0101010101010101u * i + 2;
    }
}

static void check(const struct access_case *c, bool good, const char *what)
{
    if (good) {
        passed++;
        return;
    }
    failed++;
    put_text(c->name);
    put_text(": ");
    put_text(what);
    put_text(", ESR ");
    put_hex(exception.esr);
    put_text(", FAR ");
    put_hex(exception.far);
    put_text("\n");
}

static bool same_vectors(const struct state *s)
{
    uint64_t v[8][2];
    read_vectors(v);
    for (unsigned i = 0; i < 8; i++)
        if (v[i][0] != s->v[i][0] || v[i][1] != s->v[i][1])
            return false;
    return true;
}

/* One access at `base` that must fault with ESR.EC `ec` and, of data aborts, that status; FAR in [low, high). */
static void faults(const struct access_case *c, uint64_t base, unsigned ec, unsigned status, uint64_t low, uint64_t high)
{
    struct state s, before;
    fresh(&s, base);
    fresh(&before, base);
    exception.esr = exception.far = exception.elr = 0;
    bool raised = run_case(&s, c->code, ec == EC_FP);
    check(c, raised && exception.esr >> 26 == ec, "the exception");
    check(c, exception.elr == (uintptr_t)c->code, "its address");
    check(c, s.x1 == before.x1, "the base");
    if (ec != EC_DABORT)
        return;
    check(c, (exception.esr & 63) == status && (exception.esr >> 6 & 1) == c->store, "the syndrome");
    check(c, exception.far >= low && exception.far < high, "its data address");
    check(c, same_vectors(&before), "a vector register");
}

static void works(const struct access_case *c, uint64_t base)
{
    struct state s;
    fresh(&s, base);
    check(c, !run_case(&s, c->code, false), "an exception");
}

int main(void)
{
    MSR("cptr_el2", 0x33ff);
    MSR("vbar_el2", (uintptr_t)vectors);
    ISB();
    const struct access_case *end = case_table_end;
    uint64_t at = (uint64_t)(uintptr_t)memory;
    for (const struct access_case *c = case_table; c < end; c++) { /* Device memory: no element misaligned */
        works(c, at);
        if (c->align != 1)
            faults(c, at + 1, EC_DABORT, ALIGNMENT, at + 1, at + 65);
    }
    map();
    for (const struct access_case *c = case_table; c < end; c++) {
        uint64_t hole = WINDOW + PAGE;
        for (uint64_t before = 1; before < c->bytes; before++)
            faults(c, hole - before, EC_DABORT, TRANSLATION_3, hole, hole + c->bytes);
        faults(c, hole, EC_DABORT, TRANSLATION_3, hole, hole + c->bytes);
        works(c, hole - c->bytes);
        if (c->store)
            faults(c, WINDOW + 3 * PAGE - 1, EC_DABORT, PERMISSION_3, WINDOW + 3 * PAGE, WINDOW + 3 * PAGE + 64);
        else
            works(c, WINDOW + 3 * PAGE - 1);
    }
    MSR("cptr_el2", 0x33ff | 1u << 10);
    ISB();
    for (const struct access_case *c = case_table; c < end; c++)
        faults(c, WINDOW, EC_FP, 0, 0, 0);
    if (failed == 0) {
        put_text("vec_faults: ");
        put_number(passed);
        put_text(" cases passed\n");
    }
    return 0;
}
