/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptor tables and what selectors tell: SDM volume 1, 5.20; volume 2, SGDT ... ARPL. */
#include "core/util/bits.h"
#include "cpu/x86/bits.h"
#include "cpu/x86/segment.h"
#include "cpu/x86/translate_impl.h"

/* ---- descriptor tables ---- */
enum { SGDT, SIDT, LGDT, LIDT };

static void table(struct x86_tr *t, unsigned what)
{
    ir_val_t linear =
        x86_address(t, x86_is64(t) ? 10 : 6, what <= SIDT ? INSN_MEM_WRITE : INSN_MEM_READ);
    ir_call(t->u, IR_VOID, X86_HELPER_table, linear, x86_const(t, what), x86_const(t, t->d.op_size),
            IR_NONE);
}

uint64_t x86_helper_table(struct cpu *cpu, uint64_t va, uint64_t what, uint64_t op_size, uint64_t d)
{
    struct x86_cpu *c = X86_CPU(cpu);
    unsigned bytes = x86_code64(c) ? 8 : 4;
    uint64_t limit, base;
    (void)d;
    if (what <= SIDT) {
        if ((c->cr4 & X86_CR4_UMIP) && x86_cpl(c) != 0) {
            x86_raise_error(c, X86_GP, 0);
            return 0;
        }
        limit = what == SGDT ? c->gdtr.limit : c->idtr.limit;
        base = what == SGDT ? c->gdtr.base : c->idtr.base;
        if (x86_store_data(c, va, 2, limit)) /* to be aligned is the base's part (3.5.1) */
            x86_store_data(c, va + 2, bytes, base);
        return 0;
    }
    if (!x86_load_linear(c, va, 2, false, &limit) ||
        !x86_load_linear(c, va + 2, bytes, false, &base))
        return 0;
    if (bytes == 8 && !x86_base_canonical(c, base)) {
        x86_raise_error(c, X86_GP, 0);
        return 0;
    }
    if (bytes == 4 && op_size == 2)
        base &= 0xffffff;
    if (what == LGDT)
        c->gdtr.limit = limit, c->gdtr.base = base;
    else
        c->idtr.limit = limit, c->idtr.base = base;
    return 0;
}

static void store_selector(struct x86_tr *t, unsigned seg)
{
    ir_call(t->u, IR_VOID, X86_HELPER_umip, IR_NONE, IR_NONE, IR_NONE, IR_NONE);
    x86_put(
        t, 0,
        ir_call(t->u, IR_I64, X86_HELPER_selector, x86_const(t, seg), IR_NONE, IR_NONE, IR_NONE));
}

uint64_t x86_helper_selector(struct cpu *cpu, uint64_t seg, uint64_t b, uint64_t c, uint64_t d)
{
    (void)b, (void)c, (void)d;
    return X86_CPU(cpu)->seg[seg].sel;
}

static void load_selector(struct x86_tr *t, unsigned seg)
{
    ir_val_t v = x86_get(t, 0);
    ir_call(t->u, IR_VOID, X86_HELPER_load_system, x86_const(t, seg), v, IR_NONE, IR_NONE);
}

uint64_t x86_helper_load_system(struct cpu *cpu, uint64_t seg, uint64_t sel, uint64_t c, uint64_t d)
{
    (void)c, (void)d;
    if (seg == X86_SEG_LDTR)
        x86_load_ldtr(X86_CPU(cpu), (uint16_t)sel);
    else
        x86_load_tr(X86_CPU(cpu), (uint16_t)sel);
    return 0;
}

/* ---- LAR, LSL, VERR, VERW, ARPL: what a selector gives, without loading it (SDM volume 2) ---- */
enum { LAR, LSL, VERR, VERW };

/* Is the descriptor of a kind that the instruction tells about? */
static bool is_visible(const struct x86_cpu *c, unsigned what, uint16_t sel, uint64_t d)
{
    unsigned type = x86_desc_type(d), dpl = x86_desc_dpl(d);
    bool segment = x86_desc_is_segment(d), code = type & 8, conforms = (type & 0xc) == 0xc;
    if (!(segment && conforms) && (dpl < x86_cpl(c) || dpl < (sel & 3u)))
        return false;
    if (what == VERR)
        return segment && (!code || (type & 2));
    if (what == VERW)
        return segment && !code && (type & 2);
    if (segment)
        return true;
    if (x86_long_mode(c))
        return type == 2 || type == 9 || type == 11 || (what == LAR && type == 12);
    bool tss = type == 1 || type == 3 || type == 9 || type == 11 || type == 2;
    return tss || (what == LAR && (type == 4 || type == 5 || type == 12));
}

/* Bit 63: ZF; below it the value. */
uint64_t x86_helper_look(struct cpu *cpu, uint64_t what, uint64_t sel, uint64_t c0, uint64_t d0)
{
    struct x86_cpu *c = X86_CPU(cpu);
    uint64_t d, high;
    bool faulted;
    (void)c0, (void)d0;
    if ((sel & 0xfffc) == 0 || !x86_read_descriptor(c, (uint16_t)sel, &d, &high, &faulted))
        return 0;
    if (!is_visible(c, (unsigned)what, (uint16_t)sel, d))
        return 0;
    struct x86_segment s;
    x86_unpack_segment((uint16_t)sel, d, &s);
    if (what == LAR)
        return 1ull << 63 | (d >> 32 & 0x00ffff00);
    return 1ull << 63 | (what == LSL ? s.limit : 0);
}

static void put_zf(struct x86_tr *t, ir_val_t zf)
{
    x86_set_flags_image(t, ir_deposit(t->u, IR_I64, x86_flags_image(t), zf, 6, 1));
}

static void look(struct x86_tr *t, unsigned what)
{
    struct ir_unit *u = t->u;
    bool has_result = what <= LSL;
    ir_val_t sel = x86_get(t, has_result ? 1 : 0);
    ir_val_t v = ir_call(u, IR_I64, X86_HELPER_look, x86_const(t, what),
                         ir_zext(u, IR_I64, sel, 16), IR_NONE, IR_NONE);
    ir_val_t zf = ir_op2i(u, IR_SHR, IR_I64, v, 63);
    if (has_result) { /* nothing is written if it is not told: not the upper half, either */
        unsigned slot = X86_SLOT_GPR + t->d.op[0].reg;
        ir_val_t old = ir_get(u, slot), r = ir_op2i(u, IR_AND, IR_I64, v, UINT32_MAX);
        if (t->d.op_size == 2)
            r = ir_deposit(u, IR_I64, old, r, 0, 16);
        x86_put_slot(t, slot, ir_select(u, IR_I64, zf, r, old));
    }
    put_zf(t, zf);
}

/* Memory is written only where the RPL grows: a read-only operand may stay as it is. ZF. */
uint64_t x86_helper_arpl(struct cpu *cpu, uint64_t seg, uint64_t offset, uint64_t rpl, uint64_t d)
{
    struct x86_cpu *c = X86_CPU(cpu);
    uint64_t v;
    va_t va;
    (void)d;
    if (!x86_linear(c, (enum x86_seg)seg, offset, 2, false, &va) ||
        !x86_load_data(c, va, 2, &v) || (v & 3) >= rpl)
        return 0;
    if (!x86_linear(c, (enum x86_seg)seg, offset, 2, true, &va))
        return 0;
    return x86_store_data(c, va, 2, (v & ~3ull) | rpl);
}

static void arpl(struct x86_tr *t, unsigned arg)
{
    struct ir_unit *u = t->u;
    (void)arg;
    if (x86_is_mem(t, 0)) {
        put_zf(t, ir_call(u, IR_I64, X86_HELPER_arpl, x86_const(t, t->d.seg), x86_offset(t),
                          ir_op2i(u, IR_AND, IR_I64, x86_get(t, 1), 3), IR_NONE));
        return;
    }
    ir_val_t a = x86_get_rmw(t, 0), rpl = ir_op2i(u, IR_AND, IR_I64, x86_get(t, 1), 3);
    ir_val_t less = ir_setcc(u, IR_I64, IR_LTU, ir_op2i(u, IR_AND, IR_I64, a, 3), rpl);
    x86_put(t, 0, ir_select(u, IR_I64, less, ir_deposit(u, IR_I64, a, rpl, 0, 2), a));
    put_zf(t, less);
}

/* clang-format off */
const struct x86_semantics x86_descriptor_rows[] = {
    { X86_INSN_SGDT, 0, table, SGDT },
    { X86_INSN_SIDT, 0, table, SIDT },
    { X86_INSN_LGDT, X86_SEM_CPL0, table, LGDT },
    { X86_INSN_LIDT, X86_SEM_CPL0, table, LIDT },
    { X86_INSN_SLDT, X86_SEM_NO_V86, store_selector, X86_SEG_LDTR },
    { X86_INSN_STR, X86_SEM_NO_V86, store_selector, X86_SEG_TR },
    { X86_INSN_LLDT, X86_SEM_NO_V86 | X86_SEM_CPL0, load_selector, X86_SEG_LDTR },
    { X86_INSN_LTR, X86_SEM_NO_V86 | X86_SEM_CPL0, load_selector, X86_SEG_TR },
    { X86_INSN_LAR, X86_SEM_NO_V86, look, LAR },
    { X86_INSN_LSL, X86_SEM_NO_V86, look, LSL },
    { X86_INSN_VERR, X86_SEM_NO_V86, look, VERR },
    { X86_INSN_VERW, X86_SEM_NO_V86, look, VERW },
    { X86_INSN_ARPL, X86_SEM_NO_V86, arpl, 0 },
    X86_ROWS_END
};
/* clang-format on */
