/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System instructions: SDM volume 1, 5.20, 5.21. Most are functions over the whole state; those
 * that may change mode, mapping or what interrupts are taken end their block.
 */
#include "core/util/bits.h"
#include "cpu/x86/bits.h"
#include "cpu/x86/segment.h"
#include "cpu/x86/translate_impl.h"
#include "mmu/tlb.h"

enum { RAX, RCX, RDX, RBX, RSP, R11 = 11 };

static uint64_t edx_eax(const struct x86_cpu *c)
{
    return c->gpr[RDX] << 32 | (uint32_t)c->gpr[RAX];
}

static void set_edx_eax(struct x86_cpu *c, uint64_t v)
{
    c->gpr[RAX] = (uint32_t)v;
    c->gpr[RDX] = v >> 32;
}

/* A function of no arguments but the state; `leaves`: the block ends after it. */
static void whole(struct x86_tr *t, unsigned helper)
{
    ir_call(t->u, IR_VOID, helper & 0xffff, x86_const(t, t->d.length), IR_NONE, IR_NONE, IR_NONE);
    x86_forget_cc(t);
    if (helper & 0x10000)
        x86_leave(t, IR_EXIT_LOOKUP);
}
#define LEAVES 0x10000u

/* ---- control and debug registers ---- */
static void mov_cr(struct x86_tr *t, unsigned arg)
{
    unsigned bytes = x86_is64(t) ? 8 : 4;
    (void)arg;
    if (t->d.op[0].kind == X86_OP_CR) {
        ir_val_t v = x86_get_reg(t, t->d.op[1].reg, bytes);
        ir_call(t->u, IR_VOID, X86_HELPER_write_cr, x86_const(t, t->d.op[0].reg), v, IR_NONE,
                IR_NONE);
        x86_leave(t, IR_EXIT_LOOKUP);
        return;
    }
    x86_put_reg(t, t->d.op[0].reg, bytes,
                ir_call(t->u, IR_I64, X86_HELPER_read_cr, x86_const(t, t->d.op[1].reg), IR_NONE,
                        IR_NONE, IR_NONE));
}

static bool is_cr(unsigned n)
{
    return n == 0 || (n >= 2 && n <= 4) || n == 8;
}

uint64_t x86_helper_write_cr(struct cpu *cpu, uint64_t n, uint64_t v, uint64_t b, uint64_t d)
{
    struct x86_cpu *c = X86_CPU(cpu);
    (void)b, (void)d;
    if (!is_cr((unsigned)n))
        x86_raise(c, X86_UD);
    else if (x86_write_cr(c, (unsigned)n, v))
        cpu_kick(cpu);
    return 0;
}

uint64_t x86_helper_read_cr(struct cpu *cpu, uint64_t n, uint64_t b, uint64_t c0, uint64_t d)
{
    (void)b, (void)c0, (void)d;
    if (is_cr((unsigned)n))
        return x86_read_cr(X86_CPU(cpu), (unsigned)n);
    x86_raise(X86_CPU(cpu), X86_UD);
    return 0;
}

static void mov_dr(struct x86_tr *t, unsigned arg)
{
    unsigned bytes = x86_is64(t) ? 8 : 4;
    (void)arg;
    if (t->d.op[0].kind == X86_OP_DR) {
        ir_val_t v = x86_get_reg(t, t->d.op[1].reg, bytes);
        ir_call(t->u, IR_VOID, X86_HELPER_write_dr, x86_const(t, t->d.op[0].reg), v, IR_NONE,
                IR_NONE);
        x86_leave(t, IR_EXIT_LOOKUP);
        return;
    }
    x86_put_reg(t, t->d.op[0].reg, bytes,
                ir_call(t->u, IR_I64, X86_HELPER_read_dr, x86_const(t, t->d.op[1].reg), IR_NONE,
                        IR_NONE, IR_NONE));
}

uint64_t x86_helper_write_dr(struct cpu *cpu, uint64_t n, uint64_t v, uint64_t b, uint64_t d)
{
    (void)b, (void)d;
    x86_write_dr(X86_CPU(cpu), (unsigned)n, v);
    return 0;
}

uint64_t x86_helper_read_dr(struct cpu *cpu, uint64_t n, uint64_t b, uint64_t c, uint64_t d)
{
    uint64_t v = 0;
    (void)b, (void)c, (void)d;
    x86_read_dr(X86_CPU(cpu), (unsigned)n, &v);
    return v;
}

/* SMSW: to memory and 16-bit registers the low word, else all of it. */
static void smsw(struct x86_tr *t, unsigned arg)
{
    (void)arg;
    ir_call(t->u, IR_VOID, X86_HELPER_umip, IR_NONE, IR_NONE, IR_NONE, IR_NONE);
    x86_put(t, 0,
            ir_call(t->u, IR_I64, X86_HELPER_read_cr, x86_const(t, 0), IR_NONE, IR_NONE, IR_NONE));
}

static void lmsw(struct x86_tr *t, unsigned arg)
{
    (void)arg;
    ir_val_t v = x86_get(t, 0);
    ir_call(t->u, IR_VOID, X86_HELPER_lmsw, v, IR_NONE, IR_NONE, IR_NONE);
    x86_leave(t, IR_EXIT_LOOKUP);
}

/* PE can be set but not cleared. */
uint64_t x86_helper_lmsw(struct cpu *cpu, uint64_t v, uint64_t b, uint64_t c0, uint64_t d)
{
    struct x86_cpu *c = X86_CPU(cpu);
    (void)b, (void)c0, (void)d;
    if (x86_write_cr(c, 0, (c->cr0 & ~14ull) | (v & 15)))
        cpu_kick(cpu);
    return 0;
}

uint64_t x86_helper_clts(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c0, uint64_t d)
{
    struct x86_cpu *c = X86_CPU(cpu);
    (void)a, (void)b, (void)c0, (void)d;
    c->cr0 &= ~(uint64_t)X86_CR0_TS;
    x86_update_mode(c);
    return 0;
}

/* SGDT, SIDT, SLDT, STR, SMSW are for level 0 only under CR4.UMIP. */
uint64_t x86_helper_umip(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c0, uint64_t d)
{
    struct x86_cpu *c = X86_CPU(cpu);
    (void)a, (void)b, (void)c0, (void)d;
    if ((c->cr4 & X86_CR4_UMIP) && x86_cpl(c) != 0)
        x86_raise_error(c, X86_GP, 0);
    return 0;
}

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
        if (x86_store_linear(c, va, 2, false, limit))
            x86_store_linear(c, va + 2, bytes, false, base);
        return 0;
    }
    if (!x86_load_linear(c, va, 2, false, &limit) ||
        !x86_load_linear(c, va + 2, bytes, false, &base))
        return 0;
    if (bytes == 8 && !mmu_x86_canonical(base, c->cr4 & X86_CR4_LA57)) {
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
    if (has_result)
        x86_put(t, 0,
                ir_select(u, IR_I64, zf, ir_op2i(u, IR_AND, IR_I64, v, UINT32_MAX), x86_get(t, 0)));
    put_zf(t, zf);
}

/* Memory is written only where the RPL grows: a read-only operand may stay as it is. ZF. */
uint64_t x86_helper_arpl(struct cpu *cpu, uint64_t seg, uint64_t offset, uint64_t rpl, uint64_t d)
{
    struct x86_cpu *c = X86_CPU(cpu);
    uint64_t v;
    va_t va;
    (void)d;
    if (!x86_linear(c, (enum x86_seg)seg, offset, 2, false, &va) || !x86_load_linear(c, va, 2, false, &v) ||
        (v & 3) >= rpl)
        return 0;
    if (!x86_linear(c, (enum x86_seg)seg, offset, 2, true, &va))
        return 0;
    return x86_store_linear(c, va, 2, false, (v & ~3ull) | rpl);
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

/* ---- interrupts on and off ---- */
static void cli(struct x86_tr *t, unsigned arg)
{
    (void)arg;
    if (!(t->mode & X86_MODE_IOPL)) { /* #GP, or VIF */
        ir_call(t->u, IR_VOID, X86_HELPER_virtual_if, x86_const(t, 0), IR_NONE, IR_NONE, IR_NONE);
        return;
    }
    x86_put_slot(t, X86_SLOT_RFLAGS,
                 ir_op2i(t->u, IR_AND, IR_I64, ir_get(t->u, X86_SLOT_RFLAGS), ~(uint64_t)X86_IF));
}

static void sti(struct x86_tr *t, unsigned arg)
{
    (void)arg;
    if (!(t->mode & X86_MODE_IOPL)) {
        ir_call(t->u, IR_VOID, X86_HELPER_virtual_if, x86_const(t, 1), IR_NONE, IR_NONE, IR_NONE);
        return;
    }
    ir_val_t f = ir_get(t->u, X86_SLOT_RFLAGS);
    x86_put_slot(t, X86_SLOT_RFLAGS, ir_op2i(t->u, IR_OR, IR_I64, f, X86_IF));
    ir_call(t->u, IR_VOID, X86_HELPER_sti, f, IR_NONE, IR_NONE, IR_NONE);
    x86_leave(t, IR_EXIT_LOOKUP);
}

/* The shadow is there only if interrupts were off. */
uint64_t x86_helper_sti(struct cpu *cpu, uint64_t before, uint64_t b, uint64_t c0, uint64_t d)
{
    struct x86_cpu *c = X86_CPU(cpu);
    (void)b, (void)c0, (void)d;
    if (!(before & X86_IF) && c->shadow == X86_SHADOW_NONE)
        c->shadow = X86_SHADOW_STI;
    x86_update_mode(c);
    return 0;
}

/* CLI and STI above IOPL: CR4.PVI at level 3, CR4.VME in virtual-8086 mode (SDM 21.3, 21.4). */
uint64_t x86_helper_virtual_if(struct cpu *cpu, uint64_t on, uint64_t b, uint64_t c0, uint64_t d)
{
    struct x86_cpu *c = X86_CPU(cpu);
    bool virtual = x86_v86(c) ? c->cr4 & X86_CR4_VME : (c->cr4 & X86_CR4_PVI) && x86_cpl(c) == 3;
    (void)b, (void)c0, (void)d;
    if (!virtual || (on && (c->rflags & X86_VIP)))
        x86_raise_error(c, X86_GP, 0);
    else
        c->rflags = (c->rflags & ~(uint64_t)X86_VIF) | (on ? X86_VIF : 0);
    return 0;
}

static void hlt(struct x86_tr *t, unsigned arg)
{
    (void)arg;
    ir_call(t->u, IR_VOID, X86_HELPER_halt, IR_NONE, IR_NONE, IR_NONE, IR_NONE);
    x86_leave(t, IR_EXIT_IDLE);
}

uint64_t x86_helper_halt(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    (void)a, (void)b, (void)c, (void)d;
    x86_set_halted(X86_CPU(cpu), true);
    return 0;
}

/* ---- POPF ---- */
uint64_t x86_helper_popf(struct cpu *cpu, uint64_t v, uint64_t bytes, uint64_t c0, uint64_t d)
{
    struct x86_cpu *c = X86_CPU(cpu);
    unsigned cpl = x86_cpl(c), iopl = c->rflags >> 12 & 3;
    uint64_t mask = X86_ARITH | X86_TF | X86_DF | X86_NT;
    (void)c0, (void)d;
    if (x86_v86(c) && iopl != 3) { /* with VME a 16-bit POPF writes VIF instead (SDM volume 2) */
        if (bytes != 2 || !(c->cr4 & X86_CR4_VME) || (v & X86_TF) ||
            ((v & X86_IF) && (c->rflags & X86_VIP))) {
            x86_raise_error(c, X86_GP, 0);
            return 0;
        }
        c->rflags = (c->rflags & ~(uint64_t)X86_VIF) | (v & X86_IF ? X86_VIF : 0);
    } else if (cpl <= iopl) {
        mask |= X86_IF;
    }
    if (cpl == 0)
        mask |= X86_IOPL;
    if (bytes > 2)
        mask |= X86_AC | X86_ID;
    uint64_t old = x86_get_rflags(c), now = (old & ~mask) | (v & mask);
    if (bytes > 2)
        now &= ~(uint64_t)X86_RF;
    x86_set_rflags(c, now);
    x86_update_mode(c);
    return 0;
}

uint64_t x86_helper_v86_flags(struct cpu *cpu, uint64_t v, uint64_t bytes, uint64_t c0, uint64_t d)
{
    struct x86_cpu *c = X86_CPU(cpu);
    (void)c0, (void)d;
    if (bytes != 2 || !(c->cr4 & X86_CR4_VME)) {
        x86_raise_error(c, X86_GP, 0);
        return 0;
    }
    return (v & ~(uint64_t)X86_IF) | X86_IOPL | (v & X86_VIF ? X86_IF : 0);
}

/* CLAC, STAC */
static void access_control(struct x86_tr *t, unsigned on)
{
    ir_call(t->u, IR_VOID, X86_HELPER_access_control, x86_const(t, on), IR_NONE, IR_NONE, IR_NONE);
    x86_leave(t, IR_EXIT_LOOKUP);
}

uint64_t x86_helper_access_control(struct cpu *cpu, uint64_t on, uint64_t b, uint64_t c0,
                                   uint64_t d)
{
    struct x86_cpu *c = X86_CPU(cpu);
    (void)b, (void)c0, (void)d;
    c->rflags = (c->rflags & ~(uint64_t)X86_AC) | (on ? X86_AC : 0);
    x86_update_mode(c);
    return 0;
}

/* ---- MSRs, counters, identification ---- */
uint64_t x86_helper_rdmsr(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c0, uint64_t d)
{
    struct x86_cpu *c = X86_CPU(cpu);
    uint64_t v;
    (void)a, (void)b, (void)c0, (void)d;
    if (x86_read_msr(c, (uint32_t)c->gpr[RCX], &v))
        set_edx_eax(c, v);
    else
        x86_raise_error(c, X86_GP, 0);
    return 0;
}

uint64_t x86_helper_wrmsr(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c0, uint64_t d)
{
    struct x86_cpu *c = X86_CPU(cpu);
    (void)a, (void)b, (void)c0, (void)d;
    if (!x86_write_msr(c, (uint32_t)c->gpr[RCX], edx_eax(c)))
        x86_raise_error(c, X86_GP, 0);
    else
        x86_update_mode(c);
    return 0;
}

uint64_t x86_helper_rdtsc(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c0, uint64_t d)
{
    struct x86_cpu *c = X86_CPU(cpu);
    (void)a, (void)b, (void)c0, (void)d;
    if ((c->cr4 & X86_CR4_TSD) && x86_cpl(c) != 0)
        x86_raise_error(c, X86_GP, 0);
    else
        set_edx_eax(c, x86_tsc(c));
    return 0;
}

uint64_t x86_helper_rdtscp(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c0, uint64_t d)
{
    x86_helper_rdtsc(cpu, a, b, c0, d);
    if (!(cpu->exit & CPU_EXIT_EXCEPTION))
        X86_CPU(cpu)->gpr[RCX] = (uint32_t)X86_CPU(cpu)->tsc_aux;
    return 0;
}

static void rdpid(struct x86_tr *t, unsigned arg)
{
    (void)arg;
    x86_put(t, 0, ir_call(t->u, IR_I64, X86_HELPER_rdpid, IR_NONE, IR_NONE, IR_NONE, IR_NONE));
}

uint64_t x86_helper_rdpid(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    (void)a, (void)b, (void)c, (void)d;
    return (uint32_t)X86_CPU(cpu)->tsc_aux;
}

/* MPERF and APERF both run at the TSC's rate. Other registers read 0 (APM volume 3, RDPRU). */
uint64_t x86_helper_rdpru(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c0, uint64_t d)
{
    struct x86_cpu *c = X86_CPU(cpu);
    uint32_t n = (uint32_t)c->gpr[RCX];
    (void)a, (void)b, (void)c0, (void)d;
    if ((c->cr4 & X86_CR4_TSD) && x86_cpl(c) != 0)
        x86_raise(c, X86_UD);
    else
        set_edx_eax(c, n <= 1 ? x86_tsc(c) : 0);
    return 0;
}

uint64_t x86_helper_cpuid(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c0, uint64_t d)
{
    static const uint8_t to[] = { RAX, RBX, RCX, RDX };
    struct x86_cpu *c = X86_CPU(cpu);
    uint32_t regs[4];
    (void)a, (void)b, (void)c0, (void)d;
    x86_cpuid(c, (uint32_t)c->gpr[RAX], (uint32_t)c->gpr[RCX], regs);
    for (unsigned i = 0; i < 4; i++)
        c->gpr[to[i]] = regs[i];
    return 0;
}

/* RDRAND, RDSEED: a stream that follows from the machine's seed. */
static void random_number(struct x86_tr *t, unsigned arg)
{
    (void)arg;
    x86_put(t, 0, ir_call(t->u, IR_I64, X86_HELPER_random, IR_NONE, IR_NONE, IR_NONE, IR_NONE));
    x86_set_flags_image(t, x86_const(t, X86_CF));
}

uint64_t x86_helper_random(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c0, uint64_t d)
{
    struct x86_cpu *c = X86_CPU(cpu);
    struct machine_random r = { .state = c->random };
    (void)a, (void)b, (void)c0, (void)d;
    if (r.state == 0)
        machine_random_init(&r, cpu->machine, cpu->name);
    uint64_t v = machine_random_next(&r);
    c->random = r.state;
    return v;
}

/* ---- caches and TLBs ---- */
static void invlpg(struct x86_tr *t, unsigned arg)
{
    (void)arg;
    ir_call(t->u, IR_VOID, X86_HELPER_invlpg, x86_address(t, 1, INSN_MEM_READ), IR_NONE, IR_NONE,
            IR_NONE);
    x86_leave(t, IR_EXIT_LOOKUP);
}

uint64_t x86_helper_invlpg(struct cpu *cpu, uint64_t va, uint64_t b, uint64_t c, uint64_t d)
{
    (void)b, (void)c, (void)d;
    mmu_flush_page(cpu, va, MEM_PAGE, MMU_ANY, MMU_ANY);
    return 0;
}

static void invpcid(struct x86_tr *t, unsigned arg)
{
    (void)arg;
    ir_val_t type = x86_get_reg(t, t->d.op[0].reg, x86_is64(t) ? 8 : 4);
    ir_call(t->u, IR_VOID, X86_HELPER_invpcid, type, x86_address(t, 16, INSN_MEM_READ), IR_NONE,
            IR_NONE);
    x86_leave(t, IR_EXIT_LOOKUP);
}

uint64_t x86_helper_invpcid(struct cpu *cpu, uint64_t type, uint64_t at, uint64_t c0, uint64_t d)
{
    struct x86_cpu *c = X86_CPU(cpu);
    uint64_t pcid, va;
    (void)c0, (void)d;
    if (!x86_load_linear(c, at, 8, false, &pcid) || !x86_load_linear(c, at + 8, 8, false, &va))
        return 0;
    bool pcide = c->cr4 & X86_CR4_PCIDE;
    bool bad = type > 3 || pcid >> 12 != 0 || (type <= 1 && pcid != 0 && !pcide) ||
               (type == 0 && !mmu_x86_canonical(va, c->cr4 & X86_CR4_LA57));
    if (bad)
        x86_raise_error(c, X86_GP, 0);
    else if (type == 0)
        mmu_flush_page(cpu, va, MEM_PAGE, (uint32_t)pcid, MMU_ANY);
    else
        mmu_flush(cpu, type == 1 ? (uint32_t)pcid : MMU_ANY, MMU_ANY);
    return 0;
}

/* CLFLUSH, CLFLUSHOPT, CLWB: no cache holds anything back, but the address must be readable. */
static void cache_line(struct x86_tr *t, unsigned arg)
{
    (void)arg;
    x86_load(t, x86_address(t, 1, INSN_MEM_READ), 1);
}

static void clzero(struct x86_tr *t, unsigned arg)
{
    (void)arg;
    ir_val_t at = ir_op2i(t->u, IR_AND, IR_I64, x86_address(t, 1, INSN_MEM_WRITE), ~63ull);
    for (unsigned i = 0; i < 64; i += 8)
        x86_store(t, ir_op2i(t->u, IR_ADD, IR_I64, at, i), 8, x86_const(t, 0));
}

static void nothing(struct x86_tr *t, unsigned leaves)
{
    if (leaves)
        x86_leave(t, IR_EXIT_LOOKUP);
}

/* ---- protection keys, segment bases ---- */
uint64_t x86_helper_pkru(struct cpu *cpu, uint64_t length, uint64_t b, uint64_t c0, uint64_t d)
{
    struct x86_cpu *c = X86_CPU(cpu);
    (void)length, (void)b, (void)c0, (void)d;
    if (!(c->cr4 & X86_CR4_PKE))
        x86_raise(c, X86_UD);
    else if ((uint32_t)c->gpr[RCX] != 0)
        x86_raise_error(c, X86_GP, 0);
    else
        set_edx_eax(c, (uint32_t)c->pkru);
    return 0;
}

uint64_t x86_helper_write_pkru(struct cpu *cpu, uint64_t length, uint64_t b, uint64_t c0,
                               uint64_t d)
{
    struct x86_cpu *c = X86_CPU(cpu);
    (void)length, (void)b, (void)c0, (void)d;
    if (!(c->cr4 & X86_CR4_PKE)) {
        x86_raise(c, X86_UD);
    } else if ((uint32_t)c->gpr[RCX] != 0 || (uint32_t)c->gpr[RDX] != 0) {
        x86_raise_error(c, X86_GP, 0);
    } else {
        c->pkru = (uint32_t)c->gpr[RAX];
        x86_update_mode(c);
    }
    return 0;
}

enum { READ_BASE, WRITE_BASE = 8 };

static void segment_base(struct x86_tr *t, unsigned arg)
{
    unsigned seg = arg & 7, bytes = t->d.op[0].size;
    ir_call(t->u, IR_VOID, X86_HELPER_fsgsbase, arg & WRITE_BASE ? x86_get(t, 0) : x86_const(t, 0),
            IR_NONE, IR_NONE, IR_NONE);
    ir_val_t slot = ir_get(t->u, X86_SLOT_SEG_BASE + seg);
    if (arg & WRITE_BASE)
        x86_put_slot(t, X86_SLOT_SEG_BASE + seg, x86_get(t, 0));
    else
        x86_put(t, 0, bytes == 8 ? slot : ir_zext(t->u, IR_I64, slot, 32));
}

uint64_t x86_helper_fsgsbase(struct cpu *cpu, uint64_t v, uint64_t b, uint64_t c0, uint64_t d)
{
    struct x86_cpu *c = X86_CPU(cpu);
    (void)b, (void)c0, (void)d;
    if (!(c->cr4 & X86_CR4_FSGSBASE))
        x86_raise(c, X86_UD);
    else if (!mmu_x86_canonical(v, c->cr4 & X86_CR4_LA57))
        x86_raise_error(c, X86_GP, 0);
    return 0;
}

/* Translated code knows the base as a slot: a function must do the exchange. */
uint64_t x86_helper_swapgs(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c0, uint64_t d)
{
    struct x86_cpu *c = X86_CPU(cpu);
    uint64_t base = c->seg[X86_GS].base;
    (void)a, (void)b, (void)c0, (void)d;
    c->seg[X86_GS].base = c->kernel_gs_base;
    c->kernel_gs_base = base;
    return 0;
}

/* ---- ports ---- */
static void in(struct x86_tr *t, unsigned arg)
{
    unsigned bytes = t->d.op[0].size;
    (void)arg;
    ir_val_t port =
        t->d.op[1].kind == X86_OP_IMM ? x86_const(t, t->d.imm & 0xff) : x86_get_reg(t, RDX, 2);
    x86_put(t, 0,
            ir_call(t->u, IR_I64, X86_HELPER_in, port, x86_const(t, bytes), IR_NONE, IR_NONE));
    x86_leave(t, IR_EXIT_LOOKUP); /* an SMI that it raises is taken before the next instruction */
}

uint64_t x86_helper_in(struct cpu *cpu, uint64_t port, uint64_t bytes, uint64_t c, uint64_t d)
{
    (void)c, (void)d;
    if (!x86_io_allowed(X86_CPU(cpu), port, (unsigned)bytes))
        return 0;
    return x86_io_read(X86_CPU(cpu), port, (unsigned)bytes);
}

static void out(struct x86_tr *t, unsigned arg)
{
    unsigned bytes = t->d.op[1].size;
    (void)arg;
    ir_val_t port =
        t->d.op[0].kind == X86_OP_IMM ? x86_const(t, t->d.imm & 0xff) : x86_get_reg(t, RDX, 2);
    ir_call(t->u, IR_VOID, X86_HELPER_out, port, x86_const(t, bytes), x86_get(t, 1), IR_NONE);
    x86_leave(
        t, IR_EXIT_LOOKUP); /* a port may switch A20, memory, or raise an SMI that is due at once */
}

uint64_t x86_helper_out(struct cpu *cpu, uint64_t port, uint64_t bytes, uint64_t v, uint64_t d)
{
    (void)d;
    if (x86_io_allowed(X86_CPU(cpu), port, (unsigned)bytes))
        x86_io_write(X86_CPU(cpu), port, (unsigned)bytes, v);
    return 0;
}

/*
 * ---- MONITOR, MWAIT (SDM volume 2) ----
 * The line is guarded as a reservation is: whoever else writes to it, device or processor, ends the
 * wait.
 */
#define MONITOR_LINE 64u /* leaf 5 */

static void monitor(struct x86_tr *t, unsigned arg)
{
    (void)arg;
    ir_val_t at = x86_address(t, 1, INSN_MEM_READ);
    x86_load(t, at, 1);
    ir_call(t->u, IR_VOID, X86_HELPER_monitor, at, IR_NONE, IR_NONE, IR_NONE);
}

uint64_t x86_helper_monitor(struct cpu *cpu, uint64_t va, uint64_t b, uint64_t c0, uint64_t d)
{
    pa_t pa = 0;
    (void)b, (void)c0, (void)d;
    if ((uint32_t)X86_CPU(cpu)->gpr[RCX] != 0) { /* no extensions */
        x86_raise_error(X86_CPU(cpu), X86_GP, 0);
        return 0;
    }
    bool memory = mmu_host(cpu, va, 1, CPU_LOAD, &pa) != NULL; /* else MWAIT goes on at once */
    mmu_reserve(cpu, pa & ~(pa_t)(MONITOR_LINE - 1), memory ? MONITOR_LINE : 0);
    return 0;
}

static void mwait(struct x86_tr *t, unsigned arg)
{
    (void)arg;
    ir_call(t->u, IR_VOID, X86_HELPER_mwait, IR_NONE, IR_NONE, IR_NONE, IR_NONE);
    x86_leave(t, IR_EXIT_IDLE);
}

uint64_t x86_helper_mwait(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c0, uint64_t d)
{
    struct x86_cpu *c = X86_CPU(cpu);
    uint32_t ecx = (uint32_t)c->gpr[RCX];
    (void)a, (void)b, (void)c0, (void)d;
    if (ecx & ~1u) {
        x86_raise_error(c, X86_GP, 0);
        return 0;
    }
    c->waiting = 1 + (ecx & 1);
    x86_set_halted(c, true);
    x86_check_interrupts(c); /* it may be over already */
    return 0;
}

/* clang-format off */
const struct x86_semantics x86_system_rows[] = {
    { X86_INSN_MOV_CR, X86_SEM_CPL0, mov_cr, 0 },  { X86_INSN_MOV_DR, X86_SEM_CPL0, mov_dr, 0 },
    { X86_INSN_SMSW, 0, smsw, 0 },                 { X86_INSN_LMSW, X86_SEM_CPL0, lmsw, 0 },
    { X86_INSN_CLTS, X86_SEM_CPL0, whole, X86_HELPER_clts | LEAVES },
    { X86_INSN_SGDT, 0, table, SGDT },             { X86_INSN_SIDT, 0, table, SIDT },
    { X86_INSN_LGDT, X86_SEM_CPL0, table, LGDT },  { X86_INSN_LIDT, X86_SEM_CPL0, table, LIDT },
    { X86_INSN_SLDT, X86_SEM_NO_V86, store_selector, X86_SEG_LDTR },
    { X86_INSN_STR, X86_SEM_NO_V86, store_selector, X86_SEG_TR },
    { X86_INSN_LLDT, X86_SEM_NO_V86 | X86_SEM_CPL0, load_selector, X86_SEG_LDTR },
    { X86_INSN_LTR, X86_SEM_NO_V86 | X86_SEM_CPL0, load_selector, X86_SEG_TR },
    { X86_INSN_LAR, X86_SEM_NO_V86, look, LAR },   { X86_INSN_LSL, X86_SEM_NO_V86, look, LSL },
    { X86_INSN_VERR, X86_SEM_NO_V86, look, VERR }, { X86_INSN_VERW, X86_SEM_NO_V86, look, VERW },
    { X86_INSN_ARPL, X86_SEM_NO_V86, arpl, 0 },
    { X86_INSN_CLI, 0, cli, 0 },                   { X86_INSN_STI, 0, sti, 0 },
    { X86_INSN_HLT, X86_SEM_CPL0, hlt, 0 },
    { X86_INSN_CLAC, X86_SEM_CPL0, access_control, 0 }, { X86_INSN_STAC, X86_SEM_CPL0, access_control, 1 },
    { X86_INSN_RDMSR, X86_SEM_CPL0, whole, X86_HELPER_rdmsr },
    { X86_INSN_WRMSR, X86_SEM_CPL0, whole, X86_HELPER_wrmsr | LEAVES },
    { X86_INSN_RDTSC, 0, whole, X86_HELPER_rdtsc }, { X86_INSN_RDTSCP, 0, whole, X86_HELPER_rdtscp },
    { X86_INSN_RDPMC, 0, whole, X86_HELPER_rdpmc }, { X86_INSN_RDPRU, 0, whole, X86_HELPER_rdpru },
    { X86_INSN_RDPID, 0, rdpid, 0 },               { X86_INSN_CPUID, 0, whole, X86_HELPER_cpuid },
    { X86_INSN_RDRAND, 0, random_number, 0 },      { X86_INSN_RDSEED, 0, random_number, 0 },
    { X86_INSN_INVLPG, X86_SEM_CPL0, invlpg, 0 },  { X86_INSN_INVPCID, X86_SEM_CPL0, invpcid, 0 },
    { X86_INSN_CLFLUSH, 0, cache_line, 0 },        { X86_INSN_CLFLUSHOPT, 0, cache_line, 0 },
    { X86_INSN_CLWB, 0, cache_line, 0 },           { X86_INSN_CLZERO, 0, clzero, 0 },
    { X86_INSN_INVD, X86_SEM_CPL0, nothing, 0 },   { X86_INSN_WBINVD, X86_SEM_CPL0, nothing, 0 },
    { X86_INSN_WBNOINVD, X86_SEM_CPL0, nothing, 0 }, { X86_INSN_SERIALIZE, 0, nothing, 1 },
    { X86_INSN_RDPKRU, 0, whole, X86_HELPER_pkru }, { X86_INSN_WRPKRU, 0, whole, X86_HELPER_write_pkru | LEAVES },
    { X86_INSN_RDFSBASE, 0, segment_base, READ_BASE | X86_FS }, { X86_INSN_RDGSBASE, 0, segment_base, READ_BASE | X86_GS },
    { X86_INSN_WRFSBASE, 0, segment_base, WRITE_BASE | X86_FS }, { X86_INSN_WRGSBASE, 0, segment_base, WRITE_BASE | X86_GS },
    { X86_INSN_SWAPGS, X86_SEM_CPL0, whole, X86_HELPER_swapgs },
    { X86_INSN_IN, 0, in, 0 },                     { X86_INSN_OUT, 0, out, 0 },
    { X86_INSN_MONITOR, X86_SEM_CPL0, monitor, 0 }, { X86_INSN_MWAIT, X86_SEM_CPL0, mwait, 0 },
    X86_ROWS_END
};
/* clang-format on */
