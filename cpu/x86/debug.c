/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Debug registers and breakpoints: SDM volume 3, 18.2, 18.3, 18.4.4 (BTF).
 *
 * Breakpoints on data are the software TLB's business: their pages are never entered, so an access
 * to one of them comes through a slow path, and x86_watched hears of it before it is done. The trap
 * belongs behind the instruction, and blocks end where they end; so the instruction is begun anew
 * as a block of its own (X86_WATCH_WANTED), in which hits are noted (X86_WATCH_NOTES) and taken at
 * its end. Nothing is paid for by code that keeps away from those pages.
 */
#include "core/util/bits.h"
#include "cpu/x86/bits.h"
#include "cpu/x86/translate_impl.h"
#include "mmu/tlb.h"

enum { RW_CODE, RW_WRITE, RW_IO, RW_ANY };

static bool is_enabled(const struct x86_cpu *c, unsigned n)
{
    return c->dr[7] >> (2 * n) & 3;
}

static unsigned rw(const struct x86_cpu *c, unsigned n)
{
    return c->dr[7] >> (16 + 4 * n) & 3;
}

static unsigned length(const struct x86_cpu *c, unsigned n)
{
    static const uint8_t bytes[] = { 1, 2, 8, 4 };
    return bytes[c->dr[7] >> (18 + 4 * n) & 3];
}

/* The low bits of its address that a breakpoint's length covers mean nothing. */
static va_t start_of(const struct x86_cpu *c, unsigned n)
{
    return c->dr[n] & ~(va_t)(length(c, n) - 1);
}

uint32_t x86_debug_mode(const struct x86_cpu *c)
{
    uint32_t m = c->watch == X86_WATCH_WANTED ? X86_MODE_WATCH : 0;
    for (unsigned n = 0; n < 4 && (c->dr[7] & 0xff) != 0; n++) /* mostly none is: this is asked often */
        if (is_enabled(c, n) && rw(c, n) == RW_CODE)
            m |= X86_MODE_BREAK;
    return m;
}

void x86_debug_changed(struct x86_cpu *c)
{
    struct mmu_watch w[4];
    uint32_t used = 0;
    c->watched_dr7 = c->dr[7];
    for (unsigned n = 0; n < 4; n++)
        if (is_enabled(c, n) && (rw(c, n) & 1))
            w[used++] = (struct mmu_watch){ .addr = start_of(c, n),
                                            .size = length(c, n),
                                            .load = rw(c, n) == RW_ANY,
                                            .store = true };
    mmu_set_cpu_watches(&c->cpu, w, used);
}

/* DR6 bits of the breakpoints whose kind is in `kinds` (a bit each) that touch [va, va + size). */
static uint64_t hits(const struct x86_cpu *c, va_t va, uint64_t size, unsigned kinds)
{
    uint64_t found = 0;
    bool any = false;
    for (unsigned n = 0; n < 4; n++) {
        unsigned bytes = rw(c, n) == RW_CODE ? 1 : length(c, n);
        va_t at = rw(c, n) == RW_CODE ? c->dr[n] : start_of(c, n);
        if (!(kinds >> rw(c, n) & 1) || !(at - va < size || va - at < bytes))
            continue;
        found |= 1ull << n;
        any |= is_enabled(c, n);
    }
    return any ? found : 0; /* those that are not enabled are reported along with others */
}

/* Intel has none behind MOV SS and POP SS (SDM 7.8.3). */
uint64_t x86_helper_code_break(struct cpu *cpu, uint64_t pc, uint64_t b, uint64_t c0, uint64_t d)
{
    struct x86_cpu *c = X86_CPU(cpu);
    (void)b, (void)c0, (void)d;
    uint64_t bits = hits(c, x86_code64(c) ? pc : (uint32_t)pc, 1, 1u << RW_CODE);
    if (c->repeating != 0 && x86_same_pc(c, ~c->repeating, pc)) /* it began before: RF is 1 until its end */
        return 0;
    if (bits != 0 && (c->shadow != X86_SHADOW_SS || c->config->vendor == X86_AMD))
        cpu_raise(cpu, X86_DB, 0, bits, 0);
    return 0;
}

static void note(struct x86_cpu *c, uint64_t bits)
{
    if (bits == 0)
        return;
    c->pending_db |= bits;
    cpu_kick(&c->cpu);
}

bool x86_watched(struct cpu *cpu, va_t va, unsigned size, bool store)
{
    struct x86_cpu *c = X86_CPU(cpu);
    if (c->watch != X86_WATCH_NOTES) {
        cpu_raise(cpu, X86_CAUSE_WATCH, 0, 0, 0);
        return false;
    }
    note(c, hits(c, va, size, 1u << RW_ANY | (store ? 1u << RW_WRITE : 0)));
    return true;
}

uint64_t x86_helper_begin_watch(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    (void)a, (void)b, (void)c, (void)d;
    X86_CPU(cpu)->watch = X86_WATCH_NOTES;
    cpu_kick(cpu);
    return 0;
}

void x86_watch_port(struct x86_cpu *c, uint64_t port, unsigned bytes)
{
    if (UNLIKELY(c->dr[7] & 0xff) && (c->cr4 & X86_CR4_DE))
        note(c, hits(c, port, bytes, 1u << RW_IO));
}

/*
 * An instruction begins under LBR or TF. If TF was set #DB is due at its end (SDM 18.3.1.4), under
 * BTF only if it branched: `how` is X86_FAR_BRANCH or its enum insn_branch, `next` where it would go
 * on otherwise.
 */
uint64_t x86_helper_single_step(struct cpu *cpu, uint64_t next, uint64_t how, uint64_t at,
                                uint64_t d)
{
    struct x86_cpu *c = X86_CPU(cpu);
    (void)d;
    if (how != INSN_NO_BRANCH && (c->debugctl & X86_DEBUGCTL_LBR)) {
        x86_branch_begins(c, at, next, (unsigned)how);
        cpu_kick(cpu);
    }
    if (!(c->rflags & X86_TF))
        return 0;
    if (!(c->debugctl & X86_DEBUGCTL_BTF) || (how != INSN_NO_BRANCH && how != INSN_COND)) {
        c->pending_db |= X86_DR6_BS;
        c->step_over = 0;
    } else if (how == INSN_COND) {
        c->pending_db |= X86_DR6_BS;
        c->step_over = next;
    }
    cpu_kick(cpu);
    return 0;
}

uint64_t x86_pending_db(struct x86_cpu *c)
{
    uint64_t bits = c->pending_db;
    if ((bits & X86_DR6_BS) && c->step_over != 0 && x86_same_pc(c, c->step_over, c->cpu.pc))
        bits &= ~(uint64_t)X86_DR6_BS; /* BTF, and the branch was not taken */
    c->pending_db = c->step_over = 0;
    return bits;
}

/* DR4 and DR5 are DR6 and DR7 unless CR4.DE says they are not there. */
static bool number(struct x86_cpu *c, unsigned *n)
{
    if (*n == 4 || *n == 5) {
        if (c->cr4 & X86_CR4_DE) {
            x86_raise(c, X86_UD);
            return false;
        }
        *n += 2;
    }
    if (*n > 7) {
        x86_raise(c, X86_UD);
        return false;
    }
    if (c->dr[7] & X86_DR7_GD) {
        cpu_raise(&c->cpu, X86_DB, 0, X86_DR6_BD, 0);
        return false;
    }
    return true;
}

bool x86_read_dr(struct x86_cpu *c, unsigned n, uint64_t *value)
{
    if (!number(c, &n))
        return false;
    *value = c->dr[n];
    return true;
}

bool x86_write_dr(struct x86_cpu *c, unsigned n, uint64_t v)
{
    if (!number(c, &n))
        return false;
    if (n >= 6 && v >> 32 != 0) {
        x86_raise_error(c, X86_GP, 0);
        return false;
    }
    if (n == 6)
        v = (v & (0xf | X86_DR6_BS | X86_DR6_BD | X86_DR6_BT)) | X86_DR6_FIXED;
    else if (n == 7)
        v = (v & 0xffff2bff) | X86_DR7_FIXED;
    c->dr[n] = v;
    x86_debug_changed(c);
    x86_update_mode(c);
    return true;
}
