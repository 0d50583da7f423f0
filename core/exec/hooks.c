/* SPDX-License-Identifier: Apache-2.0 */
#include "core/exec/hooks.h"
#include "core/timing/model.h"

void exec_hook_fetch(struct cpu *cpu, const struct exec_block *b, int32_t start)
{
    struct tm_cpu *tm = cpu->tm;
    uint64_t pa = ((uint64_t)b->page << MEM_PAGE_SHIFT) + (uint64_t)(int64_t)start;
    uint64_t line = pa >> tm->line_shift;
    if (line == tm->last_line)
        return;
    tm->last_line = line;
    cpu->budget -= tm->model->fetch_line(tm, pa);
}

/* Page id << 12 | offset of a host address inside some RAM block of the machine. */
static bool ram_address(const struct machine *m, const uint8_t *host, uint64_t *pa)
{
    for (uint32_t i = 0; i < m->n_rams; i++) {
        const struct mem_ram *ram = m->rams[i];
        uintptr_t offset = (uintptr_t)host - (uintptr_t)ram->host;
        if (offset < ram->size) {
            *pa = (uint64_t)mmu_page_id(ram, offset) << MEM_PAGE_SHIFT | offset % MEM_PAGE;
            return true;
        }
    }
    return false;
}

void exec_hook_data(struct cpu *cpu, va_t va, uint32_t memop, bool write, const uint8_t *host)
{
    unsigned size = 1u << (memop & IR_MEM_SIZE);
    uint64_t pa;
    if (!host) {
        if (memop & IR_MEM_REGIME)
            return; /* another regime's mapping: not this model's data path */
        host = mmu_accessed(cpu, va, write ? CPU_STORE : CPU_LOAD);
    }
    if (host && ram_address(cpu->machine, host, &pa))
        cpu->budget -= cpu->tm->model->data_access(cpu->tm, va, pa, size, write);
}

void exec_hook_branch(struct cpu *cpu, const struct insn_at *last, va_t target, bool taken)
{
    if (last->desc->branch == INSN_NO_BRANCH)
        return;
    cpu->budget -= cpu->tm->model->branch(cpu->tm, cpu->page + (va_t)(int64_t)last->at, target,
                                          last->desc->branch, taken);
}
