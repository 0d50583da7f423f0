/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_IRQCHIP_GICV2M_H
#define ORRERY_IRQCHIP_GICV2M_H
/*
 * GICv2m MSI frame (Server Base System Architecture, appendix "GICv2m"): a store of an interrupt's
 * number to MSI_SETSPI_NS makes an edge on an SPI. It serves a run of SPIs, which software
 * configures edge-triggered; a level-triggered one does not notice. Whose SPIs they are, a
 * GICv2's or a GICv3's, is the board's to wire.
 *
 * Created by the board, which maps it (device_map); freed with the machine. No state.
 */
#include "core/device/device.h"

#define GICV2M_SPIS 988

struct gicv2m {
    struct device dev;
    struct irq_line *spi; /* wiring: `n` of them, for SPIs from first_spi on */
    uint32_t first_spi, n;
};

/* SPIs first_spi .. first_spi + n - 1 (INTID - 32); n is 1 and more, the last one below GICV2M_SPIS. */
struct gicv2m *gicv2m_create(struct machine *m, const char *id, uint32_t first_spi, uint32_t n,
                             struct err *e);

#endif
