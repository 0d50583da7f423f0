/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CPU_X86_CPU_H
#define ORRERY_CPU_X86_CPU_H
/*
 * An x86-64 logical processor from its reset vector on: Intel SDM (order 325462) and AMD APM (24592
 * and following). What a profile's CPUID bits say, and nothing else, decides what there is.
 *
 * cpu->pc is the *linear* address CS.base + RIP; outside 64-bit mode only its low 32 bits mean
 * something (walk and everything that shows it cut it), so that blocks may go on over the top.
 *
 * Arithmetic flags are lazy: four slots hold what the last operation that set flags left, see enum
 * x86_cc. All other bits of RFLAGS are in `rflags`, DF a second time as the step +1 or -1 in `df`.
 *
 * Vector registers are four 128-bit slots each, low to high; what a legacy SSE instruction writes
 * leaves the upper three alone, VEX zeroes them. x87 registers lie in physical order (R0..R7);
 * MMX registers are their significands.
 *
 * Ports are an address space of 64 KiB handed over by the board. The local APIC is a device of
 * `irqchip`, reached by x86_apic_ops. SMM accesses carry mem_attrs.secure (cpu->secure): that is
 * how SMRAM knows them.
 *
 * Places kept: VMX and SVM (`guest`: x86_impl.h), nested paging in mmu/x86.h, SEV-SNP.
 *
 * The CPU belongs to the machine's arena. x86_cpu_create during construction only.
 */
#include "core/cpu/cpu.h"
#include "core/cpu/profile.h"
#include "core/cpu/regs.h"
#include "core/event/queue.h"
#include "cpu/x86/decode.h"
#include "mmu/x86.h"

enum x86_slot {
    X86_SLOT_GPR = 0,       /* RAX RCX RDX RBX RSP RBP RSI RDI R8..R15 */
    X86_SLOT_CC = 16,       /* enum x86_cc */
    X86_SLOT_CC_R,          /* result, zero-extended from the operation's size */
    X86_SLOT_CC_A,          /* what else the operation's flags follow from */
    X86_SLOT_CC_X,          /* carry that went into ADC and SBB */
    X86_SLOT_DF,            /* +1 or -1 */
    X86_SLOT_RFLAGS,        /* without CF PF AF ZF SF OF */
    X86_SLOT_SEG_BASE = 22, /* ES CS SS DS FS GS */
    X86_SLOT_K = 28,        /* opmasks */
    X86_SLOT_MM = 36,       /* significands of R0..R7 */
    X86_SLOT_FSW = 44,      /* x87 status word */
    X86_SLOT_VEC = 45,      /* register n, quarter q: VEC + 4n + q */
    X86_SLOTS = X86_SLOT_VEC + 4 * 32,
};

/*
 * What set the arithmetic flags: operation + log2 of the operand's bytes. r = CC_R, a = CC_A, x =
 * CC_X; r is zero-extended from that size, what is above it in operands does not count. msb is the size's top bit.
 * PF, ZF, SF follow from r unless it says otherwise.
 */
enum x86_cc {
    X86_CC_FLAGS = 0,  /* r is the image: CF PF AF ZF SF OF in their places of RFLAGS */
    X86_CC_ADD = 4,    /* r = left + a:      CF r < a;  AF, OF from left = r - a */
    X86_CC_ADC = 8,    /* r = left + a + x */
    X86_CC_SUB = 12,   /* r = left - a:      CF left < a; left = r + a */
    X86_CC_SBB = 16,   /* r = left - a - x */
    X86_CC_LOGIC = 20, /* CF, OF, AF 0 */
    X86_CC_INC = 24,   /* a: CF; r = left + 1 */
    X86_CC_DEC = 28,
    X86_CC_SHL = 32,  /* a: shifted by one less: its msb is CF; OF = CF ^ msb of r; AF 0 */
    X86_CC_SHR = 36,  /* SHR, SAR; a: shifted by one less: bit 0 is CF; OF = msb of a ^ r; AF 0 */
    X86_CC_MUL = 40,  /* a != 0: CF and OF; AF 0 */
    X86_CC_BITS = 44, /* a: CF; OF, AF 0: BLSR, BLSI, BLSMSK, BZHI, TZCNT, LZCNT (SF, PF from r) */
    X86_CC_POPCNT = 48, /* ZF from r, all others 0 */
    /* Nothing else needs the result, so r is an operand: */
    X86_CC_CMP = 52,  /* as SUB of r - a */
    X86_CC_TEST = 56, /* as LOGIC of r & a */
    X86_CC_IMUL = 60, /* r: the low half of a times x, signed: CF and OF if the product has more; AF 0 */
    X86_CC_PRODUCT = 64, /* r times a, signed: the result is the low half; CF and OF as of IMUL, which only older states have */
    X86_CC_COUNT = 128,  /* a power of 2 */
    /*
     * With any of them: a rotation came behind it, which changes CF and OF alone. Bit 18 is CF; OF is bit 18 ^ bit 17.
     */
    X86_CC_ROTATED = 1 << 16,
    X86_CC_TOP_SHIFT = 17,
};

/* RFLAGS */
enum {
    X86_CF = 1u << 0,
    X86_PF = 1u << 2,
    X86_AF = 1u << 4,
    X86_ZF = 1u << 6,
    X86_SF = 1u << 7,
    X86_TF = 1u << 8,
    X86_IF = 1u << 9,
    X86_DF = 1u << 10,
    X86_OF = 1u << 11,
    X86_IOPL = 3u << 12,
    X86_NT = 1u << 14,
    X86_RF = 1u << 16,
    X86_VM = 1u << 17,
    X86_AC = 1u << 18,
    X86_VIF = 1u << 19,
    X86_VIP = 1u << 20,
    X86_ID = 1u << 21,
    X86_ARITH = X86_CF | X86_PF | X86_AF | X86_ZF | X86_SF | X86_OF,
};

/* CPUID bits: X86_FEATURE rows of features.def, by the names QEMU uses. */
enum x86_feature {
#define X86_FEATURE(symbol, name, leaf, subleaf, reg, bit) X86_F_##symbol,
#include "cpu/x86/features.def"
#undef X86_FEATURE
    X86_F_COUNT
};
#define X86_FEATURE_WORDS ((X86_F_COUNT + 63) / 64)

enum x86_vendor { X86_INTEL, X86_AMD };

/* What caches and TLBs hold; 0 ends a list. Numbers of leaves 4 and 18. */
enum { X86_DATA = 1, X86_CODE, X86_UNIFIED, X86_LOADS, X86_STORES };

/* A cache as leaves 4, 8000001D and 2 describe it. size = ways * line * sets */
struct x86_cache {
    uint8_t level, type;
    uint16_t line, ways;
    uint32_t sets;
    uint8_t shared_by; /* enum x86_share */
    uint8_t
        flags; /* EDX of leaf 4: 1 WBINVD reaches this one only, 2 inclusive, 4 complex indexing */
};

/* A TLB as leaves 18, 80000005, 6 and 19 do. */
enum { X86_PAGE_4K = 1, X86_PAGE_2M = 2, X86_PAGE_4M = 4, X86_PAGE_1G = 8 };
struct x86_tlb {
    uint8_t level, type, pages;
    uint8_t ways; /* 0: fully associative */
    uint16_t entries;
};
enum x86_share { X86_SHARE_THREAD, X86_SHARE_CORE, X86_SHARE_DIE, X86_SHARE_SOCKET };

/*
 * Numbers of each in the next larger one; the board fills it from -smp. Modules are groups of cores
 * of one die that share something (AMD: core complexes with their L3); 0: none are named, which is
 * one a die.
 */
struct x86_topology {
    uint32_t sockets, dies, cores, threads, modules;
};

enum { X86_LAST_BRANCHES = 32 }; /* what an LBR stack holds */

/*
 * What a profile fixes; constant once the CPU exists. Profiles are text files (cpu/x86/profiles) in
 * the format of core/cpu/profile.h; `has` is the only statement of features.
 */
struct x86_config {
    char name[32];
    char brand[49]; /* leaves 80000002..4 */
    enum x86_vendor vendor;
    uint32_t family, model, stepping;
    uint64_t has[X86_FEATURE_WORDS];
    struct x86_cache caches[6];
    struct x86_tlb tlbs[12];
    uint8_t descriptors[15];              /* leaf 2 */
    uint32_t mwait;                       /* EDX of leaf 5: how many substates each C state has */
    uint32_t pa_bits, va_bits;            /* 52 at most; 48 or 57 */
    uint32_t max_leaf, max_extended_leaf; /* 0: the highest that the features need */
    uint32_t microcode;
    uint32_t pmu_version, pmu_counters, pmu_fixed;
    uint32_t last_branches; /* Intel: entries of the LBR stack, 0 or X86_LAST_BRANCHES */
    uint64_t hz, tsc_hz, bus_hz; /* core clock; TSC; what the APIC timer counts */
    struct x86_topology topology;
    uint32_t apic_id;    /* x2APIC id: follows from index and topology (x86_apic_id) */
    bool bootstrap;      /* IA32_APIC_BASE.BSP */
    uint32_t code_class; /* 0..15: CPUs of one machine with unlike features take unlike classes */
};

static inline bool x86_has(const struct x86_config *c, enum x86_feature f)
{
    return c->has[f / 64] >> (f % 64) & 1;
}

/* Inputs of a logical processor. */
enum x86_input {
    X86_INTR, /* level: the local APIC or the 8259 has an interrupt (x86_apic_ops.acknowledge says
                 which) */
    X86_NMI,  /* edge */
    X86_SMI,  /* edge */
    X86_INIT, /* edge; latched in SMM and while blocked */
    X86_A20M, /* level, low: A20 is masked */
    X86_INPUTS,
};

/*
 * The local APIC as its CPU reaches it. MMIO goes through the address space like any other; `base`
 * is called when IA32_APIC_BASE was written (checked by the CPU) and moves it.
 */
struct x86_apic_ops {
    /* The vector to deliver now, or -1 (spurious: it went away). */
    int (*acknowledge)(void *arg);
    uint64_t (*get_tpr)(void *arg); /* CR8: 3:0 */
    void (*set_tpr)(void *arg, uint64_t cr8);
    /* x2APIC registers 800h..8FFh and IA32_TSC_DEADLINE. False: #GP(0). */
    bool (*read_msr)(void *arg, uint32_t msr, uint64_t *value);
    bool (*write_msr)(void *arg, uint32_t msr, uint64_t value);
    void (*base)(void *arg, uint64_t apic_base);
    void (*init)(void *arg); /* INIT: all but ID and base */
    /* An interrupt as the low half of the ICR says, to the local APIC with that x2APIC id; false:
     * there is none. */
    bool (*send)(void *arg, uint32_t id, uint32_t icr);
    void (*pmi)(void *arg); /* a performance counter overflowed: its entry of the LVT */
    void *arg;
};

/* What the board gives and hears of. Lines in cpu/x86's terms, none may be NULL but smm and
 * shutdown. */
struct x86_wiring {
    struct mem_space *ports;
    ps_t port_time; /* what IN and OUT take beside the instruction's own; their string forms are bursts */
    void (*shutdown)(void *arg);          /* triple fault: most boards reset */
    void (*smm)(void *arg, bool entered); /* SMIACT# */
    void (*ferr)(void *arg, bool level);  /* FERR#: x87 errors with CR0.NE = 0 (IRQ 13) */
    bool (*ignne)(void *arg);             /* IGNNE# */
    void *arg;
};

struct x86_cpu;
#define X86_CPU(c)       ((struct x86_cpu *)(void *)(c)) /* struct cpu comes first */
#define X86_CPU_CONST(c) ((const struct x86_cpu *)(const void *)(c))

extern const struct cpu_isa x86_isa;

extern const struct cpu_profile x86_profile_list[];
extern const struct cpu_profiles x86_profiles;
/* "max", "zen4,-avx512f,+la57,x2apic=on": profiles (`path`: a directory with more, or NULL) and
 * QEMU's syntax. */
int x86_config_parse(struct x86_config *out, const char *spec, const char *path,
                     struct err *e) MUST_CHECK;
/* The x2APIC id of CPU `index`: fields of threads, cores, dies, sockets, each as wide as it must
 * be. */
uint32_t x86_apic_id(const struct x86_topology *t, uint32_t index);
/* CPUID as this CPU answers now. */
void x86_cpuid(const struct x86_cpu *c, uint32_t leaf, uint32_t subleaf, uint32_t regs[4]);

/* `config` and `wiring` are copied. */
int x86_cpu_create(struct x86_cpu **out, struct machine *m, const struct x86_config *config,
                   const struct x86_wiring *wiring, uint32_t index, struct err *e) MUST_CHECK;
struct cpu *x86_cpu_base(struct x86_cpu *c);
const struct x86_config *x86_cpu_config(const struct x86_cpu *c);
/* What x86_decode() takes as `features` for this CPU. */
const uint64_t *x86_decode_features(const struct cpu *cpu);
void x86_cpu_set_apic(struct x86_cpu *c, const struct x86_apic_ops *ops);
/* irq_sink_fn: `cpu` is the struct cpu, `number` an enum x86_input. Edges: level true. */
void x86_cpu_set_input(void *cpu, uint32_t number, bool level);
/* A start-up IPI: an application processor that waits for it starts at vector << 12; others ignore
 * it. */
void x86_cpu_sipi(struct x86_cpu *c, uint8_t vector);
/* The time-stamp counter now, and when it will show `tsc` (PS_NEVER: not in the clock's life). */
uint64_t x86_tsc(const struct x86_cpu *c);
ps_t x86_tsc_time(const struct x86_cpu *c, uint64_t tsc);

/*
 * For boards that start a kernel without firmware (PVH, Multiboot, 64-bit entry): the state of a
 * processor that is off or stopped. Segment: flat, `code` and `data` its selectors.
 */
uint64_t x86_get_gpr(const struct cpu *cpu, unsigned n);
void x86_set_gpr(struct cpu *cpu, unsigned n, uint64_t value);
/* Real mode. */
void x86_start_real(struct cpu *cpu, uint16_t cs, uint16_t ip);
/* As firmware leaves all processors where an id is above 254 (SDM 12.12.5); its local APIC must be there. */
void x86_enable_x2apic(struct cpu *cpu);
void x86_start_flat32(struct cpu *cpu, uint32_t eip, uint16_t code, uint16_t data);
/* 64-bit mode with paging by `cr3` and a GDT at `gdt`. */
void x86_start_long(struct cpu *cpu, uint64_t rip, uint64_t cr3, uint64_t gdt, uint16_t gdt_limit,
                    uint16_t code, uint16_t data);

#endif
