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

static uint64_t amo_result(enum ir_amo op, uint64_t old, uint64_t value, unsigned size)
{
    uint64_t a = zext(old, size * 8), b = zext(value, size * 8);
    int64_t sa = (int64_t)sext(old, size * 8), sb = (int64_t)sext(value, size * 8);
    switch (op) {
    case IR_AMO_SWAP: return value;
    case IR_AMO_ADD:  return old + value;
    case IR_AMO_AND:  return old & value;
    case IR_AMO_OR:   return old | value;
    case IR_AMO_XOR:  return old ^ value;
    case IR_AMO_MIN:  return sa < sb ? old : value;
    case IR_AMO_MAX:  return sa > sb ? old : value;
    case IR_AMO_MINU: return a < b ? old : value;
    case IR_AMO_MAXU: return a > b ? old : value;
    }
    return value;
}

/* A plain access of the same place and rights: what an atomic one across two pages is made of, where it is allowed. */
static uint32_t plain(uint32_t memop)
{
    return (memop & ~(uint32_t)(IR_MEM_ATOMIC | IR_MEM_ALIGNED | IR_MEM_SIGNED)) | IR_MEM_STORE_RIGHTS;
}

/* On one host thread nothing comes between the load and the store. */
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
        mmu_slow_store(cpu, va, plain(memop), amo_result(op, v, value, size)))
        return 1;
    *old = memop & IR_MEM_SIGNED ? sext(v, size * 8) : v;
    return 0;
}

int mmu_slow_amo(struct cpu *cpu, va_t va, uint32_t memop, enum ir_amo op, uint64_t value,
                 uint64_t *old)
{
    unsigned size = mmu_size_of(memop);
    struct mmu_target t;
    uint64_t v;
    if (UNLIKELY(mmu_crosses(va, size)))
        return amo_across(cpu, va, memop, op, value, old);
    if (open_rmw(cpu, va, memop, true, &t) ||
        mmu_load_at(cpu, va, size, CPU_STORE, &t, &v))
        return 1;
    v = memop & IR_MEM_BE ? mmu_swap(v, size) : v;
    uint64_t result = amo_result(op, v, value, size);
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
    if (UNLIKELY(mmu_crosses(va, size)))
        return cas_across(cpu, va, memop, expected, value, old);
    if (open_rmw(cpu, va, memop, true, &t) ||
        mmu_load_at(cpu, va, size, CPU_STORE, &t, &v))
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
    bool holds = t.host != NULL && mmu_holds_reservation(cpu, t.map.pa, size);
    mmu_drop_reservation(cpu);
    *failed = !holds;
    if (!holds)
        return 0;
    if (memop & IR_MEM_BE)
        value = mmu_swap(zext(value, size * 8), size);
    return mmu_store_at(cpu, va, size, &t, value);
}
