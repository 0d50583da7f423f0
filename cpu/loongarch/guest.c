/* SPDX-License-Identifier: Apache-2.0 */
/* The ISA as the executors see it: slots, helpers, ops, saved state, construction, reset. */
#include "core/util/bytes.h"
#include "cpu/loongarch/translate_impl.h"
#include <stdio.h>
#include <string.h>

#define SLOT(name_, member, type_) { .name = name_, .offset = offsetof(struct la_cpu, member), .type = type_ }
#define COLD_SLOT(m, type_) { .name = #m, .offset = offsetof(struct la_cpu, m), .type = type_, .cold = true }
#define R_SLOT(n)    SLOT("r" #n, r[n], IR_I64)
#define V_SLOT(n)    { .name = "v" #n, .offset = offsetof(struct la_cpu, v[n][0]), .type = IR_V128, .upper = LA_SLOT_XH + (n) }
#define XH_SLOT(n)   SLOT("xh" #n, v[n][1], IR_V128)
#define FCC_SLOT(n)  SLOT("fcc" #n, fcc[n], IR_I64)
#define SAVE_SLOT(n) SLOT("save" #n, csr.save[n], IR_I64)
#define CSR_SLOT(m)  SLOT(#m, csr.m, IR_I64)
#define ROW8(M, a, b, c, d, e, f, g, h) M(a), M(b), M(c), M(d), M(e), M(f), M(g), M(h)
#define ROW32(M)                                                                                   \
    ROW8(M, 0, 1, 2, 3, 4, 5, 6, 7), ROW8(M, 8, 9, 10, 11, 12, 13, 14, 15),                        \
        ROW8(M, 16, 17, 18, 19, 20, 21, 22, 23), ROW8(M, 24, 25, 26, 27, 28, 29, 30, 31)
static const struct ir_slot slots[LA_SLOTS] = {
    { .name = "r0", .offset = offsetof(struct la_cpu, r[0]), .type = IR_I64, .zero = true },
    R_SLOT(1), R_SLOT(2), R_SLOT(3), R_SLOT(4), R_SLOT(5), R_SLOT(6), R_SLOT(7),
    ROW8(R_SLOT, 8, 9, 10, 11, 12, 13, 14, 15),
    ROW8(R_SLOT, 16, 17, 18, 19, 20, 21, 22, 23),
    ROW8(R_SLOT, 24, 25, 26, 27, 28, 29, 30, 31),
    ROW32(V_SLOT),
    ROW32(XH_SLOT),
    ROW8(FCC_SLOT, 0, 1, 2, 3, 4, 5, 6, 7),
    ROW8(SAVE_SLOT, 0, 1, 2, 3, 4, 5, 6, 7),
    ROW8(SAVE_SLOT, 8, 9, 10, 11, 12, 13, 14, 15),
    CSR_SLOT(tlbrsave), CSR_SLOT(tlbrbadv), CSR_SLOT(era), CSR_SLOT(badv), CSR_SLOT(pgdl), CSR_SLOT(pgdh),
    CSR_SLOT(tlbrelo[0]), CSR_SLOT(tlbrelo[1]), CSR_SLOT(tlbrehi),
    COLD_SLOT(fp_last, IR_I64), COLD_SLOT(fp_a[0], IR_V128), COLD_SLOT(fp_a[1], IR_V128), COLD_SLOT(fp_a[2], IR_V128),
    COLD_SLOT(fp_xa[0], IR_V128), COLD_SLOT(fp_xa[1], IR_V128), COLD_SLOT(fp_xa[2], IR_V128),
};
_Static_assert(LA_SLOT_SAVE == 104 && LA_SLOT_TLBRSAVE == 120 && LA_SLOT_TLBREHI == 128, "order of the slots");

static const struct ir_helper helpers[] = {
#define LA_HELPER(name, flags) { #name, la_helper_##name, (flags) },
#include "cpu/loongarch/helpers.def"
#undef LA_HELPER
};
static const struct ir_vec_helper vec_helpers[] = {
#define LA_VEC_HELPER(name) { #name, la_vec_##name, IR_NATIVE_NONE },
#include "cpu/loongarch/vec_helpers.def"
#undef LA_VEC_HELPER
};

const struct ir_guest la_guest = {
    .name = "loongarch64",
    .slots = slots,
    .n_slots = ARRAY_LEN(slots),
    .helpers = helpers,
    .n_helpers = ARRAY_LEN(helpers),
    .fp = IR_FP_LOONGARCH,
    .reserves = true,
    .vec_helpers = vec_helpers,
    .n_vec_helpers = ARRAY_LEN(vec_helpers),
    .shared = LA_SLOT_SAVE,
    .n_shared = LA_SLOTS - LA_SLOT_SAVE,
    .mode_at = offsetof(struct la_cpu, mode),
    .stack = LA_SLOT_R + 3, /* r3 */
};

static const struct state_field bank_state[] = {
    STATE(la_bank, save), STATE(la_bank, tlbrsave), STATE(la_bank, tlbrbadv), STATE(la_bank, era),
    STATE(la_bank, badv), STATE(la_bank, pgdl), STATE(la_bank, pgdh), STATE(la_bank, tlbrelo),
    STATE(la_bank, tlbrehi), STATE(la_bank, crmd), STATE(la_bank, prmd), STATE(la_bank, euen),
    STATE(la_bank, misc), STATE(la_bank, ecfg), STATE(la_bank, estat), STATE(la_bank, badi),
    STATE(la_bank, eentry), STATE(la_bank, tlbidx), STATE(la_bank, tlbehi), STATE(la_bank, tlbelo),
    STATE(la_bank, asid), STATE(la_bank, pwcl), STATE(la_bank, pwch), STATE(la_bank, stlbps),
    STATE(la_bank, rvacfg), STATE(la_bank, tid), STATE(la_bank, tcfg), STATE(la_bank, cntc),
    STATE(la_bank, llbctl), STATE(la_bank, tlbrentry), STATE(la_bank, tlbrera), STATE(la_bank, tlbrprmd),
    STATE(la_bank, dmw), STATE(la_bank, timer_end), STATE(la_bank, cpuid), STATE(la_bank, prcfg),
    STATE(la_bank, msgis), STATE(la_bank, msgie), STATE_END
};

static const struct state_field counter_state[] = {
    STATE(la_counter, cfg), STATE(la_counter, base), STATE(la_counter, since), STATE(la_counter, running), STATE_END
};

const struct state_field la_state[] = {
    STATE_SUB(la_cpu, cpu, cpu_state),
    STATE(la_cpu, r), STATE(la_cpu, v), STATE(la_cpu, fcc),
    STATE(la_cpu, fp_a), STATE(la_cpu, fp_xa), STATE(la_cpu, fp_last),
    STATE_SUB(la_cpu, csr, bank_state), STATE_SUB(la_cpu, other, bank_state),
    STATE_TIMER(la_cpu, timer), STATE_TIMER(la_cpu, guest_timer), STATE_TIMER(la_cpu, pmu_due),
    STATE_SUB(la_cpu, tlb, mmu_la_tlb_state),
    STATE(la_cpu, core_id), STATE(la_cpu, lines), STATE(la_cpu, fcsr),
    STATE(la_cpu, merr), STATE(la_cpu, dbg), STATE(la_cpu, dera), STATE(la_cpu, dsave),
    STATE(la_cpu, impctl), STATE(la_cpu, gnmi), STATE(la_cpu, ctag),
    STATE_SUBS(la_cpu, counter[0], counter_state), STATE_SUBS(la_cpu, counter[1], counter_state), STATE(la_cpu, accesses), STATE(la_cpu, branches),
    STATE(la_cpu, mwps), STATE(la_cpu, fwps),
    STATE(la_cpu, mwp), STATE(la_cpu, fwp),
    STATE(la_cpu, gstat), STATE(la_cpu, gcfg), STATE(la_cpu, gintc), STATE(la_cpu, gcntc),
    STATE(la_cpu, gtlbc), STATE(la_cpu, trgp),
    STATE_END
};

static uint32_t mode(const struct cpu *cpu)
{
    return LA_CPU_CONST(cpu)->mode;
}

/* Which of the two banks is at hand, then all that follows from the CSRs. */
static void derive(struct la_cpu *la)
{
    la->bank[la_is_guest(la)] = &la->csr;
    la->bank[!la_is_guest(la)] = &la->other;
    for (unsigned i = 0; i < 3; i++)
        la->bank[0]->prcfg[i] = i == 0 ? la->config->prcfg1 : i == 1 ? la->config->prcfg2 : la->config->prcfg3;
    la->bank[0]->cpuid = la->core_id;
    if (!la_has(la->config, LA_F_UAL)) /* MISC.ALCL: a constant */
        la->csr.misc |= LA_MISC_ALCL, la->other.misc |= LA_MISC_ALCL;
    la->context = ~0ull;
    la_flush_tlb(la);
    la_watch_changed(la); /* and la_update_mode() */
}

/* Manual, 6.4 (reset). What is undefined there is 0 here, so that a run is a function of its inputs. */
static void reset(struct cpu *cpu)
{
    struct la_cpu *la = LA_CPU(cpu);
    memset(la->r, 0, sizeof(la->r));
    memset(la->v, 0, sizeof(la->v));
    memset(la->fcc, 0, sizeof(la->fcc));
    memset(la->fp_a, 0, sizeof(la->fp_a));
    memset(la->fp_xa, 0, sizeof(la->fp_xa));
    la->fp_last = 0;
    memset(&la->csr, 0, sizeof(la->csr));
    memset(&la->other, 0, sizeof(la->other));
    la->fcsr = la->gstat = 0;
    cpu->fp_flags = 0;
    cpu->reserved = false;
    cpu->pc = la->config->reset_pc;
    cpu->run = CPU_RUNNING;
    la->gstat = la->gcfg = la->gintc = la->gcntc = la->gtlbc = la->trgp = 0;
    la->bank[0] = &la->csr;
    la->bank[1] = &la->other;
    mmu_la_tlb_reset(&la->tlb);
    la_csr_reset(la);
    la->other = la->csr;
    la_timers_reset(la);
    la_pmu_reset(la);
    derive(la);
    memcpy(la->other.prcfg, la->csr.prcfg, sizeof(la->other.prcfg));
}

/* Tags of the software TLB and fields that instructions write whole. */
static void bank_loaded(struct la_bank *b)
{
    b->asid &= 0x3ff;
    b->rvacfg &= 0xf;
    b->stlbps &= 0x3f;
    b->crmd &= 0x3ff;
}

/* A snapshot is not trusted: what indexes tables is brought into range. */
static void loaded(struct cpu *cpu)
{
    struct la_cpu *la = LA_CPU(cpu);
    la->r[0] = 0;
    for (unsigned i = 0; i < 8; i++)
        la->fcc[i] &= 1;
    if (!la_has(la->config, LA_F_LVZ))
        la->gstat = 0;
    la->lines &= BIT(LA_IS_MSG) - 1;
    bank_loaded(&la->csr);
    bank_loaded(&la->other);
    mmu_la_tlb_loaded(&la->tlb);
    la_timers_loaded(la);
    la_pmu_loaded(la);
    derive(la);
}

static unsigned disassemble(const struct cpu *cpu, va_t pc, const uint8_t *code, size_t n, char *text, size_t size)
{
    struct la_decoded d;
    if (n < 4)
        return 0;
    uint32_t word = ld_le32(code);
    if (la_decode(word, LA_CPU_CONST(cpu)->decode_ext, &d))
        la_disassemble(&d, pc, text, size);
    else
        snprintf(text, size, ".word 0x%08x", word);
    return 4;
}

const struct cpu_isa la_isa = {
    .name = "loongarch64",
    .guest = &la_guest,
    .size = sizeof(struct la_cpu),
    .state = la_state,
    .mode = mode,
    .translate = la_translate,
    .walk = la_walk,
    .raise_bus = la_raise_bus,
    .raise_align = la_raise_align,
    .raise_fetch = la_raise_fetch,
    .watched = la_watched,
    .take_exception = la_take_exception,
    .take_interrupt = la_take_interrupt,
    .interrupt_due = la_interrupt_due,
    .has_work = la_has_work,
    .reserves = 64, /* LLbit goes by lines; SC looks at nothing else (manual, 2.2.7.4) */
    .reset = reset,
    .loaded = loaded,
    .regs = la_regs,
    .disassemble = disassemble,
    .max_insn = 4,
    .parcel = 4,
    .pause_cycles = 64,
    .gdb_arch = "Loongarch64",
    .watch_before = true,
};

int la_cpu_create(struct la_cpu **out, struct machine *m, const struct la_config *config, uint32_t index,
                  uint32_t core_id, struct err *e)
{
    struct la_config *copy = ARENA_NEW(&m->arena, struct la_config);
    struct cpu *cpu;
    if (copy == NULL)
        return err_set(e, ERR_NOMEM, "cpu%u: no memory", index);
    *copy = *config;
    int r = cpu_create(&cpu, m, &la_isa, index, config->hz, e);
    if (r < 0)
        return r;
    struct la_cpu *la = LA_CPU(cpu);
    la->config = copy;
    la->core_id = core_id;
    la_tlb_init(la);
    if ((r = la_semantics_init(la, e)) < 0 || (r = la_timers_init(la, e)) < 0 || (r = la_pmu_init(la, e)) < 0 ||
        (r = la_regs_init(la, e)) < 0)
        return r;
    *out = la;
    return 0;
}

struct cpu *la_cpu_base(struct la_cpu *la)
{
    return &la->cpu;
}

void la_cpu_set_iocsr(struct la_cpu *la, struct mem_space *iocsr)
{
    la->iocsr = iocsr;
}

uint64_t la_decode_features(const struct cpu *cpu)
{
    return LA_CPU_CONST(cpu)->decode_ext;
}

uint64_t la_get_r(const struct cpu *cpu, unsigned n)
{
    return LA_CPU_CONST(cpu)->r[n];
}

void la_set_r(struct cpu *cpu, unsigned n, uint64_t value)
{
    if (n != 0)
        LA_CPU(cpu)->r[n] = value;
}
