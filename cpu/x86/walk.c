/* SPDX-License-Identifier: Apache-2.0 */
/* The CPU's side of paging: which regime applies to an access, and which exception a fault becomes.
 */
#include "core/timing/model.h"
#include "core/util/bits.h"
#include "cpu/x86/bits.h"
#include "cpu/x86/x86_impl.h"
#include "mmu/tlb.h"

static enum mmu_x86_mode paging_mode(const struct x86_cpu *c)
{
    if (!(c->cr0 & X86_CR0_PG))
        return MMU_X86_OFF;
    if (!(c->cr4 & X86_CR4_PAE))
        return MMU_X86_32BIT;
    if (!x86_long_mode(c))
        return MMU_X86_PAE;
    return c->cr4 & X86_CR4_LA57 ? MMU_X86_5LEVEL : MMU_X86_4LEVEL;
}

static void fill_regime(const struct x86_cpu *c, bool user, bool implicit, struct mmu_x86_regime *r)
{
    *r = (struct mmu_x86_regime){
        .memory = c->cpu.machine->memory,
        .mode = paging_mode(c),
        .cr3 = c->cr3,
        .user = user && !implicit,
        .wp = c->cr0 & X86_CR0_WP,
        .nxe = (c->efer & X86_EFER_NXE) && (c->cr4 & X86_CR4_PAE),
        .smep = c->cr4 & X86_CR4_SMEP,
        .smap = (c->cr4 & X86_CR4_SMAP) && (implicit || !(c->rflags & X86_AC)),
        .pse = c->cr4 & X86_CR4_PSE,
        .pse36 = x86_cpu_has(c, X86_F_PSE36),
        .pages1g = x86_cpu_has(c, X86_F_PDPE1GB),
        .global = c->cr4 & X86_CR4_PGE,
        .smm = c->smm != 0,
        .pke = c->cr4 & X86_CR4_PKE,
        .pks = c->cr4 & X86_CR4_PKS,
        .pkru = (uint32_t)c->pkru,
        .pkrs = (uint32_t)c->pkrs,
        .pa_bits = (uint8_t)c->config->pa_bits,
        .a20 = x86_a20(c),
    };
    for (unsigned i = 0; i < 4; i++)
        r->pdpte[i] = c->pdpte[i];
}

/*
 * Does the instruction at the current pc reach memory through the stack segment? Then what is not
 * canonical is #SS(0), else #GP(0) (SDM volume 1, 3.3.7.1). Asked after the fact: it is too rare to
 * be kept ready.
 */
static bool is_stack_access(struct x86_cpu *c)
{
    static const uint16_t stack_insns[] = { X86_INSN_PUSH,  X86_INSN_POP,   X86_INSN_CALL,
                                            X86_INSN_RET,   X86_INSN_PUSHF, X86_INSN_POPF,
                                            X86_INSN_ENTER, X86_INSN_LEAVE };
    uint8_t code[X86_MAX_LENGTH];
    struct x86_decoded d;
    size_t n = sizeof(code);
    va_t pc = cpu_pc(&c->cpu);
    while (n != 0 && mmu_debug_read(&c->cpu, pc, code, n) != 0)
        n--;
    if (x86_decode(code, n, (enum x86_code)(c->mode & X86_MODE_CODE), true, c->decode_ext, &d) !=
        X86_DECODED)
        return false;
    for (unsigned i = 0; i < d.n_ops; i++)
        if (d.op[i].kind == X86_OP_MEM)
            return d.seg == X86_SS;
    for (size_t i = 0; i < ARRAY_LEN(stack_insns); i++)
        if (d.id == stack_insns[i])
            return true;
    return false;
}

/* A timing model wants each access of a walk; then none is kept in mind (mmu/x86.h). */
static bool keeps_walks(const struct x86_cpu *c)
{
    const struct tm_cpu *tm = c->cpu.tm;
    return x86_long_mode(c) && !(tm != NULL && (tm->model->hooks & TM_WALK));
}

/*
 * All that a walk depends on beside the tables and CR3, as a number: what it is known by when kept in mind. 0: more than
 * that (IA32_PKRS is in no key), or it is not kept.
 */
static uint64_t walk_key(const struct x86_cpu *c, bool implicit)
{
    if (!keeps_walks(c) || (c->cr4 & X86_CR4_PKS))
        return 0;
    return x86_context_key(c) | (uint64_t)implicit << 15 |
           (uint64_t)((c->cr4 & X86_CR4_SMAP) != 0) << 16; /* implicit accesses ask for it at any level */
}

int x86_walk(struct cpu *cpu, va_t va, enum cpu_access access, unsigned regime, bool probe,
             struct cpu_map *map)
{
    struct x86_cpu *c = X86_CPU(cpu);
    uint32_t error = 0;
    bool implicit = regime == X86_REGIME_IMPLICIT;
    if (!x86_code64(c)) {
        if (LIKELY(!x86_long_mode(c) || access == CPU_FETCH || !implicit))
            va = (uint32_t)va; /* see cpu.h on pc */
    }
    if (x86_long_mode(c) && !mmu_x86_canonical(va, c->cr4 & X86_CR4_LA57)) {
        if (!probe)
            x86_raise_error(c, access != CPU_FETCH && is_stack_access(c) ? X86_SS_FAULT : X86_GP,
                            0);
        return 1;
    }
    uint64_t key = probe ? 0 : walk_key(c, implicit);
    bool whole = key != 0 && c->fresh != 0; /* later ones are unlikely to have been there before */
    c->fresh -= whole;
    if (whole && mmu_x86_recall(c->notes, cpu->machine->memory, key, c->cr3, va, access, map))
        return 0;
    struct mmu_x86_regime *r = &c->regime;
    if (key == 0 || key != c->regime_key) {
        fill_regime(c, x86_cpl(c) == 3, implicit, r);
        c->regime_key = key;
    }
    r->cr3 = c->cr3;
    r->cpu = probe ? NULL : cpu;
    r->notes = !probe && keeps_walks(c) ? c->notes : NULL;
    r->key = whole ? key : 0;
    enum mmu_x86_fault fault = mmu_x86_walk(r, va, MAX(map->size, 1), access, probe, map, &error);
    if (fault == MMU_X86_OK)
        return 0;
    if (!probe && fault == MMU_X86_PAGE_FAULT)
        x86_raise_page(c, va, error);
    return 1;
}
