/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LoongArch64: the instructions of a random program.
 *
 * Every row of the decode tables is drawn with equal weight. decodegen's la_random_insn fixes the bits of the row; the
 * free ones come from here, chosen so that loads and stores mostly hit (r4, r12, r13, r23 and r24 are kept as
 * pointers), CSRs exist and the handlers survive. Some rows only do something after others, so they are drawn in
 * short sequences: jumps through a register, ERTN, LL and SC, stores into the program, changes of page tables and
 * of the mode of floating point. Branches get their targets when all instructions have a place.
 */
#include "tools/orrery/fuzz_loongarch.h"
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include <string.h>

enum fix { FIX_NONE, FIX_16, FIX_21, FIX_26, FIX_I12 };

/* CSRs that a program may write as it likes; of the others nearly all accesses only read. */
static bool is_free_csr(uint32_t n)
{
    static const struct {
        uint16_t first, count;
    } ranges[] = {
        { LA_CSR_MISC, 1 }, { LA_CSR_ERA, 3 }, { LA_CSR_TLBIDX, 4 }, { LA_CSR_ASID, 1 }, { LA_CSR_SAVE0, 16 },
        { LA_CSR_TID, 1 }, { LA_CSR_CNTC, 1 }, { LA_CSR_LLBCTL, 1 }, { LA_CSR_IMPCTL1, 3 }, { LA_CSR_TLBRBADV, 1 },
        { LA_CSR_TLBRSAVE, 4 }, { LA_CSR_MERRINFO1, 2 }, { LA_CSR_MERRERA, 2 }, { LA_CSR_CTAG, 1 },
        { LA_CSR_MSGIS0, 6 }, { LA_CSR_DMW0 + 1, 3 }, { LA_CSR_PMCFG0, 32 }, { LA_CSR_MWPS, 1 }, { LA_CSR_FWPS, 1 },
        { LA_CSR_MWP0, 64 }, { LA_CSR_DERA, 2 },
    };
    for (size_t i = 0; i < ARRAY_LEN(ranges); i++)
        if (n - ranges[i].first < ranges[i].count)
            return true;
    return false;
}

static uint32_t any_csr(struct fuzz_gen *g)
{
    uint32_t number;
    if (fuzz_one_in(g->r, 8))
        return fuzz_below(g->r, 0x4000);
    while (!la_csr_number(g->cpu, fuzz_below(g->r, 512), &number)) {
    }
    return number;
}

/* Bits 23:10 of an instruction on CSRs. */
static uint32_t csr_word(struct fuzz_gen *g, uint16_t form)
{
    uint32_t number = any_csr(g);
    bool reads = form == LA_INSN_CSRRD || form == LA_INSN_GCSRRD;
    while (!reads && !is_free_csr(number) && number < LA_CSR_NUMBERS && !fuzz_one_in(g->r, 200))
        number = any_csr(g);
    return number << 10;
}

/* Mostly aligned. */
static uint32_t memory_offset(struct fuzz_gen *g)
{
    switch (fuzz_below(g->r, 8)) {
    case 0: return fuzz_below(g->r, 0x1000);
    case 1: return fuzz_below(g->r, 16);
    case 2: return 0u - fuzz_below(g->r, 16);
    default: return (fuzz_below(g->r, 0x80) - 0x40) << 5;
    }
}

static bool has_si14(uint16_t form)
{
    switch (form) {
    case LA_INSN_LL_W: case LA_INSN_LL_D: case LA_INSN_SC_W: case LA_INSN_SC_D:
    case LA_INSN_LDPTR_W: case LA_INSN_LDPTR_D: case LA_INSN_STPTR_W: case LA_INSN_STPTR_D:
        return true;
    default:
        return false;
    }
}

/* Base, and what is added to it. */
static uint32_t memory_word(struct fuzz_gen *g, uint32_t word)
{
    const struct insn_desc *d = g->desc;
    if (!fuzz_one_in(g->r, 12))
        word = (word & ~(31u << 5)) | fuzz_pointer(g) << 5;
    if (strstr(d->format, "rk") != NULL) /* an index or a bound; of atomics a value */
        return d->klass == INSN_amo || fuzz_one_in(g->r, 3) ? word : word & ~(31u << 10);
    if (has_si14(d->id))
        return (word & ~(0x3fffu << 10)) | (memory_offset(g) >> 2 & 0x3fff) << 10;
    if (strncmp(d->name, "vstelm", 6) == 0 || strncmp(d->name, "xvstelm", 7) == 0)
        return word;
    return (word & ~(0xfffu << 10)) | (memory_offset(g) & 0xfff) << 10;
}

static uint64_t next_word(void *arg)
{
    struct fuzz_gen *g = arg;
    const struct insn_desc *d = g->desc;
    uint32_t word = (uint32_t)fuzz_next(g->r);
    if (g->last < 96 && fuzz_one_in(g->r, 3))
        word = (word & ~(31u << 5)) | (g->last & 31u) << 5;
    if (fuzz_one_in(g->r, 8)) /* rd = rj or rj = rk */
        word = (word & ~(31u << 5)) | ((fuzz_one_in(g->r, 2) ? word : word >> 10) & 31) << 5;
    if (d->klass == INSN_csr)
        return (word & ~(0x3fffu << 10)) | csr_word(g, d->id);
    if (d->mem != INSN_NO_MEM)
        return memory_word(g, word);
    if (d->id == LA_INSN_INVTLB && !fuzz_one_in(g->r, 8))
        return (word & ~31u) | fuzz_below(g->r, 7);
    if ((d->id == LA_INSN_LDDIR || d->id == LA_INSN_LDPTE) && !fuzz_one_in(g->r, 8))
        return (word & ~(0xffu << 10) & ~(31u << 5)) | fuzz_below(g->r, 5) << 10 | fuzz_pointer(g) << 5;
    if (d->klass == INSN_int_alu && fuzz_one_in(g->r, 2))
        return (word & ~(0xfffu << 10)) | (uint32_t)(fuzz_la_integer(g->r) & 0xfff) << 10;
    if (strncmp(d->name, "bstr", 4) == 0 && !fuzz_one_in(g->r, 8)) { /* msb not below lsb */
        uint32_t a = word >> 16 & 63, b = word >> 10 & 63;
        if ((d->name[strlen(d->name) - 1]) == 'w')
            a &= 31, b &= 31;
        return (word & 0xffc003ff) | MAX(a, b) << 16 | MIN(a, b) << 10;
    }
    return word;
}

/* ---- placing ---- */
static struct fuzz_slot *place(struct fuzz_gen *g, uint32_t word)
{
    return fuzz_place_word(g, word, 4);
}

static bool draw(struct fuzz_gen *g, uint16_t form, uint32_t *word, struct insn_regs *regs)
{
    struct la_decoded d;
    *word = la_random_insn(form, next_word, g);
    if (!la_decode(*word, la_decode_features(g->cpu), &d))
        return false;
    la_insn_regs(&d, regs);
    return true;
}

/* ---- sequences ---- */
static void refresh_pointer(struct fuzz_gen *g)
{
    uint32_t n = fuzz_pointer(g), distance = fuzz_pointer_distance(g, DATA, DATA_BYTES);
    place(g, LA_PCADDU12I(n, distance >> 12));
    if (!fuzz_one_in(g->r, 6))
        place(g, LA_BSTRINS_D(n, 0, fuzz_one_in(g->r, 4) ? 6 : 4, 0));
}

/* New values from the data area, where most of the interesting ones stay. */
static void refresh_value(struct fuzz_gen *g)
{
    uint32_t offset = (fuzz_below(g->r, 0x80) - 0x40) << 5, p = fuzz_pointer(g), n = fuzz_below(g->r, 32);
    switch (fuzz_below(g->r, 4)) {
    case 0: place(g, LA_FLD_D(n, p, offset)); break;
    case 1: place(g, LA_XVLD(n, p, offset)); break;
    case 2: place(g, LA_VLD(n, p, offset)); break;
    default: place(g, LA_LD_D(fuzz_free_register(g), p, offset)); break;
    }
}

/* r<n> = the value of all 64 bits. */
static void place_constant(struct fuzz_gen *g, uint32_t n, uint64_t v)
{
    place(g, LA_LU12I_W(n, v >> 12));
    place(g, LA_ORI(n, n, v));
    place(g, LA_LU32I_D(n, v >> 32));
    place(g, LA_LU52I_D(n, n, v >> 52));
}

/* r<n> = address of this place; returns it as an offset, from which the next one counts. */
static uint32_t place_here(struct fuzz_gen *g, uint32_t *n)
{
    uint32_t base = g->at;
    *n = fuzz_free_register(g);
    place(g, LA_PCADDI(*n, 0));
    return base;
}

static void jump_by_register(struct fuzz_gen *g)
{
    static const uint8_t links[] = { 0, 0, 1, 1, 20 };
    uint32_t n, base = place_here(g, &n);
    if (fuzz_one_in(g->r, 16))
        place(g, LA_ADDI_D(n, n, 2));
    fuzz_fix_later(place(g, LA_JIRL(links[fuzz_below(g->r, ARRAY_LEN(links))], n, 0)), FIX_16, base);
}

static void exception_return(struct fuzz_gen *g)
{
    uint32_t n, base = place_here(g, &n);
    fuzz_fix_later(place(g, LA_ADDI_D(n, n, 0)), FIX_I12, base);
    place(g, LA_CSRWR(n, LA_CSR_ERA));
    if (fuzz_one_in(g->r, 2)) {
        place(g, LA_ADDI_D(n, 0, 4 | fuzz_below(g->r, 4)));
        place(g, LA_CSRWR(n, LA_CSR_PRMD));
    }
    place(g, LA_ERTN);
}

/* A store of a new instruction into the program, most often seen soon; sometimes with IBAR. */
static void modify_code(struct fuzz_gen *g)
{
    uint16_t form = (uint16_t)fuzz_below(g->r, LA_FORM_COUNT);
    uint32_t word = fuzz_draw(g, form), n, value = fuzz_free_register(g);
    if (la_insn_descs[form].klass == INSN_csr || word == 0)
        word = LA_NOP;
    place(g, LA_LU12I_W(value, word >> 12));
    place(g, LA_ORI(value, value, word));
    uint32_t base = place_here(g, &n);
    if (n == value)
        return;
    fuzz_fix_later(place(g, LA_ST_W(value, n, 0)), FIX_I12, base);
    if (fuzz_one_in(g->r, 2))
        place(g, LA_IBAR);
}

/* Flip bits of a page table entry; then INVTLB, usually. */
static void modify_pages(struct fuzz_gen *g)
{
    uint32_t n = fuzz_free_register(g), value = fuzz_free_register(g);
    uint32_t pages = PAGES + 0x2000 + (fuzz_one_in(g->r, 2) ? TREE : 0);
    uint32_t entry = pages + 8 * ((fuzz_one_in(g->r, 3) ? CODE : DATA) / 0x1000 + fuzz_below(g->r, 16));
    if (n == value)
        return;
    place(g, LA_PCALAU12I(n, (entry >> 12) - (g->at >> 12)));
    place(g, LA_LD_D(value, n, entry));
    place(g, fuzz_one_in(g->r, 2) ? LA_XORI(value, value, 1u << fuzz_below(g->r, 9)) : LA_ORI(value, value, 0x193));
    place(g, LA_ST_D(value, n, entry));
    if (fuzz_one_in(g->r, 2))
        place(g, LA_INVTLB(0, 0, 0));
    else if (!fuzz_one_in(g->r, 4))
        place(g, LA_INVTLB(4 + fuzz_below(g->r, 3), 0, fuzz_pointer(g)));
}

static void change_space(struct fuzz_gen *g)
{
    uint32_t n = fuzz_free_register(g);
    if (fuzz_one_in(g->r, 2)) {
        place(g, LA_ADDI_D(n, 0, fuzz_below(g->r, 4)));
        place(g, LA_CSRWR(n, LA_CSR_ASID));
        return;
    }
    place_constant(g, n, RAM + PAGES + (fuzz_one_in(g->r, 2) ? TREE : 0));
    place(g, LA_CSRWR(n, LA_CSR_PGDL));
    if (fuzz_one_in(g->r, 2))
        place(g, LA_INVTLB(0, 0, 0));
}

/* LL, up to two other instructions, SC to the same place. */
static void reserve(struct fuzz_gen *g, uint16_t form)
{
    bool wide = form != LA_INSN_SC_W && form != LA_INSN_SCREL_W, q = form == LA_INSN_SC_Q;
    bool ordered = form == LA_INSN_SCREL_W || form == LA_INSN_SCREL_D;
    uint32_t p = fuzz_pointer(g), value = fuzz_free_register(g), at = fuzz_below(g->r, 4) << 4;
    place(g, LA_BSTRINS_D(p, 0, 4, 0));
    if (ordered)
        place(g, la_3r(wide ? 0x38578800 : 0x38578000, fuzz_free_register(g), p, 0));
    else
        place(g, la_i14(wide ? 0x22000000 : 0x20000000, fuzz_free_register(g), p, q ? 0 : at));
    for (uint32_t n = fuzz_below(g->r, 3); n != 0; n--) {
        uint32_t word = fuzz_draw(g, (uint16_t)fuzz_below(g->r, LA_FORM_COUNT));
        if (word != 0 && g->desc->branch == INSN_NO_BRANCH)
            place(g, word);
    }
    if (q)
        place(g, la_3r(0x38570000, value, p, fuzz_free_register(g)));
    else if (ordered)
        place(g, la_3r(wide ? 0x38578c00 : 0x38578400, value, p, 0));
    else
        place(g, la_i14(wide ? 0x23000000 : 0x21000000, value, p, at));
}

/* A chain on one register of what passes know much about: widths, masks, sign and zero extensions. */
static void add_chain(struct fuzz_gen *g)
{
    static const uint16_t links[] = {
        LA_INSN_SLLI_W, LA_INSN_SRLI_W, LA_INSN_SRAI_W, LA_INSN_SLLI_D, LA_INSN_SRLI_D, LA_INSN_SRAI_D, LA_INSN_ANDI,
        LA_INSN_ORI, LA_INSN_XORI, LA_INSN_ADDI_W, LA_INSN_ADDI_D, LA_INSN_SLTI, LA_INSN_SLTUI, LA_INSN_EXT_W_B,
        LA_INSN_EXT_W_H, LA_INSN_BSTRPICK_D, LA_INSN_BSTRPICK_W, LA_INSN_BSTRINS_D, LA_INSN_BSTRINS_W, LA_INSN_ALSL_WU,
        LA_INSN_ALSL_D, LA_INSN_ROTRI_D, LA_INSN_ROTRI_W, LA_INSN_SUB_W, LA_INSN_MUL_W, LA_INSN_REVB_D, LA_INSN_CLZ_W,
    };
    uint32_t n = fuzz_free_register(g);
    for (uint32_t length = 2 + fuzz_below(g->r, 6), i = 0; i < length; i++) {
        uint32_t word = fuzz_draw(g, links[fuzz_below(g->r, ARRAY_LEN(links))]);
        word = (word & ~31u) | n;
        if (i != 0)
            word = (word & ~(31u << 5)) | n << 5;
        place(g, word);
    }
}

/* A fresh operand for the FP instruction that follows. */
static void add_operand(struct fuzz_gen *g, uint32_t word)
{
    uint32_t n = fuzz_free_register(g);
    uint64_t v = fuzz_la_float(g->r);
    if (g->desc->klass == INSN_fp_cvt && fuzz_one_in(g->r, 2))
        v = fuzz_one_in(g->r, 2) ? fuzz_integer_edge(g->r, 11, 52) : fuzz_integer_edge(g->r, 8, 23);
    place_constant(g, n, v);
    place(g, LA_MOVGR2FR_D(word >> 5 & 31, n));
}

/* Rounding; seldom exceptions, since all is helpers' then. */
static void set_fcsr(struct fuzz_gen *g)
{
    uint32_t n = fuzz_free_register(g), enables = fuzz_one_in(g->r, 4) ? 1u << fuzz_below(g->r, 5) : 0;
    place(g, LA_ORI(n, 0, fuzz_below(g->r, 4) << 8 | enables));
    place(g, LA_MOVGR2FCSR(fuzz_one_in(g->r, 2) ? 0 : 3, n));
}

/* ---- the program ---- */
static enum fix branch_fix(uint16_t form)
{
    switch (form) {
    case LA_INSN_B: case LA_INSN_BL:
        return FIX_26;
    case LA_INSN_BEQZ: case LA_INSN_BNEZ: case LA_INSN_BCEQZ: case LA_INSN_BCNEZ:
        return FIX_21;
    default:
        return la_insn_descs[form].branch == INSN_COND ? FIX_16 : FIX_NONE;
    }
}

static bool is_fp(const struct insn_desc *d)
{
    return (d->klass >= INSN_fp_add && d->klass <= INSN_fp_misc) || d->klass == INSN_vec_fp;
}

/* One row of the tables, in what it needs around it. */
static void add_form(struct fuzz_gen *g, uint16_t form)
{
    bool plain = fuzz_one_in(g->r, 8);
    uint32_t word = fuzz_draw(g, form);
    if (word == 0)
        return;
    switch (plain ? LA_FORM_COUNT : form) {
    case LA_INSN_JIRL: jump_by_register(g); return;
    case LA_INSN_ERTN: exception_return(g); return;
    case LA_INSN_SC_W: case LA_INSN_SC_D: case LA_INSN_SC_Q: case LA_INSN_SCREL_W: case LA_INSN_SCREL_D:
        reserve(g, form);
        return;
    case LA_INSN_MOVGR2FCSR: set_fcsr(g); return;
    case LA_INSN_IDLE: /* with the timer on its way */
        if (fuzz_one_in(g->r, 2))
            return;
        break;
    default: break;
    }
    if (is_fp(&la_insn_descs[form]) && fuzz_one_in(g->r, 4))
        add_operand(g, word);
    uint32_t at = g->at;
    fuzz_fix_later(place(g, word), branch_fix(form), at);
}

static void add_some(struct fuzz_gen *g)
{
    if (fuzz_one_in(g->r, 12))
        refresh_pointer(g);
    if (fuzz_one_in(g->r, 4))
        refresh_value(g);
    switch (fuzz_below(g->r, 200)) {
    case 0: case 1: modify_code(g); break;
    case 2: case 3: modify_pages(g); break;
    case 4: change_space(g); break;
    case 6: case 7: case 8: case 9: case 10: add_chain(g); break;
    case 5: place(g, (uint32_t)fuzz_next(g->r)); break; /* anything */
    default: add_form(g, fuzz_next_form(g)); break;
    }
}

static void fix(struct fuzz_gen *g, uint32_t i)
{
    struct fuzz_slot *s = &g->p->slot[i];
    uint32_t word = ld_le32(s->code), distance = 0;
    if (s->fix == FIX_NONE)
        return;
    distance = fuzz_target(g, i, 8) - s->base;
    switch (s->fix) {
    case FIX_16: word = (word & ~0x03fffc00u) | la_offs16(distance); break;
    case FIX_21: word = (word & ~0x03fffc1fu) | la_offs21(distance); break;
    case FIX_26: word = (word & ~0x03ffffffu) | la_offs26(distance); break;
    default:
        word = la_i12(word & 0xffc00000, word & 31, word >> 5 & 31, distance);
        break;
    }
    st_le32(s->code, word);
}

static const struct fuzz_gen_isa generator = {
    .isa = &fuzz_loongarch64, .align = 4, .longest = 4, .first_register = 1,
    .pointers = 1u << 4 | 1u << 12 | 1u << 13 | 1u << 23 | 1u << 24,
    .add = add_some, .fix = fix, .draw = draw,
};

uint32_t fuzz_la_code(const struct cpu *cpu, struct fuzz_program *p, struct fuzz_random *r)
{
    struct fuzz_gen g = { .isa = &generator, .cpu = cpu, .p = p, .r = r };
    return fuzz_gen_run(&g);
}
