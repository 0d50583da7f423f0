/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interrupts and exceptions: SDM volume 3, chapter 7; volume 2, INT n. A fault met while delivering
 * one is delivered in its place, or becomes a double fault, or shuts the processor down.
 */
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include "cpu/x86/bits.h"
#include "cpu/x86/reach.h"
#include "cpu/x86/segment.h"

/* ---- raising ---- */
void x86_raise(struct x86_cpu *c, enum x86_vector vector)
{
    cpu_raise(&c->cpu, vector, 0, 0, 0);
}

void x86_raise_error(struct x86_cpu *c, enum x86_vector vector, uint32_t error)
{
    cpu_raise(&c->cpu, (uint64_t)vector | X86_CAUSE_ERROR, error, 0, 0);
}

void x86_raise_page(struct x86_cpu *c, va_t va, uint32_t error)
{
    cpu_raise(&c->cpu, X86_PF_FAULT | X86_CAUSE_ERROR, error, va, 0);
}

/* ---- delivery ---- */
struct event {
    unsigned vector;
    bool has_error, soft, external; /* external: nested faults say EXT */
    bool int_n;                     /* INT n, of all that is soft */
    bool benign;                    /* no exception, whatever its vector's number */
    uint32_t error;
    uint64_t ip;    /* to return to */
    uint64_t start; /* of the instruction, if delivery itself faults */
    uint64_t flags; /* image to push */
};

static uint32_t ext(const struct event *v)
{
    return v->external;
}

/*
 * By the table of far pointers: real mode, and what virtual-8086 mode redirects. The latter's table
 * is at 0, and IOPL below 3 lets it see and lose VIF for IF (SDM 21.3.3.4, methods 5 and 6).
 */
static bool deliver_real(struct x86_cpu *c, const struct event *v)
{
    struct x86_stack s;
    uint64_t entry, flags = v->flags, off = X86_IF | X86_TF | X86_AC | X86_RF;
    bool v86 = x86_v86(c);
    if (v86)
        flags = x86_v86_flags(c, flags);
    if (v86 && (c->rflags & X86_IOPL) != X86_IOPL)
        off = X86_VIF | X86_TF | X86_RF;
    else if (v86)
        off = X86_IF | X86_TF | X86_RF;
    if (!v86 && v->vector * 4 + 3 > c->idtr.limit) {
        x86_raise_error(c, X86_GP, v->vector * 8 + 2 + ext(v));
        return false;
    }
    uint32_t at = (uint32_t)((v86 ? 0 : c->idtr.base) + v->vector * 4);
    if (!x86_load_linear(c, at, 4, !v86, &entry))
        return false;
    x86_open_stack(c, &s);
    if (!x86_stack_push(c, &s, 2, flags) || !x86_stack_push(c, &s, 2, c->seg[X86_CS].sel) ||
        !x86_stack_push(c, &s, 2, v->ip))
        return false;
    c->gpr[4] = s.sp;
    c->rflags &= ~off;
    x86_load_real_segment(c, X86_CS, (uint16_t)(entry >> 16));
    c->cpu.pc = (uint32_t)(c->seg[X86_CS].base + (entry & 0xffff));
    return true;
}

struct gate {
    uint64_t low, high;
    unsigned type, dpl;
    bool present;
    uint16_t sel;
    uint64_t ip;
};

/* The 8 or 16 bytes of a gate. */
static bool load_gate(struct x86_cpu *c, va_t at, unsigned bytes, struct gate *g)
{
    const uint8_t *host = x86_load_reach(c, at, bytes, true);
    g->high = 0;
    if (LIKELY(host != NULL)) {
        g->low = ld_le64(host);
        g->high = bytes == 16 ? ld_le64(host + 8) : 0;
        return true;
    }
    return x86_load_linear(c, at, 8, true, &g->low) && (bytes == 8 || x86_load_linear(c, at + 8, 8, true, &g->high));
}

/* The gate in the IDT, checked but for its code segment. */
static bool read_gate(struct x86_cpu *c, const struct event *v, struct gate *g)
{
    unsigned bytes = x86_long_mode(c) ? 16 : 8;
    uint32_t error = v->vector * 8 + 2 + ext(v);
    va_t at = c->idtr.base + (uint64_t)v->vector * bytes;
    if ((uint64_t)v->vector * bytes + bytes - 1 > c->idtr.limit) {
        x86_raise_error(c, X86_GP, error);
        return false;
    }
    if (!load_gate(c, at, bytes, g))
        return false;
    g->type = g->low >> 40 & 0x1f;
    g->dpl = g->low >> 45 & 3;
    g->present = g->low >> 47 & 1;
    g->sel = (uint16_t)(g->low >> 16);
    g->ip = (g->low & 0xffff) | (g->low >> 32 & 0xffff0000) | g->high << 32;
    bool right = g->type == 14 || g->type == 15 ||
                 (bytes == 8 && (g->type == 5 || g->type == 6 || g->type == 7));
    if (!right || (v->soft && g->dpl < x86_cpl(c))) {
        x86_raise_error(c, X86_GP, error);
        return false;
    }
    if (!g->present) {
        x86_raise_error(c, X86_NP, error);
        return false;
    }
    if (g->type == 6 || g->type == 7)
        g->ip &= 0xffff;
    return true;
}

/* The handler's code segment. *inner: it has more rights than the one that was interrupted. */
static bool read_handler(struct x86_cpu *c, const struct event *v, const struct gate *g,
                         uint64_t *d, bool *inner)
{
    if ((g->sel & ~3u) == 0) {
        x86_raise_error(c, X86_GP, ext(v));
        return false;
    }
    if (!x86_get_descriptor(c, g->sel, X86_GP, ext(v), d, NULL))
        return false;
    unsigned dpl = x86_desc_dpl(*d);
    bool conforms = x86_desc_conforms(*d);
    bool bad = !x86_desc_is_code(*d) || dpl > x86_cpl(c) ||
               (x86_v86(c) && (conforms || dpl != 0)) ||
               (x86_long_mode(c) && (!x86_desc_long(*d) || x86_desc_db(*d)));
    if (bad) {
        x86_raise_error(c, X86_GP, (g->sel & ~3u) | ext(v));
        return false;
    }
    if (!x86_desc_present(*d)) {
        x86_raise_error(c, X86_NP, (g->sel & ~3u) | ext(v));
        return false;
    }
    *inner = !conforms && dpl < x86_cpl(c);
    return true;
}

static void handler_flags(struct x86_cpu *c, const struct gate *g)
{
    c->rflags &= ~(uint64_t)(X86_TF | X86_NT | X86_RF | X86_VM);
    if (!(g->type & 1))
        c->rflags &= ~(uint64_t)X86_IF;
}

/* Onto a 64-bit stack that is aligned to 16. */
static bool push_frame(struct x86_cpu *c, struct x86_stack *s, const uint64_t *v, unsigned n)
{
    uint8_t *host = x86_store_reach(c, s->sp - 8 * n, 8 * n, s->supervisor);
    if (LIKELY(host != NULL)) {
        s->sp -= 8 * n;
        for (unsigned i = 0; i < n; i++)
            st_le64(host + 8 * (n - 1 - i), v[i]);
        return true;
    }
    for (unsigned i = 0; i < n; i++)
        if (!x86_stack_push(c, s, 8, v[i]))
            return false;
    return true;
}

static bool deliver_long(struct x86_cpu *c, const struct event *v, const struct gate *g)
{
    uint64_t d, sp;
    bool inner;
    unsigned ist = g->low >> 32 & 7;
    if (!read_handler(c, v, g, &d, &inner))
        return false;
    unsigned dpl = inner ? x86_desc_dpl(d) : x86_cpl(c);
    sp = c->gpr[4];
    if (ist != 0 ? !x86_long_stack(c, 2 + ist, ext(v), &sp) : inner && !x86_long_stack(c, dpl, ext(v), &sp))
        return false;
    struct x86_stack s = {
        .sp = sp & ~15ull, .mask = ~0ull, .supervisor = dpl < 3, .error = ext(v)
    };
    const uint64_t frame[] = { c->seg[X86_SS].sel, c->gpr[4], v->flags, c->seg[X86_CS].sel, v->ip, v->error };
    if (!push_frame(c, &s, frame, v->has_error ? 6 : 5))
        return false;
    if (!mmu_x86_canonical(g->ip, c->cr4 & X86_CR4_LA57)) {
        x86_raise_error(c, X86_GP, ext(v));
        return false;
    }
    if (!x86_put_segment(c, X86_CS, (uint16_t)((g->sel & ~3u) | dpl), d))
        return false;
    c->gpr[4] = s.sp;
    if (inner)
        x86_null_segment(c, X86_SS, (uint16_t)dpl);
    handler_flags(c, g);
    c->cpu.pc = g->ip;
    return true;
}

/* What leaves virtual-8086 mode is pushed too, and the data segments become null. */
static bool push_v86(struct x86_cpu *c, struct x86_stack *s, unsigned bytes)
{
    return x86_stack_push(c, s, bytes, c->seg[X86_GS].sel) &&
           x86_stack_push(c, s, bytes, c->seg[X86_FS].sel) &&
           x86_stack_push(c, s, bytes, c->seg[X86_DS].sel) &&
           x86_stack_push(c, s, bytes, c->seg[X86_ES].sel);
}

static bool deliver_protected(struct x86_cpu *c, const struct event *v, const struct gate *g)
{
    unsigned bytes = g->type & 8 ? 4 : 2;
    struct x86_segment inner_ss;
    struct x86_stack s;
    uint64_t d, ss_d = 0, sp;
    uint16_t ss_sel = 0;
    bool inner, v86 = x86_v86(c);
    if (!read_handler(c, v, g, &d, &inner))
        return false;
    unsigned dpl = inner ? x86_desc_dpl(d) : x86_cpl(c);
    x86_open_stack(c, &s);
    s.error = ext(v);
    if (inner) {
        if (!x86_inner_stack(c, dpl, ext(v), &ss_sel, &sp, &ss_d))
            return false;
        x86_unpack_segment(ss_sel, ss_d, &inner_ss);
        s = (struct x86_stack){ .base = inner_ss.base,
                                .sp = sp,
                                .limit = &inner_ss,
                                .supervisor = dpl < 3,
                                .mask = inner_ss.attr & X86_ATTR_DB ? UINT32_MAX : 0xffff,
                                .error = (ss_sel & ~3u) | ext(v) };
        if ((v86 && !push_v86(c, &s, bytes)) || !x86_stack_push(c, &s, bytes, c->seg[X86_SS].sel) ||
            !x86_stack_push(c, &s, bytes, c->gpr[4]))
            return false;
    }
    if (!x86_stack_push(c, &s, bytes, v->flags) ||
        !x86_stack_push(c, &s, bytes, c->seg[X86_CS].sel) || !x86_stack_push(c, &s, bytes, v->ip) ||
        (v->has_error && !x86_stack_push(c, &s, bytes, v->error)))
        return false;
    struct x86_segment code;
    x86_unpack_segment(g->sel, d, &code);
    if (g->ip > code.limit) {
        x86_raise_error(c, X86_GP, ext(v));
        return false;
    }
    if ((inner && !x86_put_segment(c, X86_SS, ss_sel, ss_d)) ||
        !x86_put_segment(c, X86_CS, (uint16_t)((g->sel & ~3u) | dpl), d))
        return false;
    c->gpr[4] = (c->gpr[4] & ~s.mask) | (s.sp & s.mask);
    if (inner && s.mask == UINT32_MAX)
        c->gpr[4] = (uint32_t)s.sp;
    if (v86) {
        static const uint8_t data[] = { X86_GS, X86_FS, X86_DS, X86_ES };
        for (unsigned i = 0; i < 4; i++)
            x86_null_segment(c, data[i], 0);
    }
    handler_flags(c, g);
    c->cpu.pc = (uint32_t)(c->seg[X86_CS].base + g->ip);
    return true;
}

static bool deliver(struct x86_cpu *c, const struct event *v)
{
    struct gate g;
    if (x86_real_mode(c))
        return deliver_real(c, v);
    if (v->int_n && x86_v86(c)) {
        bool redirected;
        if (!x86_v86_redirects(c, v->vector, &redirected))
            return false;
        if (redirected)
            return deliver_real(c, v);
    }
    if (!read_gate(c, v, &g))
        return false;
    if (g.type == 5) {
        c->rflags |= v->flags & X86_RF; /* into the old task's image, as else onto the stack */
        va_t next = (uint32_t)(c->seg[X86_CS].base + v->ip);
        return x86_task_switch(c, g.sel, X86_TASK_GATE, next, v->has_error, v->error);
    }
    return x86_long_mode(c) ? deliver_long(c, v, &g) : deliver_protected(c, v, &g);
}

/* ---- nesting (SDM 7.15, "Interrupt 8") ---- */
enum weight { BENIGN, CONTRIBUTORY, PAGE };

static enum weight weight(unsigned vector)
{
    if (vector == X86_PF_FAULT || vector == X86_VE)
        return PAGE;
    bool heavy =
        vector == X86_DE || (vector >= X86_TS_FAULT && vector <= X86_GP) || vector == X86_CP;
    return heavy ? CONTRIBUTORY : BENIGN;
}

/* cpu.fault of a failed delivery as an event; the fault is consumed. */
static void take_nested(struct x86_cpu *c, struct event *v)
{
    const struct cpu_fault *f = &c->cpu.fault;
    unsigned vector = f->cause & X86_CAUSE_VECTOR;
    enum weight first = v->benign ? BENIGN : weight(v->vector), second = weight(vector);
    c->cpu.exit &= ~(uint32_t)CPU_EXIT_EXCEPTION;
    if (vector == X86_PF_FAULT)
        c->cr2 = f->value2;
    bool twice =
        (first == CONTRIBUTORY && second == CONTRIBUTORY) || (first == PAGE && second != BENIGN);
    v->soft = v->int_n = v->benign = false;
    v->external = true;
    if (f->cause & X86_CAUSE_HERE)
        v->start = x86_ip(c, f->value3);
    v->ip = v->start;
    v->flags |= X86_RF;
    if (twice) {
        v->vector = X86_DFT;
        v->has_error = true;
        v->error = 0;
    } else {
        v->vector = vector;
        v->has_error = f->cause & X86_CAUSE_ERROR;
        v->error = (uint32_t)f->value;
    }
}

static void deliver_all(struct x86_cpu *c, struct event *v)
{
    va_t from = c->cpu.pc;
    uint64_t ip = x86_ip(c, from);
    c->repeating = 0;
    c->shadow = X86_SHADOW_NONE;
    c->watch = X86_WATCH_NOTES; /* what delivery touches is trapped before the handler begins */
    while (!deliver(c, v)) {
        bool was_double = v->vector == X86_DFT;
        take_nested(c, v);
        if (was_double) {
            c->watch = X86_WATCH_OFF;
            x86_shutdown(c);
            return;
        }
        if (x86_real_mode(c))
            v->has_error = false;
    }
    c->watch = X86_WATCH_OFF;
    if (LIKELY(x86_long_mode(c) && c->watched_dr7 == c->dr[7]))
        x86_update_level(c);
    else
        x86_update_mode(c);
    x86_record_event(c, from, ip);
}

void x86_shutdown(struct x86_cpu *c)
{
    c->cpu.run = CPU_OFF;
    cpu_kick(&c->cpu);
    c->wiring.shutdown(c->wiring.arg);
}

/* DR6 and DR7 as #DB finds them (SDM 18.3). */
static void note_debug(struct x86_cpu *c, uint64_t bits)
{
    c->dr[6] = (c->dr[6] & ~0xfull) | bits;
    c->dr[7] &= ~(uint64_t)X86_DR7_GD;
    c->debugctl &= ~(uint64_t)(X86_DEBUGCTL_LBR | X86_DEBUGCTL_BTF);
}

/*
 * The traps of earlier instructions that MOV SS and POP SS held back, data breakpoints, out of what
 * pends; an instruction that is not completed has none itself. They outlast a software interrupt,
 * INT1 reports them along with itself, faults lose them.
 */
static uint64_t traps_before(struct x86_cpu *c, const struct cpu_fault *f)
{
    bool own = c->watch == X86_WATCH_NOTES && !(f->cause & (X86_CAUSE_SOFT | X86_CAUSE_ICEBP));
    c->step_over = 0;
    return own ? 0 : c->pending_db & 0xf;
}

/*
 * RF and shadow of the instruction ended when it began (translate.c): it has them again. But not the
 * shadow if it waits for an interrupt, which would never come then.
 */
static void begin_anew(struct x86_cpu *c, bool waits)
{
    if (c->cpu.mode_flags & X86_MODE_RF)
        c->rflags |= X86_RF;
    if ((c->cpu.mode_flags & X86_MODE_SHADOW) && !waits)
        c->shadow = c->ended_shadow;
    x86_update_mode(c);
}

void x86_take_exception(struct cpu *cpu)
{
    struct x86_cpu *c = X86_CPU(cpu);
    const struct cpu_fault f = cpu->fault;
    unsigned vector = f.cause & X86_CAUSE_VECTOR;
    bool soft = f.cause & X86_CAUSE_SOFT, trap = f.cause & (X86_CAUSE_TRAP | X86_CAUSE_ICEBP);
    uint64_t flags = x86_get_rflags(c);
    if (f.cause & X86_CAUSE_TRIPLE) {
        x86_shutdown(c);
        return;
    }
    if (f.cause & X86_CAUSE_HERE)
        cpu->pc = f.value3;
    uint64_t before = traps_before(c, &f);
    c->branch_kind = 0; /* it is not completed */
    if (f.cause & (X86_CAUSE_AGAIN | X86_CAUSE_WATCH)) {
        c->pending_db = before;
        c->watch = f.cause & X86_CAUSE_WATCH ? X86_WATCH_WANTED : X86_WATCH_OFF;
        begin_anew(c, f.cause & X86_CAUSE_AGAIN);
        return;
    }
    c->pending_db = soft ? before : 0;
    if (vector == X86_PF_FAULT)
        c->cr2 = f.value2;
    if (vector == X86_DB && !soft) /* INT 1 leaves DR6 alone */
        note_debug(c, f.value2 | (f.cause & X86_CAUSE_ICEBP ? before : 0));
    if (!soft && !trap && (vector != X86_DB || (f.value2 & X86_DR6_BD)))
        flags |= X86_RF;
    struct event v = {
        .vector = vector,
        .has_error = (f.cause & X86_CAUSE_ERROR) && !x86_real_mode(c),
        .soft = soft,
        .int_n = f.cause & X86_CAUSE_INT_N,
        .benign = soft,
        .external = !soft,
        .error = (uint32_t)f.value,
        .ip = x86_ip(c, cpu->pc + (soft || (f.cause & X86_CAUSE_ICEBP) ? f.value3 : 0)),
        .start = x86_ip(c, cpu->pc),
        .flags = flags,
    };
    deliver_all(c, &v);
}

/* Between two elements of a repeated string instruction RF is pushed as 1 (SDM 18.3.1.1). */
static void deliver_outside(struct x86_cpu *c, unsigned vector)
{
    uint64_t ip = x86_ip(c, c->cpu.pc);
    struct event v = { .vector = vector,
                       .external = true,
                       .benign = true,
                       .ip = ip,
                       .start = ip,
                       .flags = x86_get_rflags(c) | (x86_is_repeating(c) ? X86_RF : 0) };
    deliver_all(c, &v);
}

void x86_deliver_trap(struct x86_cpu *c, uint64_t dr6)
{
    note_debug(c, dr6);
    deliver_outside(c, X86_DB);
}

void x86_deliver_interrupt(struct x86_cpu *c, unsigned vector)
{
    deliver_outside(c, vector);
}
