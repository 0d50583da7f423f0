/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AArch64: the instructions of a random program.
 *
 * Every row of the decode tables is drawn with equal weight. decodegen's a64_random_insn fixes the
 * bits of the row; the free ones come from here, chosen so that loads and stores mostly hit
 * (x2, x8, x9, x18, x27 and SP are kept as pointers) and system registers exist. Some rows only do
 * something after others, so they are drawn in short sequences: jumps through a register, signed
 * pointers, ERET, exclusives, copies of memory, stores into the program, changes of tables.
 * Branches get their targets when all instructions have a place.
 */
#include "tools/orrery/fuzz_arm64.h"
#include "core/util/bytes.h"
#include <string.h>

#define RD(word)         ((word)&31)
#define RN(word)         ((word) >> 5 & 31)
#define RM(word)         ((word) >> 16 & 31)
#define WITH_RN(word, n) (((word) & ~(31u << 5)) | (uint32_t)(n) << 5)
#define WITH_RM(word, n) (((word) & ~(31u << 16)) | (uint32_t)(n) << 16)

enum fix { FIX_NONE, FIX_26, FIX_19, FIX_14, FIX_LITERAL, FIX_ADR };

struct gen {
    struct fuzz_gen base;
    const struct fuzz_a64_tree *trees;
    uint64_t features;
    uint32_t n_registers; /* that a64_sysreg_number knows */
};
#define GEN(g) CONTAINER_OF((g), struct gen, base)

/* ---- operands ---- */

/* One that ADRP and AND can write. */
static uint32_t plain_pointer(struct fuzz_gen *g)
{
    uint32_t n = fuzz_pointer(g);
    return n == 31 ? 2 : n;
}

/* What a random value breaks for the rest of the round: all but a few accesses only read it. */
static bool is_control(uint32_t code)
{
    uint32_t op0 = code >> 14, op1 = code >> 11 & 7, crn = code >> 7 & 15, crm = code >> 3 & 15;
    if (op0 == 2)
        return crm == 2 ? (code & 7) == 2 : crn == 1;
    switch (crn) {
    case 1:
        return !(op1 == 0 && crm == 0 && (code & 7) >= 5);
    case 2:
        return crm == 0 || op1 != 0; /* not the keys */
    case 10:
    case 12:
    case 14:
        return true;
    default:
        return false;
    }
}

static uint32_t system_register(struct fuzz_gen *g, bool sys)
{
    uint32_t code = FA_FPSR;
    for (unsigned tries = 0; tries < 200; tries++) {
        a64_sysreg_number(g->cpu, fuzz_below(g->r, GEN(g)->n_registers), &code);
        if ((code >> 14 == 1) == sys)
            break;
    }
    return code;
}

/* MSR and MRS of what exists, as a rule; writes of controls seldom. */
static uint32_t system_word(struct fuzz_gen *g, uint32_t word)
{
    static const uint8_t immediates[][2] = { { 0, 3 }, { 0, 4 }, { 0, 5 }, { 1, 0 }, { 3, 1 },
                                             { 3, 2 }, { 3, 4 }, { 3, 6 }, { 3, 7 } };
    uint16_t form = g->desc->id;
    if (form == A64_INSN_MSR_IMM && !fuzz_one_in(g->r, 8)) {
        const uint8_t *op = immediates[fuzz_below(g->r, ARRAY_LEN(immediates))];
        return (word & ~(7u << 16 | 7u << 5)) | (uint32_t)op[0] << 16 | (uint32_t)op[1] << 5;
    }
    bool sys = form == A64_INSN_SYS || form == A64_INSN_SYSL;
    if ((!sys && form != A64_INSN_MSR && form != A64_INSN_MRS) || fuzz_one_in(g->r, 16))
        return form == A64_INSN_MSR ? (word & ~0x1fffe0u) | FA_FPCR << 5 : word;
    uint32_t code = system_register(g, sys);
    while (form == A64_INSN_MSR && is_control(code) && !fuzz_one_in(g->r, 100))
        code = system_register(g, sys);
    if (sys && fuzz_one_in(g->r, 2))
        word = (word & ~31u) | fuzz_pointer(g);
    return (word & ~0x1fffe0u) | code << 5;
}

/* The free bits. */
static uint64_t next_word(void *arg)
{
    static const uint8_t shifts[] = {
        0, 1, 7, 8, 9, 15, 16, 17, 24, 31, 32, 33, 47, 48, 49, 56, 63
    };
    struct fuzz_gen *g = arg;
    uint32_t word = (uint32_t)fuzz_next(g->r);
    if (g->last < 32 && fuzz_one_in(g->r, 3))
        word = WITH_RN(word, g->last);
    if (fuzz_one_in(g->r, 8)) /* rd = rn or rn = rm */
        word = WITH_RN(word, fuzz_one_in(g->r, 2) ? RD(word) : RM(word));
    if (fuzz_one_in(g->r, 16))
        word |= fuzz_one_in(g->r, 2) ? 31u << 16 : 31;
    if (g->desc->mem != INSN_NO_MEM || g->desc->klass == INSN_prefetch) {
        if (!fuzz_one_in(g->r, 12))
            word = WITH_RN(word, fuzz_pointer(g));
        if (fuzz_one_in(g->r, 3))
            word &= ~(0x1f0u << 12); /* near, and mostly aligned */
        return word;
    }
    switch (g->desc->klass) {
    case INSN_csr:
    case INSN_system:
        return system_word(g, word);
    case INSN_int_shift:
    case INSN_int_alu:
        if (fuzz_one_in(g->r, 3))
            word = (word & ~(63u << 10)) | (uint32_t)shifts[fuzz_below(g->r, ARRAY_LEN(shifts))]
                                               << 10;
        if (fuzz_one_in(g->r, 3))
            word = (word & ~(63u << 16)) | (uint32_t)shifts[fuzz_below(g->r, ARRAY_LEN(shifts))]
                                               << 16;
        return word;
    default:
        return word;
    }
}

/* ---- placing ---- */

static struct fuzz_slot *place(struct fuzz_gen *g, uint32_t word)
{
    return fuzz_place_word(g, word, 4);
}

static void place_fixed(struct fuzz_gen *g, uint32_t word, enum fix fix)
{
    struct fuzz_slot *s = place(g, word);
    if (s != NULL)
        s->fix = (uint8_t)fix;
}

static bool draw(struct fuzz_gen *g, uint16_t form, uint32_t *word, struct insn_regs *regs)
{
    struct a64_decoded d;
    *word = a64_random_insn(form, next_word, g);
    if (*word == 0 || !a64_decode(*word, GEN(g)->features, &d))
        return false;
    a64_insn_regs(&d, regs);
    return true;
}

static bool has_prefix(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* ---- sequences ---- */

/* A pointer into the middle of the data, by PC: it stays in the mapping that the program runs in.
 */
static void refresh_pointer(struct fuzz_gen *g)
{
    uint32_t n = plain_pointer(g), where = fuzz_below(g->r, 48);
    uint32_t target = DATA + DATA_BYTES / 4 + fuzz_below(g->r, DATA_BYTES / 2);
    if (where == 0)
        target = (uint32_t)(DEVICE - RAM) + fuzz_below(g->r, 0x2000);
    else if (where == 1)
        target = (uint32_t)(BLOCK - RAM) + target;
    else if (where == 2)
        target = (uint32_t)fuzz_next(g->r) & 0x7fffffff;
    else if (where == 3)
        target = (uint32_t)(ALIAS - RAM) + target;
    else if (where == 4)
        target = CODE + fuzz_below(g->r, CODE_BYTES);
    place(g, FA_ADRP(n, (target >> 12) - (g->at >> 12)));
    if (!fuzz_one_in(g->r, 4))
        place(g, FA_ADD(n, n, fuzz_one_in(g->r, 6) ? target : target & ~15u));
    if (fuzz_one_in(g->r, 24)) /* a tag, or the upper range */
        place(g, fuzz_one_in(g->r, 2)
                     ? FA_SET(n, n, 56 + fuzz_below(g->r, 5), 1 + fuzz_below(g->r, 3))
                     : FA_SET(n, n, 39, 25));
    else if (fuzz_one_in(g->r, 8))
        place(g, FA_ADD(31, n, 0)); /* SP */
}

/* New values from the data area, where most of the interesting ones stay. */
static void refresh_value(struct fuzz_gen *g)
{
    uint32_t offset = fuzz_below(g->r, 0x200) * 16, p = plain_pointer(g);
    if (fuzz_one_in(g->r, 3))
        place(g, FA_LDR(fuzz_free_register(g), p, offset));
    else
        place(g, FA_LDR_Q(fuzz_below(g->r, 32), p, offset));
}

/* Operands of the vector or FP instruction that follows: from memory, or one of the other. */
static void add_operands(struct fuzz_gen *g, uint32_t word)
{
    uint32_t p = plain_pointer(g);
    if (fuzz_one_in(g->r, 2))
        place(g, FA_LDR_Q(RN(word), p, fuzz_below(g->r, 0x200) * 16));
    if (fuzz_one_in(g->r, 2))
        place(g, FA_LDR_Q(RM(word), p, fuzz_below(g->r, 0x200) * 16));
    if (fuzz_one_in(g->r, 4))
        place(g, FA_LDR_Q(RD(word), p, fuzz_below(g->r, 0x200) * 16));
    if (fuzz_one_in(g->r, 8)) /* FNEG, FABS (D): equal values, zeros of both signs */
        place(g, (fuzz_one_in(g->r, 3) ? 0x1e614000u : 0x1e60c000u) | RN(word) << 5 | RM(word));
}

static void place_integer(struct fuzz_gen *g, uint32_t n, uint64_t value)
{
    bool first = true;
    for (uint32_t hw = 0; hw < 4; hw++)
        if ((value >> 16 * hw & 0xffff) != 0 || (first && hw == 3)) {
            place(g, first ? FA_MOVZ(n, value >> 16 * hw, hw) : FA_MOVK(n, value >> 16 * hw, hw));
            first = false;
        }
}

/* An operand worth trying for the integer instruction that follows. */
static void add_integer(struct fuzz_gen *g, uint32_t word)
{
    uint32_t n = fuzz_one_in(g->r, 2) ? RN(word) : RM(word);
    if (n != 31 && !fuzz_is_pointer(g, n))
        place_integer(g, n, fuzz_a64_integer(g->r));
}

/* Through xN, signed where the instruction will authenticate it. */
static void jump_by_register(struct fuzz_gen *g, uint32_t word)
{
    uint32_t n = RN(word), key = word >> 10 & 1;
    bool returns = (word & 0xfffffbff) == 0xd65f0bff,
         zero = (word & 0xfe9ff800) == 0xd61f0800 && !returns;
    bool two = (word & 0xff9ff800) == 0xd71f0800;
    if (!returns && (n == 31 || fuzz_is_pointer(g, n)))
        word = WITH_RN(word, n = fuzz_free_register(g));
    if (returns)
        n = 30;
    place_fixed(g, FA_ADR(n, 0), FIX_ADR);
    if (returns)
        place(g, 0xdac10000u | key << 10 | 31 << 5 | n); /* pacia, pacib: by SP */
    else if (zero)
        place(g, 0xdac123e0u | key << 10 | n);
    else if (two && RD(word) != n)
        place(g, 0xdac10000u | key << 10 | RD(word) << 5 | n);
    place(g, word);
}

/* ERET to the next instruction or another; SPSR is as it was, or sets NZCV and interrupt masks
 * anew. */
static void exception_return(struct fuzz_gen *g, uint32_t word)
{
    uint32_t n = fuzz_free_register(g), s = fuzz_free_register(g), el = 1 + fuzz_below(g->r, 3);
    place_fixed(g, FA_ADR(n, 0), FIX_ADR);
    if (word != FA_ERET)
        place(g, 0xdac10000u | (word & BIT(10)) | 31 << 5 | n);
    place(g, FA_MSR(FA_ELR(el), n));
    if (s != n && fuzz_one_in(g->r, 2)) {
        place(g, FA_MRS(s, FA_SPSR(el)));
        place(g, FA_EOR_BIT(
                     s, s, fuzz_one_in(g->r, 2) ? 28 + fuzz_below(g->r, 4) : fuzz_below(g->r, 32)));
        place(g, FA_MSR(FA_SPSR(el), s));
    }
    place(g, word);
}

/* A store of a new instruction into the program, most often seen soon; sometimes with IC. */
static void modify_code(struct fuzz_gen *g)
{
    uint16_t form = (uint16_t)fuzz_below(g->r, A64_FORM_COUNT);
    uint32_t word = fuzz_draw(g, form), n = fuzz_free_register(g), value = fuzz_free_register(g);
    if (word == 0 || g->desc->klass == INSN_csr || g->desc->klass == INSN_system ||
        g->desc->branch != INSN_NO_BRANCH)
        word = FA_NOP;
    if (n == value)
        return;
    place_integer(g, value, word);
    place_fixed(g, FA_ADR(n, 0), FIX_ADR);
    place(g, FA_STR_W(value, n, 0));
    if (fuzz_one_in(g->r, 2)) {
        place(g, FA_MSR(FA_DC_CVAU, n));
        place(g, FA_MSR(FA_IC_IVAU, n));
        place(g, FA_DSB);
        place(g, FA_ISB);
    }
}

/* Flip a bit of a descriptor; then TLBI, usually. */
static void modify_pages(struct fuzz_gen *g)
{
    static const uint8_t bits[] = { 0, 1, 2, 3, 6, 7, 8, 10, 11, 50, 51, 52, 53, 54 };
    uint32_t n = fuzz_free_register(g), value = fuzz_free_register(g), which = fuzz_below(g->r, TREES);
    uint32_t page = fuzz_one_in(g->r, 3) ? CODE : DATA + fuzz_below(g->r, DATA_BYTES);
    uint32_t at = fuzz_a64_descriptor(&GEN(g)->trees[which], which, page);
    if (n == value)
        return;
    place(g, FA_ADRP(n, (at >> 12) - (g->at >> 12)));
    place(g, FA_LDR(value, n, at & 0xfff));
    place(g, FA_EOR_BIT(value, value, bits[fuzz_below(g->r, ARRAY_LEN(bits))]));
    place(g, FA_STR(value, n, at & 0xfff));
    if (fuzz_one_in(g->r, 4))
        return;
    static const uint32_t flushes[] = { FA_TLBI_VMALLE1, FA_TLBI_ALLE1, FA_TLBI_ALLE2,
                                        FA_TLBI_ALLE3 };
    uint32_t flush = flushes[fuzz_below(g->r, ARRAY_LEN(flushes))];
    place(g, FA_DSB);
    place(g, FA_MSR(flush, 31));
    place(g, FA_DSB);
}

/* Another table, or one bit of a control register. */
static void change_control(struct fuzz_gen *g)
{
    uint32_t n = fuzz_free_register(g), el = 1 + fuzz_below(g->r, 3);
    if (fuzz_one_in(g->r, 2)) {
        uint32_t root = (uint32_t)GEN(g)->trees[fuzz_below(g->r, 2)].root;
        place_integer(g, n, (RAM + root) | (uint64_t)fuzz_below(g->r, 3) << 48);
        place(g, FA_MSR(FA_TTBR0(el), n));
    } else {
        static const uint32_t controls[] = { FA_SCTLR(1), FA_SCTLR(2),  FA_SCTLR(3), FA_TCR(1),
                                             FA_TCR(2),   FA_HCR_EL2,   FA_SCR_EL3,  FA_CPACR_EL1,
                                             FA_CPTR_EL2, FA_MDSCR_EL1, FA_CNTP_CTL };
        uint32_t reg = controls[fuzz_below(g->r, ARRAY_LEN(controls))];
        place(g, FA_MRS(n, reg));
        place(g, FA_EOR_BIT(n, n, fuzz_below(g->r, fuzz_one_in(g->r, 3) ? 64 : 32)));
        place(g, FA_MSR(reg, n));
    }
    if (!fuzz_one_in(g->r, 4))
        place(g, FA_ISB);
}

/* Load exclusive, up to two other instructions, store exclusive to the same place. */
static void reserve(struct fuzz_gen *g, uint32_t word)
{
    uint32_t p = plain_pointer(g);
    place(g, FA_CLEAR(p, p, 0, 4));
    place(g, (WITH_RN(word, p) | 1u << 22 | 31u << 16) ^ (fuzz_below(g->r, 2) << 15));
    for (uint32_t n = fuzz_below(g->r, 3); n != 0; n--) {
        uint32_t other = fuzz_draw(g, (uint16_t)fuzz_below(g->r, A64_FORM_COUNT));
        if (other != 0 && g->desc->branch == INSN_NO_BRANCH)
            place(g, other);
    }
    if (RM(word) == RD(word) || RM(word) == p)
        word = WITH_RM(word, fuzz_free_register(g));
    place(g, WITH_RN(word, p));
}

/* Prologue, main part and epilogue of one copy or set (C6.2, CPYP); sets of tags take whole
 * granules. */
static void copy_memory(struct fuzz_gen *g, uint32_t word)
{
    bool sets = (word & 0x1bc00000) == 0x19c00000, tags = sets && (word & BIT(26));
    uint32_t step = sets ? 14 : 22, d = plain_pointer(g), s = sets ? fuzz_free_register(g) : 8,
             n = fuzz_free_register(g);
    uint32_t at = DATA + DATA_BYTES / 4 + fuzz_below(g->r, DATA_BYTES / 4);
    if (d == s || n == s)
        return;
    word = (word & ~(3u << step | 31u << 16 | 31u << 5 | 31u)) | s << 16 | n << 5 | d;
    uint32_t bytes = fuzz_below(g->r, fuzz_one_in(g->r, 4) ? 9000 : 80);
    if (tags && !fuzz_one_in(g->r, 8)) {
        at &= ~15u;
        bytes &= ~15u;
    }
    place(g, FA_ADRP(d, (at >> 12) - (g->at >> 12)));
    place(g, FA_ADD(d, d, at));
    if (!sets && fuzz_one_in(g->r, 2)) { /* overlapping */
        place(g, FA_ADD(s, d, fuzz_below(g->r, 300)));
        place(g, (fuzz_one_in(g->r, 2) ? FA_ADD(s, s, fuzz_below(g->r, 300))
                                       : FA_ADD(s, s, 100) | 1u << 30));
    }
    place_integer(g, n, bytes);
    for (uint32_t i = 0; i < 3; i++)
        place(g, word | i << step);
}

/* ---- the program ---- */

static enum fix branch_fix(uint32_t word)
{
    if ((word & 0x7c000000) == 0x14000000)
        return FIX_26;
    if ((word & 0xff000000) == 0x54000000 || (word & 0x7e000000) == 0x34000000)
        return FIX_19;
    if ((word & 0x7e000000) == 0x36000000)
        return FIX_14;
    return (word & 0x3b000000) == 0x18000000 ? FIX_LITERAL : FIX_NONE;
}

static void add_memory(struct fuzz_gen *g, uint32_t word)
{
    uint32_t n = RN(word);
    if ((g->desc->klass == INSN_amo || fuzz_one_in(g->r, 8)) && n != 31 && !fuzz_one_in(g->r, 4))
        place(g, FA_CLEAR(n, n, 0, 4));
    if ((word & 0xff200400) == 0xf8200400) /* LDRAA, LDRAB */
        place(g, 0xdac13be0u | (word >> 23 & 1) << 10 | n % 31);
    if (strstr(g->desc->format, "[rn, rm") != NULL && RM(word) != 31 && !fuzz_one_in(g->r, 8)) {
        if (fuzz_is_pointer(g, RM(word)))
            word = WITH_RM(word, fuzz_free_register(g));
        place(g, fuzz_one_in(g->r, 3) ? FA_MOVN(RM(word), fuzz_below(g->r, 256), 0)
                                      : FA_MOVZ(RM(word), fuzz_below(g->r, 1024), 0));
    }
    place_fixed(g, word, branch_fix(word));
}

/* One row of the tables, in what it needs around it. */
static void add_form(struct fuzz_gen *g, uint16_t form)
{
    uint32_t word = fuzz_draw(g, form);
    const struct insn_desc *d = &a64_insn_descs[form];
    if (word == 0)
        return;
    bool plain = fuzz_one_in(g->r, 8);
    if (plain)
        place_fixed(g, word, branch_fix(word));
    else if (d->branch >= INSN_INDIRECT)
        jump_by_register(g, word);
    else if ((word & 0xfffff3ff) == (FA_ERET & 0xfffff3e0) || word == FA_ERET ||
             (word & 0xfffffbff) == 0xd69f0bff)
        exception_return(g, word);
    else if (d->klass == INSN_sc)
        reserve(g, word);
    else if (has_prefix(d->name, "cpy") || has_prefix(d->name, "setp") ||
             has_prefix(d->name, "setm") || has_prefix(d->name, "sete") ||
             has_prefix(d->name, "setg"))
        copy_memory(g, word);
    else if (d->mem != INSN_NO_MEM)
        add_memory(g, word);
    else if (d->klass >= INSN_fp_add && d->klass <= INSN_vec_fp && fuzz_one_in(g->r, 2)) {
        add_operands(g, word);
        place(g, word);
    } else {
        if (d->klass <= INSN_clmul && fuzz_one_in(g->r, 4))
            add_integer(g, word);
        place_fixed(g, word, branch_fix(word));
    }
}

static void add_some(struct fuzz_gen *g)
{
    if (fuzz_one_in(g->r, 8))
        refresh_pointer(g);
    if (fuzz_one_in(g->r, 4))
        refresh_value(g);
    switch (fuzz_below(g->r, 200)) {
    case 0:
    case 1:
        modify_code(g);
        break;
    case 2:
    case 3:
        modify_pages(g);
        break;
    case 4:
        change_control(g);
        break;
    case 5:
        place(g, (uint32_t)fuzz_next(g->r));
        break; /* anything */
    default:
        add_form(g, fuzz_next_form(g));
        break;
    }
}

/* What is always taken makes loops: it goes back seldom. */
static void fix(struct fuzz_gen *g, uint32_t i)
{
    struct fuzz_slot *s = &g->p->slot[i];
    uint32_t word = ld_le32(s->code), distance = 0;
    if (s->fix == FIX_LITERAL)
        distance = fuzz_one_in(g->r, 8)
                       ? (uint32_t)fuzz_next(g->r)
                       : DATA + 4 * fuzz_below(g->r, DATA_BYTES / 4) - s->offset;
    else if (s->fix != FIX_NONE)
        distance = fuzz_target(g, i, s->fix == FIX_ADR || s->fix == FIX_26 ? 100 : 10) - s->offset;
    switch (s->fix) {
    case FIX_26:
        word = (word & 0xfc000000) | (distance >> 2 & 0x3ffffff);
        break;
    case FIX_19:
    case FIX_LITERAL:
        word = (word & 0xff00001f) | (distance >> 2 & 0x7ffff) << 5;
        break;
    case FIX_14:
        word = (word & 0xfff8001f) | (distance >> 2 & 0x3fff) << 5;
        break;
    case FIX_ADR:
        distance += fuzz_one_in(g->r, 100) ? fuzz_below(g->r, 4) : 0;
        word = FA_ADR(RD(word), distance);
        break;
    default:
        break;
    }
    st_le32(s->code, word);
}

static const struct fuzz_gen_isa generator = {
    .isa = &fuzz_arm64, .align = 4, .longest = 4, .first_register = 0,
    .pointers = 1u << 2 | 1u << 8 | 1u << 9 | 1u << 18 | 1u << 27 | 1u << 31,
    .add = add_some, .fix = fix, .draw = draw,
};

uint32_t fuzz_a64_code(const struct cpu *cpu, struct fuzz_program *p,
                       const struct fuzz_a64_tree trees[TREES], struct fuzz_random *r)
{
    struct gen g = { .base = { .isa = &generator, .cpu = cpu, .p = p, .r = r }, .trees = trees };
    uint32_t code;
    g.features = a64_decode_features(cpu);
    while (a64_sysreg_number(cpu, g.n_registers, &code))
        g.n_registers++;
    return fuzz_gen_run(&g.base);
}
