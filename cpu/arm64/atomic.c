/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exclusives, compare-and-swap and atomic memory operations: Arm ARM, C4.1.94 and B2.9. One CPU
 * runs at a time, so an operation is atomic when nothing comes between its halves.
 */
#include "cpu/arm64/bits.h"
#include "cpu/arm64/translate_impl.h"
#include "mmu/tlb.h"

/* Row arguments: bytes in 4:0, order, and an AMO's kind from bit 8 on. */
enum { BYTES = 0x1f, ACQ = 0x20, REL = 0x40, INVERT = 0x80, KIND = 8 };

/* Misaligned ones fault, unless a64_allows_misaligned says otherwise. */
static uint16_t memop(const struct a64_tr *t, unsigned bytes, unsigned arg)
{
    return a64_memop(t, bytes, IR_MEM_ATOMIC | (arg & ACQ ? IR_MEM_ACQUIRE : 0u) |
                                   (arg & REL ? IR_MEM_RELEASE : 0u));
}

/* Atomics need natural alignment, but FEAT_LSE2 lets them lie anyhow within 16 bytes, and SCTLR_ELx.nAA
 * loads and stores that are only ordered anywhere (B2.8.2, AArch64.UnalignedAccessFaults()). */
bool a64_allows_misaligned(const struct cpu *cpu, va_t va, unsigned size, bool ordered)
{
    const struct a64_cpu *a = A64_CPU_CONST(cpu);
    if (!a64_cpu_has(a, A64_F_LSE2))
        return false;
    return (va & 15) + size <= 16 || (ordered && (a->sctlr[a64_regime_el(a, (unsigned)a->el)] & A64_SCTLR_NAA));
}

static void put(struct a64_tr *t, unsigned n, ir_val_t v)
{
    if (n != 31)
        ir_put(t->u, n, v);
}

/* ---- exclusives ---- */
static void ldxr(struct a64_tr *t, unsigned arg)
{
    ir_val_t va = a64_address(t, t->d.rn, IR_NONE, 0, arg & BYTES, INSN_MEM_READ);
    put(t, t->d.rt, ir_loadr(t->u, IR_I64, va, memop(t, arg & BYTES, arg)));
}

static void stxr(struct a64_tr *t, unsigned arg)
{
    ir_val_t va = a64_address(t, t->d.rn, IR_NONE, 0, arg & BYTES, INSN_MEM_WRITE);
    put(t, t->d.rs, ir_storec(t->u, IR_I64, va, a64_x(t, IR_I64, t->d.rt),
                              memop(t, arg & BYTES, arg)));
}

/* A pair of words is one access of 8 bytes: the first is at the lower address. */
static ir_val_t word_of_pair(struct a64_tr *t, ir_val_t both, bool second)
{
    bool high = second != ((t->mode & A64_MODE_BE) != 0);
    return high ? ir_op2i(t->u, IR_SHR, IR_I64, both, 32) : ir_zext(t->u, IR_I64, both, 32);
}

static ir_val_t join_words(struct a64_tr *t, ir_val_t first, ir_val_t second)
{
    bool be = t->mode & A64_MODE_BE;
    return ir_deposit(t->u, IR_I64, be ? second : first, be ? first : second, 32, 32);
}

static void ldxp_w(struct a64_tr *t, unsigned arg)
{
    ir_val_t va = a64_address(t, t->d.rn, IR_NONE, 0, 8, INSN_MEM_READ);
    ir_val_t both = ir_loadr(t->u, IR_I64, va, memop(t, 8, arg));
    put(t, t->d.rt, word_of_pair(t, both, false));
    put(t, t->d.rt2, word_of_pair(t, both, true));
}

static void stxp_w(struct a64_tr *t, unsigned arg)
{
    ir_val_t va = a64_address(t, t->d.rn, IR_NONE, 0, 8, INSN_MEM_WRITE);
    ir_val_t both = join_words(t, a64_x(t, IR_I64, t->d.rt), a64_x(t, IR_I64, t->d.rt2));
    put(t, t->d.rs, ir_storec(t->u, IR_I64, va, both, memop(t, 8, arg)));
}

/* ---- 16 bytes: in C. Argument b packs the registers: rt, rt2 << 8, rs << 16. ---- */
static void wide(struct a64_tr *t, unsigned helper)
{
    ir_val_t va = a64_address(t, t->d.rn, IR_NONE, 0, 16,
                              helper == A64_HELPER_ldxp   ? INSN_MEM_READ
                              : helper == A64_HELPER_casp ? INSN_MEM_RMW
                                                          : INSN_MEM_WRITE);
    uint64_t regs = t->d.rt | (uint64_t)t->d.rt2 << 8 | (uint64_t)t->d.rs << 16;
    ir_call(t->u, IR_VOID, helper, va, a64_const(t, regs), a64_const(t, a64_memop(t, 8, 0)), IR_NONE);
}

static void write_x(struct a64_cpu *a, unsigned n, uint64_t v)
{
    if (n != 31)
        a->x[n] = v;
}

static uint64_t read_x(const struct a64_cpu *a, unsigned n)
{
    return n == 31 ? 0 : a->x[n];
}

static void maybe_swap(uint64_t v[2], uint64_t memop_bits)
{
    if (memop_bits & IR_MEM_BE) {
        v[0] = __builtin_bswap64(v[0]);
        v[1] = __builtin_bswap64(v[1]);
    }
}

uint64_t a64_helper_ldxp(struct cpu *cpu, uint64_t va, uint64_t regs, uint64_t op, uint64_t d)
{
    struct a64_cpu *a = A64_CPU(cpu);
    uint64_t low, v[2];
    (void)d;
    if (va & 15) {
        a64_raise_align(cpu, va, CPU_LOAD);
        return 0;
    }
    if (mmu_load_reserved(cpu, va, ir_memop(8, 0), &low) != 0)
        return 0;
    if (mmu_slow_load128(cpu, va, 4, v) != 0)
        return 0;
    cpu->reserved_size = 16;
    maybe_swap(v, op);
    write_x(a, regs & 31, v[0]);
    write_x(a, regs >> 8 & 31, v[1]);
    return 0;
}

uint64_t a64_helper_stxp(struct cpu *cpu, uint64_t va, uint64_t regs, uint64_t op, uint64_t d)
{
    struct a64_cpu *a = A64_CPU(cpu);
    uint64_t v[2] = { read_x(a, regs & 31), read_x(a, regs >> 8 & 31) }, now[2], old[2];
    (void)d;
    if (va & 15) {
        a64_raise_align(cpu, va, CPU_STORE);
        return 0;
    }
    pa_t pa;
    if (mmu_host(cpu, va, 16, CPU_STORE, &pa) == NULL && (cpu->exit & CPU_EXIT_EXCEPTION))
        return 0;
    bool holds = cpu->reserved && cpu->reserved_size == 16 && cpu->reserved_pa == pa;
    if (holds) {
        maybe_swap(v, op);
        if (mmu_slow_load128(cpu, va, 4, now) != 0 || mmu_slow_cas128(cpu, va, now, v, old) != 0)
            return 0;
    }
    cpu->reserved = false;
    write_x(a, regs >> 16 & 31, !holds);
    return 0;
}

uint64_t a64_helper_casp(struct cpu *cpu, uint64_t va, uint64_t regs, uint64_t op, uint64_t d)
{
    struct a64_cpu *a = A64_CPU(cpu);
    unsigned rt = regs & 31, rs = regs >> 16 & 31;
    uint64_t expected[2] = { read_x(a, rs), read_x(a, rs + 1) };
    uint64_t value[2] = { read_x(a, rt), read_x(a, rt + 1) }, old[2];
    (void)d;
    if (va & 15) {
        a64_raise_align(cpu, va, CPU_STORE);
        return 0;
    }
    maybe_swap(expected, op);
    maybe_swap(value, op);
    if (mmu_slow_cas128(cpu, va, expected, value, old) != 0)
        return 0;
    maybe_swap(old, op);
    write_x(a, rs, old[0]);
    write_x(a, rs + 1, old[1]);
    return 0;
}

/* ---- compare and swap: Rs is compared and receives what was there ---- */
static void cas(struct a64_tr *t, unsigned arg)
{
    unsigned bytes = arg & BYTES;
    ir_val_t va = a64_address(t, t->d.rn, IR_NONE, 0, bytes, INSN_MEM_RMW);
    put(t, t->d.rs, ir_cas(t->u, IR_I64, va, a64_x(t, IR_I64, t->d.rs), a64_x(t, IR_I64, t->d.rt),
                           memop(t, bytes, arg)));
}

static void casp_w(struct a64_tr *t, unsigned arg)
{
    ir_val_t va = a64_address(t, t->d.rn, IR_NONE, 0, 8, INSN_MEM_RMW);
    ir_val_t expected = join_words(t, a64_x(t, IR_I64, t->d.rs), a64_x(t, IR_I64, t->d.rs + 1u));
    ir_val_t value = join_words(t, a64_x(t, IR_I64, t->d.rt), a64_x(t, IR_I64, t->d.rt + 1u));
    ir_val_t old = ir_cas(t->u, IR_I64, va, expected, value, memop(t, 8, arg));
    put(t, t->d.rs, word_of_pair(t, old, false));
    put(t, t->d.rs + 1u, word_of_pair(t, old, true));
}

/* ---- LD<op>, SWP; ST<op> is LD<op> with Rt = 31, and reads nothing that could be acquired ---- */
static void amo(struct a64_tr *t, unsigned arg)
{
    unsigned bytes = arg & BYTES;
    ir_val_t va = a64_address(t, t->d.rn, IR_NONE, 0, bytes, INSN_MEM_RMW);
    ir_val_t v = a64_x(t, IR_I64, t->d.rs);
    if (arg & INVERT) /* LDCLR */
        v = ir_op2i(t->u, IR_XOR, IR_I64, v, ~0ull);
    put(t, t->d.rt, ir_amo(t->u, IR_I64, (enum ir_amo)(arg >> KIND), va, v,
                           memop(t, bytes, arg)));
}

/* clang-format off */
const struct a64_semantics a64_atomic_rows[] = {
    { A64_INSN_LDXRB, 0, ldxr, 1 }, { A64_INSN_LDAXRB, 0, ldxr, 1 | ACQ },
    { A64_INSN_STXRB, 0, stxr, 1 }, { A64_INSN_STLXRB, 0, stxr, 1 | REL },
    { A64_INSN_CASB, 0, cas, 1 },
    { A64_INSN_LDADDB, 0, amo, IR_AMO_ADD << KIND | 1 },
    { A64_INSN_LDCLRB, 0, amo, IR_AMO_AND << KIND | INVERT | 1 },
    { A64_INSN_LDEORB, 0, amo, IR_AMO_XOR << KIND | 1 },
    { A64_INSN_LDSETB, 0, amo, IR_AMO_OR << KIND | 1 },
    { A64_INSN_LDSMAXB, 0, amo, IR_AMO_MAX << KIND | 1 },
    { A64_INSN_LDSMINB, 0, amo, IR_AMO_MIN << KIND | 1 },
    { A64_INSN_LDUMAXB, 0, amo, IR_AMO_MAXU << KIND | 1 },
    { A64_INSN_LDUMINB, 0, amo, IR_AMO_MINU << KIND | 1 },
    { A64_INSN_SWPB, 0, amo, IR_AMO_SWAP << KIND | 1 },
    { A64_INSN_CASAB, 0, cas, 1 | ACQ },
    { A64_INSN_LDADDAB, 0, amo, IR_AMO_ADD << KIND | 1 | ACQ },
    { A64_INSN_LDCLRAB, 0, amo, IR_AMO_AND << KIND | INVERT | 1 | ACQ },
    { A64_INSN_LDEORAB, 0, amo, IR_AMO_XOR << KIND | 1 | ACQ },
    { A64_INSN_LDSETAB, 0, amo, IR_AMO_OR << KIND | 1 | ACQ },
    { A64_INSN_LDSMAXAB, 0, amo, IR_AMO_MAX << KIND | 1 | ACQ },
    { A64_INSN_LDSMINAB, 0, amo, IR_AMO_MIN << KIND | 1 | ACQ },
    { A64_INSN_LDUMAXAB, 0, amo, IR_AMO_MAXU << KIND | 1 | ACQ },
    { A64_INSN_LDUMINAB, 0, amo, IR_AMO_MINU << KIND | 1 | ACQ },
    { A64_INSN_SWPAB, 0, amo, IR_AMO_SWAP << KIND | 1 | ACQ },
    { A64_INSN_CASLB, 0, cas, 1 | REL },
    { A64_INSN_LDADDLB, 0, amo, IR_AMO_ADD << KIND | 1 | REL },
    { A64_INSN_LDCLRLB, 0, amo, IR_AMO_AND << KIND | INVERT | 1 | REL },
    { A64_INSN_LDEORLB, 0, amo, IR_AMO_XOR << KIND | 1 | REL },
    { A64_INSN_LDSETLB, 0, amo, IR_AMO_OR << KIND | 1 | REL },
    { A64_INSN_LDSMAXLB, 0, amo, IR_AMO_MAX << KIND | 1 | REL },
    { A64_INSN_LDSMINLB, 0, amo, IR_AMO_MIN << KIND | 1 | REL },
    { A64_INSN_LDUMAXLB, 0, amo, IR_AMO_MAXU << KIND | 1 | REL },
    { A64_INSN_LDUMINLB, 0, amo, IR_AMO_MINU << KIND | 1 | REL },
    { A64_INSN_SWPLB, 0, amo, IR_AMO_SWAP << KIND | 1 | REL },
    { A64_INSN_CASALB, 0, cas, 1 | ACQ | REL },
    { A64_INSN_LDADDALB, 0, amo, IR_AMO_ADD << KIND | 1 | ACQ | REL },
    { A64_INSN_LDCLRALB, 0, amo, IR_AMO_AND << KIND | INVERT | 1 | ACQ | REL },
    { A64_INSN_LDEORALB, 0, amo, IR_AMO_XOR << KIND | 1 | ACQ | REL },
    { A64_INSN_LDSETALB, 0, amo, IR_AMO_OR << KIND | 1 | ACQ | REL },
    { A64_INSN_LDSMAXALB, 0, amo, IR_AMO_MAX << KIND | 1 | ACQ | REL },
    { A64_INSN_LDSMINALB, 0, amo, IR_AMO_MIN << KIND | 1 | ACQ | REL },
    { A64_INSN_LDUMAXALB, 0, amo, IR_AMO_MAXU << KIND | 1 | ACQ | REL },
    { A64_INSN_LDUMINALB, 0, amo, IR_AMO_MINU << KIND | 1 | ACQ | REL },
    { A64_INSN_SWPALB, 0, amo, IR_AMO_SWAP << KIND | 1 | ACQ | REL },
    { A64_INSN_LDXRH, 0, ldxr, 2 }, { A64_INSN_LDAXRH, 0, ldxr, 2 | ACQ },
    { A64_INSN_STXRH, 0, stxr, 2 }, { A64_INSN_STLXRH, 0, stxr, 2 | REL },
    { A64_INSN_CASH, 0, cas, 2 },
    { A64_INSN_LDADDH, 0, amo, IR_AMO_ADD << KIND | 2 },
    { A64_INSN_LDCLRH, 0, amo, IR_AMO_AND << KIND | INVERT | 2 },
    { A64_INSN_LDEORH, 0, amo, IR_AMO_XOR << KIND | 2 },
    { A64_INSN_LDSETH, 0, amo, IR_AMO_OR << KIND | 2 },
    { A64_INSN_LDSMAXH, 0, amo, IR_AMO_MAX << KIND | 2 },
    { A64_INSN_LDSMINH, 0, amo, IR_AMO_MIN << KIND | 2 },
    { A64_INSN_LDUMAXH, 0, amo, IR_AMO_MAXU << KIND | 2 },
    { A64_INSN_LDUMINH, 0, amo, IR_AMO_MINU << KIND | 2 },
    { A64_INSN_SWPH, 0, amo, IR_AMO_SWAP << KIND | 2 },
    { A64_INSN_CASAH, 0, cas, 2 | ACQ },
    { A64_INSN_LDADDAH, 0, amo, IR_AMO_ADD << KIND | 2 | ACQ },
    { A64_INSN_LDCLRAH, 0, amo, IR_AMO_AND << KIND | INVERT | 2 | ACQ },
    { A64_INSN_LDEORAH, 0, amo, IR_AMO_XOR << KIND | 2 | ACQ },
    { A64_INSN_LDSETAH, 0, amo, IR_AMO_OR << KIND | 2 | ACQ },
    { A64_INSN_LDSMAXAH, 0, amo, IR_AMO_MAX << KIND | 2 | ACQ },
    { A64_INSN_LDSMINAH, 0, amo, IR_AMO_MIN << KIND | 2 | ACQ },
    { A64_INSN_LDUMAXAH, 0, amo, IR_AMO_MAXU << KIND | 2 | ACQ },
    { A64_INSN_LDUMINAH, 0, amo, IR_AMO_MINU << KIND | 2 | ACQ },
    { A64_INSN_SWPAH, 0, amo, IR_AMO_SWAP << KIND | 2 | ACQ },
    { A64_INSN_CASLH, 0, cas, 2 | REL },
    { A64_INSN_LDADDLH, 0, amo, IR_AMO_ADD << KIND | 2 | REL },
    { A64_INSN_LDCLRLH, 0, amo, IR_AMO_AND << KIND | INVERT | 2 | REL },
    { A64_INSN_LDEORLH, 0, amo, IR_AMO_XOR << KIND | 2 | REL },
    { A64_INSN_LDSETLH, 0, amo, IR_AMO_OR << KIND | 2 | REL },
    { A64_INSN_LDSMAXLH, 0, amo, IR_AMO_MAX << KIND | 2 | REL },
    { A64_INSN_LDSMINLH, 0, amo, IR_AMO_MIN << KIND | 2 | REL },
    { A64_INSN_LDUMAXLH, 0, amo, IR_AMO_MAXU << KIND | 2 | REL },
    { A64_INSN_LDUMINLH, 0, amo, IR_AMO_MINU << KIND | 2 | REL },
    { A64_INSN_SWPLH, 0, amo, IR_AMO_SWAP << KIND | 2 | REL },
    { A64_INSN_CASALH, 0, cas, 2 | ACQ | REL },
    { A64_INSN_LDADDALH, 0, amo, IR_AMO_ADD << KIND | 2 | ACQ | REL },
    { A64_INSN_LDCLRALH, 0, amo, IR_AMO_AND << KIND | INVERT | 2 | ACQ | REL },
    { A64_INSN_LDEORALH, 0, amo, IR_AMO_XOR << KIND | 2 | ACQ | REL },
    { A64_INSN_LDSETALH, 0, amo, IR_AMO_OR << KIND | 2 | ACQ | REL },
    { A64_INSN_LDSMAXALH, 0, amo, IR_AMO_MAX << KIND | 2 | ACQ | REL },
    { A64_INSN_LDSMINALH, 0, amo, IR_AMO_MIN << KIND | 2 | ACQ | REL },
    { A64_INSN_LDUMAXALH, 0, amo, IR_AMO_MAXU << KIND | 2 | ACQ | REL },
    { A64_INSN_LDUMINALH, 0, amo, IR_AMO_MINU << KIND | 2 | ACQ | REL },
    { A64_INSN_SWPALH, 0, amo, IR_AMO_SWAP << KIND | 2 | ACQ | REL },
    { A64_INSN_LDXR_W, 0, ldxr, 4 }, { A64_INSN_LDAXR_W, 0, ldxr, 4 | ACQ },
    { A64_INSN_STXR_W, 0, stxr, 4 }, { A64_INSN_STLXR_W, 0, stxr, 4 | REL },
    { A64_INSN_CAS_W, 0, cas, 4 },
    { A64_INSN_LDADD_W, 0, amo, IR_AMO_ADD << KIND | 4 },
    { A64_INSN_LDCLR_W, 0, amo, IR_AMO_AND << KIND | INVERT | 4 },
    { A64_INSN_LDEOR_W, 0, amo, IR_AMO_XOR << KIND | 4 },
    { A64_INSN_LDSET_W, 0, amo, IR_AMO_OR << KIND | 4 },
    { A64_INSN_LDSMAX_W, 0, amo, IR_AMO_MAX << KIND | 4 },
    { A64_INSN_LDSMIN_W, 0, amo, IR_AMO_MIN << KIND | 4 },
    { A64_INSN_LDUMAX_W, 0, amo, IR_AMO_MAXU << KIND | 4 },
    { A64_INSN_LDUMIN_W, 0, amo, IR_AMO_MINU << KIND | 4 },
    { A64_INSN_SWP_W, 0, amo, IR_AMO_SWAP << KIND | 4 },
    { A64_INSN_CASA_W, 0, cas, 4 | ACQ },
    { A64_INSN_LDADDA_W, 0, amo, IR_AMO_ADD << KIND | 4 | ACQ },
    { A64_INSN_LDCLRA_W, 0, amo, IR_AMO_AND << KIND | INVERT | 4 | ACQ },
    { A64_INSN_LDEORA_W, 0, amo, IR_AMO_XOR << KIND | 4 | ACQ },
    { A64_INSN_LDSETA_W, 0, amo, IR_AMO_OR << KIND | 4 | ACQ },
    { A64_INSN_LDSMAXA_W, 0, amo, IR_AMO_MAX << KIND | 4 | ACQ },
    { A64_INSN_LDSMINA_W, 0, amo, IR_AMO_MIN << KIND | 4 | ACQ },
    { A64_INSN_LDUMAXA_W, 0, amo, IR_AMO_MAXU << KIND | 4 | ACQ },
    { A64_INSN_LDUMINA_W, 0, amo, IR_AMO_MINU << KIND | 4 | ACQ },
    { A64_INSN_SWPA_W, 0, amo, IR_AMO_SWAP << KIND | 4 | ACQ },
    { A64_INSN_CASL_W, 0, cas, 4 | REL },
    { A64_INSN_LDADDL_W, 0, amo, IR_AMO_ADD << KIND | 4 | REL },
    { A64_INSN_LDCLRL_W, 0, amo, IR_AMO_AND << KIND | INVERT | 4 | REL },
    { A64_INSN_LDEORL_W, 0, amo, IR_AMO_XOR << KIND | 4 | REL },
    { A64_INSN_LDSETL_W, 0, amo, IR_AMO_OR << KIND | 4 | REL },
    { A64_INSN_LDSMAXL_W, 0, amo, IR_AMO_MAX << KIND | 4 | REL },
    { A64_INSN_LDSMINL_W, 0, amo, IR_AMO_MIN << KIND | 4 | REL },
    { A64_INSN_LDUMAXL_W, 0, amo, IR_AMO_MAXU << KIND | 4 | REL },
    { A64_INSN_LDUMINL_W, 0, amo, IR_AMO_MINU << KIND | 4 | REL },
    { A64_INSN_SWPL_W, 0, amo, IR_AMO_SWAP << KIND | 4 | REL },
    { A64_INSN_CASAL_W, 0, cas, 4 | ACQ | REL },
    { A64_INSN_LDADDAL_W, 0, amo, IR_AMO_ADD << KIND | 4 | ACQ | REL },
    { A64_INSN_LDCLRAL_W, 0, amo, IR_AMO_AND << KIND | INVERT | 4 | ACQ | REL },
    { A64_INSN_LDEORAL_W, 0, amo, IR_AMO_XOR << KIND | 4 | ACQ | REL },
    { A64_INSN_LDSETAL_W, 0, amo, IR_AMO_OR << KIND | 4 | ACQ | REL },
    { A64_INSN_LDSMAXAL_W, 0, amo, IR_AMO_MAX << KIND | 4 | ACQ | REL },
    { A64_INSN_LDSMINAL_W, 0, amo, IR_AMO_MIN << KIND | 4 | ACQ | REL },
    { A64_INSN_LDUMAXAL_W, 0, amo, IR_AMO_MAXU << KIND | 4 | ACQ | REL },
    { A64_INSN_LDUMINAL_W, 0, amo, IR_AMO_MINU << KIND | 4 | ACQ | REL },
    { A64_INSN_SWPAL_W, 0, amo, IR_AMO_SWAP << KIND | 4 | ACQ | REL },
    { A64_INSN_LDXR_X, 0, ldxr, 8 }, { A64_INSN_LDAXR_X, 0, ldxr, 8 | ACQ },
    { A64_INSN_STXR_X, 0, stxr, 8 }, { A64_INSN_STLXR_X, 0, stxr, 8 | REL },
    { A64_INSN_CAS_X, 0, cas, 8 },
    { A64_INSN_LDADD_X, 0, amo, IR_AMO_ADD << KIND | 8 },
    { A64_INSN_LDCLR_X, 0, amo, IR_AMO_AND << KIND | INVERT | 8 },
    { A64_INSN_LDEOR_X, 0, amo, IR_AMO_XOR << KIND | 8 },
    { A64_INSN_LDSET_X, 0, amo, IR_AMO_OR << KIND | 8 },
    { A64_INSN_LDSMAX_X, 0, amo, IR_AMO_MAX << KIND | 8 },
    { A64_INSN_LDSMIN_X, 0, amo, IR_AMO_MIN << KIND | 8 },
    { A64_INSN_LDUMAX_X, 0, amo, IR_AMO_MAXU << KIND | 8 },
    { A64_INSN_LDUMIN_X, 0, amo, IR_AMO_MINU << KIND | 8 },
    { A64_INSN_SWP_X, 0, amo, IR_AMO_SWAP << KIND | 8 },
    { A64_INSN_CASA_X, 0, cas, 8 | ACQ },
    { A64_INSN_LDADDA_X, 0, amo, IR_AMO_ADD << KIND | 8 | ACQ },
    { A64_INSN_LDCLRA_X, 0, amo, IR_AMO_AND << KIND | INVERT | 8 | ACQ },
    { A64_INSN_LDEORA_X, 0, amo, IR_AMO_XOR << KIND | 8 | ACQ },
    { A64_INSN_LDSETA_X, 0, amo, IR_AMO_OR << KIND | 8 | ACQ },
    { A64_INSN_LDSMAXA_X, 0, amo, IR_AMO_MAX << KIND | 8 | ACQ },
    { A64_INSN_LDSMINA_X, 0, amo, IR_AMO_MIN << KIND | 8 | ACQ },
    { A64_INSN_LDUMAXA_X, 0, amo, IR_AMO_MAXU << KIND | 8 | ACQ },
    { A64_INSN_LDUMINA_X, 0, amo, IR_AMO_MINU << KIND | 8 | ACQ },
    { A64_INSN_SWPA_X, 0, amo, IR_AMO_SWAP << KIND | 8 | ACQ },
    { A64_INSN_CASL_X, 0, cas, 8 | REL },
    { A64_INSN_LDADDL_X, 0, amo, IR_AMO_ADD << KIND | 8 | REL },
    { A64_INSN_LDCLRL_X, 0, amo, IR_AMO_AND << KIND | INVERT | 8 | REL },
    { A64_INSN_LDEORL_X, 0, amo, IR_AMO_XOR << KIND | 8 | REL },
    { A64_INSN_LDSETL_X, 0, amo, IR_AMO_OR << KIND | 8 | REL },
    { A64_INSN_LDSMAXL_X, 0, amo, IR_AMO_MAX << KIND | 8 | REL },
    { A64_INSN_LDSMINL_X, 0, amo, IR_AMO_MIN << KIND | 8 | REL },
    { A64_INSN_LDUMAXL_X, 0, amo, IR_AMO_MAXU << KIND | 8 | REL },
    { A64_INSN_LDUMINL_X, 0, amo, IR_AMO_MINU << KIND | 8 | REL },
    { A64_INSN_SWPL_X, 0, amo, IR_AMO_SWAP << KIND | 8 | REL },
    { A64_INSN_CASAL_X, 0, cas, 8 | ACQ | REL },
    { A64_INSN_LDADDAL_X, 0, amo, IR_AMO_ADD << KIND | 8 | ACQ | REL },
    { A64_INSN_LDCLRAL_X, 0, amo, IR_AMO_AND << KIND | INVERT | 8 | ACQ | REL },
    { A64_INSN_LDEORAL_X, 0, amo, IR_AMO_XOR << KIND | 8 | ACQ | REL },
    { A64_INSN_LDSETAL_X, 0, amo, IR_AMO_OR << KIND | 8 | ACQ | REL },
    { A64_INSN_LDSMAXAL_X, 0, amo, IR_AMO_MAX << KIND | 8 | ACQ | REL },
    { A64_INSN_LDSMINAL_X, 0, amo, IR_AMO_MIN << KIND | 8 | ACQ | REL },
    { A64_INSN_LDUMAXAL_X, 0, amo, IR_AMO_MAXU << KIND | 8 | ACQ | REL },
    { A64_INSN_LDUMINAL_X, 0, amo, IR_AMO_MINU << KIND | 8 | ACQ | REL },
    { A64_INSN_SWPAL_X, 0, amo, IR_AMO_SWAP << KIND | 8 | ACQ | REL },
    { A64_INSN_LDXP_W, 0, ldxp_w, 0 }, { A64_INSN_LDAXP_W, 0, ldxp_w, ACQ },
    { A64_INSN_STXP_W, 0, stxp_w, 0 }, { A64_INSN_STLXP_W, 0, stxp_w, REL },
    { A64_INSN_LDXP_X, 0, wide, A64_HELPER_ldxp }, { A64_INSN_LDAXP_X, 0, wide, A64_HELPER_ldxp },
    { A64_INSN_STXP_X, 0, wide, A64_HELPER_stxp }, { A64_INSN_STLXP_X, 0, wide, A64_HELPER_stxp },
    { A64_INSN_CASP_W, 0, casp_w, 0 },   { A64_INSN_CASPA_W, 0, casp_w, ACQ },
    { A64_INSN_CASPL_W, 0, casp_w, REL }, { A64_INSN_CASPAL_W, 0, casp_w, ACQ | REL },
    { A64_INSN_CASP_X, 0, wide, A64_HELPER_casp },  { A64_INSN_CASPA_X, 0, wide, A64_HELPER_casp },
    { A64_INSN_CASPL_X, 0, wide, A64_HELPER_casp }, { A64_INSN_CASPAL_X, 0, wide, A64_HELPER_casp },
    A64_ROWS_END
};
/* clang-format on */
