/* SPDX-License-Identifier: Apache-2.0 */
/* Zicsr, environment calls, trap return, WFI and fences of translation (volume II). */
#include "core/exec/parallel.h"
#include "cpu/riscv/translate_impl.h"
#include "mmu/tlb.h"

uint64_t rv_helper_raise(struct cpu *cpu, uint64_t cause, uint64_t tval, uint64_t c, uint64_t d)
{
    (void)c, (void)d;
    rv_raise(RV_CPU(cpu), cause, tval);
    return 0;
}

void rv_raises(struct rv_tr *t, uint64_t cause, ir_val_t tval)
{
    ir_call(t->u, IR_VOID, RV_HELPER_raise, rv_const(t, cause), tval, IR_NONE, IR_NONE);
    ir_exit(t->u, IR_EXIT_LOOKUP, t->at);
    t->ended = true;
}

void rv_illegal(struct rv_tr *t)
{
    rv_raises(t, RV_CAUSE_ILLEGAL, rv_const(t, t->word));
}

/* ---- Zicsr ---- */
/*
 * One helper call: which row, bank member, operation and destination are known when
 * translating. Argument a:
 *   7:0 row  15:8 bank member  17:16 enum rv_csr_op  24:20 rd (only csr_mode writes it itself)
 */
static uint64_t access_csr(struct cpu *cpu, uint64_t a, uint64_t operand, uint64_t word, bool *done)
{
    struct rv_cpu *rv = RV_CPU(cpu);
    const struct rv_csr *csr = &rv_csrs[a & 0xff];
    uint32_t index = (a >> 8) & 0xff;
    enum rv_csr_op op = (enum rv_csr_op)(a >> 16 & 3);
    *done = rv_csr_may(rv, csr, index, op != RV_CSR_READ);
    if (!*done) {
        rv_raise(rv, RV_CAUSE_ILLEGAL, word);
        return 0;
    }
    uint64_t old = rv_csr_read(rv, csr, index);
    uint64_t from = csr->modify != NULL ? csr->modify(rv, index) : old;
    if (op == RV_CSR_WRITE)
        rv_csr_write(rv, csr, index, operand);
    else if (op == RV_CSR_SET)
        rv_csr_write(rv, csr, index, from | operand);
    else if (op == RV_CSR_CLEAR)
        rv_csr_write(rv, csr, index, from & ~operand);
    return old;
}

uint64_t rv_helper_csr(struct cpu *cpu, uint64_t a, uint64_t operand, uint64_t word, uint64_t d)
{
    bool done;
    (void)d;
    return access_csr(cpu, a, operand, word, &done);
}

/* Only what neither takes long nor makes a CPU leave: see is_light. */
uint64_t rv_helper_csr_light(struct cpu *cpu, uint64_t a, uint64_t operand, uint64_t word, uint64_t d)
{
    return rv_helper_csr(cpu, a, operand, word, d);
}

uint64_t rv_helper_csr_fp(struct cpu *cpu, uint64_t a, uint64_t operand, uint64_t word, uint64_t d)
{
    return rv_helper_csr(cpu, a, operand, word, d);
}

uint64_t rv_helper_csr_mode(struct cpu *cpu, uint64_t a, uint64_t operand, uint64_t word,
                            uint64_t d)
{
    struct rv_cpu *rv = RV_CPU(cpu);
    unsigned rd = a >> 20 & 31;
    bool done, entered = !rv_csrs[a & 0xff].own && exec_enter_machine(cpu, true);
    (void)d;
    uint64_t old = access_csr(cpu, a, operand, word, &done);
    if (UNLIKELY(entered))
        exec_leave_machine(cpu);
    if (done && rd != 0)
        rv->x[rd] = old;
    return 0;
}

/* Reads change nothing, and a write of a register that only holds a value nothing else. */
static bool is_light(const struct rv_csr *row, enum rv_csr_op op)
{
    return row->feature != RV_X_F &&
           (op == RV_CSR_READ || row->plain ||
            (row->stored && row->write == NULL && row->wrote == NULL && !row->ends_block));
}

static void csr(struct rv_tr *t, unsigned arg)
{
    enum rv_csr_op op = (enum rv_csr_op)(arg & 3);
    bool immediate = arg & 4, writes = op == RV_CSR_WRITE;
    uint32_t index = 0;
    const struct rv_csr *row = rv_csr_find(t->rv->config, t->d.csr, &index);
    if (row == NULL) {
        rv_illegal(t);
        return;
    }
    if (!writes) /* set and clear with x0 or 0 do not write at all */
        writes = immediate ? t->d.imm != 0 : t->d.rs1 != 0;
    if (!writes)
        op = RV_CSR_READ;
    bool fp = row->feature == RV_X_F;
    bool ends = writes && (row->ends_block || (fp && (t->mode & RV_MODE_FP_CLEAN)));
    ir_val_t a = rv_const(t, (uint64_t)(row - rv_csrs) | index << 8 | (uint64_t)op << 16 |
                                 (uint64_t)t->d.rd << 20);
    ir_val_t operand = immediate ? rv_const(t, (uint64_t)t->d.imm) : rv_x(t, t->d.rs1);
    ir_val_t word = rv_const(t, t->word);
    if (ends) {
        ir_call(t->u, IR_VOID, RV_HELPER_csr_mode, a, operand, word, IR_NONE);
        ir_exit(t->u, IR_EXIT_LOOKUP, rv_next(t));
        t->ended = true;
    } else {
        unsigned helper = fp ? RV_HELPER_csr_fp : is_light(row, op) ? RV_HELPER_csr_light : RV_HELPER_csr;
        rv_put_rd(t, ir_call(t->u, IR_I64, helper, a, operand, word, IR_NONE));
    }
}

/* ---- traps ---- */
static void ecall(struct rv_tr *t, unsigned arg)
{
    (void)arg;
    rv_raises(t, RV_CAUSE_ECALL_U + (t->mode & RV_MODE_PRIV), rv_const(t, 0));
}

static void ebreak(struct rv_tr *t, unsigned arg)
{
    (void)arg;
    rv_raises(t, RV_CAUSE_BREAKPOINT, ir_pc(t->u, t->at));
}

/*
 * xRET changes privilege and so translation, and goes to an address known only now, which the helper
 * returns. If it lets an interrupt in the budget runs out, and the jump's end is where it is taken.
 */
static void xret(struct rv_tr *t, unsigned helper)
{
    ir_val_t target =
        ir_call(t->u, IR_I64, helper, rv_const(t, t->word), IR_NONE, IR_NONE, IR_NONE);
    ir_jumpr(t->u, target, IR_LINK_MODE);
    t->ended = true;
}

/* Counters that are armed for one privilege have events of the machine. */
static void leave_mode(struct rv_cpu *rv, uint64_t priv)
{
    bool entered = UNLIKELY(rv->programmed) && exec_enter_machine(&rv->cpu, true);
    if (priv != RV_M)
        rv->mstatus = F_PUT(rv->mstatus, RV_MSTATUS_MPRV, 0);
    rv_set_priv(rv, priv);
    if (UNLIKELY(entered))
        exec_leave_machine(&rv->cpu);
}

uint64_t rv_helper_mret(struct cpu *cpu, uint64_t word, uint64_t b, uint64_t c, uint64_t d)
{
    struct rv_cpu *rv = RV_CPU(cpu);
    (void)b, (void)c, (void)d;
    if (rv->priv != RV_M) {
        rv_raise(rv, RV_CAUSE_ILLEGAL, word);
        return 0;
    }
    uint64_t s = rv->mstatus, priv = F_GET(s, RV_MSTATUS_MPP);
    s = F_PUT(s, RV_MSTATUS_MIE, F_GET(s, RV_MSTATUS_MPIE));
    s = F_PUT(s, RV_MSTATUS_MPIE, 1);
    rv->mstatus = F_PUT(s, RV_MSTATUS_MPP, RV_U);
    leave_mode(rv, priv);
    return rv->mepc;
}

uint64_t rv_helper_sret(struct cpu *cpu, uint64_t word, uint64_t b, uint64_t c, uint64_t d)
{
    struct rv_cpu *rv = RV_CPU(cpu);
    (void)b, (void)c, (void)d;
    if (rv->priv < RV_S || (rv->priv == RV_S && F_GET(rv->mstatus, RV_MSTATUS_TSR))) {
        rv_raise(rv, RV_CAUSE_ILLEGAL, word);
        return 0;
    }
    uint64_t s = rv->mstatus, priv = F_GET(s, RV_MSTATUS_SPP);
    s = F_PUT(s, RV_MSTATUS_SIE, F_GET(s, RV_MSTATUS_SPIE));
    s = F_PUT(s, RV_MSTATUS_SPIE, 1);
    rv->mstatus = F_PUT(s, RV_MSTATUS_SPP, RV_U);
    leave_mode(rv, priv);
    return rv->sepc;
}

/* WFI and wrs.nto: TW traps below M; WFI in U is illegal where S exists (it may wait long). */
uint64_t rv_helper_wfi(struct cpu *cpu, uint64_t word, uint64_t wrs, uint64_t c, uint64_t d)
{
    struct rv_cpu *rv = RV_CPU(cpu);
    (void)c, (void)d;
    if ((rv->priv < RV_M && F_GET(rv->mstatus, RV_MSTATUS_TW)) || (!wrs && rv->priv == RV_U))
        rv_raise(rv, RV_CAUSE_ILLEGAL, word);
    return 0;
}

static void wfi(struct rv_tr *t, unsigned arg)
{
    (void)arg;
    ir_call(t->u, IR_VOID, RV_HELPER_wfi, rv_const(t, t->word), rv_const(t, 0), IR_NONE, IR_NONE);
    ir_exit(t->u, IR_EXIT_IDLE, rv_next(t));
    t->ended = true;
}

/* ---- fences of address translation ---- */
enum { FENCE_FLUSH = 1, FENCE_TVM = 2 };

static void sfence(struct rv_tr *t, unsigned arg)
{
    uint64_t how = arg | (t->d.rs1 == 0 ? 4u : 0u) | (t->d.rs2 == 0 ? 8u : 0u);
    ir_call(t->u, IR_VOID, RV_HELPER_sfence_vma, rv_x(t, t->d.rs1), rv_x(t, t->d.rs2),
            rv_const(t, how), rv_const(t, t->word));
    ir_exit(t->u, IR_EXIT_LOOKUP, rv_next(t));
    t->ended = true;
}

/* sfence.vma, sinval.vma, and the two Svinval fences (which only check privilege). */
uint64_t rv_helper_sfence_vma(struct cpu *cpu, uint64_t va, uint64_t asid, uint64_t how,
                              uint64_t word)
{
    struct rv_cpu *rv = RV_CPU(cpu);
    bool all_va = how & 4, all_asids = how & 8;
    if (rv->priv < RV_S ||
        ((how & FENCE_TVM) && rv->priv == RV_S && F_GET(rv->mstatus, RV_MSTATUS_TVM))) {
        rv_raise(rv, RV_CAUSE_ILLEGAL, word);
        return 0;
    }
    if (!(how & FENCE_FLUSH))
        return 0;
    uint32_t which = all_asids ? MMU_ANY : (uint32_t)zext(asid, rv->config->asid_bits);
    uint32_t before = cpu->exit;
    if (all_va)
        mmu_flush(cpu, which, MMU_ANY);
    else
        mmu_flush_page(cpu, va, MEM_PAGE, which, MMU_ANY);
    cpu->exit = before; /* the block ends here anyway */
    return 0;
}

/* clang-format off */
const struct rv_semantics rv_system_rows[] = {
    { RV_INSN_CSRRW, 0, csr, RV_CSR_WRITE },      { RV_INSN_CSRRS, 0, csr, RV_CSR_SET },
    { RV_INSN_CSRRC, 0, csr, RV_CSR_CLEAR },      { RV_INSN_CSRRWI, 0, csr, RV_CSR_WRITE | 4 },
    { RV_INSN_CSRRSI, 0, csr, RV_CSR_SET | 4 },   { RV_INSN_CSRRCI, 0, csr, RV_CSR_CLEAR | 4 },
    { RV_INSN_ECALL, 0, ecall, 0 },               { RV_INSN_EBREAK, 0, ebreak, 0 },
    { RV_INSN_MRET, 0, xret, RV_HELPER_mret },    { RV_INSN_SRET, 0, xret, RV_HELPER_sret },
    { RV_INSN_WFI, 0, wfi, 0 },
    { RV_INSN_SFENCE_VMA, 0, sfence, FENCE_FLUSH | FENCE_TVM },
    { RV_INSN_SINVAL_VMA, 0, sfence, FENCE_FLUSH | FENCE_TVM },
    { RV_INSN_SFENCE_W_INVAL, 0, sfence, 0 },     { RV_INSN_SFENCE_INVAL_IR, 0, sfence, 0 },
    RV_ROWS_END
};
/* clang-format on */
