/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One canonical block of x86: decode, check what the mode forbids, emit. A block ends where
 * IR_BLOCK_INSNS or the page ends, or at an instruction that says so. An instruction that crosses
 * into the next page ends its block too.
 */
#include "cpu/x86/translate_impl.h"
#include "core/util/bits.h"
#include "mmu/tlb.h"
#include <string.h>

/* One a line: chapters are added side by side. */
/* clang-format off */
static const struct x86_semantics *const chapters[] = {
    x86_integer_rows,
    x86_shift_rows,
    x86_move_rows,
    x86_branch_rows,
    x86_string_rows,
    x86_bit_rows,
    x86_system_rows,
    x86_descriptor_rows,
    x86_msr_rows,
    x86_cache_rows,
    x86_io_rows,
    x86_kvm_rows,
    x86_segment_rows,
    x86_fast_call_rows,
    x86_x87_rows,
    x86_x87_control_rows,
    x86_mmx_rows,
    x86_sse_move_rows,
    x86_sse_int_rows,
    x86_sse_fp_rows,
    x86_sse_convert_rows,
    x86_sse_control_rows,
    x86_crypto_rows,
    x86_avx_rows,
    x86_avx_fma_rows,
    x86_gather_rows,
    x86_string_compare_rows,
    x86_avx512_mask_rows,
    x86_avx512_int_rows,
    x86_avx512_fp_rows,
    x86_avx512_bf16_rows,
    x86_avx512_ifma_rows,
    x86_xsave_rows,
};
/* clang-format on */

/* The decoder's extension bits by the names both tables use. */
static void decode_extensions(struct x86_cpu *c)
{
    static const char *const names[] = {
#define X86_FEATURE(symbol, name, leaf, subleaf, reg, bit) name,
#include "cpu/x86/features.def"
#undef X86_FEATURE
    };
    for (unsigned i = 0; i < X86_EXT_COUNT; i++)
        for (unsigned f = 0; f < X86_F_COUNT; f++)
            if (x86_has(c->config, (enum x86_feature)f) && strcmp(x86_ext_names[i], names[f]) == 0)
                c->decode_ext[i / 64] |= 1ull << i % 64;
}

const uint64_t *x86_decode_features(const struct cpu *cpu)
{
    return X86_CPU_CONST(cpu)->decode_ext;
}

int x86_semantics_init(struct x86_cpu *c, struct err *e)
{
    struct x86_semantics *by_id =
        ARENA_ARRAY(&c->cpu.machine->arena, struct x86_semantics, X86_INSN_COUNT);
    if (by_id == NULL)
        return err_set(e, ERR_NOMEM, "cpu%u: no memory for its instruction table", c->cpu.index);
    for (size_t i = 0; i < ARRAY_LEN(chapters); i++)
        for (const struct x86_semantics *row = chapters[i]; row->fn != NULL; row++)
            by_id[row->id] = *row;
    c->semantics = by_id;
    decode_extensions(c);
    return 0;
}

/* ---- exceptions an instruction always raises, and ways out ---- */
static void end_at(struct x86_tr *t, int32_t at)
{
    x86_flush_cc(t);
    ir_exit(t->u, IR_EXIT_LOOKUP, at);
    t->ended = true;
}

void x86_raises(struct x86_tr *t, enum x86_vector vector)
{
    ir_call(t->u, IR_VOID, X86_HELPER_raise, x86_const(t, vector), IR_NONE, IR_NONE, IR_NONE);
    end_at(t, t->at);
}

void x86_raises_error(struct x86_tr *t, enum x86_vector vector, uint32_t error)
{
    ir_call(t->u, IR_VOID, X86_HELPER_raise_error, x86_const(t, vector), x86_const(t, error),
            IR_NONE, IR_NONE);
    end_at(t, t->at);
}

void x86_leave(struct x86_tr *t, enum ir_exit why)
{
    ir_exit(t->u, why, t->next);
    t->ended = true;
}

void x86_go_on(struct x86_tr *t)
{
    ir_jump(t->u, t->next);
    t->ended = true;
}

void x86_leave_to(struct x86_tr *t, ir_val_t pc)
{
    ir_jumpr(t->u, pc, IR_LINK_MODE);
    t->ended = true;
}

uint64_t x86_helper_raise(struct cpu *cpu, uint64_t vector, uint64_t b, uint64_t c, uint64_t d)
{
    (void)b, (void)c, (void)d;
    x86_raise(X86_CPU(cpu), (enum x86_vector)vector);
    return 0;
}

uint64_t x86_helper_raise_error(struct cpu *cpu, uint64_t vector, uint64_t error, uint64_t c,
                                uint64_t d)
{
    (void)c, (void)d;
    x86_raise_error(X86_CPU(cpu), (enum x86_vector)vector, (uint32_t)error);
    return 0;
}

_Static_assert(X86_DECODE_MEMO <= IR_MEMO_BYTES, "x86_decode_again has too little room");
static const struct insn_desc undecoded = {
    .name = "undefined", .format = "", .id = UINT16_MAX, .klass = INSN_system, .feature = ""
};
static const struct insn_regs no_regs = INSN_NO_REGS;

/* ---- what precedes and follows an instruction in the rarer modes ---- */
/* Modes in which a block is one instruction. */
enum { ALONE = X86_MODE_SHADOW | X86_MODE_RF | X86_MODE_TF | X86_MODE_WATCH };

/* The instruction after MOV SS, POP SS or STI has begun: from its end on interrupts may come. */
uint64_t x86_helper_end_shadow(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    struct x86_cpu *x = X86_CPU(cpu);
    (void)a, (void)b, (void)c, (void)d;
    x->ended_shadow = x->shadow;
    x->shadow = X86_SHADOW_NONE;
    x86_update_mode(x);
    cpu_kick(cpu);
    return 0;
}

/* RF covers one instruction (SDM 18.3.1.1). A fault of it pushes RF as 1 by itself. */
uint64_t x86_helper_end_rf(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    x86_helper_end_rf_and_go_on(cpu, a, b, c, d);
    cpu_kick(cpu);
    return 0;
}

/* The same where what follows is looked up by the mode as it is then. */
uint64_t x86_helper_end_rf_and_go_on(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    (void)a, (void)b, (void)c, (void)d;
    x86_update_level(X86_CPU(cpu));
    return 0;
}

/*
 * The block of an instruction under RF, complete: does it go on by the mode? A jump is linked to code of the mode that it was
 * translated for, and must be kept from it.
 */
static void choose_end_of_rf(struct x86_tr *t)
{
    struct ir_unit *u = t->u;
    const struct ir_inst *end = &u->insts[u->n_insts - 1];
    bool by_mode = end->op == IR_EXIT || (end->op == IR_JUMPR && end->aux == IR_LINK_MODE);
    if (by_mode && (t->mode & ALONE) == X86_MODE_RF && !u->full)
        u->insts[t->rf_call].imm = X86_HELPER_end_rf_and_go_on;
}

/* What the instruction is to a debugger that follows branches. */
static unsigned branch_kind(const struct x86_tr *t, const struct insn_desc *desc)
{
    static const uint16_t far[] = { X86_INSN_JMP_FAR,  X86_INSN_JMP_FARIND, X86_INSN_CALL_FAR,
                                    X86_INSN_CALL_FARIND, X86_INSN_RET_FAR, X86_INSN_IRET,
                                    X86_INSN_SYSCALL,  X86_INSN_SYSRET,     X86_INSN_SYSENTER,
                                    X86_INSN_SYSEXIT };
    for (size_t i = 0; i < ARRAY_LEN(far); i++)
        if (desc != &undecoded && t->d.id == far[i])
            return X86_FAR_BRANCH;
    return desc->branch;
}

static void before(struct x86_tr *t, const struct insn_desc *desc)
{
    struct ir_unit *u = t->u;
    if (t->mode & X86_MODE_WATCH)
        ir_call(u, IR_VOID, X86_HELPER_begin_watch, IR_NONE, IR_NONE, IR_NONE, IR_NONE);
    if ((t->mode & X86_MODE_BREAK) && !(t->mode & X86_MODE_RF))
        ir_call(u, IR_VOID, X86_HELPER_code_break, ir_pc(u, t->at), IR_NONE, IR_NONE, IR_NONE);
    if (t->mode & X86_MODE_SHADOW)
        ir_call(u, IR_VOID, X86_HELPER_end_shadow, IR_NONE, IR_NONE, IR_NONE, IR_NONE);
    if (t->mode & X86_MODE_RF) {
        ir_put(u, X86_SLOT_RFLAGS,
               ir_op2i(u, IR_AND, IR_I64, ir_get(u, X86_SLOT_RFLAGS), ~(uint64_t)X86_RF));
        t->rf_call = ir_call(u, IR_VOID, X86_HELPER_end_rf, IR_NONE, IR_NONE, IR_NONE, IR_NONE);
    }
    /* Branches end their block themselves: the step is noted first; a fault forgets it. */
    if (t->mode & X86_MODE_TF)
        ir_call(u, IR_VOID, X86_HELPER_single_step, ir_pc(u, t->next),
                x86_const(t, branch_kind(t, desc)), ir_pc(u, t->at), IR_NONE);
}

static bool touches_memory(const struct x86_tr *t)
{
    for (unsigned i = 0; i < t->d.n_ops; i++)
        if (t->d.op[i].kind == X86_OP_MEM)
            return true;
    return false;
}

/* Device-not-available and its like, in the order of the manual's exception classes. True: all is
 * said. */
static bool refused(struct x86_tr *t, unsigned flags)
{
    uint32_t m = t->mode;
    if ((flags & X86_SEM_NO_V86) && (!(m & X86_MODE_PE) || (m & X86_MODE_V86))) {
        x86_raises(t, X86_UD);
        return true;
    }
    if ((flags & X86_SEM_CPL0) && X86_CPL_OF(m) != 0) {
        x86_raises_error(t, X86_GP, 0);
        return true;
    }
    bool em_ud = flags & (X86_SEM_MMX | X86_SEM_SSE);
    bool ud = (em_ud && (m & X86_MODE_EM)) || ((flags & X86_SEM_SSE) && !(m & X86_MODE_SSE)) ||
              ((flags & X86_SEM_AVX) && !(m & X86_MODE_AVX)) ||
              ((flags & X86_SEM_AVX512) && !(m & X86_MODE_AVX512));
    if (ud) {
        x86_raises(t, X86_UD);
        return true;
    }
    bool vector = flags & (X86_SEM_MMX | X86_SEM_SSE | X86_SEM_AVX | X86_SEM_AVX512);
    if ((vector && (m & X86_MODE_TS)) ||
        ((flags & X86_SEM_X87) && (m & (X86_MODE_TS | X86_MODE_EM)))) {
        x86_raises(t, X86_NM);
        return true;
    }
    bool waits = (flags & X86_SEM_MMX) || ((flags & X86_SEM_X87) && !(flags & X86_SEM_X87_QUIET));
    bool own = (flags & X86_SEM_X87_OWN) && !(m & X86_MODE_FERR) && !touches_memory(t);
    if (waits && !own)
        x86_x87_wait(t);
    if (flags & X86_SEM_MMX)
        ir_call(t->u, IR_VOID, X86_HELPER_mmx_begin, IR_NONE, IR_NONE, IR_NONE, IR_NONE);
    return false;
}

uint64_t x86_helper_fetch_fault(struct cpu *cpu, uint64_t va, uint64_t b, uint64_t c, uint64_t d)
{
    (void)b, (void)c, (void)d;
    mmu_fetch_rest(cpu, va);
    return 0;
}

/* An unmasked SIMD exception leaves the destination as it was (SDM volume 1, 11.5.4): flags first,
 * results then. */
static void checked(struct x86_tr *t, const struct x86_semantics *row)
{
    ir_call(t->u, IR_VOID, X86_HELPER_xm_begin, IR_NONE, IR_NONE, IR_NONE, IR_NONE);
    t->defer = true;
    row->fn(t, row->arg);
    t->defer = false;
    if (t->ended) {
        t->n_deferred = 0;
        return;
    }
    ir_call(t->u, IR_VOID, X86_HELPER_xm_check, IR_NONE, IR_NONE, IR_NONE, IR_NONE);
    for (unsigned i = 0; i < t->n_deferred; i++)
        ir_put(t->u, t->deferred[i].slot, t->deferred[i].v);
    t->n_deferred = 0;
}

/* MMX and SSE forms of an instruction are one row: registers tell. Both: CVTPS2PI and its like. */
static unsigned flags_of(const struct x86_decoded *d, unsigned flags)
{
    bool mm = false, vec = false;
    if (!(flags & X86_SEM_SSE))
        return flags;
    for (unsigned i = 0; i < d->n_ops; i++) {
        mm |= d->op[i].kind == X86_OP_MM;
        vec |= d->op[i].kind == X86_OP_VEC;
    }
    if (mm)
        flags |= X86_SEM_MMX;
    return mm && !vec ? flags & ~(unsigned)X86_SEM_SSE : flags;
}

static void one_insn(struct x86_tr *t, enum x86_decode_result what)
{
    const struct insn_desc *desc = what == X86_DECODED ? &x86_insn_descs[t->d.form] : &undecoded;
    struct insn_regs regs = no_regs;
    if (what == X86_DECODED && !t->u->no_regs)
        x86_insn_regs(&t->d, &regs);
    ir_begin_insn(t->u, t->at, t->d.length, desc, &regs);
    const struct x86_semantics *row = what == X86_DECODED ? &t->c->semantics[t->d.id] : NULL;
    t->may_wait = row != NULL && (row->flags & X86_SEM_PLAIN) && !(t->mode & (ALONE | X86_MODE_BREAK)) && !t->d.lock;
    if (t->waiting != 0 && (!t->may_wait || (!(row->flags & X86_SEM_NO_ACCESS) && touches_memory(t))))
        x86_flush_cc(t);
    if (UNLIKELY(t->mode & (ALONE | X86_MODE_BREAK)))
        before(t, desc);
    if (what == X86_TOO_LONG) {
        x86_raises_error(t, X86_GP, 0);
        return;
    }
    if (row == NULL || row->fn == NULL) {
        x86_raises(t, X86_UD);
        return;
    }
    if ((row->flags & X86_SEM_CHECKED) && refused(t, flags_of(&t->d, row->flags)))
        return;
    if (UNLIKELY((row->flags & X86_SEM_FP) && (t->mode & X86_MODE_XM)))
        checked(t, row);
    else
        row->fn(t, row->arg);
}

/* The bytes of an instruction that crosses into the next page: up to 15 from both. */
static enum x86_decode_result decode_across(struct x86_tr *t, const uint8_t *code, uint32_t left,
                                            const uint8_t *next)
{
    uint8_t bytes[2 * X86_MAX_LENGTH];
    uint32_t n = MIN(left, X86_MAX_LENGTH);
    memcpy(bytes, code, n);
    if (next != NULL) {
        memcpy(bytes + n, next, X86_MAX_LENGTH);
        n += X86_MAX_LENGTH;
    }
    return x86_decode(bytes, n, (enum x86_code)(t->mode & X86_MODE_CODE),
                      (t->mode & (X86_MODE_PE | X86_MODE_V86)) == X86_MODE_PE, t->c->decode_ext,
                      &t->d);
}

/* Before the next instruction. */
static void end_block(struct x86_tr *t)
{
    x86_flush_cc(t);
    if (t->sti_before != IR_NONE)
        x86_end_sti(t, true);
    else if (!(t->mode & ALONE)) {
        ir_jump(t->u, t->at);
        t->ended = true;
        return;
    }
    end_at(t, t->at);
}

void x86_translate(struct cpu *cpu, struct ir_unit *u, int32_t start, const uint8_t *code,
                   uint32_t avail, const uint8_t *next)
{
    struct x86_tr t; /* not cleared as a whole: `d` is set for each instruction, `deferred` as far as it counts */
    memset(&t.mode, 0, offsetof(struct x86_tr, deferred) - offsetof(struct x86_tr, mode));
    t.c = X86_CPU(cpu);
    t.u = u;
    t.mode = u->mode;
    t.at = start;
    t.cc = -1;
    t.cc_of_before = true;
    bool vex_ok = (t.mode & (X86_MODE_PE | X86_MODE_V86)) == X86_MODE_PE;
    bool again = u->memo != NULL && vex_ok && x86_is64(&t);
    uint32_t offset = 0;
    ir_begin_block(u, start);
    for (unsigned n = 0; !t.ended; n++) {
        bool shadow = t.sti_before != IR_NONE; /* of the instruction before */
        if (n == IR_BLOCK_INSNS || offset >= avail) {
            end_block(&t);
            break;
        }
        enum x86_decode_result what =
            again ? x86_decode_again(u->memo, t.mode >> X86_MODE_CLASS_SHIFT, code + offset, avail - offset,
                                     t.c->decode_ext, &t.d)
                  : x86_decode(code + offset, avail - offset, (enum x86_code)(t.mode & X86_MODE_CODE), vex_ok,
                               t.c->decode_ext, &t.d);
        if (what == X86_TOO_SHORT) {
            if (n != 0) { /* it begins the next block */
                end_block(&t);
                break;
            }
            what = decode_across(&t, code + offset, avail - offset, next);
            u->second_page = what != X86_TOO_SHORT;
            if (what == X86_TOO_SHORT) { /* the next page is not there: fetching from it faults */
                t.d.length = (uint8_t)(avail - offset + 1);
                ir_begin_insn(u, t.at, t.d.length, &undecoded, &no_regs);
                ir_call(u, IR_VOID, X86_HELPER_fetch_fault, ir_pc(u, start + (int32_t)avail),
                        IR_NONE, IR_NONE, IR_NONE);
                end_at(&t, t.at);
                offset = avail;
                break;
            }
        }
        if (shadow)
            x86_end_sti(&t, false);
        t.next = t.at + t.d.length;
        one_insn(&t, what);
        t.at = t.next;
        offset += t.d.length;
        if (UNLIKELY((t.mode & ALONE) || shadow) && !t.ended)
            end_block(&t);
    }
    if (UNLIKELY(t.rf_call != IR_NONE))
        choose_end_of_rf(&t);
    ir_end_block(u, offset);
}
