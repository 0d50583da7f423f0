/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exclusives, compare-and-swap and atomic memory operations: Arm ARM, C4.1.94 and B2.9. One CPU
 * runs at a time, so an operation is atomic when nothing comes between its halves.
 */
#include "core/exec/parallel.h"
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
    ir_val_t va = a64_address(t, t->d.rn, IR_NONE, 0, arg & BYTES, INSN_MEM_READ | A64_ACCESS_ATOMIC);
    put(t, t->d.rt, ir_loadr(t->u, IR_I64, va, memop(t, arg & BYTES, arg)));
}

static void stxr(struct a64_tr *t, unsigned arg)
{
    ir_val_t va = a64_address(t, t->d.rn, IR_NONE, 0, arg & BYTES, INSN_MEM_WRITE | A64_ACCESS_ATOMIC);
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
    ir_val_t va = a64_address(t, t->d.rn, IR_NONE, 0, 8, INSN_MEM_READ | A64_ACCESS_ATOMIC);
    ir_val_t both = ir_loadr(t->u, IR_I64, va, memop(t, 8, arg));
    put(t, t->d.rt, word_of_pair(t, both, false));
    put(t, t->d.rt2, word_of_pair(t, both, true));
}

static void stxp_w(struct a64_tr *t, unsigned arg)
{
    ir_val_t va = a64_address(t, t->d.rn, IR_NONE, 0, 8, INSN_MEM_WRITE | A64_ACCESS_ATOMIC);
    ir_val_t both = join_words(t, a64_x(t, IR_I64, t->d.rt), a64_x(t, IR_I64, t->d.rt2));
    put(t, t->d.rs, ir_storec(t->u, IR_I64, va, both, memop(t, 8, arg)));
}

/* ---- 16 bytes: in C. Argument b packs the registers: rt, rt2 << 8, rs << 16. ---- */
static void wide(struct a64_tr *t, unsigned helper)
{
    unsigned kind = helper == A64_HELPER_ldxp   ? INSN_MEM_READ
                    : helper == A64_HELPER_casp ? INSN_MEM_RMW
                                                : INSN_MEM_WRITE;
    ir_val_t va = a64_address(t, t->d.rn, IR_NONE, 0, 16, kind | A64_ACCESS_ALIGNED);
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
    if (cpu->machine->parallel) {
        uint64_t failed;
        maybe_swap(v, op);
        if (mmu_store_conditional128(cpu, va, v, &failed) == 0)
            write_x(a, regs >> 16 & 31, failed);
        return 0;
    }
    if (mmu_host(cpu, va, 16, CPU_STORE, &pa) == NULL && (cpu->exit & (CPU_EXIT_EXCEPTION | CPU_EXIT_DEBUG)))
        return 0;
    bool holds = mmu_holds_reservation(cpu, pa, 16);
    if (holds) {
        maybe_swap(v, op);
        if (mmu_slow_load128(cpu, va, 4, now) != 0 || mmu_slow_cas128(cpu, va, now, v, old) != 0)
            return 0;
    }
    cpu->reserved = false;
    write_x(a, regs >> 16 & 31, !holds);
    return 0;
}

/* Other PEs may run at the same time: only what is no plain RAM, or is watched, takes the machine's lock. */
static int cas128(struct cpu *cpu, va_t va, const uint64_t expected[2], const uint64_t value[2], uint64_t old[2])
{
    if (cpu->machine->parallel && mmu_quick_cas128(cpu, va, expected, value, old))
        return 0;
    bool entered = exec_enter_machine(cpu, false);
    int rc = mmu_slow_cas128(cpu, va, expected, value, old);
    if (entered)
        exec_leave_machine(cpu);
    return rc;
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
    if (cas128(cpu, va, expected, value, old) != 0)
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
    ir_val_t va = a64_address(t, t->d.rn, IR_NONE, 0, bytes, INSN_MEM_RMW | A64_ACCESS_ATOMIC);
    put(t, t->d.rs, ir_cas(t->u, IR_I64, va, a64_x(t, IR_I64, t->d.rs), a64_x(t, IR_I64, t->d.rt),
                           memop(t, bytes, arg)));
}

static void casp_w(struct a64_tr *t, unsigned arg)
{
    ir_val_t va = a64_address(t, t->d.rn, IR_NONE, 0, 8, INSN_MEM_RMW | A64_ACCESS_ATOMIC);
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
    ir_val_t va = a64_address(t, t->d.rn, IR_NONE, 0, bytes, INSN_MEM_RMW | A64_ACCESS_ATOMIC);
    ir_val_t v = a64_x(t, IR_I64, t->d.rs);
    if (arg & INVERT) /* LDCLR */
        v = ir_op2i(t->u, IR_XOR, IR_I64, v, ~0ull);
    put(t, t->d.rt, ir_amo(t->u, IR_I64, (enum ir_amo)(arg >> KIND), va, v,
                           memop(t, bytes, arg)));
}

/* clang-format off */
#define AMO(name, end, arg, op) { A64_INSN_##name##end, 0, amo, IR_AMO_##op << KIND | (arg) }
/* What FEAT_LSE has of one size and order; `end` is both in a mnemonic. */
#define LSE(end, arg)                                                                              \
    { A64_INSN_CAS##end, 0, cas, arg }, AMO(SWP, end, arg, SWAP), AMO(LDADD, end, arg, ADD),       \
    AMO(LDCLR, end, (arg) | INVERT, AND), AMO(LDEOR, end, arg, XOR), AMO(LDSET, end, arg, OR),     \
    AMO(LDSMAX, end, arg, MAX), AMO(LDSMIN, end, arg, MIN), AMO(LDUMAX, end, arg, MAXU),           \
    AMO(LDUMIN, end, arg, MINU)
#define SIZE(end, bytes)                                                                           \
    { A64_INSN_LDXR##end, 0, ldxr, bytes }, { A64_INSN_LDAXR##end, 0, ldxr, (bytes) | ACQ },       \
    { A64_INSN_STXR##end, 0, stxr, bytes }, { A64_INSN_STLXR##end, 0, stxr, (bytes) | REL },       \
    LSE(end, bytes), LSE(A##end, (bytes) | ACQ), LSE(L##end, (bytes) | REL),                       \
    LSE(AL##end, (bytes) | ACQ | REL)
const struct a64_semantics a64_atomic_rows[] = {
    SIZE(B, 1), SIZE(H, 2), SIZE(_W, 4), SIZE(_X, 8),
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
