/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_IRQCHIP_GICV2M_H
#define ORRERY_IRQCHIP_GICV2M_H
/*
 * GICv2m MSI frame (Server Base System Architecture, appendix "GICv2m"): a store of an interrupt's
 * number to MSI_SETSPI_NS makes an edge on an SPI. It serves a run of SPIs, which software
 * configures edge-triggered; a level-triggered one does not notice.
 *
 * Created by the board, which maps it (device_map); freed with the machine. No state.
 */
#include "irqchip/gicv2.h"

struct gicv2m {
    struct device dev;
    struct gicv2 *gic;
    uint32_t first_spi, n;
};

/* SPIs first_spi .. first_spi + n - 1 (INTID - 32) of `gic`; n is 1 and more. */
struct gicv2m *gicv2m_create(struct machine *m, const char *id, struct gicv2 *gic,
                             uint32_t first_spi, uint32_t n, struct err *e);

#endif
