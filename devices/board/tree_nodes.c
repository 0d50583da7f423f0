/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/board/tree_nodes.h"
#include "core/util/bits.h"
#include <assert.h>
#include <stdio.h>

int dt_begin_machine(struct dt *t, const char *compatible, const char *model, struct err *e)
{
    int r = dt_begin(t, e);

    if (r < 0)
        return r;
    dt_cell(t, "#address-cells", 2);
    dt_cell(t, "#size-cells", 2);
    dt_string(t, "compatible", compatible);
    dt_string(t, "model", model);
    return 0;
}

void dt_open_place(struct dt *t, const char *node, const struct board_place *p)
{
    dt_node(t, "%s@%llx", node, (unsigned long long)p->base);
    dt_reg(t, p->base, p->size);
}

void dt_open_memory(struct dt *t, const char *node, const struct board_place *p)
{
    dt_open_place(t, node, p);
    dt_string(t, "device_type", "memory");
}

void dt_cpu_map(struct dt *t, bool socket, uint32_t first, uint32_t n)
{
    dt_node(t, "cpu-map");
    if (socket)
        dt_node(t, "socket0");
    dt_node(t, "cluster0");
    for (uint32_t i = 0; i < n; i++) {
        dt_node(t, "core%u", i);
        dt_cell(t, "cpu", first + i);
        dt_end(t);
    }
    dt_end(t);
    if (socket)
        dt_end(t);
    dt_end(t);
}

void dt_open_flash(struct dt *t, const char *node, const struct board_place *bank, uint32_t n)
{
    uint32_t reg[8], cells = 0;

    assert(n <= ARRAY_LEN(reg) / 4);
    for (uint32_t i = 0; i < n; i++) {
        cells = dt_put_u64(reg, cells, bank->base + i * bank->size);
        cells = dt_put_u64(reg, cells, bank->size);
    }
    dt_node(t, "%s@%llx", node, (unsigned long long)bank->base);
    dt_string(t, "compatible", "cfi-flash");
    dt_cells(t, "reg", reg, cells);
    dt_cell(t, "bank-width", 4);
}

void dt_fw_cfg(struct dt *t, const struct board_place *p)
{
    dt_open_place(t, "fw-cfg", p);
    dt_string(t, "compatible", "qemu,fw-cfg-mmio");
    dt_empty(t, "dma-coherent");
    dt_end(t);
}

void dt_syscon_switch(struct dt *t, const char *node, uint32_t regmap, uint32_t offset, uint32_t value)
{
    char compatible[32];

    snprintf(compatible, sizeof(compatible), "syscon-%s", node);
    dt_node(t, "%s", node);
    dt_string(t, "compatible", compatible);
    dt_cell(t, "regmap", regmap);
    dt_cell(t, "offset", offset);
    dt_cell(t, "value", value);
    dt_end(t);
}

void dt_open_virtio_slot(struct dt *t, const struct board_place *first, uint32_t i)
{
    const struct board_place p = { .base = first->base + i * first->size, .size = first->size };

    dt_open_place(t, "virtio_mmio", &p);
    dt_string(t, "compatible", "virtio,mmio");
}

/* IEEE 1275 PCI binding, 2.2.1.1: space code of phys.hi, then PCI address, CPU address and size. */
static uint32_t put_range(uint32_t *cells, uint32_t n, uint32_t space, pa_t pci,
                          const struct board_place *p)
{
    cells[n] = space << 24;
    n = dt_put_u64(cells, n + 1, pci);
    n = dt_put_u64(cells, n, p->base);
    return dt_put_u64(cells, n, p->size);
}

void dt_open_pci(struct dt *t, const struct dt_pci *p)
{
    enum { IO = 1, MEM32 = 2, MEM64 = 3, SLOTS = 4, PINS = 4 };
    const struct board_pci_places *at = &p->at;
    uint32_t ranges[3 * 7], map[SLOTS * PINS * (4 + ARRAY_LEN(p->parent))], n = 0;

    dt_node(t, "%s@%llx", p->node, (unsigned long long)p->unit);
    dt_reg(t, at->config->base, at->config->size);
    dt_string(t, "compatible", "pci-host-ecam-generic");
    dt_string(t, "device_type", "pci");
    dt_cell(t, "#address-cells", 3);
    dt_cell(t, "#size-cells", 2);
    dt_cell(t, "#interrupt-cells", 1);
    dt_cell(t, "linux,pci-domain", 0);
    dt_cell(t, "bus-range", 0, (uint32_t)(at->config->size >> 20) - 1);
    dt_empty(t, "dma-coherent");
    const struct board_place ports = { .base = at->io->base + p->io_first, .size = at->io->size - p->io_first };
    n = put_range(ranges, n, IO, p->io_first, &ports);
    n = put_range(ranges, n, MEM32, at->mem32->base, at->mem32);
    if (at->mem64->size != 0)
        n = put_range(ranges, n, MEM64, at->mem64->base, at->mem64);
    dt_cells(t, "ranges", ranges, n);

    /* Swizzled: a slot's pins begin one further on than those of the slot before. */
    n = 0;
    for (uint32_t slot = 0; slot < SLOTS; slot++) {
        for (uint32_t pin = 0; pin < PINS; pin++) {
            const uint32_t unit[] = { slot << 11, 0, 0, pin + 1 };
            for (uint32_t i = 0; i < ARRAY_LEN(unit); i++)
                map[n++] = unit[i];
            for (uint32_t i = 0; i < p->n_parent; i++)
                map[n++] = i == p->number ? at->config->irq + (slot + pin) % PINS : p->parent[i];
        }
    }
    dt_cells(t, "interrupt-map", map, n);
    dt_cell(t, "interrupt-map-mask", (SLOTS - 1) << 11, 0, 0, 7);
}
