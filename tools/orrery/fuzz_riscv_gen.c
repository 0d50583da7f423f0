/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RISC-V: the instructions of a random program.
 *
 * Every row of the decode tables is drawn with equal weight. decodegen's rv_random_insn fixes the
 * bits of the row; the free ones come from here, chosen so that loads and stores mostly hit
 * (x2, x8, x9, x18 and x27 are kept as pointers), CSR numbers exist and the trap handlers survive.
 * Some rows only do something after others, so they are drawn in short sequences: jumps through a
 * register, MRET and SRET, LR and SC, stores into the program, changes of page tables.
 * Branches get their targets when all instructions have a place.
 */
#include "tools/orrery/fuzz_riscv.h"
#include "core/util/bytes.h"

#define TO_INTEGER(word) (((word) & 0xf800007f) == 0xc0000053) /* fcvt from a format to an integer */

enum fix { FIX_NONE, FIX_B, FIX_J, FIX_CB, FIX_CJ, FIX_PC_I, FIX_PC_S };

/*
 * CSRs; `keep`: what a random value breaks for the rest of the round, so that all but a few
 * accesses only read them (pmpcfg and mip also take small immediates).
 */
static const struct {
    uint16_t number, count;
    bool keep;
} csrs[] = {
    { RV_FFLAGS, 3, false },   { RV_FFLAGS, 3, false },      { RV_FFLAGS, 3, false },
    { RV_VSTART, 3, false },   { RV_VCSR, 1, false },        { RV_VL, 3, false },
    { RV_SSTATUS, 1, false },  { RV_SIE, 1, true },          { RV_STVEC, 1, true },
    { RV_SCOUNTEREN, 1, false }, { RV_SENVCFG, 1, false },   { RV_SSCRATCH, 5, false },
    { RV_STIMECMP, 1, true },  { RV_SATP, 1, true },         { RV_MSTATUS, 1, true },
    { RV_MISA, 1, false },     { RV_MEDELEG, 2, true },      { RV_MIE, 1, true },
    { RV_MTVEC, 1, true },     { RV_MCOUNTEREN, 1, false },  { RV_MENVCFG, 1, true },
    { RV_MCOUNTINHIBIT, 1, false }, { RV_MHPMEVENT3, 29, false }, { RV_MSCRATCH, 4, false },
    { RV_MIP, 1, false },      { RV_PMPCFG0, 16, true },     { RV_PMPADDR0, 64, false },
    { RV_MSECCFG, 1, true },   { RV_TSELECT, 5, false },     { RV_MCYCLE, 1, false },
    { RV_MINSTRET, 1, false }, { RV_MHPMCOUNTER3, 29, false }, { RV_CYCLE, 3, false },
    { RV_HPMCOUNTER3, 29, false }, { RV_SCOUNTOVF, 1, false }, { RV_MVENDORID, 5, false },
    { 0, 0x1000, true },
};

static uint32_t any_csr(struct fuzz_gen *g, bool *keep)
{
    uint32_t i = fuzz_below(g->r, ARRAY_LEN(csrs));
    *keep = csrs[i].keep;
    return csrs[i].number + fuzz_below(g->r, csrs[i].count);
}

/* Bits 31:15 of a CSR instruction: number and source. */
static uint32_t csr_word(struct fuzz_gen *g)
{
    bool keep, sets = g->desc->id != RV_INSN_CSRRW && g->desc->id != RV_INSN_CSRRWI;
    bool immediate = g->desc->id >= RV_INSN_CSRRWI;
    uint32_t number = any_csr(g, &keep), source = fuzz_below(g->r, 32);
    if (keep && sets && !fuzz_one_in(g->r, 200))
        source = 0;
    while (keep && !sets && !(immediate && number >= RV_PMPCFG0 && number < RV_PMPADDR0) &&
           !fuzz_one_in(g->r, 200))
        number = any_csr(g, &keep);
    if (number == RV_MSECCFG && !fuzz_one_in(g->r, 50))
        source &= 4; /* MML and MMWP stay once set, and would keep the handlers from running */
    return number << 20 | source << 15;
}

static uint32_t memory_offset(struct fuzz_gen *g)
{
    switch (fuzz_below(g->r, 8)) {
    case 0: return fuzz_below(g->r, 0x1000);
    case 1: return fuzz_below(g->r, 16);
    case 2: return 0u - fuzz_below(g->r, 16);
    default: return (fuzz_below(g->r, 0x100) - 0x80) << 4; /* aligned */
    }
}

/* The free bits of a 32-bit instruction. */
static uint32_t wide_word(struct fuzz_gen *g)
{
    static const uint8_t shifts[] = { 1, 7, 8, 9, 15, 16, 17, 24, 31, 32, 33, 47, 48, 49, 56, 63 };
    uint32_t word = (uint32_t)fuzz_next(g->r), imm;
    if (g->last < 64 && fuzz_one_in(g->r, 3))
        word = (word & ~(31u << 15)) | (g->last & 31u) << 15;
    if (fuzz_one_in(g->r, 8)) /* rd = rs1 or rs1 = rs2 */
        word = (word & ~(31u << 15)) | ((fuzz_one_in(g->r, 2) ? word >> 7 : word >> 20) & 31) << 15;
    if (g->desc->klass == INSN_csr)
        return (word & 0x7fff) | csr_word(g);
    if ((g->desc->mem || g->desc->klass == INSN_cache_op) && !fuzz_one_in(g->r, 12))
        word = (word & ~(31u << 15)) | fuzz_pointer(g) << 15;
    if (g->desc->id == RV_INSN_VSETVLI || g->desc->id == RV_INSN_VSETIVLI)
        return (word & 0xfffff) | fuzz_rv_vtype(g) << 20;
    if (fuzz_rv_is_vector(g->desc))
        word = fuzz_rv_vector_word(g, word);
    switch (g->desc->klass) {
    case INSN_load:
    case INSN_fp_load:
        return (word & 0xfffff) | memory_offset(g) << 20;
    case INSN_store:
    case INSN_fp_store:
        imm = memory_offset(g);
        return (word & ~0xfe000f80u) | (imm >> 5 & 0x7f) << 25 | (imm & 31) << 7;
    case INSN_int_shift:
        imm = shifts[fuzz_below(g->r, ARRAY_LEN(shifts))];
        return fuzz_one_in(g->r, 2) ? word : (word & ~(63u << 20)) | imm << 20;
    case INSN_int_alu:
        imm = (uint32_t)fuzz_rv_integer(g->r); /* of the I format; rs2 elsewhere keeps its bits */
        return fuzz_one_in(g->r, 2) ? word : (word & 0xfffff) | imm << 20;
    default:
        return word;
    }
}

static uint64_t next_word(void *arg)
{
    struct fuzz_gen *g = arg;
    uint32_t word = wide_word(g);
    if (g->desc->length == 2 && g->desc->mem && !fuzz_one_in(g->r, 8)) /* rs1' = x8 or x9 */
        word &= ~(6u << 7);
    return word;
}

/* ---- placing ---- */

static struct fuzz_slot *place(struct fuzz_gen *g, uint32_t word)
{
    return fuzz_place_word(g, word, (word & 3) == 3 ? 4 : 2);
}

static bool draw(struct fuzz_gen *g, uint16_t form, uint32_t *word, struct insn_regs *regs)
{
    struct rv_decoded d;
    *word = rv_random_insn(form, next_word, g);
    if (*word == 0 || !rv_decode(*word, RV_CPU_CONST(g->cpu)->decode_ext, &d))
        return false;
    rv_insn_regs(&d, regs);
    return true;
}

/* ---- sequences ---- */

static void refresh_pointer(struct fuzz_gen *g)
{
    uint32_t n = fuzz_pointer(g), distance = fuzz_pointer_distance(g, DATA, DATA_BYTES);
    place(g, RV_AUIPC(n, distance >> 12));
    if (!fuzz_one_in(g->r, 6))
        place(g, RV_ANDI(n, n, fuzz_one_in(g->r, 4) ? 0xffffff80u : 0xfffffff0u));
}

/* New values from the data area, where most of the interesting ones stay. */
static void refresh_value(struct fuzz_gen *g)
{
    uint32_t offset = (fuzz_below(g->r, 0x100) - 0x80) << 3;
    if (fuzz_one_in(g->r, 3))
        place(g, RV_LD(fuzz_free_register(g), fuzz_pointer(g), offset));
    else
        place(g, RV_FLD(fuzz_below(g->r, 32), fuzz_pointer(g), offset));
}

/* xN = address of a place nearby; the slot's `base` tells the next one from where it counts. */
static uint32_t place_here(struct fuzz_gen *g, uint32_t *n)
{
    uint32_t base = g->at;
    *n = fuzz_free_register(g);
    place(g, RV_AUIPC(*n, 0));
    return base;
}

static void jump_by_register(struct fuzz_gen *g, uint16_t form)
{
    uint32_t n, base = place_here(g, &n);
    if (form == RV_INSN_JALR) {
        fuzz_fix_later(place(g, RV_JALR(fuzz_one_in(g->r, 2) ? fuzz_free_register(g) : 0, n, 0)), FIX_PC_I, base);
        return;
    }
    fuzz_fix_later(place(g, RV_ADDI(n, n, 0)), FIX_PC_I, base);
    place(g, 0x8002u | n << 7 | (form == RV_INSN_C_JALR ? 1u << 12 : 0)); /* c.jr, c.jalr */
}

static void trap_return(struct fuzz_gen *g, bool m)
{
    uint32_t n, base = place_here(g, &n);
    fuzz_fix_later(place(g, RV_ADDI(n, n, 0)), FIX_PC_I, base);
    place(g, RV_CSRRW(0, m ? RV_MEPC : RV_SEPC, n));
    place(g, m ? RV_MRET : RV_SRET);
}

/* A store of a new instruction into the program, most often seen soon; sometimes with FENCE.I. */
static void modify_code(struct fuzz_gen *g)
{
    uint16_t form = (uint16_t)fuzz_below(g->r, RV_FORM_COUNT);
    uint32_t word = fuzz_draw(g, form), n, value = fuzz_free_register(g);
    if (rv_insn_descs[form].klass == INSN_csr || word == 0)
        word = 0x00000013;
    place(g, RV_LUI(value, (word + 0x800) >> 12));
    place(g, RV_ADDI(value, value, word));
    uint32_t base = place_here(g, &n);
    if (n == value)
        return;
    fuzz_fix_later(place(g, (word & 3) == 3 ? RV_SW(value, n, 0) : rv_s(1, value, n, 0)), FIX_PC_S, base);
    if (fuzz_one_in(g->r, 2))
        place(g, RV_FENCE_I);
}

/* Flip low bits of a page table entry, or set some; then SFENCE.VMA, usually. */
static void modify_pages(struct fuzz_gen *g)
{
    uint32_t n, value = fuzz_free_register(g), base = place_here(g, &n);
    uint32_t level0 = PAGES + 0x4000 + (fuzz_one_in(g->r, 2) ? 0x8000 : 0);
    uint32_t first = fuzz_one_in(g->r, 3) ? CODE >> 12 : DATA >> 12;
    uint32_t entry = level0 + 8 * (first + fuzz_below(g->r, 16)) - base;
    if (n == value)
        return;
    st_le32(g->p->slot[g->p->n_slots - 1].code, RV_AUIPC(n, (entry + 0x800) >> 12 & 0xfffff));
    place(g, RV_LD(value, n, entry));
    place(g, fuzz_one_in(g->r, 2) ? RV_XORI(value, value, 1u << fuzz_below(g->r, 8))
                                  : rv_i(0x13, value, 6, value, 0xcf));
    place(g, RV_SD(value, n, entry));
    if (fuzz_one_in(g->r, 2))
        place(g, RV_SFENCE_ALL);
    else if (!fuzz_one_in(g->r, 4))
        place(g, rv_r(0x73, 0, 0, fuzz_pointer(g), 0, 9));
}

static void change_satp(struct fuzz_gen *g)
{
    uint64_t satp = fuzz_rv_satp(g->r);
    uint32_t ppn = satp & 0xfffff, a = fuzz_free_register(g), b = fuzz_free_register(g);
    if (a == b)
        return;
    place(g, RV_LUI(a, (ppn + 0x800) >> 12));
    place(g, RV_ADDI(a, a, ppn));
    place(g, RV_ADDI(b, 0, (uint32_t)(satp >> 60)));
    place(g, RV_SLLI(b, b, 60));
    place(g, RV_OR(a, a, b));
    place(g, RV_CSRRW(fuzz_free_register(g), RV_SATP, a));
    if (fuzz_one_in(g->r, 2))
        place(g, RV_SFENCE_ALL);
}

/* LR, up to two other instructions, SC to the same place. */
static void reserve(struct fuzz_gen *g, uint16_t form)
{
    uint32_t f3 = form == RV_INSN_SC_W || form == RV_INSN_LR_W ? 2 : 3, p = fuzz_pointer(g);
    uint32_t aqrl = fuzz_below(g->r, 4);
    place(g, RV_ANDI(p, p, 0xfffffff0u));
    place(g, rv_r(0x2f, fuzz_free_register(g), f3, p, 0, 2 << 2 | aqrl));
    for (uint32_t n = fuzz_below(g->r, 3); n != 0; n--) {
        uint32_t word = fuzz_draw(g, (uint16_t)fuzz_below(g->r, RV_FORM_COUNT));
        if (word != 0 && g->desc->branch == INSN_NO_BRANCH)
            place(g, word);
    }
    place(g, rv_r(0x2f, fuzz_free_register(g), f3, p, fuzz_free_register(g), 3 << 2 | aqrl));
}

/* A chain on one register of what passes know much about: widths, masks, sign and zero extensions. */
static void add_chain(struct fuzz_gen *g)
{
    static const uint16_t starts[] = {
        RV_INSN_LB, RV_INSN_LBU, RV_INSN_LH, RV_INSN_LHU, RV_INSN_LW, RV_INSN_LWU, RV_INSN_LUI,
        RV_INSN_SLTU, RV_INSN_CPOP, RV_INSN_FCLASS_D, RV_INSN_ANDI, RV_INSN_ADDW, RV_INSN_CLZ,
    };
    static const uint16_t links[] = {
        RV_INSN_SLLI, RV_INSN_SRLI, RV_INSN_SRAI, RV_INSN_SLLIW, RV_INSN_SRLIW, RV_INSN_SRAIW,
        RV_INSN_ANDI, RV_INSN_ORI, RV_INSN_XORI, RV_INSN_ADDI, RV_INSN_ADDIW, RV_INSN_SLTI,
        RV_INSN_SLTIU, RV_INSN_SEXT_B, RV_INSN_SEXT_H, RV_INSN_ZEXT_H, RV_INSN_ADD_UW,
        RV_INSN_SEXT_B, RV_INSN_SEXT_H, RV_INSN_ZEXT_H, RV_INSN_ADDIW, RV_INSN_SRAI, RV_INSN_SRLI,
        RV_INSN_SLLI_UW, RV_INSN_RORI, RV_INSN_BEXTI, RV_INSN_SUBW, RV_INSN_MULW, RV_INSN_REV8,
    };
    uint32_t n = fuzz_free_register(g);
    for (uint32_t length = 2 + fuzz_below(g->r, 6), i = 0; i < length; i++) {
        uint16_t form = i == 0 ? starts[fuzz_below(g->r, ARRAY_LEN(starts))]
                               : links[fuzz_below(g->r, ARRAY_LEN(links))];
        uint32_t word = fuzz_draw(g, form);
        if (word == 0)
            return;
        word = (word & ~(31u << 7)) | n << 7;
        if (i != 0)
            word = (word & ~(31u << 15)) | n << 15;
        place(g, word);
    }
}

/* rs2 = rs1, -rs1 or |rs1| for the FP instruction that follows: equal values, zeros of both signs. */
static void add_kin(struct fuzz_gen *g, uint32_t word)
{
    uint32_t format = word >> 25 & 3, rs1 = word >> 15 & 31, rs2 = word >> 20 & 31;
    if (fuzz_one_in(g->r, 2))
        place(g, rv_r(0x53, rs1, 0, 0, 0, 0x78 | format)); /* fmv.w.x, fmv.d.x or fmv.h.x of x0 */
    place(g, rv_r(0x53, rs2, fuzz_below(g->r, 3), rs1, rs1, 0x10 | format));
}

/* A fresh value, its upper 32 bits at least, for rs1 of the FP instruction that follows. */
static void add_operand(struct fuzz_gen *g, uint32_t word)
{
    static const uint8_t sizes[][2] = { { 8, 23 }, { 11, 52 }, { 5, 10 } };
    bool converts = (word & 0xf800007f) == 0x40000053; /* fcvt between formats: rs2 says from which */
    uint32_t format = (converts ? word >> 20 : word >> 25) & 3, n = fuzz_free_register(g);
    if (format == 3)
        return;
    uint64_t value = fuzz_float_of(g->r, sizes[format][0], sizes[format][1]);
    if (TO_INTEGER(word) && fuzz_one_in(g->r, 2))
        value = fuzz_integer_edge(g->r, sizes[format][0], sizes[format][1]);
    uint32_t low = (uint32_t)(format == 1 ? value >> 32 : value);
    place(g, RV_LUI(n, (low + 0x800) >> 12 & 0xfffff));
    place(g, RV_ADDI(n, n, low));
    if (format == 1)
        place(g, RV_SLLI(n, n, 32));
    if (format == 1 && fuzz_one_in(g->r, 4))
        place(g, RV_ADDI(n, n, 0u - fuzz_below(g->r, 2)));
    place(g, rv_r(0x53, word >> 15 & 31, 0, n, 0, 0x78 | format));
}

/* ---- the program ---- */

static enum fix branch_fix(const struct insn_desc *d, uint32_t word)
{
    if (d->branch == INSN_COND)
        return (word & 3) == 3 ? FIX_B : FIX_CB;
    if (d->branch == INSN_DIRECT || d->branch == INSN_CALL_DIRECT)
        return (word & 3) == 3 ? FIX_J : FIX_CJ;
    return FIX_NONE;
}

/* One row of the tables, in what it needs around it. */
static void add_form(struct fuzz_gen *g, uint16_t form)
{
    bool plain = fuzz_one_in(g->r, 8);
    uint32_t word = fuzz_draw(g, form);
    if (word == 0)
        return;
    switch (plain ? 0 : form) {
    case RV_INSN_JALR:
    case RV_INSN_C_JR:
    case RV_INSN_C_JALR:
        jump_by_register(g, form);
        return;
    case RV_INSN_MRET:
    case RV_INSN_SRET:
        trap_return(g, form == RV_INSN_MRET);
        return;
    case RV_INSN_SC_W:
    case RV_INSN_SC_D:
        reserve(g, form);
        return;
    default:
        if ((word & 0x7f) == 0x53 && rv_insn_descs[form].klass >= INSN_fp_add && fuzz_one_in(g->r, 8))
            add_kin(g, word);
        else if ((word & 0x7f) == 0x53 && fuzz_one_in(g->r, TO_INTEGER(word) ? 2 : 4))
            add_operand(g, word);
        if (fuzz_rv_is_vector(&rv_insn_descs[form]))
            fuzz_rv_before_vector(g, &rv_insn_descs[form], word);
        uint32_t at = g->at;
        fuzz_fix_later(place(g, word), branch_fix(&rv_insn_descs[form], word), at);
        return;
    }
}

static void add_some(struct fuzz_gen *g)
{
    if (fuzz_one_in(g->r, 12))
        refresh_pointer(g);
    if (fuzz_one_in(g->r, 4))
        refresh_value(g);
    if (fuzz_one_in(g->r, 8) && rv_has(RV_CPU_CONST(g->cpu)->config, RV_X_V))
        fuzz_rv_refresh_vectors(g);
    switch (fuzz_below(g->r, 200)) {
    case 0: case 1: modify_code(g); break;
    case 2: case 3: modify_pages(g); break;
    case 4: change_satp(g); break;
    case 6: case 7: case 8: case 9: case 10: add_chain(g); break;
    case 5: place(g, (uint32_t)fuzz_next(g->r)); break; /* anything */
    default: add_form(g, fuzz_next_form(g)); break;
    }
}

static uint32_t cb_bits(uint32_t imm)
{
    return (imm >> 8 & 1) << 12 | (imm >> 3 & 3) << 10 | (imm >> 6 & 3) << 5 | (imm >> 1 & 3) << 3 |
           (imm >> 5 & 1) << 2;
}

static uint32_t cj_bits(uint32_t imm)
{
    return (imm >> 11 & 1) << 12 | (imm >> 4 & 1) << 11 | (imm >> 8 & 3) << 9 | (imm >> 10 & 1) << 8 |
           (imm >> 6 & 1) << 7 | (imm >> 7 & 1) << 6 | (imm >> 1 & 7) << 3 | (imm >> 5 & 1) << 2;
}

static void fix(struct fuzz_gen *g, uint32_t i)
{
    struct fuzz_slot *s = &g->p->slot[i];
    uint32_t word = ld_le32(s->code), distance = 0;
    if (s->fix != FIX_NONE) /* one in 100 into the middle of something */
        distance = fuzz_target(g, i, 8) + (fuzz_one_in(g->r, 100) ? 2 : 0) - s->base;
    uint32_t page = (s->base + MEM_PAGE / 2) & ~(MEM_PAGE - 1); /* what crosses into a page */
    if (s->fix == FIX_PC_S && page - s->base + 0x800 < 0xffc && fuzz_one_in(g->r, 3))
        distance = page - s->base;
    switch (s->fix) {
    case FIX_B: word = (word & 0x01fff07f) | (rv_b(0, 0, 0, distance) & ~0x7fu); break;
    case FIX_J: word = (word & 0xfff) | (rv_jal(0, distance) & ~0xfffu); break;
    case FIX_CB: word = (word & 0xe383) | cb_bits(distance); break;
    case FIX_CJ: word = (word & 0xe003) | cj_bits(distance); break;
    case FIX_PC_I: word = (word & 0xfffff) | (distance & 0xfff) << 20; break;
    case FIX_PC_S: word = (word & 0x01fff07f) | (rv_s(0, 0, 0, distance) & 0xfe000f80); break;
    default: break;
    }
    st_le32(s->code, word);
}

static const struct fuzz_gen_isa generator = {
    .isa = &fuzz_riscv64, .align = 2, .longest = 4, .first_register = 1,
    .pointers = 1u << 2 | 1u << 8 | 1u << 9 | 1u << 18 | 1u << 27,
    .add = add_some, .fix = fix, .draw = draw,
};

uint32_t fuzz_rv_code(const struct cpu *cpu, struct fuzz_program *p, struct fuzz_random *r)
{
    struct fuzz_gen g = { .isa = &generator, .cpu = cpu, .p = p, .r = r };
    return fuzz_gen_run(&g);
}
