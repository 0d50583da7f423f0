/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pointer authentication: Arm ARM, D8.10 and the functions AddPAC(), Auth(), Strip() and ComputePAC().
 * FEAT_EPAC, FEAT_PAuth2, FEAT_FPAC and FEAT_FPACCOMBINE by config->pauth_level. Not modelled:
 * FEAT_PAuth_LR, FEAT_CONSTPACFIELD, FEAT_MTE4's address tags (no profile has them).
 */
#include "core/util/bits.h"
#include "cpu/arm64/bits.h"
#include "cpu/arm64/qarma.h"
#include "cpu/arm64/translate_impl.h"

enum { LEVEL_EPAC = 2, LEVEL_PAUTH2 = 3, LEVEL_FPAC = 4, LEVEL_FPACCOMBINE = 5 };

/* ---- what the control registers say: kept for each level, see mode.c ---- */
/* EffectiveTBI(); `upper`: bit 55 of the address. */
static bool top_byte_ignored(uint64_t tcr, bool two, bool upper, bool data)
{
    bool tbi = tcr >> (!two ? 20 : upper ? 38 : 37) & 1;
    bool tbid = tcr >> (!two ? 29 : upper ? 52 : 51) & 1;
    return tbi && (data || !tbid);
}

/* CalculateBottomPACBit(): the size of the address, brought into what the granule allows. */
static unsigned bottom_bit(const struct mmu_a64_features *f, uint64_t tcr, bool two, bool upper)
{
    unsigned tsz = (two && upper ? tcr >> 16 : tcr) & 63;
    unsigned tg = (two && upper ? tcr >> 30 : tcr >> 14) & 3;
    bool gran64 = two && upper ? tg == 3 : tg == 1;
    bool gran16 = two && upper ? tg == 1 : tg == 2;
    bool ds = (tcr >> (two ? 59 : 32) & 1) && (gran16 ? f->lpa2_16 : f->lpa2_4);
    unsigned most = !f->ttst ? 39 : gran64 ? 47 : 48;
    unsigned least = (gran64 ? f->lva : ds) ? 12 : 16;
    return 64 - MIN(MAX(tsz, least), most);
}

/* HCR_EL2.API, SCR_EL3.API: TrapPACUse(). */
static enum a64_pac_use use_at(const struct a64_cpu *a, unsigned el)
{
    if (el < 2 && a64_el2_enabled(a) && !(el == 0 && a64_host(a)) && !(a->hcr_el2 & A64_HCR_API))
        return A64_PAC_EL2;
    return el < 3 && !(a64_scr(a) & A64_SCR_API) ? A64_PAC_EL3 : A64_PAC_ON;
}

struct a64_pac a64_pac_of(const struct a64_cpu *a, unsigned el)
{
    /* SCTLR_ELx.EnIA, EnIB, EnDA, EnDB */
    static const uint8_t enable[] = { [A64_KEY_IA] = 31, [A64_KEY_IB] = 30, [A64_KEY_DA] = 27, [A64_KEY_DB] = 13 };
    unsigned regime = a64_regime_el(a, el);
    uint64_t tcr = a->tcr[regime], sctlr = a->sctlr[regime];
    bool two = a64_has_two_ranges(a, regime);
    struct a64_pac p = { .trap = (uint8_t)use_at(a, el) };
    for (unsigned data = 0; data < 2; data++) {
        bool tbi[2];
        for (unsigned upper = 0; upper < 2; upper++) {
            unsigned bottom = bottom_bit(&a->config->mmu, tcr, two, upper);
            tbi[upper] = top_byte_ignored(tcr, two, upper, data);
            p.bits[data][upper] = (~0ull << bottom & (BIT(55) - 1)) | (tbi[upper] ? 0 : 0xffull << 56);
        }
        p.half[data] = tbi[0] || tbi[1] ? 55 : 63;
    }
    for (unsigned key = 0; key < ARRAY_LEN(enable); key++)
        p.use[key] = sctlr >> enable[key] & 1 ? p.trap : A64_PAC_OFF;
    return p;
}

static const struct a64_pac *now(const struct a64_cpu *a)
{
    return &a->level[a->el].pac;
}

/* `ptr` with its code and bit 55 replaced by the half it is in. */
static uint64_t extended(uint64_t ptr, uint64_t bits, bool upper)
{
    uint64_t field = bits | 1ull << 55;
    return upper ? ptr | field : ptr & ~field;
}

static bool tbi_of(uint64_t bits)
{
    return !(bits >> 63);
}

/* ---- the code ---- */
static uint64_t rotate(uint64_t v, unsigned n)
{
    return v << n | v >> (64 - n);
}

static uint64_t stir(uint64_t h, uint64_t v)
{
    h = (h ^ v) * 0x9fb21c651e98df25ull;
    return h ^ h >> 32;
}

/* IMPLEMENTATION DEFINED algorithm: quick, well mixed, and of no cryptographic strength at all. */
static uint64_t impdef(uint64_t data, uint64_t modifier, uint64_t high, uint64_t low)
{
    uint64_t h = stir(stir(high, data), rotate(modifier, 29) ^ low);
    return stir(h, rotate(data, 17) ^ modifier);
}

static inline uint64_t compute(const struct a64_cpu *a, enum a64_key key, uint64_t data, uint64_t modifier)
{
    uint64_t high = a->key_hi[key], low = a->key_lo[key];
    if (LIKELY(a->config->pauth == A64_PAUTH_IMPDEF))
        return impdef(data, modifier, high, low);
    if (a->config->pauth == A64_PAUTH_QARMA5)
        return qarma64(data, modifier, high, low, QARMA_SIGMA2, 5);
    return qarma64(data, modifier, high, low, QARMA_SIGMA1, 3);
}

/* ---- enables and traps ---- */
static bool trapped(struct a64_cpu *a, unsigned use)
{
    if (UNLIKELY(use >= A64_PAC_EL2))
        a64_raise(a, use == A64_PAC_EL2 ? 2 : 3, A64_ESR(A64_EC_PAUTH, 0));
    return use >= A64_PAC_EL2;
}

static bool is_data(enum a64_key key)
{
    return key == A64_KEY_DA || key == A64_KEY_DB;
}

/* ---- AddPAC() ---- */
uint64_t a64_pac_add(struct a64_cpu *a, enum a64_key key, uint64_t ptr, uint64_t modifier)
{
    const struct a64_pac *p = now(a);
    if (p->use[key] == A64_PAC_OFF || trapped(a, p->use[key]))
        return ptr;
    bool data = is_data(key), upper = ptr >> p->half[data] & 1;
    uint64_t bits = p->bits[data][upper], all = bits | 1ull << 55, field = ptr & all;
    unsigned level = a->config->pauth_level;
    uint64_t pac = compute(a, key, extended(ptr, bits, upper), modifier);
    uint64_t base = (ptr & ~(1ull << 55)) | (uint64_t)upper << 55;
    if (level >= LEVEL_PAUTH2)
        return base ^ (pac & bits);
    if (field != 0 && field != all) /* not a canonical pointer: spoil the code */
        pac = level == LEVEL_EPAC ? 0 : pac ^ 1ull << (tbi_of(bits) ? 54 : 62);
    return (base & ~bits) | (pac & bits);
}

/* ---- Auth() ---- */
static uint64_t auth_failed(uint64_t original, enum a64_key key, bool tbi)
{
    unsigned at = tbi ? 53 : 61;
    uint64_t code = key == A64_KEY_IA || key == A64_KEY_DA ? 1 : 2;
    return (original & ~(3ull << at)) | code << at;
}

uint64_t a64_pac_auth(struct a64_cpu *a, enum a64_key key, uint64_t ptr, uint64_t modifier, bool combined)
{
    const struct a64_pac *p = now(a);
    if (p->use[key] == A64_PAC_OFF || trapped(a, p->use[key]))
        return ptr;
    bool upper = ptr >> 55 & 1;
    uint64_t bits = p->bits[is_data(key)][upper], original = extended(ptr, bits, upper);
    unsigned level = a->config->pauth_level;
    uint64_t pac = compute(a, key, original, modifier);
    if (level < LEVEL_PAUTH2)
        return ((pac ^ ptr) & bits) == 0 ? original : auth_failed(original, key, tbi_of(bits));
    uint64_t result = ptr ^ (pac & bits);
    bool faults = level >= LEVEL_FPACCOMBINE || (level == LEVEL_FPAC && !combined);
    if (UNLIKELY(faults && result != original)) {
        unsigned key_b = key == A64_KEY_IB || key == A64_KEY_DB;
        a64_raise(a, a64_target_el(a), A64_ESR(A64_EC_FPAC, (unsigned)is_data(key) << 1 | key_b));
    }
    return result;
}

uint64_t a64_pac_strip(const struct a64_cpu *a, uint64_t ptr, bool data)
{
    bool upper = ptr >> 55 & 1;
    return extended(ptr, now(a)->bits[data][upper], upper);
}

uint64_t a64_pac_generic(const struct a64_cpu *a, uint64_t x, uint64_t y)
{
    return compute(a, A64_KEY_GA, x, y) & 0xffffffff00000000ull;
}

/* ---- helpers ---- */
enum { COMBINED = 8 }; /* with enum a64_key */

uint64_t a64_helper_pac_add(struct cpu *cpu, uint64_t ptr, uint64_t modifier, uint64_t key, uint64_t d)
{
    (void)d;
    return a64_pac_add(A64_CPU(cpu), (enum a64_key)key, ptr, modifier);
}

uint64_t a64_helper_pac_auth(struct cpu *cpu, uint64_t ptr, uint64_t modifier, uint64_t key, uint64_t d)
{
    (void)d;
    return a64_pac_auth(A64_CPU(cpu), (enum a64_key)(key & 7), ptr, modifier, key & COMBINED);
}

uint64_t a64_helper_pac_strip(struct cpu *cpu, uint64_t ptr, uint64_t data, uint64_t c, uint64_t d)
{
    (void)c, (void)d;
    return a64_pac_strip(A64_CPU(cpu), ptr, data);
}

/* PACGA has no enable, but the traps of the others. */
uint64_t a64_helper_pac_generic(struct cpu *cpu, uint64_t x, uint64_t y, uint64_t c, uint64_t d)
{
    struct a64_cpu *a = A64_CPU(cpu);
    (void)c, (void)d;
    return trapped(a, now(a)->trap) ? 0 : a64_pac_generic(a, x, y);
}

/* ---- translation. Row arguments: key, and how the operands are found ---- */
enum { KEY = 7, AUTH = 0x10, ZERO = 0x20, /* the modifier is 0 */
       REG_17 = 0x40,                     /* X17 with X16 */
       LR_SP = 0x80,                      /* X30 with SP */
       LR_ZERO = LR_SP | ZERO, LINK = 0x100, PRE = 0x200 };

static ir_val_t code(struct a64_tr *t, unsigned arg, ir_val_t ptr, ir_val_t modifier)
{
    return ir_call(t->u, IR_I64, arg & AUTH ? A64_HELPER_pac_auth : A64_HELPER_pac_add, ptr, modifier,
                   a64_const(t, arg & (KEY | COMBINED)), IR_NONE);
}

static void pac(struct a64_tr *t, unsigned arg)
{
    bool fixed = arg & (REG_17 | LR_SP);
    unsigned rd = arg & REG_17 ? 17 : arg & LR_SP ? 30 : t->d.rd;
    unsigned rn = arg & REG_17 ? 16 : fixed ? 31 : t->d.rn;
    ir_val_t modifier = arg & ZERO ? a64_const(t, 0) : a64_xsp(t, IR_I64, rn);
    a64_put_x(t, IR_I64, rd, code(t, arg, a64_x(t, IR_I64, rd), modifier));
}

static void xpac(struct a64_tr *t, unsigned arg)
{
    unsigned rd = arg & LR_SP ? 30 : t->d.rd;
    ir_val_t data = a64_const(t, (arg & KEY) == A64_KEY_DA);
    a64_put_x(t, IR_I64, rd,
              ir_call(t->u, IR_I64, A64_HELPER_pac_strip, a64_x(t, IR_I64, rd), data, IR_NONE, IR_NONE));
}

static void pacga(struct a64_tr *t, unsigned arg)
{
    (void)arg;
    a64_put_x(t, IR_I64, t->d.rd,
              ir_call(t->u, IR_I64, A64_HELPER_pac_generic, a64_x(t, IR_I64, t->d.rn),
                      a64_xsp(t, IR_I64, t->d.rm), IR_NONE, IR_NONE));
}

static void branch(struct a64_tr *t, unsigned arg)
{
    ir_val_t modifier = arg & ZERO ? a64_const(t, 0) : a64_xsp(t, IR_I64, t->d.rm);
    ir_val_t va = code(t, arg | AUTH | COMBINED, a64_x(t, IR_I64, t->d.rn), modifier);
    if (arg & LINK)
        ir_put(t->u, 30, ir_pc(t->u, a64_next(t)));
    a64_branch_to(t, va, arg & LINK ? IR_LINK_CALL : IR_LINK_NONE,
                  arg & LINK ? 2 : a64_btype_of_br(t->d.rn));
}

static void ret(struct a64_tr *t, unsigned arg)
{
    ir_val_t va = code(t, arg | AUTH | COMBINED, a64_x(t, IR_I64, 30), a64_xsp(t, IR_I64, 31));
    a64_branch_to(t, va, IR_LINK_RETURN, 0);
}

/* LDRAA, LDRAB: the base is authenticated with modifier 0; written back without its code. */
static void load(struct a64_tr *t, unsigned arg)
{
    int64_t imm = t->d.imm;
    ir_val_t base = code(t, arg | AUTH | COMBINED, a64_xsp(t, IR_I64, t->d.rn), a64_const(t, 0));
    ir_val_t back = arg & PRE ? ir_op2i(t->u, IR_ADD, IR_I64, base, (uint64_t)imm) : IR_NONE;
    a64_check_access(t, t->d.rn, base, imm, 8, INSN_MEM_READ, back != IR_NONE || t->d.rn != 31);
    ir_val_t v = ir_load(t->u, IR_I64, base, imm, a64_memop(t, 8, 0));
    if (t->d.rt != 31)
        ir_put(t->u, t->d.rt, v);
    if (back != IR_NONE)
        a64_write_back(t, t->d.rn, back, imm);
}

/* clang-format off */
#define KEYED(name, key, how)                                                                      \
    { A64_INSN_PAC##name, 0, pac, A64_KEY_##key | (how) },                                         \
    { A64_INSN_AUT##name, 0, pac, A64_KEY_##key | AUTH | (how) }
#define BRANCH(name, key)                                                                          \
    { A64_INSN_BRA##name, 0, branch, A64_KEY_##key },                                              \
    { A64_INSN_BRA##name##Z, 0, branch, A64_KEY_##key | ZERO },                                    \
    { A64_INSN_BLRA##name, 0, branch, A64_KEY_##key | LINK },                                      \
    { A64_INSN_BLRA##name##Z, 0, branch, A64_KEY_##key | LINK | ZERO },                            \
    { A64_INSN_RETA##name, 0, ret, A64_KEY_##key }
const struct a64_semantics a64_pauth_rows[] = {
    KEYED(IA, IA, 0),            KEYED(IB, IB, 0),
    KEYED(DA, DA, 0),            KEYED(DB, DB, 0),
    KEYED(IZA, IA, ZERO),        KEYED(IZB, IB, ZERO),
    KEYED(DZA, DA, ZERO),        KEYED(DZB, DB, ZERO),
    KEYED(IA1716, IA, REG_17),   KEYED(IB1716, IB, REG_17),
    KEYED(IAZ, IA, LR_ZERO),     KEYED(IBZ, IB, LR_ZERO),
    KEYED(IASP, IA, LR_SP),      KEYED(IBSP, IB, LR_SP),
    { A64_INSN_XPACI, 0, xpac, A64_KEY_IA },  { A64_INSN_XPACD, 0, xpac, A64_KEY_DA },
    { A64_INSN_XPACLRI, 0, xpac, A64_KEY_IA | LR_SP },
    { A64_INSN_PACGA, 0, pacga, 0 },
    BRANCH(A, IA),               BRANCH(B, IB),
    { A64_INSN_LDRAA, 0, load, A64_KEY_DA },  { A64_INSN_LDRAA_PRE, 0, load, A64_KEY_DA | PRE },
    { A64_INSN_LDRAB, 0, load, A64_KEY_DB },  { A64_INSN_LDRAB_PRE, 0, load, A64_KEY_DB | PRE },
    A64_ROWS_END
};
/* clang-format on */
