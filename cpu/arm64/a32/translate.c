/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One canonical block of A32 or T32: fetch, decode, follow ITSTATE, decide what becomes of the
 * condition, emit. a32_impl.h describes conditions and ITSTATE.
 */
#include "core/util/bytes.h"
#include "cpu/arm64/a32/a32_impl.h"
#include "mmu/tlb.h"
#include <stdio.h>
#include <string.h>

static const struct a32_semantics *const a32_chapters[] = {
    a32_data_rows, a32_multiply_rows, a32_media_rows, a32_memory_rows, a32_exclusive_rows, a32_branch_rows,
    a32_system_rows, a32_coprocessor_rows,
};
static const struct a32_semantics *const t32_chapters[] = {
    t32_data_rows, t32_multiply_rows, t32_media_rows, t32_memory_rows, t32_exclusive_rows, t32_branch_rows,
    t32_system_rows, t32_coprocessor_rows,
};
static const struct a32_semantics *const t16_chapters[] = {
    t16_data_rows, t16_multiply_rows, t16_media_rows, t16_memory_rows, t16_branch_rows, t16_system_rows,
};

static const struct a32_semantics *const vfp_chapters[] = { a32v_fp_rows, a32v_memory_rows, a32v_neon_rows };

static void by_id(struct a32_semantics *table, const struct a32_semantics *const *chapters, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (const struct a32_semantics *row = chapters[i]; row->fn != NULL; row++)
            table[row->id] = *row;
}

/*
 * The decoders' extension bits: what AArch32 has is in its own ID registers. A64's names for the same
 * features are those the tables use.
 */
static uint64_t extensions(const struct a64_config *c, const char *const *names, unsigned n)
{
    uint64_t bits = 0, isar5 = c->id[A64_ID_A32_ISAR5], isar6 = c->id[A64_ID_A32_ISAR6];
    const struct {
        const char *name;
        bool there;
    } known[] = {
        { "crc32", (isar5 >> 16 & 15) >= 1 },
        { "pan", (c->id[A64_ID_A32_MMFR3] >> 16 & 15) >= 1 },
        { "sb", (isar6 >> 12 & 15) >= 1 },
        { "aes", (isar5 >> 4 & 15) >= 1 },
        { "pmull", (isar5 >> 4 & 15) >= 2 },
        { "sha1", (isar5 >> 8 & 15) >= 1 },
        { "sha256", (isar5 >> 12 & 15) >= 1 },
        { "rdm", (isar5 >> 24 & 15) >= 1 },
        { "fcma", (isar5 >> 28 & 15) >= 1 },
        { "jscvt", (isar6 & 15) >= 1 },
        { "dotprod", (isar6 >> 4 & 15) >= 1 },
        { "fp16", (c->id[A64_ID_MVFR1] >> 24 & 15) >= 3 },
    };
    for (size_t k = 0; k < ARRAY_LEN(known); k++)
        for (unsigned i = 0; i < n; i++)
            if (known[k].there && strcmp(names[i], known[k].name) == 0)
                bits |= 1ull << i;
    return bits;
}

int a32_init(struct a64_cpu *a, struct err *e)
{
    if (!a64_cpu_has(a, A64_F_A32EL0))
        return 0;
    struct a32_tables *tables = ARENA_NEW(&a->cpu.machine->arena, struct a32_tables);
    if (tables == NULL)
        return err_set(e, ERR_NOMEM, "cpu%u: no memory for its AArch32 instruction tables", a->cpu.index);
    by_id(tables->a32, a32_chapters, ARRAY_LEN(a32_chapters));
    by_id(tables->t32, t32_chapters, ARRAY_LEN(t32_chapters));
    by_id(tables->t16, t16_chapters, ARRAY_LEN(t16_chapters));
    by_id(tables->vfp, vfp_chapters, ARRAY_LEN(vfp_chapters));
    tables->a32_ext = extensions(a->config, a32_ext_names, A32_EXT_COUNT);
    tables->t32_ext = extensions(a->config, t32_ext_names, T32_EXT_COUNT);
    tables->t16_ext = extensions(a->config, t16_ext_names, T16_EXT_COUNT);
    tables->vfp_ext = extensions(a->config, a32v_ext_names, A32V_EXT_COUNT);
    a->a32_tables = tables;
    return 0;
}

/* ---- short forms ---- */
ir_val_t a32_r(struct a32_tr *t, unsigned n)
{
    struct ir_unit *u = a32_u(t);
    return ir_trunc(u, n == 15 ? ir_pc(u, t->b.at + (t->thumb ? 4 : 8)) : ir_get(u, n));
}

ir_val_t a32_literal(struct a32_tr *t, int64_t imm)
{
    int32_t pc = (t->b.at + (t->thumb ? 4 : 8)) & ~3;
    return ir_trunc(a32_u(t), ir_pc(a32_u(t), pc + imm));
}

void a32_put_slot(struct a32_tr *t, unsigned slot, ir_val_t v64)
{
    struct ir_unit *u = a32_u(t);
    ir_put(u, slot, t->sel == IR_NONE ? v64 : ir_select(u, IR_I64, t->sel, v64, ir_get(u, slot)));
}

void a32_put(struct a32_tr *t, unsigned n, ir_val_t v)
{
    a32_put_slot(t, n, ir_zext(a32_u(t), IR_I64, v, 32));
}

void a32_undefined(struct a32_tr *t)
{
    a64_undefined(&t->b);
}

/* ---- ITSTATE, ends of a block ---- */
static void set_it(struct a32_tr *t, unsigned it)
{
    if (t->it_slot != it)
        ir_put(a32_u(t), A64_SLOT_IT, ir_const(a32_u(t), IR_I64, it));
    t->it_slot = it;
}

void a32_settle_it(struct a32_tr *t)
{
    set_it(t, t->it_after);
}

void a32_exit(struct a32_tr *t, enum ir_exit why, int64_t to)
{
    a32_settle_it(t);
    ir_exit(a32_u(t), why, to);
    t->b.ended = true;
}

void a32_jump(struct a32_tr *t, int64_t to)
{
    a32_settle_it(t);
    if (t->key == t->it_after)
        ir_jump(a32_u(t), to);
    else
        ir_exit(a32_u(t), IR_EXIT_LOOKUP, to);
    t->b.ended = true;
}

/* ITAdvance() */
static unsigned advanced(unsigned it)
{
    return (it & 7) == 0 ? 0 : (it & 0xe0) | (it << 1 & 0x1f);
}

/* ---- conditions ---- */
/* Put the instruction off to a block of its own that knows the outcome. */
static void verdict(struct a32_tr *t)
{
    struct ir_unit *u = a32_u(t);
    ir_val_t holds = a64_condition(&t->b, t->cond);
    ir_put(u, A64_SLOT_IT, ir_select(u, IR_I64, holds, ir_const(u, IR_I64, t->it | A32_PASS),
                                     ir_const(u, IR_I64, t->it | A32_FAIL)));
    ir_exit(u, IR_EXIT_LOOKUP, t->b.at);
    t->b.ended = true;
}

static bool names_pc(const struct a32_op *o)
{
    return o->rd == 15 || o->rn == 15 || o->rm == 15 || o->ra == 15;
}

/* For the PMU: accesses whose condition holds. */
static void count_access(struct a32_tr *t, const struct insn_desc *desc)
{
    if (UNLIKELY(t->b.mode & A64_MODE_A32_COUNT) && desc->mem != INSN_NO_MEM)
        ir_call(a32_u(t), IR_VOID, A64_HELPER_count_access, t->sel != IR_NONE ? t->sel : a64_const(&t->b, 1),
                IR_NONE, IR_NONE, IR_NONE);
}

static void run(struct a32_tr *t, const struct a32_semantics *row, const struct insn_desc *desc)
{
    unsigned flags = row->flags;
    if (flags & A32_SEM_MEMORY)
        flags |= t->b.mode & A64_MODE_WATCH ? 0u : (unsigned)A32_SEM_SELECT;
    if (t->cond != 14 && (!(flags & (A32_SEM_SELECT | A32_SEM_COND)) ||
                          ((flags & A32_SEM_COND) && t->key != t->it_after))) {
        verdict(t);
        return;
    }
    if ((flags & A32_SEM_FP) && (t->b.mode & A64_MODE_FP_OFF)) {
        a64_fp_traps(&t->b); /* COND = 14: it is known to hold */
        return;
    }
    if (row->fn == NULL || ((flags & A32_SEM_NO_PC) && names_pc(&t->o))) {
        a32_undefined(t);
        return;
    }
    t->sel = t->cond != 14 && (flags & A32_SEM_SELECT) ? a64_condition(&t->b, t->cond) : IR_NONE;
    count_access(t, desc);
    row->fn(t, row->arg);
}

/* ---- decoding ---- */
struct found {
    const struct a32_semantics *row;
    const struct insn_desc *desc; /* NULL: nothing decodes */
    struct insn_regs regs;
};

#define TAKE(m) t->o.m = d.m;

static void decode_a32(struct a32_tr *t, const struct a32_tables *tables, uint32_t word, struct found *f)
{
    struct a32_decoded d;
    if (!a32_decode(word, tables->a32_ext, &d))
        return;
    TAKE(imm) TAKE(cond) TAKE(s) TAKE(rn) TAKE(rd) TAKE(rot) TAKE(stype) TAKE(rm) TAKE(rs) TAKE(ra) TAKE(y)
    TAKE(x) TAKE(m) TAKE(r) TAKE(par) TAKE(parop) TAKE(pkh) TAKE(rotate) TAKE(sat) TAKE(sh) TAKE(sz)
    TAKE(crcc) TAKE(mask) TAKE(be) TAKE(p) TAKE(u) TAKE(w) TAKE(rt) TAKE(rt2) TAKE(opc1) TAKE(crn) TAKE(cp)
    TAKE(opc2) TAKE(crm)
    t->cond = MIN(word >> 28, 14u);
    f->row = &tables->a32[d.id];
    f->desc = &a32_insn_descs[d.form];
    a32_insn_regs(&d, &f->regs);
}

static void decode_t32(struct a32_tr *t, const struct a32_tables *tables, uint32_t word, struct found *f)
{
    struct t32_decoded d;
    if (!t32_decode(word, tables->t32_ext, &d))
        return;
    TAKE(imm) TAKE(cond) TAKE(s) TAKE(rn) TAKE(rd) TAKE(stype) TAKE(rm) TAKE(rs) TAKE(ra) TAKE(y)
    TAKE(x) TAKE(m) TAKE(r) TAKE(pkh) TAKE(rotate) TAKE(sat) TAKE(sh) TAKE(sz)
    TAKE(crcc) TAKE(mask) TAKE(p) TAKE(u) TAKE(w) TAKE(rt) TAKE(rt2) TAKE(opc1) TAKE(crn) TAKE(cp)
    TAKE(opc2) TAKE(crm)
    t->o.par = d.tpar;
    t->o.parop = d.tparop;
    f->row = &tables->t32[d.id];
    f->desc = &t32_insn_descs[d.form];
    t32_insn_regs(&d, &f->regs);
}

static void decode_t16(struct a32_tr *t, const struct a32_tables *tables, uint32_t word, struct found *f)
{
    struct t16_decoded d;
    if (!t16_decode(word, tables->t16_ext, &d))
        return;
    TAKE(imm) TAKE(cond) TAKE(mask) TAKE(be) TAKE(rn) TAKE(rd) TAKE(rm) TAKE(rt) TAKE(nz)
    f->row = &tables->t16[d.id];
    f->desc = &t16_insn_descs[d.form];
    t16_insn_regs(&d, &f->regs);
}
#undef TAKE

/* T32's floating-point and Advanced SIMD in A32's encoding (F3.1.9, F3.1.10). */
static uint32_t vfp_word(uint32_t word, bool thumb)
{
    unsigned top = word >> 24;
    if (!thumb)
        return word;
    if ((top & 0xef) == 0xef)
        return (word & 0xffffff) | 0xf2000000 | (top >> 4 & 1) << 24;
    if (top == 0xf9)
        return (word & 0xffffff) | 0xf4000000;
    return word;
}

static void decode_vfp(struct a32_tr *t, const struct a32_tables *tables, uint32_t word, struct found *f)
{
    word = vfp_word(word, t->thumb);
    if (!a64_cpu_has(t->b.a, A64_F_FP) || !a32v_decode(word, tables->vfp_ext, &t->f))
        return;
    if (!t->thumb)
        t->cond = MIN(word >> 28, 14u);
    f->row = &tables->vfp[t->f.id];
    f->desc = &a32v_insn_descs[t->f.form];
    a32v_insn_regs(&t->f, &f->regs);
}

static void decode(struct a32_tr *t, uint32_t word, struct found *f)
{
    const struct a32_tables *tables = t->b.a->a32_tables;
    *f = (struct found){ .desc = NULL };
    t->o = (struct a32_op){ .cond = 14 };
    t->cond = 14;
    if (!t->thumb)
        decode_a32(t, tables, word, f);
    else if (t->wide)
        decode_t32(t, tables, word, f);
    else
        decode_t16(t, tables, word, f);
    if (f->desc == NULL && (!t->thumb || t->wide))
        decode_vfp(t, tables, word, f);
    if (t->thumb && a32_in_it(t))
        t->cond = t->it >> 4;
    if (t->cond == 15) /* ITSTATE of a guest's own making */
        t->cond = 14;
}

/*
 * What SCTLR.ITD = 1 leaves of the instructions in an IT block (D24.2.145): of 16 bits, without the
 * miscellaneous ones, those that end a block or name the PC; whether the condition holds or not.
 */
static bool itd_forbids(const struct a32_tr *t, uint32_t word)
{
    if (!(t->b.mode & A64_MODE_ITD) || !t->thumb || !a32_in_it(t))
        return false;
    return t->wide || word >> 14 == 3 || word >> 12 == 0xb || word >> 11 == 0x14 || word >> 11 == 9 ||
           (word & 0xf478) == 0x4478 || (word & 0xfc87) == 0x4487;
}

/* ---- one instruction ---- */
static void before(struct a32_tr *t, bool exclusive)
{
    struct ir_unit *u = a32_u(t);
    if (UNLIKELY(t->b.mode & A64_MODE_STEP))
        ir_call(u, IR_VOID, A64_HELPER_step, a64_const(&t->b, exclusive), IR_NONE, IR_NONE, IR_NONE);
    if (UNLIKELY(t->b.mode & A64_MODE_BREAK))
        ir_call(u, IR_VOID, A64_HELPER_breakpoint, ir_pc(u, t->b.at), IR_NONE, IR_NONE, IR_NONE);
}

static void one_insn(struct a32_tr *t, uint32_t word, uint32_t known)
{
    struct found f;
    t->b.word = word;
    decode(t, word, &f);
    t->it_after = advanced(t->it);
    ir_begin_insn(a32_u(t), t->b.at, (unsigned)(a32_next(t) - t->b.at), f.desc, &f.regs);
    if (known == 0) {
        set_it(t, t->it);
        before(t, f.desc != NULL && f.desc->klass == INSN_lr);
    } else {
        t->cond = 14; /* the condition was asked at the end of the last block */
    }
    if (known == A32_FAIL)
        return;
    if (LIKELY(f.desc != NULL && !itd_forbids(t, word)))
        run(t, f.row, f.desc);
    else
        a32_undefined(t);
}

/* The second half of an instruction lies on a page that cannot be fetched: the fault names that page. */
static void fetch_fault(struct a32_tr *t)
{
    struct ir_unit *u = a32_u(t);
    ir_begin_insn(u, t->b.at, 4, NULL, NULL);
    ir_call(u, IR_VOID, A64_HELPER_a32_fetch_fault, ir_pc(u, t->b.at + 2), IR_NONE, IR_NONE, IR_NONE);
    ir_exit(u, IR_EXIT_LOOKUP, t->b.at);
}

uint64_t a64_helper_a32_fetch_fault(struct cpu *cpu, uint64_t va, uint64_t b, uint64_t c, uint64_t d)
{
    (void)b, (void)c, (void)d;
    mmu_fetch_rest(cpu, va);
    return 0;
}

static bool refused(struct a32_tr *t)
{
    bool misaligned = t->b.at & (t->thumb ? 1 : 3);
    if (!misaligned && !(t->b.mode & A64_MODE_IL))
        return false;
    ir_begin_insn(a32_u(t), t->b.at, t->thumb ? 2 : 4, NULL, NULL);
    before(t, false);
    if (misaligned) {
        ir_call(a32_u(t), IR_VOID, A64_HELPER_pc_align, ir_pc(a32_u(t), t->b.at), IR_NONE, IR_NONE, IR_NONE);
        ir_exit(a32_u(t), IR_EXIT_LOOKUP, t->b.at);
    } else {
        a64_raises(&t->b, A64_ESR(A64_EC_ILLEGAL, 0));
    }
    return true;
}

static bool is_wide(uint32_t half)
{
    return half >> 11 >= 0x1d;
}

void a32_translate(struct cpu *cpu, struct ir_unit *u, int32_t start, const uint8_t *code,
                   uint32_t avail, const uint8_t *next)
{
    struct a32_tr t = { .b = { .a = A64_CPU(cpu), .u = u, .mode = u->mode, .at = start } };
    uint32_t offset = 0, step = u->mode & A64_MODE_T32 ? 2 : 4;
    t.thumb = u->mode & A64_MODE_T32;
    t.it = u->mode >> A64_MODE_IT_SHIFT;
    uint32_t known = (u->mode & A64_MODE_PASS ? A32_PASS : 0u) | (u->mode & A64_MODE_FAIL ? A32_FAIL : 0u);
    t.key = t.it_slot = t.it | known;
    t.it_after = t.it;
    ir_begin_block(u, start);
    if (UNLIKELY(refused(&t))) {
        ir_end_block(u, MIN(avail, step));
        return;
    }
    for (unsigned n = 0; !t.b.ended; n++) {
        if (n == IR_BLOCK_INSNS || offset + step > avail || (n != 0 && t.key != 0 && t.it == 0)) {
            a32_jump(&t, t.b.at);
            break;
        }
        uint32_t word = t.thumb ? ld_le16(code + offset) : ld_le32(code + offset);
        t.wide = t.thumb && is_wide(word);
        if (t.wide) {
            bool crosses = offset + 4 > avail;
            if (crosses && next == NULL) {
                if (n == 0)
                    fetch_fault(&t);
                else
                    a32_jump(&t, t.b.at);
                break;
            }
            word = word << 16 | (crosses ? ld_le16(next) : ld_le16(code + offset + 2));
            u->second_page |= crosses;
        }
        one_insn(&t, word, known);
        known = 0;
        offset += (uint32_t)(a32_next(&t) - t.b.at);
        t.b.at = a32_next(&t);
        t.it = t.it_after;
        if (UNLIKELY(t.b.mode & A64_MODE_STEP) && !t.b.ended)
            a32_exit(&t, IR_EXIT_LOOKUP, t.b.at);
    }
    ir_end_block(u, offset);
}

/* ---- disassembly ---- */
unsigned a32_disassemble_at(const struct a64_cpu *a, va_t pc, const uint8_t *code, size_t n, char *text,
                            size_t size)
{
    bool thumb = a->a32 & 1u << 5;
    struct a32v_decoded v;
    if (n < 2 || (!thumb && n < 4) || (thumb && is_wide(ld_le16(code)) && n < 4))
        return 0;
    if (!thumb) {
        struct a32_decoded d;
        if (a32_decode(ld_le32(code), a->a32_tables->a32_ext, &d))
            a32_disassemble(&d, pc, text, size);
        else if (a32v_decode(ld_le32(code), a->a32_tables->vfp_ext, &v))
            a32v_disassemble(&v, pc, text, size);
        else
            snprintf(text, size, ".inst 0x%08x", ld_le32(code));
        return 4;
    }
    uint32_t half = ld_le16(code), word = half << 16;
    if (is_wide(half)) {
        struct t32_decoded d;
        word |= ld_le16(code + 2);
        if (t32_decode(word, a->a32_tables->t32_ext, &d))
            t32_disassemble(&d, pc, text, size);
        else if (a32v_decode(vfp_word(word, true), a->a32_tables->vfp_ext, &v))
            a32v_disassemble(&v, pc, text, size);
        else
            snprintf(text, size, ".inst.w 0x%08x", word);
        return 4;
    }
    struct t16_decoded d;
    if (t16_decode(half, a->a32_tables->t16_ext, &d))
        t16_disassemble(&d, pc, text, size);
    else
        snprintf(text, size, ".inst.n 0x%04x", half);
    return 2;
}
