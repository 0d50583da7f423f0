/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_IRQCHIP_EIOINTC_H
#define ORRERY_IRQCHIP_EIOINTC_H
/*
 * Extended I/O interrupt controller of Loongson (3A5000 manual, chapter on interrupts; Linux
 * Documentation/arch/loongarch/irq-chip-model.rst): 256 vectors, each routed to one core and, by groups of 32, to
 * one of its HWI lines; in IOCSR space at 14A0h to 1CFFh, sizes 1, 2, 4 and 8. COREISR is banked by who reads
 * (mem_attrs.requester), write 1 to clear, and not raised again by that.
 *
 * COREMAP holds a bitmap of four cores and IPMAP one of four lines, of which the lowest bit counts and none means
 * core or line 0. One set of registers serves all cores: the node fields and the rotation (BOUNCE) are kept and
 * do nothing, as in QEMU and KVM.
 *
 * The virtual extension (IOCSR 40000000h) routes by core number rather than by a bitmap of four, encodes HWI
 * numbers and can be switched off and on as a whole; it is there when the board says so.
 *
 * EXT_INT_en and INT_ENCODE of MISC_FUNC (IOCSR 420h) are not modelled: the part is on unless the virtual extension
 * offers to switch it off, and numbers lines by a bitmap unless that offers otherwise.
 *
 * While a line is up, enabling its vector or leading it to another core delivers it there; disabling takes it back.
 * What leads to a core that is not there waits, with a guest error.
 *
 * Cores are named by CSR.CPUID. Created by the board; freed with the machine. A reset leaves input levels alone.
 */
#include "core/device/device.h"

#define EIOINTC_VECTORS 256
#define EIOINTC_CORES   256
#define EIOINTC_HWIS    8

struct eiointc_core {
    uint32_t core_id;
    struct irq_line hwi[EIOINTC_HWIS]; /* ESTAT.IS bits 2..9; above 3 they need numbers in IPMAP */
};

struct eiointc {
    struct device dev;
    uint32_t n_cores;                            /* wiring, constant */
    bool has_virt;
    uint8_t features;                            /* VIRT_FEATURES: what the extension offers */
    struct eiointc_core core[EIOINTC_CORES];     /* by CPU index */
    uint16_t index_of[256];                      /* by core number */

    uint64_t isr[EIOINTC_CORES][EIOINTC_VECTORS / 64]; /* COREISR; saved from here on */
    uint64_t enable[EIOINTC_VECTORS / 64], bounce[EIOINTC_VECTORS / 64];
    uint64_t level[EIOINTC_VECTORS / 64];        /* ISR: the inputs */
    uint64_t message[EIOINTC_VECTORS / 64];      /* pulses that wait for a way to a core */
    uint32_t virt_config;
    uint16_t nodemap[16];
    uint8_t ipmap[8];
    uint8_t coremap[EIOINTC_VECTORS];
};

/* `features`: 0, without the virtual extension; or VIRT_FEATURES' bits 0..3, bit 0 set. */
struct eiointc *eiointc_create(struct machine *m, const char *id, const uint32_t *core_ids, uint32_t n,
                               uint32_t features, struct err *e);
int eiointc_map(struct eiointc *p, struct mem_space *iocsr, struct err *e) MUST_CHECK;

/*
 * irq_sink_fn: `number` is the vector. A level that is up already and is driven up again is a new event: what
 * software cleared in COREISR comes back, as a PCH-PIC means it when a pin is unmasked.
 */
void eiointc_set_level(void *eiointc, uint32_t number, bool level);
/*
 * A message: the vector rises and falls at once, and stays in COREISR until cleared. One that comes while the
 * vector is disabled waits until it is enabled.
 */
void eiointc_pulse(struct eiointc *p, uint32_t vector);

/* Number of the core a vector leads to, there or not; and the HWI lines of the core with CPU index `core`, as a bitmap. */
uint32_t eiointc_core_of(const struct eiointc *p, uint32_t vector);
uint32_t eiointc_lines(const struct eiointc *p, uint32_t core);

#endif
