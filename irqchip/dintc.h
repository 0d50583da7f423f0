/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_IRQCHIP_DINTC_H
#define ORRERY_IRQCHIP_DINTC_H
/*
 * Direct interrupt controller of Loongson (AVEC in Linux, DINTC in QEMU): a window of addresses, 2FE00000h on the board;
 * a store at `cpu << 12 | vector << 4` is message interrupt `vector` of the core with that CSR.CPUID, whatever the
 * data (manual, "Message interrupts"; Linux irq-loongarch-avec.c). It has no state: that is the core's (MSGIS).
 *
 * Created by the board, which maps it (device_map); freed with the machine.
 */
#include "core/device/device.h"

#define DINTC_SIZE 0x100000u

/* False: there is no such core. */
typedef bool dintc_deliver_fn(void *arg, uint32_t core_id, uint32_t vector);

struct dintc {
    struct device dev;
    dintc_deliver_fn *deliver; /* wiring */
    void *arg;
};

struct dintc *dintc_create(struct machine *m, const char *id, dintc_deliver_fn *deliver, void *arg, struct err *e);

#endif
