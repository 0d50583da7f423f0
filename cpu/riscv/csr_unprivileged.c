/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is behind the CSRs of the unprivileged ISA (floating point, vectors) and those that count: chapters "Zicntr and
 * Zihpm", machine level "Hardware Performance Monitor", Sscofpmf. Their rows are in csr_table.c.
 */
#include "cpu/riscv/csr_impl.h"

/* ---- floating point: unprivileged ISA, "Floating-Point Control and Status Register" ---- */
bool rv_csr_fp_on(const struct rv_cpu *rv, uint32_t index, bool write)
{
    (void)index, (void)write;
    return F_GET(rv->mstatus, RV_MSTATUS_FS) != RV_FS_OFF;
}

static void fp_wrote(struct rv_cpu *rv)
{
    rv->mstatus = F_PUT(rv->mstatus, RV_MSTATUS_FS, RV_FS_DIRTY);
    rv_update_mode(rv);
}

uint64_t rv_csr_read_fflags(const struct rv_cpu *rv, uint32_t index)
{
    (void)index;
    return rv_get_fflags(rv);
}

void rv_csr_write_fflags(struct rv_cpu *rv, uint32_t index, uint64_t value)
{
    (void)index;
    rv_set_fflags(rv, value);
    fp_wrote(rv);
}

void rv_csr_write_frm(struct rv_cpu *rv, uint32_t index, uint64_t value)
{
    (void)index;
    rv->frm = value & 7;
    fp_wrote(rv);
}

uint64_t rv_csr_read_fcsr(const struct rv_cpu *rv, uint32_t index)
{
    (void)index;
    return rv->frm << 5 | rv_get_fflags(rv);
}

void rv_csr_write_fcsr(struct rv_cpu *rv, uint32_t index, uint64_t value)
{
    (void)index;
    rv->frm = (value >> 5) & 7;
    rv_set_fflags(rv, value);
    fp_wrote(rv);
}

/* ---- vectors: unprivileged ISA, "Vector Extension Programmer's Model" ---- */
bool rv_csr_vector_on(const struct rv_cpu *rv, uint32_t index, bool write)
{
    (void)index, (void)write;
    return F_GET(rv->mstatus, RV_MSTATUS_VS) != RV_FS_OFF;
}

static void vector_wrote(struct rv_cpu *rv)
{
    rv->mstatus = F_PUT(rv->mstatus, RV_MSTATUS_VS, RV_FS_DIRTY);
    rv_update_mode(rv);
}

/* As many bits as the largest VLMAX needs: 128 elements. */
void rv_csr_write_vstart(struct rv_cpu *rv, uint32_t index, uint64_t value)
{
    (void)index;
    rv->vstart = value & 127;
    vector_wrote(rv);
}

void rv_csr_write_vxsat(struct rv_cpu *rv, uint32_t index, uint64_t value)
{
    (void)index;
    rv->vxsat = value & 1;
    vector_wrote(rv);
}

void rv_csr_write_vxrm(struct rv_cpu *rv, uint32_t index, uint64_t value)
{
    (void)index;
    rv->vxrm = value & 3;
    vector_wrote(rv);
}

uint64_t rv_csr_read_vcsr(const struct rv_cpu *rv, uint32_t index)
{
    (void)index;
    return rv->vxrm << 1 | rv->vxsat;
}

void rv_csr_write_vcsr(struct rv_cpu *rv, uint32_t index, uint64_t value)
{
    (void)index;
    rv->vxsat = F_GET(value, RV_VCSR_VXSAT);
    rv->vxrm = F_GET(value, RV_VCSR_VXRM);
    vector_wrote(rv);
}

uint64_t rv_csr_read_vlenb(const struct rv_cpu *rv, uint32_t index)
{
    (void)rv, (void)index;
    return sizeof(rv->v[0]);
}

/* ---- time and counters ---- */
/* clang-format off */
bool rv_csr_may_cycle(const struct rv_cpu *rv, uint32_t i, bool w)   { (void)i, (void)w; return rv_may_count(rv, 0); }
bool rv_csr_may_time(const struct rv_cpu *rv, uint32_t i, bool w)    { (void)i, (void)w; return rv_may_count(rv, 1); }
bool rv_csr_may_instret(const struct rv_cpu *rv, uint32_t i, bool w) { (void)i, (void)w; return rv_may_count(rv, 2); }
uint64_t rv_csr_read_cycle(const struct rv_cpu *rv, uint32_t i)      { (void)i; return rv_counter_read(rv, 0); }
uint64_t rv_csr_read_time(const struct rv_cpu *rv, uint32_t i)       { (void)i; return rv_time(rv); }
uint64_t rv_csr_read_instret(const struct rv_cpu *rv, uint32_t i)    { (void)i; return rv_counter_read(rv, 2); }
void rv_csr_write_mcycle(struct rv_cpu *rv, uint32_t i, uint64_t v)   { (void)i; rv_counter_write(rv, 0, v); }
void rv_csr_write_minstret(struct rv_cpu *rv, uint32_t i, uint64_t v) { (void)i; rv_counter_write(rv, 2, v); }
/* clang-format on */

bool rv_csr_may_hpm(const struct rv_cpu *rv, uint32_t index, bool write)
{
    (void)write;
    return rv_may_count(rv, index + 3);
}
uint64_t rv_csr_read_hpm(const struct rv_cpu *rv, uint32_t index)
{
    return rv_counter_read(rv, index + 3);
}
void rv_csr_write_hpm(struct rv_cpu *rv, uint32_t index, uint64_t value)
{
    if (index < rv->config->hpm_count)
        rv_counter_write(rv, index + 3, value);
}
uint64_t rv_csr_read_hpmevent(const struct rv_cpu *rv, uint32_t index)
{
    return rv->counter[index + 3].event;
}

void rv_csr_write_hpmevent(struct rv_cpu *rv, uint32_t index, uint64_t value)
{
    uint64_t mask = 0xffffffffull;
    if (index >= rv->config->hpm_count)
        return;
    if (rv_has(rv->config, RV_X_SSCOFPMF))
        mask |= F_MASK(RV_HPMEVENT_OF) | F_MASK(RV_HPMEVENT_MINH) | F_MASK(RV_HPMEVENT_SINH) |
                F_MASK(RV_HPMEVENT_UINH);
    rv_counter_write(rv, index + 3, rv_counter_read(rv, index + 3)); /* stop under the old event */
    rv->counter[index + 3].event = value & mask;
    rv->counter[index + 3].running = 0;
    rv_counters_derive(rv);
    rv_counters_sync(rv);
}

static uint64_t counters_present(const struct rv_config *c)
{
    return 7 | zext(~0ull, c->hpm_count) << 3;
}

void rv_csr_write_mcountinhibit(struct rv_cpu *rv, uint32_t index, uint64_t value)
{
    (void)index;
    rv->mcountinhibit = value & counters_present(rv->config) & ~2ull;
    rv_counters_sync(rv);
}

void rv_csr_write_mcounteren(struct rv_cpu *rv, uint32_t index, uint64_t value)
{
    (void)index;
    rv->mcounteren = value & counters_present(rv->config);
}

void rv_csr_write_scounteren(struct rv_cpu *rv, uint32_t index, uint64_t value)
{
    (void)index;
    rv->scounteren = value & counters_present(rv->config);
}

/* Sscofpmf, "Supervisor Count Overflow (scountovf) Register" */
uint64_t rv_csr_read_scountovf(const struct rv_cpu *rv, uint32_t index)
{
    uint64_t v = 0;
    (void)index;
    for (uint32_t n = 3; n < RV_COUNTERS; n++)
        if (F_GET(rv->counter[n].event, RV_HPMEVENT_OF))
            v |= BIT(n);
    return rv->priv == RV_M ? v : v & rv->mcounteren;
}
