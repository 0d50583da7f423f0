/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of a value's bits without its value: struct known. */
#include "core/ir/fold_impl.h"
#include "core/util/bits.h"

static struct known known_const(uint64_t v, unsigned bits)
{
    uint64_t s = sext(v, bits);
    unsigned sign = 65 - clz64((int64_t)s < 0 ? ~s : s);
    return (struct known){ .zero = (uint8_t)(64 - clz64(v)), .sign = (uint8_t)MIN(sign, bits) };
}

/* zero-extended from `n` bits */
static struct known known_zero(unsigned n, unsigned bits)
{
    n = MIN(n, bits);
    return (struct known){ .zero = (uint8_t)n, .sign = (uint8_t)MIN(n + 1, bits) };
}

static struct known known_sign(unsigned n, unsigned bits)
{
    return (struct known){ .zero = (uint8_t)bits, .sign = (uint8_t)n };
}

struct known ir_known_bits(const struct fold *f, const struct ir_inst *in)
{
    const struct known *k = f->known;
    enum ir_type t = ir_result_type(in);
    unsigned bits = ir_type_bits(t);
    switch (in->op) {
    case IR_CONST:
        return ir_is_int(t) ? known_const((uint64_t)in->imm, bits) : known_zero(64, bits);
    case IR_ZEXT:
        return known_zero(MIN(in->aux, k[in->a].zero), bits);
    case IR_SEXT:
        if (k[in->a].zero < in->aux)
            return known_zero(k[in->a].zero, bits);
        return known_sign(MIN(in->aux, k[in->a].sign), bits);
    case IR_EXTRACT:
        return known_zero(in->imm >> 8 & 0xff, bits);
    case IR_AND: {
        struct known r = known_zero(MIN(k[in->a].zero, k[in->b].zero), bits);
        r.sign = MIN(r.sign, MAX(k[in->a].sign, k[in->b].sign));
        return r;
    }
    case IR_OR:
    case IR_XOR: {
        struct known r = { .zero = MAX(k[in->a].zero, k[in->b].zero),
                           .sign = MAX(k[in->a].sign, k[in->b].sign) };
        return r;
    }
    case IR_FCMP:
        return known_zero((in->aux & 7) == IR_FIMAGE ? 7 : 1, bits);
    case IR_SETCC:
    case IR_STOREC:
        return known_zero(1, bits);
    case IR_CLZ:
    case IR_CTZ:
    case IR_POPCNT:
        return known_zero(7, bits);
    case IR_SHR:
    case IR_SAR:
        if (is_const(f, in->b)) {
            unsigned n = (unsigned)f->insts[in->b].imm & (bits - 1);
            if (in->op == IR_SAR)
                return known_sign(MAX(k[in->a].sign, n + 1) - n, bits);
            return n ? known_zero(MAX(k[in->a].zero, n) - n, bits) : k[in->a];
        }
        return known_zero(bits, bits);
    case IR_SELECT: {
        struct known r = { .zero = MAX(k[in->b].zero, k[in->c].zero),
                           .sign = MAX(k[in->b].sign, k[in->c].sign) };
        return r;
    }
    case IR_LOAD:
    case IR_LOADR:
    case IR_AMO:
    case IR_CAS: {
        unsigned n = 8u << (in->aux2 & IR_MEM_SIZE);
        return in->aux2 & IR_MEM_SIGNED ? known_sign(n, bits) : known_zero(n, bits);
    }
    default:
        return known_zero(bits, bits);
    }
}
