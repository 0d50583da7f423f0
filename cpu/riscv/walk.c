/* SPDX-License-Identifier: Apache-2.0 */
/* The hart's side of address translation: which regime applies, and which cause a fault has. */
#include "cpu/riscv/riscv_impl.h"

static const uint8_t page_fault[] = { [CPU_LOAD] = RV_CAUSE_LOAD_PAGE,
                                      [CPU_STORE] = RV_CAUSE_STORE_PAGE,
                                      [CPU_FETCH] = RV_CAUSE_FETCH_PAGE };
static const uint8_t access_fault[] = { [CPU_LOAD] = RV_CAUSE_LOAD_ACCESS,
                                        [CPU_STORE] = RV_CAUSE_STORE_ACCESS,
                                        [CPU_FETCH] = RV_CAUSE_FETCH_ACCESS };

int rv_walk(struct cpu *cpu, va_t va, enum cpu_access access, unsigned regime, bool probe,
            struct cpu_map *map)
{
    struct rv_cpu *rv = RV_CPU(cpu);
    (void)regime; /* HLV and HSV will have one */
    if (UNLIKELY(rv->pmp.n_spans == 0))
        mmu_rv_pmp_compile(&rv->pmp);
    const struct mmu_rv_regime r = {
        .memory = cpu->machine->memory,
        .pmp = &rv->pmp,
        .satp = rv->satp,
        .privilege = (uint8_t)(access == CPU_FETCH ? rv->priv : rv_data_priv(rv)),
        .sum = F_GET(rv->mstatus, RV_MSTATUS_SUM),
        .mxr = F_GET(rv->mstatus, RV_MSTATUS_MXR),
        .adue = F_GET(rv->menvcfg, RV_ENVCFG_ADUE),
        .pbmte = F_GET(rv->menvcfg, RV_ENVCFG_PBMTE),
        .napot = rv_has(rv->config, RV_X_SVNAPOT),
        .cpu = probe ? NULL : cpu,
    };
    enum mmu_rv_fault fault =
        mmu_rv_walk(&r, va, map->size == 0 ? 1 : map->size, access, probe, map);
    if (fault == MMU_RV_OK)
        return 0;
    if (!probe)
        rv_raise(rv, fault == MMU_RV_PAGE_FAULT ? page_fault[access] : access_fault[access], va);
    return 1;
}

void rv_raise_bus(struct cpu *cpu, va_t va, enum cpu_access access, enum mem_result why)
{
    (void)why;
    rv_raise(RV_CPU(cpu), access_fault[access], va);
}

void rv_raise_align(struct cpu *cpu, va_t va, enum cpu_access access)
{
    rv_raise(RV_CPU(cpu),
             access == CPU_STORE ? RV_CAUSE_STORE_MISALIGNED : RV_CAUSE_LOAD_MISALIGNED, va);
}

void rv_raise_fetch(struct cpu *cpu, va_t va, enum mem_result why)
{
    (void)why;
    rv_raise(RV_CPU(cpu), RV_CAUSE_FETCH_ACCESS, va);
}
