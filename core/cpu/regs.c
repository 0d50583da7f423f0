/* SPDX-License-Identifier: Apache-2.0 */
#include "core/cpu/regs.h"
#include <string.h>

const struct cpu_reg *cpu_find_reg(const struct cpu *cpu, const char *name)
{
    uint32_t n = 0;
    const struct cpu_reg *regs = cpu->isa->regs ? cpu->isa->regs(cpu, &n) : NULL;
    for (uint32_t i = 0; i < n; i++)
        if (strcmp(regs[i].name, name) == 0)
            return &regs[i];
    return NULL;
}
