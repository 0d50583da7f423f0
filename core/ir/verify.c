/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ir/ir_impl.h"
#include <stdarg.h>

/*
 * The rules of docs/ir.md. Arguments are described by one letter each:
 *   t  the instruction's type        l  i64      i  i32 or i64
 *   f  f32 or f64, as imm & 0xff     g  the other half of a bit cast
 *   n  i32 or i64, as imm & 0xff     s  f32      d  f64
 *   v  integer or none               q  v128           x  any but v128
 *   o  v128 or none                  w  v256
 * and the instruction's own type by a set:
 *   -  none (void)   I  i32, i64   L  i64   W  i32   F  f32, f64   S  f32   D  f64
 *   A  any of the four   V  void, i32 or i64   Q  v128   E  A or v128   Y  v256
 * v256 beside them: GET, PUT, VCONST and what ir_is_wide says.
 */
/* clang-format off */
static const struct { char type; const char *args; } rules[IR_OPS] = {
    [IR_CONST] = { 'A', "" },    [IR_GET] = { 'E', "" },      [IR_PUT] = { 'E', "t" },
    [IR_PC] = { 'L', "" },
    [IR_ADD] = { 'I', "tt" },    [IR_SUB] = { 'I', "tt" },    [IR_AND] = { 'I', "tt" },
    [IR_OR] = { 'I', "tt" },     [IR_XOR] = { 'I', "tt" },    [IR_ANDN] = { 'I', "tt" },
    [IR_ORN] = { 'I', "tt" },    [IR_XNOR] = { 'I', "tt" },   [IR_SHL] = { 'I', "tt" },
    [IR_SHR] = { 'I', "tt" },    [IR_SAR] = { 'I', "tt" },    [IR_ROL] = { 'I', "tt" },
    [IR_ROR] = { 'I', "tt" },    [IR_MUL] = { 'I', "tt" },    [IR_MULHS] = { 'I', "tt" },
    [IR_MULHU] = { 'I', "tt" },  [IR_MULHSU] = { 'I', "tt" }, [IR_DIVS] = { 'I', "tt" },
    [IR_DIVU] = { 'I', "tt" },   [IR_REMS] = { 'I', "tt" },   [IR_REMU] = { 'I', "tt" },
    [IR_CLZ] = { 'I', "t" },     [IR_CTZ] = { 'I', "t" },     [IR_POPCNT] = { 'I', "t" },
    [IR_BSWAP] = { 'I', "t" },   [IR_CLMUL] = { 'L', "tt" },  [IR_CLMULH] = { 'L', "tt" },
    [IR_SEXT] = { 'I', "i" },    [IR_ZEXT] = { 'I', "i" },    [IR_TRUNC] = { 'W', "l" },
    [IR_EXTRACT] = { 'I', "t" }, [IR_DEPOSIT] = { 'I', "tt" }, [IR_SETCC] = { 'I', "tt" },
    [IR_SELECT] = { 'E', "ltt" },
    [IR_LOAD] = { 'E', "l" },    [IR_STORE] = { 'E', "lt" },  [IR_AMO] = { 'I', "lt" },
    [IR_CAS] = { 'I', "ltt" },   [IR_LOADR] = { 'I', "l" },   [IR_STOREC] = { 'I', "lt" },
    [IR_FENCE] = { '-', "" },
    [IR_FADD] = { 'F', "tt" },   [IR_FSUB] = { 'F', "tt" },   [IR_FMUL] = { 'F', "tt" },
    [IR_FDIV] = { 'F', "tt" },   [IR_FSQRT] = { 'F', "t" },   [IR_FMA] = { 'F', "ttt" },
    [IR_FMIN] = { 'F', "tt" },   [IR_FMAX] = { 'F', "tt" },   [IR_FCMP] = { 'F', "tt" },
    [IR_FCVT] = { 'F', "f" },    [IR_FTOI] = { 'I', "f" },    [IR_ITOF] = { 'F', "n" },
    [IR_FRINT] = { 'F', "t" },   [IR_FNEG] = { 'F', "t" },    [IR_FABS] = { 'F', "t" },
    [IR_FSGNJ] = { 'F', "tt" },  [IR_BITCAST] = { 'A', "g" }, [IR_FBOX] = { 'D', "s" },
    [IR_FUNBOX] = { 'S', "d" },
    [IR_VCONST] = { 'Q', "" }, [IR_VJOIN] = { 'Y', "qq" }, [IR_VHALF] = { 'Q', "w" },
    [IR_VAND] = { 'Q', "tt" }, [IR_VOR] = { 'Q', "tt" }, [IR_VXOR] = { 'Q', "tt" },
    [IR_VANDN] = { 'Q', "tt" }, [IR_VORN] = { 'Q', "tt" }, [IR_VADD] = { 'Q', "tt" },
    [IR_VSUB] = { 'Q', "tt" }, [IR_VMUL] = { 'Q', "tt" }, [IR_VMINS] = { 'Q', "tt" },
    [IR_VMAXS] = { 'Q', "tt" }, [IR_VMINU] = { 'Q', "tt" }, [IR_VMAXU] = { 'Q', "tt" },
    [IR_VCEQ] = { 'Q', "tt" }, [IR_VCGTS] = { 'Q', "tt" }, [IR_VCGES] = { 'Q', "tt" },
    [IR_VCGTU] = { 'Q', "tt" }, [IR_VCGEU] = { 'Q', "tt" }, [IR_VADDSS] = { 'Q', "tt" },
    [IR_VADDUS] = { 'Q', "tt" }, [IR_VSUBSS] = { 'Q', "tt" }, [IR_VSUBUS] = { 'Q', "tt" },
    [IR_VSHLV] = { 'Q', "tt" }, [IR_VSHRV] = { 'Q', "tt" }, [IR_VSARV] = { 'Q', "tt" },
    [IR_VZIP1] = { 'Q', "tt" }, [IR_VZIP2] = { 'Q', "tt" }, [IR_VUZP1] = { 'Q', "tt" },
    [IR_VUZP2] = { 'Q', "tt" }, [IR_VTRN1] = { 'Q', "tt" }, [IR_VTRN2] = { 'Q', "tt" },
    [IR_VEXT] = { 'Q', "tt" }, [IR_VTBL] = { 'Q', "tt" }, [IR_VNARROW] = { 'Q', "tt" },
    [IR_VNARROWSS] = { 'Q', "tt" }, [IR_VNARROWSU] = { 'Q', "tt" },
    [IR_VNARROWUU] = { 'Q', "tt" }, [IR_VMULLS] = { 'Q', "tt" }, [IR_VMULLU] = { 'Q', "tt" },
    [IR_VADDP] = { 'Q', "tt" }, [IR_VFADD] = { 'Q', "tt" }, [IR_VFSUB] = { 'Q', "tt" },
    [IR_VFMUL] = { 'Q', "tt" }, [IR_VFDIV] = { 'Q', "tt" }, [IR_VFMIN] = { 'Q', "tt" },
    [IR_VFMAX] = { 'Q', "tt" }, [IR_VFCEQ] = { 'Q', "tt" }, [IR_VFCGE] = { 'Q', "tt" },
    [IR_VFCGT] = { 'Q', "tt" }, [IR_VNOT] = { 'Q', "t" }, [IR_VNEG] = { 'Q', "t" },
    [IR_VABS] = { 'Q', "t" }, [IR_VSHL] = { 'Q', "t" }, [IR_VSHR] = { 'Q', "t" },
    [IR_VROL] = { 'Q', "t" },
    [IR_VSAR] = { 'Q', "t" }, [IR_VREV] = { 'Q', "t" }, [IR_VWIDENS] = { 'Q', "t" },
    [IR_VWIDENU] = { 'Q', "t" }, [IR_VPOPCNT] = { 'Q', "t" }, [IR_VFSQRT] = { 'Q', "t" },
    [IR_VFNEG] = { 'Q', "t" }, [IR_VFABS] = { 'Q', "t" }, [IR_VFTOI] = { 'Q', "t" },
    [IR_VITOF] = { 'Q', "t" }, [IR_VFRINT] = { 'Q', "t" }, [IR_VSELECT] = { 'Q', "ttt" },
    [IR_VFMA] = { 'Q', "ttt" }, [IR_VDUP] = { 'Q', "x" }, [IR_VSCALAR] = { 'Q', "x" },
    [IR_VSHL1] = { 'Q', "tt" }, [IR_VSHR1] = { 'Q', "tt" }, [IR_VSAR1] = { 'Q', "tt" },
    [IR_VTBLM] = { 'Q', "tt" }, [IR_VSHUF] = { 'Q', "tt" }, [IR_VMADD] = { 'Q', "tt" },
    [IR_VMULH] = { 'Q', "tt" }, [IR_VAVG] = { 'Q', "tt" }, [IR_VSAD] = { 'Q', "tt" },
    [IR_VTOPS] = { 'L', "q" }, [IR_VFCMP] = { 'Q', "tt" }, [IR_VFWIDEN] = { 'Q', "t" },
    [IR_VFNARROW] = { 'Q', "t" }, [IR_VFTOIN] = { 'Q', "t" }, [IR_VITOFW] = { 'Q', "t" },
    [IR_VINS] = { 'Q', "tx" }, [IR_VLANE] = { 'A', "q" }, [IR_VADDV] = { 'L', "q" },
    [IR_CALLV] = { 'Q', "ooo" },
    [IR_CALL] = { 'V', "vvvv" }, [IR_TRAP] = { '-', "l" },    [IR_INSN] = { '-', "" },
    [IR_JUMP] = { '-', "" },
    [IR_BRANCH] = { '-', "l" },  [IR_JUMPR] = { '-', "l" },   [IR_EXIT] = { '-', "" },
};
/* clang-format on */

struct checker {
    const struct ir_unit *u;
    const struct ir_block *b;
    uint32_t at; /* the instruction looked at */
    uint32_t chain; /* where the block's chain begins */
    uint8_t accessed[IR_MAX_SLOTS]; /* as what (1 << type) the unit's GETs and PUTs so far had the slot, or the register it is half of */
    struct err *e;
};

#define FAIL(c, ...) fail((c), __VA_ARGS__)
static int PRINTF_LIKE(2, 3) fail(const struct checker *c, const char *fmt, ...)
{
    char text[200];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    const struct ir_inst *in = &c->u->insts[c->at];
    return err_set(c->e, ERR_FORMAT, "IR of %s, block %td, %%%u %s: %s", c->u->guest->name,
                   c->b - c->u->blocks, c->at, in->op < IR_OPS ? ir_op_info[in->op].name : "?",
                   text);
}

static bool type_fits(char set, enum ir_type t)
{
    switch (set) {
    case '-':
        return t == IR_VOID;
    case 'I':
        return ir_is_int(t);
    case 'L':
        return t == IR_I64;
    case 'W':
        return t == IR_I32;
    case 'F':
        return ir_is_float(t);
    case 'S':
        return t == IR_F32;
    case 'D':
        return t == IR_F64;
    case 'A':
        return ir_is_int(t) || ir_is_float(t);
    case 'Q':
        return t == IR_V128;
    case 'Y':
        return t == IR_V256;
    case 'E':
        return ir_is_int(t) || ir_is_float(t) || t == IR_V128;
    default:
        return t == IR_VOID || ir_is_int(t); /* V */
    }
}

static bool arg_fits(char rule, const struct ir_inst *in, enum ir_type t)
{
    static const uint8_t cast[IR_TYPES] = {
        [IR_I32] = IR_F32, [IR_I64] = IR_F64, [IR_F32] = IR_I32, [IR_F64] = IR_I64
    };
    switch (rule) {
    case 't':
        return t == in->type;
    case 'l':
        return t == IR_I64;
    case 'i':
        return ir_is_int(t);
    case 'f':
        return ir_is_float(t) && t == (in->imm & 0xff);
    case 'n':
        return ir_is_int(t) && t == (in->imm & 0xff);
    case 'g':
        return t == cast[in->type];
    case 's':
        return t == IR_F32;
    case 'd':
        return t == IR_F64;
    case 'q':
    case 'o':
        return t == IR_V128;
    case 'w':
        return t == IR_V256;
    case 'x':
        return ir_is_int(t) || ir_is_float(t);
    default:
        return ir_is_int(t); /* v */
    }
}

static int check_args(const struct checker *c, const struct ir_inst *in)
{
    const char *args = rules[in->op].args;
    const uint16_t v[4] = { in->a, in->b, in->c, (uint16_t)in->imm2 };
    unsigned n = ir_op_info[in->op].args;
    for (unsigned k = 0; k < (in->op == IR_CALL ? 4 : 3); k++) {
        if (k >= n) {
            if (v[k] != IR_NONE)
                return FAIL(c, "argument %u must be absent", k + 1);
            continue;
        }
        if (v[k] == IR_NONE) {
            if (args[k] == 'v' || args[k] == 'o')
                continue;
            return FAIL(c, "argument %u is missing", k + 1);
        }
        if (v[k] < c->chain || v[k] >= c->at)
            return FAIL(c, "argument %u, %%%u, is not defined before it in its block", k + 1, v[k]);
        enum ir_type t = ir_result_type(&c->u->insts[v[k]]);
        if (t == IR_VOID)
            return FAIL(c, "argument %u, %%%u, has no value", k + 1, v[k]);
        if (!arg_fits(args[k], in, t))
            return FAIL(c, "argument %u, %%%u, has the wrong type (%u)", k + 1, v[k], t);
    }
    return 0;
}

static int check_memop(const struct checker *c, const struct ir_inst *in)
{
    unsigned size = 8u << (in->aux2 & IR_MEM_SIZE), bits = ir_type_bits((enum ir_type)in->type);
    unsigned wider = (in->aux2 & IR_MEM_WIDER) >> 10;
    if (wider && (bits != 128 || wider > 2 || !(in->aux2 & IR_MEM_ALIGNED)))
        return FAIL(c, "memop 0x%x asks for the alignment of a longer operand", in->aux2);
    if (size > bits || (bits == 128 && size != 128))
        return FAIL(c, "%u bits do not fit its type", size);
    if (bits == 128 && (in->aux2 & (IR_MEM_BE | IR_MEM_SIGNED)))
        return FAIL(c, "a vector is accessed little-endian and unsigned");
    if (ir_is_float((enum ir_type)in->type) && (size != bits || (in->aux2 & IR_MEM_SIGNED)))
        return FAIL(c, "a float is accessed in its own size, unsigned");
    if ((in->aux2 & IR_MEM_STORE_RIGHTS) && in->op != IR_LOAD && in->op != IR_LOADR)
        return FAIL(c, "store rights are for loads");
    if ((in->aux2 & IR_MEM_SIGNED) && (in->op == IR_STORE || in->op == IR_STOREC))
        return FAIL(c, "a store has no sign");
    if (in->op != IR_LOAD && in->op != IR_STORE && in->imm != 0)
        return FAIL(c, "only LOAD and STORE have a displacement");
    if (in->op == IR_AMO && in->aux > IR_AMO_MAXU)
        return FAIL(c, "undefined operation %u", in->aux);
    return 0;
}

/* Of v256 there are registers of two slots, and those that are accessed so are so everywhere. */
static int check_register(struct checker *c, const struct ir_inst *in)
{
    const struct ir_slot *s = &c->u->guest->slots[in->imm];
    bool whole = in->type == IR_V256;
    if (whole && s->upper == 0)
        return FAIL(c, "slot %s is not the lower half of a register", s->name);
    uint8_t *half[2] = { &c->accessed[in->imm], &c->accessed[whole ? s->upper : in->imm] };
    for (unsigned k = 0; k < 2; k++) {
        *half[k] |= 1u << (whole ? IR_V256 : IR_V128);
        if (*half[k] == (1u << IR_V128 | 1u << IR_V256))
            return FAIL(c, "slot %s is accessed by halves and as a whole", s->name);
    }
    return 0;
}

static int check_slot(struct checker *c, const struct ir_inst *in)
{
    if (in->imm < 0 || in->imm >= c->u->guest->n_slots)
        return FAIL(c, "slot %lld; there are %u", (long long)in->imm, c->u->guest->n_slots);
    const struct ir_slot *s = &c->u->guest->slots[in->imm];
    if (in->type != s->type && (in->type != IR_V256 || s->type != IR_V128))
        return FAIL(c, "slot %s has type %u, not %u", s->name, s->type, in->type);
    if (s->zero && in->op == IR_PUT)
        return FAIL(c, "slot %s is never written", s->name);
    return s->type == IR_V128 ? check_register(c, in) : 0;
}

static int check_call(const struct checker *c, const struct ir_inst *in)
{
    if (in->imm < 0 || in->imm >= c->u->guest->n_helpers)
        return FAIL(c, "helper %lld; there are %u", (long long)in->imm, c->u->guest->n_helpers);
    const struct ir_helper *h = &c->u->guest->helpers[in->imm];
    if ((h->flags & IR_CALL_PURE) && (h->flags & ~(uint32_t)(IR_CALL_PURE | IR_CALL_LIGHT)))
        return FAIL(c, "helper %s: pure excludes every other flag but light", h->name);
    if ((h->flags & IR_CALL_LIGHT) && (h->flags & ~(uint32_t)(IR_CALL_PURE | IR_CALL_EXITS | IR_CALL_LIGHT | IR_CALL_TIME)))
        return FAIL(c, "helper %s: light excludes what it has beside it", h->name);
    if ((h->flags & IR_CALL_PURE) && in->type == IR_VOID)
        return FAIL(c, "helper %s: pure, yet without result", h->name);
    if (in->imm2 >> 16 != 0)
        return FAIL(c, "bits above the fourth argument");
    if (h->flags & IR_CALL_MODE) {
        if (c->at + 2 != c->b->end || c->u->insts[c->at + 1].op != IR_EXIT)
            return FAIL(c, "helper %s changes the mode: an EXIT must follow and end the block",
                        h->name);
    }
    return 0;
}

static int check_trap(const struct checker *c, const struct ir_inst *in)
{
    if (in->imm < 0 || in->imm >= c->u->guest->n_helpers)
        return FAIL(c, "helper %lld; there are %u", (long long)in->imm, c->u->guest->n_helpers);
    const struct ir_helper *h = &c->u->guest->helpers[in->imm];
    return h->flags != IR_CALL_EXITS ? FAIL(c, "helper %s: one that only raises is wanted", h->name)
                                     : 0;
}

static int check_insn(const struct checker *c, const struct ir_inst *in)
{
    const struct ir_block *b = c->b;
    if (in->imm2 < b->first_insn || in->imm2 >= b->first_insn + b->n_insns)
        return FAIL(c, "guest instruction %lld is not of this block", (long long)in->imm2);
    if (c->u->insns[in->imm2].at != in->imm)
        return FAIL(c, "offset 0x%llx differs from its guest instruction's",
                    (unsigned long long)in->imm);
    return 0;
}

/* Lane sizes, counts and lane numbers of the vector operations. */
static int check_vector(const struct checker *c, const struct ir_inst *in)
{
    unsigned lane = 8u << in->aux, most = 3, least = 0;
    int64_t imm_most = 0;
    switch (in->op) {
    case IR_VSHL: case IR_VSHR: case IR_VSAR: imm_most = lane; break;
    case IR_VROL: imm_most = lane - 1; break;
    case IR_VHALF: imm_most = 1; most = 0; break;
    case IR_VJOIN: most = 0; break;
    case IR_VEXT: imm_most = 15; break;
    case IR_VLANE: case IR_VINS: imm_most = 128 / lane - 1; break;
    case IR_VREV: imm_most = 3; break;
    case IR_VWIDENS: case IR_VWIDENU: imm_most = 1; most = 2; break;
    case IR_VMULLS: case IR_VMULLU: imm_most = in->aux == 2 ? 3 : 1; most = 2; break;
    case IR_VNARROW: case IR_VNARROWSS: case IR_VNARROWSU: case IR_VNARROWUU: most = 2; break;
    case IR_VPOPCNT: case IR_VTBLM: case IR_VSAD: most = 0; break;
    case IR_VSHL1: case IR_VSHR1: case IR_VSAR1: least = 1; break;
    case IR_VSHUF: imm_most = in->aux == 1 ? 0x1ff : 0xff; least = 1; most = 2; break;
    case IR_VMADD: case IR_VAVG: most = 1; break;
    case IR_VMULH: imm_most = 2; least = most = 1; break;
    case IR_VFCMP: imm_most = 31; least = 2; break;
    case IR_VFWIDEN: case IR_VFNARROW: case IR_VFTOIN: case IR_VITOFW: least = most = 2; break;
    case IR_VFMA: imm_most = 3; least = 2; break;
    case IR_VFMIN: case IR_VFMAX: case IR_VFTOI: case IR_VITOF: case IR_VFRINT: imm_most = 1; least = 2; break;
    default: least = in->op >= IR_VFADD && in->op <= IR_VFRINT ? 2 : 0; break;
    }
    if (in->op == IR_VCONST)
        return 0;
    if (in->aux < least || in->aux > most)
        return FAIL(c, "lanes of %u bits", lane);
    if (in->imm < 0 || in->imm > imm_most)
        return FAIL(c, "immediate %lld; 0 to %lld are accepted", (long long)in->imm, (long long)imm_most);
    if (in->op == IR_VREV && in->imm <= in->aux)
        return FAIL(c, "lanes as large as what they are reversed in");
    if (in->op == IR_VLANE && (lane > ir_type_bits((enum ir_type)in->type) ||
                               (ir_is_float((enum ir_type)in->type) &&
                                lane != ir_type_bits((enum ir_type)in->type))))
        return FAIL(c, "a lane of %u bits as its type", lane);
    uint16_t scalar = in->op == IR_VDUP || in->op == IR_VSCALAR ? in->a : in->op == IR_VINS ? in->b : 0;
    if (scalar != IR_NONE && scalar < c->at &&
        ir_type_bits(ir_result_type(&c->u->insts[scalar])) < lane)
        return FAIL(c, "a scalar smaller than the lane");
    bool may_low = in->op >= IR_VFADD && in->op <= IR_VFRINT && (in->op < IR_VFWIDEN || in->op > IR_VFABS);
    unsigned rm = in->aux2 & ~(may_low ? (unsigned)IR_VF_LOW : 0u);
    if (in->op >= IR_VFADD && rm > IR_RMM && rm != IR_RM_DYN)
        return FAIL(c, "undefined rounding mode %u", in->aux2);
    return 0;
}

/* What the operation's own fields may hold. */
static int check_fields(struct checker *c, const struct ir_inst *in)
{
    unsigned bits = ir_type_bits((enum ir_type)in->type), low = in->imm & 0xff,
             n = in->imm >> 8 & 0xff;
    switch (in->op) {
    case IR_CONST:
        return bits == 32 && in->imm >> 32 != 0 ? FAIL(c, "upper half of a 32-bit constant") : 0;
    case IR_GET:
    case IR_PUT:
        return check_slot(c, in);
    case IR_SEXT:
    case IR_ZEXT:
        if ((in->aux != 8 && in->aux != 16 && in->aux != 32) || in->aux >= bits)
            return FAIL(c, "extension from %u to %u bits", in->aux, bits);
        return 0;
    case IR_EXTRACT:
    case IR_DEPOSIT:
        if (n == 0 || low + n > bits || in->imm >> 16 != 0)
            return FAIL(c, "%u bits from bit %u of %u", n, low, bits);
        return 0;
    case IR_SETCC:
        return in->aux > IR_GTU ? FAIL(c, "undefined condition %u", in->aux) : 0;
    case IR_LOAD:
    case IR_STORE:
    case IR_AMO:
    case IR_CAS:
    case IR_LOADR:
    case IR_STOREC:
        return check_memop(c, in);
    case IR_FENCE:
        return in->aux > IR_FENCE_REL ? FAIL(c, "undefined fence %u", in->aux) : 0;
    case IR_FADD:
    case IR_FSUB:
    case IR_FMUL:
    case IR_FDIV:
    case IR_FSQRT:
    case IR_FMA:
    case IR_FCVT:
    case IR_FTOI:
    case IR_ITOF:
    case IR_FRINT:
        if (in->aux > IR_RMM && in->aux != IR_RM_DYN)
            return FAIL(c, "undefined rounding mode %u", in->aux);
        if (in->op == IR_FCVT && in->imm == in->type)
            return FAIL(c, "converts a type to itself");
        return 0;
    case IR_FCMP:
        return (in->aux & ~(unsigned)IR_FCMP_QUIET) > IR_FIMAGE
                   ? FAIL(c, "undefined comparison %u", in->aux)
                   : 0;
    case IR_FSGNJ:
        return in->imm < 0 || in->imm > 2 ? FAIL(c, "undefined sign rule") : 0;
    case IR_CALLV:
        if (in->imm < 0 || in->imm >= c->u->guest->n_vec_helpers)
            return FAIL(c, "vector helper %lld; there are %u", (long long)in->imm,
                        c->u->guest->n_vec_helpers);
        return 0;
    case IR_CALL:
        return check_call(c, in);
    case IR_TRAP:
        return check_trap(c, in);
    case IR_INSN:
        return check_insn(c, in);
    case IR_JUMPR:
        if (in->aux == IR_LINK_MODE && c->u->guest->mode_at == 0)
            return FAIL(c, "a change of mode, of which the guest keeps no account");
        return in->aux > IR_LINK_MODE ? FAIL(c, "undefined link kind") : 0;
    case IR_EXIT:
        return in->aux > IR_EXIT_YIELD ? FAIL(c, "undefined reason") : 0;
    default:
        return in->op >= IR_VCONST && in->op < IR_CALLV ? check_vector(c, in) : 0;
    }
}

static int check_inst(struct checker *c)
{
    const struct ir_inst *in = &c->u->insts[c->at];
    if (in->op >= IR_OPS)
        return FAIL(c, "undefined operation %u", in->op);
    bool is_end = ir_op_info[in->op].flags == 'E';
    if (is_end != (c->at + 1 == c->b->end))
        return FAIL(c, is_end ? "ends the block before its last instruction"
                              : "the block's last instruction does not end it");
    if (c->at == c->b->first && in->op != IR_INSN)
        return FAIL(c, "a block starts with INSN");
    bool may_be_whole = in->op == IR_GET || in->op == IR_PUT || in->op == IR_VCONST || ir_is_wide(in);
    if (!type_fits(rules[in->op].type, (enum ir_type)in->type) && (in->type != IR_V256 || !may_be_whole))
        return FAIL(c, "type %u is not accepted", in->type);
    int rc = check_fields(c, in);
    return rc ? rc : check_args(c, in);
}

static int check_block(struct checker *c, uint32_t expected_first, uint32_t expected_insn)
{
    const struct ir_block *b = c->b;
    ptrdiff_t n = b - c->u->blocks;
    const char *name = c->u->guest->name;
    if (b->first != expected_first || b->end <= b->first || b->end > c->u->n_insts)
        return err_set(c->e, ERR_FORMAT,
                       "IR of %s, block %td: instructions [%u, %u) of %u, "
                       "expected to start at %u",
                       name, n, b->first, b->end, c->u->n_insts, expected_first);
    if (b->first_insn != expected_insn || b->n_insns == 0 || b->n_insns > IR_BLOCK_INSNS ||
        b->first_insn + b->n_insns > c->u->n_insns)
        return err_set(c->e, ERR_FORMAT,
                       "IR of %s, block %td: guest instructions %u + %u of %u; "
                       "1 to %u in a block",
                       name, n, b->first_insn, b->n_insns, c->u->n_insns, IR_BLOCK_INSNS);
    uint32_t insn = expected_insn;
    for (c->at = b->first; c->at < b->end; c->at++) {
        int rc = check_inst(c);
        if (rc)
            return rc;
        if (c->u->insts[c->at].op == IR_INSN && c->u->insts[c->at].imm2 != insn++)
            return FAIL(c, "guest instructions are out of order");
    }
    c->at = b->first;
    if (insn != expected_insn + b->n_insns)
        return FAIL(c, "%u INSN for %u guest instructions", insn - expected_insn, b->n_insns);
    if (c->u->insts[b->first].imm != b->start)
        return FAIL(c, "the block starts at 0x%x, its first instruction elsewhere", b->start);
    return 0;
}

int ir_verify(const struct ir_unit *u, struct err *e)
{
    struct checker c = { .u = u, .e = e };
    int rc = ir_finish(u, e);
    if (rc)
        return rc;
    if (u->n_blocks == 0)
        return err_set(e, ERR_FORMAT, "IR of %s: a unit without blocks", u->guest->name);
    uint32_t first = 1, insn = 0;
    for (uint32_t i = 0; i < u->n_blocks; i++) {
        c.b = &u->blocks[i];
        if (!c.b->follows)
            c.chain = c.b->first;
        rc = check_block(&c, first, insn);
        if (rc)
            return rc;
        first = c.b->end;
        insn += c.b->n_insns;
    }
    if (first != u->n_insts || insn != u->n_insns)
        return err_set(e, ERR_FORMAT, "IR of %s: instructions after the last block",
                       u->guest->name);
    return 0;
}
