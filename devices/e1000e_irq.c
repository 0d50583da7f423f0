/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interrupts (7.4). Causes gather in ICR; what IMS lets through asks for an interrupt:
 *
 *   MSI-X       IVAR gives each of five groups (receive and transmit queues, other) a vector
 *   INTx, MSI   all causes together
 *
 * Each is held back until EITR's, or ITR's, interval since the last one is over.
 */
#include "devices/e1000e_impl.h"

enum { LEGACY = E1000E_VECTORS }; /* index of INTx and MSI beside the vectors */
enum { OTHER_CAUSES = ICR_LSC | ICR_RXO | ICR_MDAC | ICR_SRPD };
enum { CAUSE_GROUPS = 5 };
#define INTERVAL_UNIT (256 * PS_PER_NS)
/* A message may be a store to our own registers: the next one comes later, not within it. */
#define MESSAGE_GAP   (200 * PS_PER_NS)

static bool is_msix(const struct e1000e *d)
{
    return pci_msix_enabled(&d->function);
}

/* Of ICR bits 20 to 24, those that go to vector `v` (10.2.4.9, IVAR). */
static uint32_t causes_of(const struct e1000e *d, unsigned v)
{
    uint32_t causes = 0;

    for (unsigned group = 0; group < CAUSE_GROUPS; group++) {
        uint32_t entry = d->ivar >> 4 * group & 15;
        if ((entry & 8) && (entry & 7) == v)
            causes |= (uint32_t)ICR_RXQ0 << group;
    }
    return causes;
}

static void drive_line(struct e1000e *d)
{
    pci_set_intx(&d->function, d->asserted && !is_msix(d) && !pci_msi_enabled(&d->function));
}

/* 7.4.5: the message; EIAC clears its causes, IAM masks them. */
static bool fire_vector(struct e1000e *d, unsigned v)
{
    uint32_t causes = causes_of(d, v) & d->icr & d->ims;

    if (!causes)
        return false;
    d->icr &= ~(causes & d->eiac);
    if (d->ctrl_ext & CTRL_EXT_EIAME)
        d->ims &= ~(causes & d->iam);
    e1000e_count(d, STAT_IAC);
    pci_send_msix(&d->function, v);
    return true;
}

static bool fire_legacy(struct e1000e *d)
{
    if (!(d->icr & d->ims & ICR_CAUSES) || d->asserted)
        return false;
    d->asserted = 1;
    d->icr |= ICR_ASSERTED;
    e1000e_count(d, STAT_IAC);
    drive_line(d);
    pci_send_msi(&d->function, 0);
    return true;
}

static bool fire(struct e1000e *d, unsigned v)
{
    return v == LEGACY ? fire_legacy(d) : fire_vector(d, v);
}

static void arm_throttle(struct e1000e *d)
{
    ps_t first = PS_NEVER;

    for (unsigned v = 0; v <= LEGACY; v++)
        if (d->waiting >> v & 1)
            first = MIN(first, d->allowed[v]);
    ev_arm(&d->throttle, first);
}

/* Now, or when the interval is over. */
static void request(struct e1000e *d, unsigned v)
{
    ps_t now = device_now(&d->dev), before = d->allowed[v];
    uint64_t interval = ((v == LEGACY ? d->itr : d->eitr[v]) & 0xffff) * INTERVAL_UNIT;
    bool message = is_msix(d) || pci_msi_enabled(&d->function);

    if (now < before && (interval || message)) {
        d->waiting |= (uint8_t)BIT(v);
        arm_throttle(d);
        return;
    }
    d->allowed[v] = now + MAX(interval, message ? MESSAGE_GAP : 0);
    if (!fire(d, v))
        d->allowed[v] = before;
}

void e1000e_throttled(void *arg, ps_t when)
{
    struct e1000e *d = arg;
    uint8_t due = 0;

    for (unsigned v = 0; v <= LEGACY; v++)
        if ((d->waiting >> v & 1) && d->allowed[v] <= when)
            due |= (uint8_t)BIT(v);
    d->waiting &= (uint8_t)~due;
    arm_throttle(d);
    for (unsigned v = 0; v <= LEGACY; v++)
        if ((due >> v & 1) && (v == LEGACY) != is_msix(d))
            request(d, v);
}

void e1000e_update(struct e1000e *d, uint32_t causes)
{
    if (is_msix(d)) {
        d->asserted = 0;
        d->icr &= ~ICR_ASSERTED;
        drive_line(d);
        for (unsigned v = 0; v < E1000E_VECTORS; v++)
            if (causes & d->icr & d->ims & causes_of(d, v))
                request(d, v);
        return;
    }
    if (!(d->icr & d->ims & ICR_CAUSES)) {
        d->asserted = 0;
        d->icr &= ~ICR_ASSERTED;
        drive_line(d);
    } else if (!d->asserted) {
        request(d, LEGACY);
    }
}

void e1000e_cause(struct e1000e *d, uint32_t causes)
{
    if (!is_msix(d))
        causes &= ICR_RXQ0 - 1; /* 10.2.4.1: bits 20 to 24 are for MSI-X */
    else if (causes & OTHER_CAUSES)
        causes |= ICR_OTHER;
    d->icr |= causes;
    e1000e_update(d, causes);
}

/* 10.2.4.1: a read clears all if nothing is enabled, or if the interrupt was told. */
void e1000e_read_icr(struct e1000e *d)
{
    bool told = d->asserted || (is_msix(d) && (d->icr & d->ims));

    if (d->ims != 0 && !told)
        return;
    d->icr = 0;
    if (told && (d->ctrl_ext & CTRL_EXT_IAME))
        d->ims &= ~d->iam;
    e1000e_update(d, 0);
}

/* ---- delays (7.4.2): packet timers start anew with each frame, absolute ones do not ---- */

#define DELAY_UNIT (1024 * PS_PER_NS)

static void delay(struct e1000e *d, struct ev_timer *timer, uint64_t *from, uint32_t packet,
                  uint32_t absolute)
{
    ps_t now = device_now(&d->dev);

    if (!ev_is_armed(timer))
        *from = now;
    ps_t when = now + (packet & 0xffff) * DELAY_UNIT,
         most = *from + (absolute & 0xffff) * DELAY_UNIT;
    ev_arm(timer, (absolute & 0xffff) ? MIN(when, most) : when);
}

void e1000e_received(struct e1000e *d, uint32_t causes, bool now)
{
    if (now || !(d->rdtr & 0xffff)) {
        e1000e_cause(d, causes | d->delayed_causes);
        d->delayed_causes = 0;
        ev_cancel(&d->rx_delay);
        return;
    }
    d->delayed_causes |= causes;
    delay(d, &d->rx_delay, &d->rx_delay_from, d->rdtr, d->radv);
}

void e1000e_transmitted(struct e1000e *d, uint32_t causes, bool now)
{
    if (now || !(d->tidv & 0xffff)) {
        e1000e_cause(d, causes | d->tx_delayed_causes);
        d->tx_delayed_causes = 0;
        ev_cancel(&d->tx_delay);
        return;
    }
    d->tx_delayed_causes |= causes;
    delay(d, &d->tx_delay, &d->tx_delay_from, d->tidv, d->tadv);
}

void e1000e_rx_delayed(void *arg, ps_t when)
{
    (void)when;
    e1000e_received(arg, 0, true);
}

void e1000e_tx_delayed(void *arg, ps_t when)
{
    (void)when;
    e1000e_transmitted(arg, 0, true);
}
