/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stores without the machine's lock by two threads, while a third makes pages code and takes that back: no store
 * to a page is missed from when it was sealed. Run under ThreadSanitizer it looks at all that is shared, too.
 */
#include "core/util/bytes.h"
#include "mmu/tlb.h"
#include "test/check_main.h"
#include "test/mmu/bare_cpu.h"
#include <pthread.h>
#include <sched.h>
#include <stdio.h>

#define BASE 0x80000000ull
enum { CPUS = 3, PAGES = 64, SEALS = 300 };

/* What stands for core/exec: who is in translated code, and who wants nobody to be. */
struct crowd {
    struct machine *m;
    struct mem_ram *ram;
    struct bare *cpu[CPUS];
    uint32_t inside, alone, stop;
};

struct storer {
    struct crowd *c;
    uint32_t number;
};

static void be_alone(void *arg, bool begin)
{
    struct crowd *c = arg;
    __atomic_store_n(&c->alone, begin, __ATOMIC_SEQ_CST);
    while (begin && __atomic_load_n(&c->inside, __ATOMIC_SEQ_CST) != 0)
        sched_yield();
}

/* CPU 0 seals. */
static void tell(void *arg, machine_told *fn, void *fn_arg)
{
    struct crowd *c = arg;
    be_alone(c, true);
    for (uint32_t i = 1; i < CPUS; i++)
        fn(&c->cpu[i]->cpu, fn_arg);
    be_alone(c, false);
}

static void go_in(struct crowd *c)
{
    for (;;) {
        __atomic_fetch_add(&c->inside, 1, __ATOMIC_SEQ_CST);
        if (!__atomic_load_n(&c->alone, __ATOMIC_SEQ_CST))
            return;
        __atomic_fetch_sub(&c->inside, 1, __ATOMIC_SEQ_CST);
        sched_yield();
    }
}

/* As translated code does it: where a probe hits, and else beside. What wants the lock is let be. */
static void store_once(struct cpu *cpu, va_t va, uint64_t v)
{
    uint8_t *host = mmu_store_hit(cpu, va, 8);
    if (host != NULL)
        __atomic_store_n((uint64_t *)(void *)host, v, __ATOMIC_RELAXED);
    else
        (void)mmu_quick_store(cpu, va, 3, v);
}

static void *keep_storing(void *arg)
{
    const struct storer *s = arg;
    uint64_t v = s->number;
    while (!__atomic_load_n(&s->c->stop, __ATOMIC_RELAXED)) {
        go_in(s->c);
        for (unsigned i = 0; i < 20; i++) {
            v = v * 6364136223846793005u + 1;
            store_once(&s->c->cpu[s->number]->cpu, BASE + (v >> 33) % PAGES * MEM_PAGE + 8 * s->number, v);
        }
        __atomic_fetch_sub(&s->c->inside, 1, __ATOMIC_SEQ_CST);
    }
    return NULL;
}

static uint64_t word_of(const struct crowd *c, uint64_t offset, uint32_t number)
{
    return __atomic_load_n((const uint64_t *)(const void *)(c->ram->host + offset + 8 * number), __ATOMIC_RELAXED);
}

static void seal_and_watch(struct crowd *c, uint64_t offset)
{
    uint64_t seen[CPUS];
    while (!mmu_seal_page(&c->cpu[0]->cpu, c->ram, offset))
        ;
    for (uint32_t i = 0; i < CPUS; i++)
        seen[i] = word_of(c, offset, i);
    for (unsigned i = 0; i < 30; i++) /* its bytes are translated */
        sched_yield();
    (void)mem_ram_mark_code(c->ram, offset, MEM_GRANULE);
    for (uint32_t i = 0; i < CPUS; i++)
        ck_assert_uint_eq(seen[i], word_of(c, offset, i));
    mem_ram_clear_code(c->ram, offset, MEM_PAGE, 0);
}

static void open_crowd(struct crowd *c)
{
    struct err e;
    ck_assert_int_eq(machine_create(&c->m, stderr, &e), 0);
    ck_assert_int_eq(machine_add_ram(c->m, "ram", PAGES * MEM_PAGE, &c->ram, &e), 0);
    ck_assert_int_eq(mem_add_ram(c->m->memory, "ram", BASE, c->ram, 0, PAGES * MEM_PAGE, 0, NULL, &e), 0);
    for (uint32_t i = 0; i < CPUS; i++) {
        struct cpu *cpu;
        ck_assert_int_eq(cpu_create(&cpu, c->m, &bare_isa, i, 1000000000u, &e), 0);
        c->cpu[i] = (struct bare *)cpu;
        c->cpu[i]->r = (struct mmu_rv_regime){ .memory = c->m->memory, .privilege = 1, .cpu = cpu };
        cpu->uniform = 1;
        ck_assert_int_eq(mmu_attach(cpu, &e), 0);
        mmu_select(cpu, 0, 0, 0);
    }
    c->m->alone = be_alone;
    c->m->tell = tell;
    c->m->alone_arg = c;
}

START_TEST(no_store_to_code_is_missed)
{
    struct crowd c = { 0 };
    pthread_t thread[CPUS];
    struct storer storer[CPUS];
    uint64_t v = 5;
    open_crowd(&c);
    for (uint32_t i = 1; i < CPUS; i++) {
        storer[i] = (struct storer){ &c, i };
        ck_assert_int_eq(pthread_create(&thread[i], NULL, keep_storing, &storer[i]), 0);
    }
    for (unsigned i = 0; i < SEALS; i++) {
        v = v * 6364136223846793005u + 1;
        uint64_t offset = (v >> 33) % PAGES * MEM_PAGE;
        if (v >> 50 & 1)
            store_once(&c.cpu[0]->cpu, BASE + offset, v);
        seal_and_watch(&c, offset);
    }
    __atomic_store_n(&c.stop, 1, __ATOMIC_RELAXED);
    for (uint32_t i = 1; i < CPUS; i++)
        pthread_join(thread[i], NULL);
    for (uint32_t i = 0; i < CPUS; i++)
        mmu_detach(&c.cpu[i]->cpu);
    machine_destroy(c.m);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("mmu.beside");
    TCase *t = tcase_create("beside");
    tcase_set_timeout(t, 120);
    tcase_add_test(t, no_store_to_code_is_missed);
    suite_add_tcase(s, t);
    return s;
}
