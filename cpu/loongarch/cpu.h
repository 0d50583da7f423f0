/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CPU_LOONGARCH_CPU_H
#define ORRERY_CPU_LOONGARCH_CPU_H
/*
 * A LoongArch core: LA64, LoongArch Reference Manual Volume 1 v1.10 (in comments: "manual"), with LSX and LASX;
 * privilege levels PLV0 to PLV3; and guest mode (LVZ) as far as public sources define it. Extensions as the
 * profile's CPUCFG words say; nothing else asks what a core has.
 *
 * Not modelled, absent from CPUCFG: LBT (its instructions are INE), LA32, the crypto and complex-vector bits.
 *
 * General registers are slots 0..31. FP register n is the low 64 bits of vector register n; a vector register is
 * two slots of 128 bits side by side, `v` the low half (LSX) and `xh` the high one (LASX). What the architecture leaves
 * undefined is decided once for all: a scalar FP write keeps the bits above 64 (above 32, too, where single
 * results have no rule), an LSX write keeps the high half.
 *
 * The core belongs to the machine's arena. la_cpu_create during construction only.
 */
#include "core/cpu/cpu.h"
#include "core/cpu/profile.h"
#include "core/cpu/regs.h"
#include "core/event/queue.h"
#include "mmu/loongarch.h"

enum la_slot {
    LA_SLOT_R = 0,      /* r0 reads as 0 */
    LA_SLOT_V = 32,     /* low halves of the vector registers; f0.. in their low 64 bits */
    LA_SLOT_XH = 64,    /* high halves */
    LA_SLOT_FCC = 96,   /* fcc0..7, each 0 or 1 */
    /* CSRs of the current bank that kernels read and write all the time */
    LA_SLOT_SAVE = 104, /* SAVE0..15 */
    LA_SLOT_TLBRSAVE = 120, LA_SLOT_TLBRBADV, LA_SLOT_ERA, LA_SLOT_BADV, LA_SLOT_PGDL, LA_SLOT_PGDH,
    LA_SLOT_TLBRELO0, LA_SLOT_TLBRELO1, LA_SLOT_TLBREHI,
    LA_SLOT_FP_LAST, LA_SLOT_FP_A, LA_SLOT_FP_XA = LA_SLOT_FP_A + 3, /* see la_cpu.fp_last */
    LA_SLOTS = LA_SLOT_FP_XA + 3
};

/* CPUCFG words that have content (manual, CPUCFG); index to la_config.cpucfg. Others read 0. */
enum { LA_CPUCFG_LOW = 7, LA_CPUCFG_CACHE = 0x10, LA_CPUCFG_WORDS = 0x15, LA_CPUCFG_KVM = 0x40000000 };

enum la_feature {
#define LA_FEATURE(symbol, name, word, bit, how) LA_F_##symbol,
#include "cpu/loongarch/features.def"
#undef LA_FEATURE
    LA_F_COUNT
};

/* What a profile fixes; constant once the core exists. */
struct la_config {
    char name[CPU_PROFILE_NAME];
    uint32_t cpucfg[LA_CPUCFG_WORDS]; /* the only statement of features: `has` is derived (la_config_derive) */
    uint64_t prcfg1, prcfg2, prcfg3;  /* saves, timer bits, VSMax; page sizes; TLB geometry */
    uint64_t hz;                      /* core clock; the stable counter's is CPUCFG words 4 and 5 */
    uint64_t reset_pc;                /* 0x1c000000 */
    char vendor_name[9], model_name[9]; /* IOCSR 10h and 20h: "Loongson", "3A5000" */
    uint32_t asid_bits;               /* 10 */
    uint32_t code_class;              /* 0..15: cores of one machine with unlike features take unlike classes */
    /* Derived. */
    uint64_t has;                     /* bit set of enum la_feature */
    struct mmu_la_features mmu;
    uint64_t counter_hz;              /* CC_FREQ * CC_MUL / CC_DIV */
};
_Static_assert(LA_F_COUNT <= 64, "la_config.has");

static inline bool la_has(const struct la_config *c, enum la_feature x)
{
    return c->has >> x & 1;
}
/* After changing cpucfg[] or prcfg*. */
void la_config_derive(struct la_config *c);

struct la_cpu;
#define LA_CPU(c)       ((struct la_cpu *)(void *)(c)) /* struct cpu comes first */
#define LA_CPU_CONST(c) ((const struct la_cpu *)(const void *)(c))

extern const struct cpu_isa la_isa;

/*
 * A profile by name with QEMU's property syntax behind it: "la464", "max,lasx=off,ptw=on". `path`: a directory
 * with more profiles, or NULL. ERR_ABSENT and ERR_ARG name the nearest profile or property, ERR_UNSUPPORTED
 * what is not modelled.
 */
int la_config_parse(struct la_config *out, const char *spec, const char *path, struct err *e) MUST_CHECK;
extern const struct cpu_profiles la_profiles;
extern const struct cpu_profile la_profile_list[]; /* built in; ends with a NULL name */

/* `config` is copied. `core_id`: CSR.CPUID, as IPIs and COREMAP name it. */
int la_cpu_create(struct la_cpu **out, struct machine *m, const struct la_config *config, uint32_t index,
                  uint32_t core_id, struct err *e) MUST_CHECK;
struct cpu *la_cpu_base(struct la_cpu *la);

/*
 * The space IOCSRRD and IOCSRWR reach, addresses 0 to 2^32 - 1: parts map themselves there, one space for
 * all cores of a machine; who asks is mem_attrs.requester. Not answered: reads 0, writes are lost.
 * Before the first run; required.
 */
void la_cpu_set_iocsr(struct la_cpu *la, struct mem_space *iocsr);

/* irq_sink_fn: `cpu` is the struct cpu, `number` the bit of ESTAT.IS: 2..9 HWI0..7, 12 IPI, 13 NMI. Levels. */
void la_cpu_set_irq(void *cpu, uint32_t number, bool level);
/* A message interrupt, 0..255, arrives (CSR.MSGIS); false: the core has none of them. */
bool la_cpu_message(struct cpu *cpu, unsigned vector);

/* For boards: general registers; the core must be stopped. */
uint64_t la_get_r(const struct cpu *cpu, unsigned n);
void la_set_r(struct cpu *cpu, unsigned n, uint64_t value);
/* The stable counter, without CNTC, at `now`: as RDTIME and board timers must agree on it. */
uint64_t la_stable_counter(const struct la_config *c, ps_t now);
/*
 * For makers of random programs: `features` of the decode tables; the number of the n-th CSR there is, false past
 * the last.
 */
uint64_t la_decode_features(const struct cpu *cpu);
bool la_csr_number(const struct cpu *cpu, uint32_t n, uint32_t *number);
/* Device tree: "loongson,la464". */
const char *la_compatible(const struct la_config *c);

#endif
