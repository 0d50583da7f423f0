/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loads and stores of general registers: Arm ARM, C4.1.94 but exclusives and atomics (atomic.c).
 * Results and writeback are put after the last access that may fault.
 */
#include "cpu/arm64/translate_impl.h"

/* ---- addresses ---- */
void a64_check_access(struct a64_tr *t, unsigned rn, ir_val_t base, int64_t disp, unsigned bytes,
                      unsigned kind, bool tagged)
{
    uint32_t mte = kind & A64_ACCESS_UNPRIV ? A64_MODE_MTE0 : A64_MODE_MTE;
    if (LIKELY(!(t->mode & (A64_MODE_WATCH | A64_MODE_SP_CHECK | mte))))
        return;
    ir_val_t va = disp == 0 ? base : ir_op2i(t->u, IR_ADD, IR_I64, base, (uint64_t)disp);
    if ((t->mode & A64_MODE_SP_CHECK) && rn == 31)
        ir_call(t->u, IR_VOID, A64_HELPER_sp_check, IR_NONE, IR_NONE, IR_NONE, IR_NONE);
    if (t->mode & A64_MODE_WATCH)
        ir_call(t->u, IR_VOID, A64_HELPER_watch, va, a64_const(t, bytes), a64_const(t, kind), IR_NONE);
    if ((t->mode & mte) && tagged)
        ir_call(t->u, IR_VOID, A64_HELPER_mte_check, va, a64_const(t, bytes), a64_const(t, kind), IR_NONE);
}

ir_val_t a64_address(struct a64_tr *t, unsigned rn, ir_val_t offset, int64_t disp, unsigned bytes,
                     unsigned kind)
{
    ir_val_t base = a64_xsp(t, IR_I64, rn);
    if (offset != IR_NONE)
        base = ir_add(t->u, IR_I64, base, offset);
    /* SP with an immediate offset and no write-back is not tag-checked (D10.4.1) */
    a64_check_access(t, rn, base, disp, bytes, kind,
                     rn != 31 || offset != IR_NONE || (kind & A64_ACCESS_WRITE_BACK));
    return base;
}

uint16_t a64_memop(const struct a64_tr *t, unsigned bytes, unsigned flags)
{
    if (t->mode & A64_MODE_BE)
        flags |= IR_MEM_BE;
    if (t->mode & A64_MODE_ALIGN)
        flags |= IR_MEM_ALIGNED;
    return ir_memop(bytes, flags);
}

uint64_t a64_helper_sp_check(struct cpu *cpu, uint64_t a0, uint64_t b, uint64_t c, uint64_t d)
{
    struct a64_cpu *a = A64_CPU(cpu);
    (void)a0, (void)b, (void)c, (void)d;
    if (a->x[31] & 15)
        a64_raise(a, a64_target_el(a), A64_ESR(A64_EC_SP_ALIGN, 0));
    return 0;
}

/*
 * Row arguments: bytes in 4:0, then how the address is made and what becomes of the value.
 */
enum {
    BYTES = 0x1f, SIGNED = 0x20, TO_X = 0x40, /* sign-extended to 64 bits, not 32 */
    STORE = 0x80, PRE = 0x100, POST = 0x200, UNPRIV = 0x400, ACQ = 0x800, REL = 0x1000, ORDERED = 0x2000,
};

static unsigned flags_of(const struct a64_tr *t, unsigned arg)
{
    unsigned f = 0;
    if (arg & SIGNED)
        f |= IR_MEM_SIGNED;
    if (arg & ACQ)
        f |= IR_MEM_ACQUIRE;
    if (arg & REL)
        f |= IR_MEM_RELEASE;
    if (arg & ORDERED)
        f |= IR_MEM_ATOMIC; /* where it may lie: a64_allows_misaligned */
    if ((arg & UNPRIV) && (t->mode & A64_MODE_UNPRIV))
        f |= A64_REGIME_UNPRIV << 12;
    return f;
}

static unsigned kind_of(unsigned arg)
{
    return (arg & STORE ? INSN_MEM_WRITE : INSN_MEM_READ) | (arg & UNPRIV ? A64_ACCESS_UNPRIV : 0u) |
           (arg & (PRE | POST) ? A64_ACCESS_WRITE_BACK : 0u) | (arg & ORDERED ? A64_ACCESS_ORDERED : 0u) |
           (arg & BYTES) << A64_ACCESS_ELEMENT;
}

/* One register at base + disp. */
static void access(struct a64_tr *t, unsigned arg, ir_val_t base, int64_t disp)
{
    unsigned bytes = arg & BYTES;
    uint16_t memop = a64_memop(t, bytes, flags_of(t, arg));
    if (arg & STORE) {
        ir_store(t->u, IR_I64, base, disp, a64_x(t, IR_I64, t->d.rt), memop);
        return;
    }
    ir_val_t v = ir_load(t->u, IR_I64, base, disp, memop);
    if ((arg & SIGNED) && !(arg & TO_X))
        v = ir_zext(t->u, IR_I64, v, 32);
    if (t->d.rt != 31)
        ir_put(t->u, t->d.rt, v);
}

static void immediate(struct a64_tr *t, unsigned arg)
{
    int64_t imm = t->d.imm, disp = arg & POST ? 0 : imm;
    ir_val_t base = a64_address(t, t->d.rn, IR_NONE, disp, arg & BYTES, kind_of(arg));
    ir_val_t back = arg & (PRE | POST) ? ir_op2i(t->u, IR_ADD, IR_I64, base, (uint64_t)imm) : IR_NONE;
    access(t, arg, base, disp);
    if (back != IR_NONE)
        a64_write_back(t, t->d.rn, back, imm);
}

ir_val_t a64_register_offset(struct a64_tr *t, unsigned bytes)
{
    ir_val_t m = a64_x(t, IR_I64, t->d.rm);
    if (t->d.option == 2)
        m = ir_zext(t->u, IR_I64, m, 32);
    else if (t->d.option == 6)
        m = ir_sext(t->u, IR_I64, m, 32);
    return t->d.s && bytes != 1 ? ir_op2i(t->u, IR_SHL, IR_I64, m, (unsigned)__builtin_ctz(bytes)) : m;
}

static void by_register(struct a64_tr *t, unsigned arg)
{
    ir_val_t m = a64_register_offset(t, arg & BYTES);
    access(t, arg, a64_address(t, t->d.rn, m, 0, arg & BYTES, kind_of(arg)), 0);
}

static void literal(struct a64_tr *t, unsigned arg)
{
    ir_val_t base = ir_pc(t->u, t->at + t->d.imm);
    a64_check_access(t, 0, base, 0, arg & BYTES, kind_of(arg), false);
    access(t, arg, base, 0);
}

static void pair(struct a64_tr *t, unsigned arg)
{
    struct ir_unit *u = t->u;
    unsigned bytes = arg & BYTES;
    int64_t imm = t->d.imm, disp = arg & POST ? 0 : imm;
    ir_val_t base = a64_address(t, t->d.rn, IR_NONE, disp, 2 * bytes, kind_of(arg));
    uint16_t memop = a64_memop(t, bytes, flags_of(t, arg));
    ir_val_t back = arg & (PRE | POST) ? ir_op2i(u, IR_ADD, IR_I64, base, (uint64_t)imm) : IR_NONE;
    if (arg & STORE) {
        ir_store(u, IR_I64, base, disp, a64_x(t, IR_I64, t->d.rt), memop);
        ir_store(u, IR_I64, base, disp + bytes, a64_x(t, IR_I64, t->d.rt2), memop);
    } else {
        ir_val_t v = ir_load(u, IR_I64, base, disp, memop);
        ir_val_t w = ir_load(u, IR_I64, base, disp + bytes, memop);
        if (t->d.rt != 31)
            ir_put(u, t->d.rt, v);
        if (t->d.rt2 != 31)
            ir_put(u, t->d.rt2, w);
    }
    if (back != IR_NONE)
        a64_write_back(t, t->d.rn, back, imm);
}

/* LDAR, STLR and their kin; [Xn] only. */
static void ordered(struct a64_tr *t, unsigned arg)
{
    arg |= ORDERED;
    access(t, arg, a64_address(t, t->d.rn, IR_NONE, 0, arg & BYTES, kind_of(arg)), 0);
}

/* FEAT_LRCPC3: the step is the size of what is accessed. */
static void stlr_pre(struct a64_tr *t, unsigned arg)
{
    t->d.imm = -(int64_t)(arg & BYTES);
    immediate(t, arg | ORDERED | PRE);
}

static void ldapr_post(struct a64_tr *t, unsigned arg)
{
    t->d.imm = arg & BYTES;
    immediate(t, arg | ORDERED | POST);
}

static void ordered_pair(struct a64_tr *t, unsigned arg)
{
    int64_t both = 2 * (int64_t)(arg & BYTES);
    t->d.imm = arg & PRE ? -both : arg & POST ? both : 0;
    pair(t, arg | ORDERED);
}

static void ordered_imm(struct a64_tr *t, unsigned arg)
{
    immediate(t, arg | ORDERED);
}

/* Prefetches: caches hold no data here, and a prefetch never faults. */
static void prefetch(struct a64_tr *t, unsigned arg)
{
    (void)t, (void)arg;
}

/* clang-format off */
/* One register: unsigned and unscaled offsets, pre- and post-index, register offset, unprivileged. */
#define PLAIN(name, unscaled, unpriv, arg)                                                         \
    { A64_INSN_##name##_IMM, 0, immediate, arg },        { A64_INSN_##unscaled, 0, immediate, arg }, \
    { A64_INSN_##name##_POST, 0, immediate, (arg) | POST }, { A64_INSN_##name##_PRE, 0, immediate, (arg) | PRE }, \
    { A64_INSN_##unpriv, 0, immediate, (arg) | UNPRIV }, { A64_INSN_##name##_REG, 0, by_register, arg }
#define PAIR(name, arg)                                                                            \
    { A64_INSN_##name, 0, pair, arg }, { A64_INSN_##name##_POST, 0, pair, (arg) | POST },          \
    { A64_INSN_##name##_PRE, 0, pair, (arg) | PRE }
const struct a64_semantics a64_load_store_rows[] = {
    PLAIN(STRB, STURB, STTRB, 1 | STORE),
    PLAIN(LDRB, LDURB, LDTRB, 1),
    PLAIN(LDRSB_X, LDURSB_X, LDTRSB_X, 1 | SIGNED | TO_X),
    PLAIN(LDRSB_W, LDURSB_W, LDTRSB_W, 1 | SIGNED),
    PLAIN(STRH, STURH, STTRH, 2 | STORE),
    PLAIN(LDRH, LDURH, LDTRH, 2),
    PLAIN(LDRSH_X, LDURSH_X, LDTRSH_X, 2 | SIGNED | TO_X),
    PLAIN(LDRSH_W, LDURSH_W, LDTRSH_W, 2 | SIGNED),
    PLAIN(STR_W, STUR_W, STTR_W, 4 | STORE),
    PLAIN(LDR_W, LDUR_W, LDTR_W, 4),
    PLAIN(LDRSW, LDURSW, LDTRSW, 4 | SIGNED | TO_X),
    PLAIN(STR_X, STUR_X, STTR_X, 8 | STORE),
    PLAIN(LDR_X, LDUR_X, LDTR_X, 8),
    { A64_INSN_LDR_W_LIT, 0, literal, 4 }, { A64_INSN_LDR_X_LIT, 0, literal, 8 },
    { A64_INSN_LDRSW_LIT, 0, literal, 4 | SIGNED | TO_X },
    PAIR(STP_W, 4 | STORE), PAIR(STP_X, 8 | STORE), PAIR(LDP_W, 4), PAIR(LDP_X, 8),
    PAIR(LDPSW, 4 | SIGNED | TO_X),
    { A64_INSN_STNP_W, 0, pair, 4 | STORE }, { A64_INSN_STNP_X, 0, pair, 8 | STORE },
    { A64_INSN_LDNP_W, 0, pair, 4 },         { A64_INSN_LDNP_X, 0, pair, 8 },
    { A64_INSN_PRFM_IMM, 0, prefetch, 0 }, { A64_INSN_PRFM_REG, 0, prefetch, 0 },
    { A64_INSN_PRFM_LIT, 0, prefetch, 0 }, { A64_INSN_PRFUM, 0, prefetch, 0 },
    { A64_INSN_RPRFM, 0, prefetch, 0 },
    { A64_INSN_LDARB, 0, ordered, 1 | ACQ }, { A64_INSN_STLRB, 0, ordered, 1 | STORE | REL },
    { A64_INSN_LDLARB, 0, ordered, 1 | ACQ }, { A64_INSN_STLLRB, 0, ordered, 1 | STORE | REL },
    { A64_INSN_LDAPRB, 0, ordered, 1 | ACQ },
    { A64_INSN_LDARH, 0, ordered, 2 | ACQ }, { A64_INSN_STLRH, 0, ordered, 2 | STORE | REL },
    { A64_INSN_LDLARH, 0, ordered, 2 | ACQ }, { A64_INSN_STLLRH, 0, ordered, 2 | STORE | REL },
    { A64_INSN_LDAPRH, 0, ordered, 2 | ACQ },
    { A64_INSN_LDAR_W, 0, ordered, 4 | ACQ }, { A64_INSN_STLR_W, 0, ordered, 4 | STORE | REL },
    { A64_INSN_LDLAR_W, 0, ordered, 4 | ACQ }, { A64_INSN_STLLR_W, 0, ordered, 4 | STORE | REL },
    { A64_INSN_LDAPR_W, 0, ordered, 4 | ACQ },
    { A64_INSN_LDAR_X, 0, ordered, 8 | ACQ }, { A64_INSN_STLR_X, 0, ordered, 8 | STORE | REL },
    { A64_INSN_LDLAR_X, 0, ordered, 8 | ACQ }, { A64_INSN_STLLR_X, 0, ordered, 8 | STORE | REL },
    { A64_INSN_LDAPR_X, 0, ordered, 8 | ACQ },
    { A64_INSN_STLURB, 0, ordered_imm, 1 | STORE | REL },
    { A64_INSN_LDAPURB, 0, ordered_imm, 1 | ACQ },
    { A64_INSN_LDAPURSB_X, 0, ordered_imm, 1 | SIGNED | TO_X | ACQ },
    { A64_INSN_LDAPURSB_W, 0, ordered_imm, 1 | SIGNED | ACQ },
    { A64_INSN_STLURH, 0, ordered_imm, 2 | STORE | REL },
    { A64_INSN_LDAPURH, 0, ordered_imm, 2 | ACQ },
    { A64_INSN_LDAPURSH_X, 0, ordered_imm, 2 | SIGNED | TO_X | ACQ },
    { A64_INSN_LDAPURSH_W, 0, ordered_imm, 2 | SIGNED | ACQ },
    { A64_INSN_STLUR_W, 0, ordered_imm, 4 | STORE | REL },
    { A64_INSN_LDAPUR_W, 0, ordered_imm, 4 | ACQ },
    { A64_INSN_LDAPURSW, 0, ordered_imm, 4 | SIGNED | TO_X | ACQ },
    { A64_INSN_STLUR_X, 0, ordered_imm, 8 | STORE | REL },
    { A64_INSN_LDAPUR_X, 0, ordered_imm, 8 | ACQ },
    { A64_INSN_STLR_W_PRE, 0, stlr_pre, 4 | STORE | REL }, { A64_INSN_LDAPR_W_POST, 0, ldapr_post, 4 | ACQ },
    { A64_INSN_STILP_W_PRE, 0, ordered_pair, 4 | STORE | REL | PRE }, { A64_INSN_STILP_W, 0, ordered_pair, 4 | STORE | REL },
    { A64_INSN_LDIAPP_W_POST, 0, ordered_pair, 4 | ACQ | POST }, { A64_INSN_LDIAPP_W, 0, ordered_pair, 4 | ACQ },
    { A64_INSN_STLR_X_PRE, 0, stlr_pre, 8 | STORE | REL }, { A64_INSN_LDAPR_X_POST, 0, ldapr_post, 8 | ACQ },
    { A64_INSN_STILP_X_PRE, 0, ordered_pair, 8 | STORE | REL | PRE }, { A64_INSN_STILP_X, 0, ordered_pair, 8 | STORE | REL },
    { A64_INSN_LDIAPP_X_POST, 0, ordered_pair, 8 | ACQ | POST }, { A64_INSN_LDIAPP_X, 0, ordered_pair, 8 | ACQ },
    A64_ROWS_END
};
/* clang-format on */
