/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_BOARD_TREE_NODES_H
#define ORRERY_DEVICES_BOARD_TREE_NODES_H
/*
 * Device tree nodes of the parts in places.h, as Linux's bindings want them. What a binding leaves
 * to the interrupt controller or the bus above, the board adds: such nodes stay open until the
 * board's dt_end.
 */
#include "devices/board/devicetree.h"
#include "devices/board/places.h"

/* dt_begin, and what every root has (root-node.yaml): addresses and sizes of two cells, the machine's names. */
int dt_begin_machine(struct dt *t, const char *compatible, const char *model, struct err *e) MUST_CHECK;

/* "NODE@BASE" with the place as its reg; stays open. */
void dt_open_place(struct dt *t, const char *node, const struct board_place *p);
/* device_type = "memory"; stays open. */
void dt_open_memory(struct dt *t, const char *node, const struct board_place *p);

/* cpu-map of one cluster, in a socket or on its own (cpu/cpu-topology.txt): CPU i is `first` + i. */
void dt_cpu_map(struct dt *t, bool socket, uint32_t first, uint32_t n);
/* `n` banks from `bank` on (mtd/mtd-physmap.yaml); stays open. */
void dt_open_flash(struct dt *t, const char *node, const struct board_place *bank, uint32_t n);
void dt_fw_cfg(struct dt *t, const struct board_place *p);
/* A register of syscon `regmap` (a phandle) by which the machine ends or starts anew (power/reset/syscon-*.yaml). */
void dt_syscon_switch(struct dt *t, const char *node, uint32_t regmap, uint32_t offset, uint32_t value);
/* Slot `i` of a row from `first` on, without its interrupt; stays open. */
void dt_open_virtio_slot(struct dt *t, const struct board_place *first, uint32_t i);

/*
 * pci-host-ecam-generic (pci/host-generic-pci.yaml), "NODE@UNIT"; stays open. INTx go to `parent`,
 * a specifier as interrupt-map has it: phandle, unit address if any, cells; the one at `number`
 * counts from config->irq on.
 */
struct dt_pci {
    const char *node;
    pa_t unit;
    struct board_pci_places at;
    uint32_t io_first;           /* ports below it are not the bus's */
    uint32_t parent[6], n_parent, number;
};
void dt_open_pci(struct dt *t, const struct dt_pci *p);

#endif
