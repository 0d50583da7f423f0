/* SPDX-License-Identifier: Apache-2.0 */
/* x87 comparisons: SDM volume 1, 8.3.6; volume 2. */
#include "cpu/x86/x87_run.h"

static enum fp80_relation related(struct run *r, bool quiet)
{
    if (x87_is_empty(r->c, 0) || x87_source_is_empty(r)) {
        x87_stack_fault(r, false);
        return FP80_UNORDERED;
    }
    return fp80_compare(&r->e, x87_get(r->c, 0), x87_operand(r), quiet);
}

/* An unmasked exception leaves C0, C2, C3 alone says SDM volume 2, FCOM; AMD's processors set them
 * all the same. */
static uint64_t report(struct run *r, enum fp80_relation v)
{
    static const uint16_t cc[] = { [FP80_LESS] = X87_C0,
                                   [FP80_EQUAL] = X87_C3,
                                   [FP80_GREATER] = 0,
                                   [FP80_UNORDERED] = X87_C0 | X87_C2 | X87_C3 };
    bool stops = fp80_stops(&r->e);
    if (!stops || x87_is_amd(r))
        x87_set_cc(r, X87_C0 | X87_C2 | X87_C3, cc[v]);
    if (!stops)
        x87_pops(r);
    return 0;
}

uint64_t x87_run_compare(struct run *r)
{
    return report(r, related(r, (r->how & 0xff) == X87_UCOM));
}

uint64_t x87_run_compare_flags(struct run *r)
{
    static const uint16_t flags[] = { [FP80_LESS] = X86_CF,
                                      [FP80_EQUAL] = X86_ZF,
                                      [FP80_GREATER] = 0,
                                      [FP80_UNORDERED] = X86_CF | X86_PF | X86_ZF };
    enum fp80_relation v = related(r, (r->how & 0xff) == X87_UCOMI);
    if (x87_is_amd(r) && !r->stack_fault)
        x87_keep_c1(r);
    bool stops = fp80_stops(&r->e);
    if (!stops)
        x87_pops(r);
    return stops && !x87_is_amd(r) ? r->value : flags[v];
}

uint64_t x87_run_test(struct run *r)
{
    enum fp80_relation v = FP80_UNORDERED;
    if (x87_is_empty(r->c, 0))
        x87_stack_fault(r, false);
    else
        v = fp80_compare(&r->e, x87_get(r->c, 0), fp80_zero, false);
    return report(r, v);
}

/* SDM volume 2, FXAM: C3 C2 C0 are the class, C1 the sign, of empty registers too. */
uint64_t x87_run_examine(struct run *r)
{
    struct fp80 v = x87_get(r->c, 0);
    unsigned class = x87_is_empty(r->c, 0) ? FP80_EMPTY : fp80_classify(v);
    x87_set_cc(r, X87_C0 | X87_C2 | X87_C3,
           (class & 1 ? X87_C0 : 0) | (class & 2 ? X87_C2 : 0) | (class & 4 ? X87_C3 : 0));
    r->e.up = v.se >> 15;
    return 0;
}
