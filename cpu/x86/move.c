/* SPDX-License-Identifier: Apache-2.0 */
/* Data transfer: SDM volume 1, 5.1.1, 5.1.9 (strings are string.c's); ENTER and LEAVE; hints. */
#include "cpu/x86/translate_impl.h"
#include "core/util/bits.h"
#include "cpu/x86/opcode.h"
#include "mmu/tlb.h"

static void mov(struct x86_tr *t, unsigned arg)
{
    (void)arg;
    x86_put(t, 0, x86_get(t, 1));
}

static void mov_extend(struct x86_tr *t, unsigned is_signed)
{
    unsigned bytes = t->d.op[1].size;
    enum ir_type type = t->d.op[0].size == 4 ? IR_I32 : IR_I64;
    ir_val_t v;
    if (!is_signed || bytes == t->d.op[0].size)
        v = x86_get(t, 1);
    else if (x86_is_mem(t, 1))
        v = ir_load(t->u, type, x86_address(t, bytes, INSN_MEM_READ), 0, x86_memop(t, bytes, IR_MEM_SIGNED));
    else
        v = ir_sext(t->u, type, x86_get(t, 1), bytes * 8);
    x86_put(t, 0, v);
}

static void lea(struct x86_tr *t, unsigned arg)
{
    (void)arg;
    x86_put(t, 0, x86_offset(t));
}

static void xchg(struct x86_tr *t, unsigned arg)
{
    (void)arg;
    if (x86_is_mem(t, 0)) { /* locked with and without the prefix */
        x86_put(t, 1, x86_locked(t, 0, IR_AMO_SWAP, x86_get(t, 1)));
        return;
    }
    ir_val_t a = x86_get(t, 0), b = x86_get(t, 1);
    x86_put(t, 0, b);
    x86_put(t, 1, a);
}

static void xadd(struct x86_tr *t, unsigned arg)
{
    unsigned bytes = t->d.op[0].size;
    ir_val_t b = x86_get(t, 1), a = t->d.lock ? x86_locked(t, 0, IR_AMO_ADD, b) : x86_get_rmw(t, 0);
    ir_val_t r = x86_op2(t, IR_ADD, bytes, a, b);
    (void)arg;
    if (x86_is_mem(t, 0)) {
        if (!t->d.lock)
            x86_put(t, 0, r);
        x86_put(t, 1, a);
    } else {
        x86_put(t, 1, a);
        x86_put(t, 0, r); /* of one register twice the sum stays */
    }
    x86_set_cc(t, X86_CC_ADD, bytes, r, b, IR_NONE, a);
}

static ir_val_t cas(struct x86_tr *t, unsigned bytes, ir_val_t expected, ir_val_t v)
{
    ir_val_t linear = x86_address(t, bytes, INSN_MEM_RMW);
    return ir_cas(t->u, IR_I64, linear, expected, v,
                  x86_memop(t, bytes, IR_MEM_ATOMIC | IR_MEM_ACQUIRE | IR_MEM_RELEASE));
}

static void cmpxchg(struct x86_tr *t, unsigned arg)
{
    struct ir_unit *u = t->u;
    unsigned bytes = t->d.op[0].size;
    ir_val_t acc = x86_get_reg(t, 0, bytes), b = x86_get(t, 1), old;
    bool mem = x86_is_mem(t, 0);
    (void)arg;
    old = mem ? cas(t, bytes, acc, b) : x86_get(t, 0);
    ir_val_t same = ir_setcc(u, IR_I64, IR_EQ, acc, old);
    /* The accumulator is written only if they differ: of 32 bits its upper half stays otherwise. */
    ir_val_t rax = ir_get(u, X86_SLOT_GPR), loaded = old;
    if (bytes < 4)
        loaded = ir_deposit(u, IR_I64, rax, old, 0, bytes * 8);
    ir_val_t new_rax = ir_select(u, IR_I64, same, rax, loaded);
    if (mem || t->d.op[0].kind != X86_OP_REG || t->d.op[0].reg != 0) /* AH is written after it */
        x86_put_slot(t, X86_SLOT_GPR, new_rax);
    if (!mem && bytes == 4 && t->c->config->vendor == X86_AMD) { /* not written if they differ */
        unsigned slot = X86_SLOT_GPR + t->d.op[0].reg;
        x86_put_slot(t, slot, ir_select(u, IR_I64, same, ir_zext(u, IR_I64, b, 32), ir_get(u, slot)));
    } else if (!mem) {
        x86_put(t, 0, ir_select(u, IR_I64, same, b, old));
    }
    x86_set_cc(t, X86_CC_CMP, bytes, x86_op2(t, IR_SUB, bytes, acc, old), old, IR_NONE, acc);
}

static void set_zf(struct x86_tr *t, ir_val_t zf)
{
    x86_set_flags_image(t, ir_deposit(t->u, IR_I64, x86_flags_image(t), zf, 6, 1));
}

static void cmpxchg8b(struct x86_tr *t, unsigned arg)
{
    struct ir_unit *u = t->u;
    ir_val_t expected =
        ir_deposit(u, IR_I64, ir_get(u, X86_SLOT_GPR), ir_get(u, X86_SLOT_GPR + 2), 32, 32);
    ir_val_t v =
        ir_deposit(u, IR_I64, ir_get(u, X86_SLOT_GPR + 3), ir_get(u, X86_SLOT_GPR + 1), 32, 32);
    (void)arg;
    ir_val_t old = cas(t, 8, expected, v), same = ir_setcc(u, IR_I64, IR_EQ, expected, old);
    ir_val_t rax = ir_get(u, X86_SLOT_GPR), rdx = ir_get(u, X86_SLOT_GPR + 2);
    x86_put_slot(t, X86_SLOT_GPR, ir_select(u, IR_I64, same, rax, ir_zext(u, IR_I64, old, 32)));
    x86_put_slot(t, X86_SLOT_GPR + 2,
                 ir_select(u, IR_I64, same, rdx, ir_op2i(u, IR_SHR, IR_I64, old, 32)));
    set_zf(t, same);
}

uint64_t x86_helper_cmpxchg16b(struct cpu *cpu, uint64_t va, uint64_t b, uint64_t c0, uint64_t d)
{
    struct x86_cpu *c = X86_CPU(cpu);
    uint64_t expected[2] = { c->gpr[0], c->gpr[2] }, value[2] = { c->gpr[3], c->gpr[1] }, old[2];
    (void)b, (void)c0, (void)d;
    if (va & 15) {
        x86_raise_error(c, X86_GP, 0);
        return 0;
    }
    if (mmu_slow_cas128(cpu, va, expected, value, old) != 0)
        return x86_put_off(c);
    if (old[0] == expected[0] && old[1] == expected[1])
        return 1;
    c->gpr[0] = old[0];
    c->gpr[2] = old[1];
    return 0;
}

static void cmpxchg16b(struct x86_tr *t, unsigned arg)
{
    (void)arg;
    ir_val_t same = ir_call(t->u, IR_I64, X86_HELPER_cmpxchg16b, x86_address(t, 16, INSN_MEM_RMW),
                            IR_NONE, IR_NONE, IR_NONE);
    set_zf(t, same);
}

/* 64 bytes to ES:[register], which must be aligned (SDM volume 2, MOVDIR64B). */
static void movdir64b(struct x86_tr *t, unsigned arg)
{
    struct ir_unit *u = t->u;
    unsigned size = t->d.addr_size;
    ir_val_t offset = ir_get(u, X86_SLOT_GPR + t->d.op[0].reg), v[8];
    (void)arg;
    if (size != 8)
        offset = ir_zext(u, IR_I64, offset, size * 8u);
    ir_val_t from = x86_address(t, 64, INSN_MEM_READ);
    ir_val_t to = x86_segment_address(t, X86_ES, offset, size, 64, INSN_MEM_WRITE);
    ir_call(u, IR_VOID, X86_HELPER_misaligned, to, x86_const(t, 64), IR_NONE, IR_NONE);
    for (unsigned i = 0; i < 8; i++)
        v[i] = x86_load(t, ir_op2i(u, IR_ADD, IR_I64, from, 8 * i), 8);
    for (unsigned i = 0; i < 8; i++)
        x86_store(t, ir_op2i(u, IR_ADD, IR_I64, to, 8 * i), 8, v[i]);
}

static void xlat(struct x86_tr *t, unsigned arg)
{
    (void)arg;
    ir_val_t offset = ir_add(t->u, IR_I64, ir_get(t->u, X86_SLOT_GPR + 3), x86_get_reg(t, 0, 1));
    if (t->d.addr_size != 8)
        offset = ir_zext(t->u, IR_I64, offset, t->d.addr_size * 8u);
    x86_put_reg(t, 0, 1,
                x86_load(t,
                         x86_segment_address(t, (enum x86_seg)t->d.seg, offset, t->d.addr_size, 1,
                                             INSN_MEM_READ),
                         1));
}

static void cmov(struct x86_tr *t, unsigned arg)
{
    (void)arg;
    ir_val_t cond = x86_condition(t, t->d.cond), v = x86_get(t, 1);
    x86_put(t, 0, ir_select(t->u, IR_I64, cond, v, x86_get(t, 0)));
}

static void setcc(struct x86_tr *t, unsigned arg)
{
    (void)arg;
    x86_put(t, 0, x86_condition(t, t->d.cond));
}

/* ---- stack ---- */
static void push(struct x86_tr *t, unsigned arg)
{
    unsigned bytes = t->d.op_size;
    (void)arg;
    ir_val_t v =
        t->d.op[0].kind == X86_OP_IMM ? x86_const(t, zext(t->d.imm, bytes * 8)) : x86_get(t, 0);
    x86_push(t, v, bytes);
}

static void pop(struct x86_tr *t, unsigned arg)
{
    unsigned bytes = t->d.op_size;
    (void)arg;
    ir_val_t v = x86_pop(t, bytes);
    if (x86_is_mem(t, 0)) { /* an address off RSP counts from where it is afterwards */
        if (t->d.base == 4)
            t->d.disp += bytes;
        x86_put(t, 0, v);
        x86_add_sp(t, bytes);
    } else {
        x86_add_sp(t, bytes);
        x86_put(t, 0, v);
    }
}

/* All eight: RSP as it was before the first push; POPA leaves its place out. */
static void push_all(struct x86_tr *t, unsigned arg)
{
    unsigned bytes = t->d.op_size;
    (void)arg;
    ir_call(t->u, IR_VOID, X86_HELPER_push_all, x86_const(t, bytes), IR_NONE, IR_NONE, IR_NONE);
}

static uint64_t stack_mask(const struct x86_cpu *c)
{
    return x86_code64(c) ? ~0ull : c->mode & X86_MODE_SS32 ? UINT32_MAX : 0xffff;
}

uint64_t x86_helper_push_all(struct cpu *cpu, uint64_t bytes, uint64_t b, uint64_t c0, uint64_t d)
{
    struct x86_cpu *c = X86_CPU(cpu);
    uint64_t mask = stack_mask(c), sp = (c->gpr[4] - 8 * bytes) & mask;
    va_t va;
    (void)b, (void)c0, (void)d;
    /* SDM volume 2, PUSHA: #GP where some would go below 0 while an exception's frame still fits */
    uint64_t old = c->gpr[4] & mask;
    if ((x86_real_mode(c) || x86_v86(c)) && (old & 1) && old >= 7 && old <= 15) {
        x86_raise_error(c, X86_GP, 0);
        return 0;
    }
    for (unsigned i = 0; i < 8; i++)
        if (!x86_linear(c, X86_SS, (sp + i * bytes) & mask, (unsigned)bytes, true, &va) ||
            !x86_store_data(c, va, (unsigned)bytes, zext(c->gpr[7 - i], (unsigned)bytes * 8)))
            return 0;
    c->gpr[4] = (c->gpr[4] & ~mask) | sp;
    return 0;
}

static void pop_all(struct x86_tr *t, unsigned arg)
{
    (void)arg;
    ir_call(t->u, IR_VOID, X86_HELPER_pop_all, x86_const(t, t->d.op_size), IR_NONE, IR_NONE,
            IR_NONE);
}

uint64_t x86_helper_pop_all(struct cpu *cpu, uint64_t bytes, uint64_t b, uint64_t c0, uint64_t d)
{
    struct x86_cpu *c = X86_CPU(cpu);
    uint64_t mask = stack_mask(c), v[8], keep = bytes == 2 ? ~0xffffull : 0;
    va_t va;
    (void)b, (void)c0, (void)d;
    for (unsigned i = 0; i < 8; i++)
        if (!x86_linear(c, X86_SS, (c->gpr[4] + i * bytes) & mask, (unsigned)bytes, false, &va) ||
            !x86_load_data(c, va, (unsigned)bytes, &v[i]))
            return 0;
    for (unsigned i = 0; i < 8; i++)
        if (i != 3)
            c->gpr[7 - i] = (c->gpr[7 - i] & keep) | v[i];
    c->gpr[4] = (c->gpr[4] & ~mask) | ((c->gpr[4] + 8 * bytes) & mask);
    return 0;
}

static void push_flags(struct x86_tr *t, unsigned arg)
{
    (void)arg;
    ir_val_t v = ir_or(t->u, IR_I64, x86_flags_image(t), ir_get(t->u, X86_SLOT_RFLAGS));
    if ((t->mode & X86_MODE_V86) && !(t->mode & X86_MODE_IOPL)) /* #GP, or VIF in the place of IF */
        v = ir_call(t->u, IR_I64, X86_HELPER_v86_flags, v, x86_const(t, t->d.op_size), IR_NONE,
                    IR_NONE);
    x86_push(t, ir_op2i(t->u, IR_AND, IR_I64, v, ~(uint64_t)(X86_VM | X86_RF)), t->d.op_size);
}

static void pop_flags(struct x86_tr *t, unsigned arg)
{
    (void)arg;
    ir_val_t v = x86_pop(t, t->d.op_size);
    ir_call(t->u, IR_VOID, X86_HELPER_popf, v, x86_const(t, t->d.op_size), IR_NONE, IR_NONE);
    x86_forget_cc(t);
    x86_add_sp(t, t->d.op_size);
    x86_go_on(t);
}

static void enter(struct x86_tr *t, unsigned arg)
{
    (void)arg;
    ir_call(t->u, IR_VOID, X86_HELPER_enter, x86_const(t, t->d.imm & 0xffff),
            x86_const(t, t->d.imm2 & 31), x86_const(t, t->d.op_size), IR_NONE);
}

/* SDM volume 2, ENTER: the frame pointers of the outer levels are copied. */
uint64_t x86_helper_enter(struct cpu *cpu, uint64_t size, uint64_t level, uint64_t bytes,
                          uint64_t d)
{
    struct x86_cpu *c = X86_CPU(cpu);
    uint64_t mask = stack_mask(c), sp = c->gpr[4], frame, from = c->gpr[5], v;
    unsigned n = (unsigned)bytes;
    va_t va;
    (void)d;
    sp = (sp - bytes) & mask;
    if (!x86_linear(c, X86_SS, sp, n, true, &va) ||
        !x86_store_data(c, va, n, zext(c->gpr[5], n * 8)))
        return 0;
    frame = (c->gpr[4] & ~mask) | sp; /* ESP as it then is, whatever the stack's address size */
    for (uint64_t i = 1; i < level; i++) {
        from = (from - bytes) & mask;
        sp = (sp - bytes) & mask;
        if (!x86_linear(c, X86_SS, from, n, false, &va) || !x86_load_data(c, va, n, &v) ||
            !x86_linear(c, X86_SS, sp, n, true, &va) || !x86_store_data(c, va, n, v))
            return 0;
    }
    if (level != 0) {
        sp = (sp - bytes) & mask;
        if (!x86_linear(c, X86_SS, sp, n, true, &va) ||
            !x86_store_data(c, va, n, zext(frame, n * 8)))
            return 0;
    }
    sp = (sp - size) & mask;
    /* SDM volume 2, ENTER: #PF, #SS whenever a write at the final stack pointer would raise it; none is done */
    if (!x86_linear(c, X86_SS, sp, n, true, &va) ||
        mmu_slow_load(cpu, va, ir_memop(n, IR_MEM_STORE_RIGHTS), &v) != 0)
        return 0;
    uint64_t keep = n == 2 ? ~0xffffull : 0;
    c->gpr[5] = (c->gpr[5] & keep) | zext(frame, n * 8);
    c->gpr[4] = (c->gpr[4] & ~mask) | sp;
    return 0;
}

static void leave(struct x86_tr *t, unsigned arg)
{
    unsigned bytes = t->d.op_size, size = x86_is64(t) ? 8 : t->mode & X86_MODE_SS32 ? 4 : 2;
    ir_val_t frame = x86_get_reg(t, 5, size);
    (void)arg;
    ir_val_t v =
        x86_load(t, x86_segment_address(t, X86_SS, frame, size, bytes, INSN_MEM_READ), bytes);
    x86_put_reg(t, 4, size, ir_op2i(t->u, IR_ADD, IR_I64, frame, bytes));
    x86_put_reg(t, 5, bytes, v);
}

/* ---- the rest ---- */
static void bound(struct x86_tr *t, unsigned arg)
{
    unsigned bytes = t->d.op_size;
    ir_val_t offset = x86_offset(t), index = x86_sext(t, x86_get(t, 0), bytes), limit[2];
    (void)arg;
    ir_val_t linear = x86_segment_address(t, (enum x86_seg)t->d.seg, offset, t->d.addr_size,
                                          2 * bytes, INSN_MEM_READ);
    for (unsigned i = 0; i < 2; i++)
        limit[i] = x86_sext(t, x86_load(t, ir_op2i(t->u, IR_ADD, IR_I64, linear, i * bytes), bytes),
                            bytes);
    ir_call(t->u, IR_VOID, X86_HELPER_bound, index, limit[0], limit[1], IR_NONE);
}

uint64_t x86_helper_bound(struct cpu *cpu, uint64_t index, uint64_t low, uint64_t high, uint64_t d)
{
    (void)d;
    if ((int64_t)index < (int64_t)low || (int64_t)index > (int64_t)high)
        x86_raise(X86_CPU(cpu), X86_BR);
    return 0;
}

/* 0F 0D with a register: a NOP of Intel's, undefined with AMD, where the opcode is PREFETCH alone. */
static void reserved_nop(struct x86_tr *t, unsigned arg)
{
    (void)arg;
    if (x86_rows[t->d.form].opcode == 0x0d && t->d.op[0].kind == X86_OP_REG &&
        t->c->config->vendor == X86_AMD)
        x86_raises(t, X86_UD);
}

static void nothing(struct x86_tr *t, unsigned arg)
{
    (void)t, (void)arg;
}

static void pause_hint(struct x86_tr *t, unsigned arg)
{
    (void)arg;
    x86_leave(t, IR_EXIT_YIELD);
}

static void fence(struct x86_tr *t, unsigned kind)
{
    ir_fence(t->u, (enum ir_fence)kind);
}

/* clang-format off */
const struct x86_semantics x86_move_rows[] = {
    { X86_INSN_MOV, X86_SEM_PLAIN, mov, 0 },           { X86_INSN_MOVNTI, X86_SEM_PLAIN, mov, 0 },   { X86_INSN_MOVDIRI, 0, mov, 0 },
    { X86_INSN_MOVDIR64B, 0, movdir64b, 0 },
    { X86_INSN_MOVZX, X86_SEM_PLAIN, mov_extend, 0 },  { X86_INSN_MOVSX, X86_SEM_PLAIN, mov_extend, 1 },
    { X86_INSN_MOVSXD, X86_SEM_PLAIN, mov_extend, 1 }, { X86_INSN_LEA, X86_SEM_PLAIN | X86_SEM_NO_ACCESS, lea, 0 },
    { X86_INSN_XCHG, 0, xchg, 0 },         { X86_INSN_XADD, 0, xadd, 0 },    { X86_INSN_CMPXCHG, 0, cmpxchg, 0 },
    { X86_INSN_CMPXCHG8B, 0, cmpxchg8b, 0 }, { X86_INSN_CMPXCHG16B, 0, cmpxchg16b, 0 },
    { X86_INSN_XLAT, 0, xlat, 0 },         { X86_INSN_CMOVCC, X86_SEM_PLAIN, cmov, 0 },  { X86_INSN_SETCC, X86_SEM_PLAIN, setcc, 0 },
    { X86_INSN_PUSH, 0, push, 0 },         { X86_INSN_POP, 0, pop, 0 },
    { X86_INSN_PUSHA, 0, push_all, 0 },    { X86_INSN_POPA, 0, pop_all, 0 },
    { X86_INSN_PUSHF, 0, push_flags, 0 },  { X86_INSN_POPF, 0, pop_flags, 0 },
    { X86_INSN_ENTER, 0, enter, 0 },       { X86_INSN_LEAVE, 0, leave, 0 },  { X86_INSN_BOUND, 0, bound, 0 },
    { X86_INSN_NOP, X86_SEM_PLAIN | X86_SEM_NO_ACCESS, nothing, 0 },       { X86_INSN_NOP_HINT, 0, reserved_nop, 0 }, { X86_INSN_PAUSE, 0, pause_hint, 0 },
    { X86_INSN_PREFETCHNTA, 0, nothing, 0 }, { X86_INSN_PREFETCHT0, 0, nothing, 0 },
    { X86_INSN_PREFETCHT1, 0, nothing, 0 }, { X86_INSN_PREFETCHT2, 0, nothing, 0 },
    { X86_INSN_PREFETCH, 0, nothing, 0 },  { X86_INSN_PREFETCHW, 0, nothing, 0 }, { X86_INSN_PREFETCHWT1, 0, nothing, 0 },
    { X86_INSN_MFENCE, 0, fence, IR_FENCE_FULL }, { X86_INSN_LFENCE, 0, fence, IR_FENCE_LOADS },
    { X86_INSN_SFENCE, 0, fence, IR_FENCE_STORES },
    X86_ROWS_END
};
/* clang-format on */
