/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_TEST_CORE_EXEC_FAKE_MMU_H
#define ORRERY_TEST_CORE_EXEC_FAKE_MMU_H
/*
 * The slow paths of mmu/tlb.h over the memory of a `struct rig` (random_ir.h), for tests
 * of executors alone. Defines external functions: include it in one file of a program.
 *
 * Whatever the TLB set holds, rig_page_kind decides: FAULT pages raise cause 13 (load) or 15
 * (store) with the address, SLOW pages are plain memory that never enters the set. Each call changes what the set holds.
 */
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include "test/core/exec/random_ir.h"

static bool fake_fault(struct cpu *cpu, va_t va, bool store)
{
    cpu_raise(cpu, store ? 15 : 13, va, 0, 0);
    return true;
}

/* True: a fault was raised. Checks alignment and every byte's page, the first bad one first. */
static bool fake_check(struct cpu *cpu, va_t va, uint32_t memop, bool store)
{
    unsigned size = 1u << (memop & IR_MEM_SIZE);
    if ((memop & (IR_MEM_ALIGNED | IR_MEM_ATOMIC)) && va % size) {
        cpu_raise(cpu, store ? 6 : 4, va, 0, 0);
        return true;
    }
    for (unsigned i = 0; i < size; i++) {
        enum rig_page kind = rig_page_kind(va + i);
        if (kind == RIG_FAULT || (store && kind == RIG_READ_ONLY))
            return fake_fault(cpu, va + i, store);
    }
    return false;
}

static uint64_t fake_read(struct cpu *cpu, va_t va, uint32_t memop)
{
    unsigned size = 1u << (memop & IR_MEM_SIZE);
    uint64_t v = rig_read(cpu, va, size);
    if (memop & IR_MEM_BE)
        v = __builtin_bswap64(v) >> (64 - 8 * size);
    return memop & IR_MEM_SIGNED ? sext(v, 8 * size) : v;
}

static void fake_write(struct cpu *cpu, va_t va, uint32_t memop, uint64_t v)
{
    unsigned size = 1u << (memop & IR_MEM_SIZE);
    if (memop & IR_MEM_BE)
        v = __builtin_bswap64(v) >> (64 - 8 * size);
    rig_write(cpu, va, size, v);
}

int mmu_slow_load(struct cpu *cpu, va_t va, uint32_t memop, uint64_t *value)
{
    ((struct rig *)cpu)->slow_calls++;
    rig_churn(cpu);
    if (fake_check(cpu, va, memop, memop & IR_MEM_STORE_RIGHTS))
        return 1;
    *value = fake_read(cpu, va, memop);
    return 0;
}

int mmu_slow_store(struct cpu *cpu, va_t va, uint32_t memop, uint64_t value)
{
    ((struct rig *)cpu)->slow_calls++;
    rig_churn(cpu);
    if (fake_check(cpu, va, memop, true))
        return 1;
    fake_write(cpu, va, memop, value);
    return 0;
}

int mmu_slow_load128(struct cpu *cpu, va_t va, uint32_t memop, uint64_t value[2])
{
    ((struct rig *)cpu)->slow_calls++;
    rig_churn(cpu);
    if (fake_check(cpu, va, memop, memop & IR_MEM_STORE_RIGHTS))
        return 1;
    value[0] = rig_read(cpu, va, 8);
    value[1] = rig_read(cpu, va + 8, 8);
    return 0;
}

int mmu_slow_store128(struct cpu *cpu, va_t va, uint32_t memop, const uint64_t value[2])
{
    ((struct rig *)cpu)->slow_calls++;
    rig_churn(cpu);
    if (fake_check(cpu, va, memop, true))
        return 1;
    rig_write(cpu, va, 8, value[0]);
    rig_write(cpu, va + 8, 8, value[1]);
    return 0;
}

int mmu_slow_amo(struct cpu *cpu, va_t va, uint32_t memop, enum ir_amo op, uint64_t b,
                 uint64_t *old)
{
    unsigned bits = 8u << (memop & IR_MEM_SIZE);
    if (fake_check(cpu, va, memop | IR_MEM_ATOMIC, true))
        return 1;
    *old = fake_read(cpu, va, memop);
    uint64_t a = zext(*old, bits), r = b;
    b = zext(b, bits);
    bool less = (int64_t)sext(a, bits) < (int64_t)sext(b, bits);
    switch (op) {
    case IR_AMO_SWAP: r = b; break;
    case IR_AMO_ADD: r = a + b; break;
    case IR_AMO_AND: r = a & b; break;
    case IR_AMO_OR: r = a | b; break;
    case IR_AMO_XOR: r = a ^ b; break;
    case IR_AMO_MIN: r = less ? a : b; break;
    case IR_AMO_MAX: r = less ? b : a; break;
    case IR_AMO_MINU: r = a < b ? a : b; break;
    case IR_AMO_MAXU: r = a < b ? b : a; break;
    }
    fake_write(cpu, va, memop, r);
    return 0;
}

int mmu_slow_cas(struct cpu *cpu, va_t va, uint32_t memop, uint64_t expected, uint64_t value,
                 uint64_t *old)
{
    unsigned bits = 8u << (memop & IR_MEM_SIZE);
    if (fake_check(cpu, va, memop | IR_MEM_ATOMIC, true))
        return 1;
    *old = fake_read(cpu, va, memop);
    if (zext(*old, bits) == zext(expected, bits))
        fake_write(cpu, va, memop, value);
    return 0;
}

int mmu_slow_cas128(struct cpu *cpu, va_t va, const uint64_t expected[2], const uint64_t value[2],
                    uint64_t old[2])
{
    if (fake_check(cpu, va, 3, true) || fake_check(cpu, va + 8, 3, true))
        return 1;
    memcpy(old, rig_host(cpu, va), 16);
    if (old[0] == expected[0] && old[1] == expected[1])
        memcpy(rig_host(cpu, va), value, 16);
    return 0;
}

int mmu_load_reserved(struct cpu *cpu, va_t va, uint32_t memop, uint64_t *value)
{
    if (fake_check(cpu, va, memop | IR_MEM_ATOMIC, false))
        return 1;
    *value = fake_read(cpu, va, memop);
    cpu->reserved = true;
    cpu->reserved_pa = va;
    return 0;
}

int mmu_store_conditional(struct cpu *cpu, va_t va, uint32_t memop, uint64_t value,
                          uint64_t *failed)
{
    if (fake_check(cpu, va, memop | IR_MEM_ATOMIC, true))
        return 1;
    *failed = !(cpu->reserved && cpu->reserved_pa == va);
    cpu->reserved = false;
    if (!*failed)
        fake_write(cpu, va, memop, value);
    return 0;
}

uint8_t *mmu_host(struct cpu *cpu, va_t va, unsigned size, enum cpu_access access, pa_t *pa)
{
    (void)size;
    *pa = va;
    enum rig_page kind = rig_page_kind(va);
    if (kind == RIG_FAULT || (access == CPU_STORE && kind == RIG_READ_ONLY)) {
        fake_fault(cpu, va, access == CPU_STORE);
        return NULL;
    }
    return rig_host(cpu, va);
}

const uint8_t *mmu_accessed(struct cpu *cpu, va_t va, enum cpu_access access)
{
    pa_t pa;
    return mmu_host(cpu, va, 1, access, &pa);
}

#endif
