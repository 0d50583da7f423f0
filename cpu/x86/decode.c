/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prefixes, opcode and row of an instruction (Intel SDM volume 2, chapter 2); its operands are
 * decode_operands.c's.
 */
#include "cpu/x86/decode_impl.h"
#include <string.h>

/* VEX.pp and the mandatory prefixes count alike. */
enum { PP_NONE, PP_66, PP_F3, PP_F2 };

/* The next byte; false at the end of what there is, and of what an instruction may have. */
bool x86_next(struct x86_reader *r, uint8_t *byte)
{
    if (r->at >= r->limit)
        return false;
    *byte = r->code[r->at++];
    return true;
}

/* The result if bytes were missing. */
static enum x86_decode_result ran_out(const struct x86_reader *r)
{
    return r->limit == X86_MAX_LENGTH ? X86_TOO_LONG : X86_TOO_SHORT;
}

/* In 64-bit mode the overrides of CS, DS, ES and SS are accepted and do nothing. */
static void override_segment(struct x86_reader *r, struct x86_decoded *d, enum x86_seg seg)
{
    if (r->mode == X86_CODE64 && seg < X86_FS)
        return;
    d->seg = (uint8_t)seg;
    d->seg_override = true;
}

/* Legacy prefixes in any order, then REX, which counts only if the opcode follows. */
static bool read_prefixes(struct x86_reader *r, struct x86_decoded *d, uint8_t *opcode)
{
    for (;;) {
        if (!x86_next(r, opcode))
            return false;
        switch (*opcode) {
        case 0x26:
            override_segment(r, d, X86_ES);
            break;
        case 0x2e:
            override_segment(r, d, X86_CS);
            break;
        case 0x36:
            override_segment(r, d, X86_SS);
            break;
        case 0x3e:
            override_segment(r, d, X86_DS);
            break;
        case 0x64:
            override_segment(r, d, X86_FS);
            break;
        case 0x65:
            override_segment(r, d, X86_GS);
            break;
        case 0x66:
            r->opsize = true;
            break;
        case 0x67:
            r->addrsize = true;
            break;
        case 0xf0:
            d->lock = true;
            break;
        case 0xf2:
            r->pp = PP_F2;
            break;
        case 0xf3:
            r->pp = PP_F3;
            break;
        default:
            if (r->mode != X86_CODE64 || (*opcode & 0xf0) != 0x40)
                return true;
            r->rex = *opcode;
            continue;
        }
        r->rex = 0;
    }
}

static void take_rex(struct x86_reader *r, struct x86_decoded *d)
{
    d->rex = r->rex != 0;
    d->w = (r->rex & 8) != 0;
    r->r = (r->rex & 4) != 0 ? 8 : 0;
    r->x = (r->rex & 2) != 0 ? 8 : 0;
    r->b = (r->rex & 1) != 0 ? 8 : 0;
}

/* 0F, 0F 38 and 0F 3A. */
static bool read_escape(struct x86_reader *r, uint8_t *opcode)
{
    r->map = X86_MAP_1BYTE;
    if (*opcode != 0x0f)
        return true;
    if (!x86_next(r, opcode))
        return false;
    r->map = *opcode == 0x38 ? X86_MAP_0F38 : *opcode == 0x3a ? X86_MAP_0F3A : X86_MAP_0F;
    return r->map == X86_MAP_0F || x86_next(r, opcode);
}

/*
 * Outside 64-bit mode C4, C5 and 62 are LES, LDS and BOUND, which have no register form: a second
 * byte that would be one makes them prefixes.
 */
static bool is_vex(const struct x86_reader *r, uint8_t opcode, bool *short_of)
{
    *short_of = false;
    if (opcode != 0xc4 && opcode != 0xc5 && opcode != 0x62)
        return false;
    if (r->mode == X86_CODE64)
        return true;
    if (!r->vex_ok)
        return false;
    *short_of = r->at >= r->limit;
    return !*short_of && (r->code[r->at] & 0xc0) == 0xc0;
}

/* SDM volume 2, 2.3.5: registers above 7 are not reachable outside 64-bit mode. */
static void take_vex_bits(struct x86_reader *r, struct x86_decoded *d, uint8_t rxb, uint8_t wvp)
{
    bool long_mode = r->mode == X86_CODE64;
    r->r = long_mode && !(rxb & 0x80) ? 8 : 0;
    r->x = long_mode && !(rxb & 0x40) ? 8 : 0;
    r->b = long_mode && !(rxb & 0x20) ? 8 : 0;
    d->w = (wvp & 0x80) != 0;
    r->vvvv = ~wvp >> 3 & 15;
    r->pp = wvp & 3;
}

static enum x86_decode_result read_vex(struct x86_reader *r, struct x86_decoded *d, bool three,
                                       uint8_t *opcode)
{
    uint8_t first, second;
    if (!x86_next(r, &first))
        return ran_out(r);
    second = first;
    if (three && !x86_next(r, &second))
        return ran_out(r);
    take_vex_bits(r, d, three ? first : (uint8_t)(first | 0x60), three ? second : second & 0x7f);
    unsigned map = three ? first & 0x1f : 1;
    if (map == 0 || map > 3)
        return X86_UNDEFINED;
    r->map = (uint8_t)(X86_MAP_VEX + map);
    r->l = second >> 2 & 1;
    d->vl = (uint8_t)(16 << r->l);
    return x86_next(r, opcode) ? X86_DECODED : ran_out(r);
}

/* SDM volume 2, 2.7.1: P0 = R X B R' 0 mmm, P1 = W vvvv 1 pp, P2 = z L'L b V' aaa. */
static enum x86_decode_result read_evex(struct x86_reader *r, struct x86_decoded *d,
                                        uint8_t *opcode)
{
    uint8_t p0, p1, p2;
    if (!x86_next(r, &p0) || !x86_next(r, &p1) || !x86_next(r, &p2))
        return ran_out(r);
    if ((p0 & 0x08) != 0 || (p1 & 0x04) == 0 || (p0 & 7) == 0)
        return X86_UNDEFINED;
    take_vex_bits(r, d, p0, p1);
    if (r->mode == X86_CODE64) {
        r->r2 = (p0 & 0x10) != 0 ? 0 : 16;
        r->v2 = (p2 & 0x08) != 0 ? 0 : 16;
    } else if ((p2 & 0x08) == 0) {
        return X86_UNDEFINED;
    }
    r->map = X86_MAP_EVEX + (p0 & 7);
    if (r->map >= X86_MAPS)
        return X86_UNDEFINED;
    d->evex = true;
    d->zeroing = (p2 & 0x80) != 0;
    d->k = p2 & 7;
    r->evex_b = (p2 & 0x10) != 0;
    r->l = p2 >> 5 & 3;
    return x86_next(r, opcode) ? X86_DECODED : ran_out(r);
}

static enum x86_decode_result read_opcode(struct x86_reader *r, struct x86_decoded *d,
                                          uint8_t *opcode)
{
    bool short_of;
    if (!read_prefixes(r, d, opcode))
        return ran_out(r);
    if (is_vex(r, *opcode, &short_of)) {
        /* 2.3.2 to 2.3.4: no prefix but segment and address size goes before VEX */
        if (d->lock || r->opsize || r->pp != PP_NONE || r->rex != 0)
            return X86_UNDEFINED;
        return *opcode == 0x62 ? read_evex(r, d, opcode) : read_vex(r, d, *opcode == 0xc4, opcode);
    }
    if (short_of)
        return ran_out(r);
    take_rex(r, d);
    return read_escape(r, opcode) ? X86_DECODED : ran_out(r);
}

static uint64_t key_bit(unsigned first, unsigned value)
{
    return 1ull << (first + value);
}

static uint64_t make_key(const struct x86_reader *r, const struct x86_decoded *d)
{
    bool reg = d->modrm >= 0xc0;
    unsigned pp = r->pp != PP_NONE ? r->pp : r->opsize ? PP_66 : PP_NONE;
    /* EVEX.b with registers makes L'L a rounding mode and the length the largest (2.7.11) */
    unsigned l = r->evex_b && reg ? 2 : r->l;
    return key_bit(X86_KEY_MODE, r->mode) | key_bit(X86_KEY_PP, pp) | key_bit(X86_KEY_MOD, reg) |
           key_bit(X86_KEY_REG, d->modrm >> 3 & 7) | key_bit(X86_KEY_RM, reg ? d->modrm & 7 : 0) |
           key_bit(X86_KEY_W, d->w) | key_bit(X86_KEY_L, l) | key_bit(X86_KEY_REXB, r->b != 0);
}

static bool has_all(const uint64_t *features, const uint64_t *need)
{
    uint64_t missing = 0;
    for (unsigned i = 0; i < X86_EXT_WORDS; i++)
        missing |= need[i] & ~features[i];
    return missing == 0;
}

static bool has_feature(const uint64_t *features, unsigned ext)
{
    return (features[ext / 64] >> ext % 64 & 1) != 0;
}

static bool is_there(const struct x86_reader *r, const struct x86_row *row)
{
    const uint64_t *features = r->features;
    bool any = row->n_needs == 0;
    for (unsigned i = 0; i < row->n_needs && !any; i++)
        any = has_all(features, x86_needs[row->need + i]);
    if (!any || r->l == 0)
        return any;
    return row->need_256 == 0 || has_all(features, x86_needs[row->need_256]);
}

static const struct x86_row *find_row(const struct x86_reader *r, const struct x86_opcode *op,
                                      uint64_t key)
{
    for (unsigned i = 0; i < op->n; i++) {
        const struct x86_row *row = &x86_rows[x86_candidates[op->first + i]];
        if ((key & ~row->accept) == 0 && is_there(r, row))
            return row;
    }
    return NULL;
}

/* The effective operand size (SDM volume 1, table 3-4). */
static uint8_t operand_size(const struct x86_reader *r, const struct x86_row *row, bool w)
{
    bool opsize = r->opsize && !(row->flags & X86_ROW_NO_66);
    if (r->mode == X86_CODE16)
        return opsize ? 4 : 2;
    if (r->mode == X86_CODE32)
        return opsize ? 2 : 4;
    if (w || (row->flags & X86_ROW_F64))
        return 8;
    return opsize ? 2 : (row->flags & X86_ROW_O64) ? 8 : 4;
}

static uint8_t address_size(const struct x86_reader *r)
{
    static const uint8_t sizes[3][2] = { { 2, 4 }, { 4, 2 }, { 8, 4 } };
    return sizes[r->mode][r->addrsize];
}

/* Vector length and what the EVEX bits may say in this row (2.7.5, 2.7.11, tables 2-38 to 2-41). */
static bool check_evex(const struct x86_reader *r, const struct x86_row *row, struct x86_decoded *d)
{
    bool reg = d->modrm >= 0xc0;
    if (r->evex_b && reg) {
        if (!(row->flags & X86_ROW_SAE))
            return false;
        d->rounding = (row->flags & X86_ROW_ER) != 0;
        d->sae = true;
        d->rc = d->rounding ? r->l : 0;
        d->vl = row->flags & X86_ROW_LIG ? 16 : 64;
    } else {
        if (r->evex_b && row->broadcast == 0)
            return false;
        d->broadcast = r->evex_b;
        d->vl = row->flags & X86_ROW_LIG ? 16 : (uint8_t)(16 << r->l);
        if (!(row->flags & (X86_ROW_LIG | X86_ROW_NO_VL)) && d->vl < 64 &&
            !has_feature(r->features, X86_EXT_AVX512VL))
            return false;
    }
    if (d->k != 0 && !(row->flags & X86_ROW_MASK))
        return false;
    if (d->zeroing && (d->k == 0 || !(row->flags & X86_ROW_ZMASK) ||
                       (row->op[0].access == X86_WRITE && x86_is_memory(row, 0, d))))
        return false;
    return d->k != 0 || !(row->flags & X86_ROW_KMUST);
}

static bool check_row(struct x86_reader *r, const struct x86_row *row, struct x86_decoded *d)
{
    /* APM volume 3, MOV CRn: with AltMovCr8, LOCK is the bit that REX.R is elsewhere */
    if (d->lock && (row->flags & X86_ROW_ANY_MOD) && has_feature(r->features, X86_EXT_CR8LEGACY)) {
        d->lock = false;
        r->r = 8;
    }
    /* LOCK: only where the row allows it and the destination is memory */
    if (d->lock && (!(row->flags & X86_ROW_LOCK) || d->modrm >= 0xc0))
        return false;
    if (r->map < X86_MAP_VEX)
        return true;
    if (!(row->flags & X86_ROW_VVVV) &&
        (r->vvvv != 0 || (r->v2 != 0 && !(row->flags & X86_ROW_VSIB))))
        return false;
    return !d->evex || check_evex(r, row, d);
}

static enum x86_decode_result decode(struct x86_reader *r, struct x86_decoded *d)
{
    uint8_t opcode;
    enum x86_decode_result result = read_opcode(r, d, &opcode);
    if (result != X86_DECODED)
        return result;
    const struct x86_opcode *op = &x86_opcodes[r->map][opcode];
    if (op->n == 0)
        return X86_UNDEFINED;
    if (op->modrm && !x86_next(r, &d->modrm))
        return ran_out(r);
    const struct x86_row *row = find_row(r, op, make_key(r, d));
    if (row == NULL || !check_row(r, row, d))
        return X86_UNDEFINED;
    d->id = row->id;
    d->form = row->form;
    d->op_size = operand_size(r, row, d->w);
    d->addr_size = address_size(r);
    d->cond = row->flags & X86_ROW_CC ? opcode & 15 : row->cond;
    d->rep = r->map < X86_MAP_VEX && r->pp == PP_F3 && !(row->flags & X86_ROW_NO_REP);
    d->repne = r->map < X86_MAP_VEX && r->pp == PP_F2 && !(row->flags & X86_ROW_NO_REP);
    r->opcode = opcode;
    result = x86_read_operands(r, row, d);
    return result == X86_TOO_SHORT ? ran_out(r) : result;
}

enum x86_decode_result x86_decode_from(struct x86_reader *r, struct x86_decoded *d)
{
    memset(d, 0, sizeof *d);
    d->base = d->index = X86_NO_REG;
    d->seg = X86_DS;
    enum x86_decode_result result = decode(r, d);
    d->length = (uint8_t)r->at;
    return result;
}

enum x86_decode_result x86_decode(const uint8_t *code, size_t n, enum x86_code mode, bool vex_ok,
                                  const uint64_t *features, struct x86_decoded *d)
{
    struct x86_reader r = {
        .code = code,
        .limit = MIN(n, X86_MAX_LENGTH),
        .mode = mode,
        .vex_ok = vex_ok,
        .features = features,
    };
    return x86_decode_from(&r, d);
}
