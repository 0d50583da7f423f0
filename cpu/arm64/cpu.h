/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CPU_ARM64_CPU_H
#define ORRERY_CPU_ARM64_CPU_H
/*
 * An Arm PE in AArch64 state: Arm ARM DDI 0487 (issue L), EL0 to EL3. Extensions as the
 * profile's ID registers say; nothing else asks what a CPU has.
 *
 * Places kept: SVE and SME registers behind `v`; Realm state beside the security state;
 * FEAT_NV2 in the system registers' access table; AArch32 at EL0 as a second decoder.
 *
 * General registers are slots 0..30, the current stack pointer slot 31: whoever changes
 * EL or SPSel moves it to and from sp_el[]. NZCV lives in four slots, each in the form that
 * is cheapest to make: N is bit 63 of `nf`, Z is set when `zf` is 0, C is `cf` (0 or 1), V
 * is bit 63 of `vf`. Vector registers are 128-bit slots; a scalar is in the low lanes with
 * zeros above, as the architecture wants after every scalar write.
 *
 * The CPU belongs to the machine's arena. a64_cpu_create during construction only.
 */
#include "core/cpu/cpu.h"
#include "core/cpu/regs.h"
#include "core/event/queue.h"
#include "mmu/arm64.h"

enum a64_slot { A64_SLOT_X = 0, A64_SLOT_SP = 31, A64_SLOT_NF = 32, A64_SLOT_ZF, A64_SLOT_CF,
                A64_SLOT_VF, A64_SLOT_V = 36, A64_SLOTS = 68 };

/*
 * Interrupt inputs of the PE. A GICv2 drives IRQ and FIQ; a GICv3 says which group its highest
 * pending interrupt is of, and the PE makes IRQ or FIQ of it by its security state (IHI 0069,
 * 4.6.2): the interface need not know when that changes.
 */
enum a64_input { A64_IRQ, A64_FIQ, A64_GROUP0, A64_GROUP1_S, A64_GROUP1_NS, A64_VIRQ, A64_VFIQ,
                 A64_INPUTS };

/* Generic timers (D12), in the order of a64_cpu.timer_out. */
enum a64_timer { A64_TIMER_PHYS, A64_TIMER_VIRT, A64_TIMER_HYP, A64_TIMER_HYP_VIRT, A64_TIMER_SEC,
                 A64_TIMERS };

/*
 * What a profile fixes. ID registers are given by name in its text file (cpu/arm64/profiles)
 * and are the only statement of features: `has` is derived from them once.
 */
struct a64_config {
    char name[32];
    uint64_t midr, revidr, ctr, dczid, clidr, ccsidr[7][2];
    uint64_t id_pfr[3], id_dfr[2], id_isar[4], id_mmfr[5], id_zfr, id_smfr, id_afr[2];
    uint64_t pmcr_n;         /* event counters */
    uint64_t hz, counter_hz; /* core clock; CNTFRQ_EL0 */
    uint64_t reset_pc;
    bool el2, el3;           /* board's choice: virtualization=, secure= */
    uint64_t mpidr;
    uint32_t code_class;     /* PEs of one machine with unlike features take unlike classes */
};

/*
 * System registers of the interrupt controller's CPU interface (ICC_*, ICV_*, ICH_*).
 * `reg` = op0 << 14 | op1 << 11 | CRn << 7 | CRm << 3 | op2. The CPU has done the checks that are its
 * own (exception level, HCR_EL2, FGT, SCR_EL3); `hcr` is the effective HCR_EL2, by whose IMO
 * and FMO the virtual interface answers at EL1.
 */
enum a64_gic_result { A64_GIC_OK, A64_GIC_UNDEFINED, A64_GIC_TRAP_EL2, A64_GIC_TRAP_EL3 };
struct a64_gic_ops {
    int (*read)(void *arg, uint32_t reg, unsigned el, bool secure, uint64_t hcr, uint64_t *value);
    int (*write)(void *arg, uint32_t reg, unsigned el, bool secure, uint64_t hcr, uint64_t value);
    void *arg;
};

/* Firmware built into the board: PSCI and SMCCC calls. True: handled, x0.. hold the results. */
struct a64_firmware_ops {
    bool (*call)(void *arg, struct cpu *cpu, bool smc);
    void *arg;
};

struct a64_cpu;
#define A64_CPU(c) ((struct a64_cpu *)(void *)(c)) /* struct cpu comes first */

extern const struct cpu_isa a64_isa;

/* "max", "neoverse-n1,pauth=off,lpa2=on" : profiles and QEMU's property syntax. Errors as rv_config_parse. */
int a64_config_parse(struct a64_config *out, const char *spec, const char *path,
                     struct err *e) MUST_CHECK;
struct a64_profile {
    const char *name, *text;
};
extern const struct a64_profile a64_profiles[]; /* ends with a NULL name */
const struct a64_profile *a64_profile_find(const char *name);

/* `config` is copied. */
int a64_cpu_create(struct a64_cpu **out, struct machine *m, const struct a64_config *config,
                   uint32_t index, struct err *e) MUST_CHECK;
struct cpu *a64_cpu_base(struct a64_cpu *a);
/* Output of a timer, to be connected to its PPI. Level. */
struct irq_line *a64_timer_line(struct a64_cpu *a, enum a64_timer t);
struct irq_line *a64_pmu_line(struct a64_cpu *a);
void a64_cpu_set_gic(struct a64_cpu *a, const struct a64_gic_ops *ops);
void a64_cpu_set_firmware(struct a64_cpu *a, const struct a64_firmware_ops *ops);
/* irq_sink_fn: `cpu` is the struct cpu, `number` an enum a64_input. */
void a64_cpu_set_input(void *cpu, uint32_t number, bool level);

/* For firmware and boards. General registers; the PE must be off or stopped. */
uint64_t a64_get_x(const struct cpu *cpu, unsigned n);
void a64_set_x(struct cpu *cpu, unsigned n, uint64_t value);
/* Start an off PE at `pc` with x0 = context, in the highest EL below EL3 that it has (PSCI, 6.4). */
void a64_power_on(struct cpu *cpu, va_t pc, uint64_t context);
void a64_power_off(struct cpu *cpu);
/* Device tree: "arm,neoverse-n1", "arm,armv8". */
const char *a64_compatible(const struct a64_config *c);

#endif
