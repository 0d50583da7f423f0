/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLB maintenance and software page walking: manual, "TLB Maintenance Instructions", "Software Page Walking
 * Instructions". In a refill handler (TLBRERA.IsTLBR) they work on the registers of its own.
 */
#include "core/timing/model.h"
#include "cpu/loongarch/system_impl.h"

#define TLBIDX_INDEX 15, 0
#define TLBIDX_PS    29, 24
#define TLBIDX_NE    31, 31
#define TLBREHI_PS   5, 0
enum { ELO_G = 1 << 6 };
enum { INVTLB_OWN = 6, INVTLB_ALL_GUESTS = 0x12, INVTLB_GUESTS = 0x7f7e00 }; /* mask: ops 9 to Eh, 10h to 16h */

static uint64_t searched(const struct la_cpu *la)
{
    return la_is_tlbr(la) ? la->csr.tlbrehi : la->csr.tlbehi;
}

static void tlbsrch(struct la_cpu *la)
{
    struct la_bank *b = &la->csr;
    int index = mmu_la_tlb_search(&la->tlb, searched(la) & ~0x1fffull, (uint16_t)b->asid, la_tlb_gid(la),
                                  (uint8_t)b->stlbps);
    b->tlbidx = F_PUT(b->tlbidx, TLBIDX_NE, index < 0);
    if (index >= 0)
        b->tlbidx = F_PUT(b->tlbidx, TLBIDX_INDEX, (uint64_t)index);
}

static unsigned index_of(const struct la_cpu *la)
{
    return (unsigned)F_GET(la->csr.tlbidx, TLBIDX_INDEX);
}

/* An entry that is not there, or past the last one, reads as zeros. */
static void tlbrd(struct la_cpu *la)
{
    static const struct mmu_la_entry none = { .valid = false };
    struct la_bank *b = &la->csr;
    unsigned index = index_of(la);
    const struct mmu_la_entry *e = index < MMU_LA_TLB ? &la->tlb.entry[index] : &none;
    uint64_t g = e->global ? ELO_G : 0;
    b->tlbidx = F_PUT(F_PUT(b->tlbidx, TLBIDX_NE, !e->valid), TLBIDX_PS, e->ps);
    b->tlbehi = sext(e->vppn, la->config->mmu.va_bits);
    b->tlbelo[0] = (e->elo[0] & ~(uint64_t)ELO_G) | g;
    b->tlbelo[1] = (e->elo[1] & ~(uint64_t)ELO_G) | g;
    b->asid = e->asid;
    la_update_mode(la);
}

/* What TLBWR and TLBFILL write. A refill handler's is there whatever NE says. */
static struct mmu_la_entry written(const struct la_cpu *la)
{
    const struct la_bank *b = &la->csr;
    bool refill = la_is_tlbr(la);
    uint16_t gid = la_tlb_gid(la);
    const uint64_t *elo = refill ? b->tlbrelo : b->tlbelo;
    return (struct mmu_la_entry){
        .vppn = searched(la) & ~0x1fffull,
        .elo = { elo[0], elo[1] },
        .asid = (uint16_t)b->asid,
        .gid = gid,
        .ps = (uint8_t)(refill ? F_GET(b->tlbrehi, TLBREHI_PS) : F_GET(b->tlbidx, TLBIDX_PS)),
        .valid = refill || !F_GET(b->tlbidx, TLBIDX_NE),
        .global = (elo[0] & elo[1] & ELO_G) || (gid & MMU_LA_GPA),
    };
}

uint64_t la_helper_tlb(struct cpu *cpu, uint64_t op, uint64_t b, uint64_t c, uint64_t d)
{
    struct la_cpu *la = LA_CPU(cpu);
    struct mmu_la_entry e;
    (void)b, (void)c, (void)d;
    switch (op) {
    case LA_TLBSRCH: tlbsrch(la); break;
    case LA_TLBRD: tlbrd(la); break;
    case LA_TLBWR:
        e = written(la);
        mmu_la_tlb_write(&la->tlb, index_of(la), &e);
        break;
    case LA_TLBFILL:
        e = written(la);
        mmu_la_tlb_fill(&la->tlb, &e, (uint8_t)la->csr.stlbps);
        break;
    default: mmu_la_tlb_clear(&la->tlb, index_of(la), op == LA_TLBFLUSH, (uint16_t)la->csr.asid, la_tlb_gid(la)); break;
    }
    return 0;
}

uint64_t la_helper_tlb_light(struct cpu *cpu, uint64_t op, uint64_t b, uint64_t c, uint64_t d)
{
    return la_helper_tlb(cpu, op, b, c, d);
}

/*
 * Direct addresses owe nothing to the TLB, so that what runs under them can go on in its block. TLBRD changes the
 * ASID, and with it the mode's bookkeeping.
 */
void la_tr_tlb(struct la_tr *t, unsigned op)
{
    bool direct = (t->mode & (LA_MODE_DIRECT | LA_MODE_GUEST)) == LA_MODE_DIRECT;
    bool light = op == LA_TLBSRCH || (direct && op != LA_TLBRD);
    ir_call(t->u, IR_VOID, light ? LA_HELPER_tlb_light : LA_HELPER_tlb, la_const(t, op), IR_NONE, IR_NONE, IR_NONE);
    if (!light)
        la_leave(t);
}

uint64_t la_helper_invtlb(struct cpu *cpu, uint64_t op, uint64_t asid, uint64_t va, uint64_t d)
{
    struct la_cpu *la = LA_CPU(cpu);
    bool root = !la_is_guest(la);
    uint8_t gid = (uint8_t)(asid >> 16);
    (void)d;
    if (op > INVTLB_OWN)
        mmu_la_tlb_invalidate_guests(&la->tlb, (unsigned)op, (uint16_t)(asid & 0x3ff), gid, va);
    else
        mmu_la_tlb_invalidate(&la->tlb, (unsigned)op, (uint16_t)(asid & 0x3ff), root ? 0 : la_tlb_gid(la), va);
    if (op == 0 && root && la_has(la->config, LA_F_LVZ)) /* all there is */
        mmu_la_tlb_invalidate_guests(&la->tlb, INVTLB_ALL_GUESTS, 0, 0, 0);
    return 0;
}

uint64_t la_helper_invtlb_light(struct cpu *cpu, uint64_t op, uint64_t asid, uint64_t va, uint64_t d)
{
    return la_helper_invtlb(cpu, op, asid, va, d);
}

void la_tr_invtlb(struct la_tr *t, unsigned arg)
{
    unsigned op = (unsigned)t->d.op;
    bool light = (t->mode & (LA_MODE_DIRECT | LA_MODE_GUEST)) == LA_MODE_DIRECT;
    (void)arg;
    bool guests = la_has(t->la->config, LA_F_LVZ) && !(t->mode & LA_MODE_GUEST) && (INVTLB_GUESTS >> op & 1);
    if (op > INVTLB_OWN && !guests) { /* INVTLB's table: the others are undefined */
        la_raises(t, LA_INE);
        return;
    }
    ir_call(t->u, IR_VOID, light ? LA_HELPER_invtlb_light : LA_HELPER_invtlb, la_const(t, op), la_r(t, IR_I64, t->d.rj),
            la_r(t, IR_I64, t->d.rk), IR_NONE);
    if (!light)
        la_leave(t);
}

/* ---- LDDIR, LDPTE ---- */
struct tables {
    struct mmu_la_regime r, root;
    struct mmu_la_below below;
};

static void open_tables(const struct la_cpu *la, struct tables *t)
{
    la_fill_tables(la, &la->csr, &t->r);
    if (UNLIKELY(la_is_guest(la))) {
        la_fill_regime(la, &t->r);
        la_fill_below(la, &t->below, &t->root);
        t->r.below = &t->below;
    }
}

/* A guest's table that the root has not mapped ends guest mode, and the instruction is done again. */
static void refused(struct la_cpu *la, const struct tables *t, uint64_t base)
{
    if (t->r.below != NULL && t->below.fault != MMU_LA_OK)
        la_raise_below(la, t->below.fault, t->below.gpa, CPU_LOAD);
    else
        la_raise(la, LA_ADEM, base);
}

uint64_t la_helper_lddir(struct cpu *cpu, uint64_t base, uint64_t level, uint64_t c, uint64_t d)
{
    struct la_cpu *la = LA_CPU(cpu);
    struct tables t;
    bool bus;
    (void)c, (void)d;
    open_tables(la, &t);
    uint64_t value = mmu_la_lddir(&t.r, base, (unsigned)level, la->csr.tlbrbadv, &bus);
    if (UNLIKELY(bus))
        refused(la, &t, base);
    return value;
}

uint64_t la_helper_lddir_light(struct cpu *cpu, uint64_t base, uint64_t level, uint64_t c, uint64_t d)
{
    return la_helper_lddir(cpu, base, level, c, d);
}

uint64_t la_helper_ldpte(struct cpu *cpu, uint64_t base, uint64_t seq, uint64_t c, uint64_t d)
{
    struct la_cpu *la = LA_CPU(cpu);
    struct tables t;
    uint8_t ps;
    bool bus;
    (void)c, (void)d;
    open_tables(la, &t);
    uint64_t elo = mmu_la_ldpte(&t.r, base, (unsigned)seq, la->csr.tlbrbadv, &ps, &bus);
    if (UNLIKELY(bus)) {
        refused(la, &t, base);
        return 0;
    }
    la->csr.tlbrelo[seq & 1] = elo;
    la->csr.tlbrehi = F_PUT(la->csr.tlbrehi, TLBREHI_PS, ps);
    return 0;
}

uint64_t la_helper_ldpte_light(struct cpu *cpu, uint64_t base, uint64_t seq, uint64_t c, uint64_t d)
{
    return la_helper_ldpte(cpu, base, seq, c, d);
}

/* A timing model that charges walks needs the exact time around them; and a guest's may walk the root's tables. */
static bool is_charged(const struct la_tr *t)
{
    const struct tm_cpu *tm = t->la->cpu.tm;
    return (tm != NULL && (tm->model->hooks & TM_WALK)) || (t->mode & LA_MODE_GUEST);
}

void la_tr_lddir(struct la_tr *t, unsigned arg)
{
    (void)arg;
    if (t->d.imm < 1 || t->d.imm > 4) { /* there are four levels: as QEMU has it, undefined in the manual */
        la_raises(t, LA_INE);
        return;
    }
    la_put_r(t, IR_I64, t->d.rd, ir_call(t->u, IR_I64, is_charged(t) ? LA_HELPER_lddir : LA_HELPER_lddir_light,
                                         la_r(t, IR_I64, t->d.rj), la_const(t, (uint64_t)t->d.imm), IR_NONE, IR_NONE));
}

void la_tr_ldpte(struct la_tr *t, unsigned arg)
{
    (void)arg;
    ir_call(t->u, IR_VOID, is_charged(t) ? LA_HELPER_ldpte : LA_HELPER_ldpte_light, la_r(t, IR_I64, t->d.rj),
            la_const(t, (uint64_t)t->d.imm & 1), IR_NONE, IR_NONE);
}
