/* SPDX-License-Identifier: Apache-2.0 */
/* The ISA as the executors see it: slots, helpers, ops, saved state, construction. */
#include "core/exec/vec_native.h"
#include "core/util/bits.h"
#include "cpu/x86/translate_impl.h"
#include "mmu/tlb.h"
#include <stdio.h>
#include <string.h>

#define SLOT(n, m)                                                                                 \
    {                                                                                              \
        .name = (n), .offset = offsetof(struct x86_cpu, m), .type = IR_I64                         \
    }
#define VEC_SLOT(n, q)                                                                             \
    {                                                                                              \
        .name = "v" #n "." #q, .offset = offsetof(struct x86_cpu, v[n][q]), .type = IR_V128,       \
        .upper = (q) % 2 == 0 ? X86_SLOT_VEC + 4 * (n) + (q) + 1 : 0                               \
    }
#define VEC4(n)                         VEC_SLOT(n, 0), VEC_SLOT(n, 1), VEC_SLOT(n, 2), VEC_SLOT(n, 3)
#define K_SLOT(n)                       SLOT("k" #n, k[n])
#define MM_SLOT(n)                      SLOT("mm" #n, st[n].m)
#define ROW8(M, a, b, c, d, e, f, g, h) M(a), M(b), M(c), M(d), M(e), M(f), M(g), M(h)

/* clang-format off */
static const struct ir_slot slots[X86_SLOTS] = {
    SLOT("rax", gpr[0]), SLOT("rcx", gpr[1]), SLOT("rdx", gpr[2]), SLOT("rbx", gpr[3]),
    SLOT("rsp", gpr[4]), SLOT("rbp", gpr[5]), SLOT("rsi", gpr[6]), SLOT("rdi", gpr[7]),
    SLOT("r8", gpr[8]), SLOT("r9", gpr[9]), SLOT("r10", gpr[10]), SLOT("r11", gpr[11]),
    SLOT("r12", gpr[12]), SLOT("r13", gpr[13]), SLOT("r14", gpr[14]), SLOT("r15", gpr[15]),
    SLOT("cc", cc), SLOT("cc_r", cc_r), SLOT("cc_a", cc_a), SLOT("cc_x", cc_x), SLOT("df", df), SLOT("rflags", rflags),
    SLOT("es_base", seg[X86_ES].base), SLOT("cs_base", seg[X86_CS].base), SLOT("ss_base", seg[X86_SS].base),
    SLOT("ds_base", seg[X86_DS].base), SLOT("fs_base", seg[X86_FS].base), SLOT("gs_base", seg[X86_GS].base),
    ROW8(K_SLOT, 0, 1, 2, 3, 4, 5, 6, 7),
    ROW8(MM_SLOT, 0, 1, 2, 3, 4, 5, 6, 7), SLOT("fsw", fsw),
    ROW8(VEC4, 0, 1, 2, 3, 4, 5, 6, 7), ROW8(VEC4, 8, 9, 10, 11, 12, 13, 14, 15),
    ROW8(VEC4, 16, 17, 18, 19, 20, 21, 22, 23), ROW8(VEC4, 24, 25, 26, 27, 28, 29, 30, 31),
};
/* clang-format on */
_Static_assert(X86_SLOT_CC == 16 && X86_SLOT_SEG_BASE == 22 && X86_SLOT_K == 28 &&
                   X86_SLOT_FSW == X86_SLOT_MM + 8 && X86_SLOT_VEC == 45,
               "order of the slots");

static const struct ir_helper helpers[] = {
#define X86_HELPER(name, flags) { #name, x86_helper_##name, (flags), NULL, NULL },
#include "cpu/x86/helpers.def"
#undef X86_HELPER
    [X86_HELPER_x87_store] = { "x87_store", x86_helper_x87_store, X86_STORE_FLAGS, x86_quick_x87_store, NULL },
    [X86_HELPER_syscall] = { "syscall", x86_helper_syscall, X86_FAR_FLAGS, NULL, x86_last_syscall },
    [X86_HELPER_sysret] = { "sysret", x86_helper_sysret, X86_FAR_FLAGS, NULL, x86_last_sysret },
};
static const struct ir_vec_helper vec_helpers[] = {
#define X86_VEC_HELPER(name, native) { #name, x86_vec_##name, IR_NATIVE_##native },
#include "cpu/x86/vec_helpers.def"
#undef X86_VEC_HELPER
#define VEC_NATIVE(name, native) { #name, vec_##name, IR_NATIVE_##native },
#include "core/exec/vec_native.def"
#undef VEC_NATIVE
    { NULL, NULL, IR_NATIVE_NONE },
};

const struct ir_guest x86_guest = {
    .name = "x86_64",
    .slots = slots,
    .n_slots = ARRAY_LEN(slots),
    .helpers = helpers,
    .n_helpers = ARRAY_LEN(helpers),
    .fp = IR_FP_X86,
    .vec_helpers = vec_helpers,
    .n_vec_helpers = ARRAY_LEN(vec_helpers) - 1,
    .shared = X86_SLOT_MM, /* the x87 registers' and its status word */
    .n_shared = 9,
    .late = X86_SLOT_CC, /* and those of its operands */
    .n_late = 4,
    .mode_at = offsetof(struct x86_cpu, mode),
    .stack = X86_SLOT_GPR + 4, /* RSP */
};

const struct state_field x86_state[] = { STATE_SUB(x86_cpu, cpu, cpu_state),
                                         STATE(x86_cpu, gpr),
                                         STATE(x86_cpu, cc),
                                         STATE(x86_cpu, cc_r),
                                         STATE(x86_cpu, cc_a),
                                         STATE(x86_cpu, cc_x),
                                         STATE(x86_cpu, df),
                                         STATE(x86_cpu, rflags),
                                         STATE(x86_cpu, seg),
                                         STATE(x86_cpu, gdtr),
                                         STATE(x86_cpu, idtr),
                                         STATE(x86_cpu, k),
                                         STATE(x86_cpu, st),
                                         STATE(x86_cpu, v),
                                         STATE_TIMER(x86_cpu, pmu_due),
#define X86_STATE(name)      STATE(x86_cpu, name),
#define X86_STATE_N(name, n) STATE(x86_cpu, name),
#include "cpu/x86/state.def"
#undef X86_STATE
#undef X86_STATE_N
                                         STATE_END };

static uint32_t mode(const struct cpu *cpu)
{
    return X86_CPU_CONST(cpu)->mode;
}

static void derive(struct x86_cpu *c)
{
    c->control.cr0 = ~0ull; /* of no such CR0: to be made */
    c->context = ~0ull;
    x86_debug_changed(c);
    x86_flush_tlb(c);
    x86_update_mode(c);
}

static void reset(struct cpu *cpu)
{
    struct x86_cpu *c = X86_CPU(cpu);
    x86_reset(c, false);
    derive(c);
}

/* A snapshot is not trusted: what indexes tables is brought into range. */
static void loaded(struct cpu *cpu)
{
    struct x86_cpu *c = X86_CPU(cpu);
    bool rotated = (c->cc & ~(uint64_t)(X86_CC_COUNT - 1 + (3 << X86_CC_TOP_SHIFT))) == X86_CC_ROTATED;
    c->cc = rotated || c->cc < X86_CC_COUNT ? c->cc : (uint64_t)X86_CC_FLAGS;
    c->df = c->rflags & X86_DF ? -1ull : 1;
    c->rflags = (c->rflags & 0x3f7700) | 2;
    c->shadow = MIN(c->shadow, (uint64_t)X86_SHADOW_SS);
    c->smm = c->smm != 0;
    c->waiting = MIN(c->waiting, 2u);
    c->watch = MIN(c->watch, (uint64_t)X86_WATCH_NOTES);
    c->branch_kind = MIN(c->branch_kind, (uint64_t)X86_FAR_BRANCH);
    c->lbr_tos %= X86_LAST_BRANCHES;
    c->nmi_blocked = c->nmi_blocked != 0;
    c->fsw &= 0xffff;
    c->fcw &= 0xffff;
    c->ftw &= 0xff;
    for (unsigned i = 0; i < 8; i++)
        c->st[i].se &= 0xffff;
    c->pmu_active = false; /* nothing is counted by the level there was before */
    derive(c);
    x86_pmu_loaded(c);
}

static unsigned disassemble(const struct cpu *cpu, va_t pc, const uint8_t *code, size_t n,
                            char *text, size_t size)
{
    const struct x86_cpu *c = X86_CPU_CONST(cpu);
    struct x86_decoded d;
    enum x86_decode_result r =
        x86_decode(code, n, (enum x86_code)(c->mode & X86_MODE_CODE),
                   (c->mode & (X86_MODE_PE | X86_MODE_V86)) == X86_MODE_PE, c->decode_ext, &d);
    if (r == X86_TOO_SHORT || n == 0)
        return 0;
    if (r == X86_DECODED) {
        x86_disassemble(&d, pc, text, size);
        return d.length;
    }
    snprintf(text, size, "(bad) 0x%02x", code[0]);
    return 1;
}

/* Misaligned atomic accesses work (split locks), whatever pages they touch. */
static bool allows_misaligned(const struct cpu *cpu, va_t va, unsigned size, bool ordered)
{
    (void)cpu, (void)va, (void)size, (void)ordered;
    return true;
}

static void raise_align(struct cpu *cpu, va_t va, enum cpu_access access)
{
    struct x86_cpu *c = X86_CPU(cpu);
    (void)va, (void)access;
    x86_raise_error(c, c->mode & X86_MODE_ALIGN ? X86_AC_FAULT : X86_GP,
                    0); /* else legacy SSE's 16 bytes: operand.c */
}

/* What no device answers reads as ones: only code fetched from there comes here, and FF FF is
 * undefined. */
static void raise_fetch(struct cpu *cpu, va_t va, enum mem_result why)
{
    (void)va, (void)why;
    x86_raise(X86_CPU(cpu), X86_UD);
}

static void raise_bus(struct cpu *cpu, va_t va, enum cpu_access access, enum mem_result why)
{
    (void)access;
    raise_fetch(cpu, va, why);
}

static uint32_t hint(const struct cpu *cpu)
{
    return (uint32_t)MIN(((const struct x86_cpu *)cpu)->cc, (uint64_t)IR_NO_HINT);
}

const struct cpu_isa x86_isa = {
    .name = "x86_64",
    .guest = &x86_guest,
    .size = sizeof(struct x86_cpu),
    .state = x86_state,
    .mode = mode,
    .translate = x86_translate,
    .hint = hint,
    .walk = x86_walk,
    .regime_context = x86_regime_context,
    .open_bus = true,
    .fetches_own_stores = true,
    .raise_bus = raise_bus,
    .raise_align = raise_align,
    .raise_fetch = raise_fetch,
    .allows_misaligned = allows_misaligned,
    .watched = x86_watched,
    .take_exception = x86_take_exception,
    .take_interrupt = x86_take_interrupt,
    .interrupt_due = x86_has_work,
    .has_work = x86_has_work,
    .unreserved = cpu_kick, /* MWAIT ends */
    .reset = reset,
    .loaded = loaded,
    .regs = x86_regs,
    .disassemble = disassemble,
    .max_insn = X86_MAX_LENGTH,
    .parcel = X86_MAX_LENGTH,
    .pause_cycles = 140, /* since Skylake: Intel's optimization manual, 2.5.4 */
    .gdb_arch = "i386:x86-64",
};

/*
 * Of a change of CR4.PGE, with which kernels empty the TLB of everything: two of them were measured to take 0.54 us on a Skylake,
 * flags saved and restored (Linux, "x86/mm: If INVPCID is available, use it to flush global mappings").
 */
#define FLUSH_TIME (250 * PS_PER_NS)

int x86_cpu_create(struct x86_cpu **out, struct machine *m, const struct x86_config *config,
                   const struct x86_wiring *wiring, uint32_t index, struct err *e)
{
    struct cpu *cpu;
    int r = cpu_create(&cpu, m, &x86_isa, index, config->hz, e);
    if (r < 0)
        return r;
    struct x86_cpu *c = X86_CPU(cpu);
    struct x86_config *own = ARENA_NEW(&m->arena, struct x86_config);
    c->notes = ARENA_NEW(&m->arena, struct mmu_x86_notes);
    if (own == NULL || c->notes == NULL)
        return err_set(e, ERR_NOMEM, "cpu%u: no memory for its configuration", index);
    *own = *config;
    c->config = own;
    c->wiring = *wiring;
    c->port_cycles = (int64_t)ev_ticks(cpu->clock, wiring->port_time);
    c->flush_cycles = (int64_t)ev_ticks(cpu->clock, FLUSH_TIME);
    if ((r = x86_semantics_init(c, e)) < 0 || (r = x86_cpuid_init(c, e)) < 0 || (r = x86_pmu_init(c, e)) < 0)
        return r;
    *out = c;
    return 0;
}

struct cpu *x86_cpu_base(struct x86_cpu *c)
{
    return &c->cpu;
}

const struct x86_config *x86_cpu_config(const struct x86_cpu *c)
{
    return c->config;
}

void x86_cpu_set_apic(struct x86_cpu *c, const struct x86_apic_ops *ops)
{
    c->apic = *ops;
}

uint64_t x86_get_gpr(const struct cpu *cpu, unsigned n)
{
    return X86_CPU_CONST(cpu)->gpr[n & 15];
}

void x86_set_gpr(struct cpu *cpu, unsigned n, uint64_t value)
{
    X86_CPU(cpu)->gpr[n & 15] = value;
}
