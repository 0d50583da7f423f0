/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CPU_X86_X86_IMPL_H
#define ORRERY_CPU_X86_X86_IMPL_H
/* What the files of cpu/x86 share and nobody else (but their tests) sees. */
#include "core/ir/ir.h"
#include "core/util/bits.h"
#include "cpu/x86/cpu.h"
#include "cpu/x86/decode.gen.h"

/*
 * Block key (cpu_isa.mode): all that translation depends on beside the bytes. Made by
 * x86_update_mode.
 */
enum {
    X86_MODE_CODE = 3u << 0, /* enum x86_code */
    X86_MODE_CPL = 3u << 2,  /* 3 in virtual-8086 mode, 0 in real mode */
    X86_MODE_PE = 1u << 4,
    X86_MODE_V86 = 1u << 5,
    X86_MODE_SS32 = 1u << 6, /* stack addresses have 32 bits (64 in X86_CODE64) */
    X86_MODE_FLAT =
        1u << 7, /* DS, ES, SS: usable, writable, base 0, limit 4 GiB: no checks, no addition */
    X86_MODE_CS_FLAT = 1u << 8, /* CS: readable, base 0, limit 4 GiB */
    X86_MODE_TF = 1u << 9,      /* EFLAGS.TF, DEBUGCTL.LBR: one instruction a block, debug.c hears of each */
    X86_MODE_SHADOW =
        1u << 10, /* of MOV SS, POP SS, STI: one instruction, then x86_cpu.shadow ends */
    X86_MODE_BREAK = 1u << 11,  /* an instruction breakpoint is enabled */
    X86_MODE_WATCH = 1u << 12,  /* one instruction, which touches a data breakpoint: debug.c */
    X86_MODE_EM = 1u << 13,     /* CR0.EM: x87 #NM, MMX and SSE #UD */
    X86_MODE_TS = 1u << 14,     /* CR0.TS: x87, MMX, SSE, AVX #NM */
    X86_MODE_MP = 1u << 15,     /* CR0.MP: WAIT #NM with TS */
    X86_MODE_SSE = 1u << 16,    /* CR4.OSFXSR */
    X86_MODE_AVX = 1u << 17,    /* CR4.OSXSAVE, XCR0[2:1] = 11, protected mode */
    X86_MODE_AVX512 = 1u << 18, /* and XCR0[7:5] = 111 */
    X86_MODE_XM = 1u << 19,     /* an MXCSR exception is unmasked: checked after each operation */
    X86_MODE_ALIGN = 1u << 20,  /* CR0.AM, EFLAGS.AC, CPL 3: #AC */
    X86_MODE_SMM = 1u << 21,
    X86_MODE_IOPL = 1u << 22,  /* CPL <= IOPL: CLI, STI, IN, OUT without further questions */
    X86_MODE_GUEST = 1u << 23, /* VMX non-root operation, SVM guest: instructions may exit */
    X86_MODE_RF =
        1u
        << 24, /* EFLAGS.RF: the first instruction hits no instruction breakpoint, then RF ends */
    X86_MODE_MM =
        1u << 25, /* MXCSR.MM: operands of legacy SSE may be misaligned, but not those of moves */
    X86_MODE_LA57 = 1u << 26, /* 64-bit mode with 5-level paging: what is canonical */
    X86_MODE_FERR = 1u << 27, /* CR0.NE is 0: x87 errors are the board's */
    X86_MODE_CLASS_SHIFT = 28, /* x86_config.code_class */
};
#define X86_CPL_OF(mode) ((mode) >> 2 & 3)

/* Beside enum insn_branch: between segments or levels. */
enum { X86_FAR_BRANCH = INSN_RETURN + 1 };

enum x86_watch { X86_WATCH_OFF, X86_WATCH_WANTED, X86_WATCH_NOTES }; /* debug.c */
enum x86_shadow { X86_SHADOW_NONE, X86_SHADOW_STI, X86_SHADOW_SS };

/* A segment register with its hidden part. */
struct x86_segment {
    uint64_t base;
    uint32_t limit; /* in bytes, G applied */
    uint16_t sel;
    uint16_t
        attr; /* descriptor bits 55:40: type 3:0, S 4, DPL 6:5, P 7, AVL 12, L 13, D/B 14, G 15 */
};
enum { X86_SEG_LDTR = X86_SEGS, X86_SEG_TR, X86_SEG_ALL };
enum {
    X86_ATTR_S = 1u << 4,
    X86_ATTR_P = 1u << 7,
    X86_ATTR_L = 1u << 13,
    X86_ATTR_DB = 1u << 14,
    X86_ATTR_G = 1u << 15,
    X86_ATTR_CODE = 8 | X86_ATTR_S
};

struct x86_semantics;
struct x86_feature_words;

/* What the first five say for block key and TLB context: mode.c. */
struct x86_control {
    uint64_t cr0, cr4, efer, xcr0, mxcsr;
    uint64_t paging;
    uint32_t mode, fp_mode;
};

/* Block key and TLB context of a state that was met before: mode.c. */
struct x86_view {
    uint64_t says, pkru; /* what they follow from; 0: none */
    uint64_t key;
    uint32_t mode;
};

struct x86_cpu {
    struct cpu cpu;
    uint64_t gpr[16];
    uint64_t cc, cc_r, cc_a, cc_x; /* see enum x86_cc */
    uint64_t df;                   /* 1 or -1 */
    uint64_t rflags;               /* without X86_ARITH; bit 1 set */
    struct x86_segment seg[X86_SEG_ALL];
    struct {
        uint64_t base, limit;
    } gdtr, idtr;
    uint64_t k[8];
    struct {
        uint64_t m;
        uint64_t se;
    } st[8]; /* R0..R7: significand; sign and exponent in bits 15:0 */
    union ir_vec v[32][4] __attribute__((aligned(32)));

    /* Wiring and what is rebuilt: not saved. */
    const struct x86_config *config;
    const struct x86_semantics *semantics;
    uint64_t decode_ext[4];                   /* X86_EXT_* */
    uint32_t mode;                            /* block key, see mode.c */
    const struct x86_feature_words *features; /* cpuid.c */
    uint8_t msr_rows[32];                     /* msr.c */
    uint64_t ended_shadow; /* `shadow` before the instruction under way, which had one */
    uint64_t watched_dr7;  /* DR7 that the software TLB's watchpoints follow */
    uint64_t context;      /* TLB key last selected; ~0: none */
    struct x86_control control;
    struct x86_view views[8]; /* of this `control`: level 3 or not, RFLAGS.AC or not, RF or not */
    bool unusual;             /* more than that counts: no view serves */
    uint32_t context_asid;
    struct mmu_x86_notes *notes; /* walks kept in mind, ... */
    struct mmu_x86_regime regime; /* of the last walk, which key it had: walk.c */
    uint64_t regime_key;
    uint32_t fresh; /* ... which are asked for so many walks after the TLB was emptied */
    struct x86_wiring wiring;
    int64_t port_cycles; /* wiring.port_time in cycles; derived */
    int64_t flush_cycles; /* what a change of CR4.PGE takes; derived */
    struct x86_apic_ops apic;
    struct ev_timer pmu_due; /* saved; see pmu.c */
    bool pmu_active;         /* some counter may run */
    const struct cpu_reg *regs;
    uint32_t n_regs;
#define X86_STATE(name)      uint64_t name;
#define X86_STATE_N(name, n) uint64_t name[n];
#include "cpu/x86/state.def"
#undef X86_STATE
#undef X86_STATE_N
};
extern const struct state_field x86_state[];

static inline bool x86_cpu_has(const struct x86_cpu *c, enum x86_feature f)
{
    return x86_has(c->config, f);
}
static inline bool x86_long_mode(const struct x86_cpu *c) /* EFER.LMA */
{
    return c->efer >> 10 & 1;
}
static inline bool x86_code64(const struct x86_cpu *c) /* 64-bit mode */
{
    return (c->mode & X86_MODE_CODE) == X86_CODE64;
}
static inline unsigned x86_cpl(const struct x86_cpu *c)
{
    return X86_CPL_OF(c->mode);
}
static inline bool x86_real_mode(const struct x86_cpu *c)
{
    return !(c->cr0 & 1);
}
/* Driven with the machine's lock; a processor on a thread of its own looks without it, by STI, at each block key and now and then. */
static inline uint64_t x86_inputs(const struct x86_cpu *c)
{
    return __atomic_load_n(&c->inputs, __ATOMIC_RELAXED);
}
/* What each physical address is and'ed with. */
static inline uint64_t x86_a20(const struct x86_cpu *c)
{
    return x86_inputs(c) >> X86_A20M & 1 ? ~(1ull << 20) : ~0ull;
}
static inline bool x86_v86(const struct x86_cpu *c)
{
    return c->rflags >> 17 & 1;
}
/* Canonical as MSRs and descriptors' bases must be: by what the CPU has, whatever CR4.LA57 is. */
static inline bool x86_base_canonical(const struct x86_cpu *c, uint64_t base)
{
    return mmu_x86_canonical(base, x86_cpu_has(c, X86_F_LA57));
}
/* Outside 64-bit mode only the low halves of linear addresses mean something. */
static inline bool x86_same_pc(const struct x86_cpu *c, va_t a, va_t b)
{
    return x86_code64(c) ? a == b : (uint32_t)a == (uint32_t)b;
}
/* Is the next instruction a repeated string instruction that has done some of its elements, not all? */
static inline bool x86_is_repeating(const struct x86_cpu *c)
{
    return c->repeating != 0 && x86_same_pc(c, ~c->repeating, c->cpu.pc);
}
/* RIP of a linear address in the current code segment. */
static inline uint64_t x86_ip(const struct x86_cpu *c, va_t pc)
{
    return x86_code64(c) ? pc : (uint32_t)(pc - c->seg[X86_CS].base);
}

/* ---- mode.c: everything that follows from control registers, segments and RFLAGS ---- */
void x86_update_mode(
    struct x86_cpu *c); /* block key, host FP control word, TLB context, interrupts */
/* The same where nothing but CS, SS and RFLAGS changed since it was called last. */
void x86_update_level(struct x86_cpu *c);
void x86_mode_kick(
    struct x86_cpu *c); /* x86_update_mode, and leave if the block key is another one now */
void x86_select_context(struct x86_cpu *c); /* the last but one alone */
uint64_t x86_context_key(const struct x86_cpu *c);
bool x86_regime_context(const struct cpu *cpu, unsigned regime, uint64_t *key, uint32_t *asid,
                        uint32_t *vmid); /* cpu_isa.regime_context */
void x86_flush_tlb(struct x86_cpu *c);      /* all, global pages too */
void x86_flush_space(struct x86_cpu *c, uint32_t asid); /* a PCID */

/* ---- flags.c ---- */
uint64_t x86_arith_flags(uint64_t cc, uint64_t r, uint64_t a,
                         uint64_t x); /* X86_ARITH bits of enum x86_cc + size */
static inline uint64_t x86_get_rflags(const struct x86_cpu *c)
{
    return c->rflags | x86_arith_flags(c->cc, c->cc_r, c->cc_a, c->cc_x);
}
/* All bits; x86_update_mode is the caller's. */
static inline void x86_set_rflags(struct x86_cpu *c, uint64_t value)
{
    c->cc = X86_CC_FLAGS;
    c->cc_r = value & X86_ARITH;
    c->cc_a = c->cc_x = 0;
    c->rflags = (value & ~(uint64_t)X86_ARITH) | 2;
    c->df = value & X86_DF ? -1ull : 1;
}
bool x86_test_condition(uint64_t flags, unsigned cond); /* cond: 0 O .. 15 NLE */

/* ---- exception.c: raising, delivery through IVT, IDT and gates, INT n, IRET ---- */
enum x86_vector {
    X86_DE = 0,
    X86_DB = 1,
    X86_NMI_VECTOR = 2,
    X86_BP = 3,
    X86_OFL = 4,
    X86_BR = 5,
    X86_UD = 6,
    X86_NM = 7,
    X86_DFT = 8,
    X86_TS_FAULT = 10,
    X86_NP = 11,
    X86_SS_FAULT = 12,
    X86_GP = 13,
    X86_PF_FAULT = 14,
    X86_MF = 16,
    X86_AC_FAULT = 17,
    X86_MC = 18,
    X86_XM = 19,
    X86_VE = 20,
    X86_CP = 21,
    X86_HV = 28,
    X86_VC = 29,
    X86_SX = 30
};
/*
 * cpu_fault of this ISA: cause = vector and these; value = error code, value2 = CR2 of #PF, DR6
 * bits of #DB; value3: length of the instruction for software interrupts.
 */
enum {
    X86_CAUSE_VECTOR = 0xff,
    X86_CAUSE_ERROR = 0x100 /* has an error code */,
    X86_CAUSE_SOFT = 0x200 /* INT n, INT3, INTO: the next RIP is pushed, DPL is checked */,
    X86_CAUSE_INT_N = 0x10000 /* with SOFT: INT n, which virtual-8086 mode may redirect */,
    X86_CAUSE_ICEBP = 0x400,
    X86_CAUSE_TRAP = 0x800 /* #DB after the instruction: pc is the next one already */,
    X86_CAUSE_TRIPLE = 0x1000,
    X86_CAUSE_AGAIN =
        0x2000 /* no exception: an interrupt is due, and the instruction begins anew after it */,
    X86_CAUSE_WATCH = 0x8000, /* likewise, alone, since it touches a data breakpoint */
    X86_CAUSE_HERE = 0x4000 /* in the task just switched to: pc is value3, not the instruction's */
};
void x86_raise(struct x86_cpu *c, enum x86_vector vector); /* no error code */
void x86_raise_error(struct x86_cpu *c, enum x86_vector vector, uint32_t error);
void x86_raise_page(struct x86_cpu *c, va_t va, uint32_t error);
void x86_take_exception(struct cpu *cpu); /* cpu.fault -> its handler; #DF and shutdown included */
/* Deliver at an instruction boundary: NMI, external interrupt. */
void x86_deliver_interrupt(struct x86_cpu *c, unsigned vector);
void x86_deliver_trap(struct x86_cpu *c,
                      uint64_t dr6); /* #DB after an instruction, with these bits of DR6 */
void x86_shutdown(struct x86_cpu *c);

/* ---- v86.c: virtual-8086 mode (SDM 21) ---- */
/* INT n: through the program's own table? False: #GP or the map's page fault was raised. */
bool x86_v86_redirects(struct x86_cpu *c, unsigned vector, bool *redirects) MUST_CHECK;
/* RFLAGS as the program sees it: below IOPL 3, VIF in the place of IF and IOPL 3. */
uint64_t x86_v86_flags(const struct x86_cpu *c, uint64_t flags);
/*
 * What POPF and IRET of `bytes` below IOPL 3 make of IF: VIF, with CR4.VME and 2 bytes. False: #GP.
 */
bool x86_v86_set_if(struct x86_cpu *c, uint64_t flags, unsigned bytes) MUST_CHECK;

/* ---- interrupt.c ---- */
bool x86_take_interrupt(struct cpu *cpu);
bool x86_has_work(const struct cpu *cpu);
/* Does something from outside wait that would be taken now? Traps of the instruction under way do not count. */
bool x86_is_interrupted(const struct x86_cpu *c);
void x86_set_halted(struct x86_cpu *c, bool on); /* HLT begins, ends */
void x86_kick_if_due(struct x86_cpu *c);
/* Is there anything that may be taken at some boundary? */
static inline bool x86_something_waits(const struct x86_cpu *c)
{
    uint64_t inputs = BIT(X86_INIT) | BIT(X86_SMI) | BIT(X86_NMI) | BIT(X86_INTR);
    return ((x86_inputs(c) & inputs) | c->waiting | c->halted | c->pending_db | c->watch | c->branch_kind) != 0;
}
/* Kick if something may be taken now. */
static inline void x86_check_interrupts(struct x86_cpu *c)
{
    if (UNLIKELY(x86_something_waits(c)))
        x86_kick_if_due(c);
}

/* ---- smm.c ---- */
void x86_enter_smm(struct x86_cpu *c,
                   bool halted); /* halted: out of HLT, which RSM may go back to */
void x86_rsm(struct x86_cpu *c); /* in SMM only; may shut down */
/* A port access just raised an SMI; `string`, which follows it: of INS or OUTS, registers not yet
 * advanced. */
void x86_smi_note_io(struct x86_cpu *c, uint64_t port, unsigned bytes, bool in);
void x86_smi_note_string(struct x86_cpu *c, bool rep);

/* ---- segment.c: descriptors (SDM 3.4, 3.5, 5) ---- */
/*
 * Each returns false when it raised an exception; nothing was changed then.
 */
bool x86_load_segment(struct x86_cpu *c, enum x86_seg seg,
                      uint16_t sel); /* MOV, POP, LDS...: not CS */
void x86_load_real_segment(struct x86_cpu *c, enum x86_seg seg,
                           uint16_t sel); /* real and virtual-8086 mode */
bool x86_load_ldtr(struct x86_cpu *c, uint16_t sel);
bool x86_load_tr(struct x86_cpu *c, uint16_t sel);
/* The 8 bytes at `sel` in GDT or LDT (16 for system descriptors in long mode: *high). False: not
 * there; nothing raised. */
bool x86_read_descriptor(struct x86_cpu *c, uint16_t sel, uint64_t *low, uint64_t *high,
                         bool *faulted);
void x86_unpack_segment(uint16_t sel, uint64_t descriptor, struct x86_segment *s);
bool x86_far_jump(struct x86_cpu *c, uint16_t sel, uint64_t ip, unsigned op_size, va_t next);
bool x86_far_call(struct x86_cpu *c, uint16_t sel, uint64_t ip, unsigned op_size, va_t next);
bool x86_far_return(struct x86_cpu *c, unsigned op_size, unsigned release);
bool x86_iret(struct x86_cpu *c, unsigned op_size);

/* ---- task.c ---- */
enum x86_task_why { X86_TASK_JUMP, X86_TASK_CALL, X86_TASK_IRET, X86_TASK_GATE };
bool x86_task_switch(struct x86_cpu *c, uint16_t sel, enum x86_task_why why, va_t next,
                     bool has_error, uint32_t error);

/* ---- access.c: memory for helpers, through segments or linear ---- */
/*
 * False: it faulted. `implicit`: a supervisor access whatever CPL is (descriptor tables, TSS, the
 * stack of an inner level before CPL changes is not).
 */
bool x86_load_linear(struct x86_cpu *c, va_t va, unsigned size, bool implicit, uint64_t *value);
bool x86_store_linear(struct x86_cpu *c, va_t va, unsigned size, bool implicit, uint64_t value);
/* What a program accesses itself: misaligned ones are #AC where that is switched on. */
bool x86_load_data(struct x86_cpu *c, va_t va, unsigned size, uint64_t *value);
bool x86_store_data(struct x86_cpu *c, va_t va, unsigned size, uint64_t value);
/* A function's store: functions are not repeated (cpu.alone), what they overwrite is seen at the
 * block's end. */
bool x86_store_once(struct x86_cpu *c, va_t va, uint32_t memop, uint64_t value);
/*
 * For functions that stand for a whole instruction, after an access that was not done: unless it faulted it was a
 * store into the running block, put off (struct cpu, alone), and the instruction begins anew. Returns 0.
 */
uint64_t x86_put_off(struct x86_cpu *c);
/* Segment checks and base: the linear address, or #GP, #SS. */
bool x86_linear(struct x86_cpu *c, enum x86_seg seg, uint64_t offset, unsigned size, bool write,
                va_t *va);

/* ---- io.c: ports (SDM volume 1, chapter 19) ---- */
/*
 * Before what reaches devices without a memory access: they see the time of this very instruction,
 * not of the turn's last one, which depends on where the host cut it. In helpers with IR_CALL_TIME.
 */
void x86_enter_device(struct x86_cpu *c);
bool x86_io_allowed(struct x86_cpu *c, uint64_t port,
                    unsigned bytes); /* IOPL and the TSS's bit map; #GP(0) */
uint64_t x86_io_read(struct x86_cpu *c, uint64_t port,
                     unsigned bytes); /* nothing there: all ones */
void x86_io_write(struct x86_cpu *c, uint64_t port, unsigned bytes, uint64_t value);

/* ---- control.c, msr.c, cpuid.c, timestamp.c ---- */
bool x86_write_cr(struct x86_cpu *c, unsigned n, uint64_t value); /* false: #GP was raised */
uint64_t x86_read_cr(struct x86_cpu *c, unsigned n);
bool x86_write_dr(struct x86_cpu *c, unsigned n, uint64_t value);
bool x86_read_dr(struct x86_cpu *c, unsigned n, uint64_t *value);
uint64_t x86_cr4_known(const struct x86_cpu *c); /* bits that the features make writable */
uint64_t x86_efer_known(const struct x86_cpu *c);
/* PAE's four entries, as SMM finds memory or as others do; false: reserved bits, nothing changed. */
bool x86_read_pdptes(struct x86_cpu *c, uint64_t cr3, bool smm);
uint64_t x86_xcr0_supported(const struct x86_cpu *c);
bool x86_write_xcr(struct x86_cpu *c, unsigned n, uint64_t value);
bool x86_read_msr(struct x86_cpu *c, uint32_t msr,
                  uint64_t *value); /* false: no such MSR, or reserved: #GP(0) */
bool x86_write_msr(struct x86_cpu *c, uint32_t msr, uint64_t value);
bool x86_hidden(const struct x86_cpu *c,
                enum x86_feature f); /* IA32_MISC_ENABLE or HWCR takes a feature there is away */
void x86_msr_reset(struct x86_cpu *c, bool init);

/* ---- kvm.c: KVM's interface to its guests ---- */
bool x86_kvm_leaf(const struct x86_cpu *c, uint32_t leaf,
                  uint32_t r[4]); /* false: none of its; all but the features' bits */
bool x86_kvm_read_msr(struct x86_cpu *c, uint32_t msr,
                      uint64_t *value); /* false: not one of its MSRs */
bool x86_kvm_write_msr(struct x86_cpu *c, uint32_t msr, uint64_t value);
void x86_kvm_clock_changed(struct x86_cpu *c); /* the TSC was set */
void x86_kvm_cpu_started(struct x86_cpu *c);

int x86_cpuid_init(struct x86_cpu *c, struct err *e) MUST_CHECK;
/* Highest basic or extended CPUID leaf. */
uint32_t x86_max_leaf(const struct x86_cpu *c, bool is_extended);

/* ---- xsave.c: extended state (SDM volume 1, chapter 13) ---- */
/* Bytes of an area that holds `components`; of the compacted form, or the standard one. */
uint32_t x86_xsave_size(uint64_t components, bool compacted);
/* Offset in the standard form and size of component n (2..63). */
void x86_xsave_component(unsigned n, uint32_t *offset, uint32_t *size);

/* ---- pmu.c: architectural performance monitoring (SDM 20.2; APM 13.2) ---- */
bool x86_pmu_read(struct x86_cpu *c, uint32_t msr,
                  uint64_t *value); /* false: not one of its MSRs */
bool x86_pmu_write(struct x86_cpu *c, uint32_t msr, uint64_t value);
void x86_pmu_leaf(const struct x86_cpu *c, uint32_t regs[4]); /* CPUID leaf A */
void x86_pmu_extended_leaf(const struct x86_cpu *c,
                           uint32_t regs[4]); /* 80000022: number of counters */
int x86_pmu_init(struct x86_cpu *c, struct err *e) MUST_CHECK;
void x86_pmu_reset(struct x86_cpu *c);
void x86_pmu_loaded(struct x86_cpu *c);
/* With pmu_active: before CPL or `halted` change, and after. */
void x86_pmu_settle(struct x86_cpu *c);
void x86_pmu_changed(struct x86_cpu *c);

/* ---- debug.c: breakpoints (SDM 18) ---- */
uint32_t x86_debug_mode(const struct x86_cpu *c); /* X86_MODE_BREAK, WATCH now */
void x86_debug_changed(struct x86_cpu *c);        /* DR0 to DR3 or DR7 were written */
bool x86_watched(struct cpu *cpu, va_t va, unsigned size, bool store); /* cpu_isa.watched */
uint64_t
x86_pending_db(struct x86_cpu *c); /* the traps due now, as bits of DR6; none any more then */
void x86_watch_port(struct x86_cpu *c, uint64_t port, unsigned bytes);

/* ---- last_branch.c: DEBUGCTL.LBR (SDM 18.4; APM volume 2, 13.1.1) ---- */
/* A branch begins (kind: X86_FAR_BRANCH or enum insn_branch); the boundary after it: pc is where it went. */
void x86_branch_begins(struct x86_cpu *c, va_t at, va_t next, unsigned kind);
void x86_branch_done(struct x86_cpu *c);
/* An interrupt or exception was delivered: pc is its handler's; `ip` is that of `from`, before. */
void x86_record_event(struct x86_cpu *c, va_t from, uint64_t ip);
void x86_last_branch_reset(struct x86_cpu *c);

/* ---- x87.c ---- */
void x86_x87_reset(struct x86_cpu *c); /* FNINIT */
/* ---- sse_control.c ---- */
uint32_t x86_get_mxcsr(const struct x86_cpu *c);
uint32_t x86_mxcsr_mask(const struct x86_cpu *c); /* bits there are */
void x86_set_mxcsr(struct x86_cpu *c,
                   uint32_t value); /* checked by the caller; x86_update_mode is done */
uint32_t x86_host_fp_mode(const struct x86_cpu *c); /* of MXCSR; core/exec/fp.h */

/* ---- reset.c ---- */
void x86_reset(struct x86_cpu *c, bool init); /* power-on or INIT (SDM 10.1) */

/* ---- walk.c ---- */
int x86_walk(struct cpu *cpu, va_t va, enum cpu_access access, unsigned regime, bool probe,
             struct cpu_map *map);
enum { X86_REGIME_IMPLICIT = 1 }; /* IR_MEM_REGIME of implicit supervisor accesses */

/* ---- guest.c, regs.c, translate.c ---- */
void x86_translate(struct cpu *cpu, struct ir_unit *u, int32_t start, const uint8_t *code,
                   uint32_t avail, const uint8_t *next);
int x86_semantics_init(struct x86_cpu *c, struct err *e) MUST_CHECK;
extern const struct ir_guest x86_guest;
const struct cpu_reg *x86_regs(const struct cpu *cpu, uint32_t *n);

#endif
