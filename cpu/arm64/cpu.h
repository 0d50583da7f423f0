/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CPU_ARM64_CPU_H
#define ORRERY_CPU_ARM64_CPU_H
/*
 * An Arm PE in AArch64 state, EL0 also in AArch32: Arm ARM DDI 0487 (issue L), EL0 to EL3. Extensions as the
 * profile's ID registers say; nothing else asks what a CPU has.
 *
 * Places kept: SVE and SME registers behind `v`; Realm state beside the security state.
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
#include "core/cpu/profile.h"
#include "core/cpu/regs.h"
#include "core/event/queue.h"
#include "mmu/arm64.h"

enum a64_slot { A64_SLOT_X = 0, A64_SLOT_SP = 31, A64_SLOT_NF = 32, A64_SLOT_ZF, A64_SLOT_CF,
                A64_SLOT_VF, A64_SLOT_V = 36,
                /* system registers that kernels use all the time */
                A64_SLOT_DAIF = 68, A64_SLOT_SP_EL0, A64_SLOT_TPIDR_EL0, A64_SLOT_TPIDRRO, A64_SLOT_TPIDR_EL1,
                A64_SLOT_TPIDR_EL2, A64_SLOT_ELR_EL1, A64_SLOT_ELR_EL2, A64_SLOT_SPSR_EL1, A64_SLOT_SPSR_EL2,
                A64_SLOT_ESR_EL1, A64_SLOT_ESR_EL2, A64_SLOT_FAR_EL1, A64_SLOT_FAR_EL2,
                /* AArch32's ITSTATE, APSR.GE, APSR.Q, and FPSR.NZCV in bits 31:28 */
                A64_SLOT_IT, A64_SLOT_GE, A64_SLOT_Q, A64_SLOT_FPNZCV, A64_SLOTS };

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

enum a64_id {
#define A64_ID(symbol, name, crm, op2) A64_ID_##symbol,
#include "cpu/arm64/id_registers.def"
#undef A64_ID
    A64_ID_COUNT
};
enum a64_feature {
#define A64_FEATURE(symbol, name, reg, bit, least, is_signed) A64_F_##symbol,
#include "cpu/arm64/features.def"
#undef A64_FEATURE
    A64_F_COUNT
};

/* Algorithm of pointer authentication; ID_AA64ISAR1/2 say the same to the guest. */
enum a64_pauth { A64_PAUTH_NONE, A64_PAUTH_QARMA5, A64_PAUTH_QARMA3, A64_PAUTH_IMPDEF };

/*
 * What a profile fixes; constant once the CPU exists. ID registers are given by name in its
 * text file (cpu/arm64/profiles) and are the only statement of features: `has`, `pauth` and
 * `mmu` are derived from them (a64_config_derive).
 */
struct a64_config {
    char name[CPU_PROFILE_NAME];
    uint64_t id[A64_ID_COUNT];
    uint64_t midr, revidr, ctr, dczid, clidr, ccsidr[7][2]; /* ccsidr[level][0 data, 1 instruction] */
    uint32_t pmu_counters;   /* PMCR_EL0.N */
    uint64_t hz, counter_hz; /* core clock; CNTFRQ_EL0 */
    uint64_t reset_pc;
    uint64_t mpidr;
    uint32_t gic_pribits, gic_list_registers; /* 0: no GICv3 CPU interface as system registers */
    uint32_t code_class;     /* 0..15: PEs of one machine with unlike features take unlike classes */
    /* Derived. */
    uint64_t has[(A64_F_COUNT + 63) / 64];
    enum a64_pauth pauth;
    uint32_t pauth_level;    /* ID_AA64ISAR1_EL1.APA's number: 1 PAuth .. 3 PAuth2, 4 FPAC, 5 FPACCOMBINE */
    struct mmu_a64_features mmu;
};

static inline bool a64_has(const struct a64_config *c, enum a64_feature x)
{
    return c->has[x / 64] >> (x % 64) & 1;
}
/* After changing id[] (a board takes EL2 or EL3 away). */
void a64_config_derive(struct a64_config *c);

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
#define A64_CPU_CONST(c) ((const struct a64_cpu *)(const void *)(c))

extern const struct cpu_isa a64_isa;

/*
 * "max", "neoverse-n1,pauth=off,lpa2=on": profiles (`path`: a directory with more, or NULL) and QEMU's property
 * syntax. Also el2=off, el3=off.
 * ERR_ABSENT and ERR_ARG name the nearest profile or property, ERR_UNSUPPORTED what is not modelled. */
int a64_config_parse(struct a64_config *out, const char *spec, const char *path,
                     struct err *e) MUST_CHECK;
extern const struct cpu_profiles a64_profiles;
extern const struct cpu_profile a64_profile_list[]; /* built in; ends with a NULL name */

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
/* For makers of random programs: `features` of the decode tables; `code` (as `reg`
 * of a64_gic_ops) of the n-th system register or SYS instruction (op0 = 1) there is, false past the last. */
uint64_t a64_decode_features(const struct cpu *cpu);
bool a64_sysreg_number(const struct cpu *cpu, uint32_t n, uint32_t *code);
/* Device tree: "arm,neoverse-n1", "arm,armv8". */
const char *a64_compatible(const struct a64_config *c);

#endif
