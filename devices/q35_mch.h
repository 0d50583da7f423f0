/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_Q35_MCH_H
#define ORRERY_DEVICES_Q35_MCH_H
/*
 * The memory controller hub of a Q35 chipset, 00:00.0 (Intel 3 Series Express Chipset, 316966,
 * 5.1), as far as QEMU's q35 board has it: the root bus with its ECAM window (PCIEXBAR), the programmable
 * attribute map over C0000h-FFFFFh (PAM), and system management memory.
 *
 * The board maps low RAM at 0 with priority 0; everything here lies over it:
 *
 *   A0000-BFFFF   priority 1: nobody (the VGA's window lies above); 8: RAM, by D_OPEN or for SMM
 *   C0000-FFFFF   priority 1, thirteen segments of 16 KiB and one of 64:
 *                   read and write from RAM: nothing here   read from RAM: a ROM of it
 *                   neither: the BIOS (E0000-FFFFF), or nobody
 *                   write to RAM: the same, and stores go to RAM
 *   FEDA0000      RAM A0000-BFFFF for SMM, with H_SMRAME
 *   TSEG          below the end of low RAM, 30000-4FFFF with SMBASE locked: for SMM only; others
 *                 find nothing there, which the board makes all ones
 *   PCIEXBAR      256, 128 or 64 MiB, priority 1
 *
 * What SMM sees follows from mem_attrs.secure (core/memory: overlays, secure regions). Nobody: all
 * ones, stores are lost. QEMU's own registers: 50h, TSEG's size 3 in MiB (16 on
 * its boards, answered to FFFFh), and 9Ch, SMRAM at 30000h.
 *
 * A reset that wakes the machine keeps the PAM, as QEMU's board does at every reset: firmware resumes from the RAM it shadowed itself to.
 *
 * Not modelled: D_CLS (reported); EPBAR, MCHBAR, DMIBAR, graphics and remapping registers read 0.
 * Locks (D_LCK, 9Ch) last until a reset.
 *
 * Owned by the machine. Created after RAM is mapped, before anything is plugged into `bus`, whose
 * interrupts the LPC bridge connects (ich9_lpc.h).
 */
#include "devices/pci/pci.h"

#define Q35_PAM_SEGMENTS 13
#define Q35_TSEG_SIZES   4

struct q35_mch_config {
    bool i440fx;                     /* an 82441FX (Intel 290549) in its place: PAM at 59h, SMRAM at 72h, and nothing of the rest */
    struct mem_space *memory, *io;
    struct mem_ram *ram;             /* behind low memory, from its byte 0 on */
    uint64_t low_ram;                /* end of it below 4 GiB; 1 MiB and more, a multiple of it */
    struct mem_ram *bios;            /* its last bytes, at most 128 KiB, end at FFFFFh; or NULL */
    uint16_t extended_tseg;          /* MiB of TSEG size 3; 0: there is none */
    struct pci_range range[2];       /* where memory BARs may lie */
    uint32_t n_ranges;
};

struct q35_segment {
    struct mem_region *pci, *read_only, *write_only;
    struct mem_ram *ram;             /* where stores of write_only go ... */
    pa_t base;                       /* ... and from which byte on */
};

struct q35_mch {
    struct device dev;
    struct q35_mch_config config;
    struct pci_bus bus;
    struct q35_segment segment[Q35_PAM_SEGMENTS];
    struct mem_region *ecam[3], *open, *compatible, *high, *tseg[Q35_TSEG_SIZES], *smbase;

    struct pci_function host;        /* saved */
};

/* ERR_ARG: low RAM of a size that cannot be. */
struct q35_mch *q35_mch_create(struct machine *m, const char *id, const struct q35_mch_config *c,
                               struct err *e);

/* Where PCIEXBAR has the ECAM window. False: nowhere. */
bool q35_mch_ecam(const struct q35_mch *q, pa_t *base, uint64_t *size);

#endif
