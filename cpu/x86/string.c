/* SPDX-License-Identifier: Apache-2.0 */
/*
 * String instructions: SDM volume 1, 7.3.9; volume 2, REP. Without a prefix they are loads and
 * stores like others. With one, a function does as many elements as stay in a page on both sides,
 * and the block begins again while any are left: so interrupts come between elements, and a fault
 * finds rSI, rDI and rCX as after the last element that was done. One pass counts as one
 * instruction.
 */
#include "cpu/x86/translate_impl.h"
#include "core/util/bits.h"
#include "mmu/tlb.h"
#include <string.h>

enum { MOVS, CMPS, STOS, LODS, SCAS, INS, OUTS };
enum { RAX, RCX, RDX, RSI = 6, RDI = 7 };

/* ---- one element ---- */
static ir_val_t string_address(struct x86_tr *t, unsigned reg, enum x86_seg seg, unsigned write)
{
    unsigned size = t->d.addr_size;
    return x86_segment_address(t, seg, x86_get_reg(t, reg, size), size, t->d.op_size, write);
}

static void advance(struct x86_tr *t, unsigned reg)
{
    ir_val_t by = ir_op2i(t->u, IR_SHL, IR_I64, ir_get(t->u, X86_SLOT_DF), x86_log2(t->d.op_size));
    x86_put_reg(t, reg, t->d.addr_size, ir_add(t->u, IR_I64, ir_get(t->u, X86_SLOT_GPR + reg), by));
}

static void once(struct x86_tr *t, unsigned what)
{
    unsigned bytes = t->d.op_size;
    enum x86_seg seg = (enum x86_seg)t->d.seg;
    ir_val_t a = IR_NONE, b = IR_NONE;
    bool from_si = what == MOVS || what == CMPS || what == LODS;
    bool at_di = what == CMPS || what == SCAS;
    if (from_si)
        a = x86_load(t, string_address(t, RSI, seg, INSN_MEM_READ), bytes);
    else
        a = x86_get_reg(t, RAX, bytes);
    if (at_di)
        b = x86_load(t, string_address(t, RDI, X86_ES, INSN_MEM_READ), bytes);
    if (what == MOVS || what == STOS)
        x86_store(t, string_address(t, RDI, X86_ES, INSN_MEM_WRITE), bytes, a);
    if (what == LODS)
        x86_put_reg(t, RAX, bytes, a);
    if (from_si)
        advance(t, RSI);
    if (what != LODS)
        advance(t, RDI);
    if (at_di)
        x86_set_cc(t, X86_CC_CMP, bytes, x86_op2(t, IR_SUB, bytes, a, b), b, IR_NONE, a);
}

/* ---- repeated ---- */
/* What the functions are told: 3:0 bytes, 7:4 address size, 11:8 segment of the source, 15:12 what,
 * 16 REPNE. */
static uint64_t description(const struct x86_tr *t, unsigned what)
{
    return t->d.op_size | (unsigned)t->d.addr_size << 4 | (unsigned)t->d.seg << 8 | what << 12 |
           (unsigned)t->d.repne << 16;
}

struct run {
    struct x86_cpu *c;
    unsigned bytes, what;
    enum x86_seg seg;
    uint64_t mask; /* of addresses and the count */
    uint64_t step; /* + or - bytes */
};

static void add_to(struct run *r, unsigned reg, uint64_t v)
{
    uint64_t *g = &r->c->gpr[reg], sum = (*g + v) & r->mask;
    *g = r->mask == 0xffff ? (*g & ~r->mask) | sum : sum;
}

static bool source(struct run *r, va_t *va)
{
    return x86_linear(r->c, r->seg, r->c->gpr[RSI] & r->mask, r->bytes, false, va);
}

static bool destination(struct run *r, bool write, va_t *va)
{
    return x86_linear(r->c, X86_ES, r->c->gpr[RDI] & r->mask, r->bytes, write, va);
}

/* One element by the slow paths, which also bring its pages into the TLB. False: it faulted. */
static bool element(struct run *r)
{
    struct x86_cpu *c = r->c;
    uint64_t v = c->gpr[RAX];
    va_t va;
    if (r->what != STOS && (!source(r, &va) || !x86_load_data(c, va, r->bytes, &v)))
        return false;
    if (r->what == LODS) {
        c->gpr[RAX] = r->bytes >= 4 ? v : (c->gpr[RAX] & ~zext(~0ull, r->bytes * 8)) | v;
    } else {
        if (!destination(r, true, &va) || !x86_store_data(c, va, r->bytes, v))
            return false;
        add_to(r, RDI, r->step);
    }
    if (r->what != STOS)
        add_to(r, RSI, r->step);
    add_to(r, RCX, -1ull);
    return true;
}

/* Elements up to the page's end in the direction of DF. */
static uint64_t room(const struct run *r, va_t va)
{
    uint64_t at = va & (MEM_PAGE - 1);
    if (r->step == r->bytes)
        return (MEM_PAGE - at) / r->bytes;
    return at + r->bytes <= MEM_PAGE ? at / r->bytes + 1 : 0;
}

static void copy(uint8_t *to, const uint8_t *from, uint64_t n, unsigned bytes, bool up)
{
    uint64_t total = n * bytes;
    bool apart = to + total <= from || from + total <= to;
    if (apart || (up && to <= from)) {
        memmove(to, from, total);
        return;
    }
    /* An overlap repeats what was just written, element by element */
    for (uint64_t i = 0; i < n; i++) {
        uint64_t k = (up ? i : n - 1 - i) * bytes;
        memmove(to + k, from + k, bytes);
    }
}

static void fill(uint8_t *to, uint64_t v, uint64_t n, unsigned bytes)
{
    if (bytes == 1)
        memset(to, (int)v, n);
    else
        for (uint64_t i = 0; i < n; i++)
            memcpy(to + i * bytes, &v, bytes);
}

/* Elements of one pass at most, between two looks at interrupts. */
#define PASS 4096u

/* Traps come between elements. */
static bool is_single(const struct x86_cpu *c)
{
    return (c->rflags & X86_TF) || c->watch == X86_WATCH_NOTES;
}

/*
 * As many elements as both pages hold at once, by host addresses. 0: not so. In the flat modes
 * only: there the whole span is inside its segment if it does not wrap.
 */
static uint64_t span(struct run *r, uint64_t most)
{
    struct x86_cpu *c = r->c;
    uint64_t n = c->gpr[RCX] & r->mask, dst = c->gpr[RDI] & r->mask, src = c->gpr[RSI] & r->mask;
    bool flat = x86_code64(c) || (c->mode & X86_MODE_FLAT), up = r->step == r->bytes;
    bool has_source = r->what == MOVS;
    if (!flat || r->what == LODS || (c->mode & X86_MODE_ALIGN) || is_single(c) ||
        (has_source && !x86_code64(c) &&
         (r->seg == X86_FS || r->seg == X86_GS || r->seg == X86_CS)))
        return 0;
    if (has_source && x86_code64(c) && (r->seg == X86_FS || r->seg == X86_GS))
        src += c->seg[r->seg].base;
    n = MIN(MIN(n, most), room(r, dst));
    if (has_source)
        n = MIN(n, room(r, src));
    if (n < 2)
        return 0;
    uint64_t back = up ? 0 : (n - 1) * r->bytes, total = n * r->bytes;
    uint8_t *to = mmu_store_hit(&c->cpu, dst - back, (unsigned)total);
    const uint8_t *from = has_source ? mmu_load_hit(&c->cpu, src - back, (unsigned)total) : NULL;
    if (to == NULL || (has_source && from == NULL))
        return 0;
    if (has_source)
        copy(to, from, n, r->bytes, up);
    else
        fill(to, c->gpr[RAX], n, r->bytes);
    add_to(r, RDI, n * r->step);
    if (has_source)
        add_to(r, RSI, n * r->step);
    add_to(r, RCX, 0 - n);
    return n;
}

static struct run open_run(struct cpu *cpu, uint64_t d)
{
    unsigned addr = d >> 4 & 15, bytes = d & 15;
    struct x86_cpu *c = X86_CPU(cpu);
    return (struct run){ .c = c,
                         .bytes = bytes,
                         .what = d >> 12 & 15,
                         .seg = (enum x86_seg)(d >> 8 & 15),
                         .mask = addr == 8   ? ~0ull
                                 : addr == 4 ? UINT32_MAX
                                             : 0xffff,
                         .step = c->df == 1 ? bytes : 0 - (uint64_t)bytes };
}

/* The end of a pass. 1: the instruction goes on; what is taken first finds it so. */
static uint64_t end_pass(struct run *r)
{
    bool more = (r->c->gpr[RCX] & r->mask) != 0;
    r->c->repeating = more ? ~cpu_pc(&r->c->cpu) : 0;
    return more;
}

/* A pass ends with a fault; `some`: not on its first element. */
static uint64_t stop_pass(struct run *r, bool some)
{
    if (some)
        r->c->repeating = ~cpu_pc(&r->c->cpu);
    return 0;
}

/* MOVS, STOS, LODS. 1: go on. */
uint64_t x86_helper_rep_move(struct cpu *cpu, uint64_t how, uint64_t b, uint64_t c, uint64_t d)
{
    struct run r = open_run(cpu, how);
    (void)b, (void)c, (void)d;
    bool single = is_single(r.c);
    for (uint64_t done = 0; (r.c->gpr[RCX] & r.mask) != 0 && done < PASS;) {
        uint64_t n = span(&r, PASS - done);
        if (n == 0) {
            if (!element(&r))
                return stop_pass(&r, done != 0);
            n = 1;
        }
        done += n;
        if (single) /* nothing else cuts a pass: how many there are must not depend on the host */
            break;
    }
    return end_pass(&r);
}

/*
 * CMPS, SCAS. 1: go on. Flags are set when all is done: a fault on the way finds them as they were
 * before the instruction (SDM volume 2, REP).
 */
uint64_t x86_helper_rep_compare(struct cpu *cpu, uint64_t how, uint64_t b0, uint64_t c0, uint64_t d)
{
    struct run r = open_run(cpu, how);
    struct x86_cpu *c = r.c;
    bool until_equal = how >> 16 & 1, single = is_single(c);
    uint64_t a = 0, b = 0, size = r.bytes * 8;
    bool compared = false, found = false;
    va_t va;
    (void)b0, (void)c0, (void)d;
    for (unsigned done = 0; (c->gpr[RCX] & r.mask) != 0 && !found && done < PASS / 16; done++) {
        a = zext(c->gpr[RAX], (unsigned)size);
        if (r.what == CMPS && (!source(&r, &va) || !x86_load_data(c, va, r.bytes, &a)))
            return stop_pass(&r, compared);
        if (!destination(&r, false, &va) || !x86_load_data(c, va, r.bytes, &b))
            return stop_pass(&r, compared);
        if (r.what == CMPS)
            add_to(&r, RSI, r.step);
        add_to(&r, RDI, r.step);
        add_to(&r, RCX, -1ull);
        compared = true;
        found = (a == b) == until_equal;
        if (single)
            break;
    }
    if (!found && end_pass(&r))
        return 1;
    c->repeating = 0;
    if (compared) {
        c->cc = X86_CC_SUB + x86_log2(r.bytes);
        c->cc_r = zext(a - b, (unsigned)size);
        c->cc_a = b;
    }
    return 0;
}

static void repeat(struct x86_tr *t, unsigned what)
{
    bool compares = what == CMPS || what == SCAS;
    unsigned helper = what == INS || what == OUTS ? X86_HELPER_rep_io
                      : compares                  ? X86_HELPER_rep_compare
                                                  : X86_HELPER_rep_move;
    ir_val_t more = ir_call(t->u, IR_I64, helper, x86_const(t, description(t, what)), IR_NONE,
                            IR_NONE, IR_NONE);
    x86_forget_cc(t);
    ir_branch(t->u, more, t->at, t->next);
    t->ended = true;
}

static void string(struct x86_tr *t, unsigned what)
{
    if (t->d.rep || t->d.repne)
        repeat(t, what);
    else
        once(t, what);
}

/* INS and OUTS go to devices: always the function, which does one element. */
static void string_io(struct x86_tr *t, unsigned what)
{
    if (t->d.rep || t->d.repne) {
        repeat(t, what);
        return;
    }
    ir_call(t->u, IR_I64, X86_HELPER_string_io, x86_const(t, description(t, what)), IR_NONE,
            IR_NONE, IR_NONE);
    x86_leave(t, IR_EXIT_LOOKUP); /* an SMI that it raises is taken before the next instruction */
}

static bool io_element(struct run *r, bool rep)
{
    struct x86_cpu *c = r->c;
    uint64_t v = 0;
    va_t va;
    if (!x86_io_allowed(c, c->gpr[RDX] & 0xffff, r->bytes))
        return false;
    if (r->what == OUTS) {
        if (!source(r, &va) || !x86_load_data(c, va, r->bytes, &v))
            return false;
        x86_io_write(c, c->gpr[RDX] & 0xffff, r->bytes, v);
        if (c->smi_io != 0)
            x86_smi_note_string(c, rep);
        add_to(r, RSI, r->step);
        return true;
    }
    /* The destination must take it before the device gives it away */
    pa_t pa;
    if (!destination(r, true, &va))
        return false;
    unsigned first = (unsigned)MIN(r->bytes, MEM_PAGE - (va & (MEM_PAGE - 1)));
    if (mmu_host(&c->cpu, va, first, CPU_STORE, &pa) == NULL && (c->cpu.exit & (CPU_EXIT_EXCEPTION | CPU_EXIT_DEBUG)))
        return false;
    va_t last = va + r->bytes - 1;
    if ((va ^ last) >> MEM_PAGE_SHIFT != 0 && mmu_host(&c->cpu, last, 1, CPU_STORE, &pa) == NULL &&
        (c->cpu.exit & (CPU_EXIT_EXCEPTION | CPU_EXIT_DEBUG)))
        return false;
    if ((c->mode & X86_MODE_ALIGN) && (va & (r->bytes - 1))) {
        x86_raise_error(c, X86_AC_FAULT, 0);
        return false;
    }
    v = x86_io_read(c, c->gpr[RDX] & 0xffff, r->bytes);
    if (c->smi_io != 0)
        x86_smi_note_string(c, rep);
    if (!x86_store_linear(c, va, r->bytes, false, v))
        return false;
    add_to(r, RDI, r->step);
    return true;
}

uint64_t x86_helper_string_io(struct cpu *cpu, uint64_t how, uint64_t b, uint64_t c, uint64_t d)
{
    struct run r = open_run(cpu, how);
    (void)b, (void)c, (void)d;
    io_element(&r, false);
    return 0;
}

uint64_t x86_helper_rep_io(struct cpu *cpu, uint64_t how, uint64_t b, uint64_t c, uint64_t d)
{
    struct run r = open_run(cpu, how);
    (void)b, (void)c, (void)d;
    if ((r.c->gpr[RCX] & r.mask) == 0)
        return end_pass(&r);
    if (!io_element(&r, true))
        return 0;
    add_to(&r, RCX, -1ull);
    return end_pass(&r);
}

/* clang-format off */
const struct x86_semantics x86_string_rows[] = {
    { X86_INSN_MOVS, 0, string, MOVS }, { X86_INSN_CMPS, 0, string, CMPS }, { X86_INSN_STOS, 0, string, STOS },
    { X86_INSN_LODS, 0, string, LODS }, { X86_INSN_SCAS, 0, string, SCAS },
    { X86_INSN_INS, 0, string_io, INS }, { X86_INSN_OUTS, 0, string_io, OUTS },
    X86_ROWS_END
};
/* clang-format on */
