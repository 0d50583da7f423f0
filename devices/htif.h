/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_HTIF_H
#define ORRERY_DEVICES_HTIF_H
/*
 * The host-target interface of bare-metal RISC-V suites (riscv-test-env, Spike): a program
 * stores a command into the 8 bytes at its symbol `tohost`:
 *   bits 63:56 device, 55:48 command, 47:0 payload
 *   device 0: payload bit 0 set ends the machine with code payload >> 1
 *   device 1, command 1: prints the byte, on a port shared with the first serial line
 * The word lies over RAM, of which it covers those 8 bytes only, and reads 0: every command is
 * taken at once. System calls (device 0, bit 0 clear) are not modelled. Stores of 4 bytes take
 * effect with the low half, as the suites write it.
 */
#include "core/device/device.h"
#include "devices/backend/char.h"

struct htif {
    struct device dev;
    struct char_port *port;   /* wiring; another part's */
    struct mem_region *word;

    uint64_t high;            /* saved from here on: upper half stored so far */
};

/* Off while images are placed: the word lies in what they fill. On after htif_create. */
void htif_enable(struct htif *h, bool on);

/* `tohost` is a multiple of 8. `port` stays whose it is; NULL: what is printed is lost. */
struct htif *htif_create(struct machine *m, const char *id, pa_t tohost,
                         struct char_port *port, struct err *e);

#endif
