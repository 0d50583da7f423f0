/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_IRQCHIP_GICV3_H
#define ORRERY_IRQCHIP_GICV3_H
/*
 * Arm Generic Interrupt Controller, architecture 3 (IHI 0069H): distributor, redistributors
 * with LPIs, CPU interface and virtual CPU interface as system registers, hypervisor control
 * (ICH_*). The ITS is its own part (gic_its.h).
 *
 * Interrupt identifiers: 0-15 SGI, 16-31 PPI, 32-1019 SPI, 8192-65535 LPI.
 *
 * Choices where the architecture leaves one, and what the guest reads instead of what is not
 * modelled: affinity routing and the system register interface are always on (ARE and SRE
 * read 1, no legacy operation); no 1-of-N distribution (GICD_TYPER.No1N, GICD_IROUTER.IRM
 * RES0), no message-based SPIs (GICD_TYPER.MBIS), no extended ranges (ESPI), no LPIs by
 * register (GICR_TYPER.DirectLPI), no virtual LPIs (GICR_TYPER.VLPIS), no NMIs, no PMHE.
 * EnableLPIs can be cleared (GICR_CTLR.CES). A CPU interface whose GICR_WAKER.ProcessorSleep is 1,
 * as after reset, is given no interrupt.
 *
 * One Security state (config.security false): GICD_CTLR.DS reads 1, and Security states
 * of accesses do not matter. Two: DS starts at 0 and Secure software may set it once. A
 * debugger's accesses are Secure ones.
 *
 * Created by the board; lives in the machine's arena. Not called while a machine is restored,
 * but after.
 */
#include "core/device/device.h"
#include "core/memory/dma.h"

#define GICV3_MAX_CPUS 512
#define GICV3_MAX_SPIS 988
#define GICV3_DIST_SIZE 0x10000u
#define GICV3_REDIST_SIZE 0x20000u

struct gicv3;
struct gicv3_config {
    uint32_t n_cpus;         /* 1 .. GICV3_MAX_CPUS */
    uint32_t n_spis;         /* 32, 64 .. 960 or 988 */
    const uint64_t *mpidr;   /* MPIDR_EL1 of each CPU, no two of one affinity; copied */
    bool security;           /* the CPUs have EL3: two Security states */
    bool lpis;
    bool awake;              /* firmware woke the redistributors: ProcessorSleep is 0 at reset */
    uint32_t list_registers; /* 0: no virtualization; else 1 .. 16 */
    uint32_t priority_bits;  /* 5 .. 8 */
};

/*
 * ERR_ARG says which member of the configuration does not fit. `m->memory` is where LPI
 * tables lie. Parts: `id` and, for each CPU, "`id`.redist<n>".
 */
struct gicv3 *gicv3_create(struct machine *m, const char *id, const struct gicv3_config *c,
                           struct err *e);
/* Distributor (64 KiB) and a run of redistributors of 128 KiB each, for CPUs first .. first + n - 1. */
int gicv3_map_distributor(struct gicv3 *g, struct mem_space *s, pa_t base,
                          struct err *e) MUST_CHECK;
int gicv3_map_redistributors(struct gicv3 *g, struct mem_space *s, pa_t base, uint32_t first,
                             uint32_t n, struct err *e) MUST_CHECK;

/*
 * One CPU's interface: its outputs, all levels, to be connected to the PE's inputs.
 *
 *   group0, group1_s, group1_ns
 *               the group of the highest priority pending interrupt, if it preempts. IRQ or FIQ is
 *               what the PE makes of it, by where it is (4.6.2). With one Security state group1_ns
 *               is all of group 1. (cpu/arm64's inputs A64_GROUP0, A64_GROUP1_S, A64_GROUP1_NS.)
 *   virq, vfiq  virtual interrupts of group 1 and 0 from the list registers, ICH_HCR_EL2.En
 *               applied. HCR_EL2's VI, VF, IMO and FMO are the PE's business.
 *   maintenance to be connected to PPI 25 of the same CPU: gicv3_set_ppi, cpu << 5 | 25
 */
struct gicv3_interface {
    struct irq_line group0, group1_s, group1_ns, virq, vfiq, maintenance;
    void *arg; /* for gicv3_sysreg_read and gicv3_sysreg_write */
};
struct gicv3_interface *gicv3_interface_of(struct gicv3 *g, uint32_t cpu);

/*
 * System registers ICC_*, ICV_* and ICH_* (chapter 12). `reg` = op0 << 14 | op1 << 11 | CRn << 7 |
 * CRm << 3 | op2; `el` 1..3 (0 is UNDEFINED). `secure`: the PE's Security state; at EL3 the
 * one that SCR_EL3.NS selects, which chooses among banked registers (rights at EL3 are
 * EL3's either way). `hcr`: effective HCR_EL2, 0 where EL2 is absent or disabled; by its FMO
 * and IMO the virtual interface answers at EL1.
 *
 * Decided here: what exists at which EL; traps to EL2 by ICH_HCR_EL2 (TC, TALL0, TALL1, TDIR)
 * and of SGI registers by FMO or IMO. The PE's: traps by SCR_EL3, fine-grained ones.
 * The Non-secure view of priorities is given to Non-secure accesses while GICD_CTLR.DS is 0.
 * ICC_SRE_EL1 reads 7, ICC_SRE_EL2 and EL3 0xf (Enable); they ignore writes.
 */
enum gic_sysreg { GIC_SYSREG_OK, GIC_SYSREG_UNDEFINED, GIC_SYSREG_TRAP_EL2, GIC_SYSREG_TRAP_EL3 };
int gicv3_sysreg_read(void *arg, uint32_t reg, unsigned el, bool secure, uint64_t hcr,
                      uint64_t *value);
int gicv3_sysreg_write(void *arg, uint32_t reg, unsigned el, bool secure, uint64_t hcr,
                       uint64_t value);

/* irq_sink_fn for SPIs: `number` = INTID - 32. A number without an interrupt is ignored. */
void gicv3_set_spi(void *gic, uint32_t number, bool level);
/* irq_sink_fn for PPIs: `number` = cpu << 5 | INTID (16..31). */
void gicv3_set_ppi(void *gic, uint32_t number, bool level);

/* ---- for the ITS; an LPI out of range or of a CPU whose LPIs are off is ignored ---- */
void gicv3_set_lpi(struct gicv3 *g, uint32_t cpu, uint32_t intid, bool pending);
void gicv3_reread_lpi(struct gicv3 *g, uint32_t cpu, uint32_t intid);  /* INV; 0 = all: INVALL */
void gicv3_move_lpi(struct gicv3 *g, uint32_t from, uint32_t to, uint32_t intid); /* 0 = all: MOVALL */
struct dma *gicv3_dma(struct gicv3 *g);
uint32_t gicv3_n_cpus(const struct gicv3 *g);

#endif
