/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_AHCI_IMPL_H
#define ORRERY_DEVICES_AHCI_IMPL_H
/* What ahci.c (registers, interrupts, construction) and ahci_port.c (commands and FISes) share. */
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include "devices/ahci.h"
#include "devices/disk_dma.h"

#define AHCI_LATENCY (20 * PS_PER_US)

/* 3.3.5: PxIS */
enum { IS_DHRS = 1 << 0, IS_PSS = 1 << 1, IS_SDBS = 1 << 3, IS_DPS = 1 << 5, IS_PCS = 1 << 6,
       IS_PRCS = 1 << 22, IS_OFS = 1 << 24, IS_IFS = 1 << 27, IS_HBFS = 1 << 29,
       IS_TFES = 1 << 30 };
/* 3.3.7: PxCMD */
enum { CMD_ST = 1 << 0, CMD_SUD = 1 << 1, CMD_POD = 1 << 2, CMD_CLO = 1 << 3, CMD_FRE = 1 << 4,
       CMD_FR = 1 << 14, CMD_CR = 1 << 15, CMD_ATAPI = 1 << 24, CMD_DLAE = 1 << 25 };
#define CMD_CCS 12, 8
enum { SERR_N = 1 << 16 /* PhyRdy change */, SERR_X = 1 << 26 /* exchanged */ };

struct ahci {
    struct device dev;
    struct ata_drive drive[AHCI_PORTS];      /* wiring */

    struct pci_function function;            /* its state and what follows is saved */
    struct ev_timer work, message;
    uint64_t message_at;                     /* when MSI may send the next one */
    struct ata_state drive_state[AHCI_PORTS];
    uint32_t ghc, is, index;
    /* The ports' registers, by name. */
    uint32_t clb[AHCI_PORTS], clbu[AHCI_PORTS], fb[AHCI_PORTS], fbu[AHCI_PORTS], pis[AHCI_PORTS],
        pie[AHCI_PORTS], cmd[AHCI_PORTS], tfd[AHCI_PORTS], sig[AHCI_PORTS], ssts[AHCI_PORTS],
        sctl[AHCI_PORTS], serr[AHCI_PORTS], sact[AHCI_PORTS], ci[AHCI_PORTS], sntf[AHCI_PORTS];
    uint8_t halted[AHCI_PORTS];              /* an error: nothing is done until ST is cleared */
    uint8_t soft_reset[AHCI_PORTS];          /* SRST is set */
    uint8_t signature_waits[AHCI_PORTS];     /* for FRE */
    uint8_t begun[AHCI_PORTS];               /* a command was taken since ST was set */
};

/* ahci.c: set bits of PxIS and interrupt if they are enabled. */
void ahci_interrupt(struct ahci *a, unsigned port, uint32_t bits);
/* Power-on of a port or COMRESET: the link comes up, the drive sends its signature. */
void ahci_reset_port(struct ahci *a, unsigned port);

/* ahci_port.c */
void ahci_wake(struct ahci *a);
void ahci_work(void *arg, ps_t when);
void ahci_send_signature(struct ahci *a, unsigned port);

#endif
