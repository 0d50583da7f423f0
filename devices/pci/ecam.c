/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/pci/ecam.h"
#include "core/util/bits.h"
#include <inttypes.h>

/* The I/O window: whatever nobody answers there reads as all ones, as on a PCI bus. */
static enum mem_result io_read(void *arg, uint64_t offset, unsigned size, uint64_t *value,
                               const struct mem_attrs *attrs)
{
    struct pci_ecam *p = arg;
    if (mem_load(p->io, offset, size, value, attrs) != MEM_OK)
        *value = ~0ull >> (64 - 8 * size);
    return MEM_OK;
}

static enum mem_result io_write(void *arg, uint64_t offset, unsigned size, uint64_t value,
                                const struct mem_attrs *attrs)
{
    struct pci_ecam *p = arg;
    (void)mem_store(p->io, offset, size, value, attrs);
    return MEM_OK;
}

static const struct mmio_ops io_mmio = { .read = io_read, .write = io_write, .sizes = 1 | 2 | 4,
                                         .split = true };

/* The memory windows behind the BARs: master abort, all ones, instead of a bus error. */
static enum mem_result hole_read(void *arg, uint64_t offset, unsigned size, uint64_t *value,
                                 const struct mem_attrs *attrs)
{
    (void)arg, (void)offset, (void)attrs;
    *value = ~0ull >> (64 - 8 * size);
    return MEM_OK;
}

static enum mem_result hole_write(void *arg, uint64_t offset, unsigned size, uint64_t value,
                                  const struct mem_attrs *attrs)
{
    (void)arg, (void)offset, (void)size, (void)value, (void)attrs;
    return MEM_OK;
}

static const struct mmio_ops hole_mmio = { .read = hole_read, .write = hole_write,
                                           .sizes = 1 | 2 | 4 | 8, .split = true };

static void set_line(void *bridge, unsigned line, bool level)
{
    irq_set(&((struct pci_ecam *)bridge)->intx[line], level);
}

static void restore_line(void *bridge, unsigned line, bool level)
{
    irq_restore(&((struct pci_ecam *)bridge)->intx[line], level);
}

static void ecam_reset(void *dev)
{
    pci_reset(&((struct pci_ecam *)dev)->host);
}

static void ecam_loaded(void *dev)
{
    pci_loaded(&((struct pci_ecam *)dev)->host);
}

static void ecam_destroy(void *dev)
{
    struct pci_ecam *p = dev;
    if (p->io)
        mem_space_destroy(p->io);
    p->io = NULL;
}

static const struct state_field ecam_state[] = { STATE_SUB(pci_ecam, host, pci_function_state),
                                                 STATE_END };
static const struct device_ops ecam_ops = {
    .name = "pci-host-ecam-generic", .spec = "PCI Express Base 5.0, 7.2.2",
    .size = sizeof(struct pci_ecam), .state = ecam_state, .version = 1, .reset = ecam_reset,
    .loaded = ecam_loaded, .destroy = ecam_destroy,
};

static int build(struct pci_ecam *p, struct mem_space *memory, const struct pci_ecam_map *map,
                 struct err *e)
{
    /* Red Hat's host bridge: what guests find on the boards this one is compatible with. */
    static const struct pci_ids ids = { .vendor = 0x1b36, .device = 0x0008, .subsystem_vendor = 0x1af4,
                                        .subsystem = 0x1100, .class_code = 0x060000 };
    struct pci_windows w = { .memory = memory, .io = p->io, .n_ranges = map->n_ranges };
    int r;

    if (map->config_size < 1 << 20 || map->config_size > 256 << 20 || !is_pow2(map->config_size))
        return err_set(e, ERR_ARG, "configuration space of %" PRIu64 " bytes; 1 MiB a bus, up to 256",
                       map->config_size);
    for (uint32_t i = 0; i < map->n_ranges; i++)
        w.range[i] = map->range[i];
    pci_bus_init(&p->bus, p->dev.machine, &w, set_line, p);
    p->bus.restored = restore_line;
    if ((r = mem_add_mmio(memory, "pci-config", map->config, map->config_size, 0, &pci_config_mmio,
                          &p->bus, NULL, e)) < 0 ||
        (r = mem_add_mmio(memory, "pci-io", map->io, map->io_size, 0, &io_mmio, p, NULL, e)) < 0)
        return r;
    for (uint32_t i = 0; i < map->n_ranges; i++)
        if ((r = mem_add_mmio(memory, "pci-window", map->range[i].base, map->range[i].size, -1,
                              &hole_mmio, p, NULL, e)) < 0)
            return r;
    pci_init(&p->host, &p->dev, NULL, &ids, 0);
    return pci_plug(&p->bus, &p->host, PCI_DEVFN(0, 0), e);
}

struct pci_ecam *pci_ecam_create(struct machine *m, const char *id, struct mem_space *memory,
                                 const struct pci_ecam_map *map, struct err *e)
{
    struct pci_ecam *p = device_create(m, &ecam_ops, id, e);

    if (!p)
        return NULL;
    p->io = mem_space_create("pci-io");
    if (!p->io) {
        (void)err_set(e, ERR_NOMEM, "%s: no memory for its I/O space", id);
        return NULL;
    }
    if (build(p, memory, map, e) < 0) {
        (void)err_context(e, "%s", id);
        return NULL;
    }
    return p;
}
