/* SPDX-License-Identifier: Apache-2.0 */
/* Calls out of translated code: what is saved and brought back, helpers, hooks of timing models. */
#include "core/exec/hooks.h"
#include "core/exec/x86_64/out_impl.h"
#include "core/util/bits.h"
#include <string.h>

/* ---- slots in memory and in saved registers ---- */

static uint64_t *saved(struct exec_cpu *ec, const struct x86_pin *p)
{
    return &ec->scratch[x86_saved(p->type, p->reg)];
}

/* Of known sizes, so that none is a call. */
static inline void copy_slot(void *to, const void *from, enum ir_type type)
{
    if (LIKELY(type == IR_I64 || type == IR_F64))
        memcpy(to, from, 8);
    else if (type == IR_V128)
        memcpy(to, from, 16);
    else if (type == IR_V256)
        memcpy(to, from, 32);
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
        uint64_t v[4] = { (uint64_t)(int64_t)l->at };
        if (l->kind == LATE_REG)
            copy_slot(v, &ec->scratch[l->at], l->type == IR_V256 ? IR_V256 : IR_V128);
        else if (l->kind == LATE_SLOT)
            copy_slot(v, base + l->at, (enum ir_type)l->type);
        else if (l->kind == LATE_FRAME)
            copy_slot(v, (const uint8_t *)frame + l->at, (enum ir_type)l->type);
        if (l->extension != EXTEND_NOT)
            v[0] = l->extension == EXTEND_SIGN ? (uint64_t)(int32_t)v[0] : (uint32_t)v[0];
        copy_slot(base + l->offset, v, (enum ir_type)l->type);
    }
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
        x86_not_done(cpu, &s->site);
    }
    bool go_on = UNLIKELY(rc != 0) && x86_go_on(cpu, ec, locked);
    if (UNLIKELY(locked))
        exec_leave_machine(cpu);
    return LIKELY(rc == 0) ? UNDONE_NOT : go_on ? UNDONE_JUMP : UNDONE_LEAVE;
}

/* ---- helpers ---- */

/* Sticky flags of a guest: the host's denormal bit is an x86 guest's alone. */
static uint32_t flags_mask(const struct ir_guest *guest)
{
    return guest->fp == IR_FP_X86 ? 0x3f : 0x3f & ~CPU_FP_DENORMAL;
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
            x86_not_done(cpu, &s->site);
            return x86_go_on(cpu, ec, false) ? UNDONE_JUMP : UNDONE_LEAVE;
        }
        cpu_cut(cpu);
    }
    cpu->site = NULL;
    return 0;
}

const void *x86_out_next(struct cpu *cpu)
{
    if (UNLIKELY(cpu->exec == NULL))
        return NULL;
    uint32_t mxcsr = get_mxcsr();
    cpu->fp_flags |= mxcsr & flags_mask(cpu->isa->guest);
    set_mxcsr(mxcsr, 0x1f80);
    const void *code = exec_next_piece(cpu);
    set_mxcsr(0x1f80, (cpu->fp_mode & 0xffc0) | 0x1f80);
    return code;
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
