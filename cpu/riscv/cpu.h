/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CPU_RISCV_CPU_H
#define ORRERY_CPU_RISCV_CPU_H
/*
 * A RISC-V hart: RV64 with M, S and U modes. Unprivileged ISA 20240411 and later
 * ratified extensions as extensions.def lists them; privileged ISA 1.13; Sdtrig 1.0.
 *
 * Not modelled: H, AIA, Smstateen, Smrnmi, pointer masking, control-flow
 * integrity, big-endian data, XLEN 32. Their CSRs do not exist (illegal
 * instruction, which is how firmware probes) and profiles that need them are
 * refused when the machine is built. Where they will stand: privilege V bit
 * beside `priv`, hgatp beside `satp`.
 *
 * The CPU belongs to the machine's arena. rv_cpu_create during construction
 * only; rv_cpu_set_irq while running. Nothing here sees host time.
 */
#include "core/cpu/cpu.h"
#include "core/cpu/profile.h"
#include "core/cpu/regs.h"
#include "core/event/queue.h"
#include "core/ir/ir.h"
#include "cpu/riscv/csr_numbers.h"
#include "mmu/riscv.h"

enum rv_feature {
#define RV_EXT(symbol, name, kind) RV_X_##symbol,
#include "cpu/riscv/extensions.def"
#undef RV_EXT
    RV_X_COUNT
};

#define RV_VECTORS  32
#define RV_COUNTERS 32 /* cycle, (time), instret, hpmcounter3..31 */
#define RV_TRIGGERS 4
#define RV_PMP_MAX  64

/* What a profile fixes; constant once the CPU exists. */
struct rv_config {
    char name[CPU_PROFILE_NAME];
    uint64_t ext[2]; /* bit set of enum rv_feature */
    uint64_t mvendorid, marchid, mimpid;
    uint32_t satp_mode;  /* highest: 0 bare, 8 Sv39, 9 Sv48, 10 Sv57; lower ones are there too */
    uint32_t asid_bits;  /* 0..16 */
    uint32_t pmp_count;  /* 0, 16, 64 */
    uint32_t hpm_count;  /* programmable counters from mhpmcounter3 on: 0..29 */
    uint32_t code_class; /* 0..15: harts of one machine with unlike `ext` take unlike classes */
    bool vector_general; /* vector instructions go over their elements one by one: for tests */
    bool misaligned;     /* misaligned loads and stores are done, not trapped */
    uint64_t hz;         /* the core's clock */
    uint64_t reset_pc;
};

static inline bool rv_has(const struct rv_config *c, enum rv_feature x)
{
    return (c->ext[x / 64] >> (x % 64)) & 1;
}

/*
 * The time base of `time` and stimecmp; must be the one of the board's mtime. `now`
 * is exact simulated time of the instruction that asks.
 */
struct rv_time_ops {
    uint64_t (*read)(void *arg, ps_t now);   /* ticks at `now` */
    ps_t (*when)(void *arg, uint64_t ticks); /* first moment with read() >= ticks; PS_NEVER */
    void *arg;
};
#define RV_TIME_HZ 10000000u /* default time base: simulated time at 10 MHz */

struct rv_semantics;
struct rv_vec_row;

/* One hardware performance counter: value = base + (source - since) while it runs. */
struct rv_counter {
    uint64_t base, since, event;
    uint64_t running;
};

struct rv_cpu {
    struct cpu cpu;
    /* The slots; `mode`, the block key, is one too (mode.c). */
    uint64_t x[32], f[32];
    union ir_vec v[RV_VECTORS];
    uint64_t vl, vtype, vxsat;
    uint32_t mode;

    /* Wiring and what is rebuilt: not saved. */
    const struct rv_config *config;
    struct rv_time_ops time;
    const struct rv_semantics *semantics; /* by instruction id */
    const struct rv_vec_row *const *vec_rows;
    const struct cpu_reg *regs;
    uint32_t n_regs;
    uint64_t decode_ext; /* extension set in the decoder's terms */
    bool programmed;     /* some mhpmevent is not 0: privilege changes matter to counters */
    uint64_t context;    /* TLB key last selected; ~0 = none */
    struct ev_timer stimecmp_timer, overflow_timer;

    /* Saved from here on. */
    uint64_t priv;    /* enum rv_privilege */
    uint64_t mstatus; /* without SD */
    uint64_t medeleg, mideleg, mie, mtvec, mscratch, mepc, mcause, mtval, menvcfg, mseccfg;
    uint64_t stvec, sscratch, sepc, scause, stval, senvcfg, satp, stimecmp;
    uint64_t mip_soft; /* what software wrote: SSIP, STIP, SEIP, LCOFIP */
    uint64_t mip_line; /* what lines and comparators drive */
    uint64_t frm;      /* 0..7; fflags live in cpu.fp_flags */
    uint64_t vstart, vxrm;
    uint64_t vector_redo; /* 1: see rv_vec_redo */
    uint64_t mcounteren, scounteren, mcountinhibit;
    struct rv_counter counter[RV_COUNTERS];
    uint64_t tselect, tdata1[RV_TRIGGERS], tdata2[RV_TRIGGERS];
    struct mmu_rv_pmp pmp; /* cfg and addr; the rest follows from mseccfg and config */
};

extern const struct cpu_isa rv_isa;
extern const struct state_field rv_state[];
#define RV_CPU(c)       CONTAINER_OF((c), struct rv_cpu, cpu)
#define RV_CPU_CONST(c) ((const struct rv_cpu *)(const void *)(c))

/*
 * A profile by name with QEMU's property syntax behind it:
 *     rv64    max,zba=off    sifive-u54,+zbb,-c,sv48=on
 * `path` is a directory with more profiles (<name>.ini) or NULL. ERR_ABSENT and ERR_ARG
 * name the nearest profile or property, ERR_UNSUPPORTED what is not modelled.
 */
int rv_config_parse(struct rv_config *out, const char *spec, const char *path,
                    struct err *e) MUST_CHECK;
extern const struct cpu_profiles rv_profiles;
extern const struct cpu_profile rv_profile_list[]; /* built in; ends with a NULL name */

/* `config` is copied. */
int rv_cpu_create(struct rv_cpu **out, struct machine *m, const struct rv_config *config,
                  uint32_t hartid, struct err *e) MUST_CHECK;
void rv_cpu_set_time(struct rv_cpu *rv, const struct rv_time_ops *ops);
/* mtime was written or reset: what depends on `time` is computed anew. */
void rv_cpu_time_jumped(struct rv_cpu *rv);

/*
 * irq_sink_fn: `cpu` is the struct cpu; `number` is the bit of mip (enum rv_irq): 3 7 9 11 are
 * levels; 1 takes rising edges, which software clears.
 */
void rv_cpu_set_irq(void *cpu, uint32_t number, bool level);

/*
 * Device tree: "rv64imafdc_zicsr_...", the riscv,isa-extensions strings one behind the
 * other, each with its NUL (*size = bytes together), and "riscv,sv48". 0 or ERR_LIMIT.
 */
int rv_isa_string(const struct rv_config *c, char *out, size_t n) MUST_CHECK;
int rv_isa_extensions(const struct rv_config *c, char *out, size_t n, size_t *size) MUST_CHECK;
const char *rv_mmu_type(const struct rv_config *c); /* "riscv,none" when bare only */

#endif
