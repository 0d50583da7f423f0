/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guest mode (LVZ). The manual's volume on it is not published: what is here is what Linux' KVM relies on
 * (arch/loongarch/kvm) and no more.
 *
 *   root --- ERTN with GSTAT.PVM, or with TLBRPRMD.PGM in a refill handler ---> guest
 *   root <--- the root's exceptions: interrupts, second-stage faults, GSPR, HVC, FP state not loaded --- guest
 *
 * The CSRs guest mode has its own copies of are a bank (struct la_bank); the bank of who runs is la_cpu.csr, and
 * changing worlds exchanges the two. Everything else a guest may not touch (GSPR): the hypervisor decodes BADI. One TLB
 * serves all: entries carry the guest (GSTAT.GID), apart for the guest's own translations and for those of its
 * physical addresses, which the root fills while GTLBC.USETGID and TGID say so.
 *
 * Of GSTAT, GCFG, GINTC and GTLBC there are: PVM, GID; MATC, GPERF; HWIS; USETGID, TGID. Trap controls, pass-through
 * interrupts, reserved MTLB entries and cache trapping read 0 and are not offered.
 */
#include "cpu/loongarch/system_impl.h"

static void exchange_banks(struct la_cpu *la)
{
    struct la_bank kept = la->csr;
    la->csr = la->other;
    la->other = kept;
    bool guest = la_at_guest_bank(la);
    la->bank[guest] = &la->other;
    la->bank[!guest] = &la->csr;
}

static void change_world(struct la_cpu *la, bool guest)
{
    if (UNLIKELY(la->counting))
        la_pmu_sync(la);
    la->gstat = (la->gstat & ~(uint64_t)LA_GSTAT_VM) | (guest ? LA_GSTAT_VM : 0);
    exchange_banks(la);
    la->world_changed = true;
    la->cpu.reserved = false;
    if (UNLIKELY(la->counting))
        la_pmu_changed(la);
}

void la_enter_guest(struct la_cpu *la)
{
    change_world(la, true);
}

/* PVM: by itself the next ERTN would go back; whoever handles the exit clears it. */
void la_leave_guest(struct la_cpu *la)
{
    la->trgp = la->gstat & F_MASK(LA_GSTAT_GID); /* RID */
    change_world(la, false);
    la->gstat |= LA_GSTAT_PVM;
}

uint16_t la_tlb_gid(const struct la_cpu *la)
{
    uint16_t tgid = (uint16_t)F_GET(la->gtlbc, LA_GTLBC_TGID);
    if (la_at_guest_bank(la))
        return (uint16_t)F_GET(la->gstat, LA_GSTAT_GID);
    return (la->gtlbc & LA_GTLBC_USETGID) && tgid != 0 ? (uint16_t)(MMU_LA_GPA + tgid) : 0;
}

/* ---- the root at its guest's bank ---- */
static void borrow(struct la_cpu *la)
{
    exchange_banks(la);
    la->borrowed = true;
}

static void give_back(struct la_cpu *la)
{
    exchange_banks(la);
    la->borrowed = false;
}

/* Argument a as of CSR instructions: 7:0 row, 15:8 member, 17:16 operation. */
uint64_t la_helper_gcsr(struct cpu *cpu, uint64_t a, uint64_t operand, uint64_t mask, uint64_t d)
{
    struct la_cpu *la = LA_CPU(cpu);
    (void)d;
    borrow(la);
    uint64_t old = la_access_csr(la, a, operand, mask);
    give_back(la);
    return old;
}

uint64_t la_helper_gtlb(struct cpu *cpu, uint64_t op, uint64_t b, uint64_t c, uint64_t d)
{
    struct la_cpu *la = LA_CPU(cpu);
    borrow(la);
    la_helper_tlb(cpu, op, b, c, d);
    give_back(la);
    return 0;
}

/* What guest mode may not do: the root's exception. */
uint64_t la_helper_leave_guest(struct cpu *cpu, uint64_t code, uint64_t b, uint64_t c, uint64_t d)
{
    (void)b, (void)c, (void)d;
    cpu_raise(cpu, code, 0, 0, LA_FAULT_EXIT);
    return 0;
}

void la_exits(struct la_tr *t, enum la_ecode code)
{
    ir_call(t->u, IR_VOID, LA_HELPER_leave_guest, la_const(t, code), IR_NONE, IR_NONE, IR_NONE);
    ir_exit(t->u, IR_EXIT_LOOKUP, t->at);
    t->ended = true;
}

bool la_is_sensitive(struct la_tr *t)
{
    if (LIKELY(!(t->mode & LA_MODE_GUEST)))
        return false;
    la_exits(t, LA_GSPR);
    return true;
}

/* A guest has no guests. */
static bool no_guests(struct la_tr *t)
{
    if (!(t->mode & LA_MODE_GUEST))
        return false;
    la_raises(t, LA_INE);
    return true;
}

static void gcsr(struct la_tr *t, unsigned op)
{
    uint32_t index = 0;
    const struct la_csr *row = la_csr_find(t->la->config, (uint32_t)t->d.csr, &index);
    if (no_guests(t))
        return;
    if (row == NULL || !row->guest) {
        la_put_r(t, IR_I64, t->d.rd, la_const(t, 0));
        return;
    }
    ir_val_t a = la_const(t, (uint64_t)(row - la_csrs) | (uint64_t)index << 8 | (uint64_t)op << 16);
    ir_val_t operand = op == LA_CSR_READ ? la_const(t, 0) : la_r(t, IR_I64, t->d.rd);
    ir_val_t mask = op == LA_CSR_EXCHANGE ? la_r(t, IR_I64, t->d.rj) : la_const(t, 0);
    la_put_r(t, IR_I64, t->d.rd, ir_call(t->u, IR_I64, LA_HELPER_gcsr, a, operand, mask, IR_NONE));
}

static void gtlb(struct la_tr *t, unsigned op)
{
    if (no_guests(t))
        return;
    ir_call(t->u, IR_VOID, LA_HELPER_gtlb, la_const(t, op), IR_NONE, IR_NONE, IR_NONE);
    la_leave(t);
}

static void hvcl(struct la_tr *t, unsigned arg)
{
    (void)arg;
    if (t->mode & LA_MODE_GUEST)
        la_exits(t, LA_HVC);
    else
        la_raises(t, LA_INE);
}

/* clang-format off */
#define PRIV LA_SEM_PRIV
const struct la_semantics la_lvz_rows[] = {
    { LA_INSN_GCSRRD, PRIV, gcsr, LA_CSR_READ },      { LA_INSN_GCSRWR, PRIV, gcsr, LA_CSR_WRITE },
    { LA_INSN_GCSRXCHG, PRIV, gcsr, LA_CSR_EXCHANGE }, { LA_INSN_HVCL, 0, hvcl, 0 },
    { LA_INSN_GTLBCLR, PRIV, gtlb, LA_TLBCLR },       { LA_INSN_GTLBFLUSH, PRIV, gtlb, LA_TLBFLUSH },
    { LA_INSN_GTLBSRCH, PRIV, gtlb, LA_TLBSRCH },     { LA_INSN_GTLBRD, PRIV, gtlb, LA_TLBRD },
    { LA_INSN_GTLBWR, PRIV, gtlb, LA_TLBWR },         { LA_INSN_GTLBFILL, PRIV, gtlb, LA_TLBFILL },
    LA_ROWS_END
};
/* clang-format on */
