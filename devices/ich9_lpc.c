/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/ich9_lpc.h"
#include "core/util/bits.h"
#include "core/util/bytes.h"

/* 316972, 13.1. */
enum { PMBASE = 0x40, ACPI_CNTL = 0x44, PIRQA_ROUT = 0x60, PIRQE_ROUT = 0x68, LPC_EN = 0x82,
       GEN_PMCON_1 = 0xa0, GEN_PMCON_3 = 0xa4, RCBA = 0xf0 };
enum { ACPI_EN = 0x80, SCI_IRQ_SEL = 0x07, NOT_ROUTED = 0x80, SMI_LOCK = 0x10 };
#define PMBASE_ADDRESS 0x0000ff80u
#define RCBA_ADDRESS   0xffffc000u
#define GCS_NO_REBOOT  BIT(5)
enum { PIRQS = 8, PIRQE = 4, FIRST_PIRQ_PIN = 16 };

/* IRQs a PIRQ may be routed to (13.1.12): not 0, 1, 2, 8 and 13, which have their owners. */
#define PIC_ROUTES 0xdef8u

static const struct pci_reg registers[] = {
    { PMBASE,         4, "PMBASE", .reset = 1, .rw = PMBASE_ADDRESS },
    { ACPI_CNTL,      1, "ACPI_CNTL", .rw = ACPI_EN | SCI_IRQ_SEL },
    { PIRQA_ROUT,     1, "PIRQA_ROUT", .reset = NOT_ROUTED, .rw = 0x8f },
    { PIRQA_ROUT + 1, 1, "PIRQB_ROUT", .reset = NOT_ROUTED, .rw = 0x8f },
    { PIRQA_ROUT + 2, 1, "PIRQC_ROUT", .reset = NOT_ROUTED, .rw = 0x8f },
    { PIRQA_ROUT + 3, 1, "PIRQD_ROUT", .reset = NOT_ROUTED, .rw = 0x8f },
    { PIRQE_ROUT,     1, "PIRQE_ROUT", .reset = NOT_ROUTED, .rw = 0x8f },
    { PIRQE_ROUT + 1, 1, "PIRQF_ROUT", .reset = NOT_ROUTED, .rw = 0x8f },
    { PIRQE_ROUT + 2, 1, "PIRQG_ROUT", .reset = NOT_ROUTED, .rw = 0x8f },
    { PIRQE_ROUT + 3, 1, "PIRQH_ROUT", .reset = NOT_ROUTED, .rw = 0x8f },
    { GEN_PMCON_1,    2, "GEN_PMCON_1", .rw = 0x0413 },
    { GEN_PMCON_3,    1, "GEN_PMCON_3", .rw = 0xc1 },
    { RCBA,           4, "RCBA", .rw = RCBA_ADDRESS | 1 },
};

/* ---- interrupts ---- */

/* The pin of the SCI: 13.1.4. */
static unsigned sci_pin(const struct ich9_lpc *l)
{
    static const uint8_t pins[] = { 9, 10, 11, 9 /* reserved */, 20, 21, 22, 23 };
    return pins[l->pci.config[ACPI_CNTL] & SCI_IRQ_SEL];
}

static uint8_t route(const struct ich9_lpc *l, unsigned pirq)
{
    return l->pci.config[pirq < PIRQE ? PIRQA_ROUT + pirq : PIRQE_ROUT + pirq - PIRQE];
}

static void for_outputs(struct ich9_lpc *l, void (*set)(struct irq_line *line, bool level))
{
    uint32_t pic = 0, ioapic = (uint32_t)l->pirq << FIRST_PIRQ_PIN;

    for (unsigned i = 0; i < PIRQS; i++)
        if ((l->pirq >> i & 1) && !(route(l, i) & NOT_ROUTED))
            pic |= 1u << (route(l, i) & 15) & PIC_ROUTES;
    if (l->sci) {
        ioapic |= 1u << sci_pin(l);
        pic |= 1u << sci_pin(l);
    }
    for (unsigned i = 0; i < ARRAY_LEN(l->pic); i++)
        set(&l->pic[i], pic >> i & 1);
    for (unsigned i = 0; i < ARRAY_LEN(l->ioapic); i++)
        set(&l->ioapic[i], ioapic >> i & 1);
}

static void drive(struct ich9_lpc *l)
{
    for_outputs(l, irq_set);
}

static void set_pirq(void *lpc, unsigned line, bool level)
{
    struct ich9_lpc *l = lpc;

    l->pirq = (uint8_t)((l->pirq & ~(1u << line)) | (unsigned)level << line);
    drive(l);
}

static void set_sci(void *lpc, uint32_t number, bool level)
{
    struct ich9_lpc *l = lpc;

    (void)number;
    l->sci = level;
    drive(l);
}

/* 10.1, DxxIR: three bits a pin, in nibbles. */
static unsigned map_intx(void *lpc, uint8_t devfn, unsigned pin)
{
    const struct ich9_lpc *l = lpc;
    const uint16_t of[] = { l->d25ir, l->d26ir, l->d27ir, l->d28ir, l->d29ir, 0, l->d31ir };
    unsigned slot = devfn >> 3;

    if (slot == 30)
        return PIRQE + pin;
    if (slot < 25)
        return PIRQE + (slot + pin) % 4;
    return of[slot - 25] >> 4 * pin & 7u;
}

/* ---- configuration ---- */

static void apply(struct ich9_lpc *l)
{
    struct pci_function *f = &l->pci;
    uint32_t rcba = ld_le32(f->config + RCBA);
    uint16_t pmcon1 = ld_le16(f->config + GEN_PMCON_1);

    f->writable[GEN_PMCON_1] = (uint8_t)(pmcon1 & SMI_LOCK ? 0x03 : 0x13); /* until a reset */
    ich9_pm_set_control(l->config.pm, l->gcs & GCS_NO_REBOOT, pmcon1, f->config[GEN_PMCON_3]);
    ich9_pm_map(l->config.pm, f->config[ACPI_CNTL] & ACPI_EN,
                (uint16_t)(ld_le32(f->config + PMBASE) & PMBASE_ADDRESS));
    mem_place_region(l->config.memory, l->dev.region, rcba & 1, rcba & RCBA_ADDRESS);
}

static void config_wrote(struct pci_function *f, uint32_t offset, unsigned size)
{
    struct ich9_lpc *l = (struct ich9_lpc *)f->dev;

    (void)offset, (void)size;
    apply(l);
    drive(l);
}

static const struct pci_ops lpc_pci = { .config_wrote = config_wrote };

/* ---- RCRB ---- */

static void wrote_route(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    (void)index, (void)old, (void)now;
    pci_reroute_intx(((struct ich9_lpc *)dev)->config.bus);
}

static void wrote_gcs(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    (void)index, (void)old, (void)now;
    apply(dev);
}

static void ich9_lpc_reset(void *dev)
{
    struct ich9_lpc *l = dev;

    pci_reset(&l->pci);
    l->gcs = l->config.no_reboot ? GCS_NO_REBOOT : 0;
    apply(l);
    pci_reroute_intx(l->config.bus);
    drive(l);
}

static void ich9_lpc_loaded(void *dev)
{
    struct ich9_lpc *l = dev;

    pci_loaded(&l->pci);
    apply(l);
    for_outputs(l, irq_restore);
}

static const struct state_field ich9_lpc_state[] = {
    STATE_SUB(ich9_lpc, pci, pci_function_state), STATE(ich9_lpc, gcs), STATE(ich9_lpc, d31ir),
    STATE(ich9_lpc, d29ir), STATE(ich9_lpc, d28ir), STATE(ich9_lpc, d27ir), STATE(ich9_lpc, d26ir),
    STATE(ich9_lpc, d25ir), STATE(ich9_lpc, oic), STATE(ich9_lpc, pirq), STATE(ich9_lpc, sci),
    STATE_END
};

/* clang-format off */
#define AT(m) REG_AT(ich9_lpc, m)
#define ANY   .sizes = 1 | 2 | 4
#define ROUTE(off, nm, m) \
    REG16(off, nm, ANY, AT(m), .reset = 0x3210, .rw = 0x7777, .wrote = wrote_route)
static const struct reg_desc ich9_lpc_regs[] = {
    ROUTE(0x3140, "D31IR", d31ir),
    REG16(0x3142, "D30IR", ANY),
    ROUTE(0x3144, "D29IR", d29ir),
    ROUTE(0x3146, "D28IR", d28ir),
    ROUTE(0x3148, "D27IR", d27ir),
    ROUTE(0x314c, "D26IR", d26ir),
    ROUTE(0x3150, "D25IR", d25ir),
    REG8(0x31ff,  "OIC",   AT(oic), .rw = 0x03),
    REG32(0x3410, "GCS",   ANY, AT(gcs), .rw = GCS_NO_REBOOT, .wrote = wrote_gcs),
};
/* clang-format on */

static const struct device_ops ich9_lpc_ops = {
    .name = "ich9-lpc", .spec = "Intel ICH9 316972, 10.1 and 13.1", .size = sizeof(struct ich9_lpc),
    .regs = ich9_lpc_regs, .n_regs = ARRAY_LEN(ich9_lpc_regs), .mmio_size = 0x4000,
    .state = ich9_lpc_state, .version = 1, .reset = ich9_lpc_reset, .loaded = ich9_lpc_loaded,
};

static int build(struct ich9_lpc *l, struct err *e)
{
    static const struct pci_ids ids = { .vendor = 0x8086, .device = 0x2918, .revision = 2,
                                        .subsystem_vendor = 0x1af4, .subsystem = 0x1100,
                                        .class_code = 0x060100, .multifunction = true };
    struct ich9_lpc_config *c = &l->config;
    int r = mem_add_mmio(c->memory, l->dev.id, 0, l->dev.ops->mmio_size, 1, &reg_mmio_ops, l,
                         &l->dev.region, e);

    if (r < 0)
        return r;
    mem_enable_region(c->memory, l->dev.region, false);
    pci_init(&l->pci, &l->dev, &lpc_pci, &ids, 0);
    pci_add_registers(&l->pci, registers, ARRAY_LEN(registers));
    st_le16(l->pci.config + LPC_EN, c->lpc_en);
    c->bus->intx = set_pirq;
    c->bus->intx_map = map_intx;
    c->bus->bridge = l;
    irq_connect(&c->pm->sci, set_sci, l, 0);
    return pci_plug(c->bus, &l->pci, PCI_DEVFN(31, 0), e);
}

struct ich9_lpc *ich9_lpc_create(struct machine *m, const char *id, const struct ich9_lpc_config *c,
                                 struct err *e)
{
    struct ich9_lpc *l = device_create(m, &ich9_lpc_ops, id, e);

    if (!l)
        return NULL;
    l->config = *c;
    return build(l, e) < 0 ? NULL : l;
}
