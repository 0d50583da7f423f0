/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Translation of x87 instructions, SDM volume 1, 5.2: loads in translated code, then a call that
 * does the rest; stores as one call, since an unmasked exception keeps the result out of memory.
 */
#include "cpu/x86/opcode.h"
#include "cpu/x86/translate_impl.h"
#include "cpu/x86/x87_op.h"
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include "mmu/tlb.h"

/* ---- pointers to the last instruction and operand: SDM volume 1, 8.1.8 ---- */
static void note_pointers(struct x86_cpu *c, uint64_t how, uint64_t offset, va_t pc)
{
    bool no_selectors = x86_cpu_has(c, X86_F_ZERO_FCS_FDS);
    c->fop = how >> X87_FOP_SHIFT & 0x7ff;
    c->fip = x86_ip(c, pc);
    c->fcs = no_selectors ? 0 : c->seg[X86_CS].sel;
    unsigned seg = how >> X87_SEG_SHIFT & 7;
    if (seg < X86_SEGS) {
        c->fdp = offset;
        c->fds = no_selectors ? 0 : c->seg[seg].sel;
    }
}

uint64_t x86_helper_x87(struct cpu *cpu, uint64_t how, uint64_t value, uint64_t offset, uint64_t pc)
{
    struct x86_cpu *c = X86_CPU(cpu);
    note_pointers(c, how, offset, pc);
    return x87_execute(c, how, value);
}

/* Where CR0.NE is 1: nothing the board sees comes of it. */
uint64_t x86_helper_x87_quick(struct cpu *cpu, uint64_t how, uint64_t value, uint64_t offset,
                              uint64_t pc)
{
    struct x86_cpu *c = X86_CPU(cpu);
    if (UNLIKELY(c->fsw & X87_ES)) {
        x86_raise(c, X86_MF);
        return 0;
    }
    return x86_helper_x87(cpu, how, value, offset, pc);
}

uint64_t x86_helper_x87_store(struct cpu *cpu, uint64_t how, uint64_t va, uint64_t offset,
                              uint64_t pc)
{
    struct x86_cpu *c = X86_CPU(cpu);
    struct x87_store s = x87_prepare_store(c, how);
    if (s.bytes > 8 && (!x87_may_store(c, va, s.bytes) || !x86_store_data(c, va + 8, 2, s.high)))
        return 0;
    if (s.bytes != 0 && !x86_store_data(c, va, MIN(s.bytes, 8), s.low))
        return 0;
    note_pointers(c, how, offset, pc);
    x87_stored(c, how, &s);
    return 0;
}

/* With all exceptions masked, to memory that takes stores at once. */
uint64_t x86_quick_x87_store(struct cpu *cpu, uint64_t how, uint64_t va, uint64_t offset, uint64_t pc)
{
    struct x86_cpu *c = X86_CPU(cpu);
    if ((c->fcw & FP80_ALL) != FP80_ALL || (c->mode & X86_MODE_ALIGN))
        return 0;
    struct x87_store s = x87_prepare_store(c, how);
    uint8_t *to = mmu_store_hit(cpu, va, s.bytes);
    if (s.bytes == 0 || to == NULL)
        return 0;
    st_le(to, s.low, MIN(s.bytes, 8));
    if (s.bytes > 8)
        st_le(to + 8, s.high, 2);
    note_pointers(c, how, offset, pc);
    x87_stored(c, how, &s);
    return 1;
}

/* ---- operands ---- */
/* In a table's argument: the memory operand is an integer, or packed BCD. */
enum { INTEGER = 1u << 30, DECIMAL = 1u << 29 };

static enum x87_source format_of(unsigned bytes, unsigned arg)
{
    if (arg & DECIMAL)
        return X87_BCD;
    if (arg & INTEGER)
        return bytes == 2 ? X87_I16 : bytes == 4 ? X87_I32 : X87_I64;
    return bytes == 4 ? X87_F32 : bytes == 8 ? X87_F64 : X87_F80;
}

/* Of the operands the one that is not ST(0), or the only one; d.n_ops: there is none. */
static unsigned other_operand(const struct x86_tr *t)
{
    return t->d.n_ops == 2 && t->d.op[0].reg == 0 ? 1 : 0;
}

static uint64_t how_of(const struct x86_tr *t, unsigned arg)
{
    unsigned n = other_operand(t), seg = X86_SEGS;
    uint64_t how = arg & ~(unsigned)(INTEGER | DECIMAL);
    const struct x86_operand *o = &t->d.op[n];
    if (n < t->d.n_ops && o->kind == X86_OP_MEM) {
        how |= (uint64_t)format_of(o->size, arg) << X87_SOURCE_SHIFT;
        seg = t->d.seg;
    } else if (n < t->d.n_ops) {
        how |= (uint64_t)o->reg << X87_I_SHIFT;
        if (n == 0 && t->d.n_ops == 2)
            how |= X87_TO_I;
    }
    uint64_t fop = (x86_rows[t->d.form].opcode & 7u) << 8 | t->d.modrm;
    return how | (uint64_t)seg << X87_SEG_SHIFT | fop << X87_FOP_SHIFT;
}

static ir_val_t call(struct x86_tr *t, unsigned type, ir_val_t how, ir_val_t value, ir_val_t offset)
{
    return ir_call(t->u, type, t->mode & X86_MODE_FERR ? X86_HELPER_x87 : X86_HELPER_x87_quick, how, value, offset, ir_pc(t->u, t->at));
}

static void simple(struct x86_tr *t, unsigned arg)
{
    struct ir_unit *u = t->u;
    uint64_t word = how_of(t, arg);
    ir_val_t how = x86_const(t, word), zero = x86_const(t, 0);
    if (t->d.n_ops == 0 || !x86_is_mem(t, 0)) {
        call(t, IR_VOID, how, zero, zero);
        return;
    }
    unsigned bytes = t->d.op[0].size;
    ir_val_t at = x86_address(t, bytes, INSN_MEM_READ), low = x86_load(t, at, MIN(bytes, 8u));
    if (bytes > 8) {
        ir_val_t high = x86_load(t, ir_op2i(u, IR_ADD, IR_I64, at, 8), 2);
        how = ir_or(u, IR_I64, how, ir_op2i(u, IR_SHL, IR_I64, high, X87_HIGH_SHIFT));
    }
    call(t, IR_VOID, how, low, x86_offset(t));
}

static void store(struct x86_tr *t, unsigned arg)
{
    if (!x86_is_mem(t, 0)) {
        simple(t, (arg & ~0xffu) | (x86_rows[t->d.form].opcode == 0xd9 ? X87_COPY_ANY : X87_COPY));
        return;
    }
    ir_val_t how = x86_const(t, how_of(t, arg)),
             at = x86_address(t, t->d.op[0].size, INSN_MEM_WRITE);
    ir_call(t->u, IR_VOID, X86_HELPER_x87_store, how, at, x86_offset(t), ir_pc(t->u, t->at));
}

static void compare_flags(struct x86_tr *t, unsigned arg)
{
    ir_val_t how = x86_const(t, how_of(t, arg));
    ir_val_t flags = call(t, IR_I64, how, x86_flags_image(t), x86_const(t, 0));
    x86_set_flags_image(t, flags);
}

static void move_if(struct x86_tr *t, unsigned arg)
{
    ir_val_t how = x86_const(t, how_of(t, arg));
    call(t, IR_VOID, how, x86_condition(t, t->d.cond), x86_const(t, 0));
}

/* clang-format off */
#define OWN (X86_SEM_X87 | X86_SEM_X87_OWN)
#define ARITH(name, op)                                                                            \
    { X86_INSN_F##name, OWN, simple, op }, { X86_INSN_F##name##P, OWN, simple, (op) | X87_POP }, \
    { X86_INSN_FI##name, OWN, simple, (op) | INTEGER }
#define SIMPLE(name, op) { X86_INSN_F##name, OWN, simple, op }
const struct x86_semantics x86_x87_rows[] = {
    ARITH(ADD, X87_ADD), ARITH(MUL, X87_MUL), ARITH(DIV, X87_DIV), ARITH(SUB, X87_SUB),
    SIMPLE(SUBR, X87_SUBR), SIMPLE(SUBRP, X87_SUBR | X87_POP), SIMPLE(ISUBR, X87_SUBR | INTEGER),
    SIMPLE(DIVR, X87_DIVR), SIMPLE(DIVRP, X87_DIVR | X87_POP), SIMPLE(IDIVR, X87_DIVR | INTEGER),
    SIMPLE(COM, X87_COM), SIMPLE(COMP, X87_COM | X87_POP),
    SIMPLE(ICOM, X87_COM | INTEGER), SIMPLE(ICOMP, X87_COM | INTEGER | X87_POP),
    SIMPLE(UCOM, X87_UCOM), SIMPLE(UCOMP, X87_UCOM | X87_POP),
    SIMPLE(COMPP, X87_COM | X87_POP2 | 1u << X87_I_SHIFT), SIMPLE(UCOMPP, X87_UCOM | X87_POP2 | 1u << X87_I_SHIFT),
    SIMPLE(TST, X87_TST), SIMPLE(XAM, X87_XAM),
    SIMPLE(LD, X87_LOAD), SIMPLE(ILD, X87_LOAD | INTEGER), SIMPLE(BLD, X87_LOAD | DECIMAL),
    SIMPLE(LD1, X87_LD1), SIMPLE(LDZ, X87_LDZ), SIMPLE(LDL2T, X87_LDL2T), SIMPLE(LDL2E, X87_LDL2E),
    SIMPLE(LDPI, X87_LDPI), SIMPLE(LDLG2, X87_LDLG2), SIMPLE(LDLN2, X87_LDLN2),
    SIMPLE(CHS, X87_CHS), SIMPLE(ABS, X87_ABS), SIMPLE(SQRT, X87_SQRT), SIMPLE(RNDINT, X87_RNDINT),
    SIMPLE(2XM1, X87_2XM1), SIMPLE(SIN, X87_SIN), SIMPLE(COS, X87_COS), SIMPLE(SINCOS, X87_SINCOS),
    SIMPLE(PTAN, X87_PTAN), SIMPLE(XTRACT, X87_XTRACT), SIMPLE(PREM, X87_PREM), SIMPLE(PREM1, X87_PREM1),
    SIMPLE(SCALE, X87_SCALE), SIMPLE(YL2X, X87_YL2X), SIMPLE(YL2XP1, X87_YL2XP1), SIMPLE(PATAN, X87_PATAN),
    SIMPLE(XCH, X87_XCH), SIMPLE(FREE, X87_FREE), SIMPLE(FREEP, X87_FREE | X87_POP),
    SIMPLE(INCSTP, X87_INCSTP), SIMPLE(DECSTP, X87_DECSTP), SIMPLE(NOP, X87_NOP),
    { X86_INSN_FST, X86_SEM_X87, store, X87_STORE }, { X86_INSN_FSTP, X86_SEM_X87, store, X87_STORE | X87_POP },
    { X86_INSN_FIST, X86_SEM_X87, store, X87_STORE | INTEGER },
    { X86_INSN_FISTP, X86_SEM_X87, store, X87_STORE | INTEGER | X87_POP },
    { X86_INSN_FISTTP, X86_SEM_X87, store, X87_STORE_CHOPPED | INTEGER | X87_POP },
    { X86_INSN_FBSTP, X86_SEM_X87, store, X87_STORE | DECIMAL | X87_POP },
    { X86_INSN_FCOMI, OWN, compare_flags, X87_COMI },
    { X86_INSN_FCOMIP, OWN, compare_flags, X87_COMI | X87_POP },
    { X86_INSN_FUCOMI, OWN, compare_flags, X87_UCOMI },
    { X86_INSN_FUCOMIP, OWN, compare_flags, X87_UCOMI | X87_POP },
    { X86_INSN_FCMOVCC, OWN, move_if, X87_CMOV },
    X86_ROWS_END
};
/* clang-format on */
