/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CPU_LOONGARCH_LOONGARCH_IMPL_H
#define ORRERY_CPU_LOONGARCH_LOONGARCH_IMPL_H
/* What the files of cpu/loongarch share and nobody else (but their tests) sees. */
#include "core/ir/ir.h"
#include "core/util/bits.h"
#include "cpu/loongarch/cpu.h"
#include "cpu/loongarch/numbers.h"
#include "mmu/tlb.h"

/*
 * Block key (cpu_isa.mode): all that translation depends on beside the bytes. What only helpers ask at run time
 * is not in it.
 */
enum {
    LA_MODE_PLV = 3u << 0,
    LA_MODE_FP_OFF = 1u << 2,     /* EUEN.FPE = 0: FPD */
    LA_MODE_LSX_OFF = 1u << 3,    /* EUEN.SXE = 0: SXD */
    LA_MODE_LASX_OFF = 1u << 4,   /* EUEN.ASXE = 0: ASXD */
    LA_MODE_ALIGN = 1u << 5,      /* MISC.ALCL of this level, or no CPUCFG1.UAL: misaligned loads and stores are ALE */
    LA_MODE_VA32 = 1u << 6,       /* MISC.VA32L of this level: addresses are cut to 32 bits */
    LA_MODE_NO_TIME = 1u << 7,    /* MISC.DRDTL: RDTIME is IPE */
    LA_MODE_GUEST = 1u << 8,      /* LVZ: guest mode */
    LA_MODE_WATCH_FETCH = 1u << 9, /* a fetch watchpoint may match in this mode */
    LA_MODE_COUNT = 1u << 11,     /* memory accesses and branches are counted for the PMU */
    LA_MODE_FP_TRAP = 1u << 12,   /* FCSR.Enables is not 0: FP operations go through helpers that may raise FPE */
    LA_MODE_TLBR = 1u << 13,      /* TLBRERA.IsTLBR: which registers TLB instructions and ERTN use */
    LA_MODE_DIRECT = 1u << 14,    /* CRMD.DA: the TLB has no part in translation */
    LA_MODE_CLASS_SHIFT = 16,     /* la_config.code_class, 4 bits */
};

/* Fields, high bit first. */
#define LA_CRMD_PLV    1, 0
#define LA_CRMD_IE     2, 2
#define LA_CRMD_DA     3, 3
#define LA_CRMD_PG     4, 4
#define LA_CRMD_DATF   6, 5
#define LA_CRMD_DATM   8, 7
#define LA_CRMD_WE     9, 9
#define LA_ESTAT_ECODE 21, 16
#define LA_ESTAT_ESUB  30, 22
#define LA_ECFG_VS     18, 16
enum { LA_IS_HWI0 = 2, LA_IS_PMI = 10, LA_IS_TI = 11, LA_IS_IPI = 12, LA_IS_NMI = 13, LA_IS_MSG = 14 };
enum { LA_LLBCTL_ROLLB = 1, LA_LLBCTL_WCLLB = 2, LA_LLBCTL_KLO = 4 };
/* la_cpu.merr, from MERRCTL to MERRSAVE */
enum { LA_MERR_CTL, LA_MERR_INFO1, LA_MERR_INFO2, LA_MERR_ENTRY, LA_MERR_ERA, LA_MERR_SAVE };
enum { LA_MISC_ALCL = 0xf000 };
enum { LA_EUEN_FPE = 1, LA_EUEN_SXE = 2, LA_EUEN_ASXE = 4, LA_EUEN_BTE = 8 };

/*
 * The CSRs that guest mode has its own copies of. The bank at hand is la_cpu.csr: a world switch exchanges it with
 * la_cpu.other, so that slots and helpers always find the current one in one place. Values as software
 * reads them; what is read-only and constant is not in it.
 */
struct la_bank {
    uint64_t save[16], tlbrsave, tlbrbadv, era, badv, pgdl, pgdh, tlbrelo[2], tlbrehi; /* slots */
    uint64_t crmd, prmd, euen, misc, ecfg, estat; /* estat.IS: the software bits and TI; lines are in la_cpu.lines */
    uint64_t badi, eentry, tlbidx, tlbehi, tlbelo[2], asid, pwcl, pwch, stlbps, rvacfg;
    uint64_t tid, tcfg, cntc, llbctl, tlbrentry, tlbrera, tlbrprmd;
    uint64_t dmw[4];
    uint64_t timer_end;      /* stable counter at which TVAL was or will be 0; see timer.c */
    uint64_t msgis[4], msgie; /* messages */
    uint64_t cpuid, prcfg[3]; /* the root's are the core's own; a guest's are what its hypervisor wrote */
};

#define LA_PMU_COUNTERS 16u
enum { LA_COUNT_BRANCH = 4 }; /* beside enum insn_mem, to the helper that counts */
#define LA_WATCHES      14u    /* that CSR numbers leave room for; ... */
#define LA_WATCHES_DATA 8u     /* ... and as there are (3A5000) */
#define LA_WATCHES_FETCH 8u

struct la_counter {
    uint64_t cfg, base, since; /* value = base + (source - since) while it counts */
    uint64_t running;
};

struct la_semantics;

struct la_cpu {
    struct cpu cpu;
    uint64_t r[32];
    union ir_vec v[32][2] __attribute__((aligned(32))); /* low and high halves */
    /*
     * The last FP operation done inline, and its operands: low and high halves. FCSR.Cause is computed of them when
     * somebody asks, which is next to never. fp_last 0: fcsr has it. See float_impl.h.
     */
    union ir_vec fp_a[3], fp_xa[3];
    uint64_t fp_last;
    uint64_t fcc[8];
    struct la_bank csr;

    /* Wiring and what is rebuilt: not saved. */
    const struct la_config *config;
    const struct la_semantics *semantics; /* by instruction id */
    const struct cpu_reg *regs;
    uint32_t n_regs;
    uint64_t decode_ext;      /* features in the decoder's terms */
    uint32_t mode;            /* block key, see mode.c */
    uint64_t context;         /* TLB key last selected; ~0: none */
    bool counting;            /* some performance counter runs at some level */
    bool watching;            /* some watchpoint is armed at some level */
    bool world_changed;       /* banks were exchanged, and the mode is to be derived anew */
    bool counts_code;         /* and translated code counts for one (LA_MODE_COUNT) */
    bool walking;             /* inside la_walk() */
    bool borrowed;            /* the guest's bank is at hand, but the root runs */
    bool guest_pmi;           /* a counter of the guest's overflowed */
    struct mem_space *iocsr;
    struct la_bank *bank[2];  /* root's and guest's: csr or other, whichever it is now */

    /* Saved from here on, with what is above the wiring. */
    struct ev_timer timer, guest_timer, pmu_due;
    struct la_bank other;     /* the guest's while the root runs, the root's while a guest does */
    struct mmu_la_tlb tlb;
    uint64_t core_id;
    uint64_t lines;           /* levels of the inputs, by bit of ESTAT.IS */
    uint64_t fcsr;            /* FCSR0 but Flags: Enables 4:0, RM 9:8, Cause 28:24; Flags are cpu.fp_flags */
    uint64_t merr[8], dbg, dera, dsave, impctl[2], gnmi, ctag;
    struct la_counter counter[2][LA_PMU_COUNTERS]; /* the root's and its guest's */
    uint64_t accesses, branches; /* counted by translated code */
    uint64_t mwps, fwps, mwp[LA_WATCHES][4], fwp[LA_WATCHES][4];
    uint64_t gstat, gcfg, gintc, gcntc, gtlbc, trgp; /* LVZ */
};

extern const struct state_field la_state[];
_Static_assert(offsetof(struct la_cpu, csr) % 8 == 0, "slots");

/* DBG.DST: debug mode, which may all that PLV0 may. */
static inline bool la_is_debug(const struct la_cpu *la)
{
    return la->dbg & 1;
}

static inline unsigned la_plv(const struct la_cpu *la)
{
    return la_is_debug(la) ? 0 : (unsigned)F_GET(la->csr.crmd, LA_CRMD_PLV);
}

/* Direct addresses. DA = PG is undefined: as DA. */
static inline bool la_is_direct(const struct la_cpu *la)
{
    return F_GET(la->csr.crmd, LA_CRMD_DA) || !F_GET(la->csr.crmd, LA_CRMD_PG);
}

/* MISC.VA32L of the current level. */
static inline bool la_is_va32(const struct la_cpu *la)
{
    return la_plv(la) != 0 && (la->csr.misc >> la_plv(la) & 1);
}

static inline bool la_is_guest(const struct la_cpu *la)
{
    return la->gstat & 1; /* GSTAT.VM */
}

/* The bank at hand is the guest's: it runs, or an instruction of the root works on it (lvz.c). */
static inline bool la_at_guest_bank(const struct la_cpu *la)
{
    return la->bank[1] == &la->csr;
}

static inline bool la_is_tlbr(const struct la_cpu *la)
{
    return la->csr.tlbrera & 1;
}

/* ---- mode.c: what follows from CRMD, EUEN, MISC, FCSR, ASID, DMW... ---- */
void la_update_mode(struct la_cpu *la); /* block key, FP control word, TLB context, interrupts */
void la_set_crmd(struct la_cpu *la, uint64_t crmd); /* and what follows from it */
/* The same where nothing else that the mode depends on has changed since it was derived last: of IE alone nothing does. */
void la_change_crmd(struct la_cpu *la, uint64_t crmd);
void la_flush_tlb(struct la_cpu *la);   /* derived translations alone, all of this core */
uint64_t la_get_fcsr(const struct la_cpu *la, unsigned view); /* FCSR0, or its views 1..3 */
void la_set_fcsr(struct la_cpu *la, unsigned view, uint64_t value); /* does not raise */
uint64_t la_last_cause(const struct la_cpu *la); /* FCSR.Cause of fp_last: float_value.c */

/* ---- csr.c, csr_table.c ---- */
struct la_csr {
    uint16_t number, count, step; /* bank: number + i * step; count 0 = 1 */
    const char *name;             /* banks: with %u, numbered from `first` */
    uint8_t first;
    bool stored;
    bool wide;                    /* 64 bits; else reads are sign-extended from bit 31 (manual, 7.2) */
    bool ends_block;              /* a write may change mode, mapping or which interrupts are enabled */
    bool guest;                   /* guest mode has its own; the others it may not touch (GSPR) */
    uint32_t at;                  /* uint64_t in struct la_cpu */
    uint16_t stride;              /* banks: bytes from one to the next; 0 = 8 */
    /*
     * Its LA_SLOT_*, when translated code may read it directly, and write it with `mask` where there is no callback;
     * 0: none. Bits outside `mask` are 0 then. Banks: of the first.
     */
    uint8_t slot;
    uint64_t mask, reset;         /* stored: bits a write changes, value after reset */
    bool (*exists)(const struct la_config *c, uint32_t index);
    uint64_t (*read)(struct la_cpu *la, uint32_t index);
    uint64_t (*peek)(const struct la_cpu *la, uint32_t index); /* where read has effects (MSGIR) */
    void (*write)(struct la_cpu *la, uint32_t index, uint64_t value);
    void (*wrote)(struct la_cpu *la, uint64_t old);            /* after a stored write */
    bool timed;                   /* needs exact time, to be read or written */
};
extern const struct la_csr la_csrs[];
extern const uint32_t la_n_csrs;
/* NULL: there is none; reads are 0, writes are lost, nothing is raised (manual, 7.1). */
const struct la_csr *la_csr_find(const struct la_config *c, uint32_t number, uint32_t *index);
uint64_t la_csr_read_row(struct la_cpu *la, const struct la_csr *csr, uint32_t index);
uint64_t la_csr_peek_row(const struct la_cpu *la, const struct la_csr *csr, uint32_t index);
void la_csr_write_row(struct la_cpu *la, const struct la_csr *csr, uint32_t index, uint64_t value);
uint64_t la_csr_read(struct la_cpu *la, uint32_t number);
uint64_t la_csr_peek(const struct la_cpu *la, uint32_t number); /* a debugger's */
void la_csr_write(struct la_cpu *la, uint32_t number, uint64_t value);
void la_csr_reset(struct la_cpu *la);

/* ---- exception.c ---- */
enum { LA_FAULT_FETCH = 1 }; /* cpu_fault.value2: of a PPI that the fetch had */
enum { LA_FAULT_EXIT = 1 };  /* cpu_fault.value3: it is the root's, and ends guest mode */
/* Record an exception of the current instruction; `badv` where the table of exceptions has one. */
void la_raise(struct la_cpu *la, enum la_ecode code, uint64_t badv);
void la_enter(struct la_cpu *la, enum la_ecode code, uint64_t badv, uint32_t word); /* word: BADI */
void la_enter_interrupt(struct la_cpu *la, unsigned number);
void la_take_exception(struct cpu *cpu);
void la_ertn(struct la_cpu *la); /* sets pc */

/* ---- interrupt.c ---- */
uint64_t la_estat(const struct la_cpu *la); /* as software reads it */
enum { LA_PENDING_EXIT = 1 << 8 }; /* the root's, while a guest runs */
/* Number (0..14) of the interrupt to be taken now, or -1: pure. */
int la_pending_interrupt(const struct la_cpu *la);
void la_check_interrupts(struct la_cpu *la);
bool la_take_interrupt(struct cpu *cpu);
bool la_interrupt_due(const struct cpu *cpu);
bool la_has_work(const struct cpu *cpu);
uint64_t la_msgir_read(struct la_cpu *la); /* takes the message */
uint64_t la_msgir_peek(const struct la_cpu *la);

/* ---- lvz.c: guest mode ---- */
enum { LA_GSTAT_VM = 1, LA_GSTAT_PVM = 2 };
#define LA_GSTAT_GID  23, 16
#define LA_GTLBC_TGID 23, 16
#define LA_GCFG_GPERF 26, 24
enum { LA_GTLBC_USETGID = 1 << 12 };
void la_enter_guest(struct la_cpu *la); /* CSRs change places; whoever calls updates the mode */
void la_leave_guest(struct la_cpu *la);
uint16_t la_tlb_gid(const struct la_cpu *la); /* tag of entries that TLB instructions work on */

/* ---- timer.c: constant timer, stable counter ---- */
int la_timers_init(struct la_cpu *la, struct err *e) MUST_CHECK;
uint64_t la_counter(const struct la_cpu *la); /* now, without CNTC */
void la_tcfg_written(struct la_cpu *la);
uint64_t la_tval(const struct la_cpu *la);
void la_ticlr_written(struct la_cpu *la);
void la_tval_write(struct la_cpu *la, uint64_t value); /* a guest's, by its hypervisor */
uint64_t la_counter_offset(const struct la_cpu *la); /* what RDTIME adds */
void la_timers_reset(struct la_cpu *la);
void la_timers_loaded(struct la_cpu *la);

/* ---- pmu.c, watch.c ---- */
/*
 * Before the level changes or a counter is configured: counts so far are banked. Only where la_cpu.counting, which the
 * caller looks at. Then la_pmu_changed.
 */
void la_pmu_sync(struct la_cpu *la);
void la_pmu_changed(struct la_cpu *la); /* after it: which counters run, when one may overflow */
int la_pmu_init(struct la_cpu *la, struct err *e) MUST_CHECK;
uint32_t la_pmu_counters(const struct la_config *c);
uint32_t la_guest_counters(const struct la_cpu *la); /* how many of them, from the first, GCFG.GPERF gives the guest */
uint64_t la_pmcfg_read(struct la_cpu *la, uint32_t n);
void la_pmcfg_write(struct la_cpu *la, uint32_t n, uint64_t value);
void la_pmu_reset(struct la_cpu *la);
void la_pmu_loaded(struct la_cpu *la);
uint64_t la_pmcnt_read(struct la_cpu *la, uint32_t n);
void la_pmcnt_write(struct la_cpu *la, uint32_t n, uint64_t value);
uint32_t la_watch_mode(const struct la_cpu *la); /* LA_MODE_WATCH_FETCH now, or 0 */
void la_watch_changed(struct la_cpu *la);        /* a watchpoint was configured, or all state was loaded */
void la_watch_update(struct la_cpu *la);         /* level, ASID or WE changed: data watchpoints are put up or taken down */
void la_watch_status_write(struct la_cpu *la, bool fetch, uint64_t value);
bool la_watch_may_write(const struct la_cpu *la, bool fetch, uint32_t n);
bool la_watched(struct cpu *cpu, va_t va, unsigned size, bool store);

/* ---- walk.c, tlb_insn.c ---- */
void la_fill_regime(const struct la_cpu *la, struct mmu_la_regime *r); /* of the bank at hand */
void la_fill_below(const struct la_cpu *la, struct mmu_la_below *below, struct mmu_la_regime *root);
/* What LDDIR and LDPTE look at, and no more. */
void la_fill_tables(const struct la_cpu *la, const struct la_bank *b, struct mmu_la_regime *r);
void la_raise_below(struct la_cpu *la, enum mmu_la_fault fault, pa_t gpa, enum cpu_access access);
int la_walk(struct cpu *cpu, va_t va, enum cpu_access access, unsigned regime, bool probe, struct cpu_map *map);
void la_raise_bus(struct cpu *cpu, va_t va, enum cpu_access access, enum mem_result why);
void la_raise_align(struct cpu *cpu, va_t va, enum cpu_access access);
void la_raise_fetch(struct cpu *cpu, va_t va, enum mem_result why);
void la_tlb_init(struct la_cpu *la);

/* ---- guest.c, regs.c, translate.c ---- */
void la_translate(struct cpu *cpu, struct ir_unit *u, int32_t start, const uint8_t *code, uint32_t avail,
                  const uint8_t *next);
int la_semantics_init(struct la_cpu *la, struct err *e) MUST_CHECK;
extern const struct ir_guest la_guest;
const struct cpu_reg *la_regs(const struct cpu *cpu, uint32_t *n);
int la_regs_init(struct la_cpu *la, struct err *e) MUST_CHECK;

#endif
