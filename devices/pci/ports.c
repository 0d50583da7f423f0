/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/pci/ports.h"
#include "core/util/bits.h"

enum { CONFIG_ADDRESS = 0, RST_CNT = 1, CONFIG_DATA = 4, FIRST_PORT = 0xcf8, N_PORTS = 8 };
enum { SYS_RST = 0x02, RST_CPU = 0x04, FULL_RST = 0x08 };

/*
 * CONFIG_ADDRESS: 31 enable, 23:16 bus, 15:8 device and function, 7:2 register. Bits 1:0 read as 0, but choose the
 * bytes at CFCh like the port's own: not by the specification, yet on QEMU's machine, which kvm-unit-tests rely on.
 */
#define ADDRESS_ENABLE   31, 31
#define ADDRESS_BDF      23, 8
#define ADDRESS_REGISTER 7, 0
#define ADDRESS_WRITABLE 0x80ffffffu
#define ADDRESS_READABLE 0x80fffffcu

static bool is_enabled(const struct pci_ports *p)
{
    return F_GET(p->address, ADDRESS_ENABLE);
}

static uint16_t function(const struct pci_ports *p)
{
    return (uint16_t)F_GET(p->address, ADDRESS_BDF);
}

static uint32_t target(const struct pci_ports *p, uint64_t offset, unsigned size)
{
    return (uint32_t)((F_GET(p->address, ADDRESS_REGISTER) | (offset & 3)) & ~(uint64_t)(size - 1));
}

static enum mem_result read(void *arg, uint64_t offset, unsigned size, uint64_t *value,
                            const struct mem_attrs *attrs)
{
    struct pci_ports *p = arg;

    (void)attrs;
    if (offset >= CONFIG_DATA && is_enabled(p))
        *value = pci_config_read(p->bus, function(p), target(p, offset, size), size);
    else if (offset == RST_CNT && size == 1)
        *value = p->reset_control;
    else if (offset == CONFIG_ADDRESS && size == 4)
        *value = p->address & ADDRESS_READABLE;
    else
        return MEM_BAD_SIZE;
    return MEM_OK;
}

static void write_reset(struct pci_ports *p, uint8_t v)
{
    p->reset_control = v & (SYS_RST | RST_CPU | FULL_RST);
    irq_set(&p->reset, v & RST_CPU);
    p->reset_control &= (uint8_t)~RST_CPU;
    irq_set(&p->reset, false);
}

static enum mem_result write(void *arg, uint64_t offset, unsigned size, uint64_t value,
                             const struct mem_attrs *attrs)
{
    struct pci_ports *p = arg;

    (void)attrs;
    if (offset >= CONFIG_DATA && is_enabled(p))
        pci_config_write(p->bus, function(p), target(p, offset, size), size, (uint32_t)value);
    else if (offset == RST_CNT && size == 1)
        write_reset(p, (uint8_t)value);
    else if (offset == CONFIG_ADDRESS && size == 4)
        p->address = (uint32_t)value & ADDRESS_WRITABLE;
    else
        return MEM_BAD_SIZE;
    return MEM_OK;
}

static const struct mmio_ops mmio = { .read = read, .write = write, .sizes = 1 | 2 | 4 };

static void reset(void *dev)
{
    struct pci_ports *p = dev;

    p->address = 0;
    p->reset_control = 0;
}

static const struct state_field state[] = { STATE(pci_ports, address),
                                            STATE(pci_ports, reset_control), STATE_END };
static const struct device_ops ops = {
    .name = "pci-ports", .spec = "PCI Local Bus 3.0, 3.2.2.3.2; ICH9 316972, 13.7.5",
    .size = sizeof(struct pci_ports), .state = state, .version = 1, .reset = reset,
};

struct pci_ports *pci_ports_create(struct machine *m, const char *id, struct mem_space *io,
                                   struct pci_bus *bus, struct err *e)
{
    struct pci_ports *p = device_create(m, &ops, id, e);

    if (!p || mem_add_mmio(io, p->dev.id, FIRST_PORT, N_PORTS, 0, &mmio, p, &p->dev.region, e) < 0)
        return NULL;
    p->bus = bus;
    return p;
}
