/* SPDX-License-Identifier: Apache-2.0 */
/* The copy of the stack page's entries (struct mmu_stack) goes whenever one of them does, whatever takes it. */
#include "test/mmu/bare.h"

enum { STACK = 0x4000, FRAME = 0x104000, CROWD = 300 /* pages: more than the log holds */ };

/* As translated code does it: both entries are there and agree. */
static void copy(struct cpu *cpu, va_t va)
{
    const struct mmu_entry *load = &cpu->set->load[mmu_way(cpu->set, va)];
    const struct mmu_entry *store = &cpu->set->store[mmu_way(cpu->set, va)];
    if (store->tag != (va & ~0xfffull) || load->tag != store->tag || load->addend != store->addend)
        return;
    cpu->set->stack = (struct mmu_stack){ .tag = store->tag, .addend = store->addend };
    for (unsigned k = 0; k < MMU_STACK_LIMITS; k++)
        cpu->set->stack.limit[k] = MEM_PAGE - MMU_STACK_SPAN(k) + 1;
}

static bool hits(const struct cpu *cpu, va_t va)
{
    const struct mmu_stack *s = &cpu->set->stack;
    return (va ^ s->tag) < s->limit[0];
}

/* What hits leads where the entries do. */
static void check_copy(const struct cpu *cpu)
{
    const struct mmu_stack *s = &cpu->set->stack;
    if (s->limit[0] == 0)
        return;
    ck_assert(mmu_load_hit(cpu, s->tag, 8) == (const uint8_t *)(uintptr_t)(s->tag + s->addend));
    ck_assert(mmu_store_hit(cpu, s->tag, 8) == (uint8_t *)(uintptr_t)(s->tag + s->addend));
}

/* ---- what takes it ---- */

static void everything(struct box *b, struct bare *c) { (void)b, mmu_flush(&c->cpu, MMU_ANY, MMU_ANY); }
static void asid(struct box *b, struct bare *c) { (void)b, mmu_flush(&c->cpu, 1, MMU_ANY); }
static void page(struct box *b, struct bare *c) { (void)b, mmu_flush_page(&c->cpu, STACK + 8, 1, 1, MMU_ANY); }
static void pages(struct box *b, struct bare *c) { (void)b, mmu_flush_page(&c->cpu, 0x2000, 0x8000, 1, MMU_ANY); }
static void sweep(struct box *b, struct bare *c) { (void)b, mmu_flush_page(&c->cpu, 0, 100 * MEM_PAGE, 1, MMU_ANY); }

static void remapped(struct box *b, struct bare *c)
{
    *pte(b, 0, STACK >> 12) = LEAF(BASE + 0x120000, 0);
    mmu_flush_page(&c->cpu, STACK, MEM_PAGE, MMU_ANY, MMU_ANY);
}

static void map_changed(struct box *b, struct bare *c)
{
    struct err e;
    (void)c;
    ck_assert_int_eq(mem_add_mmio(b->m->memory, "new", MMIO + 0x20000, 0x1000, 0, &device_ops, b, NULL, &e), 0);
}

static void became_code(struct box *b, struct bare *c)
{
    (void)c;
    (void)mem_ram_mark_code(b->ram, FRAME, 4);
    mmu_protect_page(b->m, b->ram, FRAME);
}

static void sealed(struct box *b, struct bare *c)
{
    ck_assert(mmu_seal_page(&c->cpu, b->ram, FRAME));
}

static void reserved(struct box *b, struct bare *c)
{
    uint64_t v;
    (void)b;
    ck_assert_int_eq(mmu_load_reserved(&c->cpu, STACK + 0x10, 3, &v), 0);
    mmu_guard_reservation(&c->cpu);
}

static void watched(struct box *b, struct bare *c)
{
    struct mmu_watch w = { .addr = STACK + 0x800, .size = 4, .load = true };
    struct err e;
    (void)c;
    ck_assert_int_eq(mmu_set_watches(b->m, &w, 1, &e), 0);
}

static void watched_by_itself(struct box *b, struct bare *c)
{
    struct mmu_watch w = { .addr = STACK + 0x800, .size = 4, .store = true };
    (void)b;
    mmu_set_cpu_watches(&c->cpu, &w, 1);
}

/* The set is given up while another is current, and taken again. */
static void given_up(struct box *b, struct bare *c)
{
    (void)b;
    use_space(c, 1);
    mmu_flush(&c->cpu, 1, MMU_ANY);
    use_space(c, 0);
}

static void recycled(struct box *b, struct bare *c)
{
    (void)b;
    for (uint64_t key = 10; key < 100; key++)
        mmu_select(&c->cpu, key, 0, 0);
    use_space(c, 0);
}

/* By a page of the same place in both tables, or in the one for loads. */
static void evicted_by(struct box *b, struct bare *c, uint64_t without)
{
    uint64_t v;
    *word(b, root_of(0) + 0x1000 + 8 * 4) = LEAF(BASE + 0x200000, 0) & ~without; /* 2 MiB at VA 8 MiB */
    ck_assert_int_eq(load(&c->cpu, STACK + MMU_WAYS * MEM_PAGE, 8, &v), 0);
}
static void evicted(struct box *b, struct bare *c) { evicted_by(b, c, 0); }
static void evicted_for_loads(struct box *b, struct bare *c) { evicted_by(b, c, W); }

/* ---- what does not ---- */

static void other_asid(struct box *b, struct bare *c) { (void)b, mmu_flush(&c->cpu, 2, MMU_ANY); }
static void other_page(struct box *b, struct bare *c) { (void)b, mmu_flush_page(&c->cpu, 0x5000, MEM_PAGE, 1, MMU_ANY); }

static void other_space(struct box *b, struct bare *c)
{
    (void)b;
    use_space(c, 1);
    ck_assert(!hits(&c->cpu, STACK));
    use_space(c, 0);
}

static void other_code(struct box *b, struct bare *c)
{
    (void)c;
    (void)mem_ram_mark_code(b->ram, 0x105000, 4);
    mmu_protect_page(b->m, b->ram, 0x105000);
}

static const struct {
    const char *what;
    void (*happens)(struct box *b, struct bare *c);
    bool stays;
} rows[] = {
#define ROW(what, stays) { #what, what, stays }
    ROW(everything, false), ROW(asid, false), ROW(page, false), ROW(pages, false), ROW(sweep, false),
    ROW(remapped, false), ROW(map_changed, false), ROW(became_code, false), ROW(sealed, false), ROW(reserved, false),
    ROW(watched, false), ROW(watched_by_itself, false), ROW(given_up, false), ROW(recycled, false),
    ROW(evicted, false), ROW(evicted_for_loads, false),
    ROW(other_asid, true), ROW(other_page, true), ROW(other_space, true), ROW(other_code, true),
#undef ROW
};

/* Twice: with a set whose log says what it holds, and with one whose log is full. */
START_TEST(goes_with_its_entries)
{
    struct box *b = open_box();
    struct bare *c = b->cpu[0];
    const unsigned row = (unsigned)_i / 2;
    uint64_t v;
    open_spaces(b);
    for (unsigned i = 4; i < 4 + CROWD; i++)
        *pte(b, 0, i) = LEAF(BASE + 0x100000 + i % 64 * MEM_PAGE, 0);
    use_space(c, 0);
    for (va_t va = 0x5000; va < 0x5000 + (_i % 2 ? CROWD - 1 : 1) * MEM_PAGE; va += MEM_PAGE)
        ck_assert_int_eq(load(&c->cpu, va, 8, &v), 0);
    ck_assert_int_eq(store(&c->cpu, STACK + 8, 8, 1), 0);
    ck_assert(cached(c->cpu.set->load, STACK));
    copy(&c->cpu, STACK + 8);
    ck_assert(hits(&c->cpu, STACK + 8) && !hits(&c->cpu, STACK + MEM_PAGE) && !hits(&c->cpu, STACK + MEM_PAGE - 8));
    check_copy(&c->cpu);
    rows[row].happens(b, c);
    ck_assert_msg(hits(&c->cpu, STACK + 8) == rows[row].stays, "%s", rows[row].what);
    check_copy(&c->cpu);
    mmu_set_cpu_watches(&c->cpu, NULL, 0);
    close_box(b);
}
END_TEST

/* One address of a large page is fenced, and the stack is elsewhere in it. */
START_TEST(goes_with_the_large_page)
{
    struct box *b = open_box();
    struct cpu *c = &b->cpu[0]->cpu;
    open_spaces(b);
    *word(b, root_of(0) + 0x1000 + 8) = LEAF(BASE + 0x200000, 0); /* 2 MiB at VA 2 MiB */
    use_space(b->cpu[0], 0);
    ck_assert_int_eq(store(c, 0x3ff000, 8, 1), 0);
    copy(c, 0x3ff000);
    ck_assert(hits(c, 0x3ff000));
    mmu_flush_page(c, 0x212345, 1, 1, MMU_ANY);
    ck_assert(!hits(c, 0x3ff000));
    close_box(b);
}
END_TEST

/* While sets grow and shrink by the pages that are read, a copy is never of what is not there. */
START_TEST(follows_the_size)
{
    struct box *b = open_box();
    struct cpu *c = &b->cpu[0]->cpu;
    const va_t first = 1u << 21, end = 25u << 21; /* pages of 2 MiB, all of the same memory */
    uint64_t v;
    open_spaces(b);
    for (unsigned k = 1; k < 25; k++)
        *word(b, root_of(0) + 0x1000 + 8 * k) = LEAF(BASE + 0x200000, 0);
    use_space(b->cpu[0], 0);
    for (unsigned round = 0; round < 8; round++) {
        for (va_t va = first; va < end; va += MEM_PAGE) {
            ck_assert_int_eq(load(c, va, 8, &v), 0);
            if (va >> 12 & 1)
                copy(c, va - 37 * MEM_PAGE);
            check_copy(c);
        }
    }
    ck_assert_uint_eq(mmu_ways(c->set), MMU_MAX_WAYS);
    ck_assert(c->set->stack.limit[0] != 0);
    for (unsigned i = 0; i < 100; i++) { /* swept so often that it becomes small */
        mmu_flush_page(c, first, MEM_PAGE, 1, MMU_ANY);
        check_copy(c);
    }
    ck_assert_uint_eq(mmu_ways(c->set), MMU_WAYS);
    ck_assert(c->set->stack.limit[0] == 0);
    close_box(b);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("mmu.stack");
    TCase *t = tcase_create("stack");
    tcase_add_loop_test(t, goes_with_its_entries, 0, 2 * (int)ARRAY_LEN(rows));
    tcase_add_test(t, goes_with_the_large_page);
    tcase_add_test(t, follows_the_size);
    suite_add_tcase(s, t);
    return s;
}
