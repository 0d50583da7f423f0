/* SPDX-License-Identifier: Apache-2.0 */
/* Trap entry and return: privileged ISA, machine level "Trap-Return Instructions", mstatus. */
#include "cpu/riscv/riscv_impl.h"

void rv_raise(struct rv_cpu *rv, uint64_t cause, uint64_t tval)
{
    cpu_raise(&rv->cpu, cause, tval, 0, 0);
}

static uint64_t vector(uint64_t tvec, uint64_t cause, bool interrupt)
{
    uint64_t base = tvec & ~3ull;
    return interrupt && (tvec & 3) == 1 ? base + 4 * cause : base;
}

void rv_enter_trap(struct rv_cpu *rv, uint64_t cause, uint64_t tval, bool interrupt)
{
    uint64_t deleg = interrupt ? rv->mideleg : rv->medeleg;
    rv->vector_redo = 0;
    uint64_t code = cause | (interrupt ? RV_CAUSE_INTERRUPT : 0), status = rv->mstatus;
    bool to_s = rv->priv <= RV_S && cause < 64 && (deleg >> cause & 1);
    if (to_s) {
        rv->sepc = rv->cpu.pc;
        rv->scause = code;
        rv->stval = tval;
        status = F_PUT(status, RV_MSTATUS_SPIE, F_GET(status, RV_MSTATUS_SIE));
        status = F_PUT(status, RV_MSTATUS_SIE, 0);
        status = F_PUT(status, RV_MSTATUS_SPP, rv->priv);
        rv->cpu.pc = vector(rv->stvec, cause, interrupt);
    } else {
        rv->mepc = rv->cpu.pc;
        rv->mcause = code;
        rv->mtval = tval;
        status = F_PUT(status, RV_MSTATUS_MPIE, F_GET(status, RV_MSTATUS_MIE));
        status = F_PUT(status, RV_MSTATUS_MIE, 0);
        status = F_PUT(status, RV_MSTATUS_MPP, rv->priv);
        rv->cpu.pc = vector(rv->mtvec, cause, interrupt);
    }
    rv->mstatus = status;
    rv_set_priv(rv, to_s ? RV_S : RV_M);
}

void rv_take_exception(struct cpu *cpu)
{
    struct rv_cpu *rv = RV_CPU(cpu);
    uint64_t cause = cpu->fault.cause;
    cpu->fault.pending = false;
    if ((cause == RV_CAUSE_LOAD_PAGE || cause == RV_CAUSE_STORE_PAGE || cause == RV_CAUSE_LOAD_ACCESS ||
         cause == RV_CAUSE_STORE_ACCESS) && rv_vec_redo(rv))
        return;
    rv_enter_trap(rv, cpu->fault.cause, cpu->fault.value, false);
}
