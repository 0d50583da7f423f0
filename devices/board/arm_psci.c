/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/board/arm_psci.h"
#include "core/util/bits.h"
#include "cpu/arm64/cpu.h"

struct arm_psci {
    struct machine *machine;
    const uint64_t *mpidr;
    uint32_t n_cpus;
    bool smc;
    struct cpu *cpus[];
};

/* DEN 0022F 5.2.2 and DEN 0028E 7.1: return codes */
enum { SUCCESS = 0, NOT_SUPPORTED = -1, INVALID_PARAMETERS = -2, ALREADY_ON = -4 };
enum { SMCCC_NOT_REQUIRED = 1 };

/* Function numbers. Bit 30 says that arguments have 64 bits. */
#define SMC64 0x40000000u
enum psci_id {
    PSCI_VERSION = 0x84000000, CPU_SUSPEND = 0x84000001, CPU_OFF_ = 0x84000002, CPU_ON = 0x84000003,
    AFFINITY_INFO = 0x84000004, MIGRATE_INFO_TYPE = 0x84000006, SYSTEM_OFF = 0x84000008,
    SYSTEM_RESET = 0x84000009, PSCI_FEATURES = 0x8400000a, SYSTEM_RESET2 = 0x84000012,
    SMCCC_VERSION = 0x80000000, SMCCC_ARCH_FEATURES = 0x80000001,
    SMCCC_ARCH_WORKAROUND_1 = 0x80008000, SMCCC_ARCH_WORKAROUND_2 = 0x80007fff,
    SMCCC_ARCH_WORKAROUND_3 = 0x80003fff,
};
#define MPIDR_AFFINITY 0xff00ffffffull
#define RESET2_WARM    0u

/* What has a form with 64-bit arguments (DEN 0022F, table 5). */
static const struct function {
    uint32_t id;
    bool wide, psci;
} functions[] = {
    { PSCI_VERSION, false, true },      { CPU_SUSPEND, true, true },
    { CPU_OFF_, false, true },          { CPU_ON, true, true },
    { AFFINITY_INFO, true, true },      { MIGRATE_INFO_TYPE, false, true },
    { SYSTEM_OFF, false, true },        { SYSTEM_RESET, false, true },
    { PSCI_FEATURES, false, true },     { SYSTEM_RESET2, true, true },
    { SMCCC_VERSION, false, true },     { SMCCC_ARCH_FEATURES, false, false },
    { SMCCC_ARCH_WORKAROUND_1, false, false }, { SMCCC_ARCH_WORKAROUND_2, false, false },
    { SMCCC_ARCH_WORKAROUND_3, false, false },
};

static const struct function *find(uint32_t id)
{
    for (size_t i = 0; i < ARRAY_LEN(functions); i++)
        if (functions[i].id == id || (functions[i].wide && (functions[i].id | SMC64) == id))
            return &functions[i];
    return NULL;
}

/* DEN 0028E 7.4: a workaround "not required" may be called all the same. */
static int arch_feature(uint32_t id)
{
    switch (id) {
    case SMCCC_VERSION:
    case SMCCC_ARCH_FEATURES: return SUCCESS;
    case SMCCC_ARCH_WORKAROUND_1:
    case SMCCC_ARCH_WORKAROUND_2:
    case SMCCC_ARCH_WORKAROUND_3: return SMCCC_NOT_REQUIRED;
    default: return NOT_SUPPORTED;
    }
}

/* The CPU of an affinity (5.1.4: fields of MPIDR, the rest 0), or n_cpus. */
static uint32_t cpu_of(const struct arm_psci *p, uint64_t affinity)
{
    uint32_t i = 0;

    while (i < p->n_cpus && (p->mpidr[i] & MPIDR_AFFINITY) != affinity)
        i++;
    return i;
}

/* 5.7.2: a level above the CPUs is on as long as one CPU below it is; fields below it are ignored. */
static int affinity_info(const struct arm_psci *p, uint64_t affinity, uint64_t level)
{
    enum { ON = 0, OFF = 1 };
    static const uint64_t masks[] = { MPIDR_AFFINITY, 0xff00ffff00, 0xff00ff0000, 0xff00000000 };
    int result = INVALID_PARAMETERS;

    if (level >= ARRAY_LEN(masks))
        return INVALID_PARAMETERS;
    for (uint32_t i = 0; i < p->n_cpus && result != ON; i++)
        if (((p->mpidr[i] ^ affinity) & masks[level]) == 0)
            result = p->cpus[i]->run == CPU_OFF ? OFF : ON;
    return affinity & ~MPIDR_AFFINITY ? INVALID_PARAMETERS : result;
}

/* 5.6.2; *target is the CPU to be started where the result is SUCCESS. */
static int cpu_on(const struct arm_psci *p, uint64_t affinity, uint32_t *target)
{
    *target = cpu_of(p, affinity);
    if (*target == p->n_cpus)
        return INVALID_PARAMETERS;
    return p->cpus[*target]->run == CPU_OFF ? SUCCESS : ALREADY_ON;
}

static int psci_features(uint32_t id)
{
    const struct function *asked = find(id);

    return asked && asked->psci ? SUCCESS : NOT_SUPPORTED;
}

enum arm_psci_act arm_psci_decide(const struct arm_psci *p, uint32_t id, uint64_t x[3],
                                  uint32_t *target)
{
    const struct function *f = find(id);
    enum arm_psci_act act = ARM_PSCI_DONE;
    int result = NOT_SUPPORTED;

    for (int i = 0; i < 3 && !(id & SMC64); i++) /* DEN 0028E 3.1: only the lower halves count */
        x[i] = (uint32_t)x[i];
    switch (f ? f->id : 0) {
    case PSCI_VERSION: result = 0x10001; break;
    case SMCCC_VERSION: result = 0x10002; break;
    case SMCCC_ARCH_FEATURES: result = arch_feature((uint32_t)x[0]); break;
    case SMCCC_ARCH_WORKAROUND_1:
    case SMCCC_ARCH_WORKAROUND_2:
    case SMCCC_ARCH_WORKAROUND_3: result = SUCCESS; break;
    /* 5.15.2: flags of CPU_SUSPEND 0: original format, no OS-initiated mode */
    case PSCI_FEATURES: result = psci_features((uint32_t)x[0]); break;
    case MIGRATE_INFO_TYPE: result = 2; break; /* 5.9: there is no Trusted OS */
    case AFFINITY_INFO: result = affinity_info(p, x[0], x[1]); break;
    case CPU_SUSPEND: /* 5.4.2: bits 31:26 and 23:17 of power_state are 0 */
        result = x[0] & ~0x0301ffffull ? INVALID_PARAMETERS : SUCCESS;
        act = result == SUCCESS ? ARM_PSCI_STANDBY : ARM_PSCI_DONE;
        break;
    case CPU_OFF_: act = ARM_PSCI_CPU_OFF; break;
    case CPU_ON:
        result = cpu_on(p, x[0], target);
        act = result == SUCCESS ? ARM_PSCI_CPU_ON : ARM_PSCI_DONE;
        break;
    case SYSTEM_OFF: act = ARM_PSCI_OFF; break;
    case SYSTEM_RESET: act = ARM_PSCI_RESET; break;
    case SYSTEM_RESET2: /* 5.12.2: a type with bit 31 is a vendor's */
        result = (uint32_t)x[0] == RESET2_WARM ? SUCCESS : INVALID_PARAMETERS;
        act = result == SUCCESS ? ARM_PSCI_RESET : ARM_PSCI_DONE;
        break;
    }
    x[0] = (uint64_t)(int64_t)result;
    return act;
}

/* DEN 0028E 3.4: x1 and up are preserved. */
static bool call(void *arg, struct cpu *cpu, bool smc)
{
    struct arm_psci *p = arg;
    uint64_t x[3] = { a64_get_x(cpu, 1), a64_get_x(cpu, 2), a64_get_x(cpu, 3) };
    uint32_t id = (uint32_t)a64_get_x(cpu, 0), target = 0;

    if (smc != p->smc)
        return false;
    ev_set_now(p->machine->queue, cpu_now(cpu)); /* what starts, starts now */
    switch (arm_psci_decide(p, id, x, &target)) {
    case ARM_PSCI_CPU_ON: a64_power_on(p->cpus[target], x[1], x[2]); break;
    case ARM_PSCI_CPU_OFF: a64_power_off(cpu); return true;
    case ARM_PSCI_OFF: machine_stop(p->machine, MACHINE_POWEROFF, 0); break;
    case ARM_PSCI_RESET: machine_stop(p->machine, MACHINE_RESET, 0); break;
    case ARM_PSCI_STANDBY:
        if (!cpu->isa->has_work(cpu)) {
            cpu->run = CPU_IDLE;
            cpu_kick(cpu);
        }
        break;
    case ARM_PSCI_DONE: break;
    }
    a64_set_x(cpu, 0, x[0]);
    return true;
}

struct arm_psci *arm_psci_create(struct machine *m, bool smc, const uint64_t *mpidr,
                                 uint32_t n_cpus, struct err *e)
{
    struct arm_psci *p = arena_alloc(&m->arena, sizeof(*p) + n_cpus * sizeof(p->cpus[0]));

    if (!p) {
        (void)err_set(e, ERR_NOMEM, "no memory for the board's firmware");
        return NULL;
    }
    p->machine = m;
    p->mpidr = mpidr;
    p->n_cpus = n_cpus;
    p->smc = smc;
    return p;
}

void arm_psci_add_cpu(struct arm_psci *p, struct a64_cpu *pe, uint32_t index)
{
    const struct a64_firmware_ops ops = { .call = call, .arg = p };

    p->cpus[index] = a64_cpu_base(pe);
    a64_cpu_set_firmware(pe, &ops);
}
