/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SYS: cache, address translation and TLB maintenance (Arm ARM, C5.3 to C5.5, and C5.9 for
 * prediction restriction). Caches of this PE are coherent and hold nothing that memory does
 * not, so maintenance is what it may fault with; instruction fetch sees stores by itself.
 */
#include "core/util/bits.h"
#include "cpu/arm64/sysreg.h"
#include "cpu/arm64/translate_impl.h"
#include "mmu/tlb.h"

static void nothing(struct a64_cpu *a, const struct a64_sysreg *r, uint64_t value)
{
    (void)a, (void)r, (void)value;
}

/* Watchpoints see zeroing, setting of tags and DC IVAC as stores of a whole block (D2.9.6.2). */
static bool watched(struct a64_cpu *a, va_t block, uint64_t size, unsigned kind)
{
    if (LIKELY(!(a->mode & A64_MODE_WATCH)))
        return false;
    a64_helper_watch(&a->cpu, block, size, INSN_MEM_WRITE | kind, 0);
    return a->cpu.exit & CPU_EXIT_EXCEPTION;
}

enum { BY_LOAD = 0, BY_STORE = 1 };

/* Maintenance by address translates it, and faults like a load, DC IVAC like a store (CM = 1; D8.15). */
static void by_address(struct a64_cpu *a, const struct a64_sysreg *r, uint64_t va)
{
    uint64_t line = 4ull << (a->config->ctr >> 16 & 15); /* CTR_EL0.DminLine */
    if (r->arg != BY_STORE || !watched(a, va & ~(line - 1), line, A64_ACCESS_MAINTENANCE))
        a64_cache_fault(a, va, r->arg);
}

/* IC: blocks follow the code by themselves, but branch targets were looked at. */
static void forget_code(struct a64_cpu *a, const struct a64_sysreg *r, uint64_t va)
{
    bool by_va = (r->code >> 11 & 7) == 3, all_pes = by_va || (r->code >> 3 & 15) == 1; /* IVAU, IALLUIS */
    if (by_va)
        by_address(a, r, va);
    if (!by_va && all_pes)
        machine_alone(a->cpu.machine, true);
    for (struct cpu *c = a->cpu.machine->cpus; c != NULL; c = c->next) {
        if (by_va)
            a64_bti_forget_code(A64_CPU(c), va);
        else if (all_pes || c == &a->cpu)
            a64_bti_forget(A64_CPU(c));
    }
    if (!by_va && all_pes)
        machine_alone(a->cpu.machine, false);
}

static uint64_t zva_size(const struct a64_cpu *a)
{
    return 4ull << (a->config->dczid & 15);
}

static void zero(struct a64_cpu *a, const struct a64_sysreg *r, uint64_t va)
{
    uint64_t size = zva_size(a);
    (void)r;
    va &= ~(size - 1);
    if (!watched(a, va, size, 0) &&
        (!(a->mode & A64_MODE_MTE) || a64_mte_check(a, va, size, INSN_MEM_WRITE)))
        a64_zero_block(a, va, size);
}

/* DC GVA, DC GZVA: the address's tag for the block, unchecked. */
static void set_tags(struct a64_cpu *a, const struct a64_sysreg *r, uint64_t va)
{
    if (!watched(a, va & ~(zva_size(a) - 1), zva_size(a), 0))
        a64_mte_set_block(a, va, va >> 56 & 15, r->arg);
}

static void translate(struct a64_cpu *a, const struct a64_sysreg *r, uint64_t va)
{
    a64_address_translate(a, (r->code >> 11 & 7) << 7 | (r->code & 0x7f), va);
}

static void invalidate(struct a64_cpu *a, const struct a64_sysreg *r, uint64_t value)
{
    a64_tlbi(a, r->code, value);
}

#define OP(name, op1, crm, op2, ...) SYS(name, A64_REG(1, op1, 7, crm, op2), A64_SYS_RO, 1, __VA_ARGS__)
#define OP0(name, crm, op2, ...) SYS(name, A64_REG(1, 3, 7, crm, op2), A64_SYS_RO, 0, __VA_ARGS__)
#define FGT(bit) .fgt_write = FGT_I(bit)
#define ENDS .flags = A64_SYS_ENDS
#define ENDS_OWN .flags = A64_SYS_ENDS | A64_SYS_OWN

/* TLBI and, with FEAT_XS, the same with CRn = 9 (nXS). */
#define TLBI(op1, crm, op2, level, ...)                                                              \
    SYS("tlbi", A64_REG(1, op1, 8, crm, op2), A64_SYS_RO, level, .write = invalidate, ENDS_OWN, __VA_ARGS__)
#define TLBI_XS(op1, crm, op2, level, ...)                                                           \
    SYS("tlbi nxs", A64_REG(1, op1, 9, crm, op2), A64_SYS_RO, level, .write = invalidate, ENDS_OWN, .feature = NEEDS(XS), __VA_ARGS__)
#define PLAIN(op1, crm, op2, level, ...) \
    TLBI(op1, crm, op2, level, __VA_ARGS__), TLBI_XS(op1, crm, op2, level, __VA_ARGS__)
#define WITH(f, op1, crm, op2, level, ...) \
    TLBI(op1, crm, op2, level, .feature = NEEDS(f), __VA_ARGS__), TLBI_XS(op1, crm, op2, level, __VA_ARGS__)
/* The six of EL1: all, VA, ASID, all ASIDs, last level, last level of all ASIDs; `fgt` is the first one's bit. */
#define SIX(use, trap_, fgt)                                                                         \
    use(0, 1, .trap = trap_, FGT(fgt)), use(1, 1, .trap = trap_, FGT((fgt) + 1)),                    \
        use(2, 1, .trap = trap_, FGT((fgt) + 2)), use(3, 1, .trap = trap_, FGT((fgt) + 3)),          \
        use(5, 1, .trap = trap_, FGT((fgt) + 4)), use(7, 1, .trap = trap_, FGT((fgt) + 5))
#define FOUR(use, trap_, fgt)                                                                        \
    use(1, 1, .trap = trap_, FGT(fgt)), use(3, 1, .trap = trap_, FGT((fgt) + 1)),                    \
        use(5, 1, .trap = trap_, FGT((fgt) + 2)), use(7, 1, .trap = trap_, FGT((fgt) + 3))
#define CRM1(op2, level, ...) WITH(TLBIOS, 0, 1, op2, level, __VA_ARGS__)
#define CRM2(op2, level, ...) WITH(TLBIRANGE, 0, 2, op2, level, __VA_ARGS__)
#define CRM3(op2, level, ...) PLAIN(0, 3, op2, level, __VA_ARGS__)
#define CRM5(op2, level, ...) WITH(TLBIRANGE, 0, 5, op2, level, __VA_ARGS__)
#define CRM6(op2, level, ...) WITH(TLBIRANGE, 0, 6, op2, level, __VA_ARGS__)
#define CRM7(op2, level, ...) PLAIN(0, 7, op2, level, __VA_ARGS__)
#define EL2_OS(op2) WITH(TLBIOS, 4, 1, op2, 2)
#define EL2_IS(op2) PLAIN(4, 3, op2, 2)
#define EL2_NSH(op2) PLAIN(4, 7, op2, 2)
#define EL2_RANGE(crm) WITH(TLBIRANGE, 4, crm, 1, 2), WITH(TLBIRANGE, 4, crm, 5, 2)
#define EL3_THREE(crm) PLAIN(6, crm, 0, 3), PLAIN(6, crm, 1, 3), PLAIN(6, crm, 5, 3)

/* clang-format off */
const struct a64_sysreg a64_sysregs_ops[] = {
    OP("ic ialluis", 0, 1, 0, .trap = TRAP_ICIS, .write = forget_code, FGT(0)),
    OP("ic iallu", 0, 5, 0, .trap = TRAP_ICI, .write = forget_code, FGT(1)),
    OP0("ic ivau", 5, 1, .trap = TRAP_POU, .write = forget_code, .arg = BY_LOAD, FGT(2)),
    OP("dc ivac", 0, 6, 1, .trap = TRAP_POC, .write = by_address, .arg = BY_STORE, FGT(3)),
    OP("dc isw", 0, 6, 2, .trap = TRAP_SW, .write = nothing, FGT(4)),
    OP("dc igvac", 0, 6, 3, .trap = TRAP_POC, .feature = NEEDS(MTE2), .write = by_address, .arg = BY_STORE, FGT(3)),
    OP("dc igsw", 0, 6, 4, .trap = TRAP_SW, .feature = NEEDS(MTE2), .write = nothing, FGT(4)),
    OP("dc igdvac", 0, 6, 5, .trap = TRAP_POC, .feature = NEEDS(MTE2), .write = by_address, .arg = BY_STORE, FGT(3)),
    OP("dc igdsw", 0, 6, 6, .trap = TRAP_SW, .feature = NEEDS(MTE2), .write = nothing, FGT(4)),
    OP("dc csw", 0, 10, 2, .trap = TRAP_SW, .write = nothing, FGT(5)),
    OP("dc cgsw", 0, 10, 4, .trap = TRAP_SW, .feature = NEEDS(MTE2), .write = nothing, FGT(5)),
    OP("dc cgdsw", 0, 10, 6, .trap = TRAP_SW, .feature = NEEDS(MTE2), .write = nothing, FGT(5)),
    OP("dc cisw", 0, 14, 2, .trap = TRAP_SW, .write = nothing, FGT(6)),
    OP("dc cigsw", 0, 14, 4, .trap = TRAP_SW, .feature = NEEDS(MTE2), .write = nothing, FGT(6)),
    OP("dc cigdsw", 0, 14, 6, .trap = TRAP_SW, .feature = NEEDS(MTE2), .write = nothing, FGT(6)),
    OP0("dc cvac", 10, 1, .trap = TRAP_POC, .write = by_address, .arg = BY_LOAD, FGT(54)),
    OP0("dc cgvac", 10, 3, .trap = TRAP_POC, .feature = NEEDS(MTE), .write = by_address, .arg = BY_LOAD, FGT(54)),
    OP0("dc cgdvac", 10, 5, .trap = TRAP_POC, .feature = NEEDS(MTE), .write = by_address, .arg = BY_LOAD, FGT(54)),
    OP0("dc cvau", 11, 1, .trap = TRAP_POU, .write = by_address, .arg = BY_LOAD, FGT(7)),
    OP0("dc cvap", 12, 1, .trap = TRAP_POC, .feature = NEEDS(DPB), .write = by_address, .arg = BY_LOAD, FGT(8)),
    OP0("dc cgvap", 12, 3, .trap = TRAP_POC, .feature = NEEDS(MTE), .write = by_address, .arg = BY_LOAD, FGT(8)),
    OP0("dc cgdvap", 12, 5, .trap = TRAP_POC, .feature = NEEDS(MTE), .write = by_address, .arg = BY_LOAD, FGT(8)),
    OP0("dc cvadp", 13, 1, .trap = TRAP_POC, .feature = NEEDS(DPB2), .write = by_address, .arg = BY_LOAD, FGT(9)),
    OP0("dc cgvadp", 13, 3, .trap = TRAP_POC, .feature = NEEDS(MTE), .write = by_address, .arg = BY_LOAD, FGT(9)),
    OP0("dc cgdvadp", 13, 5, .trap = TRAP_POC, .feature = NEEDS(MTE), .write = by_address, .arg = BY_LOAD, FGT(9)),
    OP0("dc civac", 14, 1, .trap = TRAP_POC, .write = by_address, .arg = BY_LOAD, FGT(10)),
    OP0("dc cigvac", 14, 3, .trap = TRAP_POC, .feature = NEEDS(MTE), .write = by_address, .arg = BY_LOAD, FGT(10)),
    OP0("dc cigdvac", 14, 5, .trap = TRAP_POC, .feature = NEEDS(MTE), .write = by_address, .arg = BY_LOAD, FGT(10)),
    OP0("dc zva", 4, 1, .trap = TRAP_ZVA, .write = zero, FGT(11)),
    OP0("dc gva", 4, 3, .trap = TRAP_ZVA, .feature = NEEDS(MTE), .write = set_tags, .arg = 0, FGT(11)),
    OP0("dc gzva", 4, 4, .trap = TRAP_ZVA, .feature = NEEDS(MTE), .write = set_tags, .arg = 1, FGT(11)),
    OP0("cfp rctx", 3, 4, .trap = TRAP_RESTRICT, .feature = NEEDS(SPECRES), .write = nothing, FGT(48)),
    OP0("dvp rctx", 3, 5, .trap = TRAP_RESTRICT, .feature = NEEDS(SPECRES), .write = nothing, FGT(49)),
    OP0("cosp rctx", 3, 6, .trap = TRAP_RESTRICT, .feature = NEEDS(SPECRES2), .write = nothing, FGT(60)),
    OP0("cpp rctx", 3, 7, .trap = TRAP_RESTRICT, .feature = NEEDS(SPECRES), .write = nothing, FGT(50)),

    OP("at s1e1r", 0, 8, 0, .write = translate, FGT(12)),
    OP("at s1e1w", 0, 8, 1, .write = translate, FGT(13)),
    OP("at s1e0r", 0, 8, 2, .write = translate, FGT(14)),
    OP("at s1e0w", 0, 8, 3, .write = translate, FGT(15)),
    OP("at s1e1rp", 0, 9, 0, .feature = NEEDS(PAN2), .write = translate, FGT(16)),
    OP("at s1e1wp", 0, 9, 1, .feature = NEEDS(PAN2), .write = translate, FGT(17)),
    OP("at s1e1a", 0, 9, 2, .feature = NEEDS(ATS1A), .write = translate, FGT(62)),
    SYS("at s1e2r", A64_REG(1, 4, 7, 8, 0), A64_SYS_RO, 2, .feature = NEEDS(EL2), .write = translate),
    SYS("at s1e2w", A64_REG(1, 4, 7, 8, 1), A64_SYS_RO, 2, .feature = NEEDS(EL2), .write = translate),
    SYS("at s12e1r", A64_REG(1, 4, 7, 8, 4), A64_SYS_RO, 2, .feature = NEEDS(EL2), .write = translate),
    SYS("at s12e1w", A64_REG(1, 4, 7, 8, 5), A64_SYS_RO, 2, .feature = NEEDS(EL2), .write = translate),
    SYS("at s12e0r", A64_REG(1, 4, 7, 8, 6), A64_SYS_RO, 2, .feature = NEEDS(EL2), .write = translate),
    SYS("at s12e0w", A64_REG(1, 4, 7, 8, 7), A64_SYS_RO, 2, .feature = NEEDS(EL2), .write = translate),
    SYS("at s1e2a", A64_REG(1, 4, 7, 9, 2), A64_SYS_RO, 2, .feature = NEEDS(ATS1A), .write = translate),
    SYS("at s1e3r", A64_REG(1, 6, 7, 8, 0), A64_SYS_RO, 3, .feature = NEEDS(EL3), .write = translate),
    SYS("at s1e3w", A64_REG(1, 6, 7, 8, 1), A64_SYS_RO, 3, .feature = NEEDS(EL3), .write = translate),
    SYS("at s1e3a", A64_REG(1, 6, 7, 9, 2), A64_SYS_RO, 3, .feature = NEEDS(ATS1A), .write = translate),

    SIX(CRM1, TRAP_TLBI_OS, 18), FOUR(CRM2, TRAP_TLBI_IS, 34), SIX(CRM3, TRAP_TLBI_IS, 28),
    FOUR(CRM5, TRAP_TLBI_OS, 24), FOUR(CRM6, TRAP_TLBI, 38), SIX(CRM7, TRAP_TLBI, 42),

    PLAIN(4, 0, 1, 2), WITH(TLBIRANGE, 4, 0, 2, 2), PLAIN(4, 0, 5, 2), WITH(TLBIRANGE, 4, 0, 6, 2),
    EL2_OS(0), EL2_OS(1), EL2_OS(4), EL2_OS(5), EL2_OS(6), EL2_RANGE(2),
    EL2_IS(0), EL2_IS(1), EL2_IS(4), EL2_IS(5), EL2_IS(6),
    WITH(TLBIOS, 4, 4, 0, 2), PLAIN(4, 4, 1, 2), WITH(TLBIRANGE, 4, 4, 2, 2), WITH(TLBIRANGE, 4, 4, 3, 2),
    WITH(TLBIOS, 4, 4, 4, 2), PLAIN(4, 4, 5, 2), WITH(TLBIRANGE, 4, 4, 6, 2), WITH(TLBIRANGE, 4, 4, 7, 2),
    EL2_RANGE(5), EL2_RANGE(6),
    EL2_NSH(0), EL2_NSH(1), EL2_NSH(4), EL2_NSH(5), EL2_NSH(6),
    WITH(TLBIOS, 6, 1, 0, 3), WITH(TLBIOS, 6, 1, 1, 3), WITH(TLBIOS, 6, 1, 5, 3),
    WITH(TLBIRANGE, 6, 2, 1, 3), WITH(TLBIRANGE, 6, 2, 5, 3), EL3_THREE(3),
    WITH(TLBIRANGE, 6, 5, 1, 3), WITH(TLBIRANGE, 6, 5, 5, 3), WITH(TLBIRANGE, 6, 6, 1, 3), WITH(TLBIRANGE, 6, 6, 5, 3),
    EL3_THREE(7),
    SYS_END
};
/* clang-format on */
