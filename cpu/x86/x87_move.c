/* SPDX-License-Identifier: Apache-2.0 */
/* x87 loads, stores and moves between registers: SDM volume 1, 8.1.2, 8.3.3; volume 2. Conversions are fp80's. */
#include "cpu/x86/x87_run.h"

/* ---- loads ---- */
static struct fp80 loaded(struct run *r)
{
    enum x87_source s = x87_source_of(r->how);
    struct fp80 v = x87_operand(r);
    return s == X87_F32 || s == X87_F64 ? fp80_load(&r->e, v) : v;
}

uint64_t x87_run_load(struct run *r)
{
    struct fp80 v = fp80_indefinite;
    unsigned op = r->how & 0xff;
    bool underflow = op == X87_LOAD && x87_source_is_empty(r);
    if (underflow || !x87_is_empty(r->c, 7)) {
        x87_stack_fault(r, !underflow);
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
        x87_push(r->c, v);
    return 0;
}

/* ---- moves and the stack itself ---- */
uint64_t x87_run_exchange(struct run *r)
{
    struct x86_cpu *c = r->c;
    unsigned i = x87_reg_of(r);
    bool e0 = x87_is_empty(c, 0), ei = x87_is_empty(c, i);
    if ((e0 || ei) && !x87_stack_fault(r, false))
        return 0;
    struct fp80 a = e0 ? fp80_indefinite : x87_get(c, 0), b = ei ? fp80_indefinite : x87_get(c, i);
    x87_set(c, 0, b);
    x87_set(c, i, a);
    return 0;
}

/* FST and FSTP to a register. */
uint64_t x87_run_copy(struct run *r)
{
    struct fp80 v = x87_get(r->c, 0);
    if (x87_is_empty(r->c, 0)) {
        if (!x87_stack_fault(r, false))
            return 0;
        v = fp80_indefinite;
    }
    x87_set(r->c, x87_reg_of(r), v);
    x87_pops(r);
    return 0;
}

/* D9 D8+i, which the manuals leave blank: FSTP that does not mind an empty ST(0). */
uint64_t x87_run_copy_any(struct run *r)
{
    if (!x87_is_empty(r->c, 0))
        x87_set(r->c, x87_reg_of(r), x87_get(r->c, 0));
    x87_pops(r);
    return 0;
}

uint64_t x87_run_move_if(struct run *r)
{
    if (x87_is_empty(r->c, 0) || x87_source_is_empty(r)) {
        if (x87_stack_fault(r, false))
            x87_set(r->c, 0, fp80_indefinite);
        return 0;
    }
    x87_keep_c1(r);
    if (r->value)
        x87_set(r->c, 0, x87_get(r->c, x87_reg_of(r)));
    return 0;
}

uint64_t x87_run_free(struct run *r)
{
    x87_set_empty(r->c, x87_reg_of(r));
    x87_pops(r);
    return 0;
}

uint64_t x87_run_rotate(struct run *r)
{
    x87_set_top(r->c, x87_top(r->c) + ((r->how & 0xff) == X87_INCSTP ? 1 : 7));
    return 0;
}

/* ---- stores ---- */
struct x87_store x87_soft_store(const struct x86_cpu *c, uint64_t how)
{
    enum x87_source format = x87_source_of(how);
    struct x87_store s = { .e.control = (uint16_t)c->fcw };
    struct fp80 a = x87_get(c, 0);
    enum fp80_rounding mode =
        (how & 0xff) == X87_STORE_CHOPPED ? FP80_CHOP : (enum fp80_rounding)(c->fcw >> 10 & 3);
    s.underflow = x87_is_empty(c, 0);
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

void x87_stored(struct x86_cpu *c, uint64_t how, const struct x87_store *s)
{
    x87_commit(c, &s->e, s->underflow);
    if (s->bytes != 0 && (how & X87_POP))
        x87_pop(c);
}
