/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_BOCHS_H
#define ORRERY_DEVICES_BOCHS_H
/*
 * The display cards of QEMU's machines, PCI 1234:1111: a frame buffer in BAR 0 and, in BAR 2, the
 * Bochs display interface (DISPI), an EDID block and QEMU's extended registers
 * (QEMU docs/specs/standard-vga.rst; Bochs iodev/display/vbe.h for the DISPI registers).
 *
 *   VGA            a VGA with DISPI: class 0300, 3B0-3DF, A0000-BFFFF and 1CE-1D0 where the
 *                  bus has I/O ports and shows the first megabyte; an option ROM
 *   secondary-vga  the same without ports, window and ROM: class 0380
 *   bochs-display  DISPI alone, 16 and 32 bits a pixel
 *
 *   BAR 2: 000 EDID   400 ports 3C0-3DF (not bochs-display)   500 DISPI, 16 bits each
 *          600 size of the extended registers (8)   604 byte order of pixels
 *
 * The VGA is IBM's, with one screen refresh of simulated time behind 3DA and the blinking. It
 * answers at ports and window only while the command register enables I/O and memory.
 *
 * Not modelled: the vertical interrupt (no PCI card drives it), the light pen, blinking of
 * graphics (AR10 bit 3 holds for text), and the sequencer's shift load rates (SR01 bits 2 and 4),
 * which are reported when they are used.
 *
 * Frame buffer memory is a block of RAM, saved as such. Pictures: devices/backend/display.h.
 */
#include "core/device/device.h"

struct host;
struct pci_bus;

enum bochs_kind { BOCHS_VGA, BOCHS_SECONDARY_VGA, BOCHS_DISPLAY };

struct bochs_options {
    enum bochs_kind kind;
    int devfn;                      /* -1: any place */
    uint64_t vram;                  /* bytes: a power of two from 1 MiB to 256 MiB */
    bool no_edid;
    uint32_t xres, yres;            /* which the EDID block prefers; 0: 1280 by 800 */
    const char *rom;                /* file of an option ROM (VGA only) or NULL */
    struct mem_space *window;       /* where A0000-BFFFF lies (VGA only), or NULL */
    int window_priority;            /* of that region: above RAM that lies there, too */
    struct host *host;              /* for the display; NULL: nobody looks */
};

#define BOCHS_VRAM_DEFAULT (16u << 20)

/* NULL with `e`: an option out of its range, a place taken, a ROM that cannot be read. */
struct device *bochs_create(struct machine *m, const char *id, struct pci_bus *bus,
                            const struct bochs_options *o, struct err *e);

#endif
