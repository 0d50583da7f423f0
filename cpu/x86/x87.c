/* SPDX-License-Identifier: Apache-2.0 */
/*
 * x87 control: pending exceptions, control and status word, the environment and the whole state in
 * memory. SDM volume 1, 8.1 and 8.7; volume 2, FLDENV, FSAVE and their like.
 */
#include "cpu/x86/x87.h"
#include "core/util/bits.h"
#include "cpu/x86/bits.h"
#include "cpu/x86/translate_impl.h"
#include "mmu/tlb.h"

/* SDM volume 2, FNINIT. The registers themselves stay. */
void x86_x87_reset(struct x86_cpu *c)
{
    c->fcw = 0x37f;
    c->fsw = 0;
    c->ftw = 0;
    c->fop = c->fip = c->fcs = c->fdp = c->fds = 0;
}

void x87_update_pending(struct x86_cpu *c)
{
    bool was = c->fsw & X87_ES, is = c->fsw & ~c->fcw & FP80_ALL;
    c->fsw &= ~(uint64_t)(X87_ES | X87_B);
    if (is)
        c->fsw |= X87_ES | X87_B;
    else if (was && !(c->cr0 & X86_CR0_NE))
        c->wiring.ferr(c->wiring.arg, false);
}

void x87_set_control(struct x86_cpu *c, uint16_t fcw)
{
    c->fcw = (fcw & 0x1f3f) | 0x40;
    x87_update_pending(c);
}

void x87_set_words(struct x86_cpu *c, uint16_t fcw, uint16_t fsw)
{
    c->fsw = (c->fsw & X87_ES) | (fsw & ~(unsigned)(X87_ES | X87_B)); /* FERR# falls if it was up */
    x87_set_control(c, fcw);
}

/*
 * Before every instruction that waits. With CR0.NE = 0 the error is the board's: FERR# through an
 * interrupt controller, and the processor freezes until that interrupts it, unless IGNNE# says to
 * go on (SDM volume 1, appendix D.2.1). Where the interrupt cannot come, because it is masked, we
 * go on instead of freezing for good.
 */
uint64_t x86_helper_x87_pending(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c0, uint64_t d)
{
    struct x86_cpu *c = X86_CPU(cpu);
    (void)a, (void)b, (void)c0, (void)d;
    if (LIKELY(!(c->fsw & X87_ES)))
        return 0;
    if (c->cr0 & X86_CR0_NE) {
        x86_raise(c, X86_MF);
    } else if (!c->wiring.ignne(c->wiring.arg)) {
        c->wiring.ferr(c->wiring.arg, true);
        if (x86_is_interrupted(c))
            cpu_raise(cpu, X86_CAUSE_AGAIN, 0, 0, 0);
    }
    return 0;
}

/* Where CR0.NE is 1, ES alone tells. */
void x86_x87_wait(struct x86_tr *t)
{
    if (t->mode & X86_MODE_FERR)
        ir_call(t->u, IR_VOID, X86_HELPER_x87_pending, IR_NONE, IR_NONE, IR_NONE, IR_NONE);
    else
        ir_trap(t->u, ir_op2i(t->u, IR_AND, IR_I64, ir_get(t->u, X86_SLOT_FSW), X87_ES), X86_HELPER_raise, X86_MF);
}

/* SDM volume 1, 9.5.1 */
uint64_t x86_helper_mmx_begin(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c0, uint64_t d)
{
    struct x86_cpu *c = X86_CPU(cpu);
    (void)a, (void)b, (void)c0, (void)d;
    x87_set_top(c, 0);
    c->ftw = 0xff;
    return 0;
}

/* ---- control and status word ---- */
enum { WORD_CONTROL, WORD_STATUS };

static void store_word(struct x86_tr *t, unsigned which)
{
    x86_put(
        t, 0,
        ir_call(t->u, IR_I64, X86_HELPER_x87_word, x86_const(t, which), IR_NONE, IR_NONE, IR_NONE));
}

uint64_t x86_helper_x87_word(struct cpu *cpu, uint64_t which, uint64_t b, uint64_t c, uint64_t d)
{
    (void)b, (void)c, (void)d;
    return which == WORD_CONTROL ? X86_CPU(cpu)->fcw : X86_CPU(cpu)->fsw;
}

enum { CONTROL_LOAD, CONTROL_CLEAR, CONTROL_INIT };

static void control(struct x86_tr *t, unsigned what)
{
    ir_val_t v = what == CONTROL_LOAD ? x86_get(t, 0) : IR_NONE;
    ir_call(t->u, IR_VOID, X86_HELPER_x87_control, x86_const(t, what), v, IR_NONE, IR_NONE);
}

uint64_t x86_helper_x87_control(struct cpu *cpu, uint64_t what, uint64_t v, uint64_t c0, uint64_t d)
{
    struct x86_cpu *c = X86_CPU(cpu);
    (void)c0, (void)d;
    if (what == CONTROL_LOAD) {
        x87_set_control(c, (uint16_t)v);
        return 0;
    }
    c->fsw &= ~(uint64_t)(FP80_ALL | X87_SF); /* FNCLEX; C bits are undefined and stay */
    x87_update_pending(c);
    if (what == CONTROL_INIT)
        x86_x87_reset(c);
    return 0;
}

static void wait(struct x86_tr *t, unsigned arg)
{
    enum { NM = X86_MODE_MP | X86_MODE_TS };
    (void)arg;
    if ((t->mode & NM) == NM)
        x86_raises(t, X86_NM);
    else
        x86_x87_wait(t);
}

static void no_operation(struct x86_tr *t, unsigned arg)
{
    (void)t, (void)arg;
}

/* ---- memory ---- */
bool x87_may_store(struct x86_cpu *c, va_t va, unsigned bytes)
{
    uint64_t ignored;
    uint16_t op = ir_memop(1, IR_MEM_STORE_RIGHTS);
    return mmu_slow_load(&c->cpu, va, op, &ignored) == 0 &&
           mmu_slow_load(&c->cpu, va + bytes - 1, op, &ignored) == 0;
}

/* ---- tags ---- */
enum { TAG_VALID, TAG_ZERO, TAG_SPECIAL, TAG_EMPTY };

uint16_t x87_full_tags(const struct x86_cpu *c)
{
    unsigned tags = 0;
    for (unsigned i = 0; i < 8; i++) {
        unsigned exponent = c->st[i].se & 0x7fff, tag = TAG_VALID;
        if (!(c->ftw >> i & 1))
            tag = TAG_EMPTY;
        else if (exponent == 0 && c->st[i].m == 0)
            tag = TAG_ZERO;
        else if (exponent == 0 || exponent == 0x7fff || !(c->st[i].m >> 63))
            tag = TAG_SPECIAL;
        tags |= tag << 2 * i;
    }
    return (uint16_t)tags;
}

uint8_t x87_abridge_tags(uint16_t full)
{
    unsigned tags = 0;
    for (unsigned i = 0; i < 8; i++)
        tags |= (unsigned)((full >> 2 * i & 3) != TAG_EMPTY) << i;
    return (uint8_t)tags;
}

/* ---- environment and state in memory: SDM volume 1, 8.1.10 ---- */
enum { ENV_LOAD, ENV_STORE, STATE_LOAD, STATE_STORE };
/* Words 0..6: control, status, tags, and the pointers in the mode's form. */
struct image {
    uint32_t word[7];
};

static bool real_form(const struct x86_cpu *c)
{
    return x86_real_mode(c) || x86_v86(c);
}

/* In real and virtual-8086 mode pointers are linear addresses in pieces: figures 8-10 and 8-12. */
static struct image make_image(const struct x86_cpu *c, bool wide)
{
    uint32_t none = wide ? 0xffff0000 : 0; /* upper halves that mean nothing read as ones */
    uint32_t fip = (uint32_t)c->fip, fdp = (uint32_t)c->fdp, fop = (uint32_t)c->fop;
    struct image e = { { (uint32_t)c->fcw | none, (uint32_t)c->fsw | none,
                         x87_full_tags(c) | none } };
    if (real_form(c)) {
        uint32_t mask = wide ? 0x0ffff000 : 0xf000;
        fip += (uint32_t)c->fcs << 4;
        fdp += (uint32_t)c->fds << 4;
        e.word[3] = (fip & 0xffff) | none;
        e.word[4] = (fip >> 4 & mask) | fop;
        e.word[5] = (fdp & 0xffff) | none;
        e.word[6] = fdp >> 4 & mask;
    } else {
        e.word[3] = fip;
        e.word[4] = (uint32_t)c->fcs | (wide ? fop << 16 : 0);
        e.word[5] = fdp;
        e.word[6] = (uint32_t)c->fds | none;
    }
    return e;
}

static void take_image(struct x86_cpu *c, const struct image *e, bool wide)
{
    uint32_t mask = wide ? 0x0ffff000 : 0xf000;
    bool no_selectors = x86_cpu_has(c, X86_F_ZERO_FCS_FDS);
    if (real_form(c)) {
        c->fip = (e->word[3] & 0xffff) | (e->word[4] & mask) << 4;
        c->fdp = (e->word[5] & 0xffff) | (e->word[6] & mask) << 4;
        c->fop = e->word[4] & 0x7ff;
        c->fcs = c->fds = 0;
    } else {
        c->fip = e->word[3];
        c->fdp = e->word[5];
        c->fop = wide ? e->word[4] >> 16 & 0x7ff : 0;
        c->fcs = no_selectors ? 0 : e->word[4] & 0xffff;
        c->fds = no_selectors ? 0 : e->word[6] & 0xffff;
    }
    c->ftw = x87_abridge_tags((uint16_t)e->word[2]);
    x87_set_words(c, (uint16_t)e->word[0], (uint16_t)e->word[1]);
}

static void environment(struct x86_tr *t, unsigned what)
{
    unsigned step = t->d.op_size == 2 ? 2 : 4, bytes = 7 * step + (what >= STATE_LOAD ? 80 : 0);
    ir_val_t at = x86_address(t, bytes, what & 1 ? INSN_MEM_WRITE : INSN_MEM_READ);
    ir_call(t->u, IR_VOID, X86_HELPER_x87_environment, at, x86_const(t, step), x86_const(t, what),
            IR_NONE);
}

static void store_all(struct x86_cpu *c, va_t va, unsigned step, bool registers)
{
    struct image e = make_image(c, step == 4);
    if (!x87_may_store(c, va, 7 * step + (registers ? 80 : 0)))
        return;
    for (unsigned i = 0; i < 7; i++)
        if (!x86_store_data(c, va + i * step, step, e.word[i]))
            return;
    for (unsigned i = 0; registers && i < 8; i++) {
        va_t at = va + 7 * step + 10 * i;
        unsigned r = x87_phys(c, i);
        if (!x86_store_linear(c, at, 8, false, c->st[r].m) || !x86_store_linear(c, at + 8, 2, false, c->st[r].se))
            return;
    }
    if (registers) {
        x86_helper_x87_control(&c->cpu, CONTROL_INIT, 0, 0, 0);
    } else {
        c->fcw |= FP80_ALL;
        x87_update_pending(c);
    }
}

static void load_all(struct x86_cpu *c, va_t va, unsigned step, bool registers)
{
    struct image e;
    uint64_t v, m[8], se[8];
    for (unsigned i = 0; i < 7; i++) {
        if (!x86_load_data(c, va + i * step, step, &v))
            return;
        e.word[i] = (uint32_t)v;
    }
    for (unsigned i = 0; registers && i < 8; i++) {
        va_t at = va + 7 * step + 10 * i;
        if (!x86_load_linear(c, at, 8, false, &m[i]) || !x86_load_linear(c, at + 8, 2, false, &se[i]))
            return;
    }
    take_image(c, &e, step == 4);
    for (unsigned i = 0; registers && i < 8; i++) {
        c->st[x87_phys(c, i)].m = m[i];
        c->st[x87_phys(c, i)].se = se[i];
    }
}

uint64_t x86_helper_x87_environment(struct cpu *cpu, uint64_t va, uint64_t step, uint64_t what,
                                    uint64_t d)
{
    bool registers = what >= STATE_LOAD;
    (void)d;
    if (what & 1)
        store_all(X86_CPU(cpu), va, (unsigned)step, registers);
    else
        load_all(X86_CPU(cpu), va, (unsigned)step, registers);
    return 0;
}

/* clang-format off */
enum { WAITS = X86_SEM_X87, QUIET = X86_SEM_X87 | X86_SEM_X87_QUIET };
const struct x86_semantics x86_x87_control_rows[] = {
    { X86_INSN_WAIT, 0, wait, 0 },
    { X86_INSN_FNOP_8087, QUIET, no_operation, 0 },
    { X86_INSN_FNSTCW, QUIET, store_word, WORD_CONTROL }, { X86_INSN_FNSTSW, QUIET, store_word, WORD_STATUS },
    { X86_INSN_FLDCW, WAITS, control, CONTROL_LOAD },
    { X86_INSN_FNCLEX, QUIET, control, CONTROL_CLEAR }, { X86_INSN_FNINIT, QUIET, control, CONTROL_INIT },
    { X86_INSN_FLDENV, WAITS, environment, ENV_LOAD }, { X86_INSN_FNSTENV, QUIET, environment, ENV_STORE },
    { X86_INSN_FRSTOR, WAITS, environment, STATE_LOAD }, { X86_INSN_FNSAVE, QUIET, environment, STATE_STORE },
    X86_ROWS_END
};
/* clang-format on */
