/* SPDX-License-Identifier: Apache-2.0 */
/* RISC-V PLIC 1.0.0: gateways, priorities, thresholds, claim and completion. */
#include "irqchip/plic.h"
#include "core/util/bits.h"
#include "test/check_main.h"
#include "test/device_generic.h"

enum { BASE = 0xc000000, CONTEXTS = 4 };

static struct machine *m;
static struct plic *p;
static bool out[CONTEXTS];
static unsigned changes;

static void sink(void *arg, uint32_t number, bool level)
{
    (void)arg;
    out[number] = level;
    changes++;
}

static struct plic *create(struct machine *machine, uint32_t contexts)
{
    struct err e = { 0 };
    struct plic *made = plic_create(machine, "plic", contexts, &e);

    ck_assert_msg(made != NULL, "%s", e.text);
    ck_assert_msg(device_map(&made->dev, machine->memory, BASE, &e) == 0, "%s", e.text);
    for (uint32_t c = 0; c < MIN(contexts, (uint32_t)CONTEXTS); c++)
        irq_connect(&made->out[c], sink, NULL, c);
    return made;
}

static void setup(void)
{
    m = device_generic_machine();
    p = create(m, CONTEXTS);
    machine_reset(m);
    memset(out, 0, sizeof(out));
    changes = 0;
}

static void teardown(void)
{
    machine_destroy(m);
}

/* Save, and go on in a fresh machine: what follows must not notice. */
static void replace_machine(void)
{
    struct machine *fresh = device_generic_machine();
    struct plic *copy = create(fresh, CONTEXTS);

    machine_reset(fresh);
    device_generic_copy(m, fresh);
    machine_destroy(m);
    m = fresh;
    p = copy;
}

static uint32_t load(uint32_t offset)
{
    uint64_t v = 0;

    ck_assert_int_eq(mem_load(m->memory, BASE + offset, 4, &v, NULL), MEM_OK);
    return (uint32_t)v;
}

static void store(uint32_t offset, uint32_t v)
{
    ck_assert_int_eq(mem_store(m->memory, BASE + offset, 4, v, NULL), MEM_OK);
}

/* Chapter "Memory Map". */
static uint32_t priority_at(uint32_t source) { return 4 * source; }
static uint32_t pending_at(uint32_t source) { return 0x1000 + source / 32 * 4; }
static uint32_t enable_at(uint32_t context, uint32_t source)
{
    return 0x2000 + 0x80 * context + source / 32 * 4;
}
static uint32_t threshold_at(uint32_t context) { return 0x200000 + 0x1000 * context; }
static uint32_t claim_at(uint32_t context) { return 0x200004 + 0x1000 * context; }

static void enable(uint32_t context, uint32_t source)
{
    store(enable_at(context, source), load(enable_at(context, source)) | 1u << source % 32);
}

static void disable(uint32_t context, uint32_t source)
{
    store(enable_at(context, source), load(enable_at(context, source)) & ~(1u << source % 32));
}

static bool is_pending(uint32_t source)
{
    return load(pending_at(source)) >> source % 32 & 1;
}

/* ---- registers ---- */

/* What stays of all ones: 3 bits of priority, no source 0, 95 sources, no context past the last. */
static const struct { uint32_t offset, reads; } ones[] = {
    { 0x000000, 0 },          { 0x000004, 7 },          { 0x00017c, 7 },
    { 0x000180, 0 },          { 0x001000, 0 },          { 0x001008, 0 },
    { 0x002000, 0xfffffffe }, { 0x002004, 0xffffffff }, { 0x002008, 0xffffffff },
    { 0x00200c, 0 },          { 0x002180, 0xfffffffe }, { 0x002200, 0 },
    { 0x002204, 0 },          { 0x200000, 7 },          { 0x203000, 7 },
    { 0x204000, 0 },          { 0x200008, 0 },          { 0x5ffffc, 0 },
};
START_TEST(registers_keep_what_is_theirs)
{
    ck_assert_uint_eq(load(ones[_i].offset), 0); /* priorities, enables, thresholds start at 0 here */
    store(ones[_i].offset, 0xffffffff);
    ck_assert_uint_eq(load(ones[_i].offset), ones[_i].reads);
}
END_TEST

/* "The memory-mapped registers have a width of 32 bits", accessed with LW and SW. */
START_TEST(only_words_are_taken)
{
    static const unsigned sizes[] = { 1, 2, 8 };
    static const uint32_t offsets[] = { 8, 0x1000, 0x2000, 0x200000 };
    uint64_t v;

    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        for (size_t k = 0; k < ARRAY_LEN(offsets); k++) {
            ck_assert_int_eq(mem_load(m->memory, BASE + offsets[k], sizes[i], &v, NULL), MEM_BAD_SIZE);
            ck_assert_int_eq(mem_store(m->memory, BASE + offsets[k], sizes[i], 1, NULL), MEM_BAD_SIZE);
        }
    }
}
END_TEST

/* ---- notification: priority against threshold ---- */
static const struct { uint32_t priority, threshold; bool raised; } thresholds[] = {
    { 0, 0, false },    /* priority 0 means never */
    { 1, 0, true },
    { 7, 0, true },
    { 3, 3, false },    /* equal to the threshold is masked */
    { 3, 4, false },
    { 4, 3, true },
    { 7, 6, true },
    { 7, 7, false },    /* the highest threshold masks all */
};
START_TEST(threshold_masks_equal_and_below)
{
    enable(1, 10);
    store(priority_at(10), thresholds[_i].priority);
    store(threshold_at(1), thresholds[_i].threshold);
    plic_set_level(p, 10, true);
    ck_assert_int_eq(out[1], thresholds[_i].raised);
    ck_assert(!out[0] && !out[2] && !out[3]);
    ck_assert(is_pending(10)); /* whatever masks the notification */

    /* The threshold bears on notifications, not on claims; priority 0 on both. */
    ck_assert_uint_eq(load(claim_at(1)), thresholds[_i].priority ? 10 : 0);
}
END_TEST

/* Each of the four may come last. */
START_TEST(order_of_setting_up_does_not_matter)
{
    for (unsigned first = 0; first < 4; first++) {
        ck_assert(!out[2]);
        for (unsigned i = 0; i < 4; i++) {
            switch ((first + i) % 4) {
            case 0: store(priority_at(64), 2); break;
            case 1: store(threshold_at(2), 1); break;
            case 2: enable(2, 64); break;
            default: plic_set_level(p, 64, true); break;
            }
            ck_assert_msg(out[2] == (i == 3 || (i == 2 && (first + 3) % 4 == 1)),
                          "start %u, step %u", first, i);
        }
        teardown();
        setup();
    }
}
END_TEST

START_TEST(ties_go_to_the_lowest_id)
{
    static const struct { uint32_t source, priority; } rows[] = {
        { 33, 2 }, { 95, 5 }, { 31, 2 }, { 64, 5 }, { 1, 1 }, { 32, 2 }, { 2, 0 },
    };
    static const uint32_t order[] = { 64, 95, 31, 32, 33, 1, 0 };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        enable(0, rows[i].source);
        store(priority_at(rows[i].source), rows[i].priority);
        plic_set_level(p, rows[i].source, true);
    }
    for (size_t i = 0; i < ARRAY_LEN(order); i++) {
        ck_assert_int_eq(out[0], order[i] != 0);
        ck_assert_uint_eq(plic_best_pending(p, 0, 0), order[i]);
        ck_assert_uint_eq(load(claim_at(0)), order[i]);
        if (i == 2)
            replace_machine();
    }
}
END_TEST

/* ---- gateways ---- */
static void one_source(uint32_t source)
{
    store(priority_at(source), 1);
    enable(0, source);
}

/* A request is not withdrawn: the handler finds nothing to do. */
START_TEST(request_outlives_its_level)
{
    one_source(10);
    plic_set_level(p, 10, true);
    plic_set_level(p, 10, false);
    ck_assert(is_pending(10) && out[0]);
    replace_machine();
    ck_assert(is_pending(10));
    ck_assert_uint_eq(load(claim_at(0)), 10);
    ck_assert(!is_pending(10) && !out[0]);
    store(claim_at(0), 10);
    ck_assert(!is_pending(10) && !out[0]);
}
END_TEST

/* A level that stays is forwarded again after completion, not before. */
START_TEST(level_comes_again_after_completion)
{
    one_source(10);
    plic_set_level(p, 10, true);
    ck_assert_uint_eq(load(claim_at(0)), 10);
    ck_assert(!is_pending(10) && !out[0]);
    ck_assert_uint_eq(load(claim_at(0)), 0);
    plic_set_level(p, 10, false);
    plic_set_level(p, 10, true); /* a new rise while being served: still no second request */
    ck_assert(!is_pending(10) && !out[0]);
    replace_machine();
    ck_assert(!is_pending(10));
    store(claim_at(0), 10);
    ck_assert(is_pending(10) && out[0]);
    ck_assert_uint_eq(load(claim_at(0)), 10);
    plic_set_level(p, 10, false);
    store(claim_at(0), 10);
    ck_assert(!is_pending(10) && !out[0]);
}
END_TEST

/* A rise and fall between claim and completion leaves no trace of a level source. */
START_TEST(pulse_while_served_is_not_kept)
{
    one_source(20);
    plic_set_level(p, 20, true);
    ck_assert_uint_eq(load(claim_at(0)), 20);
    plic_set_level(p, 20, false);
    plic_set_level(p, 20, true);
    plic_set_level(p, 20, false);
    store(claim_at(0), 20);
    ck_assert(!is_pending(20) && !out[0]);
}
END_TEST

START_TEST(numbers_that_are_no_source)
{
    static const uint32_t numbers[] = { 0, 96, 1024, UINT32_MAX };

    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        plic_set_level(p, numbers[i], true);
        store(claim_at(0), numbers[i]);
    }
    for (uint32_t w = 0; w < 3; w++)
        ck_assert_uint_eq(load(0x1000 + 4 * w), 0);
}
END_TEST

/* ---- several contexts ---- */

/* All that enabled it are told; one claims it, the others find nothing. */
START_TEST(first_claim_takes_it)
{
    one_source(5);
    enable(1, 5);
    plic_set_level(p, 5, true);
    ck_assert(out[0] && out[1] && !out[2]);
    ck_assert_uint_eq(load(claim_at(2)), 0); /* pending, but not for this context */
    ck_assert(is_pending(5) && out[0]);
    ck_assert_uint_eq(load(claim_at(1)), 5);
    ck_assert(!out[0] && !out[1]);
    ck_assert_uint_eq(load(claim_at(0)), 0);
}
END_TEST

/* "If the completion ID does not match a source that is currently enabled, it is ignored." */
START_TEST(completion_needs_the_enable)
{
    one_source(5);
    enable(1, 5);
    plic_set_level(p, 5, true);
    ck_assert_uint_eq(load(claim_at(0)), 5);
    store(claim_at(2), 5);
    ck_assert(!is_pending(5));
    disable(0, 5);
    store(claim_at(0), 5);
    ck_assert(!is_pending(5));
    store(claim_at(1), 5); /* enabled there, though claimed by another: accepted */
    ck_assert(is_pending(5) && out[1] && !out[0]);
}
END_TEST

/* Completing what was not claimed changes nothing. */
START_TEST(completion_without_a_claim)
{
    one_source(5);
    store(claim_at(0), 5);
    plic_set_level(p, 5, true);
    store(claim_at(0), 5);
    ck_assert(is_pending(5) && out[0]);
    ck_assert_uint_eq(load(claim_at(0)), 5);
}
END_TEST

/* The pending bit belongs to the source: enables only gate who hears of it. */
START_TEST(disabled_stays_pending)
{
    store(priority_at(40), 1);
    plic_set_level(p, 40, true);
    ck_assert(is_pending(40) && !out[0]);
    enable(3, 40);
    ck_assert(out[3]);
    disable(3, 40);
    ck_assert(is_pending(40) && !out[3]);
    ck_assert_uint_eq(load(claim_at(3)), 0);
    enable(3, 40);
    ck_assert_uint_eq(load(claim_at(3)), 40);
}
END_TEST

/* A context the machine has not: no enables, no claim, no completion. */
START_TEST(absent_context)
{
    one_source(5);
    enable(CONTEXTS, 5);
    plic_set_level(p, 5, true);
    ck_assert_uint_eq(load(claim_at(CONTEXTS)), 0);
    ck_assert_uint_eq(load(claim_at(0)), 5);
    store(claim_at(CONTEXTS), 5);
    ck_assert(!is_pending(5));
}
END_TEST

/* Claims are reads with an effect; the debugger's have none. */
START_TEST(debugger_does_not_claim)
{
    static const struct mem_attrs debug = { .debug = true };
    uint64_t v = 0;

    one_source(5);
    plic_set_level(p, 5, true);
    ck_assert_int_eq(mem_load(m->memory, BASE + claim_at(0), 4, &v, &debug), MEM_OK);
    ck_assert_uint_eq(v, 5);
    ck_assert(is_pending(5) && out[0]);
}
END_TEST

/* The PLIC is reset before the parts behind it: a line they lower then leaves nothing pending. */
START_TEST(reset_forgets_requests)
{
    one_source(5);
    one_source(6);
    plic_set_level(p, 5, true);
    plic_set_level(p, 6, true);
    ck_assert_uint_eq(load(claim_at(0)), 5);
    machine_reset(m);
    ck_assert(!out[0]);
    plic_set_level(p, 5, false);
    plic_set_level(p, 6, false);
    ck_assert(!is_pending(5) && !is_pending(6));
    ck_assert_uint_eq(load(priority_at(5)), 0);
    ck_assert_uint_eq(load(enable_at(0, 5)), 0);
    one_source(5); /* the claim is forgotten too */
    plic_set_level(p, 5, true);
    ck_assert(out[0]);
}
END_TEST

/* The line itself changes only when what it says does. */
START_TEST(line_changes_once)
{
    one_source(5);
    one_source(6);
    plic_set_level(p, 5, true);
    plic_set_level(p, 6, true);
    store(threshold_at(0), 0);
    ck_assert_uint_eq(changes, 1);
    ck_assert_uint_eq(load(claim_at(0)), 5);
    ck_assert_uint_eq(changes, 1);
    ck_assert_uint_eq(load(claim_at(0)), 6);
    ck_assert_uint_eq(changes, 2);
}
END_TEST

START_TEST(contexts_are_bounded)
{
    struct err e = { 0 };

    ck_assert_ptr_null(plic_create(m, "none", 0, &e));
    ck_assert_ptr_null(plic_create(m, "many", PLIC_CONTEXTS + 1, &e));
    ck_assert_ptr_nonnull(strstr(e.text, "128"));
    ck_assert_ptr_nonnull(plic_create(m, "most", PLIC_CONTEXTS, &e));
}
END_TEST

/* ---- generic ---- */
static struct device *make(struct machine *machine, void *arg)
{
    struct plic *made = create(machine, PLIC_CONTEXTS);

    (void)arg;
    /* Lines that stay up give the random claims and completions something to do. */
    for (uint32_t source = 1; source < PLIC_SOURCES; source += 3)
        plic_set_level(made, source, true);
    return &made->dev;
}

START_TEST(generic)
{
    device_generic_test(&(struct device_generic){ .make = make, .keeps_state = true });
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("plic");
    TCase *t = tcase_create("plic");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, registers_keep_what_is_theirs, 0, (int)ARRAY_LEN(ones));
    tcase_add_test(t, only_words_are_taken);
    tcase_add_loop_test(t, threshold_masks_equal_and_below, 0, (int)ARRAY_LEN(thresholds));
    tcase_add_test(t, order_of_setting_up_does_not_matter);
    tcase_add_test(t, ties_go_to_the_lowest_id);
    tcase_add_test(t, request_outlives_its_level);
    tcase_add_test(t, level_comes_again_after_completion);
    tcase_add_test(t, pulse_while_served_is_not_kept);
    tcase_add_test(t, numbers_that_are_no_source);
    tcase_add_test(t, first_claim_takes_it);
    tcase_add_test(t, completion_needs_the_enable);
    tcase_add_test(t, completion_without_a_claim);
    tcase_add_test(t, disabled_stays_pending);
    tcase_add_test(t, absent_context);
    tcase_add_test(t, debugger_does_not_claim);
    tcase_add_test(t, reset_forgets_requests);
    tcase_add_test(t, line_changes_once);
    tcase_add_test(t, contexts_are_bounded);
    tcase_add_test(t, generic);
    suite_add_tcase(s, t);
    return s;
}
