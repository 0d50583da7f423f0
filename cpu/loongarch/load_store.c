/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loads and stores of general and FP registers, those that check bounds, hints: manual, 2.2.5, 2.2.6, 3.2.6,
 * 3.2.7.
 */
#include "cpu/loongarch/translate_impl.h"

/* Row argument. */
enum { BYTES = 0x0f, SIGNED = 0x10, INDEX = 0x20, STORE = 0x40, GREATER = 0x80, FLOAT = 0x100 };

/* ---- what is loaded and stored ---- */
static void load_at(struct la_tr *t, unsigned arg, ir_val_t base, int64_t disp, uint16_t memop)
{
    struct ir_unit *u = t->u;
    if (!(arg & FLOAT)) {
        la_put_r(t, IR_I64, t->d.rd, ir_load(u, IR_I64, base, disp, memop));
        return;
    }
    bool d = (arg & BYTES) == 8;
    ir_val_t v = ir_load(u, d ? IR_F64 : IR_F32, base, disp, memop);
    la_put_v(t, t->d.rd, 0, ir_vins(u, d ? 3 : 2, la_v(t, t->d.rd, 0), 0, v));
}

static void store_at(struct la_tr *t, unsigned arg, ir_val_t base, int64_t disp, uint16_t memop)
{
    struct ir_unit *u = t->u;
    bool d = (arg & BYTES) == 8;
    if (!(arg & FLOAT))
        ir_store(u, IR_I64, base, disp, la_r(t, IR_I64, t->d.rd), memop);
    else
        ir_store(u, d ? IR_F64 : IR_F32, base, disp,
                 ir_vlane(u, d ? IR_F64 : IR_F32, d ? 3 : 2, la_v(t, t->d.rd, 0), 0), memop);
}

static void access_at(struct la_tr *t, unsigned arg, ir_val_t base, int64_t disp, uint16_t memop)
{
    if (arg & STORE)
        store_at(t, arg, base, disp, memop);
    else
        load_at(t, arg, base, disp, memop);
}

static void access_memory(struct la_tr *t, unsigned arg)
{
    int64_t disp = arg & INDEX ? 0 : t->d.imm;
    ir_val_t base = la_address(t, t->d.rj, arg & INDEX ? la_r(t, IR_I64, t->d.rk) : IR_NONE, &disp);
    access_at(t, arg, base, disp, la_memop(t, arg & BYTES, arg & SIGNED ? IR_MEM_SIGNED : 0u));
}

/* ---- bounds: alignment counts before them, translation after (manual, priority of exceptions) ---- */
static void bounded(struct la_tr *t, unsigned arg)
{
    int64_t disp = 0;
    unsigned flags = IR_MEM_ALIGNED | (arg & SIGNED ? IR_MEM_SIGNED : 0u);
    ir_val_t base = la_address(t, t->d.rj, IR_NONE, &disp);
    ir_val_t inside = ir_setcc(t->u, IR_I64, arg & GREATER ? IR_GTS : IR_LES, la_r(t, IR_I64, t->d.rj),
                               la_r(t, IR_I64, t->d.rk));
    ir_call(t->u, IR_VOID, LA_HELPER_bound, base, inside, la_const(t, arg & (BYTES | STORE)), IR_NONE);
    access_at(t, arg, base, disp, la_memop(t, arg & BYTES, flags));
}

/* An address that can be none goes before the bound, all else that translation finds behind it. */
static bool is_no_address(struct la_cpu *la, uint64_t va)
{
    struct mmu_la_regime r;
    struct mmu_la_result unused;
    la_fill_regime(la, &r);
    r.cpu = NULL;
    return mmu_la_walk(&r, va, 1, CPU_LOAD, MMU_LA_PROBE, &unused) == MMU_LA_ADDRESS;
}

uint64_t la_helper_bound(struct cpu *cpu, uint64_t va, uint64_t inside, uint64_t arg, uint64_t d)
{
    (void)d;
    if (va & ((arg & BYTES) - 1))
        la_raise_align(cpu, va, arg & STORE ? CPU_STORE : CPU_LOAD);
    else if (!inside)
        la_raise(LA_CPU(cpu), is_no_address(LA_CPU(cpu), va) ? LA_ADEM : LA_BCE, va);
    return 0;
}

/* ---- hints ---- */
static void preld(struct la_tr *t, unsigned arg)
{
    (void)t, (void)arg;
}

/* clang-format off */
#define ROW(name, fn, arg) { LA_INSN_##name, 0, fn, arg }
#define FP(name, fn, arg) { LA_INSN_##name, LA_SEM_FP, fn, (arg) | FLOAT }
#define BOUNDED(kind, how)                                                                         \
    ROW(LD##kind##_B, bounded, 1 | SIGNED | (how)), ROW(LD##kind##_H, bounded, 2 | SIGNED | (how)), \
    ROW(LD##kind##_W, bounded, 4 | SIGNED | (how)), ROW(LD##kind##_D, bounded, 8 | (how)),         \
    ROW(ST##kind##_B, bounded, 1 | STORE | (how)), ROW(ST##kind##_H, bounded, 2 | STORE | (how)),  \
    ROW(ST##kind##_W, bounded, 4 | STORE | (how)), ROW(ST##kind##_D, bounded, 8 | STORE | (how)),  \
    FP(FLD##kind##_S, bounded, 4 | (how)), FP(FLD##kind##_D, bounded, 8 | (how)),                  \
    FP(FST##kind##_S, bounded, 4 | STORE | (how)), FP(FST##kind##_D, bounded, 8 | STORE | (how))
const struct la_semantics la_load_store_rows[] = {
    ROW(LD_B, access_memory, 1 | SIGNED),   ROW(LD_H, access_memory, 2 | SIGNED),
    ROW(LD_W, access_memory, 4 | SIGNED),   ROW(LD_D, access_memory, 8),
    ROW(LD_BU, access_memory, 1),           ROW(LD_HU, access_memory, 2),
    ROW(LD_WU, access_memory, 4),
    ROW(ST_B, access_memory, 1 | STORE),    ROW(ST_H, access_memory, 2 | STORE),
    ROW(ST_W, access_memory, 4 | STORE),    ROW(ST_D, access_memory, 8 | STORE),
    ROW(LDPTR_W, access_memory, 4 | SIGNED), ROW(LDPTR_D, access_memory, 8),
    ROW(STPTR_W, access_memory, 4 | STORE), ROW(STPTR_D, access_memory, 8 | STORE),
    ROW(LDX_B, access_memory, 1 | SIGNED | INDEX),  ROW(LDX_H, access_memory, 2 | SIGNED | INDEX),
    ROW(LDX_W, access_memory, 4 | SIGNED | INDEX),  ROW(LDX_D, access_memory, 8 | INDEX),
    ROW(LDX_BU, access_memory, 1 | INDEX),  ROW(LDX_HU, access_memory, 2 | INDEX),
    ROW(LDX_WU, access_memory, 4 | INDEX),
    ROW(STX_B, access_memory, 1 | STORE | INDEX),   ROW(STX_H, access_memory, 2 | STORE | INDEX),
    ROW(STX_W, access_memory, 4 | STORE | INDEX),   ROW(STX_D, access_memory, 8 | STORE | INDEX),
    FP(FLD_S, access_memory, 4),            FP(FLD_D, access_memory, 8),
    FP(FST_S, access_memory, 4 | STORE),    FP(FST_D, access_memory, 8 | STORE),
    FP(FLDX_S, access_memory, 4 | INDEX),   FP(FLDX_D, access_memory, 8 | INDEX),
    FP(FSTX_S, access_memory, 4 | STORE | INDEX),   FP(FSTX_D, access_memory, 8 | STORE | INDEX),
    BOUNDED(GT, GREATER), BOUNDED(LE, 0),
    ROW(PRELD, preld, 0), ROW(PRELDX, preld, 0),
    LA_ROWS_END
};
/* clang-format on */
