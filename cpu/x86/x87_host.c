/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The common x87 instructions by the host's own x87, where it has one and all exceptions are masked: then it does what the
 * guest's would, with the guest's precision and rounding. Results and flags are those of fp80.c, bit for bit
 * (test/cpu/x86/x87.c).
 *
 * The host's exception flags are left standing, for clearing them is slow: they tell something only when one comes that
 * the guest does not have yet. Then they are cleared and the operation is done again.
 */
#include "cpu/x86/x87_op.h"
#include "core/util/bits.h"
#include <string.h>

#if defined(__x86_64__)

/* A register as memory has it: ten bytes are read and written. The rest of its sixteen is 0 and stays so. */
struct cell {
    long double v;
} __attribute__((packed, may_alias));

enum { USUAL_CONTROL = 0x37f, PRECISION_ROUNDING = 0xf00, PRECISION = 0x300, PRECISION_RESERVED = 0x100,
       ROUND_CHOP = 0xc00 };

static struct cell *cell(struct x86_cpu *c, unsigned i)
{
    return (struct cell *)(void *)&c->st[x87_phys(c, i)];
}

static bool has(const struct x86_cpu *c, unsigned i)
{
    return c->ftw >> x87_phys(c, i) & 1;
}

static void set_control(uint64_t fcw)
{
    uint16_t word = (uint16_t)((fcw & PRECISION_ROUNDING) | (USUAL_CONTROL & ~PRECISION_ROUNDING));
    __asm__ volatile("fldcw %0" : : "m"(word) : "memory");
}

/* The status word behind what made `v`. */
#define STATUS(sw, v) __asm__ volatile("fnstsw %0" : "=a"(sw), "+t"(v))

static void clear_flags(void)
{
    __asm__ volatile("fnclex");
}

/* C1 and the exceptions of `sw`, and no other bits of the status word but those that `clear` says. */
static void commit(struct x86_cpu *c, uint16_t sw, uint64_t clear)
{
    c->fsw = (c->fsw & ~(clear | X87_C1)) | (sw & (clear | X87_C1 | FP80_ALL));
}

static bool is_new(const struct x86_cpu *c, uint16_t sw)
{
    return sw & FP80_ALL & ~c->fsw;
}

static void pops(struct x86_cpu *c, uint64_t how)
{
    for (unsigned n = how & X87_POP2 ? 2 : how & X87_POP ? 1 : 0; n != 0; n--) {
        c->ftw &= ~(1ull << x87_top(c));
        x87_set_top(c, x87_top(c) + 1);
    }
}

/* ---- operands ---- */

/* Neither subnormal, infinite nor NaN: loading it raises nothing. */
static bool is_plain(uint64_t v, unsigned fraction, unsigned exponent)
{
    uint64_t most = BIT(exponent) - 1, e = v >> fraction & most;
    return (e != 0 && e != most) || (v & (BIT(fraction + exponent) - 1)) == 0;
}

/* Inline, here and below: passed through memory, ten bytes cost more than the arithmetic. */
#define AT_HAND static inline __attribute__((always_inline))
AT_HAND bool source(struct x86_cpu *c, uint64_t how, uint64_t value, long double *v)
{
    unsigned i = (unsigned)(how >> X87_I_SHIFT) & 7;
    float f;
    double d;
    switch (how >> X87_SOURCE_SHIFT & 15) {
    case X87_FROM_ST:
        *v = cell(c, i)->v;
        return has(c, i);
    case X87_F32:
        memcpy(&f, &value, sizeof(f));
        *v = (long double)f;
        return is_plain((uint32_t)value, 23, 8);
    case X87_F64:
        memcpy(&d, &value, sizeof(d));
        *v = (long double)d;
        return is_plain(value, 52, 11);
    case X87_I16:
        *v = (long double)(int16_t)value;
        return true;
    case X87_I32:
        *v = (long double)(int32_t)value;
        return true;
    case X87_I64:
        *v = (long double)(int64_t)value;
        return true;
    default:
        return false;
    }
}

/* ---- arithmetic ---- */

AT_HAND long double compute(unsigned op, long double to, long double from, uint16_t *sw)
{
    long double r = to;
    switch (op) {
    case X87_ADD: r = to + from; break;
    case X87_MUL: r = to * from; break;
    case X87_SUB: r = to - from; break;
    case X87_SUBR: r = from - to; break;
    case X87_DIV: r = to / from; break;
    case X87_DIVR: r = from / to; break;
    case X87_SQRT: __asm__ volatile("fsqrt" : "+t"(r)); break;
    default: __asm__ volatile("frndint" : "+t"(r)); break;
    }
    STATUS(*sw, r);
    return r;
}

/* The flags of this operation alone. */
static __attribute__((noinline)) uint16_t flags_alone(unsigned op, const struct cell *to, long double from)
{
    uint16_t sw;
    clear_flags();
    (void)compute(op, to->v, from, &sw);
    return sw;
}

static bool arithmetic(struct x86_cpu *c, uint64_t how, uint64_t value)
{
    unsigned i = (unsigned)(how >> X87_I_SHIFT) & 7;
    struct cell *to = cell(c, how & X87_TO_I ? i : 0);
    long double from;
    uint16_t sw;
    if (!has(c, 0) || !source(c, how, value, &from))
        return false;
    if (how & X87_TO_I)
        from = cell(c, 0)->v;
    long double r = compute(how & 0xff, to->v, from, &sw);
    if (UNLIKELY(is_new(c, sw)))
        sw = flags_alone(how & 0xff, to, from);
    to->v = r;
    commit(c, sw, 0);
    pops(c, how);
    return true;
}

static bool unary(struct x86_cpu *c, uint64_t how)
{
    struct cell *to = cell(c, 0);
    uint16_t sw;
    if (!has(c, 0))
        return false;
    long double r = compute(how & 0xff, to->v, 0, &sw);
    if (UNLIKELY(is_new(c, sw)))
        sw = flags_alone(how & 0xff, to, 0);
    to->v = r;
    commit(c, sw, 0);
    return true;
}

/* CHS, ABS: C1 is cleared. */
static bool sign(struct x86_cpu *c, uint64_t how)
{
    struct cell *to = cell(c, 0);
    if (!has(c, 0))
        return false;
    long double r = to->v;
    if ((how & 0xff) == X87_CHS)
        __asm__("fchs" : "+t"(r));
    else
        __asm__("fabs" : "+t"(r));
    to->v = r;
    c->fsw &= ~(uint64_t)X87_C1;
    return true;
}

/* ---- comparison ---- */

AT_HAND uint16_t related(long double a, long double b, bool quiet)
{
    uint16_t sw;
    if (quiet)
        __asm__ volatile("fucom %2\n\tfnstsw %0" : "=a"(sw) : "t"(a), "u"(b));
    else
        __asm__ volatile("fcom %2\n\tfnstsw %0" : "=a"(sw) : "t"(a), "u"(b));
    return sw;
}

static bool compare(struct x86_cpu *c, uint64_t how, uint64_t value, uint64_t *result)
{
    unsigned op = how & 0xff;
    bool quiet = op == X87_UCOM || op == X87_UCOMI, to_flags = op == X87_COMI || op == X87_UCOMI;
    long double a = cell(c, 0)->v, b = 0;
    if (!has(c, 0) || (op != X87_TST && !source(c, how, value, &b)))
        return false;
    uint16_t sw = related(a, b, quiet);
    if (UNLIKELY(is_new(c, sw))) {
        clear_flags();
        sw = related(a, b, quiet);
    }
    if (to_flags) {
        *result = (sw & X87_C0 ? X86_CF : 0u) | (sw & X87_C2 ? X86_PF : 0u) | (sw & X87_C3 ? X86_ZF : 0u);
        if (c->config->vendor == X86_AMD) /* C1 stays */
            sw = (uint16_t)((sw & ~(unsigned)X87_C1) | (c->fsw & X87_C1));
    }
    commit(c, sw, to_flags ? 0 : X87_C0 | X87_C2 | X87_C3);
    pops(c, how);
    return true;
}

/* ---- moves ---- */

static bool load(struct x86_cpu *c, uint64_t how, uint64_t value)
{
    long double v = 0;
    bool ten = (how >> X87_SOURCE_SHIFT & 15) == X87_F80;
    if (has(c, 7))
        return false;
    if ((how & 0xff) == X87_LD1)
        v = 1;
    else if ((how & 0xff) == X87_LOAD && !ten && !source(c, how, value, &v))
        return false;
    x87_set_top(c, x87_top(c) + 7);
    unsigned n = x87_top(c);
    if (ten) {
        c->st[n].m = value;
        c->st[n].se = how >> X87_HIGH_SHIFT;
    } else {
        cell(c, 0)->v = v;
    }
    c->ftw |= 1u << n;
    c->fsw &= ~(uint64_t)X87_C1;
    return true;
}

static bool exchange(struct x86_cpu *c, uint64_t how)
{
    unsigned i = (unsigned)(how >> X87_I_SHIFT) & 7;
    struct cell *a = cell(c, 0), *b = cell(c, i);
    if (!has(c, 0) || !has(c, i))
        return false;
    long double v = a->v;
    a->v = b->v;
    b->v = v;
    c->fsw &= ~(uint64_t)X87_C1;
    return true;
}

static bool copy(struct x86_cpu *c, uint64_t how)
{
    unsigned i = (unsigned)(how >> X87_I_SHIFT) & 7;
    if (!has(c, 0))
        return false;
    cell(c, i)->v = cell(c, 0)->v;
    c->ftw |= 1ull << x87_phys(c, i);
    c->fsw &= ~(uint64_t)X87_C1;
    pops(c, how);
    return true;
}

static bool execute(struct x86_cpu *c, uint64_t how, uint64_t value, uint64_t *result)
{
    switch (how & 0xff) {
    case X87_ADD:
    case X87_MUL:
    case X87_SUB:
    case X87_SUBR:
    case X87_DIV:
    case X87_DIVR:
        return arithmetic(c, how, value);
    case X87_SQRT:
    case X87_RNDINT:
        return unary(c, how);
    case X87_CHS:
    case X87_ABS:
        return sign(c, how);
    case X87_COM:
    case X87_UCOM:
    case X87_COMI:
    case X87_UCOMI:
    case X87_TST:
        return compare(c, how, value, result);
    case X87_LOAD:
    case X87_LD1:
    case X87_LDZ:
        return load(c, how, value);
    case X87_XCH:
        return exchange(c, how);
    case X87_COPY:
        return copy(c, how);
    default:
        return false;
    }
}

bool x87_host_execute(struct x86_cpu *c, uint64_t how, uint64_t value, uint64_t *result)
{
    *result = 0;
    if (UNLIKELY((c->fcw & (FP80_ALL | PRECISION_ROUNDING)) != (FP80_ALL | PRECISION))) {
        if ((c->fcw & FP80_ALL) != FP80_ALL || (c->fcw & PRECISION) == PRECISION_RESERVED)
            return false;
        set_control(c->fcw);
        bool done = execute(c, how, value, result);
        set_control(USUAL_CONTROL);
        return done;
    }
    return execute(c, how, value, result);
}

/* ---- stores ---- */

AT_HAND uint16_t convert(enum x87_source format, long double a, uint64_t *bytes)
{
    uint16_t sw;
    float f;
    double d;
    int16_t h;
    int32_t w;
    int64_t q;
    switch (format) {
    case X87_F32:
        __asm__ volatile("fsts %1\n\tfnstsw %0" : "=a"(sw), "=m"(f) : "t"(a));
        *bytes = 0;
        memcpy(bytes, &f, sizeof(f));
        break;
    case X87_F64:
        __asm__ volatile("fstl %1\n\tfnstsw %0" : "=a"(sw), "=m"(d) : "t"(a));
        memcpy(bytes, &d, sizeof(d));
        break;
    case X87_I16:
        __asm__ volatile("fists %1\n\tfnstsw %0" : "=a"(sw), "=m"(h) : "t"(a));
        *bytes = (uint16_t)h;
        break;
    case X87_I32:
        __asm__ volatile("fistl %1\n\tfnstsw %0" : "=a"(sw), "=m"(w) : "t"(a));
        *bytes = (uint32_t)w;
        break;
    default:
        __asm__ volatile("fistpll %1\n\tfnstsw %0" : "=a"(sw), "=m"(q) : "t"(a) : "st");
        *bytes = (uint64_t)q;
        break;
    }
    return sw;
}

bool x87_host_store(const struct x86_cpu *c, uint64_t how, struct x87_store *s)
{
    static const uint8_t size[] = { [X87_F32] = 4, [X87_F64] = 8, [X87_I16] = 2, [X87_I32] = 4, [X87_I64] = 8 };
    enum x87_source format = (enum x87_source)(how >> X87_SOURCE_SHIFT & 15);
    uint64_t control = c->fcw | ((how & 0xff) == X87_STORE_CHOPPED ? ROUND_CHOP : 0);
    bool usual = (control & PRECISION_ROUNDING) == PRECISION;
    if (format == X87_F80 || format == X87_BCD || (c->fcw & FP80_ALL) != FP80_ALL || !(c->ftw >> x87_top(c) & 1))
        return false;
    const struct cell *a = (const struct cell *)(const void *)&c->st[x87_top(c)];
    if (!usual)
        set_control(control);
    uint16_t sw = convert(format, a->v, &s->low);
    if (is_new(c, sw)) {
        clear_flags();
        sw = convert(format, a->v, &s->low);
    }
    if (!usual)
        set_control(USUAL_CONTROL);
    s->bytes = size[format];
    s->e.flags = sw & FP80_ALL;
    s->e.up = sw & X87_C1;
    return true;
}

#else

bool x87_host_execute(struct x86_cpu *c, uint64_t how, uint64_t value, uint64_t *result)
{
    (void)c, (void)how, (void)value, (void)result;
    return false;
}

bool x87_host_store(const struct x86_cpu *c, uint64_t how, struct x87_store *s)
{
    (void)c, (void)how, (void)s;
    return false;
}

#endif
