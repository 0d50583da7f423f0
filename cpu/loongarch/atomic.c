/* SPDX-License-Identifier: Apache-2.0 */
/* Atomic memory accesses, LL and SC: manual, 2.2.7. All need natural alignment, whatever UAL and MISC.ALCL say. */
#include "cpu/loongarch/translate_impl.h"

/* Row argument: bytes, enum ir_amo, and DB for the forms that order like a barrier. */
enum { BYTES = 0x0f, ACQUIRE = 0x100, RELEASE = 0x200, DB = ACQUIRE | RELEASE };
#define AMO(kind) ((unsigned)(kind) << 4)

static uint16_t memop(const struct la_tr *t, unsigned arg)
{
    return la_memop(t, arg & BYTES, IR_MEM_ALIGNED | IR_MEM_ATOMIC | (arg & ACQUIRE ? IR_MEM_ACQUIRE : 0u) |
                                        (arg & RELEASE ? IR_MEM_RELEASE : 0u));
}

static ir_val_t address(struct la_tr *t, int64_t disp)
{
    ir_val_t va = la_address(t, t->d.rj, IR_NONE, &disp);
    return disp == 0 ? va : ir_op2i(t->u, IR_ADD, IR_I64, va, (uint64_t)disp);
}

static void amo(struct la_tr *t, unsigned arg)
{
    if (t->d.rd == t->d.rj && t->d.rd != 0) {
        la_raises(t, LA_INE); /* 2.2.7.1; of r0 nothing is lost */
        return;
    }
    la_put_r(t, IR_I64, t->d.rd, ir_amo(t->u, IR_I64, (enum ir_amo)(arg >> 4 & 15), address(t, 0),
                                        la_r(t, IR_I64, t->d.rk), memop(t, arg) | IR_MEM_SIGNED));
}

static void amcas(struct la_tr *t, unsigned arg)
{
    la_put_r(t, IR_I64, t->d.rd, ir_cas(t->u, IR_I64, address(t, 0), la_r(t, IR_I64, t->d.rd),
                                        la_r(t, IR_I64, t->d.rk), memop(t, arg) | IR_MEM_SIGNED));
}

static void ll(struct la_tr *t, unsigned arg)
{
    la_put_r(t, IR_I64, t->d.rd, ir_loadr(t->u, IR_I64, address(t, t->d.imm), memop(t, arg) | IR_MEM_SIGNED));
}

static void sc(struct la_tr *t, unsigned arg)
{
    ir_val_t failed = ir_storec(t->u, IR_I64, address(t, t->d.imm), la_r(t, IR_I64, t->d.rd), memop(t, arg));
    la_put_r(t, IR_I64, t->d.rd, ir_op2i(t->u, IR_XOR, IR_I64, failed, 1));
}

static void sc_q(struct la_tr *t, unsigned arg)
{
    (void)arg;
    la_put_r(t, IR_I64, t->d.rd, ir_call(t->u, IR_I64, LA_HELPER_sc_q, address(t, 0), la_r(t, IR_I64, t->d.rd),
                                         la_r(t, IR_I64, t->d.rk), IR_NONE));
}

/* What LL.D reserved is the line, so both halves are as they were read. */
uint64_t la_helper_sc_q(struct cpu *cpu, uint64_t va, uint64_t low, uint64_t high, uint64_t d)
{
    const uint64_t value[2] = { low, high };
    uint64_t now[2], old[2];
    pa_t pa;
    (void)d;
    if (va & 15) {
        la_raise_align(cpu, va, CPU_STORE);
        return 0;
    }
    if (cpu->machine->parallel) {
        uint64_t failed;
        return mmu_store_conditional128(cpu, va, value, &failed) == 0 && !failed;
    }
    if (mmu_host(cpu, va, 16, CPU_STORE, &pa) == NULL && (cpu->exit & (CPU_EXIT_EXCEPTION | CPU_EXIT_DEBUG)))
        return 0;
    bool holds = mmu_holds_reservation(cpu, pa, 16);
    if (holds && (mmu_slow_load128(cpu, va, 4, now) != 0 || mmu_slow_cas128(cpu, va, now, value, old) != 0))
        return 0;
    mmu_drop_reservation(cpu);
    return holds;
}

/* clang-format off */
#define ROW(name, fn, arg) { LA_INSN_##name, 0, fn, arg }
/* Without and with barrier, of words and doublewords. */
#define WORDS(name, s, fn, arg)                                                                    \
    ROW(name##_W##s, fn, (arg) | 4), ROW(name##_D##s, fn, (arg) | 8),                              \
    ROW(name##_DB_W##s, fn, (arg) | 4 | DB), ROW(name##_DB_D##s, fn, (arg) | 8 | DB)
#define NARROW(name, fn, arg)                                                                      \
    ROW(name##_B, fn, (arg) | 1), ROW(name##_H, fn, (arg) | 2),                                    \
    ROW(name##_DB_B, fn, (arg) | 1 | DB), ROW(name##_DB_H, fn, (arg) | 2 | DB)
const struct la_semantics la_atomic_rows[] = {
    WORDS(AMSWAP,, amo, AMO(IR_AMO_SWAP)), WORDS(AMADD,, amo, AMO(IR_AMO_ADD)), WORDS(AMAND,, amo, AMO(IR_AMO_AND)),
    WORDS(AMOR,, amo, AMO(IR_AMO_OR)), WORDS(AMXOR,, amo, AMO(IR_AMO_XOR)), WORDS(AMMAX,, amo, AMO(IR_AMO_MAX)),
    WORDS(AMMIN,, amo, AMO(IR_AMO_MIN)), WORDS(AMMAX, U, amo, AMO(IR_AMO_MAXU)), WORDS(AMMIN, U, amo, AMO(IR_AMO_MINU)),
    NARROW(AMSWAP, amo, AMO(IR_AMO_SWAP)), NARROW(AMADD, amo, AMO(IR_AMO_ADD)),
    WORDS(AMCAS,, amcas, 0), NARROW(AMCAS, amcas, 0),
    ROW(LL_W, ll, 4), ROW(LL_D, ll, 8), ROW(SC_W, sc, 4), ROW(SC_D, sc, 8), ROW(SC_Q, sc_q, 0),
    ROW(LLACQ_W, ll, 4 | ACQUIRE), ROW(LLACQ_D, ll, 8 | ACQUIRE),
    ROW(SCREL_W, sc, 4 | RELEASE), ROW(SCREL_D, sc, 8 | RELEASE),
    LA_ROWS_END
};
/* clang-format on */
