/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The CSR side of physical memory protection: privileged ISA, machine level "Physical
 * Memory Protection", and Smepmp 1.0. The check itself is mmu/riscv.c's. Grain 4 bytes.
 */
#include "cpu/riscv/riscv_impl.h"

#define PMP_R 0, 0
#define PMP_W 1, 1
#define PMP_X 2, 2
#define PMP_A 4, 3
#define PMP_L 7, 7
enum { PMP_TOR = 1 };

bool rv_pmpcfg_exists(const struct rv_config *c, uint32_t index)
{
    return index * 8 < c->pmp_count; /* index counts the even CSRs: 8 entries each */
}

bool rv_pmpaddr_exists(const struct rv_config *c, uint32_t index)
{
    return index < c->pmp_count;
}

uint64_t rv_pmpcfg_read(const struct rv_cpu *rv, uint32_t index)
{
    uint64_t v = 0;
    for (uint32_t i = 0; i < 8; i++)
        v |= (uint64_t)rv->pmp.cfg[index * 8 + i] << (8 * i);
    return v;
}

static bool bypass(const struct rv_cpu *rv)
{
    return F_GET(rv->mseccfg, RV_MSECCFG_RLB);
}

/* Smepmp, rule 4 of MML: no new executable rule that M mode could run or that is locked and shared.
 */
static bool adds_machine_code(uint64_t cfg)
{
    bool r = F_GET(cfg, PMP_R), w = F_GET(cfg, PMP_W), x = F_GET(cfg, PMP_X);
    return F_GET(cfg, PMP_L) && (x || (w && !r)) && !(r && w && x);
}

static void put_cfg(struct rv_cpu *rv, uint32_t entry, uint64_t cfg)
{
    bool mml = F_GET(rv->mseccfg, RV_MSECCFG_MML);
    if (F_GET(rv->pmp.cfg[entry], PMP_L) && !bypass(rv))
        return;
    if (!mml && F_GET(cfg, PMP_W) && !F_GET(cfg, PMP_R)) /* reserved combination */
        return;
    if (mml && !bypass(rv) && adds_machine_code(cfg))
        return;
    rv->pmp.cfg[entry] = (uint8_t)(cfg & 0x9f);
}

void rv_pmpcfg_write(struct rv_cpu *rv, uint32_t index, uint64_t value)
{
    for (uint32_t i = 0; i < 8; i++)
        put_cfg(rv, index * 8 + i, value >> (8 * i) & 0xff);
    rv->pmp.n_spans = 0;
    rv_flush_tlb(rv);
}

uint64_t rv_pmpaddr_read(const struct rv_cpu *rv, uint32_t index)
{
    return rv->pmp.addr[index];
}

void rv_pmpaddr_write(struct rv_cpu *rv, uint32_t index, uint64_t value)
{
    uint64_t next = index + 1 < rv->config->pmp_count ? rv->pmp.cfg[index + 1] : 0;
    bool locked =
        F_GET(rv->pmp.cfg[index], PMP_L) || (F_GET(next, PMP_L) && F_GET(next, PMP_A) == PMP_TOR);
    if (locked && !bypass(rv))
        return;
    rv->pmp.addr[index] = zext(value, 54);
    rv->pmp.n_spans = 0;
    rv_flush_tlb(rv);
}

/* Smepmp, "mseccfg": MML and MMWP are sticky; RLB cannot be set again over a locked entry. */
void rv_mseccfg_write(struct rv_cpu *rv, uint32_t index, uint64_t value)
{
    (void)index;
    bool locked = false;
    for (uint32_t i = 0; i < rv->config->pmp_count; i++)
        locked |= F_GET(rv->pmp.cfg[i], PMP_L);
    uint64_t sticky = rv->mseccfg & (F_MASK(RV_MSECCFG_MML) | F_MASK(RV_MSECCFG_MMWP));
    value = sticky | (value & 7);
    if (locked && !F_GET(rv->mseccfg, RV_MSECCFG_RLB))
        value = F_PUT(value, RV_MSECCFG_RLB, 0);
    rv->mseccfg = value;
    rv->pmp.mml = F_GET(value, RV_MSECCFG_MML);
    rv->pmp.mmwp = F_GET(value, RV_MSECCFG_MMWP);
    rv->pmp.n_spans = 0;
    rv_flush_tlb(rv);
}
