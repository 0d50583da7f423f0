/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CPU_RISCV_CSR_IMPL_H
#define ORRERY_CPU_RISCV_CSR_IMPL_H
/* What rows of csr_table.c call that stands in csr_unprivileged.c: struct rv_csr's `may`, `read` and `write`. */
#include "cpu/riscv/riscv_impl.h"

typedef bool rv_csr_may_fn(const struct rv_cpu *rv, uint32_t index, bool write);
typedef uint64_t rv_csr_read_fn(const struct rv_cpu *rv, uint32_t index);
typedef void rv_csr_write_fn(struct rv_cpu *rv, uint32_t index, uint64_t value);

rv_csr_may_fn rv_csr_fp_on, rv_csr_vector_on, rv_csr_may_cycle, rv_csr_may_time, rv_csr_may_instret,
    rv_csr_may_hpm;
rv_csr_read_fn rv_csr_read_fflags, rv_csr_read_fcsr, rv_csr_read_vcsr, rv_csr_read_vlenb, rv_csr_read_cycle,
    rv_csr_read_time, rv_csr_read_instret, rv_csr_read_hpm, rv_csr_read_hpmevent, rv_csr_read_scountovf;
rv_csr_write_fn rv_csr_write_fflags, rv_csr_write_frm, rv_csr_write_fcsr, rv_csr_write_vstart,
    rv_csr_write_vxsat, rv_csr_write_vxrm, rv_csr_write_vcsr, rv_csr_write_mcycle, rv_csr_write_minstret,
    rv_csr_write_hpm, rv_csr_write_hpmevent, rv_csr_write_mcountinhibit, rv_csr_write_mcounteren,
    rv_csr_write_scounteren;

#endif
