/* SPDX-License-Identifier: Apache-2.0 */
/* A, Zabha, Zacas, Zawrs: unprivileged ISA, chapters "A", "Zabha", "Zacas", "Zawrs". */
#include "cpu/riscv/translate_impl.h"
#include "mmu/tlb.h"

/* Row argument: bytes and, for AMOs, the kind. */
#define AMO_ARG(bytes, kind) ((bytes) | (unsigned)(kind) << 8)

/* All need natural alignment; narrow results are sign-extended. */
static uint16_t memop(const struct rv_tr *t, unsigned bytes)
{
    return ir_memop(bytes, IR_MEM_ALIGNED | IR_MEM_ATOMIC | (t->d.aq ? IR_MEM_ACQUIRE : 0u) |
                               (t->d.rl ? IR_MEM_RELEASE : 0u));
}

static void lr(struct rv_tr *t, unsigned bytes)
{
    ir_val_t va = rv_data_address(t, bytes, INSN_MEM_READ);
    rv_put_rd(t, ir_loadr(t->u, IR_I64, va, memop(t, bytes) | IR_MEM_SIGNED));
}

static void sc(struct rv_tr *t, unsigned bytes)
{
    ir_val_t va = rv_data_address(t, bytes, INSN_MEM_WRITE);
    rv_put_rd(t, ir_storec(t->u, IR_I64, va, rv_x(t, t->d.rs2), memop(t, bytes)));
}

static void amo(struct rv_tr *t, unsigned arg)
{
    unsigned bytes = arg & 0xff;
    ir_val_t va = rv_data_address(t, bytes, INSN_MEM_RMW);
    rv_put_rd(t, ir_amo(t->u, IR_I64, (enum ir_amo)(arg >> 8), va, rv_x(t, t->d.rs2),
                        memop(t, bytes) | IR_MEM_SIGNED));
}

static void amocas(struct rv_tr *t, unsigned bytes)
{
    ir_val_t va = rv_data_address(t, bytes, INSN_MEM_RMW);
    rv_put_rd(t, ir_cas(t->u, IR_I64, va, rv_x(t, t->d.rd), rv_x(t, t->d.rs2),
                        memop(t, bytes) | IR_MEM_SIGNED));
}

static void amocas_q(struct rv_tr *t, unsigned arg)
{
    (void)arg;
    ir_call(t->u, IR_VOID, RV_HELPER_amocas_q, rv_data_address(t, 16, INSN_MEM_RMW),
            rv_const(t, t->d.rd), rv_const(t, t->d.rs2), IR_NONE);
}

/* A pair that starts at x0 reads as 0 and is not written. */
uint64_t rv_helper_amocas_q(struct cpu *cpu, uint64_t va, uint64_t rd, uint64_t rs2, uint64_t d)
{
    struct rv_cpu *rv = RV_CPU(cpu);
    const uint64_t expected[2] = { rv->x[rd], rd == 0 ? 0 : rv->x[rd + 1] };
    const uint64_t value[2] = { rv->x[rs2], rs2 == 0 ? 0 : rv->x[rs2 + 1] };
    uint64_t old[2];
    (void)d;
    if (va & 15)
        rv_raise_align(cpu, va, CPU_STORE);
    else if (mmu_slow_cas128(cpu, va, expected, value, old) == 0 && rd != 0)
        rv->x[rd] = old[0], rv->x[rd + 1] = old[1];
    return 0;
}

/* Both may return at once; wrs.nto obeys mstatus.TW as WFI does. */
static void wrs(struct rv_tr *t, unsigned nto)
{
    if (nto)
        ir_call(t->u, IR_VOID, RV_HELPER_wfi, rv_const(t, t->word), rv_const(t, 1), IR_NONE,
                IR_NONE);
    ir_exit(t->u, IR_EXIT_YIELD, rv_next(t));
    t->ended = true;
}

/* clang-format off */
#define AMO_ROWS(S, bytes)                                                                         \
    { RV_INSN_AMOSWAP_##S, 0, amo, AMO_ARG(bytes, IR_AMO_SWAP) },                                  \
    { RV_INSN_AMOADD_##S,  0, amo, AMO_ARG(bytes, IR_AMO_ADD) },                                   \
    { RV_INSN_AMOXOR_##S,  0, amo, AMO_ARG(bytes, IR_AMO_XOR) },                                   \
    { RV_INSN_AMOAND_##S,  0, amo, AMO_ARG(bytes, IR_AMO_AND) },                                   \
    { RV_INSN_AMOOR_##S,   0, amo, AMO_ARG(bytes, IR_AMO_OR) },                                    \
    { RV_INSN_AMOMIN_##S,  0, amo, AMO_ARG(bytes, IR_AMO_MIN) },                                   \
    { RV_INSN_AMOMAX_##S,  0, amo, AMO_ARG(bytes, IR_AMO_MAX) },                                   \
    { RV_INSN_AMOMINU_##S, 0, amo, AMO_ARG(bytes, IR_AMO_MINU) },                                  \
    { RV_INSN_AMOMAXU_##S, 0, amo, AMO_ARG(bytes, IR_AMO_MAXU) },                                  \
    { RV_INSN_AMOCAS_##S,  0, amocas, bytes }
const struct rv_semantics rv_atomic_rows[] = {
    { RV_INSN_LR_W, 0, lr, 4 }, { RV_INSN_LR_D, 0, lr, 8 },
    { RV_INSN_SC_W, 0, sc, 4 }, { RV_INSN_SC_D, 0, sc, 8 },
    AMO_ROWS(B, 1), AMO_ROWS(H, 2), AMO_ROWS(W, 4), AMO_ROWS(D, 8),
    { RV_INSN_AMOCAS_Q, 0, amocas_q, 0 },
    { RV_INSN_WRS_NTO, 0, wrs, 1 }, { RV_INSN_WRS_STO, 0, wrs, 0 },
    RV_ROWS_END
};
/* clang-format on */
