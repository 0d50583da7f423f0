/* SPDX-License-Identifier: Apache-2.0 */
/* Registers (chapter 10), resets (4.3), the function and what it is connected to. */
#include "devices/e1000e_impl.h"

enum { BAR_SIZE = 0x20000, IO_SIZE = 0x20, MSIX_SIZE = 0x4000, MSIX_PBA = 0x2000 };
enum { SYSTIM_TICK_NS = 40 };
enum { SWSM_SMBI = 1 };

#define READ(name)  static uint64_t name(const void *dev, uint32_t index)
#define WROTE(name) static void name(void *dev, uint32_t index, uint64_t old, uint64_t now)
#define UNUSED(...) ((void)(index), (void)(old), (void)(now))

static void reset_mac(struct e1000e *d);

/* ---- general (10.2.2) ---- */

WROTE(wrote_ctrl)
{
    struct e1000e *d = dev;
    UNUSED();
    if (now & CTRL_PHY_RST)
        e1000e_phy_reset(d);
    if (now & CTRL_RST)
        reset_mac(d);
    d->ctrl &= ~(uint32_t)(CTRL_RST | CTRL_PHY_RST);
}

/* Link, 1000 Mb/s; bit 19: requests of the bus are still made. */
READ(read_status)
{
    const struct e1000e *d = dev;
    (void)index;
    return (d->ctrl & CTRL_FD) | (d->link && (d->ctrl & CTRL_SLU) ? 2 : 0) | 2 << 6 |
           (d->ctrl & CTRL_MASTER_OFF ? 0 : BIT(19));
}

WROTE(wrote_ctrl_ext)
{
    struct e1000e *d = dev;
    UNUSED();
    if (now & CTRL_EXT_PBA_CLR)
        for (unsigned v = 0; v < E1000E_VECTORS; v++)
            pci_clear_msix_pending(&d->function, v);
    d->ctrl_ext &= ~(uint32_t)(CTRL_EXT_PBA_CLR | CTRL_EXT_EE_RST);
}

READ(read_eerd)
{
    (void)index;
    return e1000e_nvm_read(dev, ((const struct e1000e *)dev)->eerd);
}
WROTE(wrote_eewr)
{
    UNUSED();
    e1000e_nvm_write(dev, (uint32_t)now);
}
READ(read_eewr)
{
    (void)index;
    return ((const struct e1000e *)dev)->eewr;
}
READ(read_mdic)
{
    (void)index;
    return ((const struct e1000e *)dev)->mdic;
}
WROTE(wrote_mdic)
{
    UNUSED();
    e1000e_mdic(dev, (uint32_t)now);
}

READ(read_swsm)
{
    (void)index;
    return ((const struct e1000e *)dev)->swsm;
}
static void after_swsm(void *dev, uint32_t index, uint64_t value)
{
    struct e1000e *d = dev;
    (void)index;
    (void)value;
    d->swsm |= SWSM_SMBI; /* 10.2.8.15: a read that finds 0 takes it */
}
WROTE(wrote_swsm)
{
    struct e1000e *d = dev;
    UNUSED();
    d->swsm = (uint32_t)now;
}

/* ---- interrupts (10.2.4) ---- */

READ(read_icr)
{
    (void)index;
    return ((const struct e1000e *)dev)->icr;
}
static void after_icr(void *dev, uint32_t index, uint64_t value)
{
    (void)index;
    (void)value;
    e1000e_read_icr(dev);
}
WROTE(wrote_icr)
{
    struct e1000e *d = dev;
    UNUSED();
    if (d->asserted && (d->ctrl_ext & CTRL_EXT_IAME))
        d->ims &= ~d->iam;
    d->icr &= ~(uint32_t)now | ICR_ASSERTED;
    e1000e_update(d, 0);
}
WROTE(wrote_ics)
{
    UNUSED();
    e1000e_cause(dev, (uint32_t)now & ICR_CAUSES);
}
READ(read_ims)
{
    (void)index;
    return ((const struct e1000e *)dev)->ims;
}
WROTE(wrote_ims)
{
    struct e1000e *d = dev;
    UNUSED();
    d->ims |= (uint32_t)now;
    e1000e_update(d, (uint32_t)now);
}
WROTE(wrote_imc)
{
    struct e1000e *d = dev;
    UNUSED();
    d->ims &= ~(uint32_t)now;
    e1000e_update(d, 0);
}

/* ---- rings (10.2.5, 10.2.6) ---- */

WROTE(wrote_tail)
{
    UNUSED();
    e1000e_wake(dev);
}
/* FPD: what is delayed is told now; the bit reads as 0. */
WROTE(wrote_rdtr)
{
    struct e1000e *d = dev;
    UNUSED();
    if (now >> 31)
        e1000e_rx_delayed(d, 0);
    d->rdtr &= 0xffff;
}
WROTE(wrote_tidv)
{
    struct e1000e *d = dev;
    UNUSED();
    if (now >> 31)
        e1000e_tx_delayed(d, 0);
    d->tidv &= 0xffff;
}

/* ---- what is not there ---- */

WROTE(wrote_unmodelled)
{
    struct e1000e *d = dev;
    (void)index;
    (void)old;
    if (now)
        unmodelled(&d->dev, "wake-up and manageability", "%#llx written", (unsigned long long)now);
}

/* ---- statistics (10.2.7): they are cleared by reading ---- */

static void after_statistic(void *dev, uint32_t index, uint64_t value)
{
    struct e1000e *d = dev;
    bool wide = index == STAT_GORC || index == STAT_GOTC || index == STAT_TOR || index == STAT_TOT;
    (void)value;
    if (!wide) /* of 64 bits the upper half's read clears both */
        d->statistic[index] = 0;
    if (index == STAT_GORC + 1 || index == STAT_GOTC + 1 || index == STAT_TOR + 1 ||
        index == STAT_TOT + 1)
        d->statistic[index - 1] = 0;
}

/* ---- SYSTIM (10.2.9): TIMINCA's value is added each period of 40 ns ---- */

static uint64_t systim(const struct e1000e *d)
{
    uint64_t period = d->timinca >> 24, step = d->timinca & 0xffffff, now = device_now(&d->dev);

    if (period == 0 || now < d->systim_at)
        return d->systim_base;
    return d->systim_base + (now - d->systim_at) / (SYSTIM_TICK_NS * PS_PER_NS * period) * step;
}
READ(read_systim)
{
    return systim(dev) >> 32 * index & 0xffffffff;
}
WROTE(wrote_systim)
{
    struct e1000e *d = dev;
    (void)old;
    d->systim_base = f_put_(systim(d), 32 * index + 31, 32 * index, now);
    d->systim_at = device_now(&d->dev);
}
READ(read_timinca)
{
    (void)index;
    return ((const struct e1000e *)dev)->timinca;
}
WROTE(wrote_timinca)
{
    struct e1000e *d = dev;
    UNUSED();
    d->systim_base = systim(d);
    d->systim_at = device_now(&d->dev);
    d->timinca = (uint32_t)now;
}

/* ---- the table (10.1) ---- */

#define ALL   0xffffffffull
#define AT(m) REG_AT(e1000e, m)
#define ANY   .sizes = 1 | 2 | 4 | 8
#define RING  .count = E1000E_QUEUES, .stride = 0x100
static const struct reg_desc e1000e_regs[] = {
    REG32(0x0000, "CTRL", ANY, AT(ctrl), .reset = CTRL_FD | CTRL_SLU | CTRL_1000,
          .rw = ALL & ~0x00000812ull,
          .wrote = wrote_ctrl),
    REG32(0x0008, "STATUS", ANY, .read = read_status),
    REG32(0x0010, "EECD", ANY, AT(eecd), .reset = 0x300, .rw = 0x4f), /* present, read; no grant */
    REG32(0x0014, "EERD", ANY, AT(eerd), .rw = 0xfffd, .read = read_eerd),
    REG32(0x0018, "CTRL_EXT", ANY, AT(ctrl_ext), .rw = ALL, .wrote = wrote_ctrl_ext),
    REG32(0x001c, "FLA", ANY),
    REG32(0x0020, "MDIC", ANY, .rw = ALL, .reset = 0, .read = read_mdic, .wrote = wrote_mdic),
    REG32(0x0028, "FCAL", ANY, AT(fcal), .reset = 0x00c28001, .rw = ALL),
    REG32(0x002c, "FCAH", ANY, AT(fcah), .reset = 0x0100, .rw = 0xffff),
    REG32(0x0030, "FCT", ANY, AT(fct), .reset = 0x8808, .rw = 0xffff),
    REG32(0x0038, "VET", ANY, AT(vet), .reset = 0x8100, .rw = 0xffff),
    REG32(0x00c0, "ICR", ANY, .w1c = ALL, .read = read_icr, .after_read = after_icr,
          .wrote = wrote_icr),
    REG32(0x00c4, "ITR", ANY, AT(itr), .rw = 0xffff),
    REG32(0x00c8, "ICS", ANY, .w1s = ALL, .wrote = wrote_ics),
    REG32(0x00d0, "IMS", ANY, .w1s = ICR_CAUSES, .read = read_ims, .wrote = wrote_ims),
    REG32(0x00d8, "IMC", ANY, .w1c = ALL, .wrote = wrote_imc),
    REG32(0x00dc, "EIAC", ANY, AT(eiac), .rw = 0x01f00000),
    REG32(0x00e0, "IAM", ANY, AT(iam), .rw = ALL),
    REG32(0x00e4, "IVAR", ANY, AT(ivar), .rw = 0x800fffff),
    REG32(0x00e8, "EITR", ANY, AT(eitr), .count = E1000E_VECTORS, .rw = 0xffff),
    REG32(0x0100, "RCTL", ANY, AT(rctl), .rw = 0x7efffffeull),
    REG32(0x0170, "FCTTV", ANY, AT(fcttv), .rw = 0xffff),
    REG32(0x0178, "TXCW", ANY, AT(txcw), .rw = 0xffff), /* of fibre: means nothing here */
    REG32(0x0180, "RXCW", ANY),
    REG32(0x0400, "TCTL", ANY, AT(tctl), .reset = 8, .rw = 0x3ffffffaull, .wrote = wrote_tail),
    REG32(0x0404, "TCTL_EXT", ANY, AT(tctl_ext), .rw = ALL),
    REG32(0x0410, "TIPG", ANY, AT(tipg), .reset = 0x00602008, .rw = 0x3fffffff),
    REG32(0x0458, "AIT", ANY, AT(ait), .rw = 0xffff),
    REG32(0x0e00, "LEDCTL", ANY, AT(ledctl), .reset = 0x00000602, .rw = ALL),
    REG32(0x0f00, "EXTCNF_CTRL", ANY, AT(extcnf), .reset = 8, .rw = 0x1fff00ef),
    REG32(0x0f08, "EXTCNF_SIZE", ANY),
    REG32(0x0f10, "PHY_CTRL", ANY),
    REG32(0x1000, "PBA", ANY, AT(pba), .reset = 0x00140014, .rw = 0xffff),
    REG32(0x1008, "PBS", ANY),
    REG32(0x1010, "EEMNGCTL", ANY, .reset = 1 << 18), /* configuration is done */
    REG32(0x1024, "EEARBC", ANY),
    REG32(0x1028, "FLASHT", ANY),
    REG32(0x102c, "EEWR", ANY, .rw = ALL, .read = read_eewr, .wrote = wrote_eewr),
    REG32(0x1030, "FLSWCTL", ANY),
    REG32(0x1034, "FLSWDATA", ANY),
    REG32(0x1038, "FLSWCNT", ANY),
    REG32(0x103c, "FLOP", ANY),
    REG32(0x2008, "ERT", ANY),
    REG32(0x2160, "FCRTL", ANY, AT(fcrtl), .rw = 0x8000fff8),
    REG32(0x2168, "FCRTH", ANY, AT(fcrth), .rw = 0xfff8),
    REG32(0x2170, "PSRCTL", ANY, AT(psrctl), .reset = 0x00040402, .rw = 0x3f3f3f7f),
    REG32(0x2800, "RDBAL", ANY, RING, AT(rdbal), .rw = 0xfffffff0),
    REG32(0x2804, "RDBAH", ANY, RING, AT(rdbah), .rw = ALL),
    REG32(0x2808, "RDLEN", ANY, RING, AT(rdlen), .rw = 0xfff80),
    REG32(0x2810, "RDH", ANY, RING, AT(rdh), .rw = 0xffff),
    REG32(0x2818, "RDT", ANY, RING, AT(rdt), .rw = 0xffff),
    REG32(0x2820, "RDTR", ANY, AT(rdtr), .rw = 0x8000ffff, .wrote = wrote_rdtr),
    REG32(0x2828, "RXDCTL", ANY, RING, AT(rxdctl), .reset = 0x00010000, .rw = 0x013f3f3f),
    REG32(0x282c, "RADV", ANY, AT(radv), .rw = 0xffff),
    REG32(0x2c00, "RSRPD", ANY, AT(rsrpd), .rw = 0xfff),
    REG32(0x2c08, "RAID", ANY),
    REG32(0x3800, "TDBAL", ANY, RING, AT(tdbal), .rw = 0xfffffff0),
    REG32(0x3804, "TDBAH", ANY, RING, AT(tdbah), .rw = ALL),
    REG32(0x3808, "TDLEN", ANY, RING, AT(tdlen), .rw = 0xfff80),
    REG32(0x3810, "TDH", ANY, RING, AT(tdh), .rw = 0xffff),
    REG32(0x3818, "TDT", ANY, RING, AT(tdt), .rw = 0xffff, .wrote = wrote_tail),
    REG32(0x3820, "TIDV", ANY, AT(tidv), .rw = 0x8000ffff, .wrote = wrote_tidv),
    REG32(0x3828, "TXDCTL", ANY, RING, AT(txdctl), .rw = 0xfe7f3f3full),
    REG32(0x382c, "TADV", ANY, AT(tadv), .rw = 0xffff),
    REG32(0x3840, "TARC", ANY, RING, AT(tarc), .reset = 0x00000403, .rw = ALL),
    REG32(0x4000, "statistic", ANY, AT(statistic), .count = E1000E_STATISTICS,
          .after_read = after_statistic),
    REG32(0x5000, "RXCSUM", ANY, AT(rxcsum), .rw = 0x33ff),
    REG32(0x5008, "RFCTL", ANY, AT(rfctl), .rw = 0x0003ffff),
    REG32(0x5200, "MTA", ANY, AT(mta), .count = 128, .rw = ALL),
    REG32(0x5400, "RAL", ANY, AT(ral), .count = 16, .stride = 8, .rw = ALL),
    REG32(0x5404, "RAH", ANY, AT(rah), .count = 16, .stride = 8, .rw = 0x8003ffff),
    REG32(0x5600, "VFTA", ANY, AT(vfta), .count = 128, .rw = ALL),
    REG32(0x5800, "WUC", ANY, AT(wuc), .rw = 0x0f, .wrote = wrote_unmodelled),
    REG32(0x5808, "WUFC", ANY, AT(wufc), .rw = 0x000f80ff, .wrote = wrote_unmodelled),
    REG32(0x5810, "WUS", ANY),
    REG32(0x5818, "MRQC", ANY, AT(mrqc), .rw = 0x001f0003),
    REG32(0x5820, "MANC", ANY, AT(manc), .rw = 0x007e0000, .wrote = wrote_unmodelled),
    REG32(0x5838, "IPAV", ANY),
    REG32(0x5860, "MANC2H", ANY),
    REG32(0x5b00, "GCR", ANY, AT(gcr), .rw = ALL),
    REG32(0x5b08, "FUNCTAG", ANY),
    REG32(0x5b30, "FACTPS", ANY),
    REG32(0x5b50, "SWSM", ANY, .rw = 0x0f, .read = read_swsm, .after_read = after_swsm,
          .wrote = wrote_swsm),
    REG32(0x5b54, "FWSM", ANY), /* no firmware, no manageability mode */
    REG32(0x5b64, "GCR2", ANY),
    REG32(0x5c00, "RETA", ANY, AT(reta), .count = 32, .rw = ALL),
    REG32(0x5c80, "RSSRK", ANY, AT(rssrk), .count = 10, .rw = ALL),
    REG32(0x5f00, "FFLT", ANY, .count = 8, .stride = 8),
    REG32(0x5f40, "FCRTV", ANY),
    REG32(0xb600, "SYSTIM", ANY, .count = 2, .rw = ALL, .read = read_systim, .wrote = wrote_systim),
    REG32(0xb608, "TIMINCA", ANY, .rw = ALL, .read = read_timinca, .wrote = wrote_timinca),
    REG32(0xb60c, "TIMADJ", ANY, .count = 2),
    REG32(0xb614, "TSYNCTXCTL", ANY),
    REG32(0xb618, "TXSTMP", ANY, .count = 2),
    REG32(0xb620, "TSYNCRXCTL", ANY),
    REG32(0xb624, "RXSTMP", ANY, .count = 4),
};

/* ---- the I/O window (10.2.1): IOADDR at 0, IODATA at 4 ---- */

static enum mem_result io_read(void *arg, uint64_t offset, unsigned size, uint64_t *value,
                               const struct mem_attrs *attrs)
{
    struct e1000e *d = arg;

    *value = 0;
    if (offset == 0 && size == 4)
        *value = d->io_address;
    else if (offset == 4 && size == 4 && d->io_address < BAR_SIZE)
        return reg_mmio_ops.read(&d->dev, d->io_address & ~3u, 4, value, attrs);
    return MEM_OK;
}
static enum mem_result io_write(void *arg, uint64_t offset, unsigned size, uint64_t value,
                                const struct mem_attrs *attrs)
{
    struct e1000e *d = arg;

    if (offset == 0 && size == 4)
        d->io_address = (uint32_t)value;
    else if (offset == 4 && size == 4 && d->io_address < BAR_SIZE)
        return reg_mmio_ops.write(&d->dev, d->io_address & ~3u, 4, value, attrs);
    return MEM_OK;
}
static const struct mmio_ops io_ops = { .read = io_read, .write = io_write, .sizes = 1 | 2 | 4 };

/* BAR 1, and what of BAR 3 is neither table nor pending bits. */
static enum mem_result empty_read(void *arg, uint64_t offset, unsigned size, uint64_t *value,
                                  const struct mem_attrs *attrs)
{
    (void)arg, (void)offset, (void)size, (void)attrs;
    *value = 0;
    return MEM_OK;
}
static enum mem_result empty_write(void *arg, uint64_t offset, unsigned size, uint64_t value,
                                   const struct mem_attrs *attrs)
{
    (void)arg, (void)offset, (void)size, (void)value, (void)attrs;
    return MEM_OK;
}
static const struct mmio_ops empty_ops = { .read = empty_read,
                                           .write = empty_write,
                                           .sizes = 1 | 2 | 4 | 8 };

/* ---- reset, state ---- */

/* What the table's rows do not hold. */
static void reset_rings(struct e1000e *d)
{
    ev_cancel(&d->transmit);
    ev_cancel(&d->throttle);
    ev_cancel(&d->rx_delay);
    ev_cancel(&d->tx_delay);
    for (unsigned q = 0; q < E1000E_QUEUES; q++)
        d->tx[q] = (struct e1000e_tx){ .frame = d->tx[q].frame };
    memset(d->allowed, 0, sizeof(d->allowed));
    d->rx_delay_from = d->tx_delay_from = 0;
    d->delayed_causes = d->tx_delayed_causes = 0;
    d->systim_base = d->systim_at = 0;
    d->timinca = d->mdic = d->eewr = 0;
    d->icr = d->ims = 0;
    d->swsm = 0;
    d->asserted = d->waiting = 0;
}

/* 4.3.1, CTRL.RST: the MAC, not the PHY; then the EEPROM's address is loaded. */
static void reset_mac(struct e1000e *d)
{
    reg_reset(&d->dev);
    reset_rings(d);
    d->ral[0] = (uint32_t)d->nvm[1] << 16 | d->nvm[0];
    d->rah[0] = 0x80000000u | d->nvm[2];
    e1000e_update(d, 0);
}

static void function_reset(struct pci_function *f)
{
    reset_mac(CONTAINER_OF(f, struct e1000e, function));
}

/* What was given to a function that was no bus master has waited. */
static void config_wrote(struct pci_function *f, uint32_t offset, unsigned size)
{
    struct e1000e *d = CONTAINER_OF(f, struct e1000e, function);

    (void)offset;
    (void)size;
    e1000e_update(d, d->icr); /* MSI or MSI-X may have been switched */
    e1000e_wake(d);
}

static void reset(void *dev)
{
    struct e1000e *d = dev;

    pci_reset(&d->function);
    d->io_address = 0;
    e1000e_phy_reset(d);
    reset_mac(d);
    ev_cancel(&d->negotiation);
    d->link = d->plugged; /* negotiated while the machine was being switched on */
}

static void loaded(void *dev)
{
    struct e1000e *d = dev;

    for (unsigned q = 0; q < E1000E_QUEUES; q++) {
        d->tx[q].mss &= 0xffff;
        d->tx[q].header &= 0xff;
        d->tx[q].ipcss &= 0xff;
        d->tx[q].ipcso &= 0xff;
        d->tx[q].ipcse &= 0xffff;
        d->tx[q].tucss &= 0xff;
        d->tx[q].tucso &= 0xff;
        d->tx[q].tucse &= 0xffff;
    }
    d->phy[0][22] = MIN(d->phy[0][22], E1000E_PHY_PAGES);
    pci_loaded(&d->function);
}

static const struct state_field tx_state[] = {
    STATE_PTR(e1000e_tx, frame, bytes, E1000E_FRAME), STATE(e1000e_tx, ipcss),
    STATE(e1000e_tx, ipcso), STATE(e1000e_tx, ipcse), STATE(e1000e_tx, tucss),
    STATE(e1000e_tx, tucso), STATE(e1000e_tx, tucse), STATE(e1000e_tx, command),
    STATE(e1000e_tx, mss), STATE(e1000e_tx, header), STATE(e1000e_tx, popts),
    STATE(e1000e_tx, vlan), STATE(e1000e_tx, insert_vlan), STATE(e1000e_tx, segment),
    STATE(e1000e_tx, fcs), STATE(e1000e_tx, overflow), STATE(e1000e_tx, pad), STATE_END
};
#define S(m) STATE(e1000e, m)
static const struct state_field state[] = {
    STATE_SUB(e1000e, function, pci_function_state), STATE_TIMER(e1000e, transmit),
    STATE_TIMER(e1000e, throttle), STATE_TIMER(e1000e, rx_delay), STATE_TIMER(e1000e, tx_delay),
    STATE_TIMER(e1000e, negotiation), STATE_SUBS(e1000e, tx, tx_state), S(allowed), S(systim_base),
    S(systim_at), S(rx_delay_from), S(tx_delay_from), S(ctrl), S(ctrl_ext), S(eerd), S(eewr),
    S(eecd), S(mdic), S(fcal), S(fcah), S(fct), S(fcttv), S(txcw), S(vet), S(icr), S(ims), S(itr),
    S(eiac), S(iam), S(ivar), S(eitr), S(rctl), S(tctl), S(tctl_ext), S(tipg), S(ait), S(ledctl),
    S(extcnf), S(pba), S(fcrtl), S(fcrth), S(psrctl), S(rdtr), S(radv), S(tidv), S(tadv), S(rsrpd),
    S(rxcsum), S(rfctl), S(mrqc), S(wuc), S(wufc), S(manc), S(gcr), S(swsm), S(timinca),
    S(io_address), S(rdbal), S(rdbah), S(rdlen), S(rdh), S(rdt), S(rxdctl), S(tdbal), S(tdbah),
    S(tdlen), S(tdh), S(tdt), S(txdctl), S(tarc), S(mta), S(ral), S(rah), S(vfta), S(reta),
    S(rssrk), S(statistic), S(delayed_causes), S(tx_delayed_causes), S(nvm), S(phy), S(asserted),
    S(waiting), S(link), S(plugged), STATE_END
};
#undef S
static const struct device_ops device_ops = {
    .name = "e1000e", .spec = "Intel 82574 datasheet 3.4", .size = sizeof(struct e1000e),
    .regs = e1000e_regs,
    .n_regs = ARRAY_LEN(e1000e_regs), .mmio_size = BAR_SIZE, .state = state, .version = 1,
    .reset = reset, .loaded = loaded,
};

/* ---- construction ---- */

/* PCI Express Base 5.0, 7.9.3: the address with FFFEh in its middle. */
static int add_serial_number(struct e1000e *d, struct err *e)
{
    enum { CAP_SERIAL = 3, SIZE = 12 };
    const uint8_t *mac = d->permanent_mac;
    int at = pci_add_extended(&d->function, CAP_SERIAL, 1, SIZE, e);

    if (at < 0)
        return at;
    st_be64(d->function.config + at + 4,
            (uint64_t)mac[5] << 56 | (uint64_t)mac[4] << 48 | (uint64_t)mac[3] << 40 |
                0xfeffull << 24 | (uint64_t)mac[2] << 16 | (uint64_t)mac[1] << 8 | mac[0]);
    return 0;
}

static int make_function(struct e1000e *d, struct pci_bus *bus, const struct e1000e_options *o,
                         struct err *e)
{
    static const struct pci_ops ops = { .config_wrote = config_wrote, .reset = function_reset };
    const struct pci_ids ids = { .vendor = 0x8086, .device = 0x10d3, .subsystem_vendor = 0x8086,
                                 .subsystem = 0, .class_code = 0x020000,
                                 .multifunction = o->multifunction };
    struct pci_function *f = &d->function;
    int r;

    pci_init(f, &d->dev, &ops, &ids, 1);
    if ((r = pci_add_bar(f, 0, PCI_BAR_MEM32, false, BAR_SIZE, &reg_mmio_ops, d, e)) < 0 ||
        (r = pci_add_bar(f, 1, PCI_BAR_MEM32, false, BAR_SIZE, &empty_ops, d, e)) < 0 ||
        (r = pci_add_bar(f, 2, PCI_BAR_IO, false, IO_SIZE, &io_ops, d, e)) < 0 ||
        (r = pci_add_bar(f, 3, PCI_BAR_MEM32, false, MSIX_SIZE, &empty_ops, d, e)) < 0 ||
        (r = pci_add_power(f, e)) < 0 || (r = pci_add_msi(f, 1, e)) < 0 ||
        (r = pci_add_express(f, e)) < 0 ||
        (r = pci_add_msix(f, E1000E_VECTORS, 3, 0, MSIX_PBA, e)) < 0 ||
        (r = add_serial_number(d, e)) < 0 || (o->rom && (r = pci_add_rom(f, o->rom, e)) < 0))
        return r;
    e1000e_nvm_fill(d, ids.subsystem, ids.subsystem_vendor);
    return pci_plug(bus, f, o->devfn, e);
}

static int make_resources(struct e1000e *d, struct err *e)
{
    struct ev_queue *q = d->dev.machine->queue;
    struct arena *a = &d->dev.machine->arena;
    bool ok = (d->out = arena_alloc(a, NET_MAX_FRAME + 64)) != NULL;

    for (unsigned i = 0; i < E1000E_QUEUES; i++)
        ok &= (d->tx[i].frame = arena_alloc(a, E1000E_FRAME)) != NULL;
    if (!ok || ev_timer_init(&d->transmit, q, "e1000e", EV_PRIO_DEVICE, e1000e_transmit, d) ||
        ev_timer_init(&d->throttle, q, "e1000e throttle", EV_PRIO_DEVICE, e1000e_throttled, d) ||
        ev_timer_init(&d->rx_delay, q, "e1000e receive delay", EV_PRIO_DEVICE, e1000e_rx_delayed,
                      d) ||
        ev_timer_init(&d->tx_delay, q, "e1000e transmit delay", EV_PRIO_DEVICE, e1000e_tx_delayed,
                      d) ||
        ev_timer_init(&d->negotiation, q, "e1000e link", EV_PRIO_DEVICE, e1000e_negotiated, d))
        return err_set(e, ERR_NOMEM, "%s: no memory", d->dev.id);
    return 0;
}

struct e1000e *e1000e_create(struct machine *m, const char *id, struct pci_bus *bus,
                             struct net_backend *net, const struct e1000e_options *o, struct err *e)
{
    static const struct net_frontend frontend = {
        .can_receive = e1000e_can_receive,
        .receive = e1000e_receive,
        .link_changed = e1000e_link_changed,
    };
    struct e1000e *d = device_create(m, &device_ops, id, e);

    if (!d)
        return NULL;
    memcpy(d->permanent_mac, o->mac, sizeof(d->permanent_mac));
    d->net = net;
    d->plugged = net && net_link_is_up(net);
    if (make_resources(d, e) < 0 || make_function(d, bus, o, e) < 0 ||
        (net && net_attach(net, id, &frontend, d, e) < 0))
        return NULL;
    return d;
}

struct pci_function *e1000e_function(struct e1000e *d)
{
    return &d->function;
}
