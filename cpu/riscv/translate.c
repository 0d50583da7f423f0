/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One canonical block: decode, check what the mode flags forbid, emit. A block ends
 * where IR_BLOCK_INSNS or the page ends, at an instruction that says so, or before
 * one whose second half cannot be fetched.
 */
#include "core/util/bytes.h"
#include "cpu/riscv/vec.h"
#include "mmu/tlb.h"

static const struct rv_semantics *const chapters[] = {
    rv_integer_rows, rv_load_store_rows, rv_atomic_rows, rv_float_rows,
    rv_half_rows,    rv_bitmanip_rows,   rv_crypto_rows, rv_system_rows,
    rv_vec_config_rows,
};

/* The decoder's extension bits by the names both tables use. */
static uint64_t decode_extensions(const struct rv_config *c)
{
    static const char *const names[] = {
#define RV_EXT(symbol, name, kind) name,
#include "cpu/riscv/extensions.def"
#undef RV_EXT
    };
    return BIT(RV_EXT_S) | /* S mode is always there */
           cpu_decode_bits(rv_ext_names, RV_EXT_COUNT, names, c->ext, RV_X_COUNT);
}

int rv_semantics_init(struct rv_cpu *rv, struct err *e)
{
    struct rv_semantics *by_id =
        ARENA_ARRAY(&rv->cpu.machine->arena, struct rv_semantics, RV_INSN_COUNT);
    uint32_t n_vec = rv_vec_row_count();
    const struct rv_vec_row **vec_rows = ARENA_ARRAY(&rv->cpu.machine->arena, const struct rv_vec_row *, n_vec);
    if (by_id == NULL || vec_rows == NULL)
        return err_set(e, ERR_NOMEM, "hart %u: no memory for its instruction table", rv->cpu.index);
    for (size_t i = 0; i < ARRAY_LEN(chapters); i++)
        for (const struct rv_semantics *row = chapters[i]; row->fn != NULL; row++)
            by_id[row->id] = *row;
    for (uint32_t i = 0; i < n_vec; i++) {
        const struct rv_vec_row *row = vec_rows[i] = rv_vec_row_at(i);
        uint16_t fp = row->flags & RV_VF_FP ? RV_SEM_FP | RV_SEM_DIRTY : 0;
        by_id[row->id] = (struct rv_semantics){ row->id, RV_SEM_VEC | fp, rv_vec_insn, i };
    }
    rv->semantics = by_id;
    rv->vec_rows = vec_rows;
    rv->decode_ext = decode_extensions(rv->config);
    return 0;
}

/* Does the instruction name a rounding mode that is reserved now? */
static bool bad_rounding(const struct rv_tr *t)
{
    return t->d.rm == 5 || t->d.rm == 6 || (t->d.rm == 7 && (t->mode & RV_MODE_BAD_RM));
}

static void one_insn(struct rv_tr *t)
{
    const struct rv_semantics *row = &t->rv->semantics[t->d.id];
    if (UNLIKELY(t->mode & RV_MODE_TRIG_FETCH))
        ir_call(t->u, IR_VOID, RV_HELPER_trigger_fetch, ir_pc(t->u, t->at),
                rv_const(t, t->d.length), IR_NONE, IR_NONE);
    if (row->fn == NULL || ((row->flags & RV_SEM_FP) && (t->mode & RV_MODE_FP_OFF)) ||
        ((row->flags & RV_SEM_VEC) && (t->mode & RV_MODE_V_OFF)) ||
        ((row->flags & RV_SEM_RM) && bad_rounding(t))) {
        rv_illegal(t);
        return;
    }
    row->fn(t, row->arg);
    unsigned dirty = (row->flags & RV_SEM_DIRTY) && (t->mode & RV_MODE_FP_CLEAN) ? RV_SEM_DIRTY : 0;
    if ((row->flags & RV_SEM_VEC) && (t->mode & RV_MODE_V_CLEAN))
        dirty |= RV_SEM_VEC;
    if (dirty != 0 && !t->ended) {
        ir_call(t->u, IR_VOID, RV_HELPER_dirty, rv_const(t, dirty), IR_NONE, IR_NONE, IR_NONE);
        ir_exit(t->u, IR_EXIT_LOOKUP, rv_next(t));
        t->ended = true;
    }
}

/* The first write of FP or vector state under Initial or Clean: its block ends and the next is of a Dirty mode. */
uint64_t rv_helper_dirty(struct cpu *cpu, uint64_t which, uint64_t b, uint64_t c, uint64_t d)
{
    struct rv_cpu *rv = RV_CPU(cpu);
    (void)b, (void)c, (void)d;
    if (which & RV_SEM_DIRTY)
        rv->mstatus = F_PUT(rv->mstatus, RV_MSTATUS_FS, RV_FS_DIRTY);
    if (which & RV_SEM_VEC)
        rv->mstatus = F_PUT(rv->mstatus, RV_MSTATUS_VS, RV_FS_DIRTY);
    rv_update_mode(rv);
    return 0;
}

void rv_jump(struct rv_tr *t, int64_t target)
{
    if (t->mode == t->u->mode)
        ir_jump(t->u, target);
    else
        ir_jumpr(t->u, ir_pc(t->u, target), IR_LINK_MODE);
}

void rv_branch(struct rv_tr *t, ir_val_t taken, int64_t target, int64_t next)
{
    if (t->mode == t->u->mode)
        ir_branch(t->u, taken, target, next);
    else
        ir_jumpr(t->u, ir_select(t->u, IR_I64, taken, ir_pc(t->u, target), ir_pc(t->u, next)), IR_LINK_MODE);
}

static void begin(struct rv_tr *t, bool decoded)
{
    struct insn_regs regs;
    bool wanted = decoded && !t->u->no_regs;
    if (wanted)
        rv_insn_regs(&t->d, &regs);
    ir_begin_insn(t->u, t->at, t->d.length, decoded ? &rv_insn_descs[t->d.form] : NULL, wanted ? &regs : NULL);
}

/* The second half of an instruction lies on a page that is not mapped: the fault names that page.
 */
static void fetch_fault(struct rv_tr *t, int32_t second)
{
    t->d.length = 4;
    begin(t, false);
    ir_call(t->u, IR_VOID, RV_HELPER_fetch_fault, ir_pc(t->u, second), IR_NONE, IR_NONE, IR_NONE);
    ir_exit(t->u, IR_EXIT_LOOKUP, t->at);
}

uint64_t rv_helper_fetch_fault(struct cpu *cpu, uint64_t va, uint64_t b, uint64_t c, uint64_t d)
{
    (void)b, (void)c, (void)d;
    mmu_fetch_rest(cpu, va);
    return 0;
}

/*
 * A block of vector instructions on groups of eight registers could become some ten thousand operations. It ends earlier: behind
 * the instruction with which it has more than so many.
 */
#define BLOCK_OPERATIONS 2000u

void rv_translate(struct cpu *cpu, struct ir_unit *u, int32_t start, const uint8_t *code,
                  uint32_t avail, const uint8_t *next)
{
    struct rv_cpu *rv = RV_CPU(cpu);
    struct rv_tr t = { .rv = rv, .u = u, .mode = u->mode, .at = start };
    uint32_t offset = 0;
    uint32_t first = u->n_insts;
    ir_begin_block(u, start);
    for (unsigned n = 0; !t.ended; n++) {
        if (n == IR_BLOCK_INSNS || u->n_insts - first > BLOCK_OPERATIONS || offset + 2 > avail) {
            rv_jump(&t, t.at);
            break;
        }
        uint32_t word = ld_le16(code + offset);
        bool wide = (word & 3) == 3, crosses = wide && offset + 4 > avail;
        if (crosses && next == NULL) {
            if (n == 0)
                fetch_fault(&t, t.at + 2);
            else
                rv_jump(&t, t.at);
            break;
        }
        if (wide)
            word |= (uint32_t)(crosses ? ld_le16(next) : ld_le16(code + offset + 2)) << 16;
        t.word = word;
        bool decoded = rv_decode(word, rv->decode_ext, &t.d);
        if (!decoded)
            t.d = (struct rv_decoded){ .length = wide ? 4 : 2 };
        begin(&t, decoded);
        if (decoded)
            one_insn(&t);
        else
            rv_illegal(&t);
        u->second_page |= crosses;
        t.at += t.d.length;
        offset += t.d.length;
    }
    ir_end_block(u, offset);
}
