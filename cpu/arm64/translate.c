/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One canonical block of A64: decode, check what the mode flags forbid, emit. A block ends where
 * IR_BLOCK_INSNS or the page ends, or at an instruction that says so. Instructions are four
 * aligned bytes, so none crosses a page.
 */
#include "core/util/bytes.h"
#include "cpu/arm64/translate_impl.h"
#include <string.h>

/* One a line: chapters are added side by side. */
/* clang-format off */
static const struct a64_semantics *const chapters[] = {
    a64_integer_rows,
    a64_bit_rows,
    a64_flags_rows,
    a64_branch_rows,
    a64_load_store_rows,
    a64_atomic_rows,
    a64_system_rows,
    a64_pauth_rows,
    a64_mte_rows,
    a64_mops_rows,
    a64_vec_memory_rows,
    a64_float_rows,
    a64_simd_move_rows,
    a64_simd_int_rows,
    a64_simd_widen_rows,
    a64_simd_saturate_rows,
    a64_simd_fp_rows,
    a64_simd_fp_lanes_rows,
    a64_crypto_rows,
};
/* clang-format on */

/* The decoder's extension bits by the names both tables use. */
static uint64_t decode_extensions(const struct a64_config *c)
{
    static const char *const names[] = {
#define A64_FEATURE(symbol, name, reg, bit, least, is_signed) name,
#include "cpu/arm64/features.def"
#undef A64_FEATURE
    };
    uint64_t bits = cpu_decode_bits(a64_ext_names, A64_EXT_COUNT, names, c->has, A64_F_COUNT);
    if (c->pauth != A64_PAUTH_NONE)
        bits |= 1ull << A64_EXT_PAUTH;
    return bits;
}

int a64_semantics_init(struct a64_cpu *a, struct err *e)
{
    struct a64_semantics *by_id =
        ARENA_ARRAY(&a->cpu.machine->arena, struct a64_semantics, A64_INSN_COUNT);
    if (by_id == NULL)
        return err_set(e, ERR_NOMEM, "cpu%u: no memory for its instruction table", a->cpu.index);
    for (size_t i = 0; i < ARRAY_LEN(chapters); i++)
        for (const struct a64_semantics *row = chapters[i]; row->fn != NULL; row++)
            by_id[row->id] = *row;
    a->semantics = by_id;
    a->decode_ext = decode_extensions(a->config);
    return 0;
}

/* ---- exceptions an instruction always raises ---- */
void a64_raises(struct a64_tr *t, uint64_t esr)
{
    ir_call(t->u, IR_VOID, A64_HELPER_raise, a64_const(t, esr), IR_NONE, IR_NONE, IR_NONE);
    ir_exit(t->u, IR_EXIT_LOOKUP, t->at);
    t->ended = true;
}

void a64_undefined(struct a64_tr *t)
{
    a64_raises(t, A64_ESR(A64_EC_UNKNOWN, 0));
}

uint64_t a64_helper_raise(struct cpu *cpu, uint64_t esr, uint64_t b, uint64_t c, uint64_t d)
{
    struct a64_cpu *a = A64_CPU(cpu);
    (void)b, (void)c, (void)d;
    a64_raise(a, a64_target_el(a), esr);
    return 0;
}

uint64_t a64_helper_fp_trap(struct cpu *cpu, uint64_t a0, uint64_t b, uint64_t c, uint64_t d)
{
    (void)a0, (void)b, (void)c, (void)d;
    a64_raise_fp_trap(A64_CPU(cpu));
    return 0;
}

void a64_fp_traps(struct a64_tr *t)
{
    ir_call(t->u, IR_VOID, A64_HELPER_fp_trap, IR_NONE, IR_NONE, IR_NONE, IR_NONE);
    ir_exit(t->u, IR_EXIT_LOOKUP, t->at);
    t->ended = true;
}

/* A misaligned PC faults before anything is fetched (D1.3.5.6). */
static void pc_alignment(struct a64_tr *t)
{
    ir_call(t->u, IR_VOID, A64_HELPER_pc_align, ir_pc(t->u, t->at), IR_NONE, IR_NONE, IR_NONE);
    ir_exit(t->u, IR_EXIT_LOOKUP, t->at);
    t->ended = true;
}

uint64_t a64_helper_pc_align(struct cpu *cpu, uint64_t pc, uint64_t b, uint64_t c, uint64_t d)
{
    struct a64_cpu *a = A64_CPU(cpu);
    (void)b, (void)c, (void)d;
    a64_raise_at(a, a64_target_el(a), A64_ESR(A64_EC_PC_ALIGN, 0), pc, NULL);
    return 0;
}

static void begin(struct a64_tr *t, bool decoded)
{
    struct insn_regs regs;
    bool wanted = decoded && !t->u->no_regs;
    if (wanted)
        a64_insn_regs(&t->d, &regs);
    ir_begin_insn(t->u, t->at, 4, decoded ? &a64_insn_descs[t->d.form] : NULL, wanted ? &regs : NULL);
}

/*
 * What precedes any instruction, in the order of priority of D1.3.5.6: software step, misaligned PC,
 * breakpoint, Illegal Execution state, branch target. Then those that are UNDEFINED. True: all is said.
 */
static bool refused(struct a64_tr *t, bool decoded)
{
    if (t->mode & A64_MODE_STEP) {
        bool exclusive = decoded && a64_insn_descs[t->d.form].klass == INSN_lr;
        ir_call(t->u, IR_VOID, A64_HELPER_step, a64_const(t, exclusive), IR_NONE, IR_NONE, IR_NONE);
    }
    if (t->at & 3) {
        pc_alignment(t);
        return true;
    }
    if (t->mode & A64_MODE_BREAK)
        ir_call(t->u, IR_VOID, A64_HELPER_breakpoint, ir_pc(t->u, t->at), IR_NONE, IR_NONE, IR_NONE);
    if (t->mode & A64_MODE_IL) {
        a64_raises(t, A64_ESR(A64_EC_ILLEGAL, 0));
        return true;
    }
    if (t->mode & A64_MODE_BTYPE)
        ir_call(t->u, IR_VOID, A64_HELPER_bti_landing, ir_pc(t->u, t->at), IR_NONE, IR_NONE, IR_NONE);
    return false;
}

static void one_insn(struct a64_tr *t, bool decoded)
{
    enum { RARE = A64_MODE_STEP | A64_MODE_BREAK | A64_MODE_IL | A64_MODE_BTYPE };
    begin(t, decoded);
    if (UNLIKELY((t->mode & RARE) || (t->at & 3)) && refused(t, decoded))
        return;
    if (!decoded) {
        a64_undefined(t);
        return;
    }
    if (UNLIKELY(t->mode & A64_MODE_COUNT) && a64_insn_descs[t->d.form].mem != INSN_NO_MEM)
        ir_call(t->u, IR_VOID, A64_HELPER_count_access, a64_const(t, 1), IR_NONE, IR_NONE, IR_NONE);
    const struct a64_semantics *row = &t->a->semantics[t->d.id];
    if (row->fn == NULL)
        a64_undefined(t);
    else if ((row->flags & A64_SEM_FP) && (t->mode & A64_MODE_FP_OFF))
        a64_fp_traps(t);
    else
        row->fn(t, row->arg);
}

void a64_translate(struct cpu *cpu, struct ir_unit *u, int32_t start, const uint8_t *code,
                   uint32_t avail, const uint8_t *next)
{
    struct a64_cpu *a = A64_CPU(cpu);
    struct a64_tr t; /* not cleared as a whole: `d` and `word` are set for each instruction */
    memset(&t.mode, 0, sizeof(t) - offsetof(struct a64_tr, mode));
    t.a = a;
    t.u = u;
    t.mode = u->mode;
    t.at = start;
    uint32_t offset = 0;
    (void)next;
    ir_begin_block(u, start);
    for (unsigned n = 0; !t.ended; n++) {
        if (n == IR_BLOCK_INSNS || (offset + 4 > avail && offset != 0)) {
            ir_jump(u, t.at);
            break;
        }
        t.word = offset + 4 > avail ? 0 : ld_le32(code + offset); /* PC is misaligned, or there are 4 bytes */
        one_insn(&t, a64_decode(t.word, a->decode_ext, &t.d));
        t.at += 4;
        offset += 4;
        if (UNLIKELY(t.mode & (A64_MODE_STEP | A64_MODE_BTYPE)) && !t.ended) {
            ir_exit(u, IR_EXIT_LOOKUP, t.at);
            break;
        }
    }
    ir_end_block(u, MIN(avail, offset));
}
