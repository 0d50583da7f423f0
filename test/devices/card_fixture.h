/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_TEST_DEVICES_CARD_FIXTURE_H
#define ORRERY_TEST_DEVICES_CARD_FIXTURE_H
/*
 * One PCI card in a machine (pci_card.h). The test defines card_make(), which makes it on x.bus, and includes this first:
 *
 *     #define REGS CARD_BAR
 *     #include "test/devices/card_fixture.h"
 *     static struct pci_function *card_make(struct machine *m) ...
 */
#include "test/check_main.h"
#include "test/device_generic.h"
#include "test/devices/pci_card.h"

static struct card x;
static struct card_spaces spaces;

static struct pci_function *card_make(struct machine *m);

/* For device_generic_test. */
static inline struct device *make(struct machine *m, void *arg)
{
    (void)arg;
    card_keep(&spaces, &x);
    card_open(&x, m);
    x.f = card_make(m);
    return x.f->dev;
}

static inline void make_card(void)
{
    memset(&x, 0, sizeof(x));
    (void)make(device_generic_machine(), NULL);
    machine_reset(x.m);
}

/* Save, and go on in a fresh machine: what follows must not notice. */
static inline void move_card(void)
{
    struct card before = x;

    make_card();
    device_generic_copy(before.m, x.m);
    card_close(&before);
}

static inline void check_generic(void)
{
    device_generic_test(&(struct device_generic){ .make = make, .keeps_state = true });
    card_keep(&spaces, &x);
    card_drop(&spaces);
    x.io = NULL;
}

static inline uint32_t rd(uint32_t at)
{
    return (uint32_t)card_read(&x, REGS + at, 4);
}
static inline void wr(uint32_t at, uint64_t v)
{
    card_write(&x, REGS + at, 4, v);
}

#endif
