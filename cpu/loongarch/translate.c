/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One canonical block: decode, check what the mode flags forbid, emit. A block ends where IR_BLOCK_INSNS or the
 * page ends, or at an instruction that says so. Instructions are four aligned bytes, so none crosses a page.
 */
#include "core/cpu/profile.h"
#include "core/util/bytes.h"
#include "cpu/loongarch/translate_impl.h"

/* One a line: chapters are added side by side. */
/* clang-format off */
static const struct la_semantics *const chapters[] = {
    la_integer_rows,
    la_branch_rows,
    la_load_store_rows,
    la_atomic_rows,
    la_float_rows,
    la_system_rows,
    la_lvz_rows,
    la_vec_int_rows,
    la_vec_shift_rows,
    la_vec_move_rows,
    la_vec_memory_rows,
    la_vec_fp_rows,
};
/* clang-format on */

/* The decoder's extension bits by the names both tables use. */
static uint64_t decode_extensions(const struct la_config *c)
{
    static const char *const names[] = {
#define LA_FEATURE(symbol, name, word, bit, how) name,
#include "cpu/loongarch/features.def"
#undef LA_FEATURE
    };
    return cpu_decode_bits(la_ext_names, LA_EXT_COUNT, names, &c->has, LA_F_COUNT);
}

int la_semantics_init(struct la_cpu *la, struct err *e)
{
    struct la_semantics *by_id = ARENA_ARRAY(&la->cpu.machine->arena, struct la_semantics, LA_INSN_COUNT);
    if (by_id == NULL)
        return err_set(e, ERR_NOMEM, "cpu%u: no memory for its instruction table", la->cpu.index);
    for (size_t i = 0; i < ARRAY_LEN(chapters); i++)
        for (const struct la_semantics *row = chapters[i]; row->fn != NULL; row++)
            by_id[row->id] = *row;
    la->semantics = by_id;
    la->decode_ext = decode_extensions(la->config);
    return 0;
}

/* ---- exceptions an instruction always raises ---- */
void la_raises(struct la_tr *t, enum la_ecode code)
{
    ir_call(t->u, IR_VOID, LA_HELPER_raise, la_const(t, code), la_const(t, 0), IR_NONE, IR_NONE);
    ir_exit(t->u, IR_EXIT_LOOKUP, t->at);
    t->ended = true;
}

uint64_t la_helper_raise(struct cpu *cpu, uint64_t code, uint64_t badv, uint64_t c, uint64_t d)
{
    (void)c, (void)d;
    la_raise(LA_CPU(cpu), (enum la_ecode)code, badv);
    return 0;
}

/* A PC that is no multiple of 4 faults before anything is fetched (manual, table of exceptions: ADEF). */
static void misaligned_pc(struct la_tr *t)
{
    ir_begin_insn(t->u, t->at, 4, NULL, NULL);
    ir_call(t->u, IR_VOID, LA_HELPER_raise, la_const(t, LA_ADEF), ir_pc(t->u, t->at), IR_NONE, IR_NONE);
    ir_exit(t->u, IR_EXIT_LOOKUP, t->at);
}

/* ---- addresses of loads and stores ---- */
ir_val_t la_address(struct la_tr *t, unsigned rj, ir_val_t index, int64_t *disp)
{
    struct ir_unit *u = t->u;
    ir_val_t base = la_r(t, IR_I64, rj);
    if (index != IR_NONE)
        base = ir_add(u, IR_I64, base, index);
    if (UNLIKELY(t->mode & LA_MODE_VA32)) {
        if (*disp != 0)
            base = ir_op2i(u, IR_ADD, IR_I64, base, (uint64_t)*disp);
        base = ir_zext(u, IR_I64, base, 32);
        *disp = 0;
    }
    return base;
}

uint16_t la_memop(const struct la_tr *t, unsigned bytes, unsigned flags)
{
    return ir_memop(bytes, flags | (t->mode & LA_MODE_ALIGN ? IR_MEM_ALIGNED : 0u));
}

/* ---- blocks ---- */
static void begin(struct la_tr *t, bool decoded)
{
    struct insn_regs regs;
    bool wanted = decoded && !t->u->no_regs;
    if (wanted)
        la_insn_regs(&t->d, &regs);
    ir_begin_insn(t->u, t->at, 4, decoded ? &la_insn_descs[t->d.form] : NULL, wanted ? &regs : NULL);
}

/* What else keeps the instruction from being executed; 0: nothing. In the order of the table of exceptions. */
static unsigned refused(const struct la_tr *t, const struct la_semantics *row)
{
    if (row->fn == NULL)
        return LA_INE;
    if ((row->flags & LA_SEM_PRIV) && (t->mode & LA_MODE_PLV) != 0)
        return LA_IPE;
    if ((row->flags & LA_SEM_FP) && (t->mode & LA_MODE_FP_OFF))
        return LA_FPD;
    if ((row->flags & LA_SEM_LSX) && (t->mode & LA_MODE_LSX_OFF))
        return LA_SXD;
    if ((row->flags & LA_SEM_LASX) && (t->mode & LA_MODE_LASX_OFF))
        return LA_ASXD;
    return 0;
}

static void count(struct la_tr *t, const struct insn_desc *desc)
{
    unsigned kind = desc->mem | (desc->branch != INSN_NO_BRANCH ? LA_COUNT_BRANCH : 0u);
    if (kind != 0)
        ir_call(t->u, IR_VOID, LA_HELPER_count_access, la_const(t, kind), IR_NONE, IR_NONE, IR_NONE);
}

static void one_insn(struct la_tr *t, bool decoded)
{
    begin(t, decoded);
    if (UNLIKELY(t->mode & LA_MODE_WATCH_FETCH))
        ir_call(t->u, IR_VOID, LA_HELPER_watch_fetch, ir_pc(t->u, t->at), IR_NONE, IR_NONE, IR_NONE);
    if (!decoded) {
        la_raises(t, LA_INE);
        return;
    }
    const struct la_semantics *row = &t->la->semantics[t->d.id];
    unsigned code = refused(t, row);
    if (code != 0) {
        la_raises(t, (enum la_ecode)code);
        return;
    }
    if (UNLIKELY(t->mode & LA_MODE_COUNT))
        count(t, &la_insn_descs[t->d.form]);
    row->fn(t, row->arg);
}

void la_translate(struct cpu *cpu, struct ir_unit *u, int32_t start, const uint8_t *code, uint32_t avail,
                  const uint8_t *next)
{
    struct la_cpu *la = LA_CPU(cpu);
    struct la_tr t = { .la = la, .u = u, .mode = u->mode, .at = start };
    uint32_t offset = 0;
    (void)next;
    ir_begin_block(u, start);
    if (UNLIKELY(start & 3)) {
        misaligned_pc(&t);
        ir_end_block(u, MIN(avail, 4u));
        return;
    }
    for (unsigned n = 0; !t.ended; n++) {
        if (n == IR_BLOCK_INSNS || offset + 4 > avail) {
            ir_jump(u, t.at);
            break;
        }
        t.word = ld_le32(code + offset);
        one_insn(&t, la_decode(t.word, la->decode_ext, &t.d));
        t.at += 4;
        offset += 4;
    }
    ir_end_block(u, offset);
}
