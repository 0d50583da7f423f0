/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Atomic operations on memory that other threads use: a conditional store finds out about each of them, also where the old
 * bytes are back (ABA); and 16 bytes are exchanged as one.
 */
#include "core/util/bytes.h"
#include "mmu/shared.h"
#include "test/check_main.h"
#include "test/mmu/bare_cpu.h"
#include <pthread.h>
#include <stdio.h>

#define BASE 0x80000000ull
enum { CPUS = 2, TURNS = 100000 };

struct shared {
    struct machine *m;
    struct mem_ram *ram;
    struct cpu *cpu[CPUS];
};

static void stand(void *arg, bool begin)
{
    (void)arg, (void)begin; /* nobody else runs while anything changes */
}

static void open_shared(struct shared *s)
{
    struct err e;
    ck_assert_int_eq(machine_create(&s->m, stderr, &e), 0);
    s->m->parallel = true;
    s->m->alone = stand;
    ck_assert_int_eq(machine_add_ram(s->m, "ram", 4 * MEM_PAGE, &s->ram, &e), 0);
    ck_assert_int_eq(mem_add_ram(s->m->memory, "ram", BASE, s->ram, 0, 4 * MEM_PAGE, 0, NULL, &e), 0);
    for (uint32_t i = 0; i < CPUS; i++) {
        ck_assert_int_eq(cpu_create(&s->cpu[i], s->m, &bare_isa, i, 1000000000u, &e), 0);
        struct bare *b = (struct bare *)s->cpu[i];
        b->r = (struct mmu_rv_regime){ .memory = s->m->memory, .privilege = 1, .cpu = s->cpu[i] };
        s->cpu[i]->uniform = 1;
        ck_assert_int_eq(mmu_attach(s->cpu[i], &e), 0);
        mmu_select(s->cpu[i], 0, 0, 0);
    }
}

static void close_shared(struct shared *s)
{
    for (uint32_t i = 0; i < CPUS; i++)
        mmu_detach(s->cpu[i]);
    machine_destroy(s->m);
}

/* What CPU 1 does twice, so that the bytes are as before, between CPU 0's load and its conditional store. */
enum { NOTHING, ELSEWHERE, AMO, CAS, CAS128, CAS128_ELSEWHERE, CAS128_FAILS, KINDS };
static const bool breaks[KINDS] = { [AMO] = true, [CAS] = true, [CAS128] = true };

static void change(struct cpu *cpu, int kind, uint64_t from, uint64_t to)
{
    const uint64_t was[2] = { from, 0 }, will[2] = { to, 0 }, not[2] = { 99, 99 };
    uint64_t old[2] = { from, from };
    switch (kind) {
    case ELSEWHERE: ck_assert(mmu_quick_amo(cpu, BASE + 0x140, 3, IR_AMO_SWAP, to, old)); break;
    case AMO: ck_assert(mmu_quick_amo(cpu, BASE, 3, IR_AMO_SWAP, to, old)); break;
    case CAS: ck_assert(mmu_quick_cas(cpu, BASE, 3, from, to, old)); break;
    case CAS128: ck_assert(mmu_quick_cas128(cpu, BASE, was, will, old)); break;
    case CAS128_ELSEWHERE: ck_assert(mmu_quick_cas128(cpu, BASE + 0x140, was, will, old)); break;
    case CAS128_FAILS: ck_assert(mmu_quick_cas128(cpu, BASE, not, will, old)); break;
    default: break;
    }
    ck_assert_uint_eq(old[0], kind == CAS128_FAILS ? 5 : from);
}

START_TEST(conditional_store_finds_out)
{
    struct shared s;
    uint64_t v, failed;
    open_shared(&s);
    st_le64(s.ram->host, 5);
    st_le64(s.ram->host + 0x140, 5);
    ck_assert(mmu_quick_load_reserved(s.cpu[0], BASE, 3, &v));
    ck_assert_uint_eq(v, 5);
    change(s.cpu[1], _i, 5, 6);
    change(s.cpu[1], _i, 6, 5);
    ck_assert(mmu_quick_store_conditional(s.cpu[0], BASE, 3, 7, &failed));
    ck_assert_int_eq(failed != 0, breaks[_i]);
    ck_assert_uint_eq(ld_le64(s.ram->host), breaks[_i] ? 5 : 7);
    close_shared(&s);
}
END_TEST

/* Halves that go up by one and by three. */
static void *count_pairs(void *arg)
{
    uint64_t old[2] = { 0, 0 }, torn = 0;
    for (unsigned i = 0; i < TURNS;) {
        const uint64_t expected[2] = { old[0], old[1] }, value[2] = { old[0] + 1, old[1] + 3 };
        if (!mmu_quick_cas128(arg, BASE + 0x80, expected, value, old))
            torn++;
        torn += old[1] != old[0] * 3;
        i += old[0] == expected[0] && old[1] == expected[1];
    }
    return (void *)(uintptr_t)torn;
}

START_TEST(pairs_stay_whole)
{
    struct shared s;
    pthread_t thread[CPUS];
    open_shared(&s);
    for (uint32_t i = 0; i < CPUS; i++)
        ck_assert_int_eq(pthread_create(&thread[i], NULL, count_pairs, s.cpu[i]), 0);
    for (uint32_t i = 0; i < CPUS; i++) {
        void *torn;
        pthread_join(thread[i], &torn);
        ck_assert_ptr_null(torn);
    }
    ck_assert_uint_eq(ld_le64(s.ram->host + 0x80), CPUS * TURNS);
    ck_assert_uint_eq(ld_le64(s.ram->host + 0x88), 3 * CPUS * TURNS);
    close_shared(&s);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("mmu.shared");
    TCase *t = tcase_create("shared");
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, conditional_store_finds_out, 0, KINDS);
    tcase_add_test(t, pairs_stay_whole);
    suite_add_tcase(s, t);
    return s;
}
