/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Debug triggers: Sdtrig 1.0, "Match Control Type 6 (mcontrol6)" with action 0
 * (breakpoint exception), execute, load and store, all address matches but the
 * masked ones. Not modelled: chains, data values, counts (icount), itrigger and
 * etrigger; their fields and types read as 0 and type 15 (disabled).
 *
 * Off costs nothing: whether a trigger may match now is part of the block key, and
 * only blocks translated under it call the helpers below.
 */
#include "cpu/riscv/translate_impl.h"

#define T_TYPE      63, 60
#define MC6_HIT0    22, 22
#define MC6_SELECT  21, 21
#define MC6_SIZE    18, 16
#define MC6_MATCH   10, 7
#define MC6_M       6, 6
#define MC6_S       4, 4
#define MC6_U       3, 3
#define MC6_EXECUTE 2, 2
#define MC6_STORE   1, 1
#define MC6_LOAD    0, 0
enum { TYPE_MCONTROL6 = 6, TYPE_DISABLED = 15 };
enum { MATCH_EQUAL, MATCH_NAPOT, MATCH_GE, MATCH_LT };

uint64_t rv_tdata1_read(const struct rv_cpu *rv, uint32_t index)
{
    (void)index;
    return rv->tdata1[rv->tselect];
}

void rv_tdata1_write(struct rv_cpu *rv, uint32_t index, uint64_t value)
{
    (void)index;
    uint64_t v = F_PUT(0ull, T_TYPE, TYPE_DISABLED);
    if (F_GET(value, T_TYPE) == TYPE_MCONTROL6) {
        const uint64_t kept = F_MASK(T_TYPE) | F_MASK(MC6_HIT0) | F_MASK(MC6_SIZE) |
                              F_MASK(MC6_MATCH) | F_MASK(MC6_M) | F_MASK(MC6_S) | F_MASK(MC6_U) |
                              F_MASK(MC6_EXECUTE) | F_MASK(MC6_STORE) | F_MASK(MC6_LOAD);
        uint64_t size = F_GET(value, MC6_SIZE);
        v = value & kept;
        if (F_GET(v, MC6_MATCH) > MATCH_LT)
            v = F_PUT(v, MC6_MATCH, MATCH_EQUAL);
        if (size == 4 || size > 5) /* 48 and 128 bits do not occur */
            v = F_PUT(v, MC6_SIZE, 0);
    }
    rv->tdata1[rv->tselect] = v;
    rv_update_mode(rv);
}

uint64_t rv_tdata2_read(const struct rv_cpu *rv, uint32_t index)
{
    (void)index;
    return rv->tdata2[rv->tselect];
}

void rv_tdata2_write(struct rv_cpu *rv, uint32_t index, uint64_t value)
{
    (void)index;
    rv->tdata2[rv->tselect] = value;
}

uint64_t rv_tinfo_read(const struct rv_cpu *rv, uint32_t index)
{
    (void)rv, (void)index;
    return 1ull << 24 | BIT(TYPE_MCONTROL6) | BIT(TYPE_DISABLED); /* version 1 of the tables */
}

void rv_trigger_reset(struct rv_cpu *rv)
{
    for (uint32_t i = 0; i < RV_TRIGGERS; i++) {
        rv->tdata1[i] = F_PUT(0ull, T_TYPE, TYPE_DISABLED);
        rv->tdata2[i] = 0;
    }
}

/*
 * "Native Triggers": action 0 does not fire in M while MIE = 0, nor in S while SIE = 0 if
 * breakpoints are delegated, so that a handler is not interrupted by its own triggers.
 */
static bool armed(const struct rv_cpu *rv, uint64_t tdata1)
{
    if (F_GET(tdata1, T_TYPE) != TYPE_MCONTROL6)
        return false;
    if (rv->priv == RV_M)
        return F_GET(tdata1, MC6_M) && F_GET(rv->mstatus, RV_MSTATUS_MIE);
    if (rv->priv == RV_U)
        return F_GET(tdata1, MC6_U);
    return F_GET(tdata1, MC6_S) &&
           (!(rv->medeleg >> RV_CAUSE_BREAKPOINT & 1) || F_GET(rv->mstatus, RV_MSTATUS_SIE));
}

uint32_t rv_trigger_mode(const struct rv_cpu *rv)
{
    uint32_t mode = 0;
    for (uint32_t i = 0; i < RV_TRIGGERS; i++) {
        uint64_t t = rv->tdata1[i];
        if (!armed(rv, t))
            continue;
        if (F_GET(t, MC6_EXECUTE))
            mode |= RV_MODE_TRIG_FETCH;
        if (F_GET(t, MC6_LOAD) || F_GET(t, MC6_STORE))
            mode |= RV_MODE_TRIG_DATA;
    }
    return mode;
}

static bool matches(uint64_t tdata1, uint64_t tdata2, va_t va, unsigned size)
{
    static const uint8_t bytes[8] = { 0, 1, 2, 4, 0, 8, 0, 0 };
    unsigned want = bytes[F_GET(tdata1, MC6_SIZE)];
    uint64_t last = va + size - 1;
    if (want != 0 && want != size)
        return false;
    switch (F_GET(tdata1, MC6_MATCH)) {
    case MATCH_EQUAL:
        return want != 0 ? tdata2 == va : tdata2 - va < size; /* any byte of the access */
    case MATCH_NAPOT: {
        uint64_t low = tdata2 ^ (tdata2 + 1); /* the trailing ones and the zero above them */
        return (va | low) == (tdata2 | low);
    }
    case MATCH_GE:
        return last >= tdata2;
    default:
        return va < tdata2;
    }
}

static bool fire(struct rv_cpu *rv, va_t va, unsigned size, bool execute, bool load, bool store)
{
    for (uint32_t i = 0; i < RV_TRIGGERS; i++) {
        uint64_t t = rv->tdata1[i];
        bool kind = (execute && F_GET(t, MC6_EXECUTE)) || (load && F_GET(t, MC6_LOAD)) ||
                    (store && F_GET(t, MC6_STORE));
        if (kind && armed(rv, t) && matches(t, rv->tdata2[i], va, size)) {
            rv->tdata1[i] = F_PUT(t, MC6_HIT0, 1);
            rv_raise(rv, RV_CAUSE_BREAKPOINT, va);
            return true;
        }
    }
    return false;
}

/* Helpers: before an instruction at `va` of `size` bytes; before a data access. */
uint64_t rv_helper_trigger_fetch(struct cpu *cpu, uint64_t va, uint64_t size, uint64_t c,
                                 uint64_t d)
{
    (void)c, (void)d;
    return fire(RV_CPU(cpu), va, (unsigned)size, true, false, false);
}

uint64_t rv_helper_trigger_data(struct cpu *cpu, uint64_t va, uint64_t size, uint64_t kind,
                                uint64_t d)
{
    (void)d;
    return fire(RV_CPU(cpu), va, (unsigned)size, false, kind & INSN_MEM_READ,
                kind & INSN_MEM_WRITE);
}
