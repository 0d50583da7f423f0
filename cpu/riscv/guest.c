/* SPDX-License-Identifier: Apache-2.0 */
/* The ISA as the executors see it: slots, helpers, ops, saved state, construction, reset. */
#include "core/exec/vec_native.h"
#include "cpu/riscv/vec.h"
#include <stdio.h>
#include <string.h>

#define X_SLOT(n)                                                                                  \
    {                                                                                              \
        .name = "x" #n, .offset = offsetof(struct rv_cpu, x[n]), .type = IR_I64                    \
    }
#define F_SLOT(n)                                                                                  \
    {                                                                                              \
        .name = "f" #n, .offset = offsetof(struct rv_cpu, f[n]), .type = IR_F64                    \
    }
#define V_SLOT(n)                                                                                  \
    {                                                                                              \
        .name = "v" #n, .offset = offsetof(struct rv_cpu, v[n]), .type = IR_V128                   \
    }
#define ROW8(M, a, b, c, d, e, f, g, h) M(a), M(b), M(c), M(d), M(e), M(f), M(g), M(h)
static const struct ir_slot slots[] = {
    { .name = "x0", .offset = offsetof(struct rv_cpu, x[0]), .type = IR_I64, .zero = true },
    X_SLOT(1),
    X_SLOT(2),
    X_SLOT(3),
    X_SLOT(4),
    X_SLOT(5),
    X_SLOT(6),
    X_SLOT(7),
    ROW8(X_SLOT, 8, 9, 10, 11, 12, 13, 14, 15),
    ROW8(X_SLOT, 16, 17, 18, 19, 20, 21, 22, 23),
    ROW8(X_SLOT, 24, 25, 26, 27, 28, 29, 30, 31),
    ROW8(F_SLOT, 0, 1, 2, 3, 4, 5, 6, 7),
    ROW8(F_SLOT, 8, 9, 10, 11, 12, 13, 14, 15),
    ROW8(F_SLOT, 16, 17, 18, 19, 20, 21, 22, 23),
    ROW8(F_SLOT, 24, 25, 26, 27, 28, 29, 30, 31),
    ROW8(V_SLOT, 0, 1, 2, 3, 4, 5, 6, 7),
    ROW8(V_SLOT, 8, 9, 10, 11, 12, 13, 14, 15),
    ROW8(V_SLOT, 16, 17, 18, 19, 20, 21, 22, 23),
    ROW8(V_SLOT, 24, 25, 26, 27, 28, 29, 30, 31),
    /* Shared: what computes the block key anew reads them, and that is every helper that may write mstatus. */
    { .name = "vl", .offset = offsetof(struct rv_cpu, vl), .type = IR_I64 },
    { .name = "vtype", .offset = offsetof(struct rv_cpu, vtype), .type = IR_I64, .cold = true },
    { .name = "vxsat", .offset = offsetof(struct rv_cpu, vxsat), .type = IR_I64, .cold = true },
    { .name = "mode", .offset = offsetof(struct rv_cpu, mode), .type = IR_I32, .cold = true },
};
_Static_assert(ARRAY_LEN(slots) == RV_SLOTS, "order of the slots");

static const struct ir_helper helpers[] = {
#define X(h, how) { #h, rv_helper_##h, (how) },
    RV_HELPERS(X)
#undef X
};

static const struct ir_vec_helper vec_helpers[] = {
#define RV_VEC_HELPER(name, native) { #name, rv_vec_##name, IR_NATIVE_##native },
#include "cpu/riscv/vec_helpers.def"
#undef RV_VEC_HELPER
#define VEC_NATIVE(name, native) { #name, vec_##name, IR_NATIVE_##native },
#include "core/exec/vec_native.def"
#undef VEC_NATIVE
};

const struct ir_guest rv_guest = {
    .name = "riscv64",
    .slots = slots,
    .n_slots = ARRAY_LEN(slots),
    .helpers = helpers,
    .n_helpers = ARRAY_LEN(helpers),
    .fp = IR_FP_RISCV,
    .reserves = true,
    .vec_helpers = vec_helpers,
    .n_vec_helpers = ARRAY_LEN(vec_helpers),
    .shared = RV_SLOT_VL,
    .n_shared = RV_SLOTS - RV_SLOT_VL,
    .mode_at = offsetof(struct rv_cpu, mode),
    .stack = 2, /* x2 */
};

static const struct state_field counter_state[] = { STATE(rv_counter, base),
                                                    STATE(rv_counter, since),
                                                    STATE(rv_counter, event),
                                                    STATE(rv_counter, running), STATE_END };

const struct state_field rv_state[] = { STATE_SUB(rv_cpu, cpu, cpu_state),
                                        STATE(rv_cpu, x),
                                        STATE(rv_cpu, f),
                                        STATE(rv_cpu, v),
                                        STATE(rv_cpu, vl),
                                        STATE(rv_cpu, vtype),
                                        STATE(rv_cpu, vxsat),
                                        STATE_TIMER(rv_cpu, stimecmp_timer),
                                        STATE_TIMER(rv_cpu, overflow_timer),
                                        STATE(rv_cpu, priv),
                                        STATE(rv_cpu, mstatus),
                                        STATE(rv_cpu, medeleg),
                                        STATE(rv_cpu, mideleg),
                                        STATE(rv_cpu, mie),
                                        STATE(rv_cpu, mtvec),
                                        STATE(rv_cpu, mscratch),
                                        STATE(rv_cpu, mepc),
                                        STATE(rv_cpu, mcause),
                                        STATE(rv_cpu, mtval),
                                        STATE(rv_cpu, menvcfg),
                                        STATE(rv_cpu, mseccfg),
                                        STATE(rv_cpu, stvec),
                                        STATE(rv_cpu, sscratch),
                                        STATE(rv_cpu, sepc),
                                        STATE(rv_cpu, scause),
                                        STATE(rv_cpu, stval),
                                        STATE(rv_cpu, senvcfg),
                                        STATE(rv_cpu, satp),
                                        STATE(rv_cpu, stimecmp),
                                        STATE(rv_cpu, mip_soft),
                                        STATE(rv_cpu, mip_line),
                                        STATE(rv_cpu, frm),
                                        STATE(rv_cpu, vstart),
                                        STATE(rv_cpu, vxrm),
                                        STATE(rv_cpu, vector_redo),
                                        STATE(rv_cpu, mcounteren),
                                        STATE(rv_cpu, scounteren),
                                        STATE(rv_cpu, mcountinhibit),
                                        STATE_SUBS(rv_cpu, counter, counter_state),
                                        STATE(rv_cpu, tselect),
                                        STATE(rv_cpu, tdata1),
                                        STATE(rv_cpu, tdata2),
                                        STATE(rv_cpu, pmp.cfg),
                                        STATE(rv_cpu, pmp.addr),
                                        STATE_END };

static uint32_t mode(const struct cpu *cpu)
{
    return RV_CPU_CONST(cpu)->mode;
}

static void derive(struct rv_cpu *rv)
{
    rv->pmp.count = rv->config->pmp_count;
    rv->pmp.mml = F_GET(rv->mseccfg, RV_MSECCFG_MML);
    rv->pmp.mmwp = F_GET(rv->mseccfg, RV_MSECCFG_MMWP);
    rv->pmp.n_spans = 0;
    rv->context = ~0ull;
    rv_counters_derive(rv);
    rv_flush_tlb(rv);
    rv_update_mode(rv);
}

/*
 * Machine level, "Reset": privilege, MIE, MPRV, PC and mcause; PMP and the rest of the state
 * are unspecified there and are 0 here, so that a run is a function of its inputs.
 */
static void reset(struct cpu *cpu)
{
    struct rv_cpu *rv = RV_CPU(cpu);
    memset(rv->x, 0, sizeof(rv->x));
    memset(rv->f, 0, sizeof(rv->f));
    memset(rv->v, 0, sizeof(rv->v));
    cpu->pc = rv->config->reset_pc;
    cpu->run = CPU_RUNNING;
    rv->priv = RV_M;
    rv->vector_redo = 0;
    rv_csr_reset(rv);
    rv->mip_soft = 0; /* lines keep their levels: their drivers are reset by themselves */
    rv->mip_line &= ~BIT(RV_IRQ_STI);
    rv_trigger_reset(rv);
    memset(rv->pmp.cfg, 0, sizeof(rv->pmp.cfg));
    memset(rv->pmp.addr, 0, sizeof(rv->pmp.addr));
    ev_cancel(&rv->stimecmp_timer);
    ev_cancel(&rv->overflow_timer);
    for (uint32_t n = 0; n < RV_COUNTERS; n++) {
        rv->counter[n].event = 0;
        rv_counter_write(rv, n, 0);
    }
    derive(rv);
}

/* A snapshot is not trusted: what indexes tables is brought into range. */
static void loaded(struct cpu *cpu)
{
    struct rv_cpu *rv = RV_CPU(cpu);
    rv->priv = rv->priv >= RV_M ? RV_M : rv->priv > RV_S ? RV_S : rv->priv;
    rv->tselect %= RV_TRIGGERS;
    rv->frm &= 7;
    rv->x[0] = 0;
    rv->vtype = rv_vtype_legal(rv->vtype);
    rv->vl = rv->vtype & RV_VTYPE_VILL ? 0 : MIN(rv->vl, rv_vtype_vlmax(rv->vtype));
    rv->vstart &= 127;
    rv->vxsat &= 1;
    rv->vxrm &= 3;
    rv->vector_redo &= 1;
    if (F_GET(rv->mstatus, RV_MSTATUS_MPP) == 2)
        rv->mstatus = F_PUT(rv->mstatus, RV_MSTATUS_MPP, RV_U);
    if (F_GET(rv->satp, RV_SATP_MODE) > rv->config->satp_mode)
        rv->satp = 0;
    derive(rv);
}

static unsigned disassemble(const struct cpu *cpu, va_t pc, const uint8_t *code, size_t n,
                            char *text, size_t size)
{
    struct rv_decoded d;
    if (n < 2)
        return 0;
    uint32_t word = code[0] | (uint32_t)code[1] << 8;
    unsigned length = (word & 3) == 3 ? 4 : 2;
    if (n < length)
        return 0;
    if (length == 4)
        word |= (uint32_t)code[2] << 16 | (uint32_t)code[3] << 24;
    if (rv_decode(word, RV_CPU_CONST(cpu)->decode_ext, &d))
        rv_disassemble(&d, pc, text, size);
    else
        snprintf(text, size, length == 2 ? ".2byte 0x%04x" : ".4byte 0x%08x", word);
    return length;
}

const struct cpu_isa rv_isa = {
    .name = "riscv64",
    .guest = &rv_guest,
    .size = sizeof(struct rv_cpu),
    .state = rv_state,
    .mode = mode,
    .translate = rv_translate,
    .walk = rv_walk,
    .raise_bus = rv_raise_bus,
    .raise_align = rv_raise_align,
    .raise_fetch = rv_raise_fetch,
    .take_exception = rv_take_exception,
    .take_interrupt = rv_take_interrupt,
    .interrupt_due = rv_interrupt_due,
    .has_work = rv_has_work,
    .reset = reset,
    .loaded = loaded,
    .regs = rv_regs,
    .disassemble = disassemble,
    .max_insn = 4,
    .parcel = 2,
    .pause_cycles = 64,
    .gdb_arch = "riscv:rv64",
    .watch_before = true,
};

int rv_cpu_create(struct rv_cpu **out, struct machine *m, const struct rv_config *config,
                  uint32_t hartid, struct err *e)
{
    struct rv_config *copy = ARENA_NEW(&m->arena, struct rv_config);
    struct cpu *cpu;
    if (copy == NULL)
        return err_set(e, ERR_NOMEM, "hart %u: no memory", hartid);
    *copy = *config;
    int r = cpu_create(&cpu, m, &rv_isa, hartid, config->hz, e);
    if (r < 0)
        return r;
    struct rv_cpu *rv = RV_CPU(cpu);
    rv->config = copy;
    rv->priv = RV_M;
    if ((r = rv_semantics_init(rv, e)) < 0 || (r = rv_timers_init(rv, e)) < 0 ||
        (r = rv_regs_init(rv, e)) < 0)
        return r;
    *out = rv;
    return 0;
}
