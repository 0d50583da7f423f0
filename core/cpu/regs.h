/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CORE_CPU_REGS_H
#define ORRERY_CORE_CPU_REGS_H
/*
 * Registers by name, as debuggers see them: general, FP, control and status
 * registers, grouped into gdb features. Reads have no side effects; writes do
 * what a debugger means (bits that are read-only stay).
 */
#include "core/cpu/cpu.h"

struct cpu_reg {
    const char *name;       /* as the manual and gdb spell it */
    const char *feature;    /* gdb feature: "org.gnu.gdb.riscv.cpu" */
    const char *type;       /* gdb type: "int", "ieee_double", "code_ptr", "data_ptr", or "" */
    const char *group;      /* "general", "float", "csr", ... */
    uint16_t gdb_number;    /* regnum in the target description */
    uint8_t bits;           /* 8, 16, 32, 64, 128 */
    uint32_t arg;           /* for get and set: slot offset, CSR number */
    uint64_t (*get)(const struct cpu *cpu, uint32_t arg);
    bool (*set)(struct cpu *cpu, uint32_t arg, uint64_t value); /* false: not writable */
    /* Bits 127:64 of registers that have them; NULL for others. */
    uint64_t (*get_high)(const struct cpu *cpu, uint32_t arg);
    bool (*set_high)(struct cpu *cpu, uint32_t arg, uint64_t value);
};

const struct cpu_reg *cpu_find_reg(const struct cpu *cpu, const char *name);

#endif
