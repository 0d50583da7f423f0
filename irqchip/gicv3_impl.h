/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_IRQCHIP_GICV3_IMPL_H
#define ORRERY_IRQCHIP_GICV3_IMPL_H
/*
 * Inside the GICv3. Interrupts lie in banks of 32: bank 0 (SGIs and PPIs) is each
 * redistributor's own, banks 1..31 (SPIs) the distributor's. What a CPU could take of them is
 * kept in bitmaps by priority, `ready`: pending, enabled, not active, routed to it. From ready
 * bits and the enables of groups follows `best`, the highest priority pending interrupt, which
 * is recomputed when one of its inputs changes and not when it is read:
 *
 *   lines, ISPENDR.. -> bank -> gicv3_changed() -> ready -> best -> gicv3_drive() -> lines
 *   ITS              -> lpi  -> lpi_ready       -> lpi_best /
 */
#include "irqchip/gicv3.h"
#include "core/util/bits.h"

/* Groups are numbered as GICD_CTLR's enables (Secure view) are. */
enum gicv3_group { GICV3_G0, GICV3_G1NS, GICV3_G1S, GICV3_GROUPS };
enum { GICV3_NS, GICV3_S, GICV3_STATES }; /* banks of ICC registers */

enum { GICV3_N_SGIS = 16, GICV3_FIRST_SPI = 32, GICV3_BANKS = 32, GICV3_IRQS = 1024,
       GICV3_NO_CPU = 0xffff, GICV3_IDLE = 0xff /* priority of nothing */,
       GICV3_FIRST_LPI = 8192, GICV3_N_LPIS = 65536 - 8192, GICV3_ID_BITS = 16 };
/* INTIDs with a meaning of their own, 2.2.1 */
enum { GICV3_ID_SECURE = 1020, GICV3_ID_NONSECURE = 1021, GICV3_ID_SPURIOUS = 1023 };

#define GICD_CTLR_DS 6, 6

#define GICR_CTLR_ENABLE_LPIS 0, 0
#define GICR_PROPBASER_IDBITS 4, 0
#define GICR_PROPBASER_PA     51, 12
#define GICR_PENDBASER_PA     51, 16
#define GICR_PENDBASER_PTZ    62, 62
#define GICR_WAKER_SLEEP      1, 1

struct gicv3_bank {
    uint32_t group, modifier, enable, latch, level, active, edge;
    uint32_t nsacr[2];
    uint8_t priority[32];
};
extern const struct state_field gicv3_bank_state[];

struct gicv3_best {
    uint32_t intid; /* GICV3_ID_SPURIOUS: none */
    uint8_t priority, group;
};

/* An LPI's byte: its configuration (5.1.1), read when it became pending, and bit 1 for pending. */
#define GICV3_LPI_ENABLE   0x01u
#define GICV3_LPI_PENDING  0x02u
#define GICV3_LPI_PRIORITY 0xfcu

struct gicv3_cpu {
    struct device dev;               /* the redistributor */
    struct gicv3_interface out;      /* wiring */
    struct gicv3 *gic;
    uint32_t index;
    bool last;                       /* of its run of redistributors */

    uint32_t (*ready)[GICV3_BANKS];  /* derived; by priority level, then bank */
    uint32_t *ready_banks;           /* by level: banks that are not empty */
    uint64_t ready_levels[4];        /* levels that are not empty */
    uint32_t listed[GICV3_BANKS];    /* what is in `ready`, and the level under which it is */
    uint8_t level[GICV3_IRQS];
    struct gicv3_best irq_best, lpi_best, best;
    uint64_t *lpi_ready, *lpi_ready_words;

    uint8_t *lpi;                    /* saved from here on; by INTID - 8192 */
    uint64_t propbaser, pendbaser;
    uint64_t ich_lr[16];
    struct gicv3_bank bank;
    uint32_t lpi_bytes;              /* GICV3_N_LPIS, or 0 if there are none */
    uint32_t ctlr, waker;
    uint32_t apr[GICV3_GROUPS][4], bpr[GICV3_GROUPS], igrpen[GICV3_GROUPS];
    uint32_t cbpr[GICV3_STATES], eoimode[GICV3_STATES], eoimode_el3, pmr;
    uint32_t ich_hcr, ich_vmcr, ich_apr[2][4];
};

struct gicv3 {
    struct device dev;               /* the distributor */
    struct gicv3_cpu **cpu;          /* wiring */
    struct dma dma;
    uint64_t *affinity;              /* Aff3..Aff0 of each CPU as in MPIDR_EL1 */
    uint32_t n_cpus, n_banks;        /* banks: with bank 0 */
    uint32_t n_irqs, list_registers, priority_bits, preemption_bits;
    bool security, lpis, wide_aff0, awake;
    bool nonsecure;                  /* the access to registers that is under way */

    uint16_t target[GICV3_IRQS];     /* derived from router: index of the CPU or GICV3_NO_CPU */

    uint64_t router[GICV3_IRQS];     /* saved from here on */
    struct gicv3_bank bank[GICV3_BANKS];
    uint32_t ctlr;
};

static inline bool gicv3_ds(const struct gicv3 *g)
{
    return F_GET(g->ctlr, GICD_CTLR_DS);
}

static inline enum gicv3_group gicv3_group_of(const struct gicv3 *g, const struct gicv3_bank *b,
                                              uint32_t bit)
{
    if (b->group >> bit & 1)
        return GICV3_G1NS;
    return !gicv3_ds(g) && (b->modifier >> bit & 1) ? GICV3_G1S : GICV3_G0;
}

/* A level-sensitive interrupt is pending while its line is up, or by ISPENDR (4.1.1). */
static inline uint32_t gicv3_pending(const struct gicv3_bank *b)
{
    return b->latch | (b->level & ~b->edge);
}

/* The bank of an INTID below 1024 as CPU `c` sees it, or NULL. */
static inline struct gicv3_bank *gicv3_bank_of(struct gicv3_cpu *c, uint32_t intid)
{
    if (intid < GICV3_FIRST_SPI)
        return &c->bank;
    return intid < c->gic->n_irqs ? &c->gic->bank[intid / 32] : NULL;
}

/* ---- gicv3.c ---- */
/* Bits of a bank changed in any way: bring ready, best and lines up to date. `c` for bank 0 only. */
void gicv3_changed(struct gicv3 *g, struct gicv3_cpu *c, uint32_t bank, uint32_t bits);
void gicv3_rescan(struct gicv3_cpu *c);  /* best and lines, after enables or priorities at large changed */
void gicv3_drive(struct gicv3_cpu *c);   /* lines, after PMR, APRs or virtual state changed */
/* All that is derived, after reset or restore; restored: sinks have their own view of the lines. */
void gicv3_rebuild(struct gicv3 *g, bool restored);
void gicv3_rebuild_cpu(struct gicv3_cpu *c, bool restored);
void gicv3_set_router(struct gicv3 *g, uint32_t intid, uint64_t value);
void gicv3_activate(struct gicv3_cpu *c, uint32_t intid);   /* pending to active; LPI: to idle */
void gicv3_deactivate(struct gicv3_cpu *c, uint32_t intid);
/* A software-generated interrupt reaches redistributor `c` (12.1.10's table). */
void gicv3_receive_sgi(struct gicv3_cpu *c, uint32_t intid, enum gicv3_group group, bool nonsecure);

/* ---- gicv3_bank.c: fields of a bank as registers, by the rights of the access under way ---- */
enum gicv3_field { GICV3_GROUP, GICV3_MODIFIER, GICV3_ENABLE, GICV3_PENDING, GICV3_ACTIVE };
enum gicv3_change { GICV3_ASSIGN, GICV3_SET, GICV3_CLEAR };
/* The registers that are 32 bits of one field, in the order of their offsets. */
#define GICV3_FIELDS(row)                                                                          \
    row(group, GICV3_GROUP, GICV3_ASSIGN)                                                          \
    row(isenable, GICV3_ENABLE, GICV3_SET) row(icenable, GICV3_ENABLE, GICV3_CLEAR)                \
    row(ispend, GICV3_PENDING, GICV3_SET) row(icpend, GICV3_PENDING, GICV3_CLEAR)                  \
    row(isactive, GICV3_ACTIVE, GICV3_SET) row(icactive, GICV3_ACTIVE, GICV3_CLEAR)                \
    row(modifier, GICV3_MODIFIER, GICV3_ASSIGN)
uint32_t gicv3_bank_get(const struct gicv3 *g, const struct gicv3_bank *b, enum gicv3_field f,
                        enum gicv3_change how);
/* Both return the bits that may have changed. */
uint32_t gicv3_bank_set(const struct gicv3 *g, struct gicv3_bank *b, enum gicv3_field f,
                        enum gicv3_change how, uint32_t value);
uint8_t gicv3_priority_get(const struct gicv3 *g, const struct gicv3_bank *b, uint32_t bit);
uint32_t gicv3_priority_set(const struct gicv3 *g, struct gicv3_bank *b, uint32_t bit,
                            uint8_t value);
uint32_t gicv3_config_get(const struct gicv3 *g, const struct gicv3_bank *b, uint32_t half);
uint32_t gicv3_config_set(const struct gicv3 *g, struct gicv3_bank *b, uint32_t half,
                          uint32_t value, uint32_t fixed);
uint32_t gicv3_nsacr(const struct gicv3_bank *b, uint32_t bit);
uint64_t gicv3_peripheral_id(uint32_t part, uint32_t index); /* 0xffd0.. of all frames */
/* Dispatch that notes the Security state of the access. `arg` is the struct device. */
extern const struct mmio_ops gicv3_dist_mmio, gicv3_redist_mmio;
enum { GICV3_IIDR = 0x43b, GICV3_PART_GICD = 0x92, GICV3_PART_GICR = 0x93, GICV3_PART_GITS = 0x94 };

/* ---- gicv3_dist.c, gicv3_redist.c, gicv3_lpi.c ---- */
extern const struct device_ops gicv3_dist_ops, gicv3_redist_ops;
void gicv3_lpi_rescan(struct gicv3_cpu *c);       /* lpi_best alone */
void gicv3_lpi_rebuild(struct gicv3_cpu *c);      /* lpi_ready and lpi_best from `lpi` */
void gicv3_lpi_enable(struct gicv3_cpu *c, bool on);
void gicv3_lpi_taken(struct gicv3_cpu *c, uint32_t intid);
/*
 * Tables in memory. False where there is no RAM: a table that software laid over registers would
 * otherwise have the GIC call itself.
 */
bool gicv3_table_read(struct dma *d, uint64_t at, void *to, uint32_t n) MUST_CHECK;
bool gicv3_table_write(struct dma *d, uint64_t at, const void *from, uint32_t n) MUST_CHECK;

/* ---- gicv3_cpu.c, gicv3_virt.c ---- */
struct gicv3_access {
    unsigned el, state;   /* state: GICV3_NS or GICV3_S, of the bank */
    bool secure;          /* rights */
    unsigned n;           /* which of several alike */
};
bool gicv3_preempts(const struct gicv3_cpu *c);   /* is `best` to be signalled? */
void gicv3_cpu_reset(struct gicv3_cpu *c);
void gicv3_cpu_loaded(struct gicv3_cpu *c);       /* what a snapshot says is brought into range */
void gicv3_virt_reset(struct gicv3_cpu *c);
bool gicv3_virt_lines(const struct gicv3_cpu *c, bool *virq, bool *vfiq); /* result: maintenance */

typedef uint64_t gicv3_icc_read_fn(struct gicv3_cpu *c, const struct gicv3_access *x);
typedef void gicv3_icc_write_fn(struct gicv3_cpu *c, const struct gicv3_access *x, uint64_t v);
gicv3_icc_read_fn gicv3_icv_iar, gicv3_icv_hppir, gicv3_icv_bpr, gicv3_icv_apr, gicv3_icv_igrpen,
    gicv3_icv_ctlr, gicv3_icv_pmr, gicv3_icv_rpr, gicv3_ich_hcr, gicv3_ich_vtr, gicv3_ich_misr,
    gicv3_ich_eisr, gicv3_ich_elrsr, gicv3_ich_vmcr, gicv3_ich_apr, gicv3_ich_lr;
gicv3_icc_write_fn gicv3_icv_eoir_write, gicv3_icv_bpr_write, gicv3_icv_apr_write,
    gicv3_icv_igrpen_write, gicv3_icv_ctlr_write, gicv3_icv_pmr_write, gicv3_icv_dir_write,
    gicv3_ich_hcr_write, gicv3_ich_vmcr_write, gicv3_ich_apr_write, gicv3_ich_lr_write;

#endif
