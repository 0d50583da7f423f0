/* SPDX-License-Identifier: Apache-2.0 */
#include "core/exec/fp.h"
#include "core/exec/hooks.h"
#include "core/exec/parallel.h"
#include "core/exec/vec.h"
#include "core/exec/x86_64/x86_impl.h"
#include "core/ir/eval.h"
#include <string.h>

/* ---- slots in memory and in saved registers ---- */

static uint64_t *saved(struct exec_cpu *ec, const struct x86_pin *p)
{
    bool xmm = p->type == IR_F32 || p->type == IR_F64 || p->type == IR_V128;
    return &ec->scratch[xmm ? SAVE_XMM + 2 * p->reg : SAVE_GPR + p->reg];
}

/* Of known sizes, so that none is a call. */
static inline void copy_slot(void *to, const void *from, enum ir_type type)
{
    if (LIKELY(type == IR_I64 || type == IR_F64))
        memcpy(to, from, 8);
    else if (type == IR_V128)
        memcpy(to, from, 16);
    else
        memcpy(to, from, 4);
}

static void store_slots(struct cpu *cpu, const struct x86_code *c, uint32_t pins)
{
    struct exec_cpu *ec = cpu->exec_private;
    for (; pins; pins &= pins - 1) {
        const struct x86_pin *p = &c->pins[ctz64(pins)];
        copy_slot((uint8_t *)cpu + p->offset, saved(ec, p), (enum ir_type)p->type);
    }
}

static void load_slots(struct cpu *cpu, const struct x86_code *c, uint32_t pins)
{
    struct exec_cpu *ec = cpu->exec_private;
    for (; pins; pins &= pins - 1) {
        const struct x86_pin *p = &c->pins[ctz64(pins)];
        copy_slot(saved(ec, p), (uint8_t *)cpu + p->offset, (enum ir_type)p->type);
    }
}

static void store_late(struct cpu *cpu, const struct x86_recipe *r, const uint64_t *frame)
{
    struct exec_cpu *ec = cpu->exec_private;
    uint8_t *base = (uint8_t *)cpu;
    for (uint32_t i = 0; r && i < r->n; i++) {
        const struct x86_late *l = &r->late[i];
        uint64_t v[2] = { (uint64_t)(int64_t)l->at };
        if (l->kind == LATE_REG)
            memcpy(v, &ec->scratch[l->at], sizeof(v));
        else if (l->kind == LATE_SLOT)
            copy_slot(v, base + l->at, (enum ir_type)l->type);
        else if (l->kind == LATE_FRAME)
            copy_slot(v, (const uint8_t *)frame + l->at, (enum ir_type)l->type);
        if (l->extension != EXTEND_NOT)
            v[0] = l->extension == EXTEND_SIGN ? (uint64_t)(int32_t)v[0] : (uint32_t)v[0];
        copy_slot(base + l->offset, v, (enum ir_type)l->type);
    }
}

/* The CPU stands before the site's instruction. */
static void not_done(struct cpu *cpu, const struct cpu_site *s)
{
    cpu->budget -= s->cost_before;
    if (cpu->uniform == 0)
        cpu->insns += s->insns_before;
    cpu->pc = cpu->page + (va_t)(int64_t)s->at;
    cpu->site = NULL;
}

/* exec_go_on; the machine's lock is held for it, too. */
static bool go_on_alone(struct cpu *cpu, const struct exec_cpu *ec, bool locked)
{
    bool enters = UNLIKELY(ec->beside) && !locked;
    if (UNLIKELY(enters))
        (void)exec_enter_machine(cpu, false);
    bool go_on = exec_go_on(cpu);
    if (UNLIKELY(enters))
        exec_leave_machine(cpu);
    return go_on;
}

/* Every call out of translated code but x86_out_last's comes through here. Nonzero: enum x86_undone. */
int x86_out(struct cpu *cpu, const struct x86_site *s, uint64_t va, uint64_t b, uint64_t *frame,
            struct exec_cpu *ec)
{
    ec->block = s->code->block;
    cpu->site = s;
    bool locked = UNLIKELY(ec->beside) && s->machine;
    if (UNLIKELY(locked))
        (void)exec_enter_machine(cpu, s->inst.op == IR_CALL);
    int rc = s->fn(cpu, s, va, b, frame, &ec->scratch[SAVE_RESULT]);
    cpu->site = NULL;
    if (UNLIKELY(rc != 0)) {
        store_slots(cpu, s->code, s->dirty);
        store_late(cpu, s->late, frame);
        not_done(cpu, &s->site);
    }
    bool go_on = UNLIKELY(rc != 0) && go_on_alone(cpu, ec, locked);
    if (UNLIKELY(locked))
        exec_leave_machine(cpu);
    return LIKELY(rc == 0) ? UNDONE_NOT : go_on ? UNDONE_JUMP : UNDONE_LEAVE;
}

/* ---- memory ---- */

/* Do other host threads run CPUs at this time? */
static bool beside(const struct cpu *cpu)
{
    return ((const struct exec_cpu *)cpu->exec_private)->beside;
}

static int slow_load(struct cpu *cpu, const struct x86_site *s, uint64_t va, uint64_t *result)
{
    if (s->inst.type == IR_V128)
        return mmu_slow_load128(cpu, va, s->inst.aux2, result);
    return mmu_slow_load(cpu, va, s->inst.aux2, result);
}

static bool quick_load(struct cpu *cpu, const struct x86_site *s, uint64_t va, uint64_t *result)
{
    if (s->inst.type == IR_V128)
        return mmu_quick_load128(cpu, va, s->inst.aux2, result);
    return mmu_quick_load(cpu, va, s->inst.aux2, result);
}

int x86_out_load(struct cpu *cpu, const struct x86_site *s, uint64_t va, uint64_t b,
                 uint64_t *frame, uint64_t *result)
{
    (void)b, (void)frame;
    int rc = 0;
    if (LIKELY(!beside(cpu))) {
        rc = slow_load(cpu, s, va, result);
    } else if (!quick_load(cpu, s, va, result)) {
        (void)exec_enter_machine(cpu, false);
        rc = slow_load(cpu, s, va, result);
        exec_leave_machine(cpu);
    }
    if (s->inst.type == IR_I32)
        *result = (uint32_t)*result; /* as a load of 32 bits leaves its register: x86_is_clean */
    return rc;
}

/* As many bytes of a value as the access has. */
static uint64_t cut(uint64_t v, uint32_t memop)
{
    return zext(v, 8u << (memop & IR_MEM_SIZE));
}

static int slow_store(struct cpu *cpu, const struct x86_site *s, uint64_t va, uint64_t value, const uint64_t *frame)
{
    if (s->inst.type == IR_V128)
        return mmu_slow_store128(cpu, va, s->inst.aux2, frame);
    return mmu_slow_store(cpu, va, s->inst.aux2, cut(value, s->inst.aux2));
}

static bool quick_store(struct cpu *cpu, const struct x86_site *s, uint64_t va, uint64_t value, const uint64_t *frame)
{
    if (s->inst.type == IR_V128)
        return mmu_quick_store128(cpu, va, s->inst.aux2, frame);
    return mmu_quick_store(cpu, va, s->inst.aux2, cut(value, s->inst.aux2));
}

int x86_out_store(struct cpu *cpu, const struct x86_site *s, uint64_t va, uint64_t b,
                  uint64_t *frame, uint64_t *result)
{
    (void)result;
    if (LIKELY(!beside(cpu)))
        return slow_store(cpu, s, va, b, frame);
    if (quick_store(cpu, s, va, b, frame))
        return 0;
    (void)exec_enter_machine(cpu, false);
    int rc = slow_store(cpu, s, va, b, frame);
    exec_leave_machine(cpu);
    return rc;
}

static uint64_t operand(const struct cpu *cpu, const struct exec_cpu *ec, const uint64_t *frame, unsigned kind, uint16_t at)
{
    uint64_t v;
    switch (kind) {
    case ACCESS_REG:
        return ec->scratch[SAVE_GPR + at];
    case ACCESS_CPU:
        memcpy(&v, (const uint8_t *)cpu + at, sizeof(v));
        return v;
    case ACCESS_FRAME:
        memcpy(&v, (const uint8_t *)frame + at, sizeof(v));
        return v;
    default:
        return (uint64_t)(int64_t)(int16_t)at;
    }
}

int x86_out_access(struct cpu *cpu, const uint8_t *after, uint64_t *frame, struct exec_cpu *ec)
{
    struct x86_access s;
    struct exec_block *block;
    after += ACCESS_STUB - 5;
    memcpy(&s, after, sizeof(s)); /* it is not aligned */
    memcpy(&block, after - s.block, sizeof(block));
    const struct cpu_site site = { .at = s.at, .cost_before = s.cost_before, .insns_before = s.insns_before, .rest = s.rest };
    uint64_t va = operand(cpu, ec, frame, s.base_kind, s.base) + (uint64_t)(int64_t)s.disp;
    bool store = s.value_kind != ACCESS_LOAD;
    uint64_t v = store ? cut(operand(cpu, ec, frame, s.value_kind, s.value), s.memop) : 0;
    bool done = UNLIKELY(ec->beside) && (store ? mmu_quick_store(cpu, va, s.memop, v) : mmu_quick_load(cpu, va, s.memop, &v));
    bool locked = UNLIKELY(ec->beside) && !done;
    ec->block = block;
    cpu->site = &site;
    if (locked)
        (void)exec_enter_machine(cpu, false);
    int rc = done ? 0 : store ? mmu_slow_store(cpu, va, s.memop, v) : mmu_slow_load(cpu, va, s.memop, &v);
    cpu->site = NULL;
    if (UNLIKELY(rc != 0))
        not_done(cpu, &site);
    else if (!store)
        ec->scratch[SAVE_GPR + s.dst] = v;
    bool go_on = UNLIKELY(rc != 0) && go_on_alone(cpu, ec, locked);
    if (locked)
        exec_leave_machine(cpu);
    return LIKELY(rc == 0) ? UNDONE_NOT : go_on ? UNDONE_JUMP : UNDONE_LEAVE;
}

/* The value as the IR has it: an i32 is zero-extended, whatever the registers hold. */
static uint64_t typed(const struct x86_site *s, uint64_t v)
{
    return s->inst.type == IR_I32 ? (uint32_t)v : v;
}

int x86_out_amo(struct cpu *cpu, const struct x86_site *s, uint64_t va, uint64_t b,
                uint64_t *frame, uint64_t *result)
{
    (void)frame;
    enum ir_amo op = (enum ir_amo)s->inst.aux;
    uint64_t v = typed(s, b);
    if (LIKELY(!beside(cpu)))
        return mmu_slow_amo(cpu, va, s->inst.aux2, op, v, result);
    if (mmu_quick_amo(cpu, va, s->inst.aux2, op, v, result))
        return 0;
    (void)exec_enter_machine(cpu, false);
    int rc = mmu_slow_amo(cpu, va, s->inst.aux2, op, v, result);
    exec_leave_machine(cpu);
    return rc;
}

int x86_out_cas(struct cpu *cpu, const struct x86_site *s, uint64_t va, uint64_t b,
                uint64_t *frame, uint64_t *result)
{
    unsigned bits = 8u << (s->inst.aux2 & IR_MEM_SIZE);
    uint64_t expected = zext(b, bits), value = zext(frame[0], bits);
    if (LIKELY(!beside(cpu)))
        return mmu_slow_cas(cpu, va, s->inst.aux2, expected, value, result);
    if (mmu_quick_cas(cpu, va, s->inst.aux2, expected, value, result))
        return 0;
    (void)exec_enter_machine(cpu, false);
    int rc = mmu_slow_cas(cpu, va, s->inst.aux2, expected, value, result);
    exec_leave_machine(cpu);
    return rc;
}

int x86_out_loadr(struct cpu *cpu, const struct x86_site *s, uint64_t va, uint64_t b,
                  uint64_t *frame, uint64_t *result)
{
    (void)b, (void)frame;
    if (LIKELY(!beside(cpu)))
        return mmu_load_reserved(cpu, va, s->inst.aux2, result);
    if (mmu_quick_load_reserved(cpu, va, s->inst.aux2, result))
        return 0;
    (void)exec_enter_machine(cpu, false);
    int rc = mmu_load_reserved(cpu, va, s->inst.aux2, result);
    exec_leave_machine(cpu);
    return rc;
}

int x86_out_storec(struct cpu *cpu, const struct x86_site *s, uint64_t va, uint64_t b,
                   uint64_t *frame, uint64_t *result)
{
    (void)frame;
    uint64_t value = zext(b, 8u << (s->inst.aux2 & IR_MEM_SIZE));
    if (LIKELY(!beside(cpu)))
        return mmu_store_conditional(cpu, va, s->inst.aux2, value, result);
    if (mmu_quick_store_conditional(cpu, va, s->inst.aux2, value, result))
        return 0;
    (void)exec_enter_machine(cpu, false);
    int rc = mmu_store_conditional(cpu, va, s->inst.aux2, value, result);
    exec_leave_machine(cpu);
    return rc;
}

/* ---- helpers ---- */

/* Sticky flags of a guest: the host's denormal bit is an x86 guest's alone. */
static uint32_t flags_mask(const struct ir_guest *guest)
{
    return guest->fp == IR_FP_X86 ? 0x3f : 0x3f & ~CPU_FP_DENORMAL;
}

int x86_out_pure(struct cpu *cpu, const struct x86_site *s, uint64_t va, uint64_t b,
                 uint64_t *frame, uint64_t *result)
{
    (void)va, (void)b;
    const struct ir_helper *h = &s->code->guest->helpers[s->inst.imm];
    *result = h->fn(cpu, frame[0], frame[1], frame[2], frame[3]);
    return 0;
}

/* Same rule as the interpreter's: raised, it was not done; asked to leave, it was. */
int x86_out_call(struct cpu *cpu, const struct x86_site *s, uint64_t va, uint64_t b,
                 uint64_t *frame, uint64_t *result)
{
    (void)va, (void)b;
    struct exec_cpu *ec = cpu->exec_private;
    const struct ir_helper *h = &s->code->guest->helpers[s->inst.imm];
    uint32_t mxcsr; /* 32 bits were stored: a read of more, as compilers make of a cast, would wait for memory */
    memcpy(&mxcsr, &ec->scratch[SAVE_MXCSR], sizeof(mxcsr));
    cpu->fp_flags |= mxcsr & flags_mask(s->code->guest);
    ec->scratch[SAVE_MXCSR] = mxcsr & ~0x3fu;
    bool slots = h->flags & (IR_CALL_READS | IR_CALL_WRITES);
    if (slots)
        store_slots(cpu, s->code, s->dirty);
    *result = h->fn(cpu, frame[0], frame[1], frame[2], frame[3]);
    if ((h->flags & IR_CALL_EXITS) && UNLIKELY(cpu->exit)) {
        if (cpu->exit & (CPU_EXIT_EXCEPTION | CPU_EXIT_DEBUG)) {
            if (slots)
                load_slots(cpu, s->code, s->dirty); /* memory has them already */
            return 1;
        }
        cpu_cut(cpu);
    }
    if (h->flags & IR_CALL_WRITES)
        load_slots(cpu, s->code, (uint32_t)BIT(s->code->n_pins) - 1);
    ec->scratch[SAVE_MXCSR] = (cpu->fp_mode & 0xffc0) | 0x1f80;
    return 0;
}

static uint32_t get_mxcsr(void)
{
    uint32_t v;
    __asm__ volatile("stmxcsr %0" : "=m"(v));
    return v;
}

/* Costs as much as the rest of a short helper: only when it makes a difference. */
static void set_mxcsr(uint32_t now, uint32_t wanted)
{
    if (UNLIKELY(now != wanted))
        __asm__ volatile("ldmxcsr %0" : : "m"(wanted));
}

/*
 * Reading MXCSR alone takes as long as a short helper. Guests of this rule declare IR_CALL_FP whatever looks at the flags
 * or changes the mode, so that for all others the guest's word may stay in its register.
 */
static bool leaves_fp_alone(const struct ir_guest *guest, const struct ir_helper *h)
{
    return guest->fp == IR_FP_X86 && !(h->flags & IR_CALL_FP);
}

/*
 * The same for a call with which the block ends: all slots are in memory and no register is wanted any more, so
 * nothing was saved and nothing is brought back.
 */
int x86_out_last(struct cpu *cpu, const struct x86_site *s, uint64_t *frame, struct exec_cpu *ec)
{
    const struct ir_helper *h = &s->code->guest->helpers[s->inst.imm];
    bool fp = !leaves_fp_alone(s->code->guest, h);
    if (fp) {
        uint32_t mxcsr = get_mxcsr();
        cpu->fp_flags |= mxcsr & flags_mask(s->code->guest);
        set_mxcsr(mxcsr, 0x1f80);
    }
    ec->block = s->code->block;
    cpu->site = s;
    bool locked = UNLIKELY(ec->beside) && s->machine;
    if (UNLIKELY(locked))
        (void)exec_enter_machine(cpu, true);
    ec->scratch[SAVE_RESULT] = h->fn(cpu, frame[0], frame[1], frame[2], frame[3]);
    if (UNLIKELY(locked))
        exec_leave_machine(cpu);
    if (fp)
        set_mxcsr(0x1f80, (cpu->fp_mode & 0xffc0) | 0x1f80);
    if ((h->flags & IR_CALL_EXITS) && UNLIKELY(cpu->exit)) {
        if (cpu->exit & (CPU_EXIT_EXCEPTION | CPU_EXIT_DEBUG)) {
            not_done(cpu, &s->site);
            return go_on_alone(cpu, ec, false) ? UNDONE_JUMP : UNDONE_LEAVE;
        }
        cpu_cut(cpu);
    }
    cpu->site = NULL;
    return 0;
}

/* What TRAP calls has nothing else to do than to raise. */
int x86_out_trap(struct cpu *cpu, const struct x86_site *s, uint64_t va, uint64_t b, uint64_t *frame,
                 uint64_t *result)
{
    (void)va, (void)b, (void)frame, (void)result;
    s->code->guest->helpers[s->inst.imm].fn(cpu, (uint64_t)s->inst.imm2, 0, 0, 0);
    return 1;
}

/* After a light helper that raised or asked to leave; its result is in the frame. */
int x86_out_light(struct cpu *cpu, const struct x86_site *s, uint64_t va, uint64_t b,
                  uint64_t *frame, uint64_t *result)
{
    (void)s, (void)va, (void)b;
    *result = frame[0];
    if (cpu->exit & (CPU_EXIT_EXCEPTION | CPU_EXIT_DEBUG))
        return 1;
    cpu_cut(cpu);
    return 0;
}

/* Pure integer operations that this host lacks, or the first tier has no code for. */
int x86_out_eval(struct cpu *cpu, const struct x86_site *s, uint64_t va, uint64_t b,
                 uint64_t *frame, uint64_t *result)
{
    (void)cpu, (void)va, (void)b;
    const struct ir_inst *in = &s->inst;
    *result = ir_eval((enum ir_op)in->op, (enum ir_type)in->type, in->aux, in->imm, frame[0], frame[1], frame[2]);
    return 0;
}

/* ---- exact floating point ---- */

static enum fp_format format_of(int64_t type)
{
    return type == IR_F32 ? FP_F32 : FP_F64;
}

static unsigned bits_of(int64_t type)
{
    return type == IR_I32 || type == IR_F32 ? 32 : 64;
}

int x86_out_fp(struct cpu *cpu, const struct x86_site *s, uint64_t va, uint64_t vb,
               uint64_t *frame, uint64_t *result)
{
    (void)va, (void)vb;
    const struct ir_inst *in = &s->inst;
    struct fp_env env, *e = &env;
    enum fp_format f = format_of(in->type);
    bool cvt = in->op == IR_FCVT || in->op == IR_FTOI || in->op == IR_ITOF;
    unsigned bits = bits_of(cvt ? in->imm & 0xff : in->type);
    uint64_t a = zext(frame[0], bits), b = zext(frame[1], bits), c = zext(frame[2], bits);
    fp_env_init(e, s->code->guest->fp, cpu->fp_mode, (enum ir_rm)in->aux);
    switch (in->op) {
    case IR_FADD: *result = fp_add(e, f, a, b); break;
    case IR_FSUB: *result = fp_sub(e, f, a, b); break;
    case IR_FMUL: *result = fp_mul(e, f, a, b); break;
    case IR_FDIV: *result = fp_div(e, f, a, b); break;
    case IR_FSQRT: *result = fp_sqrt(e, f, a); break;
    case IR_FMA: *result = fp_fma(e, f, a, b, c, in->imm & 1, in->imm & 2); break;
    case IR_FMIN: *result = fp_min(e, f, a, b, in->imm & 1); break;
    case IR_FMAX: *result = fp_max(e, f, a, b, in->imm & 1); break;
    case IR_FCMP: *result = fp_cmp(e, f, in->aux, a, b); break;
    case IR_FCVT: *result = fp_cvt(e, f, format_of(in->imm), a); break;
    case IR_FTOI:
        *result = fp_to_int(e, format_of(in->imm & 0xff), bits_of(in->type), in->imm & 0x100, a);
        break;
    case IR_ITOF: *result = fp_from_int(e, f, bits, in->imm & 0x100, a); break;
    case IR_FRINT: *result = fp_round(e, f, a, in->imm & 1); break;
    default: break;
    }
    cpu->fp_flags |= env.flags;
    return 0;
}

/* ---- vectors: operands in the frame, 16 bytes each; a scalar takes the place of one ---- */

static union ir_vec *vector_at(uint64_t *words)
{
    return (union ir_vec *)(void *)words; /* the frame is 16-aligned */
}

int x86_out_vec(struct cpu *cpu, const struct x86_site *s, uint64_t va, uint64_t b,
                uint64_t *frame, uint64_t *result)
{
    (void)va, (void)b;
    const struct ir_inst *in = &s->inst;
    struct vec_env env = { .guest = s->code->guest, .fp_mode = cpu->fp_mode, .lane = in->aux,
                           .rm = (uint8_t)in->aux2, .imm = in->imm };
    union ir_vec *v[3] = { vector_at(frame), vector_at(frame + 2), vector_at(frame + 4) };
    union ir_vec r = { .d = { 0 } };
    switch (in->op) {
    case IR_VDUP: vec_dup(&r, in->aux, frame[0]); break;
    case IR_VSCALAR: r.d[0] = zext(frame[0], 8u << in->aux); break;
    case IR_VINS:
        r = *v[0];
        vec_set_lane(&r, in->aux, (unsigned)in->imm, frame[2]);
        break;
    case IR_VLANE: r.d[0] = vec_lane(v[0], in->aux, (unsigned)in->imm); break;
    case IR_VADDV: r.d[0] = vec_sum(v[0], in->aux); break;
    case IR_VTOPS: r.d[0] = vec_tops(v[0], in->aux); break;
    case IR_CALLV:
        s->code->guest->vec_helpers[in->imm].fn(cpu, &r, in->a ? v[0] : NULL, in->b ? v[1] : NULL,
                                                in->c ? v[2] : NULL, (uint64_t)in->imm2);
        break;
    default:
        vec_function((enum ir_op)in->op)(&env, &r, v[0], in->b ? v[1] : NULL, in->c ? v[2] : NULL);
        break;
    }
    cpu->fp_flags |= env.flags;
    memcpy(result, &r, 16);
    return 0;
}

/* ---- timing hooks ---- */

/* imm: where the canonical block starts */
int x86_out_hook_fetch(struct cpu *cpu, const struct x86_site *s, uint64_t va, uint64_t b,
                       uint64_t *frame, uint64_t *result)
{
    (void)va, (void)b, (void)frame, (void)result;
    cpu->site = NULL;
    exec_hook_fetch(cpu, s->code->block, (int32_t)s->inst.imm);
    return 0;
}

/* frame[4] = va, frame[5] = host address or 0 */
int x86_out_hook_data(struct cpu *cpu, const struct x86_site *s, uint64_t va, uint64_t b,
                      uint64_t *frame, uint64_t *result)
{
    (void)va, (void)b, (void)result;
    bool write = s->inst.op != IR_LOAD && s->inst.op != IR_LOADR;
    cpu->site = NULL;
    exec_hook_data(cpu, frame[4], s->inst.aux2, write, (const uint8_t *)(uintptr_t)frame[5]);
    return 0;
}

/* imm: the block's last instruction, a struct insn_at */
int x86_out_hook_branch(struct cpu *cpu, const struct x86_site *s, uint64_t va, uint64_t taken,
                        uint64_t *frame, uint64_t *result)
{
    (void)frame, (void)result;
    cpu->site = NULL;
    exec_hook_branch(cpu, (const struct insn_at *)(intptr_t)s->inst.imm, va, taken);
    return 0;
}
