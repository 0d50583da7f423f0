/* SPDX-License-Identifier: Apache-2.0 */
/* Debug registers and breakpoints: SDM volume 3, 18.2, 18.3. */
#include "core/util/bits.h"
#include "cpu/x86/bits.h"
#include "cpu/x86/translate_impl.h"

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

uint32_t x86_debug_mode(const struct x86_cpu *c)
{
    uint32_t m = 0;
    for (unsigned n = 0; n < 4; n++)
        if (is_enabled(c, n))
            m |= rw(c, n) == RW_CODE ? X86_MODE_BREAK : X86_MODE_WATCH;
    return m;
}

/* DR6 bits of the breakpoints whose kind is in `kinds` (a bit each) that touch [va, va + size). */
static uint64_t hits(const struct x86_cpu *c, va_t va, uint64_t size, unsigned kinds)
{
    uint64_t found = 0;
    bool any = false;
    for (unsigned n = 0; n < 4; n++) {
        unsigned bytes = rw(c, n) == RW_CODE ? 1 : length(c, n);
        va_t at = c->dr[n] & ~(va_t)(bytes - 1);
        if (!(kinds >> rw(c, n) & 1) || !(at - va < size || va - at < bytes))
            continue;
        found |= 1ull << n;
        any |= is_enabled(c, n);
    }
    return any ? found : 0; /* those that are not enabled are reported along with others */
}

uint64_t x86_helper_code_break(struct cpu *cpu, uint64_t pc, uint64_t b, uint64_t c0, uint64_t d)
{
    struct x86_cpu *c = X86_CPU(cpu);
    (void)b, (void)c0, (void)d;
    uint64_t bits = hits(c, x86_code64(c) ? pc : (uint32_t)pc, 1, 1u << RW_CODE);
    if (bits != 0)
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

/* `kind`: enum insn_mem. */
uint64_t x86_helper_watch(struct cpu *cpu, uint64_t va, uint64_t size, uint64_t kind, uint64_t d)
{
    struct x86_cpu *c = X86_CPU(cpu);
    (void)d;
    note(c, hits(c, va, size, 1u << RW_ANY | (kind & INSN_MEM_WRITE ? 1u << RW_WRITE : 0)));
    return 0;
}

void x86_watch_port(struct x86_cpu *c, uint64_t port, unsigned bytes)
{
    if ((c->mode & X86_MODE_WATCH) && (c->cr4 & X86_CR4_DE))
        note(c, hits(c, port, bytes, 1u << RW_IO));
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
    x86_update_mode(c);
    return true;
}
