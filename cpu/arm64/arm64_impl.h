/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CPU_ARM64_ARM64_IMPL_H
#define ORRERY_CPU_ARM64_ARM64_IMPL_H
/* What the files of cpu/arm64 share and nobody else (but their tests) sees. */
#include "core/ir/ir.h"
#include "cpu/arm64/cpu.h"
#include "mmu/tlb.h"

/*
 * Block key (cpu_isa.mode): all that translation depends on beside the bytes. What only
 * helpers ask at run time (traps, keys, PAN, DAIF) is not in it.
 */
enum {
    A64_MODE_EL         = 3u << 0,
    A64_MODE_FP_OFF     = 1u << 2,  /* FP and AdvSIMD trap somewhere: a64_helper_fp_trap knows where */
    A64_MODE_TBI0       = 1u << 3,  /* tags of branch targets in the lower, the upper half are dropped */
    A64_MODE_TBI1       = 1u << 4,
    A64_MODE_BTYPE      = 3u << 5,  /* PSTATE.BTYPE, where the branch itself could not check its target */
    A64_MODE_BTI        = 1u << 7,  /* guarded pages may exist: indirect branches check */
    A64_MODE_STEP       = 1u << 8,  /* software step is active: one instruction a block */
    A64_MODE_ALIGN      = 1u << 9,  /* misaligned data faults: SCTLR.A, or stage 1 is off (Device) */
    A64_MODE_BE         = 1u << 10, /* data is big-endian */
    A64_MODE_UNPRIV     = 1u << 11, /* LDTR and its like act as EL0 */
    A64_MODE_IL         = 1u << 12, /* PSTATE.IL: everything raises Illegal Execution state */
    A64_MODE_BREAK      = 1u << 13, /* a breakpoint may match */
    A64_MODE_WATCH      = 1u << 14, /* a watchpoint may match */
    A64_MODE_MTE        = 1u << 15, /* tag-checked accesses; a64_helper_mte knows the details */
    A64_MODE_MTE0       = 1u << 16, /* the same for LDTR */
    A64_MODE_SP_CHECK   = 1u << 17, /* SP is misaligned and SCTLR.SA wants it checked */
    A64_MODE_CLASS_SHIFT = 18,      /* a64_config.code_class, 4 bits */
    A64_MODE_A32        = 1u << 22, /* EL0 in AArch32: */
    A64_MODE_T32        = 1u << 23,
    A64_MODE_PASS       = 1u << 3,  /* the first instruction's condition: known to hold, */
    A64_MODE_FAIL       = 1u << 4,  /* known not to (in place of TBI) */
    A64_MODE_ITD        = 1u << 5,  /* SCTLR.ITD restricts IT blocks (in place of BTYPE, as) */
    A64_MODE_A32_COUNT  = 1u << 6,  /* A64_MODE_COUNT, whose place ITSTATE has */
    A64_MODE_A32_TRAPS  = 1u << 17, /* A64_MODE_TRAPS, likewise (in place of SP_CHECK) */
    A64_MODE_IT_SHIFT   = 24,       /* ITSTATE, 8 bits; in AArch64: */
    A64_MODE_SP0        = 1u << 25, /* SP_EL0 is the stack pointer above EL0 */
    A64_MODE_E2H        = 1u << 26, /* EL2 with HCR_EL2.E2H: EL1's names reach its own registers */
    A64_MODE_TRAPS      = 1u << 27, /* some register of system.c's `plain` table is trapped */
    A64_MODE_DEBUG      = 1u << 28, /* MDSCR_EL1 enables debug exceptions, which PSTATE.D may mask */
    A64_MODE_COUNT      = 1u << 24, /* memory accesses are counted for the PMU */
    A64_MODE_CACHE_TRAPS = 1u << 29, /* CTR_EL0, DCZID_EL0 or DC ZVA are trapped or denied */
    A64_MODE_NONE       = A64_MODE_A32 | A64_MODE_PASS | A64_MODE_FAIL, /* of no block */
};
#define A64_REGIME_UNPRIV 1u /* IR_MEM_REGIME of LDTR and STTR under A64_MODE_UNPRIV */

/* With enum insn_mem: how an access is made. */
enum {
    A64_ACCESS_UNPRIV = 0x100, A64_ACCESS_WRITE_BACK = 0x200,
    A64_ACCESS_ATOMIC = 0x400, A64_ACCESS_ORDERED = 0x800, /* where it may lie: a64_allows_misaligned */
    A64_ACCESS_ALIGNED = 0x1000, /* never misaligned */
    A64_ACCESS_MAINTENANCE = 0x2000, /* ISS.CM */
    A64_ACCESS_ELEMENT = 16,     /* shift: the bytes to which it is aligned, if not all of it */
};

struct a64_semantics;
struct a32_tables;  /* a32/a32_impl.h */
struct a64_pmu;     /* pmu.c */

/*
 * Pointer authentication at a level: where codes lie in a pointer, for instruction [0] and data [1] addresses
 * in the lower [0] and upper [1] half.
 */
enum a64_pac_use { A64_PAC_OFF, A64_PAC_ON, A64_PAC_EL2, A64_PAC_EL3 }; /* the latter: trapped to */
struct a64_pac {
    uint64_t bits[2][2];      /* of the code, without bit 55 */
    uint8_t half[2];          /* which bit of a pointer that gets a code says in which half it is: 55 or 63 */
    uint8_t trap;             /* where use is trapped to: A64_PAC_EL2, A64_PAC_EL3, or A64_PAC_ON */
    uint8_t use[4];           /* by enum a64_key: enum a64_pac_use */
};

/* What a level contributes to block key, TLB context and pointers while control registers stay as they are. */
struct a64_level {
    uint64_t key;
    uint32_t mode, asid, vmid;
    struct a64_pac pac;
};

struct a64_timer_unit {
    struct a64_cpu *a;
    enum a64_timer which;
    struct ev_timer due;
    struct irq_line out;
};

/* A TLBI that reaches other PEs, for machines whose CPUs run on several host threads. */
#define A64_TLBI_WAITS 32
struct a64_tlbi_wait {
    uint8_t kind;             /* tlbi.c's */
    uint32_t vmid;
    uint64_t value;
    va_t base;
    uint64_t span;
};

/* Where the tags of a page lie that was accessed of late. */
struct a64_tag_page {
    va_t page;
    uint64_t context, epoch;
    uint32_t asid, vmid;
    bool user, load, store;
    struct mem_ram *ram;      /* that of the tags; NULL: the page has none */
    struct mem_ram *data;
    uint64_t offset, data_page; /* of the page in each */
};

/* A page that code is fetched from: see bti.c. */
struct a64_bti_page {
    uint64_t key;             /* its address, xor'ed with the context; 1: none */
    uint64_t generation;      /* of the memory map, for `host` */
    const uint8_t *host;      /* its bytes; NULL: not at hand */
    uint8_t shift;            /* of stage 1's leaf */
    bool guarded;
};

struct a64_cpu {
    struct cpu cpu;
    uint64_t x[32];           /* x[31]: the current stack pointer */
    uint64_t nf, zf, cf, vf;  /* NZCV: see cpu.h */
    union ir_vec v[32];
    uint64_t it, ge, q;       /* AArch32: ITSTATE (and a verdict, a32_impl.h), APSR.GE, APSR.Q */
    uint64_t fpnzcv;          /* FPSR.NZCV, bits 31:28: AArch32's VCMP sets them */

    /* Wiring and what is rebuilt: not saved. */
    const struct a64_config *config;
    const struct a64_semantics *semantics;
    const struct a32_tables *a32_tables; /* of AArch32 at EL0; NULL without */
    uint64_t decode_ext;
    uint32_t mode;            /* block key, see mode.c */
    uint32_t block_mode;      /* the same; in AArch32, where ITSTATE belongs to it, no block's: A64_MODE_NONE */
    struct a64_level level[4];
    uint64_t context;         /* TLB key last selected; ~0: none */
    uint32_t context_asid, context_vmid;
    struct a64_tlbi_wait tlbi_wait[A64_TLBI_WAITS]; /* done here, not yet by other PEs: see tlbi.c */
    unsigned tlbi_waits;
    bool tagged;              /* the TLB may hold addresses with tags: flushes by address take all */
    struct a64_tag_page tag_pages[64]; /* see mte.c */
    uint64_t tag_epoch;       /* of those that are good */
    uint64_t bti_context;     /* level, regime, ASID, VMID: a hash */
    uint64_t bti_good[256];   /* branch targets that passed: address | BTYPE, xor'ed with the context */
    struct a64_bti_page bti_page[64]; /* pages that were walked */
    uint64_t bti_pages[MMU_FILTER], bti_shifts; /* filter of the pages of both, sizes of these as a mask */
    struct a64_gic_ops gic;
    struct a64_firmware_ops firmware;
    struct a64_pmu *pmu;
    struct a64_timer_unit timer[A64_TIMERS];
    struct irq_line pmu_line;
    struct ev_timer pmu_due;  /* saved; see pmu.c */
    const struct a64_sysreg **sysregs; /* implemented ones by encoding */
    uint32_t n_sysregs;
    uint16_t *sysreg_index; /* hash table: number in `sysregs` + 1, 0: empty */
    uint32_t sysreg_mask;   /* its size - 1 */
    const struct cpu_reg *regs;
    uint32_t n_regs;
    /* PSTATE beside NZCV; each 0 or 1 but el, btype and daif (bits 9:6 as in SPSR). Saved. */
    uint64_t inputs;          /* BIT(enum a64_input): levels */
    uint64_t el, spsel, daif, pan, uao, dit, ssbs, tco, btype, il, ss;
    uint64_t nrw;             /* AArch32 (EL0 only) */
    uint64_t a32;             /* its T, E and mode bits as SPSR has them */
    uint64_t qc;              /* FPSR.QC: 0 or 1 */
    uint64_t stepping;        /* 1: a software-stepped instruction has started (3: a load-exclusive), see debug.c */
    uint64_t guarded;         /* levels, as a mask, that fetched from a guarded page: see bti.c */
    uint64_t event;           /* the event register of WFE */
#define A64_STATE(name)      uint64_t name;
#define A64_STATE_EL(name)   uint64_t name[4];
#define A64_STATE_N(name, n) uint64_t name[n];
#include "cpu/arm64/state.def"
#undef A64_STATE
#undef A64_STATE_EL
#undef A64_STATE_N
};
extern const struct state_field a64_state[];

#define A64_BIT(value, n) ((value) >> (n) & 1u)

/* ---- conditions of the architecture's pseudocode ---- */
static inline bool a64_cpu_has(const struct a64_cpu *a, enum a64_feature x)
{
    return a64_has(a->config, x);
}
static inline unsigned a64_highest_el(const struct a64_cpu *a)
{
    return a64_cpu_has(a, A64_F_EL3) ? 3 : a64_cpu_has(a, A64_F_EL2) ? 2 : 1;
}
/* SCR_EL3 as it works: without EL3, NS = 1 and lower levels AArch64 (D24.2.159). */
uint64_t a64_scr(const struct a64_cpu *a);
bool a64_is_secure(const struct a64_cpu *a);       /* below EL3: SCR_EL3.NS = 0; at EL3: true */
bool a64_secure_below_el3(const struct a64_cpu *a);
bool a64_el2_enabled(const struct a64_cpu *a);     /* EL2 exists and is enabled in the current Security state */
uint64_t a64_hcr(const struct a64_cpu *a);         /* effective HCR_EL2: 0 where EL2 is not enabled; TGE's implications applied */
uint64_t a64_hcrx(const struct a64_cpu *a);
bool a64_e2h(const struct a64_cpu *a);             /* effective HCR_EL2.E2H, EL2 enabled */
bool a64_host(const struct a64_cpu *a);            /* {E2H, TGE} = {1, 1}: EL0 belongs to EL2 */
/* Which SCTLR, TCR... rule the current (or given) level: 1, 2 or 3; EL0 gives 1, or 2 under a64_host. */
unsigned a64_regime_el(const struct a64_cpu *a, unsigned el);

bool a64_has_two_ranges(const struct a64_cpu *a, unsigned regime); /* PtrHasUpperAndLowerAddRanges() */
bool a64_tbi(const struct a64_cpu *a, unsigned regime, bool upper); /* EffectiveTBI() of data */
static inline bool a64_mode_two_ranges(uint32_t mode)              /* the first, of a block key */
{
    return (mode & A64_MODE_EL) < 2 || ((mode & A64_MODE_EL) == 2 && (mode & A64_MODE_E2H));
}

/* ---- mode.c: everything that follows from PSTATE and control registers ---- */
void a64_update_mode(struct a64_cpu *a);  /* block key, FP control word, TLB context, interrupts */
void a64_level_changed(struct a64_cpu *a); /* the same, when only PSTATE changed */
static inline void a64_set_mode(struct a64_cpu *a, uint32_t mode)
{
    a->mode = mode;
    a->block_mode = a->nrw ? A64_MODE_NONE : mode;
}
/* The event register: of any PE, which may be looking at it. */
static inline void a64_set_event(struct a64_cpu *a)
{
    __atomic_store_n(&a->event, 1, __ATOMIC_RELAXED);
}
bool a64_regime_context(const struct cpu *cpu, unsigned regime, uint64_t *key, uint32_t *asid, uint32_t *vmid);
/* Tags of TLB entries: VMID of EL1&0, or what stands for the other regimes (1, 2, 3). */
uint32_t a64_vmid(const struct a64_cpu *a);
uint32_t a64_regime_tag(const struct a64_cpu *a, unsigned regime);
/* Change level and stack pointer selection together: banks x[31]. */
void a64_set_el(struct a64_cpu *a, unsigned el, unsigned spsel);
uint64_t a64_get_nzcv(const struct a64_cpu *a);          /* bits 31:28 */
void a64_set_nzcv(struct a64_cpu *a, uint64_t bits);
uint64_t a64_get_spsr(const struct a64_cpu *a);          /* PSTATE as an SPSR */
/* PSTATE from an SPSR, by the rules of an exception return from the current level (illegal ones set IL). */
void a64_exception_return(struct a64_cpu *a, uint64_t spsr, va_t pc);
void a64_set_fpcr(struct a64_cpu *a, uint64_t value); /* RES0 stays 0; a64_update_mode() follows */
uint64_t a64_get_fpsr(const struct a64_cpu *a);
void a64_set_fpsr(struct a64_cpu *a, uint64_t value);
uint32_t a64_host_fp_mode(const struct a64_cpu *a);      /* of FPCR; core/exec/fp.h */
uint64_t a64_get_sp(const struct a64_cpu *a, unsigned el); /* SP_ELn wherever it is now */
void a64_set_sp(struct a64_cpu *a, unsigned el, uint64_t v);
/* AArch32: everything a64_cpu.a32, it, ge, q hold, from an SPSR. */
void a64_set_a32(struct a64_cpu *a, uint64_t spsr);

/* ---- exception.c ---- */
enum a64_ec {
    A64_EC_UNKNOWN = 0x00, A64_EC_WFX = 0x01, A64_EC_FP = 0x07, A64_EC_PAUTH = 0x09, A64_EC_OTHER = 0x0a,
    A64_EC_BTI = 0x0d, A64_EC_ILLEGAL = 0x0e, A64_EC_SVC32 = 0x11, A64_EC_SVC = 0x15, A64_EC_HVC = 0x16,
    A64_EC_SMC = 0x17, A64_EC_SYSREG = 0x18, A64_EC_SVE = 0x19, A64_EC_ERET = 0x1a, A64_EC_FPAC = 0x1c,
    A64_EC_SME = 0x1d, A64_EC_IABORT_LOWER = 0x20, A64_EC_IABORT = 0x21, A64_EC_PC_ALIGN = 0x22,
    A64_EC_DABORT_LOWER = 0x24, A64_EC_DABORT = 0x25, A64_EC_SP_ALIGN = 0x26, A64_EC_MOPS = 0x27,
    A64_EC_FP_EXC = 0x2c, A64_EC_SERROR = 0x2f, A64_EC_BREAK_LOWER = 0x30, A64_EC_BREAK = 0x31,
    A64_EC_STEP_LOWER = 0x32, A64_EC_STEP = 0x33, A64_EC_WATCH_LOWER = 0x34, A64_EC_WATCH = 0x35,
    A64_EC_BKPT32 = 0x38, A64_EC_BRK = 0x3c
};
#define A64_ESR(ec, iss)  ((uint64_t)(ec) << 26 | 1u << 25 | (uint64_t)(iss)) /* IL = 1 */

/* cpu_fault.cause of this ISA: the target level and these. value = ESR, value2 = FAR, value3 = HPFAR. */
enum {
    A64_CAUSE_TARGET = 7,
    A64_CAUSE_FAR = 8,      /* FAR_ELx is written */
    A64_CAUSE_HPFAR = 16,   /* HPFAR_EL2 too, if the target is EL2 */
    A64_CAUSE_NEXT = 32,    /* the preferred return address is the next instruction (SVC, HVC, SMC) */
};
/*
 * Record an exception of the current instruction for level `target` (1..3). EC_xxx_LOWER and its
 * partner: give the partner ("same level"); the lower one is chosen when taken from below.
 */
void a64_raise(struct a64_cpu *a, unsigned target, uint64_t esr);
void a64_raise_at(struct a64_cpu *a, unsigned target, uint64_t esr, va_t far, const uint64_t *hpfar);
/* Where UNDEFINED, SVC, BRK, alignment... of the current level go: EL1, EL2 (HCR_EL2.TGE, or from EL2), EL3. */
unsigned a64_target_el(const struct a64_cpu *a);
void a64_raise_undefined(struct a64_cpu *a);
void a64_take_exception(struct cpu *cpu);
/* Enter `target` at its vector + `offset` (0 sync, 0x80 IRQ, 0x100 FIQ, 0x180 SError); return address is `from`. */
void a64_enter(struct a64_cpu *a, unsigned target, unsigned offset, uint64_t esr, va_t from);

/* Level to which FP and AdvSIMD instructions of level `el` trap; 0: they do not. */
unsigned a64_fp_trap(const struct a64_cpu *a, unsigned el);
void a64_raise_fp_trap(struct a64_cpu *a); /* where the current level's do */

/* ---- debug.c: breakpoints, watchpoints, software step (D2) ---- */
uint32_t a64_debug_mode(const struct a64_cpu *a);  /* A64_MODE_STEP, BREAK, WATCH now */
unsigned a64_debug_target(const struct a64_cpu *a); /* level of debug exceptions, D2.4 */
/* DebugExceptionReturnSS(); an illegal return stays at its level */
uint64_t a64_debug_return_ss(const struct a64_cpu *a, uint64_t spsr, bool illegal);

/* ---- bti.c ---- */
void a64_bti_forget(struct a64_cpu *a); /* mapping or code may have changed */
void a64_bti_forget_pages(struct a64_cpu *a, va_t first, uint64_t span); /* the mapping of these bytes */
void a64_bti_forget_code(struct a64_cpu *a, va_t va); /* the code in the line at va, through whatever mapping */

/* ---- mte.c: memory tagging (D10) ---- */
uint32_t a64_mte_mode(const struct a64_cpu *a);    /* A64_MODE_MTE, MTE0 now */
void a64_mte_forget(struct a64_cpu *a);            /* mapping may have changed */
/* AArch64.AllocationTagAccessIsEnabled() */
bool a64_mte_access(const struct a64_cpu *a, unsigned el);
/*
 * Tag check of an access before it is made; `kind` is enum insn_mem and A64_ACCESS_UNPRIV. False: it faulted,
 * or translation did. Only to be asked in the modes A64_MODE_MTE and MTE0.
 */
bool a64_mte_check(struct a64_cpu *a, va_t va, uint64_t bytes, unsigned kind);
/* Tags of whole granules. False: it faulted. Where access to tags is off or memory has none: 0, nothing. */
bool a64_mte_load_tag(struct a64_cpu *a, va_t va, unsigned *tag);
bool a64_mte_store_tags(struct a64_cpu *a, va_t va, uint64_t bytes, unsigned tag, unsigned kind);
/* The block of DC GVA, DC GZVA (`zero`) and STZGM. May fault. */
void a64_mte_set_block(struct a64_cpu *a, va_t va, unsigned tag, bool zero);
/* ChooseNonExcludedTag() */
unsigned a64_mte_choose_tag(unsigned tag, unsigned offset, unsigned exclude);

/* ---- interrupt.c ---- */
void a64_check_interrupts(struct a64_cpu *a);
bool a64_interrupt_due(const struct a64_cpu *a, uint64_t daif); /* one would be taken if PSTATE.DAIF were that */
bool a64_take_interrupt(struct cpu *cpu);
bool a64_is_interrupted(const struct cpu *cpu);
bool a64_has_work(const struct cpu *cpu);
uint64_t a64_isr(const struct a64_cpu *a); /* ISR_EL1 */

/* ---- walk.c: regimes, faults, AT ---- */
int a64_walk(struct cpu *cpu, va_t va, enum cpu_access access, unsigned regime, bool probe,
             struct cpu_map *map);
void a64_raise_bus(struct cpu *cpu, va_t va, enum cpu_access access, enum mem_result why);
void a64_raise_align(struct cpu *cpu, va_t va, enum cpu_access access);
bool a64_allows_misaligned(const struct cpu *cpu, va_t va, unsigned size, bool ordered); /* atomic.c */
void a64_raise_fetch(struct cpu *cpu, va_t va, enum mem_result why);
/* Translation of one data access with all that the walk says; `user`: with EL0's rights. False: it faulted. */
bool a64_walk_data(struct a64_cpu *a, va_t va, enum cpu_access access, bool user, struct mmu_a64_result *res);
/* The A64 instruction word at va, as a debugger reads it: nothing faults nor changes. False: there is none. */
bool a64_insn_word(struct a64_cpu *a, va_t va, uint32_t *word);
/* The regime of accesses made at level `el` in the current Security state. */
void a64_fill_regime(const struct a64_cpu *a, unsigned el, bool user, struct mmu_a64_regime *r);
/* Cache maintenance of the line at `va`: what it faults with. DC ZVA. */
void a64_cache_fault(struct a64_cpu *a, va_t va, bool store);
void a64_zero_block(struct a64_cpu *a, va_t block, uint64_t size);
/* AT: `op` = op1 << 7 | CRm << 3 | op2 of SYS with CRn = 7. Sets par_el1 or raises. */
void a64_address_translate(struct a64_cpu *a, unsigned op, va_t va);

/* ---- sysreg.c, sysreg_*.c: MSR, MRS, SYS, SYSL ---- */
#define A64_REG(op0, op1, crn, crm, op2) \
    ((uint32_t)((op0) << 14 | (op1) << 11 | (crn) << 7 | (crm) << 3 | (op2)))
struct a64_sysreg; /* sysreg.h */
/* The row of an implemented register or SYS instruction (op0 = 1), or NULL: UNDEFINED. */
int a64_sysreg_init(struct a64_cpu *a, struct err *e) MUST_CHECK;
const struct a64_sysreg *a64_sysreg_find(const struct a64_cpu *a, uint32_t code);
/*
 * The whole instruction at the current level: finds (E2H redirection included), checks rights and
 * traps, does it or raises. `iss_rt` is Rt for the syndrome; `*value` in or out.
 */
void a64_sysreg_access(struct a64_cpu *a, uint32_t code, bool read, unsigned iss_rt, uint64_t *value);
/* Must the block end after it (mode, mapping, interrupts may have changed)? Known when translating. */
bool a64_sysreg_ends_block(const struct a64_cpu *a, uint32_t code, bool read);
/* Does it touch nothing but this PE, so that it takes no lock where PEs run on several threads? Known when translating. */
bool a64_sysreg_is_own(const struct a64_cpu *a, uint32_t code, bool read);
void a64_sysreg_reset(struct a64_cpu *a);

uint64_t a64_random(struct a64_cpu *a);

/* ---- tlbi.c ---- */
/* TLBI: `code` as A64_REG with op0 = 1, CRn 8 or 9. Rights were checked. */
void a64_tlbi(struct a64_cpu *a, uint32_t code, uint64_t value);
void a64_complete_tlbi(struct a64_cpu *a); /* DSB: other PEs have done it, too */
void a64_flush_tlb(struct a64_cpu *a); /* all of this PE */

/* ---- timer.c: generic timers (D12) ---- */
int a64_timers_init(struct a64_cpu *a, struct err *e) MUST_CHECK;
uint64_t a64_count(const struct a64_cpu *a);             /* CNTPCT_EL0 now, without offsets */
uint64_t a64_virtual_offset(const struct a64_cpu *a);    /* of CNTVCT_EL0 read at the current level */
void a64_timer_changed(struct a64_cpu *a, enum a64_timer t); /* ctl, cval or an offset was written */
uint64_t a64_timer_ctl(const struct a64_cpu *a, enum a64_timer t); /* with ISTATUS */
uint64_t a64_physical_offset(const struct a64_cpu *a);   /* of CNTPCT_EL0 read at the current level */
uint64_t a64_timer_offset(const struct a64_cpu *a, enum a64_timer t); /* of its CVAL and TVAL */
void a64_timers_reset(struct a64_cpu *a);
void a64_timers_loaded(struct a64_cpu *a);

/* ---- pmu.c: PMUv3 (D13) ---- */
int a64_pmu_init(struct a64_cpu *a, struct err *e) MUST_CHECK;
void a64_pmu_reset(struct a64_cpu *a);
void a64_pmu_loaded(struct a64_cpu *a);
bool a64_pmu_counts_accesses(const struct a64_cpu *a); /* A64_MODE_COUNT */
void a64_pmu_level_changed(struct a64_cpu *a); /* before el or Security state changes: counts so far are banked */

/* ---- pauth.c (D8.10) ---- */
struct a64_pac a64_pac_of(const struct a64_cpu *a, unsigned el); /* as the control registers are now */
enum a64_key { A64_KEY_IA, A64_KEY_IB, A64_KEY_DA, A64_KEY_DB, A64_KEY_GA };
uint64_t a64_pac_add(struct a64_cpu *a, enum a64_key key, uint64_t ptr, uint64_t modifier);
/* `combined`: RETAA and its like, for FEAT_FPACCOMBINE. May raise FPAC. */
uint64_t a64_pac_auth(struct a64_cpu *a, enum a64_key key, uint64_t ptr, uint64_t modifier, bool combined);
uint64_t a64_pac_strip(const struct a64_cpu *a, uint64_t ptr, bool data);
uint64_t a64_pac_generic(const struct a64_cpu *a, uint64_t x, uint64_t y);

/* ---- guest.c, regs.c, translate.c ---- */
void a64_translate(struct cpu *cpu, struct ir_unit *u, int32_t start, const uint8_t *code,
                   uint32_t avail, const uint8_t *next);
int a64_semantics_init(struct a64_cpu *a, struct err *e) MUST_CHECK;
int a32_init(struct a64_cpu *a, struct err *e) MUST_CHECK;
void a32_translate(struct cpu *cpu, struct ir_unit *u, int32_t start, const uint8_t *code,
                   uint32_t avail, const uint8_t *next);
unsigned a32_disassemble_at(const struct a64_cpu *a, va_t pc, const uint8_t *code, size_t n, char *text,
                            size_t size);
extern const struct ir_guest a64_guest;
const struct cpu_reg *a64_regs(const struct cpu *cpu, uint32_t *n);
int a64_regs_init(struct a64_cpu *a, struct err *e) MUST_CHECK;

#endif
