/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/piix.h"
#include "core/util/bits.h"
#include "core/util/bytes.h"

enum { PIRQS = 4, SCI = 9 };
enum { PIRQRC = 0x60, NOT_ROUTED = 0x80 };                              /* 290550, 2.2.6 */
enum { IDETIM = 0x40, IDETIM_DECODE = 0x80 };                           /* 2.3.9: bit 15, in the upper byte */
enum { PMBA = 0x40, DEVACTB = 0x58, PMREGMISC = 0x80, SMBBA = 0x90 };   /* 290562, 7.1 */
enum { PMBA_ADDRESS = 0xffc0, APMC_EN = 0x02 /* DEVACTB bit 25, in its upper byte */, PMIOSE = 0x01 };
enum { CONTROL = 0x10, CONTROL_SIZE = 0x20, GLBCTL = 0x28, SMI_EN = 1 }; /* 7.2 */
/* IRQs a PIRQ may be routed to: not 0, 1, 2, 8 and 13. */
#define PIC_ROUTES 0xdef8u

static const struct pci_reg isa_registers[] = {
    { PIRQRC,     1, "PIRQRCA", .reset = NOT_ROUTED, .rw = 0x8f },
    { PIRQRC + 1, 1, "PIRQRCB", .reset = NOT_ROUTED, .rw = 0x8f },
    { PIRQRC + 2, 1, "PIRQRCC", .reset = NOT_ROUTED, .rw = 0x8f },
    { PIRQRC + 3, 1, "PIRQRCD", .reset = NOT_ROUTED, .rw = 0x8f },
    { 0x4c,       1, "IORT", .reset = 0x4d, .rw = 0x7f },
    { 0x4e,       2, "XBCS", .reset = 0x0003, .rw = 0x01ff },
    { 0x69,       1, "TOM", .reset = 0x02, .rw = 0xfa },
    { 0x82,       1, "DLC", .rw = 0x0f },
};
static const struct pci_reg ide_registers[] = {
    { IDETIM,     2, "IDETIM0", .rw = 0xf3ff },
    { IDETIM + 2, 2, "IDETIM1", .rw = 0xf3ff },
    { 0x44,       1, "SIDETIM", .rw = 0xff },
};
static const struct pci_reg power_registers[] = {
    { PMBA,       4, "PMBA", .reset = 1, .rw = PMBA_ADDRESS },
    { DEVACTB,    4, "DEVACTB", .rw = 0x03ffffff },
    { PMREGMISC,  1, "PMREGMISC", .rw = PMIOSE },
    { SMBBA,      4, "SMBBA", .rw = 0 },
};

/* ---- interrupts ---- */

static void for_outputs(struct piix *p, void (*set)(struct irq_line *line, bool level))
{
    uint32_t raised = p->sci ? 1u << SCI : 0;

    for (unsigned i = 0; i < PIRQS; i++) {
        uint8_t route = p->isa.config[PIRQRC + i];
        if ((p->pirq >> i & 1) && !(route & NOT_ROUTED))
            raised |= 1u << (route & 15) & PIC_ROUTES;
    }
    for (unsigned i = 0; i < PIIX_ISA_LINES; i++)
        set(&p->pic[i], raised >> i & 1);
}

static void set_pirq(void *bridge, unsigned line, bool level)
{
    struct piix *p = bridge;

    p->pirq = (uint8_t)((p->pirq & ~(1u << line)) | (unsigned)level << line);
    for_outputs(p, irq_set);
}

static unsigned map_intx(void *bridge, uint8_t devfn, unsigned pin)
{
    (void)bridge;
    return (unsigned)((devfn >> 3) - 1 + (int)pin) & (PIRQS - 1);
}

static void set_sci(void *piix, uint32_t number, bool level)
{
    struct piix *p = piix;

    (void)number;
    p->sci = level;
    for_outputs(p, irq_set);
}

static void isa_wrote(struct pci_function *f, uint32_t offset, unsigned size)
{
    (void)offset, (void)size;
    for_outputs((struct piix *)f->dev, irq_set);
}

/* ---- IDE ---- */

static void apply_ide(struct piix *p)
{
    const uint8_t *c = p->ide->pci.config;
    bool io = c[4] & 1;

    for (unsigned i = 0; i < PIIX_CHANNELS; i++)
        ide_enable(p->channel[i], p->config.io, io && (c[IDETIM + 2 * i + 1] & IDETIM_DECODE));
}

static void ide_wrote(struct pci_function *f, uint32_t offset, unsigned size)
{
    (void)offset, (void)size;
    apply_ide(((struct piix_ide *)f->dev)->owner);
}

static enum mem_result master_read(void *arg, uint64_t offset, unsigned size, uint64_t *value, const struct mem_attrs *attrs)
{
    struct piix *p = arg;

    (void)attrs;
    *value = 0;
    for (unsigned i = 0; i < size; i++, offset++)
        *value |= (uint64_t)ide_read_bus_master(p->channel[offset / IDE_BUS_MASTER % PIIX_CHANNELS],
                                                (uint32_t)(offset % IDE_BUS_MASTER)) << 8 * i;
    return MEM_OK;
}

static enum mem_result master_write(void *arg, uint64_t offset, unsigned size, uint64_t value, const struct mem_attrs *attrs)
{
    struct piix *p = arg;

    (void)attrs;
    for (unsigned i = 0; i < size; i++, offset++)
        ide_write_bus_master(p->channel[offset / IDE_BUS_MASTER % PIIX_CHANNELS], (uint32_t)(offset % IDE_BUS_MASTER),
                             (uint8_t)(value >> 8 * i));
    return MEM_OK;
}

/* ---- power management ---- */

static void apply_power(struct piix *p)
{
    const uint8_t *c = p->power->pci.config;
    uint16_t base = (uint16_t)(ld_le32(c + PMBA) & PMBA_ADDRESS);
    bool on = c[PMREGMISC] & PMIOSE;

    ich9_pm_map(p->config.pm, on, base);
    mem_place_region(p->config.io, p->power->control, on, base + CONTROL);
    ich9_pm_enable_apm(p->config.pm, (c[DEVACTB + 3] & APMC_EN) && (p->power->global_control & SMI_EN));
}

static void power_wrote(struct pci_function *f, uint32_t offset, unsigned size)
{
    (void)offset, (void)size;
    apply_power(((struct piix_power *)f->dev)->owner);
}

static void wrote_control(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    (void)index, (void)old, (void)now;
    apply_power(((struct piix_power *)dev)->owner);
}

/* ---- life ---- */

static void piix_reset(void *dev)
{
    struct piix *p = dev;

    pci_reset(&p->isa);
    p->sci = 0;
    pci_reroute_intx(p->config.bus);
    for_outputs(p, irq_set);
}

static void piix_loaded(void *dev)
{
    struct piix *p = dev;

    pci_loaded(&p->isa);
    for_outputs(p, irq_restore);
}

static void ide_function_reset(void *dev)
{
    struct piix_ide *i = dev;

    pci_reset(&i->pci);
    apply_ide(i->owner);
}

static void ide_function_loaded(void *dev)
{
    struct piix_ide *i = dev;

    pci_loaded(&i->pci);
    apply_ide(i->owner);
}

static void power_reset(void *dev)
{
    struct piix_power *w = dev;

    pci_reset(&w->pci);
    if (!w->owner->config.smm)
        w->pci.config[DEVACTB + 3] = APMC_EN; /* firmware finds it set up already */
    apply_power(w->owner);
}

static void power_loaded(void *dev)
{
    struct piix_power *w = dev;

    pci_loaded(&w->pci);
    apply_power(w->owner);
}

static const struct state_field piix_state[] = {
    STATE_SUB(piix, isa, pci_function_state), STATE(piix, pirq), STATE(piix, sci), STATE_END
};
static const struct state_field ide_function_state[] = { STATE_SUB(piix_ide, pci, pci_function_state), STATE_END };
static const struct state_field power_state[] = {
    STATE_SUB(piix_power, pci, pci_function_state), STATE(piix_power, global_control), STATE_END
};

#define ANY .sizes = 1 | 2 | 4
static const struct reg_desc power_regs[] = { /* 290562, 7.2: from PMBASE + 10h on */
    REG32(GLBCTL - CONTROL, "GLBCTL", ANY, REG_AT(piix_power, global_control), .rw = 0x0003ff07, .wrote = wrote_control),
};
static const struct device_ops piix_ops = {
    .name = "piix", .spec = "Intel 82371SB 290550", .size = sizeof(struct piix),
    .state = piix_state, .version = 1, .reset = piix_reset, .loaded = piix_loaded,
};
static const struct device_ops ide_function_ops = {
    .name = "piix-ide", .spec = "Intel 82371SB 290550, 2.3", .size = sizeof(struct piix_ide),
    .state = ide_function_state, .version = 1, .reset = ide_function_reset, .loaded = ide_function_loaded,
};
static const struct device_ops power_ops = {
    .name = "piix-power", .spec = "Intel 82371AB 290562, 7", .size = sizeof(struct piix_power),
    .regs = power_regs, .n_regs = ARRAY_LEN(power_regs), .mmio_size = CONTROL_SIZE, .state = power_state, .version = 1,
    .reset = power_reset, .loaded = power_loaded,
};

static int plug(struct piix *p, struct pci_function *f, unsigned function, const struct pci_reg *regs, size_t n, struct err *e)
{
    pci_add_registers(f, regs, n);
    return pci_plug(p->config.bus, f, PCI_DEVFN(PIIX_SLOT, function), e);
}

static int build(struct piix *p, struct err *e)
{
    static const struct pci_ids isa = { .vendor = 0x8086, .device = 0x7000, .subsystem_vendor = 0x1af4, .subsystem = 0x1100,
                                        .class_code = 0x060100, .multifunction = true };
    static const struct pci_ids ide = { .vendor = 0x8086, .device = 0x7010, .subsystem_vendor = 0x1af4, .subsystem = 0x1100,
                                        .class_code = 0x010180 };
    static const struct pci_ids power = { .vendor = 0x8086, .device = 0x7113, .revision = 3, .subsystem_vendor = 0x1af4,
                                          .subsystem = 0x1100, .class_code = 0x068000 };
    static const struct pci_ops isa_pci = { .config_wrote = isa_wrote }, ide_pci = { .config_wrote = ide_wrote },
                                power_pci = { .config_wrote = power_wrote };
    static const struct mmio_ops master_ops = { .read = master_read, .write = master_write, .sizes = 1 | 2 | 4, .split = true };
    static const struct {
        const char *id;
        uint16_t command, control;
    } places[PIIX_CHANNELS] = { { "ide0", 0x1f0, 0x3f6 }, { "ide1", 0x170, 0x376 } };
    const struct piix_config *c = &p->config;
    int r;

    p->ide = device_create(p->dev.machine, &ide_function_ops, "piix-ide", e);
    p->power = p->ide ? device_create(p->dev.machine, &power_ops, "piix-power", e) : NULL;
    if (!p->power)
        return e->code;
    p->ide->owner = p->power->owner = p;
    pci_init(&p->isa, &p->dev, &isa_pci, &isa, 0);
    pci_init(&p->ide->pci, &p->ide->dev, &ide_pci, &ide, 0);
    pci_init(&p->power->pci, &p->power->dev, &power_pci, &power, 1);
    c->bus->intx = set_pirq;
    c->bus->intx_map = map_intx;
    c->bus->bridge = p;
    irq_connect(&c->pm->sci, set_sci, p, 0);
    for (unsigned i = 0; i < PIIX_CHANNELS; i++) {
        p->channel[i] = ide_create(p->dev.machine, places[i].id, &p->ide->pci.dma, e);
        if (!p->channel[i])
            return e->code;
        if ((r = ide_map(p->channel[i], c->io, places[i].command, places[i].control, e)) < 0)
            return r;
    }
    r = mem_add_mmio(c->io, p->power->dev.id, 0, CONTROL_SIZE, 0, &reg_mmio_ops, p->power, &p->power->control, e);
    if (r < 0)
        return r;
    mem_enable_region(c->io, p->power->control, false);
    if ((r = pci_add_bar(&p->ide->pci, 4, PCI_BAR_IO, false, 2 * IDE_BUS_MASTER, &master_ops, p, e)) < 0 ||
        (r = plug(p, &p->isa, 0, isa_registers, ARRAY_LEN(isa_registers), e)) < 0 ||
        (r = plug(p, &p->ide->pci, 1, ide_registers, ARRAY_LEN(ide_registers), e)) < 0)
        return r;
    return plug(p, &p->power->pci, 3, power_registers, ARRAY_LEN(power_registers), e);
}

struct piix *piix_create(struct machine *m, const char *id, const struct piix_config *c, struct err *e)
{
    struct piix *p = device_create(m, &piix_ops, id, e);

    if (!p)
        return NULL;
    p->config = *c;
    return build(p, e) < 0 ? NULL : p;
}
