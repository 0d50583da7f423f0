/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_IRQCHIP_PCH_MSI_H
#define ORRERY_IRQCHIP_PCH_MSI_H
/*
 * PCH-MSI of the LS7A bridge (7A1000 manual): a store of a vector to its one register pulses that vector of
 * the EIOINTC. Created by the board, which maps it (device_map); freed with the machine. No state.
 */
#include "core/device/device.h"

typedef void pch_msi_pulse_fn(void *arg, uint32_t vector);

struct pch_msi {
    struct device dev;
    pch_msi_pulse_fn *pulse; /* wiring */
    void *arg;
    uint32_t first, n;       /* vectors that may be named; others are guest errors */
};

struct pch_msi *pch_msi_create(struct machine *m, const char *id, uint32_t first, uint32_t n, pch_msi_pulse_fn *pulse,
                               void *arg, struct err *e);

#endif
