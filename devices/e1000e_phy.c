/* SPDX-License-Identifier: Apache-2.0 */
/* The PHY behind MDIC (8.5, 10.2.2.7), the link, the EEPROM behind EERD and EEWR (3.3, 6.1). */
#include "devices/e1000e_impl.h"

/* IEEE 802.3, 22.2.4 and 40.5.1; 16 and up are the PHY's own. */
enum { PHY_CONTROL = 0, PHY_STATUS = 1, PHY_ID1 = 2, PHY_ID2 = 3, PHY_ADVERTISE = 4,
       PHY_PARTNER = 5, PHY_EXPANSION = 6, PHY_1000_CONTROL = 9, PHY_1000_STATUS = 10,
       PHY_EXTENDED = 15, PHY_COPPER_STATUS = 17, PHY_PAGE = 22 };
enum { CONTROL_RESET = 0x8000, CONTROL_LOOPBACK = 0x4000, CONTROL_NEGOTIATE = 0x1000,
       CONTROL_POWER_DOWN = 0x0800, CONTROL_RESTART = 0x0200, CONTROL_1000_FULL = 0x0140 };
#define NEGOTIATION_TIME (100 * PS_PER_MS)

/* ---- the PHY ---- */

static const struct {
    uint8_t at;
    uint16_t value;
} first_values[] = {
    { PHY_CONTROL, CONTROL_NEGOTIATE | CONTROL_1000_FULL }, { PHY_ID1, 0x0141 }, { PHY_ID2, 0x0cb1 },
    { PHY_ADVERTISE, 0x0de1 }, { PHY_1000_CONTROL, 0x0e00 }, { PHY_EXTENDED, 0x3000 }, { 16, 0x0360 },
};

static void phy_defaults(struct e1000e *d)
{
    memset(d->phy, 0, sizeof(d->phy));
    for (size_t i = 0; i < ARRAY_LEN(first_values); i++)
        d->phy[0][first_values[i].at] = first_values[i].value;
}

static void negotiate(struct e1000e *d)
{
    bool was = d->link;

    d->link = 0;
    if (was)
        e1000e_cause(d, ICR_LSC);
    if (d->plugged && !(d->phy[0][PHY_CONTROL] & CONTROL_POWER_DOWN))
        ev_arm(&d->negotiation, device_now(&d->dev) + NEGOTIATION_TIME);
    else
        ev_cancel(&d->negotiation);
}

void e1000e_negotiated(void *arg, ps_t when)
{
    struct e1000e *d = arg;

    (void)when;
    if (!d->plugged || d->link)
        return;
    d->link = 1;
    e1000e_cause(d, ICR_LSC);
}

/* Power-on and CTRL.PHY_RST. */
void e1000e_phy_reset(struct e1000e *d)
{
    phy_defaults(d);
    negotiate(d);
}

void e1000e_link_changed(void *arg, bool up)
{
    struct e1000e *d = arg;

    d->plugged = up;
    negotiate(d);
}

/* Within the MAC (RCTL.LBM) or the PHY. */
bool e1000e_loops_back(const struct e1000e *d)
{
    return F_GET(d->rctl, RCTL_LBM) == 1 || (d->phy[0][PHY_CONTROL] & CONTROL_LOOPBACK);
}

/* Registers 0 to 15 and the page register are the same on each page. */
static uint16_t *place(struct e1000e *d, unsigned reg)
{
    unsigned page = reg < 16 || reg == PHY_PAGE ? 0 : d->phy[0][PHY_PAGE];

    return page < E1000E_PHY_PAGES ? &d->phy[page][reg] : NULL;
}

static uint16_t phy_read(struct e1000e *d, unsigned reg, const uint16_t *stored)
{
    bool paged = reg >= 16 && d->phy[0][PHY_PAGE] != 0;

    if (paged)
        return *stored;
    switch (reg) {
    case PHY_STATUS: /* 10 to 1000 Mb/s, negotiates; complete, link */
        return (uint16_t)(0x7949 | (d->link ? 0x0024 : 0));
    case PHY_PARTNER: /* one like ourselves */
        return d->link ? 0xcde1 : 0;
    case PHY_EXPANSION:
        return d->link ? 0x0007 : 0x0004;
    case PHY_1000_STATUS: /* both receivers are fine; the partner does 1000 Mb/s */
        return d->link ? 0x3c00 : 0;
    case PHY_COPPER_STATUS: /* 1000 Mb/s, full duplex, resolved, link */
        return d->link ? 0xac08 : 0x8000;
    default:
        return *stored;
    }
}

static void phy_write(struct e1000e *d, unsigned reg, uint16_t *stored, uint16_t value)
{
    bool read_only = reg == PHY_STATUS || reg == PHY_ID1 || reg == PHY_ID2 || reg == PHY_PARTNER ||
                     reg == PHY_EXPANSION || reg == PHY_1000_STATUS || reg == PHY_EXTENDED ||
                     (reg == PHY_COPPER_STATUS && d->phy[0][PHY_PAGE] == 0);

    if (read_only)
        return;
    if (reg != PHY_CONTROL) {
        *stored = value;
        return;
    }
    uint16_t old = *stored;
    if (value & CONTROL_RESET) {
        *stored = CONTROL_NEGOTIATE | CONTROL_1000_FULL;
        negotiate(d);
        return;
    }
    *stored = value & (uint16_t)~CONTROL_RESTART;
    if ((value & CONTROL_RESTART) || ((value ^ old) & CONTROL_POWER_DOWN))
        negotiate(d);
}

/* 10.2.2.7: done at once. */
void e1000e_mdic(struct e1000e *d, uint32_t command)
{
    enum { OP_WRITE = 1, OP_READ = 2, READY = 1 << 28, INTERRUPT = 1 << 29, ERROR = 1 << 30,
           ADDRESS = 1 };
    unsigned reg = command >> 16 & 31, address = command >> 21 & 31, op = command >> 26 & 3;
    uint16_t *stored = place(d, reg);
    uint32_t result = (command & 0x2fffffff) | READY;

    if (address != ADDRESS || !stored || (op != OP_READ && op != OP_WRITE))
        result |= ERROR;
    else if (op == OP_READ)
        result = (result & ~0xffffu) | phy_read(d, reg, stored);
    else
        phy_write(d, reg, stored, command & 0xffff);
    d->mdic = result;
    if (command & INTERRUPT)
        e1000e_cause(d, ICR_MDAC);
}

/* ---- EEPROM (6.1): words, of which 00h to 3fh add up to BABAh ---- */

enum { NVM_CHECKSUM = 0x3f, NVM_SUM = 0xbaba };
enum { NVM_START = 1, NVM_DONE = 2 };

void e1000e_nvm_fill(struct e1000e *d, uint16_t subsystem, uint16_t subsystem_vendor)
{
    static const struct {
        uint8_t at;
        uint16_t value;
    } words[] = {
        { 0x03, 0x0420 }, /* compatibility: a NIC */
        { 0x05, 0x0100 }, /* image version */
        { 0x08, 0xffff }, { 0x09, 0xffff }, /* no board number */
        { 0x0a, 0x026b }, /* initialization control 1: load subsystem ids, power management */
        { 0x0d, 0x10d3 }, { 0x0f, 0x8058 },
        { 0x18, 0x0706 }, /* LEDs */
        { 0x37, 0xffff }, /* no alternate address */
    };
    uint16_t sum = 0;

    memset(d->nvm, 0, sizeof(d->nvm));
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        d->nvm[words[i].at] = words[i].value;
    for (unsigned i = 0; i < 3; i++)
        d->nvm[i] = ld_le16(d->permanent_mac + 2 * i);
    d->nvm[0x0b] = subsystem;
    d->nvm[0x0c] = subsystem_vendor;
    for (unsigned i = 0; i < NVM_CHECKSUM; i++)
        sum = (uint16_t)(sum + d->nvm[i]);
    d->nvm[NVM_CHECKSUM] = (uint16_t)(NVM_SUM - sum);
}

/* EERD and EEWR: start in bit 0, done in bit 1, the word's number in 15:2, data in 31:16. */
uint32_t e1000e_nvm_read(const struct e1000e *d, uint32_t command)
{
    uint32_t word = command >> 2 & 0x3fff, data = 0;

    if (!(command & NVM_START))
        return command & 0xfffd;
    if (word < E1000E_NVM_WORDS)
        data = d->nvm[word];
    return data << 16 | (command & 0xfffc) | NVM_DONE;
}

void e1000e_nvm_write(struct e1000e *d, uint32_t command)
{
    uint32_t word = command >> 2 & 0x3fff;

    if ((command & NVM_START) && word < E1000E_NVM_WORDS)
        d->nvm[word] = (uint16_t)(command >> 16);
    d->eewr = (command & 0xfffffffc) | NVM_DONE;
}
