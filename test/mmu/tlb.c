/* SPDX-License-Identifier: Apache-2.0 */
/* The software TLB: against the walker at random, fences, crossings, reservations, watchpoints. */
#include "test/mmu/bare.h"

/* ---- random: what the TLB says is what a walk says, as long as software fences ---- */

static uint64_t next_random(uint64_t *state)
{
    *state += 0x9e3779b97f4a7c15ull;
    return hash_mix(*state);
}

static void change_and_fence(struct box *b, struct bare *c, uint64_t *seed)
{
    unsigned s = next_random(seed) & 1, page = next_random(seed) % 64;
    uint64_t bits = next_random(seed), frame = BASE + 0x100000 + (next_random(seed) % 64) * 0x1000;
    *pte(b, s, page) = LEAF(frame, 0) & ~(bits & (W | D | X) & -(bits >> 40 & 1));
    if (bits >> 42 & 1)
        *pte(b, s, page) = 0;
    switch (bits >> 44 & 3) {
    case 0: mmu_flush(&c->cpu, MMU_ANY, MMU_ANY); break;
    case 1: mmu_flush(&c->cpu, s + 1, MMU_ANY); break;
    case 2: mmu_flush_page(&c->cpu, page * 0x1000 + 0x123, 1, s + 1, MMU_ANY); break;
    default: mmu_flush_page(&c->cpu, page * 0x1000, MEM_PAGE, MMU_ANY, MMU_ANY); break;
    }
}

static void access_once(struct box *b, struct bare *c, uint64_t *seed)
{
    struct cpu_map map;
    unsigned bytes = 1u << (next_random(seed) & 3);
    va_t va = (next_random(seed) % 64) * 0x1000 + (next_random(seed) % (MEM_PAGE / bytes)) * bytes;
    bool write = next_random(seed) & 1;
    bool ok = mmu_rv_walk(&c->r, va, 1, write ? CPU_STORE : CPU_LOAD, true, &map) == MMU_RV_OK &&
              (write ? map.store : map.load);
    uint64_t v = next_random(seed), got = 0;
    int rc = write ? store(&c->cpu, va, bytes, v) : load(&c->cpu, va, bytes, &got);
    ck_assert_int_eq(rc, !ok);
    if (ok) {
        uint64_t there = ld_le(b->ram->host + (map.pa - BASE), bytes);
        ck_assert_uint_eq(there, write ? zext(v, 8 * bytes) : got);
    }
    c->cpu.exit = 0;
}

START_TEST(equals_the_walker)
{
    struct box *b = open_box();
    uint64_t seed = (uint64_t)_i;
    open_spaces(b);
    use_space(b->cpu[0], 0);
    for (int i = 0; i < 50000; i++) {
        uint64_t what = next_random(&seed) % 64;
        if (what == 0)
            use_space(b->cpu[0], next_random(&seed) & 1);
        else if (what < 3)
            change_and_fence(b, b->cpu[0], &seed);
        else
            access_once(b, b->cpu[0], &seed);
    }
    close_box(b);
}
END_TEST

/* More contexts than sets: old ones are recycled, never mixed up. */
START_TEST(contexts_are_recycled)
{
    struct box *b = open_box();
    struct cpu *c = &b->cpu[0]->cpu;
    uint64_t v;
    for (uint64_t key = 0; key < 100; key++) {
        mmu_select(c, key, 0, 0);
        ck_assert(!cached(c->set->load, BASE));
        ck_assert_int_eq(load(c, BASE, 8, &v), 0);
        ck_assert(cached(c->set->load, BASE));
    }
    struct mmu_set *last = c->set;
    mmu_select(c, 98, 0, 0);
    ck_assert(cached(c->set->load, BASE)); /* kept */
    mmu_select(c, 99, 0, 0);
    ck_assert_ptr_eq(c->set, last);
    mmu_select(c, 0, 0, 0);
    ck_assert(!cached(c->set->load, BASE));
    close_box(b);
}
END_TEST

/* A fence of one address of a 2 MiB page takes all its 4 KiB entries. */
START_TEST(fence_takes_the_large_page)
{
    struct box *b = open_box();
    struct cpu *c = &b->cpu[0]->cpu;
    uint64_t v;
    open_spaces(b);
    *word(b, root_of(0) + 0x1000 + 8) = LEAF(BASE + 0x200000, 0); /* 2 MiB at VA 2 MiB */
    use_space(b->cpu[0], 0);
    ck_assert_int_eq(load(c, 0x200000, 8, &v), 0);
    ck_assert_int_eq(load(c, 0x3ff000, 8, &v), 0);
    mmu_flush_page(c, 0x212345, MEM_PAGE, 1, MMU_ANY);
    ck_assert(!cached(c->set->load, 0x200000));
    ck_assert(!cached(c->set->load, 0x3ff000));
    close_box(b);
}
END_TEST

/* Targets of jumps in a page go with it and no others: of a set that knows what was filled (step 512), and of one that does not. */
START_TEST(fence_takes_the_jumps_of_its_page)
{
    static const struct { va_t fenced; unsigned step; } rows[] = {
        { 0x3000, 512 }, { 0x3000, 4 }, { 0x4000, 4 }, { 0x6000, 4 },
    };
    struct box *b = open_box();
    struct cpu *c = &b->cpu[0]->cpu;
    open_spaces(b);
    use_space(b->cpu[0], 0);
    for (va_t va = 0x3000; va < 0x7000; va += rows[_i].step)
        mmu_enter_jump(c->set, va, b);
    ck_assert((c->set->n_log > MMU_LOG) == (rows[_i].step == 4));
    mmu_flush_page(c, rows[_i].fenced, MEM_PAGE, 1, MMU_ANY);
    for (va_t va = 0x3000; va < 0x7000; va += rows[_i].step) {
        bool there = c->set->jump[mmu_jump_index(va)].va == va;
        ck_assert(there == ((va & ~(va_t)0xfff) != rows[_i].fenced));
    }
    close_box(b);
}
END_TEST

/* Spans of several pages, and of several large ones, from wherever they start. */
START_TEST(fences_take_whole_spans)
{
    struct box *b = open_box();
    struct cpu *c = &b->cpu[0]->cpu;
    uint64_t v;
    open_spaces(b);
    for (unsigned page = 1; page < 5; page++)
        *pte(b, 0, page) = LEAF(BASE + 0x100000 + page * 0x1000, 0);
    use_space(b->cpu[0], 0);
    for (va_t va = 0x1000; va < 0x5000; va += 0x1000)
        ck_assert_int_eq(load(c, va, 8, &v), 0);
    mmu_flush_page(c, 0x1000, 0x2000, 1, MMU_ANY);
    ck_assert(!cached(c->set->load, 0x1000));
    ck_assert(!cached(c->set->load, 0x2000));
    ck_assert(cached(c->set->load, 0x3000));
    *word(b, root_of(0) + 0x1000 + 8) = LEAF(BASE + 0x200000, 0);  /* 2 MiB at VA 2 MiB */
    *word(b, root_of(0) + 0x1000 + 16) = LEAF(BASE + 0x200000, 0); /* and at 4 MiB */
    ck_assert_int_eq(load(c, 0x3ff000, 8, &v), 0);
    ck_assert_int_eq(load(c, 0x580000, 8, &v), 0);
    mmu_flush_page(c, 0x3ff000, 0x3000, 1, MMU_ANY);
    ck_assert(!cached(c->set->load, 0x3ff000));
    ck_assert(!cached(c->set->load, 0x580000));
    ck_assert(cached(c->set->load, 0x3000));
    ck_assert_int_eq(load(c, 0x3ff000, 8, &v), 0);
    mmu_flush_page(c, 0, UINT64_MAX, 1, MMU_ANY); /* everything */
    ck_assert(!cached(c->set->load, 0x3ff000));
    ck_assert(!cached(c->set->load, 0x3000));
    close_box(b);
}
END_TEST

/* ---- sizes ---- */

enum { FIRST_LARGE = 1, LAST_LARGE = 24 }; /* pages of 2 MiB at as many times 2 MiB, all of the same memory */

static void open_large(struct box *b)
{
    open_spaces(b);
    for (unsigned k = FIRST_LARGE; k <= LAST_LARGE; k++)
        *word(b, root_of(0) + 0x1000 + 8 * k) = LEAF(BASE + 0x200000, 0);
    use_space(b->cpu[0], 0);
}

/* Loads from every page of `from` to `to`; how many of them are entered afterwards. `pause`: cycles after each. */
static unsigned load_pages(struct cpu *c, va_t from, va_t to, uint64_t pause)
{
    unsigned n = 0;
    uint64_t v;
    for (va_t va = from; va < to; va += MEM_PAGE) {
        ck_assert_int_eq(load(c, va, 8, &v), 0);
        ck_assert_uint_eq(v, (va & 0x1fffff) + 1);
        c->cycles_end += pause;
    }
    for (va_t va = from; va < to; va += MEM_PAGE)
        n += mmu_load_hit(c, va, 8) != NULL && mmu_store_hit(c, va, 8) != NULL;
    return n;
}

/* Many pages in turn find room for all; what fences and code take out is found wherever it went. */
START_TEST(busy_sets_grow)
{
    struct box *b = open_box();
    struct cpu *c = &b->cpu[0]->cpu;
    const va_t first = (va_t)FIRST_LARGE << 21, end = (va_t)(LAST_LARGE + 1) << 21;
    const unsigned pages = (unsigned)((end - first) / MEM_PAGE);
    open_large(b);
    for (pa_t at = 0; at < 0x200000; at += MEM_PAGE)
        *word(b, BASE + 0x200000 + at) = at + 1;
    ck_assert_uint_eq(mmu_ways(c->set), MMU_WAYS);
    for (unsigned i = 0; i < 8; i++)
        (void)load_pages(c, first, end, 0);
    ck_assert_uint_eq(load_pages(c, first, end, 0), pages);
    ck_assert_uint_eq(mmu_ways(c->set), MMU_MAX_WAYS);

    mmu_flush_page(c, first + 0x12345, MEM_PAGE, 1, MMU_ANY);
    for (va_t va = first; va < end; va += MEM_PAGE)
        ck_assert_int_eq(mmu_load_hit(c, va, 8) == NULL, va < first + (1 << 21));
    (void)mem_ram_mark_code(b->ram, 0x205000, 4);
    mmu_protect_page(b->m, b->ram, 0x205000);
    for (va_t va = first + (1 << 21); va < end; va += MEM_PAGE)
        ck_assert_int_eq(mmu_store_hit(c, va, 8) == NULL, (va & 0x1fffff) == 0x5000);
    mmu_flush(c, 1, MMU_ANY);
    ck_assert_uint_eq(mmu_ways(c->set), MMU_WAYS);
    for (va_t va = first; va < end; va += MEM_PAGE)
        ck_assert(mmu_load_hit(c, va, 8) == NULL && mmu_store_hit(c, va, 8) == NULL);
    close_box(b);
}
END_TEST

/* Where little time goes to walks, room for more would only have to be swept. */
START_TEST(idle_sets_stay_small)
{
    struct box *b = open_box();
    struct cpu *c = &b->cpu[0]->cpu;
    const va_t first = (va_t)FIRST_LARGE << 21, end = (va_t)(LAST_LARGE + 1) << 21;
    open_large(b);
    for (pa_t at = 0; at < 0x200000; at += MEM_PAGE)
        *word(b, BASE + 0x200000 + at) = at + 1;
    c->cycles_end += 1u << 30;
    for (unsigned i = 0; i < 4; i++)
        (void)load_pages(c, first, end, 20000);
    ck_assert_uint_eq(mmu_ways(c->set), MMU_WAYS);
    close_box(b);
}
END_TEST

/* Sweeps cost what the set's size is: a set that is swept all the time becomes small again. */
START_TEST(swept_sets_shrink)
{
    struct box *b = open_box();
    struct cpu *c = &b->cpu[0]->cpu;
    const va_t first = (va_t)FIRST_LARGE << 21, end = (va_t)(LAST_LARGE + 1) << 21;
    open_large(b);
    for (pa_t at = 0; at < 0x200000; at += MEM_PAGE)
        *word(b, BASE + 0x200000 + at) = at + 1;
    for (unsigned i = 0; i < 8; i++)
        (void)load_pages(c, first, end, 0);
    ck_assert_uint_eq(mmu_ways(c->set), MMU_MAX_WAYS);
    for (unsigned i = 0; i < 100; i++) {
        mmu_flush_page(c, first, MEM_PAGE, 1, MMU_ANY);
        ck_assert_uint_eq(load_pages(c, first, first + MEM_PAGE, 0), 1);
    }
    ck_assert_uint_eq(mmu_ways(c->set), MMU_WAYS);
    close_box(b);
}
END_TEST

/* ---- crossings, alignment ---- */

/* The second page leads nowhere, or to a device that takes no bytes: nothing is written before. */
START_TEST(refused_crossings_write_nothing)
{
    static const struct mmio_ops words_only = { device_read, device_write, 4, false };
    struct box *b = open_box();
    struct cpu *c = &b->cpu[0]->cpu;
    struct err e;
    uint64_t v;
    ck_assert_int_eq(mem_add_mmio(b->m->memory, "words", MMIO + 0x10000, 0x1000, 0, &words_only, b,
                                  NULL, &e), 0);
    open_spaces(b);
    *pte(b, 0, 1) = LEAF(BASE + 0x101000, 0);
    *pte(b, 0, 2) = LEAF(_i == 0 ? 0x70000000ull : MMIO + 0x10000, 0);
    *pte(b, 0, 3) = LEAF(BASE + 0x103000, 0);
    use_space(b->cpu[0], 0);
    *word(b, BASE + 0x101ff8) = 0x1111111111111111;
    ck_assert_int_eq(store(c, 0x1ffc, 8, UINT64_MAX), 1);
    ck_assert_uint_eq(c->fault.cause, 100);
    ck_assert_uint_eq(c->fault.value, 0x2000);
    ck_assert_uint_eq(*word(b, BASE + 0x101ff8), 0x1111111111111111);
    c->exit = 0;
    ck_assert_int_eq(load(c, 0x1ffc, 8, &v), 1);
    ck_assert_uint_eq(c->fault.value, 0x2000);
    c->exit = 0;
    ck_assert_int_eq(store(c, 0x2ffe, 4, UINT64_MAX), 1);
    ck_assert_uint_eq(c->fault.value, 0x2ffe);
    ck_assert_uint_eq(*word(b, BASE + 0x103000), 0);
    ck_assert_uint_eq(b->mmio_reads + b->mmio_writes, 0);
    close_box(b);
}
END_TEST

/* A device over part of a page of RAM: what it covers is never read or written beside it. */
START_TEST(ranges_end_inside_a_page)
{
    struct box *b = open_box();
    struct cpu *c = &b->cpu[0]->cpu;
    struct err e;
    uint64_t v;
    ck_assert_int_eq(mem_add_mmio(b->m->memory, "over", BASE + 0x9800, 0x100, 1, &device_ops, b, NULL,
                                  &e), 0);
    *word(b, BASE + 0x97f8) = 0x0807060504030201;
    *word(b, BASE + 0x9800) = UINT64_MAX; /* hidden */
    ck_assert_int_eq(load(c, BASE + 0x97f8, 8, &v), 0);
    ck_assert_uint_eq(v, 0x0807060504030201);
    ck_assert(!cached(c->set->load, BASE + 0x9000));
    ck_assert_int_eq(load(c, BASE + 0x97fc, 8, &v), 0); /* four bytes of each */
    ck_assert_uint_eq(v, 0x1111111108070605);
    ck_assert_uint_eq(b->mmio_reads, 4);
    ck_assert_int_eq(store(c, BASE + 0x97fe, 4, 0), 0);
    ck_assert_uint_eq(b->mmio_writes, 2);
    ck_assert_uint_eq(*word(b, BASE + 0x97f8), 0x0000060504030201);
    ck_assert_uint_eq(*word(b, BASE + 0x9800), UINT64_MAX);
    close_box(b);
}
END_TEST

START_TEST(crossing_is_exact)
{
    struct box *b = open_box();
    struct cpu *c = &b->cpu[0]->cpu;
    uint64_t v;
    open_spaces(b);
    *pte(b, 0, 4) = LEAF(BASE + 0x104000, 0);
    *pte(b, 0, 5) = LEAF(BASE + 0x110000, 0);
    use_space(b->cpu[0], 0);
    memset(b->ram->host + 0x104ff0, 0xaa, 16);
    for (unsigned bytes = 2; bytes <= 8; bytes *= 2)
        for (unsigned at = MEM_PAGE - bytes + 1; at < MEM_PAGE; at++) {
            uint64_t x = 0x1122334455667788;
            ck_assert_int_eq(store(c, 0x4000 + at, bytes, x), 0);
            ck_assert_int_eq(load(c, 0x4000 + at, bytes, &v), 0);
            ck_assert_uint_eq(v, zext(x, 8 * bytes));
            unsigned first = MEM_PAGE - at;
            ck_assert_uint_eq(ld_le(b->ram->host + 0x104000 + at, first), zext(x, 8 * first));
        }
    for (unsigned at = MEM_PAGE - 16; at <= MEM_PAGE; at++) { /* the TLB holds both pages by now */
        const uint64_t pair[2] = { 0x0807060504030201, 0x100f0e0d0c0b0a09 + at };
        uint64_t got[2];
        ck_assert_int_eq(mmu_slow_store128(c, 0x4000 + at, 4, pair), 0);
        ck_assert_int_eq(mmu_slow_load128(c, 0x4000 + at, 4, got), 0);
        ck_assert(got[0] == pair[0] && got[1] == pair[1]);
        unsigned first = MIN(MEM_PAGE - at, 16u);
        ck_assert_int_eq(memcmp(b->ram->host + 0x104000 + at, pair, first), 0);
        ck_assert_int_eq(memcmp(b->ram->host + 0x110000, (const uint8_t *)pair + first, 16 - first), 0);
    }
    /* The second page is not writable: nothing is written, and the fault is at its first byte. */
    *pte(b, 0, 5) &= ~(uint64_t)W;
    mmu_flush(c, MMU_ANY, MMU_ANY);
    memset(b->ram->host + 0x104ff0, 0xaa, 16);
    c->exit = 0;
    ck_assert_int_eq(store(c, 0x4ffc, 8, 0), 1);
    ck_assert_uint_eq(c->exit, CPU_EXIT_EXCEPTION);
    ck_assert_uint_eq(c->fault.cause, MMU_RV_PAGE_FAULT);
    ck_assert_uint_eq(c->fault.value, 0x5000);
    ck_assert_uint_eq(ld_le32(b->ram->host + 0x104ffc), 0xaaaaaaaa);
    /* Neither page: the first is reported, at the access's own address. */
    *pte(b, 0, 4) = 0;
    mmu_flush(c, MMU_ANY, MMU_ANY);
    ck_assert_int_eq(load(c, 0x4ffd, 4, &v), 1);
    ck_assert_uint_eq(c->fault.value, 0x4ffd);
    close_box(b);
}
END_TEST

START_TEST(alignment_rules)
{
    struct box *b = open_box();
    struct cpu *c = &b->cpu[0]->cpu;
    uint64_t v;
    ck_assert_int_eq(mmu_slow_load(c, BASE + 1, 3, &v), 0);
    ck_assert_int_eq(mmu_slow_load(c, BASE + 1, 3 | IR_MEM_ALIGNED, &v), 1);
    ck_assert_uint_eq(c->fault.cause, 101);
    ck_assert_int_eq(mmu_slow_amo(c, BASE + 2, 2, IR_AMO_ADD, 1, &v), 1);
    ck_assert_uint_eq(c->fault.cause, 101);
    ck_assert_uint_eq(c->fault.value2, CPU_STORE);
    close_box(b);
}
END_TEST

START_TEST(values_are_extended)
{
    struct box *b = open_box();
    struct cpu *c = &b->cpu[0]->cpu;
    uint64_t v;
    st_le64(b->ram->host, 0xfedcba9876543280);
    ck_assert_int_eq(mmu_slow_load(c, BASE, 0 | IR_MEM_SIGNED, &v), 0);
    ck_assert_uint_eq(v, 0xffffffffffffff80);
    ck_assert_int_eq(mmu_slow_load(c, BASE, 1 | IR_MEM_BE, &v), 0);
    ck_assert_uint_eq(v, 0x8032);
    ck_assert_int_eq(mmu_slow_load(c, BASE + 4, 2 | IR_MEM_SIGNED, &v), 0);
    ck_assert_uint_eq(v, 0xfffffffffedcba98);
    ck_assert_int_eq(mmu_slow_store(c, BASE, 2 | IR_MEM_BE, 0x01020304), 0);
    ck_assert_uint_eq(ld_be32(b->ram->host), 0x01020304);
    close_box(b);
}
END_TEST

static const struct { enum ir_amo op; uint64_t old, value, result; } amos[] = {
    { IR_AMO_SWAP, 5, 9, 9 },                   { IR_AMO_ADD, 0xffffffff, 1, 0 },
    { IR_AMO_AND, 0xf0, 0x3c, 0x30 },           { IR_AMO_OR, 0xf0, 0x3c, 0xfc },
    { IR_AMO_XOR, 0xf0, 0x3c, 0xcc },           { IR_AMO_MIN, 0x80000000, 1, 0x80000000 },
    { IR_AMO_MAX, 0x80000000, 1, 1 },           { IR_AMO_MINU, 0x80000000, 1, 1 },
    { IR_AMO_MAXU, 0x80000000, 1, 0x80000000 },
};

START_TEST(atomic_operations)
{
    struct box *b = open_box();
    struct cpu *c = &b->cpu[0]->cpu;
    uint64_t old;
    st_le32(b->ram->host + 4, 0x12345678);
    st_le32(b->ram->host, (uint32_t)amos[_i].old);
    ck_assert_int_eq(mmu_slow_amo(c, BASE, 2 | IR_MEM_SIGNED, amos[_i].op, amos[_i].value, &old), 0);
    ck_assert_uint_eq(old, sext(amos[_i].old, 32));
    ck_assert_uint_eq(ld_le32(b->ram->host), amos[_i].result);
    ck_assert_uint_eq(ld_le32(b->ram->host + 4), 0x12345678);
    close_box(b);
}
END_TEST

START_TEST(compare_and_swap)
{
    struct box *b = open_box();
    struct cpu *c = &b->cpu[0]->cpu;
    uint64_t old, old2[2];
    const uint64_t five[2] = { 5, 6 }, nine[2] = { 9, 10 };
    st_le64(b->ram->host, 5);
    st_le64(b->ram->host + 8, 6);
    ck_assert_int_eq(mmu_slow_cas(c, BASE, 3, 4, 1, &old), 0);
    ck_assert_uint_eq(old, 5);
    ck_assert_uint_eq(ld_le64(b->ram->host), 5);
    ck_assert_int_eq(mmu_slow_cas128(c, BASE, five, nine, old2), 0);
    ck_assert_uint_eq(old2[1], 6);
    ck_assert_uint_eq(ld_le64(b->ram->host + 8), 10);
    ck_assert_int_eq(mmu_slow_cas128(c, BASE, five, five, old2), 0);
    ck_assert_uint_eq(old2[0], 9);
    ck_assert_uint_eq(ld_le64(b->ram->host), 9);
    close_box(b);
}
END_TEST

/* Where nothing objects to a store to ROM, compare and swap of 16 bytes goes to flash, as other stores do, and not into it. */
START_TEST(compare_and_swap_spares_rom)
{
    struct cpu_isa open = bare_isa;
    struct box *b = open_box();
    struct cpu *c = &b->cpu[0]->cpu;
    const uint64_t zero[2] = { 0, 0 }, nine[2] = { 9, 10 };
    const pa_t rom = BASE + SIZE;
    uint64_t old[2];
    struct err e;
    open.open_bus = true;
    c->isa = &open;
    ck_assert_int_eq(mem_add_rom(b->m->memory, "rom", rom, b->ram, 0x8000, 0x1000, 0, &device_ops, b, NULL, &e), 0);
    ck_assert_int_eq(mmu_slow_cas128(c, rom + 16, nine, zero, old), 0); /* not equal: nothing is stored */
    ck_assert_uint_eq(b->mmio_writes, 0);
    ck_assert_int_eq(mmu_slow_cas128(c, rom + 16, zero, nine, old), 0);
    ck_assert_uint_eq(old[0], 0);
    ck_assert_uint_eq(b->mmio_writes, 2);
    ck_assert_uint_eq(b->mmio_value, 10);
    ck_assert_uint_eq(ld_le64(b->ram->host + 0x8010), 0);
    ck_assert_uint_eq(ld_le64(b->ram->host + 0x8018), 0);
    close_box(b);
}
END_TEST

/*
 * Until software fences, a changed page table entry may go unseen (privileged ISA, "Supervisor
 * Memory-Management Fence Instruction"). The same accesses must then miss it whichever way an
 * executor goes, or executors differ.
 */
START_TEST(every_way_in_uses_the_tlb)
{
    struct box *b = open_box();
    struct cpu *c = &b->cpu[0]->cpu;
    const va_t va = 0x5000;
    const uint64_t two[2] = { 7, 0 };
    uint64_t v, pair[2];
    open_spaces(b);
    *pte(b, 0, 5) = LEAF(BASE + 0x105000, 0);
    use_space(b->cpu[0], 0);
    ck_assert_int_eq(load(c, va, 8, &v), 0);
    ck_assert_int_eq(store(c, va, 8, 1), 0);
    ck_assert(cached(c->set->load, va) && cached(c->set->store, va));
    *pte(b, 0, 5) = 0;
    ck_assert_int_eq(mmu_slow_load(c, va, 3, &v), 0);
    ck_assert_uint_eq(v, 1);
    ck_assert_int_eq(mmu_slow_store(c, va, 3, 2), 0);
    ck_assert_int_eq(mmu_slow_amo(c, va, 3, IR_AMO_ADD, 3, &v), 0);
    ck_assert_uint_eq(v, 2);
    ck_assert_int_eq(mmu_slow_cas(c, va, 3, 5, 7, &v), 0);
    ck_assert_int_eq(mmu_slow_cas128(c, va, two, two, pair), 0);
    ck_assert_uint_eq(*word(b, BASE + 0x105000), 7);
    ck_assert_uint_eq(c->exit, 0);
    mmu_flush_page(c, va, MEM_PAGE, 1, MMU_ANY);
    ck_assert_int_eq(mmu_slow_amo(c, va, 3, IR_AMO_ADD, 3, &v), 1);
    ck_assert(c->exit & CPU_EXIT_EXCEPTION);
    close_box(b);
}
END_TEST

/* ---- devices ---- */

START_TEST(devices_are_never_cached)
{
    struct box *b = open_box();
    struct cpu *c = &b->cpu[0]->cpu;
    static const struct cpu_site site = { .at = 8, .insns_before = 2, .cost_before = 2 };
    uint64_t v;
    c->cycles_end = 1000; /* cycle 900 at the start of the block, 902 at the access: 1 GHz */
    c->budget = 100;
    c->site = &site;
    for (uint64_t i = 1; i <= 3; i++) {
        ck_assert_int_eq(load(c, MMIO + 4, 4, &v), 0);
        ck_assert_uint_eq(b->mmio_reads, i);
    }
    ck_assert_uint_eq(b->mmio_time, 902 * PS_PER_NS);
    ck_assert_uint_eq(v, 0x44332211); /* what is above the access is cut off */
    ck_assert_int_eq(store(c, MMIO + 4, 2, 0x12345), 0);
    ck_assert_uint_eq(b->mmio_value, 0x2345);
    ck_assert_int_eq(store(c, MMIO + 0x2000, 4, 0), 1); /* nothing there */
    ck_assert_uint_eq(c->fault.cause, 100);
    c->site = NULL;
    close_box(b);
}
END_TEST

START_TEST(map_changes_flush)
{
    struct box *b = open_box();
    struct cpu *c = &b->cpu[0]->cpu;
    struct err e;
    uint64_t v;
    ck_assert_int_eq(load(c, BASE, 8, &v), 0);
    ck_assert(cached(c->set->load, BASE));
    struct mem_region *over;
    ck_assert_int_eq(mem_add_mmio(b->m->memory, "over", BASE, 0x1000, 1, &device_ops, b, &over, &e),
                     0);
    ck_assert(!cached(c->set->load, BASE));
    ck_assert_int_eq(load(c, BASE, 8, &v), 0);
    ck_assert_uint_eq(b->mmio_reads, 1);
    close_box(b);
}
END_TEST

/* ---- without the machine's lock ---- */

/* Entries of plain memory are made, and a walk that would change memory leaves everything as it was. */
START_TEST(quick_accesses_change_nothing_else)
{
    struct box *b = open_box();
    struct cpu *c = &b->cpu[0]->cpu;
    uint64_t v;
    open_spaces(b);
    b->cpu[0]->r.adue = true;
    *pte(b, 0, 1) = LEAF(BASE + 0x101000, 0);
    *pte(b, 0, 2) = LEAF(BASE + 0x104000, 0);
    *pte(b, 0, 3) = LEAF(BASE + 0x103000, 0) & ~(uint64_t)D;
    *pte(b, 0, 4) = LEAF(MMIO, 0);
    use_space(b->cpu[0], 0);
    ck_assert(mmu_quick_store(c, 0x1ffc, 3, 0x1122334455667788)); /* over two pages that lie apart */
    ck_assert_uint_eq(ld_le32(b->ram->host + 0x101ffc), 0x55667788);
    ck_assert_uint_eq(ld_le32(b->ram->host + 0x104000), 0x11223344);
    ck_assert(mmu_quick_load(c, 0x1ffc, 3, &v));
    ck_assert_uint_eq(v, 0x1122334455667788);
    ck_assert(cached(c->set->load, 0x1000) && cached(c->set->store, 0x2000));
    ck_assert(!mmu_quick_load(c, 0x1002, 2 | IR_MEM_ALIGNED, &v));

    uint64_t before = *pte(b, 0, 3);
    ck_assert(!mmu_quick_store(c, 0x3000, 3, 1)); /* D is to be set */
    ck_assert_uint_eq(*pte(b, 0, 3), before);
    ck_assert(!mmu_quick_load(c, 0x4000, 2, &v)); /* a device */
    ck_assert_uint_eq(b->mmio_reads, 0);
    ck_assert(!mmu_quick_load(c, 0x5000, 2, &v)); /* not mapped */
    ck_assert(!mmu_quick_store(c, 0x2ffc, 3, 1)); /* the second page refuses */
    ck_assert_uint_eq(ld_le32(b->ram->host + 0x104ffc), 0);
    ck_assert_uint_eq(c->exit, 0);
    ck_assert(!c->fault.pending && !c->still);
    ck_assert_int_eq(store(c, 0x3000, 8, 1), 0);
    ck_assert_uint_eq(*pte(b, 0, 3), before | D);
    close_box(b);
}
END_TEST

/* What is about to be read as code is stored to by no entry, whoever had one, and gets none. */
START_TEST(sealed_pages_are_not_entered)
{
    struct box *b = open_box();
    struct cpu *own = &b->cpu[0]->cpu, *other = &b->cpu[1]->cpu;
    ck_assert(mmu_quick_store(own, BASE + 0x5008, 2, 1));
    ck_assert(cached(own->set->store, BASE + 0x5000));
    ck_assert(mmu_seal_page(own, b->ram, 0x5000)); /* nobody else is to be waited for */
    ck_assert(!cached(own->set->store, BASE + 0x5000));
    ck_assert(!mmu_quick_store(own, BASE + 0x5008, 2, 2));
    ck_assert(!mmu_quick_store(other, BASE + 0x5008, 2, 2));
    ck_assert_uint_eq(ld_le32(b->ram->host + 0x5008), 1);
    ck_assert_int_eq(store(own, BASE + 0x5008, 4, 3), 0); /* no code came of it: the page is as any other */
    ck_assert(mmu_quick_store(other, BASE + 0x5008, 2, 4));
    ck_assert(cached(other->set->store, BASE + 0x5000));
    ck_assert(!mmu_seal_page(own, b->ram, 0x5000));
    ck_assert(!cached(other->set->store, BASE + 0x5000));
    ck_assert(mmu_seal_page(own, b->ram, 0x5000));
    close_box(b);
}
END_TEST

/* ---- pages that stores must be seen on ---- */

START_TEST(protected_pages_leave_the_tlb)
{
    struct box *b = open_box();
    struct cpu *c = &b->cpu[0]->cpu;
    ck_assert_int_eq(store(c, BASE + 0x5008, 4, 1), 0);
    ck_assert(cached(c->set->store, BASE + 0x5008));
    (void)mem_ram_mark_code(b->ram, 0x5000, 4);
    mmu_protect_page(b->m, b->ram, 0x5000);
    ck_assert(!cached(c->set->store, BASE + 0x5008));
    ck_assert_int_eq(store(c, BASE + 0x5008, 4, 2), 0);
    ck_assert(!cached(c->set->store, BASE + 0x5008)); /* as long as it holds code */
    ck_assert_uint_eq(ld_le32(b->ram->host + 0x5008), 2);
    mem_ram_clear_code(b->ram, 0x5000, MEM_PAGE, 0);
    ck_assert_int_eq(store(c, BASE + 0x5008, 4, 3), 0);
    ck_assert(cached(c->set->store, BASE + 0x5008));
    close_box(b);
}
END_TEST

/* Stores between LR and SC: by whom, where, and whether the turn ended; then SC's result. */
static const struct { int who; unsigned at; bool guard; uint64_t failed; } reservations[] = {
    { -1, 0, false, 0 }, { -1, 0, true, 0 },
    { 0, 0, true, 0 },   /* own stores do not break it */
    { 1, 0, true, 1 },   { 1, 4, true, 0 }, { 1, 0x800, true, 0 },
};

START_TEST(reservations_break_exactly)
{
    struct box *b = open_box();
    struct cpu *c = &b->cpu[0]->cpu, *other = &b->cpu[1]->cpu;
    uint64_t v, failed;
    ck_assert_int_eq(store(other, BASE + 0x6000, 4, 5), 0); /* it has the page in its TLB */
    ck_assert_int_eq(mmu_load_reserved(c, BASE + 0x6000, 2, &v), 0);
    ck_assert_uint_eq(v, 5);
    if (reservations[_i].guard)
        mmu_guard_reservation(c);
    if (reservations[_i].who >= 0)
        ck_assert_int_eq(store(&b->cpu[reservations[_i].who]->cpu, BASE + 0x6000 + reservations[_i].at,
                               4, 5), 0);
    ck_assert_int_eq(mmu_store_conditional(c, BASE + 0x6000, 2, 7, &failed), 0);
    ck_assert_uint_eq(failed, reservations[_i].failed);
    ck_assert_uint_eq(ld_le32(b->ram->host + 0x6000), failed ? 5 : 7);
    ck_assert_int_eq(mmu_store_conditional(c, BASE + 0x6000, 2, 8, &failed), 0);
    ck_assert_uint_eq(failed, 1); /* it is gone either way */
    ck_assert_uint_eq(b->ram->flags[6] & MEM_PAGE_RESERVED, 0);
    close_box(b);
}
END_TEST

START_TEST(dma_breaks_reservations)
{
    struct box *b = open_box();
    struct cpu *c = &b->cpu[0]->cpu;
    uint64_t v, failed;
    ck_assert_int_eq(mmu_load_reserved(c, BASE + 0x6000, 3, &v), 0);
    mmu_guard_reservation(c);
    ck_assert_int_eq(mem_store(b->m->memory, BASE + 0x6007, 1, 1, NULL), MEM_OK);
    ck_assert_int_eq(mmu_store_conditional(c, BASE + 0x6000, 3, 7, &failed), 0);
    ck_assert_uint_eq(failed, 1);
    close_box(b);
}
END_TEST

START_TEST(watchpoints)
{
    struct box *b = open_box();
    struct cpu *c = &b->cpu[0]->cpu;
    struct mmu_watch w = { .addr = BASE + 0x7004, .size = 4, .store = true };
    struct err e;
    uint64_t v;
    ck_assert_int_eq(store(c, BASE + 0x7000, 8, 1), 0);
    ck_assert_int_eq(mmu_set_watches(b->m, &w, 1, &e), 0);
    c->exit = 0;
    ck_assert_int_eq(load(c, BASE + 0x7004, 4, &v), 0);
    ck_assert_int_eq(store(c, BASE + 0x7000, 4, 2), 0);
    ck_assert(!cached(c->set->store, BASE + 0x7000));
    ck_assert_int_eq(store(c, BASE + 0x7000, 8, 3), 1);
    ck_assert_uint_eq(c->exit, CPU_EXIT_DEBUG);
    ck_assert_int_eq(c->debug.kind, CPU_STOP_WATCH);
    ck_assert_uint_eq(ld_le64(b->ram->host + 0x7000), 2); /* not done */
    mmu_skip_watch(c, true);
    ck_assert_int_eq(store(c, BASE + 0x7000, 8, 3), 0);
    mmu_skip_watch(c, false);
    ck_assert_int_eq(mmu_set_watches(b->m, NULL, 0, &e), 0);
    ck_assert_int_eq(store(c, BASE + 0x7000, 8, 4), 0);
    ck_assert(cached(c->set->store, BASE + 0x7000));
    close_box(b);
}
END_TEST

/*
 * Two CPUs' reservations came out of a snapshot, in one page; nobody is guarded yet. The first
 * takes another and gives it up: the second's is still watched over.
 */
START_TEST(restored_reservations_stay_watched)
{
    struct box *b = open_box();
    struct cpu *c = &b->cpu[0]->cpu, *other = &b->cpu[1]->cpu;
    uint64_t v, failed;
    for (unsigned i = 0; i < 2; i++) {
        b->cpu[i]->cpu.reserved = true;
        b->cpu[i]->cpu.reserved_size = 8;
        b->cpu[i]->cpu.reserved_pa = BASE + 0x6000 + 8 * i;
    }
    b->ram->flags[6] |= MEM_PAGE_RESERVED; /* as cpu_create's `loaded` does, */
    mmu_flush_all_cpus(b->m);              /* and core/exec's */
    ck_assert_int_eq(mmu_load_reserved(c, BASE + 0x6000, 3, &v), 0);
    mmu_guard_reservation(c);
    ck_assert_int_eq(mmu_store_conditional(c, BASE + 0x6000, 3, 1, &failed), 0);
    ck_assert_uint_eq(failed, 0);
    ck_assert_int_eq(store(c, BASE + 0x6008, 8, 2), 0);
    ck_assert_int_eq(mmu_store_conditional(other, BASE + 0x6008, 3, 3, &failed), 0);
    ck_assert_uint_eq(failed, 1);
    ck_assert_int_eq(store(c, BASE + 0x6010, 8, 2), 0);
    ck_assert_uint_eq(b->ram->flags[6] & MEM_PAGE_RESERVED, 0);
    close_box(b);
}
END_TEST

/* SC writes and does not read; an AMO does both. */
START_TEST(conditional_stores_are_not_loads)
{
    struct box *b = open_box();
    struct cpu *c = &b->cpu[0]->cpu;
    struct mmu_watch w = { .addr = BASE + 0x7000, .size = 8, .load = true };
    struct err e;
    uint64_t v, failed;
    ck_assert_int_eq(mmu_load_reserved(c, BASE + 0x7000, 3, &v), 0);
    ck_assert_int_eq(mmu_set_watches(b->m, &w, 1, &e), 0);
    c->exit = 0;
    ck_assert_int_eq(mmu_store_conditional(c, BASE + 0x7000, 3, 4, &failed), 0);
    ck_assert_uint_eq(failed, 0);
    ck_assert_uint_eq(c->exit, 0);
    ck_assert_int_eq(mmu_slow_amo(c, BASE + 0x7000, 3, IR_AMO_ADD, 1, &v), 1);
    ck_assert_uint_eq(c->exit, CPU_EXIT_DEBUG);
    ck_assert_uint_eq(*word(b, BASE + 0x7000), 4);
    ck_assert_int_eq(mmu_set_watches(b->m, NULL, 0, &e), 0);
    close_box(b);
}
END_TEST

START_TEST(fetches_and_debuggers)
{
    struct box *b = open_box();
    struct cpu *c = &b->cpu[0]->cpu;
    struct mem_ram *ram;
    uint64_t offset, v = 0x1234;
    open_spaces(b);
    *pte(b, 0, 4) = LEAF(BASE + 0x108000, 0);
    use_space(b->cpu[0], 0);
    ck_assert_int_eq(mmu_fetch(c, 0x4246, &ram, &offset), 0);
    ck_assert_uint_eq(offset, 0x108246);
    ck_assert_uint_eq(c->set->fetch[4].tag, 0x4000);
    ck_assert_uint_eq(c->set->fetch[4].addend, mmu_page_id(b->ram, 0x108000));
    c->exit = 0;
    ck_assert_int_eq(mmu_fetch(c, 0x9000, &ram, &offset), 1);
    ck_assert_uint_eq(c->exit, CPU_EXIT_EXCEPTION);
    c->exit = 0;
    ck_assert_int_eq(mmu_debug_write(c, 0x4ff8, &v, 8), 0);
    v = 0;
    ck_assert_int_eq(mmu_debug_read(c, 0x4ff8, &v, 8), 0);
    ck_assert_uint_eq(v, 0x1234);
    ck_assert_int_lt(mmu_debug_read(c, 0x4ffc, &v, 8), 0);
    ck_assert_uint_eq(c->exit, 0);
    close_box(b);
}
END_TEST

/* A debugger reads and writes what the guest itself may not, and leaves A and D alone. */
START_TEST(debuggers_ignore_permissions)
{
    static const uint64_t bits[] = { V | R | U, V | X, V | R, V | R | W | X | U | A | D };
    struct box *b = open_box();
    struct cpu *c = &b->cpu[0]->cpu;
    struct mmu_rv_pmp none = { .count = 16 };
    mmu_rv_pmp_compile(&none);
    open_spaces(b);
    for (unsigned i = 0; i < ARRAY_LEN(bits); i++)
        *pte(b, 0, i) = (BASE + 0x108000 + i * 0x1000) >> 12 << 10 | bits[i];
    b->cpu[0]->r.pmp = &none; /* to S and U everything is closed */
    for (uint8_t privilege = 0; privilege < 2; privilege++) {
        b->cpu[0]->r.privilege = privilege;
        use_space(b->cpu[0], 0);
        for (unsigned i = 0; i < ARRAY_LEN(bits); i++) {
            uint64_t was = *pte(b, 0, i), v = 0x1234 + i, got = 0;
            ck_assert_int_eq(mmu_debug_write(c, i * 0x1000 + 8, &v, 8), 0);
            ck_assert_uint_eq(*word(b, BASE + 0x108008 + i * 0x1000), v);
            ck_assert_int_eq(mmu_debug_read(c, i * 0x1000 + 8, &got, 8), 0);
            ck_assert_uint_eq(got, v);
            ck_assert_uint_eq(*pte(b, 0, i), was);
        }
    }
    uint64_t v;
    ck_assert_int_lt(mmu_debug_read(c, ARRAY_LEN(bits) * 0x1000, &v, 8), 0); /* not mapped */
    ck_assert_uint_eq(c->exit, 0);
    close_box(b);
}
END_TEST

/* ---- pages of devices ---- */

static unsigned walks_of_load(struct bare *c, va_t va, unsigned bytes)
{
    unsigned before = c->walks;
    uint64_t v;
    ck_assert_int_eq(load(&c->cpu, va, bytes, &v), 0);
    return c->walks - before;
}

START_TEST(device_pages_are_walked_once)
{
    struct box *b = open_box();
    struct bare *c = b->cpu[0];
    uint64_t v;
    open_spaces(b);
    *pte(b, 0, 1) = LEAF(MMIO, 0);
    *pte(b, 0, 2) = LEAF(BASE + 0x100000, 0);
    use_space(c, 0);
    ck_assert_uint_eq(walks_of_load(c, 0x1004, 4), 1);
    ck_assert_uint_eq(walks_of_load(c, 0x1ff8, 8), 0);
    ck_assert_int_eq(store(&c->cpu, 0x1010, 2, 7), 0);
    ck_assert_uint_eq(c->walks, 1);
    ck_assert_uint_eq(b->mmio_reads, 2);
    ck_assert_uint_eq(b->mmio_value, 7);
    ck_assert_uint_eq(walks_of_load(c, 0x1ffe, 2), 0);
    ck_assert_int_eq(load(&c->cpu, 0x1002, 4, &v), 1); /* misaligned: the device has its say, after a walk */
    ck_assert_uint_eq(c->walks, 2);
    c->cpu.exit = 0;
    mmu_flush_page(&c->cpu, 0x2000, MEM_PAGE, MMU_ANY, MMU_ANY);
    mmu_flush_page(&c->cpu, 0x1000, MEM_PAGE, 2, MMU_ANY); /* another space's */
    mmu_flush(&c->cpu, 2, MMU_ANY);
    ck_assert_uint_eq(walks_of_load(c, 0x1004, 4), 0);
    mmu_flush_page(&c->cpu, 0x1234, 1, 1, MMU_ANY);
    ck_assert_uint_eq(walks_of_load(c, 0x1004, 4), 1);
    mmu_flush_page(&c->cpu, 0, 0x100000, MMU_ANY, 0);
    ck_assert_uint_eq(walks_of_load(c, 0x1004, 4), 1);
    mmu_flush(&c->cpu, 1, MMU_ANY);
    ck_assert_uint_eq(walks_of_load(c, 0x1004, 4), 1);
    c->cpu.uniform = 0; /* a model that charges walks: what was entered before is not all that will be */
    mmu_flush(&c->cpu, MMU_ANY, MMU_ANY);
    ck_assert_uint_eq(walks_of_load(c, 0x1004, 4), 1);
    ck_assert_uint_eq(walks_of_load(c, 0x1004, 4), 1);
    close_box(b);
}
END_TEST

/* What they are asked for beside the address: rights, the space, and whether the place is still there. */
START_TEST(device_pages_keep_their_rights)
{
    struct box *b = open_box();
    struct bare *c = b->cpu[0];
    struct cpu *cpu = &c->cpu;
    uint64_t v;
    open_spaces(b);
    *pte(b, 0, 1) = LEAF(MMIO, 0) & ~(uint64_t)W;
    *pte(b, 1, 1) = LEAF(BASE + 0x101000, 0);
    *word(b, BASE + 0x101008) = 99;
    use_space(c, 0);
    ck_assert_int_eq(load(cpu, 0x1008, 8, &v), 0);
    ck_assert_int_eq(store(cpu, 0x1008, 8, 1), 1);
    ck_assert_uint_eq(cpu->fault.cause, MMU_RV_PAGE_FAULT);
    ck_assert_uint_eq(b->mmio_writes, 0);
    cpu->exit = 0;
    use_space(c, 1);
    ck_assert_int_eq(load(cpu, 0x1008, 8, &v), 0);
    ck_assert_uint_eq(v, 99);
    use_space(c, 0);
    ck_assert_int_eq(load(cpu, 0x1008, 8, &v), 0);
    ck_assert_uint_eq(v, 0x8877665544332211);
    *pte(b, 0, 1) = LEAF(BASE + 0x101000, 0);
    mmu_flush_page(cpu, 0x1000, MEM_PAGE, MMU_ANY, MMU_ANY);
    ck_assert_int_eq(load(cpu, 0x1008, 8, &v), 0);
    ck_assert_uint_eq(v, 99);
    for (uint64_t key = 10; key < 100; key++) { /* sets are used again for other contexts */
        mmu_select(cpu, key, 7, 0);
        c->r.satp = 0;
        ck_assert_uint_eq(walks_of_load(c, MMIO, 4), 1);
        ck_assert_uint_eq(walks_of_load(c, MMIO, 4), 0);
    }
    close_box(b);
}
END_TEST

START_TEST(large_device_pages_go_as_a_whole)
{
    struct box *b = open_box();
    struct bare *c = b->cpu[0];
    struct mem_region *late;
    struct err e;
    uint64_t v;
    ck_assert_int_eq(mem_add_mmio(b->m->memory, "late", MMIO + 0x9800, 0x100, 1, &device_ops, b, &late, &e), 0);
    open_spaces(b);
    *word(b, root_of(0) + 0x1000 + 8) = LEAF(MMIO, 0); /* 2 MiB at VA 2 MiB */
    use_space(c, 0);
    ck_assert_uint_eq(walks_of_load(c, 0x200000, 8), 1);
    mmu_flush_page(&c->cpu, 0x3ff000, 1, 1, MMU_ANY);
    ck_assert_uint_eq(walks_of_load(c, 0x200000, 8), 1);
    mmu_flush_page(&c->cpu, 0x1ff000, 0x800, 1, MMU_ANY); /* in front of it */
    mmu_flush_page(&c->cpu, 0x400000, MEM_PAGE, 1, MMU_ANY);
    ck_assert_uint_eq(walks_of_load(c, 0x200000, 8), 0);
    /* A part of a page, with nothing around it. */
    ck_assert_uint_eq(walks_of_load(c, 0x209800, 8), 1);
    ck_assert_uint_eq(walks_of_load(c, 0x2098f8, 8), 0);
    ck_assert_int_eq(load(&c->cpu, 0x2097f8, 8, &v), 1);
    ck_assert_int_eq(load(&c->cpu, 0x209900, 1, &v), 1);
    c->cpu.exit = 0;
    mem_enable_region(b->m->memory, late, false);
    ck_assert_int_eq(load(&c->cpu, 0x209800, 8, &v), 1);
    ck_assert_uint_eq(c->cpu.fault.cause, 100);
    close_box(b);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("mmu.tlb");
    TCase *t = tcase_create("tlb");
    tcase_add_loop_test(t, equals_the_walker, 0, 8);
    tcase_add_test(t, contexts_are_recycled);
    tcase_add_test(t, fence_takes_the_large_page);
    tcase_add_loop_test(t, fence_takes_the_jumps_of_its_page, 0, 4);
    tcase_add_test(t, fences_take_whole_spans);
    tcase_add_test(t, busy_sets_grow);
    tcase_add_test(t, idle_sets_stay_small);
    tcase_add_test(t, swept_sets_shrink);
    tcase_add_test(t, crossing_is_exact);
    tcase_add_loop_test(t, refused_crossings_write_nothing, 0, 2);
    tcase_add_test(t, ranges_end_inside_a_page);
    tcase_add_test(t, alignment_rules);
    tcase_add_test(t, values_are_extended);
    tcase_add_loop_test(t, atomic_operations, 0, ARRAY_LEN(amos));
    tcase_add_test(t, compare_and_swap);
    tcase_add_test(t, compare_and_swap_spares_rom);
    tcase_add_test(t, every_way_in_uses_the_tlb);
    tcase_add_test(t, devices_are_never_cached);
    tcase_add_test(t, device_pages_are_walked_once);
    tcase_add_test(t, device_pages_keep_their_rights);
    tcase_add_test(t, large_device_pages_go_as_a_whole);
    tcase_add_test(t, map_changes_flush);
    tcase_add_test(t, protected_pages_leave_the_tlb);
    tcase_add_loop_test(t, reservations_break_exactly, 0, ARRAY_LEN(reservations));
    tcase_add_test(t, dma_breaks_reservations);
    tcase_add_test(t, restored_reservations_stay_watched);
    tcase_add_test(t, quick_accesses_change_nothing_else);
    tcase_add_test(t, sealed_pages_are_not_entered);
    tcase_add_test(t, watchpoints);
    tcase_add_test(t, conditional_stores_are_not_loads);
    tcase_add_test(t, fetches_and_debuggers);
    tcase_add_test(t, debuggers_ignore_permissions);
    suite_add_tcase(s, t);
    return s;
}
