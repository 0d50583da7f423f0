/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_E1000E_IMPL_H
#define ORRERY_DEVICES_E1000E_IMPL_H
/*
 * What the controller's files share: e1000e.c registers, reset and construction; e1000e_irq.c
 * interrupts; e1000e_phy.c PHY, link and EEPROM; e1000e_tx.c and e1000e_rx.c the rings;
 * e1000e_packet.c what is in a frame.
 */
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include "devices/e1000e.h"

#define E1000E_LATENCY (5 * PS_PER_US)

enum { E1000E_QUEUES = 2, E1000E_VECTORS = 5, E1000E_NVM_WORDS = 64, E1000E_PHY_PAGES = 8,
       E1000E_STATISTICS = 0x128 / 4,
       E1000E_FRAME = 0x40000 + 256 /* headers and 256 KiB to segment */ };

/* 10.2.2.1 CTRL */
enum { CTRL_FD = 1, CTRL_MASTER_OFF = 4, CTRL_SLU = 1 << 6, CTRL_1000 = 2 << 8, CTRL_RST = 1 << 26,
       CTRL_VME = 1 << 30 };
#define CTRL_PHY_RST 0x80000000u
/* 10.2.2.5 CTRL_EXT */
enum { CTRL_EXT_EE_RST = 1 << 13, CTRL_EXT_EIAME = 1 << 24, CTRL_EXT_IAME = 1 << 27 };
#define CTRL_EXT_PBA_CLR 0x80000000u
/* 10.2.4.1 ICR */
enum { ICR_TXDW = 1 << 0, ICR_TXQE = 1 << 1, ICR_LSC = 1 << 2, ICR_RXDMT0 = 1 << 4,
       ICR_RXO = 1 << 6, ICR_RXT0 = 1 << 7, ICR_MDAC = 1 << 9, ICR_TXD_LOW = 1 << 15,
       ICR_SRPD = 1 << 16, ICR_RXQ0 = 1 << 20, ICR_TXQ0 = 1 << 22, ICR_OTHER = 1 << 24 };
#define ICR_ASSERTED 0x80000000u
#define ICR_CAUSES   0x01ffffffu
/* 10.2.5.1 RCTL */
enum { RCTL_EN = 1 << 1, RCTL_SBP = 1 << 2, RCTL_UPE = 1 << 3, RCTL_MPE = 1 << 4, RCTL_LPE = 1 << 5,
       RCTL_BAM = 1 << 15, RCTL_VFE = 1 << 18, RCTL_BSEX = 1 << 25, RCTL_SECRC = 1 << 26 };
#define RCTL_LBM 7, 6
#define RCTL_RDMTS 9, 8
#define RCTL_DTYP 11, 10
#define RCTL_MO 13, 12
#define RCTL_BSIZE 17, 16
#define RCTL_FLXBUF 30, 27
enum { TCTL_EN = 1 << 1, TCTL_PSP = 1 << 3 };

/* 10.2.7: counters, by word from 4000h on. */
enum e1000e_statistic {
    STAT_MPC = 4, STAT_PRC64 = 0x5c / 4, STAT_GPRC = 0x74 / 4, STAT_BPRC = 0x78 / 4,
    STAT_MPRC = 0x7c / 4, STAT_GPTC = 0x80 / 4, STAT_GORC = 0x88 / 4, STAT_GOTC = 0x90 / 4,
    STAT_RNBC = 0xa0 / 4, STAT_ROC = 0xac / 4, STAT_TOR = 0xc0 / 4, STAT_TOT = 0xc8 / 4,
    STAT_TPR = 0xd0 / 4, STAT_TPT = 0xd4 / 4, STAT_PTC64 = 0xd8 / 4, STAT_MPTC = 0xf0 / 4,
    STAT_BPTC = 0xf4 / 4, STAT_TSCTC = 0xf8 / 4, STAT_IAC = 0x100 / 4,
};

/* A ring's transmission in progress: 7.2.3.2, the context, and the frame so far. */
struct e1000e_tx {
    uint8_t *frame;                  /* `bytes` of E1000E_FRAME; in the arena */
    uint32_t bytes;
    uint32_t ipcss, ipcso, ipcse, tucss, tucso, tucse, command, mss, header;
    uint32_t popts;                  /* of the packet's first descriptor */
    uint16_t vlan;
    uint8_t insert_vlan, segment, fcs, overflow;
    uint8_t pad[2];
};

struct e1000e {
    struct device dev;
    struct net_backend *net;                 /* wiring */
    uint8_t permanent_mac[6];
    uint8_t *out;                            /* one frame on its way: NET_MAX_FRAME bytes */

    struct pci_function function;            /* its state and what follows is saved */
    struct ev_timer transmit, throttle, rx_delay, tx_delay, negotiation;
    struct e1000e_tx tx[E1000E_QUEUES];
    uint64_t
        allowed[E1000E_VECTORS + 1]; /* when each vector, and last INTx or MSI, may come again */
    uint64_t systim_base, systim_at, rx_delay_from, tx_delay_from;
    uint32_t ctrl, ctrl_ext, eerd, eewr, eecd, mdic, fcal, fcah, fct, fcttv, txcw, vet, icr, ims, itr,
        eiac, iam, ivar, eitr[E1000E_VECTORS], rctl, tctl, tctl_ext, tipg, ait, ledctl, extcnf, pba,
        fcrtl, fcrth, psrctl, rdtr, radv, tidv, tadv, rsrpd, rxcsum, rfctl, mrqc, wuc, wufc, manc,
        gcr, swsm, timinca, io_address;
    uint32_t rdbal[E1000E_QUEUES], rdbah[E1000E_QUEUES], rdlen[E1000E_QUEUES], rdh[E1000E_QUEUES],
        rdt[E1000E_QUEUES], rxdctl[E1000E_QUEUES];
    uint32_t tdbal[E1000E_QUEUES], tdbah[E1000E_QUEUES], tdlen[E1000E_QUEUES], tdh[E1000E_QUEUES],
        tdt[E1000E_QUEUES], txdctl[E1000E_QUEUES], tarc[E1000E_QUEUES];
    uint32_t mta[128], ral[16], rah[16], vfta[128], reta[32], rssrk[10];
    uint32_t statistic[E1000E_STATISTICS];
    uint32_t delayed_causes;                 /* of the receive and the transmit delay */
    uint32_t tx_delayed_causes;
    uint16_t nvm[E1000E_NVM_WORDS];
    uint16_t phy[E1000E_PHY_PAGES][32];
    uint8_t asserted;                        /* INTx or MSI told, and not yet taken back */
    uint8_t waiting;                         /* vectors held back by throttling, a bit each */
    uint8_t link;                            /* negotiated */
    uint8_t plugged;                         /* the cable */
};

/* ---- e1000e_irq.c ---- */
void e1000e_cause(struct e1000e *d, uint32_t causes);
/* `causes` are new, or may be seen now; 0: some went. */
void e1000e_update(struct e1000e *d, uint32_t causes);
void e1000e_throttled(void *arg, ps_t when);
void e1000e_read_icr(struct e1000e *d);
void e1000e_rx_delayed(void *arg, ps_t when);
void e1000e_tx_delayed(void *arg, ps_t when);
/* After frames: at once, or after RDTR and RADV, TIDV and TADV. */
void e1000e_received(struct e1000e *d, uint32_t causes, bool now);
void e1000e_transmitted(struct e1000e *d, uint32_t causes, bool now);

/* ---- e1000e_phy.c ---- */
void e1000e_phy_reset(struct e1000e *d);
void e1000e_mdic(struct e1000e *d, uint32_t command);
void e1000e_negotiated(void *arg, ps_t when);
void e1000e_link_changed(void *arg, bool up);
bool e1000e_loops_back(const struct e1000e *d);
void e1000e_nvm_fill(struct e1000e *d, uint16_t subsystem, uint16_t subsystem_vendor);
uint32_t e1000e_nvm_read(const struct e1000e *d, uint32_t command);
void e1000e_nvm_write(struct e1000e *d, uint32_t command);

/* ---- e1000e_tx.c, e1000e_rx.c ---- */
void e1000e_wake(struct e1000e *d);
void e1000e_transmit(void *arg, ps_t when);
bool e1000e_can_receive(void *arg);
void e1000e_receive(void *arg, const uint8_t *frame, size_t length);
static inline void e1000e_count(struct e1000e *d, enum e1000e_statistic s)
{
    if (d->statistic[s] != UINT32_MAX) /* they stay at the top */
        d->statistic[s]++;
}
void e1000e_count_frame(struct e1000e *d, bool sent, const uint8_t *frame, size_t length);

/* ---- e1000e_packet.c ---- */
struct e1000e_packet {
    bool ipv4, ipv6, tcp, udp, fragment;
    bool extensions;                         /* IPv6 extension headers */
    uint32_t l3, l4, payload, end;           /* offsets; `end`: of the IP packet */
};
/* Never beyond `length`. */
void e1000e_parse(struct e1000e_packet *p, const uint8_t *frame, size_t length);
/* Ones' complement sum of big-endian words, folded to 16 bits; an odd last byte is an upper one. */
uint32_t e1000e_sum(const uint8_t *bytes, size_t n);
uint32_t e1000e_fold(uint32_t sum);
/* Of addresses, protocol and length: with TCP or UDP it adds up to ffffh. */
uint32_t e1000e_pseudo(const struct e1000e_packet *p, const uint8_t *frame);
/* RSS (7.1.11): Toeplitz hash and the type as descriptors have it; 0: none. */
uint32_t e1000e_hash(const uint8_t key[40], uint32_t mrqc, const struct e1000e_packet *p,
                     const uint8_t *frame, uint32_t *type);

#endif
