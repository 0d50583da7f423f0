/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CORE_EXEC_HOOKS_H
#define ORRERY_CORE_EXEC_HOOKS_H
/*
 * Calls of the timing model's hooks, for every executor: what they return is
 * subtracted from cpu->budget at once. Call them only if the unit wants the hook.
 *
 * Order inside a canonical block: FETCH when it is entered, DATA after each access
 * that was done, BRANCH when it ends; then the static cost is charged.
 *
 * `pa` of FETCH and DATA names a byte of RAM by its page id (mmu_page_id << 12 |
 * offset), so that it is one number whatever address aliases the RAM has and is
 * known without a look-up. Accesses to devices are not cached and not reported.
 */
#include "core/exec/backend.h"

/* A canonical block at `start` (offset from the first page of `b`) is entered. */
void exec_hook_fetch(struct cpu *cpu, const struct exec_block *b, int32_t start);

/* The access of `memop` at va was done; `host` is where, or NULL if it took the slow path. */
void exec_hook_data(struct cpu *cpu, va_t va, uint32_t memop, bool write, const uint8_t *host);

/* The block ended in the branch `last`; `target` is where it goes when taken. */
void exec_hook_branch(struct cpu *cpu, const struct insn_at *last, va_t target, bool taken);

#endif
