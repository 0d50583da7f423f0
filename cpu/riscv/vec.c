/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What all vector instructions share: which combinations are reserved ("Vector Operands", "Vector Masking"), the
 * choice between the quick and the general way, and the general one's loop.
 */
#include "cpu/riscv/vec.h"
#include "core/util/bytes.h"

static const struct rv_vec_row *const rv_vec_chapters[] = {
    rv_vec_int_rows,    rv_vec_widen_rows,   rv_vec_fixed_rows,  rv_vec_mask_rows,
    rv_vec_reduce_rows, rv_vec_permute_rows, rv_vec_memory_rows,
    rv_vec_float_rows,  rv_vec_bit_rows,     rv_vec_crypto_rows,
};

static bool is_end(const struct rv_vec_row *row)
{
    return row->element == NULL && row->whole == NULL;
}

uint32_t rv_vec_row_count(void)
{
    uint32_t n = 0;
    for (size_t c = 0; c < ARRAY_LEN(rv_vec_chapters); c++)
        for (const struct rv_vec_row *row = rv_vec_chapters[c]; !is_end(row); row++)
            n++;
    return n;
}

const struct rv_vec_row *rv_vec_row_at(uint32_t n)
{
    const struct rv_vec_row *row = rv_vec_chapters[0];
    for (size_t c = 0; c < ARRAY_LEN(rv_vec_chapters); c++)
        for (row = rv_vec_chapters[c]; !is_end(row); row++)
            if (n-- == 0)
                return row;
    return row;
}

/* ---- operands ---- */
static int eew_of(unsigned operand, unsigned sew)
{
    switch (operand) {
    case RV_VO_W:
    case RV_VO_1W: return (int)sew + 1;
    case RV_VO_H: return (int)sew - 1;
    case RV_VO_Q: return (int)sew - 2;
    case RV_VO_O: return (int)sew - 3;
    case RV_VO_16: return 1;
    case RV_VO_M: return -3; /* one bit */
    default: return (int)sew;
    }
}

unsigned rv_vec_eew(unsigned operand, unsigned sew)
{
    return (unsigned)MAX(eew_of(operand, sew), 0);
}

static bool is_vector(unsigned operand)
{
    return operand >= RV_VO_S && operand <= RV_VO_1W;
}

/* Groups of elements: not masks, not element 0 alone. */
static bool is_group(unsigned operand)
{
    return operand >= RV_VO_S && operand <= RV_VO_16;
}

static int emul_of(unsigned operand, unsigned sew, int lmul)
{
    return is_group(operand) ? lmul + eew_of(operand, sew) - (int)sew : 0;
}

unsigned rv_vec_registers(unsigned operand, unsigned sew, int lmul)
{
    int emul = emul_of(operand, sew, lmul);
    return emul > 0 ? 1u << emul : 1;
}

/* ---- what is reserved ---- */
static bool bad_operand(const struct rv_tr *t, unsigned operand, unsigned reg)
{
    unsigned sew = rv_tr_sew(t);
    int emul = emul_of(operand, sew, rv_tr_lmul(t)), eew = eew_of(operand, sew);
    if (!is_vector(operand) || operand == RV_VO_M)
        return false;
    return eew < 0 || eew > 3 || emul < -3 || emul > 3 || reg % rv_vec_registers(operand, sew, rv_tr_lmul(t)) != 0;
}

/* May vd overlap source `s` the way it does? "Vector Operands" lists the three cases. */
static bool bad_overlap(const struct rv_tr *t, const struct rv_vec_row *row, unsigned s, unsigned reg)
{
    unsigned d = RV_VO_D(row), sew = rv_tr_sew(t);
    int lmul = rv_tr_lmul(t), eew_d = eew_of(d, sew), eew_s = eew_of(s, sew);
    unsigned n_d = rv_vec_registers(d, sew, lmul), n_s = rv_vec_registers(s, sew, lmul), vd = t->d.rd;
    bool single = d == RV_VO_1 || d == RV_VO_1W || s == RV_VO_1 || s == RV_VO_1W;
    if (!is_vector(d) || !is_vector(s) || vd + n_d <= reg || reg + n_s <= vd)
        return false;
    if (row->flags & RV_VF_APART)
        return true;
    if (single || eew_d == eew_s)
        return false;
    if (eew_d < eew_s)
        return vd != reg;
    return emul_of(s, sew, lmul) < 0 || reg + n_s != vd + n_d;
}

/* No register gives elements of two sizes to one instruction; v0 as a mask gives bits, and vd may be a source too. */
static bool bad_sources(const struct rv_tr *t, const struct rv_vec_row *row)
{
    const unsigned operands[4] = { RV_VO_A(row), RV_VO_B(row), t->d.vm == 0 ? RV_VO_M : RV_VO_NONE,
                                   row->flags & RV_VF_D ? RV_VO_D(row) : RV_VO_NONE };
    const unsigned regs[4] = { t->d.rs2, t->d.rs1, 0, t->d.rd };
    unsigned sew = rv_tr_sew(t);
    for (unsigned i = 0; i < 4; i++)
        for (unsigned k = 0; k < i; k++) {
            unsigned x = operands[i], y = operands[k];
            if (is_vector(x) && is_vector(y) && eew_of(x, sew) != eew_of(y, sew) &&
                regs[i] < regs[k] + rv_vec_registers(y, sew, rv_tr_lmul(t)) &&
                regs[k] < regs[i] + rv_vec_registers(x, sew, rv_tr_lmul(t)))
                return true;
        }
    return false;
}

static bool bad_float(const struct rv_tr *t, const struct rv_vec_row *row)
{
    const struct rv_config *c = t->rv->config;
    unsigned sew = rv_tr_sew(t);
    if (!(row->flags & RV_VF_FP))
        return false;
    if (!(row->flags & RV_VF_NO_RM) && (t->mode & RV_MODE_BAD_RM))
        return true;
    unsigned least = sew + (row->flags & RV_VF_FP_2SEW ? 1 : 0); /* of the floats */
    if ((row->flags & (RV_VF_WIDE_FP | RV_VF_FP_2SEW)) && sew == 3)
        return true;
    bool half = rv_has(c, RV_X_ZVFH) || ((row->flags & RV_VF_FP_MIN) && rv_has(c, RV_X_ZVFHMIN));
    return least == 0 || (least == 1 && !half);
}

static bool is_reserved(const struct rv_tr *t, const struct rv_vec_row *row)
{
    unsigned d = RV_VO_D(row);
    if ((t->mode & RV_MODE_VILL) && !(row->flags & RV_VF_NO_VTYPE))
        return true;
    if ((t->mode & RV_MODE_VSTART) && (row->flags & RV_VF_START0))
        return true;
    if (bad_operand(t, d, t->d.rd) || bad_operand(t, RV_VO_A(row), t->d.rs2) || bad_operand(t, RV_VO_B(row), t->d.rs1))
        return true;
    if (bad_overlap(t, row, RV_VO_A(row), t->d.rs2) || bad_overlap(t, row, RV_VO_B(row), t->d.rs1))
        return true;
    if (bad_sources(t, row))
        return true;
    if (t->d.vm == 0 && t->d.rd == 0 && is_group(d) && !(row->flags & RV_VF_V0_FREE))
        return true;
    if (bad_float(t, row))
        return true;
    return row->reserved != NULL && row->reserved(t, row);
}

/* ---- the general way ---- */
uint64_t rv_vec_get(const struct rv_cpu *rv, unsigned v, unsigned eew, uint32_t i)
{
    return ld_le(rv->v[v].b + ((size_t)i << eew), 1u << eew);
}

void rv_vec_put(struct rv_cpu *rv, unsigned v, unsigned eew, uint32_t i, uint64_t value)
{
    st_le(rv->v[v].b + ((size_t)i << eew), value, 1u << eew);
}

bool rv_vec_bit(const struct rv_cpu *rv, unsigned v, uint32_t i)
{
    return rv->v[v].b[i / 8] >> i % 8 & 1;
}

void rv_vec_put_bit(struct rv_cpu *rv, unsigned v, uint32_t i, bool value)
{
    uint8_t *b = &rv->v[v].b[i / 8], bit = (uint8_t)(1u << i % 8);
    *b = value ? *b | bit : *b & (uint8_t)~bit;
}

static uint64_t extended(uint64_t v, unsigned eew, bool is_signed)
{
    return is_signed ? sext(v, 8u << eew) : zext(v, 8u << eew);
}

static void each_element(struct rv_vop *o)
{
    const struct rv_vec_row *row = o->row;
    struct rv_cpu *rv = o->rv;
    unsigned d = RV_VO_D(row), ea = rv_vec_eew(RV_VO_A(row), o->sew), eb = rv_vec_eew(RV_VO_B(row), o->sew),
             ed = rv_vec_eew(d, o->sew);
    bool va = is_vector(RV_VO_A(row)), vb = is_vector(RV_VO_B(row)), predicated = o->masked && !(row->flags & RV_VF_CARRY);
    uint64_t a = 0, old = 0, b = extended(o->scalar, o->sew, row->flags & RV_VF_SB);
    for (uint32_t i = o->vstart; i < o->vl; i++) {
        if (predicated && !rv_vec_bit(rv, 0, i))
            continue;
        o->i = i;
        o->carry = (row->flags & RV_VF_CARRY) && o->masked && rv_vec_bit(rv, 0, i);
        if (va)
            a = extended(rv_vec_get(rv, o->vs2, ea, i), ea, row->flags & RV_VF_SA);
        if (vb)
            b = extended(rv_vec_get(rv, o->vs1, eb, i), eb, row->flags & RV_VF_SB);
        if (row->flags & RV_VF_D)
            old = rv_vec_get(rv, o->vd, ed, i);
        uint64_t v = row->element(o, a, b, old);
        if (d == RV_VO_M)
            rv_vec_put_bit(rv, o->vd, i, v & 1);
        else
            rv_vec_put(rv, o->vd, ed, i, v);
    }
}

/* f[rs1] as a number of SEW: what is no NaN box of it is the default NaN ("Vector Floating-Point Instructions"). */
static uint64_t unboxed(uint64_t image, unsigned sew)
{
    if (sew == 2)
        return image >> 32 == 0xffffffff ? (uint32_t)image : 0x7fc00000;
    if (sew == 1)
        return image >> 16 == 0xffffffffffff ? (uint16_t)image : 0x7e00;
    return image;
}

/* Argument a of the helpers. */
enum { ROW_BITS = 12, VD = 12, VS1 = 17, VS2 = 22, MASKED = 27, NF = 28 };

static void run(struct rv_cpu *rv, uint64_t a, uint64_t b, uint64_t c)
{
    const struct rv_vec_row *row = rv->vec_rows[a & ((1u << ROW_BITS) - 1)];
    unsigned vlmul = F_GET(rv->vtype, RV_VTYPE_VLMUL), rd = a >> VD & 31;
    struct rv_vop o = {
        .rv = rv, .row = row, .vl = (uint32_t)rv->vl, .vstart = (uint32_t)rv->vstart, .vd = (uint8_t)rd,
        .vs1 = a >> VS1 & 31, .vs2 = a >> VS2 & 31, .masked = a >> MASKED & 1, .nf = (uint8_t)((a >> NF & 7) + 1),
        .sew = F_GET(rv->vtype, RV_VTYPE_VSEW) & 3, .lmul = (int8_t)(vlmul >= 4 ? (int)vlmul - 8 : (int)vlmul),
        .scalar = b, .scalar2 = c, .done = true,
    };
    o.vlmax = rv->vtype & RV_VTYPE_VILL ? 0 : rv_vtype_vlmax(rv->vtype);
    if (RV_VO_B(row) == RV_VO_F)
        o.scalar = unboxed(b, o.sew);
    uint64_t result = 0;
    if (row->whole != NULL)
        result = row->whole(&o);
    else
        each_element(&o);
    if ((row->flags & RV_VF_XD) && rd != 0)
        rv->x[rd] = result;
    if (row->flags & RV_VF_FD)
        rv->f[rd] = result;
    if (o.done) {
        rv->vstart = rv->vector_redo = 0;
    } else { /* some elements may have been written */
        rv->mstatus = F_PUT(rv->mstatus, RV_MSTATUS_VS, RV_FS_DIRTY);
        rv_update_key(rv);
    }
}

uint64_t rv_helper_vec(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    (void)d;
    run(RV_CPU(cpu), a, b, c);
    return 0;
}

uint64_t rv_helper_vec_memory(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    (void)d;
    run(RV_CPU(cpu), a, b, c);
    return 0;
}

/* What changes the block key: vstart becomes 0, vl another. */
uint64_t rv_helper_vec_mode(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c, uint64_t fp)
{
    struct rv_cpu *rv = RV_CPU(cpu);
    run(rv, a, b, c);
    rv->mstatus = F_PUT(rv->mstatus, RV_MSTATUS_VS, RV_FS_DIRTY);
    if (fp)
        rv->mstatus = F_PUT(rv->mstatus, RV_MSTATUS_FS, RV_FS_DIRTY);
    rv_update_key(rv);
    return 0;
}

static void general(struct rv_tr *t, const struct rv_vec_row *row, unsigned n)
{
    ir_val_t b = IR_NONE, c = IR_NONE;
    ir_val_t a = rv_const(t, n | (uint64_t)t->d.rd << VD | (uint64_t)t->d.rs1 << VS1 | (uint64_t)t->d.rs2 << VS2 |
                                 (uint64_t)(t->d.vm == 0) << MASKED | (uint64_t)t->d.nf << NF);
    switch (RV_VO_B(row)) {
    case RV_VO_X: b = rv_x(t, t->d.rs1); break;
    case RV_VO_I: b = rv_const(t, (uint64_t)t->d.imm); break;
    case RV_VO_F: b = ir_bitcast(t->u, IR_I64, rv_f(t, t->d.rs1)); break;
    default: break;
    }
    if (row->flags & RV_VF_MEMORY) {
        b = rv_x(t, t->d.rs1);
        c = rv_x(t, t->d.rs2);
    }
    if ((t->mode & (RV_MODE_VSTART | RV_MODE_V_REDO)) || (row->flags & RV_VF_VL)) {
        ir_call(t->u, IR_VOID, RV_HELPER_vec_mode, a, b, c, rv_const(t, (row->flags & RV_VF_FP) != 0));
        ir_exit(t->u, IR_EXIT_LOOKUP, rv_next(t));
        t->ended = true;
    } else {
        ir_call(t->u, IR_VOID, row->flags & RV_VF_MEMORY ? RV_HELPER_vec_memory : RV_HELPER_vec, a, b, c, IR_NONE);
    }
}

/* "Instruction Constraints" of the vector cryptography: vl and vstart are in whole element groups. */
uint64_t rv_helper_vec_groups(struct cpu *cpu, uint64_t elements, uint64_t word, uint64_t c, uint64_t d)
{
    struct rv_cpu *rv = RV_CPU(cpu);
    (void)c, (void)d;
    if ((rv->vl | rv->vstart) & (elements - 1))
        rv_raise(rv, RV_CAUSE_ILLEGAL, word);
    return 0;
}

static void check_groups(struct rv_tr *t, const struct rv_vec_row *row)
{
    if ((t->mode & RV_MODE_VL_MAX) && !(t->mode & RV_MODE_VSTART))
        return;
    ir_call(t->u, IR_VOID, RV_HELPER_vec_groups, rv_const(t, row->arg), rv_const(t, t->word), IR_NONE, IR_NONE);
}

void rv_vec_insn(struct rv_tr *t, unsigned n)
{
    const struct rv_vec_row *row = t->rv->vec_rows[n];
    if (is_reserved(t, row)) {
        rv_illegal(t);
        return;
    }
    if (row->flags & RV_VF_GROUPS)
        check_groups(t, row);
    bool quick = !(t->mode & RV_MODE_VSTART) && (!t->rv->config->vector_general || (row->flags & RV_VF_MEMORY));
    if (quick && row->emit != NULL && row->emit(t, row))
        return;
    if (quick && row->quick != NULL && rv_vec_quick(t, row))
        return;
    general(t, row, n);
}
