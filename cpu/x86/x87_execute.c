/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What x87 instructions do to stack, status and registers: SDM volume 1, 8.1.2, 8.3, 8.5; volume 2.
 * Arithmetic is fp80's.
 *
 * An unmasked invalid operation, division by zero or denormal operand leaves operands and stack as
 * they were; other unmasked exceptions are seen after the result is in its register (SDM volume
 * 1, 8.6).
 */
#include "cpu/x86/x87_op.h"

/* One instruction under way. */
struct run {
    struct x86_cpu *c;
    uint64_t how, value;
    struct fp80_env e;
    bool stack_fault;
};
typedef uint64_t run_fn(struct run *r);

/* ---- stack ---- */
static bool is_empty(const struct x86_cpu *c, unsigned i)
{
    return !(c->ftw >> x87_phys(c, i) & 1);
}

static struct fp80 get(const struct x86_cpu *c, unsigned i)
{
    unsigned n = x87_phys(c, i);
    return (struct fp80){ c->st[n].m, (uint16_t)c->st[n].se };
}

static void set(struct x86_cpu *c, unsigned i, struct fp80 v)
{
    unsigned n = x87_phys(c, i);
    c->st[n].m = v.m;
    c->st[n].se = v.se;
    c->ftw |= 1u << n;
}

static void set_empty(struct x86_cpu *c, unsigned i)
{
    c->ftw &= ~(1ull << x87_phys(c, i));
}

static void pop(struct x86_cpu *c)
{
    set_empty(c, 0);
    x87_set_top(c, x87_top(c) + 1);
}

static void push(struct x86_cpu *c, struct fp80 v)
{
    x87_set_top(c, x87_top(c) - 1);
    set(c, 0, v);
}

/* SDM volume 1, 8.5.1.1. True: masked, and the result is the indefinite. C1 says overflow. */
static bool stack_fault(struct run *r, bool overflow)
{
    r->e.flags |= FP80_IE;
    r->e.up = overflow;
    r->stack_fault = true;
    return r->e.control & FP80_IE;
}

static unsigned reg_of(const struct run *r)
{
    return (unsigned)(r->how >> X87_I_SHIFT) & 7;
}

static enum x87_source source_of(uint64_t how)
{
    return (enum x87_source)(how >> X87_SOURCE_SHIFT & 15);
}

static void pops(struct run *r)
{
    if (r->how & (X87_POP | X87_POP2))
        pop(r->c);
    if (r->how & X87_POP2)
        pop(r->c);
}

static void set_cc(struct run *r, uint64_t mask, uint64_t bits)
{
    r->c->fsw = (r->c->fsw & ~mask) | bits;
}

static bool is_amd(const struct run *r)
{
    return r->c->config->vendor == X86_AMD;
}

/* C1 stays as it is, where no stack fault says otherwise. */
static void keep_c1(struct run *r)
{
    r->e.up = r->c->fsw & X87_C1;
}

/* The other operand: ST(i), or what memory held. */
static struct fp80 source(struct run *r)
{
    switch (source_of(r->how)) {
    case X87_F32:
        return fp80_from_f32(&r->e, (uint32_t)r->value);
    case X87_F64:
        return fp80_from_f64(&r->e, r->value);
    case X87_F80:
        return (struct fp80){ r->value, (uint16_t)(r->how >> X87_HIGH_SHIFT) };
    case X87_I16:
        return fp80_from_int((int16_t)r->value);
    case X87_I32:
        return fp80_from_int((int32_t)r->value);
    case X87_I64:
        return fp80_from_int((int64_t)r->value);
    case X87_BCD:
        return fp80_from_bcd(r->value, (uint16_t)(r->how >> X87_HIGH_SHIFT));
    default:
        return get(r->c, reg_of(r));
    }
}

static bool source_is_empty(const struct run *r)
{
    return source_of(r->how) == X87_FROM_ST && is_empty(r->c, reg_of(r));
}

/* ---- arithmetic with two operands ---- */
static struct fp80 compute(struct run *r, struct fp80 to, struct fp80 from)
{
    struct fp80_env *e = &r->e;
    switch (r->how & 0xff) {
    case X87_ADD:
        return fp80_add(e, to, from);
    case X87_MUL:
        return fp80_mul(e, to, from);
    case X87_SUB:
        return fp80_sub(e, to, from);
    case X87_SUBR:
        return fp80_sub(e, from, to);
    case X87_DIV:
        return fp80_div(e, to, from);
    default:
        return fp80_div(e, from, to);
    }
}

static uint64_t arithmetic(struct run *r)
{
    struct x86_cpu *c = r->c;
    unsigned to = r->how & X87_TO_I ? reg_of(r) : 0;
    struct fp80 v = fp80_indefinite;
    if (is_empty(c, 0) || source_is_empty(r)) {
        if (!stack_fault(r, false))
            return 0;
    } else if (to != 0) {
        v = compute(r, get(c, to), get(c, 0));
    } else {
        v = compute(r, get(c, 0), source(r));
    }
    if (!fp80_stops(&r->e)) {
        set(c, to, v);
        pops(r);
    }
    return 0;
}

/* FPREM, FSCALE and others of ST(0) and ST(1). */
static uint64_t binary(struct run *r)
{
    struct x86_cpu *c = r->c;
    unsigned op = r->how & 0xff, quotient = 0, to = op >= X87_YL2X;
    bool partial = false, remainder = op == X87_PREM || op == X87_PREM1;
    struct fp80 v = fp80_indefinite;
    if (is_empty(c, 0) || is_empty(c, 1)) {
        stack_fault(r, false);
    } else {
        struct fp80 a = get(c, 0), b = get(c, 1);
        switch (op) {
        case X87_SCALE:
            v = fp80_scale(&r->e, a, b);
            break;
        case X87_YL2X:
            v = fp80_yl2x(&r->e, b, a);
            break;
        case X87_YL2XP1:
            v = fp80_yl2xp1(&r->e, b, a);
            break;
        case X87_PATAN:
            v = fp80_atan(&r->e, b, a);
            break;
        default:
            v = fp80_remainder(&r->e, a, b, op == X87_PREM1, &quotient, &partial);
            break;
        }
    }
    if (remainder)
        set_cc(r, X87_C2, partial ? X87_C2 : 0);
    if (fp80_stops(&r->e))
        return 0;
    set(c, to, v);
    if (to != 0)
        pop(c);
    if (remainder && !(r->e.flags & FP80_IE) && fp80_classify(v) != FP80_NAN) {
        /* C0 C3 C1 are bits 2 1 0 of the quotient */
        set_cc(r, X87_C0 | X87_C3, (quotient & 4 ? X87_C0 : 0) | (quotient & 2 ? X87_C3 : 0));
        r->e.up = quotient & 1;
    }
    return 0;
}

/* ---- arithmetic with one ---- */
static uint64_t unary(struct run *r)
{
    struct x86_cpu *c = r->c;
    struct fp80 v = get(c, 0);
    unsigned op = r->how & 0xff;
    bool in_range = true;
    bool angle = op == X87_SIN || op == X87_COS;
    if (is_empty(c, 0)) {
        if (stack_fault(r, false))
            set(c, 0, fp80_indefinite);
        set_cc(r, angle ? X87_C2 : 0, 0);
        return 0;
    }
    switch (op) {
    case X87_CHS:
        v.se ^= 0x8000;
        break;
    case X87_ABS:
        v.se &= 0x7fff;
        break;
    case X87_SQRT:
        v = fp80_sqrt(&r->e, v);
        break;
    case X87_RNDINT:
        v = fp80_round(&r->e, v);
        break;
    case X87_2XM1:
        v = fp80_2xm1(&r->e, v);
        break;
    case X87_SIN:
        in_range = fp80_sincos(&r->e, v, &v, NULL);
        break;
    default:
        in_range = fp80_sincos(&r->e, v, NULL, &v);
        break;
    }
    if (angle)
        set_cc(r, X87_C2, in_range ? 0 : X87_C2);
    if (!fp80_stops(&r->e))
        set(c, 0, v);
    return 0;
}

/* ST(0) becomes `low` and `high` is pushed: FXTRACT, FSINCOS, FPTAN. */
static uint64_t unary_push(struct run *r)
{
    struct x86_cpu *c = r->c;
    struct fp80 low = fp80_indefinite, high = fp80_indefinite, a = get(c, 0);
    unsigned op = r->how & 0xff;
    bool in_range = true;
    if (is_empty(c, 0) || !is_empty(c, 7)) {
        stack_fault(r, !is_empty(c, 0));
    } else if (op == X87_XTRACT) {
        high = fp80_extract(&r->e, a, &low);
    } else if (op == X87_SINCOS) {
        in_range = fp80_sincos(&r->e, a, &low, &high);
    } else {
        in_range = fp80_tan(&r->e, a, &low);
        high = fp80_classify(low) == FP80_NAN ? low : fp80_one;
    }
    if (op != X87_XTRACT)
        set_cc(r, X87_C2, in_range ? 0 : X87_C2);
    if (in_range && !fp80_stops(&r->e)) {
        set(c, 0, low);
        push(c, high);
    }
    return 0;
}

/* ---- comparison ---- */
static enum fp80_relation related(struct run *r, bool quiet)
{
    if (is_empty(r->c, 0) || source_is_empty(r)) {
        stack_fault(r, false);
        return FP80_UNORDERED;
    }
    return fp80_compare(&r->e, get(r->c, 0), source(r), quiet);
}

/* An unmasked exception leaves C0, C2, C3 alone says SDM volume 2, FCOM; AMD's processors set them
 * all the same. */
static uint64_t report(struct run *r, enum fp80_relation v)
{
    static const uint16_t cc[] = { [FP80_LESS] = X87_C0,
                                   [FP80_EQUAL] = X87_C3,
                                   [FP80_GREATER] = 0,
                                   [FP80_UNORDERED] = X87_C0 | X87_C2 | X87_C3 };
    bool stops = fp80_stops(&r->e);
    if (!stops || is_amd(r))
        set_cc(r, X87_C0 | X87_C2 | X87_C3, cc[v]);
    if (!stops)
        pops(r);
    return 0;
}

static uint64_t compare(struct run *r)
{
    return report(r, related(r, (r->how & 0xff) == X87_UCOM));
}

static uint64_t compare_flags(struct run *r)
{
    static const uint16_t flags[] = { [FP80_LESS] = X86_CF,
                                      [FP80_EQUAL] = X86_ZF,
                                      [FP80_GREATER] = 0,
                                      [FP80_UNORDERED] = X86_CF | X86_PF | X86_ZF };
    enum fp80_relation v = related(r, (r->how & 0xff) == X87_UCOMI);
    if (is_amd(r) && !r->stack_fault)
        keep_c1(r);
    bool stops = fp80_stops(&r->e);
    if (!stops)
        pops(r);
    return stops && !is_amd(r) ? r->value : flags[v];
}

static uint64_t test_zero(struct run *r)
{
    enum fp80_relation v = FP80_UNORDERED;
    if (is_empty(r->c, 0))
        stack_fault(r, false);
    else
        v = fp80_compare(&r->e, get(r->c, 0), fp80_zero, false);
    return report(r, v);
}

/* SDM volume 2, FXAM: C3 C2 C0 are the class, C1 the sign, of empty registers too. */
static uint64_t examine(struct run *r)
{
    struct fp80 v = get(r->c, 0);
    unsigned class = is_empty(r->c, 0) ? FP80_EMPTY : fp80_classify(v);
    set_cc(r, X87_C0 | X87_C2 | X87_C3,
           (class & 1 ? X87_C0 : 0) | (class & 2 ? X87_C2 : 0) | (class & 4 ? X87_C3 : 0));
    r->e.up = v.se >> 15;
    return 0;
}

/* ---- loads ---- */
static struct fp80 loaded(struct run *r)
{
    enum x87_source s = source_of(r->how);
    struct fp80 v = source(r);
    return s == X87_F32 || s == X87_F64 ? fp80_load(&r->e, v) : v;
}

static uint64_t load(struct run *r)
{
    struct fp80 v = fp80_indefinite;
    unsigned op = r->how & 0xff;
    bool underflow = op == X87_LOAD && source_is_empty(r);
    if (underflow || !is_empty(r->c, 7)) {
        stack_fault(r, !underflow);
    } else {
        switch (op) {
        case X87_LOAD:
            v = loaded(r);
            break;
        case X87_LD1:
            v = fp80_one;
            break;
        case X87_LDZ:
            v = fp80_zero;
            break;
        default:
            v = fp80_constant(&r->e, (enum fp80_constant)(op - X87_LDL2T));
            break;
        }
    }
    /* A denormal is there even if its exception is unmasked. */
    if (!(r->e.flags & ~r->e.control & FP80_IE))
        push(r->c, v);
    return 0;
}

/* ---- moves and the stack itself ---- */
static uint64_t exchange(struct run *r)
{
    struct x86_cpu *c = r->c;
    unsigned i = reg_of(r);
    bool e0 = is_empty(c, 0), ei = is_empty(c, i);
    if ((e0 || ei) && !stack_fault(r, false))
        return 0;
    struct fp80 a = e0 ? fp80_indefinite : get(c, 0), b = ei ? fp80_indefinite : get(c, i);
    set(c, 0, b);
    set(c, i, a);
    return 0;
}

/* FST and FSTP to a register. */
static uint64_t copy(struct run *r)
{
    struct fp80 v = get(r->c, 0);
    if (is_empty(r->c, 0)) {
        if (!stack_fault(r, false))
            return 0;
        v = fp80_indefinite;
    }
    set(r->c, reg_of(r), v);
    pops(r);
    return 0;
}

/* D9 D8+i, which the manuals leave blank: FSTP that does not mind an empty ST(0). */
static uint64_t copy_any(struct run *r)
{
    if (!is_empty(r->c, 0))
        set(r->c, reg_of(r), get(r->c, 0));
    pops(r);
    return 0;
}

static uint64_t move_if(struct run *r)
{
    if (is_empty(r->c, 0) || source_is_empty(r)) {
        if (stack_fault(r, false))
            set(r->c, 0, fp80_indefinite);
        return 0;
    }
    keep_c1(r);
    if (r->value)
        set(r->c, 0, get(r->c, reg_of(r)));
    return 0;
}

static uint64_t free_register(struct run *r)
{
    set_empty(r->c, reg_of(r));
    pops(r);
    return 0;
}

static uint64_t rotate(struct run *r)
{
    x87_set_top(r->c, x87_top(r->c) + ((r->how & 0xff) == X87_INCSTP ? 1 : 7));
    return 0;
}

/* ---- stores ---- */
struct x87_store x87_soft_store(const struct x86_cpu *c, uint64_t how)
{
    enum x87_source format = source_of(how);
    struct x87_store s = { .e.control = (uint16_t)c->fcw };
    struct fp80 a = get(c, 0);
    enum fp80_rounding mode =
        (how & 0xff) == X87_STORE_CHOPPED ? FP80_CHOP : (enum fp80_rounding)(c->fcw >> 10 & 3);
    s.underflow = is_empty(c, 0);
    if (s.underflow)
        a = fp80_indefinite;
    switch (format) {
    case X87_F32:
        s.low = fp80_to_f32(&s.e, a);
        s.bytes = 4;
        break;
    case X87_F64:
        s.low = fp80_to_f64(&s.e, a);
        s.bytes = 8;
        break;
    case X87_I16:
        s.low = fp80_to_int(&s.e, a, 16, mode);
        s.bytes = 2;
        break;
    case X87_I32:
        s.low = fp80_to_int(&s.e, a, 32, mode);
        s.bytes = 4;
        break;
    case X87_I64:
        s.low = fp80_to_int(&s.e, a, 64, mode);
        s.bytes = 8;
        break;
    case X87_BCD:
        s.high = fp80_to_bcd(&s.e, a, &s.low);
        s.bytes = 10;
        break;
    default:
        s.low = a.m;
        s.high = a.se;
        s.bytes = 10;
        break;
    }
    if (s.underflow)
        s.e.flags |= FP80_IE;
    if (fp80_stops_store(&s.e)) { /* nothing was rounded then */
        s.bytes = 0;
        s.e.flags &= (uint16_t)~FP80_PE;
        s.e.up = false;
    }
    return s;
}

struct x87_store x87_prepare_store(const struct x86_cpu *c, uint64_t how)
{
    struct x87_store s = { .bytes = 0 };
    return x87_host_store(c, how, &s) ? s : x87_soft_store(c, how);
}

static void commit(struct x86_cpu *c, const struct fp80_env *e, bool stack_fault)
{
    c->fsw =
        (c->fsw & ~(uint64_t)X87_C1) | e->flags | (e->up ? X87_C1 : 0) | (stack_fault ? X87_SF : 0);
    x87_update_pending(c);
}

void x87_stored(struct x86_cpu *c, uint64_t how, const struct x87_store *s)
{
    commit(c, &s->e, s->underflow);
    if (s->bytes != 0 && (how & X87_POP))
        pop(c);
}

/* ---- all ---- */
uint64_t x87_execute(struct x86_cpu *c, uint64_t how, uint64_t value)
{
    uint64_t result;
    return x87_host_execute(c, how, value, &result) ? result : x87_soft_execute(c, how, value);
}

uint64_t x87_soft_execute(struct x86_cpu *c, uint64_t how, uint64_t value)
{
    static run_fn *const fns[X87_OPS] = {
        [X87_ADD] = arithmetic,      [X87_MUL] = arithmetic,     [X87_SUB] = arithmetic,
        [X87_SUBR] = arithmetic,     [X87_DIV] = arithmetic,     [X87_DIVR] = arithmetic,
        [X87_COM] = compare,         [X87_UCOM] = compare,       [X87_COMI] = compare_flags,
        [X87_UCOMI] = compare_flags, [X87_TST] = test_zero,      [X87_XAM] = examine,
        [X87_LOAD] = load,           [X87_LD1] = load,           [X87_LDZ] = load,
        [X87_LDL2T] = load,          [X87_LDL2E] = load,         [X87_LDPI] = load,
        [X87_LDLG2] = load,          [X87_LDLN2] = load,         [X87_CHS] = unary,
        [X87_ABS] = unary,           [X87_SQRT] = unary,         [X87_RNDINT] = unary,
        [X87_2XM1] = unary,          [X87_SIN] = unary,          [X87_COS] = unary,
        [X87_XTRACT] = unary_push,   [X87_SINCOS] = unary_push,  [X87_PTAN] = unary_push,
        [X87_PREM] = binary,         [X87_PREM1] = binary,       [X87_SCALE] = binary,
        [X87_YL2X] = binary,         [X87_YL2XP1] = binary,      [X87_PATAN] = binary,
        [X87_XCH] = exchange,        [X87_COPY] = copy,          [X87_COPY_ANY] = copy_any,
        [X87_CMOV] = move_if,        [X87_FREE] = free_register, [X87_INCSTP] = rotate,
        [X87_DECSTP] = rotate,
    };
    struct run r = { .c = c, .how = how, .value = value, .e.control = (uint16_t)c->fcw };
    run_fn *fn = fns[how & 0xff];
    if (fn == NULL)
        return 0;
    uint64_t result = fn(&r);
    commit(c, &r.e, r.stack_fault);
    return result;
}
