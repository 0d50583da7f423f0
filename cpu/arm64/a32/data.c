/* SPDX-License-Identifier: Apache-2.0 */
/* Data processing: Arm ARM, F2.4, F4.1.3 (A32), F3.1 (T32): shifts, carries, flags, the sixteen operations. */
#include "cpu/arm64/a32/a32_impl.h"

/* ---- flags ---- */
static const uint8_t flag_slots[4] = { A64_SLOT_NF, A64_SLOT_ZF, A64_SLOT_CF, A64_SLOT_VF };

void a32_flags_begin(struct a32_tr *t, struct a32_flags *old)
{
    for (unsigned i = 0; i < 4; i++)
        old->v[i] = t->sel != IR_NONE ? ir_get(a32_u(t), flag_slots[i]) : IR_NONE;
}

void a32_flags_end(struct a32_tr *t, const struct a32_flags *old)
{
    struct ir_unit *u = a32_u(t);
    if (t->sel == IR_NONE)
        return;
    for (unsigned i = 0; i < 4; i++)
        ir_put(u, flag_slots[i], ir_select(u, IR_I64, t->sel, ir_get(u, flag_slots[i]), old->v[i]));
    t->b.flags = A64_FLAGS_SLOTS;
}

void a32_set_nz(struct a32_tr *t, ir_val_t result)
{
    ir_val_t r = ir_sext(a32_u(t), IR_I64, result, 32);
    ir_put(a32_u(t), A64_SLOT_NF, r);
    ir_put(a32_u(t), A64_SLOT_ZF, r);
    t->b.flags = A64_FLAGS_SLOTS;
}

/* ---- shifts ---- */
static ir_val_t bit_of(struct a32_tr *t, ir_val_t v, unsigned n)
{
    return ir_zext(a32_u(t), IR_I64, ir_extract(a32_u(t), IR_I32, v, n, 1), 32);
}

ir_val_t a32_shift_imm(struct a32_tr *t, ir_val_t v, unsigned type, unsigned imm, ir_val_t *carry)
{
    struct ir_unit *u = a32_u(t);
    *carry = IR_NONE;
    switch (type) {
    case 0: /* LSL; by 0: nothing */
        if (imm == 0)
            return v;
        *carry = bit_of(t, v, 32 - imm);
        return ir_op2i(u, IR_SHL, IR_I32, v, imm);
    case 1: /* LSR; 0 means 32 */
        *carry = bit_of(t, v, imm == 0 ? 31 : imm - 1);
        return imm == 0 ? a32_const(t, 0) : ir_op2i(u, IR_SHR, IR_I32, v, imm);
    case 2: /* ASR; 0 means 32 */
        *carry = bit_of(t, v, imm == 0 ? 31 : imm - 1);
        return ir_op2i(u, IR_SAR, IR_I32, v, imm == 0 ? 31 : imm);
    default:
        if (imm == 0) { /* RRX */
            ir_val_t c = ir_trunc(u, ir_get(u, A64_SLOT_CF));
            *carry = bit_of(t, v, 0);
            return ir_or(u, IR_I32, ir_op2i(u, IR_SHR, IR_I32, v, 1), ir_op2i(u, IR_SHL, IR_I32, c, 31));
        }
        *carry = bit_of(t, v, imm - 1);
        return ir_op2i(u, IR_ROR, IR_I32, v, imm);
    }
}

/*
 * By the low byte of Rs. In 64 bits a shift by 32..63 leaves value and carry where they belong, and
 * more than 63 is as good as 63. By 0 the carry stays.
 */
static ir_val_t shift_reg(struct a32_tr *t, ir_val_t v, unsigned type, ir_val_t by, ir_val_t *carry)
{
    struct ir_unit *u = a32_u(t);
    ir_val_t n = ir_zext(u, IR_I64, by, 8), r, out;
    ir_val_t none = ir_setcc(u, IR_I64, IR_EQ, n, ir_const(u, IR_I64, 0));
    ir_val_t most = ir_const(u, IR_I64, 63);
    ir_val_t by64 = ir_select(u, IR_I64, ir_setcc(u, IR_I64, IR_LTU, n, most), n, most);
    if (type == 0) {
        ir_val_t wide = ir_shl(u, IR_I64, ir_zext(u, IR_I64, v, 32), by64);
        out = ir_extract(u, IR_I64, wide, 32, 1);
        r = ir_trunc(u, wide);
    } else if (type == 3) {
        r = ir_ror(u, IR_I32, v, ir_trunc(u, n));
        out = bit_of(t, r, 31);
    } else {
        ir_val_t high = ir_op2i(u, IR_SHL, IR_I64, ir_zext(u, IR_I64, v, 32), 32);
        ir_val_t wide = ir_op2(u, type == 1 ? IR_SHR : IR_SAR, IR_I64, high, by64);
        out = ir_extract(u, IR_I64, wide, 31, 1);
        r = ir_trunc(u, ir_op2i(u, IR_SHR, IR_I64, wide, 32));
    }
    *carry = ir_select(u, IR_I64, none, ir_get(u, A64_SLOT_CF), out);
    return r;
}

/* A32ExpandImm_C, ThumbExpandImm_C (F2.4, F1.5). False: reserved. */
bool a32_expand_imm(const struct a32_tr *t, uint32_t *value, int *carry)
{
    uint32_t imm = (uint32_t)t->o.imm, v;
    unsigned by;
    *carry = -1;
    if (!t->thumb) {
        by = 2u * t->o.rot;
        v = by == 0 ? imm : imm >> by | imm << (32 - by);
        if (by != 0)
            *carry = (int)(v >> 31);
        *value = v;
        return true;
    }
    uint32_t byte = imm & 0xff;
    if (imm >> 10 == 0) {
        static const uint32_t pattern[4] = { 1, 0x00010001, 0x01000100, 0x01010101 };
        *value = byte * pattern[imm >> 8 & 3];
        return byte != 0 || (imm >> 8 & 3) == 0; /* a pattern of zeros is UNPREDICTABLE */
    }
    by = imm >> 7 & 31;
    v = 0x80 | (imm & 0x7f);
    *value = v >> by | v << (32 - by);
    *carry = (int)(*value >> 31);
    return true;
}

/* ---- the operations ---- */
enum { AND, EOR, SUB, RSB, ADD, ADC, SBC, RSC, TST, TEQ, CMP, CMN, ORR, MOV, BIC, MVN, ORN };
enum { /* row arguments: an operation and what the second operand is */
       OP = 0x1f, IMM = 0x20, REG = 0x40, RSR = 0x60, PLAIN = 0x80, KIND = 0xe0,
       SETS = 0x100,    /* sets flags, in T16 outside an IT block */
       RDN = 0x400,     /* T16: Rn is Rd */
};

static bool is_logic(unsigned op)
{
    return op <= EOR || op == TST || op == TEQ || op >= ORR;
}

/* a + b + C, flags of AddWithCarry(). */
static ir_val_t add_carry(struct a32_tr *t, ir_val_t a, ir_val_t b, bool s)
{
    struct ir_unit *u = a32_u(t);
    ir_val_t sum = ir_add(u, IR_I32, a, b);
    ir_val_t r = ir_add(u, IR_I32, sum, ir_trunc(u, ir_get(u, A64_SLOT_CF)));
    if (s) {
        ir_val_t over = ir_andn(u, IR_I32, ir_xor(u, IR_I32, a, r), ir_xor(u, IR_I32, a, b));
        ir_val_t out = ir_or(u, IR_I64, ir_setcc(u, IR_I32, IR_LTU, sum, a),
                             ir_setcc(u, IR_I32, IR_LTU, r, sum));
        a32_set_nz(t, r);
        ir_put(u, A64_SLOT_CF, out);
        ir_put(u, A64_SLOT_VF, ir_sext(u, IR_I64, over, 32));
    }
    return r;
}

static ir_val_t arithmetic(struct a32_tr *t, unsigned op, ir_val_t a, ir_val_t b, bool s)
{
    struct ir_unit *u = a32_u(t);
    ir_val_t r;
    switch (op) {
    case RSB: r = a, a = b, b = r; /* fall through */
    case SUB: case CMP:
        r = ir_sub(u, IR_I32, a, b);
        if (s)
            a64_set_flags_sub(&t->b, IR_I32, a, b, r);
        return r;
    case ADC: return add_carry(t, a, b, s);
    case SBC: return add_carry(t, a, ir_op2i(u, IR_XOR, IR_I32, b, UINT32_MAX), s);
    case RSC: return add_carry(t, b, ir_op2i(u, IR_XOR, IR_I32, a, UINT32_MAX), s);
    default:
        r = ir_add(u, IR_I32, a, b);
        if (s)
            a64_set_flags_add(&t->b, IR_I32, a, b, r);
        return r;
    }
}

static ir_val_t logic(struct a32_tr *t, unsigned op, ir_val_t a, ir_val_t b, ir_val_t carry, bool s)
{
    struct ir_unit *u = a32_u(t);
    ir_val_t r;
    switch (op) {
    case AND: case TST: r = ir_and(u, IR_I32, a, b); break;
    case EOR: case TEQ: r = ir_xor(u, IR_I32, a, b); break;
    case ORR: r = ir_or(u, IR_I32, a, b); break;
    case BIC: r = ir_andn(u, IR_I32, a, b); break;
    case ORN: r = ir_orn(u, IR_I32, a, b); break;
    case MVN: r = ir_op2i(u, IR_XOR, IR_I32, b, UINT32_MAX); break;
    default: r = b; break;
    }
    if (s) {
        a32_set_nz(t, r);
        if (carry != IR_NONE)
            ir_put(u, A64_SLOT_CF, carry);
    }
    return r;
}

/* The second operand. False: reserved. */
static bool operand(struct a32_tr *t, unsigned kind, ir_val_t *b, ir_val_t *carry)
{
    uint32_t v;
    int c = -1;
    *carry = IR_NONE;
    switch (kind) {
    case IMM:
        if (!a32_expand_imm(t, &v, &c))
            return false;
        *b = a32_const(t, v);
        if (c >= 0)
            *carry = ir_const(a32_u(t), IR_I64, (uint64_t)c);
        return true;
    case PLAIN: *b = a32_const(t, (uint32_t)t->o.imm); return true;
    case REG: *b = a32_shift_imm(t, a32_r(t, t->o.rm), t->o.stype, (unsigned)t->o.imm, carry); return true;
    default:
        if (t->o.rm == 15 || t->o.rs == 15 || t->o.rn == 15)
            return false;
        *b = shift_reg(t, a32_r(t, t->o.rm), t->o.stype, a32_r(t, t->o.rs), carry);
        return true;
    }
}

static void dp(struct a32_tr *t, unsigned arg)
{
    unsigned op = arg & OP, kind = arg & KIND;
    bool compares = op >= TST && op <= CMN;
    bool s = compares || t->o.s || ((arg & SETS) && !a32_in_it(t));
    ir_val_t b, carry, r;
    struct a32_flags old;
    if (arg & RDN)
        t->o.rn = t->o.rd;
    /* PC with S returns from an exception: UNPREDICTABLE at EL0 (F5.1) */
    if ((!compares && t->o.rd == 15 && (s || kind == RSR)) || !operand(t, kind, &b, &carry)) {
        a32_undefined(t);
        return;
    }
    if (s)
        a32_flags_begin(t, &old);
    ir_val_t a = op == MOV || op == MVN ? IR_NONE : a32_r(t, t->o.rn);
    r = is_logic(op) ? logic(t, op, a, b, carry, s) : arithmetic(t, op, a, b, s);
    if (s)
        a32_flags_end(t, &old);
    if (compares)
        return;
    if (t->o.rd != 15)
        a32_put(t, t->o.rd, r);
    else if (t->thumb)
        a32_branch_to(t, r, op == MOV && t->o.rm == 14 ? IR_LINK_RETURN : IR_LINK_NONE);
    else
        a32_bx(t, r, op == MOV && t->o.rm == 14 ? IR_LINK_RETURN : IR_LINK_NONE);
}

/* ADD and SUB of a T32 immediate to PC are ADR: from Align(PC, 4). */
static void dp_adr(struct a32_tr *t, unsigned op)
{
    if (t->o.rn == 15)
        a32_put(t, t->o.rd, a32_literal(t, op == SUB ? -t->o.imm : t->o.imm));
    else
        dp(t, op | PLAIN);
}

static void adr16(struct a32_tr *t, unsigned arg)
{
    (void)arg;
    a32_put(t, t->o.rd, a32_literal(t, t->o.imm));
}

/* T16 with SP: `arg` = operation, and the destination in rd or SP. */
static void add_sp(struct a32_tr *t, unsigned op)
{
    if (op & RDN)
        t->o.rd = 13;
    t->o.rn = 13;
    dp(t, (op & OP) | PLAIN);
}

/* T16 shifts by a constant are MOV of a shifted register. */
static void shift16(struct a32_tr *t, unsigned type)
{
    t->o.stype = (uint8_t)type;
    dp(t, MOV | REG | SETS);
}

static void shift16_reg(struct a32_tr *t, unsigned type)
{
    t->o.stype = (uint8_t)type;
    t->o.rs = t->o.rm;
    t->o.rm = t->o.rd;
    dp(t, MOV | RSR | SETS);
}

static void move_wide(struct a32_tr *t, unsigned top)
{
    if (t->o.rd == 15) {
        a32_undefined(t);
        return;
    }
    ir_val_t imm = a32_const(t, (uint32_t)t->o.imm);
    a32_put(t, t->o.rd, top ? ir_deposit(a32_u(t), IR_I32, a32_r(t, t->o.rd), imm, 16, 16) : imm);
}

/* clang-format off */
#define DP(name, op)                                                                               \
    ROW(name##_IMM, A32_SEM_SELECT, dp, (op) | IMM) ROW(name##_REG, A32_SEM_SELECT, dp, (op) | REG)
#define BOTH                                                                                       \
    DP(AND, AND) DP(EOR, EOR) DP(SUB, SUB) DP(RSB, RSB) DP(ADD, ADD) DP(ADC, ADC) DP(SBC, SBC)     \
    DP(TST, TST) DP(TEQ, TEQ) DP(CMP, CMP) DP(CMN, CMN) DP(ORR, ORR) DP(MOV, MOV) DP(BIC, BIC)     \
    DP(MVN, MVN) ROW(MOVW, A32_SEM_SELECT, move_wide, 0) ROW(MOVT, A32_SEM_SELECT, move_wide, 1)
#define RSR_ROW(name) ROW(name##_RSR, A32_SEM_SELECT, dp, name | RSR)

const struct a32_semantics a32_data_rows[] = {
#define ROW(name, flags, fn, arg) { A32_INSN_##name, flags, fn, arg },
    BOTH DP(RSC, RSC)
    RSR_ROW(AND) RSR_ROW(EOR) RSR_ROW(SUB) RSR_ROW(RSB) RSR_ROW(ADD) RSR_ROW(ADC) RSR_ROW(SBC) RSR_ROW(RSC)
    RSR_ROW(TST) RSR_ROW(TEQ) RSR_ROW(CMP) RSR_ROW(CMN) RSR_ROW(ORR) RSR_ROW(MOV) RSR_ROW(BIC) RSR_ROW(MVN)
#undef ROW
    A32_ROWS_END
};
const struct a32_semantics t32_data_rows[] = {
#define ROW(name, flags, fn, arg) { T32_INSN_##name, flags, fn, arg },
    BOTH DP(ORN, ORN) RSR_ROW(MOV)
    ROW(ADDW, A32_SEM_SELECT, dp_adr, ADD) ROW(SUBW, A32_SEM_SELECT, dp_adr, SUB)
#undef ROW
    A32_ROWS_END
};
#define ALU16(name, op) { T16_INSN_##name, A32_SEM_SELECT, dp, (op) | REG | SETS | RDN }
const struct a32_semantics t16_data_rows[] = {
    { T16_INSN_LSL_IMM, A32_SEM_SELECT, shift16, 0 }, { T16_INSN_LSR_IMM, A32_SEM_SELECT, shift16, 1 },
    { T16_INSN_ASR_IMM, A32_SEM_SELECT, shift16, 2 },
    { T16_INSN_LSL_REG, A32_SEM_SELECT, shift16_reg, 0 }, { T16_INSN_LSR_REG, A32_SEM_SELECT, shift16_reg, 1 },
    { T16_INSN_ASR_REG, A32_SEM_SELECT, shift16_reg, 2 }, { T16_INSN_ROR, A32_SEM_SELECT, shift16_reg, 3 },
    { T16_INSN_ADD_REG, A32_SEM_SELECT, dp, ADD | REG | SETS }, { T16_INSN_SUB_REG, A32_SEM_SELECT, dp, SUB | REG | SETS },
    { T16_INSN_ADD_IMM3, A32_SEM_SELECT, dp, ADD | PLAIN | SETS }, { T16_INSN_SUB_IMM3, A32_SEM_SELECT, dp, SUB | PLAIN | SETS },
    { T16_INSN_MOV_IMM, A32_SEM_SELECT, dp, MOV | PLAIN | SETS }, { T16_INSN_CMP_IMM, A32_SEM_SELECT, dp, CMP | PLAIN },
    { T16_INSN_ADD_IMM8, A32_SEM_SELECT, dp, ADD | PLAIN | SETS | RDN },
    { T16_INSN_SUB_IMM8, A32_SEM_SELECT, dp, SUB | PLAIN | SETS | RDN },
    ALU16(AND, AND), ALU16(EOR, EOR), ALU16(ADC, ADC), ALU16(SBC, SBC), ALU16(ORR, ORR), ALU16(BIC, BIC),
    { T16_INSN_TST, A32_SEM_SELECT, dp, TST | REG }, { T16_INSN_CMP_REG, A32_SEM_SELECT, dp, CMP | REG },
    { T16_INSN_CMN, A32_SEM_SELECT, dp, CMN | REG },
    { T16_INSN_RSB, A32_SEM_SELECT, dp, RSB | PLAIN | SETS }, { T16_INSN_MVN, A32_SEM_SELECT, dp, MVN | REG | SETS },
    { T16_INSN_ADD_HIGH, A32_SEM_SELECT, dp, ADD | REG | RDN }, { T16_INSN_CMP_HIGH, A32_SEM_SELECT, dp, CMP | REG },
    { T16_INSN_MOV_REG, A32_SEM_SELECT, dp, MOV | REG },
    { T16_INSN_ADR, A32_SEM_SELECT, adr16, 0 }, { T16_INSN_ADD_SPR, A32_SEM_SELECT, add_sp, ADD },
    { T16_INSN_ADD_SP, A32_SEM_SELECT, add_sp, ADD | RDN }, { T16_INSN_SUB_SP, A32_SEM_SELECT, add_sp, SUB | RDN },
    A32_ROWS_END
};
/* clang-format on */
