/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What follows from the control registers: the block key, the host's FP control
 * word, the TLB context. rv_update_mode() is called after every change of them; all
 * of it is derived, so `loaded` calls it too.
 */
#include "cpu/riscv/vec.h"
#include "mmu/tlb.h"

uint64_t rv_sd(const struct rv_cpu *rv)
{
    bool dirty = F_GET(rv->mstatus, RV_MSTATUS_FS) == RV_FS_DIRTY || F_GET(rv->mstatus, RV_MSTATUS_VS) == RV_FS_DIRTY;
    return F_PUT(rv->mstatus, RV_MSTATUS_SD, dirty);
}

/* Privilege of loads and stores: machine level, "Memory Privilege in mstatus Register". */
uint64_t rv_data_priv(const struct rv_cpu *rv)
{
    if (rv->priv == RV_M && F_GET(rv->mstatus, RV_MSTATUS_MPRV))
        return F_GET(rv->mstatus, RV_MSTATUS_MPP);
    return rv->priv;
}

/* fflags bit against the host's (= MXCSR order). */
static const struct {
    uint8_t guest;
    uint8_t host;
} fp_bits[] = {
    { 1, CPU_FP_INEXACT }, { 2, CPU_FP_UNDERFLOW }, { 4, CPU_FP_OVERFLOW },
    { 8, CPU_FP_DIVZERO }, { 16, CPU_FP_INVALID },
};

uint64_t rv_get_fflags(const struct rv_cpu *rv)
{
    uint64_t v = 0;
    for (size_t i = 0; i < ARRAY_LEN(fp_bits); i++)
        if (rv->cpu.fp_flags & fp_bits[i].host)
            v |= fp_bits[i].guest;
    return v;
}

void rv_set_fflags(struct rv_cpu *rv, uint64_t fflags)
{
    uint32_t flags = 0;
    for (size_t i = 0; i < ARRAY_LEN(fp_bits); i++)
        if (fflags & fp_bits[i].guest)
            flags |= fp_bits[i].host;
    rv->cpu.fp_flags = flags;
}

/* MXCSR: all exceptions masked, rounding in 14:13 (0 nearest, 1 down, 2 up, 3 to zero). */
static uint32_t host_fp_mode(uint64_t frm)
{
    static const uint8_t rounding[8] = { 0, 3, 1, 2, 0, 0, 0, 0 };
    return 0x1f80u | (uint32_t)rounding[frm & 7] << 13;
}

uint32_t rv_vector_key(uint64_t vtype, uint64_t vl, uint64_t vstart)
{
    uint32_t key = vstart != 0 ? RV_MODE_VSTART : 0;
    if (vtype & RV_VTYPE_VILL)
        return key | RV_MODE_VILL;
    return key | (uint32_t)(vtype << RV_MODE_VTYPE_SHIFT & RV_MODE_VTYPE) |
           (vl == rv_vtype_vlmax(vtype) ? (uint32_t)RV_MODE_VL_MAX : 0u);
}

/* Of vectors the key says nothing while VS is Off: the kernel's code is not translated for each vtype of its processes. */
static uint32_t vector_mode(const struct rv_cpu *rv)
{
    uint64_t vs = F_GET(rv->mstatus, RV_MSTATUS_VS);
    if (vs == RV_FS_OFF)
        return RV_MODE_V_OFF;
    return rv_vector_key(rv->vtype, rv->vl, rv->vstart) | (vs != RV_FS_DIRTY ? (uint32_t)RV_MODE_V_CLEAN : 0u) |
           (rv->vector_redo ? (uint32_t)RV_MODE_V_REDO : 0u);
}

static uint32_t block_mode(const struct rv_cpu *rv)
{
    uint64_t fs = F_GET(rv->mstatus, RV_MSTATUS_FS);
    uint32_t mode = (uint32_t)rv->priv | rv->config->code_class << RV_MODE_CLASS_SHIFT;
    if (fs == RV_FS_OFF)
        mode |= RV_MODE_FP_OFF;
    else if (fs != RV_FS_DIRTY)
        mode |= RV_MODE_FP_CLEAN;
    if (rv->frm == 4)
        mode |= RV_MODE_RMM;
    else if (rv->frm > 4)
        mode |= RV_MODE_BAD_RM;
    return mode | vector_mode(rv) | rv_trigger_mode(rv);
}

/*
 * The TLB key: all that decides what an address means or permits, except the
 * ASID, which mmu_select gets by itself.
 *   1:0 privilege of fetches  3:2 privilege of data  4 SUM  5 MXR
 *   9:6 satp.MODE  10 PBMTE  11 ADUE
 */
static void select_context(struct rv_cpu *rv)
{
    uint64_t data = rv_data_priv(rv), mode = F_GET(rv->satp, RV_SATP_MODE);
    uint64_t key = rv->priv | data << 2;
    uint32_t asid = 0;
    if (data != RV_M && mode != 0) {
        key |= F_GET(rv->mstatus, RV_MSTATUS_SUM) << 4 | F_GET(rv->mstatus, RV_MSTATUS_MXR) << 5 |
               mode << 6 | F_GET(rv->menvcfg, RV_ENVCFG_PBMTE) << 10 |
               F_GET(rv->menvcfg, RV_ENVCFG_ADUE) << 11;
        asid = (uint32_t)F_GET(rv->satp, RV_SATP_ASID);
    }
    uint64_t both = key | (uint64_t)asid << 16;
    if (rv->cpu.mmu_private == NULL || (rv->context == both && rv->cpu.set != NULL))
        return;
    rv->context = both;
    mmu_select(&rv->cpu, key, asid, 0);
}

void rv_update_key(struct rv_cpu *rv)
{
    rv->mode = block_mode(rv);
}

void rv_update_mode(struct rv_cpu *rv)
{
    rv_update_key(rv);
    rv->cpu.fp_mode = host_fp_mode(rv->frm);
    select_context(rv);
    rv_check_interrupts(rv);
}

void rv_set_priv(struct rv_cpu *rv, uint64_t priv)
{
    if (rv->priv != priv && UNLIKELY(rv->programmed)) {
        rv_counters_sync(rv); /* up to here under the old privilege */
        rv->priv = priv;
        rv_counters_sync(rv);
    }
    rv->priv = priv;
    rv_update_mode(rv);
}

void rv_flush_tlb(struct rv_cpu *rv)
{
    uint32_t before = rv->cpu.exit;
    if (rv->cpu.mmu_private != NULL)
        mmu_flush(&rv->cpu, MMU_ANY, MMU_ANY);
    rv->cpu.exit = before; /* only instructions that end their block get here */
}
