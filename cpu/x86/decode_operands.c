/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operands: memory by ModRM and SIB (Intel SDM volume 2, tables 2-1 to 2-3 and 2-7), immediates,
 * registers.
 */
#include "core/util/bits.h"
#include "cpu/x86/decode_impl.h"

static const uint8_t method_modrm[] = {
#define X(name, text, modrm) modrm,
    X86_METHODS(X)
#undef X
};

bool x86_is_memory(const struct x86_row *row, unsigned i, const struct x86_decoded *d)
{
    unsigned modrm = method_modrm[row->op[i].method];
    return (modrm & X86_USES_RM) && !(modrm & X86_ONLY_REG) && d->modrm < 0xc0;
}

static unsigned type_size(const struct x86_reader *r, const struct x86_decoded *d,
                          enum x86_type type)
{
    bool long_mode = r->mode == X86_CODE64;
    unsigned vector = d->vl == 0 ? 16 : d->vl;
    switch (type) {
    case X86_TYPE_B:
        return 1;
    case X86_TYPE_W:
        return 2;
    case X86_TYPE_D:
        return 4;
    case X86_TYPE_Q:
        return 8;
    case X86_TYPE_DQ:
        return 16;
    case X86_TYPE_QQ:
        return 32;
    case X86_TYPE_OQ:
        return 64;
    case X86_TYPE_T:
        return 10;
    case X86_TYPE_V:
        return d->op_size;
    case X86_TYPE_VV:
        return 2u * d->op_size;
    case X86_TYPE_Z:
        return MIN(d->op_size, 4);
    case X86_TYPE_Y:
        return d->w && long_mode ? 8 : 4;
    case X86_TYPE_N:
        return long_mode ? 8 : 4;
    case X86_TYPE_A:
        return d->addr_size;
    case X86_TYPE_P:
        return 2u + d->op_size;
    case X86_TYPE_PS:
        return long_mode ? 10 : 6;
    case X86_TYPE_X:
        return vector;
    case X86_TYPE_XH:
        return vector / 2;
    case X86_TYPE_XQ:
        return vector / 4;
    case X86_TYPE_XE:
        return vector / 8;
    case X86_TYPE_NONE:
    case X86_TYPE_COUNT:
        break;
    }
    return 0;
}

/* `size` bytes, the lowest first. */
static bool read_le(struct x86_reader *r, unsigned size, uint64_t *value)
{
    *value = 0;
    if (r->limit - r->at < size) {
        r->at = r->limit;
        return false;
    }
    for (unsigned i = 0; i < size; i++)
        *value |= (uint64_t)r->code[r->at++] << 8 * i;
    return true;
}

static bool read_disp(struct x86_reader *r, struct x86_decoded *d, unsigned size, unsigned scale)
{
    uint64_t value;
    if (size == 0)
        return true;
    if (!read_le(r, size, &value))
        return false;
    d->disp = (int64_t)sext(value, 8 * size);
    r->disp_size = (uint8_t)size;
    if (size == 1)
        d->disp *= scale;
    return true;
}

/* Table 2-1: 16-bit addressing. */
static bool read_memory16(struct x86_reader *r, struct x86_decoded *d, unsigned scale)
{
    static const uint8_t bases[8] = { 3, 3, 5, 5, 6, 7, 5, 3 };
    static const uint8_t indices[8] = {
        6, 7, 6, 7, X86_NO_REG, X86_NO_REG, X86_NO_REG, X86_NO_REG
    };
    unsigned mod = d->modrm >> 6, rm = d->modrm & 7;
    if (mod == 0 && rm == 6)
        return read_disp(r, d, 2, 1);
    d->base = bases[rm];
    d->index = indices[rm];
    return read_disp(r, d, mod, scale);
}

/* Tables 2-2 and 2-3: 32-bit addressing with SIB; 64-bit mode widens it. */
static bool read_memory32(struct x86_reader *r, const struct x86_row *row, struct x86_decoded *d,
                          unsigned scale)
{
    unsigned mod = d->modrm >> 6, rm = d->modrm & 7;
    unsigned disp = mod == 2 ? 4 : mod;
    if (rm != 4) {
        if (mod == 0 && rm == 5) {
            d->base = r->mode == X86_CODE64 ? X86_REG_RIP : X86_NO_REG;
            return read_disp(r, d, 4, 1);
        }
        d->base = (uint8_t)(rm | r->b);
        return read_disp(r, d, disp, scale);
    }
    uint8_t sib;
    if (!x86_next(r, &sib))
        return false;
    unsigned index = (sib >> 3 & 7) | r->x;
    if (row->flags & X86_ROW_VSIB) {
        d->vsib = true;
        d->index = (uint8_t)(index | r->v2);
    } else if (index != 4) {
        d->index = (uint8_t)index;
    }
    d->scale = d->index == X86_NO_REG ? 0 : sib >> 6;
    if (mod == 0 && (sib & 7) == 5)
        disp = 4;
    else
        d->base = (uint8_t)((sib & 7) | r->b);
    return read_disp(r, d, disp, scale);
}

/* The memory that ModRM names. `size` is the operand's, the N of EVEX's disp8*N (2.7.5). */
static enum x86_decode_result read_memory(struct x86_reader *r, const struct x86_row *row,
                                          struct x86_decoded *d, unsigned size)
{
    unsigned scale = !d->evex ? 1 : row->disp8 != 0 && !d->broadcast ? row->disp8 : size;
    bool good;
    if (d->addr_size == 2) {
        if (row->flags & X86_ROW_VSIB) /* there is no SIB to name the indices with */
            return X86_UNDEFINED;
        good = read_memory16(r, d, scale);
    } else {
        if ((row->flags & X86_ROW_VSIB) && (d->modrm & 7) != 4)
            return X86_UNDEFINED;
        good = read_memory32(r, row, d, scale);
    }
    if (!d->seg_override)
        d->seg = d->base == 4 || d->base == 5 ? X86_SS : X86_DS;
    return good ? X86_DECODED : X86_TOO_SHORT;
}

static struct x86_operand gpr(const struct x86_decoded *d, unsigned reg, unsigned size)
{
    if (size == 1 && !d->rex && d->vl == 0 && reg >= 4 && reg < 8)
        return (struct x86_operand){ X86_OP_REG8H, (uint8_t)(reg - 4), 1 };
    return (struct x86_operand){ X86_OP_REG, (uint8_t)reg, (uint8_t)size };
}

static struct x86_operand vector(unsigned reg, unsigned size)
{
    return (struct x86_operand){ X86_OP_VEC, (uint8_t)reg, (uint8_t)MAX(size, 16) };
}

/* Operands that ModRM.rm names. */
static struct x86_operand rm_operand(const struct x86_reader *r, const struct x86_row *row,
                                     const struct x86_decoded *d, unsigned i, unsigned size)
{
    unsigned rm = d->modrm & 7;
    if (x86_is_memory(row, i, d))
        return (struct x86_operand){ X86_OP_MEM, 0,
                                     (uint8_t)(d->broadcast ? row->broadcast : size) };
    switch (row->op[i].method) {
    case X86_METHOD_STI:
        return (struct x86_operand){ X86_OP_ST, (uint8_t)rm, 10 };
    case X86_METHOD_Q:
    case X86_METHOD_N:
        return (struct x86_operand){ X86_OP_MM, (uint8_t)rm, 8 };
    case X86_METHOD_KE:
    case X86_METHOD_KR:
        return (struct x86_operand){ X86_OP_K, (uint8_t)rm, (uint8_t)size };
    case X86_METHOD_W:
    case X86_METHOD_U:
        return vector(rm | r->b | (d->evex ? 2u * r->x : 0), size);
    default:
        return gpr(d, rm | r->b, size);
    }
}

/* Operands that ModRM.reg or vvvv names; kind X86_OP_NONE if there is no such register. */
static struct x86_operand reg_operand(const struct x86_reader *r, const struct x86_decoded *d,
                                      enum x86_method method, unsigned size)
{
    unsigned low = d->modrm >> 3 & 7, reg = low | r->r, vvvv = r->vvvv | r->v2;
    struct x86_operand none = { 0 };
    switch (method) {
    case X86_METHOD_C: /* SDM volume 3, 2.5; #UD for the others */
        if ((0x11d >> reg & 1) == 0)
            return none;
        return (struct x86_operand){ X86_OP_CR, (uint8_t)reg, (uint8_t)size };
    case X86_METHOD_D:
        return reg > 7 ? none : (struct x86_operand){ X86_OP_DR, (uint8_t)reg, (uint8_t)size };
    case X86_METHOD_S:
        return low > X86_GS ? none : (struct x86_operand){ X86_OP_SEG, (uint8_t)low, 2 };
    case X86_METHOD_P:
        return (struct x86_operand){ X86_OP_MM, (uint8_t)low, 8 };
    case X86_METHOD_V:
        return vector(reg | r->r2, size);
    case X86_METHOD_KG:
        return (reg | r->r2) > 7 ? none
                                 : (struct x86_operand){ X86_OP_K, (uint8_t)reg, (uint8_t)size };
    case X86_METHOD_KH:
        return vvvv > 7 ? none : (struct x86_operand){ X86_OP_K, (uint8_t)vvvv, (uint8_t)size };
    case X86_METHOD_H: /* vvvv's top bit is ignored where there are but 8 registers */
        return vector(r->mode == X86_CODE64 ? vvvv : vvvv & 7, size);
    case X86_METHOD_B:
        return r->v2 != 0 ? none : gpr(d, r->mode == X86_CODE64 ? vvvv : vvvv & 7, size);
    default: /* EVEX.R' has no meaning for general registers */
        return r->r2 != 0 ? none : gpr(d, reg, size);
    }
}

/* Immediates in the order in which the row names them: imm, then imm2. */
static bool read_immediate(struct x86_reader *r, struct x86_decoded *d, unsigned size,
                           bool is_signed, bool *second)
{
    uint64_t value;
    if (!read_le(r, size, &value))
        return false;
    r->imm_size = (uint8_t)size;
    r->imm_signed = is_signed;
    r->n_imms++;
    if (is_signed)
        value = (uint64_t)sext(value, 8 * size);
    if (*second)
        d->imm2 = value;
    else
        d->imm = value;
    *second = true;
    return true;
}

static struct x86_operand immediate(unsigned size, bool second)
{
    return (struct x86_operand){ second ? X86_OP_IMM2 : X86_OP_IMM, 0, (uint8_t)size };
}

/* A register that the row names: no bits of the instruction do. */
static struct x86_operand fixed_operand(struct x86_decoded *d, const struct x86_operand_code *code,
                                        unsigned size)
{
    switch (code->method) {
    case X86_METHOD_FIXED_MEM:
        d->base = code->reg;
        return (struct x86_operand){ X86_OP_MEM, 0, (uint8_t)size };
    case X86_METHOD_FIXED_SEG:
        return (struct x86_operand){ X86_OP_SEG, code->reg, (uint8_t)size };
    case X86_METHOD_FIXED_ST:
        return (struct x86_operand){ X86_OP_ST, code->reg, (uint8_t)size };
    case X86_METHOD_FIXED_VEC:
        return vector(code->reg, size);
    case X86_METHOD_ONE:
        d->imm = 1;
        return immediate(size, false);
    default:
        return (struct x86_operand){ X86_OP_REG, code->reg, (uint8_t)size };
    }
}

/* What follows ModRM: immediates, branch displacements, addresses. */
static bool read_following(struct x86_reader *r, struct x86_decoded *d, enum x86_method method,
                           unsigned size, bool *second, struct x86_operand *op)
{
    uint64_t value;
    r->other |= method == X86_METHOD_L || method == X86_METHOD_O || method == X86_METHOD_A;
    switch (method) {
    case X86_METHOD_I:
        *op = immediate(size, *second);
        return read_immediate(r, d, size, false, second);
    case X86_METHOD_SI:
        *op = immediate(d->op_size, *second);
        return read_immediate(r, d, size, true, second);
    case X86_METHOD_J:
        *op = (struct x86_operand){ X86_OP_REL, 0, d->op_size };
        return read_immediate(r, d, size, true, second);
    case X86_METHOD_L:
        if (!read_immediate(r, d, 1, false, second))
            return false;
        *op = vector((unsigned)d->imm >> 4 & (r->mode == X86_CODE64 ? 15 : 7), size);
        return true;
    case X86_METHOD_O:
        if (!read_le(r, d->addr_size, &value))
            return false;
        d->disp = (int64_t)value;
        *op = (struct x86_operand){ X86_OP_MEM, 0, (uint8_t)size };
        return true;
    case X86_METHOD_A: /* selector:offset; the offset comes first in the code */
        if (!read_le(r, d->op_size, &d->imm) || !read_le(r, 2, &d->imm2))
            return false;
        op[0] = immediate(2, true);
        op[1] = immediate(d->op_size, false);
        d->n_ops++;
        return true;
    default:
        return true;
    }
}

static enum x86_decode_result read_operand(struct x86_reader *r, const struct x86_row *row,
                                           struct x86_decoded *d, unsigned i, bool *second)
{
    const struct x86_operand_code *code = &row->op[i];
    unsigned size = type_size(r, d, code->type), modrm = method_modrm[code->method];
    struct x86_operand *op = &d->op[d->n_ops];
    if (modrm & X86_USES_RM)
        *op = rm_operand(r, row, d, i, size);
    else if (modrm & (X86_USES_REG | X86_USES_VVVV))
        *op = reg_operand(r, d, code->method, size);
    else if (code->method <= X86_METHOD_ONE)
        *op = fixed_operand(d, code, size);
    else if (code->method == X86_METHOD_Z)
        *op = gpr(d, (r->opcode & 7) | r->b, size);
    else if (code->method == X86_METHOD_X || code->method == X86_METHOD_Y)
        return d->op_size = (uint8_t)size, X86_DECODED;
    else if (!read_following(r, d, code->method, size, second, op))
        return X86_TOO_SHORT;
    if (op->kind == X86_OP_NONE)
        return X86_UNDEFINED;
    if (code->method == X86_METHOD_S && op->reg == X86_CS && (code->access & X86_WRITE))
        return X86_UNDEFINED; /* SDM volume 2, MOV: CS is loaded by far branches only */
    d->n_ops++;
    return X86_DECODED;
}

/* Size of what ModRM names if it is memory. */
static unsigned memory_size(const struct x86_reader *r, const struct x86_row *row,
                            const struct x86_decoded *d)
{
    for (unsigned i = 0; i < row->n_ops; i++)
        if (x86_is_memory(row, i, d))
            return d->broadcast ? row->broadcast : type_size(r, d, row->op[i].type);
    return 1;
}

/*
 * Gathers need destination, indices and mask apart, complex multiplications the destination from
 * both sources (SDM volume 2, VGATHERDPS, VFMADDCPH).
 */
static bool are_distinct(const struct x86_decoded *d)
{
    uint8_t dest = d->op[0].reg;
    if (d->vsib && dest == d->index)
        return false;
    for (unsigned i = 1; i < d->n_ops; i++)
        if (d->op[i].kind == X86_OP_VEC &&
            (d->op[i].reg == dest || (d->vsib && d->op[i].reg == d->index)))
            return false;
    return true;
}

enum x86_decode_result x86_read_operands(struct x86_reader *r, const struct x86_row *row,
                                         struct x86_decoded *d)
{
    bool second = false;
    enum x86_decode_result result;
    if ((row->flags & X86_ROW_MODRM) && d->modrm < 0xc0 && !(row->flags & X86_ROW_ANY_MOD)) {
        result = read_memory(r, row, d, memory_size(r, row, d));
        if (result != X86_DECODED)
            return result;
    }
    for (unsigned i = 0; i < row->n_ops; i++) {
        result = read_operand(r, row, d, i, &second);
        if (result != X86_DECODED)
            return result;
    }
    if ((row->flags & X86_ROW_DISTINCT) && !are_distinct(d))
        return X86_UNDEFINED;
    return X86_DECODED;
}
