/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Accesses that translated code does not do itself. Beside other host threads most need no lock of the machine's: it is taken for
 * those that the quick paths refuse.
 */
#include "core/exec/x86_64/out_impl.h"
#include "core/util/bits.h"
#include <string.h>

/* Do other host threads run CPUs at this time? */
static bool beside(const struct cpu *cpu)
{
    return ((const struct exec_cpu *)cpu->exec_private)->beside;
}

/* ---- loads and stores ---- */

static int slow_load(struct cpu *cpu, const struct x86_site *s, uint64_t va, uint64_t *result)
{
    if (s->inst.type == IR_V128)
        return mmu_slow_load128(cpu, va, s->inst.aux2, result);
    return mmu_slow_load(cpu, va, s->inst.aux2, result);
}

static bool quick_load(struct cpu *cpu, const struct x86_site *s, uint64_t va, uint64_t *result)
{
    if (s->inst.type == IR_V128)
        return mmu_quick_load128(cpu, va, s->inst.aux2, result);
    return mmu_quick_load(cpu, va, s->inst.aux2, result);
}

int x86_out_load(struct cpu *cpu, const struct x86_site *s, uint64_t va, uint64_t b,
                 uint64_t *frame, uint64_t *result)
{
    (void)b, (void)frame;
    int rc = 0;
    if (LIKELY(!beside(cpu))) {
        rc = slow_load(cpu, s, va, result);
    } else if (!quick_load(cpu, s, va, result)) {
        (void)exec_enter_machine(cpu, false);
        rc = slow_load(cpu, s, va, result);
        exec_leave_machine(cpu);
    }
    if (s->inst.type == IR_I32)
        *result = (uint32_t)*result; /* as a load of 32 bits leaves its register: x86_is_clean */
    return rc;
}

/* As many bytes of a value as the access has. */
static uint64_t cut(uint64_t v, uint32_t memop)
{
    return zext(v, 8u << (memop & IR_MEM_SIZE));
}

static int slow_store(struct cpu *cpu, const struct x86_site *s, uint64_t va, uint64_t value, const uint64_t *frame)
{
    if (s->inst.type == IR_V128)
        return mmu_slow_store128(cpu, va, s->inst.aux2, frame);
    return mmu_slow_store(cpu, va, s->inst.aux2, cut(value, s->inst.aux2));
}

static bool quick_store(struct cpu *cpu, const struct x86_site *s, uint64_t va, uint64_t value, const uint64_t *frame)
{
    if (s->inst.type == IR_V128)
        return mmu_quick_store128(cpu, va, s->inst.aux2, frame);
    return mmu_quick_store(cpu, va, s->inst.aux2, cut(value, s->inst.aux2));
}

int x86_out_store(struct cpu *cpu, const struct x86_site *s, uint64_t va, uint64_t b,
                  uint64_t *frame, uint64_t *result)
{
    (void)result;
    if (LIKELY(!beside(cpu)))
        return slow_store(cpu, s, va, b, frame);
    if (quick_store(cpu, s, va, b, frame))
        return 0;
    (void)exec_enter_machine(cpu, false);
    int rc = slow_store(cpu, s, va, b, frame);
    exec_leave_machine(cpu);
    return rc;
}

static uint64_t operand(const struct cpu *cpu, const struct exec_cpu *ec, const uint64_t *frame, unsigned kind, uint16_t at)
{
    uint64_t v;
    switch (kind) {
    case ACCESS_REG:
        return ec->scratch[SAVE_GPR + at];
    case ACCESS_CPU:
        memcpy(&v, (const uint8_t *)cpu + at, sizeof(v));
        return v;
    case ACCESS_FRAME:
        memcpy(&v, (const uint8_t *)frame + at, sizeof(v));
        return v;
    default:
        return (uint64_t)(int64_t)(int16_t)at;
    }
}

int x86_out_access(struct cpu *cpu, const uint8_t *after, uint64_t *frame, struct exec_cpu *ec)
{
    struct x86_access s;
    struct exec_block *block;
    after += ACCESS_STUB - 5;
    memcpy(&s, after, sizeof(s)); /* it is not aligned */
    memcpy(&block, after - s.block, sizeof(block));
    const struct cpu_site site = { .at = s.at, .cost_before = s.cost_before, .insns_before = s.insns_before, .rest = s.rest };
    uint64_t va = operand(cpu, ec, frame, s.base_kind, s.base) + (uint64_t)(int64_t)s.disp;
    bool store = s.value_kind != ACCESS_LOAD;
    uint64_t v = store ? cut(operand(cpu, ec, frame, s.value_kind, s.value), s.memop) : 0;
    bool done = UNLIKELY(ec->beside) && (store ? mmu_quick_store(cpu, va, s.memop, v) : mmu_quick_load(cpu, va, s.memop, &v));
    bool locked = UNLIKELY(ec->beside) && !done;
    ec->block = block;
    cpu->site = &site;
    if (locked)
        (void)exec_enter_machine(cpu, false);
    int rc = done ? 0 : store ? mmu_slow_store(cpu, va, s.memop, v) : mmu_slow_load(cpu, va, s.memop, &v);
    cpu->site = NULL;
    if (UNLIKELY(rc != 0))
        x86_not_done(cpu, &site);
    else if (!store)
        ec->scratch[SAVE_GPR + s.dst] = v;
    bool go_on = UNLIKELY(rc != 0) && x86_go_on(cpu, ec, locked);
    if (locked)
        exec_leave_machine(cpu);
    return LIKELY(rc == 0) ? UNDONE_NOT : go_on ? UNDONE_JUMP : UNDONE_LEAVE;
}

/* ---- atomic operations and reservations ---- */

/* The value as the IR has it: an i32 is zero-extended, whatever the registers hold. */
static uint64_t typed(const struct x86_site *s, uint64_t v)
{
    return s->inst.type == IR_I32 ? (uint32_t)v : v;
}

int x86_out_amo(struct cpu *cpu, const struct x86_site *s, uint64_t va, uint64_t b,
                uint64_t *frame, uint64_t *result)
{
    (void)frame;
    enum ir_amo op = (enum ir_amo)s->inst.aux;
    uint64_t v = typed(s, b);
    if (LIKELY(!beside(cpu)))
        return mmu_slow_amo(cpu, va, s->inst.aux2, op, v, result);
    if (mmu_quick_amo(cpu, va, s->inst.aux2, op, v, result))
        return 0;
    (void)exec_enter_machine(cpu, false);
    int rc = mmu_slow_amo(cpu, va, s->inst.aux2, op, v, result);
    exec_leave_machine(cpu);
    return rc;
}

int x86_out_cas(struct cpu *cpu, const struct x86_site *s, uint64_t va, uint64_t b,
                uint64_t *frame, uint64_t *result)
{
    unsigned bits = 8u << (s->inst.aux2 & IR_MEM_SIZE);
    uint64_t expected = zext(b, bits), value = zext(frame[0], bits);
    if (LIKELY(!beside(cpu)))
        return mmu_slow_cas(cpu, va, s->inst.aux2, expected, value, result);
    if (mmu_quick_cas(cpu, va, s->inst.aux2, expected, value, result))
        return 0;
    (void)exec_enter_machine(cpu, false);
    int rc = mmu_slow_cas(cpu, va, s->inst.aux2, expected, value, result);
    exec_leave_machine(cpu);
    return rc;
}

int x86_out_loadr(struct cpu *cpu, const struct x86_site *s, uint64_t va, uint64_t b,
                  uint64_t *frame, uint64_t *result)
{
    (void)b, (void)frame;
    if (LIKELY(!beside(cpu)))
        return mmu_load_reserved(cpu, va, s->inst.aux2, result);
    if (mmu_quick_load_reserved(cpu, va, s->inst.aux2, result))
        return 0;
    (void)exec_enter_machine(cpu, false);
    int rc = mmu_load_reserved(cpu, va, s->inst.aux2, result);
    exec_leave_machine(cpu);
    return rc;
}

int x86_out_storec(struct cpu *cpu, const struct x86_site *s, uint64_t va, uint64_t b,
                   uint64_t *frame, uint64_t *result)
{
    (void)frame;
    uint64_t value = zext(b, 8u << (s->inst.aux2 & IR_MEM_SIZE));
    if (LIKELY(!beside(cpu)))
        return mmu_store_conditional(cpu, va, s->inst.aux2, value, result);
    if (mmu_quick_store_conditional(cpu, va, s->inst.aux2, value, result))
        return 0;
    (void)exec_enter_machine(cpu, false);
    int rc = mmu_store_conditional(cpu, va, s->inst.aux2, value, result);
    exec_leave_machine(cpu);
    return rc;
}
