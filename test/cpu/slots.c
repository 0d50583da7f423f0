/* SPDX-License-Identifier: Apache-2.0 */
/* What core/ir/ir.h says of a register of two slots (ir_slot.upper), of all guests. */
#include "core/ir/ir.h"
#include "test/check_main.h"

extern const struct ir_guest a64_guest, la_guest, rv_guest, x86_guest;
static const struct { const struct ir_guest *guest; unsigned pairs; } guests[] = {
    { &a64_guest, 0 }, { &la_guest, 32 }, { &rv_guest, 0 }, { &x86_guest, 64 },
};

START_TEST(halves)
{
    const struct ir_guest *g = guests[_i].guest;
    unsigned pairs = 0;
    bool seen[IR_MAX_SLOTS] = { false };
    for (uint32_t n = 0; n < g->n_slots; n++) {
        const struct ir_slot *s = &g->slots[n];
        if (s->upper == 0)
            continue;
        pairs++;
        ck_assert_uint_lt(s->upper, g->n_slots);
        const struct ir_slot *upper = &g->slots[s->upper];
        ck_assert_msg(upper->offset == s->offset + 16 && s->offset % 32 == 0, "%s at %u, %s at %u", s->name, s->offset, upper->name,
                      upper->offset);
        ck_assert(s->type == IR_V128 && upper->type == IR_V128 && upper->upper == 0);
        ck_assert(!s->zero && !upper->zero && s->cold == upper->cold);
        ck_assert_msg(!seen[n] && !seen[s->upper], "%s", s->name);
        seen[n] = seen[s->upper] = true;
    }
    ck_assert_uint_eq(pairs, guests[_i].pairs);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("cpu/slots");
    TCase *t = tcase_create("registers of 256 bits");
    tcase_add_loop_test(t, halves, 0, ARRAY_LEN(guests));
    suite_add_tcase(s, t);
    return s;
}
