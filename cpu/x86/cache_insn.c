/* SPDX-License-Identifier: Apache-2.0 */
/* Caches, TLBs, fences of instructions: SDM volume 1, 5.20, 5.22. */
#include "cpu/x86/bits.h"
#include "cpu/x86/translate_impl.h"
#include "mmu/tlb.h"

/* ---- caches and TLBs ---- */
static void invlpg(struct x86_tr *t, unsigned arg)
{
    (void)arg;
    ir_call(t->u, IR_VOID, X86_HELPER_invlpg, x86_address(t, 1, INSN_MEM_READ), IR_NONE, IR_NONE,
            IR_NONE);
    x86_go_on(t);
}

uint64_t x86_helper_invlpg(struct cpu *cpu, uint64_t va, uint64_t b, uint64_t c, uint64_t d)
{
    uint32_t exits = cpu->exit;
    (void)b, (void)c, (void)d;
    mmu_flush_page(cpu, va, MEM_PAGE, MMU_ANY, MMU_ANY);
    if (!x86_code64(X86_CPU(cpu))) /* code that went on over the top was entered there: cpu.h on pc */
        mmu_flush_page(cpu, va | 1ull << 32, MEM_PAGE, MMU_ANY, MMU_ANY);
    if ((va ^ cpu->page) >> 30 !=
        0) /* no page can be so large that the code that runs is in it, too */
        cpu->exit = exits;
    return 0;
}

static void invpcid(struct x86_tr *t, unsigned arg)
{
    (void)arg;
    ir_val_t type = x86_get_reg(t, t->d.op[0].reg, x86_is64(t) ? 8 : 4);
    ir_call(t->u, IR_VOID, X86_HELPER_invpcid, type, x86_address(t, 16, INSN_MEM_READ), IR_NONE,
            IR_NONE);
    x86_leave(t, IR_EXIT_LOOKUP);
}

uint64_t x86_helper_invpcid(struct cpu *cpu, uint64_t type, uint64_t at, uint64_t c0, uint64_t d)
{
    struct x86_cpu *c = X86_CPU(cpu);
    uint64_t pcid, va;
    (void)c0, (void)d;
    if (!x86_load_linear(c, at, 8, false, &pcid) || !x86_load_linear(c, at + 8, 8, false, &va))
        return 0;
    bool pcide = c->cr4 & X86_CR4_PCIDE;
    bool bad = type > 3 || pcid >> 12 != 0 || (type <= 1 && pcid != 0 && !pcide) ||
               (type == 0 && !x86_base_canonical(c, va));
    if (bad)
        x86_raise_error(c, X86_GP, 0);
    else if (type == 0)
        mmu_flush_page(cpu, va, MEM_PAGE, (uint32_t)pcid, MMU_ANY);
    else
        x86_flush_space(c, type == 1 ? (uint32_t)pcid : MMU_ANY);
    return 0;
}

/* CLFLUSH, CLFLUSHOPT, CLWB: no cache holds anything back, but the address must be readable. */
static void cache_line(struct x86_tr *t, unsigned arg)
{
    (void)arg;
    x86_load(t, x86_address(t, 1, INSN_MEM_READ), 1);
}

static void clzero(struct x86_tr *t, unsigned arg)
{
    (void)arg;
    ir_val_t at = ir_op2i(t->u, IR_AND, IR_I64, x86_address(t, 1, INSN_MEM_WRITE), ~63ull);
    for (unsigned i = 0; i < 64; i += 8)
        x86_store(t, ir_op2i(t->u, IR_ADD, IR_I64, at, i), 8, x86_const(t, 0));
}

static void nothing(struct x86_tr *t, unsigned leaves)
{
    if (leaves)
        x86_leave(t, IR_EXIT_LOOKUP);
}

/* clang-format off */
const struct x86_semantics x86_cache_rows[] = {
    { X86_INSN_INVLPG, X86_SEM_CPL0, invlpg, 0 },
    { X86_INSN_INVPCID, X86_SEM_CPL0, invpcid, 0 },
    { X86_INSN_CLFLUSH, 0, cache_line, 0 },
    { X86_INSN_CLFLUSHOPT, 0, cache_line, 0 },
    { X86_INSN_CLWB, 0, cache_line, 0 },
    { X86_INSN_CLZERO, 0, clzero, 0 },
    { X86_INSN_INVD, X86_SEM_CPL0, nothing, 0 },
    { X86_INSN_WBINVD, X86_SEM_CPL0, nothing, 0 },
    { X86_INSN_WBNOINVD, X86_SEM_CPL0, nothing, 0 },
    { X86_INSN_SERIALIZE, 0, nothing, 1 },
    X86_ROWS_END
};
/* clang-format on */
