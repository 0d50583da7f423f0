/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_IRQCHIP_GICV3_H
#define ORRERY_IRQCHIP_GICV3_H
/*
 * Arm Generic Interrupt Controller, architecture 3 and 4.0 (IHI 0069H): distributor,
 * redistributors with LPIs, CPU interface and virtual CPU interface as system registers,
 * hypervisor control (ICH_*). Affinity routing always on (ARE = 1, no legacy operation); two
 * Security states when the CPUs have EL3. The ITS is its own part (gic_its.h).
 *
 * Interrupt identifiers: 0-15 SGI, 16-31 PPI, 32-1019 SPI, 8192.. LPI.
 */
#include "core/device/device.h"
#include "core/memory/dma.h"

struct gicv3;
struct gicv3_config {
    uint32_t n_cpus, n_spis;        /* SPIs: a multiple of 32, at most 988 */
    const uint64_t *mpidr;          /* of each CPU */
    bool security, lpis;            /* two Security states; LPIs (needs an ITS or direct injection) */
    uint32_t list_registers;        /* 0: no virtualization; 4, 16 */
    uint32_t priority_bits;         /* 5 .. 8 */
};

struct gicv3 *gicv3_create(struct machine *m, const char *id, const struct gicv3_config *c,
                           struct err *e);
/* Distributor (64 KiB) and a run of redistributors of 128 KiB each, for CPUs first .. first + n - 1. */
int gicv3_map_distributor(struct gicv3 *g, struct mem_space *s, pa_t base, struct err *e) MUST_CHECK;
int gicv3_map_redistributors(struct gicv3 *g, struct mem_space *s, pa_t base, uint32_t first,
                             uint32_t n, struct err *e) MUST_CHECK;

/*
 * One CPU's interface: lines to be connected to its inputs, and its system registers as
 * cpu/arm64/cpu.h describes them (`arg` = interface.arg; results are enum gic_sysreg).
 */
struct gicv3_interface {
    struct irq_line group0, group1_s, group1_ns, virq, vfiq, maintenance; /* wiring */
    void *arg;
};
enum gic_sysreg { GIC_SYSREG_OK, GIC_SYSREG_UNDEFINED, GIC_SYSREG_TRAP_EL2, GIC_SYSREG_TRAP_EL3 };
struct gicv3_interface *gicv3_interface_of(struct gicv3 *g, uint32_t cpu);
int gicv3_sysreg_read(void *arg, uint32_t reg, unsigned el, bool secure, uint64_t hcr, uint64_t *value);
int gicv3_sysreg_write(void *arg, uint32_t reg, unsigned el, bool secure, uint64_t hcr, uint64_t value);

/* irq_sink_fn for SPIs: `number` = INTID - 32. */
void gicv3_set_spi(void *gic, uint32_t number, bool level);
/* irq_sink_fn for PPIs: `number` = cpu << 5 | INTID (16..31). */
void gicv3_set_ppi(void *gic, uint32_t number, bool level);

/* ---- for the ITS ---- */
void gicv3_set_lpi(struct gicv3 *g, uint32_t cpu, uint32_t intid, bool pending);
void gicv3_reread_lpi(struct gicv3 *g, uint32_t cpu, uint32_t intid);  /* INV; 0 = all: INVALL */
void gicv3_move_lpi(struct gicv3 *g, uint32_t from, uint32_t to, uint32_t intid); /* 0 = all: MOVALL */
struct dma *gicv3_dma(struct gicv3 *g);
uint32_t gicv3_n_cpus(const struct gicv3 *g);

#endif
