/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_TEST_CORE_EXEC_NO_CPUS_H
#define ORRERY_TEST_CORE_EXEC_NO_CPUS_H
/*
 * For the one file of a program that tests a back end alone, in place of core/exec's run loop: there are no CPUs to
 * ask about their models.
 */
#include "core/exec/exec.h"

uint32_t exec_n_cpus(const struct exec *x)
{
    (void)x;
    return 0;
}

struct cpu *exec_cpu(const struct exec *x, uint32_t index)
{
    (void)x, (void)index;
    return NULL;
}

#endif
