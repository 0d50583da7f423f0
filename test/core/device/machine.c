/* SPDX-License-Identifier: Apache-2.0 */
#include "core/device/machine.h"
#include "core/state/snapshot.h"
#include "core/util/hash.h"
#include "test/check_main.h"
#include "test/device_generic.h"
#include <string.h>

struct thing {
    uint32_t value, derived, resets;
    const char *order;
};
static const struct state_field thing_state[] = { STATE(thing, value), STATE_END };
static char order[16];

static void thing_reset(void *object)
{
    struct thing *t = object;
    t->value = 5;
    t->resets++;
    strcat(order, t->order);
}
static void thing_loaded(void *object)
{
    struct thing *t = object;
    t->derived = t->value * 2;
}

static struct err e;

static struct machine *build(struct thing *a, struct thing *b, uint64_t ram_size)
{
    struct machine *m = device_generic_machine();
    struct mem_ram *ram = NULL;
    a->order = "a";
    b->order = "b";
    struct machine_part p = { .name = "thing-a", .version = 1, .state = thing_state, .object = a,
                              .reset = thing_reset, .loaded = thing_loaded };
    ck_assert_int_eq(machine_add_part(m, &p, &e), 0);
    p.name = "thing-b";
    p.object = b;
    ck_assert_int_eq(machine_add_part(m, &p, &e), 0);
    ck_assert_msg(machine_add_ram(m, "ram", ram_size, &ram, &e) == 0, "%s", e.text);
    return m;
}

static int save(struct machine *m, struct state_writer **w)
{
    ck_assert_int_eq(snapshot_create(w, NULL, "m", &e), 0);
    int rc = machine_save(m, *w, &e);
    return rc ? rc : snapshot_finish(*w, &e);
}

static int load(struct machine *m, struct state_writer *w)
{
    struct state_reader *r = NULL;
    ck_assert_int_eq(snapshot_open_memory(&r, w, &e), 0);
    int rc = machine_load(m, r, &e);
    snapshot_close(r);
    return rc;
}

START_TEST(names)
{
    struct thing a = { 0 }, b = { 0 };
    struct machine *m = build(&a, &b, MEM_PAGE);
    struct machine_part p = { .name = "thing-a", .object = &a };
    struct mem_ram *ram = NULL;
    ck_assert_int_eq(machine_add_part(m, &p, &e), ERR_ARG);
    ck_assert_int_eq(machine_add_ram(m, "ram", MEM_PAGE, &ram, &e), ERR_ARG);
    ck_assert_int_eq(machine_add_ram(m, "rom", MEM_PAGE, &ram, &e), 0);
    ck_assert_uint_eq(ram->id, 1);
    for (unsigned i = 2; i < 64; i++) {
        char *name = arena_printf(&m->arena, "ram%u", i);
        ck_assert_int_eq(machine_add_ram(m, name, MEM_PAGE, &ram, &e), 0);
    }
    ck_assert_int_eq(machine_add_ram(m, "one-more", MEM_PAGE, &ram, &e), ERR_LIMIT);
    machine_destroy(m);
}
END_TEST

START_TEST(reset_in_order)
{
    struct thing a = { 0 }, b = { 0 };
    struct machine *m = build(&a, &b, MEM_PAGE);
    ev_run(m->queue, 100);
    machine_reset(m);
    ck_assert_str_eq(order, "ab");
    ck_assert_uint_eq(ev_now(m->queue), 100); /* time goes on */
    machine_destroy(m);
}
END_TEST

static void note(void *arg)
{
    ++*(unsigned *)arg;
}

START_TEST(stopping)
{
    unsigned told = 0;
    struct machine *m = device_generic_machine();
    m->stopped = note;
    m->stopped_arg = &told;
    machine_stop(m, MACHINE_PAUSE, 0);
    machine_stop(m, MACHINE_POWEROFF, 3); /* a pause gives way */
    machine_stop(m, MACHINE_RESET, 4);    /* the first wins */
    machine_stop(m, MACHINE_PAUSE, 5);
    ck_assert_int_eq(m->stop, MACHINE_POWEROFF);
    ck_assert_int_eq(m->exit_code, 3);
    ck_assert_uint_eq(told, 2);
    machine_resume(m);
    ck_assert_int_eq(m->stop, MACHINE_RUNS);
    machine_stop(m, MACHINE_RESET, 0);
    ck_assert_int_eq(m->stop, MACHINE_RESET);
    machine_stop(m, MACHINE_POWEROFF, 0);
    ck_assert_int_eq(m->stop, MACHINE_RESET);
    machine_stop(m, MACHINE_QUIT, 6); /* or the host's wish would be lost */
    ck_assert_int_eq(m->stop, MACHINE_QUIT);
    ck_assert_int_eq(m->exit_code, 6);
    machine_destroy(m);
}
END_TEST

START_TEST(save_and_restore)
{
    struct thing a = { 0 }, b = { 0 }, c = { 0 }, d = { 0 };
    struct machine *m = build(&a, &b, 8 * MEM_PAGE), *n = build(&c, &d, 8 * MEM_PAGE);
    struct state_writer *w = NULL;
    a.value = 7;
    b.value = 9;
    m->seed = 99;
    m->rtc_base = 1700000000;
    m->rams[0]->host[5000] = 1;
    trace(&m->trace, input, 5, 1, 2, 3);
    ev_run(m->queue, 12345);
    n->rams[0]->host[0] = 3;
    mem_ram_clean(n->rams[0]);
    ck_assert_uint_ne(machine_hash(m), machine_hash(n));
    ck_assert_msg(save(m, &w) == 0, "%s", e.text);
    ck_assert_msg(load(n, w) == 0, "%s", e.text);
    ck_assert_uint_eq(machine_hash(m), machine_hash(n));
    ck_assert_uint_eq(c.value, 7);
    ck_assert_uint_eq(d.derived, 18);
    ck_assert_uint_eq(n->rams[0]->host[0], 0);
    ck_assert_uint_eq(n->rams[0]->host[5000], 1);
    ck_assert_uint_eq(n->rams[0]->flags[1], 0); /* loading writes */
    ck_assert_uint_eq(n->seed, 99);
    ck_assert_uint_eq(n->rtc_base, 1700000000);
    ck_assert_uint_eq(n->trace.hash, m->trace.hash);
    ck_assert_uint_eq(ev_now(n->queue), 12345);
    snapshot_discard(w);
    machine_destroy(m);
    machine_destroy(n);
}
END_TEST

START_TEST(hash_sees_everything)
{
    struct thing a = { 0 }, b = { 0 };
    struct machine *m = build(&a, &b, 8 * MEM_PAGE);
    uint64_t h = machine_hash(m);
    a.derived = 3; /* not saved */
    ck_assert_uint_eq(machine_hash(m), h);
    a.value = 1;
    uint64_t h2 = machine_hash(m);
    ck_assert_uint_ne(h2, h);
    a.value = 0;
    b.value = 1;
    ck_assert_uint_ne(machine_hash(m), h2);
    b.value = 0;
    m->rams[0]->host[0] = 1;
    uint64_t h3 = machine_hash(m);
    m->rams[0]->host[0] = 0;
    ck_assert_uint_eq(machine_hash(m), h);
    m->rams[0]->host[MEM_PAGE] = 1; /* the same page elsewhere */
    ck_assert_uint_ne(machine_hash(m), h3);
    ev_set_now(m->queue, 1);
    m->rams[0]->host[MEM_PAGE] = 0;
    ck_assert_uint_ne(machine_hash(m), h);
    machine_destroy(m);
}
END_TEST

START_TEST(other_shape)
{
    struct thing a = { 0 }, b = { 0 }, c = { 0 }, d = { 0 };
    struct machine *m = build(&a, &b, 8 * MEM_PAGE), *n = build(&c, &d, 16 * MEM_PAGE);
    struct machine *empty = device_generic_machine();
    struct state_writer *w = NULL;
    ck_assert_int_eq(save(m, &w), 0);
    ck_assert_int_eq(load(n, w), ERR_FORMAT);
    ck_assert_str_eq(e.text, "snapshot: memory ram: it has 32768 bytes there, 65536 here");
    ck_assert_int_eq(load(empty, w), ERR_FORMAT);
    ck_assert_str_eq(e.text, "snapshot: section machine: 2 parts and 1 memories; this machine has "
                             "0 and 0");
    snapshot_discard(w);
    machine_destroy(m);
    machine_destroy(n);
    machine_destroy(empty);
}
END_TEST

START_TEST(random_numbers)
{
    struct machine *m = device_generic_machine();
    struct machine_random a, b, c;
    machine_random_init(&a, m, "rng0");
    machine_random_init(&b, m, "rng0");
    machine_random_init(&c, m, "rng1");
    unsigned equal = 0, ones = 0;
    for (unsigned i = 0; i < 1000; i++) {
        uint64_t x = machine_random_next(&a);
        ck_assert_uint_eq(x, machine_random_next(&b));
        equal += x == machine_random_next(&c);
        ones += (unsigned)__builtin_popcountll(x);
    }
    ck_assert_uint_eq(equal, 0);
    ck_assert_uint_gt(ones, 31000); /* 32000 expected, standard deviation 126 */
    ck_assert_uint_lt(ones, 33000);
    m->seed++;
    machine_random_init(&c, m, "rng0");
    machine_random_init(&a, m, "rng0");
    ck_assert_uint_ne(b.state, c.state);
    machine_destroy(m);
}
END_TEST

/* Arm ARM, D10: four bits for each 16 bytes; blocks before and after the request have them. */
START_TEST(tags_are_blocks)
{
    struct machine *m = device_generic_machine();
    struct mem_ram *a, *b;
    ck_assert_int_eq(machine_add_ram(m, "a", 1 << 20, &a, &e), 0);
    ck_assert_ptr_null(a->tags);
    ck_assert_int_eq(machine_tag_ram(m, &e), 0);
    ck_assert_int_eq(machine_tag_ram(m, &e), 0);
    ck_assert_int_eq(machine_add_ram(m, "b", MEM_PAGE, &b, &e), 0);
    ck_assert_uint_eq(a->tags->size, 1 << 15);
    ck_assert_str_eq(a->tags->name, "a.tags");
    ck_assert_uint_eq(b->tags->size, MEM_PAGE);
    ck_assert_ptr_null(a->tags->tags);
    ck_assert_uint_eq(m->n_rams, 4);
    uint64_t before = machine_hash(m);
    a->tags->host[7] = 1;
    ck_assert_uint_ne(machine_hash(m), before);
    machine_destroy(m);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("machine");
    TCase *c = tcase_create("machine");
    tcase_add_test(c, names);
    tcase_add_test(c, reset_in_order);
    tcase_add_test(c, stopping);
    tcase_add_test(c, save_and_restore);
    tcase_add_test(c, hash_sees_everything);
    tcase_add_test(c, other_shape);
    tcase_add_test(c, random_numbers);
    tcase_add_test(c, tags_are_blocks);
    suite_add_tcase(s, c);
    return s;
}
