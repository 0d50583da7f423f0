/* SPDX-License-Identifier: Apache-2.0 */
/* The ISA as the executors see it: slots, helpers, ops, saved state, construction, reset. */
#include "core/exec/vec_native.h"
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include "cpu/arm64/bits.h"
#include "cpu/arm64/translate_impl.h"
#include <stdio.h>
#include <string.h>

#define SLOT(name_, member, type_) { .name = name_, .offset = offsetof(struct a64_cpu, member), .type = type_ }
#define X_SLOT(n) SLOT("x" #n, x[n], IR_I64)
#define V_SLOT(n) SLOT("v" #n, v[n], IR_V128)
#define I_SLOT(m) SLOT(#m, m, IR_I64)
#define ROW8(M, a, b, c, d, e, f, g, h) M(a), M(b), M(c), M(d), M(e), M(f), M(g), M(h)
static const struct ir_slot slots[A64_SLOTS] = {
    ROW8(X_SLOT, 0, 1, 2, 3, 4, 5, 6, 7),         ROW8(X_SLOT, 8, 9, 10, 11, 12, 13, 14, 15),
    ROW8(X_SLOT, 16, 17, 18, 19, 20, 21, 22, 23), ROW8(X_SLOT, 24, 25, 26, 27, 28, 29, 30, 31),
    I_SLOT(nf), I_SLOT(zf), I_SLOT(cf), I_SLOT(vf),
    ROW8(V_SLOT, 0, 1, 2, 3, 4, 5, 6, 7),         ROW8(V_SLOT, 8, 9, 10, 11, 12, 13, 14, 15),
    ROW8(V_SLOT, 16, 17, 18, 19, 20, 21, 22, 23), ROW8(V_SLOT, 24, 25, 26, 27, 28, 29, 30, 31),
    I_SLOT(daif), I_SLOT(sp_el[0]), I_SLOT(tpidr[0]), I_SLOT(tpidrro_el0), I_SLOT(tpidr[1]),
    I_SLOT(tpidr[2]), I_SLOT(elr[1]), I_SLOT(elr[2]), I_SLOT(spsr[1]), I_SLOT(spsr[2]),
    I_SLOT(esr[1]), I_SLOT(esr[2]), I_SLOT(far[1]), I_SLOT(far[2]), I_SLOT(tcr[1]), I_SLOT(tcr[2]),
    I_SLOT(it), I_SLOT(ge), I_SLOT(q), I_SLOT(fpnzcv),
};
_Static_assert(A64_SLOT_NF == 32 && A64_SLOT_V == 36 && A64_SLOT_IT == 84, "order of the slots");

static const struct ir_helper helpers[] = {
#define A64_HELPER(name, flags) { #name, a64_helper_##name, (flags) },
#include "cpu/arm64/helpers.def"
#undef A64_HELPER
};
static const struct ir_vec_helper vec_helpers[] = {
#define A64_VEC_HELPER(name) { #name, a64_vec_##name, IR_NATIVE_NONE },
#include "cpu/arm64/vec_helpers.def"
#undef A64_VEC_HELPER
#define VEC_NATIVE(name, native) { #name, vec_##name, IR_NATIVE_##native },
#include "core/exec/vec_native.def"
#undef VEC_NATIVE
};

const struct ir_guest a64_guest = {
    .name = "aarch64",
    .slots = slots,
    .n_slots = ARRAY_LEN(slots),
    .helpers = helpers,
    .n_helpers = ARRAY_LEN(helpers),
    .fp = IR_FP_ARM,
    .reserves = true,
    .vec_helpers = vec_helpers,
    .n_vec_helpers = ARRAY_LEN(vec_helpers),
    .mode_at = offsetof(struct a64_cpu, block_mode),
    .stack = A64_SLOT_SP,
};

const struct state_field a64_state[] = {
    STATE_SUB(a64_cpu, cpu, cpu_state),
    STATE(a64_cpu, x), STATE(a64_cpu, nf), STATE(a64_cpu, zf), STATE(a64_cpu, cf), STATE(a64_cpu, vf),
    STATE(a64_cpu, v), STATE(a64_cpu, it), STATE(a64_cpu, ge), STATE(a64_cpu, q), STATE(a64_cpu, fpnzcv),
    STATE_TIMER(a64_cpu, timer[A64_TIMER_PHYS].due), STATE_TIMER(a64_cpu, timer[A64_TIMER_VIRT].due),
    STATE_TIMER(a64_cpu, timer[A64_TIMER_HYP].due), STATE_TIMER(a64_cpu, timer[A64_TIMER_HYP_VIRT].due),
    STATE_TIMER(a64_cpu, timer[A64_TIMER_SEC].due), STATE_TIMER(a64_cpu, pmu_due),
    STATE(a64_cpu, inputs), STATE(a64_cpu, el), STATE(a64_cpu, spsel), STATE(a64_cpu, daif),
    STATE(a64_cpu, pan), STATE(a64_cpu, uao), STATE(a64_cpu, dit), STATE(a64_cpu, ssbs),
    STATE(a64_cpu, tco), STATE(a64_cpu, btype), STATE(a64_cpu, il), STATE(a64_cpu, ss),
    STATE(a64_cpu, nrw), STATE(a64_cpu, a32), STATE(a64_cpu, qc),
    STATE(a64_cpu, stepping), STATE(a64_cpu, event),
    STATE(a64_cpu, guarded),
#define A64_STATE(name)      STATE(a64_cpu, name),
#define A64_STATE_EL(name)   STATE(a64_cpu, name),
#define A64_STATE_N(name, n) STATE(a64_cpu, name),
#include "cpu/arm64/state.def"
#undef A64_STATE
#undef A64_STATE_EL
#undef A64_STATE_N
    STATE_END
};

static uint32_t mode(const struct cpu *cpu)
{
    const struct a64_cpu *a = A64_CPU_CONST(cpu);
    if (LIKELY(!a->nrw))
        return a->mode;
    /* ITSTATE, and PASS or FAIL, are written by translated code */
    return a->mode | (uint32_t)(a->it & 0xff) << A64_MODE_IT_SHIFT | (uint32_t)(a->it >> 8 & 3) << 3;
}

static void derive(struct a64_cpu *a)
{
    a->context = ~0ull;
    a64_flush_tlb(a);
    a64_update_mode(a);
}

/*
 * Cold reset (D1.3.9): the highest level, SPx, DAIF set, stage 1 off. What the architecture leaves UNKNOWN
 * is 0 here, so that a run is a function of its inputs.
 */
static void reset(struct cpu *cpu)
{
    struct a64_cpu *a = A64_CPU(cpu);
    memset(a->x, 0, sizeof(a->x));
    memset(a->v, 0, sizeof(a->v));
    a64_set_nzcv(a, 0);
    a->el = a64_highest_el(a);
    a->spsel = 1;
    a->daif = A64_PS_DAIF;
    a->pan = a->uao = a->dit = a->ssbs = a->tco = a->btype = a->il = a->ss = 0;
    a->it = a->ge = a->q = a->fpnzcv = 0;
    a->nrw = a->a32 = a->qc = a->event = a->stepping = 0;
    a->guarded = 0;
    cpu->fp_flags = 0;
    cpu->reserved = false;
    a64_sysreg_reset(a);
    a64_timers_reset(a);
    a64_pmu_reset(a);
    cpu->pc = a->config->reset_pc;
    cpu->run = CPU_RUNNING;
    derive(a);
}

/* A snapshot is not trusted: what indexes tables is brought into range. */
static void loaded(struct cpu *cpu)
{
    struct a64_cpu *a = A64_CPU(cpu);
    a->el &= 3;
    if ((a->el == 2 && !a64_cpu_has(a, A64_F_EL2)) || (a->el == 3 && !a64_cpu_has(a, A64_F_EL3)))
        a->el = 1;
    a->spsel = a->el == 0 ? 0 : a->spsel & 1;
    if (a->el != 0 || !a64_cpu_has(a, A64_F_A32EL0))
        a->nrw = a->a32 = 0;
    a->it = a->nrw ? a->it & 0x3ff : 0;
    a->ge &= 15;
    a->fpnzcv &= 0xf0000000;
    uint64_t *const bits[] = { &a->pan, &a->uao, &a->dit,    &a->ssbs, &a->tco, &a->il,    &a->ss,
                               &a->qc,  &a->cf,  &a->nrw,  &a->q,    &a->event };
    for (size_t i = 0; i < ARRAY_LEN(bits); i++)
        *bits[i] &= 1;
    a->guarded &= BIT(4) - 1;
    a->btype &= 3;
    a->stepping &= 3;
    a->daif &= A64_PS_DAIF;
    a->inputs &= BIT(A64_INPUTS) - 1;
    a64_timers_loaded(a);
    a64_pmu_loaded(a);
    derive(a);
}

static unsigned disassemble(const struct cpu *cpu, va_t pc, const uint8_t *code, size_t n, char *text,
                            size_t size)
{
    struct a64_decoded d;
    if (A64_CPU_CONST(cpu)->nrw)
        return a32_disassemble_at(A64_CPU_CONST(cpu), pc, code, n, text, size);
    if (n < 4)
        return 0;
    uint32_t word = ld_le32(code);
    if (a64_decode(word, A64_CPU_CONST(cpu)->decode_ext, &d))
        a64_disassemble(&d, pc, text, size);
    else
        snprintf(text, size, ".inst 0x%08x", word);
    return 4;
}

static void translate(struct cpu *cpu, struct ir_unit *u, int32_t start, const uint8_t *code, uint32_t avail,
                      const uint8_t *next)
{
    if (UNLIKELY(u->mode & A64_MODE_A32))
        a32_translate(cpu, u, start, code, avail, next);
    else
        a64_translate(cpu, u, start, code, avail, next);
}

const struct cpu_isa a64_isa = {
    .name = "aarch64",
    .guest = &a64_guest,
    .size = sizeof(struct a64_cpu),
    .state = a64_state,
    .mode = mode,
    .translate = translate,
    .walk = a64_walk,
    .regime_context = a64_regime_context,
    .raise_bus = a64_raise_bus,
    .raise_align = a64_raise_align, .allows_misaligned = a64_allows_misaligned,
    .raise_fetch = a64_raise_fetch,
    .take_exception = a64_take_exception,
    .take_interrupt = a64_take_interrupt,
    .interrupt_due = a64_is_interrupted,
    .has_work = a64_has_work,
    .reset = reset,
    .loaded = loaded,
    .regs = a64_regs,
    .disassemble = disassemble,
    .max_insn = 4,
    .parcel = 2,
    .pause_cycles = 64,
    .gdb_arch = "aarch64",
    .watch_before = true,
};

int a64_cpu_create(struct a64_cpu **out, struct machine *m, const struct a64_config *config,
                   uint32_t index, struct err *e)
{
    struct a64_config *copy = ARENA_NEW(&m->arena, struct a64_config);
    struct cpu *cpu;
    if (copy == NULL)
        return err_set(e, ERR_NOMEM, "cpu%u: no memory", index);
    *copy = *config;
    int r = cpu_create(&cpu, m, &a64_isa, index, config->hz, e);
    if (r < 0)
        return r;
    struct a64_cpu *a = A64_CPU(cpu);
    a->config = copy;
    a->el = 1;
    a->spsel = 1;
    if (a64_cpu_has(a, A64_F_MTE2) && (r = machine_tag_ram(m, e)) < 0)
        return r;
    if ((r = a64_semantics_init(a, e)) < 0 || (r = a32_init(a, e)) < 0 || (r = a64_timers_init(a, e)) < 0 ||
        (r = a64_sysreg_init(a, e)) < 0 || (r = a64_pmu_init(a, e)) < 0 || (r = a64_regs_init(a, e)) < 0)
        return r;
    *out = a;
    return 0;
}

struct cpu *a64_cpu_base(struct a64_cpu *a)
{
    return &a->cpu;
}

uint64_t a64_decode_features(const struct cpu *cpu)
{
    return A64_CPU_CONST(cpu)->decode_ext;
}

struct irq_line *a64_pmu_line(struct a64_cpu *a)
{
    return &a->pmu_line;
}

void a64_cpu_set_gic(struct a64_cpu *a, const struct a64_gic_ops *ops)
{
    a->gic = *ops;
}

void a64_cpu_set_firmware(struct a64_cpu *a, const struct a64_firmware_ops *ops)
{
    a->firmware = *ops;
}

uint64_t a64_get_x(const struct cpu *cpu, unsigned n)
{
    return n == 31 ? 0 : A64_CPU_CONST(cpu)->x[n];
}

void a64_set_x(struct cpu *cpu, unsigned n, uint64_t value)
{
    if (n != 31)
        A64_CPU(cpu)->x[n] = value;
}

/*
 * What firmware at EL3 does before it leaves to the next level (PSCI 6.4, "Initial core
 * configuration"): stage 1 off, interrupts masked, nothing trapped to EL3.
 */
void a64_power_on(struct cpu *cpu, va_t pc, uint64_t context)
{
    struct a64_cpu *a = A64_CPU(cpu);
    reset(cpu);
    if (a64_cpu_has(a, A64_F_EL3)) {
        a->scr_el3 = A64_SCR_NS | A64_SCR_RW | A64_SCR_HCE | A64_SCR_APK | A64_SCR_API | A64_SCR_ENSCXT |
                     A64_SCR_ATA | A64_SCR_FGTEN | A64_SCR_ECVEN | A64_SCR_HXEN | A64_SCR_ENTP2 |
                     A64_SCR_TCR2EN | A64_SCR_SCTLR2EN | A64_SCR_PIEN | A64_SCR_FGTEN2;
        a64_set_el(a, a64_cpu_has(a, A64_F_EL2) ? 2 : 1, 1);
    }
    a->x[0] = context;
    cpu->pc = pc;
    derive(a);
    cpu_start(cpu);
}

void a64_power_off(struct cpu *cpu)
{
    cpu->run = CPU_OFF;
    cpu_kick(cpu);
}
