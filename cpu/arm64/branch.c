/* SPDX-License-Identifier: Apache-2.0 */
/* Branches, exception generation and return: Arm ARM, C4.1.93. */
#include "core/util/bits.h"
#include "cpu/arm64/bits.h"
#include "cpu/arm64/translate_impl.h"

static void finish(struct a64_tr *t)
{
    t->ended = true;
}

static void b(struct a64_tr *t, unsigned link)
{
    if (link)
        ir_put(t->u, 30, ir_pc(t->u, a64_next(t)));
    ir_jump(t->u, t->at + t->d.imm);
    finish(t);
}

static void b_cond(struct a64_tr *t, unsigned arg)
{
    (void)arg;
    if (t->d.cond >= 14)
        ir_jump(t->u, t->at + t->d.imm);
    else
        ir_branch(t->u, a64_condition(t, t->d.cond), t->at + t->d.imm, a64_next(t));
    finish(t);
}

/* Row argument: 1 for X, 2 for "not zero". */
static void cbz(struct a64_tr *t, unsigned arg)
{
    enum ir_type type = arg & 1 ? IR_I64 : IR_I32;
    ir_val_t cond = ir_setcc(t->u, type, arg & 2 ? IR_NE : IR_EQ, a64_x(t, type, t->d.rt),
                             ir_const(t->u, type, 0));
    ir_branch(t->u, cond, t->at + t->d.imm, a64_next(t));
    finish(t);
}

static void tbz(struct a64_tr *t, unsigned not_zero)
{
    ir_val_t bit = ir_extract(t->u, IR_I64, a64_x(t, IR_I64, t->d.rt), t->d.bit, 1);
    int64_t target = t->at + t->d.imm, next = a64_next(t);
    ir_branch(t->u, bit, not_zero ? target : next, not_zero ? next : target);
    finish(t);
}

/* ---- indirect ---- */
/* BranchAddr(): tags are dropped where TBI covers instructions. */
static ir_val_t untagged(struct a64_tr *t, ir_val_t va)
{
    struct ir_unit *u = t->u;
    uint32_t tbi = t->mode & (A64_MODE_TBI0 | A64_MODE_TBI1);
    if (tbi == 0)
        return va;
    if (!a64_mode_two_ranges(t->mode))
        return ir_op2i(u, IR_AND, IR_I64, va, (1ull << 56) - 1);
    ir_val_t same = ir_op2i(u, IR_SAR, IR_I64, ir_op2i(u, IR_SHL, IR_I64, va, 8), 8);
    if (tbi == (A64_MODE_TBI0 | A64_MODE_TBI1))
        return same;
    ir_val_t upper = ir_setcc(u, IR_I64, IR_LTS, same, a64_const(t, 0));
    return tbi == A64_MODE_TBI0 ? ir_select(u, IR_I64, upper, va, same)
                                : ir_select(u, IR_I64, upper, same, va);
}

/* `btype`: what the branch leaves in PSTATE.BTYPE where guarded pages may be met (D8.4.6). */
void a64_branch_to(struct a64_tr *t, ir_val_t va, enum ir_link link, unsigned btype)
{
    va = untagged(t, va);
    if (btype != 0 && (t->mode & A64_MODE_BTI))
        ir_call(t->u, IR_VOID, A64_HELPER_bti, va, a64_const(t, btype), ir_pc(t->u, t->at), IR_NONE);
    ir_jumpr(t->u, va, link);
    finish(t);
}

/* BR through x16 and x17 counts as a call by a veneer; any other from a guarded page must find `bti j`. */
unsigned a64_btype_of_br(unsigned rn)
{
    return rn == 16 || rn == 17 ? 1 : 3;
}

static void br(struct a64_tr *t, unsigned arg)
{
    (void)arg;
    a64_branch_to(t, a64_x(t, IR_I64, t->d.rn), IR_LINK_NONE, a64_btype_of_br(t->d.rn));
}

static void blr(struct a64_tr *t, unsigned arg)
{
    ir_val_t va = a64_x(t, IR_I64, t->d.rn);
    (void)arg;
    ir_put(t->u, 30, ir_pc(t->u, a64_next(t)));
    a64_branch_to(t, va, IR_LINK_CALL, 2);
}

static void ret(struct a64_tr *t, unsigned arg)
{
    (void)arg;
    a64_branch_to(t, a64_x(t, IR_I64, t->d.rn), IR_LINK_RETURN, 0);
}

/* ---- exceptions ---- */
static void call_exception(struct a64_tr *t, unsigned helper, unsigned ec)
{
    ir_call(t->u, IR_VOID, helper, a64_const(t, A64_ESR(ec, (uint64_t)t->d.imm & 0xffff)), IR_NONE, IR_NONE, IR_NONE);
    ir_exit(t->u, IR_EXIT_LOOKUP, a64_next(t));
    finish(t);
}

static void svc(struct a64_tr *t, unsigned arg)
{
    (void)arg;
    call_exception(t, A64_HELPER_svc, A64_EC_SVC);
}

static void hvc(struct a64_tr *t, unsigned arg)
{
    (void)arg;
    call_exception(t, A64_HELPER_hvc, A64_EC_HVC);
}

static void smc(struct a64_tr *t, unsigned arg)
{
    (void)arg;
    call_exception(t, A64_HELPER_smc, A64_EC_SMC);
}

static void brk(struct a64_tr *t, unsigned arg)
{
    (void)arg;
    call_exception(t, A64_HELPER_brk, A64_EC_BRK);
}

/*
 * Both states': HFGITR_EL2.SVC_EL0 and SVC_EL1 may send it to EL2. AArch32 brings the ITSTATE
 * behind it, which counts only where the SVC is not trapped: CheckForSVCTrap() precedes
 * ITAdvance().
 */
uint64_t a64_helper_svc(struct cpu *cpu, uint64_t esr, uint64_t it_after, uint64_t c, uint64_t d)
{
    struct a64_cpu *a = A64_CPU(cpu);
    unsigned target = a64_target_el(a);
    (void)c, (void)d;
    bool fgt = a->el < 2 && a64_el2_enabled(a) && !a64_host(a) && a64_cpu_has(a, A64_F_FGT) &&
               (a64_scr(a) & A64_SCR_FGTEN);
    if (fgt && (a->hfgitr_el2 >> (a->el == 0 ? 52 : 53) & 1)) {
        cpu_raise(cpu, 2, esr, 0, 0); /* trapped: the return address is the SVC itself */
        return 0;
    }
    if (a->nrw)
        a->it = it_after;
    cpu_raise(cpu, target | A64_CAUSE_NEXT, esr, 0, 0);
    return 0;
}

static bool board_firmware(struct a64_cpu *a, bool smc)
{
    return a->firmware.call != NULL && a->firmware.call(a->firmware.arg, &a->cpu, smc);
}

/* C6.2 HVC: needs EL2, and SCR_EL3.HCE or not HCR_EL2.HCD. */
uint64_t a64_helper_hvc(struct cpu *cpu, uint64_t esr, uint64_t b0, uint64_t c, uint64_t d)
{
    struct a64_cpu *a = A64_CPU(cpu);
    (void)b0, (void)c, (void)d;
    bool allowed = a64_cpu_has(a, A64_F_EL3) ? (a->scr_el3 & A64_SCR_HCE) != 0
                                             : !(a->hcr_el2 & A64_HCR_HCD);
    bool there = a->el == 3 ? a64_cpu_has(a, A64_F_EL2) : a64_el2_enabled(a);
    if (a->el != 0 && !a64_cpu_has(a, A64_F_EL2) && board_firmware(a, false))
        return 0;
    if (a->el == 0 || !there || !allowed)
        a64_raise_undefined(a);
    else
        cpu_raise(cpu, (a->el == 3 ? 3u : 2u) | A64_CAUSE_NEXT, esr, 0, 0);
    return 0;
}

/* C6.2 SMC: HCR_EL2.TSC first, then what stands at EL3: an implementation, or the board's firmware. */
uint64_t a64_helper_smc(struct cpu *cpu, uint64_t esr, uint64_t b0, uint64_t c, uint64_t d)
{
    struct a64_cpu *a = A64_CPU(cpu);
    (void)b0, (void)c, (void)d;
    if (a->el == 0)
        a64_raise_undefined(a);
    else if (a->el == 1 && (a64_hcr(a) & A64_HCR_TSC))
        a64_raise(a, 2, esr);
    else if (board_firmware(a, true))
        return 0;
    else if (!a64_cpu_has(a, A64_F_EL3) || (a->scr_el3 & A64_SCR_SMD))
        a64_raise_undefined(a);
    else
        cpu_raise(cpu, 3 | A64_CAUSE_NEXT, esr, 0, 0);
    return 0;
}

uint64_t a64_helper_brk(struct cpu *cpu, uint64_t esr, uint64_t b0, uint64_t c, uint64_t d)
{
    struct a64_cpu *a = A64_CPU(cpu);
    (void)b0, (void)c, (void)d;
    a64_raise(a, a64_debug_target(a), esr);
    return 0;
}

/* HLT and DCPS: halting debug needs an external debugger, and there is none. */
static void undefined(struct a64_tr *t, unsigned arg)
{
    (void)arg;
    a64_undefined(t);
}

/* ---- ERET ---- */
enum { ERET_PLAIN, ERET_A, ERET_B };

static bool eret_traps(struct a64_cpu *a, unsigned how)
{
    bool fgt = a->el == 1 && a64_el2_enabled(a) && a64_cpu_has(a, A64_F_FGT) &&
               (a64_scr(a) & A64_SCR_FGTEN) && (a->hfgitr_el2 >> 51 & 1);
    bool nv = a->el == 1 && (a64_hcr(a) & A64_HCR_NV);
    if (!fgt && !nv)
        return false;
    a64_raise(a, 2, A64_ESR(A64_EC_ERET, how == ERET_PLAIN ? 0 : how == ERET_A ? 2 : 3));
    return true;
}

uint64_t a64_helper_eret(struct cpu *cpu, uint64_t how, uint64_t b0, uint64_t c, uint64_t d)
{
    struct a64_cpu *a = A64_CPU(cpu);
    (void)b0, (void)c, (void)d;
    if (a->el == 0) {
        a64_raise_undefined(a);
        return 0;
    }
    if (eret_traps(a, (unsigned)how))
        return 0;
    va_t target = a->elr[a->el];
    if (how != ERET_PLAIN) {
        target = a64_pac_auth(a, how == ERET_A ? A64_KEY_IA : A64_KEY_IB, target, a->x[31], true);
        if (cpu->exit & CPU_EXIT_EXCEPTION)
            return 0;
    }
    a64_exception_return(a, a->spsr[a->el], target); /* an interrupt that it lets in is taken at the jump's end */
    return cpu->pc;
}

static void eret(struct a64_tr *t, unsigned how)
{
    ir_val_t va = ir_call(t->u, IR_I64, A64_HELPER_eret, a64_const(t, how), IR_NONE, IR_NONE, IR_NONE);
    ir_jumpr(t->u, va, IR_LINK_MODE);
    finish(t);
}

/* clang-format off */
const struct a64_semantics a64_branch_rows[] = {
    { A64_INSN_B, 0, b, 0 },            { A64_INSN_BL, 0, b, 1 },
    { A64_INSN_B__COND, 0, b_cond, 0 },  { A64_INSN_BC__COND, 0, b_cond, 0 },
    { A64_INSN_CBZ_W, 0, cbz, 0 },      { A64_INSN_CBZ_X, 0, cbz, 1 },
    { A64_INSN_CBNZ_W, 0, cbz, 2 },     { A64_INSN_CBNZ_X, 0, cbz, 3 },
    { A64_INSN_TBZ, 0, tbz, 0 },        { A64_INSN_TBNZ, 0, tbz, 1 },
    { A64_INSN_BR, 0, br, 0 },          { A64_INSN_BLR, 0, blr, 0 },
    { A64_INSN_RET, 0, ret, 0 },
    { A64_INSN_SVC, 0, svc, 0 },
    { A64_INSN_HVC, 0, hvc, 0 },
    { A64_INSN_SMC, 0, smc, 0 },
    { A64_INSN_BRK, 0, brk, 0 },
    { A64_INSN_HLT, 0, undefined, 0 },  { A64_INSN_DCPS1, 0, undefined, 0 },
    { A64_INSN_DCPS2, 0, undefined, 0 }, { A64_INSN_DCPS3, 0, undefined, 0 },
    { A64_INSN_DRPS, 0, undefined, 0 },
    { A64_INSN_ERET, 0, eret, ERET_PLAIN }, { A64_INSN_ERETAA, 0, eret, ERET_A },
    { A64_INSN_ERETAB, 0, eret, ERET_B },
    A64_ROWS_END
};
/* clang-format on */
