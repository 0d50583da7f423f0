/* SPDX-License-Identifier: Apache-2.0 */
/* PSCI (Arm DEN 0022F, chapter 5) and SMCCC (DEN 0028E, chapter 7) as the board answers them. */
#include "core/device/machine.h"
#include "cpu/arm64/cpu.h"
#include "devices/board/arm_psci.h"
#include "test/check_main.h"

#define NOT_SUPPORTED (-1)
#define INVALID       (-2)
#define ALREADY_ON    (-4)
#define SMC64         0x40000000u

static const uint64_t mpidr[] = { 0x80000000, 0x80000001, 0x80000100 };
static struct machine *machine;
static struct arm_psci *psci;
static struct cpu *cpus[3];

static void setup(void)
{
    struct a64_config config;
    struct err e = { 0 };
    ck_assert(machine_create(&machine, stderr, &e) == 0);
    ck_assert_msg(a64_config_parse(&config, "max,el2=off,el3=off", NULL, &e) == 0, "%s", e.text);
    psci = arm_psci_create(machine, false, mpidr, 3, &e);
    ck_assert(psci != NULL);
    for (uint32_t i = 0; i < 3; i++) {
        struct a64_cpu *pe;
        config.mpidr = mpidr[i];
        ck_assert_msg(a64_cpu_create(&pe, machine, &config, i, &e) == 0, "%s", e.text);
        arm_psci_add_cpu(psci, pe, i);
        cpus[i] = a64_cpu_base(pe);
    }
    machine_reset(machine);
    a64_power_off(cpus[1]);
    a64_power_off(cpus[2]);
}
static void teardown(void)
{
    machine_destroy(machine);
}

static const struct { uint32_t id; uint64_t x1, x2; int64_t result; enum arm_psci_act act; } rows[] = {
    { 0x84000000, 0, 0, 0x10001, ARM_PSCI_DONE },                 /* PSCI_VERSION 1.1 */
    { 0xc4000000, 0, 0, NOT_SUPPORTED, ARM_PSCI_DONE },           /* it has no 64-bit form */
    { 0x84000001, 0, 0, 0, ARM_PSCI_STANDBY },                    /* CPU_SUSPEND, standby */
    { 0xc4000001, 0x10000, 0x40000000, 0, ARM_PSCI_STANDBY },     /* a power-down may be a standby */
    { 0xc4000001, 0x04000000, 0, INVALID, ARM_PSCI_DONE },        /* reserved bits of power_state */
    { 0xc4000001, 0x00020000, 0, INVALID, ARM_PSCI_DONE },
    { 0x84000002, 0, 0, NOT_SUPPORTED, ARM_PSCI_CPU_OFF },        /* CPU_OFF: what it returns nobody sees */
    { 0x84000003, 1, 0, 0, ARM_PSCI_CPU_ON },
    { 0xc4000003, 0x100, 0, 0, ARM_PSCI_CPU_ON },
    { 0xc4000003, 0, 0, ALREADY_ON, ARM_PSCI_DONE },
    { 0xc4000003, 0x101, 0, INVALID, ARM_PSCI_DONE },             /* no such CPU */
    { 0xc4000003, 0x80000001, 0, INVALID, ARM_PSCI_DONE },        /* bit 31 of an affinity is 0 */
    { 0xc4000003, 0x100000001, 0, INVALID, ARM_PSCI_DONE },       /* Aff3 */
    { 0x84000003, 0x100000001, 0, 0, ARM_PSCI_CPU_ON },           /* a 32-bit call: the upper half is ignored */
    { 0x84000004, 0, 0, 0, ARM_PSCI_DONE },                       /* AFFINITY_INFO: on */
    { 0xc4000004, 0x100, 0, 1, ARM_PSCI_DONE },                   /* off */
    { 0xc4000004, 0x200, 0, INVALID, ARM_PSCI_DONE },
    { 0xc4000004, 0x0ff, 1, 0, ARM_PSCI_DONE },                   /* a cluster with a CPU that is on */
    { 0xc4000004, 0x1ff, 1, 1, ARM_PSCI_DONE },                   /* all of it is off */
    { 0xc4000004, 0x1ff, 2, 0, ARM_PSCI_DONE },
    { 0xc4000004, 0x200, 1, INVALID, ARM_PSCI_DONE },
    { 0xc4000004, 0x80000000, 3, INVALID, ARM_PSCI_DONE },
    { 0xc4000004, 0, 4, INVALID, ARM_PSCI_DONE },
    { 0x84000005, 0, 0, NOT_SUPPORTED, ARM_PSCI_DONE },           /* MIGRATE */
    { 0x84000006, 0, 0, 2, ARM_PSCI_DONE },                       /* no Trusted OS */
    { 0x84000008, 0, 0, NOT_SUPPORTED, ARM_PSCI_OFF },            /* does not return */
    { 0x84000009, 0, 0, NOT_SUPPORTED, ARM_PSCI_RESET },
    { 0x8400000a, 0x84000000, 0, 0, ARM_PSCI_DONE },              /* PSCI_FEATURES */
    { 0x8400000a, 0xc4000003, 0, 0, ARM_PSCI_DONE },
    { 0x8400000a, 0x80000000, 0, 0, ARM_PSCI_DONE },              /* SMCCC_VERSION is there */
    { 0x8400000a, 0x80000001, 0, NOT_SUPPORTED, ARM_PSCI_DONE },  /* no function of PSCI */
    { 0x8400000a, 0x84000005, 0, NOT_SUPPORTED, ARM_PSCI_DONE },
    { 0xc4000012, 0, 0, 0, ARM_PSCI_RESET },                      /* SYSTEM_RESET2, warm */
    { 0xc4000012, 1, 0, INVALID, ARM_PSCI_DONE },
    { 0x84000012, 0x80000000, 0, INVALID, ARM_PSCI_DONE },        /* a vendor's kind */
    { 0x84000007, 0, 0, NOT_SUPPORTED, ARM_PSCI_DONE },
    { 0x80000000, 0, 0, 0x10002, ARM_PSCI_DONE },                 /* SMCCC_VERSION 1.2 */
    { 0x80000001, 0x80000000, 0, 0, ARM_PSCI_DONE },              /* SMCCC_ARCH_FEATURES */
    { 0x80000001, 0x80008000, 0, 1, ARM_PSCI_DONE },              /* WORKAROUND_1: not required */
    { 0x80000001, 0x80000002, 0, NOT_SUPPORTED, ARM_PSCI_DONE },  /* SOC_ID */
    { 0x80008000, 0, 0, 0, ARM_PSCI_DONE },
    { 0x82000000, 0, 0, NOT_SUPPORTED, ARM_PSCI_DONE },
    { 0, 0, 0, NOT_SUPPORTED, ARM_PSCI_DONE },
};
START_TEST(functions)
{
    uint64_t x[3] = { rows[_i].x1, rows[_i].x2, 0 };
    uint32_t target = 0;
    enum arm_psci_act act = arm_psci_decide(psci, rows[_i].id, x, &target);

    ck_assert_int_eq(act, rows[_i].act);
    ck_assert_msg((int64_t)x[0] == rows[_i].result, "%#x(%#lx, %#lx) gives %ld", rows[_i].id,
                  (unsigned long)rows[_i].x1, (unsigned long)rows[_i].x2, (long)x[0]);
    if (act == ARM_PSCI_CPU_ON)
        ck_assert_uint_eq(mpidr[target] & 0xffff, rows[_i].x1 & 0xffff);
}
END_TEST

/* 6.4: a started CPU is at its entry in EL1 with the context in x0; twice is an error. */
START_TEST(a_cpu_starts_once)
{
    uint64_t x[3] = { 0x100, 0x40001000, 7 };
    uint32_t target = 0;
    ck_assert_int_eq(arm_psci_decide(psci, 0xc4000003, x, &target), ARM_PSCI_CPU_ON);
    ck_assert_uint_eq(target, 2);
    a64_power_on(cpus[target], 0x40001000, 7);
    ck_assert_uint_eq(cpus[2]->pc, 0x40001000);
    ck_assert_uint_eq(a64_get_x(cpus[2], 0), 7);
    ck_assert_int_eq(cpus[2]->run, CPU_RUNNING);
    x[0] = 0x100;
    ck_assert_int_eq(arm_psci_decide(psci, 0xc4000003, x, &target), ARM_PSCI_DONE);
    ck_assert_int_eq((int64_t)x[0], ALREADY_ON);
    x[0] = 0x100, x[1] = 0;
    (void)arm_psci_decide(psci, 0xc4000004, x, &target);
    ck_assert_uint_eq(x[0], 0);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("arm_psci");
    TCase *t = tcase_create("psci");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, functions, 0, (int)ARRAY_LEN(rows));
    tcase_add_test(t, a_cpu_starts_once);
    suite_add_tcase(s, t);
    return s;
}
