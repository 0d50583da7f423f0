/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_BOARD_ARM_PSCI_H
#define ORRERY_DEVICES_BOARD_ARM_PSCI_H
/*
 * Firmware that is the board's own: Power State Coordination Interface 1.1 (Arm DEN 0022) by
 * the SMC Calling Convention 1.2 (DEN 0028), where no software runs at EL3. It answers on one
 * conduit; the other keeps its architected meaning.
 *
 * CPU_ON, CPU_OFF, CPU_SUSPEND, AFFINITY_INFO, MIGRATE_INFO_TYPE, SYSTEM_OFF, SYSTEM_RESET,
 * SYSTEM_RESET2 (the architected warm reset, which resets the machine), PSCI_VERSION and
 * PSCI_FEATURES; SMCCC_VERSION, SMCCC_ARCH_FEATURES and the three workarounds, which these CPUs
 * do not need. Every other function is NOT_SUPPORTED. CPU_SUSPEND is a standby whatever state is
 * asked for, as the specification allows. No function keeps anything but what a CPU has: whether
 * it is on.
 *
 * Construction: create, then each CPU; lives in the machine's arena.
 */
#include "core/cpu/cpu.h"

struct a64_cpu;
struct arm_psci;
/* `smc`: the conduit. `mpidr`: one for each CPU; stays the caller's. NULL with `e`. */
struct arm_psci *arm_psci_create(struct machine *m, bool smc, const uint64_t *mpidr,
                                 uint32_t n_cpus, struct err *e);
/* CPU `index`; it calls from now on. */
void arm_psci_add_cpu(struct arm_psci *p, struct a64_cpu *pe, uint32_t index);

/*
 * The pure part: function `id` with arguments x[0..2], cut to 32 bits where the function's are. x[0]
 * becomes the result. What else has to be done is returned; *target is the CPU that
 * ARM_PSCI_CPU_ON starts, at x[1] with x[2] in its x0.
 */
enum arm_psci_act { ARM_PSCI_DONE, ARM_PSCI_CPU_ON, ARM_PSCI_CPU_OFF, ARM_PSCI_STANDBY,
                    ARM_PSCI_OFF, ARM_PSCI_RESET };
enum arm_psci_act arm_psci_decide(const struct arm_psci *p, uint32_t id, uint64_t x[3],
                                  uint32_t *target);

#endif
