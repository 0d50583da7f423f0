/* SPDX-License-Identifier: Apache-2.0 */
/* Slow paths of what reads and writes: atomic operations, compare and swap; and of reservations. */
#include "mmu/access_impl.h"
#include "core/util/bytes.h"

/* Alignment, watchpoints and translation for writing, of what `reads` as well or, SC, does not. */
static int open_rmw(struct cpu *cpu, va_t va, uint32_t memop, bool reads, struct mmu_target *t)
{
    unsigned size = mmu_size_of(memop), regime = mmu_regime_of(memop);
    if (mmu_hits_watch(cpu, va, size, reads, true) || mmu_raises_align(cpu, va, memop, CPU_STORE, false))
        return 1;
    uint8_t *host = reads ? mmu_cached(cpu, va, size, CPU_STORE, regime) : NULL;
    if (host != NULL) {
        *t = (struct mmu_target){ .host = host };
        return 0;
    }
    if (mmu_translate(cpu, va, size, CPU_STORE, regime, t))
        return 1;
    if (UNLIKELY(reads && !t->map.load) && mmu_translate(cpu, va, size, CPU_LOAD, regime, t))
        return 1;
    if (t->rom && !cpu->isa->open_bus) { /* no atomicity there */
        cpu->isa->raise_bus(cpu, va, CPU_STORE, MEM_READ_ONLY);
        return 1;
    }
    return 0;
}

/* A plain access of the same place and rights: what an atomic one across two pages is made of, where it is allowed. */
static uint32_t plain(uint32_t memop)
{
    return (memop & ~(uint32_t)(IR_MEM_ATOMIC | IR_MEM_ALIGNED | IR_MEM_SIGNED)) | IR_MEM_STORE_RIGHTS;
}

/* Nothing comes between the load and the store: there is one host thread, or the caller is alone. */
static int cas_across(struct cpu *cpu, va_t va, uint32_t memop, uint64_t expected, uint64_t value, uint64_t *old)
{
    unsigned size = mmu_size_of(memop);
    uint64_t v;
    if (mmu_raises_align(cpu, va, memop, CPU_STORE, false) || mmu_slow_load(cpu, va, plain(memop), &v))
        return 1;
    if (v == zext(expected, size * 8) && mmu_slow_store(cpu, va, plain(memop), value))
        return 1;
    *old = memop & IR_MEM_SIGNED ? sext(v, size * 8) : v;
    return 0;
}

static int amo_across(struct cpu *cpu, va_t va, uint32_t memop, enum ir_amo op, uint64_t value, uint64_t *old)
{
    unsigned size = mmu_size_of(memop);
    uint64_t v;
    if (mmu_raises_align(cpu, va, memop, CPU_STORE, false) || mmu_slow_load(cpu, va, plain(memop), &v) ||
        mmu_slow_store(cpu, va, plain(memop), mmu_amo_result(op, v, value, size)))
        return 1;
    *old = memop & IR_MEM_SIGNED ? sext(v, size * 8) : v;
    return 0;
}

/* ---- memory that other host threads use ---- */

/* RAM was changed at `t` by an atomic operation: as mmu_store_at would have done, but not to be undone. */
static void changed(struct cpu *cpu, const struct mmu_target *t, unsigned size)
{
    bool repeats = cpu->alone;
    cpu->code_gone = false;
    cpu->alone = true; /* code behind it in its own block is seen at the block's end */
    if (t->ram != NULL)
        mmu_written(cpu, t, size);
    cpu->alone = repeats;
}

static struct mmu_stripe *stripes_of(const struct cpu *cpu)
{
    return cpu->machine->mmu->stripes;
}

/* One host instruction does it: not over two lines, which the host's kernel may punish. */
static bool is_natural(va_t va, unsigned size)
{
    return (va & (size - 1)) == 0;
}

/* Is it to be done with everybody else standing still? */
static bool stops_all(const struct cpu *cpu, va_t va, unsigned size)
{
    return UNLIKELY(cpu->machine->parallel) && !is_natural(va, size);
}

/* The place of an atomic operation that needs neither the machine's lock nor a look at the page; NULL: it may. */
static uint8_t *quick(struct cpu *cpu, va_t va, uint32_t memop)
{
    unsigned size = mmu_size_of(memop);
    return is_natural(va, size) && mmu_regime_of(memop) == 0 ? mmu_reach(cpu, va, size, CPU_STORE, 0) : NULL;
}

bool mmu_quick_amo(struct cpu *cpu, va_t va, uint32_t memop, enum ir_amo op, uint64_t value, uint64_t *old)
{
    unsigned size = mmu_size_of(memop);
    uint8_t *host = quick(cpu, va, memop);
    if (host == NULL)
        return false;
    uint64_t v = mmu_shared_amo(stripes_of(cpu), host, size, op, value, memop & IR_MEM_BE);
    *old = memop & IR_MEM_SIGNED ? sext(v, size * 8) : v;
    return true;
}

static uint64_t shared_cas(struct cpu *cpu, uint8_t *host, uint32_t memop, uint64_t expected, uint64_t value)
{
    unsigned size = mmu_size_of(memop);
    bool be = memop & IR_MEM_BE;
    expected = zext(expected, size * 8);
    uint64_t v = mmu_shared_cas(stripes_of(cpu), host, size, be ? mmu_swap(expected, size) : expected,
                                be ? mmu_swap(zext(value, size * 8), size) : value);
    return be ? mmu_swap(v, size) : v;
}

bool mmu_quick_cas(struct cpu *cpu, va_t va, uint32_t memop, uint64_t expected, uint64_t value, uint64_t *old)
{
    uint8_t *host = quick(cpu, va, memop);
    if (host == NULL)
        return false;
    uint64_t v = shared_cas(cpu, host, memop, expected, value);
    *old = memop & IR_MEM_SIGNED ? sext(v, mmu_size_of(memop) * 8) : v;
    return true;
}

bool mmu_quick_cas128(struct cpu *cpu, va_t va, const uint64_t expected[2], const uint64_t value[2], uint64_t old[2])
{
    uint8_t *host = mmu_reach(cpu, va, 16, CPU_STORE, 0);
    if (host != NULL)
        mmu_shared_cas128(stripes_of(cpu), host, expected, value, old);
    return host != NULL;
}

static uint64_t link_to(struct cpu *cpu, const uint8_t *host, uint32_t memop)
{
    struct mmu_link *l = &mmu_pool_of(cpu)->link;
    mmu_shared_reserve(stripes_of(cpu), l, host);
    cpu->reserved = true;
    return mmu_extend(ld_le(l->bytes + (host - l->line), mmu_size_of(memop)), memop);
}

bool mmu_quick_load_reserved(struct cpu *cpu, va_t va, uint32_t memop, uint64_t *value)
{
    const uint8_t *host = quick(cpu, va, memop);
    if (host != NULL)
        *value = link_to(cpu, host, memop);
    return host != NULL;
}

static bool store_linked(struct cpu *cpu, uint8_t *host, unsigned size, const uint64_t value[2])
{
    bool holds = cpu->reserved && host != NULL;
    cpu->reserved = false;
    return holds && mmu_shared_store(stripes_of(cpu), &mmu_pool_of(cpu)->link, host, size, value);
}

bool mmu_quick_store_conditional(struct cpu *cpu, va_t va, uint32_t memop, uint64_t value, uint64_t *failed)
{
    unsigned size = mmu_size_of(memop);
    uint8_t *host = quick(cpu, va, memop);
    if (host == NULL)
        return false;
    uint64_t v[2] = { memop & IR_MEM_BE ? mmu_swap(zext(value, size * 8), size) : value };
    *failed = !store_linked(cpu, host, size, v);
    return true;
}

/* ---- compare and swap, and the rest ---- */

int mmu_slow_amo(struct cpu *cpu, va_t va, uint32_t memop, enum ir_amo op, uint64_t value,
                 uint64_t *old)
{
    unsigned size = mmu_size_of(memop);
    struct mmu_target t;
    uint64_t v;
    if (stops_all(cpu, va, size)) {
        machine_alone(cpu->machine, true);
        int rc = amo_across(cpu, va, memop, op, value, old);
        machine_alone(cpu->machine, false);
        return rc;
    }
    if (UNLIKELY(mmu_crosses(va, size)))
        return amo_across(cpu, va, memop, op, value, old);
    if (open_rmw(cpu, va, memop, true, &t))
        return 1;
    if (UNLIKELY(cpu->machine->parallel) && t.host != NULL && !t.rom) {
        v = mmu_shared_amo(stripes_of(cpu), t.host, size, op, value, memop & IR_MEM_BE);
        changed(cpu, &t, size);
        *old = memop & IR_MEM_SIGNED ? sext(v, size * 8) : v;
        return 0;
    }
    if (mmu_load_at(cpu, va, size, CPU_STORE, &t, &v))
        return 1;
    v = memop & IR_MEM_BE ? mmu_swap(v, size) : v;
    uint64_t result = mmu_amo_result(op, v, value, size);
    if (memop & IR_MEM_BE)
        result = mmu_swap(zext(result, size * 8), size);
    if (mmu_store_at(cpu, va, size, &t, result))
        return 1;
    *old = memop & IR_MEM_SIGNED ? sext(v, size * 8) : v;
    return 0;
}

int mmu_slow_cas(struct cpu *cpu, va_t va, uint32_t memop, uint64_t expected, uint64_t value,
                 uint64_t *old)
{
    unsigned size = mmu_size_of(memop);
    struct mmu_target t;
    uint64_t v;
    if (stops_all(cpu, va, size)) {
        machine_alone(cpu->machine, true);
        int rc = cas_across(cpu, va, memop, expected, value, old);
        machine_alone(cpu->machine, false);
        return rc;
    }
    if (UNLIKELY(mmu_crosses(va, size)))
        return cas_across(cpu, va, memop, expected, value, old);
    if (open_rmw(cpu, va, memop, true, &t))
        return 1;
    if (UNLIKELY(cpu->machine->parallel) && t.host != NULL && !t.rom) {
        v = shared_cas(cpu, t.host, memop, expected, value);
        if (v == zext(expected, size * 8))
            changed(cpu, &t, size);
        *old = memop & IR_MEM_SIGNED ? sext(v, size * 8) : v;
        return 0;
    }
    if (mmu_load_at(cpu, va, size, CPU_STORE, &t, &v))
        return 1;
    v = memop & IR_MEM_BE ? mmu_swap(v, size) : v;
    if (v == zext(expected, size * 8)) {
        value = memop & IR_MEM_BE ? mmu_swap(zext(value, size * 8), size) : value;
        if (mmu_store_at(cpu, va, size, &t, value))
            return 1;
    }
    *old = memop & IR_MEM_SIGNED ? sext(v, size * 8) : v;
    return 0;
}

/* The eight bytes after those of `t`, in the same page. */
static int store_next(struct cpu *cpu, va_t va, const struct mmu_target *t, uint64_t value)
{
    struct mmu_target next = *t;
    next.map.pa += 8;
    next.offset += 8;
    next.host += 8;
    return mmu_store_at(cpu, va, 8, &next, value);
}

int mmu_slow_cas128(struct cpu *cpu, va_t va, const uint64_t expected[2], const uint64_t value[2],
                    uint64_t old[2])
{
    struct mmu_target t;
    if (open_rmw(cpu, va, 4 | IR_MEM_ALIGNED, true, &t))
        return 1;
    if (t.host == NULL && cpu->isa->open_bus) {
        old[0] = old[1] = ~0ull;
        return 0;
    }
    if (t.host == NULL) { /* devices take 8 bytes at most */
        cpu->isa->raise_bus(cpu, va, CPU_STORE, MEM_BAD_SIZE);
        return 1;
    }
    if (UNLIKELY(cpu->machine->parallel) && !t.rom) {
        mmu_shared_cas128(stripes_of(cpu), t.host, expected, value, old);
        if (old[0] == expected[0] && old[1] == expected[1])
            changed(cpu, &t, 16);
        return 0;
    }
    old[0] = ld_le64(t.host);
    old[1] = ld_le64(t.host + 8);
    if (old[0] != expected[0] || old[1] != expected[1])
        return 0;
    if (t.rom) /* to flash's commands, or nowhere */
        return mmu_store_at(cpu, va, 8, &t, value[0]) || store_next(cpu, va + 8, &t, value[1]);
    st_le64(t.host, value[0]);
    st_le64(t.host + 8, value[1]);
    cpu->code_gone = false;
    if (t.ram != NULL)
        mmu_written(cpu, &t, 16);
    if (UNLIKELY(mmu_must_repeat(cpu))) {
        st_le64(t.host, old[0]);
        st_le64(t.host + 8, old[1]);
        return 1;
    }
    return 0;
}

/* ---- reservations ---- */

/* What an access of `size` bytes at `pa` reserves, or has to find reserved. */
static pa_t reserved_block(const struct cpu *cpu, pa_t pa, unsigned *size)
{
    unsigned block = cpu->isa->reserves;
    if (block == 0)
        return pa;
    *size = block;
    return pa & ~(pa_t)(block - 1);
}

int mmu_load_reserved(struct cpu *cpu, va_t va, uint32_t memop, uint64_t *value)
{
    unsigned size = mmu_size_of(memop);
    enum cpu_access access = mmu_load_kind(memop);
    struct mmu_target t;
    mmu_drop_reservation(cpu);
    if (mmu_hits_watch(cpu, va, size, true, false) || mmu_raises_align(cpu, va, memop, access, false))
        return 1;
    if (mmu_translate(cpu, va, size, access, mmu_regime_of(memop), &t))
        return 1;
    if (t.host == NULL || t.rom) { /* reservability is an attribute of main memory */
        cpu->isa->raise_bus(cpu, va, access, MEM_REFUSED);
        return 1;
    }
    if (UNLIKELY(cpu->machine->parallel) && !mmu_crosses(va, size)) {
        *value = link_to(cpu, t.host, memop);
        return 0;
    }
    if (mmu_load_at(cpu, va, size, access, &t, value))
        return 1;
    *value = mmu_extend(*value, memop);
    pa_t block = reserved_block(cpu, t.map.pa, &size);
    mmu_reserve(cpu, block, size);
    return 0;
}

bool mmu_holds_reservation(const struct cpu *cpu, pa_t pa, unsigned size)
{
    pa_t block = reserved_block(cpu, pa, &size);
    return cpu->reserved && cpu->reserved_pa == block && cpu->reserved_size == size;
}

int mmu_store_conditional(struct cpu *cpu, va_t va, uint32_t memop, uint64_t value, uint64_t *failed)
{
    unsigned size = mmu_size_of(memop);
    struct mmu_target t;
    if (open_rmw(cpu, va, memop, false, &t))
        return 1;
    if (UNLIKELY(cpu->machine->parallel)) {
        uint64_t v[2] = { memop & IR_MEM_BE ? mmu_swap(zext(value, size * 8), size) : value };
        *failed = !is_natural(va, size) || t.rom || !store_linked(cpu, t.host, size, v);
        if (!*failed)
            changed(cpu, &t, size);
        return 0;
    }
    bool holds = t.host != NULL && mmu_holds_reservation(cpu, t.map.pa, size);
    mmu_drop_reservation(cpu);
    *failed = !holds;
    if (!holds)
        return 0;
    if (memop & IR_MEM_BE)
        value = mmu_swap(zext(value, size * 8), size);
    return mmu_store_at(cpu, va, size, &t, value);
}

int mmu_store_conditional128(struct cpu *cpu, va_t va, const uint64_t value[2], uint64_t *failed)
{
    struct mmu_target t;
    *failed = 1;
    if (open_rmw(cpu, va, 4 | IR_MEM_ALIGNED, false, &t))
        return 1;
    *failed = t.rom || !store_linked(cpu, t.host, 16, value);
    if (!*failed)
        changed(cpu, &t, 16);
    return 0;
}
