/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Transfers of control between segments: SDM volume 2, JMP, CALL, RET, IRET; volume 3, 6.8.
 * Everything is checked before anything of the old state is given up.
 */
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include "cpu/x86/bits.h"
#include "cpu/x86/reach.h"
#include "cpu/x86/segment.h"

static bool is_unprotected(const struct x86_cpu *c)
{
    return x86_real_mode(c) || x86_v86(c);
}

static bool fail(struct x86_cpu *c, enum x86_vector vector, uint32_t sel)
{
    x86_raise_error(c, vector, sel & ~3u);
    return false;
}

/* IP inside the segment, canonical in a 64-bit one. */
static bool check_ip(struct x86_cpu *c, uint64_t d, uint64_t ip)
{
    struct x86_segment s;
    if (x86_long_mode(c) && x86_desc_long(d))
        return mmu_x86_canonical(ip, c->cr4 & X86_CR4_LA57) || fail(c, X86_GP, 0);
    x86_unpack_segment(0, d, &s);
    return ip <= s.limit || fail(c, X86_GP, 0);
}

bool x86_enter_code(struct x86_cpu *c, uint16_t sel, uint64_t d, uint64_t ip, unsigned rpl)
{
    if (!check_ip(c, d, ip) || !x86_put_segment(c, X86_CS, (uint16_t)((sel & ~3u) | rpl), d))
        return false;
    c->cpu.pc = x86_long_mode(c) && x86_desc_long(d) ? ip : (uint32_t)(c->seg[X86_CS].base + ip);
    return true;
}

/* A code segment that may be jumped to or called at the current level. */
static bool check_code(struct x86_cpu *c, uint16_t sel, uint64_t d, bool gate)
{
    unsigned cpl = x86_cpl(c), dpl = x86_desc_dpl(d);
    bool bad = x86_desc_conforms(d) ? dpl > cpl : dpl != cpl || (!gate && (sel & 3u) > cpl);
    if (bad || (x86_long_mode(c) && x86_desc_long(d) && x86_desc_db(d)))
        return fail(c, X86_GP, sel);
    return x86_desc_present(d) || fail(c, X86_NP, sel);
}

static void real_jump(struct x86_cpu *c, uint16_t sel, uint64_t ip)
{
    x86_load_real_segment(c, X86_CS, sel);
    c->cpu.pc = (uint32_t)(c->seg[X86_CS].base + ip);
}

/* ---- gates ---- */
struct call_gate {
    uint16_t sel;
    uint64_t ip, code;
    unsigned bytes, params;
};

static bool read_call_gate(struct x86_cpu *c, uint16_t sel, uint64_t d, uint64_t high,
                           struct call_gate *g)
{
    unsigned dpl = x86_desc_dpl(d);
    bool wide = x86_long_mode(c);
    if (dpl < x86_cpl(c) || dpl < (sel & 3u) ||
        (wide && (high >> 40 & 0x1f) != 0)) /* figure 6-8: the upper half's type is 0 */
        return fail(c, X86_GP, sel);
    if (!x86_desc_present(d))
        return fail(c, X86_NP, sel);
    g->sel = (uint16_t)(d >> 16);
    g->ip = (d & 0xffff) | (d >> 32 & 0xffff0000) | (wide ? high << 32 : 0);
    g->bytes = wide ? 8 : x86_desc_type(d) & 8 ? 4 : 2;
    g->params = d >> 32 & 31;
    if (g->bytes == 2)
        g->ip &= 0xffff;
    if ((g->sel & ~3u) == 0)
        return fail(c, X86_GP, 0);
    if (!x86_get_descriptor(c, g->sel, X86_GP, 0, &g->code, NULL))
        return false;
    if (!x86_desc_is_code(g->code) || x86_desc_dpl(g->code) > x86_cpl(c) ||
        (wide && (!x86_desc_long(g->code) || x86_desc_db(g->code))))
        return fail(c, X86_GP, g->sel);
    return x86_desc_present(g->code) || fail(c, X86_NP, g->sel);
}

/* To an inner level: its stack from the TSS, the old SS:SP, the parameters, the return address. */
static bool call_inner(struct x86_cpu *c, const struct call_gate *g, uint64_t next_ip)
{
    unsigned dpl = x86_desc_dpl(g->code);
    struct x86_stack old, s;
    struct x86_segment ss;
    uint64_t sp, d = 0, v;
    uint16_t sel = (uint16_t)dpl;
    bool wide = g->bytes == 8;
    x86_open_stack(c, &old);
    if (wide) {
        if (!x86_long_stack(c, dpl, 0, &sp))
            return false;
        s = (struct x86_stack){ .sp = sp, .mask = ~0ull, .supervisor = dpl < 3 };
    } else {
        if (!x86_inner_stack(c, dpl, 0, &sel, &sp, &d))
            return false;
        x86_unpack_segment(sel, d, &ss);
        s = (struct x86_stack){ .base = ss.base,
                                .sp = sp,
                                .limit = &ss,
                                .supervisor = dpl < 3,
                                .error = sel & ~3u,
                                .mask = ss.attr & X86_ATTR_DB ? UINT32_MAX : 0xffff };
    }
    if (!x86_stack_push(c, &s, g->bytes, c->seg[X86_SS].sel) ||
        !x86_stack_push(c, &s, g->bytes, c->gpr[4]))
        return false;
    for (unsigned i = g->params; !wide && i-- > 0;) {
        struct x86_stack at = old;
        at.sp = old.sp + i * g->bytes;
        if (!x86_stack_pop(c, &at, g->bytes, &v) || !x86_stack_push(c, &s, g->bytes, v))
            return false;
    }
    if (!x86_stack_push(c, &s, g->bytes, c->seg[X86_CS].sel) ||
        !x86_stack_push(c, &s, g->bytes, next_ip) || !check_ip(c, g->code, g->ip))
        return false;
    if (wide)
        x86_null_segment(c, X86_SS, (uint16_t)dpl);
    else if (!x86_put_segment(c, X86_SS, sel, d))
        return false;
    c->gpr[4] = (c->gpr[4] & (s.mask == 0xffff ? ~0xffffull : 0)) | (s.sp & s.mask);
    return x86_enter_code(c, g->sel, g->code, g->ip, dpl);
}

static bool call_same(struct x86_cpu *c, uint16_t sel, uint64_t code, uint64_t ip, unsigned bytes,
                      uint64_t next_ip)
{
    struct x86_stack s;
    x86_open_stack(c, &s);
    if (!x86_stack_push(c, &s, bytes, c->seg[X86_CS].sel) ||
        !x86_stack_push(c, &s, bytes, next_ip) || !x86_enter_code(c, sel, code, ip, x86_cpl(c)))
        return false;
    c->gpr[4] = s.sp;
    return true;
}

/* What a selector that is no code segment leads to: gates and tasks. */
static bool through_system(struct x86_cpu *c, uint16_t sel, uint64_t d, uint64_t high, bool call,
                           va_t next)
{
    unsigned type = x86_desc_type(d), dpl = x86_desc_dpl(d);
    bool wide = x86_long_mode(c);
    struct call_gate g;
    if (type == 12 || (type == 4 && !wide)) {
        if (!read_call_gate(c, sel, d, high, &g))
            return false;
        bool inner = !x86_desc_conforms(g.code) && x86_desc_dpl(g.code) < x86_cpl(c);
        if (call && inner)
            return call_inner(c, &g, x86_ip(c, next));
        if (inner)
            return fail(c, X86_GP, g.sel);
        return call ? call_same(c, g.sel, g.code, g.ip, g.bytes, x86_ip(c, next))
                    : x86_enter_code(c, g.sel, g.code, g.ip, x86_cpl(c));
    }
    if (wide || (type != 1 && type != 9 && type != 5))
        return fail(c, X86_GP, sel);
    if (dpl < x86_cpl(c) || dpl < (sel & 3u))
        return fail(c, X86_GP, sel);
    if (type == 5) {
        if (!x86_desc_present(d))
            return fail(c, X86_NP, sel);
        sel = (uint16_t)(d >> 16);
    }
    return x86_task_switch(c, sel, call ? X86_TASK_CALL : X86_TASK_JUMP, next, false, 0);
}

bool x86_far_jump(struct x86_cpu *c, uint16_t sel, uint64_t ip, unsigned op_size, va_t next)
{
    uint64_t d, high;
    ip = zext(ip, op_size * 8);
    if (is_unprotected(c)) {
        if (ip > c->seg[X86_CS].limit)
            return fail(c, X86_GP, 0);
        real_jump(c, sel, ip);
        return true;
    }
    if ((sel & ~3u) == 0)
        return fail(c, X86_GP, 0);
    if (!x86_get_descriptor(c, sel, X86_GP, 0, &d, &high))
        return false;
    if (!x86_desc_is_segment(d))
        return through_system(c, sel, d, high, false, next);
    if (!x86_desc_is_code(d))
        return fail(c, X86_GP, sel);
    return check_code(c, sel, d, false) && x86_enter_code(c, sel, d, ip, x86_cpl(c));
}

bool x86_far_call(struct x86_cpu *c, uint16_t sel, uint64_t ip, unsigned op_size, va_t next)
{
    uint64_t d, high;
    ip = zext(ip, op_size * 8);
    if (is_unprotected(c)) {
        struct x86_stack s;
        x86_open_stack(c, &s);
        if (ip > c->seg[X86_CS].limit)
            return fail(c, X86_GP, 0);
        if (!x86_stack_push(c, &s, op_size, c->seg[X86_CS].sel) ||
            !x86_stack_push(c, &s, op_size, x86_ip(c, next)))
            return false;
        c->gpr[4] = s.sp;
        real_jump(c, sel, ip);
        return true;
    }
    if ((sel & ~3u) == 0)
        return fail(c, X86_GP, 0);
    if (!x86_get_descriptor(c, sel, X86_GP, 0, &d, &high))
        return false;
    if (!x86_desc_is_segment(d))
        return through_system(c, sel, d, high, true, next);
    if (!x86_desc_is_code(d))
        return fail(c, X86_GP, sel);
    return check_code(c, sel, d, false) && call_same(c, sel, d, ip, op_size, x86_ip(c, next));
}

/* ---- returns ---- */
/*
 * Data segments that the outer level may not have become null (SDM 6.8.6): the selector does and
 * the segment is unusable, the base stays. 64-bit code goes on with those of FS and GS;
 * kvm-unit-tests' emulator (test_iret) says so of processors.
 */
static void drop_segments(struct x86_cpu *c, unsigned cpl)
{
    static const uint8_t data[] = { X86_ES, X86_DS, X86_FS, X86_GS };
    for (unsigned i = 0; i < 4; i++) {
        const struct x86_segment *s = &c->seg[data[i]];
        bool conforming = (s->attr & 0xc) == 0xc;
        if ((s->attr & X86_ATTR_P) && !conforming && (s->attr >> 5 & 3u) < cpl) {
            uint64_t base = c->seg[data[i]].base;
            x86_null_segment(c, data[i], 0);
            c->seg[data[i]].base = base;
        }
    }
}

static bool return_code(struct x86_cpu *c, uint16_t sel, uint64_t *d)
{
    unsigned rpl = sel & 3u;
    if ((sel & ~3u) == 0)
        return fail(c, X86_GP, 0);
    if (!x86_get_descriptor(c, sel, X86_GP, 0, d, NULL))
        return false;
    unsigned dpl = x86_desc_dpl(*d);
    bool bad = !x86_desc_is_code(*d) || rpl < x86_cpl(c) ||
               (x86_desc_conforms(*d) ? dpl > rpl : dpl != rpl) ||
               (x86_long_mode(c) && x86_desc_long(*d) && x86_desc_db(*d));
    if (bad)
        return fail(c, X86_GP, sel);
    return x86_desc_present(*d) || fail(c, X86_NP, sel);
}

/* SS of the outer level; null is allowed to 64-bit code outside level 3. */
static bool return_stack(struct x86_cpu *c, uint16_t sel, unsigned rpl, uint64_t code, uint64_t *d)
{
    *d = 0;
    if ((sel & ~3u) == 0) {
        bool wide = x86_long_mode(c) && x86_desc_long(code);
        return (wide && rpl != 3 && (sel & 3u) == rpl) || fail(c, X86_GP, 0);
    }
    if (!x86_get_descriptor(c, sel, X86_GP, 0, d, NULL))
        return false;
    unsigned type = x86_desc_type(*d);
    if ((sel & 3u) != rpl || !x86_desc_is_segment(*d) || (type & 8) || !(type & 2) ||
        x86_desc_dpl(*d) != rpl)
        return fail(c, X86_GP, sel);
    return x86_desc_present(*d) || fail(c, X86_SS_FAULT, sel);
}

/* CS, IP and, to an outer level or always from 64-bit IRET, SS:SP; both were popped and CS was
 * checked. */
static bool go_outward(struct x86_cpu *c, uint16_t cs, uint64_t code, uint64_t ip, uint16_t ss,
                       uint64_t sp)
{
    unsigned rpl = cs & 3u, cpl = x86_cpl(c);
    uint64_t d;
    if (!return_stack(c, ss, rpl, code, &d) || !check_ip(c, code, ip))
        return false;
    if ((ss & ~3u) == 0)
        x86_null_segment(c, X86_SS, ss);
    else if (!x86_put_segment(c, X86_SS, ss, d))
        return false;
    bool wide = x86_long_mode(c) && x86_desc_long(code);
    if (wide)
        c->gpr[4] = sp;
    else
        c->gpr[4] = c->seg[X86_SS].attr & X86_ATTR_DB ? (uint32_t)sp
                                                      : (c->gpr[4] & ~0xffffull) | (sp & 0xffff);
    if (!x86_enter_code(c, cs, code, ip, rpl))
        return false;
    if (rpl > cpl)
        drop_segments(c, rpl);
    return true;
}

bool x86_far_return(struct x86_cpu *c, unsigned op_size, unsigned release)
{
    struct x86_stack s;
    uint64_t ip, sel, sp, ss, d;
    x86_open_stack(c, &s);
    if (!x86_stack_pop(c, &s, op_size, &ip) || !x86_stack_pop(c, &s, op_size, &sel))
        return false;
    uint16_t cs = (uint16_t)sel;
    if (is_unprotected(c)) {
        if (ip > c->seg[X86_CS].limit)
            return fail(c, X86_GP, 0);
        c->gpr[4] = (s.sp & ~s.mask) | ((s.sp + release) & s.mask);
        real_jump(c, cs, ip);
        return true;
    }
    if (!return_code(c, cs, &d))
        return false;
    s.sp = (s.sp & ~s.mask) | ((s.sp + release) & s.mask);
    if ((cs & 3u) == x86_cpl(c)) {
        if (!x86_enter_code(c, cs, d, ip, cs & 3u))
            return false;
        c->gpr[4] = s.sp;
        return true;
    }
    if (!x86_stack_pop(c, &s, op_size, &sp) || !x86_stack_pop(c, &s, op_size, &ss))
        return false;
    if (!go_outward(c, cs, d, ip, (uint16_t)ss, sp))
        return false;
    uint64_t mask = x86_long_mode(c) && x86_desc_long(d) ? ~0ull
                    : c->seg[X86_SS].attr & X86_ATTR_DB  ? UINT32_MAX
                                                         : 0xffff;
    c->gpr[4] = (c->gpr[4] & ~mask) | ((c->gpr[4] + release) & mask);
    return true;
}

/* ---- IRET ---- */
/* Flags that an IRET of `bytes` at `cpl` may change. */
static uint64_t iret_mask(const struct x86_cpu *c, unsigned bytes, unsigned cpl)
{
    uint64_t m = X86_ARITH | X86_TF | X86_DF | X86_NT;
    if (bytes > 2)
        m |= X86_RF | X86_AC | X86_ID;
    if (cpl <= (c->rflags >> 12 & 3))
        m |= X86_IF;
    if (cpl == 0)
        m |= X86_IOPL | (bytes > 2 ? X86_VIF | X86_VIP : 0);
    return m;
}

/* `mask` has all of X86_ARITH: what they were is not asked. */
static void set_flags(struct x86_cpu *c, uint64_t v, uint64_t mask)
{
    x86_set_rflags(c, (c->rflags & ~mask) | (v & mask));
}

static bool iret_real(struct x86_cpu *c, unsigned bytes)
{
    struct x86_stack s;
    uint64_t ip, cs, flags;
    x86_open_stack(c, &s);
    bool virtual = x86_v86(c) && (c->rflags & X86_IOPL) != X86_IOPL;
    if (virtual && (bytes != 2 || !(c->cr4 & X86_CR4_VME)))
        return fail(c, X86_GP, 0);
    if (!x86_stack_pop(c, &s, bytes, &ip) || !x86_stack_pop(c, &s, bytes, &cs) ||
        !x86_stack_pop(c, &s, bytes, &flags))
        return false;
    if (ip > c->seg[X86_CS].limit)
        return fail(c, X86_GP, 0);
    uint64_t mask = iret_mask(c, bytes, x86_v86(c) ? 3 : 0) & ~(uint64_t)(X86_VIF | X86_VIP);
    if (virtual && !x86_v86_set_if(c, flags, bytes))
        return false;
    if (x86_v86(c))
        mask = (virtual ? mask & ~(uint64_t)X86_IF : mask | X86_IF) & ~(uint64_t)X86_IOPL;
    c->gpr[4] = s.sp;
    set_flags(c, flags, mask);
    real_jump(c, (uint16_t)cs, ip);
    return true;
}

static bool iret_to_v86(struct x86_cpu *c, struct x86_stack *s, uint64_t ip, uint16_t cs,
                        uint64_t flags)
{
    static const uint8_t order[] = { X86_ES, X86_DS, X86_FS, X86_GS };
    uint64_t sp, ss, sel[4];
    if (!x86_stack_pop(c, s, 4, &sp) || !x86_stack_pop(c, s, 4, &ss))
        return false;
    for (unsigned i = 0; i < 4; i++)
        if (!x86_stack_pop(c, s, 4, &sel[i]))
            return false;
    if ((ip & 0xffffffff) > 0xffff)
        return fail(c, X86_GP, 0);
    x86_set_rflags(c, flags & 0x3f7fd5);
    c->gpr[4] = (uint32_t)sp;
    x86_load_real_segment(c, X86_SS, (uint16_t)ss);
    for (unsigned i = 0; i < 4; i++)
        x86_load_real_segment(c, (enum x86_seg)order[i], (uint16_t)sel[i]);
    real_jump(c, cs, ip & 0xffff);
    return true;
}

/*
 * From 64-bit code with all of the frame reached by the TLB: no part of it can fault, so it may be read before CS is
 * checked.
 */
static bool iret_long(struct x86_cpu *c, const uint8_t *frame)
{
    uint64_t ip = ld_le64(frame), flags = ld_le64(frame + 16), d;
    uint16_t cs = (uint16_t)ld_le64(frame + 8), ss = (uint16_t)ld_le64(frame + 32);
    uint64_t sp = ld_le64(frame + 24), mask = iret_mask(c, 8, x86_cpl(c));
    if (!return_code(c, cs, &d) || !go_outward(c, cs, d, ip, ss, sp))
        return false;
    set_flags(c, flags, mask);
    return true;
}

static bool iret_protected(struct x86_cpu *c, unsigned bytes)
{
    struct x86_stack s;
    uint64_t ip, sel, flags, sp, ss, d;
    unsigned cpl = x86_cpl(c);
    const uint8_t *frame = bytes == 8 && !(c->mode & X86_MODE_ALIGN) ? x86_load_reach(c, c->gpr[4], 40, false) : NULL;
    if (LIKELY(frame != NULL))
        return iret_long(c, frame);
    x86_open_stack(c, &s);
    if (!x86_stack_pop(c, &s, bytes, &ip) || !x86_stack_pop(c, &s, bytes, &sel) ||
        !x86_stack_pop(c, &s, bytes, &flags))
        return false;
    if ((flags & X86_VM) && bytes == 4 && cpl == 0 && !x86_long_mode(c))
        return iret_to_v86(c, &s, ip, (uint16_t)sel, flags);
    uint16_t cs = (uint16_t)sel;
    uint64_t mask = iret_mask(c, bytes, cpl);
    if (!return_code(c, cs, &d))
        return false;
    if ((cs & 3u) == cpl && !x86_code64(c)) {
        if (!x86_enter_code(c, cs, d, ip, cs & 3u))
            return false;
        c->gpr[4] = s.sp;
    } else if (!x86_stack_pop(c, &s, bytes, &sp) || !x86_stack_pop(c, &s, bytes, &ss) ||
               !go_outward(c, cs, d, ip, (uint16_t)ss, sp)) {
        return false;
    }
    set_flags(c, flags, mask);
    return true;
}

bool x86_iret(struct x86_cpu *c, unsigned op_size)
{
    bool nmi = c->nmi_blocked;
    bool done;
    if (is_unprotected(c)) {
        done = iret_real(c, op_size);
    } else if (c->rflags & X86_NT) {
        uint64_t link;
        if (x86_long_mode(c))
            done = fail(c, X86_GP, 0);
        else
            done = x86_load_linear(c, (uint32_t)c->seg[X86_SEG_TR].base, 2, true, &link) &&
                   x86_task_switch(c, (uint16_t)link, X86_TASK_IRET, c->cpu.pc, false, 0);
    } else {
        done = iret_protected(c, op_size);
    }
    /* SDM 7.7.1: NMIs come again, even if IRET faults; but what begins anew did not begin */
    if (nmi && (done || !(c->cpu.fault.cause & (X86_CAUSE_AGAIN | X86_CAUSE_WATCH))))
        c->nmi_blocked = 0;
    return done;
}
