/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_IRQCHIP_ACLINT_H
#define ORRERY_IRQCHIP_ACLINT_H
/*
 * RISC-V ACLINT 1.0-rc4 in the layout of SiFive's CLINT: MSWI at 0, MTIMER at 0x4000
 * (mtimecmp) and 0xbff8 (mtime), 64 KiB in all; and the SSWI device apart.
 *
 * mtime is simulated time at 10 MHz plus an offset that writes and resets (to mtime 0)
 * set. The CPU's `time` must come from the same clock: aclint_read_time, aclint_time_of;
 * whatever was computed from them is stale when `jumped` is called.
 */
#include "core/device/device.h"

#define ACLINT_HARTS 64
#define ACLINT_HZ    10000000u

struct aclint_timer {
    struct aclint *owner;
    uint32_t hart;
};

struct aclint {
    struct device dev;
    struct irq_line msip[ACLINT_HARTS], mtip[ACLINT_HARTS]; /* wiring */
    struct aclint_timer who[ACLINT_HARTS];
    uint32_t n_harts;
    void (*jumped)(void *arg);                              /* mtime was set, or went round; or NULL */
    void *jumped_arg;

    struct ev_timer wrap, compare[ACLINT_HARTS];            /* saved from here on */
    uint64_t mtimecmp[ACLINT_HARTS], offset;
    uint32_t soft[ACLINT_HARTS];
};

struct aclint *aclint_create(struct machine *m, const char *id, uint32_t harts, struct err *e);

/*
 * The shape of the CPU's time hooks: ticks at `now`, and the first moment from now on with
 * at least `ticks` (0: they are reached; PS_NEVER).
 */
uint64_t aclint_read_time(void *aclint, ps_t now);
ps_t aclint_time_of(void *aclint, uint64_t ticks);

/* SSWI: writing 1 pulses SSIP of the hart; reads 0. */
struct aclint_sswi {
    struct device dev;
    struct irq_line ssip[ACLINT_HARTS];
};
struct aclint_sswi *aclint_sswi_create(struct machine *m, const char *id, struct err *e);

#endif
