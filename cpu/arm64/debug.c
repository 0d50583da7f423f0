/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Self-hosted debug (Arm ARM, D2): breakpoints, watchpoints, software step. Translated code
 * asks only in modes in which something may match; these are chosen here.
 *
 * Software step: a stepped instruction is a block of its own. PSTATE.SS is cleared when it
 * starts, with `stepping` set; an exception that keeps it from completing puts SS back
 * (SSAdvance happens when an instruction completes); the next block finds SS = 0 and raises.
 */
#include "core/util/bits.h"
#include "cpu/arm64/bits.h"
#include "cpu/arm64/translate_impl.h"

enum { MDSCR_SS = 1, MDSCR_KDE = 1 << 13, MDSCR_MDE = 1 << 15 };

/* DebugTarget(): EL2 by MDCR_EL2.TDE or HCR_EL2.TGE */
static unsigned debug_target(const struct a64_cpu *a)
{
    return a64_el2_enabled(a) && ((a->mdcr_el2 & A64_MDCR_TDE) || (a->hcr_el2 & A64_HCR_TGE)) ? 2 : 1;
}

unsigned a64_debug_target(const struct a64_cpu *a)
{
    return a->el >= 2 ? (unsigned)a->el : debug_target(a);
}

/* OSLAR_EL1 and DoubleLockStatus() */
static bool is_locked(const struct a64_cpu *a)
{
    return (a->oslsr & 1) || ((a->osdlr_el1 & 1) && !(a->dbgprcr_el1 & 1));
}

/* AArch64.GenerateDebugExceptionsFrom() */
static bool enabled_from(const struct a64_cpu *a, unsigned from, bool masked)
{
    unsigned target = debug_target(a);
    if (is_locked(a))
        return false;
    bool secure = from == 3 || a64_secure_below_el3(a);
    if (a64_cpu_has(a, A64_F_EL3) && secure && (a->mdcr_el3 & A64_MDCR_SDD))
        return false;
    if (from == target)
        return (a->mdscr_el1 & MDSCR_KDE) && !masked;
    return target > from;
}

static bool enabled_now(const struct a64_cpu *a)
{
    return enabled_from(a, (unsigned)a->el, a->daif & A64_PS_D);
}

/* ---- software step ---- */
uint64_t a64_debug_return_ss(const struct a64_cpu *a, uint64_t spsr, bool illegal)
{
    if (!(a->mdscr_el1 & MDSCR_SS))
        return 0;
    unsigned to = illegal ? (unsigned)a->el : spsr & A64_PS_NRW ? 0 : spsr >> 2 & 3;
    bool masked = !(to == 0 && (spsr & A64_PS_NRW)) && (spsr & A64_PS_D);
    return !enabled_now(a) && enabled_from(a, to, masked) ? A64_BIT(spsr, 21) : 0;
}

uint64_t a64_helper_step(struct cpu *cpu, uint64_t exclusive, uint64_t b, uint64_t c, uint64_t d)
{
    struct a64_cpu *a = A64_CPU(cpu);
    (void)b, (void)c, (void)d;
    if (a->ss) {
        a->ss = 0;
        a->stepping = exclusive ? 3 : 1;
        return 0;
    }
    uint64_t iss = 0x22 | (a->stepping ? 1u << 24 : 0) | (a->stepping & 2 ? 1u << 6 : 0); /* ISV, EX */
    a->stepping = 0;
    a64_raise(a, a64_debug_target(a), A64_ESR(A64_EC_STEP, iss));
    return 0;
}

/* ---- what breakpoints and watchpoints have in common: D2.8.4, AArch64.StateMatch ---- */
static bool state_matches(const struct a64_cpu *a, uint64_t control, unsigned el)
{
    unsigned ssc = control >> 14 & 3, hmc = control >> 13 & 1, pxc = control >> 1 & 3;
    bool secure = el == 3 || a64_secure_below_el3(a), match;
    switch (el) {
    case 3: match = hmc == 1 && !(ssc & 1); break;
    case 2: match = (hmc == 1 && (ssc << 2 | pxc) != 8) || ssc == 3; break;
    case 1: match = pxc & 1; break;
    default: match = pxc & 2;
    }
    return match && (ssc == 0 || (ssc == 1 && !secure) || (ssc == 2 && secure) ||
                     (ssc == 3 && (hmc == 1 || secure)));
}

static unsigned n_breakpoints(const struct a64_cpu *a)
{
    return 1 + (a->config->id[A64_ID_DFR0] >> 12 & 15);
}

static unsigned n_watchpoints(const struct a64_cpu *a)
{
    return 1 + (a->config->id[A64_ID_DFR0] >> 20 & 15);
}

/* ELIsInHost(PSTATE.EL) */
static bool in_host(const struct a64_cpu *a)
{
    return a->el == 2 ? a64_e2h(a) : a->el == 0 && a64_host(a);
}

/*
 * Context breakpoints, D2.8.3, AArch64.BreakpointValueMatch: DBGBCR.BT<3:1> says what of
 * CONTEXTIDR_EL1, CONTEXTIDR_EL2 and the VMID the two halves of DBGBVR are compared with.
 */
static bool context_matches(const struct a64_cpu *a, unsigned n, bool linked)
{
    uint64_t control = a->dbgbcr[n], value = a->dbgbvr[n];
    unsigned type = control >> 20 & 15, aware = 1 + (a->config->id[A64_ID_DFR0] >> 28 & 15); /* CTX_CMPs */
    if (!(control & 1) || (type & 1) != linked || n + aware < n_breakpoints(a)) /* only the last are */
        return false;
    bool host = in_host(a), guest = a->el < 2 && !host, vmid16 = a->vtcr_el2 >> 19 & 1;
    bool id1 = guest && (uint32_t)value == (uint32_t)a->contextidr[1];
    bool id2 = a->el != 3 && a64_el2_enabled(a) && value >> 32 == (uint32_t)a->contextidr[2];
    bool vmid = guest && a64_el2_enabled(a) &&
                (value >> 32 & (vmid16 ? 0xffff : 0xff)) == (a64_vmid(a) & 0xffff);
    switch (type >> 1) {
    case 1: return host ? a->el != 3 && (uint32_t)value == (uint32_t)a->contextidr[2] : id1;
    case 3: return id1;
    case 4: return vmid;
    case 5: return id1 && vmid;
    case 6: return id2;
    case 7: return id1 && id2;
    default: return false;
    }
}

static bool link_matches(const struct a64_cpu *a, uint64_t control)
{
    unsigned n = control >> 16 & 15;
    return n < n_breakpoints(a) && context_matches(a, n, true);
}

/*
 * DBGBVR as a sign-extended address of 53 bits, and DBGBCR.BAS, which chooses a halfword of T32 where EL0 may
 * use AArch32 and is RES1 elsewhere. BAS = 0xf names the first halfword only.
 */
static bool address_matches(const struct a64_cpu *a, unsigned n, va_t pc)
{
    unsigned bas = a64_cpu_has(a, A64_F_A32EL0) ? a->dbgbcr[n] >> 5 & 15 : 15;
    bool selected = bas == 15 ? !(pc & 2) : bas >> (pc & 2) & 1;
    return selected && sext(a->dbgbvr[n] & ~3ull, 53) == sext(pc & ~3ull, 53);
}

static bool breakpoint_matches(const struct a64_cpu *a, unsigned n, va_t pc)
{
    uint64_t control = a->dbgbcr[n];
    unsigned type = control >> 20 & 15;
    if (!(control & 1) || !state_matches(a, control, (unsigned)a->el))
        return false;
    if (type <= 1)
        return address_matches(a, n, pc) && (type == 0 || link_matches(a, control));
    return !(type & 1) && context_matches(a, n, false);
}

uint32_t a64_debug_mode(const struct a64_cpu *a)
{
    uint32_t mode = 0;
    if (LIKELY(!(a->mdscr_el1 & (MDSCR_SS | MDSCR_MDE))) || !enabled_now(a))
        return 0;
    if (a->mdscr_el1 & MDSCR_SS)
        mode |= A64_MODE_STEP;
    if (!(a->mdscr_el1 & MDSCR_MDE))
        return mode;
    for (unsigned n = 0; n < n_breakpoints(a); n++)
        if (a->dbgbcr[n] & 1)
            mode |= A64_MODE_BREAK;
    for (unsigned n = 0; n < n_watchpoints(a); n++)
        if (a->dbgwcr[n] & 1)
            mode |= A64_MODE_WATCH;
    return mode;
}

uint64_t a64_helper_breakpoint(struct cpu *cpu, uint64_t pc, uint64_t b, uint64_t c, uint64_t d)
{
    struct a64_cpu *a = A64_CPU(cpu);
    (void)b, (void)c, (void)d;
    for (unsigned n = 0; n < n_breakpoints(a); n++)
        if (breakpoint_matches(a, n, pc)) {
            a64_raise(a, a64_debug_target(a), A64_ESR(A64_EC_BREAK, 0x22));
            break;
        }
    return 0;
}

/* ---- watchpoints: D2.9.4, AArch64.WatchpointByteMatch ---- */
/* Offset of the first byte of [va, va + size) that watchpoint n watches; false: none. Tags do not count. */
static bool bytes_match(const struct a64_cpu *a, unsigned n, va_t tagged, uint64_t size, uint64_t *first)
{
    uint64_t control = a->dbgwcr[n], value = sext(a->dbgwvr[n], 53), va = sext(tagged, 53);
    unsigned mask = control >> 24 & 31, bas = control >> 5 & 0xff, bottom = value & 4 ? 2 : 3;
    va_t last = va + size - 1;
    if (mask > 2) { /* a naturally aligned range */
        va_t from = value & ~((1ull << mask) - 1), to = from + (1ull << mask) - 1;
        if (va > to || last < from)
            return false;
        *first = va < from ? from - va : 0;
        return true;
    }
    for (unsigned i = 0; i < (1u << bottom); i++) {
        va_t byte = (value & ~((1ull << bottom) - 1)) + i;
        if ((bas >> i & 1) && byte - va < size) {
            *first = byte - va;
            return true;
        }
    }
    return false;
}

/* An alignment fault that does not follow from the memory's type comes first (D1.3.5.6). */
static bool will_fault_misaligned(const struct a64_cpu *a, va_t va, uint64_t size, uint64_t kind)
{
    uint64_t element = kind >> A64_ACCESS_ELEMENT;
    if ((va & ((element != 0 ? element : size) - 1)) == 0)
        return false;
    if ((kind & A64_ACCESS_ALIGNED) || (a->mode & A64_MODE_ALIGN))
        return true;
    return (kind & (A64_ACCESS_ATOMIC | A64_ACCESS_ORDERED)) &&
           !a64_allows_misaligned(&a->cpu, va, (unsigned)size, kind & A64_ACCESS_ORDERED);
}

static bool translates(struct a64_cpu *a, va_t va, uint64_t size, bool store, bool user)
{
    struct mmu_a64_result res;
    enum cpu_access access = store ? CPU_STORE : CPU_LOAD;
    return a64_walk_data(a, va, access, user, &res) &&
           ((va ^ (va + size - 1)) < MEM_PAGE || a64_walk_data(a, va + size - 1, access, user, &res));
}

uint64_t a64_helper_watch(struct cpu *cpu, uint64_t va, uint64_t size, uint64_t kind, uint64_t d)
{
    struct a64_cpu *a = A64_CPU(cpu);
    bool store = kind & INSN_MEM_WRITE, load = kind & INSN_MEM_READ;
    unsigned el = (kind & A64_ACCESS_UNPRIV) && (a->mode & A64_MODE_UNPRIV) ? 0 : (unsigned)a->el;
    (void)d;
    for (unsigned n = 0; n < n_watchpoints(a); n++) {
        uint64_t control = a->dbgwcr[n], first;
        unsigned lsc = control >> 3 & 3;
        if (!(control & 1) || !((load && (lsc & 1)) || (store && (lsc & 2))) ||
            !state_matches(a, control, el) || !bytes_match(a, n, va, size, &first) ||
            ((control >> 20 & 1) && !link_matches(a, control)))
            continue;
        if (will_fault_misaligned(a, va, size, kind) || !translates(a, va, size, store, el == 0))
            break; /* these come first; the one is raised by the access, the other is */
        /* WnR of a read-modify-write: 0 if the read alone would have matched */
        uint64_t iss = 0x22 | (store && (lsc & 2) && !(load && (lsc & 1)) ? 1u << 6 : 0) |
                       (kind & A64_ACCESS_MAINTENANCE ? 1u << 8 : 0);
        a64_raise_at(a, a64_debug_target(a), A64_ESR(A64_EC_WATCH, iss), va + first, NULL);
        break;
    }
    return 0;
}
