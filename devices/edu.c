/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/edu.h"
#include "core/util/bits.h"
#include <string.h>

enum { BAR_BYTES = 1 << 20, BUFFER_AT = 0x40000, STATUS_COMPUTING = 1, STATUS_INTERRUPT = 0x80 };
enum { RAISED_FACTORIAL = 1, RAISED_DMA = 0x100 };
enum { DMA_START = 1, DMA_FROM_DEVICE = 2, DMA_INTERRUPT = 4 };
#define DMA_TIME       (100 * PS_PER_US)
#define FACTORIAL_TIME (10 * PS_PER_US)

struct edu {
    struct device dev;
    uint64_t dma_mask;
    struct pci_function pci; /* saved from its configuration on */

    struct ev_timer transfer, compute;
    uint64_t source, destination, count, command;
    uint32_t inverted, factorial, status, raised;
    uint8_t buffer[EDU_BUFFER];
};

/* ---- interrupt ---- */
static void set_raised(struct edu *d, uint32_t now)
{
    bool more = now & ~d->raised;
    d->raised = now;
    if (!pci_msi_enabled(&d->pci))
        pci_set_intx(&d->pci, now != 0);
    else if (more)
        pci_send_msi(&d->pci, 0);
}

static void wrote_raise(void *dev, uint32_t i, uint64_t old, uint64_t now)
{
    struct edu *d = dev;
    (void)i, (void)old;
    set_raised(d, d->raised | (uint32_t)now);
}
static void wrote_acknowledge(void *dev, uint32_t i, uint64_t old, uint64_t now)
{
    struct edu *d = dev;
    (void)i, (void)old;
    set_raised(d, d->raised & ~(uint32_t)now);
}

/* ---- arithmetic ---- */
static void wrote_inverted(void *dev, uint32_t i, uint64_t old, uint64_t now)
{
    (void)i, (void)old;
    ((struct edu *)dev)->inverted = ~(uint32_t)now;
}
static uint64_t read_inverted(const void *dev, uint32_t i)
{
    (void)i;
    return ((const struct edu *)dev)->inverted;
}

static void wrote_factorial(void *dev, uint32_t i, uint64_t old, uint64_t now)
{
    struct edu *d = dev;
    (void)i, (void)old, (void)now;
    d->status |= STATUS_COMPUTING;
    ev_arm(&d->compute, device_now(&d->dev) + FACTORIAL_TIME);
}

static void computed(void *arg, ps_t when)
{
    struct edu *d = arg;
    uint32_t product = 1;

    (void)when;
    for (uint32_t n = MIN(d->factorial, 34u); n > 1; n--) /* 34! has 32 twos already */
        product *= n;
    d->factorial = product;
    d->status &= ~(uint32_t)STATUS_COMPUTING;
    if (d->status & STATUS_INTERRUPT)
        set_raised(d, d->raised | RAISED_FACTORIAL);
}

/* ---- DMA ---- */
static void wrote_command(void *dev, uint32_t i, uint64_t old, uint64_t now)
{
    struct edu *d = dev;
    (void)i, (void)old;
    if (now & DMA_START)
        ev_arm(&d->transfer, device_now(&d->dev) + DMA_TIME);
}

static uint64_t masked(struct edu *d, uint64_t address)
{
    if (address & ~d->dma_mask)
        guest_error(&d->dev, "mask", "DMA address %#llx is cut to the mask %#llx", (unsigned long long)address,
                    (unsigned long long)d->dma_mask);
    return address & d->dma_mask;
}

static void transferred(void *arg, ps_t when)
{
    struct edu *d = arg;
    bool from_device = d->command & DMA_FROM_DEVICE;
    uint64_t inside = (from_device ? d->source : d->destination) - BUFFER_AT;
    uint64_t outside = from_device ? d->destination : d->source;
    enum mem_result result = MEM_NOTHING;

    (void)when;
    if (inside > EDU_BUFFER || d->count > EDU_BUFFER - inside)
        guest_error(&d->dev, "buffer", "%llu bytes at %#llx of the device: its buffer is at %#x",
                    (unsigned long long)d->count, (unsigned long long)inside + BUFFER_AT, BUFFER_AT);
    else if (from_device)
        result = dma_write(&d->pci.dma, masked(d, outside), d->buffer + inside, d->count);
    else
        result = dma_read(&d->pci.dma, masked(d, outside), d->buffer + inside, d->count);
    if (result != MEM_OK)
        guest_error(&d->dev, "transfer", "the transfer to or from %#llx failed", (unsigned long long)outside);
    d->command &= ~(uint64_t)DMA_START;
    if (d->command & DMA_INTERRUPT)
        set_raised(d, d->raised | RAISED_DMA);
}

/* ---- registers ---- */
#define AT(m) REG_AT(edu, m)
#define WIDE  .sizes = 4 | 8
static const struct reg_desc regs[] = {
    REG32(0x00, "ID", .reset = 0x010000ed),
    REG32(0x04, "ALIVE", .read = read_inverted, .rw = UINT32_MAX, .wrote = wrote_inverted),
    REG32(0x08, "FACTORIAL", AT(factorial), .rw = UINT32_MAX, .wrote = wrote_factorial),
    REG32(0x20, "STATUS", AT(status), .rw = STATUS_INTERRUPT),
    REG32(0x24, "INTR_STATUS", AT(raised)),
    REG32(0x60, "INTR_RAISE", .rw = UINT32_MAX, .wrote = wrote_raise),
    REG32(0x64, "INTR_ACK", .rw = UINT32_MAX, .wrote = wrote_acknowledge),
    REG64(0x80, "DMA_SOURCE", AT(source), WIDE, .rw = UINT64_MAX),
    REG64(0x88, "DMA_DESTINATION", AT(destination), WIDE, .rw = UINT64_MAX),
    REG64(0x90, "DMA_COUNT", AT(count), WIDE, .rw = UINT64_MAX),
    REG64(0x98, "DMA_COMMAND", AT(command), WIDE, .rw = 7, .wrote = wrote_command),
};

static void edu_reset(void *dev)
{
    struct edu *d = dev;
    ev_cancel(&d->transfer);
    ev_cancel(&d->compute);
    d->inverted = d->raised = 0;
    memset(d->buffer, 0, sizeof(d->buffer));
    pci_reset(&d->pci);
}

static void edu_loaded(void *dev)
{
    pci_loaded(&((struct edu *)dev)->pci);
}

static const struct state_field edu_state[] = {
    STATE_TIMER(edu, transfer), STATE_TIMER(edu, compute), STATE(edu, source), STATE(edu, destination), STATE(edu, count),
    STATE(edu, command), STATE(edu, inverted), STATE(edu, factorial), STATE(edu, status), STATE(edu, raised),
    STATE(edu, buffer), STATE_SUB(edu, pci, pci_function_state), STATE_END
};
static const struct device_ops edu_ops = {
    .name = "edu", .spec = "QEMU docs/specs/edu", .size = sizeof(struct edu), .regs = regs, .n_regs = ARRAY_LEN(regs),
    .mmio_size = BAR_BYTES, .state = edu_state, .version = 1, .reset = edu_reset, .loaded = edu_loaded,
};

struct edu *edu_create(struct machine *m, const char *id, struct pci_bus *bus, int devfn, uint64_t dma_mask,
                       struct err *e)
{
    static const struct pci_ids ids = { .vendor = 0x1234, .device = 0x11e8, .subsystem_vendor = 0x1af4,
                                        .subsystem = 0x1100, .class_code = 0x00ff00, .revision = 0x10 };
    struct edu *d = device_create(m, &edu_ops, id, e);

    if (d == NULL)
        return NULL;
    d->dma_mask = dma_mask;
    pci_init(&d->pci, &d->dev, NULL, &ids, 1);
    if (pci_add_bar(&d->pci, 0, PCI_BAR_MEM32, false, BAR_BYTES, &reg_mmio_ops, &d->dev, e) < 0 ||
        pci_add_msi(&d->pci, 1, e) < 0 || device_init_timer(&d->dev, &d->transfer, "edu-dma", transferred, e) < 0 ||
        device_init_timer(&d->dev, &d->compute, "edu-factorial", computed, e) < 0 || pci_plug(bus, &d->pci, devfn, e) < 0)
        return NULL;
    return d;
}
