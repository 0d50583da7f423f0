/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loads and stores of all register files, fences, and cache-block operations (Zicbom,
 * Zicboz, Zicbop: unprivileged ISA, chapter "Cache-Block Management").
 */
#include "cpu/riscv/translate_impl.h"
#include "core/exec/parallel.h"
#include "mmu/tlb.h"
#include <string.h>

enum { SIGNED = 0x10, BYTES = 0x0f };

ir_val_t rv_data_address(struct rv_tr *t, unsigned size, enum insn_mem kind)
{
    ir_val_t base = rv_x(t, t->d.rs1);
    if (UNLIKELY(t->mode & RV_MODE_TRIG_DATA)) {
        ir_val_t va = ir_op2i(t->u, IR_ADD, IR_I64, base, (uint64_t)t->d.imm);
        ir_call(t->u, IR_VOID, RV_HELPER_trigger_data, va, rv_const(t, size), rv_const(t, kind),
                IR_NONE);
    }
    return base;
}

static uint16_t memop(const struct rv_tr *t, unsigned arg)
{
    return ir_memop(arg & BYTES, (arg & SIGNED ? IR_MEM_SIGNED : 0u) |
                                     (t->rv->config->misaligned ? 0u : IR_MEM_ALIGNED));
}

static void load(struct rv_tr *t, unsigned arg)
{
    ir_val_t base = rv_data_address(t, arg & BYTES, INSN_MEM_READ);
    rv_put_rd(t, ir_load(t->u, IR_I64, base, t->d.imm, memop(t, arg)));
}

static void store(struct rv_tr *t, unsigned arg)
{
    ir_val_t base = rv_data_address(t, arg & BYTES, INSN_MEM_WRITE);
    ir_store(t->u, IR_I64, base, t->d.imm, rv_x(t, t->d.rs2), memop(t, arg));
}

static void fld(struct rv_tr *t, unsigned arg)
{
    ir_val_t base = rv_data_address(t, arg, INSN_MEM_READ);
    rv_put_fd(t, ir_load(t->u, IR_F64, base, t->d.imm, memop(t, arg)));
}

static void flw(struct rv_tr *t, unsigned arg)
{
    ir_val_t base = rv_data_address(t, arg, INSN_MEM_READ);
    rv_put_fd(t, ir_fbox(t->u, ir_load(t->u, IR_F32, base, t->d.imm, memop(t, arg))));
}

static void flh(struct rv_tr *t, unsigned arg)
{
    ir_val_t base = rv_data_address(t, arg, INSN_MEM_READ);
    ir_val_t v = ir_load(t->u, IR_I64, base, t->d.imm, memop(t, arg));
    rv_put_fd(t, ir_bitcast(t->u, IR_F64, ir_op2i(t->u, IR_OR, IR_I64, v, ~0xffffull)));
}

static void fsd(struct rv_tr *t, unsigned arg)
{
    ir_val_t base = rv_data_address(t, arg, INSN_MEM_WRITE);
    ir_store(t->u, IR_F64, base, t->d.imm, rv_f(t, t->d.rs2), memop(t, arg));
}

/* Narrow stores write the low bits of the register, boxed or not ("NaN Boxing of Narrower Values").
 */
static void fstore_low(struct rv_tr *t, unsigned arg)
{
    ir_val_t base = rv_data_address(t, arg, INSN_MEM_WRITE);
    ir_store(t->u, IR_I64, base, t->d.imm, ir_bitcast(t->u, IR_I64, rv_f(t, t->d.rs2)),
             memop(t, arg));
}

/* Bits of pred and succ: 3 input, 2 output, 1 read, 0 write. Only stores before loads may change places on any host. */
static void fence(struct rv_tr *t, unsigned tso)
{
    bool stores = t->d.pred & 5, loads = t->d.succ & 10;
    ir_fence(t->u, tso ? IR_FENCE_ACQ : stores && loads ? IR_FENCE_FULL : loads ? IR_FENCE_ACQ : IR_FENCE_REL);
}

/* Stores invalidate translations exactly, so nothing is flushed; what follows is looked up anew. */
static void fence_i(struct rv_tr *t, unsigned arg)
{
    (void)arg;
    ir_fence(t->u, IR_FENCE_FULL);
    ir_exit(t->u, IR_EXIT_LOOKUP, rv_next(t));
    t->ended = true;
}

static void prefetch(struct rv_tr *t, unsigned arg)
{
    (void)t, (void)arg;
}

static void pause(struct rv_tr *t, unsigned arg)
{
    (void)arg;
    ir_exit(t->u, IR_EXIT_YIELD, rv_next(t));
    t->ended = true;
}

/* ---- cache blocks of 64 bytes (Zic64b) ---- */
#define BLOCK 64u
enum cbo { CBO_INVAL, CBO_CLEAN, CBO_FLUSH };

static void cbo(struct rv_tr *t, unsigned kind)
{
    ir_call(t->u, IR_VOID, RV_HELPER_cbo, rv_data_address(t, 1, INSN_MEM_WRITE), rv_const(t, kind),
            rv_const(t, t->word), IR_NONE);
}

static void cbo_zero(struct rv_tr *t, unsigned arg)
{
    (void)arg;
    ir_call(t->u, IR_VOID, RV_HELPER_cbo_zero, rv_data_address(t, BLOCK, INSN_MEM_WRITE),
            rv_const(t, t->word), IR_NONE, IR_NONE);
}

/* menvcfg rules S and U, senvcfg U as well; M is never trapped. */
static bool env_allows(const struct rv_cpu *rv, uint64_t field_mask)
{
    if (rv->priv < RV_M && !(rv->menvcfg & field_mask))
        return false;
    return rv->priv != RV_U || (rv->senvcfg & field_mask);
}

/*
 * Caches hold no data here, so these only check: any of load and store permission
 * is enough, and a fault is a store's.
 */
uint64_t rv_helper_cbo(struct cpu *cpu, uint64_t va, uint64_t kind, uint64_t word, uint64_t d)
{
    struct rv_cpu *rv = RV_CPU(cpu);
    pa_t pa;
    (void)d;
    if (!env_allows(rv, kind == CBO_INVAL ? F_MASK(RV_ENVCFG_CBIE) : F_MASK(RV_ENVCFG_CBCFE))) {
        rv_raise(rv, RV_CAUSE_ILLEGAL, word);
        return 0;
    }
    if (mmu_host(cpu, va, 1, CPU_LOAD, &pa) == NULL && (cpu->exit & CPU_EXIT_EXCEPTION)) {
        if (cpu->fault.cause == RV_CAUSE_LOAD_PAGE)
            cpu->fault.cause = RV_CAUSE_STORE_PAGE;
        else if (cpu->fault.cause == RV_CAUSE_LOAD_ACCESS)
            cpu->fault.cause = RV_CAUSE_STORE_ACCESS;
    }
    return 0;
}

uint64_t rv_helper_cbo_zero(struct cpu *cpu, uint64_t va, uint64_t word, uint64_t c, uint64_t d)
{
    struct rv_cpu *rv = RV_CPU(cpu);
    (void)c, (void)d;
    if (!env_allows(rv, F_MASK(RV_ENVCFG_CBZE))) {
        rv_raise(rv, RV_CAUSE_ILLEGAL, word);
        return 0;
    }
    va_t block = align_down(va, BLOCK);
    uint8_t *host = mmu_store_reach(cpu, block, BLOCK);
    if (LIKELY(host != NULL)) {
        memset(host, 0, BLOCK);
        return 0;
    }
    bool entered = exec_enter_machine(cpu, true);
    for (unsigned i = 0; i < BLOCK; i += 8) {
        if (mmu_slow_store(cpu, block + i, ir_memop(8, 0), 0) == 0)
            continue;
        if (cpu->exit & CPU_EXIT_EXCEPTION) /* "Exceptions": the value of rs1, not the block's base */
            cpu->fault.value = va;
        break;
    }
    if (UNLIKELY(entered))
        exec_leave_machine(cpu);
    return 0;
}

/* clang-format off */
#define FP  RV_SEM_FP
#define FPD (RV_SEM_FP | RV_SEM_DIRTY)
const struct rv_semantics rv_load_store_rows[] = {
    { RV_INSN_LB, 0, load, 1 | SIGNED }, { RV_INSN_LH, 0, load, 2 | SIGNED },
    { RV_INSN_LW, 0, load, 4 | SIGNED }, { RV_INSN_LD, 0, load, 8 },
    { RV_INSN_LBU, 0, load, 1 },         { RV_INSN_LHU, 0, load, 2 },
    { RV_INSN_LWU, 0, load, 4 },
    { RV_INSN_SB, 0, store, 1 },         { RV_INSN_SH, 0, store, 2 },
    { RV_INSN_SW, 0, store, 4 },         { RV_INSN_SD, 0, store, 8 },
    { RV_INSN_FLD, FPD, fld, 8 },        { RV_INSN_FSD, FP, fsd, 8 },
    { RV_INSN_FLW, FPD, flw, 4 },        { RV_INSN_FSW, FP, fstore_low, 4 },
    { RV_INSN_FLH, FPD, flh, 2 },        { RV_INSN_FSH, FP, fstore_low, 2 },
    { RV_INSN_FENCE, 0, fence, 0 },      { RV_INSN_FENCE_TSO, 0, fence, 1 },
    { RV_INSN_FENCE_I, 0, fence_i, 0 },  { RV_INSN_PAUSE, 0, pause, 0 },
    { RV_INSN_PREFETCH_I, 0, prefetch, 0 }, { RV_INSN_PREFETCH_R, 0, prefetch, 0 },
    { RV_INSN_PREFETCH_W, 0, prefetch, 0 },
    { RV_INSN_CBO_INVAL, 0, cbo, CBO_INVAL }, { RV_INSN_CBO_CLEAN, 0, cbo, CBO_CLEAN },
    { RV_INSN_CBO_FLUSH, 0, cbo, CBO_FLUSH }, { RV_INSN_CBO_ZERO, 0, cbo_zero, 0 },
    RV_ROWS_END
};
/* clang-format on */
