/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_TEST_DEVICES_PCI_FUNCTION_H
#define ORRERY_TEST_DEVICES_PCI_FUNCTION_H
/* The least part that is a PCI function, and where the tests' bridge has its windows. */
#include "devices/pci/ecam.h"
#include "test/check_main.h"
#include "test/device_generic.h"
#include <string.h>

enum { ECAM = 0x30000000, IO = 0x3000000, MEM32 = 0x40000000, RAM = 0x80000000 };

struct card {
    struct device dev;
    struct pci_function f;
};
static inline void card_reset(void *dev) { pci_reset(&((struct card *)dev)->f); }
static inline void card_loaded(void *dev) { pci_loaded(&((struct card *)dev)->f); }
static const struct state_field card_state[] = { STATE_SUB(card, f, pci_function_state), STATE_END };
static const struct device_ops card_ops = { .name = "card", .size = sizeof(struct card), .state = card_state,
                                            .version = 1, .reset = card_reset, .loaded = card_loaded };

#endif
