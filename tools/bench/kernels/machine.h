/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_TOOLS_BENCH_KERNELS_MACHINE_H
#define ORRERY_TOOLS_BENCH_KERNELS_MACHINE_H
/*
 * What the kernels that measure single events of a machine ask of it: interrupts, page faults, address spaces, TLB
 * maintenance, code that changes, device registers, each done as an operating system does it on the architecture.
 * machine_ARCH.c has it for a guest that stays at an operating system's privilege (-DPRIVILEGED: start_ARCH.S does not
 * drop to a program's), machine_host.c for the host's checksum.
 */
#include "bench.h"

#define WINDOW_PAGES 64 /* of 4 KiB */

/* Vectors, page tables, the interrupt controller: once, first. */
void machine_prepare(void);

/* Two spaces, 0 and 1, share everything but the window: pages of 4 KiB, mapped nowhere at first. */
extern volatile uint64_t *machine_window;
#define WINDOW_WORD(page) ((page) * 512u)

/* Map `page` of the window of `space` to the space's own frame, with no TLB maintenance; unmap it with it. */
void machine_map(unsigned space, unsigned page);
void machine_unmap(unsigned space, unsigned page);

/* A fault on a page of the window of space 0 maps it and tries again; so often that happened. */
extern volatile uint64_t machine_faults;

/* Forget translations of a page of the window, or all. */
void machine_invalidate(unsigned page);
void machine_flush(void);

/* One interrupt by the controller from this CPU to itself, taken and returned from; so many came. */
void machine_interrupt(void);
extern volatile uint64_t machine_interrupts;

/* A thread of execution: registers that calls preserve, a stack, a space. */
struct machine_thread {
    uint64_t saved[14]; /* by machine_switch, in an order of its own */
    uint64_t space;     /* what the register that names the page table gets */
};
void machine_make_thread(struct machine_thread *t, unsigned space, void (*run)(void));
void machine_switch(struct machine_thread *from, struct machine_thread *to);

/* Write a function that returns `value` (below 2048) into place 0 to 15, make it visible to fetches, call it. */
uint64_t machine_patch_and_call(unsigned place, uint32_t value);

/* Copy code to place n, visible to fetches: its address there. Places are each of MACHINE_PLACE bytes. */
#define MACHINE_PLACES 64
#define MACHINE_PLACE (512u << 10)
uint64_t machine_place_code(const void *code, uint64_t bytes, unsigned place);

/* Write a register of a device that has no effect, and read it back: 0 to 63. */
uint32_t machine_mmio(uint32_t value);

#endif
