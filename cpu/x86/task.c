/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hardware task switches: SDM volume 3, 8.3. The old task is saved and the new one's state read
 * before anything of the processor changes; what the new state's own selectors raise is raised in
 * the new task.
 */
#include "core/util/bits.h"
#include "cpu/x86/bits.h"
#include "cpu/x86/segment.h"

struct task {
    uint64_t cr3, ip, flags, gpr[8];
    uint16_t seg[X86_SEGS], ldt;
    bool trap;
};

static bool fail(struct x86_cpu *c, enum x86_vector vector, uint32_t sel)
{
    x86_raise_error(c, vector, sel & ~3u);
    return false;
}

static bool read_state(struct x86_cpu *c, const struct x86_segment *tss, struct task *t)
{
    bool wide = tss->attr & 8;
    unsigned n = wide ? 4 : 2, at = wide ? 0x20 : 0x0e, segs = wide ? X86_SEGS : 4;
    uint64_t v;
    *t = (struct task){ .cr3 = c->cr3 };
    if (wide && !x86_load_linear(c, (uint32_t)(tss->base + 0x1c), 4, true, &t->cr3))
        return false;
    if (!x86_load_linear(c, (uint32_t)(tss->base + at), n, true, &t->ip) ||
        !x86_load_linear(c, (uint32_t)(tss->base + at + n), n, true, &t->flags))
        return false;
    at += 2 * n;
    for (unsigned i = 0; i < 8; i++, at += n)
        if (!x86_load_linear(c, (uint32_t)(tss->base + at), n, true, &t->gpr[i]))
            return false;
    for (unsigned i = 0; i < segs; i++, at += n) {
        if (!x86_load_linear(c, (uint32_t)(tss->base + at), 2, true, &v))
            return false;
        t->seg[i] = (uint16_t)v;
    }
    if (!x86_load_linear(c, (uint32_t)(tss->base + at), 2, true, &v))
        return false;
    t->ldt = (uint16_t)v;
    if (wide && !x86_load_linear(c, (uint32_t)(tss->base + 0x64), 2, true, &v))
        return false;
    t->trap = wide && (v & 1);
    return true;
}

static bool save_state(struct x86_cpu *c, const struct x86_segment *tss, uint64_t ip,
                       uint64_t flags)
{
    bool wide = tss->attr & 8;
    unsigned n = wide ? 4 : 2, at = wide ? 0x20 : 0x0e, segs = wide ? X86_SEGS : 4;
    if (!x86_store_linear(c, (uint32_t)(tss->base + at), n, true, zext(ip, n * 8)) ||
        !x86_store_linear(c, (uint32_t)(tss->base + at + n), n, true, zext(flags, n * 8)))
        return false;
    at += 2 * n;
    for (unsigned i = 0; i < 8; i++, at += n)
        if (!x86_store_linear(c, (uint32_t)(tss->base + at), n, true, zext(c->gpr[i], n * 8)))
            return false;
    for (unsigned i = 0; i < segs; i++, at += n)
        if (!x86_store_linear(c, (uint32_t)(tss->base + at), 2, true, c->seg[i].sel))
            return false;
    return true;
}

static bool check_target(struct x86_cpu *c, uint16_t sel, enum x86_task_why why, uint64_t *d)
{
    enum x86_vector vector = why == X86_TASK_IRET ? X86_TS_FAULT : X86_GP;
    if ((sel & 4) || (sel & ~3u) == 0)
        return fail(c, vector, sel);
    if (!x86_get_descriptor(c, sel, vector, 0, d, NULL))
        return false;
    unsigned type = x86_desc_type(*d);
    bool busy = type & 2;
    if (x86_desc_is_segment(*d) || (type & ~0xau) != 1 || busy != (why == X86_TASK_IRET))
        return fail(c, vector, sel);
    if (!x86_desc_present(*d))
        return fail(c, X86_NP, sel);
    struct x86_segment s;
    x86_unpack_segment(sel, *d, &s);
    return s.limit >= (s.attr & 8 ? 0x67u : 0x2bu) || fail(c, X86_TS_FAULT, sel);
}

/* What another load raises as `vector` is #TS here (table 8-1). */
static bool becomes_ts(struct x86_cpu *c, enum x86_vector vector)
{
    struct cpu_fault *f = &c->cpu.fault;
    if ((f->cause & X86_CAUSE_VECTOR) == (uint64_t)vector)
        f->cause = (f->cause & ~(uint64_t)X86_CAUSE_VECTOR) | X86_TS_FAULT;
    return false;
}

/* The new task's segments: CS first, whose RPL is the new CPL. */
static bool load_segments(struct x86_cpu *c, const struct task *t)
{
    static const uint8_t data[] = { X86_ES, X86_DS, X86_FS, X86_GS };
    uint64_t d;
    uint16_t cs = t->seg[X86_CS];
    unsigned cpl = cs & 3u;
    if ((cs & ~3u) == 0)
        return fail(c, X86_TS_FAULT, 0);
    if (!x86_get_descriptor(c, cs, X86_TS_FAULT, 0, &d, NULL))
        return false;
    unsigned dpl = x86_desc_dpl(d);
    if (!x86_desc_is_code(d) || (x86_desc_conforms(d) ? dpl > cpl : dpl != cpl))
        return fail(c, X86_TS_FAULT, cs);
    if (!x86_desc_present(d))
        return fail(c, X86_NP, cs);
    if (!x86_put_segment(c, X86_CS, cs, d))
        return false;
    uint16_t ss = t->seg[X86_SS];
    if ((ss & ~3u) == 0)
        return fail(c, X86_TS_FAULT, 0);
    if (!x86_get_descriptor(c, ss, X86_TS_FAULT, 0, &d, NULL))
        return false;
    unsigned type = x86_desc_type(d);
    if (!x86_desc_is_segment(d) || (type & 8) || !(type & 2) || (ss & 3u) != cpl ||
        x86_desc_dpl(d) != cpl)
        return fail(c, X86_TS_FAULT, ss);
    if (!x86_desc_present(d))
        return fail(c, X86_SS_FAULT, ss);
    if (!x86_put_segment(c, X86_SS, ss, d))
        return false;
    x86_update_mode(c);
    for (unsigned i = 0; i < 4; i++)
        if (!x86_load_segment(c, (enum x86_seg)data[i], t->seg[data[i]]))
            return becomes_ts(c, X86_GP);
    return true;
}

static bool load_new(struct x86_cpu *c, const struct task *t, bool wide)
{
    c->cpu.pc = (uint32_t)t->ip;
    x86_set_rflags(c, t->flags & (wide ? 0x3f7fd5 : 0x7fd5));
    for (unsigned i = 0; i < 8; i++)
        c->gpr[i] = wide ? t->gpr[i]
                         : 0xffff0000 | t->gpr[i]; /* upper halves: undefined; ones since the 386 */
    for (unsigned i = 0; i < X86_SEGS; i++)
        x86_null_segment(c, i, t->seg[i]);
    x86_null_segment(c, X86_SEG_LDTR, t->ldt);
    if (t->flags & X86_VM) {
        for (unsigned i = 0; i < X86_SEGS; i++)
            x86_load_real_segment(c, (enum x86_seg)i, t->seg[i]);
    } else {
        c->seg[X86_SS].attr = (uint16_t)((t->seg[X86_CS] & 3u) << 5);
    }
    x86_update_mode(c);
    if ((t->ldt & ~3u) != 0 && !x86_load_ldtr(c, t->ldt))
        return becomes_ts(c, X86_GP) || becomes_ts(c, X86_NP);
    if (!(t->flags & X86_VM) && !load_segments(c, t))
        return false;
    if (t->ip > c->seg[X86_CS].limit)
        return fail(c, X86_GP, 0);
    c->cpu.pc = (uint32_t)(c->seg[X86_CS].base + t->ip);
    x86_update_mode(c);
    return true;
}

static bool push_error(struct x86_cpu *c, bool wide, uint32_t error)
{
    struct x86_stack s;
    x86_open_stack(c, &s);
    if (!x86_stack_push(c, &s, wide ? 4 : 2, error))
        return false;
    c->gpr[4] = s.sp;
    return true;
}

bool x86_task_switch(struct x86_cpu *c, uint16_t sel, enum x86_task_why why, va_t next,
                     bool has_error, uint32_t error)
{
    struct x86_segment tss;
    struct task t;
    uint64_t d, flags = x86_get_rflags(c);
    uint16_t old = c->seg[X86_SEG_TR].sel;
    /* No beginning anew once the old task is saved; it ends its block, so what is noted is soon
     * taken */
    c->watch = X86_WATCH_NOTES;
    if (!check_target(c, sel, why, &d))
        return false;
    x86_unpack_segment(sel, d, &tss);
    bool wide = tss.attr & 8, nests = why == X86_TASK_CALL || why == X86_TASK_GATE;
    if (!read_state(c, &tss, &t))
        return false;
    if (why == X86_TASK_IRET)
        flags &= ~(uint64_t)X86_NT;
    if (!save_state(c, &c->seg[X86_SEG_TR], x86_ip(c, next), flags))
        return false;
    if ((!nests && !x86_mark_descriptor(c, old, 0, X86_DESC_BUSY)) ||
        (nests && !x86_store_linear(c, (uint32_t)tss.base, 2, true, old)) ||
        (why != X86_TASK_IRET && !x86_mark_descriptor(c, sel, X86_DESC_BUSY, 0)))
        return false;
    if (nests)
        t.flags |= X86_NT;
    c->seg[X86_SEG_TR] = tss;
    c->seg[X86_SEG_TR].attr |= 2;
    c->cr0 |= X86_CR0_TS;
    c->dr[7] &= ~0x155ull; /* local breakpoints */
    if (wide && (c->cr0 & X86_CR0_PG) && !x86_write_cr(c, 3, t.cr3))
        return false;
    if (!load_new(c, &t,
                  wide)) { /* the switch is done: the new task has the exception (8.3, step 12) */
        c->cpu.fault.cause |= X86_CAUSE_HERE;
        c->cpu.fault.value3 = (uint32_t)(c->seg[X86_CS].base + t.ip);
        return false;
    }
    if (t.trap)
        c->pending_db |= X86_DR6_BT;
    return !has_error || push_error(c, wide, error);
}
